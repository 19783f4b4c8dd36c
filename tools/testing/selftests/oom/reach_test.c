// SPDX-License-Identifier: GPL-2.0-only
/*
 * The subject of a check is all that an access reaches: the process, whichever
 * of its threads is named, and every process that uses the same memory, files
 * or folders; what a process holds, and the namespaces that it lives in.
 *
 * Each way that is refused has a control beside it: a target that differs in
 * nothing but what protects it, and is open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "doors.h"
#include "oom_util.h"
#include "peios_util.h"

#define PIDFD_GET_MNT_NAMESPACE	_IO(0xFF, 3)	/* <linux/pidfd.h> */

#define USER	1000
#define TCB_PRIVILEGES	"SeTcbPrivilege,SeDebugPrivilege"
#define REMOVE_TCB	"remove " TCB_PRIVILEGES

/* How long the races run, in milliseconds each. */
#define RACE_MS	3000

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

/* -- Who attacks -- */

enum attackers { SYSTEM_WITHOUT, ROOT_BY_SUDO, A_USER, NR_ATTACKERS };

static const char *const attacker_names[NR_ATTACKERS] = {
	"SYSTEM without TCB privileges", "root by sudo", "a user",
};

static int leave_root(void)
{
	/* By the system calls: glibc would take all threads along. */
	if (syscall(SYS_setgroups, 0, NULL) ||
	    syscall(SYS_setresgid, USER, USER, USER) ||
	    syscall(SYS_setresuid, USER, USER, USER))
		return -errno;
	/* Open to be looked at, as far as Linux goes. */
	return result(prctl(PR_SET_DUMPABLE, 1));
}

static int attack_as(enum attackers attacker)
{
	switch (attacker) {
	case SYSTEM_WITHOUT:
		return token_command(REMOVE_TCB);
	case ROOT_BY_SUDO:
		return become("S-1-22-1-0", NULL);
	default:
		return leave_root();
	}
}

struct attack {
	enum attackers attacker;
	int (*run)(pid_t pid);
	pid_t pid;
};

static int attack_child(void *arg)
{
	const struct attack *attack = arg;

	if (attack_as(attack->attacker))
		return 254;
	return -attack->run(attack->pid);
}

/* What it gave: 0 or -errno. */
static int attack(enum attackers attacker, int (*run)(pid_t pid), pid_t pid)
{
	struct attack attack = { attacker, run, pid };

	return -in_child(attack_child, &attack);
}

/* -- A process of two threads or of two processes -- */

enum gives_up { NOTHING, PRIVILEGES, ROOT };

static int give_up(enum gives_up what)
{
	switch (what) {
	case PRIVILEGES:
		return token_command(REMOVE_TCB);
	case ROOT:
		return leave_root();
	default:
		return 0;
	}
}

struct pair {
	pid_t pid;		/* the process, its first thread */
	pid_t other;		/* the other thread, or the other process */
	int hold;		/* what keeps both */
};

struct pair_setup {
	enum gives_up first;
	enum gives_up other;
	int flags;		/* of clone(); CLONE_THREAD for a thread */
	const struct sd *vfork_sd;	/* of one more, by vfork() */
};

struct pair_start {
	const struct pair_setup *setup;
	int ready[2];
	int vforked[2];
	int hold;
};

