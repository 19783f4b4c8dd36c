// SPDX-License-Identifier: GPL-2.0-only
/*
 * A record of each kill by the OOM killer, and of each panic in its place.
 *
 * Records are written where the kill is decided, under oom_lock, into memory
 * that was set aside at boot: nothing is allocated and nothing sleeps.
 * mm/oom_event_audit.c hands them to audit, mm/oom_event_history.c shows the last
 * ones.
 *
 * The OOM killer calls, always under oom_lock:
 *
 *	oom_event_begin()	once it knows whom to kill or that it panics
 *	oom_event_group()	before it kills the members of memory.oom.group
 *	oom_event_prepare()	for a victim, before its task_lock is taken: does
 *				whatever of its record takes long
 *	oom_event_kill()	when it is about to send SIGKILL to it
 *	oom_event_shared()	likewise to another process with the same mm
 *	oom_event_killed_all()	when it is through with a victim and with those
 *	oom_event_panic()	in place of a kill
 *	oom_event_nobody()	if a cgroup is full and nobody in it can be killed
 *	oom_event_called_off()	in place of a kill, as memory has come back
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/oom.h>
#include <linux/oom_event.h>
#include <linux/oom_look.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#define CREATE_TRACE_POINTS
#include <trace/events/oom_event.h>

#include "oom_event.h"

static unsigned int ring_size = 2 * OOM_EVENT_HISTORY;
module_param_named(ring, ring_size, uint, 0444);
MODULE_PARM_DESC(ring, "records of OOM kills that are kept for audit");

/* For those that hand the records on, see mm/oom_event.h. */
struct oom_ring oom_event_ring = OOM_RING_EMPTY(oom_event_ring);

/*
 * What is known of the kill in progress. Too large for the stack of an
 * allocation that fails.
 * Protected by oom_lock, as all of the OOM killer is.
 */
static struct {
	struct oom_control *oc;
	oom_eligible_t eligible;
	struct mm_struct *mm;		/* that is measured, with a reference */
	u64 seq;			/* of the victim's record */
	u32 sharers;			/* killed with the victim */
	u32 listed;			/* those of this OOM with a record */
	struct oom_event event;
	struct oom_event_text text;
	bool encoded;			/* text is that of event */
	char path[OOM_EVENT_PATHS + 1];
	char line[OOM_EVENT_LINE];
} now;

/* Number a record, put it where history and audit find it, and trace it. */
static u64 publish(struct oom_event *e, bool held)
{
	lockdep_assert_held(&oom_lock);

	e->time_ns = ktime_get_real_ns();
	if (held)
		oom_ring_put_held(&oom_event_ring, e);
	else
		oom_ring_put(&oom_event_ring, e);
	if (trace_oom_kill_event_enabled()) {
		if (!now.encoded)
			oom_event_encode(e, &now.text);
		trace_oom_kill_event(e, &now.text);
	}
	now.encoded = false;
	oom_event_audit_wake();
	return e->seq;
}

/*
 * Path and number of the memory cgroup. Takes the lock of kernfs against
 * renaming, as the OOM killer's log lines do, and no other.
 */
static void set_cgroup(struct oom_event *e, struct mem_cgroup *memcg)
{
	e->cgroup_id = 0;
	now.path[0] = '\0';
#ifdef CONFIG_MEMCG
	if (memcg) {
		e->cgroup_id = cgroup_id(memcg->css.cgroup);
		cgroup_path(memcg->css.cgroup, now.path, sizeof(now.path));
	}
#endif
	oom_event_set_cgroup(e, now.path);
}

static void set_domain(struct oom_event *e, struct mem_cgroup *memcg)
{
	strscpy(now.path, "/");
#ifdef CONFIG_MEMCG
	if (memcg)
		cgroup_path(memcg->css.cgroup, now.path, sizeof(now.path));
#endif
	oom_event_set_domain(e, now.path);
}

