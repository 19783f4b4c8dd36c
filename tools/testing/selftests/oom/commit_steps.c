// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../kselftest.h"
#include "commit_steps.h"
#include "commit_util.h"
#include "oom_util.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE	0x08
#endif

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)

static long page;

static unsigned int below(struct commit_stepper *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

static void join_group(struct commit_stepper *w)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/cgroup.procs", w->groups[below(w, w->nr_groups)]);
	write_file(path, "0");
}

static int prot(struct commit_stepper *w)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW, RW, RW };

	return prots[below(w, 5)];
}

/*
 * A mapping that grows down into a hole below it, by a look of the kernel, which
 * needs no right to it; later steps change it, split it and move it.
 */
static void grows_down(struct commit_stepper *w, char *a, size_t size)
{
	size_t hole = below(w, 600) * page;

	if (hole > (size_t)(a - w->arena))
		hole = a - w->arena;
	munmap(a - hole, hole);
	mmap(a, size, prot(w), PRIVATE | MAP_FIXED | MAP_GROWSDOWN |
	     (below(w, 2) ? MAP_NORESERVE : 0), -1, 0);
	if (hole)
		grow_to(a - below(w, hole / page) * page);
}

/*
 * Registers, fills, moves pages and lets go, by a userfaultfd that may be that of who
 * forked it: it then does all this to another process.
 */
static void watches(struct commit_stepper *w, char *a, size_t len, char *b, size_t more)
{
	struct uffdio_range range = { (unsigned long)a, len };
	struct uffdio_zeropage zero = { .range = { (unsigned long)b, more } };
	struct uffdio_writeprotect wp = { .range = range, .mode = below(w, 2) };
	struct uffdio_move move = {
		.dst = (unsigned long)a, .src = (unsigned long)b,
		.len = len < more ? len : more, .mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
	};
	static char from[2 << 16];

	if (w->uffd < 0 || below(w, 40) == 0) {
		if (w->uffd >= 0)
			close(w->uffd);
		w->uffd = open_uffd();
	}
	if (below(w, 2))
		uffd_register(w->uffd, a, len, below(w, 2) ? UFFDIO_REGISTER_MODE_WP :
			      UFFDIO_REGISTER_MODE_MISSING);
	if (below(w, 2))
		uffd_copy(w->uffd, a, from + page - (unsigned long)from % page, page);
	if (below(w, 2))
		uffd_copy(w->uffd, a, b, len < more ? len : more);
	if (below(w, 4) == 0)
		ioctl(w->uffd, UFFDIO_ZEROPAGE, &zero);
	if (below(w, 4) == 0)
		ioctl(w->uffd, UFFDIO_WRITEPROTECT, &wp);
	if (below(w, 4) == 0)
		ioctl(w->uffd, UFFDIO_MOVE, &move);
	if (below(w, 3) == 0)
		ioctl(w->uffd, UFFDIO_UNREGISTER, &range);
}

/* Where it may not write itself, too */
static void writes_to_mem(struct commit_stepper *w, char *a, size_t len)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	size_t at;

	for (at = 0; at < len; at += page * (1 + below(w, 8)))
		pwrite(fd, &at, sizeof(at), (unsigned long)a + at);
	close(fd);
}

/* The object of a shared mapping: made smaller, larger, or filled beyond its end */
static void changes_object(struct commit_stepper *w, char *a, size_t len, size_t more)
{
	char path[64];
	int fd;

	if (mmap(a, len, prot(w), MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return;
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)a,
		 (unsigned long)a + len);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (below(w, 2))
		pwrite(fd, path, 60, len - 30 + below(w, more));
	if (below(w, 2))
		fallocate(fd, below(w, 2) ? FALLOC_FL_KEEP_SIZE : 0, below(w, len), more);
	if (below(w, 2))
		ftruncate(fd, below(w, len + more));
	if (below(w, 2))
		pwrite(fd, &path, 1, len + more);
	close(fd);
}

