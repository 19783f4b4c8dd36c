// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/commit: what was promised to a process and what it has paid,
 * computed when the file is read.
 */

#include <linux/commit_forecast.h>
#include <linux/commit_info.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/shmem_fs.h>

#include "commit_watch.h"

/*
 * Add what was promised for a mapping, from @start on, and what has been paid.
 *
 * A private mapping holds a promise of its own if it is accounted: for each page
 * that is or may become a copy.  What is paid of it is in the mm's counters.
 *
 * A shared mapping holds no promise; the shmem object behind it does. SysV
 * shared memory and shared anonymous memory have a promise for their whole size
 * since they were made; tmpfs and memfd have one for each page since it was
 * allocated. The promise is counted for all processes that map the object, as
 * far as they map it. Pages that another process has touched are paid for, too,
 * so this looks at the object's pages and not at those of the mm. If only a
 * part of an object is mapped, all its pages are taken to be in that part.
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
		/* The rest of a mapping that grew while the lock was free. */
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
 *          writers.
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

	/* A kernel thread or an exited process owes nothing. */
	mm = get_task_mm(task);
	if (mm) {
		err = read_mm(mm, &promise, &payment);
		mmput(mm);
		if (err)
			return err;
	}
	seq_printf(m, "Promise: %llu kB\n", commit_kilobytes(promise));
	seq_printf(m, "Payment: %llu kB\n", commit_kilobytes(payment));
	seq_printf(m, "Outstanding: %llu kB\n",
		   commit_kilobytes(commit_outstanding(promise, payment)));
	return 0;
}
