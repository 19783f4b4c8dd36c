// SPDX-License-Identifier: GPL-2.0-only
/*
 * oom_score_adj and oom_adj: range, errors, and who shares a value.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define LEGACY	"/proc/self/oom_adj"

static long long adj_of(pid_t pid)
{
	long long adj = -9999;

	read_proc(pid, "oom_score_adj", &adj);
	return adj;
}

FIXTURE(file) {
	const char *path;
};

FIXTURE_VARIANT(file) {
	const char *path;
	int min;
	int max;
	bool linear;
};

FIXTURE_VARIANT_ADD(file, oom_score_adj) {
	.path = ADJ_FILE, .min = -1000, .max = 1000, .linear = true,
};

FIXTURE_VARIANT_ADD(file, task_oom_score_adj) {
	.path = "/proc/thread-self/oom_score_adj", .min = -1000, .max = 1000,
	.linear = true,
};

FIXTURE_VARIANT_ADD(file, oom_adj) {
	.path = LEGACY, .min = -17, .max = 15,
};

FIXTURE_SETUP(file)
{
	if (getuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, write_file(ADJ_FILE, "0"));
}

FIXTURE_TEARDOWN(file)
{
}

TEST_F(file, takes_its_range)
{
	char text[16];
	int value;

	for (value = variant->min; value <= variant->max;
	     value += variant->linear ? 125 : 1) {
		/* -17 stands alone: the legacy range is -16 to 15. */
		snprintf(text, sizeof(text), "%d\n", value);
		ASSERT_EQ(0, write_file(variant->path, text));
		EXPECT_EQ(variant->linear ? value :
			  value == 15 ? 1000 : value * 1000 / 17,
			  adj_of(getpid()));
	}
}

TEST_F(file, takes_white_space_and_bases)
{
	ASSERT_EQ(0, write_file(variant->path, " 7\t"));
	ASSERT_EQ(0, write_file(variant->path, "0x8"));
	ASSERT_EQ(0, write_file(variant->path, "011"));
	EXPECT_EQ(variant->linear ? 9 : 9 * 1000 / 17, adj_of(getpid()));
}

TEST_F(file, refuses_the_rest)
{
	char over[16], under[16], huge[8192];
	const struct {
		const char *text;
		int err;
	} bad[] = {
		{ over, -EINVAL }, { under, -EINVAL },
		{ "32768", -EINVAL }, { "-32769", -EINVAL }, { "65536", -EINVAL },
		{ "2147483647", -EINVAL }, { "2147483648", -ERANGE },
		{ "-2147483649", -ERANGE }, { "99999999999", -ERANGE },
		{ "", -EINVAL }, { "\n", -EINVAL }, { " ", -EINVAL },
		{ "x", -EINVAL }, { "1x", -EINVAL }, { "1 1", -EINVAL },
		{ "--1", -EINVAL }, { "1.0", -EINVAL }, { "0x", -EINVAL },
	};
	long long before;
	unsigned int i;
	int err;

	ASSERT_EQ(0, write_file(variant->path, "5"));
	before = adj_of(getpid());
	snprintf(over, sizeof(over), "%d", variant->max + 1);
	snprintf(under, sizeof(under), "%d", variant->min - 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		err = write_file(variant->path, bad[i].text);
		EXPECT_EQ(bad[i].err, err) {
			TH_LOG("'%s' gives %d", bad[i].text, err);
		}
		EXPECT_EQ(before, adj_of(getpid()));
	}
	memset(huge, '1', sizeof(huge));
	EXPECT_EQ(-ERANGE, write_bytes(variant->path, huge, sizeof(huge)));
	EXPECT_EQ(-EFAULT, write_bytes(variant->path, (void *)1, 1));
	EXPECT_EQ(before, adj_of(getpid()));
}

TEST(fork_inherits_and_exec_keeps)
{
	char *const argv[] = { "cat", ADJ_FILE, NULL };
	char text[32] = "";
	int fds[2], status;
	pid_t pid;

	ASSERT_EQ(0, write_file(ADJ_FILE, "321"));
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid) {
		if (adj_of(getpid()) != 321)
			_exit(1);
		dup2(fds[1], 1);
		execvp("cat", argv);
		_exit(2);
	}
	close(fds[1]);
	EXPECT_LT(0, read(fds[0], text, sizeof(text) - 1));
	EXPECT_STREQ("321\n", text);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST(child_raises_itself_only)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, write_file(ADJ_FILE, "100"));
	pid = fork();
	if (!pid)
		_exit(write_file(ADJ_FILE, "200") ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(100, adj_of(getpid()));
}

static int wait_for_parent(void *go)
{
	while (!__atomic_load_n((int *)go, __ATOMIC_ACQUIRE))
		sched_yield();
	return adj_of(getpid()) == 250 ? 0 : 1;
}

/* A process that shares the mm shares the value: one mm, one victim. */
TEST(write_reaches_who_shares_the_mm)
{
	static int go;
	const size_t size = 256 * 1024;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, stack);
	ASSERT_EQ(0, write_file(ADJ_FILE, "150"));
	pid = clone(wait_for_parent, stack + size, CLONE_VM | SIGCHLD, &go);
	ASSERT_LT(0, pid);
	EXPECT_EQ(150, adj_of(pid));
	EXPECT_EQ(0, write_file(ADJ_FILE, "250"));
	EXPECT_EQ(250, adj_of(pid));
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	munmap(stack, size);
}

/* A vfork child prepares its exec: what it sets is its own. */
TEST(vfork_child_sets_its_own)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, write_file(ADJ_FILE, "100"));
	pid = vfork();
	if (!pid)
		_exit(write_file(ADJ_FILE, "300") ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(100, adj_of(getpid()));
}

TEST_HARNESS_MAIN
