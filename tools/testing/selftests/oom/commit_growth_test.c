// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings that grow down: what they grow by counts if and only if it is given
 * back, for the system and for the cgroup, whatever their protection, in each mode,
 * and whatever becomes of them later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES(n)	((n) * page)

static long page;

/* What a child that runs in the cgroup looks at */
static struct in {
	const char *top;
	const char *group;
	bool all;		/* MAP_NORESERVE counts, too */
	long long own;		/* promised to the child itself at its beginning */
	long long others;	/* Committed_AS beside all processes */
} in;

FIXTURE(growth) {
	char overcommit[16];
	char top[128];
	char group[160];
	int log;
};

FIXTURE_VARIANT(growth) {
	const char *system;
	const char *cgroup;
	bool all;
};

FIXTURE_VARIANT_ADD(growth, guess) {
	.system = "0", .cgroup = "system",
};

FIXTURE_VARIANT_ADD(growth, always) {
	.system = "1", .cgroup = "always",
};

FIXTURE_VARIANT_ADD(growth, never) {
	.system = "2", .cgroup = "system", .all = true,
};

FIXTURE_VARIANT_ADD(growth, strict_in_guess) {
	.system = "0", .cgroup = "strict", .all = true,
};

FIXTURE_VARIANT_ADD(growth, strict_in_always) {
	.system = "1", .cgroup = "strict", .all = true,
};

FIXTURE_SETUP(growth)
{
	page = sysconf(_SC_PAGESIZE);
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->system));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "growth", self->top, sizeof(self->top)));
	ASSERT_EQ(0, subgroup(self->top, "group", self->group, sizeof(self->group)));
	ASSERT_EQ(0, commit_set(self->top, "mode", variant->cgroup));
	self->log = log_from_now();
	ASSERT_LE(0, self->log);
	in = (struct in) {
		.top = self->top, .group = self->group, .all = variant->all,
		.others = commit_of_no_process(),
	};
}

FIXTURE_TEARDOWN(growth)
{
	/* Nothing is left, and not because it was noticed at the end. */
	EXPECT_EQ(0, commit_of(self->top, "current"));
	EXPECT_TRUE(commit_of_no_process_is(in.others));
	EXPECT_FALSE(log_says(self->log, UNBALANCED));
	close(self->log);
	cgroup_remove(self->group);
	cgroup_remove(self->top);
	write_file(OVERCOMMIT, self->overcommit);
}

static void begin(void)
{
	const struct rlimit none = { };

	setrlimit(RLIMIT_CORE, &none);
	/* It allocates, the first time. */
	commit_of_no_process();
	in.own = promise_of(getpid());
}

/* So much has come to what counts, by each of the three who say so. */
#define COUNTS(pages)							\
	do {								\
		MUST_EQ(promise_of(getpid()) - in.own, PAGES(pages));	\
		MUST_EQ(commit_of(in.group, "current"), promise_of(getpid()));\
		MUST(commit_of_no_process_is(in.others));		\
	} while (0)

static int each_protection(void *arg)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW, RW | PROT_EXEC };
	unsigned int i, noreserve;
	char *a;
	bool counts;

	begin();
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		for (noreserve = 0; noreserve < 2; noreserve++) {
			counts = prots[i] & PROT_WRITE && (in.all || !noreserve);
			a = map_growing(4, 1100, prots[i], noreserve ? MAP_NORESERVE : 0);
			MUST(a);
			COUNTS(counts ? 4 : 0);
			MUST(grow_to(a - PAGES(24)));
			COUNTS(counts ? 28 : 0);
			MUST(grow_to(a - PAGES(1024) + 1));
			COUNTS(counts ? 1028 : 0);
			/* a hole in the middle, and the rest */
			MUST(!munmap(a - PAGES(500), PAGES(300)));
			COUNTS(counts ? 728 : 0);
			MUST(grow_to(a - PAGES(300)));
			COUNTS(counts ? 828 : 0);
			MUST(!munmap(a - PAGES(1024), PAGES(1028)));
			COUNTS(0);
		}
	}
	return 0;
}

