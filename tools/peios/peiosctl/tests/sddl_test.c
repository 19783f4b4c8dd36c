// SPDX-License-Identifier: GPL-2.0-only
/*
 * SDDL: what it reads and writes is what Samba reads and writes, and nothing
 * that is malformed is taken. Prints TAP.
 *
 *	sddl_test sddl.vectors
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../sddl.h"

static unsigned int nr, failed;

static void result(bool good, const char *what)
{
	printf("%sok %u sddl: %s\n", good ? "" : "not ", ++nr, what);
	failed += !good;
}

static size_t from_hex(const char *hex, u8 *bytes)
{
	size_t i, size = strlen(hex) / 2;

	for (i = 0; i < size; i++)
		bytes[i] = hex_to_bin(hex[2 * i]) << 4 |
			   hex_to_bin(hex[2 * i + 1]);
	return size;
}

/* Samba's ACLs always have revision 4; ours do if there is an object's entry. */
static void same_revision(u8 *bytes)
{
	u32 dacl = get_unaligned_le32(bytes + PEIOS_SD_DACL_AT);
	u32 sacl = get_unaligned_le32(bytes + PEIOS_SD_SACL_AT);

	if (dacl)
		bytes[dacl] = PEIOS_ACL_REVISION_DS;
	if (sacl)
		bytes[sacl] = PEIOS_ACL_REVISION_DS;
}

static bool reads_as(const char *text, const u8 *want, size_t want_size)
{
	struct sddl_error error;
	u8 bytes[PEIOS_SD_MAX];
	struct sddl sddl;
	size_t size;

	if (sddl_parse(text, &sddl, &error)) {
		printf("# %s at %s\n", error.why, error.at);
		return false;
	}
	if (sddl_pack(&sddl, bytes, &size))
		return false;
	same_revision(bytes);
	return size == want_size && !memcmp(bytes, want, size);
}

/* Copies SDDL with each entry's rights as a number. */
static void with_numbers(const char *text, char *to)
{
	unsigned int field = 0;

	while (*text) {
		if (*text == '(')
			field = 0;
		*to++ = *text;
		if (*text++ != ';' || ++field != 2)
			continue;
		u32 mask;

		if (sddl_parse_rights(&text, &mask))
			mask = 0xdeadbeef;
		to += sprintf(to, "0x%x", mask);
	}
	*to = '\0';
}

/* A line: text, what Samba made of it, what Samba makes of that. */
static bool vector(const char *text, const char *hex, const char *again)
{
	char ours_numbers[16384], again_numbers[16384], *ours = NULL;
	u8 bytes[PEIOS_SD_MAX];
	size_t size = from_hex(hex, bytes);
	struct peios_sd *sd;
	struct sddl sddl;
	bool good;

	if (!reads_as(text, bytes, size) || !reads_as(again, bytes, size))
		return false;
	if (peios_sd_parse(bytes, size, 0, &sd))
		return false;
	sddl_unpack(sd, &sddl);
	free(sd);
	if (sddl_format(&sddl, &ours))
		return false;
	with_numbers(ours, ours_numbers);
	with_numbers(again, again_numbers);
	good = reads_as(ours, bytes, size) &&
	       !strcmp(ours_numbers, again_numbers);
	if (!good)
		printf("# ours:  %s\n# Samba: %s\n", ours, again);
	free(ours);
	return good;
}

static void check_vectors(const char *path)
{
	static char line[32768];
	FILE *in = fopen(path, "r");
	unsigned int count = 0, bad = 0;

	while (in && fgets(line, sizeof(line), in)) {
		char *rest = line, *text, *hex;

		line[strcspn(line, "\n")] = '\0';
		if (*line == '#')
			continue;
		text = strsep(&rest, " ");
		hex = strsep(&rest, " ");
		count++;
		if (!vector(text, hex, rest)) {
			printf("# differs: %s\n", text);
			bad++;
		}
	}
	if (in)
		fclose(in);
	printf("# %u vectors\n", count);
	result(count >= 100 && !bad, "reads and writes as Samba does");
}

