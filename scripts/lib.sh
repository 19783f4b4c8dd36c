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
# shellcheck disable=SC2054 # the comma is checkpatch's
CHECKPATCH=(--strict --terse --ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME,TYPO_SPELLING)

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

# patch_target FILE: the path in the kernel tree that an overlay file becomes
# or, for NAME.patch and NAME.TOPIC.patch, changes
patch_target()
{
	local f=${1%.patch}

	case $1 in
	Kconfig)
		echo mm/Kconfig.peios ;;
	*.patch)
		[ -e "$BASE/$f" ] || f=${f%.*}
		[ -e "$BASE/$f" ] || die "$1 changes a file that $BASE does not have"
		echo "$f" ;;
	*)
		echo "$1" ;;
	esac
}

# series_patches: the patches of the series, in order
series_patches()
{
	local f

	for f in "$TOP"/series/[0-9]*; do
		case $f in */00-cover) ;; *) basename "$f" ;; esac
	done
}

# series_message NAME, series_files NAME: the two parts of a series file,
# parted by a line "---"; a folder among the files, named with a slash at its
# end, stands for all in it that no patch names by itself
series_message()
{
	sed '/^---$/,$d' "$TOP/series/$1"
}

series_files()
{
	sed '1,/^---$/d; /^ *$/d' "$TOP/series/$1" |
	while read -r f; do
		case $f in
		*/) overlay_files | grep "^$f" | grep -vxFf <(series_named) ;;
		*) echo "$f" ;;
		esac
	done
}

series_named()
{
	sed -s '1,/^---$/d; /\/$/d; /^ *$/d' "$TOP"/series/[0-9]*
}

# overlay_files: every file of the repository that belongs to the kernel tree; of
# those at the top these are two
overlay_files()
{
	(cd "$TOP" && git ls-files --cached --others --exclude-standard) |
	grep -E '^(Kconfig|MAINTAINERS)$|/' | grep -vE '^(\.ci|series|configs|scripts)/' |
	while read -r f; do
		[ ! -e "$TOP/$f" ] || echo "$f"
	done | LC_ALL=C sort
}

# Of files named on standard input, those that are compiled into the kernel.
kernel_code()
{
	grep -E '^(drivers|fs|ipc|kernel|mm|security)/.*\.c$'
}
