// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one process can do to another, door by door: each asks for its right on
 * the target's security descriptor, and for PIP; within a process all is free.
 *
 * Who knocks is root with all capabilities, so that Linux's rules refuse
 * nothing, and has the token of an ordinary user.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

#define IOPRIO_WHO_PROCESS	1

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int knock_exists(pid_t pid)
{
	return result(kill(pid, 0));
}

static int knock_terminate(pid_t pid)
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

static int knock_suspend(pid_t pid)
{
	return result(kill(pid, SIGTSTP));
}

static int knock_attach(pid_t pid)
{
	int status, err = result(ptrace(PTRACE_ATTACH, pid, NULL, NULL));

	if (!err) {
		waitpid(pid, &status, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return err;
}

static int knock_seize(pid_t pid)
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

static int knock_exe(pid_t pid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return result(readlink(path, text, sizeof(text)));
}

static int knock_vm_readv(pid_t pid)
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
static int knock_sd_dacl(pid_t pid)
{
	struct sd sd;

	sd_begin(&sd, BOB);
	sd_allow(&sd, BOB, ALL_RIGHTS);
	return sd_write(pid, &sd);
}

/* SIGIO, sent by the kernel for who has named the target as a file's owner. */
static int knock_sigio(pid_t pid)
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

static const struct door {
	const char *name;
	int (*knock)(pid_t pid);
	uint32_t rights;
	int refusal;
} doors[] = {
	{ "kill 0", knock_exists, QUERY_LIMITED, -EPERM },
	{ "kill SIGTERM", knock_terminate, TERMINATE, -EPERM },
	{ "sigqueue realtime", knock_realtime, TERMINATE, -EPERM },
	{ "tgkill SIGUSR1", knock_thread, TERMINATE, -EPERM },
	{ "pidfd_send_signal SIGHUP", knock_pidfd_signal, TERMINATE, -EPERM },
	{ "kill SIGURG", knock_harmless, SIGNAL, -EPERM },
	{ "kill SIGCONT", knock_continue, SUSPEND_RESUME, -EPERM },
	{ "kill SIGTSTP", knock_suspend, SUSPEND_RESUME, -EPERM },
	{ "PTRACE_ATTACH", knock_attach, VM_READ | VM_WRITE, -EPERM },
	{ "PTRACE_SEIZE", knock_seize, VM_READ | VM_WRITE, -EPERM },
	{ "mem for reading", knock_mem_read, VM_READ, -EACCES },
	{ "mem for writing", knock_mem_write, VM_WRITE, -EACCES },
	{ "mem for both", knock_mem_both, VM_READ | VM_WRITE, -EACCES },
	{ "maps", knock_maps, VM_READ, -EACCES },
	{ "environ", knock_environ, VM_READ, -EACCES },
	{ "exe", knock_exe, VM_READ, -EACCES },
	{ "process_vm_readv", knock_vm_readv, VM_READ, -EPERM },
	{ "process_vm_writev", knock_vm_writev, VM_WRITE, -EPERM },
	{ "pidfd_getfd", knock_getfd, DUP_HANDLE, -EPERM },
	{ "prlimit", knock_rlimit, SET_INFORMATION, -EPERM },
	{ "setpriority", knock_nice, SET_INFORMATION, -EPERM },
	{ "sched_setaffinity", knock_affinity, SET_INFORMATION, -EPERM },
	{ "sched_setscheduler", knock_scheduler, SET_INFORMATION, -EPERM },
	{ "ioprio_set", knock_ioprio, SET_INFORMATION, -EPERM },
	{ "timerslack_ns", knock_timerslack, SET_INFORMATION, -EPERM },
	{ "move_pages", knock_move_pages, VM_READ | SET_INFORMATION, -EPERM },
	{ "getpgid", knock_getpgid, QUERY_LIMITED, -EPERM },
	{ "getsid", knock_getsid, QUERY_LIMITED, -EPERM },
	{ "sched_getscheduler", knock_getscheduler, QUERY_LIMITED, -EPERM },
	{ "ioprio_get", knock_getioprio, QUERY_LIMITED, -EPERM },
	{ "oom_score", knock_oom_score, QUERY_INFORMATION, -EACCES },
	{ "oom_score_detail", knock_oom_score_detail, QUERY_INFORMATION,
	  -EACCES },
	{ "oom_adj read", knock_oom_adj_read, QUERY_INFORMATION, -EACCES },
	{ "oom_score_adj raised", knock_raise, SET_QUOTA, -EACCES },
	{ "sd read", knock_sd_read, READ_CONTROL, -EACCES },
	{ "sd written", knock_sd_dacl, WRITE_DAC, -EACCES },
};

static const char *why_skip(void)
{
	if (getuid())
		return "not root";
	if (!peios_enforces())
		return "Peios is not enforcing";
	return NULL;
}

FIXTURE(doors) {
	struct sd sd;
	struct target target;
};

FIXTURE_SETUP(doors)
{
	if (why_skip())
		SKIP(return, "%s", why_skip());
	setsid();
}

FIXTURE_TEARDOWN(doors)
{
}

/* That a process is there is no secret. */
static int refusal_by_pip(const struct door *door)
{
	return door->rights == QUERY_LIMITED ? 0 : door->refusal;
}

struct attempt {
	const struct door *door;
	pid_t pid;
	const char *user;
	const char *privileges;
	const char *command;
};

/* What a knock gave, by a child with the token; 0 to 255 for an errno. */
static int attempt_child(void *arg)
{
	const struct attempt *attempt = arg;
	int err;

	if (attempt->user && become(attempt->user, attempt->privileges))
		return 254;
	if (attempt->command && token_command(attempt->command))
		return 253;
	err = attempt->door->knock(attempt->pid);
	return -err;
}

static void expect_knock(struct __test_metadata *_metadata,
			 const struct attempt *attempt, int expected,
			 const char *when)
{
	int err = in_child(attempt_child, (void *)attempt);

	EXPECT_EQ(-expected, err) {
		TH_LOG("%s, %s: errno %d, not %d", attempt->door->name, when,
		       err, -expected);
	}
}

/* Just the rights of a door open it; all others do not. */
TEST_F_TIMEOUT(doors, ask_for_their_right, 120)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		const struct door *door = &doors[i];
		const struct target_setup setup = { .sd = &self->sd };
		struct attempt attempt = { .door = door, .user = ALICE };
		uint32_t bit;

		sd_begin(&self->sd, BOB);
		sd_allow(&self->sd, ALICE, door->rights);
		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		expect_knock(_metadata, &attempt, 0, "right granted");
		target_stop(&self->target);

		for (bit = 1; bit <= door->rights; bit <<= 1) {
			if (!(door->rights & bit))
				continue;
			sd_begin(&self->sd, BOB);
			sd_allow(&self->sd, ALICE, ALL_RIGHTS & ~bit);
			ASSERT_EQ(0, target_start(&self->target, &setup));
			attempt.pid = self->target.pid;
			expect_knock(_metadata, &attempt, door->refusal,
				     "right withheld");
			target_stop(&self->target);
		}
	}
}

