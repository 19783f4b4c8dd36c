// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the OOM reaper sees of a victim: its threads and their robust lists.
 *
 * Why nothing can take a robust mutex once the lists were seen to be empty
 * ------------------------------------------------------------------------
 *
 * To take a robust mutex is to write one's thread id into its futex word, which
 * a thread does in user mode, or has the kernel do by FUTEX_LOCK_PI. Both are
 * announced in the list first: user space sets list_op_pending, does the one or
 * the other, adds the mutex to the list and clears list_op_pending again, all
 * of it in user mode. So a list of which head and list_op_pending are empty
 * can only come to hold a mutex by instructions executed in user mode, or by
 * another list taking its place. The reaper excludes both before it looks:
 *
 * 1. Each thread that uses the mm, of whichever process, is dying: SIGKILL is in
 *    its own pending set, or its group is past SIGNAL_GROUP_EXIT, or it is
 *    PF_EXITING. SIGKILL and SIGNAL_GROUP_EXIT are set, together with
 *    TIF_SIGPENDING of all threads, within one section under siglock; the reaper
 *    looks under siglock, and so after that section. None of it is ever taken
 *    back before the thread is in do_exit(), from where there is no way back to
 *    user mode. No thread joins them: copy_process() fails under siglock when a
 *    fatal signal is pending, so a new thread or a new process with this mm is
 *    linked before the kill, which then reaches it, or never.
 *
 * 2. After that, a fence: an interrupt on each CPU that runs a task with this mm,
 *    waited for. On each CPU the next return to user mode after it sees
 *    TIF_SIGPENDING, which was set before the interrupt was sent, and goes to
 *    get_signal() and do_exit() instead. A dying thread in user mode after the
 *    fence would have had to enter it before the fence on the CPU on which it is,
 *    and to stay in it since; but then that CPU ran it when the fence looked, see
 *    oom_reap_may_run(), and the fence interrupted that. It is no matter whether
 *    the thread was running, preempted, or migrating meanwhile: to run, it returns
 *    to user mode on some CPU. A CPU that is stuck and takes no interrupt does not
 *    stop the reaper: that victim waits, and the fence is asked for again.
 *    (uprobe_deny_signal() takes TIF_SIGPENDING away from who steps over a probe,
 *    and with SIGKILL pending sets TIF_UPROBE in its place: as good.)
 *
 * 3. No list is registered after that: set_robust_list(2) stores the head, then
 *    looks whether its caller is dying, and if so takes it back. The reaper looks
 *    in the other order, see oom_reap_set_list(). A thread that was inside that
 *    system call when it was killed has stored its head before the reaper looked,
 *    or keeps the old one.
 *
 * Then the lists are read, see oom_reap_look(). What may still run in the kernel
 * for a dying thread changes nothing of it:
 *
 * - The exit path itself. It clears task->robust_list once it is through with
 *   it; until then a list that was not empty is still seen not to be.
 * - exec: exec_mm_release() walks the list as exit does, before the task leaves
 *   the mm. After it the task's list is in another mm and no matter here.
 * - FUTEX_LOCK_PI, and a requeue to a PI futex by another process on the
 *   sleeper's behalf: without list_op_pending set in user mode nobody, neither
 *   Linux nor this, promises OWNER_DIED; a PI futex that has waiters in the
 *   kernel is handed over by exit_pi_state_list() without user memory.
 * - vfork() children and other processes with the same mm: they use it, so they
 *   are among the threads above. The OOM killer kills them all, save the global
 *   init; then it does not call the reaper.
 * - io_uring workers, vhost workers and kernel threads that have borrowed the mm:
 *   they never are in user mode and have no list.
 * - What else the exit path does with user memory concerns no other process:
 *   clear_child_tid is waited for by those who share the mm, or lies in memory
 *   that is shared and so not reaped.
 * - A freezer, of either cgroup version or of suspend: a frozen thread is one
 *   that sleeps in the kernel with SIGKILL pending, and no case of its own.
 * - A tracer may write to the list. It can't make the thread run in user mode,
 *   and what it forges was not taken by the thread.
 *
 * What is read of a list is read from the victim's page tables, as they are, so that
 * the reaper can neither sleep nor allocate, and never runs with the victim's mm,
 * which arch_exit_mmap() may be taking down. A head that is swapped out is unreadable, and the
 * victim is one that waits. When two seconds have passed, what held it up is
 * spared, page by page, and the rest is reaped: see oom_reap_find_spared().
 */

