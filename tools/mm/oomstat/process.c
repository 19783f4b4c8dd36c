// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes and their scores.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oomstat.h"

const char * const term_names[NR_TERMS] = {
	[TERM_MEMORY]		= "memory",
	[TERM_INHERITED]	= "inherited",
	[TERM_FORK]		= "fork",
	[TERM_TCB]		= "tcb",
	[TERM_ADJ]		= "adj",
};

static int read_file_of(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	return read_text(path, text, size);
}

static void read_detail(struct process *p)
{
	char text[1024];
	int i, err = 0;

	if (read_file_of(p->pid, "oom_score_detail", text, sizeof(text)) < 0)
		return;
	for (i = 0; i < NR_TERMS; i++)
		err = err ?: find_number(text, term_names[i], &p->terms[i]);
	err = err ?: find_number(text, "points", &p->points);
	err = err ?: find_word(text, "class", p->rank, sizeof(p->rank));
	find_word(text, "why", p->why, sizeof(p->why));
	p->detailed = !err;
}

static void read_commit(struct process *p)
{
	char text[256];

	if (read_file_of(p->pid, "commit", text, sizeof(text)) < 0)
		return;
	p->promised = !find_number(text, "Promise", &p->promise) &&
		      !find_number(text, "Payment", &p->payment) &&
		      !find_number(text, "Outstanding", &p->outstanding);
}

/* The file has the bytes of the name, and a newline behind them. */
static int read_comm(struct process *p)
{
	int len = read_file_of(p->pid, "comm", p->comm, sizeof(p->comm));

	if (len < 0)
		return len;
	if (len && p->comm[len - 1] == '\n')
		p->comm[len - 1] = '\0';
	return 0;
}

/* One that can't be chosen; where the kernel does not say so, as far as it shows. */
static bool is_hidden(const struct process *p, bool kernel_thread)
{
	if (p->detailed)
		return strcmp(p->rank, "volunteer") && strcmp(p->rank, "normal");
	return kernel_thread || p->oom_score_adj == -1000;
}

/* The line of version 2 is "0::PATH". */
static bool is_in_cgroup(pid_t pid, const char *group)
{
	char text[8192], *line, *rest = text;

	if (read_file_of(pid, "cgroup", text, sizeof(text)) < 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, "0::", 3))
			return in_group(line + 3, group);
	return false;
}

/* 1 if it is not asked for, 2 if it can't be chosen. */
static int read_process(pid_t pid, struct process *p, const struct filter *filter)
{
	long long uid, kernel_thread = 0;
	char text[4096];
	int err;

	*p = (struct process) { .pid = pid };
	err = read_file_of(pid, "status", text, sizeof(text));
	if (err < 0)
		return err;
	if (!find_number(text, "Uid", &uid))
		p->uid = uid;
	if ((filter->by_user && p->uid != filter->user) ||
	    (filter->cgroup && !is_in_cgroup(pid, filter->cgroup)))
		return 1;
	find_number(text, "Kthread", &kernel_thread);
	err = read_comm(p);
	if (err)
		return err;

	err = read_file_of(pid, "oom_score", text, sizeof(text));
	if (err < 0)
		return err;
	p->score = strtoll(text, NULL, 10);
	if (read_file_of(pid, "oom_score_adj", text, sizeof(text)) > 0)
		p->oom_score_adj = strtoll(text, NULL, 10);
	read_detail(p);
	if (!filter->all && is_hidden(p, kernel_thread))
		return 2;
	read_commit(p);
	return 0;
}

/* Volunteers, then by points; who can't be chosen last. */
static int rank_of(const struct process *p)
{
	if (!p->detailed)
		return p->score ? 1 : 2;
	if (!strcmp(p->rank, "volunteer"))
		return 0;
	return strcmp(p->rank, "normal") ? 2 : 1;
}

static int victim_first(const void *a, const void *b)
{
	const struct process *p = a, *q = b;
	long long by_p, by_q;

	if (rank_of(p) != rank_of(q))
		return rank_of(p) - rank_of(q);
	by_p = p->detailed && q->detailed ? p->points : p->score;
	by_q = p->detailed && q->detailed ? q->points : q->score;
	if (by_p != by_q)
		return by_p < by_q ? 1 : -1;
	return p->pid < q->pid ? -1 : p->pid > q->pid;
}

int processes_read(struct processes *ps, const struct filter *filter)
{
	struct dirent *entry;
	size_t room = 0;
	DIR *dir;

	*ps = (struct processes) {};
	dir = opendir(proc);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int err;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (ps->nr == room) {
			struct process *list;

			room = room ? room * 2 : 256;
			list = reallocarray(ps->list, room, sizeof(*list));
			if (!list) {
				closedir(dir);
				processes_free(ps);
				return -ENOMEM;
			}
			ps->list = list;
		}
		err = read_process(atoi(entry->d_name), &ps->list[ps->nr],
				   filter);
		if (!err)
			ps->nr++;
		else if (err == 2)
			ps->hidden++;
		else if ((err == -EACCES || err == -EPERM) && !ps->unreadable++)
			ps->unreadable_pid = atoi(entry->d_name);
		/* Else it has ended meanwhile. */
	}
	closedir(dir);
	qsort(ps->list, ps->nr, sizeof(*ps->list), victim_first);
	return 0;
}

void processes_free(struct processes *ps)
{
	free(ps->list);
	*ps = (struct processes) {};
}
