// SPDX-License-Identifier: GPL-2.0-only
/*
 * peios-elevated: runs commands with privileges for who may ask for it.
 * See peios-elevated.8.
 *
 * systemd listens on the socket and starts this with it. A process of its own
 * serves each client:
 *
 *  1. who is it: uid and pid from the socket, and the user of its token, so that
 *     root by sudo is still who logged in;
 *  2. what is wanted, and whether a rule of Elevate permits it;
 *  3. is it really that user: PAM, which asks over the socket;
 *  4. the rule once more, for a policy may have changed, and an audit record;
 *  5. the command, on a pty of its own, with the token of the rule.
 *
 * For the last it asks a second service, which is this program with -x. That has
 * what a command may need, and speaks only with a root that has SeTcbPrivilege; the
 * first, which speaks with everybody, has next to nothing but this privilege.
 *
 * Nothing of the client reaches the command but the words of the command, what it
 * types, and a few variables: no descriptor, folder, limit or signal mask. Nothing
 * is remembered either: each command asks for the password.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <syslog.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <libaudit.h>
#include <security/pam_appl.h>

#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#include "../logon/logon.h"
#include "names.h"
#include "protocol.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD	77
#endif

#define LISTEN_FD	3

/* A client has so long until its command runs; the service ends when idle. */
#define ASK_SECONDS	60
#define IDLE_SECONDS	300

/* Of one uid: connections at a time and a minute, passwords that were wrong. */
#define CLIENTS_MAX	32
#define CLIENTS_UID_MAX	4
#define RATE_SECONDS	60
#define RATE_MAX	20
#define WRONG_MAX	3

/* How a process that serves a client ends */
#define SERVED		0
#define NOT_SERVED	1
#define WRONG		2

#define RUN_SOCKET	"/run/peios/run.sock"

static const char *registry = LOGON_REGISTRY;
static const char *run_socket = RUN_SOCKET;
static const char *confdir;

/**
 * struct client - whom a process serves
 * @fd: the socket
 * @pid: who connected
 * @uid: likewise
 * @pidfd: of that process
 * @deadline: until when the command must run, by CLOCK_MONOTONIC
 * @asker: name of the user that it is
 * @session: number of its audit session
 * @loginuid: with which uid it logged in
 * @bytes: the last packet
 */
struct client {
	int fd;
	pid_t pid;
	uid_t uid;
	int pidfd;
	time_t deadline;
	char asker[ELEVATE_USER_MAX];
	unsigned int session;
	unsigned int loginuid;
	char bytes[ELEVATE_PACKET_MAX + 1];
};

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Packets to the client; one that does not read them is cut off. */
static int say(struct client *c, char type, const void *data, size_t size)
{
	struct pollfd ready = { .fd = c->fd, .events = POLLOUT };
	char packet[ELEVATE_DATA_MAX + 1];

	packet[0] = type;
	memcpy(packet + 1, data, size);
	if (poll(&ready, 1, ASK_SECONDS * 1000) != 1)
		return -1;
	return send(c->fd, packet, size + 1, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Commands and users are named by who asks; a line of the log is one. */
static __printf(2, 3) void log_line(int priority, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	name_format(text, sizeof(text), format, args);
	va_end(args);
	syslog(priority, "%s", text);
}

static void __noreturn __printf(3, 4)
fail(struct client *c, int code, const char *format, ...)
{
	char text[ELEVATE_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(LOG_NOTICE, "%s (uid %u, pid %d): %s", *c->asker ? c->asker : "?",
		 c->uid, c->pid, text);
	say(c, ELEVATE_FAILED, text, strlen(text));
	_exit(code);
}

/*
 * The next packet; 0 at the end. It has to come from the process that connected: a
 * descriptor of the connection that it lost, or handed on, is of no use.
 */
static ssize_t hear(struct client *c)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred)) + 256];
	} control;
	struct iovec iov = { c->bytes, ELEVATE_PACKET_MAX };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	const struct ucred *sender = NULL;
	struct cmsghdr *at;
	ssize_t n;

	do {
		n = recvmsg(c->fd, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	for (at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_level != SOL_SOCKET)
			continue;
		if (at->cmsg_type == SCM_CREDENTIALS)
			sender = (const struct ucred *)CMSG_DATA(at);
		else
			fail(c, NOT_SERVED, "a packet with descriptors");
	}
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		fail(c, NOT_SERVED, "a packet that is too long");
	if (!sender || sender->pid != c->pid)
		fail(c, NOT_SERVED, "a packet of another process");
	c->bytes[n] = '\0';
	return n;
}

