// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the OOM score: the terms at their edges, the properties that
 * mm/oom_score_task.c and users rely on over random input, and the selection by
 * bounds against one that sums everything precisely.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/oom.h>
#include <linux/oom_score.h>
#include <linux/prandom.h>

#define RUNS		100000
#define SEED		0x6f6f6d73
/* 16 EiB of 4 kB pages */
#define LARGEST		BIT_ULL(52)

static const struct oom_score_policy defaults = {
	.parent_share = 125, .fork_weight = 50,
	.fork_window_ms = 10000, .tcb_discount = 30,
};

static const struct oom_score_policy off;

static struct oom_score compute(const struct oom_score_input *in,
				const struct oom_score_policy *policy)
{
	struct oom_score score;

	oom_score_compute(in, policy, &score);
	return score;
}

static u64 below(struct rnd_state *rnd, u64 limit)
{
	u64 wide = (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
	u64 rest;

	div64_u64_rem(wide, limit, &rest);
	return rest;
}

/* Sizes of all magnitudes, so that small and large ones meet. */
static u64 some_pages(struct rnd_state *rnd, u64 max)
{
	return min(below(rnd, max + 1) >> below(rnd, 52), max);
}

static void random_input(struct rnd_state *rnd, struct oom_score_input *in)
{
	u64 total = some_pages(rnd, LARGEST);

	*in = (struct oom_score_input) {
		.rss = some_pages(rnd, total),
		.swap = some_pages(rnd, total),
		.pgtables = some_pages(rnd, total),
		.parent = (s64)some_pages(rnd, total) -
			  (s64)some_pages(rnd, total),
		.age_ms = below(rnd, 20000),
		.totalpages = total,
		.oom_score_adj = (short)below(rnd, 2001) - 1000,
		.tcb = below(rnd, 2),
	};
}

static void random_policy(struct rnd_state *rnd, struct oom_score_policy *policy)
{
	*policy = (struct oom_score_policy) {
		.parent_share = below(rnd, 1001),
		.fork_weight = below(rnd, 1001),
		.fork_window_ms = below(rnd, 3) ? below(rnd, 20000) : 0,
		.tcb_discount = below(rnd, 1001),
	};
}

/* The example of mm/oom_score.c and oom.rst. */
static void worked_example(struct kunit *test)
{
	const struct oom_score_input in = {
		.rss = 38000, .swap = 1900, .pgtables = 100, .parent = 16000,
		.age_ms = 2000, .totalpages = 500000, .oom_score_adj = 100,
	};
	struct oom_score score = compute(&in, &defaults);

	KUNIT_EXPECT_EQ(test, score.memory, 40000);
	KUNIT_EXPECT_EQ(test, score.inherited, 2000);
	KUNIT_EXPECT_EQ(test, score.fork, 1600);
	KUNIT_EXPECT_EQ(test, score.tcb, 0);
	KUNIT_EXPECT_EQ(test, score.adj, 50000);
	KUNIT_EXPECT_EQ(test, score.points, 93600);
	KUNIT_EXPECT_EQ(test, (int)score.class, (int)OOM_CLASS_NORMAL);
}

static void adj_at_full_width(struct kunit *test)
{
	/* Linux 6.12 has 0 for all of these: totalpages / 1000 is 0. */
	static const struct { u64 totalpages; short adj; s64 term; } cases[] = {
		{ 0, 1000, 0 }, { 0, -1000, 0 }, { 1, 999, 0 }, { 1, 1000, 1 },
		{ 1, -1000, -1 }, { 768, 500, 384 }, { 768, -500, -384 },
		{ 768, 1000, 768 }, { 999, 1, 0 }, { 999, 999, 998 },
		{ 1000, 1, 1 }, { 1999, 1, 1 }, { 1999, 1000, 1999 },
		{ LARGEST, 1000, LARGEST }, { LARGEST, -1000, -(s64)LARGEST },
		{ LARGEST, 1, 4503599627370LL },
		{ U64_MAX, 1000, S64_MAX / 1000 * 1000 + 807 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct oom_score_input in = {
			.totalpages = cases[i].totalpages,
			.oom_score_adj = cases[i].adj,
		};

		KUNIT_EXPECT_EQ_MSG(test, compute(&in, &defaults).adj,
				    cases[i].term, "case %u", i);
	}
}

static void inherited_edges(struct kunit *test)
{
	static const struct { s64 parent; unsigned int share; s64 term; } cases[] = {
		{ 0, 125, 0 }, { 7, 125, 0 }, { 8, 125, 1 }, { 8000, 125, 1000 },
		{ -1, 125, 0 }, { S64_MIN, 1000, 0 }, { 8000, 0, 0 },
		{ 8000, 1000, 8000 }, { S64_MAX, 1000, S64_MAX },
		{ S64_MAX, 1, S64_MAX / 1000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oom_score_policy policy = off;
		const struct oom_score_input in = { .parent = cases[i].parent };

		policy.parent_share = cases[i].share;
		KUNIT_EXPECT_EQ_MSG(test, compute(&in, &policy).inherited,
				    cases[i].term, "case %u", i);
	}
}

static void fork_fades(struct kunit *test)
{
	static const struct {
		u64 age; unsigned int weight, window; s64 term;
	} cases[] = {
		{ 0, 50, 10000, 500 }, { 5000, 50, 10000, 250 },
		{ 9999, 50, 10000, 0 }, { 10000, 50, 10000, 0 },
		{ 10001, 50, 10000, 0 }, { U64_MAX, 50, 10000, 0 },
		{ 0, 0, 10000, 0 }, { 0, 50, 0, 0 }, { 0, 1000, 1, 10000 },
		{ 1, 1000, 1, 0 },
		{ 0, 1000, OOM_SCORE_WINDOW_MAX, 10000 },
		{ OOM_SCORE_WINDOW_MAX / 2, 1000, OOM_SCORE_WINDOW_MAX, 5000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oom_score_policy policy = off;
		const struct oom_score_input in = {
			.rss = 10000, .age_ms = cases[i].age,
		};

		policy.fork_weight = cases[i].weight;
		policy.fork_window_ms = cases[i].window;
		KUNIT_EXPECT_EQ_MSG(test, compute(&in, &policy).fork,
				    cases[i].term, "case %u", i);
	}
}

static void tcb_discount(struct kunit *test)
{
	struct oom_score_input in = { .rss = 10000, .tcb = true };
	struct oom_score_policy policy = off;

	KUNIT_EXPECT_EQ(test, compute(&in, &off).tcb, 0);
	KUNIT_EXPECT_EQ(test, compute(&in, &defaults).tcb, -300);
	policy.tcb_discount = 1000;
	KUNIT_EXPECT_EQ(test, compute(&in, &policy).tcb, -10000);
	KUNIT_EXPECT_EQ(test, compute(&in, &policy).points, 0);
	in.tcb = false;
	KUNIT_EXPECT_EQ(test, compute(&in, &defaults).tcb, 0);
}

static void saturates(struct kunit *test)
{
	struct oom_score_input in = {
		.rss = U64_MAX, .swap = U64_MAX, .pgtables = U64_MAX,
		.parent = S64_MAX, .totalpages = U64_MAX, .oom_score_adj = 999,
	};
	struct oom_score_policy policy = {
		.parent_share = 1000, .fork_weight = 1000, .fork_window_ms = 1,
	};
	struct oom_score score = compute(&in, &policy);

	KUNIT_EXPECT_EQ(test, score.memory, S64_MAX);
	KUNIT_EXPECT_EQ(test, score.points, S64_MAX);
	KUNIT_EXPECT_LT(test, oom_score_key(&score), LONG_MAX / 2 + 1);
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, in.totalpages), 1302);

	in = (struct oom_score_input) {
		.totalpages = U64_MAX, .oom_score_adj = -999,
	};
	score = compute(&in, &policy);
	KUNIT_EXPECT_LT(test, score.points, 0);
	KUNIT_EXPECT_GT(test, oom_score_key(&score), LONG_MIN);
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, in.totalpages), 1);
}