/* Whoever keeps it has closed its end: not all may be killed by their parent. */
static void wait_for_end(const struct pair_start *start)
{
	char byte;

	while (read(start->hold, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int other_main(struct pair_start *start)
{
	int32_t tid = syscall(SYS_gettid);
	int err = give_up(start->setup->other);

	/* What setuid() clears */
	if (!(start->setup->flags & CLONE_THREAD))
		die_with_parent();
	if (err)
		tid = err;
	if (write(start->ready[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	wait_for_end(start);
	return 0;
}

static void *other_thread(void *arg)
{
	other_main(arg);
	return NULL;
}

static int other_process(void *arg)
{
	struct pair_start *start = arg;

	die_with_parent();
	return other_main(start);
}

/* A thread waits for its vfork() child, which gives itself a descriptor. */
static void *vfork_thread(void *arg)
{
	struct pair_start *start = arg;
	int32_t err = give_up(start->setup->first);

	if (err && write(start->vforked[1], &err, sizeof(err)) != sizeof(err))
		_exit(1);
	if (!err && !vfork()) {
		die_with_parent();
		err = sd_write(0, start->setup->vfork_sd);
		if (write(start->vforked[1], &err, sizeof(err)) != sizeof(err))
			_exit(1);
		wait_for_end(start);
	}
	return NULL;
}

static int start_vfork(struct pair_start *start)
{
	pthread_t thread;
	int32_t err;

	if (pipe2(start->vforked, O_CLOEXEC) ||
	    pthread_create(&thread, NULL, vfork_thread, start) ||
	    read(start->vforked[0], &err, sizeof(err)) != sizeof(err))
		return -EPIPE;
	return err;
}

static int start_other(struct pair_start *start)
{
	const size_t size = 256 * 1024;
	const int flags = start->setup->flags;
	pthread_t thread;
	char *stack;

	if (flags & CLONE_THREAD)
		return -pthread_create(&thread, NULL, other_thread, start);
	stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	return result(clone(other_process, stack + size, flags | SIGCHLD, start));
}

static void pair_run(struct pair_start *start)
{
	int32_t tid;
	int sig;

	setsid();
	for (sig = 1; sig < NSIG; sig++)
		if (sig != SIGCHLD && sig != SIGALRM)
			signal(sig, SIG_IGN);
	target_word = TARGET_WORD;
	tid = start_other(start);
	if (tid >= 0)
		tid = start->setup->vfork_sd ? start_vfork(start) : 0;
	if (!tid)
		tid = give_up(start->setup->first);
	/* Both have given up what they shall when the second word comes. */
	if (write(start->ready[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	wait_for_end(start);
}

static int pair_start(struct pair *pair, const struct pair_setup *setup)
{
	struct pair_start start = { .setup = setup };
	int hold[2], words = 0;
	int32_t word;

	if (pipe2(start.ready, O_CLOEXEC) || pipe2(hold, O_CLOEXEC))
		return -errno;
	pair->pid = fork_child();
	if (!pair->pid) {
		int fd;

		/* Nor keep another pair. */
		for (fd = 3; fd < 256; fd++)
			if (fd != hold[0] && fd != start.ready[1])
				close(fd);
		start.hold = hold[0];
		pair_run(&start);
	}
	close(start.ready[1]);
	close(hold[0]);
	pair->hold = hold[1];
	pair->other = 0;
	for (words = 0; words < 2; words++) {
		if (read(start.ready[0], &word, sizeof(word)) != sizeof(word))
			return -EPIPE;
		if (word < 0)
			return word;
		if (word)
			pair->other = word;
	}
	close(start.ready[0]);
	return pair->other ? 0 : -ESRCH;
}

static void pair_stop(struct pair *pair)
{
	close(pair->hold);
	waitpid(pair->pid, NULL, 0);
}

FIXTURE(reach) {
	struct sd sd;
	struct pair pair;
	struct target target;
};

FIXTURE_SETUP(reach)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	setsid();
}

FIXTURE_TEARDOWN(reach)
{
}

/* -- Threads -- */

/* A pidfd, and tgkill() as the door has it, name a process and no thread. */
static bool names_no_thread(int err)
{
	return err == -EINVAL || err == -ESRCH || err == -ENOENT;
}

FIXTURE(threads) {
	struct pair pair;
};

FIXTURE_VARIANT(threads) {
	struct pair_setup setup;
	enum attackers attacker;
};

/*
 *	the first thread	the other	who asks
 *	SYSTEM			removed		SYSTEM without privileges
 *	SYSTEM			uid 1000	uid 1000
 *	SYSTEM			uid 1000	root by sudo
 *	uid 1000		SYSTEM		uid 1000
 *	removed			SYSTEM		SYSTEM without privileges
 */
FIXTURE_VARIANT_ADD(threads, privileges_removed) {
	.setup = { .other = PRIVILEGES, .flags = CLONE_THREAD },
	.attacker = SYSTEM_WITHOUT,
};

FIXTURE_VARIANT_ADD(threads, root_left) {
	.setup = { .other = ROOT, .flags = CLONE_THREAD },
	.attacker = A_USER,
};

FIXTURE_VARIANT_ADD(threads, root_left_and_sudo) {
	.setup = { .other = ROOT, .flags = CLONE_THREAD },
	.attacker = ROOT_BY_SUDO,
};

FIXTURE_VARIANT_ADD(threads, root_left_by_the_first) {
	.setup = { .first = ROOT, .flags = CLONE_THREAD },
	.attacker = A_USER,
};

FIXTURE_VARIANT_ADD(threads, privileges_removed_by_the_first) {
	.setup = { .first = PRIVILEGES, .flags = CLONE_THREAD },
	.attacker = SYSTEM_WITHOUT,
};

FIXTURE_SETUP(threads)
{
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	setsid();
}

FIXTURE_TEARDOWN(threads)
{
}

/*
 * What the thread that holds more is refused for, the process is, whichever
 * thread is named. A process of one thread, with what that one has, tells what.
 */
TEST_F_TIMEOUT(threads, are_one_process, 200)
{
	const struct pair_setup alone = {
		.flags = CLONE_THREAD,	/* both are SYSTEM */
	};
	unsigned int i, compared = 0, refused = 0;
	struct pair whole;

	for (i = 0; i < nr_doors; i++) {
		const struct door *door = &doors[i];
		int by_pid, by_tid, expected;

		/* Of these Linux has its own say, by the uid of the thread. */
		if (variant->attacker == A_USER &&
		    (door->needs_root || door->rights == QUERY_LIMITED))
			continue;
		ASSERT_EQ(0, pair_start(&whole, &alone));
		expected = attack(variant->attacker, door->knock, whole.pid);
		pair_stop(&whole);

		ASSERT_EQ(0, pair_start(&self->pair, &variant->setup));
		by_tid = attack(variant->attacker, door->knock, self->pair.other);
		pair_stop(&self->pair);
		ASSERT_EQ(0, pair_start(&self->pair, &variant->setup));
		by_pid = attack(variant->attacker, door->knock, self->pair.pid);
		pair_stop(&self->pair);

		EXPECT_EQ(expected, by_pid) {
			TH_LOG("%s to the process: %d, not %d", door->name,
			       by_pid, expected);
		}
		if (names_no_thread(by_tid))
			continue;
		EXPECT_EQ(expected, by_tid) {
			TH_LOG("%s to the thread: %d, not %d", door->name,
			       by_tid, expected);
		}
		compared++;
		refused += expected < 0;
	}
	EXPECT_LT(30, compared);
	EXPECT_LT(5, refused);
}

static pid_t group_of_thread;

static int tgkill_thread(pid_t tid)
{
	return result(syscall(SYS_tgkill, group_of_thread, tid, SIGKILL));
}

static int kill_process(pid_t pid)
{
	return result(kill(pid, SIGKILL));
}

/* A signal that ends the process is for the process. */
TEST_F_TIMEOUT(reach, tgkill_of_a_thread_with_less, 60)
{
	const struct pair_setup less = { .other = ROOT, .flags = CLONE_THREAD };
	const struct pair_setup users = {
		.first = ROOT, .other = ROOT, .flags = CLONE_THREAD,
	};

	ASSERT_EQ(0, pair_start(&self->pair, &less));
	group_of_thread = self->pair.pid;
	EXPECT_EQ(-EPERM, attack(A_USER, kill_process, self->pair.pid));
	EXPECT_EQ(-EPERM, attack(A_USER, tgkill_thread, self->pair.other));
	/* It has not died of it. */
	EXPECT_EQ(0, waitpid(self->pair.pid, NULL, WNOHANG));
	pair_stop(&self->pair);

	ASSERT_EQ(0, pair_start(&self->pair, &users));
	group_of_thread = self->pair.pid;
	EXPECT_EQ(0, attack(A_USER, tgkill_thread, self->pair.other));
	pair_stop(&self->pair);
}

/*
 * A process all of whose threads have left root is its user's: what that user's
 * debugger, kill and renice do, works as ever.
 */
TEST_F_TIMEOUT(reach, all_threads_left_root, 120)
{
	const struct pair_setup users = {
		.first = ROOT, .other = ROOT, .flags = CLONE_THREAD,
	};
	unsigned int i, opened = 0;

	for (i = 0; i < nr_doors; i++) {
		int err;

		/* It names another owner, or needs a capability of Linux. */
		if (doors[i].knock == knock_sd_dacl || doors[i].needs_root)
			continue;
		ASSERT_EQ(0, pair_start(&self->pair, &users));
		err = attack(A_USER, doors[i].knock, self->pair.other);
		if (names_no_thread(err))
			err = attack(A_USER, doors[i].knock, self->pair.pid);
		pair_stop(&self->pair);
		opened += !err;
		EXPECT_EQ(0, err) {
			TH_LOG("%s: %d", doors[i].name, err);
		}
	}
	EXPECT_LT(25, opened);
}

static int mem_for_both(pid_t pid)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	err = result(fd);
	if (fd >= 0)
		close(fd);
	return err;
}

static int set_sd_of(pid_t pid)
{
	struct sd sd;

	sd_begin(&sd, "S-1-22-1-1000");
	sd_allow(&sd, EVERYONE, ALL_RIGHTS);
	return sd_write(pid, &sd);
}

/* The descriptor is the process's, not the thread's that the path names. */
TEST_F_TIMEOUT(reach, descriptor_by_a_thread_with_less, 60)
{
	const struct pair_setup less = { .other = ROOT, .flags = CLONE_THREAD };

	ASSERT_EQ(0, pair_start(&self->pair, &less));
	EXPECT_EQ(-EACCES, attack(A_USER, set_sd_of, self->pair.pid));
	EXPECT_EQ(-EACCES, attack(A_USER, set_sd_of, self->pair.other));
	EXPECT_EQ(-EACCES, attack(A_USER, mem_for_both, self->pair.other));
	pair_stop(&self->pair);
}

/* The tier is that of the thread that holds most, for the OOM killer as well. */
static int tier(pid_t pid, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	return read_key(path, "tier", text, size);
}

TEST_F_TIMEOUT(reach, tier_is_the_highest_of_the_threads, 60)
{
	const struct pair_setup setups[] = {
		{ .other = PRIVILEGES, .flags = CLONE_THREAD },
		{ .first = PRIVILEGES, .flags = CLONE_THREAD },
		{ .first = PRIVILEGES, .other = PRIVILEGES,
		  .flags = CLONE_THREAD },
	};
	unsigned int i;
	char text[16];

	for (i = 0; i < ARRAY_SIZE(setups); i++) {
		const char *expected = i < 2 ? "tcb" : "user";

		ASSERT_EQ(0, pair_start(&self->pair, &setups[i]));
		ASSERT_EQ(0, tier(self->pair.pid, text, sizeof(text)));
		EXPECT_STREQ(expected, text);
		ASSERT_EQ(0, tier(self->pair.other, text, sizeof(text)));
		EXPECT_STREQ(expected, text);
		pair_stop(&self->pair);
	}
}

/* -- Processes that share -- */

static int writev_to(pid_t pid)
{
	long word = TARGET_WORD;
	struct iovec from = { &word, sizeof(word) };
	struct iovec to = { &target_word, sizeof(word) };

	return result(process_vm_writev(pid, &from, 1, &to, 1, 0));
}

static int get_file_of(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), got, err;

	if (fd < 0)
		return -errno;
	got = syscall(SYS_pidfd_getfd, fd, 0, 0);
	err = result(got);
	close(fd);
	return err;
}

static int follow_cwd(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	return result(fd);
}

static const struct {
	const char *name;
	int (*run)(pid_t pid);
	int refusal;
} inside[] = {
	{ "mem", mem_for_both, -EACCES },
	{ "process_vm_writev", writev_to, -EPERM },
	{ "PTRACE_ATTACH", knock_attach, -EPERM },
	{ "PTRACE_SEIZE", knock_seize, -EPERM },
	{ "process_vm_readv", knock_vm_readv, -EPERM },
	{ "pidfd_getfd", get_file_of, -EPERM },
	{ "cwd", follow_cwd, -EACCES },
};

FIXTURE(sharing) {
	struct pair pair;
};

FIXTURE_VARIANT(sharing) {
	int flags;
	bool shares;
};

FIXTURE_VARIANT_ADD(sharing, nothing) { .flags = 0 };

FIXTURE_VARIANT_ADD(sharing, memory) { .flags = CLONE_VM, .shares = true };

FIXTURE_VARIANT_ADD(sharing, files) { .flags = CLONE_FILES, .shares = true };

FIXTURE_VARIANT_ADD(sharing, folders) { .flags = CLONE_FS, .shares = true };

FIXTURE_SETUP(sharing)
{
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	setsid();
}

FIXTURE_TEARDOWN(sharing)
{
}

/*
 * A child that has left root, or removed its privileges: it is as open as its
 * parent to who wants what both have, and its own to who signals it.
 */
TEST_F_TIMEOUT(sharing, is_asked_about, 120)
{
	static const struct {
		enum gives_up other;
		enum attackers attacker;
	} cases[] = {
		{ ROOT, A_USER }, { ROOT, ROOT_BY_SUDO },
		{ PRIVILEGES, SYSTEM_WITHOUT },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pair_setup setup = {
			.other = cases[i].other, .flags = variant->flags,
		};

		ASSERT_EQ(0, pair_start(&self->pair, &setup));
		for (j = 0; j < ARRAY_SIZE(inside); j++) {
			int got = attack(cases[i].attacker, inside[j].run,
					 self->pair.other);
			int expected = variant->shares ? inside[j].refusal : 0;

			/* To look is granted to SYSTEM, whoever is asked. */
			if (cases[i].attacker == SYSTEM_WITHOUT &&
			    inside[j].run == knock_vm_readv)
				expected = 0;
			EXPECT_EQ(expected, got) {
				TH_LOG("%s by %s: %d, not %d", inside[j].name,
				       attacker_names[cases[i].attacker], got,
				       expected);
			}
		}
		EXPECT_EQ(0, attack(cases[i].attacker, knock_terminate,
				    self->pair.other));
		pair_stop(&self->pair);
	}
}

/* Nor the other way: who shares may have more than who is named. */
TEST_F_TIMEOUT(sharing, child_with_more, 60)
{
	const struct pair_setup setup = {
		.first = ROOT, .flags = variant->flags,
	};

	ASSERT_EQ(0, pair_start(&self->pair, &setup));
	EXPECT_EQ(variant->shares ? -EACCES : 0,
		  attack(A_USER, mem_for_both, self->pair.pid));
	pair_stop(&self->pair);
}

/* Between processes of one user sharing makes no difference. */
TEST_F_TIMEOUT(sharing, of_one_user, 60)
{
	const struct pair_setup setup = {
		.first = ROOT, .other = ROOT, .flags = variant->flags,
	};
	unsigned int j;

	ASSERT_EQ(0, pair_start(&self->pair, &setup));
	for (j = 0; j < ARRAY_SIZE(inside); j++) {
		EXPECT_EQ(0, attack(A_USER, inside[j].run, self->pair.other));
		EXPECT_EQ(0, attack(A_USER, inside[j].run, self->pair.pid));
		EXPECT_EQ(0, attack(ROOT_BY_SUDO, inside[j].run,
				    self->pair.other));
	}
	pair_stop(&self->pair);
}

/* -- Races -- */

struct race {
	pid_t parent;
	pid_t child;		/* the newest */
	int stop;
	long spawned;
	long opened;		/* by the attacker, as it may */
	long taken;		/* though it may not */
	long secret;		/* in the memory of the parent, at this address */
};

static long secret;

static struct race *race_start(void)
{
	struct race *race = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (race == MAP_FAILED ||
	    getrandom(&race->secret, sizeof(race->secret), 0) !=
	    sizeof(race->secret))
		abort();
	secret = 0;
	return race;
}

static bool race_on(struct race *race)
{
	return !__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE);
}

static void count(long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Opens the memory of a process and sees if it is that of the parent. */
static void try_memory(struct race *race, const char *path)
{
	int fd = open(path, O_RDWR);
	long word = 0;

	if (fd < 0)
		return;
	count(&race->opened);
	if (pread(fd, &word, sizeof(word), (long)&secret) == sizeof(word) &&
	    word == race->secret)
		count(&race->taken);
	close(fd);
}

static int open_newest(struct race *race)
{
	char path[64];

	if (attack_as(ROOT_BY_SUDO))
		return 1;
	while (race_on(race)) {
		pid_t pid = __atomic_load_n(&race->child, __ATOMIC_RELAXED);

		if (!pid) {
			sched_yield();
			continue;
		}
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		try_memory(race, path);
	}
	return 0;
}

/* As runtimes' spawn with a credential does. */
static void spawn_for_ever(struct race *race)
{
	static char *const args[] = { "helper", "exec", "2", NULL };
	int status;
	pid_t pid;

	secret = race->secret;
	while (race_on(race)) {
		pid = vfork();
		if (!pid) {
			__atomic_store_n(&race->child, syscall(SYS_getpid),
					 __ATOMIC_RELAXED);
			if (syscall(SYS_setresgid, USER, USER, USER) ||
			    syscall(SYS_setresuid, USER, USER, USER))
				_exit(253);
			if (race->spawned % 4 == 3)
				_exit(0);
			execv("./helper", args);
			_exit(252);
		}
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			_exit(3);
		count(&race->spawned);
	}
	_exit(0);
}

TEST_F_TIMEOUT(reach, race_of_spawn_and_open, 120)
{
	struct race *race = race_start();
	pid_t spawner, opener;
	int status;

	spawner = fork_child();
	if (!spawner)
		spawn_for_ever(race);
	opener = fork_child();
	if (!opener)
		_exit(open_newest(race));
	usleep(RACE_MS * 1000);
	/* The opener gets through to the programs that were executed. */
	while (!__atomic_load_n(&race->opened, __ATOMIC_RELAXED) &&
	       !waitpid(spawner, &status, WNOHANG))
		usleep(10000);
	__atomic_store_n(&race->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(opener, waitpid(opener, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	ASSERT_EQ(spawner, waitpid(spawner, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	TH_LOG("%ld spawned, %ld opened, %ld taken", race->spawned,
	       race->opened, race->taken);
	EXPECT_LT(0, race->opened);
	EXPECT_EQ(0, race->taken);
	munmap(race, 4096);
}

static void *leave_and_end(void *arg)
{
	struct race *race = arg;

	__atomic_store_n(&race->child, syscall(SYS_gettid), __ATOMIC_RELAXED);
	syscall(SYS_setresgid, USER, USER, USER);
	syscall(SYS_setresuid, USER, USER, USER);
	prctl(PR_SET_DUMPABLE, 1);
	count(&race->spawned);
	usleep(500);
	return NULL;
}

static void threads_for_ever(struct race *race)
{
	pthread_t thread;

	secret = race->secret;
	while (race_on(race)) {
		if (pthread_create(&thread, NULL, leave_and_end, race))
			_exit(3);
		pthread_join(thread, NULL);
	}
	_exit(0);
}

static int open_threads(struct race *race)
{
	char path[64];
	pid_t tid;

	if (attack_as(ROOT_BY_SUDO))
		return 1;
	while (race_on(race)) {
		tid = __atomic_load_n(&race->child, __ATOMIC_RELAXED);
		snprintf(path, sizeof(path), "/proc/%d/task/%d/mem",
			 race->parent, tid);
		try_memory(race, path);
	}
	return 0;
}

TEST_F_TIMEOUT(reach, race_of_threads_and_open, 120)
{
	const struct pair_setup users = {
		.first = ROOT, .other = ROOT, .flags = CLONE_THREAD,
	};
	struct race *race = race_start();
	int status;
	pid_t opener, parent;

	parent = fork_child();
	if (!parent)
		threads_for_ever(race);
	race->parent = parent;
	opener = fork_child();
	if (!opener)
		_exit(open_threads(race));
	usleep(RACE_MS * 1000);
	__atomic_store_n(&race->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(opener, waitpid(opener, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	ASSERT_EQ(parent, waitpid(parent, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	TH_LOG("%ld threads, %ld opened, %ld taken", race->spawned,
	       race->opened, race->taken);
	EXPECT_LT(10, race->spawned);
	EXPECT_EQ(0, race->taken);
	/* The same attacker has a user's threads. */
	ASSERT_EQ(0, pair_start(&self->pair, &users));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, mem_for_both, self->pair.other));
	pair_stop(&self->pair);
	munmap(race, 4096);
}

/* -- What a process holds -- */

static char held_path[64];

static int read_held(pid_t pid)
{
	char text[256];

	return result(readlink(held_path, text, sizeof(text)));
}

static int open_held(pid_t pid)
{
	int fd = open(held_path, O_RDWR);
	int err = result(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int open_held_for_reading(pid_t pid)
{
	int fd = open(held_path, O_RDONLY);
	int err = result(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int open_held_child(void *unused)
{
	(void)unused;
	return -open_held(0);
}

/* The link in map_files of a mapping: as the parent's, which has forked it. */
static void find_map_file(pid_t pid, void *address)
{
	unsigned long start, end;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	held_path[0] = '\0';
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 ||
		    start > (unsigned long)address ||
		    end <= (unsigned long)address)
			continue;
		snprintf(held_path, sizeof(held_path),
			 "/proc/%d/map_files/%lx-%lx", pid, start, end);
	}
	if (maps)
		fclose(maps);
}

TEST_F_TIMEOUT(reach, handles, 60)
{
	const struct target_setup setup = {};
	const struct target_setup without = { .token_command = REMOVE_TCB };
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pipes[2];

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, pipe(pipes));
	/* Its standard input, which it keeps. */
	ASSERT_EQ(0, dup2(pipes[1], 0));
	ASSERT_EQ(0, target_start(&self->target, &setup));

	snprintf(held_path, sizeof(held_path), "/proc/%d/fd/0", self->target.pid);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, read_held, 0));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, open_held, 0));
	EXPECT_EQ(0, in_child(open_held_child, NULL));
	find_map_file(self->target.pid, memory);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, read_held, 0));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, open_held, 0));
	EXPECT_EQ(0, in_child(open_held_child, NULL));
	snprintf(held_path, sizeof(held_path), "/proc/%d/ns/mnt",
		 self->target.pid);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, read_held, 0));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	target_stop(&self->target);

	/* What holds no more than who asks is open to it. */
	ASSERT_EQ(0, target_start(&self->target, &without));
	snprintf(held_path, sizeof(held_path), "/proc/%d/fd/0", self->target.pid);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, open_held, 0));
	find_map_file(self->target.pid, memory);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, open_held, 0));
	snprintf(held_path, sizeof(held_path), "/proc/%d/ns/mnt",
		 self->target.pid);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	target_stop(&self->target);
}

/* Folders are held, too, and the program: a file of its mount namespace. */
TEST_F_TIMEOUT(reach, folders, 60)
{
	const struct target_setup setup = {};
	const struct target_setup without = { .token_command = REMOVE_TCB };
	static const char *const names[] = { "cwd", "root" };
	unsigned int i;

	ASSERT_EQ(0, target_start(&self->target, &setup));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(held_path, sizeof(held_path), "/proc/%d/%s",
			 self->target.pid, names[i]);
		EXPECT_EQ(0, attack(SYSTEM_WITHOUT, read_held, 0));
		EXPECT_EQ(-EACCES,
			  attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
		/* Nor by way of it, nor by a thread's. */
		snprintf(held_path, sizeof(held_path), "/proc/%d/%s/.",
			 self->target.pid, names[i]);
		EXPECT_EQ(-EACCES,
			  attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
		EXPECT_EQ(0, open_held_for_reading(0));
		snprintf(held_path, sizeof(held_path), "/proc/%d/task/%d/%s",
			 self->target.pid, self->target.pid, names[i]);
		EXPECT_EQ(-EACCES,
			  attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	}
	snprintf(held_path, sizeof(held_path), "/proc/%d/exe", self->target.pid);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, read_held, 0));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	EXPECT_EQ(0, open_held_for_reading(0));
	snprintf(held_path, sizeof(held_path), "/proc/%d/task/%d/exe",
		 self->target.pid, self->target.pid);
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	target_stop(&self->target);

	ASSERT_EQ(0, target_start(&self->target, &without));
	snprintf(held_path, sizeof(held_path), "/proc/%d/exe", self->target.pid);
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(held_path, sizeof(held_path), "/proc/%d/%s",
			 self->target.pid, names[i]);
		EXPECT_EQ(0, attack(SYSTEM_WITHOUT, open_held_for_reading, 0));
	}
	target_stop(&self->target);
}

