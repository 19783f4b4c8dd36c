// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - processes as objects
 *
 * Each thread group has a security descriptor. Until one is set, the default
 * applies. The default follows from the current token and is not stored, so
 * fork() has nothing to copy, and a process that leaves root becomes its user's
 * at once. A descriptor that was set is shared by the processes that fork from
 * each other, until one of them sets another. exec() keeps it as long as its
 * owner is still the user of the process.
 *
 * A decision makes these checks, in this order:
 *
 *  - the integrity protection (PIP) of the caller must dominate the target's;
 *  - the target's descriptor must grant the right, or the caller must hold
 *    SeDebugPrivilege instead;
 *  - under the default descriptor, a caller that may act as the target must
 *    hold the TCB privileges that the target holds. Without this check, a
 *    process of SYSTEM could remove a privilege and get everything back by
 *    attaching to a process that kept it. An administrator who sets a
 *    descriptor takes that decision himself.
 *
 * Where the descriptor is the default one, and the target has neither TCB
 * privileges nor a protection, Linux's rules suffice: a caller that has the
 * capability to signal, to set priorities and limits or to look needs no entry
 * in the descriptor. Only a process that holds privileges can get others later,
 * and no process gets any by exec(), so the answer cannot become wrong while it
 * is in use. A descriptor that was set never counts as the default one,
 * whatever it says.
 *
 * The check covers everything that the access reaches, and each part must grant
 * it:
 *
 *  - every thread of the process, no matter which one the path or the call
 *    names. What is done to one thread (a signal that ends the process; its
 *    memory, limits, score and descriptor) is done to all, and threads may have
 *    different tokens;
 *  - for access to the inside (memory, files, the current directory), every
 *    process that may share that, see struct peios_family.
 *
 * An I/O thread of io_uring is not checked: it can do only what the first
 * thread of its process may do, too.
 *
 * All of this runs under locks and in interrupts (signals from SIGIO), so
 * nothing on the way to a decision sleeps or allocates.
 */

#include <linux/array_size.h>
#include <linux/binfmts.h>
#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs_struct.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/lsm_hooks.h>
#include <linux/peios.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/spinlock.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "privilege.h"
#include "process.h"
#include "sd.h"
#include "setup.h"

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

#define SHARES_INSIDE	(CLONE_VM | CLONE_FILES | CLONE_FS)

/* Callable in any context. */
static void put_family(struct peios_family *family)
{
	if (family && refcount_dec_and_test(&family->usage))
		kfree_rcu(family, rcu);
}

/*
 * Return the family of the current process, which a new child is about to join.
 * Create it if there is none. Only the process itself joins or leaves a family,
 * and it leaves only while it has no other threads.
 */
static struct peios_family *join_family(struct peios_process *process)
{
	struct peios_family *family, *old;

	family = rcu_dereference_protected(process->family, true);
	if (!family) {
		family = kmalloc(sizeof(*family), GFP_KERNEL_ACCOUNT);
		if (!family)
			return NULL;
		/* The process's own reference */
		refcount_set(&family->usage, 1);
		old = unrcu_pointer(cmpxchg(&process->family, NULL,
					    RCU_INITIALIZER(family)));
		if (old) {
			kfree(family);
			family = old;
		}
	}
	refcount_inc(&family->usage);
	return family;
}

static int hook_task_alloc(struct task_struct *task, unsigned long clone_flags)
{
	struct peios_process *process = peios_task(current)->process;
	struct peios_family *family = NULL;

	if (clone_flags & CLONE_THREAD) {
		refcount_inc(&process->usage);
		peios_task(task)->process = process;
		return 0;
	}

	/* Kernel threads share only with each other. */
	if (clone_flags & SHARES_INSIDE && !(current->flags & PF_KTHREAD)) {
		family = join_family(process);
		if (!family)
			return -ENOMEM;
	}
	process = kzalloc(sizeof(*process), GFP_KERNEL_ACCOUNT);
	if (!process) {
		put_family(family);
		return -ENOMEM;
	}
	refcount_set(&process->usage, 1);
	RCU_INIT_POINTER(process->sd, get_sd(peios_task(current)->process));
	RCU_INIT_POINTER(process->family, family);
	peios_task(task)->process = process;
	return 0;
}

