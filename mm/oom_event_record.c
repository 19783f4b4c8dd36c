// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of OOM kills: the ring that keeps them, and how they are written.
 *
 * The ring is one array of the last records for two readers. History looks at
 * what is in it and takes nothing away. Audit is given each record once, in
 * order. A new record always finds room: it replaces the oldest one, also if
 * audit has not got that yet. Since numbers have no holes, how many audit has
 * missed needs no counting: it is how far the oldest record that is left is
 * ahead of the first that audit has not got. Each number is thus delivered or
 * reported as lost, exactly once.
 *
 *	      todo        next - nr              next
 *	 ______|______________|____________________|
 *	  audit    lost: to be     in the ring:
 *	 has it      reported      history, and audit's to come
 *
 * Nothing here allocates or sleeps.
 */

#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/oom_event.h>
#include <linux/seq_buf.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>

/* Number of the oldest record that is there; of the next if none is. */
static u64 ring_oldest(const struct oom_ring *ring)
{
	return ring->next - min_t(u64, ring->nr, ring->next - ring->start);
}

static struct oom_event *ring_slot(const struct oom_ring *ring, u64 seq)
{
	u32 slot;

	if (seq < ring_oldest(ring) || seq >= ring->next)
		return NULL;
	div_u64_rem(seq, ring->nr, &slot);
	return &ring->slots[slot];
}

static void ring_put(struct oom_ring *ring, struct oom_event *e)
{
	struct oom_event *slot;

	e->seq = ring->next++;
	if (!e->victim_seq)
		e->victim_seq = e->seq;
	slot = ring_slot(ring, e->seq);
	if (slot)
		*slot = *e;
}

/* Where audit's part ends for now. */
static u64 ring_end(const struct oom_ring *ring)
{
	return ring->held ? ring->held : ring->next;
}

/**
 * oom_ring_init() - give a ring its memory
 * @ring: the ring; records that it was given before that are lost
 * @slots: room for the records
 * @nr: how many
 *
 * Context: any.
 * Return: how many were lost.
 */
u64 oom_ring_init(struct oom_ring *ring, struct oom_event *slots,
		  unsigned int nr)
{
	unsigned long flags;
	u64 lost;

	spin_lock_irqsave(&ring->lock, flags);
	lost = ring->next - 1;
	ring->start = ring->next;
	ring->slots = slots;
	ring->nr = nr;
	spin_unlock_irqrestore(&ring->lock, flags);
	return lost;
}

/**
 * oom_ring_put() - add a record, in place of the oldest where the ring is full
 * @ring: the ring
 * @e: the record; its @seq is set and, where it is 0, its @victim_seq
 *
 * Context: any.
 * Return: the number of the record.
 */
u64 oom_ring_put(struct oom_ring *ring, struct oom_event *e)
{
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	ring_put(ring, e);
	spin_unlock_irqrestore(&ring->lock, flags);
	return e->seq;
}

/**
 * oom_ring_put_held() - add a record that audit gets when it is complete
 * @ring: the ring, in which no record is held
 * @e: as for oom_ring_put()
 *
 * Context: any.
 * Return: the number of the record, for oom_ring_complete().
 */
u64 oom_ring_put_held(struct oom_ring *ring, struct oom_event *e)
{
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	ring_put(ring, e);
	ring->held = e->seq;
	spin_unlock_irqrestore(&ring->lock, flags);
	return e->seq;
}

/**
 * oom_ring_complete() - say who else was killed, and let audit have the record
 * @ring: the ring
 * @seq: the record, which may have left the ring and need not be the one held
 * @sharers: processes that were killed with it
 *
 * Context: any.
 */
