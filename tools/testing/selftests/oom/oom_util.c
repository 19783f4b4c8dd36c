// SPDX-License-Identifier: GPL-2.0-only

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "oom_util.h"

int read_file(const char *path, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, text + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	text[len] = '\0';
	return n ? n : (int)len;
}

int write_bytes(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, bytes, len) < 0)
		err = -errno;
	close(fd);
	return err;
}

int write_file(const char *path, const char *text)
{
	return write_bytes(path, text, strlen(text));
}

int read_number(const char *path, long long *number)
{
	char text[64], *end;
	int len = read_file(path, text, sizeof(text));

	if (len < 0)
		return len;
	*number = strtoll(text, &end, 10);
	return end == text ? -EINVAL : 0;
}

int read_proc(pid_t pid, const char *name, long long *number)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_number(path, number);
}

int write_proc(pid_t pid, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return write_file(path, text);
}

int read_key(const char *path, const char *key, char *value, size_t size)
{
	char text[16384], *line, *rest = text;
	int err = read_file(path, text, sizeof(text));
	size_t len = strlen(key);

	if (err < 0)
		return err;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, len))
			continue;
		/* "KEY VALUE", "KEY: VALUE", or a key with an empty value */
		line += len;
		if (*line && *line != ' ' && *line != ':')
			continue;
		line += strspn(line, ": \t");
		snprintf(value, size, "%s", line);
		return 0;
	}
	return -ENOENT;
}

int read_key_number(const char *path, const char *key, long long *number)
{
	char value[64], *end;
	int err = read_key(path, key, value, sizeof(value));

	if (err)
		return err;
	*number = strtoll(value, &end, 10);
	return end == value ? -EINVAL : 0;
}

