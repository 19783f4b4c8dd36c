// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which process is chosen when the whole system is the domain, by sysrq-f: a
 * selection without any shortage, so that exactly one process is killed for it.
 *
 * Everything that may be killed here has a high oom_score_adj, so that it goes
 * before the rest of the system; where it would not, nothing is triggered.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define MAX_NODES	24
/* Beside which no ordinary process of the system is chosen. */
#define LOWEST_ADJ	700

/* A process of a scenario, and where it is in the family. */
struct node {
	int parent;		/* index; -1: a child of the test */
	int adj;
	size_t bytes;
	bool fork_late;		/* has its children after its memory */
	pid_t pid;
};

struct family {
	struct node node[MAX_NODES];
	int nr;
};

static void touch(size_t bytes)
{
	char *memory;

	if (!bytes)
		return;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 0x5a, bytes);
}

static pid_t start_node(struct family *family, int i, int ready);

static void start_children(struct family *family, int i, int ready)
{
	int j;

	for (j = i + 1; j < family->nr; j++)
		if (family->node[j].parent == i &&
		    start_node(family, j, ready) < 0)
			_exit(1);
}

static pid_t start_node(struct family *family, int i, int ready)
{
	struct node *node = &family->node[i];
	int said[2] = { i };
	char adj[16];
	pid_t pid = fork();

	if (pid)
		return pid;
	said[1] = getpid();
	snprintf(adj, sizeof(adj), "%d", node->adj);
	if (write_file(ADJ_FILE, adj))
		_exit(1);
	if (!node->fork_late)
		start_children(family, i, ready);
	touch(node->bytes);
	if (node->fork_late)
		start_children(family, i, ready);
	if (write(ready, said, sizeof(said)) < 0)
		_exit(1);
	for (;;)
		pause();
}

