// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for the tests to execute: writes a value to its own oom_score_adj,
 * or to a file that it inherited open, and exits with the errno.
 *
 *	helper VALUE [FD]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	int fd;

	if (argc < 2)
		return 255;
	fd = argc > 2 ? atoi(argv[2]) : open("/proc/self/oom_score_adj", O_WRONLY);
	if (fd < 0 || write(fd, argv[1], strlen(argv[1])) < 0)
		return errno;
	return 0;
}