static void check_malformed(void)
{
	static const char * const texts[] = {
		"", "X", "O", "O:", "O:XX", "O:SYO:SY", "O:SYG:", "O:SY ", " O:SY",
		"O:S-1-5", "O:S-1-5-", "O:S-1-5-4294967296", "O:S-2-5-18",
		"O:S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
		"O:S-1-0x5-1", "O:DA", "D:D:", "D:PS:S:", "D:X", "D:NO_ACCESS",
		"D:NO_ACCESS_CONTROL(A;;GA;;;WD)",
		"D:(", "D:()", "D:(A", "D:(A;;GA;;;WD", "D:(A;;GA;;WD)",
		"D:(A;;GA;;;;WD)", "D:(Z;;GA;;;WD)", "D:(;;GA;;;WD)",
		"D:(A;XX;GA;;;WD)", "D:(A;O;GA;;;WD)", "D:(A;;G;;;WD)",
		"D:(A;;GAX;;;WD)", "D:(A;;0x;;;WD)", "D:(A;;0x100000000;;;WD)",
		"D:(A;;08;;;WD)", "D:(A;;-1;;;WD)", "D:(A;;GA;;;)",
		"D:(A;;GA;;;DA)", "D:(A;;GA;;;WD))", "D:(A;;GA;;;WD)x",
		"D:(A;;GA;bf967aba-0de6-11d0-a285-00aa003049e2;;WD)",
		"D:(OA;;GA;bf967aba-0de6-11d0-a285-00aa003049e;;WD)",
		"D:(OA;;GA;bf967aba00de6-11d0-a285-00aa003049e2;;WD)",
		"D:(OA;;GA;{bf967aba-0de6-11d0-a285-00aa003049e2};;WD)",
		"D:(XA;;GA;;;WD;(a==1))", "S:(RA;;;;;WD;(\"a\",TI,0,1))",
	};
	struct sddl_error error;
	struct sddl sddl;
	unsigned int i;
	bool good = true;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		error = (struct sddl_error) {};
		if (!sddl_parse(texts[i], &sddl, &error) || !error.why ||
		    error.at < texts[i] ||
		    error.at > texts[i] + strlen(texts[i])) {
			printf("# taken: %s\n", texts[i]);
			good = false;
		}
	}
	result(good, "refuses what is malformed, and says where");
}

/* What Samba does not do, or does otherwise: text, and what is written for it */
static void check_others(void)
{
	static const char * const pairs[][2] = {
		{ "D:", "D:" },
		{ "D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL" },
		{ "D:PNO_ACCESS_CONTROL", "D:PNO_ACCESS_CONTROL" },
		{ "D:AIS:ARP", "D:AIS:PAR" },
		{ "S:D:G:BAO:SY", "O:SYG:BAD:S:" },
		{ "O:S-1-0x123456789abc-7", "O:S-1-0x123456789abc-7" },
		{ "O:S-1-5-18D:", "O:SYD:" },
		{ "D:(A;;FA;;;WD)", "D:(A;;0x1f01ff;;;WD)" },
		{ "D:(A;;KA;;;WD)", "D:(A;;0xf003f;;;WD)" },
		{ "D:(A;;SDRCWDWO;;;WD)", "D:(A;;RCSDWDWO;;;WD)" },
		{ "D:(A;;0xf0000000;;;WD)", "D:(A;;GAGRGWGX;;;WD)" },
		{ "D:(A;;31;;;WD)", "D:(A;;0x1f;;;WD)" },
		{ "D:(A;;017;;;WD)", "D:(A;;0xf;;;WD)" },
		{ "D:(A;;;;;WD)", "D:(A;;0x0;;;WD)" },
		{ "D:(A;IDIO;GA;;;OW)", "D:(A;IOID;GA;;;OW)" },
		{ "S:(ML;;NWNX;;;HI)", "S:(ML;;0x5;;;HI)" },
		{ "D:(OA;;GA;;;WD)", "D:(OA;;GA;;;WD)" },
	};
	struct sddl_error error;
	struct sddl sddl;
	unsigned int i;
	bool good = true;
	char *text;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (sddl_parse(pairs[i][0], &sddl, &error)) {
			printf("# refused: %s\n", pairs[i][0]);
			good = false;
			continue;
		}
		if (sddl_format(&sddl, &text) || strcmp(text, pairs[i][1])) {
			printf("# %s: %s\n", pairs[i][0], text);
			good = false;
		}
		free(text);
	}
	result(good, "forms that Samba does not know");
}

