/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logon policy: which token a session gets, and who may ask for privileges.
 *
 * rule.c	the text of a rule, and which rule is for whom; pure
 * policy.c	the tree of files below System/Logon, read as one
 * who.c	a user and its groups, as the C library knows them
 *
 * It is linked into pam_peios.so, peiosctl, peios-elevated and ksyncd.
 */
#ifndef _PEIOS_LOGON_H
#define _PEIOS_LOGON_H

#include "../../../security/peios/privilege.h"
#include "../../../security/peios/sid.h"

#define LOGON_REGISTRY		"/etc/peios/registry"
#define LOGON_DIR		"System/Logon"

/* What the kernel takes: see PEIOS_GROUPS_MAX, and a page for a command. */
#define LOGON_SIDS_MAX		64
#define LOGON_COMMAND_MAX	4096

/* Longest name of a user, group or service; SIDs and users in one rule. */
#define LOGON_NAME_MAX		64
#define LOGON_RULE_SIDS_MAX	16
#define LOGON_AS_MAX		8
#define LOGON_FILE_MAX		4096

/**
 * enum logon_verdict - what becomes of a session
 * @LOGON_TOKEN: it gets the token that the rules describe
 * @LOGON_UNIX: it keeps the token that follows the Unix identity
 * @LOGON_REFUSE: there is no session
 */
enum logon_verdict {
	LOGON_TOKEN,
	LOGON_UNIX,
	LOGON_REFUSE,
};

/**
 * struct logon_rule - what one file says
 * @verdict: what becomes of the session
 * @has_user: the token's user is @user; or else the Unix user's
 * @user: see @has_user
 * @unix_groups: the token has the user's Unix groups
 * @nr_groups: how many of @groups are used
 * @groups: groups besides
 * @nr_deny: how many of @deny are used
 * @deny: groups that count only where something is denied to them
 * @privileges: those that the token has
 * @enabled: those of them that count
 * @nr_as: how many of @as are used
 * @as: Unix users as which a command may be run; only for elevation
 */
struct logon_rule {
	enum logon_verdict verdict;
	bool has_user;
	struct peios_sid user;
	bool unix_groups;
	unsigned int nr_groups;
	struct peios_sid groups[LOGON_RULE_SIDS_MAX];
	unsigned int nr_deny;
	struct peios_sid deny[LOGON_RULE_SIDS_MAX];
	u64 privileges;
	u64 enabled;
	unsigned int nr_as;
	char as[LOGON_AS_MAX][LOGON_NAME_MAX];
};

/* Folders of rules */
enum logon_table {
	LOGON_SERVICES,
	LOGON_USERS,
	LOGON_GROUPS,
	LOGON_ELEVATE_USERS,
	LOGON_ELEVATE_GROUPS,
	LOGON_NR_TABLES,
};

/**
 * struct logon_entry - a rule in its place
 * @table: the folder
 * @name: of the user, group or service
 * @known: of a group: there is such a group, @gid
 * @gid: of a group: its number
 * @rule: the rule
 */
struct logon_entry {
	enum logon_table table;
	char name[LOGON_NAME_MAX];
	bool known;
	u32 gid;
	struct logon_rule rule;
};

/**
 * struct logon_policy - a policy as it was read
 * @on_error: what becomes of a session where the policy can't be used;
 *	LOGON_UNIX or LOGON_REFUSE
 * @no_rule: what becomes of one that no rule is for
 * @nr: how many @entries there are
 * @entries: the rules
 */
struct logon_policy {
	enum logon_verdict on_error;
	enum logon_verdict no_rule;
	unsigned int nr;
	struct logon_entry *entries;
};

/**
 * struct logon_who - whom a rule is looked for
 * @service: name of the PAM service, or NULL
 * @user: name of the user
 * @uid: its number
 * @gids: its Unix groups
 * @nr_gids: how many
 */
struct logon_who {
	const char *service;
	const char *user;
	u32 uid;
	const u32 *gids;
	unsigned int nr_gids;
};

/**
 * struct logon_result - what somebody gets
 * @verdict: what becomes of the session
 * @by: the rules that say so, or a reason
 * @user: the token's user
 * @nr_groups: how many of @sids are groups
 * @nr_deny: how many behind those are deny-only
 * @sids: the groups
 * @privileges: those that the token has
 * @enabled: those of them that count
 */
struct logon_result {
	enum logon_verdict verdict;
	char by[512];
	struct peios_sid user;
	unsigned int nr_groups;
	unsigned int nr_deny;
	struct peios_sid sids[LOGON_SIDS_MAX];
	u64 privileges;
	u64 enabled;
};

/*
 * Where messages go: one call a message. They quote names of files as these are: who
 * prints them makes text of them, see ../common/names.h.
 */
typedef void (*logon_say_t)(void *to, bool error, const char *text);

/* There is no policy; there is one that can't be used. */
#define LOGON_NONE	(-2)
#define LOGON_BAD	(-1)

/* rule.c */
extern const char * const logon_tables[LOGON_NR_TABLES];

int logon_rule_parse(char *text, size_t len, enum logon_table table,
		     struct logon_rule *rule, const char **why);
int logon_word_parse(char *text, size_t len, enum logon_verdict *verdict,
		     const char **why);
bool logon_name_valid(const char *name);
int logon_match(const struct logon_policy *policy, const struct logon_who *who,
		struct logon_result *result);
int logon_match_elevate(const struct logon_policy *policy,
			const struct logon_who *who, const char *as,
			const struct logon_who *target,
			struct logon_result *result);
int logon_command(const struct logon_result *result, char *text, size_t size);

/* policy.c */
int logon_load(const char *root, struct logon_policy *policy, logon_say_t say,
	       void *to);
void logon_free(struct logon_policy *policy);

/* rule.c: of the text of a token, see attr/peios/token */
bool logon_token_enables(char *text, const char *name);

/* who.c */
int logon_who_find(const char *user, const char *service,
		   struct logon_who *who);
void logon_who_free(struct logon_who *who);
int logon_resolve(struct logon_policy *policy);

#endif /* _PEIOS_LOGON_H */
