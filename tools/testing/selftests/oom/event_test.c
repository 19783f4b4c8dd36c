// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each OOM kill is on record: in the history, in the trace, with audit, and in
 * the victim's oom_score_detail; and nothing else is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "event_util.h"
#include "oom_util.h"

#define LIMIT		(4 * MB)
#define LAST_RESORT	"/proc/sys/vm/oom_last_resort"
/* The first is where it is mounted, the second mounts itself in debugfs. */
#define TRACEFS		"/sys/kernel/tracing"
#define TRACEFS_DEBUG	"/sys/kernel/debug/tracing"

FIXTURE(event) {
	char path[256];
	long long first;
	long long kills;
};

FIXTURE_SETUP(event)
{
	int err;

	self->path[0] = '\0';
	if (getuid())
		SKIP(return, "not root");
	if (access(HISTORY, R_OK))
		SKIP(return, "no " HISTORY);
	err = cgroup_create("event_test", LIMIT, self->path,
			    sizeof(self->path));
	if (err == -ENOENT || err == -EROFS)
		SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
	ASSERT_EQ(0, err);
	look_off();
	self->first = history_last() + 1;
	self->kills = vmstat_kills();
}

FIXTURE_TEARDOWN(event)
{
	look_on();
	write_file(LAST_RESORT, "0");
	if (self->path[0])
		cgroup_remove(self->path);
}

/* Take memory without end. */
static void eat(void)
{
	size_t bytes = 4 * LIMIT;
	char *memory;

	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		_exit(5);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 0x5a, bytes);
	_exit(6);
}

/* A child in a cgroup that takes more than there is. */
static pid_t eater(const char *cgroup, const char *comm)
{
	char path[512];
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (comm)
		prctl(PR_SET_NAME, comm);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	if (write_file(path, "0"))
		_exit(4);
	eat();
	return 0;
}

/* Wait for a death and leave the zombie there. */
static int wait_zombie(pid_t pid, siginfo_t *info)
{
	memset(info, 0, sizeof(*info));
	return waitid(P_PID, pid, info, WEXITED | WNOWAIT);
}

TEST_F_TIMEOUT(event, a_kill_has_its_record, 120)
{
	char line[LINE_MAX_], name[300];
	const char *cgroup = self->path + strlen(CGROUP_ROOT);
	siginfo_t info;
	time_t now;
	pid_t pid;

	pid = eater(self->path, "hungry");
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, wait_zombie(pid, &info));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);

	ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	TH_LOG("%s", line);
	EXPECT_EQ(self->first, record_number(line, "seq"));
	EXPECT_EQ(self->first, record_number(line, "victim_seq"));
	EXPECT_EQ(self->first, oom_killed(pid));
	EXPECT_EQ(0, record_number(line, "uid"));
	EXPECT_EQ(0, record_name(line, "comm", name, sizeof(name)));
	EXPECT_STREQ("hungry", name);
	EXPECT_EQ(0, record_name(line, "cgroup", name, sizeof(name)));
	EXPECT_STREQ(cgroup, name);
	EXPECT_EQ(0, record_name(line, "oom_cgroup", name, sizeof(name)));
	EXPECT_STREQ(cgroup, name);
	EXPECT_EQ(0, record_name(line, "trigger_comm", name, sizeof(name)));
	EXPECT_STREQ("hungry", name);
	EXPECT_EQ(pid, record_number(line, "trigger_pid"));
	EXPECT_TRUE(record_is(line, "constraint", "memcg"));
	EXPECT_TRUE(record_is(line, "reason", "chosen"));
	EXPECT_TRUE(record_is(line, "class", "normal"));
	EXPECT_EQ(0, record_number(line, "exiting"));
	EXPECT_EQ((long long)LIMIT / getpagesize(),
		  record_number(line, "totalpages"));

	now = time(NULL);
	EXPECT_LE(now - 60, record_number(line, "time"));
	EXPECT_GE(now + 1, record_number(line, "time"));

	/* It had filled the cgroup, and has some pages from before. */
	EXPECT_LT((long long)LIMIT / 2048, record_number(line, "anon_kb"));
	EXPECT_GT((long long)LIMIT / 512, record_number(line, "anon_kb"));

	EXPECT_EQ(record_number(line, "points"),
		  record_number(line, "memory") +
		  record_number(line, "inherited") +
		  record_number(line, "fork") + record_number(line, "tcb") +
		  record_number(line, "adj"));
	EXPECT_EQ(record_number(line, "memory"),
		  record_number(line, "rss") + record_number(line, "swap") +
		  record_number(line, "pgtables"));

	EXPECT_EQ(1, cgroup_kills(self->path));
	EXPECT_EQ(self->kills + 1, vmstat_kills());
	EXPECT_EQ(1, history_kills(self->first));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_F_TIMEOUT(event, another_death_has_none, 120)
{
	siginfo_t info;
	pid_t pid;
	int i;

	for (i = 0; i < 3; i++) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (i == 2)
				_exit(128 + SIGKILL);
			pause();
			_exit(0);
		}
		if (i < 2)
			kill(pid, i ? SIGTERM : SIGKILL);
		ASSERT_EQ(0, wait_zombie(pid, &info));
		EXPECT_EQ(0, oom_killed(pid));
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	}
	EXPECT_EQ(self->first - 1, history_last());
	EXPECT_EQ(self->kills, vmstat_kills());
}

