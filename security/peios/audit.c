// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - records and counts of decisions
 */

#include <linux/audit.h>
#include <linux/bitops.h>
#include <linux/container_of.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/lsm_audit.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"
#include "sid.h"
#include "sysctl.h"

atomic64_t peios_stats[PEIOS_NR_STATS];

/*
 * Ten records of refusals in five seconds for each user that asks, so that one
 * user's flood does not hide the records of another. Further records are
 * counted but not logged. Two in @LIMITS users share a limit. Nobody can know
 * or choose which two.
 */
#define LIMITS	128

static struct ratelimit_state refusal_limits[LIMITS];
static siphash_key_t limits_key;

/* Subjects that are granted what is recorded are trusted. */
static struct ratelimit_state grant_limit =
	RATELIMIT_STATE_INIT_FLAGS(grant_limit, 5 * HZ, 10,
				   RATELIMIT_MSG_ON_RELEASE);

/**
 * peios_audit_user() - the user to whom a rate limit of records applies
 * @cred: the credential that asks
 * @sid: the result
 *
 * This is the user of the token. In a user namespace, it is the creator of the
 * outermost one, which may have many other users' ids there.
 *
 * Context: any; @cred can't go away.
 */
void peios_audit_user(const struct cred *cred, struct peios_sid *sid)
{
	const struct user_namespace *ns = cred->user_ns;

	if (ns == &init_user_ns) {
		peios_cred_user(cred, sid);
		return;
	}
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	peios_sid_from_uid(__kuid_val(ns->owner), sid);
}

static bool refusal_recorded(const struct cred *cred)
{
	struct peios_sid sid;
	u64 hash;

	peios_audit_user(cred, &sid);
	hash = siphash(sid.sub, sid.nr_subs * sizeof(sid.sub[0]), &limits_key);
	if (__ratelimit(&refusal_limits[hash % LIMITS]))
		return true;
	atomic64_inc(&peios_stats[PEIOS_STAT_UNRECORDED]);
	return false;
}

/**
 * peios_init_audit() - set up the limits
 */
void __init peios_init_audit(void)
{
	unsigned int i;

	for (i = 0; i < LIMITS; i++) {
		ratelimit_state_init(&refusal_limits[i], 5 * HZ, 10);
		ratelimit_set_flags(&refusal_limits[i],
				    RATELIMIT_MSG_ON_RELEASE);
	}
}

/* Random numbers are not available yet when security modules are set up. */
static int __init make_limits_key(void)
{
	get_random_bytes(&limits_key, sizeof(limits_key));
	return 0;
}
late_initcall(make_limits_key);

struct log_data {
	struct common_audit_data common;
	const struct peios_record *record;
};

static void log_user(struct audit_buffer *ab, const char *key,
		     const struct cred *cred)
{
	char text[PEIOS_SID_TEXT_MAX];
	struct peios_sid sid;

	peios_cred_user(cred, &sid);
	peios_sid_format(&sid, text, sizeof(text));
	audit_log_format(ab, " %s=%s", key, text);
}

/*
 * The format of SELinux's records, which ausearch and aureport read: the
 * verdict, the request in braces, the processes, then the two contexts and the
 * class.
 */
static void log_verdict(struct audit_buffer *ab, bool granted)
{
	audit_log_format(ab, "avc:  %s  {", granted ? "granted" : "denied");
}

static void log_rights(struct audit_buffer *ab, u32 rights)
{
	for (; rights; rights &= rights - 1) {
		u32 right = rights & -rights;
		const char *name = peios_right_name(right);

		if (name)
			audit_log_format(ab, " %s", name);
		else
			audit_log_format(ab, " 0x%x", right);
	}
}

/* One is enough to know what to grant next; SeTcbPrivilege matters most. */
static void log_privilege(struct audit_buffer *ab, const char *key, u64 mask)
{
	unsigned int number;

	if (!mask)
		return;
	number = __ffs64(mask & PEIOS_PRIV_TCB ?: mask);
	audit_log_format(ab, " %s=%s", key, peios_privilege_name(number));
}

static bool refuses(const struct peios_record *record)
{
	return peios_enforcing || record->always;
}

/* The part before the processes */
static void log_asked(struct audit_buffer *ab, void *data)
{
	const struct peios_record *record =
		container_of(data, struct log_data, common)->record;

	log_verdict(ab, record->granted);
	if (record->rights)
		log_rights(ab, record->rights);
	else
		audit_log_format(ab, " %s", record->op);
	audit_log_format(ab, " } for ");
}

/* The part after the processes */
static void log_record(struct audit_buffer *ab, void *data)
{
	const struct peios_record *record =
		container_of(data, struct log_data, common)->record;
	const struct peios_pip *pip = &peios_cred(record->subject)->pip;
	const struct cred *target;

	audit_log_format(ab, " lsm=peios op=%s", record->op);
	if (record->adj)
		audit_log_format(ab, " old=%d new=%d", record->old, record->new);
	if (!record->granted)
		audit_log_format(ab, " check=%s",
				 peios_check_name(record->check));
	log_privilege(ab, record->granted ? "privilege" : "missing",
		      record->privileges);
	if (record->by_opener || record->adj)
		audit_log_format(ab, " of=%s",
				 record->by_opener ? "opener" : "writer");
	if (record->check == PEIOS_CHECK_PIP)
		audit_log_format(ab, " spip=%u:%u", pip->type, pip->trust);

	guard(rcu)();
	target = record->maker ?: __task_cred(record->target);
	pip = &peios_cred(target)->pip;
	if (record->check == PEIOS_CHECK_PIP)
		audit_log_format(ab, " tpip=%u:%u", pip->type, pip->trust);
	log_user(ab, "scontext", record->subject);
	log_user(ab, "tcontext", target);
	audit_log_format(ab, " tclass=process permissive=%d",
			 !record->granted && !refuses(record));
}

