// SPDX-License-Identifier: GPL-2.0-only
/*
 * Promises far from every limit take no lock of a count, whatever they do and however
 * many cgroups take turns on a CPU; neither who reads a count nor who is refused makes
 * them. Nor do they after a limit has risen, in any way.
 *
 * The kernel counts for tests how many promises and returns went for such a lock on each
 * CPU. What does so: the first promise of a cgroup on a CPU, and one in some hundreds
 * while a count grows or shrinks, when the CPU has used up what it had set aside, or has
 * counted so much that a new peak is looked for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define VM(knob)	"/proc/sys/vm/" knob
#define HUGEPAGES	"/proc/sys/vm/nr_hugepages"
#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES(n)	((n) * page)
#define OPS		10000
#define MOST		10		/* of OPS, where a count changes for good */
#define GROUPS		64

static long page;

/* By the first CPU, on which what is counted runs; all others stay off it. */
#define ENTRIES		"/sys/module/commit_test/parameters/entries"

static int count(void)
{
	char text[8192];

	MUST(read_file(ENTRIES, text, sizeof(text)) > 0);
	return atoi(text);
}

/*
 *	top - middle	- low-0
 *			- low-1 ...
 */
FIXTURE(scale) {
	char mode[16];
	char kbytes[32];
	char ratio[16];
	char top[128];
	char middle[160];
	char low[GROUPS][192];
	int groups;
};

FIXTURE_VARIANT(scale) {
	const char *mode;
	const char *max;
};

FIXTURE_VARIANT_ADD(scale, no_limits) {
	.mode = "0",
	.max = "max",
};

FIXTURE_VARIANT_ADD(scale, three_limits) {
	.mode = "0",
	.max = "16G",
};

FIXTURE_VARIANT_ADD(scale, four_limits) {
	.mode = "2",
	.max = "16G",
};

FIXTURE_SETUP(scale)
{
	char name[32];

	page = sysconf(_SC_PAGESIZE);
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	if (access(ENTRIES, R_OK))
		SKIP(return, "no " ENTRIES ": CONFIG_COMMIT_KUNIT_TEST is off");
	ASSERT_LT(0, read_file(OVERCOMMIT, self->mode, sizeof(self->mode)));
	ASSERT_LT(0, read_file(VM("overcommit_kbytes"), self->kbytes, sizeof(self->kbytes)));
	ASSERT_LT(0, read_file(VM("overcommit_ratio"), self->ratio, sizeof(self->ratio)));
	snprintf(name, sizeof(name), "scale-%d", getpid());
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, name, self->top, sizeof(self->top)));
	ASSERT_EQ(0, subgroup(self->top, "middle", self->middle, sizeof(self->middle)));
	ASSERT_EQ(0, commit_set(self->top, "max", variant->max));
	ASSERT_EQ(0, commit_set(self->middle, "max", variant->max));
	for (; self->groups < GROUPS; self->groups++) {
		snprintf(name, sizeof(name), "low-%d", self->groups);
		ASSERT_EQ(0, subgroup(self->middle, name, self->low[self->groups],
				      sizeof(self->low[0])));
		ASSERT_EQ(0, commit_set(self->low[self->groups], "max", variant->max));
	}
	if (*variant->mode == '2')
		ASSERT_EQ(0, write_file(VM("overcommit_kbytes"), "33554432"));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->mode));
}

FIXTURE_TEARDOWN(scale)
{
	write_file(OVERCOMMIT, self->mode);
	if (atoll(self->kbytes))
		write_file(VM("overcommit_kbytes"), self->kbytes);
	else
		write_file(VM("overcommit_ratio"), self->ratio);
	while (self->groups--)
		cgroup_remove(self->low[self->groups]);
	cgroup_remove(self->middle);
	cgroup_remove(self->top);
}

/* What a process that is counted works on */
struct work {
	void (*run)(struct work *work, int ops);	/* what is counted */
	int ops;
	int entries;			/* seen */
	const char *max;		/* of its cgroup */
	const char *cgroup;
	char *memory;
	void (*near)(struct work *work);/* bring a limit near */
	int turn[GROUPS][2];		/* pipes to those that take turns, ... */
	int back[2];			/* ... and from them */
	int nr;				/* which of them one is */
	int of;				/* how many there are */
};

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	MUST(!sched_setaffinity(0, sizeof(set), &set));
}

