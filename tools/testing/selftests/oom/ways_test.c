// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways round the gate on oom_score_adj that are not its front door: other
 * mounts of proc, credentials that come back from elsewhere, and races; rings
 * are in rings_test.c.
 * Documentation/admin-guide/LSM/Peios.rst has the list.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

/* How long the races run, in milliseconds each. */
#define RACE_MS	1500

static bool has_tcb(void)
{
	char list[2048];

	return !read_key(TOKEN_FILE, "present", list, sizeof(list)) &&
	       strstr(list, "SeTcbPrivilege");
}

static long long adj_now(void)
{
	long long adj = -9999;

	read_number(ADJ_FILE, &adj);
	return adj;
}

FIXTURE(ways) {
	struct sd sd;
	struct target target;
};

FIXTURE_SETUP(ways)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	ASSERT_EQ(0, write_file(ADJ_FILE, "0"));
}

FIXTURE_TEARDOWN(ways)
{
}

/* -- proc mounted in another pid namespace -- */

static int in_namespace(void *command)
{
	char dir[] = "/tmp/oom_ways_XXXXXX", path[64];
	int err;

	/* Pid 1 of its namespace, by a mount of proc of that. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(dir) || mount("proc", dir, "proc", 0, NULL))
		return 250;
	snprintf(path, sizeof(path), "%s/1/oom_score_adj", dir);
	if (command && token_command(command))
		return 251;
	err = write_file(path, "50");
	if (!err)
		err = write_file(path, "49");
	umount(dir);
	rmdir(dir);
	return -err;
}

TEST_F_TIMEOUT(ways, proc_of_another_pid_namespace, 120)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID | CLONE_NEWNS));
	EXPECT_EQ(EACCES, in_child(in_namespace, "remove SeTcbPrivilege"));
	ASSERT_EQ(0, setns(open("/proc/self/ns/pid", O_RDONLY), CLONE_NEWPID));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, in_child(in_namespace, NULL));
}

/* -- user namespaces -- */

static int hold_user_namespace(void *pipes)
{
	char byte;
	int *fds = pipes;

	if (unshare(CLONE_NEWUSER) || write(fds[1], "x", 1) != 1)
		return 1;
	return read(fds[2], &byte, 1) ? 2 : 0;
}

TEST_F_TIMEOUT(ways, setns_to_a_user_namespace, 120)
{
	int fds[4], ns, status;
	char path[64], byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(fds + 2));
	pid = fork_child();
	if (!pid) {
		close(fds[3]);
		_exit(hold_user_namespace(fds));
	}
	ASSERT_EQ(1, read(fds[0], &byte, 1));
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	ns = open(path, O_RDONLY);
	ASSERT_LE(0, ns);
	EXPECT_TRUE(has_tcb());
	ASSERT_EQ(0, setns(ns, CLONE_NEWUSER));
	EXPECT_FALSE(has_tcb());
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
	close(fds[3]);
	waitpid(pid, &status, 0);
}

/* -- A session keyring is put on the parent: with its token as it was -- */

static int keyring_to_parent(void *unused)
{
	if (token_command("remove SeAuditPrivilege") || pip_write("1 1") ||
	    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT) < 0)
		return errno;
	return 0;
}

static long session_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
		       KEY_SPEC_SESSION_KEYRING, 0);
}

TEST_F_TIMEOUT(ways, session_keyring_to_parent, 120)
{
	char before[8192], after[8192], pip[32];
	long keyring = session_keyring();

	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	ASSERT_EQ(0, token_command("enable SeTcbPrivilege"));
	ASSERT_EQ(0, pip_write("2 2"));
	ASSERT_LT(0, read_file(TOKEN_FILE, before, sizeof(before)));
	ASSERT_EQ(0, in_child(keyring_to_parent, NULL));
	/* The new credentials are there, */
	EXPECT_NE(keyring, session_keyring());
	/* and what is in them is the parent's. */
	ASSERT_LT(0, read_file(TOKEN_FILE, after, sizeof(after)));
	EXPECT_EQ(strlen(before), strlen(after));
	EXPECT_TRUE(has_tcb());
	EXPECT_NE(NULL, strstr(after, "SeAuditPrivilege"));
	ASSERT_EQ(0, pip_read(0, pip, sizeof(pip)));
	EXPECT_STREQ("2 2", pip);
}

/* -- Programs that the kernel runs, by whoever's wish -- */

static int make_script(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len || fchmod(fd, 0755) || close(fd))
		return -EIO;
	return 0;
}

