// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of the OOM reaper: what a victim can cost others, what a bystander
 * notices, and where robust mutexes stop being handed over.
 *
 * In the environment: REAP_PROMISES=N, how often the end of an exit is seen (100, or 20 on a
 * debug kernel).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "reap_util.h"

FIXTURE(limits) {
	unsigned int stuck;
};

FIXTURE_SETUP(limits)
{
	const char *lacks = reap_lacks();

	if (lacks)
		SKIP(return, "%s", lacks);
	ASSERT_EQ(0, reap_start());
	self->stuck = 0;
}

FIXTURE_TEARDOWN(limits)
{
	reap_stop();
}

/* Lists that are as long and as scattered as they can be. */

#define HOSTILE_THREADS	40
#define HOSTILE_LENGTH	2048	/* ROBUST_LIST_LIMIT of the kernel */
#define HOSTILE_PAGES	4096

static char *scattered;
static atomic_int nr_hostile;

/* Each entry is in another page than the one before it. */
static void *hostile_thread(void *arg)
{
	struct robust_list_head *head = fill(PAGE, MAP_PRIVATE);
	unsigned int n = (uintptr_t)arg, i;
	struct robust_list *last = &head->list;
	struct entry *entry;

	for (i = 0; i < HOSTILE_LENGTH; i++) {
		entry = (struct entry *)(scattered +
					 (i * 61 + n) % HOSTILE_PAGES * PAGE) + n;
		entry->word = gettid();
		last->next = &entry->node;
		last = &entry->node;
	}
	last->next = &head->list;
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	nr_hostile++;
	/* One that can exit hands its mutexes over by itself. */
	get_stuck();
	return NULL;
}

static void hostile_body(void *arg)
{
	pthread_t thread;
	long i;

	scattered = fill(HOSTILE_PAGES * PAGE, MAP_PRIVATE);
	for (i = 0; i < HOSTILE_THREADS; i++)
		if (pthread_create(&thread, NULL, hostile_thread, (void *)i))
			_exit(6);
	while (nr_hostile < HOSTILE_THREADS)
		usleep(1000);
	ready();
	get_stuck();
}

static void holder_body(void *arg)
{
	unsigned int seed = 1;

	fill(HOSTILE_PAGES * PAGE, MAP_PRIVATE);
	hold(4, 0, &seed);
	ready();
	get_stuck();
}

/* ms from a kill to the end of the reaper's work, which waits for lists for 2 s. */
static long long reaped_after(struct __test_metadata *_metadata, pid_t pid)
{
	long long start = now_ms();

	EXPECT_TRUE(oom_kill());
	EXPECT_LE(0, wait_reaped(pid, 30000));
	return now_ms() - start;
}

TEST_F_TIMEOUT(limits, hostile_lists_cost_little, 120)
{
	long long plain, hostile;
	pid_t pid;

	pid = victim(holder_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	plain = reaped_after(_metadata, pid);
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));

	pid = victim(hostile_body, self);
	ASSERT_TRUE(stuck_fs_wait(&fs, 2 + HOSTILE_THREADS));
	hostile = reaped_after(_metadata, pid);
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));

	TH_LOG("four entries: %lld ms; %d lists of %d entries: %lld ms", plain,
	       HOSTILE_THREADS, HOSTILE_LENGTH, hostile);
	EXPECT_LE(2000, hostile);
	EXPECT_GT(plain + 600, hostile);
}

/*
 * Many threads that hold nothing do not use up the pages that are spared: each has
 * registered a list with glibc, whose head is in a page of its own.
 */
#define IDLE_THREADS	600	/* more than OOM_REAP_SPARED pages */

static atomic_int nr_idle;

static void *idle_thread(void *mutex)
{
	if (mutex)
		pthread_mutex_lock(mutex);
	nr_idle++;
	get_stuck();
	return NULL;
}

static void idle_threads_body(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	fill(SIZE, MAP_PRIVATE);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (i = 0; i < IDLE_THREADS; i++)
		if (pthread_create(&thread, &attr, idle_thread,
				   i == IDLE_THREADS - 1 ?
				   &shared->mutexes[0] : NULL))
			_exit(6);
	while (nr_idle < IDLE_THREADS)
		usleep(1000);
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(limits, threads_that_hold_nothing_need_nothing, 120)
{
	pthread_mutexattr_t attr;
	struct timespec until;
	pid_t pid;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	ASSERT_EQ(0, pthread_mutex_init(&shared->mutexes[0], &attr));
	pid = victim(idle_threads_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, IDLE_THREADS + 1));
	/* The one that holds something makes it wait. */
	EXPECT_LE(1800, reaped_after(_metadata, pid));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_timedlock(&shared->mutexes[0], &until));
}

