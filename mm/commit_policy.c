// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commit accounting: the arithmetic of limits, reserves and modes. Pure
 * functions over values that mm/commit.c has gathered.
 *
 *   limit    kbytes, or else (ram - hugetlb) * ratio / 100; plus swap
 *   allowed  limit, less the administrators' reserve for whoever has no claim to
 *            it, less the smaller of the user's reserve and 1/32 of the
 *            process's address space
 *
 * A request fits if what is taken already and the request come to no more than
 * what is allowed. With 512 MB (131072 pages) of memory, no huge pages, no swap
 * and a ratio of 50, the limit is 65536 pages; with reserves of 8 MB and 128 MB,
 * a process of 3200 pages is allowed 65536 - 2048 - 100 = 63388.
 */

#include <linux/commit.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>

#define KB_TO_PAGES(kb)		((kb) >> (PAGE_SHIFT - 10))

/**
 * commit_system_limit() - the system's commit limit
 * @s: what it is made of
 *
 * A negative ratio counts as 0; what would not fit into 64 bits saturates.
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
 * commit_allowed() - what of a limit a request may use
 * @limit: the limit
 * @r: who asks, and what is kept from whom
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
 * @limit: what both together may come to
 *
 * Return: true if so.
 */
bool commit_fits(u64 taken, u64 pages, u64 limit)
{
	return pages <= limit && taken <= limit - pages;
}

/**
 * commit_mode_join() - the mode that holds in a group
 * @parent: the one that holds in its parent
 * @own: its own
 *
 * A group without a mode of its own follows its parent. A strict one is strict
 * for all below it.
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
 * @group: the mode that holds in the group
 * @rules: the result
 *
 * Strictness of the system is not loosened by any group.
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
 * commit_inherited() - what a strict group makes of a mapping that a child inherits
 * @flags: its flags, as the parent has them
 * @copied: it may have pages of its own
 *
 * It becomes what it would be if MAP_NORESERVE had not been heeded: accounted if
 * it is private and writable, or was when its pages were written, or the parent's
 * userfaultfd goes with it; and where it is none of that, accounted by mprotect()
 * once it is made writable. Not what others
 * account for: shared memory is its object's, huge pages have a pool of their own,
 * and MAP_DROPPABLE memory promises nothing.
 *
 * Return: the child's flags; with %VM_ACCOUNT, all pages of it are to be charged.
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
 * @cpus: how many there are
 * @pages: what it was asked for just now
 * @taken: what is taken of the count
 * @max: its limit
 *
 * So much that the half of what is free is left when all CPUs do so; but what was
 * asked for may come again, and go, where it is small beside what is free. Nothing
 * where that is so little that it would only be fetched back at once.
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
 * commit_unseen() - by how much a CPU may change a count without a limit, unseen
 * @cpus: how many there are
 * @pages: what it was asked for just now
 * @most: what the count comes to, or came to at its peak
 * @ram: pages of memory
 *
 * The peak may be low by so much for each CPU: as much as it is, and never more
 * than all CPUs together come to an eighth of memory; but some pages in any case, and
 * within that what was asked for, which may come again, and go.
 *
 * Return: pages.
 */
u64 commit_unseen(unsigned int cpus, u64 pages, u64 most, u64 ram)
{
	return max(min(max(most, pages), div_u64(ram, 8 * cpus)), 64ULL);
}