/* What promises nothing, or not here: it may not disturb what does. */
static void does_something_else(struct commit_stepper *w, char *a, size_t len, char *b,
				size_t more)
{
	static const int advice[] = {
		MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_HUGEPAGE, MADV_COLLAPSE, MADV_FREE,
		MADV_MERGEABLE, MADV_REMOVE, MADV_PAGEOUT, MADV_COLD, MADV_UNMERGEABLE,
	};
	struct iovec iov = { a, len };
	struct rlimit limit;
	int fd;

	switch (below(w, 8)) {
	case 0 ... 2:
		madvise(a, len, advice[below(w, ARRAY_SIZE(advice))]);
		break;
	case 3:
		if (below(w, 2))
			mlock(a, len);
		else
			munlock(a, len);
		break;
	case 4:
		syscall(SYS_remap_file_pages, a, len, 0, below(w, 8), 0);
		break;
	case 5:
		fd = syscall(SYS_memfd_secret, O_CLOEXEC);
		if (fd >= 0 && !ftruncate(fd, more))
			mmap(b, more, prot(w), MAP_SHARED | MAP_FIXED, fd, 0);
		close(fd);
		break;
	case 6:
		fd = syscall(SYS_pidfd_open, getpid(), 0);
		syscall(SYS_process_madvise, fd, &iov, 1, MADV_PAGEOUT, 0);
		close(fd);
		break;
	default:
		/* Where a stack, and the break, end */
		getrlimit(RLIMIT_STACK, &limit);
		limit.rlim_cur = (64 + below(w, 4096)) * page;
		setrlimit(RLIMIT_STACK, &limit);
		break;
	}
}

/* Beyond what exec() gives it, 132 kB; it dies where it is refused. */
static int grows(void *arg)
{
	grow_stack(8192, 12 + below(arg, 24));
	return 0;
}

static int bears(void *arg)
{
	struct commit_stepper *w = arg;
	int steps = below(w, 8);

	while (steps--)
		commit_step(w);
	if (below(w, 4) == 0)
		execl("/proc/self/exe", "commit_steps", "--true", NULL);
	return 0;
}

void commit_step(struct commit_stepper *w)
{
	unsigned int at = below(w, COMMIT_ARENA), len = 1 + below(w, 1 + below(w, 200));
	unsigned int to = below(w, COMMIT_ARENA), more = 1 + below(w, 64);
	char *a, *b;
	int fd, id;
	pid_t pid;

	if (at + len > COMMIT_ARENA)
		len = COMMIT_ARENA - at;
	if (to + more > COMMIT_ARENA)
		more = COMMIT_ARENA - to;
	if (to + len > COMMIT_ARENA)
		to = COMMIT_ARENA - len;
	a = w->arena + at * page;
	b = w->arena + to * page;
	switch (below(w, 36)) {
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
		pid = fork_into(NULL, grows, w);
		if (pid > 0)
			wait_for(pid);
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
			fallocate(w->memfd, below(w, 2) ? FALLOC_FL_KEEP_SIZE : 0,
				  below(w, 64) * page, more * page);
		if (below(w, 2))
			pwrite(w->memfd, a, len * page, below(w, 64 * page));
		if (below(w, 2))
			fallocate(w->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  below(w, 64) * page, more * page);
		if (below(w, 2))
			ftruncate(w->memfd, below(w, 64) * page);
		break;
	case 20:
		id = shmget(COMMIT_KEY + w->nr, len * page, 0600 | IPC_CREAT |
			    (below(w, 2) ? SHM_NORESERVE : 0));
		if (id < 0)
			id = shmget(COMMIT_KEY + w->nr, 0, 0600);
		b = shmat(id, a, SHM_REMAP);
		shmctl(id, IPC_RMID, NULL);
		break;
	case 21:
		join_group(w);
		break;
	case 22:
		fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		pwrite(fd, &commit_step, 16, below(w, 16) * page);
		if (below(w, 2))
			mmap(a, len * page, prot(w), MAP_SHARED | MAP_FIXED, fd, 0);
		close(fd);
		break;
	case 23 ... 24:
		grows_down(w, a, len * page);
		break;
	case 25:
		/* One that is there, if it may grow: where it ends, or below */
		grow_to(a - below(w, 8) * page);
		break;
	case 26:
		mmap(a, len * page, prot(w), MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED,
		     -1, 0);
		break;
	case 27 ... 29:
		watches(w, a, len * page, b, more * page);
		break;
	case 30:
		writes_to_mem(w, a, len * page);
		break;
	case 31:
		changes_object(w, a, len * page, more * page);
		break;
	case 32 ... 33:
		does_something_else(w, a, len * page, b, more * page);
		break;
	default:
		pid = fork_into(below(w, 2) ? w->groups[below(w, w->nr_groups)] : NULL, bears, w);
		if (pid > 0)
			wait_for(pid);
	}
}

int commit_steps_begin(struct commit_stepper *w)
{
	struct rlimit none = { };

	page = sysconf(_SC_PAGESIZE);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	w->memfd = -1;
	w->uffd = -1;
	w->arena = mmap(NULL, COMMIT_ARENA * page, PROT_NONE, PRIVATE | MAP_NORESERVE,
			-1, 0);
	if (w->arena == MAP_FAILED)
		return -errno;
	return w->faults ? write_file("/proc/self/make-it-fail", "1") : 0;
}

void commit_steps_end(int nr)
{
	int id = shmget(COMMIT_KEY + nr, 0, 0600);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
}
