#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Make $BUILD/tree, a git work tree of the base with one commit a patch of the
# series on top (branch peios). Its commits are rewritten each time; commits of
# yours that `make refresh` has not taken are not thrown away.

. "$(dirname "$0")/lib.sh"

tree=$BUILD/tree
g() { git -C "$tree" "$@"; }

# The author is the patch's; who has told git no name commits in the author's.
if ! git config user.email >/dev/null; then
	maintainer=$(sed -n 's/^M:[[:space:]]*//p' "$TOP/MAINTAINERS" | head -n 1)
	export GIT_COMMITTER_NAME=${maintainer% <*}
	maintainer=${maintainer#*<}
	export GIT_COMMITTER_EMAIL=${maintainer%>}
fi

import()
{
	rm -rf "$tree" &&
	cp -a "$BASE" "$tree" &&
	rm -rf "$tree/.git" &&
	# Debian's list ignores the whole tree.
	sed -i '/^# Debian packaging/,$d' "$tree/.gitignore" &&
	git -C "$tree" init -q -b vanilla &&
	g add -A -f &&
	g commit -q -m "Linux $(version_of "$BASE")" &&
	g tag base &&
	cp "$BUILD/.base" "$tree/.git/base-stamp"
}
cmp -s "$BUILD/.base" "$tree/.git/base-stamp" ||
	step 'Importing the base into git' tree import

applied=$(cat "$tree/.git/applied" 2>/dev/null || true)
if [ -n "$applied" ]; then
	if [ "$(g rev-parse peios)" != "$applied" ] ||
	   [ -n "$(g status --porcelain)" ]; then
		die "$tree has changes of its own: take them with 'make refresh'," \
			"or drop them with: git -C $tree reset --hard $applied"
	fi
fi

commit_all()
{
	rm -rf "$tree/.git/applied" "$tree/.git/rebase-apply"
	g checkout -q -f -B peios base && g clean -q -fdx || return
	for name in $(patches); do
		whole_patch "$name" | g -c gc.auto=0 am -q -C1 --whitespace=nowarn --keep-cr || return
	done
	g rev-parse peios > "$tree/.git/applied"
}
step 'Committing the series' tree-series commit_all
