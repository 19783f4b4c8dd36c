#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deb.sh: make installable Debian packages of the kernel with the series.
#
# CONFIG	what to configure it from: "debian", the configuration of Debian's
#		own kernel (default; some hours on two cores), "small", that of
#		`make run`, or a file, as /boot/config-$(uname -r)

. "$(dirname "$0")/lib.sh"

out=deb config=$LINUX/deb/.config
case ${CONFIG:-debian} in
debian) from=/usr/src/linux-config-$WANT/config.amd64_none_amd64.xz ;;
small) from=small ;;
*) from=$CONFIG ;;
esac
[ "$from" = small ] || [ -r "$from" ] || die "CONFIG=$from can't be read"

configure()
{
	local lsm

	mkdir -p "$LINUX/$out" &&
	case $from in
	small)
		kmake "$LINUX" $out -s tinyconfig &&
		cat "$TOP/configs/base.config" >> "$config" ;;
	*.xz) xz -dc "$from" > "$config" ;;
	*) cp "$from" "$config" ;;
	esac || return
	lsm=$(sed -n 's/^CONFIG_LSM="\(.*\)"$/\1/p' "$config" | tail -n 1)
	case ,$lsm, in
	*,peios,*) ;;
	*) echo "CONFIG_LSM=\"${lsm:+$lsm,}peios\"" >> "$config" ;;
	esac
	{
		grep -v KUNIT "$TOP/configs/peios.config"
		# Keys that only Debian has, and what needs another gigabyte.
		echo 'CONFIG_SYSTEM_TRUSTED_KEYS=""'
		echo 'CONFIG_DEBUG_INFO_NONE=y'
		echo '# CONFIG_DEBUG_INFO_BTF is not set'
		echo 'CONFIG_LOCALVERSION="-peios"'
	} >> "$config"
	kmake "$LINUX" $out -s olddefconfig || return
	refused=$(grep '=y$' "$TOP/configs/peios.config" | grep -v KUNIT |
		grep -vxFf "$config" || true)
	[ -z "$refused" ] || die "the kernel's Kconfig does not take: $refused"
}

package()
{
	rm -f "$LINUX"/*.deb "$LINUX"/*.buildinfo "$LINUX"/*.changes &&
	KDEB_PKGVERSION=$(version_of "$LINUX")-1 \
		kmake "$LINUX" $out DPKG_FLAGS=-d bindeb-pkg &&
	mkdir -p "$BUILD/deb" &&
	rm -f "$BUILD"/deb/*.deb &&
	mv "$LINUX"/*.deb "$BUILD/deb/"
}

step 'Configuring the packaged kernel' deb-config configure
step 'Building the packages' deb package
echo 'Install and boot it:'
for f in "$BUILD"/deb/linux-image-*.deb; do
	echo "    sudo apt-get install ${f#"$PWD"/}"
done
echo 'All packages:'
ls -sh "$BUILD"/deb
