// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of rules, and which of them decides what.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "logon.h"
#include "test.h"

static struct logon_rule rule;
static const char *why;

static int parse(enum logon_table table, const char *text)
{
	char copy[LOGON_FILE_MAX + 64];

	snprintf(copy, sizeof(copy), "%s", text);
	return logon_rule_parse(copy, strlen(copy), table, &rule, &why);
}

/* It is refused, for this reason. */
static void refused(const char *text, const char *reason)
{
	int err = parse(LOGON_USERS, text);

	expect(err == -EINVAL && why && strstr(why, reason),
	       "'%s': %d, %s", text, err, why ?: "accepted");
}

static void good_rules(void)
{
	expect(!parse(LOGON_GROUPS, "# Debian's\n\ngroups unix,Administrators\n"),
	       "%s", why);
	expect(rule.verdict == LOGON_TOKEN && !rule.has_user &&
	       rule.unix_groups && rule.nr_groups == 1 &&
	       peios_sid_equal(&rule.groups[0], &peios_sid_administrators),
	       "what it says");
	expect(rule.privileges == PEIOS_PRIV_USER &&
	       rule.enabled == PEIOS_PRIV_USER, "privileges by default");

	expect(!parse(LOGON_SERVICES,
		      "user SYSTEM\ngroups S-1-5-32-544\ndeny S-1-1-0\n"
		      "privileges SeTcbPrivilege,SeDebugPrivilege\n"
		      "enabled SeTcbPrivilege\n"), "%s", why);
	expect(rule.has_user && peios_sid_equal(&rule.user, &peios_sid_system) &&
	       !rule.unix_groups && rule.nr_deny == 1, "what it says");
	expect(rule.privileges == (PEIOS_PRIV_TCB | PEIOS_PRIV_DEBUG) &&
	       rule.enabled == PEIOS_PRIV_TCB, "privileges");

	expect(!parse(LOGON_USERS, "logon refuse\n") &&
	       rule.verdict == LOGON_REFUSE, "refuse");
	expect(!parse(LOGON_USERS, "privileges none\n") && !rule.privileges &&
	       !rule.enabled, "none");
	expect(!parse(LOGON_ELEVATE_USERS, "as root,postgres\n") &&
	       rule.nr_as == 2 && !strcmp(rule.as[1], "postgres"), "as");
	expect(!parse(LOGON_ELEVATE_USERS, "privileges SeTcbPrivilege\n") &&
	       rule.nr_as == 1 && !strcmp(rule.as[0], "root"), "as by default");
	test_done("rules that are right");
}

static void bad_rules(void)
{
	char many[2048] = "groups ";
	unsigned int i;

	refused("", "is empty");
	refused("user unix", "newline");
	refused("# nothing\n\n", "says nothing");
	refused("user S-1-5-18\x20\n", "SID");
	refused("user SysteM\n", "SID");
	refused("user S-1-\n", "SID");
	refused("groups S-1-5-18,\n", "SID");
	refused("groups unix,unix\n", "twice");
	refused("groups S-1-5-18,SYSTEM\n", "twice");
	refused("groups SYSTEM\ndeny SYSTEM\n", "twice");
	refused("deny unix\n", "SID");
	refused("privileges SeTcb\n", "not the name of a privilege");
	refused("privileges SeTcbPrivilege,SeTcbPrivilege\n", "twice");
	refused("privileges SeDebugPrivilege\nenabled SeTcbPrivilege\n",
		"does not give");
	refused("enabled SeDebugPrivilege\n", "does not give");
	refused("user unix\nuser unix\n", "key twice");
	refused("user\n", "without a value");
	refused("user\x20\n", "without a value");
	refused("User unix\n", "key that there is not");
	refused(" user unix\n", "key that there is not");
	refused("logon maybe\n", "not token");
	refused("logon unix\nprivileges SeTcbPrivilege\n", "nobody gets");
	refused("as root\n", "for elevation");
	refused("user unix\x1b[2J\n", "control character");
	expect(parse(LOGON_ELEVATE_GROUPS, "logon unix\n") &&
	       strstr(why, "elevates nobody"), "%s", why ?: "accepted");
	expect(parse(LOGON_ELEVATE_GROUPS, "as ../x\n") &&
	       strstr(why, "name of a user"), "%s", why ?: "accepted");

	for (i = 0; i <= LOGON_RULE_SIDS_MAX; i++)
		sprintf(many + strlen(many), "%sS-1-22-2-%u", i ? "," : "", i);
	strcat(many, "\n");
	refused(many, "too many");
	test_done("rules that are wrong");
}

