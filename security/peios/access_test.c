// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for security descriptors and AccessCheck: tables, properties over
 * random input, damaged descriptors, and vectors made with Samba.
 */

#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "access.h"
#include "privilege.h"
#include "sd.h"
#include "sid.h"
#include "token.h"

#include "access_vectors.h"

#define SEED		0x7065696f
#define MUTATIONS	100000

#define SYSTEM		"S-1-5-18"
#define ADMINS		"S-1-5-32-544"
#define USERS		"S-1-5-32-545"
#define ALICE		"S-1-22-1-1000"
#define BOB		"S-1-22-1-1001"
#define STAFF		"S-1-22-2-50"
#define EVERYONE	"S-1-1-0"
#define OWNER_RIGHTS	"S-1-3-4"

/* What a test writes down of an entry; a @sid of NULL ends a list. */
struct entry {
	u8 type;
	u8 flags;
	u32 mask;
	const char *sid;
};

#define ALLOW(mask, sid)	{ PEIOS_ACE_ALLOWED, 0, mask, sid }
#define DENY(mask, sid)		{ PEIOS_ACE_DENIED, 0, mask, sid }
#define LIST(...)		((const struct entry[]) { __VA_ARGS__, {} })
#define EMPTY			((const struct entry[]) { {} })

static unsigned int put_sid(struct kunit *test, u8 *to, const char *text)
{
	struct peios_sid sid;

	KUNIT_ASSERT_EQ_MSG(test, peios_sid_parse(text, &sid), 0, "%s", text);
	return peios_sid_encode(&sid, to);
}

static bool is_object_type(u8 type)
{
	return (type >= PEIOS_ACE_ALLOWED_OBJECT &&
		type <= PEIOS_ACE_ALARM_OBJECT) ||
	       type == PEIOS_ACE_ALLOWED_CALLBACK_OBJECT ||
	       type == PEIOS_ACE_DENIED_CALLBACK_OBJECT;
}

/* The object types that an entry for objects has, in its unused flag bits. */
#define WITH_TYPE	0x20

static unsigned int put_acl(struct kunit *test, u8 *to,
			    const struct entry *entries)
{
	unsigned int size = PEIOS_ACL_HEADER, nr;

	memset(to, 0, PEIOS_ACL_HEADER);
	to[0] = PEIOS_ACL_REVISION_DS;
	for (nr = 0; entries[nr].sid; nr++) {
		u8 *ace = to + size;
		unsigned int len = PEIOS_ACE_SID_AT;

		ace[0] = entries[nr].type;
		ace[1] = entries[nr].flags & ~WITH_TYPE;
		put_unaligned_le32(entries[nr].mask, ace + PEIOS_ACE_MASK_AT);
		if (is_object_type(entries[nr].type)) {
			bool typed = entries[nr].flags & WITH_TYPE;

			put_unaligned_le32(typed ? PEIOS_ACE_OBJECT_TYPE_PRESENT : 0,
					   ace + len);
			len += 4;
			if (typed) {
				memset(ace + len, 0xaa, 16);
				len += 16;
			}
		}
		len += put_sid(test, ace + len, entries[nr].sid);
		put_unaligned_le16(len, ace + PEIOS_ACE_SIZE_AT);
		size += len;
	}
	put_unaligned_le16(size, to + PEIOS_ACL_SIZE_AT);
	put_unaligned_le16(nr, to + PEIOS_ACL_COUNT_AT);
	return size;
}

/* Lays a descriptor out as others do; lists that are NULL are absent. */
static unsigned int build(struct kunit *test, u8 *to, const char *owner,
			  const char *group, const struct entry *sacl,
			  const struct entry *dacl)
{
	unsigned int size = PEIOS_SD_HEADER;
	u16 control = PEIOS_SD_SELF_RELATIVE;

	memset(to, 0, PEIOS_SD_HEADER);
	to[PEIOS_SD_REVISION_AT] = 1;
	put_unaligned_le32(size, to + PEIOS_SD_OWNER_AT);
	size += put_sid(test, to + size, owner);
	if (group) {
		put_unaligned_le32(size, to + PEIOS_SD_GROUP_AT);
		size += put_sid(test, to + size, group);
	}
	if (sacl) {
		control |= PEIOS_SD_SACL_PRESENT;
		put_unaligned_le32(size, to + PEIOS_SD_SACL_AT);
		size += put_acl(test, to + size, sacl);
	}
	if (dacl) {
		control |= PEIOS_SD_DACL_PRESENT;
		put_unaligned_le32(size, to + PEIOS_SD_DACL_AT);
		size += put_acl(test, to + size, dacl);
	}
	put_unaligned_le16(control, to + PEIOS_SD_CONTROL_AT);
	return size;
}

static void free_sd(void *sd)
{
	kfree(sd);
}

static struct peios_sd *parse(struct kunit *test, const u8 *bytes,
			      unsigned int size)
{
	struct peios_sd *sd;

	KUNIT_ASSERT_EQ(test, peios_sd_parse(bytes, size, GFP_KERNEL, &sd), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_sd, sd), 0);
	return sd;
}

static u8 *alloc_bytes(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, PEIOS_SD_MAX + 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	return bytes;
}

static struct peios_sd *make(struct kunit *test, const char *owner,
			     const struct entry *dacl)
{
	u8 *bytes = alloc_bytes(test);

	return parse(test, bytes,
		     build(test, bytes, owner, NULL, NULL, dacl));
}

static struct peios_sd *default_sd(struct kunit *test,
				   const struct peios_sid *user,
				   const struct peios_sid *also,
				   unsigned int nr_also)
{
	struct peios_sd *sd = peios_sd_default(user, also, nr_also,
					       PEIOS_EVERYONE_LIMITED, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sd);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_sd, sd), 0);
	return sd;
}

/* A subject with room for what it refers to */
struct who {
	struct peios_subject subject;
	struct peios_sid user;
	struct peios_sid groups[8];
};

static struct who *new_who(struct kunit *test)
{
	struct who *who = kunit_kzalloc(test, sizeof(*who), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, who);
	return who;
}

static unsigned int add_sids(struct kunit *test, const char *list,
			     struct peios_sid *to)
{
	char *copy, *name;
	unsigned int nr = 0;

	if (!*list)
		return 0;
	copy = kunit_kstrdup(test, list, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	while ((name = strsep(&copy, ",")))
		KUNIT_ASSERT_EQ(test, peios_sid_parse(name, &to[nr++]), 0);
	return nr;
}

static void set_who(struct kunit *test, struct who *who, const char *user,
		    const char *groups, const char *deny, u64 privileges)
{
	struct peios_subject *s = &who->subject;

	*s = (struct peios_subject) {
		.user = &who->user,
		.groups = who->groups,
		.privileges = privileges,
	};
	KUNIT_ASSERT_EQ(test, peios_sid_parse(user, &who->user), 0);
	s->nr_groups = add_sids(test, groups, who->groups);
	s->nr_deny = add_sids(test, deny, who->groups + s->nr_groups);
}

static void sid_binary_round_trip(struct kunit *test)
{
	static const char * const texts[] = {
		SYSTEM, ADMINS, "S-1-0x123456789abc-1", "S-1-4294967295-0",
		"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-4294967295",
	};
	static const u8 admins[] = {
		1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0,
	};
	u8 bytes[PEIOS_SID_BYTES_MAX + 1];
	struct peios_sid sid, again;
	unsigned int i, room;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		KUNIT_ASSERT_EQ(test, peios_sid_parse(texts[i], &sid), 0);
		/* At an odd address too. */
		size = peios_sid_encode(&sid, bytes + 1);
		KUNIT_EXPECT_EQ(test, size, peios_sid_bytes(&sid));
		KUNIT_EXPECT_EQ(test, peios_sid_decode(bytes + 1, size, &again),
				(int)size);
		KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &again));
		for (room = 0; room < size; room++)
			KUNIT_EXPECT_EQ(test,
					peios_sid_decode(bytes + 1, room, &again),
					-EINVAL);
	}
	KUNIT_ASSERT_EQ(test, peios_sid_parse(ADMINS, &sid), 0);
	KUNIT_EXPECT_EQ(test, peios_sid_encode(&sid, bytes), sizeof(admins));
	KUNIT_EXPECT_MEMEQ(test, bytes, admins, sizeof(admins));
}

