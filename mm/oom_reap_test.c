// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the OOM reaper: what is made of a robust list's head, and the
 * decision about a victim, at its edges and as properties over random input.
 */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/oom_reap.h>
#include <linux/prandom.h>
#include <linux/time64.h>

#include "oom_reap.h"

#define RUNS		100000
#define SEED		0x72656170

#define HEAD		0x7f0012345678ULL

static void oom_reap_test_judge_list(struct kunit *test)
{
	/* Nothing registered: nothing else counts. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_NONE,
			oom_reap_judge_list(0, false, 0, 0));
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_NONE,
			oom_reap_judge_list(0, true, HEAD, HEAD));
	/* The head points to itself. Bit 0 says PI, and is no address. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_EMPTY,
			oom_reap_judge_list(HEAD, true, HEAD, 0));
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_EMPTY,
			oom_reap_judge_list(HEAD, true, HEAD | 1, 1));
	/* An entry, a pending operation, or both. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_HELD,
			oom_reap_judge_list(HEAD, true, HEAD + 8, 0));
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_HELD,
			oom_reap_judge_list(HEAD, true, HEAD, HEAD + 8));
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_HELD,
			oom_reap_judge_list(HEAD, true, HEAD + 8, HEAD + 9));
	/* A head of zeros is not an empty list: the walk would fault. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_HELD,
			oom_reap_judge_list(HEAD, true, 0, 0));
	/* Whatever was read before a part could not be. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_UNREADABLE,
			oom_reap_judge_list(HEAD, false, HEAD, 0));
	/* As wide as the word is: a 32-bit head never matches a wider one. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_EMPTY,
			oom_reap_judge_list(0xfffffff8, true, 0xfffffff8, 0));
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIST_HELD,
			oom_reap_judge_list(0xfffffff8, true,
					    0x1fffffff8ULL, 0));
}

struct decide_case {
	const char *what;
	struct oom_reap_input in;
	enum oom_reap_verdict verdict;
};

/* In the order of the enums: live, running, blocked; none, empty, held, ... */
static const struct decide_case decide_cases[] = {
	{ "freed by exit_mmap() before anything was looked at",
	  { .released = true }, OOM_REAP_DONE },
	{ "freed by exit_mmap() while it waited for a list",
	  { .released = true, .threads = { 0, 0, 1 },
	    .lists = { 0, 0, 1, 0 } }, OOM_REAP_DONE },
	{ "freed by exit_mmap() after it was reaped",
	  { .released = true, .reaped = true }, OOM_REAP_DONE },
	{ "exit_mmap() at work: help it, its lists are done",
	  { .exiting = true }, OOM_REAP_NOW },
	{ "no thread left, but somebody holds the mm",
	  { .age_ns = NSEC_PER_SEC }, OOM_REAP_NOW },
	{ "blocked, not fenced: its list may have been read too early",
	  { .threads = { 0, 0, 1 }, .lists = { 0, 1, 0, 0 } }, OOM_REAP_FENCE },
	{ "blocked, not fenced, holds: look again after the fence",
	  { .threads = { 0, 0, 1 }, .lists = { 0, 0, 1, 0 } }, OOM_REAP_FENCE },
	{ "blocked, fenced, holds nothing",
	  { .fenced = true, .threads = { 0, 0, 1 }, .lists = { 0, 1, 0, 0 } },
	  OOM_REAP_NOW },
	{ "on its way, fenced, holds nothing",
	  { .fenced = true, .threads = { 0, 3, 0 }, .lists = { 0, 3, 0, 0 } },
	  OOM_REAP_NOW },
	{ "no list at all",
	  { .fenced = true, .threads = { 0, 0, 1 } }, OOM_REAP_NOW },
	{ "one of many holds one",
	  { .fenced = true, .threads = { 0, 0, 9 }, .lists = { 0, 8, 1, 0 } },
	  OOM_REAP_WAIT },
	{ "one of many is swapped out",
	  { .fenced = true, .threads = { 0, 0, 9 }, .lists = { 0, 8, 0, 1 } },
	  OOM_REAP_WAIT },
	{ "live threads: no fence helps yet",
	  { .threads = { 1, 0, 2 } }, OOM_REAP_WAIT },
	{ "live threads, whatever was fenced",
	  { .fenced = true, .threads = { 1, 0, 0 } }, OOM_REAP_WAIT },
	{ "just before the deadline",
	  { .age_ns = OOM_REAP_DELAY_NS - 1, .fenced = true,
	    .threads = { 0, 0, 1 }, .lists = { 0, 0, 1, 0 } }, OOM_REAP_WAIT },
	{ "at the deadline: spare what it holds",
	  { .age_ns = OOM_REAP_DELAY_NS, .fenced = true,
	    .threads = { 0, 0, 1 }, .lists = { 0, 0, 1, 0 } }, OOM_REAP_SPARE },
	{ "at the deadline: spare what can't be read",
	  { .age_ns = OOM_REAP_DELAY_NS, .fenced = true,
	    .threads = { 0, 0, 1 }, .lists = { 0, 0, 0, 1 } }, OOM_REAP_SPARE },
	{ "at the deadline, live",
	  { .age_ns = OOM_REAP_DELAY_NS, .threads = { 1, 0, 0 } },
	  OOM_REAP_SPARE },
	{ "beyond it, but its lock was asked for too few times",
	  { .age_ns = 2 * OOM_REAP_LIMIT_NS, .fenced = true,
	    .late_tries = OOM_REAP_LATE_TRIES - 1, .threads = { 0, 0, 1 } },
	  OOM_REAP_NOW },
	{ "asked for often enough, but not for long enough",
	  { .age_ns = OOM_REAP_LIMIT_NS - 1, .fenced = true,
	    .late_tries = 1000, .threads = { 0, 0, 1 } }, OOM_REAP_NOW },
	{ "given up",
	  { .age_ns = OOM_REAP_LIMIT_NS, .fenced = true,
	    .late_tries = OOM_REAP_LATE_TRIES, .threads = { 0, 0, 1 } },
	  OOM_REAP_GIVE_UP },
	{ "reaped, on its way: it may give more",
	  { .reaped = true, .age_ns = NSEC_PER_SEC, .threads = { 0, 1, 5 } },
	  OOM_REAP_WAIT },
	{ "reaped, exit_mmap() at work",
	  { .reaped = true, .age_ns = NSEC_PER_SEC, .exiting = true },
	  OOM_REAP_WAIT },
	{ "reaped, asleep, but perhaps for a moment only",
	  { .reaped = true, .age_ns = OOM_REAP_STUCK_NS - 1,
	    .threads = { 0, 0, 1 } }, OOM_REAP_WAIT },
	{ "reaped, stuck",
	  { .reaped = true, .age_ns = OOM_REAP_STUCK_NS,
	    .threads = { 0, 0, 1 } }, OOM_REAP_HIDE },
	{ "reaped, busy in the kernel, gave something back just now",
	  { .reaped = true, .age_ns = 2 * OOM_REAP_DELAY_NS,
	    .idle_ns = OOM_REAP_IDLE_NS - 1, .threads = { 0, 1, 0 } },
	  OOM_REAP_WAIT },
	{ "reaped, busy in the kernel, gives nothing back",
	  { .reaped = true, .age_ns = OOM_REAP_IDLE_NS,
	    .idle_ns = OOM_REAP_IDLE_NS, .threads = { 0, 1, 0 } },
	  OOM_REAP_HIDE },
	{ "reaped, exit_mmap() gives nothing back",
	  { .reaped = true, .age_ns = OOM_REAP_IDLE_NS,
	    .idle_ns = OOM_REAP_IDLE_NS, .exiting = true }, OOM_REAP_HIDE },
	{ "reaped, and live for too long",
	  { .reaped = true, .age_ns = OOM_REAP_DELAY_NS,
	    .threads = { 1, 0, 0 } }, OOM_REAP_HIDE },
};

static void decide_case_name(const struct decide_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(decide, decide_cases, decide_case_name);

static void oom_reap_test_decide(struct kunit *test)
{
	const struct decide_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->verdict, oom_reap_decide(&c->in));
}

static u32 below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

static void random_input(struct rnd_state *rnd, struct oom_reap_input *in)
{
	static const u64 ages[] = {
		0, 1, OOM_REAP_STUCK_NS - 1, OOM_REAP_STUCK_NS, NSEC_PER_SEC,
		OOM_REAP_DELAY_NS - 1, OOM_REAP_DELAY_NS,
		OOM_REAP_LIMIT_NS - 1, OOM_REAP_LIMIT_NS, U64_MAX,
	};
	int i;

	*in = (struct oom_reap_input) {
		.age_ns = ages[below(rnd, ARRAY_SIZE(ages))],
		.idle_ns = ages[below(rnd, ARRAY_SIZE(ages))],
		.late_tries = below(rnd, 2 * OOM_REAP_LATE_TRIES),
		.exiting = below(rnd, 2),
		.released = !below(rnd, 8),
		.fenced = below(rnd, 2),
		.reaped = !below(rnd, 4),
	};
	for (i = 0; i < OOM_REAP_NR_THREAD; i++)
		in->threads[i] = below(rnd, 2) ? 0 : prandom_u32_state(rnd);
	for (i = 0; i < OOM_REAP_NR_LIST; i++)
		in->lists[i] = below(rnd, 2) ? 0 : prandom_u32_state(rnd);
}

/*
 * What the argument in mm/oom_reap_lists.c rests on, and that every victim comes to
 * an end.
 */
static void oom_reap_test_properties(struct kunit *test)
{
	struct rnd_state rnd;
	struct oom_reap_input in, then;
	int i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < RUNS; i++) {
		enum oom_reap_verdict verdict;
		bool users, listed, late, over;

		random_input(&rnd, &in);
		verdict = oom_reap_decide(&in);
		users = in.threads[OOM_REAP_THREAD_LIVE] ||
			in.threads[OOM_REAP_THREAD_RUNNING] ||
			in.threads[OOM_REAP_THREAD_BLOCKED];
		listed = in.lists[OOM_REAP_LIST_HELD] ||
			 in.lists[OOM_REAP_LIST_UNREADABLE];
		late = in.age_ns >= OOM_REAP_DELAY_NS;

		/* All is reaped only if no list can be in use. */
		if (verdict == OOM_REAP_NOW && users) {
			KUNIT_ASSERT_EQ(test, 0,
					in.threads[OOM_REAP_THREAD_LIVE]);
			KUNIT_ASSERT_TRUE(test, in.fenced);
			KUNIT_ASSERT_FALSE(test, listed);
		}
		/* Nobody is reaped twice, or after it freed all itself. */
		if (in.released || in.reaped) {
			KUNIT_ASSERT_NE(test, OOM_REAP_NOW, verdict);
			KUNIT_ASSERT_NE(test, OOM_REAP_SPARE, verdict);
			KUNIT_ASSERT_NE(test, OOM_REAP_FENCE, verdict);
		}
		/* Pages are spared only when the wait is over. */
		if (verdict == OOM_REAP_SPARE)
			KUNIT_ASSERT_TRUE(test, late);
		/* A fence brings it forward: it is not asked for again. */
		if (verdict == OOM_REAP_FENCE) {
			then = in;
			then.fenced = true;
			KUNIT_ASSERT_NE(test, OOM_REAP_FENCE,
					oom_reap_decide(&then));
		}
		/*
		 * The OOM killer is held up beyond the limit only by a victim
		 * that gives memory back.
		 */
		if (verdict == OOM_REAP_WAIT && late) {
			KUNIT_ASSERT_TRUE(test, in.reaped);
			KUNIT_ASSERT_LT(test, in.idle_ns, OOM_REAP_IDLE_NS);
		}
		then = in;
		then.age_ns = OOM_REAP_LIMIT_NS;
		then.idle_ns = OOM_REAP_IDLE_NS;
		then.late_tries = OOM_REAP_LATE_TRIES;
		verdict = oom_reap_decide(&then);
		over = verdict == OOM_REAP_DONE || verdict == OOM_REAP_HIDE ||
		       verdict == OOM_REAP_GIVE_UP;
		KUNIT_ASSERT_TRUE(test, over);
	}
}

