// SPDX-License-Identifier: GPL-2.0-only
/*
 * How early is the warning? Runs loads that end in an OOM kill, and loads that
 * do not, each in a cgroup with a limit of its own, in one whose parent has the
 * limit, and in one without, where the machine is the limit; and says for each
 * when which warning came. Those of memory.forecast are armed in the cgroup of
 * the load, whose-ever limit it is.
 *
 *	warning [trace] [LOAD[:PLACE]...]	scripts/warning.sh makes a table of it
 *
 * A line a load: its name, whose limit (own, parent, machine), the seconds to the
 * first OOM kill or "none", those from when half of the limit was used, then for
 * each warning the seconds from it to the kill; where there was no kill how often it
 * came, which is how many false alarms there were; "-" if it never came. With trace,
 * lines before it that begin with "#" say what the forecast was made of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "oom_util.h"

#define MODE		"/proc/sys/vm/overcommit_memory"
#define LIMIT_MS	90000
/* For the cgroups that have one. */
#define CGROUP_LIMIT	(96 * MB)
#define SWAP		"/dev/vdb"

/* Print a trace of each load, too. */
static bool tracing;

/* The limit that the load is under, in bytes: all sizes and rates are parts of it. */
static size_t limit;

static void sleep_ms(int ms)
{
	usleep(ms * 1000);
}

static char *map(size_t bytes, int flags)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

static char *promise(size_t bytes)
{
	return map(bytes, 0);
}

/* Per cent of the limit, in whole megabytes. */
static size_t part(int percent)
{
	return limit / 100 * percent / MB * MB;
}

/* Wait until so much is due, of what goes at a rate in bytes a second. */
static void wait_due(long long start, size_t done, size_t rate)
{
	long long due = rate ? start + (long long)(done * 1000 / rate) : 0;

	while (now_ms() < due)
		sleep_ms(5);
}

/* Touch memory at a rate; 0: as fast as it goes. */
static void pay(char *memory, size_t bytes, size_t rate)
{
	const size_t piece = MB / 4;
	long long start = now_ms();
	size_t paid;

	for (paid = 0; paid < bytes; paid += piece) {
		memset(memory + paid, 1, piece);
		wait_due(start, paid + piece, rate);
	}
}

/* Promised at the start, paid for slowly: an arena, a heap with -Xmx. */
static void arena(void)
{
	pay(promise(2 * limit), 2 * limit, limit / 16);
}

/* Promised a megabyte at a time and paid for at once: malloc() without free(). */
static void leak(size_t rate)
{
	for (;;)
		pay(promise(MB), MB, rate);
}

static void slow_leak(void)
{
	leak(limit / 16);
}

static void steep_leak(void)
{
	leak(limit / 8);
}

static void step(void)
{
	sleep_ms(3000);
	pay(promise(2 * limit), 2 * limit, 0);
}

static void noreserve(void)
{
	pay(map(2 * limit, MAP_NORESERVE), 2 * limit, limit / 16);
}

/* A server with a heap of 40 % of the limit takes snapshots while it is written to. */
static void fork_storm(void)
{
	size_t size = part(40);
	char *memory = promise(size);
	int i;

	pay(memory, size, limit / 5);
	sleep_ms(3000);
	for (i = 0; i < 4; i++)
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pay(memory, size, limit / 50);
			pause();
		}
	while (wait(NULL) > 0)
		;
}

/* Write so much, or for ever, at a rate. */
static void write_to(int fd, size_t bytes, size_t rate)
{
	static char text[64 * 1024];
	long long start = now_ms();
	size_t done;

	for (done = 0; !bytes || done < bytes; done += sizeof(text)) {
		if (write(fd, text, sizeof(text)) < 0)
			_exit(1);
		wait_due(start, done, rate);
	}
}

static void tmpfs_fill(void)
{
	write_to(memfd_create("fill", 0), 0, limit / 16);
}

static void many_processes(void)
{
	long long start = now_ms();
	size_t done;

	for (done = 0;; done += MB) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pay(promise(MB), MB, 0);
			pause();
		}
		wait_due(start, done, limit / 16);
	}
}

/* Something by which the OOM killer finds the one whose the kernel's memory is. */
static void ballast(void)
{
	pay(promise(part(10)), part(10), 0);
}

/* Queues of sockets that nobody reads. */
static void sockets(void)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	static char text[32 * 1024];
	long long start = now_ms();
	size_t done = 0;
	ssize_t n;
	int fds[2];

	ballast();
	if (setrlimit(RLIMIT_NOFILE, &files))
		_exit(3);
	for (;;) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
			_exit(4);
		while ((n = write(fds[0], text, sizeof(text))) > 0) {
			done += n;
			wait_due(start, done, limit / 16);
		}
	}
}

