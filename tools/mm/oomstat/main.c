// SPDX-License-Identifier: GPL-2.0-only
/*
 * oomstat - what memory is promised and paid, who the OOM killer would choose,
 * and whom it has killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <nss.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
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
"  -a, --all            show all processes, also those that can't be chosen\n"
"  -u, --user=USER      show a user's processes\n"
"  -C, --cgroup=PATH    show the processes in a cgroup and below it\n"
"  -g, --cgroups        show cgroups, too: all, or those of --cgroup\n"
"  -b, --bytes          amounts in bytes\n"
"  -k, --kilobytes      amounts in kB; the default is MB and GB on a terminal, else kB\n"
"  -w, --watch[=S]      live, every S seconds (2); q ends\n"
"  -j, --json           for programs\n"
"  -m, --openmetrics    for node_exporter's textfile collector\n"
"  -i, --interval=S     record every S seconds (1)\n"
"  -c, --count=N        record N samples, then end\n"
"      --proc=DIR       read DIR instead of /proc\n"
"      --cgroup-root=DIR  read DIR instead of /sys/fs/cgroup\n"
"  -h, --help\n";

struct options {
	struct request request;
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

/*
 * A user by number or name. Linked statically, without a dynamic linker, it asks
 * /etc/passwd only: what else names users is a shared library, which may not fit.
 */
static uid_t to_user(const char *text)
{
	const struct passwd *user;

	if (!text[strspn(text, "0123456789")])
		return to_number(text, 0);
	if (!getauxval(AT_BASE))
		__nss_configure_lookup("passwd", "files");
	user = getpwnam(text);
	return user ? user->pw_uid : to_number(text, 0);
}

static const char *to_cgroup(const char *text)
{
	if (*text == '/')
		return text;
	complain("'%s' is no path of a cgroup: that begins with /", text);
	exit(2);
}

int state_read(struct state *state, const struct request *request)
{
	const char *top = request->filter.cgroup;
	int err;

	*state = (struct state) {};
	err = system_read(&state->system);
	if (!err)
		err = processes_read(&state->processes, &request->filter);
	if (!err && request->groups)
		err = groups_read(&state->groups, top);
	if (err)
		state_free(state);
	return err;
}

void state_free(struct state *state)
{
	processes_free(&state->processes);
	groups_free(&state->groups);
}

static int show(const struct options *o)
{
	struct state state;
	int err;

	if (o->watch)
		return watch(o->watch, &o->request);
	err = state_read(&state, &o->request);
	if (err)
		return err;
	if (o->json)
		err = print_json(stdout, &state, &o->request);
	else if (o->openmetrics)
		print_openmetrics(stdout, &state, &o->request);
	else
		print_table(stdout, &state, &o->request);
	state_free(&state);
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
		{ "user", required_argument, NULL, 'u' },
		{ "cgroup", required_argument, NULL, 'C' },
		{ "cgroups", no_argument, NULL, 'g' },
		{ "bytes", no_argument, NULL, 'b' },
		{ "kilobytes", no_argument, NULL, 'k' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "openmetrics", no_argument, NULL, 'm' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "proc", required_argument, NULL, 'P' },
		{ "cgroup-root", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options o = { .request.rows = 20, .interval = 1 };
	int option, err;

	unit = isatty(STDOUT_FILENO) ? UNIT_HUMAN : UNIT_KB;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "n:au:C:gbkw::jmi:c:h", longs, NULL)) >= 0) {
		switch (option) {
		case 'n':
			o.request.rows = to_number(optarg, 1);
			break;
		case 'a':
			o.request.rows = 0;
			o.request.filter.all = true;
			break;
		case 'u':
			o.request.filter.user = to_user(optarg);
			o.request.filter.by_user = true;
			break;
		case 'C':
			o.request.filter.cgroup = to_cgroup(optarg);
			break;
		case 'g':
			o.request.groups = true;
			break;
		case 'b':
			unit = UNIT_BYTES;
			break;
		case 'k':
			unit = UNIT_KB;
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
		case 'R':
			cgroup_root = optarg;
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
	if (err == -ENOENT && o.request.groups && o.request.filter.cgroup) {
		complain("no cgroup %s below %s", o.request.filter.cgroup, cgroup_root);
		return 1;
	}
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
