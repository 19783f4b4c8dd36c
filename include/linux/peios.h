/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rest of the kernel asks the Peios LSM directly.
 */
#ifndef _LINUX_PEIOS_H
#define _LINUX_PEIOS_H

#include <linux/types.h>

struct cred;
struct seq_file;
struct task_struct;

#ifdef CONFIG_SECURITY_PEIOS
bool peios_task_tcb(struct task_struct *task);

/* For fs/proc/peios.c */
int peios_token_show(struct seq_file *m, const struct cred *cred);
int peios_token_write(char *text);

extern const struct file_operations proc_peios_token_operations;
#else
static inline bool peios_task_tcb(struct task_struct *task)
{
	return false;
}
#endif

#endif /* _LINUX_PEIOS_H */