/* -- Shared memory of System V -- */

static int segment;

static int attach(int flags)
{
	void *memory = shmat(segment, NULL, flags);

	if (memory == (void *)-1)
		return -errno;
	if (!(flags & SHM_RDONLY))
		*(int *)memory = 77;
	shmdt(memory);
	return 0;
}

static int attach_to_write(pid_t pid)
{
	return attach(0);
}

static int attach_to_read(pid_t pid)
{
	return attach(SHM_RDONLY);
}

static int segment_stat(pid_t pid)
{
	struct shmid_ds ds;

	return result(shmctl(segment, IPC_STAT, &ds));
}

static int segment_set(uid_t uid, gid_t gid, mode_t mode)
{
	struct shmid_ds ds = {
		.shm_perm = { .uid = uid, .gid = gid, .mode = mode },
	};

	return result(shmctl(segment, IPC_SET, &ds));
}

static int take_segment(pid_t pid)
{
	return segment_set(0, 0, 0666);
}

static int lock_segment(pid_t pid)
{
	int err = result(shmctl(segment, SHM_LOCK, NULL));

	return err ?: result(shmctl(segment, SHM_UNLOCK, NULL));
}

static int remove_segment(pid_t pid)
{
	return result(shmctl(segment, IPC_RMID, NULL));
}

