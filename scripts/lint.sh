#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Check style and correctness of what the series adds: checkpatch --strict,
# kernel-doc, sparse and compiler warnings (W=1), shellcheck.

. "$(dirname "$0")/lib.sh"

out=lint rc=0
sources=$(new_files | grep -E '\.[ch]$')
objects=$(new_files | kernel_code | sed 's/c$/o/')

checkpatch()
{
	local name bad=0

	cd "$LINUX" || return
	for name in $(patches); do
		whole_patch "$name" > "$BUILD/lint-$name.patch" &&
		scripts/checkpatch.pl "${CHECKPATCH[@]}" --showfile \
			"$BUILD/lint-$name.patch" || bad=1
	done
	rm -f "$BUILD"/lint-*.patch
	return "$bad"
}

kernel_doc()
{
	cd "$TOP" || return
	# shellcheck disable=SC2086 # a list of paths without blanks
	"$LINUX/scripts/kernel-doc" -none -Werror $sources
}

sparse()
{
	local log=$LOGS/sparse.out ours

	kmake "$LINUX" "$out" -s tinyconfig &&
	(cd "$LINUX/$out" && ../scripts/kconfig/merge_config.sh -m .config \
		"$TOP"/configs/{base,peios}.config) &&
	kmake "$LINUX" "$out" -s olddefconfig || return
	# shellcheck disable=SC2086
	kmake "$LINUX" "$out" W=1 C=2 $objects 2>&1 | tee "$log" || return
	# Warnings in our own files are ours; vanilla's are not.
	ours=$(sed 's,^,/,; s,$,:,' <<< "$sources")
	! grep -E '(warning|error):' "$log" | sed 's,^\.\./,/,' | grep -F "$ours"
}

# Each row of the tables in Peios.rst names tests as FILE.TEST; each is there.
tests_named()
{
	local doc=$TOP/Documentation/admin-guide/LSM/Peios.rst name bad=0 nr=0
	local dir=$TOP/tools/testing/selftests/oom

	while read -r name; do
		nr=$((nr + 1))
		grep -qE "^TEST(_F|_F_TIMEOUT)?\\(([a-z_]+, )?${name#*.}[,)]" \
			"$dir/${name%%.*}.c" 2>/dev/null ||
			{ echo "Peios.rst names $name, which is not there"; bad=1; }
	done < <(grep -oE '\<[a-z_]+_test\.[a-z_0-9]+' "$doc" |
		 grep -vE '\.(c|sh)$' | sort -u)
	echo "$nr tests are named"
	[ "$nr" -gt 20 ] && [ "$bad" -eq 0 ]
}

# A file of /proc/PID that the test has in its table is in the document, too.
files_named()
{
	local doc=$TOP/Documentation/admin-guide/LSM/Peios.rst name bad=0

	while read -r name; do
		grep -qw -- "$name" "$doc" ||
			{ echo "Peios.rst does not name /proc/PID/$name"; bad=1; }
	done < <(sed -n 's/^\t{ "\([a-z_]*\)", [A-Z_ |]* },$/\1/p' \
		 "$TOP/tools/testing/selftests/oom/proc_files_test.c")
	return "$bad"
}

scripts()
{
	cd "$TOP" &&
	shellcheck scripts/*.sh scripts/guest/{init,*.sh} scripts/check.d/* .ci/run &&
	cd tools/testing/selftests/peios/userland || return
	# Much of theirs is typed by others, in single quotes; a prefix is added by sed.
	find . -type f -perm -u+x -exec shellcheck -x -P "$TOP/scripts/guest" \
		-e SC2001,SC2016 {} +
}

step 'checkpatch --strict' lint-checkpatch checkpatch || rc=1
step 'kernel-doc -Werror' lint-kernel-doc kernel_doc || rc=1
step 'sparse and W=1' lint-sparse sparse || rc=1
step 'tests that Peios.rst names' lint-tests-named tests_named || rc=1
step 'files that Peios.rst names' lint-files-named files_named || rc=1
step 'shellcheck' lint-shellcheck scripts || rc=1
exit $rc
