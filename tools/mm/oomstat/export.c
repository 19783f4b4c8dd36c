// SPDX-License-Identifier: GPL-2.0-only
/*
 * One state of the system for programs: JSON and OpenMetrics.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "oomstat.h"

static void add_number(struct json_object *object, const char *key,
		       long long number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

typedef bool (*put_fn)(FILE *out, const char *bytes);

static bool put_hex(FILE *out, const char *bytes)
{
	name_put_hex(out, bytes);
	return false;
}

/* A string whose literal is what @put prints. */
static struct json_object *new_name(put_fn put, const char *bytes,
				    bool *replaced)
{
	struct json_object *string = json_object_new_string("");
	char *literal = NULL;
	size_t size;
	FILE *out = open_memstream(&literal, &size);

	if (!string || !out) {
		complain("%s", strerror(ENOMEM));
		exit(1);
	}
	*replaced = put(out, bytes);
	if (fclose(out)) {
		complain("%s", strerror(ENOMEM));
		exit(1);
	}
	json_object_set_serializer(string, json_object_userdata_to_json_string,
				   literal, json_object_free_userdata);
	return string;
}

void add_name(struct json_object *object, const char *key, const char *bytes)
{
	char key_hex[64];
	bool replaced;

	json_object_object_add(object, key,
			       new_name(name_put_json, bytes, &replaced));
	if (!replaced)
		return;
	snprintf(key_hex, sizeof(key_hex), "%s_hex", key);
	json_object_object_add(object, key_hex,
			       new_name(put_hex, bytes, &replaced));
}

/* null where there is none: no limit, or not known. */
static void add_known(struct json_object *object, const char *key, long long number)
{
	json_object_object_add(object, key, number < 0 ? NULL :
			       json_object_new_int64(number));
}

static struct json_object *system_object(const struct system *s)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "native",
			       json_object_new_boolean(s->native));
	add_number(object, "limit_kb", s->limit);
	add_number(object, "promise_kb", s->promise);
	add_number(object, "payment_kb", s->payment);
	add_number(object, "outstanding_kb", s->outstanding);
	add_number(object, "available_kb", s->available);
	add_number(object, "coverage_percent", s->coverage);
	if (!s->native)
		return object;
	add_number(object, "refused", s->refused);
	add_number(object, "rate_kb_per_second", s->rate);
	add_known(object, "exhaustion_seconds", s->exhaustion);
	add_known(object, "trend_seconds", s->trend);
	return object;
}

static struct json_object *group_object(const struct group *g)
{
	struct json_object *object = json_object_new_object();

	add_name(object, "cgroup", g->path);
	add_known(object, "promise_kb", g->promise);
	add_known(object, "payment_kb", g->payment);
	add_known(object, "limit_kb", g->limit);
	if (!g->forecast)
		return object;
	add_known(object, "available_kb", g->available);
	add_known(object, "exhaustion_seconds", g->exhaustion);
	add_known(object, "trend_seconds", g->trend);
	return object;
}

static struct json_object *groups_array(const struct groups *gs)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < gs->nr; i++)
		json_object_array_add(list, group_object(&gs->list[i]));
	return list;
}

static struct json_object *process_object(const struct process *p)
{
	struct json_object *object = json_object_new_object();
	int i;

	add_number(object, "pid", p->pid);
	add_name(object, "comm", p->comm);
	add_number(object, "uid", p->uid);
	add_number(object, "oom_score", p->score);
	add_number(object, "oom_score_adj", p->oom_score_adj);
	if (p->detailed) {
		struct json_object *terms = json_object_new_object();

		add_name(object, "class", p->rank);
		add_number(object, "points_pages", p->points);
		for (i = 0; i < NR_TERMS; i++)
			add_number(terms, term_names[i], p->terms[i]);
		json_object_object_add(object, "terms_pages", terms);
		/* Without their unit: deprecated, the manual page says so. */
		add_number(object, "points", p->points);
		json_object_object_add(object, "terms", json_object_get(terms));
		if (p->why[0])
			add_name(object, "why", p->why);
	}
	if (p->promised) {
		add_number(object, "promise_kb", p->promise);
		add_number(object, "payment_kb", p->payment);
		add_number(object, "outstanding_kb", p->outstanding);
	}
	return object;
}

int print_json(FILE *out, const struct state *state, const struct request *request)
{
	const struct processes *ps = &state->processes;
	size_t rows = request->rows;
	struct json_object *all = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	if (!all || !list)
		return -ENOMEM;
	add_number(all, "page_kb", to_kb(1));
	json_object_object_add(all, "system", system_object(&state->system));
	for (i = 0; i < ps->nr && (!rows || i < rows); i++)
		json_object_array_add(list, process_object(&ps->list[i]));
	json_object_object_add(all, "processes", list);
	add_number(all, "unreadable", ps->unreadable);
	add_number(all, "hidden", ps->hidden);
	if (request->groups)
		json_object_object_add(all, "cgroups", groups_array(&state->groups));
	fputs(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY), out);
	fputc('\n', out);
	json_object_put(all);
	return 0;
}

