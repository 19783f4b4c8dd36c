// SPDX-License-Identifier: GPL-2.0-only
/*
 * AccessCheck as a pure function ([MS-DTYP] 2.5.3.2), and the decision about a
 * process that uses it.
 *
 * The rule: for each right that is asked for, the first entry of the DACL
 * decides that applies to the subject and names the right. A right that no
 * entry names is refused. Before that,
 *
 *  - generic rights are mapped, in the request and in entries;
 *  - ACCESS_SYSTEM_SECURITY is decided by SeSecurityPrivilege alone;
 *  - without a DACL, or with a NULL one, everything is allowed;
 *  - the owner has READ_CONTROL and WRITE_DAC, unless there is an entry for
 *    OWNER RIGHTS. Such an entry says what the owner has, even if it is only
 *    for one object type or has a condition;
 *  - WRITE_OWNER, if asked for by name, is allowed by SeTakeOwnershipPrivilege.
 *
 * MAXIMUM_ALLOWED asks for all rights that the DACL would grant by this rule.
 *
 * Which entries count:
 *
 *  - inherit-only entries don't;
 *  - a deny-only group counts only in entries that deny;
 *  - entries for objects: a process is not a tree of typed objects. An entry
 *    that allows something to one type allows nothing here; one that denies,
 *    denies. Entries without a type work like plain ones;
 *  - conditional (callback) entries: no condition can be evaluated here, so all
 *    conditions are UNKNOWN. By [MS-DTYP], such an entry does not allow, but
 *    denies;
 *  - entries of unknown types don't, nor do those that belong in a SACL.
 *
 * Nothing here allocates, sleeps, takes locks or looks at a task.
 */

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/errno.h>

#include "access.h"
#include "privilege.h"
#include "sd.h"
#include "sid.h"

const struct peios_mapping peios_process_mapping = {
	.read = PEIOS_PROCESS_READ,
	.write = PEIOS_PROCESS_WRITE,
	.execute = PEIOS_PROCESS_EXECUTE,
	.all = PEIOS_PROCESS_ALL,
};

/* No entry can grant these. */
#define NOT_BY_ACE	(PEIOS_ACCESS_SYSTEM_SECURITY | PEIOS_MAXIMUM_ALLOWED)

/**
 * peios_map_generic() - replace generic rights by what they stand for
 * @mask: rights
 * @mapping: what generic rights stand for
 *
 * Return: the rights, none of them generic.
 */
u32 peios_map_generic(u32 mask, const struct peios_mapping *mapping)
{
	u32 mapped = mask & ~PEIOS_GENERIC;

	if (mask & PEIOS_GENERIC_READ)
		mapped |= mapping->read;
	if (mask & PEIOS_GENERIC_WRITE)
		mapped |= mapping->write;
	if (mask & PEIOS_GENERIC_EXECUTE)
		mapped |= mapping->execute;
	if (mask & PEIOS_GENERIC_ALL)
		mapped |= mapping->all;
	return mapped;
}

/**
 * peios_subject_init() - the subject that a token describes in full
 * @subject: the result
 * @token: the token, which has to stay while @subject is in use
 *
 * For a token that follows a Unix identity, the caller replaces what differs.
 */
void peios_subject_init(struct peios_subject *subject,
			const struct peios_token *token)
{
	*subject = (struct peios_subject) {
		.user = &token->user,
		.groups = token->groups,
		.nr_groups = token->nr_groups,
		.nr_deny = token->nr_deny,
		.privileges = token->enabled,
	};
}

static bool in_list(const struct peios_sid *sid, const struct peios_sid *list,
		    unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (peios_sid_equal(sid, &list[i]))
			return true;
	return false;
}

static bool is_unix_group(const struct peios_sid *sid)
{
	return sid->authority == 22 && sid->nr_subs == 2 && sid->sub[0] == 2;
}

/*
 * Does an entry for @sid apply to the subject? A deny-only group applies only
 * in entries that deny. Everyone is in every token.
 */
static bool in_token(const struct peios_subject *subject,
		     const struct peios_sid *sid, bool denies)
{
	if (peios_sid_equal(sid, subject->user) ||
	    in_list(sid, subject->groups, subject->nr_groups))
		return true;
	if (in_list(sid, subject->groups + subject->nr_groups,
		    subject->nr_deny))
		return denies;
	if (subject->unix_member && is_unix_group(sid))
		return subject->unix_member(subject->unix_groups, sid->sub[1]);
	return peios_sid_equal(sid, &peios_sid_everyone);
}

