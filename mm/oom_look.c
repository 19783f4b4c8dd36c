// SPDX-License-Identifier: GPL-2.0-only
/*
 * One OOM kill for one shortage.
 *
 * The OOM killer is called when reclaim has found nothing. Until its victim dies,
 * milliseconds pass: all processes are looked at, and the log is written. Memory
 * can come back meanwhile, by an exit that has nothing to do with it. So there is
 * one more look right before the kill, at what the allocation asked for: a
 * watermark of one of its zones, or the margin of the cgroup. It is the look that
 * the allocator itself takes before it calls the OOM killer. Others may be quicker
 * to take what has come back, again and again: a task that gets nowhere for a second
 * is helped by a kill, as ever.
 *
 * Before the choice, the look is at what is coming. Linux chooses nobody while a
 * victim has memory (until MMF_OOM_SKIP). But exit_mmap() sets that flag before it
 * frees what it has gathered, up to 40 MB; and an exit that is not a victim's does
 * not count at all. So each exit_mmap() is in a list until its pages are free, and
 * while those of the domain have what is asked for, nobody is chosen. For a second
 * at most from one kill to the next: others may take what is freed.
 *
 * Locks: what is remembered of shortages is under oom_lock; a list of exits, one
 * for each CPU, has a lock of its own, under which nothing else is taken.
 */

#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/cpuset.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/oom.h>
#include <linux/oom_event.h>
#include <linux/oom_look.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/vmstat.h>

/**
 * oom_shortage_find() - where a domain is remembered
 * @known: what is remembered
 * @nr: how many of them, not 0
 * @domain: the domain, not 0
 *
 * Return: its place, or that of the one that was out of memory longest ago, which
 *	   is forgotten.
 */
struct oom_shortage *oom_shortage_find(struct oom_shortage *known, unsigned int nr,
				       u64 domain)
{
	struct oom_shortage *oldest = known;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (known[i].domain == domain)
			return &known[i];
		if (oldest->domain &&
		    (!known[i].domain ||
		     max(known[i].last_ns, known[i].held_last_ns) <
		     max(oldest->last_ns, oldest->held_last_ns)))
			oldest = &known[i];
	}
	*oldest = (struct oom_shortage) { .domain = domain };
	return oldest;
}

/**
 * oom_shortage_episode() - a victim was chosen in a domain
 * @shortage: what is remembered of it
 * @episodes: how many shortages there were
 * @now_ns: the time
 *
 * The next exit that is under way may hold up the next kill for its full time.
 *
 * Return: the number of the shortage: that of the last choice if that was less than
 *	   %OOM_LOOK_QUIET_NS ago, otherwise a new one.
 */
u64 oom_shortage_episode(struct oom_shortage *shortage, u64 *episodes, u64 now_ns)
{
	if (!shortage->episode || now_ns - shortage->last_ns >= OOM_LOOK_QUIET_NS)
		shortage->episode = ++*episodes;
	shortage->last_ns = now_ns;
	shortage->held = false;
	return shortage->episode;
}

/**
 * oom_shortage_hold() - is nobody to be chosen, as memory is coming?
 * @shortage: what is remembered of the domain
 * @coming: pages that are being given back in it
 * @asked: pages that are asked for, not 0
 * @now_ns: the time
 *
 * Return: true while it suffices, %OOM_LOOK_HOLD_NS long.
 */
bool oom_shortage_hold(struct oom_shortage *shortage, u64 coming, u64 asked,
		       u64 now_ns)
{
	if (coming < asked)
		return false;
	if (!shortage->held ||
	    now_ns - shortage->held_last_ns >= OOM_LOOK_QUIET_NS) {
		shortage->held = true;
		shortage->held_ns = now_ns;
	}
	shortage->held_last_ns = now_ns;
	return now_ns - shortage->held_ns < OOM_LOOK_HOLD_NS;
}

/**
 * oom_stall_over() - has calling kills off helped a task nothing for long enough?
 * @stall: what it remembers
 * @faults: page faults that it has had
 * @now_ns: the time, at which one more would be called off
 *
 * Who gets what it asked for goes on to its next page fault, or does not come back
 * for %OOM_LOOK_QUIET_NS.
 *
 * Return: true if the kill is to go ahead; what is remembered begins anew then.
 */
bool oom_stall_over(struct oom_stall *stall, unsigned long faults, u64 now_ns)
{
	if (!stall->since_ns || stall->faults != faults ||
	    now_ns - stall->last_ns >= OOM_LOOK_QUIET_NS) {
		stall->faults = faults;
		stall->since_ns = now_ns;
	}
	stall->last_ns = now_ns;
	if (now_ns - stall->since_ns < OOM_LOOK_STALL_NS)
		return false;
	stall->since_ns = 0;
	return true;
}

