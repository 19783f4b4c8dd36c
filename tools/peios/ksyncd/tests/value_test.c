// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of settings, and what of them fits together.
 */
#include <stdlib.h>
#include <string.h>

#include "ksyncd.h"
#include "test.h"

static int parse(int id, const char *text, long long *value)
{
	const char *why = NULL;
	int ret;

	*value = -77;
	ret = value_parse(text, strlen(text), &settings[id], value, &why);
	expect(!ret == !why, "'%s'", text);
	expect(!ret || *value == -77, "'%s' failed and has a value", text);
	return ret;
}

static void good(int id, const char *text, long long want)
{
	long long value;

	expect(!parse(id, text, &value) && value == want,
	       "%s '%s' gives %lld", settings[id].name, text, value);
}

static void bad(int id, const char *text)
{
	long long value;

	expect(parse(id, text, &value), "%s takes '%s'", settings[id].name,
	       text);
}

static void texts(void)
{
	static const char * const bads[] = {
		"", "\n", "\n\n", "#\n", "# 1\n", "1", "1\x20\n", " 1\n", "1\n1\n",
		"1\n2\n", "+1\n", "-0\n", "01\n", "00\n", "0x1\n", "1e1\n",
		"1.0\n", "1,000\n", "--1\n", "-\n", "one\n", "1\r\n", "\t1\n",
		"1\t\n", "1\n\x7f", "1\n#\x1b[2J\n", "9223372036854775808\n",
		"18446744073709551617\n", "99999999999999999999999999999\n",
		"-99999999999999999999999999999\n", "1#\n", "1 # one\n",
		"\357\273\2771\n", "strict\x20\n", "Strict\n", "stric\n",
		"strictly\n", "1\nstrict\n",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bads); i++) {
		bad(OVERCOMMIT_MEMORY, bads[i]);
		bad(PANIC_TIMEOUT, bads[i]);
	}
	good(OVERCOMMIT_MEMORY, "2\n", 2);
	good(OVERCOMMIT_MEMORY, "strict\n", 2);
	good(OVERCOMMIT_MEMORY, "heuristic\n", 0);
	good(OVERCOMMIT_MEMORY, "always\n", 1);
	good(OVERCOMMIT_MEMORY, "# why\n\n2\n\n# fin \xc3\xbc\t\n", 2);
	good(PANIC_TIMEOUT, "-1\n", -1);
	bad(PANIC_TIMEOUT, "strict\n");
	good(PROCESS_QUERY, "everyone\n", QUERY_EVERYONE);
	good(PROCESS_QUERY, "owner\n", QUERY_OWNER);
	bad(PROCESS_QUERY, "nobody\n");
	bad(PROCESS_QUERY, "2\n");
	bad(PANIC_TIMEOUT, "-2\n");
}

static void nul_and_size(void)
{
	char text[FILE_SIZE_MAX + 2];
	const char *why;
	long long value;

	expect(value_parse("1\0\n", 3, &settings[PANIC_ON_OOM], &value, &why),
	       "NUL taken");
	memset(text, '#', sizeof(text));
	text[0] = '1';
	text[1] = '\n';
	text[FILE_SIZE_MAX - 1] = '\n';
	expect(!value_parse(text, FILE_SIZE_MAX, &settings[PANIC_ON_OOM],
			    &value, &why) && value == 1, "largest file");
	text[FILE_SIZE_MAX - 1] = '#';
	text[FILE_SIZE_MAX] = '\n';
	expect(value_parse(text, FILE_SIZE_MAX + 1, &settings[PANIC_ON_OOM],
			   &value, &why), "too large a file is taken");
}

/* Each setting takes its range, to the edges, and nothing beyond. */
static void ranges(void)
{
	char text[64];
	int id;

	for (id = 0; id < NR_SETTINGS; id++) {
		const struct setting *s = &settings[id];
		const long long in[] = { s->min, s->max, s->max / 2, 0 };
		const long long out[] = { s->min - 1, s->max + 1, s->max * 10 };
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(in); i++) {
			snprintf(text, sizeof(text), "%lld\n", in[i]);
			good(id, text, in[i]);
		}
		for (i = 0; i < ARRAY_SIZE(out); i++) {
			snprintf(text, sizeof(text), "%lld\n", out[i]);
			bad(id, text);
		}
	}
}

