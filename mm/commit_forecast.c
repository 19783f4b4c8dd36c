// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forecasts of when promised memory runs out.
 *
 * The model: the kernel has promised PROMISE pages and backed PAYMENT of them.
 * The rest, OUTSTANDING, can be asked for at any time without a system call
 * that could fail.  AVAILABLE pages could be provided, from RAM and swap.
 *
 *	coverage    = min(100, 100 * available / outstanding) per cent
 *	exhaustion  = available / rate          if outstanding > available
 *
 * where rate is how many more pages a second have been used lately. What is
 * outstanding is all that can still be paid. So as long as there is enough for
 * all of it, the answer is "never", however fast it is being paid.
 *
 * This bound holds for the present promises. A leak makes new ones all the
 * time: its outstanding part stays small while it uses up all memory. The same
 * is true of memory that was never promised: the kernel's own, MAP_NORESERVE.
 * Both are claims, of which there may be more tomorrow:
 *
 *	claim = used + outstanding
 *
 * A promise that is paid becomes used and is no longer outstanding, so claims
 * grow only by what is new. The trend extends the rule above to claims that
 * continue to grow as they did. After t seconds, at most rate * t more is used,
 * and at most outstanding + growth * t:
 *
 *	trend = max(available / rate, (available - outstanding) / growth)
 *
 * If growth is 0, the second term is "never". If more is outstanding than
 * available, the second term is 0, so that both forecasts are the same.
 *
 * The rate is smoothed by a first-order low-pass in its implicit form,
 *
 *	rate' = (rate * T + delta) / (T + dt)
 *
 * which needs no table of exponentials, takes samples at any distance, and for
 * dt much larger than T turns into the mean, delta / dt. For example, with T =
 * 2 s and samples every 100 ms, a process that starts to pay 100 MB/s shows as
 * 39 MB/s after 1 s, 77 after 3 s and 91 after 5 s.
 *
 * Growth counts only if it continues. A job that takes 300 MB at once, or in 2
 * s, and works with them is no leak, and only its continuing shows that
 * something is one. So growth is the least of three consecutive seconds.
 * Something that lasts little longer than one second touches three of them, and
 * the first and the last then show too little of how it began and ended. So
 * these three seconds count for at most twice the least of the last seven half
 * seconds. A leak in bursts has half seconds without growth. It is recognised
 * by the least of four seconds, or of three times two seconds, if that is more.
 * Hence there is no trend before something has continued for three seconds, and
 * soon none after it ends. For this, claims are remembered every 250 ms; values
 * between samples are interpolated linearly.
 *
 * Slow jobs, one after the other, grow for longer than that, and so does a heap
 * before each collection. The level that they grow back to was reached lately:
 * when claims have fallen from a top to half of it, that top was a peak. Growth
 * up to the highest peak of the last half minute, and up to an eighth of what
 * it left, does not count. The first job of such a kind looks like a leak, and
 * later ones do not. (A process that copies data which has to grow has both
 * copies for a moment, and falls by less than half.) A top that left less than
 * a quarter of all there is does not become a peak: if a process was killed at
 * a limit, and begins anew, that is reported again.
 */

#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/commit_forecast.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

/*
 * Bounds that keep the products below 2^63: a change of a sample counts as at
 * most 2^40 pages (4 PiB) and a rate as at most 2^50 (4 Ti pages a second).
 * The distance of two samples fits anyway: it was nanoseconds in 64 bits.
 */
#define DELTA_MAX	BIT_ULL(40)
#define RATE_MAX	((s64)BIT_ULL(50))

static_assert((u64)RATE_MAX * COMMIT_SMOOTH_MS +
	      DELTA_MAX * COMMIT_RATE_SCALE * MSEC_PER_SEC <= S64_MAX);

/* A top becomes a peak when claims have fallen by this part of it. */
#define PEAK_FALL	2

