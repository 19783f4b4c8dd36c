// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for commit accounting: the arithmetic at its edges, groups against
 * a simple model over random requests, and threads on several CPUs for which
 * there is always just enough room.
 */

#include <kunit/test.h>
#include <linux/commit.h>
#include <linux/commit_wait.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/sysfs.h>

#define SEED		0x636f6d6d
#define RUNS		100000
#define MODEL_RUNS	10000
/* 16 EiB of 4 kB pages */
#define LARGEST		BIT_ULL(52)
#define KB(pages)	((u64)(pages) << (PAGE_SHIFT - 10))

static u64 below(struct rnd_state *rnd, u64 limit)
{
	u64 wide = (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
	u64 rest;

	div64_u64_rem(wide, limit, &rest);
	return rest;
}

/* The example of mm/commit_policy.c and of overcommit-accounting.rst */
static void worked_example(struct kunit *test)
{
	const struct commit_settings settings = { .ram = 131072, .ratio = 50 };
	const struct commit_reserves reserves = {
		.admin_kbytes = 8 << 10, .user_kbytes = 128 << 10,
		.has_mm = true, .total_vm = 3200,
	};

	KUNIT_EXPECT_EQ(test, commit_system_limit(&settings), 65536);
	KUNIT_EXPECT_EQ(test, commit_allowed(65536, &reserves),
			65536 - (8 << 10) / (PAGE_SIZE >> 10) - 100);
}

static void limits(struct kunit *test)
{
	static const struct {
		struct commit_settings s;
		u64 limit;
	} cases[] = {
		{ { }, 0 },
		{ { .ratio = 50 }, 0 },
		{ { .ram = 1000 }, 0 },
		{ { .ram = 1000, .ratio = 50 }, 500 },
		{ { .ram = 1001, .ratio = 50 }, 500 },
		{ { .ram = 1000, .ratio = 100 }, 1000 },
		{ { .ram = 1000, .ratio = 250 }, 2500 },
		{ { .ram = 1000, .ratio = -1 }, 0 },
		{ { .ram = 1000, .ratio = INT_MIN, .swap = 3 }, 3 },
		{ { .ram = 1000, .ratio = 50, .swap = 77 }, 577 },
		{ { .ram = 1000, .hugetlb = 400, .ratio = 50 }, 300 },
		{ { .ram = 1000, .hugetlb = 1000, .ratio = 50 }, 0 },
		{ { .ram = 1000, .hugetlb = 1001, .ratio = 50, .swap = 9 }, 9 },
		/* kbytes stands in for all but swap */
		{ { .ram = 1000, .ratio = 50, .kbytes = KB(10) }, 10 },
		{ { .ram = 1000, .hugetlb = 999, .kbytes = KB(10), .swap = 5 }, 15 },
		{ { .ram = 1000, .kbytes = KB(1) - 1 }, 0 },
		{ { .ram = 1000, .kbytes = U64_MAX }, U64_MAX >> (PAGE_SHIFT - 10) },
		/* more than 2^32 pages */
		{ { .ram = BIT_ULL(33), .ratio = 50 }, BIT_ULL(32) },
		{ { .ram = BIT_ULL(33) + 2, .ratio = 50, .swap = BIT_ULL(40) },
		  BIT_ULL(32) + 1 + BIT_ULL(40) },
		{ { .ram = BIT_ULL(33), .hugetlb = BIT_ULL(32), .ratio = 100 },
		  BIT_ULL(32) },
		{ { .ram = LARGEST, .ratio = 99 }, 4458563631096791ULL },
		{ { .ram = LARGEST, .ratio = INT_MAX }, U64_MAX },
		{ { .ram = U64_MAX, .ratio = 1 }, U64_MAX / 100 },
		{ { .ram = U64_MAX, .ratio = 1, .swap = U64_MAX }, U64_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, commit_system_limit(&cases[i].s),
				    cases[i].limit, "case %u", i);
}

/* Linux's formula, where that does not overflow */
static void limit_as_before(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < RUNS; i++) {
		u64 ram = below(&rnd, BIT_ULL(45)) >> below(&rnd, 45);
		const struct commit_settings s = {
			.ram = ram,
			.hugetlb = below(&rnd, ram + 1),
			.swap = below(&rnd, BIT_ULL(45)),
			.ratio = below(&rnd, 1000),
			.kbytes = below(&rnd, 2) ? below(&rnd, BIT_ULL(47)) : 0,
		};
		u64 want = s.kbytes ? s.kbytes >> (PAGE_SHIFT - 10) :
				      div_u64((s.ram - s.hugetlb) * s.ratio, 100);

		KUNIT_ASSERT_EQ_MSG(test, commit_system_limit(&s), want + s.swap,
				    "run %u", i);
	}
}

static void reserves(struct kunit *test)
{
	static const struct {
		struct commit_reserves r;
		u64 limit, allowed;
	} cases[] = {
		{ { }, 0, 0 },
		{ { }, 100, 100 },
		{ { .admin_kbytes = KB(10) }, 100, 90 },
		{ { .admin_kbytes = KB(10), .admin = true }, 100, 100 },
		{ { .admin_kbytes = KB(100) }, 100, 0 },
		{ { .admin_kbytes = KB(101) }, 100, 0 },
		{ { .admin_kbytes = U64_MAX }, 100, 0 },
		{ { .admin_kbytes = U64_MAX, .admin = true }, 100, 100 },
		/* the smaller of the reserve and 1/32 of the process */
		{ { .user_kbytes = KB(10), .has_mm = true, .total_vm = 31 }, 100, 100 },
		{ { .user_kbytes = KB(10), .has_mm = true, .total_vm = 32 }, 100, 99 },
		{ { .user_kbytes = KB(10), .has_mm = true, .total_vm = 3200 }, 100, 90 },
		{ { .user_kbytes = KB(10), .total_vm = 3200 }, 100, 100 },
		{ { .user_kbytes = KB(10), .has_mm = true, .total_vm = U64_MAX }, 9, 0 },
		{ { .user_kbytes = 0, .has_mm = true, .total_vm = U64_MAX }, 9, 9 },
		/* the user's is for administrators too */
		{ { .user_kbytes = KB(10), .admin_kbytes = KB(5), .admin = true,
		    .has_mm = true, .total_vm = 3200 }, 100, 90 },
		{ { .user_kbytes = KB(10), .admin_kbytes = KB(5),
		    .has_mm = true, .total_vm = 3200 }, 100, 85 },
		{ { .admin_kbytes = KB(10) }, BIT_ULL(40), BIT_ULL(40) - 10 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, commit_allowed(cases[i].limit, &cases[i].r),
				    cases[i].allowed, "case %u", i);
}

static void fits(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, commit_fits(0, 0, 0));
	KUNIT_EXPECT_FALSE(test, commit_fits(0, 1, 0));
	KUNIT_EXPECT_FALSE(test, commit_fits(1, 0, 0));
	KUNIT_EXPECT_TRUE(test, commit_fits(99, 1, 100));
	KUNIT_EXPECT_FALSE(test, commit_fits(99, 2, 100));
	KUNIT_EXPECT_FALSE(test, commit_fits(U64_MAX, 1, U64_MAX));
	KUNIT_EXPECT_TRUE(test, commit_fits(U64_MAX - 1, 1, U64_MAX));
	KUNIT_EXPECT_FALSE(test, commit_fits(1, U64_MAX, 100));
	KUNIT_EXPECT_TRUE(test, commit_fits(BIT_ULL(33), BIT_ULL(33), BIT_ULL(34)));
	KUNIT_EXPECT_FALSE(test, commit_fits(BIT_ULL(33), BIT_ULL(33) + 1, BIT_ULL(34)));
}

static void wait_helps(struct kunit *test)
{
	struct rnd_state rnd;

	/* Nothing is on its way. */
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(100, 10, 100, 0));
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(0, 10, 100, 0));
	/* Just enough, and one too few. */
	KUNIT_EXPECT_TRUE(test, commit_wait_helps(100, 10, 100, 10));
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(100, 10, 100, 9));
	/* Larger than the limit is hopeless, whatever goes. */
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(100, 101, 100, 100));
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(100, 101, 100, U64_MAX));
	KUNIT_EXPECT_TRUE(test, commit_wait_helps(100, 100, 100, U64_MAX));
	/* Over a limit that was lowered. */
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(200, 1, 100, 100));
	KUNIT_EXPECT_TRUE(test, commit_wait_helps(200, 1, 100, 101));
	KUNIT_EXPECT_FALSE(test, commit_wait_helps(100, 1, 0, 100));

	prandom_seed_state(&rnd, SEED);
	for (int i = 0; i < RUNS; i++) {
		u64 taken = below(&rnd, 100), pages = below(&rnd, 100);
		u64 allowed = below(&rnd, 100), leaving = below(&rnd, taken + 1);

		KUNIT_ASSERT_EQ(test, leaving && taken + pages <= allowed + leaving,
				commit_wait_helps(taken, pages, allowed, leaving));
	}
}

