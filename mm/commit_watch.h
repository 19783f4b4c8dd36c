/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches and their triggers: what /proc/commitinfo and memory.forecast have in
 * common.
 */
#ifndef _MM_COMMIT_WATCH_H
#define _MM_COMMIT_WATCH_H

#include <linux/commit_forecast.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/seq_file.h>

struct commit_trigger;
struct cred;
struct file;
struct kernfs_open_file;

/* The longest text that a trigger can be, with a newline. */
#define COMMIT_RULE_MAX		40

/**
 * struct commit_watch - memory that is watched
 * @node: in the list of watches that have triggers
 * @triggers: its triggers; if there are none, the watch is in no list
 * @look: sample it at the time @now, unless that was done already, and return
 *	the outlook; called with commit_watch_lock held, must not allocate
 *	memory
 */
struct commit_watch {
	struct list_head node;
	struct list_head triggers;
	void (*look)(struct commit_watch *watch, u64 now,
		     struct commit_outlook *outlook);
};

/**
 * struct commit_view - the content of a file, below the line of its limit
 * @promise: pages promised
 * @payment: pages paid
 * @refused: promises refused
 * @rate: rate at which memory is used
 * @growth: rate at which claims grow
 * @outlook: all other values
 */
struct commit_view {
	u64 promise;
	u64 payment;
	unsigned long refused;
	s64 rate;
	s64 growth;
	struct commit_outlook outlook;
};

extern struct mutex commit_watch_lock;

void commit_watch_init(struct commit_watch *watch,
		       void (*look)(struct commit_watch *watch, u64 now,
				    struct commit_outlook *outlook));
int commit_trigger_arm(struct commit_watch *watch, void **slot, char *text,
		       size_t len, const struct cred *cred,
		       struct kernfs_open_file *of);
__poll_t commit_trigger_poll(void **slot, struct file *file, poll_table *wait);
void commit_trigger_destroy(struct commit_trigger *t);

u64 commit_kilobytes(u64 pages);
void commit_view_show(struct seq_file *m, const struct commit_view *view);

void commit_look_at_system(u64 now, struct commit_outlook *outlook);

#endif /* _MM_COMMIT_WATCH_H */
