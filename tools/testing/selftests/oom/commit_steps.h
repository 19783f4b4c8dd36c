/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random steps over all paths that promise memory.
 */
#ifndef COMMIT_STEPS_H
#define COMMIT_STEPS_H

#include <stdbool.h>

#define COMMIT_ARENA	2048	/* pages */
#define COMMIT_KEY	0x636f6d00

/**
 * struct commit_stepper - who takes the steps
 * @seed: of its random numbers
 * @nr: a number of its own, for its SysV shared memory
 * @faults: allocations are to fail in it
 * @groups: folders of cgroups that it moves to and forks into
 * @nr_groups: how many
 * @arena: where it maps, and unmaps
 * @memfd: its file, or -1
 * @uffd: its userfaultfd, or that of who forked it, or -1
 */
struct commit_stepper {
	unsigned int seed;
	int nr;
	bool faults;
	const char * const *groups;
	int nr_groups;
	char *arena;
	int memfd;
	int uffd;
};

/*
 * Called in the process that takes them; 0 or -errno. It may exec itself with
 * "--true", which main() must answer with success.
 */
int commit_steps_begin(struct commit_stepper *stepper);
void commit_step(struct commit_stepper *stepper);
/* Remove what may have outlived it, called by anybody. */
void commit_steps_end(int nr);

#endif /* COMMIT_STEPS_H */