/* What is on its way is that of a group and all below it, and only until it is over. */
static void leaving_counts(struct kunit *test)
{
	struct commit_leaving a, b, c, none;
	struct commit_group top, low, other;

	commit_group_init(&top, NULL, NULL);
	commit_group_init(&low, &top, NULL);
	commit_group_init(&other, NULL, NULL);
	KUNIT_EXPECT_EQ(test, 0, commit_leaving_pages(&top));
	commit_leave(&a, &low, 10);
	commit_leave(&b, &top, 100);
	commit_leave(&c, &other, 1000);
	KUNIT_EXPECT_EQ(test, 10, commit_leaving_pages(&low));
	KUNIT_EXPECT_EQ(test, 110, commit_leaving_pages(&top));
	KUNIT_EXPECT_EQ(test, 1000, commit_leaving_pages(&other));
	KUNIT_EXPECT_LE(test, 1110, commit_leaving_pages(NULL));
	commit_left(&b);
	KUNIT_EXPECT_EQ(test, 10, commit_leaving_pages(&top));
	commit_left(&a);
	commit_left(&c);
	KUNIT_EXPECT_EQ(test, 0, commit_leaving_pages(&low));
	KUNIT_EXPECT_EQ(test, 0, commit_leaving_pages(&top));
	KUNIT_EXPECT_EQ(test, 0, commit_leaving_pages(&other));
	/* What is over in a moment is in no list. */
	mm_commit_leave(&none, &init_mm, COMMIT_LEAVE_MIN - 1);
	KUNIT_EXPECT_EQ(test, 0, none.pages);
	mm_commit_left(&none);
}

