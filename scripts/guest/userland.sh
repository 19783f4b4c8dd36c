#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# userland.sh: in the Debian guest, run the tests that the disk with them names, or
# those that asked for another boot; tell the guest's last word.

boot=$(sed -n 's/.*\buserland=\([0-9]*\).*/\1/p' /proc/cmdline)
again=/var/lib/userland-again rc=0
cd /opt/userland/tests || exit 1
if [ "$boot" -eq 1 ]; then
	cp ../run "$again"
fi
mapfile -t names < "$again"
: > "$again"
# The boot's own jobs are done then, or it takes too long.
systemctl is-system-running --wait > /run/userland-state &
waiting=$!
( sleep 120; kill $waiting ) 2>/dev/null &
wait $waiting
echo "TAP version 13"
echo "# up after $(cut -d ' ' -f 1 /proc/uptime) s: $(cat /run/userland-state)"
# run_test NAME: $ended is what it ended with
run_test()
{
	ended=0
	timeout -k 10 "$(sed -n 's/^# Seconds: *//p' "$1" | grep . || echo 600)" \
		"./$1" "$boot" < /dev/null > /run/userland-out 2>&1 || ended=$?
	case $ended in
	0|1|75) ;;
	*) echo "not ok 0 $1: ended by itself, not with $ended" >> /run/userland-out ;;
	esac
}

for name in "${names[@]}"; do
	begun=$SECONDS
	run_test "$name"
	if [ $ended -ne 0 ] && [ $ended -ne 75 ] && [ -e ../retry ]; then
		mv /run/userland-out /run/userland-first
		run_test "$name"
		# What it said first is told as no result of its own.
		sed 's/^/# first: /' /run/userland-first
		case $ended in
		0|75) echo "# flaky: userland: $name, passed when run again" ;;
		esac
	fi
	cat /run/userland-out
	case $ended in
	0) ;;
	75) echo "$name" >> "$again" ;;
	*) rc=1 ;;
	esac
	echo "# $name: $((SECONDS - begun)) s"
done
[ ! -s "$again" ] || rc=75
echo $rc > /run/userland-rc
