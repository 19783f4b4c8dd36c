// SPDX-License-Identifier: GPL-2.0-only
/*
 * peiosctl: ask peios-elevated to run a command, and be its terminal.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "../elevate/protocol.h"
#include "names.h"
#include "peiosctl.h"

static struct termios before;
static bool is_raw;

static void restore(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	is_raw = false;
}

/* All keys go to the command's terminal, which makes of them what there is. */
static void make_raw(void)
{
	struct termios mode;

	if (tcgetattr(STDIN_FILENO, &before))
		return;
	mode = before;
	cfmakeraw(&mode);
	is_raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd, one = 1;

	if (strlen(path) >= sizeof(address.sun_path))
		die("%s: too long", path);
	memcpy(address.sun_path, path, strlen(path));
	/* Each packet says whose it is, before the service can ask for that. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("%s: %s", path, strerror(errno));
	/* A password is for nobody but the system's service. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid)
		die("%s: is not root's", path);
	return fd;
}

static void say(int fd, char type, const void *data, size_t size)
{
	char packet[ELEVATE_DATA_MAX + 1];

	packet[0] = type;
	memcpy(packet + 1, data, size);
	/* If it is gone the next packet of it says so. */
	send(fd, packet, size + 1, MSG_NOSIGNAL);
	explicit_bzero(packet, sizeof(packet));
}

/* Wait for a line; false if the service has something to say first: it is too late. */
static bool answered(int service, int input)
{
	struct pollfd ready[] = {
		{ .fd = input, .events = POLLIN },
		{ .fd = service, .events = POLLIN },
	};

	while (poll(ready, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return !ready[1].revents;
}

/* From the terminal, whatever the command's input is. */
static void answer(int fd, char style, const char *prompt)
{
	char text[ELEVATE_TEXT_MAX - 1];
	FILE *tty = fopen("/dev/tty", "r+e");
	struct termios shown, hidden;
	bool hide = false, in_time;

	if (!tty) {
		/* Without a terminal, a line of the input. */
		tty = fdopen(dup(STDIN_FILENO), "r");
		if (!tty)
			die("nowhere to ask: %s", prompt);
		setvbuf(tty, NULL, _IONBF, 0);
	} else {
		name_put_prose(tty, prompt);
		fflush(tty);
	}
	if (style == ELEVATE_HIDDEN && !tcgetattr(fileno(tty), &shown)) {
		hidden = shown;
		hidden.c_lflag &= ~(ECHO | ECHOE | ECHOK);
		hidden.c_lflag |= ECHONL;
		hide = !tcsetattr(fileno(tty), TCSAFLUSH, &hidden);
	}
	in_time = answered(fd, fileno(tty));
	if (!in_time || !fgets(text, sizeof(text), tty))
		*text = '\0';
	if (hide)
		tcsetattr(fileno(tty), TCSAFLUSH, &shown);
	fclose(tty);
	text[strcspn(text, "\n")] = '\0';
	if (in_time)
		say(fd, ELEVATE_ANSWER, text, strlen(text) + 1);
	explicit_bzero(text, sizeof(text));
}

static void tell_window(int fd)
{
	struct winsize window;
	unsigned char bytes[4];

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window))
		return;
	bytes[0] = window.ws_row & 0xff;
	bytes[1] = window.ws_row >> 8;
	bytes[2] = window.ws_col & 0xff;
	bytes[3] = window.ws_col >> 8;
	say(fd, ELEVATE_WINDOW, bytes, sizeof(bytes));
}

static void print(const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody reads any more: so it ends for the command, too. */
		if (n <= 0)
			exit(EXIT_ERROR);
		data += n;
		size -= n;
	}
}

