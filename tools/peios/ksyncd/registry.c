// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry: a tree of files, read as one.
 *
 * Every file is looked at, and all that is wrong is said at once. Nothing below
 * the registry's own folder is followed: no link of either kind, no other sort
 * of file. Folders and files belong to root (or to who runs ksyncd) and can be
 * written by nobody else.
 *
 * The tree is read again until it reads the same twice, so a policy is never
 * composed from before and after a change. A file that is replaced by rename(2)
 * is seen whole; one that is written in place may be seen half: then it lacks
 * its last newline, or what it says is read again shortly.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ksyncd.h"

#define TRIES	10

static void owner_check(const struct stat *st, const char *path,
			struct messages *m)
{
	if (st->st_uid && st->st_uid != geteuid())
		error_add(m, "%s: belongs to uid %u, not to root", path,
			  st->st_uid);
	if (st->st_mode & 0022)
		error_add(m, "%s: mode %04o lets others write to it", path,
			  st->st_mode & 07777);
}

static void stamp_take(struct registry *registry, int place,
		       const struct stat *st)
{
	registry->stamp[place].dev = st->st_dev;
	registry->stamp[place].ino = st->st_ino;
	registry->stamp[place].size = st->st_size;
	registry->stamp[place].sec = st->st_ctim.tv_sec;
	registry->stamp[place].nsec = st->st_ctim.tv_nsec;
}

static const char *type_text(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a folder";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFREG:
		return "a file";
	default:
		return "a device";
	}
}

/* A folder below @at; its descriptor, or a negative errno. */
static int folder_open(int at, const char *name, const char *path,
		       struct registry *registry, int place,
		       struct messages *m)
{
	/* The registry's own folder may be reached by a link, nothing in it. */
	const int follow = at == AT_FDCWD ? 0 : O_NOFOLLOW;
	struct stat st;
	int fd, err;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
	if (fd < 0) {
		err = errno;
		if (err == ENOTDIR && !fstatat(at, name, &st,
					       AT_SYMLINK_NOFOLLOW))
			error_add(m, "%s: is %s, not a folder", path,
				  type_text(st.st_mode));
		else if (err != ENOENT)
			error_add(m, "%s: %s", path, strerror(err));
		return -err;
	}
	if (fstat(fd, &st)) {
		error_add(m, "%s: %s", path, strerror(errno));
		close(fd);
		return -EIO;
	}
	stamp_take(registry, place, &st);
	owner_check(&st, path, m);
	return fd;
}

static void setting_load(int dir, int id, const char *path,
			 struct registry *registry, struct messages *m)
{
	const struct setting *s = &settings[id];
	char text[FILE_SIZE_MAX + 1], range[96] = "";
	const char *why;
	size_t len = 0;
	struct stat st;
	ssize_t n;
	int fd;

