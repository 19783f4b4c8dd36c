// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the Peios LSM: the default descriptor, who may act as a
 * process, the rights of doors, and credentials that override others.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/kernel.h>
#include <linux/peios.h>
#include <linux/prandom.h>
#include <linux/ptrace.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/unaligned.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "door.h"
#include "privilege.h"
#include "process.h"
#include "sd.h"
#include "setup.h"
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

static bool member_of_1(const void *unix_groups, u32 gid)
{
	return gid == 1 && unix_groups == &member_of_1;
}

/* The shortcut says what AccessCheck says of the descriptor that is shown. */
static void default_is_access_check(struct kunit *test)
{
	static const u64 privileges[] = {
		PEIOS_PRIV_DEBUG, PEIOS_PRIV_SECURITY, PEIOS_PRIV_TAKE_OWNERSHIP,
		PEIOS_PRIV_RESTORE, PEIOS_PRIV_TCB,
	};
	static const struct peios_pip none;
	static const struct peios_caller caller;
	struct peios_sid who, also, groups[4];
	unsigned int run, refused = 0, i;
	struct peios_access result, got;
	u64 by_privilege = 0;
	struct rnd_state rnd;
	struct peios_sd *sd;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < 20000; run++) {
		struct peios_subject subject = { .user = &who, .groups = groups };
		bool root = prandom_u32_state(&rnd) & 1, same;
		struct peios_target target = {
			.by_root = root,
			.everyone = PEIOS_EVERYONE_LIMITED,
		};
		u32 granted, desired;
		u64 lacks;
		int err;

		pick_sid(&rnd, &target.user);
		pick_sid(&rnd, &who);
		pick_sid(&rnd, &also);
		for (i = 0; i < ARRAY_SIZE(groups); i++)
			pick_sid(&rnd, &groups[i]);
		subject.nr_groups = prandom_u32_state(&rnd) % 3;
		subject.nr_deny = prandom_u32_state(&rnd) % 3;
		if (prandom_u32_state(&rnd) & 1) {
			subject.unix_member = member_of_1;
			subject.unix_groups = &member_of_1;
		}
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
		if (prandom_u32_state(&rnd) % 4) {
			desired &= prandom_u32_state(&rnd);
			desired &= prandom_u32_state(&rnd);
		}

		if (prandom_u32_state(&rnd) & 1)
			target.everyone = PEIOS_EVERYONE_QUERIES;
		sd = peios_sd_default(&target.user, &also, root,
				      target.everyone, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, sd);
		peios_access_check(&subject, sd, PEIOS_MAXIMUM_ALLOWED,
				   &peios_process_mapping, &result);
		granted = peios_default_granted(&subject, &target);
		same = granted == result.granted;
		err = peios_process_check(&subject, &none, sd, &none, desired,
					  &result);
		kfree(sd);
		same &= err == peios_decide(&subject, &caller, &target, NULL,
					    desired, &got, &lacks);
		same &= !lacks;
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

/* Some tokens, among them those that could mislead a shortcut. */
enum { NR_TOKENS = 6 };

static struct peios_token *make_token(struct kunit *test, int nr)
{
	struct peios_token *token = peios_token_alloc(2);

	KUNIT_ASSERT_NOT_NULL(test, token);
	token->user = peios_sid_system;
	token->groups[0] = peios_sid_administrators;
	token->groups[1] = peios_sid_everyone;
	token->present = PEIOS_PRIV_ALL;
	token->enabled = PEIOS_PRIV_USER;
	switch (nr) {
	case 0:
		token->nr_groups = 1;
		break;
	case 1:
		/* A holder of a privilege that stands in for others */
		token->nr_groups = 1;
		token->enabled = PEIOS_PRIV_ALL;
		break;
	case 2:
		/* A user's, with whom Everyone is deny-only */
		peios_sid_from_uid(1, &token->user);
		token->groups[0] = peios_sid_everyone;
		token->nr_deny = 1;
		token->assigned = true;
		token->present = PEIOS_PRIV_USER;
		break;
	case 3:
		token->nr_groups = 1;
		token->nr_deny = 1;
		break;
	case 4:
		/* Another one's, who looks like a Unix user */
		peios_sid_from_uid(2, &token->user);
		token->assigned = true;
		break;
	default:
		/* None follows Unix that is no administrator's, so far. */
		peios_sid_from_uid(3, &token->user);
	}
	return token;
}

/* A credential like those that a process may have, and some that it can't. */
static void shuffle_cred(struct rnd_state *rnd, struct cred *cred,
			 struct user_namespace *ns, struct peios_token **tokens)
{
	struct peios_cred *pc = peios_cred(cred);
	kuid_t *ids[] = { &cred->uid, &cred->euid, &cred->suid, &cred->fsuid };
	struct peios_token *token = tokens[prandom_u32_state(rnd) % NR_TOKENS];
	unsigned int uids = 1 + prandom_u32_state(rnd) % 3;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		*ids[i] = KUIDT_INIT(prandom_u32_state(rnd) % uids);
	cred->egid = KGIDT_INIT(prandom_u32_state(rnd) % 3);
	cred->cap_permitted = prandom_u32_state(rnd) & 1 ? CAP_FULL_SET :
							   CAP_EMPTY_SET;
	cred->cap_bset = prandom_u32_state(rnd) & 1 ? CAP_FULL_SET :
						      CAP_EMPTY_SET;
	cred->user_ns = prandom_u32_state(rnd) & 1 ? ns : &init_user_ns;
	pc->token = token;
	pc->lost = prandom_u32_state(rnd) % 4;
	pc->pip = (struct peios_pip) {
		.type = prandom_u32_state(rnd) % 4 ? 0 : 1,
		.trust = prandom_u32_state(rnd) % 2,
	};
}

/* It grants nothing, to nobody. */
static struct peios_sd *make_closed_sd(struct kunit *test)
{
	u8 bytes[PEIOS_SD_HEADER + PEIOS_SID_BYTES_MAX + PEIOS_ACL_HEADER] = { 1 };
	unsigned int dacl = PEIOS_SD_HEADER;
	struct peios_sd *sd;

	put_unaligned_le16(PEIOS_SD_SELF_RELATIVE | PEIOS_SD_DACL_PRESENT,
			   bytes + PEIOS_SD_CONTROL_AT);
	put_unaligned_le32(dacl, bytes + PEIOS_SD_OWNER_AT);
	dacl += peios_sid_encode(&peios_sid_owner_rights, bytes + dacl);
	put_unaligned_le32(dacl, bytes + PEIOS_SD_DACL_AT);
	bytes[dacl] = PEIOS_ACL_REVISION;
	put_unaligned_le16(PEIOS_ACL_HEADER, bytes + dacl + PEIOS_ACL_SIZE_AT);
	KUNIT_ASSERT_EQ(test, peios_sd_parse(bytes, dacl + PEIOS_ACL_HEADER,
					     GFP_KERNEL, &sd), 0);
	return sd;
}

static struct cred *cred_to_shuffle(struct kunit *test)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	/* The current thread's holds a reference, while this is there. */
	refcount_dec(&peios_cred(cred)->token->usage);
	return cred;
}