#include <linux/cacheflush.h>
#include <linux/compat.h>
#include <linux/futex.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/oom_reap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/secretmem.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "oom_reap.h"

/*
 * Call @fn for each thread, of whichever process, that uses @mm. @others: the
 * mm_users there were before the call.
 */
static void oom_reap_visit_threads(struct task_struct *victim,
				   struct mm_struct *mm, int others,
				   void (*fn)(struct task_struct *t, void *arg),
				   void *arg)
{
	struct task_struct *p, *t;

	lockdep_assert_in_rcu_read_lock();

	for_each_thread(victim, t) {
		if (READ_ONCE(t->mm) == mm) {
			fn(t, arg);
			others--;
		}
	}
	/*
	 * Each thread holds one of mm_users, and none is added to them. If these
	 * account for all that there were, nobody else uses the mm.
	 */
	if (others <= 0)
		return;

	for_each_process(p) {
		if (same_thread_group(p, victim))
			continue;
		for_each_thread(p, t) {
			/* Kernel threads that have borrowed it. */
			if (READ_ONCE(t->mm) == mm && !(t->flags & PF_KTHREAD))
				fn(t, arg);
		}
	}
}

/* Can @t never return to user mode? For others than current under siglock. */
static bool oom_reap_is_dying(struct task_struct *t)
{
	return t->flags & (PF_EXITING | PF_USER_WORKER) ||
	       t->signal->flags & SIGNAL_GROUP_EXIT ||
	       __fatal_signal_pending(t);
}

static enum oom_reap_thread oom_reap_judge_thread(struct task_struct *t)
{
	unsigned long flags;
	bool dying = true;

	/* Without a sighand it was released: it is dead. */
	if (lock_task_sighand(t, &flags)) {
		dying = oom_reap_is_dying(t);
		unlock_task_sighand(t, &flags);
	}
	if (!dying)
		return OOM_REAP_THREAD_LIVE;
	if (task_is_running(t))
		return OOM_REAP_THREAD_RUNNING;
	return OOM_REAP_THREAD_BLOCKED;
}

/**
 * oom_reap_set_list() - register a robust list, unless current is being killed
 * @list: robust_list or compat_robust_list of current
 * @head: its head
 *
 * No lock is needed. Here the head is stored before current looks whether it is
 * dying; the reaper sees that current is dying before it reads the head, with a
 * full barrier between the two on either side. So the reaper sees the new head,
 * or current sees that it is dying and puts the old head back. Between the two
 * the reaper may see a head that does not stay. If a list is in use there it waits
 * needlessly. If none is, it may reap one that is in use at the old head, which on
 * plain Linux the call had given up for good.
 *
 * Return: 0, or -EINTR for a task that does not return to user mode.
 */
int oom_reap_set_list(void __user **list, void __user *head)
{
	void __user *old = *list;

	WRITE_ONCE(*list, head);
	/* Pairs with the barrier in oom_reap_look_at_thread(). */
	smp_mb();
	if (likely(!oom_reap_is_dying(current)))
		return 0;
	WRITE_ONCE(*list, old);
	return -EINTR;
}

/**
 * enum oom_reap_access - by what areas and page tables of a victim are kept
 * @OOM_REAP_ACCESS_NONE: by nothing
 * @OOM_REAP_ACCESS_LOCK: by mmap_lock, for reading
 * @OOM_REAP_ACCESS_AREAS: by being inside, and by the lock of each area
 */
enum oom_reap_access {
	OOM_REAP_ACCESS_NONE,
	OOM_REAP_ACCESS_LOCK,
	OOM_REAP_ACCESS_AREAS,
};

/**
 * struct oom_reap_memory - the memory of a victim, to be read
 * @mm: the victim's
 * @access: by what it can be
 */
struct oom_reap_memory {
	struct mm_struct *mm;
	enum oom_reap_access access;
};

/*
 * OOM_REAP_ACCESS_NONE if the last user of the mm has let go of it, and so has
 * walked its lists. Without CONFIG_PER_VMA_LOCK no area can be locked while a writer
 * sits on mmap_lock, and no list be read.
 */
