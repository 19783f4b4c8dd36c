// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security descriptors as text: SDDL, [MS-DTYP] 2.5.1.
 *
 *	O:SID G:SID D:FLAGS(ACE)(ACE)... S:FLAGS(ACE)...
 *	ACE: type;flags;rights;object;inherited object;SID
 *
 * without the blanks. What is read is everything but conditional entries,
 * resource attributes, and aliases that need a domain. What is written is
 * the same for the same descriptor: SIDs by alias where one is known, rights by
 * name where they are generic or standard ones, or else in hexadecimal, since
 * the other names that SDDL has are those of directory objects' rights.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../../../security/peios/access.h"
#include "sddl.h"

#define GUID_SIZE	16

static const struct {
	const char *alias;
	const char *sid;
} aliases[] = {
	{ "AA", "S-1-5-32-579" },	/* access control assistance operators */
	{ "AC", "S-1-15-2-1" },		/* all application packages */
	{ "AN", "S-1-5-7" },		/* anonymous */
	{ "AO", "S-1-5-32-548" },	/* account operators */
	{ "AS", "S-1-18-1" },		/* authentication authority */
	{ "AU", "S-1-5-11" },		/* authenticated users */
	{ "BA", "S-1-5-32-544" },	/* Administrators */
	{ "BG", "S-1-5-32-546" },	/* Guests */
	{ "BO", "S-1-5-32-551" },	/* backup operators */
	{ "BU", "S-1-5-32-545" },	/* Users */
	{ "CD", "S-1-5-32-574" },	/* certificate service DCOM access */
	{ "CG", "S-1-3-1" },		/* creator group */
	{ "CO", "S-1-3-0" },		/* creator owner */
	{ "CY", "S-1-5-32-569" },	/* crypto operators */
	{ "ED", "S-1-5-9" },		/* enterprise domain controllers */
	{ "ER", "S-1-5-32-573" },	/* event log readers */
	{ "ES", "S-1-5-32-576" },	/* RDS endpoint servers */
	{ "HA", "S-1-5-32-578" },	/* Hyper-V administrators */
	{ "HI", "S-1-16-12288" },	/* high integrity */
	{ "IS", "S-1-5-32-568" },	/* IIS users */
	{ "IU", "S-1-5-4" },		/* interactive */
	{ "LS", "S-1-5-19" },		/* local service */
	{ "LU", "S-1-5-32-559" },	/* performance log users */
	{ "LW", "S-1-16-4096" },	/* low integrity */
	{ "ME", "S-1-16-8192" },	/* medium integrity */
	{ "MP", "S-1-16-8448" },	/* medium plus integrity */
	{ "MS", "S-1-5-32-577" },	/* RDS management servers */
	{ "MU", "S-1-5-32-558" },	/* performance monitor users */
	{ "NO", "S-1-5-32-556" },	/* network configuration operators */
	{ "NS", "S-1-5-20" },		/* network service */
	{ "NU", "S-1-5-2" },		/* network */
	{ "OW", "S-1-3-4" },		/* owner rights */
	{ "PO", "S-1-5-32-550" },	/* printer operators */
	{ "PS", "S-1-5-10" },		/* principal self */
	{ "PU", "S-1-5-32-547" },	/* power users */
	{ "RA", "S-1-5-32-575" },	/* RDS remote access servers */
	{ "RC", "S-1-5-12" },		/* restricted code */
	{ "RD", "S-1-5-32-555" },	/* remote desktop users */
	{ "RE", "S-1-5-32-552" },	/* replicators */
	{ "RM", "S-1-5-32-580" },	/* remote management users */
	{ "RU", "S-1-5-32-554" },	/* pre-Windows 2000 compatible access */
	{ "SI", "S-1-16-16384" },	/* system integrity */
	{ "SO", "S-1-5-32-549" },	/* server operators */
	{ "SS", "S-1-18-2" },		/* service asserted identity */
	{ "SU", "S-1-5-6" },		/* service */
	{ "SY", "S-1-5-18" },		/* SYSTEM */
	{ "UD", "S-1-5-84-0-0-0-0-0" },	/* user mode drivers */
	{ "WD", "S-1-1-0" },		/* everyone */
	{ "WR", "S-1-5-33" },		/* write restricted code */
};

