// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux's capabilities beside Peios: over the default descriptor of a process that
 * has neither privileges of the TCB nor a protection they count, as without Peios;
 * over all others not. Every capability, target and way to reach it; what should
 * come of it is said by a model. And whom processes may be queried by.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "doors.h"
#include "oom_util.h"
#include "peios_util.h"

/* Two users, neither of them root. */
#define CALLER	5001
#define OTHER	5002

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int kill_it(pid_t pid)
{
	return result(kill(pid, SIGTERM));
}

static int continue_it(pid_t pid)
{
	return result(kill(pid, SIGCONT));
}

static int renice_it(pid_t pid)
{
	return result(setpriority(PRIO_PROCESS, pid, 5));
}

static int schedule_it(pid_t pid)
{
	const struct sched_param param = {};

	return result(sched_setscheduler(pid, SCHED_BATCH, &param));
}

static int limit_it(pid_t pid)
{
	const struct rlimit limit = { 64, 64 };

	return result(prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
}

static int see_it(pid_t pid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return result(readlink(path, text, sizeof(text)));
}

static int attach_to_it(pid_t pid)
{
	return result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
}

static int raise_it(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	return write_file(path, "500");
}

/* In the place of a capability */
#define NOTHING	(-1)
#define ALL	(-2)

static const struct way {
	const char *name;
	int (*knock)(pid_t pid);
	int capability;		/* NOTHING: by none */
} ways[] = {
	{ "kill", kill_it, CAP_KILL },
	{ "continue", continue_it, CAP_KILL },
	{ "renice", renice_it, CAP_SYS_NICE },
	{ "schedule", schedule_it, CAP_SYS_NICE },
	{ "limit", limit_it, CAP_SYS_RESOURCE },
	{ "see", see_it, CAP_SYS_PTRACE },
	{ "attach", attach_to_it, NOTHING },
	{ "oom_score_adj", raise_it, NOTHING },
};

/* What the caller has. */
static const int capabilities[] = {
	NOTHING, CAP_KILL, CAP_SYS_NICE, CAP_SYS_RESOURCE, CAP_SYS_PTRACE, ALL,
};

static const char none_of_tcb[] =
	"SeChangeNotifyPrivilege,SeIncreaseWorkingSetPrivilege";

enum kind { UNIX_USER, ASSIGNED, WITH_SD, SD_AS_DEFAULT, WITH_PIP, WITH_TCB,
	    NR_KINDS };

static const char * const kinds[NR_KINDS] = {
	[UNIX_USER]	= "a Unix user's",
	[ASSIGNED]	= "of an assigned token",
	[WITH_SD]	= "with a descriptor",
	[SD_AS_DEFAULT]	= "with the default one, but set",
	[WITH_PIP]	= "with a protection",
	[WITH_TCB]	= "of the TCB tier",
};

static int keep(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {};
	uint64_t mask = 0;

	if (capability == ALL)
		mask = (1ULL << 38) - 1;
	else if (capability >= 0)
		mask = 1ULL << capability;
	/* The files of another user can be opened in any case. */
	mask |= 1ULL << CAP_DAC_OVERRIDE;
	data[0].permitted = mask;
	data[1].permitted = mask >> 32;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* Another user of Linux and of Peios, who has a capability and nothing else. */
static int become_caller(int capability)
{
	if (become(ALICE, NULL) || prctl(PR_SET_KEEPCAPS, 1) ||
	    setresgid(CALLER, CALLER, CALLER) ||
	    setresuid(CALLER, CALLER, CALLER))
		return -EINVAL;
	return keep(capability);
}

struct attempt {
	const struct way *way;
	int capability;
	pid_t pid;
};

static int attempt_child(void *arg)
{
	const struct attempt *attempt = arg;

	if (become_caller(attempt->capability))
		return 254;
	return -attempt->way->knock(attempt->pid);
}

/* Linux's own answer, by the capability alone. */
static bool linux_lets(const struct way *way, int capability)
{
	return way->capability >= 0 &&
	       (capability == ALL || capability == way->capability);
}

static int start(struct target *target, enum kind kind, struct sd *sd)
{
	struct target_setup setup = {
		.user = BOB, .privileges = none_of_tcb, .uid = OTHER,
	};

	if (kind == UNIX_USER)
		setup.user = NULL;
	if (kind == WITH_TCB)
		setup.privileges = "SeTcbPrivilege";
	if (kind == WITH_PIP)
		setup.pip = "1 1";
	if (kind == WITH_SD) {
		sd_begin(sd, BOB);
		sd_allow(sd, BOB, ALL_RIGHTS);
		setup.sd = sd;
	}
	if (kind == SD_AS_DEFAULT) {
		sd_begin(sd, BOB);
		sd_allow(sd, BOB, ALL_RIGHTS);
		sd_allow(sd, SYSTEM, ALL_RIGHTS);
		sd_allow(sd, ADMINISTRATORS, ALL_RIGHTS);
		sd_allow(sd, EVERYONE, BY_EVERYONE);
		setup.sd = sd;
	}
	return target_start(target, &setup);
}

FIXTURE(capability) {
	struct sd sd;
	struct target target;
};

FIXTURE_SETUP(capability)
{
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
}

FIXTURE_TEARDOWN(capability)
{
}

TEST_F_TIMEOUT(capability, counts_over_plain_processes_only, 300)
{
	struct attempt attempt;
	unsigned int kind, c, w;
	int err, granted = 0;

	for (kind = 0; kind < NR_KINDS; kind++) {
		const bool plain = kind == UNIX_USER || kind == ASSIGNED;

		ASSERT_EQ(0, start(&self->target, kind, &self->sd));
		attempt.pid = self->target.pid;
		for (c = 0; c < ARRAY_SIZE(capabilities); c++) {
			attempt.capability = capabilities[c];
			for (w = 0; w < ARRAY_SIZE(ways); w++) {
				const struct way *way = &ways[w];
				bool lets = plain &&
					    linux_lets(way, capabilities[c]);

				attempt.way = way;
				err = in_child(attempt_child, &attempt);
				granted += !err;
				EXPECT_EQ(lets, !err) {
					TH_LOG("%s with %d, a process %s: errno %d",
					       way->name, capabilities[c],
					       kinds[kind], err);
				}
			}
		}
		target_stop(&self->target);
	}
	/* Two plain kinds: each of six ways by one capability, and by all. */
	EXPECT_EQ(2 * (6 + 6), granted);
}

static const uint32_t granted_rights[NR_KINDS] = {
	[UNIX_USER]	= BY_CAPABILITY | BY_EVERYONE,
	[ASSIGNED]	= BY_CAPABILITY | BY_EVERYONE,
	[WITH_SD]	= 0,
	[SD_AS_DEFAULT]	= BY_EVERYONE,
	[WITH_PIP]	= QUERY_LIMITED,
	[WITH_TCB]	= BY_EVERYONE,
};

struct knock {
	const struct door *door;
	pid_t pid;
};

/* By root with all capabilities and the token of a user. */
static int knock_child(void *arg)
{
	const struct knock *knock = arg;

	if (become(ALICE, NULL))
		return 254;
	return -knock->door->knock(knock->pid);
}

/* Every door there is: Linux refuses nothing, so that what refuses is Peios. */
TEST_F_TIMEOUT(capability, open_no_other_door, 300)
{
	unsigned int kind, i;
	struct knock knock;
	int err, expected;

	for (kind = 0; kind < NR_KINDS; kind++) {
		for (i = 0; i < nr_doors; i++) {
			knock.door = &doors[i];
			ASSERT_EQ(0, start(&self->target, kind, &self->sd));
			knock.pid = self->target.pid;
			expected = doors[i].rights & ~granted_rights[kind] ?
				   -doors[i].refusal : 0;
			err = in_child(knock_child, &knock);
			EXPECT_EQ(expected, err) {
				TH_LOG("%s, a process %s: errno %d, not %d",
				       doors[i].name, kinds[kind], err, expected);
			}
			target_stop(&self->target);
		}
	}
}

/* -- Ways round -- */

/* A descriptor that was set, and set again to what the default says, is one. */
TEST_F_TIMEOUT(capability, descriptor_that_was_set_stays_one, 60)
{
	struct attempt attempt = { .way = &ways[0], .capability = CAP_KILL };

	ASSERT_EQ(0, start(&self->target, ASSIGNED, &self->sd));
	attempt.pid = self->target.pid;
	EXPECT_EQ(0, in_child(attempt_child, &attempt));
	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, sd_write(self->target.pid, &self->sd));
	EXPECT_EQ(EPERM, in_child(attempt_child, &attempt));
	sd_begin(&self->sd, BOB);
	sd_allow(&self->sd, BOB, ALL_RIGHTS);
	sd_allow(&self->sd, SYSTEM, ALL_RIGHTS);
	sd_allow(&self->sd, ADMINISTRATORS, ALL_RIGHTS);
	sd_allow(&self->sd, EVERYONE, BY_EVERYONE);
	ASSERT_EQ(0, sd_write(self->target.pid, &self->sd));
	EXPECT_EQ(EPERM, in_child(attempt_child, &attempt));
	target_stop(&self->target);
}

static int ready[2];

static void *give_up_tcb(void *unused)
{
	pid_t tid = become(BOB, none_of_tcb) ? 0 : gettid();

	if (write(ready[1], &tid, sizeof(tid)) == sizeof(tid))
		for (;;)
			pause();
	return NULL;
}

/*
 * One thread without privileges does not open a process in which another has them,
 * whichever of the two is named.
 */
TEST_F_TIMEOUT(capability, thread_of_another_token, 60)
{
	struct attempt attempt = { .capability = ALL };
	pid_t child, tid, named[2];
	pthread_t thread;
	unsigned int w, i;

	ASSERT_EQ(0, pipe(ready));
	child = fork_child();
	ASSERT_LE(0, child);
	if (!child) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		pthread_create(&thread, NULL, give_up_tcb, NULL);
		for (;;)
			pause();
	}
	ASSERT_EQ(sizeof(tid), read(ready[0], &tid, sizeof(tid)));
	ASSERT_LT(0, tid);
	named[0] = child;
	named[1] = tid;
	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		for (i = 0; i < 2; i++) {
			attempt.way = &ways[w];
			attempt.pid = named[i];
			EXPECT_LT(0, in_child(attempt_child, &attempt)) {
				TH_LOG("%s, by the %s", ways[w].name,
				       i ? "thread" : "process");
			}
		}
	}
	kill(child, SIGKILL);
}

