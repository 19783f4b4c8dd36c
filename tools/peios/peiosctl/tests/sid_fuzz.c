// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a SID, as text and in binary form. Each has one form of either
 * kind: what is taken comes out again as it went in.
 */

#include <linux/kernel.h>
#include <linux/string.h>

#include "../../../../security/peios/sid.h"

int fuzz_one(const u8 *bytes, size_t size);

int fuzz_one(const u8 *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size);
	u8 binary[PEIOS_SID_BYTES_MAX];
	char again[PEIOS_SID_TEXT_MAX];
	struct peios_sid sid, other;
	int len;

	if (text && !peios_sid_parse(text, &sid)) {
		len = peios_sid_format(&sid, again, sizeof(again));
		/* Numbers may have had leading zeros. */
		assert(len > 0 && len <= (int)strlen(text));
		assert(!peios_sid_parse(again, &other));
		assert(peios_sid_equal(&sid, &other));
		len = peios_sid_encode(&sid, binary);
		assert(peios_sid_decode(binary, len, &other) == len);
		assert(peios_sid_equal(&sid, &other));
	}
	free(text);

	len = peios_sid_decode(bytes, size, &sid);
	if (len > 0) {
		assert(len <= (int)size);
		assert(peios_sid_encode(&sid, binary) == (size_t)len);
		assert(!memcmp(binary, bytes, len));
		peios_sid_format(&sid, again, sizeof(again));
		assert(!peios_sid_parse(again, &other));
		assert(peios_sid_equal(&sid, &other));
	}
	return 0;
}
