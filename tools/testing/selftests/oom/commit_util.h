/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of commit accounting share.
 */
#ifndef COMMIT_UTIL_H
#define COMMIT_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OVERCOMMIT	"/proc/sys/vm/overcommit_memory"

/* A process forked into a cgroup, by its folder; it exits with what fn returns. */
pid_t fork_into(const char *cgroup, int (*fn)(void *arg), void *arg);
/* As above, and waits; what it exited with, or 256 plus a signal. */
int run_in(const char *cgroup, int (*fn)(void *arg), void *arg);
int wait_for(pid_t pid);

/* Bytes of a process's mappings that count, by VmFlags in /proc/PID/smaps. */
long long promise_of(pid_t pid);
/* Bytes of its shared anonymous mappings, each an object of its own. */
long long shared_of(pid_t pid);
/* A line of /proc/meminfo in bytes, without allocating. */
long long meminfo_bytes(const char *key);
/*
 * What the system has promised beside the processes that there are. Of these, one
 * that reads the test's output may need more memory at any time.
 */
long long commit_of_no_process(void);
/* Is it so much? Asked again while processes come and go, some seconds at most. */
bool commit_of_no_process_is(long long bytes);
/* CGROUP/memory.commit.NAME */
long long commit_of(const char *cgroup, const char *name);
int commit_set(const char *cgroup, const char *name, const char *value);
int commit_set_number(const char *cgroup, const char *name, long long value);
/* Refusals counted in memory.commit.events */
long long commit_refusals(const char *cgroup);

/* Calls one in another, @depth deep, each with a frame of @size bytes. */
void grow_stack(size_t size, int depth);

/*
 * A private anonymous mapping of @pages that grows down, with @hole pages free
 * below it; NULL on failure. @flags: of mmap(), beside those.
 */
char *map_growing(long pages, long hole, int prot, int flags);
/*
 * Have the kernel look at an address, as a write to a pipe does: the mapping above
 * it grows, whatever its protection. True if it is mapped then.
 */
bool grow_to(const char *address);

/*
 * A userfaultfd, or -1. What touches a page that is missing is told so, by SIGBUS or
 * EFAULT: it does not wait.
 */
int open_uffd(void);
/* UFFDIO_REGISTER; 0 or -errno */
int uffd_register(int uffd, void *start, size_t len, int mode);
int uffd_copy(int uffd, void *to, const void *from, size_t len);

/* The kernel's log from now on, as a file descriptor */
int log_from_now(void);
/* Has it said so since? */
bool log_says(int fd, const char *text);
/* What it says of a count that does not balance */
#define UNBALANCED	"Bad commit charge"

/* A cgroup below another, with the memory controller; 0 or -errno. */
int subgroup(const char *parent, const char *name, char *path, size_t size);
/* Why there are no limits of cgroups to be tested, or NULL */
const char *no_commit_cgroup(void);

/* In a child: end it, saying where, unless something holds. */
#define MUST(what)							\
	do {								\
		if (!(what))						\
			must_failed(__FILE__, __LINE__, #what);		\
	} while (0)
#define MUST_EQ(a, b)							\
	do {								\
		long long _a = (a), _b = (b);				\
		if (_a != _b)						\
			must_differ(__FILE__, __LINE__, #a, _a, #b, _b);\
	} while (0)
void must_failed(const char *file, int line, const char *what);
void must_differ(const char *file, int line, const char *a, long long va,
		 const char *b, long long vb);

int commit_arm(const char *path, const char *rule);
int commit_reported(int fd, int ms);

#endif /* COMMIT_UTIL_H */
