// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hammers at the commit limit, and reads all the time how much is promised.
 *
 * What a reader can see: with exact accounting Committed_AS is what was promised
 * at one instant, since what CPUs have set aside is fetched back first. So one
 * reading above the limit is one too many. A kernel without it sums up what each
 * CPU has counted while that changes: a reading may then be off by what is charged
 * and given back meanwhile, some tens of pages, besides what really is over.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "commit_hammer.h"
#include "commit_util.h"
#include "oom_util.h"

#define KNOBS		4
#define HELD		64
#define LARGEST		128	/* pages a mapping */
#define SHARE		512	/* pages a process */

static const char * const knobs[KNOBS] = {
	"/proc/sys/vm/admin_reserve_kbytes",
	"/proc/sys/vm/user_reserve_kbytes",
	"/proc/sys/vm/overcommit_kbytes",
	OVERCOMMIT,
};

struct shared {
	int stop;
	long long requests[64];
	long long refused[64];
};

struct worker {
	struct shared *shared;
	int nr;
	enum hammer_way way;
	int pipe[2];
};

static void *map(struct worker *w, long pages)
{
	void *a = mmap(NULL, pages * sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	w->shared->requests[w->nr]++;
	if (a == MAP_FAILED)
		w->shared->refused[w->nr]++;
	return a == MAP_FAILED ? NULL : a;
}

static int work(void *arg)
{
	long page = sysconf(_SC_PAGESIZE), held = 0, pages[HELD] = { };
	struct worker *w = arg;
	unsigned int seed = w->nr, i;
	void *at[HELD] = { };
	char go;

	if (read(w->pipe[0], &go, 1) != 1)
		return 1;
	while (!__atomic_load_n(&w->shared->stop, __ATOMIC_RELAXED)) {
		i = rand_r(&seed) % HELD;
		if (at[i]) {
			munmap(at[i], pages[i] * page);
			held -= pages[i];
			at[i] = NULL;
			continue;
		}
		pages[i] = 1 + rand_r(&seed) % LARGEST;
		if (w->way != HAMMER_GREEDY && held + pages[i] > SHARE)
			continue;
		at[i] = map(w, pages[i]);
		if (at[i])
			held += pages[i];
	}
	return 0;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void sample(struct hammer *result, int seconds)
{
	double end = seconds_now() + seconds;

	while (seconds_now() < end) {
		long long promised = meminfo_bytes("Committed_AS");
		long long over = promised - meminfo_bytes("CommitLimit");

		result->samples++;
		if (over > 0) {
			result->over++;
			if (over > result->most)
				result->most = over;
		}
	}
}

int hammer(int procs, int seconds, enum hammer_way way, struct hammer *result)
{
	long page = sysconf(_SC_PAGESIZE), room;
	char old[KNOBS][32], text[32];
	struct worker w = { .way = way };
	int i, err = 0, started = 0;
	pid_t pids[64];

	memset(result, 0, sizeof(*result));
	w.shared = mmap(NULL, sizeof(*w.shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w.shared == MAP_FAILED || pipe(w.pipe))
		return -errno;
	for (i = 0; i < KNOBS; i++) {
		int n = read_file(knobs[i], old[i], sizeof(old[i]));

		if (n < 0)
			return n;
	}
	for (i = 0; i < procs && !err; i++) {
		w.nr = i;
		pids[i] = fork_into(NULL, work, &w);
		if (pids[i] < 0)
			err = pids[i];
		else
			started++;
	}
	/* Greedy ones together want some times as much as there is. */
	room = procs * SHARE;
	for (i = 0; i < 2 && !err; i++)
		err = write_file(knobs[i], "0");
	/* Strict first: a sum of what is pending on each CPU is made then. */
	snprintf(text, sizeof(text), "%lld", 2 * meminfo_bytes("MemTotal") >> 10);
	if (!err)
		err = write_file(knobs[2], text);
	if (!err)
		err = write_file(OVERCOMMIT, way == HAMMER_LOOSE ? "0" : "2");
	if (!err && way != HAMMER_LOOSE) {
		snprintf(text, sizeof(text), "%lld",
			 (meminfo_bytes("Committed_AS") + room * page -
			  meminfo_bytes("SwapTotal")) >> 10);
		err = write_file(knobs[2], text);
	}
	if (!err && write(w.pipe[1], knobs[0], procs) != procs)
		err = -errno;
	if (!err && way == HAMMER_LOOSE)
		sleep(seconds);
	else if (!err)
		sample(result, seconds);
	__atomic_store_n(&w.shared->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < started; i++) {
		if (err)
			kill(pids[i], SIGKILL);
		if (wait_for(pids[i]) && !err)
			err = -ECHILD;
		result->requests += w.shared->requests[i];
		result->refused += w.shared->refused[i];
	}
	for (i = KNOBS - 1; i >= 0; i--) {
		/* A ratio was in force: writing 0 kbytes would clear it. */
		if (i == 2 && !atoll(old[i]))
			write_file("/proc/sys/vm/overcommit_ratio", "50");
		else
			write_file(knobs[i], old[i]);
	}
	munmap(w.shared, sizeof(*w.shared));
	close(w.pipe[0]);
	close(w.pipe[1]);
	return err;
}
