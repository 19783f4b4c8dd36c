/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A record of each kill by the OOM killer, and of each panic in its place.
 * See Documentation/admin-guide/mm/oom-events.rst.
 */
#ifndef _LINUX_OOM_EVENT_H
#define _LINUX_OOM_EVENT_H

#include <linux/bits.h>
#include <linux/oom.h>
#include <linux/oom_score.h>
#include <linux/sched.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct mm_struct;
struct oom_control;
struct pid;
struct pid_namespace;
struct seq_file;

/**
 * enum oom_event_reason - why there is a record
 * @OOM_EVENT_CHOSEN: the process that the selection picked
 * @OOM_EVENT_ALLOCATING: the one that allocated, by vm.oom_kill_allocating_task
 * @OOM_EVENT_ORIGIN: one that asked to go first, such as swapoff
 * @OOM_EVENT_SYSRQ: picked as the first, on a person's demand
 * @OOM_EVENT_GROUP: a member of the victim's memory.oom.group
 * @OOM_EVENT_SHARED: another process that shared the victim's mm
 * @OOM_EVENT_PANIC: nobody; vm.panic_on_oom wants a panic
 * @OOM_EVENT_DEADLOCK: nobody is left to kill, and the kernel panics
 * @OOM_EVENT_NOBODY: nobody is left to kill in a cgroup that is full
 * @OOM_EVENT_LAST_RESORT: the immune process with the most points, as nobody else
 *	is left, by vm.oom_last_resort
 * @OOM_EVENT_CALLED_OFF: nobody; the memory came back before the victim was killed
 */
enum oom_event_reason {
	OOM_EVENT_CHOSEN,
	OOM_EVENT_ALLOCATING,
	OOM_EVENT_ORIGIN,
	OOM_EVENT_SYSRQ,
	OOM_EVENT_GROUP,
	OOM_EVENT_SHARED,
	OOM_EVENT_PANIC,
	OOM_EVENT_DEADLOCK,
	OOM_EVENT_NOBODY,
	OOM_EVENT_LAST_RESORT,
	OOM_EVENT_CALLED_OFF,
};

#define OOM_EVENT_CANDIDATES	5
/* Room for the paths of two cgroups. */
#define OOM_EVENT_PATHS		512
/*
 * So many processes that share a victim's mm have a record of their own, of all
 * victims of an OOM. A user makes as many such processes as the limits allow, and
 * must not drive the records of others out of the ring with them.
 */
#define OOM_EVENT_SHARERS	8
/* Longest line that oom_event_format() writes, with its NUL. */
#define OOM_EVENT_LINE		4096

/**
 * struct oom_event_candidate - what one of the best candidates was scored by
 * @pid: the process
 * @oom_score_adj: as in struct oom_score_input
 * @tcb: as in struct oom_score_input
 * @points: its score
 * @rss: as in struct oom_score_input
 * @swap: as in struct oom_score_input
 * @pgtables: as in struct oom_score_input
 * @parent: as in struct oom_score_input
 * @age_ms: as in struct oom_score_input
 */
struct oom_event_candidate {
	pid_t pid;
	short oom_score_adj;
	bool tcb;
	s64 points;
	u64 rss;
	u64 swap;
	u64 pgtables;
	s64 parent;
	u64 age_ms;
};

/**
 * struct oom_event - one record
 * @seq: its number, from 1 since boot; oom_ring_put() gives it
 * @time_ns: wall clock
 * @victim_seq: record of the first victim of the same OOM, which may be itself
 * @freed_ns: time from the kill until its memory was back; 0: not known (yet)
 * @pid: the victim, a thread group as the initial pid namespace numbers it; 0:
 *	nobody
 * @uid: real user ID of the victim in the initial user namespace
 * @trigger_pid: whose allocation could not be met
 * @constraint: what limited it
 * @reason: why there is a record
 * @nr_candidates: used entries of @candidates
 * @exiting: the victim had been dying of something else
 * @counted: how often oom_kill has counted the victim up to now
 * @times: how often this has happened, for %OOM_EVENT_NOBODY and
 *	%OOM_EVENT_CALLED_OFF
 * @unsummed: who was not summed precisely, though they could have more points
 * @sharers: processes that were killed since they share the victim's mm
 * @episode: the number of the shortage, the same for all that died of it
 * @comm: name of the victim
 * @trigger_comm: name of the task that allocated
 * @anon: resident anonymous pages
 * @file: resident file pages
 * @shmem: resident shmem pages
 * @swap: swap entries
 * @pgtables_bytes: page tables
 * @score: the terms of the victim's score, from @in
 * @in: what it was computed from
 * @policy: the weights
 * @candidates: the best candidates of the selection, best first
 * @cgroup_id: of the memory cgroup that the kill was counted in; 0: none
 * @cgroup_len: length of its path, at the start of @paths; 0: none
 * @domain_len: length of the path of the cgroup that was out of memory
 * @domain_start: where that is in @paths
 * @paths: the two paths, not terminated; the second is mostly a part of the
 *	first; cut where they don't fit
 */
