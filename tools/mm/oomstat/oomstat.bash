# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bash completion of oomstat(1)

_oomstat()
{
	local cur=${COMP_WORDS[COMP_CWORD]} word command=''

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		history|replay|record|plot) command=$word ;;
		esac
	done
	COMPREPLY=()
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W '--rows= --all --watch --json
			--openmetrics --interval= --count= --proc= --help' -- "$cur")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace ;;
	*)
		if [ -n "$command" ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -W \
				'history replay record plot' -- "$cur")
		fi ;;
	esac
}
complete -F _oomstat oomstat
