// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - /sys/kernel/security/peios and the text of a token
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/peios.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/uidgid.h>

#include "common.h"
#include "privilege.h"

static void show_sid(struct seq_file *m, char before,
		     const struct peios_sid *sid)
{
	char text[PEIOS_SID_TEXT_MAX];

	peios_sid_format(sid, text, sizeof(text));
	seq_putc(m, before);
	seq_puts(m, text);
}

static void show_sids(struct seq_file *m, const struct peios_sid *sids,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		show_sid(m, i ? ',' : ' ', &sids[i]);
}

/* The effective and the supplementary groups of a Unix user. */
static void show_unix_groups(struct seq_file *m, const struct cred *cred)
{
	const struct group_info *groups = cred->group_info;
	struct peios_sid sid;
	int i;

	peios_sid_from_gid(__kgid_val(cred->egid), &sid);
	show_sid(m, ' ', &sid);
	for (i = 0; i < groups->ngroups; i++) {
		if (gid_eq(groups->gid[i], cred->egid))
			continue;
		peios_sid_from_gid(__kgid_val(groups->gid[i]), &sid);
		show_sid(m, ',', &sid);
	}
}

static void show_privileges(struct seq_file *m, const char *key, u64 mask)
{
	char before = ' ';
	unsigned int i;

	seq_puts(m, key);
	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		seq_putc(m, before);
		seq_puts(m, peios_privilege_name(i));
		before = ',';
	}
	seq_putc(m, '\n');
}

/**
 * peios_token_show() - show a token as text
 * @m: the file
 * @cred: the credential whose token it is
 *
 * Context: process context; the caller holds a reference to @cred.
 * Return: 0, or -EINVAL without Peios.
 */
int peios_token_show(struct seq_file *m, const struct cred *cred)
{
	const struct peios_token *token;
	bool unix_user;
	struct peios_sid user;

	if (!peios_initialized)
		return -EINVAL;
	token = peios_cred(cred)->token;
	unix_user = peios_cred_lost(cred) & PEIOS_LOST_ROOT;

	peios_cred_user(cred, &user);
	seq_puts(m, "user");
	show_sid(m, ' ', &user);
	seq_puts(m, "\ngroups");
	if (unix_user)
		show_unix_groups(m, cred);
	else
		show_sids(m, token->groups, token->nr_groups);
	seq_puts(m, "\ndeny");
	if (!unix_user)
		show_sids(m, token->groups + token->nr_groups, token->nr_deny);
	seq_putc(m, '\n');
	show_privileges(m, "present", peios_cred_present(cred));
	show_privileges(m, "enabled", peios_cred_enabled(cred));
	show_privileges(m, "used", atomic64_read(&token->used));
	seq_printf(m, "origin %s\n", token->assigned ? "assigned" : "unix");
	return 0;
}

static int status_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "mode %s\n", peios_enforcing ? "enforcing" : "permissive");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

static int privileges_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++)
		seq_printf(m, "%u %s\n", i, peios_privilege_name(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(privileges);

static int stats_show(struct seq_file *m, void *unused)
{
	static const char * const names[PEIOS_NR_STATS] = {
		[PEIOS_STAT_LOWERED]	= "oom_score_adj_lowered",
		[PEIOS_STAT_REFUSED]	= "oom_score_adj_refused",
		[PEIOS_STAT_PERMITTED]	= "oom_score_adj_would_refuse",
		[PEIOS_STAT_UNRECORDED]	= "audit_records_suppressed",
		[PEIOS_STAT_SYSCTL_WRITTEN]	= "sysctl_written",
		[PEIOS_STAT_SYSCTL_REFUSED]	= "sysctl_refused",
		[PEIOS_STAT_SYSCTL_PERMITTED]	= "sysctl_would_refuse",
	};
	unsigned int i;

	for (i = 0; i < PEIOS_NR_STATS; i++)
		seq_printf(m, "%s %lld\n", names[i],
			   atomic64_read(&peios_stats[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int __init peios_fs_init(void)
{
	static const struct {
		const char *name;
		const struct file_operations *fops;
	} files[] = {
		{ "status", &status_fops },
		{ "privileges", &privileges_fops },
		{ "stats", &stats_fops },
	};
	struct dentry *dir;
	unsigned int i;

	if (!peios_initialized)
		return 0;
	dir = securityfs_create_dir(PEIOS_NAME, NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		struct dentry *file = securityfs_create_file(files[i].name, 0444,
							     dir, NULL,
							     files[i].fops);

		if (IS_ERR(file)) {
			securityfs_recursive_remove(dir);
			return PTR_ERR(file);
		}
	}
	return 0;
}
fs_initcall(peios_fs_init);
