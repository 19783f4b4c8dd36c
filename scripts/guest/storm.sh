#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# storm.sh ARGUMENT...: in the guest, a storm of OOM kills, and then what else the
# kernel has said: its console is silent meanwhile, for the sake of speed.

/selftests/oom/storm "$@"
rc=$?
if dmesg | grep -E "$(cat /etc/alarms)" | head -n 20 > /tmp/alarms && [ -s /tmp/alarms ]; then
	echo "not ok 8 storm: the kernel did not complain"
	sed 's/^/#  | /' /tmp/alarms
	exit 1
fi
echo "ok 8 storm: the kernel did not complain"
exit $rc
