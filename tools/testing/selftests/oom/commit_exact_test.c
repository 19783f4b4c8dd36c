// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system's commit limit with vm.overcommit_memory 2: exact to the page, with
 * any number of CPUs at once; reserves; changes of mode and limit.
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
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_hammer.h"
#include "commit_util.h"
#include "oom_util.h"

#define VM(knob)	"/proc/sys/vm/" knob
#define PAGES(n)	((n) * page)
#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)

static long page;

static const char * const knobs[] = {
	VM("admin_reserve_kbytes"), VM("user_reserve_kbytes"),
	VM("overcommit_kbytes"), OVERCOMMIT,
};

#define KNOBS		ARRAY_SIZE(knobs)

FIXTURE(strict) {
	char old[KNOBS][32];
};

FIXTURE_SETUP(strict)
{
	unsigned int i;

	page = sysconf(_SC_PAGESIZE);
	/* What can be seen of CONFIG_COMMIT_EXACT */
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	for (i = 0; i < KNOBS; i++)
		ASSERT_LT(0, read_file(knobs[i], self->old[i], sizeof(self->old[i])));
	ASSERT_EQ(0, write_file(knobs[0], "0"));
	ASSERT_EQ(0, write_file(knobs[1], "0"));
}

FIXTURE_TEARDOWN(strict)
{
	int i;

	for (i = KNOBS - 1; i >= 0; i--) {
		if (i == 2 && !atoll(self->old[i]))
			write_file(VM("overcommit_ratio"), "50");
		else
			write_file(knobs[i], self->old[i]);
	}
}

/* Strict, with room for so many pages more than are promised now */
static void leave(long pages)
{
	char text[32];

	MUST(!write_file(VM("overcommit_kbytes"), "1000000000"));
	MUST(!write_file(OVERCOMMIT, "2"));
	snprintf(text, sizeof(text), "%lld", (meminfo_bytes("Committed_AS") + PAGES(pages) -
					      meminfo_bytes("SwapTotal")) >> 10);
	MUST(!write_file(VM("overcommit_kbytes"), text));
	MUST_EQ(meminfo_bytes("CommitLimit") - meminfo_bytes("Committed_AS"), PAGES(pages));
}

static void *map(long pages)
{
	return mmap(NULL, PAGES(pages), RW, PRIVATE, -1, 0);
}

static int to_the_page(void *arg)
{
	void *a, *b;

	leave(100);
	MUST(map(101) == MAP_FAILED && errno == ENOMEM);
	a = map(100);
	MUST(a != MAP_FAILED);
	MUST_EQ(meminfo_bytes("Committed_AS"), meminfo_bytes("CommitLimit"));
	MUST(map(1) == MAP_FAILED);
	MUST(fork() == -1 && errno == ENOMEM);
	MUST_EQ(meminfo_bytes("Committed_AS"), meminfo_bytes("CommitLimit"));
	MUST(!munmap(a, PAGES(1)));
	MUST(map(2) == MAP_FAILED);
	b = map(1);
	MUST(b != MAP_FAILED);
	MUST(map(1) == MAP_FAILED);
	return 0;
}

TEST_F(strict, the_limit_is_exact_to_the_page)
{
	EXPECT_EQ(0, run_in(NULL, to_the_page, NULL));
}

/* What other CPUs have set aside is fetched back if a request needs it. */
static int on_each_cpu(void *arg)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu;
	cpu_set_t set;
	void *a;

	leave(3000);
	for (cpu = 0; cpu < cpus; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		MUST(!sched_setaffinity(0, sizeof(set), &set));
		a = map(100);
		MUST(a != MAP_FAILED);
		MUST(!munmap(a, PAGES(100)));
	}
	MUST(map(3001) == MAP_FAILED);
	MUST(map(3000) != MAP_FAILED);
	MUST_EQ(meminfo_bytes("Committed_AS"), meminfo_bytes("CommitLimit"));
	return 0;
}

TEST_F(strict, what_cpus_set_aside_is_not_lost)
{
	EXPECT_EQ(0, run_in(NULL, on_each_cpu, NULL));
}

