// SPDX-License-Identifier: GPL-2.0-only
/*
 * Promised memory in /proc: /proc/PID/commit, and /proc/commitinfo with its
 * triggers.  The arithmetic is in mm/commit_forecast.c.
 *
 * Nothing is counted ahead of time.  A file is computed when it is read.  While
 * there are triggers, work on a queue of its own samples the system each 100 ms
 * and stops by itself when the last of them has gone; who reads /proc/commitinfo
 * takes a sample, too.
 */

#include <linux/commit_forecast.h>
#include <linux/commit_info.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <linux/vmstat.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* How often the system is sampled while there are triggers. */
#define SAMPLE_PERIOD_MS	100

/* Triggers that one user may have, before user.max_commit_triggers is set. */
#define MAX_TRIGGERS		128

/* Anyone may be warned; the number of triggers is limited. */
#define COMMITINFO_MODE		0666

/* The longest text that a trigger can be, with a newline. */
#define RULE_MAX		40

/**
 * struct commit_trigger - what was written to one open file
 * @node: in triggers
 * @rule: what to report
 * @crossing: what was reported
 * @event: 1 if there is something to report to poll()
 * @wait: who polls
 * @ucounts: whom it is counted for
 *
 * Lives until its file is released, which happens when nobody polls it any
 * more.  @node and @crossing are protected by info_lock.
 */
struct commit_trigger {
	struct list_head node;
	struct commit_rule rule;
	struct commit_crossing crossing;
	int event;
	wait_queue_head_t wait;
	struct ucounts *ucounts;
};

/* Protects what follows. */
static DEFINE_MUTEX(info_lock);
static struct commit_forecast forecast;
static LIST_HEAD(triggers);
/* Made with the first trigger, then kept. */
static struct workqueue_struct *commit_wq;

static u64 kilobytes(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static void read_amounts(struct commit_amounts *amounts)
{
	/* What is in the swap cache is in swap and in RAM; it counts once. */
	long swapped = total_swap_pages - get_nr_swap_pages() -
		       (long)total_swapcache_pages();
	long free_swap = get_nr_swap_pages();

	amounts->promise = vm_memory_committed();
	amounts->payment = global_node_page_state(NR_ANON_MAPPED) +
			   global_node_page_state(NR_SHMEM) + max(swapped, 0L);
	amounts->used = amounts->payment;
	amounts->available = si_mem_available() + max(free_swap, 0L);
}

static void sample(struct commit_amounts *amounts,
		   struct commit_outlook *outlook)
{
	lockdep_assert_held(&info_lock);
	read_amounts(amounts);
	commit_forecast_sample(&forecast, amounts, ktime_get_ns());
	commit_forecast_outlook(&forecast, amounts, outlook);
}

static void sample_work(struct work_struct *work)
{
	struct commit_amounts amounts;
	struct commit_outlook outlook;
	struct commit_trigger *t;
	u64 now;

	guard(mutex)(&info_lock);
	if (list_empty(&triggers))
		return;

	sample(&amounts, &outlook);
	now = ktime_get_ns();
	list_for_each_entry(t, &triggers, node) {
		if (!commit_crossing_step(&t->crossing,
					  commit_rule_side(&t->rule, &outlook),
					  now))
			continue;
		/* poll() takes it back; one that was not taken says it all. */
		if (cmpxchg(&t->event, 0, 1) == 0)
			wake_up_interruptible(&t->wait);
	}
	queue_delayed_work(commit_wq, to_delayed_work(work),
			   msecs_to_jiffies(SAMPLE_PERIOD_MS));
}

static DECLARE_DELAYED_WORK(sample_again, sample_work);

static struct commit_trigger *trigger_create(const struct commit_rule *rule,
					     const struct cred *cred)
{
	struct commit_trigger *t;
	int err = -ENOMEM;

	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->rule = *rule;
	init_waitqueue_head(&t->wait);
	/*
	 * Counted for who opened the file: who is handed the open file arms the
	 * one trigger that its owner could arm.
	 */
	t->ucounts = inc_ucount(cred->user_ns, cred->euid, UCOUNT_COMMIT_TRIGGERS);
	if (!t->ucounts) {
		err = -ENOSPC;
		goto free;
	}

	mutex_lock(&info_lock);
	/*
	 * The work must go on when there is no memory to make a worker of, and
	 * soon when there is little time left.
	 */
	if (!commit_wq)
		commit_wq = alloc_workqueue("commit", WQ_MEM_RECLAIM |
					    WQ_HIGHPRI | WQ_UNBOUND, 1);
	if (!commit_wq) {
		mutex_unlock(&info_lock);
		goto uncount;
	}
	list_add_tail(&t->node, &triggers);
	/* Does nothing if it runs anyway. */
	queue_delayed_work(commit_wq, &sample_again, 0);
	mutex_unlock(&info_lock);
	return t;

uncount:
	dec_ucount(t->ucounts, UCOUNT_COMMIT_TRIGGERS);
free:
	kfree(t);
	return ERR_PTR(err);
}

static void trigger_destroy(struct commit_trigger *t)
{
	if (!t)
		return;

	/* After this the work does not know it; the last one stops the work. */
	mutex_lock(&info_lock);
	list_del(&t->node);
	mutex_unlock(&info_lock);
	dec_ucount(t->ucounts, UCOUNT_COMMIT_TRIGGERS);
	kfree(t);
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
		   kilobytes(max(rate, 0)) / COMMIT_RATE_SCALE);
}

