// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/attr/peios/token and /sys/kernel/security/peios.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define NOBODY	65534

FIXTURE(token) {
	char before[8192];
};

FIXTURE_SETUP(token)
{
	if (!have_peios())
		SKIP(return, "Peios is not in lsm=");
	if (getuid())
		SKIP(return, "not root");
	ASSERT_LT(0, read_file(TOKEN_FILE, self->before,
			       sizeof(self->before)));
}

FIXTURE_TEARDOWN(token)
{
}

static void expect_key(struct __test_metadata *_metadata, const char *key,
		       const char *value)
{
	char text[4096] = "";

	EXPECT_EQ(0, read_key(TOKEN_FILE, key, text, sizeof(text)));
	EXPECT_STREQ(value, text);
}

TEST_F(token, roots_by_birth)
{
	static const char * const keys[] = {
		"user S-1-5-18", "groups S-1-5-32-544", "deny",
		"present SeCreateTokenPrivilege,", "enabled SeCreateTokenPrivilege,",
		"used", "origin unix",
	};
	char *line, *rest = self->before;
	unsigned int i = 0;

	while ((line = strsep(&rest, "\n")) && *line) {
		ASSERT_LT(i, ARRAY_SIZE(keys));
		EXPECT_EQ(0, strncmp(line, keys[i], strlen(keys[i]))) {
			TH_LOG("'%s' is not '%s'", line, keys[i]);
		}
		i++;
	}
	EXPECT_EQ(ARRAY_SIZE(keys), i);
}

TEST_F(token, unix_users)
{
	const gid_t groups[] = { 20, 30, 1234 };

	ASSERT_EQ(0, setgroups(3, groups));
	ASSERT_EQ(0, setresgid(1234, 1234, 1234));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	expect_key(_metadata, "user", "S-1-22-1-1000");
	expect_key(_metadata, "groups", "S-1-22-2-1234,S-1-22-2-20,S-1-22-2-30");
	expect_key(_metadata, "present",
		   "SeChangeNotifyPrivilege,SeIncreaseWorkingSetPrivilege");
	expect_key(_metadata, "origin", "unix");
}

TEST_F(token, enable_disable_remove)
{
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege,SeDebugPrivilege\n"));
	ASSERT_EQ(0, token_command("disable SeAuditPrivilege"));
	ASSERT_EQ(0, token_command("enable SeAuditPrivilege"));
	/* What is not there can be given up again. */
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
	/* All or nothing. */
	ASSERT_EQ(0, token_command("disable SeAuditPrivilege"));
	EXPECT_EQ(-EPERM, token_command("enable SeAuditPrivilege,SeTcbPrivilege"));
	ASSERT_EQ(0, token_command("remove SeCreateTokenPrivilege"));
	EXPECT_EQ(-EPERM, token_replace("S-1-5-18", NULL, NULL, NULL, NULL));
}

TEST_F(token, replaced)
{
	ASSERT_EQ(0, token_replace("S-1-5-21-7-8-9-1000",
				   "S-1-1-0,S-1-5-32-545", "S-1-5-32-544",
				   "SeTcbPrivilege,SeAuditPrivilege",
				   "SeAuditPrivilege"));
	expect_key(_metadata, "user", "S-1-5-21-7-8-9-1000");
	expect_key(_metadata, "groups", "S-1-1-0,S-1-5-32-545");
	expect_key(_metadata, "deny", "S-1-5-32-544");
	expect_key(_metadata, "present", "SeTcbPrivilege,SeAuditPrivilege");
	expect_key(_metadata, "enabled", "SeAuditPrivilege");
	expect_key(_metadata, "used", "");
	expect_key(_metadata, "origin", "assigned");
}

enum { LEAVE_ROOT, REMOVE, DISABLE, REPLACE, USER_NS, NR_WAYS };

