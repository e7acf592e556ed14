# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# packages.sh - tiny packages for tests of the builder: . "$TOP/tests/builder/packages.sh"
#
# The board `here` has this machine's gcc as its toolchain, with SYSROOT as the sysroot. A package has
# a configure that looks for the header of each dependency with $CC, and installs a header, a library
# and a .pc file.
#
#   make_board                  boards/here.ini and its toolchain
#   make_package NAME [VERSION] [NEED...]   its archive and its recipe
#   mount_board                 make_board, and mount it on MNT
#   build ARG...                `xsysfs build` with our boards and recipes, on MNT
#   set_line FILE OLD NEW       replace a line
#   with_libc                   its compilers find this machine's C library
#   make_package_of NAME SYSTEM [NEED...]   the archive and recipe of src/NAME-1
#   layers                      names of what is installed

RECIPES=$TESTDIR/recipes
PATCHES=$TESTDIR/patches
BOARDS=$TESTDIR/boards
ARCHIVES=$TESTDIR/archives
export RECIPES PATCHES BOARDS ARCHIVES

make_board()
{
	need gcc make patch tar
	tools=$TESTDIR/toolchain/bin
	triple=$(gcc -dumpmachine)
	mkdir -p "$tools" "$BOARDS" "$RECIPES" "$PATCHES" "$ARCHIVES" "$SYSROOT/usr/include"
	for tool in gcc g++ ar as ld nm ranlib strip; do
		cat >"$tools/$triple-$tool" <<-EOF
			#!/bin/sh
			case \$1 in
			-print-sysroot) echo '$SYSROOT' ;;
			*) exec $tool "\$@" ;;
			esac
		EOF
		chmod +x "$tools/$triple-$tool"
	done
	cat >"$BOARDS/here.ini" <<-EOF
		[toolchain]
		toolchain = $TESTDIR/toolchain
		[places]
		state = $STATE
		mount = $MNT
	EOF
}

pack()
{
	tar -C "$TESTDIR/src" -czf "$ARCHIVES/$1.tar.gz" "$1"
}

make_package()
{
	package_name=$1
	package_version=${2:-1}
	shift
	test $# -eq 0 || shift
	source_name=$package_name-$package_version
	mkdir -p "$TESTDIR/src/$source_name" "$RECIPES/$package_name"
	cat >"$TESTDIR/src/$source_name/configure" <<-EOF
		#!/bin/sh
		for need in \${WANTS-$*}; do
			echo "checking for \$need.h"
			echo "#include <\$need.h>" | \$CC \$CPPFLAGS -E - >/dev/null || exit 3
		done
		cp "\$SOURCE_DIR/Makefile" .
	EOF
	chmod +x "$TESTDIR/src/$source_name/configure"
	cat >"$TESTDIR/src/$source_name/$package_name.c" <<-EOF
		int $package_name(void) { return $package_version; }
	EOF
	cat >"$TESTDIR/src/$source_name/Makefile" <<-EOF
		.RECIPEPREFIX = >
		all: lib$package_name.a
		lib$package_name.a:
		> \$(CC) \$(CPPFLAGS) \$(CFLAGS) -c \$(SOURCE_DIR)/$package_name.c
		> \$(AR) rcs \$@ $package_name.o
		install: all
		> mkdir -p \$(DESTDIR)\$(PREFIX)/include \$(DESTDIR)\$(PREFIX)/lib/pkgconfig
		> echo 'int $package_name(void);' >\$(DESTDIR)\$(PREFIX)/include/$package_name.h
		> cp lib$package_name.a \$(DESTDIR)\$(PREFIX)/lib/
		> cp \$(SOURCE_DIR)/$package_name.pc \$(DESTDIR)\$(PREFIX)/lib/pkgconfig/
	EOF
	cat >"$TESTDIR/src/$source_name/$package_name.pc" <<-EOF
		Name: $package_name
		Description: of a test
		Version: $package_version
		Libs: -l$package_name
	EOF
	pack "$source_name"
	write_recipe "$package_name" "$package_version" "$*"
}

write_recipe()
{
	cat >"$RECIPES/$1/recipe.ini" <<-EOF
		[package]
		version = $2
		[source]
		url = file://$ARCHIVES/$1-$2.tar.gz
		sha256 = $(sha256sum "$ARCHIVES/$1-$2.tar.gz" | cut -d ' ' -f 1)
		[needs]
		packages = $3
		[build]
		system = autotools
	EOF
}

mount_board()
{
	make_board
	mount_sysroot
}

builder()
{
	verb=$1
	shift
	program=xsysfs
	case $verb in
	build|lint)
		set -- --recipes "$RECIPES" --patches "$PATCHES" --boards "$BOARDS" -C "$MNT" "$@"
		;;
	fetch)
		set -- --recipes "$RECIPES" --boards "$BOARDS" "$@"
		;;
	*)
		program=xsysfs-build	# `xsysfs mount` has other options
		set -- --boards "$BOARDS" "$@"
		;;
	esac
	timeout 60 "$program" "$verb" "$@"
}

build()
{
	builder build "$@"
}

# The error of a failed build: its status, and a text that it must have. More lines may follow.
build_fails()
{
	fails_text=$1
	shift
	fails_got=0
	build "$@" >"$TESTDIR/tmp/out" 2>"$TESTDIR/tmp/err" || fails_got=$?
	cat "$TESTDIR/tmp/out" "$TESTDIR/tmp/err" >&2
	test "$fails_got" -eq 1 || fail "status $fails_got, not 1: build $*"
	grep -q -e "$fails_text" "$TESTDIR/tmp/err" || fail "no word of '$fails_text'"
}

set_line()
{
	grep -q -x -e "$2" "$1" || fail "'$1' has no line '$2'"
	sed -i "s|^$2\$|$3|" "$1"
}

layers()
{
	xsysfs -C "$MNT" list --json | tr ',' '\n' | sed -n 's/.*"package": *"\([^"]*\)".*/\1/p' |
		LC_ALL=C sort | paste -s -d ' '
}

# Have the compilers of the board `here` find this machine's C library: what is built then can be linked.
with_libc()
{
	for tool in gcc g++; do
		cat >"$TESTDIR/toolchain/bin/$(gcc -dumpmachine)-$tool" <<-EOF
			#!/bin/sh
			case \$1 in
			-print-sysroot) echo '$SYSROOT'; exit ;;
			esac
			case " \$* " in
			*" -print-"*|*" -dump"*) exec $tool "\$@" ;;
			esac
			where=/usr/lib/\$(gcc -dumpmachine)
			exec $tool "\$@" -idirafter /usr/include -idirafter "/usr/include/\$(gcc -dumpmachine)" \\
				-B"\$where" -L"\$where"
		EOF
	done
}

# A package of the build system $2 with the sources in the folder src/$1-1, which needs $3.
make_package_of()
{
	pack "$1-1"
	mkdir -p "$RECIPES/$1"
	write_recipe "$1" 1 "${3-}"
	sed -i "s/^system = autotools\$/system = $2/" "$RECIPES/$1/recipe.ini"
}
