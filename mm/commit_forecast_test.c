// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the forecast of promised memory: the arithmetic at its edges
 * and as properties over random input, the smoothing of rates against the
 * exponential that it stands for, what is accepted as a trigger, and when a
 * trigger reports.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/commit_forecast.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/string.h>

#define RUNS		100000
#define SEED		0x636f6d6d
/* 16 EiB of 4 kB pages */
#define LARGEST		BIT_ULL(52)
#define MS		((u64)NSEC_PER_MSEC)

static u64 wide(struct rnd_state *rnd)
{
	return (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
}

/* Numbers of all magnitudes, so that small and large ones meet. */
static u64 some(struct rnd_state *rnd, u64 max)
{
	u64 rest;

	div64_u64_rem(wide(rnd), max + 1, &rest);
	return rest >> (prandom_u32_state(rnd) % 53);
}

/* Scaled pages a second. */
static s64 rate_of(u64 pages)
{
	return pages * COMMIT_RATE_SCALE;
}

static void outstanding_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, commit_outstanding(0, 0), 0);
	KUNIT_EXPECT_EQ(test, commit_outstanding(5, 3), 2);
	KUNIT_EXPECT_EQ(test, commit_outstanding(3, 5), 0);
	KUNIT_EXPECT_EQ(test, commit_outstanding(U64_MAX, 0), U64_MAX);
	KUNIT_EXPECT_EQ(test, commit_outstanding(0, U64_MAX), 0);
}

static void coverage_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, commit_coverage(0, 0), 100);
	KUNIT_EXPECT_EQ(test, commit_coverage(7, 0), 100);
	KUNIT_EXPECT_EQ(test, commit_coverage(0, 1), 0);
	KUNIT_EXPECT_EQ(test, commit_coverage(1, 2), 50);
	KUNIT_EXPECT_EQ(test, commit_coverage(2, 3), 66);
	KUNIT_EXPECT_EQ(test, commit_coverage(999, 1000), 99);
	KUNIT_EXPECT_EQ(test, commit_coverage(1000, 1000), 100);
	KUNIT_EXPECT_EQ(test, commit_coverage(1001, 1000), 100);
	/* Where 100 * available has no room. */
	KUNIT_EXPECT_EQ(test, commit_coverage(U64_MAX / 2, U64_MAX), 49);
	KUNIT_EXPECT_EQ(test, commit_coverage(U64_MAX - 1, U64_MAX), 99);
	KUNIT_EXPECT_EQ(test, commit_coverage(U64_MAX, U64_MAX), 100);
}

static void exhaustion_test(struct kunit *test)
{
	/* What is outstanding bounds what can still be paid. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 0, 0, 0), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(99, 100, rate_of(50), 0), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(100, 100, rate_of(50), 0), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(101, 100, rate_of(50), 0), 2);
	/* Rounded down: rather early than late. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(200, 100, rate_of(51), 0), 1);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(200, 100, rate_of(101), 0), 0);
	/* Nothing is being paid, or memory comes back. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(200, 100, 0, 0), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(200, 100, -1, 0), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(200, 100, S64_MIN, 0), COMMIT_NEVER);
	/* It is exhausted, whatever the rate. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(1, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(1, 0, -1, 0), 0);
	/* Saturation: no product overflows, no quotient divides by 0. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(U64_MAX, 1, S64_MAX, 0), 0);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(U64_MAX, U64_MAX - 1, 1, 0), U64_MAX - 1);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(U64_MAX, U64_MAX - 1, rate_of(2), 0),
			U64_MAX / 2);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(LARGEST, LARGEST - 1, 1, 0),
			(LARGEST - 1) * COMMIT_RATE_SCALE);
}

static void trend_test(struct kunit *test)
{
	/* A leak: promised as it is paid; 10 s, but "never" without growth. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(5, 1000, rate_of(100), rate_of(100)), 10);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(5, 1000, rate_of(100), 0), COMMIT_NEVER);
	/* One that never has anything outstanding, such as a growing tmpfs. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 1000, rate_of(100), rate_of(100)), 10);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 1000, rate_of(100), rate_of(200)), 10);
	/* Half of what is paid is new: 500 in the 10 s, and 500 that are owed. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(501, 1000, rate_of(100), rate_of(50)), 10);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(500, 1000, rate_of(100), rate_of(50)), 10);
	/* Less is owed: it is paid before, and then what is new counts alone. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(400, 1000, rate_of(100), rate_of(50)), 12);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 1000, rate_of(100), rate_of(50)), 20);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 1000, rate_of(100), rate_of(1)), 1000);
	/* Promises that are given back do not lower the bound. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(1001, 1000, rate_of(100), -rate_of(500)), 10);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(1000, 1000, rate_of(100), S64_MIN),
			COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(1, 1000, 0, S64_MAX), COMMIT_NEVER);
	/* Nothing is left, and more is about to be used. */
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 0, rate_of(1), rate_of(1)), 0);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 0, rate_of(2), rate_of(1)), 0);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 0, rate_of(1), 0), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, 0, 0, rate_of(1)), COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, U64_MAX, S64_MAX, S64_MAX - 1),
			2 * COMMIT_RATE_SCALE);
	KUNIT_EXPECT_EQ(test, commit_exhaustion(0, U64_MAX, S64_MAX, 1), U64_MAX);
}