static void print_gauge(FILE *out, const char *name, const char *unit,
			const char *help, long long value)
{
	fprintf(out, "# TYPE oomstat_%s gauge\n", name);
	if (unit[0])
		fprintf(out, "# UNIT oomstat_%s %s\n", name, unit);
	fprintf(out, "# HELP oomstat_%s %s\noomstat_%s %lld\n", name, help, name,
		value);
}

static void print_seconds(FILE *out, long long seconds)
{
	if (seconds < 0)
		fputs("+Inf\n", out);
	else
		fprintf(out, "%lld\n", seconds);
}

/* What of a cgroup is a metric. */
static const struct {
	const char *name;
	const char *help;
	size_t offset;
	bool seconds;
} group_metrics[] = {
	{ "promise_bytes", "Memory promised to the cgroup.",
	  offsetof(struct group, promise), false },
	{ "payment_bytes", "Memory that the cgroup uses and that can't be reclaimed.",
	  offsetof(struct group, payment), false },
	{ "limit_bytes", "Its memory.max.", offsetof(struct group, limit), false },
	{ "available_bytes", "What the tightest limit above it leaves.",
	  offsetof(struct group, available), false },
	{ "exhaustion_seconds", "Until the first limit above it is met at this rate.",
	  offsetof(struct group, exhaustion), true },
	{ "trend_seconds", "The same if growth goes on.",
	  offsetof(struct group, trend), true },
};

static void print_group_metric(FILE *out, const struct groups *gs, size_t metric)
{
	const char *name = group_metrics[metric].name;
	size_t i;

	fprintf(out, "# TYPE oomstat_cgroup_%s gauge\n# UNIT oomstat_cgroup_%s %s\n"
		"# HELP oomstat_cgroup_%s %s\n", name, name,
		group_metrics[metric].seconds ? "seconds" : "bytes", name,
		group_metrics[metric].help);
	for (i = 0; i < gs->nr; i++) {
		const struct group *g = &gs->list[i];
		long long value = *(const long long *)((const char *)g +
						       group_metrics[metric].offset);

		if (group_metrics[metric].seconds ? !g->forecast : value < 0)
			continue;
		fprintf(out, "oomstat_cgroup_%s{cgroup=", name);
		if (name_put_label(out, g->path)) {
			fputs(",cgroup_hex=", out);
			name_put_hex(out, g->path);
		}
		fputs("} ", out);
		if (group_metrics[metric].seconds)
			print_seconds(out, value);
		else
			fprintf(out, "%lld\n", value * 1024);
	}
}

void print_openmetrics(FILE *out, const struct state *state,
		       const struct request *request)
{
	const struct processes *ps = &state->processes;
	const struct system *s = &state->system;
	size_t i, rows = request->rows;

	print_gauge(out, "limit_bytes", "bytes", "What may be promised in strict mode.",
		    s->limit * 1024);
	print_gauge(out, "promise_bytes", "bytes", "Memory promised.",
		    s->promise * 1024);
	print_gauge(out, "payment_bytes", "bytes", "Promised memory that is backed.",
		    s->payment * 1024);
	print_gauge(out, "outstanding_bytes", "bytes",
		    "Promised memory that is not backed yet.", s->outstanding * 1024);
	print_gauge(out, "available_bytes", "bytes", "What could still be paid.",
		    s->available * 1024);
	fprintf(out, "# TYPE oomstat_coverage_ratio gauge\n"
		"# UNIT oomstat_coverage_ratio ratio\n"
		"# HELP oomstat_coverage_ratio Available to outstanding, at most 1.\n"
		"oomstat_coverage_ratio %lld.%02lld\n",
		s->coverage / 100, s->coverage % 100);
	if (s->native) {
		/*
		 * The type of a counter is that of oomstat_refusals here, and of
		 * oomstat_refusals_total in the older format of Prometheus, which
		 * the collector and promtool read. Without it both take the text.
		 */
		fprintf(out, "# HELP oomstat_refusals_total Promises refused.\n"
			"oomstat_refusals_total %lld\n", s->refused);
		print_gauge(out, "payment_rate_bytes_per_second", "",
			    "How fast promises are being paid, smoothed.",
			    s->rate * 1024);
		fprintf(out, "# TYPE oomstat_exhaustion_seconds gauge\n"
			"# UNIT oomstat_exhaustion_seconds seconds\n"
			"# HELP oomstat_exhaustion_seconds Until memory is exhausted at this rate.\n"
			"oomstat_exhaustion_seconds ");
		print_seconds(out, s->exhaustion);
	}
	for (i = 0; request->groups && i < ARRAY_SIZE(group_metrics); i++)
		print_group_metric(out, &state->groups, i);
	fputs("# TYPE oomstat_process_score gauge\n"
	      "# HELP oomstat_process_score oom_score of the likeliest victims.\n",
	      out);
	for (i = 0; i < ps->nr && (!rows || i < rows); i++) {
		fprintf(out, "oomstat_process_score{pid=\"%d\",comm=",
			ps->list[i].pid);
		if (name_put_label(out, ps->list[i].comm)) {
			fputs(",comm_hex=", out);
			name_put_hex(out, ps->list[i].comm);
		}
		fprintf(out, "} %lld\n", ps->list[i].score);
	}
	fputs("# EOF\n", out);
}