static int commitinfo_show(struct seq_file *m, void *v)
{
	struct commit_amounts amounts;
	struct commit_outlook outlook;
	s64 rate, growth;

	mutex_lock(&info_lock);
	sample(&amounts, &outlook);
	rate = forecast.rate;
	growth = forecast.growth;
	mutex_unlock(&info_lock);

	seq_printf(m, "Limit: %llu kB\n", kilobytes(vm_commit_limit()));
	seq_printf(m, "Promise: %llu kB\n", kilobytes(amounts.promise));
	seq_printf(m, "Payment: %llu kB\n", kilobytes(amounts.payment));
	seq_printf(m, "Outstanding: %llu kB\n", kilobytes(outlook.outstanding));
	seq_printf(m, "Available: %llu kB\n", kilobytes(amounts.available));
	seq_printf(m, "Coverage: %u %%\n", outlook.coverage);
	seq_printf(m, "Refused: %lu\n", commit_refused_total());
	show_rate(m, "Rate", rate);
	show_forecast(m, "Exhaustion", outlook.exhaustion);
	show_rate(m, "Growth", growth);
	show_forecast(m, "Trend", outlook.trend);
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
	struct commit_trigger *t;
	struct commit_rule rule;
	char buf[RULE_MAX + 1];
	int err;

	if (!len || len > RULE_MAX)
		return -EINVAL;
	if (copy_from_user(buf, text, len))
		return -EFAULT;
	buf[len] = '\0';
	err = commit_rule_parse(buf, len, &rule);
	if (err)
		return err;

	/*
	 * One trigger for an open file, and for its whole life: one that could
	 * be replaced could go while somebody polls it.
	 */
	guard(mutex)(&m->lock);
	if (m->private)
		return -EBUSY;
	t = trigger_create(&rule, file->f_cred);
	if (IS_ERR(t))
		return PTR_ERR(t);
	/* Pairs with smp_load_acquire() in commitinfo_poll(). */
	smp_store_release(&m->private, t);
	return len;
}

static __poll_t commitinfo_poll(struct file *file, poll_table *wait)
{
	struct seq_file *m = file->private_data;
	struct commit_trigger *t;

	/* Pairs with smp_store_release() in commitinfo_write(). */
	t = smp_load_acquire(&m->private);
	if (!t)
		return DEFAULT_POLLMASK | EPOLLERR | EPOLLPRI;

	poll_wait(file, &t->wait, wait);
	if (cmpxchg(&t->event, 1, 0) == 1)
		return DEFAULT_POLLMASK | EPOLLPRI;
	return DEFAULT_POLLMASK;
}