TEST_F_TIMEOUT(growth, counts_as_its_mapping_does, 120)
{
	EXPECT_EQ(0, run_in(self->group, each_protection, NULL));
}

/* mprotect() makes a mapping count that did not, as large as it is by then. */
static int protect(void *arg)
{
	char *a;

	begin();
	a = map_growing(4, 600, PROT_READ, 0);
	MUST(grow_to(a - PAGES(100)));
	COUNTS(0);
	MUST(!mprotect(a - PAGES(100), PAGES(104), RW));
	COUNTS(104);
	MUST(grow_to(a - PAGES(150)));
	COUNTS(154);
	/* As it has grown it may have been written to: it counts on. */
	MUST(!mprotect(a - PAGES(150), PAGES(154), PROT_READ));
	COUNTS(154);
	MUST(grow_to(a - PAGES(170)));
	COUNTS(174);
	MUST(!mprotect(a - PAGES(170), PAGES(174), PROT_NONE));
	MUST(grow_to(a - PAGES(180)));
	COUNTS(184);
	MUST(!munmap(a - PAGES(180), PAGES(184)));
	COUNTS(0);

	/* One that was never touched gives back what it was charged. */
	a = map_growing(4, 600, RW, 0);
	COUNTS(4);
	MUST(!mprotect(a, PAGES(4), PROT_READ));
	COUNTS(0);
	MUST(grow_to(a - PAGES(20)));
	COUNTS(0);
	MUST(!mprotect(a - PAGES(20), PAGES(24), RW));
	COUNTS(24);
	MUST(!munmap(a - PAGES(20), PAGES(24)));

	/* MAP_NORESERVE stays, for all that it grows to. */
	a = map_growing(4, 600, PROT_READ, MAP_NORESERVE);
	MUST(grow_to(a - PAGES(20)));
	COUNTS(0);
	MUST(!mprotect(a - PAGES(20), PAGES(24), RW));
	COUNTS(in.all ? 24 : 0);
	MUST(grow_to(a - PAGES(30)));
	COUNTS(in.all ? 34 : 0);
	MUST(!munmap(a - PAGES(30), PAGES(34)));
	COUNTS(0);
	return 0;
}

TEST_F_TIMEOUT(growth, is_charged_whole_by_mprotect, 60)
{
	EXPECT_EQ(0, run_in(self->group, protect, NULL));
}

