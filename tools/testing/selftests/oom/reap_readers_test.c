// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing reads what was reaped: who looks into an OOM victim from outside, or
 * for it in the kernel, sees what the victim wrote or gets an error.
 *
 * In the environment: REAP_ROUNDS=N, how many victims die in the stress test (10).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "reap_util.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#ifndef MAP_32BIT
#define MAP_32BIT	0
#endif

static int backing;
/* A file of instructions. */
static int code;

#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"

FIXTURE(readers) {
	char core_pattern[128];
};

FIXTURE_SETUP(readers)
{
	const char *lacks = reap_lacks();

	if (lacks)
		SKIP(return, "%s", lacks);
	ASSERT_EQ(0, reap_start());
	ASSERT_LT(0, read_file(CORE_PATTERN, self->core_pattern,
			       sizeof(self->core_pattern)));
}

FIXTURE_TEARDOWN(readers)
{
	write_file(CORE_PATTERN, self->core_pattern);
	reap_stop();
}

struct layout {
	char *anon;
	char *file;
	char *shared;
};

static void layout_body(void *arg)
{
	struct layout *layout = arg;

	fill(SIZE, MAP_PRIVATE);
	layout->anon = fill(16 * PAGE, MAP_PRIVATE);
	layout->shared = fill(16 * PAGE, MAP_SHARED);
	layout->file = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE, backing, 0);
	if (layout->file == MAP_FAILED)
		_exit(8);
	/* Private copies of most of its pages, beside some of the file's. */
	memset(layout->file + 2 * PAGE, PATTERN, 12 * PAGE);
	ready();
	get_stuck();
}

static int read_remote(pid_t pid, const char *from, unsigned char *byte)
{
	struct iovec local = { byte, 1 }, remote = { (void *)from, 1 };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1 ? 0 :
								      -errno;
}

static int read_mem_file(pid_t pid, const char *from, unsigned char *byte)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	err = pread(fd, byte, 1, (off_t)(uintptr_t)from) == 1 ? 0 : -errno;
	close(fd);
	return err;
}

TEST_F_TIMEOUT(readers, nothing_stands_in_for_reaped_memory, 60)
{
	struct layout *layout;
	unsigned char byte;
	pid_t pid;
	int i;

	layout = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	backing = memfd_create("backing", 0);
	ASSERT_EQ(0, ftruncate(backing, 16 * PAGE));
	for (i = 0; i < 16; i++)
		ASSERT_EQ(1, pwrite(backing, "f", 1, i * PAGE));
	pid = victim(layout_body, layout);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(0, read_remote(pid, layout->anon + i * PAGE, &byte));
		EXPECT_EQ(PATTERN, byte);
		EXPECT_EQ(0, read_remote(pid, layout->file + i * PAGE, &byte));
		EXPECT_EQ(i >= 2 && i < 14 ? PATTERN : 'f', byte);
	}
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 5000));
	/* The last page first: a read may map what is around it. */
	for (i = 15; i >= 0; i--) {
		EXPECT_EQ(-EFAULT,
			  read_remote(pid, layout->anon + i * PAGE, &byte));
		EXPECT_EQ(-EFAULT,
			  read_remote(pid, layout->file + i * PAGE, &byte)) {
			TH_LOG("page %d of the file reads as %#x", i, byte);
		}
		EXPECT_EQ(-EIO,
			  read_mem_file(pid, layout->anon + i * PAGE, &byte));
		EXPECT_EQ(-EIO,
			  read_mem_file(pid, layout->file + i * PAGE, &byte));
		EXPECT_EQ(0, read_remote(pid, layout->shared + i * PAGE,
					 &byte));
		EXPECT_EQ(PATTERN, byte);
	}
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	close(backing);
	munmap(layout, PAGE);
}

static void traced_body(void *arg)
{
	*(char **)arg = fill(SIZE, MAP_PRIVATE);
	ready();
	for (;;)
		pause();
}

/* Nor by ptrace(2), of one that is stopped on its way out. */
TEST_F_TIMEOUT(readers, a_tracer_reads_nothing_reaped, 60)
{
	char **memory;
	int status;
	pid_t pid;

	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = victim(traced_body, memory);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aL,
		  ptrace(PTRACE_PEEKDATA, pid, *memory, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));

	ASSERT_TRUE(oom_kill());
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_EQ(SIGTRAP | PTRACE_EVENT_EXIT << 8, status >> 8);
	ASSERT_LE(0, wait_reaped(pid, 20000));
	errno = 0;
	EXPECT_EQ(-1, ptrace(PTRACE_PEEKDATA, pid, *memory, NULL));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, *memory, 1L));
	EXPECT_EQ(EIO, errno);
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
	EXPECT_EQ(SIGKILL, death(pid));
	munmap(memory, PAGE);
}

/* A page that was spared must not become part of a huge one with holes. */
#define HUGE		(2 * MB)

