// SPDX-License-Identifier: GPL-2.0-only
/*
 * How soon the memory of OOM victims comes back, that nobody is left behind who
 * waits for a robust mutex of theirs, and that nothing reads what was reaped.
 *
 * In the environment: REAP_TRIES=N, how often the hand-over is tried (100);
 * REAP_ROUNDS=N, how many victims die in the stress test (10).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
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
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"
#include "stuck_fs.h"

#define PAGE		4096UL
#define SIZE		(24 * MB)
/* What remains of a victim: stacks in use and file pages. */
#define REST		(4 * MB)
/* ms in which a slow guest manages what a wait of 2 s would not */
#define SOON		1700
#define COMPAT_SET_ROBUST_LIST	311

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

struct entry {
	struct robust_list node;
	atomic_uint word;
	uint32_t used;
};

#define ENTRIES		64

/* What victims and the test share. */
struct shared {
	atomic_int ready;
	atomic_int next;
	struct entry entries[ENTRIES];
	pthread_mutex_t mutexes[ENTRIES];
	char *address;
	char *file;
};

static struct shared *shared;
static struct stuck_fs fs;
static int backing;

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static long long vm_event(const char *key)
{
	long long value = -1;

	read_key_number("/proc/vmstat", key, &value);
	return value;
}

/* Resident bytes; 0 for a zombie. */
static size_t rss(pid_t pid)
{
	unsigned long size = 0, resident = 0;
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (read_file(path, text, sizeof(text)) > 0)
		sscanf(text, "%lu %lu", &size, &resident);
	return resident * getpagesize();
}

static char state(pid_t pid)
{
	char path[64], value[32] = "?";

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_key(path, "State", value, sizeof(value));
	return value[0];
}

static long long nr_reaped(void)
{
	return vm_event("oom_reap_at_once") + vm_event("oom_reap_waited");
}

/* nr_reaped() before the last kill */
static long long reaped_before;

/*
 * Until the reaper is done with a victim; the time until little was left, or -1
 * if it takes more than @ms.
 */
static long long wait_reaped(pid_t pid, long long ms)
{
	long long start = now_ms(), took = -1, now;

	do {
		now = now_ms() - start;
		if (took < 0 && rss(pid) < REST)
			took = now;
		if (took >= 0 && nr_reaped() > reaped_before)
			return took;
		usleep(1000);
	} while (now < ms);
	return -1;
}

/*
 * What the record of a kill says of the time until the memory was back, in ms; -1
 * where it says that this is not known, -2 where there is no record.
 */
static long long recorded(pid_t pid)
{
	FILE *history = fopen("/proc/oom_history", "r");
	char *line = NULL, text[32], *at;
	long long freed = -2;
	size_t size = 0;

	if (!history)
		return -2;
	snprintf(text, sizeof(text), " pid=%d ", pid);
	while (getline(&line, &size, history) > 0) {
		at = strstr(line, " freed_ms=");
		if (!at || !strstr(line, text))
			continue;
		at += strlen(" freed_ms=");
		freed = *at == '?' ? -1 : atoll(at);
	}
	free(line);
	fclose(history);
	return freed;
}

/* Have the OOM killer kill: a volunteer, if there is one. */
static bool oom_kill(void)
{
	long long kills = vm_event("oom_kill"), start = now_ms();

	reaped_before = nr_reaped();
	if (write_file("/proc/sysrq-trigger", "f"))
		return false;
	while (vm_event("oom_kill") == kills) {
		if (now_ms() - start > 20000)
			return false;
		usleep(500);
	}
	return true;
}

/* A victim; it says ready(), then goes on to whatever it is to be killed in. */
static pid_t victim(void (*body)(void *), void *arg)
{
	int tries;
	pid_t pid;

	shared->ready = 0;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fs.fd);
		if (write_file(ADJ_FILE, "1000"))
			_exit(2);
		body(arg);
		_exit(3);
	}
	for (tries = 0; pid > 0 && !shared->ready && tries < 20000; tries++)
		usleep(1000);
	return pid;
}

static void ready(void)
{
	shared->ready = 1;
}

static void *fill(size_t size, int flags)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		_exit(4);
	memset(memory, 0x5a, size);
	return memory;
}

