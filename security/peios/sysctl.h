/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on sysctls that are policy.
 */
#ifndef _SECURITY_PEIOS_SYSCTL_H
#define _SECURITY_PEIOS_SYSCTL_H

#include <linux/init.h>
#include <linux/types.h>

/**
 * enum peios_sysctl_refusal - why a write to a policy sysctl is refused
 * @PEIOS_SYSCTL_FREE: it is not refused
 * @PEIOS_SYSCTL_WRITER: the writer lacks SeTcbPrivilege
 * @PEIOS_SYSCTL_OPENER: the opener lacks it
 * @PEIOS_SYSCTL_REPLACED: a BPF program set the value, or where it is put
 */
enum peios_sysctl_refusal {
	PEIOS_SYSCTL_FREE,
	PEIOS_SYSCTL_WRITER,
	PEIOS_SYSCTL_OPENER,
	PEIOS_SYSCTL_REPLACED,
};

enum peios_sysctl_refusal peios_sysctl_refusal(u64 writer, u64 opener,
					       bool replaced);

#ifdef CONFIG_SECURITY_SYSCTL
void __init peios_add_sysctl_hooks(void);
#else
static inline void peios_add_sysctl_hooks(void)
{
}
#endif

#endif /* _SECURITY_PEIOS_SYSCTL_H */
