// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes as objects of Peios: security descriptors and integrity protection
 * over fork and exec, who may change them, and that ordinary Linux user space
 * and the signals that the kernel sends go on working.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

#define USER		1000
#define OTHER_USER	1001

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

/* Run a program that prints a file, and read what it prints. */
static int exec_reads(const char *path, void *bytes, size_t size)
{
	int fds[2], n = 0, len = 0;
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = fork_child();
	if (!pid) {
		dup2(fds[1], 1);
		execlp("cat", "cat", path, NULL);
		_exit(255);
	}
	close(fds[1]);
	while ((n = read(fds[0], (char *)bytes + len, size - len)) > 0)
		len += n;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return len;
}

/* -- Integrity protection -- */

FIXTURE(pip) {
	char text[64];
};

FIXTURE_SETUP(pip)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
}

FIXTURE_TEARDOWN(pip)
{
}

static void expect_pip(struct __test_metadata *_metadata, const char *expected)
{
	char text[64] = "";

	EXPECT_EQ(0, pip_read(0, text, sizeof(text)));
	EXPECT_STREQ(expected, text);
}

TEST_F_TIMEOUT(pip, raised_with_tcb_only, 120)
{
	expect_pip(_metadata, "0 0");
	ASSERT_EQ(0, pip_write("512 8192\n"));
	expect_pip(_metadata, "512 8192");
	ASSERT_EQ(0, pip_write("4294967295 4294967295"));
	ASSERT_EQ(0, pip_write("512 8192"));
	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	EXPECT_EQ(-EPERM, pip_write("513 8192"));
	EXPECT_EQ(-EPERM, pip_write("512 8193"));
	EXPECT_EQ(-EPERM, pip_write("0 8193"));
	EXPECT_EQ(0, pip_write("512 8192"));
	EXPECT_EQ(0, pip_write("511 8191"));
	EXPECT_EQ(-EPERM, pip_write("512 8192"));
	EXPECT_EQ(0, pip_write("0 0"));
	expect_pip(_metadata, "0 0");
}

TEST_F_TIMEOUT(pip, refuses_bad_text, 120)
{
	static const char *const bad[] = {
		"", "\n", "1", "1 ", " 1", " 1 1", "1  1", "1 1 ", "1 1 1",
		"-1 1", "1 -1", "+1 1", "1 +1", "0x1 1", "4294967296 1",
		"1 4294967296", "a b", "1,1", "1\t1",
	};
	char path[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, pip_write(bad[i])) {
			TH_LOG("'%s'", bad[i]);
		}
	expect_pip(_metadata, "0 0");
	/* And nobody else's. */
	snprintf(path, sizeof(path), "/proc/%d/attr/peios/pip", getppid());
	EXPECT_EQ(-EACCES, write_file(path, "1 1"));
}

static int has_pip(void *expected)
{
	char text[64];

	return pip_read(0, text, sizeof(text)) || strcmp(text, expected);
}

TEST_F_TIMEOUT(pip, inherited_by_fork, 120)
{
	ASSERT_EQ(0, pip_write("2 3"));
	EXPECT_EQ(0, in_child(has_pip, "2 3"));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(0, in_child(has_pip, "2 3"));
}

TEST_F_TIMEOUT(pip, dropped_at_exec_without_tcb, 120)
{
	static const char path[] = "/proc/self/attr/peios/pip";

	ASSERT_EQ(0, pip_write("2 3"));
	ASSERT_EQ(4, exec_reads(path, self->text, sizeof(self->text)));
	EXPECT_EQ(0, strncmp(self->text, "2 3\n", 4));
	/* Present is what counts: the program may enable it. */
	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	ASSERT_EQ(4, exec_reads(path, self->text, sizeof(self->text)));
	EXPECT_EQ(0, strncmp(self->text, "2 3\n", 4));
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	ASSERT_EQ(4, exec_reads(path, self->text, sizeof(self->text)));
	EXPECT_EQ(0, strncmp(self->text, "0 0\n", 4));
	/* An exec that fails drops nothing. */
	execl("/nonexistent", "nonexistent", NULL);
	expect_pip(_metadata, "2 3");
}

static void *wait_in_thread(void *fd)
{
	char byte;

	return read(*(int *)fd, &byte, 1) ? NULL : fd;
}

