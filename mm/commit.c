// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commit accounting: counting promises exactly, and cheaply.
 *
 * The model. Every promised page is counted for the system. If the memory
 * belongs to a cgroup, it is also counted for the cgroup and for all cgroups
 * above it. Each of these counts may have a limit. A request is granted if and
 * only if it fits within all limits at one instant. No count is over its limit
 * at any instant, unless the limit was moved below it.
 *
 * Each count has a slot on each CPU. A promise changes the slots of one CPU:
 * those of its group, of the groups above and of the system. It does so under
 * that CPU's lock, and changes nothing that is shared:
 *
 *	promised = taken - the sum of all slots
 *
 * The value of a slot stays within the slot's bounds. Where there is no limit,
 * it may be negative: the slots are parts of a sum. Where there is a limit, a
 * slot holds pages that are set aside, and these are already part of "taken".
 * So "taken" is an upper bound of the promises, and keeping it within the limit
 * keeps the promises within the limit. A slot that is shut holds 0, and both
 * its bounds are 0.
 *
 * A request that would leave the bounds takes the lock of that count, which
 * protects "taken" and the bounds. It holds the locks of all counts that it
 * needs until all of them have granted it. A request that fits beside "taken"
 * is granted. Otherwise the count is summed up (see below). If the request does
 * not fit then, it is refused, and no other CPU is affected. If it does fit,
 * all slots are shut: from then on each request waits for the lock, "taken" is
 * exactly what is promised, and the decision is exact. It would not be exact if
 * slots were emptied but left open: pages could be put back into a slot that
 * was already visited, and be taken from one that is visited later, so that a
 * request would be refused that fitted at every instant. A slot opens again
 * when its CPU next takes the lock and there is room. So no notice is needed
 * when a limit rises. A request that fits waits for each other CPU once, while
 * that CPU visits all slots three times at most.
 *
 * Reading a count shuts nothing. If a reader just looked at one slot after the
 * other, it could see pages twice or not at all, if they were taken from a slot
 * that it has seen and put back into one that it has not, or the other way
 * round. So a reader begins a new look. Each CPU that sees the new look notes
 * the value of its slot before it next changes it. The reader sums up the value
 * of each slot from before its CPU saw the look, or the present value if the
 * CPU has done nothing since. A CPU that learns of what another CPU did after
 * its note also sees the look, so no effect is seen without its cause: the sum
 * was true at one instant after the look began.
 *
 * memory.commit.peak is the highest sum, taken whenever a slot leaves its
 * bounds or a count is read. It can be too low only by as much as the bounds
 * leave room for.
 *
 * Locks: those of the counts, from the group upwards, then the lock of one CPU.
 * The lock of a CPU orders everything that is said about its slots here. No
 * lock is taken from interrupts.
 */

#include <linux/cgroup.h>
#include <linux/commit.h>
#include <linux/commit_info.h>
#include <linux/commit_wait.h>
#include <linux/cpumask.h>
#include <linux/error-injection.h>
#include <linux/export.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/percpu.h>
#include <linux/security.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/swap.h>

/**
 * struct commit_slot - a CPU's part of a count
 * @aside: pages that are part of "taken" but not promised; negative for
 *	promises that are not part of "taken" yet, where there is no limit
 * @least: lower bound of @aside
 * @most: upper bound of @aside; 0 in a slot that is shut
 * @look: the last look for which this CPU has noted the value
 * @had: the value of @aside then
 *
 * All of it is protected by the CPU's lock. The bounds, and @aside of a slot that is
 * shut, change only under the lock of the count as well.
 */
struct commit_slot {
	long aside;
	long least;
	long most;
	unsigned long look;
	long had;
};

/**
 * struct commit_cpu - per-CPU data
 * @lock: protects its slots of all counts
 * @system: its slot of the system's count
 */
struct commit_cpu {
	spinlock_t lock; /* see above */
	struct commit_slot system;
};

static DEFINE_PER_CPU_ALIGNED(struct commit_cpu, commit_cpus) = {
	.lock = __SPIN_LOCK_UNLOCKED(commit_cpus.lock),
};

/* The system's count. Its limit is vm_commit_limit(), in strict mode only. */
static struct commit_group commit_system = {
	.slots = &commit_cpus.system,
	.max = COMMIT_MAX,
	.lock = __SPIN_LOCK_UNLOCKED(commit_system.lock),
};

/* The largest reserve that slots were shut for; under commit_system's lock */
static unsigned long commit_kept;

/*
 * How many locks a request may hold. Groups at the last of these depths share a
 * lock with all groups below them. Lockdep has a subclass for each depth.
 */
