/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oomstat: what is promised, what is paid, and who would be killed.
 *
 * Amounts are kB unless a name says otherwise. Functions that can fail return a
 * negative errno.
 */
#ifndef OOMSTAT_H
#define OOMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "history.h"

/* Where proc and cgroups are mounted; other folders of the same form for tests. */
extern const char *proc;
extern const char *cgroup_root;

/* What amounts in tables are in: set once, by the options. */
extern enum unit { UNIT_KB, UNIT_BYTES, UNIT_HUMAN } unit;

void print_cell(FILE *out, int width, long long kb);
void print_amount(FILE *out, int width, long long kb, const char *per);
const char *unit_of_cells(void);

/**
 * struct system - the system's promise and payment
 * @native: read from /proc/commitinfo; otherwise worked out from /proc/meminfo,
 *	which knows no exact payment, no refusals and no forecast
 * @limit: what may be promised in strict mode
 * @promise: what is promised
 * @payment: what of it is backed
 * @outstanding: the rest
 * @available: what could still be paid
 * @coverage: available / outstanding in per cent, at most 100
 * @refused: promises that were refused
 * @rate: kB a second that are being paid
 * @exhaustion: seconds, or -1 for never
 * @trend: seconds, or -1 for never, or where the kernel does not say it
 */
struct system {
	bool native;
	long long limit;
	long long promise;
	long long payment;
	long long outstanding;
	long long available;
	long long coverage;
	long long refused;
	long long rate;
	long long exhaustion;
	long long trend;
};

int system_read(struct system *s);

/**
 * struct group - a cgroup; amounts are -1 where there is none
 * @path: from the root of cgroups, any bytes
 * @depth: below how many of the list it is
 * @promise: what is promised (memory.commit.current)
 * @payment: what is used of its limit
 * @limit: memory.max
 * @available: what the tightest limit leaves
 * @exhaustion: seconds, or -1 for never
 * @trend: likewise
 * @forecast: the last three are there (memory.forecast)
 */
struct group {
	char *path;
	int depth;
	long long promise;
	long long payment;
	long long limit;
	long long available;
	long long exhaustion;
	long long trend;
	bool forecast;
};

struct groups {
	struct group *list;
	size_t nr;
};

/* A group and those below it, or all; each before what is below it. */
int groups_read(struct groups *gs, const char *top);
void groups_free(struct groups *gs);
bool in_group(const char *path, const char *group);

enum { TERM_MEMORY, TERM_INHERITED, TERM_FORK, TERM_TCB, TERM_ADJ, NR_TERMS };

extern const char * const term_names[NR_TERMS];

/**
 * struct process - one process and its score
 * @pid: process id
 * @comm: name of its main thread, any bytes
 * @uid: real user id
 * @score: oom_score
 * @oom_score_adj: oom_score_adj
 * @detailed: @terms, @points, @rank and @why are there (oom_score_detail)
 * @promised: @promise, @payment and @outstanding are there (commit)
 * @terms: pages
 * @points: pages
 * @rank: class by name; the static "" if not known
 * @why: why it can't be chosen, or ""
 * @promise: what it was promised
 * @payment: what of it is backed
 * @outstanding: the rest
 */
struct process {
	pid_t pid;
	char comm[64];
	uid_t uid;
	long long score;
	long long oom_score_adj;
	bool detailed;
	long long terms[NR_TERMS];
	long long points;
	char rank[16];
	char why[64];
	bool promised;
	long long promise;
	long long payment;
	long long outstanding;
};

struct processes {
	struct process *list;
	size_t nr;
	size_t hidden;		/* that can't be chosen */
	size_t unreadable;	/* whose score may not be read */
	pid_t unreadable_pid;	/* one of them */
};

/**
 * struct filter - which processes are asked for
 * @all: also those that can't be chosen
 * @by_user: only those of @user
 * @user: a real user id
 * @cgroup: only those in this cgroup and below it, or NULL
 */
struct filter {
	bool all;
	bool by_user;
	uid_t user;
	const char *cgroup;
};

/* All processes, the likeliest victim first; freed by processes_free(). */
int processes_read(struct processes *ps, const struct filter *filter);
void processes_free(struct processes *ps);

/* An error, with names in it, on standard error. */
__printf(1, 2) void complain(const char *format, ...);

/* Pages of this machine as kB, which is what all text is in; saturates. */
long long to_kb(long long pages);

/*
 * Adds a name: as KEY, and as KEY_hex too if it is no UTF-8 and KEY has U+FFFD
 * for its bytes.
 */
struct json_object;
void add_name(struct json_object *object, const char *key, const char *bytes);

/**
 * struct request - what is asked for
 * @rows: processes at most, 0 for all
 * @groups: cgroups, too
 * @filter: which processes, and by its cgroup which cgroups
 */
struct request {
	size_t rows;
	bool groups;
	struct filter filter;
};

/* One state of the system. */
struct state {
	struct system system;
	struct processes processes;
	struct groups groups;
};

int state_read(struct state *state, const struct request *request);
void state_free(struct state *state);

/* Output of it. */
void print_table(FILE *out, const struct state *state, const struct request *request);
int print_json(FILE *out, const struct state *state, const struct request *request);
void print_openmetrics(FILE *out, const struct state *state,
		       const struct request *request);
int watch(unsigned int seconds, const struct request *request);

/* A recording: lines of TIME PROMISE PAYMENT AVAILABLE LIMIT, seconds and kB. */
int record(const char *path, unsigned int seconds, unsigned long samples);
int plot(const char *recording, const char *svg);

/* Records of kills: /proc/oom_history, or a file of its lines. */
int history_print(const char *path, bool json);
int history_replay(const char *path);

/* Files below proc, and any. */
int read_text(const char *name, char *text, size_t size);
int read_text_at(const char *path, char *text, size_t size);
/* The number behind KEY: or KEY in a text of such lines. */
int find_number(const char *text, const char *key, long long *number);
int find_word(const char *text, const char *key, char *word, size_t size);
/* Seconds, or -1 for "never". */
int find_seconds(const char *text, const char *key, long long *seconds);

#endif /* OOMSTAT_H */