void oom_ring_complete(struct oom_ring *ring, u64 seq, u32 sharers)
{
	struct oom_event *slot;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	slot = ring_slot(ring, seq);
	if (slot)
		slot->sharers += sharers;
	ring->held = 0;
	spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * oom_ring_get() - copy a record
 * @ring: the ring
 * @seq: its number
 * @e: where to
 *
 * Context: any.
 * Return: whether the ring has it.
 */
bool oom_ring_get(struct oom_ring *ring, u64 seq, struct oom_event *e)
{
	const struct oom_event *slot;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	slot = ring_slot(ring, seq);
	if (slot)
		*e = *slot;
	spin_unlock_irqrestore(&ring->lock, flags);
	return slot;
}

/**
 * oom_ring_first() - where to begin to read the last records
 * @ring: the ring
 * @last: how many, at most
 *
 * Context: any.
 * Return: the number of the first of them; that of the next record if there is
 *	   none.
 */
u64 oom_ring_first(struct oom_ring *ring, unsigned int last)
{
	unsigned long flags;
	u64 first;

	spin_lock_irqsave(&ring->lock, flags);
	first = ring_oldest(ring);
	if (ring->next > last)
		first = max(first, ring->next - last);
	spin_unlock_irqrestore(&ring->lock, flags);
	return first;
}

/**
 * oom_ring_pending() - is there anything for audit to get?
 * @ring: the ring
 *
 * Context: any.
 * Return: whether there is.
 */
bool oom_ring_pending(struct oom_ring *ring)
{
	unsigned long flags;
	bool pending;

	spin_lock_irqsave(&ring->lock, flags);
	pending = ring->todo < ring_end(ring);
	spin_unlock_irqrestore(&ring->lock, flags);
	return pending;
}

/**
 * oom_ring_todo() - what audit is to get next
 * @ring: the ring
 * @e: set to the record, if it is one
 * @first: set to its number; or, with the overflow, to the first that is lost
 *
 * Call oom_ring_done() with the number behind the last that audit has got then:
 * @first + 1, or @first + the number of lost ones.
 *
 * Context: any; one caller at a time.
 * Return: 0 if nothing is to do or there is a record in @e (then @first is
 *	   not 0), or how many records are lost.
 */
u64 oom_ring_todo(struct oom_ring *ring, struct oom_event *e, u64 *first)
{
	const struct oom_event *slot;
	unsigned long flags;
	u64 lost = 0;

	spin_lock_irqsave(&ring->lock, flags);
	*first = ring->todo < ring_end(ring) ? ring->todo : 0;
	if (*first) {
		slot = ring_slot(ring, *first);
		if (slot)
			*e = *slot;
		else
			lost = ring_oldest(ring) - *first;
	}
	spin_unlock_irqrestore(&ring->lock, flags);
	return lost;
}

/**
 * oom_ring_done() - audit has got all below a number, or knows that it has not
 * @ring: the ring
 * @seq: the number
 *
 * Context: any.
 */
void oom_ring_done(struct oom_ring *ring, u64 seq)
{
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	ring->todo = max(ring->todo, seq);
	spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * oom_ring_freed() - note that the memory of a victim is back
 * @ring: the ring
 * @seq: its record, which may have left the ring
 * @now_ns: wall clock
 *
 * Context: any.
 */
void oom_ring_freed(struct oom_ring *ring, u64 seq, u64 now_ns)
{
	struct oom_event *slot;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	slot = ring_slot(ring, seq);
	/* The clock may have been set back meanwhile; 0 means not known. */
	if (slot && !slot->freed_ns)
		slot->freed_ns = now_ns > slot->time_ns ?
				 now_ns - slot->time_ns : 1;
	spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * oom_ring_again() - note that a victim is counted once more
 * @ring: the ring
 * @seq: its record, which may have left the ring
 *
 * Context: any.
 */
void oom_ring_again(struct oom_ring *ring, u64 seq)
{
	struct oom_event *slot;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	slot = ring_slot(ring, seq);
	if (slot)
		slot->counted++;
	spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * oom_ring_repeat() - what a record is about has happened once more
 * @ring: the ring
 * @seq: the record, which may have left the ring
 * @reason: what it must be about, ...
 * @cgroup_id: ... and in which cgroup
 *
 * Context: any.
 * Return: whether the record is there and counts it.
 */
bool oom_ring_repeat(struct oom_ring *ring, u64 seq,
		     enum oom_event_reason reason, u64 cgroup_id)
{
	struct oom_event *slot;
	unsigned long flags;
	bool counted;

	spin_lock_irqsave(&ring->lock, flags);
	slot = ring_slot(ring, seq);
	counted = slot && slot->reason == reason &&
		  slot->cgroup_id == cgroup_id;
	if (counted && slot->times < U32_MAX)
		slot->times++;
	spin_unlock_irqrestore(&ring->lock, flags);
	return counted;
}

/**
 * oom_nobody_find() - where a cgroup is remembered in which nobody can be killed
 * @known: what is remembered
 * @nr: how many of them, not 0
 * @cgroup_id: the cgroup, not 0
 * @now_ms: the time, at least that of each of @known
 * @again: set if it is the shortage that is remembered, as it was seen less than
 *	OOM_NOBODY_QUIET_MS ago
 *
 * Return: the place of the cgroup or, if it has none, the one that was used
 *	   longest ago; the caller fills it in.
 */
struct oom_nobody *oom_nobody_find(struct oom_nobody *known, unsigned int nr,
				   u64 cgroup_id, u64 now_ms, bool *again)
{
	struct oom_nobody *oldest = known;
	unsigned int i;

	*again = false;
	for (i = 0; i < nr; i++) {
		if (known[i].cgroup_id == cgroup_id) {
			*again = now_ms - known[i].last_ms <
				 OOM_NOBODY_QUIET_MS;
			return &known[i];
		}
		if (!oldest->cgroup_id)
			continue;
		if (!known[i].cgroup_id || known[i].last_ms < oldest->last_ms)
			oldest = &known[i];
	}
	return oldest;
}

static const char * const constraint_names[] = {
	[CONSTRAINT_NONE]		= "none",
	[CONSTRAINT_CPUSET]		= "cpuset",
	[CONSTRAINT_MEMORY_POLICY]	= "mempolicy",
	[CONSTRAINT_MEMCG]		= "memcg",
};

static const char * const reason_names[] = {
	[OOM_EVENT_CHOSEN]	= "chosen",
	[OOM_EVENT_ALLOCATING]	= "allocating_task",
	[OOM_EVENT_ORIGIN]	= "origin",
	[OOM_EVENT_SYSRQ]	= "sysrq",
	[OOM_EVENT_GROUP]	= "group",
	[OOM_EVENT_SHARED]	= "shared_mm",
	[OOM_EVENT_PANIC]	= "panic",
	[OOM_EVENT_DEADLOCK]	= "deadlock",
	[OOM_EVENT_NOBODY]	= "nobody",
	[OOM_EVENT_LAST_RESORT]	= "last_resort",
	[OOM_EVENT_CALLED_OFF]	= "called_off",
};

static const char * const class_names[] = {
	[OOM_CLASS_UNKILLABLE]	= "unkillable",
	[OOM_CLASS_IMMUNE]	= "immune",
	[OOM_CLASS_NORMAL]	= "normal",
	[OOM_CLASS_VOLUNTEER]	= "volunteer",
};

/**
 * oom_event_constraint() - what limited the allocation, in a word
 * @e: the record
 *
 * Return: the word.
 */
const char *oom_event_constraint(const struct oom_event *e)
{
	return constraint_names[e->constraint];
}

/**
 * oom_event_reason() - why there is a record, in a word
 * @e: the record
 *
 * Return: the word.
 */
const char *oom_event_reason(const struct oom_event *e)
{
	return reason_names[e->reason];
}

/**
 * oom_event_class() - rank class of the victim, in a word
 * @e: the record
 *
 * Return: the word.
 */
const char *oom_event_class(const struct oom_event *e)
{
	return e->pid ? class_names[e->score.class] : "?";
}

/**
 * oom_event_set_cgroup() - set the path of the victim's cgroup
 * @e: the record; call oom_event_set_domain() after this
 * @path: the path; cut where there is no room
 */
void oom_event_set_cgroup(struct oom_event *e, const char *path)
{
	e->cgroup_len = strnlen(path, sizeof(e->paths));
	memcpy(e->paths, path, e->cgroup_len);
	e->domain_len = 0;
}

/**
 * oom_event_set_domain() - set the path of the cgroup that was out of memory
 * @e: the record
 * @path: the path; cut where there is no room
 *
 * A victim is in that cgroup or below, so that its path begins with this one,
 * unless it has moved in between.
 */
void oom_event_set_domain(struct oom_event *e, const char *path)
{
	size_t len = strnlen(path, sizeof(e->paths));

	e->domain_start = 0;
	if (len > e->cgroup_len || memcmp(e->paths, path, len)) {
		e->domain_start = e->cgroup_len;
		len = min(len, sizeof(e->paths) - e->cgroup_len);
		memcpy(e->paths + e->cgroup_len, path, len);
	}
	e->domain_len = len;
}

/*
 * As audit_log_n_untrustedstring(): in quotes, or in hex if there is anything
 * in it that could end the quotes, the field or the line.
 */
static void encode(char *to, const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (from[i] == '"' || from[i] < 0x21 || from[i] > 0x7e)
			break;
	if (!len) {
		strscpy(to, "?", 2);
	} else if (i == len) {
		*to++ = '"';
		memcpy(to, from, len);
		to += len;
		*to++ = '"';
		*to = '\0';
	} else {
		for (i = 0; i < len; i++)
			to = hex_byte_pack_upper(to, from[i]);
		*to = '\0';
	}
}

/**
 * oom_event_encode() - write the fields of a record that are not numbers
 * @e: the record
 * @text: the fields
 */
void oom_event_encode(const struct oom_event *e, struct oom_event_text *text)
{
	const struct oom_event_candidate *c;
	struct seq_buf list, inputs;
	const char *comma = "";
	int i;

	encode(text->comm, e->comm, strnlen(e->comm, sizeof(e->comm)));
	encode(text->trigger_comm, e->trigger_comm,
	       strnlen(e->trigger_comm, sizeof(e->trigger_comm)));
	encode(text->cgroup, e->paths, e->cgroup_len);
	encode(text->domain, e->paths + e->domain_start, e->domain_len);

	seq_buf_init(&list, text->candidates, sizeof(text->candidates));
	seq_buf_init(&inputs, text->inputs, sizeof(text->inputs));
	for (i = 0; i < e->nr_candidates; i++, comma = ",") {
		c = &e->candidates[i];
		seq_buf_printf(&list, "%s%d:%lld", comma, c->pid, c->points);
		seq_buf_printf(&inputs, "%s%d:%llu:%llu:%llu:%lld:%llu:%d:%s",
			       comma, c->pid, c->rss, c->swap, c->pgtables,
			       c->parent, c->age_ms, c->oom_score_adj,
			       c->tcb ? "tcb" : "user");
	}
	if (!i) {
		seq_buf_puts(&list, "none");
		seq_buf_puts(&inputs, "none");
	}
	seq_buf_str(&list);
	seq_buf_str(&inputs);
}

static u64 to_kb(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

/**
 * oom_event_format() - write a record as key=value
 * @e: the record
 * @text: its fields that are not numbers
 * @line: where to, without a newline
 * @size: room there; OOM_EVENT_LINE is enough for any record
 *
 * Return: the length, or -E2BIG.
 */
int oom_event_format(const struct oom_event *e,
		     const struct oom_event_text *text, char *line,
		     size_t size)
{
	const struct oom_score_input *in = &e->in;
	const struct oom_score *score = &e->score;
	struct seq_buf s;
	u32 ns;
	u64 sec = div_u64_rem(e->time_ns, NSEC_PER_SEC, &ns);

	seq_buf_init(&s, line, size);
	seq_buf_printf(&s, "seq=%llu time=%llu.%03u", e->seq, sec,
		       ns / (u32)NSEC_PER_MSEC);
	seq_buf_printf(&s, " pid=%d uid=%u comm=%s cgroup=%s", e->pid, e->uid,
		       text->comm, text->cgroup);
	seq_buf_printf(&s, " constraint=%s oom_cgroup=%s",
		       oom_event_constraint(e), text->domain);
	seq_buf_printf(&s, " trigger_pid=%d trigger_comm=%s", e->trigger_pid,
		       text->trigger_comm);
	seq_buf_printf(&s, " points=%lld memory=%lld inherited=%lld fork=%lld",
		       score->points, score->memory, score->inherited,
		       score->fork);
	seq_buf_printf(&s, " tcb=%lld adj=%lld oom_score_adj=%d", score->tcb,
		       score->adj, in->oom_score_adj);
	seq_buf_printf(&s, " anon_kb=%llu file_kb=%llu shmem_kb=%llu",
		       to_kb(e->anon), to_kb(e->file), to_kb(e->shmem));
	seq_buf_printf(&s, " swap_kb=%llu pgtables_kb=%llu", to_kb(e->swap),
		       e->pgtables_bytes >> 10);
	seq_buf_printf(&s, " candidates=%s reason=%s", text->candidates,
		       oom_event_reason(e));
	/* What the choice can be recomputed from. */
	seq_buf_printf(&s, " class=%s rss=%llu swap=%llu pgtables=%llu",
		       oom_event_class(e), in->rss, in->swap, in->pgtables);
	seq_buf_printf(&s, " parent=%lld age_ms=%llu totalpages=%llu tier=%s",
		       in->parent, in->age_ms, in->totalpages,
		       in->tcb ? "tcb" : "user");
	seq_buf_printf(&s, " parent_share=%u fork_weight=%u fork_window_ms=%u",
		       e->policy.parent_share, e->policy.fork_weight,
		       e->policy.fork_window_ms);
	seq_buf_printf(&s, " tcb_discount=%u inputs=%s",
		       e->policy.tcb_discount, text->inputs);
	seq_buf_printf(&s, " victim_seq=%llu cgroup_id=%llu exiting=%d",
		       e->victim_seq, e->cgroup_id, e->exiting);
	if (e->freed_ns)
		seq_buf_printf(&s, " freed_ms=%llu",
			       div_u64(e->freed_ns, NSEC_PER_MSEC));
	else
		seq_buf_puts(&s, " freed_ms=?");
	seq_buf_printf(&s, " counted=%u", e->counted);
	if (e->reason == OOM_EVENT_NOBODY || e->reason == OOM_EVENT_CALLED_OFF)
		seq_buf_printf(&s, " times=%u", e->times);
	seq_buf_printf(&s, " immune_limit=%u unsummed=%u",
		       e->policy.immune_limit, e->unsummed);
	seq_buf_printf(&s, " sharers=%u", e->sharers);
	seq_buf_printf(&s, " episode=%llu", e->episode);
	seq_buf_str(&s);
	return seq_buf_has_overflowed(&s) ? -E2BIG : (int)seq_buf_used(&s);
}

/**
 * oom_event_format_overflow() - write how many records audit could not get
 * @first: number of the first of them
 * @lost: how many
 * @line: where to
 * @size: room there
 *
 * Return: the length.
 */
int oom_event_format_overflow(u64 first, u64 lost, char *line, size_t size)
{
	return scnprintf(line, size,
			 "overflow=1 lost=%llu first_seq=%llu last_seq=%llu",
			 lost, first, first + lost - 1);
}
