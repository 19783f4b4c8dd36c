// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tokens as values: what a token still holds, the commands that change it, and
 * their results.  Nothing here looks at a task.
 */

#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "privilege.h"
#include "token.h"

/**
 * peios_unix_lost() - what a token with this Unix identity loses
 * @state: the relevant state of the credential
 *
 * Return: PEIOS_LOST_* bits.
 */
unsigned int peios_unix_lost(const struct peios_unix *state)
{
	if (!state->some_uid_0)
		return PEIOS_LOST_ROOT | PEIOS_LOST_TCB;
	if (!state->sys_resource || !state->init_user_ns)
		return PEIOS_LOST_TCB;
	return 0;
}

/**
 * peios_token_present() - the privileges that a token still has
 * @token: the token
 * @lost: PEIOS_LOST_* bits of the credential; an assigned token ignores them
 *
 * Return: the privileges' mask.
 */
u64 peios_token_present(const struct peios_token *token, unsigned int lost)
{
	if (token->assigned || !lost)
		return token->present;
	return token->present & PEIOS_PRIV_USER;
}

/**
 * peios_token_alloc() - allocate a token that is not shared yet
 * @nr_sids: number of groups to make room for
 *
 * Context: may sleep.
 * Return: the token, with one reference and no groups, or NULL.
 */
struct peios_token *peios_token_alloc(unsigned int nr_sids)
{
	struct peios_token *token;

	token = kzalloc(struct_size(token, groups, nr_sids), GFP_KERNEL_ACCOUNT);
	if (token)
		refcount_set(&token->usage, 1);
	return token;
}

/* A list is separated by commas; no element is empty or occurs twice. */
static int parse_privileges(char *list, u64 *mask)
{
	char *name;

	*mask = 0;
	while ((name = strsep(&list, ","))) {
		u64 bit;
		int err = peios_privilege_parse(name, &bit);

		if (err)
			return err;
		if (*mask & bit)
			return -EINVAL;
		*mask |= bit;
	}
	return 0;
}

static int parse_groups(char *list, struct peios_token *token,
			unsigned int *nr)
{
	char *name;

	while ((name = strsep(&list, ","))) {
		unsigned int i, end = token->nr_groups + token->nr_deny;
		int err;

		if (end == PEIOS_GROUPS_MAX)
			return -E2BIG;
		err = peios_sid_parse(name, &token->groups[end]);
		if (err)
			return err;
		for (i = 0; i < end; i++)
			if (peios_sid_equal(&token->groups[i],
					    &token->groups[end]))
				return -EINVAL;
		(*nr)++;
	}
	return 0;
}

enum { KEY_USER, KEY_GROUPS, KEY_DENY, KEY_PRIVILEGES, KEY_ENABLED, NR_KEYS };

static const char * const keys[NR_KEYS] = {
	[KEY_USER]	= "user",
	[KEY_GROUPS]	= "groups",
	[KEY_DENY]	= "deny",
	[KEY_PRIVILEGES] = "privileges",
	[KEY_ENABLED]	= "enabled",
};

/* KEY=VALUE words, in any order, each once; only user is required. */
static int split_replacement(char *words, char *values[NR_KEYS])
{
	char *word;

	while ((word = strsep(&words, " "))) {
		char *key = strsep(&word, "=");
		int i = match_string(keys, NR_KEYS, key);

		if (i < 0 || !word || values[i])
			return -EINVAL;
		values[i] = word;
	}
	return values[KEY_USER] ? 0 : -EINVAL;
}

static int parse_replacement(char *words, struct peios_token *token)
{
	char *values[NR_KEYS] = {};
	int err;

	err = split_replacement(words, values);
	if (!err)
		err = peios_sid_parse(values[KEY_USER], &token->user);
	if (!err && values[KEY_GROUPS] && *values[KEY_GROUPS])
		err = parse_groups(values[KEY_GROUPS], token, &token->nr_groups);
	if (!err && values[KEY_DENY] && *values[KEY_DENY])
		err = parse_groups(values[KEY_DENY], token, &token->nr_deny);
	if (!err && values[KEY_PRIVILEGES] && *values[KEY_PRIVILEGES])
		err = parse_privileges(values[KEY_PRIVILEGES], &token->present);
	if (!err && values[KEY_ENABLED] && *values[KEY_ENABLED])
		err = parse_privileges(values[KEY_ENABLED], &token->enabled);
	if (!err && token->enabled & ~token->present)
		err = -EINVAL;
	if (err)
		return err;

	token->enabled_default = token->enabled;
	token->assigned = true;
	return 0;
}

