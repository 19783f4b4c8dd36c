// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that get into a private mapping otherwise than by a store of its owner: by
 * userfaultfd, for which it is charged whole when it is registered, and by a debugger
 * or /proc/PID/mem, for which it is not. A load puts none there. See the tables in
 * Documentation/mm/overcommit-accounting.rst.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES(n)	((n) * page)
#define LEN		16

static long page;

static struct in {
	const char *group;
	const char *strict;
	bool all;		/* MAP_NORESERVE counts, too */
	long long own;		/* promised to the child itself at its beginning */
	long long others;	/* Committed_AS beside all processes */
} in;

FIXTURE(fill) {
	char overcommit[16];
	char group[128];
	char strict[128];
	int log;
};

FIXTURE_VARIANT(fill) {
	const char *system;
	const char *cgroup;
	bool all;
};

FIXTURE_VARIANT_ADD(fill, guess) {
	.system = "0", .cgroup = "system",
};

FIXTURE_VARIANT_ADD(fill, never) {
	.system = "2", .cgroup = "system", .all = true,
};

FIXTURE_VARIANT_ADD(fill, strict_in_guess) {
	.system = "0", .cgroup = "strict", .all = true,
};

FIXTURE_SETUP(fill)
{
	int fd;

	page = sysconf(_SC_PAGESIZE);
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	fd = open_uffd();
	if (fd < 0)
		SKIP(return, "no userfaultfd: CONFIG_USERFAULTFD is off");
	close(fd);
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->system));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "fill", self->group, sizeof(self->group)));
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, "strict", self->strict, sizeof(self->strict)));
	ASSERT_EQ(0, commit_set(self->group, "mode", variant->cgroup));
	ASSERT_EQ(0, commit_set(self->strict, "mode", "strict"));
	self->log = log_from_now();
	ASSERT_LE(0, self->log);
	in = (struct in) {
		.group = self->group, .strict = self->strict, .all = variant->all,
		.others = commit_of_no_process(),
	};
}

FIXTURE_TEARDOWN(fill)
{
	EXPECT_EQ(0, commit_of(self->group, "current"));
	EXPECT_EQ(0, commit_of(self->strict, "current"));
	EXPECT_TRUE(commit_of_no_process_is(in.others));
	EXPECT_FALSE(log_says(self->log, UNBALANCED));
	close(self->log);
	cgroup_remove(self->group);
	cgroup_remove(self->strict);
	write_file(OVERCOMMIT, self->overcommit);
}

static void begin(void)
{
	/* It allocates, the first time. */
	commit_of_no_process();
	in.own = promise_of(getpid());
}

/* So much has come to what counts: for mappings, and for objects. */
#define COUNTS(pages, objects)						\
	do {								\
		long long _objects = PAGES(objects);			\
									\
		MUST_EQ(promise_of(getpid()) - in.own, PAGES(pages));	\
		MUST_EQ(commit_of(in.group, "current"),			\
			promise_of(getpid()) + _objects);		\
		MUST(commit_of_no_process_is(in.others + _objects));	\
	} while (0)

static char *map(long pages, int prot, int flags, int fd)
{
	char *a = mmap(NULL, PAGES(pages), prot, flags, fd, 0);

	MUST(a != MAP_FAILED);
	return a;
}

static int watch(int uffd, char *a, long pages, int mode)
{
	return uffd_register(uffd, a, PAGES(pages), mode);
}

static int unwatch(int uffd, char *a, long pages)
{
	struct uffdio_range range = { (unsigned long)a, PAGES(pages) };

	return ioctl(uffd, UFFDIO_UNREGISTER, &range) ? -errno : 0;
}

static int copy(int uffd, char *a, long pages)
{
	static char from[LEN << 16];

	return uffd_copy(uffd, a, from + page - (unsigned long)from % page, PAGES(pages));
}

static const int modes[] = {
	UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP,
	UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
};

static void fills(int uffd, int prot, int mode, int flags)
{
	bool counts = in.all || !(flags & MAP_NORESERVE);
	char *a = map(LEN, prot, PRIVATE | flags, -1);
	long all = counts ? LEN : 0;

	COUNTS(prot & PROT_WRITE ? all : 0, 0);
	/* A part of it, and the whole */
	MUST(!watch(uffd, a + PAGES(4), 3, mode));
	COUNTS(prot & PROT_WRITE ? all : counts ? 3 : 0, 0);
	MUST(!watch(uffd, a, LEN, mode));
	COUNTS(all, 0);
	MUST(!copy(uffd, a, LEN));
	COUNTS(all, 0);
	/* Registered again, and no more; what has pages goes on to count. */
	MUST(!watch(uffd, a, LEN, UFFDIO_REGISTER_MODE_MISSING));
	MUST(!unwatch(uffd, a, LEN));
	MUST(!mprotect(a, PAGES(LEN), prot == PROT_READ ? PROT_NONE : PROT_READ));
	COUNTS(all, 0);
	MUST(!mprotect(a, PAGES(LEN), RW));
	COUNTS(all, 0);
	MUST(!munmap(a + PAGES(5), PAGES(2)));
	COUNTS(counts ? LEN - 2 : 0, 0);
	MUST(!munmap(a, PAGES(LEN)));
	COUNTS(0, 0);
}

