# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# testlib.sh - what tests say. Sourced by each script in tests/{fs,builder,demo}: . "$TESTLIB"
#
# A test has TESTDIR (its own folder, the current one), SHARED (one for all tests of a run), TOP (the source
# tree) and OUT (the programs, which are in PATH too). The folders of the usual mount are SYSROOT, STATE and MNT.
#
# At the end of every test, passed or failed, what it mounted is unmounted, and the sysroot must be
# bit for bit what it was when it was first mounted.
#
#   sysroot PATH...            make files ("base PATH" is in them) and, for PATH/, folders
#   mount_sysroot [OPTION...]  mount SYSROOT with STATE on MNT
#   umount_sysroot             unmount it again
#   as_package P [--needs A,B ...] [--] CMD...   install: CMD under `xsysfs run --package P`
#   package P PATH...          install a package that writes "P PATH" to each PATH
#   fail WHY, skip WHY         end the test
#   eventually CMD...          until CMD succeeds, for at most 10 s
#   expect_exit N CMD...       CMD must end with status N
#   refused N TEXT CMD...      CMD must end with N and one line on stderr that has TEXT
#   hash_tree DIR              one hash of all that DIR has, access times aside
#   tree DIR                   the sorted names in DIR
#   tag NAME FILE              the value of the tag user.xsysfs.NAME
#   daemon_pid                 of the daemon of MNT
#   kill_worker                the daemon, which its keeper replaces
#   kill_both                  daemon and keeper: the mount is dead
#   kill_daemon                the same, and the dead mount is taken away
#   as_user CMD...             as the ordinary user (when we are root)
#   everywhere FUNCTION        in a folder of each kind, that the test's `fixture` has filled: plain
#                              (a wrong test shows there), base and layer (what it filled is in a
#                              lower layer, and changed in the root view), local, and build (it is
#                              in the base, and changed in a build view). PLACE says which; it is
#                              set where the script runs once more, inside an install.
#   same_everywhere FUNCTION   the same, and it must print what it does in the plain folder
#   is_root, need PROGRAM...

set -u
SYSROOT=$TESTDIR/sysroot
STATE=$XSYSFS_HOME/hand/state	# ours is the only mount of this home, whatever other tests mount
mkdir -p "$XSYSFS_HOME/hand" "$XSYSFS_HOME/toolchains"
MNT=$TESTDIR/mnt
export SYSROOT STATE MNT
sysroot_hash=

fail()
{
	echo "failed: $*" >&2
	exit 1
}

skip()
{
	echo "$*" >&2
	exit 77
}

is_root()
{
	test "$(id -u)" -eq 0
}

need()
{
	for program in "$@"; do
		command -v "$program" >/dev/null 2>&1 || skip "there is no '$program' here"
	done
}

need_fuse()
{
	test -e /dev/fuse || skip "there is no /dev/fuse here"
	need fusermount3
	is_root || (: <>/dev/fuse) 2>/dev/null || skip "may not open /dev/fuse"
}

sysroot()
{
	mkdir -p "$SYSROOT"
	for path in "$@"; do
		case $path in
		*/)
			mkdir -p "$SYSROOT/$path"
			;;
		*)
			mkdir -p "$(dirname "$SYSROOT/$path")"
			echo "base $path" >"$SYSROOT/$path"
			;;
		esac
	done
}

is_mounted()
{
	mountpoint -q "$1"
}

mount_sysroot()
{
	need_fuse
	mkdir -p "$SYSROOT" "$MNT"
	test -n "$sysroot_hash" || sysroot_hash=$(hash_tree "$SYSROOT")
	timeout 30 "${DAEMON:-xsysfs}" mount --sysroot "$SYSROOT" --state "$STATE" "$@" "$MNT" ||
		fail "xsysfs mount ended with status $?"
	is_mounted "$MNT" || fail "xsysfs mount said nothing, but nothing is mounted on '$MNT'"
}

umount_sysroot()
{
	timeout 30 xsysfs umount "$MNT" || fail "xsysfs umount ended with status $?"
	is_mounted "$MNT" && fail "'$MNT' is still mounted after xsysfs umount"
	return 0
}

as_package()
{
	as_package_name=$1
	as_package_options=
	shift
	while :; do
		case $1 in
		--)
			shift
			break
			;;
		--*)
			as_package_options="$as_package_options $1 $2"
			shift 2
			;;
		*)
			break
			;;
		esac
	done
	# options and their values have no blanks
	# shellcheck disable=SC2086
	xsysfs run -C "$MNT" --package "$as_package_name" $as_package_options -- "$@"
}

package()
{
	package_name=$1
	shift
	package_options=
	while :; do
		case $1 in
		--*)
			package_options="$package_options $1 $2"
			shift 2
			;;
		*)
			break
			;;
		esac
	done
	# shellcheck disable=SC2016,SC2086
	as_package "$package_name" $package_options -- sh -euc '
		name=$1
		shift
		for path in "$@"; do
			mkdir -p "$(dirname "$MNT/$path")"
			rm -f "$MNT/$path"
			echo "$name $path" >"$MNT/$path"
		done' sh "$package_name" "$@" || fail "package '$package_name' was not installed"
}

eventually()
{
	eventually_n=100
	until "$@" >/dev/null 2>&1; do
		eventually_n=$((eventually_n - 1))
		test "$eventually_n" -gt 0 || {
			echo "not within 10 s: $*" >&2
			return 1
		}
		sleep 0.1
	done
}

expect_exit()
{
	expect_status=$1
	shift
	expect_got=0
	"$@" || expect_got=$?
	test "$expect_got" -eq "$expect_status" ||
		fail "status $expect_got, not $expect_status: $*"
}