/* What a process was when it made the segment. */
struct making {
	const char *token_command;
	const char *pip;
	const struct sd *sd;
	int *id;
};

static int make_segment_child(void *arg)
{
	const struct making *making = arg;

	if ((making->token_command && token_command(making->token_command)) ||
	    (making->pip && pip_write(making->pip)) ||
	    (making->sd && sd_write(0, making->sd)))
		return 254;
	*making->id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	return result(*making->id) ? 255 : 0;
}

static int make_segment(struct making making)
{
	int err;

	making.id = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (making.id == MAP_FAILED)
		return -errno;
	err = in_child(make_segment_child, &making);
	segment = *making.id;
	munmap(making.id, 4096);
	return err;
}

#define MAKING(...) ((struct making) { __VA_ARGS__ })

TEST_F_TIMEOUT(reach, segments, 60)
{
	static const struct {
		const char *name;
		int (*run)(pid_t pid);
		/* By SYSTEM without, by root by sudo, by a user */
		int refusals[NR_ATTACKERS];
	} ways[] = {
		{ "stat", segment_stat, { 0, 0, -EACCES } },
		{ "read", attach_to_read, { 0, -EACCES, -EACCES } },
		{ "write", attach_to_write, { -EACCES, -EACCES, -EACCES } },
		{ "lock", lock_segment, { -EPERM, -EPERM, -EPERM } },
		{ "IPC_SET", take_segment, { -EPERM, -EPERM, -EPERM } },
		/* To end it is granted to SYSTEM, as to end its maker is. */
		{ "IPC_RMID", remove_segment, { 0, -EPERM, -EPERM } },
	};
	enum attackers who;
	unsigned int i;

	for (who = SYSTEM_WITHOUT; who < NR_ATTACKERS; who++) {
		ASSERT_EQ(0, make_segment(MAKING()));
		/* Who holds what its maker held may do all. */
		EXPECT_EQ(0, attach_to_write(0));
		EXPECT_EQ(0, lock_segment(0));
		EXPECT_EQ(0, segment_set(0, 0, 0600));
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			EXPECT_EQ(ways[i].refusals[who],
				  attack(who, ways[i].run, 0)) {
				TH_LOG("%s by %s", ways[i].name,
				       attacker_names[who]);
			}
		}
		remove_segment(0);
	}
	/* That of who held none is as ever: any root's. */
	for (who = SYSTEM_WITHOUT; who < A_USER; who++) {
		ASSERT_EQ(0, make_segment(MAKING(.token_command = REMOVE_TCB
						 ",SeLoadDriverPrivilege")));
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			/* Privileges that are left count, too. */
			int expected = who == SYSTEM_WITHOUT ? 0 :
				       ways[i].refusals[who];

			EXPECT_EQ(expected, attack(who, ways[i].run, 0)) {
				TH_LOG("%s by %s", ways[i].name,
				       attacker_names[who]);
			}
		}
		remove_segment(0);
	}
	ASSERT_EQ(0, make_segment(MAKING(.token_command =
					 "replace user=S-1-22-1-0")));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, attach_to_write, 0));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, take_segment, 0));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, remove_segment, 0));
}