static void modes(struct kunit *test)
{
	static const struct {
		int overcommit;
		enum commit_mode group;
		bool heuristic, limit, noreserve, inherited;
	} cases[] = {
		{ OVERCOMMIT_GUESS, COMMIT_MODE_SYSTEM, true, false, true, false },
		{ OVERCOMMIT_GUESS, COMMIT_MODE_ALWAYS, false, false, true, false },
		{ OVERCOMMIT_GUESS, COMMIT_MODE_STRICT, true, false, false, true },
		{ OVERCOMMIT_ALWAYS, COMMIT_MODE_SYSTEM, false, false, true, false },
		{ OVERCOMMIT_ALWAYS, COMMIT_MODE_ALWAYS, false, false, true, false },
		{ OVERCOMMIT_ALWAYS, COMMIT_MODE_STRICT, false, false, false, true },
		/* nothing loosens the system's strictness */
		{ OVERCOMMIT_NEVER, COMMIT_MODE_SYSTEM, false, true, false, false },
		{ OVERCOMMIT_NEVER, COMMIT_MODE_ALWAYS, false, true, false, false },
		{ OVERCOMMIT_NEVER, COMMIT_MODE_STRICT, false, true, false, true },
	};
	static const enum commit_mode joined[3][3] = {
		[COMMIT_MODE_SYSTEM] = { COMMIT_MODE_SYSTEM, COMMIT_MODE_ALWAYS,
					 COMMIT_MODE_STRICT },
		[COMMIT_MODE_ALWAYS] = { COMMIT_MODE_ALWAYS, COMMIT_MODE_ALWAYS,
					 COMMIT_MODE_STRICT },
		[COMMIT_MODE_STRICT] = { COMMIT_MODE_STRICT, COMMIT_MODE_STRICT,
					 COMMIT_MODE_STRICT },
	};
	struct commit_rules rules;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		commit_rules(cases[i].overcommit, cases[i].group, &rules);
		KUNIT_EXPECT_EQ_MSG(test, rules.heuristic, cases[i].heuristic, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, rules.limit, cases[i].limit, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, rules.noreserve, cases[i].noreserve, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, rules.inherited, cases[i].inherited, "case %u", i);
	}
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			KUNIT_EXPECT_EQ_MSG(test, (int)commit_mode_join(i, j),
					    (int)joined[i][j], "%u over %u", i, j);
}

#define NORESERVE	(VM_READ | VM_NORESERVE)

static void inherited(struct kunit *test)
{
	static const struct {
		vm_flags_t flags;
		bool copied;
		vm_flags_t becomes;
	} cases[] = {
		/* What was not mapped with MAP_NORESERVE stays what it is. */
		{ VM_READ, false, VM_READ },
		{ VM_READ | VM_WRITE, true, VM_READ | VM_WRITE },
		{ VM_READ | VM_WRITE | VM_ACCOUNT, true, VM_READ | VM_WRITE | VM_ACCOUNT },
		/* Writable, or written to */
		{ NORESERVE | VM_WRITE, false, VM_READ | VM_WRITE | VM_ACCOUNT },
		{ NORESERVE | VM_WRITE, true, VM_READ | VM_WRITE | VM_ACCOUNT },
		{ NORESERVE, true, VM_READ | VM_ACCOUNT },
		{ VM_NORESERVE, true, VM_ACCOUNT },
		{ NORESERVE | VM_WRITE | VM_GROWSDOWN, false,
		  VM_READ | VM_WRITE | VM_GROWSDOWN | VM_ACCOUNT },
		{ NORESERVE | VM_WRITE | VM_WIPEONFORK, false,
		  VM_READ | VM_WRITE | VM_WIPEONFORK | VM_ACCOUNT },
		/* By its parent's userfaultfd, which it was born with */
		{ NORESERVE | VM_UFFD_MISSING, false,
		  VM_READ | VM_UFFD_MISSING | VM_ACCOUNT },
		{ NORESERVE | VM_UFFD_WP, false, VM_READ | VM_UFFD_WP | VM_ACCOUNT },
		/* Once it is: mprotect() charges it. */
		{ NORESERVE, false, VM_READ },
		{ VM_NORESERVE, false, 0 },
		/* A driver may have said so of one that is accounted. */
		{ NORESERVE | VM_WRITE | VM_ACCOUNT, false, VM_READ | VM_WRITE | VM_ACCOUNT },
		/* Others account for these. */
		{ NORESERVE | VM_WRITE | VM_SHARED | VM_MAYSHARE, false,
		  NORESERVE | VM_WRITE | VM_SHARED | VM_MAYSHARE },
		{ NORESERVE | VM_MAYSHARE, true, NORESERVE | VM_MAYSHARE },
		{ NORESERVE | VM_WRITE | VM_HUGETLB, true, NORESERVE | VM_WRITE | VM_HUGETLB },
		{ NORESERVE | VM_WRITE | VM_DROPPABLE, true,
		  VM_DROPPABLE ? NORESERVE | VM_WRITE | VM_DROPPABLE :
				 VM_READ | VM_WRITE | VM_ACCOUNT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, commit_inherited(cases[i].flags, cases[i].copied),
				    cases[i].becomes, "case %u", i);
}

static void aside(struct kunit *test)
{
	struct rnd_state rnd;
	unsigned int i;

	/* A share for each CPU, and the half is left */
	KUNIT_EXPECT_EQ(test, commit_aside(4, 1, 0, 8000), 1000);
	KUNIT_EXPECT_EQ(test, commit_aside(4, 1, 7872, 8000), 16);
	KUNIT_EXPECT_EQ(test, commit_aside(4, 1, 7873, 8000), 0);
	KUNIT_EXPECT_EQ(test, commit_aside(4, 1, 8001, 8000), 0);
	KUNIT_EXPECT_EQ(test, commit_aside(4, 1, U64_MAX, 8000), 0);
	KUNIT_EXPECT_EQ(test, commit_aside(1, 0, 0, LARGEST), LARGEST / 2);
	/* What was asked for, if that is little beside what is free */
	KUNIT_EXPECT_EQ(test, commit_aside(100, 300, 0, 8000), 600);
	KUNIT_EXPECT_EQ(test, commit_aside(100, 3000, 0, 8000), 1000);
	KUNIT_EXPECT_EQ(test, commit_aside(100, U64_MAX, 0, 8000), 1000);
	KUNIT_EXPECT_EQ(test, commit_aside(100, 300, 7900, 8000), 0);

	/* Never more than is free. */
	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < RUNS; i++) {
		u64 max = below(&rnd, LARGEST) >> below(&rnd, 52);
		u64 taken = below(&rnd, max + 1000);
		u64 got = commit_aside(1 + below(&rnd, 1000), below(&rnd, max + 1),
				       taken, max);

		KUNIT_ASSERT_TRUE(test, !got || taken + got <= max);
	}
}