static void exhaustion_properties(struct kunit *test)
{
	u64 outstanding, available, seconds;
	struct rnd_state rnd;
	s64 rate, growth;
	int i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < RUNS; i++) {
		outstanding = some(&rnd, LARGEST);
		available = some(&rnd, LARGEST) + 1;
		rate = (s64)some(&rnd, LARGEST) + 1;
		growth = (s64)some(&rnd, LARGEST);

		seconds = commit_exhaustion(outstanding, available, rate, 0);
		KUNIT_ASSERT_EQ(test, seconds == COMMIT_NEVER,
				outstanding <= available);
		/* By then it has been paid out, and not a second before. */
		if (seconds != COMMIT_NEVER) {
			KUNIT_ASSERT_LE(test, mul_u64_u64_div_u64(seconds, rate,
								  COMMIT_RATE_SCALE),
					available);
			KUNIT_ASSERT_GE(test, mul_u64_u64_div_u64(seconds + 1, rate,
								  COMMIT_RATE_SCALE),
					available);
		}
		/* More outstanding, or more to come, is never better. */
		KUNIT_ASSERT_LE(test, commit_exhaustion(outstanding + 1, available,
							rate, 0), seconds);
		KUNIT_ASSERT_LE(test, commit_exhaustion(outstanding, available,
							rate, growth), seconds);
		KUNIT_ASSERT_LE(test, commit_exhaustion(outstanding + 1, available,
							rate, growth),
				commit_exhaustion(outstanding, available, rate, growth));
		/* As continuous as it is: a little less growth, a little later. */
		KUNIT_ASSERT_GE(test, commit_exhaustion(outstanding, available, rate,
							growth),
				commit_exhaustion(outstanding, available, rate,
						  growth + 1));
		/* More available, or a lower rate, never worse. */
		KUNIT_ASSERT_GE(test, commit_exhaustion(outstanding, available + 1,
							rate, 0), seconds);
		KUNIT_ASSERT_GE(test, commit_exhaustion(outstanding, available,
							rate - 1, 0), seconds);
		KUNIT_ASSERT_EQ(test, commit_coverage(available, outstanding) == 100,
				outstanding <= available);
	}
}

/* Samples each @ms milliseconds of promises that are paid, @pages each. */
static void pay(struct commit_forecast *forecast, struct commit_amounts *amounts,
		u64 *now, int samples, u64 ms, s64 pages)
{
	while (samples--) {
		*now += ms * MS;
		amounts->payment += pages;
		amounts->used += pages;
		commit_forecast_sample(forecast, amounts, *now);
	}
}

/* The same of memory that was not promised before. */
static void leak(struct commit_forecast *forecast, struct commit_amounts *amounts,
		 u64 *now, int samples, u64 ms, s64 pages)
{
	while (samples--) {
		*now += ms * MS;
		amounts->used += pages;
		commit_forecast_sample(forecast, amounts, *now);
	}
}

static void rate_follows(struct kunit *test)
{
	struct commit_amounts amounts = { .promise = 100000, .available = 100000 };
	struct commit_forecast forecast = {};
	u64 now = 12345 * MS;

	/* The first sample teaches no rate. */
	amounts.payment = 5000;
	amounts.used = 5000;
	commit_forecast_sample(&forecast, &amounts, now);
	KUNIT_EXPECT_EQ(test, forecast.rate, 0);
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);

	/* The example of mm/commit_forecast.c, in per cent. */
	pay(&forecast, &amounts, &now, 10, 100, 10);
	KUNIT_EXPECT_EQ(test, forecast.rate / COMMIT_RATE_SCALE, 38);
	pay(&forecast, &amounts, &now, 20, 100, 10);
	KUNIT_EXPECT_EQ(test, forecast.rate / COMMIT_RATE_SCALE, 76);
	pay(&forecast, &amounts, &now, 20, 100, 10);
	KUNIT_EXPECT_EQ(test, forecast.rate / COMMIT_RATE_SCALE, 91);
	pay(&forecast, &amounts, &now, 400, 100, 10);
	KUNIT_EXPECT_GE(test, forecast.rate, rate_of(99));
	KUNIT_EXPECT_LE(test, forecast.rate, rate_of(100));
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);

	/* It falls when the paying stops, down to nothing. */
	pay(&forecast, &amounts, &now, 10, 100, 0);
	KUNIT_EXPECT_EQ(test, forecast.rate / COMMIT_RATE_SCALE, 61);
	pay(&forecast, &amounts, &now, 1000, 100, 0);
	KUNIT_EXPECT_EQ(test, forecast.rate, 0);

	/* Memory that comes back makes it negative. */
	pay(&forecast, &amounts, &now, 1, 100, -100);
	KUNIT_EXPECT_LT(test, forecast.rate, 0);
}

static void rate_takes_any_distance(struct kunit *test)
{
	struct commit_amounts amounts = { .promise = 1000 };
	struct commit_forecast forecast = {};
	u64 now = 0;

	commit_forecast_sample(&forecast, &amounts, now);
	/* Long after the last sample it is the mean. */
	pay(&forecast, &amounts, &now, 1, 2000000, 100 * 2000);
	KUNIT_EXPECT_EQ(test, forecast.rate / COMMIT_RATE_SCALE, 99);

	/* Too near: ignored, and the page is not lost. */
	pay(&forecast, &amounts, &now, 1, COMMIT_SAMPLE_MIN_MS - 1, 1000000);
	KUNIT_EXPECT_EQ(test, forecast.rate / COMMIT_RATE_SCALE, 99);
	pay(&forecast, &amounts, &now, 1, 1, 0);
	KUNIT_EXPECT_GT(test, forecast.rate, rate_of(400000));

	/* Before the last one: ignored. */
	amounts.used = 0;
	commit_forecast_sample(&forecast, &amounts, 5 * MS);
	KUNIT_EXPECT_GT(test, forecast.rate, rate_of(400000));
}

