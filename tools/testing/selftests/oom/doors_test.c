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
#include <linux/audit.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "doors.h"
#include "oom_util.h"
#include "peios_util.h"

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

FIXTURE(doors) {
	struct sd sd;
	struct target target;
};

FIXTURE_SETUP(doors)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
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

static const struct door *find_door(int (*knock)(pid_t pid))
{
	unsigned int i;

	for (i = 0; i < nr_doors; i++)
		if (doors[i].knock == knock)
			return &doors[i];
	abort();
}

/* Just the rights of a door open it; all others do not. */
TEST_F_TIMEOUT(doors, ask_for_their_right, 120)
{
	unsigned int i;

	for (i = 0; i < nr_doors; i++) {
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
	for (i = 0; i < nr_doors; i++) {
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

	for (i = 0; i < nr_doors; i++) {
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

/* To act as the target, or to change its score. */
static bool takes_over(const struct door *door)
{
	return door->rights & (VM_WRITE | DUP_HANDLE | WRITE_DAC | WRITE_OWNER |
			       SET_QUOTA);
}

/*
 * The default descriptor: all to SYSTEM, but for who would take over a holder
 * of privileges that it gave up; little to others.
 */
TEST_F_TIMEOUT(doors, default_descriptor, 120)
{
	const struct target_setup setup = {};
	unsigned int i;

	for (i = 0; i < nr_doors; i++) {
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
		expect_knock(_metadata, &attempt,
			     door->rights & ~BY_EVERYONE ? door->refusal : 0,
			     "another user");
		target_stop(&self->target);
	}
}

/*
 * Who has the very token of the target, which is the usual case and decided in a
 * short way: everything under the default descriptor, else as anybody.
 */
TEST_F_TIMEOUT(doors, same_token, 120)
{
	const struct target_setup plain = {}, pip = { .pip = "1 1" };
	const struct target_setup shut = { .sd = &self->sd };
	unsigned int i;

	/* All that follows is by children, whose token this is. */
	ASSERT_EQ(0, token_command("disable SeDebugPrivilege"));
	sd_begin(&self->sd, BOB);
	for (i = 0; i < nr_doors; i++) {
		const struct door *door = &doors[i];
		struct attempt attempt = { .door = door };

		ASSERT_EQ(0, target_start(&self->target, &plain));
		attempt.pid = self->target.pid;
		expect_knock(_metadata, &attempt, 0, "default");
		target_stop(&self->target);

		ASSERT_EQ(0, target_start(&self->target, &shut));
		attempt.pid = self->target.pid;
		expect_knock(_metadata, &attempt, door->refusal, "descriptor");
		target_stop(&self->target);

		ASSERT_EQ(0, target_start(&self->target, &pip));
		attempt.pid = self->target.pid;
		expect_knock(_metadata, &attempt, refusal_by_pip(door), "PIP");
		target_stop(&self->target);
	}
}

/* Everyone may ask if a process is there, but for who is denied even that. */
static int exists_for_nobody(void *target)
{
	int err = token_replace(ALICE, NULL, EVERYONE, NULL, NULL);

	return err ? 254 : -result(kill(*(pid_t *)target, 0));
}

TEST_F_TIMEOUT(doors, deny_only_everyone, 120)
{
	const struct target_setup setup = {};

	ASSERT_EQ(0, target_start(&self->target, &setup));
	EXPECT_EQ(EPERM, in_child(exists_for_nobody, &self->target.pid));
	target_stop(&self->target);
}

/* A user's processes are the user's; of others root's capabilities count. */
TEST_F_TIMEOUT(doors, user_to_own_process, 120)
{
	const struct target_setup setup = { .user = ALICE };
	unsigned int i;

	for (i = 0; i < nr_doors; i++) {
		struct attempt attempt = { .door = &doors[i], .user = ALICE };

		/* This one writes a descriptor that is BOB's. */
		if (doors[i].knock == knock_sd_dacl)
			continue;
		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		expect_knock(_metadata, &attempt, 0, "own process");
		attempt.user = BOB;
		expect_knock(_metadata, &attempt,
			     doors[i].rights & ~(BY_EVERYONE | BY_CAPABILITY) ?
			     doors[i].refusal : 0, "not own process");
		target_stop(&self->target);
	}
}

/* Within a process all is free, whatever its descriptor says. */
TEST_F_TIMEOUT(doors, same_process, 120)
{
	unsigned int i;

	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, sd_write(0, &self->sd));
	ASSERT_EQ(0, pip_write("1 1"));
	target_word = TARGET_WORD;
	for (i = 0; i < NSIG; i++)
		signal(i, SIG_IGN);
	ASSERT_EQ(0, become(ALICE, NULL));
	for (i = 0; i < nr_doors; i++) {
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

TEST_F_TIMEOUT(doors, traceme, 120)
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

TEST_F_TIMEOUT(doors, traced_does_not_raise, 120)
{
	EXPECT_EQ(EPERM, in_child(raise_when_traced, NULL));
}

static int got_sigusr2;

static void on_sigusr2(int sig)
{
	__atomic_store_n(&got_sigusr2, 1, __ATOMIC_RELAXED);
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
	return __atomic_load_n(&got_sigusr2, __ATOMIC_RELAXED);
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
	pid = fork_child();
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

TEST_F_TIMEOUT(doors, sigio, 120)
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

/* An open file that is shared, whose SIGIO goes to another process. */
struct shared {
	int sockets[2];
	int ready[2];
	int go[2];
	const char *user;	/* of who names the signal */
	const char *pip;	/* of whom it goes to */
	bool before;		/* named before it goes to anybody */
	bool himself;		/* whom it goes to names it, too */
};

static int shared_target(void *arg)
{
	struct shared *shared = arg;
	char byte;

	signal(SIGIO, SIG_IGN);
	signal(SIGUSR2, on_sigusr2);
	if ((shared->pip && pip_write(shared->pip)) ||
	    (shared->himself && fcntl(shared->sockets[0], F_SETSIG, SIGUSR2)) ||
	    fcntl(shared->sockets[0], F_SETOWN, getpid()) ||
	    fcntl(shared->sockets[0], F_SETFL, O_ASYNC) ||
	    write(shared->ready[1], "x", 1) != 1)
		return 254;
	while (read(shared->go[0], &byte, 1) < 0 && errno == EINTR)
		;
	return __atomic_load_n(&got_sigusr2, __ATOMIC_RELAXED);
}

static int name_signal(void *arg)
{
	const struct shared *shared = arg;

	if (shared->user && become(shared->user, NULL))
		return 254;
	return fcntl(shared->sockets[0], F_SETSIG, SIGUSR2) ? errno : 0;
}

/* Whether the target got the signal that another has named. */
static int signal_named_by_another(struct shared *shared)
{
	int status, err = 0;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, shared->sockets) ||
	    pipe(shared->ready) || pipe(shared->go))
		return -errno;
	if (shared->before)
		err = in_child(name_signal, shared);
	pid = fork_child();
	if (!pid)
		_exit(shared_target(shared));
	if (read(shared->ready[0], &byte, 1) != 1)
		return -EPIPE;
	if (!shared->before && !shared->himself)
		err = in_child(name_signal, shared);
	if (write(shared->sockets[1], "x", 1) != 1 ||
	    write(shared->go[1], "x", 1) != 1)
		return -EPIPE;
	waitpid(pid, &status, 0);
	close(shared->sockets[0]);
	close(shared->sockets[1]);
	return err ? -err : WEXITSTATUS(status);
}

TEST_F_TIMEOUT(doors, sigio_that_another_has_named, 120)
{
	struct shared shared = {};

	EXPECT_EQ(1, signal_named_by_another(&shared));
	shared.before = true;
	EXPECT_EQ(1, signal_named_by_another(&shared));
	shared.user = ALICE;
	EXPECT_EQ(0, signal_named_by_another(&shared));
	shared.before = false;
	EXPECT_EQ(0, signal_named_by_another(&shared));
	shared.user = NULL;
	shared.pip = "1 1";
	EXPECT_EQ(0, signal_named_by_another(&shared));
	shared.before = true;
	EXPECT_EQ(0, signal_named_by_another(&shared));
	/* Its own it gets, though a user has named one before: two are none. */
	shared.before = false;
	shared.himself = true;
	EXPECT_EQ(1, signal_named_by_another(&shared));
	shared.before = true;
	shared.user = ALICE;
	EXPECT_EQ(0, signal_named_by_another(&shared));
}

/* Init of a pid namespace, and a process in that which ends it by reboot(). */
struct rebooted {
	const char *pip;
	const char *user;
	int answer[2];
};

static int reboot_here(void *arg)
{
	const struct rebooted *rebooted = arg;
	int err;

	if (rebooted->pip && pip_write("0 0"))
		return 254;
	if (rebooted->user && become(rebooted->user, NULL))
		return 253;
	reboot(RB_AUTOBOOT);
	err = errno;
	return write(rebooted->answer[1], &err, sizeof(err)) == sizeof(err) ? 0 : 252;
}

static int init_of_namespace(void *arg)
{
	const struct rebooted *rebooted = arg;

	if (rebooted->pip && pip_write(rebooted->pip))
		return 254;
	return in_child(reboot_here, arg) ? 1 : 42;
}

/* The errno of who called it, 0 if the namespace came to its end. */
static int reboot_namespace(struct rebooted *rebooted)
{
	static char stack[65536];
	int status, err = 0;
	pid_t pid;

	if (pipe2(rebooted->answer, O_NONBLOCK))
		return -errno;
	pid = clone(init_of_namespace, stack + sizeof(stack) - 16,
		    CLONE_NEWPID | SIGCHLD, rebooted);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 42)
		return -EIO;
	if (read(rebooted->answer[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(rebooted->answer[0]);
	close(rebooted->answer[1]);
	return WIFEXITED(status) ? err : 0;
}

TEST_F_TIMEOUT(doors, reboot_of_a_pid_namespace, 120)
{
	struct rebooted rebooted = {};

	/* As kill(): a process of SYSTEM may, a user may not, */
	EXPECT_EQ(0, reboot_namespace(&rebooted));
	rebooted.user = ALICE;
	EXPECT_EQ(EPERM, reboot_namespace(&rebooted));
	/* and nobody where init is protected, */
	rebooted.user = NULL;
	rebooted.pip = "1 1";
	EXPECT_EQ(EPERM, reboot_namespace(&rebooted));
}

/* kill() of several tells of refusals only if all refused. */
TEST_F_TIMEOUT(doors, kill_of_a_group, 120)
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
TEST_F_TIMEOUT(doors, counts_for_the_next_check, 120)
{
	const struct target_setup setup = { .sd = &self->sd };
	struct attempt attempt = {
		.door = find_door(knock_vm_readv), .user = ALICE,
	};

	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, target_start(&self->target, &setup));
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

TEST_F_TIMEOUT(doors, refusals_are_counted, 120)
{
	const struct target_setup setup = {};
	struct attempt attempt = {
		.door = find_door(knock_terminate), .user = ALICE,
	};
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

/* -- Records -- */

static int open_audit(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	const struct timeval second = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second,
				 sizeof(second)) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

/*
 * Is there a record with these texts about this target, within a second or so? The
 * verdict and what was asked for stand before the processes, the rest behind.
 */
static bool recorded(int fd, const char *asked, const char *text, pid_t target)
{
	char message[8192], opid[32];
	int n, tries;

	snprintf(opid, sizeof(opid), " opid=%d ", target);
	for (tries = 0; tries < 200; tries++) {
		struct nlmsghdr *header = (struct nlmsghdr *)message;

		n = recv(fd, message, sizeof(message) - 1, 0);
		if (n <= NLMSG_HDRLEN)
			return false;
		message[n] = '\0';
		if (header->nlmsg_type == AUDIT_AVC &&
		    strstr(message + NLMSG_HDRLEN, asked) &&
		    strstr(message + NLMSG_HDRLEN, text) &&
		    strstr(message + NLMSG_HDRLEN, opid))
			return true;
	}
	return false;
}

/* Who asked for what of whom, and which check refused. */
TEST_F_TIMEOUT(doors, refusals_are_recorded, 120)
{
	static const char *const asked[] = {
		"avc:  denied  { TERMINATE } for  pid=",
		"avc:  denied  { TERMINATE } for  pid=",
		"avc:  denied  { VM_WRITE } for  pid=",
	};
	static const char *const tails[] = {
		"op=kill check=sd scontext=" ALICE " tcontext=" SYSTEM,
		"op=kill check=pip spip=0:0 tpip=3:4 scontext=" ALICE " tcontext=" SYSTEM,
		"op=ptrace check=privilege missing=SeTcbPrivilege scontext=" SYSTEM
			" tcontext=" SYSTEM,
	};
	struct target_setup setup = {};
	struct attempt attempt = {};
	char text[256];
	unsigned int i, tries;
	bool found;
	int fd;

	fd = open_audit();
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		setup.pip = i == 1 ? "3 4" : NULL;
		ASSERT_EQ(0, target_start(&self->target, &setup));
		attempt.pid = self->target.pid;
		attempt.door = i < 2 ? find_door(knock_terminate) :
				       find_door(knock_attach);
		attempt.user = i < 2 ? ALICE : NULL;
		attempt.command = i < 2 ? NULL :
			"remove SeTcbPrivilege,SeDebugPrivilege";
		snprintf(text, sizeof(text),
			 " lsm=peios %s tclass=process permissive=0", tails[i]);
		/* There are ten in five seconds, for all tests. */
		found = false;
		for (tries = 0; tries < 10 && !found; tries++) {
			expect_knock(_metadata, &attempt, -EPERM, "record");
			found = recorded(fd, asked[i], text, attempt.pid);
		}
		EXPECT_TRUE(found) {
			TH_LOG("no record: %s", text);
		}
		target_stop(&self->target);
	}
	close(fd);
}

static int kill_once(void *pid)
{
	return kill(*(pid_t *)pid, SIGTERM) ? 0 : 1;
}

/* By many processes: what one is refused again is left out before. */
static int flood(void *pid)
{
	int i;

	if (become(ALICE, NULL))
		return 1;
	for (i = 0; i < 40; i++)
		if (in_child(kill_once, pid))
			return 2;
	return 0;
}

/* One user's flood does not hide another's refusal. */
TEST_F_TIMEOUT(doors, records_are_limited_by_user, 120)
{
	static const char asked[] = "avc:  denied  { TERMINATE } for  pid=";
	static const char text[] = " lsm=peios op=kill check=sd scontext=" BOB
		" tcontext=" SYSTEM;
	const struct target_setup setup = {};
	struct attempt attempt = {
		.door = find_door(knock_terminate), .user = BOB,
	};
	long long before, after;
	int fd;

	fd = open_audit();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, target_start(&self->target, &setup));
	attempt.pid = self->target.pid;
	/* The limit of all that was refused before is over. */
	sleep(6);
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats",
				     "audit_records_suppressed", &before));
	ASSERT_EQ(0, in_child(flood, &self->target.pid));
	expect_knock(_metadata, &attempt, -EPERM, "after a flood");
	EXPECT_TRUE(recorded(fd, asked, text, attempt.pid));
	/* And the flood was limited. */
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats",
				     "audit_records_suppressed", &after));
	EXPECT_LE(before + 25, after);
	target_stop(&self->target);
	close(fd);
}

#define QUERY	PEIOS_DIR "/query"

/* Three times in as many seconds, by one process. */
static int read_thrice(void *pid)
{
	char path[64], text[32];
	int i;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", *(pid_t *)pid);
	if (become(ALICE, NULL))
		return 1;
	for (i = 0; i < 3; i++) {
		if (read_file(path, text, sizeof(text)) != -EACCES)
			return 2;
		usleep(1100000);
	}
	return 0;
}

/* Who looks at all processes, again and again, leaves one record. */
TEST_F_TIMEOUT(doors, refused_reading_is_recorded_once, 120)
{
	static const char asked[] = "avc:  denied  { QUERY_INFORMATION } for  pid=";
	static const char text[] = " lsm=peios op=query_oom check=sd scontext="
		ALICE " tcontext=" SYSTEM;
	const struct target_setup setup = {};
	long long before, after;
	int fd, err;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	ASSERT_EQ(0, write_file(QUERY, "owner"));
	/* The limit of all that was refused before is over. */
	sleep(6);
	fd = open_audit();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_refused",
				     &before));
	err = in_child(read_thrice, &self->target.pid);
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_refused",
				     &after));
	ASSERT_EQ(0, write_file(QUERY, "everyone"));
	EXPECT_EQ(0, err);
	EXPECT_EQ(before + 3, after);
	EXPECT_TRUE(recorded(fd, asked, text, self->target.pid));
	EXPECT_FALSE(recorded(fd, asked, text, self->target.pid));
	target_stop(&self->target);
	close(fd);
}

