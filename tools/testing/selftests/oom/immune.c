// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a machine that an immune process fills, as the only job of a
 * guest; scripts/check.d/immune knows which of these must not return.
 *
 *	immune panic		vm.oom_last_resort 0: all others die, then a panic
 *	immune machine ROUNDS	vm.oom_last_resort 1: the immune one dies instead
 *	immune cgroup ROUNDS	likewise in a cgroup, where it spins with 0
 *	immune limit ROUNDS	vm.oom_immune_limit 500: it dies as any other
 *
 * Prints TAP.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event_util.h"
#include "oom_util.h"

#define BYSTANDERS	3

static void set_sysctl(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	tap_must(write_file(path, value), path);
}

/* Nobody but those that a test starts may be chosen. */
static void make_all_immune(void)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc)))
		if (atoi(entry->d_name) > 0)
			write_proc(atoi(entry->d_name), "oom_score_adj", "-1000");
	if (proc)
		closedir(proc);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A child, immune, that touches memory until it is killed. */
static pid_t run_away(const char *cgroup)
{
	size_t bytes = 2 * sysconf(_SC_PHYS_PAGES) * getpagesize(), i;
	char *memory, path[300];
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cgroup) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		if (write_file(path, "0"))
			_exit(2);
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		_exit(3);
	for (i = 0; i < bytes; i += getpagesize())
		memory[i] = 1;
	_exit(4);
}

/*
 * The immune one fills what it is in, where bystanders are. How many of them died,
 * or -1 if it did not die, or was not the one that was recorded.
 */
static int one_round(const char *cgroup, const char *reason, int bystanders,
		     double *took)
{
	long long first = history_last() + 1;
	struct hog hogs[BYSTANDERS];
	char line[LINE_MAX_];
	siginfo_t info = { };
	double left = 0, at;
	int i, dead = 0;
	bool right;
	pid_t pid;

	for (i = 0; i < bystanders; i++)
		if (hog_start(&hogs[i], 0, cgroup) || hog_grow(&hogs[i], 2 * MB))
			return -1;
	pid = run_away(cgroup);
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return -1;
	at = now();
	for (i = 0; i < bystanders; i++) {
		if (!history_find_pid(first, hogs[i].pid, line, sizeof(line))) {
			char time[32];

			record_field(line, "time", time, sizeof(time));
			if (atof(time) > left)
				left = atof(time);
			dead++;
		}
		hog_stop(&hogs[i]);
	}
	right = info.si_code == CLD_KILLED && info.si_status == SIGKILL &&
		!history_find_pid(first, pid, line, sizeof(line)) &&
		record_number(line, "seq") == oom_killed(pid) &&
		record_is(line, "reason", reason);
	*took = left ? at - left : 0;
	waitpid(pid, NULL, 0);
	if (!right)
		printf("# code %d status %d, %d bystanders: %s\n", info.si_code,
		       info.si_status, dead, line);
	return right ? dead : -1;
}

/* Rounds in which all bystanders die, and the immune one within a second then. */
static void last_resort(const char *cgroup, int rounds, const char *where)
{
	double took, worst = 0;
	int i, good = 0, dead;
	char what[96];

	for (i = 0; i < rounds; i++) {
		dead = one_round(cgroup, "last_resort", BYSTANDERS, &took);
		good += dead == BYSTANDERS && took < 1;
		if (took > worst)
			worst = took;
		if (dead != BYSTANDERS || took >= 1)
			printf("# round %d: %d bystanders died, %.3f s\n", i, dead, took);
	}
	printf("# %s: %d of %d rounds; dead %.3f s after nobody else was left, at most\n",
	       where, good, rounds, worst);
	snprintf(what, sizeof(what), "last resort, %s: the immune one dies within 1 s", where);
	tap_result(good == rounds, what);
}

static void in_machine(int rounds)
{
	set_sysctl("oom_last_resort", "1");
	last_resort(NULL, rounds, "machine");
}

