# SPDX-License-Identifier: GPL-2.0-or-later
"""works - one function a workload: what one rival does in one round. Each is given a Turn (run)."""

import glob
import os
import shutil
import statistics

from builds import many, one

SMALL = "usr/share/small"


def compile(t):
    """200 C and C++ files of about 100 headers each, --sysroot on the mount, objects elsewhere."""
    for jobs in (1, 2):
        t.mount()
        t.timed(f"compile-j{jobs}", "make", "-s", f"-j{jobs}", "-C", t.inputs.path("src"),
                "SYSROOT=" + t.mnt, "OBJ=" + t.fresh_dir("build"), files=t.size["sources"])
        t.unmount()


def configure(t):
    """./configure, as a package's build runs it, with --sysroot on the mount."""
    for name, script in t.inputs.configure.items():
        t.mount()
        t.timed("configure-" + name.replace(" ", "-"), "sh", "-c",
                'cd "$1" && CC="gcc --sysroot=$3" CXX="g++ --sysroot=$3" exec "$2" --quiet '
                '--prefix=/usr 2>&1', "sh", t.fresh_dir("build"), script, t.mnt)
        t.unmount()


def install(t):
    """make install, then cp -a, of 1,200 small files into the mount."""
    small = t.inputs.path("small")
    for row, command in (("install-make", ["make", "-s", "-C", small, "install"]),
                         ("install-cp", ["cp", "-a", small + "/files", t.mnt + "/usr/share/copied"])):
        t.mount()
        t.run("mkdir", "-p", t.mnt + "/usr/share")
        t.settle()
        if command[0] == "make":
            command = command + ["DESTDIR=" + t.mnt]
        t.timed(row, *command, files=t.size["small"])
        t.unmount()


def rm(t):
    """rm -rf of 1,200 small files that were installed into the mount."""
    t.mount()
    t.run("mkdir", "-p", t.mnt + "/usr/share")
    t.run("cp", "-a", t.inputs.path("small/files"), f"{t.mnt}/{SMALL}")
    t.settle()
    t.timed("rm", "rm", "-rf", f"{t.mnt}/{SMALL}", files=t.size["small"])
    t.unmount()


def walk(t):
    """find, with the size of each of 20,000 files: cold, and again."""
    command = ["find", t.mnt + "/tree", "-printf", "%s"]
    if t.can_drop_caches:
        t.mount()
        t.drop_caches()
        t.timed("walk-cold", *command, files=t.size["walk"])
        t.unmount()
    t.mount()
    t.run(*command)
    t.run(*command)
    t.timed("walk-warm", *command, files=t.size["walk"])
    t.unmount()


def read(t):
    """Read a file of 512 MB: cold, and again."""
    command = ["dd", "if=" + t.mnt + "/big", "of=/dev/null", "bs=1M", "status=none"]
    if t.can_drop_caches:
        t.mount()
        t.drop_caches()
        t.timed("read-cold", *command)
        t.unmount()
    t.mount()
    t.run(*command)
    t.timed("read-warm", *command)
    t.unmount()


def write(t):
    """Write 512 MB, then fsync."""
    t.mount()
    t.settle()
    t.timed("write", "dd", "if=" + t.inputs.path("base/big"), f"of={t.mnt}/written", "bs=1M",
            "conv=fsync", "status=none")
    t.run("rm", t.mnt + "/written")
    t.unmount()


def layers(t):
    """The first look-ups of 5,000 files in 1, 20 and 200 layers."""
    if not t.has_layers:
        return
    for n in (1, 20, 200):
        n = min(n, t.size["layers"])
        files = t.size["lookups"]
        paths = os.path.join(t.folder, "paths")
        with open(paths, "w", encoding="ascii") as f:
            f.write("".join(f"{t.mnt}/{p}\n" for p in t.inputs.state_paths(n, files)))
        t.mount_state(f"{n}-{files}", n, files)
        t.timed(f"lookups-{n}", "xargs", "-a", paths, "-n", "100000", "-s", "2000000",
                "stat", "--printf=", files=files)
        t.unmount()


