/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM commit

#if !defined(_TRACE_COMMIT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_COMMIT_H

#include <linux/commit_info.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

TRACE_DEFINE_ENUM(COMMIT_LIMIT_HEURISTIC);
TRACE_DEFINE_ENUM(COMMIT_LIMIT_SYSTEM);
TRACE_DEFINE_ENUM(COMMIT_LIMIT_CGROUP);

#define show_commit_limit(limit)				\
	__print_symbolic(limit,					\
		{ COMMIT_LIMIT_HEURISTIC,	"heuristic" },	\
		{ COMMIT_LIMIT_SYSTEM,		"system" },	\
		{ COMMIT_LIMIT_CGROUP,		"cgroup" })

/*
 * A promise of memory was refused to the current task: it asked for @bytes more
 * while @promised of the limit's @allowed bytes were promised.  @cgroup is the
 * id of the cgroup whose limit it was, or 0.
 */
TRACE_EVENT(commit_refused,
	    TP_PROTO(enum commit_limit limit, u64 bytes, u64 promised,
		     u64 allowed, u64 cgroup),
	    TP_ARGS(limit, bytes, promised, allowed, cgroup),
	    TP_STRUCT__entry(__field(pid_t, pid)
			     __field(u32, uid)
			     __array(char, comm, TASK_COMM_LEN)
			     __field(u64, bytes)
			     __field(int, limit)
			     __field(u64, promised)
			     __field(u64, allowed)
			     __field(u64, cgroup)
	    ),
	    TP_fast_assign(__entry->pid = current->tgid;
			   __entry->uid = from_kuid_munged(&init_user_ns,
							   current_uid());
			   memcpy(__entry->comm, current->comm, TASK_COMM_LEN);
			   __entry->bytes = bytes;
			   __entry->limit = limit;
			   __entry->promised = promised;
			   __entry->allowed = allowed;
			   __entry->cgroup = cgroup;
	    ),
	    TP_printk("pid=%d uid=%u comm=%s bytes=%llu limit=%s promised=%llu allowed=%llu cgroup=%llu",
		      __entry->pid, __entry->uid, __entry->comm,
		      __entry->bytes, show_commit_limit(__entry->limit),
		      __entry->promised, __entry->allowed, __entry->cgroup)
);

#endif /* _TRACE_COMMIT_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
