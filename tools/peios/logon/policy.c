// SPDX-License-Identifier: GPL-2.0-only
/*
 * The logon policy: a tree of files, read as one.
 *
 *	System/Logon/OnError		unix or refuse; unix if left out
 *	System/Logon/NoRule		likewise
 *	System/Logon/Services/NAME	a rule; see rule.c
 *	System/Logon/Users/NAME
 *	System/Logon/Groups/NAME
 *	System/Logon/Elevate/Users/NAME
 *	System/Logon/Elevate/Groups/NAME
 *
 * Every file is looked at, and all that is wrong is said at once; one file that
 * is wrong makes the whole policy so. Nothing below the registry's own folder is
 * followed: no link of either kind, no other sort of file. Folders and files
 * belong to root (or to who reads them) and can be written by nobody else.
 *
 * The tree is read again until it is the same twice, so that a policy is never
 * composed from before and after a change.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/kernel.h>

#include "logon.h"

/* More than any policy needs, and no way to fill the memory of who reads it. */
#define ENTRIES_MAX	1024
#define TRIES		10
#define PATH_MAX_TEXT	512

/**
 * struct reading - one reading of the tree
 * @policy: what is read
 * @say: where messages go, or NULL
 * @to: for @say
 * @errors: how many there were
 * @stamp: identity and age of all that was read, mixed
 */
struct reading {
	struct logon_policy *policy;
	logon_say_t say;
	void *to;
	int errors;
	u64 stamp;
};

static __printf(2, 3) void error(struct reading *r, const char *format, ...)
{
	char text[2 * PATH_MAX_TEXT + 256];
	va_list args;

	r->errors++;
	if (!r->say)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r->say(r->to, true, text);
}

static void stamp_mix(struct reading *r, u64 value)
{
	r->stamp = (r->stamp ^ value) * 0x100000001b3ULL;
	r->stamp ^= r->stamp >> 29;
}

static void look_at(struct reading *r, const struct stat *st, const char *path)
{
	stamp_mix(r, st->st_dev);
	stamp_mix(r, st->st_ino);
	stamp_mix(r, st->st_size);
	stamp_mix(r, st->st_ctim.tv_sec);
	stamp_mix(r, st->st_ctim.tv_nsec);
	if (st->st_uid && st->st_uid != geteuid())
		error(r, "%s: belongs to uid %u, not to root", path,
		      st->st_uid);
	if (st->st_mode & 0022)
		error(r, "%s: mode %04o lets others write to it", path,
		      st->st_mode & 07777);
}

/* A folder below @at; its descriptor, or a negative errno. */
static int open_folder(struct reading *r, int at, const char *name,
		       const char *path)
{
	/* The registry's own folder may be reached by a link, nothing in it. */
	const int follow = at == AT_FDCWD ? 0 : O_NOFOLLOW;
	struct stat st;
	int fd, err;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
	if (fd < 0) {
		err = -errno;
		if (err == -ENOTDIR || err == -ELOOP)
			error(r, "%s: is not a folder", path);
		else if (err != -ENOENT)
			error(r, "%s: %s", path, strerror(-err));
		return err;
	}
	if (fstat(fd, &st)) {
		err = -errno;
		error(r, "%s: %s", path, strerror(-err));
		close(fd);
		return err;
	}
	look_at(r, &st, path);
	return fd;
}

/* Who can write to the folder above can put another registry there. */
static void look_above(struct reading *r, int fd, const char *root)
{
	char path[PATH_MAX_TEXT];
	struct stat st;

	snprintf(path, sizeof(path), "%s/..", root);
	if (fstatat(fd, "..", &st, 0))
		error(r, "%s: %s", path, strerror(errno));
	else if (!(st.st_mode & S_ISVTX))
		look_at(r, &st, path);
}

