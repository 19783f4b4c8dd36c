/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to processes: rights, and the decision about them.
 */
#ifndef _SECURITY_PEIOS_ACCESS_H
#define _SECURITY_PEIOS_ACCESS_H

#include <linux/types.h>

#include "sd.h"
#include "sid.h"
#include "token.h"

/* Rights on a process */
#define PEIOS_PROCESS_TERMINATE		0x00000001
#define PEIOS_PROCESS_SIGNAL		0x00000002
#define PEIOS_PROCESS_VM_READ		0x00000010
#define PEIOS_PROCESS_VM_WRITE		0x00000020
#define PEIOS_PROCESS_DUP_HANDLE	0x00000040
#define PEIOS_PROCESS_SET_QUOTA		0x00000100
#define PEIOS_PROCESS_SET_INFORMATION	0x00000200
#define PEIOS_PROCESS_QUERY_INFORMATION	0x00000400
#define PEIOS_PROCESS_SUSPEND_RESUME	0x00000800
#define PEIOS_PROCESS_QUERY_LIMITED	0x00001000

/* Rights on any object */
#define PEIOS_DELETE			0x00010000
#define PEIOS_READ_CONTROL		0x00020000
#define PEIOS_WRITE_DAC			0x00040000
#define PEIOS_WRITE_OWNER		0x00080000
#define PEIOS_SYNCHRONIZE		0x00100000
#define PEIOS_ACCESS_SYSTEM_SECURITY	0x01000000

/* Not rights but requests: all that is granted; what the mapping says. */
#define PEIOS_MAXIMUM_ALLOWED		0x02000000
#define PEIOS_GENERIC_ALL		0x10000000
#define PEIOS_GENERIC_EXECUTE		0x20000000
#define PEIOS_GENERIC_WRITE		0x40000000
#define PEIOS_GENERIC_READ		0x80000000
#define PEIOS_GENERIC			0xf0000000

#define PEIOS_PROCESS_READ						\
	(PEIOS_PROCESS_QUERY_INFORMATION | PEIOS_PROCESS_VM_READ |	\
	 PEIOS_READ_CONTROL)
#define PEIOS_PROCESS_WRITE						\
	(PEIOS_PROCESS_SET_INFORMATION | PEIOS_PROCESS_SET_QUOTA |	\
	 PEIOS_PROCESS_VM_WRITE | PEIOS_WRITE_DAC)
#define PEIOS_PROCESS_EXECUTE						\
	(PEIOS_PROCESS_TERMINATE | PEIOS_PROCESS_SUSPEND_RESUME |	\
	 PEIOS_PROCESS_QUERY_LIMITED)
#define PEIOS_PROCESS_ALL						\
	(PEIOS_PROCESS_TERMINATE | PEIOS_PROCESS_SIGNAL |		\
	 PEIOS_PROCESS_VM_READ | PEIOS_PROCESS_VM_WRITE |		\
	 PEIOS_PROCESS_DUP_HANDLE | PEIOS_PROCESS_SET_QUOTA |		\
	 PEIOS_PROCESS_SET_INFORMATION |				\
	 PEIOS_PROCESS_QUERY_INFORMATION |				\
	 PEIOS_PROCESS_SUSPEND_RESUME | PEIOS_PROCESS_QUERY_LIMITED |	\
	 PEIOS_READ_CONTROL | PEIOS_WRITE_DAC | PEIOS_WRITE_OWNER)

/* Rights that let the holder act as the process, directly or indirectly. */
#define PEIOS_PROCESS_CONTROL						\
	(PEIOS_PROCESS_VM_WRITE | PEIOS_PROCESS_DUP_HANDLE |		\
	 PEIOS_WRITE_DAC | PEIOS_WRITE_OWNER)

/*
 * Rights that need the target's privileges, under the default descriptor: to
 * act as the target, and to change how the OOM killer sees it, which is policy
 * that was set for it.
 */
#define PEIOS_PROCESS_GUARDED	(PEIOS_PROCESS_CONTROL | PEIOS_PROCESS_SET_QUOTA)

/* Rights on memory, files or directories, which other processes may share. */
#define PEIOS_PROCESS_INSIDE						\
	(PEIOS_PROCESS_VM_READ | PEIOS_PROCESS_VM_WRITE |		\
	 PEIOS_PROCESS_DUP_HANDLE)

/**
 * struct peios_mapping - the meaning of the generic rights
 * @read: GENERIC_READ
 * @write: GENERIC_WRITE
 * @execute: GENERIC_EXECUTE
 * @all: GENERIC_ALL
 */
struct peios_mapping {
	u32 read;
	u32 write;
	u32 execute;
	u32 all;
};

