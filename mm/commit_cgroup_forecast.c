// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.forecast of a cgroup: when it runs out of memory, by its own limit or by
 * a limit above it, whichever comes first.
 *
 * A limit is reached by the use of all cgroups below it. So each level has a
 * forecast of its own, from what is used and outstanding below it, what
 * memory.max and swap leave, and what can be reclaimed there. The limit that is
 * reached first counts, and its cgroup is named. The system's limit is one of
 * them.
 *
 * Used memory is what memory.current charges, and swap, less what reclaim would
 * find. That is the page cache on its lists, and slab that is marked
 * reclaimable, as far as there are objects of it that reclaim could free. So
 * kernel memory, sockets and MAP_NORESERVE count as used, and so do mlocked
 * files, ramfs, and the names of files in tmpfs. The part of it that was
 * promised is anonymous memory and shmem.
 *
 * A level is remembered from the first request for it, or for a level below it,
 * until the cgroup is freed. It is sampled like the system: while there is a
 * trigger for it or for a level below it, and whenever a process reads the
 * file.
 */

#include <linux/cgroup.h>
#include <linux/commit.h>
#include <linux/commit_cgroup_forecast.h>
#include <linux/commit_forecast.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/kernfs.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/nsproxy.h>
#include <linux/page_counter.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

/* The data that a file of a cgroup keeps while it is open */
#include "../kernel/cgroup/cgroup-internal.h"
#include "commit_watch.h"

/**
 * struct commit_level - a cgroup's part of the forecast
 * @watch: for the triggers of its file
 * @node: in the table of levels
 * @memcg: the cgroup
 * @parent: the level above, or NULL below the root
 * @forecast: what is remembered of samples
 * @amounts: the last sample
 * @max: memory.max at the last sample
 * @sampled: time of the last sample
 * @flushed: when the counts of all below the topmost level were last flushed
 * @objects: slab objects that reclaim could free
 * @counted: when @objects was counted, if it was
 *
 * Protected by commit_watch_lock, except @memcg and @parent, which do not change.
 */
struct commit_level {
	struct commit_watch watch;
	struct hlist_node node;
	struct mem_cgroup *memcg;
	struct commit_level *parent;
	struct commit_forecast forecast;
	struct commit_amounts amounts;
	unsigned long max;
	u64 sampled;
	u64 flushed;
	unsigned long objects;
	u64 counted;
};

/* An amount of slab that is not worth counting, in pages */
#define SLAB_SMALL		(SZ_1M / PAGE_SIZE)

/* How often objects are counted */
#define COUNT_PERIOD_NS		NSEC_PER_SEC

/* What is freed with one object: a dentry with a long name and an ext4 inode */
#define OBJECT_MAX		SZ_2K

/* Pages of page cache per page of its slab, for small files or small blocks */
#define CACHE_PER_SLAB		16

/* The levels, by their cgroup. */
static DEFINE_HASHTABLE(levels, 7);

static struct commit_level *level_find(const struct mem_cgroup *memcg)
{
	struct commit_level *level;

	lockdep_assert_held(&commit_watch_lock);
	hash_for_each_possible(levels, level, node, (unsigned long)memcg)
		if (level->memcg == memcg)
			return level;
	return NULL;
}

static bool has_level(struct mem_cgroup *memcg)
{
	return memcg && !mem_cgroup_is_root(memcg);
}

/* Slab objects that reclaim could free, in a cgroup and all below it */
static unsigned long count_objects(struct mem_cgroup *memcg)
{
	struct mem_cgroup *iter = NULL;
	unsigned long nr = 0;
	int nid;

	while ((iter = mem_cgroup_iter(memcg, iter, NULL)))
		for_each_node_state(nid, N_MEMORY)
			nr += shrinker_count_memcg(iter, nid);
	return nr;
}

/*
 * Slab that is marked reclaimable need not be: dentries are marked so even
 * while tmpfs holds them. So slab counts as reclaimable as far as there are
 * objects on the lists of shrinkers, including all that each object can free
 * with it, such as a dentry's name and inode. Slab that goes with the page
 * cache, such as its trees and buffer heads, is on no list.
 */
static u64 reclaimable_slab(struct commit_level *level, u64 cache, u64 now)
{
	u64 slab = memcg_page_state(level->memcg, NR_SLAB_RECLAIMABLE_B) / PAGE_SIZE;

	if (slab <= SLAB_SMALL)
		return slab;
	if (!level->counted || now - level->counted >= COUNT_PERIOD_NS) {
		level->objects = count_objects(level->memcg);
		level->counted = now;
	}
	return min(slab, level->objects * (u64)OBJECT_MAX / PAGE_SIZE + cache / CACHE_PER_SLAB);
}

