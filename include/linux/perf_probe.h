/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events that make probes.
 */
#ifndef _LINUX_PERF_PROBE_H
#define _LINUX_PERF_PROBE_H

#include <linux/types.h>

struct perf_event;

bool perf_event_is_probe(const struct perf_event *event);

#endif /* _LINUX_PERF_PROBE_H */
