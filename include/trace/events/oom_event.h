/* SPDX-License-Identifier: GPL-2.0-only */
/* In a header of its own, but a part of the kernel's events of the system "oom" */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM oom

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE oom_event

#if !defined(_TRACE_OOM_EVENT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_OOM_EVENT_H

#include <linux/math64.h>
#include <linux/oom_event.h>
#include <linux/time64.h>
#include <linux/tracepoint.h>

#define OOM_EVENT_KB(pages)	((pages) << (PAGE_SHIFT - 10))

TRACE_EVENT(oom_kill_event,
	    TP_PROTO(const struct oom_event *e,
		     const struct oom_event_text *text),
	    TP_ARGS(e, text),
	    TP_STRUCT__entry(__field(u64, seq)
			     __field(u64, time_s)
			     __field(unsigned int, time_ms)
			     __field(pid_t, pid)
			     __field(uid_t, uid)
			     __string(comm, text->comm)
			     __string(cgroup, text->cgroup)
			     __string(constraint, oom_event_constraint(e))
			     __string(oom_cgroup, text->domain)
			     __field(pid_t, trigger_pid)
			     __string(trigger_comm, text->trigger_comm)
			     __field(s64, points)
			     __field(s64, memory)
			     __field(s64, inherited)
			     __field(s64, fork)
			     __field(s64, tcb)
			     __field(s64, adj)
			     __field(short, oom_score_adj)
			     __field(u64, anon_kb)
			     __field(u64, file_kb)
			     __field(u64, shmem_kb)
			     __field(u64, swap_kb)
			     __field(u64, pgtables_kb)
			     __string(candidates, text->candidates)
			     __string(reason, oom_event_reason(e))
			     __string(class, oom_event_class(e))
			     __field(u64, rss)
			     __field(u64, swap)
			     __field(u64, pgtables)
			     __field(s64, parent)
			     __field(u64, age_ms)
			     __field(u64, totalpages)
			     __field(bool, tier_tcb)
			     __field(unsigned int, parent_share)
			     __field(unsigned int, fork_weight)
			     __field(unsigned int, fork_window_ms)
			     __field(unsigned int, tcb_discount)
			     __string(inputs, text->inputs)
			     __field(u64, victim_seq)
			     __field(u64, cgroup_id)
			     __field(bool, exiting)
			     __field(unsigned int, counted)
			     __field(unsigned int, immune_limit)
			     __field(u32, unsummed)
			     __field(u64, episode)
	    ),
	    TP_fast_assign(__entry->seq = e->seq;
			   __entry->time_s = div_u64(e->time_ns, NSEC_PER_SEC);
			   __entry->time_ms = div_u64(e->time_ns, NSEC_PER_MSEC) -
					      __entry->time_s * MSEC_PER_SEC;
			   __entry->pid = e->pid;
			   __entry->uid = e->uid;
			   __assign_str(comm);
			   __assign_str(cgroup);
			   __assign_str(constraint);
			   __assign_str(oom_cgroup);
			   __entry->trigger_pid = e->trigger_pid;
			   __assign_str(trigger_comm);
			   __entry->points = e->score.points;
			   __entry->memory = e->score.memory;
			   __entry->inherited = e->score.inherited;
			   __entry->fork = e->score.fork;
			   __entry->tcb = e->score.tcb;
			   __entry->adj = e->score.adj;
			   __entry->oom_score_adj = e->in.oom_score_adj;
			   __entry->anon_kb = OOM_EVENT_KB(e->anon);
			   __entry->file_kb = OOM_EVENT_KB(e->file);
			   __entry->shmem_kb = OOM_EVENT_KB(e->shmem);
			   __entry->swap_kb = OOM_EVENT_KB(e->swap);
			   __entry->pgtables_kb = e->pgtables_bytes >> 10;
			   __assign_str(candidates);
			   __assign_str(reason);
			   __assign_str(class);
			   __entry->rss = e->in.rss;
			   __entry->swap = e->in.swap;
			   __entry->pgtables = e->in.pgtables;
			   __entry->parent = e->in.parent;
			   __entry->age_ms = e->in.age_ms;
			   __entry->totalpages = e->in.totalpages;
			   __entry->tier_tcb = e->in.tcb;
			   __entry->parent_share = e->policy.parent_share;
			   __entry->fork_weight = e->policy.fork_weight;
			   __entry->fork_window_ms = e->policy.fork_window_ms;
			   __entry->tcb_discount = e->policy.tcb_discount;
			   __assign_str(inputs);
			   __entry->victim_seq = e->victim_seq;
			   __entry->cgroup_id = e->cgroup_id;
			   __entry->exiting = e->exiting;
			   __entry->counted = e->counted;
			   __entry->immune_limit = e->policy.immune_limit;
			   __entry->unsummed = e->unsummed;
			   __entry->episode = e->episode;
	    ),
	    TP_printk("seq=%llu time=%llu.%03u pid=%d uid=%u comm=%s cgroup=%s constraint=%s oom_cgroup=%s trigger_pid=%d trigger_comm=%s points=%lld memory=%lld inherited=%lld fork=%lld tcb=%lld adj=%lld oom_score_adj=%hd anon_kb=%llu file_kb=%llu shmem_kb=%llu swap_kb=%llu pgtables_kb=%llu candidates=%s reason=%s class=%s rss=%llu swap=%llu pgtables=%llu parent=%lld age_ms=%llu totalpages=%llu tier=%s parent_share=%u fork_weight=%u fork_window_ms=%u tcb_discount=%u inputs=%s victim_seq=%llu cgroup_id=%llu exiting=%d freed_ms=? counted=%u immune_limit=%u unsummed=%u sharers=? episode=%llu",
		      __entry->seq, __entry->time_s, __entry->time_ms,
		      __entry->pid, __entry->uid, __get_str(comm),
		      __get_str(cgroup), __get_str(constraint),
		      __get_str(oom_cgroup), __entry->trigger_pid,
		      __get_str(trigger_comm), __entry->points,
		      __entry->memory, __entry->inherited, __entry->fork,
		      __entry->tcb, __entry->adj, __entry->oom_score_adj,
		      __entry->anon_kb, __entry->file_kb, __entry->shmem_kb,
		      __entry->swap_kb, __entry->pgtables_kb,
		      __get_str(candidates), __get_str(reason),
		      __get_str(class), __entry->rss, __entry->swap,
		      __entry->pgtables, __entry->parent, __entry->age_ms,
		      __entry->totalpages, __entry->tier_tcb ? "tcb" : "user",
		      __entry->parent_share, __entry->fork_weight,
		      __entry->fork_window_ms, __entry->tcb_discount,
		      __get_str(inputs), __entry->victim_seq,
		      __entry->cgroup_id, __entry->exiting,
		      __entry->counted, __entry->immune_limit,
		      __entry->unsummed, __entry->episode)
);

#endif /* _TRACE_OOM_EVENT_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