/* Names that try to end the field, the quotes, the line. */
TEST_F_TIMEOUT(event, names_do_not_break_out, 120)
{
	static const char * const comms[] = {
		"a pid=1 b", "q\"uote", "new\nline", "\x1b[31m", "\xc3\xa9t\xc3\xa9",
		"seq=1,x=2", "'ok'",
	};
	char line[LINE_MAX_], name[600], path[300];
	unsigned int i;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", self->path);
	ASSERT_EQ(0, write_file(path, "+memory"));
	for (i = 0; i < ARRAY_SIZE(comms); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->path, comms[i]);
		/* A newline is refused in the name of a cgroup. */
		if (mkdir(path, 0755)) {
			ASSERT_EQ(EINVAL, errno);
			snprintf(path, sizeof(path), "%s/plain", self->path);
			ASSERT_EQ(0, mkdir(path, 0755));
		}
		pid = eater(path, comms[i]);
		ASSERT_LT(0, pid);
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(0, history_find_pid(self->first, pid, line,
					      sizeof(line)));
		EXPECT_EQ(0, record_name(line, "comm", name, sizeof(name)));
		EXPECT_STREQ(comms[i], name);
		EXPECT_EQ(0, record_name(line, "cgroup", name, sizeof(name)));
		EXPECT_STREQ(path + strlen(CGROUP_ROOT), name);
		EXPECT_EQ(0, record_name(line, "oom_cgroup", name,
					 sizeof(name)));
		EXPECT_STREQ(self->path + strlen(CGROUP_ROOT), name);
		cgroup_remove(path);
	}
	EXPECT_EQ((int)i, history_kills(self->first));
}

static int nobody_opens(const char *path)
{
	int status = -1, fd;
	pid_t pid = fork();

	if (!pid) {
		if (setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			_exit(255);
		fd = open(path, O_RDONLY);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F_TIMEOUT(event, history_is_root_s, 120)
{
	struct stat st;

	ASSERT_EQ(0, stat(HISTORY, &st));
	EXPECT_EQ(0400, (int)st.st_mode & 07777);
	EXPECT_EQ(EACCES, nobody_opens(HISTORY));
}

/* What container engines leave to a root that is in no user namespace. */
static const int container_caps[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_MKNOD,
	CAP_NET_RAW, CAP_SETGID, CAP_SETUID, CAP_SETFCAP, CAP_SETPCAP,
	CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL, CAP_AUDIT_WRITE,
};

static int only_these_caps(const int *caps, size_t nr, int also)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { };
	size_t i;

	for (i = 0; i < nr; i++)
		data[caps[i] / 32].permitted |= 1U << caps[i] % 32;
	if (also >= 0)
		data[also / 32].permitted |= 1U << also % 32;
	for (i = 0; i < 2; i++)
		data[i].effective = data[i].permitted;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/*
 * Opens files of proc as the root of a container: with its own pid and mount
 * namespace and proc, and a container's capabilities; also one more, if any.
 */
static int container_opens(const char *path, int also, bool user_ns)
{
	int status = -1, fd, flags = CLONE_NEWPID | CLONE_NEWNS;
	pid_t pid = fork();

	if (!pid) {
		if (user_ns && (unshare(CLONE_NEWUSER) ||
				write_file("/proc/self/uid_map", "0 0 1")))
			_exit(251);
		if (unshare(flags))
			_exit(252);
		pid = fork();
		if (pid) {
			waitpid(pid, &status, 0);
			_exit(WEXITSTATUS(status));
		}
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("proc", "/proc", "proc", 0, NULL))
			_exit(253);
		if (!user_ns &&
		    only_these_caps(container_caps, ARRAY_SIZE(container_caps),
				    also))
			_exit(254);
		fd = open(path, O_RDONLY);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The records are the host's: a root that is not the machine's reads none. */
TEST_F_TIMEOUT(event, history_is_not_a_container_s, 120)
{
	EXPECT_EQ(EPERM, container_opens(HISTORY, -1, false));
	EXPECT_EQ(EPERM, container_opens(HISTORY, -1, true));
	/* By the capability that the kernel log takes. */
	EXPECT_EQ(0, container_opens(HISTORY, CAP_SYSLOG, false));
	/* Sums without a name, as those of meminfo: for everybody. */
	EXPECT_EQ(0, container_opens("/proc/commitinfo", -1, false));
	EXPECT_EQ(0, container_opens("/proc/commitinfo", -1, true));
}

/* Lines of the kernel log since it was opened that have this in them. */
static int log_lines(int fd, const char *what)
{
	char line[8192];
	int found = 0;
	ssize_t n;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n <= 0)
			continue;
		line[n] = '\0';
		found += !!strstr(line, what);
	}
	return found;
}

#define OOMS	100

static pid_t immune_eater(const char *cgroup)
{
	char path[300];
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "immune");
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	if (write_file(ADJ_FILE, "-1000") || write_file(path, "0"))
		_exit(4);
	eat();
	return 0;
}

/* A full cgroup in which nobody can be killed: one record, which counts. */
TEST_F_TIMEOUT(event, nobody_is_left, 120)
{
	char path[300], line[LINE_MAX_], name[300];
	long long ooms = 0;
	int log, i, dumps;
	pid_t pid;

	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, log);
	ASSERT_EQ(0, lseek(log, 0, SEEK_END));
	pid = immune_eater(self->path);
	snprintf(path, sizeof(path), "%s/memory.events", self->path);
	for (i = 0; i < 1000 && ooms < OOMS; i++) {
		usleep(50000);
		ASSERT_EQ(0, read_key_number(path, "oom", &ooms));
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_LE(OOMS, ooms);

	EXPECT_EQ(1, history_kills(self->first));
	ASSERT_EQ(0, history_kill(self->first, 0, line, sizeof(line)));
	TH_LOG("%s", line);
	EXPECT_TRUE(record_is(line, "reason", "nobody"));
	EXPECT_TRUE(record_is(line, "constraint", "memcg"));
	EXPECT_EQ(0, record_number(line, "pid"));
	EXPECT_EQ(pid, record_number(line, "trigger_pid"));
	EXPECT_EQ(0, record_name(line, "trigger_comm", name, sizeof(name)));
	EXPECT_STREQ("immune", name);
	EXPECT_EQ(0, record_name(line, "oom_cgroup", name, sizeof(name)));
	EXPECT_STREQ(self->path + strlen(CGROUP_ROOT), name);
	EXPECT_LE(OOMS, record_number(line, "times"));
	EXPECT_EQ(self->kills, vmstat_kills());
	EXPECT_EQ(0, cgroup_kills(self->path));

	dumps = log_lines(log, "no killable processes");
	TH_LOG("%lld OOMs, %d reports in the log", ooms, dumps);
	EXPECT_EQ(1, dumps);
	close(log);

	/* Whoever comes next is killed, and has a record of its own. */
	pid = eater(self->path, "next");
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
}

/* With vm.oom_last_resort one of them dies, the largest, and on no record is nobody. */
TEST_F_TIMEOUT(event, nobody_is_left_but_the_last_resort, 120)
{
	char line[LINE_MAX_];
	int log, round, status;
	struct hog small;
	pid_t pid;

	ASSERT_EQ(0, write_file(LAST_RESORT, "1"));
	ASSERT_EQ(0, hog_start(&small, -1000, self->path));
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, log);
	ASSERT_EQ(0, lseek(log, 0, SEEK_END));
	for (round = 0; round < 3; round++) {
		pid = immune_eater(self->path);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		ASSERT_EQ(0, history_kill(self->first, round, line, sizeof(line)));
		TH_LOG("%s", line);
		EXPECT_EQ(pid, record_number(line, "pid"));
		EXPECT_TRUE(record_is(line, "reason", "last_resort"));
		EXPECT_TRUE(record_is(line, "class", "immune"));
		EXPECT_TRUE(record_is(line, "constraint", "memcg"));
		EXPECT_EQ(-1000, record_number(line, "oom_score_adj"));
	}
	EXPECT_EQ(3, history_kills(self->first));
	EXPECT_EQ(self->kills + 3, vmstat_kills());
	EXPECT_EQ(3, cgroup_kills(self->path));
	EXPECT_FALSE(hog_died(&small, &status));
	EXPECT_EQ(3, log_lines(log, "nobody else is left: an immune process is killed"));
	close(log);
	hog_stop(&small);
}

