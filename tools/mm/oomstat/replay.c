// SPDX-License-Identifier: GPL-2.0-only
/*
 * Works out a choice of the OOM killer again from its record: an implementation
 * of its own of the formula in Documentation/admin-guide/mm/oom.rst.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "oomstat.h"

#define CANDIDATES	5

struct weights {
	long long parent_share;
	long long fork_weight;
	long long fork_window_ms;
	long long tcb_discount;
	long long totalpages;
	long long immune_limit;
};

struct inputs {
	long long pid;
	long long rss;
	long long swap;
	long long pgtables;
	long long parent;
	long long age_ms;
	long long adj;
	bool tcb;
};

struct terms {
	long long memory;
	long long inherited;
	long long fork;
	long long tcb;
	long long adj;
	long long points;
};

/* Of one with oom_score_adj -1000: has it no more than it may? */
static bool immune(const struct inputs *in, const struct weights *w)
{
	return in->adj == -1000 &&
	       (w->immune_limit >= 1000 || in->rss + in->swap + in->pgtables <=
		(__int128)w->totalpages * w->immune_limit / 1000);
}

/* Every division rounds towards 0, as the kernel's. */
static void compute(const struct inputs *in, const struct weights *w,
		    struct terms *t)
{
	t->memory = in->rss + in->swap + in->pgtables;
	t->inherited = in->parent > 0 ?
		(__int128)in->parent * w->parent_share / 1000 : 0;
	t->fork = 0;
	if (in->age_ms < w->fork_window_ms)
		t->fork = (__int128)((__int128)t->memory * w->fork_weight / 1000) *
			  (w->fork_window_ms - in->age_ms) / w->fork_window_ms;
	t->tcb = in->tcb ? -(__int128)t->memory * w->tcb_discount / 1000 : 0;
	t->adj = in->adj == -1000 && !immune(in, w) ? 0 :
		 (__int128)in->adj * w->totalpages / 1000;
	t->points = t->memory + t->inherited + t->fork + t->tcb + t->adj;
}

static bool misfit(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return false;
}

static bool read_weights(const struct record *r, struct weights *w)
{
	/* Records of kernels before it have no limit. */
	if (record_number(r, "immune_limit", &w->immune_limit))
		w->immune_limit = 1000;
	return !record_number(r, "parent_share", &w->parent_share) &&
	       !record_number(r, "fork_weight", &w->fork_weight) &&
	       !record_number(r, "fork_window_ms", &w->fork_window_ms) &&
	       !record_number(r, "tcb_discount", &w->tcb_discount) &&
	       !record_number(r, "totalpages", &w->totalpages);
}

static bool read_inputs(const struct record *r, struct inputs *in)
{
	const char *tier = record_get(r, "tier");

	in->tcb = tier && !strcmp(tier, "tcb");
	return tier && !record_number(r, "pid", &in->pid) &&
	       !record_number(r, "rss", &in->rss) &&
	       !record_number(r, "swap", &in->swap) &&
	       !record_number(r, "pgtables", &in->pgtables) &&
	       !record_number(r, "parent", &in->parent) &&
	       !record_number(r, "age_ms", &in->age_ms) &&
	       !record_number(r, "oom_score_adj", &in->adj);
}

/* The victim's own terms follow from its inputs. */
static bool replay_terms(const struct record *r, const struct weights *w,
			 char *why, size_t size)
{
	struct inputs in;
	struct terms t;
	const struct {
		const char *key;
		const long long *value;
	} terms[] = {
		{ "memory", &t.memory },
		{ "inherited", &t.inherited },
		{ "fork", &t.fork },
		{ "tcb", &t.tcb },
		{ "adj", &t.adj },
		{ "points", &t.points },
	};
	size_t i;

	if (!read_inputs(r, &in))
		return misfit(why, size, "the inputs are not complete");
	compute(&in, w, &t);
	for (i = 0; i < ARRAY_SIZE(terms); i++) {
		long long recorded;

		if (record_number(r, terms[i].key, &recorded))
			return misfit(why, size, "no %s", terms[i].key);
		if (recorded != *terms[i].value)
			return misfit(why, size,
				      "%s is %lld kB, recorded %lld kB",
				      terms[i].key, to_kb(*terms[i].value),
				      to_kb(recorded));
	}
	return true;
}

