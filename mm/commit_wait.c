// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for promises that are being given back.
 *
 * An exit gives back what was promised to it when all of its memory is free. A
 * request that meets a strict limit meanwhile would fit a moment later. The
 * amount that is on its way is known: each exit_mmap(), including that of an
 * exec's old memory, and each unmapping that is not small is in a list of the
 * CPU on which it began, with its pages and its group, until the pages are
 * given back.
 *
 * A promise is refused deep inside a system call, at least under mmap_lock,
 * which the task that frees the memory may need. So nothing waits there. The
 * refusal is noted, the system call fails and drops its locks, and at its start
 * it waits and is tried again. This applies to mmap(), brk(), mremap(),
 * mprotect() and all kinds of fork. Callers that do not say that they may be
 * tried again are refused as before: page faults, exec, shmem's files, drivers,
 * and callers that must not sleep.
 *
 * A system call waits only if what is on its way would make it fit, for
 * vm.commit_wait_ms in total at most. A refusal is counted and reported when it
 * is final.
 *
 * Locks: a list's lock, under which nothing else is taken.
 */

#include <linux/commit.h>
#include <linux/commit_info.h>
#include <linux/commit_wait.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/sysctl.h>
#include <linux/vmstat.h>
#include <linux/wait.h>

static int sysctl_commit_wait_ms = 50;

struct commit_leavers {
	spinlock_t lock;	/* protects the list */
	struct hlist_head list;
};

static DEFINE_PER_CPU(struct commit_leavers, commit_leavers) = {
	.lock = __SPIN_LOCK_UNLOCKED(commit_leavers.lock),
};

static DECLARE_WAIT_QUEUE_HEAD(commit_waiters);

/**
 * commit_wait_helps() - will a request fit once pages are given back?
 * @taken: pages that are promised
 * @pages: how many more are asked for
 * @allowed: how many may be promised
 * @leaving: how many are being given back
 *
 * Return: true if it will, and pages are being given back.
 */
bool commit_wait_helps(u64 taken, u64 pages, u64 allowed, u64 leaving)
{
	if (!leaving)
		return false;
	return commit_fits(taken - min(taken, leaving), pages, allowed);
}

/**
 * commit_leave() - promises will be given back in a moment
 * @leaving: on the caller's stack
 * @group: the group that they were made for; the caller keeps it
 * @pages: how many, not 0
 *
 * Context: process context; the caller gives them back, and then calls
 *	    commit_left(), without waiting for a task that might wait for them.
 */
void commit_leave(struct commit_leaving *leaving, struct commit_group *group,
		  unsigned long pages)
{
	struct commit_leavers *leavers;

	leaving->cpu = raw_smp_processor_id();
	leaving->group = group;
	leaving->pages = pages;
	leavers = per_cpu_ptr(&commit_leavers, leaving->cpu);
	spin_lock(&leavers->lock);
	hlist_add_head(&leaving->node, &leavers->list);
	spin_unlock(&leavers->lock);
}

/**
 * commit_left() - promises have been given back
 * @leaving: the argument of commit_leave()
 */
void commit_left(struct commit_leaving *leaving)
{
	struct commit_leavers *leavers = per_cpu_ptr(&commit_leavers, leaving->cpu);

	spin_lock(&leavers->lock);
	hlist_del(&leaving->node);
	spin_unlock(&leavers->lock);
	/* Pairs with that of prepare_to_wait(): it sees the list, or is woken. */
	if (wq_has_sleeper(&commit_waiters))
		wake_up_all(&commit_waiters);
}

static bool commit_leaves(const struct commit_leaving *leaving,
			  const struct commit_group *top)
{
	const struct commit_group *group = leaving->group;

	while (group && group != top)
		group = group->parent;
	return group == top;
}

/**
 * commit_leaving_pages() - the number of pages that are being given back
 * @group: the group that gets them, beside the system, or NULL
 *
 * Return: pages.
 */
