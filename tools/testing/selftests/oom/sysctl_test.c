// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sysctls that are policy: who may write them, by whatever door, and what is
 * left behind.
 *
 * Each test runs in a process of its own, which has the token of whoever runs
 * the tests: root's, with SeTcbPrivilege enabled.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

/* The knob that the doors are tried on: two values, either of them harmless. */
#define KNOB	"/proc/sys/vm/oom_dump_tasks"
#define OTHER	"/proc/sys/vm/swappiness"

static int give_up(void)
{
	return token_command("remove SeTcbPrivilege");
}

static long long stat_of(const char *name)
{
	long long n = -1;

	read_key_number(PEIOS_DIR "/stats", name, &n);
	return n;
}

/* Run a function in a child and return what it returns, 0 to 255. */
static int in_child(int (*function)(void *), void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(function(arg));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* All knobs of memory policy, and which programs the kernel runs. */
static const char * const knobs[] = {
	"vm/overcommit_memory", "vm/overcommit_ratio", "vm/overcommit_kbytes",
	"vm/admin_reserve_kbytes", "vm/user_reserve_kbytes", "vm/panic_on_oom",
	"vm/commit_wait_ms",
	"vm/oom_kill_allocating_task", "vm/oom_dump_tasks", "kernel/panic",
	"vm/oom_parent_share", "vm/oom_fork_weight", "vm/oom_fork_window_ms",
	"vm/oom_tcb_discount", "vm/oom_immune_limit", "vm/oom_last_resort",
	"kernel/core_pattern", "kernel/poweroff_cmd", "kernel/usermodehelper/bset",
	"kernel/usermodehelper/inheritable", "kernel/sysrq", "kernel/cad_pid",
	"kernel/shm_rmid_forced", "vm/min_free_kbytes",
	"vm/watermark_scale_factor", "vm/watermark_boost_factor",
	"vm/lowmem_reserve_ratio", "vm/max_map_count",
};

FIXTURE(policy) {
	long long before;
};

FIXTURE_SETUP(policy)
{
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	ASSERT_EQ(0, read_number(KNOB, &self->before));
}

FIXTURE_TEARDOWN_PARENT(policy)
{
	if (!peios_why_skip())
		write_file(KNOB, self->before ? "1" : "0");
}

TEST_F(policy, every_knob_needs_the_privilege)
{
	char path[96], old[64], now[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", knobs[i]);
		ASSERT_LT(0, read_file(path, old, sizeof(old))) {
			TH_LOG("no %s", knobs[i]);
		}
		/* Ratio and kbytes set each other to 0: leave these two. */
		if (strstr(knobs[i], "ratio") || strstr(knobs[i], "overcommit_kb"))
			continue;
		EXPECT_EQ(0, write_file(path, old)) {
			TH_LOG("%s", knobs[i]);
		}
	}
	ASSERT_EQ(0, give_up());
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", knobs[i]);
		read_file(path, old, sizeof(old));
		EXPECT_EQ(-EACCES, write_file(path, "1")) {
			TH_LOG("%s", knobs[i]);
		}
		/* Not even what it has, nor nonsense. */
		EXPECT_EQ(-EACCES, write_file(path, old));
		EXPECT_EQ(-EACCES, write_file(path, "nonsense"));
		EXPECT_LT(0, read_file(path, now, sizeof(now)));
		EXPECT_STREQ(old, now);
	}
	/* What is no policy is as ever. */
	ASSERT_LT(0, read_file(OTHER, old, sizeof(old)));
	EXPECT_EQ(0, write_file(OTHER, old));
}

