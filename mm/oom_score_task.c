// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gathers what the OOM score of a process is computed from, bounds it while a
 * victim is selected, and shows it in /proc.
 *
 * RSS counters are kept per CPU: what a read of one shows may be too low by
 * nearly a batch for each CPU, hundreds of megabytes on a large machine, and a
 * precise sum costs a walk over all CPUs.  A selection therefore bounds:
 *
 *  1. One pass over all processes, by oom_score_outdone(): plain reads with the
 *     error added, or the entries of the page tables if these are fewer, whatever
 *     lowers a score left out.  It remembers the few with the largest bounds.
 *  2. These are summed precisely, by oom_score_again().  Mostly the best of them
 *     is above the bounds of all others, and the victim.
 *  3. Otherwise a second pass, by oom_score_outdone() and oom_score_select(),
 *     sums precisely whose bound reaches the best precise score so far.  There is
 *     an end to that (sums_max): then the best known is the victim, and the record
 *     says how many were not summed.
 *
 * Since the score never falls when its inputs rise, the victim is the one that
 * precise sums over all processes would pick.  What changes while the selection
 * looks is what it was at some time of the selection.
 */

#include <kunit/visibility.h>
#include <linux/cpumask.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/oom.h>
#include <linux/oom_score.h>
#include <linux/peios.h>
#include <linux/percpu_counter.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/resource.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include <linux/sysctl.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/vmstat.h>

static struct oom_score_policy sysctl_oom_score = {
	.parent_share	= 125,
	.fork_weight	= 50,
	.fork_window_ms	= 10000,
	.tcb_discount	= 30,
	.immune_limit	= OOM_SCORE_PERMILLE,
};

static int sysctl_last_resort;

/*
 * Cache lines that a selection reads at most for precise sums in its second pass,
 * some tenths of a second: no lockup, however many tasks are alike.
 */
static unsigned int sum_lines = 4U << 20;

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "oom_score."
module_param_named(lines, sum_lines, uint, 0444);
MODULE_PARM_DESC(lines, "cache lines that a selection reads for precise sums");

static const int window_max = OOM_SCORE_WINDOW_MAX;

