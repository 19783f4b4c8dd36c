// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/oom_score and /proc/PID/oom_score_detail.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

FIXTURE(score) {
	struct hog hog;
};

FIXTURE_SETUP(score)
{
	if (access("/proc/self/oom_score_detail", R_OK))
		SKIP(return, "no oom_score_detail: CONFIG_OOM_SCORE is off");
	ASSERT_EQ(0, hog_start(&self->hog, 0, NULL));
}

FIXTURE_TEARDOWN(score)
{
	hog_stop(&self->hog);
}

TEST_F(score, keys_in_order)
{
	static const char * const keys[] = {
		"memory ", "inherited ", "fork ", "tcb ", "adj ", "points ",
		"class normal", "rss ", "swap ", "pgtables ", "parent ",
		"age_ms ", "totalpages ", "oom_score_adj ", "tier ",
	};
	char text[4096], *line, *rest = text;
	unsigned int i = 0;

	ASSERT_LT(0, read_file("/proc/self/oom_score_detail", text,
			       sizeof(text)));
	ASSERT_EQ('\n', text[strlen(text) - 1]);
	while ((line = strsep(&rest, "\n")) && *line) {
		ASSERT_LT(i, ARRAY_SIZE(keys));
		EXPECT_EQ(0, strncmp(line, keys[i], strlen(keys[i]))) {
			TH_LOG("line %u is '%s', not '%s'", i, line, keys[i]);
		}
		i++;
	}
	EXPECT_EQ(ARRAY_SIZE(keys), i);
}

/* Every number of one read: the file is one snapshot. */
struct snapshot {
	long long memory, inherited, fork, tcb, adj, points;
	long long rss, swap, pgtables, totalpages, oom_score_adj;
};

static int take(pid_t pid, struct snapshot *s)
{
	char path[64], text[4096];
	char class[32];
	long long parent, age;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	if (read_file(path, text, sizeof(text)) < 0)
		return -1;
	return sscanf(text, "memory %lld\ninherited %lld\nfork %lld\ntcb %lld\n"
		      "adj %lld\npoints %lld\nclass %31s\nrss %lld\nswap %lld\n"
		      "pgtables %lld\nparent %lld\nage_ms %lld\n"
		      "totalpages %lld\noom_score_adj %lld\n",
		      &s->memory, &s->inherited, &s->fork, &s->tcb, &s->adj,
		      &s->points, class, &s->rss, &s->swap, &s->pgtables,
		      &parent, &age, &s->totalpages, &s->oom_score_adj) == 14 ?
	       0 : -1;
}

TEST_F(score, terms_add_up)
{
	static const char * const adjs[] = { "-999", "-1", "0", "1", "777" };
	struct snapshot s;
	unsigned int i;

	ASSERT_EQ(0, hog_grow(&self->hog, 8 * MB));
	for (i = 0; i < ARRAY_SIZE(adjs); i++) {
		if (write_proc(self->hog.pid, "oom_score_adj", adjs[i]))
			SKIP(return, "may not lower oom_score_adj");
		ASSERT_EQ(0, take(self->hog.pid, &s));
		EXPECT_EQ(s.memory, s.rss + s.swap + s.pgtables);
		EXPECT_EQ(s.points, s.memory + s.inherited + s.fork + s.tcb +
				    s.adj);
		EXPECT_EQ(s.adj, s.oom_score_adj * s.totalpages / 1000);
		EXPECT_EQ(atoi(adjs[i]), s.oom_score_adj);
		EXPECT_LE(8 * MB / 4096, (unsigned long)s.rss);
	}
}

TEST_F(score, memory_counts_exactly)
{
	long long before, after;

	ASSERT_EQ(0, hog_grow(&self->hog, MB));
	before = detail(self->hog.pid, "rss");
	ASSERT_EQ(0, hog_grow(&self->hog, 16 * MB));
	after = detail(self->hog.pid, "rss");
	/* What it touched, and at most a few pages that it ran over. */
	EXPECT_LE((long long)(16 * MB / getpagesize()), after - before);
	EXPECT_GE((long long)(16 * MB / getpagesize()) + 32, after - before);
}