/* Small reads, and a kill between two of them, tear nothing. */
TEST_F_TIMEOUT(event, history_in_pieces, 120)
{
	char piece[7], text[4 * LINE_MAX_], whole[3 * LINE_MAX_];
	int fd, i, len = 0;
	long long seq;
	char *line;
	ssize_t n;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = eater(self->path, NULL);
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	}
	fd = open(HISTORY, O_RDONLY);
	ASSERT_LE(0, fd);
	/* Up to our records, of which there are two. */
	do {
		len = 0;
		while ((n = read(fd, &piece[0], 1)) == 1 && piece[0] != '\n' &&
		       len < LINE_MAX_)
			text[len++] = piece[0];
		ASSERT_EQ(1, n);
		text[len] = '\0';
	} while (record_number(text, "seq") < self->first);
	text[len++] = '\n';
	pid = eater(self->path, NULL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		ASSERT_GT((int)sizeof(text), len + n);
		memcpy(text + len, piece, n);
		len += n;
	}
	EXPECT_EQ(0, n);
	close(fd);
	text[len] = '\0';
	len = 0;
	EXPECT_EQ(3, history_kills(self->first));
	for (seq = self->first; seq <= history_last(); seq++) {
		ASSERT_EQ(0, history_find(seq, whole, sizeof(whole)));
		line = strstr(text, whole);
		ASSERT_NE(NULL, line);
		EXPECT_EQ('\n', line[strlen(whole)]);
		len += strlen(whole) + 1;
	}
	EXPECT_EQ(len, (int)strlen(text));
}

