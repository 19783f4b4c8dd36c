// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - tokens in credentials
 *
 * A token that was derived from a Unix identity loses rights when the Unix
 * identity of its process does, and never regains any. There are many ways to
 * change an identity: the setuid family, capset, the bounding set, exec, user
 * namespaces, keyctl, io_uring personalities. Instead of hooking each of them,
 * Peios uses what they have in common:
 *
 *  - the privileges of a credential's token are computed from what the
 *    credential's own ids, capabilities and namespace leave of the token, so a
 *    change takes effect with the credential that makes it;
 *  - every credential is made from another one, and keeps for good a note of
 *    what that one had lost, so nothing comes back, for example by a
 *    setuid-root exec.
 */

#include <linux/cache.h>
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/lsm_hooks.h>
#include <linux/mm.h>
#include <linux/peios.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "audit.h"
#include "cred.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"

/* Some token has had deny-only groups, one of which could be Everyone. */
bool peios_deny_only_seen __read_mostly;

static struct peios_token *get_token(struct peios_token *token)
{
	if (token)
		refcount_inc(&token->usage);
	return token;
}

/* Callable in any context: a token without references is only memory. */
static void put_token(struct peios_token *token)
{
	if (token && refcount_dec_and_test(&token->usage))
		kfree(token);
}

static unsigned int lost_now(const struct cred *cred)
{
	const struct peios_unix state = {
		.some_uid_0 = uid_eq(cred->uid, GLOBAL_ROOT_UID) ||
			      uid_eq(cred->euid, GLOBAL_ROOT_UID) ||
			      uid_eq(cred->suid, GLOBAL_ROOT_UID) ||
			      uid_eq(cred->fsuid, GLOBAL_ROOT_UID),
		.sys_resource = cap_raised(cred->cap_permitted,
					   CAP_SYS_RESOURCE) &&
				cap_raised(cred->cap_bset, CAP_SYS_RESOURCE),
		.init_user_ns = cred->user_ns == &init_user_ns,
	};

	return peios_unix_lost(&state);
}

/**
 * peios_cred_lost() - what the token of a credential has lost
 * @cred: the credential
 *
 * Context: any; @cred can't go away.
 * Return: PEIOS_LOST_* bits, none for an assigned token.
 */
unsigned int peios_cred_lost(const struct cred *cred)
{
	const struct peios_cred *pc = peios_cred(cred);

	if (!pc->token || pc->token->assigned)
		return 0;
	return pc->lost | lost_now(cred);
}

/**
 * peios_cred_present() - the privileges that a credential has
 * @cred: the credential
 *
 * Context: any; @cred can't go away.
 * Return: the privileges' mask.
 */
u64 peios_cred_present(const struct cred *cred)
{
	const struct peios_cred *pc = peios_cred(cred);

	if (!pc->token || pc->borrowed)
		return 0;
	return peios_token_present(pc->token, peios_cred_lost(cred));
}

/**
 * peios_cred_enabled() - the privileges of a credential that count
 * @cred: the credential
 *
 * Context: any; @cred can't go away.
 * Return: the privileges' mask.
 */
u64 peios_cred_enabled(const struct cred *cred)
{
	const struct peios_token *token = peios_cred(cred)->token;

	return token ? token->enabled & peios_cred_present(cred) : 0;
}

/**
 * peios_cred_use() - record that a decision relied on a privilege
 * @cred: the credential that has it
 * @privilege: its bit
 *
 * Context: any; @cred can't go away.
 */
void peios_cred_use(const struct cred *cred, u64 privilege)
{
	struct peios_token *token = peios_cred(cred)->token;

	if (token && !(atomic64_read(&token->used) & privilege))
		atomic64_or(privilege, &token->used);
}

/**
 * peios_cred_user() - the user of a credential's token
 * @cred: the credential
 * @sid: the result
 *
 * Context: any; @cred can't go away.
 */
void peios_cred_user(const struct cred *cred, struct peios_sid *sid)
{
	const struct peios_token *token = peios_cred(cred)->token;

	if (!token || peios_cred_lost(cred) & PEIOS_LOST_ROOT)
		peios_sid_from_uid(__kuid_val(cred->euid), sid);
	else
		*sid = token->user;
}

static bool in_unix_group(const void *cred, u32 gid)
{
	const struct cred *c = cred;

	return gid_eq(c->egid, KGIDT_INIT(gid)) ||
	       groups_search(c->group_info, KGIDT_INIT(gid));
}

