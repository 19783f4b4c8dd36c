// SPDX-License-Identifier: GPL-2.0-only
/*
 * peiosctl: see and set what the Peios LSM knows of processes.
 * See peiosctl.1, and Documentation/admin-guide/LSM/Peios.rst for the model.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "../../../security/peios/privilege.h"
#include "../elevate/protocol.h"
#include "../logon/logon.h"
#include "names.h"
#include "peiosctl.h"
#include "sddl.h"

static const char usage[] =
"usage: peiosctl [--proc=DIR] COMMAND\n"
"\n"
"  token [PID]                 show the token of a process\n"
"  run [OPTION]... -- COMMAND  run a command with another token:\n"
"      --remove=NAMES            give up privileges for ever\n"
"      --disable=NAMES           switch privileges off\n"
"      --enable=NAMES            switch privileges on\n"
"      --replace='user=SID ...'  another token, see the manual\n"
"      --pip=TYPE,TRUST          another integrity protection\n"
"  sd [PID]                    show the security descriptor of a process, in SDDL\n"
"  sd PID SDDL                 set it; what SDDL leaves out stays\n"
"  pip [PID]                   show the integrity protection of a process\n"
"  pip PID TYPE TRUST          set it\n"
"  check [--as=PID] PID [RIGHTS]\n"
"                              say what a process may do to another, and which\n"
"                              check refuses what it may not\n"
"  access [RIGHTS] SDDL        ask the kernel what this process's token is granted\n"
"  logon [OPTION]... USER|SERVICE\n"
"                              say what a session gets, and by which rule:\n"
"      --service=NAME            the PAM service by which the user comes\n"
"      --elevate[=USER]          a command of peiosctl elevate, not a session\n"
"      --registry=DIR            in place of /etc/peios/registry\n"
"  elevate [--user=USER] -- COMMAND\n"
"                              run a command with the privileges that the logon\n"
"                              policy gives for it, after a password\n"
"  sddl SDDL                   SDDL to hexadecimal\n"
"  sddl --hex HEX              and back\n"
"\n"
"PID is a number or, for peiosctl itself, self, which is the default. RIGHTS are\n"
"names or numbers parted by commas; check knows LOWER_OOM_SCORE_ADJ, too. Exits with 1 where Peios refuses, with 2 for\n"
"other errors.\n";

/**
 * die() - print a message and end
 * @format: what
 */
void die(const char *format, ...)
{
	va_list args;

	fputs("peiosctl: ", stderr);
	va_start(args, format);
	name_vprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_ERROR);
}

static void __noreturn die_usage(void)
{
	fputs(usage, stderr);
	exit(EXIT_ERROR);
}

/* For an option that is none. */
static void __noreturn die_option(char **argv)
{
	name_bad_option("peiosctl", argv);
	die_usage();
}

static bool refused(int err)
{
	return err == -EACCES || err == -EPERM;
}

/* Ends with a message, and the exit code that tells a refusal from the rest. */
static void __noreturn fail(int err, const char *path)
{
	name_printf(stderr, "peiosctl: %s: %s", path, strerror(-err));
	fputc('\n', stderr);
	exit(refused(err) ? EXIT_REFUSED : EXIT_ERROR);
}

/* As fail(); a refusal says which of these is missing, and how to get it. */
static void __noreturn fail_for(int err, const char *path, const char *pid,
				u32 rights, u64 privileges)
{
	name_printf(stderr, "peiosctl: %s: %s", path, strerror(-err));
	fputc('\n', stderr);
	if (!refused(err))
		exit(EXIT_ERROR);
	explain(pid, rights, privileges);
	exit(EXIT_REFUSED);
}

static const char *check_pid(const char *pid)
{
	if (strcmp(pid, "self") &&
	    (!*pid || strspn(pid, "0123456789") != strlen(pid)))
		die("not a process: %s", pid);
	return pid;
}

