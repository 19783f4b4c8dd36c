/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on oom_score_adj.
 */
#ifndef _SECURITY_PEIOS_OOM_H
#define _SECURITY_PEIOS_OOM_H

#include <linux/init.h>
#include <linux/types.h>

bool peios_adj_permitted(short old, short new, u64 writer, u64 opener);

void __init peios_add_oom_hooks(void);

#endif /* _SECURITY_PEIOS_OOM_H */
