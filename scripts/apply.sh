#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bring $BUILD/linux in line with the repository. Only files whose contents
# differ are written, so that make rebuilds no more than it has to.

. "$(dirname "$0")/lib.sh"

stage=$BUILD/stage manifest=$BUILD/.applied

# A file that belongs to no patch, or to two, would get lost in the series.
listed=$(for name in $(series_patches); do series_files "$name"; done | LC_ALL=C sort)
twice=$(uniq -d <<< "$listed")
[ -z "$twice" ] || die "more than one patch in series/ has:" "$twice"
lost=$(comm -13 <(echo "$listed") <(overlay_files))
[ -z "$lost" ] || die "no patch in series/ has:" "$lost"

"$TOP/scripts/stage.sh" "$stage"
(cd "$stage" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) > "$manifest.new"

changed=0
while read -r f; do
	if ! cmp -s "$stage/$f" "$LINUX/$f"; then
		mkdir -p "$LINUX/$(dirname "$f")"
		rm -f "$LINUX/$f"
		cp "$stage/$f" "$LINUX/$f"
		changed=$((changed + 1))
	fi
	# Scripts and test programs keep their mode.
	[ ! -x "$stage/$f" ] || chmod +x "$LINUX/$f"
done < "$manifest.new"

# What an earlier state of the series had and this has not goes back.
if [ -e "$manifest" ]; then
	while read -r f; do
		rm -f "$LINUX/$f"
		[ ! -e "$BASE/$f" ] || cp "$BASE/$f" "$LINUX/$f"
		changed=$((changed + 1))
	done < <(comm -23 "$manifest" "$manifest.new")
fi
mv "$manifest.new" "$manifest"
rm -rf "$stage"
[ $changed -eq 0 ] || echo "Series applied to ${LINUX#"$TOP"/}: $changed files changed"