/* PIP shuts what the descriptor opens, also for SeDebugPrivilege. */
TEST_F_TIMEOUT(doors, ask_for_pip, 120)
{
	const struct target_setup setup = { .sd = &self->sd, .pip = "1 1" };
	unsigned int i;

	sd_begin(&self->sd, BOB);
	sd_allow(&self->sd, EVERYONE, ALL_RIGHTS);
	ASSERT_EQ(0, target_start(&self->target, &setup));
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		const struct door *door = &doors[i];
		struct attempt attempt = {
			.door = door, .user = ALICE, .pid = self->target.pid,
		};

		expect_knock(_metadata, &attempt,
			     refusal_by_pip(door), "PIP");
		attempt.privileges = "SeDebugPrivilege,SeTcbPrivilege";
		expect_knock(_metadata, &attempt,
			     refusal_by_pip(door), "PIP, debug");
		/* The tests' own token has every privilege and no PIP. */
		attempt.user = NULL;
		expect_knock(_metadata, &attempt,
			     refusal_by_pip(door), "PIP, system");
	}
	target_stop(&self->target);
}

/* SeDebugPrivilege stands in for the descriptor, if it is enabled. */
TEST_F_TIMEOUT(doors, debug_privilege, 120)
{
	const struct target_setup setup = { .sd = &self->sd };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		struct attempt attempt = {
			.door = &doors[i], .user = ALICE,
			.privileges = "SeDebugPrivilege",
		};

		sd_begin(&self->sd, BOB);
		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		attempt.command = "disable SeDebugPrivilege";
		expect_knock(_metadata, &attempt, doors[i].refusal,
			     "debug disabled");
		attempt.command = NULL;
		expect_knock(_metadata, &attempt, 0, "debug enabled");
		target_stop(&self->target);
	}
}

