// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate on oom_score_adj as a whole: every combination of who writes, who
 * opened the file, whose process it is, what protects that, who shares its
 * memory, and in which direction. What should come of it is said by a model of
 * a few lines, written from the documentation and not from the code.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

/* Whose token a writer or an opener has. All are root for Linux. */
static const struct holder {
	const char *name;
	const char *user;	/* NULL: SYSTEM, and a command to its token */
	const char *privileges;
	const char *command;
	/* What the model knows of it */
	bool system, alice, tcb, debug;
	bool less;		/* has not all that the target has */
} holders[] = {
	{ "SYSTEM", .system = true, .tcb = true, .debug = true },
	{ "SYSTEM without debug", .command = "disable SeDebugPrivilege",
	  .system = true, .tcb = true },
	{ "SYSTEM, TCB disabled",
	  .command = "disable SeTcbPrivilege,SeDebugPrivilege",
	  .system = true },
	{ "SYSTEM, TCB removed",
	  .command = "remove SeTcbPrivilege,SeDebugPrivilege",
	  .system = true, .less = true },
	{ "Alice with TCB", .user = ALICE, .privileges = "SeTcbPrivilege",
	  .alice = true, .tcb = true },
	{ "Alice with debug", .user = ALICE, .privileges = "SeDebugPrivilege",
	  .alice = true, .debug = true },
	{ "Alice", .user = ALICE, .alice = true },
};

/* The descriptor of the target, or of who shares its memory. */
enum sds { SD_DEFAULT, SD_FOR_ALICE, SD_FOR_NOBODY, NR_SDS };

static const char *const sd_names[NR_SDS] = {
	"default", "for Alice", "for nobody",
};

enum pips { PIP_NONE, PIP_HIGHER, PIP_EQUAL, NR_PIPS };

static const char *const pip_names[NR_PIPS] = { "none", "higher", "equal" };

enum sharing { SHARES_NOT, SHARES_SAME, SHARES_CLOSED, NR_SHARING };

static const char *const sharing_names[NR_SHARING] = {
	"no", "with the same descriptor", "with one for nobody",
};

struct row {
	const struct holder *writer;
	const struct holder *opener;
	enum sds sd;
	enum pips pip;
	enum sharing sharing;
	bool same_process;
};

/* -- The model -- */

static bool sd_grants(enum sds sd, const struct holder *who)
{
	if (who->debug)
		return true;
	switch (sd) {
	case SD_DEFAULT:
		/* Its score is the policy of who has its privileges. */
		return who->system && !who->less;
	case SD_FOR_ALICE:
		return who->alice;
	default:
		return false;
	}
}

static bool reaches(const struct row *row, const struct holder *who, enum sds sd)
{
	return row->pip != PIP_HIGHER && sd_grants(sd, who);
}

static bool allowed(const struct row *row, bool lower)
{
	const struct holder *const asked[] = { row->writer, row->opener };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (lower && !asked[i]->tcb)
			return false;
		if (!row->same_process && !reaches(row, asked[i], row->sd))
			return false;
		/* Who shares the memory is another process in any case. */
		if (row->sharing == SHARES_SAME &&
		    !reaches(row, asked[i], row->sd))
			return false;
		if (row->sharing == SHARES_CLOSED &&
		    !reaches(row, asked[i], SD_FOR_NOBODY))
			return false;
	}
	return true;
}

/* -- The kernel -- */

static int take_token(const struct holder *holder)
{
	int err = 0;

	if (holder->user)
		err = become(holder->user, holder->privileges);
	else if (holder->command)
		err = token_command(holder->command);
	return err;
}

static const struct sd *make_sd(enum sds kind, struct sd *sd)
{
	if (kind == SD_DEFAULT)
		return NULL;
	sd_begin(sd, BOB);
	if (kind == SD_FOR_ALICE)
		sd_allow(sd, ALICE, SET_QUOTA);
	return sd;
}

struct results {
	int raise, keep, lower;
};

/* Opens the file by the opener's token in a child, and gets it from there. */
static int open_as(const struct holder *opener, pid_t pid)
{
	int sockets[2], fd;
	char path[64];
	pid_t child;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		return -errno;
	child = fork_child();
	if (!child) {
		if (take_token(opener))
			_exit(1);
		fd = open(path, O_WRONLY);
		_exit(fd < 0 || send_fd(sockets[1], fd) ? 2 : 0);
	}
	close(sockets[1]);
	fd = receive_fd(sockets[0]);
	close(sockets[0]);
	waitpid(child, NULL, 0);
	return fd;
}

