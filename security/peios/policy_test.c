// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the Peios LSM: which privilege the ways to policy and to all
 * memory need, that what a ring's thread holds does not count, what kernel
 * threads may do, and to whom a segment of shared memory was given.
 */

#include <kunit/test.h>
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/filter.h>
#include <linux/fsnotify_backend.h>
#include <linux/ipc.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "cred.h"
#include "policy.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"
#include "shm.h"

static void lockdown(struct kunit *test)
{
	/* All that no process asks for, or that is asked for elsewhere. */
	static const enum lockdown_reason none[] = {
		LOCKDOWN_NONE, LOCKDOWN_MODULE_SIGNATURE, LOCKDOWN_XMON_WR,
		LOCKDOWN_XMON_RW, LOCKDOWN_DBG_WRITE_KERNEL,
		LOCKDOWN_DBG_READ_KERNEL, LOCKDOWN_INTEGRITY_MAX,
		LOCKDOWN_PERF, LOCKDOWN_XFRM_SECRET,
	};
	unsigned int free = 0;
	int what, i;

	for (what = 0; what < LOCKDOWN_CONFIDENTIALITY_MAX; what++) {
		u64 expected = PEIOS_PRIV_TCB;

		for (i = 0; i < ARRAY_SIZE(none); i++) {
			if (what == none[i]) {
				expected = 0;
				free++;
			}
		}
		KUNIT_EXPECT_EQ_MSG(test, peios_lockdown_privilege(what),
				    expected, "%s", lockdown_reasons[what]);
	}
	KUNIT_EXPECT_EQ(test, free, ARRAY_SIZE(none));
	KUNIT_EXPECT_EQ(test, 0, peios_lockdown_privilege(what));
}

static void bpf_types(struct kunit *test)
{
	static const enum bpf_prog_type guarded[] = {
		BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_TRACEPOINT,
		BPF_PROG_TYPE_PERF_EVENT, BPF_PROG_TYPE_RAW_TRACEPOINT,
		BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, BPF_PROG_TYPE_TRACING,
		BPF_PROG_TYPE_STRUCT_OPS, BPF_PROG_TYPE_EXT, BPF_PROG_TYPE_LSM,
		BPF_PROG_TYPE_SYSCALL,
		BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_PROG_TYPE_CGROUP_SOCKOPT,
		BPF_PROG_TYPE_NETFILTER,
	};
	unsigned int type, i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(guarded); i++)
		KUNIT_EXPECT_EQ_MSG(test, peios_bpf_privilege(guarded[i]),
				    PEIOS_PRIV_TCB, "%u", guarded[i]);
	for (type = 0; type < __MAX_BPF_PROG_TYPE; type++)
		nr += peios_bpf_privilege(type) != 0;
	KUNIT_EXPECT_EQ(test, nr, ARRAY_SIZE(guarded));
	/* A number that userspace made up is refused by its reader. */
	KUNIT_EXPECT_EQ(test, 0, peios_bpf_privilege(__MAX_BPF_PROG_TYPE));
	KUNIT_EXPECT_EQ(test, 0, peios_bpf_privilege(U32_MAX));
}