static bool dead(pid_t pid)
{
	char path[64], text[512], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) < 0)
		return true;
	state = strrchr(text, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

/* Start a family; returns when all hold what they should. */
static int start_family(struct family *family)
{
	int ready[2], said[2], i, count = 0;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	for (i = 0; i < family->nr; i++) {
		family->node[i].pid = -1;
		if (family->node[i].parent < 0 &&
		    start_node(family, i, ready[1]) < 0)
			return -errno;
	}
	close(ready[1]);
	while (count < family->nr &&
	       read(ready[0], said, sizeof(said)) == sizeof(said)) {
		family->node[said[0]].pid = said[1];
		count++;
	}
	close(ready[0]);
	return count == family->nr ? 0 : -ECHILD;
}

static void end_family(struct family *family)
{
	int i;

	for (i = 0; i < family->nr; i++)
		if (family->node[i].pid > 0)
			kill(family->node[i].pid, SIGKILL);
	/* Orphans are ours, see the fixture. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Class and points as one number, as the selection compares them. */
static long long rank(const char *text)
{
	const char *points = strstr(text, "\npoints ");
	const char *class = strstr(text, "\nclass ");

	if (!points || !class)
		return LLONG_MIN;
	if (!strncmp(class, "\nclass volunteer", 16))
		return (1LL << 60) + atoll(points + 8);
	if (!strncmp(class, "\nclass normal", 13))
		return atoll(points + 8);
	return LLONG_MIN;
}

/*
 * Who would die now, by what /proc shows of every process; 0 if nobody would.
 * @lead: by how much
 */
static pid_t predict(long long *lead)
{
	long long best = LLONG_MIN, second = LLONG_MIN, now;
	char path[300], text[4096];
	struct dirent *entry;
	pid_t victim = 0;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		if (!atoi(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/oom_score_detail",
			 entry->d_name);
		if (read_file(path, text, sizeof(text)) < 0)
			continue;
		now = rank(text);
		if (now > best) {
			second = best;
			best = now;
			victim = atoi(entry->d_name);
		} else if (now > second) {
			second = now;
		}
	}
	if (proc)
		closedir(proc);
	*lead = victim && second != LLONG_MIN ? best - second : 0;
	return victim;
}

static bool one_of(const struct family *family, pid_t pid)
{
	int i;

	for (i = 0; i < family->nr; i++)
		if (family->node[i].pid == pid)
			return true;
	return false;
}

/*
 * Have the kernel choose. Returns the index of who died, -1 if it would not be
 * one of the family, -2 if nobody died, -3 if several did.
 */
static int choose(struct family *family)
{
	int i, tries, victim = -2;
	long long lead;

	if (!one_of(family, predict(&lead)))
		return -1;
	if (write_file("/proc/sysrq-trigger", "f"))
		return -2;
	for (tries = 0; tries < 20000 && victim == -2; tries++) {
		for (i = 0; i < family->nr; i++)
			if (dead(family->node[i].pid))
				victim = victim == -2 ? i : -3;
		usleep(2000);
	}
	return victim;
}

/* Once more, without the one who died. */
static int choose_without(struct family *family, int dead_one)
{
	if (dead_one > 0)
		family->node[dead_one] = family->node[--family->nr];
	return choose(family);
}

FIXTURE(choice) {
	struct family family;
	char window[32];
	char weight[32];
	char share[32];
};

FIXTURE_SETUP(choice)
{
	self->family.nr = 0;
	if (access("/proc/self/oom_score_detail", R_OK))
		SKIP(return, "no oom_score_detail: CONFIG_OOM_SCORE is off");
	if (getuid())
		SKIP(return, "not root");
	if (access("/proc/sysrq-trigger", W_OK))
		SKIP(return, "no /proc/sysrq-trigger: CONFIG_MAGIC_SYSRQ is off");
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_LT(0, read_file("/proc/sys/vm/oom_fork_window_ms", self->window,
			       sizeof(self->window)));
	ASSERT_LT(0, read_file("/proc/sys/vm/oom_fork_weight", self->weight,
			       sizeof(self->weight)));
	ASSERT_LT(0, read_file("/proc/sys/vm/oom_parent_share", self->share,
			       sizeof(self->share)));
}

FIXTURE_TEARDOWN(choice)
{
	end_family(&self->family);
	write_file("/proc/sys/vm/oom_fork_window_ms", self->window);
	write_file("/proc/sys/vm/oom_fork_weight", self->weight);
	write_file("/proc/sys/vm/oom_parent_share", self->share);
}

/*
 * Random families; the file predicts. OOM_SCENARIOS says how many, 12 if unset.
 */
TEST_F_TIMEOUT(choice, the_predicted_dies, 900)
{
	static const char * const windows[] = { "0", "600000", "86400000" };
	const char *many = getenv("OOM_SCENARIOS");
	int scenarios = many ? atoi(many) : 12, right = 0, done, victim, i;
	struct family *family = &self->family;
	unsigned int seed = time(NULL);
	long long lead;
	pid_t predicted;

	TH_LOG("seed %u", seed);
	for (done = 0; done < scenarios; done++) {
		ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_window_ms",
					windows[rand_r(&seed) % 3]));
again:
		family->nr = 2 + rand_r(&seed) % 14;
		for (i = 0; i < family->nr; i++) {
			int volunteers = rand_r(&seed) % 4;

			family->node[i] = (struct node) {
				.parent = rand_r(&seed) % 2 ? -1 :
					  rand_r(&seed) % (i + 1) - 1,
				/* Close to each other, so that memory decides. */
				.adj = !volunteers ? 1000 : LOWEST_ADJ +
				       (int)(rand_r(&seed) % 20),
				.bytes = rand_r(&seed) % (6 * MB),
				.fork_late = rand_r(&seed) % 2,
			};
		}
		ASSERT_EQ(0, start_family(family));
		predicted = predict(&lead);
		ASSERT_TRUE(one_of(family, predicted));
		/* A term that fades while we look must not decide. */
		if (lead < 32) {
			end_family(family);
			goto again;
		}
		victim = choose(family);
		ASSERT_LE(0, victim);
		EXPECT_EQ(predicted, family->node[victim].pid) {
			TH_LOG("scenario %d: predicted by %lld pages", done, lead);
		}
		right += predicted == family->node[victim].pid;
		end_family(family);
	}
	TH_LOG("the predicted process died in %d of %d scenarios", right, done);
	EXPECT_EQ(done, right);
}

/* Processes with the same adj, by size. */
static void add(struct family *family, int parent, size_t bytes)
{
	family->node[family->nr++] = (struct node) {
		.parent = parent, .adj = LOWEST_ADJ, .bytes = bytes,
	};
}

/*
 * A storm of forks by someone small, against a bystander a little larger than
 * each: with the fork term one of the storm dies, without it the bystander.
 */
