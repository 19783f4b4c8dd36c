#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# qemu.sh [-m MB] [-c CPUS] [-t SECONDS] [-i] [-I] [-x 'QEMU OPTIONS'] \
#	[-f INITRAMFS] [-d DISK]... -n NAME KERNEL APPEND...
#
# Boot a kernel with the guest's file system, or with that on the first DISK where
# INITRAMFS is ''. Its console goes to the log
# NAME-console, what its job prints on the second serial port to NAME-report
# and, with -i, to the terminal. Exits with what the guest's job exited with;
# a guest that dies or does not end in time is a failure.
#
# -I counts instructions: one CPU whose time stamp counter is the number of
# instructions executed (-icount shift=0). Its clocks follow that counter, and what
# it takes for random numbers follows from SEED (1): the same in each run.

. "$(dirname "$0")/lib.sh"

mb=512 cpus=2 seconds=600 interactive=0 count=0 extra=() name=guest
files=$BUILD/initramfs.cpio.gz
while getopts m:c:t:iIx:f:d:n: opt; do
	case $opt in
	m) mb=$OPTARG ;;
	c) cpus=$OPTARG ;;
	t) seconds=$OPTARG ;;
	i) interactive=1 ;;
	I) count=1 cpus=1 ;;
	x)
		read -r -a options <<< "$OPTARG"
		extra+=("${options[@]}") ;;
	f) files=$OPTARG ;;
	d) extra+=(-drive "file=$OPTARG,format=raw,if=virtio,cache=unsafe") ;;
	n) name=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
kernel=$1
shift

mkdir -p "$LOGS"
console=$LOGS/$name-console.log report=$LOGS/$name-report.log
: > "$console"
: > "$report"

# boot_guest ACCELERATOR SECONDS SERIAL-PORTS... -- APPEND...
# (no_timer_check: on a busy host the guest may find that its timer "doesn't work")
boot_guest()
{
	local accel=$1 seconds=$2 ports=()

	shift 2
	while [ "$1" != -- ]; do
		ports+=("$1")
		shift
	done
	shift
	timeout --foreground "$seconds" qemu-system-x86_64 -accel "$accel" -cpu "$cpu" \
		-m "$mb" -smp "$cpus" -nodefaults -no-reboot -display none \
		"${ports[@]}" "${extra[@]}" \
		-kernel "$kernel" ${files:+-initrd "$files"} \
		-append "console=ttyS0 panic=-1 no_timer_check $*"
}

# A /dev/kvm may be there and not work, or crawl, as in some virtual machines:
# see, once a boot of this machine, if a guest gets through in 20 s (without KVM
# it takes 3).
kvm_works()
{
	local probe=$BUILD/.kvm-probe boot result=no

	[ -w /dev/kvm ] || return 1
	boot=$(cat /proc/sys/kernel/random/boot_id)
	if [ "$(sed -n 1p "$probe" 2>/dev/null)" != "$boot" ]; then
		boot_guest kvm 20 -serial null -serial "file:$probe.report" -- \
			job=exec exec=true >/dev/null 2>&1 || true
		! grep -q '^guest: job ended with 0' "$probe.report" || result=yes
		rm -f "$probe.report"
		printf '%s\n' "$boot" "$result" > "$probe"
	fi
	[ "$(sed -n 2p "$probe")" = yes ]
}

# The boot CPU's features are cleared and read again while interrupts come; one that
# does between finds four levels of page tables where there are five, and KASAN calls
# its memory wild. Not so where there are four.
cpu=max,la57=off

accel=tcg
if [ $count -eq 1 ]; then
	cpu=max
	extra+=(-icount 'shift=0,sleep=off' -seed "${SEED:-1}"
		-rtc 'base=2024-01-01,clock=vm')
elif kvm_works; then
	accel=kvm
fi

port=(-chardev "file,id=report,path=$report")
[ $interactive -eq 0 ] ||
	port=(-chardev "stdio,id=report,signal=off,logfile=$report")

rc=0
boot_guest $accel "$seconds" -serial "file:$console" "${port[@]}" \
	-serial chardev:report -- "$@" || rc=$?

# The guest's init says how its job ended; nobody else can. Where a shell still
# runs, as after poweroff, its prompt may stand before that.
said=$(tr -d '\r' < "$report" | sed -n 's/^.*guest: job ended with \([0-9]*\)$/\1/p' | tail -n 1)
[ -z "$said" ] || exit "$said"
if [ $rc -eq 124 ]; then
	echo "The guest did not end within $seconds s."
else
	echo "The guest died (QEMU exited with $rc)."
fi
echo "The end of ${console#"$TOP"/}:"
tail -n 25 "$console" | tr -d '\r' | sed 's/^/    /'
exit 1
