// SPDX-License-Identifier: GPL-2.0-only
/*
 * Triggers: requests for a warning about the memory of the system or a cgroup.
 *
 * Nothing is counted ahead of time. While there are triggers, work on a queue
 * of its own samples every 100 ms what they watch. It stops by itself when the
 * last trigger has gone. The arithmetic is in mm/commit_forecast.c. What is
 * sampled is up to mm/commit_info.c, for the system, and
 * mm/commit_cgroup_forecast.c.
 */

#include <linux/commit_forecast.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernfs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "commit_watch.h"

/* The sampling period while there are triggers */
#define SAMPLE_PERIOD_MS	100

/**
 * struct commit_trigger - what was written to one open file
 * @node: in the triggers of @watch
 * @watch: the memory that is watched
 * @rule: what to report
 * @crossing: what has been reported
 * @event: 1 if there is something to report to poll()
 * @wait: the processes that poll, unless @of is set
 * @of: the file, if it is kernfs's; readers then wait in a queue of kernfs
 * @ucounts: the user that it is counted for
 *
 * Lives until its file is released, which happens when no process polls it any
 * more, or when a cgroup is removed. @node and @crossing are protected by
 * commit_watch_lock.
 */
struct commit_trigger {
	struct list_head node;
	struct commit_watch *watch;
	struct commit_rule rule;
	struct commit_crossing crossing;
	int event;
	wait_queue_head_t wait;
	struct kernfs_open_file *of;
	struct ucounts *ucounts;
};

/*
 * Protects the data below, the triggers, and what is remembered of samples. No
 * memory may be allocated while it is held, except for the queue, once: a
 * warning about a lack of memory waits for this lock.
 */
DEFINE_MUTEX(commit_watch_lock);
static LIST_HEAD(watched);
/* Created with the first trigger, then kept. */
static struct workqueue_struct *commit_wq;

/* poll() clears the event. One that was not cleared yet is enough. */
static void report(struct commit_trigger *t)
{
	if (cmpxchg(&t->event, 0, 1) != 0)
		return;
	if (t->of)
		kernfs_notify(t->of->kn);
	else
		wake_up_interruptible(&t->wait);
}

static void sample_work(struct work_struct *work)
{
	struct commit_outlook outlook;
	struct commit_watch *watch;
	struct commit_trigger *t;
	u64 now;

	guard(mutex)(&commit_watch_lock);
	if (list_empty(&watched))
		return;

	now = ktime_get_ns();
	list_for_each_entry(watch, &watched, node) {
		watch->look(watch, now, &outlook);
		list_for_each_entry(t, &watch->triggers, node)
			if (commit_crossing_step(&t->crossing,
						 commit_rule_side(&t->rule, &outlook),
						 now))
				report(t);
	}
	queue_delayed_work(commit_wq, to_delayed_work(work),
			   msecs_to_jiffies(SAMPLE_PERIOD_MS));
}

static DECLARE_DELAYED_WORK(sample_again, sample_work);

/**
 * commit_watch_init() - initialise a watch
 * @watch: the memory to watch
 * @look: samples it
 */
void commit_watch_init(struct commit_watch *watch,
		       void (*look)(struct commit_watch *watch, u64 now,
				    struct commit_outlook *outlook))
{
	INIT_LIST_HEAD(&watch->node);
	INIT_LIST_HEAD(&watch->triggers);
	watch->look = look;
}

/*
 * The work must go on when there is no memory to create a worker, and must
 * start soon when there is little time left.
 */
static bool trigger_start(struct commit_trigger *t)
{
	guard(mutex)(&commit_watch_lock);
	if (!commit_wq)
		commit_wq = alloc_workqueue("commit", WQ_MEM_RECLAIM |
					    WQ_HIGHPRI | WQ_UNBOUND, 1);
	if (!commit_wq)
		return false;
	if (list_empty(&t->watch->triggers))
		list_add_tail(&t->watch->node, &watched);
	list_add_tail(&t->node, &t->watch->triggers);
	/* Does nothing if the work is queued already. */
	queue_delayed_work(commit_wq, &sample_again, 0);
	return true;
}

static struct commit_trigger *trigger_create(struct commit_watch *watch,
					     const struct commit_rule *rule,
					     const struct cred *cred,
					     struct kernfs_open_file *of)
{
	struct commit_trigger *t;

	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->watch = watch;
	t->rule = *rule;
	t->of = of;
	init_waitqueue_head(&t->wait);
	/*
	 * Count it for the opener of the file. A process that was handed the
	 * open file arms the one trigger that the opener could arm.
	 */
	t->ucounts = inc_ucount(cred->user_ns, cred->euid, UCOUNT_COMMIT_TRIGGERS);
	if (!t->ucounts) {
		kfree(t);
		return ERR_PTR(-ENOSPC);
	}
	if (!trigger_start(t)) {
		dec_ucount(t->ucounts, UCOUNT_COMMIT_TRIGGERS);
		kfree(t);
		return ERR_PTR(-ENOMEM);
	}
	return t;
}