TEST_F_TIMEOUT(pip, not_beside_other_threads, 120)
{
	int fds[2], tries, err = 0;
	pthread_t thread;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_in_thread, &fds[0]));
	EXPECT_EQ(-EBUSY, pip_write("1 1"));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	pthread_join(thread, NULL);
	/* It returns some moments before the thread has left its group. */
	for (tries = 0; tries < 1000; tries++) {
		err = pip_write("1 1");
		if (err != -EBUSY)
			break;
		usleep(10000);
	}
	EXPECT_EQ(0, err);
}

static int raise_beside_sharer(void *unused)
{
	return -pip_write("1 1");
}

/* Its memory is open to a process that would not be protected with it. */
TEST_F_TIMEOUT(pip, not_beside_who_shares_the_mm, 120)
{
	const size_t size = 256 * 1024;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, stack);
	pid = clone(raise_beside_sharer, stack + size, CLONE_VM | SIGCHLD, NULL);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EBUSY, WEXITSTATUS(status));
}

TEST_F_TIMEOUT(pip, not_by_a_descriptor_from_before_exec, 120)
{
	char text[16];
	int status;
	pid_t pid;

	pid = fork_child();
	if (!pid) {
		snprintf(text, sizeof(text), "%d",
			 open("/proc/thread-self/attr/peios/pip", O_WRONLY));
		execl("./helper", "helper", "1 1", text, NULL);
		_exit(255);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
}

TEST_F_TIMEOUT(pip, both_numbers_count, 120)
{
	static const struct {
		const char *target, *caller;
		int err;
	} pairs[] = {
		{ "0 9", "0 0", 0 }, { "1 0", "0 0", -EPERM },
		{ "1 0", "0 9", -EPERM }, { "1 1", "1 0", -EPERM },
		{ "1 1", "1 1", 0 }, { "1 1", "2 1", 0 }, { "2 1", "1 2", -EPERM },
		{ "1 2", "2 1", -EPERM }, { "1 1", "2 2", 0 },
	};
	struct target_setup setup = {};
	struct target target;
	unsigned int i;
	pid_t pid;
	int status;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		setup.pip = pairs[i].target;
		ASSERT_EQ(0, target_start(&target, &setup));
		pid = fork_child();
		if (!pid) {
			if (pip_write(pairs[i].caller))
				_exit(254);
			_exit(kill(target.pid, SIGTERM) ? errno : 0);
		}
		waitpid(pid, &status, 0);
		EXPECT_EQ(-pairs[i].err, WEXITSTATUS(status)) {
			TH_LOG("%s to %s", pairs[i].caller, pairs[i].target);
		}
		target_stop(&target);
	}
}

/* -- Security descriptors -- */

FIXTURE(sd) {
	struct sd sd;
	struct sd other;
	uint8_t bytes[SD_MAX + 1];
};

FIXTURE_SETUP(sd)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
}

FIXTURE_TEARDOWN(sd)
{
}

static void expect_sd(struct __test_metadata *_metadata, pid_t pid,
		      const struct sd *sd)
{
	uint8_t bytes[SD_MAX];

	ASSERT_EQ((int)sd->size, sd_read(pid, bytes, sizeof(bytes)));
	EXPECT_EQ(0, memcmp(sd->bytes, bytes, sd->size));
}

static void default_sd(struct sd *sd, const char *user, bool unix_user)
{
	sd_begin(sd, user);
	sd_allow(sd, user, ALL_RIGHTS);
	sd_allow(sd, ADMINISTRATORS, ALL_RIGHTS);
	if (strcmp(user, SYSTEM))
		sd_allow(sd, SYSTEM, ALL_RIGHTS);
	if (unix_user && strcmp(user, "S-1-22-1-0"))
		sd_allow(sd, "S-1-22-1-0", ALL_RIGHTS);
	sd_allow(sd, EVERYONE, BY_EVERYONE);
	/* Owner and DACL are there by default. */
	sd->bytes[2] |= 0x01 | 0x08;
}

TEST_F_TIMEOUT(sd, default_one, 120)
{
	default_sd(&self->sd, SYSTEM, false);
	expect_sd(_metadata, 0, &self->sd);
	expect_sd(_metadata, 1, &self->sd);
}

TEST_F_TIMEOUT(sd, default_of_a_user, 120)
{
	default_sd(&self->sd, ALICE, false);
	ASSERT_EQ(0, become(ALICE, NULL));
	expect_sd(_metadata, 0, &self->sd);
}

