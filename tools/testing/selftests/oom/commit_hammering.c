// SPDX-License-Identifier: GPL-2.0-only
/*
 * commit_hammering PROCESSES SECONDS: print what scripts/check.d/commit compares
 * between kernels, one line each way of hammering.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commit_hammer.h"

int main(int argc, char **argv)
{
	struct hammer h;
	int greedy, err;

	if (argc != 3)
		return 2;
	for (greedy = 1; greedy >= 0; greedy--) {
		err = hammer(atoi(argv[1]), atoi(argv[2]), greedy, &h);
		if (err) {
			fprintf(stderr, "hammer: %s\n", strerror(-err));
			return 1;
		}
		printf("%s samples=%lld over=%lld most_kb=%lld requests=%lld refused=%lld\n",
		       greedy ? "greedy" : "fitting", h.samples, h.over, h.most >> 10,
		       h.requests, h.refused);
	}
	return 0;
}
