// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom each kind of shortage may kill, and of what size its domain is: memory
 * policy, cpuset, memory cgroup, the whole machine.
 *
 * For a guest of two NUMA nodes that has nothing to lose, and whose second node
 * is small: it fills them. Does nothing elsewhere.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define NR		4
#define NODE_DIR	"/sys/devices/system/node"

/* From linux/mempolicy.h, which clashes with no libc but is not everywhere. */
#define MPOL_DEFAULT	0
#define MPOL_BIND	2

FIXTURE(domain) {
	struct hog hogs[NR];
	char cgroup[2][256];
	bool cgroups;
};

static int bind_to(int node)
{
	unsigned long mask = 1UL << node;

	if (node < 0)
		return syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
	return syscall(SYS_set_mempolicy, MPOL_BIND, &mask, sizeof(mask) * 8);
}

FIXTURE_SETUP(domain)
{
	int i;

	for (i = 0; i < NR; i++)
		self->hogs[i] = (struct hog) { -1, -1, -1 };
	self->cgroups = false;
	if (access(NODE_DIR "/node1", F_OK))
		SKIP(return, "one NUMA node only");
	if (access("/proc/self/oom_score_detail", R_OK))
		SKIP(return, "no oom_score_detail: CONFIG_OOM_SCORE is off");
	if (getuid())
		SKIP(return, "not root");
	/* The test and what it was started by are not at stake. */
	ASSERT_EQ(0, write_file(ADJ_FILE, "-1000"));
	ASSERT_EQ(0, write_proc(getppid(), "oom_score_adj", "-1000"));
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_weight", "0"));
}

FIXTURE_TEARDOWN(domain)
{
	int i;

	for (i = 0; i < NR; i++)
		if (self->hogs[i].command >= 0)
			hog_stop(&self->hogs[i]);
	if (self->cgroups) {
		cgroup_remove(self->cgroup[0]);
		cgroup_remove(self->cgroup[1]);
	}
	write_file("/proc/sys/vm/oom_kill_allocating_task", "0");
	write_file("/proc/sys/vm/oom_fork_weight", "50");
}

/* Let one grow until somebody is killed. */
static int exhaust(struct hog *grower, size_t step)
{
	int rounds;

	for (rounds = 0; rounds < 8192; rounds++)
		if (hog_grow_kills(grower, step))
			return 0;
	return -1;
}

static bool died_of_it(struct hog *hog)
{
	struct hog *one = hog;
	int status = 0;

	return !hog_wait_any(&one, 1, &status) && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static bool lives(struct hog *hog)
{
	int status;

	return !hog_died(hog, &status);
}

/* A number behind KEY= in the kernel log's line about a killed process. */
static long long logged(pid_t pid, const char *key)
{
	char record[4096], start[64], *line, *at;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	long long number = -1;
	ssize_t n;

	snprintf(start, sizeof(start), "oom-score: pid=%d ", pid);
	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		line = strstr(record, start);
		at = line ? strstr(line, key) : NULL;
		if (at)
			number = atoll(at + strlen(key));
	}
	close(fd);
	return number;
}

static bool constraint_was(const char *constraint, pid_t pid)
{
	char record[4096], text[64], task[64];
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool found = false;
	ssize_t n;

	snprintf(text, sizeof(text), "constraint=CONSTRAINT_%s,", constraint);
	snprintf(task, sizeof(task), ",pid=%d,", pid);
	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		found |= strstr(record, text) && strstr(record, task);
	}
	close(fd);
	return found;
}

