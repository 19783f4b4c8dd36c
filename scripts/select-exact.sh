#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# select-exact.sh: have both kernels choose by skewed counters on many CPUs.
#
# Two processes whose RSS counters are off by megabytes, in a guest of 16 CPUs
# (SELECT_CPUS): the base kernel kills the smaller one, ours the larger.

. "$(dirname "$0")/lib.sh"

cpus=${SELECT_CPUS:-16} rc=0

# died NAME IMAGE: who did, in the guest
died()
{
	"$TOP/scripts/qemu.sh" -c "$cpus" -t 900 -n "skew-$1" "$2" \
		job=exec exec=/selftests/oom/skew >&2 || true
	tr -d '\r' < "$LOGS/skew-$1-report.log" |
		sed -n "s/^\(larger\|smaller\|skew\) /# $1: \1 /p" >&2
	tr -d '\r' < "$LOGS/skew-$1-report.log" | sed -n 's/^died //p'
}

# report NUMBER WHAT EXPECTED ACTUAL
report()
{
	if [ "$4" = "$3" ]; then
		echo "ok $1 select-exact: $2"
	else
		echo "not ok $1 select-exact: $2"
		echo "# died: ${4:-nobody}"
		rc=1
	fi
}

echo "TAP version 13"
echo "1..2"
report 1 'the base kernel kills the smaller one' smaller \
	"$(died vanilla "$BASE/vanilla/arch/x86/boot/bzImage")"
report 2 'ours kills the larger one' larger \
	"$(died release "$LINUX/release/arch/x86/boot/bzImage")"
exit $rc
