/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Security identifiers ([MS-DTYP] 2.4.2).
 */
#ifndef _SECURITY_PEIOS_SID_H
#define _SECURITY_PEIOS_SID_H

#include <linux/types.h>

#define PEIOS_SID_SUBS_MAX	15
/* "S-1-0x" and 12 hex digits, 15 times "-" and 10 digits, NUL */
#define PEIOS_SID_TEXT_MAX	(6 + 12 + PEIOS_SID_SUBS_MAX * 11 + 1)
/* revision, number of sub-authorities, authority; then the sub-authorities */
#define PEIOS_SID_HEADER	8
#define PEIOS_SID_BYTES_MAX	(PEIOS_SID_HEADER + PEIOS_SID_SUBS_MAX * 4)

/**
 * struct peios_sid - a security identifier of revision 1
 * @authority: identifier authority, 48 bits
 * @nr_subs: how many of @sub are used, 1 to 15
 * @sub: sub-authorities; those not used are 0
 */
struct peios_sid {
	u64 authority;
	u8 nr_subs;
	u32 sub[PEIOS_SID_SUBS_MAX];
};

extern const struct peios_sid peios_sid_system;
extern const struct peios_sid peios_sid_administrators;
extern const struct peios_sid peios_sid_everyone;
extern const struct peios_sid peios_sid_owner_rights;

int peios_sid_parse(const char *text, struct peios_sid *sid);
int peios_sid_format(const struct peios_sid *sid, char *buf, size_t size);
int peios_sid_decode(const u8 *bytes, size_t room, struct peios_sid *sid);
size_t peios_sid_encode(const struct peios_sid *sid, u8 *bytes);
size_t peios_sid_bytes(const struct peios_sid *sid);
bool peios_sid_equal(const struct peios_sid *a, const struct peios_sid *b);
void peios_sid_from_uid(u32 uid, struct peios_sid *sid);
void peios_sid_from_gid(u32 gid, struct peios_sid *sid);

#endif /* _SECURITY_PEIOS_SID_H */
