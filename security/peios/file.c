// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - files that are policy, and terminals
 *
 * What a sysctl may not be changed to is worth little if another file takes the
 * same value, and a program that the kernel or a holder of privileges will run
 * may be named in more places than in sysctls. Such files are opened for writing
 * with SeTcbPrivilege only. They are few; all others cost one look at the mode.
 *
 * That is asked at open: who was given an open file was given it by a holder of
 * the privilege. (A write to a sysctl or to oom_score_adj asks the writer, too.)
 */

#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/fsnotify_backend.h>
#include <linux/kernfs.h>
#include <linux/lsm_hooks.h>
#include <linux/magic.h>
#include <linux/mnt_namespace.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/peios.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tty.h>
#include <linux/user_namespace.h>

#include "audit.h"
#include "cred.h"
#include "policy.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"

/* Long enough for any path that is policy. */
#define PATH_LEN	80

static int lacks(u64 privilege, const char *op, int error)
{
	const struct peios_record record = {
		.op = op,
		.subject = current_cred(),
		.target = current,
		.check = PEIOS_CHECK_PRIVILEGE,
		.privileges = privilege,
	};

	return peios_refuse(&record) ? error : 0;
}

/**
 * peios_need() - does the current thread hold a privilege?
 * @privilege: its bit
 * @op: what it wants to do, a word for the record
 * @error: a negative errno, for a refusal
 * @audit: record a refusal
 *
 * The kernel at its own work does. A kernel thread that does another's, with the
 * credentials of that, is asked as any other.
 *
 * Context: any in which current is who asks, does not sleep.
 * Return: 0, or @error; in permissive mode always 0.
 */
int peios_need(u64 privilege, const char *op, int error, bool audit)
{
	if (peios_kernel_itself())
		return 0;
	if (peios_current_enabled() & privilege) {
		peios_cred_use(current_cred(), privilege);
		return 0;
	}
	if (!audit)
		return peios_enforcing ? error : 0;
	return lacks(privilege, op, error);
}

/**
 * peios_need_process() - does a process that holds a privilege ask?
 * @privilege: its bit
 * @op: what it wants to do, a word for the record
 * @error: a negative errno, for a refusal
 *
 * For what the kernel never does for itself. A kernel thread that comes here has
 * been brought to it by somebody: by a file system that is mounted over the file,
 * a server that exports it, or a program of BPF that a worker runs. Whose doing it
 * is can't be told, so that not even the kernel's own credentials count.
 *
 * Context: as peios_need().
 * Return: 0, or @error; in permissive mode always 0.
 */
int peios_need_process(u64 privilege, const char *op, int error)
{
	if (unlikely(current->flags & PF_KTHREAD))
		return lacks(privilege, op, error);
	return peios_need(privilege, op, error, true);
}

static bool is_or_below(const char *path, const char *policy)
{
	size_t len = strlen(policy);

	if (policy[len - 1] != '/')
		return !strcmp(path, policy);
	return !strncmp(path, policy, len) && strcmp(kbasename(path), "uevent");
}

/**
 * peios_policy_path() - is a file policy?
 * @magic: s_magic of its file system
 * @path: its path in that, from the root of the file system
 *
 * Context: any.
 * Return: true if who writes it needs SeTcbPrivilege.
 */
bool peios_policy_path(unsigned long magic, const char *path)
{
	/*
	 * Programs that the kernel runs, and their like; memory that goes, with
	 * who uses it, or comes, upon which the reserves are set anew; devices
	 * that reach all memory. With a slash at the end: all that is below, but
	 * not what asks for an event to be sent again.
	 */
	static const char * const in_sysfs[] = {
		"/module/kernel/parameters/panic",
		"/kernel/uevent_helper",
		"/bus/platform/drivers/uvesafb/v86d",
		"/devices/system/machinecheck/",
		"/devices/system/memory/",
		"/module/drbd/parameters/usermode_helper",
		"/module/firmware_class/parameters/path",
		"/module/nfs/parameters/cache_getent",
		"/module/nfsd/parameters/cltrack_prog",
		"/module/vfio/parameters/enable_unsafe_noiommu_mode",
	};
	unsigned int i;

	switch (magic) {
	case PROC_SUPER_MAGIC:
		return !strcmp(path, "/sysrq-trigger");
	case CGROUP_SUPER_MAGIC:
		return !strcmp(path, "/release_agent");
	case BINFMTFS_MAGIC:
		return true;
	case SYSFS_MAGIC:
		for (i = 0; i < ARRAY_SIZE(in_sysfs); i++)
			if (is_or_below(path, in_sysfs[i]))
				return true;
		return false;
	default:
		return false;
	}
}

