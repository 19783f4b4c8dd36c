// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm over all paths that promise memory, by several processes in cgroups
 * whose limits come and go, while allocations in the kernel fail at random where
 * it can be told to let them fail. It ends with every count where it began.
 *
 * COMMIT_SECONDS and COMMIT_SEED in the environment make it longer, and other.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_steps.h"
#include "commit_util.h"
#include "oom_util.h"

#define RW		(PROT_READ | PROT_WRITE)
#define WORKERS		4
/* top, a, b, b/c; processes are in the leaves, a and c. */
#define GROUPS		4
#define FAILSLAB	"/sys/kernel/debug/failslab"
#define FAIL_PAGE	"/sys/kernel/debug/fail_page_alloc"

static long page;
static char groups[GROUPS][128];

static struct shared {
	bool stop;
	long long steps;
} *shared;

static int storms(void *arg)
{
	struct commit_stepper *w = arg;

	MUST(!commit_steps_begin(w));
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		commit_step(w);
		__atomic_add_fetch(&shared->steps, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static int param(const char *name, int by_default)
{
	const char *text = getenv(name);

	return text ? atoi(text) : by_default;
}

FIXTURE(storm) {
	char overcommit[16];
	long long others;
};

FIXTURE_VARIANT(storm) {
	const char *mode;
	bool faults;
};

FIXTURE_VARIANT_ADD(storm, guess) {
	.mode = "0",
};

FIXTURE_VARIANT_ADD(storm, never) {
	.mode = "2",
};

FIXTURE_VARIANT_ADD(storm, guess_with_faults) {
	.mode = "0", .faults = true,
};

FIXTURE_VARIANT_ADD(storm, never_with_faults) {
	.mode = "2", .faults = true,
};

static int inject(const char *dir, const char *probability)
{
	static const char * const settings[][2] = {
		{ "task-filter", "Y" }, { "interval", "1" }, { "times", "-1" },
		{ "verbose", "0" }, { "ignore-gfp-wait", "N" }, { "min-order", "0" },
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, settings[i][0]);
		if (!access(path, W_OK) && write_file(path, settings[i][1]))
			return -1;
	}
	snprintf(path, sizeof(path), "%s/probability", dir);
	return write_file(path, probability);
}

FIXTURE_SETUP(storm)
{
	page = sysconf(_SC_PAGESIZE);
	if (getuid())
		SKIP(return, "not root");
	if (!have_commit_cgroup())
		SKIP(return, "no memory.commit files: CONFIG_COMMIT_CGROUP is off");
	if (variant->faults && (access(FAILSLAB, F_OK) || access(FAIL_PAGE, F_OK)))
		SKIP(return, "CONFIG_FAILSLAB or CONFIG_FAIL_PAGE_ALLOC is off");
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->mode));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "storm", groups[0], sizeof(groups[0])));
	ASSERT_EQ(0, subgroup(groups[0], "a", groups[1], sizeof(groups[1])));
	ASSERT_EQ(0, subgroup(groups[0], "b", groups[2], sizeof(groups[2])));
	ASSERT_EQ(0, subgroup(groups[2], "c", groups[3], sizeof(groups[3])));
	if (variant->faults) {
		ASSERT_EQ(0, inject(FAILSLAB, "2"));
		ASSERT_EQ(0, inject(FAIL_PAGE, "1"));
	}
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	self->others = commit_of_no_process();
}

FIXTURE_TEARDOWN(storm)
{
	int i;

	for (i = GROUPS - 1; i >= 0; i--)
		cgroup_remove(groups[i]);
	write_file(OVERCOMMIT, self->overcommit);
}

/* Until all that has been killed is gone, 5 s at most */
static bool comes_back(long long others)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (!commit_of(groups[0], "current") && commit_of_no_process() == others)
			return true;
		usleep(10000);
	}
	return false;
}

/* Long enough for COMMIT_SECONDS=3600 */
TEST_F_TIMEOUT(storm, ends_where_it_began, 4000)
{
	time_t end = time(NULL) + param("COMMIT_SECONDS", 6);
	unsigned int seed = param("COMMIT_SEED", 1);
	long long current, steps = 0;
	int left, i;
	const char * const leaves[] = { groups[1], groups[3] };
	struct commit_stepper w[WORKERS];
	pid_t pids[WORKERS];
	char path[1024];

	for (i = 0; i < WORKERS; i++) {
		w[i] = (struct commit_stepper) {
			.seed = seed + i, .nr = i, .faults = variant->faults,
			.groups = leaves, .nr_groups = 2,
		};
		pids[i] = fork_into(leaves[i % 2], storms, &w[i]);
		ASSERT_LT(0, pids[i]);
	}
	/* Limits come and go, and the number of those alive falls. */
	for (left = WORKERS; left;) {
		const char *group = groups[rand_r(&seed) % GROUPS];

		if (rand_r(&seed) % 3)
			commit_set_number(group, "max", commit_of(group, "current") +
					  (rand_r(&seed) % 400) * page);
		else
			commit_set(group, "max", "max");
		commit_set(group, "mode", rand_r(&seed) % 2 ? "strict" : "system");
		current = commit_of(groups[0], "current");
		EXPECT_LE(current, commit_of(groups[0], "peak"));
		usleep(10000);
		if (time(NULL) >= end)
			__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < WORKERS; i++) {
			if (pids[i] && waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
				pids[i] = 0;
				left--;
			}
		}
	}
	if (variant->faults) {
		inject(FAILSLAB, "0");
		inject(FAIL_PAGE, "0");
	}
	/* What outlived a worker: its children, by name of their cgroup, and shm. */
	for (i = 0; i < GROUPS; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.kill", groups[i]);
		write_file(path, "1");
	}
	for (i = 0; i < WORKERS; i++)
		commit_steps_end(i);
	EXPECT_TRUE(comes_back(self->others));
	for (i = 0; i < GROUPS; i++)
		EXPECT_EQ(0, commit_of(groups[i], "current"));
	EXPECT_EQ(self->others, commit_of_no_process());
	EXPECT_LT(0, commit_of(groups[0], "peak"));
	steps = shared->steps;
	TH_LOG("%lld steps, refused %lld times", steps, commit_refusals(groups[0]));
	EXPECT_LT(20, steps);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	return test_harness_run(argc, argv);
}
