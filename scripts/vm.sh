#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm.sh: boot a Debian 12 with the packages of make deb, Peios enforcing. On a
# terminal it ends in a login; without one the machine is powered off when it is up.
#
# MEMORY	the machine's, in MB
# APPEND	more for the kernel's command line, such as peios=permissive
#
# What is changed in the machine stays until one of its packages changes.

. "$(dirname "$0")/lib.sh"

vm=$BUILD/vm mb=${MEMORY:-1400}
CONFIG=small "$TOP/scripts/deb.sh" kernel tools
"$TOP/scripts/vm-image.sh" -k
if [ ! -e "$vm/vm.img" ] || ! cmp -s "$vm/.image" "$vm/.vm-image"; then
	cp --sparse=always "$vm/debian.img" "$vm/vm.img"
	cp "$vm/.image" "$vm/.vm-image"
fi
image=$LINUX/release/arch/x86/boot/bzImage
read -r -a append <<< "root=/dev/vda rw kunit.enable=0 lsm=$VM_LSM ${APPEND:-}"
network='-nic user,model=virtio-net-pci'

echo "Booting Debian 12 on Linux $(version_of "$LINUX"): $mb MB, 2 CPUs"
if [ ! -t 0 ] || [ ! -t 1 ]; then
	rc=0
	"$TOP/scripts/qemu.sh" -n vm -m "$mb" -f '' -d "$vm/vm.img" -x "$network" \
		"$image" "${append[@]}" systemd.run=/bin/true \
		systemd.run_success_action=poweroff || rc=$?
	tr -d '\r' < "$LOGS/vm-console.log" | grep -E 'Reached target|peios' | tail -n 10
	exit $rc
fi
echo "Log in as root, or as alice (who may use sudo) or bob; each password is peios."
echo "poweroff ends it."
saved=$(stty -g)
trap 'stty "$saved"' EXIT
stty raw -echo
"$TOP/scripts/qemu.sh" -n vm -m "$mb" -t 86400 -i -f '' -d "$vm/vm.img" -x "$network" \
	"$image" "${append[@]}" console=ttyS1