/**
 * peios_cred_identity() - gather the identity that a credential stands for
 * @cred: the credential
 * @who: the result, valid as long as @cred exists
 *
 * Context: any; @cred can't go away.
 */
void peios_cred_identity(const struct cred *cred, struct peios_identity *who)
{
	const struct peios_token *token = peios_cred(cred)->token;

	if (token && !(peios_cred_lost(cred) & PEIOS_LOST_ROOT)) {
		peios_subject_init(&who->subject, token);
	} else {
		peios_cred_user(cred, &who->user);
		who->subject = (struct peios_subject) {
			.user = &who->user,
			.unix_member = in_unix_group,
			.unix_groups = cred,
		};
	}
	who->subject.privileges = peios_cred_enabled(cred);
}

/**
 * peios_current_enabled() - the privileges that count for the current thread
 *
 * If other credentials override the thread's own, as an io_uring personality or
 * overlayfs does, a privilege must be in both, since the others may be from
 * before privileges were dropped. A thread of io_uring has no privileges: its
 * credentials date from when it, or the ring, was made, and any process that
 * has the ring, such as a child that inherited it, can give it work. Nothing
 * that takes a privilege needs a ring.
 *
 * Context: process context.
 * Return: the privileges' mask.
 */
u64 peios_current_enabled(void)
{
	const struct cred *cred = current_cred(), *real = current_real_cred();
	u64 enabled;

	if (unlikely(current->flags & PF_IO_WORKER))
		return 0;
	enabled = peios_cred_enabled(cred);
	if (unlikely(cred != real))
		enabled &= peios_cred_enabled(real);
	return enabled;
}

/**
 * peios_current_present() - the privileges that the current thread has
 *
 * As peios_current_enabled(), but includes those that are not enabled.
 *
 * Context: any in which current is the caller.
 * Return: the privileges' mask.
 */
u64 peios_current_present(void)
{
	const struct cred *cred = current_cred(), *real = current_real_cred();
	u64 present;

	if (unlikely(current->flags & PF_IO_WORKER))
		return 0;
	present = peios_cred_present(cred);
	if (unlikely(cred != real))
		present &= peios_cred_present(real);
	return present;
}

static void hook_cred_transfer(struct cred *new, const struct cred *old)
{
	struct peios_cred *to = peios_cred(new);

	to->token = get_token(peios_cred(old)->token);
	to->lost = peios_cred(old)->lost | lost_now(old);
	to->pip = peios_cred(old)->pip;
	to->modprobe = peios_cred(old)->modprobe;
	to->borrowed = peios_cred(old)->borrowed;
}

static int hook_cred_prepare(struct cred *new, const struct cred *old,
			     gfp_t gfp)
{
	peios_process_mix();
	hook_cred_transfer(new, old);
	return 0;
}

static void hook_cred_free(struct cred *cred)
{
	put_token(peios_cred(cred)->token);
	peios_cred(cred)->token = NULL;
}

/*
 * Tokens and integrity protection decide what a process is, and only privileges
 * add to them. This holds in permissive mode, too: otherwise, the records of
 * that mode would not match what enforcing mode would refuse. If @lacks is 0,
 * @subject traces the current process.
 */
static void refuse_own(const char *op, const struct cred *subject, u64 lacks)
{
	const struct peios_record record = {
		.op = op,
		.subject = subject,
		.target = current,
		.check = lacks ? PEIOS_CHECK_PRIVILEGE : PEIOS_CHECK_PIP,
		.privileges = lacks,
		.always = true,
	};

	peios_refuse(&record);
}

/**
 * peios_token_write() - run a command on the current thread's token
 * @text: the command, NUL-terminated; its contents are used up
 *
 * Context: process context, with cred_guard_mutex held against ptrace; current
 *          does not run with credentials that override its own.
 * Return: 0, -EINVAL for an invalid command, -E2BIG, -EPERM for a privilege
 *         that it does not have, -ENOMEM.  On error the token does not change.
 */
int peios_token_write(char *text)
{
	struct peios_command command;
	struct peios_token *token;
	struct cred *new;
	int err;

	if (!peios_initialized)
		return -EINVAL;
	err = peios_command_parse(text, &command);
	if (err)
		return err;

	new = prepare_creds();
	if (!new) {
		err = -ENOMEM;
		goto out;
	}
	err = peios_token_apply(peios_cred(new)->token, peios_cred_lost(new),
				&command, &token);
	if (err == -EPERM)
		refuse_own("set_token", current_cred(),
			   peios_token_lacks(peios_cred(new)->token,
					     peios_cred_lost(new), &command));
	if (err) {
		abort_creds(new);
		goto out;
	}
	if (command.kind == PEIOS_REPLACE)
		peios_cred_use(current_cred(), PEIOS_PRIV_CREATE_TOKEN);
	if (token->nr_deny)
		WRITE_ONCE(peios_deny_only_seen, true);
	put_token(peios_cred(new)->token);
	peios_cred(new)->token = token;
	commit_creds(new);
out:
	kfree(command.token);
	return err;
}

