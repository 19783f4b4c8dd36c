/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events that make probes, and when security modules are asked about an event.
 */
#ifndef _LINUX_PERF_PROBE_H
#define _LINUX_PERF_PROBE_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct perf_event;

/*
 * Before an event gets its PMU: that of a probe puts it in place, which others
 * see. Otherwise as ever, when all else has been set up.
 */
#define PERF_ASKED_EARLY	IS_ENABLED(CONFIG_SECURITY_PERF_PROBE)

bool perf_event_is_probe(const struct perf_event *event);

#endif /* _LINUX_PERF_PROBE_H */
