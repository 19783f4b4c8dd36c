// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the doors between processes
 *
 * What one process can do to another through the kernel: attach to it, read and
 * write its memory, take its files, signal it, set its limits and priorities,
 * move its memory. Each of these asks for a right on the target. Otherwise, a
 * process could bypass the gate on oom_score_adj through a process that may
 * pass it.
 *
 * Everything that is checked here has already been permitted by Linux's own
 * rules. A refusal returns the error that Linux would return, EPERM: by it,
 * kill() of a process group knows that the group has other processes that the
 * caller may signal.
 *
 * Only requests of processes are checked. What the kernel sends by itself
 * (faults, the OOM killer, the terminal, SIGCHLD, the end of a pid namespace)
 * does not come here.
 */

#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/lsm_hooks.h>
#include <linux/nsfs.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "door.h"
#include "policy.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"

/**
 * peios_ptrace_rights() - the rights that a kind of access needs
 * @mode: PTRACE_MODE_*
 *
 * Return: rights on the target.
 */
u32 peios_ptrace_rights(unsigned int mode)
{
	u32 rights = 0;

	if (mode & PTRACE_MODE_GETFD)
		rights |= PEIOS_PROCESS_DUP_HANDLE;
	if (mode & PTRACE_MODE_VM_READ)
		rights |= PEIOS_PROCESS_VM_READ;
	if (mode & PTRACE_MODE_VM_WRITE)
		rights |= PEIOS_PROCESS_VM_WRITE;
	if (rights)
		return rights;
	/* Attaching allows both; everything else allows to look, at least. */
	if (mode & PTRACE_MODE_ATTACH)
		rights |= PEIOS_PROCESS_VM_WRITE;
	return rights | PEIOS_PROCESS_VM_READ;
}

/**
 * peios_signal_right() - the right that a signal needs
 * @sig: the signal, 0 to ask if the process is there
 *
 * This goes by the default action of the signal, even if the target handles or
 * ignores it: the sender can't know that.
 *
 * Return: a right on the target.
 */
u32 peios_signal_right(int sig)
{
	if (!sig)
		return PEIOS_PROCESS_QUERY_LIMITED;
	if (sig == SIGCONT || sig_kernel_stop(sig))
		return PEIOS_PROCESS_SUSPEND_RESUME;
	if (sig_kernel_ignore(sig))
		return PEIOS_PROCESS_SIGNAL;
	return PEIOS_PROCESS_TERMINATE;
}

static int check(struct task_struct *target, u32 desired, const char *op)
{
	return peios_task_access(target, desired, op, true) ? -EPERM : 0;
}

/* Most callers query another process for something that anyone may query. */
static int check_query(struct task_struct *target, const char *op)
{
	if (peios_task_plain(target, PEIOS_PROCESS_QUERY_LIMITED))
		return 0;
	return check(target, PEIOS_PROCESS_QUERY_LIMITED, op);
}

/* Under task_lock() of the target. */
static int hook_ptrace_access_check(struct task_struct *child,
				    unsigned int mode)
{
	/* NOAUDIT: the check only decides how much to show. */
	return peios_task_access(child, peios_ptrace_rights(mode), "ptrace",
				 !(mode & PTRACE_MODE_NOAUDIT)) ? -EPERM : 0;
}

/* Under tasklist_lock, interrupts off. The parent is the one to get access. */
static int hook_ptrace_traceme(struct task_struct *parent)
{
	const u32 rights = peios_ptrace_rights(PTRACE_MODE_ATTACH);
	int err;

	if (same_thread_group(parent, current))
		return 0;
	rcu_read_lock();
	err = peios_task_access_by(__task_cred(parent), current, rights,
				   "traceme", true);
	rcu_read_unlock();
	return err ? -EPERM : 0;
}

/*
 * A shell continues a job that a terminal has stopped by kill(). Linux lets
 * every process of the session do that to any other.
 */
static bool continues_job(struct task_struct *p, int sig)
{
	return sig == SIGCONT && task_session(p) == task_session(current);
}

/*
 * A process can ask for a signal when its parent dies. The parent sends it on
 * its way out.
 */
static bool parent_died(struct task_struct *p, struct kernel_siginfo *info,
			int sig)
{
	return info == SEND_SIG_NOINFO && current->flags & PF_EXITING &&
	       sig == p->pdeath_signal;
}

/* Out of line: a caller that only asks if a process exists is done before. */
static noinline int check_kill(struct task_struct *p,
			       struct kernel_siginfo *info, int sig,
			       const struct cred *cred)
{
	/* Every right that a signal needs is as plainly granted as this one. */
	if (same_thread_group(p, current) ||
	    peios_task_plain(p, PEIOS_PROCESS_TERMINATE))
		return 0;
	/* It goes only to the process that submitted the request. */
	if (cred)
		return 0;
	if (continues_job(p, sig) || parent_died(p, info, sig))
		return 0;
	return peios_task_access_slow(p, peios_signal_right(sig), "kill", true) ?
	       -EPERM : 0;
}