static void collapse_body(void *arg)
{
	char *memory = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct robust_list_head *head;
	struct entry *entry;

	memory = (char *)(((uintptr_t)memory + HUGE - 1) & -HUGE);
	madvise(memory, HUGE, MADV_NOHUGEPAGE);
	memset(memory, PATTERN, HUGE);
	madvise(memory, HUGE, MADV_HUGEPAGE);
	fill(SIZE, MAP_PRIVATE);
	/* And a file, of which some pages were written to. */
	shared->file = (char *)(((uintptr_t)mmap(NULL, 2 * HUGE, PROT_NONE,
						 MAP_PRIVATE | MAP_ANONYMOUS,
						 -1, 0) + HUGE - 1) & -HUGE);
	if (mmap(shared->file, HUGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, backing, 0) == MAP_FAILED)
		_exit(8);
	memset(shared->file + 7 * PAGE, PATTERN, PAGE);
	head = (struct robust_list_head *)(memory + 100 * PAGE);
	entry = (struct entry *)(memory + 101 * PAGE);
	own(entry);
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	head->list.next = &entry->node;
	entry->node.next = &head->list;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	shared->address = memory;
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(readers, no_huge_page_fills_the_holes, 60)
{
	struct iovec range;
	unsigned char byte;
	int pidfd, i;
	pid_t pid;

	backing = memfd_create("backing", 0);
	ASSERT_EQ(0, ftruncate(backing, HUGE));
	for (i = 0; i < (int)(HUGE / PAGE); i++)
		ASSERT_EQ(1, pwrite(backing, "f", 1, i * PAGE));
	pid = victim(collapse_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 20000));
	EXPECT_EQ(0, read_remote(pid, shared->address + 100 * PAGE, &byte));
	EXPECT_EQ(-EFAULT, read_remote(pid, shared->address + 99 * PAGE, &byte));
	range = (struct iovec) { shared->address, HUGE };
	EXPECT_EQ(-1, syscall(SYS_process_madvise, pidfd, &range, 1,
			      MADV_COLLAPSE, 0));
	EXPECT_EQ(-EFAULT, read_remote(pid, shared->address + 99 * PAGE, &byte)) {
		TH_LOG("a reaped page reads as %#x", byte);
	}
	range.iov_base = shared->file;
	syscall(SYS_process_madvise, pidfd, &range, 1, MADV_COLLAPSE, 0);
	EXPECT_EQ(-EFAULT, read_remote(pid, shared->file + 7 * PAGE, &byte)) {
		TH_LOG("a reaped page of a file reads as %#x", byte);
	}
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	close(pidfd);
	close(backing);
}

/* A monitor of the victim's page faults can't fill the holes either. */
static int watch_faults(char *memory, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)memory, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		_exit(8);
	return uffd;
}

static void uffd_body(void *arg)
{
	fill(SIZE, MAP_PRIVATE);
	shared->address = fill(4 * PAGE, MAP_PRIVATE);
	shared->next = watch_faults(shared->address, 4 * PAGE);
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(readers, userfaultfd_fills_no_holes, 60)
{
	struct uffdio_zeropage zero = {};
	struct uffdio_copy copy = {};
	unsigned char byte;
	int pidfd, uffd;
	char *page;
	pid_t pid;

	pid = victim(uffd_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	uffd = syscall(SYS_pidfd_getfd, pidfd, shared->next, 0);
	ASSERT_LE(0, uffd);
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 5000));
	page = fill(PAGE, MAP_PRIVATE);
	copy.dst = (uintptr_t)shared->address;
	copy.src = (uintptr_t)page;
	copy.len = PAGE;
	EXPECT_EQ(-1, ioctl(uffd, UFFDIO_COPY, &copy));
	EXPECT_EQ(ESRCH, errno);
	zero.range.start = (uintptr_t)shared->address + PAGE;
	zero.range.len = PAGE;
	EXPECT_EQ(-1, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-EFAULT, read_remote(pid, shared->address, &byte));
	EXPECT_EQ(-EFAULT, read_remote(pid, shared->address + PAGE, &byte));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	close(uffd);
	close(pidfd);
}

/* A page of a file that never answers: who touches it gets stuck. */
static char *stuck_page(void *where)
{
	int fd = stuck_fs_open(&fs, 'r');
	char *page;

	page = mmap(where, PAGE, PROT_READ,
		    MAP_SHARED | (where ? MAP_FIXED : 0), fd, 0);
	close(fd);
	/* Read in the page fault itself, from which there is no way out. */
	if (page != MAP_FAILED && madvise(page, PAGE, MADV_RANDOM))
		return MAP_FAILED;
	return page;
}

/* The death of one that may get stuck again: a page is read twice. */
static int released_death(pid_t pid)
{
	siginfo_t info = {};

	while (!waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) &&
	       !info.si_pid) {
		stuck_fs_release(&fs);
		usleep(1000);
	}
	return death(pid);
}

/* A core dump ends where the memory does. */

#define CORE_SIZE	(8 * MB)
/* With what else there is of a process. */
#define CORE_MAX	(32 * MB)

struct core {
	char path[64];
	char *bytes;
	size_t size;
};

