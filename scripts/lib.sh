# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# What the scripts share: places, messages, and steps that say how they went.
#
# Environment:
#   BUILD	where everything is made (default: build, in the repository)
#   KSRC	a 6.12.y kernel tree to use instead of Debian's package
#   JOBS	parallel compilations (default: one a CPU)

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
BASE=$BUILD/base
LINUX=$BUILD/linux
LOGS=$BUILD/log
JOBS=${JOBS:-$(nproc)}
WANT=6.12

# Not asked of checkpatch: MAINTAINERS for each new file (the entry is in a patch
# of its own); to keep names out of files: mm/Kconfig must name mm/Kconfig.peios;
# spelling: what it takes for words in test vectors are SDDL's letters.
# Permissions: scripts are executable, and checkpatch knows them by a suffix.
# shellcheck disable=SC2054 # the comma is checkpatch's
CHECKPATCH=(--strict --terse --ignore
	FILE_PATH_CHANGES,EMBEDDED_FILENAME,TYPO_SPELLING,EXECUTE_PERMISSIONS)

# The security modules of the Debian in make vm, as on Debian's own kernel and ours.
VM_LSM=landlock,yama,apparmor,peios

# What a healthy kernel never says.
ALARMS='BUG:|WARNING:|KASAN:|UBSAN:|Oops|general protection fault'
ALARMS+='|Kernel panic|cut here|possible (recursive|circular|irq)'
ALARMS+='|inconsistent lock state|suspicious RCU usage|bad unlock balance'
ALARMS+='|lock held when returning|held lock freed|sleeping function called'
ALARMS+='|rcu.*(stall|detected)|blocked for more than|soft lockup'
ALARMS+='|list_(add|del) corruption|pagealloc: |turning off the locking'
ALARMS+='|non-static key'

. "$TOP/scripts/guest/tap.sh"

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# version_of TREE: the version that a kernel tree calls itself, or nothing
version_of()
{
	awk -F ' *= *' '
		$1 == "VERSION" { v = $2 }
		$1 == "PATCHLEVEL" { p = $2 }
		$1 == "SUBLEVEL" { s = $2 }
		/^NAME/ { exit }
		END { if (v != "" && p != "") print v "." p (s == "" ? "" : "." s) }
	' "$1/Makefile" 2>/dev/null || true
}

# step WHAT LOG COMMAND...: runs a long command with its output in a log, says
# what it does, how long it took and where the log is; shows the log's end if
# the command fails. (bash ignores "set -e" in what a caller tests: a function
# that is run so ends each line that may fail with && or || return.)
step()
{
	local what=$1 log=$LOGS/$2.log start=$SECONDS rc=0

	shift 2
	mkdir -p "$LOGS"
	printf '%-44s ' "$what"
	("$@") </dev/null >"$log" 2>&1 || rc=$?
	if [ $rc -ne 0 ]; then
		printf 'FAILED after %d s; the end of %s:\n' \
			$((SECONDS - start)) "${log#"$TOP"/}"
		tail -n 25 "$log" | sed 's/^/    /'
		return $rc
	fi
	printf '%5d s   log: %s\n' $((SECONDS - start)) "${log#"$TOP"/}"
}

# kmake TREE OUT ARGS...: make in a kernel tree, in an output directory just
# below it: then all paths are relative, and ccache serves every checkout.
kmake()
{
	local tree=$1 out=$2 cc=gcc

	shift 2
	mkdir -p "$tree/$out"
	if command -v ccache >/dev/null; then
		cc='ccache gcc'
	fi
	KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' \
	KBUILD_BUILD_USER=peios KBUILD_BUILD_HOST=peios \
	make -C "$tree" O="$out" CC="$cc" -j"$JOBS" "$@"
}

# fetch_deb PACKAGE: Debian's file of it into the current folder; the lists of packages
# are renewed where they are missing or too old to have it
fetch_deb()
{
	apt-get download "$1" || { apt-get update && apt-get download "$1"; }
}

# The series is in patches/: each NN-name.patch has a message and hunks in files of
# the kernel, in the form of git format-patch, and below the message's "---" a line
# "New: PATH" for each file of this repository that it adds to the tree. Kconfig, our
# menu, grows with the series: a line "Config: NAMES" has the options that a patch adds.

