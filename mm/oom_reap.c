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
 * be read; oom_reap_decide() is the whole decision.
 *
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

#include <linux/cacheflush.h>
#include <linux/compat.h>
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/futex.h>
#include <linux/highmem.h>
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
#include <linux/secretmem.h>
#include <linux/security.h>
#include <linux/smp.h>
#include <linux/string.h>
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

/* The decision: no kernel state, so that KUnit can ask it anything. */

/**
 * oom_reap_judge_list() - what the head of a robust list says
 * @head: its address, 0 if none is registered
 * @readable: whether it could be read
 * @next: the head's first entry, as read; bit 0 marks a PI futex
 * @pending: list_op_pending, likewise
 *
 * Return: what is known of the list; it is empty exactly where the walk in
 * exit_robust_list() would touch no futex.
 */
enum oom_reap_list oom_reap_judge_list(u64 head, bool readable, u64 next,
				       u64 pending)
{
	if (!head)
		return OOM_REAP_LIST_NONE;
	if (!readable)
		return OOM_REAP_LIST_UNREADABLE;
	if ((next & ~1ULL) == head && !(pending & ~1ULL))
		return OOM_REAP_LIST_EMPTY;
	return OOM_REAP_LIST_HELD;
}

/**
 * oom_reap_decide() - what to do about an OOM victim
 * @in: what is known of it
 *
 * 1. Who has freed its memory needs nothing more.
 * 2. A victim that was reaped is watched, since it may have more to give when it
 *    exits: page tables, shared memory, pipes. While it is on its way the OOM
 *    killer should wait for that rather than kill another one; not if all of its
 *    threads sleep, not if it has given nothing back for a second, and not
 *    beyond two seconds if a thread of it may go on in user mode.
 * 3. Who has no thread left, but an mm, can be reaped: the lists are done.
 * 4. Lists may only be judged after a fence that came after the last live
 *    thread; see the head of this file.
 * 5. Robust lists in use delay it by at most two seconds, then they are spared.
 * 6. Who can't be reaped in three seconds, be it for want of a lock or of a fence,
 *    is given up: as it is, since nothing says which pages its lists need.
 *
 * Return: the verdict; see &enum oom_reap_verdict.
 */
enum oom_reap_verdict oom_reap_decide(const struct oom_reap_input *in)
{
	unsigned int live = in->threads[OOM_REAP_THREAD_LIVE];
	unsigned int running = in->threads[OOM_REAP_THREAD_RUNNING];
	unsigned int blocked = in->threads[OOM_REAP_THREAD_BLOCKED];
	bool listed = in->lists[OOM_REAP_LIST_HELD] ||
		      in->lists[OOM_REAP_LIST_UNREADABLE];
	bool late = in->age_ns >= OOM_REAP_DELAY_NS;

	if (in->released)
		return OOM_REAP_DONE;

	if (in->reaped) {
		if (in->idle_ns >= OOM_REAP_IDLE_NS || (live && late))
			return OOM_REAP_HIDE;
		if (in->exiting || live || running)
			return OOM_REAP_WAIT;
		return in->age_ns < OOM_REAP_STUCK_NS ? OOM_REAP_WAIT :
							OOM_REAP_HIDE;
	}

	if (in->age_ns >= OOM_REAP_LIMIT_NS &&
	    in->late_tries >= OOM_REAP_LATE_TRIES)
		return OOM_REAP_GIVE_UP;
	if (!live && !running && !blocked)
		return OOM_REAP_NOW;
	if (!live && !in->fenced)
		return OOM_REAP_FENCE;
	if (live || listed)
		return late ? OOM_REAP_SPARE : OOM_REAP_WAIT;
	return OOM_REAP_NOW;
}

/**
 * oom_reap_vain() - note that a victim was tried in vain
 * @victim: what is kept about it
 * @age_ns: time since the kill, when it was looked at
 *
 * A fence that fails is such a try: a CPU that takes no interrupt for seconds must
 * not hold up the next kill for ever.
 */
