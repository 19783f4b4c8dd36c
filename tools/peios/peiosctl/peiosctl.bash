# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bash completion of peiosctl(1)

_peiosctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} word command='' words=''

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		-*) ;;
		*) command=$word; break ;;
		esac
	done
	case $command in
	'')
		words='token run sd pip check access sddl logon'
		[[ $cur != -* ]] || words='--proc= --help' ;;
	run)
		words='--remove= --disable= --enable= --replace= --pip= --'
		[[ $cur == -* ]] || words=$(compgen -c -- "$cur") ;;
	token|sd|pip)
		words="self $(cd /proc && echo [0-9]*)" ;;
	check)
		words="--as= $(cd /proc && echo [0-9]*)" ;;
	sddl)
		words=--hex ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _peiosctl peiosctl