static long long node_pages(int node)
{
	char path[64], text[8192], *at, name[32];

	snprintf(path, sizeof(path), NODE_DIR "/node%d/meminfo", node);
	snprintf(name, sizeof(name), "Node %d MemTotal:", node);
	if (read_file(path, text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, name);
	return at ? atoll(at + strlen(name)) / (getpagesize() / 1024) : -1;
}

/* Present pages of a node are some more than those that are not reserved. */
static bool size_of_node(long long pages, int node)
{
	long long total = node_pages(node);

	return total > 0 && pages >= total && pages <= total * 11 / 10 + 512;
}

TEST_F_TIMEOUT(domain, memory_policy, 300)
{
	pid_t victim;

	/* By far the largest score, but none of its memory is on node 1. */
	ASSERT_EQ(0, bind_to(0));
	ASSERT_EQ(0, hog_start(&self->hogs[0], 900, NULL));
	ASSERT_EQ(0, hog_grow(&self->hogs[0], 32 * MB));
	ASSERT_EQ(0, bind_to(1));
	ASSERT_EQ(0, hog_start(&self->hogs[1], 700, NULL));
	ASSERT_EQ(0, hog_grow(&self->hogs[1], 4 * MB));
	ASSERT_EQ(0, hog_start(&self->hogs[2], -500, NULL));
	ASSERT_EQ(0, bind_to(-1));

	victim = self->hogs[1].pid;
	ASSERT_EQ(0, exhaust(&self->hogs[2], MB));
	EXPECT_TRUE(died_of_it(&self->hogs[1]));
	EXPECT_TRUE(lives(&self->hogs[0]));
	EXPECT_TRUE(constraint_was("MEMORY_POLICY", victim));
	EXPECT_TRUE(size_of_node(logged(victim, "totalpages="), 1));
}

TEST_F_TIMEOUT(domain, allocating_task, 300)
{
	pid_t victim;

	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_kill_allocating_task", "1"));
	ASSERT_EQ(0, bind_to(1));
	ASSERT_EQ(0, hog_start(&self->hogs[0], 1000, NULL));
	ASSERT_EQ(0, hog_grow(&self->hogs[0], 4 * MB));
	ASSERT_EQ(0, hog_start(&self->hogs[1], -999, NULL));
	ASSERT_EQ(0, bind_to(-1));

	/* Who asks is killed, whatever its score. */
	victim = self->hogs[1].pid;
	ASSERT_EQ(0, exhaust(&self->hogs[1], MB));
	EXPECT_TRUE(died_of_it(&self->hogs[1]));
	EXPECT_TRUE(lives(&self->hogs[0]));
	EXPECT_EQ(-999, logged(victim, "oom_score_adj="));
	hog_stop(&self->hogs[1]);

	/*
	 * Not if it is immune: then the best is chosen. That may be gone before its
	 * memory is seen, and another is killed: then a spare one, not what runs the
	 * tests.
	 */
	ASSERT_EQ(0, bind_to(1));
	ASSERT_EQ(0, hog_start(&self->hogs[2], 0, NULL));
	ASSERT_EQ(0, hog_grow(&self->hogs[2], MB));
	ASSERT_EQ(0, hog_start(&self->hogs[1], -1000, NULL));
	ASSERT_EQ(0, bind_to(-1));
	ASSERT_EQ(0, exhaust(&self->hogs[1], MB));
	EXPECT_TRUE(died_of_it(&self->hogs[0]));
	EXPECT_TRUE(lives(&self->hogs[1]));
}

static int make_cpuset(const char *name, const char *mems, char *path)
{
	char file[300];

	if (write_file(CGROUP_ROOT "/cgroup.subtree_control", "+cpuset"))
		return -1;
	sprintf(path, CGROUP_ROOT "/%s", name);
	if (mkdir(path, 0755))
		return -1;
	snprintf(file, sizeof(file), "%s/cpuset.mems", path);
	return write_file(file, mems);
}

TEST_F_TIMEOUT(domain, cpuset, 300)
{
	pid_t victim;

	self->cgroups = true;
	ASSERT_EQ(0, make_cpuset("node0", "0", self->cgroup[0]));
	ASSERT_EQ(0, make_cpuset("node1", "1", self->cgroup[1]));
	ASSERT_EQ(0, hog_start(&self->hogs[0], 900, self->cgroup[0]));
	ASSERT_EQ(0, hog_grow(&self->hogs[0], 32 * MB));
	ASSERT_EQ(0, hog_start(&self->hogs[1], 700, self->cgroup[1]));
	ASSERT_EQ(0, hog_grow(&self->hogs[1], 4 * MB));
	ASSERT_EQ(0, hog_start(&self->hogs[2], -500, self->cgroup[1]));

	victim = self->hogs[1].pid;
	ASSERT_EQ(0, exhaust(&self->hogs[2], MB));
	EXPECT_TRUE(died_of_it(&self->hogs[1]));
	EXPECT_TRUE(lives(&self->hogs[0]));
	EXPECT_TRUE(constraint_was("CPUSET", victim));
	EXPECT_TRUE(size_of_node(logged(victim, "totalpages="), 1));
}

/* Where a process may have its memory: NULL and -1 are anywhere. */
struct place {
	const char *cgroup;
	int node;
};

/*
 * A process and its child, in one domain or in two: starts it, adj 500 and 4 MB,
 * at @child, then goes to @own itself and takes 24 MB.
 */
static pid_t start_parent(const struct place *own, const struct place *child,
			  struct hog *hog)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		char path[300], *memory;

		if (bind_to(child->node) ||
		    hog_start(hog, 500, child->cgroup) || hog_grow(hog, 4 * MB))
			_exit(1);
		snprintf(path, sizeof(path), "%s/cgroup.procs",
			 own->cgroup ?: CGROUP_ROOT);
		if (write_file(path, "0") || bind_to(own->node) ||
		    write_file(ADJ_FILE, "0"))
			_exit(1);
		memory = malloc(24 * MB);
		memset(memory, 1, 24 * MB);
		if (write(fds[1], &hog->pid, sizeof(pid_t)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], &hog->pid, sizeof(pid_t)) != sizeof(pid_t))
		hog->pid = -1;
	close(fds[0]);
	return pid;
}

