// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of kills in plain words, for programs, and worked out again.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "oomstat.h"

static FILE *open_history(const char *path)
{
	char own[PATH_MAX];
	FILE *in;

	if (!path) {
		snprintf(own, sizeof(own), "%s/oom_history", proc);
		path = own;
	}
	in = fopen(path, "re");
	if (!in) {
		bool lacking = errno == ENOENT && path == own;

		fprintf(stderr, "oomstat: %s: %m\n", path);
		if (lacking)
			fputs("This kernel keeps no record of kills; its log may tell more:\n"
			      "    dmesg | grep -i 'killed process'\n", stderr);
	}
	return in;
}

typedef int (*record_fn)(const struct record *r, void *data);

/* Calls @each with every record; returns 1 if one could not be read or used. */
static int read_records(const char *path, record_fn each, void *data)
{
	FILE *in = open_history(path);
	char *line = NULL;
	size_t size = 0, number = 0;
	struct record r;
	int bad = 0;

	if (!in)
		return 1;
	while (getline(&line, &size, in) >= 0) {
		number++;
		if (record_parse(line, &r)) {
			fprintf(stderr, "oomstat: line %zu is no record\n",
				number);
			bad = 1;
			continue;
		}
		bad |= each(&r, data);
	}
	free(line);
	fclose(in);
	return bad;
}

static const char *get(const struct record *r, const char *key)
{
	return record_get(r, key) ?: "?";
}

static bool is(const struct record *r, const char *key, const char *value)
{
	return !strcmp(get(r, key), value);
}

/* What ran out of memory. */
static void say_where(const struct record *r)
{
	if (is(r, "constraint", "memcg"))
		printf("The cgroup %s reached its limit", get(r, "oom_cgroup"));
	else if (is(r, "constraint", "cpuset"))
		printf("The memory nodes of a cpuset were full");
	else if (is(r, "constraint", "mempolicy"))
		printf("The nodes of a memory policy were full");
	else if (is(r, "reason", "sysrq"))
		printf("A kill was asked for by sysrq");
	else
		printf("The machine was out of memory");
	if (!is(r, "reason", "sysrq"))
		printf("; %s (%s) asked for more", get(r, "trigger_comm"),
		       get(r, "trigger_pid"));
	puts(".");
}

static void say_why(const struct record *r)
{
	static const struct {
		const char *reason;
		const char *words;
	} reasons[] = {
		{ "chosen", "It had the best claim" },
		{ "sysrq", "It had the best claim" },
		{ "allocating_task",
		  "It asked for the memory, and vm.oom_kill_allocating_task is set" },
		{ "origin", "It had asked to be killed first (swapoff or KSM)" },
		{ "group", "Its cgroup is killed as a whole (memory.oom.group)" },
		{ "shared_mm", "It shared the memory of the victim" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (is(r, "reason", reasons[i].reason))
			break;
	printf("    %s", i < ARRAY_SIZE(reasons) ? reasons[i].words :
						   get(r, "reason"));
	if (is(r, "reason", "group") || is(r, "reason", "shared_mm"))
		printf(", of record %s", get(r, "victim_seq"));
	printf(": %s points", get(r, "points"));
	if (is(r, "class", "volunteer"))
		printf(", a volunteer (oom_score_adj 1000)");
	printf("\n      = memory %s + inherited %s + fork %s + tcb %s + adj %s",
	       get(r, "memory"), get(r, "inherited"), get(r, "fork"),
	       get(r, "tcb"), get(r, "adj"));
	printf(" (oom_score_adj %s)\n", get(r, "oom_score_adj"));
}

static void say_next(const struct record *r)
{
	const char *rest = get(r, "candidates");
	bool said = false;

	/* Without those that are the victim itself. */
	while (*rest && strcmp(rest, "?") && strcmp(rest, "none")) {
		long long pid, points;
		int used;

		if (sscanf(rest, "%lld:%lld%n", &pid, &points, &used) != 2)
			break;
		rest += used;
		rest += *rest == ',';
		if (pid == atoll(get(r, "pid")))
			continue;
		printf("%s%lld (%lld points)", said ? ", " :
		       is(r, "pid", "0") ? "    Would have been chosen: " :
					   "    Next: ", pid, points);
		said = true;
	}
	if (said)
		putchar('\n');
}

static int say_record(const struct record *r, void *data)
{
	char when[64] = "?";
	time_t time = atoll(get(r, "time"));
	struct tm tm;

	(void)data;
	if (record_get(r, "overflow")) {
		printf("%s records were lost, %s to %s: the ring was full.\n\n",
		       get(r, "lost"), get(r, "first_seq"), get(r, "last_seq"));
		return 0;
	}
	if (localtime_r(&time, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
	printf("#%s  %s  ", get(r, "seq"), when);
	say_where(r);
	if (is(r, "pid", "0")) {
		printf("    The kernel panicked (%s); nobody was killed.\n",
		       is(r, "reason", "deadlock") ? "nobody could be killed" :
						     "vm.panic_on_oom");
		say_next(r);
		putchar('\n');
		return 0;
	}
	printf("    Killed: %s (%s) of user %s in cgroup %s\n", get(r, "comm"),
	       get(r, "pid"), get(r, "uid"), get(r, "cgroup"));
	say_why(r);
	printf("    It had: anonymous %s kB, file %s kB, shared %s kB,",
	       get(r, "anon_kb"), get(r, "file_kb"), get(r, "shmem_kb"));
	printf(" swap %s kB, page tables %s kB\n", get(r, "swap_kb"),
	       get(r, "pgtables_kb"));
	if (!is(r, "freed_ms", "?"))
		printf("    Its memory was back after %s ms.\n",
		       get(r, "freed_ms"));
	say_next(r);
	putchar('\n');
	return 0;
}

static int add_record(const struct record *r, void *data)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < r->nr; i++) {
		const struct field *f = &r->fields[i];
		struct json_object *value;
		char *end;
		long long number = strtoll(f->value, &end, 10);

		if (!f->text && end != f->value && !*end)
			value = json_object_new_int64(number);
		else
			value = json_object_new_string(f->value);
		json_object_object_add(object, f->key, value);
	}
	json_object_array_add(data, object);
	return 0;
}

int history_print(const char *path, bool json)
{
	struct json_object *list;
	int err;

	if (!json)
		return read_records(path, say_record, NULL);
	list = json_object_new_array();
	err = read_records(path, add_record, list);
	puts(json_object_to_json_string_ext(list,
					    JSON_C_TO_STRING_PRETTY));
	json_object_put(list);
	return err;
}

struct replay {
	unsigned long all;
	unsigned long bad;
};

static int replay_record(const struct record *r, void *data)
{
	struct replay *replay = data;
	char why[128];

	if (record_get(r, "overflow"))
		return 0;
	replay->all++;
	if (record_replay(r, why, sizeof(why)))
		return 0;
	replay->bad++;
	printf("#%s (%s): %s\n", get(r, "seq"), get(r, "reason"), why);
	return 1;
}

int history_replay(const char *path)
{
	struct replay replay = {};
	int err = read_records(path, replay_record, &replay);

	printf("%lu of %lu choices follow from their records\n",
	       replay.all - replay.bad, replay.all);
	return err;
}