/* A packet of a type, before the deadline; its length. */
static ssize_t expect(struct client *c, char type, struct elevate_packet *packet)
{
	struct pollfd ready = { .fd = c->fd, .events = POLLIN };
	time_t left = c->deadline - now();
	const char *why;
	ssize_t n;

	if (left <= 0 || poll(&ready, 1, left * 1000) != 1)
		fail(c, NOT_SERVED, "no answer within %d seconds", ASK_SECONDS);
	n = hear(c);
	if (!n)
		fail(c, NOT_SERVED, "gone");
	if (elevate_parse(c->bytes, n, packet, &why))
		fail(c, NOT_SERVED, "%s", why);
	if (packet->type != type)
		fail(c, NOT_SERVED, "a packet that is not expected");
	return n;
}

/*
 * A file of a process in /proc, and nothing that somebody has mounted in its place:
 * neither over a part of the path, nor a /proc that knows us by another number.
 */
static int open_proc(pid_t pid, const char *file)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV,
	};
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	char path[64], self[16] = "";
	struct statfs fs;

	if (proc < 0)
		return -1;
	snprintf(path, sizeof(path), "%d/%s", pid, file);
	if (fstatfs(proc, &fs) || fs.f_type != PROC_SUPER_MAGIC ||
	    readlinkat(proc, "self", self, sizeof(self) - 1) < 0 ||
	    atoi(self) != getpid())
		errno = EXDEV;
	else
		fd = syscall(SYS_openat2, proc, path, &how, sizeof(how));
	close(proc);
	return fd;
}

/*
 * The text of a file of a process in /proc, that is a peer's; -1 if it is another
 * file's, or the process is no more, so that it may be a later one's.
 */
static int read_proc(pid_t pid, int pidfd, const char *file, char *text,
		     size_t size)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int fd = open_proc(pid, file);
	ssize_t n;

	if (fd < 0 && errno == EXDEV)
		return -1;
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return poll(&ended, 1, 0) ? -1 : 0;
}

/* Who is at the other end of a socket, and a pidfd of it. */
static int find_peer(int fd, struct ucred *peer, int *pidfd)
{
	socklen_t size = sizeof(*peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size))
		return -1;
	size = sizeof(*pidfd);
	return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, pidfd, &size);
}

/*
 * The user that its token is, if that is a Unix user's: sudo has another uid, and
 * the same token. Who has no such token is who the uid says.
 */
static void identify(struct client *c)
{
	char text[8192], *buffer = malloc(65536);
	struct passwd entry, *found = NULL;
	struct ucred peer;
	int one = 1;
	uid_t uid;

	if (find_peer(c->fd, &peer, &c->pidfd) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)))
		fail(c, NOT_SERVED, "unknown: %s", strerror(errno));
	c->pid = peer.pid;
	c->uid = peer.uid;
	uid = peer.uid;
	if (read_proc(c->pid, c->pidfd, "sessionid", text, sizeof(text)))
		fail(c, NOT_SERVED, "/proc does not tell who it is");
	c->session = strtoul(text, NULL, 10);
	if (read_proc(c->pid, c->pidfd, "loginuid", text, sizeof(text)))
		fail(c, NOT_SERVED, "/proc does not tell who it is");
	c->loginuid = strtoul(text, NULL, 10);
	if (read_proc(c->pid, c->pidfd, "attr/peios/token", text, sizeof(text)))
		fail(c, NOT_SERVED, "/proc does not tell who it is");
	if (sscanf(text, "user S-1-22-1-%u\n", &uid) != 1)
		uid = peer.uid;
	if (!buffer || getpwuid_r(uid, &entry, buffer, 65536, &found) || !found ||
	    strlen(entry.pw_name) >= sizeof(c->asker))
		fail(c, NOT_SERVED, "no user has uid %u", uid);
	snprintf(c->asker, sizeof(c->asker), "%s", entry.pw_name);
	free(buffer);
}

