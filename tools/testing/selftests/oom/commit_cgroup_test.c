// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.commit.* of cgroups: what counts, to the page, on every path; the limit,
 * on every path and in every mode of the system; whose promise it is, and for how
 * long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "commit_util.h"
#include "oom_util.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED		(MAP_SHARED | MAP_ANONYMOUS)
#define RW		(PROT_READ | PROT_WRITE)
#define PAGES(n)	((n) * page)

static long page;

/*
 *	top			a limit here holds for all below
 *	  |-- middle
 *	  |     `-- low		where most processes are started
 *	  `-- side
 */
FIXTURE(tree) {
	char overcommit[16];
	char top[128];
	char middle[160];
	char low[192];
	char side[160];
};

FIXTURE_VARIANT(tree) {
	const char *mode;
};

FIXTURE_VARIANT_ADD(tree, guess) {
	.mode = "0",
};

FIXTURE_VARIANT_ADD(tree, always) {
	.mode = "1",
};

FIXTURE_VARIANT_ADD(tree, never) {
	.mode = "2",
};

FIXTURE_SETUP(tree)
{
	char name[32];

	page = sysconf(_SC_PAGESIZE);
	if (no_commit_cgroup())
		SKIP(return, "%s", no_commit_cgroup());
	ASSERT_LT(0, read_file(OVERCOMMIT, self->overcommit, sizeof(self->overcommit)));
	ASSERT_EQ(0, write_file(OVERCOMMIT, variant->mode));
	snprintf(name, sizeof(name), "commit-%d", getpid());
	ASSERT_EQ(0, subgroup(CGROUP_ROOT, name, self->top, sizeof(self->top)));
	ASSERT_EQ(0, subgroup(self->top, "middle", self->middle, sizeof(self->middle)));
	ASSERT_EQ(0, subgroup(self->middle, "low", self->low, sizeof(self->low)));
	ASSERT_EQ(0, subgroup(self->top, "side", self->side, sizeof(self->side)));
}

FIXTURE_TEARDOWN(tree)
{
	cgroup_remove(self->low);
	cgroup_remove(self->side);
	cgroup_remove(self->middle);
	cgroup_remove(self->top);
	write_file(OVERCOMMIT, self->overcommit);
}

/* What a child that runs in a cgroup works on */
struct in {
	const char *cgroup;
	const char *other;
	const char *side;
	long long start;
	int pipe[2];
};

static int nothing(void *arg)
{
	return 0;
}

static int stay(void *arg)
{
	pause();
	return 0;
}

TEST_F(tree, a_new_cgroup_has_promised_nothing)
{
	char text[64], path[256];

	EXPECT_EQ(0, commit_of(self->low, "current"));
	EXPECT_EQ(0, commit_of(self->low, "peak"));
	snprintf(path, sizeof(path), "%s/memory.commit.max", self->low);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	EXPECT_STREQ("max\n", text);
	snprintf(path, sizeof(path), "%s/memory.commit.mode", self->low);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	EXPECT_STREQ("system\n", text);
	snprintf(path, sizeof(path), "%s/memory.commit.events", self->low);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	EXPECT_STREQ("max 0\n", text);
	/* The root has none of them. */
	EXPECT_EQ(-ENOENT, commit_of(CGROUP_ROOT, "current"));
	EXPECT_EQ(-ENOENT, commit_of(CGROUP_ROOT, "max"));
}

TEST_F(tree, files_take_what_they_show_and_nothing_else)
{
	EXPECT_EQ(0, commit_set(self->low, "max", "8M"));
	EXPECT_EQ(8LL << 20, commit_of(self->low, "max"));
	/* More than a long counts in bytes where it has 32 bits */
	EXPECT_EQ(0, commit_set(self->low, "max", "64G"));
	EXPECT_EQ(64LL << 30, commit_of(self->low, "max"));
	EXPECT_EQ(0, commit_set(self->low, "max", "0"));
	EXPECT_EQ(0, commit_of(self->low, "max"));
	/* in whole pages */
	EXPECT_EQ(0, commit_set_number(self->low, "max", PAGES(3) + 1));
	EXPECT_EQ(PAGES(3), commit_of(self->low, "max"));
	EXPECT_EQ(-EINVAL, commit_set(self->low, "max", "many"));
	EXPECT_EQ(-EINVAL, commit_set(self->low, "max", "-1"));
	EXPECT_EQ(PAGES(3), commit_of(self->low, "max"));
	EXPECT_EQ(0, commit_set(self->low, "max", "max"));

	EXPECT_EQ(0, commit_set(self->low, "mode", "always"));
	EXPECT_EQ(0, commit_set(self->low, "mode", "strict\n"));
	EXPECT_EQ(-EINVAL, commit_set(self->low, "mode", "2"));
	EXPECT_EQ(-EINVAL, commit_set(self->low, "mode", "stric"));
	EXPECT_EQ(-EINVAL, commit_set(self->low, "mode", "\n"));
	EXPECT_EQ(0, commit_set(self->low, "mode", "system"));

	EXPECT_GT(0, commit_set(self->low, "current", "0"));
	EXPECT_GT(0, commit_set(self->low, "peak", "0"));
	EXPECT_GT(0, commit_set(self->low, "events", "0"));
}