/* Parts of milliseconds must not add up: 3000 samples in 30.0029 s. */
static void rate_keeps_fractions(struct kunit *test)
{
	struct commit_amounts amounts = { .promise = 1000 };
	struct commit_forecast forecast = {};
	u64 now = 0;
	int i;

	commit_forecast_sample(&forecast, &amounts, now);
	for (i = 0; i < 3000; i++) {
		now += 19 * MS + 999999;
		amounts.used += 2;
		commit_forecast_sample(&forecast, &amounts, now);
	}
	KUNIT_EXPECT_GE(test, forecast.rate, rate_of(100) - rate_of(1) / 2);
	KUNIT_EXPECT_LE(test, forecast.rate, rate_of(100) + rate_of(1) / 2);
}

static void rate_saturates(struct kunit *test)
{
	struct commit_amounts amounts = {};
	struct commit_forecast forecast = {};
	struct commit_outlook outlook;
	struct rnd_state rnd;
	u64 now = 0;
	int i;

	commit_forecast_sample(&forecast, &amounts, now);
	amounts = (struct commit_amounts) { U64_MAX, 0, U64_MAX, U64_MAX };
	commit_forecast_sample(&forecast, &amounts, 100 * MS);
	KUNIT_EXPECT_GT(test, forecast.rate, 0);
	KUNIT_EXPECT_EQ(test, forecast.claim, U64_MAX);
	/* 584 years of nothing. */
	commit_forecast_sample(&forecast, &amounts, U64_MAX);
	KUNIT_EXPECT_LT(test, forecast.rate, rate_of(1000));

	/* As fast as it goes, for long. */
	forecast = (struct commit_forecast) {};
	amounts = (struct commit_amounts) {};
	for (i = 0; i < 1000; i++) {
		now += COMMIT_SAMPLE_MIN_MS * MS;
		amounts.used += BIT_ULL(45);
		commit_forecast_sample(&forecast, &amounts, now);
		KUNIT_ASSERT_GE(test, forecast.rate, i ? 1 : 0);
		KUNIT_ASSERT_LE(test, forecast.rate, (s64)BIT_ULL(50));
	}
	KUNIT_EXPECT_EQ(test, forecast.rate, (s64)BIT_ULL(50));
	KUNIT_EXPECT_GT(test, forecast.growth, 0);

	now = 0;
	prandom_seed_state(&rnd, SEED);
	forecast = (struct commit_forecast) {};
	for (i = 0; i < RUNS; i++) {
		now += some(&rnd, BIT_ULL(45));
		amounts.promise = wide(&rnd);
		amounts.payment = wide(&rnd);
		amounts.used = wide(&rnd);
		amounts.available = wide(&rnd);
		commit_forecast_sample(&forecast, &amounts, now);
		KUNIT_ASSERT_LE(test, forecast.rate, (s64)BIT_ULL(50));
		KUNIT_ASSERT_GE(test, forecast.rate, -(s64)BIT_ULL(50));
		KUNIT_ASSERT_LE(test, forecast.growth, (s64)BIT_ULL(50));
		KUNIT_ASSERT_GE(test, forecast.growth, -(s64)BIT_ULL(50));
		KUNIT_ASSERT_LT(test, now - forecast.step_time,
				COMMIT_STEP_NS + COMMIT_SAMPLE_MIN_MS * MS);
		commit_forecast_outlook(&forecast, &amounts, &outlook);
		KUNIT_ASSERT_LE(test, outlook.coverage, 100);
		KUNIT_ASSERT_LE(test, outlook.trend, outlook.exhaustion);
	}
}

static void outlook_test(struct kunit *test)
{
	struct commit_forecast forecast = {
		.rate = rate_of(10), .growth = rate_of(10), .begun = true,
	};
	struct commit_amounts amounts = {
		.promise = 900, .payment = 500, .used = 550, .available = 300,
	};
	struct commit_outlook outlook;

	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.available, 300);
	KUNIT_EXPECT_EQ(test, outlook.outstanding, 400);
	KUNIT_EXPECT_EQ(test, outlook.coverage, 75);
	KUNIT_EXPECT_EQ(test, outlook.exhaustion, 30);
	KUNIT_EXPECT_EQ(test, outlook.trend, 30);

	amounts.payment = 800;
	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.coverage, 100);
	KUNIT_EXPECT_EQ(test, outlook.exhaustion, COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, outlook.trend, 30);

	/* A leak that is uneven is one all the same. */
	amounts.payment = 890;
	forecast.growth = rate_of(9);
	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.trend, 32);
	forecast.growth = rate_of(5);
	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.trend, 58);
	forecast.growth = -rate_of(9);
	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.trend, COMMIT_NEVER);
}