/* The text of a file with a NUL behind it; its length, or -1. */
static int read_text(struct reading *r, int dir, const char *name,
		     const char *path, char *text)
{
	size_t len = 0;
	struct stat st;
	ssize_t n;
	int fd;

	/* A link is refused by the open, other sorts of files after it. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
			       O_CLOEXEC);
	if (fd < 0) {
		error(r, "%s: %s", path, errno == ELOOP ?
		      "is a symbolic link, not a file" : strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		error(r, "%s: is not a file", path);
		goto fail;
	}
	look_at(r, &st, path);
	if (st.st_nlink > 1)
		error(r, "%s: has %u links, so it can be changed by another name",
		      path, (unsigned int)st.st_nlink);
	do {
		n = read(fd, text + len, LOGON_FILE_MAX + 1 - len);
		if (n > 0)
			len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		error(r, "%s: %s", path, strerror(errno));
		goto fail;
	}
	close(fd);
	text[len] = '\0';
	return len;
fail:
	close(fd);
	return -1;
}

static void read_rule(struct reading *r, int dir, enum logon_table table,
		      const char *name, const char *path)
{
	struct logon_policy *policy = r->policy;
	char text[LOGON_FILE_MAX + 2];
	struct logon_entry *entry;
	const char *why;
	int len;

	len = read_text(r, dir, name, path, text);
	if (!logon_name_valid(name))
		error(r, "%s: is not the name of a user, group or service",
		      path);
	if (len < 0 || !logon_name_valid(name))
		return;
	if (policy->nr == ENTRIES_MAX) {
		error(r, "%s: more than %d rules", path, ENTRIES_MAX);
		return;
	}
	entry = realloc(policy->entries, (policy->nr + 1) * sizeof(*entry));
	if (!entry) {
		error(r, "%s: %s", path, strerror(ENOMEM));
		return;
	}
	policy->entries = entry;
	entry += policy->nr;
	memset(entry, 0, sizeof(*entry));
	if (logon_rule_parse(text, len, table, &entry->rule, &why)) {
		error(r, "%s: %s", path, why);
		return;
	}
	entry->table = table;
	memcpy(entry->name, name, strlen(name) + 1);
	policy->nr++;
}

static void read_word(struct reading *r, int dir, const char *name,
		      const char *path, enum logon_verdict *verdict)
{
	char text[LOGON_FILE_MAX + 2];
	const char *why;
	int len = read_text(r, dir, name, path, text);

	if (len >= 0 && logon_word_parse(text, len, verdict, &why))
		error(r, "%s: %s", path, why);
}

/* The table that a folder is, or -1. */
static int find_table(const char *prefix, const char *name)
{
	size_t len = strlen(prefix);
	int i;

	for (i = 0; i < LOGON_NR_TABLES; i++)
		if (!strncmp(logon_tables[i], prefix, len) &&
		    !strcmp(logon_tables[i] + len, name))
			return i;
	return -1;
}

/* Sorted, so that rules are named and merged in the same order each time. */
static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int wanted(const struct dirent *entry)
{
	/* A name that begins with a dot is work in progress. */
	return entry->d_name[0] != '.';
}

/*
 * All of a folder: @table < 0 for that of the policy and that of elevation, in
 * which there are the folders of tables that begin with @prefix.
 */
static void read_folder(struct reading *r, int fd, const char *path,
			const char *prefix, int table)
{
	struct dirent **names;
	int nr, i;

	nr = scandirat(fd, ".", &names, wanted, compare);
	if (nr < 0) {
		error(r, "%s: %s", path, strerror(errno));
		close(fd);
		return;
	}
	for (i = 0; i < nr; i++) {
		const char *name = names[i]->d_name;
		char below[PATH_MAX_TEXT + 258];
		int sub, folder;

		snprintf(below, sizeof(below), "%s/%s", path, name);
		sub = find_table(prefix, name);
		if (table >= 0) {
			read_rule(r, fd, table, name, below);
		} else if (!*prefix && !strcmp(name, "OnError")) {
			read_word(r, fd, name, below, &r->policy->on_error);
		} else if (!*prefix && !strcmp(name, "NoRule")) {
			read_word(r, fd, name, below, &r->policy->no_rule);
		} else if (sub >= 0 || (!*prefix && !strcmp(name, "Elevate"))) {
			folder = open_folder(r, fd, name, below);
			if (folder >= 0)
				read_folder(r, folder, below,
					    sub < 0 ? "Elevate/" : "", sub);
		} else {
			error(r, "%s: no such setting", below);
		}
		free(names[i]);
	}
	free(names);
	close(fd);
}

static int load_once(struct reading *r, const char *root)
{
	static const char * const names[] = { "System", "Logon" };
	char path[PATH_MAX_TEXT];
	int fd, next, i;

	*r->policy = (struct logon_policy) {
		.on_error = LOGON_UNIX,
		.no_rule = LOGON_UNIX,
	};
	snprintf(path, sizeof(path), "%s", root);
	fd = open_folder(r, AT_FDCWD, root, path);
	if (fd >= 0)
		look_above(r, fd, root);
	for (i = 0; i < 2 && fd >= 0; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
			 "/%s", names[i]);
		next = open_folder(r, fd, names[i], path);
		close(fd);
		fd = next;
	}
	if (fd == -ENOENT)
		return r->errors ? LOGON_BAD : LOGON_NONE;
	if (fd >= 0)
		read_folder(r, fd, path, "", -1);
	return r->errors ? LOGON_BAD : 0;
}

/**
 * logon_free() - free a policy
 * @policy: the policy
 */
void logon_free(struct logon_policy *policy)
{
	free(policy->entries);
	policy->entries = NULL;
	policy->nr = 0;
}

/**
 * logon_load() - read the logon policy
 * @root: folder of the registry
 * @policy: the result, for logon_free(); @policy->on_error holds in any case
 * @say: is called for each thing that is wrong, or NULL
 * @to: for @say
 *
 * Return: 0, LOGON_NONE if there is no policy, LOGON_BAD if it can't be used.
 */
int logon_load(const char *root, struct logon_policy *policy, logon_say_t say,
	       void *to)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	struct reading first, second;
	struct logon_policy again;
	int tries, ret, same;

	for (tries = 0; tries < TRIES; tries++) {
		if (tries)
			nanosleep(&pause, NULL);
		first = (struct reading) { .policy = &again };
		ret = load_once(&first, root);
		logon_free(&again);
		second = (struct reading) { .policy = policy };
		same = load_once(&second, root);
		if (ret == same && first.stamp == second.stamp) {
			if (!ret || !say)
				return ret;
			/* Once more, for the messages. */
			logon_free(policy);
			second = (struct reading) {
				.policy = policy, .say = say, .to = to,
			};
			return load_once(&second, root);
		}
		logon_free(policy);
	}
	if (say)
		say(to, true, "the registry changes while it is read");
	policy->on_error = LOGON_UNIX;
	return LOGON_BAD;
}
