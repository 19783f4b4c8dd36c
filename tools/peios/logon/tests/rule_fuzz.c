// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: the text of a rule, and the token that comes of it.
 */
#include <linux/kernel.h>

#include "logon.h"

int fuzz_one(const u8 *data, size_t size);

int fuzz_one(const u8 *data, size_t size)
{
	static const u32 gids[] = { 27, 1000, 4 };
	struct logon_who who = {
		.user = "alice", .uid = 1000, .gids = gids, .nr_gids = 3,
	};
	struct logon_entry entry = { .name = "alice" };
	struct logon_policy policy = { .nr = 1, .entries = &entry };
	struct logon_result result;
	char command[LOGON_COMMAND_MAX];
	enum logon_verdict verdict;
	const char *why = NULL;
	char *text;
	int err;

	if (!size)
		return 0;
	/* Of the very size, so that a look beyond it is seen. */
	text = malloc(size + 1);
	if (!text)
		return 0;
	entry.table = data[0] % LOGON_NR_TABLES;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	err = logon_rule_parse(text, size - 1, entry.table, &entry.rule, &why);
	assert(!err == !why);
	if (!err) {
		assert(!(entry.rule.enabled & ~entry.rule.privileges));
		who.service = "alice";
		entry.known = true;
		entry.gid = 27;
		if (entry.table >= LOGON_ELEVATE_USERS)
			err = logon_match_elevate(&policy, &who, "root", &who,
						  &result);
		else
			err = logon_match(&policy, &who, &result);
		assert(!err);
		assert(result.nr_groups + result.nr_deny <= LOGON_SIDS_MAX);
		err = logon_command(&result, command, sizeof(command));
		assert(err == -E2BIG || (size_t)err == strlen(command));
	}
	memcpy(text, data + 1, size - 1);
	logon_word_parse(text, size - 1, &verdict, &why);
	free(text);
	return 0;
}
