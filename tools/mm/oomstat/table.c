// SPDX-License-Identifier: GPL-2.0-only
/*
 * One state of the system as a table, for people.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "oomstat.h"

long long to_kb(long long pages)
{
	long long kb;

	if (__builtin_mul_overflow(pages, sysconf(_SC_PAGESIZE) / 1024, &kb))
		return pages < 0 ? LLONG_MIN : LLONG_MAX;
	return kb;
}

static void print_seconds(FILE *out, long long seconds)
{
	if (seconds < 0)
		fprintf(out, " %10s", "never");
	else
		fprintf(out, " %8lld s", seconds);
}

static void print_system(FILE *out, const struct system *s)
{
	if (!s->native)
		fputs("This kernel has no /proc/commitinfo. The payment is worked out from\n"
		      "/proc/meminfo; refusals and a forecast are not known.\n\n", out);
	fprintf(out, "%12s %12s %12s %12s %9s %12s", "PROMISE", "PAYMENT",
		"OUTSTANDING", "AVAILABLE", "COVERAGE", "LIMIT");
	if (s->native)
		fprintf(out, " %8s %11s %10s", "REFUSED", "RATE", "EXHAUSTION");
	fputc('\n', out);
	print_amount(out, 12, s->promise, "");
	fputc(' ', out);
	print_amount(out, 12, s->payment, "");
	fputc(' ', out);
	print_amount(out, 12, s->outstanding, "");
	fputc(' ', out);
	print_amount(out, 12, s->available, "");
	fprintf(out, " %7lld %%", s->coverage);
	fputc(' ', out);
	print_amount(out, 12, s->limit, "");
	if (s->native) {
		fprintf(out, " %8lld", s->refused);
		print_amount(out, 12, s->rate, "/s");
		print_seconds(out, s->exhaustion);
	}
	fputs("\n\n", out);
}

/* A cell that may be empty. */
static void print_known(FILE *out, long long kb)
{
	if (kb < 0)
		fprintf(out, "%12s", "-");
	else
		print_cell(out, 12, kb);
}

static void print_group(FILE *out, const struct group *g)
{
	const char *name = strrchr(g->path, '/');

	print_known(out, g->promise);
	print_known(out, g->payment);
	print_known(out, g->limit);
	print_known(out, g->available);
	if (g->forecast) {
		print_seconds(out, g->exhaustion);
		print_seconds(out, g->trend);
	} else {
		fprintf(out, " %10s %10s", "-", "-");
	}
	fprintf(out, "  %*s", g->depth * 2, "");
	/* A first one that is not at the root is named in full. */
	name_put(out, g->depth && name ? name + 1 : g->path);
	fputc('\n', out);
}

static void print_groups(FILE *out, const struct groups *gs)
{
	const char *u = unit_of_cells();
	size_t i;

	fprintf(out, "%12s%12s%12s%12s %10s %10s  CGROUP\n", "PROMISE", "PAYMENT",
		"LIMIT", "LEFT", "EXHAUSTION", "TREND");
	if (*u)
		fprintf(out, "%12s%12s%12s%12s\n", u, u, u, u);
	for (i = 0; i < gs->nr; i++)
		print_group(out, &gs->list[i]);
	if (!gs->nr)
		fputs("No cgroup here has the memory controller (version 2).\n", out);
	fputc('\n', out);
}

static void print_process(FILE *out, const struct process *p, bool detailed,
			  bool promised)
{
	int i;

	fprintf(out, "%7d %5lld %5lld", p->pid, p->score, p->oom_score_adj);
	if (detailed && p->detailed) {
		char rank[sizeof(p->rank) * NAME_BYTE_MAX];

		name_text(rank, sizeof(rank), p->rank);
		fprintf(out, " %-10s ", rank);
		print_cell(out, 10, to_kb(p->points));
		for (i = 0; i < NR_TERMS; i++) {
			fputc(' ', out);
			print_cell(out, 9, to_kb(p->terms[i]));
		}
	} else if (detailed) {
		fprintf(out, " %-10s %10s", "-", "-");
		for (i = 0; i < NR_TERMS; i++)
			fprintf(out, " %9s", "-");
	}
	if (promised && p->promised) {
		print_cell(out, 11, p->promise);
		print_cell(out, 11, p->payment);
	} else if (promised) {
		fprintf(out, " %10s %10s", "-", "-");
	}
	fputs("  ", out);
	name_put(out, p->comm);
	if (p->why[0]) {
		fputs(" (", out);
		name_put(out, p->why);
		fputc(')', out);
	}
	fputc('\n', out);
}

/* The second line of the header. */
static void print_units(FILE *out, bool detailed, bool promised)
{
	const char *u = unit_of_cells();
	int i;

	if (!*u || (!detailed && !promised))
		return;
	fprintf(out, "%7s %5s %5s", "", "", "");
	if (detailed) {
		fprintf(out, " %-10s %10s", "", u);
		for (i = 0; i < NR_TERMS; i++)
			fprintf(out, " %9s", u);
	}
	if (promised)
		fprintf(out, " %10s %10s", u, u);
	fputc('\n', out);
}

/* Whose score could not be read, which right that takes, and how to get it. */
static void print_unreadable(FILE *out, const struct processes *ps)
{
	const int pid = ps->unreadable_pid;

	fprintf(out, "%zu %s may not be read: the right QUERY_INFORMATION is missing (%d %s).\n",
		ps->unreadable, ps->unreadable == 1 ? "process" : "processes",
		pid, ps->unreadable == 1 ? "is it" : "is one");
	fprintf(out, "\"peiosctl check %d QUERY_INFORMATION\" says which check", pid);
	fputs(" refuses it, and how to get it.\n", out);
}

void print_table(FILE *out, const struct state *state, const struct request *request)
{
	const struct processes *ps = &state->processes;
	size_t rows = request->rows;
	bool detailed = false, promised = false;
	size_t i, shown = rows && rows < ps->nr ? rows : ps->nr;

	print_system(out, &state->system);
	if (request->groups)
		print_groups(out, &state->groups);
	for (i = 0; i < ps->nr; i++) {
		detailed |= ps->list[i].detailed;
		promised |= ps->list[i].promised;
	}
	if (!ps->nr && !ps->unreadable) {
		fputs(ps->hidden ? "No process can be chosen.\n" : "No process is shown.\n", out);
		goto counts;
	}
	if (!detailed)
		fputs("This kernel has no oom_score_detail: scores without their terms.\n\n",
		      out);
	fputs("The likeliest victim first; ", out);
	if (detailed)
		fprintf(out, "points and their terms%s%s.\n",
			*unit_of_cells() ? " in " : "", unit_of_cells());
	else
		fputs("by oom_score.\n", out);
	fprintf(out, "%7s %5s %5s", "PID", "SCORE", "ADJ");
	if (detailed)
		fprintf(out, " %-10s %10s %9s %9s %9s %9s %9s", "CLASS",
			"POINTS", "MEMORY", "INHERITED", "FORK", "TCB",
			"FOR ADJ");
	if (promised)
		fprintf(out, " %10s %10s", "PROMISE", "PAYMENT");
	fputs("  COMMAND\n", out);
	print_units(out, detailed, promised);
	for (i = 0; i < shown; i++)
		print_process(out, &ps->list[i], detailed, promised);
	if (shown < ps->nr)
		fprintf(out, "and %zu more (-a shows all)\n", ps->nr - shown);
counts:
	if (ps->hidden)
		fprintf(out, "%zu can't be chosen (-a shows them)\n", ps->hidden);
	if (ps->unreadable)
		print_unreadable(out, ps);
}
