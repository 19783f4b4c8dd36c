// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random input to every file of the series, and random ways to open, read, write
 * and poll them.
 *
 *	fuzz_test			FUZZ_RUNS in the environment: how many
 *	FUZZ_SEED=N fuzz_test		operations; FUZZ_SEED: where to begin
 *
 * On a debug kernel it is KASAN, lockdep and others that judge. What is tested
 * here: the machine stays up, who fuzzes changes nobody but itself, and nobody
 * gets back what it has given up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

#define RUNS_DEFAULT	20000
/* Operations of one process; then it has a mess of a token, or is protected. */
#define BATCH		50
#define INPUT_MAX	8192

static uint64_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

/* O:S-1-22-1-1000 D:(D;;0x2;;;WD)(A;;GA;;;SY), with and without desired mask */
#define SD								\
	"\x01\0\x04\x80\x14\0\0\0\0\0\0\0\0\0\0\0\x24\0\0\0"		\
	"\x01\x02\0\0\0\0\0\x16\x01\0\0\0\xe8\x03\0\0"			\
	"\x02\0\x30\0\x02\0\0\0"					\
	"\x01\0\x14\0\x02\0\0\0\x01\x01\0\0\0\0\0\x01\0\0\0\0"	\
	"\0\0\x14\0\0\0\0\x10\x01\x01\0\0\0\0\0\x05\x12\0\0\0"

struct input {
	const char *bytes;
	size_t len;
};

#define TEXT(string)	{ string, sizeof(string) - 1 }

static const struct input adj[] = {
	TEXT("0"), TEXT("-1000"), TEXT("1000\n"), TEXT("-17"), TEXT("15"),
	TEXT("500"), {}
};

static const struct input token[] = {
	TEXT("enable SeTcbPrivilege"), TEXT("disable SeDebugPrivilege"),
	TEXT("remove SeTcbPrivilege,SeAuditPrivilege\n"),
	TEXT("replace user=S-1-22-1-1000"),
	TEXT("replace user=S-1-5-18 groups=S-1-1-0,S-1-5-32-544 deny=S-1-5-7"),
	TEXT("replace user=S-1-5-18 privileges=SeTcbPrivilege enabled=SeTcbPrivilege"),
	{}
};

static const struct input sd[] = { TEXT(SD), {} };
static const struct input asked[] = {
	TEXT("\0\0\0\x02" SD), TEXT("\x10\0\0\0" SD), {}
};

static const struct input pip[] = {
	TEXT("0 0"), TEXT("2 512\n"), TEXT("4294967295 1"), {}
};

static const struct input number[] = {
	TEXT("0"), TEXT("125\n"), TEXT("1000"), TEXT("4294967296"), TEXT("-1"), {}
};

static const struct input trigger[] = {
	TEXT("exhaustion 30"), TEXT("coverage 50\n"),
	TEXT("outstanding 1000000"), {}
};

static const struct input limit[] = {
	TEXT("max"), TEXT("0"), TEXT("4096\n"), TEXT("100M"), TEXT("strict"),
	TEXT("always"), TEXT("system"), {}
};

#define PEIOS		"/sys/kernel/security/peios/"
#define CGROUP		CGROUP_ROOT "/fuzz/"

/* What not every kernel of the series has does not get opened. */
static const struct {
	const char *path;
	const struct input *inputs;
} files[] = {
	{ "/proc/self/oom_score_adj", adj },
	{ "/proc/thread-self/oom_score_adj", adj },
	{ "/proc/self/oom_adj", adj },
	{ "/proc/self/oom_score", adj },
	{ "/proc/self/oom_score_detail", adj },
	{ "/proc/thread-self/attr/peios/token", token },
	{ "/proc/self/attr/peios/token", token },
	{ "/proc/self/attr/peios/sd", sd },
	{ "/proc/thread-self/attr/peios/sd", sd },
	{ "/proc/self/attr/peios/pip", pip },
	{ "/proc/self/commit", number },
	{ "/proc/commitinfo", trigger },
	{ "/proc/oom_history", number },
	{ "/proc/sys/vm/oom_parent_share", number },
	{ "/proc/sys/vm/oom_fork_weight", number },
	{ "/proc/sys/vm/oom_fork_window_ms", number },
	{ "/proc/sys/vm/oom_tcb_discount", number },
	{ PEIOS "status", number },
	{ PEIOS "privileges", number },
	{ PEIOS "stats", number },
	{ PEIOS "access", asked },
	{ PEIOS "access", asked },
	{ CGROUP "memory.commit.current", limit },
	{ CGROUP "memory.commit.peak", limit },
	{ CGROUP "memory.commit.max", limit },
	{ CGROUP "memory.commit.mode", limit },
	{ CGROUP "memory.commit.events", limit },
};

#define NR_FILES	ARRAY_SIZE(files)

/* One of the inputs, damaged or not, at times doubled up to be too long */
static size_t make_input(const struct input *inputs, unsigned char *to)
{
	static const unsigned char odd[] = {
		' ', ',', '=', '-', '\n', 0, 0xff, 0x7f, 0x80, '0', '9', 'S', 'x',
	};
	unsigned int nr = 0, damage;
	size_t len;

	while (inputs[nr].bytes)
		nr++;
	nr = rnd() % nr;
	len = inputs[nr].len;
	memcpy(to, inputs[nr].bytes, len);
	while (rnd() % 16 == 0 && len * 2 <= INPUT_MAX) {
		memcpy(to + len, to, len);
		len *= 2;
	}
	for (damage = rnd() % 2 ? rnd() % 4 : 0; damage; damage--) {
		switch (rnd() % 3) {
		case 0:
			to[rnd() % len] ^= 1 << rnd() % 8;
			break;
		case 1:
			to[rnd() % len] = odd[rnd() % sizeof(odd)];
			break;
		default:
			to[rnd() % len] = rnd();
			break;
		}
	}
	if (rnd() % 8 == 0)
		len = rnd() % (len + 1);
	return len;
}