/* One thread with entries in pages of their own, and behind them one that is shared. */
static void scattered_body(void *pages)
{
	struct robust_list_head *head = fill(PAGE, MAP_PRIVATE);
	struct robust_list *last = &head->list;
	long nr = (intptr_t)pages, i;
	struct entry *entry;
	/* Small pages, so that each can go by itself. */
	char *memory = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(memory, nr * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i <= nr; i++) {
		entry = i < nr ? (struct entry *)(memory + i * PAGE) :
				 &shared->entries[0];
		own(entry);
		last->next = &entry->node;
		last = &entry->node;
	}
	last->next = &head->list;
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	ready();
	get_stuck();
}

/* Threads with lists that are long, packed, and end in a shared entry. */
#define PACKED_LENGTH	(HOSTILE_LENGTH - 1)

static atomic_int nr_packed;

static void *packed_thread(void *arg)
{
	size_t size = (PACKED_LENGTH * sizeof(struct entry) + PAGE) / PAGE * PAGE;
	struct robust_list_head *head = fill(PAGE, MAP_PRIVATE);
	struct robust_list *last = &head->list;
	struct entry *entries, *entry;
	int i;

	entries = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(entries, size, MADV_NOHUGEPAGE);
	for (i = 0; i < PACKED_LENGTH; i++) {
		entry = i < PACKED_LENGTH - 1 ? &entries[i] :
						&shared->entries[(intptr_t)arg];
		own(entry);
		last->next = &entry->node;
		last = &entry->node;
	}
	last->next = &head->list;
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	nr_packed++;
	get_stuck();
	return NULL;
}

static void packed_body(void *threads)
{
	long nr = (intptr_t)threads, i;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread, &attr, packed_thread, (void *)i))
			_exit(6);
	while (nr_packed < nr)
		usleep(1000);
	ready();
	get_stuck();
}

/* Either side of OOM_REAP_SPARED pages, and of OOM_REAP_ENTRIES entries. */
FIXTURE(edge) {
};

FIXTURE_VARIANT(edge) {
	void (*body)(void *arg);
	long arg;
	int lists;
	bool last_lost;
};

/* The page of the head is one, that of the shared entry needs none. */
FIXTURE_VARIANT_ADD(edge, pages_that_are_spared) {
	.body = scattered_body, .arg = 511, .lists = 1,
};

FIXTURE_VARIANT_ADD(edge, a_page_too_many) {
	.body = scattered_body, .arg = 512, .lists = 1, .last_lost = true,
};

/* 65536 entries are 32 such lists, and 32 entries of the next. */
FIXTURE_VARIANT_ADD(edge, entries_that_are_followed) {
	.body = packed_body, .arg = 32, .lists = 32,
};

FIXTURE_VARIANT_ADD(edge, a_list_too_many) {
	.body = packed_body, .arg = 33, .lists = 33, .last_lost = true,
};

FIXTURE_SETUP(edge)
{
	const char *lacks = reap_lacks();

	if (lacks)
		SKIP(return, "%s", lacks);
	ASSERT_EQ(0, reap_start());
}

FIXTURE_TEARDOWN(edge)
{
	reap_stop();
}

TEST_F_TIMEOUT(edge, the_last_is_handed_over, 120)
{
	int i, stuck = 1 + (variant->body == packed_body ? variant->lists : 0);
	pid_t pid;

	pid = victim(variant->body, (void *)variant->arg);
	ASSERT_TRUE(stuck_fs_wait(&fs, stuck));
	EXPECT_LE(1800, reaped_after(_metadata, pid));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	for (i = 0; i < variant->lists; i++)
		EXPECT_EQ(!(variant->last_lost && i == variant->lists - 1),
			  !!(shared->entries[i].word & FUTEX_OWNER_DIED)) {
			TH_LOG("list %d: %x", i, shared->entries[i].word);
		}
}

/* Calls of functions on a CPU by another one, from /proc/interrupts. */
static long long function_calls(int cpu)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char *line = NULL, *at;
	long long calls = -1;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		at = strstr(line, "CAL:");
		if (!at)
			continue;
		for (at += 4; cpu >= 0; cpu--)
			calls = strtoll(at, &at, 10);
	}
	free(line);
	if (file)
		fclose(file);
	return calls;
}

static bool run_on(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(pid, sizeof(set), &set);
}

/* The kernel thread of that name, or 0. */
static pid_t kernel_thread(const char *name)
{
	char path[64], comm[32];
	pid_t pid;

	for (pid = 2; pid < 1000; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (read_file(path, comm, sizeof(comm)) <= 0)
			continue;
		comm[strcspn(comm, "\n")] = 0;
		if (!strcmp(comm, name))
			return pid;
	}
	return 0;
}

