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

static void print_system(FILE *out, const struct system *s)
{
	if (!s->native)
		fputs("This kernel has no /proc/commitinfo. The payment is worked out from\n"
		      "/proc/meminfo; refusals and a forecast are not known.\n\n", out);
	fprintf(out, "%12s %12s %12s %12s %9s %12s", "PROMISE", "PAYMENT",
		"OUTSTANDING", "AVAILABLE", "COVERAGE", "LIMIT");
	if (s->native)
		fprintf(out, " %8s %11s %10s", "REFUSED", "RATE", "EXHAUSTION");
	fprintf(out, "\n%9lld kB %9lld kB %9lld kB %9lld kB %7lld %% %9lld kB",
		s->promise, s->payment, s->outstanding, s->available,
		s->coverage, s->limit);
	if (s->native) {
		fprintf(out, " %8lld %6lld kB/s ", s->refused, s->rate);
		if (s->exhaustion < 0)
			fprintf(out, "%10s", "never");
		else
			fprintf(out, "%8lld s", s->exhaustion);
	}
	fputs("\n\n", out);
}

static void print_process(FILE *out, const struct process *p, bool detailed,
			  bool promised)
{
	int i;

	fprintf(out, "%7d %5lld %5lld", p->pid, p->score, p->oom_score_adj);
	if (detailed && p->detailed) {
		char rank[sizeof(p->rank) * NAME_BYTE_MAX];

		name_text(rank, sizeof(rank), p->rank);
		fprintf(out, " %-10s %10lld", rank, to_kb(p->points));
		for (i = 0; i < NR_TERMS; i++)
			fprintf(out, " %9lld", to_kb(p->terms[i]));
	} else if (detailed) {
		fprintf(out, " %-10s %10s", "-", "-");
		for (i = 0; i < NR_TERMS; i++)
			fprintf(out, " %9s", "-");
	}
	if (promised && p->promised)
		fprintf(out, " %10lld %10lld", p->promise, p->payment);
	else if (promised)
		fprintf(out, " %10s %10s", "-", "-");
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
	int i;

	if (!detailed && !promised)
		return;
	fprintf(out, "%7s %5s %5s", "", "", "");
	if (detailed) {
		fprintf(out, " %-10s %10s", "", "kB");
		for (i = 0; i < NR_TERMS; i++)
			fprintf(out, " %9s", "kB");
	}
	if (promised)
		fprintf(out, " %10s %10s", "kB", "kB");
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

void print_table(FILE *out, const struct system *s,
		 const struct processes *ps, size_t rows)
{
	bool detailed = false, promised = false;
	size_t i, shown = rows && rows < ps->nr ? rows : ps->nr;

	print_system(out, s);
	for (i = 0; i < ps->nr; i++) {
		detailed |= ps->list[i].detailed;
		promised |= ps->list[i].promised;
	}
	if (!detailed)
		fputs("This kernel has no oom_score_detail: scores without their terms.\n\n",
		      out);
	fputs("The likeliest victim first; ", out);
	fputs(detailed ? "points and their terms in kB.\n" : "by oom_score.\n",
	      out);
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
	if (ps->unreadable)
		print_unreadable(out, ps);
}
