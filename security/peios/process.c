// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - processes as objects
 *
 * Each thread group has a security descriptor. As long as nobody has set one it
 * is the default, which follows from the token of the moment and is not stored:
 * fork() has nothing to copy, and a process that leaves root is its user's at
 * once. One that was set is shared by those that fork, until one of them sets
 * another; exec() keeps it while its owner is still the user of the process.
 *
 * The decision has three checks, asked for in this order:
 *
 *  - integrity protection (PIP) of the caller must dominate the target's;
 *  - the target's descriptor must grant the right, or SeDebugPrivilege stand in;
 *  - under the default descriptor, who may act as the target must hold the
 *    TCB privileges that the target holds, or else everything of SYSTEM could
 *    be had by removing a privilege and attaching to a process that kept it.
 *    An administrator who sets a descriptor decides that himself.
 *
 * All of it runs under locks and in interrupts (signals from SIGIO): nothing on
 * the way to a decision sleeps or allocates.
 */

#include <linux/binfmts.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/lsm_hooks.h>
#include <linux/mutex.h>
#include <linux/peios.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "common.h"
#include "privilege.h"
#include "process.h"
#include "sd.h"

/* Held to replace a descriptor, across the check if that is permitted. */
static DEFINE_MUTEX(peios_sd_mutex);

static struct peios_process init_process = { .usage = REFCOUNT_INIT(1) };

static struct peios_sd *get_sd(const struct peios_process *process)
{
	struct peios_sd *sd;

	guard(rcu)();
	do {
		sd = rcu_dereference(process->sd);
	} while (sd && !refcount_inc_not_zero(&sd->usage));
	return sd;
}

/* Callable in any context. */
static void put_sd(struct peios_sd *sd)
{
	if (sd && refcount_dec_and_test(&sd->usage))
		kfree_rcu(sd, rcu);
}

static int hook_task_alloc(struct task_struct *task, unsigned long clone_flags)
{
	struct peios_process *process = peios_task(current)->process;

	if (clone_flags & CLONE_THREAD) {
		refcount_inc(&process->usage);
		peios_task(task)->process = process;
		return 0;
	}

	process = kmalloc(sizeof(*process), GFP_KERNEL_ACCOUNT);
	if (!process)
		return -ENOMEM;
	refcount_set(&process->usage, 1);
	RCU_INIT_POINTER(process->sd, get_sd(peios_task(current)->process));
	peios_task(task)->process = process;
	return 0;
}

/* Nobody can find the task any more: may be an interrupt. */
static void hook_task_free(struct task_struct *task)
{
	struct peios_process *process = peios_task(task)->process;

	if (!process || !refcount_dec_and_test(&process->usage))
		return;
	put_sd(rcu_dereference_protected(process->sd, true));
	kfree(process);
}

/* Would an entry that allows something to @sid be about the subject? */
static bool holds(const struct peios_subject *subject,
		  const struct peios_sid *sid)
{
	unsigned int i;

	if (peios_sid_equal(subject->user, sid))
		return true;
	for (i = 0; i < subject->nr_groups; i++)
		if (peios_sid_equal(&subject->groups[i], sid))
			return true;
	for (; i < subject->nr_groups + subject->nr_deny; i++)
		if (peios_sid_equal(&subject->groups[i], sid))
			return false;
	if (subject->unix_member && sid->authority == 22 &&
	    sid->nr_subs == 2 && sid->sub[0] == 2)
		return subject->unix_member(subject->unix_groups, sid->sub[1]);
	return peios_sid_equal(sid, &peios_sid_everyone);
}

/**
 * peios_default_granted() - the rights that the default descriptor grants
 * @subject: who asks
 * @user: the user of the target, who is its owner
 * @unix_root: the target is a Unix user's, and @subject a Unix root over it
 *
 * The same as AccessCheck says of what peios_sd_default() makes, without making
 * it: all rights to the user, Administrators, SYSTEM and Unix roots, and
 * PROCESS_QUERY_LIMITED to everyone.
 *
 * Context: any.
 * Return: the rights' mask.
 */