static int by_userfaultfd(void *arg)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW };
	int uffd = open_uffd();
	unsigned int i, j;

	begin();
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		for (j = 0; j < ARRAY_SIZE(modes); j++) {
			fills(uffd, prots[i], modes[j], 0);
			fills(uffd, prots[i], modes[j], MAP_NORESERVE);
		}
	}
	return 0;
}

TEST_F_TIMEOUT(fill, by_userfaultfd_counts_from_its_registration, 120)
{
	EXPECT_EQ(0, run_in(self->group, by_userfaultfd, NULL));
}

static int has_as_much(void *arg)
{
	MUST_EQ(promise_of(getpid()), promise_of(getppid()));
	return 0;
}

/* What never got a page may be given back, but not while it may get one. */
static int without_pages(void *arg)
{
	int uffd = open_uffd();
	char *a, *b;

	begin();
	a = map(LEN, RW, PRIVATE, -1);
	COUNTS(LEN, 0);
	MUST(!watch(uffd, a, LEN, UFFDIO_REGISTER_MODE_MISSING));
	MUST(!mprotect(a, PAGES(LEN), PROT_READ));
	COUNTS(LEN, 0);
	MUST_EQ(run_in(NULL, has_as_much, NULL), 0);
	MUST(!unwatch(uffd, a, LEN));
	COUNTS(LEN, 0);
	MUST(!mprotect(a, PAGES(LEN), PROT_NONE));
	COUNTS(0, 0);
	/* It moves, and grows, as what counts. */
	MUST(!watch(uffd, a, LEN, UFFDIO_REGISTER_MODE_MISSING));
	COUNTS(LEN, 0);
	b = mremap(a, PAGES(LEN), PAGES(LEN + 8), MREMAP_MAYMOVE);
	MUST(b != MAP_FAILED);
	COUNTS(LEN + 8, 0);
	MUST(!munmap(b, PAGES(LEN + 8)));
	COUNTS(0, 0);
	return 0;
}

TEST_F_TIMEOUT(fill, is_given_back_only_when_none_can_come, 60)
{
	EXPECT_EQ(0, run_in(self->group, without_pages, NULL));
}

/* A private mapping of a memfd counts, a shared one for each page of the object. */
static int of_objects(void *arg)
{
	int fd = memfd_create("fill", MFD_CLOEXEC), uffd = open_uffd();
	char *a;

	MUST(fd >= 0 && !ftruncate(fd, PAGES(LEN)));
	begin();
	a = map(LEN, PROT_READ, MAP_PRIVATE, fd);
	COUNTS(0, 0);
	MUST(!watch(uffd, a, LEN, UFFDIO_REGISTER_MODE_MISSING));
	COUNTS(LEN, 0);
	MUST(!copy(uffd, a, LEN));
	COUNTS(LEN, 0);
	MUST(!munmap(a, PAGES(LEN)));
	COUNTS(0, 0);
	a = map(LEN, PROT_READ, MAP_SHARED, fd);
	MUST(!watch(uffd, a, LEN, UFFDIO_REGISTER_MODE_MISSING));
	COUNTS(0, 0);
	MUST(!copy(uffd, a, LEN - 3));
	COUNTS(0, LEN - 3);
	MUST(!munmap(a, PAGES(LEN)));
	close(fd);
	COUNTS(0, 0);
	a = map(LEN, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1);
	MUST(!watch(uffd, a, LEN, UFFDIO_REGISTER_MODE_MISSING));
	MUST(!copy(uffd, a, LEN));
	COUNTS(0, LEN);
	MUST(!munmap(a, PAGES(LEN)));
	COUNTS(0, 0);
	return 0;
}

TEST_F(fill, of_objects_counts_as_they_do)
{
	EXPECT_EQ(0, run_in(self->group, of_objects, NULL));
}

