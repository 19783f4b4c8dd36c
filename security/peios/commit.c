// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - the administrators' reserve of promised memory
 */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/lsm_hooks.h>
#include <linux/mman.h>

#include "commit.h"
#include "cred.h"
#include "privilege.h"
#include "setup.h"

/*
 * vm.admin_reserve_kbytes is kept for the TCB tier. All modules must agree, so
 * CAP_SYS_ADMIN is needed as well. A process that writes to a file system
 * stacked on another, such as overlayfs, does so with the credentials of the
 * process that mounted it; these are not enough. Called under spinlocks, so it
 * may not sleep.
 */
static int hook_vm_enough_memory(struct mm_struct *mm, long pages)
{
	/* Called in every mode, but only this one has a reserve. */
	if (READ_ONCE(sysctl_overcommit_memory) != OVERCOMMIT_NEVER)
		return 0;
	if (!peios_enforcing || peios_current_present() & PEIOS_PRIV_TCB)
		return 0;
	return -EPERM;
}

static struct security_hook_list commit_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(vm_enough_memory, hook_vm_enough_memory),
};

void __init peios_add_commit_hooks(void)
{
	security_add_hooks(commit_hooks, ARRAY_SIZE(commit_hooks), &peios_lsmid);
}
