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
for name in "${names[@]}"; do
	begun=$SECONDS
	timeout -k 10 "$(sed -n 's/^# Seconds: *//p' "$name" | grep . || echo 600)" \
		"./$name" "$boot" < /dev/null 2>&1
	ended=$?
	case $ended in
	0) ;;
	75) echo "$name" >> "$again" ;;
	*)
		rc=1
		[ $ended -eq 1 ] ||
			echo "not ok 0 $name: ended by itself, not with $ended" ;;
	esac
	echo "# $name: $((SECONDS - begun)) s"
done
[ ! -s "$again" ] || rc=75
echo $rc > /run/userland-rc