/* Who has set it is on record. */
TEST_F_TIMEOUT(doors, change_of_who_may_query_is_recorded, 120)
{
	static const char asked[] = "avc:  granted  { query_everyone } for  pid=";
	static const char text[] =
		" lsm=peios op=query_everyone privilege=SeTcbPrivilege scontext=" SYSTEM;
	bool found = false;
	int fd, tries;

	fd = open_audit();
	ASSERT_LE(0, fd);
	for (tries = 0; tries < 10 && !found; tries++) {
		ASSERT_EQ(0, write_file(QUERY, "everyone"));
		found = recorded(fd, asked, text, getpid());
	}
	EXPECT_TRUE(found);
	close(fd);
}

TEST_F_TIMEOUT(doors, refused_change_is_recorded, 120)
{
	static const char asked[] = "avc:  denied  { set_token } for  pid=";
	static const char text[] =
		" lsm=peios op=set_token check=privilege missing=SeTcbPrivilege scontext="
		SYSTEM " tcontext=" SYSTEM;
	bool found = false;
	int fd, tries;

	fd = open_audit();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	for (tries = 0; tries < 10 && !found; tries++) {
		ASSERT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
		found = recorded(fd, asked, text, getpid());
	}
	EXPECT_TRUE(found) {
		TH_LOG("no record: %s", text);
	}
	close(fd);
}

TEST_F_TIMEOUT(doors, lowering_is_recorded, 120)
{
	static const char asked[] =
		"avc:  granted  { set_oom_score_adj } for  pid=";
	static const char text[] =
		" lsm=peios op=set_oom_score_adj old=40 new=30 privilege=SeTcbPrivilege of=writer scontext="
		SYSTEM " tcontext=" SYSTEM;
	bool found = false;
	int fd, tries;

	fd = open_audit();
	ASSERT_LE(0, fd);
	for (tries = 0; tries < 10 && !found; tries++) {
		ASSERT_EQ(0, write_file(ADJ_FILE, "40"));
		ASSERT_EQ(0, write_file(ADJ_FILE, "30"));
		found = recorded(fd, asked, text, getpid());
	}
	EXPECT_TRUE(found) {
		TH_LOG("no record: %s", text);
	}
	close(fd);
}

TEST_HARNESS_MAIN