static int converse(int nr, const struct pam_message **messages,
		    struct pam_response **responses, void *data)
{
	struct elevate_packet packet;
	struct client *c = data;
	char text[ELEVATE_TEXT_MAX];
	int i;

	*responses = calloc(nr, sizeof(**responses));
	if (!*responses)
		return PAM_BUF_ERR;
	for (i = 0; i < nr; i++) {
		int style = messages[i]->msg_style;
		bool asks = style == PAM_PROMPT_ECHO_OFF ||
			    style == PAM_PROMPT_ECHO_ON;

		text[0] = style == PAM_PROMPT_ECHO_OFF ? ELEVATE_HIDDEN :
			  asks ? ELEVATE_SHOWN : ELEVATE_INFO;
		snprintf(text + 1, sizeof(text) - 1, "%s", messages[i]->msg);
		if (say(c, ELEVATE_PROMPT, text, strlen(text)))
			fail(c, NOT_SERVED, "gone");
		if (!asks)
			continue;
		expect(c, ELEVATE_ANSWER, &packet);
		(*responses)[i].resp = strdup(packet.data);
		explicit_bzero(c->bytes, sizeof(c->bytes));
		if (!(*responses)[i].resp)
			return PAM_BUF_ERR;
	}
	return PAM_SUCCESS;
}

static void authenticate(struct client *c)
{
	const struct pam_conv conv = { .conv = converse, .appdata_ptr = c };
	pam_handle_t *pamh;
	int ret;

	ret = confdir ? pam_start_confdir(ELEVATE_SERVICE, c->asker, &conv,
					  confdir, &pamh) :
			pam_start(ELEVATE_SERVICE, c->asker, &conv, &pamh);
	if (ret != PAM_SUCCESS)
		fail(c, NOT_SERVED, "PAM: %s", pam_strerror(NULL, ret));
	pam_set_item(pamh, PAM_RUSER, c->asker);
	ret = pam_authenticate(pamh, PAM_DISALLOW_NULL_AUTHTOK);
	if (ret != PAM_SUCCESS)
		fail(c, WRONG, "not authenticated: %s", pam_strerror(pamh, ret));
	ret = pam_acct_mgmt(pamh, PAM_DISALLOW_NULL_AUTHTOK);
	if (ret != PAM_SUCCESS)
		fail(c, WRONG, "the account: %s", pam_strerror(pamh, ret));
	pam_end(pamh, PAM_SUCCESS);
}

static void log_policy(void *to, bool error, const char *text)
{
	(void)to;
	log_line(error ? LOG_ERR : LOG_WARNING, "%s", text);
}

static void ask_policy(struct client *c, const char *as,
		       struct logon_result *result)
{
	struct logon_who who = {}, target = {};
	struct logon_policy policy;
	int err;

	if (logon_load(registry, &policy, log_policy, NULL))
		fail(c, NOT_SERVED, "there is no logon policy that can be used");
	err = logon_who_find(c->asker, NULL, &who) ?:
	      logon_who_find(as, NULL, &target) ?: logon_resolve(&policy);
	if (err)
		fail(c, NOT_SERVED, "%s or %s: %s", c->asker, as,
		     err == -ENOENT ? "no such user" : strerror(-err));
	err = logon_match_elevate(&policy, &who, as, &target, result);
	if (err || result->verdict != LOGON_TOKEN)
		fail(c, NOT_SERVED, "not permitted: %s", result->by);
	logon_who_free(&who);
	logon_who_free(&target);
	logon_free(&policy);
}

/* The words of a command with blanks between, as far as a record has room. */
static void join(char *const *argv, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (; *argv; argv++)
		used += scnprintf(text + used, size - used, "%s%s",
				  used ? " " : "", *argv);
}

/*
 * Who, from which session, what. Without a record there is no command, unless the
 * kernel has no audit at all.
 */
