/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksyncd: memory policy from a registry into /proc/sys.
 *
 * schema.c	what can be set, and what fits together; pure
 * value.c	the text of one setting; pure
 * plan.c	the order of writes; pure
 * registry.c	the tree of files, read as one
 * kernel.c	/proc/sys and /proc/meminfo
 * apply.c	a policy into the kernel, all of it or nothing
 * run.c	the daemon
 * notify.c	systemd's notification protocol
 * logon.c	the logon policy, only to check it
 *
 * Nothing here allocates memory of its own: the daemon must be able to do its
 * work when there is none.
 */
#ifndef KSYNCD_H
#define KSYNCD_H

#include <stdbool.h>
#include <stddef.h>

#include "say.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
/* The Makefile defines __printf(a, b). */

/* Longest path that is shown, and longest file of a setting. */
#define PATH_TEXT_MAX	512
#define FILE_SIZE_MAX	4096

/* A setting: its place in settings[]. */
enum setting_id {
	OVERCOMMIT_MEMORY,
	OVERCOMMIT_RATIO,
	OVERCOMMIT_KBYTES,
	ADMIN_RESERVE_KBYTES,
	USER_RESERVE_KBYTES,
	COMMIT_WAIT_MS,
	PANIC_ON_OOM,
	OOM_KILL_ALLOCATING_TASK,
	OOM_DUMP_TASKS,
	PANIC_TIMEOUT,
	OOM_PARENT_SHARE,
	OOM_FORK_WEIGHT,
	OOM_FORK_WINDOW_MS,
	OOM_TCB_DISCOUNT,
	OOM_IMMUNE_LIMIT,
	OOM_LAST_RESORT,
	PROCESS_QUERY,
	NR_SETTINGS,
};

/* Values of OvercommitMemory, the kernel's numbers. */
#define MODE_HEURISTIC	0
#define MODE_ALWAYS	1
#define MODE_STRICT	2

/* Values of ProcessQuery, which the kernel has as words. */
#define QUERY_EVERYONE	0
#define QUERY_OWNER	1

/* As a default: leave it to the kernel. */
#define UNMANAGED	(-(1LL << 62))

/* Which way a setting gets stricter. */
enum sense {
	LARGER_IS_LAXER = -1,
	NEITHER,
	LARGER_IS_STRICTER,
	BY_RANK,	/* OvercommitMemory: mode_rank() */
};

/**
 * struct word - a value by name
 * @name: the name
 * @value: what it stands for
 */
struct word {
	const char *name;
	long long value;
};

/**
 * struct setting - what can be set
 * @name: of the file in System/Memory
 * @sysctl: path below /proc/sys; if @peios, below /sys/kernel/security
 * @min: least value
 * @max: largest value
 * @by_default: in force where the registry does not say, or UNMANAGED
 * @sense: which way it gets stricter
 * @words: names of values, ended by one without a name; or NULL
 * @peios: it is a setting of the Peios security module, which need not be there,
 *	and in the kernel it is a word
 */
struct setting {
	const char *name;
	const char *sysctl;
	long long min;
	long long max;
	long long by_default;
	enum sense sense;
	const struct word *words;
	bool peios;
};

extern const struct setting settings[NR_SETTINGS];

/**
 * struct values - a value for some of the settings
 * @set: which ones
 * @v: their values, 0 for the others
 */
struct values {
	bool set[NR_SETTINGS];
	long long v[NR_SETTINGS];
};

/**
 * struct messages - what there is to say
 * @errors: how many errors were added, also such as did not fit
 * @nr: how many messages there are
 * @text: the messages
 * @error: which of them are errors; the others are warnings
 */
struct messages {
	int errors;
	int nr;
	char text[48][PATH_TEXT_MAX + 256];
	bool error[48];
};

__printf(2, 3) void error_add(struct messages *m, const char *format, ...);
__printf(2, 3) void warning_add(struct messages *m, const char *format, ...);

/* schema.c */
int setting_find(const char *name);
const char *setting_like(const char *name);
int mode_rank(long long mode);
void policy_complete(const struct values *given, struct values *want);
void policy_check(const struct values *given, struct messages *m);

