// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a record of a kill apart.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

/* What the kernel writes as audit does: "text" in quotes, or as hex. */
static const char * const text_keys[] = {
	"comm", "cgroup", "oom_cgroup", "trigger_comm",
};

static bool is_text(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(text_keys); i++)
		if (!strcmp(key, text_keys[i]))
			return true;
	return false;
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes in place what was not quoted. */
static int decode_hex(char *text)
{
	size_t i, len = strlen(text);

	if (!strcmp(text, "?"))
		return 0;
	if (len % 2)
		return -EINVAL;
	for (i = 0; i < len / 2; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		/* No name has a NUL in it. */
		if (!(high | low))
			return -EINVAL;
		text[i] = high << 4 | low;
	}
	text[i] = '\0';
	return 0;
}

/* The kernel's keys, and no others: they are printed as they are. */
static bool key_ok(const char *key)
{
	size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len && len < RECORD_KEY_MAX && !key[len];
}

int record_parse(char *line, struct record *r)
{
	char *p = line + strspn(line, " \t\n");

	r->nr = 0;
	while (*p) {
		struct field *f = &r->fields[r->nr];
		char *value = strchr(p, '='), *end;

		if (!value || r->nr == RECORD_FIELDS)
			return -EINVAL;
		*value++ = '\0';
		if (!key_ok(p))
			return -EINVAL;
		f->key = p;
		f->text = is_text(p);
		if (*value == '"') {
			value++;
			end = strchr(value, '"');
			if (!end)
				return -EINVAL;
			*end++ = '\0';
			end += strspn(end, " \t\n");
		} else {
			end = value + strcspn(value, " \t\n");
			if (*end)
				*end++ = '\0';
			end += strspn(end, " \t\n");
			if (f->text && decode_hex(value))
				return -EINVAL;
		}
		f->value = value;
		r->nr++;
		p = end;
	}
	return r->nr ? 0 : -EINVAL;
}

const char *record_get(const struct record *r, const char *key)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (!strcmp(r->fields[i].key, key))
			return r->fields[i].value;
	return NULL;
}

int record_number(const struct record *r, const char *key, long long *number)
{
	const char *value = record_get(r, key);
	char *end;

	if (!value)
		return -ENOENT;
	errno = 0;
	*number = strtoll(value, &end, 10);
	return end == value || *end || errno ? -EINVAL : 0;
}
