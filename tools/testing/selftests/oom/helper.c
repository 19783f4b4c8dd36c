// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for the tests to execute: writes a value to its own oom_score_adj,
 * or to a file that it inherited open, and exits with the errno.
 *
 *	helper VALUE [FD]
 *
 * Or executes itself N times, and exits with a tenth of its oom_score_adj.
 *
 *	helper exec N
 *
 * Or prints a file.
 *
 *	helper print FILE
 *
 * Or runs a program on a terminal of its own, types there what it reads, and exits as
 * the program does.
 *
 *	helper pty PROGRAM...
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int exec_again(int times)
{
	char text[16] = "";
	int fd;

	if (times > 0) {
		snprintf(text, sizeof(text), "%d", times - 1);
		execl("./helper", "helper", "exec", text, NULL);
		return 255;
	}
	fd = open("/proc/self/oom_score_adj", O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return 254;
	return atoi(text) / 10;
}

static int print_file(const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	return n < 0 || write(1, bytes, n) != n ? errno : 0;
}

static int on_terminal(char **program)
{
	const struct winsize size = { .ws_row = 25, .ws_col = 80 };
	char bytes[4096];
	int fd, status;
	ssize_t n;
	pid_t pid;

	pid = forkpty(&fd, NULL, NULL, &size);
	if (!pid) {
		setenv("TERM", "vt100", 1);
		execvp(program[0], program);
		_exit(127);
	}
	/* Keys wait in the terminal until the program has set it up. */
	n = read(0, bytes, sizeof(bytes));
	if (pid < 0 || n < 0 || write(fd, bytes, n) != n)
		return 255;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0 && write(1, bytes, n) == n)
		;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 254;
	return WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
	int fd;

	if (argc < 2)
		return 255;
	if (!strcmp(argv[1], "exec"))
		return exec_again(argc > 2 ? atoi(argv[2]) : 0);
	if (argc > 2 && !strcmp(argv[1], "pty"))
		return on_terminal(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "print"))
		return print_file(argv[2]);
	fd = argc > 2 ? atoi(argv[2]) : open("/proc/self/oom_score_adj", O_WRONLY);
	if (fd < 0 || write(fd, argv[1], strlen(argv[1])) < 0)
		return errno;
	return 0;
}
