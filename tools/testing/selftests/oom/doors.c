// SPDX-License-Identifier: GPL-2.0-only

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "doors.h"
#include "oom_util.h"
#include "peios_util.h"

#define IOPRIO_WHO_PROCESS	1

/* <linux/pidfd.h>, which can't be included beside <fcntl.h> */
#define PIDFD_GET_UTS_NAMESPACE	_IO(0xFF, 10)

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int knock_exists(pid_t pid)
{
	return result(kill(pid, 0));
}

int knock_terminate(pid_t pid)
{
	return result(kill(pid, SIGTERM));
}

static int knock_realtime(pid_t pid)
{
	return result(sigqueue(pid, SIGRTMIN + 1, (union sigval) { 0 }));
}

static int knock_thread(pid_t pid)
{
	return result(syscall(SYS_tgkill, pid, pid, SIGUSR1));
}

static int knock_pidfd_signal(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), err;

	if (fd < 0)
		return -errno;
	err = result(syscall(SYS_pidfd_send_signal, fd, SIGHUP, NULL, 0));
	close(fd);
	return err;
}

static int knock_harmless(pid_t pid)
{
	return result(kill(pid, SIGURG));
}

static int knock_continue(pid_t pid)
{
	return result(kill(pid, SIGCONT));
}

int knock_suspend(pid_t pid)
{
	return result(kill(pid, SIGTSTP));
}

int knock_attach(pid_t pid)
{
	int status, err = result(ptrace(PTRACE_ATTACH, pid, NULL, NULL));

	if (!err) {
		waitpid(pid, &status, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return err;
}

int knock_seize(pid_t pid)
{
	int err = result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (!err) {
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return err;
}

static int open_proc(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, flags);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int knock_mem_read(pid_t pid)
{
	return open_proc(pid, "mem", O_RDONLY);
}

static int knock_mem_write(pid_t pid)
{
	return open_proc(pid, "mem", O_WRONLY);
}

static int knock_mem_both(pid_t pid)
{
	return open_proc(pid, "mem", O_RDWR);
}

static int knock_maps(pid_t pid)
{
	return open_proc(pid, "maps", O_RDONLY);
}

static int knock_environ(pid_t pid)
{
	return open_proc(pid, "environ", O_RDONLY);
}

static int read_link(pid_t pid, const char *name)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return result(readlink(path, text, sizeof(text)));
}

static int knock_exe(pid_t pid)
{
	return read_link(pid, "exe");
}

int knock_vm_readv(pid_t pid)
{
	long word = 0;
	struct iovec to = { &word, sizeof(word) };
	struct iovec from = { &target_word, sizeof(word) };
	int err = result(process_vm_readv(pid, &to, 1, &from, 1, 0));

	return err || word == TARGET_WORD ? err : -EIO;
}

static int knock_vm_writev(pid_t pid)
{
	long word = TARGET_WORD;
	struct iovec from = { &word, sizeof(word) };
	struct iovec to = { &target_word, sizeof(word) };

	return result(process_vm_writev(pid, &from, 1, &to, 1, 0));
}

/* Which pages are to go first. */
static int knock_madvise(pid_t pid)
{
	struct iovec iov = {
		(void *)((long)&target_word & -sysconf(_SC_PAGESIZE)),
		sysconf(_SC_PAGESIZE),
	};
	int fd = syscall(SYS_pidfd_open, pid, 0), err;

	if (fd < 0)
		return -errno;
	err = result(syscall(SYS_process_madvise, fd, &iov, 1, MADV_COLD, 0));
	close(fd);
	return err;
}

static int knock_robust_list(pid_t pid)
{
	size_t length;
	void *head;

	return result(syscall(SYS_get_robust_list, pid, &head, &length));
}

static int knock_setns(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), err;

	if (fd < 0)
		return -errno;
	err = result(setns(fd, CLONE_NEWIPC));
	close(fd);
	return err;
}

static int knock_fd(pid_t pid)
{
	return read_link(pid, "fd/0");
}

/* To follow is to have what it links to. */
static int knock_fd_follow(pid_t pid)
{
	return open_proc(pid, "fd/0", O_PATH);
}

static int knock_cwd_follow(pid_t pid)
{
	return open_proc(pid, "cwd", O_PATH);
}

static int knock_root_follow(pid_t pid)
{
	return open_proc(pid, "root", O_PATH);
}

static int knock_cwd(pid_t pid)
{
	return read_link(pid, "cwd");
}

static int knock_exe_follow(pid_t pid)
{
	return open_proc(pid, "exe", O_RDONLY);
}

static int knock_ns_follow(pid_t pid)
{
	return open_proc(pid, "ns/uts", O_RDONLY);
}

static int knock_pidfd_ns(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), ns, err;

	if (fd < 0)
		return -errno;
	ns = ioctl(fd, PIDFD_GET_UTS_NAMESPACE, 0);
	err = result(ns);
	if (ns >= 0)
		close(ns);
	close(fd);
	return err;
}

