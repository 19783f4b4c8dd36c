// SPDX-License-Identifier: GPL-2.0-only
/*
 * What other programs read of an OOM kill is as on any Linux: the lines of the kernel's
 * log, in the shape and the order in which monitors of containers and of nodes look for
 * them; memory.events, by which service managers tell a kill; and the files of /proc by
 * which daemons choose a victim themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "event_util.h"
#include "oom_util.h"

#define NAME	"log hog"
#define LINES	400

FIXTURE(log) {
	char path[256];
	const char *cgroup;
	int kmsg;
	char lines[LINES][512];
	int nr;
};

FIXTURE_SETUP(log)
{
	int err;

	self->kmsg = -1;
	self->path[0] = '\0';
	if (getuid())
		SKIP(return, "not root");
	err = cgroup_create("log_test", 4 * MB, self->path, sizeof(self->path));
	if (err == -ENOENT || err == -EROFS)
		SKIP(return, "no cgroup v2 with memory at " CGROUP_ROOT);
	ASSERT_EQ(0, err);
	self->cgroup = self->path + strlen(CGROUP_ROOT);
	/* What comes before a kill is ratelimited: let that of other tests go by. */
	sleep(6);
	self->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->kmsg);
	ASSERT_EQ(0, lseek(self->kmsg, 0, SEEK_END));
}

FIXTURE_TEARDOWN(log)
{
	if (self->kmsg >= 0)
		close(self->kmsg);
	if (self->path[0])
		cgroup_remove(self->path);
}

/* Have one killed in the cgroup, or that by SysRq; its pid. */
static pid_t kill_one(const char *cgroup, bool sysrq)
{
	char path[300], *memory;
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, NAME);
		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		if (write_file(path, "0") ||
		    write_file(ADJ_FILE, sysrq ? "1000" : "7") ||
		    write(ready[1], "", 1) != 1)
			_exit(4);
		if (sysrq)
			for (;;)
				pause();
		memory = mmap(NULL, 16 * MB, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory != MAP_FAILED)
			memset(memory, 1, 16 * MB);
		_exit(5);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1 && sysrq)
		write_file("/proc/sysrq-trigger", "f");
	close(ready[0]);
	return pid;
}

