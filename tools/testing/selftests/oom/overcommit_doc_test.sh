#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the examples of Documentation/admin-guide/mm/overcommit.rst.
#
# An example begins with a line ".. example NAME"; what follows, as far as it is
# indented, is a session: commands behind "# " (continued behind "> ") and what
# they print. Numbers may differ, and words where the numbers say so ("never").

cd "$(dirname "$0")" || exit 1
doc=./overcommit.rst
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
	rm -rf "$dir"
	[ ! -d /sys/fs/cgroup/db ] || rmdir /sys/fs/cgroup/db
}
trap restore EXIT

# session NAME: the lines of an example
session()
{
	awk -v name="$1" '
		$1 == ".." && $2 == "example" { on = $3 == name; next }
		on && /^[^\t ]/ && $0 != "::" { on = 0 }
		on && /^\t/ { print substr($0, 2) }' "$doc"
}

alike()
{
	sed 's/[0-9][0-9]* s$/never/; s/[0-9][0-9]*/N/g'
}

# What is expected is all that is not a command.
run()
{
	session "$1" > "$dir/session"
	sed -n 's/^[#>] //p' "$dir/session" > "$dir/commands"
	grep -v '^[#>] ' "$dir/session" | alike > "$dir/expected"
	[ -s "$dir/commands" ] || return 1
	sh -e "$dir/commands" > "$dir/said" 2>&1 || return 1
	alike < "$dir/said" > "$dir/got"
	cmp -s "$dir/expected" "$dir/got"
}

names=$(sed -n 's/^\.\. example //p' "$doc")
# shellcheck disable=SC2086 # a list of words
set -- $names
echo "1..$#"
n=0 rc=0
for name; do
	n=$((n + 1))
	case $name in
	cgroup*)
		if [ -z "$have_limits" ]; then
			echo "ok $n overcommit.rst: $name # SKIP no memory.commit.max"
			continue
		fi ;;
	esac
	if run "$name"; then
		echo "ok $n overcommit.rst: $name"
	else
		echo "not ok $n overcommit.rst: $name"
		sed 's/^/# /' "$dir/said" 2>/dev/null
		rc=1
	fi
done
exit $rc
