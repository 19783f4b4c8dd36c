// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of writes, by brute force: for each pair of policies of a grid, the
 * plan is run on a model of the kernel, and each state on the way compared with
 * both ends.
 *
 * What "laxer" means here is written down anew, by what is granted, not by the
 * senses of the schema that the planner goes by.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ksyncd.h"
#include "test.h"

static const struct machine machine = {
	.known = true, .ram = 4000000, .swap = 500000,
};

/* The kernel's knobs, as mm/util.c has them. */
static void kernel_write(struct values *kernel, int id, long long value)
{
	kernel->v[id] = value;
	if (id == OVERCOMMIT_RATIO)
		kernel->v[OVERCOMMIT_KBYTES] = 0;
	if (id == OVERCOMMIT_KBYTES)
		kernel->v[OVERCOMMIT_RATIO] = 0;
}

/*
 * What a policy grants, in independent parts; in each, more is laxer. Not
 * strict counts as more than any limit: that is the point of being strict.
 */
#define PARTS	5

static void granted(const struct values *s, long long *part)
{
	long long limit = s->v[OVERCOMMIT_KBYTES], open;
	int i;

	if (!limit)
		limit = machine.ram * s->v[OVERCOMMIT_RATIO] / 100;
	limit += machine.swap;
	open = limit - s->v[ADMIN_RESERVE_KBYTES];
	part[0] = limit;					/* root */
	part[1] = open;						/* others */
	part[2] = open - s->v[USER_RESERVE_KBYTES];		/* a large one */
	for (i = 0; i < 3 && s->v[OVERCOMMIT_MEMORY] != 2; i++)
		part[i] = s->v[OVERCOMMIT_MEMORY] ? LLONG_MAX : LLONG_MAX / 2;
	part[3] = -s->v[PANIC_ON_OOM];
	part[4] = s->v[OOM_KILL_ALLOCATING_TASK];
}

static bool at_most(const struct values *a, const struct values *b)
{
	long long part_a[PARTS], part_b[PARTS];
	int i;

	granted(a, part_a);
	granted(b, part_b);
	for (i = 0; i < PARTS; i++)
		if (part_a[i] > part_b[i])
			return false;
	return true;
}

static bool same(const struct values *a, const struct values *b)
{
	return !memcmp(a->v, b->v, sizeof(a->v));
}

/* Limits as (ratio, kbytes): what the kernel can have. */
static const long long limits[][2] = {
	{ 50, 0 }, { 80, 0 }, { 120, 0 }, { 0, 1000000 }, { 0, 3900000 },
	{ 0, 0 },
};

static const long long reserves[] = { 0, 8192, 900000 };

#define NR_LIMITS	6
#define NR_GRID		(3 * NR_LIMITS * 3 * 2 * 3 * 2)

static void grid(int n, struct values *s)
{
	int id;

	*s = (struct values) {};
	for (id = 0; id < NR_SETTINGS; id++) {
		s->set[id] = true;
		if (settings[id].by_default != UNMANAGED)
			s->v[id] = settings[id].by_default;
	}
	s->v[OVERCOMMIT_MEMORY] = n % 3;
	n /= 3;
	s->v[OVERCOMMIT_RATIO] = limits[n % NR_LIMITS][0];
	s->v[OVERCOMMIT_KBYTES] = limits[n % NR_LIMITS][1];
	n /= NR_LIMITS;
	s->v[ADMIN_RESERVE_KBYTES] = reserves[n % 3];
	n /= 3;
	s->v[USER_RESERVE_KBYTES] = n % 2 * 131072;
	n /= 2;
	s->v[PANIC_ON_OOM] = n % 3;
	n /= 3;
	s->v[OOM_KILL_ALLOCATING_TASK] = n % 2;
}

static long long pairs, states;

static void check_pair(const struct values *from, const struct values *to)
{
	struct step steps[PLAN_MAX];
	struct values s = *from;
	int nr, i, undo;

	pairs++;
	nr = plan_make(from, to, &machine, steps);
	for (i = 0; i < nr; i++) {
		struct values back;

		kernel_write(&s, steps[i].id, steps[i].value);
		states++;
		expect(at_most(&s, from) || at_most(&s, to),
		       "step %d (%s = %lld) of mode %lld to %lld is laxer", i,
		       settings[steps[i].id].name, steps[i].value,
		       from->v[OVERCOMMIT_MEMORY], to->v[OVERCOMMIT_MEMORY]);
		/* Stricter than both only from strict to strict. */
		if (!at_most(from, &s) && !at_most(to, &s)) {
			bool commit = from->v[OVERCOMMIT_MEMORY] == 2 &&
				      to->v[OVERCOMMIT_MEMORY] == 2;
			long long a[PARTS], b[PARTS], c[PARTS];
			int part;

			granted(from, a);
			granted(to, b);
			granted(&s, c);
			for (part = 0; part < 3 && !commit; part++)
				expect(c[part] >= a[part] || c[part] >= b[part],
				       "part %d refused on the way", part);
		}

		/* From here, failing: back through the same states. */
		back = s;
		for (undo = i; undo >= 0; undo--) {
			kernel_write(&back, steps[undo].undo_id,
				     steps[undo].undo_value);
			expect(at_most(&back, from) || at_most(&back, to),
			       "undoing step %d is laxer", undo);
		}
		expect(same(&back, from), "undone from step %d", i);
	}
	expect(same(&s, to), "the plan does not lead there");
	for (i = 0; i < NR_SETTINGS; i++)
		expect(policy_in_force(&s, to, i), "%s", settings[i].name);
	expect(!plan_make(&s, to, &machine, steps), "something is left to do");
}