/* One packet; the exit code once the command has ended, or else -1. */
static int hear(int fd, bool *started)
{
	static char packet[ELEVATE_PACKET_MAX + 1];
	ssize_t n = recv(fd, packet, ELEVATE_PACKET_MAX, 0);

	/* It has closed while the request was on its way, and may have said why before. */
	if (n < 0 && errno == ECONNRESET)
		n = recv(fd, packet, ELEVATE_PACKET_MAX, 0);
	if (n <= 0) {
		restore();
		die("the service is gone");
	}
	packet[n] = '\0';
	switch (packet[0]) {
	case ELEVATE_PROMPT:
		if (n < 2 || *started)
			break;
		if (packet[1] == ELEVATE_INFO) {
			name_put_prose(stderr, packet + 2);
			fputc('\n', stderr);
		} else {
			answer(fd, packet[1], packet + 2);
		}
		break;
	case ELEVATE_STARTED:
		*started = true;
		if (isatty(STDIN_FILENO))
			make_raw();
		break;
	case ELEVATE_OUTPUT:
		print(packet + 1, n - 1);
		break;
	case ELEVATE_EXITED:
		return n == 2 ? (unsigned char)packet[1] : EXIT_ERROR;
	case ELEVATE_KILLED:
		return 128 + (n == 2 ? packet[1] : 0);
	case ELEVATE_FAILED:
		restore();
		name_printf(stderr, "peiosctl: %s", packet + 1);
		fputc('\n', stderr);
		return EXIT_REFUSED;
	}
	return -1;
}

static int watch_signals(void)
{
	static const int signals[] = { SIGWINCH, SIGHUP, SIGINT, SIGQUIT,
				       SIGTERM, SIGUSR1, SIGUSR2 };
	unsigned int i;
	sigset_t set;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/**
 * elevate_run() - have a command run with privileges
 * @socket: that of the service
 * @user: as whom
 * @command: its words, ended by NULL
 *
 * Return: the exit code: the command's, 128 and the signal that ended it,
 * EXIT_REFUSED or EXIT_ERROR.
 */
int elevate_run(const char *socket, const char *user, char **command)
{
	static char packet[ELEVATE_PACKET_MAX];
	struct signalfd_siginfo info;
	struct winsize window = {};
	bool started = false, input = true;
	unsigned int flags = 0;
	char data[ELEVATE_DATA_MAX];
	struct pollfd fds[3];
	int fd, signals = -1, code = -1;
	long size;
	ssize_t n;

	fd = connect_to(socket);
	if (isatty(STDIN_FILENO))
		flags |= ELEVATE_STDIN_TTY;
	if (isatty(STDOUT_FILENO))
		flags |= ELEVATE_STDOUT_TTY;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
	size = elevate_request(packet, sizeof(packet), flags, window.ws_row,
			       window.ws_col, user, command, environ);
	if (size < 0)
		die("the command is too long");
	if (send(fd, packet, size, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		die("%s: %s", socket, strerror(errno));

	while (code < 0) {
		if (started && signals < 0)
			signals = watch_signals();
		fds[0] = (struct pollfd) { .fd = fd, .events = POLLIN };
		fds[1] = (struct pollfd) { .fd = signals, .events = POLLIN };
		fds[2] = (struct pollfd) {
			.fd = started && input ? STDIN_FILENO : -1,
			.events = POLLIN,
		};
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			code = hear(fd, &started);
		if (code < 0 && fds[1].revents &&
		    read(signals, &info, sizeof(info)) == sizeof(info)) {
			char signal = info.ssi_signo;

			if (signal == SIGWINCH)
				tell_window(fd);
			else
				say(fd, ELEVATE_SIGNAL, &signal, 1);
		}
		if (code < 0 && fds[2].revents) {
			n = read(STDIN_FILENO, data, sizeof(data));
			if (n > 0) {
				say(fd, ELEVATE_INPUT, data, n);
			} else if (!n || errno != EINTR) {
				input = false;
				say(fd, ELEVATE_END_OF_INPUT, data, 0);
			}
		}
	}
	restore();
	close(fd);
	return code;
}
