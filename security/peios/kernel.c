// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - ways to all memory
 *
 * A process that can write the kernel's memory, or that of all processes, needs
 * no right on any of them. Ways to do so are modules, another kernel, devices
 * of memory and ports, and programs that run in the kernel. Linux asks for
 * capabilities, which any root has; its lockdown module closes most of these
 * ways to everyone. Peios reserves them for the trusted computing base: modules
 * need SeLoadDriverPrivilege, which has the same purpose on Windows, and the
 * others need SeTcbPrivilege. This includes those that only read, since they
 * check neither descriptors nor integrity protection.
 */

#include <linux/cred.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/kernel_read_file.h>
#include <linux/lsm_hooks.h>
#include <linux/perf_event.h>
#include <linux/perf_probe.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "cred.h"
#include "policy.h"
#include "privilege.h"
#include "process.h"
#include "setup.h"

/**
 * peios_lockdown_privilege() - the privilege that a lockdown reason needs
 * @what: the lockdown reason
 *
 * No privilege is needed where the caller is not a process (the prompt of the
 * debugger on a console), where the check is made elsewhere (modules, perf),
 * and where a process looks at its own data (keys of IPsec).
 *
 * Return: a bit, or 0.
 */
u64 peios_lockdown_privilege(enum lockdown_reason what)
{
	switch (what) {
	case LOCKDOWN_DEV_MEM:
	case LOCKDOWN_EFI_TEST:
	case LOCKDOWN_KEXEC:
	case LOCKDOWN_HIBERNATION:
	case LOCKDOWN_PCI_ACCESS:
	case LOCKDOWN_IOPORT:
	case LOCKDOWN_MSR:
	case LOCKDOWN_ACPI_TABLES:
	case LOCKDOWN_DEVICE_TREE:
	case LOCKDOWN_PCMCIA_CIS:
	case LOCKDOWN_TIOCSSERIAL:
	case LOCKDOWN_MODULE_PARAMETERS:
	case LOCKDOWN_MMIOTRACE:
	case LOCKDOWN_DEBUGFS:
	case LOCKDOWN_BPF_WRITE_USER:
	case LOCKDOWN_RTAS_ERROR_INJECTION:
	case LOCKDOWN_XEN_USER_ACTIONS:
	/* These only read. */
	case LOCKDOWN_KCORE:
	case LOCKDOWN_KPROBES:
	case LOCKDOWN_BPF_READ_KERNEL:
	case LOCKDOWN_TRACEFS:
		return PEIOS_PRIV_TCB;
	case LOCKDOWN_NONE:
	case LOCKDOWN_MODULE_SIGNATURE:
	case LOCKDOWN_XMON_WR:
	case LOCKDOWN_XMON_RW:
	case LOCKDOWN_DBG_WRITE_KERNEL:
	case LOCKDOWN_DBG_READ_KERNEL:
	case LOCKDOWN_INTEGRITY_MAX:
	case LOCKDOWN_PERF:
	case LOCKDOWN_XFRM_SECRET:
	case LOCKDOWN_CONFIDENTIALITY_MAX:
		break;
	}
	return 0;
}

/**
 * peios_bpf_privilege() - the privilege that loading a BPF program needs
 * @type: its type
 *
 * These types need one:
 *
 *  - programs on events see the memory of any process that hits the event, can
 *    send it signals and may change what functions return;
 *  - programs of type syscall have the same helpers and are run by hand;
 *  - others replace functions of the kernel, change the value that a sysctl is
 *    set to, or change what getsockopt() tells a service about its peer;
 *  - programs of type netfilter get kernel structures, whose pointers they may
 *    follow.
 *
 * Other programs that decide about packets, sockets and devices need none, as
 * long as they do not see memory (peios_bpf_sees_memory()).
 *
 * Return: a bit, or 0.
 */
u64 peios_bpf_privilege(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_SYSCALL:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_NETFILTER:
		return PEIOS_PRIV_TCB;
	default:
		return 0;
	}
}

