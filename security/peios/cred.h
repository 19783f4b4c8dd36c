/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens in credentials.
 */
#ifndef _SECURITY_PEIOS_CRED_H
#define _SECURITY_PEIOS_CRED_H

#include <linux/cred.h>
#include <linux/init.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "access.h"
#include "setup.h"
#include "sid.h"
#include "token.h"

extern bool peios_deny_only_seen;

/**
 * struct peios_cred - the LSM's part of a credential
 * @token: the token, one reference held; NULL only in a blank credential
 * @lost: PEIOS_LOST_* bits of all credentials that this one was made from
 * @pip: integrity protection, the same in all threads of a process: it changes
 *	only at exec and while there is just one thread
 * @modprobe: the program was run by the kernel to load a module
 * @borrowed: the privileges of the token don't count
 */
struct peios_cred {
	struct peios_token *token;
	unsigned int lost;
	struct peios_pip pip;
	bool modprobe;
	bool borrowed;
};

static inline struct peios_cred *peios_cred(const struct cred *cred)
{
	return cred->security + peios_blob_sizes.lbs_cred;
}

/**
 * struct peios_identity - a credential's identity, gathered for a decision
 * @subject: the subject that asks; refers to @user, and to the credential
 * @user: the user, if it is a Unix user
 */
struct peios_identity {
	struct peios_subject subject;
	struct peios_sid user;
};

/**
 * peios_kernel_itself() - is this the kernel at its own work?
 *
 * A kernel thread that works for a process, as a file server does, runs with
 * credentials made for that work.
 *
 * Return: true for a kernel thread with its own credentials.
 */
static inline bool peios_kernel_itself(void)
{
	return current->flags & PF_KTHREAD &&
	       current_cred() == current_real_cred();
}

unsigned int peios_cred_lost(const struct cred *cred);
u64 peios_cred_present(const struct cred *cred);
u64 peios_cred_enabled(const struct cred *cred);
void peios_cred_user(const struct cred *cred, struct peios_sid *sid);
void peios_cred_use(const struct cred *cred, u64 privilege);
void peios_cred_identity(const struct cred *cred, struct peios_identity *who);
u64 peios_current_enabled(void);
u64 peios_current_present(void);

void __init peios_add_cred_hooks(void);

#endif /* _SECURITY_PEIOS_CRED_H */
