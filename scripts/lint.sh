#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Check style and correctness of what the series adds: checkpatch --strict,
# kernel-doc, sparse and compiler warnings (W=1), shellcheck.

. "$(dirname "$0")/lib.sh"

out=lint rc=0
overlay=$(overlay_files)

sources=$(grep -E '\.[ch]$' <<< "$overlay" || true)
objects=$(grep -E '^(mm|security)/.*\.c$' <<< "$overlay" | sed 's/c$/o/' || true)
# Each whole file as a patch that adds it, so that every check applies.
checkpatch()
{
	local f bad=0 checker=$LINUX/scripts/checkpatch.pl

	cd "$TOP" || return
	for f in $overlay; do
		case $f in
		MAINTAINERS) continue ;;
		*.patch) set -- --no-signoff --ignore COMMIT_MESSAGE "$f" ;;
		*) set -- --file "$f" ;;
		esac
		"$checker" --no-tree --strict --terse --no-summary \
			--ignore FILE_PATH_CHANGES "$@" || bad=1
	done
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

scripts()
{
	cd "$TOP" &&
	shellcheck scripts/*.sh scripts/guest/* .ci/run
}

step 'checkpatch --strict' lint-checkpatch checkpatch || rc=1
step 'kernel-doc -Werror' lint-kernel-doc kernel_doc || rc=1
step 'sparse and W=1' lint-sparse sparse || rc=1
step 'shellcheck' lint-shellcheck scripts || rc=1
exit $rc
