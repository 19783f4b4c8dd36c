// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.commit.mode strict: memory mapped with MAP_NORESERVE counts, also what a
 * child inherits of it; what a process that is moved brings with it; what a change
 * of the mode does to mappings that are there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE	0x08
#endif

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define LOOSE		(PRIVATE | MAP_NORESERVE)
#define PAGES(n)	((n) * page)

static long page;

static struct in {
	const char *loose;
	const char *strict;
	const char *above;
	const char *below;
	bool never;		/* the system is strict itself */
	long long others;	/* Committed_AS beside all processes */
} in;

/*
 *	loose		mode system
 *	strict		mode strict
 *	above		mode strict
 *	  `-- below	mode always, which does not loosen it
 */
FIXTURE(strict) {
	char overcommit[16];
	char loose[128];
	char strict[128];
	char above[128];
	char below[160];
	int log;
};

FIXTURE_VARIANT(strict) {
	const char *mode;
};

FIXTURE_VARIANT_ADD(strict, guess) {
	.mode = "0",
};

FIXTURE_VARIANT_ADD(strict, always) {
	.mode = "1",
};

FIXTURE_VARIANT_ADD(strict, never) {
	.mode = "2",
};

FIXTURE_SETUP(strict)
{
	page = sysconf(_SC_PAGESIZE);
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->mode));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "loose", self->loose, sizeof(self->loose)));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "strict", self->strict, sizeof(self->strict)));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "above", self->above, sizeof(self->above)));
	ASSERT_EQ(0, subgroup(self->above, "below", self->below, sizeof(self->below)));
	ASSERT_EQ(0, commit_set(self->strict, "mode", "strict"));
	ASSERT_EQ(0, commit_set(self->above, "mode", "strict"));
	ASSERT_EQ(0, commit_set(self->below, "mode", "always"));
	self->log = log_from_now();
	ASSERT_LE(0, self->log);
	in = (struct in) {
		.loose = self->loose, .strict = self->strict,
		.above = self->above, .below = self->below, .never = *variant->mode == '2',
		.others = commit_of_no_process(),
	};
}

FIXTURE_TEARDOWN(strict)
{
	/* Nothing is left, and not because it was noticed at the end. */
	EXPECT_EQ(0, commit_of(self->loose, "current"));
	EXPECT_EQ(0, commit_of(self->strict, "current"));
	EXPECT_EQ(0, commit_of(self->above, "current"));
	EXPECT_TRUE(commit_of_no_process_is(in.others));
	EXPECT_FALSE(log_says(self->log, UNBALANCED));
	close(self->log);
	cgroup_remove(self->below);
	cgroup_remove(self->above);
	cgroup_remove(self->strict);
	cgroup_remove(self->loose);
	write_file(OVERCOMMIT, self->overcommit);
}

static void *map(long pages, int prot, int flags)
{
	void *a = mmap(NULL, PAGES(pages), prot, flags, -1, 0);

	MUST(a != MAP_FAILED);
	return a;
}

/* All kinds that a child inherits, and what each counts for in a strict group */
static char *writable, *none, *readable, *written, *file, *growing, *droppable, *wiped;