static bool is_access_type(u8 type)
{
	switch (type) {
	case PEIOS_ACE_ALLOWED:
	case PEIOS_ACE_DENIED:
	case PEIOS_ACE_ALLOWED_OBJECT:
	case PEIOS_ACE_DENIED_OBJECT:
	case PEIOS_ACE_ALLOWED_CALLBACK:
	case PEIOS_ACE_DENIED_CALLBACK:
	case PEIOS_ACE_ALLOWED_CALLBACK_OBJECT:
	case PEIOS_ACE_DENIED_CALLBACK_OBJECT:
		return true;
	default:
		return false;
	}
}

enum verdict {
	SKIPS,
	ALLOWS,
	DENIES,
};

/* What an entry does to the subjects that it applies to. */
static enum verdict ace_verdict(const struct peios_ace *ace)
{
	if (ace->flags & PEIOS_ACE_INHERIT_ONLY)
		return SKIPS;
	switch (ace->type) {
	case PEIOS_ACE_ALLOWED:
		return ALLOWS;
	case PEIOS_ACE_ALLOWED_OBJECT:
		return ace->has_object_type ? SKIPS : ALLOWS;
	case PEIOS_ACE_DENIED:
	case PEIOS_ACE_DENIED_OBJECT:
	case PEIOS_ACE_DENIED_CALLBACK:
	case PEIOS_ACE_DENIED_CALLBACK_OBJECT:
		return DENIES;
	default:
		return SKIPS;
	}
}

/* Is there an entry for OWNER RIGHTS that concerns access to this object? */
static bool has_owner_rights(struct peios_acl acl)
{
	struct peios_ace ace;

	while (peios_acl_next(&acl, &ace)) {
		if (ace.flags & PEIOS_ACE_INHERIT_ONLY ||
		    !is_access_type(ace.type))
			continue;
		if (peios_sid_equal(&ace.sid, &peios_sid_owner_rights))
			return true;
	}
	return false;
}

static int refuse(struct peios_access *result, u32 missing,
		  enum peios_check check, int ace)
{
	*result = (struct peios_access) {
		.missing = missing,
		.refused_by = check,
		.ace = ace,
	};
	return -EACCES;
}

/**
 * struct walk - the state of reading the DACL
 * @granted: rights that an entry allows and that no entry before it denies
 * @denied: rights that an entry denies and that no entry before it allows
 * @ace: number of the first entry that denies something wanted, or -1
 */
struct walk {
	u32 granted;
	u32 denied;
	int ace;
};

/* Read until all of @wanted is decided, or to the end if @maximum. */
static void walk_dacl(const struct peios_subject *subject,
		      const struct peios_sd *sd, struct peios_acl acl,
		      u32 wanted, bool maximum,
		      const struct peios_mapping *mapping, struct walk *walk)
{
	struct peios_sid owner;
	struct peios_ace ace;
	int nr;

	peios_sd_owner(sd, &owner);
	if (in_token(subject, &owner, false) && !has_owner_rights(acl))
		walk->granted |= PEIOS_READ_CONTROL | PEIOS_WRITE_DAC;

	for (nr = 0; peios_acl_next(&acl, &ace); nr++) {
		enum verdict verdict = ace_verdict(&ace);
		const struct peios_sid *sid = &ace.sid;
		u32 mask;

		if (!maximum && !(wanted & ~(walk->granted | walk->denied)))
			break;
		if (verdict == SKIPS)
			continue;
		if (peios_sid_equal(sid, &peios_sid_owner_rights))
			sid = &owner;
		if (!in_token(subject, sid, verdict == DENIES))
			continue;
		mask = peios_map_generic(ace.mask, mapping) & ~NOT_BY_ACE;
		if (verdict == ALLOWS) {
			walk->granted |= mask & ~walk->denied;
		} else {
			mask &= ~walk->granted;
			if (walk->ace < 0 && mask & wanted)
				walk->ace = nr;
			walk->denied |= mask;
		}
	}
}

/* Combine what the entries say with what privileges add. */
static int conclude(const struct peios_subject *subject, u32 wanted,
		    bool maximum, const struct walk *walk,
		    struct peios_access *result)
{
	u32 by_privilege = 0, missing;
	u64 used = 0;

