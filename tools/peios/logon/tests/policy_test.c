// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree of files: right and wrong ones, and none.
 */
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kernel.h>

#include "logon.h"
#include "test.h"

static char top[64], root[128];
static struct logon_policy policy;
static char said[4096];

static void say(void *to, bool error, const char *text)
{
	size_t used = strlen(said);

	(void)to;
	(void)error;
	snprintf(said + used, sizeof(said) - used, "%s\n", text);
}

static void __printf(1, 2) run(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command))
		abort();
}

static void put(const char *name, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/System/Logon/%s", root, name);
	out = fopen(path, "w");
	if (!out || fputs(text, out) < 0 || fclose(out))
		abort();
	chmod(path, 0644);
}

static void fresh(void)
{
	static const char * const folders[] = {
		"Groups", "Users", "Services", "Elevate/Groups",
	};
	unsigned int i;

	run("rm -rf '%s'", root);
	for (i = 0; i < ARRAY_SIZE(folders); i++)
		run("mkdir -p '%s/System/Logon/%s'", root, folders[i]);
	run("chmod -R 755 '%s'", root);
	put("Groups/root", "groups unix,Administrators\n");
}

static int load(void)
{
	said[0] = '\0';
	return logon_load(root, &policy, say, NULL);
}

/* The policy as a whole can't be used, and why is said. */
static void refuses(const char *reason)
{
	int ret = load();

	expect(ret == LOGON_BAD && strstr(said, reason), "want '%s': %d %s",
	       reason, ret, said);
	logon_free(&policy);
	fresh();
}

static void good_trees(void)
{
	struct logon_result result;
	struct logon_who who;

	fresh();
	put("OnError", "# as strict as can be\nrefuse\n");
	put("Services/peios-cache", "privileges SeTcbPrivilege\n");
	put("Elevate/Groups/root", "privileges SeTcbPrivilege\n");
	put("Users/.alice.swp", "garbage");
	expect(!load() && policy.nr == 3 && policy.on_error == LOGON_REFUSE &&
	       policy.no_rule == LOGON_UNIX, "%s", said);
	expect(!logon_resolve(&policy), "groups");
	expect(!logon_who_find("root", "login", &who), "root is a user");
	expect(!logon_match(&policy, &who, &result) &&
	       !strcmp(result.by, "Groups/root") &&
	       result.verdict == LOGON_TOKEN, "%s", result.by);
	logon_who_free(&who);
	expect(logon_who_find("no-such-user", NULL, &who) == -ENOENT, "nobody");
	logon_free(&policy);

	run("rm -r '%s/System/Logon'", root);
	expect(load() == LOGON_NONE && !*said, "no policy: %s", said);
	run("rm -r '%s'", root);
	expect(load() == LOGON_NONE && !*said, "no registry: %s", said);
	test_done("trees that are right, and none");
}

static void bad_trees(void)
{
	fresh();
	put("Users/alice", "privileges SeRootPrivilege\n");
	refuses("Users/alice: is not the name of a privilege");
	put("Users/alice", "groups S-1-x\n");
	refuses("Users/alice: is not a SID");
	put("OnError", "panic\n");
	refuses("OnError: is not unix or refuse");
	put("OnFire", "unix\n");
	refuses("OnFire: no such setting");
	put("Users/-rf", "logon unix\n");
	refuses("is not the name of a user");
	run("mkdir -m 755 '%s/System/Logon/Elevate/Services'", root);
	refuses("Services: no such setting");
	run("mkdir -m 755 '%s/System/Logon/Users/alice'", root);
	refuses("alice: is not a file");
	run("mkfifo '%s/System/Logon/Users/alice'", root);
	refuses("alice: is not a file");
	run("echo 'logon unix' > '%s/x'; ln -s '%s/x' '%s/System/Logon/Users/alice'",
	    top, top, root);
	refuses("symbolic link");
	run("ln '%s/x' '%s/System/Logon/Users/alice'", top, root);
	refuses("changed by another name");
	run("chmod 664 '%s/System/Logon/Groups/root'", root);
	refuses("mode 0664 lets others write");
	run("chmod 777 '%s/System/Logon/Groups'", root);
	refuses("mode 0777 lets others write");
	if (!geteuid()) {
		run("chown 1 '%s/System/Logon/Groups/root'", root);
		refuses("belongs to uid 1");
		run("chown 1 '%s/System/Logon'", root);
		refuses("belongs to uid 1");
	}
	run("mv '%s/System/Logon' '%s/Logon'; ln -s '%s/Logon' '%s/System/Logon'",
	    root, root, root, root);
	refuses("is not a folder");
	run("head -c 5000 /dev/zero | tr '\\0' '#' > '%s/System/Logon/Users/alice'",
	    root);
	refuses("too large");

	/* What is wrong elsewhere leaves OnError as it says. */
	put("OnError", "refuse\n");
	put("Users/alice", "groups S-1-x\n");
	expect(load() == LOGON_BAD && policy.on_error == LOGON_REFUSE, "%s",
	       said);
	logon_free(&policy);
	test_done("trees that are wrong");
}

int main(void)
{
	snprintf(top, sizeof(top), "/tmp/logon-test-XXXXXX");
	if (!mkdtemp(top))
		return 2;
	chmod(top, 0755);
	snprintf(root, sizeof(root), "%s/registry", top);
	good_trees();
	bad_trees();
	run("rm -rf '%s'", top);
	return test_end();
}