u32 peios_default_granted(const struct peios_subject *subject,
			  const struct peios_sid *user, bool unix_root)
{
	if (unix_root || holds(subject, user) ||
	    holds(subject, &peios_sid_system) ||
	    holds(subject, &peios_sid_administrators))
		return PEIOS_PROCESS_ALL;
	return holds(subject, &peios_sid_everyone) ?
	       PEIOS_PROCESS_QUERY_LIMITED : 0;
}

/* Roots over a Unix user's process, by user namespace */
enum { ROOT_OF_ALL, ROOT_OF_NS, OWNER_OF_NS, NR_UNIX_ROOTS };

/*
 * Root, and in a namespace of its own the root and the owner of that: for Linux
 * they have always been masters of that process, by capabilities, and su, sudo
 * and the runtimes of containers rely on it.
 */
static bool root_over(const struct cred *cred, int nr, struct peios_sid *sid)
{
	struct user_namespace *ns = cred->user_ns;
	kuid_t uid = GLOBAL_ROOT_UID;

	if (nr == ROOT_OF_NS)
		uid = make_kuid(ns, 0);
	else if (nr == OWNER_OF_NS)
		uid = ns->owner;
	if (!uid_valid(uid))
		return false;
	peios_sid_from_uid(__kuid_val(uid), sid);
	return true;
}

static bool is_unix_root(const struct peios_sid *user, const struct cred *cred)
{
	struct peios_sid root;
	int i;

	for (i = 0; i < NR_UNIX_ROOTS; i++)
		if (root_over(cred, i, &root) && peios_sid_equal(user, &root))
			return true;
	return false;
}

/**
 * peios_default_check() - decide by the default descriptor
 * @subject: who asks
 * @user: the user of the target, who is its owner
 * @unix_root: the target is a Unix user's, and @subject a Unix root over it
 * @desired: rights, none generic, nor MAXIMUM_ALLOWED
 * @result: the decision
 *
 * As peios_process_check() decides by what peios_sd_default() makes, of a target
 * that is not protected.
 *
 * Context: any.
 * Return: 0 if all that is desired is granted, or else -EACCES.
 */
int peios_default_check(const struct peios_subject *subject,
			const struct peios_sid *user, bool unix_root,
			u32 desired, struct peios_access *result)
{
	u32 missing = desired & ~peios_default_granted(subject, user, unix_root);
	u64 security = 0;

	*result = (struct peios_access) { .ace = -1 };
	if (desired & PEIOS_ACCESS_SYSTEM_SECURITY) {
		security = subject->privileges & PEIOS_PRIV_SECURITY;
		if (!security) {
			result->missing = PEIOS_ACCESS_SYSTEM_SECURITY;
			result->refused_by = PEIOS_CHECK_PRIVILEGE;
			return -EACCES;
		}
		result->used = security;
		missing &= ~PEIOS_ACCESS_SYSTEM_SECURITY;
	}
	if (missing & PEIOS_WRITE_OWNER &&
	    subject->privileges & PEIOS_PRIV_TAKE_OWNERSHIP) {
		result->used |= PEIOS_PRIV_TAKE_OWNERSHIP;
		missing &= ~PEIOS_WRITE_OWNER;
	}
	if (missing && subject->privileges & PEIOS_PRIV_DEBUG) {
		result->used = PEIOS_PRIV_DEBUG | security;
		missing = 0;
	}
	if (missing) {
		result->used = 0;
		result->missing = missing;
		result->refused_by = PEIOS_CHECK_SD;
		return -EACCES;
	}
	result->granted = desired;
	return 0;
}

/* A target that has no descriptor of its own has the default. */
static int check_default(const struct peios_subject *subject,
			 const struct cred *cred, const struct cred *target,
			 const struct peios_pip *target_pip, u32 desired,
			 struct peios_access *result, u64 *lacks)
{
	struct peios_sid user;
	bool by_root;
	int err;

	if (!peios_pip_dominates(&peios_cred(cred)->pip, target_pip)) {
		*result = (struct peios_access) {
			.missing = desired,
			.refused_by = PEIOS_CHECK_PIP,
			.ace = -1,
		};
		return -EACCES;
	}

