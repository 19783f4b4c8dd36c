// SPDX-License-Identifier: GPL-2.0-only
/*
 * SIGKILL of the OOM killer reaches a victim in whatever state it is, the exit
 * status and memory.events agree on it, and who is outside of the cgroup that
 * is out of memory lives.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "event_util.h"
#include "oom_util.h"

#define LIMIT		(8 * MB)
#define VICTIM		(5 * MB)

/*
 *	top		limit
 *	 |- victim	the victim, which allocates nothing any more
 *	 `- other	one that is immune, and takes the rest
 */
FIXTURE(victim) {
	struct cgroup_pair cgroups;
	const char *top;
	const char *victim;
	const char *other;
	struct hog eater;
	long long first;
	long long kills;
};

FIXTURE_SETUP(victim)
{
	int err;

	self->top = self->cgroups.top;
	self->victim = self->cgroups.left;
	self->other = self->cgroups.right;
	self->eater = (struct hog) { -1, -1, -1 };
	if (getuid())
		SKIP(return, "not root");
	if (access(HISTORY, R_OK))
		SKIP(return, "no " HISTORY);
	err = cgroup_pair_create(&self->cgroups, "victim_test", LIMIT, "victim", "other");
	if (err == -ENOENT || err == -EROFS)
		SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, hog_start(&self->eater, -1000, self->other));
	/* Orphans of a victim come to us. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	look_off();
	self->first = history_last() + 1;
	self->kills = vmstat_kills();
}

FIXTURE_TEARDOWN(victim)
{
	look_on();
	if (!self->top[0])
		return;
	if (self->eater.command >= 0)
		hog_stop(&self->eater);
	cgroup_pair_remove(&self->cgroups);
}

static char *hold(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(5);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 0x5a, bytes);
	return memory;
}

/*
 * A child in the victim's cgroup that holds memory, tells us and then does
 * something for ever.
 */
static pid_t victim_start(const char *cgroup, void (*act)(int ready), int adj)
{
	char path[512], text[16];
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		snprintf(text, sizeof(text), "%d", adj);
		if (write_file(path, "0") || write_file(ADJ_FILE, text))
			_exit(4);
		hold(VICTIM);
		act(ready[1]);
		_exit(7);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static void tell(int ready)
{
	if (write(ready, "", 1) != 1)
		_exit(6);
	close(ready);
}

static void sleep_on(int ready)
{
	tell(ready);
	for (;;)
		pause();
}

static void block_all(int ready)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sleep_on(ready);
}

static void ignore_all(int ready)
{
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	sleep_on(ready);
}

static void spin(int ready)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	tell(ready);
	for (;;)
		;
}

static void stop(int ready)
{
	tell(ready);
	raise(SIGSTOP);
	for (;;)
		pause();
}

/*
 * The parent waits for its vfork child without heeding any signal but one. The
 * child asks for none at its parent's death: on another CPU that could come before
 * the OOM killer's.
 */
static void wait_vfork(int ready)
{
	if (!vfork()) {
		tell(ready);
		for (;;)
			pause();
	}
}

static char state_of(pid_t pid)
{
	char path[64], text[512], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return '?';
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static bool wait_state(pid_t pid, char state)
{
	int tries;

	for (tries = 0; tries < 2000 && state_of(pid) != state; tries++)
		usleep(5000);
	return state_of(pid) == state;
}

/* Take the rest of the memory until somebody is killed. */
static void run_out(struct hog *eater, long long kills)
{
	int i;

	for (i = 0; i < 4 * (int)(LIMIT / MB) && vmstat_kills() == kills; i++)
		hog_grow(eater, MB / 4);
}

static void expect_killed(struct __test_metadata *_metadata,
			  struct _test_data_victim *self, pid_t pid)
{
	siginfo_t info = { };
	char line[LINE_MAX_];

	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	EXPECT_EQ(record_number(line, "seq"), oom_killed(pid));
	EXPECT_TRUE(record_is(line, "reason", "chosen"));
	EXPECT_EQ(1, cgroup_kills(self->victim));
	EXPECT_EQ(0, cgroup_kills(self->other));
	EXPECT_EQ(1, cgroup_kills(self->top));
	EXPECT_EQ(self->kills + 1, vmstat_kills());
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

/* It does this and dies nonetheless. */
static void dies(struct __test_metadata *_metadata,
		 struct _test_data_victim *self, void (*act)(int ready))
{
	pid_t pid = victim_start(self->victim, act, 0);

	ASSERT_LT(0, pid);
	run_out(&self->eater, self->kills);
	expect_killed(_metadata, self, pid);
}

TEST_F_TIMEOUT(victim, blocks_every_signal, 120)
{
	dies(_metadata, self, block_all);
}

TEST_F_TIMEOUT(victim, ignores_every_signal, 120)
{
	dies(_metadata, self, ignore_all);
}

TEST_F_TIMEOUT(victim, never_sleeps, 120)
{
	dies(_metadata, self, spin);
}

TEST_F_TIMEOUT(victim, is_stopped, 120)
{
	pid_t pid = victim_start(self->victim, stop, 0);

	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_state(pid, 'T'));
	run_out(&self->eater, self->kills);
	expect_killed(_metadata, self, pid);
}

TEST_F_TIMEOUT(victim, is_traced, 120)
{
	pid_t pid = victim_start(self->victim, sleep_on, 0);
	int status;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ('t', state_of(pid));
	run_out(&self->eater, self->kills);
	expect_killed(_metadata, self, pid);
}

TEST_F_TIMEOUT(victim, is_frozen, 120)
{
	pid_t pid = victim_start(self->victim, sleep_on, 0);
	char events[512], value[8];
	int tries;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, cgroup_set(self->victim, "cgroup.freeze", "1"));
	snprintf(events, sizeof(events), "%s/cgroup.events", self->victim);
	for (tries = 0; tries < 2000; tries++) {
		ASSERT_EQ(0, read_key(events, "frozen", value, sizeof(value)));
		if (value[0] == '1')
			break;
		usleep(5000);
	}
	ASSERT_EQ('1', value[0]);
	run_out(&self->eater, self->kills);
	expect_killed(_metadata, self, pid);
}

