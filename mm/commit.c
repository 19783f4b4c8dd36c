// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commit accounting: counting promises exactly, and cheaply.
 *
 * The model. Every page that is promised is counted for the system and, where
 * the memory belongs to a cgroup, for the cgroup and all above it. Each of these
 * counts has a limit. A request is granted if and only if it fits within all of
 * them at one instant, and no count is over its limit at any instant, except one
 * whose limit was moved below it.
 *
 * Counting in one place would be exact, and slow on many CPUs. Counting on each
 * CPU and summing up now and then would be fast, and wrong near the limit. So
 * CPUs set pages aside beforehand: they take a batch from the count ("taken"),
 * promise pages out of it and put pages back into it without touching anything
 * shared:
 *
 *	promised = taken - what all CPUs have set aside
 *
 * What is set aside is taken already. So "taken" is an upper bound of what is
 * promised, and to keep it within the limit keeps the promises within the limit,
 * whatever the CPUs do with what they have set aside.
 *
 * The other direction: a request that does not fit within what is not taken may
 * still fit, since others may have set aside more than is missing. Then what
 * they have is fetched back, and their slot is shut for this count: from then on
 * each of their requests waits for commit_lock, hence "taken" is exactly what is
 * promised once all are shut, and the decision is exact. It would not be if
 * slots were emptied and left open: pages could be put back into one that was
 * visited, and be taken from one that will be, so that a request is refused that
 * would have fitted at every instant.
 *
 * The system's slots stay shut while the system is near its limit: until there
 * is room again for all CPUs to set a batch aside. A cgroup's slots are emptied
 * and forgotten, and taken up again when there is room.
 *
 * Reading a count shuts nothing. To look at one slot after the other could see pages
 * twice, or not at all: taken from one that was looked at, and put back into one
 * that will be. So a reader begins a new look (commit_look), and each CPU that comes
 * to know of it notes, before it changes its slot for the first time, what was in
 * it. What a reader sums up is what each slot had before that CPU knew of the look,
 * or has if it did nothing since. A CPU that was told of what another did after its
 * note knows of the look too, so no effect is seen without its cause: what is summed
 * up was so at one instant after the look began.
 *
 * memory.commit.peak is exact by the same means: the peak so far is a limit at
 * which nothing is refused. Pages are set aside only below it.
 *
 * Locks: commit_lock, then one slot's lock. Neither is taken from interrupts.
 */

#include <linux/cgroup.h>
#include <linux/commit.h>
#include <linux/commit_info.h>
#include <linux/cpumask.h>
#include <linux/error-injection.h>
#include <linux/export.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/percpu.h>
#include <linux/security.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/swap.h>

/**
 * struct commit_cpu - what a CPU has set aside
 * @lock: protects all of it
 * @system: pages taken from the system's count, or %COMMIT_SHUT
 * @system_most: what @system may come to
 * @pages: pages taken from the count of @group and of those above it
 * @most: what @pages may come to
 * @group: for whom; changes under commit_lock too. While a slot has a group,
 *	none of the counts above it exceeds its limit.
 * @look: the last look that this CPU has noted what it had for
 * @had_system: what @system was then
 * @had_pages: what @pages was then
 */
struct commit_cpu {
	spinlock_t lock; /* see above */
	long system;
	unsigned long system_most;
	unsigned long pages;
	unsigned long most;
	struct commit_group *group;
	unsigned long look;
	long had_system;
	unsigned long had_pages;
};

#define COMMIT_SHUT	(-1L)

static DEFINE_PER_CPU_ALIGNED(struct commit_cpu, commit_cpus) = {
	.lock = __SPIN_LOCK_UNLOCKED(commit_cpus.lock),
};

/* Protects what follows, and each struct commit_group's counts. */
static DEFINE_SPINLOCK(commit_lock);

/* Pages promised, and those that CPUs have set aside. */
static unsigned long commit_taken ____cacheline_aligned_in_smp;

/* No CPU sets aside pages of the system's count while it is near the limit, ... */
static bool commit_shut;

