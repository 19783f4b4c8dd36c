// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the gate on oom_score_adj
 */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/lsm_hooks.h>
#include <linux/sched.h>

#include "common.h"
#include "privilege.h"

/**
 * peios_adj_permitted() - may oom_score_adj be changed?
 * @old: value now
 * @new: value wanted
 * @writer: privileges that the writer has enabled
 * @opener: privileges that the opener of the file has enabled
 *
 * Raising is free.  Lowering needs SeTcbPrivilege of both: of the writer, who
 * may have been handed the file, and of the opener, who may have got a program
 * with more privileges to write to it.
 *
 * Return: true if so.
 */
bool peios_adj_permitted(short old, short new, u64 writer, u64 opener)
{
	return new >= old || (writer & opener & PEIOS_PRIV_TCB);
}

/* Called with oom_adj_mutex held, maybe under task_lock(): may not sleep. */
static int hook_task_set_oom_score_adj(struct task_struct *p,
				       const struct cred *opener,
				       short old, short new)
{
	const struct cred *writer = current_cred();
	u64 by_writer = peios_cred_enabled(writer);

	if (peios_adj_permitted(old, new, by_writer,
				peios_cred_enabled(opener))) {
		if (new < old) {
			peios_cred_use(writer, PEIOS_PRIV_TCB);
			peios_cred_use(opener, PEIOS_PRIV_TCB);
			atomic64_inc(&peios_stats[PEIOS_STAT_LOWERED]);
		}
		return peios_enforcing;
	}

	atomic64_inc(&peios_stats[peios_enforcing ? PEIOS_STAT_REFUSED :
						    PEIOS_STAT_PERMITTED]);
	peios_audit_adj(p, opener, old, new, by_writer & PEIOS_PRIV_TCB);
	/* Permissive: Linux's rules decide, as they would without us. */
	return peios_enforcing ? -EACCES : 0;
}

static struct security_hook_list oom_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_set_oom_score_adj, hook_task_set_oom_score_adj),
};

/**
 * peios_add_oom_hooks() - register the hooks
 */
void __init peios_add_oom_hooks(void)
{
	security_add_hooks(oom_hooks, ARRAY_SIZE(oom_hooks), &peios_lsmid);
}