static int limit_moves(void *arg)
{
	char text[32];
	void *a;

	leave(200);
	a = map(200);
	MUST(a != MAP_FAILED);
	/* Below what is promised: nothing more, nothing less */
	snprintf(text, sizeof(text), "%lld", (meminfo_bytes("CommitLimit") - PAGES(50) -
					      meminfo_bytes("SwapTotal")) >> 10);
	MUST(!write_file(VM("overcommit_kbytes"), text));
	MUST_EQ(meminfo_bytes("Committed_AS") - meminfo_bytes("CommitLimit"), PAGES(50));
	MUST(map(1) == MAP_FAILED);
	MUST(!munmap(a, PAGES(20)));
	MUST(map(1) == MAP_FAILED);
	MUST(!munmap(a + PAGES(20), PAGES(40)));
	MUST(map(11) == MAP_FAILED);
	MUST(map(10) != MAP_FAILED);
	/* Loose, and strict again with what was promised meanwhile */
	MUST(!write_file(OVERCOMMIT, "1"));
	MUST(map(1000) != MAP_FAILED);
	MUST(!write_file(OVERCOMMIT, "2"));
	MUST_EQ(meminfo_bytes("Committed_AS") - meminfo_bytes("CommitLimit"), PAGES(1000));
	MUST(map(1) == MAP_FAILED);
	return 0;
}

TEST_F(strict, a_limit_that_moves_refuses_what_is_new)
{
	EXPECT_EQ(0, run_in(NULL, limit_moves, NULL));
}

static int noreserve(void *arg)
{
	leave(10);
	MUST(mmap(NULL, PAGES(11), RW, PRIVATE | MAP_NORESERVE, -1, 0) == MAP_FAILED);
	MUST(mmap(NULL, PAGES(10), RW, PRIVATE | MAP_NORESERVE, -1, 0) != MAP_FAILED);
	return 0;
}

TEST_F(strict, noreserve_counts)
{
	EXPECT_EQ(0, run_in(NULL, noreserve, NULL));
}

/* The administrators' reserve */
static int with_reserve(void *arg)
{
	const char *command = arg;

	leave(1000);
	MUST(!write_file(VM("admin_reserve_kbytes"), "3200"));
	if (!command || !strncmp(command, "disable", 7)) {
		MUST(!command || !token_command(command));
		MUST(map(1000) != MAP_FAILED);
		return 0;
	}
	if (peios_enforces())
		MUST(!token_command(command));
	else
		MUST(!setuid(65534));
	MUST(map(1000 - (3200 << 10) / page + 1) == MAP_FAILED);
	MUST(map(1000 - (3200 << 10) / page) != MAP_FAILED);
	return 0;
}

TEST_F(strict, the_admin_reserve_is_for_some_only)
{
	EXPECT_EQ(0, run_in(NULL, with_reserve, NULL));
	EXPECT_EQ(0, run_in(NULL, with_reserve, "remove SeTcbPrivilege"));
}

/* Present is enough: also one that has disabled the privilege is of the tier. */
TEST_F(strict, the_tcb_tier_may_use_the_admin_reserve)
{
	if (!peios_enforces())
		SKIP(return, "Peios does not decide here");
	EXPECT_EQ(0, run_in(NULL, with_reserve, "disable SeTcbPrivilege"));
}

/* A file in memory, by a file system over another that the tier has mounted */
static int reserve_by_overlayfs(void *arg)
{
	const char *dir = arg;
	char file[64];
	int fd;

	MUST(!mount("tmpfs", dir, "tmpfs", 0, NULL) && !chdir(dir));
	MUST(!mkdir("lower", 0755) && !mkdir("upper", 0755) &&
	     !mkdir("work", 0755) && !mkdir("merged", 0755));
	if (mount("overlay", "merged", "overlay", 0,
		  "lowerdir=lower,upperdir=upper,workdir=work"))
		return errno == ENODEV ? KSFT_SKIP : 1;
	snprintf(file, sizeof(file), "%s/merged/file", dir);
	leave(1000);
	MUST(!write_file(VM("admin_reserve_kbytes"), "3200"));
	fd = open(file, O_RDWR | O_CREAT, 0600);
	MUST(fd >= 0);
	MUST(!fallocate(fd, 0, 0, PAGES(900)) && !ftruncate(fd, 0));
	MUST(!token_command("remove SeTcbPrivilege"));
	MUST(fallocate(fd, 0, 0, PAGES(1000 - (3200 << 10) / page + 1)));
	MUST(!fallocate(fd, 0, 0, PAGES(1000 - (3200 << 10) / page)));
	return 0;
}

