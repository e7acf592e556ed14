# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# debian.sh - a small archive of Debian packages for tests: . "$TOP/tests/builder/debian.sh"
#
# It is signed with a key of the test's own and comes from a server of the test's own; apt finds it by
# $APT_CONFIG, which has nothing of the machine's.
#
#   deb NAME VERSION ARCH [DEPENDS]   pack the folder debs/NAME; ARCH is "all" or "own"
#   cross_compilers VERSION [LINE]    all that 'debian = 12' wants: compilers that say what a compiler is asked and
#                              write what a linker would say; LINE is in gcc
#   publish                    make the lists of what is in the archive, and sign them
#   start_archive, stop_archive

ARCHIVE=$TESTDIR/archive
TRIPLE=aarch64-linux-gnu
POOL=$ARCHIVE/debian/pool
export ARCHIVE TRIPLE

need apt-get apt-config dpkg dpkg-deb gpg gpgconf gpgv python3
test "$(dpkg --print-architecture)" != arm64 || skip "this machine needs no cross compilers for arm64"
own=$(dpkg --print-architecture)
GNUPGHOME=$TESTDIR/gnupg
export GNUPGHOME
mkdir -m 700 "$GNUPGHOME"
at_end 'stop_archive; gpgconf --kill all'
archive_pid=
published=0
gpg -q --batch --passphrase '' --quick-gen-key 'archive <archive@here>' ed25519 sign never 2>>gpg.log ||
	fail "no key: $(cat gpg.log)"
gpg --export >"$TESTDIR/debian-archive-test.gpg"
mkdir -p "$POOL" "$TESTDIR/apt.d"
cat >"$TESTDIR/apt.conf" <<EOF2
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$TESTDIR/apt.d";
EOF2
APT_CONFIG=$TESTDIR/apt.conf
export APT_CONFIG
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY

deb()
{
	case $3 in own) deb_arch=$own ;; *) deb_arch=$3 ;; esac
	rm -f "$POOL/$1_"*.deb
	mkdir -p "debs/$1/DEBIAN"
	printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: a test <test@here>\nDescription: of a test\n' \
		"$1" "$2" "$deb_arch" >"debs/$1/DEBIAN/control"
	test -z "${4-}" || echo "Depends: $4" >>"debs/$1/DEBIAN/control"
	dpkg-deb -Zgzip --root-owner-group -b "debs/$1" "$POOL/$1_${2#*:}_$deb_arch.deb" >deb.log 2>&1 ||
		fail "no package: $(cat deb.log)"
}

# A program of the building machine.
program()	# PACKAGE NAME TEXT
{
	mkdir -p "debs/$1/usr/bin"
	printf '#!/bin/sh\n%s\n' "$3" >"debs/$1/usr/bin/$TRIPLE-$2"
	chmod 755 "debs/$1/usr/bin/$TRIPLE-$2"
}

file()		# PACKAGE PATH TEXT
{
	mkdir -p "debs/$1/usr/$(dirname "$2")"
	echo "$3" >"debs/$1/usr/$2"
}

link()		# PACKAGE PATH TARGET
{
	mkdir -p "debs/$1/usr/$(dirname "$2")"
	ln -sf "$3" "debs/$1/usr/$2"
}

compiler()
{
	printf '%s\n' "${1-}" 'for word; do' 'case $word in' \
		"-dumpmachine) echo $TRIPLE; exit ;;" '-dumpversion) echo 12.2.0; exit ;;' \
		'-print-sysroot) echo "$root"; exit ;;' '-dM) echo "#define __SIZEOF_POINTER__ 8"; exit ;;' \
		'--sysroot=*) root=${word#*=} ;;' \
		'esac' 'done' 'echo "$root/usr/lib/libc.so.6"; echo "a: $root/usr/include/stdio.h" >a.d'
}