	if (wanted & PEIOS_ACCESS_SYSTEM_SECURITY) {
		if (!(subject->privileges & PEIOS_PRIV_SECURITY))
			return refuse(result, PEIOS_ACCESS_SYSTEM_SECURITY,
				      PEIOS_CHECK_PRIVILEGE, -1);
		by_privilege |= PEIOS_ACCESS_SYSTEM_SECURITY;
		used |= PEIOS_PRIV_SECURITY;
	}
	if (wanted & ~walk->granted & PEIOS_WRITE_OWNER &&
	    subject->privileges & PEIOS_PRIV_TAKE_OWNERSHIP) {
		by_privilege |= PEIOS_WRITE_OWNER;
		used |= PEIOS_PRIV_TAKE_OWNERSHIP;
	}

	missing = wanted & ~(walk->granted | by_privilege);
	if (missing)
		return refuse(result, missing, PEIOS_CHECK_SD,
			      walk->denied & missing ? walk->ace : -1);
	*result = (struct peios_access) {
		.granted = wanted | (maximum ? walk->granted : 0),
		.used = used,
		.ace = -1,
	};
	return 0;
}

/**
 * peios_access_check() - decide if a subject has access by a descriptor
 * @subject: the subject that asks
 * @sd: the object's security descriptor
 * @desired: rights, generic ones too, or MAXIMUM_ALLOWED, or both
 * @mapping: the meaning of generic rights for this type of object
 * @result: the decision
 *
 * Context: any.
 * Return: 0 if all desired rights are granted, otherwise -EACCES.
 */
int peios_access_check(const struct peios_subject *subject,
		       const struct peios_sd *sd, u32 desired,
		       const struct peios_mapping *mapping,
		       struct peios_access *result)
{
	bool maximum = desired & PEIOS_MAXIMUM_ALLOWED;
	u32 wanted = peios_map_generic(desired, mapping) &
		     ~PEIOS_MAXIMUM_ALLOWED;
	struct walk walk = { .ace = -1 };
	struct peios_acl dacl;

	if (peios_sd_dacl(sd, &dacl))
		walk_dacl(subject, sd, dacl,
			  wanted & ~PEIOS_ACCESS_SYSTEM_SECURITY, maximum,
			  mapping, &walk);
	else
		walk.granted = (wanted | mapping->all) & ~NOT_BY_ACE;
	return conclude(subject, wanted, maximum, &walk, result);
}

/**
 * peios_pip_dominates() - compare integrity protections
 * @caller: the protection of the process that acts
 * @target: the protection of the process that is acted on
 *
 * Return: true if the target is not protected, or the caller's type and trust
 * are both at least the target's.
 */
bool peios_pip_dominates(const struct peios_pip *caller,
			 const struct peios_pip *target)
{
	return !target->type ||
	       (caller->type >= target->type && caller->trust >= target->trust);
}

/* The existence of a process is no secret: PIP does not hide it. */
static bool kept_off(const struct peios_pip *caller,
		     const struct peios_pip *target, u32 desired)
{
	return desired != PEIOS_PROCESS_QUERY_LIMITED &&
	       !peios_pip_dominates(caller, target);
}

/*
 * SeDebugPrivilege replaces the check of the security descriptor, but not the
 * privilege that ACCESS_SYSTEM_SECURITY needs.
 */
static int or_debug(const struct peios_subject *subject, u32 all, int err,
		    struct peios_access *result)
{
	if (!(subject->privileges & PEIOS_PRIV_DEBUG) ||
	    result->refused_by == PEIOS_CHECK_PRIVILEGE)
		return err;
	if (all == result->granted)
		return 0;
	*result = (struct peios_access) {
		.granted = all,
		.used = PEIOS_PRIV_DEBUG,
		.ace = -1,
	};
	if (all & PEIOS_ACCESS_SYSTEM_SECURITY)
		result->used |= PEIOS_PRIV_SECURITY;
	return 0;
}

/**
 * peios_process_check() - decide if a subject may do something to a process
 * @subject: the subject that asks
 * @caller_pip: its process's integrity protection
 * @sd: the target's security descriptor
 * @target_pip: the target's integrity protection
 * @desired: rights, as for peios_access_check()
 * @result: the decision
 *
 * No privilege bypasses integrity protection, but the existence of a process is
 * no secret: PROCESS_QUERY_LIMITED alone is not subject to it. SeDebugPrivilege
 * replaces the check of the security descriptor, but not the privilege that
 * ACCESS_SYSTEM_SECURITY needs.
 *
 * Not called within one thread group.
 *
 * Context: any.
 * Return: 0 if all desired rights are granted, otherwise -EACCES.
 */
