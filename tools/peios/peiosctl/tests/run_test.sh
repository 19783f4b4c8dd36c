#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run_test.sh PEIOSCTL: what peiosctl says of processes that are made of files.
# Prints TAP.

set -u
ctl=$1 dir=$(mktemp -d) n=0 rc=0
trap 'rm -rf "$dir"' EXIT

# says WHAT STATUS PATTERN ARGUMENT...: exits so, and the output is like this
says()
{
	local what=$1 status=$2 pattern=$3 said got=0

	shift 3
	said=$("$ctl" --proc="$dir" "$@" 2>&1) || got=$?
	n=$((n + 1))
	if [ $got -eq "$status" ] && grep -Eq -- "$pattern" <<< "$said"; then
		echo "ok $n peiosctl: $what"
	else
		echo "not ok $n peiosctl: $what"
		echo "# exit $got: ${said//$'\n'/$'\n'# }"
		rc=1
	fi
}

# holds WHAT FILE PATTERN: something has been written there
holds()
{
	n=$((n + 1))
	if grep -Eq -- "$3" "$2"; then
		echo "ok $n peiosctl: $1"
	else
		echo "not ok $n peiosctl: $1"
		sed 's/^/# /' "$2"
		rc=1
	fi
}

# process PID USER GROUPS ENABLED PIP SDDL [default]: the last sets the flags that
# SDDL has no letters for
process()
{
	local attr=$dir/$1/attr/peios hex

	mkdir -p "$attr"
	printf 'user %s\ngroups %s\ndeny\npresent %s\nenabled %s\nused\norigin unix\n' \
		"$2" "$3" "$4" "$4" > "$attr/token"
	echo "$5" > "$attr/pip"
	hex=$("$ctl" sddl "$6")
	[ $# -lt 7 ] || hex=${hex/#01000480/01000d80}
	# shellcheck disable=SC2001,SC2059 # the format is all there is
	printf "$(sed 's/../\\x&/g' <<< "$hex")" > "$attr/sd"
}

all='D:(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x1000;;;WD)'
process self S-1-22-1-1000 S-1-22-2-1000 '' '0 0' "O:S-1-22-1-1000$all"
process 1 S-1-5-18 S-1-5-32-544 SeTcbPrivilege,SeDebugPrivilege '2 8' "O:SY$all"
process 10 S-1-22-1-1000 '' '' '0 0' \
	"O:S-1-22-1-1000D:(D;;0x3;;;S-1-22-2-1000)(A;;GA;;;S-1-22-1-1000)"
process 11 S-1-22-1-1000 '' '' '2 8' "O:S-1-22-1-1000D:(A;;GA;;;S-1-22-1-1000)"
process 12 S-1-22-1-1001 '' SeDebugPrivilege '0 0' "O:S-1-22-1-1001$all"
process 13 S-1-22-1-1001 '' SeSecurityPrivilege '0 0' 'O:SYD:NO_ACCESS_CONTROL'

process 14 S-1-5-18 '' SeTcbPrivilege,SeAuditPrivilege '0 0' "O:SY$all" default
process 15 S-1-5-18 '' SeAuditPrivilege '0 0' "O:SY$all"

process 16 S-1-5-18 '' SeTcbPrivilege '0 0' "O:SY$all"
process 17 S-1-5-18 '' \
	SeTcbPrivilege,SeBackupPrivilege,SeRestorePrivilege,SeShutdownPrivilege,SeDebugPrivilege \
	'0 0' "O:SY$all" default
sed -i 's/^enabled.*/enabled/' "$dir/16/attr/peios/token"

says 'shows a token' 0 '^enabled SeTcbPrivilege,SeDebugPrivilege$' token 1
says 'its own by default' 0 '^user S-1-22-1-1000$' token
says 'shows a descriptor' 0 '^O:SYD:\(A;;GA;;;SY\)\(A;;GA;;;BA\)\(A;;0x1000;;;WD\)$' sd 1
says 'shows an integrity protection' 0 '^2 8$' pip 11

says 'what all may' 0 '^QUERY_LIMITED +yes$' check 13
says 'what no entry allows' 1 '^VM_READ +no +sd: no entry of the DACL allows it$' \
	check 12 VM_READ
says 'what an entry denies' 1 \
	'^SIGNAL +no +sd: entry 1 of the DACL denies TERMINATE,SIGNAL to S-1-22-2-1000$' \
	check 10 signal
says 'what is not denied' 0 '^VM_WRITE +yes$' check 10 VM_WRITE
says 'what is protected' 1 '^VM_READ +no +pip: 0 0 does not dominate 2 8$' \
	check 11 VM_READ
says 'who is protected as much' 0 '^VM_READ +yes +by SeDebugPrivilege$' \
	check --as=1 11 VM_READ
says 'a debugger' 0 '^VM_READ +yes +by SeDebugPrivilege$' check --as=12 10 VM_READ
says 'a debugger, protected' 1 '^VM_READ +no +pip: ' check --as=12 11 VM_READ
says 'no auditor' 1 \
	'^ACCESS_SYSTEM_SECURITY no +privilege: needs SeSecurityPrivilege$' \
	check --as=12 10 ACCESS_SYSTEM_SECURITY
says 'who gave up what the target has' 1 \
	'^VM_WRITE +no +privilege: needs SeTcbPrivilege, which the target has, or SeDebug' \
	check --as=15 14 VM_WRITE
says 'of many privileges the one that counts' 1 \
	'^VM_WRITE +no +privilege: needs SeTcbPrivilege and 4 others, which the target has, ' \
	check --as=15 17 VM_WRITE
says 'and how to get them' 1 \
	'^how: .*SeTcbPrivilege and 4 others can start .* its services, peiosctl elevate; no' \
	check --as=15 17 VM_WRITE
says 'and only looks' 0 '^VM_READ +yes' check --as=15 14 VM_READ
says 'by a descriptor that was set' 0 '^VM_WRITE +yes' check --as=14 15 VM_WRITE
says 'all that is left' 0 ',VM_READ,SET_INFORMATION,.*,QUERY_LIMITED,READ_CONTROL$' \
	check --as=15 14 MAXIMUM_ALLOWED
says 'that a protected one is there' 0 '^QUERY_LIMITED +yes' check 1 QUERY_LIMITED
says 'an auditor' 0 '^ACCESS_SYSTEM_SECURITY yes +by SeSecurityPrivilege$' \
	check --as=13 13 0x01000000
says 'as much as there is' 0 \
	'^VM_READ,.*QUERY_INFORMATION,.*READ_CONTROL,WRITE_DAC,WRITE_OWNER$' \
	check 10 MAXIMUM_ALLOWED
says 'generic rights' 1 '^TERMINATE +no ' check 10 GX
says 'several rights' 1 '^VM_READ +yes$' check 10 VM_READ,SIGNAL
says 'all rights, to look at' 0 '^TERMINATE +no ' check 10
says 'all rights, and what takes more' 0 '^LOWER_OOM_SCORE_ADJ +no +sd: no entry' \
	check 12
says 'who may lower a score' 0 '^LOWER_OOM_SCORE_ADJ +yes +by SeTcbPrivilege$' \
	check --as=14 13 LOWER_OOM_SCORE_ADJ
says 'who may not even its own' 1 \
	'^LOWER_OOM_SCORE_ADJ +no +privilege: needs SeTcbPrivilege$' \
	check --as=12 12 SET_QUOTA,lower_oom_score_adj
says 'how to get what an entry would give' 1 \
	'^how: sd: the owner, S-1-22-1-1001, or who has WRITE_DAC adds an entry for S-1-22-1-' \
	check 12 VM_READ
says 'how to get by a protection' 1 \
	'^how: pip: who holds SeTcbPrivilege .* peiosctl run --pip=2,8$' check 11 VM_READ
says 'how to get a privilege' 1 \
	'^how: privilege: only who has SeTcbPrivilege can start the command with it' \
	check --as=12 12 lower_oom_score_adj
says 'how to switch one on' 1 \
	'^how: privilege: it is there but off: peiosctl run --enable=SeTcbPrivilege -- COMMAND$' \
	check --as=16 16 lower_oom_score_adj
says 'nothing to say where all is granted' 0 '^VM_WRITE +yes$' check 10 VM_WRITE
says 'no such process' 2 'the token of process 99: No such file' \
	check 99
says 'no such right' 2 'no such rights: FLY' check 10 FLY
says 'no process at all' 2 'not a process: init' check init

says 'sets a part of a descriptor' 0 '' sd 10 'D:(A;;GR;;;WD)'
says 'and keeps the rest' 0 '^O:S-1-22-1-1000D:\(A;;GR;;;WD\)' sd 10
says 'points at what is wrong' 2 '^ +\^' sd 10 'D:(A;;GR;;;DA)'
says 'sets an integrity protection' 0 '' pip 10 2 512
holds 'as the kernel reads it' "$dir/10/attr/peios/pip" '^2 512'
says 'no integrity protection' 2 'not two numbers: 2 x' pip 10 2 x

mkdir -p "$dir/thread-self/attr/peios"
: > "$dir/thread-self/attr/peios/token"
: > "$dir/thread-self/attr/peios/pip"
says 'runs a command' 0 '^hello$' \
	run --remove=SeTcbPrivilege --pip=0,0 -- echo hello
holds 'without a privilege' "$dir/thread-self/attr/peios/token" \
	'^remove SeTcbPrivilege$'
holds 'with a protection' "$dir/thread-self/attr/peios/pip" '^0 0$'
says 'passes options on' 0 '^-n x$' run -- printf '%s\n' '-n x'
says 'no command to run' 2 '^usage:' run --remove=SeTcbPrivilege
rm "$dir/thread-self/attr/peios/token"
says 'runs nothing with the token that it should not have' 2 'remove SeTcbPrivilege: No such' \
	run --remove=SeTcbPrivilege -- echo hello

says 'SDDL to hexadecimal' 0 \
	'^0100048014000000000000000000000020000000010100000000000512000000020008000000''0000$' \
	sddl 'O:SYD:'
says 'and back' 0 '^O:SYD:$' sddl --hex \
	01000480140000000000000000000000200000000101000000000005120000000200080000000000
says 'without an owner, to hexadecimal and back' 0 '^D:\(A;;GA;;;SY\)$' \
	sddl --hex "$("$ctl" sddl 'D:(A;;GA;;;SY)')"
says 'nothing at all is no SDDL' 2 'nothing to read' sddl ''
says 'nor is it one to be set' 2 'nothing to read' sd 10 ''
says 'a descriptor without parts' 2 'neither owner, group, DACL nor SACL' \
	sddl --hex 0100008000000000000000000000000000000000
says 'not a descriptor' 2 'not a valid security descriptor' sddl --hex 0100
says 'not hexadecimal' 2 'not hexadecimal' sddl --hex 0g
says 'help' 0 '^usage:' --help
says 'no command' 2 '^usage:'
says 'an unknown command' 2 '^usage:' fly
echo "1..$n"
exit $rc
