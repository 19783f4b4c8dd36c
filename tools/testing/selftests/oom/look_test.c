// SPDX-License-Identifier: GPL-2.0-only
/*
 * One OOM kill for one shortage: where memory has come back before the kill nobody
 * dies, and nobody is chosen while an exit under way gives back what is asked for.
 *
 * The OOM killer is stopped between choice and kill by oom_look_pause in debugfs.
 * LOOK_ROUNDS sets how often (1000 takes some minutes for the whole machine).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "event_util.h"
#include "oom_util.h"

#define DEBUGFS		"/sys/kernel/debug"
#define PAUSE		DEBUGFS "/oom_look_pause"
#define NODE1		"/sys/devices/system/node/node1"

/* What is written to it */
#define GO_ON		"0"
#define STOP		"1"
#define STOP_BLIND	"2"
#define LOOK_OFF	"3"

/* From linux/mempolicy.h, which clashes with no libc but is not everywhere. */
#define MPOL_BIND	2

#define RW		(PROT_READ | PROT_WRITE)
#define LIMIT		(16 * MB)

/* What has it come to? */
static void nap(void)
{
	struct timespec ts = { .tv_nsec = 200000 };

	nanosleep(&ts, NULL);
}

static bool pause_mounted(void)
{
	if (access(PAUSE, F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	return !access(PAUSE, F_OK);
}

/* Orders to a process and whether it has obeyed, where memory may be had by none */
enum order { NONE, GROW, GIVE_BACK, TAKE };

struct post {
	int order;
	int done;
};

/* The domains in which memory runs out */
enum where { MACHINE, CGROUP, CPUSET, POLICY };

FIXTURE(look) {
	struct post *eater_post, *helper_post;
	char cgroup[256];
	pid_t eater, helper;
	size_t reserve;
	int pause;
};

FIXTURE_VARIANT(look) {
	enum where where;
	const char *constraint;
};

FIXTURE_VARIANT_ADD(look, machine) {
	.where = MACHINE, .constraint = "none",
};

FIXTURE_VARIANT_ADD(look, cgroup) {
	.where = CGROUP, .constraint = "memcg",
};

FIXTURE_VARIANT_ADD(look, cpuset) {
	.where = CPUSET, .constraint = "cpuset",
};

FIXTURE_VARIANT_ADD(look, policy) {
	.where = POLICY, .constraint = "mempolicy",
};

/* Pages of all zones' high watermarks: so much must be free in one of them. */
static size_t watermarks(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	size_t pages = 0, high;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " high %zu", &high) == 1)
			pages += high;
	if (file)
		fclose(file);
	return pages;
}

