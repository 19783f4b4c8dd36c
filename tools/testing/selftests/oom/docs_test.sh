#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the examples of the administrators' chapters in Documentation/admin-guide.
#
# An example begins with a line ".. example NAME"; what follows, as far as it is
# indented by a tab, is a session: commands behind "# " (continued behind "> ")
# and what they print. Numbers may differ, and words where the numbers say so
# ("never"). ".. program NAME" is a program in C, compiled with the tests.

cd "$(dirname "$0")" || exit 1
docs='overcommit oom oom-events memory-policy Peios'
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
dir=$(mktemp -d)
restore()
{
	echo "$mode" > /proc/sys/vm/overcommit_memory
	[ "$ratio" -eq 0 ] || echo "$ratio" > /proc/sys/vm/overcommit_ratio
	rm -rf "$dir" /tmp/registry
	[ ! -d /sys/fs/cgroup/db ] || rmdir /sys/fs/cgroup/db
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

alike()
{
	sed 's/[0-9][0-9]* s$/never/; s/[0-9][0-9]*/N/g'
}

# What is expected is all that is not a command.
run()
{
	session "$1" "$2" > "$dir/session"
	sed -n 's/^[#>] //p' "$dir/session" > "$dir/commands"
	grep -v '^[#>] ' "$dir/session" | alike > "$dir/expected"
	[ -s "$dir/commands" ] || return 1
	sh -e "$dir/commands" > "$dir/said" 2>&1 < /dev/null || return 1
	alike < "$dir/said" > "$dir/got"
	cmp -s "$dir/expected" "$dir/got"
}

set --
for doc in $docs; do
	# shellcheck disable=SC2013 # words
	for name in $(sed -n 's/^ *\.\. example //p' "./$doc.rst"); do
		set -- "$@" "$doc/$name"
	done
done
echo "1..$#"
# What needs more than the commit files
have()
{
	case $1 in
	overcommit/cgroup*) [ -n "$have_limits" ] ;;
	oom-events/*) [ -e /proc/oom_history ] ;;
	Peios/*) grep -q 'mode enforcing' /sys/kernel/security/peios/status ;;
	esac 2> /dev/null
}
n=0 rc=0
for name; do
	n=$((n + 1))
	doc=${name%/*}
	if ! have "$name"; then
		echo "ok $n $doc.rst: ${name#*/} # SKIP this kernel has not what it shows"
		continue
	fi
	if run "$doc" "${name#*/}"; then
		echo "ok $n $doc.rst: ${name#*/}"
	else
		echo "not ok $n $doc.rst: ${name#*/}"
		sed 's/^/# /' "$dir/said" 2>/dev/null
		rc=1
	fi
done
exit $rc