TEST_F(score, scale)
{
	long long score, higher;
	struct snapshot s;
	long long linux_scale;

	ASSERT_EQ(0, take(self->hog.pid, &s));
	ASSERT_EQ(0, read_proc(self->hog.pid, "oom_score", &score));
	linux_scale = (1000 + s.points * 1000 / s.totalpages) * 2 / 3;
	EXPECT_LE(linux_scale - 1, score);
	EXPECT_GE(linux_scale + 1, score);

	ASSERT_EQ(0, write_proc(self->hog.pid, "oom_score_adj", "500"));
	ASSERT_EQ(0, read_proc(self->hog.pid, "oom_score", &higher));
	EXPECT_LE(score + 333, higher + 1);
	ASSERT_EQ(0, write_proc(self->hog.pid, "oom_score_adj", "999"));
	ASSERT_EQ(0, read_proc(self->hog.pid, "oom_score", &higher));
	EXPECT_GT(1333, higher);
}

TEST_F(score, volunteer_is_above_all)
{
	long long volunteer, normal;
	char class[32], path[64];
	struct hog small;

	/* A small volunteer against all that a normal process can have. */
	ASSERT_EQ(0, hog_start(&small, 1000, NULL));
	ASSERT_EQ(0, hog_grow(&self->hog, 64 * MB));
	ASSERT_EQ(0, write_proc(self->hog.pid, "oom_score_adj", "999"));
	ASSERT_EQ(0, read_proc(small.pid, "oom_score", &volunteer));
	ASSERT_EQ(0, read_proc(self->hog.pid, "oom_score", &normal));
	EXPECT_LT(normal, volunteer);
	EXPECT_GE(2000, volunteer);

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", small.pid);
	EXPECT_EQ(0, read_key(path, "class", class, sizeof(class)));
	EXPECT_STREQ("volunteer", class);
	hog_stop(&small);
}

TEST_F(score, immune_shows_0_and_why)
{
	char path[64], text[80];
	long long score;

	if (write_proc(self->hog.pid, "oom_score_adj", "-1000"))
		SKIP(return, "may not lower oom_score_adj");
	ASSERT_EQ(0, read_proc(self->hog.pid, "oom_score", &score));
	EXPECT_EQ(0, score);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail",
		 self->hog.pid);
	EXPECT_EQ(0, read_key(path, "class", text, sizeof(text)));
	EXPECT_STREQ("immune", text);
	EXPECT_EQ(0, read_key(path, "why", text, sizeof(text)));

	/* One more makes it killable, and then it shows at least 1. */
	ASSERT_EQ(0, write_proc(self->hog.pid, "oom_score_adj", "-999"));
	ASSERT_EQ(0, read_proc(self->hog.pid, "oom_score", &score));
	EXPECT_LE(1, score);
	EXPECT_EQ(-ENOENT, read_key(path, "why", text, sizeof(text)));
}

TEST_F(score, init_and_kernel_threads_are_unkillable)
{
	char text[80], name[32];
	long long score;
	pid_t pid;

	ASSERT_EQ(0, read_proc(1, "oom_score", &score));
	EXPECT_EQ(0, score);
	EXPECT_EQ(0, read_key("/proc/1/oom_score_detail", "class", text,
			      sizeof(text)));
	EXPECT_STREQ("unkillable", text);
	EXPECT_EQ(0, read_key("/proc/1/oom_score_detail", "why", text,
			      sizeof(text)));
	EXPECT_STREQ("init", text);

	/* kthreadd; in a pid namespace of our own there is none to see. */
	pid = 2;
	if (read_file("/proc/2/comm", name, sizeof(name)) < 0 ||
	    strcmp(name, "kthreadd\n"))
		SKIP(return, "no kernel threads in this pid namespace");
	ASSERT_EQ(0, read_proc(pid, "oom_score", &score));
	EXPECT_EQ(0, score);
	EXPECT_EQ(0, read_key("/proc/2/oom_score_detail", "why", text,
			      sizeof(text)));
	EXPECT_STREQ("kernel thread", text);
}

