# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bash completion of ksyncd(8)

_ksyncd()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	# A word as --over=re comes in three parts.
	[ "$cur" != = ] || cur=''
	[ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	COMPREPLY=()
	case $prev in
	-r|--registry|-s|--sysctl|-S|--securityfs)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-o|--over)
		mapfile -t COMPREPLY < <(compgen -W 'warn refuse' -- "$cur") ;;
	-i|--interval|-q|--quiet) ;;
	*)
		case $cur in
		-*) mapfile -t COMPREPLY < <(compgen -W '--registry= --over= --pin
			--interval= --quiet= --sysctl= --securityfs= --help' -- "$cur")
			[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace ;;
		*) mapfile -t COMPREPLY < <(compgen -W 'check apply run show export' \
			-- "$cur") ;;
		esac ;;
	esac
}
complete -F _ksyncd ksyncd
