#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Take the commits of $BUILD/tree back into this repository, as patches/ and the
# files that they add. A commit is known by its subject; amend the series' commits
# (git commit --fixup, git rebase --autosquash base).

. "$(dirname "$0")/lib.sh"

tree=$BUILD/tree
g() { git -C "$tree" "$@"; }

[ -d "$tree/.git" ] || die "there is no $tree; make tree first"
[ -z "$(g status --porcelain)" ] || die "$tree has uncommitted changes"

# There is one commit a patch, in the order of their names.
mapfile -t names < <(patches)
mapfile -t commits < <(g rev-list --reverse base..peios)
wrong=$(diff <(for name in "${names[@]}"; do
		git mailinfo /dev/null /dev/null < "$TOP/patches/$name.patch" |
			sed -n 's/^Subject: //p'
	done) <(g log --reverse --format=%s base..peios) | sed -n '/^[<>]/p') || true
[ -z "$wrong" ] || die "patches (<) and commits (>) differ in subject or order:" \
	$'\n'"$wrong"$'\n'"fold such a commit into one of the series, or first add a" \
	"file with its From: and Subject: to patches/"

# files FILTER COMMIT: what it adds (A), changes (M) or does otherwise (am)
files()
{
	g diff-tree -r --no-commit-id --no-renames --name-only --diff-filter="$1" "$2"
}

# format COMMIT: the patch without its date, blobs, and the files that it adds
format()
{
	g log -1 --format='From: %an <%ae>%nSubject: [PATCH] %s%n%n%b---' "$1"
	{ files A "$1"; files M "$1" | grep -x MAINTAINERS || true; } |
		LC_ALL=C sort | sed 's/^/New: /'
	g diff-tree -p --no-commit-id "$1" -- mm/Kconfig.peios |
		sed -n 's/^+config //p' | paste -s -d ' ' | sed -n 's/^./Config: &/p'
	g diff-tree -p --no-commit-id --no-renames --diff-filter=M "$1" -- \
		. ':!MAINTAINERS' ':!mm/Kconfig.peios' |
		sed '/^diff --git /,/^@@/{/^index /d}; 1s/^/\n/'
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
new_files | sort > "$scratch/before"
for i in "${!names[@]}"; do
	commit=${commits[i]}
	odd=$(files am "$commit"
		files M "$commit" | sed /Kconfig.peios/d | while read -r f; do
			g cat-file -e "base:$f" 2>/dev/null || echo "$f"
		done)
	[ -z "$odd" ] || die "${names[i]}: a patch adds files or changes the kernel's," \
		"but this changes what another has added, or removes:" "$odd"
	format "$commit" > "$scratch/new"
	cmp -s "$scratch/new" "$TOP/patches/${names[i]}.patch" ||
		cat "$scratch/new" > "$TOP/patches/${names[i]}.patch"
done

new_files | while read -r f; do
	to=$TOP/$(kept_at "$f")
	if [ "$f" = MAINTAINERS ]; then
		# The entry, without the blank line after it
		g diff -U0 base peios -- "$f" | sed -n '/^+++/d; s/^+//p' |
			sed '${/^$/d}' > "$scratch/new"
	else
		g show "peios:$f" > "$scratch/new"
	fi
	mkdir -p "$(dirname "$to")"
	cmp -s "$scratch/new" "$to" || cat "$scratch/new" > "$to"
	case $(g ls-tree peios "$f") in
	100755*) chmod +x "$to" ;;
	*) chmod -x "$to" ;;
	esac
done
new_files | sort | comm -23 "$scratch/before" - | while read -r f; do
	rm -f "$TOP/$(kept_at "$f")"
done
g rev-parse peios > "$tree/.git/applied"
git -C "$TOP" status --short
