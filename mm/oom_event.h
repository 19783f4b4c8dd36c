/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes the records of OOM kills shares with what hands them on. */
#ifndef _MM_OOM_EVENT_H
#define _MM_OOM_EVENT_H

#include <linux/oom_event.h>

extern struct oom_ring oom_event_ring;

#ifdef CONFIG_AUDIT
void oom_event_audit_wake(void);
void oom_event_audit_init(void);
#else
static inline void oom_event_audit_wake(void)
{
}

static inline void oom_event_audit_init(void)
{
}
#endif

#ifdef CONFIG_PROC_FS
void oom_event_history_init(void);
#else
static inline void oom_event_history_init(void)
{
}
#endif

#endif /* _MM_OOM_EVENT_H */
