#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kselftest.sh [full|check]: build the base tree's own self-tests, as they are, and run
# them on the base kernel and on ours, each in a guest that swaps to a disk. What the
# base passes and ours does not is a failure. Prints TAP.
#
# scripts/kselftest/tests lists them, scripts/kselftest/known what fails on both or
# can't be relied on, with the reason. What is worse on ours is run once more, in a
# fresh guest; if it is as on the base then, it is told as flaky.

. "$(dirname "$0")/lib.sh"

part=${1:-full}
lists=$TOP/scripts/kselftest
work=$BUILD/kselftest
source=$work/tree/tools/testing/selftests
vanilla=$BASE/vanilla/arch/x86/boot/bzImage
release=$LINUX/release/arch/x86/boot/bzImage

# Those to run, as the guest reads them
listed()
{
	awk -v part="$part" '
		/^#/ || !NF { next }
		part == "full" || $1 == part { sub(/^[^ ]+ /, ""); print }
	' "$lists/tests"
}

# The base tree is not written to: its self-tests are copied, the rest is linked.
copy_source()
{
	local f

	mkdir -p "$work/tree/tools/testing"
	for f in "$BASE"/*; do
		case ${f##*/} in
		tools|vanilla) ;;
		*) ln -sfn "$f" "$work/tree/${f##*/}" ;;
		esac
	done
	for f in include arch lib scripts build; do
		ln -sfn "$BASE/tools/$f" "$work/tree/tools/$f"
	done
	rsync -a "$BASE/tools/testing/selftests" "$work/tree/tools/testing/" || return
	# What of the self-tests the series changes goes with the kernel that it changes.
	while read -r f; do
		cp "$LINUX/tools/testing/selftests/$f" "$source/$f" || return
	done < <(cd "$BASE/tools/testing/selftests" &&
		diff -rq . "$LINUX/tools/testing/selftests" |
		sed -n 's,^Files \./\(.*/.*\) and .* differ$,\1,p')
}

# With the headers of ours, which name Peios in the list of modules. The loops of mm's
# tests that are to touch memory are gone with -O2. (KSFT_SKIP is
# missing in khugepaged.c of some 6.12 trees.)
build()
{
	local dirs

	copy_source || return
	kmake "$LINUX" release -s headers || return
	dirs=$(listed | awk '{ sub("/[^/]*$", "", $3); print $3 }' | sort -u)
	make -C "$source" -k -j"$JOBS" KBUILD_OUTPUT= \
		TARGETS="${dirs//$'\n'/ }" \
		EXTRA_CFLAGS='-O0 -DKSFT_SKIP=4' \
		KHDR_INCLUDES="-isystem $LINUX/release/usr/include" || true
}