/* ... less the largest reserve that was kept from a request since. */
static unsigned long commit_kept;

/* No slot has more pages of the system's count than this. */
static unsigned long commit_most;

/* How many readers have looked; changes under commit_lock. */
static unsigned long commit_look ____cacheline_aligned_in_smp;

static unsigned long commit_batch(void)
{
#ifdef CONFIG_SMP
	return READ_ONCE(vm_committed_as_batch);
#else
	return 1024;
#endif
}

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

static void commit_group_add(struct commit_group *group, long pages)
{
	for (; group; group = group->parent) {
		unsigned long taken = group->taken + pages;

		if (WARN_ONCE((long)taken < 0,
			      "Bad commit charge: %ld pages given back to a count of %lu\n",
			      -pages, group->taken))
			taken = 0;
		WRITE_ONCE(group->taken, taken);
		if (taken > group->peak)
			WRITE_ONCE(group->peak, taken);
	}
}

static void commit_system_add(long pages)
{
	unsigned long taken = commit_taken + pages;

	if (WARN_ONCE((long)taken < 0,
		      "Bad commit charge: %ld pages given back to a count of %lu\n",
		      -pages, commit_taken))
		taken = 0;
	WRITE_ONCE(commit_taken, taken);
}

static bool commit_group_within(const struct commit_group *group,
				const struct commit_group *top)
{
	while (group && group != top)
		group = group->parent;
	return group;
}

/* Forget the group that a CPU has pages for, and give them back. */
static void commit_slot_leave(struct commit_cpu *cpu)
{
	struct commit_group *group = cpu->group;

	lockdep_assert_held(&commit_lock);
	lockdep_assert_held(&cpu->lock);
	commit_group_add(group, -(long)cpu->pages);
	for (; group; group = group->parent)
		group->slots--;
	cpu->group = NULL;
	cpu->pages = 0;
	cpu->most = 0;
}

/*
 * Fetch back what CPUs have set aside for a group and those below it. Until they
 * take up a slot again, for which they need commit_lock, its count is exact.
 */
static void commit_group_fetch(struct commit_group *top)
{
	int cpu;

	lockdep_assert_held(&commit_lock);
	for_each_possible_cpu(cpu) {
		struct commit_cpu *slot = per_cpu_ptr(&commit_cpus, cpu);

		if (!top->slots)
			break;
		if (!commit_group_within(READ_ONCE(slot->group), top))
			continue;
		spin_lock(&slot->lock);
		commit_slot_leave(slot);
		spin_unlock(&slot->lock);
	}
}

/*
 * Fetch back what CPUs have set aside of the system's count, and let them set
 * nothing aside. From then on the count is exact.
 */
static void commit_system_fetch(void)
{
	int cpu;

	lockdep_assert_held(&commit_lock);
	for_each_possible_cpu(cpu) {
		struct commit_cpu *slot = per_cpu_ptr(&commit_cpus, cpu);

		spin_lock(&slot->lock);
		if (slot->system > 0)
			commit_system_add(-slot->system);
		slot->system = COMMIT_SHUT;
		spin_unlock(&slot->lock);
	}
	commit_most = 0;
	commit_shut = true;
}

/* How many pages of the limit are kept from who may use so many of it? */
static unsigned long commit_reserve(unsigned long allowed)
{
	unsigned long limit = vm_commit_limit();

	return limit - min(limit, allowed);
}

/*
 * Let CPUs set pages aside again if all of them can, by the limit as it is now:
 * memory and swap come, and huge pages go, without a word to us.
 */
static void commit_system_open(void)
{
	u64 room = 2ULL * num_online_cpus() * commit_batch();
	unsigned long limit;

	lockdep_assert_held(&commit_lock);
	if (!commit_shut)
		return;
	if (commit_strict()) {
		limit = vm_commit_limit();
		if (!commit_fits(commit_taken, room, limit - min(limit, commit_kept)))
			return;
	}
	commit_shut = false;
	commit_kept = 0;
}