static void sid_bad_binary(struct kunit *test)
{
	u8 bytes[PEIOS_SID_BYTES_MAX + 8] = { 1, 1, 0, 0, 0, 0, 0, 5, 18 };
	const struct peios_sid before = { .authority = 77 };
	struct peios_sid sid = before;
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		bytes[0] = nr;
		bytes[1] = 1;
		KUNIT_EXPECT_EQ(test, peios_sid_decode(bytes, sizeof(bytes), &sid) > 0,
				nr == 1);
		bytes[0] = 1;
		bytes[1] = nr;
		KUNIT_EXPECT_EQ(test, peios_sid_decode(bytes, sizeof(bytes), &sid) > 0,
				nr >= 1 && nr <= PEIOS_SID_SUBS_MAX);
	}
	sid = before;
	bytes[0] = 2;
	KUNIT_EXPECT_EQ(test, peios_sid_decode(bytes, sizeof(bytes), &sid), -EINVAL);
	KUNIT_EXPECT_MEMEQ(test, &sid, &before, sizeof(sid));
}

/* Each part of it, and how large it is: the tests below damage it. */
static const struct entry some_sacl[] = {
	{ PEIOS_ACE_AUDIT, 0xc0, PEIOS_GENERIC_ALL, EVERYONE }, {}
};

static const struct entry some_dacl[] = {
	DENY(PEIOS_PROCESS_TERMINATE, BOB),
	{ PEIOS_ACE_ALLOWED_OBJECT, WITH_TYPE, PEIOS_PROCESS_ALL, USERS },
	ALLOW(PEIOS_PROCESS_ALL, ALICE), {}
};

static unsigned int build_some(struct kunit *test, u8 *to)
{
	return build(test, to, ALICE, STAFF, some_sacl, some_dacl);
}

#define SOME_OWNER	20
#define SOME_GROUP	36
#define SOME_SACL	52
#define SOME_DACL	(SOME_SACL + 8 + 8 + 12)
#define SOME_ACE	(SOME_DACL + 8)
#define SOME_OBJECT	(SOME_ACE + 8 + 16)
#define SOME_LAST	(SOME_OBJECT + 8 + 4 + 16 + 16)
#define SOME_SIZE	(SOME_LAST + 8 + 16)

static void sd_parts(struct kunit *test)
{
	u8 *bytes = alloc_bytes(test);
	unsigned int size = build_some(test, bytes), nr;
	struct peios_sd *sd = parse(test, bytes, size);
	struct peios_sid sid, want;
	struct peios_acl acl;
	struct peios_ace ace;

	KUNIT_ASSERT_EQ(test, size, SOME_SIZE);
	KUNIT_EXPECT_EQ(test, sd->owner, SOME_OWNER);
	KUNIT_EXPECT_EQ(test, sd->group, SOME_GROUP);
	KUNIT_EXPECT_EQ(test, sd->sacl, SOME_SACL);
	KUNIT_EXPECT_EQ(test, sd->dacl, SOME_DACL);
	KUNIT_EXPECT_EQ(test, sd->size, size);
	KUNIT_EXPECT_MEMEQ(test, sd->bytes, bytes, size);

	KUNIT_ASSERT_EQ(test, peios_sid_parse(ALICE, &want), 0);
	peios_sd_owner(sd, &sid);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &want));
	KUNIT_ASSERT_EQ(test, peios_sid_parse(STAFF, &want), 0);
	KUNIT_EXPECT_TRUE(test, peios_sd_group(sd, &sid));
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &want));

	KUNIT_ASSERT_TRUE(test, peios_sd_sacl(sd, &acl));
	KUNIT_ASSERT_TRUE(test, peios_acl_next(&acl, &ace));
	KUNIT_EXPECT_EQ(test, ace.type, PEIOS_ACE_AUDIT);
	KUNIT_EXPECT_EQ(test, ace.flags, 0xc0);
	KUNIT_EXPECT_FALSE(test, peios_acl_next(&acl, &ace));

	KUNIT_ASSERT_TRUE(test, peios_sd_dacl(sd, &acl));
	for (nr = 0; peios_acl_next(&acl, &ace); nr++) {
		KUNIT_ASSERT_EQ(test, peios_sid_parse(some_dacl[nr].sid, &want), 0);
		KUNIT_EXPECT_EQ(test, ace.type, some_dacl[nr].type);
		KUNIT_EXPECT_EQ(test, ace.mask, some_dacl[nr].mask);
		KUNIT_EXPECT_TRUE(test, ace.has_sid);
		KUNIT_EXPECT_EQ(test, ace.has_object_type, nr == 1);
		KUNIT_EXPECT_TRUE(test, peios_sid_equal(&ace.sid, &want));
		KUNIT_EXPECT_EQ(test, ace.end, ace.size);
	}
	KUNIT_EXPECT_EQ(test, nr, 3);
}

static void expect_bad(struct kunit *test, const u8 *bytes, unsigned int size,
		       const char *what)
{
	struct peios_sd *const before = (void *)1;
	struct peios_sd *sd = before;

	KUNIT_EXPECT_EQ_MSG(test, peios_sd_parse(bytes, size, GFP_KERNEL, &sd),
			    -EINVAL, "%s", what);
	KUNIT_EXPECT_PTR_EQ(test, sd, before);
	if (sd != before)
		kfree(sd);
}

