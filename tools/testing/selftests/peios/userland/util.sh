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

# exposure UNIT: its figure by systemd-analyze security; at_most FIGURE LIMIT
exposure()
{
	systemd-analyze security --no-pager "$1" |
		sed -n 's/.*exposure level[^:]*: *\([0-9.]*\).*/\1/p'
}

at_most()
{
	awk -v e="$1" -v most="$2" 'BEGIN { exit !(e != "" && e <= most) }'
}

registry=/etc/peios/registry/System/Logon

# use_logon_policy IMAGE, and forget_logon_policy: the machine is then as before.
# Connections that stay open have the token of before.
fresh_logins()
{
	local user

	for user in alice bob root; do
		ssh -q -O exit -o "ControlPath=/root/.ssh/%r" "$user@localhost" 2> /dev/null
		# A user's manager outlives the last session for some seconds.
		systemctl -q stop "user@$(id -u "$user")"
	done
}

use_logon_policy()
{
	[ ! -e "$registry" ] || mv "$registry" /root/logon.before
	mkdir -p "${registry%/*}"
	cp -r "/usr/share/peios/policies/$1/System/Logon" "$registry"
	fresh_logins
}

forget_logon_policy()
{
	rm -rf "$registry"
	[ ! -e /root/logon.before ] || mv /root/logon.before "$registry"
	systemctl -q disable --now peios-elevate.socket
	systemctl -q stop peios-elevate.service peios-run.socket
	fresh_logins
}

# sleeper UNIT COMMAND...: a unit that sleeps; SLEEPER is its process, once it sleeps
sleeps()
{
	grep -qx sleep "/proc/$1/comm"
}

sleeper()
{
	local unit=$1

	shift
	systemd-run -q --collect --unit="$unit" "$@" sleep 100000
	SLEEPER=$(systemctl show -p MainPID --value "$unit")
	wait_for 60 sleeps "$SLEEPER"
}

# Three processes of bob's: a plain one, one with a descriptor that says what the
# default one does, one with an integrity protection, which exec would drop; and one
# of the TCB tier. A capability counts over the first alone. Their numbers are in PLAIN,
# OWN_SD, PROTECTED and TCB.
guarded_processes()
{
	local uid gid sddl

	uid=$(id -u bob) gid=$(id -g bob)
	sleeper plain --uid=bob
	PLAIN=$SLEEPER
	sleeper own-sd --uid=bob
	OWN_SD=$SLEEPER
	sddl=$(peiosctl sd "$OWN_SD")
	peiosctl sd "$OWN_SD" "$sddl"
	sleeper tcb
	TCB=$SLEEPER
	systemd-run -q --collect --unit=protected peiosctl run --pip=1,1 -- perl -MPOSIX -e "
		\$0 = 'protected';
		setgid($gid); setuid($uid) or die; sleep 100000"
	PROTECTED=$(systemctl show -p MainPID --value protected)
	wait_for 60 grep -qs "^Uid:	$uid	$uid	$uid" "/proc/$PROTECTED/status"
	is "bob's protected process is" "$(cat "/proc/$PROTECTED/attr/peios/pip")" '1 1'
}

# systemd may not signal a process with an integrity protection; its cgroup ends it.
no_guarded_processes()
{
	echo 1 > /sys/fs/cgroup/system.slice/protected.service/cgroup.kill
	wait_for 30 test ! -e "/proc/$PROTECTED"
	systemctl -q stop plain own-sd protected tcb 2> /dev/null
}

# doc_session NAME: the lines of an example of Peios.rst, as docs_test.sh has them
doc_session()
{
	awk -v name="$1" '
		$1 == ".." && $2 == "example" { on = $3 == name; next }
		on && /^ *[^\t ]/ && $1 != "::" { on = 0 }
		on && /^\t/ { print substr($0, 2) }' Peios.rst
}

# alike: what is the same on each machine, of what a session prints
alike()
{
	sed 's/[0-9][0-9]*/N/g; s/  */ /g; s/ *$//' | grep -vx 'Password:'
}

# doc_examples USER PASSWORD NAME...: a user who types what Peios.rst shows reads what it
# shows
doc_examples()
{
	local user=$1 password=$2 name input
	shift 2

	for name in "$@"; do
		doc_session "$name" | sed -n 's/^[$>] //p' > /tmp/example
		chmod 644 /tmp/example
		holds "the documentation has commands in its example $name" test -s /tmp/example
		# ausearch would read records from a pipe.
		input='< /dev/null'
		! grep -q elevate /tmp/example || input="echo $password |"
		is "and $user reads what it shows" \
			"$(as_user "$user" "$input sh /tmp/example" 2>&1 | alike)" \
			"$(doc_session "$name" | grep -v '^[$>] ' | alike)"
	done
}

# auditd has the records for itself while it runs; its unit refuses to be stopped.
audit_on()
{
	systemctl start auditd
	wait_for 30 sh -c 'auditctl -s | grep -q "^pid [1-9]"'
}

audit_off()
{
	kill "$(pidof auditd)"
	wait_for 30 sh -c '! systemctl -q is-active auditd'
}

# settings: the sysctls of memory and of the kernel, but what counts by itself
settings()
{
	sysctl -a 2> /dev/null | grep -E '^(vm|kernel)\.' | grep -v \
		-e random -e ns_last_pid -e pty.nr -e stat_refresh -e inode
}

# apt COMMAND...: apt-get, which asks nothing and speaks when it fails
apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" > /tmp/apt 2>&1 || {
		sed 's/^/# /' /tmp/apt
		return 1
	}
}
