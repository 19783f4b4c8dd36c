#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: boot the release kernel and show the series at work; on a terminal
# the guest ends in a shell.

. "$(dirname "$0")/lib.sh"

kernel=$LINUX/release/arch/x86/boot/bzImage
job=run
if [ -t 0 ] && [ -t 1 ]; then
	job=run-shell
fi
echo "Booting Linux $(version_of "$LINUX") with the series: 512 MB, 2 CPUs"
if [ $job = run ]; then
	# No terminal: nothing reads the guest's port but the log.
	rc=0
	"$TOP/scripts/qemu.sh" -n run "$kernel" job=run || rc=$?
	tr -d '\r' < "$LOGS/run-report.log"
	exit $rc
fi
saved=$(stty -g)
trap 'stty "$saved"' EXIT
stty raw -echo
"$TOP/scripts/qemu.sh" -n run -t 86400 -i "$kernel" job=$job
