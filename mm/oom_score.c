// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM score: pure arithmetic over values that mm/oom_score_task.c gathers.
 *
 *	memory    = rss + swap entries + page tables
 *	inherited = parent_share/1000 * max(0, the parent's points without its
 *		    own inherited term)
 *	fork      = fork_weight/1000 * memory * max(0, 1 - age/window)
 *	tcb       = -tcb_discount/1000 * memory, for the TCB tier only
 *	adj       = oom_score_adj * totalpages / 1000
 *	points    = the sum
 *
 * A process with oom_score_adj -1000 is immune, until it has more than
 * immune_limit/1000 of totalpages; then its oom_score_adj counts as 0.
 *
 * All in pages.  Example: a process of 40,000 pages, forked 2 s ago in a window
 * of 10 s by a parent of 16,000 points, with oom_score_adj 100 on a machine of
 * 500,000 pages and the default weights 125, 50 and 30: 40,000 + 2,000 + 1,600
 * - 0 + 50,000 = 93,600 points.
 *
 * The score never falls when memory, the parent's points or oom_score_adj rise:
 * whoever selects a victim by bounds of these values relies on it.  (-1000 stands
 * apart: it is lowest while it means immune, and counts as 0 then.)
 */

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/oom.h>
#include <linux/oom_score.h>
#include <linux/overflow.h>

/* Keys of volunteers start here, half way to the largest. */
#define VOLUNTEER_KEY	(LONG_MAX / 2 + 1)

/* The scale of /proc/PID/oom_score. */
#define SCALE_MAX		2000
#define SCALE_VOLUNTEER		1333	/* what +1000 and no memory show */
#define SCALE_LINEAR		1300	/* above, normal processes close ranks */

static noinline s64 permille_of_huge(u64 value, unsigned int share)
{
	u32 rest;
	u64 thousands = div_u64_rem(value, OOM_SCORE_PERMILLE, &rest);

	return thousands * share + rest * share / OOM_SCORE_PERMILLE;
}

/* value * share / 1000, exact for any value while share is at most 1000 */
static s64 permille(u64 value, unsigned int share)
{
	/* Nothing that a machine has is larger. */
	if (likely(value <= U64_MAX / OOM_SCORE_PERMILLE))
		return div_u64(value * share, OOM_SCORE_PERMILLE);
	return permille_of_huge(value, share);
}

static s64 add_saturating(s64 a, s64 b)
{
	s64 sum;

	if (check_add_overflow(a, b, &sum))
		return b > 0 ? S64_MAX : S64_MIN;
	return sum;
}

static s64 to_pages(u64 pages)
{
	return min_t(u64, pages, S64_MAX);
}

static s64 adj_term(u64 totalpages, short adj)
{
	s64 pages = permille(to_pages(totalpages), abs(adj));

	return adj < 0 ? -pages : pages;
}

/**
 * oom_score_share() - what a process inherits
 * @parent: points of the parent without its own inherited term
 * @policy: the weights
 *
 * Return: the inherited term, not negative.
 */
s64 oom_score_share(s64 parent, const struct oom_score_policy *policy)
{
	return permille(max_t(s64, parent, 0), policy->parent_share);
}

/**
 * oom_score_immune_pages() - what an immune process may have and stay immune
 * @policy: the weights
 * @totalpages: pages that the OOM domain may use
 *
 * Return: the pages; U64_MAX without a limit.
 */
u64 oom_score_immune_pages(const struct oom_score_policy *policy, u64 totalpages)
{
	if (policy->immune_limit >= OOM_SCORE_PERMILLE)
		return U64_MAX;
	return permille(to_pages(totalpages), policy->immune_limit);
}

/**
 * oom_score_compute() - compute the score of a process
 * @in: what is known of it
 * @policy: the weights
 * @score: the result, every term and the sum, in pages
 *
 * Context: any, it touches nothing but its arguments.
 */
void oom_score_compute(const struct oom_score_input *in,
		       const struct oom_score_policy *policy,
		       struct oom_score *score)
{
	short adj = in->oom_score_adj;
	bool immune = false;

