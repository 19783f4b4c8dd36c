// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commit accounting for cgroups: assigning promises to cgroups, memory.commit.*
 *
 * The memory of a process counts, as long as it exists, for the cgroup in which
 * it was made: the one that a child is born into by fork() or clone3(), or the
 * one in which exec() was called. A shmem object counts for the cgroup of the
 * task that created it. Neither follows a task that is moved: a move can't fail
 * for lack of room, and shared memory can't move with just one of the tasks
 * that share it.
 *
 * Both hold a reference to the cgroup. A cgroup that is removed while some of
 * its promises are kept goes on counting, for itself and for the cgroups above
 * it, whose limits still apply. Its own limit and mode end when it is removed.
 *
 * The root cgroup has no count: the system's is the same.
 */

#include <linux/cgroup.h>
#include <linux/commit.h>
#include <linux/commit_cgroup.h>
#include <linux/init.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page_counter.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/swap.h>

static const char * const mode_names[] = {
	[COMMIT_MODE_SYSTEM] = "system",
	[COMMIT_MODE_ALWAYS] = "always",
	[COMMIT_MODE_STRICT] = "strict",
};

static bool memcg_commits(struct mem_cgroup *memcg)
{
	return memcg && !mem_cgroup_is_root(memcg) &&
	       cgroup_subsys_on_dfl(memory_cgrp_subsys);
}

/**
 * commit_group_of_current() - the group for what the current task creates
 *
 * Return: the group of its cgroup, with a reference; NULL if that has none.
 */
struct commit_group *commit_group_of_current(void)
{
	struct commit_group *group = NULL;
	struct mem_cgroup *memcg;

	if (mem_cgroup_disabled())
		return NULL;

	rcu_read_lock();
	do {
		memcg = mem_cgroup_from_task(current);
		if (!memcg_commits(memcg))
			goto out;
		/* The cgroup may be gone if the task is just being moved. */
	} while (!css_tryget(&memcg->css));
	group = &memcg->commit;
out:
	rcu_read_unlock();
	return group;
}

/**
 * commit_object_heeds_noreserve() - is MAP_NORESERVE heeded for shared memory?
 *
 * Shared memory counts for the cgroup of the task that creates it. That need
 * not be the cgroup in which the memory of the process was made.
 *
 * Return: true if shared memory that the current task creates with
 * MAP_NORESERVE is counted page by page, as it is filled.
 */
bool commit_object_heeds_noreserve(void)
{
	struct mem_cgroup *memcg = NULL;
	bool heeds;

	rcu_read_lock();
	if (!mem_cgroup_disabled())
		memcg = mem_cgroup_from_task(current);
	heeds = commit_heeds_noreserve(memcg_commits(memcg) ? &memcg->commit : NULL);
	rcu_read_unlock();
	return heeds;
}

/**
 * commit_group_put() - release what commit_group_of_current() returned
 * @group: the group, or NULL
 */
void commit_group_put(struct commit_group *group)
{
	if (group)
		css_put(&group->memcg->css);
}

/*
 * A child may inherit memory that its parent was allowed to map uncounted,
 * because the parent's memory counts elsewhere or was mapped before the mode
 * was changed. A refusal ends the fork, which also returns what was charged so
 * far.
 */
static int charge_inherited(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	mmap_write_lock(mm);
	for_each_vma(vmi, vma) {
		vm_flags_t flags = commit_inherited(vma->vm_flags, vma->anon_vma);

		if (flags == vma->vm_flags)
			continue;
		if (flags & ~vma->vm_flags & VM_ACCOUNT)
			err = commit_inherit(mm, vma_pages(vma));
		if (err)
			break;
		vma_start_write(vma);
		vm_flags_reset(vma, flags);
	}
	mmap_write_unlock(mm);
	return err;
}

/* Judge each mapping of a child as if it were made where the child is born. */
static int judge_inherited(struct mm_struct *mm, struct commit_group *group)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	/* No single mapping is larger than all of them together. */
	if (likely(mm_commit_pages(mm) <= totalram_pages() + total_swap_pages))
		return 0;

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (vma->vm_flags & VM_ACCOUNT)
			err = commit_judge(group, vma_pages(vma));
		if (err)
			break;
	}
	mmap_read_unlock(mm);
	return err;
}

/**
 * commit_cgroup_can_fork() - count a child's memory where the child is born
 * @task: the child
 * @cset: the css_set that it is born into
 *
 * dup_mmap() has charged only the system, within its limit. It is not known
 * before now which cgroup it will be, whether the parent may put a child there,
 * whether memory that was mapped with MAP_NORESERVE counts there, and whether a
 * mapping may be larger than memory and swap.
 *
 * Context: nobody runs in the child's memory yet; khugepaged and ksmd may know it.
 * Return: 0, or -ENOMEM if it does not fit.
 */
