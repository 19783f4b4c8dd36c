#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deb.sh [PART...]: make installable Debian packages in $BUILD/deb: of the kernel
# with the series (kernel), of the tools (tools), and see that lintian finds no error
# in the latter (lintian); all unless one is named.
#
# CONFIG	what to configure the kernel from: "cloud" (default) or "debian",
#		which are the configurations of Debian's kernels for virtual
#		machines and for all hardware, "small", the kernel of `make vm`,
#		or a file, as /boot/config-$(uname -r)

. "$(dirname "$0")/lib.sh"

out=deb debian=/usr/src/linux-config-$WANT
case ${CONFIG:-cloud} in
cloud) from=$debian/config.amd64_none_cloud-amd64.xz ;;
debian) from=$debian/config.amd64_none_amd64.xz ;;
small) from='' out=release ;;
*) from=$CONFIG ;;
esac
config=$LINUX/$out/.config files=()

# A package of a later commit is a later version.
if commit=$(git -C "$TOP" log -1 --format='%cd' --date=format:%Y%m%d.%H%M 2>/dev/null) &&
   [ -n "$commit" ]; then
	SOURCE_DATE_EPOCH=$(git -C "$TOP" log -1 --format=%ct)
else
	commit=0 SOURCE_DATE_EPOCH=$(stat -c %Y "$TOP/README")
fi
version=$(version_of "$LINUX")+peios$commit
export SOURCE_DATE_EPOCH DEB_BUILD_OPTIONS="parallel=$JOBS nocheck"

configure()
{
	local lsm

	mkdir -p "$LINUX/$out" &&
	case $from in
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

# take PATTERN FILE...: files into $BUILD/deb, in place of those that it has
take()
{
	local pattern=$1

	shift
	mkdir -p "$BUILD/deb" &&
	find "$BUILD/deb" -name "$pattern" -delete &&
	mv "$@" "$BUILD/deb/"
}

# The headers for programs that the kernel's own packaging makes as well are not
# wanted: they would take the place of those that Debian's libc was built with.
kernel_package()
{
	rm -f "$LINUX"/*.deb "$LINUX"/*.buildinfo "$LINUX"/*.changes &&
	KDEB_PKGVERSION=$version-1 KDEB_CHANGELOG_DIST=bookworm \
		kmake "$LINUX" $out DPKG_FLAGS=-d bindeb-pkg &&
	rm -f "$LINUX"/linux-libc-dev_*.deb &&
	take 'linux-*.deb' "$LINUX"/linux-*.deb
}

# A tool is a folder below tools/peios or tools/mm; peiosctl and what is like it
# has code in common with the kernel.
tools_package()
{
	local source=$BUILD/peios-tools

	rm -rf "$source" "$BUILD"/peios-tools_* "$BUILD"/peios-tools-dbgsym_* &&
	mkdir -p "$source" &&
	(cd "$TOP" && git ls-files --cached --others --exclude-standard 2>/dev/null \
		tools/peios tools/mm security/peios || true) |
		while read -r f; do [ ! -e "$TOP/$f" ] || echo "$f"; done |
		rsync -a --files-from=- "$TOP/" "$source/" &&
	cp -r "$TOP/scripts/debian" "$source/debian" &&
	cat > "$source/debian/changelog" <<-END &&
	peios-tools ($version) bookworm; urgency=medium

	  * The state of the repository at this commit.

	 -- $(sed -n 's/^Maintainer: //p' "$TOP/scripts/debian/control")  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
	END
	(cd "$source" && dpkg-buildpackage -us -uc -b) &&
	rm -f "$BUILD"/peios-tools-dbgsym_*.deb "$BUILD"/peios-tools_*.buildinfo &&
	take 'peios-tools_*.deb' "$BUILD"/peios-tools_*.deb
}

# The packages of the kernel are as its own packaging makes them.
lintian_tools()
{
	lintian --fail-on error "$BUILD"/deb/peios-tools_*.deb
}

[ $# -gt 0 ] || set -- kernel tools lintian
for part in "$@"; do
	case $part in
	kernel)
		[ -z "$from" ] || [ -r "$from" ] || die "CONFIG=$from can't be read"
		[ -z "$from" ] ||
			step 'Configuring the packaged kernel' deb-config configure
		step 'Building the kernel packages' deb kernel_package ;;
	tools)
		step 'Building the package of the tools' deb-tools tools_package ;;
	lintian)
		step 'Looking at it by lintian' deb-lintian lintian_tools ;;
	*)
		die "deb.sh: no such part: $part" ;;
	esac
done

# apt takes a name with a slash at its beginning, or after a dot, for a file's.
echo 'Install the kernel and the tools, then boot it:'
for f in "$BUILD"/deb/linux-image-*.deb "$BUILD"/deb/peios-tools_*.deb; do
	case $f in
	"$PWD"/*) f=./${f#"$PWD"/} ;;
	esac
	[ ! -e "$f" ] || files+=("$f")
done
echo "    sudo apt-get install ${files[*]-}"
echo 'All packages:'
ls -sh "$BUILD"/deb
