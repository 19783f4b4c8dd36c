#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# peiosctl: what it says that a process may do to another is what the kernel lets
# it do; it shows and sets what it should, and says which check refuses.

# The deeds that the rights are for; each is run with the token of the actor.
deed()
{
	case $1 in
	TERMINATE)
		kill -TERM "$target" ;;
	SIGNAL)
		kill -WINCH "$target" ;;
	SUSPEND_RESUME)
		kill -STOP "$target" ;;
	SET_QUOTA)
		echo 500 > "/proc/$target/oom_score_adj" ;;
	SET_INFORMATION)
		renice -n 5 -p "$target" ;;
	QUERY_INFORMATION)
		cat "/proc/$target/oom_score" ;;
	READ_CONTROL)
		cat "/proc/$target/attr/peios/sd" ;;
	WRITE_DAC)
		peiosctl sd "$target" "$sddl" ;;
	esac > /dev/null 2>&1
}

# This script is run again for a deed: peiosctl_test.sh deed RIGHT PID SDDL
if [ "${1-}" = deed ]; then
	target=$3 sddl=$4
	deed "$2"
	exit
fi

n=0 rc=0
echo "TAP version 13"

ok()
{
	n=$((n + 1))
	echo "ok $n $1"
}

not_ok()
{
	n=$((n + 1)) rc=1
	echo "not ok $n $1"
	[ -z "$2" ] || echo "$2" | sed 's/^/# /'
}

skip()
{
	echo "1..0 # SKIP $1"
	exit 4
}

command -v peiosctl > /dev/null || skip "no peiosctl"
[ -e /proc/self/attr/peios/sd ] || skip "no Peios with security descriptors"
grep -q 'mode enforcing' /sys/kernel/security/peios/status || skip "not enforcing"
peiosctl token | grep -q '^enabled .*SeCreateTokenPrivilege' || skip "not SYSTEM"

# says WHAT STATUS PATTERN COMMAND...: exits so, and prints a line like this
says()
{
	what=$1 status=$2 pattern=$3
	shift 3
	said=$("$@" 2>&1)
	got=$?
	if [ $got -eq "$status" ] && echo "$said" | grep -Eq -- "$pattern"; then
		ok "$what"
	else
		not_ok "$what" "exit $got: $said"
	fi
}

alice='user=S-1-22-1-1000'
staff='user=S-1-22-1-1001 groups=S-1-22-2-50'
denied='user=S-1-22-1-1001 deny=S-1-22-2-50'
debugger='user=S-1-22-1-1001 privileges=SeDebugPrivilege enabled=SeDebugPrivilege'

target=
actor=

