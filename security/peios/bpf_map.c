// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - maps of BPF
 *
 * A map can be mapped, and is then memory of the process that made it. In any
 * case, a program of that process decides by it. Root can get the map by its
 * number, or by the name under which it was pinned. So a map remembers what its
 * maker was, like a System V segment (shm.c). If the maker was of the trusted
 * computing base, or was protected, or had a descriptor, then getting the map
 * needs the rights to read or write that process. A process that is given an
 * open map, over a socket or by a fork, got it from a process that had it.
 *
 * struct bpf_map has room for only one security module, and that is not Peios,
 * so the few guarded makers are in a table.
 */

#include <linux/bpf.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/hashtable.h>
#include <linux/lsm_hooks.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "access.h"
#include "bpf_map.h"
#include "process.h"
#include "setup.h"

struct guarded_map {
	struct hlist_node node;
	const struct bpf_map *map;
	struct peios_maker maker;
	struct rcu_head rcu;
};

static DEFINE_HASHTABLE(guarded_maps, 7);
static DEFINE_SPINLOCK(guarded_lock);	/* protects changes of the table */

static int hook_bpf_map_create(struct bpf_map *map, union bpf_attr *attr,
			       struct bpf_token *token)
{
	struct guarded_map *guarded;
	struct peios_maker maker;
	int err = 0;

	peios_maker_get(&maker);
	if (!peios_maker_guarded(&maker))
		goto put;
	err = -ENOMEM;
	guarded = kmalloc(sizeof(*guarded), GFP_KERNEL_ACCOUNT);
	if (!guarded)
		goto put;
	guarded->map = map;
	guarded->maker = maker;
	spin_lock(&guarded_lock);
	hash_add_rcu(guarded_maps, &guarded->node, (unsigned long)map);
	spin_unlock(&guarded_lock);
	return 0;
put:
	peios_maker_put(&maker);
	return err;
}

/* Under RCU, or guarded_lock. The result is valid as long as the map is. */
static struct guarded_map *find_guarded(const struct bpf_map *map)
{
	struct guarded_map *guarded;

	hash_for_each_possible_rcu(guarded_maps, guarded, node, (unsigned long)map,
				   lockdep_is_held(&guarded_lock))
		if (guarded->map == map)
			return guarded;
	return NULL;
}

/* The last reference to the map has gone. */
static void hook_bpf_map_free(struct bpf_map *map)
{
	struct guarded_map *guarded;

	spin_lock(&guarded_lock);
	guarded = find_guarded(map);
	if (guarded)
		hash_del_rcu(&guarded->node);
	spin_unlock(&guarded_lock);
	if (!guarded)
		return;
	peios_maker_put(&guarded->maker);
	kfree_rcu(guarded, rcu);
}

/**
 * peios_bpf_map_rights() - the rights that opening a map needs
 * @mode: the mode of opening
 *
 * Return: rights on the maker.
 */
u32 peios_bpf_map_rights(fmode_t mode)
{
	u32 rights = 0;

	if (mode & FMODE_READ)
		rights |= PEIOS_PROCESS_VM_READ;
	if (mode & FMODE_WRITE)
		rights |= PEIOS_PROCESS_VM_WRITE;
	return rights;
}

static int hook_bpf_map(struct bpf_map *map, fmode_t mode)
{
	const struct guarded_map *guarded;

	guard(rcu)();
	guarded = find_guarded(map);
	/* The maker gets the first descriptor. */
	if (!guarded || guarded->maker.cred == current_cred())
		return 0;
	return peios_maker_access(&guarded->maker, peios_bpf_map_rights(mode),
				  "bpf_map");
}

static struct security_hook_list bpf_map_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(bpf_map_create, hook_bpf_map_create),
	LSM_HOOK_INIT(bpf_map_free, hook_bpf_map_free),
	LSM_HOOK_INIT(bpf_map, hook_bpf_map),
};

/**
 * peios_add_bpf_map_hooks() - register the hooks
 */
void __init peios_add_bpf_map_hooks(void)
{
	security_add_hooks(bpf_map_hooks, ARRAY_SIZE(bpf_map_hooks), &peios_lsmid);
}
