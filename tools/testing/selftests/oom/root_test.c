// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root that does not hold the TCB's privileges can't do: change policy by
 * another file than its sysctl, name programs that others then run, type into
 * the terminal of a process that holds privileges, say what is recorded, take
 * drivers away, or get at all memory.
 *
 * Each is tried with the privilege first: there it works.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/tiocl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

/* <asm/termios.h>, which can't be included beside <termios.h> */
#ifndef TIOCM_LOOP
#define TIOCM_LOOP	0x8000
#endif

#define TCB_PRIVILEGES	"SeTcbPrivilege,SeDebugPrivilege,SeLoadDriverPrivilege,SeSecurityPrivilege"

#define KNOB	"/proc/sys/vm/oom_dump_tasks"
#define OTHER	"/proc/sys/vm/swappiness"
#define PARAM	"/sys/module/kernel/parameters/"

/* Root without them, as sudo gives. */
static int give_up(void)
{
	return token_command("remove " TCB_PRIVILEGES);
}

static int open_result(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

FIXTURE(root) {
	char dir[64];
	struct target target;
};

FIXTURE_SETUP(root)
{
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	snprintf(self->dir, sizeof(self->dir), "/tmp/oom_root_XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	/* What is mounted goes with the test. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

FIXTURE_TEARDOWN(root)
{
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
}

/* -- Twins of sysctls that are policy -- */

TEST_F(root, module_parameter_panic)
{
	char before[32], param[32], now[32];

	ASSERT_LT(0, read_file("/proc/sys/kernel/panic", before, sizeof(before)));
	ASSERT_LT(0, read_file(PARAM "panic", param, sizeof(param)));
	EXPECT_STREQ(before, param);
	ASSERT_EQ(0, write_file(PARAM "panic", "77"));
	ASSERT_LT(0, read_file("/proc/sys/kernel/panic", now, sizeof(now)));
	EXPECT_STREQ("77\n", now);
	ASSERT_EQ(0, write_file(PARAM "panic", before));

	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, write_file("/proc/sys/kernel/panic", "77"));
	EXPECT_EQ(-EACCES, write_file(PARAM "panic", "77"));
	EXPECT_EQ(0, open_result(PARAM "panic", O_RDONLY));
	ASSERT_LT(0, read_file("/proc/sys/kernel/panic", now, sizeof(now)));
	EXPECT_STREQ(before, now);
	/* What is no twin of policy is as ever. */
	ASSERT_LT(0, read_file(PARAM "initcall_debug", now, sizeof(now)));
	EXPECT_EQ(0, write_file(PARAM "initcall_debug", now));
}

TEST_F(root, module_parameter_by_another_mount)
{
	char path[128], before[32];

	ASSERT_LT(0, read_file(PARAM "panic", before, sizeof(before)));
	ASSERT_EQ(0, mount("/sys/module/kernel", self->dir, NULL, MS_BIND, NULL));
	snprintf(path, sizeof(path), "%s/parameters/panic", self->dir);
	EXPECT_EQ(0, write_file(path, before));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, write_file(path, before));
	umount(self->dir);
	ASSERT_EQ(0, mount("sysfs", self->dir, "sysfs", 0, NULL));
	snprintf(path, sizeof(path), "%s/module/kernel/parameters/panic",
		 self->dir);
	EXPECT_EQ(-EACCES, write_file(path, before));
}

TEST_F(root, sysrq_trigger)
{
	/* Shows help, and does nothing. */
	EXPECT_EQ(0, write_file("/proc/sysrq-trigger", "h"));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, write_file("/proc/sysrq-trigger", "h"));
	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, NULL));
	strcat(self->dir, "/sysrq-trigger");
	EXPECT_EQ(-EACCES, write_file(self->dir, "h"));
	*strrchr(self->dir, '/') = '\0';
}

/* -- Programs that others then run -- */

static const char interpreter[] = ":oom_root:E::oom_root::/bin/true:";

static bool have_binfmt_misc(const char *dir)
{
	if (!mount("binfmt_misc", dir, "binfmt_misc", 0, NULL))
		return !umount(dir);
	return errno != ENODEV;
}

static int binfmt_without(void *dir)
{
	char path[96], own[96];
	int err;

	if (give_up())
		return 255;
	snprintf(path, sizeof(path), "%s/register", (char *)dir);
	if (write_file(path, ":oom_root2:E::oom_root2::/bin/true:") != -EACCES)
		return 1;
	snprintf(path, sizeof(path), "%s/oom_root", (char *)dir);
	if (write_file(path, "0") != -EACCES || write_file(path, "-1") != -EACCES)
		return 2;
	snprintf(path, sizeof(path), "%s/status", (char *)dir);
	if (write_file(path, "0") != -EACCES)
		return 3;
	if (open_result(path, O_RDONLY))
		return 4;
	/* Nor by a mount of one's own: it is the same one. */
	snprintf(own, sizeof(own), "%s-own", (char *)dir);
	if (mkdir(own, 0700) || mount("binfmt_misc", own, "binfmt_misc", 0, NULL))
		return 5;
	snprintf(path, sizeof(path), "%s/status", own);
	err = write_file(path, "-1");
	if (umount(own) || rmdir(own))
		return 6;
	return err == -EACCES ? 0 : 7;
}