#define COMMIT_DEPTHS	8

#if IS_ENABLED(CONFIG_COMMIT_KUNIT_TEST)
/* How many promises and returns have tried to lock a count, for tests */
DEFINE_PER_CPU(unsigned long, commit_entries);

static void commit_count_entry(void)
{
	this_cpu_inc(commit_entries);
}
#else
static void commit_count_entry(void)
{
}
#endif

static bool commit_strict(void)
{
	return READ_ONCE(sysctl_overcommit_memory) == OVERCOMMIT_NEVER;
}

/**
 * vm_commit_limit() - what may be promised with vm.overcommit_memory 2
 *
 * Return: pages.
 */
unsigned long vm_commit_limit(void)
{
	const struct commit_settings settings = {
		.ram = totalram_pages(),
		.hugetlb = hugetlb_total_pages(),
		.swap = total_swap_pages,
		.ratio = READ_ONCE(sysctl_overcommit_ratio),
		.kbytes = READ_ONCE(sysctl_overcommit_kbytes),
	};

	return min_t(u64, commit_system_limit(&settings), COMMIT_MAX);
}

/* The part of the limit that a request may use. */
static unsigned long commit_bound(const struct mm_struct *mm, bool admin)
{
	const struct commit_reserves reserves = {
		.admin_kbytes = READ_ONCE(sysctl_admin_reserve_kbytes),
		.user_kbytes = READ_ONCE(sysctl_user_reserve_kbytes),
		.admin = admin,
		.has_mm = mm,
		.total_vm = mm ? READ_ONCE(mm->total_vm) : 0,
	};

	return commit_allowed(vm_commit_limit(), &reserves);
}

/* The part of the limit that is reserved from a request with this bound. */
static unsigned long commit_reserve(unsigned long allowed)
{
	unsigned long limit = vm_commit_limit();

	return limit - min(limit, allowed);
}

static unsigned int commit_depth(const struct commit_group *group)
{
	return min(group->depth, COMMIT_DEPTHS - 1U);
}

static struct commit_group *commit_owner(struct commit_group *group)
{
	while (group->depth >= COMMIT_DEPTHS)
		group = group->parent;
	return group;
}

/* sparse can't follow which locks are taken, so it is told that none is. */
static void commit_lock_one(struct commit_group *owner)
{
	spin_lock_nested(&owner->lock, owner->depth);
	__release(&owner->lock);
}

static void commit_unlock_one(struct commit_group *owner)
{
	__acquire(&owner->lock);
	spin_unlock(&owner->lock);
}

/* Take the lock of one count. */
static void commit_lock(struct commit_group *group)
{
	commit_lock_one(commit_owner(group));
}

static void commit_unlock(struct commit_group *group)
{
	commit_unlock_one(commit_owner(group));
}

/*
 * Take the locks at @depths of a group and of the groups above it, up to @top.
 */
static void commit_lock_all(struct commit_group *group, const struct commit_group *top,
			    unsigned int depths)
{
	for (; depths && group != top; group = group->parent)
		if (group->depth < COMMIT_DEPTHS && depths & BIT(group->depth))
			commit_lock_one(group);
}

static void commit_unlock_all(struct commit_group *group, const struct commit_group *top,
			      unsigned int depths)
{
	for (; depths && group != top; group = group->parent)
		if (group->depth < COMMIT_DEPTHS && depths & BIT(group->depth))
			commit_unlock_one(group);
}

/* With the CPU's lock, before changing a slot without the count's lock. */
static __always_inline void commit_note(const struct commit_group *group,
					struct commit_slot *slot)
{
	unsigned long look = READ_ONCE(group->look);

	if (likely(slot->look == look))
		return;
	slot->look = look;
	slot->had = slot->aside;
}

/*
 * The sum of all slots of a count at one instant. A caller that changes a slot
 * beyond its bounds holds the lock of the count, and waits until this is done.
 */
static unsigned long commit_aside_now(struct commit_group *group)
{
	unsigned long aside = 0;
	int nr;

	lockdep_assert_held(&commit_owner(group)->lock);
	if (!group->open)
		return 0;
	WRITE_ONCE(group->look, group->look + 1);
	for_each_possible_cpu(nr) {
		struct commit_slot *slot = per_cpu_ptr(group->slots, nr);
		struct commit_cpu *cpu = per_cpu_ptr(&commit_cpus, nr);

		if (!slot->most)
			continue;
		spin_lock(&cpu->lock);
		commit_note(group, slot);
		aside += slot->had;
		spin_unlock(&cpu->lock);
	}
	return aside;
}