static void show_file(const char *pid, const char *file)
{
	char *path = attr_path(pid, file), text[4096];
	FILE *in = fopen(path, "re");
	size_t len;

	if (!in)
		fail(-errno, path);
	while ((len = fread(text, 1, sizeof(text), in)) > 0)
		name_put_lines(stdout, text, len);
	if (ferror(in))
		fail(-errno, path);
	fclose(in);
	free(path);
}

static int cmd_token(int argc, char **argv)
{
	if (argc > 2)
		die_usage();
	show_file(argc == 2 ? check_pid(argv[1]) : "self", "token");
	return 0;
}

/* Those of a list that there are. */
static u64 privileges_named(const char *list)
{
	char *copy = strdup(list), *rest = copy, *name;
	u64 mask = 0, bit;

	if (!copy)
		die("no memory");
	while ((name = strsep(&rest, ",")))
		if (!peios_privilege_parse(name, &bit))
			mask |= bit;
	free(copy);
	return mask;
}

/*
 * Runs one command on this process's own token or integrity protection; a
 * refusal is for want of @privileges or, without them, of what the command names.
 */
static void change_self(const char *file, const char *verb, const char *what,
			u64 privileges)
{
	char *path = attr_path("thread-self", file), *text;
	int err;

	if (asprintf(&text, "%s%s%s", verb, *verb ? " " : "", what) < 0)
		die("no memory");
	err = write_file(path, text, strlen(text));
	if (err) {
		name_printf(stderr, "peiosctl: %s: %s", text, strerror(-err));
		fputc('\n', stderr);
		if (refused(err))
			explain("self", 0, privileges ?: privileges_named(what));
		free(text);
		free(path);
		exit(refused(err) ? EXIT_REFUSED : EXIT_ERROR);
	}
	free(text);
	free(path);
}

/*
 * The options take effect one after the other, as they are written: privileges
 * are disabled or given up before or after the token is replaced.
 */
static int cmd_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "remove", required_argument, NULL, 'r' },
		{ "disable", required_argument, NULL, 'd' },
		{ "enable", required_argument, NULL, 'e' },
		{ "replace", required_argument, NULL, 't' },
		{ "pip", required_argument, NULL, 'p' },
		{}
	};
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		char *comma;

		switch (opt) {
		case 'r':
			change_self("token", "remove", optarg, 0);
			break;
		case 'd':
			change_self("token", "disable", optarg, 0);
			break;
		case 'e':
			change_self("token", "enable", optarg, 0);
			break;
		case 't':
			change_self("token", "replace", optarg,
				    PEIOS_PRIV_CREATE_TOKEN);
			break;
		case 'p':
			comma = strchr(optarg, ',');
			if (!comma)
				die("not TYPE,TRUST: %s", optarg);
			*comma = ' ';
			change_self("pip", "", optarg, PEIOS_PRIV_TCB);
			break;
		default:
			die_option(argv);
		}
	}
	if (optind == argc)
		die_usage();
	execvp(argv[optind], argv + optind);
	die("%s: %s", argv[optind], strerror(errno));
}

static void print_sddl(const struct sddl *sddl)
{
	char *text;
	int err;

	err = sddl_format(sddl, &text);
	if (err == -EOPNOTSUPP)
		die("it has entries that SDDL has no form for");
	if (err)
		die("%s", strerror(-err));
	if (!*text)
		die("it has neither owner, group, DACL nor SACL");
	puts(text);
	free(text);
}

static void must_parse(const char *text, struct sddl *sddl)
{
	struct sddl_error error;

	if (!sddl_parse(text, sddl, &error))
		return;
	fprintf(stderr, "peiosctl: %s\n  ", error.why);
	name_put(stderr, text);
	fprintf(stderr, "\n  %*s^\n", (int)name_width(text, error.at - text), "");
	exit(EXIT_ERROR);
}