/**
 * peios_policy_name() - is a file of sysfs policy, wherever it is?
 * @name: its name, without a path
 *
 * By these a device gets another driver or none, or goes: with it goes whoever
 * sits before a terminal, or has a disk, and a driver for user space (UIO, VFIO)
 * hands a device out that reaches memory. A device of USB or Thunderbolt that is
 * authorized may be a keyboard, or reach memory; one that is not any more is gone.
 * They are in the folders of each bus, each driver and each device, whose paths have
 * any length.
 *
 * Context: any.
 * Return: true if who writes it needs SeTcbPrivilege.
 */
bool peios_policy_name(const char *name)
{
	static const char * const names[] = {
		"authorized", "authorized_default", "bind", "delete",
		"driver_override", "interface_authorized_default", "new_id",
		"remove", "unbind",
	};

	return match_string(names, ARRAY_SIZE(names), name) >= 0;
}

/*
 * A file of sysfs or cgroup v1. The dentry does not always have the name: one that is
 * opened by a handle has none.
 */
static bool is_policy_node(unsigned long magic, struct kernfs_node *kn)
{
	char buffer[PATH_LEN];

	if (magic == SYSFS_MAGIC &&
	    kernfs_name(kn, buffer, sizeof(buffer)) > 0 && peios_policy_name(buffer))
		return true;
	/* One that does not fit is none of them. */
	return kernfs_path(kn, buffer, sizeof(buffer)) > 0 &&
	       peios_policy_path(magic, buffer);
}

static bool is_policy(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	char buffer[PATH_LEN], *path;

	switch (dentry->d_sb->s_magic) {
	case BINFMTFS_MAGIC:
		/* That of a user namespace is for processes in it only. */
		if (dentry->d_sb->s_user_ns != &init_user_ns)
			return false;
		break;
	case PROC_SUPER_MAGIC:
		/* Below the root there is no such file: save making a path. */
		if (!IS_ROOT(dentry->d_parent))
			return false;
		break;
	case CGROUP_SUPER_MAGIC:
	case SYSFS_MAGIC:
		return is_policy_node(dentry->d_sb->s_magic,
				      file_inode(file)->i_private);
	default:
		return false;
	}
	path = dentry_path_raw(file->f_path.dentry, buffer, sizeof(buffer));
	return !IS_ERR(path) &&
	       peios_policy_path(dentry->d_sb->s_magic, path);
}

/*
 * A write to files of proc asks what the opener's credentials hold. Those of a
 * thread of io_uring, and those that override a thread's own, may be of better
 * days, or the ring's be its creator's, who has handed it on: the file gets some
 * without privileges.
 */
static int mark_borrowed(struct file *file)
{
	struct cred *cred;

	if (file->f_path.dentry->d_sb->s_magic != PROC_SUPER_MAGIC)
		return 0;
	/* A copy of current_cred(), by which it is being opened. */
	cred = prepare_creds();
	if (!cred)
		return -ENOMEM;
	peios_cred(cred)->borrowed = true;
	put_cred(file->f_cred);
	file->f_cred = cred;
	return 0;
}

/* Does a process of the TCB tier live in the mount namespace of this mount? */
static bool tcb_lives_with(struct vfsmount *mnt)
{
	struct task_struct *p, *t;
	bool found;

	guard(rcu)();
	for_each_process(p) {
		if (!peios_task_tcb(p))
			continue;
		for_each_thread(p, t) {
			task_lock(t);
			found = t->nsproxy &&
				mnt_is_of(mnt, t->nsproxy->mnt_ns);
			task_unlock(t);
			if (found)
				return true;
		}
	}
	return false;
}

/*
 * Who reads an event of fanotify gets the file opened by the mount by which another
 * process has opened it, and from there all of that one's mount namespace, as by a
 * link of its in /proc. It is no process that is named, so that it is asked who
 * lives there. In one's own namespace one is already.
 */
static int open_for_event(struct vfsmount *mnt)
{
	if (our_mnt(mnt) || !tcb_lives_with(mnt))
		return 0;
	return peios_need(PEIOS_PRIV_TCB, "fanotify", -EACCES, true);
}