static void *read_core(void *arg)
{
	struct core *core = arg;
	int fd = open(core->path, O_RDONLY);
	ssize_t got = fd < 0 ? 0 : 1;

	for (core->size = 0; got > 0; core->size += got)
		got = read(fd, core->bytes + core->size, CORE_MAX - core->size);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* How much a core holds of [address, address + size); -1 if anything else. */
static long dumped(const struct core *core, const char *address, size_t size)
{
	const struct elf64_hdr *header = (const void *)core->bytes;
	const struct elf64_phdr *segment;
	size_t at, end;
	int i;

	if (core->size < sizeof(*header) ||
	    core->size < header->e_phoff + header->e_phnum * sizeof(*segment))
		return 0;
	segment = (const void *)(core->bytes + header->e_phoff);
	for (i = 0; i < header->e_phnum; i++, segment++) {
		at = (uintptr_t)address - segment->p_vaddr;
		if (segment->p_type == PT_LOAD && at < segment->p_filesz)
			break;
	}
	if (i == header->e_phnum)
		return 0;
	at += segment->p_offset;
	end = at + size < core->size ? at + size : core->size;
	for (size = 0; at < end; at++, size++)
		if (core->bytes[at] != PATTERN)
			return -1;
	return size;
}

/* It is dumped up to its middle, where the dump gets stuck. */
static void dumped_body(void *arg)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	shared->address = fill(CORE_SIZE, MAP_PRIVATE);
	/* With shared files. */
	if (stuck_page(shared->address + CORE_SIZE / 2) == MAP_FAILED ||
	    setrlimit(RLIMIT_CORE, &limit) ||
	    write_file("/proc/self/coredump_filter", "0x3b"))
		_exit(8);
	ready();
	abort();
}

static void check_dump(struct __test_metadata *_metadata, struct core *core,
		       bool by_pipe)
{
	const size_t half = CORE_SIZE / 2;
	pthread_t reader;
	unsigned int stuck;
	int killed;
	pid_t pid;

	core->bytes = mmap(NULL, CORE_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, core->bytes);
	madvise(core->bytes, CORE_MAX, MADV_DONTFORK);
	/* First one that is not killed, to see that there is more to dump. */
	for (killed = 0; killed < 2; killed++) {
		if (by_pipe)
			ASSERT_EQ(0, pthread_create(&reader, NULL, read_core,
						    core));
		stuck = fs.seen;
		pid = victim(dumped_body, NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, stuck + 1));
		if (killed) {
			ASSERT_TRUE(oom_kill());
			ASSERT_LE(0, wait_reaped(pid, 20000));
			EXPECT_EQ('D', state(pid));
		}
		EXPECT_EQ(killed ? SIGKILL : SIGABRT, released_death(pid));
		if (by_pipe)
			pthread_join(reader, NULL);
		else
			read_core(core);
		EXPECT_EQ((long)half, dumped(core, shared->address, half));
		EXPECT_EQ(killed ? 0 : (long)(half - PAGE),
			  dumped(core, shared->address + half + PAGE,
				 half - PAGE));
		TH_LOG("%s: a core of %zu bytes",
		       killed ? "killed" : "not killed", core->size);
	}
	munmap(core->bytes, CORE_MAX);
	unlink(core->path);
}

TEST_F_TIMEOUT(readers, a_core_file_ends_with_the_memory, 60)
{
	struct core core;

	snprintf(core.path, sizeof(core.path), "/tmp/reap-core-%d", getpid());
	ASSERT_EQ(0, write_file(CORE_PATTERN, core.path));
	check_dump(_metadata, &core, false);
}

#define DD		"/bin/dd"

TEST_F_TIMEOUT(readers, a_core_in_a_pipe_ends_with_the_memory, 60)
{
	struct core core;
	char pattern[128];

	if (access(DD, X_OK))
		SKIP(return, "no " DD);
	snprintf(core.path, sizeof(core.path), "/tmp/reap-fifo-%d", getpid());
	snprintf(pattern, sizeof(pattern), "|" DD " bs=64k of=%s", core.path);
	ASSERT_EQ(0, mkfifo(core.path, 0600));
	ASSERT_EQ(0, write_file(CORE_PATTERN, pattern));
	check_dump(_metadata, &core, true);
}

/*
 * The kernel reads for the victim, after it was reaped: a write to a pipe of
 * which another one holds the lock.
 */

struct ring {
	int fd;
	struct io_uring_params params;
	char *queues;
	struct io_uring_sqe *sqes;
	unsigned int seen;
};

static int ring_open(struct ring *ring)
{
	struct io_uring_params *params = &ring->params;
	size_t size;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 4, params);
	if (ring->fd < 0)
		return -errno;
	/* The kernel has put both queues into one mapping since 5.4. */
	size = params->cq_off.cqes +
	       params->cq_entries * sizeof(struct io_uring_cqe);
	size += params->sq_off.array + params->sq_entries * sizeof(uint32_t);
	ring->queues = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, params->sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	if (ring->queues == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	return 0;
}

static atomic_uint *ring_word(struct ring *ring, unsigned int offset)
{
	return (atomic_uint *)(ring->queues + offset);
}

/* By who calls it, whosever the ring is. */
static int ring_submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_sqring_offsets *off = &ring->params.sq_off;
	unsigned int tail = *ring_word(ring, off->tail);
	unsigned int index = tail & (ring->params.sq_entries - 1);

	ring->sqes[index] = *sqe;
	ring_word(ring, off->array)[index] = index;
	*ring_word(ring, off->tail) = tail + 1;
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1 ?
	       0 : -errno;
}

