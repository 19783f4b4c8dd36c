// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to choose a victim among so many processes, by x86's time stamp
 * counter: instructions in a guest of one CPU under `qemu -icount shift=0`.
 *
 *	select_bench flat|pairs|alike|immune|dump NUMBER...
 *
 * flat: idle children of this process, and one that is larger; pairs: each idle
 * one is the only child of another; alike: there is no larger one; immune: the
 * idle ones need no score; dump: as flat, with the table of tasks in the log.
 * Prints "KIND NUMBER COUNT" lines: the count, the least of several rounds, from
 * sysrq-f until the victim is marked (the trace event oom:mark_victim). Subtract
 * that of another number: what is left is the search for it.
 *
 * To be run in a guest that has nothing to lose.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "oom_util.h"

#define TRACING	"/sys/kernel/tracing"

/*
 * The first ten in five seconds print a report to the kernel log.  Where the table
 * of tasks is what is measured, two numbers of tasks fit into these.
 */
#define WARM_UP	11
#define ROUNDS	5
#define DUMPS	4

static int ready[2];
static bool immune;

static void die(const char *what)
{
	fprintf(stderr, "select_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
#ifdef __x86_64__
	return __rdtsc();
#else
	errno = ENOTSUP;
	die("no time stamp counter");
	return 0;
#endif
}

static pid_t start(size_t bytes, int children)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		char *memory = bytes ? mmap(NULL, bytes, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) :
			       NULL;

		if (memory == MAP_FAILED ||
		    write_file(ADJ_FILE, bytes || !immune ? "0" : "-1000"))
			_exit(1);
		madvise(memory, bytes, MADV_NOHUGEPAGE);
		memset(memory, 1, bytes);
		while (children--)
			start(0, 0);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	return pid;
}

static void wait_ready(int n)
{
	char c;

	while (n--)
		if (read(ready[0], &c, 1) != 1)
			die("a process did not start");
}

/* When the last victim was marked, by the same counter. */
static uint64_t marked(void)
{
	char line[512], *end;
	uint64_t when = 0;
	FILE *trace = fopen(TRACING "/trace", "r");

	if (!trace)
		die("trace");
	while (fgets(line, sizeof(line), trace)) {
		end = strstr(line, ": mark_victim:");
		if (!end)
			continue;
		*end = 0;
		when = strtoull(strrchr(line, ' '), NULL, 10);
	}
	fclose(trace);
	return when;
}

static uint64_t one_choice(size_t victim_bytes)
{
	pid_t victim = 0, dead;
	uint64_t begin, took;

	if (victim_bytes) {
		victim = start(victim_bytes, 0);
		wait_ready(1);
	}
	/* Let the last one's reaping end. */
	usleep(20000);
	begin = now();
	if (write_file("/proc/sysrq-trigger", "f"))
		die("sysrq-trigger");
	dead = wait(NULL);
	took = marked() - begin;
	if (took > now())
		die("no victim was marked");
	if (victim && dead != victim) {
		fprintf(stderr, "select_bench: another one died\n");
		exit(1);
	}
	if (!victim) {
		start(0, 0);
		wait_ready(1);
	}
	return took;
}

int main(int argc, char *argv[])
{
	bool pairs = argc > 1 && !strcmp(argv[1], "pairs");
	bool alike = argc > 1 && !strcmp(argv[1], "alike");
	bool dump = argc > 1 && !strcmp(argv[1], "dump");
	int i, round, rounds, number, have = 0;
	uint64_t took, least;

	immune = argc > 1 && !strcmp(argv[1], "immune");
	if (argc < 3 || !(pairs || alike || immune || dump ||
			  !strcmp(argv[1], "flat"))) {
		fprintf(stderr, "usage: %s flat|pairs|alike|immune|dump NUMBER...\n",
			argv[0]);
		return 2;
	}
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (pipe(ready) || write_file(ADJ_FILE, "-1000") ||
	    write_file("/proc/sys/kernel/printk", "1") ||
	    write_file("/proc/sys/kernel/threads-max", "200000") ||
	    write_file("/proc/sys/kernel/pid_max", "400000") ||
	    write_file("/proc/sys/vm/oom_dump_tasks", dump ? "1" : "0") ||
	    write_file(TRACING "/trace_clock", "x86-tsc") ||
	    write_file(TRACING "/events/oom/mark_victim/enable", "1"))
		die("may not");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 2; i < argc; i++) {
		number = atoi(argv[i]);
		while (have < number) {
			start(0, pairs);
			wait_ready(1 + pairs);
			have += 1 + pairs;
		}
		rounds = dump ? DUMPS : ROUNDS + (i == 2 ? WARM_UP : 0);
		for (round = 0, least = UINT64_MAX; round < rounds; round++) {
			took = one_choice(alike ? 0 : 8 * MB);
			if (took < least)
				least = took;
		}
		printf("%s %d %llu\n", argv[1], have, (unsigned long long)least);
	}
	return 0;
}