/*
 * An estimate of what is promised, good enough for a request that is refused in
 * any case. Any process can make such requests, so nobody has to wait for them.
 */
static unsigned long commit_about(struct commit_group *group)
{
	unsigned long promised = READ_ONCE(group->taken);
	int nr;

	for_each_possible_cpu(nr)
		/* The value may be from any moment. */
		promised -= data_race(per_cpu_ptr(group->slots, nr)->aside);
	return max_t(long, promised, 0);
}

/* With the locks of the count and of the CPU held. */
static void commit_slot_set(struct commit_group *group, struct commit_slot *slot,
			    long aside, long least, long most)
{
	lockdep_assert_held(&commit_owner(group)->lock);
	WRITE_ONCE(group->taken, group->taken + aside - slot->aside);
	WRITE_ONCE(group->open, group->open + !!most - !!slot->most);
	group->most += most - slot->most;
	WRITE_ONCE(slot->aside, aside);
	slot->least = least;
	slot->most = most;
}

/*
 * Shut all slots of a count. From then on "taken" is exactly what is promised.
 */
static void commit_shut(struct commit_group *group)
{
	int nr;

	lockdep_assert_held(&commit_owner(group)->lock);
	if (!group->open)
		return;
	for_each_possible_cpu(nr) {
		struct commit_slot *slot = per_cpu_ptr(group->slots, nr);
		struct commit_cpu *cpu = per_cpu_ptr(&commit_cpus, nr);

		if (!slot->most)
			continue;
		spin_lock(&cpu->lock);
		commit_slot_set(group, slot, 0, 0, 0);
		spin_unlock(&cpu->lock);
	}
}

/*
 * The limit within which CPUs may set pages of a count aside. Memory and swap
 * are added, and huge pages are freed, without any notice to this file.
 */
static unsigned long commit_aside_limit(const struct commit_group *group)
{
	unsigned long limit, kept;

	if (group != &commit_system)
		return group->max;
	if (!commit_strict())
		return COMMIT_MAX;
	limit = min(vm_commit_limit(), COMMIT_MAX - 1);
	/* Far from the limit, no reserve need be left to anybody. */
	if (group->taken < (limit - min(limit, commit_kept)) / 2)
		commit_kept = 0;
	kept = max(commit_kept, commit_reserve(commit_bound(NULL, false)));
	return limit - min(limit, kept);
}

/*
 * Set the bounds of a slot according to the room that there is. @pages were
 * asked for, or given back.
 */
static void commit_slot_open(struct commit_group *group, struct commit_slot *slot,
			     unsigned long pages)
{
	unsigned long limit = commit_aside_limit(group);
	unsigned long taken = group->taken - slot->aside;
	long most;

	if (limit < COMMIT_MAX) {
		most = commit_aside(num_online_cpus(), pages, taken, limit);
		commit_slot_set(group, slot, most / 2, 0, most);
	} else {
		/* Nobody asks for the system's peak. */
		most = group == &commit_system ? LONG_MAX / 2 :
			commit_unseen(num_online_cpus(), pages,
				      max_t(long, taken, group->peak),
				      totalram_pages());
		commit_slot_set(group, slot, 0, -most, most);
	}
}

/*
 * Called when a slot leaves its bounds, and not within one CPU's lock. The
 * count is summed up only if this CPU's slot suggests a new peak, so not for
 * each request of a caller that goes up and down.
 */
static void commit_see_peak(struct commit_group *group)
{
	long about = group->taken - READ_ONCE(raw_cpu_ptr(group->slots)->aside);
	unsigned long promised;

	if (group == &commit_system || (group->open && about <= group->seen))
		return;
	group->seen = max(group->seen, about);
	promised = group->taken - commit_aside_now(group);
	if ((long)promised > (long)group->peak)
		WRITE_ONCE(group->peak, promised);
}

/*
 * Does a request fit into a count whose lock is held? The answer holds until
 * the lock is released.
 */
static bool commit_count_fits(struct commit_group *group, unsigned long pages,
			      unsigned long allowed, struct commit_refusal *why)
{
	unsigned long promised;

	if (allowed >= COMMIT_MAX || commit_fits(group->taken, pages, allowed))
		return true;
	/* Would it fit if each slot held as much as it may? */
	if (commit_fits(group->taken - min(group->taken, group->most), pages, allowed)) {
		promised = group->taken - commit_aside_now(group);
		if (commit_fits(promised, pages, allowed)) {
			if (group == &commit_system)
				commit_kept = max(commit_kept, commit_reserve(allowed));
			commit_shut(group);
			promised = group->taken;
			if (commit_fits(promised, pages, allowed))
				return true;
		}
	} else {
		promised = commit_about(group);
	}
	*why = (struct commit_refusal) {
		.limit = COMMIT_LIMIT_CGROUP,
		.group = group,
		.taken = promised,
		.allowed = allowed,
	};
	if (group == &commit_system) {
		why->limit = COMMIT_LIMIT_SYSTEM;
		why->group = NULL;
	}
	return false;
}