static void operate(unsigned int file, unsigned long *taken)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };
	static unsigned char bytes[INPUT_MAX];
	int fd = open(files[file].path,
		      modes[rnd() % 4] | (rnd() % 8 ? 0 : O_NONBLOCK) | O_CLOEXEC);
	unsigned int steps;

	if (fd < 0)
		return;
	for (steps = 1 + rnd() % 4; steps; steps--) {
		struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
		size_t len;

		switch (rnd() % 8) {
		case 0:
			pread(fd, bytes, rnd() % INPUT_MAX, rnd() % 3 ? rnd() % 512 :
			      (off_t)rnd() << 31);
			break;
		case 1:
			len = make_input(files[file].inputs, bytes);
			*taken += pwrite(fd, bytes, len, rnd() % 8) > 0;
			break;
		case 2:
			lseek(fd, (int)rnd() % 4096, rnd() % 3);
			break;
		case 3:
			poll(&p, 1, 0);
			break;
		case 4:
			/* Where there is no memory */
			*taken += write(fd, (void *)16, rnd() % 64) > 0;
			read(fd, (void *)16, rnd() % 64);
			break;
		case 5:
			while (read(fd, bytes, 1 + rnd() % INPUT_MAX) > 0)
				;
			break;
		default:
			len = make_input(files[file].inputs, bytes);
			*taken += write(fd, bytes, len) > 0;
			break;
		}
	}
	close(fd);
}

/* Without the privilege; what of it must not come back is checked at the end. */
static int give_up(void)
{
	return token_command("remove SeTcbPrivilege");
}

static bool came_back(void)
{
	char present[4096] = "";
	long long value = 0;

	return read_key(TOKEN_FILE, "present", present, sizeof(present)) ||
	       strstr(present, "SeTcbPrivilege") ||
	       read_number(ADJ_FILE, &value) || value < 0;
}

/* A process that does what it wants; exits 1 if it got what it must not have. */
static int batch(uint64_t seed, unsigned long *counts, unsigned long *taken)
{
	bool unprivileged;
	unsigned int i;

	state = (seed + 1) * 0x9e3779b97f4a7c15ull;
	unprivileged = rnd() % 2;
	if (unprivileged && give_up())
		return 2;
	for (i = 0; i < BATCH; i++) {
		unsigned int file = rnd() % NR_FILES;

		operate(file, &taken[file]);
		counts[file]++;
	}
	return unprivileged && came_back();
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

FIXTURE(fuzz) {
	char token[8192];
	char knobs[4][32];
	bool cgroup;
};

static const char * const knobs[] = {
	"/proc/sys/vm/oom_parent_share", "/proc/sys/vm/oom_fork_weight",
	"/proc/sys/vm/oom_fork_window_ms", "/proc/sys/vm/oom_tcb_discount",
};

FIXTURE_SETUP(fuzz)
{
	int i;

	if (!peios_enforces())
		SKIP(return, "Peios is not enforcing");
	if (getuid())
		SKIP(return, "not root");
	for (i = 0; i < 4; i++)
		ASSERT_LT(0, read_file(knobs[i], self->knobs[i],
				       sizeof(self->knobs[i])));
	ASSERT_LT(0, read_file(TOKEN_FILE, self->token, sizeof(self->token)));
	write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	self->cgroup = !mkdir(CGROUP_ROOT "/fuzz", 0755);
}

FIXTURE_TEARDOWN(fuzz)
{
	int i;

	for (i = 0; i < 4; i++)
		if (self->knobs[i][0])
			write_file(knobs[i], self->knobs[i]);
	if (self->cgroup)
		rmdir(CGROUP_ROOT "/fuzz");
}

TEST_F_TIMEOUT(fuzz, every_file, 900)
{
	unsigned long runs = setting("FUZZ_RUNS", RUNS_DEFAULT), done = 0, i;
	unsigned long *counts, *taken;
	char now[8192];
	long long value;

	counts = mmap(NULL, 2 * NR_FILES * sizeof(*counts),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, counts);
	taken = counts + NR_FILES;
	while (done < runs) {
		int status;
		pid_t pid;

		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(batch(setting("FUZZ_SEED", 1) * 1000003 + done,
				    counts, taken));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFEXITED(status)) {
			TH_LOG("batch at %lu ended with %#x", done, status);
		}
		ASSERT_EQ(0, WEXITSTATUS(status)) {
			TH_LOG("batch at %lu got back what it gave up", done);
		}
		done += BATCH;
	}
	/* It is no test if nothing of what was written is valid. */
	for (i = 0; i < NR_FILES; i++)
		TH_LOG("%s: %lu, %lu writes taken", files[i].path, counts[i],
		       taken[i]);

	EXPECT_LT(0UL, taken[0]);
	EXPECT_LT(0UL, taken[5]);

	/* This process is as it was. */
	ASSERT_LT(0, read_file(TOKEN_FILE, now, sizeof(now)));
	*strstr(now, "\nused") = '\0';
	*strstr(self->token, "\nused") = '\0';
	EXPECT_STREQ(self->token, now);
	EXPECT_EQ(0, read_number(ADJ_FILE, &value));
	EXPECT_EQ(0, value);
	munmap(counts, 2 * NR_FILES * sizeof(*counts));
}

TEST_HARNESS_MAIN
