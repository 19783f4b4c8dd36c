/* SPDX-License-Identifier: GPL-2.0-only */
/* What the OOM reaper, its tests and exit_mmap() share. */
#ifndef _MM_OOM_REAP_H
#define _MM_OOM_REAP_H

#include <linux/mm.h>
#include <linux/types.h>

/* So much is unmapped at a time where memory is dense, in bytes. */
#define OOM_REAP_PART		(4UL << 20)

/* With so many pages somebody can go on. A part that gives them is dense. */
#define OOM_REAP_FIRST		(OOM_REAP_PART / PAGE_SIZE / 4)

/* So many pages are spared at most. */
#define OOM_REAP_SPARED		512

/**
 * struct oom_reap_spared - pages that the exit path needs
 * @nr: how many there are
 * @entries: entries of lists that were followed
 * @pages: their addresses, ascending
 */
struct oom_reap_spared {
	unsigned int nr;
	unsigned int entries;
	unsigned long pages[OOM_REAP_SPARED];
};

struct oom_reap_input;
struct oom_reap_victim;

/* mm/oom_reap_decide.c */
void oom_reap_vain(struct oom_reap_victim *victim, u64 age_ns);
bool oom_reap_spare(struct oom_reap_spared *spared, u64 addr);
unsigned long oom_reap_next_part(unsigned long part, unsigned long freed);

#ifdef CONFIG_OOM_REAP
/* mm/oom_reap.c */
bool oom_reap_enter(struct mm_struct *mm);
void oom_reap_leave(void);
void oom_reap_exit_mmap(struct mm_struct *mm);

/* mm/oom_reap_lists.c */
void oom_reap_look(struct task_struct *tsk, struct oom_reap_input *in);
const struct oom_reap_spared *oom_reap_find_spared(struct task_struct *tsk,
						   struct mm_struct *mm);

/* mm/oom_reap_fence.c */
bool oom_reap_fence(struct mm_struct *mm);
void oom_reap_fence_init(void);

/* Pages that a victim has, in memory and swapped out. */
static inline unsigned long oom_reap_pages(struct mm_struct *mm)
{
	return get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS);
}
#else
static inline void oom_reap_exit_mmap(struct mm_struct *mm)
{
}
#endif

#endif /* _MM_OOM_REAP_H */
