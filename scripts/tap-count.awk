# SPDX-License-Identifier: GPL-2.0-only
# Count the results in (K)TAP, nested to any depth: only leaves count, so that
# a suite's line that sums up its cases is not counted again. Depth is shown by
# four spaces (KUnit) or by "# " (kselftest) each. A sum that failed though no
# case of it did, as when a test program died, counts as one failure.
#
# Prints "PASSED FAILED SKIPPED", then a line "FAILED name" for each failure and
# the last lines that the report has between it and the result before.

BEGIN { LINES = 8 }

# The lines told since the last result, indented.
function reason(  text, i)
{
	for (i = told > LINES ? told - LINES : 0; i < told; i++)
		text = text "\n    " lines[i % LINES]
	return text
}

{
	sub(/\r$/, "")
	depth = 0
	while (sub(/^(    |# )/, ""))
		depth++
}

/^(not )?ok [0-9]+/ {
	bad = /^not ok/
	skip = /# SKIP/
	name = $0
	sub(/^(not )?ok [0-9]+ *-? */, "", name)

	if (cases[depth + 1]) {
		if (bad && !failures[depth + 1]) {
			failed++
			failures[depth]++
			list = list "\nFAILED " name reason()
		} else if (failures[depth + 1]) {
			failures[depth]++
		}
	} else if (skip) {
		skipped++
		list = list "\nSKIPPED " name
	} else if (bad) {
		failed++
		failures[depth]++
		list = list "\nFAILED " name reason()
	} else {
		passed++
	}
	cases[depth]++
	for (d = depth + 1; d < 20; d++)
		cases[d] = failures[d] = 0
	told = 0
	next
}

/[^ ]/ { lines[told++ % LINES] = $0 }

END { printf "%d %d %d%s\n", passed, failed, skipped, list }
