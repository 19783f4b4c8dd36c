// SPDX-License-Identifier: GPL-2.0-only
/*
 * commit_hammering PROCESSES SECONDS: print what scripts/check.d/commit compares
 * between kernels, one line each way of hammering; and how many mappings 1, 2, 4
 * ... processes make in that time, far from any limit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commit_hammer.h"

static const char * const names[] = {
	[HAMMER_GREEDY] = "greedy",
	[HAMMER_FITTING] = "fitting",
	[HAMMER_LOOSE] = "loose",
};

static void go(int procs, int seconds, enum hammer_way way)
{
	struct hammer h;
	int err = hammer(procs, seconds, way, &h);

	if (err) {
		fprintf(stderr, "hammer: %s\n", strerror(-err));
		exit(1);
	}
	printf("%s processes=%d samples=%lld over=%lld most_kb=%lld requests=%lld refused=%lld\n",
	       names[way], procs, h.samples, h.over, h.most >> 10, h.requests, h.refused);
}

int main(int argc, char **argv)
{
	int procs, seconds, n;

	if (argc != 3)
		return 2;
	procs = atoi(argv[1]);
	seconds = atoi(argv[2]);
	go(procs, seconds, HAMMER_GREEDY);
	go(procs, seconds, HAMMER_FITTING);
	for (n = 1; n <= procs; n *= 2)
		go(n, (seconds + 1) / 2, HAMMER_LOOSE);
	return 0;
}