#define FIFO	"/tmp/oom_capability_fifo"
#define SETUID	"/tmp/oom_capability_setuid"

/* A Unix user, who runs a program of root's once it is told to. */
static void run_setuid(int go)
{
	char byte;

	setsid();
	if (setgroups(0, NULL) || setresgid(OTHER, OTHER, OTHER) ||
	    setresuid(OTHER, OTHER, OTHER) ||
	    read(go, &byte, 1) != 1)
		_exit(1);
	execl(SETUID, "setuid", "print", FIFO, NULL);
	_exit(2);
}

/* The effective one; -1 if it can't be read. */
static int read_uid(pid_t pid)
{
	char path[64], text[2048];
	const char *line;
	int uid = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_file(path, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "\nUid:");
	if (line)
		sscanf(line, "\nUid: %*d %d", &uid);
	return uid;
}

static int open_mem(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* With CAP_SYS_PTRACE: what was opened before exec() is of the old program. */
static int looks_over_exec(void *arg)
{
	const int *go = arg;
	char byte, path[64], text[256] = "";
	int mem, tries = 0;
	off_t at = (off_t)(unsigned long)&target_word;

	if (become_caller(CAP_SYS_PTRACE))
		return 254;
	mem = open_mem(go[1]);
	if (mem < 0 || pread(mem, &byte, 1, at) != 1)
		return 1;
	if (write(go[0], "x", 1) != 1)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d/comm", go[1]);
	while (strcmp(text, "oom_capability_\n")) {
		if (tries++ > 500 || read_file(path, text, sizeof(text)) < 0)
			return 3;
		usleep(10000);
	}
	/* No process has that memory any more. */
	return pread(mem, &byte, 1, at) <= 0 ? 0 : 4;
}

/* What is seen before exec() is not of what the process is afterwards. */
TEST_F_TIMEOUT(capability, exec_between_check_and_use, 60)
{
	struct attempt attempt = { .way = &ways[0], .capability = CAP_KILL };
	char path[64], text[1024] = "";
	int go[2], told[2];
	pid_t child;

	unlink(FIFO);
	unlink(SETUID);
	ASSERT_EQ(0, mkfifo(FIFO, 0600));
	ASSERT_EQ(0, copy_setuid("helper", SETUID));
	ASSERT_EQ(0, pipe(go));
	child = fork_child();
	ASSERT_LE(0, child);
	if (!child)
		run_setuid(go[0]);
	told[0] = go[1];
	told[1] = child;
	while (read_uid(child) != OTHER)
		sched_yield();
	EXPECT_EQ(0, in_child(looks_over_exec, told));

	/* It is root's now, without a privilege of root's: Linux's rules suffice. */
	EXPECT_EQ(0, read_uid(child));
	snprintf(path, sizeof(path), "/proc/%d/attr/peios/token", child);
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "SeTcbPrivilege")) {
		TH_LOG("%s", text);
	}
	EXPECT_EQ(NULL, strstr(text, "SeDebugPrivilege"));
	attempt.pid = child;
	EXPECT_EQ(0, in_child(attempt_child, &attempt));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink(FIFO);
	unlink(SETUID);
}

