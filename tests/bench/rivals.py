# SPDX-License-Identifier: GPL-2.0-or-later
"""rivals - the file systems that are compared: how each is mounted, unmounted and asked."""

import glob
import json
import os
import pwd
import shutil
import struct
import subprocess

USER = "nobody"
# Requests that nobody waits for.
NO_ROUND_TRIP = {"forget", "batch_forget", "init", "destroy", "interrupt"}
OPCODES = {1: "lookup", 2: "forget", 3: "getattr", 4: "setattr", 5: "readlink", 6: "symlink",
           8: "mknod", 9: "mkdir", 10: "unlink", 11: "rmdir", 12: "rename", 14: "open", 15: "read",
           16: "write", 20: "fsync", 22: "getxattr", 23: "listxattr", 28: "readdir",
           30: "fsyncdir", 35: "create", 44: "readdirplus", 45: "rename2"}


def output(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False).stdout.strip()
    except OSError:
        return ""


class Rival:
    """One mount at a time: `lower` at the bottom, a fresh folder to write to, on `mnt`."""
    name = about = ""
    program = None
    user = None         # who works on it, a pwd entry; None: who we are

    def __init__(self, bench):
        self.bench = bench
        self.folder = self.mnt = None

    def why_not(self):
        if self.program and not shutil.which(self.program):
            return f"there is no '{self.program}' here (tests/deps bench)"
        return None

    def version(self):
        return ""

    def start(self, folder):
        """A folder of its own for one turn."""
        self.folder, self.mnt = folder, os.path.join(folder, "mnt")
        for part in ("", "mnt", "upper", "work", "build"):
            os.makedirs(os.path.join(folder, part), exist_ok=True)
            if self.user:
                os.chown(os.path.join(folder, part), self.user.pw_uid, self.user.pw_gid)

    def part(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command, **kwargs):
        """As the one who works on it."""
        who = {}
        if self.user:
            who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        kwargs.setdefault("stdout", subprocess.DEVNULL)
        kwargs.setdefault("check", True)
        return subprocess.run(command, stdin=subprocess.DEVNULL, umask=0o022,
                              env=self.bench.environment, **who, **kwargs)

    def mount(self, lower):
        raise NotImplementedError

    def unmount(self):
        self.bench.unmount(self.mnt)

    def requests(self):
        """{kind: how many} since the mount; None where nobody counts."""
        return None

    def builders(self):
        """Mount points for builds at the same time, and what to put before their commands."""
        return [(self.mnt, [])] * 4


class Plain(Rival):
    name, about = "plain", "a plain directory"

    def mount(self, lower):
        # the very files of the base: what the workloads write is new
        if not os.listdir(self.mnt):
            subprocess.run(["cp", "-al", lower + "/.", self.mnt], check=True)

    def unmount(self):
        pass


class Kernel(Rival):
    name, about = "kernel", "overlayfs of the kernel, -o userxattr"

    def why_not(self):
        return None if os.geteuid() == 0 else "only root mounts it"

    def version(self):
        return os.uname().release

    def overlay(self, lower, mnt, upper, work):
        for path in (mnt, upper, work):
            os.makedirs(path, exist_ok=True)
        options = f"userxattr,lowerdir={lower},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", mnt], check=True)

    def mount(self, lower):
        self.lower = lower
        self.overlay(lower, self.mnt, self.part("upper"), self.part("work"))

    def builders(self):
        mounts = []
        for i in range(4):
            mounts.append((self.part(f"mnt{i}"), []))
            self.overlay(self.lower, self.part(f"mnt{i}"), self.part(f"upper{i}"),
                         self.part(f"work{i}"))
        return mounts

    def unmount(self):
        for mnt in glob.glob(self.part("mnt?")) + [self.mnt]:
            if os.path.ismount(mnt):
                self.bench.unmount(mnt)


class FuseOverlayfs(Rival):
    name, program = "fuse-overlayfs", "fuse-overlayfs"
    about = "fuse-overlayfs, as its manual page mounts it"

    def version(self):
        return output("fuse-overlayfs", "--version").splitlines()[0]

    def mount(self, lower):
        options = f"lowerdir={lower},upperdir={self.part('upper')},workdir={self.part('work')}"
        self.run("fuse-overlayfs", "-o", options, self.mnt, stderr=subprocess.DEVNULL)