static void all_pairs(void)
{
	static struct values all[NR_GRID];
	int from, to;

	for (from = 0; from < NR_GRID; from++)
		grid(from, &all[from]);
	for (from = 0; from < NR_GRID; from++)
		for (to = 0; to < NR_GRID; to++)
			check_pair(&all[from], &all[to]);
	printf("# %d policies, %lld pairs, %lld states on the way\n", NR_GRID,
	       pairs, states);
}

/* The planner's order matters: the naive one, by the schema, does pass. */
static void naive_order_is_laxer(void)
{
	struct values from, to, s;
	int a, b, id, laxer = 0;

	for (a = 0; a < NR_GRID; a += 7) {
		for (b = 0; b < NR_GRID; b += 11) {
			grid(a, &from);
			grid(b, &to);
			s = from;
			for (id = 0; id < NR_SETTINGS; id++) {
				if (s.v[id] != to.v[id] &&
				    !(id == OVERCOMMIT_RATIO && !to.v[id]))
					kernel_write(&s, id, to.v[id]);
				laxer += !at_most(&s, &from) &&
					 !at_most(&s, &to);
			}
		}
	}
	expect(laxer > 100, "%d: the model sees nothing", laxer);
}

/* What is not wanted, or not there, is not touched. */
static void partial(void)
{
	struct step steps[PLAN_MAX];
	struct values from, to;
	int round, id, nr, i;

	srand(1);
	for (round = 0; round < 20000; round++) {
		grid(rand() % NR_GRID, &from);
		grid(rand() % NR_GRID, &to);
		for (id = 0; id < NR_SETTINGS; id++) {
			if (id == OVERCOMMIT_RATIO || id == OVERCOMMIT_KBYTES)
				continue;
			to.set[id] = rand() % 3;
			from.set[id] = rand() % 5;
			from.v[id] = from.set[id] ? from.v[id] : 0;
		}
		nr = plan_make(&from, &to, &machine, steps);
		for (i = 0; i < nr; i++)
			expect(to.set[steps[i].id] && from.set[steps[i].id],
			       "%s written", settings[steps[i].id].name);
	}
}

/* An unknown machine: still a plan that leads there and back. */
static void unknown_machine(void)
{
	const struct machine unknown = {};
	struct step steps[PLAN_MAX];
	struct values from, to, s;
	int a, b, nr, i;

	for (a = 0; a < NR_GRID; a += 5) {
		for (b = 0; b < NR_GRID; b += 13) {
			grid(a, &from);
			grid(b, &to);
			s = from;
			nr = plan_make(&from, &to, &unknown, steps);
			for (i = 0; i < nr; i++)
				kernel_write(&s, steps[i].id, steps[i].value);
			expect(same(&s, &to), "%d to %d", a, b);
			while (i-- > 0)
				kernel_write(&s, steps[i].undo_id,
					     steps[i].undo_value);
			expect(same(&s, &from), "%d back from %d", a, b);
		}
	}
}

static bool over(long long mode, long long ratio, long long reserve,
		 long long new_mode, long long new_ratio, long long promised)
{
	const struct machine m = {
		.known = true, .ram = 1000000, .swap = 100000,
		.promised = promised,
	};
	struct values now = {}, want;
	char text[256];

	now.set[OVERCOMMIT_MEMORY] = true;
	now.set[OVERCOMMIT_RATIO] = true;
	now.set[ADMIN_RESERVE_KBYTES] = true;
	now.v[OVERCOMMIT_MEMORY] = mode;
	now.v[OVERCOMMIT_RATIO] = ratio;
	now.v[ADMIN_RESERVE_KBYTES] = reserve;
	want = now;
	want.set[ADMIN_RESERVE_KBYTES] = false;
	want.v[OVERCOMMIT_MEMORY] = new_mode;
	want.v[OVERCOMMIT_RATIO] = new_ratio;
	return plan_over(&now, &want, &m, text, sizeof(text));
}

static void over_the_limit(void)
{
	/* 50 % of 1000000 and 100000 of swap: 600000, 10000 of it reserved */
	expect(!over(0, 50, 10000, 2, 50, 590000), "fits to the last kB");
	expect(over(0, 50, 10000, 2, 50, 590001), "into the reserve");
	expect(over(0, 50, 10000, 2, 50, 600001), "above all");
	expect(over(1, 50, 10000, 2, 50, 600001), "from always");
	expect(!over(0, 50, 10000, 0, 50, 9999999), "not strict");
	expect(!over(2, 50, 10000, 0, 50, 9999999), "not strict any more");
	expect(over(2, 80, 10000, 2, 50, 700000), "a limit that shrinks");
	expect(!over(2, 50, 10000, 2, 80, 9999999), "a limit that grows");
	expect(!over(2, 50, 10000, 2, 50, 9999999), "a limit that stays");
	expect(over(0, 50, 9000000, 2, 50, 1), "a reserve above the limit");
}

int main(void)
{
	all_pairs();
	test_done("no plan passes through a laxer state, all are undone");
	naive_order_is_laxer();
	test_done("a plain order would");
	partial();
	test_done("what is not managed is not written");
	unknown_machine();
	test_done("plans without knowing the machine");
	over_the_limit();
	test_done("strict mode that would refuse everything");
	return test_end();
}
