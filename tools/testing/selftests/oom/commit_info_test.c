// SPDX-License-Identifier: GPL-2.0-only
/*
 * Promised memory as /proc/PID/commit and /proc/commitinfo show it, and what is
 * said of promises that are refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define INFO		"/proc/commitinfo"
#define TRACING		"/sys/kernel/tracing"
#define EVENT		TRACING "/events/commit/commit_refused"
#define MODE		"/proc/sys/vm/overcommit_memory"
#define KB		1024

#define SIZE		(8 * MB)
#define TOUCHED		(3 * MB)

struct commit {
	long long promise;
	long long payment;
	long long outstanding;
};

static int read_commit(const char *path, struct commit *c)
{
	char text[4096], rest;

	if (read_file(path, text, sizeof(text)) < 0)
		return -errno;
	if (sscanf(text, "Promise: %lld kB\nPayment: %lld kB\nOutstanding: %lld kB\n%c",
		   &c->promise, &c->payment, &c->outstanding, &rest) != 3)
		return -EBADMSG;
	return 0;
}

static int own_commit(struct commit *c)
{
	return read_commit("/proc/self/commit", c);
}

/*
 * What a kind of mapping of SIZE bytes, then TOUCHED bytes of it written, does to
 * the promise and the payment of the process, in kB.
 */
FIXTURE(mapping) {
	int fd;
	int shm;
	char *memory;
};

enum source { ANON, TMPFILE, MEMFD, SYSV };

FIXTURE_VARIANT(mapping) {
	enum source source;
	int prot;
	int flags;
	long long promise;
	long long payment;
	/* Once touched. */
	long long touched_promise;
	long long touched_payment;
};

FIXTURE_VARIANT_ADD(mapping, private_anonymous) {
	.source = ANON, .prot = PROT_READ | PROT_WRITE, .flags = MAP_PRIVATE | MAP_ANONYMOUS,
	.promise = SIZE / KB, .touched_promise = SIZE / KB, .touched_payment = TOUCHED / KB,
};

/* Paid without having been promised. */
FIXTURE_VARIANT_ADD(mapping, private_noreserve) {
	.source = ANON, .prot = PROT_READ | PROT_WRITE,
	.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	.touched_payment = TOUCHED / KB,
};

FIXTURE_VARIANT_ADD(mapping, private_readonly) {
	.source = ANON, .prot = PROT_READ, .flags = MAP_PRIVATE | MAP_ANONYMOUS,
};

/* Promised with its size, to the object. */
FIXTURE_VARIANT_ADD(mapping, shared_anonymous) {
	.source = ANON, .prot = PROT_READ | PROT_WRITE, .flags = MAP_SHARED | MAP_ANONYMOUS,
	.promise = SIZE / KB, .touched_promise = SIZE / KB, .touched_payment = TOUCHED / KB,
};

FIXTURE_VARIANT_ADD(mapping, sysv) {
	.source = SYSV, .prot = PROT_READ | PROT_WRITE, .flags = MAP_SHARED,
	.promise = SIZE / KB, .touched_promise = SIZE / KB, .touched_payment = TOUCHED / KB,
};

/* Promised page by page, as it is paid. */
FIXTURE_VARIANT_ADD(mapping, shared_memfd) {
	.source = MEMFD, .prot = PROT_READ | PROT_WRITE, .flags = MAP_SHARED,
	.touched_promise = TOUCHED / KB, .touched_payment = TOUCHED / KB,
};

FIXTURE_VARIANT_ADD(mapping, shared_tmpfs) {
	.source = TMPFILE, .prot = PROT_READ | PROT_WRITE, .flags = MAP_SHARED,
	.touched_promise = TOUCHED / KB, .touched_payment = TOUCHED / KB,
};

/* Each page may become a copy; the file's own pages are not its payment. */
FIXTURE_VARIANT_ADD(mapping, private_file) {
	.source = TMPFILE, .prot = PROT_READ | PROT_WRITE, .flags = MAP_PRIVATE,
	.promise = SIZE / KB, .touched_promise = SIZE / KB, .touched_payment = TOUCHED / KB,
};

FIXTURE_VARIANT_ADD(mapping, private_file_readonly) {
	.source = TMPFILE, .prot = PROT_READ, .flags = MAP_PRIVATE,
};

