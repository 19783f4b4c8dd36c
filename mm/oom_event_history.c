// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last OOM kills in /proc/oom_history, and the number of the record of a
 * process that was killed in its /proc/PID/oom_score_detail.
 */

#define pr_fmt(fmt) "oom_event: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/oom.h>
#include <linux/oom_event.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "oom_event.h"

/**
 * proc_oom_event_detail() - show /proc/PID/oom_score_detail, and who killed it
 * @m: the file
 * @ns: pid namespace of the proc mount
 * @pid: unused
 * @task: a task of the process, also a dead one
 *
 * Context: process context.
 * Return: 0, or the error of an LSM that does not let the opener see it.
 */
int proc_oom_event_detail(struct seq_file *m, struct pid_namespace *ns,
			  struct pid *pid, struct task_struct *task)
{
	int err = proc_oom_score_detail(m, ns, pid, task);
	u64 seq = oom_event_seq(task);

	if (!err && seq)
		seq_printf(m, "oom_killed %llu\n", seq);
	return err;
}

/* A reader of the history works on copies. */
struct history {
	u64 first;
	struct oom_event event;
	struct oom_event_text text;
	char line[OOM_EVENT_LINE];
};

/* The record at a position or, if that has been replaced, the next one. */
static void *history_at(struct history *h, loff_t *pos)
{
	u64 oldest;

	if (!h->first)
		h->first = oom_ring_first(&oom_event_ring, OOM_EVENT_HISTORY);
	while (!oom_ring_get(&oom_event_ring, h->first + *pos, &h->event)) {
		oldest = oom_ring_first(&oom_event_ring, UINT_MAX);
		if (h->first + *pos >= oldest)
			return NULL;
		*pos = oldest - h->first;
	}
	return h;
}

static void *history_start(struct seq_file *m, loff_t *pos)
{
	struct history *h = m->private;

	if (!*pos)
		h->first = 0;
	return history_at(h, pos);
}

static void *history_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return history_at(v, pos);
}

static void history_stop(struct seq_file *m, void *v)
{
}

static int history_show(struct seq_file *m, void *v)
{
	struct history *h = v;

	oom_event_encode(&h->event, &h->text);
	oom_event_format(&h->event, &h->text, h->line, sizeof(h->line));
	seq_printf(m, "%s\n", h->line);
	return 0;
}

static const struct seq_operations history_ops = {
	.start	= history_start,
	.next	= history_next,
	.stop	= history_stop,
	.show	= history_show,
};

/*
 * As the kernel log with dmesg_restrict: the records are the whole machine's, and
 * the root of a container, who owns the file by its uid, is not its administrator.
 */
static int history_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYSLOG))
		return -EPERM;
	return seq_open_private(file, &history_ops, sizeof(struct history));
}

static const struct proc_ops history_proc_ops = {
	.proc_open	= history_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= seq_release_private,
};

/** oom_event_history_init() - make /proc/oom_history, at boot */
void __init oom_event_history_init(void)
{
	if (!proc_create("oom_history", 0400, NULL, &history_proc_ops))
		pr_err("no /proc/oom_history\n");
}