/* The history and the ring's parameter say how many are kept. */
TEST_F_TIMEOUT(event, history_keeps_128, 300)
{
	long long ring = 0, off;
	int i, status;
	pid_t pid;

	ASSERT_EQ(0, read_number("/sys/module/oom_event/parameters/ring",
				 &ring));
	EXPECT_LE(128, ring);
	for (i = 0; i < 130; i++) {
		pid = eater(self->path, NULL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
	}
	EXPECT_EQ(128, history_count(0, NULL, NULL));
	/* One may be for all kills that were called off. */
	off = history_last() - (self->first + 129);
	EXPECT_LE(0, off);
	EXPECT_GE(1, off);
	EXPECT_EQ(off, history_count(self->first + 130, NULL, NULL));
	EXPECT_EQ(self->kills + 130, vmstat_kills());
}

/* No signal at the parent's death: it could come before the OOM killer's. */
static int share_and_wait(void *unused)
{
	for (;;)
		pause();
	return 0;
}

/* Another process with the same memory dies too: on record, not counted. */
TEST_F_TIMEOUT(event, who_shares_the_memory, 120)
{
	static long double stack[4096];
	char line[LINE_MAX_], path[300];
	pid_t *child, pid;
	siginfo_t info;

	child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, child);
	/* The sharer's death is ours to see. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(path, sizeof(path), "%s/cgroup.procs", self->path);
		if (write_file(path, "0"))
			_exit(4);
		*child = clone(share_and_wait, stack + ARRAY_SIZE(stack),
			       CLONE_VM | SIGCHLD, NULL);
		eat();
	}
	ASSERT_EQ(0, wait_zombie(pid, &info));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	EXPECT_EQ(record_number(line, "seq"), oom_killed(pid));
	EXPECT_EQ(self->first, record_number(line, "victim_seq"));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));

	ASSERT_LT(0, *child);
	ASSERT_EQ(0, wait_zombie(*child, &info));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	ASSERT_EQ(0, history_find_pid(self->first, *child, line, sizeof(line)));
	EXPECT_EQ(record_number(line, "seq"), oom_killed(*child));
	EXPECT_EQ(self->first, record_number(line, "victim_seq"));
	EXPECT_EQ(*child, waitpid(*child, NULL, 0));

	/* Which of the two was chosen is nobody's concern here. */
	EXPECT_EQ(1, history_count(self->first, "reason", "chosen"));
	EXPECT_EQ(1, history_count(self->first, "reason", "shared_mm"));
	EXPECT_EQ(2, history_kills(self->first));
	EXPECT_EQ(1, cgroup_kills(self->path));
	EXPECT_EQ(self->kills + 1, vmstat_kills());
	munmap(child, sizeof(*child));
}

TEST_F_TIMEOUT(event, trace_says_the_same, 120)
{
	char line[LINE_MAX_], trace[65536], enable[300], file[300];
	const char *dir = TRACEFS;
	char *found, *end;
	pid_t pid;

	if (access(TRACEFS "/trace", R_OK))
		dir = TRACEFS_DEBUG;
	snprintf(file, sizeof(file), "%s/trace", dir);
	snprintf(enable, sizeof(enable),
		 "%s/events/oom/oom_kill_event/enable", dir);
	if (access(enable, R_OK))
		SKIP(return, "no tracefs with events");
	/* What was traced before goes. */
	ASSERT_EQ(0, close(open(file, O_WRONLY | O_TRUNC)));
	ASSERT_EQ(0, write_file(enable, "1"));
	pid = eater(self->path, "trace d");
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, write_file(enable, "0"));
	ASSERT_LT(0, read_file(file, trace, sizeof(trace)));
	ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	found = strstr(trace, "oom_kill_event: seq=");
	ASSERT_NE(NULL, found);
	found += strlen("oom_kill_event: ");
	end = strchr(found, '\n');
	ASSERT_NE(NULL, end);
	*end = '\0';
	/* What is known later only is not in the trace. */
	*strstr(line, " freed_ms=") = '\0';
	*strstr(found, " freed_ms=") = '\0';
	EXPECT_STREQ(line, found);
}

#define SHARERS		200
/* So many of them have a record of their own. */
#define LISTED		8

struct sharers {
	pid_t pids[SHARERS];
	int ready;
};

