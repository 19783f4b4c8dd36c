#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# base-kernel.sh: print the path of a base kernel for a test to compare with: that of
# `make vanilla` where it is built; otherwise Debian's own, made from the same source,
# which costs a download and no build. Where KSRC names another source, it is built.

. "$(dirname "$0")/lib.sh"

vanilla=$BASE/vanilla/arch/x86/boot/bzImage
version=$(dpkg-query -W -f '${Version}' "linux-source-$WANT" 2>/dev/null || true)
dir=$BUILD/debian-kernel/$version

# The package of Debian's kernel for virtual machines of the installed source's version
package()
{
	apt-cache search --names-only "^linux-image-$WANT.*-cloud-amd64-unsigned\$" |
	cut -d ' ' -f 1 | while read -r name; do
		apt-cache show "$name" | grep -qxF "Version: $version" || continue
		echo "$name=$version"
		break
	done
}

download()
{
	local name

	rm -rf "$dir" && mkdir -p "$dir" && cd "$dir" || return
	name=$(package) || return
	[ -n "$name" ] || { apt-get update && name=$(package); } || return
	fetch_deb "$name" || return
	dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards './boot/vmlinuz-*' || return
	rm -f ./*.deb
	mv boot/vmlinuz-* bzImage
}

if [ -e "$vanilla" ]; then
	echo "$vanilla"
	exit
fi
if [ -n "${KSRC:-}" ]; then
	"${MAKE:-make}" -s -C "$TOP" vanilla >&2
	echo "$vanilla"
	exit
fi
[ -e "$dir/bzImage" ] ||
	step "Fetching Debian's kernel to compare with" debian-kernel download >&2
echo "$dir/bzImage"
