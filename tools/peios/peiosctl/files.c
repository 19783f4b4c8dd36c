// SPDX-License-Identifier: GPL-2.0-only
/*
 * peiosctl: the files of a process in /proc/PID/attr/peios.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../security/peios/privilege.h"
#include "peiosctl.h"

/* A Unix user may be in 65536 groups, each of some 20 characters. */
#define TOKEN_MAX	(4 << 20)

static const char *proc = "/proc";

/**
 * set_proc() - read another folder in the place of /proc
 * @dir: which
 */
void set_proc(const char *dir)
{
	proc = dir;
}

/**
 * attr_path() - where a file of a process is
 * @pid: the process
 * @file: token, sd or pip
 *
 * Return: the path, to be freed.
 */
char *attr_path(const char *pid, const char *file)
{
	char *path;

	if (asprintf(&path, "%s/%s/attr/peios/%s", proc, pid, file) < 0)
		die("no memory");
	return path;
}

/**
 * read_file() - read a file to its end
 * @path: the file
 * @bytes: where to
 * @room: for how much; a longer file is an error
 * @size: what was read
 *
 * Return: 0 or -errno.
 */
int read_file(const char *path, u8 *bytes, size_t room, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n;
	u8 more;

	if (fd < 0)
		return -errno;
	*size = 0;
	do {
		n = *size < room ? read(fd, bytes + *size, room - *size) :
				   read(fd, &more, 1);
		if (n < 0)
			err = -errno;
		else if (n && *size == room)
			err = -EFBIG;
		else
			*size += n;
	} while (n > 0 && !err);
	close(fd);
	return err;
}

/**
 * write_file() - write to a file, in one piece
 * @path: the file
 * @bytes: what
 * @size: how much
 *
 * Return: 0 or -errno.
 */
int write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, bytes, size);
	if (n < 0)
		err = -errno;
	else if ((size_t)n != size)
		err = -EIO;
	close(fd);
	return err;
}

static int parse_sids(char *list, struct identity *id, unsigned int *nr)
{
	char *name;

	while ((name = strsep(&list, ","))) {
		unsigned int end = id->nr_groups + id->nr_deny;
		struct peios_sid *more;

		more = realloc(id->groups, (end + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		id->groups = more;
		if (peios_sid_parse(name, &more[end]))
			return -EINVAL;
		(*nr)++;
	}
	return 0;
}

static int parse_privileges(char *list, u64 *mask)
{
	char *name;
	u64 bit;

	while ((name = strsep(&list, ","))) {
		if (peios_privilege_parse(name, &bit))
			return -EINVAL;
		*mask |= bit;
	}
	return 0;
}

static int parse_line(char *key, char *value, struct identity *id)
{
	if (!strcmp(key, "user"))
		return peios_sid_parse(value, &id->user);
	if (!strcmp(key, "origin")) {
		id->assigned = !strcmp(value, "assigned");
		return 0;
	}
	if (!*value)
		return 0;
	if (!strcmp(key, "groups"))
		return parse_sids(value, id, &id->nr_groups);
	if (!strcmp(key, "deny"))
		return parse_sids(value, id, &id->nr_deny);
	if (!strcmp(key, "present"))
		return parse_privileges(value, &id->present);
	if (!strcmp(key, "enabled"))
		return parse_privileges(value, &id->enabled);
	if (!strcmp(key, "used"))
		return parse_privileges(value, &id->used);
	/* Newer kernels may say more. */
	return 0;
}

/**
 * parse_token() - read the text of a token
 * @text: the text; its contents are used up
 * @id: the result, for free_token()
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int parse_token(char *text, struct identity *id)
{
	char *line;

	memset(id, 0, sizeof(*id));
	while ((line = strsep(&text, "\n"))) {
		char *key = strsep(&line, " ");
		char none[] = "";
		int err;

		if (!*key)
			continue;
		err = parse_line(key, line ?: none, id);
		if (err) {
			free_token(id);
			return err;
		}
	}
	if (!id->user.nr_subs) {
		free_token(id);
		return -EINVAL;
	}
	return 0;
}

/**
 * free_token() - free what a token holds
 * @id: the token
 */
void free_token(struct identity *id)
{
	free(id->groups);
	id->groups = NULL;
}

/**
 * read_token() - read the token of a process
 * @pid: the process
 * @id: the result, for free_token()
 *
 * Return: 0 or -errno.
 */
int read_token(const char *pid, struct identity *id)
{
	char *path = attr_path(pid, "token");
	char *text = malloc(TOKEN_MAX + 1);
	size_t size;
	int err;

	if (!text)
		die("no memory");
	err = read_file(path, (u8 *)text, TOKEN_MAX, &size);
	if (!err) {
		text[size] = '\0';
		err = parse_token(text, id);
	}
	free(text);
	free(path);
	return err;
}

/**
 * read_sd() - read the security descriptor of a process
 * @pid: the process
 * @sd: the result, to be freed
 *
 * Return: 0 or -errno.
 */
int read_sd(const char *pid, struct peios_sd **sd)
{
	char *path = attr_path(pid, "sd");
	u8 bytes[PEIOS_SD_MAX];
	size_t size;
	int err;

	err = read_file(path, bytes, sizeof(bytes), &size);
	if (!err)
		err = peios_sd_parse(bytes, size, 0, sd);
	free(path);
	return err;
}

/**
 * parse_pip() - read the text of an integrity protection
 * @text: "TYPE TRUST", perhaps with a newline
 * @pip: the result
 *
 * Return: 0 or -EINVAL.
 */
int parse_pip(const char *text, struct peios_pip *pip)
{
	int end = 0;

	if (!isdigit(*text) ||
	    sscanf(text, "%u %u%n", &pip->type, &pip->trust, &end) != 2)
		return -EINVAL;
	return text[end] && strcmp(text + end, "\n") ? -EINVAL : 0;
}

/**
 * read_pip() - read the integrity protection of a process
 * @pid: the process
 * @pip: the result
 *
 * Return: 0 or -errno.
 */
int read_pip(const char *pid, struct peios_pip *pip)
{
	char *path = attr_path(pid, "pip");
	char text[64];
	size_t size;
	int err;

	err = read_file(path, (u8 *)text, sizeof(text) - 1, &size);
	if (!err) {
		text[size] = '\0';
		err = parse_pip(text, pip);
	}
	free(path);
	return err;
}

/* The number of a process's user namespace, 0 if it can't be read. */
static ino_t user_namespace(const char *pid)
{
	struct stat st = {};
	char *path;

	if (asprintf(&path, "%s/%s/ns/user", proc, pid) < 0)
		die("no memory");
	if (stat(path, &st))
		st.st_ino = 0;
	free(path);
	return st.st_ino;
}

/* What the kernel gives the first one; see PROC_USER_INIT_INO. */
#define FIRST_NAMESPACE	0xeffffffd

/**
 * read_capabilities() - read the capabilities of a process over another
 * @pid: the process
 * @target: the other one
 *
 * Within one user namespace, and of the first one over all others. What the owner
 * of a namespace has over it is left out.
 *
 * Return: the mask, by Linux's numbers; none where they can't be read.
 */
u64 read_capabilities(const char *pid, const char *target)
{
	ino_t ns = user_namespace(pid);
	unsigned long long mask = 0;
	char *path, line[256];
	FILE *in;

	if (!ns || (ns != FIRST_NAMESPACE && ns != user_namespace(target)))
		return 0;
	if (asprintf(&path, "%s/%s/status", proc, pid) < 0)
		die("no memory");
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "CapEff: %llx", &mask) == 1)
			break;
	if (in)
		fclose(in);
	free(path);
	return mask;
}
