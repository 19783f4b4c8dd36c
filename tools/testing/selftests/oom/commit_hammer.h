/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that hammer at the commit limit of vm.overcommit_memory 2.
 */
#ifndef COMMIT_HAMMER_H
#define COMMIT_HAMMER_H

/**
 * struct hammer - what was seen
 * @samples: how often Committed_AS and CommitLimit were read meanwhile
 * @over: how often the one was above the other
 * @most: bytes by which, at most
 * @requests: mappings asked for
 * @refused: of those, refused
 */
struct hammer {
	long long samples;
	long long over;
	long long most;
	long long requests;
	long long refused;
};

/**
 * enum hammer_way - what the processes do
 * @HAMMER_GREEDY: each maps as much as it gets, so that some of it is refused
 * @HAMMER_FITTING: none asks for more than a share of what is left, so that all
 *	of it fits
 * @HAMMER_LOOSE: as fitting, far from any limit, with vm.overcommit_memory 0
 */
enum hammer_way {
	HAMMER_GREEDY,
	HAMMER_FITTING,
	HAMMER_LOOSE,
};

/*
 * @procs processes for so many seconds. The limit is set for them, and all knobs
 * are set back. Returns 0 or -errno.
 */
int hammer(int procs, int seconds, enum hammer_way way, struct hammer *result);

#endif /* COMMIT_HAMMER_H */
