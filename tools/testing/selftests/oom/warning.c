// SPDX-License-Identifier: GPL-2.0-only
/*
 * How early is the warning? Runs loads that end in an OOM kill, and loads that
 * do not, and says for each when which warning came.
 *
 *	warning [LOAD...]		scripts/warning.sh makes a table of it
 *
 * A line a load: its name, the seconds to the first OOM kill or "none", then for
 * each warning the seconds from it to the kill; where there was no kill how often
 * it came, which is how many false alarms there were; "-" if it never came.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "oom_util.h"

#define INFO		"/proc/commitinfo"
#define MODE		"/proc/sys/vm/overcommit_memory"
#define LIMIT_MS	45000

static long long ram;

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
	usleep(ms * 1000);
}

static char *promise(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

/* Touch memory at a rate in MB/s; 0: as fast as it goes. */
static void pay(char *memory, size_t bytes, int rate)
{
	long long start = now_ms(), due;
	size_t paid;

	for (paid = 0; paid < bytes; paid += MB) {
		memset(memory + paid, 1, MB);
		due = rate ? start + (long long)(paid / MB + 1) * 1000 / rate : 0;
		while (now_ms() < due)
			sleep_ms(5);
	}
}

/* Promised at the start, paid for slowly: an arena, a heap with -Xmx. */
static void arena(void)
{
	pay(promise(2 * ram), 2 * ram, 20);
}

/* Promised a megabyte at a time and paid for at once: malloc() without free(). */
static void leak(int rate)
{
	for (;;)
		pay(promise(MB), MB, rate);
}

static void slow_leak(void)
{
	leak(20);
}

static void step(void)
{
	sleep_ms(3000);
	pay(promise(2 * ram), 2 * ram, 0);
}

/* A server with a heap of 40 % of RAM takes snapshots while it is written to. */
static void fork_storm(void)
{
	size_t size = ram * 4 / 10 / MB * MB;
	char *memory = promise(size);
	int i;

	pay(memory, size, 0);
	sleep_ms(3000);
	for (i = 0; i < 4; i++)
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pay(memory, size, 10);
			pause();
		}
	while (wait(NULL) > 0)
		;
}

static void tmpfs_fill(void)
{
	int fd = memfd_create("fill", 0);
	static char page[64 * 1024];
	long long start = now_ms();
	int i;

	/* 20 MB/s */
	for (i = 1;; i++) {
		if (write(fd, page, sizeof(page)) < 0)
			_exit(1);
		while (now_ms() < start + i * 1000LL / 320)
			sleep_ms(5);
	}
}

static void many_processes(void)
{
	for (;;) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pay(promise(2 * MB), 2 * MB, 0);
			pause();
		}
		sleep_ms(100);
	}
}

/* Read a disk that is larger than RAM, with a little memory of one's own. */
static void file_cache(void)
{
	int fd = open("/dev/vda", O_RDONLY);
	long long end = now_ms() + 20000;
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
	sleep_ms(5000);
	leak(20);
}

static char cgroup[256];

static void cgroup_leak(void)
{
	char file[300];

	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	if (write_file(file, "0"))
		_exit(2);
	leak(5);
}

/* Address space by the gigabyte and hardly any use of it. */
static void idle_promise(void)
{
	pay(promise(4 * ram), 8 * MB, 4);
	sleep_ms(15000);
}

/* Up to 60 % of RAM and back again, as batch jobs do. */
static void bursts(void)
{
	size_t size = ram * 6 / 10 / MB * MB;
	char *memory;
	int i;

	for (i = 0; i < 4; i++) {
		memory = promise(size);
		pay(memory, size, 150);
		sleep_ms(1000);
		munmap(memory, size);
		sleep_ms(2000);
	}
}

/* A process with 40 % of RAM starts programs by fork and exec. */
static void fork_exec(void)
{
	size_t size = ram * 4 / 10 / MB * MB;
	long long end;

	pay(promise(size), size, 100);
	end = now_ms() + 10000;
	while (now_ms() < end) {
		if (!fork()) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		wait(NULL);
		sleep_ms(50);
	}
}

