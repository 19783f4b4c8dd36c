#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kselftest.sh: in the guest, run the kernel's own self-tests. They are on the first
# disk, with the list of those to run (SECONDS HUGEPAGES PROGRAM ARGUMENTS) and the
# libraries that they need; the second disk is swap. What one prints is between two lines that begin with
# "==".

tests=/tests

mkdir -p $tests
if ! mkswap /dev/vdb > /dev/null || ! swapon /dev/vdb || ! mount -t ext4 /dev/vda $tests; then
	echo "no disk with the tests, or none to swap to"
	exit 1
fi
mkdir -p /lib/x86_64-linux-gnu /usr/bin
ln -s $tests/lib/x86_64-linux-gnu/* /lib/x86_64-linux-gnu/
ln -s $tests/lib64 /lib64
# As programs and scripts, and not links to busybox, which asks for its own name.
cp $tests/landlock/true /bin/true.new && mv /bin/true.new /bin/true
ln -s /bin/true /usr/bin/true
printf '#!/bin/sh\nexec /bin/sh "$@"\n' > /bin/bash
chmod 755 /bin/bash
echo '::1 localhost' > /etc/hosts
# A test waits until a number comes again.
echo 4096 > /proc/sys/kernel/pid_max
# As on any system with systemd; what is printed is what a program has said.
for file in memory pids cpuset cpu io; do
	echo "+$file" > /sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing
mkdir -p /tmp/huge

while read -r seconds huge program arguments; do
	echo "== $program${arguments:+ $arguments}"
	echo "selftest: $program $arguments" > /dev/kmsg
	if [ "$huge" -gt 0 ]; then
		echo 3 > /proc/sys/vm/drop_caches
		echo 1 > /proc/sys/vm/compact_memory
	fi
	echo "$huge" > /proc/sys/vm/nr_hugepages 2>/dev/null
	before=$(cut -d' ' -f1 /proc/uptime)
	# Not by a pipe: a child that stays behind would hold it.
	# shellcheck disable=SC2086
	(
		cd "$tests/${program%/*}" || exit 127
		exec setsid timeout -s KILL "$seconds" "./${program##*/}" $arguments
	) > /tmp/out 2>&1 < /dev/null
	rc=$?
	after=$(cut -d' ' -f1 /proc/uptime)
	tr -d '\000' < /tmp/out | head -c 200000
	printf '\n== ended with %s after %s to %s\n' "$rc" "$before" "$after"
	echo 0 > /proc/sys/vm/nr_hugepages 2>/dev/null
	# Who was left behind, if anyone: all that is neither ours nor the kernel's.
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		[ "$pid" != 1 ] && [ "$pid" != $$ ] && [ -r "/proc/$pid/exe" ] &&
			readlink "/proc/$pid/exe" | grep -q "^$tests/" &&
			kill -9 "$pid"
	done
	find /sys/fs/cgroup -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
	umount /tmp/huge 2>/dev/null
done < "$tests/list"
echo "== all"
exit 0