/* May a promise be taken from the slot of a count without its lock? */
static __always_inline bool commit_slot_has(const struct commit_group *group,
					    const struct commit_slot *slot,
					    unsigned long pages, unsigned long allowed)
{
	if (group == &commit_system && allowed != ULONG_MAX &&
	    READ_ONCE(group->taken) > allowed)
		return false;
	return (unsigned long)(slot->aside - slot->least) >= pages;
}

/*
 * Will promising or returning so many pages soon take a slot out of its bounds?
 * If a lock is needed anyway, such slots are set anew, too, since counts that
 * grow together also reach their bounds together.
 */
static bool commit_slot_nears(const struct commit_slot *slot, long promised, long returned)
{
	long quarter = (slot->most - slot->least) / 4;

	return slot->aside - slot->least < promised + quarter ||
	       slot->most - slot->aside < returned + quarter;
}

/*
 * Charge all counts from @group up to @top, or none. The counts at depths
 * @locked are known to have room. Returns the depths of other counts whose lock
 * is needed.
 */
static unsigned int commit_charge(struct commit_group *group,
				  const struct commit_group *top, unsigned long pages,
				  unsigned long allowed, unsigned int locked)
{
	unsigned int nr = raw_smp_processor_id(), missing = 0;
	struct commit_cpu *cpu = per_cpu_ptr(&commit_cpus, nr);
	struct commit_group *g;

	spin_lock(&cpu->lock);
	for (g = group; g != top; g = g->parent)
		if (!commit_slot_has(g, per_cpu_ptr(g->slots, nr), pages, allowed))
			missing |= BIT(commit_depth(g));
	missing &= ~locked;
	for (g = group; g != top && missing; g = g->parent)
		if (commit_slot_nears(per_cpu_ptr(g->slots, nr), pages, 0))
			missing |= BIT(commit_depth(g));
	for (g = group; g != top && !missing; g = g->parent) {
		struct commit_slot *slot = per_cpu_ptr(g->slots, nr);

		if (locked & BIT(commit_depth(g))) {
			WRITE_ONCE(g->taken, g->taken + pages);
			commit_slot_open(g, slot, pages);
		} else {
			commit_note(g, slot);
			slot->aside -= pages;
		}
	}
	spin_unlock(&cpu->lock);
	return missing;
}

static noinline bool commit_promise_slow(struct commit_group *group,
					 const struct commit_group *top,
					 const struct mm_struct *mm,
					 unsigned long pages, bool admin,
					 struct commit_refusal *why)
{
	unsigned int locked = 0, missing;
	struct commit_group *g;
	bool fits;

	commit_count_entry();
	/*
	 * This loops once or twice, or more often if others are faster. Each
	 * round takes one more lock.
	 */
	do {
		unsigned long allowed;

		missing = 0;
		fits = true;
		commit_lock_all(group, top, locked);
		allowed = commit_strict() ? commit_bound(mm, admin) : ULONG_MAX;
		for (g = group; g != top && fits; g = g->parent)
			if (locked & BIT(commit_depth(g)))
				fits = commit_count_fits(g, pages,
							 g == &commit_system ?
							 allowed : g->max, why);
		if (fits)
			missing = commit_charge(group, top, pages, allowed, locked);
		for (g = group; g != top && fits && !missing; g = g->parent)
			if (locked & BIT(commit_depth(g)))
				commit_see_peak(g);
		commit_unlock_all(group, top, locked);
		locked |= missing;
	} while (missing);
	return fits;
}

/* Promise pages from this CPU's slots. */
static __always_inline bool commit_take(struct commit_group *group,
					const struct commit_group *top,
					unsigned long pages, unsigned long allowed)
{
	unsigned int nr = raw_smp_processor_id();
	struct commit_cpu *cpu = per_cpu_ptr(&commit_cpus, nr);
	struct commit_group *g;
	bool done = true;

	spin_lock(&cpu->lock);
	for (g = group; g != top; g = g->parent) {
		struct commit_slot *slot = per_cpu_ptr(g->slots, nr);

		if (unlikely(!commit_slot_has(g, slot, pages, allowed)))
			goto undo;
		commit_note(g, slot);
		slot->aside -= pages;
	}
out:
	spin_unlock(&cpu->lock);
	return done;
undo:
	for (; group != g; group = group->parent)
		per_cpu_ptr(group->slots, nr)->aside += pages;
	done = false;
	goto out;
}

