// SPDX-License-Identifier: GPL-2.0-only
/*
 * Triggers of /proc/commitinfo: what is accepted, when poll() reports, who may
 * have how many, and that nothing is sampled without them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define INFO		"/proc/commitinfo"
#define MAX		"/proc/sys/user/max_commit_triggers"
#define TRACING		"/sys/kernel/tracing"
#define QUEUED		TRACING "/events/workqueue/workqueue_queue_work"
#define MODE		"/proc/sys/vm/overcommit_memory"

/* Long enough for several samples, also on a slow guest. */
#define SOON_MS		8000
/* A time in which nothing should happen. */
#define QUIET_MS	700

static int arm(const char *rule)
{
	return commit_arm(INFO, rule);
}

/* A promise that stays one: nothing is touched. */
static void *promise(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
}

FIXTURE(trigger) {
	char mode[16];
	char max[32];
};

FIXTURE_SETUP(trigger)
{
	if (access(INFO, F_OK))
		SKIP(return, "no " INFO ": CONFIG_COMMIT_INFO is off");
	if (getuid())
		SKIP(return, "not root");
	ASSERT_LT(0, read_file(MODE, self->mode, sizeof(self->mode)));
	ASSERT_LT(0, read_file(MAX, self->max, sizeof(self->max)));
}

FIXTURE_TEARDOWN(trigger)
{
	write_file(MODE, self->mode);
	write_file(MAX, self->max);
}

TEST_F(trigger, takes_each_measure)
{
	static const char * const rules[] = {
		"exhaustion 1", "exhaustion 86400\n", "coverage 1", "coverage 100",
		"outstanding 0", "outstanding 18446744073709551615\n", "trend 5",
	};
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		fd = arm(rules[i]);
		EXPECT_LE(0, fd) {
			TH_LOG("'%s' gives %d", rules[i], fd);
		}
		close(fd);
	}
}

/* A bad rule changes nothing: the file can still take a good one. */
TEST_F(trigger, refuses_bad_rules)
{
	static const struct { const char *text; size_t len; } bad[] = {
#define BAD(text)	{ text, sizeof(text) - 1 }
		BAD("exhaustion"), BAD("exhaustion "), BAD("exhaustion 0"),
		BAD("exhaustion 86401"), BAD("exhaustion -1"), BAD("exhaustion +1"),
		BAD("exhaustion 5 5"), BAD("exhaustion 5x"), BAD("exhaustion 0x5"),
		BAD("exhaustion 5\n\n"), BAD("exhaustion 5\0"), BAD("exhaustion 5\0junk"),
		BAD("exhaustion  5"), BAD(" exhaustion 5"), BAD("exhaustion 5 "),
		BAD("EXHAUSTION 5"), BAD("exhaustion 5\nexhaustion 6"),
		BAD("coverage 0"), BAD("coverage 101"), BAD("coverage 50%"),
		BAD("coverage 4294967346"), BAD("outstanding"), BAD("outstanding -1"),
		BAD("outstanding 18446744073709551616"), BAD("outstanding 1k"),
		BAD("some 150000 1000000"), BAD("5"), BAD("\n"), BAD("\0"), BAD(" "),
		BAD("outstanding 00000000000000000000000000000000000000000001"),
	};
	char huge[8192];
	unsigned int i;
	ssize_t n;
	int fd;

	fd = open(INFO, O_RDWR);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		n = write(fd, bad[i].text, bad[i].len);
		EXPECT_EQ(-1, n) {
			TH_LOG("'%s' is taken", bad[i].text);
		}
		EXPECT_EQ(EINVAL, errno);
	}
	memset(huge, '1', sizeof(huge));
	memcpy(huge, "outstanding ", 12);
	EXPECT_EQ(-1, write(fd, huge, sizeof(huge)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(fd, huge, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, syscall(SYS_write, fd, 1, 12));
	EXPECT_EQ(EFAULT, errno);

	/* No trigger yet: an error, lest somebody waits for ever. */
	EXPECT_EQ(POLLPRI | POLLERR, commit_reported(fd, 0));
	EXPECT_EQ(12, write(fd, "exhaustion 5", 12));
	EXPECT_EQ(0, commit_reported(fd, 0));
	/* And no second one. */
	EXPECT_EQ(-1, write(fd, "exhaustion 6", 12));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, commit_reported(fd, 0));
	/* It can be read as before. */
	EXPECT_LT(0, read(fd, huge, sizeof(huge)));
	close(fd);
}

