/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A system call waits for promises that are being given back, rather than fail.
 * See Documentation/admin-guide/mm/overcommit.rst.
 */
#ifndef _LINUX_COMMIT_WAIT_H
#define _LINUX_COMMIT_WAIT_H

#include <linux/commit.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>

/* An unmapping of fewer pages is over before anybody could wait for it. */
#define COMMIT_LEAVE_MIN	32UL

bool commit_wait_helps(u64 taken, u64 pages, u64 allowed, u64 leaving);

/**
 * struct commit_wait - a system call that may be tried again
 * @until_ns: how long it may, on the monotonic clock; 0: nothing was refused yet, and
 *	the rest is not set
 * @noted: a promise was refused, and nobody was told yet
 * @refused: likewise, and it was said
 * @waited: it has waited
 * @why: why it was refused, for @noted
 * @pages: what was asked for, for @noted
 */
struct commit_wait {
	u64 until_ns;
	bool noted;
	bool refused;
	bool waited;
	struct commit_refusal why;
	unsigned long pages;
};

/**
 * struct commit_leaving - promises that are being given back
 * @node: in the list of the CPU on which that began
 * @cpu: that CPU
 * @group: for whom they were made beside the system, or NULL
 * @pages: how many; 0: it is in no list
 */
struct commit_leaving {
	struct hlist_node node;
	int cpu;
	struct commit_group *group;
	unsigned long pages;
};

#ifdef CONFIG_COMMIT_EXACT
bool __commit_wait_again(struct commit_wait *wait);
void __commit_wait_end(struct commit_wait *wait);
bool commit_wait_notes(const struct commit_refusal *why, unsigned long pages);
void commit_report_refusal(const struct commit_refusal *why, unsigned long pages);
void commit_leave(struct commit_leaving *leaving, struct commit_group *group,
		  unsigned long pages);
void commit_left(struct commit_leaving *leaving);
unsigned long commit_leaving_pages(const struct commit_group *group);

/*
 * A system call that asks for promises is tried in a loop. It holds no lock between
 * the tries:
 *
 *	commit_wait_begin(&wait);
 *	do {
 *		ret = ...
 *	} while (commit_wait_again(&wait));
 *	commit_wait_end(&wait);
 */
static inline void commit_wait_begin(struct commit_wait *wait)
{
	wait->until_ns = 0;
	current->commit_wait = wait;
}

static inline bool commit_wait_again(struct commit_wait *wait)
{
	return unlikely(wait->until_ns) && __commit_wait_again(wait);
}

static inline void commit_wait_end(struct commit_wait *wait)
{
	current->commit_wait = NULL;
	if (unlikely(wait->until_ns))
		__commit_wait_end(wait);
}

static inline void commit_wait_fork(struct task_struct *child)
{
	child->commit_wait = NULL;
}

static inline void mm_commit_leave(struct commit_leaving *leaving, struct mm_struct *mm,
				   unsigned long pages)
{
	leaving->pages = 0;
	if (pages >= COMMIT_LEAVE_MIN)
		commit_leave(leaving, mm->commit_group, pages);
}

static inline void mm_commit_left(struct commit_leaving *leaving)
{
	if (leaving->pages)
		commit_left(leaving);
}

static inline void mm_commit_leave_all(struct commit_leaving *leaving,
				       struct mm_struct *mm)
{
	mm_commit_leave(leaving, mm, mm_commit_pages(mm));
}
#else
static inline void commit_wait_begin(struct commit_wait *wait)
{
}

static inline bool commit_wait_again(struct commit_wait *wait)
{
	return false;
}

static inline void commit_wait_end(struct commit_wait *wait)
{
}

static inline void commit_wait_fork(struct task_struct *child)
{
}

static inline void mm_commit_leave(struct commit_leaving *leaving, struct mm_struct *mm,
				   unsigned long pages)
{
}

static inline void mm_commit_left(struct commit_leaving *leaving)
{
}

static inline void mm_commit_leave_all(struct commit_leaving *leaving,
				       struct mm_struct *mm)
{
}
#endif /* CONFIG_COMMIT_EXACT */

#endif /* _LINUX_COMMIT_WAIT_H */