/* Nothing can find the task any more. May run in an interrupt. */
static void hook_task_free(struct task_struct *task)
{
	struct peios_process *process = peios_task(task)->process;

	if (!process || !refcount_dec_and_test(&process->usage))
		return;
	put_sd(rcu_dereference_protected(process->sd, true));
	put_family(rcu_dereference_protected(process->family, true));
	kfree(process);
}

/**
 * peios_process_mix() - note that the current thread may get other credentials
 *
 * Called for each credential that the thread prepares, whether it is used or
 * not. A reader that sees the new credential, which commit_creds() publishes,
 * also sees the note.
 *
 * Context: process context.
 */
void peios_process_mix(void)
{
	struct peios_process *process = peios_task(current)->process;

	if (!thread_group_empty(current) && !READ_ONCE(process->mixed))
		WRITE_ONCE(process->mixed, true);
}

/* Whether everyone may query a process that has only the default descriptor */
static bool query_everyone = true;

/**
 * peios_query_everyone() - may everyone query processes by default?
 *
 * Context: any.
 * Return: true if so.
 */
bool peios_query_everyone(void)
{
	return READ_ONCE(query_everyone);
}

/**
 * peios_set_query_everyone() - set whether everyone may query by default
 * @everyone: true if so
 *
 * The setting applies from the next check on.
 *
 * Context: any; the caller has checked that this is permitted.
 */
void peios_set_query_everyone(bool everyone)
{
	WRITE_ONCE(query_everyone, everyone);
}

/**
 * peios_parse_query() - parse the setting for who may query processes
 * @text: a word, which may end in a newline
 * @everyone: the result; not touched on error
 *
 * Return: 0 or -EINVAL.
 */
int peios_parse_query(const char *text, bool *everyone)
{
	if (sysfs_streq(text, "everyone"))
		*everyone = true;
	else if (sysfs_streq(text, "owner"))
		*everyone = false;
	else
		return -EINVAL;
	return 0;
}

static int __init query_option(char *text)
{
	if (peios_parse_query(text, &query_everyone))
		pr_warn("peios: unknown query '%s', everyone\n", text);
	return 1;
}
__setup("peios.query=", query_option);

static u32 rights_of_everyone(void)
{
	return peios_query_everyone() ? PEIOS_EVERYONE_QUERIES :
					PEIOS_EVERYONE_LIMITED;
}

/* What Linux and other modules allow, in the target's user namespace */
static u32 rights_by_capability(const struct cred *cred, const struct cred *target)
{
	static const int asked[] = {
		CAP_KILL, CAP_SYS_NICE, CAP_SYS_RESOURCE, CAP_SYS_PTRACE,
	};
	u64 has = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(asked); i++)
		if (!security_capable(cred, target->user_ns, asked[i],
				      CAP_OPT_NOAUDIT))
			has |= BIT_ULL(asked[i]);
	return peios_capability_rights(has);
}

/* Root users that have power over a Unix user's process, by user namespace */
enum { ROOT_OF_ALL, ROOT_OF_NS, OWNER_OF_NS, NR_UNIX_ROOTS };

/*
 * Root; for a process in a user namespace of its own, also the root and the
 * owner of that namespace. In Linux, their capabilities have always given them
 * full control of the process, and su, sudo and container runtimes rely on it.
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
 * peios_cred_decide() - may a credential do this to a process with another one?
 * @cred: the credential that asks
 * @counts: those of its privileges that count, if it has them; if this is 0,
 *	its capabilities do not count either
 * @target: a credential of the process
 * @sd: its descriptor, NULL for the default
 * @desired: rights on the process
 * @result: the decision
 * @lacks: the missing privileges, if that is the reason for a refusal
 *
 * Gathers what peios_decide() needs.
 *
 * Context: any; the credentials and @sd can't go away.
 * Return: 0, or -EACCES.
 */
