// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for one OOM kill a shortage.
 */

#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/oom_look.h>
#include <linux/prandom.h>

#define START	(5 * NSEC_PER_SEC)

static void oom_look_test_hold(struct kunit *test)
{
	struct oom_shortage s = { .domain = 1 };

	/* What comes does not suffice, or just so. */
	KUNIT_EXPECT_FALSE(test, oom_shortage_hold(&s, 0, 1, START));
	KUNIT_EXPECT_FALSE(test, oom_shortage_hold(&s, 7, 8, START));
	KUNIT_EXPECT_FALSE(test, s.held);
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 8, 8, START));
	/* Until the second is over, whatever comes then. */
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 8, 8, START +
						  OOM_LOOK_HOLD_NS / 2));
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 8, 8, START +
						  OOM_LOOK_HOLD_NS - 1));
	KUNIT_EXPECT_FALSE(test, oom_shortage_hold(&s, U64_MAX, 8, START +
						   OOM_LOOK_HOLD_NS));
	KUNIT_EXPECT_FALSE(test, oom_shortage_hold(&s, U64_MAX, 8, START +
						   OOM_LOOK_HOLD_NS + 1));
	/* After a quiet time another second begins. */
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 8, 8, START +
						  OOM_LOOK_HOLD_NS + 1 +
						  OOM_LOOK_QUIET_NS));
}

static void oom_look_test_kill_ends_hold(struct kunit *test)
{
	struct oom_shortage s = { .domain = 1 };
	u64 episodes = 0, now = START;

	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 1, 1, now));
	now += OOM_LOOK_HOLD_NS / 2;
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 1, 1, now));
	now += OOM_LOOK_HOLD_NS / 2;
	KUNIT_EXPECT_FALSE(test, oom_shortage_hold(&s, 1, 1, now));
	oom_shortage_episode(&s, &episodes, now);
	/* The victim's memory is coming now. */
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 1, 1, now));
	KUNIT_EXPECT_TRUE(test, oom_shortage_hold(&s, 1, 1,
						  now + OOM_LOOK_HOLD_NS - 1));
}

static void oom_look_test_episode(struct kunit *test)
{
	struct oom_shortage a = { .domain = 1 }, b = { .domain = 2 };
	u64 episodes = 0, now = START;

	KUNIT_EXPECT_EQ(test, 1, oom_shortage_episode(&a, &episodes, now));
	KUNIT_EXPECT_EQ(test, 1, oom_shortage_episode(&a, &episodes, now));
	now += OOM_LOOK_QUIET_NS - 1;
	KUNIT_EXPECT_EQ(test, 1, oom_shortage_episode(&a, &episodes, now));
	/* Another domain's shortage is another one. */
	KUNIT_EXPECT_EQ(test, 2, oom_shortage_episode(&b, &episodes, now));
	KUNIT_EXPECT_EQ(test, 1, oom_shortage_episode(&a, &episodes, now));
	now += OOM_LOOK_QUIET_NS;
	KUNIT_EXPECT_EQ(test, 3, oom_shortage_episode(&a, &episodes, now));
	KUNIT_EXPECT_EQ(test, 4, oom_shortage_episode(&b, &episodes, now));
}

static void oom_look_test_find(struct kunit *test)
{
	struct oom_shortage known[3] = {}, *s;
	u64 episodes = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		s = oom_shortage_find(known, ARRAY_SIZE(known), 10 + i);
		KUNIT_ASSERT_EQ(test, 10 + i, s->domain);
		KUNIT_ASSERT_EQ(test, 0, s->episode);
		oom_shortage_episode(s, &episodes, START + i);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		s = oom_shortage_find(known, ARRAY_SIZE(known), 10 + i);
		KUNIT_ASSERT_EQ(test, i + 1, s->episode);
	}
	/* One whose kill is held up is not the oldest. */
	s = oom_shortage_find(known, ARRAY_SIZE(known), 10);
	oom_shortage_hold(s, 1, 1, START + 9);
	s = oom_shortage_find(known, ARRAY_SIZE(known), 20);
	KUNIT_EXPECT_EQ(test, 20, s->domain);
	KUNIT_EXPECT_EQ(test, 0, s->episode);
	KUNIT_EXPECT_FALSE(test, s->held);
	KUNIT_EXPECT_EQ(test, 1,
			oom_shortage_find(known, ARRAY_SIZE(known), 10)->episode);
	KUNIT_EXPECT_EQ(test, 3,
			oom_shortage_find(known, ARRAY_SIZE(known), 12)->episode);
}