static void unseen(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, commit_unseen(4, 0, 0, 320000), 64);
	KUNIT_EXPECT_EQ(test, commit_unseen(4, 1, 1000, 320000), 1000);
	KUNIT_EXPECT_EQ(test, commit_unseen(4, 1700, 1000, 320000), 1700);
	KUNIT_EXPECT_EQ(test, commit_unseen(4, 700, LARGEST, 320000), 10000);
	KUNIT_EXPECT_EQ(test, commit_unseen(4, LARGEST, 0, 320000), 10000);
	KUNIT_EXPECT_EQ(test, commit_unseen(256, 700, 1000, 1000), 64);
}

/*
 * A tree of groups:	0 - 1 - 2
 *			      \ 3
 *			  \ 4
 */
#define GROUPS 5

static const int parents[GROUPS] = { -1, 0, 1, 1, 0 };

struct tree {
	struct commit_group groups[GROUPS];
	unsigned long promised[GROUPS];
	unsigned long peak[GROUPS];
};

static struct tree *tree_alloc(struct kunit *test)
{
	struct tree *tree = kunit_kzalloc(test, sizeof(*tree), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, tree);
	for (i = 0; i < GROUPS; i++)
		KUNIT_ASSERT_EQ(test, commit_group_init(&tree->groups[i], parents[i] < 0 ?
							NULL :
							&tree->groups[parents[i]],
							NULL), 0);
	return tree;
}

static void tree_destroy(struct tree *tree)
{
	int i;

	for (i = GROUPS - 1; i >= 0; i--)
		commit_group_destroy(&tree->groups[i]);
}

/* Random requests get the answer that a simple model gives; so does each file. */
static void groups_as_model(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	unsigned int refused = 0, granted = 0, run;
	unsigned long max[GROUPS];
	struct rnd_state rnd;
	int i, g;

	for (i = 0; i < GROUPS; i++)
		max[i] = COMMIT_MAX;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < MODEL_RUNS; run++) {
		unsigned long pages = below(&rnd, 3000) >> below(&rnd, 12);
		struct commit_refusal why = { };
		int over = -1;
		bool done;

		g = below(&rnd, GROUPS);
		switch (below(&rnd, 16)) {
		case 0:
			max[g] = below(&rnd, 3) ? below(&rnd, 20000) : COMMIT_MAX;
			commit_group_set_max(&tree->groups[g], max[g]);
			break;
		case 1 ... 8:
			for (i = g; i >= 0 && over < 0; i = parents[i])
				if (pages && tree->promised[i] + pages > max[i])
					over = i;
			done = commit_try(&tree->groups[g], NULL, pages, true, &why);
			KUNIT_ASSERT_EQ_MSG(test, done, over < 0, "run %u", run);
			if (over >= 0) {
				KUNIT_ASSERT_PTR_EQ(test, why.group, &tree->groups[over]);
				KUNIT_ASSERT_EQ(test, why.taken, tree->promised[over]);
				KUNIT_ASSERT_EQ(test, why.allowed, max[over]);
				refused++;
				break;
			}
			granted++;
			for (i = g; i >= 0; i = parents[i]) {
				tree->promised[i] += pages;
				tree->peak[i] = max(tree->peak[i], tree->promised[i]);
			}
			break;
		default:
			/* What a group has of its own, without those below */
			for (i = 0; i < GROUPS; i++)
				if (parents[i] == g)
					break;
			if (i < GROUPS)
				break;
			pages = min(pages, tree->promised[g]);
			commit_return(&tree->groups[g], pages);
			for (i = g; i >= 0; i = parents[i])
				tree->promised[i] -= pages;
			break;
		}
		for (i = 0; i < GROUPS; i++) {
			KUNIT_ASSERT_EQ_MSG(test, commit_group_current(&tree->groups[i]),
					    tree->promised[i], "run %u group %d", run, i);
			KUNIT_ASSERT_EQ_MSG(test, tree->groups[i].peak,
					    tree->peak[i], "run %u group %d", run, i);
			KUNIT_ASSERT_TRUE(test, max[i] == COMMIT_MAX ||
					  tree->groups[i].taken <= max(max[i],
								       tree->promised[i]));
		}
		/* Now and then all that the inner ones hold goes too. */
		if (run % 997 == 0) {
			for (g = GROUPS - 1; g >= 0; g--) {
				unsigned long own = tree->promised[g];

				commit_return(&tree->groups[g], own);
				for (i = g; i >= 0; i = parents[i])
					tree->promised[i] -= own;
			}
		}
	}
	KUNIT_EXPECT_GT(test, granted, MODEL_RUNS / 10);
	KUNIT_EXPECT_GT(test, refused, MODEL_RUNS / 100);

	for (g = GROUPS - 1; g >= 0; g--) {
		unsigned long own = tree->promised[g];

		commit_return(&tree->groups[g], own);
		for (i = g; i >= 0; i = parents[i])
			tree->promised[i] -= own;
	}
	for (i = 0; i < GROUPS; i++)
		KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[i]), 0);
	tree_destroy(tree);
}

/*
 * Without a limit there is room for what a hundred processes may map, on 32 bits
 * too, where they may map no more than 3 GiB each.
 */