/* A child counts where it is born, from its birth to its death. */
TEST_F(tree, a_child_counts_where_it_is_born)
{
	long long promise;
	pid_t pid;

	pid = fork_into(self->low, stay, NULL);
	ASSERT_LT(0, pid);
	promise = promise_of(pid);
	EXPECT_LT(0, promise);
	EXPECT_EQ(promise, commit_of(self->low, "current"));
	EXPECT_EQ(promise, commit_of(self->middle, "current"));
	EXPECT_EQ(promise, commit_of(self->top, "current"));
	EXPECT_EQ(0, commit_of(self->side, "current"));
	kill(pid, SIGKILL);
	EXPECT_EQ(256 + SIGKILL, wait_for(pid));
	EXPECT_EQ(0, commit_of(self->low, "current"));
	EXPECT_EQ(0, commit_of(self->top, "current"));
	EXPECT_EQ(promise, commit_of(self->low, "peak"));
	EXPECT_EQ(promise, commit_of(self->top, "peak"));
}

static long long now(const struct in *in)
{
	return commit_of(in->cgroup, "current") - in->start;
}

static int every_path(void *arg)
{
	struct in *in = arg;
	bool strict = *(const char *)in->other == '2';
	long long before;
	char link[1000] = "";
	char *a, *b;
	void *end;
	int fd, id;
	pid_t pid;

	in->start = commit_of(in->cgroup, "current");
	MUST_EQ(in->start, promise_of(getpid()));

	/* mmap and munmap, whole and in part */
	a = mmap(NULL, PAGES(64), RW, PRIVATE, -1, 0);
	MUST(a != MAP_FAILED);
	MUST_EQ(now(in), PAGES(64));
	MUST(!munmap(a + PAGES(16), PAGES(8)));
	MUST_EQ(now(in), PAGES(56));
	/* over a part that counts already */
	MUST(mmap(a + PAGES(8), PAGES(16), RW, PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
	MUST_EQ(now(in), PAGES(64));
	MUST(mmap(a, PAGES(64), PROT_READ, PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
	MUST_EQ(now(in), 0);
	MUST(!munmap(a, PAGES(64)));

	/* mprotect to writable; untouched, it may be given back */
	a = mmap(NULL, PAGES(10), PROT_NONE, PRIVATE, -1, 0);
	MUST_EQ(now(in), 0);
	MUST(!mprotect(a + PAGES(2), PAGES(3), RW));
	MUST_EQ(now(in), PAGES(3));
	MUST(!mprotect(a + PAGES(2), PAGES(3), PROT_READ));
	MUST_EQ(now(in), 0);
	MUST(!mprotect(a, PAGES(10), RW));
	*a = 1;
	MUST(!mprotect(a, PAGES(10), PROT_READ));
	MUST_EQ(now(in), PAGES(10));
	MUST(!munmap(a, PAGES(10)));
	MUST_EQ(now(in), 0);

	/* MAP_NORESERVE is heeded unless the system is strict. */
	a = mmap(NULL, PAGES(5), RW, PRIVATE | MAP_NORESERVE, -1, 0);
	MUST_EQ(now(in), strict ? PAGES(5) : 0);
	MUST(!munmap(a, PAGES(5)));

	/* brk */
	end = sbrk(0);
	MUST(sbrk(PAGES(20)) != (void *)-1);
	MUST_EQ(now(in), PAGES(20));
	MUST(!brk(end));
	MUST_EQ(now(in), 0);

	/* mremap: in place, moved, smaller, and with the old range kept */
	a = mmap(NULL, PAGES(40), PROT_NONE, PRIVATE, -1, 0);
	MUST(mmap(a, PAGES(4), RW, PRIVATE | MAP_FIXED, -1, 0) == a);
	MUST(!munmap(a + PAGES(4), PAGES(4)));
	MUST(mremap(a, PAGES(4), PAGES(8), 0) == a);
	MUST_EQ(now(in), PAGES(8));
	*a = 1;
	b = mremap(a, PAGES(8), PAGES(16), MREMAP_MAYMOVE);
	MUST(b != MAP_FAILED && b != a && *b == 1);
	MUST_EQ(now(in), PAGES(16));
	MUST(mremap(b, PAGES(16), PAGES(6), 0) == b);
	MUST_EQ(now(in), PAGES(6));
	MUST(mremap(b + PAGES(2), PAGES(2), PAGES(2), MREMAP_MAYMOVE | MREMAP_FIXED, a) == a);
	MUST_EQ(now(in), PAGES(6));
	MUST(mremap(b, PAGES(2), PAGES(2), MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		    NULL) != MAP_FAILED);
	MUST_EQ(now(in), PAGES(8));
	/* what is left of them goes with the process */
	in->start += PAGES(8);

	/* stack */
	before = promise_of(getpid());
	grow_stack(16384, 40);
	MUST(promise_of(getpid()) - before >= 16 * 16384);
	MUST_EQ(now(in), promise_of(getpid()) - before);
	in->start += now(in);

	/* a private mapping of a file, and of /dev/zero */
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	a = mmap(NULL, PAGES(2), RW, MAP_PRIVATE, fd, 0);
	MUST(a != MAP_FAILED);
	MUST_EQ(now(in), PAGES(2));
	MUST(!munmap(a, PAGES(2)));
	a = mmap(NULL, PAGES(2), PROT_READ, MAP_SHARED, fd, 0);
	MUST_EQ(now(in), 0);
	MUST(!munmap(a, PAGES(2)));
	close(fd);
	fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	a = mmap(NULL, PAGES(3), RW, MAP_PRIVATE, fd, 0);
	MUST_EQ(now(in), PAGES(3));
	b = mmap(NULL, PAGES(4), RW, MAP_SHARED, fd, 0);
	MUST(a != MAP_FAILED && b != MAP_FAILED);
	MUST_EQ(now(in), PAGES(7));
	munmap(a, PAGES(3));
	munmap(b, PAGES(4));
	close(fd);
	MUST_EQ(now(in), 0);

	/* shared memory counts once, however often it is mapped */
	a = mmap(NULL, PAGES(12), RW, SHARED, -1, 0);
	MUST_EQ(now(in), PAGES(12));
	b = mremap(a, 0, PAGES(12), MREMAP_MAYMOVE);
	MUST(b != MAP_FAILED);
	MUST_EQ(now(in), PAGES(12));
	munmap(a, PAGES(12));
	MUST_EQ(now(in), PAGES(12));
	munmap(b, PAGES(12));
	MUST_EQ(now(in), 0);

	/* SysV shared memory: from its creation, not its attachment */
	id = shmget(IPC_PRIVATE, PAGES(9), 0600 | IPC_CREAT);
	MUST(id >= 0);
	MUST_EQ(now(in), PAGES(9));
	a = shmat(id, NULL, 0);
	MUST(a != (void *)-1);
	MUST_EQ(now(in), PAGES(9));
	shmdt(a);
	shmctl(id, IPC_RMID, NULL);
	MUST_EQ(now(in), 0);
	id = shmget(IPC_PRIVATE, PAGES(9), 0600 | IPC_CREAT | SHM_NORESERVE);
	MUST_EQ(now(in), strict ? PAGES(9) : 0);
	shmctl(id, IPC_RMID, NULL);
	MUST_EQ(now(in), 0);

	/* memfd and tmpfs: page by page, as they are filled */
	fd = memfd_create("commit", MFD_CLOEXEC);
	MUST(fd >= 0);
	MUST(!ftruncate(fd, PAGES(100)));
	MUST_EQ(now(in), 0);
	MUST_EQ(pwrite(fd, "1", 1, PAGES(50)), 1);
	MUST_EQ(now(in), PAGES(1));
	MUST(!fallocate(fd, 0, 0, PAGES(10)));
	MUST_EQ(now(in), PAGES(11));
	a = mmap(NULL, PAGES(100), RW, MAP_SHARED, fd, 0);
	a[PAGES(99)] = 1;
	MUST_EQ(now(in), PAGES(12));
	MUST(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGES(10)));
	MUST_EQ(now(in), PAGES(2));
	MUST(!ftruncate(fd, PAGES(60)));
	MUST_EQ(now(in), PAGES(1));
	munmap(a, PAGES(100));
	close(fd);
	MUST_EQ(now(in), 0);
	fd = open("/dev/shm/commit", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	MUST_EQ(pwrite(fd, "1", 1, 0), 1);
	MUST_EQ(now(in), PAGES(1));
	close(fd);
	MUST_EQ(now(in), PAGES(1));
	unlink("/dev/shm/commit");
	MUST_EQ(now(in), 0);

	/* a symbolic link that is long has a page, a short one has none */
	memset(link, 'x', sizeof(link) - 1);
	MUST(!symlink(link, "/dev/shm/long"));
	MUST(!symlink("x", "/dev/shm/short"));
	MUST_EQ(now(in), PAGES(1));
	unlink("/dev/shm/short");
	unlink("/dev/shm/long");
	MUST_EQ(now(in), 0);

	/* fork and exit; a thread of the same memory costs nothing */
	before = promise_of(getpid());
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	MUST_EQ(now(in), promise_of(pid));
	kill(pid, SIGKILL);
	wait_for(pid);
	MUST_EQ(now(in), 0);
	pid = vfork();
	if (!pid)
		_exit(commit_of(in->cgroup, "current") - in->start ? 1 : 0);
	MUST_EQ(wait_for(pid), 0);
	return 0;
}

TEST_F(tree, every_path_counts_to_the_page)
{
	struct in in = { .cgroup = self->low, .other = variant->mode };

	EXPECT_EQ(0, run_in(self->low, every_path, &in));
	EXPECT_EQ(0, commit_of(self->low, "current"));
	EXPECT_EQ(0, commit_of(self->middle, "current"));
	EXPECT_EQ(0, commit_of(self->top, "current"));
	EXPECT_EQ(0, commit_refusals(self->top));
}

static long long pages_of(int fd)
{
	struct stat st;

	MUST(!fstat(fd, &st));
	return st.st_blocks * 512 / page;
}

/*
 * A shared anonymous mapping is promised whole. By /proc/PID/map_files its object
 * may be made larger, or smaller.
 */
static int resizes(void *arg)
{
	struct in *in = arg;
	char path[128], *a;
	int fd;

	in->start = commit_of(in->cgroup, "current");
	a = mmap(NULL, PAGES(4), RW, SHARED, -1, 0);
	MUST(a != MAP_FAILED);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)a, (unsigned long)a + PAGES(4));
	fd = open(path, O_RDWR | O_CLOEXEC);
	MUST(fd >= 0);
	MUST_EQ(now(in), PAGES(4));
	MUST_EQ(pwrite(fd, "1", 1, PAGES(9)), 1);
	MUST_EQ(now(in), PAGES(10));
	MUST_EQ(pwrite(fd, "1", 1, PAGES(9) + 7), 1);
	MUST_EQ(now(in), PAGES(10));
	MUST(!fallocate(fd, 0, 0, PAGES(20)));
	MUST_EQ(now(in), PAGES(20));
	MUST_EQ(pages_of(fd), 20);
	/* Nothing gets behind its end, for which there is no promise. */
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, PAGES(20) + 1) == -1 &&
	     errno == EOPNOTSUPP);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, PAGES(40), 1) == -1 && errno == EOPNOTSUPP);
	MUST(!fallocate(fd, FALLOC_FL_KEEP_SIZE, PAGES(3), PAGES(17)));
	MUST_EQ(now(in), PAGES(20));
	MUST_EQ(pages_of(fd), 20);
	MUST(!ftruncate(fd, PAGES(15)));
	MUST_EQ(now(in), PAGES(15));
	MUST_EQ(pages_of(fd), 15);
	/* Where it does not fit it stays as large as it was. */
	MUST(!commit_set_number(in->cgroup, "max", commit_of(in->cgroup, "current") +
				PAGES(1)));
	MUST(pwrite(fd, "1", 1, PAGES(16)) == -1 && errno == ENOMEM);
	MUST_EQ(pages_of(fd), 15);
	MUST(fallocate(fd, 0, PAGES(10), PAGES(10)) == -1 && errno == ENOMEM);
	MUST(ftruncate(fd, PAGES(17)) == -1 && errno == ENOMEM);
	MUST_EQ(pages_of(fd), 15);
	MUST_EQ(lseek(fd, 0, SEEK_END), PAGES(15));
	MUST_EQ(now(in), PAGES(15));
	MUST_EQ(pwrite(fd, "1", 1, PAGES(15)), 1);
	MUST_EQ(now(in), PAGES(16));
	close(fd);
	MUST_EQ(now(in), PAGES(16));
	MUST(!munmap(a, PAGES(4)));
	MUST_EQ(now(in), 0);
	return 0;
}

