// SPDX-License-Identifier: GPL-2.0-only

#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "event_util.h"
#include "oom_util.h"

static int tap_tests, tap_failed;

void tap_result(bool ok, const char *what)
{
	tap_tests++;
	tap_failed += !ok;
	printf("%sok %d %s: %s\n", ok ? "" : "not ", tap_tests,
	       program_invocation_short_name, what);
	fflush(stdout);
}

void tap_skip(const char *what, const char *why)
{
	printf("ok %d %s: %s # SKIP %s\n", ++tap_tests,
	       program_invocation_short_name, what, why);
}

void tap_must(int err, const char *what)
{
	if (!err)
		return;
	printf("Bail out! %s: %s\n", what, strerror(-err));
	exit(1);
}

int tap_end(void)
{
	printf("1..%d\n", tap_tests);
	return tap_failed || !tap_tests;
}

/* audit's messages have no length that can be trusted: see kernel/audit.c */
struct message {
	struct nlmsghdr header;
	char data[9000];
};

/* Call @look for each record until it returns true. */
static int history_each(bool (*look)(const char *line, void *arg), void *arg)
{
	FILE *file = fopen(HISTORY, "re");
	char line[LINE_MAX_ + 2];
	int found = -ENOENT;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (look(line, arg)) {
			found = 0;
			break;
		}
	}
	fclose(file);
	return found;
}

struct look {
	long long seq;
	pid_t pid;
	const char *key;
	const char *value;
	char *line;
	size_t size;
	int count;
};

static bool look_last(const char *line, void *arg)
{
	((struct look *)arg)->seq = record_number(line, "seq");
	return false;
}

long long history_last(void)
{
	struct look look = { };

	history_each(look_last, &look);
	return look.seq;
}

static bool look_seq(const char *line, void *arg)
{
	struct look *look = arg;

	if (record_number(line, "seq") != look->seq)
		return false;
	snprintf(look->line, look->size, "%s", line);
	return true;
}

int history_find(long long seq, char *line, size_t size)
{
	struct look look = { .seq = seq, .line = line, .size = size };

	return history_each(look_seq, &look);
}

static bool look_count(const char *line, void *arg)
{
	struct look *look = arg;

	if (record_number(line, "seq") >= look->seq &&
	    (!look->key || record_is(line, look->key, look->value)))
		look->count++;
	return false;
}

int history_count(long long seq, const char *key, const char *value)
{
	struct look look = { .seq = seq, .key = key, .value = value };

	history_each(look_count, &look);
	return look.count;
}

int history_kills(long long seq)
{
	return history_count(seq, NULL, NULL) -
	       history_count(seq, "reason", "called_off");
}

static bool look_kill(const char *line, void *arg)
{
	struct look *look = arg;

	if (record_number(line, "seq") < look->seq ||
	    record_is(line, "reason", "called_off") || look->count--)
		return false;
	snprintf(look->line, look->size, "%s", line);
	return true;
}

int history_kill(long long seq, int i, char *line, size_t size)
{
	struct look look = { .seq = seq, .count = i, .line = line, .size = size };

	return history_each(look_kill, &look);
}

static bool look_pid(const char *line, void *arg)
{
	struct look *look = arg;

	if (record_number(line, "seq") < look->seq ||
	    record_number(line, "pid") != look->pid)
		return false;
	snprintf(look->line, look->size, "%s", line);
	return true;
}

int history_find_pid(long long seq, pid_t pid, char *line, size_t size)
{
	struct look look = {
		.seq = seq, .pid = pid, .line = line, .size = size,
	};

	return history_each(look_pid, &look);
}

int record_field(const char *line, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);
	const char *at;

	for (at = line; at; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (strncmp(at, key, len) || at[len] != '=')
			continue;
		at += len + 1;
		len = strcspn(at, " ");
		if (len >= size)
			return -E2BIG;
		memcpy(value, at, len);
		value[len] = '\0';
		return 0;
	}
	return -ENOENT;
}

long long record_number(const char *line, const char *key)
{
	char value[32];

	if (record_field(line, key, value, sizeof(value))) {
		fprintf(stderr, "# no '%s' in: %s\n", key, line);
		abort();
	}
	return atoll(value);
}

int record_name(const char *line, const char *key, char *name, size_t size)
{
	char value[LINE_MAX_];
	unsigned int byte;
	size_t i, len;
	int err;

	err = record_field(line, key, value, sizeof(value));
	if (err)
		return err;
	len = strlen(value);
	if (value[0] == '"') {
		if (len < 2 || value[len - 1] != '"' || len - 2 >= size)
			return -EINVAL;
		memcpy(name, value + 1, len - 2);
		name[len - 2] = '\0';
		return 0;
	}
	if (len % 2 || len / 2 >= size)
		return -EINVAL;
	for (i = 0; i < len / 2; i++) {
		if (sscanf(value + 2 * i, "%2X", &byte) != 1)
			return -EINVAL;
		name[i] = byte;
	}
	name[i] = '\0';
	return 0;
}

bool record_is(const char *line, const char *key, const char *value)
{
	char is[LINE_MAX_];

	return !record_field(line, key, is, sizeof(is)) && !strcmp(is, value);
}

