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
 * struct peios_family - those that may share memory, files or folders
 * @usage: processes of it
 * @rcu: to free it when nobody looks at it any more
 *
 * Processes that came of one another by a clone() that shares, since the last
 * exec of each. It has no list: whoever has to ask them looks for those that
 * have the same family.
 */
struct peios_family {
	refcount_t usage;
	struct rcu_head rcu;
};

/**
 * struct peios_process - what the LSM keeps for a thread group
 * @usage: threads of the group
 * @mixed: its threads may have different credentials; set before the first of
 *	them has others, cleared at exec
 * @sd: its security descriptor, shared with the processes that have forked from
 *	it or that it has forked from; NULL for the default one.  Read under RCU,
 *	replaced by cmpxchg(), with exec_update_lock held against exec.
 * @family: those that it may share memory, files or folders with, NULL if none;
 *	read under RCU
 * @reading_refused: a record says that it may not read what it wanted to
 * @refused: what it was refused last, and in which second
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
 * peios_process_family() - those that a process may share with, if there are any
 * @process: the process
 *
 * Context: under RCU, after the credentials of the process were read.
 * Return: the family, NULL if there is nobody else in it.
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
 * @fown_cred: who has set where SIGIO goes, a reference; NULL if to itself. It
 *	changes under the lock of file_f_owner()
 * @signal_cred: who has named the signal that goes in its place, a reference; NULL if
 *	that was but whom it goes to, PEIOS_SIGNAL_BY_MANY if more than one has
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
 * For objects by which it shares memory: what may be done to them is what might
 * have been done to the process then.
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

/* Rights for which no privileges of the target are asked, and all of signals. */
#define PEIOS_PROCESS_PLAIN	(PEIOS_PROCESS_ALL & ~PEIOS_PROCESS_GUARDED)

/**
 * peios_plainly_granted() - see at once that a right can only be granted
 * @cred: who asks
 * @target: the credential of the process; neither is looked into where all of
 *	Everyone has what is desired
 * @sd: its descriptor, NULL for the default; not looked into
 * @desired: rights on it
 * @deny_only: there may be tokens with deny-only groups
 *
 * The one short way: it says yes only if peios_decide() does so, relying on no
 * privilege; a no says nothing. Most of what processes do to each other is
 * between those of one user and under the default descriptor. For that it takes
 * some 35 instructions where the whole decision takes some 650, or 10 for what
 * all may ask: kill(pid, 0) takes 575 in all, setpriority() 425.
 *
 * By the default descriptor Everyone has PROCESS_QUERY_LIMITED, for which PIP is
 * not asked; and everyone is in Everyone where that is deny-only in no token.
 * Why any other right is granted, check by check:
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
 * Where it runs with other credentials than its own, or is a thread of io_uring,
 * more than one has to be asked; where the threads of the target have different
 * ones, or it shares what is to be reached, more than one has to be asked about.
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

	/* What all have, whoever is asked about and whoever asks */
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
	    peios_task_plain(target, desired))
		return 0;
	return peios_task_access_slow(target, desired, op, audit);
}

void __init peios_add_process_hooks(void);

#endif /* _SECURITY_PEIOS_PROCESS_H */