/* What is paid of a promise is no new claim, and one step no growth. */
static void growth_is_what_goes_on(struct kunit *test)
{
	struct commit_amounts amounts = { .promise = 1000, .available = 10000 };
	struct commit_forecast forecast = {};
	u64 now = 99 * MS;

	commit_forecast_sample(&forecast, &amounts, now);
	KUNIT_EXPECT_EQ(test, forecast.claim, 1000);
	pay(&forecast, &amounts, &now, 50, 100, 10);
	KUNIT_EXPECT_EQ(test, forecast.claim, 1000);
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);

	/* A large promise, made at once and paid. */
	amounts.promise += 5000;
	pay(&forecast, &amounts, &now, 50, 100, 100);
	KUNIT_EXPECT_EQ(test, forecast.claim, 6000);
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);
	/* Two seconds of what was not promised; then it stops. */
	leak(&forecast, &amounts, &now, 20, 100, 100);
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);
	pay(&forecast, &amounts, &now, 40, 100, 0);
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);

	/* What has gone on for 3 s, and then for 3.5 s and a step more. */
	leak(&forecast, &amounts, &now, 30, 100, 10);
	KUNIT_EXPECT_EQ(test, forecast.growth, 0);
	leak(&forecast, &amounts, &now, 8, 100, 10);
	KUNIT_EXPECT_EQ(test, forecast.growth, rate_of(100));
	/* Promised as it is paid: the same. */
	amounts.promise = amounts.payment;
	pay(&forecast, &amounts, &now, 1, 100, 0);
	KUNIT_EXPECT_EQ(test, forecast.claim, amounts.used);
	/* It ends with that. */
	pay(&forecast, &amounts, &now, 23, 100, 0);
	KUNIT_EXPECT_LE(test, forecast.growth, 0);
}

/* A leak by fits and starts, 2 s from one to the next, is one too; a saw is none. */
static void growth_by_fits_and_starts(struct kunit *test)
{
	struct commit_amounts amounts = { .available = 10000 };
	struct commit_forecast forecast = {};
	u64 now = 0;
	int i;

	commit_forecast_sample(&forecast, &amounts, now);
	for (i = 0; i < 8; i++) {
		leak(&forecast, &amounts, &now, 2, 100, 100);
		leak(&forecast, &amounts, &now, 18, 100, 0);
		if (i >= 3)
			KUNIT_EXPECT_GE(test, forecast.growth, rate_of(90));
	}
	/* So is one that takes more each 700 ms, and sooner. */
	forecast = (struct commit_forecast) {};
	commit_forecast_sample(&forecast, &amounts, now);
	for (i = 0; i < 60; i++) {
		leak(&forecast, &amounts, &now, 1, 100, i % 7 ? 0 : 70);
		if (i >= 45)
			KUNIT_EXPECT_GE(test, forecast.growth, rate_of(69));
	}
	for (i = 0; i < 1000; i++) {
		leak(&forecast, &amounts, &now, 1, 100, i % 40 < 20 ? 100 : -100);
		if (i >= 70)
			KUNIT_ASSERT_LE(test, forecast.growth, 0);
	}
}

static u64 trend_of(const struct commit_forecast *forecast,
		    const struct commit_amounts *amounts)
{
	struct commit_outlook outlook;

	commit_forecast_outlook(forecast, amounts, &outlook);
	return outlook.trend;
}

/* Grow at a rate in pages a second, so long, within a limit of 1000 pages. */
static u64 grow(struct commit_forecast *forecast, struct commit_amounts *amounts,
		u64 *now, int seconds, s64 rate)
{
	u64 least = COMMIT_NEVER;
	int i;

	for (i = 0; i < seconds * 10; i++) {
		leak(forecast, amounts, now, 1, 100, rate / 10);
		amounts->available = 1000 - amounts->used;
		least = min(least, trend_of(forecast, amounts));
	}
	return least;
}

/* Give all of it back, and wait. */
static void give_back(struct commit_forecast *forecast, struct commit_amounts *amounts,
		      u64 *now, int seconds)
{
	amounts->available = 1000;
	leak(forecast, amounts, now, 1, 100, -(s64)amounts->used);
	grow(forecast, amounts, now, seconds, 0);
}

/* Slow jobs one after the other: the first looks like a leak, the others do not. */
static void growth_back_is_none(struct kunit *test)
{
	struct commit_amounts amounts = { .available = 1000 };
	struct commit_forecast forecast = {};
	u64 now = 0;
	int i;

	commit_forecast_sample(&forecast, &amounts, now);
	KUNIT_EXPECT_LE(test, grow(&forecast, &amounts, &now, 5, 120), 4);
	for (i = 0; i < 10; i++) {
		give_back(&forecast, &amounts, &now, 2);
		KUNIT_EXPECT_EQ(test, grow(&forecast, &amounts, &now, 5, 120),
				COMMIT_NEVER);
	}
	/* A larger one: 50 pages, an eighth of what the others left, are no matter. */
	KUNIT_EXPECT_EQ(test, amounts.used, 600);
	leak(&forecast, &amounts, &now, 5, 100, 10);
	amounts.available = 350;
	KUNIT_EXPECT_EQ(test, trend_of(&forecast, &amounts), COMMIT_NEVER);
	/* Beyond that it is as long known as it goes on. */
	leak(&forecast, &amounts, &now, 1, 100, 10);
	amounts.available = 340;
	KUNIT_EXPECT_LE(test, trend_of(&forecast, &amounts), 4);
}

