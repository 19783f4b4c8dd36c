#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Unpack the kernel that the series is based on to $BUILD/base, once, and make
# the tree $BUILD/linux that the series is applied to.

. "$(dirname "$0")/lib.sh"

tarball=/usr/src/linux-source-$WANT.tar.xz

if [ -n "${KSRC:-}" ]; then
	[ -d "$KSRC" ] || die "KSRC=$KSRC is not a directory"
	found=$(version_of "$KSRC")
	from=$(cd "$KSRC" && pwd)
	[ -n "$found" ] || die "KSRC=$KSRC is not a kernel tree: it has no" \
		"Makefile with a VERSION; a tree of Linux $WANT.y is needed"
	[ ! -e "$KSRC/.config" ] || die "KSRC=$KSRC was built in place;" \
		"run 'make mrproper' there, or give a clean tree"
else
	[ -e "$tarball" ] || die "$tarball is missing;" \
		"install Debian's linux-source-$WANT or give KSRC=DIRECTORY"
	found=
	from="$tarball $(stat -c '%s %Y' "$tarball")"
fi
case $found in
''|"$WANT".*) ;;
*) die "KSRC=$KSRC is Linux $found; the series needs Linux $WANT.y" ;;
esac

# A kernel tree that is given may be worked on: compare its version as well.
stamp="$from $found"
[ "$(cat "$BUILD/.base" 2>/dev/null)" != "$stamp" ] || exit 0

unpack()
{
	rm -rf "$BASE" "$LINUX" "$BUILD/.base" "$BUILD/.applied" &&
	mkdir -p "$BASE" || return
	if [ -n "${KSRC:-}" ]; then
		rsync -a --exclude .git "$KSRC/" "$BASE/" || return
	else
		tar -xJf "$tarball" -C "$BASE" --strip-components=1 || return
	fi
	found=$(version_of "$BASE")
	case $found in
	"$WANT".*) ;;
	*) die "$from holds Linux ${found:-of no version};" \
		"the series needs Linux $WANT.y" ;;
	esac
	cp -a "$BASE" "$LINUX"
}
step "Unpacking the base kernel" unpack unpack
echo "$stamp" > "$BUILD/.base"
