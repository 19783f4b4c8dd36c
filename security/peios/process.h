/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes as objects: who may do what to one.
 */
#ifndef _SECURITY_PEIOS_PROCESS_H
#define _SECURITY_PEIOS_PROCESS_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "access.h"
#include "cred.h"
#include "sd.h"
#include "setup.h"

/**
 * struct peios_family - processes that may share memory, files or directories
 * @usage: processes of the family
 * @rcu: to free the family when no reader is left
 *
 * Two processes belong to one family if one has come from the other by a
 * clone() that shares, and neither has called exec since. The family has no
 * list: a caller that must check its members looks for the processes that point
 * to it.
 */
struct peios_family {
	refcount_t usage;
	struct rcu_head rcu;
};

/**
 * struct peios_process - what the LSM keeps for a thread group
 * @usage: threads of the group
 * @mixed: its threads may have different credentials. Set before the first
 *	thread gets different ones, cleared at exec
 * @sd: its security descriptor, shared with the processes that have forked from
 *	it or that it has forked from; NULL for the default one.  Read under RCU,
 *	replaced by cmpxchg(), with exec_update_lock held against exec.
 * @family: the processes that it may share memory, files or directories with,
 *	NULL if there are none; read under RCU
 * @reading_refused: there already is a record that it was refused to read
 * @refused: the last request that was refused, and in which second
 */
struct peios_process {
	refcount_t usage;
	bool mixed;
	bool reading_refused;
	struct peios_sd __rcu *sd;
	struct peios_family __rcu *family;
	unsigned long refused;
};

/**
 * peios_process_family() - the processes that a process may share with, if any
 * @process: the process
 *
 * Context: under RCU, after the credentials of the process were read.
 * Return: the family, NULL if no other process is in it.
 */
static inline const struct peios_family *
peios_process_family(const struct peios_process *process)
{
	const struct peios_family *family = rcu_dereference(process->family);

	return unlikely(family) && refcount_read(&family->usage) > 1 ?
	       family : NULL;
}

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
 * @fown_cred: the credential that set where SIGIO goes, a reference; NULL if
 *	the process set itself. Changes under the lock of file_f_owner()
 * @signal_cred: the credential that chose the signal to send instead, a
 *	reference; NULL if only the receiver itself has chosen one,
 *	PEIOS_SIGNAL_BY_MANY if more than one has
 */
struct peios_file {
	const struct cred *fown_cred;
	const struct cred *signal_cred;
};

#define PEIOS_SIGNAL_BY_MANY	((const struct cred *)ERR_PTR(-EPERM))

/**
 * struct peios_maker - what a process was when it made an object
 * @cred: its credential, a reference
 * @sd: the descriptor that was set for it, a reference; NULL for the default
 *
 * This is for objects through which a process shares memory: an access to the
 * object is permitted if it would have been permitted on the process then.
 */
struct peios_maker {
	const struct cred *cred;
	struct peios_sd *sd;
};

void peios_maker_get(struct peios_maker *maker);
void peios_maker_put(struct peios_maker *maker);
bool peios_maker_guarded(const struct peios_maker *maker);
int peios_maker_access(const struct peios_maker *maker, u32 desired,
		       const char *op);
bool peios_query_everyone(void);
void peios_set_query_everyone(bool everyone);
int peios_parse_query(const char *text, bool *everyone);

int peios_cred_decide(const struct cred *cred, u64 counts,
		      const struct cred *target, const struct peios_sd *sd,
		      u32 desired, struct peios_access *result, u64 *lacks);
void peios_process_mix(void);
int peios_task_access_slow(struct task_struct *target, u32 desired,
			   const char *op, bool audit);
int peios_task_access_by(const struct cred *subject, struct task_struct *target,
			 u32 desired, const char *op, bool audit);
int peios_opener_access(const struct cred *opener, struct task_struct *target,
			u32 desired, const char *op);

/*
 * Rights that do not depend on the target's privileges; includes all of signals
 */
#define PEIOS_PROCESS_PLAIN	(PEIOS_PROCESS_ALL & ~PEIOS_PROCESS_GUARDED)

