// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm.commit_wait_ms: a promise that would fit once an exit under way is over is
 * waited for, and no other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define VM(name)	"/proc/sys/vm/" name
#define KNOB		VM("commit_wait_ms")

/* What exits has so much: it takes a while to free. */
#define LARGE		(96 * MB)
#define ASKED		(64 * MB)
#define ROUNDS		3

#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define RW		(PROT_READ | PROT_WRITE)

/* Holds LARGE, says so, and waits to be killed. */
static int hold(void *arg)
{
	int *pipe_ = arg;
	char *memory = mmap(NULL, LARGE, RW, PRIVATE, -1, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	MUST(memory != MAP_FAILED);
	madvise(memory, LARGE, MADV_NOHUGEPAGE);
	memset(memory, 1, LARGE);
	MUST(write(pipe_[1], "", 1) == 1);
	pause();
	return 0;
}

static pid_t holder(const char *cgroup)
{
	int pipe_[2];
	pid_t pid;
	char c;

	if (pipe(pipe_))
		return -1;
	pid = fork_into(cgroup, hold, pipe_);
	close(pipe_[1]);
	if (pid > 0 && read(pipe_[0], &c, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(pipe_[0]);
	return pid;
}

/*
 * Has a process let go of its memory, though that is not yet free? Of what is in
 * /proc/PID, this takes no reference to the memory, by which it would be the reader
 * that frees it.
 */
static bool let_go(int score)
{
	char text[64] = "";

	return pread(score, text, sizeof(text) - 1, 0) <= 0 || atoi(text) == 0;
}

static int by_mmap(void)
{
	char *memory = mmap(NULL, ASKED, RW, PRIVATE, -1, 0);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, ASKED);
	return 0;
}

static int by_brk(void)
{
	char *start = sbrk(0);

	if (sbrk(ASKED) == (void *)-1)
		return errno;
	return brk(start) ? errno : 0;
}

static int by_mremap(void)
{
	char *memory = mmap(NULL, MB, RW, PRIVATE, -1, 0), *larger;
	int err = 0;

	if (memory == MAP_FAILED)
		return errno;
	larger = mremap(memory, MB, ASKED, MREMAP_MAYMOVE);
	if (larger == MAP_FAILED)
		err = errno;
	munmap(err ? memory : larger, err ? MB : ASKED);
	return err;
}

static int by_mprotect(void)
{
	char *memory = mmap(NULL, ASKED, PROT_READ, PRIVATE, -1, 0);
	int err = 0;

	if (memory == MAP_FAILED)
		return errno;
	if (mprotect(memory, ASKED, RW))
		err = errno;
	munmap(memory, ASKED);
	return err;
}

static int by_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return 0;
}

/* What asks, and what the answers were */
struct asker {
	int (*ask)(void);
	pid_t leaving;
	int ready[2];
	int go[2];
};

static int asker(void *arg)
{
	struct asker *a = arg;
	char path[64];
	int score, err;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (a->ask == by_fork)
		MUST(mmap(NULL, ASKED, RW, PRIVATE, -1, 0) != MAP_FAILED);
	snprintf(path, sizeof(path), "/proc/%d/oom_score", a->leaving);
	score = open(path, O_RDONLY);
	MUST(score >= 0);
	MUST(write(a->ready[1], "", 1) == 1);
	MUST(read(a->go[0], &c, 1) == 1);
	kill(a->leaving, SIGKILL);
	while (!let_go(score))
		;
	err = a->ask();
	close(score);
	return err;
}

/* No limit: for the system, or for a cgroup. */
static bool let_all(const char *cgroup, bool system)
{
	if (system)
		return !write_file(OVERCOMMIT, "1");
	return !commit_set(cgroup, "max", "max");
}

/* A limit somewhat above what is promised now. */
static bool limit_all(const char *cgroup, bool system)
{
	char text[32];

	if (!system)
		return !commit_set_number(cgroup, "max",
					  commit_of(cgroup, "current") + 2 * MB);
	snprintf(text, sizeof(text), "%lld",
		 (meminfo_bytes("Committed_AS") + 2 * (long long)MB) >> 10);
	return !write_file(VM("overcommit_kbytes"), text) && !write_file(OVERCOMMIT, "2");
}

/* One asks while another exits: the errno, or -1. */
static int round_of(const char *cgroup, bool system, int (*ask)(void))
{
	struct asker a = { .ask = ask };
	int status = -1;
	pid_t pid;
	char c;

	if (!let_all(cgroup, system) || pipe(a.ready) || pipe(a.go))
		return -1;
	a.leaving = holder(cgroup);
	if (a.leaving < 0)
		return -1;
	pid = fork_into(cgroup, asker, &a);
	if (pid > 0 && read(a.ready[0], &c, 1) == 1 &&
	    /* There is room for what is asked once the other has gone. */
	    limit_all(cgroup, system) &&
	    write(a.go[1], "", 1) == 1)
		status = wait_for(pid);
	let_all(cgroup, system);
	kill(a.leaving, SIGKILL);
	waitpid(a.leaving, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(a.ready[i]);
		close(a.go[i]);
	}
	return status;
}

/* The system's settings, which a test changes */
static const char * const settings[] = {
	KNOB, OVERCOMMIT, VM("overcommit_kbytes"), VM("overcommit_ratio"),
	VM("admin_reserve_kbytes"), VM("user_reserve_kbytes"),
};

FIXTURE(waits) {
	char old[ARRAY_SIZE(settings)][32];
	char cgroup[160];
};

/* @system: the limit is that of vm.overcommit_memory 2 */
FIXTURE_VARIANT(waits) {
	int (*ask)(void);
	bool system;
};

FIXTURE_VARIANT_ADD(waits, mmap) {
	.ask = by_mmap,
};

FIXTURE_VARIANT_ADD(waits, brk) {
	.ask = by_brk,
};

FIXTURE_VARIANT_ADD(waits, mremap) {
	.ask = by_mremap,
};

FIXTURE_VARIANT_ADD(waits, mprotect) {
	.ask = by_mprotect,
};

FIXTURE_VARIANT_ADD(waits, fork) {
	.ask = by_fork,
};

FIXTURE_VARIANT_ADD(waits, mmap_never) {
	.ask = by_mmap, .system = true,
};

FIXTURE_VARIANT_ADD(waits, brk_never) {
	.ask = by_brk, .system = true,
};

FIXTURE_VARIANT_ADD(waits, mremap_never) {
	.ask = by_mremap, .system = true,
};

FIXTURE_VARIANT_ADD(waits, mprotect_never) {
	.ask = by_mprotect, .system = true,
};

FIXTURE_VARIANT_ADD(waits, fork_never) {
	.ask = by_fork, .system = true,
};

FIXTURE_SETUP(waits)
{
	char name[32];

	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
		ASSERT_LT(0, read_file(settings[i], self->old[i], sizeof(self->old[i])));
	ASSERT_EQ(0, write_file(VM("admin_reserve_kbytes"), "0"));
	ASSERT_EQ(0, write_file(VM("user_reserve_kbytes"), "0"));
	snprintf(name, sizeof(name), "commit-wait-%d", getpid());
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, name, self->cgroup, sizeof(self->cgroup)));
}

