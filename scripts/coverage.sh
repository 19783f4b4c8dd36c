#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# coverage.sh [SUITE]: run the tests on a kernel whose files of ours count what
# was run, and print lines and branches of each, also to $BUILD/coverage.txt. The
# annotated sources are put into $BUILD/coverage.

. "$(dirname "$0")/lib.sh"

out=gcov dir=$BUILD/coverage suite=${1:-all}
sources=$(new_files | kernel_code | grep -v '_test\.c$')

configure()
{
	kmake "$LINUX" $out -s tinyconfig &&
	(cd "$LINUX/$out" && ../scripts/kconfig/merge_config.sh -m .config \
		"$TOP"/configs/{base,peios,coverage}.config) &&
	kmake "$LINUX" $out -s olddefconfig
}

build()
{
	local flags=() f

	# Only ours are instrumented; KUnit's files are not what is tested.
	for f in $sources; do
		flags+=("GCOV_PROFILE_$(basename "$f" .c).o=y")
	done
	kmake "$LINUX" $out "${flags[@]}" bzImage
}

run()
{
	local rc=0

	"$TOP/scripts/qemu.sh" -n coverage -m 768 -t 3600 \
		"$LINUX/$out/arch/x86/boot/bzImage" job=exec \
		"exec=/bin/coverage.sh,$suite" || rc=$?
	rm -rf "$dir" && mkdir -p "$dir/data" &&
	tr -d '\r' < "$LOGS/coverage-report.log" |
		sed -n '/^-- coverage$/,/^-- end$/p' | sed '1d;$d' |
		base64 -d | tar -xz -C "$dir/data" &&
	return $rc
}

# Run where the objects are: by the paths in them gcov finds the sources.
summarize()
{
	local f data

	cd "$LINUX/$out" || return
	for f in $sources; do
		data=$(find "$dir/data" -path "*/${f%.c}.gcda" | head -n 1)
		echo "source $f"
		[ -n "$data" ] || continue
		cp "$data" "${f%.c}.gcda"
		gcov -b -c -o "${f%.c}.gcda" "../$f" 2>/dev/null
		mv "$(basename "$f").gcov" "$dir/${f//\//-}.gcov"
		rm -f ./*.gcov
	done | awk '
		function percent(run, all) {
			return sprintf("%5.1f %% of %5d", all ? 100 * run / all : 100, all)
		}
		function row(name, run, all, taken, branches) {
			printf "%-34s %s lines  %s branches\n", name,
				percent(run, all), percent(taken, branches)
		}
		function flush_row() {
			if (file == "")
				return
			row(file, run, all, taken, branches)
			runs += run; alls += all; takens += taken; sum += branches
			run = all = taken = branches = 0
		}
		$1 == "source" { flush_row(); file = $2 }
		/^File / { mine = index($0, "/" file "\047") > 0 }
		mine && /^Lines executed/ {
			split($2, part, /[:%]/)
			all = $NF
			run = part[2] * all / 100
		}
		mine && /^Taken at least once/ {
			split($4, part, /[:%]/)
			branches = $NF
			taken = part[2] * branches / 100
		}
		END { flush_row(); row("all", runs, alls, takens, sum) }'
}

step 'Configuring the counting kernel' coverage-config configure
step 'Building it' coverage-build build
step 'Running the tests on it' coverage-run run || true
summarize | tee "$BUILD/coverage.txt"
