// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/oom_score, with CONFIG_OOM_SCORE.
 *
 * Not a seq_file, and no format to parse: what computing the value costs more
 * than oom_badness() did is spared here, so that monitors, which read it of each
 * process all the time, don't notice.
 */

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/oom_score.h>
#include <linux/sched/task.h>
#include <linux/security.h>

#include "internal.h"

static ssize_t oom_score_file_read(struct file *file, char __user *buf,
				   size_t count, loff_t *ppos)
{
	struct task_struct *task = get_proc_task(file_inode(file));
	char text[8];
	ssize_t ret;

	if (!task)
		return -ESRCH;
	ret = security_task_query_oom(task, file->f_cred);
	if (!ret)
		ret = num_to_str(text, sizeof(text) - 1, oom_score_read(task), 0);
	put_task_struct(task);
	if (ret < 0)
		return ret;
	text[ret++] = '\n';
	return simple_read_from_buffer(buf, count, ppos, text, ret);
}

const struct file_operations proc_oom_score_operations = {
	.read		= oom_score_file_read,
	.llseek		= generic_file_llseek,
};