class Unionfs(Rival):
    name, program = "unionfs", "unionfs"
    about = "unionfs-fuse -o cow"

    def version(self):
        return output("dpkg-query", "-W", "-f", "${Version}", "unionfs-fuse")

    def mount(self, lower):
        self.run("unionfs", "-o", "cow", f"{self.part('upper')}=RW:{lower}=RO", self.mnt,
                 stderr=subprocess.DEVNULL)


class Mergerfs(Rival):
    name, program = "mergerfs", "mergerfs"
    about = "mergerfs -o category.create=ff,cache.files=partial,dropcacheonclose=true"

    def version(self):
        return output("dpkg-query", "-W", "-f", "${Version}", "mergerfs")

    def mount(self, lower):
        self.run("mergerfs", "-o",
                 "category.create=ff,cache.files=partial,dropcacheonclose=true",
                 f"{self.part('upper')}=RW:{lower}=RO", self.mnt, stderr=subprocess.DEVNULL)


class Floor(Rival):
    name, about = "floor", "a FUSE daemon that does nothing else (floor.c)"

    def __init__(self, bench):
        super().__init__(bench)
        self.program = bench.program("floor")

    def why_not(self):
        return None if self.program else "it is not built"

    def mount(self, lower):
        self.run(self.program, lower, self.mnt, self.part("counters"))

    def requests(self):
        with open(self.part("counters"), "rb") as f:
            counts = struct.unpack("64Q", f.read(512))
        return {OPCODES.get(i, str(i)): n for i, n in enumerate(counts) if n}


class Xsysfs(Rival):
    name, about = "xsysfs", "xsysfs"
    options = []

    def __init__(self, bench):
        super().__init__(bench)
        self.program = bench.program("xsysfs")
        self.state = None

    def why_not(self):
        return None if self.program else "it is not built"

    def version(self):
        return output(self.program, "--version").splitlines()[0]

    def mount(self, lower, state=None):
        self.state = state or self.part("state")
        self.run(*self.mount_command(lower, self.state))

    def mount_command(self, lower, state):
        return [self.program, "mount", *self.options, "--sysroot", lower, "--state", state,
                self.mnt]

    def unmount(self):
        self.run(self.program, "umount", self.mnt)

    def status(self):
        done = self.run(self.program, "status", "--json", "-C", self.state, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def requests(self):
        return self.status()["requests"]

    def memory(self):
        """Bytes that the daemon has, without what it shares with its program's file."""
        with open(f"/proc/{self.status()['pid']}/status", encoding="ascii") as f:
            fields = dict(line.split(":", 1) for line in f)
        return sum(int(fields[k].split()[0]) for k in ("RssAnon", "RssShmem")) * 1024

    def builders(self):
        return [(self.mnt, [self.program, "run", "-C", self.mnt, "--package", f"build{i}", "--"])
                for i in range(4)]


class XsysfsUser(Xsysfs):
    name, about = "xsysfs-user", f"xsysfs, mounted and used by the user '{USER}'"

    def __init__(self, bench):
        super().__init__(bench)
        if os.geteuid() == 0:
            self.user = pwd.getpwnam(USER)

    def why_not(self):
        return None if self.user else "we are an ordinary user: that is 'xsysfs'"


class XsysfsNew(Xsysfs):
    name, about = "xsysfs-new", "xsysfs built on a newer libfuse (make FUSE=DIR)"

    def __init__(self, bench):
        super().__init__(bench)
        self.program = bench.program("xsysfs-new")

    def why_not(self):
        return None if self.program else "it is not built: see tests/libfuse"


class XsysfsUring(XsysfsNew):
    name, about = "xsysfs-uring", "the same over io_uring"
    options = ["-o", "io_uring"]

    def why_not(self):
        try:
            with open("/sys/module/fuse/parameters/enable_uring", encoding="ascii") as f:
                enabled = f.read().strip() == "Y"
        except OSError:
            enabled = False
        if not enabled:
            return "the fuse module does not allow it (enable_uring)"
        return super().why_not() or self.try_it()

    def try_it(self):
        folder = os.path.join(self.bench.folder, "try")
        os.makedirs(folder + "/base")
        self.start(folder)
        try:
            self.mount(folder + "/base")
            self.unmount()
        except subprocess.CalledProcessError:
            return "this build cannot do it"
        return None

    def requests(self):
        return None     # libfuse's rings are past what counts


ALL = [Plain, Kernel, FuseOverlayfs, Unionfs, Mergerfs, Xsysfs, XsysfsUser, XsysfsNew, XsysfsUring,
       Floor]
FUSE_PEERS = ["fuse-overlayfs", "unionfs", "mergerfs"]
