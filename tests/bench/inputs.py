# SPDX-License-Identifier: GPL-2.0-or-later
"""inputs - what the workloads work on, made here from what the machine has.

  base/        a sysroot: the machine's own headers and C library; base/tree, small files to walk;
               base/big, a large one
  src/         C and C++ files of about 100 headers each, and a Makefile
  small/       the files of one package, and a Makefile that installs them
  configure/   sources whose ./configure is run: libffi's and ncurses' where the builder has fetched
               them, else one written here
  packages/    see packages.py
  states/N/    an xsysfs state of N layers, states/many/ the same with all the files
"""

import glob
import os
import random
import shutil
import subprocess
import tarfile

from packages import Packages

FULL = {"sources": 200, "small": 1200, "walk": 20000, "big": 512 << 20, "layers": 200,
        "layer files": 500, "lookups": 5000, "checks": 300, "packages": 40}
TINY = {"sources": 4, "small": 60, "walk": 200, "big": 4 << 20, "layers": 5,
        "layer files": 20, "lookups": 100, "checks": 3, "packages": 4}

# Of these each source includes some; with what they include that makes about 100.
C_HEADERS = """aio.h arpa/inet.h assert.h complex.h ctype.h dirent.h dlfcn.h errno.h fcntl.h fenv.h
    fnmatch.h ftw.h getopt.h glob.h grp.h iconv.h ifaddrs.h inttypes.h langinfo.h libgen.h limits.h
    link.h locale.h math.h mntent.h monetary.h mqueue.h net/if.h netdb.h netinet/in.h netinet/tcp.h
    nl_types.h poll.h pthread.h pty.h pwd.h regex.h resolv.h sched.h search.h semaphore.h setjmp.h
    shadow.h signal.h spawn.h stdarg.h stdatomic.h stddef.h stdint.h stdio.h stdlib.h string.h
    strings.h sys/epoll.h sys/file.h sys/inotify.h sys/ioctl.h sys/ipc.h sys/mman.h sys/mount.h
    sys/param.h sys/prctl.h sys/resource.h sys/select.h sys/sem.h sys/shm.h sys/socket.h sys/stat.h
    sys/statvfs.h sys/syscall.h sys/time.h sys/times.h sys/types.h sys/uio.h sys/un.h sys/utsname.h
    sys/wait.h sys/xattr.h syslog.h tar.h termios.h tgmath.h time.h ucontext.h ulimit.h unistd.h
    utime.h wchar.h wctype.h wordexp.h""".split()
CXX_HEADERS = """array deque functional initializer_list iterator limits list map memory numeric queue
    set stack stdexcept string tuple type_traits unordered_map utility vector""".split()

MAKE_SOURCES = """\
# SYSROOT: where the headers are. OBJ: where the objects go. ONLY: which of the sources.
ONLY ?= $(notdir $(wildcard *.c *.cc))
INC := %(include)s
all: $(addprefix $(OBJ)/,$(addsuffix .o,$(ONLY)))
$(OBJ)/%%.c.o: %%.c
	gcc --sysroot=$(SYSROOT) -nostdinc $(INC) -c -o $@ $<
$(OBJ)/%%.cc.o: %%.cc
	g++ --sysroot=$(SYSROOT) -nostdinc -nostdinc++ %(include_cxx)s $(INC) -c -o $@ $<
"""

CONFIGURE = """\
#!/bin/sh
# What a configure script does: many small compilations against the sysroot, half of which fail.
set -u
for name in %s; do
	echo "checking for $name... " >>config.log
	printf '#include <%%s>\\nint main(void) { return 0; }\\n' "$name" >conftest.c
	$CC -c conftest.c >>config.log 2>&1 && echo "#define HAVE_$name" >>config.h
	rm -f conftest.c conftest.o
done
test -s config.h
"""


