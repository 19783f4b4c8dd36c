/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commit accounting: what the kernel has promised to back, counted exactly.
 */
#ifndef _LINUX_COMMIT_H
#define _LINUX_COMMIT_H

#include <linux/commit_types.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/mman.h>
#include <linux/page_counter.h>
#include <linux/percpu-defs.h>
#include <linux/types.h>

/*
 * No limit: as many pages as memory.max may say, on 32 bits too, where that is more
 * than fit into a long as bytes. A count of them is no negative long.
 */
#define COMMIT_MAX	((unsigned long)PAGE_COUNTER_MAX)

/**
 * struct commit_settings - what the system's commit limit is made of
 * @ram: pages of memory
 * @hugetlb: of those, pages in the pools of huge pages
 * @swap: pages of swap space
 * @ratio: vm.overcommit_ratio, per cent
 * @kbytes: vm.overcommit_kbytes; when not 0 it stands in for ram and ratio
 */
struct commit_settings {
	u64 ram;
	u64 hugetlb;
	u64 swap;
	int ratio;
	u64 kbytes;
};

/**
 * struct commit_reserves - what of the limit is kept from a request
 * @admin_kbytes: vm.admin_reserve_kbytes
 * @user_kbytes: vm.user_reserve_kbytes
 * @admin: the request may use the administrators' reserve
 * @has_mm: the request is a process's
 * @total_vm: pages of that process's address space
 */
struct commit_reserves {
	u64 admin_kbytes;
	u64 user_kbytes;
	bool admin;
	bool has_mm;
	u64 total_vm;
};

/**
 * struct commit_rules - how requests are judged
 * @heuristic: one that is larger than memory and swap is refused
 * @limit: the system's limit holds
 * @noreserve: MAP_NORESERVE is heeded: such memory is not counted
 * @inherited: what a child inherits of such memory is counted, whatever it was
 *	when it was mapped
 */
struct commit_rules {
	bool heuristic;
	bool limit;
	bool noreserve;
	bool inherited;
};

u64 commit_system_limit(const struct commit_settings *settings);
u64 commit_allowed(u64 limit, const struct commit_reserves *reserves);
bool commit_fits(u64 taken, u64 pages, u64 limit);
enum commit_mode commit_mode_join(enum commit_mode parent, enum commit_mode own);
void commit_rules(int overcommit, enum commit_mode group, struct commit_rules *rules);
u64 commit_aside(unsigned int cpus, u64 pages, u64 taken, u64 max);
u64 commit_unseen(unsigned int cpus, u64 pages, u64 most, u64 ram);
vm_flags_t commit_inherited(vm_flags_t flags, bool copied);

/**
 * struct commit_refusal - why a request was refused
 * @limit: whose limit it met, an enum commit_limit
 * @group: the group's, for %COMMIT_LIMIT_CGROUP
 * @taken: what was promised already
 * @allowed: what may be
 */
struct commit_refusal {
	int limit;
	struct commit_group *group;
	unsigned long taken;
	unsigned long allowed;
};

#if IS_ENABLED(CONFIG_COMMIT_KUNIT_TEST)
DECLARE_PER_CPU(unsigned long, commit_entries);
#endif

#ifdef CONFIG_COMMIT_EXACT
bool commit_try(struct commit_group *group, struct mm_struct *mm,
		unsigned long pages, bool admin, struct commit_refusal *why);
int commit_promise(struct commit_group *group, struct mm_struct *mm,
		   unsigned long pages, bool admin);
void commit_return(struct commit_group *group, unsigned long pages);
int commit_inherit(struct mm_struct *mm, unsigned long pages);
int commit_judge(struct commit_group *group, unsigned long pages);
bool commit_swapoff(struct mm_struct *mm, unsigned long pages);
void commit_set_mode(int mode);
void commit_sync(void);
bool commit_is_open(void);