/* The kernel's lines since the last call, without what is before the text. */
static void read_log(struct _test_data_log *self)
{
	char record[8192], *text;
	ssize_t len;

	self->nr = 0;
	while ((len = read(self->kmsg, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		if (len < 0 || self->nr == LINES)
			continue;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		snprintf(self->lines[self->nr++], sizeof(self->lines[0]), "%s", text);
	}
}

/* The line, from @from on, that matches; -1: none. @match: its parts in brackets. */
static int find(struct _test_data_log *self, int from, const char *pattern,
		char match[][256], int nr)
{
	regmatch_t parts[16];
	regex_t regex;
	int i, k, found = -1;

	if (regcomp(&regex, pattern, REG_EXTENDED))
		return -2;
	for (i = from; i < self->nr && found < 0; i++) {
		if (regexec(&regex, self->lines[i], 16, parts, 0))
			continue;
		found = i;
		for (k = 0; k < nr; k++)
			snprintf(match[k], 256, "%.*s",
				 (int)(parts[k + 1].rm_eo - parts[k + 1].rm_so),
				 self->lines[i] + parts[k + 1].rm_so);
	}
	regfree(&regex);
	return found;
}

/* As many as match in all. */
static int count(struct _test_data_log *self, const char *pattern)
{
	int at = -1, n = 0;

	while ((at = find(self, at + 1, pattern, NULL, 0)) >= 0)
		n++;
	return n;
}

#define BEGINS	"invoked oom-killer:"
#define KILLED	"Killed process ([0-9]+) \\((.+)\\)"
#define WHERE	"oom-kill:constraint=(.*),nodemask=(.*),cpuset=(.*),mems_allowed=(.*)," \
		"(global_oom|oom_memcg=.*),task_memcg=(.*),task=(.*),pid=(.*),uid=(.*)"
#define GROUP	"^Tasks in /log_test-[0-9]+ are going to be killed due to " \
		"memory\\.oom\\.group set$"
#define HEAD	"^\\[  pid  \\]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem " \
		"pgtables_bytes swapents oom_score_adj name$"
#define ROW	"^\\[([ 0-9]{7,})\\] [ 0-9]{5,} ([ 0-9]{5,}) [ 0-9]{8,} ([ 0-9]{8,}) " \
		"([ 0-9]{8,} ){2}[ 0-9]{9,} [ 0-9]{8,} [ 0-9]{8,} {9}([- 0-9]{5,}) (.*)$"
#define TERMS	"^oom-score: candidate: pid=([0-9]+) points=-?[0-9]+ memory=([0-9]+) " \
		"inherited=[0-9]+ fork=[0-9]+ tcb=-?[0-9]+ adj=-?[0-9]+ class=normal"
#define SIZES	"^%s: Killed process ([0-9]+) \\((.+)\\) total-vm:([0-9]+)kB, " \
		"anon-rss:([0-9]+)kB, file-rss:([0-9]+)kB, shmem-rss:([0-9]+)kB, " \
		"UID:([0-9]+) pgtables:([0-9]+)kB oom_score_adj:(-?[0-9]+)$"

/* Begin, place and end of a kill, in that order, each once. */
static void check(struct __test_metadata *_metadata, struct _test_data_log *self,
		  pid_t pid, const char *how, const char *constraint, const char *domain,
		  const char *adj)
{
	char m[9][256], pattern[512];
	int begin, where, end;

	begin = find(self, 0, BEGINS, NULL, 0);
	ASSERT_LE(0, begin);
	where = find(self, begin, WHERE, m, 9);
	ASSERT_LT(begin, where);
	EXPECT_STREQ(constraint, m[0]);
	EXPECT_STREQ(domain, m[4]);
	EXPECT_STREQ(self->cgroup, m[5]);
	EXPECT_STREQ(NAME, m[6]);
	EXPECT_EQ(pid, atoi(m[7]));
	EXPECT_STREQ("0", m[8]);

	end = find(self, begin, KILLED, m, 2);
	ASSERT_LT(where, end);
	EXPECT_EQ(pid, atoi(m[0]));
	EXPECT_STREQ(NAME, m[1]);
	snprintf(pattern, sizeof(pattern), SIZES, how);
	EXPECT_EQ(end, find(self, begin, pattern, m, 9)) {
		TH_LOG("%s", self->lines[end]);
	}
	EXPECT_EQ(pid, atoi(m[0]));
	EXPECT_STREQ(adj, m[8]);

	EXPECT_EQ(1, count(self, BEGINS));
	EXPECT_EQ(1, count(self, "oom-kill:"));
	EXPECT_EQ(1, count(self, "Killed process"));
}

TEST_F_TIMEOUT(log, of_a_cgroup, 120)
{
	char domain[300], file[300];
	long long kills = 0;
	pid_t pid;

	pid = kill_one(self->path, false);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	read_log(self);
	snprintf(domain, sizeof(domain), "oom_memcg=%s", self->cgroup);
	check(_metadata, self, pid, "Memory cgroup out of memory", "CONSTRAINT_MEMCG",
	      domain, "7");

	/* A service manager looks here. */
	snprintf(file, sizeof(file), "%s/memory.events", self->path);
	ASSERT_EQ(0, read_key_number(file, "oom_kill", &kills));
	EXPECT_EQ(1, kills);
}

TEST_F_TIMEOUT(log, of_the_system, 120)
{
	pid_t pid = kill_one(self->path, true);

	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	read_log(self);
	check(_metadata, self, pid, "Out of memory", "CONSTRAINT_NONE", "global_oom",
	      "1000");
}

TEST_F_TIMEOUT(log, of_a_group, 120)
{
	pid_t pid;

	ASSERT_EQ(0, cgroup_set(self->path, "memory.oom.group", "1"));
	pid = kill_one(self->path, false);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	read_log(self);
	EXPECT_EQ(1, count(self, GROUP));
	EXPECT_EQ(1, count(self, WHERE));
	EXPECT_LE(1, count(self, "^Memory cgroup out of memory: " KILLED " total-vm:"));
}

/* The table of tasks is Linux's, to the blank; the terms of the best are behind it. */
TEST_F_TIMEOUT(log, table_of_tasks, 120)
{
	int head, row, terms;
	char m[6][256];
	long long rss;
	pid_t pid;

	pid = kill_one(self->path, false);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	read_log(self);
	head = find(self, 0, HEAD, NULL, 0);
	ASSERT_LE(0, head);
	row = find(self, head, ROW, m, 6);
	ASSERT_EQ(head + 1, row) {
		TH_LOG("%s", self->lines[head + 1]);
	}
	EXPECT_EQ(pid, atoi(m[0]));
	EXPECT_EQ(pid, atoi(m[1]));
	rss = atoll(m[2]);
	EXPECT_LT(0, rss);
	EXPECT_EQ(7, atoi(m[4]));
	EXPECT_STREQ(NAME, m[5]);

	terms = find(self, row, TERMS, m, 2);
	ASSERT_EQ(row + 1, terms) {
		TH_LOG("%s", self->lines[row + 1]);
	}
	EXPECT_EQ(pid, atoi(m[0]));
	EXPECT_LE(rss, atoll(m[1]));
	EXPECT_EQ(terms + 1, find(self, terms, WHERE, NULL, 0));
}

/* What a daemon that kills before the kernel does reads of each process. */
TEST(files_of_a_daemon_that_chooses)
{
	static const char * const keys[] = {
		"MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree",
		"CommitLimit", "Committed_AS",
	};
	long long number;
	char text[4096];
	unsigned int i;
	regex_t regex;

	ASSERT_EQ(0, regcomp(&regex, "^[0-9]{1,4}\n$", REG_EXTENDED));
	ASSERT_LT(0, read_file("/proc/self/oom_score", text, sizeof(text)));
	EXPECT_EQ(0, regexec(&regex, text, 0, NULL, 0));
	EXPECT_GE(2000, atoi(text));
	regfree(&regex);
	ASSERT_EQ(0, regcomp(&regex, "^-?[0-9]{1,4}\n$", REG_EXTENDED));
	ASSERT_LT(0, read_file(ADJ_FILE, text, sizeof(text)));
	EXPECT_EQ(0, regexec(&regex, text, 0, NULL, 0));
	regfree(&regex);
	ASSERT_EQ(0, regcomp(&regex, "^[0-9]+( [0-9]+){6}\n$", REG_EXTENDED));
	ASSERT_LT(0, read_file("/proc/self/statm", text, sizeof(text)));
	EXPECT_EQ(0, regexec(&regex, text, 0, NULL, 0));
	regfree(&regex);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		EXPECT_EQ(0, read_key_number("/proc/meminfo", keys[i], &number));
}

TEST_HARNESS_MAIN
