// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commit accounting: the arithmetic of limits, reserves and modes. Pure
 * functions over values that mm/commit.c has gathered.
 *
 *   limit    kbytes, or else (ram - hugetlb) * ratio / 100; plus swap
 *   allowed  limit, less the administrators' reserve for a request that may not
 *            use it, less the smaller of the user's reserve and 1/32 of the
 *            process's address space
 *
 * A request fits if what is taken already and the request together are no more
 * than what is allowed. With 512 MB (131072 pages) of memory, no huge pages, no
 * swap and a ratio of 50, the limit is 65536 pages; with reserves of 8 MB and
 * 128 MB, a process of 3200 pages is allowed 65536 - 2048 - 100 = 63388.
 */

#include <linux/commit.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>

#define KB_TO_PAGES(kb)		((kb) >> (PAGE_SHIFT - 10))

/**
 * commit_system_limit() - the system's commit limit
 * @s: the settings that determine it
 *
 * A negative ratio counts as 0; a result that exceeds 64 bits saturates.
 *
 * Return: pages.
 */
u64 commit_system_limit(const struct commit_settings *s)
{
	u64 base = s->ram - min(s->ram, s->hugetlb);
	u64 ratio = max(s->ratio, 0);
	u64 limit;

	if (s->kbytes)
		limit = KB_TO_PAGES(s->kbytes);
	else if (base <= div64_u64(U64_MAX, max(ratio, 1ULL)))
		limit = div_u64(base * ratio, 100);
	else
		limit = U64_MAX;
	return limit + min(s->swap, U64_MAX - limit);
}

/**
 * commit_allowed() - the part of a limit that a request may use
 * @limit: the limit
 * @r: the request's properties, and the reserves
 *
 * Return: pages, 0 where the reserves exceed the limit.
 */
u64 commit_allowed(u64 limit, const struct commit_reserves *r)
{
	u64 kept = 0;

	if (!r->admin)
		kept += KB_TO_PAGES(r->admin_kbytes);
	/* Don't let a single process grow so big a user can't recover. */
	if (r->has_mm)
		kept += min(r->total_vm / 32, KB_TO_PAGES(r->user_kbytes));
	return limit - min(limit, kept);
}

/**
 * commit_fits() - is there room for a request?
 * @taken: what is taken already
 * @pages: the request
 * @limit: upper bound of both together
 *
 * Return: true if so.
 */
bool commit_fits(u64 taken, u64 pages, u64 limit)
{
	return pages <= limit && taken <= limit - pages;
}

/**
 * commit_mode_join() - the mode that applies to a group
 * @parent: the mode that applies to its parent
 * @own: its own mode
 *
 * A group without a mode of its own follows its parent. A strict mode also
 * applies to all groups below.
 *
 * Return: the mode.
 */
enum commit_mode commit_mode_join(enum commit_mode parent, enum commit_mode own)
{
	return own == COMMIT_MODE_SYSTEM || parent == COMMIT_MODE_STRICT ?
		parent : own;
}

/**
 * commit_rules() - how requests are judged
 * @overcommit: vm.overcommit_memory
 * @group: the mode that applies to the group
 * @rules: the result
 *
 * If the system is strict, no group can loosen that.
 */
void commit_rules(int overcommit, enum commit_mode group, struct commit_rules *rules)
{
	rules->limit = overcommit == OVERCOMMIT_NEVER;
	rules->heuristic = overcommit == OVERCOMMIT_GUESS &&
			   group != COMMIT_MODE_ALWAYS;
	rules->noreserve = overcommit != OVERCOMMIT_NEVER &&
			   group != COMMIT_MODE_STRICT;
	/* With vm.overcommit_memory 2 a child gets what Linux gives it. */
	rules->inherited = group == COMMIT_MODE_STRICT;
}

/**
 * commit_inherited() - how a strict group treats an inherited mapping
 * @flags: its flags in the parent
 * @copied: it may have pages of its own
 *
 * The mapping becomes what it would be if MAP_NORESERVE had not been heeded. It
 * is accounted if it is private and writable, or was when its pages were
 * written, or if the parent's userfaultfd goes with it. If none of that
 * applies, mprotect() accounts it once it is made writable. Memory that is
 * accounted elsewhere is left out: shared memory is accounted to its object,
 * huge pages have their own pool, and MAP_DROPPABLE memory promises nothing.
 *
 * Return: the child's flags; with %VM_ACCOUNT, all its pages are to be charged.
 */
vm_flags_t commit_inherited(vm_flags_t flags, bool copied)
{
	if (!(flags & VM_NORESERVE) ||
	    flags & (VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_DROPPABLE))
		return flags;
	flags &= ~VM_NORESERVE;
	if (copied || flags & (VM_WRITE | VM_COMMIT_FILLED))
		flags |= VM_ACCOUNT;
	return flags;
}

/**
 * commit_aside() - how much a CPU may set aside of a count with a limit
 * @cpus: number of CPUs
 * @pages: the pages that it was just asked for
 * @taken: what is taken of the count
 * @max: the limit of the count
 *
 * The amount leaves half of the free pages if all CPUs set as much aside. It is
 * larger if the same request needs that to come again, and to be returned, as
 * far as the request is small beside what is free. It is 0 if it would be so
 * small that it would only be fetched back at once.
 *
 * Return: pages.
 */
u64 commit_aside(unsigned int cpus, u64 pages, u64 taken, u64 max)
{
	u64 free = max - min(max, taken);
	u64 aside = max(div_u64(free, 2 * cpus), min(pages, free / 16) * 2);

	return aside < 16 ? 0 : aside;
}

/**
 * commit_unseen() - how far a CPU may change a count without a limit, unseen
 * @cpus: number of CPUs
 * @pages: the pages that it was just asked for
 * @most: the value of the count now, or at its peak
 * @ram: pages of memory
 *
 * The peak may be too low by this amount for each CPU. It is as large as the
 * count, but all CPUs together never reach more than an eighth of memory. It is
 * always at least some pages. Within this bound it includes room for the same
 * request to come again, and to be returned.
 *
 * Return: pages.
 */
u64 commit_unseen(unsigned int cpus, u64 pages, u64 most, u64 ram)
{
	return max(min(max(most, pages), div_u64(ram, 8 * cpus)), 64ULL);
}