/* What was set stays, though Linux would have another value for huge pages or none. */
TEST_F(policy, min_free_kbytes_and_huge_pages)
{
	static const char pages[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	static const char knob[] = "/proc/sys/vm/min_free_kbytes";
	static const char * const words[] = { "never", "always" };
	char old[64], text[64], *mode;
	long long now;
	unsigned int i;

	if (read_file(pages, text, sizeof(text)) < 0)
		SKIP(return, "no transparent huge pages");
	mode = strtok(strchr(text, '[') + 1, "]");
	ASSERT_LT(0, read_file(knob, old, sizeof(old)));
	ASSERT_EQ(0, write_file(knob, "1234"));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		EXPECT_EQ(0, write_file(pages, words[i]));
		EXPECT_EQ(0, read_number(knob, &now));
		EXPECT_EQ(1234, now);
	}
	EXPECT_EQ(0, write_file(pages, mode));
	EXPECT_EQ(0, write_file(knob, old));
}

/* What a namespace of IPC has for itself is for who is in it to set. */
TEST_F(policy, a_namespace_of_ipc_has_its_own)
{
	static const char forced[] = "/proc/sys/kernel/shm_rmid_forced";
	long long now;

	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, write_file(forced, "1"));
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	EXPECT_EQ(0, write_file(forced, "1"));
	ASSERT_EQ(0, read_number(forced, &now));
	EXPECT_EQ(1, now);
}

TEST_F(policy, a_privilege_that_is_disabled_does_not_count)
{
	ASSERT_EQ(0, token_command("disable SeTcbPrivilege"));
	EXPECT_EQ(-EACCES, write_file(KNOB, "0"));
	ASSERT_EQ(0, token_command("enable SeTcbPrivilege"));
	EXPECT_EQ(0, write_file(KNOB, "0"));
	EXPECT_EQ(0, write_file(KNOB, "1"));
}

/* Wrong values are the handler's to refuse, and change nothing. */
TEST_F(policy, wrong_values)
{
	long long now;

	EXPECT_EQ(-EINVAL, write_file("/proc/sys/vm/panic_on_oom", "3"));
	EXPECT_EQ(-EINVAL, write_file("/proc/sys/vm/panic_on_oom", "x"));
	EXPECT_EQ(-EFAULT, write_bytes(KNOB, (void *)1, 1));
	ASSERT_EQ(0, read_number("/proc/sys/vm/panic_on_oom", &now));
	EXPECT_EQ(0, now);
}

/* A thread without the privilege, which shares all files with one that has. */
struct other_thread {
	const char *path;
	int fd;
	bool opens;
	int err;
};

static void *thread_without(void *arg)
{
	struct other_thread *other = arg;

	other->err = give_up();
	if (other->err)
		return NULL;
	if (other->opens)
		other->fd = open(other->path, O_WRONLY);
	else
		other->err = write(other->fd, "0", 1) == 1 ? 0 : -errno;
	return NULL;
}

TEST_F(policy, opener_without)
{
	struct other_thread other = { .path = KNOB, .opens = true };
	long long now, uid_before;
	pthread_t thread;

	uid_before = stat_of("sysctl_refused");
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_without, &other));
	pthread_join(thread, NULL);
	ASSERT_EQ(0, other.err);
	ASSERT_LE(0, other.fd);
	EXPECT_EQ(-1, write(other.fd, self->before ? "0" : "1", 1));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, read_number(KNOB, &now));
	EXPECT_EQ(self->before, now);
	EXPECT_EQ(uid_before + 1, stat_of("sysctl_refused"));
	/* It is the file that is tainted, not the writer. */
	EXPECT_EQ(0, write_file(KNOB, "1"));
}

TEST_F(policy, writer_without)
{
	struct other_thread other = { .path = KNOB };
	pthread_t thread;

	ASSERT_EQ(0, write_file(KNOB, "1"));
	other.fd = open(KNOB, O_WRONLY);
	ASSERT_LE(0, other.fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_without, &other));
	pthread_join(thread, NULL);
	EXPECT_EQ(-EACCES, other.err);
	/* With the same descriptor, who has it may. */
	EXPECT_EQ(1, write(other.fd, "0", 1));
}

