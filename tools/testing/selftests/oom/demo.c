// SPDX-License-Identifier: GPL-2.0-only
/*
 * The series at work: drives a small machine out of memory and past its
 * promises, and prints what was predicted beside what happened.
 *
 * Meant for a guest of 512 MB that has nothing else to do; run as root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "oom_util.h"

static int mismatches;

static void heading(const char *format, ...)
{
	va_list args;

	printf("\n");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n    %-46s %-14s %s\n", "what", "predicted", "happened");
}

static void row(const char *what, const char *predicted, const char *happened)
{
	bool same = !strcmp(predicted, happened);

	printf("    %-46s %-14s %-14s %s\n", what, predicted, happened,
	       same ? "as predicted" : "NOT AS PREDICTED");
	fflush(stdout);
	mismatches += !same;
}

static const char *verdict(int err)
{
	return err ? strerrorname_np(-err) : "granted";
}

/* (a) and (b): who dies when memory is full? */

struct actor {
	const char *name;
	int adj;
	size_t bytes;
	struct hog hog;
	bool dead;
};

static int start_actors(struct actor *actors, int nr, const char *cgroup)
{
	char what[64];
	long long score;
	int i, err;

	for (i = 0; i < nr; i++) {
		err = hog_start(&actors[i].hog, actors[i].adj, cgroup);
		if (!err)
			err = hog_grow(&actors[i].hog, actors[i].bytes);
		if (err) {
			printf("    cannot start %s: %s\n", actors[i].name,
			       strerror(-err));
			mismatches++;
			return err;
		}
	}
	for (i = 0; i < nr; i++) {
		err = read_proc(actors[i].hog.pid, "oom_score", &score);
		snprintf(what, sizeof(what), "%s, %zu kB, adj %d",
			 actors[i].name, actors[i].bytes / 1024, actors[i].adj);
		printf("    %-46s oom_score %lld\n", what, err ? -1 : score);
	}
	fflush(stdout);
	return 0;
}

static struct actor *highest(struct actor *actors, int nr)
{
	struct actor *first = NULL;
	long long score, best = 0;
	int i;

	for (i = 0; i < nr; i++) {
		if (actors[i].dead ||
		    read_proc(actors[i].hog.pid, "oom_score", &score))
			continue;
		if (score > best) {
			best = score;
			first = &actors[i];
		}
	}
	return first;
}

/*
 * Let one actor grow in steps until somebody dies. The prediction is the
 * highest oom_score before the step that did it. Returns false if Linux killed
 * two at once, and nothing can be said of the order.
 */
static bool until_death(struct actor *actors, int nr, struct actor *grower,
			size_t step, const char *what)
{
	struct actor *predicted;
	struct hog *hogs[8];
	int i, kills, status = 0;

	for (i = 0; i < nr; i++)
		hogs[i] = &actors[i].hog;
	do {
		predicted = highest(actors, nr);
		kills = hog_grow_kills(&grower->hog, step);
	} while (!kills);
	if (kills > 1)
		return false;

	i = hog_wait_any(hogs, nr, &status);
	if (i < 0) {
		row(what, predicted ? predicted->name : "nobody",
		    "somebody else");
		return true;
	}
	actors[i].dead = true;
	row(what, predicted ? predicted->name : "nobody", actors[i].name);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		row("    its end", "killed", "something else");
	return true;
}

static void stop_actors(struct actor *actors, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (!actors[i].dead)
			hog_stop(&actors[i].hog);
}

static void alive(struct actor *actor)
{
	char what[64];

	snprintf(what, sizeof(what), "then the %s process", actor->name);
	row(what, "alive", actor->dead ? "dead" : "alive");
}