/* One value in one place makes it invalid. */
static void sd_malformed(struct kunit *test)
{
	static const struct {
		const char *what;
		unsigned int at;
		unsigned int width;
		u32 value;
	} cases[] = {
		{ "revision 0", 0, 1, 0 },
		{ "revision 2", 0, 1, 2 },
		{ "resource manager's byte unannounced", 1, 1, 1 },
		{ "not self-relative", 2, 2, 0x0014 },
		{ "DACL not announced", 2, 2, 0x8010 },
		{ "SACL not announced", 2, 2, 0x8004 },
		{ "no owner", 4, 4, 0 },
		{ "owner in the header", 4, 4, 4 },
		{ "owner at the header's last field", 4, 4, 16 },
		{ "owner unaligned", 4, 4, SOME_OWNER + 1 },
		{ "owner unaligned by 2", 4, 4, SOME_OWNER + 2 },
		{ "owner at the end", 4, 4, SOME_SIZE },
		{ "owner just before the end", 4, 4, SOME_SIZE - 4 },
		{ "owner behind the end", 4, 4, SOME_SIZE + 4 },
		{ "owner far away", 4, 4, 0xfffffffc },
		{ "owner 4 GB further", 4, 4, 0x80000014 },
		{ "owner is the group", 4, 4, SOME_GROUP },
		{ "group is the owner", 8, 4, SOME_OWNER },
		{ "group in the DACL", 8, 4, SOME_ACE + 8 },
		{ "group unaligned", 8, 4, SOME_GROUP + 1 },
		{ "group at the end", 8, 4, SOME_SIZE },
		{ "SACL is the DACL", 12, 4, SOME_DACL },
		{ "DACL is the SACL", 16, 4, SOME_SACL },
		{ "DACL in the owner", 16, 4, SOME_OWNER },
		{ "DACL unaligned", 16, 4, SOME_DACL + 2 },
		{ "DACL just before the end", 16, 4, SOME_SIZE - 4 },
		{ "owner's revision", SOME_OWNER, 1, 2 },
		{ "owner without sub-authorities", SOME_OWNER + 1, 1, 0 },
		{ "owner into the group", SOME_OWNER + 1, 1, 3 },
		{ "owner with 16 sub-authorities", SOME_OWNER + 1, 1, 16 },
		{ "owner with 255 sub-authorities", SOME_OWNER + 1, 1, 255 },
		{ "group into the SACL", SOME_GROUP + 1, 1, 4 },
		{ "SACL's revision", SOME_SACL, 1, 3 },
		{ "SACL into the DACL", SOME_SACL + 2, 2, 8 + 20 + 4 },
		{ "DACL's revision 0", SOME_DACL, 1, 0 },
		{ "DACL's revision 5", SOME_DACL, 1, 5 },
		{ "DACL's first reserved field", SOME_DACL + 1, 1, 1 },
		{ "DACL's second reserved field", SOME_DACL + 6, 2, 0x100 },
		{ "DACL of size 0", SOME_DACL + 2, 2, 0 },
		{ "DACL of size 4", SOME_DACL + 2, 2, 4 },
		{ "DACL not of a multiple of 4", SOME_DACL + 2, 2,
		  SOME_SIZE - SOME_DACL - 1 },
		{ "DACL smaller than its entries", SOME_DACL + 2, 2,
		  SOME_SIZE - SOME_DACL - 4 },
		{ "DACL beyond the end", SOME_DACL + 2, 2,
		  SOME_SIZE - SOME_DACL + 4 },
		{ "DACL with an entry too many", SOME_DACL + 4, 2, 4 },
		{ "DACL with 65535 entries", SOME_DACL + 4, 2, 0xffff },
		{ "entry of size 0", SOME_ACE + 2, 2, 0 },
		{ "entry of size 3", SOME_ACE + 2, 2, 3 },
		{ "entry of size 4", SOME_ACE + 2, 2, 4 },
		{ "entry of size 8", SOME_ACE + 2, 2, 8 },
		{ "entry not of a multiple of 4", SOME_ACE + 2, 2, 26 },
		{ "entry shorter than its SID", SOME_ACE + 2, 2, 20 },
		{ "entry beyond the DACL", SOME_ACE + 2, 2, 0xfffc },
		{ "entry's SID's revision", SOME_ACE + 8, 1, 0 },
		{ "entry's SID too long", SOME_ACE + 9, 1, 3 },
		{ "entry's SID's count", SOME_ACE + 9, 1, 16 },
		{ "object entry with two types", SOME_OBJECT + 8, 4, 3 },
		{ "object entry with no type", SOME_OBJECT + 8, 4, 0 },
		{ "object entry of size 8", SOME_OBJECT + 2, 2, 8 },
		{ "object entry of size 12", SOME_OBJECT + 2, 2, 12 },
		{ "object entry of size 28", SOME_OBJECT + 2, 2, 28 },
		{ "last entry too short", SOME_LAST + 2, 2, 20 },
		{ "last entry too long", SOME_LAST + 2, 2, 28 },
	};
	u8 *bytes = alloc_bytes(test);
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *at = bytes + cases[i].at;

		size = build_some(test, bytes);
		if (cases[i].width == 1)
			*at = cases[i].value;
		else if (cases[i].width == 2)
			put_unaligned_le16(cases[i].value, at);
		else
			put_unaligned_le32(cases[i].value, at);
		expect_bad(test, bytes, size, cases[i].what);
	}

	/* All in order, but not at a multiple of 4 */
	size = build_some(test, bytes);
	memmove(bytes + SOME_DACL + 2, bytes + SOME_DACL, size - SOME_DACL);
	put_unaligned_le32(SOME_DACL + 2, bytes + PEIOS_SD_DACL_AT);
	expect_bad(test, bytes, size + 2, "DACL moved by 2");
	build_some(test, bytes);
	put_unaligned_le16(size - SOME_DACL + 2,
			   bytes + SOME_DACL + PEIOS_ACL_SIZE_AT);
	expect_bad(test, bytes, size + 2, "DACL longer by 2");
	build_some(test, bytes);
	put_unaligned_le16(size - SOME_DACL + 4,
			   bytes + SOME_DACL + PEIOS_ACL_SIZE_AT);
	put_unaligned_le16(size - SOME_LAST + 2,
			   bytes + SOME_LAST + PEIOS_ACE_SIZE_AT);
	expect_bad(test, bytes, size + 4, "last entry longer by 2");

	/* An entry for objects that ends, with all, before it says what types */
	size = build(test, bytes, ALICE, NULL, NULL,
		     LIST({ PEIOS_ACE_ALLOWED_OBJECT, 0, 0, ALICE }));
	size -= 4 + 16;
	put_unaligned_le16(size - SOME_GROUP,
			   bytes + SOME_GROUP + PEIOS_ACL_SIZE_AT);
	put_unaligned_le16(8, bytes + SOME_GROUP + PEIOS_ACL_HEADER +
			   PEIOS_ACE_SIZE_AT);
	expect_bad(test, bytes, size, "object entry cut off at the end");

	/* Cut off anywhere */
	build_some(test, bytes);
	for (i = 0; i < SOME_SIZE; i++)
		expect_bad(test, bytes, i, "cut off");
}

/* What is unusual, but valid. */
static void sd_edges(struct kunit *test)
{
	u8 *bytes = alloc_bytes(test);
	unsigned int size = build_some(test, bytes);
	struct peios_sd *sd;
	struct peios_acl acl;
	struct peios_ace ace;

	/* Free space behind it, up to the largest size, and not beyond. */
	parse(test, bytes, size + 1);
	parse(test, bytes, PEIOS_SD_MAX);
	KUNIT_EXPECT_EQ(test, peios_sd_parse(bytes, PEIOS_SD_MAX + 1, GFP_KERNEL,
					     &sd), -EINVAL);
	KUNIT_EXPECT_EQ(test, peios_sd_parse(bytes, SIZE_MAX, GFP_KERNEL, &sd),
			-EINVAL);

	/* Free space in an ACL */
	put_unaligned_le16(2, bytes + SOME_DACL + PEIOS_ACL_COUNT_AT);
	parse(test, bytes, size);

	/* An unknown type of entry, with nothing but a header that fits */
	build_some(test, bytes);
	bytes[SOME_ACE] = 0x77;
	bytes[SOME_ACE + PEIOS_ACE_SID_AT] = 0xff;
	sd = parse(test, bytes, size);
	KUNIT_ASSERT_TRUE(test, peios_sd_dacl(sd, &acl));
	KUNIT_ASSERT_TRUE(test, peios_acl_next(&acl, &ace));
	KUNIT_EXPECT_FALSE(test, ace.has_sid);

	/* Both flags of object types, with no room wasted */
	build_some(test, bytes);
	put_unaligned_le32(PEIOS_ACE_INHERITED_TYPE_PRESENT,
			   bytes + SOME_OBJECT + PEIOS_ACE_OBJECT_AT);
	sd = parse(test, bytes, size);
	KUNIT_ASSERT_TRUE(test, peios_sd_dacl(sd, &acl));
	KUNIT_ASSERT_TRUE(test, peios_acl_next(&acl, &ace));
	KUNIT_ASSERT_TRUE(test, peios_acl_next(&acl, &ace));
	KUNIT_EXPECT_FALSE(test, ace.has_object_type);

	/* The resource manager's byte, announced */
	build_some(test, bytes);
	bytes[PEIOS_SD_RM_CONTROL_AT] = 0x5a;
	put_unaligned_le16(0xc014, bytes + PEIOS_SD_CONTROL_AT);
	parse(test, bytes, size);

	/* NULL lists */
	build_some(test, bytes);
	put_unaligned_le32(0, bytes + PEIOS_SD_DACL_AT);
	put_unaligned_le32(0, bytes + PEIOS_SD_SACL_AT);
	sd = parse(test, bytes, size);
	KUNIT_EXPECT_FALSE(test, peios_sd_dacl(sd, &acl));
	KUNIT_EXPECT_FALSE(test, peios_sd_sacl(sd, &acl));
}

/* Walks through all of a valid descriptor; KASAN watches. */
static bool walk_all(const struct peios_sd *sd)
{
	unsigned int list, nr = 0;
	struct peios_sid sid;
	struct peios_acl acl;
	struct peios_ace ace;

	peios_sd_owner(sd, &sid);
	if (!sid.nr_subs)
		return false;
	if (peios_sd_group(sd, &sid) && !sid.nr_subs)
		return false;
	for (list = 0; list < 2; list++) {
		if (!(list ? peios_sd_dacl(sd, &acl) : peios_sd_sacl(sd, &acl)))
			continue;
		while (peios_acl_next(&acl, &ace)) {
			nr++;
			if (ace.bytes < sd->bytes ||
			    ace.bytes + ace.size > sd->bytes + sd->size ||
			    (ace.has_sid && ace.end > ace.size))
				return false;
		}
		/* Not one entry was lost on the way. */
		if (acl.left)
			return false;
	}
	return nr <= PEIOS_SD_MAX / PEIOS_ACE_HEADER;
}

/*
 * Whatever the damage, a descriptor is refused, or can be used. The allocation
 * is as large as the descriptor, so that KASAN sees each byte beyond.
 */