/* Its maker may give it away: to all, to another owner, to another group. */
TEST_F_TIMEOUT(reach, segments_that_are_given, 60)
{
	ASSERT_EQ(0, make_segment(MAKING()));
	EXPECT_EQ(-EACCES, attack(ROOT_BY_SUDO, attach_to_write, 0));
	ASSERT_EQ(0, segment_set(0, 0, 0666));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, attach_to_write, 0));
	EXPECT_EQ(0, attack(A_USER, attach_to_write, 0));
	EXPECT_EQ(-EPERM, attack(ROOT_BY_SUDO, take_segment, 0));
	ASSERT_EQ(0, segment_set(0, 0, 0644));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, attach_to_read, 0));
	EXPECT_EQ(-EACCES, attack(ROOT_BY_SUDO, attach_to_write, 0));
	ASSERT_EQ(0, segment_set(USER, 0, 0600));
	EXPECT_EQ(0, attack(A_USER, attach_to_write, 0));
	EXPECT_EQ(0, attack(A_USER, segment_stat, 0));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, attach_to_write, 0));
	ASSERT_EQ(0, segment_set(0, USER, 0660));
	EXPECT_EQ(0, attack(A_USER, attach_to_write, 0));
	EXPECT_EQ(-EACCES, attack(ROOT_BY_SUDO, attach_to_write, 0));
	ASSERT_EQ(0, segment_set(0, 0, 0660));
	EXPECT_EQ(-EACCES, attack(ROOT_BY_SUDO, attach_to_write, 0));
	remove_segment(0);
}

