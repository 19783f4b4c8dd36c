// SPDX-License-Identifier: GPL-2.0-only
/*
 * A soak: everything that the series has to bear, all at once, for a long time.
 *
 *	soak SECONDS [SEED [immune|promise|record]]
 *
 * The load comes in rounds. After each it is taken away, and every counter must
 * be back where it was, each kill have its record, and all who may not die be
 * alive. A third argument breaks one of these on purpose. make soak runs it;
 * it turns many knobs, so that it wants a guest of its own.
 *
 * Prints TAP. Lines of the kernel's log that match a line of /etc/alarms fail;
 * data races that KCSAN reports are only told, since most are Linux's own.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "commit_steps.h"
#include "commit_util.h"
#include "event_util.h"
#include "oom_util.h"
#include "peios_util.h"

#define ROUND		120	/* seconds of load */
#define BEAT		10	/* seconds between signs of life */
#define LATE_MAX	60	/* seconds that one may be late */
#define SLOTS		12	/* cgroups that come and go */
#define HOLDERS		8	/* processes that may not die */
#define SEQ_MAX		(8 << 20)
#define DEBUGFS		"/sys/kernel/debug"
#define SWAP		"/dev/ram0"
#define CPU		"/sys/devices/system/cpu/cpu1/online"
#define VM		"/proc/sys/vm/"

/* What is counted */
enum {
	FORKS, EATERS, STEPS, KNOBS, KNOBS_REFUSED, LIMITS, CGROUPS, REMOVED,
	MOVES, HOTPLUGS, SWAPONS, SWAPOFFS, READS, TRIGGERS, WARNINGS, TOKENS,
	DESCRIPTORS, LOWERINGS, ROBUST, STRESS_NG, BY_CHOICE, BY_ALLOCATOR,
	BY_ORIGIN, BY_GROUP, BY_SHARING, OF_VOLUNTEERS, OF_NORMAL, IN_CGROUP,
	IN_SYSTEM, RACES, NR_COUNTS
};

static const char * const names[NR_COUNTS] = {
	"forks", "eaters", "steps", "knobs", "knobs_refused", "limits",
	"cgroups", "removed", "moves", "hotplugs", "swapons", "swapoffs",
	"reads", "triggers", "warnings", "tokens", "descriptors", "lowerings",
	"robust", "stress_ng", "by_choice", "by_allocator", "by_origin",
	"by_group", "by_sharing", "of_volunteers", "of_normal", "in_cgroup",
	"in_system", "races",
};

static struct shared {
	long long counts[NR_COUNTS];
	bool stop;
	bool ready;
	bool done;
	int violations;
	char first_violations[3][512];	/* told last, where a reader looks */
	long long late;		/* ms, the most */
	long long ms;		/* when the heart beat last */
	long long records;
	long long counted;
	long long lost;
	long long wrong;
	long long first;
	long long holds[HOLDERS];
	pid_t bait;
	pthread_mutex_t mutex;
	char seen[SEQ_MAX];
} *shared;

static void count(int what)
{
	__atomic_add_fetch(&shared->counts[what], 1, __ATOMIC_RELAXED);
}

static char top[200], home[256], keep[2][256], slots[SLOTS][256];
static const char *break_what = "";
static uint64_t state;

static unsigned int below(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

static void seed(uint64_t by)
{
	state = (by + 1) * 0x9e3779b97f4a7c15ull;
	below(2);
}

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static __printf(1, 2) void violation(const char *format, ...)
{
	char text[512];
	va_list args;
	int nr;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	nr = __atomic_fetch_add(&shared->violations, 1, __ATOMIC_RELAXED);
	if (nr < (int)ARRAY_SIZE(shared->first_violations))
		memcpy(shared->first_violations[nr], text, sizeof(text));
	dprintf(1, "# VIOLATION at %lld s: %s\n", now_ms() / 1000, text);
}

static void must(int err, const char *what)
{
	if (!err)
		return;
	printf("Bail out! %s: %s\n", what, strerror(-err));
	exit(1);
}

static int put(const char *dir, const char *name, const char *text)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return write_file(path, text);
}

static int put_number(const char *dir, const char *name, long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	return put(dir, name, text);
}

static const char *some_cgroup(void)
{
	unsigned int nr = below(SLOTS + 2);

	return nr < SLOTS ? slots[nr] : keep[nr - SLOTS];
}

/* A process in a cgroup, or 0 */
static pid_t some_process(const char *cgroup)
{
	char path[400], procs[4096], *line;
	unsigned int lines = 0, nr;
	int len;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	len = read_file(path, procs, sizeof(procs));
	for (line = procs; len > 0 && *line; line++)
		lines += *line == '\n';
	if (len <= 0 || !lines)
		return 0;
	for (line = procs, nr = below(lines); nr; nr--)
		line = strchr(line, '\n') + 1;
	return atoi(line);
}

static void make_it_fail(void)
{
	write_file("/proc/self/make-it-fail", "1");
}

/* A child of a load; it dies with it. */
static pid_t load_fork(void)
{
	pid_t pid = fork();

	if (!pid) {
		die_with_parent();
		seed(state + getpid());
	} else if (pid > 0) {
		count(FORKS);
	} else {
		usleep(10000);
	}
	return pid;
}