int commit_cgroup_can_fork(struct task_struct *task, struct css_set *cset)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(cset->subsys[memory_cgrp_id]);
	struct commit_group *group = memcg_commits(memcg) ? &memcg->commit : NULL;
	struct mm_struct *mm = task->mm;
	int err = 0;

	/* A thread, a vfork child, or a kernel thread */
	if (!mm || mm == current->mm)
		return 0;

	if (group && commit_counts_inherited(group))
		err = charge_inherited(mm);
	if (!err)
		err = judge_inherited(mm, group);
	if (!err && group)
		err = commit_group_join(group, mm_commit_pages(mm));
	if (err || !group)
		return err;
	css_get(&memcg->css);
	mm->commit_group = group;
	return 0;
}

int mem_cgroup_commit_alloc(struct mem_cgroup *memcg, struct mem_cgroup *parent)
{
	/* The root cgroup */
	if (!parent)
		return 0;
	return commit_group_init(&memcg->commit, mem_cgroup_is_root(parent) ?
				 NULL : &parent->commit, memcg);
}

/* Nobody can see or set its limit any more. */
void mem_cgroup_commit_reset(struct mem_cgroup *memcg)
{
	commit_group_set_max(&memcg->commit, COMMIT_MAX);
	WRITE_ONCE(memcg->commit.mode, COMMIT_MODE_SYSTEM);
}

void mem_cgroup_commit_free(struct mem_cgroup *memcg)
{
	commit_group_destroy(&memcg->commit);
}

static u64 commit_current_read(struct cgroup_subsys_state *css, struct cftype *cft)
{
	return (u64)commit_group_current(&mem_cgroup_from_css(css)->commit) * PAGE_SIZE;
}

static u64 commit_peak_read(struct cgroup_subsys_state *css, struct cftype *cft)
{
	return (u64)commit_group_peak(&mem_cgroup_from_css(css)->commit) * PAGE_SIZE;
}

static int commit_max_show(struct seq_file *m, void *v)
{
	unsigned long max = READ_ONCE(mem_cgroup_from_seq(m)->commit.max);

	if (max == COMMIT_MAX)
		seq_puts(m, "max\n");
	else
		seq_printf(m, "%llu\n", (u64)max * PAGE_SIZE);
	return 0;
}

static ssize_t commit_max_write(struct kernfs_open_file *of, char *buf,
				size_t nbytes, loff_t off)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(of_css(of));
	unsigned long max;
	int err;

	err = page_counter_memparse(strstrip(buf), "max", &max);
	if (err)
		return err;
	commit_group_set_max(&memcg->commit, min(max, COMMIT_MAX));
	return nbytes;
}

static int commit_mode_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", mode_names[READ_ONCE(mem_cgroup_from_seq(m)->commit.mode)]);
	return 0;
}

static ssize_t commit_mode_write(struct kernfs_open_file *of, char *buf,
				 size_t nbytes, loff_t off)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(of_css(of));
	int mode = __sysfs_match_string(mode_names, ARRAY_SIZE(mode_names), strstrip(buf));

	if (mode < 0)
		return mode;
	WRITE_ONCE(memcg->commit.mode, mode);
	return nbytes;
}

static int commit_events_show(struct seq_file *m, void *v)
{
	seq_printf(m, "max %ld\n",
		   atomic_long_read(&mem_cgroup_from_seq(m)->commit.refused));
	return 0;
}

static struct cftype commit_files[] = {
	{
		.name = "commit.current",
		.flags = CFTYPE_NOT_ON_ROOT,
		.read_u64 = commit_current_read,
	},
	{
		.name = "commit.peak",
		.flags = CFTYPE_NOT_ON_ROOT,
		.read_u64 = commit_peak_read,
	},
	{
		.name = "commit.max",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = commit_max_show,
		.write = commit_max_write,
	},
	{
		.name = "commit.mode",
		.flags = CFTYPE_NOT_ON_ROOT,
		.seq_show = commit_mode_show,
		.write = commit_mode_write,
	},
	{
		.name = "commit.events",
		.flags = CFTYPE_NOT_ON_ROOT,
		.file_offset = offsetof(struct mem_cgroup, commit.events_file),
		.seq_show = commit_events_show,
	},
	{ }	/* terminate */
};

static int __init commit_cgroup_init(void)
{
	if (!mem_cgroup_disabled())
		WARN_ON(cgroup_add_dfl_cftypes(&memory_cgrp_subsys, commit_files));
	return 0;
}
subsys_initcall(commit_cgroup_init);