/* Put pages back into this CPU's slots. */
static __always_inline bool commit_put(struct commit_group *group,
				       const struct commit_group *top,
				       unsigned long pages)
{
	unsigned int nr = raw_smp_processor_id();
	struct commit_cpu *cpu = per_cpu_ptr(&commit_cpus, nr);
	struct commit_group *g;
	bool done = true;

	spin_lock(&cpu->lock);
	for (g = group; g != top; g = g->parent) {
		struct commit_slot *slot = per_cpu_ptr(g->slots, nr);

		if (unlikely((unsigned long)(slot->most - slot->aside) < pages))
			goto undo;
		commit_note(g, slot);
		slot->aside += pages;
	}
out:
	spin_unlock(&cpu->lock);
	return done;
undo:
	for (; group != g; group = group->parent)
		per_cpu_ptr(group->slots, nr)->aside -= pages;
	done = false;
	goto out;
}

static enum commit_mode commit_group_mode(const struct commit_group *group)
{
	enum commit_mode mode = COMMIT_MODE_SYSTEM;

	/*
	 * From the bottom: a strict group decides, else the lowest mode does.
	 */
	for (; group; group = group->parent) {
		enum commit_mode own = READ_ONCE(group->mode);

		if (own == COMMIT_MODE_STRICT)
			return own;
		mode = commit_mode_join(own, mode);
	}
	return mode;
}

/**
 * commit_heeds_noreserve() - is MAP_NORESERVE heeded in a group?
 * @group: the group, or NULL
 *
 * Return: true if memory that was mapped with it is not counted.
 */
bool commit_heeds_noreserve(const struct commit_group *group)
{
	struct commit_rules rules;

	commit_rules(READ_ONCE(sysctl_overcommit_memory),
		     commit_group_mode(group), &rules);
	return rules.noreserve;
}

/**
 * commit_counts_inherited() - are mappings that a child inherits judged anew?
 * @group: the group that the child is born into
 *
 * Return: true if memory counts that was mapped with MAP_NORESERVE elsewhere, or
 * before the group became strict.
 */
bool commit_counts_inherited(const struct commit_group *group)
{
	struct commit_rules rules;

	commit_rules(READ_ONCE(sysctl_overcommit_memory),
		     commit_group_mode(group), &rules);
	return rules.inherited;
}

/**
 * commit_report_refusal() - report that a promise was refused
 * @why: the reason
 * @pages: how many pages were asked for
 */
void commit_report_refusal(const struct commit_refusal *why, unsigned long pages)
{
	struct commit_group *group;

	for (group = why->group; group && group != &commit_system; group = group->parent) {
		atomic_long_inc(&group->refused);
#ifdef CONFIG_CGROUPS
		cgroup_file_notify(&group->events_file);
#endif
	}
	commit_refused(why->limit, pages, why->taken, why->allowed,
		       why->group ? why->group->memcg : NULL);
	/* The line in the log says more. */
	if (!IS_ENABLED(CONFIG_COMMIT_INFO))
		pr_warn_ratelimited("__vm_enough_memory: pid: %d, comm: %s, bytes: %lu not enough memory for the allocation\n",
				    current->pid, current->comm,
				    pages << PAGE_SHIFT);
}

static void commit_report(const struct commit_refusal *why, unsigned long pages)
{
	if (!commit_wait_notes(why, pages))
		commit_report_refusal(why, pages);
}

/* Does the group's heuristic allow to promise so much at once? */
static bool commit_suits(const struct commit_group *group, unsigned long pages,
			 struct commit_refusal *why)
{
	unsigned long all = totalram_pages() + total_swap_pages;
	struct commit_rules rules;

	if (pages <= all)
		return true;
	commit_rules(READ_ONCE(sysctl_overcommit_memory),
		     commit_group_mode(group), &rules);
	if (!rules.heuristic)
		return true;
	*why = (struct commit_refusal) {
		.limit = COMMIT_LIMIT_HEURISTIC,
		.taken = commit_about(&commit_system),
		.allowed = all,
	};
	return false;
}

static bool commit_within_limits(struct commit_group *group, struct mm_struct *mm,
				 unsigned long pages, bool admin,
				 struct commit_refusal *why)
{
	unsigned long allowed = commit_strict() ? commit_bound(mm, admin) : ULONG_MAX;

	group = group ?: &commit_system;
	return commit_take(group, NULL, pages, allowed) ||
	       commit_promise_slow(group, NULL, mm, pages, admin, why);
}