void oom_reap_vain(struct oom_reap_victim *victim, u64 age_ns)
{
	if (age_ns >= OOM_REAP_DELAY_NS)
		victim->late_tries++;
	victim->waited = true;
}

/**
 * oom_reap_next_part() - how much of the address space to unmap next
 * @part: how much was unmapped just now, in bytes, a power of two
 * @freed: pages that this gave
 *
 * Between parts who waits for memory gets what there is, so they are small; but
 * terabytes that were mapped and never touched are passed in a few steps.
 *
 * Return: bytes, a power of two.
 */
unsigned long oom_reap_next_part(unsigned long part, unsigned long freed)
{
	if (freed >= OOM_REAP_FIRST)
		return OOM_REAP_PART;
	return min(2 * part, 1UL << (BITS_PER_LONG - 2));
}

static unsigned long oom_reap_pages(struct mm_struct *mm)
{
	return get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS);
}

/* The threads that use a victim's mm. */

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

/* The mm that the reaper is inside of without having its mmap_lock. */
static struct mm_struct *oom_reap_inside;

static void oom_reap_leave(void)
{
	/* Pairs with the acquire in oom_reap_exit_mmap(). */
	smp_store_release(&oom_reap_inside, NULL);
	/* Who is about to wait sees the store, or is seen here. */
	smp_mb();
	wake_up_var(&oom_reap_inside);
}

/*
 * Keep exit_mmap() from freeing areas and page tables of @mm, without mmap_lock:
 * false if it may do so already. What the reaper does until oom_reap_leave() is
 * short, as exit_mmap() waits for it.
 */
static bool oom_reap_enter(struct mm_struct *mm)
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

/* Robust lists. */

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

static void oom_reap_look(struct task_struct *tsk, struct oom_reap_input *in)
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

/* The fence: which CPUs have been interrupted since it was asked for. */
struct oom_reap_fence {
	call_single_data_t csd;
	bool passed;
};

static DEFINE_PER_CPU(struct oom_reap_fence, oom_reap_fences);

/* The CPUs that a fence has interrupted. There is one reaper. */
static struct cpumask oom_reap_asked;

/*
 * An interrupt that was sent for an earlier fence and comes late is as good: the
 * CPU is in the kernel after this fence began.
 */
static void oom_reap_fence_cpu(void *info)
{
	struct oom_reap_fence *fence = info;

	/* Pairs with the acquire in oom_reap_fence(). */
	smp_store_release(&fence->passed, true);
	/*
	 * The CPU looks at TIF_SIGPENDING after that. A late interrupt may have
	 * begun before the flag was set, and this store may be what ends the new
	 * fence: pairs with the barrier between the flag and @passed = false in
	 * oom_reap_fence().
	 */
	smp_mb();
}

/*
 * May a CPU be in user mode for a thread that uses @mm? It may not if it runs
 * another task, as cpu_curr_snapshot() sees, which has a full barrier before
 * and after it. A thread that is switched in after that sees TIF_SIGPENDING
 * before it is in user mode, given a full barrier between the two: the one that
 * membarrier(2) asks of the scheduler. Architectures that have it only for an mm
 * that has registered for membarrier(2) select ARCH_HAS_MEMBARRIER_CALLBACKS;
 * there all CPUs are interrupted.
 */
static bool oom_reap_may_run(int cpu, struct mm_struct *mm)
{
	if (IS_ENABLED(CONFIG_ARCH_HAS_MEMBARRIER_CALLBACKS))
		return true;
	return READ_ONCE(cpu_curr_snapshot(cpu)->mm) == mm;
}

/* A CPU that takes no interrupt is not waited for longer than this. */
#define OOM_REAP_FENCE_NS	(10 * NSEC_PER_MSEC)

/*
 * After it no thread is in user mode that uses @mm and was dying before: see
 * above. A CPU that comes up meanwhile has run no user mode before, and sees what
 * was set before. CPUs that run other programs, or are idle, are not disturbed.
 *
 * Return: false if a CPU has not taken its interrupt in time. The next fence may
 * find that the CPU runs something else by then, or asks it again.
 */