/*
 * Helpers that CAP_PERFMON adds for programs of any type. They give access to:
 *
 *  - memory of the process in whose system call the program runs, such as the
 *    sender of a packet, of another process, or of the kernel;
 *  - tasks, from which other tasks can be reached;
 *  - text that is made from what an address points to;
 *  - the kernel's socket structures, whose pointers lead to files, namespaces
 *    and processes.
 */
static bool helper_sees_memory(int id)
{
	switch (id) {
	case BPF_FUNC_probe_read:
	case BPF_FUNC_probe_read_str:
	case BPF_FUNC_probe_read_user:
	case BPF_FUNC_probe_read_user_str:
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_probe_read_kernel_str:
	case BPF_FUNC_probe_write_user:
	case BPF_FUNC_copy_from_user:
	case BPF_FUNC_copy_from_user_task:
	case BPF_FUNC_get_current_task:
	case BPF_FUNC_get_current_task_btf:
	case BPF_FUNC_task_pt_regs:
	case BPF_FUNC_trace_printk:
	case BPF_FUNC_trace_vprintk:
	case BPF_FUNC_snprintf:
	case BPF_FUNC_snprintf_btf:
	case BPF_FUNC_skc_to_tcp6_sock:
	case BPF_FUNC_skc_to_tcp_sock:
	case BPF_FUNC_skc_to_tcp_timewait_sock:
	case BPF_FUNC_skc_to_tcp_request_sock:
	case BPF_FUNC_skc_to_udp6_sock:
	case BPF_FUNC_skc_to_unix_sock:
	case BPF_FUNC_skc_to_mptcp_sock:
		return true;
	default:
		return false;
	}
}

/**
 * peios_bpf_sees_memory() - can a BPF program see more than packets, sockets?
 * @insns: its instructions, as they were loaded
 * @nr: how many
 *
 * This looks at the calls of the program. A kernel function that is called as a
 * kfunc may do as much as any helper, and bpf_rdonly_cast(), which all types
 * may call, makes a pointer from any number. A kernel variable leads to the
 * kernel's tasks.
 *
 * Return: true if so.
 */
bool peios_bpf_sees_memory(const struct bpf_insn *insns, u32 nr)
{
	const struct bpf_insn *insn;

	for (insn = insns; insn < insns + nr; insn++) {
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
		    insn->src_reg == BPF_PSEUDO_BTF_ID)
			return true;
		if (insn->code != (BPF_JMP | BPF_CALL))
			continue;
		if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
			return true;
		if (!insn->src_reg && helper_sees_memory(insn->imm))
			return true;
	}
	return false;
}

/* The kernel's modprobe; the sysctl that names it is policy. */
static bool is_modprobe(void)
{
	return peios_cred(current_cred())->modprobe;
}

static int hook_locked_down(enum lockdown_reason what)
{
	const u64 privilege = peios_lockdown_privilege(what);
	bool audit = true;

	if (!privilege || is_modprobe())
		return 0;
	if (what == LOCKDOWN_HIBERNATION) {
		/* A process that only looks if it exists gets here, too. */
		if (!ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN))
			return 0;
		audit = false;
	}
	return peios_need(privilege, "locked_down", -EPERM, audit);
}

static int load_module(void)
{
	if (is_modprobe())
		return 0;
	return peios_need(PEIOS_PRIV_LOAD_DRIVER, "load_module", -EPERM, true);
}

/*
 * The kernel requests modules by the name of what is missing. The caller
 * chooses some of these names, such as that of a network interface or a file
 * system. modprobe takes a name that begins like a path for a file, and may
 * load any file.
 */
static int hook_kernel_module_request(char *name)
{
	if (*name != '/' && *name != '.')
		return 0;
	return peios_need(PEIOS_PRIV_LOAD_DRIVER, "load_module", -EPERM, true);
}

static int hook_kernel_load_data(enum kernel_load_data_id id, bool contents)
{
	switch (id) {
	case LOADING_MODULE:
		return load_module();
	case LOADING_KEXEC_IMAGE:
		return peios_need(PEIOS_PRIV_TCB, "kexec", -EPERM, true);
	default:
		return 0;
	}
}

