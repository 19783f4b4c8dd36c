// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm over all paths that promise memory, by several processes in cgroups
 * whose limits come and go, while allocations in the kernel fail at random where
 * it can be told to let them fail. It ends with every count where it began.
 *
 * COMMIT_SECONDS and COMMIT_SEED in the environment make it longer, and other.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define ARENA		2048	/* pages */
#define WORKERS		4
/* top, a, b, b/c; processes are in the leaves, a and c. */
#define GROUPS		4
#define KEY		0x636f6d00
#define FAILSLAB	"/sys/kernel/debug/failslab"
#define FAIL_PAGE	"/sys/kernel/debug/fail_page_alloc"

static long page;
static char groups[GROUPS][128];
static const int leaves[] = { 1, 3 };

struct worker {
	unsigned int seed;
	int nr;
	bool faults;
	char *arena;
	int memfd;
};

static struct shared {
	bool stop;
	long long steps;
} *shared;

static unsigned int below(struct worker *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

static void grows_stack(int depth)
{
	char frame[8192];

	frame[0] = depth;
	if (depth)
		grows_stack(depth - 1);
	/* Keeps the frame until here. */
	asm volatile("" : : "r"(frame) : "memory");
}

static void join_group(struct worker *w)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/cgroup.procs", groups[leaves[below(w, 2)]]);
	write_file(path, "0");
}

static int prot(struct worker *w)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW, RW, RW };

	return prots[below(w, 5)];
}

static void step(struct worker *w);

static int bears(void *arg)
{
	struct worker *w = arg;
	int steps = below(w, 8);

	while (steps--)
		step(w);
	if (below(w, 4) == 0)
		execl("/proc/self/exe", "commit_storm_test", "--true", NULL);
	return 0;
}

static void step(struct worker *w)
{
	unsigned int at = below(w, ARENA), len = 1 + below(w, 1 + below(w, 200));
	unsigned int to = below(w, ARENA), more = 1 + below(w, 64);
	char *a, *b;
	int fd, id;
	pid_t pid;

	if (at + len > ARENA)
		len = ARENA - at;
	if (to + more > ARENA)
		more = ARENA - to;
	if (to + len > ARENA)
		to = ARENA - len;
	a = w->arena + at * page;
	b = w->arena + to * page;
	switch (below(w, 24)) {
	case 0 ... 2:
		mmap(a, len * page, prot(w), PRIVATE | MAP_FIXED, -1, 0);
		break;
	case 3:
		mmap(a, len * page, prot(w), MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 4:
		mmap(a, len * page, prot(w), PRIVATE | MAP_FIXED | MAP_NORESERVE, -1, 0);
		break;
	case 5:
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		mmap(a, len * page, prot(w), MAP_PRIVATE | MAP_FIXED, fd, 0);
		close(fd);
		break;
	case 6:
		/* A driver that refuses, when what was there is gone already */
		fd = open("/dev/ttyS1", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		mmap(a, len * page, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
		close(fd);
		break;
	case 7 ... 8:
		munmap(a, len * page);
		break;
	case 9 ... 10:
		mprotect(a, len * page, prot(w));
		break;
	case 11:
		mremap(a, len * page, more * page, MREMAP_MAYMOVE | MREMAP_FIXED, b);
		break;
	case 12:
		/* Where it goes it may stay: a few pages, and the arena comes back */
		mremap(a, len * page, (len + below(w, 4)) * page, 0);
		break;
	case 13:
		mremap(a, len * page, len * page,
		       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, b);
		break;
	case 14:
		madvise(a, len * page, below(w, 2) ? MADV_DONTFORK : MADV_DOFORK);
		break;
	case 15:
		madvise(a, len * page, below(w, 2) ? MADV_POPULATE_WRITE : MADV_DONTNEED);
		break;
	case 16:
		if (below(w, 2))
			sbrk(len * page);
		else
			brk((char *)sbrk(0) - page * below(w, 2));
		break;
	case 17:
		grows_stack(below(w, 12));
		break;
	case 18:
		fd = memfd_create("storm", MFD_CLOEXEC);
		if (fd < 0)
			break;
		if (w->memfd >= 0)
			close(w->memfd);
		w->memfd = fd;
		if (ftruncate(fd, 64 * page))
			break;
		mmap(a, len * page, prot(w), MAP_SHARED | MAP_FIXED, fd, 0);
		break;
	case 19:
		if (w->memfd < 0)
			break;
		if (below(w, 2))
			pwrite(w->memfd, a, 1, below(w, 64) * page);
		if (below(w, 2))
			fallocate(w->memfd, 0, below(w, 64) * page, more * page);
		if (below(w, 2))
			fallocate(w->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  below(w, 64) * page, more * page);
		if (below(w, 2))
			ftruncate(w->memfd, below(w, 64) * page);
		break;
	case 20:
		id = shmget(KEY + w->nr, len * page, 0600 | IPC_CREAT |
			    (below(w, 2) ? SHM_NORESERVE : 0));
		if (id < 0)
			id = shmget(KEY + w->nr, 0, 0600);
		b = shmat(id, a, SHM_REMAP);
		shmctl(id, IPC_RMID, NULL);
		break;
	case 21:
		join_group(w);
		break;
	case 22:
		fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		pwrite(fd, &step, 16, below(w, 16) * page);
		if (below(w, 2))
			mmap(a, len * page, prot(w), MAP_SHARED | MAP_FIXED, fd, 0);
		close(fd);
		break;
	default:
		pid = fork_into(below(w, 2) ? groups[leaves[below(w, 2)]] : NULL, bears, w);
		if (pid > 0)
			wait_for(pid);
	}
}

static int storms(void *arg)
{
	struct worker *w = arg;
	struct rlimit none = { };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	w->memfd = -1;
	w->arena = mmap(NULL, ARENA * page, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);
	MUST(w->arena != MAP_FAILED);
	if (w->faults)
		MUST(!write_file("/proc/self/make-it-fail", "1"));
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		step(w);
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

static int inject(const char *dir, const char *probability)
{
	static const char * const settings[][2] = {
		{ "task-filter", "Y" }, { "interval", "1" }, { "times", "-1" },
		{ "verbose", "0" }, { "ignore-gfp-wait", "N" }, { "min-order", "0" },
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, settings[i][0]);
		if (!access(path, W_OK) && write_file(path, settings[i][1]))
			return -1;
	}
	snprintf(path, sizeof(path), "%s/probability", dir);
	return write_file(path, probability);
}

/*
 * What the system has promised beside the processes that there are. Of these, one
 * that reads the test's output may need more memory at any time.
 */
static long long not_of_processes(void)
{
	DIR *proc = opendir("/proc");
	long long sum = 0, promise;
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		promise = atoi(entry->d_name) ? promise_of(atoi(entry->d_name)) : 0;
		sum += promise > 0 ? promise : 0;
	}
	promise = meminfo_bytes("Committed_AS");
	if (proc)
		closedir(proc);
	return promise - sum;
}

FIXTURE_SETUP(storm)
{
	page = sysconf(_SC_PAGESIZE);
	if (getuid())
		SKIP(return, "not root");
	if (!have_commit_cgroup())
		SKIP(return, "no memory.commit files: CONFIG_COMMIT_CGROUP is off");
	if (variant->faults && (access(FAILSLAB, F_OK) || access(FAIL_PAGE, F_OK)))
		SKIP(return, "CONFIG_FAILSLAB or CONFIG_FAIL_PAGE_ALLOC is off");
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->mode));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "storm", groups[0], sizeof(groups[0])));
	ASSERT_EQ(0, subgroup(groups[0], "a", groups[1], sizeof(groups[1])));
	ASSERT_EQ(0, subgroup(groups[0], "b", groups[2], sizeof(groups[2])));
	ASSERT_EQ(0, subgroup(groups[2], "c", groups[3], sizeof(groups[3])));
	if (variant->faults) {
		ASSERT_EQ(0, inject(FAILSLAB, "2"));
		ASSERT_EQ(0, inject(FAIL_PAGE, "1"));
	}
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	self->others = not_of_processes();
}

