/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The doors between processes.
 */
#ifndef _SECURITY_PEIOS_DOOR_H
#define _SECURITY_PEIOS_DOOR_H

#include <linux/init.h>
#include <linux/types.h>

u32 peios_ptrace_rights(unsigned int mode);
u32 peios_signal_right(int sig);

void __init peios_add_door_hooks(void);

#endif /* _SECURITY_PEIOS_DOOR_H */