TEST_F(root, binfmt_misc)
{
	char path[96], status[96];

	if (!have_binfmt_misc(self->dir))
		SKIP(return, "a kernel without binfmt_misc");
	ASSERT_EQ(0, mount("binfmt_misc", self->dir, "binfmt_misc", 0, NULL));
	snprintf(path, sizeof(path), "%s/register", self->dir);
	snprintf(status, sizeof(status), "%s/status", self->dir);
	ASSERT_EQ(0, write_file(path, interpreter));
	snprintf(path, sizeof(path), "%s/oom_root", self->dir);
	EXPECT_EQ(0, write_file(path, "0"));
	EXPECT_EQ(0, write_file(path, "1"));
	EXPECT_EQ(0, write_file(status, "1"));
	EXPECT_EQ(0, in_child(binfmt_without, self->dir));
	EXPECT_EQ(0, write_file(path, "-1"));
	EXPECT_EQ(-ENOENT, open_result(path, O_RDONLY));
}

/* That of a user namespace is for its members, none of which is of the TCB. */
TEST_F(root, binfmt_misc_of_a_user_namespace)
{
	char path[96];

	if (!have_binfmt_misc(self->dir))
		SKIP(return, "a kernel without binfmt_misc");
	ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_EQ(0, write_file("/proc/self/uid_map", "0 0 1"));
	ASSERT_EQ(0, write_file("/proc/self/setgroups", "deny"));
	ASSERT_EQ(0, write_file("/proc/self/gid_map", "0 0 1"));
	ASSERT_EQ(0, mount("binfmt_misc", self->dir, "binfmt_misc", 0, NULL));
	snprintf(path, sizeof(path), "%s/register", self->dir);
	EXPECT_EQ(0, write_file(path, interpreter));
}

TEST_F(root, release_agent)
{
	char path[96];

	ASSERT_EQ(0, mount("cgroup", self->dir, "cgroup", 0,
			   "none,name=oom_root"));
	snprintf(path, sizeof(path), "%s/release_agent", self->dir);
	EXPECT_EQ(0, write_file(path, "/bin/true"));
	ASSERT_EQ(0, umount(self->dir));
	/* By the mount's option, too. */
	ASSERT_EQ(0, mount("cgroup", self->dir, "cgroup", 0,
			   "none,name=oom_root1,release_agent=/bin/true"));
	ASSERT_EQ(0, umount(self->dir));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-1, mount("cgroup", self->dir, "cgroup", 0,
			    "none,name=oom_root2,release_agent=/bin/true"));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, mount("cgroup", self->dir, "cgroup", 0,
			   "none,name=oom_root3"));
	EXPECT_EQ(-EACCES, write_file(path, "/bin/true"));
	EXPECT_EQ(0, open_result(path, O_RDONLY));
	snprintf(path, sizeof(path), "%s/notify_on_release", self->dir);
	EXPECT_EQ(0, write_file(path, "1"));
}

/* A file that is opened by its handle has no name. */
static int open_by_handle(const char *dir, struct file_handle *handle)
{
	int mount = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, err = 0;

	if (mount < 0)
		return -errno;
	fd = open_by_handle_at(mount, handle, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	else
		close(fd);
	close(mount);
	return err;
}

TEST_F(root, release_agent_by_its_handle)
{
	char path[96], space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (void *)space;
	int id;

	ASSERT_EQ(0, mount("cgroup", self->dir, "cgroup", 0, "none,name=oom_root4"));
	snprintf(path, sizeof(path), "%s/release_agent", self->dir);
	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, handle, &id, 0))
		SKIP(return, "no handles: %s", strerror(errno));
	EXPECT_EQ(0, open_by_handle(self->dir, handle));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, open_by_handle(self->dir, handle));
	/* Others may be had. */
	snprintf(path, sizeof(path), "%s/notify_on_release", self->dir);
	handle->handle_bytes = MAX_HANDLE_SZ;
	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, path, handle, &id, 0));
	EXPECT_EQ(0, open_by_handle(self->dir, handle));
}

/* -- Leases -- */

