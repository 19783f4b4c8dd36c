// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate on oom_score_adj: the front door, and the ways round it.
 *
 * Each test runs in a process of its own, which has the token of whoever runs
 * the tests: root's, with SeTcbPrivilege enabled.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

#define NOBODY	65534

static bool has_tcb(const char *key)
{
	char list[2048];

	return !read_key(TOKEN_FILE, key, list, sizeof(list)) &&
	       strstr(list, "SeTcbPrivilege");
}

static long long adj_now(void)
{
	long long adj = -9999;

	read_number(ADJ_FILE, &adj);
	return adj;
}

static int drop_capability(int capability, bool bounding)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (bounding)
		return prctl(PR_CAPBSET_DROP, capability);
	if (syscall(SYS_capget, &header, data))
		return -1;
	data[capability / 32].effective &= ~(1U << capability % 32);
	data[capability / 32].permitted &= ~(1U << capability % 32);
	return syscall(SYS_capset, &header, data);
}

/*
 * The front door, by file, level, token and direction:
 *
 *	token		lower	raise
 *	enabled		yes	yes
 *	disabled	no	yes
 *	removed		no	yes
 */
FIXTURE(door) {
	const char *path;
};

FIXTURE_VARIANT(door) {
	const char *file;
	bool thread;
	const char *command;
	bool may_lower;
};

FIXTURE_VARIANT_ADD(door, adj_enabled) {
	.file = "oom_score_adj",
	.may_lower = true,
};

FIXTURE_VARIANT_ADD(door, adj_disabled) {
	.file = "oom_score_adj",
	.command = "disable SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, adj_removed) {
	.file = "oom_score_adj",
	.command = "remove SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, task_adj_enabled) {
	.file = "oom_score_adj",
	.thread = true,
	.may_lower = true,
};

FIXTURE_VARIANT_ADD(door, task_adj_disabled) {
	.file = "oom_score_adj",
	.thread = true,
	.command = "disable SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, task_adj_removed) {
	.file = "oom_score_adj",
	.thread = true,
	.command = "remove SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, legacy_enabled) {
	.file = "oom_adj",
	.may_lower = true,
};

FIXTURE_VARIANT_ADD(door, legacy_disabled) {
	.file = "oom_adj",
	.command = "disable SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, legacy_removed) {
	.file = "oom_adj",
	.command = "remove SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, task_legacy_enabled) {
	.file = "oom_adj",
	.thread = true,
	.may_lower = true,
};

FIXTURE_VARIANT_ADD(door, task_legacy_disabled) {
	.file = "oom_adj",
	.thread = true,
	.command = "disable SeTcbPrivilege",
};

FIXTURE_VARIANT_ADD(door, task_legacy_removed) {
	.file = "oom_adj",
	.thread = true,
	.command = "remove SeTcbPrivilege",
};

FIXTURE_SETUP(door)
{
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	ASSERT_EQ(0, write_file(ADJ_FILE, "0"));
	if (variant->command)
		ASSERT_EQ(0, token_command(variant->command));
}

FIXTURE_TEARDOWN(door)
{
}

TEST_F(door, front)
{
	const int refused = variant->may_lower ? 0 : -EACCES;
	char path[64];
	long long raised;

	snprintf(path, sizeof(path), "/proc/%s/%s",
		 variant->thread ? "thread-self" : "self", variant->file);

	/* Raising is free, staying as well. */
	EXPECT_EQ(0, write_file(path, "5"));
	raised = adj_now();
	EXPECT_LT(0, raised);
	if (!variant->may_lower && strcmp(variant->file, "oom_adj"))
		EXPECT_EQ(0, write_file(path, "5"));

	/* Lowering is not: by little, by much, back to where it was. */
	EXPECT_EQ(refused, write_file(path, "3"));
	if (refused)
		EXPECT_EQ(raised, adj_now());
	EXPECT_EQ(refused, write_file(path, "-17"));
	if (refused)
		EXPECT_EQ(raised, adj_now());
	EXPECT_EQ(0, write_file(path, "6"));
	raised = adj_now();
	EXPECT_EQ(refused, write_file(path, "0"));
	EXPECT_EQ(refused ? raised : 0, adj_now());
	EXPECT_EQ(0, write_file(path, "15"));
}

TEST_F(door, another_process)
{
	const int refused = variant->may_lower ? 0 : -EACCES;
	struct hog hog;
	char path[96];
	long long adj;

	ASSERT_EQ(0, hog_start(&hog, 0, NULL));
	if (variant->thread)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", hog.pid,
			 hog.pid, variant->file);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", hog.pid,
			 variant->file);
	EXPECT_EQ(0, write_file(path, "10"));
	EXPECT_EQ(refused, write_file(path, "9"));
	EXPECT_EQ(refused, write_file(path, "-17"));
	ASSERT_EQ(0, read_proc(hog.pid, "oom_score_adj", &adj));
	EXPECT_EQ(refused, adj > 0 ? -EACCES : 0);
	hog_stop(&hog);
}