/* True if @a is to die before @b, or may as well. */
static bool not_after(const struct inputs *a, const struct terms *ta,
		      const struct inputs *b, const struct terms *tb)
{
	bool volunteer = a->adj == 1000;

	if (!volunteer && b->adj == 1000)
		return false;
	if (volunteer && b->adj != 1000)
		return true;
	/* Among volunteers all that have no points to speak of are equal. */
	if (volunteer && tb->points <= 0)
		return true;
	return ta->points >= tb->points;
}

static bool has_reason(const struct record *r, const char *reason)
{
	const char *value = record_get(r, "reason");

	return value && !strcmp(value, reason);
}

/* Each candidate's points follow from its inputs, and they are in order. */
static bool replay_candidates(const struct record *r, const struct weights *w,
			      long long *first, char *why, size_t size)
{
	const char *points = record_get(r, "candidates");
	const char *inputs = record_get(r, "inputs");
	struct inputs in[CANDIDATES];
	struct terms t[CANDIDATES];
	bool last_resort = false;
	char tier[8];
	int i, used;

	if (!points || !inputs)
		return misfit(why, size, "no candidates");
	for (i = 0; i < CANDIDATES && *points && strcmp(points, "none"); i++) {
		long long pid, recorded;

		if (sscanf(points, "%lld:%lld%n", &pid, &recorded, &used) != 2)
			return misfit(why, size, "candidates can't be read");
		points += used;
		points += *points == ',';
		if (sscanf(inputs, "%lld:%lld:%lld:%lld:%lld:%lld:%lld:%7[a-z]%n",
			   &in[i].pid, &in[i].rss, &in[i].swap, &in[i].pgtables,
			   &in[i].parent, &in[i].age_ms, &in[i].adj, tier,
			   &used) != 8)
			return misfit(why, size, "inputs can't be read");
		inputs += used;
		inputs += *inputs == ',';
		in[i].tcb = !strcmp(tier, "tcb");
		if (!i)
			last_resort = immune(&in[0], w) &&
				      !has_reason(r, "chosen") &&
				      !has_reason(r, "sysrq");
		if (in[i].pid != pid)
			return misfit(why, size,
				      "candidates and inputs name others");
		compute(&in[i], w, &t[i]);
		if (t[i].points != recorded)
			return misfit(why, size,
				      "candidate %lld has %lld kB of points, recorded %lld kB",
				      pid, to_kb(t[i].points), to_kb(recorded));
		/* As the last resort all are, and only then. */
		if (immune(&in[i], w) != last_resort)
			return misfit(why, size, "candidate %lld is %simmune",
				      pid, last_resort ? "not " : "");
		if (i && !not_after(&in[i - 1], &t[i - 1], &in[i], &t[i]))
			return misfit(why, size,
				      "candidate %lld has the better claim",
				      pid);
	}
	if (*points && strcmp(points, "none"))
		return misfit(why, size, "more than %d candidates", CANDIDATES);
	*first = i ? in[0].pid : 0;
	return true;
}

bool record_replay(const struct record *r, char *why, size_t size)
{
	const char *reason = record_get(r, "reason");
	long long pid, first = 0;
	struct weights w;

	if (!reason || record_number(r, "pid", &pid))
		return misfit(why, size, "no record of a kill");
	if (!read_weights(r, &w))
		return misfit(why, size, "the weights are not complete");
	/* A panic has no victim, only those who would have been chosen. */
	if (pid && !replay_terms(r, &w, why, size))
		return false;
	if (!replay_candidates(r, &w, &first, why, size))
		return false;
	if ((!strcmp(reason, "chosen") || !strcmp(reason, "sysrq") ||
	     !strcmp(reason, "last_resort")) && first != pid)
		return misfit(why, size, "%lld would have been chosen", first);
	return true;
}
