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

/* The longest security descriptor of a process */
#define PEIOS_SD_MAX	4096

#ifdef CONFIG_SECURITY_PEIOS
bool peios_task_tcb(struct task_struct *task);

/* For fs/proc/peios.c */
int peios_token_show(struct seq_file *m, const struct cred *cred);
int peios_token_write(char *text);
int peios_pip_show(struct seq_file *m, const struct cred *cred);
int peios_pip_write(char *text);
int peios_sd_show(struct seq_file *m, struct task_struct *task);
int peios_sd_write(struct task_struct *task, const void *bytes, size_t size);

extern const struct file_operations proc_peios_token_operations;
extern const struct file_operations proc_peios_pip_operations;
extern const struct file_operations proc_peios_sd_operations;
#else
static inline bool peios_task_tcb(struct task_struct *task)
{
	return false;
}
#endif

#endif /* _LINUX_PEIOS_H */
