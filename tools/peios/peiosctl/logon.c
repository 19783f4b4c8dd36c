// SPDX-License-Identifier: GPL-2.0-only
/*
 * peiosctl: what the logon policy gives whom.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "../logon/logon.h"
#include "names.h"
#include "peiosctl.h"
#include "sddl.h"

static void say(void *to, bool error, const char *text)
{
	(void)to;
	name_printf(stderr, "peiosctl: %s%s", error ? "" : "warning: ", text);
	fputc('\n', stderr);
}

static void print_sids(const char *key, const struct peios_sid *sids,
		       unsigned int nr)
{
	char sid[PEIOS_SID_TEXT_MAX];
	unsigned int i;

	printf("%s", key);
	for (i = 0; i < nr; i++) {
		peios_sid_format(&sids[i], sid, sizeof(sid));
		printf("%c%s", i ? ',' : ' ', sid);
	}
	putchar('\n');
}

static void print_privileges(const char *key, u64 mask)
{
	char before = ' ';
	unsigned int i;

	printf("%s", key);
	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		printf("%c%s", before, peios_privilege_name(i));
		before = ',';
	}
	putchar('\n');
}

/* As the file of a token shows it, after the rule and what it comes to. */
static int print_result(const char *what, int err,
			const struct logon_result *result)
{
	static const char * const verdicts[] = {
		[LOGON_TOKEN]	= "token",
		[LOGON_UNIX]	= "unix",
		[LOGON_REFUSE]	= "refuse",
	};

	/* A rule's name is that of a file. */
	printf("%s %s\nby ", what, err ? "error" : verdicts[result->verdict]);
	name_put(stdout, result->by);
	putchar('\n');
	if (err)
		return EXIT_ERROR;
	if (result->verdict == LOGON_REFUSE)
		return EXIT_REFUSED;
	if (result->verdict == LOGON_UNIX)
		return 0;
	print_sids("user", &result->user, 1);
	print_sids("groups", result->sids, result->nr_groups);
	print_sids("deny", result->sids + result->nr_groups, result->nr_deny);
	print_privileges("present", result->privileges);
	print_privileges("enabled", result->enabled);
	return 0;
}

static bool has_service(const struct logon_policy *policy, const char *name)
{
	unsigned int i;

	for (i = 0; i < policy->nr; i++)
		if (policy->entries[i].table == LOGON_SERVICES &&
		    !strcmp(policy->entries[i].name, name))
			return true;
	return false;
}

/**
 * logon_show() - say what somebody would get, and by which rule
 * @registry: folder of the registry
 * @name: a user or, if there is no such user, a PAM service that has a rule
 * @service: the PAM service by which the user comes, or NULL
 * @elevate: as whom a command is to be run by elevation, or NULL for a session
 *
 * A service by itself is shown as root gets it.
 *
 * Return: the exit code.
 */
int logon_show(const char *registry, const char *name, const char *service,
	       const char *elevate)
{
	struct logon_result result;
	struct logon_policy policy;
	struct logon_who who, as = {};
	int ret;

	ret = logon_load(registry, &policy, say, NULL);
	if (ret == LOGON_NONE) {
		printf("session unix\nby no policy\n");
		return 0;
	}
	if (ret) {
		printf("session %s\nby OnError\n",
		       policy.on_error == LOGON_REFUSE ? "refuse" : "unix");
		return EXIT_ERROR;
	}
	ret = logon_who_find(name, service, &who);
	if (ret == -ENOENT && !service && has_service(&policy, name))
		ret = logon_who_find("root", name, &who);
	if (ret)
		die("%s: %s", name, ret == -ENOENT ?
		    "no such user, nor a service that has a rule" :
		    strerror(-ret));
	ret = logon_resolve(&policy);
	if (ret)
		die("groups: %s", strerror(-ret));
	if (elevate) {
		ret = logon_who_find(elevate, NULL, &as);
		if (ret)
			die("%s: %s", elevate, ret == -ENOENT ?
			    "no such user" : strerror(-ret));
		ret = logon_match_elevate(&policy, &who, elevate, &as, &result);
	} else {
		ret = logon_match(&policy, &who, &result);
	}
	ret = print_result(elevate ? "elevate" : "session", ret, &result);
	logon_who_free(&who);
	logon_who_free(&as);
	logon_free(&policy);
	return ret;
}