static bool oom_reap_fence(struct mm_struct *mm)
{
	u64 until = ktime_get_ns() + OOM_REAP_FENCE_NS;
	struct oom_reap_fence *fence;
	int cpu;

	/* Order what was done before the fence with what the CPUs do after it. */
	smp_mb();
	cpumask_clear(&oom_reap_asked);
	preempt_disable();
	rcu_read_lock();
	for_each_online_cpu(cpu) {
		if (cpu == smp_processor_id() || !oom_reap_may_run(cpu, mm))
			continue;
		fence = per_cpu_ptr(&oom_reap_fences, cpu);
		cpumask_set_cpu(cpu, &oom_reap_asked);
		WRITE_ONCE(fence->passed, false);
		/* -EBUSY: an earlier one is under way and will do. */
		if (smp_call_function_single_async(cpu, &fence->csd) == -ENXIO)
			cpumask_clear_cpu(cpu, &oom_reap_asked);
	}
	rcu_read_unlock();
	preempt_enable();

	for_each_cpu(cpu, &oom_reap_asked) {
		fence = per_cpu_ptr(&oom_reap_fences, cpu);
		/* Pairs with the release in oom_reap_fence_cpu(). */
		while (!smp_load_acquire(&fence->passed)) {
			if (ktime_get_ns() >= until)
				return false;
			usleep_idle_range(10, 50);
		}
	}
	return true;
}

/*
 * The pages that the exit path needs to hand over what the victim holds: those
 * with heads and entries of lists, and with futex words. There is one reaper.
 * OOM_REAP_SPARED and OOM_REAP_ENTRIES bound what a victim can make it do.
 */
/* Entries that are followed, of all lists of a victim together. */
#define OOM_REAP_ENTRIES	65536

static struct oom_reap_spared oom_reap_spared;

/**
 * oom_reap_spare() - add a page to those that are not reaped
 * @spared: the pages, in ascending order
 * @addr: an address in the page
 *
 * A victim may have made its lists long and scattered to keep the reaper busy.
 * This takes some ten steps where the page is known or the table is full, and
 * moves the table at most OOM_REAP_SPARED times.
 *
 * Return: false if the page is not among them, since there is no room.
 */
bool oom_reap_spare(struct oom_reap_spared *spared, u64 addr)
{
	unsigned long page = (unsigned long)addr & PAGE_MASK;
	unsigned int low = 0, high = spared->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (spared->pages[middle] == page)
			return true;
		if (spared->pages[middle] < page)
			low = middle + 1;
		else
			high = middle;
	}
	if (spared->nr == OOM_REAP_SPARED)
		return false;
	memmove(&spared->pages[low + 1], &spared->pages[low],
		(spared->nr - low) * sizeof(spared->pages[0]));
	spared->pages[low] = page;
	spared->nr++;
	return true;
}

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

/*
 * Find the pages that robust lists need. What lies behind an entry that is not
 * readable, and beyond the limits above, stays unknown.
 */
static void oom_reap_find_spared(struct task_struct *tsk, struct mm_struct *mm)
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
		return;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		sparing.what = order[i];
		rcu_read_lock();
		oom_reap_visit_threads(tsk, mm, atomic_read(&mm->mm_users),
				       oom_reap_spare_thread, &sparing);
		rcu_read_unlock();
	}
	oom_reap_close(&sparing.memory);
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
	if (spare) {
		oom_reap_find_spared(tsk, mm);
		pass.spared = &oom_reap_spared;
	}

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
	int cpu;

	for_each_possible_cpu(cpu) {
		struct oom_reap_fence *fence = per_cpu_ptr(&oom_reap_fences,
							   cpu);

		INIT_CSD(&fence->csd, oom_reap_fence_cpu, fence);
	}
	reaper = kthread_run(oom_reaper, NULL, "oom_reaper");
	return PTR_ERR_OR_ZERO(reaper);
}
subsys_initcall(oom_reap_init)