static void shuffled_cred_free(struct cred *cred)
{
	cred->user_ns = &init_user_ns;
	peios_cred(cred)->token = NULL;
	abort_creds(cred);
}

/*
 * What is granted by a short way is what the whole decision grants, by no
 * privilege, whatever else is different; and it is often enough to be of use.
 */
static void plainly_granted_is_granted(struct kunit *test)
{
	static const u32 desired[] = {
		PEIOS_PROCESS_QUERY_LIMITED, PEIOS_PROCESS_TERMINATE,
		PEIOS_PROCESS_VM_READ, PEIOS_PROCESS_PLAIN, PEIOS_READ_CONTROL,
		PEIOS_PROCESS_QUERY_LIMITED | PEIOS_PROCESS_SET_INFORMATION,
		PEIOS_PROCESS_VM_WRITE, PEIOS_PROCESS_ALL, PEIOS_WRITE_DAC,
		PEIOS_ACCESS_SYSTEM_SECURITY, PEIOS_GENERIC_ALL,
		PEIOS_MAXIMUM_ALLOWED, PEIOS_DELETE, 0,
	};
	unsigned int run, to_all = 0, to_root = 0, to_user = 0, i;
	struct peios_token *tokens[NR_TOKENS];
	struct peios_access result;
	struct user_namespace *ns;
	struct peios_sd *closed;
	struct cred *who, *whom;
	struct rnd_state rnd;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ns);
	ns->owner = KUIDT_INIT(1);
	closed = make_closed_sd(test);
	for (i = 0; i < NR_TOKENS; i++)
		tokens[i] = make_token(test, i);
	who = cred_to_shuffle(test);
	whom = cred_to_shuffle(test);

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < 200000; run++) {
		struct peios_sd *sd = prandom_u32_state(&rnd) % 4 ? NULL : closed;
		u32 right = desired[run % ARRAY_SIZE(desired)];
		bool plain, deny_only;
		u64 lacks;
		int err;

		shuffle_cred(&rnd, who, ns, tokens);
		shuffle_cred(&rnd, whom, ns, tokens);
		deny_only = peios_cred(who)->token->nr_deny;
		plain = peios_plainly_granted(who, whom, sd, right, deny_only);
		if (!plain)
			continue;
		to_all += right == PEIOS_PROCESS_QUERY_LIMITED && !deny_only;
		if (right == PEIOS_PROCESS_TERMINATE) {
			if (peios_cred_lost(who) & PEIOS_LOST_ROOT)
				to_user++;
			else
				to_root++;
		}
		err = peios_cred_decide(who, PEIOS_PRIV_ALL, whom, sd, right, &result, &lacks);
		if (err || result.used || result.granted != right)
			break;
	}
	KUNIT_EXPECT_EQ(test, run, 200000);
	KUNIT_EXPECT_GT(test, to_all, 1000);
	KUNIT_EXPECT_GT(test, to_root, 20);
	KUNIT_EXPECT_GT(test, to_user, 20);

	shuffled_cred_free(who);
	shuffled_cred_free(whom);
	for (i = 0; i < NR_TOKENS; i++)
		kfree(tokens[i]);
	kfree(closed);
}

