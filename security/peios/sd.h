/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Security descriptors in self-relative form ([MS-DTYP] 2.4.6).
 */
#ifndef _SECURITY_PEIOS_SD_H
#define _SECURITY_PEIOS_SD_H

#include <linux/peios.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "sid.h"

/* How many extra SIDs a default descriptor can let in */
#define PEIOS_SD_ALSO_MAX	4

/* Control flags */
#define PEIOS_SD_OWNER_DEFAULTED	0x0001
#define PEIOS_SD_GROUP_DEFAULTED	0x0002
#define PEIOS_SD_DACL_PRESENT		0x0004
#define PEIOS_SD_DACL_DEFAULTED		0x0008
#define PEIOS_SD_SACL_PRESENT		0x0010
#define PEIOS_SD_SACL_DEFAULTED		0x0020
#define PEIOS_SD_DACL_TRUSTED		0x0040
#define PEIOS_SD_SERVER_SECURITY	0x0080
#define PEIOS_SD_DACL_INHERIT_REQ	0x0100
#define PEIOS_SD_SACL_INHERIT_REQ	0x0200
#define PEIOS_SD_DACL_INHERITED		0x0400
#define PEIOS_SD_SACL_INHERITED		0x0800
#define PEIOS_SD_DACL_PROTECTED		0x1000
#define PEIOS_SD_SACL_PROTECTED		0x2000
#define PEIOS_SD_RM_CONTROL_VALID	0x4000
#define PEIOS_SD_SELF_RELATIVE		0x8000

/* Offsets in a descriptor, an ACL and an ACE */
#define PEIOS_SD_REVISION_AT	0
#define PEIOS_SD_RM_CONTROL_AT	1
#define PEIOS_SD_CONTROL_AT	2
#define PEIOS_SD_OWNER_AT	4
#define PEIOS_SD_GROUP_AT	8
#define PEIOS_SD_SACL_AT	12
#define PEIOS_SD_DACL_AT	16
#define PEIOS_SD_HEADER		20

#define PEIOS_ACL_REVISION	2
#define PEIOS_ACL_REVISION_DS	4
#define PEIOS_ACL_SIZE_AT	2
#define PEIOS_ACL_COUNT_AT	4
#define PEIOS_ACL_HEADER	8

#define PEIOS_ACE_SIZE_AT	2
#define PEIOS_ACE_HEADER	4
#define PEIOS_ACE_MASK_AT	4
#define PEIOS_ACE_SID_AT	8
#define PEIOS_ACE_OBJECT_AT	8

/* The types of ACE ([MS-DTYP] 2.4.4.1) that have a meaning here */
#define PEIOS_ACE_ALLOWED			0x00
#define PEIOS_ACE_DENIED			0x01
#define PEIOS_ACE_AUDIT				0x02
#define PEIOS_ACE_ALARM				0x03
#define PEIOS_ACE_ALLOWED_OBJECT		0x05
#define PEIOS_ACE_DENIED_OBJECT			0x06
#define PEIOS_ACE_AUDIT_OBJECT			0x07
#define PEIOS_ACE_ALARM_OBJECT			0x08
#define PEIOS_ACE_ALLOWED_CALLBACK		0x09
#define PEIOS_ACE_DENIED_CALLBACK		0x0a
#define PEIOS_ACE_ALLOWED_CALLBACK_OBJECT	0x0b
#define PEIOS_ACE_DENIED_CALLBACK_OBJECT	0x0c
#define PEIOS_ACE_AUDIT_CALLBACK		0x0d
#define PEIOS_ACE_ALARM_CALLBACK		0x0e
#define PEIOS_ACE_AUDIT_CALLBACK_OBJECT		0x0f
#define PEIOS_ACE_ALARM_CALLBACK_OBJECT		0x10
#define PEIOS_ACE_MANDATORY_LABEL		0x11
#define PEIOS_ACE_RESOURCE_ATTRIBUTE		0x12
#define PEIOS_ACE_SCOPED_POLICY			0x13

#define PEIOS_ACE_INHERIT_ONLY			0x08

#define PEIOS_ACE_OBJECT_TYPE_PRESENT		0x1
#define PEIOS_ACE_INHERITED_TYPE_PRESENT	0x2

/**
 * struct peios_sd - a security descriptor that has been found valid
 * @usage: references; 1 when it is made
 * @rcu: for freeing it
 * @size: bytes in @bytes
 * @control: control flags
 * @owner: offset in @bytes of the owner's SID
 * @group: offset of the group's SID, 0 if it has none
 * @sacl: offset of the SACL, 0 if it has none
 * @dacl: offset of the DACL, 0 if it has none or a NULL one
 * @bytes: the descriptor as it was given
 *
 * Immutable except for @usage and @rcu.
 */
struct peios_sd {
	refcount_t usage;
	struct rcu_head rcu;
	u16 size;
	u16 control;
	u16 owner;
	u16 group;
	u16 sacl;
	u16 dacl;
	u8 bytes[] __counted_by(size);
};

/**
 * struct peios_ace - an access control entry
 * @bytes: where it begins
 * @size: its length in bytes
 * @type: PEIOS_ACE_*, or a type that has no meaning here
 * @flags: PEIOS_ACE_INHERIT_ONLY and others
 * @has_sid: the type is one that has a mask and a SID; if not, none of the
 *	fields below is set
 * @has_object_type: it applies only to one type of object or property
 * @mask: access rights
 * @sid: the SID that it applies to
 * @end: offset in @bytes of what follows the SID
 */
struct peios_ace {
	const u8 *bytes;
	u16 size;
	u8 type;
	u8 flags;
	bool has_sid;
	bool has_object_type;
	u32 mask;
	struct peios_sid sid;
	u16 end;
};

/**
 * struct peios_acl - the state of a walk through an access control list
 * @next: the next entry
 * @room: bytes from there to the end of the list
 * @left: number of entries that are left
 */
struct peios_acl {
	const u8 *next;
	unsigned int room;
	unsigned int left;
};

int peios_sd_parse(const void *bytes, size_t size, gfp_t gfp,
		   struct peios_sd **sd);
struct peios_sd *peios_sd_default(const struct peios_sid *user,
				  const struct peios_sid *also,
				  unsigned int nr_also, u32 everyone,
				  gfp_t gfp);
void peios_sd_owner(const struct peios_sd *sd, struct peios_sid *owner);
bool peios_sd_group(const struct peios_sd *sd, struct peios_sid *group);
bool peios_sd_dacl(const struct peios_sd *sd, struct peios_acl *acl);
bool peios_sd_sacl(const struct peios_sd *sd, struct peios_acl *acl);
bool peios_acl_next(struct peios_acl *acl, struct peios_ace *ace);
u32 peios_sd_write_rights(const struct peios_sd *old,
			  const struct peios_sd *new);

#endif /* _SECURITY_PEIOS_SD_H */
