#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# coverage.sh SUITE: in the guest, run the tests, then hand out what gcov counted.

check.sh release "$1"
rc=$?
# The files are made as they are read, so that tar must have them copied.
mkdir /tmp/gcov
cd /sys/kernel/debug/gcov || exit 1
find . -name '*.gcda' | while read -r f; do
	mkdir -p "/tmp/gcov/$(dirname "$f")"
	cat "$f" > "/tmp/gcov/$f"
done
echo '-- coverage'
tar -C /tmp/gcov -cz . | base64
echo '-- end'
exit $rc