static bool plain(const struct cred *who, const struct cred *whom,
		  const struct peios_sd *sd, u32 desired, bool deny_only)
{
	return peios_plainly_granted(who, whom, sd, desired, deny_only);
}

/* The cases that it is for, one by one, and what takes each of them away. */
static void plainly_granted_cases(struct kunit *test)
{
	const u32 right = PEIOS_PROCESS_TERMINATE;
	const u32 query = PEIOS_PROCESS_QUERY_LIMITED;
	const unsigned int lost = PEIOS_LOST_ROOT | PEIOS_LOST_TCB;
	struct cred *who, *whom;
	struct peios_sd *sd;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	who = prepare_creds();
	whom = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, who);
	KUNIT_ASSERT_NOT_NULL(test, whom);
	sd = peios_sd_default(&peios_sid_system, NULL, 0,
			      PEIOS_EVERYONE_LIMITED, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sd);

	/* What all have: nobody is looked at */
	KUNIT_EXPECT_TRUE(test, plain(NULL, NULL, NULL, query, false));
	KUNIT_EXPECT_FALSE(test, plain(NULL, NULL, sd, query, false));

	/* Root, of the system's token */
	KUNIT_EXPECT_TRUE(test, plain(who, whom, NULL, right, true));
	KUNIT_EXPECT_TRUE(test, plain(who, whom, NULL, query, true));
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, PEIOS_PROCESS_VM_WRITE, true));
	KUNIT_EXPECT_FALSE(test, plain(who, whom, sd, right, true));
	peios_cred(whom)->pip = (struct peios_pip) { 1, 0 };
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, right, true));
	peios_cred(whom)->pip = (struct peios_pip) {};

	/* Root that was not always, over the system, and the other way round */
	peios_cred(who)->lost = lost;
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, right, true));
	peios_cred(who)->lost = 0;
	peios_cred(whom)->lost = lost;
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, right, true));

	/* Who leaves root in this moment */
	peios_cred(whom)->lost = 0;
	who->euid = KUIDT_INIT(1000);
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, right, true));
	whom->euid = KUIDT_INIT(1000);
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, right, true));

	/* A user and the same, then another one */
	peios_cred(who)->lost = lost;
	peios_cred(whom)->lost = lost;
	KUNIT_EXPECT_TRUE(test, plain(who, whom, NULL, right, true));
	whom->euid = KUIDT_INIT(1001);
	KUNIT_EXPECT_FALSE(test, plain(who, whom, NULL, right, true));

	abort_creds(who);
	abort_creds(whom);
	kfree(sd);
}

