/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Maps of BPF.
 */
#ifndef _SECURITY_PEIOS_BPF_MAP_H
#define _SECURITY_PEIOS_BPF_MAP_H

#include <linux/init.h>
#include <linux/types.h>

u32 peios_bpf_map_rights(fmode_t mode);

#ifdef CONFIG_BPF_SYSCALL
void __init peios_add_bpf_map_hooks(void);
#else
static inline void peios_add_bpf_map_hooks(void)
{
}
#endif

#endif /* _SECURITY_PEIOS_BPF_MAP_H */