/* Sleep in the kernel until the test lets go. */
static void get_stuck(void)
{
	char byte;
	int fd = stuck_fs_open(&fs, 'r');

	if (fd < 0 || read(fd, &byte, 1) < 0)
		_exit(5);
	for (;;)
		pause();
}

static int death(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

FIXTURE(reap) {
	unsigned int stuck;
};

FIXTURE_SETUP(reap)
{
	if (getuid())
		SKIP(return, "not root");
	if (vm_event("oom_reap_at_once") < 0)
		SKIP(return, "no CONFIG_OOM_REAP");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	ASSERT_EQ(0, stuck_fs_start(&fs));
	write_file("/proc/sys/vm/oom_dump_tasks", "0");
	self->stuck = 0;
}

FIXTURE_TEARDOWN(reap)
{
	stuck_fs_stop(&fs);
	write_file("/proc/sys/vm/oom_dump_tasks", "1");
	munmap(shared, sizeof(*shared));
}

static void stuck_body(void *arg)
{
	fill(SIZE, MAP_PRIVATE | (arg ? MAP_LOCKED : 0));
	ready();
	get_stuck();
}

/* Linux takes 2 s; the list that glibc has registered is empty. */
TEST_F_TIMEOUT(reap, stuck_victim_at_once, 60)
{
	long long at_once = vm_event("oom_reap_at_once");
	long long pages = vm_event("oom_reap_pages");
	long long took, before;
	int mlocked;
	pid_t pid;

	for (mlocked = 0; mlocked < 2; mlocked++) {
		pid = victim(stuck_body, mlocked ? self : NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
		EXPECT_LT(SIZE, rss(pid));
		before = now_ms();
		ASSERT_TRUE(oom_kill());
		took = wait_reaped(pid, 5000);
		/* Its record says so as well. */
		EXPECT_LE(0, recorded(pid));
		EXPECT_GE(now_ms() - before + 1, recorded(pid));
		TH_LOG("%smemory back within %lld ms",
		       mlocked ? "mlocked: " : "", took);
		EXPECT_LE(0, took);
		EXPECT_GT(SOON, took);
		/* It has not exited, nor can it. */
		EXPECT_EQ('D', state(pid));
		EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
	}
	EXPECT_EQ(at_once + 2, vm_event("oom_reap_at_once"));
	EXPECT_LE(pages + (long long)(2 * SIZE) / getpagesize(),
		  vm_event("oom_reap_pages"));
}

/* Robust lists, by hand. */

/* A thread's list, in memory of its own or in what it shares with the test. */
struct list {
	struct robust_list_head *head;
	unsigned int seed;
};

static void *private_memory(size_t size, unsigned int *seed)
{
	/* Somewhere in pages of its own, so that the pages around may go. */
	char *memory = fill(16 * PAGE, MAP_PRIVATE);

	return memory + (rand_r(seed) % 15) * PAGE +
	       (rand_r(seed) % ((PAGE - size) / 8)) * 8;
}

static struct entry *new_entry(bool in_shared, unsigned int *seed)
{
	struct entry *entry;
	int i;

	if (in_shared) {
		i = shared->next++;
		if (i < ENTRIES) {
			shared->entries[i].used = 1;
			return &shared->entries[i];
		}
	}
	entry = private_memory(sizeof(*entry), seed);
	memset(entry, 0, sizeof(*entry));
	return entry;
}

static void own(struct entry *entry)
{
	entry->word = gettid() | FUTEX_WAITERS;
}

/*
 * A list of @nr mutexes that are held, the last @nr_pending of them (0 or 1)
 * only by list_op_pending.
 */
static struct robust_list_head *hold(int nr, int nr_pending,
				     unsigned int *seed)
{
	struct robust_list_head *head = private_memory(sizeof(*head), seed);
	struct robust_list *last = &head->list;
	struct entry *entry;
	int i;

	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	for (i = 0; i < nr + nr_pending; i++) {
		/* Private ones in between: the walk needs them too. */
		entry = new_entry(rand_r(seed) % 3, seed);
		own(entry);
		if (i < nr) {
			last->next = &entry->node;
			last = &entry->node;
		} else {
			head->list_op_pending = &entry->node;
		}
	}
	last->next = &head->list;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	return head;
}

enum mode { STUCK, ASLEEP, IN_USER, IN_SYSCALLS, REGISTERS, LOCKS, NR_MODES };

static void lock_and_unlock(struct robust_list_head *head, struct entry *entry)
{
	struct robust_list *first = head->list.next;

	head->list_op_pending = &entry->node;
	atomic_signal_fence(memory_order_seq_cst);
	entry->word = gettid();
	atomic_signal_fence(memory_order_seq_cst);
	entry->node.next = first;
	head->list.next = &entry->node;
	atomic_signal_fence(memory_order_seq_cst);
	head->list_op_pending = NULL;
	atomic_signal_fence(memory_order_seq_cst);
	head->list_op_pending = &entry->node;
	atomic_signal_fence(memory_order_seq_cst);
	head->list.next = first;
	atomic_signal_fence(memory_order_seq_cst);
	entry->word = 0;
	atomic_signal_fence(memory_order_seq_cst);
	head->list_op_pending = NULL;
}

static atomic_int threads_ready;
static int threads;

static void *holder(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	enum mode mode = rand_r(&seed) % NR_MODES;
	struct robust_list_head *head;
	struct entry *entry;

	head = hold(rand_r(&seed) % 8, rand_r(&seed) % 2 && mode != LOCKS,
		    &seed);
	if (mode == LOCKS) {
		int i = shared->next++;

		/* Not marked as used: at the end somebody has it, or nobody. */
		entry = i < ENTRIES ? &shared->entries[i] :
				      new_entry(false, &seed);
	}
	if (++threads_ready == threads)
		ready();
	switch (mode) {
	case STUCK:
		get_stuck();
		break;
	case IN_USER:
		for (;;)
			atomic_signal_fence(memory_order_seq_cst);
	case IN_SYSCALLS:
		for (;;)
			syscall(SYS_getppid);
	case REGISTERS:
		for (;;)
			syscall(SYS_set_robust_list, head, sizeof(*head));
	case LOCKS:
		for (;;)
			lock_and_unlock(head, entry);
	default:
		for (;;)
			pause();
	}
	return NULL;
}

static void holders_body(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	int nr = rand_r(&seed) % 4, i;
	pthread_t thread;

	fill(MB / 2, MAP_PRIVATE);
	/* The main thread is one of them. */
	threads = nr + 1;
	threads_ready = 0;
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread, NULL, holder,
				   (void *)(uintptr_t)rand_r(&seed)))
			_exit(6);
	holder((void *)(uintptr_t)rand_r(&seed));
}

