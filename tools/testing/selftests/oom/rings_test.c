// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of io_uring, which have threads and credentials of their own: none of
 * them is a way to a privilege that the caller has given up or never had.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <pthread.h>
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
#include "oom_util.h"
#include "peios_util.h"

#define KNOB	"/proc/sys/vm/oom_dump_tasks"
#define ENTRIES	8

static long long adj_now(void)
{
	long long adj = -9999;

	read_number(ADJ_FILE, &adj);
	return adj;
}

struct ring {
	int fd;
	struct io_uring_params params;
	char *sq;
	char *cq;
	struct io_uring_sqe *sqes;
};

static int ring_setup(struct ring *ring, unsigned int flags)
{
	struct io_uring_params *p = &ring->params;
	size_t sq, cq;

	memset(p, 0, sizeof(*p));
	p->flags = flags;
	p->sq_thread_idle = 1000;
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, p);
	if (ring->fd < 0)
		return -errno;
	sq = p->sq_off.array + p->sq_entries * sizeof(unsigned int);
	cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	ring->sq = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, p->sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	return ring->sq == MAP_FAILED || ring->cq == MAP_FAILED ||
	       ring->sqes == MAP_FAILED ? -ENOMEM : 0;
}

static unsigned int *at(char *base, unsigned int offset)
{
	return (unsigned int *)(base + offset);
}

/* Put one request into the queue, for the next ring_submit(). */
static void ring_queue(struct ring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_uring_params *p = &ring->params;
	unsigned int tail = *at(ring->sq, p->sq_off.tail);
	unsigned int index = tail & *at(ring->sq, p->sq_off.ring_mask);

	ring->sqes[index] = *sqe;
	at(ring->sq, p->sq_off.array)[index] = index;
	__atomic_store_n(at(ring->sq, p->sq_off.tail), tail + 1,
			 __ATOMIC_SEQ_CST);
}

static void ring_submit(struct ring *ring, unsigned int nr)
{
	unsigned int flags = 0;

	if (ring->params.flags & IORING_SETUP_SQPOLL)
		flags = IORING_ENTER_SQ_WAKEUP;
	syscall(SYS_io_uring_enter, ring->fd, nr, 0, flags, NULL, 0);
}

/* Wait for one completion; what it gave. */
static int ring_wait(struct ring *ring)
{
	const struct io_uring_params *p = &ring->params;
	unsigned int head = *at(ring->cq, p->cq_off.head);
	long long until = now_ms() + 20000;
	struct io_uring_cqe *cqe;

	while (__atomic_load_n(at(ring->cq, p->cq_off.tail), __ATOMIC_ACQUIRE) ==
	       head) {
		if (now_ms() > until)
			return -ETIMEDOUT;
		/* Runs what the kernel has to do in this thread, too. */
		syscall(SYS_io_uring_enter, ring->fd, 0, 0,
			IORING_ENTER_GETEVENTS, NULL, 0);
		usleep(1000);
	}
	cqe = (struct io_uring_cqe *)(ring->cq + p->cq_off.cqes) +
	      (head & *at(ring->cq, p->cq_off.ring_mask));
	__atomic_store_n(at(ring->cq, p->cq_off.head), head + 1,
			 __ATOMIC_RELEASE);
	return cqe->res;
}

static int ring_run(struct ring *ring, const struct io_uring_sqe *sqe)
{
	ring_queue(ring, sqe);
	ring_submit(ring, 1);
	return ring_wait(ring);
}

static int ring_write(struct ring *ring, int fd, const char *text,
		      int personality, unsigned int flags)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.flags = flags,
		.fd = fd,
		.addr = (unsigned long)text,
		.len = strlen(text),
		.personality = personality,
	};

	return ring_run(ring, &sqe);
}

/* @slot: into the ring's table of files, from 1; 0: a descriptor. */
static int ring_open(struct ring *ring, const char *path, int open_flags,
		     int personality, unsigned int flags, unsigned int slot)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.flags = flags,
		.fd = AT_FDCWD,
		.addr = (unsigned long)path,
		.open_flags = open_flags,
		.personality = personality,
		.file_index = slot,
	};

	return ring_run(ring, &sqe);
}

