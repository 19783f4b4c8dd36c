// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the Peios LSM: SIDs, privileges, tokens, and the decision
 * about oom_score_adj.
 */

#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "oom.h"
#include "privilege.h"
#include "setup.h"
#include "sid.h"
#include "sysctl.h"
#include "token.h"

#define SEED	0x7065696f

static void sid_text_round_trip(struct kunit *test)
{
	static const char * const texts[] = {
		"S-1-5-18", "S-1-5-32-544", "S-1-0-0", "S-1-1-0",
		"S-1-22-1-4294967295", "S-1-4294967295-0",
		"S-1-0x000100000000-1", "S-1-0xffffffffffff-4294967295",
		"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15",
		"S-1-0xffffffffffff-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295",
	};
	char text[PEIOS_SID_TEXT_MAX];
	struct peios_sid sid;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		KUNIT_ASSERT_EQ_MSG(test, peios_sid_parse(texts[i], &sid), 0,
				    "%s", texts[i]);
		KUNIT_EXPECT_EQ(test, peios_sid_format(&sid, text, sizeof(text)),
				(int)strlen(texts[i]));
		KUNIT_EXPECT_STREQ(test, text, texts[i]);
	}
}

static void sid_bad_text(struct kunit *test)
{
	static const char * const texts[] = {
		"", "S", "S-", "S-1", "S-1-", "S-1-5", "S-1-5-", "S-0-5-18",
		"S-2-5-18", "S-01-5-18", "s-1-5-18", " S-1-5-18", "S-1-5-18 ",
		"S-1-5-18-", "S-1--18", "S-1-5--18", "S-1-5-+18", "S-1-5-0x12",
		"S-1-5-4294967296", "S-1-5-99999999999999999999",
		"S-1-4294967296-1", "S-1-0x-1", "S-1-0x1-1",
		"S-1-0x000000000005-1", "S-1-0x0000ffffffff-1",
		"S-1-0x1000000000000-1", "S-1-0x00010000000g-1",
		"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "S-1-5-18\n",
	};
	const struct peios_sid before = { .authority = 77, .nr_subs = 1 };
	struct peios_sid sid = before;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		KUNIT_EXPECT_EQ_MSG(test, peios_sid_parse(texts[i], &sid),
				    -EINVAL, "'%s'", texts[i]);
	KUNIT_EXPECT_MEMEQ(test, &sid, &before, sizeof(sid));
}

static void sid_random_round_trip(struct kunit *test)
{
	char text[PEIOS_SID_TEXT_MAX];
	struct rnd_state rnd;
	int run, i;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < 10000; run++) {
		struct peios_sid sid = {}, again;

		sid.authority = prandom_u32_state(&rnd);
		if (prandom_u32_state(&rnd) & 1)
			sid.authority |= (u64)(prandom_u32_state(&rnd) & 0xffff) << 32;
		sid.nr_subs = 1 + prandom_u32_state(&rnd) % PEIOS_SID_SUBS_MAX;
		for (i = 0; i < sid.nr_subs; i++)
			sid.sub[i] = prandom_u32_state(&rnd);
		peios_sid_format(&sid, text, sizeof(text));
		if (peios_sid_parse(text, &again) ||
		    !peios_sid_equal(&sid, &again))
			break;
	}
	KUNIT_EXPECT_EQ(test, run, 10000);
}

static void privilege_names(struct kunit *test)
{
	unsigned int i, named = 0;
	u64 mask, all = 0;

	for (i = 0; i < 70; i++) {
		const char *name = peios_privilege_name(i);

		if (!name)
			continue;
		named++;
		KUNIT_ASSERT_EQ(test, peios_privilege_parse(name, &mask), 0);
		KUNIT_EXPECT_EQ(test, mask, BIT_ULL(i));
		all |= mask;
	}
	KUNIT_EXPECT_EQ(test, named, 35);
	KUNIT_EXPECT_EQ(test, all, PEIOS_PRIV_ALL);
	KUNIT_EXPECT_STREQ(test, peios_privilege_name(7), "SeTcbPrivilege");
	KUNIT_EXPECT_STREQ(test, peios_privilege_name(20), "SeDebugPrivilege");
	KUNIT_EXPECT_EQ(test, peios_privilege_parse("", &mask), -EINVAL);
	KUNIT_EXPECT_EQ(test, peios_privilege_parse("SeTcb", &mask), -EINVAL);
	KUNIT_EXPECT_EQ(test, peios_privilege_parse("SeTcbPrivilegeX", &mask),
			-EINVAL);
}