/* Who would be next: what the selection has found, if there was one. */
static void set_candidates(struct oom_event *e)
{
	const struct oom_score_candidate *best;
	struct oom_event_candidate *c;
	unsigned int i, nr;

	best = oom_score_candidates(now.oc, &nr);
	e->nr_candidates = min(nr, OOM_EVENT_CANDIDATES);
	for (i = 0; i < e->nr_candidates; i++) {
		c = &e->candidates[i];
		c->pid = best[i].pid;
		c->oom_score_adj = best[i].in.oom_score_adj;
		c->tcb = best[i].in.tcb;
		c->points = best[i].score.points;
		c->rss = best[i].in.rss;
		c->swap = best[i].in.swap;
		c->pgtables = best[i].in.pgtables;
		c->parent = best[i].in.parent;
		c->age_ms = best[i].in.age_ms;
	}
}

/* With a reference no other mm has its address. */
static void drop_mm(void)
{
	if (now.mm)
		mmdrop(now.mm);
	now.mm = NULL;
}

/**
 * oom_event_begin() - an OOM has found its victim, or its panic
 * @oc: the OOM
 * @eligible: whether a task has memory in the OOM's nodes
 * @reason: how
 *
 * Context: OOM path, under oom_lock.
 */
void oom_event_begin(struct oom_control *oc, oom_eligible_t eligible,
		     enum oom_event_reason reason)
{
	const struct oom_score_scan *scan = oom_score_scanned(oc);
	struct oom_event *e = &now.event;

	lockdep_assert_held(&oom_lock);

	now.oc = oc;
	now.eligible = eligible;
	now.listed = 0;
	drop_mm();
	now.encoded = false;
	/* No copy of it on the stack. */
	memset(e, 0, sizeof(*e));
	e->trigger_pid = task_tgid_nr(current);
	e->constraint = oc->constraint;
	e->reason = reason;
	e->policy = scan->policy;
	e->unsummed = scan->unsummed;
	e->episode = oom_look_episode(oc);
	e->uid = (uid_t)-1;
	if (reason == OOM_EVENT_CHOSEN) {
		if (oc->order == -1)
			e->reason = OOM_EVENT_SYSRQ;
		else if (oc->chosen_points == LONG_MAX)
			e->reason = OOM_EVENT_ORIGIN;
		else if (scan->last_resort)
			e->reason = OOM_EVENT_LAST_RESORT;
	}
	strscpy(e->trigger_comm, current->comm);
	set_candidates(e);
}

/**
 * oom_event_group() - the next victims die as members of memory.oom.group
 *
 * Context: OOM path, under oom_lock.
 */
void oom_event_group(void)
{
	lockdep_assert_held(&oom_lock);
	now.event.reason = OOM_EVENT_GROUP;
}

/* The one that MEMCG_OOM_KILL is counted in.  Context: RCU read section. */
static struct mem_cgroup *counting_memcg(struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	if (!mem_cgroup_disabled())
		return mem_cgroup_from_task(rcu_dereference(mm->owner));
#endif
	return NULL;
}

static u64 counting_id(struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg = counting_memcg(mm);

	if (memcg)
		return cgroup_id(memcg->css.cgroup);
#endif
	return 0;
}

static void set_cgroups(struct oom_event *e, struct mm_struct *mm)
{
	set_cgroup(e, counting_memcg(mm));
	set_domain(e, now.oc->memcg);
}

static void set_memory(struct oom_event *e, struct mm_struct *mm)
{
	s64 counters[NR_MM_COUNTERS];

	oom_score_sum_counters(mm, counters);
	e->anon = counters[MM_ANONPAGES];
	e->file = counters[MM_FILEPAGES];
	e->shmem = counters[MM_SHMEMPAGES];
	e->swap = counters[MM_SWAPENTS];
	e->pgtables_bytes = mm_pgtables_bytes(mm);
}

/*
 * Whatever of a record takes long: a walk over all CPUs, a path, and its spelling
 * for the trace. What may have changed until the kill is seen in record().
 */
