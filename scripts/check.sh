#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh [SUITE]: run the tests on the release and the debug kernel and count.
# SUITE: release or debug (one kernel, all tests), kunit, selftests, config
# (both kernels, a part), or the name of a self-test such as gate_test.

. "$(dirname "$0")/lib.sh"

suite=${1:-all} part=all kernels='release debug'
case $suite in
all) ;;
release|debug) kernels=$suite ;;
*) part=$suite ;;
esac

passed=0 failed=0 skipped=0

# What a healthy kernel never says.
alarms='BUG:|WARNING:|KASAN:|UBSAN:|Oops|general protection fault'
alarms+='|Kernel panic|cut here|possible (recursive|circular|irq)'
alarms+='|inconsistent lock state|suspicious RCU usage|bad unlock balance'
alarms+='|lock held when returning|held lock freed|sleeping function called'
alarms+='|rcu.*(stall|detected)|blocked for more than|soft lockup'
alarms+='|list_(add|del) corruption|pagealloc: |turning off the locking'
alarms+='|non-static key'

fail()
{
	failed=$((failed + 1))
	echo "FAILED  $1"
}

for kernel in $kernels; do
	mb=512 seconds=900 boot=
	[ "$kernel" = release ] ||
		{ mb=1024 seconds=2400 boot='page_poison=1 init_on_free=1'; }
	console=$LOGS/check-$kernel-console.log
	report=$LOGS/check-$kernel-report.log

	rc=0
	step "Testing on the $kernel kernel" "check-$kernel" \
		"$TOP/scripts/qemu.sh" -n "check-$kernel" -m $mb -t $seconds \
		"$LINUX/$kernel/arch/x86/boot/bzImage" \
		job=check "kernel=$kernel" "suite=$part" "$boot" || rc=$?
	read -r -d '' p f s list < <(awk -f "$TOP/scripts/tap-count.awk" "$report") || true
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%s: %d passed, %d failed, %d skipped   report: %s\n' \
		"$kernel" "$p" "$f" "$s" "${report#"$TOP"/}"
	[ -z "$list" ] || printf '    %s\n' "${list//$'\n'/$'\n    '}"

	# A guest that ended badly though no test failed is a failure itself.
	if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then
		fail "$kernel: the guest's job ended with $rc"
	elif [ $((p + f)) -eq 0 ]; then
		fail "$kernel: no test ran"
	fi
	if grep -nE "$alarms" "$console" > "$LOGS/alarms-$kernel"; then
		fail "$kernel: the kernel complained, see ${console#"$TOP"/}:"
		head -n 10 "$LOGS/alarms-$kernel" | tr -d '\r' | sed 's/^/    /'
	else
		passed=$((passed + 1))
	fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