/* The next result, or 1 << 30 if there is none within @ms. */
static int ring_result(struct ring *ring, long long ms)
{
	const struct io_cqring_offsets *off = &ring->params.cq_off;
	const struct io_uring_cqe *cqes;
	long long start = now_ms();

	while (*ring_word(ring, off->tail) == ring->seen) {
		if (now_ms() - start > ms)
			return 1 << 30;
		usleep(500);
	}
	cqes = (const struct io_uring_cqe *)(ring->queues + off->cqes);
	cqes += ring->seen++ & (ring->params.cq_entries - 1);
	*ring_word(ring, off->head) = ring->seen;
	return cqes->res;
}

static int ring_register(struct ring *ring, char *memory, size_t size)
{
	struct iovec buffer = { memory, size };

	return syscall(SYS_io_uring_register, ring->fd,
		       IORING_REGISTER_BUFFERS, &buffer, 1) ? -errno : 0;
}

/* How much of the pattern a pipe holds; -1 if anything else. */
static long drain(int fd)
{
	char bytes[PAGE];
	ssize_t got, i;
	long sum = 0;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		for (i = 0; i < got; i++)
			if (bytes[i] != PATTERN)
				return -1;
		sum += got;
	}
	return sum;
}

enum way { BY_SYSCALL, BY_WORKER, BY_WORKER_FIXED };

#define FLIGHT_SIZE	(8 * PAGE)

struct flight {
	enum way way;
	struct ring ring;
	int pipe[2];
	char *page;
};

static void flight_body(void *arg)
{
	struct flight *flight = arg;
	struct io_uring_sqe sqe = {
		.opcode = flight->way == BY_WORKER ? IORING_OP_WRITE :
						     IORING_OP_WRITE_FIXED,
		.flags = IOSQE_ASYNC,
		.fd = flight->pipe[1],
		.len = FLIGHT_SIZE,
	};
	char *memory = fill(SIZE, MAP_PRIVATE);

	sqe.addr = (uintptr_t)memory;
	if (flight->way == BY_WORKER_FIXED &&
	    ring_register(&flight->ring, memory, FLIGHT_SIZE))
		_exit(8);
	if (flight->way != BY_SYSCALL && ring_submit(&flight->ring, &sqe))
		_exit(9);
	ready();
	if (flight->way == BY_SYSCALL &&
	    write(flight->pipe[1], memory, FLIGHT_SIZE) < 0)
		_exit(10);
	for (;;)
		pause();
}

/* Takes the lock of the pipe, and gets stuck. */
static void *lock_pipe(void *arg)
{
	struct flight *flight = arg;

	return (void *)(intptr_t)write(flight->pipe[1], flight->page, 1);
}

/* Wait until a thread of a process sleeps, uninterruptibly; 20 s at most. */
static bool wait_blocked(pid_t pid)
{
	long long start = now_ms();
	struct dirent *entry;
	char path[64];
	int seen = 0;
	DIR *threads;

	/* More than once, and so not for a moment. */
	while (seen < 3 && now_ms() - start < 20000) {
		bool blocked = false;

		usleep(10000);
		snprintf(path, sizeof(path), "/proc/%d/task", pid);
		threads = opendir(path);
		while (threads && (entry = readdir(threads)))
			if (state(atoi(entry->d_name)) == 'D')
				blocked = true;
		if (threads)
			closedir(threads);
		seen = blocked ? seen + 1 : 0;
	}
	return seen == 3;
}

#define IO_URING	"/proc/sys/kernel/io_uring_disabled"

static void check_flight(struct __test_metadata *_metadata, enum way way)
{
	struct flight flight = { .way = way };
	bool fixed = way == BY_WORKER_FIXED;
	pthread_t locker;
	void *written;
	pid_t pid;

	if (way != BY_SYSCALL) {
		if (access(IO_URING, F_OK))
			SKIP(return, "no CONFIG_IO_URING");
		ASSERT_EQ(0, ring_open(&flight.ring));
	}
	ASSERT_EQ(0, pipe2(flight.pipe, O_NONBLOCK));
	flight.page = stuck_page(NULL);
	ASSERT_NE(MAP_FAILED, flight.page);
	ASSERT_EQ(0, pthread_create(&locker, NULL, lock_pipe, &flight));
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	pid = victim(flight_body, &flight);
	ASSERT_EQ(1, shared->ready);
	ASSERT_TRUE(wait_blocked(pid));
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 20000));
	/* Whose read fails, the second time for good. */
	while (pthread_tryjoin_np(locker, &written)) {
		stuck_fs_release(&fs);
		usleep(1000);
	}
	EXPECT_EQ(-1, (intptr_t)written);
	/* Pages that are registered stay, whoever else has lost them. */
	if (way != BY_SYSCALL)
		EXPECT_EQ(fixed ? (int)FLIGHT_SIZE : -EFAULT,
			  ring_result(&flight.ring, 20000));
	EXPECT_EQ(SIGKILL, death(pid));
	EXPECT_EQ(fixed ? (long)FLIGHT_SIZE : 0, drain(flight.pipe[0]));
	munmap(flight.page, PAGE);
	close(flight.pipe[0]);
	close(flight.pipe[1]);
}

