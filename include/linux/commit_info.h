/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Promised memory shown: who was refused a promise and why, and how much each
 * process and the system still owe.
 * See Documentation/admin-guide/mm/overcommit.rst.
 */
#ifndef _LINUX_COMMIT_INFO_H
#define _LINUX_COMMIT_INFO_H

#include <linux/types.h>

struct mem_cgroup;
struct pid;
struct pid_namespace;
struct seq_file;
struct task_struct;

/**
 * enum commit_limit - which limit refused a promise
 * @COMMIT_LIMIT_HEURISTIC: overcommit mode 0: more than all RAM and swap
 * @COMMIT_LIMIT_SYSTEM: overcommit mode 2: CommitLimit less the reserves
 * @COMMIT_LIMIT_CGROUP: memory.commit.max of a cgroup
 * @NR_COMMIT_LIMITS: how many there are
 */
enum commit_limit {
	COMMIT_LIMIT_HEURISTIC,
	COMMIT_LIMIT_SYSTEM,
	COMMIT_LIMIT_CGROUP,
	NR_COMMIT_LIMITS,
};

#ifdef CONFIG_COMMIT_INFO
void commit_refused(enum commit_limit limit, unsigned long pages,
		    unsigned long promised, unsigned long allowed,
		    struct mem_cgroup *memcg);
unsigned long commit_refused_total(void);
int proc_pid_commit(struct seq_file *m, struct pid_namespace *ns,
		    struct pid *pid, struct task_struct *task);
#else
static inline void commit_refused(enum commit_limit limit, unsigned long pages,
				  unsigned long promised, unsigned long allowed,
				  struct mem_cgroup *memcg)
{
}
#endif /* CONFIG_COMMIT_INFO */

#endif /* _LINUX_COMMIT_INFO_H */