/* Parts that count beside parts that do not, put together again */
static int split(void *arg)
{
	char *a;

	begin();
	a = map_growing(4, 600, PROT_READ, 0);
	MUST(grow_to(a - PAGES(96)));
	/* The lower half is writable, and grows as such. */
	MUST(!mprotect(a - PAGES(96), PAGES(50), RW));
	COUNTS(50);
	MUST(grow_to(a - PAGES(106)));
	COUNTS(60);
	/* The upper half grows into the hole that the lower one leaves. */
	MUST(!munmap(a - PAGES(106), PAGES(60)));
	COUNTS(0);
	MUST(grow_to(a - PAGES(56)));
	COUNTS(0);
	/* They merge where both count, */
	MUST(!mprotect(a - PAGES(56), PAGES(30), RW));
	COUNTS(30);
	MUST(!mprotect(a - PAGES(26), PAGES(30), RW));
	COUNTS(60);
	MUST(grow_to(a - PAGES(66)));
	COUNTS(70);
	/* and where a mapping is put below one that has grown. */
	MUST(mmap(a - PAGES(76), PAGES(10), RW, PRIVATE | MAP_FIXED | MAP_GROWSDOWN,
		  -1, 0) != MAP_FAILED);
	COUNTS(80);
	MUST(grow_to(a - PAGES(86)));
	COUNTS(90);
	/* One that does not count stays apart, and so does what it grows by. */
	MUST(mmap(a - PAGES(96), PAGES(10), PROT_READ,
		  PRIVATE | MAP_FIXED | MAP_GROWSDOWN, -1, 0) != MAP_FAILED);
	MUST(grow_to(a - PAGES(116)));
	COUNTS(90);
	MUST(!munmap(a - PAGES(90), PAGES(40)));
	COUNTS(54);
	MUST(!munmap(a - PAGES(116), PAGES(120)));
	COUNTS(0);
	/* Over one that has grown */
	a = map_growing(4, 600, RW, 0);
	MUST(grow_to(a - PAGES(96)));
	COUNTS(100);
	MUST(mmap(a - PAGES(50), PAGES(20), PROT_READ, PRIVATE | MAP_FIXED, -1, 0) !=
	     MAP_FAILED);
	COUNTS(80);
	MUST(mmap(a - PAGES(96), PAGES(100), RW, PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
	COUNTS(100);
	MUST(!munmap(a - PAGES(96), PAGES(100)));
	COUNTS(0);
	return 0;
}

TEST_F_TIMEOUT(growth, counts_in_parts_and_put_together, 60)
{
	EXPECT_EQ(0, run_in(self->group, split, NULL));
}

/* mremap() takes along what a mapping has grown by. */
static int moves(void *arg)
{
	static const struct {
		int prot, flags;
	} kinds[] = {
		{ RW, 0 }, { RW, MAP_NORESERVE }, { PROT_READ, 0 },
	};
	unsigned int i;
	char *a, *b;
	bool counts;

	begin();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		counts = kinds[i].prot & PROT_WRITE && (in.all || !kinds[i].flags);
		a = map_growing(4, 600, kinds[i].prot, kinds[i].flags);
		MUST(grow_to(a - PAGES(96)));
		COUNTS(counts ? 100 : 0);
		/* what it grew by alone, to a place where that may grow on */
		b = map_growing(4, 600, PROT_NONE, 0);
		MUST(mremap(a - PAGES(96), PAGES(40), PAGES(40), MREMAP_MAYMOVE |
			    MREMAP_FIXED, b - PAGES(50)) != MAP_FAILED);
		COUNTS(counts ? 100 : 0);
		MUST(grow_to(b - PAGES(60)));
		COUNTS(counts ? 110 : 0);
		/* longer, and moved for that */
		b = mremap(b - PAGES(60), PAGES(50), PAGES(70), MREMAP_MAYMOVE);
		MUST(b != MAP_FAILED);
		COUNTS(counts ? 130 : 0);
		/* shorter */
		MUST(mremap(b, PAGES(70), PAGES(30), 0) == b);
		COUNTS(counts ? 90 : 0);
		/* and a second one of it */
		MUST(mremap(b, PAGES(30), PAGES(30), MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
			    NULL) != MAP_FAILED);
		COUNTS(counts ? 120 : 0);
		in.own = promise_of(getpid());
	}
	return 0;
}

TEST_F_TIMEOUT(growth, moves_with_its_mapping, 60)
{
	EXPECT_EQ(0, run_in(self->group, moves, NULL));
}

/* A child inherits it, grows by itself, and gives back its own. */
static int bears(void *arg)
{
	long long before;
	char *a, *b, *c;
	int status;
	pid_t pid;

	begin();
	a = map_growing(4, 600, RW, 0);
	b = map_growing(4, 600, RW, MAP_NORESERVE);
	c = map_growing(4, 600, PROT_READ, 0);
	MUST(grow_to(a - PAGES(96)));
	MUST(grow_to(b - PAGES(96)));
	MUST(grow_to(c - PAGES(96)));
	COUNTS(in.all ? 200 : 100);
	before = promise_of(getpid());
	pid = fork();
	if (!pid) {
		MUST_EQ(promise_of(getpid()), before);
		MUST_EQ(commit_of(in.group, "current"), 2 * before);
		MUST(grow_to(a - PAGES(106)));
		MUST(grow_to(b - PAGES(106)));
		MUST(grow_to(c - PAGES(106)));
		before += PAGES(in.all ? 20 : 10);
		MUST_EQ(promise_of(getpid()), before);
		MUST_EQ(commit_of(in.group, "current"), before + promise_of(getppid()));
		MUST(commit_of_no_process_is(in.others));
		MUST(!mprotect(c - PAGES(106), PAGES(110), RW));
		before += PAGES(110);
		MUST_EQ(commit_of(in.group, "current"), before + promise_of(getppid()));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	MUST_EQ(status, 0);
	COUNTS(in.all ? 200 : 100);
	/* All of it goes with the process, but for what exec() begins with. */
	execl("/proc/self/exe", "commit_growth_test", "--compare", in.group, NULL);
	return 1;
}

TEST_F_TIMEOUT(growth, is_inherited_and_given_back, 60)
{
	EXPECT_EQ(0, run_in(self->group, bears, NULL));
}

/* A real stack counts, and so does each one that a program makes by itself. */
static int stacks(void *arg)
{
	long long before;

	begin();
	before = promise_of(getpid());
	grow_stack(16384, 40);
	MUST(promise_of(getpid()) - before >= 16 * 16384);
	MUST_EQ(commit_of(in.group, "current"), promise_of(getpid()));
	MUST(commit_of_no_process_is(in.others));
	return 0;
}

TEST_F(growth, of_the_stack_counts)
{
	EXPECT_EQ(0, run_in(self->group, stacks, NULL));
}

/* At the limit what counts does not grow, and what does not count does. */
static int grows_at_the_limit(void *arg)
{
	char *a = map_growing(4, 600, RW, 0);
	char *b = map_growing(4, 600, RW, MAP_NORESERVE);
	char *c = map_growing(4, 600, PROT_READ, 0);
	long long refused = commit_refusals(in.group);

	begin();
	MUST(!commit_set_number(in.group, "max", commit_of(in.group, "current") + PAGES(9)));
	MUST(!grow_to(a - PAGES(10)));
	COUNTS(0);
	MUST(commit_refusals(in.group) > refused);
	MUST(grow_to(a - PAGES(9)));
	COUNTS(9);
	refused = commit_refusals(in.group);
	MUST(grow_to(c - PAGES(10)));
	COUNTS(9);
	MUST(grow_to(b - PAGES(10)) == !in.all);
	COUNTS(9);
	MUST((commit_refusals(in.group) > refused) == in.all);
	/* An access that is not the kernel's has no error to return. */
	a[-PAGES(20)] = 1;
	return 0;
}

TEST_F(growth, is_refused_where_it_counts)
{
	EXPECT_EQ(256 + SIGSEGV, run_in(self->group, grows_at_the_limit, NULL));
}

/* However many do so: nothing is left in Committed_AS, nor with the parent. */
static int grows_and_ends(void *arg)
{
	MUST(grow_to(map_growing(1, 1100, PROT_READ, 0) - PAGES(1024)));
	MUST(grow_to(map_growing(1, 1100, RW, MAP_NORESERVE) - PAGES(1024)));
	MUST(grow_to(map_growing(1, 1100, PROT_NONE, 0) - PAGES(1024)));
	return 0;
}

TEST_F_TIMEOUT(growth, leaves_nothing_to_the_parent_of_a_removed_cgroup, 120)
{
	char gone[192];
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, subgroup(self->group, "gone", gone, sizeof(gone)));
		EXPECT_EQ(0, run_in(gone, grows_and_ends, NULL));
		EXPECT_EQ(0, commit_of(gone, "current"));
		cgroup_remove(gone);
	}
	EXPECT_EQ(0, commit_of(self->group, "current"));
}

static int compares(const char *group)
{
	/* The harness maps some shared memory before main(). */
	MUST_EQ(commit_of(group, "current"), promise_of(getpid()) + shared_of(getpid()));
	return 0;
}

int main(int argc, char **argv)
{
	/* What a test has called by exec */
	if (argc == 3 && !strcmp(argv[1], "--compare"))
		return compares(argv[2]);
	return test_harness_run(argc, argv);
}
