// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a security descriptor in binary form. What is taken can be walked
 * through and decided by, and still decides the same when it has been to SDDL
 * and back.
 */

#include <linux/kernel.h>
#include <linux/slab.h>

#include "../../../../security/peios/access.h"
#include "../../../../security/peios/privilege.h"
#include "../sddl.h"

static u32 maximum(const struct peios_sd *sd)
{
	static const struct peios_sid groups[] = {
		{ .authority = 5, .nr_subs = 2, .sub = { 32, 544 } },
		{ .authority = 5, .nr_subs = 1, .sub = { 11 } },
	};
	const struct peios_subject subject = {
		.user = &peios_sid_system,
		.groups = groups,
		.nr_groups = 1,
		.nr_deny = 1,
	};
	struct peios_access result, each;
	unsigned int i;

	assert(!peios_access_check(&subject, sd, PEIOS_MAXIMUM_ALLOWED,
				   &peios_process_mapping, &result));
	/* It is what each right is by itself. */
	for (i = 0; i < 24; i++) {
		bool granted = !peios_access_check(&subject, sd, 1U << i,
						   &peios_process_mapping, &each);

		if (sd->dacl)
			assert(granted == !!(result.granted & 1U << i));
		else
			assert(granted);
	}
	return result.granted;
}

static void to_text_and_back(const struct peios_sd *sd)
{
	struct sddl sddl, again;
	struct sddl_error error;
	struct peios_sd *other;
	u8 bytes[PEIOS_SD_MAX];
	size_t size;
	char *text;

	sddl_unpack(sd, &sddl);
	if (sddl_format(&sddl, &text))
		return;
	assert(!sddl_parse(text, &again, &error));
	free(text);
	assert(!sddl_pack(&again, bytes, &size) && size <= sd->size);
	assert(!peios_sd_parse(bytes, size, 0, &other));
	assert(maximum(other) == maximum(sd));
	/* Text has no place for flags but these; the owner is as before. */
	assert(!(peios_sd_write_rights(sd, other) & PEIOS_WRITE_OWNER));
	kfree(other);
}

int fuzz_one(const u8 *bytes, size_t size);

int fuzz_one(const u8 *bytes, size_t size)
{
	struct peios_acl acl;
	struct peios_ace ace;
	struct peios_sd *sd;
	unsigned int list;

	if (peios_sd_parse(bytes, size, 0, &sd))
		return 0;
	assert(size >= PEIOS_SD_HEADER && size <= PEIOS_SD_MAX);
	for (list = 0; list < 2; list++) {
		if (!(list ? peios_sd_dacl(sd, &acl) : peios_sd_sacl(sd, &acl)))
			continue;
		while (peios_acl_next(&acl, &ace))
			assert(ace.bytes + ace.size <= sd->bytes + sd->size);
		assert(!acl.left);
	}
	maximum(sd);
	to_text_and_back(sd);
	kfree(sd);
	return 0;
}