/* The doors: each writes one byte to the knob; 0 or a negative errno. */
static int door_write(int fd, const char *byte)
{
	return write(fd, byte, 1) == 1 ? 0 : -errno;
}

static int door_pwrite(int fd, const char *byte)
{
	return pwrite(fd, byte, 1, 0) == 1 ? 0 : -errno;
}

static int door_writev(int fd, const char *byte)
{
	struct iovec iov[] = { { (void *)byte, 1 }, { (void *)"\n", 1 } };

	return writev(fd, iov, 2) == 2 ? 0 : -errno;
}

static int door_pwritev2(int fd, const char *byte)
{
	struct iovec iov = { (void *)byte, 1 };

	return pwritev2(fd, &iov, 1, -1, 0) == 1 ? 0 : -errno;
}

static int door_sendfile(int fd, const char *byte)
{
	int from = memfd_create("value", MFD_CLOEXEC), err = 0;
	off_t start = 0;

	if (from < 0 || write(from, byte, 1) != 1)
		return -EIO;
	if (sendfile(fd, from, &start, 1) != 1)
		err = -errno;
	close(from);
	return err;
}

/* One byte from a pipe, which is closed. */
static int splice_from(int pipes[2], int fd)
{
	int err = 0;

	if (splice(pipes[0], NULL, fd, NULL, 1, 0) != 1)
		err = -errno;
	close(pipes[0]);
	close(pipes[1]);
	return err;
}

static int door_splice(int fd, const char *byte)
{
	int pipes[2];

	if (pipe(pipes) || write(pipes[1], byte, 1) != 1)
		return -EIO;
	return splice_from(pipes, fd);
}

static int door_vmsplice(int fd, const char *byte)
{
	struct iovec iov = { (void *)byte, 1 };
	int pipes[2];

	if (pipe(pipes) || vmsplice(pipes[1], &iov, 1, 0) != 1)
		return -EIO;
	return splice_from(pipes, fd);
}

static int door_aio(int fd, const char *byte)
{
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd,
		.aio_buf = (unsigned long)byte, .aio_nbytes = 1,
	};
	struct iocb *cbs = &cb;
	struct io_event event = {};
	aio_context_t context = 0;
	int err = 0;

	if (syscall(SYS_io_setup, 1, &context))
		return -EIO;
	if (syscall(SYS_io_submit, context, 1, &cbs) != 1)
		err = -errno;
	else if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		err = -EIO;
	else if (event.res != 1)
		err = event.res;
	syscall(SYS_io_destroy, context);
	return err;
}

static int uring_write(int fd, const char *byte, unsigned int sqe_flags,
		       unsigned int setup_flags)
{
	struct io_uring_params p = { .flags = setup_flags };
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	int ring, err;
	char *sq, *cq;
	unsigned int flags = IORING_ENTER_GETEVENTS;

	ring = syscall(SYS_io_uring_setup, 2, &p);
	if (ring < 0)
		return -EIO;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4,
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqes),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		return -EIO;
	sqes[0] = (struct io_uring_sqe) {
		.opcode = IORING_OP_WRITE, .fd = fd, .flags = sqe_flags,
		.addr = (unsigned long)byte, .len = 1,
	};
	*(unsigned int *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + p.sq_off.tail), 1,
			 __ATOMIC_RELEASE);
	if (setup_flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring, 1, 1, flags, NULL, 0) < 0)
		return -EIO;
	cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	err = cqes[0].res;
	close(ring);
	return err == 1 ? 0 : err;
}

static int door_uring(int fd, const char *byte)
{
	return uring_write(fd, byte, 0, 0);
}

static int door_uring_worker(int fd, const char *byte)
{
	return uring_write(fd, byte, IOSQE_ASYNC, 0);
}

static int door_uring_sqpoll(int fd, const char *byte)
{
	return uring_write(fd, byte, 0, IORING_SETUP_SQPOLL);
}

