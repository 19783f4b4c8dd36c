/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared memory of System V.
 */
#ifndef _SECURITY_PEIOS_SHM_H
#define _SECURITY_PEIOS_SHM_H

#include <linux/init.h>
#include <linux/types.h>

struct cred;
struct kern_ipc_perm;

bool peios_shm_given(const struct kern_ipc_perm *perm, const struct cred *cred,
		     bool write);
u32 peios_shm_rights(int cmd);

#ifdef CONFIG_SYSVIPC
void __init peios_add_shm_hooks(void);
#else
static inline void peios_add_shm_hooks(void)
{
}
#endif

#endif /* _SECURITY_PEIOS_SHM_H */
