/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What struct mem_cgroup has of commit accounting. Apart from commit.h, so that
 * memcontrol.h does not get mman.h, which has functions on some architectures.
 */
#ifndef _LINUX_COMMIT_TYPES_H
#define _LINUX_COMMIT_TYPES_H

#include <linux/atomic.h>
#include <linux/cgroup-defs.h>

struct mem_cgroup;

/**
 * enum commit_mode - memory.commit.mode
 * @COMMIT_MODE_SYSTEM: as the parent, in the end vm.overcommit_memory
 * @COMMIT_MODE_ALWAYS: no heuristic refusal
 * @COMMIT_MODE_STRICT: MAP_NORESERVE counts too
 */
enum commit_mode {
	COMMIT_MODE_SYSTEM,
	COMMIT_MODE_ALWAYS,
	COMMIT_MODE_STRICT,
};

/**
 * struct commit_group - a count of promises in a hierarchy
 * @parent: what it is a part of, beside the system; or NULL
 * @taken: pages promised, and those that CPUs have set aside for it and the
 *	groups below
 * @max: what @taken may not exceed
 * @peak: the most that was promised at any time; @taken does not exceed it
 * @slots: CPUs that may have pages set aside for it or a group below
 * @mode: how requests are judged
 * @refused: requests refused for @max, here or below
 * @events_file: memory.commit.events
 * @memcg: the cgroup that it counts for; NULL in tests
 *
 * @taken, @max, @peak and @slots are written under commit_lock.
 */
struct commit_group {
	struct commit_group *parent;
	unsigned long taken;
	unsigned long max;
	unsigned long peak;
	unsigned int slots;
	enum commit_mode mode;
	atomic_long_t refused;
#ifdef CONFIG_CGROUPS
	struct cgroup_file events_file;
#endif
	struct mem_cgroup *memcg;
};

#endif /* _LINUX_COMMIT_TYPES_H */
