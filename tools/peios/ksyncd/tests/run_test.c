// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksyncd as a program: run_test KSYNCD. The knobs are plain files in a folder
 * that stands for /proc/sys; the service manager is this test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

/* How long anything may take, on a busy machine with sanitizers. */
#define PATIENCE_MS	20000
#define QUIET_MS	50

static const char *ksyncd;
static char top[64];
static pid_t daemon_pid;
static int notify_fd;

static void run(const char *format, ...)
{
	char command[2048], inner[1536];
	va_list args;

	va_start(args, format);
	vsnprintf(inner, sizeof(inner), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "cd '%s' && { %s\n}", top, inner);
	if (system(command)) {
		printf("# failed: %s\n", inner);
		abort();
	}
}

static void file_text(const char *name, char *text, size_t size)
{
	char path[256];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		n = read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static char log_text[1 << 18];

static int said(const char *what)
{
	const char *found = log_text;
	int times = 0;

	file_text("log", log_text, sizeof(log_text));
	while ((found = strstr(found, what))) {
		times++;
		found++;
	}
	return times;
}

static bool knob_is(const char *knob, const char *value)
{
	char name[128], text[64];

	snprintf(name, sizeof(name), "sys/%s", knob);
	file_text(name, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, value);
}

static bool wait_for(bool (*condition)(const char *, const char *),
		     const char *a, const char *b)
{
	int ms;

	for (ms = 0; ms < PATIENCE_MS; ms += 10) {
		if (condition(a, b))
			return true;
		usleep(10000);
	}
	return false;
}

static bool log_has(const char *what, const char *unused)
{
	(void)unused;
	return said(what);
}

static void expect_knob(const char *knob, const char *value)
{
	expect(wait_for(knob_is, knob, value), "%s is not %s", knob, value);
}

/* Wait for a datagram to the service manager that has @what in it. */
static bool notified(const char *what)
{
	char text[2048];
	ssize_t n;
	int ms;

	for (ms = 0; ms < PATIENCE_MS; ms += 10) {
		while ((n = recv(notify_fd, text, sizeof(text) - 1,
				 MSG_DONTWAIT)) > 0) {
			text[n] = '\0';
			if (strstr(text, what))
				return true;
		}
		usleep(10000);
	}
	return false;
}

/* A registry, and the knobs as the kernel has them at boot. */
static void fresh(void)
{
	run("rm -rf etc sys log; mkdir -p etc/registry/System/Memory sys/vm sys/kernel sys/peios;"
	    "cd sys/vm; echo 0 > overcommit_memory; echo 50 > overcommit_ratio;"
	    "echo 0 > overcommit_kbytes; echo 8192 > admin_reserve_kbytes;"
	    "echo 131072 > user_reserve_kbytes; echo 0 > panic_on_oom;"
	    "echo 0 > oom_kill_allocating_task; echo 1 > oom_dump_tasks;"
	    "echo 125 > oom_parent_share; echo 50 > oom_fork_weight;"
	    "echo 10000 > oom_fork_window_ms; echo 30 > oom_tcb_discount;"
	    "echo 1000 > oom_immune_limit; echo 0 > oom_last_resort;"
	    "echo 0 > ../kernel/panic; echo everyone > ../peios/query; cd ../..;"
	    "printf 'MemTotal: 1000000 kB\\nSwapTotal: 0 kB\\nCommitted_AS: 1000 kB\\n' > meminfo;"
	    "echo 2 > etc/registry/System/Memory/PanicOnOom; : > log");
}

/* Put a setting as an administrator should: write aside, rename. */
static void put(const char *name, const char *value)
{
	run("cd etc/registry/System/Memory; echo '%s' > .new; mv .new %s", value,
	    name);
}

static void start(const char *option)
{
	char socket_name[128], path[128], quiet[16];
	int fd;

	snprintf(quiet, sizeof(quiet), "%d", QUIET_MS);
	snprintf(path, sizeof(path), "%s/log", top);
	daemon_pid = fork();
	if (daemon_pid)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	snprintf(socket_name, sizeof(socket_name), "@%s", top);
	setenv("NOTIFY_SOCKET", socket_name, 1);
	setenv("WATCHDOG_USEC", "200000", 1);
	unsetenv("JOURNAL_STREAM");
	if (chdir(top))
		abort();
	execl(ksyncd, "ksyncd", "-r", "etc/registry", "-s", "sys", "-S",
	      "sys", "-m", "meminfo", "-q", quiet, option, "run", NULL);
	abort();
}

static void end(void)
{
	int status = -1;

	kill(daemon_pid, SIGTERM);
	expect(notified("STOPPING=1"), "it did not say so");
	expect(waitpid(daemon_pid, &status, 0) == daemon_pid && !status,
	       "ended with %x", status);
}

static void starts_and_ends(void)
{
	fresh();
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	expect(knob_is("vm/panic_on_oom", "2"), "ready, but not in force");
	expect(notified("WATCHDOG=1"), "no ping");
	end();
	expect(said("policy is in force, 1 knobs written") == 1, "%s", log_text);
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void follows_the_registry(void)
{
	int before, times, i;
	long long began, most;
	char text[16];

	fresh();
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	put("PanicOnOom", "1");
	expect_knob("vm/panic_on_oom", "1");
	put("OomDumpTasks", "0");
	expect_knob("vm/oom_dump_tasks", "0");
	/* Written in place, by an editor or a shell. */
	run("echo 0 > etc/registry/System/Memory/PanicOnOom");
	expect_knob("vm/panic_on_oom", "0");
	/* What is taken out of the registry goes back to its default. */
	run("rm etc/registry/System/Memory/OomDumpTasks");
	expect_knob("vm/oom_dump_tasks", "1");

	/* A burst is one change; it may have pauses where the host is busy. */
	usleep(300000);
	before = said("policy is in force");
	began = now_ms();
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i + 900);
		put("OomParentShare", text);
	}
	expect_knob("vm/oom_parent_share", "999");
	times = said("policy is in force") - before;
	most = 1 + (now_ms() - began) / QUIET_MS;
	expect(times <= most, "%d times for 100 changes, not %lld", times, most);
	end();
}