static void record(struct client *c, const char *as, char *const *argv,
		   const struct logon_result *result)
{
	char command[2048], text[6144];
	char *cmd, *acct, *rule;
	int fd, ret;

	fd = audit_open();
	if (fd < 0) {
		if (errno == EINVAL || errno == EPROTONOSUPPORT ||
		    errno == EAFNOSUPPORT)
			return;
		fail(c, NOT_SERVED, "audit: %s", strerror(errno));
	}
	join(argv, command, sizeof(command));
	cmd = audit_encode_nv_string("cmd", command, 0);
	acct = audit_encode_nv_string("acct", c->asker, 0);
	rule = audit_encode_nv_string("rule", result->by, 0);
	if (!cmd || !acct || !rule)
		fail(c, NOT_SERVED, "no memory");
	snprintf(text, sizeof(text),
		 "op=elevate %s opid=%d ouid=%u oauid=%u oses=%u as=%s %s %s",
		 acct, c->pid, c->uid, c->loginuid, c->session, as, rule, cmd);
	ret = audit_log_user_message(fd, AUDIT_USER_CMD, text, NULL, NULL, NULL,
				     1);
	if (ret <= 0)
		fail(c, NOT_SERVED, "audit: %s", strerror(-ret));
	free(cmd);
	free(acct);
	free(rule);
	audit_close(fd);
	log_line(LOG_NOTICE, "%s (uid %u, pid %d, session %u) as %s by %s: %s",
		 c->asker, c->uid, c->pid, c->session, as, result->by, command);
}

static int write_whole(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int err = n < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return -err;
}

/**
 * struct order - what the one service asks of the other
 * @loginuid: of who asks
 * @token_size: length of the command that takes the token, which follows
 *
 * Behind that is the client's request. The terminal comes with it, and the pipe for
 * the input if there is one.
 */
struct order {
	unsigned int loginuid;
	unsigned int token_size;
};

/* Becomes the command; what can't be done is written to @report. */
static void __noreturn become(const struct order *order, const char *token,
			      struct elevate_packet *packet, int in,
			      int terminal, int report)
{
	static const char path[] =
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char home[PATH_MAX], shell[PATH_MAX], user[96], logname[96], login[32];
	char *buffer = malloc(65536);
	struct passwd entry, *target = NULL;
	char *env[ELEVATE_ENV_MAX + 6];
	const char *step = packet->user;
	int i, nr = 0, err = -ENOENT;
	sigset_t none;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!buffer || getpwnam_r(packet->user, &entry, buffer, 65536, &target) ||
	    !target)
		goto fail;
	step = "terminal";
	err = 0;
	if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) ||
	    fchown(terminal, target->pw_uid, -1) ||
	    dup2(in < 0 ? terminal : in, 0) < 0 || dup2(terminal, 1) < 0 ||
	    dup2(terminal, 2) < 0)
		goto fail;
	/* What the command does is done by who asked. */
	step = "loginuid";
	snprintf(login, sizeof(login), "%u", order->loginuid);
	err = write_whole("/proc/self/loginuid", login);
	if (err && err != -ENOENT)
		goto fail;
	step = "groups";
	err = 0;
	if (initgroups(target->pw_name, target->pw_gid) ||
	    setresgid(target->pw_gid, target->pw_gid, target->pw_gid))
		goto fail;
	step = "token";
	err = write_whole("/proc/thread-self/attr/peios/token", token);
	if (err)
		goto fail;
	step = "user";
	if (setresuid(target->pw_uid, target->pw_uid, target->pw_uid) ||
	    chdir("/"))
		goto fail;

	env[nr++] = (char *)path;
	snprintf(home, sizeof(home), "HOME=%s", target->pw_dir);
	snprintf(shell, sizeof(shell), "SHELL=%s", target->pw_shell);
	snprintf(user, sizeof(user), "USER=%s", target->pw_name);
	snprintf(logname, sizeof(logname), "LOGNAME=%s", target->pw_name);
	env[nr++] = home;
	env[nr++] = shell;
	env[nr++] = user;
	env[nr++] = logname;
	for (i = 0; packet->env[i]; i++)
		env[nr++] = packet->env[i];
	env[nr] = NULL;
	/* A name is looked for in that path, not in the service's. */
	setenv("PATH", path + strlen("PATH="), 1);
	step = packet->argv[0];
	umask(022);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execvpe(packet->argv[0], packet->argv, env);
fail:
	err = err ?: -errno;
	dprintf(report, "%c%s: %s", ELEVATE_FAILED, step, strerror(-err));
	_exit(127);
}

