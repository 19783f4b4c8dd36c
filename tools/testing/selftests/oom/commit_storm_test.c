// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm over all paths that promise memory, by several processes in cgroups
 * whose limits come and go, while allocations in the kernel and promises fail at
 * random where it can be told to let them fail. It ends with every count where it
 * began. And one path after the other, each of whose promises fails once.
 *
 * COMMIT_SECONDS and COMMIT_SEED in the environment make it longer, and other.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_steps.h"
#include "commit_util.h"
#include "oom_util.h"

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE_MAP	(MAP_PRIVATE | MAP_ANONYMOUS)
#define WORKERS		4
/* top, a, b, b/c; processes are in the leaves, a and c. */
#define GROUPS		4
#define FAULTS		"/sys/kernel/debug/"
#define FUNCTIONS	FAULTS "fail_function/"

/* Whatever promises pages for a caller who may have to undo what was before. */
#define PRIVATE		"__vm_enough_memory"
#define INHERIT		"commit_inherit"
#define SHMEM		"commit_promise"
#define BIRTH		"commit_group_join"

static long page;
static char groups[GROUPS][128];

static struct shared {
	bool stop;
	long long steps;
} *shared;

static int storms(void *arg)
{
	struct commit_stepper *w = arg;

	MUST(!commit_steps_begin(w));
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		commit_step(w);
		__atomic_add_fetch(&shared->steps, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static int param(const char *name, int by_default)
{
	const char *text = getenv(name);

	return text ? atoi(text) : by_default;
}

FIXTURE(storm) {
	char overcommit[16];
	long long others;
	int log;
};

FIXTURE_VARIANT(storm) {
	const char *mode;
	bool faults;
};

FIXTURE_VARIANT_ADD(storm, guess) {
	.mode = "0",
};

FIXTURE_VARIANT_ADD(storm, never) {
	.mode = "2",
};

FIXTURE_VARIANT_ADD(storm, guess_with_faults) {
	.mode = "0", .faults = true,
};

FIXTURE_VARIANT_ADD(storm, never_with_faults) {
	.mode = "2", .faults = true,
};

static const struct {
	const char *name;
	const char *probability;
} faults[] = {
	{ "failslab", "2" }, { "fail_page_alloc", "1" }, { "fail_function", "4" },
};

static int set_fault(const char *name, const char *key, long long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), FAULTS "%s/%s", name, key);
	snprintf(text, sizeof(text), "%lld", value);
	/* Not all of them have all keys. */
	return access(path, W_OK) ? 0 : write_file(path, text);
}

/* Those of processes that ask for it, and @times of these at most */
static int inject(const char *name, const char *probability, int space, int times)
{
	char path[128];

	snprintf(path, sizeof(path), FAULTS "%s/task-filter", name);
	if (write_file(path, "Y") || set_fault(name, "interval", 1) ||
	    set_fault(name, "verbose", 0) || set_fault(name, "min-order", 0) ||
	    set_fault(name, "ignore-gfp-wait", 0) ||
	    set_fault(name, "space", space) || set_fault(name, "times", times))
		return -1;
	snprintf(path, sizeof(path), FAULTS "%s/probability", name);
	return write_file(path, probability);
}

/* How many of @times did not happen */
static long long not_injected(const char *name)
{
	long long left;
	char path[128];

	snprintf(path, sizeof(path), FAULTS "%s/times", name);
	return read_number(path, &left) ? -1 : left;
}

/* It fails with ENOMEM, as it would for want of room. */
static int may_fail(const char *function)
{
	char path[128];
	int err;

	err = write_file(FUNCTIONS "inject", function);
	if (err)
		return err;
	snprintf(path, sizeof(path), FUNCTIONS "%s/retval", function);
	return write_file(path, "0xfffffffffffffff4");
}

static void stop_faults(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		set_fault(faults[i].name, "probability", 0);
	/* No function's name: none of them */
	write_file(FUNCTIONS "inject", " ");
}

static bool have_faults(void)
{
	unsigned int i;
	char path[128];

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(path, sizeof(path), FAULTS "%s/times", faults[i].name);
		if (access(path, W_OK))
			return false;
	}
	return true;
}

