// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - files that are policy, and terminals
 *
 * It is of little use to protect a sysctl if another file accepts the same
 * value. A program that the kernel or a holder of privileges will run may also
 * be named in more places than in sysctls. Opening such a file for writing
 * needs SeTcbPrivilege. There are few of these files; for all others, the check
 * costs one look at the mode.
 *
 * The check is made at open: a process that was given an open file got it from
 * a holder of the privilege. (A write to a sysctl or to oom_score_adj checks
 * the writer, too.)
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

/* Long enough for the path of any policy file */
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
 * @op: the operation, a word for the record
 * @error: a negative errno, for a refusal
 * @audit: record a refusal
 *
 * A kernel thread at the kernel's own work does. A kernel thread that works for
 * a process, with the credentials of that process, is checked like any other.
 *
 * Context: any in which current is the caller, does not sleep.
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
 * peios_need_process() - is the caller a process that holds a privilege?
 * @privilege: its bit
 * @op: the operation, a word for the record
 * @error: a negative errno, for a refusal
 *
 * For what the kernel never does for itself. If a kernel thread gets here, some
 * process has caused it: by a file system that is mounted over the file, by a
 * server that exports it, or by a BPF program that a worker runs. It is unknown
 * which process that was, so not even the kernel's own credentials count.
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
 * peios_policy_path() - is a file a policy file?
 * @magic: s_magic of its file system
 * @path: its path, from the root of the file system
 *
 * Context: any.
 * Return: true if writing to it needs SeTcbPrivilege.
 */
bool peios_policy_path(unsigned long magic, const char *path)
{
	/*
	 * These name programs that the kernel runs, and similar; they remove
	 * memory, with the processes that use it, or add memory, which sets the
	 * reserves anew; or they allow devices that reach all memory. A path
	 * that ends in a slash stands for all files below it, except "uevent",
	 * which asks for an event to be sent again.
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
 * peios_policy_name() - is a file of sysfs a policy file, wherever it is?
 * @name: its name, without a path
 *
 * These files give a device another driver, take its driver away, or remove the
 * device. A process at a terminal, or one that uses a disk, goes with the
 * device. A driver for user space (UIO, VFIO) gives access to a device that can
 * reach memory. A USB or Thunderbolt device that is authorized may be a
 * keyboard, or may reach memory; if its authorization is withdrawn, it is gone.
 * These files are in the directories of each bus, each driver and each device,
 * whose paths can be of any length.
 *
 * Context: any.
 * Return: true if writing to it needs SeTcbPrivilege.
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
 * For a file of sysfs or cgroup v1. The dentry does not always have the name: a
 * dentry that was opened by a handle has none.
 */
static bool is_policy_node(unsigned long magic, struct kernfs_node *kn)
{
	char buffer[PATH_LEN];

	if (magic == SYSFS_MAGIC &&
	    kernfs_name(kn, buffer, sizeof(buffer)) > 0 && peios_policy_name(buffer))
		return true;
	/* A path that does not fit is not policy. */
	return kernfs_path(kn, buffer, sizeof(buffer)) > 0 &&
	       peios_policy_path(magic, buffer);
}

static bool is_policy(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	char buffer[PATH_LEN], *path;

	switch (dentry->d_sb->s_magic) {
	case BINFMTFS_MAGIC:
		/* That of a user namespace is only for processes in it. */
		if (dentry->d_sb->s_user_ns != &init_user_ns)
			return false;
		break;
	case PROC_SUPER_MAGIC:
		/* No such file is below the root: save making a path. */
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
 * A write to a file of proc checks the privileges of the opener's credentials.
 * The credentials of an io_uring thread, and those that override a thread's
 * own, may be from before privileges were dropped. Those of a ring may also be
 * its creator's, which has passed it on. So the file gets credentials without
 * privileges.
 */
static int mark_borrowed(struct file *file)
{
	struct cred *cred;

	if (file->f_path.dentry->d_sb->s_magic != PROC_SUPER_MAGIC)
		return 0;
	/* A copy of current_cred(), with which the file is being opened. */
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
 * A reader of fanotify events gets the file opened through the mount through
 * which another process opened it. From there it reaches that process's whole
 * mount namespace, as it would by a link of the process in /proc. No particular
 * process is named, so the check is about all processes in that namespace.
 * Nothing is gained in the reader's own namespace.
 */
static int open_for_event(struct vfsmount *mnt)
{
	if (our_mnt(mnt) || !tcb_lives_with(mnt))
		return 0;
	return peios_need(PEIOS_PRIV_TCB, "fanotify", -EACCES, true);
}

/**
 * peios_decides_opens() - can a fanotify mark decide about opens of others?
 * @mask: its events
 *
 * A listener that is asked for permission can refuse it, or not answer. This
 * affects any process that opens, reads or executes the file, including a
 * service that sets policy.
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

	/* Only fanotify opens files that cause no events. */
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
 * peios_policy_fs() - is policy set in this file system?
 * @magic: its s_magic
 *
 * All its mounts, in all mount namespaces, share one super block. So a process
 * that makes it read-only, or hides files in it, does so to the processes that
 * set policy, too.
 *
 * Context: any.
 * Return: true if changing its mount options needs SeTcbPrivilege.
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

/* Is policy for the machine set here, rather than for a container? */
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
 * A process that opens or executes a file waits until any other process's lease
 * on it is given back, for up to fs.lease-break-time, which any root can set.
 * Linux lets the owner of the file or a holder of CAP_LEASE take a lease.
 * Processes that set policy open programs of root and the files in which policy
 * is set, so leases on these need the privilege.
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

/* A mount of a cgroup v1 hierarchy can set its release_agent. */
static int hook_fs_context_parse_param(struct fs_context *fc,
				       struct fs_parameter *param)
{
	if (strcmp(param->key, "release_agent") ||
	    strcmp(fc->fs_type->name, "cgroup"))
		return -ENOPARAM;
	return peios_need(PEIOS_PRIV_TCB, "write_policy", -EACCES, true) ?:
	       -ENOPARAM;
}

/* Is a process of our session, and so at our terminal, of the TCB tier? */
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
/* The controlling terminal of a process, a reference; NULL if it has none. */
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
 * This asks the terminal, since the file does not show what kind of file it is,
 * and a console has more than one name.
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

/* Is this an open terminal that a process of the TCB tier is at? */
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
 * @file: the file, which may be a terminal
 * @cmd: command of an ioctl()
 * @arg: its argument
 *
 * A line that is typed into the terminal of a shell is a command of the shell.
 * With CAP_SYS_ADMIN, a process can type into any terminal, without it only
 * into its own. TIOCLINUX pastes into the console if the first byte that its
 * argument points to says so. The console reads that byte after any check here,
 * and another thread may change it in between, so every TIOCLINUX is checked.
 *
 * Hanging up a terminal ends the processes at it, and stealing it takes what is
 * typed there. Another line discipline does one or the other: it gets what is
 * typed, and a shell gets an error when it reads. CAP_SYS_ADMIN may set a line
 * discipline that turns a line into a keyboard, which types into the console;
 * its number is read after any check here.
 *
 * Stopping a terminal's output makes a process that writes to it wait. The
 * console waits for good if its output goes to a terminal that nobody reads,
 * which needs CAP_SYS_ADMIN.
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
		asked = (int)arg == 1 && terminal_has_tcb(file);
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
 * A line in loopback reads what is written to it as if it were typed, and stays
 * in loopback. It can't be known which processes will use it later, so all
 * lines are checked.
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
