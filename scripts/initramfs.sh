#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# initramfs.sh: build the self-tests and tools of the patched tree and pack them
# with busybox into $BUILD/initramfs.cpio.gz. No root needed: device nodes come
# from the kernel's own gen_init_cpio.
#
# A tool is a folder below tools/peios or tools/mm with a Makefile that knows
# "make LDFLAGS=-static DESTDIR=DIR install".

. "$(dirname "$0")/lib.sh"

root=$BUILD/root tests=$BUILD/selftests tools=$BUILD/tools
busybox=$(command -v busybox) || die "busybox is missing"

build_tests()
{
	# The tests' headers come from the patched kernel.
	kmake "$LINUX" release -s headers || return
	rm -rf "$tests"
	make -C "$LINUX/tools/testing/selftests" -j"$JOBS" \
		O="$BUILD/selftests-out" KBUILD_OUTPUT= \
		TARGETS='oom lsm' LDFLAGS=-static \
		KHDR_INCLUDES="-isystem $LINUX/release/usr/include" \
		INSTALL_PATH="$tests" install &&
	[ -x "$tests/run_kselftest.sh" ]
}

build_tools()
{
	local makefile

	rm -rf "$tools"
	mkdir -p "$tools"
	for makefile in "$LINUX"/tools/{peios,mm}/*/Makefile; do
		[ -e "$makefile" ] || continue
		make -C "$(dirname "$makefile")" -j"$JOBS" LDFLAGS=-static \
			DESTDIR="$tools" install || return
	done
	rm -rf "$tools/usr/share/man"
}

# For oomstat --watch, on the consoles that QEMU has
terminals()
{
	local name folder

	for name in linux vt100 vt102 vt220 xterm; do
		for folder in /lib/terminfo /usr/share/terminfo; do
			[ ! -e "$folder/${name:0:1}/$name" ] ||
				install -D -m 644 -t "$root/lib/terminfo/${name:0:1}" \
					"$folder/${name:0:1}/$name" || return
		done
	done
}

pack()
{
	local name

	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,mnt,root,etc}
	cp "$busybox" "$root/bin/busybox" || return
	for name in $("$busybox" --list); do
		[ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
	done
	cp "$TOP/scripts/guest/init" "$root/init" &&
	cp "$TOP"/scripts/guest/*.sh "$root/bin/" &&
	cp "$TOP/scripts/guest/kunit-suites" "$root/etc/" &&
	echo "$ALARMS" > "$root/etc/alarms" &&
	cp -a "$tests" "$root/selftests" &&
	cp "$TOP/README" "$TOP"/tools/{mm/oomstat/oomstat.1,peios/ksyncd/ksyncd.8,peios/peiosctl/peiosctl.1} \
		"$root/selftests/oom/" &&
	terminals &&
	cp -a "$tools/." "$root/" || return
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' \
		> "$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
	chmod 755 "$root/init" "$root"/bin/*.sh
	{
		echo "nod /dev/console 600 0 0 c 5 1"
		cd "$root"
		find . -mindepth 1 -printf '%y %P %m %l\n' | LC_ALL=C sort -k2 |
		while read -r type path mode link; do
			case $type in
			d) echo "dir /$path $mode 0 0" ;;
			l) echo "slink /$path $link 777 0 0" ;;
			f) echo "file /$path $root/$path $mode 0 0" ;;
			esac
		done
	} > "$BUILD/initramfs.list"
	# /dev comes before the node in it.
	sed -i '1{h;d}; /^dir \/dev /{G}' "$BUILD/initramfs.list"
	"$LINUX/release/usr/gen_init_cpio" "$BUILD/initramfs.list" |
		gzip -1n > "$BUILD/initramfs.cpio.gz"
}

step "Building the self-tests" selftests build_tests
step "Building the tools" tools build_tools
step "Packing the guest's file system" initramfs pack
