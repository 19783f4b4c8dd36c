// SPDX-License-Identifier: GPL-2.0-only

#define _GNU_SOURCE
#include <errno.h>
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

#include "reap_util.h"

struct shared *shared;
struct stuck_fs fs;

const char *reap_lacks(void)
{
	if (getuid())
		return "not root";
	if (vmstat_of("oom_reap_at_once") < 0)
		return "no CONFIG_OOM_REAP";
	return NULL;
}

int reap_start(void)
{
	int err;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	err = stuck_fs_start(&fs);
	if (!err)
		err = write_file("/proc/sys/vm/oom_dump_tasks", "0");
	return err;
}

void reap_stop(void)
{
	stuck_fs_stop(&fs);
	write_file("/proc/sys/vm/oom_dump_tasks", "1");
	munmap(shared, sizeof(*shared));
}

size_t rss(pid_t pid)
{
	unsigned long size = 0, resident = 0;
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (read_file(path, text, sizeof(text)) > 0)
		sscanf(text, "%lu %lu", &size, &resident);
	return resident * getpagesize();
}

char state(pid_t pid)
{
	char path[64], value[32] = "?";

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_key(path, "State", value, sizeof(value));
	return value[0];
}

static long long nr_reaped(void)
{
	return vmstat_of("oom_reap_at_once") + vmstat_of("oom_reap_waited");
}

/* nr_reaped() before the last kill */
static long long reaped_before;

long long wait_reaped(pid_t pid, long long ms)
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

bool oom_kill(void)
{
	long long kills = vmstat_of("oom_kill"), start = now_ms();

	reaped_before = nr_reaped();
	if (write_file("/proc/sysrq-trigger", "f"))
		return false;
	while (vmstat_of("oom_kill") == kills) {
		if (now_ms() - start > 20000)
			return false;
		usleep(500);
	}
	return true;
}

pid_t victim(void (*body)(void *), void *arg)
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

void ready(void)
{
	shared->ready = 1;
}

void *fill(size_t size, int flags)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		_exit(4);
	memset(memory, PATTERN, size);
	return memory;
}

void get_stuck(void)
{
	char byte;
	int fd = stuck_fs_open(&fs, 'r');

	if (fd < 0 || read(fd, &byte, 1) < 0)
		_exit(5);
	for (;;)
		pause();
}

int death(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void *private_memory(size_t size, unsigned int *seed)
{
	/* Somewhere in pages of its own, so that the pages around may go. */
	char *memory = fill(16 * PAGE, MAP_PRIVATE);

	return memory + (rand_r(seed) % 15) * PAGE +
	       (rand_r(seed) % ((PAGE - size) / 8)) * 8;
}

struct entry *new_entry(bool in_shared, unsigned int *seed)
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

void own(struct entry *entry)
{
	entry->word = gettid() | FUTEX_WAITERS;
}

struct robust_list_head *hold(int nr, int nr_pending, unsigned int *seed)
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
