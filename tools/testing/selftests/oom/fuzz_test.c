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
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
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
	{ "/proc/thread-self/oom_adj", adj },
	{ "/proc/thread-self/oom_score", adj },
	{ "/proc/thread-self/oom_score_detail", adj },
	{ "/proc/thread-self/attr/peios/token", token },
	{ "/proc/self/attr/peios/token", token },
	{ "/proc/self/attr/peios/sd", sd },
	{ "/proc/thread-self/attr/peios/sd", sd },
	{ "/proc/self/attr/peios/pip", pip },
	{ "/proc/thread-self/attr/peios/pip", pip },
	{ "/proc/self/commit", number },
	{ "/proc/commitinfo", trigger },
	{ "/proc/oom_history", number },
	{ "/proc/sys/vm/oom_parent_share", number },
	{ "/proc/sys/vm/oom_fork_weight", number },
	{ "/proc/sys/vm/oom_fork_window_ms", number },
	{ "/proc/sys/vm/oom_tcb_discount", number },
	{ "/proc/sys/vm/oom_immune_limit", number },
	{ "/proc/sys/vm/oom_last_resort", number },
	{ "/proc/sys/vm/commit_wait_ms", number },
	{ "/proc/sys/vm/overcommit_ratio", number },
	{ "/proc/sys/vm/admin_reserve_kbytes", number },
	{ "/proc/sys/vm/oom_dump_tasks", number },
	{ "/sys/module/oom_event/parameters/ring", number },
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

/* Those of another process, by whoever may not change it */
static const struct {
	const char *name;
	const struct input *inputs;
} others[] = {
	{ "oom_score_adj", adj }, { "oom_adj", adj }, { "oom_score", adj },
	{ "oom_score_detail", adj }, { "commit", number },
	{ "attr/peios/token", token }, { "attr/peios/sd", sd },
	{ "attr/peios/pip", pip },
};

#define NR_OTHERS	ARRAY_SIZE(others)

static pid_t bait;

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

/* Much of it is not there. */
static void write_huge(int fd, const struct input *inputs, unsigned long *taken)
{
	const size_t size = 1 << 20;
	unsigned char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t len;

	if (bytes == MAP_FAILED)
		return;
	len = make_input(inputs, bytes);
	if (rnd() % 2)
		munmap(bytes + size / 2, size / 2);
	/* From its beginning, or so that the input is what is there of it */
	if (rnd() % 2)
		*taken += write(fd, bytes, rnd() % 2 ? size : INT_MAX) > 0;
	else
		*taken += write(fd, memmove(bytes + size / 2 - len, bytes, len),
				len + rnd() % 8192) > 0;
	read(fd, bytes, rnd() % 2 ? size : INT_MAX);
	munmap(bytes, size);
}

static void write_pieces(int fd, const struct input *inputs, unsigned long *taken)
{
	static unsigned char bytes[INPUT_MAX];
	size_t len = make_input(inputs, bytes), first = rnd() % (len + 1);
	struct iovec parts[3] = {
		{ bytes, first }, { NULL, 0 }, { bytes + first, len - first },
	};

	if (rnd() % 2) {
		*taken += writev(fd, parts, 3) > 0;
		return;
	}
	*taken += write(fd, bytes, first) > 0;
	*taken += write(fd, bytes + first, len - first) > 0;
}

/* What no file of ours knows */
static void odd_call(int fd)
{
	static unsigned char bytes[INPUT_MAX];
	int ends[2];
	void *page;

	switch (rnd() % 5) {
	case 0:
		ioctl(fd, rnd(), bytes);
		break;
	case 1:
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    rnd() % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		if (page != MAP_FAILED)
			munmap(page, 4096);
		break;
	case 2:
		if (ftruncate(fd, rnd() % 4096))
			fallocate(fd, 0, 0, 4096);
		break;
	default:
		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
			return;
		sendfile(ends[1], fd, NULL, rnd() % INPUT_MAX);
		splice(ends[0], NULL, fd, NULL, rnd() % INPUT_MAX, SPLICE_F_NONBLOCK);
		close(ends[0]);
		close(ends[1]);
	}
}

static int open_some(const char *path)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };

	return open(path, modes[rnd() % 4] | (rnd() % 8 ? 0 : O_NONBLOCK) | O_CLOEXEC);
}

static void operate(int fd, const struct input *inputs, unsigned long *taken)
{
	static unsigned char bytes[INPUT_MAX];
	unsigned int steps;

	for (steps = 1 + rnd() % 4; steps; steps--) {
		struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
		size_t len;

		switch (rnd() % 12) {
		case 0:
			pread(fd, bytes, rnd() % INPUT_MAX, rnd() % 3 ? rnd() % 512 :
			      (off_t)rnd() << 31);
			break;
		case 1:
			len = make_input(inputs, bytes);
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
		case 6:
			write_huge(fd, inputs, taken);
			break;
		case 7:
			write_pieces(fd, inputs, taken);
			break;
		case 8:
			odd_call(fd);
			break;
		default:
			len = make_input(inputs, bytes);
			*taken += write(fd, bytes, len) > 0;
			break;
		}
	}
}