static bool takes_over(const struct door *door)
{
	return door->rights & (VM_WRITE | DUP_HANDLE | WRITE_DAC | WRITE_OWNER);
}

/*
 * The default descriptor: all to SYSTEM, but for who would take over a holder
 * of privileges that it gave up; little to others.
 */
TEST_F_TIMEOUT(doors, default_descriptor, 120)
{
	const struct target_setup setup = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		const struct door *door = &doors[i];
		struct attempt attempt = { .door = door };

		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		attempt.command = "remove SeTcbPrivilege,SeDebugPrivilege";
		expect_knock(_metadata, &attempt,
			     takes_over(door) ? door->refusal : 0,
			     "SYSTEM without SeTcbPrivilege");
		attempt.command = "disable SeTcbPrivilege,SeDebugPrivilege";
		expect_knock(_metadata, &attempt, 0, "SYSTEM");
		target_stop(&self->target);

		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		attempt.command = NULL;
		attempt.user = ALICE;
		expect_knock(_metadata, &attempt, door->rights == QUERY_LIMITED ?
			     0 : door->refusal, "another user");
		target_stop(&self->target);
	}
}

/* A user's processes are the user's. */
TEST_F_TIMEOUT(doors, user_to_own_process, 120)
{
	const struct target_setup setup = { .user = ALICE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		struct attempt attempt = { .door = &doors[i], .user = ALICE };

		/* This one writes a descriptor that is BOB's. */
		if (doors[i].knock == knock_sd_dacl)
			continue;
		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		expect_knock(_metadata, &attempt, 0, "own process");
		attempt.user = BOB;
		expect_knock(_metadata, &attempt,
			     doors[i].rights == QUERY_LIMITED ?
			     0 : doors[i].refusal, "not own process");
		target_stop(&self->target);
	}
}

/* Within a process all is free, whatever its descriptor says. */
TEST_F(doors, same_process)
{
	unsigned int i;

	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, sd_write(0, &self->sd));
	ASSERT_EQ(0, pip_write("1 1"));
	target_word = TARGET_WORD;
	for (i = 0; i < NSIG; i++)
		signal(i, SIG_IGN);
	ASSERT_EQ(0, become(ALICE, NULL));
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		int err;

		/* A process can't trace itself, and is to own its descriptor. */
		if (doors[i].knock == knock_attach ||
		    doors[i].knock == knock_seize ||
		    doors[i].knock == knock_sd_dacl ||
		    doors[i].knock == knock_suspend)
			continue;
		err = doors[i].knock(getpid());
		EXPECT_EQ(0, err) {
			TH_LOG("%s gives %d", doors[i].name, err);
		}
	}
}