TEST_F_TIMEOUT(readers, a_system_call_reads_nothing_reaped, 60)
{
	check_flight(_metadata, BY_SYSCALL);
}

TEST_F_TIMEOUT(readers, io_uring_reads_nothing_reaped, 60)
{
	check_flight(_metadata, BY_WORKER);
}

TEST_F_TIMEOUT(readers, io_uring_has_what_it_was_given, 60)
{
	check_flight(_metadata, BY_WORKER_FIXED);
}

/* Another process writes from what the victim has registered. */
static void lends_body(void *arg)
{
	shared->address = fill(SIZE, MAP_PRIVATE);
	if (ring_register(arg, shared->address, FLIGHT_SIZE))
		_exit(8);
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(readers, registered_buffers_outlive_the_victim, 60)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE_FIXED,
		.len = FLIGHT_SIZE,
	};
	unsigned char byte;
	struct ring ring;
	int fds[2], i;
	pid_t pid;

	if (access(IO_URING, F_OK))
		SKIP(return, "no CONFIG_IO_URING");
	ASSERT_EQ(0, ring_open(&ring));
	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	pid = victim(lends_body, &ring);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 20000));
	EXPECT_EQ(-EFAULT, read_remote(pid, shared->address, &byte));
	sqe.fd = fds[1];
	sqe.addr = (uintptr_t)shared->address;
	/* Before it is gone, and after. */
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, ring_submit(&ring, &sqe));
		EXPECT_EQ((int)FLIGHT_SIZE, ring_result(&ring, 20000));
		EXPECT_EQ((long)FLIGHT_SIZE, drain(fds[0]));
		if (i)
			break;
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
	}
}

/* Breakpoints are put into pages that are there, and only there. */

#define NOP		0x90
#define BREAKPOINT	0xcc
#define PROBED_SIZE	(16 * PAGE)

/* Mapped as a library is. */
static char *map_probed(void)
{
	return mmap(NULL, PROBED_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
		    code, 0);
}

static int make_probed(char *path, size_t size)
{
	char page[PAGE];
	unsigned int i;

	snprintf(path, size, "/tmp/reap-probed-%d", getpid());
	code = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	memset(page, NOP, sizeof(page));
	for (i = 0; i < PROBED_SIZE / PAGE; i++)
		if (write(code, page, PAGE) != PAGE)
			return -errno;
	return 0;
}

/* A probe in all processes that have mapped the file. */
static int probe(const char *path, size_t offset)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.uprobe_path = (uintptr_t)path,
		.probe_offset = offset,
	};
	long long type;
	int fd;

	if (read_number("/sys/bus/event_source/devices/uprobe/type", &type))
		return -ENOENT;
	attr.type = type;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1,
		     PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void probed_body(void *arg)
{
	/* The probe is the test's alone. */
	close((intptr_t)arg);
	fill(SIZE, MAP_PRIVATE);
	shared->address = map_probed();
	if (madvise(shared->address, PROBED_SIZE, MADV_POPULATE_READ))
		_exit(8);
	ready();
	get_stuck();
}

/* Whether the kernel says anything about uprobes. */
static bool uprobes_complain(int kmsg)
{
	char line[1024];
	bool ret = false;
	ssize_t len;

	while ((len = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		ret |= strstr(line, "uprobe") || strstr(line, "ref_ctr");
	}
	return ret;
}

TEST_F_TIMEOUT(readers, uprobes_leave_no_page_behind, 60)
{
	const char *mine;
	unsigned char byte;
	int early, late, kmsg;
	unsigned int i;
	char path[64];
	pid_t pid;

	ASSERT_EQ(0, make_probed(path, sizeof(path)));
	early = probe(path, PAGE);
	if (early == -ENOENT)
		SKIP(return, "no CONFIG_UPROBE_EVENTS");
	ASSERT_LE(0, early);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, kmsg);
	lseek(kmsg, 0, SEEK_END);
	mine = map_probed();
	pid = victim(probed_body, (void *)(intptr_t)early);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	EXPECT_EQ(0, read_remote(pid, shared->address + PAGE, &byte));
	EXPECT_EQ(BREAKPOINT, byte);
	EXPECT_EQ(0, read_remote(pid, shared->address + 2 * PAGE, &byte));
	EXPECT_EQ(NOP, byte);
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 20000));

	/* One more while the victim is still there, for whoever is alive. */
	late = probe(path, 2 * PAGE);
	EXPECT_LE(0, late);
	EXPECT_EQ(BREAKPOINT, (unsigned char)mine[PAGE]);
	EXPECT_EQ(BREAKPOINT, (unsigned char)mine[2 * PAGE]);
	for (i = 0; i < PROBED_SIZE / PAGE; i++)
		EXPECT_EQ(-EFAULT,
			  read_remote(pid, shared->address + i * PAGE, &byte));
	close(early);
	close(late);
	EXPECT_EQ(NOP, (unsigned char)mine[PAGE]);
	EXPECT_EQ(NOP, (unsigned char)mine[2 * PAGE]);
	for (i = 0; i < PROBED_SIZE / PAGE; i++)
		EXPECT_EQ(-EFAULT,
			  read_remote(pid, shared->address + i * PAGE, &byte));
	EXPECT_FALSE(uprobes_complain(kmsg));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	close(kmsg);
	close(code);
	unlink(path);
}

