// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files below /proc, and numbers in them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oomstat.h"

const char *proc = "/proc";

/* Reads the whole file as text, as far as it fits; returns its length. */
int read_text_at(const char *path, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	text[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	n = n < 0 ? -errno : (ssize_t)len;
	text[len] = '\0';
	close(fd);
	return n;
}

int read_text(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	return read_text_at(path, text, size);
}

/* What is behind "KEY " or "KEY:" at the beginning of a line, or NULL. */
static const char *find(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *line;

	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) ||
		    !strchr(" :\t", line[len]) || !line[len])
			continue;
		return line + len + strspn(line + len, " :\t");
	}
	return NULL;
}

int find_number(const char *text, const char *key, long long *number)
{
	const char *value = find(text, key);
	char *end;

	if (!value)
		return -ENOENT;
	errno = 0;
	*number = strtoll(value, &end, 10);
	return end == value || errno ? -EINVAL : 0;
}

int find_word(const char *text, const char *key, char *word, size_t size)
{
	const char *value = find(text, key);

	if (!value)
		return -ENOENT;
	snprintf(word, size, "%.*s", (int)strcspn(value, "\n"), value);
	return 0;
}

int find_seconds(const char *text, const char *key, long long *seconds)
{
	char word[32];
	int err = find_word(text, key, word, sizeof(word));

	*seconds = -1;
	if (err || !strcmp(word, "never"))
		return err;
	return find_number(text, key, seconds);
}