static int make_groups(void)
{
	page = sysconf(_SC_PAGESIZE);
	return subgroup(CGROUP_ROOT, "storm", groups[0], sizeof(groups[0])) ||
	       subgroup(groups[0], "a", groups[1], sizeof(groups[1])) ||
	       subgroup(groups[0], "b", groups[2], sizeof(groups[2])) ||
	       subgroup(groups[2], "c", groups[3], sizeof(groups[3]));
}

static void remove_groups(void)
{
	int i;

	for (i = GROUPS - 1; i >= 0; i--)
		cgroup_remove(groups[i]);
}

FIXTURE_SETUP(storm)
{
	unsigned int i;

	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	if (variant->faults && !have_faults())
		SKIP(return, "CONFIG_FAILSLAB, _FAIL_PAGE_ALLOC or _FAIL_FUNCTION is off");
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->mode));
	ASSERT_EQ(0, make_groups());
	if (variant->faults) {
		ASSERT_EQ(0, may_fail(PRIVATE));
		ASSERT_EQ(0, may_fail(INHERIT));
		ASSERT_EQ(0, may_fail(SHMEM));
		ASSERT_EQ(0, may_fail(BIRTH));
		for (i = 0; i < ARRAY_SIZE(faults); i++)
			ASSERT_EQ(0, inject(faults[i].name, faults[i].probability,
					    0, INT_MAX));
	}
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	self->log = log_from_now();
	ASSERT_LE(0, self->log);
	self->others = commit_of_no_process();
}

FIXTURE_TEARDOWN(storm)
{
	stop_faults();
	remove_groups();
	/* What does not balance is put right when a process or a group ends. */
	EXPECT_FALSE(log_says(self->log, UNBALANCED));
	close(self->log);
	write_file(OVERCOMMIT, self->overcommit);
}

/* Until all that has been killed is gone, 5 s at most */
static bool comes_back(long long others)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (!commit_of(groups[0], "current") && commit_of_no_process() == others)
			return true;
		usleep(10000);
	}
	return false;
}

/* Long enough for COMMIT_SECONDS=3600 */
TEST_F_TIMEOUT(storm, ends_where_it_began, 4000)
{
	time_t end = time(NULL) + param("COMMIT_SECONDS", 6);
	unsigned int seed = param("COMMIT_SEED", 1);
	const char * const leaves[] = { groups[1], groups[3] };
	int left = 0, started = 0, i;
	struct commit_stepper w[WORKERS];
	pid_t pids[WORKERS] = { };
	bool stop = false;
	long long current;
	char path[1024];

	for (i = 0; i < WORKERS; i++)
		w[i] = (struct commit_stepper) {
			.seed = seed + i, .nr = i, .faults = variant->faults,
			.groups = leaves, .nr_groups = 2,
		};
	/* Limits come and go, and who dies of one has a successor. */
	while (!stop || left) {
		const char *group = groups[rand_r(&seed) % GROUPS];

		for (i = 0; i < WORKERS; i++) {
			if (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
				pids[i] = 0;
				left--;
			}
			if (stop || pids[i] > 0)
				continue;
			w[i].seed += WORKERS;
			pids[i] = fork_into(leaves[i % 2], storms, &w[i]);
			started += pids[i] > 0;
			left += pids[i] > 0;
		}
		if (rand_r(&seed) % 3)
			commit_set_number(group, "max", commit_of(group, "current") +
					  (rand_r(&seed) % 400) * page);
		else
			commit_set(group, "max", "max");
		commit_set(group, "mode", rand_r(&seed) % 2 ? "strict" : "system");
		current = commit_of(groups[0], "current");
		EXPECT_LE(current, commit_of(groups[0], "peak"));
		usleep(10000);
		stop = time(NULL) >= end;
		__atomic_store_n(&shared->stop, stop, __ATOMIC_RELAXED);
	}
	stop_faults();
	/* What outlived a worker: its children, by name of their cgroup, and shm. */
	for (i = 0; i < GROUPS; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.kill", groups[i]);
		write_file(path, "1");
	}
	for (i = 0; i < WORKERS; i++)
		commit_steps_end(i);
	EXPECT_TRUE(comes_back(self->others));
	for (i = 0; i < GROUPS; i++)
		EXPECT_EQ(0, commit_of(groups[i], "current"));
	EXPECT_EQ(self->others, commit_of_no_process());
	EXPECT_LT(0, commit_of(groups[0], "peak"));
	TH_LOG("%lld steps by %d processes, refused %lld times", shared->steps, started,
	       commit_refusals(groups[0]));
	EXPECT_LT(20, shared->steps);
	for (i = 0; variant->faults && i < (int)ARRAY_SIZE(faults); i++) {
		long long rest = not_injected(faults[i].name);

		TH_LOG("%s: %lld failures", faults[i].name, INT_MAX - rest);
		EXPECT_LE(0, rest);
		EXPECT_GT(INT_MAX, rest);
	}
}

