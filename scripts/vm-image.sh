#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm-image.sh [-k] [PACKAGE...]: make $BUILD/vm/debian.img, the root file system of a
# Debian 12 in which the package of the tools of $BUILD/deb is installed and, with -k,
# that of the kernel. It is made in two steps, each of which is left out when nothing
# has changed that goes into it: Debian by mmdebstrap, from the archives that this
# machine's apt uses for it, then ours by apt. As root or as a user, by user
# namespaces.
#
# shellcheck disable=SC2016 # what is in single quotes others expand

. "$(dirname "$0")/lib.sh"

vm=$BUILD/vm suite=bookworm
debs=("$BUILD"/deb/peios-tools_*.deb)
if [ "${1:-}" = -k ]; then
	debs+=("$BUILD"/deb/linux-image-*.deb)
	shift
fi
packages=$({ sed 's/#.*//' "$TOP/scripts/vm.packages"; echo "$*"; } |
	xargs -n 1 | LC_ALL=C sort -u | paste -sd,)
# Times in the file system are at most this: the same input gives the same image.
export SOURCE_DATE_EPOCH=1700000000

# Of several that differ in their packages two are kept: make vm's and the tests'.
sum=$(echo "$packages" | cat - "$0" "$TOP/scripts/guest/debian.sh" | cksum)
base=$vm/base-${sum%% *}.tar
mkdir -p "$vm"

# archives: the lines of sources.list by which this machine's apt gets Debian 12
archives()
{
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' |
		grep -E " $suite(-security|-updates)? main\$" | LC_ALL=C sort -u
}

# A mirror may be in the middle of an update, a network down for a moment: try twice.
debian()
{
	local sources attempt

	sources=$(archives || true)
	if [ -z "$sources" ] && [ "$(id -u)" -eq 0 ]; then
		apt-get -q update
		sources=$(archives || true)
	fi
	[ -n "$sources" ] || die "apt of this machine knows no Debian $suite;" \
		"run 'apt-get update' on a Debian 12"
	find "$vm" -name 'base-*.tar' -printf '%T@ %p\n' | sort -rn | tail -n +2 |
		cut -d ' ' -f 2- | xargs -r rm -f
	for attempt in first second; do
		mmdebstrap --format=tar --variant=minbase --include="$packages" \
			--aptopt='APT::Install-Recommends "false"' \
			--aptopt='Acquire::Retries "3"' \
			--dpkgopt=force-unsafe-io \
			--customize-hook="upload '$TOP/scripts/guest/debian.sh' /tmp/debian.sh" \
			--customize-hook='chroot "$1" sh -e /tmp/debian.sh' \
			"$suite" "$base.new" - <<< "$sources" && break
		echo "The $attempt attempt failed."
		[ $attempt = first ] || die "no Debian could be made. It comes from the" \
			"network, by these lines of this machine's apt:" "$sources"
		sleep "${RETRY_SECONDS:-20}"
	done
	mv "$base.new" "$base"
}

# A file system from a tar file: mke2fs copies a folder, whose owners fakeroot
# keeps in mind for a user.
image()
{
	local as=()

	[ "$(id -u)" -eq 0 ] || as=(fakeroot)
	rm -rf "$vm/tree" "$vm/debian.img" "$vm/all.tar" &&
	mmdebstrap --format=tar --variant=custom --skip=update,setup/mknod \
		--setup-hook="tar-in '$base' /" \
		--setup-hook='mkdir -p "$1/tmp/deb"' \
		--setup-hook="copy-in ${debs[*]} /tmp/deb" \
		--customize-hook='chroot "$1" sh -c "apt-get install -y /tmp/deb/*.deb"' \
		--customize-hook='rm -rf "$1/tmp/deb"' \
		"$suite" "$vm/all.tar" "deb copy:///nowhere $suite main" &&
	mkdir "$vm/tree" || return
	truncate -s 3G "$vm/debian.img.new" &&
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH "${as[@]}" sh -ec '
		tar --numeric-owner --xattrs --xattrs-include="*" -C "$1/tree" -xf "$1/all.tar"
		/sbin/mke2fs -q -t ext4 -L debian -U 6a0d3f3e-0000-4000-8000-000000000018 \
			-E hash_seed=6a0d3f3e-0000-4000-8000-000000000018,root_owner=0:0 \
			-d "$1/tree" "$1/debian.img.new"' sh "$vm" || return
	chmod -R u+w "$vm/tree" && rm -rf "$vm/tree" "$vm/all.tar" &&
	mv "$vm/debian.img.new" "$vm/debian.img"
}

[ -e "$base" ] || step 'Making a Debian 12' vm-debian debian
stamp=$base.$(cat "${debs[@]}" | cksum)
if [ ! -e "$vm/debian.img" ] || [ "$(cat "$vm/.image" 2>/dev/null)" != "$stamp" ]; then
	step 'Installing the packages in it' vm-image image
	echo "$stamp" > "$vm/.image"
fi
touch "$base"