int commit_group_init(struct commit_group *group, struct commit_group *parent,
		      struct mem_cgroup *memcg);
unsigned long commit_group_settle(struct commit_group *group);
void commit_group_destroy(struct commit_group *group);
unsigned long commit_group_current(struct commit_group *group);
unsigned long commit_group_peak(struct commit_group *group);
void commit_group_set_max(struct commit_group *group, unsigned long max);
int commit_group_join(struct commit_group *group, unsigned long pages);
bool commit_heeds_noreserve(const struct commit_group *group);
bool commit_counts_inherited(const struct commit_group *group);

/* An mm's own count: written under its mmap_lock. */
static inline void mm_commit_init(struct mm_struct *mm)
{
	mm->commit_group = NULL;
	mm->commit_pages = 0;
}

/**
 * mm_commit_pages() - what a process's private memory promises
 * @mm: the process's memory
 *
 * Return: pages of its mappings that are counted, exact.
 */
static inline unsigned long mm_commit_pages(const struct mm_struct *mm)
{
	return READ_ONCE(mm->commit_pages);
}

#ifdef CONFIG_COMMIT_CGROUP
bool commit_object_heeds_noreserve(void);
#else
/* MAP_NORESERVE is heeded for shared memory that the current task creates. */
static inline bool commit_object_heeds_noreserve(void)
{
	return commit_heeds_noreserve(NULL);
}
#endif

/* It is heeded for a mapping: by who will be charged for it. */
static inline bool mmap_heeds_noreserve(const struct mm_struct *mm, vm_flags_t flags)
{
	return flags & VM_SHARED ? commit_object_heeds_noreserve() :
				   commit_heeds_noreserve(mm->commit_group);
}

/*
 * All pages of a mapping are charged, or none: by VM_ACCOUNT, which says what will
 * be given back, also for those by which a stack grows.
 */
static inline bool vma_growth_counts(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCOUNT;
}

/* Registered with a userfaultfd */
#define VM_COMMIT_FILLED	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

/*
 * Userfaultfd puts pages also into a private mapping that is not writable. It is
 * charged for that when it is registered, if it was not before, ...
 */
static inline bool vma_filling_counts(struct vm_area_struct *vma)
{
	return (vma_is_anonymous(vma) || vma_is_shmem(vma)) &&
	       !(vma->vm_flags & (VM_ACCOUNT | VM_SHARED | VM_HUGETLB | VM_NORESERVE));
}

/* ... and mprotect() does not give back what may still come. */
static inline bool vma_may_be_filled(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_COMMIT_FILLED;
}

void mm_unacct_memory(struct mm_struct *mm, unsigned long pages);
long mm_commit_settle(struct mm_struct *mm, unsigned long pages);
void mm_commit_exit(struct mm_struct *mm, unsigned long pages);
#else
static inline void commit_sync(void)
{
}

static inline void mm_commit_init(struct mm_struct *mm)
{
}

static inline bool commit_object_heeds_noreserve(void)
{
	return sysctl_overcommit_memory != OVERCOMMIT_NEVER;
}

static inline bool mmap_heeds_noreserve(const struct mm_struct *mm, vm_flags_t flags)
{
	return sysctl_overcommit_memory != OVERCOMMIT_NEVER;
}

static inline bool vma_growth_counts(const struct vm_area_struct *vma)
{
	return true;
}

static inline bool vma_filling_counts(struct vm_area_struct *vma)
{
	return false;
}

static inline bool vma_may_be_filled(const struct vm_area_struct *vma)
{
	return false;
}

static inline void mm_unacct_memory(struct mm_struct *mm, unsigned long pages)
{
	vm_unacct_memory(pages);
}

static inline void mm_commit_exit(struct mm_struct *mm, unsigned long pages)
{
	vm_unacct_memory(pages);
}
#endif /* CONFIG_COMMIT_EXACT */

#endif /* _LINUX_COMMIT_H */