refused()
{
	refused_status=$1
	refused_text=$2
	shift 2
	refused_got=0
	"$@" >"$TESTDIR/tmp/refused.out" 2>"$TESTDIR/tmp/refused.err" || refused_got=$?
	cat "$TESTDIR/tmp/refused.err" >&2
	test "$refused_got" -eq "$refused_status" ||
		fail "status $refused_got, not $refused_status: $*"
	grep -q -e "$refused_text" "$TESTDIR/tmp/refused.err" ||
		fail "no word of '$refused_text': $*"
	test "$(wc -l <"$TESTDIR/tmp/refused.err")" -eq 1 ||
		fail "the error is not one line: $*"
}

hash_tree()
{
	"$TOP/tests/lib/hash-tree" "$1"
}

tree()
{
	(cd "$1" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort)
}

tag()
{
	getfattr --absolute-names --only-values -n "user.xsysfs.$1" "$2"
}

# number_of KEY: of what `status` says of the mount.
number_of()
{
	xsysfs -C "$MNT" status --json | sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p"
}

daemon_pid()
{
	number_of pid
}

# With all its threads: while one is left, so are the locks and descriptors.
gone()
{
	! kill -0 "$1" 2>/dev/null || awk '
		$1 == "State:"   { zombie = $2 == "Z" }
		$1 == "Threads:" { threads = $2 }
		END              { exit !(zombie && threads <= 1) }' "/proc/$1/status" 2>/dev/null
}

# Only the worker: its keeper starts another.
kill_worker()
{
	killed=$(daemon_pid)
	test -n "$killed" || fail "status does not say the daemon's pid"
	kill -9 "$killed"
	eventually gone "$killed" || fail "the daemon did not die"
}

# All of it: the keeper first, so that nobody takes over. What is left is a dead mount.
kill_both()
{
	kept_by=$(number_of keeper)
	killed=$(daemon_pid)
	test -n "$kept_by" && test -n "$killed" || fail "status does not say who the daemon is"
	test "$kept_by" -eq 0 || kill -9 "$kept_by"
	kill -9 "$killed"
	eventually gone "$killed" || fail "the daemon did not die"
	test "$kept_by" -eq 0 || eventually gone "$kept_by" || fail "the keeper did not die"
}

kill_daemon()
{
	kill_both
	fusermount3 -u -z "$MNT" 2>/dev/null || umount -l "$MNT" 2>/dev/null || :
	is_mounted "$MNT" && fail "the dead mount could not be taken away"
	return 0
}

as_user()
{
	if is_root; then
		setpriv --reuid "$TEST_USER" --regid "$(id -g "$TEST_USER")" --clear-groups -- "$@"
	else
		"$@"
	fi
}

fixture()
{
	:
}

everywhere_once()
{
	# a subshell, so that `fail` ends it and says where
	(cd "$2" && "$1") || {
		echo "failed in: $PLACE" >&2
		exit 1
	}
}

# The build view is inside `xsysfs run`, so the test runs there once more and only gets to here.
everywhere()
{
	everywhere_function=$1
	shift
	case ${PLACE-} in
	fixture)
		mkdir -p "$MNT/layer" && cd "$MNT/layer" && fixture
		exit
		;;
	build)
		everywhere_once "$everywhere_function" "$MNT/base"
		exit 0
		;;
	esac
	mkdir -p "$TESTDIR/plain" "$SYSROOT/base"
	(cd "$TESTDIR/plain" && fixture) && (cd "$SYSROOT/base" && fixture) || fail "the fixture"
	mount_sysroot "$@"
	PLACE=fixture as_package below "$0" || fail "the fixture in a package"
	mkdir "$MNT/local" && (cd "$MNT/local" && fixture) || fail "the fixture by hand"
	PLACE=plain everywhere_once "$everywhere_function" "$TESTDIR/plain" || exit
	for PLACE in base layer local; do
		everywhere_once "$everywhere_function" "$MNT/$PLACE" || exit
	done
	unset PLACE
	PLACE=build as_package change "$0" || exit
}

same_once()
{
	"$same_function" >"$TESTDIR/$PLACE.out" || fail "$same_function"
	test -s "$TESTDIR/$PLACE.out" || fail "$same_function says nothing"
	diff "$TESTDIR/plain.out" "$TESTDIR/$PLACE.out" >&2 || fail "not as in a plain folder"
}

same_everywhere()
{
	same_function=$1
	shift
	everywhere same_once "$@"
}

# What is mounted in our folder goes away in good order: by `xsysfs umount` where it is ours.
# at_end COMMAND...: done when the test ends, however it ends.
at_end()
{
	at_end_command="$* || :"
	at_end_status=
	trap 'at_end_status=$?; eval "$at_end_command"; (exit "$at_end_status"); test_end' EXIT
}

test_end()
{
	status=$?
	trap - EXIT
	cd / || :
	tac /proc/self/mountinfo | awk -v dir="$TESTDIR/" 'index($5, dir) == 1 {
		for (i = 7; $i != "-"; i++); print $(i + 1), $5 }' | while read -r type path; do
		case $type in
		fuse.xsysfs)
			timeout 30 xsysfs umount "$path" || {
				echo "failed: xsysfs umount '$path' ended with status $?" >&2
				exit 1
			}
			;;
		*)
			umount "$path"
			;;
		esac
	done
	# shellcheck disable=SC2181
	test $? -eq 0 || test "$status" -ne 0 || status=1
	if test -n "$sysroot_hash" && test "$sysroot_hash" != "$(hash_tree "$SYSROOT")"; then
		echo "failed: the sysroot is not what it was" >&2
		status=1
	fi
	exit "$status"
}
test -n "${PLACE-}" || trap test_end EXIT