/* A peak is forgotten after half a minute, and one near the limit is none. */
static void peaks_are_not_for_ever(struct kunit *test)
{
	struct commit_amounts amounts = { .available = 1000 };
	struct commit_forecast forecast = {};
	u64 now = 0;

	commit_forecast_sample(&forecast, &amounts, now);
	grow(&forecast, &amounts, &now, 5, 120);
	give_back(&forecast, &amounts, &now, 14);
	KUNIT_EXPECT_EQ(test, grow(&forecast, &amounts, &now, 5, 120), COMMIT_NEVER);
	give_back(&forecast, &amounts, &now, 35);
	KUNIT_EXPECT_LE(test, grow(&forecast, &amounts, &now, 5, 120), 4);

	/* Nor is it remembered where nobody sampled meanwhile. */
	give_back(&forecast, &amounts, &now, 2);
	now += 600 * NSEC_PER_SEC;
	KUNIT_EXPECT_LE(test, grow(&forecast, &amounts, &now, 5, 120), 4);

	give_back(&forecast, &amounts, &now, 35);
	grow(&forecast, &amounts, &now, 8, 120);
	KUNIT_EXPECT_EQ(test, amounts.used, 960);
	give_back(&forecast, &amounts, &now, 2);
	KUNIT_EXPECT_LE(test, grow(&forecast, &amounts, &now, 5, 120), 4);

	/* Nor does one count that would be near a limit that is lower now. */
	forecast = (struct commit_forecast) {};
	amounts = (struct commit_amounts) { .used = 600, .available = 400 };
	commit_forecast_sample(&forecast, &amounts, now);
	give_back(&forecast, &amounts, &now, 2);
	KUNIT_EXPECT_EQ(test, forecast.peaks[0], 600);
	KUNIT_EXPECT_EQ(test, grow(&forecast, &amounts, &now, 5, 120), COMMIT_NEVER);
	amounts.available = 100;
	KUNIT_EXPECT_LE(test, trend_of(&forecast, &amounts), 1);
}

/* Who copies what has to grow has both for a moment, which is no peak to come back to. */
static void copies_are_no_peaks(struct kunit *test)
{
	struct commit_amounts amounts = { .available = 1000 };
	struct commit_forecast forecast = {};
	u64 least = COMMIT_NEVER;
	u64 now = 0, size;

	commit_forecast_sample(&forecast, &amounts, now);
	/* 10 more each 200 ms, when there is twice as much for 100 ms. */
	for (size = 10; size <= 300; size += 10) {
		leak(&forecast, &amounts, &now, 1, 100, size);
		amounts.available = 1000 - amounts.used;
		least = min(least, trend_of(&forecast, &amounts));
		leak(&forecast, &amounts, &now, 1, 100, 10 - (s64)size);
		amounts.available = 1000 - amounts.used;
		least = min(least, trend_of(&forecast, &amounts));
	}
	KUNIT_EXPECT_EQ(test, forecast.peaks[0] + forecast.peaks[1], 0);
	KUNIT_EXPECT_LE(test, least, 30);
}

struct trace_point {
	u32 ms;
	u32 used;
};

/*
 * Pages used, as tools/testing/selftests/oom/warning has recorded them by its option
 * trace, of memory that was not promised, in a cgroup with memory.max of 96 MB, while
 * the machine was busy: jobs of 60 % that take more than two seconds each, and a leak
 * that ends in an OOM kill.
 */
#define TRACE_LIMIT	24576

static const struct trace_point slow_bursts[] = {
	{ 33, 64 }, { 249, 1414 }, { 464, 2694 }, { 675, 4102 }, { 890, 5318 },
	{ 1104, 6342 }, { 1326, 7494 }, { 1553, 8646 }, { 1768, 9862 }, { 1989, 11334 },
	{ 2209, 12614 }, { 2427, 14278 }, { 2633, 14726 }, { 2837, 14726 },
	{ 3047, 14726 }, { 3264, 14726 }, { 3480, 14726 }, { 3695, 112 }, { 3898, 112 },
	{ 4104, 112 }, { 4321, 112 }, { 4530, 112 }, { 4746, 1194 }, { 4963, 3114 },
	{ 5175, 4458 }, { 5382, 5866 }, { 5589, 7594 }, { 5799, 9258 }, { 6020, 10730 },
	{ 6229, 12394 }, { 6438, 13674 }, { 6655, 14698 }, { 6867, 14698 },
	{ 7079, 14698 }, { 7282, 14698 }, { 7492, 14698 }, { 7706, 4169 }, { 7925, 84 },
	{ 8141, 84 }, { 8349, 84 }, { 8549, 84 }, { 8769, 270 }, { 8980, 1358 },
	{ 9193, 2318 }, { 9421, 3534 }, { 9630, 4558 }, { 9861, 5710 }, { 10074, 6542 },
	{ 10281, 7438 }, { 10501, 8526 }, { 10707, 9614 }, { 10910, 10766 },
	{ 11117, 11982 }, { 11349, 13070 }, { 11553, 14222 }, { 11765, 14670 },
	{ 11986, 14670 }, { 12189, 14670 }, { 12390, 14670 }, { 12614, 14670 },
	{ 12822, 52 }, { 13031, 52 }, { 13247, 52 }, { 13461, 52 }, { 13677, 52 },
	{ 13889, 370 }, { 14095, 1394 }, { 14306, 2674 }, { 14518, 4338 },
	{ 14737, 5298 }, { 14947, 6770 }, { 15157, 8114 }, { 15369, 9138 },
	{ 15580, 10226 }, { 15799, 11378 }, { 16025, 12466 }, { 16233, 13362 },
	{ 16445, 14578 }, { 16650, 14706 }, { 16865, 14706 }, { 17077, 14706 },
	{ 17299, 14706 }, { 17512, 11974 }, { 17745, 92 }, { 17957, 92 }, { 18181, 92 },
	{ 18393, 92 }, { 18618, 92 },
};