static void sd_mutated(struct kunit *test)
{
	static const u32 odd[] = { 0, 1, 3, 4, 7, 8, 20, 0x7f, 0x80, 0xff,
				   0xfff, 0x7fff, 0x8000, 0xffff, 0xfffffffc };
	u8 *seed = alloc_bytes(test), *bytes = alloc_bytes(test);
	unsigned int taken = 0, seed_size = 0, run;
	struct rnd_state rnd;
	struct who *who = new_who(test);

	set_who(test, who, ALICE, USERS, "", 0);
	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < MUTATIONS; run++) {
		unsigned int size, damage;
		struct peios_access result;
		struct peios_sd *sd;
		int err;

		if (run % 1000 == 0)
			seed_size = build(test, seed,
					  run % 2000 ? ALICE : "S-1-5-21-1-2-3-4",
					  run % 3000 ? STAFF : NULL,
					  run % 5000 ? some_sacl : NULL,
					  some_dacl);
		size = seed_size;
		memcpy(bytes, seed, size);
		for (damage = prandom_u32_state(&rnd) % 4; damage; damage--) {
			u32 at = prandom_u32_state(&rnd) % (seed_size - 4);
			u32 value = odd[prandom_u32_state(&rnd) % ARRAY_SIZE(odd)];

			switch (prandom_u32_state(&rnd) % 4) {
			case 0:
				bytes[at] ^= 1 << prandom_u32_state(&rnd) % 8;
				break;
			case 1:
				bytes[at] = value;
				break;
			case 2:
				put_unaligned_le16(value, bytes + (at & ~1));
				break;
			default:
				/* One of the header's offsets */
				put_unaligned_le32(at & ~3,
						   bytes + 4 + at % 4 * 4);
				break;
			}
		}
		if (prandom_u32_state(&rnd) % 8 == 0)
			size = prandom_u32_state(&rnd) % (seed_size + 8);
		err = peios_sd_parse(bytes, size, GFP_KERNEL, &sd);
		if (err == -EINVAL)
			continue;
		KUNIT_ASSERT_EQ(test, err, 0);
		taken++;
		KUNIT_EXPECT_TRUE(test, walk_all(sd));
		peios_access_check(&who->subject, sd, PEIOS_MAXIMUM_ALLOWED,
				   &peios_process_mapping, &result);
		kfree(sd);
		if (test->status == KUNIT_FAILURE)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, MUTATIONS);
	/* It is no test if all are refused, or none. */
	KUNIT_EXPECT_GT(test, taken, MUTATIONS / 10);
	KUNIT_EXPECT_LT(test, taken, MUTATIONS * 9 / 10);
}

#define PEEK	PEIOS_PROCESS_VM_READ
#define POKE	PEIOS_PROCESS_VM_WRITE
#define QUERY	PEIOS_PROCESS_QUERY_INFORMATION
#define IMPLIED	(PEIOS_READ_CONTROL | PEIOS_WRITE_DAC)
#define MAXIMUM	PEIOS_MAXIMUM_ALLOWED

/*
 * Alice is in Users, and in Administrators to be denied only. What is granted
 * is 0 where she is refused; what is desired is never 0 there.
 */
