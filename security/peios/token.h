/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens: who a process is and what it may do.
 */
#ifndef _SECURITY_PEIOS_TOKEN_H
#define _SECURITY_PEIOS_TOKEN_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "sid.h"

#define PEIOS_GROUPS_MAX	64

/**
 * struct peios_token - an identity with groups and privileges
 * @usage: credentials that refer to it
 * @assigned: set by a holder of SeCreateTokenPrivilege; does not follow the
 *	Unix identity
 * @present: privileges that it has
 * @enabled: those of @present that count
 * @enabled_default: those that were enabled when the token was made
 * @used: those that a decision has relied on; bits are only ever added
 * @user: the user
 * @nr_groups: groups in @groups
 * @nr_deny: deny-only groups, in @groups after the others
 * @groups: groups that are enabled, then those that are deny-only
 *
 * Immutable once credentials refer to it, except for @usage and @used.
 */
struct peios_token {
	refcount_t usage;
	bool assigned;
	u64 present;
	u64 enabled;
	u64 enabled_default;
	atomic64_t used;
	struct peios_sid user;
	unsigned int nr_groups;
	unsigned int nr_deny;
	struct peios_sid groups[];
};

/* What a token that follows the Unix identity has lost so far; never cleared */
#define PEIOS_LOST_TCB		0x1	/* the TCB's privileges */
#define PEIOS_LOST_ROOT		0x2	/* the identity of the system */

/**
 * struct peios_unix - the state of a credential that limits its token
 * @some_uid_0: one of its real, effective, saved and filesystem uid is 0
 * @sys_resource: CAP_SYS_RESOURCE is in its permitted and bounding sets
 * @init_user_ns: it belongs to the initial user namespace
 */
struct peios_unix {
	bool some_uid_0;
	bool sys_resource;
	bool init_user_ns;
};

unsigned int peios_unix_lost(const struct peios_unix *state);
u64 peios_token_present(const struct peios_token *token, unsigned int lost);

/**
 * enum peios_command_kind - what a write to attr/peios/token requests
 * @PEIOS_ENABLE: enable privileges that are present
 * @PEIOS_DISABLE: disable privileges
 * @PEIOS_REMOVE: remove privileges for good
 * @PEIOS_REPLACE: take another token
 */
enum peios_command_kind {
	PEIOS_ENABLE,
	PEIOS_DISABLE,
	PEIOS_REMOVE,
	PEIOS_REPLACE,
};

/**
 * struct peios_command - a parsed command
 * @kind: the kind of command
 * @privileges: what to enable, disable or remove
 * @token: the token to take, for PEIOS_REPLACE
 */
struct peios_command {
	enum peios_command_kind kind;
	u64 privileges;
	struct peios_token *token;
};

struct peios_token *peios_token_alloc(unsigned int nr_sids);
int peios_command_parse(char *text, struct peios_command *command);
u64 peios_token_lacks(const struct peios_token *old, unsigned int lost,
		      const struct peios_command *command);
int peios_token_apply(const struct peios_token *old, unsigned int lost,
		      const struct peios_command *command,
		      struct peios_token **new);

#endif /* _SECURITY_PEIOS_TOKEN_H */
