// SPDX-License-Identifier: GPL-2.0-only
/*
 * oomstat - what memory is promised and paid, who the OOM killer would choose,
 * and whom it has killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "oomstat.h"

static const char usage_text[] =
"usage: oomstat [OPTIONS]              promise, payment and the likeliest victims\n"
"       oomstat [OPTIONS] history [FILE]  whom the OOM killer has killed, and why\n"
"       oomstat replay [FILE]          work out each choice again from its record\n"
"       oomstat record FILE            record promise and payment over time\n"
"       oomstat plot RECORDING SVG     draw a recording\n"
"\n"
"  -n, --rows=N         show N processes (20)\n"
"  -a, --all            show all processes\n"
"  -w, --watch[=S]      live, every S seconds (2); q ends\n"
"  -j, --json           for programs\n"
"  -m, --openmetrics    for node_exporter's textfile collector\n"
"  -i, --interval=S     record every S seconds (1)\n"
"  -c, --count=N        record N samples, then end\n"
"      --proc=DIR       read DIR instead of /proc\n"
"  -h, --help\n";

struct options {
	size_t rows;
	unsigned int watch;
	unsigned int interval;
	unsigned long count;
	bool json;
	bool openmetrics;
};

void complain(const char *format, ...)
{
	va_list args;

	fputs("oomstat: ", stderr);
	va_start(args, format);
	name_vprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static unsigned long to_number(const char *text, unsigned long least)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || value < least ||
	    value > INT_MAX) {
		complain("'%s' is not a number that serves here; oomstat --help tells more",
			 text);
		exit(2);
	}
	return value;
}

static int show(const struct options *o)
{
	struct processes ps;
	struct system s;
	int err;

	if (o->watch)
		return watch(o->watch, o->rows);
	err = system_read(&s);
	if (err)
		return err;
	err = processes_read(&ps);
	if (err)
		return err;
	if (o->json)
		err = print_json(stdout, &s, &ps, o->rows);
	else if (o->openmetrics)
		print_openmetrics(stdout, &s, &ps, o->rows);
	else
		print_table(stdout, &s, &ps, o->rows);
	processes_free(&ps);
	return err;
}

static int run(const struct options *o, int argc, char *argv[])
{
	const char *command = argc ? argv[0] : NULL;

	if (!command)
		return show(o);
	if (!strcmp(command, "history") && argc <= 2)
		return history_print(argv[1], o->json);
	if (!strcmp(command, "replay") && argc <= 2)
		return history_replay(argv[1]);
	if (!strcmp(command, "record") && argc == 2)
		return record(argv[1], o->interval, o->count);
	if (!strcmp(command, "plot") && argc == 3)
		return plot(argv[1], argv[2]);
	complain("'%s' is no command, or has not its arguments; oomstat --help tells more",
		 command);
	exit(2);
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "rows", required_argument, NULL, 'n' },
		{ "all", no_argument, NULL, 'a' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "openmetrics", no_argument, NULL, 'm' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "proc", required_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options o = { .rows = 20, .interval = 1 };
	int option, err;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "n:aw::jmi:c:h", longs, NULL)) >= 0) {
		switch (option) {
		case 'n':
			o.rows = to_number(optarg, 1);
			break;
		case 'a':
			o.rows = 0;
			break;
		case 'w':
			o.watch = optarg ? to_number(optarg, 1) : 2;
			break;
		case 'j':
			o.json = true;
			break;
		case 'm':
			o.openmetrics = true;
			break;
		case 'i':
			o.interval = to_number(optarg, 1);
			break;
		case 'c':
			o.count = to_number(optarg, 1);
			break;
		case 'P':
			proc = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			name_bad_option("oomstat", argv);
			return 2;
		}
	}
	err = run(&o, argc - optind, argv + optind);
	if (err < 0) {
		complain("%s", strerror(-err));
		return 1;
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("oomstat: standard output");
		return 1;
	}
	return err;
}
