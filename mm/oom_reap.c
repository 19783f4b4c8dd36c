// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM reaper: the memory of a victim comes back at once.
 *
 * A victim may be unable to exit: it sleeps in the kernel for something that
 * never comes, or that comes only when there is memory. The reaper frees its
 * private memory without it. Linux waits two seconds first, because of robust
 * futexes: the exit path walks a list that the thread keeps in user memory
 * (struct robust_list_head), marks each mutex in it FUTEX_OWNER_DIED and wakes
 * a waiter, who may be in another process. If the list lies in private memory
 * that was reaped, the walk ends early and the waiters sleep for ever.
 *
 * Here only those victims wait that hold a robust mutex, or whose lists can't
 * be read; oom_reap_decide() is the whole decision. mm/oom_reap_lists.c says
 * why nothing can take a robust mutex once the lists were seen to be empty.
 *
 *
 * Order and contention
 * --------------------
 *
 * exit_mmap() walks up the address space, the reaper walks down, in parts, and
 * stops where exit_mmap() reports that it is through; so the two rarely meet in
 * a page table, and the victim never waits for the reaper for long. (For that
 * alone it would not matter: 64 to 600 MB of a victim that exits on three CPUs
 * were back as soon, within a tenth, by a reaper that walks up.) Areas of
 * OOM_REAP_LARGE and more come first: in a process with ten thousands of small
 * mappings most of the time goes by where there is little memory. Victims are
 * looked at in turn, the largest first, and nothing here blocks, so that one
 * that is stuck holds up no other. Once a victim's first memory is back, and
 * others want the CPU, the reaper sleeps for a moment: who has waited for that
 * memory can use it while the rest follows. Where a writer sits on mmap_lock the areas
 * that it has not locked are reaped under their own locks.
 *
 *
 * Who frees the mm
 * ----------------
 *
 * The victim's promises are given back at the end of exit_mmap(). On plain Linux a
 * parent that has seen the exit can make them again, since the last thread runs
 * exit_mmap() before it can be waited for. So the reaper is never a user of the mm:
 * were it the last one, a worker would have to free the mm, since the reaper must
 * not sleep, and were the victim to let go while the reaper is at work, nobody would
 * free it before the reaper is through. The mm stays as signal->oom_mm. Its areas
 * and page tables stay
 *
 * - while the reaper has mmap_lock for reading, and saw that MMF_OOM_SKIP is not set:
 *   exit_mmap() sets it before it takes that lock for writing and frees them;
 * - or, where a writer sits on mmap_lock, while the reaper is inside, see
 *   oom_reap_enter(): exit_mmap() sets MMF_OOM_SKIP and then waits until the reaper
 *   is not. Then munmap() and others free nothing either of an area that the reaper
 *   has locked. The reaper leaves once it sees MMF_OOM_SKIP, within one part.
 *
 * In both cases exit_mmap() waits for the reaper for as long as on plain Linux.
 */

#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/list_sort.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/oom.h>
#include <linux/oom_event.h>
#include <linux/oom_reap.h>
#include <linux/sched/debug.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <linux/vmstat.h>
#include <linux/wait_bit.h>
#include <asm/tlb.h>

#include <trace/events/oom.h>
#define CREATE_TRACE_POINTS
#include <trace/events/oom_reap.h>

#include "internal.h"
#include "oom_reap.h"

/* The mm that the reaper is inside of without having its mmap_lock. */
static struct mm_struct *oom_reap_inside;

/** oom_reap_leave() - let exit_mmap() go on, after oom_reap_enter() */
void oom_reap_leave(void)
{
	/* Pairs with the acquire in oom_reap_exit_mmap(). */
	smp_store_release(&oom_reap_inside, NULL);
	/* Who is about to wait sees the store, or is seen here. */
	smp_mb();
	wake_up_var(&oom_reap_inside);
}

/**
 * oom_reap_enter() - keep exit_mmap() from freeing areas and page tables
 * @mm: the mm of a victim
 *
 * This does not take mmap_lock. What the reaper does until oom_reap_leave() has to
 * be short, as exit_mmap() waits for it.
 *
 * Context: the reaper, of which there is one.
 *
 * Return: false if exit_mmap() may have begun to free them.
 */