/* The maker's protection and descriptor are asked as the maker's. */
TEST_F_TIMEOUT(reach, segments_of_the_protected, 60)
{
	struct sd open, closed;

	ASSERT_EQ(0, make_segment(MAKING(.pip = "1 1")));
	EXPECT_EQ(-EACCES, attach_to_read(0));
	EXPECT_EQ(-EACCES, attach_to_write(0));
	EXPECT_EQ(-EPERM, remove_segment(0));
	ASSERT_EQ(0, pip_write("1 1"));
	EXPECT_EQ(0, attach_to_write(0));
	EXPECT_EQ(0, remove_segment(0));
	ASSERT_EQ(0, pip_write("0 0"));

	sd_begin(&open, SYSTEM);
	sd_allow(&open, EVERYONE, VM_READ | VM_WRITE);
	ASSERT_EQ(0, make_segment(MAKING(.sd = &open)));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, attach_to_write, 0));
	EXPECT_EQ(-EPERM, attack(ROOT_BY_SUDO, remove_segment, 0));
	remove_segment(0);
	sd_begin(&closed, SYSTEM);
	sd_allow(&closed, SYSTEM, VM_READ);
	ASSERT_EQ(0, make_segment(MAKING(.sd = &closed)));
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, attach_to_read, 0));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, attach_to_write, 0));
	/* SeDebugPrivilege stands in for it. */
	EXPECT_EQ(0, remove_segment(0));
}