static void groups_without_limit(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	struct commit_group *low = &tree->groups[2];
	unsigned long pages = (3ULL << 30) / PAGE_SIZE;
	struct commit_refusal why;
	unsigned int i, held = 0;

	/* Not refused for being more than memory and swap */
	tree->groups[0].mode = COMMIT_MODE_ALWAYS;
	for (i = 0; i < 100; i++)
		held += commit_try(low, NULL, pages, true, &why);
	KUNIT_EXPECT_EQ(test, held, 100);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[0]), held * pages);
	for (i = 0; i < held; i++)
		commit_return(low, pages);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[0]), 0);
	tree_destroy(tree);
}

/*
 * The limit rises as swapon, memory that comes and huge pages that go make it rise:
 * nobody says so. The next promise, and the next return, find it out.
 */
static void opens_by_itself(struct kunit *test)
{
	unsigned long kbytes = sysctl_overcommit_kbytes, near, far;
	int mode = sysctl_overcommit_memory;
	struct commit_refusal why;
	unsigned int i, tries;

	for (i = 0; i < 2; i++) {
		/* The kernel may start a helper just now, which is promised memory. */
		for (tries = 0; tries < 10; tries++) {
			/* Also for the reserve; less room than each CPU may set aside */
			near = KB(vm_memory_committed() + 20 +
				  (sysctl_admin_reserve_kbytes >> (PAGE_SHIFT - 10)));
			sysctl_overcommit_kbytes = near;
			commit_set_mode(OVERCOMMIT_NEVER);
			if (commit_try(NULL, NULL, 10, false, &why))
				break;
		}
		far = near + KB(4UL * num_online_cpus() * 1024) +
		      KB(4UL * num_online_cpus() * totalram_pages() / 64);
		KUNIT_EXPECT_LT(test, tries, 10);
		KUNIT_EXPECT_FALSE(test, commit_try(NULL, NULL, 11, false, &why));
		KUNIT_EXPECT_FALSE(test, commit_is_open());
		/* Still near it */
		commit_return(NULL, 1);
		KUNIT_EXPECT_FALSE(test, commit_is_open());
		WRITE_ONCE(sysctl_overcommit_kbytes, far);
		if (i) {
			commit_return(NULL, 9);
			KUNIT_EXPECT_TRUE(test, commit_is_open());
		} else {
			KUNIT_EXPECT_TRUE(test, commit_try(NULL, NULL, 1, false, &why));
			KUNIT_EXPECT_TRUE(test, commit_is_open());
			commit_return(NULL, 10);
		}
		sysctl_overcommit_kbytes = kbytes;
		commit_set_mode(mode);
	}
}

/* What is counted for the system already joins a group, or does not fit. */
static void groups_join(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	struct commit_group *low = &tree->groups[2];
	struct commit_refusal why;
	unsigned int i;

	commit_group_set_max(&tree->groups[1], 1000);
	for (i = 0; i < 50; i++) {
		KUNIT_ASSERT_TRUE(test, commit_try(NULL, NULL, 600, true, &why));
		KUNIT_ASSERT_EQ(test, commit_group_join(low, 600), 0);
		KUNIT_ASSERT_EQ(test, commit_group_current(&tree->groups[0]), 600);
		/* One refusal is a line in the log. */
		if (!i) {
			KUNIT_ASSERT_TRUE(test, commit_try(NULL, NULL, 401, true, &why));
			KUNIT_ASSERT_EQ(test, commit_group_join(low, 401), -ENOMEM);
			KUNIT_ASSERT_EQ(test, commit_group_current(low), 600);
			commit_return(NULL, 401);
		}
		/* Now and then without a look, so that CPUs keep what they have. */
		commit_return(low, 600);
		if (i % 2)
			KUNIT_ASSERT_EQ(test, commit_group_current(low), 0);
	}
	KUNIT_EXPECT_EQ(test, low->peak, 600);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tree->groups[1].refused), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tree->groups[0].refused), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&low->refused), 0);
	tree_destroy(tree);
}

/* The counts of a process whose mappings say something else are put right. */
static void process_settles(struct kunit *test)
{
	static const struct {
		unsigned long promised, mapped;
		long lost;
	} cases[] = {
		{ 0, 0, 0 }, { 300, 300, 0 }, { 300, 0, 300 }, { 300, 299, 1 },
		{ 300, 301, -1 }, { 0, 300, -300 },
	};
	struct tree *tree = tree_alloc(test);
	struct mm_struct *mm = kunit_kzalloc(test, sizeof(*mm), GFP_KERNEL);
	struct commit_refusal why;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mm->commit_group = &tree->groups[2];
	KUNIT_ASSERT_TRUE(test, commit_try(&tree->groups[3], NULL, 77, true, &why));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ(test, __vm_enough_memory(mm, cases[i].promised, 0), 0);
		KUNIT_EXPECT_EQ_MSG(test, mm_commit_settle(mm, cases[i].mapped),
				    cases[i].lost, "case %u", i);
		KUNIT_EXPECT_EQ(test, mm_commit_pages(mm), 0);
		KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[2]), 0);
		KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[1]), 77);
		KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[0]), 77);
	}
	commit_return(&tree->groups[3], 77);
	tree_destroy(tree);
}

/* What is forgotten in a group does not stay with those above it. */
static void group_settles(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	struct commit_refusal why;

	commit_group_set_max(&tree->groups[0], 1000);
	KUNIT_ASSERT_TRUE(test, commit_try(&tree->groups[2], NULL, 600, true, &why));
	KUNIT_ASSERT_TRUE(test, commit_try(&tree->groups[4], NULL, 77, true, &why));
	KUNIT_ASSERT_FALSE(test, commit_try(&tree->groups[4], NULL, 600, true, &why));
	KUNIT_EXPECT_EQ(test, commit_group_settle(&tree->groups[2]), 600);
	KUNIT_EXPECT_EQ(test, commit_group_settle(&tree->groups[2]), 0);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[2]), 0);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[1]), 0);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[0]), 77);
	KUNIT_EXPECT_TRUE(test, commit_try(&tree->groups[4], NULL, 600, true, &why));
	commit_return(&tree->groups[4], 677);
	tree_destroy(tree);
}