bool oom_reap_enter(struct mm_struct *mm)
{
	WRITE_ONCE(oom_reap_inside, mm);
	/*
	 * Pairs with the barrier in oom_reap_exit_mmap(): that sees the reaper inside,
	 * or the reaper sees the flag.
	 */
	smp_mb();
	if (!test_bit(MMF_OOM_SKIP, &mm->flags))
		return true;
	oom_reap_leave();
	return false;
}

/**
 * oom_reap_exit_mmap() - wait until the reaper is not inside of an mm
 * @mm: the mm, of which MMF_OOM_SKIP was set just now; nobody uses it any more
 *
 * Context: process context; exit_mmap(), without mmap_lock.
 */
void oom_reap_exit_mmap(struct mm_struct *mm)
{
	/*
	 * Pairs with the barrier in oom_reap_enter(). One that is queued after this
	 * is not yet looked at, and the reaper will see MMF_OOM_SKIP. An mm without
	 * areas, for which exit_mmap() does not call this, has none to be found.
	 */
	smp_mb__after_atomic();
	if (likely(!test_bit(MMF_OOM_REAP_QUEUED, &mm->flags)))
		return;
	wait_var_event(&oom_reap_inside,
		       /* Pairs with the release in oom_reap_leave(). */
		       smp_load_acquire(&oom_reap_inside) != mm);
}

/* Unmapping. */

/* Areas of this size and more come first. */
#define OOM_REAP_LARGE		(2UL << 20)

/* After so many parts little is to come back soon. */
#define OOM_REAP_URGENT		1024

/**
 * struct oom_reap_pass - one go at a victim's memory
 * @spared: the pages to leave, or NULL
 * @freed: pages that have come back
 * @parts: parts of areas that were unmapped
 * @urgent: it is the reaper's, and others should not have the CPU yet
 * @late: exit_mmap() has had its two seconds
 * @left: what remains was left to exit_mmap()
 */
struct oom_reap_pass {
	const struct oom_reap_spared *spared;
	unsigned long freed;
	unsigned int parts;
	bool urgent;
	bool late;
	bool left;
};

/* Before that nobody has a better use for the CPU than the reaper. */
static void oom_reap_hurry(void)
{
	set_user_nice(current, MIN_NICE);
}

/*
 * The first memory is back, in one piece or in many, or so scattered that it takes
 * long. Who has waited for it should have a go now, though the scheduler owes the
 * reaper much; from here on they share the CPU.
 */
static void oom_reap_relax(struct mm_struct *mm, struct oom_reap_pass *pass)
{
	pass->urgent = false;
	set_user_nice(current, 0);
	if (single_task_running())
		return;
	usleep_idle_range(500, 1000);
	/* Who frees it all himself needs no help on a CPU that others want. */
	pass->left = !pass->late && !atomic_read(&mm->mm_users);
}

static bool oom_reap_unmap(struct vm_area_struct *vma, unsigned long start,
			   unsigned long end)
{
	struct mmu_notifier_range range;
	struct mmu_gather tlb;

	mmu_notifier_range_init(&range, MMU_NOTIFY_UNMAP, 0, vma->vm_mm, start,
				end);
	tlb_gather_mmu(&tlb, vma->vm_mm);
	if (mmu_notifier_invalidate_range_start_nonblock(&range)) {
		tlb_finish_mmu(&tlb);
		return false;
	}
	unmap_page_range(&tlb, vma, range.start, range.end, NULL);
	mmu_notifier_invalidate_range_end(&range);
	tlb_finish_mmu(&tlb);
	return true;
}

/* Unmap what lies in [start, end) but for the spared pages in it. */
static bool oom_reap_unmap_around(struct vm_area_struct *vma,
				  unsigned long start, unsigned long end,
				  const struct oom_reap_spared *spared)
{
	unsigned int i;
	bool ret = true;

	for (i = 0; spared && i < spared->nr && start < end; i++) {
		unsigned long page = spared->pages[i];

		if (page < start)
			continue;
		if (page >= end)
			break;
		if (start < page)
			ret &= oom_reap_unmap(vma, start, page);
		start = page + PAGE_SIZE;
	}
	if (start < end)
		ret &= oom_reap_unmap(vma, start, end);
	return ret;
}

