// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commit accounting: counting promises exactly, and cheaply.
 *
 * The model. Every page that is promised is counted for the system and, where
 * the memory belongs to a cgroup, for the cgroup and all above it. Each of these
 * counts may have a limit. A request is granted if and only if it fits within all
 * of them at one instant, and no count is over its limit at any instant, except one
 * whose limit was moved below it.
 *
 * Each count has a slot on each CPU. A promise changes one CPU's slots, those of its
 * group, of the groups above and of the system, under that CPU's lock, and nothing
 * that is shared:
 *
 *	promised = taken - what all slots have
 *
 * What a slot has stays within its bounds. Where there is no limit, it may be less
 * than nothing: the slots are a sum in parts. Where there is one, a slot has pages
 * that are set aside, which are taken already. So "taken" is an upper bound of what
 * is promised, and to keep it within the limit keeps the promises within the limit.
 * A slot that is shut has nothing, and both its bounds are 0.
 *
 * A request that would leave the bounds takes the lock of that count, under which
 * "taken" and the bounds change. It holds those of all counts that it has to, until
 * it is granted by all. What fits beside "taken" is granted. Otherwise the count is
 * summed up (see below): what did not fit then is refused, and nobody has noticed.
 * If it did fit, all slots are shut: from then on each request waits for the lock,
 * "taken" is what is promised, and the decision is exact. It would not be if slots
 * were emptied and left open: pages could be put back into one that was visited, and
 * be taken from one that will be, so that a request is refused that would have fitted
 * at every instant. A slot opens again when its CPU takes the lock the next time and
 * there is room. So nobody has to say that a limit rose, and who fits waits for each
 * other CPU once, while that visits all slots three times at most.
 *
 * Reading a count shuts nothing. To look at one slot after the other could see pages
 * twice, or not at all: taken from one that was looked at, and put back into one
 * that will be. So a reader begins a new look, and each CPU that comes to know of it
 * notes, before it changes its slot for the first time, what was in it. What a reader
 * sums up is what each slot had before that CPU knew of the look, or has if it did
 * nothing since. A CPU that was told of what another did after its note knows of the
 * look too, so no effect is seen without its cause: what is summed up was so at one
 * instant after the look began.
 *
 * memory.commit.peak is the most that was summed up, whenever a slot leaves its
 * bounds or a count is read. It misses no more than the bounds leave room for.
 *
 * Locks: those of counts, from the group upwards, then one CPU's. The lock of a CPU
 * orders all that is said of a slot here. None is taken from interrupts.
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
 * @aside: pages of what is taken that are not promised; negative for promises
 *	that are not taken yet, where there is no limit
 * @least: what @aside may fall to
 * @most: what @aside may come to; 0 in a slot that is shut
 * @look: the last look that this CPU has noted what it had for
 * @had: what @aside was then
 *
 * All of it is protected by the CPU's lock. The bounds, and @aside of a slot that is
 * shut, change under the lock of the count, too.
 */
struct commit_slot {
	long aside;
	long least;
	long most;
	unsigned long look;
	long had;
};

/**
 * struct commit_cpu - what each CPU has
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

/* The system's count. Its limit is vm_commit_limit(), in the strict mode only. */
static struct commit_group commit_system = {
	.slots = &commit_cpus.system,
	.max = COMMIT_MAX,
	.lock = __SPIN_LOCK_UNLOCKED(commit_system.lock),
};

/* The largest reserve for which slots were shut; under commit_system's lock. */
static unsigned long commit_kept;

/*
 * How many locks a request may hold: groups at the last of these depths, and below,
 * have one in common. Lockdep has a subclass for each.
 */
#define COMMIT_DEPTHS	8

#if IS_ENABLED(CONFIG_COMMIT_KUNIT_TEST)
/* How many promises and returns have gone for the lock of a count, for tests */
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

/* What of the limit a request may use. */
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

/* How many pages of the limit are kept from who may use so many of it? */
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

/* Which locks are taken is not known to sparse, which is told that none is. */
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

/* Take the locks of those of a group and what is above it, up to @top, at @depths. */
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

/* Called with the CPU's lock before a slot is changed without the count's. */
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
 * What all slots of a count had at one instant. Who changes a slot otherwise than
 * within its bounds has the lock of the count, and waits until this is done.
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
 * The same, or nearly so: enough for a request that is refused whatever it is.
 * Anybody can make such requests, and makes nobody wait by them.
 */