/* It follows the token of the moment. */
TEST_F_TIMEOUT(sd, default_of_a_unix_user, 120)
{
	default_sd(&self->sd, "S-1-22-1-1000", true);
	ASSERT_EQ(0, setresuid(USER, USER, USER));
	expect_sd(_metadata, 0, &self->sd);
}

TEST_F_TIMEOUT(sd, written_and_read, 120)
{
	sd_begin(&self->sd, SYSTEM);
	sd_deny(&self->sd, EVERYONE, VM_WRITE);
	sd_allow(&self->sd, ALICE, TERMINATE | 0x00f00000);
	ASSERT_EQ(0, sd_write(0, &self->sd));
	expect_sd(_metadata, 0, &self->sd);
}

TEST_F_TIMEOUT(sd, refuses_bad_ones, 120)
{
	static const struct {
		size_t at;
		uint8_t value;
	} damage[] = {
		{ 0, 0 }, { 0, 2 }, { 3, 0x00 }, { 4, 0 }, { 4, 21 },
		{ 4, 255 }, { 7, 0x80 }, { 8, 1 }, { 12, 7 }, { 16, 17 },
		{ 16, 22 }, { 19, 0xff }, { 20, 2 }, { 21, 16 }, { 32, 9 },
		{ 34, 200 }, { 36, 3 },
	};
	unsigned int i;
	size_t len;

	default_sd(&self->other, SYSTEM, false);
	sd_begin(&self->sd, SYSTEM);
	sd_allow(&self->sd, ALICE, TERMINATE);
	for (len = 0; len < self->sd.size; len++)
		EXPECT_EQ(-EINVAL, write_bytes("/proc/self/attr/peios/sd",
					       self->sd.bytes, len)) {
			TH_LOG("%zu bytes", len);
		}
	memcpy(self->bytes, self->sd.bytes, sizeof(self->sd.bytes));
	EXPECT_EQ(-EINVAL, write_bytes("/proc/self/attr/peios/sd", self->bytes,
				       sizeof(self->bytes)));
	EXPECT_EQ(-EFAULT, write_bytes("/proc/self/attr/peios/sd", (void *)1,
				       100));
	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		struct sd bad = self->sd;

		bad.bytes[damage[i].at] = damage[i].value;
		EXPECT_EQ(-EINVAL, sd_write(0, &bad)) {
			TH_LOG("byte %zu is %d", damage[i].at, damage[i].value);
		}
	}
	expect_sd(_metadata, 0, &self->other);
	/* The longest. */
	self->sd.size = SD_MAX;
	EXPECT_EQ(0, sd_write(0, &self->sd));
	expect_sd(_metadata, 0, &self->sd);
}

TEST_F_TIMEOUT(sd, fork_inherits_and_does_not_share_changes, 120)
{
	const struct target_setup setup = {};
	struct target target;

	sd_begin(&self->sd, SYSTEM);
	sd_allow(&self->sd, SYSTEM, ALL_RIGHTS);
	ASSERT_EQ(0, sd_write(0, &self->sd));
	ASSERT_EQ(0, target_start(&target, &setup));
	expect_sd(_metadata, target.pid, &self->sd);
	/* The child's changes leave the parent's as it is, */
	self->other = self->sd;
	sd_allow(&self->other, ALICE, TERMINATE);
	ASSERT_EQ(0, sd_write(target.pid, &self->other));
	expect_sd(_metadata, target.pid, &self->other);
	expect_sd(_metadata, 0, &self->sd);
	/* and the other way round. */
	sd_allow(&self->sd, BOB, TERMINATE);
	ASSERT_EQ(0, sd_write(0, &self->sd));
	expect_sd(_metadata, target.pid, &self->other);
	target_stop(&target);
}

static void *write_in_thread(void *sd)
{
	return sd_write(0, sd) ? NULL : sd;
}

TEST_F_TIMEOUT(sd, threads_share_it, 120)
{
	pthread_t thread;
	void *done;

	sd_begin(&self->sd, SYSTEM);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_in_thread, &self->sd));
	pthread_join(thread, &done);
	EXPECT_NE(NULL, done);
	expect_sd(_metadata, 0, &self->sd);
}