static void repairs_drift(void)
{
	fresh();
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	run("echo 0 > sys/vm/panic_on_oom");
	expect_knob("vm/panic_on_oom", "2");
	expect(wait_for(log_has, "vm.panic_on_oom was changed from 2 to 0", NULL),
	       "not reported");
	/* What is at its default is policy, too. */
	run("echo 1 > sys/vm/overcommit_memory");
	expect_knob("vm/overcommit_memory", "0");
	/* What is left to the kernel is not. */
	run("echo 9999 > sys/vm/admin_reserve_kbytes; echo 5 > sys/kernel/panic");
	put("OomDumpTasks", "0");
	expect_knob("vm/oom_dump_tasks", "0");
	expect(knob_is("vm/admin_reserve_kbytes", "9999"), "not ours");
	expect(knob_is("kernel/panic", "5"), "not ours");
	end();

	/* Without inotify's help: another file takes the place of the knob. */
	fresh();
	start("-i1");
	expect(notified("READY=1"), "not ready");
	run("rm sys/vm/panic_on_oom; echo 1 > sys/vm/panic_on_oom");
	expect_knob("vm/panic_on_oom", "2");
	end();
}

/* In the kernel it is a word, and its default that of the boot. */
static void sets_who_may_query(void)
{
	fresh();
	run("echo owner > sys/peios/query");
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	expect(knob_is("peios/query", "owner"), "not as it was booted");
	put("ProcessQuery", "everyone");
	expect_knob("peios/query", "everyone");
	put("ProcessQuery", "owner");
	expect_knob("peios/query", "owner");
	run("echo everyone > sys/peios/query");
	expect_knob("peios/query", "owner");
	expect(wait_for(log_has, "peios.query was changed from 1 to 0", NULL),
	       "not reported");
	end();
}

