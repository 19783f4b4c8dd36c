/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes as objects: who may do what to one.
 */
#ifndef _SECURITY_PEIOS_PROCESS_H
#define _SECURITY_PEIOS_PROCESS_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <linux/uidgid.h>

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
int peios_task_access_slow(struct task_struct *target, u32 desired,
			   const char *op, bool audit);
int peios_task_access_by(const struct cred *subject, struct task_struct *target,
			 u32 desired, const char *op, bool audit);
int peios_opener_access(const struct cred *opener, struct task_struct *target,
			u32 desired, const char *op);

/* Rights by which nobody acts as a process; all that a signal can need. */
#define PEIOS_PROCESS_PLAIN	(PEIOS_PROCESS_ALL & ~PEIOS_PROCESS_CONTROL)

/*
 * Most of what processes do to each other is between those of one user and under
 * the default descriptor. Two short ways see at once that it can only be granted:
 * they say yes only if peios_task_decide() does so, relying on no privilege. A no
 * says nothing.
 */

/**
 * peios_granted_to_all() - see that everybody has a right
 * @sd: the descriptor of the process, NULL for the default; not looked into
 * @desired: rights on it
 * @deny_only: there may be tokens with deny-only groups
 *
 * By the default descriptor Everyone has PROCESS_QUERY_LIMITED, for which PIP is
 * not asked; and everyone is in Everyone where that is deny-only in no token.
 *
 * Context: any.
 * Return: true if it is granted to whatever credential.
 */
static inline bool peios_granted_to_all(const struct peios_sd *sd, u32 desired,
					bool deny_only)
{
	return desired == PEIOS_PROCESS_QUERY_LIMITED && likely(!sd) &&
	       likely(!deny_only);
}

/**
 * peios_plainly_granted() - see that a user has a right on a process of his own
 * @cred: who asks
 * @target: the credential of the process
 * @sd: its descriptor, NULL for the default; not looked into
 * @desired: rights on it
 *
 * Why it is granted, check by check:
 *
 *  - PIP: the target has none;
 *  - the descriptor: both have the same user, who is the owner. For the token is
 *    the same, and where it follows the Unix identity, either both have left
 *    root before, so that both are the Unix user of their euid, the same; or
 *    neither has, and with euid 0 neither does now: both are the token's user.
 *    What else differs (other ids, groups, capabilities, the user namespace) is
 *    asked only of who has another user, or for privileges;
 *  - privileges of the target: are not asked for with these rights.
 *
 * Context: any; the credentials can't go away.
 * Return: true if it is granted.
 */
static inline bool peios_plainly_granted(const struct cred *cred,
					 const struct cred *target,
					 const struct peios_sd *sd, u32 desired)
{
	const struct peios_cred *pc = peios_cred(cred), *tc = peios_cred(target);

	if (sd || desired & ~PEIOS_PROCESS_PLAIN)
		return false;
	if (pc->token != tc->token || tc->pip.type ||
	    !uid_eq(cred->euid, target->euid))
		return false;
	if (pc->lost & PEIOS_LOST_ROOT)
		return tc->lost & PEIOS_LOST_ROOT;
	return !(tc->lost & PEIOS_LOST_ROOT) &&
	       uid_eq(cred->euid, GLOBAL_ROOT_UID);
}

/* The first, for a process as it is now, which other rights need not read. */
static inline bool peios_task_granted_to_all(const struct task_struct *target,
					     u32 desired)
{
	const struct peios_process *process = peios_task(target)->process;

	return desired == PEIOS_PROCESS_QUERY_LIMITED &&
	       peios_granted_to_all(rcu_access_pointer(process->sd), desired,
				    READ_ONCE(peios_deny_only_seen));
}

/*
 * The second, for the current thread. Where it runs with other credentials than
 * its own, or is a thread of io_uring, more than one has to be asked.
 */
static inline bool peios_current_plainly_granted(struct task_struct *target,
						 u32 desired)
{
	const struct peios_process *process = peios_task(target)->process;
	const struct cred *cred = current_cred();

	if (unlikely(cred != current_real_cred() ||
		     current->flags & PF_IO_WORKER))
		return false;
	guard(rcu)();
	return peios_plainly_granted(cred, __task_cred(target),
				     rcu_access_pointer(process->sd), desired);
}

/**
 * peios_task_access() - may the current thread do this to a process?
 * @target: a task of the process
 * @desired: rights on it
 * @op: what it wants to do, a word for the record
 * @audit: record a refusal
 *
 * Context: any in which current is who asks, does not sleep; @target can't go
 *          away.
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
static inline int peios_task_access(struct task_struct *target, u32 desired,
				    const char *op, bool audit)
{
	if (same_thread_group(current, target) ||
	    peios_task_granted_to_all(target, desired) ||
	    peios_current_plainly_granted(target, desired))
		return 0;
	return peios_task_access_slow(target, desired, op, audit);
}

#endif /* _SECURITY_PEIOS_PROCESS_H */