/* Exits that are under way. */

struct oom_exits {
	spinlock_t lock;	/* covers the list */
	struct hlist_head list;
};

static DEFINE_PER_CPU(struct oom_exits, oom_exits) = {
	.lock = __SPIN_LOCK_UNLOCKED(oom_exits.lock),
};

/**
 * oom_look_leave() - an exit_mmap() begins to free memory
 * @leaving: on the caller's stack
 * @mm: the memory
 *
 * Context: process context; the caller calls oom_look_left() when it is free.
 */
void oom_look_leave(struct oom_leaving *leaving, struct mm_struct *mm)
{
	struct oom_exits *exits;

	INIT_HLIST_NODE(&leaving->node);
	/* What else it has mapped others may have, too, or is reclaimed anyway. */
	leaving->pages = get_mm_counter(mm, MM_ANONPAGES);
	if (!leaving->pages)
		return;
	/* The mm has no owner any more; mostly it is the owner that lets go last. */
	leaving->memcg = get_mem_cgroup_from_current();
	leaving->cpu = raw_smp_processor_id();
	exits = per_cpu_ptr(&oom_exits, leaving->cpu);
	spin_lock(&exits->lock);
	hlist_add_head(&leaving->node, &exits->list);
	spin_unlock(&exits->lock);
}

/**
 * oom_look_left() - what an exit_mmap() had is free
 * @leaving: what oom_look_leave() was given
 */
void oom_look_left(struct oom_leaving *leaving)
{
	struct oom_exits *exits;

	if (hlist_unhashed(&leaving->node))
		return;
	exits = per_cpu_ptr(&oom_exits, leaving->cpu);
	spin_lock(&exits->lock);
	hlist_del(&leaving->node);
	spin_unlock(&exits->lock);
	mem_cgroup_put(leaving->memcg);
}

static bool oom_look_within(const struct oom_leaving *leaving,
			    const struct oom_control *oc)
{
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		return leaving->memcg &&
		       mem_cgroup_is_descendant(leaving->memcg, oc->memcg);
#endif
	return true;
}

/* Pages that the exits under way of a domain have had, as far as is known. */
static unsigned long oom_look_coming(const struct oom_control *oc)
{
	struct oom_leaving *leaving;
	unsigned long pages = 0;
	int cpu;

	/* On which nodes they are, nobody knows. */
	if (oc->constraint == CONSTRAINT_CPUSET ||
	    oc->constraint == CONSTRAINT_MEMORY_POLICY)
		return 0;
	for_each_possible_cpu(cpu) {
		struct oom_exits *exits = per_cpu_ptr(&oom_exits, cpu);

		spin_lock(&exits->lock);
		hlist_for_each_entry(leaving, &exits->list, node)
			if (oom_look_within(leaving, oc))
				pages += leaving->pages;
		spin_unlock(&exits->lock);
	}
	return pages;
}

/* Shortages. */

static struct oom_shortage oom_shortages[OOM_LOOK_DOMAINS];
static u64 oom_episodes;

/* By a person, who wants a kill and no memory. */
static bool oom_look_demanded(const struct oom_control *oc)
{
	return oc->order < 0;
}

/**
 * oom_look_domain() - what is out of memory, as a number
 * @oc: the OOM, whose constraint is known
 *
 * Return: a number that is not 0.
 */
u64 oom_look_domain(const struct oom_control *oc)
{
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		return cgroup_id(oc->memcg->css.cgroup) << 2 | 3;
#endif
	/* None of these ends in binary 11: CONSTRAINT_MEMCG has a cgroup. */
	return (u64)oc->constraint << 2 | 1;
}

static struct oom_shortage *oom_look_shortage(const struct oom_control *oc)
{
	lockdep_assert_held(&oom_lock);
	return oom_shortage_find(oom_shortages, ARRAY_SIZE(oom_shortages),
				 oom_look_domain(oc));
}

/**
 * oom_look_episode() - a victim was chosen
 * @oc: the OOM
 *
 * Context: OOM path, under oom_lock.
 * Return: the number of the shortage, from 1 since boot.
 */
u64 oom_look_episode(const struct oom_control *oc)
{
	return oom_shortage_episode(oom_look_shortage(oc), &oom_episodes,
				    ktime_get_ns());
}

static void oom_look_count(const struct oom_control *oc, enum vm_event_item event)
{
	count_vm_event(event);
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		count_memcg_events(oc->memcg, event, 1);
#endif
}