static const struct {
	const char *name;
	int (*write)(int fd, const char *byte);
	/* A thread of a ring writes, whose privileges do not count. */
	bool ring;
} doors[] = {
	{ "write", door_write, false },
	{ "pwrite", door_pwrite, false },
	{ "writev", door_writev, false },
	{ "pwritev2", door_pwritev2, false },
	{ "sendfile", door_sendfile, false },
	{ "splice", door_splice, false },
	{ "vmsplice", door_vmsplice, false },
	{ "aio", door_aio, false },
	{ "io_uring", door_uring, true },
	{ "io_uring worker", door_uring_worker, true },
	{ "io_uring sqpoll", door_uring_sqpoll, true },
};

TEST_F(policy, every_system_call)
{
	struct other_thread other = { .path = KNOB, .opens = true };
	long long now, last;
	pthread_t thread;
	unsigned int i;
	int fd, err;

	/* With the privilege they are doors. */
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		ASSERT_EQ(0, read_number(KNOB, &last));
		fd = open(KNOB, O_WRONLY);
		ASSERT_LE(0, fd);
		err = doors[i].write(fd, last ? "0" : "1");
		EXPECT_EQ(doors[i].ring ? -EACCES : 0, err) {
			TH_LOG("%s: %d", doors[i].name, err);
		}
		ASSERT_EQ(0, read_number(KNOB, &now));
		EXPECT_EQ(err ? last : !last, now) {
			TH_LOG("%s", doors[i].name);
		}
		close(fd);
	}

	/* Through a file that was opened without it they are shut, */
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_without, &other));
	pthread_join(thread, NULL);
	ASSERT_LE(0, other.fd);
	ASSERT_EQ(0, read_number(KNOB, &last));
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		err = doors[i].write(other.fd, last ? "0" : "1");
		EXPECT_EQ(-EACCES, err) {
			TH_LOG("opener, %s: %d", doors[i].name, err);
		}
	}
	/* and to a writer who has it not. */
	fd = open(KNOB, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, give_up());
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		err = doors[i].write(fd, last ? "0" : "1");
		EXPECT_EQ(-EACCES, err) {
			TH_LOG("writer, %s: %d", doors[i].name, err);
		}
	}
	ASSERT_EQ(0, read_number(KNOB, &now));
	EXPECT_EQ(last, now);
}

/* Other ways to the same file. */
TEST_F(policy, another_mount_of_proc)
{
	char dir[] = "/tmp/sysctl_test_XXXXXX", path[96];

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("proc", dir, "proc", 0, NULL));
	snprintf(path, sizeof(path), "%s/sys/vm/oom_dump_tasks", dir);
	EXPECT_EQ(0, write_file(path, "1"));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, write_file(path, "0"));
	umount(dir);
	rmdir(dir);
}

TEST_F(policy, a_bind_mount_of_the_file)
{
	char file[] = "/tmp/sysctl_test_XXXXXX";
	int fd = mkstemp(file);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount(KNOB, file, NULL, MS_BIND, NULL));
	EXPECT_EQ(0, write_file(file, "1"));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(-EACCES, write_file(file, "0"));
	umount(file);
	unlink(file);
}

static int in_pid_namespace(void *unused)
{
	char dir[] = "/tmp/sysctl_test_XXXXXX", path[96];
	int err;

	(void)unused;
	if (!mkdtemp(dir) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", dir, "proc", 0, NULL))
		return 255;
	snprintf(path, sizeof(path), "%s/sys/vm/oom_dump_tasks", dir);
	err = write_file(path, "0");
	umount(dir);
	rmdir(dir);
	return -err;
}

/* A proc of its own, not another mount of the same one. */
TEST_F(policy, the_proc_of_a_pid_namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, in_child(in_pid_namespace, NULL));
	EXPECT_EQ(0, write_file(KNOB, "1"));
}