static unsigned long commit_about(struct commit_group *group)
{
	unsigned long promised = READ_ONCE(group->taken);
	int nr;

	for_each_possible_cpu(nr)
		/* A word that may be of any moment will do. */
		promised -= data_race(per_cpu_ptr(group->slots, nr)->aside);
	return max_t(long, promised, 0);
}

/* With the locks of the count and of the CPU. */
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

/* Shut all slots of a count. From then on "taken" is what is promised. */
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
 * Within what may CPUs set pages aside of a count? Memory and swap come, and huge
 * pages go, without a word to us.
 */
static unsigned long commit_aside_limit(const struct commit_group *group)
{
	unsigned long limit, kept;

	if (group != &commit_system)
		return group->max;
	if (!commit_strict())
		return COMMIT_MAX;
	limit = min(vm_commit_limit(), COMMIT_MAX - 1);
	/* Far from the limit nobody needs to be left a reserve. */
	if (group->taken < (limit - min(limit, commit_kept)) / 2)
		commit_kept = 0;
	kept = max(commit_kept, commit_reserve(commit_bound(NULL, false)));
	return limit - min(limit, kept);
}

/* Set the bounds of a slot by what room there is; @pages were asked for, or given back. */
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
		/* The system's peak is not asked for. */
		most = group == &commit_system ? LONG_MAX / 2 :
			commit_unseen(num_online_cpus(), pages,
				      max_t(long, taken, group->peak),
				      totalram_pages());
		commit_slot_set(group, slot, 0, -most, most);
	}
}

