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
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/oom_score.h>
#include <linux/percpu_counter.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/timex.h>

#define RUNS		(IS_ENABLED(CONFIG_KASAN) ? 20000 : 100000)
#define SEED		0x6f6f6d73
#define LARGEST		OOM_SCORE_LARGEST

static const struct oom_score_policy defaults = {
	.parent_share = 125, .fork_weight = 50,
	.fork_window_ms = 10000, .tcb_discount = 30,
	.immune_limit = OOM_SCORE_PERMILLE,
};

static const struct oom_score_policy off = {
	.immune_limit = OOM_SCORE_PERMILLE,
};

static struct oom_score compute(const struct oom_score_input *in,
				const struct oom_score_policy *policy)
{
	struct oom_score score;

	oom_score_compute(in, policy, &score);
	return score;
}

static unsigned int oom_score_scale(const struct oom_score *score, u64 totalpages)
{
	return oom_score_show(score->class, score->points, totalpages);
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
		.immune_limit = below(rnd, 2) ? below(rnd, 1001) :
				OOM_SCORE_PERMILLE,
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

/* Up to the limit immune, above it a normal process with oom_score_adj 0. */
static void immune_limit(struct kunit *test)
{
	static const struct {
		unsigned int limit; u64 total, rss; bool immune;
	} cases[] = {
		{ 1000, 1000, 1000, true }, { 1000, 1000, 5000, true },
		{ 1000, 0, U64_MAX, true }, { 500, 1000, 500, true },
		{ 500, 1000, 501, false }, { 500, 1, 0, true }, { 500, 1, 1, false },
		{ 0, 1000, 0, true }, { 0, 1000, 1, false }, { 999, 999, 998, true },
		{ 999, 999, 999, false }, { 1, LARGEST, LARGEST / 1000, true },
		{ 1, LARGEST, LARGEST / 1000 + 1, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oom_score_policy policy = defaults;
		struct oom_score_input in = {
			.rss = cases[i].rss, .totalpages = cases[i].total,
			.oom_score_adj = OOM_SCORE_ADJ_MIN, .age_ms = 5000,
		};
		enum oom_class class = OOM_CLASS_NORMAL;
		struct oom_score score, normal;

		if (cases[i].immune)
			class = OOM_CLASS_IMMUNE;
		policy.immune_limit = cases[i].limit;
		score = compute(&in, &policy);
		in.oom_score_adj = 0;
		normal = compute(&in, &policy);
		KUNIT_EXPECT_EQ_MSG(test, (int)score.class, (int)class,
				    "case %u", i);
		if (cases[i].immune)
			KUNIT_EXPECT_EQ(test, oom_score_key(&score), LONG_MIN);
		else
			KUNIT_EXPECT_EQ_MSG(test, oom_score_key(&score),
					    oom_score_key(&normal), "case %u", i);
	}
}

/* Where nobody else is left: immune ones by points, and nobody else. */
static void last_resort(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_input a, b;
	struct oom_score sa, sb;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 10);
	for (run = 0; run < RUNS; run++) {
		random_input(&rnd, &a);
		random_policy(&rnd, &policy);
		policy.immune_limit = OOM_SCORE_PERMILLE;
		b = a;
		b.rss += some_pages(&rnd, LARGEST);
		a.oom_score_adj = OOM_SCORE_ADJ_MIN;
		b.oom_score_adj = OOM_SCORE_ADJ_MIN;
		sa = compute(&a, &policy);
		sb = compute(&b, &policy);
		if (oom_score_last_key(&sa) == LONG_MIN ||
		    oom_score_last_key(&sa) > oom_score_last_key(&sb))
			break;
		a.oom_score_adj = (short)below(&rnd, 2000) - 999;
		b.unkillable = "test";
		sa = compute(&a, &policy);
		sb = compute(&b, &policy);
		if (oom_score_last_key(&sa) != LONG_MIN ||
		    oom_score_last_key(&sb) != LONG_MIN)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
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
		/* -1000 is apart: with a limit it may count as 0. */
		if (in.oom_score_adj > OOM_SCORE_ADJ_MIN)
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

/* What is computed for /proc/PID/oom_score is what the terms add up to. */
static void own_and_share(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_input in;
	struct oom_score score;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 9);
	for (run = 0; run < RUNS; run++) {
		random_input(&rnd, &in);
		random_policy(&rnd, &policy);
		score = compute(&in, &policy);
		if (oom_score_own(in.rss + in.swap + in.pgtables, in.age_ms,
				  in.tcb, score.class == OOM_CLASS_NORMAL &&
				  in.oom_score_adj == OOM_SCORE_ADJ_MIN ? 0 :
				  in.oom_score_adj, in.totalpages, &policy) +
		    oom_score_share(in.parent, &policy) != score.points)
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

/* The bound of a selection is never below a score that it stands for. */
static void bounds_hold(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_rates rates;
	struct oom_score_input in;
	struct oom_score score;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 5);
	for (run = 0; run < RUNS; run++) {
		s64 bound, share;
		u64 memory;

		random_input(&rnd, &in);
		random_policy(&rnd, &policy);
		oom_score_rates(&policy, in.totalpages, &rates);
		score = compute(&in, &policy);
		memory = score.memory + some_pages(&rnd, LARGEST);
		share = oom_score_share_bound(in.parent + some_pages(&rnd, LARGEST),
					      &rates);
		if (in.oom_score_adj == OOM_SCORE_ADJ_MIN &&
		    !oom_score_immune(in.oom_score_adj, memory,
				      oom_score_immune_pages(&policy, in.totalpages)))
			in.oom_score_adj = 0;
		bound = oom_score_bound(memory, in.oom_score_adj, &rates);
		if (score.memory <= LARGEST &&
		    (share < score.inherited ||
		     bound + share < score.points ||
		     oom_score_rank(score.class, bound + share) <
		     oom_score_key(&score)))
			break;

		/* Nothing is left out but fading and the TCB's discount. */
		in.tcb = false;
		in.age_ms = 0;
		score = compute(&in, &policy);
		bound = oom_score_bound(score.memory, in.oom_score_adj, &rates) +
			oom_score_share_bound(in.parent, &rates);
		if (bound > score.points + (score.memory >> 8) +
			    (max(in.parent, 0) >> 8) + 16)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
}

/* At the largest machine nothing overflows. */
static void bounds_at_the_largest(struct kunit *test)
{
	const struct oom_score_policy policy = {
		.parent_share = 1000, .fork_weight = 1000, .fork_window_ms = 1,
		.immune_limit = OOM_SCORE_PERMILLE,
	};
	struct oom_score_rates rates;

	oom_score_rates(&policy, U64_MAX, &rates);
	KUNIT_EXPECT_EQ(test, oom_score_bound(U64_MAX, 1000, &rates),
			3 * (s64)LARGEST + 5);
	KUNIT_EXPECT_GE(test, oom_score_bound(U64_MAX, -1000, &rates),
			(s64)LARGEST);
	KUNIT_EXPECT_LE(test, oom_score_bound(0, -1000, &rates),
			-(s64)LARGEST + 5);
	KUNIT_EXPECT_GE(test, oom_score_bound(0, -1000, &rates),
			-(s64)LARGEST);
	KUNIT_EXPECT_EQ(test, oom_score_share_bound(3 * (s64)LARGEST + 5, &rates),
			3 * (s64)LARGEST + 5);
	KUNIT_EXPECT_EQ(test, oom_score_share_bound(-1, &rates), 0);
	KUNIT_EXPECT_EQ(test, oom_score_share_bound(S64_MIN, &rates), 0);

	oom_score_rates(&off, 0, &rates);
	KUNIT_EXPECT_EQ(test, oom_score_bound(5, 1000, &rates), 10);
	KUNIT_EXPECT_EQ(test, oom_score_share_bound(5, &rates), 0);
}

/* Volunteers before all, immune and unkillable never, whatever the points. */
static void class_before_points(struct kunit *test)
{
	struct oom_score_policy policy;
	struct oom_score_input a, b;
	struct oom_score sa, sb;
	struct rnd_state rnd;
	int run;

	prandom_seed_state(&rnd, SEED + 6);
	for (run = 0; run < RUNS; run++) {
		random_input(&rnd, &a);
		random_input(&rnd, &b);
		random_policy(&rnd, &policy);
		a.oom_score_adj = OOM_SCORE_ADJ_MAX;
		b.oom_score_adj = min_t(short, b.oom_score_adj, 999);
		sa = compute(&a, &policy);
		sb = compute(&b, &policy);
		if (oom_score_key(&sa) <= oom_score_key(&sb) ||
		    oom_score_scale(&sa, a.totalpages) <=
		    oom_score_scale(&sb, b.totalpages))
			break;
		b.oom_score_adj = OOM_SCORE_ADJ_MIN;
		policy.immune_limit = OOM_SCORE_PERMILLE;
		sb = compute(&b, &policy);
		a.unkillable = "test";
		sa = compute(&a, &policy);
		if (oom_score_key(&sb) != LONG_MIN ||
		    oom_score_key(&sa) != LONG_MIN)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, RUNS);
}

/* Have every CPU hold something back. */
static void leave_residues(struct percpu_counter *counter, struct rnd_state *rnd)
{
#ifdef CONFIG_SMP
	int cpu;

	for_each_online_cpu(cpu) {
		s32 *part = per_cpu_ptr(counter->counters, cpu);

		*part = (int)below(rnd, 64) - 32;
	}
#endif
}

/* The walk over four counters at once, against one after the other. */
static void sums_are_the_counters(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();
	cycles_t begin, one = ~0UL, four = ~0UL;
	s64 sums[NR_MM_COUNTERS], all;
	struct rnd_state rnd;
	int run, i;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	prandom_seed_state(&rnd, SEED + 7);
	for (run = 0; run < 100; run++) {
		for (i = 0; i < NR_MM_COUNTERS; i++) {
			percpu_counter_set(&mm->rss_stat[i],
					   some_pages(&rnd, 1000));
			leave_residues(&mm->rss_stat[i], &rnd);
		}
		begin = get_cycles();
		oom_score_sum_counters(mm, sums);
		one = min(one, get_cycles() - begin);
		begin = get_cycles();
		for (i = 0; i < NR_MM_COUNTERS; i++)
			if (sums[i] != percpu_counter_sum_positive(&mm->rss_stat[i]))
				break;
		four = min(four, get_cycles() - begin);
		if (i < NR_MM_COUNTERS)
			break;

		/* Without a lock: the same, while no counter is below 0. */
		all = 0;
		for (i = 0; i < NR_MM_COUNTERS; i++)
			all += sums[i];
		for (i = 0; i < NR_MM_COUNTERS; i++)
			if (percpu_counter_sum(&mm->rss_stat[i]) < 0)
				break;
		if (i == NR_MM_COUNTERS && oom_score_sum_unlocked(mm) != all)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, 100);
	/* Instructions, in a guest that counts them. */
	kunit_info(test, "%u CPUs: cycles of one walk %llu, of four sums %llu\n",
		   num_online_cpus(), (u64)one, (u64)four);
	for (i = 0; i < NR_MM_COUNTERS; i++)
		percpu_counter_set(&mm->rss_stat[i], 0);
	mmput(mm);
}

/*
 * A selection as mm/oom_score_task.c makes it, on a machine of 256 CPUs and
 * 1 TiB, over counters of which every CPU holds back as much as it can, against
 * one that sums all precisely.
 */
#define SIM_CPUS	256
#define SIM_BATCH	(2 * SIM_CPUS)
#define SIM_SLACK	((u64)NR_MM_COUNTERS * SIM_BATCH * (SIM_CPUS + 1))
#define SIM_TOTAL	BIT_ULL(28)
#define SIM_LARGEST	100000

static unsigned int populations = 500;
module_param(populations, uint, 0444);
MODULE_PARM_DESC(populations, "populations of 100 tasks to select a victim from, 100000 for a night's run");

struct sim_task {
	struct oom_score_input in;	/* precise */
	u64 read;			/* what reads of rss and swap show */
	u64 entries;			/* of page tables */
	u64 mapped;
	int parent;
	long bound;
};

struct sim_result {
	int victim;
	unsigned int sums;
	bool second;
	int last, parent;		/* what was summed just now */
};

enum sim_kind {
	SIM_SPREAD,	/* sizes of all magnitudes, up to 1 to 64 GiB */
	SIM_SMALL,	/* one of 8 GiB; others of 64 MiB, a quarter resident */
	SIM_SERVICES,	/* up to 1 GiB, below the error of a read; much mapped */
	SIM_ALIKE,	/* all of about 100 MiB, all the same to a read */
	NR_SIM_KINDS,
};

static const char * const sim_kinds[] = { "spread", "small", "services", "alike" };

static void sim_population(struct rnd_state *rnd, enum sim_kind kind,
			   struct sim_task *tasks, int nr)
{
	/* Up to a batch less one on each CPU for each counter, either way. */
	const u64 held = (u64)NR_MM_COUNTERS * (SIM_BATCH - 1) * SIM_CPUS;
	/* Some populations have no oom_score_adj, some have equal sizes. */
	bool adjusted = below(rnd, 2), rounded = below(rnd, 4) == 0;
	unsigned int scale = 18 + below(rnd, 7);
	int i;

	for (i = 0; i < nr; i++) {
		struct sim_task *task = &tasks[i];
		u64 residue = below(rnd, 2) ? held : below(rnd, held + 1);
		u64 pages, mapped, tables;

		switch (kind) {
		case SIM_SPREAD:
			pages = some_pages(rnd, 1 << scale);
			if (rounded)
				pages = round_up(pages, 1 << (scale - 3));
			mapped = pages * (1 + below(rnd, 4));
			break;
		case SIM_SMALL:
			pages = 1 + below(rnd, 4096);
			mapped = 16384;
			break;
		case SIM_SERVICES:
			pages = 256 + (below(rnd, 1 << 18) >> below(rnd, 8));
			mapped = pages + below(rnd, 1 << 24);
			break;
		default:
			pages = 25000 + below(rnd, 1000);
			mapped = pages + below(rnd, 1 << 18);
			break;
		}
		task->in = (struct oom_score_input) {
			.rss = pages,
			.swap = below(rnd, 4) ? 0 : pages / 8,
			.age_ms = below(rnd, 20000),
			.totalpages = SIM_TOTAL,
			.tcb = below(rnd, 4) == 0,
		};
		if (kind == SIM_SPREAD && adjusted && below(rnd, 10) == 0)
			task->in.oom_score_adj = (short)below(rnd, 2001) - 1000;
		pages += task->in.swap;
		/* Tables are full, or down to a quarter of that. */
		tables = DIV_ROUND_UP(pages, PTRS_PER_PTE) * (1 + below(rnd, 4));
		task->in.pgtables = tables + 3;
		task->entries = task->in.pgtables * PTRS_PER_PTE + 2048;
		task->mapped = mapped + task->in.swap + 2048;
		task->read = below(rnd, 2) ? pages + residue :
			     pages - min(residue, pages);
		/* Some have children, most do not. */
		task->parent = i && below(rnd, 2) ? (int)below(rnd, i) / 8 : -1;
	}
	if (kind == SIM_SMALL) {
		i = below(rnd, nr);
		tasks[i].in.rss = BIT(21);
		tasks[i].read = tasks[i].in.rss + tasks[i].in.swap;
		tasks[i].mapped = BIT(22);
		tasks[i].in.pgtables = BIT(12) + 3;
		tasks[i].entries = tasks[i].in.pgtables * PTRS_PER_PTE + 2048;
	}
}

static u64 sim_most(const struct sim_task *task);

/* The class that a bound has: an immune one could have too much. */
static enum oom_class sim_class(const struct sim_task *task,
				const struct oom_score_policy *policy)
{
	struct oom_score_input in = task->in;
	struct oom_score score;

	in.rss = sim_most(task);
	in.swap = 0;
	score = compute(&in, policy);
	return score.class;
}

/* With @memory in place of what it has precisely, if that is not 0. */
static struct oom_score sim_score(const struct sim_task *tasks, int i,
				  u64 memory,
				  const struct oom_score_policy *policy)
{
	struct oom_score_input in = tasks[i].in;

	if (memory) {
		in.rss = memory;
		in.swap = 0;
	}
	return compute(&in, policy);
}

static u64 sim_most(const struct sim_task *task)
{
	return min(task->read + SIM_SLACK, task->entries);
}

static long sim_key(struct sim_task *tasks, int i, bool precise,
		    const struct oom_score_policy *policy)
{
	int parent = tasks[i].parent;
	struct oom_score score;

	tasks[i].in.parent = 0;
	if (parent >= 0) {
		tasks[parent].in.parent = 0;
		score = sim_score(tasks, parent, precise ? 0 :
				  min(sim_most(&tasks[parent]),
				      tasks[parent].mapped), policy);
		tasks[i].in.parent = score.points;
	}
	score = sim_score(tasks, i, precise ? 0 :
			  min(sim_most(&tasks[i]), tasks[i].mapped), policy);
	return oom_score_key(&score);
}

/* The same, precise, and what has to be summed for it. */
static long sim_sum(struct sim_task *tasks, int i,
		    const struct oom_score_policy *policy,
		    struct sim_result *result)
{
	int parent = tasks[i].parent;

	result->sums++;
	if (parent >= 0 && parent != result->parent &&
	    parent != result->last)
		result->sums++;
	if (parent >= 0)
		result->parent = parent;
	result->last = i;
	return sim_key(tasks, i, true, policy);
}

static s64 sim_bound(const struct sim_task *task,
		     const struct oom_score_policy *policy,
		     const struct oom_score_rates *rates)
{
	short adj = task->in.oom_score_adj;

	if (adj == OOM_SCORE_ADJ_MIN &&
	    sim_class(task, policy) == OOM_CLASS_NORMAL)
		adj = 0;
	return oom_score_bound(sim_most(task) + task->in.pgtables, adj, rates);
}

/* All precise: what the kernel should choose; of equal ones the last. */
static int sim_oracle(struct sim_task *tasks, int nr,
		      const struct oom_score_policy *policy)
{
	long key, best = LONG_MIN;
	int i, victim = -1;

	for (i = 0; i < nr; i++) {
		key = sim_key(tasks, i, true, policy);
		if (key != LONG_MIN && key >= best) {
			best = key;
			victim = i;
		}
	}
	return victim;
}

/* By reads alone, as Linux 6.12 does. */
static int sim_by_reads(struct sim_task *tasks, int nr,
			const struct oom_score_policy *policy)
{
	long key, best = LONG_MIN;
	int i, victim = -1;

	for (i = 0; i < nr; i++) {
		struct oom_score score = sim_score(tasks, i, tasks[i].read,
						   policy);

		key = oom_score_key(&score);
		if (key != LONG_MIN && key >= best) {
			best = key;
			victim = i;
		}
	}
	return victim;
}

static void sim_select(struct sim_task *tasks, int nr,
		       const struct oom_score_policy *policy,
		       struct sim_result *result)
{
	int runners[OOM_SCORE_RUNNERS], nr_runners = 0, i, j;
	long threshold = LONG_MIN, best = LONG_MIN, key;
	struct oom_score_rates rates;

	oom_score_rates(policy, SIM_TOTAL, &rates);
	*result = (struct sim_result) { .victim = -1, .last = -1, .parent = -1 };
	for (i = 0; i < nr; i++) {
		s64 inherited = 0;

		if (sim_class(&tasks[i], policy) < OOM_CLASS_NORMAL) {
			tasks[i].bound = LONG_MIN;
			continue;
		}
		if (tasks[i].parent >= 0)
			inherited = oom_score_share_bound(sim_bound(&tasks[tasks[i].parent],
								    policy, &rates),
							  &rates);
		tasks[i].bound = oom_score_rank(sim_class(&tasks[i], policy),
						sim_bound(&tasks[i], policy,
							  &rates) +
						inherited);
		if (tasks[i].bound <= threshold)
			continue;
		if (nr_runners == OOM_SCORE_RUNNERS)
			nr_runners--;
		for (j = nr_runners++; j > 0 &&
		     tasks[runners[j - 1]].bound < tasks[i].bound; j--)
			runners[j] = runners[j - 1];
		runners[j] = i;
		if (nr_runners == OOM_SCORE_RUNNERS)
			threshold = tasks[runners[nr_runners - 1]].bound;
	}
	for (j = 0; j < nr_runners; j++) {
		i = runners[j];
		key = sim_sum(tasks, i, policy, result);
		if (key > best || (key == best && i > result->victim)) {
			best = key;
			result->victim = i;
		}
	}
	if (nr_runners < OOM_SCORE_RUNNERS || threshold < best)
		return;

	result->second = true;
	for (i = 0; i < nr; i++) {
		if (tasks[i].bound == LONG_MIN || tasks[i].bound < best)
			continue;
		if (sim_key(tasks, i, false, policy) < best)
			continue;
		key = sim_sum(tasks, i, policy, result);
		if (key >= best) {
			best = key;
			result->victim = i;
		}
	}
}

static void sim_runs(struct kunit *test, struct sim_task *tasks, int nr,
		     enum sim_kind kind, int runs)
{
	unsigned long sums = 0, second = 0;
	int run, wrong = 0, by_reads = 0;
	struct oom_score_policy policy;
	struct sim_result result;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, SEED + 4 + nr * NR_SIM_KINDS + kind);
	for (run = 0; run < runs; run++) {
		int right;

		policy = defaults;
		if (kind == SIM_SPREAD && run & 1)
			random_policy(&rnd, &policy);
		sim_population(&rnd, kind, tasks, nr);
		right = sim_oracle(tasks, nr, &policy);
		sim_select(tasks, nr, &policy, &result);
		wrong += result.victim != right;
		by_reads += sim_by_reads(tasks, nr, &policy) != right;
		sums += result.sums;
		second += result.second;
		cond_resched();
	}
	kunit_info(test, "%d populations of %d, %s: %d wrong, by reads alone %d; precise sums: %lu.%02lu on average; %lu second passes\n",
		   runs, nr, sim_kinds[kind], wrong, by_reads, sums / runs,
		   sums % runs * 100 / runs, second);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* The simulation is one that fools who only reads. */
	if (kind != SIM_SMALL && runs >= 10)
		KUNIT_EXPECT_GT(test, by_reads, 0);
	/* Whoever sums them all walks over the CPUs four times for each. */
	if (kind == SIM_SERVICES)
		KUNIT_EXPECT_LE(test, sums, (unsigned long)runs * nr * 4 / 10);
	/* One for each runner, one for its parent. */
	if (kind == SIM_SMALL)
		KUNIT_EXPECT_LE(test, sums,
				(unsigned long)runs * 2 * OOM_SCORE_RUNNERS);
}

static void selection_by_bounds(struct kunit *test)
{
	struct sim_task *tasks;
	int kind, nr;

	tasks = kvcalloc(SIM_LARGEST, sizeof(*tasks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tasks);
	for (kind = 0; kind < NR_SIM_KINDS; kind++)
		for (nr = 100; nr <= SIM_LARGEST; nr *= 10)
			sim_runs(test, tasks, nr, kind,
				 max(populations * 100 / nr /
				     (kind == SIM_SPREAD ? 1 : 10), 1U));
	kvfree(tasks);
}

/* However many CPUs, the sums read no more lines than they may. */
static void sums_end(struct kunit *test)
{
	static const unsigned int cpus[] = { 1, 2, 8, 64, 256, 1024, 8192 };
	unsigned int lines = 4U << 20, i, most, last = UINT_MAX;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		most = oom_score_sums_max(lines, cpus[i]);
		KUNIT_EXPECT_LE(test, (u64)most * cpus[i], (u64)lines);
		KUNIT_EXPECT_LT(test, most, last);
		/* Not so few that a usual machine would ever meet the end. */
		KUNIT_EXPECT_GE(test, (u64)most * cpus[i], (u64)lines / 17);
		last = most;
	}
	KUNIT_EXPECT_EQ(test, oom_score_sums_max(lines, 256), 15420);
	KUNIT_EXPECT_EQ(test, oom_score_sums_max(lines, 8), 174762);
	KUNIT_EXPECT_EQ(test, oom_score_sums_max(0, 1), 0);
	KUNIT_EXPECT_GT(test, oom_score_sums_max(UINT_MAX, UINT_MAX - 16), 0);
}

static struct kunit_case oom_score_cases[] = {
	KUNIT_CASE(worked_example),
	KUNIT_CASE(adj_at_full_width),
	KUNIT_CASE(inherited_edges),
	KUNIT_CASE(fork_fades),
	KUNIT_CASE(tcb_discount),
	KUNIT_CASE(saturates),
	KUNIT_CASE(classes),
	KUNIT_CASE(immune_limit),
	KUNIT_CASE(last_resort),
	KUNIT_CASE(scale_is_linuxs),
	KUNIT_CASE(terms_add_up),
	KUNIT_CASE(monotonic),
	KUNIT_CASE(own_and_share),
	KUNIT_CASE(scale_follows_order),
	KUNIT_CASE(knobs_off_is_linuxs_order),
	KUNIT_CASE(bounds_hold),
	KUNIT_CASE(bounds_at_the_largest),
	KUNIT_CASE(class_before_points),
	KUNIT_CASE(sums_are_the_counters),
	KUNIT_CASE(selection_by_bounds),
	KUNIT_CASE(sums_end),
	{}
};

static struct kunit_suite oom_score_suite = {
	.name = "oom_score",
	.test_cases = oom_score_cases,
};

kunit_test_suite(oom_score_suite);

MODULE_DESCRIPTION("KUnit tests for the OOM score");
MODULE_LICENSE("GPL");