static bool oom_reap_vma(struct vm_area_struct *vma, struct oom_reap_pass *pass)
{
	unsigned long part = OOM_REAP_PART, start, end, before, after, freed;
	struct mm_struct *mm = vma->vm_mm;
	bool ret = true;

	/*
	 * Only private pages are sure to go back at once. What is file backed
	 * and could be reclaimed has been, and hugetlb pages belong to a pool.
	 */
	if (vma->vm_flags & (VM_HUGETLB | VM_PFNMAP))
		return true;
	if (!vma_is_anonymous(vma) && vma->vm_flags & VM_SHARED)
		return true;

	for (end = vma->vm_end; end > vma->vm_start; end = start) {
		/* exit_mmap() was here before, everywhere. */
		if (test_bit(MMF_OOM_SKIP, &mm->flags))
			break;
		if (pass->left)
			return false;
		start = max(vma->vm_start, ALIGN_DOWN(end - 1, part));
		before = oom_reap_pages(mm);
		ret &= oom_reap_unmap_around(vma, start, end, pass->spared);
		after = oom_reap_pages(mm);
		freed = before - min(before, after);
		part = oom_reap_next_part(part, freed);
		pass->freed += freed;
		pass->parts++;
		if (pass->urgent && (pass->freed >= OOM_REAP_FIRST ||
				     pass->parts >= OOM_REAP_URGENT))
			oom_reap_relax(mm, pass);
	}
	return ret;
}

static bool oom_reap_is_large(unsigned long start, unsigned long end)
{
	return end - start >= OOM_REAP_LARGE;
}

static bool oom_reap_mm(struct mm_struct *mm, struct oom_reap_pass *pass)
{
	struct vm_area_struct *vma;
	bool ret = true;
	int small;

	mmap_assert_locked(mm);

	/*
	 * Tell all users of get_user/copy_from_user etc... that the content
	 * is no longer stable. No barriers are needed: unmapping implies them,
	 * and who stumbles over reaped memory takes a page fault first.
	 */
	set_bit(MMF_UNSTABLE, &mm->flags);

	for (small = 0; small < 2; small++) {
		MA_STATE(mas, &mm->mm_mt, ULONG_MAX, ULONG_MAX);

		while ((vma = mas_find_rev(&mas, 0)))
			if (oom_reap_is_large(vma->vm_start, vma->vm_end) !=
			    small)
				ret &= oom_reap_vma(vma, pass);
	}
	/* Pages that were mlocked are held by a batch of this CPU still. */
	lru_add_drain();
	return ret;
}

/**
 * __oom_reap_task_mm() - unmap all private memory of a dying process
 * @mm: its memory; mmap_lock is held, MMF_OOM_SKIP was seen not to be set
 *
 * Return: false if a part of it is left.
 */
bool __oom_reap_task_mm(struct mm_struct *mm)
{
	struct oom_reap_pass pass = {};

	return oom_reap_mm(mm, &pass);
}

#ifdef CONFIG_PER_VMA_LOCK
/*
 * A writer has mmap_lock: reap the areas that it has not locked, under their own
 * locks. They are what page faults and MADV_DONTNEED of later kernels go by: who
 * frees page tables or changes an area locks that one first. exit_mmap() does so as
 * well, but frees areas without waiting for who has found them under RCU only: that
 * is why the reaper has to be inside.
 */
static bool oom_reap_vmas(struct mm_struct *mm, struct oom_reap_pass *pass)
{
	unsigned long start, end, below;
	struct vm_area_struct *vma;
	bool ret = true;
	int small;

	if (!oom_reap_enter(mm))
		return false;
	set_bit(MMF_UNSTABLE, &mm->flags);

	for (small = 0; small < 2; small++) {
		for (below = ULONG_MAX; below; below = start ? start - 1 : 0) {
			MA_STATE(mas, &mm->mm_mt, below, below);

			/* exit_mmap() waits: it was everywhere. */
			if (test_bit(MMF_OOM_SKIP, &mm->flags))
				break;
			rcu_read_lock();
			vma = mas_find_rev(&mas, 0);
			start = vma ? READ_ONCE(vma->vm_start) : 0;
			end = vma ? READ_ONCE(vma->vm_end) : 0;
			rcu_read_unlock();
			if (!vma)
				break;
			if (oom_reap_is_large(start, end) == small)
				continue;
			vma = lock_vma_under_rcu(mm, start);
			if (!vma) {
				ret = false;
				continue;
			}
			/* Splitting a huge PUD would want mmap_lock. */
			if (!vma_is_dax(vma))
				ret &= oom_reap_vma(vma, pass);
			vma_end_read(vma);
			cond_resched();
		}
	}
	lru_add_drain();
	oom_reap_leave();
	return ret;
}
#else
static bool oom_reap_vmas(struct mm_struct *mm, struct oom_reap_pass *pass)
{
	return false;
}
#endif

