#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# docs_test.sh [PLACE]: run the examples of the administrators' chapters in
# Documentation/admin-guide and, without PLACE, the commands of README's chapter
# "Ask it" and the examples of manual pages.
#
# An example begins with a line ".. example NAME [PLACE]"; what follows, as far as it
# is indented by a tab, is a session: commands behind "# " or "$ " (continued behind
# "> ") and what they print. Numbers may differ, and words where the numbers say so
# ("never"). ".. program NAME" is a program in C, compiled with the tests. An example
# with a PLACE needs more than the self-tests have, and is run by the script of that
# name in scripts/guest: DOCS_SHELL runs what is a user's, behind "$ ", and DOCS_INPUT is
# read by it. The place "debian" is the test logon of tools/testing/selftests/peios/userland.
# Other commands that only a whole Debian can run are behind ".. tested FILE": they are
# in that test (scripts/check.d/docs).

cd "$(dirname "$0")" || exit 1
place=${1:-}
docs='overcommit container-memory oom oom-events memory-policy Peios'
PATH=$PWD:$PATH

echo "TAP version 13"
if [ ! -e /proc/commitinfo ] || [ "$(id -u)" -ne 0 ]; then
	echo "1..0 # SKIP not root, or CONFIG_COMMIT_INFO is off"
	exit 4
fi
# Examples with limits of cgroups need them.
have_limits=
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/probe
[ ! -e /sys/fs/cgroup/probe/memory.commit.max ] || have_limits=y
rmdir /sys/fs/cgroup/probe

mode=$(cat /proc/sys/vm/overcommit_memory)
ratio=$(cat /proc/sys/vm/overcommit_ratio)
query=$(cat /sys/kernel/security/peios/query 2> /dev/null)
kept=
[ ! -e /etc/peios/registry ] || kept=y
dir=$(mktemp -d)
chmod 755 "$dir"
# The knobs of a policy that was applied, back
applied=
defaults()
{
	mkdir -p /tmp/registry/System/Memory
	echo 1 > /tmp/registry/System/Memory/OomDumpTasks
	ksyncd -r /tmp/registry apply > /dev/null
	rm -rf /tmp/registry
	# A registry that says nothing of it leaves it as it is.
	[ -z "$query" ] || echo "$query" > /sys/kernel/security/peios/query
}

restore()
{
	echo "$mode" > /proc/sys/vm/overcommit_memory
	[ "$ratio" -eq 0 ] || echo "$ratio" > /proc/sys/vm/overcommit_ratio
	rm -rf "$dir" /tmp/registry
	[ -n "$kept" ] || rm -rf /etc/peios/registry
	[ -z "$applied" ] || defaults
	for group in db web kubepods.slice; do
		[ ! -d "/sys/fs/cgroup/$group" ] || rmdir "/sys/fs/cgroup/$group"
	done
}
trap restore EXIT

# session DOC NAME: the lines of an example
session()
{
	awk -v name="$2" '
		$1 == ".." && $2 == "example" { on = $3 == name; next }
		on && /^ *[^\t ]/ && $1 != "::" { on = 0 }
		on && /^\t/ { print substr($0, 2) }' "./$1.rst"
}

# A password is not asked for where there is no terminal.
alike()
{
	sed '/^Password:$/d; s/[0-9][0-9]* s$/never/; s/[0-9][0-9]*/N/g'
}

# What is expected is all that is not a command.
run()
{
	session "$1" "$2" > "$dir/session"
	sed -n 's/^[#$>] //p' "$dir/session" > "$dir/commands"
	grep -v '^[#$>] ' "$dir/session" | alike > "$dir/expected"
	[ -s "$dir/commands" ] || return 1
	shell='sh'
	! grep -q '^\$ ' "$dir/session" || shell=${DOCS_SHELL:-sh}
	# shellcheck disable=SC2086 # words
	$shell -e "$dir/commands" > "$dir/said" 2>&1 < "${DOCS_INPUT:-/dev/null}" || return 1
	alike < "$dir/said" > "$dir/got"
	cmp -s "$dir/expected" "$dir/got"
}