/* Called with a slot's lock before it is changed, but for changes under commit_lock. */
static __always_inline void commit_note(struct commit_cpu *slot)
{
	unsigned long look = READ_ONCE(commit_look);

	if (likely(slot->look == look))
		return;
	slot->look = look;
	slot->had_system = slot->system;
	slot->had_pages = slot->pages;
}

/*
 * What CPUs have set aside of the system's count, or for @top and those below it,
 * at one instant. Who changes counts otherwise than by commit_take() and the like
 * holds commit_lock and waits until this is done.
 */
static unsigned long commit_aside_now(const struct commit_group *top)
{
	unsigned long aside = 0;
	int cpu;

	lockdep_assert_held(&commit_lock);
	WRITE_ONCE(commit_look, commit_look + 1);
	for_each_possible_cpu(cpu) {
		struct commit_cpu *slot = per_cpu_ptr(&commit_cpus, cpu);

		if (top && !commit_group_within(READ_ONCE(slot->group), top))
			continue;
		spin_lock(&slot->lock);
		commit_note(slot);
		aside += top ? slot->had_pages : max(slot->had_system, 0L);
		spin_unlock(&slot->lock);
	}
	return aside;
}

/* Set pages aside on this CPU; @allowed bounds the system's count. */
static void commit_set_aside(struct commit_group *group, unsigned long allowed)
{
	struct commit_cpu *cpu = raw_cpu_ptr(&commit_cpus);
	unsigned long batch = commit_batch();
	unsigned long most = batch, room = ULONG_MAX;
	struct commit_group *g;

	lockdep_assert_held(&commit_lock);
	for (g = group; g; g = g->parent) {
		most = min_t(u64, most, commit_aside(batch, g->taken, g->max));
		/* At its limit or over, there is nothing to set aside. */
		room = min(room, g->peak - min(g->peak, g->taken));
	}

	spin_lock(&cpu->lock);
	if (!commit_shut) {
		long keep = max(cpu->system, 0L);
		long want = batch / 2;

		if (keep < want)
			want = keep + min_t(unsigned long, want - keep,
					    allowed - min(allowed, commit_taken));
		/* A slot that has more than a batch gives back the half. */
		else if (keep <= batch)
			want = keep;
		commit_system_add(want - keep);
		cpu->system = want;
		cpu->system_most = batch;
		commit_most = max(commit_most, batch);
	}
	if (group) {
		if (cpu->group && (cpu->group != group || !most))
			commit_slot_leave(cpu);
		if (!cpu->group && most) {
			for (g = group; g; g = g->parent)
				g->slots++;
			cpu->group = group;
		}
		if (cpu->group) {
			unsigned long want = most / 2;

			if (cpu->pages < want)
				want = cpu->pages + min(want - cpu->pages, room);
			else if (cpu->pages <= most)
				want = cpu->pages;
			commit_group_add(group, want - cpu->pages);
			cpu->pages = want;
			cpu->most = most;
		}
	}
	spin_unlock(&cpu->lock);
}

static bool commit_system_fits(unsigned long pages, unsigned long allowed,
			       struct commit_refusal *why)
{
	unsigned long aside = 0;

	if (commit_fits(commit_taken, pages, allowed))
		return true;
	if (!commit_shut) {
		/* Would it fit if CPUs had all set aside that they may? */
		aside = min(commit_taken, nr_cpu_ids * commit_most);
		if (commit_fits(commit_taken - aside, pages, allowed)) {
			commit_system_fetch();
			aside = 0;
		}
	}
	if (commit_shut)
		commit_kept = max(commit_kept, commit_reserve(allowed));
	if (!aside && commit_fits(commit_taken, pages, allowed))
		return true;
	why->limit = COMMIT_LIMIT_SYSTEM;
	why->group = NULL;
	why->taken = commit_taken;
	why->allowed = allowed;
	return false;
}

static bool commit_group_fits(struct commit_group *group, unsigned long pages,
			      struct commit_refusal *why)
{
	for (; group; group = group->parent) {
		if (group->slots &&
		    !commit_fits(group->taken, pages, min(group->max, group->peak)))
			commit_group_fetch(group);
		if (commit_fits(group->taken, pages, group->max))
			continue;
		why->limit = COMMIT_LIMIT_CGROUP;
		why->group = group;
		why->taken = group->taken;
		why->allowed = group->max;
		return false;
	}
	return true;
}

