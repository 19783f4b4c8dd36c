// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings of promise and payment, and a plot of one as SVG.
 *
 * A recording is text, a line a sample: seconds since 1970, then promise,
 * payment, available and limit in kB. Lines that begin with # are comments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "oomstat.h"

enum { PROMISE, PAYMENT, AVAILABLE, LIMIT, NR_SERIES };

static const struct {
	const char *name;
	const char *colour;
} series[NR_SERIES] = {
	[PROMISE]	= { "promise", "#c0392b" },
	[PAYMENT]	= { "payment", "#2471a3" },
	[AVAILABLE]	= { "available", "#229954" },
	[LIMIT]		= { "limit", "#7f8c8d" },
};

struct sample {
	double time;
	long long kb[NR_SERIES];
};

int record(const char *path, unsigned int seconds, unsigned long samples)
{
	const struct timespec interval = { .tv_sec = seconds };
	unsigned long i;
	sigset_t ends;
	int err = 0;
	FILE *out = fopen(path, "we");

	if (!out)
		return -errno;
	/* These end the recording between two samples. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	fputs("# time promise payment available limit (s, kB)\n", out);
	for (i = 0; !samples || i < samples; i++) {
		struct timespec now;
		struct system s;

		if (i && sigtimedwait(&ends, NULL, &interval) > 0)
			break;
		err = system_read(&s);
		if (err)
			break;
		clock_gettime(CLOCK_REALTIME, &now);
		fprintf(out, "%jd.%03ld %lld %lld %lld %lld\n",
			(intmax_t)now.tv_sec, now.tv_nsec / 1000000, s.promise,
			s.payment, s.available, s.limit);
		/* What was recorded is there even if the machine is lost. */
		fflush(out);
	}
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

/* The samples, two at least; NULL and an error in @err if they can't be had. */
static struct sample *read_recording(const char *path, size_t *nr, int *err)
{
	struct sample *samples = NULL, *more;
	size_t room = 0, number = 0;
	FILE *in = fopen(path, "re");
	char line[256];

	*err = in ? 0 : -errno;
	if (!in)
		return NULL;
	*nr = 0;
	while (fgets(line, sizeof(line), in)) {
		struct sample s;

		number++;
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%lf %lld %lld %lld %lld", &s.time,
			   &s.kb[PROMISE], &s.kb[PAYMENT], &s.kb[AVAILABLE],
			   &s.kb[LIMIT]) != 5 ||
		    (*nr && s.time < samples[*nr - 1].time)) {
			complain("%s:%zu: not a sample", path, number);
			*err = -EINVAL;
			break;
		}
		if (*nr == room) {
			room = room ? room * 2 : 1024;
			more = reallocarray(samples, room, sizeof(*more));
			if (!more) {
				*err = -ENOMEM;
				break;
			}
			samples = more;
		}
		samples[(*nr)++] = s;
	}
	fclose(in);
	if (!*err && *nr < 2) {
		complain("%s: fewer than two samples", path);
		*err = -EINVAL;
	}
	if (*err) {
		free(samples);
		return NULL;
	}
	return samples;
}

/* The plot's size, and its margins for the axes' labels. */
enum { WIDTH = 960, HEIGHT = 480, LEFT = 80, RIGHT = 20, TOP = 40, BOTTOM = 50 };

/* The least of 1, 2, 5 times a power of ten that gives at most @most steps. */
static double step_for(double range, int most)
{
	static const double factors[] = { 1, 2, 5, 10 };
	double power = 1;
	size_t i;

	while (range / (power * 10) > most)
		power *= 10;
	for (i = 0; i < ARRAY_SIZE(factors); i++)
		if (range / (power * factors[i]) <= most)
			break;
	return power * factors[i < ARRAY_SIZE(factors) ? i : 3];
}

static void print_axes(FILE *out, double seconds, double mb)
{
	const int width = WIDTH - LEFT - RIGHT, height = HEIGHT - TOP - BOTTOM;
	double at, step = step_for(mb, 8);

	for (at = 0; at <= mb; at += step) {
		double y = TOP + height * (1 - at / mb);

		fprintf(out, "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' stroke='#ddd'/>\n"
			"<text x='%d' y='%.1f' text-anchor='end'>%.0f</text>\n",
			LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, at);
	}
	step = step_for(seconds, 10);
	for (at = 0; at <= seconds; at += step) {
		double x = LEFT + width * at / seconds;

		fprintf(out, "<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' stroke='#888'/>\n"
			"<text x='%.1f' y='%d' text-anchor='middle'>%.0f</text>\n",
			x, x, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 5, x,
			HEIGHT - BOTTOM + 20, at);
	}
	fprintf(out, "<text x='%d' y='%d' text-anchor='middle'>seconds</text>\n"
		"<text x='%d' y='%d'>MB</text>\n",
		LEFT + width / 2, HEIGHT - 10, LEFT - 40, TOP - 15);
}

static void print_series(FILE *out, const struct sample *samples, size_t nr,
			 int which, double seconds, double mb)
{
	const int width = WIDTH - LEFT - RIGHT, height = HEIGHT - TOP - BOTTOM;
	size_t i;

	fprintf(out, "<polyline fill='none' stroke='%s' stroke-width='2'%s points='",
		series[which].colour,
		which == LIMIT ? " stroke-dasharray='6 4'" : "");
	for (i = 0; i < nr; i++)
		fprintf(out, "%s%.1f,%.1f", i ? " " : "",
			LEFT + width * (samples[i].time - samples[0].time) /
			       seconds,
			TOP + height * (1 - samples[i].kb[which] / 1024. / mb));
	fprintf(out, "'/>\n<text x='%d' y='%d' fill='%s'>%s</text>\n",
		LEFT + 20 + which * 110, TOP - 15, series[which].colour,
		series[which].name);
}

int plot(const char *recording, const char *svg)
{
	struct sample *samples;
	double seconds, mb = 1;
	int which, err;
	size_t i, nr;
	FILE *out;

	samples = read_recording(recording, &nr, &err);
	if (!samples)
		return err;
	seconds = samples[nr - 1].time - samples[0].time;
	if (seconds <= 0)
		seconds = 1;
	for (i = 0; i < nr; i++)
		for (which = 0; which < NR_SERIES; which++)
			if (samples[i].kb[which] / 1024. > mb)
				mb = samples[i].kb[which] / 1024.;

	out = fopen(svg, "we");
	if (!out) {
		err = -errno;
		goto out;
	}
	fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d'",
		WIDTH, HEIGHT);
	fputs(" font-family='sans-serif' font-size='13'>\n"
	      "<rect width='100%' height='100%' fill='white'/>\n", out);
	print_axes(out, seconds, mb);
	for (which = 0; which < NR_SERIES; which++)
		print_series(out, samples, nr, which, seconds, mb);
	fputs("</svg>\n", out);
	if (fclose(out))
		err = -errno;
out:
	free(samples);
	return err;
}