int peios_process_check(const struct peios_subject *subject,
			const struct peios_pip *caller_pip,
			const struct peios_sd *sd,
			const struct peios_pip *target_pip, u32 desired,
			struct peios_access *result)
{
	const struct peios_mapping *mapping = &peios_process_mapping;
	u32 all = peios_map_generic(desired, mapping) & ~PEIOS_MAXIMUM_ALLOWED;
	int err;

	if (kept_off(caller_pip, target_pip, desired))
		return refuse(result, all, PEIOS_CHECK_PIP, -1);

	err = peios_access_check(subject, sd, desired, mapping, result);
	if (desired & PEIOS_MAXIMUM_ALLOWED)
		all |= mapping->all | result->granted;
	return or_debug(subject, all, err, result);
}

/**
 * peios_default_granted() - the rights that the default descriptor grants
 * @subject: the subject that asks
 * @target: the process, which has no descriptor of its own
 *
 * The result is what AccessCheck would say of the descriptor that
 * peios_sd_default() makes, without making it: all rights for the user,
 * Administrators, SYSTEM and Unix roots, and @target->everyone for everyone.
 *
 * Context: any.
 * Return: the rights' mask.
 */
u32 peios_default_granted(const struct peios_subject *subject,
			  const struct peios_target *target)
{
	if (target->by_root || in_token(subject, &target->user, false) ||
	    in_token(subject, &peios_sid_system, false) ||
	    in_token(subject, &peios_sid_administrators, false))
		return PEIOS_PROCESS_ALL;
	return in_token(subject, &peios_sid_everyone, false) ?
	       target->everyone : 0;
}

/**
 * peios_capability_rights() - the rights that Linux grants by capabilities
 * @capabilities: a mask of Linux's capability numbers
 *
 * These are the rights to signal, to set priorities and limits, and to look.
 * Not included are rights that allow to act as another process, and those that
 * change how the OOM killer sees it. Either of the two capabilities for
 * priorities and limits is enough here, since the kernel has already checked
 * the one that the call needs.
 *
 * Return: the rights' mask.
 */
u32 peios_capability_rights(u64 capabilities)
{
	u32 rights = 0;

	if (capabilities & BIT_ULL(CAP_KILL))
		rights |= PEIOS_PROCESS_TERMINATE | PEIOS_PROCESS_SIGNAL |
			  PEIOS_PROCESS_SUSPEND_RESUME;
	if (capabilities & (BIT_ULL(CAP_SYS_NICE) | BIT_ULL(CAP_SYS_RESOURCE)))
		rights |= PEIOS_PROCESS_SET_INFORMATION;
	if (capabilities & BIT_ULL(CAP_SYS_PTRACE))
		rights |= PEIOS_PROCESS_VM_READ |
			  PEIOS_PROCESS_QUERY_INFORMATION;
	return rights;
}

/**
 * peios_capabilities_count() - is a process not guarded by Peios?
 * @target: the process, which has no descriptor of its own
 *
 * Return: true if it has neither privileges of the TCB nor a protection, so that
 *         Linux's own rules suffice for it.
 */
bool peios_capabilities_count(const struct peios_target *target)
{
	return !(target->privileges & ~PEIOS_PRIV_USER) && !target->pip.type;
}

/**
 * peios_decide() - may a subject do something to a process?
 * @subject: the subject that asks
 * @caller: its integrity protection, and the privileges that it has
 * @target: the process
 * @sd: the descriptor that was set for it, NULL for the default one
 * @desired: rights, none generic, and not MAXIMUM_ALLOWED
 * @result: the decision
 * @lacks: the missing privileges, if that is the reason for a refusal, or 0
 *
 * Everything that Peios decides about processes is decided here: by protection,
 * by the descriptor or a privilege that replaces it, and, under the default
 * descriptor, by the privileges of the target. If the target has neither
 * privileges nor a protection, Linux's capabilities count in addition to the
 * default descriptor.
 *
 * Context: any.
 * Return: 0 if all desired rights are granted, otherwise -EACCES.
 */
