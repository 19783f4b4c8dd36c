// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - /sys/kernel/security/peios and the text of a token
 */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/peios.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include <linux/unaligned.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "privilege.h"
#include "process.h"
#include "sd.h"
#include "setup.h"

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
	/* Tokens that kept what this one has lost may share this one. */
	show_privileges(m, "used", atomic64_read(&token->used) &
				   peios_cred_present(cred));
	seq_printf(m, "origin %s\n", token->assigned ? "assigned" : "unix");
	return 0;
}

static int status_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "mode %s\n", peios_enforcing ? "enforcing" : "permissive");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

static int query_show(struct seq_file *m, void *unused)
{
	seq_puts(m, peios_query_everyone() ? "everyone\n" : "owner\n");
	return 0;
}

static int query_open(struct inode *inode, struct file *file)
{
	return single_open(file, query_show, NULL);
}

/* Checks the writer, and the opener, which may have made it write. */
static int check_query_write(const struct cred *opener, bool everyone)
{
	const bool by_writer = peios_current_enabled() & PEIOS_PRIV_TCB;
	struct peios_record record = {
		.op = everyone ? "query_everyone" : "query_owner",
		.subject = by_writer ? opener : current_cred(),
		.target = current,
		.check = PEIOS_CHECK_PRIVILEGE,
		.privileges = PEIOS_PRIV_TCB,
		.by_opener = by_writer,
	};

	if (!by_writer || !(peios_cred_enabled(opener) & PEIOS_PRIV_TCB))
		return peios_refuse(&record) ? -EACCES : 0;

	peios_cred_use(current_cred(), PEIOS_PRIV_TCB);
	peios_cred_use(opener, PEIOS_PRIV_TCB);
	record.granted = true;
	record.check = PEIOS_CHECK_NONE;
	record.by_opener = false;
	peios_audit(&record);
	return 0;
}

static ssize_t query_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	char text[16];
	bool everyone;
	int err;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	err = peios_parse_query(text, &everyone);
	if (!err)
		err = check_query_write(file->f_cred, everyone);
	if (err)
		return err;
	peios_set_query_everyone(everyone);
	return count;
}

static const struct file_operations query_fops = {
	.owner		= THIS_MODULE,
	.open		= query_open,
	.read		= seq_read,
	.write		= query_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

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
		[PEIOS_STAT_ACCESS_REFUSED]	= "access_refused",
		[PEIOS_STAT_ACCESS_PERMITTED]	= "access_would_refuse",
	};
	unsigned int i;

	for (i = 0; i < PEIOS_NR_STATS; i++)
		seq_printf(m, "%s %lld\n", names[i],
			   atomic64_read(&peios_stats[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * struct access_query - the state of an open "access" file
 * @lock: protects the other fields
 * @granted: the answer to the last question
 * @answered: the last question was granted
 */
struct access_query {
	struct mutex lock;	/* protects the fields below */
	u32 granted;
	bool answered;
};

static int access_open(struct inode *inode, struct file *file)
{
	struct access_query *query;

	query = kzalloc(sizeof(*query), GFP_KERNEL_ACCOUNT);
	if (!query)
		return -ENOMEM;
	mutex_init(&query->lock);
	file->private_data = query;
	return 0;
}

static int access_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

/* Run AccessCheck on a descriptor, for the token of the current thread. */
static int ask_access(const u8 *bytes, size_t size, u32 *granted)
{
	struct peios_identity who;
	struct peios_access result;
	struct peios_sd *sd;
	int err;

	err = peios_sd_parse(bytes + sizeof(u32), size - sizeof(u32),
			     GFP_KERNEL, &sd);
	if (err)
		return err;
	peios_cred_identity(current_cred(), &who);
	who.subject.privileges = peios_current_enabled();
	err = peios_access_check(&who.subject, sd, get_unaligned_le32(bytes),
				 &peios_process_mapping, &result);
	*granted = result.granted;
	kfree(sd);
	return err;
}

static ssize_t access_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	struct access_query *query = file->private_data;
	void *bytes;
	int err;

	if (count <= sizeof(u32) || count > sizeof(u32) + PEIOS_SD_MAX)
		return -EINVAL;
	bytes = memdup_user(buf, count);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);

	mutex_lock(&query->lock);
	err = ask_access(bytes, count, &query->granted);
	query->answered = !err;
	mutex_unlock(&query->lock);
	kfree(bytes);
	return err ? err : count;
}

static ssize_t access_read(struct file *file, char __user *buf, size_t count,
			   loff_t *ppos)
{
	struct access_query *query = file->private_data;
	char text[16];
	int len = 0;

	mutex_lock(&query->lock);
	if (query->answered)
		len = scnprintf(text, sizeof(text), "%08x\n", query->granted);
	mutex_unlock(&query->lock);
	return simple_read_from_buffer(buf, count, ppos, text, len);
}

static const struct file_operations access_fops = {
	.owner		= THIS_MODULE,
	.open		= access_open,
	.read		= access_read,
	.write		= access_write,
	.llseek		= default_llseek,
	.release	= access_release,
};

static int __init peios_fs_init(void)
{
	static const struct {
		const char *name;
		umode_t mode;
		const struct file_operations *fops;
	} files[] = {
		{ "status", 0444, &status_fops },
		{ "privileges", 0444, &privileges_fops },
		{ "stats", 0444, &stats_fops },
		{ "access", 0666, &access_fops },
		{ "query", 0644, &query_fops },
	};
	struct dentry *dir;
	unsigned int i;

	if (!peios_initialized)
		return 0;
	dir = securityfs_create_dir(PEIOS_NAME, NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		struct dentry *file = securityfs_create_file(files[i].name,
							     files[i].mode,
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