static void survives_wrong_input(void)
{
	fresh();
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	put("PanicOnOom", "7");
	put("OvercommitMemory", "banana");
	expect(notified("STATUS=An earlier policy is kept"), "no status");
	expect(wait_for(log_has, "PanicOnOom: is out of range 0 to 2", NULL),
	       "not reported");
	expect(wait_for(log_has, "OvercommitMemory: is neither", NULL),
	       "not reported");
	expect(knob_is("vm/panic_on_oom", "2"), "old policy gone");
	/* The old policy is guarded meanwhile. */
	run("echo 0 > sys/vm/panic_on_oom");
	expect_knob("vm/panic_on_oom", "2");
	/* It does not repeat itself for ever. */
	usleep(500000);
	expect(said("is out of range") <= 2, "%d times", said("is out of range"));
	put("OvercommitMemory", "always");
	put("PanicOnOom", "1");
	expect_knob("vm/overcommit_memory", "1");
	expect_knob("vm/panic_on_oom", "1");
	end();
}

static void survives_the_registry_going(void)
{
	fresh();
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	run("mv etc/registry etc/old");
	expect(wait_for(log_has, "there is no such folder", NULL), "not reported");
	expect(knob_is("vm/panic_on_oom", "2"), "old policy gone");
	run("echo 0 > sys/vm/panic_on_oom");
	expect_knob("vm/panic_on_oom", "2");

	/* Another one in its place, at once. */
	run("cp -r etc/old etc/new; echo 1 > etc/new/System/Memory/PanicOnOom;"
	    "mv etc/new etc/registry");
	expect_knob("vm/panic_on_oom", "1");
	/* And while it is there: the folder of settings alone. */
	run("cp -r etc/registry/System/Memory etc/m; echo 0 > etc/m/PanicOnOom;"
	    "mv etc/registry/System/Memory etc/m.old;"
	    "mv etc/m etc/registry/System/Memory");
	expect_knob("vm/panic_on_oom", "0");
	/* Once all is quiet only a watch on the new folder can tell. */
	usleep(500000);
	put("PanicOnOom", "2");
	expect_knob("vm/panic_on_oom", "2");
	end();
}

static void starts_without_a_registry(void)
{
	fresh();
	run("mv etc there");
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	expect(knob_is("vm/panic_on_oom", "0"), "a policy out of nowhere");
	run("mv there etc");
	expect_knob("vm/panic_on_oom", "2");
	end();
}

static void reloads(void)
{
	fresh();
	start("-i3600");
	expect(notified("READY=1"), "not ready");
	kill(daemon_pid, SIGHUP);
	expect(notified("RELOADING=1"), "no reload");
	expect(notified("READY=1"), "not ready again");
	end();
}

/* Refused while over the limit; applied when that is no longer so. */
static void waits_for_room(void)
{
	fresh();
	run("sed -i s/1000.kB/900000.kB/ meminfo");
	put("OvercommitMemory", "strict");
	start("-orefuse");
	expect(notified("could not be applied"), "no status");
	expect(knob_is("vm/overcommit_memory", "0"), "applied");
	expect(said("refused: strict mode would refuse every request at once: 900000 kB"),
	       "%s", log_text);
	run("sed -i s/900000/100000/ meminfo");
	kill(daemon_pid, SIGHUP);
	expect_knob("vm/overcommit_memory", "2");
	end();
}

/* Read once: what becomes of the registry does not matter, drift does. */
static void pins(void)
{
	fresh();
	run("mv etc/registry etc/away");
	start("-p");
	expect(notified("READY=1"), "not ready");
	run("mv etc/away etc/registry");
	expect_knob("vm/panic_on_oom", "2");
	put("PanicOnOom", "0");
	kill(daemon_pid, SIGHUP);
	expect(notified("READY=1"), "not ready again");
	usleep(500000);
	expect(knob_is("vm/panic_on_oom", "2"), "read again");
	run("echo 1 > sys/vm/panic_on_oom");
	expect_knob("vm/panic_on_oom", "2");
	run("rm -r etc/registry; echo 1 > sys/vm/panic_on_oom");
	expect_knob("vm/panic_on_oom", "2");
	end();
}