TEST_F(tree, an_object_that_is_resized_counts_as_it_is)
{
	struct in in = { .cgroup = self->low };

	EXPECT_EQ(0, run_in(self->low, resizes, &in));
	EXPECT_EQ(0, commit_of(self->top, "current"));
}

#define SHMEM_HUGE	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define HUGE		(2 * MB)

/* Pages that the object of a shared mapping has */
static long long object_pages(char *a, size_t len)
{
	char path[128];
	long long pages;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)a,
		 (unsigned long)a + len);
	fd = open(path, O_RDWR | O_CLOEXEC);
	MUST(fd >= 0);
	pages = pages_of(fd);
	close(fd);
	return pages;
}

/* An object of @size bytes, in a mapping of two huge pages, has no more than it promised. */
static void is_collapsed(struct in *in, long size, char *at)
{
	char *a = mmap(NULL, size, RW, SHARED, -1, 0);

	MUST(a != MAP_FAILED);
	MUST_EQ(now(in), size);
	MUST(mremap(a, size, 2 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
	at[0] = 1;
	at[size - page] = 1;
	madvise(at, 2 * HUGE, MADV_COLLAPSE);
	madvise(at + HUGE, HUGE, MADV_COLLAPSE);
	MUST(object_pages(at, 2 * HUGE) * page <= size);
	MUST_EQ(now(in), size);
	MUST(mmap(at, 2 * HUGE, PROT_NONE, PRIVATE | MAP_FIXED, -1, 0) == at);
	MUST_EQ(now(in), 0);
}

static int is_huge(void *arg)
{
	struct in *in = arg;
	char *at = mmap(NULL, 3 * HUGE, PROT_NONE, PRIVATE, -1, 0);

	at += HUGE - (unsigned long)at % HUGE;
	in->start = commit_of(in->cgroup, "current");
	is_collapsed(in, page, at);
	is_collapsed(in, HUGE, at);
	is_collapsed(in, HUGE + 5 * page, at);
	is_collapsed(in, 2 * HUGE, at);
	return 0;
}

TEST_F(tree, an_object_has_no_huge_page_beyond_its_end)
{
	struct in in = { .cgroup = self->low };

	if (access(SHMEM_HUGE, W_OK))
		SKIP(return, "CONFIG_TRANSPARENT_HUGEPAGE is off");
	EXPECT_EQ(0, run_in(self->low, is_huge, &in));
	ASSERT_EQ(0, write_file(SHMEM_HUGE, "always"));
	EXPECT_EQ(0, run_in(self->low, is_huge, &in));
	EXPECT_EQ(0, write_file(SHMEM_HUGE, "never"));
	EXPECT_EQ(0, commit_of(self->top, "current"));
}

/* What is in the way of @pages more: a limit that leaves room for one less */
static void squeeze(struct in *in, long pages)
{
	in->start = commit_of(in->cgroup, "current");
	MUST(!commit_set_number(in->other, "max",
				commit_of(in->other, "current") + PAGES(pages - 1)));
}

static int every_refusal(void *arg)
{
	long long refused, count;
	struct in *in = arg;
	struct rlimit none = { };
	char *a, *b, *c;
	int fd, status;
	pid_t pid;

	setrlimit(RLIMIT_CORE, &none);
	a = mmap(NULL, PAGES(64), PROT_NONE, PRIVATE, -1, 0);
	b = mmap(NULL, PAGES(8), RW, PRIVATE, -1, 0);
	c = mmap(NULL, PAGES(8), RW, PRIVATE, -1, 0);
	fd = memfd_create("commit", MFD_CLOEXEC);
	MUST(!ftruncate(fd, PAGES(8)));
	refused = commit_refusals(in->other);
	count = 0;

#define REFUSED(call, error) do {					\
	errno = 0;							\
	MUST(call);							\
	MUST_EQ(errno, error);						\
	MUST_EQ(now(in), 0);						\
	MUST_EQ(commit_refusals(in->other), refused + ++count);		\
} while (0)

	squeeze(in, 8);
	REFUSED(mmap(NULL, PAGES(8), RW, PRIVATE, -1, 0) == MAP_FAILED, ENOMEM);
	/* to the page: one less fits */
	MUST(mmap(a, PAGES(7), RW, PRIVATE | MAP_FIXED, -1, 0) == a);
	MUST_EQ(now(in), PAGES(7));
	in->start += PAGES(7);
	REFUSED(mmap(a + PAGES(8), PAGES(1), RW, PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED,
		ENOMEM);
	/* what it would have replaced is still there, and does not count twice */
	MUST(mmap(a, PAGES(7), RW, PRIVATE | MAP_FIXED, -1, 0) == a);
	MUST_EQ(now(in), 0);
	REFUSED(mprotect(a + PAGES(16), PAGES(1), RW) == -1, ENOMEM);
	REFUSED(sbrk(PAGES(1)) == (void *)-1, ENOMEM);
	REFUSED(mremap(b, PAGES(8), PAGES(9), MREMAP_MAYMOVE) == MAP_FAILED, ENOMEM);
	REFUSED(mremap(c, PAGES(8), PAGES(8), MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		       NULL) == MAP_FAILED, ENOMEM);
	/* a move of the same size needs nothing */
	MUST(mremap(c, PAGES(8), PAGES(8), MREMAP_MAYMOVE | MREMAP_FIXED,
		    a + PAGES(32)) == a + PAGES(32));
	MUST_EQ(now(in), 0);
	REFUSED(mmap(NULL, PAGES(1), RW, SHARED, -1, 0) == MAP_FAILED, ENOMEM);
	REFUSED(shmget(IPC_PRIVATE, PAGES(1), 0600 | IPC_CREAT) == -1, ENOMEM);
	count++;	/* tmpfs tries twice */
	REFUSED(pwrite(fd, "1", 1, 0) == -1, ENOSPC);
	count++;
	REFUSED(fallocate(fd, 0, 0, PAGES(1)) == -1, ENOSPC);
	REFUSED(fork() == -1, ENOMEM);

	/* exec needs a stack before it gives up what there is. */
	pid = vfork();
	if (!pid) {
		execl("/proc/self/exe", "commit_cgroup_test", "--true", NULL);
		_exit(errno);
	}
	MUST_EQ(wait_for(pid), ENOMEM);
	MUST_EQ(now(in), 0);
	MUST_EQ(commit_refusals(in->other), refused + ++count);

	/* stack growth, and a fault in a sparse file: there is no errno. */
	MUST(!commit_set(in->other, "max", "max"));
	pid = fork();
	if (!pid) {
		MUST(!commit_set_number(in->other, "max", commit_of(in->other, "current")));
		grow_stack(16384, 40);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	MUST(WIFSIGNALED(status));
	MUST_EQ(WTERMSIG(status), SIGSEGV);
	MUST(!commit_set(in->other, "max", "max"));
	pid = fork();
	if (!pid) {
		a = mmap(NULL, PAGES(8), RW, MAP_SHARED, fd, 0);
		MUST(!commit_set_number(in->other, "max", commit_of(in->other, "current")));
		*a = 1;
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	MUST(WIFSIGNALED(status));
	MUST_EQ(WTERMSIG(status), SIGBUS);
	MUST_EQ(now(in), 0);
	return 0;
}

TEST_F(tree, every_path_is_refused_at_the_limit)
{
	struct in in = { .cgroup = self->low, .other = self->low };

	EXPECT_EQ(0, run_in(self->low, every_refusal, &in));
	EXPECT_EQ(0, commit_of(self->low, "current"));
}

/* The same with the limit at the top, where the refusals are counted then */
TEST_F(tree, a_limit_holds_for_all_below)
{
	struct in in = { .cgroup = self->low, .other = self->top };

	EXPECT_EQ(0, run_in(self->low, every_refusal, &in));
	EXPECT_EQ(0, commit_of(self->top, "current"));
	EXPECT_EQ(0, commit_refusals(self->low));
	EXPECT_EQ(0, commit_refusals(self->middle));
	EXPECT_LT(0, commit_refusals(self->top));
}

static int maps(void *arg)
{
	return mmap(NULL, *(long long *)arg, RW, PRIVATE, -1, 0) == MAP_FAILED ? errno : 0;
}

TEST_F(tree, refusals_are_counted_up_to_the_root)
{
	long long bytes = 64 * MB;

	ASSERT_EQ(0, commit_set_number(self->middle, "max", 32 * MB));
	EXPECT_EQ(ENOMEM, run_in(self->low, maps, &bytes));
	EXPECT_EQ(0, commit_refusals(self->low));
	EXPECT_EQ(1, commit_refusals(self->middle));
	EXPECT_EQ(1, commit_refusals(self->top));
	EXPECT_EQ(0, commit_refusals(self->side));
	/* and nobody else is concerned */
	EXPECT_EQ(0, run_in(self->side, maps, &bytes));
}

/* A limit at or below what is promised refuses more, and kills nobody. */
static int overdrawn(void *arg)
{
	struct in *in = arg;
	char *a = mmap(NULL, PAGES(64), RW, PRIVATE, -1, 0);
	long long had = commit_of(in->cgroup, "current");

	memset(a, 1, PAGES(64));
	MUST(!commit_set_number(in->cgroup, "max", had - PAGES(32)));
	MUST_EQ(commit_of(in->cgroup, "current"), had);
	MUST(mmap(NULL, PAGES(1), RW, PRIVATE, -1, 0) == MAP_FAILED);
	/* What is given back is not to be had again, while it is over. */
	MUST(!munmap(a, PAGES(16)));
	MUST(mmap(NULL, PAGES(1), RW, PRIVATE, -1, 0) == MAP_FAILED);
	MUST_EQ(commit_of(in->cgroup, "current"), had - PAGES(16));
	MUST(!munmap(a + PAGES(16), PAGES(17)));
	MUST(mmap(NULL, PAGES(2), RW, PRIVATE, -1, 0) == MAP_FAILED);
	MUST(mmap(NULL, PAGES(1), RW, PRIVATE, -1, 0) != MAP_FAILED);
	MUST_EQ(commit_of(in->cgroup, "current"), had - PAGES(32));
	return a[PAGES(40)] == 1 ? 0 : 1;
}

TEST_F(tree, a_limit_below_usage_kills_nobody)
{
	struct in in = { .cgroup = self->low };

	EXPECT_EQ(0, run_in(self->low, overdrawn, &in));
	EXPECT_EQ(0, commit_of(self->low, "current"));
}

/* The child of a process in a full cgroup, born into one that has room */
static int bears_elsewhere(void *arg)
{
	struct in *in = arg;
	long long mine = commit_of(in->cgroup, "current");

	MUST(!commit_set_number(in->cgroup, "max", mine));
	MUST(fork_into(in->cgroup, nothing, NULL) == -ENOMEM);
	MUST_EQ(run_in(in->other, nothing, NULL), 0);
	MUST_EQ(commit_of(in->cgroup, "current"), mine);
	MUST_EQ(commit_refusals(in->cgroup), 1);
	/* and the other way round */
	MUST(!commit_set(in->cgroup, "max", "max"));
	MUST(!commit_set_number(in->other, "max", mine - page));
	MUST(fork_into(in->other, nothing, NULL) == -ENOMEM);
	MUST_EQ(commit_of(in->other, "current"), 0);
	MUST_EQ(commit_refusals(in->other), 1);
	MUST(!commit_set_number(in->other, "max", promise_of(getpid())));
	MUST_EQ(run_in(in->other, nothing, NULL), 0);
	return 0;
}

TEST_F(tree, only_the_cgroup_of_birth_has_a_say)
{
	struct in in = { .cgroup = self->low, .other = self->side };

	EXPECT_EQ(0, run_in(self->low, bears_elsewhere, &in));
}

static int moves(void *arg)
{
	struct in *in = arg;
	char path[256];
	long long mine;
	pid_t pid;

	MUST(mmap(NULL, PAGES(16), RW, PRIVATE, -1, 0) != MAP_FAILED);
	mine = commit_of(in->cgroup, "current");
	snprintf(path, sizeof(path), "%s/cgroup.procs", in->other);
	MUST(!write_file(path, "0"));
	/* It counts on where its memory was made. */
	MUST_EQ(commit_of(in->cgroup, "current"), mine);
	MUST_EQ(commit_of(in->other, "current"), 0);
	MUST(mmap(NULL, PAGES(16), RW, PRIVATE, -1, 0) != MAP_FAILED);
	MUST_EQ(commit_of(in->cgroup, "current"), mine + PAGES(16));
	/* What it makes now counts where it is now: objects, children ... */
	MUST(mmap(NULL, PAGES(7), RW, SHARED, -1, 0) != MAP_FAILED);
	MUST_EQ(commit_of(in->other, "current"), PAGES(7));
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	MUST_EQ(commit_of(in->other, "current"), PAGES(7) + promise_of(pid));
	kill(pid, SIGKILL);
	wait_for(pid);
	/* ... and what exec makes anew. */
	execl("/proc/self/exe", "commit_cgroup_test", "--compare", in->cgroup, in->other, NULL);
	return 1;
}

TEST_F(tree, a_process_that_moves_leaves_its_promise)
{
	struct in in = { .cgroup = self->low, .other = self->side };

	EXPECT_EQ(0, run_in(self->low, moves, &in));
	EXPECT_EQ(0, commit_of(self->side, "current"));
}

/* An object outlives its creator, and counts for its cgroup, also a removed one. */
#define CREATED		100

static int creates(void *arg)
{
	int fd = memfd_create("commit", 0);

	MUST(!ftruncate(fd, PAGES(100)));
	/* The parent takes it from here. */
	MUST(dup2(fd, CREATED) == CREATED);
	MUST(!fallocate(fd, 0, 0, PAGES(30)));
	pause();
	return 0;
}

TEST_F(tree, a_removed_cgroup_goes_on_counting_above)
{
	char path[64];
	int fd, tries;
	pid_t pid;

	pid = fork_into(self->low, creates, NULL);
	ASSERT_LT(0, pid);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, CREATED);
	for (tries = 0; tries < 1000 &&
	     commit_of(self->low, "current") < promise_of(pid) + PAGES(30); tries++)
		usleep(10000);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	kill(pid, SIGKILL);
	wait_for(pid);
	EXPECT_EQ(PAGES(30), commit_of(self->low, "current"));

	/* Its own limit goes with it, those above stay. */
	EXPECT_EQ(0, commit_set_number(self->low, "max", PAGES(30)));
	cgroup_remove(self->low);
	ASSERT_EQ(-ENOENT, commit_of(self->low, "current"));
	EXPECT_EQ(PAGES(30), commit_of(self->middle, "current"));
	for (tries = 0; tries < 500 && pwrite(fd, "1", 1, PAGES(30)) != 1; tries++)
		usleep(10000);
	EXPECT_EQ(PAGES(31), commit_of(self->middle, "current"));
	EXPECT_EQ(0, commit_set_number(self->top, "max", PAGES(31)));
	EXPECT_EQ(-1, pwrite(fd, "1", 1, PAGES(31)));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(PAGES(31), commit_of(self->top, "current"));
	EXPECT_EQ(0, ftruncate(fd, PAGES(1)));
	EXPECT_EQ(PAGES(1), commit_of(self->top, "current"));
	close(fd);
	EXPECT_EQ(0, commit_of(self->top, "current"));
}

/* A process whose cgroup was removed under it */
static int outlives(void *arg)
{
	struct in *in = arg;
	long long mine;
	char path[256];
	int tries;

	mine = commit_of(in->cgroup, "current");
	MUST(!commit_set_number(in->cgroup, "max", mine));
	MUST(!commit_set(in->cgroup, "mode", "strict"));
	snprintf(path, sizeof(path), "%s/cgroup.procs", in->other);
	MUST(!write_file(path, "0"));
	MUST(!rmdir(in->cgroup));
	snprintf(path, sizeof(path), "%s/..", in->other);
	MUST_EQ(commit_of(path, "current"), mine);
	/* Its own limit and mode end with it, some moments later. */
	for (tries = 0; tries < 500 &&
	     mmap(NULL, PAGES(16), RW, PRIVATE, -1, 0) == MAP_FAILED; tries++)
		usleep(10000);
	MUST_EQ(commit_of(path, "current"), mine + PAGES(16));
	return 0;
}

TEST_F(tree, a_process_outlives_its_cgroup)
{
	struct in in = { .cgroup = self->low, .other = self->side };

	EXPECT_EQ(0, run_in(self->low, outlives, &in));
	EXPECT_EQ(0, commit_of(self->middle, "current"));
	EXPECT_EQ(0, commit_of(self->top, "current"));
}

static int maps_noreserve(void *arg)
{
	struct in *in = arg;
	char *a;

	in->start = commit_of(in->cgroup, "current");
	a = mmap(NULL, PAGES(5), RW, PRIVATE | MAP_NORESERVE, -1, 0);
	MUST(a != MAP_FAILED);
	return now(in) / page;
}

static int maps_all(void *arg)
{
	/* More than memory and swap: mode 0 refuses it, out of caution. */
	long long all = meminfo_bytes("MemTotal") + meminfo_bytes("SwapTotal") + 64 * (long long)MB;

	return maps(&all);
}

TEST_F(tree, mode_decides_within_what_the_system_allows)
{
	struct in in = { .cgroup = self->low };
	bool never = *variant->mode == '2', guess = *variant->mode == '0';

	/* as the system */
	EXPECT_EQ(never ? 5 : 0, run_in(self->low, maps_noreserve, &in));
	EXPECT_EQ(never || guess ? ENOMEM : 0, run_in(self->low, maps_all, &in));
	/* always: no heuristic; but the system's own strictness is not loosened */
	ASSERT_EQ(0, commit_set(self->low, "mode", "always"));
	EXPECT_EQ(never ? 5 : 0, run_in(self->low, maps_noreserve, &in));
	EXPECT_EQ(never ? ENOMEM : 0, run_in(self->low, maps_all, &in));
	/* and still inside the cgroups' limits */
	ASSERT_EQ(0, commit_set_number(self->middle, "max", 256 * MB));
	EXPECT_EQ(ENOMEM, run_in(self->low, maps_all, &in));
	ASSERT_EQ(0, commit_set(self->middle, "max", "max"));
	/* strict: MAP_NORESERVE counts */
	ASSERT_EQ(0, commit_set(self->low, "mode", "strict"));
	EXPECT_EQ(5, run_in(self->low, maps_noreserve, &in));
	EXPECT_EQ(never || guess ? ENOMEM : 0, run_in(self->low, maps_all, &in));
	/* strict above is strict below, whatever that says */
	ASSERT_EQ(0, commit_set(self->low, "mode", "always"));
	ASSERT_EQ(0, commit_set(self->top, "mode", "strict"));
	EXPECT_EQ(5, run_in(self->low, maps_noreserve, &in));
	/* always above is followed by those without a mode of their own */
	ASSERT_EQ(0, commit_set(self->low, "mode", "system"));
	ASSERT_EQ(0, commit_set(self->top, "mode", "always"));
	EXPECT_EQ(never ? ENOMEM : 0, run_in(self->low, maps_all, &in));
	in.cgroup = self->side;
	EXPECT_EQ(never ? 5 : 0, run_in(self->side, maps_noreserve, &in));
}

/* What is larger than memory and swap, whose cgroup lets it have that */
static int bears_large(void *arg)
{
	long long all = meminfo_bytes("MemTotal") + meminfo_bytes("SwapTotal") + 64 * (long long)MB;
	struct in *in = arg;
	bool guess = *in->other == '0';
	char path[160], *a;

	a = mmap(NULL, all, RW, PRIVATE, -1, 0);
	MUST(a != MAP_FAILED);
	/* Here, */
	MUST_EQ(run_in(NULL, nothing, NULL), 0);
	MUST_EQ(run_in(in->cgroup, nothing, NULL), 0);
	/* not where the system judges, and in no strict one, */
	MUST_EQ(run_in(in->side, nothing, NULL), guess ? -ENOMEM : 0);
	MUST_EQ(run_in(CGROUP_ROOT, nothing, NULL), guess ? -ENOMEM : 0);
	MUST(!commit_set(in->side, "mode", "strict"));
	MUST_EQ(run_in(in->side, nothing, NULL), guess ? -ENOMEM : 0);
	MUST(!commit_set(in->side, "mode", "always"));
	MUST_EQ(run_in(in->side, nothing, NULL), 0);
	MUST(!commit_set(in->side, "mode", "system"));
	/* also not by going there first. */
	snprintf(path, sizeof(path), "%s/cgroup.procs", in->side);
	MUST(!write_file(path, "0"));
	MUST_EQ(run_in(NULL, nothing, NULL), guess ? -ENOMEM : 0);
	MUST_EQ(run_in(in->cgroup, nothing, NULL), 0);
	MUST_EQ(commit_of(in->side, "current"), 0);
	/* It judges each mapping by itself, as it does for mmap(). */
	MUST(!munmap(a + all / 2 / page * page, page));
	MUST_EQ(run_in(NULL, nothing, NULL), 0);
	return 0;
}

TEST_F(tree, a_child_is_judged_where_it_is_born)
{
	struct in in = { .cgroup = self->low, .side = self->side, .other = variant->mode };

	if (*variant->mode == '2')
		return;		/* There it never fits. */
	ASSERT_EQ(0, commit_set(self->low, "mode", "always"));
	EXPECT_EQ(0, run_in(self->low, bears_large, &in));
	EXPECT_EQ(0, commit_of(self->top, "current"));
}

/*
 * Processes that each keep to a share of the limit, together no more than all of
 * it: whatever they do at once, nothing is refused, and nothing is over.
 */
#define SHARERS		6
#define SHARE		100

static int shares(void *arg)
{
	unsigned int seed = getpid(), steps, held = 0, n;
	struct in *in = arg;
	char *a = mmap(NULL, PAGES(SHARE), PROT_NONE, PRIVATE, -1, 0);
	char go;

	/* All are born before any begins. */
	MUST_EQ(read(in->pipe[0], &go, 1), 1);
	for (steps = 0; steps < 800; steps++) {
		n = rand_r(&seed) % (SHARE + 1);
		if (n > held)
			MUST(mmap(a + PAGES(held), PAGES(n - held), RW,
				  PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
		if (n < held)
			MUST(mmap(a + PAGES(n), PAGES(held - n), PROT_NONE,
				  PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED);
		held = n;
		if (steps % 64 == 0)
			MUST(commit_of(in->other, "current") <= commit_of(in->other, "max"));
	}
	return 0;
}

TEST_F(tree, nothing_that_fits_is_refused)
{
	struct in in = { .cgroup = self->low, .other = self->top };
	pid_t pids[SHARERS];
	int i;

	ASSERT_EQ(0, pipe(in.pipe));
	for (i = 0; i < SHARERS; i++) {
		pids[i] = fork_into(i % 2 ? self->low : self->side, shares, &in);
		ASSERT_LT(0, pids[i]);
	}
	ASSERT_EQ(0, commit_set_number(self->top, "max", commit_of(self->top, "current") +
				       SHARERS * PAGES(SHARE)));
	ASSERT_EQ(SHARERS, write(in.pipe[1], "123456", SHARERS));
	for (i = 0; i < SHARERS; i++)
		EXPECT_EQ(0, wait_for(pids[i]));
	EXPECT_EQ(0, commit_refusals(self->top));
	EXPECT_LE(commit_of(self->top, "peak"), commit_of(self->top, "max"));
	EXPECT_EQ(0, commit_of(self->top, "current"));
	close(in.pipe[0]);
	close(in.pipe[1]);
}

static int compares(const char *old, const char *now)
{
	MUST_EQ(commit_of(old, "current"), 0);
	/* The harness maps some shared memory before main(). */
	MUST_EQ(commit_of(now, "current"), promise_of(getpid()) + shared_of(getpid()));
	return 0;
}

int main(int argc, char **argv)
{
	/* What a test has called by exec */
	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	if (argc == 4 && !strcmp(argv[1], "--compare"))
		return compares(argv[2], argv[3]);
	return test_harness_run(argc, argv);
}
