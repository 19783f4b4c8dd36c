#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# userland.sh: run the tests of tools/testing/selftests/peios/userland, as root, in
# a Debian that runs on our kernel. Prints their TAP.
#
# TESTS		which tests; all that are not long unless set
# LONG		1: the long ones, too
# KERNEL	vanilla: see what the base kernel does
#
# A test is a program that prints TAP, with these lines at its head:
#   # Packages: NAME...	what it needs of Debian
#   # Long: WHY		if it is not for each run
#   # Memory: MB	what machine it needs
# It runs with the folder of the tests as the current one; tap.sh in it has result()
# and holds(). The number of the boot, 1 at first, is its argument. A test that
# exits with 75 is run again, with the next number, when the machine has been
# started anew.

. "$(dirname "$0")/lib.sh"

source=$TOP/tools/testing/selftests/peios/userland vm=$BUILD/vm
disk=$vm/tests tests=() packages=() mb=1400

head_line()
{
	sed -n "s/^# $2: *//p" "$source/$1"
}

if [ -n "${TESTS:-}" ]; then
	read -r -a tests <<< "$TESTS"
else
	for f in "$source"/*; do
		name=${f##*/}
		if [ ! -f "$f" ] || [ ! -x "$f" ]; then
			continue
		elif [ -n "${LONG:-}" ] || [ -z "$(head_line "$name" Long)" ]; then
			tests+=("$name")
		fi
	done
fi
for name in "${tests[@]}"; do
	[ -x "$source/$name" ] || die "no such test: $name"
	# shellcheck disable=SC2207 # words are meant
	packages+=($(head_line "$name" Packages))
	need=$(head_line "$name" Memory)
	[ "${need:-0}" -le "$mb" ] || mb=$need
done

CONFIG=small "$TOP/scripts/deb.sh" kernel tools >&2
"$TOP/scripts/vm-image.sh" "${packages[@]}" >&2

# The disk with the tests, which says which of them to run.
rm -rf "$disk"
mkdir -p "$disk"
cp -r "$source" "$disk/tests"
cp "$TOP/scripts/guest/tap.sh" "$disk/tests/"
cp "$TOP/scripts/guest/userland.sh" "$disk/run.sh"
cp "$BUILD"/deb/peios-tools_*.deb "$disk/"
printf '%s\n' "${tests[@]}" > "$disk/run"
chmod -R a+rX "$disk"
rm -f "$disk.img"
truncate -s 32M "$disk.img"
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
	"$TOP/scripts/qemu.sh" -n $log -m "$mb" -t "${SECONDS_A_BOOT:-1200}" -f '' \
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
