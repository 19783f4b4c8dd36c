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

/* Show what a credential of the task says. */
static int show_cred(struct seq_file *m,
		     int (*show)(struct seq_file *m, const struct cred *cred))
{
	struct task_struct *task = get_proc_task(file_inode(m->file));
	const struct cred *cred;
	int err;

	if (!task)
		return -ESRCH;
	cred = get_task_cred(task);
	put_task_struct(task);
	err = show(m, cred);
	put_cred(cred);
	return err;
}

static int token_show(struct seq_file *m, void *unused)
{
	return show_cred(m, peios_token_show);
}

static int pip_show(struct seq_file *m, void *unused)
{
	return show_cred(m, peios_pip_show);
}

static int sd_show(struct seq_file *m, void *unused)
{
	struct task_struct *task = get_proc_task(file_inode(m->file));
	int err;

	if (!task)
		return -ESRCH;
	err = peios_sd_show(m, task);
	put_task_struct(task);
	return err;
}

/* The opener's mm stays with the file: what is not it may not write. */
static int open_with_mm(struct file *file,
			int (*show)(struct seq_file *m, void *unused))
{
	struct mm_struct *mm = current->mm;
	int err;

	err = single_open(file, show, mm);
	if (!err && mm)
		mmgrab(mm);
	return err;
}

static int token_open(struct inode *inode, struct file *file)
{
	return open_with_mm(file, token_show);
}

static int pip_open(struct inode *inode, struct file *file)
{
	return open_with_mm(file, pip_show);
}

static int sd_open(struct inode *inode, struct file *file)
{
	return open_with_mm(file, sd_show);
}

static int release_mm(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = ((struct seq_file *)file->private_data)->private;

	if (mm)
		mmdrop(mm);
	return single_release(inode, file);
}

/* The file may have come from another program, as over exec. */
static bool opened_by_current(struct file *file)
{
	const struct seq_file *m = file->private_data;

	return m->private && m->private == current->mm;
}

/* Run a command on the credentials of the current thread, and of no other. */
static ssize_t write_own(struct file *file, const char __user *buf,
			 size_t count, int (*write)(char *text))
{
	char *text;
	int err;

	if (!opened_by_current(file))
		return -EPERM;
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
	err = write(text);
	mutex_unlock(&current->signal->cred_guard_mutex);
out:
	kfree(text);
	return err ? err : count;
}

static ssize_t token_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	return write_own(file, buf, count, peios_token_write);
}

static ssize_t pip_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	return write_own(file, buf, count, peios_pip_write);
}

/* A descriptor is written whole, in one write. */
static ssize_t sd_write(struct file *file, const char __user *buf,
			size_t count, loff_t *ppos)
{
	struct task_struct *task;
	void *bytes;
	int err;

	if (!opened_by_current(file))
		return -EPERM;
	if (!count || count > PEIOS_SD_MAX)
		return -EINVAL;
	bytes = memdup_user(buf, count);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);

	task = get_proc_task(file_inode(file));
	if (task) {
		err = peios_sd_write(task, bytes, count);
		put_task_struct(task);
	} else {
		err = -ESRCH;
	}
	kfree(bytes);
	return err ? err : count;
}

const struct file_operations proc_peios_token_operations = {
	.open		= token_open,
	.read		= seq_read,
	.write		= token_write,
	.llseek		= seq_lseek,
	.release	= release_mm,
};

const struct file_operations proc_peios_pip_operations = {
	.open		= pip_open,
	.read		= seq_read,
	.write		= pip_write,
	.llseek		= seq_lseek,
	.release	= release_mm,
};

const struct file_operations proc_peios_sd_operations = {
	.open		= sd_open,
	.read		= seq_read,
	.write		= sd_write,
	.llseek		= seq_lseek,
	.release	= release_mm,
};