static void measure(struct task_struct *victim, struct oom_event *e)
{
	struct task_struct *t = find_lock_task_mm(victim);
	struct mm_struct *mm;

	drop_mm();
	now.encoded = false;
	if (!t)
		return;
	__acquire(&t->alloc_lock);	/* for sparse */
	mm = t->mm;
	mmgrab(mm);
	now.mm = mm;
	strscpy(e->comm, t->group_leader->comm);
	task_unlock(t);

	rcu_read_lock();
	set_memory(e, mm);
	set_cgroups(e, mm);
	rcu_read_unlock();
	if (trace_oom_kill_event_enabled()) {
		oom_event_encode(e, &now.text);
		now.encoded = true;
	}
}

static void explain(struct task_struct *victim)
{
	const struct oom_score_candidate *best;
	struct oom_event *e = &now.event;
	unsigned int nr;

	best = oom_score_candidates(now.oc, &nr);
	if (nr && e->reason != OOM_EVENT_GROUP &&
	    e->reason != OOM_EVENT_SHARED &&
	    best->pid == task_tgid_nr(victim)) {
		e->in = best->in;
		e->score = best->score;
	} else {
		oom_score_explain(victim, now.oc, now.eligible, &e->in,
				  &e->score);
		e->policy = oom_score_scanned(now.oc)->policy;
	}
}

/**
 * oom_event_prepare() - compute the score of a victim, and measure it
 * @victim: a task of it, with a reference
 *
 * The score by which a victim was chosen is that of the selection, though it
 * may have grown or shrunk since.
 *
 * Context: OOM path, under oom_lock; takes task_lock() of the victim and of its
 *	    parent.
 */
void oom_event_prepare(struct task_struct *victim)
{
	lockdep_assert_held(&oom_lock);
	explain(victim);
	measure(victim, &now.event);
}

static bool is_exiting(struct task_struct *p)
{
	return p->signal->flags & SIGNAL_GROUP_EXIT ||
	       (thread_group_empty(p) && p->flags & PF_EXITING);
}

/*
 * The record must be there before the signal is sent and counted, which is done
 * with the task_lock() held: what is left to do here is short. In an RCU read
 * section.
 */
static u64 record(struct task_struct *p, struct mm_struct *mm)
{
	struct oom_event *e = &now.event;
	u64 seq;

	e->pid = task_tgid_nr(p);
	e->uid = from_kuid(&init_user_ns, task_uid(p));
	/* A process that only shares the mm is killed, but not counted. */
	e->counted = e->reason != OOM_EVENT_SHARED;
	/* An exec, or a move to another cgroup, since it was measured: rare. */
	if (unlikely(mm != now.mm)) {
		strscpy(e->comm, p->group_leader->comm);
		set_memory(e, mm);
		set_cgroups(e, mm);
		now.encoded = false;
	} else if (unlikely(counting_id(mm) != e->cgroup_id)) {
		set_cgroups(e, mm);
		now.encoded = false;
	}

	/*
	 * Who is dying already is not told a number: that death is not the
	 * OOM killer's, though it counts as a kill.
	 */
	e->exiting = is_exiting(p);
	seq = publish(e, e->counted);
	WRITE_ONCE(p->signal->oom_seq,
		   e->exiting ? seq | OOM_SEQ_EXITING : seq);
	return seq;
}

/*
 * The counters are Linux's, which count a process each time that it is killed: the
 * first victim of a memory.oom.group again as a member. It has one record.
 */
static bool record_again(struct task_struct *victim)
{
	u64 seq = READ_ONCE(victim->signal->oom_seq) & ~OOM_SEQ_EXITING;

	if (!seq)
		return false;
	now.seq = seq;
	oom_ring_again(&oom_event_ring, seq);
	count_vm_event(OOM_KILL_AGAIN);
	if (!now.event.victim_seq)
		now.event.victim_seq = seq;
	return true;
}

