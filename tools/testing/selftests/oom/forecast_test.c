// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.forecast of cgroups: what counts, whose limit is named, that its triggers
 * tell before the limit kills, and who may have them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define MAX		"/proc/sys/user/max_commit_triggers"
#define SOON_MS		8000
#define QUIET_MS	700

/*
 *	top
 *	  |-- left
 *	  `-- right
 */
FIXTURE(forecast) {
	char top[128];
	char left[160];
	char right[160];
	char max[32];
};

FIXTURE_SETUP(forecast)
{
	char name[32], path[256];

	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	snprintf(name, sizeof(name), "forecast-%d", getpid());
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, name, self->top, sizeof(self->top)));
	ASSERT_EQ(0, subgroup(self->top, "left", self->left, sizeof(self->left)));
	ASSERT_EQ(0, subgroup(self->top, "right", self->right, sizeof(self->right)));
	snprintf(path, sizeof(path), "%s/memory.forecast", self->left);
	if (access(path, F_OK)) {
		cgroup_remove(self->left);
		cgroup_remove(self->right);
		cgroup_remove(self->top);
		SKIP(return, "no memory.forecast: CONFIG_COMMIT_INFO is off");
	}
	ASSERT_LT(0, read_file(MAX, self->max, sizeof(self->max)));
}

FIXTURE_TEARDOWN(forecast)
{
	write_file(MAX, self->max);
	cgroup_set(self->top, "cgroup.kill", "1");
	while (waitpid(-1, NULL, 0) > 0)
		;
	cgroup_remove(self->left);
	cgroup_remove(self->right);
	cgroup_remove(self->top);
}

static const char *file_of(const char *cgroup)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/memory.forecast", cgroup);
	return path;
}

/* A line in kB, %, or seconds; -1 for "never". */
static long long line_of(const char *cgroup, const char *key)
{
	long long number;

	return read_key_number(file_of(cgroup), key, &number) ? -1 : number;
}

/* Whose limit it is; a path is shown from the root of cgroups. */
static const char *limit_of(const char *cgroup)
{
	static char text[1024];
	char *end;

	if (read_file(file_of(cgroup), text, sizeof(text)) < 0)
		return "";
	end = strchr(text, '\n');
	if (!end || strncmp(text, "Limit: ", 7))
		return "";
	*end = '\0';
	end = strstr(text, " kB ");
	return end ? end + 4 : "";
}

static const char *path_of(const char *cgroup)
{
	return cgroup + strlen(CGROUP_ROOT);
}

static int arm(const char *cgroup, const char *rule)
{
	return commit_arm(file_of(cgroup), rule);
}

static char *promise(size_t bytes, int flags)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    flags | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(2);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

/* Touch memory at a rate in MB/s. */
static void pay(char *memory, size_t bytes, int rate)
{
	long long start = now_ms();
	size_t paid;

	for (paid = 0; paid < bytes; paid += MB) {
		memset(memory + paid, 1, MB);
		while (now_ms() < start + (long long)(paid / MB + 1) * 1000 / rate)
			usleep(5000);
	}
}

TEST_F(forecast, has_the_lines_of_commitinfo)
{
	static const char * const keys[] = {
		"Limit", "Promise", "Payment", "Outstanding", "Available", "Coverage",
		"Refused", "Rate", "Exhaustion", "Growth", "Trend",
	};
	char text[1024], *line, *rest = text;
	struct stat s;
	unsigned int i;

	ASSERT_LT(0, read_file(file_of(self->left), text, sizeof(text)));
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		line = strsep(&rest, "\n");
		ASSERT_NE(NULL, line);
		EXPECT_EQ(0, strncmp(line, keys[i], strlen(keys[i])));
		EXPECT_EQ(':', line[strlen(keys[i])]);
	}
	EXPECT_STREQ("", rest);

	ASSERT_EQ(0, stat(file_of(self->left), &s));
	EXPECT_EQ(0666, s.st_mode & 0777);
	/* The root's is /proc/commitinfo. */
	EXPECT_EQ(-1, access(file_of(CGROUP_ROOT), F_OK));

	EXPECT_EQ(0, line_of(self->left, "Promise"));
	EXPECT_EQ(100, line_of(self->left, "Coverage"));
	EXPECT_EQ(-1, line_of(self->left, "Exhaustion"));
	EXPECT_EQ(-1, line_of(self->left, "Trend"));
}