struct word {
	const char *name;
	u32 bits;
};

/* Those that are written come first, then those that are only read. */
#define NR_WRITTEN	8

static const struct word rights[] = {
	{ "GA", PEIOS_GENERIC_ALL },
	{ "GR", PEIOS_GENERIC_READ },
	{ "GW", PEIOS_GENERIC_WRITE },
	{ "GX", PEIOS_GENERIC_EXECUTE },
	{ "RC", PEIOS_READ_CONTROL },
	{ "SD", PEIOS_DELETE },
	{ "WD", PEIOS_WRITE_DAC },
	{ "WO", PEIOS_WRITE_OWNER },
	/* directory objects */
	{ "CC", 0x1 }, { "DC", 0x2 }, { "LC", 0x4 }, { "SW", 0x8 },
	{ "RP", 0x10 }, { "WP", 0x20 }, { "DT", 0x40 }, { "LO", 0x80 },
	{ "CR", 0x100 },
	/* files */
	{ "FA", 0x1f01ff }, { "FR", 0x120089 }, { "FW", 0x120116 },
	{ "FX", 0x1200a0 },
	/* registry keys */
	{ "KA", 0xf003f }, { "KR", 0x20019 }, { "KW", 0x20006 },
	{ "KX", 0x20019 },
	/* mandatory labels */
	{ "NW", 0x1 }, { "NR", 0x2 }, { "NX", 0x4 },
};

static const struct word ace_types[] = {
	{ "A", PEIOS_ACE_ALLOWED },
	{ "D", PEIOS_ACE_DENIED },
	{ "AU", PEIOS_ACE_AUDIT },
	{ "AL", PEIOS_ACE_ALARM },
	{ "OA", PEIOS_ACE_ALLOWED_OBJECT },
	{ "OD", PEIOS_ACE_DENIED_OBJECT },
	{ "OU", PEIOS_ACE_AUDIT_OBJECT },
	{ "OL", PEIOS_ACE_ALARM_OBJECT },
	{ "ML", PEIOS_ACE_MANDATORY_LABEL },
	{ "SP", PEIOS_ACE_SCOPED_POLICY },
};

static const struct word ace_flags[] = {
	{ "OI", 0x01 }, { "CI", 0x02 }, { "NP", 0x04 }, { "IO", 0x08 },
	{ "ID", 0x10 }, { "SA", 0x40 }, { "FA", 0x80 },
};

#define ACE_FLAGS_KNOWN	0xdf

/* An ACL's control flags, at the place of the DACL's */
static const struct word acl_flags[] = {
	{ "P", PEIOS_SD_DACL_PROTECTED },
	{ "AR", PEIOS_SD_DACL_INHERIT_REQ },
	{ "AI", PEIOS_SD_DACL_INHERITED },
};

#define ACL_CONTROL	(PEIOS_SD_DACL_PROTECTED | PEIOS_SD_DACL_INHERIT_REQ | \
			 PEIOS_SD_DACL_INHERITED)
#define DACL_CONTROL	(ACL_CONTROL | PEIOS_SD_DACL_DEFAULTED | \
			 PEIOS_SD_DACL_TRUSTED | PEIOS_SD_SERVER_SECURITY)
#define SACL_CONTROL	((ACL_CONTROL << 1) | PEIOS_SD_SACL_DEFAULTED)
#define NULL_DACL	"NO_ACCESS_CONTROL"

static bool take(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len))
		return false;
	*text += len;
	return true;
}

/* Takes words one behind the other; their bits are added to @bits. */
static unsigned int take_words(const char **text, const struct word *words,
			       unsigned int nr, u32 *bits)
{
	unsigned int i, taken = 0;

	for (i = 0; i < nr; i++) {
		if (take(text, words[i].name)) {
			*bits |= words[i].bits;
			taken++;
			i = -1;
		}
	}
	return taken;
}