static void check_limits(void)
{
	static char text[65536];
	struct sddl_error error;
	struct sddl sddl;
	u8 bytes[PEIOS_SD_MAX];
	size_t size;
	unsigned int i;
	bool good = true;

	/* 20 for the header, 12 for SYSTEM, 8 for the list, 20 an entry */
	strcat(text, "O:SYD:");
	for (i = 0; i < (PEIOS_SD_MAX - 40) / 20; i++)
		strcat(text, "(A;;GA;;;SY)");
	good &= !sddl_parse(text, &sddl, &error) &&
		!sddl_pack(&sddl, bytes, &size) && size > PEIOS_SD_MAX - 20;
	strcat(text, "(A;;GA;;;SY)");
	good &= !sddl_parse(text, &sddl, &error) &&
		sddl_pack(&sddl, bytes, &size) == -E2BIG;
	for (i = 0; i < 200; i++)
		strcat(text, "(A;;GA;;;SY)");
	good &= sddl_parse(text, &sddl, &error) == -EINVAL;
	/* As a part: there must be room for the owner that the whole will have. */
	*text = '\0';
	strcat(text, "D:");
	for (i = 0; i < (PEIOS_SD_MAX - 40) / 20; i++)
		strcat(text, "(A;;GA;;;SY)");
	good &= !sddl_parse(text, &sddl, &error) &&
		!sddl_pack(&sddl, bytes, &size) &&
		!sddl_unpack_bytes(bytes, size, &sddl);
	strcat(text, "(A;;GA;;;SY)");
	good &= !sddl_parse(text, &sddl, &error) &&
		sddl_pack(&sddl, bytes, &size) == -E2BIG;
	result(good, "at most 4096 bytes");
}

/* Each part by itself, and all of them: what is packed is unpacked, the same. */
static void check_parts(void)
{
	static const char * const parts[] = {
		"O:SY", "G:S-1-22-2-50", "D:P(A;;GA;;;SY)(D;OICI;0x3;;;WD)",
		"S:(AU;SA;GR;;;WD)",
	};
	struct sddl_error error;
	struct sddl sddl;
	u8 bytes[PEIOS_SD_MAX];
	unsigned int mask, i;
	bool good = true;
	char text[256], *again;
	size_t size;

	for (mask = 1; mask < 1 << ARRAY_SIZE(parts); mask++) {
		*text = '\0';
		for (i = 0; i < ARRAY_SIZE(parts); i++)
			if (mask & 1 << i)
				strcat(text, parts[i]);
		again = NULL;
		if (sddl_parse(text, &sddl, &error) ||
		    sddl_pack(&sddl, bytes, &size) ||
		    sddl_unpack_bytes(bytes, size, &sddl) ||
		    sddl_format(&sddl, &again) || strcmp(text, again)) {
			printf("# %s: %s\n", text, again);
			good = false;
		}
		free(again);
	}
	/* A part is checked as a whole is. */
	good &= !sddl_parse("D:(A;;GA;;;SY)", &sddl, &error) &&
		!sddl_pack(&sddl, bytes, &size);
	for (i = 0; i < size; i++)
		good &= sddl_unpack_bytes(bytes, i, &sddl) == -EINVAL;
	result(good, "a descriptor without an owner is read back");
}

static void check_merge(void)
{
	static const char * const cases[][3] = {
		{ "O:SY", "O:BAG:BUD:P(A;;GA;;;WD)S:AI(AU;SA;GA;;;WD)",
		  "O:SYG:BUD:P(A;;GA;;;WD)S:AI(AU;SA;GA;;;WD)" },
		{ "D:(A;;GR;;;WD)", "O:BAG:BUD:P(A;;GA;;;WD)S:P",
		  "O:BAG:BUD:(A;;GR;;;WD)S:P" },
		{ "G:SYS:", "O:BAG:BUD:PS:P", "O:BAG:SYD:PS:" },
		{ "G:BU", "O:BAD:NO_ACCESS_CONTROL", "O:BAG:BUD:NO_ACCESS_CONTROL" },
		{ "D:", "O:BA", "O:BAD:" },
	};
	struct sddl_error error;
	struct sddl sddl, old;
	unsigned int i;
	bool good = true;
	char *text = NULL;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		good &= !sddl_parse(cases[i][0], &sddl, &error) &&
			!sddl_parse(cases[i][1], &old, &error);
		sddl_merge(&sddl, &old);
		good &= !sddl_format(&sddl, &text);
		if (!text || strcmp(text, cases[i][2])) {
			printf("# %s: %s\n", cases[i][0], text);
			good = false;
		}
		free(text);
	}
	result(good, "what is left out stays");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	printf("TAP version 13\n1..6\n");
	check_vectors(argv[1]);
	check_malformed();
	check_others();
	check_limits();
	check_parts();
	check_merge();
	return failed ? 1 : 0;
}