/**
 * commit_try() - promise pages, if they fit
 * @group: the group to count for, beside the system, or NULL
 * @mm: memory of the process that asks, or NULL; its size affects the user's
 *	reserve
 * @pages: how many
 * @admin: the request may use the administrators' reserve
 * @why: set if they do not fit
 *
 * Return: true if they are promised.
 */
bool commit_try(struct commit_group *group, struct mm_struct *mm,
		unsigned long pages, bool admin, struct commit_refusal *why)
{
	if (!pages)
		return true;
	return commit_suits(group, pages, why) &&
	       commit_within_limits(group, mm, pages, admin, why);
}

static noinline int commit_promise_or_say(struct commit_group *group,
					  struct mm_struct *mm,
					  unsigned long pages, bool admin)
{
	struct commit_refusal why;

	if (commit_try(group, mm, pages, admin, &why))
		return 0;
	commit_report(&why, pages);
	return -ENOMEM;
}

/*
 * The most frequent case: a loose mode, a size that the heuristic never
 * refuses, and pages that are set aside already. There is no reserve then, so
 * it does not matter what the security modules answer, which are asked in any
 * mode.
 */
static __always_inline bool commit_promise_fast(struct commit_group *group,
						unsigned long pages)
{
	return !commit_strict() && pages <= totalram_pages() + total_swap_pages &&
	       commit_take(group ?: &commit_system, NULL, pages, ULONG_MAX);
}

/**
 * commit_promise() - promise pages, or report the refusal
 * @group: the group to count for, beside the system, or NULL
 * @mm: memory of the process that asks, or NULL; its size affects the user's
 *	reserve
 * @pages: how many
 * @admin: the request may use the administrators' reserve
 *
 * Return: 0, or -ENOMEM if they do not fit within all limits.
 */
int commit_promise(struct commit_group *group, struct mm_struct *mm,
		   unsigned long pages, bool admin)
{
	if (likely(commit_promise_fast(group, pages)))
		return 0;
	return commit_promise_or_say(group, mm, pages, admin);
}
ALLOW_ERROR_INJECTION(commit_promise, ERRNO);

/* Returns to one count at a time. The promise is kept until this is done. */
static noinline void commit_return_slow(struct commit_group *group,
					unsigned long pages)
{
	commit_count_entry();
	for (; group; group = group->parent) {
		struct commit_cpu *cpu;

		/*
		 * It may be seen late, or falsely, that a slot nears its
		 * bounds.
		 */
		if (!data_race(commit_slot_nears(raw_cpu_ptr(group->slots), 0, pages)) &&
		    commit_put(group, group->parent, pages))
			continue;
		commit_lock(group);
		/* For a group that ends at once, this is the last chance. */
		commit_see_peak(group);
		cpu = raw_cpu_ptr(&commit_cpus);
		spin_lock(&cpu->lock);
		WRITE_ONCE(group->taken, group->taken - pages);
		commit_slot_open(group, raw_cpu_ptr(group->slots), pages);
		spin_unlock(&cpu->lock);
		commit_unlock(group);
	}
}

static __always_inline void __commit_return(struct commit_group *group,
					    unsigned long pages)
{
	group = group ?: &commit_system;
	if (unlikely(!commit_put(group, NULL, pages)))
		commit_return_slow(group, pages);
}

/**
 * commit_return() - take back promises
 * @group: the group that they were made for
 * @pages: how many
 */
void commit_return(struct commit_group *group, unsigned long pages)
{
	__commit_return(group, pages);
}

/**
 * vm_memory_committed() - the number of pages that the system has promised
 *
 * In strict mode it is no more than the limit, unless that was moved below it.
 *
 * Return: pages, exact: what was promised at one instant within the call.
 */
unsigned long vm_memory_committed(void)
{
	return commit_group_current(&commit_system);
}
EXPORT_SYMBOL_GPL(vm_memory_committed);

/**
 * __vm_enough_memory() - promise pages to a process
 * @mm: its memory, whose mmap_lock is held, or NULL
 * @pages: how many
 * @cap_sys_admin: whether the administrators' reserve may be used
 *
 * Return: 0, or -ENOMEM.
 */
int __vm_enough_memory(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	struct commit_group *group = mm ? mm->commit_group : NULL;

	if (unlikely(!commit_promise_fast(group, pages)) &&
	    commit_promise_or_say(group, mm, pages,
				  cap_sys_admin))
		return -ENOMEM;
	if (mm)
		WRITE_ONCE(mm->commit_pages, mm->commit_pages + pages);
	return 0;
}
ALLOW_ERROR_INJECTION(__vm_enough_memory, ERRNO);