static const struct trace_point steep_leak[] = {
	{ 15, 0 }, { 235, 706 }, { 446, 1305 }, { 664, 1945 }, { 870, 2521 },
	{ 1080, 3097 }, { 1287, 3737 }, { 1490, 4313 }, { 1763, 4825 }, { 1970, 5401 },
	{ 2191, 6041 }, { 2413, 6553 }, { 2643, 7065 }, { 2932, 7641 }, { 3144, 8345 },
	{ 3347, 8857 }, { 3576, 9561 }, { 3787, 10137 }, { 4015, 10777 }, { 4234, 11417 },
	{ 4482, 12185 }, { 4689, 12697 }, { 4897, 13337 }, { 5138, 13913 },
	{ 5351, 14553 }, { 5585, 15193 }, { 5853, 15897 }, { 6066, 16537 },
	{ 6293, 17177 }, { 6504, 17753 }, { 6729, 18393 }, { 6938, 18905 },
	{ 7169, 19609 }, { 7377, 20185 }, { 7587, 20761 }, { 7797, 21401 },
	{ 8041, 22105 }, { 8271, 22681 }, { 8482, 23321 }, { 8687, 23897 },
	{ 8925, 24537 },
};

/* How often "trend 5" reports, and when for the first time. */
static int trend_events(const struct trace_point *trace, int points, u32 *first)
{
	struct commit_rule rule = { COMMIT_TREND, 5 };
	struct commit_amounts amounts = {};
	struct commit_forecast forecast = {};
	struct commit_crossing crossing = {};
	struct commit_outlook outlook;
	int i, events = 0;
	u64 now;

	/* The trigger was there before. */
	commit_forecast_sample(&forecast, &amounts, 0);
	for (i = 0; i < points; i++) {
		now = (1000 + trace[i].ms) * MS;
		amounts.used = trace[i].used;
		amounts.available = TRACE_LIMIT - trace[i].used;
		commit_forecast_sample(&forecast, &amounts, now);
		commit_forecast_outlook(&forecast, &amounts, &outlook);
		if (commit_crossing_step(&crossing, commit_rule_side(&rule, &outlook), now) &&
		    !events++)
			*first = trace[i].ms;
	}
	return events;
}

static void slow_jobs_are_no_leak(struct kunit *test)
{
	u32 first = 0;

	KUNIT_EXPECT_EQ(test, trend_events(slow_bursts, ARRAY_SIZE(slow_bursts), &first), 0);
	KUNIT_EXPECT_EQ(test, first, 0);
}

static void steep_leak_is_foreseen(struct kunit *test)
{
	u32 end = steep_leak[ARRAY_SIZE(steep_leak) - 1].ms, first = 0;

	KUNIT_EXPECT_EQ(test, trend_events(steep_leak, ARRAY_SIZE(steep_leak), &first), 1);
	KUNIT_EXPECT_GE(test, end - first, 4000);
}

/* Whatever the distance of samples, what grows steadily grows so. */
static void growth_takes_any_distance(struct kunit *test)
{
	static const u64 distances[] = { 10, 33, 100, 250, 251, 999, 4000, 60000, 1 << 30 };
	struct commit_amounts amounts = {};
	struct commit_forecast forecast;
	u64 now = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(distances); i++) {
		u64 ms = distances[i];

		forecast = (struct commit_forecast) {};
		commit_forecast_sample(&forecast, &amounts, now);
		leak(&forecast, &amounts, &now, 3500 / ms + 1, ms, ms);
		KUNIT_EXPECT_GE_MSG(test, forecast.growth, rate_of(990), "%llu ms", ms);
		KUNIT_EXPECT_LE_MSG(test, forecast.growth, rate_of(1010), "%llu ms", ms);
	}
}

/* Memory that was never promised: kernel memory, MAP_NORESERVE. */
static void unpromised_is_foreseen(struct kunit *test)
{
	struct commit_amounts amounts = { .available = 10000 };
	struct commit_forecast forecast = {};
	struct commit_outlook outlook;
	u64 now = 0;

	commit_forecast_sample(&forecast, &amounts, now);
	leak(&forecast, &amounts, &now, 100, 100, 50);
	amounts.available -= 5000;
	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.exhaustion, COMMIT_NEVER);
	KUNIT_EXPECT_EQ(test, outlook.trend, 10);
	/* It hides nothing of what is promised. */
	amounts.promise = 6000;
	commit_forecast_outlook(&forecast, &amounts, &outlook);
	KUNIT_EXPECT_EQ(test, outlook.outstanding, 6000);
	KUNIT_EXPECT_EQ(test, outlook.exhaustion, 10);
}