TEST_F(trigger, needs_a_file_open_for_writing)
{
	int fd = open(INFO, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "coverage 50", 11));
	EXPECT_EQ(EBADF, errno);
	close(fd);
}

TEST_F_TIMEOUT(trigger, reports_once_per_crossing, 180)
{
	long long outstanding, first, second;
	void *memory, *more;
	char rule[64];
	int fd;

	ASSERT_EQ(0, read_key_number(INFO, "Outstanding", &outstanding));
	snprintf(rule, sizeof(rule), "outstanding %lld",
		 outstanding * 1024 + 200 * (long long)MB);
	fd = arm(rule);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, commit_reported(fd, QUIET_MS));

	memory = promise(100 * MB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, commit_reported(fd, QUIET_MS));
	munmap(memory, 100 * MB);

	memory = promise(300 * MB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(POLLPRI, commit_reported(fd, SOON_MS));
	/* Still beyond: it was said. */
	EXPECT_EQ(0, commit_reported(fd, QUIET_MS + 1000));

	/* Short of the threshold, but not clear of it: no new crossing. */
	ASSERT_EQ(0, munmap(memory, 110 * MB));
	EXPECT_EQ(0, commit_reported(fd, QUIET_MS));
	more = promise(110 * MB);
	ASSERT_NE(MAP_FAILED, more);
	EXPECT_EQ(0, commit_reported(fd, QUIET_MS));
	close(fd);

	/* Clear of it, and beyond again, within the window: at its end. */
	fd = arm(rule);
	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLPRI, commit_reported(fd, SOON_MS));
	first = now_ms();
	munmap((char *)memory + 110 * MB, 190 * MB);
	munmap(more, 110 * MB);
	usleep(250000);
	memory = promise(300 * MB);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(POLLPRI, commit_reported(fd, SOON_MS));
	second = now_ms();
	/* poll() may have been late for the first. */
	EXPECT_LE(900, second - first);
	close(fd);
}

/* Who arms it late has not missed it. */
TEST_F(trigger, reports_at_once_what_has_happened)
{
	long long start = now_ms();
	int fd = arm("outstanding 0");
	void *memory = promise(64 * MB);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLPRI, commit_reported(fd, SOON_MS));
	EXPECT_GT(SOON_MS, now_ms() - start);
	close(fd);
}

/* Each open file has its own trigger, each reports for itself. */
TEST_F_TIMEOUT(trigger, is_one_of_many, 180)
{
	struct epoll_event event = { .events = EPOLLPRI }, events[8];
	int fds[4], i, epoll, n, got = 0;
	bool seen[4] = {};
	void *memory;

	epoll = epoll_create1(0);
	ASSERT_LE(0, epoll);
	for (i = 0; i < 4; i++) {
		/* The last one is out of reach. */
		fds[i] = arm(i < 3 ? "outstanding 268435456" : "outstanding 1099511627776");
		ASSERT_LE(0, fds[i]);
		event.data.u32 = i;
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event));
	}
	memory = promise(400 * MB);
	ASSERT_NE(MAP_FAILED, memory);
	while (got < 3 && (n = epoll_wait(epoll, events, 8, SOON_MS)) > 0)
		for (i = 0; i < n; i++) {
			EXPECT_FALSE(seen[events[i].data.u32]);
			seen[events[i].data.u32] = true;
			got++;
		}
	EXPECT_EQ(3, got);
	EXPECT_FALSE(seen[3]);
	EXPECT_EQ(0, epoll_wait(epoll, events, 8, QUIET_MS));
	/* Closed while it is watched. */
	close(fds[0]);
	EXPECT_EQ(0, epoll_wait(epoll, events, 8, 10));
	for (i = 1; i < 4; i++)
		close(fds[i]);
	close(epoll);
	munmap(memory, 400 * MB);
}