FIXTURE_TEARDOWN(storm)
{
	int i;

	for (i = GROUPS - 1; i >= 0; i--)
		cgroup_remove(groups[i]);
	write_file(OVERCOMMIT, self->overcommit);
}

/* Until all that has been killed is gone, 5 s at most */
static bool comes_back(long long others)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (!commit_of(groups[0], "current") && not_of_processes() == others)
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
	long long current, steps = 0;
	int left, i, id;
	struct worker w[WORKERS];
	pid_t pids[WORKERS];
	char path[1024];

	for (i = 0; i < WORKERS; i++) {
		w[i] = (struct worker) {
			.seed = seed + i, .nr = i, .faults = variant->faults,
		};
		pids[i] = fork_into(groups[leaves[i % 2]], storms, &w[i]);
		ASSERT_LT(0, pids[i]);
	}
	/* Limits come and go, and the number of those alive falls. */
	for (left = WORKERS; left;) {
		const char *group = groups[rand_r(&seed) % GROUPS];

		if (rand_r(&seed) % 3)
			commit_set_number(group, "max", commit_of(group, "current") +
					  (rand_r(&seed) % 400) * page);
		else
			commit_set(group, "max", "max");
		commit_set(group, "mode", rand_r(&seed) % 2 ? "strict" : "system");
		current = commit_of(groups[0], "current");
		EXPECT_LE(current, commit_of(groups[0], "peak"));
		usleep(10000);
		if (time(NULL) >= end)
			__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < WORKERS; i++) {
			if (pids[i] && waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
				pids[i] = 0;
				left--;
			}
		}
	}
	if (variant->faults) {
		inject(FAILSLAB, "0");
		inject(FAIL_PAGE, "0");
	}
	/* What outlived a worker: its children, by name of their cgroup, and shm. */
	for (i = 0; i < GROUPS; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.kill", groups[i]);
		write_file(path, "1");
	}
	for (i = 0; i < WORKERS; i++) {
		id = shmget(KEY + i, 0, 0600);
		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
	}
	EXPECT_TRUE(comes_back(self->others));
	for (i = 0; i < GROUPS; i++)
		EXPECT_EQ(0, commit_of(groups[i], "current"));
	EXPECT_EQ(self->others, not_of_processes());
	EXPECT_LT(0, commit_of(groups[0], "peak"));
	steps = shared->steps;
	TH_LOG("%lld steps, refused %lld times", steps, commit_refusals(groups[0]));
	EXPECT_LT(20, steps);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	return test_harness_run(argc, argv);
}
