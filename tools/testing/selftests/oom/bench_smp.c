// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_smp MILLISECONDS CPUS...: what operations take while that many processes,
 * each on a CPU of its own, do them at once, for so long.
 *
 * Prints "OPERATION MODE CPUS NANOSECONDS" lines: the time that one operation takes
 * a process, with vm.overcommit_memory MODE, 0 or 2. The limit of mode 2 is far
 * away, but for refused+mmap: there it leaves what all processes hold at once, and
 * each asks for a page more than that, and for what fits. mmap-longest is the longest
 * time that one of them has waited for what fits. scripts/bench-smp.sh compares kernels
 * by it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "oom_util.h"

#define VM(knob)	"/proc/sys/vm/" knob
#define CPUS_MAX	64
#define BYTES		(64L * 1024)

struct shared {
	unsigned int ready;
	unsigned int go;
	unsigned int stop;
	uint64_t done[CPUS_MAX];
	uint64_t longest[CPUS_MAX];
	size_t too_much;
};

static long page;

/* Of the operations that are measured */
static struct shared *shared;

/* The longest that this process has waited for what fits */
static uint64_t longest;

static void must(bool done, const char *what)
{
	if (!done) {
		fprintf(stderr, "bench_smp: %s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static char *map(void)
{
	char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED, "mmap");
	return p;
}

/* Each runs its operation some times, and says how often. */

static int map_unmap(void)
{
	int i;

	for (i = 0; i < 16; i++)
		munmap(map(), BYTES);
	return i;
}

static int brk_up_down(void)
{
	char *end = sbrk(0);
	int i;

	for (i = 0; i < 16; i++) {
		must(!brk(end + BYTES), "brk");
		brk(end);
	}
	return i;
}

static int page_fault(void)
{
	char *p = map();
	long at;

	madvise(p, BYTES, MADV_NOHUGEPAGE);
	for (at = 0; at < BYTES; at += page)
		p[at] = 1;
	munmap(p, BYTES);
	return BYTES / page;
}

static int fork_exit(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0) == pid, "waitpid");
	return 1;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A kernel that is less exact may grant the one, and refuse the other. */
static void map_and_unmap(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		munmap(p, bytes);
}

static int refused_and_fits(void)
{
	uint64_t start;
	int i;

	for (i = 0; i < 8; i++) {
		map_and_unmap(shared->too_much);
		start = now();
		map_and_unmap(BYTES);
		start = now() - start;
		if (start > longest)
			longest = start;
	}
	return i;
}

static const struct operation {
	const char *name;
	int (*run)(void);
	bool near;		/* near the limit of mode 2 */
} operations[] = {
	{ .name = "mmap+munmap", .run = map_unmap },
	{ .name = "brk", .run = brk_up_down },
	{ .name = "fault", .run = page_fault },
	{ .name = "fork+exit", .run = fork_exit },
	{ .name = "refused+mmap", .run = refused_and_fits, .near = true },
};

static void set_limit(long long kbytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", kbytes);
	must(!write_file(VM("overcommit_kbytes"), text), "overcommit_kbytes");
}

/* Leave what so many processes hold at once. */
static void leave_room(int cpus)
{
	long long promised;

	must(!read_key_number("/proc/meminfo", "Committed_AS", &promised), "meminfo");
	set_limit(promised + cpus * BYTES / 1024);
	shared->too_much = cpus * BYTES + page;
}

static void work(const struct operation *op, int cpu)
{
	uint64_t done = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	if (!op->near)
		op->run();
	__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE))
		sched_yield();
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
		done += op->run();
	shared->done[cpu] = done;
	shared->longest[cpu] = longest;
}

/* Print nanoseconds an operation, of each of so many processes at once. */
static void measure(const struct operation *op, const char *mode, int cpus, int ms)
{
	uint64_t done = 0, start, took, wait = 0;
	pid_t pids[CPUS_MAX];
	int i, status;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED, "mmap");
	for (i = 0; i < cpus; i++) {
		pids[i] = fork();
		must(pids[i] >= 0, "fork");
		if (!pids[i]) {
			work(op, i);
			exit(0);
		}
	}
	while (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) < (unsigned int)cpus)
		usleep(1000);
	if (op->near)
		leave_room(cpus);
	start = now();
	__atomic_store_n(&shared->go, 1, __ATOMIC_RELEASE);
	usleep(ms * 1000);
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	took = now() - start;
	for (i = 0; i < cpus; i++) {
		must(waitpid(pids[i], &status, 0) == pids[i], "waitpid");
		if (status)
			exit(1);
		done += shared->done[i];
		if (shared->longest[i] > wait)
			wait = shared->longest[i];
	}
	if (op->near)
		set_limit(1000000000);
	printf("%s %s %d %.0f\n", op->name, mode, cpus,
	       done ? (double)took * cpus / done : 0);
	if (op->near)
		printf("mmap-longest %s %d %llu\n", mode, cpus, (unsigned long long)wait);
	fflush(stdout);
	munmap(shared, sizeof(*shared));
}

int main(int argc, char *argv[])
{
	static const char * const modes[] = { "0", "2" };
	unsigned int mode, op;
	int i, ms;

	if (argc < 3) {
		fprintf(stderr, "usage: %s MILLISECONDS CPUS...\n", argv[0]);
		return 2;
	}
	page = sysconf(_SC_PAGESIZE);
	ms = atoi(argv[1]);
	set_limit(1000000000);
	/* They would be kept from some, and not from others. */
	must(!write_file(VM("admin_reserve_kbytes"), "0"), "admin_reserve_kbytes");
	must(!write_file(VM("user_reserve_kbytes"), "0"), "user_reserve_kbytes");
	for (mode = 0; mode < ARRAY_SIZE(modes); mode++) {
		must(!write_file(VM("overcommit_memory"), modes[mode]), "overcommit_memory");
		for (op = 0; op < ARRAY_SIZE(operations); op++) {
			if (operations[op].near && *modes[mode] != '2')
				continue;
			for (i = 2; i < argc; i++) {
				int cpus = atoi(argv[i]);

				must(cpus > 0 && cpus <= CPUS_MAX, argv[i]);
				measure(&operations[op], modes[mode], cpus, ms);
			}
		}
	}
	return 0;
}
