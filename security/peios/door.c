// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the doors between processes
 *
 * What one process can do to another by the kernel: attach to it, read and
 * write its memory, take its files, signal it, set its limits and priorities,
 * move its memory. Each asks for a right on the target; if it did not, the gate
 * on oom_score_adj could be walked round through a process that may pass it.
 *
 * All that is asked here has been permitted by Linux's own rules before, and a
 * refusal has the error that these give, EPERM: kill() of a process group tells
 * by it that there are others that it may signal.
 *
 * Only processes ask. What the kernel sends by itself (faults, the OOM killer,
 * the terminal, SIGCHLD, the end of a pid namespace) does not come here.
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
	/* Who attaches can do both; all else looks, at least. */
	if (mode & PTRACE_MODE_ATTACH)
		rights |= PEIOS_PROCESS_VM_WRITE;
	return rights | PEIOS_PROCESS_VM_READ;
}

/**
 * peios_signal_right() - the right that a signal needs
 * @sig: the signal, 0 to ask if the process is there
 *
 * By its default action, whatever the target makes of it: the sender can't know.
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

/* Most of who asks what all may ask is another process. */
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
	/* NOAUDIT: it only decides how much to show. */
	return peios_task_access(child, peios_ptrace_rights(mode), "ptrace",
				 !(mode & PTRACE_MODE_NOAUDIT)) ? -EPERM : 0;
}

/* Under tasklist_lock, interrupts off. The parent is who gets access. */
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
 * Who is stopped by a terminal is continued by its shell, by kill(); Linux lets
 * every process of the session do that, whoever the other is.
 */
static bool continues_job(struct task_struct *p, int sig)
{
	return sig == SIGCONT && task_session(p) == task_session(current);
}

/*
 * The signal that a process has asked for when its parent dies comes from the
 * parent on its way out.
 */
static bool parent_died(struct task_struct *p, struct kernel_siginfo *info,
			int sig)
{
	return info == SEND_SIG_NOINFO && current->flags & PF_EXITING &&
	       sig == p->pdeath_signal;
}

/* Out of line: who only asks if a process is there is done before. */
static noinline int check_kill(struct task_struct *p,
			       struct kernel_siginfo *info, int sig,
			       const struct cred *cred)
{
	/* Any right that a signal needs is granted as plainly as this one. */
	if (same_thread_group(p, current) ||
	    peios_task_plain(p, PEIOS_PROCESS_TERMINATE))
		return 0;
	/* It goes to the process that submitted the request and no other. */
	if (cred)
		return 0;
	if (continues_job(p, sig) || parent_died(p, info, sig))
		return 0;
	return peios_task_access_slow(p, peios_signal_right(sig), "kill", true) ?
	       -EPERM : 0;
}

/* Under RCU; with @cred, of USB requests that have completed, in an interrupt. */
static int hook_task_kill(struct task_struct *p, struct kernel_siginfo *info,
			  int sig, const struct cred *cred)
{
	if (!sig && peios_task_plain(p, PEIOS_PROCESS_QUERY_LIMITED))
		return 0;
	return check_kill(p, info, sig, cred);
}

/*
 * Whether a process of the group may not be hung up by the caller, which is
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
 * A group that loses the last of its parents in the session is hung up if a
 * process of it is stopped. The kernel sends that, whoever dies. So that nobody
 * can arrange it for others, nobody makes such a parent: a child can't join their
 * group, and a process with a child in their group can't leave it.
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

/* To one's own process any signal may go, and this is the usual case. */
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
	/* The usual order: its signal first, then itself. */
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
 * Who shares an open file can name the signal that goes to whom another has set:
 * it is as much the sender as that one. The kernel stores the number later, so
 * that who has once named one stays noted, and where there are two it can't be
 * told whose it is: then none goes.
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
	/* SIGIO, and SIGURG, are the kernel's choice. */
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
 * From one's own mount namespace these lead to each other one that there is, and
 * by setns() into it, whoever lives there; all else that leads to a namespace asks
 * for a process of it. The kernel looks at the number of the command alone.
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