	score->memory = add_saturating(add_saturating(to_pages(in->rss),
						      to_pages(in->swap)),
				       to_pages(in->pgtables));
	if (adj == OOM_SCORE_ADJ_MIN) {
		immune = oom_score_immune(adj, score->memory,
					  oom_score_immune_pages(policy,
								 in->totalpages));
		if (!immune)
			adj = 0;
	}
	score->inherited = oom_score_share(in->parent, policy);

	score->fork = 0;
	if (in->age_ms < policy->fork_window_ms)
		score->fork = mul_u64_u32_div(permille(score->memory,
						       policy->fork_weight),
					      policy->fork_window_ms - in->age_ms,
					      policy->fork_window_ms);

	score->tcb = 0;
	if (in->tcb)
		score->tcb = -permille(score->memory, policy->tcb_discount);

	score->adj = adj_term(in->totalpages, adj);

	/* The terms that cancel first, lest a sum saturates on its way. */
	score->points = add_saturating(score->memory, score->tcb);
	if (adj < 0)
		score->points = add_saturating(score->points, score->adj);
	score->points = add_saturating(score->points, score->inherited);
	score->points = add_saturating(score->points, score->fork);
	if (adj >= 0)
		score->points = add_saturating(score->points, score->adj);

	if (in->unkillable)
		score->class = OOM_CLASS_UNKILLABLE;
	else if (immune)
		score->class = OOM_CLASS_IMMUNE;
	else if (adj == OOM_SCORE_ADJ_MAX)
		score->class = OOM_CLASS_VOLUNTEER;
	else
		score->class = OOM_CLASS_NORMAL;
}

/**
 * oom_score_own() - the points of a process without its inherited term
 * @memory: resident, swapped and page table pages
 * @age_ms: time since it was created or forked last
 * @tcb: of the TCB tier
 * @adj: oom_score_adj
 * @totalpages: pages that the OOM domain may use
 * @policy: the weights
 *
 * For who wants no term by itself, and of amounts that do not saturate: that is
 * up to 2^52 pages, the largest address space.  Of one with oom_score_adj -1000 that
 * is not immune @adj is 0.
 *
 * Return: what oom_score_compute() gives to a process that inherits nothing.
 */
s64 oom_score_own(u64 memory, u64 age_ms, bool tcb, short adj, u64 totalpages,
		  const struct oom_score_policy *policy)
{
	s64 points = memory;

	if (age_ms < policy->fork_window_ms)
		points += mul_u64_u32_div(permille(memory, policy->fork_weight),
					  policy->fork_window_ms - age_ms,
					  policy->fork_window_ms);
	if (tcb)
		points -= permille(memory, policy->tcb_discount);
	if (adj)
		points += adj_term(totalpages, adj);
	return points;
}

static unsigned int rate(unsigned int share)
{
	return DIV_ROUND_UP(share << OOM_SCORE_RATE_SHIFT, OOM_SCORE_PERMILLE);
}

/**
 * oom_score_rates() - what oom_score_bound() multiplies with
 * @policy: the weights
 * @totalpages: pages that the OOM domain may use
 * @rates: the result
 */
void oom_score_rates(const struct oom_score_policy *policy, u64 totalpages,
		     struct oom_score_rates *rates)
{
	totalpages = min(totalpages, OOM_SCORE_LARGEST);
	*rates = (struct oom_score_rates) {
		.parent = rate(policy->parent_share),
		.fork = policy->fork_window_ms ? rate(policy->fork_weight) : 0,
		.adj = div_u64((totalpages << OOM_SCORE_RATE_SHIFT) +
			       OOM_SCORE_PERMILLE - 1, OOM_SCORE_PERMILLE),
	};
}

/**
 * oom_score_rank() - one number that orders classes, and points in them
 * @class: the rank class
 * @points: the points
 *
 * The keys of volunteers are above all others, and below LONG_MAX, which stands
 * for a task that asked to be killed (oom_task_origin()).
 *
 * Return: a key, not falling when class or points rise; LONG_MIN is never to be
 *         killed.
 */