/* Whoever orders may have anything run: only who could do so anyway. */
static bool may_order(int fd)
{
	char text[16384];
	struct ucred peer;
	int pidfd;

	if (find_peer(fd, &peer, &pidfd) || peer.uid ||
	    read_proc(peer.pid, pidfd, "attr/peios/token", text, sizeof(text)))
		return false;
	return logon_token_enables(text, "SeTcbPrivilege");
}

/* Told to end, and a little later ended, with all that is left in its session. */
static void __noreturn hang_up(pid_t command)
{
	int i;

	kill(-command, SIGHUP);
	kill(-command, SIGCONT);
	for (i = 0; i < 50; i++) {
		if (waitpid(command, NULL, WNOHANG) == command)
			_exit(SERVED);
		usleep(100000);
	}
	kill(-command, SIGKILL);
	waitpid(command, NULL, 0);
	_exit(SERVED);
}

static ssize_t take_order(int fd, char *bytes, size_t room, int *fds)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { bytes, room };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *at = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	if (!at || at->cmsg_type != SCM_RIGHTS ||
	    message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -1;
	memcpy(fds, CMSG_DATA(at), at->cmsg_len - CMSG_LEN(0));
	return n;
}

/* The second service: one order, of one command. */
static int execute(int fd)
{
	static char bytes[sizeof(struct order) + LOGON_COMMAND_MAX +
			  ELEVATE_PACKET_MAX];
	static struct elevate_packet packet;
	char token[LOGON_COMMAND_MAX + 1], text[ELEVATE_TEXT_MAX];
	int fds[2] = { -1, -1 }, report[2], status, child;
	struct signalfd_siginfo info;
	struct pollfd ready[2];
	struct order order;
	const char *why;
	sigset_t set;
	pid_t command;
	ssize_t n;

	if (!may_order(fd)) {
		log_line(LOG_WARNING, "an order of who has no SeTcbPrivilege");
		return 1;
	}
	n = take_order(fd, bytes, sizeof(bytes), fds);
	if (n < (ssize_t)sizeof(order))
		return 1;
	memcpy(&order, bytes, sizeof(order));
	n -= sizeof(order);
	if (order.token_size > LOGON_COMMAND_MAX || order.token_size > n)
		return 1;
	memcpy(token, bytes + sizeof(order), order.token_size);
	token[order.token_size] = '\0';
	n -= order.token_size;
	if (elevate_parse(bytes + sizeof(order) + order.token_size, n, &packet,
			  &why) || packet.type != ELEVATE_REQUEST)
		return 1;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	child = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (child < 0 || pipe2(report, O_CLOEXEC))
		return 1;
	command = fork();
	if (command < 0)
		return 1;
	if (!command)
		become(&order, token, &packet, fds[1], fds[0], report[1]);
	close(report[1]);
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	n = read(report[0], text, sizeof(text));
	if (n <= 0) {
		text[0] = ELEVATE_STARTED;
		n = 1;
	}
	send(fd, text, n, MSG_NOSIGNAL);
	while (waitpid(command, &status, WNOHANG) != command) {
		int order_signal[2];

		ready[0] = (struct pollfd) { .fd = fd, .events = POLLIN };
		ready[1] = (struct pollfd) { .fd = child, .events = POLLIN };
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			hang_up(command);
		if (ready[1].revents)
			while (read(child, &info, sizeof(info)) > 0)
				;
		if (!ready[0].revents)
			continue;
		/* A group of its terminal and a signal, or the end. */
		n = recv(fd, order_signal, sizeof(order_signal), 0);
		if (n != sizeof(order_signal))
			hang_up(command);
		kill(-(order_signal[0] > 1 ? order_signal[0] : command),
		     order_signal[1]);
	}
	text[0] = WIFEXITED(status) ? ELEVATE_EXITED : ELEVATE_KILLED;
	text[1] = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	send(fd, text, 2, MSG_NOSIGNAL);
	return 0;
}

static int make_terminal(const struct elevate_packet *packet, int *master)
{
	struct winsize window = {
		.ws_row = packet->rows, .ws_col = packet->columns,
	};
	struct termios mode;
	char name[64];
	int slave;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) || unlockpt(*master) ||
	    ptsname_r(*master, name, sizeof(name)))
		return -1;
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || ioctl(slave, TIOCSWINSZ, &window) ||
	    tcgetattr(slave, &mode))
		return -1;
	/* What goes into a file or a pipe is not changed for a screen. */
	if (!(packet->flags & ELEVATE_STDOUT_TTY))
		mode.c_oflag &= ~OPOST;
	if (!(packet->flags & ELEVATE_STDIN_TTY))
		mode.c_lflag &= ~ECHO;
	if (tcsetattr(slave, TCSANOW, &mode))
		return -1;
	return slave;
}