TEST_F_TIMEOUT(choice, fork_storm_dies_before_a_bystander, 120)
{
	struct family *family = &self->family;
	struct family storm = { .nr = 0 };
	char window[32];
	int i, victim;

	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_parent_share", "0"));
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_weight", "200"));
	add(family, -1, 8 * MB + 256 * 1024);
	ASSERT_EQ(0, start_family(family));
	usleep(2000000);
	add(&storm, -1, 0);
	for (i = 0; i < 12; i++)
		add(&storm, 0, 8 * MB);
	ASSERT_EQ(0, start_family(&storm));
	for (i = 0; i < storm.nr; i++)
		family->node[family->nr++] = storm.node[i];

	/* Over for the bystander, 2 s of it left for the storm. */
	snprintf(window, sizeof(window), "%lld",
		 detail(family->node[0].pid, "age_ms"));
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_window_ms", window));
	EXPECT_EQ(0, detail(family->node[0].pid, "fork"));
	victim = choose(family);
	EXPECT_LT(0, victim);

	/* Without the term it is who has most. */
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_weight", "0"));
	EXPECT_EQ(0, choose_without(family, victim));
}

/*
 * One that keeps some memory itself and more in many children: with the parent's
 * share, it is one of them that dies, not a bystander larger than each child.
 */
TEST_F_TIMEOUT(choice, a_share_of_the_parent_finds_a_swarm, 120)
{
	struct family *family = &self->family;
	int i, victim;

	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_weight", "0"));
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_parent_share", "125"));
	add(family, -1, 6 * MB);
	add(family, -1, 5 * MB);
	for (i = 0; i < 8; i++)
		add(family, 1, 5 * MB + 512 * 1024);
	ASSERT_EQ(0, start_family(family));
	victim = choose(family);
	EXPECT_LT(1, victim);

	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_parent_share", "0"));
	EXPECT_EQ(0, choose_without(family, victim));
}

/* Nothing comes down from a parent that nobody may kill. */
TEST_F_TIMEOUT(choice, nothing_inherited_from_the_immune, 120)
{
	struct family *family = &self->family;

	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_weight", "0"));
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_parent_share", "1000"));
	add(family, -1, 7 * MB);
	add(family, -1, 64 * MB);
	family->node[1].adj = -1000;
	add(family, 1, 6 * MB);
	ASSERT_EQ(0, start_family(family));
	EXPECT_EQ(0, detail(family->node[2].pid, "inherited"));
	EXPECT_EQ(0, choose(family));
}

/* A child between vfork() and exec() has its parent's memory, and lives by it. */
static pid_t *vforked;

static void vfork_and_wait(void)
{
	pid_t pid = vfork();

	if (!pid) {
		__atomic_store_n(vforked, getpid(), __ATOMIC_RELEASE);
		for (;;)
			syscall(SYS_pause);
	}
	_exit(1);
}

TEST_F_TIMEOUT(choice, vfork_child_is_not_chosen, 120)
{
	struct family *family = &self->family;
	char path[64], text[80];
	int tries;

	vforked = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, vforked);
	family->nr = 2;
	family->node[0].pid = fork();
	if (!family->node[0].pid) {
		snprintf(text, sizeof(text), "%d", LOWEST_ADJ);
		if (write_file(ADJ_FILE, text))
			_exit(1);
		touch(8 * MB);
		vfork_and_wait();
	}
	for (tries = 0; tries < 20000 &&
	     !__atomic_load_n(vforked, __ATOMIC_ACQUIRE); tries++)
		usleep(2000);
	ASSERT_LT(0, *vforked);
	family->node[1].pid = *vforked;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", *vforked);
	EXPECT_EQ(0, read_key(path, "class", text, sizeof(text)));
	EXPECT_STREQ("unkillable", text);
	EXPECT_EQ(0, read_key(path, "why", text, sizeof(text)));
	EXPECT_STREQ("in vfork, memory is its parent's", text);

	/* The parent is chosen; who shares its memory dies with it. */
	ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
	for (tries = 0; tries < 20000; tries++) {
		if (dead(family->node[0].pid) && dead(family->node[1].pid))
			break;
		usleep(2000);
	}
	EXPECT_TRUE(dead(family->node[0].pid));
	EXPECT_TRUE(dead(family->node[1].pid));
	munmap(vforked, 4096);
}

