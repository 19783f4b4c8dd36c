/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of OOM kills, as tests read them: the history, its fields, audit.
 *
 * Functions that can fail return a negative errno.
 */
#ifndef EVENT_UTIL_H
#define EVENT_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HISTORY		"/proc/oom_history"
#define LINE_MAX_	4096

#ifndef AUDIT_ANOM_OOM_KILL
#define AUDIT_ANOM_OOM_KILL	1704
#endif

/* TAP of a program without a harness, under its own name. */
void tap_result(bool ok, const char *what);
void tap_skip(const char *what, const char *why);
/* Nothing can be tested after this error. */
void tap_must(int err, const char *what);
/* The plan; what main() returns: 0 if there were results and all were good. */
int tap_end(void);

/* The last record's number; 0 if there is none. */
long long history_last(void);
/* The record of a number. */
int history_find(long long seq, char *line, size_t size);
/* How many records from @seq on have @key=@value; a NULL key counts all. */
int history_count(long long seq, const char *key, const char *value);
/*
 * How many records there are from @seq on, and the @i-th of them, counted from 0, without
 * kills that were called off: of those a record may come at any time.
 */
int history_kills(long long seq);
int history_kill(long long seq, int i, char *line, size_t size);
/* The first from @seq on that is of @pid. */
int history_find_pid(long long seq, pid_t pid, char *line, size_t size);

/* The value behind " KEY=", as it is written. */
int record_field(const char *line, const char *key, char *value, size_t size);
/* A value that is a number; aborts if it is not there. */
long long record_number(const char *line, const char *key);
/* A name, without quotes or hex. */
int record_name(const char *line, const char *key, char *name, size_t size);
bool record_is(const char *line, const char *key, const char *value);

/* The number behind "oom_killed" in oom_score_detail; 0 if it is not there. */
long long oom_killed(pid_t pid);

/* The sum of "oom_kill" in /proc/vmstat, and in a cgroup's memory.events. */
long long vmstat_kills(void);
/* How many of vmstat's are of processes that had a record already. */
long long vmstat_again(void);
long long cgroup_kills(const char *cgroup);

/*
 * Have each kill happen, and each record be one of a kill: none is held up or called off
 * because memory comes back meanwhile. Does nothing without CONFIG_OOM_LOOK_PAUSE.
 */
void look_off(void);
void look_on(void);

/* A socket that reads audit's multicast group. */
int audit_listen(void);
/* A socket that audit takes for auditd's, which may have a small buffer. */
int audit_be_daemon(int rcvbuf);
void audit_no_daemon(int fd);
/* AUDIT_SET of one thing. */
int audit_enable(int on);
int audit_backlog(unsigned int limit);
struct audit_status;
int audit_get_status(struct audit_status *status);
/*
 * The next record of @type, without its stamp; -EAGAIN if none comes in time,
 * -ENOBUFS if the kernel says that the socket has missed some.
 */
int audit_read(int fd, int type, int timeout_ms, char *text, size_t size);
/* The next record of an OOM kill, but for those that were called off. */
int audit_read_kill(int fd, int timeout_ms, char *text, size_t size);
/* An exclude rule for a type, added or deleted. */
int audit_exclude(int type, bool add);

#endif /* EVENT_UTIL_H */