/* A script that writes its token down; in a folder of its own. */
static int make_agent(char *dir, char *agent, char *token, size_t size)
{
	char text[512];

	if (!mkdtemp(dir))
		return -errno;
	snprintf(agent, size, "%s/agent", dir);
	snprintf(token, size, "%s/token", dir);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\ncat /proc/self/attr/peios/token > %s.new\nmv %s.new %s\n",
		 token, token, token);
	return make_script(agent, text);
}

/* Once it has run: 1 if it had a privilege of the TCB, 0 if not, or -errno. */
static int agent_had_tcb(const char *token)
{
	long long until = now_ms() + 30000;
	char list[2048];
	int err;

	while (access(token, F_OK)) {
		if (now_ms() > until)
			return -ETIMEDOUT;
		usleep(10000);
	}
	err = read_key(token, "present", list, sizeof(list));
	if (err)
		return err;
	return strstr(list, "SeTcbPrivilege") || strstr(list, "SeDebugPrivilege");
}

static int crash(void *unused)
{
	(void)unused;
	abort();
}

TEST_F_TIMEOUT(ways, program_for_core_dumps, 120)
{
	char dir[] = "/tmp/oom_ways_XXXXXX", agent[64], token[64];
	char before[256], pattern[80];
	int len;

	ASSERT_EQ(0, make_agent(dir, agent, token, sizeof(agent)));
	len = read_file("/proc/sys/kernel/core_pattern", before, sizeof(before));
	ASSERT_LT(0, len);
	snprintf(pattern, sizeof(pattern), "|%s", agent);
	ASSERT_EQ(0, write_file("/proc/sys/kernel/core_pattern", pattern));
	in_child(crash, NULL);
	ASSERT_EQ(0, write_bytes("/proc/sys/kernel/core_pattern", before, len));
	EXPECT_EQ(0, agent_had_tcb(token));
	unlink(agent);
	unlink(token);
	rmdir(dir);
}

static int enter_cgroup(void *file)
{
	return -write_file(file, "0");
}

TEST_F_TIMEOUT(ways, release_agent, 120)
{
	char dir[] = "/tmp/oom_ways_XXXXXX", mnt[] = "/tmp/oom_ways_XXXXXX";
	char agent[64], token[64], path[64], file[96];

	ASSERT_EQ(0, make_agent(dir, agent, token, sizeof(agent)));
	ASSERT_NE(NULL, mkdtemp(mnt));
	ASSERT_EQ(0, mount("cgroup", mnt, "cgroup", 0, "none,name=oom_ways"));
	snprintf(file, sizeof(file), "%s/release_agent", mnt);
	EXPECT_EQ(0, write_file(file, agent));
	/* Who has it run is any root. */
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege,SeDebugPrivilege"));
	snprintf(path, sizeof(path), "%s/group", mnt);
	EXPECT_EQ(0, mkdir(path, 0755));
	snprintf(file, sizeof(file), "%s/notify_on_release", path);
	EXPECT_EQ(0, write_file(file, "1"));
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	EXPECT_EQ(0, in_child(enter_cgroup, file));
	EXPECT_EQ(0, agent_had_tcb(token));
	rmdir(path);
	umount(mnt);
	rmdir(mnt);
	unlink(agent);
	unlink(token);
	rmdir(dir);
}

/* -- Modules by a name that modprobe takes for a path -- */

/* The kernel asks for the driver of a network interface that there is not. */
static void ask_for_interface(const char *name)
{
	struct ifreq request = {};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	ioctl(fd, SIOCGIFFLAGS, &request);
	close(fd);
}

static int ask_without_privilege(void *unused)
{
	(void)unused;
	if (token_command("remove SeTcbPrivilege,SeLoadDriverPrivilege"))
		return 1;
	ask_for_interface("/tmp/oom_later");
	ask_for_interface("./tmp/oom_dot");
	ask_for_interface("oom.name");
	return 0;
}