/* The rights and privileges that a change of a descriptor may need. */
static void fail_to_write_sd(int err, const char *path, const char *pid,
			     const struct sddl *given)
{
	u32 rights = 0;
	u64 privileges = 0;

	if (given->dacl.present)
		rights |= PEIOS_WRITE_DAC;
	if (given->has_owner || given->has_group)
		rights |= PEIOS_WRITE_OWNER;
	if (given->has_owner)
		privileges |= PEIOS_PRIV_RESTORE;
	if (given->sacl.present)
		rights |= PEIOS_ACCESS_SYSTEM_SECURITY;
	fail_for(err, path, pid, rights, privileges);
}

static int cmd_sd(int argc, char **argv)
{
	const char *pid = argc > 1 ? check_pid(argv[1]) : "self";
	char *path = attr_path(pid, "sd");
	struct peios_sd *sd = NULL;
	struct sddl sddl, given, old;
	u8 bytes[PEIOS_SD_MAX];
	size_t size;
	int err;

	if (argc > 3)
		die_usage();
	if (argc < 3) {
		err = read_sd(pid, &sd);
		if (err)
			fail_for(err, path, pid, PEIOS_READ_CONTROL, 0);
		sddl_unpack(sd, &old);
		print_sddl(&old);
		goto out;
	}

	must_parse(argv[2], &sddl);
	given = sddl;
	/* Only a whole descriptor can be written by who may not read it. */
	if (!sddl.has_owner || !sddl.has_group || !sddl.dacl.present ||
	    !sddl.sacl.present) {
		err = read_sd(pid, &sd);
		if (err && !sddl.has_owner)
			fail_for(err, path, pid, PEIOS_READ_CONTROL, 0);
		if (!err) {
			sddl_unpack(sd, &old);
			sddl_merge(&sddl, &old);
		}
	}
	if (sddl_pack(&sddl, bytes, &size))
		die("longer than %d bytes", PEIOS_SD_MAX);
	err = write_file(path, bytes, size);
	if (err)
		fail_to_write_sd(err, path, pid, &given);
out:
	kfree(sd);
	free(path);
	return 0;
}

static int cmd_pip(int argc, char **argv)
{
	const char *pid = argc > 1 ? check_pid(argv[1]) : "self";
	struct peios_pip pip;
	char *path, *text;
	int err;

	if (argc <= 2) {
		show_file(pid, "pip");
		return 0;
	}
	if (argc != 4)
		die_usage();
	if (asprintf(&text, "%s %s", argv[2], argv[3]) < 0)
		die("no memory");
	if (parse_pip(text, &pip))
		die("not two numbers: %s", text);
	path = attr_path(pid, "pip");
	err = write_file(path, text, strlen(text));
	if (err == -EACCES) {
		name_printf(stderr, "peiosctl: %s: for the process itself, by peiosctl run --pip",
			    path);
		fputc('\n', stderr);
		exit(EXIT_REFUSED);
	}
	if (err)
		fail_for(err, path, "self", 0, PEIOS_PRIV_TCB);
	free(path);
	free(text);
	return 0;
}

static int cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "as", required_argument, NULL, 'a' },
		{}
	};
	const char *as = "self";
	bool lower = false;
	u32 desired = 0;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt != 'a')
			die_option(argv);
		as = check_pid(optarg);
	}
	if (argc - optind < 1 || argc - optind > 2)
		die_usage();
	if (argc - optind == 2 &&
	    (parse_deeds(argv[optind + 1], &desired, &lower) ||
	     !(desired || lower)))
		die("no such rights: %s", argv[optind + 1]);
	return check_process(check_pid(argv[optind]), as, desired, lower);
}

