/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What struct mem_cgroup has of commit accounting. Apart from commit.h, so that
 * memcontrol.h does not get mman.h, which has functions on some architectures.
 */
#ifndef _LINUX_COMMIT_TYPES_H
#define _LINUX_COMMIT_TYPES_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cgroup-defs.h>
#include <linux/compiler_types.h>
#include <linux/spinlock_types.h>

struct commit_slot;
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
 * @parent: what it is a part of; in the end the system, which is a part of nothing
 * @slots: each CPU's part of it; see mm/commit.c
 * @look: how often it was summed up
 * @depth: how many are above it
 * @mode: how requests are judged
 * @memcg: the cgroup that it counts for; NULL in tests
 * @lock: protects @taken, @max, @peak, @seen, @open, @most, and the bounds of @slots;
 *	those at COMMIT_DEPTHS and deeper use that of a group above
 * @taken: pages promised, and those that CPUs have set aside; without a limit, what
 *	CPUs have counted there
 * @max: what is promised may not exceed it
 * @peak: the most that was seen to be promised
 * @seen: what the count was about when @peak was looked for, at most
 * @open: how many slots are not shut
 * @most: what all of them together may have
 * @refused: requests refused for @max, here or below
 * @events_file: memory.commit.events
 *
 * The first ones are read for each promise. What changes is kept apart from them.
 */
struct commit_group {
	struct commit_group *parent;
	struct commit_slot __percpu *slots;
	unsigned long look;
	unsigned int depth;
	enum commit_mode mode;
	struct mem_cgroup *memcg;

	spinlock_t lock ____cacheline_aligned_in_smp; /* see above */
	unsigned long taken;
	unsigned long max;
	unsigned long peak;
	long seen;
	unsigned int open;
	unsigned long most;
	atomic_long_t refused;
#ifdef CONFIG_CGROUPS
	struct cgroup_file events_file;
#endif
};

#endif /* _LINUX_COMMIT_TYPES_H */