static int attach_for_ever(struct race *race)
{
	if (attack_as(ROOT_BY_SUDO))
		return 1;
	while (race_on(race)) {
		segment = __atomic_load_n(&race->child, __ATOMIC_RELAXED);
		if (!attach_to_read(0))
			count(&race->opened);
		if (!attach_to_write(0))
			count(&race->taken);
	}
	return 0;
}

/* Segments that come and go, while others attach what they find. */
TEST_F_TIMEOUT(reach, race_of_segments, 120)
{
	struct race *race = race_start();
	long long end = now_ms() + RACE_MS;
	pid_t attacher;
	int status;

	attacher = fork_child();
	if (!attacher)
		_exit(attach_for_ever(race));
	/* On a slow machine until one was attached. */
	while (now_ms() < end ||
	       (!__atomic_load_n(&race->opened, __ATOMIC_RELAXED) &&
		now_ms() < end + 60000)) {
		segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
		ASSERT_LE(0, segment);
		__atomic_store_n(&race->child, segment, __ATOMIC_RELAXED);
		sched_yield();
		/* Now and then it is for all to read. */
		if (race->spawned % 2) {
			segment_set(0, 0, 0644);
			usleep(1000);
		}
		remove_segment(0);
		race->spawned++;
	}
	__atomic_store_n(&race->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(attacher, waitpid(attacher, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	TH_LOG("%ld made, %ld attached, %ld taken", race->spawned,
	       race->opened, race->taken);
	EXPECT_LT(0, race->opened);
	EXPECT_EQ(0, race->taken);
	munmap(race, 4096);
}

/* -- Namespaces -- */

static int enter_by_pidfd(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : result(setns(fd, CLONE_NEWNS));
}

static int namespace_of_pidfd(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : result(ioctl(fd, PIDFD_GET_MNT_NAMESPACE, 0));
}

/* From one's own to all others, one by one. */
static int namespace_by_steps(pid_t pid)
{
	static const unsigned long steps[] = { NS_MNT_GET_NEXT, NS_MNT_GET_PREV };
	struct mnt_ns_info info = { .size = sizeof(info) };
	int fd, next, found = 0, err = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		fd = open("/proc/self/ns/mnt", O_RDONLY);
		if (fd < 0)
			return -errno;
		while ((next = ioctl(fd, steps[i], &info)) >= 0) {
			close(fd);
			fd = next;
			found++;
		}
		if (errno != ENOENT)
			err = -errno;
		close(fd);
	}
	return found ? 0 : err ?: -ENOENT;
}

static int make_namespace(void *unused)
{
	(void)unused;
	return result(unshare(CLONE_NEWNS));
}

TEST_F_TIMEOUT(reach, namespaces, 60)
{
	const struct target_setup setup = {};
	const struct target_setup without = { .token_command = REMOVE_TCB };

	ASSERT_EQ(0, make_namespace(NULL));
	ASSERT_EQ(0, target_start(&self->target, &setup));
	EXPECT_EQ(-EPERM, attack(SYSTEM_WITHOUT, enter_by_pidfd,
				 self->target.pid));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, namespace_of_pidfd,
				  self->target.pid));
	EXPECT_EQ(-EPERM, attack(SYSTEM_WITHOUT, namespace_by_steps, 0));
	/* With the privileges of the target it works. */
	EXPECT_EQ(0, namespace_of_pidfd(self->target.pid));
	EXPECT_EQ(0, namespace_by_steps(0));
	EXPECT_EQ(0, enter_by_pidfd(self->target.pid));
	target_stop(&self->target);

	ASSERT_EQ(0, target_start(&self->target, &without));
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, enter_by_pidfd, self->target.pid));
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, namespace_of_pidfd,
			    self->target.pid));
	target_stop(&self->target);
}

/* -- Events of fanotify -- */

/*
 * A process that opens a folder when it is told to, maybe from a mount namespace of
 * its own, in which another file system lies below that folder.
 */
struct opener {
	pid_t pid;
	int command;
	int answer;
};

static char event_dir[64];
static struct opener opener;

