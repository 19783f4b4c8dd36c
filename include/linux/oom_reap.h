/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reaping the memory of OOM victims at once.
 * See Documentation/admin-guide/mm/oom.rst.
 */
#ifndef _LINUX_OOM_REAP_H
#define _LINUX_OOM_REAP_H

#include <linux/types.h>

struct mm_struct;
struct task_struct;

/**
 * enum oom_reap_thread - what a thread that uses a victim's mm is up to
 * @OOM_REAP_THREAD_LIVE: not known to die, it may return to user mode
 * @OOM_REAP_THREAD_RUNNING: dying, and on its way
 * @OOM_REAP_THREAD_BLOCKED: dying, and asleep in the kernel
 * @OOM_REAP_NR_THREAD: number of the above
 */
enum oom_reap_thread {
	OOM_REAP_THREAD_LIVE,
	OOM_REAP_THREAD_RUNNING,
	OOM_REAP_THREAD_BLOCKED,
	OOM_REAP_NR_THREAD,
};

/**
 * enum oom_reap_list - what is known of a robust futex list
 * @OOM_REAP_LIST_NONE: none was registered, or the exit path is done with it
 * @OOM_REAP_LIST_EMPTY: no mutex is held and no operation pending
 * @OOM_REAP_LIST_HELD: the exit path needs the list
 * @OOM_REAP_LIST_UNREADABLE: its head can't be read without a page fault
 * @OOM_REAP_NR_LIST: number of the above
 */
enum oom_reap_list {
	OOM_REAP_LIST_NONE,
	OOM_REAP_LIST_EMPTY,
	OOM_REAP_LIST_HELD,
	OOM_REAP_LIST_UNREADABLE,
	OOM_REAP_NR_LIST,
};

/**
 * enum oom_reap_verdict - what to do about a victim now
 * @OOM_REAP_WAIT: look again in a moment
 * @OOM_REAP_FENCE: make sure that no CPU is in user mode on behalf of a dying
 *	thread, then look again
 * @OOM_REAP_NOW: reap all
 * @OOM_REAP_SPARE: reap all but the pages that robust lists need
 * @OOM_REAP_HIDE: it was reaped and nobody is about to free more: let the OOM
 *	killer choose another one
 * @OOM_REAP_GIVE_UP: it could not be reaped: likewise
 * @OOM_REAP_DONE: the victim freed its memory itself
 */
enum oom_reap_verdict {
	OOM_REAP_WAIT,
	OOM_REAP_FENCE,
	OOM_REAP_NOW,
	OOM_REAP_SPARE,
	OOM_REAP_HIDE,
	OOM_REAP_GIVE_UP,
	OOM_REAP_DONE,
};

/**
 * struct oom_reap_input - what is known of a victim when it is looked at
 * @age_ns: time since the kill
 * @idle_ns: time since it last had less memory than ever since the kill
 * @threads: threads that use the mm, of all processes, by what they are up to
 * @lists: their robust lists, native and compat, by what is known of them
 * @late_tries: vain tries to reap since the deadline
 * @exiting: the last user of the mm has let go, exit_mmap() frees it or has
 * @released: exit_mmap() has freed all (MMF_OOM_SKIP)
 * @fenced: every CPU that ran one of these threads was in the kernel since all
 *	of them are dying
 * @reaped: it was reaped
 */
struct oom_reap_input {
	u64 age_ns;
	u64 idle_ns;
	unsigned int threads[OOM_REAP_NR_THREAD];
	unsigned int lists[OOM_REAP_NR_LIST];
	unsigned int late_tries;
	bool exiting;
	bool released;
	bool fenced;
	bool reaped;
};

/* Robust lists that are held, or can't be read, are waited for this long. */
#define OOM_REAP_DELAY_NS	(2ULL * NSEC_PER_SEC)
/* After it, a victim that can't be reaped is tried this often and this long. */
#define OOM_REAP_LATE_TRIES	10
#define OOM_REAP_LIMIT_NS	(OOM_REAP_DELAY_NS + NSEC_PER_SEC)
/* A victim that was reaped holds up the next kill while it gives memory back. */
#define OOM_REAP_IDLE_NS	NSEC_PER_SEC
/* A victim that was reaped and sleeps this long after the kill is stuck. */
#define OOM_REAP_STUCK_NS	(100 * NSEC_PER_MSEC)

enum oom_reap_verdict oom_reap_decide(const struct oom_reap_input *in);
enum oom_reap_list oom_reap_judge_list(u64 head, bool readable, u64 next,
				       u64 pending);

#ifdef CONFIG_OOM_REAP

/**
 * struct oom_reap_victim - what the reaper keeps about a victim
 * @node: in the reaper's queue
 * @killed: when it was queued, ktime_get_ns()
 * @pages: resident and swapped pages then; the largest is reaped first
 * @least: the fewest pages, with page tables, that it was seen to have since
 * @progress: when that was, ktime_get_ns()
 * @freed: pages that it lost while it was being reaped
 * @late_tries: vain tries to reap since the deadline
 * @verdict: the last one
 * @fenced: see struct oom_reap_input
 * @reaped: likewise
 * @waited: it could not be reaped at once
 */
struct oom_reap_victim {
	struct list_head node;
	u64 killed;
	unsigned long pages;
	unsigned long least;
	u64 progress;
	unsigned long freed;
	unsigned int late_tries;
	u8 verdict;
	bool fenced;
	bool reaped;
	bool waited;
};

bool __oom_reap_task_mm(struct mm_struct *mm);
void queue_oom_reaper(struct task_struct *tsk);
int oom_reap_may_release(struct task_struct *p);
void oom_reap_thaw(struct task_struct *tsk);
int oom_reap_set_list(void __user **list, void __user *head);

#else /* !CONFIG_OOM_REAP */

#define oom_reap_thaw(tsk)	__thaw_task(tsk)

static inline int oom_reap_may_release(struct task_struct *p)
{
	return 0;
}

static inline int oom_reap_set_list(void __user **list, void __user *head)
{
	*list = head;
	return 0;
}

#endif /* CONFIG_OOM_REAP */

#endif /* _LINUX_OOM_REAP_H */