/* Gone before its command: which is hung up as the connection to it ends. */
static void __noreturn client_gone(struct client *c)
{
	log_line(LOG_NOTICE, "%s (pid %d): gone, its command is hung up", c->asker,
		 c->pid);
	_exit(SERVED);
}

/**
 * struct input - the way to what the command reads
 * @fd: the terminal's master or a pipe; -1 once closed
 * @pipe: it is a pipe
 * @ended: the client has no more
 * @at: what of @data is still to be written
 * @size: how much
 * @data: the last input
 *
 * As long as something is left the client is not heard: it waits as it would for a
 * pipe that is full.
 */
struct input {
	int fd;
	bool pipe;
	bool ended;
	const char *at;
	size_t size;
	char data[ELEVATE_DATA_MAX];
};

static void write_input(struct input *in)
{
	while (in->size && in->fd >= 0) {
		ssize_t n = write(in->fd, in->at, in->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			/* A command that does not read any more is no error. */
			in->ended = true;
			in->size = 0;
			break;
		}
		in->at += n;
		in->size -= n;
	}
	if (in->ended && in->pipe && in->fd >= 0) {
		close(in->fd);
		in->fd = -1;
	}
}

/* What the client sends while the command runs. */
static void pass_on(struct client *c, int runner, int master,
		    struct input *in)
{
	struct elevate_packet packet;
	struct winsize window = {};
	const char *why;
	ssize_t n = hear(c);
	int order[2];

	if (!n)
		client_gone(c);
	if (elevate_parse(c->bytes, n, &packet, &why)) {
		log_line(LOG_NOTICE, "%s (pid %d): %s", c->asker, c->pid, why);
		client_gone(c);
	}
	switch (packet.type) {
	case ELEVATE_INPUT:
		memcpy(in->data, packet.data, packet.size);
		in->at = in->data;
		in->size = packet.size;
		write_input(in);
		break;
	case ELEVATE_END_OF_INPUT:
		in->ended = true;
		write_input(in);
		break;
	case ELEVATE_WINDOW:
		window.ws_row = packet.rows;
		window.ws_col = packet.columns;
		ioctl(master, TIOCSWINSZ, &window);
		break;
	case ELEVATE_SIGNAL:
		order[0] = tcgetpgrp(master);
		order[1] = packet.signal;
		send(runner, order, sizeof(order), MSG_NOSIGNAL);
		break;
	default:
		client_gone(c);
	}
}

/* Output, if there is any; false where there is none now, or never again. */
static bool pass_back(struct client *c, int master)
{
	char data[ELEVATE_DATA_MAX];
	ssize_t n = read(master, data, sizeof(data));

	if (n <= 0)
		return false;
	if (say(c, ELEVATE_OUTPUT, data, n))
		client_gone(c);
	return true;
}

/* Until the command has ended, which the other service says. */
static void relay(struct client *c, int runner, int master, struct input *in)
{
	struct pollfd fds[4];
	bool output = true;
	char end[2];
	ssize_t n;

	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(in->fd, F_SETFL, O_NONBLOCK);
	do {
		/* Without events still hears that the client is gone. */
		fds[0] = (struct pollfd) {
			.fd = c->fd, .events = in->size ? 0 : POLLIN,
		};
		fds[1] = (struct pollfd) { .fd = runner, .events = POLLIN };
		fds[2] = (struct pollfd) {
			.fd = output ? master : -1, .events = POLLIN,
		};
		fds[3] = (struct pollfd) {
			.fd = in->size ? in->fd : -1, .events = POLLOUT,
		};
		if (poll(fds, 4, -1) < 0) {
			if (errno != EINTR)
				client_gone(c);
			continue;
		}
		if (fds[3].revents)
			write_input(in);
		if (fds[0].revents & POLLIN && !in->size)
			pass_on(c, runner, master, in);
		else if (fds[0].revents & (POLLHUP | POLLERR))
			client_gone(c);
		if (fds[2].revents)
			output = pass_back(c, master) ||
				 errno == EAGAIN || errno == EINTR;
	} while (!fds[1].revents);
	n = recv(runner, end, sizeof(end), 0);
	/* What it left in the terminal; others may go on writing there. */
	while (pass_back(c, master))
		;
	if (n != 2)
		fail(c, NOT_SERVED, "the command is lost");
	say(c, end[0], end + 1, 1);
}

