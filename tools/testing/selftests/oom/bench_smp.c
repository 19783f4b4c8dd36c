// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_smp MILLISECONDS CPUS...: what operations take while that many processes,
 * each on a CPU of its own, do them at once, for so long.
 *
 * Prints "OPERATION MODE CPUS NANOSECONDS" lines: the time that one operation takes
 * a process, with vm.overcommit_memory MODE, 0 or 2. The limit of mode 2 is far
 * away. scripts/bench-smp.sh compares kernels by it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
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

#define CPUS_MAX	64
#define BYTES		(64L * 1024)

struct shared {
	unsigned int ready;
	unsigned int go;
	unsigned int stop;
	uint64_t done[CPUS_MAX];
};

static long page;

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

static const struct operation {
	const char *name;
	int (*run)(void);
} operations[] = {
	{ "mmap+munmap",	map_unmap },
	{ "brk",		brk_up_down },
	{ "fault",		page_fault },
	{ "fork+exit",		fork_exit },
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void work(const struct operation *op, int cpu, struct shared *shared)
{
	uint64_t done = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	op->run();
	__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE))
		sched_yield();
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED))
		done += op->run();
	shared->done[cpu] = done;
}

/* Nanoseconds an operation, of each of so many processes at once. */
static double measure(const struct operation *op, int cpus, int ms)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t done = 0, start, took;
	pid_t pids[CPUS_MAX];
	int i, status;

	must(shared != MAP_FAILED, "mmap");
	for (i = 0; i < cpus; i++) {
		pids[i] = fork();
		must(pids[i] >= 0, "fork");
		if (!pids[i]) {
			work(op, i, shared);
			exit(0);
		}
	}
	while (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) < (unsigned int)cpus)
		usleep(1000);
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
	}
	munmap(shared, sizeof(*shared));
	return done ? (double)took * cpus / done : 0;
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
	must(!write_file("/proc/sys/vm/overcommit_kbytes", "1000000000"),
	     "overcommit_kbytes");
	for (mode = 0; mode < ARRAY_SIZE(modes); mode++) {
		must(!write_file("/proc/sys/vm/overcommit_memory", modes[mode]),
		     "overcommit_memory");
		for (op = 0; op < ARRAY_SIZE(operations); op++) {
			for (i = 2; i < argc; i++) {
				int cpus = atoi(argv[i]);

				must(cpus > 0 && cpus <= CPUS_MAX, argv[i]);
				printf("%s %s %d %.0f\n", operations[op].name,
				       modes[mode], cpus,
				       measure(&operations[op], cpus, ms));
				fflush(stdout);
			}
		}
	}
	return 0;
}