static void bpf_memory(struct kunit *test)
{
	static const s32 sees[] = {
		BPF_FUNC_probe_read, BPF_FUNC_probe_read_str,
		BPF_FUNC_probe_read_user, BPF_FUNC_probe_read_user_str,
		BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_kernel_str,
		BPF_FUNC_probe_write_user, BPF_FUNC_copy_from_user,
		BPF_FUNC_copy_from_user_task, BPF_FUNC_get_current_task,
		BPF_FUNC_get_current_task_btf, BPF_FUNC_task_pt_regs,
		BPF_FUNC_trace_printk, BPF_FUNC_trace_vprintk,
		BPF_FUNC_snprintf, BPF_FUNC_snprintf_btf,
		BPF_FUNC_skc_to_tcp6_sock, BPF_FUNC_skc_to_tcp_sock,
		BPF_FUNC_skc_to_tcp_timewait_sock,
		BPF_FUNC_skc_to_tcp_request_sock, BPF_FUNC_skc_to_udp6_sock,
		BPF_FUNC_skc_to_unix_sock, BPF_FUNC_skc_to_mptcp_sock,
	};
	static const s32 free[] = {
		BPF_FUNC_map_lookup_elem, BPF_FUNC_ktime_get_ns,
		BPF_FUNC_skb_load_bytes, BPF_FUNC_redirect, BPF_FUNC_tail_call,
	};
	/* A number of 64 bits that looks like a helper's, then a call. */
	struct bpf_insn program[] = {
		BPF_LD_IMM64(BPF_REG_1, BPF_FUNC_probe_read_user),
		BPF_RAW_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, 0),
		BPF_EXIT_INSN(),
	};
	struct bpf_insn *call = &program[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sees); i++) {
		call->imm = sees[i];
		KUNIT_EXPECT_TRUE_MSG(test,
				      peios_bpf_sees_memory(program, ARRAY_SIZE(program)),
				      "helper %d", sees[i]);
	}
	/* Not in what there is no more of. */
	KUNIT_EXPECT_FALSE(test, peios_bpf_sees_memory(program, 2));
	/* A number of a function of the program's own, and of the kernel's */
	call->src_reg = BPF_PSEUDO_CALL;
	KUNIT_EXPECT_FALSE(test, peios_bpf_sees_memory(program, ARRAY_SIZE(program)));
	call->src_reg = BPF_PSEUDO_KFUNC_CALL;
	KUNIT_EXPECT_TRUE(test, peios_bpf_sees_memory(program, ARRAY_SIZE(program)));
	call->src_reg = 0;
	for (i = 0; i < ARRAY_SIZE(free); i++) {
		call->imm = free[i];
		KUNIT_EXPECT_FALSE_MSG(test,
				       peios_bpf_sees_memory(program, ARRAY_SIZE(program)),
				       "helper %d", free[i]);
	}
	program[0].src_reg = BPF_PSEUDO_MAP_FD;
	KUNIT_EXPECT_FALSE(test, peios_bpf_sees_memory(program, ARRAY_SIZE(program)));
	program[0].src_reg = BPF_PSEUDO_BTF_ID;
	KUNIT_EXPECT_TRUE(test, peios_bpf_sees_memory(program, ARRAY_SIZE(program)));
}

static void policy_names(struct kunit *test)
{
	static const struct {
		const char *name;
		bool policy;
	} cases[] = {
		{ "bind", true }, { "unbind", true }, { "new_id", true },
		{ "driver_override", true }, { "remove", true },
		{ "delete", true }, { "authorized", true },
		{ "authorized_default", true },
		{ "interface_authorized_default", true },
		{ "authorize", false }, { "uevent", false }, { "drivers_autoprobe", false },
		{ "rescan", false }, { "online", false }, { "bin", false },
		{ "binding", false }, { "", false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, peios_policy_name(cases[i].name),
				    cases[i].policy, "%s", cases[i].name);
}

static void policy_file_systems(struct kunit *test)
{
	static const unsigned long policy[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC, SECURITYFS_MAGIC,
		CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
	};
	static const unsigned long free[] = {
		TMPFS_MAGIC, EXT4_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC, BINFMTFS_MAGIC, 0,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policy); i++)
		KUNIT_EXPECT_TRUE(test, peios_policy_fs(policy[i]));
	for (i = 0; i < ARRAY_SIZE(free); i++)
		KUNIT_EXPECT_FALSE(test, peios_policy_fs(free[i]));
}

static void permission_events(struct kunit *test)
{
	static const u64 asked[] = {
		FS_OPEN_PERM, FS_ACCESS_PERM, FS_OPEN_EXEC_PERM,
		FS_OPEN | FS_OPEN_PERM,
	};
	static const u64 free[] = {
		0, FS_OPEN, FS_ACCESS, FS_OPEN_EXEC, FS_MODIFY | FS_ISDIR,
		(u64)FS_OPEN_PERM << 32,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(asked); i++)
		KUNIT_EXPECT_TRUE(test, peios_decides_opens(asked[i]));
	for (i = 0; i < ARRAY_SIZE(free); i++)
		KUNIT_EXPECT_FALSE(test, peios_decides_opens(free[i]));
}