/* All of the eight states. */
static void unix_identity(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		const struct peios_unix state = {
			.some_uid_0 = i & 1,
			.sys_resource = i & 2,
			.init_user_ns = i & 4,
		};
		unsigned int lost = peios_unix_lost(&state);

		KUNIT_EXPECT_EQ(test, !!(lost & PEIOS_LOST_ROOT), !(i & 1));
		KUNIT_EXPECT_EQ(test, !!(lost & PEIOS_LOST_TCB), i != 7);
	}
}

static void what_is_lost_is_not_present(struct kunit *test)
{
	struct peios_token token = { .present = PEIOS_PRIV_ALL };

	KUNIT_EXPECT_EQ(test, peios_token_present(&token, 0), PEIOS_PRIV_ALL);
	KUNIT_EXPECT_EQ(test, peios_token_present(&token, PEIOS_LOST_TCB),
			PEIOS_PRIV_USER);
	KUNIT_EXPECT_EQ(test, peios_token_present(&token, PEIOS_LOST_ROOT |
						  PEIOS_LOST_TCB),
			PEIOS_PRIV_USER);
	KUNIT_EXPECT_EQ(test, PEIOS_PRIV_USER & PEIOS_PRIV_TCB, 0);
	token.assigned = true;
	KUNIT_EXPECT_EQ(test, peios_token_present(&token, PEIOS_LOST_TCB),
			PEIOS_PRIV_ALL);
}

static void check_decision(struct kunit *test, short old, short new,
			   u64 writer, u64 opener)
{
	bool both = writer & PEIOS_PRIV_TCB && opener & PEIOS_PRIV_TCB;

	KUNIT_EXPECT_EQ(test, peios_adj_permitted(old, new, writer, opener),
			new >= old || both);
}

static void adj_decision(struct kunit *test)
{
	static const u64 sets[] = {
		0, PEIOS_PRIV_TCB, PEIOS_PRIV_ALL & ~PEIOS_PRIV_TCB,
		PEIOS_PRIV_ALL,
	};
	static const short values[] = { -1000, -999, -1, 0, 1, 999, 1000 };
	unsigned int old, new, writer, opener;

	for (old = 0; old < ARRAY_SIZE(values); old++)
		for (new = 0; new < ARRAY_SIZE(values); new++)
			for (writer = 0; writer < 4; writer++)
				for (opener = 0; opener < 4; opener++)
					check_decision(test, values[old],
						       values[new], sets[writer],
						       sets[opener]);
}

#ifdef CONFIG_SECURITY_SYSCTL
/* The writer, the opener, and nobody's program: each has a say. */
static void sysctl_decision(struct kunit *test)
{
	static const u64 sets[] = {
		0, PEIOS_PRIV_TCB, PEIOS_PRIV_ALL & ~PEIOS_PRIV_TCB,
		PEIOS_PRIV_ALL,
	};
	unsigned int writer, opener, replaced;

	for (writer = 0; writer < ARRAY_SIZE(sets); writer++)
		for (opener = 0; opener < ARRAY_SIZE(sets); opener++)
			for (replaced = 0; replaced < 2; replaced++) {
				int want = writer % 2 == 0 ? PEIOS_SYSCTL_WRITER :
					   opener % 2 == 0 ? PEIOS_SYSCTL_OPENER :
					   replaced ? PEIOS_SYSCTL_REPLACED :
					   PEIOS_SYSCTL_FREE;

				KUNIT_EXPECT_EQ(test, want,
						(int)peios_sysctl_refusal(sets[writer],
									  sets[opener],
									  replaced));
			}
}
#endif

