#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench-smp.sh: what operations take when 1, 2, 4 and 8 processes do them at once,
# on the base kernel and on ours, in guests of 8 CPUs.
#
# Times, since a guest that counts instructions has one CPU; so what else the host
# does shows. Rounds of three boots, the base kernel's, ours, the base kernel's
# again ("again"), go on for BENCH_SMP_SECONDS (480), three at least. The table has the medians
# over all rounds, ours against the base kernel's and, to tell what a difference
# means, the base kernel's second boots against its first ones. Nothing fails by it.
# Last come requests near a limit (refused+mmap), and the longest wait for what fits.
# The table is kept in $BUILD/bench/smp-table.

. "$(dirname "$0")/lib.sh"

dir=$BUILD/bench
seconds=${BENCH_SMP_SECONDS:-480}
ms=100 cpus=1,2,4,8 least=3
release=$LINUX/release/arch/x86/boot/bzImage
vanilla=$BASE/vanilla/arch/x86/boot/bzImage
mkdir -p "$dir"

# boot NAME KERNEL
boot()
{
	"$TOP/scripts/qemu.sh" -c 8 -t 240 -n "smp-$1" "$2" job=exec \
		"exec=/selftests/oom/bench_smp,$ms,$cpus" || return
	tr -d '\r' < "$LOGS/smp-$1-report.log" |
		grep -E '^[a-z+-]+ [02] [0-9]+ [0-9]+$' >> "$dir/smp-$1"
}

rounds()
{
	local i start=$SECONDS

	rm -f "$dir"/smp-{vanilla,ours,again}
	for ((i = 0; i < least || SECONDS - start < seconds * i / (i + 1); i++)); do
		boot vanilla "$vanilla" && boot ours "$release" &&
			boot again "$vanilla" || return
	done
	echo "$i" > "$dir/smp-rounds"
}

step 'Timing on 8 CPUs' bench-smp rounds

# The median of each thing measured, sorted as join wants them.
medians()
{
	awk '{ print $1 "," $2 "," $3, $4 }' "$1" | sort -k1,1 |
		awk "$(cat "$TOP/scripts/median.awk")"'
		function done() {
			if (n)
				print last, median(v, n)
			n = 0
		}
		$1 != last { done(); last = $1 }
		{ v[++n] = $2 }
		END { done() }'
}

{
	printf 'medians of %s rounds; ns an operation\n' "$(cat "$dir/smp-rounds")"
	printf '%-12s %4s %4s %9s %9s %6s %8s\n' operation mode CPUs vanilla ours \
		ratio again
	join <(medians "$dir/smp-vanilla") <(medians "$dir/smp-ours") |
		join - <(medians "$dir/smp-again") | sort -t, -k1,2 -k3,3n | awk '
		{
			split($1, what, ",")
			ours = $3 / $2
			again = $4 / $2
			printf "%-12s %4s %4s %9.0f %9.0f %6.3f %8.3f\n", what[1],
				what[2], what[3], $2, $3, ours, again
			# The longest of many waits is a matter of luck.
			if (what[1] ~ /longest/)
				next
			sum += log(ours)
			noise += log(again)
			n++
		}
		END {
			printf "%-12s %4s %4s %9s %9s %6.3f %8.3f\n", "all", "", "",
				"", "", exp(sum / n), exp(noise / n)
		}'
} | tee "$dir/smp-table"