/*
 * A probe that has the victim's mmap_lock while it reads the instruction: the
 * reaper goes by the locks of areas, and finds nobody to wait for.
 */
static void unprobed_body(void *arg)
{
	int fd = stuck_fs_open(&fs, 'r');

	fill(SIZE, MAP_PRIVATE);
	if (mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
	    MAP_FAILED)
		_exit(8);
	ready();
	for (;;)
		pause();
}

static void *probes_stuck_file(void *unused)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/r", fs.dir);
	return (void *)(intptr_t)probe(path, 0);
}

TEST_F_TIMEOUT(readers, a_victim_fails_no_probe, 60)
{
	char page[PAGE];
	pthread_t prober;
	void *fd;
	pid_t pid;

	if (access("/sys/bus/event_source/devices/uprobe", F_OK))
		SKIP(return, "no CONFIG_UPROBE_EVENTS");
	memset(page, NOP, sizeof(page));
	fs.page = page;
	pid = victim(unprobed_body, NULL);
	ASSERT_EQ(1, shared->ready);
	ASSERT_EQ(0, pthread_create(&prober, NULL, probes_stuck_file, NULL));
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	ASSERT_TRUE(oom_kill());
	ASSERT_LE(0, wait_reaped(pid, 20000));
	while (pthread_tryjoin_np(prober, &fd)) {
		stuck_fs_release(&fs);
		usleep(1000);
	}
	EXPECT_LE(0, (intptr_t)fd);
	close((intptr_t)fd);
	EXPECT_EQ(SIGKILL, death(pid));
}

/*
 * All at once: victims that fork, map and unmap, are merged, collapsed and paged
 * out, or dump core, while others read their memory, by each of the ways above,
 * and put probes and pages into it. What is read is what they wrote, or an error.
 */
#define STRESS_SIZE	(8 * MB)
#define STRESS_FILE	(64 * PAGE)
#define STRESS_MISSING	(16 * PAGE)

enum reading {
	REMOTE, MEM_FILE, PEEKED, PROBED, FILLED, FIXED, DUMPED, NR_READINGS
};

static const char *const readings[NR_READINGS] = {
	"process_vm_readv", "mem", "ptrace", "probed", "userfaultfd",
	"io_uring", "core",
};

struct stress {
	/* Of the victim. */
	atomic_int pid;
	char *anon;
	char *file;
	char *probed;
	char *missing;
	int uffd;
	bool dumps;

	struct ring ring;
	char probed_path[64];
	atomic_bool stop;
	atomic_long right[NR_READINGS];
	atomic_long errors[NR_READINGS];
	atomic_long wrong[NR_READINGS];
};