/*
 * A promise that can't be kept: more than is there. Coverage says so when it is
 * made, the forecasts when somebody begins to pay.
 */
TEST_F_TIMEOUT(trigger, sees_a_promise_that_cant_be_kept, 180)
{
	long long available, rate, seconds;
	int coverage, exhaustion, trend;
	char *memory, text[32];
	size_t bytes, paid;

	ASSERT_EQ(0, write_file(MODE, "1"));
	coverage = arm("coverage 90");
	exhaustion = arm("exhaustion 3600");
	trend = arm("trend 3600");
	ASSERT_LE(0, coverage);
	ASSERT_LE(0, exhaustion);
	ASSERT_LE(0, trend);
	EXPECT_EQ(0, commit_reported(coverage, QUIET_MS));
	EXPECT_EQ(0, commit_reported(exhaustion, 0));

	ASSERT_EQ(0, read_key_number(INFO, "Available", &available));
	bytes = available * 1024 * 2;
	memory = promise(bytes);
	ASSERT_NE(MAP_FAILED, memory);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	EXPECT_EQ(POLLPRI, commit_reported(coverage, SOON_MS));

	/* 64 MB in 2 s or more. */
	for (paid = 0; paid < 64 * MB; paid += MB) {
		memset(memory + paid, 1, MB);
		usleep(20000);
	}
	EXPECT_EQ(POLLPRI, commit_reported(exhaustion, SOON_MS));
	EXPECT_EQ(POLLPRI, commit_reported(trend, SOON_MS));
	ASSERT_EQ(0, read_key_number(INFO, "Rate", &rate));
	EXPECT_LT(1024, rate);
	ASSERT_EQ(0, read_key_number(INFO, "Exhaustion", &seconds));
	EXPECT_LT(0, seconds);

	/* Gone with who made it. */
	munmap(memory, bytes);
	ASSERT_EQ(0, read_key(INFO, "Exhaustion", text, sizeof(text)));
	EXPECT_STREQ("never", text);
	close(coverage);
	close(exhaustion);
	close(trend);
}