/**
 * peios_plainly_granted() - quick check for rights that can only be granted
 * @cred: the credential that asks
 * @target: the credential of the process; neither credential is read if
 *	Everyone has all that is desired
 * @sd: its descriptor, NULL for the default; not read
 * @desired: rights on it
 * @deny_only: there may be tokens with deny-only groups
 *
 * This is the only short cut. It returns true only if peios_decide() would
 * grant the rights without relying on a privilege; false says nothing. Most
 * requests are between processes of the same user, under the default
 * descriptor. For these, this function takes some 35 instructions, and the
 * whole decision some 650. It takes 10 for what Everyone may ask. In
 * comparison, kill(pid, 0) takes 575 in all, setpriority() 425.
 *
 * By the default descriptor, Everyone has PROCESS_QUERY_LIMITED, for which PIP
 * is not checked. Every subject is in Everyone, unless some token has it as a
 * deny-only group. Any other right is granted for these reasons, check by
 * check:
 *
 *  - PIP: the target has none;
 *  - the descriptor: both have the same user, which is the owner. The token is
 *    the same. Where it follows the Unix identity, either both have left root,
 *    so that both are the Unix user of their euid, which is the same; or
 *    neither has before, and since the euid is 0, neither has now, so that both
 *    are the user of the token. Everything else that differs (other ids,
 *    groups, capabilities, the user namespace) matters only for another user,
 *    or for privileges;
 *  - privileges of the target: these rights do not depend on them.
 *
 * Context: any; the credentials can't go away.
 * Return: true if it is granted.
 */
static inline bool peios_plainly_granted(const struct cred *cred,
					 const struct cred *target,
					 const struct peios_sd *sd, u32 desired,
					 bool deny_only)
{
	const struct peios_cred *pc, *tc;

	if (unlikely(sd) || desired & ~PEIOS_PROCESS_PLAIN)
		return false;
	if (desired == PEIOS_PROCESS_QUERY_LIMITED && likely(!deny_only))
		return true;
	pc = peios_cred(cred);
	tc = peios_cred(target);
	if (pc->token != tc->token || tc->pip.type ||
	    !uid_eq(cred->euid, target->euid))
		return false;
	if (pc->lost & PEIOS_LOST_ROOT)
		return tc->lost & PEIOS_LOST_ROOT;
	return !(tc->lost & PEIOS_LOST_ROOT) &&
	       uid_eq(cred->euid, GLOBAL_ROOT_UID);
}

/**
 * peios_task_plain() - peios_plainly_granted() for the current thread
 * @target: a task of the process
 * @desired: rights on it
 *
 * More than one credential must be checked as the caller's if the current
 * thread runs with credentials other than its own, or is a thread of io_uring.
 * More than one must be checked as the target's if its threads have different
 * ones, or if the target shares what is to be reached. This function returns
 * false then.
 *
 * Context: as peios_task_access().
 * Return: true if it is granted; false says nothing.
 */
static __always_inline bool peios_task_plain(const struct task_struct *target,
					     u32 desired)
{
	const struct peios_process *process = peios_task(target)->process;
	const struct peios_sd *sd = rcu_access_pointer(process->sd);
	const struct cred *cred, *of;

	/* Everyone has this right, whatever the caller and the target are. */
	if (desired == PEIOS_PROCESS_QUERY_LIMITED &&
	    likely(!READ_ONCE(peios_deny_only_seen)))
		return peios_plainly_granted(NULL, NULL, sd, desired, false);

	cred = current_cred();
	if (unlikely(cred != current_real_cred() ||
		     current->flags & PF_IO_WORKER))
		return false;
	guard(rcu)();
	of = __task_cred(target);
	/* Pairs with the release of commit_creds(): see peios_process_mix(). */
	smp_rmb();
	if (unlikely(READ_ONCE(process->mixed)) ||
	    (desired & PEIOS_PROCESS_INSIDE && peios_process_family(process)))
		return false;
	return peios_plainly_granted(cred, of, sd, desired, true);
}

/**
 * peios_task_access() - may the current thread do this to a process?
 * @target: a task of the process
 * @desired: rights on it
 * @op: the operation, a word for the record
 * @audit: record a refusal
 *
 * Context: any in which current is the caller, does not sleep; @target can't go
 *          away.
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
static inline int peios_task_access(struct task_struct *target, u32 desired,
				    const char *op, bool audit)
{
	if (same_thread_group(current, target) ||
	    peios_task_plain(target, desired))
		return 0;
	return peios_task_access_slow(target, desired, op, audit);
}

void __init peios_add_process_hooks(void);

#endif /* _SECURITY_PEIOS_PROCESS_H */
