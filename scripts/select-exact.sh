#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# select-exact.sh: have both kernels choose by skewed counters on many CPUs.
#
# Two processes whose RSS counters are off by megabytes, in a guest of 16 CPUs
# (SELECT_CPUS): the base kernel kills the smaller one, ours the larger. Then random
# families of processes, 50 (SELECT_SCENARIOS): who dies is who /proc said would.

. "$(dirname "$0")/lib.sh"

cpus=${SELECT_CPUS:-16} scenarios=${SELECT_SCENARIOS:-50} rc=0

# died NAME IMAGE: who did, in the guest
died()
{
	"$TOP/scripts/qemu.sh" -c "$cpus" -t 900 -n "skew-$1" "$2" \
		job=exec exec=/selftests/oom/skew >&2 || true
	tr -d '\r' < "$LOGS/skew-$1-report.log" |
		sed -n "s/^\(larger\|smaller\|skew\) /# $1: \1 /p" >&2
	tr -d '\r' < "$LOGS/skew-$1-report.log" | sed -n 's/^died //p'
}

# predicted: "N of N", as the guest counts
predicted()
{
	"$TOP/scripts/qemu.sh" -t 1800 -n predicted \
		"$LINUX/release/arch/x86/boot/bzImage" job=exec \
		"exec=env,OOM_SCENARIOS=$scenarios,/selftests/oom/select_test,-t,the_predicted_dies" >&2 || true
	tr -d '\r' < "$LOGS/predicted-report.log" |
		sed -n 's/.*the predicted process died in \(.*\) scenarios/\1/p'
}

# report NUMBER WHAT EXPECTED ACTUAL
report()
{
	if [ "$4" = "$3" ]; then
		echo "ok $1 select-exact: $2"
	else
		echo "not ok $1 select-exact: $2"
		echo "# it was: ${4:-nobody}"
		rc=1
	fi
}

echo "TAP version 13"
echo "1..3"
report 1 'the base kernel kills the smaller one' smaller \
	"$(died vanilla "$BASE/vanilla/arch/x86/boot/bzImage")"
report 2 'ours kills the larger one' larger \
	"$(died release "$LINUX/release/arch/x86/boot/bzImage")"
report 3 'the predicted process dies' "$scenarios of $scenarios" "$(predicted)"
exit $rc