/* Run a command to its end; its exit code. Its output goes to "log". */
static int command(const char *words)
{
	char line[1024];
	int status;

	run(": > log");
	snprintf(line, sizeof(line),
		 "cd '%s' && '%s' -r etc/registry -s sys -m meminfo %s > log 2>&1",
		 top, ksyncd, words);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void commands(void)
{
	fresh();
	expect(command("check") == 0, "check");
	expect(said("no errors"), "%s", log_text);
	expect(command("show") == 1, "show before apply");
	expect(said("PanicOnOom             2                  0                  DIFFERS"),
	       "%s", log_text);
	expect(command("apply") == 0, "apply");
	expect(said("1 knobs written"), "%s", log_text);
	expect(command("show") == 0, "show after apply");
	expect(!said("DIFFERS"), "%s", log_text);
	expect(said("0 (heuristic) *"), "%s", log_text);
	expect(command("apply") == 0 && said("0 knobs written"), "%s", log_text);

	put("OvercommitMemory", "strict");
	put("OvercommitKbytes", "800000");
	expect(command("export") == 0, "export");
	expect(said("\nvm.overcommit_kbytes = 800000\n") &&
	       said("\nvm.overcommit_memory = 2\n") &&
	       said("\n-vm.oom_dump_tasks = 1\n") && !said("overcommit_ratio"),
	       "%s", log_text);
	expect(strstr(log_text, "overcommit_memory") >
	       strstr(log_text, "overcommit_kbytes"), "mode first");

	put("Nonsense", "1");
	put("PanicOnOom", "9");
	expect(command("check") == 1, "check");
	expect(said("etc/registry/System/Memory/Nonsense: no such setting") &&
	       said("etc/registry/System/Memory/PanicOnOom: is out of range"),
	       "%s", log_text);
	expect(command("apply") == 1, "apply");
	expect(knob_is("vm/overcommit_memory", "0"), "half applied");
	expect(command("show") == 1, "show");
	expect(command("export") == 1, "export");

	expect(command("") == 2 && command("nonsense") == 2 &&
	       command("apply apply") == 2 && command("-x apply") == 2 &&
	       command("-o maybe apply") == 2 && command("-i 0 run") == 2 &&
	       command("-i 1x run") == 2, "usage");
	expect(command("-h") == 0 && said("usage: ksyncd"), "help");

	/* A knob that is missing, and one that can't be read. */
	fresh();
	run("rm sys/vm/oom_parent_share");
	expect(command("apply") == 0, "%s", log_text);
	put("OomParentShare", "5");
	expect(command("apply") == 1 &&
	       said("this kernel has no vm.oom_parent_share"), "%s", log_text);
	fresh();
	run("echo garbage > sys/vm/oom_dump_tasks");
	expect(command("apply") == 1 && said("vm.oom_dump_tasks can't be read"),
	       "%s", log_text);
	expect(knob_is("vm/panic_on_oom", "0"), "half applied");
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static const struct {
		void (*function)(void);
		const char *name;
	} tests[] = {
		{ commands, "check, apply, show, export" },
		{ starts_and_ends, "run starts, pings and ends" },
		{ follows_the_registry, "run follows the registry" },
		{ repairs_drift, "run repairs and reports drift" },
		{ sets_who_may_query, "run sets who may query processes" },
		{ survives_wrong_input, "run keeps the old policy on wrong input" },
		{ survives_the_registry_going, "run survives the registry going and coming" },
		{ starts_without_a_registry, "run starts without a registry" },
		{ reloads, "run reloads on SIGHUP" },
		{ pins, "run reads a pinned policy once" },
		{ waits_for_room, "run waits until strict mode has room" },
	};
	unsigned int i;

	if (argc != 2)
		return 2;
	ksyncd = realpath(argv[1], NULL);
	snprintf(top, sizeof(top), "/tmp/ksyncd-run-XXXXXX");
	if (!ksyncd || !mkdtemp(top))
		abort();
	umask(022);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path + 1, top, strlen(top));
	if (bind(notify_fd, (struct sockaddr *)&address,
		 sizeof(sa_family_t) + 1 + strlen(top)))
		abort();
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		tests[i].function();
		/* Sanitizers speak up in the log. */
		expect(!said("ERROR: AddressSanitizer") && !said("runtime error"),
		       "%s", log_text);
		test_done(tests[i].name);
	}
	run("cd /; rm -rf '%s'", top);
	return test_end();
}
