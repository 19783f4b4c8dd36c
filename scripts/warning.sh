#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# warning.sh [LOAD[:PLACE]...]: boot the release kernel, run loads that end in an
# OOM kill and loads that do not, in cgroups that have the limit (own), whose parent
# has it (parent), and that have none (machine), and print a table of how long before
# the kill each warning came, and how often one came where there was no kill. All
# loads of tools/testing/selftests/oom/warning.c, or the named ones.

. "$(dirname "$0")/lib.sh"

disk=$BUILD/warning.disk swap=$BUILD/warning.swap
truncate -s 1G "$disk"
truncate -s 64M "$swap"
trap 'rm -f "$disk" "$swap"' EXIT
drives="-drive file=$disk,format=raw,if=virtio -drive file=$swap,format=raw,if=virtio"

loads=$(IFS=,; echo "$*")
step 'Running the loads' warning "$TOP/scripts/qemu.sh" -n warning -m 512 -t 3000 \
	-x "$drives" \
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
		printf "%-20s %-8s %6s", $1, $2, $3
		for (i = 4; i <= NF; i++)
			printf " %13s", (NR > 1 && $3 == "none" && $i != "-" ? "(" $i ")" : $i)
		printf "\n"
	}'
