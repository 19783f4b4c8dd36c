#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Take the commits of $BUILD/tree back into this repository: messages, new
# files and patches. A commit is known by its subject; amend the series'
# commits (git commit --fixup, git rebase --autosquash base).

. "$(dirname "$0")/lib.sh"

tree=$BUILD/tree
g() { git -C "$tree" "$@"; }

[ -d "$tree/.git" ] || die "there is no $tree; make tree first"
[ -z "$(g status --porcelain)" ] || die "$tree has uncommitted changes"

# Which commit is which patch; nothing may be left over on either side.
declare -A commit_of
while read -r commit subject; do
	found=
	for name in $(series_patches); do
		[ "$(series_message "$name" | head -n 1)" != "$subject" ] ||
			found=$name
	done
	[ -n "$found" ] || die "commit '$subject' is no patch of series/:" \
		"fold it into one, or add a file for it there first"
	commit_of[$found]=$commit
done < <(g log --format='%H %s' base..peios)
for name in $(series_patches); do
	[ -n "${commit_of[$name]:-}" ] || die "no commit for series/$name"
done

# overlay_path NAME PATH: where the repository keeps the patch's change of PATH
overlay_path()
{
	local f

	while read -r f; do
		if [ "$(patch_target "$f")" = "$2" ]; then
			echo "$f"
			return
		fi
	done < <(series_files "$1")
	if ! g cat-file -e "base:$2" 2>/dev/null; then
		echo "$2"
	elif [ "$(g log --format=%H base..peios -- "$2" | wc -l)" -gt 1 ]; then
		echo "$2.${1#*-}.patch"
	else
		echo "$2.patch"
	fi
}

# as_committed FILE COMMIT PATH: with the patch FILE as it is, PATH becomes what
# the commit makes of it; then FILE stays, whatever git's own diff looks like
as_committed()
{
	[ -e "$1" ] &&
	g show "$2^:$3" > "$scratch" &&
	patch -s --no-backup-if-mismatch -r - "$scratch" < "$1" >/dev/null 2>&1 &&
	g show "$2:$3" | cmp -s - "$scratch"
}

scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
for name in $(series_patches); do
	commit=${commit_of[$name]}
	files=()
	while read -r path; do
		to=$(overlay_path "$name" "$path")
		files+=("$to")
		mkdir -p "$TOP/$(dirname "$to")"
		case $to in
		MAINTAINERS)
			# The entry that the commit adds, without the blank line after.
			g diff -U0 "$commit^" "$commit" -- MAINTAINERS |
				sed -n '/^+++/d; s/^+//p' | sed '${/^$/d}' > "$TOP/$to" ;;
		*.patch)
			as_committed "$TOP/$to" "$commit" "$path" ||
			g diff --no-color "$commit^" "$commit" -- "$path" |
				sed '/^diff /d; /^index /d; /^old mode/d; /^new mode/d' \
				> "$TOP/$to" ;;
		*)
			g show "$commit:$path" > "$TOP/$to"
			[ "$(g ls-tree "$commit" "$path" | cut -c1-6)" != 100755 ] ||
				chmod +x "$TOP/$to" ;;
		esac
	done < <(g diff --name-only --no-renames --diff-filter=AM "$commit^" "$commit")

	# What the commit no longer touches leaves the repository. (No pipe: grep -q
	# ends at the first match, and who still writes to it then fails.)
	kept=$(printf '%s\n' "${files[@]}")
	while read -r f; do
		grep -qxF "$f" <<< "$kept" || rm -f "$TOP/$f"
	done < <(series_files "$name")

	# Folders of which every file is in the patch stay named as folders, and
	# files keep their order; new ones come first.
	listed=$(sed '1,/^---$/d' "$TOP/series/$name")
	folders=$(grep '/$' <<< "$listed" || true)
	named=$(printf '%s\n' "${files[@]}" |
		grep -vE "^(${folders:+$(paste -sd'|' <<< "$folders")|}\$)" || true)
	{
		g log -1 --format=%B "$commit" | sed '/^Signed-off-by: /d' |
			sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
		echo ---
		{
			comm -23 <(sort <<< "$named") <(sort <<< "$listed")
			grep -xFf <(printf '%s\n' "$named" "$folders") <<< "$listed" ||
				true
		} | sed '/^$/d'
	} > "$scratch"
	cat "$scratch" > "$TOP/series/$name"
done
g rev-parse peios > "$tree/.git/applied"
git -C "$TOP" status --short
