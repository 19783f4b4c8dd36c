// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the gate on sysctls that are policy
 */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/lsm_hooks.h>
#include <linux/sysctl.h>

#include "audit.h"
#include "cred.h"
#include "privilege.h"
#include "setup.h"
#include "sysctl.h"

/**
 * peios_sysctl_refusal() - may a policy sysctl be written?
 * @writer: privileges that the writer has enabled
 * @opener: privileges that the opener of the file has enabled
 * @replaced: a BPF program has replaced the writer's value, or has moved the
 *	position
 *
 * Both need SeTcbPrivilege, as for oom_score_adj. A value that neither of them
 * has chosen is always refused: Peios does not know whose program it comes
 * from.
 *
 * Return: the reason for a refusal, or PEIOS_SYSCTL_FREE if it may be written.
 */
enum peios_sysctl_refusal peios_sysctl_refusal(u64 writer, u64 opener,
					       bool replaced)
{
	if (!(writer & PEIOS_PRIV_TCB))
		return PEIOS_SYSCTL_WRITER;
	if (!(opener & PEIOS_PRIV_TCB))
		return PEIOS_SYSCTL_OPENER;
	return replaced ? PEIOS_SYSCTL_REPLACED : PEIOS_SYSCTL_FREE;
}

static int hook_sysctl_write(struct file *file, const struct ctl_table *table,
			     bool replaced)
{
	const struct cred *writer = current_cred();
	enum peios_sysctl_refusal why;

	why = peios_sysctl_refusal(peios_current_enabled(),
				   peios_cred_enabled(file->f_cred), replaced);
	if (why == PEIOS_SYSCTL_FREE) {
		peios_cred_use(writer, PEIOS_PRIV_TCB);
		peios_cred_use(file->f_cred, PEIOS_PRIV_TCB);
		return 0;
	}

	atomic64_inc(&peios_stats[peios_enforcing ?
				  PEIOS_STAT_SYSCTL_REFUSED :
				  PEIOS_STAT_SYSCTL_PERMITTED]);
	peios_audit_sysctl_refused(file, why);
	return peios_enforcing ? -EACCES : 0;
}

static void hook_sysctl_written(struct file *file,
				const struct ctl_table *table,
				const char *old, const char *new)
{
	atomic64_inc(&peios_stats[PEIOS_STAT_SYSCTL_WRITTEN]);
	peios_audit_sysctl_written(file, old, new);
}

static struct security_hook_list sysctl_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(sysctl_write, hook_sysctl_write),
	LSM_HOOK_INIT(sysctl_written, hook_sysctl_written),
};

/**
 * peios_add_sysctl_hooks() - register the hooks
 */
void __init peios_add_sysctl_hooks(void)
{
	security_add_hooks(sysctl_hooks, ARRAY_SIZE(sysctl_hooks),
			   &peios_lsmid);
}