# patches: their names, in order
patches()
{
	(cd "$TOP/patches" && printf '%s\n' *.patch) | sed 's/\.patch$//' | LC_ALL=C sort
}

# new_files [NAME]: the files that all patches, or one, add to the tree
# shellcheck disable=SC2086,SC2120 # without a name * is a pattern
new_files()
{
	sed -sn '1,/^---$/d; s/^New: //p' "$TOP/patches/"${1:-*}.patch
}

# changed_files: the files of the kernel that they have hunks for
changed_files()
{
	sed -sn '1,/^---$/d; s,^diff --git a/\([^ ]*\) .*,\1,p' "$TOP"/patches/*.patch |
		sort -u
}

# kept_at PATH: where this repository keeps a file that a patch adds
kept_at()
{
	case $1 in
	mm/Kconfig.peios) echo Kconfig ;;
	*) echo "$1" ;;
	esac
}

# options NAME...: what these patches add to Kconfig, our menu
options()
{
	local name

	for name in "$@"; do
		sed -n '1,/^---$/d; s/^Config: //p' "$TOP/patches/$name.patch"
	done | tr ' ' '\n'
}

# our_kconfig OPTION...: the menu with these options alone
our_kconfig()
{
	awk -v options=" $* " '
		/^config / { skip = !index(options, " " $2 " ") }
		/^endmenu/ { skip = 0 }
		!skip' "$TOP/Kconfig"
}

# merged_maintainers: the kernel's MAINTAINERS with our entry, where the alphabet
# has it
merged_maintainers()
{
	awk -v ours="$TOP/MAINTAINERS" '
		BEGIN {
			while ((getline line < ours) > 0)
				entry = entry line "\n"
			title = substr(entry, 1, index(entry, "\n") - 1)
		}
		/^3C59X NETWORK DRIVER/ { listing = 1 }
		listing && !done && /^[0-9A-Z]/ && $0 !~ /^[A-Z]:\t/ &&
				previous == "" && $0 > title {
			printf "%s\n", entry
			done = 1
		}
		{ print; previous = $0 }
		END { if (!done) exit 1 }
	' "$BASE/MAINTAINERS" || die "no place found for MAINTAINERS' entry"
}

# git_diff PATH OLD NEW: what makes NEW of OLD, "" if there is none, as git writes it
git_diff()
{
	local from=a/$1

	echo "diff --git a/$1 b/$1"
	if [ -z "$2" ]; then
		from=/dev/null
		echo "new file mode 100$([ -x "$3" ] && echo 755 || echo 644)"
	fi
	diff -u --label "$from" --label "b/$1" "${2:-/dev/null}" "$3" || [ $? -eq 1 ]
}

# whole_patch NAME: the patch with the files and options that it adds, for git am
# shellcheck disable=SC2046 # names are words
whole_patch()
{
	local f sooner new

	cat "$TOP/patches/$1.patch"
	new_files "$1" | while read -r f; do
		case $f in
		MAINTAINERS) git_diff "$f" "$BASE/$f" <(merged_maintainers) ;;
		mm/Kconfig.peios) ;;
		*) git_diff "$f" '' "$TOP/$f" ;;
		esac || return
	done || return
	mapfile -t new < <(options "$1")
	[ ${#new[@]} -gt 0 ] || return 0
	mapfile -t sooner < <(options $(patches | sed "/^$1\$/,\$d"))
	if [ ${#sooner[@]} -gt 0 ]; then
		git_diff mm/Kconfig.peios <(our_kconfig "${sooner[@]}") \
			<(our_kconfig "${sooner[@]}" "${new[@]}")
	else
		git_diff mm/Kconfig.peios '' <(our_kconfig "${new[@]}")
	fi
}

# our_functions OUT: the names of functions in our own files, as a pattern, to be found
# in what KCSAN reports of a kernel
our_functions()
{
	new_files | grep '\.c$' | sed "s,^,$LINUX/$1/,; s/c$/o/" |
	while read -r f; do
		[ ! -e "$f" ] || nm "$f"
	done | awk '$2 ~ /^[tT]$/ && $3 !~ /^__(pfx|cfi)_/ { sub(/\..*/, "", $3); print $3 }' |
		sort -u | paste -s -d '|'
}

# Of files named on standard input, those that are compiled into the kernel.
kernel_code()
{
	grep -E '^(drivers|fs|ipc|kernel|mm|security)/.*\.c$'
}
