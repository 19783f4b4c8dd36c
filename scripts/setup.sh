#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Install the Debian packages that a target needs: setup.sh USE...
# As root they are installed; otherwise the one command to run is printed.

. "$(dirname "$0")/lib.sh"

packages='gcc make bc bison flex libc6-dev libelf-dev libssl-dev patch rsync xz-utils
	qemu-system-x86 busybox-static ccache git ca-certificates
	libjson-c-dev libncurses-dev libpam0g-dev libaudit-dev'
[ -n "${KSRC:-}" ] || packages+=' linux-source-6.12'

for use in "$@"; do
	case $use in
	run) ;;
	check) packages+=' python3 clang libclang-rt-14-dev' ;;
	deb)
		packages+=' dpkg-dev debhelper fakeroot kmod cpio rsync dwarves'
		[ "${CONFIG:-debian}" != debian ] || packages+=' linux-config-6.12' ;;
	soak) packages+=' stress-ng' ;;
	configs) packages+=' clang lld llvm gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu' ;;
	analyze) packages+=' coccinelle' ;;
	kunit) packages+=' python3' ;;
	lint) packages+=' perl sparse shellcheck python3-git python3-ply' ;;
	*) die "setup.sh: no such use: $use" ;;
	esac
done

missing=()
for p in $packages; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
		grep -q 'ok installed' || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null ||
	die "not a Debian system; what is missing, by Debian's names: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
	echo "Packages are missing. Run this, then make again:" >&2
	echo "    sudo apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi

install()
{
	export DEBIAN_FRONTEND=noninteractive
	apt-get update &&
	apt-get install -y --no-install-recommends "${missing[@]}"
}
step "Installing ${#missing[@]} Debian packages" setup install