TEST_F(score, zombie_is_unkillable)
{
	char path[64], text[80];
	long long score;
	siginfo_t info;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(0, read_proc(pid, "oom_score", &score));
	EXPECT_EQ(0, score);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	EXPECT_EQ(0, read_key(path, "class", text, sizeof(text)));
	EXPECT_STREQ("unkillable", text);
	waitpid(pid, NULL, 0);
}

/* A hog's child: forked by the hog's parent's sibling, so nest by hand. */
static pid_t child_of_fat_parent(size_t bytes, int adj, pid_t *parent)
{
	int fds[2];
	pid_t child = -1;
	char text[16], *memory;

	if (pipe(fds))
		return -1;
	*parent = fork();
	if (!*parent) {
		memory = malloc(bytes);
		memset(memory, 1, bytes);
		snprintf(text, sizeof(text), "%d", adj);
		if (adj && write_file(ADJ_FILE, text))
			_exit(1);
		child = fork();
		if (!child) {
			if (adj)
				write_file(ADJ_FILE, "0");
			if (write(fds[1], &(pid_t){ getpid() }, sizeof(pid_t)) < 0)
				_exit(1);
			pause();
			_exit(0);
		}
		pause();
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &child, sizeof(child)) != sizeof(child))
		child = -1;
	close(fds[0]);
	return child;
}

static void end_family(pid_t parent, pid_t child)
{
	kill(child, SIGKILL);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
}

TEST_F(score, inherits_a_share_of_the_parent)
{
	long long share, points, inherited;
	pid_t parent, child;

	ASSERT_EQ(0, read_number("/proc/sys/vm/oom_parent_share", &share));
	child = child_of_fat_parent(16 * MB, 0, &parent);
	ASSERT_LT(0, child);

	EXPECT_EQ(parent, detail(child, "parent"));
	inherited = detail(child, "inherited");
	points = detail(parent, "points") - detail(parent, "inherited");
	/* Age lets the parent's fork term fall between the reads. */
	EXPECT_LE(points * share / 1000 - 2, inherited);
	EXPECT_GE(points * share / 1000 * 106 / 100 + 2, inherited);
	end_family(parent, child);
}

TEST_F(score, inherits_nothing_from_an_immune_parent)
{
	pid_t parent, child;

	if (getuid())
		SKIP(return, "not root");
	child = child_of_fat_parent(16 * MB, -1000, &parent);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, detail(child, "inherited"));
	EXPECT_EQ(0, detail(child, "oom_score_adj"));
	end_family(parent, child);
}

TEST_F(score, fork_term_fades)
{
	long long window, weight, first, second, memory, age;

	ASSERT_EQ(0, read_number("/proc/sys/vm/oom_fork_window_ms", &window));
	ASSERT_EQ(0, read_number("/proc/sys/vm/oom_fork_weight", &weight));
	ASSERT_EQ(0, hog_grow(&self->hog, 32 * MB));
	memory = detail(self->hog.pid, "memory");
	age = detail(self->hog.pid, "age_ms");
	first = detail(self->hog.pid, "fork");
	if (age < window) {
		EXPECT_GE(memory * weight / 1000 * (window - age) / window,
			  first);
	}
	usleep(500000);
	second = detail(self->hog.pid, "fork");
	if (first)
		EXPECT_GT(first, second);
	EXPECT_LE(age + 500, detail(self->hog.pid, "age_ms"));
}

