/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The doors by which one process reaches into another.
 */
#ifndef DOORS_H
#define DOORS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct door - a thing that one process does to another
 * @name: for messages, one word
 * @knock: do it; 0 or a negative errno
 * @rights: what Peios asks for
 * @refusal: what is returned without them
 * @needs_root: Linux itself asks for a capability
 */
struct door {
	const char *name;
	int (*knock)(pid_t pid);
	uint32_t rights;
	int refusal;
	bool needs_root;
};

extern const struct door doors[];
extern const unsigned int nr_doors;

int knock_terminate(pid_t pid);
int knock_attach(pid_t pid);
int knock_seize(pid_t pid);
int knock_suspend(pid_t pid);
int knock_vm_readv(pid_t pid);
int knock_sd_dacl(pid_t pid);
int knock_sigio(pid_t pid);

#endif /* DOORS_H */
