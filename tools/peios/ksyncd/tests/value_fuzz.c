// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target of the parser: the first byte picks the setting (A: the first), the rest is the
 * file. What is taken is in range, reads the same once written out, and does
 * not depend on what lies behind the end.
 *
 * Example:	./value_fuzz -max_total_time=600 tests/corpus
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ksyncd.h"
#include "names.h"

/* As libFuzzer calls it. */
int fuzz_one(const uint8_t *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

static void must(int condition)
{
	if (!condition)
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	const char *why = NULL, *text = (const char *)data + 1;
	long long value = 0x5a5a, again = 0;
	const struct setting *s;
	struct messages m = {};
	struct values v = {};
	char line[32], said[sizeof(line) * NAME_BYTE_MAX];
	int id, ret;

	if (!size)
		return 0;
	id = (data[0] - 'A') % NR_SETTINGS;
	if (id < 0)
		return 0;
	s = &settings[id];

	/* libFuzzer's buffer ends where it says: ASan sees a read beyond. */
	ret = value_parse(text, size - 1, s, &value, &why);
	if (ret) {
		must(why && value == 0x5a5a);
	} else {
		must(!why && value >= s->min && value <= s->max);
		must(size > 2 && text[size - 2] == '\n');
		must(!memchr(text, 0, size - 1));
		snprintf(line, sizeof(line), "%lld\n", value);
		must(!value_parse(line, strlen(line), s, &again, &why));
		must(again == value);
		v.set[id] = true;
		v.v[id] = value;
		policy_check(&v, &m);
	}

	/* As the name of a file, too. */
	snprintf(line, sizeof(line), "%.*s", (int)(size - 1), text);
	id = setting_find(line);
	must(id < 0 || !strcmp(settings[id].name, line));
	setting_like(line);
	error_add(&m, "%s", line);
	name_text(said, sizeof(said), m.text[m.nr - 1]);
	for (text = said; *text; text++)
		must(*text >= ' ' && *text <= '~');
	must(name_width(line, strlen(line)) == strlen(said));
	return 0;
}