/* Files without content, in a file system of its own, which goes with who made it. */
static void dentries(void)
{
	long long start = now_ms();
	char name[128];
	int i, fd;

	ballast();
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/tmp", "tmpfs", 0, "nr_inodes=0"))
		_exit(3);
	for (i = 0;; i++) {
		snprintf(name, sizeof(name), "/tmp/%0100d", i);
		fd = open(name, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			_exit(4);
		close(fd);
		/* About a kilobyte each. */
		wait_due(start, (size_t)i * 1024, limit / 16);
	}
}

/* Read a disk that is larger than RAM, with a little memory of one's own. */
static void file_cache(void)
{
	int fd = open("/dev/vda", O_RDONLY);
	long long end = now_ms() + 15000;
	char *buffer = promise(MB);

	if (fd < 0)
		_exit(2);
	while (now_ms() < end)
		if (read(fd, buffer, MB) <= 0)
			lseek(fd, 0, SEEK_SET);
}

/* The same and a leak: the cache gives way to it. */
static void file_cache_leak(void)
{
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			file_cache();
	}
	sleep_ms(4000);
	leak(limit / 16);
}

/* Address space many times over and hardly any use of it. */
static void idle_promise(void)
{
	pay(promise(4 * limit), 8 * MB, limit / 50);
	sleep_ms(8000);
}

/* Up to 60 % and back again within 2 s, as batch jobs do. */
static void burst(int flags)
{
	size_t size = part(60);
	char *memory;
	int i;

	for (i = 0; i < 4; i++) {
		memory = map(size, flags);
		pay(memory, size, part(35));
		sleep_ms(1000);
		munmap(memory, size);
		sleep_ms(1000);
	}
}

static void bursts(void)
{
	burst(0);
}

static void noreserve_bursts(void)
{
	burst(MAP_NORESERVE);
}

/* A heap that is collected: up to 40 % in 4 s, and back. */
static void collected_heap(void)
{
	char *memory = promise(part(40));
	int i;

	for (i = 0; i < 4; i++) {
		pay(memory, part(40), part(10));
		madvise(memory, part(40), MADV_DONTNEED);
	}
}

/* Files that come and go. */
static void tmpfs_turnover(void)
{
	int i, fd;

	for (i = 0; i < 6; i++) {
		fd = memfd_create("part", 0);
		write_to(fd, part(50), part(25));
		close(fd);
	}
}

/* A service that fills its caches to 85 % in 10 s, and then has what it needs. */
static void warm_up(void)
{
	pay(promise(part(85)), part(85), part(85) / 10);
	sleep_ms(5000);
}

/* A process with 40 % starts programs by fork and exec. */
static void fork_exec(void)
{
	size_t size = part(40);
	long long end;

	pay(promise(size), size, part(20));
	end = now_ms() + 8000;
	while (now_ms() < end) {
		if (!fork()) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		wait(NULL);
		sleep_ms(50);
	}
}

/* As a compiler's many processes: some 5 % each, short lives, four at once. */
static void build_job(void)
{
	long long end = now_ms() + 12000;
	int i;

	for (i = 0; now_ms() < end; i++) {
		if (!fork()) {
			pay(promise(part(5)), part(5), part(10));
			_exit(0);
		}
		if (i >= 3)
			wait(NULL);
	}
	while (wait(NULL) > 0)
		;
}

static const struct load {
	const char *name;
	void (*run)(void);
	bool swap;
} loads[] = {
	{ .name = "arena-paid-slowly", .run = arena },
	{ .name = "slow-leak", .run = slow_leak },
	{ .name = "steep-leak", .run = steep_leak },
	{ .name = "sudden-step", .run = step },
	{ .name = "fork-cow-storm", .run = fork_storm },
	{ .name = "tmpfs-fill", .run = tmpfs_fill },
	{ .name = "many-processes", .run = many_processes },
	{ .name = "file-cache-and-leak", .run = file_cache_leak },
	{ .name = "sockets", .run = sockets },
	{ .name = "dentries", .run = dentries },
	{ .name = "noreserve", .run = noreserve },
	{ .name = "leak-into-swap", .run = slow_leak, .swap = true },
	{ .name = "file-cache", .run = file_cache },
	{ .name = "idle-promise", .run = idle_promise },
	{ .name = "bursts", .run = bursts },
	{ .name = "noreserve-bursts", .run = noreserve_bursts },
	{ .name = "collected-heap", .run = collected_heap },
	{ .name = "tmpfs-turnover", .run = tmpfs_turnover },
	{ .name = "fork-exec", .run = fork_exec },
	{ .name = "build-job", .run = build_job },
	{ .name = "warm-up-to-85", .run = warm_up },
};

