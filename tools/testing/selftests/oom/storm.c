// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of OOM kills in many memory cgroups from several CPUs, while
 * allocations fail: how many kills do the kernel's counters know, and how many
 * records has audit's daemon got, or been told that it has not?
 *
 * In every fourth cgroup memory.oom.group is set, so that victims are counted twice,
 * and some have a process with them that shares their memory, which is on record and
 * is not counted. The records, without these, and oom_kill_again must be oom_kill.
 *
 *	storm KILLS [stall]
 *
 * With "stall" the daemon does not read for as long as the storm lasts, so that
 * the ring overflows. Allocations fail where the kernel has fault injection.
 * Where there is an oomstat, it works out each choice again from its record.
 * Prints TAP.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "event_util.h"
#include "oom_util.h"

#define CGROUPS		32
#define LIMIT		MB
#define RECORDS		"/tmp/storm-records"
#define DEBUGFS		"/sys/kernel/debug"
/* Per cent of the allocations that fail. */
#define PROBABILITY	"10"
/* Of so many victims one shares its memory with another process. */
#define SHARES		8
#define GROUPS		4

/* What the daemon has got; shared with it. */
struct got {
	atomic_int ready;
	atomic_int done;
	long long records;
	long long counted;
	long long lost;
	long long reports;
	long long wrong;
	long long first;
	char seen[];
};

/* Note that a number was delivered or reported; each comes once. */
static void note(struct got *got, long long seq, long long nr, long long room)
{
	for (; nr-- > 0; seq++) {
		if (seq < got->first || seq - got->first >= room ||
		    got->seen[seq - got->first]++)
			got->wrong++;
	}
}

/* Is this a kill that vmstat and memory.events count? */
static bool is_counted(const char *line)
{
	return !record_is(line, "reason", "shared_mm") && !record_is(line, "pid", "0");
}

static void daemon_run(struct got *got, bool stall, long long room)
{
	char line[LINE_MAX_];
	int fd = audit_be_daemon(stall ? 4096 : 4 << 20);
	FILE *records = fopen(RECORDS, "we");
	int quiet = 0;

	tap_must(records ? 0 : -errno, RECORDS);
	tap_must(fd < 0 ? fd : 0, "audit daemon");
	got->ready = 1;
	while (stall && !got->done)
		usleep(10000);
	/*
	 * All has come once it is as many as there are, and after that nothing does; a
	 * minute without any is too long.
	 */
	while (quiet < 300) {
		int err = audit_read(fd, AUDIT_ANOM_OOM_KILL, 200, line,
				     sizeof(line));

		if (err == -EAGAIN) {
			quiet = got->done ? quiet + 1 : 0;
			if (quiet > 5 && got->first + got->records + got->lost ==
			    history_last() + 1)
				break;
			continue;
		}
		quiet = 0;
		/* Too slow, says the kernel, and sends it again. */
		if (err == -ENOBUFS)
			continue;
		if (err) {
			got->wrong++;
			continue;
		}
		fprintf(records, "%s\n", line);
		if (!strncmp(line, "overflow=1 ", 11)) {
			note(got, record_number(line, "first_seq"),
			     record_number(line, "lost"), room);
			got->lost += record_number(line, "lost");
			got->reports++;
			continue;
		}
		note(got, record_number(line, "seq"), 1, room);
		got->records++;
		got->counted += is_counted(line);
	}
	fclose(records);
	exit(0);
}

static int share(void *unused)
{
	for (;;)
		pause();
	return 0;
}

