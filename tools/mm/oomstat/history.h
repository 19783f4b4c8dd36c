/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of kills, as /proc/oom_history has them: Documentation/admin-guide/mm/
 * in the kernel's tree describes the keys.
 */
#ifndef OOMSTAT_HISTORY_H
#define OOMSTAT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define RECORD_FIELDS	64
/* Longest key, with a NUL. */
#define RECORD_KEY_MAX		32

struct field {
	const char *key;
	/* Any bytes but NUL; decoded if the record has it quoted or in hex */
	const char *value;
	bool text;
};

struct record {
	struct field fields[RECORD_FIELDS];
	size_t nr;
};

/* Takes a line apart, in place; -EINVAL if it is no record. */
int record_parse(char *line, struct record *r);
/* The value of a key; NULL if it is not there. */
const char *record_get(const struct record *r, const char *key);
int record_number(const struct record *r, const char *key, long long *number);

/*
 * Works the choice out again. Returns true if all fits; otherwise @why says what
 * does not.
 */
bool record_replay(const struct record *r, char *why, size_t size);

#endif /* OOMSTAT_HISTORY_H */