static struct ctl_table oom_score_table[] = {
	{
		.procname	= "oom_parent_share",
		.data		= &sysctl_oom_score.parent_share,
		.maxlen		= sizeof(sysctl_oom_score.parent_share),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
	{
		.procname	= "oom_fork_weight",
		.data		= &sysctl_oom_score.fork_weight,
		.maxlen		= sizeof(sysctl_oom_score.fork_weight),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
	{
		.procname	= "oom_fork_window_ms",
		.data		= &sysctl_oom_score.fork_window_ms,
		.maxlen		= sizeof(sysctl_oom_score.fork_window_ms),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= (void *)&window_max,
	},
	{
		.procname	= "oom_tcb_discount",
		.data		= &sysctl_oom_score.tcb_discount,
		.maxlen		= sizeof(sysctl_oom_score.tcb_discount),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
	{
		.procname	= "oom_immune_limit",
		.data		= &sysctl_oom_score.immune_limit,
		.maxlen		= sizeof(sysctl_oom_score.immune_limit),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE_THOUSAND,
	},
	{
		.procname	= "oom_last_resort",
		.data		= &sysctl_last_resort,
		.maxlen		= sizeof(sysctl_last_resort),
		.mode		= 0644,
		.policy		= SYSCTL_POLICY,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
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

static void read_policy(struct oom_score_policy *policy)
{
	policy->parent_share = READ_ONCE(sysctl_oom_score.parent_share);
	policy->fork_weight = READ_ONCE(sysctl_oom_score.fork_weight);
	policy->fork_window_ms = READ_ONCE(sysctl_oom_score.fork_window_ms);
	policy->tcb_discount = READ_ONCE(sysctl_oom_score.tcb_discount);
	policy->immune_limit = READ_ONCE(sysctl_oom_score.immune_limit);
}

/*
 * Has every page that an RSS counter counts an entry of a page table of its own?
 *
 * A huge page of anonymous memory has a table set aside for its split; one of a
 * file or of shmem has none.  Whether any of these was ever mapped is known.
 */
static bool all_have_entries(void)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
#ifdef CONFIG_VM_EVENT_COUNTERS
	int cpu;

	for_each_possible_cpu(cpu)
		if (READ_ONCE(per_cpu(vm_event_states, cpu).event[THP_FILE_MAPPED]))
			return false;
#else
	return false;
#endif
#endif
	return true;
}

static void scan_begin(struct oom_score_scan *scan, u64 totalpages)
{
	scan->totalpages = totalpages;
	scan->now = ktime_get_ns();
	scan->slack = NR_MM_COUNTERS * rss_read_error();
	read_policy(&scan->policy);
	scan->tabled = all_have_entries();
	scan->threshold = LONG_MIN;
	oom_score_rates(&scan->policy, totalpages, &scan->rates);
	scan->immune_pages = oom_score_immune_pages(&scan->policy, totalpages);
	scan->sums_max = oom_score_sums_max(sum_lines, num_online_cpus());
}

/*
 * When the process was created or forked last.
 *
 * A task that was released keeps neither its leader nor its parent: these can be
 * relied on only in an RCU read section in which pid_alive() was true.
 */
static u64 born(const struct task_struct *p)
{
	u64 start = pid_alive(p) ? p->group_leader->start_time : p->start_time;

	return max(start, READ_ONCE(p->signal->oom_fork_time));
}

/*
 * An mm can only be relied on to stay while the task_lock() of a task is held
 * that uses it: exit and exec take that lock before they let go of it, and an
 * mm is not freed by RCU.  Nearly always the thread group's leader has it.
 */
static struct task_struct *lock_task_mm(struct task_struct *p)
{
	task_lock(p);
	if (likely(p->mm)) {
		__release(&p->alloc_lock);	/* its callers', for sparse */
		return p;
	}
	task_unlock(p);
	return find_lock_task_mm(p);
}

/*
 * What tasks in exec may add to their old mm, the new program's arguments, which
 * are limited to three quarters of _STK_LIM: see acct_arg_size().
 */
static u64 in_exec(struct mm_struct *mm)
{
	return (u64)atomic_read(&mm->mm_users) * (_STK_LIM / PAGE_SIZE);
}

/*
 * The pages of an mm, but its page tables of @tables bytes, that are there at
 * most.
 *
 * However far off its counters are, what is resident or in swap has an entry in
 * its page tables, and these are counted exactly.
 */
static u64 most_pages(struct mm_struct *mm, u64 tables,
		      const struct oom_score_scan *scan)
{
	u64 pages = scan->slack;
	int i;

	/* One may be below 0, by no more than the error. */
	for (i = 0; i < NR_MM_COUNTERS; i++)
		pages += READ_ONCE(mm->rss_stat[i].count);
	if (scan->tabled)
		pages = min(pages, tables / sizeof(pte_t) + in_exec(mm));
	return pages;
}

/**
 * oom_score_sum_counters() - sum the RSS counters of an mm precisely
 * @mm: the mm
 * @sums: what each has, not negative
 *
 * What get_mm_counter_sum() gives for each counter, in one walk over the CPUs:
 * percpu_counter_init_many() put their parts side by side, a cache line a CPU.
 * All four locks are held meanwhile, taken in the order of the counters; nobody
 * else takes more than one of them.
 *
 * Where hundreds of CPUs meet thousands of processes that are all alike this is
 * what a selection costs: a few instructions a CPU, none to look for the next.
 *
 * Context: any; @mm can't go away.
 */
void oom_score_sum_counters(struct mm_struct *mm, s64 *sums)
{
	int i;
#ifdef CONFIG_SMP
	struct percpu_counter *counters = mm->rss_stat;
	s32 __percpu *parts = counters[0].counters;
	s32 held[NR_MM_COUNTERS] = {};
	unsigned long flags, cpus;
	const s32 *part;
	unsigned int word, from, to, cpu, end;

	/* Each part is below a batch, so that all of them together fit. */
	BUILD_BUG_ON(2ULL * CONFIG_NR_CPUS * CONFIG_NR_CPUS > S32_MAX);
	BUILD_BUG_ON(NR_MM_COUNTERS != 4);
	local_irq_save(flags);
	for (i = 0; i < NR_MM_COUNTERS; i++) {
		raw_spin_lock_nested(&counters[i].lock, i);
		__release(&counters[i].lock);	/* sparse can't follow a loop */
		sums[i] = counters[i].count;
	}
	for (word = 0; word < BITS_TO_LONGS(nr_cpu_ids); word++) {
		/* Who is on its way down may hold some: see __percpu_counter_sum(). */
		cpus = cpumask_bits(cpu_online_mask)[word] |
		       cpumask_bits(cpu_dying_mask)[word];
		for_each_set_bitrange(from, to, &cpus, BITS_PER_LONG) {
			cpu = word * BITS_PER_LONG + from;
			for (end = cpu + to - from; cpu < end; cpu++) {
				part = per_cpu_ptr(parts, cpu);
				held[0] += part[0];
				held[1] += part[1];
				held[2] += part[2];
				held[3] += part[3];
			}
		}
	}
	for (i = NR_MM_COUNTERS - 1; i >= 0; i--) {
		sums[i] += held[i];
		__acquire(&counters[i].lock);
		raw_spin_unlock(&counters[i].lock);
	}
	local_irq_restore(flags);
#else
	for (i = 0; i < NR_MM_COUNTERS; i++)
		sums[i] = percpu_counter_sum(&mm->rss_stat[i]);
#endif
	for (i = 0; i < NR_MM_COUNTERS; i++)
		sums[i] = max_t(s64, sums[i], 0);
}

static void sum_pages(struct mm_struct *mm, struct oom_score_sums *sums,
		      s64 *counters, struct oom_score_input *in)
{
	int i;

	sums->nr++;
	if (unlikely(sums->plain)) {
		for (i = 0; i < NR_MM_COUNTERS; i++)
			counters[i] = percpu_counter_read_positive(&mm->rss_stat[i]);
	} else {
		oom_score_sum_counters(mm, counters);
	}
	in->rss = counters[MM_FILEPAGES] + counters[MM_ANONPAGES] +
		  counters[MM_SHMEMPAGES];
	in->swap = counters[MM_SWAPENTS];
}

/*
 * Read what belongs to one process; without @sums, the memory that it could have
 * at most, else what each of its counters has.  Returns its mm, for comparison
 * only, or NULL.
 */
static const struct mm_struct *read_process(struct task_struct *p,
					    const struct oom_score_scan *scan,
					    struct oom_score_sums *sums,
					    s64 *counters,
					    struct oom_score_input *in)
{
	struct mm_struct *mm;
	struct task_struct *t;
	u64 since, tables;

	*in = (struct oom_score_input) {
		.totalpages = scan->totalpages,
		.oom_score_adj = READ_ONCE(p->signal->oom_score_adj),
		.tcb = peios_task_tcb(p),
	};

	since = born(p);
	/* Born after the selection began: no age. */
	if (scan->now > since)
		in->age_ms = div_u64(scan->now - since, NSEC_PER_MSEC);

	if (is_global_init(p))
		in->unkillable = "init";
	else if (p->flags & PF_KTHREAD)
		in->unkillable = "kernel thread";
	if (p->flags & PF_KTHREAD)
		return NULL;

	t = lock_task_mm(p);
	if (!t) {
		in->unkillable = in->unkillable ?: "exiting, no memory left";
		return NULL;
	}
	__acquire(&t->alloc_lock);	/* by lock_task_mm(), for sparse */
	mm = t->mm;
	if (!in->unkillable && test_bit(MMF_OOM_SKIP, &mm->flags))
		in->unkillable = "memory already freed by the OOM killer";
	if (!in->unkillable && in_vfork(t))
		in->unkillable = "in vfork, memory is its parent's";

	tables = mm_pgtables_bytes(mm);
	if (sums)
		sum_pages(mm, sums, counters, in);
	else
		in->rss = min(most_pages(mm, tables, scan),
			      READ_ONCE(mm->total_vm) + in_exec(mm));
	in->pgtables = tables / PAGE_SIZE;
	task_unlock(t);

	return mm;
}

/* In the memcg that is out of memory, if one is? */
static bool in_memcg(struct task_struct *p, struct oom_control *oc)
{
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		return mem_cgroup_is_descendant(mem_cgroup_from_task(p),
						oc->memcg);
#endif
	return true;
}

static bool in_domain(struct task_struct *p, struct oom_control *oc,
		      oom_eligible_t eligible)
{
	/* A reader of /proc sees the whole system. */
	if (!oc)
		return true;
	return oc->memcg ? in_memcg(p, oc) : eligible(p, oc);
}

/*
 * The parent of a process, if it can have anything to hand on, or NULL.
 * Context: RCU read section.
 */
static struct task_struct *parent_of(struct task_struct *p)
{
	struct task_struct *parent;

	if (!pid_alive(p))
		return NULL;
	parent = rcu_dereference(p->group_leader->real_parent)->group_leader;
	if (is_global_init(parent) || parent->flags & PF_KTHREAD)
		return NULL;
	return parent;
}

static bool is_known(const struct oom_score_known *known,
		     const struct task_struct *p)
{
	return known->task == p && known->born == p->start_time;
}

/* What a process hands on: its points without what it inherits itself. */
static void know(struct oom_score_known *known, const struct task_struct *p,
		 const struct mm_struct *mm, const struct oom_score_input *in,
		 const struct oom_score_policy *policy)
{
	struct oom_score score = {};

	if (mm)
		oom_score_compute(in, policy, &score);
	*known = (struct oom_score_known) {
		.task = p,
		.born = p->start_time,
		.mm = mm,
		.points = score.points,
	};
}

/* Of neighbours in the list the parent is summed once. */
static void know_parent(struct oom_score_known *known, struct task_struct *parent,
			const struct oom_score_scan *scan,
			struct oom_score_sums *sums)
{
	s64 counters[NR_MM_COUNTERS];
	const struct mm_struct *mm;
	struct oom_score_input in;

	if (sums && is_known(&sums->last, parent))
		sums->parent = sums->last;
	if (sums && is_known(&sums->parent, parent)) {
		*known = sums->parent;
		return;
	}
	mm = read_process(parent, scan, sums, counters, &in);
	know(known, parent, mm, &in, &scan->policy);
	if (sums)
		sums->parent = *known;
}

/*
 * Gather the score's inputs of a process; without @sums, where it keeps what it
 * summed, they are bounds.  Returns the parent whose points are among them, for
 * its pid only, or NULL.
 * Context: RCU read section; takes task_lock() of the two, one after the other.
 */
static struct task_struct *gather(struct task_struct *p, struct oom_control *oc,
				  oom_eligible_t eligible,
				  const struct oom_score_scan *scan,
				  struct oom_score_sums *sums,
				  struct oom_score_input *in)
{
	struct oom_score_known known = {};
	const struct mm_struct *mm;
	struct task_struct *parent;

	mm = read_process(p, scan, sums, sums ? sums->own : NULL, in);
	if (!scan->policy.parent_share || in->unkillable)
		return NULL;

	parent = parent_of(p);
	if (parent && !same_thread_group(parent, p) &&
	    in_domain(parent, oc, eligible))
		know_parent(&known, parent, scan, sums);
	if (sums)
		know(&sums->last, p, mm, in, &scan->policy);

	if (!known.mm || known.mm == mm)
		return NULL;
	in->parent = known.points;
	return parent;
}

/*
 * The points that a process has at most, without what it inherits, by plain
 * reads.  False if it has no mm or is immune: then it hands nothing on either.
 */
static __always_inline bool own_bound(struct task_struct *p, short adj,
				      const struct oom_score_scan *scan,
				      s64 *points)
{
	struct task_struct *t = lock_task_mm(p);
	struct mm_struct *mm;
	u64 memory, tables;

	if (!t)
		return false;
	__acquire(&t->alloc_lock);	/* by lock_task_mm(), for sparse */
	mm = t->mm;
	tables = mm_pgtables_bytes(mm);
	memory = most_pages(mm, tables, scan) + tables / PAGE_SIZE;
	task_unlock(t);
	if (unlikely(adj == OOM_SCORE_ADJ_MIN)) {
		if (!oom_score_immune(adj, memory, scan->immune_pages))
			adj = 0;
		else if (!scan->last_resort)
			return false;
	}
	*points = oom_score_bound(memory, adj, &scan->rates);
	return true;
}

/*
 * The selection in progress, or else the last one, and the best that it has found,
 * the victim first.  Under oom_lock, as every selection is; too large for the stack
 * of who runs out of memory.
 */
static struct oom_score_scan selection;

static struct {
	unsigned int nr;
	struct oom_score_candidate best[OOM_SCORE_BEST];
	long keys[OOM_SCORE_BEST];
	unsigned int orders[OOM_SCORE_BEST];
} found;

static void begin_again(struct oom_control *oc)
{
	scan_begin(&selection, oc->totalpages);
	oc->score_scan = selection.now;
	found.nr = 0;
}

static noinline void begin(struct oom_control *oc)
{
	lockdep_assert_held(&oom_lock);
	memset(&selection, 0, sizeof(selection));
	begin_again(oc);
}

/* What the children of @parent inherit at most; it is kept for the next one. */
static noinline s64 share_bound(struct task_struct *parent,
				struct oom_control *oc)
{
	struct oom_score_scan *scan = &selection;
	struct oom_score_known *known;
	s64 points;

	known = &scan->parents[hash_ptr(parent, OOM_SCORE_PARENTS_ORDER)];
	if (!is_known(known, parent)) {
		known->task = parent;
		known->born = parent->start_time;
		known->points = 0;
		/* Its nodes cost more to look at than to assume. */
		if (!is_global_init(parent) && !(parent->flags & PF_KTHREAD) &&
		    in_memcg(parent, oc) &&
		    own_bound(parent, READ_ONCE(parent->signal->oom_score_adj),
			      scan, &points))
			known->points = oom_score_share_bound(points,
							      &scan->rates);
	}
	scan->parent = *known;
	return known->points;
}

/*
 * The inherited term that a process has at most.  Most processes have a parent
 * in common with their neighbours in the list, or are next to it.
 * Context: RCU read section.
 */
static __always_inline s64 inherited_bound(struct task_struct *p,
					   struct oom_control *oc)
{
	struct oom_score_scan *scan = &selection;
	struct task_struct *parent;

	if (!pid_alive(p))
		return 0;
	parent = rcu_dereference(p->group_leader->real_parent)->group_leader;
	if (is_known(&scan->parent, parent))
		return scan->parent.points;
	if (is_known(&scan->last, parent))
		return oom_score_share_bound(scan->last.points, &scan->rates);
	return share_bound(parent, oc);
}

/* Is one to be killed rather than another?  Of equal ones the last in the list. */
static bool goes_before(long key, unsigned int order, long other_key,
			unsigned int other_order)
{
	return key > other_key || (key == other_key && order >= other_order);
}

/* Put who was summed precisely among the best, if there is room. */
static void add_found(const struct oom_score_candidate *candidate, long key,
		      unsigned int order)
{
	unsigned int i, at;

	/* It may be there from the first pass. */
	for (i = 0; i < found.nr && found.best[i].pid != candidate->pid; i++)
		;
	for (; i + 1 < found.nr; i++) {
		found.best[i] = found.best[i + 1];
		found.keys[i] = found.keys[i + 1];
		found.orders[i] = found.orders[i + 1];
	}
	if (i < found.nr)
		found.nr--;

	for (at = 0; at < found.nr; at++)
		if (goes_before(key, order, found.keys[at], found.orders[at]))
			break;
	if (at == OOM_SCORE_BEST)
		return;
	found.nr = min(found.nr + 1, OOM_SCORE_BEST);
	for (i = found.nr - 1; i > at; i--) {
		found.best[i] = found.best[i - 1];
		found.keys[i] = found.keys[i - 1];
		found.orders[i] = found.orders[i - 1];
	}
	found.best[at] = *candidate;
	found.keys[at] = key;
	found.orders[at] = order;
}

static long key_of(const struct oom_score *score, const struct oom_score_scan *scan)
{
	return unlikely(scan->last_resort) ? oom_score_last_key(score) :
					     oom_score_key(score);
}

/* The precise score; returns its key.  Context: RCU read section. */
static long score_precisely(struct oom_score_candidate *candidate,
			    struct task_struct *p, struct oom_control *oc,
			    oom_eligible_t eligible)
{
	struct oom_score_scan *scan = &selection;
	struct task_struct *parent;

	parent = gather(p, oc, eligible, scan, &scan->sums, &candidate->in);
	oom_score_compute(&candidate->in, &scan->policy, &candidate->score);
	candidate->pid = task_tgid_nr(p);
	candidate->parent = parent ? task_tgid_nr(parent) : 0;
	return key_of(&candidate->score, scan);
}

static bool killable(struct task_struct *p)
{
	struct task_struct *t = lock_task_mm(p);
	bool ret;

	if (!t)
		return false;
	__acquire(&t->alloc_lock);	/* by lock_task_mm(), for sparse */
	ret = !test_bit(MMF_OOM_SKIP, &t->mm->flags) && !in_vfork(t);
	task_unlock(t);
	return ret;
}

/* Remember one of the largest bounds; rare: some log(tasks) times a scan. */
static noinline void add_runner(struct task_struct *p, struct oom_control *oc,
				oom_eligible_t eligible, long bound)
{
	struct oom_score_scan *scan = &selection;
	struct oom_score_runner *runners = scan->runners;
	unsigned int i = scan->nr_runners;

	if ((!oc->memcg && !eligible(p, oc)) || !killable(p))
		return;

	if (i == OOM_SCORE_RUNNERS)
		put_task_struct(runners[--i].task);
	else
		scan->nr_runners++;
	for (; i > 0 && runners[i - 1].bound < bound; i--)
		runners[i] = runners[i - 1];
	runners[i] = (struct oom_score_runner) {
		.task = get_task_struct(p),
		.bound = bound,
		.order = scan->scored,
	};
	if (scan->nr_runners == OOM_SCORE_RUNNERS)
		scan->threshold = runners[OOM_SCORE_RUNNERS - 1].bound;
}

/* Has a task been summed after the first pass?  For a number that is told only. */
static bool was_runner(const struct oom_score_scan *scan,
		       const struct task_struct *p)
{
	unsigned int i;

	for (i = 0; i < OOM_SCORE_RUNNERS && scan->runners[i].task != p; i++)
		;
	return i < OOM_SCORE_RUNNERS;
}

/**
 * oom_score_outdone() - can a task be passed over in a selection?
 * @p: the task, a process
 * @oc: the OOM
 * @eligible: whether a task has memory in the OOM's nodes (not used in a memcg)
 *
 * The first look at each task, and for nearly all of them the only one: bound
 * its score by plain reads.  Whether it is in the OOM's nodes, in vfork, of the
 * TCB tier, and how old it is need not be known of a task that would lose even
 * if all were against it.
 *
 * Context: OOM path, under oom_lock: allocates nothing; takes task_lock() of @p
 *          and its parent, one after the other; @p can't go away.
 * Return: true if the task does not end the selection, and either can't be
 *         chosen any more or is a matter for oom_score_again().
 */
bool oom_score_outdone(struct task_struct *p, struct oom_control *oc,
		       oom_eligible_t eligible)
{
	struct oom_score_scan *scan = &selection;
	short adj = READ_ONCE(p->signal->oom_score_adj);
	s64 own, points;
	long bound;

	if (p->flags & PF_KTHREAD || is_global_init(p))
		return true;
	/* These have rules of their own. */
	if (tsk_is_oom_victim(p) || oom_task_origin(p))
		return false;
	if (unlikely(!oc->score_scan))
		begin(oc);
	if (adj == OOM_SCORE_ADJ_MIN) {
		/* With a limit it may have more, and then counts as others. */
		if (!scan->last_resort && scan->immune_pages == U64_MAX)
			return true;
	} else if (unlikely(scan->last_resort)) {
		return true;
	}
	guard(rcu)();
	if (!own_bound(p, adj, scan, &own))
		return true;
	scan->scored++;
	points = own + inherited_bound(p, oc);
	scan->last.task = p;
	scan->last.born = p->start_time;
	scan->last.points = own;

	if (unlikely(adj == OOM_SCORE_ADJ_MAX))
		bound = oom_score_rank(OOM_CLASS_VOLUNTEER, points);
	else if (IS_ENABLED(CONFIG_64BIT))
		bound = points;		/* far from where a rank has its limits */
	else
		bound = oom_score_rank(OOM_CLASS_NORMAL, points);
	if (scan->second)
		return bound < oc->chosen_points;
	if (unlikely(bound > scan->threshold))
		add_runner(p, oc, eligible, bound);
	return true;
}

/**
 * oom_score_select() - score a candidate in a selection
 * @p: the candidate, a process that oom_score_outdone() did not pass over
 * @oc: the OOM; its chosen_points is the best key so far, of a precise score
 * @eligible: whether a task has memory in the OOM's nodes (not used in a memcg)
 *
 * Context: OOM path, under oom_lock: allocates nothing, takes task_lock() and
 *          the locks of RSS counters; @p can't go away.
 * Return: the key of its precise score, or LONG_MIN if it is not to be chosen
 *         before the best one.
 */
long oom_score_select(struct task_struct *p, struct oom_control *oc,
		      oom_eligible_t eligible)
{
	struct oom_score_scan *scan = &selection;
	struct oom_score_candidate candidate;
	long key;

	if (!oc->score_scan)
		begin(oc);

	guard(rcu)();
	gather(p, oc, eligible, scan, NULL, &candidate.in);
	oom_score_compute(&candidate.in, &scan->policy, &candidate.score);
	key = key_of(&candidate.score, scan);
	if (key == LONG_MIN || key < oc->chosen_points)
		return LONG_MIN;
	if (unlikely(scan->sums.nr >= scan->sums_max)) {
		scan->unsummed += !was_runner(scan, p);
		return LONG_MIN;
	}

	key = score_precisely(&candidate, p, oc, eligible);
	if (key != LONG_MIN)
		add_found(&candidate, key, scan->scored);
	return key;
}

/**
 * oom_score_again() - choose a victim after a pass over all tasks
 * @oc: the OOM
 * @eligible: whether a task has memory in the OOM's nodes (not used in a memcg)
 *
 * After the first pass those with the largest bounds are summed precisely.  If
 * the best of them reaches the bound of everybody else it is the victim.  If not,
 * a second pass sums all whose bound reaches the best precise score so far.  Where
 * nobody can be chosen and vm.oom_last_resort is set, it begins anew with those that
 * are immune.
 *
 * Context: OOM path, under oom_lock: as oom_score_select(); not under the
 *          task_lock() of a task.
 * Return: true if another pass is needed.
 */
bool oom_score_again(struct oom_control *oc, oom_eligible_t eligible)
{
	struct oom_score_scan *scan = &selection;
	bool aborted = oc->chosen == (void *)-1UL;
	struct oom_score_candidate candidate;
	unsigned int chosen_order = 0, i;
	bool full = scan->nr_runners == OOM_SCORE_RUNNERS;
	long key;

	lockdep_assert_held(&oom_lock);
	for (i = 0; i < scan->nr_runners; i++) {
		struct oom_score_runner *runner = &scan->runners[i];

		if (!aborted) {
			rcu_read_lock();
			key = score_precisely(&candidate, runner->task, oc,
					      eligible);
			rcu_read_unlock();
			if (key != LONG_MIN)
				add_found(&candidate, key, runner->order);
			if (key != LONG_MIN &&
			    goes_before(key, runner->order, oc->chosen_points,
					chosen_order)) {
				if (oc->chosen)
					put_task_struct(oc->chosen);
				oc->chosen = get_task_struct(runner->task);
				oc->chosen_points = key;
				chosen_order = runner->order;
			}
		}
		put_task_struct(runner->task);
	}
	scan->nr_runners = 0;

	if (!aborted && !scan->second && full &&
	    scan->threshold >= oc->chosen_points) {
		scan->second = true;
		scan->scored = 0;
		return true;
	}

	/* Nothing is short where a person asks for a kill. */
	if (!oc->chosen && !scan->last_resort && oc->order != -1 &&
	    READ_ONCE(sysctl_last_resort)) {
		begin_again(oc);
		scan->last_resort = true;
		scan->second = false;
		scan->scored = 0;
		return true;
	}

	if (aborted || !oc->chosen) {
		found.nr = 0;
	} else if (!found.nr ||
		   found.best[0].pid != task_tgid_nr(oc->chosen)) {
		/* It asked to be chosen, or became smaller meanwhile. */
		rcu_read_lock();
		score_precisely(&candidate, oc->chosen, oc, eligible);
		rcu_read_unlock();
		add_found(&candidate, LONG_MAX, 0);
	}
	return false;
}

/**
 * oom_score_candidates() - the best of a selection
 * @oc: the OOM
 * @nr: their number; 0 if there was no selection, or it found none
 *
 * Context: under oom_lock.
 * Return: the best, best first: the first is the victim.
 */
const struct oom_score_candidate *
oom_score_candidates(const struct oom_control *oc, unsigned int *nr)
{
	lockdep_assert_held(&oom_lock);
	*nr = oc->score_scan ? found.nr : 0;
	return found.best;
}

/**
 * oom_score_scanned() - how the victim of an OOM was selected
 * @oc: the OOM
 *
 * Context: under oom_lock.
 * Return: the selection; all of it is 0 if there was none.
 */
const struct oom_score_scan *oom_score_scanned(const struct oom_control *oc)
{
	static const struct oom_score_scan none;

	lockdep_assert_held(&oom_lock);
	return oc->score_scan ? &selection : &none;
}

/**
 * oom_score_explain() - the precise score of a process in an OOM
 * @p: a task of the process
 * @oc: the OOM; if it had no selection, one begins, for its time and policy
 * @eligible: whether a task has memory in the OOM's nodes (not used in a memcg)
 * @in: what the score was computed from
 * @score: its terms
 *
 * Context: OOM path: as oom_score_select(); not under the task_lock() of a task.
 */
void oom_score_explain(struct task_struct *p, struct oom_control *oc,
		       oom_eligible_t eligible, struct oom_score_input *in,
		       struct oom_score *score)
{
	struct oom_score_sums sums = {};

	if (!oc->score_scan)
		begin(oc);
	guard(rcu)();
	gather(p, oc, eligible, &selection, &sums, in);
	oom_score_compute(in, &selection.policy, score);
}

/**
 * oom_score_spared() - is a process immune that is not compared with others?
 * @p: a task of the process
 * @oc: the OOM; NULL: that whose victim was logged last
 *
 * For vm.oom_kill_allocating_task and the members of memory.oom.group.
 *
 * Context: OOM path, under oom_lock; takes task_lock().
 * Return: whether it is immune: it has oom_score_adj -1000 and, if there is
 *         vm.oom_immune_limit, no more than that.
 */
bool oom_score_spared(struct task_struct *p, struct oom_control *oc)
{
	struct oom_score_sums sums = {};
	struct oom_score_input in;
	struct oom_score score;

	if (READ_ONCE(p->signal->oom_score_adj) != OOM_SCORE_ADJ_MIN)
		return false;
	if (READ_ONCE(sysctl_oom_score.immune_limit) >= OOM_SCORE_PERMILLE)
		return true;

	if (oc && !oc->score_scan)
		begin(oc);
	rcu_read_lock();
	read_process(p, &selection, &sums, sums.own, &in);
	rcu_read_unlock();
	oom_score_compute(&in, &selection.policy, &score);
	return score.class == OOM_CLASS_IMMUNE;
}

static const char * const class_names[] = {
	[OOM_CLASS_UNKILLABLE]	= "unkillable",
	[OOM_CLASS_IMMUNE]	= "immune",
	[OOM_CLASS_NORMAL]	= "normal",
	[OOM_CLASS_VOLUNTEER]	= "volunteer",
};

/**
 * oom_score_log() - say in the kernel log why a process is killed
 * @victim: a task of the process
 * @oc: the OOM
 * @eligible: whether a task has memory in the OOM's nodes (not used in a memcg)
 *
 * Context: as oom_score_explain(), under oom_lock.
 */
void oom_score_log(struct task_struct *victim, struct oom_control *oc,
		   oom_eligible_t eligible)
{
	const struct oom_score_candidate *chosen;
	struct oom_score_candidate now;
	unsigned int nr;

	chosen = oom_score_candidates(oc, &nr);
	if (!nr || chosen->pid != task_tgid_nr(victim)) {
		/* The allocating task, which nobody compared with others. */
		if (!oc->score_scan)
			begin(oc);
		rcu_read_lock();
		score_precisely(&now, victim, oc, eligible);
		rcu_read_unlock();
		chosen = &now;
	}
	if (selection.last_resort)
		pr_err("oom-score: nobody else is left: an immune process is killed, vm.oom_last_resort\n");
	pr_err("oom-score: pid=%d points=%lld memory=%lld inherited=%lld fork=%lld tcb=%lld adj=%lld class=%s rss=%llu swap=%llu pgtables=%llu parent=%d age_ms=%llu totalpages=%llu oom_score_adj=%d tier=%s summed=%u/%u\n",
	       chosen->pid, chosen->score.points, chosen->score.memory,
	       chosen->score.inherited, chosen->score.fork, chosen->score.tcb,
	       chosen->score.adj, class_names[chosen->score.class],
	       chosen->in.rss, chosen->in.swap, chosen->in.pgtables,
	       chosen->parent, chosen->in.age_ms, chosen->in.totalpages,
	       chosen->in.oom_score_adj, chosen->in.tcb ? "tcb" : "user",
	       selection.sums.nr, selection.scored);
	if (selection.unsummed)
		pr_warn("oom-score: the best known, %u were not summed: oom_score.lines=\n",
			selection.unsummed);
}

/**
 * oom_score_dump() - a row of the table of tasks in the kernel log
 * @p: a task that is killable and in the OOM's domain
 * @oc: the OOM
 *
 * What dump_task() prints, in its format, but summed precisely.  Of more processes
 * than a selection may sum, the rest are read as they stand.
 *
 * Context: OOM path, under oom_lock; not under the task_lock() of a task.
 * Return: true, so that the caller has nothing left to print.
 */
bool oom_score_dump(struct task_struct *p, struct oom_control *oc)
{
	struct oom_score_sums *sums = &selection.dumped;
	struct oom_score_input in;
	struct task_struct *t;

	if (!oc->score_scan)
		begin(oc);
	t = lock_task_mm(p);
	/* All of its threads have let go of their memory. */
	if (!t)
		return true;
	__acquire(&t->alloc_lock);	/* by lock_task_mm(), for sparse */
	sums->plain = sums->nr >= selection.sums_max;
	sum_pages(t->mm, sums, sums->own, &in);
	pr_info("[%7d] %5d %5d %8lu %8llu %8lld %8lld %9lld %8ld %8llu         %5d %s\n",
		t->pid, from_kuid(&init_user_ns, task_uid(t)), t->tgid,
		t->mm->total_vm, in.rss, sums->own[MM_ANONPAGES],
		sums->own[MM_FILEPAGES], sums->own[MM_SHMEMPAGES],
		mm_pgtables_bytes(t->mm), in.swap,
		t->signal->oom_score_adj, t->comm);
	task_unlock(t);
	return true;
}

/**
 * oom_score_dump_best() - behind the table of tasks, the terms of the best
 * @oc: the OOM
 *
 * In lines of their own, so that who reads the table finds Linux's columns in it.
 *
 * Context: under oom_lock.
 */
void oom_score_dump_best(const struct oom_control *oc)
{
	const struct oom_score_candidate *c;
	unsigned int nr;

	for (c = oom_score_candidates(oc, &nr); nr--; c++)
		pr_info("oom-score: candidate: pid=%d points=%lld memory=%lld inherited=%lld fork=%lld tcb=%lld adj=%lld class=%s\n",
			c->pid, c->score.points, c->score.memory,
			c->score.inherited, c->score.fork, c->score.tcb,
			c->score.adj, class_names[c->score.class]);
}

/* A precise score in the domain of the whole system, for a reader of /proc. */
static void score_now(struct task_struct *p, struct pid_namespace *ns,
		      struct oom_score_input *in, struct oom_score *score,
		      pid_t *parent_pid)
{
	struct oom_score_sums sums = {};
	struct oom_score_scan scan;
	struct task_struct *parent;

	scan_begin(&scan, totalram_pages() + total_swap_pages);
	guard(rcu)();
	parent = gather(p, NULL, NULL, &scan, &sums, in);
	*parent_pid = parent && ns ? task_tgid_nr_ns(parent, ns) : 0;
	oom_score_compute(in, &scan.policy, score);
}

static noinline u64 sum_locked(struct mm_struct *mm)
{
	s64 sums[NR_MM_COUNTERS];

	oom_score_sum_counters(mm, sums);
	return sums[MM_FILEPAGES] + sums[MM_ANONPAGES] + sums[MM_SWAPENTS] +
	       sums[MM_SHMEMPAGES];
}

/*
 * The pages of an mm, but its page tables, for a reader of oom_score: a precise
 * sum that takes no lock.  What a CPU has counted moves to the common count with
 * the lock held; if one was seen to move, sum again and keep it from moving.
 */
static __always_inline u64 sum_unlocked(struct mm_struct *mm)
{
#ifdef CONFIG_SMP
	struct percpu_counter *file = &mm->rss_stat[MM_FILEPAGES];
	struct percpu_counter *anon = &mm->rss_stat[MM_ANONPAGES];
	struct percpu_counter *swap = &mm->rss_stat[MM_SWAPENTS];
	struct percpu_counter *shmem = &mm->rss_stat[MM_SHMEMPAGES];
	s64 nr_file = READ_ONCE(file->count), nr_anon = READ_ONCE(anon->count);
	s64 nr_swap = READ_ONCE(swap->count), nr_shmem = READ_ONCE(shmem->count);
	s64 pages = nr_file + nr_anon + nr_swap + nr_shmem;
	unsigned int word, cpu;
	unsigned long cpus;

	smp_rmb();	/* the parts after the counts */
	for (word = 0; word < BITS_TO_LONGS(nr_cpu_ids); word++) {
		/* Who is on its way down may hold some: see __percpu_counter_sum(). */
		cpus = cpumask_bits(cpu_online_mask)[word] |
		       cpumask_bits(cpu_dying_mask)[word];
		for (; cpus; cpus &= cpus - 1) {
			cpu = word * BITS_PER_LONG + __ffs(cpus);
			pages += READ_ONCE(*per_cpu_ptr(file->counters, cpu));
			pages += READ_ONCE(*per_cpu_ptr(anon->counters, cpu));
			pages += READ_ONCE(*per_cpu_ptr(swap->counters, cpu));
			pages += READ_ONCE(*per_cpu_ptr(shmem->counters, cpu));
		}
	}
	smp_rmb();	/* and before these */
	if (likely(READ_ONCE(file->count) == nr_file &&
		   READ_ONCE(anon->count) == nr_anon &&
		   READ_ONCE(swap->count) == nr_swap &&
		   READ_ONCE(shmem->count) == nr_shmem && pages >= 0))
		return pages;
#endif
	return sum_locked(mm);
}

#if IS_ENABLED(CONFIG_KUNIT)
u64 oom_score_sum_unlocked(struct mm_struct *mm)
{
	return sum_unlocked(mm);
}
#endif

/*
 * The points of a process without its inherited term, as gather() would have
 * them.  Returns its mm, for comparison only, or NULL without one; in *spared,
 * if not NULL, whether it is immune or its mm of those that no OOM kill looks at.
 * Context: RCU read section; takes task_lock().
 */
static __always_inline const struct mm_struct *
own_points(struct task_struct *p, const struct oom_score_policy *policy, u64 now,
	   u64 totalpages, s64 *points, bool *spared)
{
	short adj = READ_ONCE(p->signal->oom_score_adj);
	u64 since = born(p), memory;
	struct task_struct *t = lock_task_mm(p);
	const struct mm_struct *mm;

	if (!t)
		return NULL;
	__acquire(&t->alloc_lock);	/* by lock_task_mm(), for sparse */
	mm = t->mm;
	if (spared)
		*spared = test_bit(MMF_OOM_SKIP, &mm->flags) || in_vfork(t);
	memory = sum_unlocked(t->mm) + mm_pgtables_bytes(t->mm) / PAGE_SIZE;
	task_unlock(t);

	if (unlikely(adj == OOM_SCORE_ADJ_MIN)) {
		if (!oom_score_immune(adj, memory,
				      oom_score_immune_pages(policy, totalpages)))
			adj = 0;
		else if (spared)
			*spared = true;
	}
	*points = oom_score_own(memory, now > since ?
				div_u64(now - since, NSEC_PER_MSEC) : 0,
				peios_task_tcb(p), adj, totalpages, policy);
	return mm;
}

/**
 * oom_score_read() - the value of /proc/PID/oom_score
 * @p: a task of the process
 *
 * Monitors read it of every process, often: it is what oom_score_detail has, on
 * Linux's scale, without gathering what only the latter shows.
 *
 * Context: process context.
 * Return: oom_score_show() of its precise score.
 */
unsigned int oom_score_read(struct task_struct *p)
{
	u64 totalpages = totalram_pages() + total_swap_pages, now;
	short adj = READ_ONCE(p->signal->oom_score_adj);
	const struct mm_struct *mm, *parent_mm = NULL;
	struct oom_score_policy policy;
	struct task_struct *parent;
	s64 points, inherited;
	bool spared;

	if (p->flags & PF_KTHREAD || is_global_init(p) ||
	    (adj == OOM_SCORE_ADJ_MIN &&
	     READ_ONCE(sysctl_oom_score.immune_limit) >= OOM_SCORE_PERMILLE))
		return 0;

	read_policy(&policy);
	now = ktime_get_ns();
	guard(rcu)();
	mm = own_points(p, &policy, now, totalpages, &points, &spared);
	if (!mm || spared)
		return 0;
	parent = policy.parent_share ? parent_of(p) : NULL;
	if (parent && !same_thread_group(parent, p))
		parent_mm = own_points(parent, &policy, now, totalpages,
				       &inherited, NULL);
	if (parent_mm && parent_mm != mm)
		points += oom_score_share(inherited, &policy);

	return oom_score_show(adj == OOM_SCORE_ADJ_MAX ? OOM_CLASS_VOLUNTEER :
			      OOM_CLASS_NORMAL, points, totalpages);
}

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