# pack LIST DISK: a file system with the programs of a list and what they need. It is on
# a disk, for the tests that want page cache.
pack()
{
	local root=$work/root program d

	rm -rf "$root" "$2"
	mkdir -p "$root/lib64" "$root/lib/x86_64-linux-gnu"
	cp "$1" "$root/list"
	while read -r program; do
		d=$root/${program%/*}
		mkdir -p "$d"
		cp -a "$source/$program" "$d/" || return
	done < <(awk '{ print $3 }' "$1" | sort -u)
	# Beside their programs
	cp -a "$source"/exec/{execveat.symlink,execveat.denatured,script,subdir,Makefile} \
		"$root/exec/" 2>/dev/null || true
	cp -a "$source"/capabilities/validate_cap "$root/capabilities/" 2>/dev/null || true
	cp -a "$source"/landlock/true "$root/landlock/" 2>/dev/null || true
	# (ldd fails on a program that is static. What ends a thread loads libgcc_s.)
	{ find "$root" -type f -perm -100 -exec ldd {} + 2>/dev/null || true
	  echo /lib/x86_64-linux-gnu/libgcc_s.so.1; } |
		grep -o '/lib[^ ]*\.so[^ ]*' | sort -u |
	while read -r library; do
		case $library in
		/lib64/*) cp -L "$library" "$root/lib64/" ;;
		*) cp -L "$library" "$root/lib/x86_64-linux-gnu/" ;;
		esac
	done || return
	find "$root" -type f -perm -100 -exec strip {} + 2>/dev/null || true
	/sbin/mke2fs -q -t ext4 -O ^has_journal -d "$root" "$2" 512M
}

# run_on NAME KERNEL DISK: the results are left in $work/NAME
run_on()
{
	local disk=$work/$1.disk swap=$work/$1.swap

	cp --sparse=always "$3" "$disk" || return
	rm -f "$swap"
	truncate -s 512M "$swap" || return
	"$TOP/scripts/qemu.sh" -n "kselftest-$1" -m 1536 -t 7200 -d "$disk" -d "$swap" \
		"$2" job=exec loglevel=4 exec=kselftest.sh > "$work/$1.said" 2>&1 ||
		sed 's/^/# /' "$work/$1.said"
	rm -f "$disk" "$swap"
	awk -f "$lists/results.awk" "$LOGS/kselftest-$1-report.log" > "$work/$1"
	grep -q '^== all' "$LOGS/kselftest-$1-report.log"
}

# compare OURS: each result of the base beside that of ours: "VERDICT<tab>RESULT".
# known has lines "PATTERN<tab>REASON"; a pattern is a regular expression.
compare()
{
	awk -F '\t' -v known="$lists/known" '
		BEGIN {
			while ((getline line < known) > 0) {
				if (line ~ /^#/ || line !~ /\t/)
					continue
				split(line, part, /\t+/)
				pattern[++nr] = part[1]
				reason[nr] = part[2]
			}
		}
		function why(name, i) {
			for (i = 1; i <= nr; i++)
				if (name ~ "^" pattern[i] "$")
					return reason[i]
			return ""
		}
		FILENAME == ARGV[1] { ours[$2] = $1; next }
		{
			is = ($2 in ours) ? ours[$2] : "missing"
			if (is == "pass" || (is == "skip" && $1 == "skip"))
				verdict = is
			else if (why($2) != "")
				verdict = "known"
			else if ($1 == "pass" || ($1 == "skip" && is == "fail"))
				verdict = "worse"
			else if ($1 == "skip")
				verdict = "skip"
			else
				verdict = "unknown"
			print verdict "\t" $2 "\t" $1 "\t" is "\t" why($2)
		}
	' "$1" "$work/base"
}

[ -e "$vanilla" ] || "${MAKE:-make}" -s -C "$TOP" vanilla >&2
mkdir -p "$work"
listed > "$work/list"
start=$SECONDS
build > "$LOGS/kselftest-build.log" 2>&1
echo "# built in $((SECONDS - start)) s, log: $LOGS/kselftest-build.log"
pack "$work/list" "$work/disk" > "$LOGS/kselftest-pack.log" 2>&1 ||
	die "the programs can't be packed: $(tail -n 3 "$LOGS/kselftest-pack.log")"
start=$SECONDS
run_on base "$vanilla" "$work/disk" &
run_on ours "$release" "$work/disk" && status=0 || status=$?
result "$status" 'ours: the guest ran them all'
wait $! && status=0 || status=$?
result "$status" 'base: the guest ran them all'
for name in base ours; do
	echo "# $name: $(cut -f1 "$work/$name" | sort | uniq -c | tr -s ' \n' ' ')"
done
echo "# in $((SECONDS - start)) s"
compare "$work/ours" > "$work/compared"

# What is worse once more
grep '^worse' "$work/compared" | cut -f2 | sed 's/: .*//' | sort -u > "$work/worse" || true
if [ -s "$work/worse" ]; then
	awk 'NR == FNR { again[$0] = 1; next }
	     { name = $0; sub(/^[^ ]+ [^ ]+ /, "", name); if (name in again) print }' \
		"$work/worse" "$work/list" > "$work/list-again"
	if pack "$work/list-again" "$work/disk" > "$LOGS/kselftest-pack.log" 2>&1; then
		run_on again "$release" "$work/disk" || true
	fi
	compare "$work/again" > "$work/compared-again"
fi

while IFS=$'\t' read -r verdict name base ours reason; do
	case $verdict in
	pass)	result 0 "$name" ;;
	skip)	n=$((n + 1))
		echo "ok $n $tap: $name # SKIP on both kernels" ;;
	known)	n=$((n + 1))
		echo "ok $n $tap: $name # SKIP $base on the base, $ours on ours: $reason" ;;
	worse)
		again=$(awk -F '\t' -v name="$name" '$2 == name { print $1 }' "$work/compared-again")
		if [ "$again" = pass ] || [ "$again" = skip ]; then
			echo "# flaky: $name, log: ${LOGS#"$TOP"/}/kselftest-ours-report.log"
			result 0 "$name"
		else
			echo "# $base on the base, $ours on ours"
			result 1 "$name"
		fi ;;
	*)	echo "# fails on both, and scripts/kselftest/known does not say why"
		result 1 "$name" ;;
	esac
done < "$work/compared"
echo "1..$n"
exit $rc
