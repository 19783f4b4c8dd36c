// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - records and counts of decisions
 */

#include <linux/audit.h>
#include <linux/container_of.h>
#include <linux/lsm_audit.h>
#include <linux/ratelimit.h>

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
