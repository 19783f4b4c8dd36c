// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs out of memory in a guest of its own, whose kernel may panic of it.
 *
 *	semantics PANIC_ON_OOM KIND	one OOM: global, memcg, cpuset or
 *					mempolicy
 *	semantics survive		all that vm.panic_on_oom 0 and 1 survive
 *	semantics strict		mode 2: ENOMEM and no kill; then memory
 *					that no mode counts is used up
 *
 * The guest has a node 1, which is small. Prints TAP; scripts/check.d/
 * oom-semantics knows which of these must not return.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event_util.h"
#include "oom_util.h"

static void set_sysctl(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	tap_must(write_file(path, value), path);
}

/* Touch as much as there is in the whole machine, and as much again. */
static void eat(void)
{
	size_t bytes = 2 * sysconf(_SC_PHYS_PAGES) * getpagesize();
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t i;

	if (memory == MAP_FAILED)
		_exit(5);
	for (i = 0; i < bytes; i += getpagesize())
		memory[i] = 1;
	_exit(6);
}

enum kind { GLOBAL, MEMCG, CPUSET, MEMPOLICY, KINDS };

static const char * const kinds[] = { "global", "memcg", "cpuset", "mempolicy" };
static const char * const constraints[] = {
	"none", "memcg", "cpuset", "mempolicy",
};

/* Have an OOM of this kind, and see that it killed whom it should. */
static bool oom(enum kind kind)
{
	char line[LINE_MAX_], cgroup[256] = "", path[300];
	long long first = history_last() + 1, kills = vmstat_kills();
	unsigned long node1 = 1 << 1;
	siginfo_t info = { };
	bool ok;
	pid_t pid;

	if (kind == CPUSET)
		tap_must(write_file(CGROUP_ROOT "/cgroup.subtree_control",
				    "+cpuset"), "cpusets");
	if (kind == MEMCG || kind == CPUSET)
		tap_must(cgroup_create("semantics", kind == MEMCG ? 4 * MB :
				       1UL << 40, cgroup, sizeof(cgroup)), "cgroup");
	if (kind == CPUSET) {
		snprintf(path, sizeof(path), "%s/cpuset.mems", cgroup);
		tap_must(write_file(path, "1"), path);
	}
	pid = fork();
	if (!pid) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		if (cgroup[0] && write_file(path, "0"))
			_exit(2);
		if (kind == MEMPOLICY &&
		    syscall(__NR_set_mempolicy, MPOL_BIND, &node1, 8))
			_exit(3);
		if (write_file(ADJ_FILE, "1000"))
			_exit(4);
		eat();
	}
	tap_must(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) ? -errno : 0, "wait");
	ok = info.si_code == CLD_KILLED && info.si_status == SIGKILL &&
	     oom_killed(pid) == first && vmstat_kills() == kills + 1 &&
	     !history_find_pid(first, pid, line, sizeof(line)) &&
	     record_is(line, "constraint", constraints[kind]) &&
	     record_is(line, "reason", "chosen");
	if (!ok)
		printf("# code %d status %d oom_killed %lld, kills %lld: %s\n",
		       info.si_code, info.si_status, oom_killed(pid),
		       vmstat_kills() - kills, line);
	waitpid(pid, NULL, 0);
	if (cgroup[0])
		cgroup_remove(cgroup);
	return ok;
}

static void one(const char *panic_on_oom, enum kind kind)
{
	char what[64];

	set_sysctl("panic_on_oom", panic_on_oom);
	snprintf(what, sizeof(what), "panic_on_oom %s, %s: a kill, no panic",
		 panic_on_oom, kinds[kind]);
	tap_result(oom(kind), what);
}

/* What a process can ask for in one go, halved until it is refused. */
static size_t take_all(size_t step)
{
	size_t taken = 0;
	char *memory;

	while (step >= 1 << 16) {
		memory = mmap(NULL, step, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED) {
			if (errno != ENOMEM)
				return 0;
			step /= 2;
			continue;
		}
		memset(memory, 1, step);
		taken += step;
	}
	return taken;
}

static void strict(void)
{
	long long kills = vmstat_kills();
	int refused = 0, status, i;
	size_t *taken, total = 0;
	struct rlimit files = { 65536, 65536 };
	int ends[2], go[2];
	static char page[4096];
	char byte;

	set_sysctl("overcommit_memory", "2");
	set_sysctl("overcommit_ratio", "60");
	set_sysctl("panic_on_oom", "2");
	taken = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Four at once take all that is promised to them, and use it. */
	tap_must(pipe(go) ? -errno : 0, "pipe");
	for (i = 0; i < 4; i++) {
		if (fork())
			continue;
		close(go[1]);
		taken[i] = take_all(64 * MB);
		/* Refused, it is still there: until all are done. */
		taken[4 + i] = 1;
		if (read(go[0], &byte, 1))
			_exit(2);
		_exit(taken[i] ? 0 : 1);
	}
	for (i = 0; i < 1200 && taken[4] + taken[5] + taken[6] + taken[7] < 4; i++)
		usleep(100000);
	close(go[1]);
	for (i = 0; i < 4; i++) {
		wait(&status);
		refused += WIFEXITED(status) && !WEXITSTATUS(status);
		total += taken[i];
	}
	printf("# mode 2: %zu MB taken and used\n", total / MB);
	tap_result(refused == 4 && total > 50 * MB,
		   "mode 2: all are refused with ENOMEM, and live");
	tap_result(vmstat_kills() == kills && history_last() == 0,
		   "mode 2: nobody is killed");

	/* Pages in pipes are promised to nobody. */
	setrlimit(RLIMIT_NOFILE, &files);
	while (!pipe(ends)) {
		fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		while (write(ends[1], page, sizeof(page)) > 0)
			;
	}
	tap_result(false, "mode 2 with panic_on_oom 2: exhaustion panics");
}

int main(int argc, char **argv)
{
	enum kind kind;

	printf("TAP version 13\n");
	look_off();
	if (argc == 2 && !strcmp(argv[1], "survive")) {
		for (kind = GLOBAL; kind < KINDS; kind++)
			one("0", kind);
		for (kind = MEMCG; kind < KINDS; kind++)
			one("1", kind);
	} else if (argc == 2 && !strcmp(argv[1], "strict")) {
		strict();
	} else if (argc == 3) {
		for (kind = GLOBAL; kind < KINDS; kind++)
			if (!strcmp(argv[2], kinds[kind]))
				one(argv[1], kind);
	}
	return tap_end();
}
