# SPDX-License-Identifier: GPL-2.0-or-later
"""calls - system calls for tests that compare places: what each said goes to stdout.

Use it as `python3 -P - <<EOF` with PYTHONPATH=$TOP/tests/lib; see `same_everywhere` in testlib.sh.
"""

import ctypes
import errno
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.lseek.restype = ctypes.c_long
AT_FDCWD = -100


def code(e):
    return errno.errorcode.get(e, str(e))


def say(what, function, *args, **kwargs):
    """Call it and print its result, or the name of its errno. Returns the result, None on error."""
    try:
        result = function(*args, **kwargs)
    except OSError as e:
        print(f"{what}: {code(e.errno)}")
        return None
    print(f"{what}: {result!r}")
    return result


def libc_call(name, *args):
    """A function of libc; OSError when it says -1."""
    args = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = getattr(libc, name)(*args)
    if result == -1:
        e = ctypes.get_errno()
        raise OSError(e, name)
    return result


def write_file(path, data=b"", mode=0o644):
    fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode)
    os.write(fd, data)
    os.close(fd)


def read_file(path):
    with open(path, "rb") as f:
        return f.read()


def show(path, follow=False):
    """What of a stat has to be the same everywhere."""
    st = os.stat(path, follow_symlinks=follow)
    return f"{st.st_mode:o} {st.st_nlink} {st.st_size} {st.st_rdev}"


def unpack_ids(data):
    return struct.unpack(f"<{len(data) // 4}I", data)