/* A peak leaves at least this part of all that there is. */
#define PEAK_ROOM	4

/* Claims exceed a peak when this part of what it left is claimed, too. */
#define PEAK_SLACK	8

#define STEPS_A_SECOND	((unsigned int)(NSEC_PER_SEC / COMMIT_STEP_NS))

/*
 * Growth has continued if it occurred in each of so many seconds and half
 * seconds, or in one second more, or in each of so many pairs of seconds.
 */
#define SPANS		3
#define HALVES		7

static_assert(STEPS_A_SECOND * 2 * SPANS < COMMIT_STEPS);

/**
 * commit_outstanding() - what is promised and not paid
 * @promise: pages promised
 * @payment: pages paid, which may be more: not all that is paid was promised
 *
 * Return: pages, 0 if more is paid than promised.
 */
u64 commit_outstanding(u64 promise, u64 payment)
{
	return promise > payment ? promise - payment : 0;
}

/**
 * commit_coverage() - the part of what is outstanding that could be paid
 * @available: pages that could be provided
 * @outstanding: pages that could be asked for
 *
 * Return: per cent, rounded down, at most 100; 100 if nothing is outstanding.
 */
unsigned int commit_coverage(u64 available, u64 outstanding)
{
	if (available >= outstanding)
		return 100;
	return mul_u64_u64_div_u64(available, 100, outstanding);
}

/* Rounded down; @rate is scaled and more than 0. */
static u64 seconds_for(u64 pages, s64 rate)
{
	if (pages > div_u64(U64_MAX, COMMIT_RATE_SCALE))
		return div64_u64(pages, max(rate / COMMIT_RATE_SCALE, 1));
	return div64_u64(pages * COMMIT_RATE_SCALE, rate);
}

/**
 * commit_exhaustion() - when what is available will have been paid out
 * @outstanding: pages promised and not paid
 * @available: pages that could be provided
 * @rate: scaled pages a second that are used
 * @growth: scaled pages a second that are newly claimed; 0 or less asks about
 *	the promises of this moment only
 *
 * Return: seconds, rounded down, or COMMIT_NEVER.
 */
u64 commit_exhaustion(u64 outstanding, u64 available, s64 rate, s64 growth)
{
	u64 paid;

	if (!available && (outstanding || (rate > 0 && growth > 0)))
		return 0;
	if (!available || rate <= 0)
		return COMMIT_NEVER;

	paid = seconds_for(available, rate);
	if (outstanding > available)
		return paid;
	if (growth <= 0)
		return COMMIT_NEVER;
	return max(paid, seconds_for(available - outstanding, growth));
}

/* The increase; divided by milliseconds, this is a rate. */
static s64 change(u64 before, u64 now)
{
	s64 delta = now >= before ? (s64)min(now - before, DELTA_MAX) :
				    -(s64)min(before - now, DELTA_MAX);

	return delta * COMMIT_RATE_SCALE * (s64)MSEC_PER_SEC;
}

static s64 smooth(s64 rate, u64 before, u64 now, u64 distance_ms)
{
	rate = div64_s64(rate * COMMIT_SMOOTH_MS + change(before, now),
			 COMMIT_SMOOTH_MS + (s64)distance_ms);
	return clamp(rate, -RATE_MAX, RATE_MAX);
}

/* Interpolate between two amounts, after a part of the time between them. */
static u64 between(u64 before, u64 now, u64 part, u64 whole)
{
	if (now >= before)
		return before + mul_u64_u64_div_u64(now - before, part, whole);
	return before - mul_u64_u64_div_u64(before - now, part, whole);
}

static void remember(struct commit_forecast *forecast, u64 claim)
{
	unsigned int place = (forecast->newest + 1) % COMMIT_STEPS;

	forecast->steps[place] = claim;
	forecast->newest = place;
	forecast->known = min(forecast->known + 1, COMMIT_STEPS);
}