static int lease(const char *path, int flags, int type)
{
	int fd = open(path, flags | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = result(fcntl(fd, F_SETLEASE, type));
	close(fd);
	return err;
}

static int lease_as_user(void *dir)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/own", (char *)dir);
	if (chown(dir, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 250;
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return 251;
	close(fd);
	if (lease("/proc/self/oom_score_adj", O_RDONLY, F_RDLCK) != -EACCES)
		return 1;
	if (lease(path, O_RDONLY, F_RDLCK))
		return 2;
	return unlink(path) ? 3 : 0;
}

/* Who opens a file with a lease waits for its holder. */
TEST_F(root, leases)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/program", self->dir);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0700);
	ASSERT_LE(0, fd);
	close(fd);
	if (lease(path, O_RDONLY, F_UNLCK) == -EINVAL)
		SKIP(return, "no leases: CONFIG_FILE_LOCKING is off");
	EXPECT_EQ(0, lease(path, O_RDONLY, F_WRLCK));
	EXPECT_EQ(0, lease(KNOB, O_RDONLY, F_RDLCK));
	/* A user's own files are the user's, those of proc are not. */
	EXPECT_EQ(0, in_child(lease_as_user, self->dir));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, lease(path, O_RDONLY, F_WRLCK));
	EXPECT_EQ(-EACCES, lease(path, O_RDONLY, F_RDLCK));
	EXPECT_EQ(-EACCES, lease(KNOB, O_RDONLY, F_RDLCK));
	EXPECT_EQ(-EACCES, lease("/proc/1/oom_score_adj", O_RDONLY, F_RDLCK));
	EXPECT_EQ(-EACCES, lease(CGROUP_ROOT "/cgroup.procs", O_RDONLY, F_RDLCK));
	EXPECT_EQ(-EAGAIN, lease(path, O_RDONLY, F_UNLCK));
	unlink(path);
}

/* -- File systems where policy is set -- */

static int remount(const char *dir, const char *type)
{
	return result(mount(type, dir, type, MS_REMOUNT, NULL));
}

static int remount_by_context(const char *dir)
{
	int fd = syscall(SYS_fspick, AT_FDCWD, dir, 0), err;

	if (fd < 0)
		return -errno;
	err = result(syscall(SYS_fsconfig, fd, 7 /* FSCONFIG_CMD_RECONFIGURE */,
			     NULL, NULL, 0));
	close(fd);
	return err;
}

static const struct {
	const char *type;
	const char *dir;
	bool has_options;	/* which would be lost */
} policy_fs[] = {
	{ "proc", "/proc", false },
	{ "sysfs", "/sys", false },
	{ "securityfs", "/sys/kernel/security", false },
	{ "cgroup2", CGROUP_ROOT, true },
};

TEST_F(root, file_systems_of_policy_set_again)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policy_fs); i++) {
		if (policy_fs[i].has_options)
			continue;
		TH_LOG("%s", policy_fs[i].type);
		EXPECT_EQ(0, remount(policy_fs[i].dir, policy_fs[i].type));
		EXPECT_EQ(0, remount_by_context(policy_fs[i].dir));
	}
	ASSERT_EQ(0, mount("tmpfs", self->dir, "tmpfs", 0, NULL));
	ASSERT_EQ(0, give_up());
	for (i = 0; i < ARRAY_SIZE(policy_fs); i++) {
		TH_LOG("%s", policy_fs[i].type);
		EXPECT_EQ(-EACCES, remount(policy_fs[i].dir, policy_fs[i].type));
		EXPECT_EQ(-EACCES, remount_by_context(policy_fs[i].dir));
		/* A mount of it is only for who sees that mount. */
		EXPECT_EQ(0, result(mount(NULL, policy_fs[i].dir, NULL,
					  MS_REMOUNT | MS_BIND | MS_NOATIME, NULL)));
	}
	EXPECT_EQ(0, remount(self->dir, "tmpfs"));
}

static int remount_own_proc(void *dir)
{
	if (give_up() || mount("proc", dir, "proc", 0, NULL))
		return 250;
	return -remount(dir, "proc");
}

TEST_F(root, proc_of_another_pid_namespace_set_again)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, in_child(remount_own_proc, self->dir));
}

/* -- Terminals -- */

static int open_pty(int *master)
{
	char name[64];
	int number, unlock = 0;

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlock) ||
	    ioctl(*master, TIOCGPTN, &number))
		return -errno;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	return open(name, O_RDWR | O_NOCTTY);
}

/* Type "x" and a newline, and read it as who sits before the terminal. */
static int type_a_line(int tty)
{
	char line[8];

	if (ioctl(tty, TIOCSTI, "x") || ioctl(tty, TIOCSTI, "\n"))
		return -errno;
	return read(tty, line, sizeof(line)) == 2 ? 0 : -EIO;
}

static int type_elsewhere(void *fd)
{
	int tty = *(int *)fd, err;

	err = type_a_line(tty);
	if (err)
		return -err;
	if (give_up())
		return 255;
	return ioctl(tty, TIOCSTI, "x") ? errno : 0;
}

TEST_F(root, typing_into_a_terminal)
{
	int master, tty = open_pty(&master);

	ASSERT_LE(0, tty);
	EXPECT_EQ(EPERM, in_child(type_elsewhere, &tty));
}

/* In a session of its own, before a terminal of its own. */
static int type_own(void *with_tcb)
{
	int master, tty, status;
	pid_t pid;

	if (setsid() < 0)
		return 250;
	tty = open_pty(&master);
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 0))
		return 251;
	if (!with_tcb && setresuid(1000, 1000, 1000))
		return 252;
	pid = fork_child();
	if (!pid) {
		if (with_tcb && setresuid(1000, 1000, 1000))
			_exit(253);
		_exit(-type_a_line(tty));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 254;
	return WEXITSTATUS(status);
}

