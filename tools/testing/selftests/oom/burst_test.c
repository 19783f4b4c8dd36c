// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bursts: many processes ask for memory at once that is not there. No more are killed
 * than the fewest that together hold what is asked for, nobody who is small, and
 * nobody at all where an exit that is under way gives back enough.
 *
 * BURST_ROUNDS sets how often each is done. It shows figures on a kernel without
 * records of OOM kills, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "event_util.h"
#include "oom_util.h"

#define SWAP		"/dev/ram0"
#define LIMIT		(48 * MB)
#define MAX_ASKERS	64
#define BYSTANDERS	3
#define SMALL		(MB / 2)

/* What the askers and who started them share */
struct burst {
	int ready;
	int go;
	int served;
	int end;
};

FIXTURE(burst) {
	struct burst *burst;
	char cgroup[256];
	bool swap;
	cpu_set_t cpus;
};

FIXTURE_VARIANT(burst) {
	bool cgroup;
	bool swap;
};

FIXTURE_VARIANT_ADD(burst, cgroup) {
	.cgroup = true,
};

FIXTURE_VARIANT_ADD(burst, cgroup_swap) {
	.cgroup = true, .swap = true,
};

FIXTURE_VARIANT_ADD(burst, machine) {
};

FIXTURE_VARIANT_ADD(burst, machine_swap) {
	.swap = true,
};

static long long bytes_of(const char *key)
{
	long long number = -1;

	read_key_number("/proc/meminfo", key, &number);
	return number * 1024;
}

FIXTURE_SETUP(burst)
{
	int err;

	self->swap = false;
	self->cgroup[0] = '\0';
	if (getuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(self->cpus), &self->cpus));
	/* Who tests, and who has started it, is not at stake. */
	ASSERT_EQ(0, write_file(ADJ_FILE, "-1000"));
	ASSERT_EQ(0, write_proc(getppid(), "oom_score_adj", "-1000"));
	if (variant->swap) {
		if (access(SWAP, R_OK | W_OK))
			SKIP(return, "no " SWAP ": CONFIG_BLK_DEV_RAM is off");
		ASSERT_EQ(0, system("mkswap " SWAP " >/dev/null"));
		ASSERT_EQ(0, swapon(SWAP, 0));
		self->swap = true;
	}
	if (variant->cgroup) {
		err = cgroup_create("burst_test", LIMIT, self->cgroup,
				    sizeof(self->cgroup));
		if (err == -ENOENT || err == -EROFS)
			SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
		ASSERT_EQ(0, err);
		if (variant->swap)
			ASSERT_EQ(0, cgroup_set(self->cgroup, "memory.swap.max", "max"));
	}
	self->burst = mmap(NULL, sizeof(*self->burst), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->burst);
}

FIXTURE_TEARDOWN(burst)
{
	sched_setaffinity(0, sizeof(self->cpus), &self->cpus);
	if (self->cgroup[0])
		cgroup_remove(self->cgroup);
	if (self->swap)
		swapoff(SWAP);
}

static void wait_for_int(int *word, int value)
{
	struct timespec ts = { .tv_nsec = 500000 };

	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) < value)
		nanosleep(&ts, NULL);
}

static void add(int *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
}

/* Takes its share once all may, and keeps it until all have theirs. */
static int ask(struct burst *burst, const char *cgroup, size_t bytes)
{
	char path[300], *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cgroup) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		if (write_file(path, "0"))
			return 2;
	}
	if (write_file(ADJ_FILE, "0"))
		return 3;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return 4;
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	add(&burst->ready);
	wait_for_int(&burst->go, 1);
	memset(memory, 1, bytes);
	add(&burst->served);
	wait_for_int(&burst->end, 1);
	return 0;
}

/* What a burst is made of: shares of what the domain has, in per cent */
struct plan {
	const char *what;
	int hogs;		/* how many */
	int hog;		/* what each has */
	int leaves;		/* what exits as the burst begins */
	int asked;		/* by all askers */
	int victims;		/* the fewest that hold what is missing */
	bool few;		/* also where each asker takes more than a hog has */
};

static const struct plan plans[] = {
	{ "one hog", 1, 55, 0, 60, 1, true },
	{ "two hogs", 2, 30, 0, 80, 2, false },
	{ "an exit", 1, 20, 60, 60, 0, true },
};

/* What a burst has come to */
struct outcome {
	int hogs;
	int bystanders;
	int askers;
	long long asked;
	long long freed;
	int episodes;
	long long ms;
};

/* Has it let go of its memory? /proc/PID/oom_score takes no reference to that. */
static void wait_let_go(pid_t pid)
{
	char path[64], text[32];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	kill(pid, SIGKILL);
	do {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
	} while (n > 0 && atoi(text));
	close(fd);
}

/* How many shortages the records since @first are of. */
static int episodes_since(long long first)
{
	long long last = history_last(), episode, before = -1;
	char line[LINE_MAX_];
	int nr = 0;

	for (; first <= last; first++) {
		if (history_find(first, line, sizeof(line)) ||
		    record_is(line, "reason", "called_off"))
			continue;
		episode = record_number(line, "episode");
		nr += episode != before;
		before = episode;
	}
	return nr;
}

