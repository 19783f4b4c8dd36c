/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The OOM score: what makes a process the victim, term by term.
 * See Documentation/admin-guide/mm/oom.rst.
 */
#ifndef _LINUX_OOM_SCORE_H
#define _LINUX_OOM_SCORE_H

#include <linux/bits.h>
#include <linux/mm_types_task.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <uapi/linux/oom.h>

struct mm_struct;
struct oom_control;
struct pid;
struct pid_namespace;
struct seq_file;

/**
 * enum oom_class - rank classes, in the order in which they are killed
 * @OOM_CLASS_UNKILLABLE: can't be chosen: init, a kernel thread, no memory left
 * @OOM_CLASS_IMMUNE: oom_score_adj is -1000; chosen at most where nobody else is
 *	left, see oom_score_last_key()
 * @OOM_CLASS_NORMAL: chosen by points
 * @OOM_CLASS_VOLUNTEER: oom_score_adj is +1000, chosen before all others
 */
enum oom_class {
	OOM_CLASS_UNKILLABLE,
	OOM_CLASS_IMMUNE,
	OOM_CLASS_NORMAL,
	OOM_CLASS_VOLUNTEER,
};

/**
 * struct oom_score_policy - the weights of the terms, vm.oom_*
 * @parent_share: permille of the parent's points that a process inherits
 * @fork_weight: permille of its memory that counts more just after a fork
 * @fork_window_ms: time in which @fork_weight fades to nothing; 0 means never
 *	counted
 * @tcb_discount: permille of its memory that counts less for the TCB tier
 * @immune_limit: permille of the domain's pages; an immune process that has more
 *	is not immune; OOM_SCORE_PERMILLE: no limit
 */
struct oom_score_policy {
	unsigned int parent_share;
	unsigned int fork_weight;
	unsigned int fork_window_ms;
	unsigned int tcb_discount;
	unsigned int immune_limit;
};

/* Bounds of the policy; the arithmetic relies on the permilles' one. */
#define OOM_SCORE_PERMILLE	1000
#define OOM_SCORE_WINDOW_MAX	(24 * 60 * 60 * 1000)

/**
 * struct oom_score_input - what a score is computed from
 * @rss: resident pages, anonymous, file and shmem
 * @swap: swap entries
 * @pgtables: pages of page tables
 * @parent: points of the parent without its own inherited term; 0 without one
 * @age_ms: time since the process was created or forked last
 * @totalpages: pages of RAM and swap that the OOM domain may use
 * @oom_score_adj: -1000 to 1000
 * @tcb: of the TCB tier
 * @unkillable: why it can't be chosen, or NULL
 */
struct oom_score_input {
	u64 rss;
	u64 swap;
	u64 pgtables;
	s64 parent;
	u64 age_ms;
	u64 totalpages;
	short oom_score_adj;
	bool tcb;
	const char *unkillable;
};

/**
 * struct oom_score - the terms of a score, in pages, and their sum
 * @memory: resident, swapped and page table pages
 * @inherited: share of the parent's points
 * @fork: for having been forked, or having forked, lately
 * @tcb: what the TCB tier is let off, not positive
 * @adj: oom_score_adj's share of the domain's pages
 * @points: the sum of all, saturating
 * @class: rank class; points order within it
 */
struct oom_score {
	s64 memory;
	s64 inherited;
	s64 fork;
	s64 tcb;
	s64 adj;
	s64 points;
	enum oom_class class;
};

/* Pages that 64 bits can address, of 4 kB: more no process and no machine has. */
#define OOM_SCORE_LARGEST	BIT_ULL(52)

/* A rate of 1; small enough for what is multiplied to stay in 64 bits. */
#define OOM_SCORE_RATE_SHIFT	8

/**
 * struct oom_score_rates - weights as binary fractions, rounded up
 * @parent: of a parent's points
 * @fork: of memory, for who forked just now
 * @adj: pages for one unit of oom_score_adj
 *
 * With these a bound costs no division.
 */
struct oom_score_rates {
	unsigned int parent;
	unsigned int fork;
	u64 adj;
};

/**
 * oom_score_bound() - the points that a process has at most, but its inherited term
 * @memory: pages that it has at most
 * @adj: oom_score_adj
 * @rates: of oom_score_rates()
 *
 * Neither its age nor its tier is needed, which cost more to find than to leave
 * out: a fork term is assumed, and not to have faded, a TCB process to be let off
 * nothing.
 *
 * Return: no less than the points that oom_score_compute() gives to a process
 *         of this oom_score_adj that inherits nothing and whose memory is no
 *         larger; below 2^54.
 */