static void map_all(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	writable = map(2000, RW, LOOSE);
	none = map(30, PROT_NONE, LOOSE);
	readable = map(30, PROT_READ, LOOSE);
	/* It has pages, so that it would count if MAP_NORESERVE were not heeded. */
	written = map(50, RW, LOOSE);
	memset(written, 1, PAGES(50));
	MUST(!mprotect(written, PAGES(50), PROT_READ));
	file = mmap(NULL, PAGES(3), RW, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	MUST(file != MAP_FAILED);
	close(fd);
	wiped = map(20, RW, LOOSE);
	MUST(!madvise(wiped, PAGES(20), MADV_WIPEONFORK));
	/* Not these: a promise of the object's, and none at all */
	map(60, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
	in.others += in.never ? PAGES(60) : 0;
	droppable = map(40, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
	/* The last: nothing is put into the hole below it. */
	growing = map_growing(4, 600, RW, MAP_NORESERVE);
	MUST(growing);
	MUST(grow_to(growing - PAGES(36)));
}

#define INHERITED	(2000 + 50 + 3 + 40 + 20)

static int inherits(void *arg)
{
	const char *group = arg;
	long long own = promise_of(getppid());

	own += in.never ? 0 : PAGES(INHERITED);
	MUST_EQ(promise_of(getpid()), own);
	MUST_EQ(commit_of(group, "current"), own);
	MUST(commit_of_no_process_is(in.others));
	memset(writable, 1, PAGES(2000));
	memset(wiped, 1, PAGES(20));
	*file = 1;
	*droppable = 1;
	MUST_EQ(commit_of(group, "current"), own);
	/* What it makes writable counts from then on ... */
	MUST(!mprotect(none, PAGES(30), RW));
	MUST(!mprotect(readable, PAGES(30), RW));
	MUST(!mprotect(written, PAGES(50), RW));
	MUST_EQ(commit_of(group, "current"), own + PAGES(60));
	/* ... and what it grows by. */
	MUST(grow_to(growing - PAGES(46)));
	MUST_EQ(commit_of(group, "current"), own + PAGES(70));
	MUST(!munmap(writable, PAGES(2000)));
	MUST_EQ(commit_of(group, "current"), own + PAGES(70) - PAGES(2000));
	MUST_EQ(commit_of(group, "current"), promise_of(getpid()));
	MUST(commit_of_no_process_is(in.others));
	return 0;
}

/* A child has so many pages more than its parent. */
static int has_more(void *arg)
{
	MUST_EQ(promise_of(getpid()) - promise_of(getppid()), PAGES(*(long *)arg));
	return 0;
}

/* The child of such a child, in the same group and back in the loose one */
static int inherits_twice(void *arg)
{
	long none_more = 0;

	MUST_EQ(commit_of(in.strict, "current"), promise_of(getpid()));
	MUST_EQ(run_in(NULL, has_more, &none_more), 0);
	MUST_EQ(run_in(in.loose, has_more, &none_more), 0);
	MUST_EQ(commit_of(in.strict, "current"), promise_of(getpid()));
	return 0;
}

static int bears(void *arg)
{
	long long before;

	map_all();
	/* fork() begins where it is, clone3() where it says. */
	commit_of_no_process();
	before = promise_of(getpid());
	MUST_EQ(run_in(in.strict, inherits, (void *)in.strict), 0);
	MUST_EQ(commit_of(in.strict, "current"), 0);
	MUST_EQ(run_in(in.below, inherits, (void *)in.below), 0);
	MUST_EQ(run_in(in.strict, inherits_twice, NULL), 0);
	/* The parent's own stay as they are. */
	MUST_EQ(promise_of(getpid()), before);
	MUST_EQ(commit_of(in.loose, "current"), before + (in.never ? PAGES(60) : 0));
	return 0;
}

TEST_F_TIMEOUT(strict, a_child_is_charged_for_what_it_inherits, 120)
{
	EXPECT_EQ(0, run_in(self->loose, bears, NULL));
}

static int writes_all(void *arg)
{
	memset(writable, 1, PAGES(2000));
	MUST_EQ(commit_of(in.strict, "current"), promise_of(getpid()));
	return 0;
}

static int bears_too_much(void *arg)
{
	long long own = promise_of(getpid());
	char path[160];
	pid_t pid;

	writable = map(2000, RW, LOOSE);
	MUST(!commit_set_number(in.strict, "max", own + PAGES(1999)));
	MUST(!commit_set_number(in.above, "max", own + PAGES(1999)));
	MUST(fork_into(in.strict, writes_all, NULL) == -ENOMEM);
	MUST(fork_into(in.below, writes_all, NULL) == -ENOMEM);
	MUST_EQ(commit_of(in.strict, "current"), 0);
	MUST_EQ(commit_of(in.above, "current"), 0);
	MUST_EQ(commit_refusals(in.strict), 1);
	MUST_EQ(commit_refusals(in.above), 1);
	/* Nor by going there first: the child is born there all the same. */
	snprintf(path, sizeof(path), "%s/cgroup.procs", in.strict);
	MUST(!write_file(path, "0"));
	MUST(fork() == -1 && errno == ENOMEM);
	MUST_EQ(commit_of(in.strict, "current"), 0);
	/* A child in the same memory, as posix_spawn() makes, costs nothing. */
	pid = vfork();
	if (!pid)
		_exit(0);
	MUST_EQ(wait_for(pid), 0);
	/* to the page */
	MUST(!commit_set_number(in.strict, "max", own + PAGES(2000)));
	MUST_EQ(run_in(NULL, writes_all, NULL), 0);
	MUST_EQ(commit_of(in.strict, "current"), 0);
	return 0;
}

TEST_F(strict, a_child_that_does_not_fit_is_not_born)
{
	EXPECT_EQ(0, run_in(self->loose, bears_too_much, NULL));
}

/* The memory of a process that is moved stays with the cgroup in which it was made. */
static int moves_in(void *arg)
{
	long more = in.never ? 0 : 2100;
	long long own, before;
	char path[160];
	int id;

	writable = map(2000, RW, LOOSE);
	own = promise_of(getpid());
	snprintf(path, sizeof(path), "%s/cgroup.procs", in.strict);
	MUST(!write_file(path, "0"));
	MUST_EQ(commit_of(in.strict, "current"), 0);
	MUST_EQ(commit_of(in.loose, "current"), own);
	/* It is judged by that cgroup's mode, also for what it maps now, */
	map(100, RW, LOOSE);
	own += in.never ? PAGES(100) : 0;
	MUST_EQ(promise_of(getpid()), own);
	map(100, RW, PRIVATE);
	own += PAGES(100);
	MUST_EQ(commit_of(in.loose, "current"), own);
	MUST_EQ(commit_of(in.strict, "current"), 0);
	/* but what it creates is the new one's. */
	map(10, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
	id = shmget(IPC_PRIVATE, PAGES(7), 0600 | IPC_CREAT | SHM_NORESERVE);
	MUST(id >= 0);
	MUST_EQ(commit_of(in.strict, "current"), PAGES(17));
	MUST(!shmctl(id, IPC_RMID, NULL));
	/* A child is one of the new cgroup's, with all that it inherits. */
	before = commit_of(in.strict, "current");
	MUST_EQ(run_in(NULL, has_more, &more), 0);
	MUST_EQ(commit_of(in.strict, "current"), before);
	MUST(commit_of_no_process_is(in.others + PAGES(10)));
	execl("/proc/self/exe", "commit_strict_test", "--noreserve", in.strict, NULL);
	return 1;
}

TEST_F(strict, a_process_that_moves_in_is_judged_as_before)
{
	EXPECT_EQ(0, run_in(self->loose, moves_in, NULL));
}

static int moves_out(void *arg)
{
	long long own = promise_of(getpid());
	long none_more = 0;
	char path[160];

	writable = map(200, RW, LOOSE);
	own += PAGES(200);
	MUST_EQ(commit_of(in.strict, "current"), own);
	snprintf(path, sizeof(path), "%s/cgroup.procs", in.loose);
	MUST(!write_file(path, "0"));
	map(100, RW, LOOSE);
	own += PAGES(100);
	MUST_EQ(commit_of(in.strict, "current"), own);
	MUST_EQ(commit_of(in.loose, "current"), 0);
	/* What was counted once is inherited so. */
	MUST_EQ(run_in(NULL, has_more, &none_more), 0);
	return 0;
}

TEST_F(strict, a_process_that_moves_out_is_judged_as_before)
{
	EXPECT_EQ(0, run_in(self->strict, moves_out, NULL));
}

static int maps_noreserve(void *arg)
{
	map(70, RW, LOOSE);
	return has_more(arg);
}

/* A change of mode under mappings that are there */
static int mode_changes(void *arg)
{
	long long own = promise_of(getpid());
	char *a, *b, *c, *d;
	long more;

	a = map(100, RW, LOOSE);
	b = map(100, PROT_READ, LOOSE);
	c = map_growing(4, 600, RW, MAP_NORESERVE);
	own += in.never ? PAGES(104) : 0;
	MUST_EQ(commit_of(in.loose, "current"), own);
	MUST(!commit_set(in.loose, "mode", "strict"));
	MUST_EQ(commit_of(in.loose, "current"), own);
	/* What was mapped stays as it was, whatever is done to it, */
	MUST(!mprotect(b, PAGES(50), RW));
	own += in.never ? PAGES(50) : 0;
	MUST(grow_to(c - PAGES(10)));
	own += in.never ? PAGES(10) : 0;
	MUST(mremap(a, PAGES(100), PAGES(120), MREMAP_MAYMOVE) != MAP_FAILED);
	own += in.never ? PAGES(20) : 0;
	MUST_EQ(commit_of(in.loose, "current"), own);
	/* what is mapped now counts, */
	d = map(100, RW, LOOSE);
	own += PAGES(100);
	MUST_EQ(commit_of(in.loose, "current"), own);
	/* and a child has it all, but for what nobody could write to. */
	more = in.never ? 70 : 70 + 120 + 50 + 14;
	MUST_EQ(run_in(NULL, maps_noreserve, &more), 0);
	MUST_EQ(commit_of(in.loose, "current"), own);
	/* Back: what counted counts on, until it is given back. */
	MUST(!commit_set(in.loose, "mode", "system"));
	MUST_EQ(commit_of(in.loose, "current"), own);
	more = in.never ? 70 : 0;
	MUST_EQ(run_in(NULL, maps_noreserve, &more), 0);
	MUST(!munmap(d, PAGES(50)));
	own -= PAGES(50);
	MUST_EQ(commit_of(in.loose, "current"), own);
	MUST_EQ(commit_of(in.loose, "current"), promise_of(getpid()));
	MUST(commit_of_no_process_is(in.others));
	return 0;
}

TEST_F(strict, a_change_of_mode_is_for_what_is_new)
{
	EXPECT_EQ(0, run_in(self->loose, mode_changes, NULL));
}

/* And of the system's: what a child inherits is as its parent has it, as ever. */
static int system_changes(void *arg)
{
	long none_more = 0, more = 120;
	long long own;
	char *a;

	MUST(!write_file(OVERCOMMIT, "1"));
	a = map(100, RW, LOOSE);
	own = promise_of(getpid());
	MUST(!write_file(OVERCOMMIT, "2"));
	MUST_EQ(commit_of(in.loose, "current"), own);
	MUST_EQ(run_in(NULL, has_more, &none_more), 0);
	MUST(mremap(a, PAGES(100), PAGES(120), MREMAP_MAYMOVE) != MAP_FAILED);
	MUST_EQ(commit_of(in.loose, "current"), own);
	map(100, RW, LOOSE);
	MUST_EQ(commit_of(in.loose, "current"), own + PAGES(100));
	/* Not so in a strict cgroup */
	MUST_EQ(run_in(in.strict, has_more, &more), 0);
	MUST(!write_file(OVERCOMMIT, "0"));
	MUST_EQ(commit_of(in.loose, "current"), own + PAGES(100));
	MUST(commit_of_no_process_is(in.others));
	return 0;
}

TEST_F(strict, a_change_of_the_systems_mode_is_for_what_is_new)
{
	EXPECT_EQ(0, run_in(self->loose, system_changes, NULL));
}

static int after_exec(const char *group)
{
	long long own = promise_of(getpid());

	page = sysconf(_SC_PAGESIZE);
	map(100, RW, LOOSE);
	MUST_EQ(promise_of(getpid()), own + PAGES(100));
	/* The harness maps some shared memory before main(). */
	MUST_EQ(commit_of(group, "current"), promise_of(getpid()) + shared_of(getpid()));
	return 0;
}

int main(int argc, char **argv)
{
	/* What a test has called by exec */
	if (argc == 3 && !strcmp(argv[1], "--noreserve"))
		return after_exec(argv[2]);
	return test_harness_run(argc, argv);
}