TEST_F(root, typing_into_the_own_terminal)
{
	/* A user's terminal is the user's, */
	EXPECT_EQ(0, in_child(type_own, NULL));
	/* but not where the shell, which reads next, holds privileges. */
	EXPECT_EQ(EPERM, in_child(type_own, self));
}

/* A process before a terminal, as a shell is. */
struct sitter {
	int tty;
	bool without;
	pid_t pid;
};

static int sit_down(struct sitter *sitter)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		return -errno;
	sitter->pid = fork_child();
	if (!sitter->pid) {
		if (setsid() < 0 || ioctl(sitter->tty, TIOCSCTTY, 0) ||
		    (sitter->without && give_up()) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	byte = read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	return byte ? 0 : -EPIPE;
}

static void stand_up(struct sitter *sitter)
{
	kill(sitter->pid, SIGKILL);
	waitpid(sitter->pid, NULL, 0);
}

static int set_discipline(void *tty)
{
	int discipline = 0;

	return setresuid(1000, 1000, 1000) ? 250 :
	       -result(ioctl(*(int *)tty, TIOCSETD, &discipline));
}

/* What is told of the first of them that is not as expected. */
static int meddle(void *arg)
{
	struct sitter *sitter = arg;
	int discipline = 0;

	if (give_up() || setsid() < 0)
		return 250;
	if (result(ioctl(sitter->tty, TIOCSCTTY, 1)) !=
	    (sitter->without ? 0 : -EPERM))
		return 1;
	/* The terminal takes the argument as an int, whatever stands above that. */
	if (!sitter->without &&
	    result(ioctl(sitter->tty, TIOCSCTTY, 1UL << 31 << 1 | 1)) != -EPERM)
		return 8;
	if (sitter->without)
		signal(SIGHUP, SIG_IGN);
	/* The discipline that it has; CAP_SYS_ADMIN may set one that types elsewhere. */
	if (in_child(set_discipline, &sitter->tty) != (sitter->without ? 0 : EPERM))
		return 3;
	if (result(ioctl(sitter->tty, TIOCSETD, &discipline)) != -EPERM)
		return 4;
	if (result(ioctl(sitter->tty, TCXONC, TCOOFF)) !=
	    (sitter->without ? 0 : -EPERM))
		return 5;
	if (result(ioctl(sitter->tty, TCXONC, TCOON)))
		return 6;
	if (result(ioctl(sitter->tty, TIOCCONS)) != -EPERM)
		return 7;
	if (result(ioctl(sitter->tty, TIOCVHANGUP)) !=
	    (sitter->without ? 0 : -EPERM))
		return 2;
	return 0;
}

/* To steal it, to have it read by something else, to stop it and to hang it up. */
TEST_F(root, meddling_with_a_terminal)
{
	struct sitter sitter = {};
	int master, sitting;

	sitter.tty = open_pty(&master);
	ASSERT_LE(0, sitter.tty);
	ASSERT_EQ(0, sit_down(&sitter));
	EXPECT_EQ(0, in_child(meddle, &sitter));
	EXPECT_EQ(0, kill(sitter.pid, 0));
	/* Another terminal is free, though there is such a process. */
	sitting = sitter.tty;
	sitter.tty = open_pty(&master);
	ASSERT_LE(0, sitter.tty);
	sitter.without = true;
	EXPECT_EQ(0, in_child(meddle, &sitter));
	stand_up(&sitter);
	close(sitting);
	/* So is that of a process without privileges. */
	sitter.tty = open_pty(&master);
	ASSERT_LE(0, sitter.tty);
	ASSERT_EQ(0, sit_down(&sitter));
	EXPECT_EQ(0, in_child(meddle, &sitter));
	stand_up(&sitter);
}

static int set_lines(int tty, unsigned long command, int bits)
{
	return result(ioctl(tty, command, &bits));
}

/*
 * A line that echoes what is written to it as typed, also for who comes later: so
 * it does not matter who sits there. Of a port without a device nothing but the
 * question is seen.
 */
TEST_F(root, loopback_of_a_line)
{
	int tty = open("/dev/ttyS3", O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (tty < 0)
		SKIP(return, "no /dev/ttyS3: %s", strerror(errno));
	EXPECT_EQ(-EIO, set_lines(tty, TIOCMBIS, TIOCM_LOOP));
	EXPECT_EQ(-EIO, set_lines(tty, TIOCMSET, TIOCM_LOOP | TIOCM_RTS));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, set_lines(tty, TIOCMBIS, TIOCM_LOOP));
	EXPECT_EQ(-EPERM, set_lines(tty, TIOCMSET, TIOCM_LOOP | TIOCM_RTS));
	/* To end it, and what a modem or a board listens to, is as ever. */
	EXPECT_EQ(-EIO, set_lines(tty, TIOCMBIC, TIOCM_LOOP));
	EXPECT_EQ(-EIO, set_lines(tty, TIOCMBIS, TIOCM_DTR | TIOCM_RTS));
	EXPECT_EQ(-EIO, set_lines(tty, TIOCMSET, TIOCM_DTR));
}

/* The kernel reads the command again after it was asked for: see all of them. */
static int console_command(int console, char command)
{
	return ioctl(console, TIOCLINUX, &command) < 0 ? -errno : 0;
}

TEST_F(root, pasting_into_a_console)
{
	int console = open("/dev/tty1", O_RDWR | O_NOCTTY);

	ASSERT_LE(0, console);
	EXPECT_EQ(0, console_command(console, TIOCL_PASTESEL));
	EXPECT_EQ(0, console_command(console, TIOCL_GETSHIFTSTATE));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, console_command(console, TIOCL_PASTESEL));
	EXPECT_EQ(-EPERM, console_command(console, TIOCL_GETSHIFTSTATE));
}

