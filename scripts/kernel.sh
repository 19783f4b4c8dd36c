#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel.sh OUT FRAGMENT...: configure and build a kernel in $TREE/OUT (TREE is
# $BUILD/linux unless set) from tinyconfig and the named fragments of configs/.

. "$(dirname "$0")/lib.sh"

out=$1 tree=${TREE:-$LINUX}
shift
fragments=()
for f in "$@"; do
	fragments+=("$TOP/configs/$f.config")
done

configure()
{
	kmake "$tree" "$out" -s tinyconfig &&
	cd "$tree/$out" &&
	../scripts/kconfig/merge_config.sh -m .config "${fragments[@]}" &&
	kmake "$tree" "$out" -s olddefconfig || return
	refused=$(awk '
		/^CONFIG_[A-Z0-9_]+=/ { name = $1; sub(/=.*/, "", name); want[name] = $0 }
		/^# CONFIG_[A-Z0-9_]+ is not set/ { want[$2] = $0 }
		END { for (name in want) print want[name] }
	' "${fragments[@]}" | grep -vxFf .config | grep -v ' is not set$' || true)
	unset_but=$(awk '
		/^CONFIG_[A-Z0-9_]+=/ { name = $1; sub(/=.*/, "", name); delete off[name] }
		/^# CONFIG_[A-Z0-9_]+ is not set/ { off[$2] = 1 }
		END { for (name in off) print name "=" }
	' "${fragments[@]}" | grep -Ff - .config || true)
	[ -z "$refused$unset_but" ] ||
		die "the kernel's Kconfig does not take:" "$refused" "$unset_but"
}

# Configure again when a fragment or a Kconfig file that the series touches has changed.
stamp=$(cd "$LINUX" && { new_files; changed_files; } | grep Kconfig | sort |
	xargs cat "${fragments[@]}" | cksum)
if [ "$(cat "$tree/$out/.fragments" 2>/dev/null)" != "$stamp" ]; then
	mkdir -p "$tree/$out"
	step "Configuring the $out kernel" "config-$out" configure
	echo "$stamp" > "$tree/$out/.fragments"
fi
step "Building the $out kernel" "build-$out" kmake "$tree" "$out" bzImage