static void words(void)
{
	static const struct {
		const char *text;
		int err;
		enum logon_verdict verdict;
	} cases[] = {
		{ "unix\n", 0, LOGON_UNIX },
		{ "# why\nrefuse\n", 0, LOGON_REFUSE },
		{ "token\n", -EINVAL, LOGON_TOKEN },
		{ "refuse", -EINVAL, LOGON_TOKEN },
		{ "unix\nrefuse\n", -EINVAL, LOGON_TOKEN },
		{ "", -EINVAL, LOGON_TOKEN },
		{ "# no value\n", -EINVAL, LOGON_TOKEN },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		enum logon_verdict verdict = LOGON_TOKEN;
		char copy[64];
		int err;

		snprintf(copy, sizeof(copy), "%s", cases[i].text);
		err = logon_word_parse(copy, strlen(copy), &verdict, &why);
		expect(err == cases[i].err && verdict == cases[i].verdict,
		       "'%s': %d %d", cases[i].text, err, verdict);
	}
	test_done("unix or refuse");
}

static void names(void)
{
	char long_name[LOGON_NAME_MAX + 1];

	memset(long_name, 'a', LOGON_NAME_MAX);
	long_name[LOGON_NAME_MAX] = '\0';
	expect(!logon_name_valid(long_name), "too long");
	long_name[LOGON_NAME_MAX - 1] = '\0';
	expect(logon_name_valid(long_name), "just fits");
	expect(logon_name_valid("systemd-user") && logon_name_valid("_apt") &&
	       logon_name_valid("a.b@c+d"), "good");
	expect(!logon_name_valid("") && !logon_name_valid(".") &&
	       !logon_name_valid("..") && !logon_name_valid("a/b") &&
	       !logon_name_valid("a b") && !logon_name_valid("-a") &&
	       !logon_name_valid("_a/b") &&
	       !logon_name_valid("\303\244"), "bad");
	test_done("names");
}

static struct logon_entry entries[8];
static struct logon_policy policy;
static struct logon_result result;

static void fresh(void)
{
	memset(entries, 0, sizeof(entries));
	policy = (struct logon_policy) {
		.no_rule = LOGON_UNIX, .entries = entries,
	};
}

static void add(enum logon_table table, const char *name, u32 gid,
		const char *text)
{
	struct logon_entry *entry = &entries[policy.nr++];

	if (parse(table, text))
		expect(0, "%s: %s", text, why);
	entry->table = table;
	entry->known = gid;
	entry->gid = gid;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->rule = rule;
}

#define ALICE		"S-1-22-1-1000"
#define ALICE_GROUPS	"S-1-22-2-1000,S-1-22-2-27,S-1-22-2-4"
#define TCB		"SeTcbPrivilege"

static const u32 alice_gids[] = { 1000, 27, 4 };
static const struct logon_who alice = {
	.service = "sshd", .user = "alice", .uid = 1000,
	.gids = alice_gids, .nr_gids = 3,
};

static const u32 root_gids[] = { 0 };
static const struct logon_who root = {
	.user = "root", .gids = root_gids, .nr_gids = 1,
};

static void is(const char *command, const char *by)
{
	char text[LOGON_COMMAND_MAX];

	logon_command(&result, text, sizeof(text));
	expect(!strcmp(result.by, by), "by '%s'", result.by);
	expect(!strcmp(text, command), "'%s'", text);
	expect(result.verdict == LOGON_TOKEN, "verdict %d", result.verdict);
}

#define USER_PRIVILEGES "SeChangeNotifyPrivilege,SeIncreaseWorkingSetPrivilege"