unsigned long commit_leaving_pages(const struct commit_group *group)
{
	struct commit_leaving *leaving;
	unsigned long pages = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct commit_leavers *leavers = per_cpu_ptr(&commit_leavers, cpu);

		spin_lock(&leavers->lock);
		hlist_for_each_entry(leaving, &leavers->list, node)
			if (commit_leaves(leaving, group))
				pages += leaving->pages;
		spin_unlock(&leavers->lock);
	}
	return pages;
}

/*
 * Is it the group of current's memory, or above it? It stays while current
 * waits.
 */
static bool commit_wait_keeps(const struct commit_group *top)
{
	const struct mm_struct *mm = current->mm;
	const struct commit_group *group = mm ? mm->commit_group : NULL;

	while (group && group != top)
		group = group->parent;
	return group == top;
}

static bool commit_wait_worth(const struct commit_wait *wait)
{
	return commit_wait_helps(wait->why.taken, wait->pages, wait->why.allowed,
				 commit_leaving_pages(wait->why.group));
}

/**
 * commit_wait_notes() - defer a refusal if the system call will be tried again
 * @why: the reason for the refusal
 * @pages: how many pages were asked for
 *
 * Context: any in which promises are asked for.
 * Return: true if the refusal is not to be reported.
 */
bool commit_wait_notes(const struct commit_refusal *why, unsigned long pages)
{
	int ms = READ_ONCE(sysctl_commit_wait_ms);
	struct commit_wait *wait = current->commit_wait;
	u64 now;

	if (!wait)
		return false;
	now = ktime_get_ns();
	if (!wait->until_ns) {
		wait->until_ns = now + ms * NSEC_PER_MSEC;
		wait->waited = false;
	}
	wait->why = *why;
	wait->pages = pages;
	wait->noted = why->limit != COMMIT_LIMIT_HEURISTIC && now < wait->until_ns &&
		      commit_wait_keeps(why->group) && commit_wait_worth(wait);
	wait->refused = !wait->noted;
	return wait->noted;
}

/**
 * __commit_wait_again() - wait until a system call is worth trying again
 * @wait: the system call, to which a promise was refused
 *
 * Context: process context; no lock is held; sleeps.
 * Return: true if it is to be tried again.
 */
bool __commit_wait_again(struct commit_wait *wait)
{
	DEFINE_WAIT(entry);
	u64 now;

	if (!wait->noted)
		return false;
	now = ktime_get_ns();
	prepare_to_wait(&commit_waiters, &entry, TASK_KILLABLE);
	/* Otherwise, something has been given back since. */
	if (now < wait->until_ns && commit_wait_worth(wait)) {
		if (!wait->waited)
			count_vm_event(COMMIT_WAITED);
		wait->waited = true;
		schedule_timeout(nsecs_to_jiffies(wait->until_ns - now) + 1);
	}
	finish_wait(&commit_waiters, &entry);
	if (fatal_signal_pending(current))
		return false;
	wait->noted = false;
	return true;
}

/**
 * __commit_wait_end() - end a system call to which a promise was refused
 * @wait: the system call
 */
void __commit_wait_end(struct commit_wait *wait)
{
	/* The task was killed, so that was the last try. */
	if (wait->noted)
		commit_report_refusal(&wait->why, wait->pages);
	else if (wait->waited && !wait->refused)
		count_vm_event(COMMIT_WAIT_GRANTED);
}

static const int commit_wait_max = 1000;

static struct ctl_table commit_wait_table[] = {
	{
		.procname	= "commit_wait_ms",
		.data		= &sysctl_commit_wait_ms,
		.maxlen		= sizeof(sysctl_commit_wait_ms),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= (void *)&commit_wait_max,
	},
};

static int __init commit_wait_init(void)
{
	register_sysctl_init("vm", commit_wait_table);
	return 0;
}
late_initcall(commit_wait_init);
