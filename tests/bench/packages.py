# SPDX-License-Identifier: GPL-2.0-or-later
"""packages - what the builder works on: a board whose toolchain is this machine's gcc, a tree of 40
small packages, each with a few of the inputs' sources, and a large one with all of them.

A package is its archive and a recipe of system `make`; `plain.mk` builds the same archives with the
same compiler into a plain directory, as a Makefile around many packages does.
"""

import hashlib
import os
import subprocess
import tarfile

TOOLS = "gcc g++ ar as ld nm ranlib strip objcopy objdump readelf".split()

MAKEFILE = """\
OBJECTS := $(patsubst %%.c,%%.o,$(wildcard *.c))
all: lib%(name)s.a
lib%(name)s.a: $(OBJECTS)
	$(AR) rcD $@ $(OBJECTS)
%%.o: %%.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
install: all
	install -d $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include
	install -m 644 lib%(name)s.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 %(name)s.h $(DESTDIR)$(PREFIX)/include
"""

RECIPE = """\
[package]
version = 1
license = MIT
[source]
url = file://%(archive)s
sha256 = %(hash)s
[needs]
packages = %(needs)s
[build]
system = make
"""

BOARD = """\
[toolchain]
toolchain = %(toolchain)s
sysroot = %(base)s
[places]
state = %(folder)s/state
mount = %(mnt)s
"""

# The usual way without a builder: one make around all packages, which install into one tree.
PLAIN_RULE = """\
$(OUT)/%(name)s.done: %(needs)s
	mkdir -p $(OUT)/%(name)s
	tar -C $(OUT)/%(name)s --strip-components=1 -xzf %(archive)s
	$(MAKE) -s -C $(OUT)/%(name)s
	$(MAKE) -s -C $(OUT)/%(name)s install DESTDIR=$(TREE)
	touch $@
"""


class Packages:
    def __init__(self, inputs):
        self.inputs, self.folder = inputs, inputs.path("packages")
        self.names = [f"p{i:02d}" for i in range(inputs.size["packages"])]
        self.recipes = os.path.join(self.folder, "recipes")
        self.triple = subprocess.run(["gcc", "-dumpmachine"], check=True, stdout=subprocess.PIPE,
                                     text=True).stdout.strip()
        self.rules = []
        for name in TOOLS:
            self.inputs.write(f"packages/toolchain/bin/{self.triple}-{name}",
                              f'#!/bin/sh\nexec {name} "$@"\n', 0o755)
        sources = sorted(n for n in os.listdir(inputs.path("src")) if n.endswith(".c"))
        each = max(1, len(sources) // len(self.names))
        for i, name in enumerate(self.names):
            self.make(name, sources[i * each:(i + 1) * each], self.needs(i))
        self.make("large", sources, [])
        inputs.write("packages/plain.mk", "all: " +
                     " ".join(f"$(OUT)/{n}.done" for n in self.names) + "\n" +
                     "".join(self.rules))

    def needs(self, i):
        """Some wide, some deep: a tenth needs nothing, the others one or two of those before."""
        if i < 4:
            return []
        return sorted({self.names[i // 2], self.names[i - 4]})

    def make(self, name, sources, needs):
        place = self.inputs.path("packages/src", name + "-1")
        os.makedirs(place)
        for source in sources:
            os.link(self.inputs.path("src", source), os.path.join(place, source))
        for file, text in (("Makefile", MAKEFILE % {"name": name}),
                           (name + ".h", f"int {name}(int x);\n")):
            with open(os.path.join(place, file), "w", encoding="ascii") as f:
                f.write(text)
        archive = os.path.join(self.folder, name + "-1.tar.gz")
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(place, name + "-1")
        with open(archive, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        self.inputs.write(f"packages/recipes/{name}/recipe.ini",
                          RECIPE % {"archive": archive, "hash": digest, "needs": " ".join(needs)})
        self.rules.append(PLAIN_RULE % {
            "name": name, "archive": archive,
            "needs": " ".join(f"$(OUT)/{n}.done" for n in needs)})

    def board(self, folder, mnt):
        """boards/here.ini in `folder`, for one turn; returns the folder of boards."""
        boards = os.path.join(folder, "boards")
        os.makedirs(boards, exist_ok=True)
        with open(os.path.join(boards, "here.ini"), "w", encoding="ascii") as f:
            f.write(BOARD % {"toolchain": self.path("toolchain"), "base": self.inputs.base,
                             "folder": folder, "mnt": mnt})
        return boards

    def path(self, *parts):
        return os.path.join(self.folder, *parts)