TEST_F(score, forking_makes_young)
{
	long long young, begin;
	pid_t pid;

	usleep(300000);
	EXPECT_LE(300, detail(getpid(), "age_ms"));
	begin = now_ms();
	pid = fork();
	if (!pid)
		_exit(0);
	/* Not older than that, however late this is. */
	young = detail(getpid(), "age_ms");
	EXPECT_GE(now_ms() - begin + 1, young);
	waitpid(pid, NULL, 0);
}

/*
 * A shell or a postmaster forks all day: each fork makes it young, which counts
 * once, however many there are, and no longer than the window after the last.
 * OOM_FORKS: how many, 1000 if unset.
 */
TEST_F_TIMEOUT(score, forks_do_not_add_up, 900)
{
	const char *many = getenv("OOM_FORKS");
	long long i, forks = many ? atoll(many) : 1000, weight, share, most = 0;
	long long sum = 0, samples = 0, window, begin = now_ms();
	size_t size = 16 * MB;
	char *memory;
	pid_t pid;

	ASSERT_EQ(0, read_number("/proc/sys/vm/oom_fork_weight", &weight));
	ASSERT_EQ(0, read_number("/proc/sys/vm/oom_fork_window_ms", &window));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)memory);
	memset(memory, 1, size);
	/* Not copied: forks are many. */
	madvise(memory, size, MADV_DONTFORK);
	for (i = 0; i < forks; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		ASSERT_LT(0, pid);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		if (i % 100)
			continue;
		share = detail(getpid(), "fork") * 1000 /
			detail(getpid(), "memory");
		if (share > most)
			most = share;
		sum += share;
		samples++;
	}
	TH_LOG("%lld forks in %lld ms: permille of memory %lld on average, %lld at most",
	       forks, now_ms() - begin, sum / samples, most);
	EXPECT_GE(weight, most);
	usleep((window + 100) * 1000);
	EXPECT_EQ(0, detail(getpid(), "fork"));
	munmap(memory, size);
}

static void *report_and_wait(void *tid)
{
	__atomic_store_n((pid_t *)tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	pause();
	return NULL;
}

TEST_F(score, same_below_task)
{
	long long leader, by_thread, points;
	char path[80];
	pthread_t thread;
	pid_t tid = 0;

	/* A thread's files show its process; making it is no fork. */
	usleep(300000);
	ASSERT_EQ(0, pthread_create(&thread, NULL, report_and_wait, &tid));
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sched_yield();
	EXPECT_LE(300, detail(getpid(), "age_ms"));

	ASSERT_EQ(0, read_proc(getpid(), "oom_score", &leader));
	snprintf(path, sizeof(path), "/proc/self/task/%d/oom_score", tid);
	ASSERT_EQ(0, read_number(path, &by_thread));
	EXPECT_LE(leader - 1, by_thread);
	EXPECT_GE(leader + 1, by_thread);
	snprintf(path, sizeof(path), "/proc/self/task/%d/oom_score_detail", tid);
	ASSERT_EQ(0, read_key_number(path, "memory", &points));
	EXPECT_LT(0, points);
}

TEST_F(score, tier_follows_the_token)
{
	char tier[16];

	ASSERT_EQ(0, read_key("/proc/self/oom_score_detail", "tier", tier,
			      sizeof(tier)));
	if (!have_peios()) {
		EXPECT_STREQ("user", tier);
		SKIP(return, "no Peios");
	}
	if (getuid())
		SKIP(return, "not root");
	EXPECT_STREQ("tcb", tier);
	EXPECT_GT(0, detail(getpid(), "tcb"));

	/* Present is enough, and needed. */
	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	EXPECT_GT(0, detail(getpid(), "tcb"));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(0, detail(getpid(), "tcb"));
	EXPECT_EQ(0, read_key("/proc/self/oom_score_detail", "tier", tier,
			      sizeof(tier)));
	EXPECT_STREQ("user", tier);
}

TEST_F(score, not_writable)
{
	EXPECT_EQ(getuid() ? -EACCES : -EINVAL,
		  write_file("/proc/self/oom_score_detail", "1"));
}

TEST_HARNESS_MAIN