/* Whatever comes and when: no kill is held up for longer than it may be. */
static void oom_look_test_bound(struct kunit *test)
{
	struct oom_shortage s = { .domain = 1 };
	u64 episodes = 0, now = START, since = 0, step;
	struct rnd_state rnd;
	bool holds = false;

	prandom_seed_state(&rnd, 24);
	for (int i = 0; i < 100000; i++) {
		u64 coming = prandom_u32_state(&rnd) % 4;
		u64 asked = 1ULL << prandom_u32_state(&rnd) % 3;
		bool held;

		step = prandom_u32_state(&rnd) % (OOM_LOOK_HOLD_NS / 4);
		now += step;
		held = oom_shortage_hold(&s, coming, asked, now);
		if (held) {
			KUNIT_ASSERT_GE(test, coming, asked);
			if (!holds)
				since = now;
			holds = true;
			KUNIT_ASSERT_LT(test, now - since, OOM_LOOK_HOLD_NS);
		} else if (prandom_u32_state(&rnd) % 2) {
			oom_shortage_episode(&s, &episodes, now);
			holds = false;
		} else {
			holds = false;
		}
	}
}

static void oom_look_test_stall(struct kunit *test)
{
	struct oom_stall s = {};
	u64 now = START;

	/* The first is called off, and more of them, a second long. */
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 7, now));
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 7, now));
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 7, now + OOM_LOOK_STALL_NS / 2));
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 7, now + OOM_LOOK_STALL_NS - 1));
	KUNIT_EXPECT_TRUE(test, oom_stall_over(&s, 7, now + OOM_LOOK_STALL_NS));
	/* After the kill another second begins, ... */
	now += OOM_LOOK_STALL_NS;
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 7, now));
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 7, now + OOM_LOOK_STALL_NS - 1));
	/* ... and whenever the task has got a page, ... */
	now += OOM_LOOK_STALL_NS;
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 8, now));
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 8, now + OOM_LOOK_STALL_NS - 1));
	/* ... and after a quiet time. */
	now += OOM_LOOK_STALL_NS - 1 + OOM_LOOK_QUIET_NS;
	KUNIT_EXPECT_FALSE(test, oom_stall_over(&s, 8, now));
}

/* However often and when: whoever gets nowhere has its kill in time. */
static void oom_look_test_stall_bound(struct kunit *test)
{
	u64 now = START, since = START;
	struct oom_stall s = {};
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 25);
	for (int i = 0; i < 100000; i++) {
		bool over = oom_stall_over(&s, 7, now);

		KUNIT_ASSERT_EQ(test, over, now - since >= OOM_LOOK_STALL_NS);
		if (over) {
			now += prandom_u32_state(&rnd) % OOM_LOOK_QUIET_NS;
			since = now;
		} else {
			now += prandom_u32_state(&rnd) % (OOM_LOOK_QUIET_NS / 4);
		}
	}
}

static struct kunit_case oom_look_test_cases[] = {
	KUNIT_CASE(oom_look_test_hold),
	KUNIT_CASE(oom_look_test_kill_ends_hold),
	KUNIT_CASE(oom_look_test_episode),
	KUNIT_CASE(oom_look_test_find),
	KUNIT_CASE(oom_look_test_bound),
	KUNIT_CASE(oom_look_test_stall),
	KUNIT_CASE(oom_look_test_stall_bound),
	{}
};

static struct kunit_suite oom_look_test_suite = {
	.name = "oom_look",
	.test_cases = oom_look_test_cases,
};

kunit_test_suite(oom_look_test_suite);