/* More than memory and swap: refused in mode 0, unless the group says always. */
static void judged_by_mode(struct kunit *test)
{
	unsigned long all = totalram_pages() + total_swap_pages;
	struct tree *tree = tree_alloc(test);
	struct mm_struct *mm = kunit_kzalloc(test, sizeof(*mm), GFP_KERNEL);
	struct commit_group *group = &tree->groups[2];
	int was = sysctl_overcommit_memory, mode, own;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	for (mode = OVERCOMMIT_GUESS; mode <= OVERCOMMIT_NEVER; mode++) {
		commit_set_mode(mode);
		for (own = COMMIT_MODE_SYSTEM; own <= COMMIT_MODE_STRICT; own++) {
			bool refused = mode == OVERCOMMIT_GUESS && own != COMMIT_MODE_ALWAYS;

			tree->groups[0].mode = own;
			KUNIT_EXPECT_EQ(test, commit_judge(group, all), 0);
			KUNIT_EXPECT_EQ_MSG(test, commit_judge(group, all + 1),
					    refused ? -ENOMEM : 0, "mode %d, group's %d",
					    mode, own);
		}
	}
	/* Who is not born yet is not judged, and still within the system's limit. */
	KUNIT_EXPECT_EQ(test, commit_inherit(mm, 2 * all), -ENOMEM);
	commit_set_mode(OVERCOMMIT_GUESS);
	KUNIT_EXPECT_EQ(test, commit_inherit(mm, 2 * all),
			IS_ENABLED(CONFIG_COMMIT_CGROUP) ? 0 : -ENOMEM);
	mm_commit_settle(mm, mm_commit_pages(mm));
	commit_set_mode(was);
	tree_destroy(tree);
}

/*
 * What is forgotten is told in the log, and put right: it is in nobody's way, however
 * often. The log of the tests is to have no such lines, so that this is only done where
 * it is asked for, with commit_test.miscount=1.
 */
#define MISCOUNTS	50

static bool miscount;
module_param(miscount, bool, 0);

static void process_forgets(struct kunit *test, struct commit_group *group)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mm->commit_group = group;
	KUNIT_EXPECT_EQ(test, __vm_enough_memory(mm, 600, 0), 0);
	/* There is no cgroup behind it to be released. */
	mmgrab(mm);
	mmput(mm);
	KUNIT_EXPECT_EQ(test, mm_commit_pages(mm), 0);
	mm->commit_group = NULL;
	mmdrop(mm);
}

static void group_forgets(struct kunit *test, struct commit_group *parent)
{
	struct commit_refusal why;
	struct commit_group group;

	KUNIT_ASSERT_EQ(test, commit_group_init(&group, parent, NULL), 0);
	KUNIT_EXPECT_TRUE(test, commit_try(&group, NULL, 600, true, &why));
	commit_group_destroy(&group);
}

static void miscounts_are_told(struct kunit *test)
{
	unsigned long promised = vm_memory_committed();
	struct tree *tree;
	int i;

	if (!miscount)
		kunit_skip(test, "commit_test.miscount is not set");
	tree = tree_alloc(test);
	/* Room for one of them */
	commit_group_set_max(&tree->groups[1], 1000);
	for (i = 0; i < MISCOUNTS; i++) {
		process_forgets(test, &tree->groups[2]);
		group_forgets(test, &tree->groups[1]);
	}
	for (i = 0; i < GROUPS; i++)
		KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[i]), 0);
	/* Others come and go meanwhile. */
	KUNIT_EXPECT_LT(test, vm_memory_committed(), promised + MISCOUNTS * 600);
	tree_destroy(tree);
}

/*
 * /sys/module/commit_test/parameters/entries: how many promises and returns went for
 * the lock of a count, on each CPU, for the self-tests
 */
static int entries_get(char *buffer, const struct kernel_param *param)
{
	int cpu, len = 0;
	unsigned long nr;

	for_each_possible_cpu(cpu) {
		/* A reader that wants it exact keeps others off the CPU. */
		nr = data_race(per_cpu(commit_entries, cpu));
		len += sysfs_emit_at(buffer, len, "%lu ", nr);
	}
	return len + sysfs_emit_at(buffer, len, "\n");
}

static const struct kernel_param_ops entries_ops = {
	.get = entries_get,
};

module_param_cb(entries, &entries_ops, NULL, 0444);

/*
 * Far from limits nobody goes for a lock, but to begin with, and where a count changes
 * for good.
 */
#define MANY		64
#define OPS		10000

static unsigned long entries_of(struct commit_group *groups, unsigned int many, bool grow)
{
	unsigned long before = this_cpu_read(commit_entries);
	struct commit_refusal why;
	unsigned int i;

	/* In whole turns */
	for (i = 0; i < OPS / (2 * many) * 2 * many; i++) {
		struct commit_group *group = &groups[i % many];

		if (grow)
			commit_try(group, NULL, 1, true, &why);
		else if (i / many % 2)
			commit_return(group, 16);
		else
			commit_try(group, NULL, 16, true, &why);
	}
	return this_cpu_read(commit_entries) - before;
}