bool kernel_debugs(void)
{
	return !access("/proc/lockdep", F_OK);
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

long long vmstat_of(const char *key)
{
	long long number = -1;

	read_key_number("/proc/vmstat", key, &number);
	return number;
}

long long detail(pid_t pid, const char *key)
{
	char path[128];
	long long number;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	if (read_key_number(path, key, &number)) {
		fprintf(stderr, "no %s in %s\n", key, path);
		abort();
	}
	return number;
}

static void hog_run(int command, int answer)
{
	size_t bytes;
	char *memory;

	while (read(command, &bytes, sizeof(bytes)) == sizeof(bytes)) {
		memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			break;
		madvise(memory, bytes, MADV_NOHUGEPAGE);
		memset(memory, 0x5a, bytes);
		if (write(answer, &bytes, sizeof(bytes)) != sizeof(bytes))
			break;
	}
	_exit(1);
}

int hog_start(struct hog *hog, int adj, const char *cgroup)
{
	int command[2], answer[2];
	char text[16], path[256];

	if (pipe2(command, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return -errno;
	hog->pid = fork();
	if (hog->pid < 0)
		return -errno;
	if (!hog->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(command[1]);
		close(answer[0]);
		if (cgroup) {
			snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
			if (write_file(path, "0"))
				_exit(2);
		}
		snprintf(text, sizeof(text), "%d", adj);
		if (write_file(ADJ_FILE, text))
			_exit(3);
		hog_run(command[0], answer[1]);
	}
	close(command[0]);
	close(answer[1]);
	hog->command = command[1];
	hog->answer = answer[0];
	/* It answers once it is where it should be. */
	return hog_grow(hog, 4096);
}

int hog_grow(struct hog *hog, size_t bytes)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	bool grown;

	sigaction(SIGPIPE, &ignore, &old);
	grown = write(hog->command, &bytes, sizeof(bytes)) == sizeof(bytes) &&
		read(hog->answer, &bytes, sizeof(bytes)) == sizeof(bytes);
	sigaction(SIGPIPE, &old, NULL);
	return grown ? 0 : -EPIPE;
}

bool hog_died(struct hog *hog, int *status)
{
	if (waitpid(hog->pid, status, WNOHANG) != hog->pid)
		return false;
	hog->pid = -1;
	return true;
}

void hog_stop(struct hog *hog)
{
	if (hog->pid > 0) {
		kill(hog->pid, SIGKILL);
		waitpid(hog->pid, NULL, 0);
		hog->pid = -1;
	}
	close(hog->command);
	close(hog->answer);
}

static long long oom_kills(void)
{
	long long kills = -1;

	read_key_number("/proc/vmstat", "oom_kill", &kills);
	return kills;
}

int hog_grow_kills(struct hog *hog, size_t bytes)
{
	long long before = oom_kills();

	hog_grow(hog, bytes);
	return oom_kills() - before;
}

int hog_wait_any(struct hog *const hogs[], int nr, int *status)
{
	int i, tries;

	for (tries = 0; tries < 4000; tries++) {
		for (i = 0; i < nr; i++)
			if (hogs[i]->pid > 0 && hog_died(hogs[i], status))
				return i;
		usleep(5000);
	}
	return -1;
}

int cgroup_create(const char *name, size_t memory_max, char *path, size_t size)
{
	char file[256], text[32];
	int err;

	err = write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	if (err)
		return err;
	snprintf(path, size, CGROUP_ROOT "/%s-%d", name, getpid());
	if (mkdir(path, 0755))
		return -errno;
	snprintf(file, sizeof(file), "%s/memory.max", path);
	snprintf(text, sizeof(text), "%zu", memory_max);
	err = write_file(file, text);
	snprintf(file, sizeof(file), "%s/memory.swap.max", path);
	if (!err && write_file(file, "0") == -EACCES)
		err = -EACCES;
	if (err)
		rmdir(path);
	return err;
}

void cgroup_remove(const char *path)
{
	int tries;

	/* The dead take a moment to leave. */
	for (tries = 0; tries < 1000 && rmdir(path) && errno == EBUSY; tries++)
		usleep(10000);
}

int cgroup_set(const char *cgroup, const char *name, const char *value)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", cgroup, name);
	return write_file(path, value);
}

int cgroup_pair_create(struct cgroup_pair *pair, const char *name, size_t memory_max,
		       const char *left, const char *right)
{
	int err = cgroup_create(name, memory_max, pair->top, sizeof(pair->top));

	if (err) {
		pair->top[0] = '\0';
		return err;
	}
	snprintf(pair->left, sizeof(pair->left), "%s/%s", pair->top, left);
	snprintf(pair->right, sizeof(pair->right), "%s/%s", pair->top, right);
	err = cgroup_set(pair->top, "cgroup.subtree_control", "+memory");
	if (!err && (mkdir(pair->left, 0755) || mkdir(pair->right, 0755)))
		err = -errno;
	return err;
}

void cgroup_pair_remove(const struct cgroup_pair *pair)
{
	cgroup_set(pair->left, "cgroup.freeze", "0");
	cgroup_set(pair->top, "cgroup.kill", "1");
	while (waitpid(-1, NULL, 0) > 0)
		;
	cgroup_remove(pair->left);
	cgroup_remove(pair->right);
	cgroup_remove(pair->top);
}

bool have_peios(void)
{
	return !access(PEIOS_DIR "/status", R_OK);
}

bool peios_enforces(void)
{
	char mode[32];

	return !read_key(PEIOS_DIR "/status", "mode", mode, sizeof(mode)) &&
	       !strcmp(mode, "enforcing");
}

const char *peios_why_skip(void)
{
	if (getuid())
		return "not root";
	if (!have_peios())
		return "Peios is not in lsm=";
	if (!peios_enforces())
		return "Peios is permissive";
	return NULL;
}

int token_command(const char *command)
{
	return write_file(TOKEN_FILE, command);
}

int token_replace(const char *user, const char *groups, const char *deny,
		  const char *privileges, const char *enabled)
{
	const char *const values[] = { user, groups, deny, privileges, enabled };
	static const char *const keys[] = {
		"user", "groups", "deny", "privileges", "enabled",
	};
	char command[2048] = "replace";
	int i, len = strlen(command);

	for (i = 0; i < 5; i++)
		if (values[i])
			len += snprintf(command + len, sizeof(command) - len,
					" %s=%s", keys[i], values[i]);
	return token_command(command);
}
