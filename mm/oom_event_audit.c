// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread hands the records of OOM kills to audit once there is memory again. It
 * tries until audit has taken them.
 */

#define pr_fmt(fmt) "oom_event: " fmt

#include <linux/audit.h>
#include <linux/freezer.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/oom_event.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "oom_event.h"

/* How long to wait before audit is tried again: ever longer, as nothing says when. */
#define RETRY_MIN	(HZ / 10)
#define RETRY_MAX	HZ

static DECLARE_WAIT_QUEUE_HEAD(todo_wait);

/* What the thread works in. It is set aside in advance, as the ring is. */
static struct {
	struct oom_event event;
	struct oom_event_text text;
	char line[OOM_EVENT_LINE];
} mail;

/* Returns false if it has to be tried again. */
static bool deliver_next(void)
{
	u64 first, lost;
	int len, err;

	lost = oom_ring_todo(&oom_event_ring, &mail.event, &first);
	if (!first)
		return true;
	if (lost) {
		len = oom_event_format_overflow(first, lost, mail.line,
						sizeof(mail.line));
	} else {
		oom_event_encode(&mail.event, &mail.text);
		len = oom_event_format(&mail.event, &mail.text, mail.line,
				       sizeof(mail.line));
	}
	if (WARN_ON_ONCE(len < 0))
		len = 0;

	/* Rather wait than have somebody killed for it. */
	err = audit_log_whole(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN,
			      AUDIT_ANOM_OOM_KILL, mail.line, len);
	if (err == -EAGAIN || err == -ENOMEM)
		return false;
	/* Taken, or audit does not want it. */
	if (lost && !err)
		pr_warn("%s\n", mail.line);
	oom_ring_done(&oom_event_ring, lost ? first + lost : first + 1);
	return true;
}

static int deliver(void *unused)
{
	unsigned long retry = RETRY_MIN;

	set_freezable();
	while (true) {
		wait_event_freezable(todo_wait, oom_ring_pending(&oom_event_ring));
		if (deliver_next()) {
			retry = RETRY_MIN;
			continue;
		}
		schedule_timeout_idle(retry);
		retry = min_t(unsigned long, 2 * retry, RETRY_MAX);
		try_to_freeze();
	}
	return 0;
}

/** oom_event_audit_wake() - there is a new record; context: any */
void oom_event_audit_wake(void)
{
	wake_up(&todo_wait);
}

/** oom_event_audit_init() - start the thread, at boot */
void __init oom_event_audit_init(void)
{
	if (IS_ERR(kthread_run(deliver, NULL, "oom_event")))
		pr_err("no thread: audit gets no records\n");
}