/*
 * A victim's thread runs on a CPU that takes no interrupts: each fence fails. The
 * victim is given up in three seconds, and is not reaped as it is.
 */
static void oom_reap_test_stuck_cpu(struct kunit *test)
{
	const u64 step = 20 * NSEC_PER_MSEC;
	struct oom_reap_victim victim = {};
	struct oom_reap_input in = { .threads = { 0, 1, 0 } };
	enum oom_reap_verdict verdict;

	for (in.age_ns = 0; in.age_ns < 10 * OOM_REAP_LIMIT_NS;
	     in.age_ns += step) {
		in.late_tries = victim.late_tries;
		verdict = oom_reap_decide(&in);
		if (verdict != OOM_REAP_FENCE)
			break;
		oom_reap_vain(&victim, in.age_ns);
	}
	KUNIT_EXPECT_EQ(test, OOM_REAP_GIVE_UP, verdict);
	KUNIT_EXPECT_EQ(test, OOM_REAP_LIMIT_NS, in.age_ns);
	KUNIT_EXPECT_TRUE(test, victim.waited);

	/* What is tried in vain before the deadline does not count. */
	victim = (struct oom_reap_victim) {};
	oom_reap_vain(&victim, OOM_REAP_DELAY_NS - 1);
	KUNIT_EXPECT_EQ(test, 0, victim.late_tries);
	oom_reap_vain(&victim, OOM_REAP_DELAY_NS);
	KUNIT_EXPECT_EQ(test, 1, victim.late_tries);
}