static int ring_table(struct ring *ring)
{
	int empty[4] = { -1, -1, -1, -1 };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES,
		       empty, 4) ? -errno : 0;
}

FIXTURE(rings) {
	struct ring ring;
	struct ring polled;
	struct target target;
	/* Seen by children as well. */
	char *text;
	long long knob;
};

FIXTURE_SETUP(rings)
{
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	ASSERT_EQ(0, write_file(ADJ_FILE, "0"));
	ASSERT_EQ(0, read_number(KNOB, &self->knob));
	ASSERT_EQ(0, ring_setup(&self->ring, 0));
	ASSERT_EQ(0, ring_setup(&self->polled, IORING_SETUP_SQPOLL));
	ASSERT_EQ(0, ring_table(&self->ring));
	ASSERT_EQ(0, ring_table(&self->polled));
	self->text = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->text);
}

FIXTURE_TEARDOWN(rings)
{
}

/*
 * Raising is free through any of them, lowering is not for a ring's threads; one
 * of them makes every write to a file that may block, as those of proc.
 */
TEST_F_TIMEOUT(rings, threads_of_a_ring_do_not_lower, 120)
{
	int fd = open(ADJ_FILE, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(2, ring_write(&self->ring, fd, "90", 0, 0));
	EXPECT_EQ(2, write(fd, "80", 2));
	EXPECT_EQ(80, adj_now());
	EXPECT_EQ(2, ring_write(&self->ring, fd, "81", 0, IOSQE_ASYNC));
	EXPECT_EQ(2, ring_write(&self->polled, fd, "82", 0, 0));
	EXPECT_EQ(82, adj_now());
	EXPECT_EQ(-EACCES, ring_write(&self->ring, fd, "70", 0, 0));
	EXPECT_EQ(-EACCES, ring_write(&self->ring, fd, "70", 0, IOSQE_ASYNC));
	EXPECT_EQ(-EACCES, ring_write(&self->polled, fd, "70", 0, 0));
	EXPECT_EQ(-EACCES,
		  ring_write(&self->polled, fd, "70", 0, IOSQE_ASYNC));
	EXPECT_EQ(82, adj_now());
}

/* What the process was is kept as a personality, and the privilege given up. */
TEST_F_TIMEOUT(rings, a_personality_of_better_days, 120)
{
	int fd = open(ADJ_FILE, O_WRONLY), personality;

	ASSERT_LE(0, fd);
	personality = syscall(SYS_io_uring_register, self->ring.fd,
			      IORING_REGISTER_PERSONALITY, NULL, 0);
	ASSERT_LT(0, personality);
	EXPECT_EQ(2, ring_write(&self->ring, fd, "80", personality, 0));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(2, ring_write(&self->ring, fd, "90", personality, 0));
	EXPECT_EQ(-EACCES, ring_write(&self->ring, fd, "60", 0, 0));
	EXPECT_EQ(-EACCES, ring_write(&self->ring, fd, "60", personality, 0));
	EXPECT_EQ(-EACCES,
		  ring_write(&self->ring, fd, "60", personality, IOSQE_ASYNC));
	EXPECT_EQ(-EACCES, ring_write(&self->polled, fd, "60", 0, 0));
	EXPECT_EQ(90, adj_now());
}

/*
 * The thread that polls is of the process, not of the thread that gave the
 * privilege up; it stays when that thread is the only one.
 */
static void *give_up_and_lower(void *arg)
{
	struct ring *polled = arg;
	static int result;
	int fd = open(ADJ_FILE, O_WRONLY);

	result = token_command("remove SeTcbPrivilege");
	if (!result)
		result = ring_write(polled, fd, "60", 0, 0);
	return &result;
}

TEST_F_TIMEOUT(rings, a_thread_that_gave_the_privilege_up, 120)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, write_file(ADJ_FILE, "90"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, give_up_and_lower,
				    &self->polled));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(-EACCES, *(int *)result);
	EXPECT_EQ(90, adj_now());
	/* The other thread has it still, and its own system calls count. */
	EXPECT_EQ(0, write_file(ADJ_FILE, "60"));
}