static char *map(long pages)
{
	char *p = mmap(NULL, PAGES(pages), RW, PRIVATE, -1, 0);

	MUST(p != MAP_FAILED);
	return p;
}

static void steady(struct work *work, int ops)
{
	for (; ops > 0; ops -= 2)
		MUST(!munmap(map(16), PAGES(16)));
}

/* A page more each time, where there is room for all of them */
static void growing(struct work *work, int ops)
{
	int i;

	if (!work->memory) {
		work->memory = mmap(NULL, PAGES(2 * OPS), PROT_NONE, PRIVATE, -1, 0);
		MUST(work->memory != MAP_FAILED);
	}
	for (i = 0; i < ops; i++)
		MUST(mmap(work->memory + PAGES(i), page, RW, PRIVATE | MAP_FIXED, -1, 0) !=
		     MAP_FAILED);
}

static void shrinking(struct work *work, int ops)
{
	while (ops--)
		MUST(!munmap(work->memory + PAGES(ops), page));
}

/* Each fork promises for each mapping of the child. */
static void forking(struct work *work, int ops)
{
	for (; ops > 0; ops -= 20) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		MUST(pid > 0);
		MUST_EQ(wait_for(pid), 0);
	}
}

/* In a process: warm up, and count from then on. */
static int counted(void *arg)
{
	struct work *work = arg;
	int before;

	stay_on(0);
	/* It counts: a limit that was changed is looked at. */
	before = count();
	MUST(!commit_set(work->cgroup, "max", "8G"));
	steady(work, 2);
	MUST(count() > before);
	MUST(!commit_set(work->cgroup, "max", work->max));
	steady(work, 100);
	if (work->run == forking)
		forking(work, 200);
	if (work->run == shrinking)
		growing(work, work->ops);
	before = count();
	work->run(work, work->ops);
	work->entries = count() - before;
	return 0;
}

/* Shared with who asks */
static struct work *work_alloc(const char *max)
{
	struct work *work = mmap(NULL, sizeof(*work), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (work == MAP_FAILED)
		return NULL;
	work->ops = kernel_debugs() ? OPS / 10 : OPS;
	work->max = max;
	return work;
}

#define EXPECT_ENTRIES(what, most, in, function)				\
	do {								\
		work->run = function;					\
		work->entries = -1;					\
		work->cgroup = in;					\
		EXPECT_EQ(0, run_in(work->cgroup, counted, work));	\
		TH_LOG("%s: %d entries in %d", what, work->entries, work->ops); \
		EXPECT_LE(0, work->entries);				\
		EXPECT_GE(most, work->entries);				\
	} while (0)

TEST_F_TIMEOUT(scale, one_cgroup, 600)
{
	struct work *work = work_alloc(variant->max);

	ASSERT_NE(NULL, work);
	EXPECT_ENTRIES("steady", 0, self->low[0], steady);
	EXPECT_ENTRIES("fork and exit", 0, self->low[1], forking);
	EXPECT_ENTRIES("growing", MOST, self->low[2], growing);
	EXPECT_ENTRIES("shrinking", MOST, self->low[3], shrinking);
	munmap(work, sizeof(*work));
}

/* Maps and unmaps in turns when it is told to */
static int takes_turns(void *arg)
{
	struct work *work = arg;
	char token, *p = NULL;
	int nr = work->nr;

	while (read(work->turn[nr][0], &token, 1) == 1 && token) {
		if (p)
			MUST(!munmap(p, PAGES(16)));
		p = p ? NULL : map(16);
		MUST(write(work->back[1], &token, 1) == 1);
	}
	return 0;
}

static void take_turns(struct work *work, int ops)
{
	char token = 1;
	int i;

	for (i = 0; i < ops; i++) {
		MUST(write(work->turn[i % work->of][1], &token, 1) == 1);
		MUST(read(work->back[0], &token, 1) == 1);
	}
}

/* Each in a cgroup of its own, all on one CPU */
static int count_turns(void *arg)
{
	char (*low)[192] = (void *)((struct work *)arg)->memory;
	struct work *work = arg;
	pid_t pids[GROUPS];
	char end = 0;
	int before, nr;

	stay_on(0);
	MUST(!pipe(work->back));
	for (nr = 0; nr < work->of; nr++) {
		MUST(!pipe(work->turn[nr]));
		work->nr = nr;
		pids[nr] = fork_into(low[nr], takes_turns, work);
		MUST(pids[nr] > 0);
		/* It has taken its number by then. */
		MUST(write(work->turn[nr][1], "x", 1) == 1);
		MUST(read(work->back[0], &end, 1) == 1);
	}
	take_turns(work, 8 * work->of);
	before = count();
	take_turns(work, work->ops);
	work->entries = count() - before;
	end = 0;
	for (nr = 0; nr < work->of; nr++) {
		MUST(write(work->turn[nr][1], &end, 1) == 1);
		MUST_EQ(wait_for(pids[nr]), 0);
	}
	return 0;
}

TEST_F_TIMEOUT(scale, cgroups_in_turns, 600)
{
	static const int many[] = { 2, 8, GROUPS };
	struct work *work = work_alloc(variant->max);
	unsigned int i;

	ASSERT_NE(NULL, work);
	work->memory = (char *)self->low;
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		work->of = many[i];
		work->entries = -1;
		EXPECT_EQ(0, run_in(NULL, count_turns, work));
		TH_LOG("%d cgroups in turns: %d entries in %d", many[i], work->entries,
		       work->ops);
		EXPECT_EQ(0, work->entries);
	}
	munmap(work, sizeof(*work));
}

