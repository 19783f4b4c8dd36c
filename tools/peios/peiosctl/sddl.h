/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Security descriptors as text: SDDL, [MS-DTYP] 2.5.1.
 */
#ifndef _PEIOSCTL_SDDL_H
#define _PEIOSCTL_SDDL_H

#include <linux/types.h>

#include "../../../security/peios/sd.h"
#include "../../../security/peios/sid.h"

/**
 * struct sddl_acl - an access control list in its binary form
 * @present: there is one, if only NULL
 * @size: bytes in @bytes, 0 for NULL
 * @bytes: the list
 */
struct sddl_acl {
	bool present;
	unsigned int size;
	u8 bytes[PEIOS_SD_MAX];
};

/**
 * struct sddl - a security descriptor, taken apart
 * @control: the control flags, without those that tell what is there
 * @rm_control: the resource manager's byte
 * @has_owner: @owner is set
 * @has_group: @group is set
 * @owner: the owner
 * @group: the group
 * @dacl: who may do what
 * @sacl: what is audited
 */
struct sddl {
	u16 control;
	u8 rm_control;
	bool has_owner;
	bool has_group;
	struct peios_sid owner;
	struct peios_sid group;
	struct sddl_acl dacl;
	struct sddl_acl sacl;
};

/**
 * struct sddl_error - why a text is no SDDL
 * @at: where
 * @why: in words
 */
struct sddl_error {
	const char *at;
	const char *why;
};

int sddl_parse(const char *text, struct sddl *sddl, struct sddl_error *error);
void sddl_unpack(const struct peios_sd *sd, struct sddl *sddl);
int sddl_unpack_bytes(const u8 *bytes, size_t size, struct sddl *sddl);
void sddl_merge(struct sddl *sddl, const struct sddl *old);
int sddl_pack(const struct sddl *sddl, u8 *bytes, size_t *size);
int sddl_format(const struct sddl *sddl, char **text);

int sddl_parse_sid(const char **text, struct peios_sid *sid);
const char *sddl_sid_name(const struct peios_sid *sid);
int sddl_parse_rights(const char **text, u32 *mask);
void sddl_begin_acl(const struct sddl_acl *acl, struct peios_acl *walk);

#endif /* _PEIOSCTL_SDDL_H */