static bool commit_promise_slow(struct commit_group *group,
				const struct mm_struct *mm,
				unsigned long pages, bool admin,
				struct commit_refusal *why)
{
	unsigned long allowed = ULONG_MAX;
	bool fits = false;

	spin_lock(&commit_lock);
	if (commit_strict()) {
		allowed = commit_bound(mm, admin);
		if (!commit_system_fits(pages, allowed, why))
			goto out;
	}
	if (!commit_group_fits(group, pages, why))
		goto out;
	commit_system_add(pages);
	commit_group_add(group, pages);
	commit_system_open();
	commit_set_aside(group, allowed);
	fits = true;
out:
	spin_unlock(&commit_lock);
	return fits;
}

/* Promise pages out of what this CPU has set aside. */
static __always_inline bool commit_take(struct commit_group *group,
					unsigned long pages, unsigned long allowed)
{
	struct commit_cpu *cpu = raw_cpu_ptr(&commit_cpus);
	bool done = false;

	spin_lock(&cpu->lock);
	commit_note(cpu);
	if (cpu->system >= (long)pages &&
	    (allowed == ULONG_MAX || READ_ONCE(commit_taken) <= allowed)) {
		if (!group) {
			cpu->system -= pages;
			done = true;
		} else if (cpu->group == group && cpu->pages >= pages) {
			cpu->system -= pages;
			cpu->pages -= pages;
			done = true;
		}
	}
	spin_unlock(&cpu->lock);
	return done;
}

