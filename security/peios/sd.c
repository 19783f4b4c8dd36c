// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security descriptors as values.
 *
 * A descriptor comes from user space as bytes. It is used only after all of it
 * has been found valid, and is not checked again after that. So the check is
 * strict:
 *
 *  - between a header and 4096 bytes, revision 1, self-relative;
 *  - the fields that must be zero by [MS-DTYP] 2.4.6 are;
 *  - the owner, the group if there is one, and each ACL that the control flags
 *    announce begin at a multiple of 4 and end within the descriptor, and no
 *    two of them nor the header overlap;
 *  - an ACL has revision 2 or 4, a size that is a multiple of 4, and room for
 *    as many entries as it says; the space after the last one may hold
 *    anything;
 *  - an ACE's size is a multiple of 4. An ACE of a known type holds its mask,
 *    its object types and its SID. For other types, only the size is checked.
 *  - a SID has revision 1 and from 1 to 15 sub-authorities.
 *
 * Nothing here looks at a task.
 */

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "access.h"
#include "sd.h"
#include "sid.h"

#define GUID_SIZE	16

/* The control flags that go with the SACL. */
#define SACL_CONTROL	(PEIOS_SD_SACL_PRESENT | PEIOS_SD_SACL_DEFAULTED | \
			 PEIOS_SD_SACL_INHERIT_REQ | PEIOS_SD_SACL_INHERITED | \
			 PEIOS_SD_SACL_PROTECTED)

/* The layout of an ACE of some type after its mask */
enum layout {
	LAYOUT_UNKNOWN,
	LAYOUT_SID,		/* a SID, then perhaps data */
	LAYOUT_OBJECT,		/* flags, up to two GUIDs, a SID, perhaps data */
};

static enum layout ace_layout(u8 type)
{
	switch (type) {
	case PEIOS_ACE_ALLOWED:
	case PEIOS_ACE_DENIED:
	case PEIOS_ACE_AUDIT:
	case PEIOS_ACE_ALARM:
	case PEIOS_ACE_ALLOWED_CALLBACK:
	case PEIOS_ACE_DENIED_CALLBACK:
	case PEIOS_ACE_AUDIT_CALLBACK:
	case PEIOS_ACE_ALARM_CALLBACK:
	case PEIOS_ACE_MANDATORY_LABEL:
	case PEIOS_ACE_RESOURCE_ATTRIBUTE:
	case PEIOS_ACE_SCOPED_POLICY:
		return LAYOUT_SID;
	case PEIOS_ACE_ALLOWED_OBJECT:
	case PEIOS_ACE_DENIED_OBJECT:
	case PEIOS_ACE_AUDIT_OBJECT:
	case PEIOS_ACE_ALARM_OBJECT:
	case PEIOS_ACE_ALLOWED_CALLBACK_OBJECT:
	case PEIOS_ACE_DENIED_CALLBACK_OBJECT:
	case PEIOS_ACE_AUDIT_CALLBACK_OBJECT:
	case PEIOS_ACE_ALARM_CALLBACK_OBJECT:
		return LAYOUT_OBJECT;
	default:
		return LAYOUT_UNKNOWN;
	}
}

/* Read an ACE from unchecked bytes, of which there are @room. */
static int decode_ace(const u8 *bytes, unsigned int room,
		      struct peios_ace *ace)
{
	unsigned int at = PEIOS_ACE_SID_AT;
	enum layout layout;
	int len;

	if (room < PEIOS_ACE_HEADER)
		return -EINVAL;
	ace->bytes = bytes;
	ace->type = bytes[0];
	ace->flags = bytes[1];
	ace->size = get_unaligned_le16(bytes + PEIOS_ACE_SIZE_AT);
	if (ace->size < PEIOS_ACE_HEADER || ace->size > room || ace->size % 4)
		return -EINVAL;

	ace->has_object_type = false;
	layout = ace_layout(ace->type);
	ace->has_sid = layout != LAYOUT_UNKNOWN;
	if (layout == LAYOUT_UNKNOWN)
		return 0;

	if (layout == LAYOUT_OBJECT) {
		u32 types;

		if (ace->size < PEIOS_ACE_OBJECT_AT + 4)
			return -EINVAL;
		types = get_unaligned_le32(bytes + PEIOS_ACE_OBJECT_AT);
		at += 4;
		if (types & PEIOS_ACE_OBJECT_TYPE_PRESENT) {
			ace->has_object_type = true;
			at += GUID_SIZE;
		}
		if (types & PEIOS_ACE_INHERITED_TYPE_PRESENT)
			at += GUID_SIZE;
	}
	if (ace->size < at)
		return -EINVAL;
	ace->mask = get_unaligned_le32(bytes + PEIOS_ACE_MASK_AT);
	len = peios_sid_decode(bytes + at, ace->size - at, &ace->sid);
	if (len < 0)
		return len;
	ace->end = at + len;
	return 0;
}