/* More than one credential has to be asked: that is not for the short way. */
static void other_credentials_are_not_plain(struct kunit *test)
{
	const u32 right = PEIOS_PROCESS_TERMINATE;
	const struct cred *old;
	struct cred *other;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	other = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_TRUE(test, peios_task_plain(&init_task, right));
	old = override_creds(other);
	KUNIT_EXPECT_FALSE(test, peios_task_plain(&init_task, right));
	revert_creds(old);
	current->flags |= PF_IO_WORKER;
	KUNIT_EXPECT_FALSE(test, peios_task_plain(&init_task, right));
	current->flags &= ~PF_IO_WORKER;
	put_cred(other);
}

/* The hook for signals asks plainly for one right in the place of all. */
static void signals_need_plain_rights(struct kunit *test)
{
	int sig;

	for (sig = 0; sig <= _NSIG; sig++)
		KUNIT_EXPECT_EQ_MSG(test, peios_signal_right(sig) &
					  ~PEIOS_PROCESS_PLAIN, 0,
				    "signal %d", sig);
}

static void control_needs_the_targets_privileges(struct kunit *test)
{
	const u64 all = PEIOS_PRIV_ALL, user = PEIOS_PRIV_USER;
	const u64 tcb = PEIOS_PRIV_TCB, debug = PEIOS_PRIV_DEBUG;
	static const u32 control[] = {
		PEIOS_PROCESS_VM_WRITE, PEIOS_PROCESS_DUP_HANDLE,
		PEIOS_WRITE_DAC, PEIOS_WRITE_OWNER,
		PEIOS_PROCESS_VM_WRITE | PEIOS_PROCESS_VM_READ,
		PEIOS_PROCESS_SET_QUOTA,
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
	/* All that neither makes one act as the target nor is its policy. */
	right = PEIOS_PROCESS_ALL & ~PEIOS_PROCESS_GUARDED;
	KUNIT_EXPECT_EQ(test, peios_control_missing(right, all, 0, 0), 0);
}

/* In which order the checks are asked, and what each says of a refusal. */
static void decision_in_order(struct kunit *test)
{
	const u32 write = PEIOS_PROCESS_VM_WRITE, quota = PEIOS_PROCESS_SET_QUOTA;
	const u32 query = PEIOS_PROCESS_QUERY_LIMITED;
	struct peios_subject system = { .user = &peios_sid_system }, user;
	struct peios_caller caller = { .privileges = PEIOS_PRIV_USER };
	struct peios_target target = {
		.user = peios_sid_system,
		.privileges = PEIOS_PRIV_USER | PEIOS_PRIV_TCB,
		.everyone = PEIOS_EVERYONE_LIMITED,
	};
	struct peios_access result;
	struct peios_sid alice;
	struct peios_sd *sd;
	u64 lacks;

	peios_sid_from_uid(1000, &alice);
	user = (struct peios_subject) { .user = &alice };
	sd = peios_sd_default(&peios_sid_system, &alice, 1,
			      PEIOS_EVERYONE_LIMITED, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sd);

	/* The descriptor before the privileges of the target */
	KUNIT_EXPECT_EQ(test, peios_decide(&user, &caller, &target, NULL, write,
					   &result, &lacks), -EACCES);
	KUNIT_EXPECT_EQ(test, result.refused_by, PEIOS_CHECK_SD);
	KUNIT_EXPECT_EQ(test, lacks, 0);
	/* These, for what is guarded, and no more is said to be missing */
	KUNIT_EXPECT_EQ(test, peios_decide(&system, &caller, &target, NULL,
					   write | query, &result, &lacks),
			-EACCES);
	KUNIT_EXPECT_EQ(test, result.refused_by, PEIOS_CHECK_PRIVILEGE);
	KUNIT_EXPECT_EQ(test, result.missing, write);
	KUNIT_EXPECT_EQ(test, lacks, PEIOS_PRIV_TCB);
	KUNIT_EXPECT_EQ(test, peios_decide(&system, &caller, &target, NULL, quota,
					   &result, &lacks), -EACCES);
	KUNIT_EXPECT_EQ(test, result.missing, quota);
	KUNIT_EXPECT_EQ(test, peios_decide(&system, &caller, &target, NULL,
					   PEIOS_PROCESS_TERMINATE, &result,
					   &lacks), 0);
	/* To have them is enough, enabled or not; a set descriptor asks for none */
	caller.privileges |= PEIOS_PRIV_TCB;
	KUNIT_EXPECT_EQ(test, peios_decide(&system, &caller, &target, NULL,
					   write | quota, &result, &lacks), 0);
	caller.privileges = 0;
	KUNIT_EXPECT_EQ(test, peios_decide(&user, &caller, &target, sd,
					   write | quota, &result, &lacks), 0);
	KUNIT_EXPECT_EQ(test, lacks, 0);
	/* A Unix root over the user of the target */
	target.by_root = true;
	target.privileges = PEIOS_PRIV_USER;
	KUNIT_EXPECT_EQ(test, peios_decide(&user, &caller, &target, NULL, write,
					   &result, &lacks), 0);
	/* PIP before all, but for the question if a process is there */
	target.pip = (struct peios_pip) { 1, 1 };
	system.privileges = PEIOS_PRIV_DEBUG;
	KUNIT_EXPECT_EQ(test, peios_decide(&system, &caller, &target, NULL, write,
					   &result, &lacks), -EACCES);
	KUNIT_EXPECT_EQ(test, result.refused_by, PEIOS_CHECK_PIP);
	KUNIT_EXPECT_EQ(test, peios_decide(&system, &caller, &target, sd, write,
					   &result, &lacks), -EACCES);
	KUNIT_EXPECT_EQ(test, result.refused_by, PEIOS_CHECK_PIP);
	KUNIT_EXPECT_EQ(test, peios_decide(&user, &caller, &target, NULL, query,
					   &result, &lacks), 0);
	kfree(sd);
}

/* Linux's capabilities: what each gives, and over whom it counts. */
static void capabilities_count(struct kunit *test)
{
	static const struct {
		u64 capabilities;
		u32 rights;
	} cases[] = {
		{ 0, 0 },
		{ BIT_ULL(CAP_KILL), PEIOS_PROCESS_TERMINATE |
		  PEIOS_PROCESS_SIGNAL | PEIOS_PROCESS_SUSPEND_RESUME },
		{ BIT_ULL(CAP_SYS_NICE), PEIOS_PROCESS_SET_INFORMATION },
		{ BIT_ULL(CAP_SYS_RESOURCE), PEIOS_PROCESS_SET_INFORMATION },
		{ BIT_ULL(CAP_SYS_PTRACE), PEIOS_PROCESS_VM_READ |
		  PEIOS_PROCESS_QUERY_INFORMATION },
		{ BIT_ULL(CAP_SYS_ADMIN) | BIT_ULL(CAP_SYS_RAWIO), 0 },
	};
	const u32 guarded = PEIOS_PROCESS_GUARDED | PEIOS_READ_CONTROL;
	struct peios_target target = { .everyone = PEIOS_EVERYONE_LIMITED };
	struct peios_caller caller = {};
	struct peios_subject subject;
	struct peios_access result;
	struct peios_sid alice;
	struct peios_sd *sd;
	unsigned int i, bit;
	u64 lacks;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].rights,
				    peios_capability_rights(cases[i].capabilities),
				    "case %u", i);
	KUNIT_EXPECT_EQ(test, peios_capability_rights(~0ULL) & guarded, 0);

	peios_sid_from_uid(1000, &alice);
	peios_sid_from_uid(1001, &target.user);
	subject = (struct peios_subject) { .user = &alice };
	sd = peios_sd_default(&target.user, NULL, 0, PEIOS_EVERYONE_LIMITED,
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sd);
	caller.by_capability = peios_capability_rights(~0ULL);
	target.privileges = PEIOS_PRIV_USER;
	for (bit = 0; bit < 21; bit++) {
		u32 right = BIT(bit);
		bool has = right & (caller.by_capability |
				    PEIOS_EVERYONE_LIMITED);

		KUNIT_EXPECT_EQ(test, has ? 0 : -EACCES,
				peios_decide(&subject, &caller, &target, NULL,
					     right, &result, &lacks));
		/* One that was set decides alone, also if it says the same. */
		KUNIT_EXPECT_EQ(test,
				right == PEIOS_PROCESS_QUERY_LIMITED ? 0 : -EACCES,
				peios_decide(&subject, &caller, &target, sd,
					     right, &result, &lacks));
	}
	/* Privileges of the TCB, any of them, and a protection, dominated or not */
	target.privileges |= PEIOS_PRIV_DEBUG;
	KUNIT_EXPECT_EQ(test, -EACCES,
			peios_decide(&subject, &caller, &target, NULL,
				     PEIOS_PROCESS_TERMINATE, &result, &lacks));
	target.privileges = 0;
	KUNIT_EXPECT_EQ(test, 0,
			peios_decide(&subject, &caller, &target, NULL,
				     PEIOS_PROCESS_TERMINATE, &result, &lacks));
	target.pip = (struct peios_pip) { 1, 1 };
	caller.pip = target.pip;
	KUNIT_EXPECT_EQ(test, -EACCES,
			peios_decide(&subject, &caller, &target, NULL,
				     PEIOS_PROCESS_TERMINATE, &result, &lacks));
	kfree(sd);
}