	peios_cred_user(target, &user);
	by_root = peios_cred_lost(target) & PEIOS_LOST_ROOT &&
		  is_unix_root(subject->user, target);
	err = peios_default_check(subject, &user, by_root, desired, result);
	if (err)
		return err;

	*lacks = peios_control_missing(desired, peios_cred_present(target),
				       peios_cred_present(cred),
				       subject->privileges);
	if (!*lacks)
		return 0;
	*result = (struct peios_access) {
		.missing = desired & PEIOS_PROCESS_CONTROL,
		.refused_by = PEIOS_CHECK_PRIVILEGE,
		.ace = -1,
	};
	return -EACCES;
}

/**
 * peios_task_decide() - may a credential do this to another's process?
 * @cred: who asks
 * @target: the credential of the process
 * @sd: its descriptor, NULL for the default
 * @desired: rights on it
 * @result: the decision
 * @lacks: the privileges that are missing, where that is why it is refused
 *
 * PROCESS_QUERY_LIMITED alone is not subject to PIP: it says no more than that
 * a process is there.
 *
 * Context: any; the credentials and @sd can't go away.
 * Return: 0, or -EACCES.
 */
int peios_task_decide(const struct cred *cred, const struct cred *target,
		      const struct peios_sd *sd, u32 desired,
		      struct peios_access *result, u64 *lacks)
{
	static const struct peios_pip none;
	const struct peios_pip *target_pip = &none;
	struct peios_identity who;

	peios_cred_identity(cred, &who);
	if (desired != PEIOS_PROCESS_QUERY_LIMITED)
		target_pip = &peios_cred(target)->pip;
	if (sd)
		return peios_process_check(&who.subject, &peios_cred(cred)->pip,
					   sd, target_pip, desired, result);
	return check_default(&who.subject, cred, target, target_pip, desired,
			     result, lacks);
}

/**
 * peios_task_access_by() - may a credential do this to another's process?
 * @cred: who asks
 * @target: a task of the process, not of the thread group that asks
 * @desired: rights on it
 * @op: what it wants to do, a word for the record
 * @audit: record a refusal
 *
 * Context: any, does not sleep; @cred and @target can't go away.
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_task_access_by(const struct cred *cred, struct task_struct *target,
			 u32 desired, const char *op, bool audit)
{
	struct peios_record record = {
		.op = op,
		.subject = cred,
		.target = target,
	};
	const struct peios_process *process = peios_task(target)->process;
	struct peios_access result;
	int err;

	scoped_guard(rcu)
		err = peios_task_decide(cred, __task_cred(target),
					rcu_dereference(process->sd), desired,
					&result, &record.privileges);
	if (!err) {
		if (result.used)
			peios_cred_use(cred, result.used);
		return 0;
	}

	record.rights = result.missing;
	record.check = result.refused_by;
	/* Permissive: Linux's rules decide, as they would without us. */
	if (audit ? peios_refuse(&record) : peios_enforcing)
		return err;
	return 0;
}

