#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check.sh KERNEL [SUITE]: in the guest, report what KUnit found at boot and run
# the self-tests, in TAP. KERNEL says which kernel this should be, release or
# debug. SUITE is kunit, selftests, config, or one self-test.

kernel=$1 suite=${2:-all}
rc=0

config_is()
{
	zcat /proc/config.gz | grep -qx "$1"
}

# A kernel that only pretends to look for bugs finds none: read back from it
# that it is the one that was asked for.
check_config()
{
	n=0
	debug=0
	[ "$kernel" != debug ] || debug=1

	echo "TAP version 13"
	echo "1..$((3 + debug * 7))"
	# Without these the self-tests would skip what they are there for.
	says "Peios enforcing" grep -qx 'mode enforcing' \
		/sys/kernel/security/peios/status
	says "oom_score_detail there" test -r /proc/self/oom_score_detail
	says "full slab allocator" config_is '# CONFIG_SLUB_TINY is not set'
	[ $debug -eq 1 ] || return

	says "KASAN on" dmesg_has 'KernelAddressSanitizer initialized'
	says "lockdep on" grep -q '^ *debug_locks: *1' /proc/lockdep_stats
	says "PROVE_LOCKING on" config_is CONFIG_PROVE_LOCKING=y
	says "PROVE_RCU on" dmesg_has 'RCU lockdep checking is enabled'
	says "DEBUG_ATOMIC_SLEEP on" config_is CONFIG_DEBUG_ATOMIC_SLEEP=y
	says "DEBUG_LIST on" config_is CONFIG_DEBUG_LIST=y
	# Said only when poisoning is on and init_on_free, given at boot, yields.
	says "page poisoning on" dmesg_has 'CONFIG_PAGE_POISONING is on'
}

dmesg_has()
{
	dmesg | grep -q "$1"
}

says()
{
	n=$((n + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $n config: $what"
	else
		echo "not ok $n config: $what"
		rc=1
	fi
}

kunit_results()
{
	while read -r name; do
		if ! cat /sys/kernel/debug/kunit/"$name"/results; then
			echo "not ok 1 kunit: suite $name ran at boot"
			rc=1
		fi
	done < /etc/kunit-suites
}

selftests()
{
	cd /selftests || exit 1
	# Every test in one run; each program prints TAP of its own.
	if [ -n "$1" ]; then
		./run_kselftest.sh -t "oom:$1" || rc=1
	else
		./run_kselftest.sh -c oom -t lsm:lsm_list_modules_test || rc=1
	fi
}

case $suite in
all)
	check_config
	kunit_results
	selftests "" ;;
config)
	check_config ;;
kunit)
	kunit_results ;;
selftests)
	selftests "" ;;
*)
	selftests "$suite" ;;
esac
exit $rc