/* Returns the length of the ACL that begins here, or -EINVAL. */
static int check_acl(const u8 *bytes, unsigned int room)
{
	unsigned int size, left, at = PEIOS_ACL_HEADER;
	struct peios_ace ace;

	if (room < PEIOS_ACL_HEADER)
		return -EINVAL;
	if (bytes[0] != PEIOS_ACL_REVISION && bytes[0] != PEIOS_ACL_REVISION_DS)
		return -EINVAL;
	size = get_unaligned_le16(bytes + PEIOS_ACL_SIZE_AT);
	left = get_unaligned_le16(bytes + PEIOS_ACL_COUNT_AT);
	if (size < PEIOS_ACL_HEADER || size > room || size % 4)
		return -EINVAL;
	/* Both reserved fields */
	if (bytes[1] || bytes[6] || bytes[7])
		return -EINVAL;

	for (; left; left--) {
		if (decode_ace(bytes + at, size - at, &ace))
			return -EINVAL;
		at += ace.size;
	}
	return size;
}

static int check_sid(const u8 *bytes, unsigned int room)
{
	struct peios_sid sid;

	return peios_sid_decode(bytes, room, &sid);
}

/* The bytes that a part takes up, from @from up to but not including @to */
struct span {
	u32 from;
	u32 to;
};

/*
 * Check one of the four parts that the header points to. It must not overlap
 * the header or the parts in @spans. If it is valid, it is added to @spans.
 */
static int check_part(const struct peios_sd *sd, unsigned int field,
		      int (*check)(const u8 *bytes, unsigned int room),
		      struct span *spans, unsigned int *nr, u16 *where)
{
	u32 at = get_unaligned_le32(sd->bytes + field);
	unsigned int i;
	int len;

	*where = 0;
	if (!at)
		return 0;
	if (at % 4 || at >= sd->size)
		return -EINVAL;
	len = check(sd->bytes + at, sd->size - at);
	if (len < 0)
		return len;
	for (i = 0; i < *nr; i++)
		if (at < spans[i].to && spans[i].from < at + len)
			return -EINVAL;
	spans[(*nr)++] = (struct span) { at, at + len };
	*where = at;
	return 0;
}

/* Find out if the bytes are a valid descriptor, and where its parts are. */
static int check_sd(struct peios_sd *sd)
{
	const u8 *bytes = sd->bytes;
	struct span spans[5] = { { 0, PEIOS_SD_HEADER } };
	unsigned int nr = 1;
	int err;

	if (bytes[PEIOS_SD_REVISION_AT] != 1)
		return -EINVAL;
	sd->control = get_unaligned_le16(bytes + PEIOS_SD_CONTROL_AT);
	if (!(sd->control & PEIOS_SD_SELF_RELATIVE))
		return -EINVAL;
	if (bytes[PEIOS_SD_RM_CONTROL_AT] &&
	    !(sd->control & PEIOS_SD_RM_CONTROL_VALID))
		return -EINVAL;

	err = check_part(sd, PEIOS_SD_OWNER_AT, check_sid, spans, &nr, &sd->owner);
	if (!err)
		err = check_part(sd, PEIOS_SD_GROUP_AT, check_sid, spans, &nr,
				 &sd->group);
	if (!err)
		err = check_part(sd, PEIOS_SD_SACL_AT, check_acl, spans, &nr,
				 &sd->sacl);
	if (!err)
		err = check_part(sd, PEIOS_SD_DACL_AT, check_acl, spans, &nr,
				 &sd->dacl);
	if (err)
		return err;

	if (!sd->owner ||
	    (sd->sacl && !(sd->control & PEIOS_SD_SACL_PRESENT)) ||
	    (sd->dacl && !(sd->control & PEIOS_SD_DACL_PRESENT)))
		return -EINVAL;
	return 0;
}

static struct peios_sd *alloc_sd(size_t size, gfp_t gfp)
{
	struct peios_sd *sd = kzalloc(struct_size(sd, bytes, size), gfp);

	if (sd) {
		refcount_set(&sd->usage, 1);
		sd->size = size;
	}
	return sd;
}

/**
 * peios_sd_parse() - make a security descriptor from bytes
 * @bytes: the descriptor
 * @size: its length
 * @gfp: allocation flags
 * @sd: the result, with one reference; not touched on error
 *
 * Return: 0, -EINVAL if any part is malformed, or -ENOMEM.
 */
