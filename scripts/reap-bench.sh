#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# reap-bench.sh: how soon the memory of OOM victims comes back
#
# The time from a kill until the victim's memory can be allocated, on the base
# kernel and on the release kernel of the same configuration, in guests of one CPU
# that executes an instruction a nanosecond (qemu.sh -I), whatever the host does
# meanwhile. REAP_ROUNDS=N sets how often each is measured (1), REAP_CASES what
# (reap_bench.c lists the cases).

. "$(dirname "$0")/lib.sh"

rounds=${REAP_ROUNDS:-1}
cases=${REAP_CASES:-exits:64 exits:256 stuck:64 stuck:256 stuck:560 huge:560
	sparse:64 mlocked:128 writer:128 swapped:48 hugetlb:64 stall:128 full:128}

# "CASE MB WHAT MICROSECONDS" lines of a kernel; what else the guest says is shown
measure()
{
	local name=$1 image=$2 words

	# shellcheck disable=SC2086 # a list
	words=$(printf ',%s' "$rounds" $cases)
	if ! "$TOP/scripts/qemu.sh" -I -n "reaper-$name" -m 768 -t 900 "$image" \
		job=exec "exec=/selftests/oom/reap_bench$words" >&2; then
		tr -d '\r' < "$LOGS/reaper-$name-report.log" | sed 's/^/# /' >&2
		return 1
	fi
	tr -d '\r' < "$LOGS/reaper-$name-report.log" | grep -E '^[a-z]+ [0-9]+ [a-z]+ [0-9]+$'
}

base=$(measure vanilla "$BASE/vanilla/arch/x86/boot/bzImage")
ours=$(measure release "$LINUX/release/arch/x86/boot/bzImage")

# Who is blocked: the first memory a hundred times sooner, and who waits for a page
# waits a hundredth; all of it is a matter of its size. Who exits freely: no later;
# the first memory of that, within two ticks, is a matter of who gets the CPU when.
echo "TAP version 13"
echo "1..$(wc -l <<< "$ours")"
paste -d' ' <(echo "$base") <(echo "$ours") | awk '
	$1 != $5 || $2 != $6 || $3 != $7 {
		print "not ok " NR " reaper: the kernels measured different things"
		rc = 1
		next
	}
	{
		ratio = $4 / ($8 ? $8 : 1)
		least = $3 == "all" ? 10 : 100
		if ($1 == "exits")
			least = $3 == "all" ? 0.95 : 0
		if (ratio < least)
			rc = 1
		printf "%s %d reaper: %s, %d MB, %s: %.2f ms, base %.2f ms: %.2f times\n",
			ratio < least ? "not ok" : "ok", NR, $1, $2, $3, $8 / 1000,
			$4 / 1000, ratio
	}
	END { exit rc }'
