/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What logon.c shares with the rest of ksyncd; its other headers don't go with
 * those of the logon policy.
 */
#ifndef KSYNCD_SAY_H
#define KSYNCD_SAY_H

#include <stdbool.h>

/* logon.c */
bool logon_check(const char *root);

/* main.c: a line for the log, with the priority of syslog(3). */
__printf(2, 3) void say(int priority, const char *format, ...);

#endif /* KSYNCD_SAY_H */