/* Without the privilege; what of it must not come back is checked at the end. */
static int give_up(bool user)
{
	if (user)
		return token_replace("S-1-5-21-1-2-3-1001", NULL, NULL, NULL, NULL);
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

static void operate_on_other(unsigned long *taken)
{
	unsigned int file = rnd() % NR_OTHERS;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", bait, others[file].name);
	fd = open_some(path);
	if (fd < 0)
		return;
	operate(fd, others[file].inputs, taken);
	close(fd);
}

#define NR_OLD	8

enum who { PRIVILEGED, WITHOUT_TCB, USER };

/*
 * A process that does what it wants, with files that it opens, and with some that
 * it has had since before it gave up what it was; exits 1 if it got what it must
 * not have.
 */
static int batch(uint64_t seed, unsigned long *counts, unsigned long *taken)
{
	unsigned int i, old_file[NR_OLD];
	int old[NR_OLD];
	enum who who;

	state = (seed + 1) * 0x9e3779b97f4a7c15ull;
	who = rnd() % 2 ? PRIVILEGED : rnd() % 2 ? WITHOUT_TCB : USER;
	for (i = 0; i < NR_OLD; i++) {
		old_file[i] = rnd() % NR_FILES;
		old[i] = open_some(files[old_file[i]].path);
	}
	if (who != PRIVILEGED && give_up(who == USER))
		return 2;
	for (i = 0; i < BATCH; i++) {
		unsigned int file = rnd() % NR_FILES, nr = rnd() % (2 * NR_OLD);
		int fd;

		if (who == USER && rnd() % 4 == 0)
			operate_on_other(&taken[NR_FILES]);
		if (nr < NR_OLD) {
			file = old_file[nr];
			fd = old[nr];
		} else {
			fd = open_some(files[file].path);
		}
		counts[file]++;
		if (fd < 0)
			continue;
		operate(fd, files[file].inputs, &taken[file]);
		if (nr >= NR_OLD)
			close(fd);
	}
	return who != PRIVILEGED && came_back();
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

#define NR_KNOBS	7

FIXTURE(fuzz) {
	char token[8192];
	char knobs[NR_KNOBS][32];
	bool cgroup;
	pid_t bait;
};

static const char * const knobs[NR_KNOBS] = {
	"/proc/sys/vm/oom_parent_share", "/proc/sys/vm/oom_fork_weight",
	"/proc/sys/vm/oom_fork_window_ms", "/proc/sys/vm/oom_tcb_discount",
	"/proc/sys/vm/overcommit_ratio", "/proc/sys/vm/admin_reserve_kbytes",
	"/proc/sys/vm/oom_dump_tasks",
};

static pid_t start_bait(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/* All that another process shows of what may not be changed */
static void show_bait(char *text, size_t size)
{
	static const char * const names[] = {
		"oom_score_adj", "attr/peios/token", "attr/peios/sd", "attr/peios/pip",
	};
	char path[64], value[4096], *used;
	size_t len = 0;
	unsigned int i;
	int n, k;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", bait, names[i]);
		n = read_file(path, value, sizeof(value));
		/* Who has the same token may use its privileges. */
		used = strstr(value, "\nused");
		if (n > 0 && used)
			n = used - value;
		len += snprintf(text + len, size - len, "%s %d ", names[i], n);
		for (k = 0; k < n && len < size - 3; k++)
			len += snprintf(text + len, size - len, "%02x", (unsigned char)value[k]);
	}
}

FIXTURE_SETUP(fuzz)
{
	int i;

	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	for (i = 0; i < NR_KNOBS; i++)
		ASSERT_LT(0, read_file(knobs[i], self->knobs[i],
				       sizeof(self->knobs[i])));
	ASSERT_LT(0, read_file(TOKEN_FILE, self->token, sizeof(self->token)));
	write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	self->cgroup = !mkdir(CGROUP_ROOT "/fuzz", 0755);
	bait = start_bait();
	ASSERT_LT(0, bait);
	self->bait = bait;
	ASSERT_EQ(0, write_proc(bait, "oom_score_adj", "200"));
}

FIXTURE_TEARDOWN(fuzz)
{
	int i;

	for (i = 0; i < NR_KNOBS; i++)
		if (self->knobs[i][0])
			write_file(knobs[i], self->knobs[i]);
	if (self->cgroup)
		rmdir(CGROUP_ROOT "/fuzz");
	if (self->bait > 0)
		kill(self->bait, SIGKILL);
}

TEST_F_TIMEOUT(fuzz, every_file, 900)
{
	unsigned long runs = setting("FUZZ_RUNS", RUNS_DEFAULT), done = 0, i;
	unsigned long *counts, *taken;
	static char other[20000], other_now[20000];
	char now[8192];
	long long value;

	show_bait(other, sizeof(other));
	counts = mmap(NULL, (2 * NR_FILES + 1) * sizeof(*counts),
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

	for (i = 0; i < NR_FILES; i++)
		if (!strcmp(files[i].path, ADJ_FILE) || !strcmp(files[i].path, TOKEN_FILE))
			EXPECT_LT(0UL, taken[i]);

	TH_LOG("another process: %lu writes taken", taken[NR_FILES]);
	EXPECT_EQ(0UL, taken[NR_FILES]);
	show_bait(other_now, sizeof(other_now));
	EXPECT_STREQ(other, other_now);

	/* This process is as it was. */
	ASSERT_LT(0, read_file(TOKEN_FILE, now, sizeof(now)));
	*strstr(now, "\nused") = '\0';
	*strstr(self->token, "\nused") = '\0';
	EXPECT_STREQ(self->token, now);
	EXPECT_EQ(0, read_number(ADJ_FILE, &value));
	EXPECT_EQ(0, value);
	munmap(counts, (2 * NR_FILES + 1) * sizeof(*counts));
}

TEST_HARNESS_MAIN
