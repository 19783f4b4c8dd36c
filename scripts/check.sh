#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh [SUITE]: run the tests on the release and the debug kernel and count,
# then the tests of check.d, which need guests of their own or none.
# SUITE: release or debug (one kernel, all its tests), kunit, selftests, config
# (both kernels, a part), the name of a self-test such as gate_test, or that of
# a file in check.d. KERNELS: the kernels to test, "release debug" by default.
#
# A file in check.d is a script that prints TAP; its line that begins with
# "# Test:" says what it tests. One with a line "# Asked for by name only." is not
# part of all tests.
#
# A file of self-tests that fails is run once more, in a fresh guest, and so is a file
# in check.d. If it passes then, it counts as passed, is told as flaky in a line of its
# own, with the log of the run that failed, and the number of such files is told at the
# end; RETRY=0 spares that. Where the kernel complained nothing is tried again. A file
# in check.d that tries again itself tells what was flaky by lines "# flaky: ".

. "$(dirname "$0")/lib.sh"

suite=${1:-all} part=all kernels=${KERNELS:-release debug} extras=()
case $suite in
all) mapfile -t extras < <(grep -L '^# Asked for by name only' "$TOP"/scripts/check.d/*) ;;
release|debug) kernels=$suite ;;
kunit|selftests|config) part=$suite ;;
*)
	if [ -x "$TOP/scripts/check.d/$suite" ]; then
		kernels='' extras=("$TOP/scripts/check.d/$suite")
	elif [ ! -e "$TOP/tools/testing/selftests/oom/${suite%.sh}.c" ] &&
	     [ ! -e "$TOP/tools/testing/selftests/oom/$suite" ]; then
		die "there is no suite $suite; HACKING says which there are"
	fi
	part=$suite ;;
esac

passed=0 failed=0 skipped=0 flaky=0

fail()
{
	failed=$((failed + 1))
	echo "FAILED  $1"
}

# count NAME REPORT RC: add what a report says; a job that ended badly though no
# test of it failed is a failure itself.
count()
{
	local p f s list

	read -r -d '' p f s list < <(awk -f "$TOP/scripts/tap-count.awk" "$2") || true
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if grep '^# flaky: ' "$2" > "$LOGS/flaky"; then
		sed 's/^# flaky: /FLAKY   /' "$LOGS/flaky"
		flaky=$((flaky + $(wc -l < "$LOGS/flaky")))
	fi
	printf '%s: %d passed, %d failed, %d skipped   report: %s\n' \
		"$1" "$p" "$f" "$s" "${2#"$TOP"/}"
	[ -z "$list" ] || printf '    %s\n' "${list//$'\n'/$'\n    '}"
	if [ "$3" -ne 0 ] && [ "$f" -eq 0 ]; then
		fail "$1: the job ended with $3"
	elif [ $((p + f)) -eq 0 ]; then
		fail "$1: no test ran"
	fi
}

# file_part REPORT NAME: what a report says of one file of self-tests
file_part()
{
	tr -d '\r' < "$1" | awk -v name="selftests: oom: $2" '
		$0 == "# " name { on = 1 }
		on
		/^(not )?ok / && index($0, name) { on = 0 }
	'
}

# again KERNEL: each file that failed by the kernel's report once more. What passes
# then is taken from the failures. The job's exit status does not tell whether a file
# failed: run_kselftest.sh returns that of the last one.
again()
{
	local kernel=$1 name names p f s list P F S

	mapfile -t names < <(tr -d '\r' < "$report" |
		sed -n 's/^not ok [0-9]* selftests: oom: \([a-z_.]*\)\( .*\)\?$/\1/p')
	# Where more than a few fail it is not chance, nor where the guest died.
	if [ ${#names[@]} -eq 0 ] || [ ${#names[@]} -gt 3 ] ||
	   ! grep -q '^guest: job ended' "$report"; then
		return
	fi
	cp "$report" "$LOGS/flaky-$kernel-report.log"
	cp "$console" "$LOGS/flaky-$kernel-console.log"
	for name in "${names[@]}"; do
		read -r -d '' p f s list < <(file_part "$report" "$name" |
			awk -f "$TOP/scripts/tap-count.awk") || true
		step "Once more: $name on the $kernel kernel" "check-$kernel-$name" \
			"$TOP/scripts/qemu.sh" -n "check-$kernel-$name" -m $mb -t $seconds \
			"$LINUX/$kernel/arch/x86/boot/bzImage" \
			job=check "kernel=$kernel" "suite=$name" "$boot" || continue
		! grep -qE "$ALARMS" "$LOGS/check-$kernel-$name-console.log" || continue
		read -r -d '' P F S list < <(awk -f "$TOP/scripts/tap-count.awk" \
			"$LOGS/check-$kernel-$name-report.log") || true
		if [ "$F" -gt 0 ] || [ "$P" -eq 0 ]; then
			continue
		fi
		flaky=$((flaky + 1))
		passed=$((passed + P - p)) failed=$((failed - f)) skipped=$((skipped + S - s))
		echo "FLAKY   $kernel: $name, passed when run again; the log of the failure:" \
			"${LOGS#"$TOP"/}/flaky-$kernel-report.log"
	done
}

for kernel in $kernels; do
	mb=512 seconds=1800 boot=
	[ "$kernel" = release ] ||
		{ mb=1024 seconds=2400 boot='page_poison=1 init_on_free=1'; }
	# What the kernel does not know, the guest has in its environment.
	if [ -n "${COMMIT_SECONDS:-}" ]; then
		boot+=" COMMIT_SECONDS=$COMMIT_SECONDS COMMIT_SEED=${COMMIT_SEED:-1}"
		seconds=$((seconds + 5 * COMMIT_SECONDS))
	fi
	console=$LOGS/check-$kernel-console.log
	report=$LOGS/check-$kernel-report.log

	rc=0
	step "Testing on the $kernel kernel" "check-$kernel" \
		"$TOP/scripts/qemu.sh" -n "check-$kernel" -m $mb -t $seconds \
		"$LINUX/$kernel/arch/x86/boot/bzImage" \
		job=check "kernel=$kernel" "suite=$part" "$boot" || rc=$?
	count "$kernel" "$report" $rc
	[ "${RETRY:-1}" = 0 ] || again "$kernel"
	if grep -nE "$ALARMS" "$console" > "$LOGS/alarms-$kernel"; then
		fail "$kernel: the kernel complained, see ${console#"$TOP"/}:"
		head -n 10 "$LOGS/alarms-$kernel" | tr -d '\r' | sed 's/^/    /'
	else
		passed=$((passed + 1))
	fi
done

# run_extra WHAT: a file of check.d; what it prints counts beside its status
run_extra()
{
	rc=0
	step "$1" "check-$name" "$extra" || rc=$?
	! grep -q '^not ok ' "$log" || rc=1
}

for extra in "${extras[@]}"; do
	[ -x "$extra" ] || continue
	name=$(basename "$extra") log=$LOGS/check-$name.log
	run_extra "$(sed -n 's/^# Test: //p' "$extra")"
	if [ $rc -ne 0 ] && [ "${RETRY:-1}" != 0 ] && ! grep -qE "$ALARMS" "$log"; then
		cp "$log" "$LOGS/flaky-$name.log"
		run_extra "Once more: $name"
		[ $rc -ne 0 ] || {
			flaky=$((flaky + 1))
			echo "FLAKY   $name, passed when run again; the log of the failure:" \
				"${LOGS#"$TOP"/}/flaky-$name.log"
		}
	fi
	count "$name" "$log" $rc
done

[ $flaky -eq 0 ] || echo "$flaky flaky: failed once, and passed when run again"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
