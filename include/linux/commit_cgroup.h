/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commit accounting for cgroups.
 */
#ifndef _LINUX_COMMIT_CGROUP_H
#define _LINUX_COMMIT_CGROUP_H

#include <linux/mm_types.h>

struct commit_group;
struct css_set;
struct mem_cgroup;
struct task_struct;

#ifdef CONFIG_COMMIT_CGROUP
struct commit_group *commit_group_of_current(void);
void commit_group_put(struct commit_group *group);
int commit_cgroup_can_fork(struct task_struct *task, struct css_set *cset);

int mem_cgroup_commit_alloc(struct mem_cgroup *memcg, struct mem_cgroup *parent);
void mem_cgroup_commit_reset(struct mem_cgroup *memcg);
void mem_cgroup_commit_free(struct mem_cgroup *memcg);

/* An mm made by exec counts for the caller's cgroup. */
static inline void mm_commit_exec(struct mm_struct *mm)
{
	mm->commit_group = commit_group_of_current();
}

static inline void mm_commit_destroy(struct mm_struct *mm)
{
	commit_group_put(mm->commit_group);
}
#else
static inline int mem_cgroup_commit_alloc(struct mem_cgroup *memcg,
					  struct mem_cgroup *parent)
{
	return 0;
}

static inline void mem_cgroup_commit_reset(struct mem_cgroup *memcg)
{
}

static inline void mem_cgroup_commit_free(struct mem_cgroup *memcg)
{
}

static inline void mm_commit_exec(struct mm_struct *mm)
{
}

static inline void mm_commit_destroy(struct mm_struct *mm)
{
}
#endif /* CONFIG_COMMIT_CGROUP */

#endif /* _LINUX_COMMIT_CGROUP_H */