static const struct {
	const char *what;
	const char *owner;
	const struct entry *dacl;
	u32 desired;
	u32 granted;
	u64 privileges;
} table[] = {
	{ "no DACL", BOB, NULL, PEEK | IMPLIED, PEEK | IMPLIED },
	{ "no DACL, as much as there is", BOB, NULL, MAXIMUM,
	  PEIOS_PROCESS_ALL },
	{ "no DACL, and more", BOB, NULL, MAXIMUM | PEIOS_DELETE,
	  PEIOS_PROCESS_ALL | PEIOS_DELETE },
	{ "no DACL, for the auditor", BOB, NULL,
	  PEIOS_ACCESS_SYSTEM_SECURITY, 0 },
	{ "empty DACL", BOB, EMPTY, PEEK, 0 },
	{ "empty DACL, nothing asked", BOB, EMPTY, 0, 0 },
	{ "empty DACL, as much as there is", BOB, EMPTY, MAXIMUM, 0 },
	{ "empty DACL, owner", ALICE, EMPTY, IMPLIED, IMPLIED },
	{ "empty DACL, owner, as much as there is", ALICE, EMPTY, MAXIMUM,
	  IMPLIED },
	{ "empty DACL, owner wants more", ALICE, EMPTY, IMPLIED | PEEK, 0 },
	{ "the owner is a group", USERS, EMPTY, IMPLIED, IMPLIED },
	{ "the owner is a deny-only group", ADMINS, EMPTY,
	  PEIOS_READ_CONTROL, 0 },
	{ "the owner denied what is implied", ALICE,
	  LIST(DENY(IMPLIED, ALICE)), IMPLIED, IMPLIED },
	{ "allowed to the user", BOB, LIST(ALLOW(PEEK, ALICE)), PEEK, PEEK },
	{ "allowed to a group", BOB, LIST(ALLOW(PEEK, USERS)), PEEK, PEEK },
	{ "allowed to everyone", BOB, LIST(ALLOW(PEEK, EVERYONE)), PEEK,
	  PEEK },
	{ "allowed to others", BOB, LIST(ALLOW(PEEK, BOB)), PEEK, 0 },
	{ "allowed in part", BOB, LIST(ALLOW(PEEK, ALICE)), PEEK | POKE, 0 },
	{ "allowed by two", BOB, LIST(ALLOW(PEEK, ALICE),
				      ALLOW(POKE, USERS)),
	  PEEK | POKE, PEEK | POKE },
	{ "allowed to a deny-only group", BOB, LIST(ALLOW(PEEK, ADMINS)),
	  PEEK, 0 },
	{ "denied to a deny-only group", BOB,
	  LIST(DENY(PEEK, ADMINS), ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "denied first", BOB, LIST(DENY(PEEK, USERS), ALLOW(PEEK, ALICE)),
	  PEEK, 0 },
	{ "denied too late", BOB,
	  LIST(ALLOW(PEEK, ALICE), DENY(PEEK, USERS)), PEEK, PEEK },
	{ "denied something else", BOB,
	  LIST(DENY(POKE, USERS), ALLOW(PEEK, ALICE)), PEEK, PEEK },
	{ "as much as there is, in order", BOB,
	  LIST(ALLOW(PEEK, ALICE), DENY(PEEK | POKE, USERS),
	       ALLOW(POKE | QUERY, ALICE)), MAXIMUM, PEEK | QUERY },
	{ "as much as there is, and what is denied", BOB,
	  LIST(DENY(POKE, USERS), ALLOW(PEEK, ALICE)), MAXIMUM | POKE, 0 },
	{ "as much as there is, and what is allowed", BOB,
	  LIST(ALLOW(PEEK | QUERY, ALICE)), MAXIMUM | PEEK, PEEK | QUERY },
	{ "inherit-only", BOB, LIST({ PEIOS_ACE_ALLOWED,
		PEIOS_ACE_INHERIT_ONLY, PEEK, ALICE }), PEEK, 0 },
	{ "inherit-only denial", BOB, LIST({ PEIOS_ACE_DENIED,
		PEIOS_ACE_INHERIT_ONLY, PEEK, ALICE }, ALLOW(PEEK, ALICE)),
	  PEEK, PEEK },
	{ "inherited", BOB, LIST({ PEIOS_ACE_ALLOWED, 0x13, PEEK, ALICE }),
	  PEEK, PEEK },
	{ "unknown type", BOB, LIST({ 0x77, 0, PEEK, ALICE }), PEEK, 0 },
	{ "audit entry", BOB, LIST({ PEIOS_ACE_AUDIT, 0, PEEK, ALICE }),
	  PEEK, 0 },
	{ "object without type", BOB, LIST({ PEIOS_ACE_ALLOWED_OBJECT, 0,
		PEEK, ALICE }), PEEK, PEEK },
	{ "object with type", BOB, LIST({ PEIOS_ACE_ALLOWED_OBJECT,
		WITH_TYPE, PEEK, ALICE }), PEEK, 0 },
	{ "denied object without type", BOB, LIST({
		PEIOS_ACE_DENIED_OBJECT, 0, PEEK, ALICE },
		ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "denied object with type", BOB, LIST({ PEIOS_ACE_DENIED_OBJECT,
		WITH_TYPE, PEEK, ALICE }, ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "allowed on a condition", BOB, LIST({
		PEIOS_ACE_ALLOWED_CALLBACK, 0, PEEK, ALICE }), PEEK, 0 },
	{ "denied on a condition", BOB, LIST({ PEIOS_ACE_DENIED_CALLBACK,
		0, PEEK, ALICE }, ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "object denied on a condition", BOB, LIST({
		PEIOS_ACE_DENIED_CALLBACK_OBJECT, 0, PEEK, ALICE },
		ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "owner rights give", ALICE, LIST(ALLOW(PEEK, OWNER_RIGHTS)), PEEK,
	  PEEK },
	{ "owner rights withhold", ALICE, LIST(ALLOW(PEEK, OWNER_RIGHTS)),
	  PEIOS_READ_CONTROL, 0 },
	{ "owner rights withhold, but all may", ALICE,
	  LIST(ALLOW(PEEK, OWNER_RIGHTS),
	       ALLOW(PEIOS_READ_CONTROL, EVERYONE)),
	  PEIOS_READ_CONTROL, PEIOS_READ_CONTROL },
	{ "owner rights deny", ALICE, LIST(DENY(PEEK, OWNER_RIGHTS),
					   ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "owner rights of another", BOB, LIST(ALLOW(PEEK, OWNER_RIGHTS)),
	  PEEK, 0 },
	{ "owner rights, inherit-only", ALICE, LIST({ PEIOS_ACE_ALLOWED,
		PEIOS_ACE_INHERIT_ONLY, PEEK, OWNER_RIGHTS }), IMPLIED,
	  IMPLIED },
	{ "owner rights, audited", ALICE, LIST({ PEIOS_ACE_AUDIT, 0, PEEK,
		OWNER_RIGHTS }), IMPLIED, IMPLIED },
	{ "owner rights on a condition", ALICE, LIST({
		PEIOS_ACE_ALLOWED_CALLBACK, 0, IMPLIED, OWNER_RIGHTS }),
	  PEIOS_WRITE_DAC, 0 },
	{ "owner rights for a deny-only owner", ADMINS,
	  LIST(ALLOW(PEEK, OWNER_RIGHTS)), PEEK, 0 },
	{ "owner rights deny a deny-only owner", ADMINS,
	  LIST(DENY(PEEK, OWNER_RIGHTS), ALLOW(PEEK, ALICE)), PEEK, 0 },
	{ "generic in an entry", BOB, LIST(ALLOW(PEIOS_GENERIC_READ, ALICE)),
	  PEEK | QUERY | PEIOS_READ_CONTROL,
	  PEEK | QUERY | PEIOS_READ_CONTROL },
	{ "generic in an entry, not more", BOB,
	  LIST(ALLOW(PEIOS_GENERIC_READ, ALICE)), POKE, 0 },
	{ "generic desired", BOB, LIST(ALLOW(PEIOS_PROCESS_ALL, ALICE)),
	  PEIOS_GENERIC_EXECUTE, PEIOS_PROCESS_EXECUTE },
	{ "generic desired, in part allowed", BOB,
	  LIST(ALLOW(PEIOS_PROCESS_TERMINATE, ALICE)),
	  PEIOS_GENERIC_EXECUTE, 0 },
	{ "generic all", BOB, LIST(ALLOW(PEIOS_GENERIC_ALL, ALICE)),
	  PEIOS_GENERIC_ALL, PEIOS_PROCESS_ALL },
	{ "generic all is not all", BOB,
	  LIST(ALLOW(PEIOS_GENERIC_ALL, ALICE)), PEIOS_DELETE, 0 },
	{ "bits that name nothing", BOB, LIST(ALLOW(0x0ce0ff8c, ALICE)),
	  PEEK, 0 },
	{ "system security by an entry", BOB,
	  LIST(ALLOW(0xffffffff, ALICE)), PEIOS_ACCESS_SYSTEM_SECURITY, 0 },
	{ "system security not in the maximum", BOB,
	  LIST(ALLOW(PEIOS_ACCESS_SYSTEM_SECURITY | MAXIMUM | PEEK, ALICE)),
	  MAXIMUM, PEEK, PEIOS_PRIV_SECURITY },
	{ "system security by privilege", BOB, EMPTY,
	  PEIOS_ACCESS_SYSTEM_SECURITY, PEIOS_ACCESS_SYSTEM_SECURITY,
	  PEIOS_PRIV_SECURITY },
	{ "system security, and what is not allowed", BOB, EMPTY,
	  PEIOS_ACCESS_SYSTEM_SECURITY | PEEK, 0, PEIOS_PRIV_SECURITY },
	{ "system security denied", BOB,
	  LIST(DENY(PEIOS_ACCESS_SYSTEM_SECURITY, ALICE)),
	  PEIOS_ACCESS_SYSTEM_SECURITY, PEIOS_ACCESS_SYSTEM_SECURITY,
	  PEIOS_PRIV_SECURITY },
	{ "taking ownership", BOB, EMPTY, PEIOS_WRITE_OWNER,
	  PEIOS_WRITE_OWNER, PEIOS_PRIV_TAKE_OWNERSHIP },
	{ "taking ownership that is denied", BOB,
	  LIST(DENY(PEIOS_WRITE_OWNER, ALICE)), PEIOS_WRITE_OWNER,
	  PEIOS_WRITE_OWNER, PEIOS_PRIV_TAKE_OWNERSHIP },
	{ "taking ownership, and more", BOB, EMPTY,
	  PEIOS_WRITE_OWNER | PEEK, 0, PEIOS_PRIV_TAKE_OWNERSHIP },
	{ "taking ownership by name only", BOB, LIST(ALLOW(PEEK, ALICE)),
	  MAXIMUM, PEEK, PEIOS_PRIV_TAKE_OWNERSHIP },
	{ "other privileges", BOB, EMPTY, PEIOS_WRITE_OWNER, 0,
	  PEIOS_PRIV_ALL & ~PEIOS_PRIV_TAKE_OWNERSHIP },
};

static void access_table(struct kunit *test)
{
	struct who *who = new_who(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct peios_sd *sd = make(test, table[i].owner, table[i].dacl);
		struct peios_access result;
		bool refused = !table[i].granted && table[i].desired & ~MAXIMUM;
		int err;

		set_who(test, who, ALICE, USERS, ADMINS, table[i].privileges);
		err = peios_access_check(&who->subject, sd, table[i].desired,
					 &peios_process_mapping, &result);
		KUNIT_EXPECT_EQ_MSG(test, err, refused ? -EACCES : 0, "%s",
				    table[i].what);
		KUNIT_EXPECT_EQ_MSG(test, result.granted, table[i].granted, "%s",
				    table[i].what);
		KUNIT_EXPECT_EQ_MSG(test, !!result.missing, refused, "%s",
				    table[i].what);
		KUNIT_EXPECT_EQ_MSG(test, !!result.refused_by, refused, "%s",
				    table[i].what);
	}
}

static void access_reasons(struct kunit *test)
{
	struct peios_sd *sd = make(test, BOB,
				   LIST(ALLOW(QUERY, ALICE), DENY(QUERY, ALICE),
					DENY(PEEK, BOB), DENY(PEEK, EVERYONE),
					ALLOW(PEEK | POKE, ALICE),
					DENY(PEIOS_DELETE, ALICE),
					DENY(PEIOS_WRITE_OWNER, ALICE)));
	struct peios_access result;
	struct who *who = new_who(test);

	set_who(test, who, ALICE, "", "", PEIOS_PRIV_ALL);
	KUNIT_EXPECT_EQ(test, peios_access_check(&who->subject, sd,
						 QUERY | PEEK | POKE | PEIOS_DELETE,
						 &peios_process_mapping, &result),
			-EACCES);
	KUNIT_EXPECT_EQ(test, result.missing & ~POKE, PEEK | PEIOS_DELETE);
	KUNIT_EXPECT_EQ(test, (int)result.refused_by, (int)PEIOS_CHECK_SD);
	KUNIT_EXPECT_EQ(test, result.ace, 3);
	KUNIT_EXPECT_EQ(test, result.used, 0);

	/* Not allowed, but nothing denies it. */
	KUNIT_EXPECT_EQ(test, peios_access_check(&who->subject, sd,
						 QUERY | PEIOS_SYNCHRONIZE |
						 PEIOS_WRITE_OWNER,
						 &peios_process_mapping, &result),
			-EACCES);
	KUNIT_EXPECT_EQ(test, result.missing, PEIOS_SYNCHRONIZE);
	KUNIT_EXPECT_EQ(test, result.ace, -1);

	/* A privilege is used where it makes the difference. */
	KUNIT_EXPECT_EQ(test, peios_access_check(&who->subject, sd,
						 QUERY | PEIOS_WRITE_OWNER,
						 &peios_process_mapping, &result), 0);
	KUNIT_EXPECT_EQ(test, result.used, PEIOS_PRIV_TAKE_OWNERSHIP);
	sd = make(test, BOB, LIST(ALLOW(PEIOS_WRITE_OWNER, ALICE)));
	KUNIT_EXPECT_EQ(test, peios_access_check(&who->subject, sd,
						 PEIOS_WRITE_OWNER,
						 &peios_process_mapping, &result), 0);
	KUNIT_EXPECT_EQ(test, result.used, 0);
}

static bool member_of_50(const void *unix_groups, u32 gid)
{
	return gid == 50 && unix_groups == &member_of_50;
}

static void unix_groups(struct kunit *test)
{
	struct peios_sd *sd = make(test, BOB,
				   LIST(ALLOW(PEEK, STAFF),
					ALLOW(POKE, "S-1-22-2-51"),
					ALLOW(QUERY, "S-1-22-1-50")));
	struct peios_access result;
	struct who *who = new_who(test);

	set_who(test, who, ALICE, "", "", 0);
	peios_access_check(&who->subject, sd, MAXIMUM, &peios_process_mapping,
			   &result);
	KUNIT_EXPECT_EQ(test, result.granted, 0);
	who->subject.unix_member = member_of_50;
	who->subject.unix_groups = &member_of_50;
	peios_access_check(&who->subject, sd, MAXIMUM, &peios_process_mapping,
			   &result);
	KUNIT_EXPECT_EQ(test, result.granted, PEEK);
}

/* Everyone is in every token, but a token may have that for denials only. */
static void everyone(struct kunit *test)
{
	struct peios_sd *sd = make(test, BOB, LIST(DENY(POKE, EVERYONE),
						   ALLOW(PEEK | POKE, EVERYONE)));
	struct peios_access result;
	struct who *who = new_who(test);

	set_who(test, who, ALICE, "", "", 0);
	peios_access_check(&who->subject, sd, MAXIMUM, &peios_process_mapping,
			   &result);
	KUNIT_EXPECT_EQ(test, result.granted, PEEK);
	set_who(test, who, ALICE, "", EVERYONE, 0);
	peios_access_check(&who->subject, sd, MAXIMUM, &peios_process_mapping,
			   &result);
	KUNIT_EXPECT_EQ(test, result.granted, 0);
}

static void token_to_subject(struct kunit *test)
{
	struct peios_token *token = peios_token_alloc(2);
	struct peios_sd *sd = make(test, BOB,
				   LIST(DENY(POKE, USERS), ALLOW(PEEK | POKE, STAFF),
					ALLOW(QUERY, USERS)));
	struct peios_subject subject;
	struct peios_access result;

	KUNIT_ASSERT_NOT_NULL(test, token);
	token->user = peios_sid_system;
	token->nr_groups = 1;
	token->nr_deny = 1;
	KUNIT_EXPECT_EQ(test, peios_sid_parse(STAFF, &token->groups[0]), 0);
	KUNIT_EXPECT_EQ(test, peios_sid_parse(USERS, &token->groups[1]), 0);
	token->present = PEIOS_PRIV_ALL;
	token->enabled = PEIOS_PRIV_TCB;
	peios_subject_init(&subject, token);
	KUNIT_EXPECT_EQ(test, subject.privileges, PEIOS_PRIV_TCB);
	peios_access_check(&subject, sd, MAXIMUM, &peios_process_mapping,
			   &result);
	KUNIT_EXPECT_EQ(test, result.granted, PEEK);
	kfree(token);
}

static const char * const pool[] = {
	ALICE, BOB, USERS, ADMINS, STAFF, EVERYONE, OWNER_RIGHTS, SYSTEM,
};

static u32 random_mask(struct rnd_state *rnd)
{
	u32 mask = prandom_u32_state(rnd);

	mask &= prandom_u32_state(rnd);
	switch (prandom_u32_state(rnd) % 4) {
	case 0:
		return mask;
	case 1:
		return mask & PEIOS_PROCESS_ALL;
	case 2:
		return BIT(28 + prandom_u32_state(rnd) % 4);
	default:
		return mask & (PEIOS_PROCESS_ALL | PEIOS_DELETE |
			       PEIOS_SYNCHRONIZE);
	}
}

static bool is(const char *sid, const char *other)
{
	return !strcmp(sid, other);
}

/*
 * The rule once more, for one right, as plainly as it can be said, for Alice in
 * Users with Administrators to be denied only.
 */
static bool may(const char *owner, const struct entry *dacl, u32 right)
{
	bool owns = is(owner, ALICE) || is(owner, USERS) || is(owner, EVERYONE);
	bool says_owner = false;
	unsigned int i;

	for (i = 0; dacl[i].sid; i++)
		if (is(dacl[i].sid, OWNER_RIGHTS) &&
		    dacl[i].type <= PEIOS_ACE_DENIED &&
		    !(dacl[i].flags & PEIOS_ACE_INHERIT_ONLY))
			says_owner = true;
	if (owns && !says_owner && right & IMPLIED)
		return true;
	for (i = 0; dacl[i].sid; i++) {
		const char *sid = dacl[i].sid;
		u32 mask = peios_map_generic(dacl[i].mask, &peios_process_mapping);

		if (dacl[i].type > PEIOS_ACE_DENIED || !(mask & right) ||
		    dacl[i].flags & PEIOS_ACE_INHERIT_ONLY)
			continue;
		if (is(sid, OWNER_RIGHTS))
			sid = owner;
		if (is(sid, ALICE) || is(sid, USERS) || is(sid, EVERYONE))
			return dacl[i].type == PEIOS_ACE_ALLOWED;
		if (is(sid, ADMINS) && dacl[i].type == PEIOS_ACE_DENIED)
			return false;
	}
	return false;
}

/* Never by an entry, and not asked for here */
#define NOT_ASKED	(PEIOS_ACCESS_SYSTEM_SECURITY | MAXIMUM | PEIOS_GENERIC)

static void access_random(struct kunit *test)
{
	u8 *bytes = alloc_bytes(test);
	struct rnd_state rnd;
	unsigned int run, granted = 0;
	struct who *who = new_who(test);

	set_who(test, who, ALICE, USERS, ADMINS, 0);
	prandom_seed_state(&rnd, SEED + 1);
	for (run = 0; run < 5000; run++) {
		const char *owner = pool[prandom_u32_state(&rnd) % 6];
		unsigned int i, nr = prandom_u32_state(&rnd) % 8;
		struct entry dacl[9] = {};
		struct peios_access result, more;
		u32 model = 0, desired;
		struct peios_sd *sd;
		int err;

		for (i = 0; i < nr; i++)
			dacl[i] = (struct entry) {
				.type = prandom_u32_state(&rnd) % 3,
				.flags = prandom_u32_state(&rnd) % 4 ? 0 :
					 PEIOS_ACE_INHERIT_ONLY,
				.mask = random_mask(&rnd),
				.sid = pool[prandom_u32_state(&rnd) %
					    ARRAY_SIZE(pool)],
			};
		for (i = 0; i < 32; i++)
			if (!(BIT(i) & NOT_ASKED) && may(owner, dacl, BIT(i)))
				model |= BIT(i);

		KUNIT_ASSERT_EQ(test,
				peios_sd_parse(bytes,
					       build(test, bytes, owner, NULL, NULL,
						     dacl), GFP_KERNEL, &sd), 0);
		/* As much as there is: each right by itself. */
		err = peios_access_check(&who->subject, sd, MAXIMUM,
					 &peios_process_mapping, &result);
		KUNIT_EXPECT_EQ(test, err, 0);
		KUNIT_EXPECT_EQ(test, result.granted, model);
		/* Some: all of them or none. */
		desired = random_mask(&rnd) & ~NOT_ASKED;
		err = peios_access_check(&who->subject, sd, desired,
					 &peios_process_mapping, &result);
		KUNIT_EXPECT_EQ(test, err, desired & ~model ? -EACCES : 0);
		KUNIT_EXPECT_EQ(test, result.granted, err ? 0 : desired);
		KUNIT_EXPECT_EQ(test, !!result.missing, !!err);
		KUNIT_EXPECT_EQ(test, result.missing & model & ~desired, 0);
		granted += !err;
		/* Privileges only help. */
		who->subject.privileges = PEIOS_PRIV_ALL;
		KUNIT_EXPECT_LE(test, err,
				peios_access_check(&who->subject, sd, desired,
						   &peios_process_mapping, &more));
		KUNIT_EXPECT_EQ(test, result.granted & ~more.granted, 0);
		who->subject.privileges = 0;
		kfree(sd);
		if (test->status == KUNIT_FAILURE)
			break;
	}
	KUNIT_EXPECT_GT(test, granted, 500);
	KUNIT_EXPECT_LT(test, granted, 4500);
}

static struct peios_sd *vector_sd(struct kunit *test, unsigned int nr, u8 *bytes)
{
	size_t size = strlen(vector_sds[nr]) / 2;

	KUNIT_ASSERT_EQ(test, hex2bin(bytes, vector_sds[nr], size), 0);
	return parse(test, bytes, size);
}

/* What Samba decides */
static void access_vectors(struct kunit *test)
{
	u8 *bytes = alloc_bytes(test);
	unsigned int i, at = ARRAY_SIZE(vector_sds);
	struct peios_sd *sd = NULL;
	struct who *who;

	who = kunit_kcalloc(test, ARRAY_SIZE(vector_subjects), sizeof(*who),
			    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, who);
	for (i = 0; i < ARRAY_SIZE(vector_subjects); i++)
		set_who(test, &who[i], vector_subjects[i].user,
			vector_subjects[i].groups, vector_subjects[i].deny,
			vector_subjects[i].privileges);

	for (i = 0; i < ARRAY_SIZE(vector_checks); i++) {
		struct peios_access result;

		if (vector_checks[i].sd != at) {
			at = vector_checks[i].sd;
			sd = vector_sd(test, at, bytes);
		}
		peios_access_check(&who[vector_checks[i].subject].subject, sd,
				   vector_checks[i].desired,
				   &peios_process_mapping, &result);
		KUNIT_EXPECT_EQ_MSG(test, result.granted, vector_checks[i].granted,
				    "check %u: descriptor %u, subject %u, desired %#x",
				    i, at, vector_checks[i].subject,
				    vector_checks[i].desired);
	}
	KUNIT_EXPECT_GT(test, i, 2000);
}

static void default_descriptor(struct kunit *test)
{
	static const struct {
		const char *user;
		const char *groups;
		u32 granted;
	} cases[] = {
		{ ALICE, "", PEIOS_PROCESS_ALL },
		{ BOB, "", PEIOS_PROCESS_QUERY_LIMITED },
		{ BOB, ADMINS, PEIOS_PROCESS_ALL },
		{ SYSTEM, "", PEIOS_PROCESS_ALL },
		{ BOB, SYSTEM, PEIOS_PROCESS_ALL },
		{ BOB, USERS, PEIOS_PROCESS_QUERY_LIMITED },
		{ "S-1-22-1-0", "", PEIOS_PROCESS_ALL },
	};
	struct peios_sid user, also[2], sid;
	struct peios_access result;
	struct peios_sd *sd, *again;
	struct peios_acl acl;
	struct peios_ace ace;
	struct who *who = new_who(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, peios_sid_parse(ALICE, &user), 0);
	KUNIT_ASSERT_EQ(test, peios_sid_parse("S-1-22-1-0", &also[0]), 0);
	also[1] = user;
	sd = default_sd(test, &user, also, ARRAY_SIZE(also));
	/* As if it had come from user space */
	again = parse(test, sd->bytes, sd->size);
	KUNIT_EXPECT_EQ(test, again->control, sd->control);
	KUNIT_EXPECT_EQ(test, again->owner, sd->owner);
	KUNIT_EXPECT_EQ(test, again->group, sd->group);
	KUNIT_EXPECT_EQ(test, again->dacl, sd->dacl);
	KUNIT_EXPECT_EQ(test, again->sacl, sd->sacl);
	peios_sd_owner(sd, &sid);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &user));

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_who(test, who, cases[i].user, cases[i].groups, "", 0);
		peios_access_check(&who->subject, sd, MAXIMUM,
				   &peios_process_mapping, &result);
		KUNIT_EXPECT_EQ_MSG(test, result.granted, cases[i].granted, "%s %s",
				    cases[i].user, cases[i].groups);
	}

	/* Nobody is in it twice. */
	sd = default_sd(test, &peios_sid_system, NULL, 0);
	KUNIT_ASSERT_TRUE(test, peios_sd_dacl(sd, &acl));
	for (i = 0; peios_acl_next(&acl, &ace); i++)
		KUNIT_EXPECT_EQ(test, ace.type, PEIOS_ACE_ALLOWED);
	KUNIT_EXPECT_EQ(test, i, 3);
}

static void write_rights(struct kunit *test)
{
	static const struct {
		const char *what;
		unsigned int at;
		u8 flip;
		u32 rights;
	} cases[] = {
		{ "nothing", 0, 0, PEIOS_WRITE_DAC },
		{ "owner", SOME_OWNER + 8, 1, PEIOS_WRITE_OWNER },
		{ "group", SOME_GROUP + 12, 1, PEIOS_WRITE_OWNER },
		{ "owner defaulted", 2, 0x01, PEIOS_WRITE_DAC },
		{ "group defaulted", 2, 0x02, PEIOS_WRITE_DAC },
		{ "SACL", SOME_SACL + 8 + 4, 1, PEIOS_ACCESS_SYSTEM_SECURITY },
		{ "SACL defaulted", 2, 0x20, PEIOS_ACCESS_SYSTEM_SECURITY },
		{ "SACL protected", 3, 0x20, PEIOS_ACCESS_SYSTEM_SECURITY },
		{ "SACL inherited", 3, 0x08, PEIOS_ACCESS_SYSTEM_SECURITY },
		{ "DACL's mask", SOME_ACE + 4, 1, PEIOS_WRITE_DAC },
		{ "DACL's last byte", SOME_SIZE - 1, 1, PEIOS_WRITE_DAC },
		{ "DACL's revision", SOME_DACL, 6, PEIOS_WRITE_DAC },
		{ "DACL protected", 3, 0x10, PEIOS_WRITE_DAC },
		{ "DACL defaulted", 2, 0x08, PEIOS_WRITE_DAC },
		{ "resource manager's control", 3, 0x40, PEIOS_WRITE_DAC },
	};
	u8 *bytes = alloc_bytes(test), *more = alloc_bytes(test);
	struct peios_sd *sd, *changed;
	unsigned int size, i;

	size = build_some(test, bytes);
	sd = parse(test, bytes, size);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bytes[cases[i].at] ^= cases[i].flip;
		changed = parse(test, bytes, size);
		bytes[cases[i].at] ^= cases[i].flip;
		KUNIT_EXPECT_EQ_MSG(test, peios_sd_write_rights(sd, changed),
				    cases[i].rights, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, peios_sd_write_rights(changed, sd),
				    cases[i].rights, "back: %s", cases[i].what);
	}

	/* A part that comes or goes */
	size = build(test, more, ALICE, NULL, some_sacl, some_dacl);
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(sd, parse(test, more, size)),
			PEIOS_WRITE_OWNER);
	size = build(test, more, ALICE, STAFF, NULL, some_dacl);
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(sd, parse(test, more, size)),
			PEIOS_ACCESS_SYSTEM_SECURITY);
	size = build(test, more, ALICE, STAFF, some_sacl, NULL);
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(sd, parse(test, more, size)),
			PEIOS_WRITE_DAC);
	size = build(test, more, BOB, NULL, NULL, EMPTY);
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(sd, parse(test, more, size)),
			PEIOS_WRITE_OWNER | PEIOS_ACCESS_SYSTEM_SECURITY |
			PEIOS_WRITE_DAC);

	/* Another owner is one thing, other flags of the DACL are another. */
	size = build_some(test, more);
	more[SOME_OWNER + 8] ^= 1;
	more[3] ^= 0x10;
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(sd, parse(test, more, size)),
			PEIOS_WRITE_OWNER | PEIOS_WRITE_DAC);
	build_some(test, more);
	more[SOME_OWNER + 8] ^= 1;
	more[3] ^= 0x40;
	changed = parse(test, more, size);
	more[SOME_OWNER + 8] ^= 2;
	more[1] = 7;
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(changed,
						    parse(test, more, size)),
			PEIOS_WRITE_OWNER | PEIOS_WRITE_DAC);

	/* Where its parts are does not matter. */
	size = build_some(test, bytes);
	memmove(bytes + SOME_DACL + 4, bytes + SOME_DACL, size - SOME_DACL);
	put_unaligned_le32(SOME_DACL + 4, bytes + PEIOS_SD_DACL_AT);
	KUNIT_EXPECT_EQ(test, peios_sd_write_rights(sd, parse(test, bytes, size + 4)),
			PEIOS_WRITE_DAC);
}