# shows PATTERN COMMAND...: wait until a command shows this, for a minute at most
shows()
{
	pattern=$1 tries=600
	shift
	until "$@" 2> /dev/null | grep -q "$pattern" || [ $tries -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
}

# A process to do something to, and one with a token to be looked at
start_target()
{
	sleep 1000 &
	target=$!
	# Until it is itself: what is set before exec() may go with it.
	shows sleep cat /proc/$target/comm
}

start_actor()
{
	peiosctl run --replace="$1" -- sleep 1000 &
	actor=$!
	# Until it has its token
	shows '^user S-1-22' peiosctl token $actor
}

end()
{
	kill -KILL "$@" 2> /dev/null
	wait "$@" 2> /dev/null
}

# agrees TOKEN NAME SDDL: for each right, the tool and the kernel
agrees()
{
	wrong='' yes=0 no=0
	start_actor "$1"
	start_target
	[ -z "$3" ] || peiosctl sd $target "$3"
	for right in READ_CONTROL QUERY_INFORMATION SIGNAL SUSPEND_RESUME SET_QUOTA \
		     SET_INFORMATION WRITE_DAC TERMINATE; do
		sddl=$(peiosctl sd $target)
		if said=$(peiosctl check --as=$actor $target $right); then
			tool=yes yes=$((yes + 1))
		else
			tool=no no=$((no + 1))
		fi
		if peiosctl run --replace="$1" -- "$0" deed $right $target "$sddl"; then
			kernel=yes
		else
			kernel=no
		fi
		[ $tool = $kernel ] ||
			wrong="$wrong $right: the kernel says $kernel, the tool $said;"
	done
	end $target $actor
	if [ -z "$wrong" ]; then
		ok "$2: $yes allowed, $no refused"
	else
		not_ok "$2" "$wrong"
	fi
}

start_target
says 'the default descriptor' 0 \
	'^O:SYD:\(A;;0xe1f73;;;SY\)\(A;;0xe1f73;;;BA\)\(A;;0x1400;;;WD\)$' \
	peiosctl sd $target
says 'a part of it is set' 0 '' peiosctl sd $target 'D:(A;;GA;;;SY)'
says 'and the rest stays' 0 '^O:SYD:\(A;;GA;;;SY\)$' peiosctl sd $target
says 'the whole of it' 0 '' \
	peiosctl sd $target 'O:BAG:BUD:P(A;;GA;;;BA)(D;OICI;0x3;;;WD)S:(AU;SA;GR;;;WD)'
says 'comes back as it was' 0 \
	'^O:BAG:BUD:P\(A;;GA;;;BA\)\(D;OICI;0x3;;;WD\)S:\(AU;SA;GR;;;WD\)$' \
	peiosctl sd $target
says 'who may not change it' 1 'Permission denied' \
	peiosctl run --replace="$alice" -- peiosctl sd $target 'O:BAD:'
says 'who may not read it' 1 'Permission denied' \
	peiosctl run --replace="$alice" -- peiosctl sd $target
end $target

says 'a privilege is given up' 0 '^present SeCreateTokenPrivilege,SeAssign' \
	peiosctl run --remove=SeTcbPrivilege -- peiosctl token
says 'and does not come back' 1 'Operation not permitted' \
	peiosctl run --remove=SeTcbPrivilege --enable=SeTcbPrivilege -- true
says 'another token' 0 '^user S-1-22-1-1000$' \
	peiosctl run --replace="$alice" -- peiosctl token
says 'one that it has not got the privilege for' 1 'Operation not permitted' \
	peiosctl run --replace="$alice" --replace='user=S-1-5-18' -- true

agrees "$alice" 'a stranger, the default' ''
agrees "$debugger" 'a debugger, the default' ''
agrees "$alice" 'each right by itself, user' \
	'D:(A;;0x1;;;S-1-22-1-1000)(A;;0x400;;;S-1-22-1-1000)(A;;GA;;;SY)'
agrees "$staff" 'a group' 'D:(A;;0x502;;;S-1-22-2-50)(A;;GA;;;SY)'
agrees "$denied" 'a deny-only group' \
	'D:(D;;0x502;;;S-1-22-2-50)(A;;0xf02;;;WD)(A;;GA;;;SY)'
agrees "$staff" 'generic rights' 'D:(A;;GWGR;;;S-1-22-2-50)(A;;GA;;;SY)'
agrees "$staff" 'a late denial' 'D:(A;;GX;;;S-1-22-2-50)(D;;GA;;;WD)'
agrees "$alice" 'the owner' 'O:S-1-22-1-1000D:(A;;GA;;;SY)'
agrees "$alice" 'the owner without rights' \
	'O:S-1-22-1-1000D:(A;;0x2;;;OW)(A;;GA;;;SY)'
agrees "$alice" 'nobody' 'D:'
agrees "$debugger" 'nobody but a debugger' 'D:'
agrees "$alice" 'anybody' 'D:NO_ACCESS_CONTROL'

# The kernel's AccessCheck, asked for as much as there is
kernel_says()
{
	says "access: $1 $3" "$2" "$4" \
		peiosctl run --replace="$1" -- peiosctl access "$3" "$5"
}

kernel_says "$alice" 0 MAXIMUM_ALLOWED '^VM_READ,QUERY_INFORMATION,READ_CONTROL$' \
	'O:SYD:(A;;GR;;;S-1-22-1-1000)'
kernel_says "$alice" 1 VM_WRITE 'Permission denied' 'O:SYD:(A;;GR;;;S-1-22-1-1000)'
kernel_says "$denied" 0 MAXIMUM_ALLOWED '^TERMINATE$' \
	'O:SYD:(D;;0x2;;;S-1-22-2-50)(A;;0x3;;;WD)'
kernel_says "$alice" 2 GA 'Invalid argument' 'D:(A;;GA;;;WD)'

# Integrity protection
peiosctl run --pip=2,512 -- sleep 1000 &
target=$!
shows '^2 512$' peiosctl pip $target
says 'a protected process' 0 '^2 512$' peiosctl pip $target
start_actor "$debugger"
says 'is not for debuggers' 1 'pip: 0 0 does not dominate 2 512' \
	peiosctl run --pip=2,512 -- peiosctl check --as=$actor $target VM_READ
if peiosctl run --replace="$debugger" -- "$0" deed SIGNAL $target ''; then
	not_ok 'nor does the kernel let them'
else
	ok 'nor does the kernel let them'
fi
says 'who may not be protected' 1 'not permitted|denied' \
	peiosctl run --replace="$alice" --pip=1,1 -- true
end $actor
peiosctl run --pip=2,512 -- kill -KILL $target
wait $target 2> /dev/null

echo "1..$n"
exit $rc
