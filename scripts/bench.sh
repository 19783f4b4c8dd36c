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
# budget in bench-budgets. The table is
# kept in $BUILD/bench/table.

. "$(dirname "$0")/lib.sh"

dir=$BUILD/bench
release=$LINUX/release/arch/x86/boot/bzImage
vanilla=$BASE/vanilla/arch/x86/boot/bzImage
mkdir -p "$dir"

# run COLUMN KERNEL ARGUMENT APPEND...
run()
{
	local column=$1 kernel=$2 arg=$3

	shift 3
	"$TOP/scripts/qemu.sh" -I -t 600 -n "bench-$column" "$kernel" job=exec \
		"exec=/selftests/oom/bench$arg" "$@" || return
	tr -d '\r' < "$LOGS/bench-$column-report.log" |
		grep -E '^[a-z0-9_+]+ ([0-9]+|-)$' > "$dir/$column"
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

(cd "$dir" && awk -v budgets="$TOP/scripts/bench-budgets" '
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
	{ count[$1, FILENAME] = $2 }
	FILENAME == "off" { name[++names] = $1 }
	END {
		printf "%-22s %12s", "instructions", column[1]
		for (c = 2; c <= columns; c++)
			printf " %12s  ratio", column[c]
		printf "\n"
		for (i = 1; i <= names; i++) {
			n = name[i]
			base = count[n, column[1]]
			printf "%-22s %12s", n, base
			for (c = 2; c <= columns; c++) {
				v = count[n, column[c]]
				against = base
				if (column[c] == "limits")
					against = count[n, "nested"]
				r = 0
				if (against + 0 && v + 0)
					r = v / against
				b = budget[n, column[c]]
				over = b != "" && r > b
				printf " %12s %6s%s", v,
					(r ? sprintf("%.3f", r) : ""),
					(over ? "!" : "")
				if (over)
					bad = bad sprintf("over budget: %s, %s: %.3f of vanilla, %s allowed\n",
							  n, column[c], r, b)
			}
			printf "\n"
		}
		printf "%s", bad
		exit bad != ""
	}
' "${columns[@]}") | tee "$dir/table"