/* Has the other service run the command; the connection to that. */
static int order_command(struct client *c, const char *request, size_t size,
			 const struct logon_result *result, const int *give,
			 size_t nr_give)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char token[LOGON_COMMAND_MAX], text[ELEVATE_TEXT_MAX];
	struct order order = {
		.loginuid = c->loginuid == (unsigned int)-1 ? c->uid :
							      c->loginuid,
	};
	struct iovec iov[] = {
		{ &order, sizeof(order) },
		{ token, 0 },
		{ (void *)request, size },
	};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = {};
	struct msghdr message = {
		.msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov),
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(nr_give * sizeof(int)),
	};
	int fd, len = logon_command(result, token, sizeof(token));
	ssize_t n;

	if (len < 0)
		fail(c, NOT_SERVED, "token: %s", strerror(-len));
	order.token_size = len;
	iov[1].iov_len = len;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(nr_give * sizeof(int));
	memcpy(CMSG_DATA(&control.header), give, nr_give * sizeof(int));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", run_socket);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
		fail(c, NOT_SERVED, "%s: %s", run_socket, strerror(errno));
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		fail(c, NOT_SERVED, "%s: no answer", run_socket);
	text[n] = '\0';
	if (text[0] != ELEVATE_STARTED)
		fail(c, NOT_SERVED, "%s", text + 1);
	return fd;
}

static void run(struct client *c, const char *request, size_t size,
		struct elevate_packet *packet, const struct logon_result *result)
{
	int master, give[2] = { -1, -1 }, input[2] = { -1, -1 }, runner;
	static struct input in;

	give[0] = make_terminal(packet, &master);
	if (give[0] < 0 ||
	    (!(packet->flags & ELEVATE_STDIN_TTY) && pipe2(input, O_CLOEXEC)))
		fail(c, NOT_SERVED, "terminal: %s", strerror(errno));
	give[1] = input[0];
	signal(SIGPIPE, SIG_IGN);
	runner = order_command(c, request, size, result, give,
			       give[1] < 0 ? 1 : 2);
	close(give[0]);
	if (give[1] >= 0)
		close(give[1]);
	if (say(c, ELEVATE_STARTED, "", 0))
		client_gone(c);
	in.pipe = input[1] >= 0;
	in.fd = in.pipe ? input[1] : master;
	relay(c, runner, master, &in);
}

static void __noreturn serve(int fd)
{
	/* The command's words stay where they are while others are read. */
	static struct elevate_packet packet;
	static struct client client;
	static char words[ELEVATE_PACKET_MAX], request[ELEVATE_PACKET_MAX];
	struct logon_result result;
	struct client *c = &client;
	const char *why;
	ssize_t n;

	c->fd = fd;
	c->deadline = now() + ASK_SECONDS;
	/* Should anything in PAM wait for ever */
	alarm(ASK_SECONDS + 30);
	identify(c);
	n = expect(c, ELEVATE_REQUEST, &packet);
	/* A copy that stays, to be passed on; taken apart in a third. */
	memcpy(request, c->bytes, n);
	memcpy(words, c->bytes, n);
	if (elevate_parse(words, n, &packet, &why))
		fail(c, NOT_SERVED, "%s", why);
	ask_policy(c, packet.user, &result);
	authenticate(c);
	ask_policy(c, packet.user, &result);
	record(c, packet.user, packet.argv, &result);
	alarm(0);
	run(c, request, n, &packet, &result);
	_exit(SERVED);
}

/**
 * struct caller - what is remembered of a uid
 * @uid: the uid
 * @since: begin of the minute that is counted, 0 if the place is free
 * @connections: in it
 * @wrong: passwords that were wrong, the last of them at @wrong_at
 * @wrong_at: see @wrong
 * @running: processes that serve it
 */
