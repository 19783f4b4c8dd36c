// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - registration and boot options
 */

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lsm_hooks.h>
#include <linux/string.h>
#include <uapi/linux/lsm.h>

#include "audit.h"
#include "bpf_map.h"
#include "commit.h"
#include "cred.h"
#include "door.h"
#include "oom.h"
#include "policy.h"
#include "process.h"
#include "setup.h"
#include "shm.h"
#include "sysctl.h"

bool peios_initialized __ro_after_init;
bool peios_enforcing __ro_after_init = true;

/*
 * lsm_list_modules() lists Peios, but lsm_get_self_attr() does not support it.
 * That call is made for one line of text that names a context, as SELinux has,
 * which other programs compare and pass on. A token is more than a name,
 * differs from thread to thread and is changed by commands, so it has files of
 * its own in attr/peios.
 */
const struct lsm_id peios_lsmid = {
	.name = PEIOS_NAME,
	.id = LSM_ID_PEIOS,
};

struct lsm_blob_sizes peios_blob_sizes __ro_after_init = {
	.lbs_cred = sizeof(struct peios_cred),
	.lbs_file = sizeof(struct peios_file),
	.lbs_ipc = sizeof(struct peios_maker),
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
	peios_init_audit();
	peios_add_cred_hooks();
	peios_add_process_hooks();
	peios_add_oom_hooks();
	peios_add_door_hooks();
	peios_add_sysctl_hooks();
	peios_add_file_hooks();
	peios_add_kernel_hooks();
	peios_add_netlink_hooks();
	peios_add_shm_hooks();
	peios_add_bpf_map_hooks();
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