TEST_F(forecast, names_the_tightest_limit)
{
	long long ram = meminfo_bytes("MemTotal") / 1024, free;

	EXPECT_STREQ("system", limit_of(self->left));
	EXPECT_EQ(ram, line_of(self->left, "Limit"));
	ASSERT_EQ(0, cgroup_set(self->top, "memory.max", "64M"));
	EXPECT_STREQ(path_of(self->top), limit_of(self->left));
	EXPECT_EQ(65536, line_of(self->left, "Limit"));
	free = line_of(self->left, "Available");
	EXPECT_GE(65536 + meminfo_bytes("SwapFree") / 1024, free);
	EXPECT_LE(60000, free);

	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "32M"));
	EXPECT_STREQ(path_of(self->left), limit_of(self->left));
	EXPECT_EQ(32768, line_of(self->left, "Limit"));
	/* Its own is no business of a sibling's. */
	EXPECT_STREQ(path_of(self->top), limit_of(self->right));
	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "128M"));
	EXPECT_STREQ(path_of(self->top), limit_of(self->left));
	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "max"));
	ASSERT_EQ(0, cgroup_set(self->top, "memory.max", "max"));
	EXPECT_STREQ("system", limit_of(self->left));
}

/* What a child has filled, as it says before it waits. */
struct fill {
	int (*fill)(void);
	int pipe[2];
};

static int fill_and_stay(void *arg)
{
	struct fill *f = arg;
	char c = 0;

	c = f->fill();
	MUST_EQ(1, write(f->pipe[1], &c, 1));
	pause();
	return 0;
}

static int fill_anonymous(void)
{
	memset(promise(8 * MB, MAP_PRIVATE), 1, 8 * MB);
	return 0;
}

static int fill_shared(void)
{
	memset(promise(8 * MB, MAP_SHARED), 1, 8 * MB);
	return 0;
}

static int fill_noreserve(void)
{
	memset(promise(8 * MB, MAP_PRIVATE | MAP_NORESERVE), 1, 8 * MB);
	return 0;
}

static int fill_mlocked(void)
{
	mlock(promise(8 * MB, MAP_PRIVATE), 8 * MB);
	return 0;
}

/* 128 pipes of 64 kB */
static int fill_kernel(void)
{
	static char text[65536];
	int i, fds[2];

	for (i = 0; i < 128; i++)
		if (pipe(fds) || fcntl(fds[1], F_SETFL, O_NONBLOCK) ||
		    write(fds[1], text, sizeof(text)) < 32768)
			return 1;
	return 0;
}

