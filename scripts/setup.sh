#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Install the Debian packages that a target needs: setup.sh USE...
# As root they are installed; otherwise the one command to run is printed.

. "$(dirname "$0")/lib.sh"

promtool=
packages='gcc make bc bison flex libc6-dev libelf-dev libssl-dev patch rsync xz-utils
	qemu-system-x86 busybox-static ccache git ca-certificates
	libjson-c-dev libncurses-dev libpam0g-dev libaudit-dev'
[ -n "${KSRC:-}" ] || packages+=' linux-source-6.12'

for use in "$@"; do
	case $use in
	run) ;;
	check)
		# What check.d/userland and check.d/metrics need as well
		packages+=' python3 python3-yaml clang libclang-rt-14-dev dpkg-dev debhelper fakeroot
			kmod cpio mmdebstrap e2fsprogs'
		promtool=1 ;;
	deb)
		packages+=' dpkg-dev debhelper fakeroot kmod cpio rsync lintian'
		case ${CONFIG:-cloud} in
		cloud|debian) packages+=' linux-config-6.12' ;;
		esac ;;
	vm) packages+=' dpkg-dev debhelper fakeroot kmod cpio mmdebstrap e2fsprogs' ;;
	kselftest) packages+=' e2fsprogs libcap-dev libnuma-dev' ;;
	soak) packages+=' stress-ng' ;;
	configs) packages+=' clang lld llvm gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu' ;;
	analyze) packages+=' coccinelle' ;;
	i386) packages+=" gcc-$(gcc -dumpversion)-multilib" ;;
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

# Of Debian's prometheus only promtool is wanted, and no server that is started.
promtool()
{
	mkdir -p "$BUILD/promtool" && cd "$BUILD/promtool" &&
	fetch_deb prometheus &&
	dpkg-deb -x prometheus_*.deb . &&
	usr/bin/promtool --version && rm -f prometheus_*.deb
}

finish()
{
	[ -z "$promtool" ] || [ -x "$BUILD/promtool/usr/bin/promtool" ] ||
		step 'Fetching promtool' promtool promtool
	exit
}

[ ${#missing[@]} -gt 0 ] || finish

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
finish