TEST_F_TIMEOUT(sd, exec_keeps_it_for_its_owner, 120)
{
	static const char path[] = "/proc/self/attr/peios/sd";
	int n;

	sd_begin(&self->sd, SYSTEM);
	ASSERT_EQ(0, sd_write(0, &self->sd));
	n = exec_reads(path, self->bytes, sizeof(self->bytes));
	ASSERT_EQ((int)self->sd.size, n);
	EXPECT_EQ(0, memcmp(self->sd.bytes, self->bytes, n));

	/* For another user it is as if nobody had set one. */
	default_sd(&self->other, ALICE, false);
	ASSERT_EQ(0, become(ALICE, NULL));
	expect_sd(_metadata, 0, &self->sd);
	n = exec_reads(path, self->bytes, sizeof(self->bytes));
	ASSERT_EQ((int)self->other.size, n);
	EXPECT_EQ(0, memcmp(self->other.bytes, self->bytes, n));
}

/* What a user sets for his program is not for the setuid program it becomes. */
static int user_execs_setuid(const struct sd *sd, void *bytes, size_t size)
{
	static const char path[] = "/tmp/oom_process_setuid";
	const gid_t group = 27;
	int fds[2], n;
	pid_t pid;

	unlink(path);
	if (copy_setuid("helper", path) || pipe(fds))
		return -errno;
	pid = fork_child();
	if (!pid) {
		dup2(fds[1], 1);
		if (setgroups(1, &group) || setresgid(USER, USER, USER) ||
		    setresuid(USER, USER, USER) || sd_write(0, sd))
			_exit(1);
		execl(path, "helper", "print", "/proc/self/attr/peios/sd", NULL);
		_exit(2);
	}
	close(fds[1]);
	n = read(fds[0], bytes, size);
	waitpid(pid, NULL, 0);
	unlink(path);
	return n;
}

TEST_F_TIMEOUT(sd, setuid_program_leaves_it_behind, 120)
{
	static const char *const owners[] = { "S-1-22-1-1000", "S-1-22-2-27" };
	unsigned int i;

	default_sd(&self->other, "S-1-22-1-0", true);
	for (i = 0; i < ARRAY_SIZE(owners); i++) {
		sd_begin(&self->sd, owners[i]);
		sd_allow(&self->sd, EVERYONE, ALL_RIGHTS);
		EXPECT_EQ((int)self->other.size,
			  user_execs_setuid(&self->sd, self->bytes,
					    sizeof(self->bytes)));
		EXPECT_EQ(0, memcmp(self->other.bytes, self->bytes,
				    self->other.size));
	}
}

struct change {
	pid_t pid;
	const char *privileges;
	const struct sd *sd;
};

static int change_as_alice(void *arg)
{
	const struct change *change = arg;

	if (become(ALICE, change->privileges))
		return 254;
	return -sd_write(change->pid, change->sd);
}

TEST_F_TIMEOUT(sd, owner_needs_its_own_right, 120)
{
	static const struct {
		uint32_t rights;
		const char *privileges, *owner;
		int err;
	} cases[] = {
		{ WRITE_DAC, NULL, BOB, 0 },
		{ WRITE_DAC, NULL, ALICE, EACCES },
		{ WRITE_DAC | WRITE_OWNER, NULL, ALICE, 0 },
		{ WRITE_DAC | WRITE_OWNER, NULL, SYSTEM, EACCES },
		{ WRITE_DAC | WRITE_OWNER, NULL, EVERYONE, EACCES },
		{ WRITE_DAC | WRITE_OWNER, "SeRestorePrivilege", SYSTEM, 0 },
		{ WRITE_DAC, "SeTakeOwnershipPrivilege", ALICE, 0 },
		{ WRITE_OWNER, NULL, ALICE, EACCES },
		{ READ_CONTROL, NULL, BOB, EACCES },
	};
	const struct target_setup setup = { .sd = &self->sd };
	struct target target;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct change change = {
			.privileges = cases[i].privileges, .sd = &self->other,
		};

		sd_begin(&self->sd, BOB);
		sd_allow(&self->sd, ALICE, cases[i].rights);
		ASSERT_EQ(0, target_start(&target, &setup));
		change.pid = target.pid;
		sd_begin(&self->other, cases[i].owner);
		EXPECT_EQ(cases[i].err, in_child(change_as_alice, &change)) {
			TH_LOG("case %u", i);
		}
		target_stop(&target);
	}
}