static bool full_machine(void)
{
	long long available = 0;
	bool told = true;
	size_t tenth;
	struct actor actors[] = {
		{ .name = "large hog" },
		{ .name = "small hog" },
		{ .name = "volunteer", .adj = 1000 },
		{ .name = "immune", .adj = -1000 },
	};

	read_key_number("/proc/meminfo", "MemAvailable", &available);
	tenth = available * 1024 / 10;
	actors[0].bytes = tenth * 4 & ~4095UL;
	actors[1].bytes = tenth * 3 / 2 & ~4095UL;
	actors[2].bytes = tenth / 2 & ~4095UL;
	actors[3].bytes = tenth * 5 / 2 & ~4095UL;

	heading("(a) The machine is full: %lld MB are available to four processes",
		available / 1024);
	if (!start_actors(actors, 4, NULL)) {
		told = until_death(actors, 4, &actors[1], 2 * MB,
				   "the small hog grows: first to die") &&
		       until_death(actors, 4, &actors[1], 2 * MB,
				   "it grows on: second to die");
		if (told)
			alive(&actors[3]);
	}
	stop_actors(actors, 4);
	return told;
}

static bool small_cgroup(void)
{
	struct actor actors[] = {
		{ .name = "neutral", .bytes = 512 * 1024 },
		{ .name = "volunteer", .bytes = 768 * 1024, .adj = 1000 },
		{ .name = "immune", .bytes = 256 * 1024, .adj = -1000 },
	};
	char path[256], file[300], text[16];
	long long kills = -1;
	bool told = true;
	int err;

	heading("(b) A cgroup with memory.max 3 MB is full (plain Linux 6.12 ignores\n"
		"    oom_score_adj there, kills the neutral process and spares the volunteer)");
	err = cgroup_create("demo", 3 * MB, path, sizeof(path));
	if (err) {
		row("making the cgroup", "granted", verdict(err));
		return true;
	}
	if (!start_actors(actors, 3, path)) {
		told = until_death(actors, 3, &actors[0], 16 * 1024,
				   "the neutral process grows: first to die");
		if (told) {
			alive(&actors[0]);
			alive(&actors[2]);
			snprintf(file, sizeof(file), "%s/memory.events", path);
			read_key_number(file, "oom_kill", &kills);
			snprintf(text, sizeof(text), "%lld", kills);
			row("memory.events oom_kill", "1", text);
		}
	}
	stop_actors(actors, 3);
	cgroup_remove(path);
	return told;
}

/* A scene in which two die at once tells nothing of the order: play it again. */
static void play(bool (*scene)(void))
{
	int tries;

	for (tries = 0; tries < 5; tries++) {
		if (scene())
			return;
		printf("    Linux killed a second process while the memory of the first\n"
		       "    was on its way back, so the order can't be seen. Once more:\n");
	}
	row("a scene with one victim at a time", "seen", "not seen");
}

/* (c): who may lower oom_score_adj? Each in a process of its own. */

struct attempt {
	const char *what;
	const char *command;
	const char *adj;
	int predicted;
};

static void try_all(const struct attempt *attempts, int nr)
{
	pid_t pid;
	int i, err;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		mismatches = 0;
		for (i = 0; i < nr; i++) {
			const struct attempt *a = &attempts[i];

			err = a->command ? token_command(a->command) :
					   write_file(ADJ_FILE, a->adj);
			row(a->what, verdict(a->predicted), verdict(err));
		}
		exit(mismatches);
	}
	if (waitpid(pid, &err, 0) == pid)
		mismatches += WIFEXITED(err) ? WEXITSTATUS(err) : 1;
}

static void the_gate(void)
{
	static const struct attempt with[] = {
		{ "SeTcbPrivilege enabled: raise to 300", NULL, "300", 0 },
		{ "                        lower to -500", NULL, "-500", 0 },
		{ "disable SeTcbPrivilege", "disable SeTcbPrivilege", NULL, 0 },
		{ "    lower to -600", NULL, "-600", -EACCES },
		{ "enable it again", "enable SeTcbPrivilege", NULL, 0 },
		{ "    lower to -600", NULL, "-600", 0 },
	};
	static const struct attempt without[] = {
		{ "remove SeTcbPrivilege (root, all capabilities)",
		  "remove SeTcbPrivilege", NULL, 0 },
		{ "    raise to 300", NULL, "300", 0 },
		{ "    lower to 299", NULL, "299", -EACCES },
		{ "    back to 0, which it had before", NULL, "0", -EACCES },
		{ "    raise to 400", NULL, "400", 0 },
		{ "enable what was removed", "enable SeTcbPrivilege", NULL,
		  -EPERM },
	};

	heading("(c) Lowering oom_score_adj needs SeTcbPrivilege");
	try_all(with, ARRAY_SIZE(with));
	try_all(without, ARRAY_SIZE(without));
}