int peios_decide(const struct peios_subject *subject,
		 const struct peios_caller *caller,
		 const struct peios_target *target, const struct peios_sd *sd,
		 u32 desired, struct peios_access *result, u64 *lacks)
{
	struct walk walk = { .ace = -1 };
	int err;

	*lacks = 0;
	if (sd)
		return peios_process_check(subject, &caller->pip, sd,
					   &target->pip, desired, result);
	if (kept_off(&caller->pip, &target->pip, desired))
		return refuse(result, desired, PEIOS_CHECK_PIP, -1);

	walk.granted = peios_default_granted(subject, target);
	if (peios_capabilities_count(target))
		walk.granted |= caller->by_capability;
	err = conclude(subject, desired, false, &walk, result);
	err = or_debug(subject, desired, err, result);
	if (err)
		return err;
	*lacks = peios_control_missing(desired, target->privileges,
				       caller->privileges, subject->privileges);
	if (!*lacks)
		return 0;
	return refuse(result, desired & PEIOS_PROCESS_GUARDED,
		      PEIOS_CHECK_PRIVILEGE, -1);
}

/**
 * peios_control_missing() - privileges that are missing to control a process
 * @desired: rights asked for
 * @target: privileges that the target has
 * @present: privileges that the subject has
 * @enabled: those of @present that are enabled
 *
 * Context: any.
 * Return: TCB privileges of the target that the subject lacks; 0 if the rights
 *         neither let it act as the target nor change the target's policy, or
 *         if SeDebugPrivilege permits it.
 */
u64 peios_control_missing(u32 desired, u64 target, u64 present, u64 enabled)
{
	if (!(desired & PEIOS_PROCESS_GUARDED) || enabled & PEIOS_PRIV_DEBUG)
		return 0;
	return target & ~present & ~PEIOS_PRIV_USER;
}

/**
 * peios_owner_permitted() - decide if a subject may make a SID an owner
 * @subject: the subject that asks
 * @owner: the SID
 *
 * A subject may set as owner its own user and those of its groups that are
 * enabled. SeRestorePrivilege is for giving objects back to others. This is
 * checked in addition to WRITE_OWNER: otherwise, an object could be made to
 * look as if it belonged to another user.
 *
 * Return: true if it may.
 */
bool peios_owner_permitted(const struct peios_subject *subject,
			   const struct peios_sid *owner)
{
	/* An object of Everyone has no owner, though all are in that group. */
	return subject->privileges & PEIOS_PRIV_RESTORE ||
	       (!peios_sid_equal(owner, &peios_sid_everyone) &&
		in_token(subject, owner, false));
}

/**
 * peios_check_name() - the name of a check, for records and messages
 * @check: the check
 *
 * Return: one word.
 */
const char *peios_check_name(enum peios_check check)
{
	switch (check) {
	case PEIOS_CHECK_PIP:
		return "pip";
	case PEIOS_CHECK_SD:
		return "sd";
	case PEIOS_CHECK_PRIVILEGE:
		return "privilege";
	default:
		return "none";
	}
}

/**
 * peios_right_name() - the name of a right on a process
 * @right: one bit
 *
 * Return: the name, or NULL if the bit names no right.
 */
const char *peios_right_name(u32 right)
{
	switch (right) {
	case PEIOS_PROCESS_TERMINATE:
		return "TERMINATE";
	case PEIOS_PROCESS_SIGNAL:
		return "SIGNAL";
	case PEIOS_PROCESS_VM_READ:
		return "VM_READ";
	case PEIOS_PROCESS_VM_WRITE:
		return "VM_WRITE";
	case PEIOS_PROCESS_DUP_HANDLE:
		return "DUP_HANDLE";
	case PEIOS_PROCESS_SET_QUOTA:
		return "SET_QUOTA";
	case PEIOS_PROCESS_SET_INFORMATION:
		return "SET_INFORMATION";
	case PEIOS_PROCESS_QUERY_INFORMATION:
		return "QUERY_INFORMATION";
	case PEIOS_PROCESS_SUSPEND_RESUME:
		return "SUSPEND_RESUME";
	case PEIOS_PROCESS_QUERY_LIMITED:
		return "QUERY_LIMITED";
	case PEIOS_DELETE:
		return "DELETE";
	case PEIOS_READ_CONTROL:
		return "READ_CONTROL";
	case PEIOS_WRITE_DAC:
		return "WRITE_DAC";
	case PEIOS_WRITE_OWNER:
		return "WRITE_OWNER";
	case PEIOS_SYNCHRONIZE:
		return "SYNCHRONIZE";
	case PEIOS_ACCESS_SYSTEM_SECURITY:
		return "ACCESS_SYSTEM_SECURITY";
	default:
		return NULL;
	}
}