/**
 * oom_event_kill() - a victim is about to be sent SIGKILL
 * @victim: a task of it, for which oom_event_prepare() was called
 * @mm: its memory
 *
 * To be called before the kill is counted and before the signal is sent: who
 * sees either finds the record. One that was killed before keeps the record that
 * it has.
 *
 * Context: OOM path, under oom_lock and task_lock() of @victim.
 */
void oom_event_kill(struct task_struct *victim, struct mm_struct *mm)
{
	now.sharers = 0;
	if (record_again(victim))
		return;
	guard(rcu)();
	now.seq = record(victim, mm);
}

/**
 * oom_event_shared() - a process that shares the victim's mm is about to be
 *	sent SIGKILL
 * @p: a task of it
 *
 * Not if it has been killed before, or dies of something else: then nothing
 * changes for it. There may be thousands of them: beyond the first
 * %OOM_EVENT_SHARERS of an OOM they are counted in the victim's record, by whose
 * number they find out what killed them, and cost no more than that.
 *
 * Context: OOM path, under oom_lock, in an RCU read section; takes task_lock().
 */
void oom_event_shared(struct task_struct *p)
{
	enum oom_event_reason reason = now.event.reason;
	struct oom_event *e = &now.event;
	struct task_struct *t;

	if (oom_event_killed(p) || is_exiting(p))
		return;

	if (now.listed == OOM_EVENT_SHARERS) {
		now.sharers++;
		WRITE_ONCE(p->signal->oom_seq, now.seq);
		return;
	}
	e->reason = OOM_EVENT_SHARED;
	explain(p);
	strscpy(e->comm, p->group_leader->comm);
	now.encoded = false;
	t = find_lock_task_mm(p);
	if (t) {
		__acquire(&t->alloc_lock);	/* for sparse */
		record(t, t->mm);
		task_unlock(t);
		now.sharers++;
		now.listed++;
	}
	e->reason = reason;
}

/**
 * oom_event_killed_all() - a victim is dying, and who shares its mm
 *
 * From now on audit can have the record: it says how many they were.
 *
 * Context: OOM path, under oom_lock.
 */
void oom_event_killed_all(void)
{
	lockdep_assert_held(&oom_lock);
	oom_ring_complete(&oom_event_ring, now.seq, now.sharers);
	now.sharers = 0;
	drop_mm();
	oom_event_audit_wake();
}

/*
 * To the kernel log, for whoever reads what is left of this kernel. A line of
 * it is shorter than a record: cut at blanks.
 */
static void print_line(const char *line)
{
	const size_t max = 800;
	size_t len, left = strlen(line);

	while (left) {
		len = left;
		while (len && (len > max || (len < left && line[len] != ' ')))
			len--;
		if (!len)
			len = min(left, max);
		pr_emerg("%.*s\n", (int)len, line);
		line += len;
		left -= len;
		while (*line == ' ') {
			line++;
			left--;
		}
	}
}

/**
 * oom_event_panic() - the kernel panics in place of a kill
 *
 * Nobody will deliver the record: it goes to the kernel log too.
 *
 * Context: OOM path, under oom_lock.
 */
void oom_event_panic(void)
{
	struct oom_event *e = &now.event;

	e->in.totalpages = now.oc->totalpages;
	set_domain(e, now.oc->memcg);
	publish(e, false);

	oom_event_encode(e, &now.text);
	if (oom_event_format(e, &now.text, now.line, sizeof(now.line)) > 0)
		print_line(now.line);
}

/**
 * oom_event_nobody() - a cgroup is full, and nobody in it can be killed
 * @oc: the OOM
 * @eligible: whether a task has memory in the OOM's nodes
 *
 * What allocates tries again at once, hundreds of times in a second: there is one
 * record of it, which counts.
 *
 * Context: OOM path, under oom_lock.
 * Return: whether to say so in the kernel log: with the record and then once in
 *	   OOM_NOBODY_QUIET_MS at most.
 */