/* The victim is the parent, its child dies with it. */
TEST_F_TIMEOUT(victim, waits_for_its_vfork_child, 120)
{
	pid_t pid = victim_start(self->victim, wait_vfork, 0), child;
	char path[64], text[64], line[LINE_MAX_];
	siginfo_t info = { };

	ASSERT_LT(0, pid);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	child = atoi(text);
	ASSERT_LT(0, child);
	run_out(&self->eater, self->kills);
	expect_killed(_metadata, self, pid);

	ASSERT_EQ(0, waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	ASSERT_EQ(0, history_find_pid(self->first, child, line, sizeof(line)));
	EXPECT_TRUE(record_is(line, "reason", "shared_mm"));
	EXPECT_EQ(record_number(line, "seq"), oom_killed(child));
}

/* Killed by hand and on its way out: that is no kill of the OOM killer's. */
TEST_F_TIMEOUT(victim, had_been_killed_before, 120)
{
	pid_t pid = victim_start(self->victim, stop, 0);
	siginfo_t info = { };

	ASSERT_LT(0, pid);
	ASSERT_TRUE(wait_state(pid, 'T'));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(0, hog_grow(&self->eater, VICTIM));
	EXPECT_EQ(0, oom_killed(pid));
	EXPECT_EQ(self->first - 1, history_last());
	EXPECT_EQ(self->kills, vmstat_kills());
}

/* One outside, larger and readier to die than all inside, lives. */
TEST_F_TIMEOUT(victim, is_inside, 120)
{
	pid_t pid = victim_start(self->victim, sleep_on, 0);
	struct hog outside;
	char line[LINE_MAX_], pids[1024], name[16];
	int status;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, hog_start(&outside, 1000, NULL));
	ASSERT_EQ(0, hog_grow(&outside, 4 * LIMIT));
	run_out(&self->eater, self->kills);
	ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	/* Nor is it among those who would have been next. */
	ASSERT_EQ(0, record_field(line, "candidates", pids, sizeof(pids)));
	snprintf(name, sizeof(name), "%d:", outside.pid);
	EXPECT_EQ(NULL, strstr(pids, name));
	expect_killed(_metadata, self, pid);
	EXPECT_FALSE(hog_died(&outside, &status));
	hog_stop(&outside);
}

/* An OOM of the whole system looks into each cgroup, however deep. */
TEST_F_TIMEOUT(victim, is_anywhere, 120)
{
	pid_t pid = victim_start(self->victim, sleep_on, 1000);
	char line[LINE_MAX_], name[16];
	siginfo_t info = { };

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	EXPECT_TRUE(record_is(line, "reason", "sysrq"));
	EXPECT_TRUE(record_is(line, "constraint", "none"));
	EXPECT_TRUE(record_is(line, "class", "volunteer"));
	EXPECT_EQ(0, record_name(line, "oom_cgroup", name, sizeof(name)));
	EXPECT_STREQ("/", name);
	EXPECT_EQ(1, cgroup_kills(self->victim));
	EXPECT_EQ(self->kills + 1, vmstat_kills());
}

TEST_HARNESS_MAIN