struct waiter {
	atomic_uint *word;
	bool woken;
};

/* Wait in the kernel for a mutex, as pthread_mutex_lock() does. */
static void *wait_for_mutex(void *arg)
{
	struct waiter *waiter = arg;
	struct timespec timeout = { .tv_sec = 30 };
	uint32_t value;

	while (!((value = *waiter->word) & FUTEX_OWNER_DIED)) {
		if (syscall(SYS_futex, waiter->word, FUTEX_WAIT, value,
			    &timeout, NULL, 0) && errno == ETIMEDOUT)
			return NULL;
	}
	waiter->woken = true;
	return NULL;
}

/* All of the victim's words are given up; the number of those that are not. */
static int left_behind(struct __test_metadata *_metadata, int try)
{
	int i, left = 0;

	for (i = 0; i < ENTRIES && i < shared->next; i++) {
		uint32_t word = shared->entries[i].word;

		if (word & FUTEX_TID_MASK ||
		    (shared->entries[i].used && !(word & FUTEX_OWNER_DIED))) {
			TH_LOG("try %d: mutex %d is left at %x", try, i, word);
			left++;
		}
	}
	return left;
}

/*
 * Threads, each with a head in private memory and mutexes, shared and private
 * ones mixed, held and pending, are killed in whatever they are doing; some of
 * them are stuck for a while, in which the reaper could take the lists. Whoever
 * waits in another process always gets the mutex.
 */