FIXTURE_TEARDOWN(waits)
{
	unsigned int i;

	if (self->cgroup[0])
		cgroup_remove(self->cgroup);
	/* Of ratio and kbytes the one that was 0 is written first: it sets the other. */
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (self->old[i][0] && atoi(self->old[i]) == 0)
			write_file(settings[i], self->old[i]);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (self->old[i][0] && atoi(self->old[i]) != 0)
			write_file(settings[i], self->old[i]);
}

static long long refusals(const char *cgroup, bool system)
{
	return system ? vmstat_of("commit_refused_system") : commit_refusals(cgroup);
}

TEST_F_TIMEOUT(waits, for_an_exit_under_way, 300)
{
	long long waited, granted, refused;
	bool system = variant->system;
	int i, failed = 0;

	/* Without it there are refusals, ... */
	ASSERT_EQ(0, write_file(KNOB, "0"));
	waited = vmstat_of("commit_waited");
	refused = refusals(self->cgroup, system);
	for (i = 0; i < ROUNDS; i++) {
		int err = round_of(self->cgroup, system, variant->ask);

		ASSERT_TRUE(err == 0 || err == ENOMEM) TH_LOG("%d", err);
		failed += err == ENOMEM;
	}
	EXPECT_LT(0, failed);
	EXPECT_EQ(waited, vmstat_of("commit_waited"));
	EXPECT_EQ(failed, refusals(self->cgroup, system) - refused);

	/* ... and with it none. */
	ASSERT_EQ(0, write_file(KNOB, "1000"));
	granted = vmstat_of("commit_wait_granted");
	for (i = 0; i < ROUNDS; i++)
		ASSERT_EQ(0, round_of(self->cgroup, system, variant->ask));
	EXPECT_EQ(failed, refusals(self->cgroup, system) - refused);
	EXPECT_LT(waited, vmstat_of("commit_waited"));
	EXPECT_EQ(vmstat_of("commit_waited") - waited,
		  vmstat_of("commit_wait_granted") - granted);
	TH_LOG("%d of %d refused without a wait, %lld of %d waited with it", failed,
	       ROUNDS, vmstat_of("commit_waited") - waited, ROUNDS);
}

