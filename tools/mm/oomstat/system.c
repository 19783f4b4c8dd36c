// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system's promise and payment.
 */
#include <errno.h>
#include <string.h>

#include "oomstat.h"

static int from_commitinfo(const char *text, struct system *s)
{
	const struct {
		const char *key;
		long long *value;
	} keys[] = {
		{ "Limit", &s->limit },
		{ "Promise", &s->promise },
		{ "Payment", &s->payment },
		{ "Outstanding", &s->outstanding },
		{ "Available", &s->available },
		{ "Coverage", &s->coverage },
		{ "Refused", &s->refused },
		{ "Rate", &s->rate },
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		err = find_number(text, keys[i].key, keys[i].value);
		if (err)
			return err;
	}
	find_seconds(text, "Trend", &s->trend);
	s->native = true;
	return find_seconds(text, "Exhaustion", &s->exhaustion);
}

/*
 * What plain Linux tells. Payment: anonymous and shared memory that is resident,
 * and what is swapped out; swap cache and shared anonymous pages blur it a bit.
 */
static int from_meminfo(const char *text, struct system *s)
{
	long long anon, shmem, swap, swap_free, available;
	int err = 0;

	err = err ?: find_number(text, "CommitLimit", &s->limit);
	err = err ?: find_number(text, "Committed_AS", &s->promise);
	err = err ?: find_number(text, "AnonPages", &anon);
	err = err ?: find_number(text, "Shmem", &shmem);
	err = err ?: find_number(text, "SwapTotal", &swap);
	err = err ?: find_number(text, "SwapFree", &swap_free);
	err = err ?: find_number(text, "MemAvailable", &available);
	if (err)
		return err;

	s->payment = anon + shmem + swap - swap_free;
	s->outstanding = s->promise > s->payment ? s->promise - s->payment : 0;
	s->available = available + swap_free;
	s->coverage = 100;
	if (s->outstanding > s->available)
		s->coverage = s->available * 100 / s->outstanding;
	s->exhaustion = -1;
	s->trend = -1;
	return 0;
}

int system_read(struct system *s)
{
	char text[16384];
	int err;

	memset(s, 0, sizeof(*s));
	err = read_text("commitinfo", text, sizeof(text));
	if (err >= 0)
		return from_commitinfo(text, s);
	if (err != -ENOENT)
		return err;
	err = read_text("meminfo", text, sizeof(text));
	return err < 0 ? err : from_meminfo(text, s);
}
