#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# select-plot.sh: what select-cost.sh has counted, as a table and a plot: the
# instructions of a selection of a victim against the number of tasks, on the base
# kernel and on ours. The plot is $BUILD/bench/select.svg.

. "$(dirname "$0")/lib.sh"

dir=$BUILD/bench
shopt -s nullglob
files=()
for f in "$dir"/select-{vanilla,release}-*; do
	[ ! -s "$f" ] || files+=("$f")
done
if [ ${#files[@]} -eq 0 ]; then
	echo "Choosing a victim: not counted yet, 'make select' does;" \
		"SELECT_TASKS='1000 10000' for so many tasks"
	exit 0
fi

awk -v svg="$dir/select.svg" '
	# Both axes are logarithmic: a cost for each task is a slope of one.
	function x(n) { return 70 + 500 * (log(n) - xlow) / (xhigh - xlow) }
	function y(c) { return 330 - 300 * (log(c) - ylow) / (yhigh - ylow) }
	function text(at, on, anchor, what) {
		printf "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n",
			at, on, anchor, what > svg
	}
	function line(points, colour, dash) {
		printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n",
			points, colour, dash ? " stroke-dasharray=\"6 4\"" : "" > svg
	}
	FNR == 1 {
		file = FILENAME
		sub(/.*\/select-/, "", file)
		kernel = file
		sub(/-.*/, "", kernel)
	}
	$3 > 0 {
		if (!(($1, $2) in seen)) {
			seen[$1, $2] = 1
			kind[++n] = $1
			tasks[n] = $2
		}
		cost[kernel, $1, $2] = $3
		if (!low || $3 < low)
			low = $3
		if ($3 > high)
			high = $3
		if (!fewest || $2 < fewest)
			fewest = $2
		if ($2 > most)
			most = $2
	}
	END {
		printf "%-8s %7s %12s %12s %10s %10s %6s\n", "select", "tasks",
			"vanilla", "series", "a task", "a task", "ratio"
		for (i = 1; i <= n; i++) {
			k = kind[i]
			v = cost["vanilla", k, tasks[i]]
			o = cost["release", k, tasks[i]]
			# The least number of tasks stands for what is not a task'"'"'s.
			if (!(k in first) || tasks[i] < first[k])
				first[k] = tasks[i]
		}
		for (i = 1; i <= n; i++) {
			k = kind[i]
			v = cost["vanilla", k, tasks[i]]
			o = cost["release", k, tasks[i]]
			more = tasks[i] - first[k]
			if (!more || !v || !o) {
				printf "%-8s %7d %12s %12s\n", k, tasks[i], v, o
				continue
			}
			v1 = (v - cost["vanilla", k, first[k]]) / more
			o1 = (o - cost["release", k, first[k]]) / more
			printf "%-8s %7d %12d %12d %10.1f %10.1f %6s\n", k, tasks[i],
				v, o, v1, o1, (v1 > 0 ? sprintf("%.3f", o1 / v1) : "")
		}

		xlow = log(fewest)
		xhigh = log(most * 1.1)
		ylow = log(low / 1.2)
		yhigh = log(high * 1.2)
		print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"390\" font-family=\"sans-serif\" font-size=\"12\">" > svg
		print "<rect width=\"720\" height=\"390\" fill=\"white\"/>" > svg
		line("70,30 70,330 570,330", "black", 0)
		for (t = 10; t <= most * 1.1; t *= 10)
			if (t >= fewest) {
				line(x(t) ",30 " x(t) ",330", "lightgrey", 0)
				text(x(t), 348, "middle", t)
			}
		for (c = 100; c <= high * 1.2; c *= 10)
			if (log(c) >= ylow) {
				line("70," y(c) " 570," y(c), "lightgrey", 0)
				text(64, y(c) + 4, "end", c)
			}
		text(320, 372, "middle", "tasks")
		text(70, 20, "start", "instructions of a selection")
		colours = split("firebrick steelblue seagreen darkorange", colour, " ")
		for (i = 1; i <= n; i++) {
			k = kind[i]
			if (k in drawn)
				continue
			drawn[k] = ++kinds
			for (w = 0; w < 2; w++) {
				from = w ? "vanilla" : "release"
				points = ""
				for (j = 1; j <= n; j++)
					if (kind[j] == k && cost[from, k, tasks[j]])
						points = points sprintf("%.1f,%.1f ", x(tasks[j]),
							y(cost[from, k, tasks[j]]))
				line(points, colour[(kinds - 1) % colours + 1], w)
				on = 40 + 36 * (kinds - 1) + 16 * w
				line("585," on - 4 " 610," on - 4,
				     colour[(kinds - 1) % colours + 1], w)
				text(615, on, "start", k (w ? ", vanilla" : ", series"))
			}
		}
		print "</svg>" > svg
	}' "${files[@]}"
echo "plot: ${dir#"$TOP"/}/select.svg"