/* Remember the steps from the last sample to one with @claim at @now. */
static void remember_steps(struct commit_forecast *forecast, u64 claim, u64 now)
{
	u64 steps = div_u64(now - forecast->step_time, COMMIT_STEP_NS);
	u64 begin = forecast->time;

	if (steps > COMMIT_STEPS) {
		forecast->step_time += (steps - COMMIT_STEPS) * COMMIT_STEP_NS;
		steps = COMMIT_STEPS;
	}
	while (steps--) {
		forecast->step_time += COMMIT_STEP_NS;
		remember(forecast, between(forecast->claim, claim,
					   forecast->step_time - begin, now - begin));
	}
}

static u64 step(const struct commit_forecast *forecast, unsigned int age)
{
	return forecast->steps[(forecast->newest + COMMIT_STEPS - age) % COMMIT_STEPS];
}

/* The least growth in the last spans of so many steps */
static s64 least_growth(const struct commit_forecast *forecast, unsigned int steps,
			unsigned int spans)
{
	s64 least = S64_MAX;
	unsigned int i;

	if (forecast->known <= steps * spans)
		return 0;
	for (i = 0; i < spans; i++)
		least = min(least, change(step(forecast, (i + 1) * steps),
					  step(forecast, i * steps)));
	least = div_s64(least, steps * (COMMIT_STEP_NS / NSEC_PER_MSEC));
	return clamp(least, -RATE_MAX, RATE_MAX);
}

static s64 growth(const struct commit_forecast *forecast)
{
	s64 halves = least_growth(forecast, STEPS_A_SECOND / 2, HALVES);
	s64 seconds = least_growth(forecast, STEPS_A_SECOND, SPANS);
	s64 longer = least_growth(forecast, STEPS_A_SECOND, SPANS + 1);
	s64 pairs = least_growth(forecast, STEPS_A_SECOND * 2, SPANS);

	return max3(min(seconds, halves * 2), longer, pairs);
}

static u64 claim_of(const struct commit_amounts *amounts)
{
	u64 outstanding = commit_outstanding(amounts->promise, amounts->payment);

	return amounts->used + min(outstanding, U64_MAX - amounts->used);
}

/* All memory: what is claimed and what could be. */
static u64 all_of(const struct commit_amounts *amounts)
{
	u64 outstanding = commit_outstanding(amounts->promise, amounts->payment);
	u64 unclaimed = commit_outstanding(amounts->available, outstanding);
	u64 claim = claim_of(amounts);

	return claim + min(unclaimed, U64_MAX - claim);
}

static u64 highest_peak(const struct commit_amounts *amounts)
{
	u64 all = all_of(amounts);

	return all - all / PEAK_ROOM;
}

/* Remember the highest peak of this period, and that of the one before. */
static void learn_peak(struct commit_forecast *forecast,
		       const struct commit_amounts *amounts, u64 claim, u64 now)
{
	u64 periods = div64_u64(now - forecast->period, COMMIT_PEAK_NS);

	if (periods) {
		forecast->peaks[1] = periods == 1 ? forecast->peaks[0] : 0;
		forecast->peaks[0] = 0;
		forecast->period += periods * COMMIT_PEAK_NS;
	}
	if (claim < forecast->top - forecast->top / PEAK_FALL) {
		if (forecast->top <= highest_peak(amounts))
			forecast->peaks[0] = max(forecast->peaks[0], forecast->top);
		forecast->top = claim;
	}
	forecast->top = max(forecast->top, claim);
}

/* Have claims grown no further than to a peak? */
static bool below_peak(const struct commit_forecast *forecast,
		       const struct commit_amounts *amounts)
{
	u64 peak = max(forecast->peaks[0], forecast->peaks[1]);
	u64 claim = claim_of(amounts);

	if (!peak)
		return false;
	/* There may be less memory now than there was then. */
	peak = min(peak, highest_peak(amounts));
	return claim <= peak || claim - peak <= (all_of(amounts) - peak) / PEAK_SLACK;
}

