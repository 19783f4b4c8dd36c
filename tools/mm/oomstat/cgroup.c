// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroups (version 2) and their promises, limits and forecasts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oomstat.h"

const char *cgroup_root = "/sys/fs/cgroup";

/* A file of a group, as text; its length or a negative errno. */
static int read_file_of(const struct group *g, const char *name, char *text,
			size_t size)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s%s/%s", cgroup_root, g->path, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return read_text_at(path, text, size);
}

/* A file of one number of bytes; kB, or -1 for "max" or if it can't be read. */
static long long read_kb(const struct group *g, const char *name)
{
	char text[64], *end;
	long long bytes;

	if (read_file_of(g, name, text, sizeof(text)) <= 0)
		return -1;
	bytes = strtoll(text, &end, 10);
	return end == text ? -1 : bytes / 1024;
}

static void read_forecast(struct group *g)
{
	char text[8192];

	if (read_file_of(g, "memory.forecast", text, sizeof(text)) <= 0)
		return;
	if (find_number(text, "Promise", &g->promise) ||
	    find_number(text, "Payment", &g->payment) ||
	    find_number(text, "Available", &g->available) ||
	    find_seconds(text, "Exhaustion", &g->exhaustion) ||
	    find_seconds(text, "Trend", &g->trend))
		return;
	g->forecast = true;
}

static int group_read(struct group *g)
{
	char text[64];

	g->promise = read_kb(g, "memory.commit.current");
	g->payment = read_kb(g, "memory.current");
	g->limit = read_kb(g, "memory.max");
	g->available = -1;
	g->exhaustion = -1;
	g->trend = -1;
	read_forecast(g);
	/* The root has neither; a group without the memory controller is no row. */
	return read_file_of(g, "memory.max", text, sizeof(text)) < 0 ? -ENOENT : 0;
}

static int group_add(struct groups *gs, const char *path, int depth)
{
	struct group *list, *g;

	list = reallocarray(gs->list, gs->nr + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	gs->list = list;
	g = &list[gs->nr];
	*g = (struct group) { .path = strdup(path), .depth = depth };
	if (!g->path)
		return -ENOMEM;
	if (group_read(g)) {
		free(g->path);
		return -ENOENT;
	}
	gs->nr++;
	return 0;
}

static int is_group(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

/* The groups below a path, which is "" for the root. */
static int walk(struct groups *gs, const char *path, int depth)
{
	struct dirent **entries;
	char full[PATH_MAX];
	int i, nr, err = 0;

	if (snprintf(full, sizeof(full), "%s%s", cgroup_root, path) >= (int)sizeof(full))
		return 0;
	nr = scandir(full, &entries, is_group, alphasort);
	/* It has been removed meanwhile, or may not be read. */
	if (nr < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (i = 0; i < nr; i++) {
		int added;

		if (!err && snprintf(full, sizeof(full), "%s/%s", path,
				     entries[i]->d_name) < (int)sizeof(full)) {
			added = group_add(gs, full, depth);
			err = added == -ENOMEM ? added : walk(gs, full, depth + !added);
		}
		free(entries[i]);
	}
	free(entries);
	return err;
}

int groups_read(struct groups *gs, const char *top)
{
	struct stat s;
	char full[PATH_MAX];
	int err;

	*gs = (struct groups) {};
	if (!top || !strcmp(top, "/"))
		top = "";
	/* A container's root is a cgroup as any other, the host's has no limit. */
	snprintf(full, sizeof(full), "%s%s", cgroup_root, top);
	if (stat(full, &s))
		return -errno;
	err = group_add(gs, *top ? top : "/", 0);
	if (err != -ENOMEM)
		err = walk(gs, top, !err);
	if (err)
		groups_free(gs);
	return err;
}

void groups_free(struct groups *gs)
{
	size_t i;

	for (i = 0; i < gs->nr; i++)
		free(gs->list[i].path);
	free(gs->list);
	*gs = (struct groups) {};
}

/* Is a path that of a group or of one below it? */
bool in_group(const char *path, const char *group)
{
	size_t len = strlen(group);

	while (len && group[len - 1] == '/')
		len--;
	return !strncmp(path, group, len) && (!path[len] || path[len] == '/');
}
