#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# configs.sh [NAME...]: build kernels with the series in configurations that
# nobody tests otherwise: options that it meets off one by one, other
# architectures, clang. Each must link, without a warning in a file of ours.

. "$(dirname "$0")/lib.sh"

# NAME: options that are turned off, or what else is done
declare -A off=(
	[no-peios]='SECURITY_PEIOS'
	[no-audit]='AUDIT'
	[no-memcg]='MEMCG'
	[no-cgroups]='CGROUPS'
	[no-smp]='SMP'
	[no-numa]='NUMA'
	[no-sysctl]='PROC_SYSCTL'
	[no-security]='SECURITY'
	[no-swap]='SWAP'
	[no-shmem]='SHMEM'
	[no-futex]='FUTEX'
	[no-user-ns]='USER_NS'
	[no-trace]='FTRACE'
	[no-vm-events]='VM_EVENT_COUNTERS'
	[no-psi]='PSI'
	[no-kunit]='KUNIT'
	[clang]=''
	[i386]='64BIT'
	[arm64]=''
)
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(printf '%s\n' "${!off[@]}" | sort)
ours=$(overlay_files | grep -E '\.[ch]$' | sed 's,^,/,; s,$,:,')
rc=0

build()
{
	local name=$1 log=$LOGS/configs-$1.out args=() config

	case $name in
	clang) args=(LLVM=1) ;;
	i386) args=(ARCH=i386) ;;
	arm64) args=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC='ccache aarch64-linux-gnu-gcc') ;;
	esac
	kmake "$LINUX" configs "${args[@]}" -s tinyconfig &&
	config=$LINUX/configs/.config &&
	# In the order of merge_config.sh: what is off comes last.
	cat "$TOP"/configs/{base,peios}.config >> "$config" || return
	for o in ${off[$name]}; do
		echo "# CONFIG_$o is not set" >> "$config"
	done
	kmake "$LINUX" configs "${args[@]}" -s olddefconfig || return
	for o in ${off[$name]}; do
		! grep -q "^CONFIG_$o=y" "$config" ||
			{ echo "CONFIG_$o can't be turned off"; return 1; }
	done
	kmake "$LINUX" configs "${args[@]}" W=1 vmlinux > "$log" 2>&1 ||
		{ tail -n 20 "$log"; return 1; }
	! sed 's,^\(\.\./\)*,/,' "$log" | grep 'warning:' | grep -F "$ours"
}

for name in "${names[@]}"; do
	[ -n "${off[$name]+known}" ] || die "no such configuration: $name"
	step "Configuration $name" "configs-$name" build "$name" || rc=1
done
exit $rc