/* What the allocator has looked at before it called the OOM killer. */
static bool oom_look_zones(const struct oom_control *oc)
{
	enum zone_type highest = gfp_zone(oc->gfp_mask);
	struct zoneref *z;
	struct zone *zone;

	/* What was freed may lie in the lists of other CPUs. */
	drain_all_pages(NULL);
	for_each_zone_zonelist_nodemask(zone, z, oc->zonelist, highest, oc->nodemask) {
		if (!cpuset_zone_allowed(zone, oc->gfp_mask | __GFP_HARDWALL))
			continue;
		if (zone_watermark_ok_safe(zone, oc->order, high_wmark_pages(zone),
					   highest))
			return true;
	}
	return false;
}

static bool oom_look_back(const struct oom_control *oc)
{
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		return mem_cgroup_margin(oc->memcg) >= 1UL << oc->order;
#endif
	return oom_look_zones(oc);
}

#ifdef CONFIG_OOM_LOOK_PAUSE
/*
 * For tests. Written: 0 goes on, 1 stops the next OOM between choice and kill, 2
 * likewise, but does not look then, 3 goes on and neither holds up a kill nor calls one
 * off until another is written. Read: how many have stopped.
 */
static u8 oom_pause;
static bool oom_look_off;
static u64 oom_paused;

static bool oom_look_is_on(void)
{
	return !READ_ONCE(oom_look_off);
}

/* True if there is to be no look at all. */
static bool oom_look_pause(void)
{
	u8 pause = READ_ONCE(oom_pause);

	if (!pause)
		return false;
	WRITE_ONCE(oom_paused, oom_paused + 1);
	/* Not for ever: who should write may have died. */
	for (int i = 0; i < 60 * HZ && READ_ONCE(oom_pause); i++)
		schedule_timeout_uninterruptible(1);
	WRITE_ONCE(oom_pause, 0);
	return pause == 2;
}

/* Neither allocates: they are called while there is no memory. */
static ssize_t oom_pause_read(struct file *file, char __user *to, size_t len,
			      loff_t *pos)
{
	char text[24];
	int used = scnprintf(text, sizeof(text), "%llu\n", READ_ONCE(oom_paused));

	return simple_read_from_buffer(to, len, pos, text, used);
}

static ssize_t oom_pause_write(struct file *file, const char __user *from, size_t len,
			       loff_t *pos)
{
	u8 value;
	int err = kstrtou8_from_user(from, len, 0, &value);

	if (err)
		return err;
	if (value > 3)
		return -EINVAL;
	WRITE_ONCE(oom_look_off, value == 3);
	WRITE_ONCE(oom_pause, value % 3);
	return len;
}

static const struct file_operations oom_pause_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.read	= oom_pause_read,
	.write	= oom_pause_write,
	.llseek	= default_llseek,
};

static void __init oom_look_pause_init(void)
{
	debugfs_create_file("oom_look_pause", 0600, NULL, NULL, &oom_pause_fops);
}
#else
static bool oom_look_is_on(void)
{
	return true;
}

static bool oom_look_pause(void)
{
	return false;
}

static void __init oom_look_pause_init(void)
{
}
#endif

/**
 * oom_look_held() - is nobody to be chosen yet?
 * @oc: the OOM, whose constraint is known
 *
 * Sleeps for a moment if so: the CPU is for who gives memory back.
 *
 * Context: OOM path, under oom_lock.
 * Return: true if the allocation is to be tried again.
 */
bool oom_look_held(struct oom_control *oc)
{
	if (oom_look_demanded(oc) || !oom_look_is_on() ||
	    !oom_shortage_hold(oom_look_shortage(oc), oom_look_coming(oc),
			       1ULL << oc->order, ktime_get_ns()))
		return false;
	oom_look_count(oc, OOM_HELD);
	schedule_timeout_killable(1);
	return true;
}

/**
 * oom_look_called_off() - has the memory that was asked for come back?
 * @oc: the OOM, whose victim is about to die
 * @first: this is the first look at it
 *
 * If so that is counted, and on record.
 *
 * Context: OOM path, under oom_lock; may sleep.
 * Return: true if nobody is to die.
 */
bool oom_look_called_off(struct oom_control *oc, bool first)
{
	static bool blind;

	lockdep_assert_held(&oom_lock);
	if (oom_look_demanded(oc) || !oom_look_is_on())
		return false;
	if (first)
		blind = oom_look_pause();
	if (blind || !oom_look_back(oc) ||
	    oom_stall_over(&current->oom_stall, current->min_flt + current->maj_flt,
			   ktime_get_ns()))
		return false;
	oom_look_count(oc, OOM_CALLED_OFF);
	oom_event_called_off(oc);
	return true;
}

static int __init oom_look_init(void)
{
	oom_look_pause_init();
	return 0;
}
late_initcall(oom_look_init);
