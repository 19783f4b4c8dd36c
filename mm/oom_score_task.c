// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gathers what the OOM score of a process is computed from, bounds it while a
 * victim is selected, and shows it in /proc.
 *
 * RSS counters are kept per CPU: what a read of one shows may be too low by
 * nearly a batch for each CPU, hundreds of megabytes on a large machine, and a
 * precise sum costs a walk over all CPUs.  A selection therefore first computes
 * the score that a process could have at most, from reads with the error bound
 * added, and sums precisely only if that reaches the best precise score so far.
 * Since the score never falls when its inputs rise, the victim is the one that
 * precise sums over all processes would pick.
 */

#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/oom_score.h>
#include <linux/peios.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/swap.h>
#include <linux/sysctl.h>
#include <linux/timekeeping.h>

static struct oom_score_policy sysctl_oom_score = {
	.parent_share	= 125,
	.fork_weight	= 50,
	.fork_window_ms	= 10000,
	.tcb_discount	= 30,
};

static const int window_max = OOM_SCORE_WINDOW_MAX;

static struct ctl_table oom_score_table[] = {
	{
		.procname	= "oom_parent_share",
		.data		= &sysctl_oom_score.parent_share,
		.maxlen		= sizeof(sysctl_oom_score.parent_share),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
	{
		.procname	= "oom_fork_weight",
		.data		= &sysctl_oom_score.fork_weight,
		.maxlen		= sizeof(sysctl_oom_score.fork_weight),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
	{
		.procname	= "oom_fork_window_ms",
		.data		= &sysctl_oom_score.fork_window_ms,
		.maxlen		= sizeof(sysctl_oom_score.fork_window_ms),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= (void *)&window_max,
	},
	{
		.procname	= "oom_tcb_discount",
		.data		= &sysctl_oom_score.tcb_discount,
		.maxlen		= sizeof(sysctl_oom_score.tcb_discount),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
};

static int __init oom_score_init(void)
{
	register_sysctl_init("vm", oom_score_table);
	return 0;
}
subsys_initcall(oom_score_init);

/*
 * Pages by which a read of one RSS counter may be too low.  A CPU holds back
 * less than a batch, which was at most that of all possible CPUs when it was
 * counted (compute_batch_value() in lib/percpu_counter.c), and one CPU may be
 * on its way down.
 */
static u64 rss_read_error(void)
{
	if (!IS_ENABLED(CONFIG_SMP))
		return 0;
	return (u64)max(32U, 2 * num_possible_cpus()) * (num_online_cpus() + 1);
}

static void scan_begin(struct oom_score_scan *scan)
{
	scan->now = ktime_get_ns();
	scan->error = rss_read_error();
	scan->policy.parent_share = READ_ONCE(sysctl_oom_score.parent_share);
	scan->policy.fork_weight = READ_ONCE(sysctl_oom_score.fork_weight);
	scan->policy.fork_window_ms = READ_ONCE(sysctl_oom_score.fork_window_ms);
	scan->policy.tcb_discount = READ_ONCE(sysctl_oom_score.tcb_discount);
}

static u64 read_counter(struct mm_struct *mm, int member, u64 error, bool exact)
{
	if (exact)
		return get_mm_counter_sum(mm, member);
	return get_mm_counter(mm, member) + error;
}

/*
 * Read what belongs to one process; with !exact, the memory that it could have
 * at most.  Returns its mm, for comparison only, or NULL.
 */
static const struct mm_struct *read_process(struct task_struct *p,
					    const struct oom_score_scan *scan,
					    u64 totalpages, bool exact,
					    struct oom_score_input *in)
{
	const struct signal_struct *signal = p->signal;
	const struct mm_struct *mm;
	struct task_struct *t;
	u64 born;

	*in = (struct oom_score_input) {
		.totalpages = totalpages,
		.oom_score_adj = READ_ONCE(signal->oom_score_adj),
		.tcb = peios_task_tcb(p),
	};

	born = max(p->group_leader->start_time, READ_ONCE(signal->oom_fork_time));
	/* Born after the selection began: no age. */
	if (scan->now > born)
		in->age_ms = div_u64(scan->now - born, NSEC_PER_MSEC);

	if (is_global_init(p))
		in->unkillable = "init";
	else if (p->flags & PF_KTHREAD)
		in->unkillable = "kernel thread";
	if (p->flags & PF_KTHREAD)
		return NULL;

	t = find_lock_task_mm(p);
	if (!t) {
		in->unkillable = in->unkillable ?: "exiting, no memory left";
		return NULL;
	}
	__acquire(&t->alloc_lock);	/* by find_lock_task_mm(), for sparse */
	mm = t->mm;
	if (!in->unkillable && test_bit(MMF_OOM_SKIP, &t->mm->flags))
		in->unkillable = "memory already freed by the OOM killer";
	if (!in->unkillable && in_vfork(t))
		in->unkillable = "in vfork, memory is its parent's";

	in->rss = read_counter(t->mm, MM_FILEPAGES, scan->error, exact) +
		  read_counter(t->mm, MM_ANONPAGES, scan->error, exact) +
		  read_counter(t->mm, MM_SHMEMPAGES, scan->error, exact);
	in->swap = read_counter(t->mm, MM_SWAPENTS, scan->error, exact);
	in->pgtables = mm_pgtables_bytes(t->mm) / PAGE_SIZE;
	task_unlock(t);

	return mm;
}

static bool in_domain(struct task_struct *p, struct oom_control *oc,
		      oom_eligible_t eligible)
{
	/* A reader of /proc sees the whole system. */
	if (!oc)
		return true;
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		return mem_cgroup_is_descendant(mem_cgroup_from_task(p),
						oc->memcg);
#endif
	return eligible(p, oc);
}

/*
 * The parent whose points a process inherits a share of, or NULL.
 * Context: RCU read section.
 */
static struct task_struct *inherits_from(struct task_struct *p,
					 struct oom_control *oc,
					 oom_eligible_t eligible)
{
	struct task_struct *parent;

	parent = rcu_dereference(p->group_leader->real_parent)->group_leader;
	if (is_global_init(parent) || parent->flags & PF_KTHREAD ||
	    same_thread_group(parent, p) || !in_domain(parent, oc, eligible))
		return NULL;
	return parent;
}

/*
 * Gather the score's inputs of a process.  Returns the parent whose points are
 * among them, for its pid only, or NULL.
 * Context: RCU read section; takes task_lock() of the two, one after the other.
 */
static struct task_struct *gather(struct task_struct *p, struct oom_control *oc,
				  oom_eligible_t eligible,
				  const struct oom_score_scan *scan,
				  u64 totalpages, bool exact,
				  struct oom_score_input *in)
{
	const struct mm_struct *mm, *parent_mm;
	struct oom_score_input parent_in;
	struct oom_score parent_score;
	struct task_struct *parent;

	mm = read_process(p, scan, totalpages, exact, in);
	if (!scan->policy.parent_share || in->unkillable)
		return NULL;

	parent = inherits_from(p, oc, eligible);
	if (!parent)
		return NULL;

	/* What the parent inherits itself is not handed on. */
	parent_mm = read_process(parent, scan, totalpages, exact, &parent_in);
	if (!parent_mm || parent_mm == mm)
		return NULL;
	oom_score_compute(&parent_in, &scan->policy, &parent_score);
	in->parent = parent_score.points;
	return parent;
}

/**
 * oom_score_select() - score a candidate in a selection
 * @p: the candidate, a process
 * @oc: the OOM; its chosen_points is the best key so far, of a precise score
 * @eligible: whether a task has memory in the OOM's nodes (not used in a memcg)
 *
 * Context: OOM path: allocates nothing, takes task_lock() and the locks of RSS
 *          counters; @p can't go away.
 * Return: oom_score_key() of its precise score, or LONG_MIN if it is not to be
 *         chosen before the best one.
 */
long oom_score_select(struct task_struct *p, struct oom_control *oc,
		      oom_eligible_t eligible)
{
	struct oom_score_scan *scan = &oc->score_scan;
	struct oom_score_input in;
	struct oom_score score;
	long key;

	if (!scan->now)
		scan_begin(scan);

	guard(rcu)();
	gather(p, oc, eligible, scan, oc->totalpages, false, &in);
	oom_score_compute(&in, &scan->policy, &score);
	key = oom_score_key(&score);
	if (key == LONG_MIN || key < oc->chosen_points)
		return LONG_MIN;

	gather(p, oc, eligible, scan, oc->totalpages, true, &in);
	oom_score_compute(&in, &scan->policy, &score);
	return oom_score_key(&score);
}

/* A precise score in the domain of the whole system, for a reader of /proc. */
static void score_now(struct task_struct *p, struct pid_namespace *ns,
		      struct oom_score_input *in, struct oom_score *score,
		      pid_t *parent_pid)
{
	struct oom_score_scan scan;
	struct task_struct *parent;

	scan_begin(&scan);
	guard(rcu)();
	parent = gather(p, NULL, NULL, &scan,
			totalram_pages() + total_swap_pages, true, in);
	*parent_pid = parent && ns ? task_tgid_nr_ns(parent, ns) : 0;
	oom_score_compute(in, &scan.policy, score);
}

/**
 * oom_score_read() - the value of /proc/PID/oom_score
 * @p: a task of the process
 *
 * Context: process context.
 * Return: oom_score_scale() of its precise score.
 */
unsigned int oom_score_read(struct task_struct *p)
{
	struct oom_score_input in;
	struct oom_score score;
	pid_t parent_pid;

	score_now(p, NULL, &in, &score, &parent_pid);
	return oom_score_scale(&score, in.totalpages);
}

static const char * const class_names[] = {
	[OOM_CLASS_UNKILLABLE]	= "unkillable",
	[OOM_CLASS_IMMUNE]	= "immune",
	[OOM_CLASS_NORMAL]	= "normal",
	[OOM_CLASS_VOLUNTEER]	= "volunteer",
};

/**
 * proc_oom_score_detail() - show /proc/PID/oom_score_detail
 * @m: the file
 * @ns: pid namespace of the proc mount
 * @pid: unused
 * @task: a task of the process
 *
 * One snapshot: the terms, then the inputs that they were computed from.
 *
 * Context: process context.
 * Return: 0, or the error of an LSM that does not let the opener see it.
 */
int proc_oom_score_detail(struct seq_file *m, struct pid_namespace *ns,
			  struct pid *pid, struct task_struct *task)
{
	struct oom_score_input in;
	struct oom_score score;
	pid_t parent_pid;
	int err;

	err = security_task_query_oom(task, m->file->f_cred);
	if (err)
		return err;

	score_now(task, ns, &in, &score, &parent_pid);
	seq_printf(m, "memory %lld\n", score.memory);
	seq_printf(m, "inherited %lld\n", score.inherited);
	seq_printf(m, "fork %lld\n", score.fork);
	seq_printf(m, "tcb %lld\n", score.tcb);
	seq_printf(m, "adj %lld\n", score.adj);
	seq_printf(m, "points %lld\n", score.points);
	seq_printf(m, "class %s\n", class_names[score.class]);
	seq_printf(m, "rss %llu\n", in.rss);
	seq_printf(m, "swap %llu\n", in.swap);
	seq_printf(m, "pgtables %llu\n", in.pgtables);
	seq_printf(m, "parent %d\n", parent_pid);
	seq_printf(m, "age_ms %llu\n", in.age_ms);
	seq_printf(m, "totalpages %llu\n", in.totalpages);
	seq_printf(m, "oom_score_adj %d\n", in.oom_score_adj);
	seq_printf(m, "tier %s\n", in.tcb ? "tcb" : "user");
	if (in.unkillable)
		seq_printf(m, "why %s\n", in.unkillable);
	else if (score.class == OOM_CLASS_IMMUNE)
		seq_puts(m, "why oom_score_adj is -1000\n");
	return 0;
}