/* -- All memory, and the kernel's -- */

static int kexec_unload(void)
{
	return result(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int load_module(void)
{
	return result(syscall(SYS_init_module, "x", 1, ""));
}

TEST_F(root, memory_devices)
{
	EXPECT_EQ(0, open_result("/dev/mem", O_RDONLY));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, open_result("/dev/mem", O_RDONLY));
	EXPECT_EQ(-EPERM, open_result("/dev/mem", O_RDWR));
}

/* What is swapped to a device, or comes back from it, is its owner's to see. */
TEST_F(root, swapping_to_a_device)
{
	static const char device[] = "/dev/ram0";
	static char header[4096];
	unsigned int *info = (unsigned int *)(header + 1024);
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "no %s", device);
	info[0] = 1;			/* version */
	info[1] = 255;			/* last page */
	memcpy(header + sizeof(header) - 10, "SWAPSPACE2", 10);
	ASSERT_EQ((ssize_t)sizeof(header),
		  pwrite(fd, header, sizeof(header), 0));
	ASSERT_EQ(0, fsync(fd));
	close(fd);
	EXPECT_EQ(0, result(swapon(device, 0)));
	EXPECT_EQ(0, result(swapoff(device)));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, result(swapon(device, 0)));
	/* It is not left claimed. */
	EXPECT_EQ(0, open_result(device, O_RDWR | O_EXCL));
	EXPECT_EQ(-EINVAL, result(swapoff(device)));
}

/* What a kernel is built without needs no guard: these say so. */
TEST_F(root, kcore)
{
	int err = open_result("/proc/kcore", O_RDONLY);

	if (err == -ENOENT)
		SKIP(return, "a kernel without /proc/kcore");
	EXPECT_EQ(0, err);
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, open_result("/proc/kcore", O_RDONLY));
}

TEST_F(root, another_kernel)
{
	if (access("/sys/kernel/kexec_loaded", F_OK))
		SKIP(return, "a kernel without kexec");
	EXPECT_EQ(0, kexec_unload());
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, kexec_unload());
}

TEST_F(root, modules)
{
	if (access("/proc/modules", F_OK))
		SKIP(return, "a kernel without modules");
	EXPECT_EQ(-ENOEXEC, load_module());
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, load_module());
}

TEST_F(root, tracefs_and_debugfs)
{
	static const char shown[] = "/sys/kernel/debug/kunit/peios/results";
	static const char written[] = "/sys/kernel/debug/split_huge_pages";
	char path[96];

	ASSERT_EQ(0, mount("tracefs", self->dir, "tracefs", 0, NULL));
	snprintf(path, sizeof(path), "%s/trace", self->dir);
	EXPECT_EQ(0, open_result(path, O_RDONLY));
	EXPECT_EQ(0, open_result(written, O_WRONLY));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EPERM, open_result(path, O_RDONLY));
	EXPECT_EQ(-EPERM, open_result(written, O_WRONLY));
	/* What only shows something is as ever. */
	EXPECT_EQ(0, open_result(shown, O_RDONLY));
}

/* -- BPF -- */

#define INSN(c, d, s, o, i) ((struct bpf_insn) {			\
	.code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i })

