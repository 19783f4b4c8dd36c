// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security identifiers: their text form and the ones that are known by name.
 * [MS-DTYP] 2.4.2.1: S-1-AUTHORITY-SUB-SUB-..., the authority in decimal if it
 * is below 2^32 and else as 0x and twelve hexadecimal digits.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "sid.h"

/* NT Authority; Local System */
const struct peios_sid peios_sid_system = {
	.authority = 5, .nr_subs = 1, .sub = { 18 },
};

/* NT Authority; built-in domain, Administrators */
const struct peios_sid peios_sid_administrators = {
	.authority = 5, .nr_subs = 2, .sub = { 32, 544 },
};

/* Unix identities as Samba maps them: S-1-22-1-UID and S-1-22-2-GID. */
static void from_unix(u32 kind, u32 id, struct peios_sid *sid)
{
	*sid = (struct peios_sid) {
		.authority = 22, .nr_subs = 2, .sub = { kind, id },
	};
}

/**
 * peios_sid_from_uid() - the SID of a Unix user
 * @uid: user id in the initial user namespace
 * @sid: the result
 */
void peios_sid_from_uid(u32 uid, struct peios_sid *sid)
{
	from_unix(1, uid, sid);
}

/**
 * peios_sid_from_gid() - the SID of a Unix group
 * @gid: group id in the initial user namespace
 * @sid: the result
 */
void peios_sid_from_gid(u32 gid, struct peios_sid *sid)
{
	from_unix(2, gid, sid);
}

/* Digits only, no sign, at least one, at most @max; moves @text behind them. */
static int parse_number(const char **text, u64 max, u64 *number)
{
	const char *p = *text;

	if (!isdigit(*p))
		return -EINVAL;
	for (*number = 0; isdigit(*p); p++) {
		*number = *number * 10 + (*p - '0');
		if (*number > max)
			return -EINVAL;
	}
	*text = p;
	return 0;
}

static int parse_hex_authority(const char **text, u64 *number)
{
	int i;

	*number = 0;
	for (i = 0; i < 12; i++, (*text)++) {
		int digit = hex_to_bin(**text);

		if (digit < 0)
			return -EINVAL;
		*number = *number << 4 | digit;
	}
	/* Smaller ones are written in decimal, so that a SID has one form. */
	return *number <= U32_MAX ? -EINVAL : 0;
}

/**
 * peios_sid_parse() - parse the text form of a SID
 * @text: the whole text
 * @sid: the result, not touched on error
 *
 * Return: 0 or -EINVAL.
 */
int peios_sid_parse(const char *text, struct peios_sid *sid)
{
	struct peios_sid parsed = {};
	u64 number;
	int err;

	if (strncmp(text, "S-1-", 4))
		return -EINVAL;
	text += 4;

	if (!strncmp(text, "0x", 2)) {
		text += 2;
		err = parse_hex_authority(&text, &parsed.authority);
	} else {
		err = parse_number(&text, U32_MAX, &parsed.authority);
	}
	if (err)
		return err;

	while (*text) {
		if (*text++ != '-' || parsed.nr_subs == PEIOS_SID_SUBS_MAX)
			return -EINVAL;
		err = parse_number(&text, U32_MAX, &number);
		if (err)
			return err;
		parsed.sub[parsed.nr_subs++] = number;
	}
	if (!parsed.nr_subs)
		return -EINVAL;

	*sid = parsed;
	return 0;
}

/**
 * peios_sid_format() - write a SID as text
 * @sid: the SID
 * @buf: where to
 * @size: its size; PEIOS_SID_TEXT_MAX is always enough
 *
 * Return: characters written, without the NUL.
 */
int peios_sid_format(const struct peios_sid *sid, char *buf, size_t size)
{
	int i, len;

	if (sid->authority <= U32_MAX)
		len = scnprintf(buf, size, "S-1-%llu", sid->authority);
	else
		len = scnprintf(buf, size, "S-1-0x%012llx", sid->authority);
	for (i = 0; i < sid->nr_subs; i++)
		len += scnprintf(buf + len, size - len, "-%u", sid->sub[i]);
	return len;
}

/**
 * peios_sid_equal() - compare two SIDs
 * @a: one
 * @b: the other
 *
 * Return: true if they are the same.
 */
bool peios_sid_equal(const struct peios_sid *a, const struct peios_sid *b)
{
	return a->authority == b->authority && a->nr_subs == b->nr_subs &&
	       !memcmp(a->sub, b->sub, a->nr_subs * sizeof(a->sub[0]));
}
