# SPDX-License-Identifier: GPL-2.0-only
# Sorts v[1] to v[n] and returns the median. For a program in a script:
#
#	awk "$(cat "$TOP/scripts/median.awk")"'...'

function median(v, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
}
