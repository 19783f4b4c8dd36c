// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/sys, /sys/kernel/security and /proc/meminfo.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ksyncd.h"

/* The whole of a small file, NUL-terminated; a negative errno. */
static int file_read(const char *path, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		len += n;
	}
	close(fd);
	text[len] = '\0';
	return err;
}

int knob_path(const struct kernel *kernel, enum setting_id id, char *path,
	      size_t size)
{
	const struct setting *s = &settings[id];
	int len = snprintf(path, size, "%s/%s",
			   s->peios ? kernel->securityfs : kernel->sysctl,
			   s->sysctl);

	return (size_t)len < size ? 0 : -ENAMETOOLONG;
}

int proc_read(const struct kernel *kernel, enum setting_id id,
	      long long *value)
{
	char path[PATH_TEXT_MAX], text[64], *end;
	const char *why;
	int err = knob_path(kernel, id, path, sizeof(path));

	if (!err)
		err = file_read(path, text, sizeof(text));
	if (err)
		return err;
	if (settings[id].peios)
		return value_parse(text, strlen(text), &settings[id], value,
				   &why) ? -EBADMSG : 0;
	errno = 0;
	*value = strtoll(text, &end, 10);
	/* A number that does not fit is at least not what was asked for. */
	return end == text || (*end && *end != '\n') ? -EBADMSG : 0;
}

int proc_write(const struct kernel *kernel, enum setting_id id,
	       long long value)
{
	const struct setting *s = &settings[id];
	char path[PATH_TEXT_MAX], text[32];
	int len, fd, err = knob_path(kernel, id, path, sizeof(path));
	ssize_t n;

	if (err)
		return err;
	if (s->peios)
		len = snprintf(text, sizeof(text), "%s\n", value_word(s, value));
	else
		len = snprintf(text, sizeof(text), "%lld\n", value);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n != len)
		err = n < 0 ? -errno : -EIO;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static bool meminfo_kb(const char *text, const char *key, long long *kb)
{
	const char *line = strstr(text, key);

	return line && (line == text || line[-1] == '\n') &&
	       sscanf(line + strlen(key), "%lld", kb) == 1;
}

void proc_machine(const struct kernel *kernel, struct machine *machine)
{
	long long total, huge = 0;
	char text[8192];

	*machine = (struct machine) {};
	if (file_read(kernel->meminfo, text, sizeof(text)) ||
	    !meminfo_kb(text, "MemTotal:", &total) ||
	    !meminfo_kb(text, "SwapTotal:", &machine->swap) ||
	    !meminfo_kb(text, "Committed_AS:", &machine->promised))
		return;
	/* Kernels without huge pages do not have this line. */
	meminfo_kb(text, "Hugetlb:", &huge);
	machine->ram = total - huge;
	machine->known = machine->ram > 0 && machine->ram < 1LL << 50 &&
			 machine->swap >= 0 && machine->promised >= 0;
}

/* "vm.overcommit_memory" */
const char *sysctl_name(enum setting_id id, char *text, size_t size)
{
	char *slash;

	snprintf(text, size, "%s", settings[id].sysctl);
	slash = strchr(text, '/');
	if (slash)
		*slash = '.';
	return text;
}

/* What went wrong, and what to do where that is not plain. */
const char *errno_text(int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:
		return "permission denied (with Peios enforcing this needs SeTcbPrivilege)";
	case EROFS:
		return "/proc/sys is mounted read-only";
	case EBADMSG:
		return "the kernel's value is none that the setting can have";
	default:
		return strerror(-err);
	}
}
