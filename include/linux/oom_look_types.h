/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each task remembers of OOM kills that were called off for it.
 */
#ifndef _LINUX_OOM_LOOK_TYPES_H
#define _LINUX_OOM_LOOK_TYPES_H

#include <linux/types.h>

/**
 * struct oom_stall - a task for which kills are called off, and which gets nowhere
 * @faults: its page faults until then, all told
 * @since_ns: when the first kill was called off at that number; 0: none was
 * @last_ns: when the last one was
 */
struct oom_stall {
	unsigned long faults;
	u64 since_ns;
	u64 last_ns;
};

#endif /* _LINUX_OOM_LOOK_TYPES_H */