struct oom_event {
	u64 seq;
	u64 time_ns;
	u64 victim_seq;
	u64 freed_ns;
	pid_t pid;
	uid_t uid;
	pid_t trigger_pid;
	u8 constraint;
	u8 reason;
	u8 nr_candidates;
	bool exiting;
	unsigned int counted;
	u32 times;
	u32 unsummed;
	u32 sharers;
	u64 episode;
	char comm[TASK_COMM_LEN];
	char trigger_comm[TASK_COMM_LEN];
	u64 anon;
	u64 file;
	u64 shmem;
	u64 swap;
	u64 pgtables_bytes;
	struct oom_score score;
	struct oom_score_input in;
	struct oom_score_policy policy;
	struct oom_event_candidate candidates[OOM_EVENT_CANDIDATES];
	u64 cgroup_id;
	u16 cgroup_len;
	u16 domain_len;
	u16 domain_start;
	char paths[OOM_EVENT_PATHS];
};

/**
 * struct oom_event_text - the fields of a record that are not numbers
 * @comm: quoted or in hex, as audit writes what can't be trusted
 * @trigger_comm: likewise
 * @cgroup: likewise
 * @domain: likewise
 * @candidates: PID:POINTS, parted by commas
 * @inputs: what each of them was scored by
 */
struct oom_event_text {
	char comm[2 * TASK_COMM_LEN + 1];
	char trigger_comm[2 * TASK_COMM_LEN + 1];
	char cgroup[2 * OOM_EVENT_PATHS + 1];
	char domain[2 * OOM_EVENT_PATHS + 1];
	char candidates[OOM_EVENT_CANDIDATES * 32 + 1];
	char inputs[OOM_EVENT_CANDIDATES * 136 + 1];
};

const char *oom_event_constraint(const struct oom_event *e);
const char *oom_event_reason(const struct oom_event *e);
const char *oom_event_class(const struct oom_event *e);
void oom_event_set_cgroup(struct oom_event *e, const char *path);
void oom_event_set_domain(struct oom_event *e, const char *path);
void oom_event_encode(const struct oom_event *e, struct oom_event_text *text);
int oom_event_format(const struct oom_event *e,
		     const struct oom_event_text *text, char *line,
		     size_t size);
int oom_event_format_overflow(u64 first, u64 lost, char *line, size_t size);

/**
 * struct oom_ring - the last records, and which of them audit has
 * @lock: covers all below
 * @slots: the records; that of seq is at seq % @nr
 * @nr: number of @slots
 * @start: number of the first record that was put into @slots
 * @next: number that the next record gets
 * @todo: number of the first that is neither delivered nor reported as lost
 * @held: number of a record that is not complete, and that audit gets later, with
 *	what comes after it; 0: none
 */
struct oom_ring {
	spinlock_t lock;	/* covers all below */
	struct oom_event *slots;
	unsigned int nr;
	u64 start;
	u64 next;
	u64 todo;
	u64 held;
};

/* What history shows, so that a ring has at least as many. */
#define OOM_EVENT_HISTORY	128
#define OOM_EVENT_RING_MAX	65536

#define OOM_RING_EMPTY(name) {				\
	.lock	= __SPIN_LOCK_UNLOCKED((name).lock),	\
	.start	= 1,					\
	.next	= 1,					\
	.todo	= 1,					\
}

u64 oom_ring_init(struct oom_ring *ring, struct oom_event *slots,
		  unsigned int nr);