TEST_F(strict, the_admin_reserve_is_not_for_who_writes_over_overlayfs)
{
	char dir[] = "/tmp/oom_reserve_XXXXXX";
	int ret;

	if (!peios_enforces())
		SKIP(return, "Peios does not decide here");
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ret = run_in(NULL, reserve_by_overlayfs, dir);
	rmdir(dir);
	if (ret == KSFT_SKIP)
		SKIP(return, "no overlayfs");
	EXPECT_EQ(0, ret);
}

static int user_reserve(void *arg)
{
	long long size;

	leave(40000);
	/* Address space of 32 MB and more: 1/32 of it, at most the reserve */
	MUST(mmap(NULL, PAGES(64000), PROT_NONE, PRIVATE, -1, 0) != MAP_FAILED);
	MUST(!write_file(VM("user_reserve_kbytes"), "400"));
	MUST(map(40000 - (400 << 10) / page + 1) == MAP_FAILED);
	MUST(!write_file(VM("user_reserve_kbytes"), "1000000"));
	size = 64000 / 32;
	MUST(map(40000 - size) == MAP_FAILED);
	MUST(map(40000 - size - 1000) != MAP_FAILED);
	return 0;
}

TEST_F(strict, the_user_reserve_is_kept)
{
	EXPECT_EQ(0, run_in(NULL, user_reserve, NULL));
}

/* swapoff takes from the limit what nobody was promised, or nothing. */
static int swaps(void *arg)
{
	static char header[4096];
	unsigned int *info = (unsigned int *)(header + 1024);
	long long limit, size = 16 * MB;
	int fd = open("/dev/ram0", O_RDWR | O_CLOEXEC);
	void *a;

	MUST(fd >= 0);
	info[0] = 1;			/* version */
	info[1] = size / page - 1;	/* last page */
	memcpy(header + page - 10, "SWAPSPACE2", 10);
	MUST_EQ(pwrite(fd, header, page, 0), page);
	MUST(!fsync(fd));
	leave(1000);
	limit = meminfo_bytes("CommitLimit");
	MUST(!swapon("/dev/ram0", 0));
	size = meminfo_bytes("CommitLimit") - limit;
	MUST(size > 0);
	a = map(1000 + size / page);
	MUST(a != MAP_FAILED);
	MUST_EQ(meminfo_bytes("Committed_AS"), meminfo_bytes("CommitLimit"));
	MUST(swapoff("/dev/ram0") == -1 && errno == ENOMEM);
	MUST_EQ(meminfo_bytes("CommitLimit"), limit + size);
	MUST(!munmap(a, size - page));
	MUST(swapoff("/dev/ram0") == -1 && errno == ENOMEM);
	MUST(!munmap(a + size - page, page));
	MUST(!swapoff("/dev/ram0"));
	MUST_EQ(meminfo_bytes("CommitLimit"), limit);
	MUST_EQ(meminfo_bytes("Committed_AS"), limit);
	return 0;
}

TEST_F(strict, swapoff_takes_no_more_than_is_free)
{
	if (access("/dev/ram0", R_OK | W_OK))
		SKIP(return, "no /dev/ram0 to swap to: CONFIG_BLK_DEV_RAM is off");
	EXPECT_EQ(0, run_in(NULL, swaps, NULL));
}

/* Numbers of their own for a longer run */
static int param(const char *name, int by_default)
{
	const char *text = getenv(name);

	return text ? atoi(text) : by_default;
}

TEST_F(strict, hammering_never_gets_over_the_limit)
{
	struct hammer h;

	ASSERT_EQ(0, hammer(param("COMMIT_PROCS", 6), param("COMMIT_SECONDS", 2),
			    HAMMER_GREEDY, &h));
	TH_LOG("%lld samples, %lld over by up to %lld kB; %lld requests, %lld refused",
	       h.samples, h.over, h.most >> 10, h.requests, h.refused);
	EXPECT_EQ(0, h.over);
	EXPECT_LT(10, h.samples);
	EXPECT_LT(0, h.refused);
	EXPECT_LT(h.refused, h.requests);
}

