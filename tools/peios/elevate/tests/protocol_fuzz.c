// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: a packet of a client.
 */
#include <linux/kernel.h>

#include "protocol.h"

int fuzz_one(const u8 *data, size_t size);

static bool within(const char *string, const char *bytes, size_t size)
{
	return string >= bytes && string + strlen(string) < bytes + size;
}

int fuzz_one(const u8 *data, size_t size)
{
	static struct elevate_packet packet;
	const char *why = NULL;
	unsigned int i;
	char *bytes;
	int err;

	/* Of the very size, so that a look beyond it is seen. */
	bytes = malloc(size ?: 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	err = elevate_parse(bytes, size, &packet, &why);
	assert(!err == !why);
	if (!err && packet.type == ELEVATE_REQUEST) {
		assert(within(packet.user, bytes, size));
		assert(packet.argv[0]);
		for (i = 0; packet.argv[i]; i++)
			assert(within(packet.argv[i], bytes, size));
		assert(i <= ELEVATE_ARGS_MAX);
		for (i = 0; packet.env[i]; i++)
			assert(within(packet.env[i], bytes, size) &&
			       elevate_env_taken(packet.env[i]));
		assert(i <= ELEVATE_ENV_MAX);
	}
	if (!err && packet.type == ELEVATE_INPUT)
		assert(packet.data + packet.size == bytes + size);
	if (!err && packet.type == ELEVATE_SIGNAL)
		assert(elevate_signal_taken(packet.signal));
	free(bytes);
	return 0;
}
