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

#include "names.h"
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
		bool refused = (errno == EACCES || errno == EPERM) && path == own;

		complain("%s: %m", path);
		if (lacking)
			fputs("This kernel keeps no record of kills; its log may tell more:\n"
			      "    dmesg | grep -i 'killed process'\n", stderr);
		if (refused)
			fputs("It takes root with CAP_SYSLOG in the initial user namespace:\n"
			      "    on the host, sudo oomstat history; a container, --cap-add=SYSLOG\n",
			      stderr);
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
			complain("line %zu is no record", number);
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

/* The value of a key that is in pages, in kB. */
static void say_kb(const struct record *r, const char *key)
{
	long long pages;

	if (record_number(r, key, &pages))
		name_put(stdout, get(r, key));
	else
		printf("%lld", to_kb(pages));
}

/*
 * Prints words in which {KEY} stands for a value, and {KEY*} for one in pages,
 * which is printed in kB. What a record holds is somebody else's choice, also
 * what looks like a number: all of it is escaped here.
 */
static void say(const struct record *r, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, "{");
		char key[RECORD_KEY_MAX];

		printf("%.*s", (int)len, words);
		words += len;
		if (!*words)
			return;
		words++;
		len = strcspn(words, "*}");
		snprintf(key, sizeof(key), "%.*s", (int)len, words);
		words += len;
		if (*words == '*')
			say_kb(r, key);
		else
			name_put(stdout, get(r, key));
		words = strchr(words, '}') + 1;
	}
}

/* What ran out of memory. */
static void say_where(const struct record *r)
{
	if (is(r, "constraint", "memcg"))
		say(r, "The cgroup {oom_cgroup} reached its limit");
	else if (is(r, "constraint", "cpuset"))
		say(r, "The memory nodes of a cpuset were full");
	else if (is(r, "constraint", "mempolicy"))
		say(r, "The nodes of a memory policy were full");
	else if (is(r, "reason", "sysrq"))
		say(r, "A kill was asked for by sysrq");
	else
		say(r, "The machine was out of memory");
	if (!is(r, "reason", "sysrq"))
		say(r, "; {trigger_comm} ({trigger_pid}) asked for more");
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
		{ "last_resort",
		  "It is immune, but nobody else was left, and vm.oom_last_resort is set" },
		{ "shared_mm", "It shared the memory of the victim" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (is(r, "reason", reasons[i].reason))
			break;
	say(r, "    ");
	say(r, i < ARRAY_SIZE(reasons) ? reasons[i].words : "{reason}");
	if (is(r, "reason", "group") || is(r, "reason", "shared_mm"))
		say(r, ", of record {victim_seq}");
	say(r, ": points {points*} kB");
	if (is(r, "class", "volunteer"))
		say(r, ", a volunteer (oom_score_adj 1000)");
	say(r, "\n      = memory {memory*} kB + inherited {inherited*} kB");
	say(r, " + fork {fork*} kB + tcb {tcb*} kB + adj {adj*} kB");
	say(r, " (oom_score_adj {oom_score_adj})\n");
	if (!is(r, "sharers", "0") && !is(r, "sharers", "?"))
		say(r, "    Processes that shared its memory and died with it: {sharers}\n");
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
		printf("%s%lld (points %lld kB)", said ? ", " :
		       is(r, "pid", "0") ? "    Would have been chosen: " :
					   "    Next: ", pid, to_kb(points));
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
		say(r, "{lost} records were lost, {first_seq} to {last_seq}:");
		say(r, " the ring was full.\n\n");
		return 0;
	}
	if (localtime_r(&time, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
	say(r, "#{seq}  ");
	printf("%s  ", when);
	say_where(r);
	if (is(r, "reason", "nobody")) {
		say(r, "    Nobody was killed: all that was left in it is immune.");
		say(r, " It happened {times} times.\n\n");
		return 0;
	}
	if (is(r, "reason", "called_off")) {
		say(r, "    Nobody was killed: memory came back before the kill.");
		say(r, " It happened {times} times.\n\n");
		return 0;
	}
	if (is(r, "pid", "0")) {
		printf("    The kernel panicked (%s); nobody was killed.\n",
		       is(r, "reason", "deadlock") ? "nobody could be killed" :
						     "vm.panic_on_oom");
		say_next(r);
		putchar('\n');
		return 0;
	}
	say(r, "    Killed: {comm} ({pid}) of user {uid} in cgroup {cgroup}\n");
	say_why(r);
	say(r, "    It had: anonymous {anon_kb} kB, file {file_kb} kB, shared {shmem_kb} kB,");
	say(r, " swap {swap_kb} kB, page tables {pgtables_kb} kB\n");
	if (!is(r, "freed_ms", "?"))
		say(r, "    Its memory was back after {freed_ms} ms.\n");
	say_next(r);
	putchar('\n');
	return 0;
}

/* Keys of a record that do not carry their unit, and what it is. */
static const struct {
	const char *key;
	const char *unit;
} units[] = {
	{ "time", "seconds" },
	{ "points", "pages" }, { "memory", "pages" }, { "inherited", "pages" },
	{ "fork", "pages" }, { "tcb", "pages" }, { "adj", "pages" },
	{ "shared", "pages" }, { "swarm", "pages" },
	{ "rss", "pages" }, { "swap", "pages" }, { "pgtables", "pages" },
	{ "parent", "pages" }, { "lasting", "pages" },
	{ "totalpages", "pages" },
	{ "parent_share", "permille" }, { "fork_weight", "permille" },
	{ "tcb_discount", "permille" }, { "immune_limit", "permille" },
};

/* The key with its unit, or the key itself. */
static const char *key_with_unit(const char *key, char *text, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(units[i].key, key))
			continue;
		snprintf(text, size, "%s_%s", key, units[i].unit);
		return text;
	}
	return key;
}

/* A number as the record has it, also one with a fraction; or else NULL. */
static struct json_object *new_number(const char *value)
{
	char text[64], *end;
	long long whole;

	errno = 0;
	whole = strtoll(value, &end, 10);
	if (end == value || errno || isspace((unsigned char)*value) ||
	    *value == '+')
		return NULL;
	if (!*end)
		return json_object_new_int64(whole);
	if (whole < 0 || *value == '-' || *end != '.' || strlen(end) > 20 ||
	    !end[1] || end[1 + strspn(end + 1, "0123456789")])
		return NULL;
	/* As it is written, without zeros that JSON does not take. */
	snprintf(text, sizeof(text), "%lld%s", whole, end);
	return json_object_new_double_s(strtod(text, NULL), text);
}

static void add_field(struct json_object *object, const char *key,
		      const struct field *f)
{
	struct json_object *number = f->text ? NULL : new_number(f->value);

	if (number)
		json_object_object_add(object, key, number);
	else
		add_name(object, key, f->value);
}

static int add_record(const struct record *r, void *data)
{
	struct json_object *object = json_object_new_object();
	char text[RECORD_KEY_MAX + 16];
	size_t i;

	for (i = 0; i < r->nr; i++) {
		const struct field *f = &r->fields[i];
		const char *key = key_with_unit(f->key, text, sizeof(text));

		add_field(object, key, f);
		/* Without their unit: deprecated, the manual page says so. */
		if (key != f->key && strcmp(f->key, "time"))
			add_field(object, f->key, f);
		else if (key != f->key)
			add_name(object, f->key, f->value);
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
	say(r, "#{seq} ({reason}): ");
	name_put(stdout, why);
	putchar('\n');
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