/* A file that a ring's thread has opened does not carry its privileges away. */
TEST_F_TIMEOUT(rings, a_file_that_a_ring_has_opened, 120)
{
	int fds[3], personality, i;

	ASSERT_EQ(0, write_file(ADJ_FILE, "90"));
	personality = syscall(SYS_io_uring_register, self->ring.fd,
			      IORING_REGISTER_PERSONALITY, NULL, 0);
	ASSERT_LT(0, personality);
	/* Its credentials are no longer the thread's own. */
	ASSERT_EQ(0, token_command("disable SeAuditPrivilege"));
	fds[0] = ring_open(&self->polled, ADJ_FILE, O_WRONLY, 0, 0, 0);
	fds[1] = ring_open(&self->ring, ADJ_FILE, O_WRONLY, 0, IOSQE_ASYNC, 0);
	fds[2] = ring_open(&self->ring, ADJ_FILE, O_WRONLY, personality, 0, 0);
	for (i = 0; i < 3; i++) {
		ASSERT_LE(0, fds[i]) {
			TH_LOG("%d: %s", i, strerror(-fds[i]));
		}
		EXPECT_EQ(2, write(fds[i], "91", 2));
		EXPECT_EQ(-1, write(fds[i], "50", 2)) {
			TH_LOG("file %d", i);
		}
		EXPECT_EQ(EACCES, errno);
	}
	EXPECT_EQ(91, adj_now());
	/* The caller's own open counts, also by a ring. */
	fds[0] = ring_open(&self->ring, ADJ_FILE, O_WRONLY, 0, 0, 0);
	ASSERT_LE(0, fds[0]);
	EXPECT_EQ(2, write(fds[0], "50", 2));
	EXPECT_EQ(50, adj_now());
}

/* A file in the table, put there with the privilege, written to without. */
TEST_F_TIMEOUT(rings, a_file_in_the_table, 120)
{
	ASSERT_EQ(0, write_file(ADJ_FILE, "90"));
	ASSERT_EQ(0, ring_open(&self->ring, ADJ_FILE, O_WRONLY, 0, 0, 1));
	EXPECT_EQ(2, ring_write(&self->ring, 0, "91", 0, IOSQE_FIXED_FILE));
	EXPECT_EQ(-EACCES,
		  ring_write(&self->ring, 0, "80", 0, IOSQE_FIXED_FILE));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(2, ring_write(&self->ring, 0, "92", 0, IOSQE_FIXED_FILE));
	EXPECT_EQ(-EACCES,
		  ring_write(&self->ring, 0, "70", 0, IOSQE_FIXED_FILE));
	EXPECT_EQ(92, adj_now());
}

/* Submitted with the privilege, to run when it has been given up. */
TEST_F_TIMEOUT(rings, a_request_that_waits_for_a_timeout, 120)
{
	static struct __kernel_timespec soon = { .tv_nsec = 300000000 };
	const struct io_uring_sqe timeout = {
		.opcode = IORING_OP_TIMEOUT,
		.flags = IOSQE_IO_HARDLINK,
		.fd = -1,
		.addr = (unsigned long)&soon,
		.len = 1,
	};
	struct io_uring_sqe later = {
		.opcode = IORING_OP_WRITE,
		.fd = open(ADJ_FILE, O_WRONLY),
		.addr = (unsigned long)"95",
		.len = 2,
	};

	ASSERT_LE(0, later.fd);
	ASSERT_EQ(0, write_file(ADJ_FILE, "90"));
	ring_queue(&self->ring, &timeout);
	ring_queue(&self->ring, &later);
	ring_submit(&self->ring, 2);
	EXPECT_EQ(-ETIME, ring_wait(&self->ring));
	EXPECT_EQ(2, ring_wait(&self->ring));
	EXPECT_EQ(95, adj_now());

	later.addr = (unsigned long)"50";
	ring_queue(&self->ring, &timeout);
	ring_queue(&self->ring, &later);
	ring_submit(&self->ring, 2);
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(-ETIME, ring_wait(&self->ring));
	EXPECT_EQ(-EACCES, ring_wait(&self->ring));
	EXPECT_EQ(95, adj_now());
}

