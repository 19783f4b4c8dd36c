// SPDX-License-Identifier: GPL-2.0-only
/*
 * One state of the system as a table, for people.
 */
#include <string.h>
#include <unistd.h>

#include "oomstat.h"

static long long to_kb(long long pages)
{
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
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
		fprintf(out, " %-10s %10lld", p->rank, to_kb(p->points));
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
	fprintf(out, "  %s", p->comm);
	if (p->why[0])
		fprintf(out, " (%s)", p->why);
	fputc('\n', out);
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
	for (i = 0; i < shown; i++)
		print_process(out, &ps->list[i], detailed, promised);
	if (shown < ps->nr)
		fprintf(out, "and %zu more (-a shows all)\n", ps->nr - shown);
	if (ps->unreadable)
		fprintf(out, "%zu processes may not be read\n", ps->unreadable);
}
