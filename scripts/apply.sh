#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bring $BUILD/linux in line with the repository: the files that the series adds,
# and those of the kernel with its hunks. Only files whose contents differ are
# written, so that make rebuilds no more than it has to.

. "$(dirname "$0")/lib.sh"

stage=$BUILD/stage manifest=$BUILD/.applied

# A file that no patch adds, or that two add, would get lost in the series.
added=$(new_files | LC_ALL=C sort)
twice=$(uniq -d <<< "$added")
[ -z "$twice" ] || die "more than one patch in patches/ has New:" "$twice"
lost=$(cd "$TOP" && git ls-files --cached --others --exclude-standard |
	grep -vE '^(\.ci|patches|configs|scripts)/|^[^/]*$' |
	while read -r f; do [ ! -e "$f" ] || echo "$f"; done |
	LC_ALL=C sort | comm -13 <(echo "$added") -)
[ -z "$lost" ] || die "no patch in patches/ has New:" "$lost"

mapfile -t names < <(patches)
lost=$(diff <(options "${names[@]}" | sort) <(sed -n 's/^config //p' "$TOP/Kconfig" | sort)) ||
	die "Kconfig (>) and the lines Config: in patches/ (<) differ:" $'\n'"$lost"

rm -rf "$stage"
mkdir -p "$stage"
changed_files | rsync -a --files-from=- "$BASE/" "$stage/" ||
	die "patches/ changes files that Linux $(version_of "$BASE") does not have"
for name in "${names[@]}"; do
	(cd "$stage" && GIT_CEILING_DIRECTORIES=$BUILD \
		git apply -C1 --whitespace=nowarn --allow-empty \
			"$TOP/patches/$name.patch") ||
		die "patches/$name.patch does not apply to Linux $(version_of "$BASE")"
done
while read -r f; do
	mkdir -p "$stage/$(dirname "$f")"
	case $f in
	MAINTAINERS) merged_maintainers > "$stage/$f" ;;
	*) cp -p "$TOP/$(kept_at "$f")" "$stage/$f" ;;
	esac
done <<< "$added"
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
