// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/commitinfo: the system's promised memory, and when it runs out.
 *
 * The arithmetic is in mm/commit_forecast.c, the triggers are in
 * mm/commit_watch.c. The system is sampled while there are triggers, and by
 * each process that reads the file.
 */

#include <linux/commit_forecast.h>
#include <linux/commit_info.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/swap.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <linux/vmstat.h>

#include "commit_watch.h"

/* Triggers that one user may have, until user.max_commit_triggers is set */
#define MAX_TRIGGERS		128

/* Anyone may be warned; the number of triggers is limited. */
#define COMMITINFO_MODE		0666

/* The system's; protected by commit_watch_lock. */
static struct commit_watch system_watch;
static struct commit_forecast forecast;
static struct commit_amounts amounts;
static u64 sampled;

static void read_amounts(void)
{
	/*
	 * A page in the swap cache is both in swap and in RAM; it counts once.
	 */
	long swapped = total_swap_pages - get_nr_swap_pages() -
		       (long)total_swapcache_pages();
	long free_swap = get_nr_swap_pages();

	amounts.promise = vm_memory_committed();
	amounts.payment = global_node_page_state(NR_ANON_MAPPED) +
			  global_node_page_state(NR_SHMEM) + max(swapped, 0L);
	amounts.available = si_mem_available() + max(free_swap, 0L);
	/* This includes page tables, slab, MAP_NORESERVE and huge pages. */
	amounts.used = commit_outstanding(totalram_pages() + total_swap_pages,
					  amounts.available);
}

/**
 * commit_look_at_system() - sample the system, at most once for any time
 * @now: the time
 * @outlook: the result
 */
void commit_look_at_system(u64 now, struct commit_outlook *outlook)
{
	lockdep_assert_held(&commit_watch_lock);
	if (sampled != now) {
		read_amounts();
		commit_forecast_sample(&forecast, &amounts, now);
		sampled = now;
	}
	commit_forecast_outlook(&forecast, &amounts, outlook);
}

static void look(struct commit_watch *watch, u64 now, struct commit_outlook *outlook)
{
	commit_look_at_system(now, outlook);
}

static int commitinfo_show(struct seq_file *m, void *v)
{
	struct commit_view view = { .refused = commit_refused_total() };

	mutex_lock(&commit_watch_lock);
	commit_look_at_system(ktime_get_ns(), &view.outlook);
	view.promise = amounts.promise;
	view.payment = amounts.payment;
	view.rate = forecast.rate;
	view.growth = forecast.growth;
	mutex_unlock(&commit_watch_lock);

	seq_printf(m, "Limit: %llu kB\n", commit_kilobytes(vm_commit_limit()));
	commit_view_show(m, &view);
	return 0;
}

static int commitinfo_open(struct inode *inode, struct file *file)
{
	return single_open(file, commitinfo_show, NULL);
}

static ssize_t commitinfo_write(struct file *file, const char __user *text,
				size_t len, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	char buf[COMMIT_RULE_MAX + 1];
	int err;

	if (!len || len > COMMIT_RULE_MAX)
		return -EINVAL;
	if (copy_from_user(buf, text, len))
		return -EFAULT;
	buf[len] = '\0';

	guard(mutex)(&m->lock);
	err = commit_trigger_arm(&system_watch, &m->private, buf, len,
				 file->f_cred, NULL);
	return err ?: len;
}

static __poll_t commitinfo_poll(struct file *file, poll_table *wait)
{
	struct seq_file *m = file->private_data;

	return commit_trigger_poll(&m->private, file, wait);
}

static int commitinfo_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	commit_trigger_destroy(m->private);
	return single_release(inode, file);
}

static const struct proc_ops commitinfo_ops = {
	.proc_open	= commitinfo_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_write	= commitinfo_write,
	.proc_poll	= commitinfo_poll,
	.proc_release	= commitinfo_release,
};

static int __init commit_info_init(void)
{
	init_user_ns.ucount_max[UCOUNT_COMMIT_TRIGGERS] = MAX_TRIGGERS;
	commit_watch_init(&system_watch, look);
	proc_create("commitinfo", COMMITINFO_MODE, NULL, &commitinfo_ops);
	return 0;
}
fs_initcall(commit_info_init);