/* Reap now. True if nothing is left that it could free. */
static bool oom_reap_try(struct task_struct *tsk, bool late, bool spare)
{
	struct oom_reap_victim *victim = &tsk->oom_reap;
	struct mm_struct *mm = tsk->signal->oom_mm;
	struct oom_reap_pass pass = { .urgent = true, .late = late };
	unsigned long before, after;
	bool ret;

	oom_reap_hurry();
	if (spare)
		pass.spared = oom_reap_find_spared(tsk, mm);

	trace_start_task_reaping(tsk->pid);
	before = oom_reap_pages(mm);
	if (mmap_read_trylock(mm)) {
		/*
		 * exit_mmap() sets MMF_OOM_SKIP before it takes mmap_lock for
		 * writing and frees page tables.
		 */
		ret = test_bit(MMF_OOM_SKIP, &mm->flags) ||
		      oom_reap_mm(mm, &pass);
		mmap_read_unlock(mm);
	} else {
		ret = oom_reap_vmas(mm, &pass);
	}
	after = oom_reap_pages(mm);
	if (after < before) {
		victim->freed += before - after;
		count_vm_events(OOM_REAP_PAGES, before - after);
	}
	if (ret)
		trace_finish_task_reaping(tsk->pid);
	else
		trace_skip_task_reaping(tsk->pid);
	return ret;
}

/* The reaper. */

static DECLARE_WAIT_QUEUE_HEAD(oom_reaper_wait);
static DEFINE_SPINLOCK(oom_reaper_lock);
/* Victims that the reaper has not seen yet, under oom_reaper_lock. */
static LIST_HEAD(oom_reaper_queue);

static void oom_reap_reaped(struct task_struct *tsk)
{
	struct oom_reap_victim *victim = &tsk->oom_reap;
	struct mm_struct *mm = tsk->signal->oom_mm;
	u64 latency = ktime_get_ns() - victim->killed;

	victim->reaped = true;
	oom_event_freed(oom_event_seq(tsk));
	count_vm_event(victim->waited ? OOM_REAP_WAITED : OOM_REAP_AT_ONCE);
	trace_oom_reap_reaped(tsk->pid, latency, victim->freed,
			      victim->waited);
	if (test_bit(MMF_OOM_SKIP, &mm->flags))
		return;
	pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB\n",
		task_pid_nr(tsk), tsk->comm,
		K(get_mm_counter(mm, MM_ANONPAGES)),
		K(get_mm_counter(mm, MM_FILEPAGES)),
		K(get_mm_counter(mm, MM_SHMEMPAGES)));
	pr_info("oom_reap: process %d (%s) was reaped %llu us after the kill\n",
		task_pid_nr(tsk), tsk->comm, latency / NSEC_PER_USEC);
}

static void oom_reap_failed(struct task_struct *tsk)
{
	count_vm_event(OOM_REAP_FAILED);
	pr_info("oom_reaper: unable to reap pid:%d (%s)\n",
		task_pid_nr(tsk), tsk->comm);
	sched_show_task(tsk);
	debug_show_all_locks();
}

/* Do what can be done about a victim now. True if nothing remains to be done. */
static bool oom_reap_step(struct task_struct *tsk)
{
	struct oom_reap_victim *victim = &tsk->oom_reap;
	struct mm_struct *mm = tsk->signal->oom_mm;
	enum oom_reap_verdict verdict;
	struct oom_reap_input in;
	bool late;

	for (;;) {
		oom_reap_look(tsk, &in);
		late = in.age_ns >= OOM_REAP_DELAY_NS;
		verdict = oom_reap_decide(&in);
		if (verdict != victim->verdict) {
			trace_oom_reap_decide(tsk->pid, verdict, &in);
			victim->verdict = verdict;
		}

		switch (verdict) {
		case OOM_REAP_FENCE:
			victim->fenced = oom_reap_fence(mm);
			if (victim->fenced)
				continue;
			oom_reap_vain(victim, in.age_ns);
			return false;
		case OOM_REAP_NOW:
		case OOM_REAP_SPARE:
			if (oom_reap_try(tsk, late, verdict == OOM_REAP_SPARE)) {
				if (victim->freed ||
				    !test_bit(MMF_OOM_SKIP, &mm->flags))
					oom_reap_reaped(tsk);
				continue;
			}
			oom_reap_vain(victim, in.age_ns);
			return false;
		case OOM_REAP_WAIT:
			if (!in.reaped)
				victim->waited = true;
			return false;
		case OOM_REAP_GIVE_UP:
			oom_reap_failed(tsk);
			fallthrough;
		case OOM_REAP_HIDE:
			/* Hide this mm from the OOM killer. */
			set_bit(MMF_OOM_SKIP, &mm->flags);
			return true;
		case OOM_REAP_DONE:
			oom_event_freed(oom_event_seq(tsk));
			return true;
		}
	}
}