int peios_sd_parse(const void *bytes, size_t size, gfp_t gfp,
		   struct peios_sd **sd)
{
	struct peios_sd *new;

	if (size < PEIOS_SD_HEADER || size > PEIOS_SD_MAX)
		return -EINVAL;
	new = alloc_sd(size, gfp);
	if (!new)
		return -ENOMEM;
	memcpy(new->bytes, bytes, size);
	if (check_sd(new)) {
		kfree(new);
		return -EINVAL;
	}
	*sd = new;
	return 0;
}

static unsigned int add_once(const struct peios_sid **list, unsigned int nr,
			     const struct peios_sid *sid)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (peios_sid_equal(list[i], sid))
			return nr;
	list[nr] = sid;
	return nr + 1;
}

static u8 *put_allowed(u8 *to, u32 mask, const struct peios_sid *sid)
{
	to[0] = PEIOS_ACE_ALLOWED;
	put_unaligned_le16(PEIOS_ACE_SID_AT + peios_sid_bytes(sid),
			   to + PEIOS_ACE_SIZE_AT);
	put_unaligned_le32(mask, to + PEIOS_ACE_MASK_AT);
	return to + PEIOS_ACE_SID_AT +
	       peios_sid_encode(sid, to + PEIOS_ACE_SID_AT);
}

/**
 * peios_sd_default() - make the default descriptor of a process
 * @user: the user of the process's token
 * @also: other SIDs that have all rights
 * @nr_also: how many of these, at most PEIOS_SD_ALSO_MAX
 * @everyone: rights of Everyone
 * @gfp: allocation flags
 *
 * The owner is the user. All process rights are allowed to the user, to
 * Administrators, to SYSTEM and to those in @also, and @everyone to Everyone.
 * The control flags say that the descriptor was not set by anybody.
 *
 * Return: the descriptor, with one reference, or NULL.
 */
struct peios_sd *peios_sd_default(const struct peios_sid *user,
				  const struct peios_sid *also,
				  unsigned int nr_also, u32 everyone,
				  gfp_t gfp)
{
	const struct peios_sid *all[3 + PEIOS_SD_ALSO_MAX] = { user };
	unsigned int i, nr = 1;
	struct peios_sd *sd;
	size_t dacl, size;
	u8 *acl, *to;

	if (WARN_ON_ONCE(nr_also > PEIOS_SD_ALSO_MAX))
		return NULL;
	nr = add_once(all, nr, &peios_sid_administrators);
	nr = add_once(all, nr, &peios_sid_system);
	for (i = 0; i < nr_also; i++)
		nr = add_once(all, nr, &also[i]);

	dacl = PEIOS_SD_HEADER + peios_sid_bytes(user);
	size = dacl + PEIOS_ACL_HEADER;
	for (i = 0; i < nr; i++)
		size += PEIOS_ACE_SID_AT + peios_sid_bytes(all[i]);
	size += PEIOS_ACE_SID_AT + peios_sid_bytes(&peios_sid_everyone);

	sd = alloc_sd(size, gfp);
	if (!sd)
		return NULL;
	sd->control = PEIOS_SD_SELF_RELATIVE | PEIOS_SD_DACL_PRESENT |
		      PEIOS_SD_OWNER_DEFAULTED | PEIOS_SD_DACL_DEFAULTED;
	sd->owner = PEIOS_SD_HEADER;
	sd->dacl = dacl;

	sd->bytes[PEIOS_SD_REVISION_AT] = 1;
	put_unaligned_le16(sd->control, sd->bytes + PEIOS_SD_CONTROL_AT);
	put_unaligned_le32(sd->owner, sd->bytes + PEIOS_SD_OWNER_AT);
	put_unaligned_le32(sd->dacl, sd->bytes + PEIOS_SD_DACL_AT);
	peios_sid_encode(user, sd->bytes + sd->owner);

	acl = sd->bytes + sd->dacl;
	acl[0] = PEIOS_ACL_REVISION;
	put_unaligned_le16(size - sd->dacl, acl + PEIOS_ACL_SIZE_AT);
	put_unaligned_le16(nr + 1, acl + PEIOS_ACL_COUNT_AT);
	to = acl + PEIOS_ACL_HEADER;
	for (i = 0; i < nr; i++)
		to = put_allowed(to, PEIOS_PROCESS_ALL, all[i]);
	put_allowed(to, everyone, &peios_sid_everyone);
	return sd;
}

/**
 * peios_sd_owner() - the owner of a security descriptor
 * @sd: the descriptor
 * @owner: the result
 */
