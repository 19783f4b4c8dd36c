/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One OOM kill for one shortage: whether memory has come back, or is coming.
 * See Documentation/admin-guide/mm/oom.rst.
 */
#ifndef _LINUX_OOM_LOOK_H
#define _LINUX_OOM_LOOK_H

#include <linux/list.h>
#include <linux/oom_look_types.h>
#include <linux/time64.h>
#include <linux/types.h>

struct mem_cgroup;
struct mm_struct;
struct oom_control;

/* Memory that is coming holds up a kill for so long, from one kill to the next. */
#define OOM_LOOK_HOLD_NS	NSEC_PER_SEC
/* A domain that was not out of memory for so long is in a new shortage then. */
#define OOM_LOOK_QUIET_NS	NSEC_PER_SEC
/* A task gets nowhere for so long: then its kill is called off no more. */
#define OOM_LOOK_STALL_NS	NSEC_PER_SEC
/* Domains that are remembered at once. */
#define OOM_LOOK_DOMAINS	8

/**
 * struct oom_shortage - what is remembered of a domain that is out of memory
 * @domain: the machine by the kind of constraint, or a cgroup; 0: unused
 * @episode: the number of its shortage
 * @last_ns: when a victim was chosen in it last
 * @held: a kill is being held up
 * @held_ns: since when
 * @held_last_ns: when it was last
 */
struct oom_shortage {
	u64 domain;
	u64 episode;
	u64 last_ns;
	bool held;
	u64 held_ns;
	u64 held_last_ns;
};

struct oom_shortage *oom_shortage_find(struct oom_shortage *known, unsigned int nr,
				       u64 domain);
u64 oom_shortage_episode(struct oom_shortage *shortage, u64 *episodes, u64 now_ns);
bool oom_shortage_hold(struct oom_shortage *shortage, u64 coming, u64 asked,
		       u64 now_ns);
bool oom_stall_over(struct oom_stall *stall, unsigned long faults, u64 now_ns);

/**
 * struct oom_leaving - an exit_mmap() under way
 * @node: in the list of the CPU on which it began, unless nothing is to come
 * @cpu: that CPU
 * @pages: resident anonymous pages when it began
 * @memcg: the cgroup of the task that does it, or NULL
 */
struct oom_leaving {
	struct hlist_node node;
	int cpu;
	unsigned long pages;
	struct mem_cgroup *memcg;
};

#ifdef CONFIG_OOM_LOOK
u64 oom_look_domain(const struct oom_control *oc);
u64 oom_look_episode(const struct oom_control *oc);
bool oom_look_held(struct oom_control *oc);
bool oom_look_called_off(struct oom_control *oc, bool first);
void oom_look_leave(struct oom_leaving *leaving, struct mm_struct *mm);
void oom_look_left(struct oom_leaving *leaving);
unsigned long mem_cgroup_margin(struct mem_cgroup *memcg);
#else
static inline u64 oom_look_episode(const struct oom_control *oc)
{
	return 0;
}

static inline bool oom_look_held(struct oom_control *oc)
{
	return false;
}

static inline bool oom_look_called_off(struct oom_control *oc, bool first)
{
	return false;
}

static inline void oom_look_leave(struct oom_leaving *leaving, struct mm_struct *mm)
{
}

static inline void oom_look_left(struct oom_leaving *leaving)
{
}
#endif /* CONFIG_OOM_LOOK */

#endif /* _LINUX_OOM_LOOK_H */