TEST_F_TIMEOUT(ways, module_by_the_name_of_a_file, 120)
{
	char dir[] = "/tmp/oom_ways_XXXXXX", agent[64], asked[64], text[256];
	const char *knob = "/proc/sys/kernel/modprobe";
	char before[256];
	int len;

	len = read_file(knob, before, sizeof(before));
	if (len < 0)
		SKIP(return, "a kernel without modules");
	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(agent, sizeof(agent), "%s/agent", dir);
	snprintf(asked, sizeof(asked), "%s/asked", dir);
	snprintf(text, sizeof(text), "#!/bin/sh\necho \"$@\" >> %s\nexit 1\n", asked);
	ASSERT_EQ(0, make_script(agent, text));
	ASSERT_EQ(0, write_file(knob, agent));
	ask_for_interface("/tmp/oom_first");
	EXPECT_EQ(0, in_child(ask_without_privilege, NULL));
	ASSERT_EQ(0, write_bytes(knob, before, len));
	len = read_file(asked, text, sizeof(text) - 1);
	ASSERT_LT(0, len);
	text[len] = '\0';
	EXPECT_NE(NULL, strstr(text, "-q -- /tmp/oom_first\n"));
	EXPECT_EQ(NULL, strstr(text, "-q -- /tmp/oom_later\n"));
	EXPECT_EQ(NULL, strstr(text, "-q -- ./tmp/oom_dot\n"));
	EXPECT_NE(NULL, strstr(text, "-q -- oom.name\n"));
	unlink(asked);
	unlink(agent);
	rmdir(dir);
}

/* -- A process group that is hung up as it loses its last parent -- */

struct worker {
	uid_t uid;
	/* A child of a group of its own joins that of the daemon; or one leaves it. */
	bool joins;
};

/* A process of the caller's group that is stopped. */
static pid_t stopped_child(pid_t group)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid) {
		if (group && setpgid(0, group))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitid(P_PID, pid, &info, WSTOPPED | WEXITED | WNOWAIT))
		return -1;
	return pid;
}

/* What shells do with those that nobody protects: two children in a new group. */
static int job_control(void)
{
	int status, fds[2];
	pid_t first, second;
	char byte;

	if (pipe(fds))
		return -errno;
	first = fork();
	if (!first) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1));
	}
	second = fork();
	if (!second) {
		close(fds[1]);
		_exit(setpgid(0, first) ? errno : read(fds[0], &byte, 1));
	}
	status = setpgid(first, first) ? errno : 0;
	if (!status && setpgid(second, first))
		status = errno;
	close(fds[0]);
	close(fds[1]);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
	return status;
}

/* As it ends, the group of the daemon has no parent elsewhere in the session. */
static void run_worker(const struct worker *worker)
{
	const pid_t daemon = getppid();

	if (worker->uid && setuid(worker->uid))
		_exit(2);
	if (job_control())
		_exit(3);
	if (worker->joins) {
		if (setpgid(0, 0) || stopped_child(daemon) < 0)
			_exit(4);
	} else {
		if (stopped_child(0) < 0)
			_exit(5);
		setpgid(0, 0);
	}
	_exit(0);
}