/* One burst; 0, or what has gone wrong. */
static const char *burst_once(struct burst *burst, const char *cgroup, size_t domain,
			      const struct plan *plan, int askers, struct outcome *out)
{
	struct hog hogs[2], bystanders[BYSTANDERS], leaves;
	size_t each = domain / 100 * plan->asked / askers;
	long long first = history_last() + 1, start;
	int i, status, gone = 0;
	pid_t pids[MAX_ASKERS];

	memset(out, 0, sizeof(*out));
	memset(burst, 0, sizeof(*burst));
	for (i = 0; i < BYSTANDERS; i++)
		if (hog_start(&bystanders[i], 0, cgroup) ||
		    hog_grow(&bystanders[i], SMALL))
			return "a bystander";
	for (i = 0; i < plan->hogs; i++)
		if (hog_start(&hogs[i], 0, cgroup) ||
		    hog_grow(&hogs[i], domain / 100 * plan->hog))
			return "a hog";
	if (plan->leaves && (hog_start(&leaves, 0, cgroup) ||
			     hog_grow(&leaves, domain / 100 * plan->leaves)))
		return "who exits";
	for (i = 0; i < askers; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(ask(burst, cgroup, each));
		if (pids[i] < 0)
			return "an asker";
	}
	wait_for_int(&burst->ready, askers);
	out->asked = (long long)each * askers;

	start = now_ms();
	if (plan->leaves)
		wait_let_go(leaves.pid);
	add(&burst->go);
	/* Until each is served or dead. */
	while (__atomic_load_n(&burst->served, __ATOMIC_SEQ_CST) + gone < askers) {
		if (now_ms() - start > 120000)
			return "two minutes have not been enough";
		usleep(2000);
		for (i = 0; i < askers; i++) {
			if (pids[i] > 0 && waitpid(pids[i], &status, WNOHANG) == pids[i]) {
				if (!WIFSIGNALED(status))
					return "an asker's status";
				pids[i] = -1;
				gone++;
				out->freed += each;
			}
		}
	}
	out->ms = now_ms() - start;
	out->askers = gone;
	add(&burst->end);
	for (i = 0; i < askers; i++)
		if (pids[i] > 0)
			waitpid(pids[i], NULL, 0);
	for (i = 0; i < plan->hogs; i++) {
		if (hog_died(&hogs[i], &status)) {
			out->hogs++;
			out->freed += domain / 100 * plan->hog;
		}
		hog_stop(&hogs[i]);
	}
	for (i = 0; i < BYSTANDERS; i++) {
		out->bystanders += hog_died(&bystanders[i], &status);
		hog_stop(&bystanders[i]);
	}
	if (plan->leaves) {
		out->freed += domain / 100 * plan->leaves;
		hog_stop(&leaves);
	}
	if (!access(HISTORY, R_OK))
		out->episodes = episodes_since(first);
	return NULL;
}

static bool few_cpus(const cpu_set_t *all, int nr)
{
	cpu_set_t some;

	CPU_ZERO(&some);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&some) < nr; i++)
		if (CPU_ISSET(i, all))
			CPU_SET(i, &some);
	return !sched_setaffinity(0, sizeof(some), &some);
}

TEST_F_TIMEOUT(burst, kills_no_more_than_it_must, 1800)
{
	static const int numbers[] = { 2, 8, 64 };
	const char *cgroup = variant->cgroup ? self->cgroup : NULL;
	unsigned int p, n;
	int round;
	struct outcome out;
	int cpus, all, rounds = 1;
	size_t domain;

	if (getenv("BURST_ROUNDS"))
		rounds = atoi(getenv("BURST_ROUNDS"));
	all = CPU_COUNT(&self->cpus);
	for (cpus = 1; cpus <= all; cpus = cpus < all && 2 * cpus > all ? all : 2 * cpus) {
		ASSERT_TRUE(few_cpus(&self->cpus, cpus));
		for (p = 0; p < ARRAY_SIZE(plans); p++) {
			for (n = 0; n < ARRAY_SIZE(numbers); n++) {
				const struct plan *plan = &plans[p];
				int kills = 0, worst = 0, innocents = 0, episodes = 0;
				long long freed = 0, ms = 0;
				const char *wrong;

				if (!plan->few && numbers[n] < 8)
					continue;
				for (round = 0; round < rounds; round++) {
					int died;

					/* What can be had, less what tests take. */
					domain = cgroup ? LIMIT - 2 * MB :
						 bytes_of("MemAvailable:") / 100 * 95;
					if (variant->swap)
						domain += bytes_of("SwapFree:");
					wrong = burst_once(self->burst, cgroup, domain,
							   plan, numbers[n], &out);
					ASSERT_EQ(NULL, wrong) TH_LOG("%s", wrong);
					died = out.hogs + out.askers + out.bystanders;
					kills += died;
					worst = died > worst ? died : worst;
					innocents += out.bystanders;
					freed += out.freed;
					episodes += out.episodes;
					ms = out.ms > ms ? out.ms : ms;
				}
				TH_LOG("%s, %d CPUs, %d asked %lld MB, freed %lld MB",
				       plan->what, cpus, numbers[n],
				       (long long)(out.asked / MB),
				       (long long)(freed / rounds / MB));
				TH_LOG("killed %d in %d rounds, worst %d, innocents %d",
				       kills, rounds, worst, innocents);
				TH_LOG("episodes %d, longest %lld ms", episodes, ms);
				EXPECT_LE(worst, plan->victims);
				EXPECT_EQ(0, innocents);
			}
		}
	}
}

TEST_HARNESS_MAIN
