#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench-sizes.sh: what the series adds to the kernel's text and data, to each task,
# process, mm, credential and cgroup, and what each of 10,000 cgroups takes, of
# instructions and of memory; after make vanilla release initramfs.
#
# Structures are measured by a file that is compiled as mm/oom_kill.c was, with one
# array of the size of each. The table is kept in $BUILD/bench/size-table.

. "$(dirname "$0")/lib.sh"

dir=$BUILD/bench
mkdir -p "$dir"

structs='task_struct signal_struct mm_struct cred mem_cgroup shmem_inode_info'
headers='linux/sched.h linux/sched/signal.h linux/mm_types.h linux/cred.h
	linux/memcontrol.h linux/shmem_fs.h'
# What security modules add to a task and a credential, and to a process.
peios='peios_task peios_cred peios_process peios_token'

# sizes_of TREE OUT STRUCT...: "STRUCT BYTES" lines
sizes_of()
{
	local tree=$1 out=$2 cmd name hex file=$dir/sizes-$2.c object=$dir/sizes-$2.o

	shift 2
	{
		for name in $headers; do
			echo "#include <$name>"
		done
		[ "$1" != peios_task ] ||
			printf '#include "security/peios/%s"\n' process.h token.h
		for name; do
			echo "char bytes_of_${name}[sizeof(struct ${name})];"
		done
	} > "$file"
	cmd=$(sed -n '1s/^savedcmd_mm\/oom_kill.o := //p' "$tree/$out/mm/.oom_kill.o.cmd")
	cmd=${cmd%%;*}
	cmd=${cmd/ -c -o mm\/oom_kill.o / -I.. -c -o "'$object'" }
	cmd=${cmd/ ..\/mm\/oom_kill.c/ "'$file'"}
	(cd "$tree/$out" && eval "$cmd") || return
	nm -S "$object" | awk '$4 ~ /^bytes_of_/ {
		sub(/^bytes_of_/, "", $4)
		print $4, $2
	}' | while read -r name hex; do
		echo "$name $((16#$hex))"
	done
	rm -f "$file" "$object"
}

# table OF FILE FILE: two lists of "NAME BYTES" side by side
table()
{
	printf '%-18s %10s %10s %8s\n' "$1" vanilla series more
	awk 'NR == FNR { base[$1] = $2; next }
	     { printf "%-18s %10s %10d %8d\n", $1, $1 in base ? base[$1] : "-", $2,
		      $2 - base[$1] }' "$2" "$3"
}

# sections OUT: code and data, before they are laid out in pages, without our KUnit
# tests and without what the unwinder needs
sections()
{
	size -A "$1/vmlinux.o" "$1"/mm/{oom,commit}*_test.o \
		"$1"/security/peios/*_test.o 2>/dev/null | awk '
		/ :$/ { sign = files++ ? -1 : 1 }
		$1 ~ /^\.(init|exit|noinstr|ref|sched|spinlock|irqentry|softirqentry|entry)?\.?text/ { text += sign * $2 }
		$1 ~ /^\.(rodata|init\.rodata)/ { rodata += sign * $2 }
		$1 ~ /^\.(data|init\.data|ro_after_init)/ { data += sign * $2 }
		$1 ~ /^\.bss/ { bss += sign * $2 }
		END {
			print "text", text
			print "rodata", rodata
			print "data", data
			print "bss", bss
		}'
}

# many NAME KERNEL: what each of 10,000 cgroups takes
many()
{
	local what=$dir/many-$1 bench=exec=/selftests/oom/bench,--many,10000

	"$TOP/scripts/qemu.sh" -I -m 1500 -t 600 -n "many-$1" "$2" job=exec "$bench" &&
	tr -d '\r' < "$LOGS/many-$1-report.log" |
		sed -n 's/^many_\(mkdir\|rmdir\) /\1,instructions /p;
			s/^many_bytes /bytes,1_CPU /p' > "$what" || return
	# Some of it is kept for each CPU.
	"$TOP/scripts/qemu.sh" -c 8 -m 1500 -t 600 -n "many-$1" "$2" job=exec "$bench" &&
	tr -d '\r' < "$LOGS/many-$1-report.log" |
		sed -n 's/^many_bytes /bytes,8_CPUs /p' >> "$what"
}

step '10,000 cgroups on the base kernel' many-vanilla \
	many vanilla "$BASE/vanilla/arch/x86/boot/bzImage" >&2
step '10,000 cgroups on ours' many-ours \
	many ours "$LINUX/release/arch/x86/boot/bzImage" >&2

{
	table 'kernel, bytes' <(sections "$BASE/vanilla") \
		<(sections "$LINUX/release")
	echo
	# shellcheck disable=SC2086 # lists
	table 'struct, bytes' <(sizes_of "$BASE" vanilla $structs) \
		<(sizes_of "$LINUX" release $structs; sizes_of "$LINUX" release $peios)
	echo
	table "10000 cgroups, each" "$dir/many-vanilla" "$dir/many-ours" | tr ,_ '  '
} | tee "$dir/size-table"