/* Under RCU. @cred is set for USB requests that complete, in an interrupt. */
static int hook_task_kill(struct task_struct *p, struct kernel_siginfo *info,
			  int sig, const struct cred *cred)
{
	if (!sig && peios_task_plain(p, PEIOS_PROCESS_QUERY_LIMITED))
		return 0;
	return check_kill(p, info, sig, cred);
}

/*
 * Whether the caller may not hang up some process of the group. A refusal is
 * recorded. Under tasklist_lock.
 */
static bool hangup_refused(struct pid *pgrp)
{
	struct task_struct *p;
	bool refused = false;

	do_each_pid_task(pgrp, PIDTYPE_PGID, p) {
		if (same_thread_group(p, current) ||
		    peios_task_plain(p, PEIOS_PROCESS_TERMINATE))
			continue;
		if (check(p, peios_signal_right(SIGHUP), "setpgid")) {
			refused = true;
			break;
		}
	} while_each_pid_task(pgrp, PIDTYPE_PGID, p);
	return refused;
}

/* Under tasklist_lock. */
static bool has_child_in(struct task_struct *p, struct pid *pgrp)
{
	struct task_struct *t, *child;

	for_each_thread(p, t)
		list_for_each_entry(child, &t->children, sibling)
			if (task_pgrp(child) == pgrp)
				return true;
	return false;
}

/*
 * If a group loses the last of its parents in the session while a process of it
 * is stopped, the kernel hangs the group up, whichever parent dies. A process
 * must not be able to arrange this for others, so it can't create such a
 * parent: a child can't join their group, and a process with a child in their
 * group can't leave it.
 *
 * Under tasklist_lock for writing, interrupts off.
 */
static int hook_task_setpgid(struct task_struct *p, pid_t pgid)
{
	struct pid *from = task_pgrp(p), *to = find_vpid(pgid);

	if (to == from)
		return 0;
	if (hangup_refused(to) || (has_child_in(p, from) && hangup_refused(from)))
		return -EPERM;
	return 0;
}

static struct peios_file *peios_file(const struct file *file)
{
	return file->f_security + peios_blob_sizes.lbs_file;
}

/* A process may send itself any signal; this is the usual case. */
static bool owned_by_current(const struct fown_struct *fown)
{
	return fown->pid_type <= PIDTYPE_TGID &&
	       pid_task(fown->pid, PIDTYPE_PID) &&
	       same_thread_group(pid_task(fown->pid, PIDTYPE_PID), current);
}

/* Under the lock of file_f_owner(). */
static void hook_file_set_fowner(struct file *file)
{
	struct peios_file *pf = peios_file(file);
	const struct cred *old = pf->fown_cred, *cred = current_cred();
	bool own;

	rcu_read_lock();
	own = owned_by_current(file_f_owner(file));
	rcu_read_unlock();
	pf->fown_cred = own ? NULL : get_cred(cred);
	put_cred(old);
	/* Usual order: F_SETSIG first, then the owner, which is the caller. */
	if (own && cmpxchg(&pf->signal_cred, cred, NULL) == cred)
		put_cred(cred);
}

static bool goes_to_current(const struct file *file)
{
	struct fown_struct *fown = file_f_owner(file);
	bool own;

	if (!fown)
		return false;
	read_lock_irq(&fown->lock);
	rcu_read_lock();
	own = owned_by_current(fown);
	rcu_read_unlock();
	read_unlock_irq(&fown->lock);
	return own;
}

/*
 * A process that shares an open file can choose the signal that goes to an
 * owner which another process has set. It is then as much the sender as that
 * process. The kernel stores the number later. Therefore a process that has
 * chosen a signal once stays noted, and if two have, it is unknown whose signal
 * it is: then none is sent.
 */
static void note_signal(struct file *file)
{
	const struct cred **noted = &peios_file(file)->signal_cred;
	const struct cred *cred, *old = NULL;

	if (goes_to_current(file))
		return;
	cred = get_current_cred();
	if (try_cmpxchg(noted, &old, cred))
		return;
	put_cred(cred);
	if (old == cred)
		return;
	old = xchg(noted, PEIOS_SIGNAL_BY_MANY);
	if (!IS_ERR(old))
		put_cred(old);
}

static int hook_file_fcntl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	if (unlikely(cmd == F_SETSIG))
		note_signal(file);
	return peios_file_fcntl(file, cmd, arg);
}

static int check_sigio(const struct cred *cred, struct task_struct *tsk, int sig)
{
	return peios_task_access_by(cred, tsk, peios_signal_right(sig), "sigio",
				    true) ? -EPERM : 0;
}