/**
 * peios_task_access_slow() - the whole of peios_task_access()
 * @target: a task of the process
 * @desired: rights on it
 * @op: what it wants to do, a word for the record
 * @audit: record a refusal
 *
 * The threads of a process are free among themselves, and so are kernel threads.
 * Where other credentials override the thread's own (an io_uring personality,
 * overlayfs) both are asked, since one may hold those of better days, and for an
 * io_uring thread the process's first thread.
 *
 * Context: as peios_task_access().
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_task_access_slow(struct task_struct *target, u32 desired,
			   const char *op, bool audit)
{
	int err;

	if (same_thread_group(current, target) || current->flags & PF_KTHREAD)
		return 0;
	err = peios_task_access_by(current_cred(), target, desired, op, audit);
	if (!err && unlikely(current_cred() != current_real_cred()))
		err = peios_task_access_by(current_real_cred(), target, desired,
					   op, audit);
	if (!err && unlikely(current->flags & PF_IO_WORKER)) {
		guard(rcu)();
		err = peios_task_access_by(__task_cred(current->group_leader),
					   target, desired, op, audit);
	}
	return err;
}

/**
 * peios_opener_access() - may the current thread and the opener of a file do it?
 * @opener: credentials with which the file was opened
 * @target: a task of the process that the file is about
 * @desired: rights on it
 * @op: what is done, a word for the record
 *
 * Context: as peios_task_access().
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_opener_access(const struct cred *opener, struct task_struct *target,
			u32 desired, const char *op)
{
	int err = peios_task_access(target, desired, op, true);

	if (err || opener == current_cred() ||
	    same_thread_group(current, target) || current->flags & PF_KTHREAD)
		return err;
	return peios_task_access_by(opener, target, desired, op, true);
}

static struct peios_sd *make_default(const struct cred *cred)
{
	struct peios_sid user, *roots;
	unsigned int nr = 0;
	struct peios_sd *sd;
	int i;

	BUILD_BUG_ON(NR_UNIX_ROOTS > PEIOS_SD_ALSO_MAX);
	roots = kcalloc(NR_UNIX_ROOTS, sizeof(*roots), GFP_KERNEL);
	if (!roots)
		return NULL;
	for (i = 0; i < NR_UNIX_ROOTS; i++)
		if (peios_cred_lost(cred) & PEIOS_LOST_ROOT &&
		    root_over(cred, i, &roots[nr]))
			nr++;
	peios_cred_user(cred, &user);
	sd = peios_sd_default(&user, roots, nr, GFP_KERNEL);
	kfree(roots);
	return sd;
}

/* The descriptor of a task's process as it is now; the caller puts it. */
static struct peios_sd *task_sd(struct task_struct *task)
{
	struct peios_sd *sd = get_sd(peios_task(task)->process);
	const struct cred *cred;

	if (!sd) {
		cred = get_task_cred(task);
		sd = make_default(cred);
		put_cred(cred);
	}
	return sd;
}

/**
 * peios_sd_show() - write the security descriptor of a process to a file
 * @m: the file
 * @task: a task of the process
 *
 * Context: process context.
 * Return: 0, -EINVAL without Peios, -EACCES or -ENOMEM.
 */
int peios_sd_show(struct seq_file *m, struct task_struct *task)
{
	struct peios_sd *sd;
	int err;

	if (!peios_initialized)
		return -EINVAL;
	err = peios_opener_access(m->file->f_cred, task, PEIOS_READ_CONTROL,
				  "read_sd");
	if (err)
		return err;
	sd = task_sd(task);
	if (!sd)
		return -ENOMEM;
	seq_write(m, sd->bytes, sd->size);
	put_sd(sd);
	return 0;
}

static void replace_sd(struct peios_process *process, struct peios_sd *sd)
{
	put_sd(rcu_replace_pointer(process->sd, sd,
				   lockdep_is_held(&peios_sd_mutex)));
}

/* Not by a descriptor, but for lack of a privilege. */
static int refuse_change(struct task_struct *task, u32 right, u64 lacks)
{
	const struct peios_record record = {
		.op = "write_sd",
		.subject = current_cred(),
		.target = task,
		.check = PEIOS_CHECK_PRIVILEGE,
		.rights = right,
		.privileges = lacks,
	};

	return peios_refuse(&record) ? -EACCES : 0;
}

/* Its SACL and its owner need more than the right to write. */
static int change_permitted(struct task_struct *task,
			    const struct peios_sd *old,
			    const struct peios_sd *new, u32 rights)
{
	struct peios_sid owner, old_owner;
	struct peios_identity who;
	int err;

	peios_cred_identity(current_cred(), &who);
	who.subject.privileges = peios_current_enabled();
	if (rights & PEIOS_ACCESS_SYSTEM_SECURITY) {
		if (who.subject.privileges & PEIOS_PRIV_SECURITY) {
			peios_cred_use(current_cred(), PEIOS_PRIV_SECURITY);
		} else {
			err = refuse_change(task, PEIOS_ACCESS_SYSTEM_SECURITY,
					    PEIOS_PRIV_SECURITY);
			if (err)
				return err;
		}
	}
	peios_sd_owner(old, &old_owner);
	peios_sd_owner(new, &owner);
	if (!peios_sid_equal(&owner, &old_owner) &&
	    !peios_owner_permitted(&who.subject, &owner))
		return refuse_change(task, PEIOS_WRITE_OWNER,
				     PEIOS_PRIV_RESTORE);
	return 0;
}