/* A thread group whose leader has exited is scored by the thread that is left. */
static void *hold(void *arg)
{
	touch(8 * MB);
	if (write(*(int *)arg, "", 1) < 0)
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

TEST_F_TIMEOUT(choice, exited_leader_is_chosen_by_its_thread, 120)
{
	struct family *family = &self->family;
	pthread_t thread;
	int ready[2], tries;
	char text[16];
	siginfo_t info;

	ASSERT_EQ(0, pipe(ready));
	family->nr = 1;
	family->node[0].pid = fork();
	if (!family->node[0].pid) {
		snprintf(text, sizeof(text), "%d", LOWEST_ADJ);
		if (write_file(ADJ_FILE, text) ||
		    pthread_create(&thread, NULL, hold, &ready[1]))
			_exit(1);
		/* The leader goes, the process stays. */
		syscall(SYS_exit, 0);
	}
	ASSERT_EQ(1, read(ready[0], text, 1));
	for (tries = 0; tries < 20000 && !dead(family->node[0].pid); tries++)
		usleep(2000);
	ASSERT_TRUE(dead(family->node[0].pid));

	EXPECT_LE((long long)(8 * MB / getpagesize()),
		  detail(family->node[0].pid, "rss"));
	ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
	ASSERT_EQ(0, waitid(P_PID, family->node[0].pid, &info, WEXITED));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	close(ready[0]);
	close(ready[1]);
}

/* Processes that share an mm: one is chosen, all die, as memory must be freed. */
static int sharer(void *unused)
{
	for (;;)
		pause();
	return 0;
}

TEST_F_TIMEOUT(choice, all_who_share_the_memory_die, 120)
{
	struct family *family = &self->family;
	static char stack[2][65536];
	pid_t *pids;
	char text[16];
	int i, tries;

	pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)pids);
	family->nr = 3;
	family->node[0].pid = fork();
	if (!family->node[0].pid) {
		snprintf(text, sizeof(text), "%d", LOWEST_ADJ);
		if (write_file(ADJ_FILE, text))
			_exit(1);
		touch(8 * MB);
		for (i = 0; i < 2; i++)
			pids[i] = clone(sharer, stack[i] + sizeof(stack[i]),
					CLONE_VM | SIGCHLD, NULL);
		__atomic_store_n(&pids[2], 1, __ATOMIC_RELEASE);
		for (;;)
			pause();
	}
	for (tries = 0; tries < 20000 &&
	     !__atomic_load_n(&pids[2], __ATOMIC_ACQUIRE); tries++)
		usleep(2000);
	ASSERT_LT(0, pids[0]);
	ASSERT_LT(0, pids[1]);
	family->node[1].pid = pids[0];
	family->node[2].pid = pids[1];
	/* Nobody inherits from who shares its memory. */
	EXPECT_EQ(0, detail(pids[0], "inherited"));
	EXPECT_EQ(0, detail(pids[0], "parent"));

	ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
	for (tries = 0; tries < 20000; tries++) {
		for (i = 0; i < 3 && dead(family->node[i].pid); i++)
			;
		if (i == 3)
			break;
		usleep(2000);
	}
	EXPECT_EQ(3, i);
	munmap(pids, 4096);
}

/*
 * One that was chosen and can't go, here as its tracer holds it at its exit, is
 * not chosen again once the reaper has taken its memory.
 */
TEST_F_TIMEOUT(choice, who_was_reaped_is_passed_over, 120)
{
	struct family *family = &self->family;
	char path[64], why[80] = "";
	int status, tries;
	pid_t stuck;

	add(family, -1, 4 * MB);
	add(family, -1, 16 * MB);
	ASSERT_EQ(0, start_family(family));
	stuck = family->node[1].pid;
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, stuck, NULL, PTRACE_O_TRACEEXIT));
	ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
	ASSERT_EQ(stuck, waitpid(stuck, &status, __WALL));
	ASSERT_EQ(SIGTRAP | PTRACE_EVENT_EXIT << 8, status >> 8);

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", stuck);
	for (tries = 0; tries < 20000 && !strstr(why, "already freed"); tries++) {
		read_key(path, "why", why, sizeof(why));
		usleep(5000);
	}
	EXPECT_STREQ("memory already freed by the OOM killer", why);
	EXPECT_GT((long long)(16 * MB / getpagesize()), detail(stuck, "rss"));

	EXPECT_EQ(0, choose(family));
	EXPECT_EQ(0, ptrace(PTRACE_CONT, stuck, NULL, NULL));
	EXPECT_EQ(stuck, waitpid(stuck, &status, __WALL));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