/* What the names of files take that do not go, though it is the slab of those that do. */
static int fill_names(void)
{
	char name[128];
	int i, fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/tmp", "tmpfs", 0, "nr_inodes=0"))
		return 1;
	for (i = 0; i < 8000; i++) {
		snprintf(name, sizeof(name), "/tmp/%0100d", i);
		fd = open(name, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			return 1;
		close(fd);
	}
	return 0;
}

/* The kernel remembers that these do not exist, for as long as there is room. */
static int fill_absent(void)
{
	char name[160];
	int i;

	for (i = 0; i < 24000; i++) {
		snprintf(name, sizeof(name), CGROUP_ROOT "/%0100d", i);
		if (!access(name, F_OK))
			return 1;
	}
	return 0;
}

static int fill_cache(void)
{
	char text[65536];
	int fd = open("/dev/ram0", O_RDONLY);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return 1;
	/* Pages of its own, and not those of who has read the disk before. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while (done < 8 * MB && (n = read(fd, text, sizeof(text))) > 0)
		done += n;
	return 0;
}

/* Slab that says it can be reclaimed, in kB. */
static long long slab_of(const char *cgroup)
{
	long long bytes = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/memory.stat", cgroup);
	read_key_number(path, "slab_reclaimable", &bytes);
	return bytes / 1024;
}

/* How many kB of payment and of what is left it costs to fill 8 MB. */
static int cost_of(const char *cgroup, int (*fn)(void), long long *payment,
		   long long *available, long long *outstanding)
{
	struct fill f = { .fill = fn };
	long long paid = line_of(cgroup, "Payment");
	long long free = line_of(cgroup, "Available");
	pid_t pid;
	char c = 1;

	if (pipe(f.pipe))
		return -errno;
	pid = fork_into(cgroup, fill_and_stay, &f);
	close(f.pipe[1]);
	if (read(f.pipe[0], &c, 1) != 1)
		c = 2;
	close(f.pipe[0]);
	*payment = line_of(cgroup, "Payment") - paid;
	*available = free - line_of(cgroup, "Available");
	*outstanding = line_of(cgroup, "Outstanding");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return c;
}

TEST_F_TIMEOUT(forecast, sees_all_that_is_charged, 180)
{
	/* The kernel's objects are twice as large where KASAN watches them. */
	static const struct { const char *name; int (*fill)(void); int most; } kinds[] = {
		{ "anonymous", fill_anonymous, 12000 }, { "shared", fill_shared, 12000 },
		{ "noreserve", fill_noreserve, 12000 }, { "mlocked", fill_mlocked, 12000 },
		{ "kernel", fill_kernel, 12000 }, { "names", fill_names, 24000 },
	};
	long long payment, available, outstanding;
	unsigned int i;

	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "64M"));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, cost_of(self->left, kinds[i].fill, &payment, &available,
				     &outstanding)) {
			TH_LOG("%s", kinds[i].name);
		}
		EXPECT_LE(7000, payment) {
			TH_LOG("%s", kinds[i].name);
		}
		EXPECT_GE(kinds[i].most, payment) {
			TH_LOG("%s", kinds[i].name);
		}
		EXPECT_LE(7000, available) {
			TH_LOG("%s", kinds[i].name);
		}
		EXPECT_GE(kinds[i].most, available) {
			TH_LOG("%s", kinds[i].name);
		}
		/* What is paid is owed no more. */
		EXPECT_GE(4000, outstanding) {
			TH_LOG("%s", kinds[i].name);
		}
	}

	ASSERT_EQ(0, cost_of(self->left, fill_absent, &payment, &available, &outstanding));
	EXPECT_LE(6000, slab_of(self->left));
	EXPECT_GE(2500, payment);
	EXPECT_GE(2500, available);

	if (access("/dev/ram0", R_OK))
		return;
	/* The page cache gives way: nothing is used and nothing is lost. */
	ASSERT_EQ(0, cost_of(self->left, fill_cache, &payment, &available, &outstanding));
	EXPECT_GE(2500, payment);
	EXPECT_GE(2500, available);
}

static int leak(void *arg)
{
	for (;;)
		pay(promise(MB, MAP_PRIVATE), MB, 8);
}

static int leak_noreserve(void *arg)
{
	for (;;)
		pay(promise(MB, MAP_PRIVATE | MAP_NORESERVE), MB, 8);
}

static int pay_an_arena(void *arg)
{
	pay(promise(128 * MB, MAP_PRIVATE), 128 * MB, 8);
	return 0;
}

/* Who is killed in a cgroup is told before; how long before, in ms. */
static long long warned_before(const char *watch, const char *in, const char *rule,
			       int (*load)(void *arg), const char **limit)
{
	int fd = arm(watch, rule), status;
	long long told, killed;
	pid_t pid;

	if (fd < 0)
		return fd;
	pid = fork_into(in, load, NULL);
	if (commit_reported(fd, 20000) != POLLPRI) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(fd);
		return -1;
	}
	told = now_ms();
	*limit = limit_of(watch);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL) {
		close(fd);
		return -2;
	}
	killed = now_ms();
	close(fd);
	return killed - told;
}

TEST_F_TIMEOUT(forecast, tells_of_a_leak_before_its_limit_kills, 180)
{
	const char *limit = NULL;

	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "64M"));
	cgroup_set(self->left, "memory.swap.max", "0");
	EXPECT_LE(2500, warned_before(self->left, self->left, "trend 4", leak, &limit));
	EXPECT_STREQ(path_of(self->left), limit);
	EXPECT_LE(2500, warned_before(self->left, self->left, "trend 4",
				      leak_noreserve, &limit));
	EXPECT_LE(2500, warned_before(self->left, self->left, "exhaustion 4",
				      pay_an_arena, &limit));
}

