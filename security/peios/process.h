/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes as objects: who may do what to one.
 */
#ifndef _SECURITY_PEIOS_PROCESS_H
#define _SECURITY_PEIOS_PROCESS_H

#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "access.h"
#include "common.h"
#include "sd.h"

/**
 * struct peios_process - what the LSM keeps for a thread group
 * @usage: threads of the group
 * @sd: its security descriptor, shared with the processes that have forked from
 *	it or that it has forked from; NULL for the default one.  Read under RCU,
 *	replaced under peios_sd_mutex.
 */
struct peios_process {
	refcount_t usage;
	struct peios_sd __rcu *sd;
};

/**
 * struct peios_task - the LSM's part of a task
 * @process: that of its thread group; NULL only while the task is being made
 */
struct peios_task {
	struct peios_process *process;
};

static inline struct peios_task *peios_task(const struct task_struct *task)
{
	return task->security + peios_blob_sizes.lbs_task;
}

/**
 * struct peios_file - the LSM's part of an open file
 * @fown_cred: who has set where SIGIO goes, a reference; NULL if to itself
 *
 * Changes under the lock of file_f_owner().
 */
struct peios_file {
	const struct cred *fown_cred;
};

/* Pure parts of the decision. */
u32 peios_default_granted(const struct peios_subject *subject,
			  const struct peios_sid *user, bool unix_root);
int peios_default_check(const struct peios_subject *subject,
			const struct peios_sid *user, bool unix_root,
			u32 desired, struct peios_access *result);
u32 peios_ptrace_rights(unsigned int mode);
u32 peios_signal_right(int sig);

int peios_task_decide(const struct cred *cred, const struct cred *target,
		      const struct peios_sd *sd, u32 desired,
		      struct peios_access *result, u64 *lacks);
int peios_task_access(struct task_struct *target, u32 desired, const char *op,
		      bool audit);
int peios_task_access_by(const struct cred *subject, struct task_struct *target,
			 u32 desired, const char *op, bool audit);
int peios_opener_access(const struct cred *opener, struct task_struct *target,
			u32 desired, const char *op);

#endif /* _SECURITY_PEIOS_PROCESS_H */