/* The group needs WRITE_OWNER, and not to be one that could own. */
TEST_F_TIMEOUT(sd, group_needs_the_owners_right, 120)
{
	static const struct {
		uint32_t rights;
		int err;
	} cases[] = { { WRITE_OWNER, 0 }, { WRITE_DAC, EACCES } };
	const struct target_setup setup = { .sd = &self->sd };
	struct target target;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct change change = { .sd = &self->other };

		sd_begin(&self->sd, BOB);
		sd_allow(&self->sd, ALICE, cases[i].rights);
		ASSERT_EQ(0, target_start(&target, &setup));
		change.pid = target.pid;
		self->other = self->sd;
		sd_group(&self->other, BOB);
		EXPECT_EQ(cases[i].err, in_child(change_as_alice, &change)) {
			TH_LOG("case %u", i);
		}
		target_stop(&target);
	}
}

/* A target of Bob's that lets Alice do all, who will change it to have a SACL. */
static int start_sacl_change(struct sd *sd, struct sd *other,
			     struct target *target, struct change *change)
{
	const struct target_setup setup = { .sd = sd };
	int err;

	sd_begin(sd, BOB);
	sd_allow(sd, ALICE, ALL_RIGHTS);
	*other = *sd;
	sd_null_sacl(other);
	err = target_start(target, &setup);
	*change = (struct change) { .pid = target->pid, .sd = other };
	return err;
}

TEST_F_TIMEOUT(sd, sacl_needs_the_privilege, 120)
{
	struct target target;
	struct change change;

	ASSERT_EQ(0, start_sacl_change(&self->sd, &self->other,
				       &target, &change));
	EXPECT_EQ(EACCES, in_child(change_as_alice, &change));
	change.privileges = "SeTakeOwnershipPrivilege,SeRestorePrivilege,SeDebugPrivilege";
	EXPECT_EQ(EACCES, in_child(change_as_alice, &change));
	change.privileges = "SeSecurityPrivilege";
	EXPECT_EQ(0, in_child(change_as_alice, &change));
	target_stop(&target);
}

static long long refused(void)
{
	long long count = -1;

	read_key_number(PEIOS_DIR "/stats", "access_refused", &count);
	return count;
}

/* What changes oneself is counted, too, when it is refused. */
TEST_F_TIMEOUT(sd, refused_changes_are_counted, 120)
{
	long long before = refused();
	struct target target;
	struct change change;

	ASSERT_EQ(0, start_sacl_change(&self->sd, &self->other,
				       &target, &change));
	ASSERT_EQ(EACCES, in_child(change_as_alice, &change));
	EXPECT_EQ(before + 1, refused());
	sd_begin(&self->other, SYSTEM);
	ASSERT_EQ(EACCES, in_child(change_as_alice, &change));
	EXPECT_EQ(before + 2, refused());
	target_stop(&target);

	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(before + 2, refused());
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
	EXPECT_EQ(before + 3, refused());
	EXPECT_EQ(-EPERM, pip_write("1 1"));
	EXPECT_EQ(before + 4, refused());
}

static int send_sd_file(void *socket)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/attr/peios/sd", getppid());
	fd = open(path, O_RDWR);
	return fd < 0 || send_fd(*(int *)socket, fd);
}

/* Who did not open the file does not write to it. */
TEST_F_TIMEOUT(sd, not_by_a_descriptor_that_was_passed, 120)
{
	int sockets[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	ASSERT_EQ(0, in_child(send_sd_file, &sockets[1]));
	fd = receive_fd(sockets[0]);
	ASSERT_LE(0, fd);
	sd_begin(&self->sd, SYSTEM);
	EXPECT_EQ(-1, write(fd, self->sd.bytes, self->sd.size));
	EXPECT_EQ(EPERM, errno);
}

/* -- The access file -- */

static int ask_access(int fd, uint32_t desired, const struct sd *sd,
		      uint32_t *granted)
{
	uint8_t question[SD_MAX + 8];
	char text[32] = "";

	memcpy(question, &desired, 4);	/* x86 and arm64 are little-endian */
	memcpy(question + 4, sd->bytes, sd->size);
	if (write(fd, question, sd->size + 4) < 0)
		return -errno;
	if (pread(fd, text, sizeof(text), 0) != 9 || text[8] != '\n')
		return -EIO;
	*granted = strtoul(text, NULL, 16);
	return 0;
}

TEST_F_TIMEOUT(sd, access_file, 120)
{
	uint32_t granted = 0;
	char byte;
	int fd;

	fd = open(PEIOS_DIR "/access", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, read(fd, &byte, 1));
	ASSERT_EQ(0, become(ALICE, NULL));

	sd_begin(&self->sd, BOB);
	sd_allow(&self->sd, ALICE, TERMINATE | VM_READ);
	EXPECT_EQ(0, ask_access(fd, TERMINATE, &self->sd, &granted));
	EXPECT_EQ((uint32_t)TERMINATE, granted);
	/* MAXIMUM_ALLOWED */
	EXPECT_EQ(0, ask_access(fd, 0x02000000, &self->sd, &granted));
	EXPECT_EQ((uint32_t)(TERMINATE | VM_READ), granted);
	EXPECT_EQ(-EACCES, ask_access(fd, VM_WRITE, &self->sd, &granted));
	/* What was refused is no answer. */
	EXPECT_EQ(0, pread(fd, &byte, 1, 0));
	/* GENERIC_READ */
	EXPECT_EQ(-EACCES, ask_access(fd, 0x80000000, &self->sd, &granted));
	sd_allow(&self->sd, EVERYONE, 0x80000000);
	EXPECT_EQ(0, ask_access(fd, 0x80000000, &self->sd, &granted));
	EXPECT_EQ((uint32_t)(QUERY_INFORMATION | VM_READ | READ_CONTROL),
		  granted);

	self->sd.bytes[0] = 7;
	EXPECT_EQ(-EINVAL, ask_access(fd, TERMINATE, &self->sd, &granted));
	EXPECT_EQ(-1, write(fd, "123", 3));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(fd, "1234", 4));
	EXPECT_EQ(EINVAL, errno);
}