#ifdef CONFIG_AUDIT
static void audit_messages(struct kunit *test)
{
	static const struct {
		u16 type;
		u32 mask, enabled;
		size_t size;
		bool policy;
		u32 now;
	} cases[] = {
		{ AUDIT_GET, 0, 0, 0, false },
		{ AUDIT_LIST_RULES, 0, 0, 0, false },
		{ AUDIT_USER, 0, 0, 0, false },
		{ AUDIT_FIRST_USER_MSG2, 0, 0, 0, false },
		{ AUDIT_TTY_SET, 0, 0, 0, false },
		{ AUDIT_ADD_RULE, 0, 0, 0, true },
		{ AUDIT_DEL_RULE, 0, 0, 0, true },
		{ AUDIT_TRIM, 0, 0, 0, true },
		{ AUDIT_MAKE_EQUIV, 0, 0, 0, true },
		{ AUDIT_SET_FEATURE, 0, 0, 0, true },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 1, 40, false },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 1, 8, false },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 1, 7, true },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 0, 40, false },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 0, 40, true, AUDIT_ON },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 0, 40, true, AUDIT_LOCKED },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 1, 40, false, AUDIT_ON },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED, 2, 40, true },
		{ AUDIT_SET, AUDIT_STATUS_ENABLED | AUDIT_STATUS_PID, 1, 40, true },
		{ AUDIT_SET, AUDIT_STATUS_FAILURE, 1, 40, true },
		{ AUDIT_SET, 0, 0, 0, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct audit_status status = {
			.mask = cases[i].mask,
			.enabled = cases[i].enabled,
		};

		KUNIT_EXPECT_EQ_MSG(test, peios_audit_policy(cases[i].type, &status,
							     cases[i].size,
							     cases[i].now),
				    cases[i].policy, "case %u", i);
	}
}
#endif

static void policy_paths(struct kunit *test)
{
	static const struct {
		unsigned long magic;
		const char *path;
		bool policy;
	} cases[] = {
		{ PROC_SUPER_MAGIC, "/sysrq-trigger", true },
		{ PROC_SUPER_MAGIC, "/sysrq-trigger/", false },
		{ PROC_SUPER_MAGIC, "/1/sysrq-trigger", false },
		{ PROC_SUPER_MAGIC, "/release_agent", false },
		{ CGROUP_SUPER_MAGIC, "/release_agent", true },
		{ CGROUP_SUPER_MAGIC, "/group/release_agent", false },
		{ CGROUP_SUPER_MAGIC, "/notify_on_release", false },
		{ BINFMTFS_MAGIC, "/register", true },
		{ BINFMTFS_MAGIC, "/status", true },
		{ BINFMTFS_MAGIC, "/anything", true },
		{ SYSFS_MAGIC, "/module/kernel/parameters/panic", true },
		{ SYSFS_MAGIC, "/module/kernel/parameters/panic_print", false },
		{ SYSFS_MAGIC, "/module/kernel/parameters/pani", false },
		{ SYSFS_MAGIC, "/module/panic", false },
		{ SYSFS_MAGIC, "/kernel/uevent_helper", true },
		{ SYSFS_MAGIC, "/kernel/uevent_seqnum", false },
		{ SYSFS_MAGIC, "", false },
		{ SYSFS_MAGIC, "/devices/system/memory/memory7/state", true },
		{ SYSFS_MAGIC, "/devices/system/memory/auto_online_blocks", true },
		{ SYSFS_MAGIC, "/devices/system/memory/hard_offline_page", true },
		{ SYSFS_MAGIC, "/devices/system/memory/memory7/uevent", false },
		{ SYSFS_MAGIC, "/devices/system/memory", false },
		{ SYSFS_MAGIC, "/devices/system/memory7/state", false },
		{ SYSFS_MAGIC, "/devices/system/machinecheck/machinecheck0/trigger",
		  true },
		{ SYSFS_MAGIC, "/devices/system/cpu/cpu0/online", false },
		{ SYSFS_MAGIC, "/bus/platform/drivers/uvesafb/v86d", true },
		{ SYSFS_MAGIC, "/bus/platform/drivers/uvesafb/bind", false },
		{ SYSFS_MAGIC, "/module/vfio/parameters/enable_unsafe_noiommu_mode",
		  true },
		{ TMPFS_MAGIC, "/devices/system/memory/memory7/state", false },
		{ TMPFS_MAGIC, "/module/kernel/parameters/panic", false },
		{ TMPFS_MAGIC, "/register", false },
		{ CGROUP2_SUPER_MAGIC, "/release_agent", false },
		{ 0, "/sysrq-trigger", false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, peios_policy_path(cases[i].magic,
							    cases[i].path),
				    cases[i].policy, "%lx %s", cases[i].magic,
				    cases[i].path);
}

/* The tests run with the token of the system, which has all privileges. */
static void borrowed_credentials(struct kunit *test)
{
	struct cred *cred, *copy;
	const struct cred *old;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");
	cred = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, cred);
	KUNIT_EXPECT_TRUE(test, peios_cred_enabled(cred) & PEIOS_PRIV_TCB);
	peios_cred(cred)->borrowed = true;
	KUNIT_EXPECT_EQ(test, peios_cred_present(cred), 0);
	KUNIT_EXPECT_EQ(test, peios_cred_enabled(cred), 0);
	/* Nor do they in those that are made from it. */
	old = override_creds(cred);
	copy = prepare_creds();
	KUNIT_EXPECT_EQ(test, peios_current_enabled(), 0);
	revert_creds(old);
	KUNIT_EXPECT_NOT_NULL(test, copy);
	if (copy) {
		KUNIT_EXPECT_EQ(test, peios_cred_present(copy), 0);
		put_cred(copy);
	}
	put_cred(cred);
}