static inline s64 oom_score_bound(u64 memory, short adj,
				  const struct oom_score_rates *rates)
{
	u64 pages = memory < OOM_SCORE_LARGEST ? memory : OOM_SCORE_LARGEST;

	/* A negative term may be too low by 1000 rate units, rounded down. */
	return pages + (pages * rates->fork >> OOM_SCORE_RATE_SHIFT) +
	       ((s64)(adj * rates->adj) >> OOM_SCORE_RATE_SHIFT) +
	       (1000 >> OOM_SCORE_RATE_SHIFT) + 2;
}

/**
 * oom_score_immune() - is a process safe from being chosen?
 * @adj: oom_score_adj
 * @memory: pages that it has; where these are a bound, so is the answer: who is
 *	immune with more is so with less
 * @limit: oom_score_immune_pages()
 *
 * Return: whether it is immune.
 */
static inline bool oom_score_immune(short adj, u64 memory, u64 limit)
{
	return unlikely(adj == OOM_SCORE_ADJ_MIN) && memory <= limit;
}

/**
 * oom_score_share_bound() - what a process inherits at most
 * @parent: what oom_score_bound() says of its parent
 * @rates: of oom_score_rates()
 *
 * Return: no less than oom_score_share() of these points; below 2^54.
 */
static inline s64 oom_score_share_bound(s64 parent,
					const struct oom_score_rates *rates)
{
	return parent > 0 ? parent * rates->parent >> OOM_SCORE_RATE_SHIFT : 0;
}

void oom_score_compute(const struct oom_score_input *in,
		       const struct oom_score_policy *policy,
		       struct oom_score *score);
long oom_score_key(const struct oom_score *score);
long oom_score_last_key(const struct oom_score *score);
u64 oom_score_immune_pages(const struct oom_score_policy *policy, u64 totalpages);
s64 oom_score_own(u64 memory, u64 age_ms, bool tcb, short adj, u64 totalpages,
		  const struct oom_score_policy *policy);
s64 oom_score_share(s64 parent, const struct oom_score_policy *policy);
long oom_score_rank(enum oom_class class, s64 points);
void oom_score_rates(const struct oom_score_policy *policy, u64 totalpages,
		     struct oom_score_rates *rates);
unsigned int oom_score_show(enum oom_class class, s64 points, u64 totalpages);
unsigned int oom_score_sums_max(unsigned int lines, unsigned int cpus);

typedef bool (*oom_eligible_t)(struct task_struct *p, struct oom_control *oc);

#ifdef CONFIG_OOM_SCORE

/* How many of the best a selection remembers, the victim among them. */
#define OOM_SCORE_BEST		5

/* How many it sums precisely at the end; more spare a second pass. */
#define OOM_SCORE_RUNNERS	8

/* Parents whose share a selection remembers, as a power of two. */
#define OOM_SCORE_PARENTS_ORDER	2

/**
 * struct oom_score_known - what is known of a process from a look at it before
 * @task: the process, for comparison only
 * @born: its start time: another process may get the same task_struct later
 * @mm: its mm, for comparison only, where it was summed; NULL: it has none
 * @points: its points without what it inherits itself, or what of them a child
 *	inherits
 */
struct oom_score_known {
	const struct task_struct *task;
	u64 born;
	const struct mm_struct *mm;
	s64 points;
};

/**
 * struct oom_score_sums - precise sums
 * @last: the process that was summed last
 * @parent: the parent of one before it
 * @own: the RSS counters of the process that was asked for
 * @nr: walks over the CPUs so far
 * @plain: no more of these, plain reads in place of them
 */
struct oom_score_sums {
	struct oom_score_known last;
	struct oom_score_known parent;
	s64 own[NR_MM_COUNTERS];
	unsigned int nr;
	bool plain;
};

/**
 * struct oom_score_runner - one of those who may be the victim
 * @task: the process, with a reference
 * @bound: oom_score_rank() that it has at most
 * @order: its place in the scan
 */
struct oom_score_runner {
	struct task_struct *task;
	long bound;
	unsigned int order;
};