/* Put pages back into what this CPU has set aside. */
static __always_inline bool commit_put(struct commit_group *group,
				       unsigned long pages)
{
	struct commit_cpu *cpu = raw_cpu_ptr(&commit_cpus);
	bool done = false;

	spin_lock(&cpu->lock);
	commit_note(cpu);
	if (cpu->system >= 0 && cpu->system + pages <= cpu->system_most) {
		if (!group) {
			cpu->system += pages;
			done = true;
		} else if (cpu->group == group && cpu->pages + pages <= cpu->most) {
			cpu->system += pages;
			cpu->pages += pages;
			done = true;
		}
	}
	spin_unlock(&cpu->lock);
	return done;
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

static void commit_report(const struct commit_refusal *why, unsigned long pages)
{
	struct commit_group *group;

	for (group = why->group; group; group = group->parent) {
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

/*
 * What the system has promised, or nearly so: enough for a request that is refused
 * whatever it is. Anybody can make such requests, and makes nobody wait by them.
 */
static unsigned long commit_about(void)
{
	unsigned long taken = READ_ONCE(commit_taken), aside = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		/* A word that may be of any moment will do. */
		aside += max(data_race(per_cpu_ptr(&commit_cpus, cpu)->system), 0L);
	return taken - min(taken, aside);
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
		.taken = commit_about(),
		.allowed = all,
	};
	return false;
}

static bool commit_within_limits(struct commit_group *group, struct mm_struct *mm,
				 unsigned long pages, bool admin,
				 struct commit_refusal *why)
{
	unsigned long allowed = commit_strict() ? commit_bound(mm, admin) : ULONG_MAX;

	return commit_take(group, pages, allowed) ||
	       commit_promise_slow(group, mm, pages, admin, why);
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
	       commit_take(group, pages, ULONG_MAX);
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

static noinline void commit_return_slow(struct commit_group *group,
					unsigned long pages)
{
	if (!pages)
		return;

	spin_lock(&commit_lock);
	commit_system_add(-(long)pages);
	commit_group_add(group, -(long)pages);
	commit_system_open();
	/* Nothing is taken from the count here: what is free is for all. */
	commit_set_aside(group, 0);
	spin_unlock(&commit_lock);
}

static __always_inline void __commit_return(struct commit_group *group,
					    unsigned long pages)
{
	if (unlikely(!commit_put(group, pages)))
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
	unsigned long promised;

	spin_lock(&commit_lock);
	promised = commit_taken - commit_aside_now(NULL);
	spin_unlock(&commit_lock);
	return promised;
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
	/* Security modules are asked about each promise, as for any other. */
	bool admin = security_vm_admin_reserve(mm, pages);
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

	spin_lock(&commit_lock);
	fits = !commit_strict() ||
	       commit_system_fits(pages, commit_bound(mm, admin), &why);
	if (fits) {
		total_swap_pages -= pages;
		/* No request that has seen the limit as it was is on its way. */
		commit_system_fetch();
		commit_system_open();
	}
	spin_unlock(&commit_lock);
	if (!fits)
		commit_report(&why, pages);
	return fits;
}
#endif

/**
 * commit_sync() - the limit has changed
 *
 * When this returns, no request is on its way that was judged by the limit as it
 * was before.
 */
void commit_sync(void)
{
	spin_lock(&commit_lock);
	commit_system_fetch();
	commit_kept = 0;
	if (commit_strict())
		commit_kept = commit_reserve(commit_bound(NULL, false));
	commit_system_open();
	spin_unlock(&commit_lock);
}

/**
 * commit_is_open() - may CPUs set aside pages of the system's count?
 *
 * Return: true unless the system is near its limit.
 */
bool commit_is_open(void)
{
	bool open;

	spin_lock(&commit_lock);
	open = !commit_shut;
	spin_unlock(&commit_lock);
	return open;
}

/**
 * commit_set_mode() - change vm.overcommit_memory
 * @mode: the new mode
 */
void commit_set_mode(int mode)
{
	mm_compute_batch(mode);
	spin_lock(&commit_lock);
	WRITE_ONCE(sysctl_overcommit_memory, mode);
	spin_unlock(&commit_lock);
	commit_sync();
}

/**
 * commit_group_init() - start to count
 * @group: the group
 * @parent: what it is a part of, or NULL
 * @memcg: the cgroup that it counts for, or NULL
 */
void commit_group_init(struct commit_group *group, struct commit_group *parent,
		       struct mem_cgroup *memcg)
{
	*group = (struct commit_group) {
		.parent = parent,
		.max = COMMIT_MAX,
		.memcg = memcg,
	};
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

	spin_lock(&commit_lock);
	commit_group_fetch(group);
	lost = group->taken;
	commit_group_add(group, -(long)lost);
	commit_system_add(-(long)lost);
	commit_system_open();
	spin_unlock(&commit_lock);
	return lost;
}

/**
 * commit_group_destroy() - nothing counts for a group any more
 * @group: the group
 */
void commit_group_destroy(struct commit_group *group)
{
	unsigned long lost = commit_group_settle(group);

	if (unlikely(lost))
		pr_alert_ratelimited("BUG: Bad commit charge: a group ends, %lu pages were promised\n",
				     lost);
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

	spin_lock(&commit_lock);
	promised = group->taken - (group->slots ? commit_aside_now(group) : 0);
	spin_unlock(&commit_lock);
	return promised;
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
	spin_lock(&commit_lock);
	WRITE_ONCE(group->max, max);
	commit_group_fetch(group);
	spin_unlock(&commit_lock);
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
	struct commit_cpu *cpu = raw_cpu_ptr(&commit_cpus);
	struct commit_refusal why;
	bool fits;

	/* Where children come and go, they take turns. */
	spin_lock(&cpu->lock);
	commit_note(cpu);
	fits = cpu->group == group && cpu->pages >= pages;
	if (fits)
		cpu->pages -= pages;
	spin_unlock(&cpu->lock);
	if (fits)
		return 0;

	spin_lock(&commit_lock);
	fits = commit_group_fits(group, pages, &why);
	if (fits)
		commit_group_add(group, pages);
	spin_unlock(&commit_lock);
	if (fits)
		return 0;
	commit_report(&why, pages);
	return -ENOMEM;
}
ALLOW_ERROR_INJECTION(commit_group_join, ERRNO);