/* PTRACE_TRACEME: the parent is who gets access. */
static int trace_me(void *pip)
{
	if (pip && pip_write(pip))
		return 254;
	return -result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int trace_me_with_sd(void *sd)
{
	if (sd_write(0, sd))
		return 254;
	return -result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int parent_without(void *arg)
{
	struct sd *sd = arg;
	int err;

	if (become(ALICE, NULL))
		return 250;
	/* The child is the same user's. */
	if (in_child(trace_me, NULL))
		return 251;
	sd_begin(sd, ALICE);
	sd_allow(sd, ALICE, ALL_RIGHTS & ~VM_WRITE);
	err = in_child(trace_me_with_sd, sd);
	return err == EPERM ? 0 : 252;
}

TEST_F(doors, traceme)
{
	EXPECT_EQ(0, in_child(trace_me, NULL));
	EXPECT_EQ(EPERM, in_child(trace_me, "1 1"));
	EXPECT_EQ(0, in_child(parent_without, &self->sd));
}

/* Who is traced may not become what the tracer does not dominate. */
static int raise_when_traced(void *unused)
{
	(void)unused;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		return 254;
	return -pip_write("1 1");
}

TEST_F(doors, traced_does_not_raise)
{
	EXPECT_EQ(EPERM, in_child(raise_when_traced, NULL));
}

static volatile sig_atomic_t got_sigusr2;

static void on_sigusr2(int sig)
{
	got_sigusr2 = 1;
}

struct sigio {
	struct sd sd;
	const char *pip;
	int ready[2];
	int go[2];
};

static int sigio_target(void *arg)
{
	struct sigio *sigio = arg;
	char byte;

	signal(SIGUSR2, on_sigusr2);
	if ((sigio->pip && pip_write(sigio->pip)) ||
	    (sigio->sd.size && sd_write(0, &sigio->sd)))
		return 254;
	if (write(sigio->ready[1], "x", 1) != 1)
		return 253;
	while (read(sigio->go[0], &byte, 1) < 0 && errno == EINTR)
		;
	return got_sigusr2 ? 1 : 0;
}

/* The exit status says if the signal came. */
static int send_sigio(struct sigio *sigio, const char *user)
{
	struct attempt attempt = {
		.door = &(struct door) { "SIGIO", knock_sigio, 0, 0 },
		.user = user,
	};
	int status, err;
	char byte;
	pid_t pid;

	if (pipe(sigio->ready) || pipe(sigio->go))
		return -errno;
	pid = fork();
	if (!pid)
		_exit(sigio_target(sigio));
	if (read(sigio->ready[0], &byte, 1) != 1)
		return -EPIPE;
	attempt.pid = pid;
	err = in_child(attempt_child, &attempt);
	if (write(sigio->go[1], "x", 1) != 1)
		return -EPIPE;
	waitpid(pid, &status, 0);
	return err ? -err : WEXITSTATUS(status);
}

TEST_F(doors, sigio)
{
	struct sigio sigio = {};

	/* To a SYSTEM process by SYSTEM, and not by a user. */
	EXPECT_EQ(1, send_sigio(&sigio, NULL));
	EXPECT_EQ(0, send_sigio(&sigio, ALICE));
	sd_begin(&sigio.sd, BOB);
	sd_allow(&sigio.sd, ALICE, TERMINATE);
	EXPECT_EQ(1, send_sigio(&sigio, ALICE));
	sd_begin(&sigio.sd, BOB);
	sd_allow(&sigio.sd, ALICE, ALL_RIGHTS & ~TERMINATE);
	EXPECT_EQ(0, send_sigio(&sigio, ALICE));
	/* A descriptor of the file that SYSTEM opened does not help. */
	sigio.sd.size = 0;
	sigio.pip = "1 1";
	EXPECT_EQ(0, send_sigio(&sigio, NULL));
}

/* kill() of several tells of refusals only if all refused. */
TEST_F(doors, kill_of_a_group)
{
	const struct target_setup setup = { .sd = &self->sd };
	struct target open, shut;

	sd_begin(&self->sd, BOB);
	sd_allow(&self->sd, ALICE, ALL_RIGHTS);
	ASSERT_EQ(0, target_start(&open, &setup));
	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, target_start(&shut, &setup));
	/* Each is leader of a group: ask for the two in turn. */
	ASSERT_EQ(0, become(ALICE, NULL));
	EXPECT_EQ(0, result(kill(-open.pid, SIGTERM)));
	EXPECT_EQ(-EPERM, result(kill(-shut.pid, SIGTERM)));
	EXPECT_EQ(0, result(kill(-1, SIGURG)));
	target_stop(&open);
	target_stop(&shut);
}

/* What was granted stays: a file of memory, opened while it was permitted. */
TEST_F(doors, counts_for_the_next_check)
{
	const struct target_setup setup = { .sd = &self->sd };
	struct attempt attempt = { .door = NULL, .user = ALICE };
	unsigned int i;

	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, target_start(&self->target, &setup));
	for (i = 0; i < ARRAY_SIZE(doors); i++)
		if (doors[i].knock == knock_vm_readv)
			attempt.door = &doors[i];
	attempt.pid = self->target.pid;
	expect_knock(_metadata, &attempt, -EPERM, "before");
	sd_allow(&self->sd, ALICE, VM_READ);
	ASSERT_EQ(0, sd_write(self->target.pid, &self->sd));
	expect_knock(_metadata, &attempt, 0, "after");
	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, sd_write(self->target.pid, &self->sd));
	expect_knock(_metadata, &attempt, -EPERM, "taken back");
	target_stop(&self->target);
}

TEST_F(doors, refusals_are_counted)
{
	const struct target_setup setup = {};
	struct attempt attempt = { .door = &doors[1], .user = ALICE };
	long long before, after;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	attempt.pid = self->target.pid;
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_refused",
				     &before));
	expect_knock(_metadata, &attempt, -EPERM, "counted");
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_refused",
				     &after));
	EXPECT_EQ(before + 1, after);
	target_stop(&self->target);
}

TEST_HARNESS_MAIN