static void eat(bool shares)
{
	static char stack[16384];
	size_t bytes = 4 * LIMIT, i;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(5);
	/* May fail, too. */
	if (shares)
		clone(share, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	for (i = 0; i < bytes; i += 4096)
		memory[i] = 1;
	_exit(6);
}

/* Two in each cgroup that might have been chosen. */
static void bystanders(const char *procs)
{
	int i, ready[2];
	char byte;

	for (i = 0; i < 2; i++) {
		tap_must(pipe(ready) ? -errno : 0, "pipe");
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			tap_must(write_file(procs, "0"), procs);
			tap_must(write_file(ADJ_FILE, i ? "-400" : "-300"), "adj");
			if (write(ready[1], "", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		tap_must(read(ready[0], &byte, 1) == 1 ? 0 : -EPIPE, "bystander");
		close(ready[0]);
		close(ready[1]);
	}
}

/* "N of N choices follow from their records" */
static void choose_again(long long records)
{
	FILE *pipe = popen("oomstat replay " RECORDS, "r");
	long long equal = -1, all = -1;
	char line[256];
	int status = -1;

	while (pipe && fgets(line, sizeof(line), pipe))
		if (sscanf(line, "%lld of %lld choices", &equal, &all) != 2)
			printf("# %s", line);
	if (pipe)
		status = pclose(pipe);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		tap_skip("each choice follows from its record", "no oomstat");
		return;
	}
	printf("# oomstat: %lld of %lld choices follow\n", equal, all);
	tap_result(equal == records && all == records,
		   "each choice follows from its record");
}

static int make_it_fail(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/make-it-fail", pid);
	return write_file(path, "1");
}

/* Have a child killed, again and again; how often is returned. */
static int worker(char paths[][300], int nr, int kills, bool inject, bool share)
{
	int done = 0, i, status, refused = 0;
	pid_t pid;

	for (i = 0; done < kills && refused < 100 * kills + 1000; i++) {
		pid = fork();
		if (pid < 0) {
			/* An allocation was made to fail. */
			refused++;
			continue;
		}
		if (!pid) {
			if (write_file(paths[i % nr], "0"))
				_exit(4);
			write_file(ADJ_FILE, "500");
			/* From here on, in the OOM killer too. */
			if (inject)
				tap_must(make_it_fail(getpid()), "make-it-fail");
			eat(share && i % SHARES == 0);
		}
		if (waitpid(pid, &status, 0) != pid)
			continue;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			done++;
		else
			refused++;
	}
	return done;
}

static bool have_injection(void)
{
	return !access(DEBUGFS "/failslab/probability", W_OK) &&
	       !access(DEBUGFS "/fail_page_alloc/probability", W_OK);
}

static void inject_into(const char *name, const char *probability)
{
	static const struct { const char *file, *value; } set[] = {
		{ "interval", "1" }, { "times", "-1" }, { "space", "0" },
		{ "verbose", "0" }, { "task-filter", "Y" },
		{ "ignore-gfp-wait", "N" },
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(set); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/%s", name,
			 set[i].file);
		tap_must(write_file(path, set[i].value), path);
	}
	snprintf(path, sizeof(path), DEBUGFS "/%s/probability", name);
	tap_must(write_file(path, probability), path);
}

/* The kernel thread of a name. */
static pid_t find_thread(const char *name)
{
	char path[300], comm[64];
	struct dirent *entry;
	pid_t pid = -1;
	DIR *dir = opendir("/proc");

	while (dir && pid < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (read_file(path, comm, sizeof(comm)) <= 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		if (!strcmp(comm, name))
			pid = atoi(entry->d_name);
	}
	closedir(dir);
	return pid;
}

int main(int argc, char **argv)
{
	int kills = argc > 1 ? atoi(argv[1]) : 0, workers, i, status;
	bool stall = argc > 2 && !strcmp(argv[2], "stall");
	char dirs[CGROUPS][256], paths[CGROUPS][300];
	long long before, before_again, counted = 0, again, dead = 0, room;
	struct timespec from, to;
	bool inject = have_injection();
	struct got *got;
	pid_t daemon;

	printf("TAP version 13\n");
	look_off();
	if (kills < 1) {
		printf("Bail out! storm KILLS [stall]\n");
		return 1;
	}
	/* More die than are to: whom a failing allocation spared tries again. */
	room = 4 * kills + 1000;
	got = mmap(NULL, sizeof(*got) + room, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tap_must(got == MAP_FAILED ? -errno : 0, "mmap");
	got->first = history_last() + 1;
	for (i = 0; i < CGROUPS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "storm%d", i);
		tap_must(cgroup_create(name, LIMIT, dirs[i], sizeof(dirs[i])),
			 "cgroup");
		tap_must(cgroup_set(dirs[i], "memory.oom.group",
				    i % GROUPS == 1 ? "1" : "0"), "group");
		snprintf(paths[i], sizeof(paths[i]), "%s/cgroup.procs", dirs[i]);
		bystanders(paths[i]);
	}
	tap_must(audit_enable(1), "audit");
	daemon = fork();
	if (!daemon)
		daemon_run(got, stall, room);
	while (!got->ready)
		usleep(1000);

	if (inject) {
		/* In the killed and in the one that delivers. */
		inject_into("failslab", PROBABILITY);
		inject_into("fail_page_alloc", PROBABILITY);
		tap_must(write_file(DEBUGFS "/fail_page_alloc/ignore-gfp-highmem",
				    "N"), "fail_page_alloc");
		tap_must(write_file(DEBUGFS "/fail_page_alloc/min-order", "0"),
			 "fail_page_alloc");
		tap_must(make_it_fail(find_thread("oom_event")), "oom_event");
	}
	printf("# %d kills in %d cgroups, allocations %s, the daemon %s\n",
	       kills, CGROUPS, inject ? "fail" : "do not fail",
	       stall ? "does not read" : "reads");

	before = vmstat_kills();
	before_again = vmstat_again();
	clock_gettime(CLOCK_MONOTONIC, &from);
	workers = 4;
	for (i = 0; i < workers; i++) {
		if (fork())
			continue;
		i = worker(paths + i * CGROUPS / workers, CGROUPS / workers,
			   kills / workers, inject, !stall);
		_exit(i == kills / workers ? 0 : 1);
	}
	/* Bystanders and the daemon live; each worker ends. */
	for (i = 0; i < workers;) {
		if (wait(&status) < 0)
			break;
		if (!WIFEXITED(status))
			continue;
		i++;
		if (!WEXITSTATUS(status))
			dead += kills / workers;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	got->done = 1;
	waitpid(daemon, &status, 0);
	if (inject) {
		inject_into("failslab", "0");
		inject_into("fail_page_alloc", "0");
	}
	audit_enable(0);

	for (i = 0; i < CGROUPS; i++) {
		char path[300];

		counted += cgroup_kills(dirs[i]);
		snprintf(path, sizeof(path), "%.255s/cgroup.kill", dirs[i]);
		tap_must(write_file(path, "1"), path);
	}
	while (wait(NULL) > 0)
		;
	for (i = 0; i < CGROUPS; i++)
		cgroup_remove(dirs[i]);
	again = vmstat_again() - before_again;
	printf("# %lld dead, %lld in memory.events, %lld in vmstat, %lld of them again;",
	       dead, counted, vmstat_kills() - before, again);
	printf(" audit has %lld records and was told of %lld lost in %lld reports; %.1f s\n",
	       got->records, got->lost, got->reports,
	       to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9);
	tap_result(dead == kills / workers * workers, "as many die as are to");
	tap_result(counted == vmstat_kills() - before && counted >= dead,
		   "memory.events and vmstat agree");
	/* Where some are lost, nobody shares: what was lost is counted, too. */
	tap_result(got->counted + got->lost + again == counted,
		   "records, those lost, and those counted again are all kills");
	tap_result(again > 0 && (stall || got->counted < got->records),
		   "some are counted twice, and some not at all");
	tap_result(!got->wrong && got->first + got->records + got->lost ==
		   history_last() + 1, "each number comes once");
	tap_result(stall ? got->lost > 0 : !got->lost,
		   stall ? "a ring that overflows says so" : "none is lost");
	choose_again(got->records);
	return tap_end();
}
