#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# make-pi - the root folder of a Raspberry Pi, to deploy to and to run programs in.
#
# usage: tests/demo/make-pi.sh DIR [CACHE]
#
# A small arm64 Debian userland of this machine's own release, usr-merged as a Pi's is
# (/lib -> usr/lib), fetched through this machine's apt settings with a private apt folder: neither
# root nor the machine's list of packages is touched. CACHE keeps what was downloaded; a second DIR
# is then made without the network. The emulator is in it as /usr/bin/qemu-aarch64-static.
set -eu

test $# -ge 1 || {
	echo "usage: make-pi.sh DIR [CACHE]" >&2
	exit 2
}
pi=$1
cache=${2:-${XSYSFS_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/xsysfs}/pi-cache}
# bash and coreutils bring libc, libtinfo and the rest along
packages="base-files bash coreutils dash libc-bin ncurses-base"

test ! -e "$pi" || {
	echo "make-pi: '$pi' is there already" >&2
	exit 1
}
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || {
	echo "make-pi: there is no qemu-aarch64-static (package qemu-user-static)" >&2
	exit 1
}

# The sources of this machine's own release; others may have nothing for arm64.
sources()
{
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null | grep -v '^#' |
		awk -v RS= -v ORS='\n\n' -v suite="[ \t]$codename(-updates|-security)?([ \t\n]|$)" '
			$0 ~ suite && /Components:[^\n]*main/' >"$1/debian.sources"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		grep -E "^deb .*[[:space:]]$codename(-updates|-security)?[[:space:]](.*[[:space:]])?main" |
		sed 's/\<arch=[a-z0-9,]* *//; s/\[ *\]//' >"$1/debian.list" || :
}

fetch()
{
	apt=$cache/apt
	rm -rf "$apt"
	mkdir -p "$apt/sources.d" "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	sources "$apt/sources.d"
	set -- -q -y -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status" \
		-o "Dir::Cache=$apt/cache" -o Dir::Etc::sourcelist=/dev/null \
		-o "Dir::Etc::sourceparts=$apt/sources.d" -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User= \
		-o APT::Install-Recommends=false -o Acquire::Languages=none \
		-o Acquire::Retries=2 -o Debug::NoLocking=true
	# shellcheck disable=SC2086
	{
		apt-get "$@" update && apt-get "$@" install --download-only $packages
	} >"$apt/log" 2>&1 || {
		tail -n 5 "$apt/log" >&2
		echo "make-pi: apt-get failed; all it said is in '$apt/log'" >&2
		exit 1
	}
	rm -rf "$cache/debs.new"
	mkdir "$cache/debs.new"
	mv "$apt"/cache/archives/*.deb "$cache/debs.new"
	rm -rf "$apt"
	mv "$cache/debs.new" "$cache/debs"
}

mkdir -p "$cache"
test -d "$cache/debs" || fetch

new=$pi.new
rm -rf "$new"
mkdir -p "$new/usr/lib" "$new/usr/bin" "$new/usr/sbin" "$new/usr/local/lib"
for dir in bin lib sbin; do
	ln -s "usr/$dir" "$new/$dir"
done
# tar, not dpkg-deb -x: the latter would replace /lib by a directory
for deb in "$cache"/debs/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -xf - -C "$new" --keep-directory-symlink --no-same-owner
done
mkdir -p "$new/tmp" "$new/proc" "$new/dev" "$new/root"
chmod 1777 "$new/tmp"
cp -L "$emulator" "$new/usr/bin/qemu-aarch64-static"
printf 'root:x:0:0:root:/root:/bin/bash\n' >"$new/etc/passwd"
printf 'root:x:0:\n' >"$new/etc/group"
mv "$new" "$pi"
