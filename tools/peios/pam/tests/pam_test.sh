#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# pam_test.sh DIR: the module that was built in DIR, in a session of its own, with
# a folder of files in the place of /proc and another in that of the registry.

dir=$(cd "$1" && pwd) || exit 2
user=$(id -un) group=$(id -gn) uid=$(id -u)
top=$(mktemp -d) || exit 2
trap 'rm -rf "$top"' EXIT
chmod 755 "$top"
n=0 rc=0
token=$top/proc/thread-self/attr/peios/token

result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n pam_peios: $2"
	else
		echo "not ok $n pam_peios: $2"
		sed 's/^/# /' "$top/said"
		rc=1
	fi
}

# fresh: a policy that gives the group of who runs this Administrators, and a
# process that may replace its token
fresh()
{
	rm -rf "$top/registry" "$top/proc"
	mkdir -p "$top/registry/System/Logon"/{Users,Groups,Services} \
		"${token%/*}" "$top/pam.d"
	chmod -R 755 "$top/registry"
	echo 'groups unix,Administrators' > "$top/registry/System/Logon/Groups/$group"
	chmod 644 "$top/registry/System/Logon/Groups/$group"
	printf 'user S-1-5-18\nenabled SeCreateTokenPrivilege,SeTcbPrivilege\n' > "$token"
	service "registry=$top/registry proc=$top/proc"
}

service()
{
	echo "session required $dir/pam_peios.so $1" > "$top/pam.d/login-test"
}

# rule PATH TEXT
rule()
{
	printf '%s\n' "$2" > "$top/registry/System/Logon/$1"
	chmod 644 "$top/registry/System/Logon/$1"
}

# session: 0 if there was one; the token's file is what was written
session()
{
	"$dir/pam_session" "$top/pam.d" login-test "$user" true > "$top/said" 2>&1
}

written()
{
	# The file keeps what the command did not reach; in /proc it would not.
	head -n 1 "$token" | grep -q "^replace user=$1 "
}

untouched()
{
	grep -qx 'user S-1-5-18' "$token"
}

echo "TAP version 13"

fresh
session && written "S-1-22-1-$uid" && grep -q 'groups=S-1-5-32-544,S-1-22-2-' "$token"
result $? "the token that the rule of a group names"

fresh
rule "Users/$user" 'user SYSTEM'
session && written S-1-5-18
result $? "the user's rule goes before the group's"

fresh
rule Services/login-test 'logon unix'
session && untouched
result $? "the service's rule goes before the user's"

fresh
rm "$top/registry/System/Logon/Groups/$group"
session && untouched
result $? "no rule: the token follows the Unix identity"

fresh
rm "$top/registry/System/Logon/Groups/$group"
rule NoRule refuse
! session && untouched && grep -q 'no session' "$top/said"
result $? "no rule: no session, if NoRule says so"

fresh
rule "Users/$user" 'logon refuse'
! session && untouched
result $? "a rule that refuses"

fresh
rule Users/somebody 'privileges SeNothingPrivilege'
session && untouched
result $? "a policy that is wrong: the token follows the Unix identity"

fresh
rule Users/somebody 'privileges SeNothingPrivilege'
rule OnError refuse
! session && untouched
result $? "a policy that is wrong: no session, if OnError says so"

fresh
chmod 666 "$top/registry/System/Logon/Groups/$group"
rule OnError refuse
! session && untouched
result $? "a rule that others can write: no session, if OnError says so"

fresh
printf 'user S-1-22-1-0\nenabled SeChangeNotifyPrivilege\n' > "$token"
session && ! grep -q replace "$token"
result $? "without SeCreateTokenPrivilege the token stays"

fresh
rm "$token"
session && [ ! -e "$token" ]
result $? "without Peios nothing happens"

fresh
rm "$token"
mkdir "$token"
rule OnError refuse
! session
result $? "a token that can't be read: no session, if OnError says so"

fresh
rm -r "$top/registry"
session && untouched
result $? "without a registry nothing happens"

fresh
service "registry=$top/registry proc=$top/proc refuse"
! session && untouched
result $? "an unknown option is an error"

fresh
evil=$(printf 'a\033[31m\nforged\\\377')
rule "Users/$evil" 'logon unix'
PAM_LOG=$top/log session
[ "$(grep -c pam_peios "$top/log")" -eq 2 ] &&
	! grep -q '^forged' "$top/log" && ! LC_ALL=C grep -q '[^ -~]' "$top/log" &&
	grep -qF '/Users/a\x1b[31m\x0aforged\\\xff: is not the name' "$top/log"
result $? "the log has names as text"

echo "1..$n"
exit $rc