static void stuck_on_the_first_cpu(void *arg)
{
	fill(MB, MAP_PRIVATE);
	ready();
	get_stuck();
}

#define KILLS	20

/* A CPU that runs something else is left alone, as isolated ones want it. */
TEST_F_TIMEOUT(limits, other_cpus_are_not_interrupted, 120)
{
	long long calls;
	pid_t busy, pid, reaper = kernel_thread("oom_reaper");
	cpu_set_t before;
	int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || function_calls(1) < 0)
		SKIP(return, "needs two CPUs and a line CAL in /proc/interrupts");
	busy = fork();
	if (!busy) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_on(0, 1);
		for (;;)
			atomic_signal_fence(memory_order_seq_cst);
	}
	ASSERT_LT(0, reaper);
	ASSERT_EQ(0, sched_getaffinity(reaper, sizeof(before), &before));
	ASSERT_TRUE(run_on(reaper, 0));
	ASSERT_TRUE(run_on(0, 0));
	usleep(100000);
	calls = function_calls(1);
	for (i = 0; i < KILLS; i++) {
		pid = victim(stuck_on_the_first_cpu, NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
		ASSERT_TRUE(oom_kill());
		EXPECT_LE(0, wait_reaped(pid, 10000));
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
	}
	calls = function_calls(1) - calls;
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	sched_setaffinity(reaper, sizeof(before), &before);
	TH_LOG("%d kills interrupted the other CPU %lld times", KILLS, calls);
	EXPECT_GT(KILLS / 2, calls);
}

static long long committed(void)
{
	long long kb = -1;

	read_key_number("/proc/meminfo", "Committed_AS", &kb);
	return kb;
}

static void exits_freely(void *arg)
{
	fill(4 * MB, MAP_PRIVATE);
	/* Promised only, so that the exit is quick. */
	mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	     -1, 0);
	ready();
	for (;;)
		pause();
}

#define BUSY_AREA	(16 * MB)

static void *change_an_area(void *area)
{
	int i;

	shared->next = 1;
	for (i = 0;; i++)
		mprotect(area, BUSY_AREA,
			 i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
	return NULL;
}

/* A writer has mmap_lock nearly always: areas are reaped under their own locks. */
static void exits_while_it_changes_an_area(void *arg)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 16; i++) {
		fill(MB, MAP_PRIVATE);
		/* Or they were one area. */
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	if (pthread_create(&thread, NULL, change_an_area,
			   fill(BUSY_AREA, MAP_PRIVATE)))
		_exit(6);
	while (!shared->next)
		usleep(100);
	exits_freely(NULL);
}

/*
 * A parent that has seen the exit may make the same promise again: the reaper
 * must not be the one that frees the mm later.
 */
static void see_exits(struct __test_metadata *_metadata, void (*body)(void *arg))
{
	const char *env = getenv("REAP_PROMISES");
	int tries = env ? atoi(env) : kernel_debugs() ? 20 : 100, i, late = 0;
	long long before, after;
	pid_t pid;

	for (i = 0; i < tries; i++) {
		shared->next = 0;
		before = committed();
		pid = victim(body, NULL);
		ASSERT_LT(0, pid);
		EXPECT_LE(before + 64 * 1024, committed());
		ASSERT_TRUE(!write_file("/proc/sysrq-trigger", "f"));
		EXPECT_EQ(SIGKILL, death(pid));
		after = committed();
		late += after >= before + 32 * 1024;
	}
	TH_LOG("%d of %d exits were seen before the promise was back", late, i);
	EXPECT_EQ(0, late);
}

TEST_F_TIMEOUT(limits, promise_is_back_when_the_parent_sees_the_exit, 3000)
{
	see_exits(_metadata, exits_freely);
}

TEST_F_TIMEOUT(limits, promise_is_back_also_of_a_busy_victim, 3000)
{
	see_exits(_metadata, exits_while_it_changes_an_area);
}

/* What is shared stays charged when the victim was reaped. */
static void keeps_shared_memory(void *cgroup_procs)
{
	if (write_file(cgroup_procs, "0"))
		_exit(7);
	fill(20 * MB, MAP_SHARED);
	fill(4 * MB, MAP_PRIVATE);
	ready();
	get_stuck();
}

static pid_t eats_the_rest(const char *cgroup_procs)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write_file(cgroup_procs, "0"))
		_exit(7);
	fill(64 * MB, MAP_PRIVATE);
	_exit(8);
}