static void *forks(void *unused)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void *maps(void *unused)
{
	char *memory;

	do {
		memory = mmap(NULL, MB, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(memory, 1, MB / 4);
		mprotect(memory, MB / 2, PROT_READ);
	} while (!munmap(memory, MB));
	return NULL;
}

static void *gets_stuck(void *unused)
{
	get_stuck();
	return NULL;
}

static void start(void *(*body)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	/* Little to dump. */
	pthread_attr_setstacksize(&attr, 16 * PAGE);
	pthread_create(&thread, &attr, body, NULL);
}

static void stress_body(void *arg)
{
	struct stress *stress = arg;
	unsigned int seed = getpid();

	/* Low, so that a dump comes by it early. */
	stress->anon = fill(STRESS_SIZE, MAP_PRIVATE | MAP_32BIT);
	madvise(stress->anon, STRESS_SIZE / 2, MADV_MERGEABLE);
	madvise(stress->anon + STRESS_SIZE / 2, STRESS_SIZE / 2,
		MADV_HUGEPAGE);
	stress->file = mmap(NULL, STRESS_FILE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE, backing, 0);
	memset(stress->file, PATTERN, STRESS_FILE);
	stress->probed = map_probed();
	stress->missing = mmap(NULL, STRESS_MISSING, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stress->uffd = watch_faults(stress->missing, STRESS_MISSING);
	if (ring_register(&stress->ring, stress->anon, FLIGHT_SIZE))
		_exit(9);
	start(forks);
	start(maps);
	/* Who dumps core waits for all of its threads first. */
	if (!stress->dumps && rand_r(&seed) % 2)
		start(gets_stuck);
	ready();
	if (stress->dumps)
		abort();
	if (rand_r(&seed) % 4 == 0)
		hold(3, 1, &seed);
	for (;;)
		syscall(SYS_getppid);
}

static void saw(struct stress *stress, enum reading reading, bool read,
		bool right)
{
	if (!read) {
		stress->errors[reading]++;
		/* Leave the CPU to who kills, or dies. */
		usleep(500);
	} else if (right) {
		stress->right[reading]++;
	} else {
		stress->wrong[reading]++;
	}
}

typedef int read_byte(pid_t pid, const char *from, unsigned char *byte);

static void look(struct stress *stress, enum reading reading, read_byte *by,
		 pid_t pid, const char *from, unsigned char expected)
{
	unsigned char byte = 0;
	int err = by(pid, from, &byte);

	saw(stress, reading, !err, byte == expected);
}

/* The victim; 0, after a while, if there is none. */
static pid_t victim_of(struct stress *stress)
{
	pid_t pid = stress->pid;

	if (!pid)
		usleep(100);
	return pid;
}

static void *reads(void *arg)
{
	struct stress *stress = arg;
	unsigned int seed = 1, page;
	const char *from;
	pid_t pid;

	while (!stress->stop) {
		pid = victim_of(stress);
		if (!pid)
			continue;
		page = rand_r(&seed) % (STRESS_SIZE / PAGE);
		from = stress->anon + page * PAGE;
		if (page % 8 == 0)
			from = stress->file + page * PAGE % STRESS_FILE;
		if (page % 8 == 1) {
			/* Behind the breakpoint, if there is one. */
			from = stress->probed + page * PAGE % PROBED_SIZE + 1;
			look(stress, PROBED, read_remote, pid, from, NOP);
		} else if (page % 8 < 4) {
			look(stress, MEM_FILE, read_mem_file, pid, from,
			     PATTERN);
		} else {
			look(stress, REMOTE, read_remote, pid, from, PATTERN);
		}
	}
	return NULL;
}

static void *advises(void *arg)
{
	static const int advice[] = {
		MADV_COLLAPSE, MADV_PAGEOUT, MADV_COLD, MADV_COLLAPSE,
	};
	struct stress *stress = arg;
	struct iovec range;
	char path[64], text[4096];
	int pidfd, i = 0;
	pid_t pid;

	while (!stress->stop) {
		pid = victim_of(stress);
		pidfd = pid ? syscall(SYS_pidfd_open, pid, 0) : -1;
		if (pidfd < 0)
			continue;
		range = (struct iovec) { stress->anon, STRESS_SIZE };
		syscall(SYS_process_madvise, pidfd, &range, 1,
			advice[i++ % 4], 0);
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
		read_file(path, text, sizeof(text));
		close(pidfd);
	}
	return NULL;
}

/* A process of its own: a tracer is told of what else the parent waits for. */
static void peeks(struct stress *stress)
{
	const long words = PATTERN * 0x0101010101010101UL;
	unsigned int seed = 2, i;
	int status, sig;
	pid_t pid;
	long word;

	for (;;) {
		pid = victim_of(stress);
		/* A tracer's interrupt ends a core dump. */
		if (!pid || stress->dumps ||
		    ptrace(PTRACE_SEIZE, pid, NULL, NULL)) {
			usleep(100);
			continue;
		}
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		do {
			if (waitpid(pid, &status, __WALL) != pid ||
			    !WIFSTOPPED(status))
				break;
			for (i = 0; i < 16; i++) {
				errno = 0;
				word = ptrace(PTRACE_PEEKDATA, pid,
					      stress->anon +
					      rand_r(&seed) % STRESS_SIZE / 8 *
					      8, NULL);
				saw(stress, PEEKED, !errno, word == words);
			}
			sig = status >> 16 ? 0 : WSTOPSIG(status);
		} while (ptrace(PTRACE_DETACH, pid, NULL, (long)sig));
		usleep(1000);
	}
}

static void *probes(void *arg)
{
	struct stress *stress = arg;
	int fd;

	while (!stress->stop) {
		fd = probe(stress->probed_path, PAGE);
		if (fd >= 0)
			close(fd);
		usleep(500);
	}
	return NULL;
}

static void *fills(void *arg)
{
	char *page = fill(PAGE, MAP_PRIVATE);
	struct stress *stress = arg;
	struct uffdio_copy copy;
	int pidfd, uffd;
	unsigned int i;
	pid_t pid;

	while (!stress->stop) {
		pid = victim_of(stress);
		pidfd = pid ? syscall(SYS_pidfd_open, pid, 0) : -1;
		if (pidfd < 0)
			continue;
		uffd = syscall(SYS_pidfd_getfd, pidfd, stress->uffd, 0);
		for (i = 0; uffd >= 0 && i < STRESS_MISSING / PAGE; i++) {
			copy = (struct uffdio_copy) {
				.dst = (uintptr_t)stress->missing + i * PAGE,
				.src = (uintptr_t)page,
				.len = PAGE,
			};
			/* There already, or now; else a reader would wait. */
			if (ioctl(uffd, UFFDIO_COPY, &copy) && errno != EEXIST)
				break;
			look(stress, FILLED, read_remote, pid,
			     stress->missing + i * PAGE, PATTERN);
			usleep(1000);
		}
		close(uffd);
		close(pidfd);
	}
	munmap(page, PAGE);
	return NULL;
}

static void *writes_fixed(void *arg)
{
	struct stress *stress = arg;
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE_FIXED,
		.len = PAGE,
	};
	unsigned int i = 0;
	int fds[2], got;

	if (pipe2(fds, O_NONBLOCK))
		return NULL;
	sqe.fd = fds[1];
	while (!stress->stop) {
		if (!victim_of(stress))
			continue;
		sqe.addr = (uintptr_t)stress->anon + i++ * PAGE % FLIGHT_SIZE;
		if (ring_submit(&stress->ring, &sqe))
			break;
		got = ring_result(&stress->ring, 20000);
		saw(stress, FIXED, got > 0, drain(fds[0]) == got);
		usleep(500);
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

/* SIGKILL is pending, or it is on its way out, or gone. */
static bool is_dying(pid_t pid)
{
	unsigned long long pending = 0, of_group = 0;
	char path[64], text[512], value[32];
	unsigned int flags = 0;
	char *rest;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_key(path, "SigPnd", value, sizeof(value)))
		return true;
	pending = strtoull(value, NULL, 16);
	if (!read_key(path, "ShdPnd", value, sizeof(value)))
		of_group = strtoull(value, NULL, 16);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)) < 0)
		return true;
	rest = strrchr(text, ')');
	/* State, four ids, tpgid, flags: PF_EXITING */
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return true;
	return ((pending | of_group) & (1ULL << (SIGKILL - 1))) || flags & 4;
}