static void oom_reap_open(struct oom_reap_memory *memory, struct mm_struct *mm)
{
	memory->mm = mm;
	memory->access = OOM_REAP_ACCESS_NONE;
	if (!atomic_read(&mm->mm_users))
		return;
	if (!mmap_read_trylock(mm)) {
		if (oom_reap_enter(mm))
			memory->access = OOM_REAP_ACCESS_AREAS;
		return;
	}
	if (test_bit(MMF_OOM_SKIP, &mm->flags))
		mmap_read_unlock(mm);
	else
		memory->access = OOM_REAP_ACCESS_LOCK;
}

static void oom_reap_close(const struct oom_reap_memory *memory)
{
	if (memory->access == OOM_REAP_ACCESS_LOCK)
		mmap_read_unlock(memory->mm);
	else if (memory->access == OOM_REAP_ACCESS_AREAS)
		oom_reap_leave();
}

/* An address as areas have it. Only with mmap_lock where it depends on the mm. */
static unsigned long oom_reap_untag(const struct oom_reap_memory *memory,
				    u64 addr)
{
	if (memory->access == OOM_REAP_ACCESS_LOCK)
		return untagged_addr_remote(memory->mm, (unsigned long)addr);
	return untagged_addr((unsigned long)addr);
}

static void oom_reap_copy(struct vm_area_struct *vma, struct page *page,
			  unsigned long addr, void *to, size_t size)
{
	char *from = kmap_local_page(page);

	copy_from_user_page(vma, page, addr, to, from + offset_in_page(addr),
			    size);
	kunmap_local(from);
}

/* What is mapped at @addr, all of it in one page; false if nothing is. */
static bool oom_reap_read_page(struct vm_area_struct *vma, unsigned long addr,
			       void *to, size_t size)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = NULL;
	spinlock_t *ptl;	/* of the page table */
	pmd_t *pmd;
	pte_t *pte;

	/*
	 * No lists are kept there: page tables of these may be of another form, and
	 * the kernel has no mapping of its own of what is secret.
	 */
	if (vma->vm_flags & (VM_HUGETLB | VM_IO | VM_PFNMAP | VM_MIXEDMAP) ||
	    vma_is_dax(vma) || vma_is_secretmem(vma))
		return false;
	pmd = mm_find_pmd(mm, addr);
	if (!pmd)
		return false;
	if (pmd_trans_huge(pmdp_get_lockless(pmd))) {
		ptl = pmd_lock(mm, pmd);
		if (pmd_trans_huge(*pmd)) {
			page = pmd_page(*pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
			oom_reap_copy(vma, page, addr, to, size);
		}
		spin_unlock(ptl);
		return page;
	}
	pte = pte_offset_map_lock(mm, pmd, addr, &ptl);
	if (!pte)
		return false;
	__acquire(ptl);	/* It is locked now: sparse does not see that. */
	if (pte_present(ptep_get(pte)))
		page = vm_normal_page(vma, addr, ptep_get(pte));
	if (page)
		oom_reap_copy(vma, page, addr, to, size);
	pte_unmap_unlock(pte, ptl);
	return page;
}

static bool oom_reap_read_bytes(const struct oom_reap_memory *memory, u64 from,
				void *to, size_t size)
{
	unsigned long addr = oom_reap_untag(memory, from);
	struct vm_area_struct *vma;
	bool ret = true;
	size_t part;

	for (; ret && size; addr += part, to += part, size -= part) {
		part = min_t(size_t, size, PAGE_SIZE - offset_in_page(addr));
		if (memory->access == OOM_REAP_ACCESS_LOCK)
			vma = vma_lookup(memory->mm, addr);
		else
			vma = lock_vma_under_rcu(memory->mm, addr);
		if (!vma)
			return false;
		ret = oom_reap_read_page(vma, addr, to, part);
		if (memory->access == OOM_REAP_ACCESS_AREAS)
			vma_end_read(vma);
	}
	return ret;
}