/* Whom processes may be queried by, as it is written. */
static void query_words(struct kunit *test)
{
	bool everyone = false;

	KUNIT_EXPECT_EQ(test, peios_parse_query("everyone\n", &everyone), 0);
	KUNIT_EXPECT_TRUE(test, everyone);
	KUNIT_EXPECT_EQ(test, peios_parse_query("nobody", &everyone), -EINVAL);
	KUNIT_EXPECT_EQ(test, peios_parse_query("", &everyone), -EINVAL);
	KUNIT_EXPECT_TRUE(test, everyone);
	KUNIT_EXPECT_EQ(test, peios_parse_query("owner", &everyone), 0);
	KUNIT_EXPECT_FALSE(test, everyone);
}

/* Whose records are limited together */
static void records_by_user(struct kunit *test)
{
	struct user_namespace *outer, *inner;
	struct peios_sid sid, expected;
	struct cred *cred;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	outer = kunit_kzalloc(test, sizeof(*outer), GFP_KERNEL);
	inner = kunit_kzalloc(test, sizeof(*inner), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, outer);
	KUNIT_ASSERT_NOT_NULL(test, inner);
	outer->parent = &init_user_ns;
	outer->owner = KUIDT_INIT(1000);
	inner->parent = outer;
	inner->owner = KUIDT_INIT(100000);
	cred = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, cred);

	peios_audit_user(cred, &sid);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &peios_sid_system));
	/* Who leaves root is another user. */
	cred->uid = KUIDT_INIT(7);
	cred->euid = KUIDT_INIT(7);
	cred->suid = KUIDT_INIT(7);
	cred->fsuid = KUIDT_INIT(7);
	peios_audit_user(cred, &sid);
	peios_sid_from_uid(7, &expected);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &expected));
	/* Whatever one is in namespaces, one is the owner of the outermost. */
	peios_sid_from_uid(1000, &expected);
	cred->user_ns = outer;
	peios_audit_user(cred, &sid);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &expected));
	cred->user_ns = inner;
	peios_audit_user(cred, &sid);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&sid, &expected));

	cred->user_ns = &init_user_ns;
	abort_creds(cred);
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

