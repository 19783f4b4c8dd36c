#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh: TIME (60m; also 90s, 2h) of everything at once on each of SOAK_KERNELS
# (debug, kcsan), which run in parallel (tools/testing/selftests/oom/soak.c).
# SOAK_SEED: where its random numbers begin. SOAK_BREAK: immune, promise or record
# breaks that invariant, so that the soak must fail.
#
# A data race that KCSAN reports fails it if a function of a file of ours is in it;
# others are listed.

. "$(dirname "$0")/lib.sh"

time=${TIME:-60m}
read -r -a kernels <<< "${SOAK_KERNELS:-debug kcsan}"

case $time in
*h) seconds=$((${time%h} * 3600)) ;;
*m) seconds=$((${time%m} * 60)) ;;
*) seconds=${time%s} ;;
esac

# The guest's file system, and behind it stress-ng with its libraries.
pack()
{
	local list=$BUILD/soak.list f

	cp "$BUILD/initramfs.cpio.gz" "$BUILD/soak.cpio.gz" || return
	command -v stress-ng >/dev/null || return 0
	{
		echo "file /usr/bin/stress-ng $(command -v stress-ng) 755 0 0"
		ldd "$(command -v stress-ng)" | grep -o '/[^ ]*' | while read -r f; do
			echo "file $f $(realpath "$f") 755 0 0"
		done
	} > "$list.files" &&
	# Folders before what is in them.
	awk '{ n = split($2, part, "/"); path = ""
	       for (i = 2; i < n; i++) {
			path = path "/" part[i]
			if (!seen[path]++)
				print "dir " path " 755 0 0"
	       } }' "$list.files" > "$list" &&
	cat "$list.files" >> "$list" &&
	"$LINUX/release/usr/gen_init_cpio" "$list" | gzip -1n >> "$BUILD/soak.cpio.gz"
}

# soak KERNEL: rc and what it said go to files
soak()
{
	local rc=0

	"$TOP/scripts/qemu.sh" -f "$BUILD/soak.cpio.gz" -n "soak-$1" -m 640 \
		-t $((seconds * 3 / 2 + 600)) \
		"$LINUX/$1/arch/x86/boot/bzImage" job=exec kunit.enable=0 \
		loglevel=1 log_buf_len=8M oom_event.ring=4096 \
		"exec=/selftests/oom/soak,$seconds,${SOAK_SEED:-1}${SOAK_BREAK:+,$SOAK_BREAK}" \
		> "$BUILD/soak-$1" 2>&1 || rc=$?
	echo "$rc" > "$BUILD/soak-$1.rc"
}

all_soak()
{
	local kernel

	for kernel in "${kernels[@]}"; do
		soak "$kernel" &
	done
	wait
}

# races REPORT: each once; whether none is ours
races()
{
	sed -n 's/^#  | BUG: KCSAN: //p' "$1" | sort -u > "$BUILD/soak-races"
	sed 's/^/# race: /' "$BUILD/soak-races"
	! grep -wE "$(our_functions kcsan)" "$BUILD/soak-races" |
		sed 's/^/# VIOLATION: a race of ours: /' | grep .
}

step "Packing stress-ng" soak-pack pack
rm -f "$BUILD"/soak-*.rc
step "Soaking ${kernels[*]} for $time" soak all_soak
failed=0
for kernel in "${kernels[@]}"; do
	report=$LOGS/soak-$kernel-report.log ok=1
	sed -i 's/\r$//' "$report"
	echo "$kernel:   report: ${report#"$TOP"/}"
	[ "$(cat "$BUILD/soak-$kernel.rc")" = 0 ] || ok=0
	grep -q '^ok 1 soak' "$report" || ok=0
	grep -E '^(ok|not ok|# [a-z_]+ [0-9]+$|# VIOLATION|Bail)' "$report" || true
	[ "$kernel" != kcsan ] || races "$report" || ok=0
	# The console has what is said in an emergency only.
	if grep -nE "$ALARMS" "$LOGS/soak-$kernel-console.log"; then
		ok=0
	fi
	[ $ok -eq 1 ] || { cat "$BUILD/soak-$kernel"; failed=1; echo "$kernel: FAILED"; }
done
exit $failed