/* How long the text of a SID is that begins here; its form is not checked. */
static size_t sid_span(const char *text)
{
	const char *p = text;

	if (!take(&p, "S-1-"))
		return 0;
	if (take(&p, "0x"))
		p += strspn(p, "0123456789abcdefABCDEF");
	return p - text + strspn(p, "0123456789-");
}

/**
 * sddl_parse_sid() - take a SID or the alias of one
 * @text: where it begins; moved behind it
 * @sid: the result
 *
 * Return: 0 or -EINVAL.
 */
int sddl_parse_sid(const char **text, struct peios_sid *sid)
{
	char copy[PEIOS_SID_TEXT_MAX];
	size_t len = sid_span(*text);
	unsigned int i;

	if (!len) {
		for (i = 0; i < ARRAY_SIZE(aliases); i++)
			if (take(text, aliases[i].alias))
				return peios_sid_parse(aliases[i].sid, sid);
		return -EINVAL;
	}
	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, *text, len);
	copy[len] = '\0';
	if (peios_sid_parse(copy, sid))
		return -EINVAL;
	*text += len;
	return 0;
}

/**
 * sddl_sid_name() - the alias of a SID
 * @sid: the SID
 *
 * Return: two letters, or NULL if it has none.
 */
const char *sddl_sid_name(const struct peios_sid *sid)
{
	char text[PEIOS_SID_TEXT_MAX];
	unsigned int i;

	peios_sid_format(sid, text, sizeof(text));
	for (i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(aliases[i].sid, text))
			return aliases[i].alias;
	return NULL;
}

/**
 * sddl_parse_rights() - take access rights, a number or names
 * @text: where they begin; moved behind them
 * @mask: the result
 *
 * A number is decimal, octal with a leading 0, or hexadecimal with 0x.
 *
 * Return: 0 or -EINVAL.
 */
int sddl_parse_rights(const char **text, u32 *mask)
{
	*mask = 0;
	if (isdigit(**text)) {
		unsigned long long number;
		char *end;

		errno = 0;
		number = strtoull(*text, &end, 0);
		if (errno || number > U32_MAX)
			return -EINVAL;
		*mask = number;
		*text = end;
		return 0;
	}
	take_words(text, rights, ARRAY_SIZE(rights), mask);
	return 0;
}

static int hex_byte(const char *text, u8 *byte)
{
	int high = hex_to_bin(text[0]), low;

	if (high < 0)
		return -EINVAL;
	low = hex_to_bin(text[1]);
	if (low < 0)
		return -EINVAL;
	*byte = high << 4 | low;
	return 0;
}

/* Where the bytes of a GUID are in its text, from left to right. */
static const u8 guid_order[GUID_SIZE] = {
	3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15,
};

static bool dash_before(unsigned int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int parse_guid(const char **text, u8 *guid)
{
	const char *p = *text;
	unsigned int i;

	for (i = 0; i < GUID_SIZE; i++, p += 2) {
		if (dash_before(i) && *p++ != '-')
			return -EINVAL;
		if (hex_byte(p, &guid[guid_order[i]]))
			return -EINVAL;
	}
	*text = p;
	return 0;
}

static int fail(struct sddl_error *error, const char *at, const char *why)
{
	error->at = at;
	error->why = why;
	return -EINVAL;
}

static const struct word *find_type(const char **text)
{
	const char *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ace_types); i++) {
		p = *text;
		if (take(&p, ace_types[i].name) && *p == ';') {
			*text = p;
			return &ace_types[i];
		}
	}
	return NULL;
}

static bool is_object(u32 type)
{
	return type >= PEIOS_ACE_ALLOWED_OBJECT && type <= PEIOS_ACE_ALARM_OBJECT;
}

/* The largest: two types and the longest SID */
#define ACE_MAX	(PEIOS_ACE_OBJECT_AT + 4 + 2 * GUID_SIZE + PEIOS_SID_BYTES_MAX)

static int parse_ace(const char **text, u8 *ace, unsigned int *size,
		     struct sddl_error *error)
{
	unsigned int at = PEIOS_ACE_OBJECT_AT, i;
	const struct word *type;
	u32 flags = 0, mask, present = 0;
	struct peios_sid sid;
	const char *p = *text;