/* An entry of a list, or its head, as wide as the list's owner is. */
static bool oom_reap_read(const struct oom_reap_memory *memory, u64 addr,
			  bool compat, u64 *value)
{
	unsigned long wide;
	u32 narrow;

	if (compat) {
		if (!oom_reap_read_bytes(memory, addr, &narrow, sizeof(narrow)))
			return false;
		*value = narrow;
	} else {
		if (!oom_reap_read_bytes(memory, addr, &wide, sizeof(wide)))
			return false;
		*value = wide;
	}
	return true;
}

/**
 * struct oom_reap_head - the head of a robust list
 * @addr: its address, 0 without a list
 * @next: its first entry
 * @pending: list_op_pending
 * @offset: from an entry to its futex word
 * @readable: whether these could be read
 * @compat: of a 32-bit task
 */
struct oom_reap_head {
	u64 addr;
	u64 next;
	u64 pending;
	u64 offset;
	bool readable;
	bool compat;
};

static void oom_reap_read_head(const struct oom_reap_memory *memory,
			       struct task_struct *t, bool compat,
			       struct oom_reap_head *head)
{
	/* struct robust_list_head: three words, of the task's width. */
	unsigned int word = compat ? sizeof(u32) : sizeof(long);

	*head = (struct oom_reap_head) { .compat = compat };
	if (!compat)
		head->addr = (unsigned long)READ_ONCE(t->robust_list);
#ifdef CONFIG_COMPAT
	else
		head->addr = (unsigned long)READ_ONCE(t->compat_robust_list);
#endif
	if (!head->addr)
		return;
	head->readable =
		oom_reap_read(memory, head->addr, compat, &head->next) &&
		oom_reap_read(memory, head->addr + word, compat,
			      &head->offset) &&
		oom_reap_read(memory, head->addr + 2 * word, compat,
			      &head->pending);
}

static u64 oom_reap_futex_word(const struct oom_reap_head *head, u64 entry)
{
	u64 word = entry + head->offset;

	return head->compat ? (u32)word : word;
}

struct oom_reap_view {
	struct oom_reap_input *in;
	struct oom_reap_memory memory;
};

static void oom_reap_look_at_thread(struct task_struct *t, void *arg)
{
	struct oom_reap_view *view = arg;
	struct oom_reap_input *in = view->in;
	struct oom_reap_head head;
	int compat;

	in->threads[oom_reap_judge_thread(t)]++;
	if (view->memory.access == OOM_REAP_ACCESS_NONE)
		return;
	/* Pairs with the barrier in oom_reap_set_list(). */
	smp_mb();
	for (compat = 0; compat <= IS_ENABLED(CONFIG_COMPAT); compat++) {
		oom_reap_read_head(&view->memory, t, compat, &head);
		in->lists[oom_reap_judge_list(head.addr, head.readable,
					      head.next, head.pending)]++;
	}
}

/* For how long has a victim not had less memory than ever since the kill? */
static u64 oom_reap_idle_ns(struct oom_reap_victim *victim,
			    struct mm_struct *mm)
{
	unsigned long pages = oom_reap_pages(mm) +
			      mm_pgtables_bytes(mm) / PAGE_SIZE;
	u64 now = ktime_get_ns();

	if (pages < victim->least) {
		victim->least = pages;
		victim->progress = now;
	}
	return now - victim->progress;
}

/**
 * oom_reap_look() - gather what oom_reap_decide() goes by
 * @tsk: the victim
 * @in: filled in
 *
 * Context: the reaper, of which there is one; neither sleeps nor allocates.
 */
void oom_reap_look(struct task_struct *tsk, struct oom_reap_input *in)
{
	struct oom_reap_victim *victim = &tsk->oom_reap;
	struct mm_struct *mm = tsk->signal->oom_mm;
	struct oom_reap_view view = { .in = in };
	int users;

	*in = (struct oom_reap_input) {
		.age_ns = ktime_get_ns() - victim->killed,
		.idle_ns = oom_reap_idle_ns(victim, mm),
		.late_tries = victim->late_tries,
		.released = test_bit(MMF_OOM_SKIP, &mm->flags),
		.fenced = victim->fenced,
		.reaped = victim->reaped,
	};
	if (in->released)
		return;

	if (!victim->reaped)
		oom_reap_open(&view.memory, mm);
	users = atomic_read(&mm->mm_users);
	in->exiting = !users;
	if (users) {
		rcu_read_lock();
		oom_reap_visit_threads(tsk, mm, users, oom_reap_look_at_thread,
				       &view);
		rcu_read_unlock();
	}
	oom_reap_close(&view.memory);
}