FIXTURE_SETUP(mapping)
{
	if (access(INFO, F_OK))
		SKIP(return, "no " INFO ": CONFIG_COMMIT_INFO is off");
	self->fd = -1;
	self->shm = -1;
	self->memory = MAP_FAILED;
	switch (variant->source) {
	case TMPFILE:
		self->fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
		ASSERT_LE(0, self->fd);
		ASSERT_EQ(0, ftruncate(self->fd, SIZE));
		break;
	case MEMFD:
		self->fd = memfd_create("commit", 0);
		ASSERT_LE(0, self->fd);
		ASSERT_EQ(0, ftruncate(self->fd, SIZE));
		break;
	case SYSV:
		self->shm = shmget(IPC_PRIVATE, SIZE, 0600);
		ASSERT_LE(0, self->shm);
		break;
	default:
		break;
	}
}

FIXTURE_TEARDOWN(mapping)
{
	if (self->shm >= 0)
		shmctl(self->shm, IPC_RMID, NULL);
	if (self->fd >= 0)
		close(self->fd);
}

TEST_F(mapping, is_promised_and_paid)
{
	struct commit before, after;

	/* Whatever reading itself touches is touched. */
	ASSERT_EQ(0, own_commit(&before));
	ASSERT_EQ(0, own_commit(&before));

	if (self->shm >= 0)
		self->memory = shmat(self->shm, NULL, 0);
	else
		self->memory = mmap(NULL, SIZE, variant->prot, variant->flags,
				    self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	madvise(self->memory, SIZE, MADV_NOHUGEPAGE);
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ(variant->promise, after.promise - before.promise);
	EXPECT_EQ(variant->payment, after.payment - before.payment);

	/* Reading costs nothing where there is a file or a zero page. */
	if (variant->flags & MAP_PRIVATE) {
		long sum = 0;
		size_t i;

		for (i = 0; i < SIZE; i += 4096)
			sum += self->memory[i];
		EXPECT_EQ(0, sum);
		ASSERT_EQ(0, own_commit(&after));
		EXPECT_EQ(variant->promise, after.promise - before.promise);
		EXPECT_EQ(variant->payment, after.payment - before.payment);
	}

	if (variant->prot & PROT_WRITE)
		memset(self->memory, 1, TOUCHED);
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ(variant->touched_promise, after.promise - before.promise);
	EXPECT_EQ(variant->touched_payment, after.payment - before.payment);
	EXPECT_EQ(after.promise > after.payment ? after.promise - after.payment : 0,
		  after.outstanding);

	ASSERT_EQ(0, self->shm >= 0 ? shmdt(self->memory) : munmap(self->memory, SIZE));
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ(before.promise, after.promise);
	EXPECT_EQ(before.payment, after.payment);
}

FIXTURE(process) {
	int unused;
};

FIXTURE_SETUP(process)
{
	if (access(INFO, F_OK))
		SKIP(return, "no " INFO ": CONFIG_COMMIT_INFO is off");
}

FIXTURE_TEARDOWN(process)
{
}

/* A read-only private mapping costs nothing until it is made writable. */
TEST_F(process, pays_for_mprotect)
{
	struct commit before, after;
	char *memory;

	ASSERT_EQ(0, own_commit(&before));
	ASSERT_EQ(0, own_commit(&before));
	memory = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ(0, after.promise - before.promise);
	ASSERT_EQ(0, mprotect(memory, SIZE / 2, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ((long long)SIZE / 2 / KB, after.promise - before.promise);
	munmap(memory, SIZE);
}

/* Beyond the end of a shmem object nothing is promised: that is SIGBUS. */
TEST_F(process, stops_at_the_end_of_the_object)
{
	struct commit before, after;
	int fd = memfd_create("short", 0);
	char *memory;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, MB));
	ASSERT_EQ(0, own_commit(&before));
	ASSERT_EQ(0, own_commit(&before));
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 1, MB);
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ((long long)MB / KB, after.promise - before.promise);
	EXPECT_EQ((long long)MB / KB, after.payment - before.payment);
	/* Written through the file: paid for all who map it. */
	ASSERT_EQ(0, ftruncate(fd, 2 * MB));
	ASSERT_EQ(4, pwrite(fd, "page", 4, MB));
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ((long long)MB / KB + getpagesize() / KB, after.payment - before.payment);
	munmap(memory, SIZE);
	close(fd);
}

/*
 * A child owes what it may have to copy: for itself it seems to be paid, since
 * it sees its parent's pages; the system counts each page once, the promise
 * twice.
 */