static void in_cgroup(int rounds)
{
	long long first, kills = vmstat_kills();
	char cgroup[256], line[LINE_MAX_];
	siginfo_t info = { };
	double began;
	int i;
	pid_t pid;

	tap_must(cgroup_create("immune", 32 * MB, cgroup, sizeof(cgroup)), "cgroup");
	/* As Linux has it: it spins, for ever. */
	first = history_last() + 1;
	pid = run_away(cgroup);
	for (i = 0; i < 30; i++)
		usleep(100000);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG);
	tap_result(!info.si_pid && vmstat_kills() == kills,
		   "last resort 0, cgroup: nobody dies");
	began = now();
	set_sysctl("oom_last_resort", "1");
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	tap_result(now() - began < 1 &&
		   !history_find_pid(first, pid, line, sizeof(line)) &&
		   oom_killed(pid) == record_number(line, "seq") &&
		   record_is(line, "reason", "last_resort") &&
		   record_is(line, "constraint", "memcg"),
		   "last resort 1, cgroup: who spins there dies within 1 s");
	waitpid(pid, NULL, 0);
	last_resort(cgroup, rounds, "cgroup");
	cgroup_remove(cgroup);
}

static bool has_class(pid_t pid, const char *class)
{
	char path[64], value[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	read_key(path, "class", value, sizeof(value));
	return !strcmp(value, class);
}

/* What is shown of an immune process on both sides of the limit. */
static void both_sides(void)
{
	long long pages = sysconf(_SC_PHYS_PAGES), score;
	char limit[16];
	struct hog hog;
	bool ok;

	tap_must(hog_start(&hog, -1000, NULL), "hog");
	tap_must(hog_grow(&hog, 24 * MB), "hog");
	ok = has_class(hog.pid, "immune") && detail(hog.pid, "adj") < 0 &&
	     !read_proc(hog.pid, "oom_score", &score) && score == 0;
	/* Half of what it has. */
	snprintf(limit, sizeof(limit), "%lld", 12 * MB / 4096 * 1000 / pages);
	set_sysctl("oom_immune_limit", limit);
	ok &= has_class(hog.pid, "normal") && detail(hog.pid, "adj") == 0 &&
	      detail(hog.pid, "oom_score_adj") == -1000 &&
	      !read_proc(hog.pid, "oom_score", &score) && score > 0;
	tap_result(ok, "limit: shown as immune below it, as normal above");
	set_sysctl("oom_immune_limit", "1000");
	hog_stop(&hog);
}

static void limited(int rounds)
{
	int i, dead, good = 0, most = 0;
	char cgroup[256];
	double took;

	both_sides();
	set_sysctl("oom_immune_limit", "500");
	for (i = 0; i < rounds; i++) {
		dead = one_round(NULL, "chosen", BYSTANDERS, &took);
		good += dead == 0 || dead == 1;
		if (dead > most)
			most = dead;
	}
	printf("# machine: %d of %d rounds, at most %d bystanders died\n", good, rounds, most);
	tap_result(good == rounds, "limit, machine: it dies before a second bystander");

	tap_must(cgroup_create("immune", 32 * MB, cgroup, sizeof(cgroup)), "cgroup");
	for (good = most = i = 0; i < rounds; i++) {
		dead = one_round(cgroup, "chosen", BYSTANDERS, &took);
		good += dead == 0 || dead == 1;
		if (dead > most)
			most = dead;
	}
	printf("# cgroup: %d of %d rounds, at most %d bystanders died\n", good, rounds, most);
	tap_result(good == rounds, "limit, cgroup: it dies before a second bystander");
	cgroup_remove(cgroup);

	/* Where nobody is compared, it counts as any other, too. */
	set_sysctl("oom_kill_allocating_task", "1");
	tap_result(one_round(NULL, "allocating_task", 0, &took) == 0,
		   "limit: with oom_kill_allocating_task as well");
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1;

	printf("TAP version 13\n");
	look_off();
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_all_immune();
	set_sysctl("oom_dump_tasks", "0");
	if (argc > 1 && !strcmp(argv[1], "panic")) {
		double took;

		one_round(NULL, "none", BYSTANDERS, &took);
		tap_result(false, "last resort 0, machine: a panic");
	} else if (argc > 1 && !strcmp(argv[1], "machine")) {
		in_machine(rounds);
	} else if (argc > 1 && !strcmp(argv[1], "cgroup")) {
		in_cgroup(rounds);
	} else if (argc > 1 && !strcmp(argv[1], "limit")) {
		limited(rounds);
	}
	return tap_end();
}
