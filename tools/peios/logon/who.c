// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users and groups, as the C library knows them.
 */
#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/kernel.h>

#include "logon.h"

/* Room for an entry of the user database; larger ones are an error. */
#define ENTRY_MAX	(256 * 1024)

/* As many groups as Linux has for a process. */
#define GROUPS_MAX	65536

/**
 * logon_who_find() - look a user up, with its groups
 * @user: its name
 * @service: name of the PAM service, or NULL
 * @who: the result, for logon_who_free(); refers to both names
 *
 * Return: 0, -ENOENT if there is no such user, or another negative errno.
 */
int logon_who_find(const char *user, const char *service,
		   struct logon_who *who)
{
	struct passwd entry, *found = NULL;
	char *buffer = malloc(ENTRY_MAX);
	gid_t *gids = NULL, *more;
	int nr = 32, err;

	static_assert(sizeof(gid_t) == sizeof(u32), "gids are 32 bits");
	memset(who, 0, sizeof(*who));
	if (!buffer)
		return -ENOMEM;
	err = -getpwnam_r(user, &entry, buffer, ENTRY_MAX, &found);
	if (!found) {
		free(buffer);
		return err ?: -ENOENT;
	}
	for (;;) {
		int room = nr;

		more = realloc(gids, room * sizeof(*gids));
		if (!more) {
			err = -ENOMEM;
			break;
		}
		gids = more;
		if (getgrouplist(user, entry.pw_gid, gids, &nr) >= 0) {
			err = 0;
			break;
		}
		/* They may be more by now than it said. */
		nr = nr > room ? nr : room * 2;
		if (nr > GROUPS_MAX) {
			err = -E2BIG;
			break;
		}
	}
	if (err) {
		free(gids);
	} else {
		who->service = service;
		who->user = user;
		who->uid = entry.pw_uid;
		who->gids = (const u32 *)gids;
		who->nr_gids = nr;
	}
	free(buffer);
	return err;
}

/**
 * logon_who_free() - free what logon_who_find() found
 * @who: what
 */
void logon_who_free(struct logon_who *who)
{
	free((void *)who->gids);
	who->gids = NULL;
}

/**
 * logon_resolve() - find the numbers of the groups that rules are for
 * @policy: the policy
 *
 * A rule for a group that there is not fits nobody. Where it can't be told
 * whether there is one, nobody can tell what the policy means.
 *
 * Return: 0 or a negative errno.
 */
int logon_resolve(struct logon_policy *policy)
{
	char *buffer = malloc(ENTRY_MAX);
	unsigned int i;
	int err = buffer ? 0 : -ENOMEM;

	for (i = 0; i < policy->nr && !err; i++) {
		struct logon_entry *entry = &policy->entries[i];
		struct group group, *found = NULL;

		if (entry->table != LOGON_GROUPS &&
		    entry->table != LOGON_ELEVATE_GROUPS)
			continue;
		err = -getgrnam_r(entry->name, &group, buffer, ENTRY_MAX,
				  &found);
		/* Some sources of groups say so where there is none. */
		if (err == -ENOENT || err == -ESRCH)
			err = 0;
		entry->known = found;
		if (found)
			entry->gid = group.gr_gid;
	}
	free(buffer);
	return err;
}