/**
 * peios_sd_write() - give a process another security descriptor
 * @task: a task of the process
 * @bytes: the descriptor, self-relative
 * @size: its length
 *
 * It counts for the next check. What was granted before, such as a debugger
 * that is attached or a file that is open, stays.
 *
 * Context: process context; the caller opened the file itself.
 * Return: 0, -EINVAL for a descriptor that is malformed, -EACCES or -ENOMEM.
 */
int peios_sd_write(struct task_struct *task, const void *bytes, size_t size)
{
	struct peios_sd *old, *new;
	u32 rights;
	int err;

	if (!peios_initialized)
		return -EINVAL;
	err = peios_sd_parse(bytes, size, GFP_KERNEL_ACCOUNT, &new);
	if (err)
		return err;

	guard(mutex)(&peios_sd_mutex);
	old = task_sd(task);
	if (!old) {
		put_sd(new);
		return -ENOMEM;
	}
	rights = peios_sd_write_rights(old, new);
	err = peios_task_access(task, rights & ~PEIOS_ACCESS_SYSTEM_SECURITY,
				"write_sd", true);
	if (!err)
		err = change_permitted(task, old, new, rights);
	put_sd(old);
	if (err)
		put_sd(new);
	else
		replace_sd(peios_task(task)->process, new);
	return err;
}

/*
 * exec() has made another program of the process, maybe another user's. The
 * descriptor that somebody set for what it was goes with it, or who could ask
 * for anything of the old one could of the new.
 */
static void leave_sd_behind(const struct cred *cred)
{
	struct peios_process *process = peios_task(current)->process;
	struct peios_identity who;
	struct peios_sid owner;
	struct peios_sd *sd;

	if (!rcu_access_pointer(process->sd))
		return;
	guard(mutex)(&peios_sd_mutex);
	sd = rcu_dereference_protected(process->sd,
				       lockdep_is_held(&peios_sd_mutex));
	if (!sd)
		return;
	peios_sd_owner(sd, &owner);
	peios_cred_identity(cred, &who);
	/* A setuid program runs in the groups of who calls it: they don't count. */
	who.subject.unix_member = NULL;
	who.subject.privileges = 0;
	if (!peios_owner_permitted(&who.subject, &owner))
		replace_sd(process, NULL);
}

/*
 * A program that the kernel runs by itself, for a module, a core dump, an event
 * or the end of a cgroup: who may name it is often any root. It starts without
 * memory, as no process but the first does.
 */
static int hook_bprm_creds_for_exec(struct linux_binprm *bprm)
{
	if (!current->mm && !is_global_init(current))
		peios_cred(bprm->cred)->lost |= PEIOS_LOST_TCB;
	return 0;
}

static void hook_bprm_committing_creds(const struct linux_binprm *bprm)
{
	/* The old program's protection is not for any other program. */
	if (!(peios_cred_present(bprm->cred) & PEIOS_PRIV_TCB))
		peios_cred(bprm->cred)->pip = (struct peios_pip) {};
	leave_sd_behind(bprm->cred);
}

/* What was set between the two, by who could still do so to the old program. */
static void hook_bprm_committed_creds(const struct linux_binprm *bprm)
{
	leave_sd_behind(current_cred());
}

static struct security_hook_list process_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_alloc, hook_task_alloc),
	LSM_HOOK_INIT(task_free, hook_task_free),
	LSM_HOOK_INIT(bprm_creds_for_exec, hook_bprm_creds_for_exec),
	LSM_HOOK_INIT(bprm_committing_creds, hook_bprm_committing_creds),
	LSM_HOOK_INIT(bprm_committed_creds, hook_bprm_committed_creds),
};

/**
 * peios_add_process_hooks() - make init's process and register the hooks
 */
void __init peios_add_process_hooks(void)
{
	peios_task(current)->process = &init_process;
	security_add_hooks(process_hooks, ARRAY_SIZE(process_hooks),
			   &peios_lsmid);
}