/* Until it is killed */
static int reads(void *arg)
{
	const char *cgroup = arg;
	char text[8192];

	stay_on(1);
	for (;;) {
		MUST(read_file("/proc/meminfo", text, sizeof(text)) > 0);
		MUST(read_file("/proc/vmstat", text, sizeof(text)) > 0);
		MUST(commit_of(cgroup, "current") >= 0);
		MUST(commit_of(cgroup, "peak") >= 0);
	}
	return 0;
}

static int is_refused(void *arg)
{
	stay_on(1);
	MUST(!setuid(65534));
	for (;;) {
		MUST(mmap(NULL, 1UL << 46, RW, PRIVATE, -1, 0) == MAP_FAILED);
		MUST(mmap(NULL, 1UL << 35, RW, PRIVATE, -1, 0) == MAP_FAILED);
	}
	return 0;
}

TEST_F_TIMEOUT(scale, beside_others, 600)
{
	struct work *work = work_alloc(variant->max);
	pid_t pids[3];
	int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	ASSERT_NE(NULL, work);
	pids[0] = fork_into(NULL, reads, self->middle);
	pids[1] = fork_into(NULL, reads, self->low[0]);
	pids[2] = fork_into(self->low[1], is_refused, NULL);
	for (i = 0; i < 3; i++)
		ASSERT_LT(0, pids[i]);
	EXPECT_ENTRIES("steady, beside readers and one that is refused", 0, self->low[0],
		       steady);
	EXPECT_ENTRIES("growing, beside them", MOST, self->low[2], growing);
	for (i = 0; i < 3; i++) {
		/* All the time */
		EXPECT_EQ(0, waitpid(pids[i], NULL, WNOHANG));
		kill(pids[i], SIGKILL);
		EXPECT_EQ(256 + SIGKILL, wait_for(pids[i]));
	}
	munmap(work, sizeof(*work));
}

/* A limit so near that each request is decided under its lock, and then far away */
static int rises(void *arg)
{
	struct work *work = arg;
	int before;

	stay_on(0);
	work->near(work);
	before = count();
	steady(work, 200);
	MUST(count() - before >= 200);
	work->run(work, 0);
	steady(work, 20);
	before = count();
	steady(work, work->ops);
	work->entries = count() - before;
	return 0;
}

static void near_max(struct work *work)
{
	MUST(!commit_set_number(work->cgroup, "max",
				commit_of(work->cgroup, "current") + PAGES(40)));
}

/* All that the administrators' reserve leaves is promised. */
static void near_kbytes(struct work *work)
{
	char text[32];

	MUST(!write_file(OVERCOMMIT, "2"));
	snprintf(text, sizeof(text), "%lld",
		 (meminfo_bytes("Committed_AS") - meminfo_bytes("SwapTotal")) >> 10);
	MUST(!write_file(VM("overcommit_kbytes"), text));
	snprintf(text, sizeof(text), "%lld", (meminfo_bytes("Committed_AS") + 4 * MB -
					      meminfo_bytes("SwapTotal")) >> 10);
	MUST(!write_file(VM("overcommit_kbytes"), text));
}

