// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the gate on oom_score_adj
 */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/lsm_hooks.h>
#include <linux/sched.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "oom.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"

/**
 * peios_adj_permitted() - may oom_score_adj be changed?
 * @old: value now
 * @new: value wanted
 * @writer: privileges that the writer has enabled
 * @opener: privileges that the opener of the file has enabled
 *
 * Raising needs no privilege.  Lowering needs SeTcbPrivilege of both the writer
 * and the opener: the writer may have been handed the file, and the opener may
 * have made a program with more privileges write to it.
 *
 * Return: true if so.
 */
bool peios_adj_permitted(short old, short new, u64 writer, u64 opener)
{
	return new >= old || (writer & opener & PEIOS_PRIV_TCB);
}

/* Check if writer and opener may lower, and record the decision. */
static int check_lowering(struct task_struct *p, const struct cred *opener,
			  short old, short new)
{
	u64 writer = peios_current_enabled();
	struct peios_record record = {
		.op = "set_oom_score_adj",
		.subject = current_cred(),
		.target = p,
		.check = PEIOS_CHECK_PRIVILEGE,
		.privileges = PEIOS_PRIV_TCB,
		.adj = true,
		.old = old,
		.new = new,
	};

	if (peios_adj_permitted(old, new, writer, peios_cred_enabled(opener))) {
		peios_cred_use(current_cred(), PEIOS_PRIV_TCB);
		peios_cred_use(opener, PEIOS_PRIV_TCB);
		atomic64_inc(&peios_stats[PEIOS_STAT_LOWERED]);
		record.granted = true;
		record.check = PEIOS_CHECK_NONE;
		peios_audit(&record);
		return 0;
	}

	atomic64_inc(&peios_stats[peios_enforcing ? PEIOS_STAT_REFUSED :
						    PEIOS_STAT_PERMITTED]);
	record.by_opener = writer & PEIOS_PRIV_TCB;
	if (record.by_opener)
		record.subject = opener;
	peios_audit(&record);
	return -EACCES;
}

/* Called with oom_adj_mutex held, maybe under task_lock(): may not sleep. */
static int hook_task_set_oom_score_adj(struct task_struct *p,
				       const struct cred *opener,
				       short old, short new)
{
	int err;

	err = peios_opener_access(opener, p, PEIOS_PROCESS_SET_QUOTA,
				  "set_oom_score_adj");
	if (!err && new < old)
		err = check_lowering(p, opener, old, new);
	/* Permissive: Linux's rules decide, as they would without Peios. */
	if (!peios_enforcing)
		return 0;
	return err ?: 1;
}

static int hook_task_query_oom(struct task_struct *p, const struct cred *opener)
{
	return peios_opener_access(opener, p, PEIOS_PROCESS_QUERY_INFORMATION,
				   "query_oom");
}

static struct security_hook_list oom_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_set_oom_score_adj, hook_task_set_oom_score_adj),
	LSM_HOOK_INIT(task_query_oom, hook_task_query_oom),
};

/**
 * peios_add_oom_hooks() - register the hooks
 */
void __init peios_add_oom_hooks(void)
{
	security_add_hooks(oom_hooks, ARRAY_SIZE(oom_hooks), &peios_lsmid);
}
