# SPDX-License-Identifier: GPL-2.0-or-later
"""What the board's Python says of itself, for wheels that are made by this machine's.

tell      writes $TMPDIR/_sysconfigdata_told.py, which sysconfig reads instead of this machine's
install   puts a wheel where the board's Python looks

Which Python the board has: the one that is below the prefix, since the package needs it; else the
one that the board says (HOST_PYTHON); else one of the sysroot. Where none is known, one as old as
this machine's, and a warning says so: what is pure Python often fits, and a name can be looked at.
"""
import glob
import io
import os
import pprint
import re
import runpy
import sys
import sysconfig

SYSROOT, PREFIX = os.environ["SYSROOT"], os.environ["PREFIX"]
OWN = "%d%d" % sys.version_info[:2]
TRACES = ("lib/python3.*/os.py", "lib/python3.*/_sysconfigdata_*.py", "include/python3.*/patchlevel.h",
          "lib/libpython3.*.so*", "lib/*/libpython3.*.so*", "bin/python3.*")


def versions_below(prefix):
    """Of each Python that has left a trace there."""
    found = set()
    for trace in TRACES:
        for path in glob.glob(SYSROOT + prefix + "/" + trace):
            fits = re.search(r"/(?:lib)?python(3\.\d+)(?:/.*|\.so.*)?$", path)
            if fits:
                found.add(fits[1])
    return found


def find_version():
    """Returns it, below which prefix it was found (None: nowhere, it is said or guessed), and whether it is known."""
    said = os.environ.get("HOST_PYTHON")
    for prefix in (PREFIX, None, "/usr"):
        found = versions_below(prefix) if prefix else {said} - {None}
        if said in found:
            found = {said}
        if len(found) > 1:
            sys.exit(f"xsysfs: '{SYSROOT}{prefix}' has Python {' and '.join(sorted(found))} "
                     "(say which in [target] of the board: 'python = 3.N')")
        if found:
            return found.pop(), prefix, True
    return "%d.%d" % sys.version_info[:2], None, False


def warn_of_guess(version):
    with open(os.environ["TMPDIR"] + "/warnings", "a", encoding="utf-8") as to:
        print(f"which Python the board has is not known, and none is in the sysroot: it is built for Python {version}, "
              "as this machine has (say which in [target] of the board: 'python = 3.N')", file=to)


def told_by_own(version):
    """This machine's Python, with the board's names and version."""
    own = __import__(sysconfig._get_sysconfigdata_name()).build_time_vars
    target = re.sub("^armv?[0-9a-z]*-", "arm-", os.environ["HOST_TRIPLE_NO_VENDOR"])
    new = {own["MULTIARCH"]: target, "python" + own["VERSION"]: "python" + version,
           "cpython-" + OWN: "cpython-" + version.replace(".", "")}

    def renew(value):
        for before, after in new.items():
            value = value.replace(before, after) if isinstance(value, str) else value
        return value
    told = {name: renew(value) for name, value in own.items()}
    told.update(VERSION=version, LDVERSION=version)
    return told


def told_by_itself(version, prefix):
    """What it has left in its own folder; the first in order is that of the plain build."""
    for data in sorted(glob.glob(f"{SYSROOT}{prefix}/lib/python{version}/_sysconfigdata_*linux*.py")):
        return runpy.run_path(data)["build_time_vars"]
    return None


def tell():
    version, prefix, known = find_version()
    if not known:
        warn_of_guess(version)
    places = [p for p in (PREFIX, "/usr") if prefix in (p, None)]
    told = next((t for t in (told_by_itself(version, p) for p in places) if t), None)
    mine = told is not None and prefix == PREFIX
    told = told or told_by_own(version)
    headers = [f"{SYSROOT}{p}/include/python{version}" for p in (PREFIX, "/usr")]
    headers = [h for h in headers if os.path.isdir(h)] or headers[-1:]
    cc, cxx = os.environ["CC"], os.environ["CXX"]
    told.update(CC=cc, CXX=cxx, AR=os.environ["AR"], LDSHARED=cc + " -shared", BLDSHARED=cc + " -shared",
                LDCXXSHARED=cxx + " -shared", INCLUDEPY=headers[0], CONFINCLUDEPY=headers[0],
                LIBDIR=f"{SYSROOT}{prefix or '/usr'}/lib")
    # who names wheels by it refuses those that this machine's Python could not use: see BoardPlaces
    told.update(SOABI=re.sub(r"(?<=^cpython-)\d+", OWN, told.get("SOABI", "")))
    if not mine:    # flags for another compiler
        told.update(CFLAGS="-fwrapv -Wall", OPT="", LDFLAGS="")
    with open(os.environ["TMPDIR"] + "/_sysconfigdata_told.py", "w", encoding="utf-8") as to:
        print("build_time_vars =", pprint.pformat(told), file=to)


def install(path):
    """Its site-packages when it is in the sysroot, else where Debian's, which the Pi has, looks for
    what is in /usr/local. Not compiled: that differs each time."""
    from installer import install as put
    from installer.destinations import SchemeDictionaryDestination
    from installer.sources import WheelFile
    version = find_version()[0]
    plain = version.replace(".", "")

    class BoardPlaces(SchemeDictionaryDestination):
        def write_file(self, scheme, path, stream, is_executable):
            name = re.search(r"\.cpython-(\d+)-[^/]*\.so$", os.fspath(path))
            if name and name[1] != plain:
                sys.exit(f"xsysfs: '{path}' is for another Python than the board's {version}")
            if os.fspath(path).endswith(".dist-info/WHEEL"):
                tag = re.compile(rb"^(Tag: cp)%s-(?:cp%s|(none))-" % ((OWN.encode(),) * 2), re.M)
                stream = io.BytesIO(tag.sub(lambda t: b"%s%s-%s-" % (
                    t[1], plain.encode(), t[2] or b"cp" + plain.encode()), stream.read()))
            return super().write_file(scheme, path, stream, is_executable)
    own = os.path.exists(f"{SYSROOT}{PREFIX}/lib/python{version}/os.py")
    lib = f"{PREFIX}/lib/python{version}/{'site' if own else 'dist'}-packages"
    to = BoardPlaces(
        {"purelib": lib, "platlib": lib, "headers": f"{PREFIX}/include/python{version}",
         "scripts": PREFIX + "/bin", "data": PREFIX},
        interpreter=(PREFIX if own else "/usr") + "/bin/python3", script_kind="posix",
        bytecode_optimization_levels=[], destdir=os.environ["DESTDIR"])
    with WheelFile.open(path) as wheel:
        put(wheel, to, {"INSTALLER": b"xsysfs"})


if sys.argv[1] == "tell":
    tell()
else:
    install(sys.argv[2])
