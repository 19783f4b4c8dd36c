#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check.sh KERNEL [SUITE]: in the guest, report what KUnit found at boot and run
# the self-tests, in TAP. KERNEL says which kernel this should be, release or
# debug. SUITE is kunit, selftests, config, or one self-test.

. tap.sh

kernel=$1 suite=${2:-all} tap=config

config_is()
{
	zcat /proc/config.gz | grep -qx "$1"
}

# A kernel that only pretends to look for bugs finds none: read back from it
# that it is the one that was asked for.
check_config()
{
	debug=0
	[ "$kernel" != debug ] || debug=1

	echo "TAP version 13"
	echo "1..$((3 + debug * 8))"
	# Without these the self-tests would skip what they are there for.
	holds "Peios enforcing" grep -qx 'mode enforcing' \
		/sys/kernel/security/peios/status
	holds "oom_score_detail there" test -r /proc/self/oom_score_detail
	holds "full slab allocator" config_is '# CONFIG_SLUB_TINY is not set'
	[ $debug -eq 1 ] || return

	holds "KASAN on" dmesg_has 'KernelAddressSanitizer initialized'
	holds "lockdep on" grep -q '^ *debug_locks: *1' /proc/lockdep_stats
	holds "PROVE_LOCKING on" config_is CONFIG_PROVE_LOCKING=y
	holds "PROVE_RCU on" dmesg_has 'RCU lockdep checking is enabled'
	holds "DEBUG_ATOMIC_SLEEP on" config_is CONFIG_DEBUG_ATOMIC_SLEEP=y
	holds "DEBUG_LIST on" config_is CONFIG_DEBUG_LIST=y
	# Said only when poisoning is on and init_on_free, given at boot, yields.
	holds "page poisoning on" dmesg_has 'CONFIG_PAGE_POISONING is on'
	holds "promises can be made to fail" grep -q '^commit_promise' \
		/sys/kernel/debug/error_injection/list
}

dmesg_has()
{
	dmesg | grep -q "$1"
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