static void limits_join(struct kunit *test)
{
	struct commit_outlook own = { 100, 10, 100, COMMIT_NEVER, 20 };
	struct commit_outlook above = { 300, 900, 33, 7, 7 };
	struct commit_outlook calm = { 200, 0, 100, COMMIT_NEVER, COMMIT_NEVER };
	struct commit_outlook calmer = { 201, 9, 90, COMMIT_NEVER, COMMIT_NEVER };

	KUNIT_EXPECT_TRUE(test, commit_outlook_tighter(&above, &own));
	KUNIT_EXPECT_FALSE(test, commit_outlook_tighter(&own, &above));
	KUNIT_EXPECT_TRUE(test, commit_outlook_tighter(&own, &calm));
	KUNIT_EXPECT_FALSE(test, commit_outlook_tighter(&calm, &own));
	KUNIT_EXPECT_TRUE(test, commit_outlook_tighter(&calm, &calmer));
	KUNIT_EXPECT_FALSE(test, commit_outlook_tighter(&calmer, &calm));
	KUNIT_EXPECT_FALSE(test, commit_outlook_tighter(&calm, &calm));

	commit_outlook_join(&own, &above);
	KUNIT_EXPECT_EQ(test, own.available, 100);
	KUNIT_EXPECT_EQ(test, own.outstanding, 10);
	KUNIT_EXPECT_EQ(test, own.coverage, 33);
	KUNIT_EXPECT_EQ(test, own.exhaustion, 7);
	KUNIT_EXPECT_EQ(test, own.trend, 7);
	commit_outlook_join(&own, &calm);
	KUNIT_EXPECT_EQ(test, own.available, 100);
	KUNIT_EXPECT_EQ(test, own.exhaustion, 7);
}

struct parse_case {
	const char *text;
	int len;
	int err;
	struct commit_rule rule;
};

#define GOOD(t, m, v)	{ .text = t, .len = sizeof(t) - 1, .rule = { m, v } }
#define BAD(t)		{ .text = t, .len = sizeof(t) - 1, .err = -EINVAL }

static const struct parse_case parse_cases[] = {
	GOOD("exhaustion 5", COMMIT_EXHAUSTION, 5),
	GOOD("exhaustion 1\n", COMMIT_EXHAUSTION, 1),
	GOOD("exhaustion 86400", COMMIT_EXHAUSTION, 86400),
	GOOD("exhaustion 0005", COMMIT_EXHAUSTION, 5),
	GOOD("trend 30", COMMIT_TREND, 30),
	GOOD("coverage 1", COMMIT_COVERAGE, 1),
	GOOD("coverage 100\n", COMMIT_COVERAGE, 100),
	GOOD("outstanding 0", COMMIT_OUTSTANDING, 0),
	GOOD("outstanding 4294967296", COMMIT_OUTSTANDING, BIT_ULL(32) >> PAGE_SHIFT),
	GOOD("outstanding 18446744073709551615", COMMIT_OUTSTANDING,
	     U64_MAX >> PAGE_SHIFT),
	BAD(""), BAD("\n"), BAD(" "), BAD("exhaustion"), BAD("exhaustion "),
	BAD("exhaustion 0"), BAD("exhaustion 86401"), BAD("exhaustion -1"),
	BAD("exhaustion +5"), BAD("exhaustion 5 "), BAD("exhaustion  5"),
	BAD(" exhaustion 5"), BAD("exhaustion 5\n\n"), BAD("exhaustion 5 6"),
	BAD("exhaustion 5s"), BAD("exhaustion 0x5"), BAD("exhaustion 5.0"),
	BAD("exhaustion\t5"), BAD("exhaustion 5\0"), BAD("exhaustion\0005"),
	BAD("Exhaustion 5"), BAD("exhaust 5"), BAD("exhaustions 5"), BAD("5"),
	BAD("trend 0"), BAD("trend 86401"), BAD("coverage 0"),
	BAD("coverage 101"), BAD("coverage 50%"),
	BAD("outstanding 18446744073709551616"), BAD("outstanding -1"),
	BAD("outstanding 99999999999999999999999"), BAD("some 150000 1000000"),
};

static void parse_test(struct kunit *test)
{
	const struct parse_case *c;
	struct commit_rule rule;
	char text[64];
	int i, err;

	for (i = 0; i < ARRAY_SIZE(parse_cases); i++) {
		c = &parse_cases[i];
		memcpy(text, c->text, c->len + 1);
		memset(&rule, 0x5a, sizeof(rule));
		err = commit_rule_parse(text, c->len, &rule);
		KUNIT_EXPECT_EQ_MSG(test, err, c->err, "'%s'", c->text);
		if (c->err) {
			/* Nothing of a bad rule is taken. */
			KUNIT_EXPECT_EQ(test, rule.threshold, 0x5a5a5a5a5a5a5a5aULL);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, rule.measure, c->rule.measure, "'%s'", c->text);
		KUNIT_EXPECT_EQ_MSG(test, rule.threshold, c->rule.threshold, "'%s'",
				    c->text);
	}
}