static int parse(struct kunit *test, const char *text,
		 struct peios_command *command)
{
	char *copy = kunit_kstrdup(test, text, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	return peios_command_parse(copy, command);
}

static void commands(struct kunit *test)
{
	struct peios_command command;

	KUNIT_EXPECT_EQ(test, parse(test, "enable SeTcbPrivilege", &command), 0);
	KUNIT_EXPECT_EQ(test, (int)command.kind, (int)PEIOS_ENABLE);
	KUNIT_EXPECT_EQ(test, command.privileges, PEIOS_PRIV_TCB);
	KUNIT_EXPECT_EQ(test, parse(test,
				    "remove SeTcbPrivilege,SeCreateTokenPrivilege",
				    &command), 0);
	KUNIT_EXPECT_EQ(test, command.privileges,
			PEIOS_PRIV_TCB | PEIOS_PRIV_CREATE_TOKEN);

	KUNIT_ASSERT_EQ(test, parse(test,
				    "replace deny=S-1-5-3 groups=S-1-1-0,S-1-5-2 user=S-1-5-18 enabled= privileges=SeTcbPrivilege",
				    &command), 0);
	KUNIT_EXPECT_TRUE(test, peios_sid_equal(&command.token->user,
						&peios_sid_system));
	KUNIT_EXPECT_EQ(test, command.token->nr_groups, 2);
	KUNIT_EXPECT_EQ(test, command.token->nr_deny, 1);
	KUNIT_EXPECT_EQ(test, command.token->groups[2].sub[0], 3);
	KUNIT_EXPECT_EQ(test, command.token->present, PEIOS_PRIV_TCB);
	KUNIT_EXPECT_EQ(test, command.token->enabled, 0);
	KUNIT_EXPECT_TRUE(test, command.token->assigned);
	kfree(command.token);
}

/* Nothing that comes of random damage may crash, leak or half succeed. */
static void commands_mutated(struct kunit *test)
{
	static const char * const seeds[] = {
		"enable SeTcbPrivilege,SeDebugPrivilege",
		"remove SeAuditPrivilege",
		"replace user=S-1-5-18 groups=S-1-1-0,S-1-5-32-544 deny=S-1-5-7 privileges=SeTcbPrivilege,SeAuditPrivilege enabled=SeTcbPrivilege",
	};
	static const char alphabet[] = "=, -S1590xeabled\n";
	unsigned int taken = 0, run;
	char text[256], copy[256];
	struct rnd_state rnd;

	prandom_seed_state(&rnd, SEED + 1);
	for (run = 0; run < 100000; run++) {
		struct peios_command command = {};
		unsigned int len, damage, i;

		strscpy(text, seeds[prandom_u32_state(&rnd) % ARRAY_SIZE(seeds)]);
		len = strlen(text);
		damage = prandom_u32_state(&rnd) % 4;
		for (i = 0; i < damage; i++)
			text[prandom_u32_state(&rnd) % len] =
				alphabet[prandom_u32_state(&rnd) %
					 (sizeof(alphabet) - 1)];
		if (prandom_u32_state(&rnd) % 4 == 0)
			text[prandom_u32_state(&rnd) % len] = '\0';
		strscpy(copy, text);
		if (peios_command_parse(text, &command)) {
			if (command.token)
				break;
			continue;
		}
		taken++;
		if (command.kind == PEIOS_REPLACE) {
			if (!command.token || !command.token->assigned ||
			    command.token->enabled & ~command.token->present)
				break;
			kfree(command.token);
		} else if (!command.privileges ||
			   command.privileges & ~PEIOS_PRIV_ALL) {
			break;
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, run, 100000, "on '%s'", copy);
	KUNIT_EXPECT_GT(test, taken, 1000);
}

/* Whatever the commands, no privilege comes back or appears. */
static void privileges_only_leave(struct kunit *test)
{
	struct rnd_state rnd;
	int run, steps;

	prandom_seed_state(&rnd, SEED + 2);
	for (run = 0; run < 2000; run++) {
		struct peios_token *token = peios_token_alloc(0);
		u64 before = PEIOS_PRIV_ALL;

		KUNIT_ASSERT_NOT_NULL(test, token);
		token->present = PEIOS_PRIV_ALL;
		token->enabled = PEIOS_PRIV_ALL;
		for (steps = 0; steps < 20; steps++) {
			struct peios_command command = {
				.kind = prandom_u32_state(&rnd) % 4,
			};
			struct peios_token *new = token, wanted = {};
			unsigned int lost = prandom_u32_state(&rnd) % 8 ?
					    0 : PEIOS_LOST_TCB;
			u64 lacks;
			int err;

			command.privileges = BIT_ULL(2 + prandom_u32_state(&rnd) % 35);
			command.privileges |= BIT_ULL(2 + prandom_u32_state(&rnd) % 35);
			wanted.present = command.privileges;
			wanted.enabled = command.privileges;
			wanted.assigned = true;
			command.token = &wanted;
			lacks = peios_token_lacks(token, lost, &command);
			err = peios_token_apply(token, lost, &command, &new);
			KUNIT_ASSERT_EQ(test, err, lacks ? -EPERM : 0);
			if (err) {
				KUNIT_ASSERT_PTR_EQ(test, new, token);
				continue;
			}
			KUNIT_ASSERT_EQ(test, new->present & ~before, 0);
			KUNIT_ASSERT_EQ(test, new->enabled & ~new->present, 0);
			before = new->present;
			kfree(token);
			token = new;
		}
		kfree(token);
	}
}

static void replacing_needs_the_privilege(struct kunit *test)
{
	struct peios_token old = {
		.present = PEIOS_PRIV_ALL,
		.enabled = PEIOS_PRIV_ALL & ~PEIOS_PRIV_CREATE_TOKEN,
	};
	struct peios_token wanted = { .assigned = true };
	const struct peios_command command = {
		.kind = PEIOS_REPLACE, .token = &wanted,
	};
	struct peios_token *new = NULL;

	KUNIT_EXPECT_EQ(test, peios_token_apply(&old, 0, &command, &new), -EPERM);
	KUNIT_EXPECT_EQ(test, peios_token_lacks(&old, 0, &command),
			PEIOS_PRIV_CREATE_TOKEN);
	wanted.present = PEIOS_PRIV_TCB | PEIOS_PRIV_CHANGE_NOTIFY;
	KUNIT_EXPECT_EQ(test, peios_token_lacks(&old, PEIOS_LOST_TCB, &command),
			PEIOS_PRIV_CREATE_TOKEN | PEIOS_PRIV_TCB);
	wanted.present = 0;
	old.enabled = PEIOS_PRIV_ALL;
	KUNIT_EXPECT_EQ(test, peios_token_apply(&old, PEIOS_LOST_TCB, &command,
						&new), -EPERM);
	KUNIT_EXPECT_NULL(test, new);
	KUNIT_EXPECT_EQ(test, peios_token_apply(&old, 0, &command, &new), 0);
	KUNIT_ASSERT_NOT_NULL(test, new);
	KUNIT_EXPECT_EQ(test, new->present, 0);
	kfree(new);
}

static struct kunit_case peios_cases[] = {
	KUNIT_CASE(sid_text_round_trip),
	KUNIT_CASE(sid_bad_text),
	KUNIT_CASE(sid_random_round_trip),
	KUNIT_CASE(privilege_names),
	KUNIT_CASE(unix_identity),
	KUNIT_CASE(what_is_lost_is_not_present),
	KUNIT_CASE(adj_decision),
#ifdef CONFIG_SECURITY_SYSCTL
	KUNIT_CASE(sysctl_decision),
#endif
	KUNIT_CASE(commands),
	KUNIT_CASE(commands_mutated),
	KUNIT_CASE(privileges_only_leave),
	KUNIT_CASE(replacing_needs_the_privilege),
	{}
};

static struct kunit_suite peios_suite = {
	.name = "peios",
	.test_cases = peios_cases,
};

kunit_test_suite(peios_suite);

MODULE_DESCRIPTION("KUnit tests for the Peios LSM");
MODULE_LICENSE("GPL");