/* The same by promises, with a pool of huge pages beside them */
static void near_promises(struct work *work)
{
	long long free = meminfo_bytes("CommitLimit") - meminfo_bytes("Committed_AS");

	MUST(free > 4 << 20);
	MUST(mmap(NULL, free - 4 * MB, RW, PRIVATE, -1, 0) != MAP_FAILED);
}

static void by_max(struct work *work, int ops)
{
	MUST(!commit_set(work->cgroup, "max", "16G"));
}

static void by_no_max(struct work *work, int ops)
{
	MUST(!commit_set(work->cgroup, "max", "max"));
}

static void by_kbytes(struct work *work, int ops)
{
	MUST(!write_file(VM("overcommit_kbytes"), "33554432"));
}

static void by_ratio(struct work *work, int ops)
{
	MUST(!write_file(VM("overcommit_ratio"), "1000"));
}

static void by_mode(struct work *work, int ops)
{
	MUST(!write_file(OVERCOMMIT, "0"));
}

static void by_hugepages(struct work *work, int ops)
{
	MUST(!write_file(HUGEPAGES, "0"));
}

static void by_swapon(struct work *work, int ops)
{
	MUST(!swapon("/dev/ram0", 0));
}

#define EXPECT_RISES(nearer, farther)						\
	do {								\
		work->near = nearer;					\
		work->run = farther;					\
		work->entries = -1;					\
		EXPECT_EQ(0, run_in(self->low[0], rises, work));	\
		TH_LOG(#farther ": %d entries in %d", work->entries, work->ops); \
		EXPECT_EQ(0, work->entries);				\
	} while (0)

static bool swap_ready(void)
{
	static char header[65536];
	unsigned int *info = (unsigned int *)(header + 1024);
	int fd = open("/dev/ram0", O_RDWR | O_CLOEXEC);
	bool ready;

	if (fd < 0)
		return false;
	info[0] = 1;				/* version */
	info[1] = (16 * MB) / page - 1;		/* last page */
	memcpy(header + page - 10, "SWAPSPACE2", 10);
	ready = pwrite(fd, header, page, 0) == page && !fsync(fd);
	close(fd);
	return ready;
}

TEST_F_TIMEOUT(scale, after_a_limit_rose, 600)
{
	struct work *work = work_alloc(variant->max);
	char old[2][32], text[32];
	long long huge;

	ASSERT_NE(NULL, work);
	work->cgroup = self->top;
	EXPECT_RISES(near_max, by_max);
	EXPECT_RISES(near_max, by_no_max);
	if (*variant->mode != '2')
		return;
	ASSERT_LT(0, read_file(VM("admin_reserve_kbytes"), old[0], sizeof(old[0])));
	ASSERT_LT(0, read_file(VM("user_reserve_kbytes"), old[1], sizeof(old[1])));
	EXPECT_EQ(0, write_file(VM("user_reserve_kbytes"), "0"));
	EXPECT_EQ(0, write_file(VM("admin_reserve_kbytes"), "8192"));
	EXPECT_RISES(near_kbytes, by_kbytes);
	EXPECT_RISES(near_kbytes, by_ratio);
	EXPECT_RISES(near_kbytes, by_mode);
	if (swap_ready()) {
		EXPECT_RISES(near_kbytes, by_swapon);
		EXPECT_EQ(0, write_file(VM("overcommit_kbytes"), "33554432"));
		EXPECT_EQ(0, swapoff("/dev/ram0"));
	}
	EXPECT_EQ(0, write_file(OVERCOMMIT, "2"));
	EXPECT_EQ(0, write_file(VM("overcommit_ratio"), "50"));
	huge = meminfo_bytes("Hugepagesize");
	if (huge > 0) {
		snprintf(text, sizeof(text), "%lld", (64LL << 20) / huge);
		EXPECT_EQ(0, write_file(HUGEPAGES, text));
		EXPECT_EQ(64LL << 20, meminfo_bytes("HugePages_Total") / 1024 * huge);
		EXPECT_RISES(near_promises, by_hugepages);
		EXPECT_EQ(0, write_file(HUGEPAGES, "0"));
	}
	EXPECT_EQ(0, write_file(VM("admin_reserve_kbytes"), old[0]));
	EXPECT_EQ(0, write_file(VM("user_reserve_kbytes"), old[1]));
	munmap(work, sizeof(*work));
}

TEST_HARNESS_MAIN
