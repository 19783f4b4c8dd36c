// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decisions of the OOM reaper: functions of what they are given, without kernel
 * state, so that KUnit can ask them anything.
 */

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oom_reap.h>
#include <linux/string.h>

#include "oom_reap.h"

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
