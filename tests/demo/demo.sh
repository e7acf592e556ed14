#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# demo - the whole road, from a toolchain to ARM programs that run, step by step.
#
# usage: make demo, or tests/demo/demo.sh
#
# Each command is shown before it is run, and can be typed by hand: the lines before the first step
# set the variables that they use. All that is made lies below $XSYSFS_HOME (out/demo), so the second
# time takes seconds; `rm -r out/demo` starts anew. As root or as an ordinary user with fusermount3.
# DEMO_PREPARED=1 leaves out the first step, as the tests do.
set -eu
cd "$(dirname "$0")/../.."

XSYSFS_HOME=${XSYSFS_HOME:-$PWD/out/demo}
PATH=$PWD/out:$PATH
BOARD=rpi3-aarch64
MNT=$XSYSFS_HOME/$BOARD/mnt
PI=$XSYSFS_HOME/pi
XSYSFS=$MNT
export XSYSFS_HOME PATH MNT PI XSYSFS

bold=
dim=
plain=
if test -t 1; then
	bold=$(printf '\033[1m')
	dim=$(printf '\033[2m')
	plain=$(printf '\033[0m')
fi
began=$(date +%s)
number=0

# What comes, in a line, and why.
step()
{
	number=$((number + 1))
	echo
	echo "$bold$number. $*$plain"
}

note()
{
	echo "   $*"
}

# Show a command as a person would type it, and run it.
run()
{
	printf "%s\n" "$dim\$$plain $1"
	run_began=$(date +%s)
	eval "$1"
	run_took=$(($(date +%s) - run_began))
	test $run_took -lt 2 || echo "$dim  ($run_took s)$plain"
}

# However it ends, nothing stays mounted.
finish()
{
	status=$?
	trap - EXIT
	if mountpoint -q "$MNT" 2>/dev/null; then
		xsysfs umount "$MNT" || :
	fi
	test $status -eq 0 || echo "demo: stopped at step $number with status $status" >&2
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "The way of a library to a Raspberry Pi with xsysfs. Type along:"
echo
echo "  cd $PWD"
echo "  export XSYSFS_HOME=$XSYSFS_HOME"
echo "  export PATH=$PWD/out:\$PATH MNT=$MNT PI=$PI XSYSFS=$MNT"

step "Install what is missing on this machine, and build xsysfs"
test -n "${DEMO_PREPARED-}" || {
	run "tests/deps demo"
	run "make -s -j$(nproc) all"
}

# as udev has it; some small systems leave it to root alone
if test "$(id -u)" -ne 0 && ! (: <>/dev/fuse) 2>/dev/null; then
	echo "demo: '/dev/fuse' is not for ordinary users here; as root: chmod 666 /dev/fuse" >&2
	exit 1
fi

step "Mount the board"
note "Its toolchain, Debian's cross compilers, is fetched and put together the first time. Its sysroot lies"
note "read-only below the mount; what packages write goes to layers of their own."
mountpoint -q "$MNT" 2>/dev/null && xsysfs umount "$MNT"
run "xsysfs mount $BOARD"
run "ls \$MNT \$MNT/usr"

step "Build gdbm, libffi, zlib and bzip2, and what they need (readline, ncurses)"
note "Each is compiled once and installed once, into the mount. A package sees only what it declares."
note "What has not changed is not built again: \`xsysfs build --explain gdbm\` says why."
run "xsysfs build --board $BOARD -j$(nproc) gdbm libffi zlib bzip2"

step "Ask which package wrote what"
run "xsysfs list"
run "xsysfs owns \$MNT/usr/local/include/zlib.h \$MNT/usr/local/lib/libreadline.so \$MNT/usr/include/stdio.h"
run "xsysfs files bzip2 | head -n 5"

step "Compile a program that uses libffi and zlib, with the mount as the sysroot"
run "CC=\$(echo \$(xsysfs toolchain $BOARD)/bin/*-gcc); echo \$CC"
run "\$CC --sysroot=\$MNT -isystem =/usr/local/include -o $XSYSFS_HOME/pi-zlib-ffi tests/demo/pi-zlib-ffi.c -L\$MNT/usr/local/lib -Wl,-rpath,/usr/local/lib -lffi -lz"

step "Get a Raspberry Pi: here, a folder with an arm64 userland, usr-merged (/lib -> usr/lib)"
test -e "$PI" || run "tests/demo/make-pi.sh \$PI"
run "ls -l \$PI | grep -e '->'"

step "Deploy: send the staging view, which has what packages wrote and nothing of the sysroot"
note "To a real one: the same line with --rsync-path='sudo rsync' and pi@pi:/ at its end."
run "xsysfs staging-view -0 | rsync -aH --from0 --files-from=- --no-implied-dirs --keep-dirlinks --chown=root:root \$MNT/.xsysfs/staging/ \$PI/"
run "cp $XSYSFS_HOME/pi-zlib-ffi \$PI/usr/local/bin/"
run "tests/demo/pi-run.sh \$PI /usr/sbin/ldconfig"
run "ls -l \$PI | grep -e '->'"

step "Run it there, under an emulator, in a chroot into the Pi"
run "tests/demo/pi-run.sh \$PI /usr/local/bin/pi-zlib-ffi"

step "Type at gdbm's gdbmtool, which edits its lines with readline on ncurses"
note "The keys are typed by type-at.py: two misspelled words are mended with the arrow keys and backspace,"
note "and \`fetch\` is brought back with arrow-up. By hand: leave type-at.py and its keys out."
rm -f "$PI/tmp/fruit.db"
run "tests/demo/type-at.py 'gdbmtool> ' 'store ftuit aple\e[D\e[Dp\n' 'delete ftuit\n' 'store fruut\b\bit apple\n' 'fetch fruit\n' 'count\n' '\e[A\e[A\n' 'quit\n' -- tests/demo/pi-run.sh \$PI /usr/local/bin/gdbmtool /tmp/fruit.db"
echo

step "Change something by hand, and see it"
run "mkdir -p \$MNT/usr/local/etc && echo 'colour = red' >\$MNT/usr/local/etc/fruit.conf"
run "xsysfs diff local"
run "getfattr --only-values --absolute-names -n user.xsysfs.package \$MNT/usr/local/lib/libz.a; echo" 
run "rm \$MNT/usr/local/etc/fruit.conf"

step "Unmount: all of it is in $XSYSFS_HOME/$BOARD, the sysroot is what it was"
run "xsysfs umount \$MNT"

trap - EXIT
cat <<END

${bold}Done in $(($(date +%s) - began)) s.${plain} What to try next:

  make demo                              again: nothing has changed, so nothing is built
  xsysfs mount $BOARD               and look around in \$MNT
  xsysfs build --explain gdbm            why it would be built again, or not
  touch \$MNT/x; xsysfs staging-view      what a person wrote is staged too
  xsysfs remove bzip2                    one package less; \`xsysfs remove ncurses\` is refused
  xsysfs staging-view --tar >pi.tar      the same bytes each time
  xsysfs help                            everything else
END
