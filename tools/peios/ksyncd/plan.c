// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of writes.
 *
 * Each knob is written on its own, so between two policies the kernel passes
 * through mixtures of them. No mixture may be laxer than both: with a mode that
 * is about to become strict, a limit that is about to shrink, nobody may get a
 * promise that neither policy allows.
 *
 * Model. A policy is a tuple of settings, each with an order of strictness (or
 * none). What is granted grows when any one of them gets laxer while the others
 * stay. Then all writes that tighten, followed by all that loosen, are safe:
 * each state of the first part is at most as lax as the old policy, each of the
 * second at most as lax as the new one.
 *
 * Refinement. The limit and the reserves count in strict mode only. Where the
 * mode becomes strict they are written before, where it ceases to be they are
 * written after it, so that they change while nobody can see them: then no
 * state is stricter than both policies either, and nothing is refused on the
 * way that both allow. Within strict mode a limit that shrinks with a reserve
 * that grows less leaves no such order; for a moment more is refused.
 *
 * The limit is one value in two knobs: writing overcommit_ratio sets
 * overcommit_kbytes to 0 and the reverse, in one go.
 *
 * Example, heuristic with panic_on_oom 2 to strict with ratio 80 and
 * panic_on_oom 0: overcommit_ratio = 80 (unseen), overcommit_memory = 2
 * (tightens), panic_on_oom = 0 (loosens).
 */
#include <stdio.h>
#include <string.h>

#include "ksyncd.h"

/* The parts of a plan, in order. */
enum phase {
	UNSEEN_BEFORE,
	TIGHTENS,
	INDIFFERENT,
	LOOSENS,
	UNSEEN_AFTER,
	NR_PHASES,
};

/*
 * What may be promised in strict mode, in kB, if the limit is @id = @value.
 * Without knowing the machine, any share is taken to be less than any amount.
 */
static long long limit_of(enum setting_id id, long long value,
			  const struct machine *machine)
{
	if (id == OVERCOMMIT_KBYTES)
		return machine->known ? value : value + settings[OVERCOMMIT_RATIO].max;
	if (!machine->known)
		return value;
	/* Below 2^50 kB of memory and 1000 % there is no overflow. */
	return machine->ram * value / 100;
}

static enum setting_id limit_id(const struct values *v)
{
	return v->v[OVERCOMMIT_KBYTES] ? OVERCOMMIT_KBYTES : OVERCOMMIT_RATIO;
}

/**
 * commit_limit() - what may be promised in strict mode
 * @v: the policy
 * @machine: the machine; known
 *
 * Return: the limit in kB, with swap, before reserves.
 */
long long commit_limit(const struct values *v, const struct machine *machine)
{
	enum setting_id id = limit_id(v);

	return limit_of(id, v->v[id], machine) + machine->swap;
}

static bool strict(const struct values *v)
{
	return v->set[OVERCOMMIT_MEMORY] &&
	       v->v[OVERCOMMIT_MEMORY] == MODE_STRICT;
}

static bool is_limit(enum setting_id id)
{
	return id == OVERCOMMIT_RATIO || id == OVERCOMMIT_KBYTES;
}

/* Counts in strict mode only. */
static bool is_strict_only(enum setting_id id)
{
	return is_limit(id) || id == ADMIN_RESERVE_KBYTES ||
	       id == USER_RESERVE_KBYTES;
}

/**
 * policy_in_force() - see if the kernel has what is wanted
 * @now: the kernel's values
 * @want: what is wanted, complete
 * @id: the setting
 *
 * Return: true also for a setting that is not wanted, or that this kernel does
 * not have and nobody has asked for.
 */
bool policy_in_force(const struct values *now, const struct values *want,
		     enum setting_id id)
{
	if (!want->set[id] || !now->set[id])
		return true;
	/* With an amount in force the share does not count. */
	if (id == OVERCOMMIT_RATIO && want->v[OVERCOMMIT_KBYTES])
		return true;
	return now->v[id] == want->v[id];
}