static int write_adj(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static void write_all(int fd, struct results *results)
{
	results->raise = write_adj(fd, "110");
	results->keep = write_adj(fd, results->raise ? "100" : "110");
	results->lower = write_adj(fd, "50");
}

/* In a child of the test: becomes the writer, and reports by a pipe. */
static int writer(const struct row *row, pid_t pid, int report)
{
	struct results results;
	int fd;

	if (row->pip == PIP_EQUAL && pip_write("2 7"))
		return 1;
	fd = open_as(row->opener, pid ?: getpid());
	if (fd < 0)
		return 2;
	if (take_token(row->writer))
		return 3;
	write_all(fd, &results);
	return write(report, &results, sizeof(results)) != sizeof(results);
}

static int run_row(const struct row *row, struct results *results, int *adj)
{
	struct sd sd, closed;
	struct target_setup setup = {
		.sd = make_sd(row->sd, &sd),
		.pip = row->pip == PIP_NONE ? NULL : "2 7",
		.shares_mm = row->sharing != SHARES_NOT,
	};
	struct target target;
	int pipes[2], status;
	pid_t child;

	if (row->sharing == SHARES_CLOSED) {
		make_sd(SD_FOR_NOBODY, &closed);
		setup.sharer_sd = &closed;
	}
	if (pipe(pipes) || target_start(&target, &setup) ||
	    target_set_adj(&target, 100))
		return -1;
	child = fork_child();
	if (!child)
		_exit(writer(row, target.pid, pipes[1]));
	if (waitpid(child, &status, 0) != child || status ||
	    read(pipes[0], results, sizeof(*results)) != sizeof(*results))
		return -2;
	*adj = target_adj(&target);
	target_stop(&target);
	close(pipes[0]);
	close(pipes[1]);
	return 0;
}

/* Of a process to itself; its descriptor and protection must not matter. */
static int run_own(const struct row *row, struct results *results, int *adj)
{
	int pipes[2], status;
	long long now = -9999;
	pid_t child;

	if (pipe(pipes))
		return -1;
	child = fork_child();
	if (!child) {
		struct sd sd;
		const struct sd *own = make_sd(row->sd, &sd);
		/* The protection is there already. */
		const struct row plain = {
			.writer = row->writer, .opener = row->opener,
		};
		int err;

		if (write_file(ADJ_FILE, "100"))
			_exit(10);
		/* Its opener child inherits both. */
		if (row->pip != PIP_NONE && pip_write("2 7"))
			_exit(11);
		if (own && sd_write(0, own))
			_exit(12);
		err = writer(&plain, 0, pipes[1]);
		if (!err && (read_number(ADJ_FILE, &now) ||
			     write(pipes[1], &now, sizeof(now)) != sizeof(now)))
			err = 13;
		_exit(err);
	}
	if (waitpid(child, &status, 0) != child || status ||
	    read(pipes[0], results, sizeof(*results)) != sizeof(*results) ||
	    read(pipes[0], &now, sizeof(now)) != sizeof(now))
		return -2;
	*adj = now;
	close(pipes[0]);
	close(pipes[1]);
	return 0;
}

static void expect_row(struct __test_metadata *_metadata, const struct row *row)
{
	const int raise = allowed(row, false) ? 0 : -EACCES;
	const int lower = allowed(row, true) ? 0 : -EACCES;
	const int adj = lower ? (raise ? 100 : 110) : 50;
	struct results results;
	int got = -9999, err;

	err = row->same_process ? run_own(row, &results, &got) :
				  run_row(row, &results, &got);
	ASSERT_EQ(0, err) {
		TH_LOG("writer %s, opener %s", row->writer->name,
		       row->opener->name);
	}
	if (results.raise == raise && results.keep == raise &&
	    results.lower == lower && got == adj)
		return;
	EXPECT_TRUE(false) {
		TH_LOG("writer %s, opener %s, descriptor %s, PIP %s, shared memory %s%s:",
		       row->writer->name, row->opener->name, sd_names[row->sd],
		       pip_names[row->pip], sharing_names[row->sharing],
		       row->same_process ? ", own process" : "");
		TH_LOG("raise %d (not %d), keep %d, lower %d (not %d), value %d (not %d)",
		       results.raise, raise, results.keep, results.lower, lower,
		       got, adj);
	}
}

FIXTURE(matrix) {
	struct row row;
};

FIXTURE_VARIANT(matrix) {
	enum sharing sharing;
};

FIXTURE_VARIANT_ADD(matrix, memory_of_its_own) { .sharing = SHARES_NOT };

FIXTURE_VARIANT_ADD(matrix, shared_memory) { .sharing = SHARES_SAME };

FIXTURE_VARIANT_ADD(matrix, memory_shared_with_a_closed_process) {
	.sharing = SHARES_CLOSED,
};

FIXTURE_SETUP(matrix)
{
	/* The harness kills a group, which a test may leave. */
	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
}

FIXTURE_TEARDOWN(matrix)
{
}

/*
 * Every writer; openers that are the same, SYSTEM and a user; with shared memory
 * not PIP that is equal. All of all, 1764 combinations in some minutes, with
 * OOM_MATRIX=full.
 */
static bool is_asked(const struct row *row)
{
	const char *full = getenv("OOM_MATRIX");

	if (full && !strcmp(full, "full"))
		return true;
	return (row->opener == row->writer || row->opener == &holders[0] ||
		row->opener == &holders[ARRAY_SIZE(holders) - 1]) &&
	       (row->sharing == SHARES_NOT || row->pip != PIP_EQUAL);
}

static void expect_rows(struct __test_metadata *_metadata, struct row *row)
{
	unsigned int w, o, asked = 0;

	for (w = 0; w < ARRAY_SIZE(holders); w++)
		for (o = 0; o < ARRAY_SIZE(holders); o++)
			for (row->sd = 0; row->sd < NR_SDS; row->sd++)
				for (row->pip = 0; row->pip < NR_PIPS;
				     row->pip++) {
					row->writer = &holders[w];
					row->opener = &holders[o];
					if (!is_asked(row))
						continue;
					expect_row(_metadata, row);
					asked++;
				}
	/* Each raised, kept and lowered. */
	TH_LOG("%u combinations, %u verdicts", asked, 3 * asked);
}

TEST_F_TIMEOUT(matrix, another_process, 500)
{
	self->row.sharing = variant->sharing;
	expect_rows(_metadata, &self->row);
}

TEST_F_TIMEOUT(matrix, own_process, 500)
{
	/* Who shares it is asked about in the other test. */
	if (variant->sharing != SHARES_NOT)
		return;
	self->row.same_process = true;
	expect_rows(_metadata, &self->row);
}

TEST_HARNESS_MAIN
