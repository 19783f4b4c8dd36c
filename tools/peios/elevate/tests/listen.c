// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen [-a] SOCKET MODE COMMAND...: starts a service with its socket, as systemd
 * does; with -a one for each connection, as with Accept=yes.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int start(int fd, char **command)
{
	char pid[16];

	if (fd != 3 && (dup2(fd, 3) < 0 || close(fd)))
		return 2;
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	execv(command[0], command);
	return 2;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	bool each = argc > 1 && !strcmp(argv[1], "-a");
	int fd, client;

	argv += each;
	argc -= each;
	if (argc < 4)
		return 2;
	/* Whoever sees it by its name can connect. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", argv[1]);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(address.sun_path, strtol(argv[2], NULL, 8)) ||
	    listen(fd, 32) || rename(address.sun_path, argv[1]))
		return 2;
	if (!each)
		return start(fd, argv + 3);
	signal(SIGCHLD, SIG_IGN);
	while ((client = accept(fd, NULL, NULL)) >= 0) {
		if (!fork()) {
			signal(SIGCHLD, SIG_DFL);
			close(fd);
			return start(client, argv + 3);
		}
		close(client);
	}
	return 2;
}