/* As a compiler's many processes: some 20 MB each, short lives, four at once. */
static void build_job(void)
{
	long long end = now_ms() + 15000;
	int i;

	for (i = 0; now_ms() < end; i++) {
		if (!fork()) {
			pay(promise(20 * MB), 20 * MB, 40);
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
	bool in_cgroup;
} loads[] = {
	{ .name = "arena-paid-slowly", .run = arena },
	{ .name = "slow-leak", .run = slow_leak },
	{ .name = "sudden-step", .run = step },
	{ .name = "fork-cow-storm", .run = fork_storm },
	{ .name = "tmpfs-fill", .run = tmpfs_fill },
	{ .name = "many-processes", .run = many_processes },
	{ .name = "file-cache-and-leak", .run = file_cache_leak },
	{ .name = "leak-in-cgroup", .run = cgroup_leak, .in_cgroup = true },
	{ .name = "file-cache", .run = file_cache },
	{ .name = "idle-promise", .run = idle_promise },
	{ .name = "bursts", .run = bursts },
	{ .name = "fork-exec", .run = fork_exec },
	{ .name = "build-job", .run = build_job },
};

/* Warnings by poll(), then the one by looking. */
static struct warning {
	const char *name;
	const char *file;
	const char *rule;
	int fd;
	long long first;
	int count;
} warnings[] = {
	{ .name = "exhaustion-5", .file = INFO, .rule = "exhaustion 5" },
	{ .name = "exhaustion-10", .file = INFO, .rule = "exhaustion 10" },
	{ .name = "trend-5", .file = INFO, .rule = "trend 5" },
	{ .name = "trend-10", .file = INFO, .rule = "trend 10" },
	{ .name = "coverage-50", .file = INFO, .rule = "coverage 50" },
	{ .name = "coverage-20", .file = INFO, .rule = "coverage 20" },
	{ .name = "psi", .file = "/proc/pressure/memory", .rule = "some 150000 1000000" },
	{ .name = "memavailable" },
};

#define NR_WARNINGS	((int)ARRAY_SIZE(warnings))
#define AVAILABLE	(NR_WARNINGS - 1)

static void warn(struct warning *w)
{
	if (!w->count++)
		w->first = now_ms();
}

static void arm(void)
{
	size_t len;
	int i;

	for (i = 0; i < NR_WARNINGS; i++) {
		struct warning *w = &warnings[i];

		w->count = 0;
		w->fd = -1;
		if (!w->file)
			continue;
		w->fd = open(w->file, O_RDWR | O_CLOEXEC);
		/* psi takes the last byte for a NUL. */
		len = strlen(w->rule) + !strcmp(w->name, "psi");
		if (w->fd < 0 || write(w->fd, w->rule, len) < 0) {
			fprintf(stderr, "%s: '%s': %s\n", w->file, w->rule,
				strerror(errno));
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

static void look_at_available(bool *low)
{
	long long total, available;

	if (read_key_number("/proc/meminfo", "MemTotal", &total) ||
	    read_key_number("/proc/meminfo", "MemAvailable", &available))
		return;
	if (available * 20 < total && !*low)
		warn(&warnings[AVAILABLE]);
	*low = available * 20 < total;
}

static void watch(const struct load *load)
{
	struct pollfd fds[NR_WARNINGS];
	long long start, kills, killed = 0, looked = 0;
	bool low = false;
	int i, status;
	pid_t pid;

	/* What the load before it left is on its way back. */
	sleep_ms(4000);
	if (load->in_cgroup &&
	    cgroup_create("warning", 64 * MB, cgroup, sizeof(cgroup))) {
		fprintf(stderr, "no cgroup\n");
		exit(1);
	}
	arm();
	kills = oom_kills();
	start = now_ms();
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		munlockall();
		write_file(ADJ_FILE, "0");
		load->run();
		_exit(0);
	}
	for (i = 0; i < NR_WARNINGS; i++) {
		fds[i].fd = warnings[i].fd;
		fds[i].events = POLLPRI;
	}
	while (now_ms() < start + LIMIT_MS) {
		poll(fds, NR_WARNINGS, 10);
		for (i = 0; i < NR_WARNINGS; i++)
			if (fds[i].fd >= 0 && fds[i].revents & POLLPRI)
				warn(&warnings[i]);
		if (now_ms() >= looked + 100) {
			looked = now_ms();
			look_at_available(&low);
		}
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
	if (load->in_cgroup)
		cgroup_remove(cgroup);

	printf("%-20s", load->name);
	if (killed)
		printf(" %7.1f", (killed - start) / 1000.0);
	else
		printf(" %7s", "none");
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

int main(int argc, char *argv[])
{
	unsigned int i;
	int j;

	if (read_key_number("/proc/meminfo", "MemTotal", &ram) ||
	    write_file(ADJ_FILE, "-1000") || write_file(MODE, "1")) {
		fprintf(stderr, "%s: must be root\n", argv[0]);
		return 1;
	}
	ram *= 1024;
	mlockall(MCL_CURRENT | MCL_FUTURE);

	printf("%-20s %7s", "load", "kill");
	for (j = 0; j < NR_WARNINGS; j++)
		printf(" %13s", warnings[j].name);
	printf("\n");
	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		for (j = 1; j < argc && strcmp(argv[j], loads[i].name); j++)
			;
		if (argc == 1 || j < argc)
			watch(&loads[i]);
	}
	return 0;
}