TEST_F_TIMEOUT(trigger, is_for_everyone_but_limited, 180)
{
	int status, fds[4];
	pid_t pid;

	ASSERT_EQ(0, write_file(MAX, "3"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		fds[0] = arm("coverage 50");
		fds[1] = arm("exhaustion 5");
		fds[2] = arm("outstanding 1073741824");
		if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
			_exit(2);
		if (arm("coverage 50") != -ENOSPC)
			_exit(3);
		/* A user namespace of its own is no way out. */
		pid = fork();
		if (!pid)
			_exit(unshare(CLONE_NEWUSER) ? 0 : arm("coverage 50") != -ENOSPC);
		if (waitpid(pid, &status, 0) != pid || status)
			_exit(4);
		/* What is closed counts no more; what failed never counted. */
		close(fds[1]);
		fds[1] = arm("exhaustion 5");
		if (fds[1] < 0)
			_exit(5);
		_exit(arm("coverage 50") != -ENOSPC);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* Of what that user had nothing is left. */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		for (status = 0; status < 3; status++)
			if (arm("coverage 50") < 0)
				_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Open files that come and go while others poll them, share them, read them. */
static void *churn(void *arg)
{
	long long end = now_ms() + 1500;
	struct pollfd p = { .events = POLLPRI };
	unsigned int rounds = 0;
	char text[1024];

	while (now_ms() < end) {
		p.fd = arm(rounds % 2 ? "outstanding 0" : "outstanding 1099511627776");
		/* arm_shared() may have been first, by an old number. */
		if (p.fd == -EBUSY)
			continue;
		if (p.fd < 0)
			return (void *)1;
		poll(&p, 1, rounds % 3 ? 0 : 20);
		if (rounds % 4 == 0 && read(p.fd, text, sizeof(text)) < 0)
			return (void *)1;
		close(p.fd);
		rounds++;
	}
	return NULL;
}

static int shared_fd;

static void *poll_shared(void *arg)
{
	struct pollfd p = { .events = POLLPRI };
	long long end = now_ms() + 1500;

	/* Its number may be closed, or another file's, by then. */
	while (now_ms() < end) {
		p.fd = __atomic_load_n(&shared_fd, __ATOMIC_RELAXED);
		poll(&p, 1, 10);
	}
	return NULL;
}

static void *close_shared(void *arg)
{
	long long end = now_ms() + 1500;
	int fd;

	while (now_ms() < end) {
		fd = open(INFO, O_RDWR | O_CLOEXEC);
		__atomic_store_n(&shared_fd, fd, __ATOMIC_RELAXED);
		/* Armed by two at once: one wins, and nothing leaks. */
		if (write(fd, "outstanding 0", 13) < 0 && errno != EBUSY && errno != ENOSPC)
			return (void *)1;
		usleep(500);
		close(fd);
	}
	return NULL;
}

static void *arm_shared(void *arg)
{
	long long end = now_ms() + 1500;

	while (now_ms() < end) {
		if (write(__atomic_load_n(&shared_fd, __ATOMIC_RELAXED), "coverage 100", 12))
			sched_yield();
	}
	return NULL;
}

TEST_F_TIMEOUT(trigger, survives_a_storm, 180)
{
	void *(*const run[])(void *) = {
		churn, churn, poll_shared, poll_shared, close_shared, arm_shared,
	};
	pthread_t threads[ARRAY_SIZE(run)];
	unsigned int i;
	void *result;
	int fd;

	shared_fd = -1;
	for (i = 0; i < ARRAY_SIZE(run); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run[i], NULL));
	for (i = 0; i < ARRAY_SIZE(run); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &result));
		EXPECT_EQ(NULL, result);
	}
	/* None of theirs is counted any more. */
	ASSERT_EQ(0, write_file(MAX, "1"));
	fd = arm("coverage 1");
	EXPECT_LE(0, fd);
	close(fd);
}

static int queued(const char *trace)
{
	int n = 0;

	while ((trace = strstr(trace, "workqueue=commit "))) {
		trace++;
		n++;
	}
	return n;
}

TEST_F_TIMEOUT(trigger, costs_nothing_without, 180)
{
	static char text[1 << 20];
	long long begin, end;
	int fd, with, tries;

	mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(QUEUED "/enable", W_OK))
		SKIP(return, "no " QUEUED ": CONFIG_EVENT_TRACING is off");
	ASSERT_EQ(0, write_file(QUEUED "/filter", "workqueue == \"commit\""));
	ASSERT_EQ(0, write_file(QUEUED "/enable", "1"));

	/* Samples come, and not more than one in 100 ms. */
	begin = now_ms();
	fd = arm("exhaustion 5");
	ASSERT_LE(0, fd);
	do {
		usleep(100000);
		ASSERT_LT(0, read_file(TRACING "/trace", text, sizeof(text)));
		with = queued(text);
		end = now_ms();
	} while (end - begin < 1200 || (with < 4 && end - begin < 60000));
	close(fd);
	EXPECT_LE(4, with);
	EXPECT_GE((end - begin) / 100 + 2, with);

	/* One sample may have been on its way. */
	for (tries = 0; tries < 20; tries++) {
		ASSERT_EQ(0, close(open(TRACING "/trace", O_WRONLY | O_TRUNC)));
		usleep(300000);
		ASSERT_LT(0, read_file(TRACING "/trace", text, sizeof(text)));
		if (!queued(text))
			break;
	}
	read_file(INFO, text, sizeof(text));
	usleep(1000000);
	ASSERT_LT(0, read_file(TRACING "/trace", text, sizeof(text)));
	EXPECT_EQ(0, queued(text));
	write_file(QUEUED "/enable", "0");
	write_file(QUEUED "/filter", "0");
}

TEST_HARNESS_MAIN