static void forecast_begin(struct commit_forecast *forecast, u64 claim, u64 now)
{
	forecast->begun = true;
	forecast->time = now;
	forecast->step_time = now;
	forecast->period = now;
	forecast->top = claim;
	remember(forecast, claim);
}

/**
 * commit_forecast_sample() - learn from the amounts of one moment
 * @forecast: what is remembered; all zero before the first sample
 * @amounts: the amounts
 * @now: the time
 *
 * Samples too near to the last one, or before it, are ignored.
 */
void commit_forecast_sample(struct commit_forecast *forecast,
			    const struct commit_amounts *amounts, u64 now)
{
	u64 claim = claim_of(amounts);
	u64 ms;

	if (!forecast->begun) {
		forecast_begin(forecast, claim, now);
	} else {
		if (now < forecast->time)
			return;
		ms = div_u64(now - forecast->time, NSEC_PER_MSEC);
		if (ms < COMMIT_SAMPLE_MIN_MS)
			return;
		/* Fractions of a millisecond count in the next distance. */
		now = forecast->time + ms * NSEC_PER_MSEC;
		remember_steps(forecast, claim, now);
		forecast->time = now;
		forecast->rate = smooth(forecast->rate, forecast->used,
					amounts->used, ms);
		forecast->growth = growth(forecast);
		learn_peak(forecast, amounts, claim, now);
	}
	forecast->used = amounts->used;
	forecast->claim = claim;
}

/**
 * commit_forecast_outlook() - compute the values that are shown and watched
 * @forecast: the rates
 * @amounts: the amounts of this moment
 * @outlook: the result
 */
void commit_forecast_outlook(const struct commit_forecast *forecast,
			     const struct commit_amounts *amounts,
			     struct commit_outlook *outlook)
{
	bool back = below_peak(forecast, amounts);

	outlook->available = amounts->available;
	outlook->outstanding = commit_outstanding(amounts->promise,
						  amounts->payment);
	outlook->coverage = commit_coverage(amounts->available,
					    outlook->outstanding);
	outlook->exhaustion = commit_exhaustion(outlook->outstanding,
						amounts->available,
						forecast->rate, 0);
	outlook->trend = commit_exhaustion(outlook->outstanding,
					   amounts->available, forecast->rate,
					   back ? 0 : forecast->growth);
}

/**
 * commit_outlook_tighter() - which of two limits will be reached first?
 * @a: the outlook under one limit
 * @b: the outlook under the other
 *
 * Return: true if it is the limit of @a: by its exhaustion, else by its trend;
 * if neither will be reached, by what is left.
 */
bool commit_outlook_tighter(const struct commit_outlook *a,
			    const struct commit_outlook *b)
{
	if (a->exhaustion != b->exhaustion)
		return a->exhaustion < b->exhaustion;
	if (a->trend != b->trend)
		return a->trend < b->trend;
	return a->available < b->available;
}

/**
 * commit_outlook_join() - combine the outlooks under two limits
 * @outlook: the outlook under one limit, with the level's own outstanding;
 *	changed
 * @other: the outlook under another limit, which applies to more
 */
void commit_outlook_join(struct commit_outlook *outlook,
			 const struct commit_outlook *other)
{
	outlook->available = min(outlook->available, other->available);
	outlook->coverage = min(outlook->coverage, other->coverage);
	outlook->exhaustion = min(outlook->exhaustion, other->exhaustion);
	outlook->trend = min(outlook->trend, other->trend);
}

static const struct {
	const char *name;
	u64 min;
	u64 max;
} measures[] = {
	[COMMIT_EXHAUSTION]	= { "exhaustion", 1, COMMIT_SECONDS_MAX },
	[COMMIT_COVERAGE]	= { "coverage", 1, 100 },
	[COMMIT_OUTSTANDING]	= { "outstanding", 0, U64_MAX },
	[COMMIT_TREND]		= { "trend", 1, COMMIT_SECONDS_MAX },
};

