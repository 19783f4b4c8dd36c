#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# warning.sh [LOAD...]: boot the release kernel, run loads that end in an OOM kill
# and loads that do not, and print a table of how long before the kill each
# warning came, and how often one came where there was no kill. All loads of
# tools/testing/selftests/oom/warning.c, or the named ones.

. "$(dirname "$0")/lib.sh"

disk=$BUILD/warning.disk
truncate -s 1G "$disk"
trap 'rm -f "$disk"' EXIT

loads=$(IFS=,; echo "$*")
step 'Running the loads' warning "$TOP/scripts/qemu.sh" -n warning -m 512 -t 1500 \
	-x "-drive file=$disk,format=raw,if=virtio" \
	"$LINUX/release/arch/x86/boot/bzImage" \
	job=exec "exec=/selftests/oom/warning${loads:+,$loads}"

echo
echo 'Seconds from the first event to the first OOM kill; in brackets, where there'
echo 'was no kill, the number of events: false alarms.  "-": never.'
echo
tr -d '\r' < "$LOGS/warning-report.log" | awk '
	$1 == "load" { header = 1 }
	!header || /^guest:/ { next }
	{
		printf "%-20s %6s", $1, $2
		for (i = 3; i <= NF; i++)
			printf " %13s", (NR > 1 && $2 == "none" && $i != "-" ? "(" $i ")" : $i)
		printf "\n"
	}'
