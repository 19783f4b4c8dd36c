// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be set, and what fits together.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ksyncd.h"

/* More than any machine has, and far from any overflow. */
#define KBYTES_MAX	1125899906842624LL	/* 2^50 */

#define DAY_MS		(24 * 60 * 60 * 1000)

static const struct word modes[] = {
	{ "heuristic", MODE_HEURISTIC },
	{ "always", MODE_ALWAYS },
	{ "strict", MODE_STRICT },
	{}
};

static const struct word queries[] = {
	{ "everyone", QUERY_EVERYONE },
	{ "owner", QUERY_OWNER },
	{}
};

/*
 * Rows: name, sysctl, min, max, default, sense, words, of Peios.  The defaults are
 * the kernel's; the reserves' depend on the size of the machine and ProcessQuery's
 * on how it was booted, and these are left to it.
 */
const struct setting settings[NR_SETTINGS] = {
	[OVERCOMMIT_MEMORY] = {
		"OvercommitMemory", "vm/overcommit_memory",
		0, 2, MODE_HEURISTIC, BY_RANK, modes },
	[OVERCOMMIT_RATIO] = {
		"OvercommitRatio", "vm/overcommit_ratio",
		0, 1000, 50, LARGER_IS_LAXER, NULL },
	[OVERCOMMIT_KBYTES] = {
		"OvercommitKbytes", "vm/overcommit_kbytes",
		0, KBYTES_MAX, 0, LARGER_IS_LAXER, NULL },
	[ADMIN_RESERVE_KBYTES] = {
		"AdminReserveKbytes", "vm/admin_reserve_kbytes",
		0, KBYTES_MAX, UNMANAGED, LARGER_IS_STRICTER, NULL },
	[USER_RESERVE_KBYTES] = {
		"UserReserveKbytes", "vm/user_reserve_kbytes",
		0, KBYTES_MAX, UNMANAGED, LARGER_IS_STRICTER, NULL },
	[COMMIT_WAIT_MS] = {
		"CommitWaitMs", "vm/commit_wait_ms",
		0, 1000, 50, NEITHER, NULL },
	[PANIC_ON_OOM] = {
		"PanicOnOom", "vm/panic_on_oom",
		0, 2, 0, LARGER_IS_STRICTER, NULL },
	[OOM_KILL_ALLOCATING_TASK] = {
		"OomKillAllocatingTask", "vm/oom_kill_allocating_task",
		0, 1, 0, LARGER_IS_LAXER, NULL },
	[OOM_DUMP_TASKS] = {
		"OomDumpTasks", "vm/oom_dump_tasks",
		0, 1, 1, NEITHER, NULL },
	[PANIC_TIMEOUT] = {
		"PanicTimeout", "kernel/panic",
		-1, 86400, UNMANAGED, NEITHER, NULL },
	[OOM_PARENT_SHARE] = {
		"OomParentShare", "vm/oom_parent_share",
		0, 1000, 125, NEITHER, NULL },
	[OOM_FORK_WEIGHT] = {
		"OomForkWeight", "vm/oom_fork_weight",
		0, 1000, 50, NEITHER, NULL },
	[OOM_FORK_WINDOW_MS] = {
		"OomForkWindowMs", "vm/oom_fork_window_ms",
		0, DAY_MS, 10000, NEITHER, NULL },
	[OOM_TCB_DISCOUNT] = {
		"OomTcbDiscount", "vm/oom_tcb_discount",
		0, 1000, 30, NEITHER, NULL },
	[OOM_IMMUNE_LIMIT] = {
		"OomImmuneLimit", "vm/oom_immune_limit",
		0, 1000, 1000, NEITHER, NULL },
	[OOM_LAST_RESORT] = {
		"OomLastResort", "vm/oom_last_resort",
		0, 1, 0, NEITHER, NULL },
	[PROCESS_QUERY] = {
		"ProcessQuery", "peios/query",
		0, 1, UNMANAGED, LARGER_IS_STRICTER, queries, true },
};

static void message_add(struct messages *m, bool error, const char *format,
			va_list args)
{
	const int room = ARRAY_SIZE(m->text);
	char *text;

	m->errors += error;
	if (m->nr == room) {
		snprintf(m->text[room - 1], sizeof(m->text[0]),
			 "(and more that is not shown)");
		m->error[room - 1] = m->errors;
		return;
	}
	text = m->text[m->nr];
	/* With names of files as they are: they are escaped where it is said. */
	vsnprintf(text, sizeof(m->text[0]), format, args);
	m->error[m->nr++] = error;
}