static void far_from_limits(struct kunit *test)
{
	static const unsigned int many[] = { 1, 2, 8, MANY };
	struct commit_group *groups = kunit_kcalloc(test, MANY, sizeof(*groups), GFP_KERNEL);
	struct tree *tree = tree_alloc(test);
	struct commit_refusal why;
	unsigned long before;
	unsigned int i, max;

	KUNIT_ASSERT_NOT_NULL(test, groups);
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, commit_group_init(&groups[i], &tree->groups[1], NULL), 0);
	for (max = 0; max <= 1; max++) {
		if (max) {
			commit_group_set_max(&tree->groups[0], 4 << 20);
			commit_group_set_max(&tree->groups[1], 4 << 20);
			for (i = 0; i < MANY; i++)
				commit_group_set_max(&groups[i], 4 << 20);
		}
		migrate_disable();
		/* Each begins by some pages. */
		for (i = 0; i < MANY; i++)
			KUNIT_EXPECT_TRUE(test, commit_try(&groups[i], NULL, 100, true, &why));
		for (i = 0; i < ARRAY_SIZE(many); i++) {
			/* Once round, to know how much is asked for */
			entries_of(groups, many[i], false);
			KUNIT_EXPECT_EQ_MSG(test, entries_of(groups, many[i], false), 0,
					    "%u groups in turns, with limits: %u", many[i], max);
		}
		/* The counts of a group and of two above it come to be seen. */
		before = entries_of(groups, 1, true);
		kunit_info(test, "growing: %lu entries in %u", before, OPS);
		KUNIT_EXPECT_LE(test, before, OPS / 1000);
		before = this_cpu_read(commit_entries);
		for (i = 0; i < OPS; i++)
			commit_return(&groups[0], 1);
		before = this_cpu_read(commit_entries) - before;
		kunit_info(test, "shrinking: %lu entries in %u", before, OPS);
		KUNIT_EXPECT_LE(test, before, OPS / 1000);
		for (i = 0; i < MANY; i++)
			commit_return(&groups[i], 100);
		migrate_enable();
	}
	for (i = 0; i < MANY; i++)
		commit_group_destroy(&groups[i]);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[0]), 0);
	tree_destroy(tree);
}

/*
 * Each of some threads promises and takes back no more than its share of a
 * limit: so each request fits, whatever the others do. One that does not keep
 * to a share runs beside them in a part of the tree with room for it.
 */
#define THREADS		4
#define SHARE		300
#define STEPS		5000

struct hammer {
	struct tree *tree;
	struct completion done;
	int nr;
	unsigned int refused;
	unsigned int over;
};

static int hammer(void *data)
{
	struct hammer *h = data;
	struct commit_group *group = &h->tree->groups[h->nr % 2 ? 2 : 3];
	struct commit_refusal why;
	unsigned long held = 0;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, SEED + h->nr);
	for (i = 0; i < STEPS; i++) {
		unsigned long pages = below(&rnd, SHARE + 1);

		if (below(&rnd, 2)) {
			pages = min(pages, SHARE - held);
			if (commit_try(group, NULL, pages, true, &why))
				held += pages;
			else
				h->refused++;
		} else {
			pages = min(pages, held);
			commit_return(group, pages);
			held -= pages;
		}
		if (commit_group_current(&h->tree->groups[1]) > THREADS * SHARE)
			h->over++;
		if (i % 64 == 0)
			cond_resched();
	}
	commit_return(group, held);
	complete(&h->done);
	return 0;
}

static void threads_fit(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	struct hammer *hammers;
	struct task_struct *task;
	int i;

	hammers = kunit_kcalloc(test, THREADS, sizeof(*hammers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hammers);
	commit_group_set_max(&tree->groups[1], THREADS * SHARE);
	for (i = 0; i < THREADS; i++) {
		hammers[i].tree = tree;
		hammers[i].nr = i;
		init_completion(&hammers[i].done);
		task = kthread_run(hammer, &hammers[i], "commit-%d", i);
		if (IS_ERR(task)) {
			KUNIT_FAIL(test, "no thread");
			complete(&hammers[i].done);
		}
	}
	for (i = 0; i < THREADS; i++) {
		wait_for_completion(&hammers[i].done);
		KUNIT_EXPECT_EQ(test, hammers[i].refused, 0);
		KUNIT_EXPECT_EQ(test, hammers[i].over, 0);
	}
	KUNIT_EXPECT_LE(test, tree->groups[1].peak, THREADS * SHARE);
	for (i = 0; i < GROUPS; i++)
		KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[i]), 0);
	tree_destroy(tree);
}

/*
 * Pages are promised on one CPU and given back on another, again and again: at each
 * instant there are as many, or none. A reader that looks at one CPU after the other
 * would see both ends of it, or neither.
 */
struct seesaw {
	struct commit_group *group;
	struct completion done;
	unsigned int turns;
	bool stop;
};

static int seesaw(void *data)
{
	struct seesaw *s = data;
	struct commit_refusal why;
	bool held = false;
	int cpu;

	while (!READ_ONCE(s->stop)) {
		for_each_online_cpu(cpu) {
			set_cpus_allowed_ptr(current, cpumask_of(cpu));
			if (held)
				commit_return(s->group, SHARE);
			else if (!commit_try(s->group, NULL, SHARE, true, &why))
				continue;
			held = !held;
			WRITE_ONCE(s->turns, s->turns + 1);
		}
		/* Where there is one CPU the reader wants it, too. */
		cond_resched();
	}
	if (held)
		commit_return(s->group, SHARE);
	complete(&s->done);
	return 0;
}

