/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The administrators' reserve of promised memory.
 */
#ifndef _SECURITY_PEIOS_COMMIT_H
#define _SECURITY_PEIOS_COMMIT_H

#include <linux/init.h>

void __init peios_add_commit_hooks(void);

#endif /* _SECURITY_PEIOS_COMMIT_H */