/**
 * peios_audit() - record a decision
 * @record: what to record
 *
 * Context: any, does not sleep.
 */
void peios_audit(const struct peios_record *record)
{
	struct log_data data = {
		.common.type = LSM_AUDIT_DATA_TASK,
		.common.u.tsk = record->target,
		.record = record,
	};

	if (record->granted && !__ratelimit(&grant_limit)) {
		atomic64_inc(&peios_stats[PEIOS_STAT_UNRECORDED]);
		return;
	}
	if (!record->granted && !refusal_recorded(record->subject))
		return;
	common_lsm_audit(&data.common, log_asked, log_record);
}

/*
 * Whether the same process has been refused the same request in this second. It
 * is counted and recorded once. Otherwise, a process that looks at all
 * processes would drown the records of others. If two threads ask at once, both
 * may be counted. In an interrupt, it is unknown which process asked.
 */
static bool refused_just_now(const struct peios_record *record)
{
	struct peios_process *process = peios_task(current)->process;
	unsigned long what = (unsigned long)record->op +
			     jiffies / HZ * GOLDEN_RATIO_PRIME;

	if (!in_task())
		return false;
	if (READ_ONCE(process->refused) == what)
		return true;
	WRITE_ONCE(process->refused, what);
	return false;
}

/* Refused reading is recorded once for each process that reads. */
static bool reading_recorded(const struct peios_record *record)
{
	struct peios_process *process = peios_task(current)->process;

	if (record->rights != PEIOS_PROCESS_QUERY_INFORMATION || !in_task())
		return false;
	if (READ_ONCE(process->reading_refused))
		return true;
	WRITE_ONCE(process->reading_refused, true);
	return false;
}

/**
 * peios_refuse() - count and record a refusal
 * @record: what to record
 *
 * Counts and records once a second for each asking process and kind of request.
 * Reading is recorded once for each process.
 *
 * Context: any, does not sleep.
 * Return: true to refuse; false in permissive mode.
 */
bool peios_refuse(const struct peios_record *record)
{
	if (refused_just_now(record))
		return refuses(record);
	atomic64_inc(&peios_stats[refuses(record) ?
				  PEIOS_STAT_ACCESS_REFUSED :
				  PEIOS_STAT_ACCESS_PERMITTED]);
	if (!reading_recorded(record))
		peios_audit(record);
	return refuses(record);
}

struct sysctl_record {
	struct common_audit_data common;
	struct file *file;
	enum peios_sysctl_refusal why;
	const char *old;
	const char *new;
};

/*
 * The name within proc. A path through the mount that was used could be made to
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

static void log_sysctl_asked(struct audit_buffer *ab, void *data)
{
	const struct sysctl_record *record =
		container_of(data, struct sysctl_record, common);

	log_verdict(ab, record->why == PEIOS_SYSCTL_FREE);
	audit_log_format(ab, " write_sysctl } for ");
}

static void log_sysctl(struct audit_buffer *ab, void *data)
{
	const struct sysctl_record *record =
		container_of(data, struct sysctl_record, common);
	bool by_opener = record->why == PEIOS_SYSCTL_OPENER;

	audit_log_format(ab, " lsm=peios op=write_sysctl");
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
	log_user(ab, "scontext",
		 by_opener ? record->file->f_cred : current_cred());
	/* All sysctls were set up by init. */
	audit_log_format(ab, " tcontext=S-1-5-18 tclass=sysctl permissive=%d",
			 record->why != PEIOS_SYSCTL_FREE && !peios_enforcing);
}

/**
 * peios_audit_sysctl_refused() - record that a sysctl may not be written
 * @file: the file of the sysctl; current is the writer
 * @why: which of the writer and the opener may not, or why else it is refused
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

	if (!refusal_recorded(why == PEIOS_SYSCTL_OPENER ? file->f_cred :
							   current_cred()))
		return;
	common_lsm_audit(&record.common, log_sysctl_asked, log_sysctl);
}

/**
 * peios_audit_sysctl_written() - record that a sysctl was written
 * @file: the file of the sysctl; current is the writer
 * @old: its value before, as text
 * @new: its value now
 *
 * A change of policy must not be hidden by other records. So this record is not
 * rate-limited, and is not dropped while audit's queue is full but waits for
 * it, as system calls of an audited process do. Only a trusted process can
 * cause it.
 *
 * Context: process context, may sleep.
 */
void peios_audit_sysctl_written(struct file *file, const char *old,
				const char *new)
{
	struct sysctl_record record = {
		.file = file,
		.why = PEIOS_SYSCTL_FREE,
		.old = old,
		.new = new,
	};
	char comm[TASK_COMM_LEN];
	struct audit_buffer *ab;

	ab = audit_log_start(audit_context(), GFP_KERNEL, AUDIT_AVC);
	if (!ab)
		return;
	log_sysctl_asked(ab, &record.common);
	audit_log_format(ab, " pid=%d comm=", task_tgid_nr(current));
	audit_log_untrustedstring(ab, get_task_comm(comm, current));
	log_sysctl(ab, &record.common);
	audit_log_end(ab);
}