static int commitinfo_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	trigger_destroy(m->private);
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
	proc_create("commitinfo", COMMITINFO_MODE, NULL, &commitinfo_ops);
	return 0;
}
fs_initcall(commit_info_init);

/*
 * Add what a mapping, from @start on, was promised and has been paid.
 *
 * A private mapping holds a promise of its own if it is accounted: for each page
 * that is or may become a copy.  What is paid of it is in the mm's counters.
 *
 * A shared one holds none.  The shmem object behind it does: for its whole size
 * since it was made, as SysV shared memory and shared anonymous memory do, or
 * for each page since that was allocated, as tmpfs and memfd do.  It is counted
 * for all processes that map it, as far as they do.  Pages that another process
 * has touched are paid for, too, so it is the object's pages that are asked, not
 * the mm's; of an object that is mapped in part they are taken to be in it.
 */
static void add_mapping(struct vm_area_struct *vma, unsigned long start,
			u64 *promise, u64 *payment)
{
	u64 pages = (vma->vm_end - start) >> PAGE_SHIFT;
	struct shmem_inode_info *info;
	struct address_space *mapping;
	u64 first, size, paid;

	if (vma->vm_flags & VM_ACCOUNT) {
		*promise += pages;
		return;
	}
	if (!(vma->vm_flags & VM_MAYSHARE) || !vma->vm_file)
		return;
	/* Not vma_is_shmem(): SysV shared memory has operations of its own. */
	mapping = vma->vm_file->f_mapping;
	if (!shmem_mapping(mapping))
		return;

	first = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	size = DIV_ROUND_UP_ULL(i_size_read(mapping->host), PAGE_SIZE);
	pages = min(pages, commit_outstanding(size, first));
	info = SHMEM_I(mapping->host);
	paid = min_t(u64, pages, READ_ONCE(info->alloced));
	*promise += READ_ONCE(info->flags) & VM_NORESERVE ? paid : pages;
	*payment += paid;
}

static int read_mm(struct mm_struct *mm, u64 *promise, u64 *payment)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	unsigned long done = 0;
	int err;

	err = mmap_read_lock_killable(mm);
	if (err)
		return err;
	for_each_vma(vmi, vma) {
		/* The rest of one that has grown while the lock was free. */
		if (vma->vm_end > done)
			add_mapping(vma, max(vma->vm_start, done), promise, payment);
		done = max(vma->vm_end, done);
		if (!mmap_lock_is_contended(mm))
			continue;
		vma_iter_invalidate(&vmi);
		mmap_read_unlock(mm);
		err = mmap_read_lock_killable(mm);
		if (err)
			return err;
	}
	*payment += get_mm_counter_sum(mm, MM_ANONPAGES) +
		    get_mm_counter_sum(mm, MM_SWAPENTS);
	mmap_read_unlock(mm);
	return 0;
}

/**
 * proc_pid_commit() - show /proc/PID/commit
 * @m: the file
 * @ns: unused
 * @pid: unused
 * @task: a task of the process
 *
 * Context: process context; takes the mmap lock for reading and yields it to
 *          who wants to write.
 * Return: 0, -EINTR, or the error of an LSM that does not let the opener see it.
 */
int proc_pid_commit(struct seq_file *m, struct pid_namespace *ns,
		    struct pid *pid, struct task_struct *task)
{
	u64 promise = 0, payment = 0;
	struct mm_struct *mm;
	int err;

	err = security_task_query_oom(task, m->file->f_cred);
	if (err)
		return err;

	/* A kernel thread or one that has exited owes nothing. */
	mm = get_task_mm(task);
	if (mm) {
		err = read_mm(mm, &promise, &payment);
		mmput(mm);
		if (err)
			return err;
	}
	seq_printf(m, "Promise: %llu kB\n", kilobytes(promise));
	seq_printf(m, "Payment: %llu kB\n", kilobytes(payment));
	seq_printf(m, "Outstanding: %llu kB\n",
		   kilobytes(commit_outstanding(promise, payment)));
	return 0;
}