static void oom_reap_test_parts(struct kunit *test)
{
	const unsigned long dense = OOM_REAP_FIRST;
	unsigned long part = OOM_REAP_PART;
	int steps = 0;

	/* Where there is memory: small parts, also after large ones. */
	KUNIT_EXPECT_EQ(test, OOM_REAP_PART, oom_reap_next_part(part, dense));
	KUNIT_EXPECT_EQ(test, OOM_REAP_PART, oom_reap_next_part(part, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, OOM_REAP_PART,
			oom_reap_next_part(256 * part, dense));
	KUNIT_EXPECT_EQ(test, 2 * OOM_REAP_PART,
			oom_reap_next_part(part, dense - 1));
	/* The largest address space is passed in a few steps, and nothing wraps. */
	for (; part < 1UL << (BITS_PER_LONG - 2); steps++) {
		KUNIT_ASSERT_GT(test, oom_reap_next_part(part, 0), part);
		part = oom_reap_next_part(part, 0);
		KUNIT_ASSERT_TRUE(test, is_power_of_2(part));
		KUNIT_ASSERT_LT(test, steps, BITS_PER_LONG);
	}
	KUNIT_EXPECT_EQ(test, part, oom_reap_next_part(part, 0));
	KUNIT_EXPECT_EQ(test, OOM_REAP_PART, oom_reap_next_part(part, dense));
}

/* The table against a list of all that was put in; what a hostile list can cost. */
static void oom_reap_test_spare(struct kunit *test)
{
	struct oom_reap_spared *spared;
	struct rnd_state rnd;
	unsigned int i, j;

	spared = kunit_kzalloc(test, sizeof(*spared), GFP_KERNEL);
	if (!spared)
		kunit_skip(test, "no memory");
	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < 20000; i++) {
		u64 addr = (u64)below(&rnd, 600) * PAGE_SIZE +
			   below(&rnd, PAGE_SIZE);
		bool room = spared->nr < OOM_REAP_SPARED, known = false;
		unsigned int nr = spared->nr;

		for (j = 0; j < nr; j++)
			known |= spared->pages[j] == (addr & PAGE_MASK);
		KUNIT_ASSERT_EQ(test, known || room,
				oom_reap_spare(spared, addr));
		KUNIT_ASSERT_EQ(test, nr + (!known && room), spared->nr);
	}
	KUNIT_EXPECT_EQ(test, OOM_REAP_SPARED, spared->nr);
	for (j = 1; j < spared->nr; j++)
		KUNIT_EXPECT_LT(test, spared->pages[j - 1], spared->pages[j]);
}

static struct kunit_case oom_reap_test_cases[] = {
	KUNIT_CASE(oom_reap_test_judge_list),
	KUNIT_CASE_PARAM(oom_reap_test_decide, decide_gen_params),
	KUNIT_CASE(oom_reap_test_properties),
	KUNIT_CASE(oom_reap_test_stuck_cpu),
	KUNIT_CASE(oom_reap_test_parts),
	KUNIT_CASE(oom_reap_test_spare),
	{}
};

static struct kunit_suite oom_reap_test_suite = {
	.name = "oom_reap",
	.test_cases = oom_reap_test_cases,
};

kunit_test_suite(oom_reap_test_suite);