/* When so many were killed in all, in ms; -1 if that takes more than 20 s. */
static long long when_killed(long long kills)
{
	long long start = now_ms();

	while (vmstat_of("oom_kill") < kills) {
		if (now_ms() - start > 20000)
			return -1;
		usleep(1000);
	}
	return now_ms();
}

/*
 * A victim that was reaped and sleeps holds up the next kill for OOM_REAP_STUCK_NS:
 * it could have more to give for so long, and not for longer.
 */
TEST_F_TIMEOUT(limits, a_stuck_victim_holds_up_the_next_kill_for_a_moment, 60)
{
	char cgroup[256], procs[300];
	long long kills, first, second;
	pid_t stuck, eater;

	if (cgroup_create("reap_limits", 32 * MB, cgroup, sizeof(cgroup)))
		SKIP(return, "no memory cgroup");
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	stuck = victim(keeps_shared_memory, procs);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	kills = vmstat_of("oom_kill");
	eater = eats_the_rest(procs);
	first = when_killed(kills + 1);
	second = when_killed(kills + 2);
	EXPECT_LT(0, first);
	EXPECT_LT(0, second);
	TH_LOG("the next kill came %lld ms after the first", second - first);
	EXPECT_LE(50, second - first);
	EXPECT_GT(1000, second - first);
	EXPECT_EQ(SIGKILL, death(eater));
	EXPECT_EQ('D', state(stuck));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(stuck));
	cgroup_remove(cgroup);
}

/*
 * process_mrelease(2) reads no robust lists, as on Linux: what lies in private
 * memory is lost with it, what lies in shared memory is not.
 */
static void chained_body(void *private)
{
	struct robust_list_head *head;
	unsigned int seed = 1;
	struct entry *entry;

	write_file(ADJ_FILE, "0");
	fill(SIZE, MAP_PRIVATE);
	if (private) {
		hold(0, 0, &seed);
		head = fill(PAGE, MAP_PRIVATE);
	} else {
		head = fill(PAGE, MAP_SHARED);
	}
	entry = new_entry(true, &seed);
	own(entry);
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	head->list.next = &entry->node;
	entry->node.next = &head->list;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(limits, process_mrelease_reads_no_lists, 60)
{
	int private, pidfd;
	pid_t pid;

	for (private = 0; private < 2; private++) {
		memset(shared, 0, sizeof(*shared));
		pid = victim(chained_body, private ? self : NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
		ASSERT_EQ(1, shared->next);
		pidfd = syscall(SYS_pidfd_open, pid, 0);
		ASSERT_LE(0, pidfd);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(0, syscall(SYS_process_mrelease, pidfd, 0));
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
		EXPECT_EQ(!private, !!(shared->entries[0].word & FUTEX_OWNER_DIED));
		close(pidfd);
	}
}

/*
 * A list whose first entry is swapped out, or is not, its second in private memory
 * as well, and its last in shared memory. What is swapped out is spared, but where
 * it leads to can't be read: the second goes, and with it the way to the last.
 */
static void swapped_body(void *out)
{
	struct robust_list_head *head;
	struct entry *first, *second, *last;
	unsigned int seed = 1;
	long long kb = 0;
	int tries;

	fill(SIZE, MAP_PRIVATE);
	head = fill(PAGE, MAP_PRIVATE);
	first = fill(PAGE, MAP_PRIVATE);
	second = fill(PAGE, MAP_PRIVATE);
	last = new_entry(true, &seed);
	own(first);
	own(second);
	own(last);
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	head->list.next = &first->node;
	first->node.next = &second->node;
	second->node.next = &last->node;
	last->node.next = &head->list;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	for (tries = 0; out && tries < 100 && kb < 4; tries++) {
		madvise(first, PAGE, MADV_PAGEOUT);
		read_key_number("/proc/self/status", "VmSwap", &kb);
	}
	if (out && kb < 4)
		_exit(7);
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(limits, a_list_ends_at_what_is_swapped_out, 120)
{
	int out;
	pid_t pid;

	if (access("/dev/ram0", W_OK))
		SKIP(return, "no /dev/ram0");
	ASSERT_EQ(0, system("mkswap /dev/ram0 >/dev/null"));
	ASSERT_EQ(0, swapon("/dev/ram0", 0));
	for (out = 0; out < 2; out++) {
		memset(shared, 0, sizeof(*shared));
		pid = victim(swapped_body, out ? self : NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
		/* Either is reaped after the wait for its list. */
		EXPECT_LE(1800, reaped_after(_metadata, pid));
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
		EXPECT_EQ(!out, !!(shared->entries[0].word & FUTEX_OWNER_DIED)) {
			TH_LOG("swapped out: %d", out);
		}
	}
	EXPECT_EQ(0, swapoff("/dev/ram0"));
}

TEST_HARNESS_MAIN
