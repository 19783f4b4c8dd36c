#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Check $BUILD/series as a maintainer would receive it: git am on the pristine
# base, checkpatch --strict on each patch, each state builds with our options
# as far as they exist, the result is what is tested, and get_maintainer.pl
# finds the maintainers of the new files.
#
# "Builds" means that at each state every file that any patch of the series adds
# or changes compiles, as does a sample of who includes the headers, and that no
# such object uses a symbol of ours which no object of that state defines. FULL=1
# builds and links the whole kernel at each state instead, which takes hours.

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

# What the series touches in the end, as far as this state has it; what only the
# series adds and is not named in a Makefile yet is none of this state's.
state_objects()
{
	local f o

	git -C "$tree" diff --name-only base peios | kernel_code |
	while read -r f; do
		o=$(basename "${f%.c}").o
		[ -e "$check/$f" ] || continue
		git -C "$tree" cat-file -e "base:$f" 2>/dev/null ||
			grep -q "\b$o" "$check/$(dirname "$f")/Makefile" || continue
		echo "${f%.c}.o"
	done
	echo kernel/signal.o kernel/exit.o mm/memcontrol.o mm/page_alloc.o
}

# Symbols of the final kernel that objects of ours define.
our_symbols()
{
	local f

	git -C "$tree" diff --name-only --diff-filter=A base peios | kernel_code |
	while read -r f; do
		f=$LINUX/release/${f%.c}.o
		[ ! -e "$f" ] || nm --defined-only -g "$f" | awk '{ print $3 }'
	done | sort -u
}

linked()
{
	local lost

	cd "$check/out" || return
	lost=$(comm -23 \
		<(nm -u "$@" | awk '$1 == "U" { print $2 }' | sort -u |
			comm -12 - <(our_symbols)) \
		<(nm --defined-only -g "$@" | awk 'NF == 3 { print $3 }' | sort -u))
	[ -z "$lost" ] || { echo "nobody defines:" "$lost"; return 1; }
}

build()
{
	local objects

	kmake "$check" out -s tinyconfig &&
	(cd "$check/out" && ../scripts/kconfig/merge_config.sh -m .config \
		"$TOP"/configs/{base,peios}.config) &&
	kmake "$check" out -s olddefconfig || return
	if [ -n "${FULL:-}" ]; then
		kmake "$check" out vmlinux
		return
	fi
	mapfile -t objects < <(state_objects | tr ' ' '\n' | sort -u)
	kmake "$check" out "${objects[@]}" && linked "${objects[@]}"
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