	type = find_type(&p);
	if (!type)
		return fail(error, p, *p == 'X' || *p == 'Z' || *p == 'R' ?
			    "conditional entries and attributes are not supported" :
			    "no such type of entry");
	p++;
	take_words(&p, ace_flags, ARRAY_SIZE(ace_flags), &flags);
	if (*p != ';')
		return fail(error, p, "no such flag of an entry");
	p++;
	if (sddl_parse_rights(&p, &mask) || *p != ';')
		return fail(error, p, "no such right");

	if (is_object(type->bits))
		at += 4;
	for (i = 0; i < 2; i++) {
		p++;
		if (*p == ';')
			continue;
		if (!is_object(type->bits))
			return fail(error, p, "only entries for objects have types");
		if (parse_guid(&p, ace + at) || *p != ';')
			return fail(error, p, "not a GUID");
		at += GUID_SIZE;
		present |= i ? PEIOS_ACE_INHERITED_TYPE_PRESENT :
			       PEIOS_ACE_OBJECT_TYPE_PRESENT;
	}
	p++;
	if (sddl_parse_sid(&p, &sid))
		return fail(error, p, "not a SID, or an alias that needs a domain");
	if (*p != ')')
		return fail(error, p, "expected )");
	p++;

	if (is_object(type->bits))
		put_unaligned_le32(present, ace + PEIOS_ACE_OBJECT_AT);
	at += peios_sid_encode(&sid, ace + at);
	ace[0] = type->bits;
	ace[1] = flags;
	put_unaligned_le16(at, ace + PEIOS_ACE_SIZE_AT);
	put_unaligned_le32(mask, ace + PEIOS_ACE_MASK_AT);
	*size = at;
	*text = p;
	return 0;
}

static int parse_acl(const char **text, struct sddl_acl *acl, u32 *control,
		     struct sddl_error *error)
{
	unsigned int nr = 0, size;
	u8 ace[ACE_MAX];

	acl->present = true;
	acl->size = 0;
	take_words(text, acl_flags, ARRAY_SIZE(acl_flags), control);
	if (take(text, NULL_DACL))
		return 0;

	memset(acl->bytes, 0, PEIOS_ACL_HEADER);
	acl->bytes[0] = PEIOS_ACL_REVISION;
	acl->size = PEIOS_ACL_HEADER;
	while (**text == '(') {
		const char *begin = *text;

		(*text)++;
		if (parse_ace(text, ace, &size, error))
			return -EINVAL;
		if (acl->size + size > PEIOS_SD_MAX)
			return fail(error, begin, "too long for a descriptor");
		memcpy(acl->bytes + acl->size, ace, size);
		acl->size += size;
		nr++;
		if (is_object(ace[0]))
			acl->bytes[0] = PEIOS_ACL_REVISION_DS;
	}
	put_unaligned_le16(acl->size, acl->bytes + PEIOS_ACL_SIZE_AT);
	put_unaligned_le16(nr, acl->bytes + PEIOS_ACL_COUNT_AT);
	return 0;
}

/**
 * sddl_parse() - read a security descriptor from text
 * @text: the text
 * @sddl: the result; it has what the text has, perhaps no owner
 * @error: where the text is wrong
 *
 * Return: 0 or -EINVAL.
 */
int sddl_parse(const char *text, struct sddl *sddl, struct sddl_error *error)
{
	const char *p = text;
	u32 control;

	memset(sddl, 0, sizeof(*sddl));
	if (!*p)
		return fail(error, p, "nothing to read: expected O:, G:, D: or S:");
	while (*p) {
		const char *begin = p;

		control = 0;
		if (!sddl->has_owner && take(&p, "O:")) {
			if (sddl_parse_sid(&p, &sddl->owner))
				return fail(error, p, "not a SID, or an alias that needs a domain");
			sddl->has_owner = true;
		} else if (!sddl->has_group && take(&p, "G:")) {
			if (sddl_parse_sid(&p, &sddl->group))
				return fail(error, p, "not a SID, or an alias that needs a domain");
			sddl->has_group = true;
		} else if (!sddl->dacl.present && take(&p, "D:")) {
			if (parse_acl(&p, &sddl->dacl, &control, error))
				return -EINVAL;
			sddl->control |= control;
		} else if (!sddl->sacl.present && take(&p, "S:")) {
			if (parse_acl(&p, &sddl->sacl, &control, error))
				return -EINVAL;
			/* The SACL's flags are the DACL's, one place up. */
			sddl->control |= control << 1;
		} else {
			return fail(error, begin,
				    "expected O:, G:, D: or S:, each once");
		}
	}
	return 0;
}

