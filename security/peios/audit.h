/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records and counts of decisions.
 */
#ifndef _SECURITY_PEIOS_AUDIT_H
#define _SECURITY_PEIOS_AUDIT_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/types.h>

#include "access.h"
#include "sysctl.h"

struct file;
struct task_struct;

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
 * struct peios_record - the content of an audit record
 * @op: the operation that was asked for
 * @subject: the credential whose token was checked
 * @target: a task of the process that was to be accessed; for an object, the
 *	current task
 * @maker: the maker of the object that was to be accessed; NULL for a process
 * @granted: a privilege was used to allow it; otherwise, it was refused
 * @check: the check that refused
 * @rights: the rights on @target that were refused
 * @privileges: the missing privileges; if @granted, those that were used
 * @adj: the record is about a change of oom_score_adj from @old to @new
 * @by_opener: @subject is the opener of the file that was written to
 * @always: it is refused in permissive mode, too
 * @old: current value of oom_score_adj
 * @new: requested value
 */
struct peios_record {
	const char *op;
	const struct cred *subject;
	struct task_struct *target;
	const struct cred *maker;
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

void peios_audit_user(const struct cred *cred, struct peios_sid *sid);
void peios_audit(const struct peios_record *record);
bool peios_refuse(const struct peios_record *record);
void peios_audit_sysctl_refused(struct file *file,
				enum peios_sysctl_refusal why);
void peios_audit_sysctl_written(struct file *file, const char *old,
				const char *new);

void __init peios_init_audit(void);

#endif /* _SECURITY_PEIOS_AUDIT_H */