/**
 * commit_judge() - does the heuristic allow to promise so much at once?
 * @group: the group whose mode applies, or NULL
 * @pages: how many, promised already
 *
 * Return: 0, or -ENOMEM, which is reported.
 */
int commit_judge(struct commit_group *group, unsigned long pages)
{
	struct commit_refusal why;

	if (commit_suits(group, pages, &why))
		return 0;
	commit_report(&why, pages);
	return -ENOMEM;
}

/**
 * commit_inherit() - promise a child what one of its parent's mappings has
 * @mm: the child's memory, whose mmap_lock is held
 * @pages: how many
 *
 * This charges only the system, within its limit. commit_cgroup_can_fork()
 * knows which cgroup the child is born into, and by which mode the mapping is
 * judged.
 *
 * Return: 0, or -ENOMEM.
 */
int commit_inherit(struct mm_struct *mm, unsigned long pages)
{
	/*
	 * Security modules are asked about this promise like any other, and as
	 * in plain Linux with the mm of the parent, which forks.
	 */
	bool admin = security_vm_admin_reserve(current->mm, pages);
	struct commit_refusal why;

	if (!IS_ENABLED(CONFIG_COMMIT_CGROUP) && commit_judge(NULL, pages))
		return -ENOMEM;
	if (unlikely(!commit_promise_fast(NULL, pages)) &&
	    !commit_within_limits(NULL, mm, pages, admin, &why)) {
		commit_report(&why, pages);
		return -ENOMEM;
	}
	WRITE_ONCE(mm->commit_pages, mm->commit_pages + pages);
	return 0;
}
ALLOW_ERROR_INJECTION(commit_inherit, ERRNO);

/**
 * mm_unacct_memory() - take back promises to a process
 * @mm: its memory, whose mmap_lock is held
 * @pages: how many
 */
void mm_unacct_memory(struct mm_struct *mm, unsigned long pages)
{
	if (WARN_ONCE(pages > mm->commit_pages,
		      "Bad commit charge: %lu pages given back to an mm with %lu\n",
		      pages, mm->commit_pages))
		pages = mm->commit_pages;
	WRITE_ONCE(mm->commit_pages, mm->commit_pages - pages);
	__commit_return(mm->commit_group, pages);
}

/**
 * mm_commit_settle() - take back all promises to a process
 * @mm: its memory, which is no longer used
 * @pages: how many pages its mappings account for
 *
 * All that was charged is returned to the system and to the group, whatever the
 * mappings say. Nobody else could do so later, and a removed group would leave
 * it to its parent for ever.
 *
 * Return: pages that were promised to it and have no mapping; negative if its
 * mappings have more than was promised.
 */
long mm_commit_settle(struct mm_struct *mm, unsigned long pages)
{
	unsigned long promised = mm_commit_pages(mm);

	mm_unacct_memory(mm, promised);
	return promised - pages;
}

/**
 * mm_commit_exit() - take back all promises to a process, and report leftovers
 * @mm: its memory, which is no longer used
 * @pages: how many pages its mappings account for
 *
 * Context: process context.
 */
void mm_commit_exit(struct mm_struct *mm, unsigned long pages)
{
	long lost = mm_commit_settle(mm, pages);

	if (unlikely(lost))
		pr_alert_ratelimited("BUG: Bad commit charge: mappings of %lu pages end, %ld more were promised\n",
				     pages, lost);
}

#ifdef CONFIG_SWAP
/**
 * commit_swapoff() - take swap space out of the limit
 * @mm: memory of the process that asks
 * @pages: of swap space
 *
 * The limit is lowered only if what is promised fits into what is left. Check
 * and change are atomic, so that no promise is made in between.
 *
 * Return: true if total_swap_pages was lowered.
 */
bool commit_swapoff(struct mm_struct *mm, unsigned long pages)
{
	bool admin = security_vm_admin_reserve(mm, pages);
	struct commit_refusal why;
	bool fits;

	commit_lock(&commit_system);
	fits = !commit_strict() ||
	       commit_count_fits(&commit_system, pages, commit_bound(mm, admin), &why);
	if (fits) {
		total_swap_pages -= pages;
		/* No request that has seen the old limit is under way. */
		if (commit_strict())
			commit_shut(&commit_system);
	}
	commit_unlock(&commit_system);
	if (!fits)
		commit_report(&why, pages);
	return fits;
}
#endif

/**
 * commit_set_mode() - change vm.overcommit_memory
 * @mode: the new mode
 */