def mount(t):
    """Mount a state of 200 layers and 100,000 files, until the first file answers; how much memory
    the daemon has when all were looked up; and open a build view that sees all layers."""
    if not t.has_layers:
        return
    n, files = t.size["layers"], t.size["layers"] * t.size["layer files"]
    path = t.inputs.state_paths(n, files)[0]
    command = t.mount_command(f"{n}-{files}", n, files)
    t.timed("mount", "sh", "-euc", 'file=$1; shift; "$@"; exec stat --printf= "$file"', "sh",
            f"{t.mnt}/{path}", *command, count=False)
    before = size_of_files(t.rival.state + "/pending")
    code = os.path.join(os.path.dirname(os.path.abspath(__file__)), "open-view")
    needs = ",".join(f"p{i:03d}" for i in range(n))
    done = t.run("python3", code, t.rival.state, t.mnt, needs, "usr/include", text=True,
                 stdout=-1).stdout.split()
    t.result("view", statistics.median(float(x) for x in done[1:]))
    t.result("view-bytes", size_of_files(t.rival.state + "/pending") - before + int(done[0]),
             "bytes")
    before = t.rival.memory()
    t.run("find", t.mnt + "/usr/include", "-printf", "%s")
    names = sum(len(os.path.basename(p)) + 1 for p in t.inputs.state_paths(n, files))
    t.result("memory", (t.rival.memory() - before - names) / files, "bytes a file")
    t.unmount()


def stage(t):
    """Deploy 20,000 files as README says, to a folder: the first time since the mount, and with
    nothing changed; find over all of staging, the first time and again; the list alone. `plain` is
    the same rsync from the folder that the package was made of, with its list from find."""
    if not shutil.which("rsync") or not (t.has_layers or t.rival.name == "plain"):
        return
    source, files, target = t.inputs.path("base/tree"), t.size["walk"], t.fresh_dir("target")
    tree, listed = source, ["find", source, "-type", "f", "-printf", "%P\\0"]
    if t.has_layers:
        base = t.fresh_dir("empty")
        tree = t.mnt + "/.xsysfs/staging"
        listed = [t.rival.program, "-C", t.rival.part("state"), "staging-view", "-0"]
        t.rival.mount(base)
        t.run(t.rival.program, "run", "-C", t.mnt, "--package", "p", "--", "cp", "-a", source, t.mnt)
        t.unmount()
    copy = ["sh", "-euc", 'from=$1 to=$2; shift 2; "$@" | rsync -a --from0 --files-from=- '
            '--no-implied-dirs --keep-dirlinks "$from/" "$to/"', "sh", tree, target, *listed]
    find = ["find", tree, "-printf", "%s"]
    for row, command in (("stage-first", copy), ("stage-again", copy), ("stage-find-first", find),
                         ("stage-find", find)):
        if t.has_layers and row.endswith("first"):
            t.rival.mount(base)
        t.settle()
        t.timed(row, *command, files=files)
        if t.has_layers and not row.endswith("first"):
            t.unmount()
    if t.has_layers:
        t.timed("stage-list", *listed, count=False)
        t.timed("stage-json", *listed[:-1], "--json", count=False)


def size_of_files(folder):
    return sum(os.lstat(f).st_size for f in glob.glob(folder + "/**", recursive=True)
               if os.path.isfile(f))


def four(t):
    """Four builds at once, each of 50 of the sources; of xsysfs each in a build view of its own."""
    sources = sorted(os.path.basename(p) for p in glob.glob(t.inputs.path("src/*.c*")))
    t.mount()
    commands = []
    for i, (mnt, before) in enumerate(t.rival.builders()):
        build = t.fresh_dir(f"build{i}")
        commands.append([*before, "make", "-s", "-C", t.inputs.path("src"), "SYSROOT=" + mnt,
                         "OBJ=" + build, "ONLY=" + " ".join(sources[i::4])])
    t.settle()
    t.timed_together("four", commands, files=t.size["sources"])
    t.unmount()


ALL = [compile, configure, install, rm, walk, read, write, layers, mount, stage, four, one, many]


def named(name):
    return next((w for w in ALL if w.__name__ == name), None)