static void classes(struct kunit *test)
{
	struct oom_score_input in = { .rss = 100, .totalpages = 1000 };
	struct oom_score score;

	in.oom_score_adj = OOM_SCORE_ADJ_MIN;
	score = compute(&in, &defaults);
	KUNIT_EXPECT_EQ(test, (int)score.class, (int)OOM_CLASS_IMMUNE);
	KUNIT_EXPECT_EQ(test, oom_score_key(&score), LONG_MIN);
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 1000), 0);

	in.oom_score_adj = OOM_SCORE_ADJ_MIN + 1;
	score = compute(&in, &defaults);
	KUNIT_EXPECT_EQ(test, (int)score.class, (int)OOM_CLASS_NORMAL);
	KUNIT_EXPECT_GT(test, oom_score_key(&score), LONG_MIN);
	KUNIT_EXPECT_GE(test, oom_score_scale(&score, 1000), 1);

	in.oom_score_adj = OOM_SCORE_ADJ_MAX;
	score = compute(&in, &defaults);
	KUNIT_EXPECT_EQ(test, (int)score.class, (int)OOM_CLASS_VOLUNTEER);
	KUNIT_EXPECT_LT(test, oom_score_key(&score), LONG_MAX);

	in.unkillable = "test";
	score = compute(&in, &defaults);
	KUNIT_EXPECT_EQ(test, (int)score.class, (int)OOM_CLASS_UNKILLABLE);
	KUNIT_EXPECT_EQ(test, oom_score_key(&score), LONG_MIN);
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 1000), 0);
}