FIXTURE(gate) {
	int unused;
};

FIXTURE_SETUP(gate)
{
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	ASSERT_TRUE(has_tcb("enabled"));
	ASSERT_EQ(0, write_file(ADJ_FILE, "0"));
}

FIXTURE_TEARDOWN(gate)
{
}

TEST_F(gate, capability_counts_for_nothing)
{
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	ASSERT_EQ(0, write_file(ADJ_FILE, "300"));
	/* Root with CAP_SYS_RESOURCE, which is all that Linux asks. */
	ASSERT_EQ(1, prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE));
	EXPECT_EQ(-EACCES, write_file(ADJ_FILE, "299"));
}

TEST_F(gate, removed_is_gone)
{
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_FALSE(has_tcb("present"));
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
	EXPECT_EQ(-EPERM, token_replace("S-1-5-18", NULL, NULL,
					"SeTcbPrivilege", "SeTcbPrivilege"));
	EXPECT_EQ(0, write_file(ADJ_FILE, "1"));
	EXPECT_EQ(-EACCES, write_file(ADJ_FILE, "0"));
}

TEST_F(gate, disabled_can_be_enabled)
{
	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	EXPECT_TRUE(has_tcb("present"));
	EXPECT_FALSE(has_tcb("enabled"));
	EXPECT_EQ(-EACCES, write_file(ADJ_FILE, "-1"));
	ASSERT_EQ(0, token_command("enable SeTcbPrivilege"));
	EXPECT_EQ(0, write_file(ADJ_FILE, "-1"));
	EXPECT_TRUE(has_tcb("used"));
}

/* A descriptor that the privileged opened does not serve the unprivileged. */
TEST_F(gate, opener_has_it_writer_not)
{
	int fd = open(ADJ_FILE, O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(1, write(fd, "7", 1));
	EXPECT_EQ(-1, write(fd, "6", 1));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(7, adj_now());
}

/* Nor do the privileged write for who opened without. */
static int open_unprivileged(void *arg)
{
	int *sockets = arg, fd;
	char path[64];

	if (token_command("remove SeTcbPrivilege"))
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", getppid());
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return 2;
	return send_fd(sockets[1], fd) ? 3 : 0;
}

TEST_F(gate, writer_has_it_opener_not)
{
	int sockets[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	ASSERT_EQ(0, in_child(open_unprivileged, sockets));
	fd = receive_fd(sockets[0]);
	ASSERT_LE(0, fd);

	EXPECT_TRUE(has_tcb("enabled"));
	EXPECT_EQ(2, write(fd, "10", 2));
	EXPECT_EQ(-1, write(fd, "9", 1));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(10, adj_now());
	/* With its own descriptor it may. */
	EXPECT_EQ(0, write_file(ADJ_FILE, "9"));
}

static int exec_helper_with_fd(void *arg)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", *(int *)arg);
	execl("./helper", "helper", "-5", fd, NULL);
	return 255;
}

/* A privileged program gets an unprivileged opener's descriptor over exec. */
TEST_F(gate, descriptor_over_exec)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	ASSERT_LE(0, fd);
	/* The child writes to us by our descriptor: both have the privilege. */
	EXPECT_EQ(0, in_child(exec_helper_with_fd, &fd));
	EXPECT_EQ(-5, adj_now());
	close(fd);

	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	ASSERT_EQ(0, write_file(ADJ_FILE, "0"));
	fd = open("/proc/self/oom_score_adj", O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, token_command("enable SeTcbPrivilege"));
	EXPECT_EQ(EACCES, in_child(exec_helper_with_fd, &fd));
	EXPECT_EQ(0, adj_now());
}

static int without_privilege(void *unused)
{
	(void)unused;
	return has_tcb("present") || write_file(ADJ_FILE, "-2") != -EACCES;
}

static int exec_helper(void *unused)
{
	(void)unused;
	execl("./helper", "helper", "-2", NULL);
	return 255;
}

TEST_F(gate, fork_and_exec_keep_the_token)
{
	EXPECT_EQ(0, in_child(exec_helper, NULL));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(0, in_child(without_privilege, NULL));
	EXPECT_EQ(EACCES, in_child(exec_helper, NULL));
}

/* A thread that gave the privilege up, beside one that did not. */
static void *thread_without(void *result)
{
	int *err = result;

	err[0] = token_command("remove SeTcbPrivilege");
	err[1] = write_file("/proc/self/oom_score_adj", "-3");
	err[2] = write_file("/proc/thread-self/oom_score_adj", "-3");
	return NULL;
}

