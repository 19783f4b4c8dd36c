#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# oomstat on a kernel that runs: names that processes give themselves, alive and
# on record, in each form of output; and what it says of who may not be read.

n=0 rc=0
echo "TAP version 13"

skip()
{
	echo "1..0 # SKIP $1"
	exit 4
}

command -v oomstat > /dev/null || skip "no oomstat"
[ "$(id -u)" -eq 0 ] || skip "not root"
[ -r /proc/oom_history ] || skip "no /proc/oom_history"

# says WHAT PATTERN COMMAND...: one line of the output is exactly or has this
says()
{
	what=$1 pattern=$2
	shift 2
	said=$("$@" 2>&1)
	n=$((n + 1))
	if echo "$said" | grep -qF -- "$pattern"; then
		echo "ok $n $what"
	else
		echo "not ok $n $what"
		echo "# $pattern"
		echo "$said" | head -n 20 | sed 's/^/# /'
		rc=1
	fi
}

# clean WHAT COMMAND...: the output is printable ASCII
clean()
{
	what=$1
	shift
	n=$((n + 1))
	if "$@" | LC_ALL=C tr -d '\n -~' | grep -q .; then
		echo "not ok $n $what"
		rc=1
	else
		echo "ok $n $what"
	fi
}

# start NAME: a process that is called so, in the escapes of printf, and goes first
start()
{
	# shellcheck disable=SC2016 # it is its own
	sh -c 'printf "$0" > /proc/$$/comm; echo 1000 > /proc/$$/oom_score_adj
		read -r _' "$1" < /tmp/oomstat_test.wait &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(cat /proc/$pid/oom_score_adj)" != 1000 ] || break
		sleep 0.1
	done
}

rm -f /tmp/oomstat_test.wait
mkfifo /tmp/oomstat_test.wait
# Opened here, so that the others wait for a line and not for an opener.
exec 9<> /tmp/oomstat_test.wait

start '\377\376'
says 'no UTF-8, in the table' '  \xff\xfe' oomstat -n 3
says 'in JSON, U+FFFD' '"comm":"\ufffd\ufffd"' oomstat -j -n 3
says 'in JSON, its bytes' '"comm_hex":"fffe"' oomstat -j -n 3
says 'in a label, its bytes' ',comm_hex="fffe"} ' oomstat -m -n 3
echo f > /proc/sysrq-trigger
wait $pid 2> /dev/null
says 'on record' "    Killed: \\xff\\xfe ($pid) of user 0 in cgroup" oomstat history
says 'on record, in JSON' '"comm_hex":"fffe"' oomstat -j history

start 'x\n#9 1999\033[2J'
says 'a newline and an escape sequence' '  x\x0a#9 1999\x1b[2J' oomstat -n 3
says 'in JSON as they are' '"comm":"x\u000a#9 1999\u001b[2J"' oomstat -j -n 3
echo f > /proc/sysrq-trigger
wait $pid 2> /dev/null
says 'on record' "    Killed: x\\x0a#9 1999\\x1b[2J ($pid) of user" oomstat history
says 'on record, in JSON, the same' '"comm":"x\u000a#9 1999\u001b[2J"' \
	oomstat -j history

start 'back\\slash'
says 'a backslash' '  back\\slash' oomstat -n 3
says 'in JSON the name itself' '"comm":"back\\slash"' oomstat -j -n 3
says 'in a label, too' 'comm="back\\slash"' oomstat -m -n 3
clean 'the table is printable' oomstat -a
clean 'the history is printable' oomstat history
clean 'JSON is, too' oomstat -j -a
kill $pid
wait $pid 2> /dev/null
says 'choices follow from their records' ' choices follow from their records' \
	oomstat replay
rm -f /tmp/oomstat_test.wait

# A cgroup, whose name is anybody's choice, too.
if [ -w /sys/fs/cgroup/cgroup.subtree_control ] &&
   echo +memory > /sys/fs/cgroup/cgroup.subtree_control && mkdir '/sys/fs/cgroup/a "b"'; then
	echo 64M > '/sys/fs/cgroup/a "b"/memory.max'
	says 'a cgroup in the table' '  /a "b"' oomstat -g
	says 'its limit' '"limit_kb":65536' oomstat -g -j
	says 'its forecast' 'oomstat_cgroup_exhaustion_seconds{cgroup="/a \"b\""} +Inf' \
		oomstat -g -m
	rmdir '/sys/fs/cgroup/a "b"'
fi

if command -v peiosctl > /dev/null &&
   grep -q 'mode enforcing' /sys/kernel/security/peios/status 2> /dev/null; then
	peiosctl run --pip=2,512 -- sleep 1000 &
	pid=$!
	sleep 1
	says 'who may not be read: the right that is missing' \
		"1 process may not be read: the right QUERY_INFORMATION is missing ($pid is it)." \
		oomstat
	says 'the check that refuses, by peiosctl' 'pip: 0 0 does not dominate 2 512' \
		peiosctl check $pid QUERY_INFORMATION
	says 'and how to get it' 'how: pip: who holds SeTcbPrivilege' \
		peiosctl check $pid QUERY_INFORMATION
	peiosctl run --pip=2,512 -- kill -KILL $pid
	wait $pid 2> /dev/null
fi
echo "1..$n"
exit $rc