bool oom_event_nobody(struct oom_control *oc, oom_eligible_t eligible)
{
	static struct oom_nobody known[OOM_NOBODY_CGROUPS];
	static u64 said_ms;
	struct oom_event *e = &now.event;
	u64 cgroup = 0, ms = ktime_get_ns() / NSEC_PER_MSEC;
	struct oom_nobody *nobody;
	bool again, say;

	lockdep_assert_held(&oom_lock);

#ifdef CONFIG_MEMCG
	if (oc->memcg)
		cgroup = cgroup_id(oc->memcg->css.cgroup);
#endif
	if (!cgroup)
		return true;
	nobody = oom_nobody_find(known, ARRAY_SIZE(known), cgroup, ms, &again);
	nobody->last_ms = ms;
	if (again && oom_ring_repeat(&oom_event_ring, nobody->seq,
				     OOM_EVENT_NOBODY, cgroup)) {
		say = ms - said_ms >= OOM_NOBODY_QUIET_MS;
	} else {
		oom_event_begin(oc, eligible, OOM_EVENT_NOBODY);
		e->in.totalpages = oc->totalpages;
		e->times = 1;
		set_cgroup(e, oc->memcg);
		set_domain(e, oc->memcg);
		nobody->cgroup_id = cgroup;
		nobody->seq = publish(e, false);
		say = true;
	}
	if (say)
		said_ms = ms;
	return say;
}

#ifdef CONFIG_OOM_LOOK
/**
 * oom_event_called_off() - nobody is killed, as the memory has come back
 * @oc: the OOM, for which oom_event_begin() was called
 *
 * One record for a domain, which counts: a machine that stays at the brink would
 * drive all others out of the history.
 *
 * Context: OOM path, under oom_lock.
 */
void oom_event_called_off(struct oom_control *oc)
{
	static struct oom_nobody known[OOM_NOBODY_CGROUPS];
	u64 cgroup = 0, ms = ktime_get_ns() / NSEC_PER_MSEC;
	struct oom_event *e = &now.event;
	struct oom_nobody *before;
	bool again;

	lockdep_assert_held(&oom_lock);

#ifdef CONFIG_MEMCG
	if (oc->memcg)
		cgroup = cgroup_id(oc->memcg->css.cgroup);
#endif
	before = oom_nobody_find(known, ARRAY_SIZE(known), oom_look_domain(oc),
				 ms, &again);
	before->last_ms = ms;
	if (again && oom_ring_repeat(&oom_event_ring, before->seq, OOM_EVENT_CALLED_OFF,
				     cgroup))
		return;
	e->reason = OOM_EVENT_CALLED_OFF;
	e->in.totalpages = oc->totalpages;
	e->times = 1;
	set_cgroup(e, oc->memcg);
	set_domain(e, oc->memcg);
	before->cgroup_id = oom_look_domain(oc);
	before->seq = publish(e, false);
}
#endif

/**
 * oom_event_freed() - the memory of a victim is back
 * @seq: oom_event_seq() of it
 *
 * Context: any.
 */
void oom_event_freed(u64 seq)
{
	if (seq)
		oom_ring_freed(&oom_event_ring, seq, ktime_get_real_ns());
}

static int __init oom_event_init(void)
{
	struct oom_event *slots;
	unsigned int nr;
	u64 lost;

	nr = clamp(ring_size, OOM_EVENT_HISTORY, OOM_EVENT_RING_MAX);
	if (nr != ring_size)
		pr_warn("ring=%u is out of range, using %u\n", ring_size, nr);
	slots = vcalloc(nr, sizeof(*slots));
	if (!slots) {
		/* Kills are still numbered, and reported as lost. */
		pr_err("no memory for %u records\n", nr);
		nr = 0;
	}
	ring_size = nr;
	lost = oom_ring_init(&oom_event_ring, slots, nr);
	if (lost)
		pr_warn("%llu kills before there was a ring\n", lost);

	oom_event_history_init();
	oom_event_audit_init();
	return 0;
}
subsys_initcall(oom_event_init);
