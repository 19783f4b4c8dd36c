/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file system whose files never answer: who reads one sleeps in the kernel,
 * uninterruptibly, until it is let go. For tests of what becomes of a process
 * that can't exit.
 */
#ifndef STUCK_FS_H
#define STUCK_FS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUCK_MAX	1024

struct stuck_fs {
	char dir[64];
	int fd;
	pthread_t server;
	pthread_mutex_t lock;
	pthread_cond_t news;
	/* Requests that wait for an answer, and how many there were. */
	uint64_t waiting[STUCK_MAX];
	uint32_t opcode[STUCK_MAX];
	int nr;
	unsigned int seen;
	/* Answer everything at once. */
	bool open;
	/* The page that reads are answered with, if not with an error. */
	const void *page;
};

/* Mounts it, at a folder of its own; a negative errno if that fails. */
int stuck_fs_start(struct stuck_fs *fs);
void stuck_fs_stop(struct stuck_fs *fs);
/*
 * The folder holds a file for each character. Mapping one shared, while a write
 * to it is stuck, gets stuck with mmap_lock held for writing.
 */
int stuck_fs_open(const struct stuck_fs *fs, char name);
/* Wait until @seen requests in all have got stuck; false after 20 s. */
bool stuck_fs_wait(struct stuck_fs *fs, unsigned int seen);
/* Answer what waits; reads by fs->page, or with an error. */
void stuck_fs_release(struct stuck_fs *fs);

#endif /* STUCK_FS_H */
