// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the Peios LSM: the default descriptor, who may act as a
 * process, the rights of doors, and credentials that override others.
 */

#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/prandom.h>
#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "access.h"
#include "common.h"
#include "privilege.h"
#include "process.h"
#include "sd.h"
#include "sid.h"

#define SEED	0x70726f63

/* A few SIDs, so that random picks meet. */
static void pick_sid(struct rnd_state *rnd, struct peios_sid *sid)
{
	switch (prandom_u32_state(rnd) % 8) {
	case 0:
		*sid = peios_sid_system;
		break;
	case 1:
		*sid = peios_sid_administrators;
		break;
	case 2:
		*sid = peios_sid_everyone;
		break;
	case 3:
	case 4:
		peios_sid_from_uid(prandom_u32_state(rnd) % 3, sid);
		break;
	case 5:
		peios_sid_from_gid(prandom_u32_state(rnd) % 3, sid);
		break;
	default:
		*sid = (struct peios_sid) {
			.authority = 5, .nr_subs = 2,
			.sub = { 21, prandom_u32_state(rnd) % 3 },
		};
	}
}

/* The shortcut says what AccessCheck says of the descriptor that is shown. */
static void default_is_access_check(struct kunit *test)
{
	static const u64 privileges[] = {
		PEIOS_PRIV_DEBUG, PEIOS_PRIV_SECURITY, PEIOS_PRIV_TAKE_OWNERSHIP,
		PEIOS_PRIV_RESTORE, PEIOS_PRIV_TCB,
	};
	static const struct peios_pip none;
	struct peios_sid user, who, also, groups[4];
	unsigned int run, refused = 0, i;
	struct peios_access result, got;
	u64 by_privilege = 0;
	struct rnd_state rnd;
	struct peios_sd *sd;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < 20000; run++) {
		struct peios_subject subject = { .user = &who, .groups = groups };
		bool root = prandom_u32_state(&rnd) & 1, same;
		u32 granted, desired;
		int err;

		pick_sid(&rnd, &user);
		pick_sid(&rnd, &who);
		pick_sid(&rnd, &also);
		for (i = 0; i < ARRAY_SIZE(groups); i++)
			pick_sid(&rnd, &groups[i]);
		subject.nr_groups = prandom_u32_state(&rnd) % 3;
		subject.nr_deny = prandom_u32_state(&rnd) % 3;
		if (root)
			also = who;

		subject.privileges = 0;
		for (i = 0; i < ARRAY_SIZE(privileges); i++)
			if (prandom_u32_state(&rnd) & 1)
				subject.privileges |= privileges[i];
		desired = prandom_u32_state(&rnd) &
			  (PEIOS_PROCESS_ALL | PEIOS_ACCESS_SYSTEM_SECURITY |
			   PEIOS_SYNCHRONIZE);
		/* Most of the time few rights, or all is refused */
		if (prandom_u32_state(&rnd) % 4)
			desired &= prandom_u32_state(&rnd) &
				   prandom_u32_state(&rnd);

		sd = peios_sd_default(&user, &also, root, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, sd);
		peios_access_check(&subject, sd, PEIOS_MAXIMUM_ALLOWED,
				   &peios_process_mapping, &result);
		granted = peios_default_granted(&subject, &user, root);
		same = granted == result.granted;
		err = peios_process_check(&subject, &none, sd, &none, desired,
					  &result);
		kfree(sd);
		same &= err == peios_default_check(&subject, &user, root,
						   desired, &got);
		same &= !memcmp(&result, &got, sizeof(got));
		if (!same)
			break;
		refused += !!err;
		by_privilege |= got.used;
	}
	KUNIT_EXPECT_GT(test, refused, 1000);
	KUNIT_EXPECT_LT(test, refused, 19000);
	/* Each of those that can stand in for a right did so. */
	KUNIT_EXPECT_EQ(test, by_privilege, PEIOS_PRIV_DEBUG |
			PEIOS_PRIV_SECURITY | PEIOS_PRIV_TAKE_OWNERSHIP);
	KUNIT_EXPECT_EQ(test, run, 20000);
}

static void control_needs_the_targets_privileges(struct kunit *test)
{
	const u64 all = PEIOS_PRIV_ALL, user = PEIOS_PRIV_USER;
	const u64 tcb = PEIOS_PRIV_TCB, debug = PEIOS_PRIV_DEBUG;
	static const u32 control[] = {
		PEIOS_PROCESS_VM_WRITE, PEIOS_PROCESS_DUP_HANDLE,
		PEIOS_WRITE_DAC, PEIOS_WRITE_OWNER,
		PEIOS_PROCESS_VM_WRITE | PEIOS_PROCESS_VM_READ,
	};
	unsigned int i;
	u32 right;

	for (i = 0; i < ARRAY_SIZE(control); i++) {
		right = control[i];
		KUNIT_EXPECT_EQ(test, peios_control_missing(right, all, all, 0), 0);
		KUNIT_EXPECT_EQ(test, peios_control_missing(right, tcb, user, user),
				tcb);
		KUNIT_EXPECT_EQ(test, peios_control_missing(right, all,
							    all & ~tcb, 0), tcb);
		/* What the target has not is not asked for. */
		KUNIT_EXPECT_EQ(test, peios_control_missing(right, user, 0, 0), 0);
		/* SeDebugPrivilege, if it is enabled. */
		KUNIT_EXPECT_EQ(test, peios_control_missing(right, all, debug,
							    debug), 0);
		KUNIT_EXPECT_NE(test, peios_control_missing(right, all, debug, 0),
				0);
	}
	/* All that does not make one act as the target. */
	right = PEIOS_PROCESS_ALL & ~PEIOS_PROCESS_CONTROL;
	KUNIT_EXPECT_EQ(test, peios_control_missing(right, all, 0, 0), 0);
}