/**
 * struct oom_score_scan - what one selection of a victim keeps between tasks
 * @now: time of the selection, ktime_get_ns()
 * @totalpages: pages that the OOM domain may use
 * @slack: pages by which reads of an mm's RSS counters may be too low together
 * @tabled: whether what is resident has entries in page tables, all of it
 * @policy: the weights, the same for every task
 * @rates: likewise, for bounds
 * @immune_pages: what an immune process may have
 * @parent: the parent asked for last, and what its children inherit at most
 * @parents: a cache of these
 * @last: the process looked at last, and its points at most
 * @sums: precise sums
 * @sums_max: most walks over the CPUs before the second pass ends with who is best
 *	by then
 * @unsummed: who was not summed any more, though they could be better
 * @dumped: the sums of the table of tasks in the kernel log
 * @runners: those with the largest bounds so far, the largest first
 * @nr_runners: their number
 * @second: whether this is the second pass
 * @last_resort: whether only immune processes are looked at, since nobody else is
 *	left
 * @threshold: nobody else has a larger bound; LONG_MIN while there is room
 * @scored: candidates looked at, in this pass
 */
struct oom_score_scan {
	u64 now;
	u64 totalpages;
	u64 slack;
	bool tabled;
	struct oom_score_policy policy;
	struct oom_score_rates rates;
	u64 immune_pages;
	struct oom_score_known parent;
	struct oom_score_known parents[1 << OOM_SCORE_PARENTS_ORDER];
	struct oom_score_known last;
	struct oom_score_sums sums;
	unsigned int sums_max;
	unsigned int unsummed;
	struct oom_score_sums dumped;
	struct oom_score_runner runners[OOM_SCORE_RUNNERS];
	unsigned int nr_runners;
	bool second;
	bool last_resort;
	long threshold;
	unsigned int scored;
};

/**
 * struct oom_score_candidate - one of the best of a selection
 * @pid: its thread group, in the initial namespace
 * @parent: that of the parent whose points are inherited, or 0
 * @in: what its score was computed from, summed precisely
 * @score: its terms
 */
struct oom_score_candidate {
	pid_t pid;
	pid_t parent;
	struct oom_score_input in;
	struct oom_score score;
};

bool oom_score_outdone(struct task_struct *p, struct oom_control *oc,
		       oom_eligible_t eligible);
long oom_score_select(struct task_struct *p, struct oom_control *oc,
		      oom_eligible_t eligible);
bool oom_score_again(struct oom_control *oc, oom_eligible_t eligible);
bool oom_score_spared(struct task_struct *p, struct oom_control *oc);
const struct oom_score_scan *oom_score_scanned(const struct oom_control *oc);
const struct oom_score_candidate *
oom_score_candidates(const struct oom_control *oc, unsigned int *nr);
void oom_score_explain(struct task_struct *p, struct oom_control *oc,
		       oom_eligible_t eligible, struct oom_score_input *in,
		       struct oom_score *score);
void oom_score_log(struct task_struct *victim, struct oom_control *oc,
		   oom_eligible_t eligible);
bool oom_score_dump(struct task_struct *p, struct oom_control *oc);
void oom_score_dump_best(const struct oom_control *oc);
void oom_score_sum_counters(struct mm_struct *mm, s64 *sums);
#if IS_ENABLED(CONFIG_KUNIT)
u64 oom_score_sum_unlocked(struct mm_struct *mm);
#endif
unsigned int oom_score_read(struct task_struct *p);
extern const struct file_operations proc_oom_score_operations;
int proc_oom_score_detail(struct seq_file *m, struct pid_namespace *ns,
			  struct pid *pid, struct task_struct *task);

/**
 * oom_score_forked() - note that current has forked
 * @child: the new process or thread
 *
 * Context: any; @child is not running yet or can't go away.
 */
static inline void oom_score_forked(struct task_struct *child)
{
	if (thread_group_leader(child))
		WRITE_ONCE(current->signal->oom_fork_time, child->start_time);
}

#else /* !CONFIG_OOM_SCORE */

/* A macro, as oom_badness() is declared after this. */
#define oom_score_select(p, oc, eligible) \
	((void)(eligible), oom_badness(p, (oc)->totalpages))

static inline bool oom_score_outdone(struct task_struct *p,
				     struct oom_control *oc,
				     oom_eligible_t eligible)
{
	return false;
}

static inline bool oom_score_again(struct oom_control *oc,
				   oom_eligible_t eligible)
{
	return false;
}

static inline bool oom_score_spared(struct task_struct *p,
				    struct oom_control *oc)
{
	return p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN;
}

static inline void oom_score_log(struct task_struct *victim,
				 struct oom_control *oc,
				 oom_eligible_t eligible)
{
}

static inline bool oom_score_dump(struct task_struct *p, struct oom_control *oc)
{
	return false;
}

static inline void oom_score_dump_best(const struct oom_control *oc)
{
}

static inline void oom_score_forked(struct task_struct *child)
{
}

#endif /* CONFIG_OOM_SCORE */

#endif /* _LINUX_OOM_SCORE_H */