/* The limit is the parent's, and who meets it is a sibling. */
TEST_F_TIMEOUT(forecast, tells_of_what_a_sibling_does_to_the_parents_limit, 180)
{
	const char *limit = NULL;

	ASSERT_EQ(0, cgroup_set(self->top, "memory.max", "64M"));
	cgroup_set(self->top, "memory.swap.max", "0");
	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "32M"));
	EXPECT_LE(2500, warned_before(self->left, self->right, "trend 4", leak, &limit));
	EXPECT_STREQ(path_of(self->top), limit);
}

/* A job that takes half of it at once is no leak. */
static int take_half(void *arg)
{
	char *memory = promise(32 * MB, MAP_PRIVATE);

	pay(memory, 32 * MB, 20);
	sleep(2);
	return 0;
}

TEST_F_TIMEOUT(forecast, is_calm_about_a_job_that_fits, 180)
{
	int trend, exhaustion;

	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "64M"));
	trend = arm(self->left, "trend 5");
	exhaustion = arm(self->left, "exhaustion 5");
	ASSERT_LE(0, trend);
	ASSERT_LE(0, exhaustion);
	EXPECT_EQ(0, run_in(self->left, take_half, NULL));
	EXPECT_EQ(0, commit_reported(trend, 0));
	EXPECT_EQ(0, commit_reported(exhaustion, 0));
	close(trend);
	close(exhaustion);
}

TEST_F(forecast, takes_the_rules_of_commitinfo)
{
	static const char * const bad[] = {
		"exhaustion", "exhaustion 0", "exhaustion 86401", "exhaustion -1",
		"coverage 0", "coverage 101", "outstanding lots", "some 150000 1000000",
		"5", "\n", " trend 5", "trend 5 ", "trend 5\n\n",
		"outstanding 00000000000000000000000000000000000000000001",
	};
	unsigned int i;
	int fd;

	fd = open(file_of(self->left), O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, write(fd, bad[i], strlen(bad[i]))) {
			TH_LOG("'%s' is taken", bad[i]);
		}
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(POLLPRI | POLLERR, commit_reported(fd, 0));
	EXPECT_EQ(8, write(fd, "trend 5\n", 8));
	EXPECT_EQ(0, commit_reported(fd, 0));
	EXPECT_EQ(-1, write(fd, "trend 6", 7));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, commit_reported(fd, QUIET_MS));
	close(fd);

	fd = open(file_of(self->left), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "trend 5", 7));
	EXPECT_EQ(EBADF, errno);
	close(fd);
}

static int promise_and_stay(void *arg)
{
	promise(64 * MB, MAP_PRIVATE);
	pause();
	return 0;
}

/* Each for itself, though all wait in one queue. */
TEST_F(forecast, reports_to_whom_it_concerns)
{
	int near, far, other;
	pid_t pid;

	near = arm(self->left, "outstanding 33554432");
	far = arm(self->left, "outstanding 1099511627776");
	other = arm(self->right, "outstanding 33554432");
	ASSERT_LE(0, near);
	ASSERT_LE(0, far);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, commit_reported(near, QUIET_MS));
	pid = fork_into(self->left, promise_and_stay, NULL);
	ASSERT_LT(0, pid);
	EXPECT_EQ(POLLPRI, commit_reported(near, SOON_MS));
	EXPECT_EQ(0, commit_reported(near, QUIET_MS));
	EXPECT_EQ(0, commit_reported(far, 0));
	EXPECT_EQ(0, commit_reported(other, 0));
	EXPECT_LE(65536, line_of(self->left, "Outstanding"));
	EXPECT_EQ(0, line_of(self->right, "Outstanding"));
	close(near);
	close(far);
	close(other);
}

/* One who has no rights at all, in the cgroup or not. */
static int arm_as_nobody(void *arg)
{
	const char *cgroup = arg;
	int i, fd;

	MUST(!setgid(65534));
	MUST(!setuid(65534));
	for (i = 0; i < 3; i++) {
		fd = arm(cgroup, "coverage 1");
		MUST(fd >= 0);
	}
	/* The same count as that of /proc/commitinfo. */
	MUST_EQ(-ENOSPC, arm(cgroup, "coverage 1"));
	fd = open("/proc/commitinfo", O_RDWR);
	MUST(fd >= 0);
	MUST(write(fd, "coverage 1", 10) == -1 && errno == ENOSPC);
	return 0;
}

