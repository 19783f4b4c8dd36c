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
	case ${COMP_WORDS[COMP_CWORD-1]} in
	-u|--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return ;;
	esac
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W '--rows= --all --user= --cgroup= --cgroups --bytes
			--kilobytes --watch --json
			--openmetrics --interval= --count= --proc= --cgroup-root= --help' -- "$cur")
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