#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged/"

static long size_of(const char *path)
{
	struct stat info;

	return stat(path, &info) ? 0 : info.st_size;
}

TEST_F_TIMEOUT(readers, stress, 600)
{
	static void *(*const bodies[])(void *) = {
		reads, advises, probes, fills, writes_fixed,
	};
	enum { NR = ARRAY_SIZE(bodies) };
	const char *env = getenv("REAP_ROUNDS");
	int rounds = env ? atoi(env) : 10, i, tries, status;
	struct stress *stress;
	pthread_t threads[NR];
	struct core core = {};
	pid_t pid, peeker;
	long long kills;
	long size;

	if (access(IO_URING, F_OK))
		SKIP(return, "no CONFIG_IO_URING");
	stress = mmap(NULL, sizeof(*stress), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stress);
	ASSERT_EQ(0, ring_open(&stress->ring));
	backing = memfd_create("backing", 0);
	ASSERT_EQ(0, ftruncate(backing, STRESS_FILE));
	ASSERT_EQ(0, make_probed(stress->probed_path,
				 sizeof(stress->probed_path)));
	core.bytes = mmap(NULL, CORE_MAX, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, core.bytes);
	madvise(core.bytes, CORE_MAX, MADV_DONTFORK);
	ASSERT_EQ(0, write_file(CORE_PATTERN,
				"|" DD " bs=64k of=/tmp/reap-core-%p"));
	write_file("/sys/kernel/mm/ksm/sleep_millisecs", "5");
	write_file("/sys/kernel/mm/ksm/run", "1");
	write_file(KHUGEPAGED "scan_sleep_millisecs", "5");
	peeker = fork();
	if (!peeker) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fs.fd);
		peeks(stress);
	}
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, bodies[i],
					    stress));
	for (i = 0; i < rounds; i++) {
		shared->next = 0;
		memset(shared->entries, 0, sizeof(shared->entries));
		syscall(SYS_io_uring_register, stress->ring.fd,
			IORING_UNREGISTER_BUFFERS, NULL, 0);
		stress->dumps = i % 3 == 2;
		pid = victim(stress_body, stress);
		ASSERT_EQ(1, shared->ready);
		stress->pid = pid;
		snprintf(core.path, sizeof(core.path), "/tmp/reap-core-%d",
			 pid);
		usleep(50000);
		/* Let some of it be dumped. */
		for (tries = 0; stress->dumps && tries < 100 &&
		     size_of(core.path) < (long)(STRESS_SIZE / 2); tries++)
			usleep(10000);
		/* One of its children may be chosen in its place. */
		while (!is_dying(pid)) {
			kills = vmstat_of("oom_kill");
			ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
			for (tries = 0; tries < 100 && !is_dying(pid) &&
			     vmstat_of("oom_kill") == kills; tries++)
				usleep(10000);
		}
		usleep(20000 * (i % 4));
		while (!waitpid(pid, &status, WNOHANG)) {
			stuck_fs_release(&fs);
			usleep(5000);
		}
		stress->pid = 0;
		EXPECT_TRUE(WIFSIGNALED(status));
		if (WTERMSIG(status) != SIGABRT || !stress->dumps)
			EXPECT_EQ(SIGKILL, WTERMSIG(status));
		if (!stress->dumps)
			continue;
		/* As much as has come. */
		read_core(&core);
		size = dumped(&core, stress->anon, STRESS_SIZE);
		saw(stress, DUMPED, size, size > 0);
		unlink(core.path);
	}
	stress->stop = true;
	for (i = 0; i < NR; i++)
		pthread_join(threads[i], NULL);
	kill(peeker, SIGKILL);
	waitpid(peeker, NULL, 0);
	write_file("/sys/kernel/mm/ksm/run", "2");
	write_file(KHUGEPAGED "scan_sleep_millisecs", "10000");
	for (i = 0; i < NR_READINGS; i++) {
		TH_LOG("%s: %ld right, %ld errors, %ld wrong", readings[i],
		       stress->right[i], stress->errors[i], stress->wrong[i]);
		EXPECT_EQ(0, stress->wrong[i]);
	}
	EXPECT_LT(0, stress->right[REMOTE]);
	EXPECT_LT(0, stress->errors[REMOTE]);
	unlink(stress->probed_path);
	close(code);
	close(backing);
	munmap(core.bytes, CORE_MAX);
	munmap(stress, sizeof(*stress));
}

TEST_HARNESS_MAIN
