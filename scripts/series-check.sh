#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Check $BUILD/series as a maintainer would receive it: git am on the pristine
# base, checkpatch --strict on each patch, each state builds with our options
# as far as they exist, the result is what is tested, and get_maintainer.pl
# finds the maintainers of the new files.

. "$(dirname "$0")/lib.sh"

tree=$BUILD/tree check=$BUILD/am rc=0
g() { git -C "$check" "$@"; }

fresh()
{
	git -C "$tree" worktree remove --force "$check" 2>/dev/null || true
	git -C "$tree" worktree prune
	git -C "$tree" worktree add -q --detach "$check" base
}

am() { g am --quiet "$1"; }

checkpatch()
{
	cd "$check" && scripts/checkpatch.pl "${CHECKPATCH[@]}" "$1"
}

build()
{
	kmake "$check" out -s tinyconfig &&
	cd "$check/out" &&
	../scripts/kconfig/merge_config.sh -m .config \
		"$TOP"/configs/{base,peios}.config &&
	kmake "$check" out -s olddefconfig &&
	kmake "$check" out vmlinux
}

same()
{
	git -C "$tree" diff --exit-code --stat "$(g rev-parse HEAD)" peios
}

maintainers()
{
	local f missing=0

	cd "$check" || return
	for f in $(g diff --name-only --diff-filter=A base HEAD); do
		case $f in
		*/Peios.rst|*/oom.rst|security/*|mm/*|include/*|tools/*) ;;
		*) continue ;;
		esac
		scripts/get_maintainer.pl --no-git --no-git-fallback --no-l \
			--nogit-blame -f "$f" | grep -q maintainers@ ||
			{ echo "no maintainer of ours for $f"; missing=1; }
	done
	return "$missing"
}

step 'A pristine base' am-base fresh
for patch in "$BUILD"/series/0*.patch; do
	name=$(basename "$patch" .patch)
	case $name in 0000-*) continue ;; esac
	step "git am ${name:0:30}" "am-$name" am "$patch"
	step '  checkpatch --strict' "am-checkpatch-$name" checkpatch "$patch" || rc=1
	step '  builds' "am-build-$name" build || rc=1
done
step 'The result is the tested tree' am-same same || rc=1
step 'get_maintainer.pl finds us' am-maintainers maintainers || rc=1
git -C "$tree" worktree remove --force "$check"
exit $rc