	if (fstatat(dir, s->name, &st, AT_SYMLINK_NOFOLLOW)) {
		error_add(m, "%s: %s", path, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		error_add(m, "%s: is %s, not a file", path,
			  type_text(st.st_mode));
		return;
	}
	/* What it was just now it need not be any more. */
	fd = openat(dir, s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
				  O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		error_add(m, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		error_add(m, "%s: is %s, not a file", path,
			  type_text(st.st_mode));
		goto out;
	}
	stamp_take(registry, 3 + id, &st);
	owner_check(&st, path, m);
	if (st.st_nlink > 1)
		error_add(m, "%s: has %u links, so it can be changed by another name",
			  path, (unsigned int)st.st_nlink);

	while (len < sizeof(text)) {
		n = read(fd, text + len, sizeof(text) - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error_add(m, "%s: %s", path, strerror(errno));
			goto out;
		}
		if (!n)
			break;
		len += n;
	}
	if (value_parse(text, len, s, &registry->given.v[id], &why)) {
		if (why == why_range)
			snprintf(range, sizeof(range), " %lld to %lld",
				 s->min, s->max);
		error_add(m, "%s: %s%s", path, why, range);
	} else {
		registry->given.set[id] = true;
	}
out:
	if (fd >= 0)
		close(fd);
}

static void folder_load(int fd, const char *path, struct registry *registry,
			struct messages *m)
{
	char file[PATH_TEXT_MAX + 258];
	struct dirent *entry;
	const char *like;
	int id, nr = 0;
	DIR *dir;

	dir = fdopendir(fd);
	if (!dir) {
		error_add(m, "%s: %s", path, strerror(errno));
		close(fd);
		return;
	}
	while ((errno = 0, entry = readdir(dir))) {
		/* A name that begins with a dot is work in progress. */
		if (entry->d_name[0] == '.')
			continue;
		nr++;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		id = setting_find(entry->d_name);
		if (id >= 0) {
			setting_load(dirfd(dir), id, file, registry, m);
			continue;
		}
		like = setting_like(entry->d_name);
		if (like)
			error_add(m, "%s: no such setting; is %s meant?", file,
				  like);
		else
			error_add(m, "%s: no such setting", file);
	}
	if (errno)
		error_add(m, "%s: %s", path, strerror(errno));
	else if (!nr)
		error_add(m, "%s: is empty", path);
	closedir(dir);
}

/* Who can write to the folder above can put another registry there. */
static void above_check(int fd, const char *root, struct messages *m)
{
	char path[PATH_TEXT_MAX + 4];
	struct stat st;

	snprintf(path, sizeof(path), "%s/..", root);
	if (fstatat(fd, "..", &st, 0))
		error_add(m, "%s: %s", path, strerror(errno));
	else if (!(st.st_mode & S_ISVTX))
		owner_check(&st, path, m);
}

/* Read the tree once. */
static int load_once(const char *root, struct registry *registry,
		     struct messages *m)
{
	static const char * const names[] = { "System", "Memory" };
	char path[PATH_TEXT_MAX];
	int fd, next, i;

	memset(registry, 0, sizeof(*registry));
	snprintf(path, sizeof(path), "%s", root);
	fd = folder_open(AT_FDCWD, root, path, registry, 0, m);
	if (fd >= 0)
		above_check(fd, root, m);
	for (i = 0; i < 2 && fd >= 0; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
			 "/%s", names[i]);
		next = folder_open(fd, names[i], path, registry, 1 + i, m);
		close(fd);
		fd = next;
	}
	if (fd == -ENOENT) {
		error_add(m, "%s: there is no such folder", path);
		return REGISTRY_NONE;
	}
	if (fd >= 0)
		folder_load(fd, path, registry, m);
	if (!m->errors)
		policy_check(&registry->given, m);
	return m->errors ? REGISTRY_BAD : 0;
}

/**
 * registry_same() - see if nothing has changed
 * @a: the registry as it was read
 * @b: the registry as it was read another time
 *
 * Return: true if so.
 */
bool registry_same(const struct registry *a, const struct registry *b)
{
	/* Both were filled with zeroes first. */
	return !memcmp(a, b, sizeof(*a));
}

/**
 * registry_load() - read the registry
 * @root: its folder
 * @registry: the result
 * @m: all that is wrong or odd; what was in it is forgotten
 *
 * Return: 0, REGISTRY_NONE if there is no policy, REGISTRY_BAD if it can't be
 * used.
 */
int registry_load(const char *root, struct registry *registry,
		  struct messages *m)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	struct messages first;
	struct registry again;
	int tries, ret, second;

	for (tries = 0; tries < TRIES; tries++) {
		if (tries)
			nanosleep(&pause, NULL);
		first = (struct messages) {};
		ret = load_once(root, registry, &first);
		*m = (struct messages) {};
		second = load_once(root, &again, m);
		if (ret == second && registry_same(registry, &again) &&
		    first.errors == m->errors)
			return ret;
	}
	*m = (struct messages) {};
	error_add(m, "%s: changes while it is read", root);
	return REGISTRY_BAD;
}