TEST_F(strict, hammering_is_granted_what_fits)
{
	struct hammer h;

	ASSERT_EQ(0, hammer(param("COMMIT_PROCS", 6), param("COMMIT_SECONDS", 2),
			    HAMMER_FITTING, &h));
	TH_LOG("%lld samples, %lld requests, %lld refused",
	       h.samples, h.requests, h.refused);
	EXPECT_EQ(0, h.over);
	EXPECT_EQ(0, h.refused);
	EXPECT_LT(100, h.requests);
}

/*
 * Security modules are asked about every promise, in every mode, as on a kernel
 * without CONFIG_COMMIT_EXACT: seen by a probe of the one that is always there.
 */
#define TRACING		"/sys/kernel/tracing/"

/* What these files have goes when they are opened so, and not by a write. */
static void empty(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd >= 0)
		close(fd);
}

static void forget(void)
{
	empty(TRACING "trace");
}

static long asked(char *text, size_t size)
{
	long count = 0;

	if (read_file(TRACING "trace", text, size) < 0)
		return -1;
	while ((text = strstr(text, " enough: ")))
		count++, text++;
	return count;
}

/* The mm that they were asked with; 0 if it was not always the same. */
static unsigned long asked_with(char *text, size_t size)
{
	unsigned long mm, first = 0;

	if (read_file(TRACING "trace", text, size) < 0)
		return 0;
	while ((text = strstr(text, " enough: "))) {
		text = strstr(text, " mm=");
		if (!text)
			return 0;
		mm = strtoul(text + 4, NULL, 0);
		if (first && mm != first)
			return 0;
		first = mm;
	}
	return first;
}

FIXTURE(modules) {
	char old[32];
};

FIXTURE_SETUP(modules)
{
	if (getuid())
		SKIP(return, "not root");
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "kprobe_events", W_OK))
		SKIP(return, "no kprobe_events: CONFIG_KPROBE_EVENTS is off");
	ASSERT_LT(0, read_file(OVERCOMMIT, self->old, sizeof(self->old)));
	ASSERT_EQ(0, write_file(TRACING "kprobe_events",
				"p:enough cap_vm_enough_memory mm=$arg1"));
	ASSERT_EQ(0, write_file(TRACING "events/kprobes/enough/enable", "1"));
}

FIXTURE_TEARDOWN(modules)
{
	write_file(TRACING "events/kprobes/enough/enable", "0");
	write_file(TRACING "kprobe_events", "-:enough");
	empty(TRACING "set_event_pid");
	forget();
	write_file(OVERCOMMIT, self->old);
}

static int ends(void *arg)
{
	return 0;
}

TEST_F(modules, are_asked_in_every_mode)
{
	static const char * const modes[] = { "0", "1", "2" };
	static char text[256 * 1024];
	char filter[32], *memory[10];
	unsigned long mm, with;
	unsigned int i, j;

	page = sysconf(_SC_PAGESIZE);
	snprintf(filter, sizeof(filter), "%d", getpid());
	ASSERT_EQ(0, write_file(TRACING "set_event_pid", filter));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, write_file(OVERCOMMIT, modes[i]));
		forget();
		for (j = 0; j < ARRAY_SIZE(memory); j++)
			memory[j] = mmap(NULL, page, RW | (j % 2 ? PROT_EXEC : 0), PRIVATE,
					 -1, 0);
		EXPECT_LE((long)ARRAY_SIZE(memory), asked(text, sizeof(text))) {
			TH_LOG("vm.overcommit_memory %s", modes[i]);
		}
		mm = asked_with(text, sizeof(text));
		EXPECT_NE(0, mm);
		/* A fork, too: about each mapping that the child inherits */
		forget();
		EXPECT_EQ(0, run_in(NULL, ends, NULL));
		EXPECT_LE((long)ARRAY_SIZE(memory), asked(text, sizeof(text))) {
			TH_LOG("fork, vm.overcommit_memory %s", modes[i]);
		}
		/* With the parent's mm, as on plain Linux */
		with = asked_with(text, sizeof(text));
		EXPECT_EQ(mm, with);
		for (j = 0; j < ARRAY_SIZE(memory); j++)
			munmap(memory[j], page);
	}
}

TEST_HARNESS_MAIN
