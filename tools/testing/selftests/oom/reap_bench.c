// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long it takes from a kill by the OOM killer until the victim's memory can
 * be allocated again, and how long who needs it is without. Runs on any kernel.
 *
 *   reap_bench ROUNDS CASE:MB...
 *
 * prints for each "CASE MB MICROSECONDS", the median of the rounds, 10 s at
 * most. Cases:
 *
 *   exits	the victim sleeps, and can exit
 *   stuck	it is blocked in the kernel, uninterruptibly
 *   mlocked	likewise, with its memory locked
 *   writer	likewise, with mmap_lock held for writing by one of its threads
 *   swapped	likewise, with its memory swapped out to /dev/ram0
 *   hugetlb	likewise, beside as much in huge pages of the pool
 *   stall	who shares a full memory cgroup with a stuck victim: the longest
 *		time that it waits for a page
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "oom_util.h"
#include "stuck_fs.h"

#define HUGE		(2 * MB)
#define ROUNDS_MAX	100

static struct stuck_fs fs;
static atomic_int *ready;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/*
 * What can be allocated: also what waits in the lists of the CPUs, tens of
 * megabytes that are not counted as free.
 */
static size_t free_bytes(bool swap)
{
	char text[32768], *line;
	unsigned long pages, sum = 0;
	struct sysinfo info;

	if (swap) {
		sysinfo(&info);
		return info.freeswap * info.mem_unit;
	}
	if (read_file("/proc/zoneinfo", text, sizeof(text)) < 0)
		die("zoneinfo");
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, " pages free %lu", &pages) == 1 ||
		    sscanf(line, " count: %lu", &pages) == 1)
			sum += pages;
	return sum * getpagesize();
}

static char *fill(size_t size, int flags)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	if (!(flags & MAP_HUGETLB))
		madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 0x5a, size);
	return memory;
}

static void *write_stuck(void *fd)
{
	if (pwrite((int)(intptr_t)fd, "x", 1, 0) < 0)
		perror("write");
	return NULL;
}

static void *map_stuck(void *fd)
{
	mmap(NULL, 4096, PROT_READ, MAP_SHARED, (int)(intptr_t)fd, 0);
	return NULL;
}

static void victim(const char *what, size_t size, char file)
{
	pthread_t thread;
	char byte;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(fs.fd);
	if (write_file(ADJ_FILE, "1000"))
		die("oom_score_adj");
	if (!strcmp(what, "hugetlb"))
		fill(size & -HUGE, MAP_HUGETLB);
	if (!strcmp(what, "swapped"))
		madvise(fill(size, 0), size, MADV_PAGEOUT);
	else
		fill(size, strcmp(what, "mlocked") ? 0 : MAP_LOCKED);
	if (!strcmp(what, "exits")) {
		*ready = 1;
		for (;;)
			pause();
	}
	fd = stuck_fs_open(&fs, file);
	if (fd < 0)
		die("stuck_fs");
	if (!strcmp(what, "writer")) {
		pthread_create(&thread, NULL, write_stuck, (void *)(intptr_t)fd);
		while (*ready != 2)
			usleep(1000);
		pthread_create(&thread, NULL, map_stuck, (void *)(intptr_t)fd);
		usleep(100000);
	}
	*ready = 1;
	fd = stuck_fs_open(&fs, 'r');
	if (read(fd, &byte, 1) < 0)
		perror("read");
	for (;;)
		pause();
}

static pid_t start(const char *what, size_t size)
{
	static char file = 'a';
	unsigned int seen = fs.seen;
	pid_t pid;

	*ready = 0;
	pid = fork();
	if (!pid)
		victim(what, size, file);
	file = file == 'z' ? 'a' : file + 1;
	if (!strcmp(what, "writer")) {
		if (!stuck_fs_wait(&fs, ++seen))
			die("stuck_fs_wait");
		*ready = 2;
	}
	while (*ready != 1)
		usleep(1000);
	if (strcmp(what, "exits") && !stuck_fs_wait(&fs, seen + 1))
		die("stuck_fs_wait");
	return pid;
}

static void finish(pid_t pid)
{
	while (!waitpid(pid, NULL, WNOHANG)) {
		stuck_fs_release(&fs);
		usleep(1000);
	}
}

static uint64_t kill_to_free(const char *what, size_t size)
{
	bool swap = !strcmp(what, "swapped");
	uint64_t began, took;
	size_t wanted;
	pid_t pid;

	pid = start(what, size);
	wanted = free_bytes(swap) + size - size / 10;
	began = now_us();
	if (write_file("/proc/sysrq-trigger", "f"))
		die("sysrq");
	while (free_bytes(swap) < wanted) {
		if (now_us() - began > 10000000)
			break;
		/* To within a hundredth, without looking all the time. */
		usleep(100 + (now_us() - began) / 100);
	}
	took = now_us() - began;
	finish(pid);
	return took;
}

/* Who comes to a full cgroup: the longest time for one page. */
static uint64_t stall(size_t size)
{
	uint64_t longest = 0, began, took;
	char cgroup[256], file[300];
	size_t i, more = 16 * MB;
	char *memory;
	pid_t pid;

	if (cgroup_create("reap_bench", size + 8 * MB, cgroup, sizeof(cgroup)))
		die("cgroup");
	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	if (write_file(file, "0"))
		die("cgroup.procs");
	pid = start("stuck", size);
	memory = mmap(NULL, more, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, more, MADV_NOHUGEPAGE);
	for (i = 0; i < more; i += 4096) {
		began = now_us();
		memory[i] = 1;
		took = now_us() - began;
		if (took > longest)
			longest = took;
	}
	munmap(memory, more);
	write_file(CGROUP_ROOT "/cgroup.procs", "0");
	finish(pid);
	cgroup_remove(cgroup);
	return longest;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void measure(int rounds, char *spec)
{
	uint64_t took[ROUNDS_MAX];
	char *what = strsep(&spec, ":");
	size_t mb = spec ? atoi(spec) : 64;
	char pages[32];
	int i;

	if (!strcmp(what, "swapped")) {
		if (system("mkswap /dev/ram0 >/dev/null") ||
		    swapon("/dev/ram0", 0))
			die("swap on /dev/ram0");
	}
	if (!strcmp(what, "hugetlb")) {
		snprintf(pages, sizeof(pages), "%zu", mb * MB / HUGE);
		if (write_file("/proc/sys/vm/nr_hugepages", pages))
			die("nr_hugepages");
	}
	for (i = 0; i < rounds; i++)
		took[i] = strcmp(what, "stall") ? kill_to_free(what, mb * MB) :
						  stall(mb * MB);
	if (!strcmp(what, "swapped"))
		swapoff("/dev/ram0");
	if (!strcmp(what, "hugetlb"))
		write_file("/proc/sys/vm/nr_hugepages", "0");
	qsort(took, rounds, sizeof(took[0]), compare);
	printf("%s %zu %llu\n", what, mb, (unsigned long long)took[rounds / 2]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, i;

	if (argc < 3 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: %s ROUNDS CASE:MB...\n", argv[0]);
		return 2;
	}
	ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ready == MAP_FAILED || stuck_fs_start(&fs))
		die("stuck_fs");
	/* The log is slow, and not what is measured. */
	klogctl(8, NULL, 1);
	write_file("/proc/sys/vm/oom_dump_tasks", "0");
	write_file(ADJ_FILE, "-1000");
	for (i = 2; i < argc; i++)
		measure(rounds, argv[i]);
	stuck_fs_stop(&fs);
	return 0;
}