/* -- A child of another user that has its parent's ring -- */

struct heir {
	struct ring *polled;
	char *text;
	pid_t victim;
	int opened;
	int written;
	int memory;
	int before;
	long long adj;
};

static int inherit_ring(struct heir *heir)
{
	char *path = heir->text + 256, *value = heir->text + 512;

	if (setgroups(0, NULL) || setresgid(1000, 1000, 1000) ||
	    setresuid(1000, 1000, 1000))
		return 1;
	/* The files of /proc/PID are its own again. */
	prctl(PR_SET_DUMPABLE, 1);
	if (write_file(ADJ_FILE, "500"))
		return 2;
	/* Without the ring it can't. */
	heir->before = write_file(ADJ_FILE, "400");
	snprintf(value, 16, "400");
	snprintf(path, 128, "/proc/%d/oom_score_adj", getpid());
	heir->opened = ring_open(heir->polled, path, O_WRONLY, 0, 0, 1);
	heir->written = ring_write(heir->polled, 0, value, 0, IOSQE_FIXED_FILE);
	heir->adj = adj_now();
	snprintf(path, 128, "/proc/%d/mem", heir->victim);
	heir->memory = ring_open(heir->polled, path, O_RDWR, 0, 0, 2);
	return 0;
}

TEST_F_TIMEOUT(rings, a_child_that_inherits_its_parents_ring, 120)
{
	const struct target_setup setup = {};
	struct heir *heir = (struct heir *)self->text;
	pid_t pid;
	int status;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	heir->polled = &self->polled;
	heir->text = self->text;
	heir->victim = self->target.pid;
	pid = fork_child();
	if (!pid)
		_exit(inherit_ring(heir));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(-EACCES, heir->before);
	/* The ring's thread is root's, and so may open; but it may not lower, */
	EXPECT_EQ(0, heir->opened);
	EXPECT_EQ(-EACCES, heir->written);
	EXPECT_EQ(500, heir->adj);
	/* nor take over another process that holds privileges. */
	EXPECT_EQ(-EACCES, heir->memory);
	target_stop(&self->target);
}

/* The same of sysctls that are policy. */
TEST_F_TIMEOUT(rings, sysctls, 120)
{
	int fd = open(KNOB, O_WRONLY), opened;
	const char *other = self->knob ? "0" : "1";
	const char *same = self->knob ? "1" : "0";
	long long now;

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, write(fd, same, 1));
	EXPECT_EQ(-EACCES, ring_write(&self->ring, fd, other, 0, 0));
	EXPECT_EQ(-EACCES, ring_write(&self->ring, fd, other, 0, IOSQE_ASYNC));
	EXPECT_EQ(-EACCES, ring_write(&self->polled, fd, other, 0, 0));
	opened = ring_open(&self->polled, KNOB, O_WRONLY, 0, 0, 0);
	ASSERT_LE(0, opened);
	EXPECT_EQ(-1, write(opened, other, 1));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, read_number(KNOB, &now));
	EXPECT_EQ(self->knob, now);
	write_file(KNOB, same);
}

/* -- Privileges come and go under a ring's threads -- */

struct race {
	struct ring *polled;
	int stop;
	long tries;
	long lowered;
};

static void *write_by_ring(void *arg)
{
	struct race *race = arg;
	int fd = open(ADJ_FILE, O_WRONLY);

	while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE)) {
		if (ring_write(race->polled, fd, "80", 0,
			       race->tries & 1 ? IOSQE_ASYNC : 0) >= 0)
			race->lowered++;
		race->tries++;
	}
	close(fd);
	return NULL;
}

TEST_F_TIMEOUT(rings, race_of_disabling_and_writing, 120)
{
	struct race race = { .polled = &self->polled };
	long long until = now_ms() + 1500;
	pthread_t thread;

	ASSERT_EQ(0, write_file(ADJ_FILE, "90"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_by_ring, &race));
	while (now_ms() < until) {
		ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
		ASSERT_EQ(0, token_command("enable SeTcbPrivilege"));
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LT(10, race.tries);
	EXPECT_EQ(0, race.lowered);
	EXPECT_EQ(90, adj_now());
}

TEST_HARNESS_MAIN