static void share_with_many(struct sharers *sharers)
{
	char *stacks = calloc(SHARERS, 4096);
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!stacks || write_file(ADJ_FILE, "1000"))
		_exit(4);
	for (i = 0; i < SHARERS; i++) {
		sharers->pids[i] = clone(share_and_wait, stacks + 4096 * (i + 1),
					 CLONE_VM | SIGCHLD, NULL);
		if (sharers->pids[i] < 0)
			_exit(5);
	}
	__atomic_store_n(&sharers->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* Kill one that shares its memory with many, by SysRq. */
static pid_t kill_with_sharers(struct sharers *sharers)
{
	siginfo_t info;
	pid_t pid;

	memset(sharers, 0, sizeof(*sharers));
	pid = fork();
	if (!pid)
		share_with_many(sharers);
	while (!__atomic_load_n(&sharers->ready, __ATOMIC_ACQUIRE)) {
		if (waitpid(pid, NULL, WNOHANG))
			return -1;
		usleep(1000);
	}
	if (write_file("/proc/sysrq-trigger", "f") || wait_zombie(pid, &info))
		return -1;
	return pid;
}

/*
 * Whoever shares memory with many does not wipe the record of its own kill, nor of
 * those before: a few have records, all are counted, and each can be asked.
 */
TEST_F_TIMEOUT(event, sharers_displace_no_record, 120)
{
	char line[LINE_MAX_];
	struct sharers *sharers;
	long long seq, victim, own = 0;
	pid_t before, pid;
	siginfo_t info;
	int i;

	sharers = mmap(NULL, sizeof(*sharers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)sharers);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	before = eater(self->path, NULL);
	EXPECT_EQ(before, waitpid(before, NULL, 0));
	pid = kill_with_sharers(sharers);
	ASSERT_LT(0, pid);

	/* The victim can be seen dead before all that share its memory are killed. */
	do {
		usleep(1000);
		ASSERT_EQ(0, history_find_pid(self->first, pid, line, sizeof(line)));
	} while (!record_number(line, "sharers"));
	victim = record_number(line, "seq");
	EXPECT_TRUE(record_is(line, "reason", "sysrq"));
	EXPECT_EQ(SHARERS, record_number(line, "sharers"));
	EXPECT_EQ(LISTED, history_count(self->first, "reason", "shared_mm"));
	EXPECT_EQ(2 + LISTED, history_kills(self->first));
	EXPECT_EQ(self->kills + 2, vmstat_kills());
	EXPECT_EQ(0, history_find_pid(self->first, before, line, sizeof(line)));
	EXPECT_EQ(0, record_number(line, "sharers"));

	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	for (i = 0; i < SHARERS; i++) {
		ASSERT_EQ(0, wait_zombie(sharers->pids[i], &info));
		EXPECT_EQ(CLD_KILLED, info.si_code);
		EXPECT_EQ(SIGKILL, info.si_status);
		seq = oom_killed(sharers->pids[i]);
		/* Its own record, or else that of the victim. */
		if (seq != victim) {
			ASSERT_EQ(0, history_find(seq, line, sizeof(line)));
			EXPECT_EQ(sharers->pids[i], record_number(line, "pid"));
			EXPECT_EQ(0, record_number(line, "sharers"));
			own++;
		}
		waitpid(sharers->pids[i], NULL, 0);
	}
	EXPECT_EQ(LISTED, own);
	munmap(sharers, sizeof(*sharers));
}

/* The points of one entry of inputs=, by what else is in the record. */
static long long replay(const char *entry, const char *line, int *class)
{
	long long rss, swap, pgtables, parent, age, memory, points;
	long long window = record_number(line, "fork_window_ms");
	char tier[8];
	int pid, adj;

	*class = -1;
	if (sscanf(entry, "%d:%lld:%lld:%lld:%lld:%lld:%d:%4[a-z]", &pid, &rss,
		   &swap, &pgtables, &parent, &age, &adj, tier) != 8)
		return -1;
	memory = rss + swap + pgtables;
	points = memory;
	if (parent > 0)
		points += parent * record_number(line, "parent_share") / 1000;
	if (age < window)
		points += memory * record_number(line, "fork_weight") / 1000 *
			  (window - age) / window;
	if (!strcmp(tier, "tcb"))
		points -= memory * record_number(line, "tcb_discount") / 1000;
	points += record_number(line, "totalpages") * adj / 1000;
	*class = adj == 1000 ? 2 : adj == -1000 ? 0 : 1;
	return points;
}

/* The choice can be made again from the record alone. */
TEST_F_TIMEOUT(event, record_recomputes_the_choice, 120)
{
	long long points, best = 0, given;
	char candidates[512], inputs[2048];
	int class, best_class, round, i, nr;
	char *c, *in, *next_c, *next_in;
	unsigned int seed = 7;
	struct hog hogs[4];
	char line[LINE_MAX_];
	bool volunteer;

	for (round = 0; round < 10; round++) {
		long long kills = vmstat_kills();

		for (i = 0; i < 4; i++) {
			int adj = (int)(rand_r(&seed) % 1000) - 500;

			volunteer = i && rand_r(&seed) % 4 == 0;
			ASSERT_EQ(0, hog_start(&hogs[i], volunteer ? 1000 : adj,
					       self->path));
			ASSERT_EQ(0, hog_grow(&hogs[i], MB / 4 +
					      rand_r(&seed) % (MB / 2)));
		}
		while (vmstat_kills() == kills)
			hog_grow(&hogs[0], MB / 8);
		ASSERT_EQ(0, history_kill(self->first, kills - self->kills,
					  line, sizeof(line)));
		ASSERT_EQ(0, record_field(line, "candidates", candidates,
					  sizeof(candidates)));
		ASSERT_EQ(0, record_field(line, "inputs", inputs,
					  sizeof(inputs)));
		best_class = 0;
		nr = 0;
		next_in = inputs;
		next_c = candidates;
		while ((c = strsep(&next_c, ",")) &&
		       (in = strsep(&next_in, ","))) {
			points = replay(in, line, &class);
			given = atoll(strchr(c, ':') + 1);
			EXPECT_EQ(points, given);
			EXPECT_EQ(atoi(c), atoi(in));
			if (!nr) {
				best = points;
				best_class = class;
				EXPECT_EQ(record_number(line, "pid"), atoi(c));
				EXPECT_EQ(record_number(line, "points"),
					  points);
			}
			EXPECT_TRUE(class < best_class ||
				    (class == best_class && points <= best)) {
				TH_LOG("%s", line);
			}
			nr++;
		}
		EXPECT_EQ(4, nr) {
			TH_LOG("%s", line);
		}
		for (i = 0; i < 4; i++)
			hog_stop(&hogs[i]);
	}
}

/*
 * memory.oom.group: where the limit is, where the value is set, who dies.
 *
 *	top        (limit here, or in leaf)
 *	 |- side   one process
 *	 `- leaf   two processes and one that is immune; a fourth eats
 */
FIXTURE(group) {
	struct cgroup_pair cgroups;
	const char *top;
	const char *leaf;
	const char *side;
	long long first;
	long long kills;
	long long again;
	pid_t in_leaf[2];
	pid_t in_side;
	pid_t immune;
};

FIXTURE_VARIANT(group) {
	bool limit_in_leaf;
	bool group_top;
	bool group_leaf;
	bool leaf_dies;
	bool side_dies;
};

FIXTURE_VARIANT_ADD(group, none) {
};

FIXTURE_VARIANT_ADD(group, leaf) {
	.group_leaf = true, .leaf_dies = true,
};

FIXTURE_VARIANT_ADD(group, top) {
	.group_top = true, .leaf_dies = true, .side_dies = true,
};

FIXTURE_VARIANT_ADD(group, both) {
	.group_top = true, .group_leaf = true,
	.leaf_dies = true, .side_dies = true,
};

/* The OOM is the leaf's: what is set above it does not count. */
FIXTURE_VARIANT_ADD(group, top_above_the_oom) {
	.limit_in_leaf = true, .group_top = true,
};

FIXTURE_VARIANT_ADD(group, leaf_of_the_oom) {
	.limit_in_leaf = true, .group_top = true, .group_leaf = true,
	.leaf_dies = true,
};

static pid_t sleeper(const char *cgroup, const char *adj)
{
	char path[512];
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		if (write_file(path, "0") || write_file(ADJ_FILE, adj))
			_exit(4);
		if (write(ready[1], "", 1) != 1)
			_exit(5);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

FIXTURE_SETUP(group)
{
	int err, i;

	self->top = self->cgroups.top;
	self->leaf = self->cgroups.left;
	self->side = self->cgroups.right;
	if (getuid())
		SKIP(return, "not root");
	if (access(HISTORY, R_OK))
		SKIP(return, "no " HISTORY);
	err = cgroup_pair_create(&self->cgroups, "event_group", LIMIT, "leaf", "side");
	if (err == -ENOENT || err == -EROFS)
		SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
	ASSERT_EQ(0, err);
	if (variant->limit_in_leaf) {
		ASSERT_EQ(0, cgroup_set(self->top, "memory.max", "max"));
		ASSERT_EQ(0, cgroup_set(self->leaf, "memory.max", "4M"));
	}
	ASSERT_EQ(0, cgroup_set(self->top, "memory.oom.group",
				variant->group_top ? "1" : "0"));
	ASSERT_EQ(0, cgroup_set(self->leaf, "memory.oom.group",
				variant->group_leaf ? "1" : "0"));
	for (i = 0; i < 2; i++) {
		self->in_leaf[i] = sleeper(self->leaf, "0");
		ASSERT_LT(0, self->in_leaf[i]);
	}
	self->in_side = sleeper(self->side, "0");
	ASSERT_LT(0, self->in_side);
	self->immune = sleeper(self->leaf, "-1000");
	ASSERT_LT(0, self->immune);
	look_off();
	self->first = history_last() + 1;
	self->kills = vmstat_kills();
	self->again = vmstat_again();
}

FIXTURE_TEARDOWN(group)
{
	look_on();
	if (!self->top[0])
		return;
	cgroup_pair_remove(&self->cgroups);
}

/* Whether the OOM killer killed it, by all that says so. */
static bool died(pid_t pid, long long first)
{
	char line[LINE_MAX_];
	siginfo_t info = { };
	bool dead, record;

	waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG);
	dead = info.si_pid == pid && info.si_code == CLD_KILLED &&
	       info.si_status == SIGKILL;
	record = !history_find_pid(first, pid, line, sizeof(line));
	if (dead != record || dead != !!oom_killed(pid)) {
		ksft_print_msg("pid %d: dead %d, on record %d, oom_killed %lld\n",
			       pid, dead, record, oom_killed(pid));
		abort();
	}
	return dead;
}

TEST_F_TIMEOUT(group, who_dies, 120)
{
	int dead = 1 + 2 * variant->leaf_dies + variant->side_dies;
	char line[LINE_MAX_];
	long long again;
	siginfo_t info;
	pid_t pid;
	int i;

	pid = eater(self->leaf, NULL);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, wait_zombie(pid, &info));
	/* The others got their signal before the OOM was over. */
	if (variant->leaf_dies)
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, wait_zombie(self->in_leaf[i], &info));
	if (variant->side_dies)
		ASSERT_EQ(0, wait_zombie(self->in_side, &info));

	EXPECT_TRUE(died(pid, self->first));
	EXPECT_EQ(variant->leaf_dies, died(self->in_leaf[0], self->first));
	EXPECT_EQ(variant->leaf_dies, died(self->in_leaf[1], self->first));
	EXPECT_EQ(variant->side_dies, died(self->in_side, self->first));
	EXPECT_FALSE(died(self->immune, self->first));

	/*
	 * One record each. The victim is counted again as a member, if it has not
	 * exited in time.
	 */
	again = vmstat_again() - self->again;
	EXPECT_GE(variant->leaf_dies, again);
	EXPECT_EQ(dead, history_kills(self->first));
	EXPECT_EQ(1, history_count(self->first, "reason", "chosen"));
	EXPECT_EQ(dead - 1, history_count(self->first, "reason", "group"));
	EXPECT_EQ(dead + again, cgroup_kills(self->top));
	EXPECT_EQ(self->kills + dead + again, vmstat_kills());
	EXPECT_EQ(dead + again - variant->side_dies, cgroup_kills(self->leaf));
	for (i = 0; i < dead; i++) {
		ASSERT_EQ(0, history_kill(self->first, i, line,
					  sizeof(line)));
		EXPECT_EQ(self->first, record_number(line, "victim_seq"));
		EXPECT_EQ(i ? 1 : 1 + again, record_number(line, "counted"));
	}
}