void commit_set_mode(int mode)
{
	mm_compute_batch(mode);
	commit_lock(&commit_system);
	WRITE_ONCE(sysctl_overcommit_memory, mode);
	commit_shut(&commit_system);
	commit_kept = 0;
	commit_unlock(&commit_system);
}

/**
 * commit_sync() - wait for requests that use an old limit
 *
 * Call this when the limit has changed. When it returns, no request is under
 * way that was judged by the old limit.
 */
void commit_sync(void)
{
	commit_lock(&commit_system);
	commit_shut(&commit_system);
	commit_kept = 0;
	commit_unlock(&commit_system);
}

/**
 * commit_is_open() - may CPUs set aside pages of the system's count?
 *
 * Return: true unless no CPU can, since the system is near its limit.
 */
bool commit_is_open(void)
{
	return READ_ONCE(commit_system.open);
}

/**
 * commit_group_init() - start to count for a group
 * @group: the group
 * @parent: the group above it, or NULL if that is the system
 * @memcg: the cgroup that it counts for, or NULL
 *
 * Return: 0, or -ENOMEM.
 */
int commit_group_init(struct commit_group *group, struct commit_group *parent,
		      struct mem_cgroup *memcg)
{
	*group = (struct commit_group) {
		.parent = parent ?: &commit_system,
		.depth = parent ? parent->depth + 1 : 1,
		.max = COMMIT_MAX,
		.memcg = memcg,
		/* Each slot is shut until its CPU has something to count. */
		.slots = alloc_percpu_gfp(struct commit_slot, GFP_KERNEL_ACCOUNT),
	};
	spin_lock_init(&group->lock);
	return group->slots ? 0 : -ENOMEM;
}

/**
 * commit_group_settle() - take back all promises that are left in a group
 * @group: the group, for which nothing is counted any more
 *
 * Nobody else will return them, and neither the groups above nor the system
 * must count them for ever.
 *
 * Return: the number of pages; 0 unless some caller has failed to return pages.
 */
unsigned long commit_group_settle(struct commit_group *group)
{
	unsigned long lost;

	commit_lock(group);
	commit_shut(group);
	lost = group->taken;
	WRITE_ONCE(group->taken, 0);
	commit_unlock(group);
	if (unlikely(lost))
		commit_return_slow(group->parent, lost);
	return lost;
}

/**
 * commit_group_destroy() - free a group for which nothing is counted any more
 * @group: the group; commit_group_init() may have failed on it
 */
void commit_group_destroy(struct commit_group *group)
{
	unsigned long lost;

	if (!group->slots)
		return;
	lost = commit_group_settle(group);
	if (unlikely(lost))
		pr_alert_ratelimited("BUG: Bad commit charge: a group ends, %ld pages were promised\n",
				     lost);
	free_percpu(group->slots);
	group->slots = NULL;
}

/**
 * commit_group_current() - the number of pages that are promised in a group
 * @group: the group
 *
 * Return: pages, exact: what was promised at one instant within the call.
 */
unsigned long commit_group_current(struct commit_group *group)
{
	unsigned long promised;

	commit_lock(group);
	promised = group->taken - commit_aside_now(group);
	if ((long)promised > (long)group->peak)
		WRITE_ONCE(group->peak, promised);
	commit_unlock(group);
	return promised;
}

/**
 * commit_group_peak() - the most that is known to have been promised in a group
 * @group: the group
 *
 * Return: pages. The true peak may be higher by what CPUs count without a lock.
 */
unsigned long commit_group_peak(struct commit_group *group)
{
	commit_group_current(group);
	return READ_ONCE(group->peak);
}

/**
 * commit_group_set_max() - limit the promises in a group
 * @group: the group
 * @max: pages, at most %COMMIT_MAX
 *
 * What is promised already stays, even if it exceeds @max.
 */
void commit_group_set_max(struct commit_group *group, unsigned long max)
{
	commit_lock(group);
	if (group->max != max) {
		WRITE_ONCE(group->max, max);
		commit_shut(group);
	}
	commit_unlock(group);
}

/**
 * commit_group_join() - count pages for a group that are promised already
 * @group: the group
 * @pages: how many, counted for the system already
 *
 * Return: 0, or -ENOMEM if they do not fit within the group's limits.
 */
int commit_group_join(struct commit_group *group, unsigned long pages)
{
	struct commit_refusal why;

	if (commit_take(group, &commit_system, pages, ULONG_MAX) ||
	    commit_promise_slow(group, &commit_system, NULL, pages, false, &why))
		return 0;
	commit_report(&why, pages);
	return -ENOMEM;
}
ALLOW_ERROR_INJECTION(commit_group_join, ERRNO);
