# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# machines.sh - other machines for tests of the builder: . "$TOP/tests/builder/machines.sh"
#
# A machine is a network namespace, there as long as a process in it; nothing of it is outside of the
# test, and all of it goes at the test's end, however it ends.
#
#   make_machines              $CLIENT, with a cable to $RED (10.213.1.1 to 10.213.1.2) and one to
#                              $BLUE (10.213.2.1 to 10.213.2.2); skips where there can be none
#   on MACHINE CMD...          run it there
#   serve MACHINE CMD...       the same in the background; $served is its pid
#   stop_servers               those of `serve`

servers=
machines=

stop_all()
{
	for stop_pid in "$@"; do kill -- "-$stop_pid" 2>/dev/null; done
	for stop_pid in "$@"; do wait "$stop_pid"; done
}

stop_servers()
{
	# shellcheck disable=SC2086
	stop_all $servers
	servers=
}

on()
{
	on_machine=$1
	shift
	nsenter -t "$on_machine" -n "$@"
}

serve()
{
	serve_machine=$1
	shift
	setsid nsenter -t "$serve_machine" -n "$@" &
	served=$!
	servers="$servers $served"
}

has_own_net()
{
	test "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)"
}

machine()
{
	setsid unshare --net sleep 600 &
	machines="$machines $!"
	eventually has_own_net "$!" || fail "no network namespace"
	on "$!" ip link set lo up || fail "no loopback"
}

cable()
{
	on "$CLIENT" ip link add "to$2" type veth peer name eth0 netns "$1" || skip "there are no veth pairs here"
	on "$CLIENT" ip addr add "10.213.$2.1/24" dev "to$2" && on "$CLIENT" ip link set "to$2" up &&
		on "$1" ip addr add "10.213.$2.2/24" dev eth0 && on "$1" ip link set eth0 up || fail "no addresses"
}

make_machines()
{
	need ip nsenter setsid unshare
	unshare --net true 2>/dev/null || skip "there are no network namespaces here"
	at_end 'stop_servers; stop_all $machines'
	machine
	CLIENT=$!
	machine
	RED=$!
	machine
	BLUE=$!
	cable "$RED" 1
	cable "$BLUE" 2
}