/* (d): which promises does each overcommit mode make? */

static const char *try_map(size_t bytes, int flags)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (map == MAP_FAILED)
		return verdict(-errno);
	munmap(map, bytes);
	return verdict(0);
}

static long long mem(const char *key)
{
	long long kb = 0;

	read_key_number("/proc/meminfo", key, &kb);
	return kb * 1024;
}

/*
 * Documentation/mm/overcommit-accounting.rst, __vm_enough_memory(): mode 0
 * refuses what is larger than RAM and swap together, unless MAP_NORESERVE is
 * given; mode 1 refuses nothing; mode 2 refuses what would take the promise
 * over the limit, MAP_NORESERVE or not, less the reserves of the user (3 % of
 * the process or user_reserve_kbytes); root keeps the admin's.
 */
static const char *predict_map(int mode, size_t bytes, int flags)
{
	long long reserve, own = 0;
	char path[64];
	bool refused = false;

	if (mode == 0) {
		refused = !(flags & MAP_NORESERVE) &&
			  (long long)bytes >
			  mem("MemTotal") + mem("SwapTotal");
	} else if (mode == 2) {
		read_number("/proc/sys/vm/user_reserve_kbytes", &reserve);
		snprintf(path, sizeof(path), "/proc/%d/status", getpid());
		read_key_number(path, "VmSize", &own);
		own = own * 1024 / 32;
		if (reserve * 1024 < own)
			own = reserve * 1024;
		refused = mem("Committed_AS") + (long long)bytes >=
			  mem("CommitLimit") - own;
	}
	return verdict(refused ? -ENOMEM : 0);
}

static void overcommit(void)
{
	static const char * const knob = "/proc/sys/vm/overcommit_memory";
	char what[80], old[16] = "0", text[4];
	size_t total = mem("MemTotal");
	const struct {
		const char *name;
		size_t bytes;
	} sizes[] = {
		{ "a quarter of RAM", total / 4 },
		{ "9/10 of RAM", total / 10 * 9 },
		{ "twice RAM", total * 2 },
	};
	int mode, i, noreserve;

	heading("(d) What each mode of vm.overcommit_memory promises, of %zu MB RAM",
		total / MB);
	read_file(knob, old, sizeof(old));
	for (mode = 0; mode <= 2; mode++) {
		snprintf(text, sizeof(text), "%d", mode);
		if (write_file(knob, text)) {
			row("setting the mode", "granted", "refused");
			break;
		}
		for (i = 0; i < 3; i++) {
			for (noreserve = 0; noreserve <= 1; noreserve++) {
				int flags = noreserve ? MAP_NORESERVE : 0;
				const char *predicted =
					predict_map(mode, sizes[i].bytes, flags);

				snprintf(what, sizeof(what), "mode %d: %s%s",
					 mode, sizes[i].name,
					 noreserve ? ", MAP_NORESERVE" : "");
				row(what, predicted,
				    try_map(sizes[i].bytes, flags));
			}
		}
	}
	write_file(knob, old);
}

int main(int argc, char *argv[])
{
	if (argc > 1) {
		printf("usage: %s\n\n"
		       "Fill this machine's memory, as root, and print what was predicted and what\n"
		       "happened. Exits 0 only if all is as predicted. For a guest of its own: the\n"
		       "OOM killer will run, and may choose what else the machine does.\n",
		       argv[0]);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	if (getuid()) {
		fprintf(stderr, "%s: run as root\n", argv[0]);
		return 2;
	}
	play(full_machine);
	play(small_cgroup);
	the_gate();
	overcommit();
	printf("\n%s\n", mismatches ? "Some of this was NOT as predicted." :
				      "All of this was as predicted.");
	return mismatches ? 1 : 0;
}