/* In a child that has changed its token: does it show SeTcbPrivilege as used? */
static int shows_as_used(int way)
{
	char used[1024] = "";
	int err = 0, status;
	pid_t pid = fork();

	if (!pid) {
		if (way == LEAVE_ROOT)
			err = setresuid(1000, 1000, 1000);
		else if (way == REMOVE)
			err = token_command("remove SeTcbPrivilege");
		else if (way == DISABLE)
			err = token_command("disable SeTcbPrivilege");
		else if (way == REPLACE)
			err = token_replace("S-1-5-18", NULL, NULL,
					    "SeTcbPrivilege", NULL);
		else
			err = unshare(CLONE_NEWUSER);
		if (err || read_key(TOKEN_FILE, "used", used, sizeof(used)))
			_exit(2);
		_exit(!!strstr(used, "SeTcbPrivilege"));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* What is shown as used has been used by this token, and it still has it. */
TEST_F(token, used_is_what_it_has)
{
	char used[1024] = "";

	if (!peios_enforces())
		SKIP(return, "Peios is not enforcing");
	/* A lower value relies on it. */
	ASSERT_EQ(0, write_file("/proc/self/oom_score_adj", "200"));
	ASSERT_EQ(0, write_file("/proc/self/oom_score_adj", "100"));
	ASSERT_EQ(0, read_key(TOKEN_FILE, "used", used, sizeof(used)));
	ASSERT_NE(NULL, strstr(used, "SeTcbPrivilege"));

	EXPECT_EQ(0, shows_as_used(LEAVE_ROOT));
	EXPECT_EQ(0, shows_as_used(REMOVE));
	EXPECT_EQ(0, shows_as_used(REPLACE));
	EXPECT_EQ(0, shows_as_used(USER_NS));
	/* It has it still, though it does not count. */
	EXPECT_EQ(1, shows_as_used(DISABLE));
	/* Nobody of these took it from this one. */
	ASSERT_EQ(0, read_key(TOKEN_FILE, "used", used, sizeof(used)));
	EXPECT_NE(NULL, strstr(used, "SeTcbPrivilege"));
}

TEST_F(token, replace_follows_nothing)
{
	ASSERT_EQ(0, token_replace("S-1-5-18", NULL, NULL, "SeTcbPrivilege", NULL));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	expect_key(_metadata, "user", "S-1-5-18");
	expect_key(_metadata, "present", "SeTcbPrivilege");
	expect_key(_metadata, "enabled", "");
}

TEST_F(token, refuses_bad_commands)
{
	static const char * const bad[] = {
		"", "\n", " ", "enable", "enable ", "Enable SeTcbPrivilege",
		"enable SeNoSuchPrivilege", "enable SeTcbPrivilege,",
		"enable ,SeTcbPrivilege", "enable SeTcbPrivilege,SeTcbPrivilege",
		"enable SeTcbPrivilege SeAuditPrivilege",
		"enable setcbprivilege", "enable SeTcbPrivilege ",
		"enable  SeTcbPrivilege", "enable SeTcbPrivilege\n\n",
		"enable 7", "add SeTcbPrivilege", "remove *",
		"replace", "replace ", "replace user", "replace user=",
		"replace groups=S-1-1-0", "replace user=S-1-5-18 user=S-1-5-18",
		"replace user=S-1-5-18 color=blue",
		"replace user=S-1-5-18  groups=S-1-1-0",
		"replace user=S-1-5-18 groups=S-1-1-0,",
		"replace user=S-1-5-18 groups=S-1-1-0,S-1-1-0",
		"replace user=S-1-5-18 groups=S-1-1-0 deny=S-1-1-0",
		"replace user=S-1-5-18 privileges=SeTcb",
		"replace user=S-1-5-18 enabled=SeTcbPrivilege",
		"replace user=S-2-5-18", "replace user=S-1-5", "replace user=S-1",
		"replace user=s-1-5-18", "replace user=S-1-5-18-",
		"replace user=S-1-5--18", "replace user=S-1-5-4294967296",
		"replace user=S-1-4294967296-1", "replace user=S-1-0x12-1",
		"replace user=S-1-0x000000000012-1",
		"replace user=S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
		"replace user=S-1-5-+18", "replace user=S-1-5-18x",
	};
	static char huge[70000], groups[3000];
	char now[8192];
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		err = token_command(bad[i]);
		EXPECT_EQ(-EINVAL, err) {
			TH_LOG("'%s' gives %d", bad[i], err);
		}
	}
	EXPECT_EQ(-EINVAL, write_bytes(TOKEN_FILE, "enable SeTcbPrivilege\0x", 23));
	EXPECT_EQ(-EINVAL, write_bytes(TOKEN_FILE, "\0", 1));
	EXPECT_EQ(-EFAULT, write_bytes(TOKEN_FILE, (void *)1, 10));

	memset(huge, 'x', sizeof(huge));
	EXPECT_EQ(-E2BIG, write_bytes(TOKEN_FILE, huge, sizeof(huge)));
	EXPECT_EQ(-E2BIG, write_bytes(TOKEN_FILE, huge, 4096));
	sprintf(groups, "replace user=S-1-5-18 groups=S-1-5-0");
	for (i = 1; i <= 64; i++)
		sprintf(groups + strlen(groups), ",S-1-5-%u", i);
	EXPECT_EQ(-E2BIG, token_command(groups));

	ASSERT_LT(0, read_file(TOKEN_FILE, now, sizeof(now)));
	EXPECT_STREQ(self->before, now);
}

TEST_F(token, takes_extreme_sids)
{
	static const char user[] = "S-1-0xffffffffffff-4294967295";
	static const char groups[] =
		"S-1-0-0,S-1-4294967295-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15";

	ASSERT_EQ(0, token_replace(user, groups, NULL, "", NULL));
	expect_key(_metadata, "user", user);
	expect_key(_metadata, "groups", groups);
	expect_key(_metadata, "present", "");
}

TEST_F(token, only_its_own_thread_writes)
{
	char path[64];
	pid_t pid;

	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/attr/peios/token", pid);
	EXPECT_EQ(-EACCES, write_file(path, "remove SeTcbPrivilege"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Its parent's, either. */
	snprintf(path, sizeof(path), "/proc/%d/attr/peios/token", getppid());
	EXPECT_EQ(-EACCES, write_file(path, "remove SeTcbPrivilege"));
}

static void *write_leaders(void *err)
{
	*(int *)err = write_file("/proc/self/attr/peios/token",
				 "remove SeTcbPrivilege");
	return NULL;
}

TEST_F(token, not_another_threads)
{
	pthread_t thread;
	int err = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_leaders, &err));
	pthread_join(thread, NULL);
	EXPECT_EQ(-EACCES, err);
}

TEST_F(token, not_by_a_descriptor_from_before_exec)
{
	char text[16];
	int fd, status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		fd = open(TOKEN_FILE, O_WRONLY);
		snprintf(text, sizeof(text), "%d", fd);
		execl("./helper", "helper", "remove SeTcbPrivilege", text, NULL);
		_exit(255);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
}

TEST_F(token, can_be_read_of_others)
{
	char user[256];

	EXPECT_EQ(0, read_key("/proc/1/attr/peios/token", "user", user,
			      sizeof(user)));
	EXPECT_STREQ("S-1-5-18", user);
	/* By a user as well. */
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	EXPECT_EQ(0, read_key("/proc/1/attr/peios/token", "user", user,
			      sizeof(user)));
}

TEST_F(token, catalogue)
{
	char text[4096], name[128];
	long long number;

	ASSERT_LT(0, read_file(PEIOS_DIR "/privileges", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "\n7 SeTcbPrivilege\n"));
	EXPECT_EQ(0, read_key(PEIOS_DIR "/privileges", "20", name, sizeof(name)));
	EXPECT_STREQ("SeDebugPrivilege", name);
	EXPECT_EQ(0, read_key(PEIOS_DIR "/privileges", "5", name, sizeof(name)));
	EXPECT_STREQ("SeIncreaseQuotaPrivilege", name);
	EXPECT_EQ(0, read_key_number(PEIOS_DIR "/stats", "oom_score_adj_refused",
				     &number));
	EXPECT_EQ(-EINVAL, write_file(PEIOS_DIR "/status", "permissive"));
}

TEST_F(token, is_listed)
{
	char text[512];

	ASSERT_LT(0, read_file("/sys/kernel/security/lsm", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "peios"));
}

/* attr/current belongs to other modules; Peios does not answer for them. */
TEST_F(token, leaves_attr_current_alone)
{
	char text[512];

	if (read_file("/sys/kernel/security/lsm", text, sizeof(text)) > 0 &&
	    (strstr(text, "apparmor") || strstr(text, "selinux") ||
	     strstr(text, "smack")))
		SKIP(return, "another module answers");
	EXPECT_EQ(-EINVAL, read_file("/proc/self/attr/current", text,
				     sizeof(text)));
}

TEST_HARNESS_MAIN
