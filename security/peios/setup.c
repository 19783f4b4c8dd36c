// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - registration and boot options
 */

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lsm_hooks.h>
#include <linux/string.h>
#include <uapi/linux/lsm.h>

#include "common.h"
#include "process.h"

bool peios_initialized __ro_after_init;
bool peios_enforcing __ro_after_init = true;

const struct lsm_id peios_lsmid = {
	.name = PEIOS_NAME,
	.id = LSM_ID_PEIOS,
};

struct lsm_blob_sizes peios_blob_sizes __ro_after_init = {
	.lbs_cred = sizeof(struct peios_cred),
	.lbs_file = sizeof(struct peios_file),
	.lbs_task = sizeof(struct peios_task),
};

static int __init peios_mode(char *mode)
{
	peios_enforcing = strcmp(mode, "permissive");
	if (peios_enforcing && strcmp(mode, "enforcing"))
		pr_warn("peios: unknown mode '%s', enforcing\n", mode);
	return 1;
}
__setup("peios=", peios_mode);

static int __init peios_init(void)
{
	peios_add_cred_hooks();
	peios_add_process_hooks();
	peios_add_oom_hooks();
	peios_add_door_hooks();
	peios_add_sysctl_hooks();
	peios_add_commit_hooks();
	peios_initialized = true;
	pr_info("peios: %s\n", peios_enforcing ? "enforcing" : "permissive");
	return 0;
}

DEFINE_LSM(peios) = {
	.name = PEIOS_NAME,
	.init = peios_init,
	.blobs = &peios_blob_sizes,
};