static const char * const places[] = { "own", "parent", "machine" };
enum { OWN, PARENT, MACHINE };

/* The load is in inner; outer is its parent. Who has the limit? */
static char outer[128], inner[160];

/* Warnings by poll(), then those by looking. */
static struct warning {
	const char *name;
	const char *file;
	const char *rule;
	int fd;
	long long first;
	int count;
} warnings[] = {
	{ .name = "exhaustion-5", .file = "memory.forecast", .rule = "exhaustion 5" },
	{ .name = "trend-5", .file = "memory.forecast", .rule = "trend 5" },
	{ .name = "coverage-50", .file = "memory.forecast", .rule = "coverage 50" },
	{ .name = "psi", .file = "memory.pressure", .rule = "some 150000 1000000" },
	{ .name = "high-90" },
	{ .name = "poll-95" },
};

#define NR_WARNINGS	((int)ARRAY_SIZE(warnings))
#define HIGH		(NR_WARNINGS - 2)
#define POLLED		(NR_WARNINGS - 1)

/* When half of the limit was used for the first time. */
static long long half;

static void warn(struct warning *w)
{
	if (!w->count++)
		w->first = now_ms();
}

static void arm(void)
{
	char path[256];
	size_t len;
	int i;

	for (i = 0; i < NR_WARNINGS; i++) {
		struct warning *w = &warnings[i];

		w->count = 0;
		w->fd = -1;
		if (!w->file)
			continue;
		snprintf(path, sizeof(path), "%s/%s", inner, w->file);
		w->fd = open(path, O_RDWR | O_CLOEXEC);
		/* psi takes the last byte for a NUL. */
		len = strlen(w->rule) + !strcmp(w->name, "psi");
		if (w->fd < 0 || write(w->fd, w->rule, len) < 0) {
			fprintf(stderr, "%s: '%s': %s\n", path, w->rule, strerror(errno));
			exit(1);
		}
	}
}

static void disarm(void)
{
	int i;

	for (i = 0; i < NR_WARNINGS; i++)
		if (warnings[i].fd >= 0)
			close(warnings[i].fd);
}

static long long oom_kills(void)
{
	long long kills = 0;

	read_key_number("/proc/vmstat", "oom_kill", &kills);
	return kills;
}

static long long meminfo_of(const char *key)
{
	long long kb = 0;

	read_key_number("/proc/meminfo", key, &kb);
	return kb * 1024;
}

/* What of the limit is used, per cent, as who looks at it from outside knows. */
static int used(int place)
{
	long long bytes = 0;
	char path[256];

	if (place == MACHINE)
		return 100 - meminfo_of("MemAvailable") * 100 / meminfo_of("MemTotal");
	snprintf(path, sizeof(path), "%s/memory.current", place == OWN ? inner : outer);
	read_number(path, &bytes);
	return bytes * 100 / (long long)limit;
}

/*
 * An event of memory.high at 90 % comes when memory.current has got there; it would
 * also slow down the load, so there is none. Who polls does so once a second.
 */
static void look_from_outside(int place)
{
	static bool high, beyond;
	static long long looked;
	int percent = used(place);

	if (percent >= 50 && !half)
		half = now_ms();

	if (percent >= 90 && !high)
		warn(&warnings[HIGH]);
	high = percent >= 90;
	if (now_ms() < looked + 1000)
		return;
	looked = now_ms();
	if (percent >= 95 && !beyond)
		warn(&warnings[POLLED]);
	beyond = percent >= 95;
}

/*
 * What the forecast of the limit sees, ten times a second: kB used, outstanding and
 * available, of which the cases of mm/commit_forecast_test.c were made.
 */
static void trace(int place, long long began)
{
	long long used, outstanding = 0, available = 0;
	static long long traced;
	char path[256];

	if (!tracing || now_ms() < traced + 100)
		return;
	traced = now_ms();
	snprintf(path, sizeof(path), "%s", "/proc/commitinfo");
	if (place != MACHINE)
		snprintf(path, sizeof(path), "%s/memory.forecast",
			 place == OWN ? inner : outer);
	read_key_number(path, "Outstanding", &outstanding);
	read_key_number(path, "Available", &available);
	if (place == MACHINE)
		used = (meminfo_of("MemTotal") + meminfo_of("SwapTotal")) / 1024 - available;
	else
		read_key_number(path, "Payment", &used);
	printf("# %lld %lld %lld %lld\n", traced - began, used, outstanding, available);
}