void peios_sd_owner(const struct peios_sd *sd, struct peios_sid *owner)
{
	peios_sid_decode(sd->bytes + sd->owner, sd->size - sd->owner, owner);
}

/**
 * peios_sd_group() - the group of a security descriptor
 * @sd: the descriptor
 * @group: the result; not touched if there is none
 *
 * Return: true if it has one.
 */
bool peios_sd_group(const struct peios_sd *sd, struct peios_sid *group)
{
	if (!sd->group)
		return false;
	peios_sid_decode(sd->bytes + sd->group, sd->size - sd->group, group);
	return true;
}

static unsigned int acl_size(const struct peios_sd *sd, unsigned int at)
{
	return get_unaligned_le16(sd->bytes + at + PEIOS_ACL_SIZE_AT);
}

static unsigned int sid_size(const struct peios_sd *sd, unsigned int at)
{
	return PEIOS_SID_HEADER + sd->bytes[at + 1] * 4;
}

static bool begin_acl(const struct peios_sd *sd, unsigned int at,
		      struct peios_acl *acl)
{
	if (!at)
		return false;
	acl->next = sd->bytes + at + PEIOS_ACL_HEADER;
	acl->room = acl_size(sd, at) - PEIOS_ACL_HEADER;
	acl->left = get_unaligned_le16(sd->bytes + at + PEIOS_ACL_COUNT_AT);
	return true;
}

/**
 * peios_sd_dacl() - begin to walk through the DACL of a security descriptor
 * @sd: the descriptor
 * @acl: for peios_acl_next(); not touched if there is no DACL
 *
 * Return: true if there is a DACL, even an empty one; false if it is absent
 * or NULL, which means that everything is allowed.
 */
bool peios_sd_dacl(const struct peios_sd *sd, struct peios_acl *acl)
{
	return begin_acl(sd, sd->dacl, acl);
}

/**
 * peios_sd_sacl() - begin to walk through the SACL of a security descriptor
 * @sd: the descriptor
 * @acl: for peios_acl_next(); not touched if there is no SACL
 *
 * Return: true if there is a SACL.
 */
bool peios_sd_sacl(const struct peios_sd *sd, struct peios_acl *acl)
{
	return begin_acl(sd, sd->sacl, acl);
}

/**
 * peios_acl_next() - take the next entry of an access control list
 * @acl: the walk
 * @ace: the entry
 *
 * Return: false at the list's end.
 */
bool peios_acl_next(struct peios_acl *acl, struct peios_ace *ace)
{
	/* The entries have been found valid; decode_ace() can't fail. */
	if (!acl->left || decode_ace(acl->next, acl->room, ace))
		return false;
	acl->next += ace->size;
	acl->room -= ace->size;
	acl->left--;
	return true;
}

static bool same_part(const struct peios_sd *a, unsigned int a_at,
		      const struct peios_sd *b, unsigned int b_at,
		      unsigned int (*part_size)(const struct peios_sd *sd,
						unsigned int at))
{
	if (!a_at || !b_at)
		return !a_at && !b_at;
	return part_size(a, a_at) == part_size(b, b_at) &&
	       !memcmp(a->bytes + a_at, b->bytes + b_at, part_size(a, a_at));
}

/**
 * peios_sd_write_rights() - the rights that changing a descriptor needs
 * @old: the current descriptor
 * @new: the descriptor that is to replace it
 *
 * The owner and the group need WRITE_OWNER, the SACL needs
 * ACCESS_SYSTEM_SECURITY, and everything else needs WRITE_DAC. Every write
 * needs some right: a caller that writes what is there already needs WRITE_DAC.
 * Otherwise, a caller that may not read the descriptor could learn it by
 * guessing.
 *
 * Return: rights on an object that has the old one.
 */
u32 peios_sd_write_rights(const struct peios_sd *old,
			  const struct peios_sd *new)
{
	u16 control = old->control ^ new->control;
	u32 rights = 0;

	if (!same_part(old, old->owner, new, new->owner, sid_size) ||
	    !same_part(old, old->group, new, new->group, sid_size))
		rights |= PEIOS_WRITE_OWNER;
	if (control & SACL_CONTROL ||
	    !same_part(old, old->sacl, new, new->sacl, acl_size))
		rights |= PEIOS_ACCESS_SYSTEM_SECURITY;
	if (control & ~SACL_CONTROL ||
	    old->bytes[PEIOS_SD_RM_CONTROL_AT] !=
	    new->bytes[PEIOS_SD_RM_CONTROL_AT] ||
	    !same_part(old, old->dacl, new, new->dacl, acl_size))
		rights |= PEIOS_WRITE_DAC;
	return rights ?: PEIOS_WRITE_DAC;
}
