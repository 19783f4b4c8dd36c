#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# warning.sh [LOAD[:PLACE]...]: boot the release kernel, run loads that end in an
# OOM kill and loads that do not, in cgroups that have the limit (own), whose parent
# has it (parent), and that have none (machine), and print a table of how long before
# the kill each warning came, and how often one came where there was no kill; then
# whether that is what it is to be. All loads of tools/testing/selftests/oom/warning.c,
# or the named ones; behind a first word "trace", their traces are in the report, too.

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
echo 'Seconds to the first OOM kill, from when half of the limit was used to it, and from'
echo 'the first event of each warning to it; in brackets, where there was no kill, the'
echo 'number of events: false alarms.  "-": never.'
echo
# A load leaves time for a warning if it takes as long for the second half of its limit.
tr -d '\r' < "$LOGS/warning-report.log" | awk -v goal=4 '
	$1 == "load" { header = 1 }
	!header || /^guest:/ || /^#/ { next }
	{
		printf "%-20s %-8s %6s %6s", $1, $2, $3, $4
		for (i = 5; i <= NF; i++)
			printf " %13s", ($1 != "load" && $3 == "none" && $i != "-" ? "(" $i ")" : $i)
		printf "\n"
	}
	$1 == "load" {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}
	{
		exhaustion = $column["exhaustion-5"]
		trend = $column["trend-5"]
	}
	$3 == "none" {
		calm++
		exhaustions += exhaustion
		trends += trend
		if (exhaustion + trend > 0)
			alarmed = alarmed " " $1 ":" $2
		next
	}
	$4 + 0 < goal { short = short " " $1 ":" $2; next }
	{
		left++
		if (exhaustion + 0 >= goal || trend + 0 >= goal)
			told++
		else
			missed = missed " " $1 ":" $2
	}
	function verdict(met) { return met ? "met" : "MISSED" }
	END {
		print ""
		if (left)
			printf "Goal %s: %d of %d loads that leave %d s for it were told of" \
				" %d s before, by exhaustion 5 or trend 5%s.\n",
				verdict(told == left), told, left, goal, goal,
				(missed ? "; not:" missed : "")
		if (short)
			printf "Less time than that leave:%s.\n", short
		if (calm)
			printf "Goal %s: in %d loads without a kill %d false alarms of" \
				" exhaustion (0), %d of trend (one in ten loads)%s.\n",
				verdict(!exhaustions && trends * 10 <= calm), calm,
				exhaustions, trends, (alarmed ? ":" alarmed : "")
	}'