/*
 * Loads: each is a process that cannot be killed for memory, called again and
 * again, whose children can.
 */

static size_t limit_of(const char *cgroup)
{
	long long bytes;
	char path[400];

	snprintf(path, sizeof(path), "%s/memory.max", cgroup);
	return !read_number(path, &bytes) && bytes > 0 ? bytes : (long long)(6 * MB);
}

static int eat_shared(void *arg)
{
	die_with_parent();
	for (;;)
		pause();
	return 0;
}

static void *eat_thread(void *arg)
{
	memset(arg, 2, 2 * MB);
	for (;;)
		pause();
	return NULL;
}

static char *new_memory(size_t bytes)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;
	char *memory;

	switch (below(6)) {
	case 0:
		flags = MAP_SHARED | MAP_ANONYMOUS;
		break;
	case 1:
		fd = memfd_create("soak", MFD_CLOEXEC);
		flags = MAP_SHARED;
		if (fd < 0 || ftruncate(fd, bytes))
			_exit(5);
		break;
	case 2:
		flags |= MAP_NORESERVE;
		break;
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	if (memory == MAP_FAILED)
		_exit(6);
	if (below(4) == 0)
		madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

/*
 * The list and the mutex stay in memory: entries that are swapped out can't be
 * read by a victim that may not charge what they take, here as on plain Linux.
 */
static void lock_robust(void)
{
	if (mlock((void *)pthread_self(), 4096) ||
	    mlock(&shared->mutex, sizeof(shared->mutex)))
		_exit(3);
	pthread_mutex_lock(&shared->mutex);
}

static void eat(size_t bytes, bool robust)
{
	static const char * const adjs[] = { "0", "0", "0", "300", "1000", "-300" };
	const size_t piece = bytes > 16 * MB ? 8 * MB : 256 << 10;
	struct sched_param batch = { };
	pthread_t thread;
	size_t done, i;
	char *memory;
	int children;

	write_file(ADJ_FILE, adjs[below(6)]);
	sched_setscheduler(0, SCHED_BATCH, &batch);
	if (robust)
		lock_robust();
	else if (below(2))
		make_it_fail();
	for (children = below(4) ? 0 : 3; children; children--) {
		if (!load_fork()) {
			memory = new_memory(MB);
			memset(memory, 1, MB / 4);
			eat_shared(NULL);
		}
	}
	if (below(4) == 0) {
		memory = new_memory(2 * MB);
		if (!pthread_create(&thread, NULL, eat_thread, memory))
			count(FORKS);
	}
	if (below(4) == 0) {
		memory = new_memory(65536);
		if (clone(eat_shared, memory + 65536, CLONE_VM | SIGCHLD, NULL) > 0)
			count(FORKS);
	}
	for (done = 0; done < bytes && !stopped(); done += piece) {
		memory = new_memory(piece);
		for (i = 0; i < piece; i += 4096)
			memory[i] = 1;
	}
	_exit(7);
}

struct eating {
	const char *cgroup;
	bool robust;
};

static int eat_in(void *arg)
{
	struct eating *eating = arg;

	die_with_parent();
	seed(state + getpid());
	eat(3 * limit_of(eating->cgroup), eating->robust);
	return 0;
}

/*
 * Who goes to a cgroup that may be full can be killed first: if nobody there can,
 * a fault is tried again until the limit is raised.
 */
static void eater_run(struct eating *eating)
{
	pid_t pid;

	write_file(ADJ_FILE, "0");
	/* A robust list is glibc's fork()'s to announce. */
	if (eating->robust || below(2)) {
		/* Moves there, and is charged where it came from for life. */
		if (put(eating->cgroup, "cgroup.procs", "0"))
			_exit(4);
		eat_in(eating);
	}
	pid = fork_into(eating->cgroup, eat_in, eating);
	if (pid > 0) {
		count(FORKS);
		waitpid(pid, NULL, 0);
	}
	_exit(0);
}

static void eat_in_cgroup(bool robust)
{
	struct eating eating = { some_cgroup(), robust };
	pid_t pid = load_fork();
	int err;

	if (!pid)
		eater_run(&eating);
	if (pid < 0)
		return;
	count(EATERS);
	waitpid(pid, NULL, 0);
	if (!robust)
		return;
	/* It has gone, and what it held has no owner: never stuck. */
	err = pthread_mutex_trylock(&shared->mutex);
	if (err == EBUSY)
		violation("a dead process holds a robust mutex");
	if (err == EOWNERDEAD) {
		count(ROBUST);
		pthread_mutex_consistent(&shared->mutex);
	}
	if (err != EBUSY)
		pthread_mutex_unlock(&shared->mutex);
}

static void load_eaters(void)
{
	eat_in_cgroup(false);
}

static void load_robust(void)
{
	eat_in_cgroup(true);
}

static void load_system(void)
{
	long long bytes = meminfo_bytes("MemTotal");
	pid_t pid = load_fork();

	if (!pid)
		eat(2 * bytes, false);
	if (pid < 0)
		return;
	count(EATERS);
	waitpid(pid, NULL, 0);
	usleep(below(1000) * 1000);
}

static void load_steps(void)
{
	const char * const groups[] = { some_cgroup(), some_cgroup(), home };
	struct commit_stepper stepper = {
		.seed = below(UINT_MAX), .nr = 1, .faults = below(2),
		.groups = groups, .nr_groups = 3,
	};
	pid_t pid = load_fork();
	int i;

	if (!pid) {
		write_file(ADJ_FILE, "0");
		put(groups[0], "cgroup.procs", "0");
		if (commit_steps_begin(&stepper))
			_exit(1);
		for (i = 0; i < 400 && !stopped(); i++) {
			commit_step(&stepper);
			count(STEPS);
		}
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	commit_steps_end(1);
}

static void load_knobs(void)
{
	static const struct { const char *name; int from, to; } knobs[] = {
		{ "overcommit_memory", 0, 3 }, { "overcommit_memory", 0, 2 },
		{ "overcommit_ratio", 40, 120 },
		{ "overcommit_kbytes", 300000, 900000 },
		{ "oom_parent_share", -10, 1100 }, { "oom_fork_weight", -10, 1100 },
		{ "oom_fork_window_ms", 0, 100000 }, { "oom_tcb_discount", -10, 1100 },
		{ "oom_kill_allocating_task", 0, 1 },
		{ "user_reserve_kbytes", 0, 65536 },
		{ "admin_reserve_kbytes", 0, 16384 },
		{ "min_free_kbytes", 512, 4096 },
		{ "swappiness", 0, 100 }, { "commit_wait_ms", 0, 1100 },
	};
	int nr = below(ARRAY_SIZE(knobs));
	long long value = knobs[nr].from + (int)below(knobs[nr].to - knobs[nr].from + 1);

	if (put_number(VM, knobs[nr].name, value))
		count(KNOBS_REFUSED);
	else
		count(KNOBS);
	usleep(below(50) * 1000);
}

static void set_limits(const char *cgroup)
{
	static const char * const modes[] = { "system", "always", "strict" };
	long long used = commit_of(cgroup, "current");
	int err;

	switch (below(6)) {
	case 0:
		err = commit_set(cgroup, "max", "max");
		break;
	case 1:
		err = commit_set_number(cgroup, "max", used + below(16) * MB);
		break;
	case 2:
		err = commit_set(cgroup, "mode", modes[below(3)]);
		break;
	case 3:
		err = put(cgroup, "memory.oom.group", below(3) ? "0" : "1");
		break;
	case 4:
		err = put(cgroup, "memory.swap.max", below(2) ? "0" : "max");
		break;
	default:
		err = put_number(cgroup, "memory.max", (1 + below(12)) * MB);
	}
	if (!err)
		count(LIMITS);
}

static void make_cgroup(const char *cgroup)
{
	if (mkdir(cgroup, 0755))
		return;
	count(CGROUPS);
	put_number(cgroup, "memory.max", (1 + below(8)) * MB);
	if (below(2))
		put(cgroup, "memory.swap.max", "0");
	if (below(3) == 0)
		put(cgroup, "memory.oom.group", "1");
}

static void move_process(const char *from, const char *to)
{
	pid_t pid = some_process(from);

	if (pid > 0 && pid != shared->bait && !put_number(to, "cgroup.procs", pid))
		count(MOVES);
}

static void load_cgroups(void)
{
	unsigned int nr = below(SLOTS);
	int tries;

	switch (below(8)) {
	case 0 ... 1:
		make_cgroup(slots[nr]);
		break;
	case 2:
		if (below(2))
			put(slots[nr], "cgroup.kill", "1");
		for (tries = 0; tries < 20 && rmdir(slots[nr]) && errno == EBUSY; tries++)
			move_process(slots[nr], home);
		if (access(slots[nr], F_OK))
			count(REMOVED);
		break;
	case 3 ... 4:
		/* Not out of the kept ones: there are those who stay. */
		move_process(slots[nr], some_cgroup());
		break;
	default:
		set_limits(some_cgroup());
	}
	usleep(below(20) * 1000);
}

static void load_hotplug(void)
{
	if (!write_file(CPU, "0"))
		count(HOTPLUGS);
	usleep(below(1000) * 1000);
	if (!write_file(CPU, "1"))
		count(HOTPLUGS);
	usleep(below(2000) * 1000);
}

static void swap_off(void)
{
	pid_t pid = load_fork();

	/* It is immune, but asks to be the first to die. */
	if (!pid)
		_exit(swapoff(SWAP) ? 1 : 0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void load_swap(void)
{
	if (!swapon(SWAP, 0))
		count(SWAPONS);
	usleep(below(8000) * 1000);
	swap_off();
	count(SWAPOFFS);
}

static void look_at(const char *path)
{
	char text[65536];

	if (read_file(path, text, sizeof(text)) >= 0)
		count(READS);
}

static void arm_trigger(void)
{
	struct pollfd ready = { .events = POLLPRI };
	char text[64];

	ready.fd = open("/proc/commitinfo", O_RDWR | O_CLOEXEC);
	if (ready.fd < 0)
		return;
	switch (below(3)) {
	case 0:
		snprintf(text, sizeof(text), "exhaustion %u", 1 + below(100));
		break;
	case 1:
		snprintf(text, sizeof(text), "coverage %u", 1 + below(99));
		break;
	default:
		snprintf(text, sizeof(text), "outstanding %lu", below(500) * MB);
	}
	if (write(ready.fd, text, strlen(text)) > 0) {
		count(TRIGGERS);
		if (poll(&ready, 1, below(500)) > 0 && ready.revents & POLLPRI)
			count(WARNINGS);
	}
	close(ready.fd);
}

static void load_readers(void)
{
	static const char * const files[] = {
		"/proc/commitinfo", "/proc/oom_history", "/proc/vmstat",
		"/proc/meminfo", PEIOS_DIR "/status", PEIOS_DIR "/stats",
		PEIOS_DIR "/privileges", VM "overcommit_memory",
		VM "oom_parent_share", VM "oom_tcb_discount",
	};
	static const char * const of_process[] = {
		"oom_score", "oom_score_adj", "oom_adj", "oom_score_detail",
		"commit", "attr/peios/token", "attr/peios/sd", "attr/peios/pip",
		"status", "smaps_rollup", "task",
	};
	static const char * const of_cgroup[] = {
		"memory.commit.current", "memory.commit.peak", "memory.commit.max",
		"memory.commit.mode", "memory.commit.events", "memory.events",
		"memory.stat",
	};
	const char *cgroup = some_cgroup();
	char path[400];
	pid_t pid;

	look_at(files[below(ARRAY_SIZE(files))]);
	snprintf(path, sizeof(path), "%s/%s", below(4) ? cgroup : top,
		 of_cgroup[below(ARRAY_SIZE(of_cgroup))]);
	look_at(path);
	pid = below(2) ? some_process(cgroup) : (int)below(getpid() + 2000);
	snprintf(path, sizeof(path), "/proc/%d/%s", pid,
		 of_process[below(ARRAY_SIZE(of_process))]);
	look_at(path);
	if (below(20) == 0)
		arm_trigger();
}

/* Ways to lower: of its own, by four files, newly opened or not; of another. */
static const char * const doors[] = {
	"/proc/self/oom_score_adj", "/proc/self/oom_adj",
	"/proc/thread-self/oom_score_adj", "/proc/thread-self/oom_adj",
};

static bool is_old(unsigned int door)
{
	return door % 2;
}

static void check_adj(pid_t pid, long long least, const char *how)
{
	long long adj;

	if (!read_proc(pid, "oom_score_adj", &adj) && adj < least)
		violation("%s lowered the oom_score_adj of %d from %lld to %lld", how,
			  pid, least, adj);
}

static void give_up(void)
{
	switch (below(4)) {
	case 0:
		MUST(!token_command("remove SeTcbPrivilege"));
		break;
	case 1:
		MUST(!token_command("disable SeTcbPrivilege"));
		break;
	case 2:
		MUST(!become(ALICE, NULL));
		break;
	default:
		MUST(!setresuid(1000, 1000, 1000));
		prctl(PR_SET_DUMPABLE, 1);
		die_with_parent();
	}
	count(TOKENS);
}

static void change_token(void)
{
	static const char * const commands[] = {
		"disable SeDebugPrivilege", "enable SeDebugPrivilege",
		"remove SeAuditPrivilege", "remove SeIncreaseQuotaPrivilege",
		"enable SeAuditPrivilege",
	};

	if (!token_command(commands[below(ARRAY_SIZE(commands))]))
		count(TOKENS);
}

static void change_sd(void)
{
	struct sd sd;

	sd_begin(&sd, below(2) ? SYSTEM : ALICE);
	if (below(2))
		sd_deny(&sd, EVERYONE, 1 << below(13));
	sd_allow(&sd, SYSTEM, ALL_RIGHTS);
	while (below(4))
		sd_allow(&sd, below(2) ? ALICE : BOB, below(ALL_RIGHTS));
	if (!sd_write(0, &sd))
		count(DESCRIPTORS);
}

static void attack(int adj)
{
	pid_t bait = shared->bait;
	char path[64], text[16];
	int fds[4], i, steps;

	for (i = 0; i < 4; i++)
		fds[i] = open(doors[i], O_RDWR | O_CLOEXEC);
	give_up();
	if (below(3) == 0)
		make_it_fail();
	for (steps = 0; steps < 30 && !stopped(); steps++) {
		unsigned int door = below(4);

		snprintf(text, sizeof(text), "%d", is_old(door) ?
			 -1 - (int)below(17) : adj - 1 - (int)below(1000 + adj));
		switch (below(5)) {
		case 0:
			pwrite(fds[door], text, strlen(text), 0);
			break;
		case 1:
			if (bait <= 0)
				break;
			snprintf(path, sizeof(path), "/proc/%d/%s", bait,
				 is_old(door) ? "oom_adj" : "oom_score_adj");
			write_file(path, text);
			/* The bait's is 200. */
			check_adj(bait, 200, doors[door]);
			break;
		case 2:
			change_token();
			break;
		case 3:
			change_sd();
			break;
		default:
			write_file(doors[door], text);
		}
		count(LOWERINGS);
		check_adj(getpid(), adj, doors[door]);
	}
	_exit(0);
}

static void bait_run(void)
{
	write_file(ADJ_FILE, "200");
	__atomic_store_n(&shared->bait, getpid(), __ATOMIC_RELAXED);
	for (;;)
		pause();
}

static void load_attackers(void)
{
	static pid_t bait;
	int adj = 100 + below(600);
	char text[16];
	pid_t pid;

	if (!bait || waitpid(bait, NULL, WNOHANG) == bait) {
		shared->bait = 0;
		bait = load_fork();
		if (!bait)
			bait_run();
	}
	pid = load_fork();
	if (!pid) {
		snprintf(text, sizeof(text), "%d", adj);
		if (write_file(ADJ_FILE, text))
			_exit(1);
		attack(adj);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void load_stress_ng(void)
{
	static const char * const argv[] = {
		"stress-ng", "--quiet", "--temp-path", "/tmp", "--timeout", "15",
		"--vm", "1", "--vm-bytes", "48m", "--mmap", "1", "--mmap-bytes", "16m",
		"--mremap", "1", "--mremap-bytes", "8m", "--fork", "1",
		"--bigheap", "1", "--brk", "1", "--brk-bytes", "32m", NULL
	};
	pid_t pid = load_fork();
	int fd;

	if (!pid) {
		write_file(ADJ_FILE, "0");
		fd = open("/dev/null", O_RDWR);
		dup2(fd, 1);
		dup2(fd, 2);
		execv("/usr/bin/stress-ng", (char * const *)argv);
		_exit(127);
	}
	if (pid < 0)
		return;
	count(STRESS_NG);
	while (!waitpid(pid, NULL, WNOHANG)) {
		usleep(100000);
		if (stopped())
			kill(pid, SIGTERM);
	}
	usleep(below(2000) * 1000);
}

/* Those who would leave the processor to nobody else are nice. */
static const struct { void (*run)(void); const char *needs; int nice; } loads[] = {
	{ load_eaters, "/proc", 0 }, { load_eaters, "/proc", 0 },
	{ load_robust, "/proc", 0 }, { load_system, "/proc", 0 },
	{ load_steps, "/proc", 5 }, { load_knobs, VM, 5 },
	{ load_cgroups, CGROUP_ROOT, 0 }, { load_hotplug, CPU, 5 },
	{ load_swap, SWAP, 5 }, { load_readers, "/proc", 10 },
	{ load_attackers, PEIOS_DIR "/status", 10 },
	{ load_stress_ng, "/usr/bin/stress-ng", 10 },
};

#define LOADS	((int)ARRAY_SIZE(loads))

/* Who watches */

static pid_t start(void (*run)(int nr), int nr)
{
	pid_t pid = fork();

	must(pid < 0 ? -errno : 0, "fork");
	if (!pid) {
		die_with_parent();
		seed(state + 1000 + nr);
		run(nr);
		_exit(0);
	}
	return pid;
}

static void run_load(int nr)
{
	must(put(home, "cgroup.procs", "0"), "cgroup.procs");
	setpriority(PRIO_PROCESS, 0, loads[nr].nice);
	while (!stopped())
		loads[nr].run();
}

/* It may not die, holds a bit of memory, and says once a second that it is there. */
static void run_holder(int nr)
{
	char *memory = mmap(NULL, MB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	must(memory == MAP_FAILED ? -errno : 0, "holder");
	must(nr < 2 ? put(keep[nr], "cgroup.procs", "0") : 0, "cgroup.procs");
	/* In a cgroup that is full of those who may not die it could not swap in. */
	must(mlockall(MCL_CURRENT) ? -errno : 0, "mlockall");
	memory[0] = 1;
	for (;;) {
		__atomic_store_n(&shared->holds[nr], now_ms(), __ATOMIC_RELAXED);
		sleep(1);
	}
}

static void run_heart(int nr)
{
	long long last = now_ms(), said = 0, late;
	char line[128];

	for (;;) {
		usleep(500000);
		late = now_ms() - last - 500;
		last += 500 + late;
		if (late > shared->late)
			shared->late = late;
		if (late > LATE_MAX * 1000)
			violation("a sleep of 500 ms was %lld ms late", late);
		__atomic_store_n(&shared->ms, last, __ATOMIC_RELAXED);
		if (last - said < BEAT * 1000)
			continue;
		said = last;
		snprintf(line, sizeof(line),
			 "<0>soak: %lld s, %lld kills, %lld forks, %d violations\n",
			 last / 1000, vmstat_kills(), shared->counts[FORKS], shared->violations);
		write_file("/dev/kmsg", line);
	}
}

static void run_log(int nr)
{
	static char titles[256][128];
	int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC), follow = 0, i, known = 0;
	char line[8192], alarms[2048], *text;
	regex_t alarm;
	ssize_t len;

	must(fd < 0 ? -errno : 0, "/dev/kmsg");
	must(read_file("/etc/alarms", alarms, sizeof(alarms)) > 0 ? 0 : -ENOENT,
	     "/etc/alarms");
	alarms[strcspn(alarms, "\n")] = '\0';
	must(regcomp(&alarm, alarms, REG_EXTENDED | REG_NOSUB) ? -EINVAL : 0, alarms);
	lseek(fd, 0, SEEK_END);
	shared->ready = true;
	for (;;) {
		len = read(fd, line, sizeof(line) - 1);
		if (len < 0 && errno == EPIPE)
			violation("the kernel's log was overrun");
		if (len < 0)
			continue;
		line[len] = '\0';
		text = strchr(line, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (!strncmp(text, "BUG: KCSAN: ", 12)) {
			count(RACES);
			for (i = 0; i < known && strncmp(titles[i], text, 127); i++)
				;
			follow = i == known ? 60 : 0;
			if (i == known && known < 256)
				snprintf(titles[known++], 128, "%s", text);
		} else if (!regexec(&alarm, text, 0, NULL, 0)) {
			violation("kernel: %s", text);
			follow = 60;
		}
		if (follow && follow--)
			dprintf(1, "#  | %s\n", text);
		/* The end of a report */
		if (!strncmp(text, "==========", 10))
			follow = 0;
	}
}

static void note(long long seq, long long nr)
{
	for (; nr-- > 0; seq++) {
		long long at = seq - shared->first;

		if (at < 0 || at >= SEQ_MAX || shared->seen[at]++)
			shared->wrong++;
	}
}

static void classify(const char *line)
{
	static const struct { const char *key, *value; int what; } classes[] = {
		{ "reason", "chosen", BY_CHOICE },
		{ "reason", "allocating_task", BY_ALLOCATOR },
		{ "reason", "origin", BY_ORIGIN },
		{ "reason", "group", BY_GROUP },
		{ "reason", "shared_mm", BY_SHARING },
		{ "class", "volunteer", OF_VOLUNTEERS },
		{ "class", "normal", OF_NORMAL },
		{ "constraint", "memcg", IN_CGROUP },
		{ "constraint", "none", IN_SYSTEM },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (record_is(line, classes[i].key, classes[i].value))
			count(classes[i].what);
	/* But for swapoff, which asks to be the first to die. */
	if (record_is(line, "class", "immune") && !record_is(line, "reason", "origin"))
		violation("an immune process was killed: %s", line);
}

static void run_audit(int nr)
{
	bool drop = !strcmp(break_what, "record");
	int fd = audit_be_daemon(4 << 20);
	char line[LINE_MAX_];

	must(fd < 0 ? fd : 0, "audit daemon");
	shared->ready = true;
	for (;;) {
		int err = audit_read(fd, AUDIT_ANOM_OOM_KILL, 1000, line, sizeof(line));

		if (err)
			continue;
		if (!strncmp(line, "overflow=1 ", 11)) {
			note(record_number(line, "first_seq"), record_number(line, "lost"));
			shared->lost += record_number(line, "lost");
			continue;
		}
		if (drop) {
			drop = false;
			continue;
		}
		note(record_number(line, "seq"), 1);
		classify(line);
		if (!record_is(line, "reason", "shared_mm") && !record_is(line, "pid", "0"))
			shared->counted++;
		shared->records++;
	}
}

/* Allocations fail in tasks that ask for it; tells how many have. */
static void inject(const char *name, const char *probability, bool init)
{
	static const struct { const char *file, *value; } set[] = {
		{ "interval", "1" }, { "times", "2147483647" }, { "space", "0" },
		{ "verbose", "0" }, { "task-filter", "Y" }, { "ignore-gfp-wait", "N" },
		{ "ignore-gfp-highmem", "N" }, { "min-order", "0" },
	};
	char path[128];
	unsigned int i;

	snprintf(path, sizeof(path), DEBUGFS "/%s", name);
	for (i = 0; init && i < ARRAY_SIZE(set); i++)
		put(path, set[i].file, set[i].value);
	put(path, "probability", probability);
}

static long long injected(const char *name)
{
	char path[128];
	long long left;

	snprintf(path, sizeof(path), DEBUGFS "/%s/times", name);
	return read_number(path, &left) ? 0 : INT_MAX - left;
}

static pid_t holders[HOLDERS], watchers[3], loaders[LOADS];
static char defaults[16][32];
static const char * const reset[] = {
	"overcommit_memory", "overcommit_ratio", "oom_parent_share",
	"oom_fork_weight", "oom_fork_window_ms", "oom_tcb_discount",
	"oom_kill_allocating_task", "user_reserve_kbytes", "admin_reserve_kbytes",
	"min_free_kbytes", "swappiness", "commit_wait_ms",
};

static void knobs_save(void)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reset); i++) {
		snprintf(path, sizeof(path), VM "%s", reset[i]);
		must(read_file(path, defaults[i], 32) > 0 ? 0 : -ENOENT, path);
	}
}

static void knobs_reset(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reset); i++)
		put(VM, reset[i], defaults[i]);
}

static int index_of(const pid_t *pids, int nr, pid_t pid)
{
	while (nr-- && pids[nr] != pid)
		;
	return nr;
}

/* Whoever has died; few may. Returns how many loads are left. */
static int reap(void)
{
	int status, nr, left = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (index_of(holders, HOLDERS, pid) >= 0)
			violation("an immune process died, status %#x", status);
		if (index_of(watchers, 3, pid) >= 0)
			violation("one who watches died, status %#x", status);
		nr = index_of(loaders, LOADS, pid);
		if (nr < 0)
			continue;
		loaders[nr] = 0;
		if (!stopped() || status)
			violation("load %d ended, status %#x", nr, status);
	}
	for (nr = 0; nr < LOADS; nr++)
		left += loaders[nr] > 0;
	return left;
}

static void check_alive(void)
{
	long long now = now_ms(), adj;
	int i;

	for (i = 0; i < HOLDERS; i++) {
		if (now - shared->holds[i] > LATE_MAX * 1000)
			violation("immune process %d has not run for %lld ms", i,
				  now - shared->holds[i]);
		if (read_proc(holders[i], "oom_score_adj", &adj) || adj != -1000)
			violation("immune process %d is not there, or not immune", i);
	}
	if (now - shared->ms > LATE_MAX * 1000)
		violation("the heart has not beaten for %lld ms", now - shared->ms);
	if (commit_of(top, "current") > commit_of(top, "peak"))
		violation("memory.commit.current is above its peak");
}

/* Kill all in a cgroup but those who are to stay. */
static bool purge(const char *cgroup)
{
	char path[400], procs[4096], *line, *rest = procs;
	bool empty = true;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	if (read_file(path, procs, sizeof(procs)) <= 0)
		return true;
	while ((line = strsep(&rest, "\n")) && *line) {
		pid = atoi(line);
		if (index_of(holders, HOLDERS, pid) >= 0)
			continue;
		kill(pid, SIGKILL);
		empty = false;
	}
	return empty;
}

static bool purge_all(void)
{
	bool empty = purge(home) & purge(keep[0]) & purge(keep[1]);
	int i;

	for (i = 0; i < SLOTS; i++)
		empty &= purge(slots[i]);
	reap();
	return empty;
}

/*
 * Each process is on record once. The counters count as Linux does, some processes
 * again and those that share the mm of another not at all.
 */
static bool all_recorded(long long kills, long long again)
{
	return shared->records + shared->lost == history_last() - shared->first + 1 &&
	       (shared->lost || shared->counted + again == kills);
}

/* All the load is gone: is everything as it was? */
static void check_balance(long long others, long long kills_before,
			  long long again_before)
{
	long long kills = 0, again = 0;
	int tries;

	for (tries = 0; tries < 300; tries++) {
		kills = vmstat_kills() - kills_before;
		again = vmstat_again() - again_before;
		if (!commit_of(top, "current") && commit_of_no_process() == others &&
		    all_recorded(kills, again))
			break;
		usleep(100000);
	}
	if (commit_of(top, "current"))
		violation("memory.commit.current is %lld without a load",
			  commit_of(top, "current"));
	if (commit_of_no_process() != others)
		violation("Committed_AS, without that of processes, was %lld and is %lld",
			  others, commit_of_no_process());
	if (!all_recorded(kills, again) || shared->wrong)
		violation("kills %lld, again %lld, counted %lld, lost %lld; %lld/%lld, wrong %lld",
			  kills, again, shared->counted, shared->lost,
			  shared->records,
			  history_last() - shared->first + 1, shared->wrong);
	if (cgroup_kills(top) != kills)
		violation("%lld kills by memory.events, %lld by vmstat",
			  cgroup_kills(top), kills);
	check_alive();
}

static int leave_promise(void *arg)
{
	shmget(COMMIT_KEY + 77, MB, IPC_CREAT | 0600);
	return 0;
}

static void run_round(long long seconds)
{
	long long end = now_ms() + seconds * 1000;
	int nr;

	__atomic_store_n(&shared->stop, false, __ATOMIC_RELAXED);
	inject("failslab", "2", false);
	inject("fail_page_alloc", "1", false);
	for (nr = 0; nr < LOADS; nr++)
		loaders[nr] = access(loads[nr].needs, F_OK) ? 0 : start(run_load, nr);
	while (now_ms() < end) {
		sleep(1);
		reap();
		check_alive();
	}
	if (!strcmp(break_what, "immune"))
		kill(holders[HOLDERS - 1], SIGKILL);
	if (!strcmp(break_what, "promise"))
		run_in(home, leave_promise, NULL);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (end = now_ms() + 2 * LATE_MAX * 1000; reap() && now_ms() < end;)
		usleep(50000);
	for (nr = 0; nr < LOADS; nr++) {
		if (loaders[nr] <= 0)
			continue;
		violation("load %d does not end", nr);
		kill(loaders[nr], SIGKILL);
	}
}

/* What the loads have left: turned back, killed, removed. */
static void clean_up(void)
{
	long long end = now_ms() + LATE_MAX * 1000;
	int i;

	write_file(CPU, "1");
	knobs_reset();
	while (!purge_all() && now_ms() < end)
		usleep(50000);
	inject("failslab", "0", false);
	inject("fail_page_alloc", "0", false);
	for (i = 0; i < SLOTS; i++)
		if (!access(slots[i], F_OK))
			cgroup_remove(slots[i]);
	for (i = 0; i < 2; i++) {
		put(keep[i], "memory.commit.max", "max");
		put(keep[i], "memory.commit.mode", "system");
	}
	system("rm -rf /tmp/tmp-stress-ng-*");
}

static void make_cgroups(void)
{
	int i;

	snprintf(top, sizeof(top), CGROUP_ROOT "/soak");
	write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	must(mkdir(top, 0755) ? -errno : 0, top);
	must(put(top, "cgroup.subtree_control", "+memory"), top);
	snprintf(home, sizeof(home), "%s/home", top);
	must(mkdir(home, 0755) ? -errno : 0, home);
	for (i = 0; i < 2; i++) {
		snprintf(keep[i], sizeof(keep[i]), "%s/keep%d", top, i);
		must(mkdir(keep[i], 0755) ? -errno : 0, keep[i]);
		put_number(keep[i], "memory.max", 4 * MB);
		put(keep[i], "memory.oom.group", i ? "1" : "0");
	}
	snprintf(slots[0], sizeof(slots[0]), "%s/nest", top);
	must(mkdir(slots[0], 0755) ? -errno : 0, slots[0]);
	must(put(slots[0], "cgroup.subtree_control", "+memory"), slots[0]);
	put_number(slots[0], "memory.max", 24 * MB);
	for (i = SLOTS - 1; i >= 0; i--)
		snprintf(slots[i], sizeof(slots[i]), "%s%s/s%d", top,
			 i < SLOTS / 2 ? "/nest" : "", i);
}

static void make_shared(void)
{
	pthread_mutexattr_t robust;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared == MAP_FAILED ? -errno : 0, "mmap");
	pthread_mutexattr_init(&robust);
	pthread_mutexattr_setpshared(&robust, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	must(-pthread_mutex_init(&shared->mutex, &robust), "mutex");
	shared->first = history_last() + 1;
	shared->ms = now_ms();
}

static void wait_ready(void)
{
	while (!shared->ready) {
		must(waitpid(-1, NULL, WNOHANG) ? -ECHILD : 0, "one who watches");
		usleep(1000);
	}
	shared->ready = false;
}

static void make_watchers(void)
{
	int i;

	must(audit_enable(1), "audit");
	audit_backlog(8192);
	watchers[0] = start(run_audit, 0);
	wait_ready();
	watchers[1] = start(run_log, 1);
	wait_ready();
	watchers[2] = start(run_heart, 2);
	for (i = 0; i < HOLDERS; i++) {
		holders[i] = start(run_holder, i);
		while (!shared->holds[i])
			usleep(1000);
	}
}

int main(int argc, char **argv)
{
	long long seconds, begin, others, kills, again, left;
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	seconds = argc > 1 ? atoi(argv[1]) : 0;
	seed(argc > 2 ? atoi(argv[2]) : 1);
	if (argc > 3)
		break_what = argv[3];
	setvbuf(stdout, NULL, _IONBF, 0);
	printf("TAP version 13\n1..1\n");
	if (seconds < 1 || no_commit_cgroup() || !peios_enforces()) {
		printf("Bail out! soak SECONDS [SEED]: where all of the series is\n");
		return 1;
	}
	if (!access(SWAP, F_OK))
		system("mkswap " SWAP " >/dev/null");
	must(write_file(ADJ_FILE, "-1000"), ADJ_FILE);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1) ? -errno : 0, "subreaper");
	make_cgroups();
	make_shared();
	make_watchers();
	knobs_save();

	/* Set once: what is left of "times" tells how many have failed. */
	inject("failslab", "0", true);
	inject("fail_page_alloc", "0", true);
	kills = vmstat_kills();
	again = vmstat_again();
	others = commit_of_no_process();
	begin = now_ms();
	while ((left = seconds - (now_ms() - begin) / 1000) > 0) {
		run_round(left < 3 * ROUND / 2 ? left : ROUND);
		clean_up();
		check_balance(others, kills, again);
	}

	if (vmstat_kills() == kills)
		violation("nobody was killed");
	for (i = 0; i < NR_COUNTS; i++)
		printf("# %s %lld\n", names[i], shared->counts[i]);
	printf("# kills %lld\n# kills_again %lld\n# records %lld\n# records_lost %lld\n",
	       vmstat_kills() - kills, vmstat_again() - again, shared->records,
	       shared->lost);
	printf("# failed_slab %lld\n# failed_pages %lld\n", injected("failslab"),
	       injected("fail_page_alloc"));
	for (i = 0; i < 3; i++) {
		static const char * const refusals[] = {
			"commit_refused_heuristic", "commit_refused_system",
			"commit_refused_cgroup",
		};
		long long value = 0;

		read_key_number("/proc/vmstat", refusals[i], &value);
		printf("# %s %lld\n", refusals[i], value);
	}
	printf("# latest_ms %lld\n# seconds %lld\n", shared->late,
	       (now_ms() - begin) / 1000);
	for (i = 0; i < ARRAY_SIZE(shared->first_violations); i++)
		if (*shared->first_violations[i])
			printf("# VIOLATION: %s\n", shared->first_violations[i]);
	printf("%sok 1 soak: %d violations\n", shared->violations ? "not " : "",
	       shared->violations);
	for (i = 0; i < 3; i++)
		kill(watchers[i], SIGKILL);
	return shared->violations != 0;
}