# What needs more than the commit files
have()
{
	case $1 in
	overcommit/cgroup*|container-memory/*) [ -n "$have_limits" ] ;;
	oom-events/*) [ -e /proc/oom_history ] ;;
	Peios/*|memory-policy/install) grep -q 'mode enforcing' /sys/kernel/security/peios/status ;;
	esac 2> /dev/null
}

# The limit that will be met first is the system's for as long as it sees the memory grow
# that a test before this one took.
quiet()
{
	for _ in $(seq 60); do
		[ "$(grep -cE '^(Exhaustion|Trend): never$' /proc/commitinfo)" -ne 2 ] || return 0
		sleep 1
	done
}

n=0 rc=0
# told STATUS WHAT: a line of TAP, behind what was said if it failed
told()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		sed 's/^/# /' "$dir/said" 2>/dev/null
		echo "not ok $n $2"
		rc=1
	fi
}

for doc in $docs; do
	# shellcheck disable=SC2013 # words
	for name in $(sed -n "s/^ *\.\. example \([^ ]*\)${place:+ $place}\$/\1/p" "./$doc.rst"); do
		if ! have "$doc/$name"; then
			n=$((n + 1))
			echo "ok $n $doc.rst: $name # SKIP this kernel has not what it shows"
			continue
		fi
		[ "$doc" != container-memory ] || quiet
		status=0
		run "$doc" "$name" || status=1
		told $status "$doc.rst: $name"
	done
done

# one WHAT COMMAND: without its numbers, which are of processes that are there; a
# command that shows what is refused ends with 1
one()
{
	command=$(echo "$2" | sed "s/\<812\>/$daemon/g; s/\<740\>/$user/g; s/\<PID\>/$daemon/g;
		s/=postgres\>/=0/")
	status=0
	case $command in
	'oomstat --watch'*)
		# shellcheck disable=SC2086 # words
		echo q | helper pty $command ;;
	*) timeout 60 sh -c "$command" ;;
	esac > "$dir/said" 2>&1 < /dev/null || status=$?
	case $2 in
	'peiosctl check'*) [ $status -ne 1 ] || status=0 ;;
	esac
	told $status "$1: $2"
}

# manual PAGE: the commands of its examples, a line each
manual()
{
	sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' "./$1" |
		awk '/^\.nf/ { on = 1 } /^\.fi/ { on = 0 }
			/^\.SH/ && !/EXAMPLES/ { exit }
			on && !/^\./ {
				gsub(/\\-/, "-")
				sub(/^# /, "")
				if (/&&$/) { held = held $0; next }
				if (/^\t/ && held == "") next
				print held $0
				held = ""
			}' |
		grep -E '^(oomstat|ksyncd|peiosctl|cp) '
}

if [ -z "$place" ] && [ -e README ] &&
   grep -q 'mode enforcing' /sys/kernel/security/peios/status 2> /dev/null; then
	sleep 1000 &
	daemon=$!
	peiosctl run --replace=user=S-1-22-1-1000 -- sleep 1000 &
	user=$!
	applied=y
	mkdir -p /sys/fs/cgroup/db /sys/fs/cgroup/kubepods.slice /etc/peios /var/lib/node_exporter
	[ -e /usr/sbin/cached ] || {
		echo '#!/bin/sh' > /usr/sbin/cached
		chmod 755 /usr/sbin/cached
	}
	sed -n '/^Ask it$/,/^Use it$/s/^    [#$] //p' README | sed 's/    .*//' > "$dir/readme"
	while read -r line; do
		one README "$line"
	done < "$dir/readme"
	[ -s "$dir/readme" ]
	told $? "README has commands"
	rm -rf /etc/peios/registry
	for page in oomstat.1 ksyncd.8 peiosctl.1; do
		# It samples until it is ended.
		manual "$page" | sed 's/oomstat record /oomstat record -c 2 /' > "$dir/manual"
		while read -r line; do
			one "$page" "$line"
		done < "$dir/manual"
		[ -s "$dir/manual" ]
		told $? "$page has examples"
	done
	kill $daemon $user
fi
echo "1..$n"
exit $rc
