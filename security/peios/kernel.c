// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - ways to all memory
 *
 * Who can write the kernel's memory, or that of all processes at once, need not
 * ask for a right on any of them: modules, another kernel, devices of memory and
 * ports, programs that run in the kernel. Linux asks for capabilities, which any
 * root has; its lockdown module shuts most of these for all. Peios leaves them to
 * the trusted computing base: modules need SeLoadDriverPrivilege, which on
 * Windows has the same purpose, the others SeTcbPrivilege, also those that only
 * read, since nothing there asks for descriptors or integrity protection.
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
 * peios_lockdown_privilege() - which privilege a thing that lockdown shuts needs
 * @what: the thing
 *
 * None, where it is not a process that asks (the debugger's prompt on a
 * console), where it is asked for elsewhere (modules, perf) or about one's own
 * (keys of IPsec).
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
	/* These read. */
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
 * peios_bpf_privilege() - which privilege it takes to load a BPF program
 * @type: its type
 *
 * Programs on events see the memory of whatever process meets them, send it
 * signals and may change what functions return; those of type syscall have the
 * same functions and are run by hand; others stand in for functions of the kernel,
 * or change what a sysctl is set to, or what getsockopt() tells a service of who is
 * at the other end; those of type netfilter are given structures of the kernel, whose
 * pointers they may follow. What else decides about packets, sockets and devices is free,
 * as far as it does not see memory (peios_bpf_sees_memory()).
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
 * What CAP_PERFMON adds for programs of any type: memory of the process in whose
 * system call they run, such as that which sends a packet, of another, or of the
 * kernel; tasks, from which others are reached; texts made of what an address
 * points to; sockets as the kernel has them, whose pointers lead on, to files,
 * namespaces and processes.
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
 * peios_bpf_sees_memory() - may a BPF program see what no packet or socket holds?
 * @insns: its instructions, as they were loaded
 * @nr: how many
 *
 * By its calls. A function of the kernel that is called as one (kfunc) may do as
 * much as any helper, and bpf_rdonly_cast(), which is open to all types, makes a
 * pointer of any number; a variable of the kernel leads to its tasks.
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

/* The kernel's modprobe, which a sysctl names that is policy. */
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
		/* Also asked for whoever looks if there is such a thing. */
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
 * The kernel asks for modules by the name of what is missing, that of a network
 * interface or file system among them, which its caller chooses. modprobe takes
 * one that begins like a path for a file, and may load any.
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
	 * A worker in which another program runs may load any, with whatever the
	 * kernel's credentials let it read.
	 */
	if (unlikely(current->flags & PF_KTHREAD))
		return peios_need_process(PEIOS_PRIV_TCB, "load_bpf", -EPERM);
	if (!privilege && peios_bpf_sees_memory(prog->insnsi, prog->len))
		privilege = PEIOS_PRIV_TCB;
	return privilege ? peios_need(privilege, "load_bpf", -EPERM, true) : 0;
}
#endif

#ifdef CONFIG_PERF_EVENTS
/* What of a sample is the memory or the registers of whom it was taken from. */
#define COPIES	(PERF_SAMPLE_STACK_USER | PERF_SAMPLE_REGS_USER | \
		 PERF_SAMPLE_REGS_INTR)

/*
 * A uprobe puts a breakpoint into a program, and its reference counter adds to a
 * word of every process that maps the file: like the same probes of tracefs. That
 * is asked before the probe is made.
 *
 * CAP_PERFMON looks into any process, past ptrace's rules. An event that is
 * inherited at fork was asked for when it was opened; the kernel has some of its
 * own, and a tracer's breakpoints come after the right to trace.
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
/* Whoever has what is swapped to has the memory of all who are. */
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