TEST_F(process, child_doubles_the_promise)
{
	struct commit parent, child;
	long long before, after;
	char path[64], *memory;
	int ready[2];
	pid_t pid;

	memory = mmap(NULL, 32 * MB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 1, 32 * MB);
	ASSERT_EQ(0, read_key_number(INFO, "Outstanding", &before));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], path, 1));
	ASSERT_EQ(0, read_key_number(INFO, "Outstanding", &after));
	EXPECT_LT(before + 31 * (long long)MB / KB, after);
	snprintf(path, sizeof(path), "/proc/%d/commit", pid);
	ASSERT_EQ(0, read_commit(path, &child));
	ASSERT_EQ(0, own_commit(&parent));
	EXPECT_EQ(parent.promise, child.promise);
	EXPECT_LE(32 * (long long)MB / KB, child.payment);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(process, without_memory_owes_nothing)
{
	struct commit c;
	siginfo_t info;
	char path[64];
	pid_t pid;

	/* kthreadd */
	ASSERT_EQ(0, read_commit("/proc/2/commit", &c));
	EXPECT_EQ(0, c.promise);
	EXPECT_EQ(0, c.payment);

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	snprintf(path, sizeof(path), "/proc/%d/commit", pid);
	ASSERT_EQ(0, read_commit(path, &c));
	EXPECT_EQ(0, c.promise);
	waitpid(pid, NULL, 0);
}

/* What is swapped out has been paid for. */
TEST_F(process, swapped_is_paid)
{
	struct commit before, after;
	long long swapped;
	char *memory;
	int i;

	if (getuid() || access("/dev/ram0", W_OK))
		SKIP(return, "no RAM disk to swap to");
	/* Run by a shell: the format is mkswap's. */
	ASSERT_EQ(0, system("mkswap /dev/ram0 > /dev/null"));
	ASSERT_EQ(0, swapon("/dev/ram0", 0));
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	madvise(memory, SIZE, MADV_NOHUGEPAGE);
	for (i = 0; i < (int)SIZE; i++)
		memory[i] = i * 7;
	/* The stack that reading takes is there. */
	ASSERT_EQ(0, read_key_number("/proc/self/status", "VmSwap", &swapped));
	ASSERT_EQ(0, own_commit(&before));
	ASSERT_EQ(0, own_commit(&before));
	ASSERT_EQ(0, madvise(memory, SIZE, MADV_PAGEOUT));
	ASSERT_EQ(0, read_key_number("/proc/self/status", "VmSwap", &swapped));
	ASSERT_LT((long long)SIZE / KB / 2, swapped);
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ(before.promise, after.promise);
	EXPECT_EQ(before.payment, after.payment);
	EXPECT_EQ(0, swapoff("/dev/ram0"));
	ASSERT_EQ(0, own_commit(&after));
	EXPECT_EQ(before.payment, after.payment);
	munmap(memory, SIZE);
}

static int outcome(ssize_t got)
{
	return got < 0 ? -errno : 0;
}

/* Who may not read the one may not read the other, whoever opened them. */
TEST_F(process, is_gated_as_oom_score)
{
	int score_fd, commit_fd, score, commit, status;
	char text[256];
	pid_t pid;

	if (getuid())
		SKIP(return, "not root");
	score_fd = open("/proc/1/oom_score", O_RDONLY);
	commit_fd = open("/proc/1/commit", O_RDONLY);
	ASSERT_LE(0, score_fd);
	ASSERT_LE(0, commit_fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		if (outcome(read(score_fd, text, sizeof(text))) !=
		    outcome(read(commit_fd, text, sizeof(text))))
			_exit(2);
		score = read_file("/proc/1/oom_score", text, sizeof(text));
		commit = read_file("/proc/1/commit", text, sizeof(text));
		_exit((score < 0 ? score : 0) == (commit < 0 ? commit : 0) ? 0 : 3);
	}
	close(score_fd);
	close(commit_fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* It walks mappings that come and go under it. */
TEST_F_TIMEOUT(process, is_read_while_it_changes, 120)
{
	struct commit c = {};
	char path[64];
	int i, status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			char *memory = mmap(NULL, 64 * MB, PROT_READ,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (memory == MAP_FAILED)
				_exit(1);
			for (i = 0; i < 1000; i++)
				mprotect(memory + i * 2 * 4096, 4096, PROT_READ | PROT_WRITE);
			munmap(memory, 64 * MB);
		}
	}
	snprintf(path, sizeof(path), "/proc/%d/commit", pid);
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, read_commit(path, &c));
		/* Never more than it ever had. */
		ASSERT_GE(65 * (long long)MB / KB, c.promise);
	}
	ASSERT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What it was promised is what its cgroup was charged, to the page. */