/* The mapping of our own program, which the target was forked from. */
static int knock_map_files(pid_t pid)
{
	unsigned long start, end;
	char line[512], name[64];

	if (read_file("/proc/self/maps", line, sizeof(line)) < 0 ||
	    sscanf(line, "%lx-%lx", &start, &end) != 2)
		return -EINVAL;
	snprintf(name, sizeof(name), "map_files/%lx-%lx", start, end);
	return open_proc(pid, name, O_PATH);
}

static int knock_pagemap(pid_t pid)
{
	return open_proc(pid, "pagemap", O_RDONLY);
}

static int knock_getfd(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), got, err;

	if (fd < 0)
		return -errno;
	got = syscall(SYS_pidfd_getfd, fd, 0, 0);
	err = result(got);
	if (got >= 0)
		close(got);
	close(fd);
	return err;
}

static int knock_rlimit(pid_t pid)
{
	const struct rlimit limit = { 100, 100 };

	return result(prlimit(pid, RLIMIT_SIGPENDING, &limit, NULL));
}

static int knock_nice(pid_t pid)
{
	return result(setpriority(PRIO_PROCESS, pid, 1));
}

static int knock_affinity(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return result(sched_setaffinity(pid, sizeof(set), &set));
}

static int knock_scheduler(pid_t pid)
{
	const struct sched_param param = { 0 };

	return result(sched_setscheduler(pid, SCHED_BATCH, &param));
}

static int knock_ioprio(pid_t pid)
{
	return result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, 0x4007));
}

static int knock_timerslack(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/timerslack_ns", pid);
	return write_file(path, "60000");
}

static int knock_move_pages(pid_t pid)
{
	void *page = &target_word;
	int status;

	return result(syscall(SYS_move_pages, pid, 1, &page, NULL, &status, 0));
}

static int knock_getpgid(pid_t pid)
{
	return result(getpgid(pid));
}

static int knock_getsid(pid_t pid)
{
	return result(getsid(pid));
}

static int knock_getscheduler(pid_t pid)
{
	return result(sched_getscheduler(pid));
}

static int knock_getioprio(pid_t pid)
{
	return result(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid));
}

static int knock_oom_score(pid_t pid)
{
	long long score;

	return read_proc(pid, "oom_score", &score);
}

static int knock_oom_score_detail(pid_t pid)
{
	char path[64], text[4096];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	n = read_file(path, text, sizeof(text));
	return n < 0 ? n : 0;
}

static int knock_oom_adj_read(pid_t pid)
{
	long long adj;

	return read_proc(pid, "oom_adj", &adj);
}

static int knock_raise(pid_t pid)
{
	return write_proc(pid, "oom_score_adj", "500");
}

static int knock_sd_read(pid_t pid)
{
	uint8_t bytes[SD_MAX];
	int n = sd_read(pid, bytes, sizeof(bytes));

	return n < 0 ? n : 0;
}

/* With the owner as it is, and another DACL. */
int knock_sd_dacl(pid_t pid)
{
	struct sd sd;

	sd_begin(&sd, BOB);
	sd_allow(&sd, BOB, ALL_RIGHTS);
	return sd_write(pid, &sd);
}