TEST_F_TIMEOUT(reap, mutexes_are_handed_over, 600)
{
	const char *env = getenv("REAP_TRIES");
	int tries = env ? atoi(env) : 100, i, j, left = 0, held = 0, waited = 0;
	unsigned int seed = time(NULL);

	TH_LOG("seed %u", seed);
	for (i = 0; i < tries && !left; i++) {
		struct waiter waiter = {};
		pthread_t thread;
		int status = 0;
		pid_t pid;

		memset(shared, 0, sizeof(*shared));
		pid = victim(holders_body, (void *)(uintptr_t)rand_r(&seed));
		ASSERT_LT(0, pid);
		ASSERT_EQ(1, shared->ready);
		usleep(rand_r(&seed) % 2000);
		for (j = 0; j < ENTRIES; j++) {
			held += shared->entries[j].used;
			if (shared->entries[j].used &&
			    (!waiter.word || rand_r(&seed) % 2))
				waiter.word = &shared->entries[j].word;
		}
		if (waiter.word) {
			ASSERT_EQ(0, pthread_create(&thread, NULL,
						    wait_for_mutex, &waiter));
			waited++;
			usleep(rand_r(&seed) % 2000);
		}
		ASSERT_TRUE(oom_kill());
		usleep(rand_r(&seed) % (rand_r(&seed) % 5 ? 3000 : 30000));
		stuck_fs_release(&fs);
		/* Who was on its way there gets stuck no more: it is dying. */
		while (!waitpid(pid, &status, WNOHANG)) {
			usleep(200);
			stuck_fs_release(&fs);
		}
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
		if (waiter.word) {
			pthread_join(thread, NULL);
			EXPECT_TRUE(waiter.woken);
			left += !waiter.woken;
		}
		left += left_behind(_metadata, i);
	}
	TH_LOG("%d tries, %d mutexes held, %d waiters, %d left behind", i,
	       held, waited, left);
	EXPECT_EQ(tries, i);
	EXPECT_EQ(0, left);
	if (tries >= 20)
		EXPECT_LT(0, held);
}

/* The same by glibc, whose list's head is in the thread's private memory. */
static void *glibc_holder(void *unused)
{
	int i = shared->next++;

	pthread_mutex_lock(&shared->mutexes[2 * i]);
	pthread_mutex_lock(&shared->mutexes[2 * i + 1]);
	threads_ready++;
	get_stuck();
	return NULL;
}

static void glibc_body(void *arg)
{
	pthread_t thread;
	int i;

	fill(SIZE, MAP_PRIVATE);
	for (i = 0; i < 3; i++)
		pthread_create(&thread, NULL, glibc_holder, NULL);
	while (threads_ready < 3)
		usleep(500);
	ready();
	get_stuck();
}

static void check_glibc(struct __test_metadata *_metadata, int nr)
{
	struct timespec until;
	int i;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	for (i = 0; i < nr; i++)
		EXPECT_EQ(EOWNERDEAD,
			  pthread_mutex_timedlock(&shared->mutexes[i], &until));
}

/*
 * A victim that holds mutexes is not reaped before 2 s have passed; then it is,
 * but for the pages that it needs to hand them over.
 */
TEST_F_TIMEOUT(reap, stuck_holder_waits_and_hands_over, 60)
{
	long long waited = vm_event("oom_reap_waited"), took, start;
	pthread_mutexattr_t attr;
	pid_t pid;
	int i;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, pthread_mutex_init(&shared->mutexes[i], &attr));

	pid = victim(glibc_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 4));
	start = now_ms();
	ASSERT_TRUE(oom_kill());
	usleep(1000000);
	if (now_ms() - start < 1900)
		EXPECT_LT(SIZE, rss(pid));
	took = wait_reaped(pid, 20000);
	EXPECT_LE(0, took);
	TH_LOG("reaped %lld ms after the kill", now_ms() - start);
	EXPECT_LE(1900, recorded(pid));
	EXPECT_GE(now_ms() - start + 1, recorded(pid));
	EXPECT_EQ('D', state(pid));
	EXPECT_EQ(waited + 1, vm_event("oom_reap_waited"));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	check_glibc(_metadata, 6);
}