/**
 * commit_rule_parse() - parse what was written to a file
 * @text: "exhaustion SECONDS", "coverage PERCENT", "outstanding BYTES" or
 *	"trend SECONDS", with one blank and at most one newline at the end;
 *	changed
 * @len: its length; a NUL follows
 * @rule: the rule, set if all of @text is valid
 *
 * Return: 0 or -EINVAL.
 */
int commit_rule_parse(char *text, size_t len, struct commit_rule *rule)
{
	char *number;
	unsigned int i;
	u64 value;

	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (strlen(text) != len)
		return -EINVAL;
	number = strchr(text, ' ');
	if (!number)
		return -EINVAL;
	*number++ = '\0';
	/* kstrtou64() takes a sign and a newline, too. */
	if (strspn(number, "0123456789") != strlen(number) ||
	    kstrtou64(number, 10, &value))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(measures); i++)
		if (!strcmp(text, measures[i].name))
			break;
	if (i == ARRAY_SIZE(measures) || value < measures[i].min ||
	    value > measures[i].max)
		return -EINVAL;

	rule->measure = i;
	/* More than BYTES means more than the whole pages in them. */
	rule->threshold = i == COMMIT_OUTSTANDING ? value >> PAGE_SHIFT : value;
	return 0;
}

static enum commit_side side_of(bool crossed, bool calm)
{
	if (crossed)
		return COMMIT_CROSSED;
	return calm ? COMMIT_CALM : COMMIT_BETWEEN;
}

/**
 * commit_rule_side() - compare a value with its threshold
 * @rule: the rule
 * @outlook: the values
 *
 * Crossed: a forecast is at or below the threshold, coverage is below it, or
 * more than it is outstanding. Clear again: a forecast is beyond 5/4 of it and
 * at least 1 s more; coverage is 1/8 and at least 1 more, or 100; outstanding
 * is 1/8 less.
 *
 * Return: the side.
 */
enum commit_side commit_rule_side(const struct commit_rule *rule,
				  const struct commit_outlook *outlook)
{
	u64 threshold = rule->threshold;
	u64 value;

	switch (rule->measure) {
	case COMMIT_COVERAGE:
		value = outlook->coverage;
		return side_of(value < threshold,
			       value >= min(threshold + max(threshold / 8, 1),
					    100));
	case COMMIT_OUTSTANDING:
		value = outlook->outstanding;
		return side_of(value > threshold,
			       value <= threshold - threshold / 8);
	case COMMIT_EXHAUSTION:
	case COMMIT_TREND:
		value = rule->measure == COMMIT_TREND ? outlook->trend :
							outlook->exhaustion;
		return side_of(value <= threshold,
			       value > threshold + max(threshold / 4, 1));
	}
	return COMMIT_CALM;
}

/**
 * commit_crossing_step() - decide whether a trigger reports now
 * @crossing: the state of the trigger; all zero when it is armed
 * @side: where the value is now
 * @now: the time
 *
 * It reports once for each time that the threshold is crossed after having been
 * clear, and at most once in a window: an earlier crossing is reported at the
 * end of the window. A trigger that is armed beyond its threshold has just
 * crossed it.
 *
 * Return: true if it reports.
 */
bool commit_crossing_step(struct commit_crossing *crossing,
			  enum commit_side side, u64 now)
{
	if (side == COMMIT_CROSSED && !crossing->crossed) {
		crossing->crossed = true;
		crossing->pending = true;
	} else if (side == COMMIT_CALM) {
		crossing->crossed = false;
	}
	if (!crossing->pending)
		return false;
	if (crossing->reported && now - crossing->last_event < COMMIT_WINDOW_NS)
		return false;
	crossing->pending = false;
	crossing->reported = true;
	crossing->last_event = now;
	return true;
}
