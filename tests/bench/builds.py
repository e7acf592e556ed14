# SPDX-License-Identifier: GPL-2.0-or-later
"""builds - the builder's workloads. `plain` does the same by make alone, in a plain directory."""

import glob
import json
import os
import shutil
import time


class Builder:
    """`xsysfs build` on a mount of a turn."""
    def __init__(self, t):
        self.t, self.packages = t, t.inputs.packages
        self.home = os.path.join(t.folder, "home")
        self.recipes = os.path.join(t.folder, "recipes")    # some are changed
        shutil.copytree(self.packages.recipes, self.recipes)
        self.boards = self.packages.board(t.folder, t.mnt)

    def command(self, *args):
        quiet = '"$@" 2>"$0" || { cat "$0" >&2; exit 1; }'
        return ["sh", "-c", quiet, os.path.join(self.t.folder, "said"),
                "env", "XSYSFS_HOME=" + self.home, self.t.bench.program("xsysfs-build"), "build",
                "--board", "here", "-C", self.t.mnt, "--boards", self.boards, "--recipes",
                self.recipes, "--patches", self.t.folder, *args]

    def story(self):
        """What the last build says of itself."""
        with open(sorted(glob.glob(self.home + "/here/builds/*.json"))[-1], encoding="utf-8") as f:
            return json.load(f)


def make_plain(t, *args):
    """The packages by make alone; the sysroot is the tree that they are installed into."""
    p = t.inputs.packages
    tools = p.path("toolchain/bin", p.triple)
    return ["make", "-s", "-f", p.path("plain.mk"), "OUT=" + t.fresh_dir("build"), "TREE=" + t.mnt,
            f"CC={tools}-gcc --sysroot={t.mnt}", f"AR={tools}-ar", "CFLAGS=-O2",
            f"CPPFLAGS=-isystem {t.mnt}/usr/local/include", "PREFIX=/usr/local", *args]


def is_plain(t):
    return t.rival.name == "plain"


def takes_part(t):
    return is_plain(t) or t.rival.name == "xsysfs"


def one(t):
    """One large package, from its archive to what is installed, by one job."""
    if not takes_part(t):
        return
    t.mount()
    if is_plain(t):
        command = make_plain(t, "-j1")
        target = [a for a in command if a.startswith("OUT=")][0][4:] + "/large.done"
        t.settle()
        t.timed("build-one", *command, target, count=False)
    else:
        command = Builder(t).command("-j1", "large")
        t.settle()
        t.timed("build-one", *command, count=False)
    t.unmount()


def many(t):
    """40 small packages by a job more than there are processors; then with nothing to do; then with one leaf changed."""
    if not takes_part(t):
        return
    names = t.inputs.packages.names
    jobs = os.cpu_count() + 1   # the builder's own choice
    t.mount()
    if is_plain(t):
        command = make_plain(t, f"-j{jobs}", "all")
        t.settle()
        t.timed("build-many", *command, count=False)
        t.unmount()
        return
    b = Builder(t)
    t.settle()
    t.timed("build-many", *b.command(f"-j{jobs}", *names), count=False)
    story = b.story()
    t.result("build-idle", 100 * story["idle"] / (story["end"] * story["cores"]), "%")
    t.timed("build-nothing", *b.command(*names), count=False)
    with open(os.path.join(b.recipes, names[-1], "recipe.ini"), "a", encoding="ascii") as f:
        f.write("make-options = CFLAGS=-O1\n")
    began = time.perf_counter()
    t.run(*b.command(*names))
    took = time.perf_counter() - began
    built = [p for p in b.story()["packages"] if p["state"] == "built"]
    if [p["name"] for p in built] != [names[-1]]:
        raise RuntimeError("the builder built " + " ".join(p["name"] for p in built))
    own = sum(s["end"] - s["begin"] for s in built[0]["spans"])
    t.result("build-leaf", took - own)
    t.unmount()