/*
 * The pages that the exit path needs to hand over what the victim holds: those
 * with heads and entries of lists, and with futex words. There is one reaper.
 * OOM_REAP_SPARED and OOM_REAP_ENTRIES bound what a victim can make it do.
 */
/* Entries that are followed, of all lists of a victim together. */
#define OOM_REAP_ENTRIES	65536

static struct oom_reap_spared oom_reap_spared;

/* What lies in [addr, addr + size), both ends. */
static bool oom_reap_spare_range(const struct oom_reap_memory *memory, u64 from,
				 unsigned int size)
{
	unsigned long addr = oom_reap_untag(memory, from);

	return oom_reap_spare(&oom_reap_spared, addr) &&
	       oom_reap_spare(&oom_reap_spared, addr + size - 1);
}

struct oom_reap_sparing {
	struct oom_reap_memory memory;
	enum oom_reap_list what;	/* lists that are judged so */
};

/*
 * What exit_robust_list() would touch, in its order, as far as it is readable, of
 * the lists that are judged as is asked for. An empty one needs nothing: exit_robust_list()
 * hands nothing over, be it that it finds the list empty or that the head is gone.
 * Nor does it fill: a thread that may still go on in user mode, and would take a
 * mutex, has to write to the head first, and can't if that was reaped.
 */
static void oom_reap_spare_thread(struct task_struct *t, void *arg)
{
	const struct oom_reap_sparing *sparing = arg;
	const struct oom_reap_memory *memory = &sparing->memory;
	struct oom_reap_head head;
	unsigned int limit, word;
	u64 entry, next;
	int compat;

	for (compat = 0; compat <= IS_ENABLED(CONFIG_COMPAT); compat++) {
		oom_reap_read_head(memory, t, compat, &head);
		if (oom_reap_judge_list(head.addr, head.readable, head.next,
					head.pending) != sparing->what)
			continue;
		word = compat ? sizeof(u32) : sizeof(long);
		if (!oom_reap_spare_range(memory, head.addr, 3 * word))
			return;
		if (!head.readable)
			continue;
		entry = head.pending & ~1ULL;
		if (entry)
			oom_reap_spare_range(memory,
					     oom_reap_futex_word(&head, entry),
					     sizeof(u32));
		entry = head.next & ~1ULL;
		for (limit = ROBUST_LIST_LIMIT; limit && entry != head.addr;
		     limit--) {
			/* The walk of the exit path ends at a reaped entry. */
			if (++oom_reap_spared.entries > OOM_REAP_ENTRIES ||
			    !oom_reap_spare_range(memory, entry, word))
				return;
			oom_reap_spare_range(memory,
					     oom_reap_futex_word(&head, entry),
					     sizeof(u32));
			if (!oom_reap_read(memory, entry, compat, &next))
				break;
			entry = next & ~1ULL;
		}
	}
}

/**
 * oom_reap_find_spared() - find the pages that the robust lists of a victim need
 * @tsk: the victim
 * @mm: its mm
 *
 * What lies behind an entry that is not readable, and beyond the limits above,
 * stays unknown.
 *
 * Context: the reaper, of which there is one; neither sleeps nor allocates.
 *
 * Return: the pages, valid until the next call.
 */
const struct oom_reap_spared *oom_reap_find_spared(struct task_struct *tsk,
						   struct mm_struct *mm)
{
	/* Who is known to hold something comes first. */
	static const enum oom_reap_list order[] = {
		OOM_REAP_LIST_HELD, OOM_REAP_LIST_UNREADABLE,
	};
	struct oom_reap_spared *spared = &oom_reap_spared;
	struct oom_reap_sparing sparing;
	unsigned int i;

	spared->nr = 0;
	spared->entries = 0;
	oom_reap_open(&sparing.memory, mm);
	if (sparing.memory.access == OOM_REAP_ACCESS_NONE)
		return spared;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		sparing.what = order[i];
		rcu_read_lock();
		oom_reap_visit_threads(tsk, mm, atomic_read(&mm->mm_users),
				       oom_reap_spare_thread, &sparing);
		rcu_read_unlock();
	}
	oom_reap_close(&sparing.memory);
	return spared;
}
