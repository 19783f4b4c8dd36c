/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registration, and the boot options.
 */
#ifndef _SECURITY_PEIOS_SETUP_H
#define _SECURITY_PEIOS_SETUP_H

#include <linux/lsm_hooks.h>
#include <linux/types.h>

#define PEIOS_NAME	"peios"

extern bool peios_initialized;
extern bool peios_enforcing;
extern const struct lsm_id peios_lsmid;
extern struct lsm_blob_sizes peios_blob_sizes;

#endif /* _SECURITY_PEIOS_SETUP_H */