static int load_program(enum bpf_prog_type type, enum bpf_attach_type attach,
			const struct bpf_insn *program, unsigned int size)
{
	union bpf_attr attr = {
		.prog_type = type,
		.expected_attach_type = attach,
		.insns = (unsigned long)program,
		.insn_cnt = size,
		.license = (unsigned long)"GPL",
		/* As this type has to. */
		.prog_flags = type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0,
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

/* One that permits everything. */
static int load_plain(enum bpf_prog_type type, enum bpf_attach_type attach)
{
	const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = load_program(type, attach, program, ARRAY_SIZE(program));

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int attach_sysctl(const char *cgroup, int fd)
{
	union bpf_attr attr = {
		.target_fd = open(cgroup, O_RDONLY | O_DIRECTORY),
		.attach_bpf_fd = fd,
		.attach_type = BPF_CGROUP_SYSCTL,
	};

	return result(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)));
}

/* Moves the position of each write, so that the handler ignores it. */
static int bpf_moving(const char *cgroup)
{
	const struct bpf_insn program[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 1,
		     offsetof(struct bpf_sysctl, write), 0),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1),
		INSN(BPF_STX | BPF_MEM | BPF_W, 1, 2,
		     offsetof(struct bpf_sysctl, file_pos), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = load_program(BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL,
			      program, ARRAY_SIZE(program));

	return fd < 0 ? fd : attach_sysctl(cgroup, fd);
}

TEST_F(root, bpf_program_that_moves_the_position)
{
	char cgroup[128], procs[160];
	long long knob, other, now;
	int err;

	ASSERT_EQ(0, read_number(KNOB, &knob));
	ASSERT_EQ(0, read_number(OTHER, &other));
	snprintf(cgroup, sizeof(cgroup), CGROUP_ROOT "/root_test-%d", getpid());
	ASSERT_EQ(0, mkdir(cgroup, 0755));
	err = bpf_moving(cgroup);
	ASSERT_EQ(0, err) {
		TH_LOG("the program: %s", strerror(-err));
	}
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	ASSERT_EQ(0, write_file(procs, "0"));
	/* It does what it is there for: a write that succeeds changes nothing. */
	EXPECT_EQ(0, write_file(OTHER, other == 7 ? "8" : "7"));
	ASSERT_EQ(0, read_number(OTHER, &now));
	EXPECT_EQ(other, now);
	/* Of policy, nobody is told that it is set when it is not. */
	EXPECT_EQ(-EACCES, write_file(KNOB, knob ? "0" : "1"));
	ASSERT_EQ(0, read_number(KNOB, &now));
	EXPECT_EQ(knob, now);
	ASSERT_EQ(0, write_file(CGROUP_ROOT "/cgroup.procs", "0"));
	EXPECT_EQ(0, write_file(KNOB, knob ? "1" : "0"));
	cgroup_remove(cgroup);
}

static const struct {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	bool guarded;
} programs[] = {
	{ "cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL, true },
	{ "cgroup_getsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT,
	  true },
	{ "cgroup_setsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
	  true },
	{ "kprobe", BPF_PROG_TYPE_KPROBE, 0, true },
	{ "tracepoint", BPF_PROG_TYPE_TRACEPOINT, 0, true },
	{ "perf_event", BPF_PROG_TYPE_PERF_EVENT, 0, true },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, true },
	{ "syscall", BPF_PROG_TYPE_SYSCALL, 0, true },
	{ "cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, false },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, false },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
	  false },
	{ "socket_filter", BPF_PROG_TYPE_SOCKET_FILTER, 0, false },
};

TEST_F(root, bpf_programs)
{
	int with[ARRAY_SIZE(programs)], err;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		with[i] = load_plain(programs[i].type, programs[i].attach);
		/* EINVAL: a type that this kernel does not know. */
		EXPECT_TRUE(!with[i] || with[i] == -EINVAL) {
			TH_LOG("%s: %s", programs[i].name, strerror(-with[i]));
		}
	}
	EXPECT_EQ(0, with[0]);
	ASSERT_EQ(0, give_up());
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		err = load_plain(programs[i].type, programs[i].attach);
		EXPECT_EQ(programs[i].guarded && !with[i] ? -EPERM : with[i],
			  err) {
			TH_LOG("%s", programs[i].name);
		}
	}
}

/* A filter of packets that calls this, with a buffer, its size and an address. */
static int load_filter(int call, int how)
{
	const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, how, 0, call),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = load_program(BPF_PROG_TYPE_SOCKET_FILTER, 0, program,
			      ARRAY_SIZE(program));

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int create_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4096,
		.max_entries = 1, .map_flags = BPF_F_MMAPABLE,
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int map_number(int fd)
{
	struct bpf_map_info info = {};
	union bpf_attr attr = {
		.info.bpf_fd = fd, .info.info_len = sizeof(info),
		.info.info = (uintptr_t)&info,
	};

	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ? -1 :
	       (int)info.id;
}

static int map_by_number(int number)
{
	union bpf_attr attr = { .map_id = number };
	int fd = syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int get_map(void *number)
{
	return -map_by_number(*(int *)number);
}

static int get_map_as_sudo(void *number)
{
	if (token_command("replace user=S-1-22-1-0"))
		return 250;
	return -map_by_number(*(int *)number);
}

/* What is made without privileges is for who has Linux's capabilities. */
static int make_map_as_sudo(void *unused)
{
	int fd, number;

	if (token_command("replace user=S-1-22-1-0 privileges=SeChangeNotifyPrivilege"))
		return 250;
	fd = create_map();
	if (fd < 0)
		return 251;
	number = map_number(fd);
	return in_child(get_map, &number);
}

/* A map may be memory of the process that made it. */
TEST_F(root, bpf_maps_of_others)
{
	int fd = create_map(), number;

	ASSERT_LE(0, fd);
	number = map_number(fd);
	ASSERT_LT(0, number);
	EXPECT_EQ(0, in_child(get_map, &number));
	EXPECT_EQ(EACCES, in_child(get_map_as_sudo, &number));
	EXPECT_EQ(0, in_child(make_map_as_sudo, NULL));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, map_by_number(number));
	close(fd);
}