/* +1 if going from @now to @want with @id is stricter, -1 if it is laxer. */
static int stricter(const struct values *now, const struct values *want,
		    enum setting_id id, const struct machine *machine)
{
	long long from = now->v[id], to = want->v[id];
	int sense = settings[id].sense;

	if (id == OVERCOMMIT_MEMORY) {
		from = mode_rank(from);
		to = mode_rank(to);
		sense = LARGER_IS_STRICTER;
	} else if (is_limit(id)) {
		from = limit_of(limit_id(now), now->v[limit_id(now)], machine);
		to = limit_of(id, to, machine);
	}
	return sense * ((to > from) - (to < from));
}

static enum phase phase_of(const struct values *now, const struct values *want,
			   enum setting_id id, const struct machine *machine)
{
	int way = stricter(now, want, id, machine);
	bool after = strict(want);

	if (!want->set[OVERCOMMIT_MEMORY])
		after = strict(now);
	if (is_strict_only(id) && !strict(now))
		return UNSEEN_BEFORE;
	if (is_strict_only(id) && !after)
		return UNSEEN_AFTER;
	return way > 0 ? TIGHTENS : way < 0 ? LOOSENS : INDIFFERENT;
}

/* Whether @id must be written; for the limit only the knob that holds it. */
static bool must_write(const struct values *now, const struct values *want,
		       enum setting_id id)
{
	if (!want->set[id] || !now->set[id])
		return false;
	if (is_limit(id)) {
		if (id != limit_id(want))
			return false;
		return limit_id(now) != id || now->v[id] != want->v[id];
	}
	return now->v[id] != want->v[id];
}

/**
 * plan_make() - order the writes that lead from one policy to another
 * @now: the kernel's values
 * @want: the values to be in force; what is not set stays
 * @machine: the machine
 * @steps: the result, PLAN_MAX steps at most
 *
 * To take back what was done, undo the steps in reverse order: that passes
 * through the same states.
 *
 * Return: the number of steps.
 */
int plan_make(const struct values *now, const struct values *want,
	      const struct machine *machine, struct step *steps)
{
	enum setting_id id, undo;
	enum phase phase;
	int nr = 0;

	for (phase = UNSEEN_BEFORE; phase < NR_PHASES; phase++) {
		for (id = 0; id < NR_SETTINGS; id++) {
			if (!must_write(now, want, id) ||
			    phase_of(now, want, id, machine) != phase)
				continue;
			undo = is_limit(id) ? limit_id(now) : id;
			steps[nr++] = (struct step) {
				.id = id,
				.value = want->v[id],
				.undo_id = undo,
				.undo_value = now->v[undo],
			};
		}
	}
	return nr;
}

/**
 * plan_over() - see whether strict mode would refuse everything at once
 * @now: the kernel's values
 * @want: the values to be in force
 * @machine: the machine
 * @text: if so, a sentence
 * @size: size of @text
 *
 * Only where @want tightens: a system that is over the limit already does not
 * get worse by what leaves it as it is, and gets better by a higher limit.
 *
 * Return: true if so.
 */
bool plan_over(const struct values *now, const struct values *want,
	       const struct machine *machine, char *text, size_t size)
{
	long long before, limit, reserve, open;

	if (!machine->known || !strict(want))
		return false;
	limit = commit_limit(want, machine);
	reserve = want->set[ADMIN_RESERVE_KBYTES] ?
		  want->v[ADMIN_RESERVE_KBYTES] : now->v[ADMIN_RESERVE_KBYTES];
	open = limit > reserve ? limit - reserve : 0;
	if (strict(now)) {
		before = commit_limit(now, machine) -
			 now->v[ADMIN_RESERVE_KBYTES];
		if (open >= before)
			return false;
	}
	if (machine->promised <= open)
		return false;
	if (machine->promised > limit)
		snprintf(text, size, "%s: %lld kB are promised, the limit would be %lld kB",
			 "strict mode would refuse every request at once",
			 machine->promised, limit);
	else
		snprintf(text, size, "%s: %lld kB are promised, %lld kB of %lld kB would be left",
			 "strict mode would refuse all but root at once",
			 machine->promised, open, limit);
	return true;
}