/* Under RCU and the lock of @fown, maybe in an interrupt. */
static int hook_file_send_sigiotask(struct task_struct *tsk,
				    struct fown_struct *fown, int sig)
{
	const struct peios_file *pf = peios_file(fown->file);
	const struct cred *named_by = READ_ONCE(pf->signal_cred);
	int err = 0;

	if (pf->fown_cred)
		err = check_sigio(pf->fown_cred, tsk, sig ?: SIGIO);
	/* The kernel chooses SIGIO and SIGURG. */
	if (err || likely(!named_by) || !sig || sig == SIGURG)
		return err;
	if (IS_ERR(named_by))
		return peios_enforcing ? -EPERM : 0;
	return check_sigio(named_by, tsk, sig);
}

static void hook_file_free_security(struct file *file)
{
	const struct peios_file *pf = peios_file(file);

	put_cred(pf->fown_cred);
	if (!IS_ERR(pf->signal_cred))
		put_cred(pf->signal_cred);
}

static int hook_task_setrlimit(struct task_struct *p, unsigned int resource,
			       struct rlimit *new_rlim)
{
	return check(p, PEIOS_PROCESS_SET_INFORMATION, "setrlimit");
}

static int hook_task_setnice(struct task_struct *p, int nice)
{
	return check(p, PEIOS_PROCESS_SET_INFORMATION, "setnice");
}

static int hook_task_setioprio(struct task_struct *p, int ioprio)
{
	return check(p, PEIOS_PROCESS_SET_INFORMATION, "setioprio");
}

static int hook_task_setscheduler(struct task_struct *p)
{
	return check(p, PEIOS_PROCESS_SET_INFORMATION, "setscheduler");
}

static int hook_task_movememory(struct task_struct *p)
{
	return check(p, PEIOS_PROCESS_SET_INFORMATION, "movememory");
}

static int hook_task_getscheduler(struct task_struct *p)
{
	return check_query(p, "getscheduler");
}

static int hook_task_getioprio(struct task_struct *p)
{
	return check_query(p, "getioprio");
}

static int hook_task_getpgid(struct task_struct *p)
{
	return check_query(p, "getpgid");
}

static int hook_task_getsid(struct task_struct *p)
{
	return check_query(p, "getsid");
}

/*
 * From its own mount namespace, a process gets by these commands to every other
 * mount namespace, and by setns() into it, whichever processes live there. All
 * other ways to a namespace ask for a right on a process in it. The kernel
 * looks only at the number of the command.
 */
static bool steps_to_namespaces(unsigned int cmd)
{
	return _IOC_NR(cmd) == _IOC_NR(NS_MNT_GET_NEXT) ||
	       _IOC_NR(cmd) == _IOC_NR(NS_MNT_GET_PREV);
}

static int hook_file_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	if (unlikely(steps_to_namespaces(cmd)) && proc_ns_file(file))
		return peios_need(PEIOS_PRIV_TCB, "list_namespaces", -EPERM,
				  true);
	return peios_terminal_ioctl(file, cmd, arg);
}

static struct security_hook_list door_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(ptrace_access_check, hook_ptrace_access_check),
	LSM_HOOK_INIT(ptrace_traceme, hook_ptrace_traceme),
	LSM_HOOK_INIT(task_kill, hook_task_kill),
	LSM_HOOK_INIT(file_fcntl, hook_file_fcntl),
	LSM_HOOK_INIT(file_set_fowner, hook_file_set_fowner),
	LSM_HOOK_INIT(file_send_sigiotask, hook_file_send_sigiotask),
	LSM_HOOK_INIT(file_free_security, hook_file_free_security),
	LSM_HOOK_INIT(task_setrlimit, hook_task_setrlimit),
	LSM_HOOK_INIT(task_setnice, hook_task_setnice),
	LSM_HOOK_INIT(task_setioprio, hook_task_setioprio),
	LSM_HOOK_INIT(task_setscheduler, hook_task_setscheduler),
	LSM_HOOK_INIT(task_movememory, hook_task_movememory),
	LSM_HOOK_INIT(task_getscheduler, hook_task_getscheduler),
	LSM_HOOK_INIT(task_getioprio, hook_task_getioprio),
	LSM_HOOK_INIT(task_setpgid, hook_task_setpgid),
	LSM_HOOK_INIT(task_getpgid, hook_task_getpgid),
	LSM_HOOK_INIT(task_getsid, hook_task_getsid),
	LSM_HOOK_INIT(file_ioctl, hook_file_ioctl),
	LSM_HOOK_INIT(file_ioctl_compat, hook_file_ioctl),
};

/**
 * peios_add_door_hooks() - register the hooks
 */
void __init peios_add_door_hooks(void)
{
	security_add_hooks(door_hooks, ARRAY_SIZE(door_hooks), &peios_lsmid);
}