/*
 * Called where a slot leaves its bounds, and not within one CPU's lock. The count is
 * summed up where it may be at a new peak, by this CPU's slot: not by each request of
 * who goes up and down.
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

/* Does a request fit into a count whose lock is held? It does until that is released. */
static bool commit_count_fits(struct commit_group *group, unsigned long pages,
			      unsigned long allowed, struct commit_refusal *why)
{
	unsigned long promised;

	if (allowed >= COMMIT_MAX || commit_fits(group->taken, pages, allowed))
		return true;
	/* Would it fit if each slot had as much as it may? */
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
 * Will a promise, or a return of so many pages, soon leave a slot's bounds? Where a lock
 * is needed anyway such slots are set anew, too: counts that grow together go together.
 */
static bool commit_slot_nears(const struct commit_slot *slot, long promised, long returned)
{
	long quarter = (slot->most - slot->least) / 4;

	return slot->aside - slot->least < promised + quarter ||
	       slot->most - slot->aside < returned + quarter;
}

/*
 * Charge all counts from @group up to @top, or none. Those at @locked are known to
 * have room; returned are the depths of others for which a lock is needed, too.
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
	/* Once, or twice; more often if others are faster. Each time one lock more. */
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

/* Promise pages out of what this CPU's slots have. */
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

	/* From the bottom: a strict one settles it, else the lowest decides. */
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
 * Return: true if memory mapped so is not counted.
 */
bool commit_heeds_noreserve(const struct commit_group *group)
{
	struct commit_rules rules;

	commit_rules(READ_ONCE(sysctl_overcommit_memory),
		     commit_group_mode(group), &rules);
	return rules.noreserve;
}

/**
 * commit_counts_inherited() - is what a child inherits judged anew?
 * @group: the group that the child is born into
 *
 * Return: true if memory counts that was mapped with MAP_NORESERVE elsewhere, or
 * before the group was strict.
 */
bool commit_counts_inherited(const struct commit_group *group)
{
	struct commit_rules rules;

	commit_rules(READ_ONCE(sysctl_overcommit_memory),
		     commit_group_mode(group), &rules);
	return rules.inherited;
}

/**
 * commit_report_refusal() - say to whom it may concern that a promise was refused
 * @why: why it was
 * @pages: how many were asked for
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
	/* Its line in the log says more. */
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

/* Does the heuristic let so much be promised at once, as it judges in a group? */
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
 * @group: for whom beside the system, or NULL
 * @mm: of the process that asks, or NULL; its size bears on the user's reserve
 * @pages: how many
 * @admin: it may use the administrators' reserve
 * @why: set where they do not fit
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
 * What is asked for most: in a loose mode, no more than the heuristic would ever
 * refuse, and set aside already. There is no reserve then: what security modules
 * say, who are asked in any mode, does not matter.
 */
static __always_inline bool commit_promise_fast(struct commit_group *group,
						unsigned long pages)
{
	return !commit_strict() && pages <= totalram_pages() + total_swap_pages &&
	       commit_take(group ?: &commit_system, NULL, pages, ULONG_MAX);
}

/**
 * commit_promise() - promise pages, or say to whom it may concern that not
 * @group: for whom beside the system, or NULL
 * @mm: of the process that asks, or NULL; its size bears on the user's reserve
 * @pages: how many
 * @admin: it may use the administrators' reserve
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

/* Each count by itself: until this is done, the promise is not taken back. */
static noinline void commit_return_slow(struct commit_group *group,
					unsigned long pages)
{
	commit_count_entry();
	for (; group; group = group->parent) {
		struct commit_cpu *cpu;

		/* That it nears its bounds may be seen late, or for nothing. */
		if (!data_race(commit_slot_nears(raw_cpu_ptr(group->slots), 0, pages)) &&
		    commit_put(group, group->parent, pages))
			continue;
		commit_lock(group);
		/* The last that is known of a group that ends at once. */
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
 * @group: for whom they were made
 * @pages: how many
 */
void commit_return(struct commit_group *group, unsigned long pages)
{
	__commit_return(group, pages);
}

/**
 * vm_memory_committed() - what the system has promised
 *
 * In the strict mode no more than the limit, unless that was moved below it.
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
 * commit_judge() - does the heuristic let so much be promised at once?
 * @group: the group by whose mode it judges, or NULL
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
 * For the system only, and within its limit: which cgroup the child is born into,
 * and by which mode that is judged, is known to commit_cgroup_can_fork().
 *
 * Return: 0, or -ENOMEM.
 */
int commit_inherit(struct mm_struct *mm, unsigned long pages)
{
	/*
	 * Security modules are asked about each promise, as for any other, and as on
	 * plain Linux with the mm of the parent, which forks.
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
 * @mm: its memory, which nobody uses any more
 * @pages: how many its mappings say there are
 *
 * What was charged is given back, to the system and to the group, whatever the
 * mappings say: nobody else could do so later, and a group that is removed would
 * leave it to its parent for ever.
 *
 * Return: pages that were promised to it and have no mapping; negative where its
 * mappings have more than was promised.
 */
long mm_commit_settle(struct mm_struct *mm, unsigned long pages)
{
	unsigned long promised = mm_commit_pages(mm);

	mm_unacct_memory(mm, promised);
	return promised - pages;
}

/**
 * mm_commit_exit() - take back all promises to a process, and say if that is odd
 * @mm: its memory, which nobody uses any more
 * @pages: how many its mappings say there are
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
 * @mm: of the process that asks
 * @pages: of swap space
 *
 * The limit falls only where what is promised fits into what is left, and at
 * once, so that no promise is made in between.
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
		/* No request that has seen the limit as it was is on its way. */
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
 * commit_sync() - the limit has changed
 *
 * When this returns, no request is on its way that was judged by the limit as it
 * was before.
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
 * Return: true unless none of them can, since the system is near its limit.
 */
bool commit_is_open(void)
{
	return READ_ONCE(commit_system.open);
}

/**
 * commit_group_init() - start to count
 * @group: the group
 * @parent: what it is a part of beside the system, or NULL
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
		/* Each is shut until its CPU has something to count. */
		.slots = alloc_percpu_gfp(struct commit_slot, GFP_KERNEL_ACCOUNT),
	};
	spin_lock_init(&group->lock);
	return group->slots ? 0 : -ENOMEM;
}

/**
 * commit_group_settle() - take back all promises that a group has left
 * @group: the group, for which nothing counts any more
 *
 * Nobody else will give them back, and neither the groups above nor the system are
 * to count them for ever.
 *
 * Return: how many pages that were; 0 unless somebody has forgotten some.
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
 * commit_group_destroy() - nothing counts for a group any more
 * @group: the group; it may be that commit_group_init() has failed
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
 * commit_group_current() - what is promised in a group
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
 * Return: pages. It may be less than it was, by what CPUs count without a lock.
 */
unsigned long commit_group_peak(struct commit_group *group)
{
	commit_group_current(group);
	return READ_ONCE(group->peak);
}

/**
 * commit_group_set_max() - limit what is promised in a group
 * @group: the group
 * @max: pages, at most %COMMIT_MAX
 *
 * What is promised already stays, also where it is more.
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
 * commit_group_join() - count for a group what is promised already
 * @group: the group
 * @pages: how many, counted for the system
 *
 * Return: 0, or -ENOMEM if they do not fit within its limits.
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