/*
 * A supervisor that has a thousand children die, in all ways at once, and tells
 * the OOM killer's deaths from all others without reading a log.
 */
#define DEATHS		1000
#define AT_ONCE		10

enum death { BY_OOM, BY_KILL, BY_KILL_FULL, BY_TERM, BY_EXIT, BY_EXIT_137, NR };

TEST_F_TIMEOUT(event, a_thousand_deaths, 900)
{
	int wrong = 0, ooms = 0, seen = 0, i, n, done;
	long long off = vmstat_of("oom_called_off");
	unsigned int seed = 20241124;
	enum death how[AT_ONCE];
	pid_t pids[AT_ONCE];
	char path[300];
	siginfo_t info;
	bool oom;

	snprintf(path, sizeof(path), "%s/cgroup.procs", self->path);
	for (done = 0; done < DEATHS; done += AT_ONCE) {
		for (i = 0; i < AT_ONCE; i++) {
			how[i] = i ? rand_r(&seed) % NR : BY_OOM;
			/* One that fills it at a time: then it is the one. */
			if (i && how[i] == BY_OOM)
				how[i] = BY_KILL;
			if (i == 1 && done % 20)
				how[i] = BY_KILL_FULL;
			pids[i] = fork();
			if (pids[i])
				continue;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			switch (how[i]) {
			case BY_OOM:
				/* An OOM victim by chance is one all the same */
				if (write_file(path, "0") ||
				    write_file(ADJ_FILE, "1000"))
					_exit(4);
				eat();
				break;
			case BY_KILL_FULL:
				/* In the same cgroup, and never the victim */
				if (write_file(ADJ_FILE, "-1000") ||
				    write_file(path, "0"))
					_exit(4);
				pause();
				break;
			case BY_EXIT:
				_exit(0);
			case BY_EXIT_137:
				_exit(128 + SIGKILL);
			default:
				pause();
			}
			_exit(7);
		}
		for (i = 0; i < AT_ONCE; i++)
			if (how[i] == BY_KILL || how[i] == BY_KILL_FULL)
				kill(pids[i], SIGKILL);
			else if (how[i] == BY_TERM)
				kill(pids[i], SIGTERM);
		for (i = 0; i < AT_ONCE; i++) {
			ASSERT_EQ(0, wait_zombie(pids[i], &info));
			oom = info.si_code == CLD_KILLED &&
			      info.si_status == SIGKILL &&
			      oom_killed(pids[i]) > 0;
			if (how[i] == BY_OOM ? !oom : oom) {
				TH_LOG("%d: kind %d, code %d, status %d, oom_killed %lld",
				       pids[i], how[i], info.si_code,
				       info.si_status, oom_killed(pids[i]));
				wrong++;
			}
			ooms += how[i] == BY_OOM;
			seen += oom;
			waitpid(pids[i], NULL, 0);
		}
	}
	n = cgroup_kills(self->path);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(ooms, seen);
	EXPECT_EQ(ooms, n);
	EXPECT_EQ(self->kills + ooms, vmstat_kills());
	/* Kills that were called off have records, too. */
	off = vmstat_of("oom_called_off") - off;
	EXPECT_LE(self->first - 1 + ooms, history_last());
	EXPECT_GE(self->first - 1 + ooms + off, history_last());
}

