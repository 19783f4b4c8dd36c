// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table, live.
 */
#include <errno.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

#include "oomstat.h"

static int draw(const struct request *request)
{
	struct request fitting = *request;
	struct state state;
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *out;
	int err, y = 0;

	err = state_read(&state, request);
	if (err)
		return err;
	out = open_memstream(&text, &size);
	if (!out) {
		state_free(&state);
		return -ENOMEM;
	}
	if (!fitting.rows)
		fitting.rows = LINES;
	print_table(out, &state, &fitting);
	state_free(&state);
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

int watch(unsigned int seconds, const struct request *request)
{
	int key, err;

	if (!initscr())
		return -ENOTTY;
	noecho();
	curs_set(0);
	timeout(seconds * 1000);
	do {
		err = draw(request);
		key = err ? 'q' : getch();
	} while (key != 'q');
	endwin();
	return err;
}
