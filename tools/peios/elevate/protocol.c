// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packets of elevation: taken apart, and put together. Nothing is asked of the
 * system here, and nothing in a packet is believed.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "protocol.h"

/* type, version, flags, rows, columns, arguments, variables */
#define REQUEST_HEADER	11

static unsigned int get16(const char *bytes)
{
	return (uint8_t)bytes[0] | (uint8_t)bytes[1] << 8;
}

static void put16(char *bytes, unsigned int value)
{
	bytes[0] = value & 0xff;
	bytes[1] = value >> 8 & 0xff;
}

/**
 * elevate_env_taken() - may a variable be taken over into the command?
 * @variable: NAME=VALUE
 *
 * Those that say how a terminal is to be talked to, and in which language; with
 * values that name no file.
 *
 * Return: true if so.
 */
bool elevate_env_taken(const char *variable)
{
	static const char * const names[] = { "TERM", "COLORTERM", "LANG", NULL };
	const char *value = strchr(variable, '='), *at;
	size_t len, i;

	if (!value)
		return false;
	len = value++ - variable;
	for (at = value; *at; at++)
		if (!(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z') &&
		    !(*at >= '0' && *at <= '9') && !strchr("._@:+-", *at))
			return false;
	if (at - value > 64 || strstr(value, ".."))
		return false;
	if (len > 3 && !strncmp(variable, "LC_", 3)) {
		for (i = 3; i < len; i++)
			if (variable[i] < 'A' || variable[i] > 'Z')
				return false;
		return true;
	}
	for (i = 0; names[i]; i++)
		if (strlen(names[i]) == len && !strncmp(variable, names[i], len))
			return true;
	return false;
}

/**
 * elevate_signal_taken() - may the client have this signal sent?
 * @signal: its number
 *
 * Those that ask a program to end, or to do something. What stops one would leave
 * it stopped.
 *
 * Return: true if so.
 */
bool elevate_signal_taken(int signal)
{
	return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT ||
	       signal == SIGTERM || signal == SIGUSR1 || signal == SIGUSR2;
}

/* The next string of a packet, or NULL if none ends within it. */
static char *next_string(char **at, const char *end)
{
	char *string = *at, *nul;

	nul = string < end ? memchr(string, '\0', end - string) : NULL;
	if (!nul)
		return NULL;
	*at = nul + 1;
	return string;
}

static const char *parse_request(char *bytes, size_t size,
				 struct elevate_packet *packet)
{
	const char *end = bytes + size;
	unsigned int nr_args, nr_env, i;
	char *at = bytes + REQUEST_HEADER;

	if (size < REQUEST_HEADER)
		return "a request that is cut off";
	if (bytes[1] != ELEVATE_VERSION)
		return "a request of another version";
	packet->flags = (uint8_t)bytes[2];
	packet->rows = get16(bytes + 3);
	packet->columns = get16(bytes + 5);
	nr_args = get16(bytes + 7);
	nr_env = get16(bytes + 9);
	if (packet->flags & ~(ELEVATE_STDIN_TTY | ELEVATE_STDOUT_TTY))
		return "a request with unknown flags";
	if (!nr_args || nr_args > ELEVATE_ARGS_MAX || nr_env > ELEVATE_ENV_MAX)
		return "a request with too many or no words";

	packet->user = next_string(&at, end);
	if (!packet->user || !*packet->user ||
	    strlen(packet->user) >= ELEVATE_USER_MAX)
		return "a request without a user";
	for (i = 0; i < nr_args; i++) {
		packet->argv[i] = next_string(&at, end);
		if (!packet->argv[i])
			return "a command that is cut off";
	}
	packet->argv[nr_args] = NULL;
	if (!*packet->argv[0])
		return "a command without a name";
	for (i = 0; i < nr_env; i++) {
		packet->env[i] = next_string(&at, end);
		if (!packet->env[i] || !elevate_env_taken(packet->env[i]))
			return "a variable that is not taken over";
	}
	packet->env[nr_env] = NULL;
	return at == end ? NULL : "a request with something behind it";
}

static const char *parse_answer(char *bytes, size_t size,
				struct elevate_packet *packet)
{
	packet->data = bytes + 1;
	packet->size = size - 2;
	if (size < 2 || size > ELEVATE_TEXT_MAX || bytes[size - 1] ||
	    strlen(packet->data) != packet->size)
		return "an answer that is not a text";
	return NULL;
}

/**
 * elevate_parse() - take a packet of the client apart
 * @bytes: the packet
 * @size: its length
 * @packet: the result; refers to @bytes
 * @why: on failure, what is wrong
 *
 * Return: 0, or -1 on failure.
 */
int elevate_parse(char *bytes, size_t size, struct elevate_packet *packet,
		  const char **why)
{
	*why = NULL;
	packet->type = size ? bytes[0] : 0;
	switch (packet->type) {
	case ELEVATE_REQUEST:
		*why = parse_request(bytes, size, packet);
		break;
	case ELEVATE_ANSWER:
		*why = parse_answer(bytes, size, packet);
		break;
	case ELEVATE_INPUT:
		packet->data = bytes + 1;
		packet->size = size - 1;
		if (!packet->size || packet->size > ELEVATE_DATA_MAX)
			*why = "input of a wrong size";
		break;
	case ELEVATE_END_OF_INPUT:
		if (size != 1)
			*why = "an end of input with something behind it";
		break;
	case ELEVATE_WINDOW:
		if (size != 5) {
			*why = "a window of a wrong size";
			break;
		}
		packet->rows = get16(bytes + 1);
		packet->columns = get16(bytes + 3);
		break;
	case ELEVATE_SIGNAL:
		packet->signal = size == 2 ? bytes[1] : 0;
		if (!elevate_signal_taken(packet->signal))
			*why = "a signal that is not passed on";
		break;
	default:
		*why = "a packet of an unknown type";
	}
	return *why ? -1 : 0;
}

static bool put_string(char **at, const char *end, const char *string)
{
	size_t size = strlen(string) + 1;

	if (size > (size_t)(end - *at))
		return false;
	memcpy(*at, string, size);
	*at += size;
	return true;
}

/**
 * elevate_request() - put a request together
 * @bytes: the result
 * @room: room for it
 * @flags: ELEVATE_STDIN_TTY, ELEVATE_STDOUT_TTY
 * @rows: of the window
 * @columns: of the window
 * @user: as whom
 * @argv: the command, ended by NULL
 * @env: the environment; what is not taken over is left out
 *
 * Return: the length, or -1 if it is too long.
 */
long elevate_request(char *bytes, size_t room, unsigned int flags,
		     unsigned short rows, unsigned short columns,
		     const char *user, char *const *argv, char *const *env)
{
	const char *end = bytes + room;
	unsigned int nr_args, nr_env = 0;
	char *at = bytes + REQUEST_HEADER;

	if (room < REQUEST_HEADER || !put_string(&at, end, user))
		return -1;
	for (nr_args = 0; argv[nr_args]; nr_args++)
		if (nr_args == ELEVATE_ARGS_MAX ||
		    !put_string(&at, end, argv[nr_args]))
			return -1;
	for (; *env && nr_env < ELEVATE_ENV_MAX; env++) {
		if (!elevate_env_taken(*env))
			continue;
		if (!put_string(&at, end, *env))
			return -1;
		nr_env++;
	}
	bytes[0] = ELEVATE_REQUEST;
	bytes[1] = ELEVATE_VERSION;
	bytes[2] = flags;
	put16(bytes + 3, rows);
	put16(bytes + 5, columns);
	put16(bytes + 7, nr_args);
	put16(bytes + 9, nr_env);
	return at - bytes;
}
