/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What peiosctl elevate and peios-elevated say to each other: packets over a
 * SOCK_SEQPACKET socket, each of a type and what belongs to it.
 *
 * The client's: one ELEVATE_REQUEST, then answers to prompts; once the command
 * runs, its input, the size of the window, and signals. The service's: prompts;
 * ELEVATE_STARTED, output, and how the command ended; or ELEVATE_FAILED, at any
 * time, and nothing after it.
 */
#ifndef _PEIOS_ELEVATE_PROTOCOL_H
#define _PEIOS_ELEVATE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#define ELEVATE_SOCKET		"/run/peios/elevate.sock"
#define ELEVATE_SERVICE		"peios-elevate"

#define ELEVATE_PACKET_MAX	65536
#define ELEVATE_DATA_MAX	4096
#define ELEVATE_TEXT_MAX	512
#define ELEVATE_ARGS_MAX	1024
#define ELEVATE_ENV_MAX		16
#define ELEVATE_USER_MAX	64

/* Types of the client's packets */
#define ELEVATE_REQUEST		'R'
#define ELEVATE_ANSWER		'A'
#define ELEVATE_INPUT		'I'
#define ELEVATE_END_OF_INPUT	'E'
#define ELEVATE_WINDOW		'W'
#define ELEVATE_SIGNAL		'S'

/* Types of the service's */
#define ELEVATE_PROMPT		'P'
#define ELEVATE_STARTED		'G'
#define ELEVATE_OUTPUT		'O'
#define ELEVATE_EXITED		'X'
#define ELEVATE_KILLED		'K'
#define ELEVATE_FAILED		'F'

/* Styles of a prompt, the byte after its type */
#define ELEVATE_HIDDEN		'h'
#define ELEVATE_SHOWN		's'
#define ELEVATE_INFO		'i'

#define ELEVATE_VERSION		1

/* Flags of a request */
#define ELEVATE_STDIN_TTY	1
#define ELEVATE_STDOUT_TTY	2

/**
 * struct elevate_packet - a packet of the client, taken apart
 * @type: what it is
 * @flags: of a request
 * @rows: of a request or window
 * @columns: likewise
 * @user: of a request: as whom
 * @argv: of a request: the command, ended by NULL
 * @env: of a request: NAME=VALUE, ended by NULL; only names and values that may be
 *	taken over
 * @signal: its number
 * @data: of an answer or input; that of an answer ends in NUL
 * @size: of @data, without the NUL
 *
 * All that it points to is in the packet.
 */
struct elevate_packet {
	char type;
	unsigned int flags;
	unsigned short rows;
	unsigned short columns;
	char *user;
	char *argv[ELEVATE_ARGS_MAX + 1];
	char *env[ELEVATE_ENV_MAX + 1];
	int signal;
	char *data;
	size_t size;
};

int elevate_parse(char *bytes, size_t size, struct elevate_packet *packet,
		  const char **why);
long elevate_request(char *bytes, size_t room, unsigned int flags,
		     unsigned short rows, unsigned short columns,
		     const char *user, char *const *argv, char *const *env);
bool elevate_env_taken(const char *variable);
bool elevate_signal_taken(int signal);

#endif /* _PEIOS_ELEVATE_PROTOCOL_H */
