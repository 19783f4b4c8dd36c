// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - records and counts of decisions
 */

#include <linux/audit.h>
#include <linux/container_of.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/lsm_audit.h>
#include <linux/ratelimit.h>
#include <linux/string.h>

#include "common.h"

atomic64_t peios_stats[PEIOS_NR_STATS];

/* Ten records in five seconds; what is left out is counted, not logged. */
static struct ratelimit_state audit_limit =
	RATELIMIT_STATE_INIT_FLAGS(audit_limit, 5 * HZ, 10,
				   RATELIMIT_MSG_ON_RELEASE);

struct adj_record {
	struct common_audit_data common;
	const struct cred *subject;
	short old;
	short new;
	bool by_opener;
};

static void log_adj(struct audit_buffer *ab, void *data)
{
	const struct adj_record *record =
		container_of(data, struct adj_record, common);
	char text[PEIOS_SID_TEXT_MAX];
	struct peios_sid sid;

	peios_cred_user(record->subject, &sid);
	peios_sid_format(&sid, text, sizeof(text));
	audit_log_format(ab, "lsm=peios %s op=set_oom_score_adj ssid=%s",
			 peios_enforcing ? "denied" : "permitted", text);
	audit_log_format(ab, " old=%d new=%d missing=SeTcbPrivilege of=%s",
			 record->old, record->new,
			 record->by_opener ? "opener" : "writer");
}

/**
 * peios_audit_adj() - record that oom_score_adj may not be lowered
 * @target: a task of the process
 * @opener: credentials of the file's opener; current is the writer
 * @old: value now
 * @new: value wanted
 * @by_opener: it is the opener that lacks the privilege, not the writer
 *
 * Context: any, does not sleep.
 */
void peios_audit_adj(struct task_struct *target, const struct cred *opener,
		     short old, short new, bool by_opener)
{
	struct adj_record record = {
		.common.type = LSM_AUDIT_DATA_TASK,
		.common.u.tsk = target,
		.subject = by_opener ? opener : current_cred(),
		.old = old,
		.new = new,
		.by_opener = by_opener,
	};

	if (!__ratelimit(&audit_limit)) {
		atomic64_inc(&peios_stats[PEIOS_STAT_UNRECORDED]);
		return;
	}
	common_lsm_audit(&record.common, log_adj, NULL);
}

struct sysctl_record {
	struct common_audit_data common;
	struct file *file;
	enum peios_sysctl_refusal why;
	const char *old;
	const char *new;
};

/*
 * The name within proc: a path through the mount that was used could be made to
 * look like anything.
 */
static void log_sysctl_name(struct audit_buffer *ab, struct file *file)
{
	static const char root[] = "/sys/";
	char buffer[128], *name;

	name = dentry_path_raw(file->f_path.dentry, buffer, sizeof(buffer));
	if (IS_ERR(name))
		name = "/sys/?";
	if (!strncmp(name, root, strlen(root)))
		name += strlen(root);
	audit_log_format(ab, " sysctl=");
	audit_log_untrustedstring(ab, name);
}

static void log_sysctl(struct audit_buffer *ab, void *data)
{
	const struct sysctl_record *record =
		container_of(data, struct sysctl_record, common);
	bool by_opener = record->why == PEIOS_SYSCTL_OPENER;
	char text[PEIOS_SID_TEXT_MAX];
	const char *verdict = "granted";
	struct peios_sid sid;

	if (record->why != PEIOS_SYSCTL_FREE)
		verdict = peios_enforcing ? "denied" : "permitted";
	peios_cred_user(by_opener ? record->file->f_cred : current_cred(),
			&sid);
	peios_sid_format(&sid, text, sizeof(text));
	audit_log_format(ab, "lsm=peios %s op=write_sysctl ssid=%s", verdict,
			 text);
	log_sysctl_name(ab, record->file);
	switch (record->why) {
	case PEIOS_SYSCTL_FREE:
		audit_log_format(ab, " old=");
		audit_log_untrustedstring(ab, record->old);
		audit_log_format(ab, " new=");
		audit_log_untrustedstring(ab, record->new);
		break;
	case PEIOS_SYSCTL_REPLACED:
		audit_log_format(ab, " replaced_by=bpf");
		break;
	default:
		audit_log_format(ab, " missing=SeTcbPrivilege of=%s",
				 by_opener ? "opener" : "writer");
	}
}

/**
 * peios_audit_sysctl_refused() - record that a sysctl may not be written
 * @file: the file of the sysctl; current is the writer
 * @why: who may not
 *
 * Context: process context.
 */
void peios_audit_sysctl_refused(struct file *file,
				enum peios_sysctl_refusal why)
{
	struct sysctl_record record = {
		.common.type = LSM_AUDIT_DATA_NONE,
		.file = file,
		.why = why,
	};

	if (!__ratelimit(&audit_limit)) {
		atomic64_inc(&peios_stats[PEIOS_STAT_UNRECORDED]);
		return;
	}
	common_lsm_audit(&record.common, log_sysctl, NULL);
}

/**
 * peios_audit_sysctl_written() - record that a sysctl was written
 * @file: the file of the sysctl; current is the writer
 * @old: its value before, as text
 * @new: its value now
 *
 * Not ratelimited: a change of policy must not hide behind others, and only who
 * is trusted can cause one.
 *
 * Context: process context.
 */
void peios_audit_sysctl_written(struct file *file, const char *old,
				const char *new)
{
	struct sysctl_record record = {
		.common.type = LSM_AUDIT_DATA_NONE,
		.file = file,
		.why = PEIOS_SYSCTL_FREE,
		.old = old,
		.new = new,
	};

	common_lsm_audit(&record.common, log_sysctl, NULL);
}