FIXTURE(audit) {
	char path[256];
	long long first;
	int reader;
	int daemon;
};

FIXTURE_SETUP(audit)
{
	int err;

	self->path[0] = '\0';
	self->reader = -1;
	self->daemon = -1;
	if (getuid())
		SKIP(return, "not root");
	if (access(HISTORY, R_OK))
		SKIP(return, "no " HISTORY);
	self->reader = audit_listen();
	if (self->reader == -EPROTONOSUPPORT)
		SKIP(return, "no audit");
	ASSERT_LE(0, self->reader);
	err = cgroup_create("event_audit", LIMIT, self->path,
			    sizeof(self->path));
	if (err == -ENOENT || err == -EROFS)
		SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, audit_enable(1));
	look_off();
	self->first = history_last() + 1;
}

FIXTURE_TEARDOWN(audit)
{
	look_on();
	if (self->reader >= 0)
		audit_enable(0);
	if (self->reader >= 0)
		close(self->reader);
	if (self->daemon >= 0)
		audit_no_daemon(self->daemon);
	if (self->path[0])
		cgroup_remove(self->path);
}

static void same_but_freed(struct __test_metadata *_metadata, char *history,
			   char *audit)
{
	*strstr(history, " freed_ms=") = '\0';
	ASSERT_NE(NULL, strstr(audit, " freed_ms="));
	*strstr(audit, " freed_ms=") = '\0';
	EXPECT_STREQ(history, audit);
}

/* Without an auditd: who reads the multicast group has them all, in order. */
TEST_F_TIMEOUT(audit, a_reader_of_the_group, 120)
{
	char line[LINE_MAX_], text[LINE_MAX_];
	pid_t pids[20];
	int i;

	for (i = 0; i < 20; i++) {
		pids[i] = eater(self->path, "re ad");
		EXPECT_EQ(pids[i], waitpid(pids[i], NULL, 0));
	}
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, audit_read_kill(self->reader, 5000, text, sizeof(text)));
		EXPECT_EQ(pids[i], record_number(text, "pid"));
		ASSERT_EQ(0, history_kill(self->first, i, line,
					  sizeof(line)));
		same_but_freed(_metadata, line, text);
	}
	EXPECT_EQ(-EAGAIN, audit_read_kill(self->reader, 200, text, sizeof(text)));
}

/*
 * An auditd that stalls with a full socket gets them all when it reads, in order,
 * and audit has lost nothing: they wait where they are kept, not in its queues.
 */
