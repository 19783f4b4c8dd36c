/* SPDX-License-Identifier: GPL-2.0-only */
/* What the OOM reaper and its tests share. */
#ifndef _MM_OOM_REAP_H
#define _MM_OOM_REAP_H

/* So much is unmapped at a time where memory is dense, in bytes. */
#define OOM_REAP_PART		(4UL << 20)

unsigned long oom_reap_next_part(unsigned long part, unsigned long freed);

#endif /* _MM_OOM_REAP_H */
