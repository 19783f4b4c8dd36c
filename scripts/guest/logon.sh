#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# logon.sh: in the guest, sessions by pam_peios and commands by peiosctl elevate,
# with Debian's PAM. Prints TAP.

. tap.sh

export LD_LIBRARY_PATH=/lib
reg=/etc/peios/registry
sock=/run/peios/elevate.sock
# shellcheck disable=SC2016 # the password is "secret"
hash='$6$peiostest$49MOHGxExULhCkb.f1kh7lzAoha4pNUU1Cz/FC..7AVuD5WK879WeCHCCvIe352Uf0/l84cYXpajNqal0Ya121'

# rule PATH TEXT
rule()
{
	mkdir -p "$reg/System/Logon/${1%/*}"
	printf '%s\n' "$2" > "$reg/System/Logon/$1"
	chmod 644 "$reg/System/Logon/$1"
}

# session USER COMMAND...: in a session by pam_peios, without a terminal
session()
{
	setsid /logon/pam_session /etc/pam.d login "$@"
}

# as USER PASSWORD COMMAND...: peiosctl elevate, asked by a user in its session;
# without a terminal the password is the first line of the input
as()
{
	user=$1 password=$2
	shift 2
	{ echo "$password"; cat; } |
		session "$user" peiosctl elevate -- "$@"
}

# running PATTERN: the process with this command line, a blank behind each word
running()
{
	for dir in /proc/[0-9]*; do
		if tr '\0' ' ' < "$dir/cmdline" 2> /dev/null | grep -q "$1"; then
			echo "${dir#/proc/}"
			return 0
		fi
	done
	return 1
}

gone()
{
	! running "$1" > /dev/null
}

# wait_for COMMAND...: half a minute for it to be so
wait_for()
{
	left=300
	until "$@" > /dev/null; do
		[ $left -gt 0 ] || return 1
		left=$((left - 1))
		sleep 0.1
	done
}

listening()
{
	[ -S "$sock" ] && [ -S /run/peios/run.sock ]
}

umask 022
mkdir -p /run/peios /etc/pam.d "$reg" /dev/pts
mount -t devpts devpts /dev/pts 2> /dev/null
cat >> /etc/passwd <<-END
	alice:x:1000:1000::/:/bin/sh
	bob:x:1001:1001::/:/bin/sh
END
cat >> /etc/group <<-END
	sudo:x:27:alice
	alice:x:1000:
	bob:x:1001:
END
printf '%s:%s:20000:0:99999:7:::\n' root '*' alice "$hash" bob "$hash" > /etc/shadow
chmod 600 /etc/shadow
cp -r /logon/registry/. "$reg/"
chmod -R u=rwX,go=rX "$reg"
echo 'session required /logon/pam_peios.so' > /etc/pam.d/login
cat > /etc/pam.d/peios-elevate <<-END
	auth required /logon/pam_unix.so
	account required /logon/pam_unix.so
END

session alice cat /proc/self/attr/peios/token > /tmp/token
grep -qx 'user S-1-22-1-1000' /tmp/token &&
	grep -q '^groups S-1-5-32-544,.*S-1-22-2-27' /tmp/token &&
	grep -qx 'present SeChangeNotifyPrivilege,SeIncreaseWorkingSetPrivilege' /tmp/token &&
	grep -qx 'origin assigned' /tmp/token
result $? "a member of sudo gets Administrators and no privileges"
sed 's/^/# /' /tmp/token

session bob cat /proc/self/attr/peios/token > /tmp/token
grep -qx 'user S-1-22-1-1001' /tmp/token && grep -qx 'origin unix' /tmp/token
result $? "who has no rule has the token that follows the Unix identity"

peiosctl logon alice > /tmp/said && grep -qx 'by Groups/sudo' /tmp/said
result $? "peiosctl logon names the rule"

# A daemon of SYSTEM, and an administrator by sudo: uid 0, the session's token.
sleep 1000 &
daemon=$!
cat > /tmp/sudo-kill.sh <<-END
	kill $daemon
END
# The session's process is root here, as sudo's is: the token is alice's.
rule Services/sudo-like 'user S-1-22-1-1000
groups unix,Administrators'
echo 'session required /logon/pam_peios.so' > /etc/pam.d/sudo-like
/logon/pam_session /etc/pam.d sudo-like root sh /tmp/sudo-kill.sh
wait $daemon
[ $? = 143 ]
result $? "an administrator's root signals a daemon of SYSTEM"

sleep 1000 &
daemon=$!
rule Services/sudo-like 'user S-1-22-1-1000'
sed -i "s/kill .*/kill $daemon/" /tmp/sudo-kill.sh
! /logon/pam_session /etc/pam.d sudo-like root sh /tmp/sudo-kill.sh 2> /tmp/said &&
	kill -0 $daemon
result $? "without Administrators it may not"
kill $daemon
wait $daemon 2> /dev/null

rule Services/sudo-like 'logon refuse'
/logon/pam_session /etc/pam.d sudo-like root true 2> /tmp/said
[ $? = 10 ]
result $? "a rule that refuses: no session"

/logon/listen $sock 666 /logon/peios-elevated &
service=$!
/logon/listen -a /run/peios/run.sock 600 /logon/peios-elevated -x &
runner=$!
wait_for listening

as alice secret cat /proc/self/attr/peios/token < /dev/null > /tmp/token
result $? "an administrator runs a command with the password"
grep -qx 'user S-1-5-18' /tmp/token &&
	grep -q '^enabled .*SeTcbPrivilege' /tmp/token &&
	! grep -q SeCreateTokenPrivilege /tmp/token &&
	grep -qx 'origin assigned' /tmp/token
result $? "the command has the token of the rule"
sed 's/^/# /' /tmp/token