/*
 * A root that gave its privileges up may not act as the kernel's modprobe, which
 * has none either but may load modules.
 */
static void modprobe_is_guarded(struct kunit *test)
{
	struct peios_access result;
	struct peios_token *token;
	struct cred *who, *whom;
	u64 lacks;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	token = make_token(test, 0);
	token->present = PEIOS_PRIV_USER;
	who = cred_to_shuffle(test);
	whom = cred_to_shuffle(test);
	peios_cred(who)->token = token;
	peios_cred(whom)->token = token;
	KUNIT_EXPECT_EQ(test, peios_cred_decide(who, PEIOS_PRIV_ALL, whom, NULL,
						PEIOS_PROCESS_VM_WRITE, &result,
						&lacks), 0);
	peios_cred(whom)->modprobe = true;
	KUNIT_EXPECT_EQ(test, peios_cred_decide(who, PEIOS_PRIV_ALL, whom, NULL,
						PEIOS_PROCESS_VM_WRITE, &result,
						&lacks), -EACCES);
	KUNIT_EXPECT_EQ(test, lacks, PEIOS_PRIV_TCB | PEIOS_PRIV_LOAD_DRIVER);
	shuffled_cred_free(who);
	shuffled_cred_free(whom);
	kfree(token);
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

/* As Peios.rst says. */
static void sizes(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_64BIT))
		kunit_skip(test, "Peios.rst tells of 64 bits");
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_cred), 24);
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_task), 8);
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_file), 16);
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_process), 32);
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_family), 24);
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_maker), 16);
	KUNIT_EXPECT_EQ(test, sizeof(struct peios_sid), 72);
	KUNIT_EXPECT_EQ(test, offsetof(struct peios_token, groups), 120);
	KUNIT_EXPECT_EQ(test, offsetof(struct peios_sd, bytes), 36);
}