struct caller {
	uid_t uid;
	time_t since;
	int connections;
	int wrong;
	time_t wrong_at;
	int running;
};

static struct caller callers[256];
static struct {
	pid_t pid;
	struct caller *caller;
} serving[CLIENTS_MAX];

/* What is remembered of a uid; NULL where there is no room for it. */
static struct caller *find_caller(uid_t uid)
{
	struct caller *free_one = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		struct caller *caller = &callers[i];

		if (caller->since && !caller->running &&
		    now() - caller->since >= RATE_SECONDS &&
		    now() - caller->wrong_at >= RATE_SECONDS)
			caller->since = 0;
		if (caller->since && caller->uid == uid)
			return caller;
		if (!caller->since && !free_one)
			free_one = caller;
	}
	if (free_one)
		*free_one = (struct caller) { .uid = uid, .since = now() };
	return free_one;
}

static bool may_ask(struct caller *caller)
{
	if (now() - caller->since >= RATE_SECONDS) {
		caller->since = now();
		caller->connections = 0;
	}
	if (now() - caller->wrong_at >= RATE_SECONDS)
		caller->wrong = 0;
	return caller->running < CLIENTS_UID_MAX &&
	       caller->connections < RATE_MAX && caller->wrong < WRONG_MAX;
}

static void refuse(int fd, const char *why)
{
	char text[128];

	snprintf(text, sizeof(text), "%c%s", ELEVATE_FAILED, why);
	send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_client(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct caller *caller;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	unsigned int i;
	pid_t pid;

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		goto out;
	for (i = 0; i < CLIENTS_MAX && serving[i].pid; i++)
		;
	caller = find_caller(peer.uid);
	if (i == CLIENTS_MAX || !caller || !may_ask(caller)) {
		refuse(fd, "too many requests: wait a minute");
		log_line(LOG_WARNING, "uid %u asks too often", peer.uid);
		goto out;
	}
	pid = fork();
	if (!pid) {
		close(listener);
		serve(fd);
	}
	if (pid > 0) {
		serving[i].pid = pid;
		serving[i].caller = caller;
		caller->connections++;
		caller->running++;
	}
out:
	close(fd);
}

static void reap(void)
{
	unsigned int i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < CLIENTS_MAX; i++) {
			if (serving[i].pid != pid)
				continue;
			serving[i].pid = 0;
			serving[i].caller->running--;
			if (WIFEXITED(status) &&
			    WEXITSTATUS(status) == WRONG) {
				serving[i].caller->wrong++;
				serving[i].caller->wrong_at = now();
			}
		}
	}
}

static bool idle(void)
{
	unsigned int i;

	for (i = 0; i < CLIENTS_MAX; i++)
		if (serving[i].pid)
			return false;
	return true;
}

static void on_child(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	const struct sigaction child = { .sa_handler = on_child };
	struct pollfd ready = { .fd = LISTEN_FD, .events = POLLIN };
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	bool executes = false;
	time_t last;
	int opt;

	while ((opt = getopt(argc, argv, "r:p:s:x")) != -1) {
		switch (opt) {
		case 's':
			run_socket = optarg;
			break;
		case 'x':
			executes = true;
			break;
		case 'r':
			registry = optarg;
			break;
		case 'p':
			confdir = optarg;
			break;
		default:
			return 2;
		}
	}
	openlog("peios-elevated", LOG_PID, LOG_AUTHPRIV);
	if (!fds || strcmp(fds, "1") || !pid || atoi(pid) != getpid()) {
		fputs("peios-elevated: is started by its socket\n", stderr);
		return 2;
	}
	fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC);
	if (executes)
		return execute(LISTEN_FD);
	/* Passwords pass through here. */
	setrlimit(RLIMIT_CORE, &(struct rlimit) {});
	prctl(PR_SET_DUMPABLE, 0);
	fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK);
	clearenv();
	sigaction(SIGCHLD, &child, NULL);
	last = now();
	/* What is remembered of who asks too often is forgotten by then. */
	while (!idle() || now() - last < IDLE_SECONDS) {
		int nr = poll(&ready, 1, 1000);

		reap();
		if (nr > 0) {
			take_client(LISTEN_FD);
			last = now();
		}
	}
	return 0;
}