static void scale_is_linuxs(struct kunit *test)
{
	/* (1000 + 1000 * points / totalpages) * 2 / 3, up to 1300 */
	static const struct { s64 points; unsigned int shown; } cases[] = {
		{ 0, 666 }, { 1000, 733 }, { 5000, 1000 }, { 9500, 1300 },
		{ 9515, 1300 }, { 9520, 1301 }, { 10000, 1302 },
		{ 20000, 1332 }, { 30000, 1332 }, { S64_MAX, 1332 },
		{ -5000, 333 }, { -9990, 1 }, { -10000, 1 }, { S64_MIN, 1 },
	};
	struct oom_score score = { .class = OOM_CLASS_NORMAL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		score.points = cases[i].points;
		KUNIT_EXPECT_EQ_MSG(test, oom_score_scale(&score, 10000),
				    cases[i].shown, "case %u", i);
	}
	score.class = OOM_CLASS_VOLUNTEER;
	score.points = 10000;
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 10000), 1333);
	score.points = 20000;
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 10000), 2000);
	score.points = 0;
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 0), 1333);
	score.points = 1;
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 0), 1333);
	KUNIT_EXPECT_EQ(test, oom_score_scale(&score, 1), 1333);
}

static void terms_add_up(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_input in;
	struct oom_score score;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < RUNS; run++) {
		random_input(&rnd, &in);
		random_policy(&rnd, &policy);
		score = compute(&in, &policy);
		if (score.points != score.memory + score.inherited + score.fork +
				    score.tcb + score.adj ||
		    score.inherited < 0 || score.fork < 0 || score.tcb > 0 ||
		    -score.tcb > score.memory || score.fork > score.memory)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
}

/* What a bound relies on: more of anything never lowers the key. */
static void monotonic(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_input in, more;
	struct oom_score low, high;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 1);
	for (run = 0; run < RUNS; run++) {
		random_input(&rnd, &in);
		random_policy(&rnd, &policy);
		more = in;
		more.rss += some_pages(&rnd, LARGEST);
		more.swap += some_pages(&rnd, LARGEST);
		more.pgtables += some_pages(&rnd, LARGEST);
		more.parent += some_pages(&rnd, LARGEST);
		more.oom_score_adj += below(&rnd, 1001 - in.oom_score_adj);
		low = compute(&in, &policy);
		high = compute(&more, &policy);
		if (oom_score_key(&low) > oom_score_key(&high) ||
		    oom_score_scale(&low, in.totalpages) >
		    oom_score_scale(&high, in.totalpages))
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
}

/* /proc/PID/oom_score in one domain never contradicts the order. */
static void scale_follows_order(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_input a, b;
	struct oom_score sa, sb;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 2);
	for (run = 0; run < RUNS; run++) {
		random_input(&rnd, &a);
		random_input(&rnd, &b);
		random_policy(&rnd, &policy);
		if (below(&rnd, 4) == 0)
			a.oom_score_adj = OOM_SCORE_ADJ_MAX;
		b.totalpages = a.totalpages;
		sa = compute(&a, &policy);
		sb = compute(&b, &policy);
		if (oom_score_key(&sa) < oom_score_key(&sb))
			swap(sa, sb);
		if (oom_score_scale(&sa, a.totalpages) <
		    oom_score_scale(&sb, a.totalpages))
			break;
		if (sa.class < sb.class && sb.class >= OOM_CLASS_NORMAL)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
}

/* With the knobs at 0, oom_badness() with its division made last. */
static void knobs_off_is_linuxs_order(struct kunit *test)
{
	struct oom_score_input a, b;
	struct oom_score sa, sb;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 3);
	for (run = 0; run < RUNS; run++) {
		s64 pa, pb;

		random_input(&rnd, &a);
		random_input(&rnd, &b);
		a.oom_score_adj = (short)below(&rnd, 1999) - 999;
		b.oom_score_adj = (short)below(&rnd, 1999) - 999;
		b.totalpages = a.totalpages;
		pa = a.rss + a.swap + a.pgtables +
		     div_s64((s64)a.totalpages * a.oom_score_adj, 1000);
		pb = b.rss + b.swap + b.pgtables +
		     div_s64((s64)b.totalpages * b.oom_score_adj, 1000);
		sa = compute(&a, &off);
		sb = compute(&b, &off);
		if (sa.points != pa || sb.points != pb)
			break;
		if (clamp(pa - pb, -1LL, 1LL) !=
		    clamp(oom_score_key(&sa) - oom_score_key(&sb), -1L, 1L))
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
}