/* Of the process that sends: a filter of packets runs in its system call. */
TEST_F(root, bpf_filters_that_see_memory)
{
	static const int sees[] = {
		BPF_FUNC_probe_read_user, BPF_FUNC_probe_read_user_str,
		BPF_FUNC_probe_read_kernel, BPF_FUNC_get_current_task,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sees); i++) {
		EXPECT_EQ(0, load_filter(sees[i], 0)) {
			TH_LOG("helper %d", sees[i]);
		}
	}
	EXPECT_EQ(0, load_filter(BPF_FUNC_ktime_get_ns, 0));
	/* One that there is not: by its kind alone it may be any. */
	EXPECT_NE(-EPERM, load_filter(1, BPF_PSEUDO_KFUNC_CALL));
	ASSERT_EQ(0, give_up());
	for (i = 0; i < ARRAY_SIZE(sees); i++) {
		EXPECT_EQ(-EPERM, load_filter(sees[i], 0)) {
			TH_LOG("helper %d", sees[i]);
		}
	}
	EXPECT_EQ(-EPERM, load_filter(1, BPF_PSEUDO_KFUNC_CALL));
	EXPECT_EQ(0, load_filter(BPF_FUNC_ktime_get_ns, 0));
}

/* -- What is recorded -- */

struct audit_request {
	struct nlmsghdr head;
	struct audit_status status;
};

static void fill_request(struct audit_request *request, int type)
{
	request->head = (struct nlmsghdr) {
		.nlmsg_len = sizeof(*request),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
}

/*
 * Send a message of @size bytes; what the first answer says, 0 or -errno, or if it is
 * the state, whether auditing is on.
 */
static int ask_audit(const void *message, size_t size)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr head;
		union {
			int error;
			struct audit_status status;
		};
		char more[4096];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (sendto(fd, message, size, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		err = -errno;
	else if (answer.head.nlmsg_type == NLMSG_ERROR)
		err = answer.error;
	else if (answer.head.nlmsg_type == AUDIT_GET)
		err = answer.status.enabled;
	close(fd);
	return err;
}

static int set_audit(unsigned int mask, unsigned int enabled)
{
	struct audit_request request = {
		.status = { .mask = mask, .enabled = enabled },
	};

	fill_request(&request, AUDIT_SET);
	return ask_audit(&request, sizeof(request));
}

static int send_to_audit(int type)
{
	struct audit_request request = {};

	fill_request(&request, type);
	return ask_audit(&request, sizeof(request));
}

/* Behind one that is free. */
static int set_audit_second(void)
{
	struct audit_request requests[2] = {};

	fill_request(&requests[0], AUDIT_GET);
	fill_request(&requests[1], AUDIT_SET);
	requests[1].status.mask = AUDIT_STATUS_RATE_LIMIT;
	return ask_audit(requests, sizeof(requests));
}

static int audit_enabled(void)
{
	struct audit_request request = {};

	fill_request(&request, AUDIT_GET);
	/* Nothing but the state comes back. */
	request.head.nlmsg_flags = NLM_F_REQUEST;
	return ask_audit(&request, sizeof(request));
}

/* Which of them is the first that is not as expected, 0 if none. */
static int audit_without(void *unused)
{
	(void)unused;
	if (give_up())
		return 255;
	if (set_audit(AUDIT_STATUS_RATE_LIMIT, 0) != -EPERM)
		return 1;
	if (set_audit(AUDIT_STATUS_ENABLED, 2) != -EPERM)
		return 2;
	if (set_audit(AUDIT_STATUS_ENABLED | AUDIT_STATUS_FAILURE, 1) != -EPERM)
		return 3;
	if (set_audit_second() != -EPERM)
		return 4;
	if (send_to_audit(AUDIT_ADD_RULE) != -EPERM)
		return 5;
	if (send_to_audit(AUDIT_DEL_RULE) != -EPERM)
		return 6;
	/* To ask, to leave it off, and to switch it on; but not off again. */
	if (audit_enabled() != 0)
		return 7;
	if (set_audit(AUDIT_STATUS_ENABLED, 0))
		return 8;
	if (set_audit(AUDIT_STATUS_ENABLED, 1))
		return 9;
	if (set_audit(AUDIT_STATUS_ENABLED, 0) != -EPERM)
		return 10;
	return audit_enabled() == 1 ? 0 : 11;
}

TEST_F(root, what_audit_records)
{
	int before = audit_enabled();

	ASSERT_LE(0, before);
	/* The limit is 0, and no rule says all that is 0. */
	EXPECT_EQ(0, set_audit(AUDIT_STATUS_RATE_LIMIT, 0));
	EXPECT_EQ(0, set_audit(AUDIT_STATUS_ENABLED, 0));
	EXPECT_LE(0, set_audit_second());
	EXPECT_EQ(-EINVAL, send_to_audit(AUDIT_ADD_RULE));
	EXPECT_EQ(-EINVAL, send_to_audit(AUDIT_DEL_RULE));
	EXPECT_EQ(0, in_child(audit_without, NULL));
	EXPECT_EQ(0, set_audit(AUDIT_STATUS_ENABLED, before));
}

/* -- Devices -- */

TEST_F(root, drivers_of_devices)
{
	static const char * const files[] = {
		"/sys/bus/platform/drivers/serial8250/unbind",
		"/sys/bus/platform/drivers/serial8250/bind",
		"/sys/devices/platform/serial8250/driver_override",
	};
	unsigned int i;

	if (access(files[0], F_OK))
		SKIP(return, "no driver for serial ports");
	for (i = 0; i < ARRAY_SIZE(files); i++)
		EXPECT_EQ(0, open_result(files[i], O_WRONLY));
	ASSERT_EQ(0, give_up());
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_EQ(-EACCES, open_result(files[i], O_WRONLY)) {
			TH_LOG("%s", files[i]);
		}
	}
	EXPECT_EQ(0, open_result(files[2], O_RDONLY));
	EXPECT_EQ(0, open_result("/sys/devices/platform/serial8250/uevent",
				 O_WRONLY));
	EXPECT_EQ(0, open_result("/sys/bus/platform/drivers_autoprobe",
				 O_WRONLY));
}

/* -- Permission to open -- */

static int mark(const char *path, unsigned long long mask)
{
	int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY), err;

	if (group < 0)
		return -errno;
	err = result(fanotify_mark(group, FAN_MARK_ADD, mask, AT_FDCWD, path));
	close(group);
	return err;
}

