// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packets of elevation, and what of an environment is taken over.
 */
#include <signal.h>

#include <linux/kernel.h>

#include "../../logon/tests/test.h"
#include "protocol.h"

static char bytes[ELEVATE_PACKET_MAX];
static struct elevate_packet packet;
static const char *why;

static int parse(const char *data, size_t size)
{
	char *copy = malloc(size ?: 1);
	int err;

	memcpy(copy, data, size);
	err = elevate_parse(copy, size, &packet, &why);
	free(copy);
	return err;
}

static void round_trip(void)
{
	char *argv[5] = { "sysctl", "-w", "vm.overcommit_ratio=60", "", NULL };
	char *env[5] = { "TERM=xterm-256color", "LD_PRELOAD=/tmp/x.so",
			"LC_ALL=C.UTF-8", "PATH=/tmp", NULL };
	long size, cut;

	size = elevate_request(bytes, sizeof(bytes),
			       ELEVATE_STDIN_TTY | ELEVATE_STDOUT_TTY, 25, 300,
			       "root", argv, env);
	expect(size > 0, "%ld", size);
	expect(!elevate_parse(bytes, size, &packet, &why), "%s", why);
	expect(packet.flags == 3 && packet.rows == 25 && packet.columns == 300,
	       "%u %u %u", packet.flags, packet.rows, packet.columns);
	expect(!strcmp(packet.user, "root") && !strcmp(packet.argv[0], "sysctl") &&
	       !strcmp(packet.argv[3], "") && !packet.argv[4], "words");
	expect(!strcmp(packet.env[0], env[0]) && !strcmp(packet.env[1], env[2]) &&
	       !packet.env[2], "variables");
	for (cut = 0; cut < size; cut++)
		expect(parse(bytes, cut), "cut off at %ld", cut);
	bytes[size] = 'x';
	expect(parse(bytes, size + 1), "longer");
	test_done("a request as it was meant, and no part of one");
}

static void bad_requests(void)
{
	char *argv[2] = { "id", NULL }, *none[1] = { NULL };
	char *many[ELEVATE_ARGS_MAX + 2];
	long size;
	int i;

	size = elevate_request(bytes, sizeof(bytes), 0, 0, 0, "root", argv, none);
	bytes[1]++;
	expect(parse(bytes, size) && strstr(why, "version"), "version");
	bytes[1]--;
	bytes[2] = 4;
	expect(parse(bytes, size) && strstr(why, "flags"), "flags");
	bytes[2] = 0;
	bytes[7] = 0;
	expect(parse(bytes, size) && strstr(why, "words"), "no words");
	bytes[7] = 0xff;
	bytes[8] = 0xff;
	expect(parse(bytes, size) && strstr(why, "words"), "too many");
	bytes[7] = 1;
	bytes[8] = 0;
	bytes[9] = 1;
	expect(parse(bytes, size) && strstr(why, "variable"), "no variable");

	size = elevate_request(bytes, sizeof(bytes), 0, 0, 0, "", argv, none);
	expect(parse(bytes, size) && strstr(why, "user"), "no user");
	expect(elevate_request(bytes, 12, 0, 0, 0, "root", argv, none) < 0,
	       "no room");
	for (i = 0; i <= ELEVATE_ARGS_MAX; i++)
		many[i] = "";
	many[i] = NULL;
	expect(elevate_request(bytes, sizeof(bytes), 0, 0, 0, "root", many,
			       none) < 0, "too many words");
	many[0] = "x";
	many[ELEVATE_ARGS_MAX] = NULL;
	size = elevate_request(bytes, sizeof(bytes), 0, 0, 0, "root", many,
			       none);
	expect(!elevate_parse(bytes, size, &packet, &why), "%s", why);
	test_done("requests that are wrong");
}

/* One byte of a packet: what it is, and what it may not be. */
static void others(void)
{
	int sig;

	expect(!parse("Asecret", 8) && packet.size == 6, "%s", why);
	expect(!parse("A", 2) && !packet.size, "an empty answer");
	expect(parse("Asecret", 7), "an answer without an end");
	expect(parse("Asec\0ret", 9), "an answer of two");
	expect(parse("A", 1), "no answer");
	memset(bytes, 'A', ELEVATE_TEXT_MAX + 1);
	bytes[ELEVATE_TEXT_MAX] = '\0';
	expect(parse(bytes, ELEVATE_TEXT_MAX + 1), "a long answer");
	expect(!parse("Ix", 2) && parse("I", 1), "input");
	memset(bytes, 'I', ELEVATE_DATA_MAX + 2);
	expect(!parse(bytes, ELEVATE_DATA_MAX + 1), "%s", why);
	expect(parse(bytes, ELEVATE_DATA_MAX + 2), "too much input");
	expect(!parse("E", 1) && parse("E", 2), "end of input");
	expect(!parse("W\x19\0\x50\0", 5) && packet.rows == 25 &&
	       packet.columns == 80, "window");
	expect(parse("W\x19\0\x50", 4) && parse("W\x19\0\x50\0\0", 6), "window");
	for (sig = 0; sig < 128; sig++) {
		char text[2] = { 'S', sig };

		expect(!parse(text, 2) == elevate_signal_taken(sig), "%d", sig);
	}
	expect(!elevate_signal_taken(SIGKILL) && !elevate_signal_taken(SIGSTOP) &&
	       elevate_signal_taken(SIGTERM), "which signals");
	expect(parse("", 0) && parse("Z", 1), "unknown");
	test_done("answers, input, windows and signals");
}

static void variables_taken(void)
{
	static const char * const taken[] = {
		"TERM=xterm", "COLORTERM=truecolor", "LANG=de_DE.UTF-8",
		"LC_CTYPE=C", "LANG=", "LC_ALL=sr_RS@latin",
	};
	static const char * const left[] = {
		"LD_PRELOAD=x", "PATH=x", "TERM", "TERM=/tmp/x", "LC_=x",
		"LC_all=x", "LC_PATH=../x", "TERMINFO=x", "TER=x", "=x", "",
		"LANG=a b", "LANG=a\nb", "IFS=x", "BASH_ENV=x",
		"TERM=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(taken); i++)
		expect(elevate_env_taken(taken[i]), "%s", taken[i]);
	for (i = 0; i < ARRAY_SIZE(left); i++)
		expect(!elevate_env_taken(left[i]), "%s", left[i]);
	test_done("what of the environment is taken over");
}

int main(void)
{
	round_trip();
	bad_requests();
	others();
	variables_taken();
	return test_end();
}
