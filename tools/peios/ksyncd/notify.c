// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sd_notify(3) does, in few lines, so that ksyncd can be linked statically
 * into an initramfs.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ksyncd.h"
#include "names.h"

/* Tell the service manager, if there is one; it is no error if it is deaf. */
static void send_text(const char *text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!path || (path[0] != '/' && path[0] != '@'))
		return;
	if (len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
	       (struct sockaddr *)&address,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}

/* Some of the protocol's assignments, parted by newlines. */
void notify(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	send_text(text);
}

/* What is going on; a name in it can't begin an assignment of its own. */
void notify_status(const char *format, ...)
{
	char text[1024], status[sizeof(text) * NAME_BYTE_MAX];
	const size_t len = strlen("STATUS=");
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(status, "STATUS=", len);
	name_text(status + len, sizeof(status) - len, text);
	send_text(status);
}

/* How often the service manager wants to hear of us, in ms; 0 for never. */
int watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long ms = usec ? atoll(usec) / 1000 : 0;

	if (pid && atoi(pid) != getpid())
		return 0;
	/* Twice as often as has to be. */
	return ms > 0 && ms < 1LL << 30 ? (ms + 1) / 2 : 0;
}