TEST_F(forecast, is_for_everyone_but_limited)
{
	ASSERT_EQ(0, write_file(MAX, "3"));
	EXPECT_EQ(0, run_in(self->right, arm_as_nobody, self->left));
	/* All of its are given back. */
	EXPECT_EQ(0, run_in(self->right, arm_as_nobody, self->left));
}

static int look_from_a_container(void *arg)
{
	char text[1024];
	int fd;

	/* Its root is the cgroup in which it is. */
	MUST(!unshare(CLONE_NEWCGROUP | CLONE_NEWNS));
	MUST(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(!mount("none", "/mnt", "cgroup2", 0, NULL));
	MUST(read_file("/mnt/memory.forecast", text, sizeof(text)) > 0);
	MUST(!strncmp(text, arg, strlen(arg)));
	fd = open("/mnt/memory.forecast", O_RDWR);
	MUST(fd >= 0);
	MUST_EQ(7, write(fd, "trend 5", 7));
	MUST_EQ(0, commit_reported(fd, 300));
	return 0;
}

TEST_F(forecast, is_for_containers)
{
	ASSERT_EQ(0, cgroup_set(self->left, "memory.max", "32M"));
	mkdir("/mnt", 0755);
	EXPECT_EQ(0, run_in(self->left, look_from_a_container, "Limit: 32768 kB /\n"));
	/* Of one above the container it learns that there is one. */
	ASSERT_EQ(0, cgroup_set(self->top, "memory.max", "16M"));
	EXPECT_EQ(0, run_in(self->left, look_from_a_container, "Limit: 16384 kB /..\n"));
}

static void *remove_soon(void *cgroup)
{
	usleep(300000);
	return rmdir(cgroup) ? cgroup : NULL;
}

TEST_F(forecast, ends_with_its_cgroup)
{
	struct epoll_event event = { .events = EPOLLPRI };
	pthread_t thread;
	int fd, epoll;
	void *failed;
	char text[64];

	fd = arm(self->left, "trend 5");
	ASSERT_LE(0, fd);
	epoll = epoll_create1(0);
	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(0, pthread_create(&thread, NULL, remove_soon, self->left));
	/* Who waits is told that there is nothing to wait for. */
	EXPECT_EQ(POLLPRI | POLLERR, commit_reported(fd, SOON_MS));
	pthread_join(thread, &failed);
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, SOON_MS));
	EXPECT_EQ(-1, pread(fd, text, sizeof(text), 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, write(fd, "trend 5", 7));
	EXPECT_EQ(ENODEV, errno);
	close(fd);
	close(epoll);
	/* And none is counted any more. */
	ASSERT_EQ(0, write_file(MAX, "1"));
	fd = arm(self->right, "trend 5");
	EXPECT_LE(0, fd);
	close(fd);
}

static char storm[160];

static void *make_and_remove(void *arg)
{
	long long end = now_ms() + 2000;

	while (now_ms() < end) {
		mkdir(storm, 0755);
		usleep(1000);
		rmdir(storm);
	}
	return NULL;
}

static void *arm_and_poll(void *arg)
{
	long long end = now_ms() + 2000;
	char text[1024];
	int fd;

	while (now_ms() < end) {
		fd = arm(storm, "outstanding 0");
		if (fd < 0)
			continue;
		commit_reported(fd, 3);
		if (pread(fd, text, sizeof(text), 0) < 0 && errno != ENODEV)
			return (void *)1;
		close(fd);
	}
	return NULL;
}

TEST_F_TIMEOUT(forecast, survives_a_storm, 180)
{
	void *(*const run[])(void *) = {
		make_and_remove, arm_and_poll, arm_and_poll, arm_and_poll,
	};
	pthread_t threads[ARRAY_SIZE(run)];
	unsigned int i;
	void *result;
	int fd;

	/* Below one that is watched, too. */
	snprintf(storm, sizeof(storm), "%.140s/storm", self->top);
	fd = arm(self->top, "outstanding 0");
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(run); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run[i], NULL));
	for (i = 0; i < ARRAY_SIZE(run); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &result));
		EXPECT_EQ(NULL, result);
	}
	cgroup_remove(storm);
	close(fd);
	ASSERT_EQ(0, write_file(MAX, "1"));
	fd = arm(self->top, "trend 5");
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_HARNESS_MAIN