int peios_cred_decide(const struct cred *cred, u64 counts,
		      const struct cred *target, const struct peios_sd *sd,
		      u32 desired, struct peios_access *result, u64 *lacks)
{
	struct peios_caller caller = {
		.privileges = peios_cred_present(cred) & counts,
		.pip = peios_cred(cred)->pip,
	};
	struct peios_target of = {};
	struct peios_identity who;

	peios_cred_identity(cred, &who);
	who.subject.privileges &= counts;
	of.pip = peios_cred(target)->pip;
	/* A descriptor that was set decides alone. */
	if (!sd) {
		peios_cred_user(target, &of.user);
		of.privileges = peios_cred_present(target);
		/* modprobe loads modules without the privilege for that. */
		if (peios_cred(target)->modprobe)
			of.privileges |= PEIOS_PRIV_TCB | PEIOS_PRIV_LOAD_DRIVER;
		of.by_root = peios_cred_lost(target) & PEIOS_LOST_ROOT &&
			     is_unix_root(who.subject.user, target);
		of.everyone = rights_of_everyone();
		/* A thread of a ring may be working for another process. */
		if (counts && peios_capabilities_count(&of))
			caller.by_capability = rights_by_capability(cred, target);
	}
	return peios_decide(&who.subject, &caller, &of, sd, desired, result,
			    lacks);
}

/**
 * struct request - the access that is asked for
 * @target: a task of the process that the request is about
 * @maker: if set, the request is about an object of this maker instead
 * @desired: rights
 * @op: the operation, a word for the record
 * @audit: record a refusal
 */
struct request {
	struct task_struct *target;
	const struct peios_maker *maker;
	u32 desired;
	const char *op;
	bool audit;
};

/**
 * struct question - the subject of a request, and the answer so far
 * @cred: the credential that asks
 * @counts: those of its privileges that count
 * @desired: rights
 * @record: what to record of a refusal
 * @used: privileges that the decision relied on
 */
struct question {
	const struct cred *cred;
	u64 counts;
	u32 desired;
	struct peios_record record;
	u64 used;
};

static int ask_thread(struct question *q, struct task_struct *task,
		      const struct cred *of, const struct peios_sd *sd)
{
	struct peios_access result;
	int err;

	err = peios_cred_decide(q->cred, q->counts, of, sd, q->desired,
				&result, &q->record.privileges);
	if (err) {
		q->record.target = task;
		q->record.rights = result.missing;
		q->record.check = result.refused_by;
	}
	q->used |= result.used;
	return err;
}

