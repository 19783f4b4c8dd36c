// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a command to attr/peios/token, and what comes of it: no privilege
 * appears that was not there, and what fails changes nothing.
 */

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../../../../security/peios/privilege.h"
#include "../../../../security/peios/token.h"

static void apply(const struct peios_command *command, u64 present, u64 enabled)
{
	struct peios_token *token = peios_token_alloc(0), *new = NULL;
	int err;

	assert(token);
	token->present = present;
	token->enabled = enabled;
	err = peios_token_apply(token, 0, command, &new);
	assert(err == 0 || err == -EPERM);
	assert(token->present == present && token->enabled == enabled);
	if (!err) {
		assert(!(new->present & ~present));
		assert(!(new->enabled & ~new->present));
		if (command->kind == PEIOS_REPLACE)
			assert(enabled & PEIOS_PRIV_CREATE_TOKEN);
	} else {
		assert(!new);
	}
	kfree(new);
	kfree(token);
}

int fuzz_one(const u8 *bytes, size_t size);

int fuzz_one(const u8 *bytes, size_t size)
{
	struct peios_command command = {};
	char *text = strndup((const char *)bytes, size);

	assert(text);
	if (peios_command_parse(text, &command)) {
		assert(!command.token);
	} else {
		assert(!!command.token == (command.kind == PEIOS_REPLACE));
		if (command.token) {
			assert(command.token->user.nr_subs);
			assert(command.token->nr_groups +
			       command.token->nr_deny <= PEIOS_GROUPS_MAX);
		} else {
			assert(command.privileges);
		}
		assert(!(command.privileges & ~PEIOS_PRIV_ALL));
		apply(&command, PEIOS_PRIV_ALL, PEIOS_PRIV_ALL);
		apply(&command, PEIOS_PRIV_ALL,
		      PEIOS_PRIV_ALL & ~PEIOS_PRIV_CREATE_TOKEN);
		apply(&command, PEIOS_PRIV_USER | PEIOS_PRIV_CREATE_TOKEN,
		      PEIOS_PRIV_CREATE_TOKEN);
		apply(&command, 0, 0);
	}
	kfree(command.token);
	free(text);
	return 0;
}