static void pip(struct kunit *test)
{
	static const u32 values[] = { 0, 1, 2, 512, U32_MAX };
	unsigned int i, n = ARRAY_SIZE(values);

	for (i = 0; i < n * n * n * n; i++) {
		const struct peios_pip caller = { values[i % n],
						  values[i / n % n] };
		const struct peios_pip target = { values[i / n / n % n],
						  values[i / n / n / n] };
		bool want = caller.type >= target.type &&
			    caller.trust >= target.trust;

		KUNIT_EXPECT_EQ(test, peios_pip_dominates(&caller, &target),
				!target.type || want);
	}
}

static void process_decision(struct kunit *test)
{
	static const struct {
		const char *what;
		const char *user;
		u64 privileges;
		u32 type;
		u32 desired;
		u32 granted;
		u64 used;
		enum peios_check refused_by;
	} rows[] = {
		{ "the user", ALICE, 0, 0, PEEK, PEEK },
		{ "another", BOB, 0, 0, PEEK, 0, 0, PEIOS_CHECK_SD },
		{ "another, what all may", BOB, 0, 0, PEIOS_PROCESS_QUERY_LIMITED,
		  PEIOS_PROCESS_QUERY_LIMITED },
		{ "the user, protected", ALICE, 0, 2, PEEK, 0, 0,
		  PEIOS_CHECK_PIP },
		{ "what all may, protected", BOB, 0, 2,
		  PEIOS_PROCESS_QUERY_LIMITED, PEIOS_PROCESS_QUERY_LIMITED },
		{ "what all may and more, protected", ALICE, 0, 2,
		  PEIOS_PROCESS_QUERY_LIMITED | PEEK, 0, 0, PEIOS_CHECK_PIP },
		{ "a debugger", BOB, PEIOS_PRIV_DEBUG, 0, PEEK, PEEK,
		  PEIOS_PRIV_DEBUG },
		{ "a debugger that need not be one", ALICE, PEIOS_PRIV_DEBUG, 0,
		  PEEK, PEEK, 0 },
		{ "a debugger, protected", BOB, PEIOS_PRIV_ALL, 2, PEEK, 0, 0,
		  PEIOS_CHECK_PIP },
		{ "a debugger, all rights", BOB, PEIOS_PRIV_DEBUG, 0,
		  PEIOS_GENERIC_ALL, PEIOS_PROCESS_ALL, PEIOS_PRIV_DEBUG },
		{ "a debugger, as much as there is", BOB, PEIOS_PRIV_DEBUG, 0,
		  MAXIMUM, PEIOS_PROCESS_ALL, PEIOS_PRIV_DEBUG },
		{ "as much as there is", BOB, PEIOS_PRIV_ALL & ~PEIOS_PRIV_DEBUG, 0,
		  MAXIMUM, PEIOS_PROCESS_QUERY_LIMITED },
		{ "as much as there is, protected", BOB, PEIOS_PRIV_ALL, 2,
		  MAXIMUM, 0, 0, PEIOS_CHECK_PIP },
		{ "a debugger is no auditor", BOB, PEIOS_PRIV_DEBUG, 0,
		  PEIOS_ACCESS_SYSTEM_SECURITY | PEEK, 0, 0,
		  PEIOS_CHECK_PRIVILEGE },
		{ "a debugger and auditor", BOB,
		  PEIOS_PRIV_DEBUG | PEIOS_PRIV_SECURITY, 0,
		  PEIOS_ACCESS_SYSTEM_SECURITY | PEEK,
		  PEIOS_ACCESS_SYSTEM_SECURITY | PEEK,
		  PEIOS_PRIV_DEBUG | PEIOS_PRIV_SECURITY },
		{ "a debugger takes ownership", BOB,
		  PEIOS_PRIV_DEBUG | PEIOS_PRIV_TAKE_OWNERSHIP, 0,
		  PEIOS_WRITE_OWNER, PEIOS_WRITE_OWNER,
		  PEIOS_PRIV_TAKE_OWNERSHIP },
	};
	const struct peios_pip caller = { 1, 8192 };
	struct peios_access result;
	struct peios_sid user;
	struct peios_sd *sd;
	struct who *who = new_who(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, peios_sid_parse(ALICE, &user), 0);
	sd = default_sd(test, &user, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct peios_pip target = { rows[i].type, 0 };
		int want = rows[i].refused_by ? -EACCES : 0;
		int err;

		set_who(test, who, rows[i].user, "", "", rows[i].privileges);
		err = peios_process_check(&who->subject, &caller, sd, &target,
					  rows[i].desired, &result);
		KUNIT_EXPECT_EQ_MSG(test, err, want, "%s", rows[i].what);
		KUNIT_EXPECT_EQ_MSG(test, result.granted, rows[i].granted, "%s",
				    rows[i].what);
		KUNIT_EXPECT_EQ_MSG(test, result.used, rows[i].used, "%s",
				    rows[i].what);
		KUNIT_EXPECT_EQ_MSG(test, (int)result.refused_by,
				    (int)rows[i].refused_by, "%s",
				    rows[i].what);
	}
}