TEST_F(gate, token_is_the_writing_threads)
{
	int err[3] = { -1, -1, -1 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_without, err));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, err[0]);
	EXPECT_EQ(-EACCES, err[1]);
	EXPECT_EQ(-EACCES, err[2]);
	EXPECT_EQ(0, write_file(ADJ_FILE, "-3"));
}

/*
 * A token of Unix birth follows the identity down and never up.
 */
TEST_F(gate, leaving_uid_0)
{
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	EXPECT_FALSE(has_tcb("present"));
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
}

TEST_F(gate, some_uid_0_keeps_it)
{
	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_TRUE(has_tcb("present"));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, write_file(ADJ_FILE, "-4"));
}

TEST_F(gate, leaving_uid_0_but_keeping_capabilities)
{
	ASSERT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	EXPECT_FALSE(has_tcb("present"));
	/* With CAP_SETUID kept, back to root: without the privilege. */
	if (!setresuid(0, 0, 0))
		EXPECT_FALSE(has_tcb("present"));
}

/* Leave as nobody, come back by a setuid-root program. */
static int nobody_execs_setuid_helper(void *unused)
{
	(void)unused;
	if (setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 254;
	execl("/tmp/oom_gate_setuid", "helper", "-2", NULL);
	return 255;
}

TEST_F(gate, setuid_root_gains_nothing)
{
	int err;

	unlink("/tmp/oom_gate_setuid");
	ASSERT_EQ(0, copy_setuid("helper", "/tmp/oom_gate_setuid"));
	err = in_child(nobody_execs_setuid_helper, NULL);
	unlink("/tmp/oom_gate_setuid");
	/* It is root again, so that its own file is open to it. */
	EXPECT_EQ(EACCES, err);
}

TEST_F(gate, dropping_the_capability)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE, false));
	EXPECT_FALSE(has_tcb("present"));
	EXPECT_EQ(-EACCES, write_file(ADJ_FILE, "-1"));
	/* exec gives root the capability back, but not the privilege. */
	EXPECT_EQ(EACCES, in_child(exec_helper, NULL));
}

TEST_F(gate, dropping_the_bounding_capability)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE, true));
	EXPECT_FALSE(has_tcb("present"));
	EXPECT_EQ(-EACCES, write_file(ADJ_FILE, "-1"));
}

TEST_F(gate, other_capabilities_do_not_matter)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_TIME, false));
	ASSERT_EQ(0, drop_capability(CAP_SYS_TIME, true));
	EXPECT_EQ(0, write_file(ADJ_FILE, "-1"));
}

TEST_F(gate, root_of_a_user_namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	EXPECT_FALSE(has_tcb("present"));
	EXPECT_EQ(-EACCES, write_file(ADJ_FILE, "-1"));
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
}

/* An assigned token follows nothing, and needs no capability. */
TEST_F(gate, assigned_token_stands_for_itself)
{
	ASSERT_EQ(0, token_replace("S-1-5-21-1-2-3-1001", "S-1-5-32-545", NULL,
				   "SeTcbPrivilege,SeDebugPrivilege",
				   "SeTcbPrivilege"));
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE, false));
	EXPECT_TRUE(has_tcb("enabled"));
	EXPECT_EQ(0, write_file(ADJ_FILE, "-100"));
	EXPECT_EQ(0, write_file(ADJ_FILE, "100"));
	EXPECT_EQ(0, write_file(ADJ_FILE, "-200"));
	/* It may make nothing more of itself. */
	EXPECT_EQ(-EPERM, token_replace("S-1-5-18", NULL, NULL, NULL, NULL));
}

/* A write reaches the sharers of the mm, whatever the door. */
static int lower_in_clone(void *go)
{
	/* This process shares the mm; it gives its own privilege up. */
	int err = token_command("remove SeTcbPrivilege");

	if (!err)
		err = write_file(ADJ_FILE, "-8") == -EACCES ? 0 : -1;
	__atomic_store_n((int *)go, 1, __ATOMIC_RELEASE);
	return err ? 1 : 0;
}

TEST_F(gate, process_that_shares_the_mm)
{
	const size_t size = 512 * 1024;
	static int go;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, stack);
	pid = clone(lower_in_clone, stack + size, CLONE_VM | SIGCHLD, &go);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(0, adj_now());
	/* We still have ours. */
	EXPECT_EQ(0, write_file(ADJ_FILE, "-8"));
}

TEST_F(gate, vfork_child)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	pid = vfork();
	if (!pid)
		_exit(write_file(ADJ_FILE, "-8") == -EACCES ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(gate, refusals_are_counted)
{
	long long before, after;

	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats",
				     "oom_score_adj_refused", &before));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	ASSERT_EQ(-EACCES, write_file(ADJ_FILE, "-1"));
	ASSERT_EQ(-EACCES, write_file("/proc/self/oom_adj", "-1"));
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats",
				     "oom_score_adj_refused", &after));
	EXPECT_EQ(before + 2, after);
}

TEST_HARNESS_MAIN