/*
 * The arguments of an exec count while they are in neither the old memory nor,
 * yet, the new. One whose program can't run has them most of the time.
 */
static void exec_in_vain(const char *path)
{
	static char *args[33];
	char *text = malloc(128 * 1024);
	int i;

	memset(text, 'x', 128 * 1024 - 1);
	text[128 * 1024 - 1] = '\0';
	for (i = 0; i < 32; i++)
		args[i] = text;
	for (;;)
		execv(path, args);
}

TEST_F_TIMEOUT(choice, arguments_count_in_exec, 120)
{
	const struct rlimit stack = { 64 * MB, 64 * MB };
	long long now, least = LLONG_MAX, most = 0, pages;
	struct family *family = &self->family;
	char path[] = "/tmp/select_test-XXXXXX";
	char text[16];
	siginfo_t info;
	int fd, tries;

	/* Executable, and of no format that the kernel knows. */
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, write(fd, "\1\2\3\4", 4));
	ASSERT_EQ(0, fchmod(fd, 0755));
	close(fd);

	family->nr = 1;
	family->node[0].pid = fork();
	if (!family->node[0].pid) {
		snprintf(text, sizeof(text), "%d", LOWEST_ADJ);
		if (setrlimit(RLIMIT_STACK, &stack) ||
		    write_file(ADJ_FILE, text))
			_exit(1);
		exec_in_vain(path);
	}
	/* 4 MB of them. */
	pages = 4 * MB / getpagesize();
	for (tries = 0; tries < 20000 && most - least < pages * 3 / 4; tries++) {
		now = detail(family->node[0].pid, "rss");
		if (now < least)
			least = now;
		if (now > most)
			most = now;
		usleep(500);
	}
	EXPECT_LE(pages * 3 / 4, most - least);
	EXPECT_GE(pages + 256, most - least);

	/* It dies in the middle of it as elsewhere. */
	ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
	ASSERT_EQ(0, waitid(P_PID, family->node[0].pid, &info, WEXITED));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	unlink(path);
}

/*
 * Many of the same size: nothing tells who is the largest but precise sums. These
 * are made of all of them; or if there may be so few that the kernel was booted
 * with oom_score.lines= for this test, the best known dies, and it is said.
 */
TEST_F_TIMEOUT(choice, the_best_known_of_many, 120)
{
	const char *file = "/sys/module/oom_score/parameters/lines";
	struct family *family = &self->family;
	static char records[256 * 1024];
	char text[32] = "", *last;
	long unsummed = -1;
	int i, sums;

	if (access("/proc/oom_history", R_OK))
		SKIP(return, "no /proc/oom_history: CONFIG_OOM_EVENT is off");
	ASSERT_LT(0, read_file(file, text, sizeof(text)));
	sums = atoi(text) / (sysconf(_SC_NPROCESSORS_ONLN) + 16);
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_parent_share", "0"));
	ASSERT_EQ(0, write_file("/proc/sys/vm/oom_fork_weight", "0"));
	for (i = 0; i < MAX_NODES; i++)
		add(family, -1, 4 * MB);
	ASSERT_EQ(0, start_family(family));
	EXPECT_LE(0, choose(family));

	ASSERT_LT(0, read_file("/proc/oom_history", records, sizeof(records)));
	last = strstr(records, "\nseq=");
	for (last = last ? last + 1 : records; strstr(last, "\nseq=");)
		last = strstr(last, "\nseq=") + 1;
	ASSERT_NE(NULL, strstr(last, " unsummed="));
	unsummed = atol(strstr(last, " unsummed=") + strlen(" unsummed="));
	TH_LOG("at most %d sums: %ld unsummed", sums, unsummed);
	if (sums >= 10 * MAX_NODES) {
		EXPECT_EQ(0, unsummed);
	} else {
		/* Eight are summed before, and some of them again. */
		EXPECT_LE(MAX_NODES - sums, unsummed);
		EXPECT_GE(MAX_NODES - 8, unsummed);
	}
}

TEST_HARNESS_MAIN