/* Nothing is under way, or too little: it is refused at once. */
static int ask_in_vain(void *arg)
{
	for (int i = 0; i < 100; i++)
		MUST_EQ(ENOMEM, by_mmap());
	return 0;
}

FIXTURE(refuses) {
	char old[32];
	char cgroup[160];
};

FIXTURE_SETUP(refuses)
{
	char name[32];

	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	ASSERT_LT(0, read_file(KNOB, self->old, sizeof(self->old)));
	snprintf(name, sizeof(name), "commit-refuse-%d", getpid());
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, name, self->cgroup, sizeof(self->cgroup)));
}

FIXTURE_TEARDOWN(refuses)
{
	if (self->cgroup[0])
		cgroup_remove(self->cgroup);
	if (self->old[0])
		write_file(KNOB, self->old);
}

TEST_F(refuses, at_once_where_nothing_is_under_way)
{
	long long waited = vmstat_of("commit_waited"), start;

	ASSERT_EQ(0, write_file(KNOB, "1000"));
	ASSERT_EQ(0, commit_set_number(self->cgroup, "max", 16 * MB));
	start = now_ms();
	EXPECT_EQ(0, run_in(self->cgroup, ask_in_vain, NULL));
	/* A hundred waits would have taken a hundred seconds. */
	EXPECT_GT(10000, now_ms() - start);
	EXPECT_EQ(waited, vmstat_of("commit_waited"));
	EXPECT_EQ(100, commit_refusals(self->cgroup));
}

/*
 * Churn at the limit. There are as many tokens as allocations fit. Who has one
 * allocates, puts it back and exits, all at once: the next may ask while that exit
 * is under way.
 */
#define WORKERS		4
#define TOKENS		2
#define TURNS		40
#define TURN_BYTES	(16 * MB)
/*
 * An exit takes as long as the host lets it, so that the default of 50 ms may be too
 * short for a debug kernel on a busy one. The environment may say how long to wait.
 */
#define CHURN_WAIT_MS	"1000"

struct churn {
	const char *cgroup;
	int each;	/* turns of a worker */
	int tokens;
	int refused;
	int turns;
	int us[WORKERS * TURNS];
};

