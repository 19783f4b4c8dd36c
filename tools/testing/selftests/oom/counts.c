// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often Linux counts a kill: oom_kill in /proc/vmstat, memory.events and
 * memory.events.local, for each way to be killed. The numbers are the base kernel's
 * and must be the same with the series, which has one record for each process: they
 * are told by the same lines on both, and scripts/check.d/oom-counts compares them.
 * Where there are records, what they say must add up to the counters.
 *
 * For a guest with one CPU, on which nobody else can be killed: there a victim that
 * only runs when nobody else wants to does not exit before the OOM killer has gone
 * through the members of its group. Prints TAP.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "event_util.h"
#include "oom_util.h"

#define LIMIT		(8 * MB)
#define SYSRQ		"/proc/sysrq-trigger"
#define FAIR_SERVER	"/sys/kernel/debug/sched/fair_server/cpu0/runtime"

/*
 *	top		limit
 *	 |- leaf	who may be killed
 *	 `- beside	one that is immune and takes the rest, and who shares memory
 */
static struct scene {
	struct cgroup_pair cgroups;
	struct hog eater;
	pid_t traced;
	long long first;
	long long kills;
	long long again;
} scene;

#define LEAF	scene.cgroups.left
#define BESIDE	scene.cgroups.right

static char *hold(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t i;

	if (memory == MAP_FAILED)
		_exit(5);
	for (i = 0; i < bytes; i += getpagesize())
		memory[i] = 1;
	return memory;
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* A process that shares the memory of who made it; @arg is its cgroup. */
static int share(void *arg)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/cgroup.procs", (char *)arg);
	if (write_file(path, "0"))
		_exit(4);
	/* Its maker waits for this by way of the memory. */
	__atomic_store_n((char *)arg, '\0', __ATOMIC_RELEASE);
	wait_for_ever();
	return 0;
}

