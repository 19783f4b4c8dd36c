// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/attr/peios: the files of a process that show and change what the
 * Peios LSM knows of it.
 *
 * They are not served by getprocattr and setprocattr: a module with these hooks
 * also answers for attr/current, which is another module's.
 */

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/peios.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

static int token_show(struct seq_file *m, void *unused)
{
	struct task_struct *task = get_proc_task(file_inode(m->file));
	const struct cred *cred;
	int err;

	if (!task)
		return -ESRCH;
	cred = get_task_cred(task);
	put_task_struct(task);
	err = peios_token_show(m, cred);
	put_cred(cred);
	return err;
}

/* The opener's mm stays with the file: what is not it may not write. */
static int token_open(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = current->mm;
	int err;

	err = single_open(file, token_show, mm);
	if (!err && mm)
		mmgrab(mm);
	return err;
}

static int token_release(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = ((struct seq_file *)file->private_data)->private;

	if (mm)
		mmdrop(mm);
	return single_release(inode, file);
}

static ssize_t token_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	char *text;
	int err;

	/* The file may have come from another program, as over exec. */
	if (!m->private || m->private != current->mm)
		return -EPERM;
	/* A thread changes its own token only. */
	if (proc_pid(file_inode(file)) != task_pid(current))
		return -EACCES;
	if (current_cred() != current_real_cred())
		return -EBUSY;
	if (count >= PAGE_SIZE)
		return -E2BIG;

	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = -EINVAL;
	if (strlen(text) != count)
		goto out;
	if (count && text[count - 1] == '\n')
		text[count - 1] = '\0';

	/* Keep ptrace from attaching by what the credentials were before. */
	err = mutex_lock_interruptible(&current->signal->cred_guard_mutex);
	if (err)
		goto out;
	err = peios_token_write(text);
	mutex_unlock(&current->signal->cred_guard_mutex);
out:
	kfree(text);
	return err ? err : count;
}

const struct file_operations proc_peios_token_operations = {
	.open		= token_open,
	.read		= seq_read,
	.write		= token_write,
	.llseek		= seq_lseek,
	.release	= token_release,
};