/* In a child: into the domain. */
static bool enter(enum where where, const char *cgroup)
{
	unsigned long mask = 1UL << 1;
	char path[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (where == POLICY)
		return !syscall(SYS_set_mempolicy, MPOL_BIND, &mask, sizeof(mask) * 8);
	if (where == MACHINE)
		return true;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	return write_file(path, "0") >= 0;
}

static char *room(size_t bytes)
{
	char *memory = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			    -1, 0);

	if (memory == MAP_FAILED)
		_exit(3);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

static enum order next_order(struct post *post)
{
	while (__atomic_load_n(&post->order, __ATOMIC_SEQ_CST) == NONE)
		nap();
	return post->order;
}

static void obeyed(struct post *post)
{
	__atomic_store_n(&post->order, NONE, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&post->done, 1, __ATOMIC_SEQ_CST);
}

/* Takes memory until it is told to give back the last of it. */
static void eat(struct post *post, size_t back)
{
	size_t page = getpagesize(), at = 0;
	char *memory = room(4096 * MB);

	for (;;) {
		while (next_order(post) == GROW) {
			memory[at] = 1;
			at += page;
		}
		back = at < back ? at : back;
		at -= back;
		madvise(memory + at, back, MADV_DONTNEED);
		obeyed(post);
	}
}

/* Has some memory, and gives it back when it is told to. */
static void help(struct post *post, size_t bytes)
{
	char *memory = room(bytes);

	for (;;) {
		if (next_order(post) == TAKE)
			memset(memory, 1, bytes);
		else
			madvise(memory, bytes, MADV_DONTNEED);
		obeyed(post);
	}
}

static void tell(struct post *post, enum order order)
{
	__atomic_store_n(&post->order, order, __ATOMIC_SEQ_CST);
}

/* To fill a machine takes a debug kernel on a busy host more than a minute. */
#define PATIENCE_MS	300000

/* Wait until it has obeyed @done times; false if that takes too long. */
static bool wait_done(struct post *post, int done)
{
	long long end = now_ms() + PATIENCE_MS;

	while (__atomic_load_n(&post->done, __ATOMIC_SEQ_CST) < done) {
		if (now_ms() > end)
			return false;
		nap();
	}
	return true;
}

static long long stopped(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoll(text) : -1;
}

static bool wait_stopped(int fd, long long before)
{
	long long end = now_ms() + PATIENCE_MS;

	while (stopped(fd) == before) {
		if (now_ms() > end)
			return false;
		nap();
	}
	return true;
}

static pid_t start(enum where where, const char *cgroup, int adj, struct post *post,
		   void (*fn)(struct post *post, size_t bytes), size_t bytes)
{
	char text[16];
	pid_t pid;

	pid = fork();
	if (pid)
		return pid;
	snprintf(text, sizeof(text), "%d", adj);
	if (write_file(ADJ_FILE, text) || !enter(where, cgroup))
		_exit(2);
	fn(post, bytes);
	return 0;
}

FIXTURE_SETUP(look)
{
	char path[300];

	self->eater = -1;
	self->helper = -1;
	self->pause = -1;
	self->cgroup[0] = '\0';
	if (getuid())
		SKIP(return, "not root");
	if (access(HISTORY, R_OK))
		SKIP(return, "no " HISTORY);
	if (!pause_mounted())
		SKIP(return, "no " PAUSE ": CONFIG_OOM_LOOK_PAUSE is off");
	if (variant->where >= CPUSET && access(NODE1, F_OK))
		SKIP(return, "one NUMA node only");
	self->pause = open(PAUSE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->pause);
	self->reserve = MB;
	if (variant->where != CGROUP)
		self->reserve += watermarks() * getpagesize();
	if (variant->where == CGROUP || variant->where == CPUSET)
		ASSERT_EQ(0, cgroup_create("look_test", variant->where == CGROUP ?
					   LIMIT : 1UL << 40, self->cgroup,
					   sizeof(self->cgroup)));
	if (variant->where == CPUSET) {
		ASSERT_EQ(0, write_file(CGROUP_ROOT "/cgroup.subtree_control",
					"+cpuset"));
		snprintf(path, sizeof(path), "%s/cpuset.mems", self->cgroup);
		ASSERT_EQ(0, write_file(path, "1"));
	}
	self->eater_post = mmap(NULL, getpagesize(), RW, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	ASSERT_NE(MAP_FAILED, self->eater_post);
	memset(self->eater_post, 0, 2 * sizeof(struct post));
	self->helper_post = self->eater_post + 1;
	/* Who tests, and who has started it, is not at stake. */
	ASSERT_EQ(0, write_file(ADJ_FILE, "-1000"));
	ASSERT_EQ(0, write_proc(getppid(), "oom_score_adj", "-1000"));
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	self->helper = start(variant->where, self->cgroup, 0, self->helper_post, help,
			     self->reserve);
	ASSERT_LT(0, self->helper);
	self->eater = start(variant->where, self->cgroup, 1000, self->eater_post, eat,
			    self->reserve);
	ASSERT_LT(0, self->eater);
}

FIXTURE_TEARDOWN(look)
{
	if (self->pause >= 0)
		write_file(PAUSE, GO_ON);
	if (self->eater > 0) {
		kill(self->eater, SIGKILL);
		waitpid(self->eater, NULL, 0);
	}
	if (self->helper > 0) {
		kill(self->helper, SIGKILL);
		waitpid(self->helper, NULL, 0);
	}
	if (self->cgroup[0])
		cgroup_remove(self->cgroup);
	if (self->pause >= 0)
		close(self->pause);
}

static int rounds_of(enum where where)
{
	const char *text = getenv("LOOK_ROUNDS");

	if (text)
		return atoi(text);
	return (where == CGROUP ? 1000 : 50) / (kernel_debugs() ? 5 : 1);
}

/* Written without taking memory: the file is open. */
static bool set_pause(int fd, const char *what)
{
	return pwrite(fd, what, 1, 0) == 1;
}

TEST_F_TIMEOUT(look, calls_a_kill_off, 1800)
{
	long long kills, off, before, first = history_last() + 1, number;
	int status, i, rounds = rounds_of(variant->where);
	char path[300], line[LINE_MAX_];

	tell(self->helper_post, TAKE);
	ASSERT_TRUE(wait_done(self->helper_post, 1));
	kills = vmstat_kills();
	off = vmstat_of("oom_called_off");
	for (i = 0; i < rounds; i++) {
		before = stopped(self->pause);
		ASSERT_TRUE(set_pause(self->pause, STOP));
		tell(self->eater_post, GROW);
		/* A victim is chosen, and now there is memory. */
		ASSERT_TRUE(wait_stopped(self->pause, before)) TH_LOG("round %d", i);
		tell(self->helper_post, GIVE_BACK);
		ASSERT_TRUE(wait_done(self->helper_post, 2 * i + 2));
		tell(self->eater_post, GIVE_BACK);
		ASSERT_TRUE(set_pause(self->pause, GO_ON));
		ASSERT_TRUE(wait_done(self->eater_post, i + 1)) TH_LOG("round %d", i);
		tell(self->helper_post, TAKE);
		ASSERT_TRUE(wait_done(self->helper_post, 2 * i + 3));
	}
	EXPECT_EQ(kills, vmstat_kills());
	EXPECT_EQ(0, waitpid(self->eater, &status, WNOHANG));
	EXPECT_EQ(0, waitpid(self->helper, &status, WNOHANG));
	EXPECT_LE(off + rounds, vmstat_of("oom_called_off"));
	if (variant->where == CGROUP) {
		snprintf(path, sizeof(path), "%s/memory.stat", self->cgroup);
		ASSERT_EQ(0, read_key_number(path, "oom_called_off", &number));
		EXPECT_LE(rounds, number);
		EXPECT_EQ(0, cgroup_kills(self->cgroup));
	}
	/* They are on record, in one that counts. */
	for (number = 0; first <= history_last(); first++)
		if (!history_find(first, line, sizeof(line)) &&
		    record_is(line, "reason", "called_off") &&
		    record_is(line, "constraint", variant->constraint))
			number = record_number(line, "times");
	EXPECT_LE(rounds, number);

	/* Without the look the same ends in a kill. */
	before = stopped(self->pause);
	ASSERT_TRUE(set_pause(self->pause, STOP_BLIND));
	tell(self->eater_post, GROW);
	ASSERT_TRUE(wait_stopped(self->pause, before));
	tell(self->helper_post, GIVE_BACK);
	ASSERT_TRUE(wait_done(self->helper_post, 2 * rounds + 2));
	ASSERT_TRUE(set_pause(self->pause, GO_ON));
	ASSERT_EQ(self->eater, waitpid(self->eater, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	self->eater = -1;
	EXPECT_EQ(kills + 1, vmstat_kills());
	TH_LOG("%d of %d kills called off, nobody died", i, rounds);
}

/*
 * Memory is given back by an exit that has begun: it is free only when all of it is
 * unmapped, as up to 38 MB are gathered before, and its process can no longer be found.
 * Reclaim tries for some 100 ms, so the exit has its CPU taken for longer.
 */
#define LEAVES		(36 * MB)
#define ASKS		(4 * MB)
#define HOLDS		10
#define BUSY_MS		250

FIXTURE(hold) {
	char cgroup[256];
};

FIXTURE_SETUP(hold)
{
	self->cgroup[0] = '\0';
	if (getuid())
		SKIP(return, "not root");
	if (!pause_mounted())
		SKIP(return, "no " PAUSE ": CONFIG_OOM_LOOK_PAUSE is off");
	ASSERT_EQ(0, cgroup_create("hold_test", 2 * LEAVES, self->cgroup,
				   sizeof(self->cgroup)));
}

FIXTURE_TEARDOWN(hold)
{
	if (self->cgroup[0]) {
		write_file(PAUSE, GO_ON);
		cgroup_remove(self->cgroup);
	}
}

/* Has it let go of its memory? /proc/PID/oom_score takes no reference to that. */
static bool let_go(int score)
{
	char text[64] = "";

	return pread(score, text, sizeof(text) - 1, 0) <= 0 || atoi(text) == 0;
}

static void pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

/* Keeps the first CPU busy for a while, once it is told to. */
static int keep_busy(int *busy)
{
	long long end;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(0, 0);
	setpriority(PRIO_PROCESS, 0, -20);
	while (!__atomic_load_n(busy, __ATOMIC_SEQ_CST))
		nap();
	end = now_ms() + BUSY_MS;
	while (now_ms() < end)
		;
	return 0;
}

/* Takes memory as soon as another has let go of its own. */
static int ask_after(pid_t leaving, int *busy, int ready, int go)
{
	struct sched_param param = { };
	char path[64], *memory = room(ASKS);
	int score;
	char c;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", leaving);
	score = open(path, O_RDONLY | O_CLOEXEC);
	if (score < 0 || write(ready, "", 1) != 1 || read(go, &c, 1) != 1)
		return 4;
	pin(0, 1);
	kill(leaving, SIGKILL);
	while (!let_go(score))
		;
	__atomic_store_n(busy, 1, __ATOMIC_SEQ_CST);
	sched_setscheduler(leaving, SCHED_IDLE, &param);
	memset(memory, 1, ASKS);
	return 0;
}

/* A limit just above what is charged now. */
static bool tighten(const char *cgroup)
{
	char path[300], text[32];
	long long bytes;

	snprintf(path, sizeof(path), "%s/memory.current", cgroup);
	if (read_number(path, &bytes))
		return false;
	snprintf(text, sizeof(text), "%lld", bytes + 64 * 1024);
	return !cgroup_set(cgroup, "memory.max", text);
}

/* One asks while another exits: how many were killed for it, or -1. */
static int hold_once(const char *cgroup, int *busy)
{
	long long kills = cgroup_kills(cgroup);
	int ready[2], go[2], status = -1;
	struct hog leaves;
	pid_t pid, spins;
	char c;

	*busy = 0;
	if (cgroup_set(cgroup, "memory.max", "max") || pipe(ready) || pipe(go) ||
	    hog_start(&leaves, 0, cgroup) || hog_grow(&leaves, LEAVES))
		return -1;
	pin(leaves.pid, 0);
	spins = fork();
	if (!spins)
		_exit(keep_busy(busy));
	pid = fork();
	if (!pid)
		_exit(enter(CGROUP, cgroup) ?
		      ask_after(leaves.pid, busy, ready[1], go[0]) : 2);
	if (spins > 0 && pid > 0 && read(ready[0], &c, 1) == 1 && tighten(cgroup) &&
	    write(go[1], "", 1) == 1)
		waitpid(pid, &status, 0);
	if (spins > 0) {
		kill(spins, SIGKILL);
		waitpid(spins, NULL, 0);
	}
	hog_stop(&leaves);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
	if (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status)))
		return -1;
	return cgroup_kills(cgroup) - kills;
}

TEST_F_TIMEOUT(hold, no_kill_while_an_exit_is_under_way, 600)
{
	int i, kills, without = 0, with = 0, *busy;
	long long held;

	if (!getenv("LOOK_ROUNDS"))
		SKIP(return, "a busy host spoils it: asked for by LOOK_ROUNDS");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU only");
	busy = mmap(NULL, getpagesize(), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, busy);
	ASSERT_EQ(0, write_file(PAUSE, LOOK_OFF));
	for (i = 0; i < HOLDS; i++) {
		kills = hold_once(self->cgroup, busy);
		ASSERT_LE(0, kills);
		without += kills;
	}
	/* There is something to be better at. */
	EXPECT_LT(0, without);

	ASSERT_EQ(0, write_file(PAUSE, GO_ON));
	held = vmstat_of("oom_held");
	for (i = 0; i < HOLDS; i++) {
		kills = hold_once(self->cgroup, busy);
		ASSERT_LE(0, kills);
		with += kills;
	}
	EXPECT_EQ(0, with);
	EXPECT_LT(held, vmstat_of("oom_held"));
	munmap(busy, getpagesize());
	TH_LOG("of %d: %d killed without, %d with, held up %lld times", HOLDS, without,
	       with, vmstat_of("oom_held") - held);
}

/* While nothing is coming nobody is held up. */
TEST_F_TIMEOUT(hold, a_kill_where_nothing_comes, 120)
{
	long long held = vmstat_of("oom_held");
	struct hog hog;
	int status;

	ASSERT_EQ(0, hog_start(&hog, 0, self->cgroup));
	EXPECT_EQ(-EPIPE, hog_grow(&hog, 3 * LEAVES));
	EXPECT_EQ(hog.pid, waitpid(hog.pid, &status, 0));
	hog.pid = -1;
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(held, vmstat_of("oom_held"));
	hog_stop(&hog);
}

TEST_HARNESS_MAIN