static int hook_kernel_read_file(struct file *file,
				 enum kernel_read_file_id id, bool contents)
{
	switch (id) {
	case READING_MODULE:
		return load_module();
	case READING_KEXEC_IMAGE:
	case READING_KEXEC_INITRAMFS:
		return peios_need(PEIOS_PRIV_TCB, "kexec", -EPERM, true);
	default:
		return 0;
	}
}

#ifdef CONFIG_BPF_SYSCALL
static int hook_bpf_prog_load(struct bpf_prog *prog, union bpf_attr *attr,
			      struct bpf_token *token)
{
	u64 privilege = peios_bpf_privilege(attr->prog_type);

	/*
	 * A worker that runs another program may load any program, with access
	 * to all that the kernel's credentials may read.
	 */
	if (unlikely(current->flags & PF_KTHREAD))
		return peios_need_process(PEIOS_PRIV_TCB, "load_bpf", -EPERM);
	if (!privilege && peios_bpf_sees_memory(prog->insnsi, prog->len))
		privilege = PEIOS_PRIV_TCB;
	return privilege ? peios_need(privilege, "load_bpf", -EPERM, true) : 0;
}
#endif

#ifdef CONFIG_PERF_EVENTS
/* Parts of a sample that are memory or registers of the sampled process */
#define COPIES	(PERF_SAMPLE_STACK_USER | PERF_SAMPLE_REGS_USER | \
		 PERF_SAMPLE_REGS_INTR)

/*
 * A uprobe puts a breakpoint into a program, and its reference counter adds to a
 * word of every process that maps the file. The same probes in tracefs need
 * SeTcbPrivilege, so they need it here, too. The check is made before the probe
 * is created.
 *
 * CAP_PERFMON allows to look into any process, bypassing the rules of ptrace.
 * An event that is inherited at fork was checked when it was opened. The kernel
 * has some events of its own, and the breakpoints of a tracer come after the
 * right to trace.
 */
static int hook_perf_event_alloc(struct perf_event *event)
{
	struct task_struct *target = event->hw.target;
	u32 rights = PEIOS_PROCESS_VM_READ;

	if (event->parent || peios_kernel_itself())
		return 0;
	if (perf_event_is_probe(event))
		return peios_need(PEIOS_PRIV_TCB, "perf_event", -EACCES, true);
	if (!target)
		return event->attr.sample_type & COPIES ?
		       peios_need(PEIOS_PRIV_TCB, "perf_event", -EACCES, true) :
		       0;
	if (ptrace_parent(target) == current)
		return 0;
	if (event->attr.sigtrap)
		rights |= PEIOS_PROCESS_TERMINATE;
	return peios_task_access(target, rights, "perf_event", true);
}
#endif

#ifdef CONFIG_SECURITY_SWAPON
/* A process that controls a swap area has all memory that is swapped to it. */
static int hook_swapon(struct file *file)
{
	return peios_need_process(PEIOS_PRIV_TCB, "swapon", -EPERM);
}
#endif

static struct security_hook_list kernel_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(locked_down, hook_locked_down),
	LSM_HOOK_INIT(kernel_module_request, hook_kernel_module_request),
	LSM_HOOK_INIT(kernel_load_data, hook_kernel_load_data),
	LSM_HOOK_INIT(kernel_read_file, hook_kernel_read_file),
#ifdef CONFIG_BPF_SYSCALL
	LSM_HOOK_INIT(bpf_prog_load, hook_bpf_prog_load),
#endif
#ifdef CONFIG_PERF_EVENTS
	LSM_HOOK_INIT(perf_event_alloc, hook_perf_event_alloc),
#endif
#ifdef CONFIG_SECURITY_SWAPON
	LSM_HOOK_INIT(swapon, hook_swapon),
#endif
};

/**
 * peios_add_kernel_hooks() - register the hooks
 */
void __init peios_add_kernel_hooks(void)
{
	security_add_hooks(kernel_hooks, ARRAY_SIZE(kernel_hooks), &peios_lsmid);
}
