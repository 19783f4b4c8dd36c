#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# auditd.sh: in the guest, have Debian's auditd log OOM kills, and look for them
# as an administrator does. Prints TAP.

. tap.sh

kills=5
log=/var/log/audit/audit.log

# wait_for SECONDS COMMAND...
wait_for()
{
	left=$1
	shift
	until "$@"; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 1
	done
}

listening()
{
	/audit/auditctl -s | grep -q '^pid [1-9]'
}

# What is known only later is not in the log.
fields()
{
	sed 's/ freed_ms=.*//'
}

logged()
{
	/audit/ausearch -if "$log" -m 1704 --raw > /tmp/found 2>/tmp/said
	sed 's/^type=[^ ]* msg=audit([^)]*): //' /tmp/found | fields > /tmp/logged
	[ "$(wc -l < /tmp/logged)" -ge "$1" ]
}

kill_one()
{
	(
		echo 0 > /sys/fs/cgroup/audited/cgroup.procs
		exec tail /dev/zero
	)
}

mkdir -p /var/log/audit /var/run /run /etc/audit/plugins.d
cp /audit/auditd.conf /etc/audit/
chmod 640 /etc/audit/auditd.conf
# Debian's settings, but for a group that the guest has.
sed -i 's/^log_group.*/log_group = root/' /etc/audit/auditd.conf
/audit/auditd
wait_for 60 listening
result $? "auditd of Debian has the audit socket"

echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir "/sys/fs/cgroup/audited"
echo 8M > /sys/fs/cgroup/audited/memory.max
before=$(wc -l < /proc/oom_history)
i=0
while [ $i -lt $kills ]; do
	kill_one
	i=$((i + 1))
done
dead=$(sed -n 's/^oom_kill //p' /sys/fs/cgroup/audited/memory.events)
[ "$dead" = $kills ]
result $? "as many died as there were to die"

wait_for 60 logged $kills
result $? "ausearch finds a record of each"
tail -n +$((before + 1)) /proc/oom_history | fields > /tmp/history
cmp /tmp/history /tmp/logged
result $? "they say what /proc/oom_history says"

# What Peios refuses, by a process that gave its privileges up.
refused()
{
	/audit/ausearch -if "$log" -m AVC --raw > /tmp/found 2> /tmp/said
	grep -q "$1" /tmp/found
}

peiosctl run --remove=SeTcbPrivilege,SeDebugPrivilege -- \
	sh -c 'echo -5 > /proc/self/oom_score_adj' 2> /dev/null
wait_for 60 refused \
	'avc:  denied  { set_oom_score_adj } for .* comm="sh" .* missing=SeTcbPrivilege'
result $? "ausearch finds the record of a refusal"
peiosctl run --replace='user=S-1-22-1-5000 groups=S-1-22-2-5000' -- kill 1 \
	2> /dev/null
wait_for 60 refused '{ TERMINATE } for .* scontext=S-1-22-1-5000 tcontext=S-1-5-18'
result $? "and of a signal that was refused"
/audit/aureport -if "$log" --avc > /tmp/report 2> /tmp/said
grep -q ' S-1-22-1-5000 .* process TERMINATE S-1-5-18 denied' /tmp/report
result $? "aureport reads them"
sed 's/^/# /' /tmp/report

# With auditd away the record is held. The first that is held may get lost on any
# kernel: when auditd registers, libaudit reads one message and drops it.
daemon=$(cat /var/run/auditd.pid)
kill "$daemon"
wait_for 60 test ! -e "/proc/$daemon"
/audit/auditctl -m 'the first that is held'
kill_one
/audit/auditd
wait_for 60 logged $((kills + 1))
result $? "one that died while auditd was restarted is found"

PATH=$PATH:/audit /selftests/oom/docs_test.sh auditd > /tmp/docs
result $? "the examples of the documentation: $(grep -c '^ok' /tmp/docs)"
grep -v '^ok\|^TAP\|^1\.\.' /tmp/docs | sed 's/^/# /'
grep -q '^ok 1 ' /tmp/docs
result $? "which are one or more"
[ $rc -eq 0 ] || sed 's/^/# /' /tmp/found /tmp/said /tmp/history
exit $rc