/* Something that keeps the policy from being applied. */
void error_add(struct messages *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_add(m, true, format, args);
	va_end(args);
}

/* Something to know about a policy that is applied. */
void warning_add(struct messages *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_add(m, false, format, args);
	va_end(args);
}

/* The setting of that name, or -1. */
int setting_find(const char *name)
{
	int id;

	for (id = 0; id < NR_SETTINGS; id++)
		if (!strcmp(settings[id].name, name))
			return id;
	return -1;
}

/* Two names that differ in how they are written: case, '_', the sysctl's. */
static bool name_like(const char *a, const char *b)
{
	for (;;) {
		while (*a == '_' || *a == '-')
			a++;
		while (*b == '_' || *b == '-')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

/* The name that was meant by one that is wrong, or NULL. */
const char *setting_like(const char *name)
{
	const char *base;
	int id;

	for (id = 0; id < NR_SETTINGS; id++) {
		base = strchr(settings[id].sysctl, '/') + 1;
		if (name_like(name, settings[id].name) || name_like(name, base))
			return settings[id].name;
	}
	return NULL;
}

/* How strict a mode is; more is stricter. */
int mode_rank(long long mode)
{
	return mode == MODE_STRICT ? 2 : mode == MODE_HEURISTIC ? 1 : 0;
}

/**
 * policy_complete() - fill in what a policy does not say
 * @given: the policy
 * @want: the result: all that is to be in force
 */
void policy_complete(const struct values *given, struct values *want)
{
	int id;

	for (id = 0; id < NR_SETTINGS; id++) {
		want->set[id] = given->set[id];
		want->v[id] = given->set[id] ? given->v[id] : 0;
		if (!given->set[id] && settings[id].by_default != UNMANAGED) {
			want->set[id] = true;
			want->v[id] = settings[id].by_default;
		}
	}
	/* The kernel sets the one to 0 when the other is written. */
	if (want->v[OVERCOMMIT_KBYTES])
		want->v[OVERCOMMIT_RATIO] = 0;
}

/**
 * policy_check() - see whether values that are right each for itself fit
 * @given: the policy
 * @m: what is wrong or odd is added
 */
void policy_check(const struct values *given, struct messages *m)
{
	struct values want;

	if (given->set[OVERCOMMIT_RATIO] && given->v[OVERCOMMIT_KBYTES])
		error_add(m, "OvercommitRatio and OvercommitKbytes: one too many, leave one out");

	policy_complete(given, &want);
	if (want.v[OVERCOMMIT_MEMORY] == MODE_STRICT &&
	    !want.v[OVERCOMMIT_RATIO] && !want.v[OVERCOMMIT_KBYTES])
		error_add(m, "OvercommitRatio 0 in strict mode: only swap could be promised");
	if (want.v[OVERCOMMIT_MEMORY] == MODE_STRICT &&
	    want.v[OVERCOMMIT_KBYTES] &&
	    want.v[ADMIN_RESERVE_KBYTES] >= want.v[OVERCOMMIT_KBYTES])
		warning_add(m, "AdminReserveKbytes %lld leaves others nothing of OvercommitKbytes",
			    want.v[ADMIN_RESERVE_KBYTES]);
	if (want.v[PANIC_ON_OOM] == 2 && want.v[OOM_KILL_ALLOCATING_TASK])
		error_add(m, "OomKillAllocatingTask 1 with PanicOnOom 2: nobody would be killed");
	else if (want.v[PANIC_ON_OOM] && want.v[OOM_KILL_ALLOCATING_TASK])
		warning_add(m, "OomKillAllocatingTask 1 with PanicOnOom 1 only counts in cgroups");
	if (want.v[PANIC_ON_OOM] && given->set[PANIC_TIMEOUT] &&
	    !given->v[PANIC_TIMEOUT])
		warning_add(m, "PanicTimeout 0 with PanicOnOom %lld: the machine will stay down",
			    want.v[PANIC_ON_OOM]);
	if (want.v[OOM_FORK_WEIGHT] && !want.v[OOM_FORK_WINDOW_MS])
		warning_add(m, "OomForkWeight %lld has no effect with OomForkWindowMs 0",
			    want.v[OOM_FORK_WEIGHT]);
}
