# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034
# Results in TAP, on the host (lib.sh has this) and in the guest: $n counts them,
# $rc is 1 once one was not ok, $tap says what is tested.

n=0 rc=0
tap=${0##*/}
tap=${tap%.sh}

# result STATUS WHAT: ok if the status is 0
result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $tap: $2"
	else
		echo "not ok $n $tap: $2"
		rc=1
	fi
}

# holds WHAT COMMAND...: ok if the command succeeds, in a subshell
holds()
{
	if (shift && "$@"); then
		result 0 "$1"
	else
		result 1 "$1"
	fi
}
