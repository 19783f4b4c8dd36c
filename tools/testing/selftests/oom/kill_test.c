// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who dies when a memory cgroup is full.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define NR	4

FIXTURE(cgroup) {
	char path[256];
	struct hog hogs[NR];
};

static void stop_all(struct hog *hogs)
{
	int i;

	for (i = 0; i < NR; i++) {
		if (hogs[i].command < 0)
			continue;
		hog_stop(&hogs[i]);
		hogs[i].command = -1;
	}
}

FIXTURE_SETUP(cgroup)
{
	int err, i;

	for (i = 0; i < NR; i++)
		self->hogs[i] = (struct hog) { -1, -1, -1 };
	if (getuid())
		SKIP(return, "not root");
	err = cgroup_create("kill_test", 3 * MB, self->path,
			    sizeof(self->path));
	if (err == -ENOENT || err == -EROFS)
		SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(cgroup)
{
	stop_all(self->hogs);
	cgroup_remove(self->path);
}

static long long oom_kills(const char *cgroup)
{
	char file[300];
	long long kills = -1;

	snprintf(file, sizeof(file), "%s/memory.events", cgroup);
	read_key_number(file, "oom_kill", &kills);
	return kills;
}

/*
 * Let one grow until the OOM killer kills; returns who died, -1 for nobody, or
 * -2 if two died at once, so that nobody can tell who was first.
 */
static int grow_until_death(struct hog *hogs, int nr, int grower, size_t step,
			    int *status)
{
	struct hog *all[NR];
	int i, rounds, kills;

	for (i = 0; i < nr; i++)
		all[i] = &hogs[i];
	for (rounds = 0; rounds < 4096; rounds++) {
		kills = hog_grow_kills(&hogs[grower], step);
		if (kills)
			return kills > 1 ? -2 : hog_wait_any(all, nr, status);
	}
	return -1;
}

/*
 * memory.max 3 MB is less than 1000 pages: there plain Linux 6.12 multiplies
 * oom_score_adj by 0, and kills the largest, the neutral process.
 */
TEST_F_TIMEOUT(cgroup, volunteer_dies_first_in_a_small_cgroup, 300)
{
	int status = 0, first = -2, tries, before = 0;

	for (tries = 0; tries < 5 && first == -2; tries++) {
		stop_all(self->hogs);
		ASSERT_EQ(0, hog_start(&self->hogs[0], 0, self->path));
		ASSERT_EQ(0, hog_start(&self->hogs[1], 1000, self->path));
		ASSERT_EQ(0, hog_start(&self->hogs[2], -1000, self->path));
		ASSERT_EQ(0, hog_grow(&self->hogs[1], 768 * 1024));
		ASSERT_EQ(0, hog_grow(&self->hogs[0], 512 * 1024));
		before = oom_kills(self->path);
		first = grow_until_death(self->hogs, 3, 0, 16 * 1024, &status);
	}
	EXPECT_EQ(1, first);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_EQ(before + 1, oom_kills(self->path));

	/* With the volunteer gone it is the grower's turn, never the immune. */
	EXPECT_EQ(0, grow_until_death(self->hogs, 3, 0, 16 * 1024, &status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_EQ(before + 2, oom_kills(self->path));
	EXPECT_FALSE(hog_died(&self->hogs[2], &status));
}

TEST_F_TIMEOUT(cgroup, adj_counts_in_a_small_cgroup, 300)
{
	int status = 0, first = -2, tries;

	for (tries = 0; tries < 5 && first == -2; tries++) {
		stop_all(self->hogs);
		/* The larger one is let off by 400/1000 of the cgroup. */
		ASSERT_EQ(0, hog_start(&self->hogs[0], -400, self->path));
		ASSERT_EQ(0, hog_start(&self->hogs[1], 0, self->path));
		ASSERT_EQ(0, hog_start(&self->hogs[2], -1000, self->path));
		ASSERT_EQ(0, hog_grow(&self->hogs[0], 1024 * 1024));
		ASSERT_EQ(0, hog_grow(&self->hogs[1], 256 * 1024));
		first = grow_until_death(self->hogs, 3, 2, 16 * 1024, &status);
	}
	EXPECT_EQ(1, first);
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

/* memory.oom.group: all die for one, but for the immune. */
TEST_F_TIMEOUT(cgroup, group_dies_but_for_the_immune, 300)
{
	struct hog *member = &self->hogs[1];
	long long groups = 0;
	char file[300];
	int status = 0;

	snprintf(file, sizeof(file), "%s/memory.oom.group", self->path);
	ASSERT_EQ(0, write_file(file, "1"));
	ASSERT_EQ(0, hog_start(&self->hogs[0], 0, self->path));
	ASSERT_EQ(0, hog_start(&self->hogs[1], -900, self->path));
	ASSERT_EQ(0, hog_start(&self->hogs[2], -1000, self->path));
	EXPECT_NE(-1, grow_until_death(self->hogs, 1, 0, 64 * 1024, &status));
	EXPECT_EQ(0, hog_wait_any(&member, 1, &status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_FALSE(hog_died(&self->hogs[2], &status));
	EXPECT_EQ(0, hog_grow(&self->hogs[2], 4096));
	EXPECT_GT(0, hog_grow(&self->hogs[0], 4096));

	snprintf(file, sizeof(file), "%s/memory.events", self->path);
	ASSERT_EQ(0, read_key_number(file, "oom_group_kill", &groups));
	EXPECT_LE(1, groups);
}

/*
 * What a process scores in the cgroup, from its terms in the whole system:
 * oom_score_adj is a share of the cgroup, and the parent is outside of it.
 */
static long long points_in(pid_t pid, long long totalpages)
{
	return detail(pid, "points") - detail(pid, "inherited") -
	       detail(pid, "adj") +
	       detail(pid, "oom_score_adj") * totalpages / 1000;
}

TEST_F_TIMEOUT(cgroup, highest_points_die, 600)
{
	const long long pages = 48 * MB / getpagesize();
	unsigned int seed = time(NULL);
	struct hog *victim;
	char file[300], max[32];
	int status, i, round, most;
	long long points, best, second;
	char adj[32];

	snprintf(file, sizeof(file), "%s/memory.max", self->path);
	snprintf(max, sizeof(max), "%lu", 48 * MB);
	ASSERT_EQ(0, write_file(file, max));
	TH_LOG("seed %u", seed);

	for (round = 0; round < 10; round++) {
		/* The last one is immune and fills what the others leave. */
		ASSERT_EQ(0, hog_start(&self->hogs[NR - 1], -1000, self->path));
		for (i = 0; i < NR - 1; i++) {
			int adj = (int)(rand_r(&seed) % 1200) - 600;
			size_t bytes = (1 + rand_r(&seed) % 4) * 3 * MB;

			ASSERT_EQ(0, hog_start(&self->hogs[i], adj, self->path));
			ASSERT_EQ(0, hog_grow(&self->hogs[i], bytes));
		}
		best = LLONG_MIN / 2;
		second = best;
		for (i = 0, most = 0; i < NR - 1; i++) {
			points = points_in(self->hogs[i].pid, pages);
			if (points > best) {
				second = best;
				best = points;
				most = i;
			} else if (points > second) {
				second = points;
			}
		}
		/* What fades with age must not decide: part a near tie. */
		if (best - second < 1000) {
			snprintf(adj, sizeof(adj), "%lld",
				 detail(self->hogs[most].pid, "oom_score_adj") +
				 100);
			ASSERT_EQ(0, write_proc(self->hogs[most].pid,
						"oom_score_adj", adj));
		}
		/*
		 * A second one may die while the first's pages are on their way
		 * back; the predicted one must be among them.
		 */
		status = 0;
		while (!hog_grow_kills(&self->hogs[NR - 1], MB / 2))
			;
		victim = &self->hogs[most];
		EXPECT_EQ(0, hog_wait_any(&victim, 1, &status)) {
			TH_LOG("round %d: %d was predicted, and lives", round,
			       most);
		}
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
		stop_all(self->hogs);
	}
	EXPECT_LE(10, oom_kills(self->path));
}

TEST_HARNESS_MAIN