/**
 * commit_trigger_arm() - turn an open file into a trigger
 * @watch: the memory to watch
 * @slot: where the file keeps its trigger
 * @text: what was written, and a NUL; changed
 * @len: its length
 * @cred: credentials of the opener of the file
 * @of: the file, if it is kernfs's
 *
 * An open file has one trigger, for its whole life: a trigger that could be
 * replaced could be freed while a process polls it.
 *
 * Context: process context; the caller lets only one task write to the file.
 * Return: 0, or an error.
 */
int commit_trigger_arm(struct commit_watch *watch, void **slot, char *text,
		       size_t len, const struct cred *cred,
		       struct kernfs_open_file *of)
{
	struct commit_trigger *t;
	struct commit_rule rule;
	int err;

	if (!len || len > COMMIT_RULE_MAX)
		return -EINVAL;
	err = commit_rule_parse(text, len, &rule);
	if (err)
		return err;
	if (*slot)
		return -EBUSY;
	t = trigger_create(watch, &rule, cred, of);
	if (IS_ERR(t))
		return PTR_ERR(t);
	/* Pairs with smp_load_acquire() in commit_trigger_poll(). */
	smp_store_release(slot, t);
	return 0;
}

/**
 * commit_trigger_poll() - has a trigger something to report?
 * @slot: where the file keeps its trigger
 * @file: the file
 * @wait: the poll table
 *
 * Return: like poll() of a file; an error if the file is no trigger, so that no
 * process waits for ever.
 */
__poll_t commit_trigger_poll(void **slot, struct file *file, poll_table *wait)
{
	struct commit_trigger *t;

	/* Pairs with smp_store_release() in commit_trigger_arm(). */
	t = smp_load_acquire(slot);
	if (!t)
		return DEFAULT_POLLMASK | EPOLLERR | EPOLLPRI;

	/* kernfs itself would report when any process's trigger has fired. */
	if (t->of)
		kernfs_generic_poll(t->of, wait);
	else
		poll_wait(file, &t->wait, wait);
	if (cmpxchg(&t->event, 1, 0) == 1)
		return DEFAULT_POLLMASK | EPOLLPRI;
	return DEFAULT_POLLMASK;
}

/**
 * commit_trigger_destroy() - free the trigger of a file that is released
 * @t: the trigger, or NULL
 */
void commit_trigger_destroy(struct commit_trigger *t)
{
	if (!t)
		return;

	/*
	 * After this, the work does not know it. The last one stops the work.
	 */
	mutex_lock(&commit_watch_lock);
	list_del(&t->node);
	if (list_empty(&t->watch->triggers))
		list_del_init(&t->watch->node);
	mutex_unlock(&commit_watch_lock);
	/*
	 * A removed cgroup may still be polled: poll() returns an error then.
	 */
	if (t->of)
		kernfs_notify(t->of->kn);
	dec_ucount(t->ucounts, UCOUNT_COMMIT_TRIGGERS);
	kfree(t);
}

/**
 * commit_kilobytes() - convert pages to the unit that is shown
 * @pages: how many
 *
 * Return: kB.
 */
u64 commit_kilobytes(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static void show_forecast(struct seq_file *m, const char *name, u64 seconds)
{
	if (seconds == COMMIT_NEVER)
		seq_printf(m, "%s: never\n", name);
	else
		seq_printf(m, "%s: %llu s\n", name, seconds);
}

static void show_rate(struct seq_file *m, const char *name, s64 rate)
{
	seq_printf(m, "%s: %llu kB/s\n", name,
		   commit_kilobytes(max(rate, 0)) / COMMIT_RATE_SCALE);
}

/**
 * commit_view_show() - print a view, below the line of the limit
 * @m: the file
 * @view: the view
 */
void commit_view_show(struct seq_file *m, const struct commit_view *view)
{
	const struct commit_outlook *outlook = &view->outlook;

	seq_printf(m, "Promise: %llu kB\n", commit_kilobytes(view->promise));
	seq_printf(m, "Payment: %llu kB\n", commit_kilobytes(view->payment));
	seq_printf(m, "Outstanding: %llu kB\n",
		   commit_kilobytes(outlook->outstanding));
	seq_printf(m, "Available: %llu kB\n", commit_kilobytes(outlook->available));
	seq_printf(m, "Coverage: %u %%\n", outlook->coverage);
	seq_printf(m, "Refused: %lu\n", view->refused);
	show_rate(m, "Rate", view->rate);
	show_forecast(m, "Exhaustion", outlook->exhaustion);
	show_rate(m, "Growth", view->growth);
	show_forecast(m, "Trend", outlook->trend);
}
