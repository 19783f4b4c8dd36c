#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Show that with our options off the series costs nothing: every object file
# made from an existing source that the series touches has the same sections
# as in the base kernel, apart from line numbers.

. "$(dirname "$0")/lib.sh"

out=off rc=0
objects=$(changed_files | grep '\.c$' | grep -v ^tools/ | sed 's/c$/o/')
# Who includes a header that the series touches: a sample that covers each.
objects+=' kernel/signal.o kernel/exit.o mm/memcontrol.o mm/page_alloc.o'

# shellcheck disable=SC2086 # $objects is a list
build()
{
	kmake "$1" "$out" -s tinyconfig &&
	(cd "$1/$out" && ../scripts/kconfig/merge_config.sh -m .config \
		"$TOP/configs/base.config") &&
	kmake "$1" "$out" -s olddefconfig &&
	kmake "$1" "$out" $objects
}

# Sections with their relocations; the tables of BUG and WARN hold lines.
contents()
{
	objdump -dr --no-show-raw-insn "$1" | sed 1,3d
	objdump -s "$1" | sed 1,3d | awk '
		/^Contents of section / {
			skip = $4 ~ /bug_table|comment|note|symtab|strtab/
		}
		!skip'
}

step 'Building objects of the base kernel' off-base build "$BASE"
step 'Building them with the series, options off' off-series build "$LINUX"
for o in $objects; do
	if cmp -s <(contents "$BASE/$out/$o") <(contents "$LINUX/$out/$o"); then
		echo "same     $o"
	else
		echo "DIFFERS  $o"
		rc=1
	fi
done
exit $rc