TEST_F_TIMEOUT(audit, a_daemon_that_stalls, 120)
{
	char line[LINE_MAX_], text[LINE_MAX_];
	int err, i, nr = 40;
	struct audit_status before, after;
	pid_t pid;

	ASSERT_EQ(0, audit_backlog(8));
	ASSERT_EQ(0, audit_get_status(&before));
	self->daemon = audit_be_daemon(4096);
	ASSERT_LE(0, self->daemon);
	for (i = 0; i < nr; i++) {
		pid = eater(self->path, NULL);
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	}
	/* Much more than its socket and audit's queues hold. */
	sleep(2);
	ASSERT_EQ(0, audit_get_status(&after));
	EXPECT_EQ(before.lost, after.lost);
	EXPECT_EQ(0U, after.backlog);
	for (i = 0; i < nr; i++) {
		/* It is told that it was too slow; nothing is lost by that. */
		do {
			err = audit_read_kill(self->daemon, 10000, text, sizeof(text));
		} while (err == -ENOBUFS);
		ASSERT_EQ(0, err) {
			TH_LOG("after %d of %d", i, nr);
		}
		EXPECT_LE(self->first + i, record_number(text, "seq"));
		ASSERT_EQ(0, history_kill(self->first, i, line, sizeof(line)));
		same_but_freed(_metadata, line, text);
	}
	EXPECT_EQ(-EAGAIN, audit_read_kill(self->daemon, 200, text, sizeof(text)));
	EXPECT_EQ(0, audit_backlog(64));
}

/* Audit gets the record of a victim when it is known who was killed with it. */
TEST_F_TIMEOUT(audit, a_victim_with_sharers, 120)
{
	char text[LINE_MAX_];
	struct sharers *sharers;
	pid_t pid;
	int i;

	sharers = mmap(NULL, sizeof(*sharers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)sharers);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid = kill_with_sharers(sharers);
	ASSERT_LT(0, pid);
	for (i = 0; i <= LISTED; i++) {
		ASSERT_EQ(0, audit_read_kill(self->reader, 5000, text, sizeof(text)));
		EXPECT_EQ(self->first + i, record_number(text, "seq"));
		EXPECT_EQ(i ? 0 : SHARERS, record_number(text, "sharers"));
		if (!i)
			EXPECT_EQ(pid, record_number(text, "pid"));
	}
	EXPECT_EQ(-EAGAIN, audit_read_kill(self->reader, 200, text, sizeof(text)));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	for (i = 0; i < SHARERS; i++)
		EXPECT_EQ(sharers->pids[i], waitpid(sharers->pids[i], NULL, 0));
	munmap(sharers, sizeof(*sharers));
}

/* Wait until the test's own settings are recorded, which audit may lose. */
static int audit_settled(struct audit_status *status)
{
	unsigned int lost;
	int err;

	do {
		err = audit_get_status(status);
		lost = status->lost;
		usleep(500000);
		err = err ?: audit_get_status(status);
	} while (!err && (status->backlog || status->lost != lost));
	return err;
}

/*
 * Without an auditd and with nobody who reads the group, what audit would drop stays
 * where it is kept, and an auditd that is started later gets all: with audit=1, what
 * audit could hold from there. Audit has lost nothing.
 */
TEST_F_TIMEOUT(audit, a_daemon_that_comes_late, 120)
{
	struct audit_status before, after;
	char text[LINE_MAX_];
	int err, i, nr = 20;
	bool seen[20] = { };
	long long at;
	pid_t pid;

	close(self->reader);
	self->reader = -1;
	ASSERT_EQ(0, audit_backlog(8));
	ASSERT_EQ(0, audit_settled(&before));
	for (i = 0; i < nr; i++) {
		pid = eater(self->path, NULL);
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	}
	/* Some tries in vain. */
	sleep(2);
	ASSERT_EQ(0, audit_get_status(&after));
	EXPECT_EQ(before.lost, after.lost);
	self->daemon = audit_be_daemon(1 << 20);
	ASSERT_LE(0, self->daemon);
	/* What audit has held comes beside the rest. */
	for (i = 0; i < nr; i++) {
		do {
			err = audit_read_kill(self->daemon, 10000, text, sizeof(text));
			at = err ? 0 : record_number(text, "seq") - self->first;
		} while (err == -ENOBUFS || at < 0);
		ASSERT_EQ(0, err) {
			TH_LOG("after %d of %d", i, nr);
		}
		ASSERT_GT(nr, at);
		EXPECT_FALSE(seen[at]);
		seen[at] = true;
	}
	EXPECT_EQ(-EAGAIN, audit_read_kill(self->daemon, 200, text, sizeof(text)));
	ASSERT_EQ(0, audit_get_status(&after));
	EXPECT_EQ(before.lost, after.lost);
	EXPECT_EQ(0, audit_backlog(64));
	audit_enable(0);
}

/* Audit off, and a rule that excludes them: history, and nothing piles up. */
TEST_F_TIMEOUT(audit, not_wanted, 120)
{
	char text[LINE_MAX_];
	int pass;
	pid_t pid;

	for (pass = 0; pass < 2; pass++) {
		ASSERT_EQ(0, pass ? audit_exclude(AUDIT_ANOM_OOM_KILL, true) :
				    audit_enable(0));
		pid = eater(self->path, NULL);
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_EQ(-EAGAIN, audit_read_kill(self->reader, 300, text, sizeof(text)));
		ASSERT_EQ(0, pass ? audit_exclude(AUDIT_ANOM_OOM_KILL, false) :
				    audit_enable(1));
		EXPECT_EQ(1 + 2 * pass, history_kills(self->first));

		/* The next one is wanted again, and the first to be sent. */
		pid = eater(self->path, NULL);
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(0, audit_read_kill(self->reader, 5000, text, sizeof(text)));
		EXPECT_EQ(pid, record_number(text, "pid"));
	}
}

TEST_HARNESS_MAIN