/* -- One path after the other -- */

#define AREA	16	/* pages */

/* One that counts, and behind it one that does not: nobody may write to it. */
static char *area, *place;

/* Each returns 0, or 1 if it was refused. */

static int maps(void)
{
	return mmap(NULL, 5 * page, RW, PRIVATE_MAP, -1, 0) == MAP_FAILED;
}

static int maps_over(void)
{
	return mmap(place - 4 * page, 8 * page, RW, PRIVATE_MAP | MAP_FIXED,
		    -1, 0) == MAP_FAILED;
}

static int maps_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *at = mmap(place, 2 * page, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);

	close(fd);
	return at == MAP_FAILED;
}

static int maps_shared(void)
{
	return mmap(NULL, 5 * page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int moves_break(void)
{
	return sbrk(100 * page) == (void *)-1;
}

static int makes_writable(void)
{
	return mprotect(place, 3 * page, RW) != 0;
}

static int lengthens(void)
{
	return munmap(place, AREA * page) ||
	       mremap(area, AREA * page, (AREA + 4) * page, 0) == MAP_FAILED;
}

static int moves_away(void)
{
	return mremap(area, AREA * page, 2 * AREA * page, MREMAP_MAYMOVE) == MAP_FAILED;
}

static int moves(void)
{
	return mremap(area, 4 * page, 8 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		      place) == MAP_FAILED;
}

static int moves_and_stays(void)
{
	return mremap(area, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED |
		      MREMAP_DONTUNMAP, place) == MAP_FAILED;
}

static int uses_stack(void)
{
	grow_stack(8192, 40);
	return 0;
}

static int grows(void)
{
	char *a = map_growing(4, 600, RW, 0);

	return !a || !grow_to(a - 20 * page);
}

static int is_watched(void)
{
	int fd = open_uffd();
	bool done = fd >= 0 && !uffd_register(fd, place, 3 * page, UFFDIO_REGISTER_MODE_WP);

	close(fd);
	return !done;
}

static int ends(void *unused)
{
	return 0;
}

static int forks(void)
{
	return run_in(NULL, ends, NULL) != 0;
}

static int forks_elsewhere(void)
{
	return run_in(groups[3], ends, NULL) != 0;
}

/* Where memory counts that is inherited and did not */
static int forks_into_strict(void)
{
	bool done;

	done = mmap(NULL, 5 * page, RW, PRIVATE_MAP | MAP_NORESERVE, -1, 0) != MAP_FAILED &&
	       !commit_set(groups[3], "mode", "strict") && !run_in(groups[3], ends, NULL);
	commit_set(groups[3], "mode", "system");
	return !done;
}

static int execs(void)
{
	execl("/proc/self/exe", "commit_storm_test", "--true", NULL);
	return 1;
}

static int shares_by_key(void)
{
	int id = shmget(IPC_PRIVATE, 5 * page, 0600);

	return id < 0 || shmctl(id, IPC_RMID, NULL);
}

static int writes(void)
{
	int fd = memfd_create("storm", MFD_CLOEXEC), i;
	bool done = fd >= 0;

	for (i = 0; done && i < 6; i += 2)
		done = pwrite(fd, "x", 1, i * page) == 1;
	close(fd);
	return !done;
}

static int allocates(void)
{
	int fd = memfd_create("storm", MFD_CLOEXEC);
	bool done = !fallocate(fd, 0, 0, 6 * page);

	close(fd);
	return !done;
}

/* The program's loader may be killed, say that it can't, or do without. */
#define ANY	(-1)

static const struct path {
	const char *name;
	int (*run)(void);
	const char *function;
	int promises;	/* at least */
	int status;	/* where one is refused */
	int tries;	/* for each; tmpfs looks for what it can free between them */
} paths[] = {
	{ "mmap", maps, PRIVATE, 1, 1, 1 },
	{ "mmap over", maps_over, PRIVATE, 1, 1, 1 },
	{ "mmap of a file", maps_file, PRIVATE, 1, 1, 1 },
	{ "mmap shared", maps_shared, SHMEM, 1, 1, 1 },
	{ "brk", moves_break, PRIVATE, 1, 1, 1 },
	{ "mprotect", makes_writable, PRIVATE, 1, 1, 1 },
	{ "mremap", lengthens, PRIVATE, 1, 1, 1 },
	{ "mremap and move", moves_away, PRIVATE, 1, 1, 1 },
	{ "mremap to a place", moves, PRIVATE, 1, 1, 1 },
	{ "mremap and stay", moves_and_stays, PRIVATE, 1, 1, 1 },
	{ "stack", uses_stack, PRIVATE, 4, 256 + SIGSEGV, 1 },
	{ "growth", grows, PRIVATE, 2, 1, 1 },
	{ "userfaultfd", is_watched, PRIVATE, 1, 1, 1 },
	{ "fork", forks, INHERIT, 4, 1, 1 },
	{ "fork: birth", forks, BIRTH, 1, 1, 1 },
	{ "fork elsewhere", forks_elsewhere, INHERIT, 4, 1, 1 },
	{ "fork elsewhere: birth", forks_elsewhere, BIRTH, 1, 1, 1 },
	{ "fork into strict", forks_into_strict, INHERIT, 5, 1, 1 },
	{ "exec", execs, PRIVATE, 2, ANY, 1 },
	{ "shmget", shares_by_key, SHMEM, 1, 1, 1 },
	{ "memfd: write", writes, SHMEM, 3, 1, 2 },
	{ "memfd: fallocate", allocates, SHMEM, 6, 1, 2 },
};

/* What the group has beside the private memory of the one process in it */
static long long apart(void)
{
	return commit_of(groups[1], "current") - promise_of(getpid());
}

static int walks(void *arg)
{
	const struct path *path = arg;
	long long before;
	int refused;

	area = mmap(NULL, 2 * AREA * page, PROT_READ, PRIVATE_MAP, -1, 0);
	MUST(area != MAP_FAILED);
	MUST(!mprotect(area, AREA * page, RW));
	place = area + AREA * page;
	before = apart();
	MUST(!write_file("/proc/self/make-it-fail", "1"));
	refused = path->run();
	MUST(!write_file("/proc/self/make-it-fail", "0"));
	/* Whole, or not at all */
	if (refused)
		MUST_EQ(apart(), before);
	return refused;
}

FIXTURE(walk) {
	long long others;
	int log;
};

FIXTURE_SETUP(walk)
{
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	if (!have_faults())
		SKIP(return, "CONFIG_FAIL_FUNCTION is off");
	ASSERT_EQ(0, make_groups());
	self->log = log_from_now();
	ASSERT_LE(0, self->log);
	self->others = commit_of_no_process();
}

FIXTURE_TEARDOWN(walk)
{
	stop_faults();
	remove_groups();
	EXPECT_FALSE(log_says(self->log, UNBALANCED));
	close(self->log);
}

/* The first promise of each path fails, then the second, until there is none. */
TEST_F_TIMEOUT(walk, each_failure_is_undone, 300)
{
	const struct path *path;
	long long failed;
	int nth, status;

	for (path = paths; path < paths + ARRAY_SIZE(paths); path++) {
		ASSERT_EQ(0, may_fail(path->function));
		for (nth = 1;; nth++) {
			ASSERT_EQ(0, inject("fail_function", "100", nth,
					    path->tries));
			status = run_in(groups[1], walks, (void *)path);
			failed = path->tries - not_injected("fail_function");
			if (!failed)
				break;
			ASSERT_EQ(path->tries, failed);
			/* 99: not undone */
			EXPECT_NE(99, status);
			if (path->status != ANY)
				EXPECT_EQ(path->status, status);
			EXPECT_EQ(0, commit_of(groups[0], "current"));
		}
		stop_faults();
		TH_LOG("%s: %d promises by %s", path->name, nth - 1, path->function);
		EXPECT_EQ(0, status);
		EXPECT_LE(path->promises, nth - 1);
		EXPECT_TRUE(comes_back(self->others));
	}
}

/* Pages of writable private mappings that count nowhere; those that do are in @promise. */
static long long uncounted(long long *promise)
{
	long long size = 0, sum = 0;
	static char text[1 << 16];
	char *line, *end;

	*promise = 0;
	MUST(read_file("/proc/self/smaps", text, sizeof(text)) > 0);
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (sscanf(line, "Size: %lld", &size) == 1 || strncmp(line, "VmFlags:", 8))
			continue;
		if (strstr(line, " ac"))
			*promise += size << 10;
		else if (strstr(line, " wr") && !strstr(line, " sh"))
			sum += size << 10;
	}
	return sum / page;
}

static long long left_behind;

static int inherits_what_is_left(void *arg)
{
	MUST_EQ(promise_of(getpid()) - promise_of(getppid()), left_behind * page);
	return 0;
}

/*
 * A move that can't unmap where the mapping was, at a limit: what is left there counts
 * nowhere, as if it were MAP_NORESERVE, so that it counts for a strict child.
 */
static int moves_and_fails(void *arg)
{
	int fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC), nth;
	int *stayed = arg;
	long long promise;
	char text[16] = "";

	MUST(fd >= 0);
	area = mmap(NULL, 16 * page, PROT_NONE, PRIVATE_MAP, -1, 0);
	place = mmap(NULL, 6 * page, PROT_NONE, PRIVATE_MAP, -1, 0);
	for (nth = 1; nth < 200; nth++) {
		MUST(!commit_set(groups[1], "max", "max"));
		MUST(mmap(area + page, 12 * page, RW, PRIVATE_MAP | MAP_FIXED, -1, 0) !=
		     MAP_FAILED);
		memset(area + page, 1, 12 * page);
		MUST(mmap(place + page, 4 * page, PROT_NONE, PRIVATE_MAP | MAP_FIXED, -1, 0) !=
		     MAP_FAILED);
		MUST(!commit_set_number(groups[1], "max", commit_of(groups[1], "current")));
		snprintf(text, sizeof(text), "%d", nth);
		MUST(pwrite(fd, text, strlen(text), 0) > 0);
		mremap(area + 5 * page, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		       place + page);
		MUST(pread(fd, text, sizeof(text) - 1, 0) > 0);
		MUST_EQ(pwrite(fd, "0", 1, 0), 1);
		left_behind = uncounted(&promise);
		MUST_EQ(promise, commit_of(groups[1], "current"));
		if (left_behind) {
			(*stayed)++;
			MUST_EQ(run_in(groups[3], inherits_what_is_left, NULL), 0);
		}
		/* So many were not even asked for. */
		if (atoi(text))
			return 0;
	}
	return 1;
}

TEST_F(walk, a_move_that_stays_is_as_noreserve)
{
	int *stayed = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, stayed);
	ASSERT_EQ(0, commit_set(groups[3], "mode", "strict"));
	ASSERT_EQ(0, inject("failslab", "0", 0, INT_MAX));
	EXPECT_EQ(0, run_in(groups[1], moves_and_fails, stayed));
	TH_LOG("%d times what was moved away stayed mapped", *stayed);
	EXPECT_LT(0, *stayed);
	EXPECT_EQ(0, commit_of(groups[0], "current"));
	munmap(stayed, page);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	return test_harness_run(argc, argv);
}