/* -- Ordinary user space -- */

FIXTURE(unix_user) {
	struct target target;
};

FIXTURE_SETUP(unix_user)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	setsid();
}

FIXTURE_TEARDOWN(unix_user)
{
}

static int leave_root(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	die_with_parent();
	return 0;
}

static int attach(pid_t pid)
{
	int err = result(ptrace(PTRACE_ATTACH, pid, NULL, NULL));

	if (!err) {
		waitpid(pid, NULL, __WALL);
		if (ptrace(PTRACE_PEEKDATA, pid, &target_word, NULL) !=
		    TARGET_WORD)
			err = -EIO;
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return err;
}

TEST_F_TIMEOUT(unix_user, to_its_own_and_others, 120)
{
	struct target_setup setup = { .uid = USER };
	const struct rlimit limit = { 50, 50 };
	struct target other, system;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	setup.uid = OTHER_USER;
	ASSERT_EQ(0, target_start(&other, &setup));
	setup.uid = 0;
	ASSERT_EQ(0, target_start(&system, &setup));
	ASSERT_EQ(0, leave_root(USER));

	EXPECT_EQ(0, result(kill(self->target.pid, SIGTERM)));
	EXPECT_EQ(0, attach(self->target.pid));
	EXPECT_EQ(0, result(setpriority(PRIO_PROCESS, self->target.pid, 5)));
	EXPECT_EQ(0, result(prlimit(self->target.pid, RLIMIT_SIGPENDING, &limit,
				    NULL)));
	EXPECT_EQ(0, write_proc(self->target.pid, "oom_score_adj", "300"));
	EXPECT_EQ(-EACCES, write_proc(self->target.pid, "oom_score_adj", "299"));

	EXPECT_EQ(-EPERM, result(kill(other.pid, SIGTERM)));
	EXPECT_EQ(-EPERM, attach(other.pid));
	EXPECT_EQ(-EPERM, result(kill(system.pid, SIGTERM)));
	EXPECT_EQ(-EPERM, attach(system.pid));
	/* What ps and top show stays there. */
	EXPECT_LE(0, getpgid(system.pid));
	EXPECT_LE(0, getsid(system.pid));
	EXPECT_LE(0, sched_getscheduler(system.pid));
	target_stop(&self->target);
	target_stop(&other);
	target_stop(&system);
}

/* What setuid() left permitted, made effective again. */
static int raise_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	return result(syscall(SYS_capset, &header, data));
}