/* value.c */
extern const char *const why_range;

int value_parse(const char *text, size_t len, const struct setting *s,
		long long *value, const char **why);
const char *value_word(const struct setting *s, long long value);
const char *value_text(const struct setting *s, long long value, char *text,
		       size_t size);

/**
 * struct machine - what the meaning of a policy depends on, in kB
 * @known: whether it could be read
 * @ram: memory without that of huge pages
 * @swap: swap space
 * @promised: what has been promised
 */
struct machine {
	bool known;
	long long ram;
	long long swap;
	long long promised;
};

/* plan.c */
#define PLAN_MAX	NR_SETTINGS

/**
 * struct step - one write of a plan
 * @id: the setting to write
 * @value: what
 * @undo_id: the setting to write to take it back; ratio and kbytes replace one
 *	another
 * @undo_value: what
 */
struct step {
	enum setting_id id;
	long long value;
	enum setting_id undo_id;
	long long undo_value;
};

bool policy_in_force(const struct values *now, const struct values *want,
		     enum setting_id id);
int plan_make(const struct values *now, const struct values *want,
	      const struct machine *machine, struct step *steps);
long long commit_limit(const struct values *v, const struct machine *machine);
bool plan_over(const struct values *now, const struct values *want,
	       const struct machine *machine, char *text, size_t size);

/* registry.c */

/**
 * struct registry - a policy as it was read
 * @given: what the files say
 * @stamp: identity and age of each folder and file, to see changes by
 */
struct registry {
	struct values given;
	struct {
		unsigned long long dev, ino, size;
		long long sec, nsec;
	} stamp[3 + NR_SETTINGS];
};

#define POLICY_DIR	"System/Memory"

/* Exists, but no policy; there is none at all. */
#define REGISTRY_BAD	(-1)
#define REGISTRY_NONE	(-2)

int registry_load(const char *root, struct registry *registry,
		  struct messages *m);
bool registry_same(const struct registry *a, const struct registry *b);

/* kernel.c */

/**
 * struct kernel - where the knobs are; tests have others than the kernel's
 * @read: get a setting's value: 0 or a negative errno, -ENOENT if the kernel
 *	does not have it
 * @write: set it
 * @machine: look at the machine
 * @sysctl: folder of the sysctls, for the kernel's own
 * @securityfs: folder of the security modules' files
 * @meminfo: file that describes the machine
 */
struct kernel {
	int (*read)(const struct kernel *kernel, enum setting_id id,
		    long long *value);
	int (*write)(const struct kernel *kernel, enum setting_id id,
		     long long value);
	void (*machine)(const struct kernel *kernel, struct machine *machine);
	const char *sysctl;
	const char *securityfs;
	const char *meminfo;
};

int knob_path(const struct kernel *kernel, enum setting_id id, char *path,
	      size_t size);
int proc_read(const struct kernel *kernel, enum setting_id id,
	      long long *value);
int proc_write(const struct kernel *kernel, enum setting_id id,
	       long long value);
void proc_machine(const struct kernel *kernel, struct machine *machine);
const char *sysctl_name(enum setting_id id, char *text, size_t size);
const char *errno_text(int err);

/* apply.c */
bool setting_lacks_knob(const struct values *given, const struct values *now,
			enum setting_id id);
int kernel_values(const struct kernel *kernel, struct values *now,
		  struct messages *m);
int policy_apply(const struct kernel *kernel, const struct values *given,
		 bool refuse_over, struct messages *m);

/* run.c */

/**
 * struct options - of the daemon
 * @registry: folder of the registry
 * @refuse_over: keep the old policy where a strict one would refuse everything
 * @pin: once there is a policy, do not look at the registry any more
 * @interval: seconds between looks at the kernel
 * @quiet_ms: after how long without a change the registry is read
 */
struct options {
	const char *registry;
	bool refuse_over;
	bool pin;
	int interval;
	int quiet_ms;
};

int policy_run(const struct kernel *kernel, const struct options *options);

/* notify.c */
__printf(1, 2) void notify(const char *format, ...);
__printf(1, 2) void notify_status(const char *format, ...);
int watchdog_ms(void);

#endif /* KSYNCD_H */
