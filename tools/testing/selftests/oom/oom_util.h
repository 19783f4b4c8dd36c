/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the OOM self-tests share: files, memory hogs, memory cgroups, tokens.
 *
 * Functions that can fail return a negative errno.
 */
#ifndef OOM_UTIL_H
#define OOM_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ADJ_FILE	"/proc/self/oom_score_adj"
#define TOKEN_FILE	"/proc/thread-self/attr/peios/token"
#define PEIOS_DIR	"/sys/kernel/security/peios"
#define CGROUP_ROOT	"/sys/fs/cgroup"

#define MB		(1024UL * 1024)

/* Read a whole file as text; returns its length. */
int read_file(const char *path, char *text, size_t size);
/* One write(2) of @len bytes, or of a string. */
int write_bytes(const char *path, const void *bytes, size_t len);
int write_file(const char *path, const char *text);
/* A file that holds a number. */
int read_number(const char *path, long long *number);
/* /proc/PID/NAME */
int read_proc(pid_t pid, const char *name, long long *number);
int write_proc(pid_t pid, const char *name, const char *text);
/* The value behind "KEY " in a file of "KEY VALUE" lines. */
int read_key(const char *path, const char *key, char *value, size_t size);
int read_key_number(const char *path, const char *key, long long *number);
/*
 * A kernel with lockdep, and by debug.config with KASAN and poisoning: it takes up to
 * twenty times as long, so that what is done in great numbers is done less often.
 */
bool kernel_debugs(void);
/* The monotonic clock, in ms */
long long now_ms(void);
/* A count in /proc/vmstat, or -1 */
long long vmstat_of(const char *key);
/* A key of /proc/PID/oom_score_detail; aborts if it is not there. */
long long detail(pid_t pid, const char *key);

/* A child that holds as much memory as it is told to. */
struct hog {
	pid_t pid;
	int command;
	int answer;
};

/* @adj: its oom_score_adj; @cgroup: folder of its cgroup, or NULL. */
int hog_start(struct hog *hog, int adj, const char *cgroup);
/* Waits until it holds @bytes more; -EPIPE if it died of it. */
int hog_grow(struct hog *hog, size_t bytes);
/* True if it has died; then its wait status is in @status. */
bool hog_died(struct hog *hog, int *status);
void hog_stop(struct hog *hog);
/*
 * Grow, and count whom the OOM killer has killed for it (vmstat's oom_kill).
 * Linux may kill a second one while the pages of the first are on their way
 * back: exit_mmap() sets MMF_OOM_SKIP some moments before they are free.
 */
int hog_grow_kills(struct hog *hog, size_t bytes);
/* Wait until one of @nr has died, 20 s at most; its index, or -1. */
int hog_wait_any(struct hog *const hogs[], int nr, int *status);

/* A memory cgroup below the root, without swap. */
int cgroup_create(const char *name, size_t memory_max, char *path, size_t size);
void cgroup_remove(const char *path);
/* Write one of a cgroup's files. */
int cgroup_set(const char *cgroup, const char *name, const char *value);
/* A memory cgroup and two in it, of one fixture. */
struct cgroup_pair {
	char top[256];
	char left[300];
	char right[300];
};

int cgroup_pair_create(struct cgroup_pair *pair, const char *name, size_t memory_max,
		       const char *left, const char *right);
/* Kills who is in them, and waits for all children. */
void cgroup_pair_remove(const struct cgroup_pair *pair);

bool have_peios(void);
/* True where Peios decides; false where it is absent or permissive. */
bool peios_enforces(void);
/* Why a test of what Peios decides can't run, or NULL. */
const char *peios_why_skip(void);
/* Write a command to the calling thread's token. */
int token_command(const char *command);
/* Take another token; what is NULL is left out of the command. */
int token_replace(const char *user, const char *groups, const char *deny,
		  const char *privileges, const char *enabled);

#endif /* OOM_UTIL_H */
