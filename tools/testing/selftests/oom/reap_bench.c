// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long it takes from a kill by the OOM killer until the victim's memory can
 * be allocated again, and how long who needs it is without. Runs on any kernel.
 *
 *   reap_bench ROUNDS CASE:MB...
 *
 * prints for each "CASE MB WHAT MICROSECONDS", the medians of the rounds, 10 s at
 * most: until the "first" MB can be allocated, and "all", nine tenths of them.
 * Cases:
 *
 *   exits	the victim sleeps, and can exit
 *   stuck	it is blocked in the kernel, uninterruptibly
 *   huge	likewise, with transparent huge pages
 *   sparse	likewise, beside 16 TB that were mapped and never touched
 *   mlocked	likewise, with its memory locked
 *   writer	likewise, with mmap_lock held for writing by one of its threads
 *   swapped	likewise, with its memory swapped out to /dev/ram0
 *   hugetlb	likewise, beside as much in huge pages of the pool
 *   stall	who shares a full memory cgroup with a stuck victim: the longest
 *		time that it "waits" for a page
 *   scattered	likewise, where each page of the victim is an area of its own
 *   full	likewise, in a full machine that it shares with a stuck victim
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
#define FIRST		MB
#define SPARSE		(16ULL << 40)
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

static char *map(size_t size, int flags, int advice)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	if (!(flags & MAP_HUGETLB))
		madvise(memory, size, advice);
	return memory;
}

static char *fill(size_t size, int flags, int advice)
{
	return memset(map(size, flags, advice), 0x5a, size);
}

/* Every other page is in use: no two of them are one area. */
static void scatter(size_t size)
{
	char *memory = mmap(NULL, 2 * size, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (memory == MAP_FAILED)
		die("mmap");
	for (i = 0; i < 2 * size; i += 2 * 4096) {
		if (mprotect(memory + i, 4096, PROT_READ | PROT_WRITE))
			die("mprotect");
		memory[i] = 1;
	}
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
		fill(size & -HUGE, MAP_HUGETLB, 0);
	if (!strcmp(what, "sparse"))
		map(SPARSE, MAP_NORESERVE, MADV_NOHUGEPAGE);
	if (!strcmp(what, "scattered"))
		scatter(size);
	else if (!strcmp(what, "swapped"))
		madvise(fill(size, 0, MADV_NOHUGEPAGE), size, MADV_PAGEOUT);
	else
		fill(size, strcmp(what, "mlocked") ? 0 : MAP_LOCKED,
		     strcmp(what, "huge") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
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

struct took {
	uint64_t first;
	uint64_t all;
};

static struct took kill_to_free(const char *what, size_t size)
{
	bool swap = !strcmp(what, "swapped");
	uint64_t began, now;
	struct took took = {};
	size_t before, freed;
	pid_t pid;

	pid = start(what, size);
	before = free_bytes(swap);
	began = now_us();
	if (write_file("/proc/sysrq-trigger", "f"))
		die("sysrq");
	do {
		freed = free_bytes(swap);
		freed = freed > before ? freed - before : 0;
		now = now_us() - began;
		if (!took.first && (freed >= FIRST || now > 10000000))
			took.first = now;
		/* To within a hundredth, without looking all the time. */
		usleep(100 + now / 100);
	} while (freed < size - size / 10 && now <= 10000000);
	took.all = now;
	finish(pid);
	return took;
}

/* Who fills @size beside a victim: the longest time for one page. */
static uint64_t longest_wait(const char *what, size_t size, size_t more)
{
	char *memory = map(more, MAP_NORESERVE, MADV_NOHUGEPAGE);
	uint64_t longest = 0, began, took;
	pid_t pid = start(what, size);
	size_t i;

	for (i = 0; i < more; i += 4096) {
		began = now_us();
		memory[i] = 1;
		took = now_us() - began;
		if (took > longest)
			longest = took;
	}
	munmap(memory, more);
	finish(pid);
	return longest;
}

static uint64_t stall(const char *what, size_t size, size_t room)
{
	char cgroup[256], file[300];
	uint64_t longest;

	if (cgroup_create("reap_bench", size + room, cgroup, sizeof(cgroup)))
		die("cgroup");
	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	if (write_file(file, "0"))
		die("cgroup.procs");
	longest = longest_wait(what, size, room + 8 * MB);
	write_file(CGROUP_ROOT "/cgroup.procs", "0");
	cgroup_remove(cgroup);
	return longest;
}

static uint64_t full(size_t size)
{
	/* What is free now but for a part of what the victim will give. */
	return longest_wait("stuck", size, free_bytes(false) - size / 2);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void print(const char *what, size_t mb, const char *until, uint64_t *took,
		  int rounds)
{
	qsort(took, rounds, sizeof(took[0]), compare);
	printf("%s %zu %s %llu\n", what, mb, until,
	       (unsigned long long)took[rounds / 2]);
}

static void measure(int rounds, char *spec)
{
	uint64_t first[ROUNDS_MAX], all[ROUNDS_MAX];
	char *what = strsep(&spec, ":");
	size_t mb = spec ? atoi(spec) : 64;
	bool waits = true;
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
	for (i = 0; i < rounds; i++) {
		if (!strcmp(what, "stall")) {
			all[i] = stall("stuck", mb * MB, 8 * MB);
		} else if (!strcmp(what, "scattered")) {
			/* What its areas take counts, too. */
			all[i] = stall(what, mb * MB, mb * MB / 2);
		} else if (!strcmp(what, "full")) {
			all[i] = full(mb * MB);
		} else {
			struct took took = kill_to_free(what, mb * MB);

			first[i] = took.first;
			all[i] = took.all;
			waits = false;
		}
	}
	if (!strcmp(what, "swapped"))
		swapoff("/dev/ram0");
	if (!strcmp(what, "hugetlb"))
		write_file("/proc/sys/vm/nr_hugepages", "0");
	if (!waits)
		print(what, mb, "first", first, rounds);
	print(what, mb, waits ? "waits" : "all", all, rounds);
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
