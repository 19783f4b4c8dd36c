/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the Peios LSM share.
 */
#ifndef _SECURITY_PEIOS_COMMON_H
#define _SECURITY_PEIOS_COMMON_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/lsm_hooks.h>
#include <linux/types.h>

#include "access.h"
#include "token.h"

#define PEIOS_NAME	"peios"

extern bool peios_initialized;
extern bool peios_enforcing;
extern bool peios_deny_only_seen;
extern const struct lsm_id peios_lsmid;
extern struct lsm_blob_sizes peios_blob_sizes;

/**
 * struct peios_cred - the LSM's part of a credential
 * @token: the token, one reference held; NULL only in a blank credential
 * @lost: PEIOS_LOST_* bits of all credentials that this one was made from
 * @pip: integrity protection, the same in all threads of a process: it changes
 *	at exec and while there is one thread only
 */
struct peios_cred {
	struct peios_token *token;
	unsigned int lost;
	struct peios_pip pip;
};

static inline struct peios_cred *peios_cred(const struct cred *cred)
{
	return cred->security + peios_blob_sizes.lbs_cred;
}

/**
 * struct peios_identity - a credential's identity, gathered for a decision
 * @subject: who asks; refers to @user, and to the credential
 * @user: the user, if it is a Unix user
 */
struct peios_identity {
	struct peios_subject subject;
	struct peios_sid user;
};

unsigned int peios_cred_lost(const struct cred *cred);
u64 peios_cred_present(const struct cred *cred);
u64 peios_cred_enabled(const struct cred *cred);
void peios_cred_user(const struct cred *cred, struct peios_sid *sid);
void peios_cred_use(const struct cred *cred, u64 privilege);
void peios_cred_identity(const struct cred *cred, struct peios_identity *who);
u64 peios_current_enabled(void);

bool peios_adj_permitted(short old, short new, u64 writer, u64 opener);

/**
 * enum peios_sysctl_refusal - why a write to a sysctl that is policy is refused
 * @PEIOS_SYSCTL_FREE: it is not
 * @PEIOS_SYSCTL_WRITER: the writer lacks SeTcbPrivilege
 * @PEIOS_SYSCTL_OPENER: the opener lacks it
 * @PEIOS_SYSCTL_REPLACED: the value is a BPF program's
 */
enum peios_sysctl_refusal {
	PEIOS_SYSCTL_FREE,
	PEIOS_SYSCTL_WRITER,
	PEIOS_SYSCTL_OPENER,
	PEIOS_SYSCTL_REPLACED,
};

enum peios_sysctl_refusal peios_sysctl_refusal(u64 writer, u64 opener,
					       bool replaced);

/* What is counted, and shown in /sys/kernel/security/peios/stats. */
enum peios_stat {
	PEIOS_STAT_LOWERED,
	PEIOS_STAT_REFUSED,
	PEIOS_STAT_PERMITTED,
	PEIOS_STAT_UNRECORDED,
	PEIOS_STAT_SYSCTL_WRITTEN,
	PEIOS_STAT_SYSCTL_REFUSED,
	PEIOS_STAT_SYSCTL_PERMITTED,
	PEIOS_STAT_ACCESS_REFUSED,
	PEIOS_STAT_ACCESS_PERMITTED,
	PEIOS_NR_STATS,
};

extern atomic64_t peios_stats[PEIOS_NR_STATS];

/**
 * struct peios_record - what an audit record says
 * @op: what was asked for
 * @subject: whose token was asked
 * @target: a task of the process that it was asked for
 * @granted: a privilege was used to allow it; or else something was refused
 * @check: the check that refused
 * @rights: the rights on @target that were refused
 * @privileges: those that are missing; if @granted, those that were used
 * @adj: it is about oom_score_adj, to be changed from @old to @new
 * @by_opener: @subject is the opener of the file that was written to
 * @always: it is refused in permissive mode, too
 * @old: value of oom_score_adj now
 * @new: value wanted
 */
struct peios_record {
	const char *op;
	const struct cred *subject;
	struct task_struct *target;
	bool granted;
	enum peios_check check;
	u32 rights;
	u64 privileges;
	bool adj;
	bool by_opener;
	bool always;
	short old;
	short new;
};

void peios_audit(const struct peios_record *record);
bool peios_refuse(const struct peios_record *record);
void peios_audit_sysctl_refused(struct file *file,
				enum peios_sysctl_refusal why);
void peios_audit_sysctl_written(struct file *file, const char *old,
				const char *new);

void __init peios_add_cred_hooks(void);
void __init peios_add_process_hooks(void);
void __init peios_add_oom_hooks(void);
void __init peios_add_door_hooks(void);
#ifdef CONFIG_SECURITY_SYSCTL
void __init peios_add_sysctl_hooks(void);
#else
static inline void peios_add_sysctl_hooks(void)
{
}
#endif
void __init peios_add_commit_hooks(void);

#endif /* _SECURITY_PEIOS_COMMON_H */