TEST_F_TIMEOUT(unix_user, root_by_sudo_acts_on_users_not_on_system, 120)
{
	struct target_setup setup = { .uid = USER };
	char user[64];
	struct target system;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	setup.uid = 0;
	ASSERT_EQ(0, target_start(&system, &setup));

	/* Some uid 0 kept: still SYSTEM. */
	ASSERT_EQ(0, setresuid(USER, USER, 0));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	ASSERT_EQ(0, read_key(TOKEN_FILE, "user", user, sizeof(user)));
	EXPECT_STREQ(SYSTEM, user);

	/* All left, capabilities kept: CAP_SETUID brings uid 0 back. */
	ASSERT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	ASSERT_EQ(0, setresuid(USER, USER, USER));
	ASSERT_EQ(0, raise_capabilities());
	ASSERT_EQ(0, setresuid(0, 0, 0));
	ASSERT_EQ(0, read_key(TOKEN_FILE, "user", user, sizeof(user)));
	EXPECT_STREQ("S-1-22-1-0", user);

	EXPECT_EQ(0, result(kill(self->target.pid, SIGTERM)));
	EXPECT_EQ(0, attach(self->target.pid));
	EXPECT_EQ(0, write_proc(self->target.pid, "oom_score_adj", "300"));
	EXPECT_EQ(-EPERM, result(kill(system.pid, SIGTERM)));
	EXPECT_EQ(-EPERM, attach(system.pid));
	EXPECT_EQ(-EACCES, write_proc(system.pid, "oom_score_adj", "300"));
	target_stop(&self->target);
	target_stop(&system);
}

/* Root of a user namespace, who is nobody outside, and who lives in it. */
static int container_root(void *go)
{
	int *pipes = go;
	char byte;
	int status, ready[2];
	pid_t pid;

	if (leave_root(USER) || unshare(CLONE_NEWUSER) ||
	    write(pipes[1], "x", 1) != 1 || read(pipes[2], &byte, 1) != 1)
		return 1;
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0) || pipe(ready))
		return 2;
	pid = fork_child();
	if (!pid) {
		if (setresgid(5, 5, 5) || setresuid(5, 5, 5))
			_exit(1);
		die_with_parent();
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1 || kill(pid, SIGKILL) ||
	    waitpid(pid, &status, 0) != pid)
		return 3;
	return 0;
}

