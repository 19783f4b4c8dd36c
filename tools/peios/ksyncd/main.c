// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksyncd - memory policy from a registry into /proc/sys. See ksyncd(8).
 *
 * Example:	ksyncd -r /usr/share/peios/policies/desktop check
 *		ksyncd apply && ksyncd show
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syslog.h>
#include <unistd.h>

#include "ksyncd.h"
#include "names.h"

#define REGISTRY	"/etc/peios/registry"

/* Exit codes. */
#define OK		0
#define NOT_IN_FORCE	1
#define USAGE		2

static bool journal;

void say(int priority, const char *format, ...)
{
	va_list args;

	/* What journald and the kernel's log take as the priority. */
	if (journal)
		fprintf(stderr, "<%d>", priority);
	else
		fputs(priority == LOG_ERR ? "ksyncd: error: " :
		      priority == LOG_WARNING ? "ksyncd: warning: " :
		      "ksyncd: ", stderr);
	va_start(args, format);
	name_vprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void say_all(const struct messages *m)
{
	int i;

	for (i = 0; i < m->nr; i++)
		say(m->error[i] ? LOG_ERR : LOG_WARNING, "%s", m->text[i]);
}

static int load(const struct options *options, struct registry *registry,
		struct messages *m)
{
	int ret = registry_load(options->registry, registry, m);

	say_all(m);
	return ret;
}

static int check(const struct options *options)
{
	struct registry registry;
	struct messages m;
	bool bad;

	/* Both say all that is wrong with them. */
	bad = load(options, &registry, &m);
	if (!logon_check(options->registry) || bad)
		return NOT_IN_FORCE;
	name_printf(stdout, "%s: no errors", options->registry);
	putchar('\n');
	return OK;
}

static int apply(const struct options *options, const struct kernel *kernel)
{
	struct registry registry;
	struct messages m;
	int written;

	if (load(options, &registry, &m))
		return NOT_IN_FORCE;
	m = (struct messages) {};
	written = policy_apply(kernel, &registry.given, options->refuse_over,
			       &m);
	say_all(&m);
	if (written < 0) {
		say(LOG_ERR, "the policy was NOT applied");
		return NOT_IN_FORCE;
	}
	printf("policy is in force, %d knobs written\n", written);
	return OK;
}

/* Registry, kernel, and what parts them. */
static int show(const struct options *options, const struct kernel *kernel)
{
	char by_registry[64], by_kernel[64], value[48];
	struct registry registry;
	struct values now, want;
	const char *state;
	struct messages m;
	int id, ret = OK;
	bool have;

	have = !load(options, &registry, &m);
	m = (struct messages) {};
	if (kernel_values(kernel, &now, &m))
		ret = NOT_IN_FORCE;
	say_all(&m);
	if (!have)
		ret = NOT_IN_FORCE;
	policy_complete(&registry.given, &want);

	printf("%-22s %-18s %-18s %s\n", "SETTING", "REGISTRY", "KERNEL",
	       "STATE");
	for (id = 0; id < NR_SETTINGS; id++) {
		const struct setting *s = &settings[id];

		snprintf(by_registry, sizeof(by_registry), "-");
		snprintf(by_kernel, sizeof(by_kernel), "-");
		if (have && want.set[id]) {
			value_text(s, want.v[id], value, sizeof(value));
			snprintf(by_registry, sizeof(by_registry), "%s%s",
				 value, registry.given.set[id] ? "" : " *");
		}
		if (now.set[id])
			value_text(s, now.v[id], by_kernel, sizeof(by_kernel));

		state = "in force";
		if (!now.set[id]) {
			state = "not in this kernel";
			if (have && setting_lacks_knob(&registry.given, &now, id))
				ret = NOT_IN_FORCE;
		} else if (!have || !want.set[id]) {
			state = "left to the kernel";
		} else if (!policy_in_force(&now, &want, id)) {
			state = "DIFFERS";
			ret = NOT_IN_FORCE;
		}
		printf("%-22s %-18s %-18s %s\n", s->name, by_registry,
		       by_kernel, state);
	}
	printf("* by default\n");
	return ret;
}

/* One setting for sysctl.d(5). */
static void export_setting(int id, long long value, bool given)
{
	const struct setting *s = &settings[id];
	char name[64];

	sysctl_name(id, name, sizeof(name));
	if (s->peios)
		printf("# No sysctl; on the kernel's command line: %s=%s\n",
		       name, value_word(s, value));
	else
		/* A dash: no error where a kernel lacks the knob. */
		printf("%s%s = %lld\n", given ? "" : "-", name, value);
}

/* The policy for who has no ksyncd. */
static int export_policy(const struct options *options)
{
	struct registry registry;
	struct messages m;
	struct values want;
	int mode, id;

	if (load(options, &registry, &m))
		return NOT_IN_FORCE;
	policy_complete(&registry.given, &want);
	name_printf(stdout, "# Memory policy of %s, for sysctl.d(5), by ksyncd export.",
		    options->registry);
	putchar('\n');
	/* The mode last: what it makes count is there then. */
	for (mode = 0; mode < 2; mode++) {
		for (id = 0; id < NR_SETTINGS; id++) {
			if (!want.set[id] ||
			    mode != !(id - OVERCOMMIT_MEMORY))
				continue;
			/* Writing the one would set the other to 0. */
			if (id == (want.v[OVERCOMMIT_KBYTES] ?
				   OVERCOMMIT_RATIO : OVERCOMMIT_KBYTES))
				continue;
			export_setting(id, want.v[id],
				       registry.given.set[id]);
		}
	}
	return OK;
}

static int usage_error(void)
{
	fputs("ksyncd --help tells more\n", stderr);
	return USAGE;
}

static void print_help(FILE *to)
{
	fputs("usage: ksyncd [OPTION]... COMMAND\n"
	      "commands:\n"
	      "  check    see whether the registry's policies are right\n"
	      "  apply    put it in force, all of it or nothing\n"
	      "  run      keep it in force until SIGTERM\n"
	      "  show     registry, kernel, and difference\n"
	      "  export   print it in the form of sysctl.d(5)\n"
	      "options:\n"
	      "  -r, --registry=DIR     folder of the registry (" REGISTRY ")\n"
	      "  -o, --over=warn|refuse what to do if strict mode would refuse\n"
	      "                         every request at once (warn)\n"
	      "  -p, --pin              read the registry once only, for run\n"
	      "  -i, --interval=SECONDS between looks at the kernel, for run (10)\n"
	      "  -q, --quiet=MS         without a change before reading it, for run (200)\n"
	      "  -s, --sysctl=DIR       in place of /proc/sys\n"
	      "  -S, --securityfs=DIR   in place of /sys/kernel/security\n"
	      "  -m, --meminfo=FILE     in place of /proc/meminfo\n"
	      "  -h, --help             this text\n", to);
}

static int number(const char *text, int min, int max, int *n)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return -1;
	*n = value;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "registry", required_argument, NULL, 'r' },
		{ "over", required_argument, NULL, 'o' },
		{ "pin", no_argument, NULL, 'p' },
		{ "interval", required_argument, NULL, 'i' },
		{ "quiet", required_argument, NULL, 'q' },
		{ "sysctl", required_argument, NULL, 's' },
		{ "securityfs", required_argument, NULL, 'S' },
		{ "meminfo", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options options = {
		.registry = REGISTRY, .interval = 10, .quiet_ms = 200,
	};
	struct kernel kernel = {
		.read = proc_read, .write = proc_write,
		.machine = proc_machine,
		.sysctl = "/proc/sys", .securityfs = "/sys/kernel/security",
		.meminfo = "/proc/meminfo",
	};
	const char *command;
	int opt, bad = 0;

	journal = getenv("JOURNAL_STREAM") && !isatty(STDERR_FILENO);
	setvbuf(stderr, NULL, _IOLBF, 0);
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "r:o:pi:q:s:S:m:h", longs,
				  NULL)) != -1) {
		switch (opt) {
		case 'r':
			options.registry = optarg;
			break;
		case 'o':
			options.refuse_over = !strcmp(optarg, "refuse");
			bad |= !options.refuse_over && strcmp(optarg, "warn");
			break;
		case 'p':
			options.pin = true;
			break;
		case 'i':
			bad |= number(optarg, 1, 86400, &options.interval);
			break;
		case 'q':
			bad |= number(optarg, 0, 60000, &options.quiet_ms);
			break;
		case 's':
			kernel.sysctl = optarg;
			break;
		case 'S':
			kernel.securityfs = optarg;
			break;
		case 'm':
			kernel.meminfo = optarg;
			break;
		case 'h':
			print_help(stdout);
			return OK;
		default:
			name_bad_option("ksyncd", argv);
			return usage_error();
		}
	}
	bad |= strlen(options.registry) > PATH_TEXT_MAX / 2;
	if (bad || optind != argc - 1) {
		print_help(stderr);
		return USAGE;
	}

	command = argv[optind];
	if (!strcmp(command, "check"))
		return check(&options);
	if (!strcmp(command, "apply"))
		return apply(&options, &kernel);
	if (!strcmp(command, "run"))
		return policy_run(&kernel, &options);
	if (!strcmp(command, "show"))
		return show(&options, &kernel);
	if (!strcmp(command, "export"))
		return export_policy(&options);
	say(LOG_ERR, "no such command: %s", command);
	return usage_error();
}