/* What identity grants stays, what it takes a privilege for goes. */
static void privileges_that_do_not_count(struct kunit *test)
{
	const struct cred *cred = current_cred();
	struct peios_access result;
	u64 lacks = 0;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");
	KUNIT_EXPECT_EQ(test, 0, peios_cred_decide(cred, PEIOS_PRIV_ALL, cred,
						   NULL, PEIOS_PROCESS_VM_WRITE,
						   &result, &lacks));
	KUNIT_EXPECT_EQ(test, 0, peios_cred_decide(cred, 0, cred, NULL,
						   PEIOS_PROCESS_VM_READ,
						   &result, &lacks));
	KUNIT_EXPECT_EQ(test, -EACCES,
			peios_cred_decide(cred, 0, cred, NULL,
					  PEIOS_PROCESS_VM_WRITE, &result,
					  &lacks));
	KUNIT_EXPECT_EQ(test, result.refused_by, PEIOS_CHECK_PRIVILEGE);
	KUNIT_EXPECT_TRUE(test, lacks & PEIOS_PRIV_TCB);
}

/*
 * The kernel is free at its own work, but not in what it never does for itself. A
 * thread of it that has put on credentials of others is asked as they would be.
 */
static void kernel_threads(struct kunit *test)
{
	const int refused = peios_enforcing ? -EPERM : 0;
	const struct cred *old;
	struct cred *server;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");
	KUNIT_ASSERT_TRUE(test, current->flags & PF_KTHREAD);
	server = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, server);

	KUNIT_EXPECT_TRUE(test, peios_kernel_itself());
	KUNIT_EXPECT_EQ(test, 0, peios_need(PEIOS_PRIV_TCB, "kunit", -EPERM, false));
	KUNIT_EXPECT_EQ(test, refused, peios_need_process(PEIOS_PRIV_TCB,
							  "kunit", -EPERM));
	/* The credentials of a client that holds the privilege, then of another. */
	old = override_creds(server);
	KUNIT_EXPECT_FALSE(test, peios_kernel_itself());
	KUNIT_EXPECT_EQ(test, 0, peios_need(PEIOS_PRIV_TCB, "kunit", -EPERM, false));
	KUNIT_EXPECT_EQ(test, refused, peios_need_process(PEIOS_PRIV_TCB,
							  "kunit", -EPERM));
	KUNIT_EXPECT_EQ(test, 0, peios_task_access(&init_task, PEIOS_PROCESS_VM_WRITE,
						   "kunit", false));
	peios_cred(server)->lost = PEIOS_LOST_TCB;
	KUNIT_EXPECT_EQ(test, refused, peios_need(PEIOS_PRIV_TCB, "kunit", -EPERM,
						  false));
	KUNIT_EXPECT_EQ(test, peios_enforcing ? -EACCES : 0,
			peios_task_access(&init_task, PEIOS_PROCESS_VM_WRITE,
					  "kunit", false));
	/* To look is SYSTEM's right, with privileges or without. */
	KUNIT_EXPECT_EQ(test, 0, peios_task_access(&init_task, PEIOS_PROCESS_VM_READ,
						   "kunit", false));
	revert_creds(old);
	KUNIT_EXPECT_EQ(test, 0, peios_need(PEIOS_PRIV_TCB, "kunit", -EPERM, false));
	KUNIT_EXPECT_EQ(test, 0, peios_task_access(&init_task, PEIOS_PROCESS_VM_WRITE,
						   "kunit", false));
	put_cred(server);
}

