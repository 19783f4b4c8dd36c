// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: SDDL. What is taken and fits is valid to the kernel, and what is
 * written of it is read as the same, and written the same again.
 */

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../sddl.h"

int fuzz_one(const u8 *bytes, size_t size);

int fuzz_one(const u8 *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size), *first, *second;
	u8 packed[PEIOS_SD_MAX], again[PEIOS_SD_MAX];
	struct sddl_error error;
	size_t packed_size, again_size;
	struct peios_sd *sd;
	struct sddl sddl;

	assert(text);
	if (sddl_parse(text, &sddl, &error)) {
		assert(error.at >= text && error.at <= text + strlen(text));
		goto out;
	}
	if (sddl_pack(&sddl, packed, &packed_size))
		goto out;
	if (sddl.has_owner) {
		assert(!peios_sd_parse(packed, packed_size, 0, &sd));
		sddl_unpack(sd, &sddl);
		kfree(sd);
	} else {
		/* A part: no process has one like this, but it can be read. */
		assert(peios_sd_parse(packed, packed_size, 0, &sd));
		assert(!sddl_unpack_bytes(packed, packed_size, &sddl));
		assert(!sddl.has_owner);
	}
	assert(!sddl_format(&sddl, &first));
	assert(!sddl_parse(first, &sddl, &error));
	assert(!sddl_pack(&sddl, again, &again_size));
	assert(again_size == packed_size && !memcmp(packed, again, again_size));
	assert(!sddl_format(&sddl, &second));
	assert(!strcmp(first, second));
	free(first);
	free(second);
out:
	free(text);
	return 0;
}