TEST_F(policy, the_proc_of_a_pid_namespace_without)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, give_up());
	EXPECT_EQ(EACCES, in_child(in_pid_namespace, NULL));
}

TEST_F(policy, root_of_a_user_namespace)
{
	int fd, err;

	fd = open(KNOB, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS));
	ASSERT_EQ(0, write_file("/proc/self/uid_map", "0 0 1"));
	/* uid 0, all capabilities of the namespace, and a file from before. */
	EXPECT_EQ(-1, write(fd, "0", 1));
	EXPECT_EQ(EACCES, errno);
	EXPECT_GT(0, write_file(KNOB, "0"));
	err = in_child(in_pid_namespace, NULL);
	EXPECT_TRUE(err == EACCES || err == EPERM) {
		TH_LOG("%d", err);
	}
}

/* Neither the uid nor capabilities count. */
TEST_F(policy, a_token_without_in_a_process_with_all_capabilities)
{
	ASSERT_EQ(0, token_replace("S-1-5-18", "S-1-5-32-544", NULL,
				   "SeDebugPrivilege", "SeDebugPrivilege"));
	EXPECT_EQ(-EACCES, write_file(KNOB, "0"));
}

TEST_F(policy, the_privilege_does_not_stand_in_for_the_mode)
{
	ASSERT_EQ(0, token_replace("S-1-5-21-1-2-3-1001", NULL, NULL,
				   "SeTcbPrivilege", "SeTcbPrivilege"));
	ASSERT_EQ(0, write_file(KNOB, "1"));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-EACCES, write_file(KNOB, "0"));
}

/*
 * A BPF program of the cgroup that puts its own value in place of each that is
 * written.
 */
#define INSN(c, d, s, o, i) ((struct bpf_insn) {			\
	.code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i })

static int bpf_replacing(const char *cgroup, char byte)
{
	const struct bpf_insn program[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 1, 0, 0),	/* ctx->write */
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5, 0),
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, byte),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 1),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0,
		     BPF_FUNC_sysctl_set_new_value),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SYSCTL,
		.expected_attach_type = BPF_CGROUP_SYSCTL,
		.insns = (unsigned long)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (unsigned long)"GPL",
	};
	int fd;

	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	attr = (union bpf_attr) {
		.target_fd = open(cgroup, O_RDONLY | O_DIRECTORY),
		.attach_bpf_fd = fd,
		.attach_type = BPF_CGROUP_SYSCTL,
	};
	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) ?
	       -errno : 0;
}

TEST_F(policy, a_bpf_program_that_replaces_the_value)
{
	char cgroup[128], procs[160], old[32];
	long long now;
	int err;

	ASSERT_LT(0, read_file(OTHER, old, sizeof(old)));
	snprintf(cgroup, sizeof(cgroup), CGROUP_ROOT "/sysctl_test-%d", getpid());
	ASSERT_EQ(0, mkdir(cgroup, 0755));
	err = bpf_replacing(cgroup, '0');
	ASSERT_EQ(0, err) {
		TH_LOG("the program: %s", strerror(-err));
	}
	ASSERT_EQ(0, write_file(KNOB, "1"));
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	ASSERT_EQ(0, write_file(procs, "0"));

	/* It does what it is there for, where there is no policy. */
	EXPECT_EQ(0, write_file(OTHER, "7"));
	ASSERT_EQ(0, read_number(OTHER, &now));
	EXPECT_EQ(0, now);
	/* Nobody who may has chosen this value. */
	EXPECT_EQ(-EACCES, write_file(KNOB, "1"));
	ASSERT_EQ(0, read_number(KNOB, &now));
	EXPECT_EQ(1, now);

	ASSERT_EQ(0, write_file(CGROUP_ROOT "/cgroup.procs", "0"));
	EXPECT_EQ(0, write_file(OTHER, old));
	cgroup_remove(cgroup);
}