/* Memory that reclaim would find. */
static u64 reclaimable(struct commit_level *level, u64 now)
{
	u64 cache = memcg_page_state(level->memcg, NR_INACTIVE_FILE) +
		    memcg_page_state(level->memcg, NR_ACTIVE_FILE);

	return cache + reclaimable_slab(level, cache, now);
}

/* Pages in swap that are not in RAM as well */
static u64 swapped(struct mem_cgroup *memcg)
{
	u64 pages = 0, cached = 0;

#ifdef CONFIG_SWAP
	pages = page_counter_read(&memcg->swap);
	cached = memcg_page_state(memcg, NR_SWAPCACHE);
#endif
	return pages - min(pages, cached);
}

static void read_amounts(struct commit_level *level, u64 now)
{
	struct mem_cgroup *memcg = level->memcg;
	struct commit_amounts *amounts = &level->amounts;
	u64 charged = page_counter_read(&memcg->memory);
	u64 free = min(reclaimable(level, now), charged);
	u64 swap = swapped(memcg);

	level->max = READ_ONCE(memcg->memory.max);
	amounts->promise = commit_group_current(&memcg->commit);
	amounts->payment = memcg_page_state(memcg, NR_ANON_MAPPED) +
			   memcg_page_state(memcg, NR_SHMEM) + swap;
	amounts->used = charged - free + swap;
	amounts->available = commit_outstanding(level->max, charged) + free +
			     max(mem_cgroup_get_nr_swap_pages(memcg), 0L);
}

/* Once for any time, however many levels below ask for it */
static void level_sample(struct commit_level *level, u64 now)
{
	if (level->sampled == now)
		return;
	read_amounts(level, now);
	commit_forecast_sample(&level->forecast, &level->amounts, now);
	level->sampled = now;
}

static void flush(struct commit_level *level, u64 now)
{
	while (level->parent)
		level = level->parent;
	if (level->flushed == now)
		return;
	/* This is cheap if little has changed. */
	mem_cgroup_flush_stats(level->memcg);
	level->flushed = now;
}

/*
 * The outlook for a level. What is outstanding is its own; the other values are
 * by all limits that apply to it.
 *
 * Return: the level whose limit is reached first; NULL if it is the system's.
 */
static struct commit_level *level_look(struct commit_level *own, u64 now,
				       struct commit_outlook *outlook)
{
	struct commit_level *level, *first = NULL;
	struct commit_outlook tightest, other;

	lockdep_assert_held(&commit_watch_lock);
	flush(own, now);
	commit_look_at_system(now, &tightest);
	*outlook = tightest;
	for (level = own; level; level = level->parent) {
		level_sample(level, now);
		/* There is no limit that could be reached. */
		if (level->max == PAGE_COUNTER_MAX)
			continue;
		commit_forecast_outlook(&level->forecast, &level->amounts, &other);
		commit_outlook_join(outlook, &other);
		if (commit_outlook_tighter(&other, &tightest)) {
			tightest = other;
			first = level;
		}
	}
	outlook->outstanding = commit_outstanding(own->amounts.promise,
						  own->amounts.payment);
	return first;
}

static void look(struct commit_watch *watch, u64 now, struct commit_outlook *outlook)
{
	level_look(container_of(watch, struct commit_level, watch), now, outlook);
}

static struct commit_level *level_alloc(struct mem_cgroup *memcg)
{
	struct commit_level *level = kzalloc(sizeof(*level), GFP_KERNEL_ACCOUNT);

	if (!level)
		return NULL;
	level->memcg = memcg;
	commit_watch_init(&level->watch, look);
	return level;
}

/*
 * Add a level for a cgroup whose parent has one, unless it was added already.
 */
static void level_add(struct commit_level *level)
{
	struct mem_cgroup *parent = parent_mem_cgroup(level->memcg);

	guard(mutex)(&commit_watch_lock);
	if (level_find(level->memcg)) {
		kfree(level);
		return;
	}
	if (has_level(parent))
		level->parent = level_find(parent);
	hash_add(levels, &level->node, (unsigned long)level->memcg);
}

/* The topmost cgroup, from @memcg upwards, that has no level */
static struct mem_cgroup *first_without(struct mem_cgroup *memcg)
{
	struct mem_cgroup *missing = NULL;

	guard(mutex)(&commit_watch_lock);
	for (; has_level(memcg); memcg = parent_mem_cgroup(memcg))
		if (!level_find(memcg))
			missing = memcg;
	return missing;
}