static bool gone(pid_t pid)
{
	char path[64], text[512], *state;
	int tries;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (tries = 0; tries < 4000; tries++) {
		if (read_file(path, text, sizeof(text)) < 0)
			return true;
		state = strrchr(text, ')');
		if (!state || state[2] == 'Z' || state[2] == 'X')
			return true;
		usleep(5000);
	}
	return false;
}

/*
 * The child of a parent dies in a shortage at @in; what it inherits is of a parent
 * that is there too, not of one at @out. Puts the two that died into @died.
 */
static void only_parents_inside_count(struct __test_metadata *_metadata,
				      struct hog *filler, const char *constraint,
				      const struct place *in,
				      const struct place *out, pid_t died[2])
{
	struct hog inner = { -1, -1, -1 };
	pid_t parent;
	int inside;

	for (inside = 0; inside < 2; inside++) {
		parent = start_parent(inside ? in : out, in, &inner);
		ASSERT_LT(0, inner.pid);
		died[inside] = inner.pid;
		/* A reader sees the whole system, where the parent counts. */
		EXPECT_EQ(parent, detail(inner.pid, "parent"));
		ASSERT_EQ(0, bind_to(in->node));
		ASSERT_EQ(0, hog_start(filler, -500, in->cgroup));
		ASSERT_EQ(0, bind_to(-1));
		ASSERT_EQ(0, exhaust(filler, MB));
		EXPECT_TRUE(gone(inner.pid));
		EXPECT_TRUE(constraint_was(constraint, inner.pid));
		EXPECT_EQ(inside ? parent : 0, logged(inner.pid, "parent="));
		EXPECT_EQ(inside, logged(inner.pid, "inherited=") > 0);
		hog_stop(filler);
		*filler = (struct hog) { -1, -1, -1 };
		kill(parent, SIGKILL);
		waitpid(parent, NULL, 0);
	}
}

TEST_F_TIMEOUT(domain, parent_outside_memory_policy, 300)
{
	const struct place in = { NULL, 1 }, out = { NULL, 0 };
	pid_t died[2];

	only_parents_inside_count(_metadata, &self->hogs[0], "MEMORY_POLICY",
				  &in, &out, died);
}

TEST_F_TIMEOUT(domain, parent_outside_cpuset, 300)
{
	const struct place in = { self->cgroup[0], -1 };
	const struct place out = { self->cgroup[1], -1 };
	pid_t died[2];

	self->cgroups = true;
	ASSERT_EQ(0, make_cpuset("inside", "1", self->cgroup[0]));
	ASSERT_EQ(0, make_cpuset("outside", "0", self->cgroup[1]));
	only_parents_inside_count(_metadata, &self->hogs[0], "CPUSET", &in,
				  &out, died);
}

TEST_F_TIMEOUT(domain, memcg, 300)
{
	const struct place in = { self->cgroup[0], -1 };
	const struct place out = { self->cgroup[1], -1 };
	long long pages = 64 * MB / getpagesize();
	pid_t died[2];
	int i;

	self->cgroups = true;
	ASSERT_EQ(0, cgroup_create("inside", 64 * MB, self->cgroup[0], 256));
	ASSERT_EQ(0, cgroup_create("outside", 64 * MB, self->cgroup[1], 256));
	only_parents_inside_count(_metadata, &self->hogs[0], "MEMCG", &in,
				  &out, died);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(pages, logged(died[i], "totalpages="));
		EXPECT_EQ(pages / 2, logged(died[i], " adj="));
	}
}

/* The whole machine: last, as it fills everything. */
TEST_F_TIMEOUT(domain, none, 600)
{
	long long pages;
	pid_t victim;

	ASSERT_EQ(0, hog_start(&self->hogs[0], 300, NULL));
	ASSERT_EQ(0, hog_grow(&self->hogs[0], 16 * MB));
	ASSERT_EQ(0, hog_start(&self->hogs[1], -900, NULL));
	pages = detail(self->hogs[0].pid, "totalpages");
	victim = self->hogs[0].pid;
	ASSERT_EQ(0, exhaust(&self->hogs[1], 4 * MB));
	EXPECT_TRUE(died_of_it(&self->hogs[0]));
	EXPECT_TRUE(constraint_was("NONE", victim));
	EXPECT_EQ(pages, logged(victim, "totalpages="));
	EXPECT_EQ(pages * 300 / 1000, logged(victim, " adj="));
}

TEST_HARNESS_MAIN