/* By hand, with entries in private memory between those of others. */
static void chain_body(void *arg)
{
	unsigned int seed = 1;

	fill(SIZE, MAP_PRIVATE);
	hold(40, 1, &seed);
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(reap, private_entries_are_spared, 60)
{
	pid_t pid = victim(chain_body, NULL);

	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	ASSERT_LT(10, shared->next);
	ASSERT_TRUE(oom_kill());
	EXPECT_LE(0, wait_reaped(pid, 20000));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	EXPECT_EQ(0, left_behind(_metadata, 0));
}

/* A 32-bit list: also a 64-bit task may have one. */
struct compat_entry {
	uint32_t next;
	atomic_uint word;
};

#ifdef __x86_64__
static long compat_set_robust_list(uint32_t head)
{
	long ret = COMPAT_SET_ROBUST_LIST;

	asm volatile("int $0x80" : "+a" (ret) : "b" (head), "c" (12) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void compat_body(void *arg)
{
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	/* next, futex_offset, list_op_pending */
	uint32_t *head = (uint32_t *)(memory + 64);
	struct compat_entry *entry = arg;

	fill(SIZE, MAP_PRIVATE);
	entry->word = gettid();
	entry->next = (uint32_t)(uintptr_t)head;
	head[0] = (uint32_t)(uintptr_t)entry;
	head[1] = offsetof(struct compat_entry, word);
	head[2] = 0;
	if (compat_set_robust_list((uint32_t)(uintptr_t)head))
		_exit(7);
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(reap, compat_list_is_seen, 60)
{
	struct compat_entry *entry;
	long long start;
	pid_t pid;

	if (compat_set_robust_list(0) < 0)
		SKIP(return, "no 32-bit system calls");
	entry = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)entry);
	pid = victim(compat_body, entry);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	start = now_ms();
	ASSERT_TRUE(oom_kill());
	usleep(500000);
	if (now_ms() - start < 1900)
		EXPECT_LT(SIZE, rss(pid));
	EXPECT_LE(0, wait_reaped(pid, 20000));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	EXPECT_EQ((uint32_t)FUTEX_OWNER_DIED, entry->word);
}
#endif

/* A thread of the victim sits on mmap_lock, for writing. */
static void *write_stuck(void *fd)
{
	if (pwrite((int)(intptr_t)fd, "x", 1, 0) < 0)
		_exit(8);
	return NULL;
}

static void *map_stuck(void *fd)
{
	threads_ready++;
	mmap(NULL, PAGE, PROT_READ, MAP_SHARED, (int)(intptr_t)fd, 0);
	return NULL;
}

static void writer_body(void *arg)
{
	int fd = stuck_fs_open(&fs, 'w');
	pthread_t thread;

	fill(SIZE, MAP_PRIVATE);
	if (pthread_create(&thread, NULL, write_stuck, (void *)(intptr_t)fd))
		_exit(6);
	/* Let the write be in flight. */
	while (!shared->next)
		usleep(1000);
	if (pthread_create(&thread, NULL, map_stuck, (void *)(intptr_t)fd))
		_exit(6);
	while (!threads_ready)
		usleep(1000);
	usleep(50000);
	ready();
	get_stuck();
}

/* True if nobody gets mmap_lock of @pid for reading within 300 ms. */
static bool mmap_lock_taken(pid_t pid)
{
	char path[64], byte;
	int status;
	pid_t reader;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	reader = fork();
	if (!reader) {
		int fd = open(path, O_RDONLY);

		_exit(read(fd, &byte, 1) < 0);
	}
	usleep(300000);
	if (waitpid(reader, &status, WNOHANG))
		return false;
	kill(reader, SIGKILL);
	waitpid(reader, &status, 0);
	return true;
}

TEST_F_TIMEOUT(reap, mmap_lock_held_by_a_stuck_writer, 60)
{
	long long took;
	pid_t pid;

	threads_ready = 0;
	shared->ready = 0;
	shared->next = 0;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fs.fd);
		write_file(ADJ_FILE, "1000");
		writer_body(NULL);
		_exit(3);
	}
	/* The write first, then the mapping, then the main thread's read. */
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	shared->next = 1;
	ASSERT_TRUE(stuck_fs_wait(&fs, 2));
	EXPECT_TRUE(mmap_lock_taken(pid));
	ASSERT_TRUE(oom_kill());
	took = wait_reaped(pid, 10000);
	TH_LOG("memory back within %lld ms", took);
	EXPECT_LE(0, took);
	EXPECT_GT(SOON, took);
	EXPECT_TRUE(mmap_lock_taken(pid));
	stuck_fs_release(&fs);
	usleep(100000);
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
}