static void readers_see_one_instant(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	struct seesaw *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned long end = jiffies + HZ / 2, promised;
	unsigned int none = 0, some = 0, odd = 0;
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->group = &tree->groups[2];
	init_completion(&s->done);
	task = kthread_run(seesaw, s, "commit-seesaw");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	while (time_before(jiffies, end) || READ_ONCE(s->turns) < 100) {
		promised = commit_group_current(&tree->groups[0]);
		none += !promised;
		some += promised == SHARE;
		odd += promised && promised != SHARE;
		cond_resched();
	}
	WRITE_ONCE(s->stop, true);
	wait_for_completion(&s->done);
	kunit_info(test, "%u turns, read %u times as none, %u as %u pages", s->turns,
		   none, some, SHARE);
	KUNIT_EXPECT_EQ(test, odd, 0);
	KUNIT_EXPECT_EQ(test, commit_group_current(&tree->groups[0]), 0);
	tree_destroy(tree);
}

/* Reading a count, and being refused, leaves to CPUs what they have. */
static void readers_shut_nothing(struct kunit *test)
{
	struct tree *tree = tree_alloc(test);
	struct commit_group *low = &tree->groups[2], *top = &tree->groups[0];
	struct commit_refusal why;
	unsigned long taken;
	unsigned int open;

	/* None is refused for being more than memory. */
	top->mode = COMMIT_MODE_ALWAYS;
	commit_group_set_max(top, 100000);
	migrate_disable();
	KUNIT_ASSERT_TRUE(test, commit_try(low, NULL, 10, true, &why));
	taken = top->taken;
	open = top->open;
	KUNIT_EXPECT_GE(test, open, 1);
	KUNIT_EXPECT_GT(test, taken, 10);
	KUNIT_EXPECT_EQ(test, commit_group_current(low), 10);
	KUNIT_EXPECT_EQ(test, commit_group_current(top), 10);
	vm_memory_committed();
	KUNIT_EXPECT_FALSE(test, commit_try(low, NULL, 99991, true, &why));
	KUNIT_EXPECT_EQ(test, why.taken, 10);
	KUNIT_EXPECT_FALSE(test, commit_try(low, NULL, 999910, true, &why));
	KUNIT_EXPECT_EQ(test, why.taken, 10);
	KUNIT_EXPECT_EQ(test, top->open, open);
	KUNIT_EXPECT_EQ(test, top->taken, taken);
	/* From what is set aside: the count does not change. */
	KUNIT_EXPECT_TRUE(test, commit_try(low, NULL, 1, true, &why));
	KUNIT_EXPECT_EQ(test, top->taken, taken);
	KUNIT_EXPECT_EQ(test, commit_group_current(low), 11);
	KUNIT_EXPECT_EQ(test, commit_group_current(top), 11);
	/* What fits needs what is set aside. */
	KUNIT_EXPECT_TRUE(test, commit_try(low, NULL, 99989, true, &why));
	KUNIT_EXPECT_EQ(test, top->open, 0);
	KUNIT_EXPECT_EQ(test, top->taken, 100000);
	migrate_enable();
	commit_return(low, 100000);
	tree_destroy(tree);
}

/* Groups deeper than there are locks: limits of each are exact, and locked in order. */
#define DEEP		20

static void deep_groups(struct kunit *test)
{
	struct commit_group *groups = kunit_kcalloc(test, DEEP, sizeof(*groups), GFP_KERNEL);
	struct commit_refusal why;
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, groups);
	for (i = 0; i < DEEP; i++) {
		KUNIT_ASSERT_EQ(test, commit_group_init(&groups[i],
							i ? &groups[i - 1] : NULL, NULL), 0);
		if (i % 3)
			commit_group_set_max(&groups[i], 1000 - i);
	}
	for (round = 0; round < 3; round++) {
		KUNIT_EXPECT_TRUE(test, commit_try(&groups[DEEP - 1], NULL, 981, true, &why));
		KUNIT_EXPECT_FALSE(test, commit_try(&groups[DEEP - 1], NULL, 1, true, &why));
		KUNIT_EXPECT_PTR_EQ(test, why.group, &groups[DEEP - 1]);
		KUNIT_EXPECT_TRUE(test, commit_try(&groups[12], NULL, 8, true, &why));
		KUNIT_EXPECT_FALSE(test, commit_try(&groups[12], NULL, 1, true, &why));
		KUNIT_EXPECT_PTR_EQ(test, why.group, &groups[11]);
		commit_return(&groups[DEEP - 1], 981);
		commit_return(&groups[12], 8);
		for (i = 0; i < DEEP; i++)
			KUNIT_EXPECT_EQ(test, commit_group_current(&groups[i]), 0);
	}
	for (i = DEEP; i--; )
		commit_group_destroy(&groups[i]);
}

static struct kunit_case commit_cases[] = {
	KUNIT_CASE(worked_example),
	KUNIT_CASE(limits),
	KUNIT_CASE(limit_as_before),
	KUNIT_CASE(reserves),
	KUNIT_CASE(fits),
	KUNIT_CASE(wait_helps),
	KUNIT_CASE(leaving_counts),
	KUNIT_CASE(modes),
	KUNIT_CASE(inherited),
	KUNIT_CASE(aside),
	KUNIT_CASE(unseen),
	KUNIT_CASE_SLOW(groups_as_model),
	KUNIT_CASE(groups_without_limit),
	KUNIT_CASE(opens_by_itself),
	KUNIT_CASE(groups_join),
	KUNIT_CASE(process_settles),
	KUNIT_CASE(group_settles),
	KUNIT_CASE(judged_by_mode),
	KUNIT_CASE(miscounts_are_told),
	KUNIT_CASE(far_from_limits),
	KUNIT_CASE_SLOW(threads_fit),
	KUNIT_CASE_SLOW(readers_see_one_instant),
	KUNIT_CASE(readers_shut_nothing),
	KUNIT_CASE(deep_groups),
	{}
};

static struct kunit_suite commit_suite = {
	.name = "commit",
	.test_cases = commit_cases,
};

kunit_test_suite(commit_suite);

MODULE_DESCRIPTION("KUnit tests for commit accounting");
MODULE_LICENSE("GPL");
