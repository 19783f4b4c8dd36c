#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# coverage.sh [SUITE]: run the tests on a kernel whose files of ours count what
# was run, and print lines and branches of each. The annotated sources are put
# into $BUILD/coverage.

. "$(dirname "$0")/lib.sh"

out=gcov dir=$BUILD/coverage suite=${1:-all}
sources=$(overlay_files | grep -E '^(mm|security|fs|kernel)/.*\.c$' |
	grep -v '_test\.c$')

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

	"$TOP/scripts/qemu.sh" -n coverage -m 768 -t 1800 \
		"$LINUX/$out/arch/x86/boot/bzImage" job=exec \
		"exec=/bin/coverage.sh,$suite" || rc=$?
	rm -rf "$dir" && mkdir -p "$dir/data" &&
	tr -d '\r' < "$LOGS/coverage-report.log" |
		sed -n '/^-- coverage$/,/^-- end$/p' | sed '1d;$d' |
		base64 -d | tar -xz -C "$dir/data" &&
	return $rc
}

# The kernel names the files by their absolute path.
summarize()
{
	local f o data

	for f in $sources; do
		o=$LINUX/$out/${f%.c}
		data=$(find "$dir/data" -path "*/${f%.c}.gcda" | head -n 1)
		[ -n "$data" ] || { echo "$f: not run at all"; continue; }
		cp "$data" "$o.gcda"
		(cd "$dir" && gcov -b -c -o "$o.gcda" "$LINUX/$f" 2>/dev/null) |
		awk -v file="$f" '
			/^File / { mine = index($0, "/" file "\047") > 0 }
			mine && /^Lines executed/ { lines = $0 }
			mine && /^Taken at least once/ { branches = $0 }
			END {
				sub(/.*:/, "", lines)
				sub(/.*:/, "", branches)
				printf "%-36s lines %-18s branches %s\n",
					file, lines, branches
			}'
	done
}

step 'Configuring the counting kernel' coverage-config configure
step 'Building it' coverage-build build
step 'Running the tests on it' coverage-run run || true
summarize | tee "$dir/summary"
