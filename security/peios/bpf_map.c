// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peios LSM - maps of BPF
 *
 * A map may be mapped, and is memory of the process that made it then; a program of
 * that process decides by it in any case. Root gets it by its number, or by the name
 * that it was pinned to. So a map remembers what its maker was, as a segment of System V
 * does (shm.c), and where that was of the trusted computing base, or protected, or had
 * a descriptor, to get it takes what it would take to read or write that process. Who
 * is given an open map, over a socket or by a fork, was given it by somebody who had it.
 *
 * The structure of a map has room for one security module, which is not this one: the
 * few makers that are guarded are in a table.
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
static DEFINE_SPINLOCK(guarded_lock);	/* covers changes of it */

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

/* Under RCU, or guarded_lock. It stays for as long as the map does. */
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
 * peios_bpf_map_rights() - the rights that a descriptor of a map needs
 * @mode: how it is opened
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
	/* Its maker gets the first. */
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