old=$(cat /proc/sys/vm/overcommit_ratio)
session alice sh -c 'echo 61 > /proc/sys/vm/overcommit_ratio' 2> /dev/null
[ "$(cat /proc/sys/vm/overcommit_ratio)" = "$old" ] &&
	as alice secret sh -c 'echo 61 > /proc/sys/vm/overcommit_ratio' < /dev/null &&
	[ "$(cat /proc/sys/vm/overcommit_ratio)" = 61 ]
result $? "vm.overcommit_ratio by elevation, and not without"
echo "$old" > /proc/sys/vm/overcommit_ratio

as alice secret sh -c 'exit 42' < /dev/null
[ $? = 42 ]
result $? "the exit status is the command's"

as alice secret sh -c 'kill -TERM $$' < /dev/null
[ $? = 143 ]
result $? "a signal that ends it is told, too"

seq 1 20000 > /tmp/input
as alice secret cat < /tmp/input > /tmp/output
cmp /tmp/input /tmp/output
result $? "what goes in by a pipe comes out unchanged"

export TERM=vt100 SECRET=x
as alice secret env < /dev/null > /tmp/env
grep -qx TERM=vt100 /tmp/env && grep -qx HOME=/root /tmp/env &&
	! grep -qE 'SECRET|LD_|LISTEN' /tmp/env
result $? "the environment is a short list"
sed 's/^/# /' /tmp/env

as alice secret sh -c 'ls -l /proc/self/fd' < /dev/null > /tmp/fds
! grep -qE 'socket|pipe:.* 1 |peios' /tmp/fds &&
	[ "$(grep -c -- '->' /tmp/fds)" -le 4 ]
result $? "nothing of the service is open in it"

as bob secret true < /dev/null 2> /tmp/said
[ $? = 1 ] && grep -q 'not permitted: no rule' /tmp/said
result $? "who has no rule is refused"
sed 's/^/# /' /tmp/said

# A root that has no privileges, as a daemon that was taken over: no way by uid 0.
echo secret | peiosctl run \
	--remove="$(sed -n 's/^present //p' /proc/self/attr/peios/token)" -- \
	peiosctl elevate -- true > /tmp/said 2>&1
[ $? = 1 ] && grep -q 'not permitted' /tmp/said
result $? "uid 0 alone is no reason"
sed 's/^/# /' /tmp/said

# Nor another's token, mounted over its own: the file is not believed.
# shellcheck disable=SC2016 # the inner shell's number
sh -c 'mount -o bind /proc/1/attr/peios/token "/proc/$$/attr/peios/token" &&
	exec peiosctl elevate -- true' > /tmp/said 2>&1
[ $? = 1 ] && grep -q '/proc does not tell' /tmp/said
result $? "nor is a file that was mounted in /proc"
sed 's/^/# /' /tmp/said

# Killed while its command runs: that goes, too.
{ echo secret; sleep 100; } | session alice peiosctl elevate -- sleep 987 &
wait_for running '^sleep 987 $' && runs=yes
kill -9 "$(running '^peiosctl elevate -- sleep 987 $')"
[ "$runs" = yes ] && wait_for gone '^sleep 987 $'
result $? "a client that is killed takes its command with it"

# The examples of the documentation, on a daemon that is there
mkfifo /tmp/never
sh -c 'printf daemon > /proc/self/comm; read -r _ < /tmp/never' &
daemon=$!
echo secret > /tmp/secret
wait_for pidof daemon
DOCS_SHELL='setsid /logon/pam_session /etc/pam.d login alice sh' DOCS_INPUT=/tmp/secret \
	/selftests/oom/docs_test.sh logon > /tmp/docs
result $? "the examples of the documentation: $(grep -c '^ok' /tmp/docs)"
grep -v '^ok\|^TAP\|^1\.\.' /tmp/docs | sed 's/^/# /'
grep -q '^ok 4 ' /tmp/docs
result $? "which are four or more"
[ "$(cat /proc/$daemon/oom_score_adj)" = -500 ]
result $? "the daemon is shielded"
sed -i 's,pam_,/logon/pam_,' /etc/pam.d/peios-monitor
/logon/pam_session /etc/pam.d peios-monitor root cat /proc/self/attr/peios/token > /tmp/token
grep -qx 'origin assigned' /tmp/token && grep -q '^groups S-1-5-32-544' /tmp/token &&
	! grep -q '^present .*SeTcbPrivilege' /tmp/token
result $? "the service with a rule has the token of the rule"
sed 's/^/# /' /tmp/token
kill $daemon

# By sudo an administrator does to services what the documentation says.
sleep 1000 &
daemon=$!
rule Services/sudo-like 'user S-1-22-1-1000
groups unix,Administrators'
cat > /tmp/sudo-like.sh <<-END
	renice -n 5 -p $daemon && ls -l /proc/$daemon/exe && ls -l /proc/$daemon/fd &&
	kill -USR1 $daemon
END
/logon/pam_session /etc/pam.d sudo-like root sh -e /tmp/sudo-like.sh > /tmp/said 2>&1
result $? "an administrator's root renices a daemon, sees its files and signals it"
sed 's/^/# /' /tmp/said
wait $daemon 2> /dev/null

# Three wrong passwords in a minute are enough, the right one comes too late.
for password in wrong Secret secret1; do
	as alice "$password" true < /dev/null > /tmp/said 2>&1
	[ $? = 1 ] || break
done
grep -q 'not authenticated' /tmp/said
result $? "a wrong password is refused"
as alice secret true < /dev/null > /tmp/said 2>&1
[ $? = 1 ] && grep -q 'wait a minute' /tmp/said
result $? "after three of them the next is not asked for"
sed 's/^/# /' /tmp/said

kill $service $runner
echo "1..$n"
exit $rc
