# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# packages.sh - tiny packages for tests of the builder: . "$TOP/tests/builder/packages.sh"
#
# The board `here` has this machine's gcc as its toolchain, with SYSROOT as the sysroot; it does not search
# /usr/local/include, as cross compilers do not. A package has
# a configure that looks for the header of each dependency with $CC, and installs a header, a library
# and a .pc file.
#
#   make_board                  boards/here.ini and its toolchain
#   target LINE...              lines for [target] of the board
#   make_package NAME [VERSION] [NEED...]   its archive and its recipe
#   mount_board                 make_board, and mount it on MNT
#   build ARG...                `xsysfs build` with our boards and recipes, on MNT
#   set_line FILE OLD NEW       replace a line
#   with_libc                   its compilers find this machine's C library
#   make_package_of NAME SYSTEM [NEED...]   the archive and recipe of src/NAME-1
#   start_server               server.py over ARCHIVES, at http://$SERVER; asked has what was asked of it
#   from_url P URL...          the recipe of P has these sources and no others
#   layers                      names of what is installed

RECIPES=$TESTDIR/recipes
PATCHES=$TESTDIR/patches
BOARDS=$TESTDIR/boards
ARCHIVES=$TESTDIR/archives
export RECIPES PATCHES BOARDS ARCHIVES

# Two layouts are out there: Crosstool-NG's, and Debian's with its libraries below the triple. Root's tests have the one,
# an ordinary user's the other.
case $(id -u) in
0) LAYOUT=${LAYOUT:-lib} ;;
*) LAYOUT=${LAYOUT:-lib/$(gcc -dumpmachine)} ;;
esac

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
			*) exec $tool $(searched_first $tool) "\$@" $(searched_last $tool) ;;
			esac
		EOF
		chmod +x "$tools/$triple-$tool"
	done
	cat >"$BOARDS/here.ini" <<-EOF
		[toolchain]
		toolchain = $TESTDIR/toolchain
		[target]
		library-dir = $LAYOUT
		[places]
		state = $STATE
		mount = $MNT
	EOF
}

target()
{
	for target_line in "$@"; do
		sed -i "s|^\\[target\\]\$|&\\n$target_line|" "$BOARDS/here.ini"
	done
}

# Where a compiler of this machine looks for headers, but for the folders of the C library.
searched_first()
{
	case $1 in gcc|g++) echo -nostdinc ;; esac
}
searched_last()
{
	case $1 in gcc|g++) ;; *) return ;; esac
	"$1" -x "$(test "$1" = gcc && echo c || echo c++)" -E -v /dev/null 2>&1 |
		sed -n '/^#include <\.\.\.>/,/^End/s/^ / -idirafter /p' |
		grep -v -e '/usr/local' -e '/usr/include$' -e "/usr/include/$(gcc -dumpmachine)\$" | tr -d '\n'
	echo ' -idirafter =/usr/include'
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
			exec $tool $(searched_first $tool) "\$@" $(searched_last $tool) -idirafter /usr/include -idirafter "/usr/include/\$(gcc -dumpmachine)" \\
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

start_server()
{
	need python3
	python3 "$TOP/tests/builder/server.py" "$ARCHIVES" &
	server_pid=$!
	at_end kill "$server_pid"
	eventually test -s port || fail "the server does not start"
	SERVER=127.0.0.1:$(cat port)
}

# With the hash, and the number of bytes where SIZE says so.
from_url()
{
	from_ini=$RECIPES/$1/recipe.ini
	from_archive=$ARCHIVES/$1-1.tar.gz
	from_number=0
	shift
	{
		printf '[package]\nversion = 1\n[build]\nsystem = autotools\n'
		for from_one in "$@"; do
			from_number=$((from_number + 1))
			printf '[source:s%s]\nurl = %s\nsha256 = %s\n' $from_number "$from_one" \
				"$(sha256sum "$from_archive" | cut -d ' ' -f 1)"
			test -z "${SIZE-}" || printf 'size = %s\n' "$SIZE"
		done
	} >"$from_ini"
}

# The board `native`, mounted at NATIVE when something is built with it; `native ARG...` is `xsysfs build -C native`.
native_board()
{
	need gcc patchelf readelf
	mkdir -p "$BOARDS" "$RECIPES" "$PATCHES" "$ARCHIVES"
	cp "$TOP/boards/native.ini" "$BOARDS/"
	NATIVE=$XSYSFS_HOME/native/mnt
	at_end 'xsysfs umount "$NATIVE" 2>/dev/null'
}
native()
{
	timeout 60 xsysfs build --recipes "$RECIPES" --patches "$PATCHES" --boards "$BOARDS" -C native "$@"
}

# A program that says "$1 $2" by a shared library of its own, in the package lib$1; where it was built for this machine, it
# is run while it is built.
make_tool()
{
	tool_name=$1
	tool_version=${2:-1}
	tool_source=$TESTDIR/src/lib$tool_name-1
	mkdir -p "$tool_source" "$TESTDIR/src/$tool_name-1"
	printf 'const char *words(void) { return "%s %s"; }\n' "$tool_name" "$tool_version" >"$tool_source/words.c"
	cat >"$tool_source/Makefile" <<-EOF
		.RECIPEPREFIX = >
		L = \$(DESTDIR)\$(PREFIX)/\$(HOST_TRIPLE_LIB_DIR)
		lib$tool_name.so: words.c
		> \$(CC) \$(CFLAGS) -fPIC -shared -Wl,-soname,\$@ -o \$@ words.c
		install: lib$tool_name.so
		> mkdir -p \$L \$(DESTDIR)\$(PREFIX)/include
		> cp lib$tool_name.so \$L/
		> echo 'const char *words(void);' >\$(DESTDIR)\$(PREFIX)/include/$tool_name.h
	EOF
	tool_source=$TESTDIR/src/$tool_name-1
	cat >"$tool_source/main.c" <<-EOF
		#include <$tool_name.h>
		#include <stdio.h>
		int main(void) { return puts(words()) < 0; }
	EOF
	cat >"$tool_source/Makefile" <<-EOF
		.RECIPEPREFIX = >
		$tool_name: main.c
		> \$(CC) \$(CFLAGS) \$(LDFLAGS) -o \$@ main.c -l$tool_name
		> \$(if \$(filter /xsysfs/native,\$(PREFIX)),./\$@)
		install: $tool_name
		> mkdir -p \$(DESTDIR)\$(PREFIX)/bin
		> cp $tool_name \$(DESTDIR)\$(PREFIX)/bin/
	EOF
	make_package_of "lib$tool_name" make
	make_package_of "$tool_name" make "lib$tool_name"
}