TEST_F(process, agrees_with_its_cgroup)
{
	char cgroup[256], current[300], procs[300];
	long long charge, charged;
	struct commit before, now;
	char *memory[3];
	int fd, status, step;
	pid_t pid;

	if (getuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, cgroup_create("agrees", 256 * MB, cgroup, sizeof(cgroup)));
	snprintf(current, sizeof(current), "%s/memory.commit.current", cgroup);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	if (access(current, R_OK)) {
		cgroup_remove(cgroup);
		SKIP(return, "no memory.commit.current: CONFIG_COMMIT_CGROUP is off");
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* Memory counts for the cgroup that it is made in. */
		if (write_file(procs, "0"))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ?
			      2 : WEXITSTATUS(status));
		fd = memfd_create("agrees", 0);
		if (ftruncate(fd, SIZE) || own_commit(&before) ||
		    read_number(current, &charge) || own_commit(&before) ||
		    read_number(current, &charge))
			_exit(3);
		for (step = 0; step < 6; step++) {
			switch (step) {
			case 0:
				memory[0] = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
				break;
			case 1:
				memory[1] = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
						 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
				break;
			case 2:
				memory[2] = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
						 MAP_SHARED, fd, 0);
				break;
			case 3:
				memset(memory[2], 1, TOUCHED);
				break;
			case 4:
				munmap(memory[0], SIZE / 2);
				break;
			case 5:
				munmap(memory[1], SIZE);
				break;
			}
			if (own_commit(&now) || read_number(current, &charged) ||
			    (charged - charge) / KB != now.promise - before.promise)
				_exit(10 + step);
		}
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status >> 8);
	cgroup_remove(cgroup);
}

static const char * const info_keys[] = {
	"Limit", "Promise", "Payment", "Outstanding", "Available", "Coverage",
	"Refused", "Rate", "Exhaustion", "Growth", "Trend",
};

TEST_F(process, system_file_has_its_format)
{
	long long values[ARRAY_SIZE(info_keys)], limit, committed, expected;
	static const char * const units[] = {
		" kB", " kB", " kB", " kB", " kB", " %", "", " kB/s", " s", " kB/s", " s",
	};
	char text[4096], *line, *rest = text, *end;
	unsigned int i;

	ASSERT_LT(0, read_file(INFO, text, sizeof(text)));
	for (i = 0; i < ARRAY_SIZE(info_keys); i++) {
		line = strsep(&rest, "\n");
		ASSERT_NE(NULL, rest);
		ASSERT_EQ(0, strncmp(line, info_keys[i], strlen(info_keys[i])));
		line += strlen(info_keys[i]);
		ASSERT_EQ(0, strncmp(line, ": ", 2));
		line += 2;
		values[i] = -1;
		if (!strcmp(units[i], " s") && !strcmp(line, "never"))
			continue;
		values[i] = strtoll(line, &end, 10);
		ASSERT_NE(line, end);
		ASSERT_STREQ(units[i], end);
		ASSERT_LE(0, values[i]);
	}
	EXPECT_STREQ("", rest);

	expected = values[1] > values[2] ? values[1] - values[2] : 0;
	EXPECT_EQ(expected, values[3]);
	/* kB of whole pages: the quotient is that of pages. */
	expected = values[4] >= values[3] ? 100 : values[4] * 100 / values[3];
	EXPECT_EQ(expected, values[5]);
	EXPECT_EQ(values[3] <= values[4] ? -1 : values[8], values[8]);

	ASSERT_EQ(0, read_key_number("/proc/meminfo", "CommitLimit", &limit));
	EXPECT_EQ(limit, values[0]);
	ASSERT_EQ(0, read_key_number("/proc/meminfo", "Committed_AS", &committed));
	EXPECT_GE(1024, llabs(committed - values[1]));
}

/* What a process promises and pays shows in the system's numbers. */
TEST_F(process, system_file_follows)
{
	long long promise, payment, now;
	char *memory;

	ASSERT_EQ(0, read_key_number(INFO, "Promise", &promise));
	ASSERT_EQ(0, read_key_number(INFO, "Payment", &payment));
	memory = mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, read_key_number(INFO, "Promise", &now));
	EXPECT_GE(2048, llabs(now - promise - 64 * (long long)MB / KB));
	memset(memory, 1, 48 * MB);
	ASSERT_EQ(0, read_key_number(INFO, "Payment", &now));
	/* The counters of pages lag by some per CPU. */
	EXPECT_GE(8192, llabs(now - payment - 48 * (long long)MB / KB));
	ASSERT_EQ(0, read_key_number(INFO, "Rate", &now));
	EXPECT_LT(0, now);
	munmap(memory, 64 * MB);
}

FIXTURE(refusal) {
	char mode[16];
	char ratio[16];
	int log;
};