class Inputs:
    def __init__(self, folder, tiny, sources, wanted):
        """`sources`: folders in which archives may be; `wanted`: the names of the workloads."""
        self.folder, self.size = folder, TINY if tiny else FULL
        self.tiny = tiny
        self.random = random.Random(1)
        self.base = self.path("base")
        self.notes = []
        self.make_base(bool(wanted & {"configure", "one", "many"}))
        self.make_sources()
        self.make_small()
        if wanted & {"walk", "stage"}:
            self.make_files(self.path("base/tree"), self.size["walk"], 100)
        if wanted & {"read", "write"}:
            self.make_big()
        self.packages = Packages(self) if wanted & {"one", "many"} else None
        self.configure = self.make_configure(sources) if "configure" in wanted else {}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # --- the sysroot and what is compiled against it

    def search_path(self, language):
        """Where the compiler of this machine looks for headers, without its own."""
        text = subprocess.run(["gcc", "-x", language, "-E", "-v", "/dev/null"], check=True,
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True).stderr
        lines = text.partition("<...> search starts here:\n")[2].partition("End of search")[0]
        return [os.path.realpath(line.strip()) for line in lines.splitlines()]

    def make_base(self, with_libraries):
        os.makedirs(self.base)
        for name in ("lib", "lib64"):
            os.symlink("usr/" + name, os.path.join(self.base, name))
        if self.tiny:
            os.makedirs(os.path.join(self.base, "usr/include"))
        else:
            shutil.copytree("/usr/include", os.path.join(self.base, "usr/include"), symlinks=True,
                            ignore_dangling_symlinks=True)
        if not with_libraries:
            return
        crt = subprocess.run(["gcc", "-print-file-name=crt1.o"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout.strip()
        lib = os.path.dirname(os.path.realpath(crt))
        for pattern in ("*crt*.o", "libc.*", "libc_*", "libm.*", "libm-*", "libmvec*", "libpthread*",
                        "libdl*", "librt*", "ld-linux*"):
            for path in glob.glob(os.path.join(lib, pattern)):
                self.add_to_base(path)

    def add_to_base(self, path):
        """A file of the machine at its own place in the base."""
        place = self.base + os.path.realpath(os.path.dirname(path))
        os.makedirs(place, exist_ok=True)
        place = os.path.join(place, os.path.basename(path))
        if not os.path.lexists(place):
            shutil.copy2(path, place)

    def make_sources(self):
        src = self.path("src")
        os.makedirs(src)
        for i in range(self.size["sources"]):
            cxx = i % 8 == 7
            known = [h for h in C_HEADERS if os.path.exists("/usr/include/" + h) or
                     glob.glob("/usr/include/*/" + h)]
            lines = [f"#include <{h}>" for h in sorted(self.random.sample(known, 16))]
            if cxx:
                lines = [line for line in lines if "tgmath" not in line and "stdatomic" not in line
                         and "complex" not in line]
                lines += [f"#include <{h}>" for h in sorted(self.random.sample(CXX_HEADERS, 4))]
            lines += [f"int f{i}_{j}(int x) {{ return x * {j} + {i}; }}" for j in range(20)]
            self.write(f"src/f{i:03d}.{'cc' if cxx else 'c'}", "\n".join(lines) + "\n")
        own = os.path.realpath(subprocess.run(["gcc", "-print-file-name=include"], check=True,
                                              stdout=subprocess.PIPE, text=True).stdout.strip())
        c, cxx = self.search_path("c"), self.search_path("c++")

        def options(paths):
            return " ".join("-isystem " + (p if p == own else "$(SYSROOT)" + p) for p in paths)
        self.write("src/Makefile", MAKE_SOURCES % {
            "include": options(c), "include_cxx": options([p for p in cxx if p not in c])})
        self.headers = []
        for name in sorted(os.listdir(src)):
            if name.endswith((".c", ".cc")):
                out = subprocess.run(["gcc", "-O2", "-M", os.path.join(src, name)], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout
                found = [w for w in out.replace("\\\n", " ").split() if "/include/" in w]
                self.headers.append(len(found))
                if self.tiny:
                    for path in found:
                        self.add_to_base(os.path.normpath(path))

    # --- files

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def make_files(self, folder, n, each, most=2048):
        """`n` small files, `each` in a directory. Returns {directory: [names]}."""
        made = {}
        for i in range(n):
            place = os.path.join(folder, f"d{i // each:03d}")
            if place not in made:
                os.makedirs(place)
                made[place] = []
            name = f"file-{i:05d}.h"
            with open(os.path.join(place, name), "wb") as f:
                f.write(self.random.randbytes(self.random.randint(100, most)))
            made[place].append(name)
        return made

    def make_small(self):
        made = self.make_files(self.path("small/files"), self.size["small"], 30, 16000)
        lines = ["install:"]
        for place, names in sorted(made.items()):
            inside = os.path.relpath(place, self.path("small"))
            to = "$(DESTDIR)/usr/share/small/" + os.path.basename(place)
            lines += [f"\tinstall -d {to}",
                      f"\tinstall -m 644 {' '.join(inside + '/' + n for n in names)} {to}"]
        self.write("small/Makefile", "\n".join(lines) + "\n")

    def make_big(self):
        with open(self.path("base/big"), "wb") as f:
            block = self.random.randbytes(1 << 20)
            for _ in range(self.size["big"] >> 20):
                f.write(block)

    # --- configure

    def make_configure(self, sources):
        """{name: path of its configure}"""
        found = {}
        for name in ("libffi", "ncurses"):
            archives = [a for s in sources for a in sorted(glob.glob(f"{s}/{name}[-_]*.tar.*"))]
            if archives and not self.tiny:
                place = self.path("configure", name)
                os.makedirs(place)
                with tarfile.open(archives[-1]) as tar:
                    tar.extractall(place)
                configure = glob.glob(place + "/*/configure")
                if configure:
                    found[name] = configure[0]
                    continue
            found["written here"] = self.path("configure/own/configure")
        if "written here" in found:
            names = [n for h in C_HEADERS for n in (h, "no-" + h)] * 3
            self.write("configure/own/configure",
                       CONFIGURE % " ".join(names[:self.size["checks"]]), 0o755)
            self.notes.append("configure: the sources of libffi and ncurses are not here; a script "
                              f"of {self.size['checks']} compile tests took the place of those "
                              "that are missing")
        return found

    # --- states of many layers

    def make_state(self, name, xsysfs, layers, files):
        """A state of `layers` packages, `files` in all, of which the 200 directories are shared out
        among them. Returns (state, base). One package is installed; the others are made alike."""
        state, base = self.path("states", name), self.path("states", name + ".base")
        if os.path.exists(state):
            return state, base
        mnt = self.path("states/mnt")
        for path in (base + "/usr/include", mnt):
            os.makedirs(path, exist_ok=True)

        def run(*command):
            subprocess.run([xsysfs, *command], check=True, stdin=subprocess.DEVNULL)
        run("mount", "--sysroot", base, "--state", state, mnt)
        run("run", "-C", mnt, "--package", "p000", "--", "true")
        run("umount", mnt)
        first = os.path.basename(glob.glob(state + "/layers/p000-*")[0])
        with open(f"{state}/layers/{first}/meta", encoding="utf-8") as f:
            meta = f.read()
        folders = max(layers, min(200, files))
        per_folder = files // folders
        ids = []
        for i in range(layers):
            ids.append(first.replace("p000", f"p{i:03d}"))
            layer = f"{state}/layers/{ids[-1]}"
            for j in range(i, folders, layers):
                place = f"{layer}/root/usr/include/pkg{j:03d}"
                os.makedirs(place)
                for k in range(per_folder):
                    with open(f"{place}/header-{k:04d}.h", "w", encoding="utf-8") as f:
                        f.write(f"#define H{k}\n")
            with open(layer + "/meta", "w", encoding="utf-8") as f:
                f.write(meta.replace("p000", f"p{i:03d}"))
        with open(state + "/stack", encoding="utf-8") as f:
            head = f.readline()
        with open(state + "/stack", "w", encoding="utf-8") as f:
            f.write(head + "".join(i + "\n" for i in ids))
        return state, base

    @staticmethod
    def state_paths(layers, files):
        """The files of such a state, relative to the root, in no order."""
        folders = max(layers, min(200, files))
        paths = [f"usr/include/pkg{j:03d}/header-{k:04d}.h"
                 for j in range(folders) for k in range(files // folders)]
        random.Random(2).shuffle(paths)
        return paths