/* Several at once: a stuck one that waits holds up none of the others. */
TEST_F_TIMEOUT(reap, nobody_is_starved, 120)
{
	long long at_once = vm_event("oom_reap_at_once"), took;
	pid_t waiting, pids[3];
	int i;

	waiting = victim(chain_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	ASSERT_TRUE(oom_kill());
	for (i = 0; i < 3; i++) {
		pids[i] = victim(stuck_body, NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, 2 + i));
		/* The one that waits would be chosen again. */
		write_proc(waiting, "oom_score_adj", "0");
		ASSERT_TRUE(oom_kill());
		took = wait_reaped(pids[i], 5000);
		EXPECT_LE(0, took);
		EXPECT_GT(SOON, took);
		write_proc(pids[i], "oom_score_adj", "0");
	}
	EXPECT_EQ(at_once + 3, vm_event("oom_reap_at_once"));
	stuck_fs_release(&fs);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(SIGKILL, death(pids[i]));
	EXPECT_EQ(SIGKILL, death(waiting));
	EXPECT_EQ(0, left_behind(_metadata, 0));
}

/* memory.oom.group: all die of one kill, the largest is reaped first. */
TEST_F_TIMEOUT(reap, group_is_reaped, 120)
{
	char cgroup[256], file[300];
	pid_t pids[4];
	int i;

	if (cgroup_create("reap_test", 256 * MB, cgroup, sizeof(cgroup)))
		SKIP(return, "no memory cgroup");
	snprintf(file, sizeof(file), "%s/memory.oom.group", cgroup);
	ASSERT_EQ(0, write_file(file, "1"));
	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	ASSERT_EQ(0, write_file(file, "0"));
	for (i = 0; i < 4; i++) {
		pids[i] = victim(i ? stuck_body : chain_body, NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, 1 + i));
	}
	write_file(CGROUP_ROOT "/cgroup.procs", "0");
	ASSERT_TRUE(oom_kill());
	for (i = 1; i < 4; i++)
		EXPECT_LE(0, wait_reaped(pids[i], SOON));
	stuck_fs_release(&fs);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(SIGKILL, death(pids[i]));
	EXPECT_EQ(0, left_behind(_metadata, 0));
	cgroup_remove(cgroup);
}

/* Swapped out: entries of the page table go, and their swap. */
static void swap_body(void *arg)
{
	char *memory = fill(SIZE, MAP_PRIVATE);

	madvise(memory, SIZE, MADV_PAGEOUT);
	ready();
	get_stuck();
}

static long long swap_of(pid_t pid)
{
	char path[64];
	long long kb = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_key_number(path, "VmSwap", &kb);
	return kb;
}

