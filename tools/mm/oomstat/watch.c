// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table, live.
 */
#include <errno.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

#include "oomstat.h"

static int draw(size_t rows)
{
	struct processes ps;
	struct system s;
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *out;
	int err, y = 0;

	err = system_read(&s);
	if (err)
		return err;
	err = processes_read(&ps);
	if (err)
		return err;
	out = open_memstream(&text, &size);
	if (!out) {
		processes_free(&ps);
		return -ENOMEM;
	}
	print_table(out, &s, &ps, rows ? rows : (size_t)LINES);
	processes_free(&ps);
	if (fclose(out)) {
		free(text);
		return -ENOMEM;
	}
	erase();
	rest = text;
	while ((line = strsep(&rest, "\n")) && y < LINES)
		mvaddnstr(y++, 0, line, COLS);
	free(text);
	refresh();
	return 0;
}

int watch(unsigned int seconds, size_t rows)
{
	int key, err;

	if (!initscr())
		return -ENOTTY;
	noecho();
	curs_set(0);
	timeout(seconds * 1000);
	do {
		err = draw(rows);
		key = err ? 'q' : getch();
	} while (key != 'q');
	endwin();
	return err;
}