FIXTURE_SETUP(refusal)
{
	if (access(INFO, F_OK))
		SKIP(return, "no " INFO ": CONFIG_COMMIT_INFO is off");
	if (getuid())
		SKIP(return, "not root");
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->log);
	ASSERT_LE(0, lseek(self->log, 0, SEEK_END));
	ASSERT_LT(0, read_file(MODE, self->mode, sizeof(self->mode)));
	ASSERT_LT(0, read_file("/proc/sys/vm/overcommit_ratio", self->ratio,
			       sizeof(self->ratio)));
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (!access(EVENT "/enable", W_OK)) {
		ASSERT_EQ(0, close(open(TRACING "/trace", O_WRONLY | O_TRUNC)));
		ASSERT_EQ(0, write_file(EVENT "/enable", "1"));
	}
}

FIXTURE_TEARDOWN(refusal)
{
	write_file(EVENT "/enable", "0");
	write_file(MODE, self->mode);
	if (atoi(self->ratio))
		write_file("/proc/sys/vm/overcommit_ratio", self->ratio);
	close(self->log);
}

FIXTURE_VARIANT(refusal) {
	const char *mode;
	const char *limit;
	const char *counter;
};

FIXTURE_VARIANT_ADD(refusal, heuristic) {
	.mode = "0", .limit = "heuristic", .counter = "commit_refused_heuristic",
};

FIXTURE_VARIANT_ADD(refusal, system) {
	.mode = "2", .limit = "system", .counter = "commit_refused_system",
};

TEST_F_TIMEOUT(refusal, is_counted_traced_and_logged, 180)
{
	long long counter, total, now, allowed, promised;
	char text[8192], want[128], *line;
	const size_t bytes = 1UL << 40;
	bool logged = false;
	ssize_t len;
	int n;
	void *memory;

	/* Others may have used up what the log takes in 5 s. */
	sleep(6);
	prctl(PR_SET_NAME, "re\nfused\"");
	ASSERT_EQ(0, write_file(MODE, variant->mode));
	ASSERT_EQ(0, read_key_number("/proc/vmstat", variant->counter, &counter));
	ASSERT_EQ(0, read_key_number(INFO, "Refused", &total));
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT_EQ(MAP_FAILED, memory);
	EXPECT_EQ(ENOMEM, errno);
	ASSERT_EQ(0, read_key_number("/proc/vmstat", variant->counter, &now));
	EXPECT_EQ(counter + 1, now);
	ASSERT_EQ(0, read_key_number(INFO, "Refused", &now));
	EXPECT_EQ(total + 1, now);

	while ((len = read(self->log, text, sizeof(text) - 1)) > 0) {
		text[len] = '\0';
		if (!strstr(text, "commit: refused: "))
			continue;
		line = strstr(text, "limit=");
		ASSERT_NE(NULL, line);
		n = sscanf(strstr(line, "promised="), "promised=%lld allowed=%lld",
			   &promised, &allowed);
		ASSERT_EQ(2, n);
		snprintf(want, sizeof(want), "pid=%d uid=0 ", getpid());
		EXPECT_NE(NULL, strstr(text, want));
		snprintf(want, sizeof(want), " bytes=%zu limit=%s ", bytes, variant->limit);
		EXPECT_NE(NULL, strstr(text, want));
		EXPECT_LT(allowed, promised + (long long)bytes);
		EXPECT_LT(0, allowed);
		/* The name's newline did not begin a line. */
		EXPECT_EQ(NULL, strstr(text, "re\nfused"));
		logged = true;
	}
	EXPECT_TRUE(logged);

	if (access(EVENT "/enable", W_OK))
		SKIP(return, "no " EVENT ": CONFIG_EVENT_TRACING is off");
	ASSERT_LT(0, read_file(TRACING "/trace", text, sizeof(text)));
	snprintf(want, sizeof(want), "commit_refused: pid=%d uid=0 comm=", getpid());
	line = strstr(text, want);
	ASSERT_NE(NULL, line) {
		TH_LOG("no '%s' in: %s", want, text);
	}
	snprintf(want, sizeof(want), "bytes=%zu limit=%s promised=", bytes, variant->limit);
	EXPECT_NE(NULL, strstr(line, want));
	EXPECT_NE(NULL, strstr(line, "cgroup=0"));
}

/* What is granted is not counted as refused. */
TEST_F_TIMEOUT(refusal, is_not_what_is_granted, 180)
{
	long long total, now;
	void *memory;

	ASSERT_EQ(0, write_file(MODE, variant->mode));
	ASSERT_EQ(0, read_key_number(INFO, "Refused", &total));
	memory = mmap(NULL, MB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, read_key_number(INFO, "Refused", &now));
	EXPECT_EQ(total, now);
}

TEST_HARNESS_MAIN