/*
 * A selection as mm/oom_score_task.c makes it, over counters of which every CPU
 * holds back as much as it can, against one that sums all precisely.
 */
#define SIM_CPUS	256
#define SIM_BATCH	(2 * SIM_CPUS)
#define SIM_ERROR	((u64)SIM_BATCH * (SIM_CPUS + 1))
#define SIM_TASKS	100

struct sim_task {
	struct oom_score_input in;	/* precise */
	u64 rss_read;			/* what a read shows */
};

static long sim_key(const struct sim_task *task, u64 rss)
{
	struct oom_score_input in = task->in;
	struct oom_score score;

	in.rss = rss;
	oom_score_compute(&in, &defaults, &score);
	return oom_score_key(&score);
}

static void sim_population(struct rnd_state *rnd, struct sim_task *tasks)
{
	/* A machine of 1 TiB: residues are of the order of large processes. */
	const u64 total = BIT_ULL(28);
	int i;

	for (i = 0; i < SIM_TASKS; i++) {
		struct sim_task *task = &tasks[i];
		/* Up to a batch less one on each CPU, either way. */
		u64 most = (u64)(SIM_BATCH - 1) * SIM_CPUS;
		u64 residue = below(rnd, 2) ? most : below(rnd, most + 1);

		random_input(rnd, &task->in);
		task->in.totalpages = total;
		task->in.rss = some_pages(rnd, 1 << 20);
		task->in.swap = 0;
		task->in.pgtables = task->in.rss >> 9;
		task->in.parent = 0;
		task->in.oom_score_adj = below(rnd, 10) ? 0 :
					 (short)below(rnd, 2001) - 1000;
		if (below(rnd, 2))
			task->rss_read = task->in.rss - min(residue, task->in.rss);
		else
			task->rss_read = task->in.rss + residue;
	}
}

static void selection_by_bounds(struct kunit *test)
{
	struct sim_task *tasks;
	unsigned long sums = 0;
	struct rnd_state rnd;
	int run, i, wrong = 0, read_only_wrong = 0;

	tasks = kunit_kcalloc(test, SIM_TASKS, sizeof(*tasks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tasks);
	prandom_seed_state(&rnd, SEED + 4);

	for (run = 0; run < RUNS / 50; run++) {
		long best = LONG_MIN, oracle = LONG_MIN, fooled = LONG_MIN;
		int chosen = -1, right = -1, by_reads = -1;

		sim_population(&rnd, tasks);
		for (i = 0; i < SIM_TASKS; i++) {
			long key = sim_key(&tasks[i], tasks[i].in.rss);

			if (key != LONG_MIN && key >= oracle) {
				oracle = key;
				right = i;
			}
			key = sim_key(&tasks[i], tasks[i].rss_read);
			if (key != LONG_MIN && key >= fooled) {
				fooled = key;
				by_reads = i;
			}

			key = sim_key(&tasks[i], tasks[i].rss_read + SIM_ERROR);
			if (key == LONG_MIN || key < best)
				continue;
			sums++;
			key = sim_key(&tasks[i], tasks[i].in.rss);
			if (key != LONG_MIN && key >= best) {
				best = key;
				chosen = i;
			}
		}
		wrong += chosen != right;
		read_only_wrong += by_reads != right;
	}
	kunit_info(test, "%d populations of %d: %d wrong, by reads alone %d; %lu precise sums of %d\n",
		   run, SIM_TASKS, wrong, read_only_wrong, sums,
		   run * SIM_TASKS);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* The simulation is one that fools who only reads. */
	KUNIT_EXPECT_GT(test, read_only_wrong, 0);
	KUNIT_EXPECT_LT(test, sums, (unsigned long)run * SIM_TASKS);
}

static struct kunit_case oom_score_cases[] = {
	KUNIT_CASE(worked_example),
	KUNIT_CASE(adj_at_full_width),
	KUNIT_CASE(inherited_edges),
	KUNIT_CASE(fork_fades),
	KUNIT_CASE(tcb_discount),
	KUNIT_CASE(saturates),
	KUNIT_CASE(classes),
	KUNIT_CASE(scale_is_linuxs),
	KUNIT_CASE(terms_add_up),
	KUNIT_CASE(monotonic),
	KUNIT_CASE(scale_follows_order),
	KUNIT_CASE(knobs_off_is_linuxs_order),
	KUNIT_CASE(selection_by_bounds),
	{}
};

static struct kunit_suite oom_score_suite = {
	.name = "oom_score",
	.test_cases = oom_score_cases,
};

kunit_test_suite(oom_score_suite);

MODULE_DESCRIPTION("KUnit tests for the OOM score");
MODULE_LICENSE("GPL");