static int make_private(void)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/private", event_dir);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", path, "tmpfs", 0, NULL))
		return -errno;
	snprintf(path, sizeof(path), "%s/private/secret", event_dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void opener_run(int command, int answer, bool private, bool without)
{
	char byte;

	if ((private && make_private()) ||
	    (without && token_command(REMOVE_TCB)) ||
	    write(answer, "r", 1) != 1)
		_exit(1);
	while (read(command, &byte, 1) == 1) {
		int fd = open(event_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		byte = fd >= 0 ? 'o' : 'x';
		close(fd);
		if (write(answer, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static int opener_start(bool private, bool without)
{
	int command[2], answer[2];
	char byte;

	if (pipe(command) || pipe(answer))
		return -errno;
	opener.pid = fork_child();
	if (!opener.pid) {
		close(command[1]);
		close(answer[0]);
		opener_run(command[0], answer[1], private, without);
	}
	close(command[0]);
	close(answer[1]);
	opener.command = command[1];
	opener.answer = answer[0];
	return read(opener.answer, &byte, 1) == 1 ? 0 : -EPIPE;
}

static void opener_stop(void)
{
	close(opener.command);
	close(opener.answer);
	waitpid(opener.pid, NULL, 0);
}

/* Look for the secret from the folder that the event brings. */
static int secret_by_event(pid_t unused)
{
	struct fanotify_event_metadata event = {};
	char byte = 'o';
	int group;

	(void)unused;
	group = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC,
			      O_RDONLY | O_CLOEXEC);
	if (group < 0 ||
	    fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN | FAN_ONDIR, AT_FDCWD,
			  event_dir))
		return -errno;
	if (write(opener.command, &byte, 1) != 1 ||
	    read(opener.answer, &byte, 1) != 1 || byte != 'o')
		return -EPIPE;
	if (read(group, &event, sizeof(event)) < 0)
		return -errno;
	if (event.fd < 0)
		return -EBADF;
	return result(openat(event.fd, "private/secret", O_RDONLY));
}

/* An event's file is opened by the mount by which another process opened it. */
TEST_F_TIMEOUT(reach, events_of_another_mount_namespace, 60)
{
	char path[96];

	if (access("/proc/sys/fs/fanotify", F_OK))
		SKIP(return, "a kernel without fanotify");
	snprintf(event_dir, sizeof(event_dir), "/tmp/oom_reach_XXXXXX");
	ASSERT_NE(NULL, mkdtemp(event_dir));
	snprintf(path, sizeof(path), "%s/private", event_dir);
	ASSERT_EQ(0, mkdir(path, 0700));

	ASSERT_EQ(0, opener_start(true, false));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, secret_by_event, 0));
	EXPECT_EQ(-EACCES, attack(ROOT_BY_SUDO, secret_by_event, 0));
	/* With the privilege it is how the door leads in. */
	EXPECT_EQ(0, secret_by_event(0));
	opener_stop();
	/* So it does where nobody who lives there has the privilege. */
	ASSERT_EQ(0, opener_start(true, true));
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, secret_by_event, 0));
	EXPECT_EQ(0, attack(ROOT_BY_SUDO, secret_by_event, 0));
	opener_stop();
	/* What others of one's own namespace open is told as ever. */
	ASSERT_EQ(0, opener_start(false, false));
	EXPECT_EQ(-ENOENT, attack(SYSTEM_WITHOUT, secret_by_event, 0));
	EXPECT_EQ(-ENOENT, attack(ROOT_BY_SUDO, secret_by_event, 0));
	opener_stop();
	EXPECT_EQ(0, rmdir(path));
	EXPECT_EQ(0, rmdir(event_dir));
}

/* -- The score of who holds more -- */

static int make_volunteer(pid_t pid)
{
	return write_proc(pid, "oom_score_adj", "1000");
}

TEST_F_TIMEOUT(reach, score_of_a_holder, 60)
{
	const struct target_setup setup = {};
	const struct target_setup without = { .token_command = REMOVE_TCB };

	ASSERT_EQ(0, target_start(&self->target, &setup));
	ASSERT_EQ(0, target_set_adj(&self->target, -1000));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, make_volunteer,
				  self->target.pid));
	EXPECT_EQ(-1000, target_adj(&self->target));
	/* It is free to itself, and to who holds as much. */
	EXPECT_EQ(0, target_set_adj(&self->target, -900));
	EXPECT_EQ(0, write_proc(self->target.pid, "oom_score_adj", "-800"));
	EXPECT_EQ(-800, target_adj(&self->target));
	target_stop(&self->target);

	ASSERT_EQ(0, target_start(&self->target, &without));
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, make_volunteer, self->target.pid));
	EXPECT_EQ(1000, target_adj(&self->target));
	target_stop(&self->target);
}

static int raise_it(pid_t pid)
{
	return write_proc(pid, "oom_score_adj", "77");
}

/*
 * A write goes to all that share the memory but vfork() children. One that stops
 * being one between the check and the change has to have been asked about.
 */
TEST_F_TIMEOUT(reach, score_and_a_vfork_child, 60)
{
	struct pair_setup setup = {
		.first = PRIVILEGES, .other = PRIVILEGES, .flags = CLONE_VM,
	};
	struct sd open, closed;

	/* Who shares, and the vfork() child, are SYSTEM at first. */
	sd_begin(&open, SYSTEM);
	sd_allow(&open, SYSTEM, ALL_RIGHTS);
	sd_begin(&closed, BOB);
	setup.vfork_sd = &open;
	ASSERT_EQ(0, pair_start(&self->pair, &setup));
	EXPECT_EQ(0, attack(SYSTEM_WITHOUT, raise_it, self->pair.pid));
	pair_stop(&self->pair);
	setup.vfork_sd = &closed;
	ASSERT_EQ(0, pair_start(&self->pair, &setup));
	EXPECT_EQ(-EACCES, attack(SYSTEM_WITHOUT, raise_it, self->pair.pid));
	pair_stop(&self->pair);
}

TEST_HARNESS_MAIN
