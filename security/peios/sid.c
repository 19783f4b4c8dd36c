// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security identifiers: their text and binary forms, and the well-known ones.
 * [MS-DTYP] 2.4.2.1: S-1-AUTHORITY-SUB-SUB-..., the authority in decimal if it
 * is below 2^32 and else as 0x and twelve hexadecimal digits. [MS-DTYP] 2.4.2.2:
 * revision, number of sub-authorities, the authority with its highest byte
 * first, the sub-authorities with their lowest byte first.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "sid.h"

/* NT Authority; Local System */
const struct peios_sid peios_sid_system = {
	.authority = 5, .nr_subs = 1, .sub = { 18 },
};

/* NT Authority; built-in domain, Administrators */
const struct peios_sid peios_sid_administrators = {
	.authority = 5, .nr_subs = 2, .sub = { 32, 544 },
};

/* World Authority */
const struct peios_sid peios_sid_everyone = {
	.authority = 1, .nr_subs = 1, .sub = { 0 },
};

/* Creator Authority: in an ACE, it stands for the owner */
const struct peios_sid peios_sid_owner_rights = {
	.authority = 3, .nr_subs = 1, .sub = { 4 },
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

/* Digits only, no sign, at least one, at most @max. Moves @text past them. */
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
	/*
	 * Smaller ones are written in decimal, so that a SID has only one form.
	 */
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
 * peios_sid_decode() - read a SID in binary form
 * @bytes: where it begins, of any alignment
 * @room: bytes that may be read
 * @sid: the result, not touched on error
 *
 * A SID without sub-authorities has no text form and is refused.
 *
 * Return: the SID's length in bytes, or -EINVAL.
 */
int peios_sid_decode(const u8 *bytes, size_t room, struct peios_sid *sid)
{
	unsigned int i, nr_subs;

	if (room < PEIOS_SID_HEADER || bytes[0] != 1)
		return -EINVAL;
	nr_subs = bytes[1];
	if (!nr_subs || nr_subs > PEIOS_SID_SUBS_MAX ||
	    room < PEIOS_SID_HEADER + nr_subs * 4)
		return -EINVAL;

	*sid = (struct peios_sid) {
		.authority = (u64)get_unaligned_be16(bytes + 2) << 32 |
			     get_unaligned_be32(bytes + 4),
		.nr_subs = nr_subs,
	};
	for (i = 0; i < nr_subs; i++)
		sid->sub[i] = get_unaligned_le32(bytes + PEIOS_SID_HEADER +
						 i * 4);
	return PEIOS_SID_HEADER + nr_subs * 4;
}

/**
 * peios_sid_bytes() - the length of a SID in binary form
 * @sid: the SID
 *
 * Return: its length, at most PEIOS_SID_BYTES_MAX.
 */
size_t peios_sid_bytes(const struct peios_sid *sid)
{
	return PEIOS_SID_HEADER + sid->nr_subs * 4;
}

/**
 * peios_sid_encode() - write a SID in binary form
 * @sid: the SID
 * @bytes: where to, with room for peios_sid_bytes()
 *
 * Return: the bytes written.
 */
size_t peios_sid_encode(const struct peios_sid *sid, u8 *bytes)
{
	unsigned int i;

	bytes[0] = 1;
	bytes[1] = sid->nr_subs;
	put_unaligned_be16(sid->authority >> 32, bytes + 2);
	put_unaligned_be32(sid->authority, bytes + 4);
	for (i = 0; i < sid->nr_subs; i++)
		put_unaligned_le32(sid->sub[i],
				   bytes + PEIOS_SID_HEADER + i * 4);
	return peios_sid_bytes(sid);
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
