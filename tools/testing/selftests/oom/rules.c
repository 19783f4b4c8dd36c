// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux's own rules: what processes of several users may do to each other and
 * to their oom_score_adj. Prints a line for each attempt; a kernel with the
 * series and without peios in lsm= prints the same lines as the base kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "doors.h"
#include "oom_util.h"
#include "peios_util.h"

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {};

	return syscall(SYS_capset, &header, data);
}

static const struct actor {
	const char *name;
	uid_t uid;
	int no_capabilities;
} actors[] = {
	{ "root", 0, 0 },
	{ "root-without-capabilities", 0, 1 },
	{ "user", 1000, 0 },
};

static int become_actor(const struct actor *actor)
{
	uid_t uid = actor->uid;

	if (actor->no_capabilities)
		return drop_capabilities();
	return uid && (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
		       setresuid(uid, uid, uid));
}

/* What has a file that the base kernel has not is not compared. */
static int is_ours(const struct door *door)
{
	return door->rights & (READ_CONTROL | WRITE_DAC) ||
	       !strcmp(door->name, "oom_score_detail");
}

struct attempt {
	const struct actor *actor;
	const struct door *door;
	pid_t pid;
};

static int attempt(void *arg)
{
	const struct attempt *a = arg;

	return become_actor(a->actor) ? 255 : -a->door->knock(a->pid);
}

static int between_processes(const struct actor *actor, uid_t uid)
{
	const struct target_setup setup = { .uid = uid };
	struct target target;
	unsigned int i;

	for (i = 0; i < nr_doors; i++) {
		struct attempt a = { .actor = actor, .door = &doors[i] };

		if (is_ours(&doors[i]))
			continue;
		if (target_start(&target, &setup))
			return 1;
		a.pid = target.pid;
		printf("%s to uid %d: %s: %d\n", actor->name, uid,
		       doors[i].name, in_child(attempt, &a));
		target_stop(&target);
	}
	return 0;
}

/* Values that are written one after the other, by who and to which file. */
static const char *const values[] = {
	"500", "100", "0", "-1", "-500", "300", "-500", "-501", "1000", "-1000",
};

static const char *const legacy[] = { "5", "0", "-3", "15", "-17", "16" };

/* What @start left is the floor, for who has no capability. */
static int own_value(const struct actor *actor, const char *start)
{
	unsigned int i;

	if (write_file(ADJ_FILE, start) || become_actor(actor))
		return 1;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		int err = write_file(ADJ_FILE, values[i]);
		long long now = -9999;

		read_number(ADJ_FILE, &now);
		printf("%s from %s: %s: %d, %lld\n", actor->name, start,
		       values[i], -err, now);
	}
	for (i = 0; i < ARRAY_SIZE(legacy); i++) {
		int err = write_file("/proc/self/oom_adj", legacy[i]);
		long long now = -9999;

		read_number(ADJ_FILE, &now);
		printf("%s from %s, oom_adj: %s: %d, %lld\n", actor->name,
		       start, legacy[i], -err, now);
	}
	fflush(stdout);
	return 0;
}

int main(void)
{
	static const char *const starts[] = { "0", "-500", "400" };
	static const uid_t uids[] = { 0, 1000, 1001 };
	unsigned int a, i;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Not in the session of the targets, or of a shell. */
	setsid();
	for (a = 0; a < ARRAY_SIZE(actors); a++) {
		for (i = 0; i < 3; i++)
			if (between_processes(&actors[a], uids[i]))
				return 1;
		for (i = 0; i < 3; i++) {
			pid_t pid = fork();

			if (!pid)
				_exit(own_value(&actors[a], starts[i]));
			if (waitpid(pid, &status, 0) != pid || status)
				return 2;
		}
	}
	return 0;
}