static void owner_permitted(struct kunit *test)
{
	static const struct {
		const char *owner;
		u64 privileges;
		bool permitted;
	} cases[] = {
		{ ALICE, 0, true },
		{ USERS, 0, true },
		{ ADMINS, 0, false },
		{ BOB, 0, false },
		{ EVERYONE, 0, false },
		{ OWNER_RIGHTS, 0, false },
		{ BOB, PEIOS_PRIV_ALL & ~PEIOS_PRIV_RESTORE, false },
		{ BOB, PEIOS_PRIV_RESTORE, true },
	};
	struct peios_sid owner;
	struct who *who = new_who(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_who(test, who, ALICE, USERS, ADMINS, cases[i].privileges);
		KUNIT_ASSERT_EQ(test, peios_sid_parse(cases[i].owner, &owner), 0);
		KUNIT_EXPECT_EQ_MSG(test,
				    peios_owner_permitted(&who->subject, &owner),
				    cases[i].permitted, "%s", cases[i].owner);
	}
}

static void generic_and_names(struct kunit *test)
{
	unsigned int i, named = 0;

	KUNIT_EXPECT_EQ(test, PEIOS_PROCESS_ALL, 0xe1f73);
	KUNIT_EXPECT_EQ(test, PEIOS_PROCESS_READ, 0x20410);
	KUNIT_EXPECT_EQ(test, PEIOS_PROCESS_WRITE, 0x40320);
	KUNIT_EXPECT_EQ(test, PEIOS_PROCESS_EXECUTE, 0x1801);
	KUNIT_EXPECT_EQ(test, peios_map_generic(0x0fffffff, &peios_process_mapping),
			0x0fffffff);
	KUNIT_EXPECT_EQ(test, peios_map_generic(PEIOS_GENERIC,
						&peios_process_mapping),
			PEIOS_PROCESS_ALL);
	for (i = 0; i < 32; i++) {
		if (!peios_right_name(BIT(i)))
			KUNIT_EXPECT_EQ(test, BIT(i) & PEIOS_PROCESS_ALL, 0);
		else
			named++;
	}
	KUNIT_EXPECT_EQ(test, named, 16);
	KUNIT_EXPECT_STREQ(test, peios_check_name(PEIOS_CHECK_PIP), "pip");
}

static struct kunit_case access_cases[] = {
	KUNIT_CASE(sid_binary_round_trip),
	KUNIT_CASE(sid_bad_binary),
	KUNIT_CASE(sd_parts),
	KUNIT_CASE(sd_malformed),
	KUNIT_CASE(sd_edges),
	KUNIT_CASE_SLOW(sd_mutated),
	KUNIT_CASE(access_table),
	KUNIT_CASE(access_reasons),
	KUNIT_CASE(unix_groups),
	KUNIT_CASE(everyone),
	KUNIT_CASE(token_to_subject),
	KUNIT_CASE(access_random),
	KUNIT_CASE(access_vectors),
	KUNIT_CASE(default_descriptor),
	KUNIT_CASE(write_rights),
	KUNIT_CASE(pip),
	KUNIT_CASE(process_decision),
	KUNIT_CASE(owner_permitted),
	KUNIT_CASE(generic_and_names),
	{}
};

static struct kunit_suite access_suite = {
	.name = "peios_access",
	.test_cases = access_cases,
};

kunit_test_suite(access_suite);

MODULE_DESCRIPTION("KUnit tests for security descriptors and AccessCheck");
MODULE_LICENSE("GPL");
