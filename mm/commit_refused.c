// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says why a promise of memory was refused: counted in /proc/vmstat, traced as
 * commit:commit_refused, and now and then in the log.
 */

#include <linux/cgroup.h>
#include <linux/commit_info.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/vmstat.h>

#define CREATE_TRACE_POINTS
#include <trace/events/commit.h>

static const struct {
	enum vm_event_item event;
	const char *name;
} limits[NR_COMMIT_LIMITS] = {
	[COMMIT_LIMIT_HEURISTIC] = { COMMIT_REFUSED_HEURISTIC, "heuristic" },
	[COMMIT_LIMIT_SYSTEM]	 = { COMMIT_REFUSED_SYSTEM, "system" },
	[COMMIT_LIMIT_CGROUP]	 = { COMMIT_REFUSED_CGROUP, "cgroup" },
};

static struct cgroup *cgroup_of(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	return memcg ? memcg->css.cgroup : NULL;
#else
	return NULL;
#endif
}

/* Its path, or nothing without one. */
static void print_path(struct cgroup *cgroup, char *path, size_t size)
{
	path[0] = '\0';
#ifdef CONFIG_CGROUPS
	if (cgroup)
		cgroup_path(cgroup, path, size);
#endif
}

static void log_refusal(enum commit_limit limit, unsigned long pages,
			unsigned long promised, unsigned long allowed,
			struct cgroup *cgroup)
{
	static DEFINE_RATELIMIT_STATE(rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	static DEFINE_SPINLOCK(path_lock);
	static char path[256];
	char comm[TASK_COMM_LEN];
	unsigned long flags;

	if (!__ratelimit(&rs))
		return;

	get_task_comm(comm, current);
	/* Print the line in one go, since its parts could be separated. */
	spin_lock_irqsave(&path_lock, flags);
	print_path(cgroup, path, sizeof(path));
	/* The process chooses its name: keep that on this line. */
	pr_warn("commit: refused: pid=%d uid=%u comm=\"%*pE\" bytes=%llu limit=%s promised=%llu allowed=%llu%s%s\n",
		current->tgid, from_kuid_munged(&init_user_ns, current_uid()),
		(int)strlen(comm), comm, (u64)pages << PAGE_SHIFT,
		limits[limit].name, (u64)promised << PAGE_SHIFT,
		(u64)allowed << PAGE_SHIFT, cgroup ? " cgroup=" : "", path);
	spin_unlock_irqrestore(&path_lock, flags);
}

/**
 * commit_refused() - account for a promise that was refused to current
 * @limit: the limit that refused it
 * @pages: how many more pages were asked for
 * @promised: pages that were promised under that limit already
 * @allowed: pages that it allows
 * @memcg: the cgroup whose limit it is, or NULL
 *
 * Context: any in which printk() is allowed; allocates nothing.
 */
void commit_refused(enum commit_limit limit, unsigned long pages,
		    unsigned long promised, unsigned long allowed,
		    struct mem_cgroup *memcg)
{
	struct cgroup *cgroup = cgroup_of(memcg);

	count_vm_event(limits[limit].event);
	trace_commit_refused(limit, (u64)pages << PAGE_SHIFT,
			     (u64)promised << PAGE_SHIFT,
			     (u64)allowed << PAGE_SHIFT,
			     cgroup ? cgroup_id(cgroup) : 0);
	log_refusal(limit, pages, promised, allowed, cgroup);
}

/**
 * commit_refused_total() - how many promises were refused since boot
 *
 * Context: process context; may sleep.
 * Return: the sum over all limits.
 */
unsigned long commit_refused_total(void)
{
	unsigned long sum = 0;
	int cpu, i;

	/* A CPU that goes offline hands its events over with hotplug locked. */
	guard(cpus_read_lock)();
	for_each_online_cpu(cpu)
		for (i = 0; i < NR_COMMIT_LIMITS; i++)
			sum += per_cpu(vm_event_states, cpu).event[limits[i].event];
	return sum;
}
