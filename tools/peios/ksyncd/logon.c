// SPDX-License-Identifier: GPL-2.0-only
/*
 * The logon policy, as far as ksyncd has to do with it: it is checked with the
 * rest of the registry. pam_peios and peios-elevated read it when they need it.
 * What reads it allocates memory, which the daemon does not: only check asks.
 */
#include <stdbool.h>
#include <syslog.h>

#include "../logon/logon.h"
#include "say.h"

static void say_one(void *to, bool error, const char *text)
{
	(void)to;
	say(error ? LOG_ERR : LOG_WARNING, "%s", text);
}

/**
 * logon_check() - see whether the logon policy is right
 * @root: folder of the registry
 *
 * Return: true if it is, or if there is none.
 */
bool logon_check(const char *root)
{
	struct logon_policy policy;
	int ret = logon_load(root, &policy, say_one, NULL);

	logon_free(&policy);
	return !ret || ret == LOGON_NONE;
}
