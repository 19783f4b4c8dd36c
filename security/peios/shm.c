// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - shared memory of System V
 *
 * A segment is memory of its maker, and of all processes that attach it. It has
 * no file, only a mode. CAP_IPC_OWNER bypasses the mode, and a service that
 * runs as root shares the segment with every other root by it. So a segment
 * remembers what its maker was when it was made. If the maker was of the
 * trusted computing base, or was protected, or had a descriptor, then attaching
 * the segment needs the rights to read or write the memory of that process.
 *
 * The maker may still give a segment away: to everybody by the mode, or by
 * IPC_SET to another owner or group, to which the mode then grants access. This
 * does not let in the maker's own user, which is any root.
 */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/ipc.h>
#include <linux/lsm_hooks.h>
#include <linux/uidgid.h>
#include <uapi/linux/shm.h>

#include "access.h"
#include "process.h"
#include "setup.h"
#include "shm.h"

static struct peios_maker *maker_of(const struct kern_ipc_perm *perm)
{
	return perm->security + peios_blob_sizes.lbs_ipc;
}

/* IPC_SET has named an owner other than the maker. */
static bool is_new_owner(const struct kern_ipc_perm *perm,
			 const struct cred *cred)
{
	return uid_eq(perm->uid, cred->euid) && !uid_eq(perm->uid, perm->cuid);
}

static bool in_new_group(const struct kern_ipc_perm *perm,
			 const struct cred *cred)
{
	return !gid_eq(perm->gid, perm->cgid) &&
	       (gid_eq(perm->gid, cred->egid) ||
		groups_search(cred->group_info, perm->gid));
}

/**
 * peios_shm_given() - has the maker given the segment to this user?
 * @perm: its owner and mode
 * @cred: the user
 * @write: ask for write access, too
 *
 * Return: true if the mode grants access for a reason other than that the user,
 *         or the group, is the maker's.
 */
bool peios_shm_given(const struct kern_ipc_perm *perm, const struct cred *cred,
		     bool write)
{
	const unsigned int wanted = write ? 0006 : 0004;
	unsigned int granted = perm->mode;

	if (is_new_owner(perm, cred))
		granted >>= 6;
	else if (!uid_eq(perm->cuid, cred->euid) && in_new_group(perm, cred))
		granted >>= 3;
	return (granted & wanted) == wanted;
}

/**
 * peios_shm_rights() - the rights that a command of shmctl() needs
 * @cmd: the command
 *
 * Return: rights on the maker.
 */
u32 peios_shm_rights(int cmd)
{
	switch (cmd) {
	case IPC_SET:
	case SHM_LOCK:
	case SHM_UNLOCK:
		return PEIOS_PROCESS_VM_WRITE;
	case IPC_RMID:
		return PEIOS_PROCESS_TERMINATE;
	default:
		return 0;
	}
}

static int hook_shm_alloc_security(struct kern_ipc_perm *perm)
{
	peios_maker_get(maker_of(perm));
	return 0;
}

/* May be called in a softirq, after RCU. */
static void hook_shm_free_security(struct kern_ipc_perm *perm)
{
	peios_maker_put(maker_of(perm));
}

/* Under RCU. */
static int hook_shm_shmat(struct kern_ipc_perm *perm, char __user *shmaddr,
			  int shmflg)
{
	const struct peios_maker *maker = maker_of(perm);
	bool write = !(shmflg & SHM_RDONLY);
	u32 rights = PEIOS_PROCESS_VM_READ;

	if (write)
		rights |= PEIOS_PROCESS_VM_WRITE;
	if (!peios_maker_guarded(maker) ||
	    peios_shm_given(perm, current_cred(), write))
		return 0;
	return peios_maker_access(maker, rights, "shmat");
}

/* Under RCU. */
static int hook_shm_shmctl(struct kern_ipc_perm *perm, int cmd)
{
	const u32 rights = peios_shm_rights(cmd);

	if (!rights || !peios_maker_guarded(maker_of(perm)) ||
	    is_new_owner(perm, current_cred()))
		return 0;
	return peios_maker_access(maker_of(perm), rights, "shmctl") ? -EPERM : 0;
}

static struct security_hook_list shm_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(shm_alloc_security, hook_shm_alloc_security),
	LSM_HOOK_INIT(shm_free_security, hook_shm_free_security),
	LSM_HOOK_INIT(shm_shmat, hook_shm_shmat),
	LSM_HOOK_INIT(shm_shmctl, hook_shm_shmctl),
};

/**
 * peios_add_shm_hooks() - register the hooks
 */
void __init peios_add_shm_hooks(void)
{
	security_add_hooks(shm_hooks, ARRAY_SIZE(shm_hooks), &peios_lsmid);
}
