/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to policy, to privileged programs and to all memory, other than
 * processes and sysctls: the privilege that each needs.
 */
#ifndef _SECURITY_PEIOS_POLICY_H
#define _SECURITY_PEIOS_POLICY_H

#include <linux/security.h>
#include <linux/types.h>
#include <uapi/linux/bpf.h>

struct file;

/* Pure parts of the decisions */
u64 peios_lockdown_privilege(enum lockdown_reason what);
u64 peios_bpf_privilege(enum bpf_prog_type type);
bool peios_bpf_sees_memory(const struct bpf_insn *insns, u32 nr);
bool peios_policy_path(unsigned long magic, const char *path);
bool peios_policy_name(const char *name);
bool peios_policy_fs(unsigned long magic);
bool peios_decides_opens(u64 mask);
bool peios_audit_policy(u16 type, const void *data, size_t size, u32 enabled);

int peios_file_fcntl(const struct file *file, unsigned int cmd, unsigned long arg);
int peios_terminal_ioctl(const struct file *file, unsigned int cmd,
			 unsigned long arg);
int peios_need(u64 privilege, const char *op, int error, bool audit);
int peios_need_process(u64 privilege, const char *op, int error);

void __init peios_add_file_hooks(void);
void __init peios_add_kernel_hooks(void);

#ifdef CONFIG_AUDIT
void __init peios_add_netlink_hooks(void);
#else
static inline void peios_add_netlink_hooks(void)
{
}
#endif

#endif /* _SECURITY_PEIOS_POLICY_H */