/* How a daemon ends that waits for its worker: 0, or the signal. */
static int end_of_daemon(struct worker *worker)
{
	int status, child;
	pid_t daemon = fork();

	if (!daemon) {
		signal(SIGHUP, SIG_DFL);
		setsid();
		child = fork();
		if (!child)
			run_worker(worker);
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
			_exit(100);
		_exit(WEXITSTATUS(status));
	}
	if (waitpid(daemon, &status, 0) != daemon)
		return -errno;
	kill(-daemon, SIGKILL);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

TEST_F_TIMEOUT(ways, hangup_of_ones_group, 120)
{
	struct worker worker;
	int joins;

	for (joins = 0; joins < 2; joins++) {
		worker = (struct worker) { .joins = joins };
		EXPECT_EQ(SIGHUP, end_of_daemon(&worker));
		worker.uid = 1000;
		EXPECT_EQ(0, end_of_daemon(&worker)) TH_LOG("joins %d", joins);
	}
}

/* -- Races -- */

/*
 * Somebody without the privilege tries to lower, while the target execs from
 * one program to the next. exec changes neither the token nor the value.
 */
static int lower_for_ever(pid_t pid, long *tries)
{
	int err;

	if (token_command("remove SeTcbPrivilege,SeDebugPrivilege"))
		return 1;
	for (;;) {
		err = write_proc(pid, "oom_score_adj", "-7");
		__atomic_add_fetch(tries, 1, __ATOMIC_RELAXED);
		if (!err)
			return 2;
		/* Only that it is gone ends it. */
		if (err != -EACCES)
			return err == -ESRCH || err == -ENOENT ? 0 : 3;
	}
}

TEST_F_TIMEOUT(ways, race_of_exec_and_write, 120)
{
	long *tries = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid, writer;
	int status;

	ASSERT_NE(MAP_FAILED, tries);
	pid = fork_child();
	if (!pid) {
		if (write_file(ADJ_FILE, "300"))
			_exit(1);
		while (!__atomic_load_n(tries, __ATOMIC_RELAXED))
			usleep(1000);
		execl("./helper", "helper", "exec", "200", NULL);
		_exit(255);
	}
	writer = fork_child();
	if (!writer)
		_exit(lower_for_ever(pid, tries));
	/* Its status says what its value was at the end, divided by ten. */
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(30, WEXITSTATUS(status));
	ASSERT_EQ(writer, waitpid(writer, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	/* The target has waited for the first. */
	EXPECT_LT(1, *tries);
	munmap(tries, 4096);
}

struct race {
	pid_t pid;
	int stop;
	long done;
};

/* Raises the value while it may, by descriptors that come and go. */
static int raise_for_ever(struct race *race)
{
	int adj = 1;
	char text[16];

	if (become(ALICE, NULL))
		return 1;
	while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE)) {
		snprintf(text, sizeof(text), "%d", adj);
		if (!write_proc(race->pid, "oom_score_adj", text)) {
			__atomic_add_fetch(&race->done, 1, __ATOMIC_RELAXED);
			adj = adj < 900 ? adj + 1 : 900;
		}
	}
	return 0;
}

/* Once a descriptor that refuses is set, nothing changes any more. */
TEST_F_TIMEOUT(ways, race_of_sd_and_write, 120)
{
	const struct target_setup setup = {};
	struct race *race = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long long until = now_ms() + RACE_MS;
	struct sd open, shut;
	int status, rounds = 0;
	pid_t writer;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	race->pid = self->target.pid;
	sd_begin(&open, SYSTEM);
	sd_allow(&open, ALICE, SET_QUOTA);
	sd_begin(&shut, SYSTEM);
	writer = fork_child();
	if (!writer)
		_exit(raise_for_ever(race));
	while (now_ms() < until) {
		int before, late;

		ASSERT_EQ(0, sd_write(self->target.pid, &open));
		usleep(500);
		ASSERT_EQ(0, sd_write(self->target.pid, &shut));
		/* One that was checked before may still be under way, no more. */
		before = target_adj(&self->target);
		usleep(4000);
		late = target_adj(&self->target) - before;
		ASSERT_LE(0, late);
		ASSERT_LE(late, 1);
		rounds++;
	}
	__atomic_store_n(&race->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(writer, waitpid(writer, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_LT(10, rounds);
	EXPECT_LT(0, race->done);
	target_stop(&self->target);
}

/*
 * Descriptors and tokens come and go under those who use them: forks that share
 * one while it is replaced, threads, readers, exec. Nothing is expected but that
 * the kernel has nothing to complain of.
 */
static void *replace_descriptors(void *stop)
{
	struct sd sds[2];
	unsigned int i;

	sd_begin(&sds[0], SYSTEM);
	sd_begin(&sds[1], SYSTEM);
	sd_allow(&sds[1], EVERYONE, ALL_RIGHTS);
	for (i = 0; !__atomic_load_n((int *)stop, __ATOMIC_ACQUIRE); i++)
		sd_write(0, &sds[i & 1]);
	return NULL;
}

static void *read_descriptors(void *stop)
{
	uint8_t bytes[SD_MAX];
	pid_t pid = getpid();
	long long score;

	while (!__atomic_load_n((int *)stop, __ATOMIC_ACQUIRE)) {
		sd_read(pid, bytes, sizeof(bytes));
		read_proc(getppid(), "oom_score", &score);
		kill(pid, 0);
	}
	return NULL;
}

TEST_F_TIMEOUT(ways, turmoil, 120)
{
	static int stop;
	pthread_t threads[2];
	long long until;
	int status, forks = 0;

	ASSERT_EQ(0, pthread_create(&threads[0], NULL, replace_descriptors,
				    &stop));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, read_descriptors, &stop));
	for (until = now_ms() + RACE_MS; now_ms() < until || forks <= 10; forks++) {
		pid_t pid = fork_child();
		uint8_t bytes[SD_MAX];

		if (!pid) {
			if (forks % 3 == 0)
				become(ALICE, NULL);
			if (forks % 2)
				execl("./helper", "helper", "exec", "0", NULL);
			sd_read(0, bytes, sizeof(bytes));
			_exit(0);
		}
		sd_read(pid, bytes, sizeof(bytes));
		write_proc(pid, "oom_score_adj", "10");
		waitpid(pid, &status, 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

TEST_HARNESS_MAIN