static void side_test(struct kunit *test)
{
	struct commit_rule exhaustion = { COMMIT_EXHAUSTION, 8 };
	struct commit_rule trend = { COMMIT_TREND, 1 };
	struct commit_rule coverage = { COMMIT_COVERAGE, 40 };
	struct commit_rule all = { COMMIT_COVERAGE, 100 };
	struct commit_rule outstanding = { COMMIT_OUTSTANDING, 800 };
	struct commit_rule any = { COMMIT_OUTSTANDING, 0 };
	struct commit_outlook o = {};

#define SIDE(rule, field, value) ({				\
	o.field = (value);					\
	commit_rule_side(&(rule), &o);				\
})
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, exhaustion, 0), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, exhaustion, 8), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, exhaustion, 9), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, exhaustion, 10), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, exhaustion, 11), COMMIT_CALM);
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, exhaustion, COMMIT_NEVER), COMMIT_CALM);
	/* Each measure looks at its own value. */
	KUNIT_EXPECT_EQ(test, SIDE(exhaustion, trend, 0), COMMIT_CALM);
	KUNIT_EXPECT_EQ(test, SIDE(trend, trend, 1), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(trend, trend, 2), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(trend, trend, 3), COMMIT_CALM);

	KUNIT_EXPECT_EQ(test, SIDE(coverage, coverage, 39), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(coverage, coverage, 40), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(coverage, coverage, 44), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(coverage, coverage, 45), COMMIT_CALM);
	KUNIT_EXPECT_EQ(test, SIDE(all, coverage, 99), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(all, coverage, 100), COMMIT_CALM);

	KUNIT_EXPECT_EQ(test, SIDE(outstanding, outstanding, 801), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(outstanding, outstanding, 800), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(outstanding, outstanding, 701), COMMIT_BETWEEN);
	KUNIT_EXPECT_EQ(test, SIDE(outstanding, outstanding, 700), COMMIT_CALM);
	KUNIT_EXPECT_EQ(test, SIDE(any, outstanding, 1), COMMIT_CROSSED);
	KUNIT_EXPECT_EQ(test, SIDE(any, outstanding, 0), COMMIT_CALM);
#undef SIDE
}

static void crossing_test(struct kunit *test)
{
	struct commit_crossing c = {};
	u64 t = 5 * MS;

	/* Armed beyond the threshold: that is a crossing. */
	KUNIT_EXPECT_TRUE(test, commit_crossing_step(&c, COMMIT_CROSSED, t));
	/* Once, however long it lasts, and back and forth in between. */
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CROSSED, t + 100 * MS));
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_BETWEEN, t + 2000 * MS));
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CROSSED, t + 3000 * MS));
	/* Clear of it, it may cross again. */
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CALM, t + 4000 * MS));
	KUNIT_EXPECT_TRUE(test, commit_crossing_step(&c, COMMIT_CROSSED, t + 4100 * MS));
	/* Too early for another: kept until the window ends, even if over. */
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CALM, t + 4200 * MS));
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CROSSED, t + 4300 * MS));
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CALM, t + 4400 * MS));
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CROSSED, t + 5099 * MS));
	KUNIT_EXPECT_TRUE(test, commit_crossing_step(&c, COMMIT_CALM, t + 5100 * MS));
	KUNIT_EXPECT_FALSE(test, commit_crossing_step(&c, COMMIT_CALM, t + 9000 * MS));
}

/* At most one event a window and a crossing, and no crossing lost. */
static void crossing_properties(struct kunit *test)
{
	bool crossed = false, owed = false, fired;
	struct commit_crossing c = {};
	struct rnd_state rnd;
	enum commit_side side;
	u64 now = 0, last = 0;
	int i, events = 0;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < RUNS; i++) {
		now += prandom_u32_state(&rnd) % (400 * MS);
		side = prandom_u32_state(&rnd) % 3;
		if (side == COMMIT_CROSSED) {
			owed |= !crossed;
			crossed = true;
		} else if (side == COMMIT_CALM) {
			crossed = false;
		}

		fired = commit_crossing_step(&c, side, now);
		KUNIT_ASSERT_EQ(test, fired,
				owed && (!events || now - last >= COMMIT_WINDOW_NS));
		if (fired) {
			owed = false;
			last = now;
			events++;
		}
	}
	KUNIT_EXPECT_GT(test, events, 0);
}

static struct kunit_case commit_forecast_cases[] = {
	KUNIT_CASE(outstanding_test),
	KUNIT_CASE(coverage_test),
	KUNIT_CASE(exhaustion_test),
	KUNIT_CASE(trend_test),
	KUNIT_CASE(exhaustion_properties),
	KUNIT_CASE(rate_follows),
	KUNIT_CASE(rate_takes_any_distance),
	KUNIT_CASE(rate_keeps_fractions),
	KUNIT_CASE(rate_saturates),
	KUNIT_CASE(outlook_test),
	KUNIT_CASE(growth_is_what_goes_on),
	KUNIT_CASE(growth_by_fits_and_starts),
	KUNIT_CASE(growth_back_is_none),
	KUNIT_CASE(peaks_are_not_for_ever),
	KUNIT_CASE(copies_are_no_peaks),
	KUNIT_CASE(slow_jobs_are_no_leak),
	KUNIT_CASE(steep_leak_is_foreseen),
	KUNIT_CASE(growth_takes_any_distance),
	KUNIT_CASE(unpromised_is_foreseen),
	KUNIT_CASE(limits_join),
	KUNIT_CASE(parse_test),
	KUNIT_CASE(side_test),
	KUNIT_CASE(crossing_test),
	KUNIT_CASE(crossing_properties),
	{}
};

static struct kunit_suite commit_forecast_suite = {
	.name = "commit_forecast",
	.test_cases = commit_forecast_cases,
};

kunit_test_suite(commit_forecast_suite);

MODULE_DESCRIPTION("KUnit tests for the forecast of promised memory");
MODULE_LICENSE("GPL");