u64 oom_ring_put(struct oom_ring *ring, struct oom_event *e);
u64 oom_ring_put_held(struct oom_ring *ring, struct oom_event *e);
void oom_ring_complete(struct oom_ring *ring, u64 seq, u32 sharers);
bool oom_ring_get(struct oom_ring *ring, u64 seq, struct oom_event *e);
u64 oom_ring_first(struct oom_ring *ring, unsigned int last);
bool oom_ring_pending(struct oom_ring *ring);
u64 oom_ring_todo(struct oom_ring *ring, struct oom_event *e, u64 *first);
void oom_ring_done(struct oom_ring *ring, u64 seq);
void oom_ring_freed(struct oom_ring *ring, u64 seq, u64 now_ns);
void oom_ring_again(struct oom_ring *ring, u64 seq);
bool oom_ring_repeat(struct oom_ring *ring, u64 seq,
		     enum oom_event_reason reason, u64 cgroup_id);

/* Cgroups with nobody left to kill that are remembered at once. */
#define OOM_NOBODY_CGROUPS	8
/* After this long without that it is another shortage, with a record of its own. */
#define OOM_NOBODY_QUIET_MS	60000

/**
 * struct oom_nobody - a cgroup that is full and in which nobody is left to kill,
 *	or a domain in which a kill was called off
 * @cgroup_id: the cgroup or domain; 0: unused
 * @seq: its record
 * @last_ms: when it was so last, on a clock that only goes forward
 */
struct oom_nobody {
	u64 cgroup_id;
	u64 seq;
	u64 last_ms;
};

struct oom_nobody *oom_nobody_find(struct oom_nobody *known, unsigned int nr,
				   u64 cgroup_id, u64 now_ms, bool *again);

#ifdef CONFIG_OOM_EVENT

void oom_event_begin(struct oom_control *oc, oom_eligible_t eligible,
		     enum oom_event_reason reason);
void oom_event_group(void);
void oom_event_prepare(struct task_struct *victim);
void oom_event_kill(struct task_struct *victim, struct mm_struct *mm);
void oom_event_shared(struct task_struct *p);
void oom_event_killed_all(void);
void oom_event_panic(void);
bool oom_event_nobody(struct oom_control *oc, oom_eligible_t eligible);
void oom_event_called_off(struct oom_control *oc);
void oom_event_freed(u64 seq);
int proc_oom_event_detail(struct seq_file *m, struct pid_namespace *ns,
			  struct pid *pid, struct task_struct *task);

/* Of signal->oom_seq: it was dying of something else when it was killed. */
#define OOM_SEQ_EXITING		BIT_ULL(63)

/**
 * oom_event_killed() - has the OOM killer killed a process?
 * @task: a task of it, also a dead one
 *
 * Return: whether there is a record of that.
 */
static inline bool oom_event_killed(struct task_struct *task)
{
	return READ_ONCE(task->signal->oom_seq);
}

/**
 * oom_event_seq() - the record of the kill that a process dies of
 * @task: a task of it, also a dead one
 *
 * Return: the number of the record, or 0 if the OOM killer has not killed it,
 *	   or only when it was dying of something else.
 */
static inline u64 oom_event_seq(struct task_struct *task)
{
	u64 seq = READ_ONCE(task->signal->oom_seq);

	return seq & OOM_SEQ_EXITING ? 0 : seq;
}

#else /* !CONFIG_OOM_EVENT */

#define proc_oom_event_detail	proc_oom_score_detail

static inline void oom_event_begin(struct oom_control *oc,
				   oom_eligible_t eligible,
				   enum oom_event_reason reason)
{
}

static inline void oom_event_group(void)
{
}

static inline void oom_event_prepare(struct task_struct *victim)
{
}

static inline void oom_event_kill(struct task_struct *victim,
				  struct mm_struct *mm)
{
}

static inline void oom_event_shared(struct task_struct *p)
{
}

static inline void oom_event_killed_all(void)
{
}

static inline void oom_event_panic(void)
{
}

static inline bool oom_event_nobody(struct oom_control *oc,
				    oom_eligible_t eligible)
{
	return true;
}

static inline void oom_event_freed(u64 seq)
{
}

static inline bool oom_event_killed(struct task_struct *task)
{
	return false;
}

static inline u64 oom_event_seq(struct task_struct *task)
{
	return 0;
}

#endif /* CONFIG_OOM_EVENT */

#endif /* _LINUX_OOM_EVENT_H */