/* What a child has of its parent. */
struct child {
	struct completion seen;
	const struct peios_process *process;
	const struct peios_sd *sd;
	const struct peios_token *token;
};

static int look_at_child(void *data)
{
	struct child *child = data;

	child->process = peios_task(current)->process;
	child->sd = rcu_access_pointer(child->process->sd);
	child->token = peios_cred(current_cred())->token;
	complete(&child->seen);
	do_exit(0);
}

/* Over fork, neither the token nor the descriptor is copied. */
static void shared_over_fork(struct kunit *test)
{
	const struct peios_process *process;
	const struct peios_token *token;
	struct child child = {};
	unsigned int usage;
	struct peios_sd *sd;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");

	/* Each test has a thread of its own, which is a process. */
	process = peios_task(current)->process;
	token = peios_cred(current_cred())->token;
	sd = peios_sd_default(&token->user, NULL, 0,
			      PEIOS_EVERYONE_LIMITED, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sd);
	KUNIT_ASSERT_EQ(test, peios_sd_write(current, sd->bytes, sd->size), 0);
	kfree(sd);
	sd = rcu_access_pointer(process->sd);
	KUNIT_ASSERT_NOT_NULL(test, sd);
	usage = refcount_read(&sd->usage);

	init_completion(&child.seen);
	KUNIT_ASSERT_GT(test, kernel_thread(look_at_child, &child, "peios_child",
					    CLONE_FS | CLONE_FILES | SIGCHLD), 0);
	wait_for_completion(&child.seen);
	KUNIT_EXPECT_PTR_NE(test, child.process, process);
	KUNIT_EXPECT_PTR_EQ(test, child.sd, sd);
	KUNIT_EXPECT_PTR_EQ(test, child.token, token);
	KUNIT_EXPECT_EQ(test, usage, 1);
}

static struct kunit_case process_cases[] = {
	KUNIT_CASE(sizes),
	KUNIT_CASE(shared_over_fork),
	KUNIT_CASE(default_is_access_check),
	KUNIT_CASE(plainly_granted_is_granted),
	KUNIT_CASE(decision_in_order),
	KUNIT_CASE(capabilities_count),
	KUNIT_CASE(query_words),
	KUNIT_CASE(records_by_user),
	KUNIT_CASE(plainly_granted_cases),
	KUNIT_CASE(other_credentials_are_not_plain),
	KUNIT_CASE(signals_need_plain_rights),
	KUNIT_CASE(control_needs_the_targets_privileges),
	KUNIT_CASE(ptrace_modes),
	KUNIT_CASE(signals),
	KUNIT_CASE(modprobe_is_guarded),
	KUNIT_CASE(overriding_credentials),
	KUNIT_CASE(losses_are_handed_on),
	{}
};

static struct kunit_suite process_suite = {
	.name = "peios_process",
	.test_cases = process_cases,
};

kunit_test_suite(process_suite);