cross_compilers()
{
	rm -rf debs
	of=usr/lib/gcc-cross/$TRIPLE/12
	of=${of#usr/}
	program gcc-12-$TRIPLE gcc-12 "$(compiler "${2-}")"
	file gcc-12-$TRIPLE "$of/libgcc.a" x
	deb gcc-12-$TRIPLE "$1" own "binutils-$TRIPLE, libc6-dev-arm64-cross, libstdc++6-arm64-cross, libc6, libgmp10"
	program g++-12-$TRIPLE g++-12 "$(compiler)"
	file g++-12-$TRIPLE "$of/libstdc++.a" x
	link g++-12-$TRIPLE "$of/libstdc++.so" ../../../../$TRIPLE/lib/libstdc++.so.6
	deb g++-12-$TRIPLE 1:1-1 own gcc-12-$TRIPLE
	program gfortran-12-$TRIPLE gfortran-12 "$(compiler)"
	deb gfortran-12-$TRIPLE 1 own gcc-12-$TRIPLE
	program binutils-$TRIPLE ld :
	program binutils-$TRIPLE readelf 'echo "[libm.so.6] [libstdc++.so.6] [libgfortran.so.5]"'
	link binutils-$TRIPLE $TRIPLE/bin/ld ../../bin/$TRIPLE-ld
	file binutils-$TRIPLE "lib/a-machine/libbfd-1.so" x
	deb binutils-$TRIPLE 1 own libbinutils
	file libbinutils lib/a-machine/libsframe.so.0 x
	file libbinutils lib/a-machine/libbfd-1-system.so x
	deb libbinutils 1 own
	file libc6-dev-arm64-cross $TRIPLE/include/stdio.h x
	file libc6-dev-arm64-cross $TRIPLE/lib/libc.so \
		"/* GNU ld script */ GROUP ( /usr/$TRIPLE/lib/libc.so.6 /usr/$TRIPLE/lib/libc_nonshared.a )"
	file libc6-dev-arm64-cross $TRIPLE/include/c++/12/iostream x
	deb libc6-dev-arm64-cross 1 all
	file libstdc++6-arm64-cross $TRIPLE/lib/libstdc++.so.6 x
	deb libstdc++6-arm64-cross 1 all
	file libgmp10 lib/a-machine/libgmp.so.10 x
	deb libgmp10 2:6 own
	file libc6 lib/a-machine/libc.so.6 "of the machine"
	deb libc6 1 own
}

publish()
{
	lists=dists/bookworm/main/binary-$own
	(
		cd "$ARCHIVE/debian" || exit
		mkdir -p $lists
		for package in pool/*.deb; do
			dpkg-deb -f "$package"
			echo "Filename: $package"
			echo "Size: $(stat -c %s "$package")"
			echo "SHA256: $(sha256sum "$package" | cut -d ' ' -f 1)"
			echo
		done >$lists/Packages
		{
			printf 'Origin: test\nCodename: bookworm\nSuite: bookworm\nArchitectures: %s\nComponents: main\n' "$own"
			echo "Date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')"
			echo SHA256:
			echo " $(sha256sum $lists/Packages | cut -d ' ' -f 1) $(stat -c %s $lists/Packages) main/binary-$own/Packages"
		} >Release
		gpg -q --batch --yes --passphrase '' --clearsign -o dists/bookworm/InRelease Release
	) 2>>gpg.log || fail "no lists: $(cat gpg.log)"
	# HTTP's dates are seconds: two lists of one second would be one
	published=$((published + 1))
	touch -d "@$((1700000000 + published * 10))" "$ARCHIVE/debian/$lists/Packages" \
		"$ARCHIVE/debian/dists/bookworm/InRelease" || fail "no times for the lists"
}

start_archive()
{
	rm -f served	# of the server before
	python3 -u -m http.server --bind 127.0.0.1 --directory "$ARCHIVE" 0 >served 2>/dev/null &
	archive_pid=$!
	eventually grep -q 'port [0-9]* ' served || fail "the server does not start"
	cat >"$TESTDIR/apt.d/test.sources" <<-EOF2
		Types: deb
		URIs: http://127.0.0.1:$(sed 's/.* port \([0-9]*\) .*/\1/' served)/debian
		Suites: trixie
		Components: main
		Signed-By: $TESTDIR/debian-archive-test.gpg
	EOF2
}

stop_archive()
{
	test -z "$archive_pid" || kill "$archive_pid" 2>/dev/null
	archive_pid=
}
