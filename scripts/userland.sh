#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# userland.sh: run the tests of tools/testing/selftests/peios/userland, as root, in
# a Debian that runs on our kernel. Prints their TAP.
#
# TESTS		which tests. Unless set, those that are part of make check
# ALL		1: those that take some minutes, too
# LONG		1: all of them
# KERNEL	vanilla: see what the base kernel does
#
# A test is a program that prints TAP, with these lines at its head:
#   # Packages: NAME...	what it needs of Debian
#   # Check: yes		if it is part of make check, which has ten minutes for all
#   # Long: WHY		if it is for LONG=1 or by name only
#   # Memory: MB	what machine it needs
#   # Seconds: N	how long it may take, if that is more than 600
#   # Kernel: package	if it needs the package of the kernel, beside the tests
#   # First: WHY		if it is to run before the others
# It runs with the folder of the tests as the current one; tap.sh in it has result()
# and holds(). The number of the boot, 1 at first, is its argument. A test that
# exits with 75 is run again, with the next number, when the machine has been
# started anew. A test that fails is run once more at once, unless RETRY=0; if it
# passes then, a line "# flaky: " tells of it.

. "$(dirname "$0")/lib.sh"

source=$TOP/tools/testing/selftests/peios/userland vm=$BUILD/vm
disk=$vm/tests tests=() first=() packages=() mb=1400 long=1200 kernel=

head_line()
{
	sed -n "s/^# $2: *//p" "$source/$1"
}

# chosen NAME: it is one of those that are run if none is named
chosen()
{
	[ -z "${LONG:-}" ] || return 0
	[ -z "$(head_line "$1" Long)" ] || return 1
	[ -n "${ALL:-}" ] || [ -n "$(head_line "$1" Check)" ]
}

# What these need is always installed, so that the machine is made once.
for f in "$source"/*; do
	name=${f##*/}
	if [ -f "$f" ] && [ -x "$f" ] && chosen "$name"; then
		tests+=("$name")
		packages+=("$(head_line "$name" Packages)")
	fi
done
[ -z "${TESTS:-}" ] || read -r -a tests <<< "$TESTS"
for name in "${tests[@]}"; do
	[ -x "$source/$name" ] || die "no such test: $name"
	packages+=("$(head_line "$name" Packages)")
	need=$(head_line "$name" Memory)
	[ "${need:-0}" -le "$mb" ] || mb=$need
	long=$((long + $(head_line "$name" Seconds | grep . || echo 0)))
	[ -z "$(head_line "$name" Kernel)" ] || kernel=1
	[ -z "$(head_line "$name" First)" ] || first+=("$name")
done

# A boot has more time than the tests that need much of it.
[ "$long" -ge 2400 ] || long=2400

# The kernel is booted from where it was built; a test of its package installs that.
CONFIG=small "$TOP/scripts/deb.sh" ${kernel:+kernel} tools >&2
"$TOP/scripts/vm-image.sh" "${packages[@]}" >&2

# The disk with the tests, which says which of them to run.
rm -rf "$disk"
mkdir -p "$disk"
cp -r "$source" "$disk/tests"
cp "$TOP/scripts/guest/tap.sh" "$TOP/Documentation/admin-guide/LSM/Peios.rst" "$disk/tests/"
cp "$TOP/scripts/guest/userland.sh" "$disk/run.sh"
cp "$BUILD"/deb/peios-tools_*.deb "$disk/"
[ -z "$kernel" ] || cp "$BUILD"/deb/linux-image-*.deb "$disk/"
printf '%s\n' "${first[@]}" "${tests[@]}" | awk 'NF && !seen[$0]++' > "$disk/run"
[ "${RETRY:-1}" = 0 ] || touch "$disk/retry"
# The chapter on containers, for the test of its recipes, and the program in it
chapter=$TOP/Documentation/admin-guide/mm/container-memory.rst
cp "$chapter" "$disk/tests/"
awk '$1 == ".." { on = $2 == "program" || on && $2 ~ /^code-block/ }
	on && /^\t/ { print substr($0, 2) }
	on && NF && /^[^\t.]/ { on = 0 }' "$chapter" |
	gcc -O2 -static -x c -o "$disk/tests/forecastwait" -
chmod -R a+rX "$disk"
rm -f "$disk.img"
truncate -s "$(($(du -sm "$disk" | cut -f 1) + 32))M" "$disk.img"
/sbin/mke2fs -q -t ext4 -E root_owner=0:0 -d "$disk" "$disk.img"
# A copy, so that each run begins with the same machine.
cp --sparse=always "$vm/debian.img" "$vm/userland.img"

APPEND=(root=/dev/vda rw kunit.enable=0 "lsm=$VM_LSM")
image=$LINUX/release/arch/x86/boot/bzImage
[ "${KERNEL:-}" != vanilla ] || image=$BASE/vanilla/arch/x86/boot/bzImage
boot=1 rc=75
while [ $rc -eq 75 ] && [ $boot -le 5 ]; do
	rc=0
	log=userland-$boot
	"$TOP/scripts/qemu.sh" -n $log -m "$mb" -t "$long" -f '' \
		-d "$vm/userland.img" -d "$disk.img" \
		"$image" "${APPEND[@]}" \
		userland="$boot" >&2 || rc=$?
	tr -d '\r' < "$LOGS/$log-report.log" | grep -v '^guest: job ended with 75$' || true
	if grep -nE "$ALARMS" "$LOGS/$log-console.log" > "$LOGS/alarms-$log"; then
		tr -d '\r' < "$LOGS/alarms-$log" | sed 's/^/# /'
		echo "not ok $boot userland: the kernel did not complain in boot $boot"
		rc=1
	else
		echo "ok $boot userland: the kernel did not complain in boot $boot"
	fi
	boot=$((boot + 1))
done
exit $rc
