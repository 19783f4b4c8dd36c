#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# configs.sh [NAME...]: compile what the series adds and changes in configurations
# that nobody tests otherwise: options that it meets off one by one, other
# architectures, clang. No file of ours may get a warning (W=1), and each symbol
# of ours that is used must be defined. "tiny" links a whole kernel; FULL=1 links
# one of each configuration, which takes hours.

. "$(dirname "$0")/lib.sh"

# NAME: options that are turned off
declare -A off=(
	[tiny]=''
	[no-peios]='SECURITY_PEIOS'
	[no-audit]='AUDIT'
	[no-memcg]='MEMCG'
	[no-cgroups]='CGROUPS'
	[no-smp]='SMP'
	[no-mmu]='MMU'
	[no-numa]='NUMA'
	[no-sysctl]='PROC_SYSCTL'
	[no-proc]='PROC_FS'
	[no-security]='SECURITY'
	[no-securityfs]='SECURITY_PEIOS SECURITYFS'
	[no-swap]='SWAP'
	[no-shmem]='SHMEM'
	[no-futex]='FUTEX'
	[no-user-ns]='USER_NS'
	[no-trace]='FTRACE'
	[no-vm-events]='VM_EVENT_COUNTERS'
	[no-psi]='PSI'
	[no-kunit]='KUNIT'
	[allmodconfig]=''
	[clang]=''
	[i386]='64BIT'
	[arm64]=''
)
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(printf '%s\n' "${!off[@]}" | sort)
ours=$(new_files | grep -E '\.[ch]$' | sed 's,^,/,; s,$,:,')
sources=$({ new_files; changed_files; } | kernel_code | sort)
rc=0

# cross NAME: what make is told about the architecture and the compiler
cross()
{
	case $1 in
	clang) args=(LLVM=1 CC='ccache clang') ;;
	i386) args=(ARCH=i386) ;;
	arm64) args=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
		CC='ccache aarch64-linux-gnu-gcc') ;;
	# x86 has no kernels without an MMU.
	no-mmu) args=(ARCH=riscv CROSS_COMPILE=riscv64-linux-gnu-
		CC='ccache riscv64-linux-gnu-gcc') ;;
	*) args=() ;;
	esac
}

configure()
{
	local config=$LINUX/configs/.config fragments=("$TOP"/configs/{base,peios}.config) o

	case $1 in
	allmodconfig)
		# The base kernel's own files have W=1 warnings, which are none of ours.
		kmake "$LINUX" configs "${args[@]}" -s allmodconfig &&
		echo '# CONFIG_WERROR is not set' >> "$config" &&
		kmake "$LINUX" configs "${args[@]}" -s olddefconfig
		return ;;
	tiny) fragments=("$TOP/configs/peios.config") ;;
	esac
	kmake "$LINUX" configs "${args[@]}" -s tinyconfig &&
	# In the order of merge_config.sh: what is off comes last.
	cat "${fragments[@]}" >> "$config" || return
	case $1 in
	# What ours depend on, and no more; for i386, as tinyconfig is.
	tiny) printf 'CONFIG_%s=y\n' PROC_FS MULTIUSER SYSFS SYSCTL SECURITY FUTEX \
		VM_EVENT_COUNTERS >> "$config" ;;
	no-mmu) printf 'CONFIG_%s=y\n' NONPORTABLE RISCV_M_MODE >> "$config" ;;
	esac
	for o in ${off[$1]}; do
		echo "# CONFIG_$o is not set" >> "$config"
	done
	kmake "$LINUX" configs "${args[@]}" -s olddefconfig || return
	for o in ${off[$1]}; do
		! grep -q "^CONFIG_$o=y" "$config" ||
			{ echo "CONFIG_$o can't be turned off"; return 1; }
	done
}

# listed DIR: what the configuration builds there: objects, and folders to go into
listed()
{
	make -s -C "$LINUX" -f - list <<-EOF | tr ' ' '\n'
		include configs/include/config/auto.conf
		obj := $1
		src := $1
		include $1/Makefile
		objects := \$(obj-y) \$(obj-m)
		list: ; @echo \$(objects) \$(foreach o,\$(objects),\$(\$(o:.o=-y)) \$(\$(o:.o=-m)))
	EOF
}

# enabled DIR: the objects that the configuration builds there, if it goes there
enabled()
{
	case $1 in
	*/*) listed "${1%/*}" | grep -qx "${1##*/}/" || return 0 ;;
	esac
	listed "$1" | sed -n "s,^[^/]*\.o$,$1/&,p"
}

# Symbols that only a kernel with the series defines.
our_symbols()
{
	comm -23 <(defined "$LINUX/release/vmlinux") <(defined "$BASE/vanilla/vmlinux")
}

defined() { llvm-nm --defined-only -g "$@" | awk 'NF == 3 { print $3 }' | sort -u; }

linked()
{
	local lost

	lost=$(comm -23 <(llvm-nm -u "$@" | awk '$1 == "U" { print $2 }' | sort -u |
		comm -12 - <(our_symbols)) <(defined "$@"))
	[ -z "$lost" ] || { echo "nobody defines:" "$lost"; return 1; }
}

build()
{
	local log=$LOGS/configs-$1.out args objects dir

	cross "$1"
	configure "$1" &&
	kmake "$LINUX" configs "${args[@]}" -s prepare || return
	mapfile -t objects < <(
		for dir in $(xargs dirname <<< "$sources" | sort -u); do
			enabled "$dir"
		done | sort -u | grep -xF "${sources//.c/.o}")
	echo "${objects[@]}"
	if [ "$1" = tiny ] || [ -n "${FULL:-}" ]; then
		objects=(vmlinux)
	fi
	kmake "$LINUX" configs "${args[@]}" W=1 "${objects[@]}" > "$log" 2>&1 ||
		{ tail -n 20 "$log"; return 1; }
	! sed 's,^\(\.\./\)*,/,' "$log" | grep 'warning:' | grep -F "$ours" || return
	cd "$LINUX/configs" && linked "${objects[@]}"
}

for name in "${names[@]}"; do
	[ -n "${off[$name]+known}" ] || die "no such configuration: $name"
	step "Configuration $name" "configs-$name" build "$name" || rc=1
done
exit $rc