static void take_token(struct churn *churn)
{
	struct timespec ts = { .tv_nsec = 1000000 };
	int had;

	for (;;) {
		had = __atomic_load_n(&churn->tokens, __ATOMIC_SEQ_CST);
		if (had > 0 &&
		    __atomic_compare_exchange_n(&churn->tokens, &had, had - 1, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
		nanosleep(&ts, NULL);
	}
}

static int turn(void *arg)
{
	struct timespec from, to;
	struct churn *churn = arg;
	char *memory;
	int err;

	take_token(churn);
	clock_gettime(CLOCK_MONOTONIC, &from);
	memory = mmap(NULL, TURN_BYTES, RW, PRIVATE, -1, 0);
	err = memory == MAP_FAILED ? errno : 0;
	clock_gettime(CLOCK_MONOTONIC, &to);
	churn->us[__atomic_fetch_add(&churn->turns, 1, __ATOMIC_SEQ_CST)] =
		(to.tv_sec - from.tv_sec) * 1000000 +
		(to.tv_nsec - from.tv_nsec) / 1000;
	if (err) {
		MUST_EQ(ENOMEM, err);
		__atomic_fetch_add(&churn->refused, 1, __ATOMIC_SEQ_CST);
	} else {
		madvise(memory, TURN_BYTES, MADV_NOHUGEPAGE);
		memset(memory, 1, TURN_BYTES);
	}
	__atomic_fetch_add(&churn->tokens, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int work(void *arg)
{
	struct churn *churn = arg;

	for (int i = 0; i < churn->each; i++)
		MUST_EQ(0, run_in(churn->cgroup, turn, churn));
	return 0;
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Churn once; how many were refused, and *p99: how long mmap() took, in us. */
static int churn_once(struct churn *churn, int *p99)
{
	pid_t pids[WORKERS];
	int bad = 0;

	churn->tokens = TOKENS;
	churn->refused = 0;
	churn->turns = 0;
	for (int i = 0; i < WORKERS; i++)
		pids[i] = fork_into(NULL, work, churn);
	for (int i = 0; i < WORKERS; i++)
		bad |= pids[i] < 0 || wait_for(pids[i]);
	if (bad || churn->turns != WORKERS * churn->each)
		return -1;
	qsort(churn->us, churn->turns, sizeof(int), by_value);
	*p99 = churn->us[churn->turns * 99 / 100];
	return churn->refused;
}

static int measure_turn(void *arg)
{
	/* What a process has before it asks for anything. */
	*(long long *)arg = promise_of(getpid());
	return 0;
}

TEST_F_TIMEOUT(refuses, seldom_at_the_limit, 600)
{
	int without, with, p99_without, p99_with;
	long long waited, granted, *own;
	struct churn *churn;

	churn = mmap(NULL, sizeof(*churn), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	own = mmap(NULL, sizeof(*own), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, churn);
	ASSERT_NE(MAP_FAILED, own);
	churn->cgroup = self->cgroup;
	churn->each = kernel_debugs() ? TURNS / 4 : TURNS;
	ASSERT_EQ(0, run_in(self->cgroup, measure_turn, own));
	ASSERT_LT(0, *own);
	/* Room for all of them, and for as many allocations as there are tokens. */
	ASSERT_EQ(0, commit_set_number(self->cgroup, "max", TOKENS * TURN_BYTES +
				       2 * WORKERS * *own));

	ASSERT_EQ(0, write_file(KNOB, "0"));
	waited = vmstat_of("commit_waited");
	without = churn_once(churn, &p99_without);
	EXPECT_EQ(waited, vmstat_of("commit_waited"));

	ASSERT_EQ(0, write_file(KNOB, getenv("CHURN_WAIT_MS") ?: CHURN_WAIT_MS));
	granted = vmstat_of("commit_wait_granted");
	with = churn_once(churn, &p99_with);
	waited = vmstat_of("commit_waited") - waited;
	granted = vmstat_of("commit_wait_granted") - granted;
	TH_LOG("of %d refused without a wait: %d, p99 %d us", WORKERS * churn->each,
	       without, p99_without);
	TH_LOG("with it: %d, p99 %d us, %lld waited, %lld granted", with, p99_with,
	       waited, granted);
	ASSERT_LE(0, with);
	/* There is something to be better at. */
	ASSERT_LT(WORKERS, without);
	EXPECT_LE(with * 10, without * 3);
	EXPECT_LE(granted, waited);
	/* No count is over its limit at any time. */
	EXPECT_GE(commit_of(self->cgroup, "max"), commit_of(self->cgroup, "peak"));
}

TEST_HARNESS_MAIN
