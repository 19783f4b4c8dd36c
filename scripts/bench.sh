#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench.sh: count the instructions of operations on the base kernel and on the
# patched one, in guests that count (qemu.sh -I), and print them side by side:
#
#	vanilla		the base kernel
#	off		the series, without peios in lsm=
#	enforcing	the series, Peios enforcing
#	nested		the base kernel, in a cgroup three levels deep
#	limits		the series there, with a commit limit at each level
#
# The last is compared with the one before it, since a cgroup of its own costs
# something on any kernel, the others with vanilla. Fails if a ratio is over its
# budget in bench-budgets.
#
# Each guest is booted BENCH_BOOTS times (3), with other random numbers; the table
# has the medians, and how far the boots of a column were apart at most. A second run
# repeats every figure exactly. The layout of a process is not randomized: it decides
# on how many page tables fork() has to copy, which is 3 % of its cost. The table is
# kept in $BUILD/bench/table.

. "$(dirname "$0")/lib.sh"

dir=$BUILD/bench
boots=${BENCH_BOOTS:-3}
release=$LINUX/release/arch/x86/boot/bzImage
vanilla=$BASE/vanilla/arch/x86/boot/bzImage
mkdir -p "$dir"

# run COLUMN KERNEL ARGUMENT APPEND...
run()
{
	local column=$1 kernel=$2 arg=$3 seed

	shift 3
	: > "$dir/$column"
	for ((seed = 1; seed <= boots; seed++)); do
		SEED=$seed "$TOP/scripts/qemu.sh" -I -t 600 -n "bench-$column" \
			"$kernel" norandmaps job=exec "exec=/selftests/oom/bench$arg" \
			"$@" || return
		tr -d '\r' < "$LOGS/bench-$column-report.log" |
			grep -E '^[a-z0-9_+]+ ([0-9]+|-)$' >> "$dir/$column" || return
	done
}

step 'Counting on the base kernel' bench-vanilla \
	run vanilla "$vanilla" '' lsm=landlock,yama
step 'Counting with Peios off' bench-off run off "$release" '' lsm=landlock,yama
step 'Counting with Peios enforcing' bench-enforcing run enforcing "$release" ''
columns=(vanilla off enforcing)
if grep -q commit.max "$LINUX/release/vmlinux"; then
	step 'Counting in cgroups on the base kernel' bench-nested \
		run nested "$vanilla" ,--cgroups lsm=landlock,yama
	step 'Counting with commit limits' bench-limits \
		run limits "$release" ,--limits
	columns+=(nested limits)
fi

(cd "$dir" && awk -v budgets="$TOP/scripts/bench-budgets" "$(cat "$TOP/scripts/median.awk")"'
	# The median of what the boots counted; notes how far they were apart.
	function counted(n, c,    v, many, middle, most) {
		many = split(counts[n, c], v, " ")
		if (!many || v[1] == "-")
			return "-"
		middle = median(v, many)
		most = v[many] / v[1] - 1
		if (most > apart[n])
			apart[n] = most
		return middle
	}
	BEGIN {
		while ((getline line < budgets) > 0) {
			if (line ~ /^(#|$)/)
				continue
			split(line, f)
			budget[f[1], "off"] = f[2]
			budget[f[1], "enforcing"] = f[2]
			budget[f[1], "limits"] = f[3]
		}
	}
	FNR == 1 { column[++columns] = FILENAME }
	FILENAME == "off" && !(($1, FILENAME) in counts) { name[++names] = $1 }
	{ counts[$1, FILENAME] = counts[$1, FILENAME] " " $2 }
	END {
		printf "%-22s %9s", "instructions", column[1]
		for (c = 2; c <= columns; c++)
			printf " %9s %6s ", column[c], column[c] == "nested" ? "" : "ratio"
		print " apart"
		for (i = 1; i <= names; i++) {
			n = name[i]
			base = counted(n, column[1])
			printf "%-22s %9s", n, base
			for (c = 2; c <= columns; c++) {
				v = counted(n, column[c])
				against = column[c] == "limits" ? counted(n, "nested") : base
				r = 0
				if (column[c] != "nested" && against + 0 && v + 0)
					r = v / against
				b = budget[n, column[c]]
				over = b != "" && r > b
				printf " %9s %6s%s", v,
					(r ? sprintf("%.3f", r) : ""),
					(over ? "!" : " ")
				if (over)
					bad = bad sprintf("over budget: %s, %s: %.3f of vanilla, %s allowed\n",
							  n, column[c], r, b)
			}
			printf " %4.1f%%\n", 100 * apart[n]
		}
		printf "%s", bad
		exit bad != ""
	}
' "${columns[@]}") | tee "$dir/table"