long long oom_killed(pid_t pid)
{
	char path[64];
	long long seq = 0;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	read_key_number(path, "oom_killed", &seq);
	return seq;
}

long long vmstat_kills(void)
{
	return vmstat_of("oom_kill");
}

long long vmstat_again(void)
{
	return vmstat_of("oom_kill_again");
}

long long cgroup_kills(const char *cgroup)
{
	char path[512];
	long long kills = -1;

	snprintf(path, sizeof(path), "%s/memory.events", cgroup);
	read_key_number(path, "oom_kill", &kills);
	return kills;
}

#define LOOK_PAUSE	"/sys/kernel/debug/oom_look_pause"

void look_off(void)
{
	if (access(LOOK_PAUSE, F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	write_file(LOOK_PAUSE, "3");
}

void look_on(void)
{
	write_file(LOOK_PAUSE, "0");
}

static int audit_socket(unsigned int groups, int rcvbuf)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = groups,
	};
	int err, fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf,
		       sizeof(rcvbuf)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Send a request; returns what the kernel answers to it. */
static int audit_request(int fd, int type, const void *data, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static unsigned int sequence;
	struct message m = { };
	struct nlmsgerr *answer;

	m.header.nlmsg_len = NLMSG_SPACE(len);
	m.header.nlmsg_type = type;
	m.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m.header.nlmsg_seq = ++sequence;
	memcpy(m.data, data, len);
	if (sendto(fd, &m, m.header.nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	/* Records may come in between. */
	do {
		if (recv(fd, &m, sizeof(m), 0) < 0)
			return -errno;
	} while (m.header.nlmsg_type != NLMSG_ERROR ||
		 m.header.nlmsg_seq != sequence);
	answer = (struct nlmsgerr *)m.data;
	return answer->error;
}

static int audit_set(int fd, const struct audit_status *status)
{
	bool own = fd < 0;
	int err;

	if (own)
		fd = audit_socket(0, 65536);
	if (fd < 0)
		return fd;
	err = audit_request(fd, AUDIT_SET, status, sizeof(*status));
	if (own)
		close(fd);
	return err;
}

int audit_listen(void)
{
	return audit_socket(1 << (AUDIT_NLGRP_READLOG - 1), 8 << 20);
}

int audit_be_daemon(int rcvbuf)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_PID, .pid = getpid(),
	};
	int err, fd;

	fd = audit_socket(0, rcvbuf);
	if (fd < 0)
		return fd;
	err = audit_set(fd, &status);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

void audit_no_daemon(int fd)
{
	close(fd);
}

int audit_enable(int on)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_ENABLED, .enabled = on,
	};

	return audit_set(-1, &status);
}

int audit_backlog(unsigned int limit)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_BACKLOG_LIMIT, .backlog_limit = limit,
	};

	return audit_set(-1, &status);
}

int audit_get_status(struct audit_status *status)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr ask = {
		.nlmsg_len = NLMSG_SPACE(0), .nlmsg_type = AUDIT_GET,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	int err = -EAGAIN, fd = audit_socket(0, 65536);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct message m = { };

	if (fd < 0)
		return fd;
	if (sendto(fd, &ask, ask.nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		err = -errno;
	while (err == -EAGAIN && poll(&ready, 1, 5000) > 0 &&
	       recv(fd, &m, sizeof(m), 0) >= 0) {
		if (m.header.nlmsg_type != AUDIT_GET)
			continue;
		memcpy(status, m.data, sizeof(*status));
		err = 0;
	}
	close(fd);
	return err;
}

int audit_read(int fd, int type, int timeout_ms, char *text, size_t size)
{
	long long end = now_ms() + timeout_ms;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct message m;
	const char *body;
	ssize_t len;

	for (;;) {
		timeout_ms = end - now_ms();
		if (timeout_ms < 0 || poll(&ready, 1, timeout_ms) <= 0)
			return -EAGAIN;
		len = recv(fd, &m, sizeof(m) - 1, 0);
		if (len < 0)
			return -errno;
		((char *)&m)[len] = '\0';
		if (m.header.nlmsg_type != type)
			continue;
		/* "audit(TIME:SERIAL): " and the record */
		body = strstr(m.data, "): ");
		if (strncmp(m.data, "audit(", 6) || !body)
			return -EINVAL;
		snprintf(text, size, "%s", body + 3);
		return 0;
	}
}

int audit_read_kill(int fd, int timeout_ms, char *text, size_t size)
{
	int err;

	do {
		err = audit_read(fd, AUDIT_ANOM_OOM_KILL, timeout_ms, text, size);
	} while (!err && record_is(text, "reason", "called_off"));
	return err;
}

int audit_exclude(int type, bool add)
{
	struct audit_rule_data rule = {
		.flags = AUDIT_FILTER_EXCLUDE,
		.action = AUDIT_NEVER,
		.field_count = 1,
		.fields = { AUDIT_MSGTYPE },
		.fieldflags = { AUDIT_EQUAL },
		.values = { type },
	};
	int err, fd;

	fd = audit_socket(0, 65536);
	if (fd < 0)
		return fd;
	err = audit_request(fd, add ? AUDIT_ADD_RULE : AUDIT_DEL_RULE, &rule,
			    sizeof(rule));
	close(fd);
	return err;
}
