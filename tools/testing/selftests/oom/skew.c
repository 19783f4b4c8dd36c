// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes whose RSS counters are skewed as far as their CPUs allow: one
 * touches nearly a batch of pages on every CPU, which no plain read shows yet;
 * the other, smaller, all its pages on one. Then the kernel chooses (sysrq-f).
 *
 * Prints "died larger|smaller", "larger PAGES", "smaller PAGES" (precise) and
 * "skew PAGES". Exits with 0 if the larger one died, 1 if the other, 2 if it
 * could not find out. For a guest that has nothing to lose.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "oom_util.h"

static long page;
static int ready[2];

static void die(const char *what)
{
	fprintf(stderr, "skew: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static pid_t start(int cpus, long on_first, long on_each)
{
	size_t bytes = (on_first + (cpus - 1) * on_each) * page;
	pid_t pid = fork();
	char *memory;
	long i;
	int cpu;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	run_on(0);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	if (write_file(ADJ_FILE, "500"))
		die(ADJ_FILE);
	for (i = 0; i < on_first; i++, memory += page)
		*memory = 1;
	for (cpu = 1; cpu < cpus && on_each; cpu++) {
		run_on(cpu);
		for (i = 0; i < on_each; i++, memory += page)
			*memory = 1;
	}
	if (write(ready[1], "", 1) != 1)
		die("write");
	for (;;)
		pause();
}

static long resident(pid_t pid)
{
	long long kb = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_key_number(path, "VmRSS", &kb);
	return kb * 1024 / page;
}

int main(void)
{
	static const char * const knobs[] = {
		"oom_parent_share", "oom_fork_weight", "oom_tcb_discount",
	};
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), status;
	/* compute_batch_value(), and room for what is there already. */
	long each = (cpus > 16 ? 2 * cpus : 32) - 12;
	long skew = each * (cpus - 1), first = 16 * MB / 4096;
	pid_t larger, smaller, dead;
	long larger_pages, smaller_pages;
	char path[64], c;
	unsigned int i;

	page = sysconf(_SC_PAGESIZE);
	if (cpus < 8) {
		fprintf(stderr, "skew: %d CPUs are not enough\n", cpus);
		return 2;
	}
	/* Memory alone decides; the base kernel has none of these. */
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		snprintf(path, sizeof(path), "/proc/sys/vm/%s", knobs[i]);
		if (!access(path, F_OK) && write_file(path, "0"))
			die(path);
	}
	if (pipe(ready))
		die("pipe");
	larger = start(cpus, first, each);
	smaller = start(1, first + skew / 2, 0);
	if (read(ready[0], &c, 1) != 1 || read(ready[0], &c, 1) != 1)
		die("a process did not start");
	larger_pages = resident(larger);
	smaller_pages = resident(smaller);
	if (larger_pages - smaller_pages < skew / 4)
		die("the larger one is not larger");

	if (write_file("/proc/sysrq-trigger", "f"))
		die("sysrq-trigger");
	dead = wait(&status);
	kill(dead == larger ? smaller : larger, SIGKILL);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		die("nobody was killed");
	printf("larger %ld\nsmaller %ld\nskew %ld\ndied %s\n", larger_pages,
	       smaller_pages, skew, dead == larger ? "larger" : "smaller");
	return dead != larger;
}