/**
 * peios_pip_show() - show integrity protection as text
 * @m: the file
 * @cred: a credential of the process
 *
 * Context: process context; the caller holds a reference to @cred.
 * Return: 0, or -EINVAL without Peios.
 */
int peios_pip_show(struct seq_file *m, const struct cred *cred)
{
	const struct peios_pip *pip = &peios_cred(cred)->pip;

	if (!peios_initialized)
		return -EINVAL;
	seq_printf(m, "%u %u\n", pip->type, pip->trust);
	return 0;
}

/* Does another process use our memory? PIP would not cover that process. */
static bool shares_mm(void)
{
	struct task_struct *p;
	bool shares = false;

	guard(rcu)();
	for_each_process(p) {
		if (same_thread_group(p, current) || p->flags & PF_KTHREAD)
			continue;
		shares |= process_shares_mm(p, current->mm);
	}
	return shares;
}

/* A less protected tracer may not stay inside. Serialized against attaching. */
static bool traced_by_less(const struct peios_pip *pip)
{
	struct task_struct *tracer;

	guard(rcu)();
	tracer = ptrace_parent(current);
	if (!tracer || same_thread_group(tracer, current) ||
	    peios_pip_dominates(&peios_cred(__task_cred(tracer))->pip, pip))
		return false;
	refuse_own("set_pip", __task_cred(tracer), 0);
	return true;
}

static int set_pip(const struct peios_pip *pip)
{
	const struct peios_pip *old = &peios_cred(current_cred())->pip;
	struct cred *new;

	/* All threads have the same PIP, so there must be no other. */
	if (!thread_group_empty(current))
		return -EBUSY;
	if (pip->type > old->type || pip->trust > old->trust) {
		if (!(peios_current_enabled() & PEIOS_PRIV_TCB)) {
			refuse_own("set_pip", current_cred(), PEIOS_PRIV_TCB);
			return -EPERM;
		}
		if (traced_by_less(pip))
			return -EPERM;
		if (shares_mm())
			return -EBUSY;
		peios_cred_use(current_cred(), PEIOS_PRIV_TCB);
	}

	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	peios_cred(new)->pip = *pip;
	commit_creds(new);
	return 0;
}

/**
 * peios_pip_write() - change the integrity protection of the current process
 * @text: "TYPE TRUST", two decimal numbers; its contents are used up
 *
 * Context: process context, with cred_guard_mutex held against ptrace; current
 *          does not run with credentials that override its own.
 * Return: 0, -EINVAL, -EPERM for raising either number without SeTcbPrivilege
 *         or while traced by a process that would not dominate this one, -EBUSY
 *         while other threads or processes share the memory, or -ENOMEM.
 */
int peios_pip_write(char *text)
{
	struct peios_pip pip;
	char *type = strsep(&text, " ");

	if (!peios_initialized)
		return -EINVAL;
	if (!text || !isdigit(*type) || !isdigit(*text) ||
	    kstrtou32(type, 10, &pip.type) || kstrtou32(text, 10, &pip.trust))
		return -EINVAL;
	return set_pip(&pip);
}

static struct security_hook_list cred_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(cred_prepare, hook_cred_prepare),
	LSM_HOOK_INIT(cred_transfer, hook_cred_transfer),
	LSM_HOOK_INIT(cred_free, hook_cred_free),
};

/**
 * peios_add_cred_hooks() - give init its token and register the hooks
 *
 * This is the token of the system: user SYSTEM, group Administrators, all
 * privileges enabled.
 */
void __init peios_add_cred_hooks(void)
{
	struct peios_token *token = peios_token_alloc(1);

	if (!token)
		panic("peios: no memory for the first token\n");
	token->user = peios_sid_system;
	token->groups[token->nr_groups++] = peios_sid_administrators;
	token->present = PEIOS_PRIV_ALL;
	token->enabled = PEIOS_PRIV_ALL;
	token->enabled_default = PEIOS_PRIV_ALL;
	peios_cred(current_cred())->token = token;

	security_add_hooks(cred_hooks, ARRAY_SIZE(cred_hooks), &peios_lsmid);
}