static int oom_reap_larger(void *unused, const struct list_head *a,
			   const struct list_head *b)
{
	return list_entry(a, struct oom_reap_victim, node)->pages <
	       list_entry(b, struct oom_reap_victim, node)->pages;
}

/* Take new victims, and keep all in order, the largest first. */
static void oom_reap_take(struct list_head *victims)
{
	LIST_HEAD(fresh);

	spin_lock_irq(&oom_reaper_lock);
	list_splice_init(&oom_reaper_queue, &fresh);
	spin_unlock_irq(&oom_reaper_lock);

	if (list_empty(&fresh))
		return;
	list_splice_tail(&fresh, victims);
	list_sort(NULL, victims, oom_reap_larger);
}

static int oom_reaper(void *unused)
{
	struct task_struct *tsk, *next;
	LIST_HEAD(victims);

	set_freezable();

	while (true) {
		oom_reap_hurry();
		if (list_empty(&victims))
			wait_event_freezable(oom_reaper_wait,
					     !list_empty(&oom_reaper_queue));
		else
			wait_event_freezable_timeout(oom_reaper_wait,
						     !list_empty(&oom_reaper_queue),
						     max(1, HZ / 100));

		oom_reap_take(&victims);
		list_for_each_entry_safe(tsk, next, &victims, oom_reap.node) {
			if (!oom_reap_step(tsk))
				continue;
			list_del(&tsk->oom_reap.node);
			/* Drop a reference taken by queue_oom_reaper */
			put_task_struct(tsk);
		}
	}

	return 0;
}

/**
 * queue_oom_reaper() - have an OOM victim reaped
 * @tsk: the victim, marked as such; it and all who share its mm are dying
 *
 * Context: any; with the victim's task_lock() or a reference to it.
 */
void queue_oom_reaper(struct task_struct *tsk)
{
	struct mm_struct *mm = tsk->signal->oom_mm;
	unsigned long flags;

	/* mm is already queued? */
	if (test_and_set_bit(MMF_OOM_REAP_QUEUED, &mm->flags))
		return;

	get_task_struct(tsk);
	tsk->oom_reap = (struct oom_reap_victim) {
		.killed = ktime_get_ns(),
		.pages = oom_reap_pages(mm),
		.least = ULONG_MAX,
		.verdict = U8_MAX,
	};
	spin_lock_irqsave(&oom_reaper_lock, flags);
	list_add_tail(&tsk->oom_reap.node, &oom_reaper_queue);
	spin_unlock_irqrestore(&oom_reaper_lock, flags);
	trace_wake_reaper(tsk->pid);
	wake_up(&oom_reaper_wait);
}

/**
 * oom_reap_thaw() - thaw all of a process that is an OOM victim
 * @tsk: one of its threads
 *
 * Its memory comes back, without the reaper, when the last thread exits.
 * freezing_slow_path() lets none of them freeze again.
 */
void oom_reap_thaw(struct task_struct *tsk)
{
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread(tsk, t)
		__thaw_task(t);
	rcu_read_unlock();
}

/**
 * oom_reap_may_release() - may current take the memory of a dying process?
 * @p: the process that process_mrelease() was called for
 *
 * It makes the process' memory go as SIGKILL would, so who may not send that may
 * not do this.
 *
 * Return: 0, or what the security modules say to SIGKILL.
 */
int oom_reap_may_release(struct task_struct *p)
{
	int err;

	if (same_thread_group(p, current))
		return 0;
	rcu_read_lock();
	err = security_task_kill(p, SEND_SIG_NOINFO, SIGKILL, NULL);
	rcu_read_unlock();
	return err;
}

static int __init oom_reap_init(void)
{
	struct task_struct *reaper;

	oom_reap_fence_init();
	reaper = kthread_run(oom_reaper, NULL, "oom_reaper");
	return PTR_ERR_OR_ZERO(reaper);
}
subsys_initcall(oom_reap_init)