static int cmd_access(int argc, char **argv)
{
	static const char path[] = "/sys/kernel/security/peios/access";
	u32 desired = PEIOS_MAXIMUM_ALLOWED, granted;
	u8 bytes[4 + PEIOS_SD_MAX];
	struct sddl sddl;
	char answer[32], *end;
	size_t size;
	ssize_t n;
	int fd;

	if (argc < 2 || argc > 3)
		die_usage();
	if (argc == 3 && parse_rights(argv[1], &desired))
		die("no such rights: %s", argv[1]);
	must_parse(argv[argc - 1], &sddl);
	put_unaligned_le32(desired, bytes);
	if (sddl_pack(&sddl, bytes + 4, &size))
		die("longer than %d bytes", PEIOS_SD_MAX);

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail(-errno, path);
	if (write(fd, bytes, size + 4) < 0)
		fail(-errno, "access");
	n = read(fd, answer, sizeof(answer) - 1);
	if (n < 0)
		fail(-errno, path);
	close(fd);
	answer[n] = '\0';
	granted = strtoul(answer, &end, 16);
	if (end == answer)
		die("%s: what is '%s'?", path, answer);
	print_rights(stdout, granted);
	putchar('\n');
	return 0;
}

static void from_hex(const char *hex)
{
	size_t size = strlen(hex) / 2, i;
	u8 bytes[PEIOS_SD_MAX];
	struct sddl sddl;

	if (strlen(hex) % 2 || size > sizeof(bytes))
		die("not a descriptor in hexadecimal: %s", hex);
	for (i = 0; i < size; i++) {
		int high = hex_to_bin(hex[2 * i]);
		int low = hex_to_bin(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			die("not hexadecimal: %s", hex + 2 * i);
		bytes[i] = high << 4 | low;
	}
	if (sddl_unpack_bytes(bytes, size, &sddl))
		die("not a valid security descriptor");
	print_sddl(&sddl);
}

static int cmd_logon(int argc, char **argv)
{
	static const struct option options[] = {
		{ "service", required_argument, NULL, 's' },
		{ "elevate", optional_argument, NULL, 'e' },
		{ "registry", required_argument, NULL, 'r' },
		{}
	};
	const char *registry = LOGON_REGISTRY, *service = NULL, *as = NULL;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			service = optarg;
			break;
		case 'e':
			as = optarg ?: "root";
			break;
		case 'r':
			registry = optarg;
			break;
		default:
			die_option(argv);
		}
	}
	if (optind != argc - 1)
		die_usage();
	return logon_show(registry, argv[optind], service, as);
}

static int cmd_elevate(int argc, char **argv)
{
	static const struct option options[] = {
		{ "user", required_argument, NULL, 'u' },
		{ "socket", required_argument, NULL, 's' },
		{}
	};
	const char *socket = ELEVATE_SOCKET, *user = "root";
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (opt) {
		case 'u':
			user = optarg;
			break;
		case 's':
			socket = optarg;
			break;
		default:
			die_usage();
		}
	}
	if (optind == argc)
		die_usage();
	return elevate_run(socket, user, argv + optind);
}

static int cmd_sddl(int argc, char **argv)
{
	struct sddl sddl;
	u8 bytes[PEIOS_SD_MAX];
	size_t size, i;

	if (argc == 3 && !strcmp(argv[1], "--hex")) {
		from_hex(argv[2]);
		return 0;
	}
	if (argc != 2)
		die_usage();
	must_parse(argv[1], &sddl);
	if (sddl_pack(&sddl, bytes, &size))
		die("longer than %d bytes", PEIOS_SD_MAX);
	for (i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "token", cmd_token },
		{ "run", cmd_run },
		{ "sd", cmd_sd },
		{ "pip", cmd_pip },
		{ "check", cmd_check },
		{ "access", cmd_access },
		{ "logon", cmd_logon },
		{ "elevate", cmd_elevate },
		{ "sddl", cmd_sddl },
	};
	static const struct option options[] = {
		{ "proc", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	unsigned int i;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			set_proc(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			die_option(argv);
		}
	}
	argc -= optind;
	argv += optind;
	for (i = 0; argc && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc, argv);
	if (argc) {
		name_printf(stderr, "peiosctl: no such command: %s", argv[0]);
		fputc('\n', stderr);
	}
	die_usage();
}