/* SIGIO, sent by the kernel for who has named the target as a file's owner. */
int knock_sigio(pid_t pid)
{
	struct f_owner_ex owner = { F_OWNER_PID, pid };
	int sockets[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		return -errno;
	err = result(fcntl(sockets[0], F_SETOWN_EX, &owner));
	if (!err)
		err = result(fcntl(sockets[0], F_SETSIG, SIGUSR2));
	if (!err)
		err = result(fcntl(sockets[0], F_SETFL, O_ASYNC));
	/* What tells is the target: it does not ignore SIGUSR2, see below. */
	if (!err)
		err = result(write(sockets[1], "x", 1));
	close(sockets[0]);
	close(sockets[1]);
	return err;
}

const struct door doors[] = {
	{ "kill-0", knock_exists, QUERY_LIMITED, -EPERM },
	{ "kill-SIGTERM", knock_terminate, TERMINATE, -EPERM },
	{ "sigqueue-realtime", knock_realtime, TERMINATE, -EPERM },
	{ "tgkill-SIGUSR1", knock_thread, TERMINATE, -EPERM },
	{ "pidfd_send_signal-SIGHUP", knock_pidfd_signal, TERMINATE, -EPERM },
	{ "kill-SIGURG", knock_harmless, SIGNAL, -EPERM },
	{ "kill-SIGCONT", knock_continue, SUSPEND_RESUME, -EPERM },
	{ "kill-SIGTSTP", knock_suspend, SUSPEND_RESUME, -EPERM },
	{ "PTRACE_ATTACH", knock_attach, VM_READ | VM_WRITE, -EPERM },
	{ "PTRACE_SEIZE", knock_seize, VM_READ | VM_WRITE, -EPERM },
	{ "mem-for-reading", knock_mem_read, VM_READ, -EACCES },
	{ "mem-for-writing", knock_mem_write, VM_WRITE, -EACCES },
	{ "mem-for-both", knock_mem_both, VM_READ | VM_WRITE, -EACCES },
	{ "maps", knock_maps, VM_READ, -EACCES },
	{ "environ", knock_environ, VM_READ, -EACCES },
	{ "exe", knock_exe, VM_READ, -EACCES },
	{ "exe-followed", knock_exe_follow, DUP_HANDLE, -EACCES },
	{ "cwd", knock_cwd, VM_READ, -EACCES },
	{ "cwd-followed", knock_cwd_follow, DUP_HANDLE, -EACCES },
	{ "root-followed", knock_root_follow, DUP_HANDLE, -EACCES },
	{ "process_vm_readv", knock_vm_readv, VM_READ, -EPERM },
	{ "process_vm_writev", knock_vm_writev, VM_WRITE, -EPERM },
	{ "process_madvise", knock_madvise, VM_READ, -EACCES, true },
	{ "get_robust_list", knock_robust_list, VM_READ, -EPERM },
	{ "setns", knock_setns, DUP_HANDLE, -EPERM, true },
	{ "ns-followed", knock_ns_follow, DUP_HANDLE, -EACCES },
	{ "pidfd-namespace", knock_pidfd_ns, DUP_HANDLE, -EACCES },
	{ "fd", knock_fd, VM_READ, -EACCES },
	{ "fd-followed", knock_fd_follow, DUP_HANDLE, -EACCES },
	{ "map_files-followed", knock_map_files, VM_READ | DUP_HANDLE, -EACCES,
	  true },
	{ "pagemap", knock_pagemap, VM_READ, -EACCES },
	{ "pidfd_getfd", knock_getfd, DUP_HANDLE, -EPERM },
	{ "prlimit", knock_rlimit, SET_INFORMATION, -EPERM },
	{ "setpriority", knock_nice, SET_INFORMATION, -EPERM },
	{ "sched_setaffinity", knock_affinity, SET_INFORMATION, -EPERM },
	{ "sched_setscheduler", knock_scheduler, SET_INFORMATION, -EPERM },
	{ "ioprio_set", knock_ioprio, SET_INFORMATION, -EPERM },
	{ "timerslack_ns", knock_timerslack, SET_INFORMATION, -EPERM, true },
	{ "move_pages", knock_move_pages, VM_READ | SET_INFORMATION, -EPERM },
	{ "getpgid", knock_getpgid, QUERY_LIMITED, -EPERM },
	{ "getsid", knock_getsid, QUERY_LIMITED, -EPERM },
	{ "sched_getscheduler", knock_getscheduler, QUERY_LIMITED, -EPERM },
	{ "ioprio_get", knock_getioprio, QUERY_LIMITED, -EPERM },
	{ "oom_score", knock_oom_score, QUERY_INFORMATION, -EACCES },
	{ "oom_score_detail", knock_oom_score_detail, QUERY_INFORMATION, -EACCES },
	{ "oom_adj-read", knock_oom_adj_read, QUERY_INFORMATION, -EACCES },
	{ "oom_score_adj-raised", knock_raise, SET_QUOTA, -EACCES },
	{ "sd-read", knock_sd_read, READ_CONTROL, -EACCES },
	{ "sd-written", knock_sd_dacl, WRITE_DAC, -EACCES },
};

const unsigned int nr_doors = ARRAY_SIZE(doors);