/**
 * peios_command_parse() - parse a command to attr/peios/token
 * @text: the command without a newline; its contents are used up
 * @command: the result; the caller frees its token, unless this fails
 *
 * Context: may sleep.
 * Return: 0, -EINVAL, -E2BIG for more than 64 groups, or -ENOMEM.
 */
int peios_command_parse(char *text, struct peios_command *command)
{
	static const char * const verbs[] = {
		[PEIOS_ENABLE]	= "enable",
		[PEIOS_DISABLE]	= "disable",
		[PEIOS_REMOVE]	= "remove",
		[PEIOS_REPLACE]	= "replace",
	};
	int kind, err;

	kind = match_string(verbs, ARRAY_SIZE(verbs), strsep(&text, " "));
	if (kind < 0 || !text)
		return -EINVAL;

	*command = (struct peios_command) { .kind = kind };
	if (kind != PEIOS_REPLACE)
		return parse_privileges(text, &command->privileges);

	command->token = peios_token_alloc(PEIOS_GROUPS_MAX);
	if (!command->token)
		return -ENOMEM;
	err = parse_replacement(text, command->token);
	if (err) {
		kfree(command->token);
		command->token = NULL;
	}
	return err;
}

/**
 * peios_token_lacks() - the privileges that a command needs and a token lacks
 * @old: the current token
 * @lost: PEIOS_LOST_* bits of the credential
 * @command: the command
 *
 * Return: the privileges' mask.
 */
u64 peios_token_lacks(const struct peios_token *old, unsigned int lost,
		      const struct peios_command *command)
{
	u64 present = peios_token_present(old, lost);

	switch (command->kind) {
	case PEIOS_ENABLE:
		return command->privileges & ~present;
	case PEIOS_REPLACE:
		return (command->token->present & ~present) |
		       (PEIOS_PRIV_CREATE_TOKEN & ~(old->enabled & present));
	default:
		return 0;
	}
}

/**
 * peios_token_apply() - apply a command to a token
 * @old: the current token
 * @lost: PEIOS_LOST_* bits of the credential
 * @command: the command
 * @new: the result, not shared yet; not touched on error
 *
 * No command adds privileges: what is not present can't be enabled, and a token
 * that replaces @old has no privilege that @old does not have. Replacing needs
 * SeCreateTokenPrivilege enabled. It is no error to disable or remove a
 * privilege that is not present.
 *
 * Context: may sleep.
 * Return: 0, -EPERM or -ENOMEM.
 */
int peios_token_apply(const struct peios_token *old, unsigned int lost,
		      const struct peios_command *command,
		      struct peios_token **new)
{
	const struct peios_token *from = old;
	u64 present = peios_token_present(old, lost);
	u64 enabled = old->enabled & present;
	unsigned int nr_sids;
	struct peios_token *token;

	if (peios_token_lacks(old, lost, command))
		return -EPERM;
	switch (command->kind) {
	case PEIOS_ENABLE:
		enabled |= command->privileges;
		break;
	case PEIOS_DISABLE:
		enabled &= ~command->privileges;
		break;
	case PEIOS_REMOVE:
		present &= ~command->privileges;
		enabled &= present;
		break;
	case PEIOS_REPLACE:
		from = command->token;
		present = from->present;
		enabled = from->enabled;
		break;
	}

	nr_sids = from->nr_groups + from->nr_deny;
	token = peios_token_alloc(nr_sids);
	if (!token)
		return -ENOMEM;
	token->assigned = from->assigned;
	token->present = present;
	token->enabled = enabled;
	token->enabled_default = from->enabled_default & present;
	atomic64_set(&token->used, atomic64_read(&from->used) & present);
	token->user = from->user;
	token->nr_groups = from->nr_groups;
	token->nr_deny = from->nr_deny;
	memcpy(token->groups, from->groups,
	       flex_array_size(token, groups, nr_sids));
	*new = token;
	return 0;
}
