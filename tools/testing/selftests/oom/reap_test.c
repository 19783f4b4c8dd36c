// SPDX-License-Identifier: GPL-2.0-only
/*
 * How soon the memory of OOM victims comes back, and that nobody is left behind
 * who waits for a robust mutex of theirs.
 *
 * In the environment: REAP_TRIES=N, how often the hand-over is tried (100).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "peios_util.h"
#include "reap_util.h"

#define COMPAT_SET_ROBUST_LIST	311

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

FIXTURE(reap) {
	unsigned int stuck;
};

FIXTURE_SETUP(reap)
{
	const char *lacks = reap_lacks();

	if (lacks)
		SKIP(return, "%s", lacks);
	ASSERT_EQ(0, reap_start());
	self->stuck = 0;
}

FIXTURE_TEARDOWN(reap)
{
	reap_stop();
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
	long long at_once = vmstat_of("oom_reap_at_once");
	long long pages = vmstat_of("oom_reap_pages");
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
	EXPECT_EQ(at_once + 2, vmstat_of("oom_reap_at_once"));
	EXPECT_LE(pages + (long long)(2 * SIZE) / getpagesize(),
		  vmstat_of("oom_reap_pages"));
}

/* Does the kernel log have a line like this, within 5 s? */
static bool logged(int kmsg, const char *pattern)
{
	long long end = now_ms() + 5000;
	char record[8192], *text;
	bool found = false;
	regex_t regex;
	ssize_t len;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	while (!found && now_ms() < end) {
		len = read(kmsg, record, sizeof(record) - 1);
		if (len < 0 && errno == EAGAIN)
			usleep(10000);
		if (len <= 0)
			continue;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		found = !regexec(&regex, text + 1, 0, NULL, 0);
	}
	regfree(&regex);
	return found;
}

/* Linux's line, and behind it one with the time. */
TEST_F_TIMEOUT(reap, is_in_the_log, 60)
{
	char pattern[256];
	pid_t pid;
	int kmsg;

	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, kmsg);
	ASSERT_EQ(0, lseek(kmsg, 0, SEEK_END));
	pid = victim(stuck_body, NULL);
	ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
	ASSERT_TRUE(oom_kill());
	EXPECT_LE(0, wait_reaped(pid, 5000));
	snprintf(pattern, sizeof(pattern),
		 "^oom_reaper: reaped process %d \\(reap_test\\), now anon-rss:[0-9]+kB, file-rss:[0-9]+kB, shmem-rss:[0-9]+kB$",
		 pid);
	EXPECT_TRUE(logged(kmsg, pattern));
	snprintf(pattern, sizeof(pattern),
		 "^oom_reap: process %d \\(reap_test\\) was reaped [0-9]+ us after the kill$",
		 pid);
	EXPECT_TRUE(logged(kmsg, pattern));
	close(kmsg);
	stuck_fs_release(&fs);
	EXPECT_EQ(SIGKILL, death(pid));
}

/* Robust lists, by hand. */

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
	long long waited = vmstat_of("oom_reap_waited"), took, start;
	size_t has;
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
	has = rss(pid);
	if (now_ms() - start < 1900)
		EXPECT_LT(SIZE, has);
	took = wait_reaped(pid, 20000);
	EXPECT_LE(0, took);
	TH_LOG("reaped %lld ms after the kill", now_ms() - start);
	EXPECT_LE(1900, recorded(pid));
	EXPECT_GE(now_ms() - start + 1, recorded(pid));
	EXPECT_EQ('D', state(pid));
	EXPECT_EQ(waited + 1, vmstat_of("oom_reap_waited"));
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

/*
 * A list whose head, or whose entry, is in secret memory: the reaper must not read
 * that by the kernel's own mapping, which has a hole there.
 */
static void secret_body(void *head_too)
{
	int fd = syscall(SYS_memfd_secret, 0);
	struct robust_list_head *head;
	unsigned int seed = 1;
	struct entry *entry;
	char *secret;

	fill(SIZE, MAP_PRIVATE);
	if (fd < 0 || ftruncate(fd, PAGE))
		_exit(6);
	secret = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (secret == MAP_FAILED)
		_exit(6);
	head = head_too ? (void *)secret : fill(PAGE, MAP_PRIVATE);
	entry = new_entry(true, &seed);
	own(entry);
	entry->node.next = &head->list;
	head->list.next = &entry->node;
	if (!head_too) {
		/* One more in between. */
		struct entry *between = (void *)secret;

		own(between);
		between->node.next = &entry->node;
		head->list.next = &between->node;
	}
	head->futex_offset = offsetof(struct entry, word);
	head->list_op_pending = NULL;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	ready();
	get_stuck();
}

TEST_F_TIMEOUT(reap, secret_memory_is_not_read, 60)
{
	int head_too, fd = syscall(SYS_memfd_secret, 0);
	long long start;
	pid_t pid;

	if (fd < 0)
		SKIP(return, "no memfd_secret()");
	close(fd);
	for (head_too = 0; head_too < 2; head_too++) {
		memset(shared, 0, sizeof(*shared));
		pid = victim(secret_body, head_too ? self : NULL);
		ASSERT_TRUE(stuck_fs_wait(&fs, ++self->stuck));
		ASSERT_EQ(1, shared->next);
		start = now_ms();
		ASSERT_TRUE(oom_kill());
		/* It may hold a mutex, and does. */
		EXPECT_LE(0, wait_reaped(pid, 20000));
		EXPECT_LE(1900, now_ms() - start);
		stuck_fs_release(&fs);
		EXPECT_EQ(SIGKILL, death(pid));
		EXPECT_EQ(0, left_behind(_metadata, head_too));
	}
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
	size_t has;
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
	has = rss(pid);
	if (now_ms() - start < 1900)
		EXPECT_LT(SIZE, has);
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
	threads_ready = syscall(SYS_gettid);
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
	/* Let the write be in flight, and have all pages that are used below. */
	while (!shared->next || state(getpid()) == '?')
		usleep(1000);
	if (pthread_create(&thread, NULL, map_stuck, (void *)(intptr_t)fd))
		_exit(6);
	/* It sleeps for the write once it has mmap_lock. */
	while (!threads_ready || state(threads_ready) != 'D')
		usleep(1000);
	ready();
	get_stuck();
}

/* True if who wants mmap_lock of @pid for reading sleeps for it, and goes on to. */
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
	while (state(reader) != 'D') {
		if (waitpid(reader, &status, WNOHANG))
			return false;
		usleep(1000);
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
	long long at_once = vmstat_of("oom_reap_at_once"), took;
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
	EXPECT_EQ(at_once + 3, vmstat_of("oom_reap_at_once"));
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

TEST_HARNESS_MAIN
