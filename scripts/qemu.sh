#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# qemu.sh [-m MB] [-c CPUS] [-t SECONDS] [-i] [-I] [-x 'QEMU OPTIONS'] -n NAME \
#	KERNEL APPEND...
#
# Boot a kernel with the guest's file system. Its console goes to the log
# NAME-console, what its job prints on the second serial port to NAME-report
# and, with -i, to the terminal. Exits with what the guest's job exited with;
# a guest that dies or does not end in time is a failure.
#
# -I counts instructions: one CPU whose time stamp counter is the number of
# instructions executed, the same in each run (-icount shift=0).

. "$(dirname "$0")/lib.sh"

mb=512 cpus=2 seconds=600 interactive=0 count=0 extra=() name=guest
while getopts m:c:t:iIx:n: opt; do
	case $opt in
	m) mb=$OPTARG ;;
	c) cpus=$OPTARG ;;
	t) seconds=$OPTARG ;;
	i) interactive=1 ;;
	I) count=1 cpus=1 ;;
	x) read -r -a extra <<< "$OPTARG" ;;
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

# A /dev/kvm may be there and not work, as in some virtual machines: see whether
# a boot sector that leaves with a known code gets that far.
kvm_works()
{
	local sector=$BUILD/kvm-probe rc=0

	[ -w /dev/kvm ] || return 1
	{
		# mov dx, 0xf4; mov al, 16; out dx, al; hlt
		printf '\272\364\000\260\020\356\364'
		head -c 503 /dev/zero
		printf '\125\252'
	} > "$sector"
	{
		timeout -s KILL 10 qemu-system-x86_64 -accel kvm -cpu max \
			-display none -nodefaults \
			-device isa-debug-exit,iobase=0xf4 \
			-drive "file=$sector,format=raw" || rc=$?
	} >/dev/null 2>&1
	# The device exits with 2 * 16 + 1.
	[ $rc -eq 33 ]
}

accel=tcg
if [ $count -eq 1 ]; then
	extra+=(-icount 'shift=0,sleep=off')
elif kvm_works; then
	accel=kvm
fi

port=(-chardev "file,id=report,path=$report")
[ $interactive -eq 0 ] ||
	port=(-chardev "stdio,id=report,signal=off,logfile=$report")

rc=0
timeout --foreground "$seconds" qemu-system-x86_64 -accel $accel -cpu max \
	-m "$mb" -smp "$cpus" -nodefaults -no-reboot -display none \
	-serial "file:$console" "${port[@]}" -serial chardev:report \
	"${extra[@]}" \
	-kernel "$kernel" -initrd "$BUILD/initramfs.cpio.gz" \
	-append "console=ttyS0 panic=-1 $*" || rc=$?

# The guest's init says how its job ended; nobody else can.
said=$(tr -d '\r' < "$report" | sed -n 's/^guest: job ended with \([0-9]*\)$/\1/p' | tail -n 1)
[ -z "$said" ] || exit "$said"
if [ $rc -eq 124 ]; then
	echo "The guest did not end within $seconds s."
else
	echo "The guest died (QEMU exited with $rc)."
fi
echo "The end of ${console#"$TOP"/}:"
tail -n 25 "$console" | tr -d '\r' | sed 's/^/    /'
exit 1