/* -- Whom processes may be queried by -- */

#define QUERY	PEIOS_DIR "/query"

static int read_score(void *pid)
{
	char path[64], text[32];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", *(pid_t *)pid);
	if (become_caller(NOTHING))
		return 254;
	n = read_file(path, text, sizeof(text));
	return n < 0 ? -n : 0;
}

static int write_query(void *text)
{
	if (token_command("remove SeTcbPrivilege"))
		return 254;
	return -write_file(QUERY, text);
}

TEST_F_TIMEOUT(capability, query_by_everyone_or_owner, 60)
{
	char text[32] = "";
	pid_t pid;

	ASSERT_EQ(0, start(&self->target, WITH_TCB, &self->sd));
	pid = self->target.pid;
	ASSERT_LT(0, read_file(QUERY, text, sizeof(text)));
	EXPECT_STREQ("everyone\n", text);
	EXPECT_EQ(0, in_child(read_score, &pid));
	EXPECT_EQ(-EINVAL, write_file(QUERY, "nobody"));
	EXPECT_EQ(EACCES, in_child(write_query, "owner"));
	EXPECT_EQ(0, in_child(read_score, &pid));

	ASSERT_EQ(0, write_file(QUERY, "owner"));
	EXPECT_EQ(EACCES, in_child(read_score, &pid));
	ASSERT_EQ(0, write_file(QUERY, "everyone"));
	target_stop(&self->target);
}

struct reads {
	pid_t pid;
	int nr;
};

/* By one process, many times. */
static int read_often(void *arg)
{
	const struct reads *reads = arg;
	char path[64], text[32];
	int i;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", reads->pid);
	if (become_caller(NOTHING))
		return 254;
	for (i = 0; i < reads->nr; i++)
		if (read_file(path, text, sizeof(text)) != -EACCES)
			return 1;
	return 0;
}

TEST_F_TIMEOUT(capability, refused_reading_is_counted_once_a_second, 60)
{
	struct reads reads = { .nr = 200 };
	long long before, after;

	ASSERT_EQ(0, start(&self->target, WITH_TCB, &self->sd));
	reads.pid = self->target.pid;
	ASSERT_EQ(0, write_file(QUERY, "owner"));
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_refused",
				     &before));
	EXPECT_EQ(0, in_child(read_often, &reads));
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_refused",
				     &after));
	ASSERT_EQ(0, write_file(QUERY, "everyone"));
	/* As many as seconds have begun meanwhile, and not one each. */
	EXPECT_LT(before, after);
	EXPECT_GT(before + 20, after) {
		TH_LOG("%lld", after - before);
	}
	target_stop(&self->target);
}

TEST_HARNESS_MAIN