long oom_score_rank(enum oom_class class, s64 points)
{
	switch (class) {
	case OOM_CLASS_NORMAL:
		return clamp_t(s64, points, LONG_MIN + 1, VOLUNTEER_KEY - 1);
	case OOM_CLASS_VOLUNTEER:
		return VOLUNTEER_KEY + clamp_t(s64, points, 0,
					       LONG_MAX - 1 - VOLUNTEER_KEY);
	default:
		return LONG_MIN;
	}
}

/**
 * oom_score_key() - one number that orders victims
 * @score: a computed score
 *
 * Return: The process with the largest key is to be killed; LONG_MIN is never.
 */
long oom_score_key(const struct oom_score *score)
{
	return oom_score_rank(score->class, score->points);
}

/**
 * oom_score_last_key() - one number that orders victims where nobody is left
 * @score: a computed score
 *
 * Return: The immune process with the largest key is to be killed; LONG_MIN is
 *         who was to be killed before, or never is.
 */
long oom_score_last_key(const struct oom_score *score)
{
	if (score->class != OOM_CLASS_IMMUNE)
		return LONG_MIN;
	return oom_score_rank(OOM_CLASS_NORMAL, score->points);
}

/* points * 1000 / totalpages, rounded to 0, for results from -1000 to 2000 */
static int relative(s64 points, s64 totalpages)
{
	u64 whole, rest;
	u64 size = points < 0 ? -(u64)points : points;

	whole = div64_u64_rem(size, totalpages, &rest);
	if (whole >= 3)
		return points < 0 ? -1000 : SCALE_MAX;
	/* Keep the product below 2^63; nobody sees the bits that go. */
	while (rest > S64_MAX / 1000) {
		rest >>= 1;
		totalpages >>= 1;
	}
	size = whole * 1000 + div64_u64(rest * 1000, totalpages);
	return points < 0 ? -(int)min_t(u64, size, 1000) : (int)size;
}

/**
 * oom_score_show() - the score as /proc/PID/oom_score shows it
 * @class: the rank class
 * @points: the points
 * @totalpages: the pages they were computed with
 *
 * The scale of oom_badness(): (1000 + 1000 * points / totalpages) * 2 / 3.
 * To keep the order of the classes, normal processes that would be above 1300
 * share the values up to 1332, below all volunteers.
 *
 * Return: 0 for a process that is never chosen, else 1 to 2000, not falling
 *         in the order of oom_score_rank().
 */
unsigned int oom_score_show(enum oom_class class, s64 points, u64 totalpages)
{
	int value = (1000 + relative(points,
				     max_t(s64, to_pages(totalpages), 1))) * 2 / 3;

	switch (class) {
	case OOM_CLASS_NORMAL:
		value = clamp(value, 1, SCALE_MAX);
		if (value > SCALE_LINEAR)
			value = SCALE_LINEAR + 1 + (value - SCALE_LINEAR - 1) *
				(SCALE_VOLUNTEER - SCALE_LINEAR - 2) /
				(SCALE_MAX - SCALE_LINEAR - 1);
		return value;
	case OOM_CLASS_VOLUNTEER:
		return clamp(value, SCALE_VOLUNTEER, SCALE_MAX);
	default:
		return 0;
	}
}

/* What a sum costs beside the CPUs' cache lines, as if it were some more. */
#define SUM_OVERHEAD	16

/**
 * oom_score_sums_max() - how many precise sums a selection may make
 * @lines: cache lines that it may read for them
 * @cpus: CPUs that are online; each has a line of a process's counters
 *
 * With the default of 2^22 lines that is 15,420 sums on 256 CPUs, 174,762 on 8:
 * in either case 0.4 s where each line takes 100 ns to come from memory.
 *
 * Return: their number.
 */
unsigned int oom_score_sums_max(unsigned int lines, unsigned int cpus)
{
	return lines / (cpus + SUM_OVERHEAD);
}
