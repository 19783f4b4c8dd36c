// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy NAME: put an image policy in force with ksyncd, and show its character.
 * Run by scripts/check.d/policy as the only job of a guest; some end in a panic.
 *
 * "policy guard": ksyncd and the gate on sysctls together. "policy permissive",
 * "policy absent": where Peios does not decide.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oom_util.h"

#define POLICIES	"/usr/share/peios/policies"
#define VM		"/proc/sys/vm/"

static int nr, failed;

static void says(bool ok, const char *what, const char *detail)
{
	printf("%sok %d policy: %s%s%s\n", ok ? "" : "not ", ++nr, what,
	       *detail ? " # " : "", detail);
	failed |= !ok;
	fflush(stdout);
}

static void check(bool ok, const char *what)
{
	says(ok, what, "");
}

static int end(void)
{
	printf("1..%d\n", nr);
	return failed;
}

/* ksyncd with words; its exit code. Its messages go to /tmp/said. */
static int run_ksyncd(const char *registry, const char *words)
{
	char command[256];
	int status;

	snprintf(command, sizeof(command),
		 "/usr/sbin/ksyncd -r %s %s > /tmp/said 2>&1; rc=$?; sed 's/^/# /' /tmp/said; exit $rc",
		 registry, words);
	fflush(stdout);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool it_said(const char *what)
{
	static char text[16384];

	return read_file("/tmp/said", text, sizeof(text)) >= 0 &&
	       strstr(text, what);
}

static long long knob(const char *name)
{
	char path[96];
	long long value = -99;

	snprintf(path, sizeof(path), VM "%s", name);
	read_number(path, &value);
	return value;
}

static long long mem_kb(const char *key)
{
	long long kb = -1;

	read_key_number("/proc/meminfo", key, &kb);
	return kb;
}

static long long kills(void)
{
	long long n = -1;

	read_key_number("/proc/vmstat", "oom_kill", &n);
	return n;
}

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static void put_in_force(const char *name)
{
	char registry[128];

	snprintf(registry, sizeof(registry), POLICIES "/%s", name);
	check(!run_ksyncd(registry, "apply"), "ksyncd apply");
	check(!run_ksyncd(registry, "show"), "ksyncd show finds no difference");
}

static bool log_has(const char *what)
{
	static char text[1 << 18];
	int len = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, text,
			  sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return strstr(text, what);
}

/*
 * A session: a small innocent, a large one that matters, and one that runs
 * wild. Returns how many died; @right: it was the wild one, and no other.
 */
static int run_wild(bool *right)
{
	struct hog small, large, wild;
	struct hog *all[] = { &small, &large, &wild };
	long long before = kills();
	int status = 0, first;

	*right = false;
	if (hog_start(&small, 0, NULL) || hog_start(&large, 0, NULL) ||
	    hog_start(&wild, 0, NULL) || hog_grow(&small, 8 * MB) ||
	    hog_grow(&large, 60 * MB))
		return 0;
	while (!hog_grow(&wild, 8 * MB))
		;
	first = hog_wait_any(all, 3, &status);
	sleep(1);
	*right = first == 2 && !hog_died(&small, &status) &&
		 !hog_died(&large, &status);
	printf("# %lld killed, first %d\n", kills() - before, first);
	hog_stop(&small);
	hog_stop(&large);
	return kills() - before;
}

/*
 * Linux may kill a second one while the memory of the first is on its way back:
 * judge by an episode in which one died.
 */
static bool the_right_one_dies(void)
{
	bool right = false;
	int tries;

	for (tries = 0; tries < 5; tries++)
		if (run_wild(&right) == 1)
			return right;
	return false;
}

static void heuristic(void)
{
	size_t ram = mem_kb("MemTotal") * 1024;
	void *a = reserve(ram * 8 / 10), *b = reserve(ram * 8 / 10);

	check(a != MAP_FAILED && b != MAP_FAILED,
	      "more is promised than there is");
	munmap(a, ram * 8 / 10);
	munmap(b, ram * 8 / 10);
	check(reserve(ram * 4) == MAP_FAILED && errno == ENOMEM,
	      "what could never fit is refused");
}

static void desktop(void)
{
	put_in_force("desktop");
	heuristic();
	check(the_right_one_dies(), "the one that runs wild dies, alone");
	check(log_has("Out of memory: Killed process"), "the log says who");
	check(!log_has("total_vm"), "without a table of all tasks");
}

static void developer(void)
{
	put_in_force("developer");
	heuristic();
	check(the_right_one_dies(), "the one that runs wild dies, alone");
	check(log_has("total_vm"), "the log has the table of all tasks");
}

/*
 * Take what is granted, pay for all of it. Nobody is killed, the last request
 * is refused.
 */
static void ha_server(void)
{
	const size_t piece = 4 * MB;
	long long limit, before = kills();
	char cgroup[256], text[96];
	size_t taken = 0;
	struct hog hog;
	char *pieces[256], *p;
	int nr_pieces = 0;

	put_in_force("ha-server");
	limit = mem_kb("CommitLimit");
	snprintf(text, sizeof(text), "limit %lld kB of %lld kB", limit,
		 mem_kb("MemTotal"));
	says(limit * 100 / mem_kb("MemTotal") == 79 ||
	     limit * 100 / mem_kb("MemTotal") == 80, "80 % may be promised",
	     text);
	while ((p = reserve(piece)) != MAP_FAILED) {
		memset(p, 1, piece);
		taken += piece;
		pieces[nr_pieces++] = p;
		if (taken > (size_t)limit * 1024 || nr_pieces == 256)
			break;
	}
	snprintf(text, sizeof(text), "refused after %zu MB", taken / MB);
	says(p == MAP_FAILED && errno == ENOMEM, "the request is refused", text);
	says(taken > 100 * MB, "not before it has to be", text);
	check(mem_kb("Committed_AS") <= limit, "no more is promised than the limit");
	check(kills() == before, "nobody is killed");
	while (nr_pieces)
		munmap(pieces[--nr_pieces], piece);

	/* A cgroup that runs out: the machine goes down rather than a part. */
	if (cgroup_create("policy", 4 * MB, cgroup, sizeof(cgroup)))
		check(false, "a cgroup to run out of");
	printf("# now a cgroup runs out of memory\n");
	fflush(stdout);
	sync();
	sleep(1);
	if (hog_start(&hog, 0, cgroup))
		check(false, "a process in the cgroup");
	hog_grow(&hog, 8 * MB);
	check(false, "still there after the cgroup ran out");
}

static void hpc(void)
{
	size_t ram = mem_kb("MemTotal") * 1024, i;
	struct hog idle, job;
	struct hog *all[] = { &idle, &job };
	int status = 0, first;
	char *p;

	put_in_force("hpc");
	p = reserve(ram * 64);
	check(p != MAP_FAILED, "an array of 64 times the memory is granted");
	for (i = 0; p != MAP_FAILED && i < ram * 64; i += ram)
		p[i] = 1;
	check(p != MAP_FAILED && i >= ram * 64, "and used sparsely");
	munmap(p, ram * 64);

	if (hog_start(&idle, 0, NULL) || hog_start(&job, 0, NULL) ||
	    hog_grow(&idle, ram / 2))
		check(false, "two jobs");
	while (!hog_grow(&job, 4 * MB))
		;
	first = hog_wait_any(all, 2, &status);
	check(first == 1, "who allocates dies, though another one is larger");
	check(!hog_died(&idle, &status), "the other one lives");
	check(!log_has("total_vm"), "without a table of all tasks");
	hog_stop(&idle);
}

static void appliance(void)
{
	struct hog hog, jailed;
	char cgroup[256];
	int status = 0;

	put_in_force("appliance");
	heuristic();
	if (cgroup_create("policy", 4 * MB, cgroup, sizeof(cgroup)) ||
	    hog_start(&jailed, 0, cgroup))
		check(false, "a process in a cgroup");
	hog_grow(&jailed, 8 * MB);
	check(hog_wait_any((struct hog *[]) { &jailed }, 1, &status) == 0 &&
	      WIFSIGNALED(status), "a cgroup that runs out loses its process");
	printf("# now the machine runs out of memory\n");
	fflush(stdout);
	sync();
	sleep(1);
	if (hog_start(&hog, 0, NULL))
		check(false, "a process");
	while (!hog_grow(&hog, 8 * MB))
		;
	check(false, "still there after memory ran out");
}

static pid_t run_daemon(const char *registry)
{
	pid_t pid = fork();

	if (!pid) {
		int fd = open("/tmp/daemon", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execl("/usr/sbin/ksyncd", "ksyncd", "-r", registry, "-i", "2",
		      "run", NULL);
		_exit(127);
	}
	return pid;
}

static bool knob_becomes(const char *name, long long value)
{
	int tries;

	for (tries = 0; tries < 1500; tries++) {
		if (knob(name) == value)
			return true;
		usleep(10000);
	}
	return false;
}

/* In a process of its own, which gives the privilege up. */
static int without(int (*function)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(token_command("remove SeTcbPrivilege") ? 254 : function());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int apply_hpc(void)
{
	return run_ksyncd(POLICIES "/hpc", "apply");
}

static int write_panic(void)
{
	return -write_file(VM "panic_on_oom", "0");
}

static int change_through_another_proc(void *unused)
{
	(void)unused;
	if (mkdir("/tmp/proc", 0755) || mount("proc", "/tmp/proc", "proc", 0, NULL))
		return 255;
	return write_file("/tmp/proc/sys/vm/panic_on_oom", "0") ? 1 : 0;
}

/* ksyncd and the gate: who may, who may not, who is corrected. */
static void guard(void)
{
	static char stack[65536];
	int status = 0;
	pid_t pid, other;

	check(knob("oom_dump_tasks") == 0 && knob("oom_parent_share") == 77,
	      "sysctl.* on the kernel's command line is set");

	system("cp -r " POLICIES "/ha-server /tmp/registry; chmod -R go-w /tmp/registry;"
	       "echo 95 > /tmp/registry/System/Memory/OvercommitRatio");
	pid = run_daemon("/tmp/registry");
	check(knob_becomes("panic_on_oom", 2) && knob_becomes("overcommit_memory", 2),
	      "ksyncd run puts the policy in force");

	check(without(apply_hpc) == 1, "ksyncd apply without SeTcbPrivilege fails");
	check(it_said("permission denied (with Peios enforcing this needs SeTcbPrivilege)"),
	      "and says what is missing");
	check(knob("overcommit_memory") == 2 && knob("panic_on_oom") == 2,
	      "and nothing has changed");
	check(without(write_panic) == EACCES, "nor by the shell");

	check(!write_file(VM "panic_on_oom", "0") &&
	      knob_becomes("panic_on_oom", 2),
	      "who may is corrected");
	/* Another proc: inotify does not see it. */
	other = clone(change_through_another_proc, stack + 65520,
		      CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL);
	check(other > 0 && waitpid(other, &status, 0) == other && !status,
	      "a change through another proc");
	check(knob_becomes("panic_on_oom", 2), "is corrected, too");
	system("sed 's/^/# /' /tmp/daemon");

	/* Too much is promised for strict mode. */
	system("cd /tmp/registry/System/Memory; echo always > OvercommitMemory");
	check(knob_becomes("overcommit_memory", 1), "back to mode 1");
	check(reserve(mem_kb("MemTotal") * 2048) != MAP_FAILED,
	      "twice the memory is promised");
	kill(pid, SIGTERM);
	check(waitpid(pid, &status, 0) == pid && !status, "ksyncd ends by SIGTERM");
	check(run_ksyncd(POLICIES "/ha-server", "-o refuse apply") == 1 &&
	      it_said("strict mode would refuse every request at once"),
	      "strict mode is refused");
	check(knob("overcommit_memory") == 1 && knob("panic_on_oom") == 2,
	      "and nothing has changed");
}

/* Permissive, or not there: Linux's rules; counted if permissive. */
static void unguarded(bool permissive)
{
	long long refused = -1;

	if (permissive) {
		check(have_peios() && !peios_enforces(), "Peios is permissive");
		check(without(write_panic) == 0, "root may, without the privilege");
		read_key_number(PEIOS_DIR "/stats", "sysctl_would_refuse", &refused);
		check(refused == 1, "it is counted");
		check(without(apply_hpc) == 0, "so may ksyncd");
	} else {
		check(!have_peios(), "there is no Peios");
		check(write_panic() == 0, "root may");
		check(apply_hpc() == 0, "so may ksyncd");
	}
	check(knob("overcommit_memory") == 1, "and it did");
	check(setresuid(65534, 65534, 65534) == 0 &&
	      write_file(VM "panic_on_oom", "1") == -EACCES,
	      "others may not");
}

int main(int argc, char **argv)
{
	const char *name = argc == 2 ? argv[1] : "";

	printf("TAP version 13\n");
	/* This one is to live to tell. */
	write_file(ADJ_FILE, "-1000");
	if (!strcmp(name, "desktop"))
		desktop();
	else if (!strcmp(name, "developer"))
		developer();
	else if (!strcmp(name, "ha-server"))
		ha_server();
	else if (!strcmp(name, "hpc"))
		hpc();
	else if (!strcmp(name, "appliance"))
		appliance();
	else if (!strcmp(name, "guard"))
		guard();
	else if (!strcmp(name, "permissive") || !strcmp(name, "absent"))
		unguarded(*name == 'p');
	else
		return 2;
	return end();
}
