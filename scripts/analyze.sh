#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Static analysis of what the series adds, beyond make lint, which has sparse:
# the kernel's own Coccinelle rules, and gcc's analyzer on the programs for user
# space. (Debian has no smatch; clang's warnings are in make configs.)

. "$(dirname "$0")/lib.sh"

rc=0
# The rules are about the kernel, so not for what runs in user space.
mapfile -t sources < <(new_files | kernel_code)

# What a rule finds is printed as FILE:LINE:COLUMN-COLUMN: WHAT.
coccinelle()
{
	local rule options found=0

	cd "$LINUX" || return
	for rule in $(find scripts/coccinelle -name '*.cocci' | LC_ALL=C sort); do
		options=$(sed -n 's,^// *Options: *,,p' "$rule" | tr '\n' ' ')
		# shellcheck disable=SC2086 # options are words
		spatch -D report --very-quiet --no-show-diff --cocci-file "$rule" \
			$options -I include -I arch/x86/include --jobs "$JOBS" \
			"${sources[@]}" 2> "$BUILD/cocci.err" |
			sed "s,^,${rule#scripts/coccinelle/}: ," |
			grep -F ': ' && found=1
		! grep -i 'error' "$BUILD/cocci.err" || found=1
	done
	rm -f "$BUILD/cocci.err"
	return "$found"
}

analyzer()
{
	local copy=$BUILD/analyzer dir

	rm -rf "$copy"
	mkdir -p "$copy" &&
	(cd "$LINUX" && cp -a --parents tools/{peios,mm/oomstat} security/peios "$copy/") ||
		return
	for dir in "$copy"/tools/{mm/oomstat,peios/ksyncd,peios/peiosctl,peios/pam}; do
		make -C "$dir" clean || return
		make -C "$dir" -j"$JOBS" CFLAGS="-O2 -g -fanalyzer -Werror" || return
	done
	rm -rf "$copy"
}

step "Coccinelle's rules of the kernel" analyze-coccinelle coccinelle || rc=1
step 'gcc -fanalyzer on the tools' analyze-gcc analyzer || rc=1
exit $rc