static void unpack_acl(const struct peios_sd *sd, bool present, unsigned int at,
		       struct sddl_acl *acl)
{
	acl->present = present;
	acl->size = 0;
	if (at) {
		acl->size = get_unaligned_le16(sd->bytes + at +
					       PEIOS_ACL_SIZE_AT);
		memcpy(acl->bytes, sd->bytes + at, acl->size);
	}
}

/**
 * sddl_unpack() - take a security descriptor apart
 * @sd: the descriptor
 * @sddl: the result
 */
void sddl_unpack(const struct peios_sd *sd, struct sddl *sddl)
{
	memset(sddl, 0, sizeof(*sddl));
	sddl->control = sd->control & ~(PEIOS_SD_SELF_RELATIVE |
					PEIOS_SD_DACL_PRESENT |
					PEIOS_SD_SACL_PRESENT);
	sddl->rm_control = sd->bytes[PEIOS_SD_RM_CONTROL_AT];
	peios_sd_owner(sd, &sddl->owner);
	sddl->has_owner = true;
	sddl->has_group = peios_sd_group(sd, &sddl->group);
	unpack_acl(sd, sd->control & PEIOS_SD_DACL_PRESENT, sd->dacl,
		   &sddl->dacl);
	unpack_acl(sd, sd->control & PEIOS_SD_SACL_PRESENT, sd->sacl,
		   &sddl->sacl);
}

/* What is put in for an owner that is not there, and taken out again. */
#define OWNER_BYTES	12

/**
 * sddl_unpack_bytes() - take a descriptor in binary apart, perhaps a part of one
 * @bytes: the descriptor; it may lack an owner, which no process's does
 * @size: its length
 * @sddl: the result
 *
 * Return: 0, -EINVAL if it is malformed, or -ENOMEM.
 */
int sddl_unpack_bytes(const u8 *bytes, size_t size, struct sddl *sddl)
{
	static const unsigned int parts[] = {
		PEIOS_SD_GROUP_AT, PEIOS_SD_SACL_AT, PEIOS_SD_DACL_AT,
	};
	u8 whole[PEIOS_SD_MAX + OWNER_BYTES];
	struct peios_sd *sd;
	unsigned int i;
	bool owner;
	int err;

	if (size < PEIOS_SD_HEADER || size > PEIOS_SD_MAX)
		return -EINVAL;
	owner = get_unaligned_le32(bytes + PEIOS_SD_OWNER_AT);
	if (owner) {
		memcpy(whole, bytes, size);
	} else {
		/* The kernel's check is for whole ones: put one before the parts. */
		memcpy(whole, bytes, PEIOS_SD_HEADER);
		put_unaligned_le32(PEIOS_SD_HEADER, whole + PEIOS_SD_OWNER_AT);
		peios_sid_encode(&peios_sid_system, whole + PEIOS_SD_HEADER);
		memcpy(whole + PEIOS_SD_HEADER + OWNER_BYTES,
		       bytes + PEIOS_SD_HEADER, size - PEIOS_SD_HEADER);
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			u32 at = get_unaligned_le32(bytes + parts[i]);

			/* What pointed into the header now does so into it. */
			if (at)
				put_unaligned_le32(at + OWNER_BYTES,
						   whole + parts[i]);
		}
		size += OWNER_BYTES;
	}
	err = peios_sd_parse(whole, size, 0, &sd);
	if (err)
		return err;
	sddl_unpack(sd, sddl);
	sddl->has_owner = owner;
	kfree(sd);
	return 0;
}