/* The table itself: names found again, defaults in range, all different. */
static void schema(void)
{
	const struct setting *s;
	int id, other;

	for (id = 0; id < NR_SETTINGS; id++) {
		s = &settings[id];
		expect(s->name && setting_find(s->name) == id, "%d", id);
		expect(strchr(s->sysctl, '/'), "%s", s->name);
		expect(s->by_default == UNMANAGED ||
		       (s->by_default >= s->min && s->by_default <= s->max),
		       "%s", s->name);
		expect(setting_like(strchr(s->sysctl, '/') + 1) == s->name,
		       "%s", s->name);
		for (other = 0; other < id; other++)
			expect(strcmp(s->sysctl, settings[other].sysctl),
			       "%s twice", s->sysctl);
	}
	expect(setting_find("overcommitmemory") < 0, "case does not matter");
	expect(setting_find("") < 0, "empty name");
	expect(!strcmp(setting_like("overcommit_memory"), "OvercommitMemory"),
	       "no help");
	expect(!setting_like("Swappiness"), "wrong help");
	expect(!setting_like("Panic Timeout_"), "a blank is no end");
	expect(!setting_like("") && !setting_like("_"), "nothing is like all");
}

static struct values values;

static void set(int id, long long value)
{
	values.set[id] = true;
	values.v[id] = value;
}

/* @errors, @warnings: how many there should be; then start anew. */
static void fits(int errors, int warnings, const char *what)
{
	struct messages m = {};

	policy_check(&values, &m);
	expect(m.errors == errors && m.nr - m.errors == warnings,
	       "%s: %d errors, %d warnings", what, m.errors, m.nr - m.errors);
	values = (struct values) {};
}

static void dependencies(void)
{
	fits(0, 0, "nothing");
	set(OVERCOMMIT_RATIO, 80);
	set(OVERCOMMIT_KBYTES, 1000);
	fits(1, 0, "ratio and kbytes");
	set(OVERCOMMIT_RATIO, 80);
	set(OVERCOMMIT_KBYTES, 0);
	set(OVERCOMMIT_MEMORY, 2);
	fits(0, 0, "ratio and no kbytes");
	set(OVERCOMMIT_MEMORY, 2);
	fits(0, 0, "strict with the default ratio");
	set(OVERCOMMIT_MEMORY, 2);
	set(OVERCOMMIT_RATIO, 0);
	fits(1, 0, "strict with nothing");
	set(OVERCOMMIT_MEMORY, 0);
	set(OVERCOMMIT_RATIO, 0);
	fits(0, 0, "ratio 0 that does not count");
	set(OVERCOMMIT_MEMORY, 2);
	set(OVERCOMMIT_KBYTES, 1000);
	set(ADMIN_RESERVE_KBYTES, 1000);
	fits(0, 1, "reserve eats the limit");
	set(PANIC_ON_OOM, 2);
	set(OOM_KILL_ALLOCATING_TASK, 1);
	fits(1, 0, "panic and kill");
	set(PANIC_ON_OOM, 1);
	set(OOM_KILL_ALLOCATING_TASK, 1);
	fits(0, 1, "panic and kill in cgroups");
	set(PANIC_ON_OOM, 1);
	set(PANIC_TIMEOUT, 0);
	fits(0, 1, "stays down");
	set(OOM_FORK_WINDOW_MS, 0);
	fits(0, 1, "no window");
	set(OVERCOMMIT_RATIO, 80);
	set(OVERCOMMIT_KBYTES, 1000);
	set(PANIC_ON_OOM, 2);
	set(OOM_KILL_ALLOCATING_TASK, 1);
	set(OOM_FORK_WINDOW_MS, 0);
	fits(2, 1, "all errors at once");
}

static void many_messages(void)
{
	static struct messages m;
	int i;

	for (i = 0; i < 100; i++)
		error_add(&m, "%d\n\x1b[2J", i);
	expect(m.errors == 100 && m.nr == 48, "%d %d", m.errors, m.nr);
	/* As it is: name_text() escapes it where it is said. */
	expect(!strcmp(m.text[3], "3\n\x1b[2J"), "another text");
	expect(strstr(m.text[47], "more"), "%s", m.text[47]);
}

int main(void)
{
	texts();
	test_done("texts of values");
	nul_and_size();
	test_done("NUL bytes and sizes");
	ranges();
	test_done("ranges of all settings");
	schema();
	test_done("the schema is consistent");
	dependencies();
	test_done("settings that depend on each other");
	many_messages();
	test_done("more messages than fit");
	return test_end();
}
