// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of one setting: a line with a number or one of the setting's words;
 * lines that begin with # and empty lines around it say nothing.
 */
#include <stdio.h>
#include <string.h>

#include "ksyncd.h"

const char *const why_range = "is out of range";

static const char *number_parse(const char *text, size_t len,
				const struct setting *s, long long *value)
{
	bool negative = len && text[0] == '-';
	long long n = 0;
	size_t i = negative;

	if (i == len)
		return "is not a number";
	for (; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return s->words ? "is neither a number nor one of the setting's words" :
					  "is not a decimal number";
		/* One way to write each number. */
		if (i > (size_t)negative && text[(size_t)negative] == '0')
			return "begins with 0";
		if (n > s->max && n > -s->min)
			continue;	/* too large already */
		n = n * 10 + (text[i] - '0');
	}
	if (negative && !n)
		return "is no number: -0";
	if (negative)
		n = -n;
	if (n < s->min || n > s->max)
		return why_range;
	*value = n;
	return NULL;
}

static const char *line_parse(const char *text, size_t len,
			      const struct setting *s, long long *value)
{
	const struct word *word;

	for (word = s->words; word && word->name; word++) {
		if (strlen(word->name) == len &&
		    !memcmp(word->name, text, len)) {
			*value = word->value;
			return NULL;
		}
	}
	return number_parse(text, len, s, value);
}

/* Comments may be in any language; what moves a terminal's cursor is none. */
static bool byte_ok(unsigned char byte)
{
	return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

/**
 * value_parse() - read the text of a setting
 * @text: what the file holds; need not end in NUL
 * @len: how much
 * @s: the setting
 * @value: the result; untouched on failure
 * @why: on failure, what is wrong
 *
 * Return: 0, or -1 on failure.
 */
int value_parse(const char *text, size_t len, const struct setting *s,
		long long *value, const char **why)
{
	const char *line = text, *end = text + len, *newline;
	long long result = 0;
	bool found = false;
	size_t i;

	*why = NULL;
	if (!len)
		*why = "is empty";
	else if (len > FILE_SIZE_MAX)
		*why = "is too large";
	else if (end[-1] != '\n')
		*why = "does not end with a newline: cut off?";
	if (*why)
		return -1;

	for (i = 0; i < len; i++) {
		if (text[i] != '\n' && !byte_ok(text[i])) {
			*why = text[i] ? "holds a control character" :
					 "holds a NUL byte";
			return -1;
		}
	}
	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', end - line);
		if (newline == line || *line == '#')
			continue;
		if (found) {
			*why = "holds more than one value";
			return -1;
		}
		*why = line_parse(line, newline - line, s, &result);
		if (*why)
			return -1;
		found = true;
	}
	if (!found) {
		*why = "holds no value";
		return -1;
	}
	*value = result;
	return 0;
}

/* The word for a value, or NULL. */
const char *value_word(const struct setting *s, long long value)
{
	const struct word *word;

	for (word = s->words; word && word->name; word++)
		if (word->value == value)
			return word->name;
	return NULL;
}

/* A value for people: its word too, where it has one. */
const char *value_text(const struct setting *s, long long value, char *text,
		       size_t size)
{
	const char *word = value_word(s, value);

	if (word)
		snprintf(text, size, "%lld (%s)", value, word);
	else
		snprintf(text, size, "%lld", value);
	return text;
}