TEST_F_TIMEOUT(reap, swapped_out, 120)
{
	long long start;
	pid_t pid;

	if (access("/dev/ram0", W_OK))
		SKIP(return, "no /dev/ram0");
	ASSERT_EQ(0, system("mkswap /dev/ram0 >/dev/null"));
	ASSERT_EQ(0, swapon("/dev/ram0", 0));
	pid = victim(swap_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	EXPECT_LT((long long)SIZE / 2 / 1024, swap_of(pid));
	start = now_ms();
	ASSERT_TRUE(oom_kill());
	while (swap_of(pid) > 1024 && now_ms() - start < 10000)
		usleep(1000);
	TH_LOG("swap back within %lld ms", now_ms() - start);
	EXPECT_GT(SOON, now_ms() - start);
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	EXPECT_EQ(0, swapoff("/dev/ram0"));
}

/* MMF_UNSTABLE: what was reaped is an error, not zeros and not the file's. */

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
	memset(layout->file + 2 * PAGE, 0x5a, 12 * PAGE);
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

TEST_F_TIMEOUT(reap, nothing_stands_in_for_reaped_memory, 60)
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
		EXPECT_EQ(0x5a, byte);
		EXPECT_EQ(0, read_remote(pid, layout->file + i * PAGE, &byte));
		EXPECT_EQ(i >= 2 && i < 14 ? 0x5a : 'f', byte);
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
		EXPECT_EQ(0x5a, byte);
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
TEST_F_TIMEOUT(reap, a_tracer_reads_nothing_reaped, 60)
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
	memset(memory, 0x5a, HUGE);
	madvise(memory, HUGE, MADV_HUGEPAGE);
	fill(SIZE, MAP_PRIVATE);
	/* And a file, of which some pages were written to. */
	shared->file = (char *)(((uintptr_t)mmap(NULL, 2 * HUGE, PROT_NONE,
						 MAP_PRIVATE | MAP_ANONYMOUS,
						 -1, 0) + HUGE - 1) & -HUGE);
	if (mmap(shared->file, HUGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, backing, 0) == MAP_FAILED)
		_exit(8);
	memset(shared->file + 7 * PAGE, 0x5a, PAGE);
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

TEST_F_TIMEOUT(reap, no_huge_page_fills_the_holes, 60)
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
static void uffd_body(void *arg)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int uffd;

	fill(SIZE, MAP_PRIVATE);
	shared->address = fill(4 * PAGE, MAP_PRIVATE);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	reg.range.start = (uintptr_t)shared->address;
	reg.range.len = 4 * PAGE;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		_exit(8);
	shared->next = uffd;
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(reap, userfaultfd_fills_no_holes, 60)
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

/* process_mrelease(2) does what it did. */
static void plain_body(void *arg)
{
	write_file(ADJ_FILE, "0");
	stuck_body(NULL);
}

TEST_F_TIMEOUT(reap, process_mrelease_works, 60)
{
	int pidfd;
	pid_t pid;

	pid = victim(plain_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, 1));
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(-1, syscall(SYS_process_mrelease, pidfd, 0));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1, syscall(SYS_process_mrelease, pidfd, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_LT(SIZE, rss(pid));
	EXPECT_EQ(0, syscall(SYS_process_mrelease, pidfd, 0));
	EXPECT_GT(REST, rss(pid));
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
	EXPECT_EQ(-1, syscall(SYS_process_mrelease, pidfd, 0));
	EXPECT_EQ(ESRCH, errno);
	close(pidfd);
}

/* Only for who may terminate the process. */
static int releases_as_bob(void *pidfd)
{
	if (become(BOB, ""))
		return 255;
	if (!syscall(SYS_process_mrelease, (int)(intptr_t)pidfd, 0))
		return 0;
	return errno;
}

TEST_F_TIMEOUT(reap, process_mrelease_needs_terminate, 60)
{
	void *arg;
	struct sd sd;
	int allowed;
	pid_t pid;

	if (!peios_enforces())
		SKIP(return, "Peios is not enforcing");
	for (allowed = 0; allowed < 2; allowed++) {
		pid = victim(plain_body, NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
		sd_begin(&sd, SYSTEM);
		sd_allow(&sd, SYSTEM, ALL_RIGHTS);
		sd_allow(&sd, BOB, allowed ? TERMINATE :
					     ALL_RIGHTS & ~TERMINATE);
		ASSERT_EQ(0, sd_write(pid, &sd));
		arg = (void *)(intptr_t)syscall(SYS_pidfd_open, pid, 0);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(allowed ? 0 : EPERM, in_child(releases_as_bob, arg));
		EXPECT_EQ(allowed, rss(pid) < REST);
		EXPECT_EQ(!allowed, rss(pid) > SIZE);
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
		close((int)(intptr_t)arg);
	}
}

/*
 * All at once: victims that fork, map and unmap, are merged, collapsed and paged
 * out while others read their memory. What is read is what they wrote, or an
 * error.
 */
#define STRESS_SIZE	(8 * MB)
#define STRESS_FILE	(64 * PAGE)

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

static void stress_body(void *arg)
{
	struct layout *layout = arg;
	unsigned int seed = getpid();
	pthread_t thread;

	layout->anon = fill(STRESS_SIZE, MAP_PRIVATE);
	madvise(layout->anon, STRESS_SIZE / 2, MADV_MERGEABLE);
	madvise(layout->anon + STRESS_SIZE / 2, STRESS_SIZE / 2,
		MADV_HUGEPAGE);
	layout->file = mmap(NULL, STRESS_FILE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE, backing, 0);
	memset(layout->file, 0x5a, STRESS_FILE);
	pthread_create(&thread, NULL, forks, NULL);
	pthread_create(&thread, NULL, maps, NULL);
	if (rand_r(&seed) % 2)
		pthread_create(&thread, NULL, gets_stuck, NULL);
	ready();
	if (rand_r(&seed) % 4 == 0)
		hold(3, 1, &seed);
	for (;;)
		syscall(SYS_getppid);
}

struct reader {
	const struct layout *layout;
	atomic_int pid;
	atomic_bool stop;
	atomic_long reads, errors, wrong;
};

static void *reads(void *arg)
{
	struct reader *reader = arg;
	unsigned int seed = 1;
	unsigned char byte;
	const char *from;
	pid_t pid;

	while (!reader->stop) {
		pid = reader->pid;
		if (!pid) {
			usleep(100);
			continue;
		}
		if (rand_r(&seed) % 8)
			from = reader->layout->anon +
			       rand_r(&seed) % (STRESS_SIZE / PAGE) * PAGE;
		else
			from = reader->layout->file +
			       rand_r(&seed) % (STRESS_FILE / PAGE) * PAGE;
		reader->reads++;
		if (rand_r(&seed) % 4 ? read_remote(pid, from, &byte) :
					read_mem_file(pid, from, &byte))
			reader->errors++;
		else if (byte != 0x5a)
			reader->wrong++;
	}
	return NULL;
}

static void *advises(void *arg)
{
	static const int advice[] = {
		MADV_COLLAPSE, MADV_PAGEOUT, MADV_COLD, MADV_COLLAPSE,
	};
	struct reader *reader = arg;
	struct iovec range;
	char path[64], text[4096];
	int pidfd, i = 0;
	pid_t pid;

	while (!reader->stop) {
		pid = reader->pid;
		pidfd = pid ? syscall(SYS_pidfd_open, pid, 0) : -1;
		if (pidfd < 0) {
			usleep(100);
			continue;
		}
		range = (struct iovec) { reader->layout->anon, STRESS_SIZE };
		syscall(SYS_process_madvise, pidfd, &range, 1,
			advice[i++ % 4], 0);
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
		read_file(path, text, sizeof(text));
		close(pidfd);
	}
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

TEST_F_TIMEOUT(reap, stress, 600)
{
	const char *env = getenv("REAP_ROUNDS");
	int rounds = env ? atoi(env) : 10, i, tries, status;
	long long kills;
	struct reader reader = {};
	pthread_t threads[2];
	struct layout *layout;
	pid_t pid;

	layout = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	backing = memfd_create("backing", 0);
	ASSERT_EQ(0, ftruncate(backing, STRESS_FILE));
	write_file("/sys/kernel/mm/ksm/sleep_millisecs", "5");
	write_file("/sys/kernel/mm/ksm/run", "1");
	write_file(KHUGEPAGED "scan_sleep_millisecs", "5");
	reader.layout = layout;
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, reads, &reader));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, advises, &reader));
	for (i = 0; i < rounds; i++) {
		shared->next = 0;
		memset(shared->entries, 0, sizeof(shared->entries));
		pid = victim(stress_body, layout);
		ASSERT_EQ(1, shared->ready);
		reader.pid = pid;
		usleep(50000);
		/* One of its children may be chosen in its place. */
		while (!is_dying(pid)) {
			kills = vm_event("oom_kill");
			ASSERT_EQ(0, write_file("/proc/sysrq-trigger", "f"));
			for (tries = 0; tries < 100 && !is_dying(pid) &&
			     vm_event("oom_kill") == kills; tries++)
				usleep(10000);
		}
		usleep(20000 * (i % 4));
		while (!waitpid(pid, &status, WNOHANG)) {
			stuck_fs_release(&fs);
			usleep(5000);
		}
		reader.pid = 0;
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
	}
	reader.stop = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	write_file("/sys/kernel/mm/ksm/run", "2");
	write_file(KHUGEPAGED "scan_sleep_millisecs", "10000");
	TH_LOG("%ld reads, %ld errors, %ld wrong", reader.reads,
	       reader.errors, reader.wrong);
	EXPECT_LT(reader.errors, reader.reads);
	EXPECT_EQ(0, reader.wrong);
	close(backing);
	munmap(layout, PAGE);
}

TEST_HARNESS_MAIN