/**
 * peios_decides_opens() - would a mark of fanotify decide about others' opens?
 * @mask: its events
 *
 * Who is asked for permission can refuse it, or not answer, to whoever opens, reads
 * or executes the file: to a service that sets policy, too.
 *
 * Context: any.
 * Return: true if so.
 */
bool peios_decides_opens(u64 mask)
{
	return mask & ALL_FSNOTIFY_PERM_EVENTS;
}

static int hook_path_notify(const struct path *path, u64 mask,
			    unsigned int obj_type)
{
	if (likely(!peios_decides_opens(mask)))
		return 0;
	return peios_need(PEIOS_PRIV_TCB, "fanotify", -EACCES, true);
}

static int hook_file_open(struct file *file)
{
	int err;

	/* Nobody but fanotify opens files that are to make no events. */
	if (likely(!(file->f_mode & (FMODE_WRITE | FMODE_NONOTIFY))))
		return 0;
	if (unlikely(file->f_mode & FMODE_NONOTIFY)) {
		err = open_for_event(file->f_path.mnt);
		if (err || !(file->f_mode & FMODE_WRITE))
			return err;
	}
	if (unlikely(current->flags & PF_IO_WORKER ||
		     current_cred() != current_real_cred())) {
		err = mark_borrowed(file);
		if (err)
			return err;
	}
	if (likely(!is_policy(file)))
		return 0;
	return peios_need_process(PEIOS_PRIV_TCB, "write_policy", -EACCES);
}

/**
 * peios_policy_fs() - is a file system where policy is set?
 * @magic: its s_magic
 *
 * All mounts of it, in whatever mount namespace, share one super block, so that who
 * makes that read-only, or hides what is in it, does so to those who set policy.
 *
 * Context: any.
 * Return: true if who sets its options again needs SeTcbPrivilege.
 */
