// SPDX-License-Identifier: GPL-2.0-only

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oom_util.h"
#include "peios_util.h"

#define SD_HEADER	20
#define ACL_HEADER	8

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = value;
	to[1] = value >> 8;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value);
	put16(to + 2, value >> 16);
}

/* The binary form of "S-1-AUTHORITY-SUB-...", with a small authority. */
static size_t put_sid(uint8_t *to, const char *text)
{
	char *next = (char *)text + strlen("S-1-");
	unsigned int subs = 0;

	memset(to, 0, 8);
	to[0] = 1;
	to[7] = strtoul(next, &next, 10);
	while (*next == '-') {
		put32(to + 8 + 4 * subs, strtoul(next + 1, &next, 10));
		subs++;
	}
	to[1] = subs;
	return 8 + 4 * subs;
}

void sd_begin(struct sd *sd, const char *owner)
{
	uint8_t *acl;

	memset(sd, 0, sizeof(*sd));
	sd->bytes[0] = 1;
	put16(sd->bytes + 2, 0x8004);	/* self-relative, DACL present */
	put32(sd->bytes + 4, SD_HEADER);
	sd->dacl = SD_HEADER + put_sid(sd->bytes + SD_HEADER, owner);
	put32(sd->bytes + 16, sd->dacl);
	acl = sd->bytes + sd->dacl;
	acl[0] = 2;
	put16(acl + 2, ACL_HEADER);
	sd->size = sd->dacl + ACL_HEADER;
}

static void add_ace(struct sd *sd, int type, const char *sid, uint32_t rights)
{
	uint8_t *acl = sd->bytes + sd->dacl, *ace = sd->bytes + sd->size;
	size_t size = 8 + put_sid(ace + 8, sid);

	ace[0] = type;
	put16(ace + 2, size);
	put32(ace + 4, rights);
	sd->size += size;
	put16(acl + 2, sd->size - sd->dacl);
	acl[4]++;
}

void sd_allow(struct sd *sd, const char *sid, uint32_t rights)
{
	add_ace(sd, 0, sid, rights);
}

void sd_deny(struct sd *sd, const char *sid, uint32_t rights)
{
	add_ace(sd, 1, sid, rights);
}

static void attr_path(char *path, size_t size, pid_t pid, const char *name)
{
	if (pid)
		snprintf(path, size, "/proc/%d/attr/peios/%s", pid, name);
	else
		snprintf(path, size, "/proc/thread-self/attr/peios/%s", name);
}

void sd_group(struct sd *sd, const char *group)
{
	put32(sd->bytes + 8, sd->size);
	sd->size += put_sid(sd->bytes + sd->size, group);
}

void sd_null_sacl(struct sd *sd)
{
	sd->bytes[2] |= 0x10;	/* SACL present */
}

int sd_read(pid_t pid, void *bytes, size_t size)
{
	char path[64];
	int fd, n;

	attr_path(path, sizeof(path), pid, "sd");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, bytes, size);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

int sd_write(pid_t pid, const struct sd *sd)
{
	char path[64];

	attr_path(path, sizeof(path), pid, "sd");
	return write_bytes(path, sd->bytes, sd->size);
}

int pip_write(const char *text)
{
	char path[64];

	attr_path(path, sizeof(path), 0, "pip");
	return write_file(path, text);
}

int pip_read(pid_t pid, char *text, size_t size)
{
	char path[64];
	int n;

	attr_path(path, sizeof(path), pid, "pip");
	n = read_file(path, text, size);
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return n < 0 ? n : 0;
}

int become(const char *user, const char *privileges)
{
	return token_replace(user, NULL, NULL, privileges, privileges);
}

void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

pid_t fork_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		die_with_parent();
		alarm(100);
	}
	return pid;
}

int in_child(int (*function)(void *arg), void *arg)
{
	int status = -1;
	pid_t pid = fork_child();

	if (!pid)
		_exit(function(arg));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -errno;
}

int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1)
		return -errno;
	if (!CMSG_FIRSTHDR(&message))
		return -EBADF;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