#ifdef CONFIG_SYSVIPC
static void segments_that_are_given(struct kunit *test)
{
	enum { MAKER, OWNER, OTHER };
	static const struct {
		unsigned int uid, gid;
		umode_t mode;
		unsigned int who, group;
		bool read, write;
	} cases[] = {
		/* The maker's own: by the mode for all, and no other. */
		{ MAKER, MAKER, 0600, MAKER, MAKER, false, false },
		{ MAKER, MAKER, 0660, MAKER, MAKER, false, false },
		{ MAKER, MAKER, 0660, OTHER, MAKER, false, false },
		{ MAKER, MAKER, 0664, MAKER, MAKER, true, false },
		{ MAKER, MAKER, 0666, MAKER, MAKER, true, true },
		{ MAKER, MAKER, 0666, OTHER, OTHER, true, true },
		{ MAKER, MAKER, 0662, OTHER, OTHER, false, false },
		/* Another owner's */
		{ OWNER, MAKER, 0600, OWNER, OWNER, true, true },
		{ OWNER, MAKER, 0400, OWNER, OWNER, true, false },
		{ OWNER, MAKER, 0066, OWNER, OWNER, false, false },
		{ OWNER, MAKER, 0600, MAKER, MAKER, false, false },
		{ OWNER, MAKER, 0600, OTHER, OTHER, false, false },
		/* Another group's, to which the maker's user does not belong */
		{ MAKER, OWNER, 0660, OTHER, OWNER, true, true },
		{ MAKER, OWNER, 0640, OTHER, OWNER, true, false },
		{ MAKER, OWNER, 0660, MAKER, OWNER, false, false },
		{ MAKER, OWNER, 0660, OTHER, MAKER, false, false },
		{ MAKER, OWNER, 0606, OTHER, OWNER, false, false },
	};
	struct cred *cred = prepare_creds();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct kern_ipc_perm perm = {
			.uid = KUIDT_INIT(cases[i].uid),
			.gid = KGIDT_INIT(cases[i].gid),
			.cuid = KUIDT_INIT(MAKER),
			.cgid = KGIDT_INIT(MAKER),
			.mode = cases[i].mode,
		};

		cred->euid = KUIDT_INIT(cases[i].who);
		cred->egid = KGIDT_INIT(cases[i].group);
		KUNIT_EXPECT_EQ_MSG(test, peios_shm_given(&perm, cred, false),
				    cases[i].read, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, peios_shm_given(&perm, cred, true),
				    cases[i].write, "case %u", i);
	}
	abort_creds(cred);
}

static void segments_of_whom(struct kunit *test)
{
	struct peios_maker maker;
	struct cred *cred;

	if (!peios_initialized)
		kunit_skip(test, "Peios is not in lsm=");
	cred = prepare_creds();
	KUNIT_ASSERT_NOT_NULL(test, cred);
	maker = (struct peios_maker) { .cred = cred };
	KUNIT_EXPECT_TRUE(test, peios_maker_guarded(&maker));
	peios_cred(cred)->lost = PEIOS_LOST_TCB;
	KUNIT_EXPECT_FALSE(test, peios_maker_guarded(&maker));
	peios_cred(cred)->pip.type = 1;
	KUNIT_EXPECT_TRUE(test, peios_maker_guarded(&maker));
	abort_creds(cred);
}
#endif

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(lockdown),
	KUNIT_CASE(bpf_types),
	KUNIT_CASE(bpf_memory),
	KUNIT_CASE(policy_paths),
	KUNIT_CASE(policy_names),
	KUNIT_CASE(policy_file_systems),
	KUNIT_CASE(permission_events),
#ifdef CONFIG_AUDIT
	KUNIT_CASE(audit_messages),
#endif
	KUNIT_CASE(borrowed_credentials),
	KUNIT_CASE(privileges_that_do_not_count),
	KUNIT_CASE(kernel_threads),
#ifdef CONFIG_SYSVIPC
	KUNIT_CASE(segments_that_are_given),
	KUNIT_CASE(segments_of_whom),
#endif
	{}
};

static struct kunit_suite policy_suite = {
	.name = "peios_policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
