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
cases=${REAP_CASES:-exits:64 exits:256 stuck:64 stuck:256 stuck:560 mlocked:128
	writer:128 swapped:48 hugetlb:64 stall:128}

# "CASE MB MICROSECONDS" lines of a kernel; what else the guest says is shown
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
	tr -d '\r' < "$LOGS/reaper-$name-report.log" | grep -E '^[a-z]+ [0-9]+ [0-9]+$'
}

base=$(measure vanilla "$BASE/vanilla/arch/x86/boot/bzImage")
ours=$(measure release "$LINUX/release/arch/x86/boot/bzImage")

# Blocked victims: far sooner; how much is a matter of their size. Who exits freely:
# no later.
echo "TAP version 13"
echo "1..$(wc -l <<< "$ours")"
paste -d' ' <(echo "$base") <(echo "$ours") | awk '
	$1 != $4 || $2 != $5 {
		print "not ok " NR " reaper: the kernels measured different things"
		rc = 1
		next
	}
	{
		ratio = $3 / ($6 ? $6 : 1)
		least = $1 == "exits" ? 0.95 : 10
		if (ratio < least)
			rc = 1
		printf "%s %d reaper: %s, %d MB: %.2f ms, base %.2f ms: %.2f times\n",
			ratio < least ? "not ok" : "ok", NR, $1, $2, $6 / 1000,
			$3 / 1000, ratio
	}
	END { exit rc }'