TEST_F_TIMEOUT(unix_user, container_root_acts_on_its_container, 120)
{
	int pipes[4], status;
	char path[64], byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, pipe(pipes + 2));
	pid = fork_child();
	if (!pid)
		_exit(container_root(pipes));
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	ASSERT_EQ(0, write_file(path, "0 100000 100"));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	ASSERT_EQ(0, write_file(path, "0 100000 100"));
	ASSERT_EQ(1, write(pipes[3], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* -- What the kernel sends -- */

FIXTURE(signals) {
	struct sd closed;
};

FIXTURE_SETUP(signals)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	sd_begin(&self->closed, BOB);
}

FIXTURE_TEARDOWN(signals)
{
}

static int shut_and(const struct sd *sd)
{
	return pip_write("1 1") || sd_write(0, sd) ? -1 : 0;
}

/* A child that nobody may signal tells its parent when it dies. */
TEST_F_TIMEOUT(signals, child_death, 120)
{
	sigset_t set;
	int status;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork_child();
	if (!pid)
		_exit(shut_and(&self->closed) ? 1 : 42);
	EXPECT_EQ(SIGCHLD, sigtimedwait(&set, NULL,
					&(struct timespec) { .tv_sec = 20 }));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
}

/* And the parent's death reaches it, if it has asked for that. */
TEST_F_TIMEOUT(signals, parent_death, 120)
{
	int fds[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	pid = fork_child();
	if (!pid) {
		int ready[2];

		if (pipe(ready))
			_exit(1);
		if (!fork_child()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (shut_and(&self->closed) ||
			    write(ready[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		close(fds[1]);
		if (become(ALICE, NULL) || read(ready[0], &byte, 1) != 1)
			_exit(2);
		_exit(0);
	}
	close(fds[1]);
	/* The pipe closes when the grandchild is dead. */
	EXPECT_EQ(0, read(fds[0], &byte, 1));
	waitpid(pid, NULL, 0);
}

/* Control characters of a terminal reach its foreground, whoever that is. */
static int in_terminal(const char *slave, const struct sd *sd, int ready)
{
	int fd;

	setsid();
	fd = open(slave, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) || shut_and(sd))
		return 1;
	signal(SIGINT, SIG_DFL);
	if (write(ready, "x", 1) != 1)
		return 2;
	for (;;)
		pause();
}

TEST_F_TIMEOUT(signals, terminal, 120)
{
	int master, ready[2], status;
	char byte;
	pid_t pid;

	master = posix_openpt(O_RDWR | O_NOCTTY);
	ASSERT_LE(0, master);
	ASSERT_EQ(0, grantpt(master));
	ASSERT_EQ(0, unlockpt(master));
	ASSERT_EQ(0, pipe(ready));
	pid = fork_child();
	if (!pid)
		_exit(in_terminal(ptsname(master), &self->closed, ready[1]));
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	/* We could not: */
	ASSERT_EQ(0, become(ALICE, NULL));
	EXPECT_EQ(-EPERM, result(kill(pid, SIGINT)));
	ASSERT_EQ(1, write(master, "\003", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGINT, WTERMSIG(status));
	close(master);
}

/* A shell continues its jobs, as every process of the session may. */
TEST_F_TIMEOUT(signals, continue_in_the_session, 120)
{
	int status, ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork_child();
	if (!pid) {
		if (shut_and(&self->closed) || write(ready[1], "x", 1) != 1)
			_exit(1);
		raise(SIGSTOP);
		_exit(7);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, become(ALICE, NULL));
	EXPECT_EQ(-EPERM, result(kill(pid, SIGTERM)));
	EXPECT_EQ(-EPERM, result(kill(pid, SIGSTOP)));
	EXPECT_EQ(0, result(kill(pid, SIGCONT)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(7, WEXITSTATUS(status));
}

/* The OOM killer needs nobody's leave. */
TEST_F_TIMEOUT(signals, oom_kill, 120)
{
	char cgroup[256], path[300];
	int status, ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, cgroup_create("peios", 16 * MB, cgroup, sizeof(cgroup)));
	ASSERT_EQ(0, pipe(ready));
	pid = fork_child();
	if (!pid) {
		char *memory;

		snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
		if (write_file(path, "0") || shut_and(&self->closed) ||
		    become(ALICE, NULL))
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		memory = mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(memory, 1, 64 * MB);
		_exit(3);
	}
	EXPECT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	cgroup_remove(cgroup);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

/* The end of a pid namespace takes all with it. */
TEST_F_TIMEOUT(signals, end_of_a_pid_namespace, 120)
{
	int fds[2], ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(ready));
	pid = fork_child();
	if (!pid) {
		if (!fork_child()) {
			if (shut_and(&self->closed) ||
			    write(ready[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	close(fds[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, read(fds[0], &byte, 1));
}

/* -- Permissive: what is done to others is permitted, and counted -- */

FIXTURE(permissive) {
	struct sd sd;
	struct sd other;
	struct target target;
};

FIXTURE_SETUP(permissive)
{
	die_with_parent();
	if (getuid())
		SKIP(return, "not root");
	if (!have_peios() || peios_enforces())
		SKIP(return, "not in permissive mode");
}

FIXTURE_TEARDOWN(permissive)
{
}

static int terminate_as_alice(void *pid)
{
	return become(ALICE, NULL) ? 254 : kill(*(pid_t *)pid, SIGTERM) && errno;
}

TEST_F_TIMEOUT(permissive, what_is_done_to_others, 120)
{
	const struct target_setup setup = { .sd = &self->sd, .pip = "1 1" };
	struct change change = { .sd = &self->other };
	long long before = -1, after = -1;

	sd_begin(&self->sd, BOB);
	ASSERT_EQ(0, target_start(&self->target, &setup));
	change.pid = self->target.pid;
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_would_refuse",
				     &before));
	EXPECT_EQ(0, in_child(terminate_as_alice, &self->target.pid));
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_would_refuse",
				     &after));
	EXPECT_EQ(before + 1, after);
	/* The right, the SACL and the owner: each would be refused. */
	sd_begin(&self->other, SYSTEM);
	sd_null_sacl(&self->other);
	EXPECT_EQ(0, in_child(change_as_alice, &change));
	ASSERT_EQ(0, read_key_number(PEIOS_DIR "/stats", "access_would_refuse",
				     &after));
	/* Of a process that is refused the same more than once in a second one counts. */
	EXPECT_LE(before + 2, after);
	EXPECT_GE(before + 4, after);
	target_stop(&self->target);
}

TEST_F_TIMEOUT(permissive, what_one_is, 120)
{
	ASSERT_EQ(0, token_command("remove SeTcbPrivilege"));
	EXPECT_EQ(-EPERM, token_command("enable SeTcbPrivilege"));
	EXPECT_EQ(-EPERM, pip_write("1 1"));
	ASSERT_EQ(0, token_command("disable SeCreateTokenPrivilege"));
	EXPECT_EQ(-EPERM, become(BOB, NULL));
}

TEST_HARNESS_MAIN
