// SPDX-License-Identifier: GPL-2.0-only
/*
 * Amounts as text: kB, bytes, or what is read most easily.
 */
#include <limits.h>
#include <string.h>

#include "oomstat.h"

enum unit unit = UNIT_KB;

/* With one digit behind the point below 100, so that three digits are seen. */
static void put_human(char *text, size_t size, long long kb)
{
	static const char * const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double amount = kb;
	unsigned int i = 0;

	while ((amount >= 1023.5 || amount <= -1023.5) && i + 1 < ARRAY_SIZE(units)) {
		amount /= 1024;
		i++;
	}
	snprintf(text, size, i && amount < 99.95 && amount > -99.95 ?
		 "%.1f %s" : "%.0f %s", amount, units[i]);
}

static void put_bytes(char *text, size_t size, long long kb)
{
	long long bytes;

	if (__builtin_mul_overflow(kb, 1024, &bytes))
		bytes = kb < 0 ? LLONG_MIN : LLONG_MAX;
	snprintf(text, size, "%lld", bytes);
}

/* A cell of a column whose header has the unit, if all rows have the same. */
void print_cell(FILE *out, int width, long long kb)
{
	char text[48];

	if (unit == UNIT_HUMAN)
		put_human(text, sizeof(text), kb);
	else if (unit == UNIT_BYTES)
		put_bytes(text, sizeof(text), kb);
	else
		snprintf(text, sizeof(text), "%lld", kb);
	fprintf(out, "%*s", width, text);
}

const char *unit_of_cells(void)
{
	return unit == UNIT_KB ? "kB" : unit == UNIT_BYTES ? "B" : "";
}

/* An amount with its unit, and what it is per, such as "/s". */
void print_amount(FILE *out, int width, long long kb, const char *per)
{
	char text[48], all[64];

	if (unit == UNIT_HUMAN) {
		put_human(text, sizeof(text), kb);
		snprintf(all, sizeof(all), "%s%s", text, per);
	} else {
		if (unit == UNIT_BYTES)
			put_bytes(text, sizeof(text), kb);
		else
			snprintf(text, sizeof(text), "%lld", kb);
		snprintf(all, sizeof(all), "%s %s%s", text, unit_of_cells(), per);
	}
	fprintf(out, "%*s", width, all);
}