TEST_F(root, permission_to_open)
{
	if (mark(self->dir, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD) == -EINVAL)
		SKIP(return, "fanotify asks for no permission");
	EXPECT_EQ(0, mark(self->dir, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, mark(self->dir, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD));
	EXPECT_EQ(-EACCES, mark("/proc/self/exe", FAN_ACCESS_PERM));
	EXPECT_EQ(-EACCES, mark("/", FAN_OPEN | FAN_OPEN_EXEC_PERM));
	/* To be told is free. */
	EXPECT_EQ(0, mark(self->dir, FAN_OPEN | FAN_EVENT_ON_CHILD));
}

/* -- Events -- */

static int open_event(pid_t pid, int cpu, uint64_t sample_type)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
		.sample_type = sample_type,
		.sample_stack_user = sample_type & PERF_SAMPLE_STACK_USER ?
				     4096 : 0,
		.sample_regs_user = sample_type & PERF_SAMPLE_REGS_USER ? 1 : 0,
	};
	int fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1,
			 PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A probe of perf in this program, or in the kernel, as tracefs would make it. */
static int open_probe(const char *kind, const char *where)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		/* uprobe_path and kprobe_func are the same field. */
		.uprobe_path = (uintptr_t)where,
	};
	char path[128], text[32];
	int fd;

	snprintf(path, sizeof(path),
		 "/sys/bus/event_source/devices/%s/type", kind);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -ENODEV;
	attr.type = atoi(text);
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1,
		     PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

TEST_F(root, probes_by_perf)
{
	int with = open_probe("uprobe", "/proc/self/exe");
	int kernel = open_probe("kprobe", "kernel_clone");

	TH_LOG("uprobe: %s, kprobe: %s", strerror(-with), strerror(-kernel));

	if (with == -ENODEV)
		SKIP(return, "the kernel has no uprobes");
	/* Or whatever else is wrong with it: it was not refused. */
	EXPECT_NE(-EACCES, with);
	EXPECT_EQ(-ENOENT, open_probe("uprobe", "/nowhere"));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, open_probe("uprobe", "/proc/self/exe"));
	EXPECT_EQ(kernel == -ENODEV ? -ENODEV : -EACCES,
		  open_probe("kprobe", "kernel_clone"));
	/* Asked before anything is made of it, which others could see. */
	EXPECT_EQ(-EACCES, open_probe("uprobe", "/nowhere"));
}

TEST_F(root, events_that_copy_memory)
{
	const struct target_setup setup = {};

	ASSERT_EQ(0, target_start(&self->target, &setup));
	EXPECT_EQ(0, open_event(-1, 0, PERF_SAMPLE_STACK_USER));
	EXPECT_EQ(0, open_event(self->target.pid, -1, PERF_SAMPLE_STACK_USER));
	/* CAP_PERFMON is still there, which stands in for ptrace on Linux. */
	ASSERT_EQ(0, become(ALICE, NULL));
	EXPECT_EQ(-EACCES, open_event(-1, 0, PERF_SAMPLE_STACK_USER));
	EXPECT_EQ(-EACCES, open_event(-1, 0, PERF_SAMPLE_REGS_USER));
	EXPECT_EQ(-EACCES,
		  open_event(self->target.pid, -1, PERF_SAMPLE_STACK_USER));
	EXPECT_EQ(-EACCES, open_event(self->target.pid, -1, PERF_SAMPLE_IP));
	/* Profiles of the machine, and of oneself, are as ever. */
	EXPECT_EQ(0, open_event(-1, 0, PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN));
	EXPECT_EQ(0, open_event(0, -1, PERF_SAMPLE_STACK_USER));
	target_stop(&self->target);
}

TEST_HARNESS_MAIN
