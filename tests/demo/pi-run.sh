#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pi-run - run a program of a Raspberry Pi root folder: under qemu, in a chroot into that folder.
#
# usage: tests/demo/pi-run.sh PI /PROGRAM [ARGUMENT...]
#
# A chroot and not `qemu -L`, which does not map every system call. An ordinary user gets it from a
# user namespace. The kernel need not know how to start ARM programs (binfmt_misc): so the program
# itself cannot start others.
set -eu
test $# -ge 2 || {
	echo "usage: pi-run.sh PI /PROGRAM [ARGUMENT...]" >&2
	exit 2
}
pi=$1
shift
test "$(id -u)" -eq 0 || set -- unshare -r "$0" "$pi" "$@"
test "$1" != unshare || exec "$@"
exec env -i LC_ALL=C HOME=/root TERM="${TERM:-vt100}" PATH=/usr/local/bin:/usr/bin:/bin \
	/usr/sbin/chroot "$pi" /usr/bin/qemu-aarch64-static "$@"