bool peios_policy_fs(unsigned long magic)
{
	switch (magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case SECURITYFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Where policy is set for the machine: not that of a container. */
static bool sets_policy(struct super_block *sb)
{
	return peios_policy_fs(sb->s_magic) && sb->s_user_ns == &init_user_ns &&
	       (sb->s_magic != PROC_SUPER_MAGIC || proc_pid_ns(sb) == &init_pid_ns);
}

/**
 * peios_file_fcntl() - may the current thread do this to an open file?
 * @file: the file
 * @cmd: command of fcntl()
 * @arg: its argument
 *
 * Whoever opens, or executes, a file on which another has a lease waits until that is
 * given back, fs.lease-break-time long; any root sets that. Linux asks for the owner of
 * the file or for CAP_LEASE. Programs of root's, and the files by which policy is set,
 * are opened by those who set policy.
 *
 * Context: process context.
 * Return: 0, or -EACCES; in permissive mode always 0.
 */
int peios_file_fcntl(const struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct inode *inode = file_inode(file);

	if (likely(cmd != F_SETLEASE) || arg == F_UNLCK)
		return 0;
	if (!sets_policy(inode->i_sb) &&
	    !uid_eq(inode->i_uid, GLOBAL_ROOT_UID))
		return 0;
	return peios_need(PEIOS_PRIV_TCB, "lease", -EACCES, true);
}

static int hook_sb_remount(struct super_block *sb, void *mnt_opts)
{
	if (!sets_policy(sb))
		return 0;
	return peios_need(PEIOS_PRIV_TCB, "write_policy", -EACCES, true);
}

/* A hierarchy of cgroup v1 can be told its release_agent when it is mounted. */
static int hook_fs_context_parse_param(struct fs_context *fc,
				       struct fs_parameter *param)
{
	if (strcmp(param->key, "release_agent") ||
	    strcmp(fc->fs_type->name, "cgroup"))
		return -ENOPARAM;
	return peios_need(PEIOS_PRIV_TCB, "write_policy", -EACCES, true) ?:
	       -ENOPARAM;
}

/* Is somebody in our session, and so before our terminal, of the TCB tier? */
static bool session_has_tcb(void)
{
	struct task_struct *p;
	bool tcb = false;

	guard(rcu)();
	do_each_pid_task(task_session(current), PIDTYPE_SID, p) {
		tcb |= peios_task_tcb(p);
	} while_each_pid_task(task_session(current), PIDTYPE_SID, p);
	return tcb;
}

#ifdef CONFIG_TTY
/* The controlling terminal of a process, a reference, or NULL. */
static struct tty_struct *terminal_of(struct task_struct *p)
{
	struct sighand_struct *sighand;
	struct tty_struct *tty;
	unsigned long flags;

	sighand = __lock_task_sighand(p, &flags);
	if (!sighand)
		return NULL;
	__acquire(&sighand->siglock);	/* for sparse */
	tty = tty_kref_get(p->signal->tty);
	unlock_task_sighand(p, &flags);
	return tty;
}

/*
 * Asked of the terminal: what kind of file it is can't be seen in the file, and a
 * console has more than one name.
 */
static bool is_terminal(struct tty_struct *tty, const struct file *file)
{
	const struct tty_file_private *priv;
	bool found = false;

	spin_lock(&tty->files_lock);
	list_for_each_entry(priv, &tty->tty_files, list)
		found |= priv->file == file;
	spin_unlock(&tty->files_lock);
	return found;
}

/* Does a process of the TCB tier sit before the terminal that is open here? */
static bool terminal_has_tcb(const struct file *file)
{
	struct task_struct *p;
	struct tty_struct *tty;
	bool tcb = false;

	guard(rcu)();
	for_each_process(p) {
		if (!READ_ONCE(p->signal->tty) || !peios_task_tcb(p))
			continue;
		tty = terminal_of(p);
		if (!tty)
			continue;
		tcb = is_terminal(tty, file);
		tty_kref_put(tty);
		if (tcb)
			break;
	}
	return tcb;
}
#else
static bool terminal_has_tcb(const struct file *file)
{
	return false;
}
#endif

/**
 * peios_terminal_ioctl() - may the current thread do this to a terminal?
 * @file: what may be one
 * @cmd: command of an ioctl()
 * @arg: its argument
 *
 * A line that is typed into the terminal of a shell is a command of the shell.
 * CAP_SYS_ADMIN types into any terminal, others only into their own. TIOCLINUX
 * pastes into the console if the first byte that its argument points to says so.
 * The console reads that byte later than a look at it here, and another thread
 * may change it between the two, so all of TIOCLINUX is asked for.
 *
 * To hang a terminal up ends who sits before it, and to steal it takes what is
 * typed there. Another line discipline does the one or the other: what is typed
 * goes to it, and a shell reads its error. One of those that CAP_SYS_ADMIN may set
 * makes a keyboard of a line, which types into the console; its number is read after a
 * look at it here.
 *
 * To stop its output has the process wait that writes to it; so has the console, for
 * good, if its output goes to a terminal that nobody reads, which takes CAP_SYS_ADMIN.
 *
 * Context: process context.
 * Return: 0, or -EPERM; in permissive mode always 0.
 */
int peios_terminal_ioctl(const struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	bool asked;

	switch (cmd) {
	case TIOCSTI:
	case TIOCLINUX:
		asked = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN) ||
			session_has_tcb();
		break;
	case TIOCCONS:
		asked = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
		break;
	case TIOCSETD:
		asked = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN) ||
			terminal_has_tcb(file);
		break;
	case TIOCSCTTY:
		asked = arg == 1 && terminal_has_tcb(file);
		break;
	case TCXONC:
		asked = arg == TCOOFF && terminal_has_tcb(file);
		break;
	case TIOCVHANGUP:
		asked = terminal_has_tcb(file);
		break;
	default:
		return 0;
	}
	return asked ? peios_need(PEIOS_PRIV_TCB, "type", -EPERM, true) : 0;
}

#ifdef CONFIG_SECURITY_TTY_LOOP
/*
 * A line in loopback reads as typed what is written to it, and stays so: who will
 * sit there later can't be known, so that all lines are asked for.
 */
static int hook_tty_loop(struct tty_struct *tty)
{
	return peios_need(PEIOS_PRIV_TCB, "type", -EPERM, true);
}
#endif

static struct security_hook_list file_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(file_open, hook_file_open),
	LSM_HOOK_INIT(path_notify, hook_path_notify),
	LSM_HOOK_INIT(sb_remount, hook_sb_remount),
	LSM_HOOK_INIT(fs_context_parse_param, hook_fs_context_parse_param),
#ifdef CONFIG_SECURITY_TTY_LOOP
	LSM_HOOK_INIT(tty_loop, hook_tty_loop),
#endif
};

/**
 * peios_add_file_hooks() - register the hooks
 */
void __init peios_add_file_hooks(void)
{
	security_add_hooks(file_hooks, ARRAY_SIZE(file_hooks), &peios_lsmid);
}
