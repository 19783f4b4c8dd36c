/* SPDX-License-Identifier: GPL-2.0-only */
/* In a header of its own, but a part of the kernel's events of the system "oom" */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM oom

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE oom_reap

#if !defined(_TRACE_OOM_REAP_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_OOM_REAP_H

#include <linux/oom_reap.h>
#include <linux/tracepoint.h>

TRACE_DEFINE_ENUM(OOM_REAP_WAIT);
TRACE_DEFINE_ENUM(OOM_REAP_FENCE);
TRACE_DEFINE_ENUM(OOM_REAP_NOW);
TRACE_DEFINE_ENUM(OOM_REAP_SPARE);
TRACE_DEFINE_ENUM(OOM_REAP_HIDE);
TRACE_DEFINE_ENUM(OOM_REAP_GIVE_UP);
TRACE_DEFINE_ENUM(OOM_REAP_DONE);

#define show_oom_reap_verdict(verdict)				\
	__print_symbolic(verdict,				\
		{ OOM_REAP_WAIT,	"wait" },		\
		{ OOM_REAP_FENCE,	"fence" },		\
		{ OOM_REAP_NOW,		"now" },		\
		{ OOM_REAP_SPARE,	"spare" },		\
		{ OOM_REAP_HIDE,	"hide" },		\
		{ OOM_REAP_GIVE_UP,	"give-up" },		\
		{ OOM_REAP_DONE,	"done" })

TRACE_EVENT(oom_reap_decide,
	    TP_PROTO(int pid, int verdict, const struct oom_reap_input *in),
	    TP_ARGS(pid, verdict, in),
	    TP_STRUCT__entry(__field(int, pid)
			     __field(int, verdict)
			     __field(u64, age_ns)
			     __field(unsigned int, live)
			     __field(unsigned int, running)
			     __field(unsigned int, blocked)
			     __field(unsigned int, held)
			     __field(unsigned int, unreadable)
	    ),
	    TP_fast_assign(__entry->pid = pid;
			   __entry->verdict = verdict;
			   __entry->age_ns = in->age_ns;
			   __entry->live = in->threads[OOM_REAP_THREAD_LIVE];
			   __entry->running = in->threads[OOM_REAP_THREAD_RUNNING];
			   __entry->blocked = in->threads[OOM_REAP_THREAD_BLOCKED];
			   __entry->held = in->lists[OOM_REAP_LIST_HELD];
			   __entry->unreadable = in->lists[OOM_REAP_LIST_UNREADABLE];
	    ),
	    TP_printk("pid=%d verdict=%s age_ns=%llu live=%u running=%u blocked=%u held=%u unreadable=%u",
		      __entry->pid, show_oom_reap_verdict(__entry->verdict),
		      __entry->age_ns, __entry->live, __entry->running,
		      __entry->blocked, __entry->held, __entry->unreadable)
);

TRACE_EVENT(oom_reap_reaped,
	    TP_PROTO(int pid, u64 latency_ns, unsigned long pages, bool waited),
	    TP_ARGS(pid, latency_ns, pages, waited),
	    TP_STRUCT__entry(__field(int, pid)
			     __field(u64, latency_ns)
			     __field(unsigned long, pages)
			     __field(bool, waited)
	    ),
	    TP_fast_assign(__entry->pid = pid;
			   __entry->latency_ns = latency_ns;
			   __entry->pages = pages;
			   __entry->waited = waited;
	    ),
	    TP_printk("pid=%d latency_ns=%llu pages=%lu waited=%d",
		      __entry->pid, __entry->latency_ns, __entry->pages,
		      __entry->waited)
);

#endif /* _TRACE_OOM_REAP_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