/**
 * sddl_merge() - put in what a descriptor does not have from another one
 * @sddl: the descriptor that is completed
 * @old: the one that is taken from
 */
void sddl_merge(struct sddl *sddl, const struct sddl *old)
{
	u16 keep = PEIOS_SD_RM_CONTROL_VALID;

	if (!sddl->has_owner) {
		sddl->has_owner = old->has_owner;
		sddl->owner = old->owner;
		keep |= PEIOS_SD_OWNER_DEFAULTED;
	}
	if (!sddl->has_group) {
		sddl->has_group = old->has_group;
		sddl->group = old->group;
		keep |= PEIOS_SD_GROUP_DEFAULTED;
	}
	if (!sddl->dacl.present) {
		sddl->dacl = old->dacl;
		keep |= DACL_CONTROL;
	}
	if (!sddl->sacl.present) {
		sddl->sacl = old->sacl;
		keep |= SACL_CONTROL;
	}
	sddl->control |= old->control & keep;
	sddl->rm_control = old->rm_control;
}

/**
 * sddl_pack() - make a self-relative security descriptor
 * @sddl: the descriptor, taken apart
 * @bytes: where to, with room for PEIOS_SD_MAX
 * @size: its length
 *
 * One without an owner leaves room for the shortest: it is part of a whole.
 *
 * Return: 0, or -E2BIG if it gets too long.
 */
int sddl_pack(const struct sddl *sddl, u8 *bytes, size_t *size)
{
	u16 control = sddl->control | PEIOS_SD_SELF_RELATIVE;
	size_t at = PEIOS_SD_HEADER;

	*size = at + sddl->sacl.size + sddl->dacl.size;
	if (sddl->has_owner)
		*size += peios_sid_bytes(&sddl->owner);
	if (sddl->has_group)
		*size += peios_sid_bytes(&sddl->group);
	if (*size + (sddl->has_owner ? 0 : OWNER_BYTES) > PEIOS_SD_MAX)
		return -E2BIG;

	memset(bytes, 0, PEIOS_SD_HEADER);
	bytes[PEIOS_SD_REVISION_AT] = 1;
	bytes[PEIOS_SD_RM_CONTROL_AT] = sddl->rm_control;
	if (sddl->has_owner) {
		put_unaligned_le32(at, bytes + PEIOS_SD_OWNER_AT);
		at += peios_sid_encode(&sddl->owner, bytes + at);
	}
	if (sddl->has_group) {
		put_unaligned_le32(at, bytes + PEIOS_SD_GROUP_AT);
		at += peios_sid_encode(&sddl->group, bytes + at);
	}
	if (sddl->sacl.present)
		control |= PEIOS_SD_SACL_PRESENT;
	if (sddl->sacl.size) {
		put_unaligned_le32(at, bytes + PEIOS_SD_SACL_AT);
		memcpy(bytes + at, sddl->sacl.bytes, sddl->sacl.size);
		at += sddl->sacl.size;
	}
	if (sddl->dacl.present)
		control |= PEIOS_SD_DACL_PRESENT;
	if (sddl->dacl.size) {
		put_unaligned_le32(at, bytes + PEIOS_SD_DACL_AT);
		memcpy(bytes + at, sddl->dacl.bytes, sddl->dacl.size);
	}
	put_unaligned_le16(control, bytes + PEIOS_SD_CONTROL_AT);
	return 0;
}

/**
 * sddl_begin_acl() - begin to walk through an access control list
 * @acl: the list
 * @walk: for peios_acl_next(); ends at once if there is none, or a NULL one
 */
void sddl_begin_acl(const struct sddl_acl *acl, struct peios_acl *walk)
{
	*walk = (struct peios_acl) {};
	if (!acl->size)
		return;
	walk->next = acl->bytes + PEIOS_ACL_HEADER;
	walk->room = acl->size - PEIOS_ACL_HEADER;
	walk->left = get_unaligned_le16(acl->bytes + PEIOS_ACL_COUNT_AT);
}

