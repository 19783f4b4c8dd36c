// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations cost, by x86's time stamp counter: cycles on a real machine,
 * instructions in a guest under `qemu -icount shift=0`. Elsewhere nanoseconds.
 *
 * Prints "NAME COUNT" lines, the count for one operation: the median of many short
 * rounds, of which most see no timer interrupt, after some that fill caches. The
 * least would be a matter of luck: what an operation leaves to be done every now
 * and then (an empty slab, RCU callbacks, a batch of a counter) is cost, too.
 * What this kernel does not have is printed as "NAME -".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "../kselftest.h"
#include "oom_util.h"

#define ROUNDS	41
#define WARMUP	5

static long page;
static char self_path[4096];

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
#ifdef __x86_64__
	return __rdtsc();
#else
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
#endif
}

static void must(bool done, const char *what)
{
	if (!done)
		die(what);
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED, "mmap");
	madvise(p, pages * page, MADV_NOHUGEPAGE);
	return p;
}

/* Each runs its operation @n times. */

static void mmap_munmap(int n)
{
	while (n--)
		munmap(mmap(NULL, 16 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 16 * page);
}

/* A page more each time, and all of them back */
static void mmap_grow(int n)
{
	char *p = mmap(NULL, n * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	must(p != MAP_FAILED, "mmap");
	for (i = 0; i < n; i++)
		must(mmap(p + i * page, page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
		     "mmap");
	while (i--)
		munmap(p + i * page, page);
}

static int turn[2], back[2];
static pid_t turner;

/* Two processes on one CPU, each in a cgroup of its own where there are any */
static void mmap_turns(int n)
{
	char token = 0;

	while (n--) {
		mmap_munmap(1);
		must(write(turn[1], &token, 1) == 1, "write");
		must(read(back[0], &token, 1) == 1, "read");
	}
}

/* @cgroup: the folder of its cgroup, or NULL */
static void start_turner(const char *cgroup)
{
	char token, file[300];

	must(!pipe(turn) && !pipe(back), "pipe");
	if (cgroup) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
		must(!write_file(file, "0"), file);
	}
	turner = fork();
	must(turner >= 0, "fork");
	if (turner)
		return;
	close(turn[1]);
	while (read(turn[0], &token, 1) == 1) {
		mmap_munmap(1);
		must(write(back[1], &token, 1) == 1, "write");
	}
	_exit(0);
}

static void brk_up_down(int n)
{
	char *end = sbrk(0);

	while (n--) {
		must(!brk(end + 16 * page), "brk");
		brk(end);
	}
}

static void mremap_grow_shrink(int n)
{
	/* The room to grow is free: nothing else is mapped meanwhile. */
	char *p = map(64);

	munmap(p + 16 * page, 48 * page);
	while (n--) {
		must(mremap(p, 16 * page, 32 * page, 0) == p, "mremap");
		mremap(p, 32 * page, 16 * page, 0);
	}
	munmap(p, 16 * page);
}

static void mprotect_writable(int n)
{
	char *p = mmap(NULL, 16 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	must(p != MAP_FAILED, "mmap");
	while (n--) {
		mprotect(p, 16 * page, PROT_READ | PROT_WRITE);
		mprotect(p, 16 * page, PROT_READ);
	}
	munmap(p, 16 * page);
}

static void page_fault(int n)
{
	char *p = map(n);
	int i;

	for (i = 0; i < n; i++)
		p[i * page] = 1;
	munmap(p, n * page);
}

static void fork_exit(int n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		must(waitpid(pid, NULL, 0) == pid, "waitpid");
	}
}

static void fork_exec_exit(int n)
{
	char *const argv[] = { self_path, "--exit", NULL };
	char *const envp[] = { NULL };

	while (n--) {
		pid_t pid = vfork();

		if (!pid) {
			execve(self_path, argv, envp);
			_exit(1);
		}
		must(waitpid(pid, NULL, 0) == pid, "waitpid");
	}
}

static pid_t target;

/* Only asks if it may. */
static void kill_0(int n)
{
	while (n--)
		kill(target, 0);
}

static void answer(int sig, siginfo_t *info, void *context)
{
	kill(info->si_pid, SIGUSR2);
}

/* There, taken by a handler, and back. */
static void kill_and_answer(int n)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (n--) {
		must(!kill(target, SIGUSR1), "kill");
		must(sigwaitinfo(&set, NULL) == SIGUSR2, "sigwaitinfo");
	}
}

/* What else Peios is asked about, of another process. */
static void getpgid_other(int n)
{
	while (n--)
		must(getpgid(target) >= 0, "getpgid");
}

static void setpriority_other(int n)
{
	while (n--)
		must(!setpriority(PRIO_PROCESS, target, 0), "setpriority");
}

static void sched_setaffinity_other(int n)
{
	cpu_set_t set;

	must(!sched_getaffinity(0, sizeof(set), &set), "sched_getaffinity");
	while (n--)
		must(!sched_setaffinity(target, sizeof(set), &set),
		     "sched_setaffinity");
}

static void prlimit_other(int n)
{
	struct rlimit limit;

	must(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	while (n--)
		must(!prlimit(target, RLIMIT_NOFILE, &limit, NULL), "prlimit");
}

/*
 * With a pid beyond the first page of them: how many pages the kernel looks into
 * for one should not depend on how many threads of its own it has.
 */
static void start_target(void)
{
	const struct sigaction action = {
		.sa_sigaction = answer,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGUSR1, &action, NULL);
	while ((target = fork()) < 200) {
		if (!target) {
			for (;;)
				pause();
		}
		must(target > 0, "fork");
		kill(target, SIGKILL);
		waitpid(target, NULL, 0);
	}
}

static void read_again(const char *path, int n)
{
	char text[1024];
	int fd = open(path, O_RDONLY);

	must(fd >= 0, path);
	while (n--)
		must(pread(fd, text, sizeof(text), 0) > 0, path);
	close(fd);
}

static void oom_score_read(int n)
{
	read_again("/proc/self/oom_score", n);
}

static void oom_score_adj_read(int n)
{
	read_again(ADJ_FILE, n);
}

static void oom_score_adj_write(int n)
{
	int fd = open(ADJ_FILE, O_WRONLY);

	must(fd >= 0, ADJ_FILE);
	while (n--)
		must(pwrite(fd, "0", 1, 0) == 1, ADJ_FILE);
	close(fd);
}

static void cgroup_mkdir_rmdir(int n)
{
	while (n--) {
		must(!mkdir(CGROUP_ROOT "/bench-empty", 0755), "mkdir");
		must(!rmdir(CGROUP_ROOT "/bench-empty"), "rmdir");
	}
}

static void commit_read(int n)
{
	read_again("/proc/self/commit", n);
}

static void meminfo_read(int n)
{
	read_again("/proc/meminfo", n);
}

/* Takes a sample, as a trigger does ten times a second. */
static void commitinfo_read(int n)
{
	read_again("/proc/commitinfo", n);
}

static char *maps[1000];

/* Neighbours of another protection, so that each is a mapping of its own. */
static void commit_read_1000_maps(int n)
{
	static bool mapped;
	int i;

	for (i = 0; i < 1000 && !mapped; i++) {
		maps[i] = map(2);
		mprotect(maps[i], page, PROT_READ);
	}
	mapped = true;
	read_again("/proc/self/commit", n);
}

static const struct benchmark {
	const char *name;
	void (*run)(int n);
	int n;
	const char *needs;
} benchmarks[] = {
	{ "mmap+munmap",	mmap_munmap,		100 },
	{ "mmap_grow",		mmap_grow,		100 },
	{ "mmap_turns",		mmap_turns,		50 },
	{ "brk",		brk_up_down,		100 },
	{ "mremap",		mremap_grow_shrink,	100 },
	{ "mprotect",		mprotect_writable,	100 },
	{ "fault",		page_fault,		100 },
	{ "fork+exit",		fork_exit,		4 },
	{ "exec",		fork_exec_exit,		2 },
	{ "kill",		kill_and_answer,	50 },
	{ "kill_0",		kill_0,			400 },
	{ "getpgid",		getpgid_other,		400 },
	{ "setpriority",	setpriority_other,	400 },
	{ "sched_setaffinity",	sched_setaffinity_other, 100 },
	{ "prlimit",		prlimit_other,		400 },
	{ "oom_score_read",	oom_score_read,		100 },
	{ "oom_score_adj_read",	oom_score_adj_read,	100 },
	{ "oom_score_adj_write", oom_score_adj_write,	100 },
	{ "cgroup",		cgroup_mkdir_rmdir,	2 },
	{ "meminfo_read",	meminfo_read,		50 },
	{ "commit_read",	commit_read,		100,
	  "/proc/self/commit" },
	{ "commitinfo_read",	commitinfo_read,	100,
	  "/proc/commitinfo" },
	{ "commit_read_1000_maps", commit_read_1000_maps, 20,
	  "/proc/self/commit" },
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(const struct benchmark *b)
{
	uint64_t start, took[ROUNDS];
	int round;

	if (b->needs && access(b->needs, R_OK)) {
		printf("%s -\n", b->name);
		return;
	}
	for (round = -WARMUP; round < ROUNDS; round++) {
		start = now();
		b->run(b->n);
		if (round >= 0)
			took[round] = now() - start;
	}
	qsort(took, ROUNDS, sizeof(took[0]), compare);
	printf("%s %llu\n", b->name,
	       (unsigned long long)(took[ROUNDS / 2] / b->n));
	fflush(stdout);
}

/*
 * Run in a cgroup @depth levels deep, each with a commit limit that is far; an
 * mm stays with the cgroup in which it was made, so a child measures.
 */
static void enter_cgroups(int depth, bool limits)
{
	char path[256] = CGROUP_ROOT, file[300];
	int len = strlen(path);

	while (depth--) {
		snprintf(file, sizeof(file), "%s/cgroup.subtree_control", path);
		must(!write_file(file, "+memory"), file);
		len += snprintf(path + len, sizeof(path) - len, "/bench");
		must(!mkdir(path, 0755), path);
		if (!limits)
			continue;
		snprintf(file, sizeof(file), "%s/memory.commit.max", path);
		must(!write_file(file, "1G"), file);
	}
	/* Beside the last one */
	snprintf(file, sizeof(file), "%s-turns", path);
	must(!mkdir(file, 0755), file);
	if (limits) {
		snprintf(file, sizeof(file), "%s-turns/memory.commit.max", path);
		must(!write_file(file, "1G"), file);
		snprintf(file, sizeof(file), "%s-turns", path);
	}
	start_turner(file);
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	must(!write_file(file, "0"), file);
}

static long long used_bytes(void)
{
	long long total, free;

	/* What is on its way back, and what could be given back */
	sleep(2);
	write_file("/proc/sys/vm/drop_caches", "3");
	sleep(1);
	must(!read_key_number("/proc/meminfo", "MemTotal", &total) &&
	     !read_key_number("/proc/meminfo", "MemFree", &free), "meminfo");
	return (total - free) * 1024;
}

/* So many cgroups at once: what each takes, to be made and to be removed, and of memory */
static void many_cgroups(int n)
{
	uint64_t start, made, removed;
	long long used = used_bytes();
	char path[64];
	int i;

	start = now();
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), CGROUP_ROOT "/many-%d", i);
		must(!mkdir(path, 0755), path);
	}
	made = now() - start;
	used = used_bytes() - used;
	start = now();
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), CGROUP_ROOT "/many-%d", i);
		must(!rmdir(path), path);
	}
	removed = now() - start;
	printf("many_mkdir %llu\nmany_rmdir %llu\nmany_bytes %lld\n",
	       (unsigned long long)made / n, (unsigned long long)removed / n, used / n);
}

int main(int argc, char *argv[])
{
	unsigned int i;
	int status;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	if (argc == 3 && !strcmp(argv[1], "--many")) {
		write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
		many_cgroups(atoi(argv[2]));
		return 0;
	}
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--limits") &&
			 strcmp(argv[1], "--cgroups"))) {
		fprintf(stderr, "usage: %s [--cgroups | --limits | --many N]\n\n"
			"--cgroups: in a cgroup three levels deep\n"
			"--limits: the same with memory.commit.max at each level\n"
			"--many: what each of N cgroups takes\n",
			argv[0]);
		return 2;
	}
	page = sysconf(_SC_PAGESIZE);
	must(readlink("/proc/self/exe", self_path, sizeof(self_path) - 1) > 0,
	     "readlink");
	/* cgroup+memory, as a service manager has it. */
	write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	if (argc == 2)
		enter_cgroups(3, !strcmp(argv[1], "--limits"));
	else
		start_turner(NULL);

	start_target();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		for (i = 0; i < ARRAY_SIZE(benchmarks); i++)
			measure(&benchmarks[i]);
		exit(0);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	kill(target, SIGKILL);
	kill(turner, SIGKILL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