/* Under RCU. The descriptor and the PIP are the same for all threads. */
static int ask_process(struct question *q, struct task_struct *task)
{
	const struct peios_process *process = peios_task(task)->process;
	const struct peios_sd *sd = rcu_dereference(process->sd);
	const struct cred *first = __task_cred(task), *of;
	struct task_struct *t;
	int err;

	err = ask_thread(q, task, first, sd);
	/* Pairs with the release of commit_creds(): see peios_process_mix(). */
	smp_rmb();
	if (err || sd || likely(!READ_ONCE(process->mixed)))
		return err;
	for_each_thread(task, t) {
		of = __task_cred(t);
		if (of == first || t->flags & PF_IO_WORKER)
			continue;
		err = ask_thread(q, t, of, NULL);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Under RCU, maybe under task_lock() of the target. Processes of the family that
 * have exited meanwhile hold nothing. Those that have unshared are checked
 * anyway, since finding out would need one of their locks.
 */
static int ask_family(struct question *q, struct task_struct *target,
		      const struct peios_family *family)
{
	struct task_struct *p;
	int err;

	for_each_process(p) {
		if (rcu_access_pointer(peios_task(p)->process->family) != family ||
		    same_thread_group(p, target) ||
		    same_thread_group(p, current) ||
		    !atomic_read(&p->signal->live))
			continue;
		err = ask_process(q, p);
		if (err)
			return err;
	}
	return 0;
}

static int ask(struct question *q, struct task_struct *target)
{
	const struct peios_family *family;
	int err;

	err = ask_process(q, target);
	if (err || !(q->desired & PEIOS_PROCESS_INSIDE))
		return err;
	/*
	 * Read after the credential: sharing comes before dropping privileges.
	 */
	family = peios_process_family(peios_task(target)->process);
	return likely(!family) ? 0 : ask_family(q, target, family);
}

static int ask_maker(struct question *q, const struct peios_maker *maker)
{
	q->record.maker = maker->cred;
	return ask_thread(q, current, maker->cred, maker->sd);
}

static int access_by(const struct cred *cred, u64 counts,
		     const struct request *request)
{
	struct question q = {
		.cred = cred,
		.counts = counts,
		.desired = request->desired,
		.record = { .op = request->op, .subject = cred },
	};
	int err;

	guard(rcu)();
	err = request->maker ? ask_maker(&q, request->maker) :
			       ask(&q, request->target);
	if (!err) {
		if (q.used)
			peios_cred_use(cred, q.used);
		return 0;
	}
	/* Permissive: Linux's rules decide, as they would without Peios. */
	if (request->audit ? peios_refuse(&q.record) : peios_enforcing)
		return err;
	return 0;
}

/**
 * peios_task_access_by() - may a credential do this to another process?
 * @cred: the credential that asks
 * @target: a task of the process, not of the thread group that asks
 * @desired: rights on it
 * @op: the operation, a word for the record
 * @audit: record a refusal
 *
 * Context: any, does not sleep; @cred and @target can't go away.
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_task_access_by(const struct cred *cred, struct task_struct *target,
			 u32 desired, const char *op, bool audit)
{
	const struct request request = {
		.target = target,
		.desired = desired,
		.op = op,
		.audit = audit,
	};

	return access_by(cred, PEIOS_PRIV_ALL, &request);
}

/**
 * peios_task_tcb() - is a process of the TCB tier?
 * @task: a task of the process
 *
 * Context: any; @task can't go away.
 * Return: true if a thread of it has SeTcbPrivilege in its token, enabled or not.
 */
bool peios_task_tcb(struct task_struct *task)
{
	const struct peios_process *process;
	struct task_struct *t;

	if (!peios_initialized)
		return false;
	guard(rcu)();
	if (peios_cred_present(__task_cred(task)) & PEIOS_PRIV_TCB)
		return true;
	process = peios_task(task)->process;
	/* Pairs with the release of commit_creds(): see peios_process_mix(). */
	smp_rmb();
	if (likely(!READ_ONCE(process->mixed)))
		return false;
	for_each_thread(task, t)
		if (!(t->flags & PF_IO_WORKER) &&
		    peios_cred_present(__task_cred(t)) & PEIOS_PRIV_TCB)
			return true;
	return false;
}

/*
 * Where other credentials override the thread's own (an io_uring personality,
 * overlayfs, a file server), both are checked, since one of them may be from
 * before privileges were dropped. For an io_uring thread, the first thread of
 * its process is checked, too. No privilege of an io_uring thread counts, as in
 * peios_current_enabled().
 */
static int access_by_current(const struct request *request)
{
	u64 counts = PEIOS_PRIV_ALL;
	int err;

	if (unlikely(current->flags & PF_IO_WORKER))
		counts = 0;
	err = access_by(current_cred(), counts, request);
	if (!err && unlikely(current_cred() != current_real_cred()))
		err = access_by(current_real_cred(), counts, request);
	if (!err && unlikely(current->flags & PF_IO_WORKER)) {
		guard(rcu)();
		err = access_by(__task_cred(current->group_leader), counts,
				request);
	}
	return err;
}

/**
 * peios_task_access_slow() - the complete check of peios_task_access()
 * @target: a task of the process
 * @desired: rights on it
 * @op: the operation, a word for the record
 * @audit: record a refusal
 *
 * The threads of a process may do anything to each other. So may kernel threads
 * that do the kernel's own work.
 *
 * Context: as peios_task_access().
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_task_access_slow(struct task_struct *target, u32 desired,
			   const char *op, bool audit)
{
	const struct request request = {
		.target = target,
		.desired = desired,
		.op = op,
		.audit = audit,
	};

	if (same_thread_group(current, target) || peios_kernel_itself())
		return 0;
	return access_by_current(&request);
}

/**
 * peios_maker_get() - record what the current process is, for a new object
 * @maker: the result
 *
 * Context: process context.
 */
void peios_maker_get(struct peios_maker *maker)
{
	maker->cred = get_current_cred();
	maker->sd = get_sd(peios_task(current)->process);
}

/**
 * peios_maker_put() - release a record of a maker
 * @maker: as peios_maker_get() filled it, or zeroes
 *
 * Context: any.
 */
void peios_maker_put(struct peios_maker *maker)
{
	put_sd(maker->sd);
	put_cred(maker->cred);
}

/**
 * peios_maker_guarded() - does Peios guard what this process made?
 * @maker: what the process was
 *
 * Under the default descriptor, an object whose maker does not belong to the
 * trusted computing base is shared by Linux's rules: its mode says who may use
 * it.
 *
 * Context: any.
 * Return: true if it had privileges of the TCB, protection, or a descriptor.
 */
bool peios_maker_guarded(const struct peios_maker *maker)
{
	return maker->sd || peios_cred(maker->cred)->pip.type ||
	       peios_cred_present(maker->cred) & ~PEIOS_PRIV_USER;
}

/**
 * peios_maker_access() - may the current thread do this to an object?
 * @maker: what the process was that made the object
 * @desired: rights on that process
 * @op: the operation, a word for the record
 *
 * Context: any in which current is the caller, does not sleep.
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_maker_access(const struct peios_maker *maker, u32 desired,
		       const char *op)
{
	const struct request request = {
		.maker = maker,
		.desired = desired,
		.op = op,
		.audit = true,
	};

	return peios_kernel_itself() ? 0 : access_by_current(&request);
}

/**
 * peios_opener_access() - may the current thread and a file's opener do this?
 * @opener: credentials with which the file was opened
 * @target: a task of the process that the file is about
 * @desired: rights on it
 * @op: the operation, a word for the record
 *
 * Context: as peios_task_access().
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_opener_access(const struct cred *opener, struct task_struct *target,
			u32 desired, const char *op)
{
	int err = peios_task_access(target, desired, op, true);

	if (err || opener == current_cred() ||
	    same_thread_group(current, target))
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
	sd = peios_sd_default(&user, roots, nr, rights_of_everyone(),
			      GFP_KERNEL);
	kfree(roots);
	return sd;
}

/**
 * struct seen - the descriptor of a process, and what it was derived from
 * @cred: the credential of the task, a reference
 * @set: the descriptor that was set, a reference; NULL for the default one
 * @sd: the descriptor, either @set or one that was made
 */
struct seen {
	const struct cred *cred;
	struct peios_sd *set;
	struct peios_sd *sd;
};

static void seen_put(struct seen *seen)
{
	put_sd(seen->sd);
	put_cred(seen->cred);
}

/* The caller must call seen_put(), unless this fails. May sleep. */
static int see(struct task_struct *task, struct seen *seen)
{
	seen->cred = get_task_cred(task);
	seen->set = get_sd(peios_task(task)->process);
	seen->sd = seen->set ?: make_default(seen->cred);
	if (seen->sd)
		return 0;
	put_cred(seen->cred);
	return -ENOMEM;
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
	struct seen seen;
	int err;

	if (!peios_initialized)
		return -EINVAL;
	err = peios_opener_access(m->file->f_cred, task, PEIOS_READ_CONTROL,
				  "read_sd");
	if (err)
		return err;
	err = see(task, &seen);
	if (err)
		return err;
	seq_write(m, seen.sd->bytes, seen.sd->size);
	seen_put(&seen);
	return 0;
}

/* Record a refusal for lack of a privilege, not by a descriptor. */
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

/* A change of the SACL or the owner needs more than the right to write. */
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

/*
 * With exec_update_lock held, so that the process does not become another program
 * between the check and the change. Returns -EAGAIN if the process has changed
 * since @seen was taken.
 */
static int change_sd(struct task_struct *task, const struct seen *seen,
		     struct peios_sd *new)
{
	struct peios_process *process = peios_task(task)->process;
	u32 rights = peios_sd_write_rights(seen->sd, new);
	struct peios_sd __rcu *old = RCU_INITIALIZER(seen->set);
	int err;

	if (rcu_access_pointer(task->real_cred) != seen->cred)
		return -EAGAIN;
	err = peios_task_access(task, rights & ~PEIOS_ACCESS_SYSTEM_SECURITY,
				"write_sd", true);
	if (!err)
		err = change_permitted(task, seen->sd, new, rights);
	if (err)
		return err;
	/* Of two concurrent writers, one checks the other's descriptor. */
	if (!try_cmpxchg(&process->sd, &old, RCU_INITIALIZER(new)))
		return -EAGAIN;
	put_sd(seen->set);
	return 0;
}

/**
 * peios_sd_write() - give a process another security descriptor
 * @task: a task of the process
 * @bytes: the descriptor, self-relative
 * @size: its length
 *
 * The descriptor applies from the next check on. Access that was granted
 * before, such as an attached debugger or an open file, stays.
 *
 * Context: process context; the caller opened the file itself.
 * Return: 0, -EINVAL for a malformed descriptor, -EACCES, -ENOMEM or -EINTR.
 */
int peios_sd_write(struct task_struct *task, const void *bytes, size_t size)
{
	struct rw_semaphore *lock = &task->signal->exec_update_lock;
	struct peios_sd *new;
	struct seen seen;
	int err;

	if (!peios_initialized)
		return -EINVAL;
	err = peios_sd_parse(bytes, size, GFP_KERNEL_ACCOUNT, &new);
	if (err)
		return err;

	do {
		/* Allocate without the lock, so that nobody waits for us. */
		err = see(task, &seen);
		if (err)
			break;
		err = down_read_killable(lock);
		if (!err) {
			err = change_sd(task, &seen, new);
			up_read(lock);
		}
		seen_put(&seen);
	} while (err == -EAGAIN);
	if (err)
		put_sd(new);
	return err;
}

/*
 * exec() has turned the process into another program, maybe another user's. A
 * descriptor that was set for the old program is dropped with it. Otherwise, a
 * caller that had rights on the old program would have them on the new one.
 * No descriptor can be set meanwhile, since exec() holds exec_update_lock.
 */
static void leave_sd_behind(const struct cred *cred)
{
	struct peios_process *process = peios_task(current)->process;
	struct peios_identity who;
	struct peios_sid owner;
	struct peios_sd *sd;

	sd = rcu_dereference_protected(process->sd,
				       lockdep_is_held(&current->signal->exec_update_lock));
	if (!sd)
		return;
	peios_sd_owner(sd, &owner);
	peios_cred_identity(cred, &who);
	/* The groups of a setuid program are its caller's: they don't count. */
	who.subject.unix_member = NULL;
	who.subject.privileges = 0;
	if (!peios_owner_permitted(&who.subject, &owner)) {
		rcu_assign_pointer(process->sd, NULL);
		put_sd(sd);
	}
}

/*
 * By now the process has its own memory and files. It may still share
 * directories, and then stays in the family.
 */
static void leave_family(void)
{
	struct peios_process *process = peios_task(current)->process;
	struct peios_family *family;
	bool shares;

	family = rcu_dereference_protected(process->family, true);
	if (!family)
		return;
	spin_lock(&current->fs->lock);
	shares = current->fs->users > 1;
	spin_unlock(&current->fs->lock);
	if (shares)
		return;
	RCU_INIT_POINTER(process->family, NULL);
	put_family(family);
}

/*
 * The program that loads modules on demand; the sysctl that names it is policy
 */
static bool is_modprobe(const struct linux_binprm *bprm)
{
#ifdef CONFIG_MODULES
	return !strcmp(bprm->filename, modprobe_path);
#else
	return false;
#endif
}

/*
 * A program that the kernel runs by itself, for a module, a core dump, an event
 * or the end of a cgroup. Often any root may choose this program. It starts
 * without memory. No other process does, except the first.
 */
static int hook_bprm_creds_for_exec(struct linux_binprm *bprm)
{
	if (!current->mm && !is_global_init(current)) {
		peios_cred(bprm->cred)->lost |= PEIOS_LOST_TCB;
		peios_cred(bprm->cred)->modprobe = is_modprobe(bprm);
	}
	return 0;
}

/* With exec_update_lock held for writing; current is the only thread. */
static void hook_bprm_committing_creds(const struct linux_binprm *bprm)
{
	/* The old program's protection does not pass to another program. */
	if (!(peios_cred_present(bprm->cred) & PEIOS_PRIV_TCB))
		peios_cred(bprm->cred)->pip = (struct peios_pip) {};
	leave_sd_behind(bprm->cred);
}

static void hook_bprm_committed_creds(const struct linux_binprm *bprm)
{
	WRITE_ONCE(peios_task(current)->process->mixed, false);
	leave_family();
}

static struct security_hook_list process_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_alloc, hook_task_alloc),
	LSM_HOOK_INIT(task_free, hook_task_free),
	LSM_HOOK_INIT(bprm_creds_for_exec, hook_bprm_creds_for_exec),
	LSM_HOOK_INIT(bprm_committing_creds, hook_bprm_committing_creds),
	LSM_HOOK_INIT(bprm_committed_creds, hook_bprm_committed_creds),
};

/**
 * peios_add_process_hooks() - set up the process of init and register the hooks
 */
void __init peios_add_process_hooks(void)
{
	peios_task(current)->process = &init_process;
	security_add_hooks(process_hooks, ARRAY_SIZE(process_hooks),
			   &peios_lsmid);
}
