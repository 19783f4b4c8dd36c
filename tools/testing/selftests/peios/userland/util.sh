# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What tests in the Debian of make vm share, beside tap.sh.

. ./tap.sh

# wait_for SECONDS COMMAND...: until the command succeeds, or not in time
wait_for()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.5
	done
}

# is WHAT GOT WANTED
is()
{
	[ "$2" = "$3" ]
	result $? "$1"
	[ "$2" = "$3" ] || printf '# got:\n%s\n# wanted:\n%s\n' "$2" "$3" | sed 's/^[^#]/# &/'
}

# like WHAT GOT PATTERN: a line of it is like this
like()
{
	if grep -Eq -- "$3" <<< "$2"; then
		result 0 "$1"
	else
		result 1 "$1"
		sed 's/^/# got: /' <<< "$2"
	fi
}

# unlike WHAT GOT PATTERN
unlike()
{
	if grep -Eq -- "$3" <<< "$2"; then
		result 1 "$1"
		sed 's/^/# got: /' <<< "$2"
	else
		result 0 "$1"
	fi
}

# skip WHAT WHY
skip()
{
	n=$((n + 1))
	echo "ok $n $tap: $1 # SKIP $2"
}

has_peios()
{
	[ -e /sys/kernel/security/peios/status ]
}

# as_user USER COMMAND: what a login by ssh of this user runs. The key is made when
# it is first asked for.
as_user()
{
	local home

	home=$(getent passwd "$1" | cut -d : -f 6)
	if [ ! -e /root/.ssh/test ]; then
		mkdir -p -m 700 /root/.ssh
		ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/test
	fi
	if ! grep -qsFf /root/.ssh/test.pub "$home/.ssh/authorized_keys"; then
		install -d -m 700 -o "$1" "$home/.ssh"
		install -m 600 -o "$1" /root/.ssh/test.pub "$home/.ssh/authorized_keys"
	fi
	# One connection a user: a login anew takes its time without KVM.
	ssh -q -o ControlMaster=auto -o ControlPath=/root/.ssh/%r -o ControlPersist=900 \
		-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-i /root/.ssh/test "$1@localhost" "$2"
}

# token_line NAME: of a token on standard input
token_line()
{
	sed -n "s/^$1 //p"
}
