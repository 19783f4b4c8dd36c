#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# load.sh: run the self-tests on the release kernel RUNS times (20), with two loops
# beside them that keep the processors of this machine busy, and tell which failed how
# often. For a machine that does nothing else. A part by SUITE, as for make check.

. "$(dirname "$0")/lib.sh"

runs=${RUNS:-20} suite=${SUITE:-selftests} loops=() bad=0
trap 'kill "${loops[@]}" 2>/dev/null' EXIT
for _ in 1 2; do
	(while :; do :; done) &
	loops+=($!)
done
mkdir -p "$LOGS"
: > "$LOGS/load-failed"
for ((run = 1; run <= runs; run++)); do
	rc=0
	step "Run $run of $runs" "load-$run" \
		env RETRY=0 KERNELS=release "$TOP/scripts/check.sh" "$suite" || rc=$?
	[ $rc -eq 0 ] && continue
	bad=$((bad + 1))
	cp "$LOGS/check-release-report.log" "$LOGS/load-$run-report.log"
	sed -n 's/^ *FAILED *//p' "$LOGS/load-$run.log" >> "$LOGS/load-failed"
done
sort "$LOGS/load-failed" | uniq -c | sort -rn
echo "$((runs - bad)) of $runs runs without a failure"
[ $bad -eq 0 ]