/*
 * The levels of a cgroup and of those above it, made from the top. The caller
 * uses an open file, which keeps the cgroup, and so the level, from being
 * freed.
 */
static struct commit_level *level_get(struct mem_cgroup *memcg)
{
	struct mem_cgroup *missing;
	struct commit_level *level;

	while ((missing = first_without(memcg))) {
		level = level_alloc(missing);
		if (!level)
			return NULL;
		level_add(level);
	}
	guard(mutex)(&commit_watch_lock);
	return level_find(memcg);
}

/**
 * mem_cgroup_forecast_free() - free the level of a cgroup that is freed
 * @memcg: the cgroup, which has no open files and no cgroups below
 */
void mem_cgroup_forecast_free(struct mem_cgroup *memcg)
{
	struct commit_level *level;

	guard(mutex)(&commit_watch_lock);
	level = level_find(memcg);
	if (!level)
		return;
	hash_del(&level->node);
	kfree(level);
}

/* The path in the reader's namespace: what is above its root is "/..". */
static int show_limit(struct seq_file *m, struct mem_cgroup *memcg, u64 max)
{
	const struct cgroup *root;
	char *path;
	int len;

	if (!memcg) {
		seq_printf(m, "Limit: %llu kB system\n",
			   commit_kilobytes(totalram_pages()));
		return 0;
	}
	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	/*
	 * cgroup_path_ns() takes cgroup_mutex, which waits for readers of this
	 * file. On the default hierarchy the namespace's root needs no lock.
	 */
	root = current->nsproxy->cgroup_ns->root_cset->dfl_cgrp;
	len = kernfs_path_from_node(memcg->css.cgroup->kn, root->kn, path,
				    PATH_MAX);
	if (len >= 0)
		seq_printf(m, "Limit: %llu kB %s\n", commit_kilobytes(max), path);
	kfree(path);
	return min(len, 0);
}

static int forecast_show(struct seq_file *m, void *v)
{
	struct mem_cgroup *memcg = mem_cgroup_from_seq(m), *first = NULL;
	struct commit_level *level, *tightest;
	struct commit_view view;
	u64 max = 0;
	int err;

	level = level_get(memcg);
	if (!level)
		return -ENOMEM;

	mutex_lock(&commit_watch_lock);
	tightest = level_look(level, ktime_get_ns(), &view.outlook);
	if (tightest) {
		/* It is above the file's cgroup, so it is not freed. */
		first = tightest->memcg;
		max = tightest->max;
	}
	view.promise = level->amounts.promise;
	view.payment = level->amounts.used;
	view.rate = level->forecast.rate;
	view.growth = level->forecast.growth;
	mutex_unlock(&commit_watch_lock);
	view.refused = atomic_long_read(&memcg->commit.refused);

	err = show_limit(m, first, max);
	if (err)
		return err;
	commit_view_show(m, &view);
	return 0;
}

/* The place that psi's files use, which are different files */
static void **slot_of(struct kernfs_open_file *of)
{
	struct cgroup_file_ctx *ctx = of->priv;

	return &ctx->psi.trigger;
}

/* kernfs allows only one writer of an open file at a time. */
static ssize_t forecast_write(struct kernfs_open_file *of, char *buf, size_t nbytes,
			      loff_t off)
{
	struct commit_level *level;
	int err;

	level = level_get(mem_cgroup_from_css(of_css(of)));
	if (!level)
		return -ENOMEM;
	err = commit_trigger_arm(&level->watch, slot_of(of), buf, nbytes,
				 of->file->f_cred, of);
	return err ?: nbytes;
}

static __poll_t forecast_poll(struct kernfs_open_file *of, poll_table *wait)
{
	return commit_trigger_poll(slot_of(of), of->file, wait);
}

static void forecast_release(struct kernfs_open_file *of)
{
	commit_trigger_destroy(*slot_of(of));
}

/*
 * The files are world-writable, since anyone may be warned, as by
 * /proc/commitinfo. A container may also use the file of its own root. The
 * number of triggers is limited.
 */
static struct cftype forecast_files[] = {
	{
		.name = "forecast",
		.flags = CFTYPE_NOT_ON_ROOT | CFTYPE_WORLD_WRITABLE |
			 CFTYPE_NS_DELEGATABLE,
		.seq_show = forecast_show,
		.write = forecast_write,
		.poll = forecast_poll,
		.release = forecast_release,
	},
	{ }	/* terminate */
};

static int __init forecast_init(void)
{
	if (!mem_cgroup_disabled())
		WARN_ON(cgroup_add_dfl_cftypes(&memory_cgrp_subsys, forecast_files));
	return 0;
}
subsys_initcall(forecast_init);