static void matches(void)
{
	fresh();
	expect(!logon_match(&policy, &alice, &result) &&
	       result.verdict == LOGON_UNIX && !strcmp(result.by, "no rule"),
	       "no rule");
	policy.no_rule = LOGON_REFUSE;
	expect(!logon_match(&policy, &alice, &result) &&
	       result.verdict == LOGON_REFUSE, "no rule: refuse");

	add(LOGON_GROUPS, "sudo", 27, "groups unix,Administrators\n");
	add(LOGON_GROUPS, "wheel", 99, "privileges SeTcbPrivilege\n");
	add(LOGON_GROUPS, "nobody-has-it", 0, "privileges SeTcbPrivilege\n");
	expect(!logon_match(&policy, &alice, &result), "%s", result.by);
	is("replace user=" ALICE " groups=S-1-5-32-544," ALICE_GROUPS " deny= privileges="
	   USER_PRIVILEGES " enabled=" USER_PRIVILEGES, "Groups/sudo");

	/* Groups add up; who is denied is denied. */
	add(LOGON_GROUPS, "adm", 4,
	    "groups Users\ndeny Administrators,S-1-5-7\nprivileges SeDebugPrivilege\nenabled none\n");
	expect(!logon_match(&policy, &alice, &result), "%s", result.by);
	is("replace user=" ALICE " groups=S-1-5-32-545," ALICE_GROUPS
	   " deny=S-1-5-32-544,S-1-5-7 privileges=SeDebugPrivilege,"
	   USER_PRIVILEGES " enabled=" USER_PRIVILEGES,
	   "Groups/sudo, Groups/adm");

	/* The user's rule alone, and the service's before it. */
	add(LOGON_USERS, "alice", 0, "privileges none\ngroups unix\n");
	expect(!logon_match(&policy, &alice, &result), "%s", result.by);
	is("replace user=" ALICE " groups=" ALICE_GROUPS " deny= privileges= enabled=",
	   "Users/alice");
	add(LOGON_SERVICES, "sshd", 0, "logon unix\n");
	expect(!logon_match(&policy, &alice, &result) &&
	       result.verdict == LOGON_UNIX &&
	       !strcmp(result.by, "Services/sshd"), "%s", result.by);
	expect(!logon_match(&policy, &root, &result) &&
	       result.verdict == LOGON_REFUSE, "%s", result.by);
	test_done("which rule decides");
}

static void merges(void)
{
	u32 gids[LOGON_SIDS_MAX + 1];
	struct logon_who many = alice;
	unsigned int i;

	fresh();
	add(LOGON_GROUPS, "sudo", 27, "user SYSTEM\n");
	add(LOGON_GROUPS, "adm", 4, "user S-1-5-19\n");
	expect(logon_match(&policy, &alice, &result) == -EINVAL &&
	       strstr(result.by, "different users"), "%s", result.by);

	fresh();
	add(LOGON_GROUPS, "sudo", 27, "groups unix,Administrators\n");
	add(LOGON_GROUPS, "adm", 4, "logon refuse\n");
	expect(!logon_match(&policy, &alice, &result) &&
	       result.verdict == LOGON_REFUSE, "one that refuses refuses");

	fresh();
	add(LOGON_USERS, "alice", 0, "groups unix\n");
	for (i = 0; i < ARRAY_SIZE(gids); i++)
		gids[i] = i + 100;
	many.gids = gids;
	many.nr_gids = LOGON_SIDS_MAX;
	expect(!logon_match(&policy, &many, &result) &&
	       result.nr_groups == LOGON_SIDS_MAX, "%s", result.by);
	many.nr_gids++;
	expect(logon_match(&policy, &many, &result) == -EINVAL &&
	       strstr(result.by, "64"), "%s", result.by);
	test_done("rules that don't fit together");
}

static void elevation(void)
{
	fresh();
	policy.no_rule = LOGON_UNIX;
	add(LOGON_USERS, "alice", 0, "privileges SeTcbPrivilege\n");
	expect(!logon_match_elevate(&policy, &alice, "root", &root, &result) &&
	       result.verdict == LOGON_REFUSE && !strcmp(result.by, "no rule"),
	       "a rule for sessions elevates nobody");
	add(LOGON_ELEVATE_GROUPS, "sudo", 27,
	    "user SYSTEM\ngroups Administrators\nprivileges SeTcbPrivilege\n");
	expect(!logon_match_elevate(&policy, &alice, "root", &root, &result),
	       "%s", result.by);
	is("replace user=S-1-5-18 groups=S-1-5-32-544 deny= privileges=" TCB " enabled=" TCB,
	   "Elevate/Groups/sudo");
	expect(!logon_match_elevate(&policy, &alice, "postgres", &alice,
				    &result) && result.verdict == LOGON_REFUSE,
	       "only as whom the rule names");
	expect(!logon_match_elevate(&policy, &root, "root", &root, &result) &&
	       result.verdict == LOGON_REFUSE, "root is nobody here");
	add(LOGON_ELEVATE_USERS, "alice", 0, "logon refuse\n");
	expect(!logon_match_elevate(&policy, &alice, "root", &root, &result) &&
	       result.verdict == LOGON_REFUSE &&
	       !strcmp(result.by, "Elevate/Users/alice"), "%s", result.by);
	test_done("elevation");
}

static void commands(void)
{
	char text[64];

	fresh();
	expect(!logon_match(&policy, &alice, &result), "%s", result.by);
	expect(logon_command(&result, text, 40) == -E2BIG, "%s", text);
	expect(logon_command(&result, text, sizeof(text)) == (int)strlen(text),
	       "%s", text);
	test_done("a command that does not fit");
}

int main(void)
{
	good_rules();
	bad_rules();
	words();
	names();
	matches();
	merges();
	elevation();
	commands();
	return test_end();
}
