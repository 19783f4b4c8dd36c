# SPDX-License-Identifier: GPL-2.0-only
# What scripts/guest/kselftest.sh printed, as lines "STATUS<tab>PROGRAM: RESULT": pass,
# fail or skip. A program that prints no TAP, or that ends badly though none of its
# results is a failure, has a result of its own, "as a whole".

function leaf(status, name)
{
	sub(/ *#.*$/, "", name)
	sub(/^ *-? */, "", name)
	# Numbers of processes, addresses and times differ from run to run.
	gsub(/0x[0-9a-f]+/, "N", name)
	gsub(/[0-9][0-9][0-9]+/, "N", name)
	gsub(/[ \t]+/, " ", name)
	sub(/ $/, "", name)
	name = program ": " name
	if (seen[name]++)
		name = name " (" seen[name] ")"
	print status "\t" name
	results++
	if (status == "fail")
		failures++
}

{ sub(/\r$/, "") }

/^== ended with / {
	rc = $4
	if (program != "") {
		if (rc == 4 && !failures)
			status = "skip"
		else if (rc == 0 || failures)
			status = "pass"
		else
			status = "fail"
		if (!results || (status == "fail" && !failures))
			print status "\t" program ": as a whole"
		program = ""
	}
	next
}

/^== all/ { next }

/^== / {
	program = substr($0, 4)
	results = failures = 0
	next
}

program == "" { next }

{
	line = $0
	while (sub(/^(    |# )/, "", line))
		;
	if (line ~ /^(not )?ok [0-9]+/) {
		status = line ~ /^not/ ? "fail" : line ~ /# *SKIP/ ? "skip" : "pass"
		# Expected to fail: no failure on either.
		if (line ~ /# *(XFAIL|TODO)/)
			status = "pass"
		sub(/^(not )?ok [0-9]+/, "", line)
		leaf(status, line)
	}
}

# The guest died in it, or did not get there in time.
END {
	if (program != "")
		print "fail\t" program ": as a whole"
}