static void make_sharer(const char *cgroup)
{
	static char stack[65536], path[300];

	snprintf(path, sizeof(path), "%s", cgroup);
	if (clone(share, stack + sizeof(stack), CLONE_VM | SIGCHLD, path) < 0)
		_exit(6);
	while (__atomic_load_n(path, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* A process in LEAF that holds @bytes, and one in @sharer that shares them. */
static pid_t start(size_t bytes, int adj, const char *sharer)
{
	char path[512], text[16], byte;
	int ready[2];
	pid_t pid;

	tap_must(pipe(ready) ? -errno : 0, "pipe");
	pid = fork();
	tap_must(pid < 0 ? -errno : 0, "fork");
	if (!pid) {
		struct sched_param param = { };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sched_setscheduler(0, SCHED_IDLE, &param);
		snprintf(path, sizeof(path), "%s/cgroup.procs", LEAF);
		snprintf(text, sizeof(text), "%d", adj);
		if (write_file(path, "0") || write_file(ADJ_FILE, text))
			_exit(4);
		hold(bytes);
		if (sharer)
			make_sharer(sharer);
		if (write(ready[1], "", 1) != 1)
			_exit(6);
		wait_for_ever();
	}
	close(ready[1]);
	tap_must(read(ready[0], &byte, 1) == 1 ? 0 : -EPIPE, "start");
	close(ready[0]);
	return pid;
}

/* One that stays where it is when it exits, with its memory, until it is let go. */
static void trace(pid_t pid)
{
	tap_must(ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) ? -errno : 0,
		 "PTRACE_SEIZE");
	scene.traced = pid;
}

static void wait_exiting(void)
{
	int status = 0;

	tap_must(waitpid(scene.traced, &status, __WALL) == scene.traced ? 0 : -errno,
		 "waitpid");
	tap_must(status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8) ? 0 : -EPROTO,
		 "PTRACE_EVENT_EXIT");
}

static void let_go(void)
{
	if (scene.traced)
		ptrace(PTRACE_DETACH, scene.traced, NULL, NULL);
	scene.traced = 0;
}

static void kill_by_hand(pid_t pid)
{
	trace(pid);
	tap_must(kill(pid, SIGKILL) ? -errno : 0, "kill");
	wait_exiting();
}

static void die_together(const char *cgroup)
{
	tap_must(cgroup_set(cgroup, "memory.oom.group", "1"), "memory.oom.group");
}

/* Take memory until somebody is killed, and then it is all over. */
static void run_out(void)
{
	long long kills = vmstat_kills();
	int i;

	for (i = 0; i < 4 * (int)(LIMIT / MB) && vmstat_kills() == kills; i++)
		tap_must(hog_grow(&scene.eater, MB / 4), "eater");
}

/*
 * A worker does it. It is over when the workers that were asked later are done, and no
 * kill was counted for a while; the victims are of those who run last.
 */
static void sysrq(void)
{
	long long kills;
	int quiet;

	tap_must(write_file(SYSRQ, "f"), SYSRQ);
	tap_must(write_file("/proc/sys/vm/stat_refresh", "1"), "stat_refresh");
	for (quiet = 0; quiet < 10; quiet++) {
		kills = vmstat_kills();
		usleep(50000);
		if (vmstat_kills() != kills)
			quiet = 0;
	}
}

static void one_process(void)
{
	start(5 * MB, 0, NULL);
	run_out();
}

static void group_of_one(void)
{
	die_together(LEAF);
	start(5 * MB, 0, NULL);
	run_out();
}

static void group_of_three(void)
{
	die_together(LEAF);
	start(4 * MB, 0, NULL);
	start(MB / 4, -500, NULL);
	start(MB / 4, -900, NULL);
	start(MB / 4, -1000, NULL);
	run_out();
}

static void group_above(void)
{
	die_together(scene.cgroups.top);
	start(4 * MB, 0, NULL);
	start(MB / 4, -500, NULL);
	run_out();
}

static void shared_mm(void)
{
	start(5 * MB, 0, LEAF);
	run_out();
}

static void shared_by_members(void)
{
	die_together(LEAF);
	start(5 * MB, 0, LEAF);
	run_out();
}

static void shared_with_one_beside(void)
{
	die_together(LEAF);
	start(5 * MB, 0, BESIDE);
	run_out();
}

static void dying_member(void)
{
	pid_t pid;

	die_together(LEAF);
	start(4 * MB, 0, NULL);
	pid = start(MB / 4, -900, NULL);
	kill_by_hand(pid);
	run_out();
}

static void dying_victim(void)
{
	kill_by_hand(start(5 * MB, 0, NULL));
	/* It gets its memory back without a kill. */
	tap_must(hog_grow(&scene.eater, 5 * MB), "eater");
}

static void dying_victim_that_shares(void)
{
	kill_by_hand(start(5 * MB, 0, LEAF));
	run_out();
}

static void member_killed_before(void)
{
	pid_t first;

	die_together(LEAF);
	trace(start(MB / 4, -900, NULL));
	first = start(4 * MB, 0, NULL);
	run_out();
	wait_exiting();
	tap_must(waitpid(first, NULL, 0) == first ? 0 : -errno, "waitpid");
	start(3 * MB, 0, NULL);
	run_out();
}

static void by_sysrq(void)
{
	start(MB, 0, NULL);
	sysrq();
}

static void by_sysrq_group(void)
{
	die_together(LEAF);
	start(MB, 0, NULL);
	start(MB / 4, -900, NULL);
	sysrq();
}

static void by_sysrq_twice(void)
{
	trace(start(MB, 0, NULL));
	sysrq();
	wait_exiting();
	sysrq();
}

static void eat_all(void)
{
	int status = 0;
	pid_t pid = fork();

	tap_must(pid < 0 ? -errno : 0, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tap_must(write_file(ADJ_FILE, "0"), ADJ_FILE);
		hold(2 * sysconf(_SC_PHYS_PAGES) * getpagesize());
		_exit(7);
	}
	tap_must(waitpid(pid, &status, 0) == pid ? 0 : -errno, "waitpid");
}

static void of_the_system(void)
{
	eat_all();
}

static void allocating_task(void)
{
	static const char file[] = "/proc/sys/vm/oom_kill_allocating_task";

	tap_must(write_file(file, "1"), file);
	eat_all();
	tap_must(write_file(file, "0"), file);
}

/* What Linux counts, and how many processes that are. */
static const struct {
	const char *what;
	void (*run)(void);
	int kills;
	int records;
	int shared;
	bool system;	/* not in the cgroup */
} ways[] = {
	{ "one process", one_process, 1, 1, 0, false },
	{ "a group of one", group_of_one, 2, 1, 0, false },
	{ "a group of three, and one that is immune", group_of_three, 4, 3, 0, false },
	{ "a group set where the limit is", group_above, 3, 2, 0, false },
	{ "two that share memory", shared_mm, 1, 2, 1, false },
	{ "two members that share memory", shared_by_members, 3, 2, 1, false },
	/* The last of two that are equal is chosen, and that is the one in no group. */
	{ "two that share memory, one of them a member", shared_with_one_beside,
	  1, 2, 1, false },
	{ "a member that is dying", dying_member, 3, 2, 0, false },
	{ "a victim that is dying", dying_victim, 0, 0, 0, false },
	{ "two that share memory, one of them dying", dying_victim_that_shares,
	  1, 1, 0, false },
	{ "a member that was killed before", member_killed_before, 6, 3, 0, false },
	{ "one process by SysRq", by_sysrq, 1, 1, 0, false },
	{ "a group of two by SysRq", by_sysrq_group, 3, 2, 0, false },
	{ "one process by SysRq, asked for twice", by_sysrq_twice, 1, 1, 0, false },
	{ "one process of the whole system", of_the_system, 1, 1, 0, true },
	{ "the task that allocates", allocating_task, 1, 1, 0, true },
};

static long long events(const char *cgroup, const char *file, const char *key)
{
	char path[512];
	long long n = -1;

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	read_key_number(path, key, &n);
	return n;
}

/* The sum of "counted" of the records from @first on, all or of one cgroup. */
static long long sum_counted(long long first, const char *cgroup)
{
	long long seq, last = history_last(), sum = 0;
	char line[LINE_MAX_];
	struct stat st;

	tap_must(cgroup && stat(cgroup, &st) ? -errno : 0, "stat");
	for (seq = first; seq <= last; seq++) {
		tap_must(history_find(seq, line, sizeof(line)), "record");
		if (!cgroup || record_number(line, "cgroup_id") == (long long)st.st_ino)
			sum += record_number(line, "counted");
	}
	return sum;
}

static void check_records(int nr)
{
	long long kills = vmstat_kills() - scene.kills;
	long long again = vmstat_again() - scene.again;
	/* One of a cgroup with nobody left is of no process. */
	int records = history_count(scene.first, NULL, NULL) -
		      history_count(scene.first, "pid", "0");
	int shared = history_count(scene.first, "reason", "shared_mm");
	char what[200];

	printf("# %d records, %d of them of a shared mm, %lld counted again\n", records,
	       shared, again);
	snprintf(what, sizeof(what), "records: %s: one for each process",
		 ways[nr].what);
	tap_result(records == ways[nr].records && shared == ways[nr].shared, what);
	snprintf(what, sizeof(what), "records: %s: they add up to the counters",
		 ways[nr].what);
	tap_result(kills == records - shared + again &&
		   kills == sum_counted(scene.first, NULL) &&
		   sum_counted(scene.first, LEAF) ==
			events(LEAF, "memory.events.local", "oom_kill") &&
		   sum_counted(scene.first, BESIDE) ==
			events(BESIDE, "memory.events.local", "oom_kill"), what);
}

static void run(int nr)
{
	const char *top = scene.cgroups.top;
	const struct sched_param fifo = { .sched_priority = 1 };
	long long kills, in_cgroup, in_top, in_leaf, local, beside, top_local;
	char what[300];

	memset(&scene, 0, sizeof(scene));
	tap_must(cgroup_pair_create(&scene.cgroups, "counts", LIMIT, "leaf", "beside"),
		 "cgroup");
	tap_must(hog_start(&scene.eater, -1000, BESIDE), "eater");
	/* Who runs out of memory is not interrupted in the middle of a kill. */
	tap_must(sched_setscheduler(scene.eater.pid, SCHED_FIFO, &fifo) ? -errno : 0,
		 "SCHED_FIFO");
	scene.kills = vmstat_kills();
	if (!access(HISTORY, R_OK)) {
		scene.first = history_last() + 1;
		scene.again = vmstat_again();
	}
	ways[nr].run();

	kills = vmstat_kills() - scene.kills;
	in_top = events(top, "memory.events", "oom_kill");
	top_local = events(top, "memory.events.local", "oom_kill");
	in_leaf = events(LEAF, "memory.events", "oom_kill");
	local = events(LEAF, "memory.events.local", "oom_kill");
	beside = events(BESIDE, "memory.events", "oom_kill");
	snprintf(what, sizeof(what),
		 "%s: vmstat %lld, top %lld (local %lld), leaf %lld (local %lld), beside %lld; groups: top %lld, leaf %lld (local %lld)",
		 ways[nr].what, kills, in_top, top_local, in_leaf, local, beside,
		 events(top, "memory.events", "oom_group_kill"),
		 events(LEAF, "memory.events", "oom_group_kill"),
		 events(LEAF, "memory.events.local", "oom_group_kill"));
	in_cgroup = ways[nr].system ? 0 : kills;
	tap_result(kills == ways[nr].kills && !top_local && !beside &&
		   in_top == in_cgroup && in_leaf == in_top && local == in_leaf, what);
	if (scene.first)
		check_records(nr);

	let_go();
	hog_stop(&scene.eater);
	cgroup_pair_remove(&scene.cgroups);
}

/* The kernel thread of this name, or 0. */
static pid_t find_thread(const char *name)
{
	char path[300], comm[32];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	pid_t pid = 0;

	while (proc && !pid && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (atoi(entry->d_name) > 0 && read_file(path, comm, sizeof(comm)) > 0) {
			comm[strcspn(comm, "\n")] = '\0';
			if (!strcmp(comm, name))
				pid = atoi(entry->d_name);
		}
	}
	if (proc)
		closedir(proc);
	return pid;
}

/*
 * Who runs out of memory has the CPU until it has what it wants: a victim that ran in
 * the middle of a kill could be gone before it is counted as a member. So no share of
 * the CPU is kept for the others; only the reaper, who takes a victim's memory and not
 * the victim, goes before.
 */
static void no_share_for_others(void)
{
	const struct sched_param before = { .sched_priority = 2 };
	pid_t reaper = find_thread("oom_reaper");

	tap_must(write_file("/proc/sys/kernel/sched_rt_runtime_us", "-1"), "sched_rt_runtime_us");
	tap_must(write_file(FAIR_SERVER, "0"), FAIR_SERVER);
	tap_must(reaper ? 0 : -ESRCH, "oom_reaper");
	tap_must(sched_setscheduler(reaper, SCHED_FIFO, &before) ? -errno : 0, "SCHED_FIFO");
}

int main(void)
{
	unsigned int i;

	printf("TAP version 13\n");
	look_off();
	no_share_for_others();
	/* Who could be killed by SysRq is only who is to be. */
	tap_must(write_file(ADJ_FILE, "-1000"), ADJ_FILE);
	tap_must(prctl(PR_SET_CHILD_SUBREAPER, 1) ? -errno : 0, "subreaper");
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		run(i);
	return tap_end();
}