static void ptrace_modes(struct kunit *test)
{
	const u32 both = PEIOS_PROCESS_VM_READ | PEIOS_PROCESS_VM_WRITE;
	const struct {
		unsigned int mode;
		u32 rights;
	} cases[] = {
		{ PTRACE_MODE_READ_FSCREDS, PEIOS_PROCESS_VM_READ },
		{ PTRACE_MODE_READ_REALCREDS | PTRACE_MODE_NOAUDIT,
		  PEIOS_PROCESS_VM_READ },
		{ PTRACE_MODE_ATTACH_REALCREDS, both },
		{ PTRACE_MODE_ATTACH_FSCREDS | PTRACE_MODE_VM_READ,
		  PEIOS_PROCESS_VM_READ },
		{ PTRACE_MODE_ATTACH_FSCREDS | PTRACE_MODE_VM_WRITE,
		  PEIOS_PROCESS_VM_WRITE },
		{ PTRACE_MODE_ATTACH_FSCREDS | PTRACE_MODE_VM_READ |
		  PTRACE_MODE_VM_WRITE, both },
		{ PTRACE_MODE_ATTACH_REALCREDS | PTRACE_MODE_GETFD,
		  PEIOS_PROCESS_DUP_HANDLE },
		/* What nobody knows yet is no less than looking. */
		{ 0, PEIOS_PROCESS_VM_READ },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, peios_ptrace_rights(cases[i].mode),
				    cases[i].rights, "mode %#x", cases[i].mode);
}

static void signals(struct kunit *test)
{
	int sig;

	KUNIT_EXPECT_EQ(test, peios_signal_right(0), PEIOS_PROCESS_QUERY_LIMITED);
	for (sig = 1; sig <= _NSIG; sig++) {
		u32 right = PEIOS_PROCESS_TERMINATE;

		switch (sig) {
		case SIGCONT:
		case SIGSTOP:
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			right = PEIOS_PROCESS_SUSPEND_RESUME;
			break;
		case SIGCHLD:
		case SIGURG:
		case SIGWINCH:
			right = PEIOS_PROCESS_SIGNAL;
			break;
		}
		KUNIT_EXPECT_EQ_MSG(test, peios_signal_right(sig), right,
				    "signal %d", sig);
	}
}

/* Neither those of better days nor lesser ones make more of a thread. */
static void overriding_credentials(struct kunit *test)
{
	const struct cred *old;
	struct cred *better, *worse;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	better = prepare_kernel_cred(&init_task);
	worse = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, better);
	KUNIT_ASSERT_NOT_NULL(test, worse);
	peios_cred(worse)->lost = PEIOS_LOST_TCB;

	KUNIT_EXPECT_TRUE(test, peios_current_enabled() & PEIOS_PRIV_TCB);
	old = override_creds(worse);
	KUNIT_EXPECT_FALSE(test, peios_current_enabled() & PEIOS_PRIV_TCB);
	revert_creds(old);
	KUNIT_EXPECT_TRUE(test, peios_current_enabled() & PEIOS_PRIV_TCB);

	/* Each test has a thread of its own, which now loses the privilege. */
	commit_creds(worse);
	KUNIT_EXPECT_FALSE(test, peios_current_enabled() & PEIOS_PRIV_TCB);
	old = override_creds(better);
	KUNIT_EXPECT_TRUE(test, peios_cred_enabled(current_cred()) &
				PEIOS_PRIV_TCB);
	KUNIT_EXPECT_FALSE(test, peios_current_enabled() & PEIOS_PRIV_TCB);
	revert_creds(old);
	put_cred(better);
}

/* What is made from credentials that lost something has lost it, too. */
static void losses_are_handed_on(struct kunit *test)
{
	struct cred *first, *second;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	first = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, first);
	peios_cred(first)->pip = (struct peios_pip) { 3, 4 };
	cap_lower(first->cap_bset, CAP_SYS_RESOURCE);
	commit_creds(first);
	second = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, second);
	cap_raise(second->cap_bset, CAP_SYS_RESOURCE);
	KUNIT_EXPECT_EQ(test, peios_cred(second)->lost, PEIOS_LOST_TCB);
	KUNIT_EXPECT_EQ(test, peios_cred_present(second), PEIOS_PRIV_USER);
	KUNIT_EXPECT_EQ(test, peios_cred(second)->pip.type, 3);
	KUNIT_EXPECT_EQ(test, peios_cred(second)->pip.trust, 4);
	abort_creds(second);
}

static struct kunit_case process_cases[] = {
	KUNIT_CASE(default_is_access_check),
	KUNIT_CASE(control_needs_the_targets_privileges),
	KUNIT_CASE(ptrace_modes),
	KUNIT_CASE(signals),
	KUNIT_CASE(overriding_credentials),
	KUNIT_CASE(losses_are_handed_on),
	{}
};

static struct kunit_suite process_suite = {
	.name = "peios_process",
	.test_cases = process_cases,
};

kunit_test_suite(process_suite);