static void put_sid(FILE *out, const struct peios_sid *sid)
{
	const char *alias = sddl_sid_name(sid);
	char text[PEIOS_SID_TEXT_MAX];

	if (!alias) {
		peios_sid_format(sid, text, sizeof(text));
		alias = text;
	}
	fputs(alias, out);
}

static void put_words(FILE *out, const struct word *words, unsigned int nr,
		      u32 bits)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (bits & words[i].bits)
			fputs(words[i].name, out);
}

static void put_rights(FILE *out, u32 mask)
{
	u32 named = 0;
	unsigned int i;

	for (i = 0; i < NR_WRITTEN; i++)
		named |= rights[i].bits;
	if (!mask || mask & ~named)
		fprintf(out, "0x%x", mask);
	else
		put_words(out, rights, NR_WRITTEN, mask);
}

static void put_guid(FILE *out, const u8 *guid)
{
	unsigned int i;

	for (i = 0; i < GUID_SIZE; i++)
		fprintf(out, "%s%02x", dash_before(i) ? "-" : "",
			guid[guid_order[i]]);
}

static int put_ace(FILE *out, const struct peios_ace *ace)
{
	unsigned int i, at = PEIOS_ACE_OBJECT_AT + 4;
	u32 present = 0;

	for (i = 0; i < ARRAY_SIZE(ace_types); i++)
		if (ace_types[i].bits == ace->type)
			break;
	/* What has no form in SDDL, at least not in ours */
	if (i == ARRAY_SIZE(ace_types) || ace->flags & ~ACE_FLAGS_KNOWN ||
	    ace->end != ace->size)
		return -EOPNOTSUPP;
	if (is_object(ace->type))
		present = get_unaligned_le32(ace->bytes + PEIOS_ACE_OBJECT_AT);
	if (present & ~(PEIOS_ACE_OBJECT_TYPE_PRESENT |
			PEIOS_ACE_INHERITED_TYPE_PRESENT))
		return -EOPNOTSUPP;

	fprintf(out, "(%s;", ace_types[i].name);
	put_words(out, ace_flags, ARRAY_SIZE(ace_flags), ace->flags);
	fputc(';', out);
	put_rights(out, ace->mask);
	fputc(';', out);
	if (present & PEIOS_ACE_OBJECT_TYPE_PRESENT) {
		put_guid(out, ace->bytes + at);
		at += GUID_SIZE;
	}
	fputc(';', out);
	if (present & PEIOS_ACE_INHERITED_TYPE_PRESENT)
		put_guid(out, ace->bytes + at);
	fputc(';', out);
	put_sid(out, &ace->sid);
	fputc(')', out);
	return 0;
}

static int put_acl(FILE *out, char letter, const struct sddl_acl *acl,
		   u32 control)
{
	struct peios_acl walk;
	struct peios_ace ace;

	if (!acl->present)
		return 0;
	fprintf(out, "%c:", letter);
	put_words(out, acl_flags, ARRAY_SIZE(acl_flags), control);
	if (!acl->size)
		fputs(NULL_DACL, out);
	sddl_begin_acl(acl, &walk);
	while (peios_acl_next(&walk, &ace))
		if (put_ace(out, &ace))
			return -EOPNOTSUPP;
	return 0;
}

/**
 * sddl_format() - write a security descriptor as text
 * @sddl: the descriptor
 * @text: the result, to be freed
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP if an entry can't be written in SDDL.
 */
int sddl_format(const struct sddl *sddl, char **text)
{
	size_t size;
	FILE *out;
	int err;

	*text = NULL;
	out = open_memstream(text, &size);
	if (!out)
		return -ENOMEM;
	if (sddl->has_owner) {
		fputs("O:", out);
		put_sid(out, &sddl->owner);
	}
	if (sddl->has_group) {
		fputs("G:", out);
		put_sid(out, &sddl->group);
	}
	err = put_acl(out, 'D', &sddl->dacl, sddl->control);
	if (!err)
		err = put_acl(out, 'S', &sddl->sacl, sddl->control >> 1);
	if (fclose(out) && !err)
		err = -ENOMEM;
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}