static int at_the_limit(void *arg)
{
	int uffd = open_uffd();
	unsigned int i;
	char *a;

	begin();
	a = map(4096, PROT_READ, PRIVATE, -1);
	MUST(!commit_set_number(in.group, "max", commit_of(in.group, "current") +
				PAGES(LEN)));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		MUST_EQ(watch(uffd, a, 4096, modes[i]), -ENOMEM);
		MUST_EQ(copy(uffd, a, 1), -ENOENT);
		MUST_EQ(watch(uffd, a, LEN + 1, modes[i]), -ENOMEM);
		COUNTS(0, 0);
	}
	MUST_EQ(commit_refusals(in.group), 6);
	MUST(!watch(uffd, a, LEN, modes[0]));
	COUNTS(LEN, 0);
	MUST(!copy(uffd, a, LEN));
	MUST(!munmap(a, PAGES(4096)));
	return 0;
}

TEST_F(fill, is_refused_where_it_does_not_fit)
{
	EXPECT_EQ(0, run_in(self->group, at_the_limit, NULL));
}

/* A child of the strict cgroup has no more than its parent. */
static int writes_to_itself(void *arg)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), i;
	char *a;

	MUST(fd >= 0);
	begin();
	a = map(LEN, PROT_READ, PRIVATE, -1);
	for (i = 0; i < LEN; i++)
		MUST_EQ(pwrite(fd, "x", 1, (unsigned long)a + PAGES(i)), 1);
	MUST_EQ(a[PAGES(3)], 'x');
	COUNTS(0, 0);
	MUST_EQ(run_in(in.strict, has_as_much, NULL), 0);
	/* It counts, whole, once it is writable. */
	MUST(!mprotect(a, PAGES(LEN), RW));
	COUNTS(LEN, 0);
	MUST(!munmap(a, PAGES(LEN)));
	COUNTS(0, 0);
	return 0;
}

TEST_F(fill, by_proc_mem_does_not_count)
{
	EXPECT_EQ(0, run_in(self->group, writes_to_itself, NULL));
}

static char *traced_at;

static int is_traced(void *arg)
{
	MUST(!ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	raise(SIGSTOP);
	MUST_EQ(promise_of(getpid()), promise_of(getppid()));
	MUST_EQ(traced_at[PAGES(2)], 'x');
	return 0;
}

static int traces(void *arg)
{
	int status;
	pid_t pid;

	traced_at = map(LEN, PROT_READ, PRIVATE, -1);
	pid = fork_into(NULL, is_traced, NULL);
	MUST(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	MUST(!ptrace(PTRACE_POKEDATA, pid, traced_at + PAGES(2), 'x'));
	MUST(!ptrace(PTRACE_DETACH, pid, NULL, NULL));
	return wait_for(pid);
}

TEST_F(fill, by_ptrace_does_not_count)
{
	EXPECT_EQ(0, run_in(self->group, traces, NULL));
}

static int has_less(void *arg)
{
	MUST_EQ(promise_of(getppid()) - promise_of(getpid()), PAGES(LEN));
	return 0;
}

static int leaves_out(void *arg)
{
	char *a = map(LEN, RW, PRIVATE, -1);

	MUST(!madvise(a, PAGES(LEN), MADV_DONTFORK));
	return run_in(NULL, has_less, NULL);
}

#define HUGE_PAGES	"/sys/kernel/mm/transparent_hugepage/"

static int reads(void *arg)
{
	const long pages = 4096;
	long long before, after;
	unsigned int sum = 0;
	char path[160];
	long i;
	char *a;

	snprintf(path, sizeof(path), "%s/memory.stat", in.group);
	begin();
	a = map(pages, PROT_READ, PRIVATE, -1);
	MUST(!madvise(a, PAGES(pages), MADV_HUGEPAGE));
	MUST(!read_key_number(path, "anon", &before));
	for (i = 0; i < pages; i++)
		sum += a[PAGES(i)];
	MUST(!sum);
	MUST(!read_key_number(path, "anon", &after));
	/* What the process itself needs meanwhile */
	MUST(after - before < PAGES(pages / 8));
	COUNTS(0, 0);
	return 0;
}

/* Not even where huge pages are, and there is no huge page of zeros. */
TEST_F(fill, by_a_load_does_not_happen)
{
	char zero[16];

	if (read_file(HUGE_PAGES "use_zero_page", zero, sizeof(zero)) < 0)
		SKIP(return, "no huge pages: CONFIG_TRANSPARENT_HUGEPAGE is off");
	EXPECT_EQ(0, run_in(self->group, reads, NULL));
	EXPECT_EQ(0, write_file(HUGE_PAGES "use_zero_page", "0"));
	EXPECT_EQ(0, run_in(self->group, reads, NULL));
	write_file(HUGE_PAGES "use_zero_page", zero);
}

TEST_F(fill, of_what_a_child_does_not_get)
{
	EXPECT_EQ(0, run_in(self->group, leaves_out, NULL));
}

TEST_HARNESS_MAIN
