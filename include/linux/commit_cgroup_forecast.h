/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.forecast of cgroups.
 */
#ifndef _LINUX_COMMIT_CGROUP_FORECAST_H
#define _LINUX_COMMIT_CGROUP_FORECAST_H

struct mem_cgroup;

#if defined(CONFIG_COMMIT_INFO) && defined(CONFIG_COMMIT_CGROUP)
void mem_cgroup_forecast_free(struct mem_cgroup *memcg);
unsigned long shrinker_count_memcg(struct mem_cgroup *memcg, int nid);
#else
static inline void mem_cgroup_forecast_free(struct mem_cgroup *memcg)
{
}
#endif

#endif /* _LINUX_COMMIT_CGROUP_FORECAST_H */
