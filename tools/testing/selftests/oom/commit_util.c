// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <alloca.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commit_util.h"
#include "oom_util.h"

pid_t fork_into(const char *cgroup, int (*fn)(void *arg), void *arg)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int fd = -1;
	pid_t pid;

	if (cgroup) {
		fd = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = fd;
	}
	fflush(stdout);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		_exit(fn(arg));
	if (pid < 0)
		pid = -errno;
	if (fd >= 0)
		close(fd);
	return pid;
}

int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

int run_in(const char *cgroup, int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork_into(cgroup, fn, arg);

	return pid < 0 ? pid : wait_for(pid);
}

/*
 * Reads a line at a time from a file of any length, with what is on the stack:
 * stdio would allocate, and change what is measured.
 */
struct lines {
	int fd;
	size_t len;
	size_t pos;
	char text[512];
};

static bool next_line(struct lines *in, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		if (in->pos == in->len) {
			ssize_t got = read(in->fd, in->text, sizeof(in->text));

			if (got <= 0)
				return false;
			in->len = got;
			in->pos = 0;
		}
		if (in->text[in->pos] == '\n') {
			in->pos++;
			line[n] = '\0';
			return true;
		}
		if (n + 1 < size)
			line[n++] = in->text[in->pos];
		in->pos++;
	}
}

static long long number_in(const char *text)
{
	long long number = 0;

	while (*text && (*text < '0' || *text > '9'))
		text++;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + *text++ - '0';
	return number;
}

/* Of mappings that count, or of shared anonymous ones */
static long long sum_of_maps(pid_t pid, bool shared)
{
	long long size = 0, sum = 0;
	bool zero = false;
	struct lines in = { };
	char line[256];

	snprintf(line, sizeof(line), "/proc/%d/smaps", pid);
	in.fd = open(line, O_RDONLY | O_CLOEXEC);
	if (in.fd < 0)
		return -errno;
	while (next_line(&in, line, sizeof(line))) {
		if (strstr(line, "/dev/zero (deleted)"))
			zero = true;
		if (!strncmp(line, "Size:", 5))
			size = number_in(line) << 10;
		if (strncmp(line, "VmFlags:", 8))
			continue;
		if (shared ? zero : !!strstr(line, " ac"))
			sum += size;
		zero = false;
	}
	close(in.fd);
	return sum;
}

long long promise_of(pid_t pid)
{
	return sum_of_maps(pid, false);
}

long long shared_of(pid_t pid)
{
	return sum_of_maps(pid, true);
}

long long meminfo_bytes(const char *key)
{
	struct lines in = { .fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC) };
	long long value = -ENOENT;
	char line[128];

	if (in.fd < 0)
		return -errno;
	while (value < 0 && next_line(&in, line, sizeof(line)))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			value = number_in(line) << 10;
	close(in.fd);
	return value;
}

long long commit_of_no_process(void)
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

bool commit_of_no_process_is(long long bytes)
{
	long long is;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		is = commit_of_no_process();
		if (is == bytes)
			return true;
		usleep(20000);
	}
	fprintf(stderr, "# Committed_AS beside processes: %lld, not %lld\n", is, bytes);
	return false;
}

long long commit_of(const char *cgroup, const char *name)
{
	long long value;
	char path[512];
	int err;

	snprintf(path, sizeof(path), "%s/memory.commit.%s", cgroup, name);
	err = read_number(path, &value);
	return err ? err : value;
}

int commit_set(const char *cgroup, const char *name, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/memory.commit.%s", cgroup, name);
	return write_file(path, value);
}

int commit_set_number(const char *cgroup, const char *name, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return commit_set(cgroup, name, text);
}

long long commit_refusals(const char *cgroup)
{
	long long value;
	char path[256];
	int err;

	snprintf(path, sizeof(path), "%s/memory.commit.events", cgroup);
	err = read_key_number(path, "max", &value);
	return err ? err : value;
}

void grow_stack(size_t size, int depth)
{
	char *frame = alloca(size);

	frame[0] = depth;
	if (depth)
		grow_stack(size, depth - 1);
	/* Keeps the frame until here. */
	asm volatile("" : : "r"(frame) : "memory");
}

char *map_growing(long pages, long hole, int prot, int flags)
{
	long page = sysconf(_SC_PAGESIZE);
	char *a;

	/* A guard below: what is next to it depends on nothing that came before. */
	a = mmap(NULL, (pages + hole + 1) * page, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (a == MAP_FAILED || munmap(a + page, (pages + hole) * page))
		return NULL;
	a = mmap(a + (1 + hole) * page, pages * page, prot,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN | flags, -1, 0);
	return a == MAP_FAILED ? NULL : a;
}

bool grow_to(const char *address)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned char there;
	int ends[2];

	if (pipe(ends))
		return false;
	if (write(ends[1], address, 1) < 0 && errno != EFAULT)
		perror("write");
	close(ends[0]);
	close(ends[1]);
	return !mincore((void *)((unsigned long)address / page * page), page, &there);
}

int open_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int uffd_register(int uffd, void *start, size_t len, int mode)
{
	struct uffdio_register reg = {
		.range = { (unsigned long)start, len }, .mode = mode,
	};

	return ioctl(uffd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

int uffd_copy(int uffd, void *to, const void *from, size_t len)
{
	struct uffdio_copy copy = {
		.dst = (unsigned long)to, .src = (unsigned long)from, .len = len,
	};

	return ioctl(uffd, UFFDIO_COPY, &copy) ? -errno : 0;
}

int log_from_now(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

bool log_says(int fd, const char *text)
{
	char record[2048];
	ssize_t len;

	for (;;) {
		len = read(fd, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* the oldest have been overwritten */
		if (len <= 0)
			return false;
		record[len] = '\0';
		if (strstr(record, text)) {
			fprintf(stderr, "# the kernel: %s", record);
			return true;
		}
	}
}

int subgroup(const char *parent, const char *name, char *path, size_t size)
{
	char file[256];
	int err;

	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", parent);
	err = write_file(file, "+memory");
	if (err)
		return err;
	snprintf(path, size, "%s/%s", parent, name);
	return mkdir(path, 0755) ? -errno : 0;
}

const char *no_commit_cgroup(void)
{
	char path[64];
	bool have;

	if (getuid())
		return "not root";
	if (subgroup(CGROUP_ROOT, "commit-probe", path, sizeof(path)))
		return "no cgroup with the memory controller can be made";
	have = commit_of(path, "current") >= 0;
	rmdir(path);
	return have ? NULL : "no memory.commit files: CONFIG_COMMIT_CGROUP is off";
}

void must_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "# %s:%d: not so: %s (errno %d)\n", file, line, what, errno);
	_exit(99);
}

void must_differ(const char *file, int line, const char *a, long long va,
		 const char *b, long long vb)
{
	fprintf(stderr, "# %s:%d: %s is %lld, %s is %lld\n", file, line, a, va, b, vb);
	_exit(99);
}

/* A trigger of a file with a forecast; the descriptor to wait on, or an error. */
int commit_arm(const char *path, const char *rule)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	if (write(fd, rule, strlen(rule)) == (ssize_t)strlen(rule))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* What poll() reports of POLLPRI and POLLERR. */
int commit_reported(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	return poll(&p, 1, ms) < 0 ? -errno : p.revents;
}
