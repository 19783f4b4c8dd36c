#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# select-cost.sh: count what it costs to choose a victim, on both kernels.
#
# Instructions for each task that the OOM killer looks at until it has its victim,
# on the base kernel and on ours with everything on, in guests that count (qemu.sh
# -I). Ours may be at most 1.10 of the base kernel's. SELECT_TASKS names the
# numbers of tasks, 1000 by default; SELECT_MB the guest's memory, 1536: some
# 15000 tasks. The same with the table of tasks in the log.
#
# Then, what a precise sum of the RSS counters costs for each CPU, one walk for all
# four of them against the four walks of percpu_counter_sum().

. "$(dirname "$0")/lib.sh"

read -r -a tasks <<< "${SELECT_TASKS:-1000}"
mb=${SELECT_MB:-1536} few=16 n=0 rc=0
out=$BUILD/bench
mkdir -p "$out"

# count KERNEL IMAGE KIND NUMBER...: "KIND NUMBER COUNT" lines
count()
{
	local name=$1 image=$2 kind=$3 IFS=,

	shift 3
	"$TOP/scripts/qemu.sh" -I -m "$mb" -t 1200 -n "select-$name-$kind" \
		"$image" job=exec \
		"exec=/selftests/oom/select_bench,$kind,$few,$*" >&2 || return
	tr -d '\r' < "$LOGS/select-$name-$kind-report.log" | grep "^$kind "
}

# per_task FILE NUMBER: instructions for each task more
per_task()
{
	awk -v few="$few" -v many="$2" '
		$2 == few { a = $3 }
		$2 == many { b = $3 }
		END { if (a && b) printf "%.1f", (b - a) / (many - few) }' "$1"
}

# compare KIND MOST NUMBER...
compare()
{
	local kind=$1 most=$2 many base ours ratio

	shift 2
	for kernel in vanilla release; do
		image=$BASE/vanilla/arch/x86/boot/bzImage
		[ $kernel = vanilla ] || image=$LINUX/release/arch/x86/boot/bzImage
		count $kernel "$image" "$kind" "$@" > "$out/select-$kernel-$kind" ||
			: > "$out/select-$kernel-$kind"
	done
	for many; do
		n=$((n + 1))
		base=$(per_task "$out/select-vanilla-$kind" "$many")
		ours=$(per_task "$out/select-release-$kind" "$many")
		ratio=$(awk -v a="$base" -v b="$ours" \
			'BEGIN { if (a > 0 && b > 0) printf "%.3f", b / a }')
		echo "# $kind, $many tasks: instructions a task: base ${base:-?}," \
			"ours ${ours:-?}, ratio ${ratio:-?}"
		if [ -n "$ratio" ] && awk -v r="$ratio" -v m="$most" 'BEGIN { exit !(r <= m) }'; then
			echo "ok $n select-cost: $kind, $many tasks: at most $most"
		else
			echo "not ok $n select-cost: $kind, $many tasks: at most $most"
			rc=1
		fi
	done
}

# walk CPUS: "ONE FOUR", instructions, as KUnit says at boot
walk()
{
	"$TOP/scripts/qemu.sh" -I -c "$1" -t 900 -n "select-walk-$1" \
		"$LINUX/release/arch/x86/boot/bzImage" job=exec exec=true >&2 || true
	tr -d '\r' < "$LOGS/select-walk-$1-console.log" |
		sed -n "s/.* $1 CPUs: cycles of one walk \([0-9]*\), of four sums /\1 /p"
}

compare_walks()
{
	local one few many

	few=$(walk 1)
	many=$(walk 8)
	n=$((n + 1))
	one=$(echo "$few $many" | awk 'NF == 4 && $3 > $1 {
		a = ($3 - $1) / 7; b = ($4 - $2) / 7
		printf "%.1f %.1f %.1f", a, b, b / a }')
	echo "# instructions a CPU: one walk, four sums, ratio: ${one:-?}"
	if awk -v r="${one##* }" 'BEGIN { exit !(r >= 10) }'; then
		echo "ok $n select-cost: a sum costs a tenth of four"
	else
		echo "not ok $n select-cost: a sum costs a tenth of four"
		rc=1
	fi
}

echo "TAP version 13"
echo "1..$((${#tasks[@]} + 4))"
compare immune 1.10 "${tasks[0]}"
compare flat 1.10 "${tasks[@]}"
compare pairs 1.10 "${tasks[0]}"
compare dump 1.10 "${tasks[0]}"
compare_walks
exit $rc