int copy_setuid(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY), out, err = 0;
	ssize_t n;

	out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0700);
	if (in < 0 || out < 0)
		return -errno;
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, n) != n)
			err = -EIO;
	close(in);
	if (fchmod(out, 04755))
		err = -errno;
	close(out);
	return err;
}

long target_word;

static int sharer(void *arg)
{
	const struct target_setup *setup = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setup->sharer_sd && sd_write(0, setup->sharer_sd))
		_exit(1);
	/* We share its memory: it sees that we are ready. */
	__atomic_store_n(&target_word, TARGET_WORD, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static int start_sharer(const struct target_setup *setup)
{
	const size_t size = 256 * 1024;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return -errno;
	target_word = 0;
	if (clone(sharer, stack + size, CLONE_VM | SIGCHLD, (void *)setup) < 0)
		return -errno;
	while (__atomic_load_n(&target_word, __ATOMIC_ACQUIRE) != TARGET_WORD)
		sched_yield();
	return 0;
}

static int prepare_target(const struct target_setup *setup)
{
	int err = 0, sig;

	/* In a session of its own: SIGCONT would be free in one. */
	setsid();
	for (sig = 1; sig < NSIG; sig++)
		if (sig != SIGCHLD && sig != SIGALRM)
			signal(sig, SIG_IGN);
	target_word = TARGET_WORD;
	if (setup->pip)
		err = pip_write(setup->pip);
	/* While it may: who leaves root loses the privilege. */
	if (!err && setup->user)
		err = become(setup->user, setup->privileges);
	if (!err && setup->uid) {
		if (setgroups(0, NULL) ||
		    setresgid(setup->uid, setup->uid, setup->uid) ||
		    setresuid(setup->uid, setup->uid, setup->uid))
			err = -errno;
		/* It is to be looked at, by those who may. */
		prctl(PR_SET_DUMPABLE, 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	if (!err && setup->token_command)
		err = token_command(setup->token_command);
	if (!err && setup->sd)
		err = sd_write(0, setup->sd);
	if (!err && setup->shares_mm)
		err = start_sharer(setup);
	return err;
}

static void target_run(const struct target_setup *setup, int command, int answer)
{
	long long adj;
	char text[16];
	int word, err, fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Nor keep the pipes of another target open. */
	for (fd = 3; fd < 256; fd++)
		if (fd != command && fd != answer)
			close(fd);
	err = prepare_target(setup);
	if (write(answer, &err, sizeof(err)) != sizeof(err))
		_exit(1);
	while (read(command, &word, sizeof(word)) == sizeof(word)) {
		if (word <= 1000) {
			snprintf(text, sizeof(text), "%d", word);
			err = write_file(ADJ_FILE, text);
		} else {
			err = read_number(ADJ_FILE, &adj) ?: adj;
		}
		if (write(answer, &err, sizeof(err)) != sizeof(err))
			break;
	}
	_exit(0);
}

int target_start(struct target *target, const struct target_setup *setup)
{
	int command[2], answer[2], err = -EPIPE;

	if (pipe2(command, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return -errno;
	target->pid = fork_child();
	if (target->pid < 0)
		return -errno;
	if (!target->pid) {
		close(command[1]);
		close(answer[0]);
		target_run(setup, command[0], answer[1]);
	}
	close(command[0]);
	close(answer[1]);
	target->command = command[1];
	target->answer = answer[0];
	if (read(target->answer, &err, sizeof(err)) != sizeof(err))
		err = -EPIPE;
	return err;
}

static int ask(struct target *target, int word)
{
	int answer;

	if (write(target->command, &word, sizeof(word)) != sizeof(word) ||
	    read(target->answer, &answer, sizeof(answer)) != sizeof(answer))
		return -9999;
	return answer;
}

int target_adj(struct target *target)
{
	return ask(target, 9999);
}

int target_set_adj(struct target *target, int adj)
{
	return ask(target, adj);
}

void target_stop(struct target *target)
{
	/* It ends by itself: we may not be allowed to kill it. */
	close(target->command);
	close(target->answer);
	waitpid(target->pid, NULL, 0);
}