static int make_place(int place, const struct load *load)
{
	char text[32];

	snprintf(outer, sizeof(outer), CGROUP_ROOT "/warning");
	snprintf(inner, sizeof(inner), "%s/load", outer);
	if (mkdir(outer, 0755) || cgroup_set(outer, "cgroup.subtree_control", "+memory") ||
	    mkdir(inner, 0755))
		return -1;
	limit = CGROUP_LIMIT;
	snprintf(text, sizeof(text), "%zu", limit);
	if (place == MACHINE)
		limit = meminfo_of("MemAvailable");
	else if (cgroup_set(place == OWN ? inner : outer, "memory.max", text))
		return -1;
	if (load->swap && (system("mkswap " SWAP " > /dev/null") || swapon(SWAP, 0)))
		return -1;
	return 0;
}

static void remove_place(const struct load *load)
{
	cgroup_set(outer, "cgroup.kill", "1");
	cgroup_remove(inner);
	cgroup_remove(outer);
	if (load->swap)
		swapoff(SWAP);
}

static pid_t start(const struct load *load)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	munlockall();
	write_file(ADJ_FILE, "0");
	if (cgroup_set(inner, "cgroup.procs", "0"))
		_exit(2);
	/* What it promises counts where it was forked: let it be a child of it. */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		load->run();
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	_exit(0);
}

static void say(const struct load *load, int place, long long start, long long killed)
{
	int i;

	printf("%-20s %-8s", load->name, places[place]);
	if (killed)
		printf(" %7.1f", (killed - start) / 1000.0);
	else
		printf(" %7s", "none");
	if (killed && half)
		printf(" %7.1f", (killed - half) / 1000.0);
	else
		printf(" %7s", "-");
	for (i = 0; i < NR_WARNINGS; i++) {
		if (!warnings[i].count)
			printf(" %13s", "-");
		else if (killed)
			printf(" %13.1f", (killed - warnings[i].first) / 1000.0);
		else
			printf(" %13d", warnings[i].count);
	}
	printf("\n");
	fflush(stdout);
}

static void watch(const struct load *load, int place)
{
	struct pollfd fds[NR_WARNINGS];
	long long began, kills, killed = 0;
	int i, status;
	pid_t pid;

	/* What the load before it left is on its way back. */
	sleep_ms(3000);
	if (make_place(place, load)) {
		fprintf(stderr, "%s:%s: %s\n", load->name, places[place], strerror(errno));
		exit(1);
	}
	arm();
	/* As if it had been armed for long. */
	sleep_ms(1000);
	kills = oom_kills();
	half = 0;
	began = now_ms();
	pid = start(load);
	for (i = 0; i < NR_WARNINGS; i++) {
		fds[i].fd = warnings[i].fd;
		fds[i].events = POLLPRI;
	}
	while (now_ms() < began + LIMIT_MS) {
		poll(fds, NR_WARNINGS, 10);
		for (i = 0; i < NR_WARNINGS; i++)
			if (fds[i].fd >= 0 && fds[i].revents & POLLPRI)
				warn(&warnings[i]);
		look_from_outside(place);
		trace(place, began);
		if (oom_kills() != kills) {
			killed = now_ms();
			break;
		}
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (status)
				fprintf(stderr, "%s ended with %#x\n", load->name, status);
			pid = -1;
			break;
		}
	}
	if (pid > 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	disarm();
	remove_place(load);
	say(load, place, began, killed);
}

/* LOAD or LOAD:PLACE, or all. */
static bool wanted(int argc, char *argv[], const struct load *load, int place)
{
	char name[64];
	int i;

	snprintf(name, sizeof(name), "%s:%s", load->name, places[place]);
	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], load->name) || !strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char *argv[])
{
	unsigned int i;
	int j, place;

	if (argc > 1 && !strcmp(argv[1], "trace")) {
		tracing = true;
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	if (write_file(ADJ_FILE, "-1000") || write_file(MODE, "1") ||
	    write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory")) {
		fprintf(stderr, "%s: must be root\n", argv[0]);
		return 1;
	}
	mlockall(MCL_CURRENT | MCL_FUTURE);

	printf("%-20s %-8s %7s %7s", "load", "limit", "kill", "half");
	for (j = 0; j < NR_WARNINGS; j++)
		printf(" %13s", warnings[j].name);
	printf("\n");
	for (i = 0; i < ARRAY_SIZE(loads); i++)
		for (place = OWN; place <= MACHINE; place++)
			if (wanted(argc, argv, &loads[i], place))
				watch(&loads[i], place);
	return 0;
}
