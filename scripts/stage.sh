#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# stage.sh DIR [NAME]: put into DIR, in whole, every file of the kernel tree
# that the series adds or changes; with NAME, what that patch of series/ adds to
# DIR, which holds the state before it.

. "$(dirname "$0")/lib.sh"

dir=$1 only=${2:-}

# Our entries go where the alphabet has them.
merge_maintainers()
{
	awk -v ours="$TOP/MAINTAINERS" '
		BEGIN {
			while ((getline line < ours) > 0)
				entry = entry line "\n"
			title = substr(entry, 1, index(entry, "\n") - 1)
		}
		/^3C59X NETWORK DRIVER/ { listing = 1 }
		listing && !done && /^[0-9A-Z]/ && $0 !~ /^[A-Z]:\t/ &&
				previous == "" && $0 > title {
			printf "%s\n", entry
			done = 1
		}
		{ print; previous = $0 }
		END { if (!done) exit 1 }
	' "$BASE/MAINTAINERS" || die "no place found for MAINTAINERS' entries"
}

[ -n "$only" ] || rm -rf "$dir"
mkdir -p "$dir"
for name in ${only:-$(series_patches)}; do
	while read -r f; do
		[ -e "$TOP/$f" ] || die "series/$name names $f, which is missing"
		to=$(patch_target "$f")
		mkdir -p "$dir/$(dirname "$to")"
		case $f in
		MAINTAINERS)
			merge_maintainers > "$dir/$to" ;;
		*.patch)
			[ -e "$dir/$to" ] || cp -p "$BASE/$to" "$dir/$to"
			patch -s -p1 --no-backup-if-mismatch -d "$dir" \
				-r - < "$TOP/$f" ||
				die "$f does not apply to Linux $(version_of "$BASE")" ;;
		*)
			cp -p "$TOP/$f" "$dir/$to" ;;
		esac
	done < <(series_files "$name")
done
