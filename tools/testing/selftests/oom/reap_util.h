/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Victims of the OOM killer, and what the reaper does about them.
 */
#ifndef REAP_UTIL_H
#define REAP_UTIL_H

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "oom_util.h"
#include "stuck_fs.h"

#define PAGE		4096UL
#define SIZE		(24 * MB)
/* What remains of a victim: stacks in use and file pages. */
#define REST		(4 * MB)
/* ms in which a slow guest manages what a wait of 2 s would not */
#define SOON		1700
/* What victims fill their memory with. */
#define PATTERN		0x5a

struct entry {
	struct robust_list node;
	atomic_uint word;
	uint32_t used;
};

#define ENTRIES		64

/* What victims and the test share. */
struct shared {
	atomic_int ready;
	atomic_int next;
	struct entry entries[ENTRIES];
	pthread_mutex_t mutexes[ENTRIES];
	char *address;
	char *file;
};

extern struct shared *shared;
extern struct stuck_fs fs;

/* Why the reaper can't be tested here, or NULL. */
const char *reap_lacks(void);
/* Mounts the file system in which victims get stuck; a negative errno. */
int reap_start(void);
void reap_stop(void);

/* Resident bytes; 0 for a zombie. */
size_t rss(pid_t pid);
char state(pid_t pid);

/* A victim; it says ready(), then goes on to whatever it is to be killed in. */
pid_t victim(void (*body)(void *), void *arg);
void ready(void);
void *fill(size_t size, int flags);
/* Sleep in the kernel until the test lets go. */
void get_stuck(void);
/* The signal that it died of, or its exit status, negative. */
int death(pid_t pid);

/* Have the OOM killer kill: a volunteer, if there is one. */
bool oom_kill(void);
/*
 * Until the reaper is done with a victim; the time until little was left, or -1
 * if it takes more than @ms.
 */
long long wait_reaped(pid_t pid, long long ms);

/* An entry of a robust list, in memory of its own or in what is shared. */
struct entry *new_entry(bool in_shared, unsigned int *seed);
void own(struct entry *entry);
/*
 * A list of @nr mutexes that are held, the last @nr_pending of them (0 or 1)
 * only by list_op_pending.
 */
struct robust_list_head *hold(int nr, int nr_pending, unsigned int *seed);

#endif /* REAP_UTIL_H */