extern const struct peios_mapping peios_process_mapping;

/**
 * struct peios_subject - the subject that asks for access
 * @user: the user
 * @groups: groups that are enabled, then those that are deny-only
 * @nr_groups: how many are enabled
 * @nr_deny: how many are deny-only
 * @privileges: the privileges that are enabled
 * @unix_member: tells if a Unix user is a member of the group of this gid;
 *	NULL for a subject that has no groups except @groups
 * @unix_groups: the argument for @unix_member
 *
 * Holds no references: it exists only for one decision. A Unix user may be in
 * 65536 groups, which would be too many to copy.
 */
struct peios_subject {
	const struct peios_sid *user;
	const struct peios_sid *groups;
	unsigned int nr_groups;
	unsigned int nr_deny;
	u64 privileges;
	bool (*unix_member)(const void *unix_groups, u32 gid);
	const void *unix_groups;
};

/**
 * struct peios_pip - process integrity protection
 * @type: kind of protection, 0 for none
 * @trust: level within it
 */
struct peios_pip {
	u32 type;
	u32 trust;
};

/* What the default descriptor grants to Everyone, depending on peios.query */
#define PEIOS_EVERYONE_LIMITED	PEIOS_PROCESS_QUERY_LIMITED
#define PEIOS_EVERYONE_QUERIES						\
	(PEIOS_PROCESS_QUERY_LIMITED | PEIOS_PROCESS_QUERY_INFORMATION)

/**
 * struct peios_caller - properties of the caller, in addition to the subject
 * @privileges: its privileges, enabled or not
 * @pip: its integrity protection
 * @by_capability: rights that Linux's capabilities give it over the target
 */
struct peios_caller {
	u64 privileges;
	struct peios_pip pip;
	u32 by_capability;
};

/**
 * struct peios_target - a process, as one of its threads sees it
 * @user: the user, who owns the default descriptor
 * @privileges: its privileges, enabled or not
 * @pip: its integrity protection
 * @by_root: the user is a Unix user, and the caller is a Unix root over it
 * @everyone: rights that Everyone has by the default descriptor
 */
struct peios_target {
	struct peios_sid user;
	u64 privileges;
	struct peios_pip pip;
	bool by_root;
	u32 everyone;
};

/**
 * enum peios_check - the check that refused something
 * @PEIOS_CHECK_NONE: no check did
 * @PEIOS_CHECK_PIP: the caller does not dominate the target
 * @PEIOS_CHECK_SD: the security descriptor
 * @PEIOS_CHECK_PRIVILEGE: a privilege that is needed in addition
 */
enum peios_check {
	PEIOS_CHECK_NONE,
	PEIOS_CHECK_PIP,
	PEIOS_CHECK_SD,
	PEIOS_CHECK_PRIVILEGE,
};

/**
 * struct peios_access - a decision, with its reasons
 * @granted: the rights granted, none if anything was refused
 * @missing: the rights that were asked for and refused
 * @used: privileges without which the decision would have been different
 * @refused_by: the check that refused @missing
 * @ace: index of the DACL's entry that denied one of @missing, from 0; -1 if
 *	none did, so that the right is just not allowed to this subject
 */
struct peios_access {
	u32 granted;
	u32 missing;
	u64 used;
	enum peios_check refused_by;
	int ace;
};

u32 peios_map_generic(u32 mask, const struct peios_mapping *mapping);
void peios_subject_init(struct peios_subject *subject,
			const struct peios_token *token);
int peios_access_check(const struct peios_subject *subject,
		       const struct peios_sd *sd, u32 desired,
		       const struct peios_mapping *mapping,
		       struct peios_access *result);
bool peios_pip_dominates(const struct peios_pip *caller,
			 const struct peios_pip *target);
int peios_process_check(const struct peios_subject *subject,
			const struct peios_pip *caller_pip,
			const struct peios_sd *sd,
			const struct peios_pip *target_pip, u32 desired,
			struct peios_access *result);
u32 peios_default_granted(const struct peios_subject *subject,
			  const struct peios_target *target);
int peios_decide(const struct peios_subject *subject,
		 const struct peios_caller *caller,
		 const struct peios_target *target, const struct peios_sd *sd,
		 u32 desired, struct peios_access *result, u64 *lacks);
u32 peios_capability_rights(u64 capabilities);
bool peios_capabilities_count(const struct peios_target *target);
u64 peios_control_missing(u32 desired, u64 target, u64 present, u64 enabled);
bool peios_owner_permitted(const struct peios_subject *subject,
			   const struct peios_sid *owner);
const char *peios_check_name(enum peios_check check);
const char *peios_right_name(u32 right);

#endif /* _SECURITY_PEIOS_ACCESS_H */