/* Records of audit, as they come; -ENOENT if none has all words in time. */
static int audit_open(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = AUDIT_NLGRP_READLOG,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

static int audit_wait(int fd, const char *const *words, char *text,
		      size_t size)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char buffer[16384];
	ssize_t n;
	int i;

	while (poll(&poll_fd, 1, 20000) == 1) {
		n = recv(fd, buffer, sizeof(buffer) - 1, 0);
		if (n < (ssize_t)sizeof(struct nlmsghdr))
			continue;
		buffer[n] = '\0';
		snprintf(text, size, "%s", buffer + sizeof(struct nlmsghdr));
		for (i = 0; words[i] && strstr(text, words[i]); i++)
			;
		if (!words[i])
			return 0;
	}
	return -ENOENT;
}

TEST_F(policy, changes_and_refusals_are_recorded)
{
	static const char * const changed[] = {
		"avc:  granted  { write_sysctl } for  pid=",
		" lsm=peios op=write_sysctl ",
		"sysctl=\"vm/oom_dump_tasks\" old=\"1\" new=\"0\" scontext=S-1-5-18",
		NULL,
	};
	static const char * const refused[] = {
		"avc:  denied  { write_sysctl } for  pid=",
		"sysctl=\"vm/oom_dump_tasks\" missing=SeTcbPrivilege of=writer scontext=",
		NULL,
	};
	long long written = stat_of("sysctl_written");
	char text[16384] = "";
	int fd;

	ASSERT_EQ(0, write_file(KNOB, "1"));
	fd = audit_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_file(KNOB, "0"));
	EXPECT_EQ(0, audit_wait(fd, changed, text, sizeof(text))) {
		TH_LOG("last: %s", text);
	}
	EXPECT_EQ(written + 2, stat_of("sysctl_written"));
	/* Refusals are ratelimited: let those of other tests go by. */
	sleep(6);
	ASSERT_EQ(0, give_up());
	ASSERT_EQ(-EACCES, write_file(KNOB, "1"));
	EXPECT_EQ(0, audit_wait(fd, refused, text, sizeof(text))) {
		TH_LOG("last: %s", text);
	}
	close(fd);
}

/*
 * Many write at once; each record's old value is the new one of the record
 * before, or else two changes were mixed up.
 */
static int write_often(void *arg)
{
	char text[16];
	int i;

	for (i = 0; i < 50; i++) {
		snprintf(text, sizeof(text), "%d", (int)(long)arg + i);
		if (write_file("/proc/sys/vm/oom_fork_window_ms", text))
			return 1;
	}
	return 0;
}

TEST_F_TIMEOUT(policy, records_chain, 120)
{
	static const char * const words[] = { "granted  { write_sysctl }",
					      "vm/oom_fork_window_ms", NULL };
	char text[16384], old[64], new[64], last[64] = "";
	int fd, i, nr, status, bad = 0;
	char before[32];
	char *at;

	ASSERT_LT(0, read_file("/proc/sys/vm/oom_fork_window_ms", before,
			       sizeof(before)));
	fd = audit_open();
	ASSERT_LE(0, fd);
	i = 4 << 20;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &i, sizeof(i));
	for (i = 0; i < 4; i++)
		if (!fork())
			_exit(write_often((void *)(i * 100L)));
	for (i = 0; i < 4; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, audit_wait(fd, words, text, sizeof(text))) {
			TH_LOG("after %d records", i);
		}
		at = strstr(text, " old=");
		ASSERT_NE(NULL, at);
		nr = sscanf(at, " old=%63s new=%63s", old, new);
		ASSERT_EQ(2, nr);
		bad += *last && strcmp(last, old);
		memcpy(last, new, sizeof(last));
	}
	EXPECT_EQ(0, bad);
	close(fd);
	EXPECT_EQ(0, write_file("/proc/sys/vm/oom_fork_window_ms", before));
}

TEST_HARNESS_MAIN
