/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arithmetic of promised memory: what is outstanding, how well it is
 * covered, when it runs out, and when to say so.  Pure functions; amounts are
 * in pages, times in nanoseconds of any clock that does not go back.
 * See Documentation/admin-guide/mm/overcommit.rst.
 */
#ifndef _LINUX_COMMIT_FORECAST_H
#define _LINUX_COMMIT_FORECAST_H

#include <linux/limits.h>
#include <linux/time64.h>
#include <linux/types.h>

/* Rates are in pages per second times this. */
#define COMMIT_RATE_SCALE	256

/* Time constant with which rates are smoothed. */
#define COMMIT_SMOOTH_MS	2000

/* Samples nearer to each other than this teach nothing about rates. */
#define COMMIT_SAMPLE_MIN_MS	10

/* How much is claimed is remembered at this distance, so often. */
#define COMMIT_STEP_NS		(NSEC_PER_SEC / 4)
#define COMMIT_STEPS		25

/* A peak of claims is remembered for so long, and for at most twice that. */
#define COMMIT_PEAK_NS		(15ULL * NSEC_PER_SEC)

/* A trigger reports at most one event in this time. */
#define COMMIT_WINDOW_NS	NSEC_PER_SEC

/* A forecast: not with what is promised. */
#define COMMIT_NEVER		U64_MAX

#define COMMIT_SECONDS_MAX	(24 * 60 * 60)

/**
 * struct commit_amounts - what is read at one moment of a system or a cgroup
 * @promise: pages that the kernel has agreed to back
 * @payment: pages of anonymous memory and shmem that are backed, in RAM or swap
 * @used: pages in RAM or swap that can't be reclaimed: those, and what was never
 *	promised
 * @available: pages that could still be given, in RAM and swap
 */
struct commit_amounts {
	u64 promise;
	u64 payment;
	u64 used;
	u64 available;
};

/**
 * struct commit_forecast - what is remembered from sample to sample
 * @time: when the last sample was taken
 * @used: what was used then
 * @claim: what was used or outstanding then
 * @rate: at which memory is used, smoothed; negative while it is freed
 * @growth: at which claims have grown throughout some seconds
 * @begun: there has been a sample
 * @steps: claims at times COMMIT_STEP_NS apart, in a ring
 * @step_time: the time of the newest of them
 * @newest: its place
 * @known: how many there are
 * @top: the highest claim since claims fell last
 * @peaks: the highest from which they have fallen, in this period and before
 * @period: when this period began
 */
struct commit_forecast {
	u64 time;
	u64 used;
	u64 claim;
	s64 rate;
	s64 growth;
	bool begun;
	u64 steps[COMMIT_STEPS];
	u64 step_time;
	unsigned int newest;
	unsigned int known;
	u64 top;
	u64 peaks[2];
	u64 period;
};

/**
 * enum commit_measure - what a trigger watches
 * @COMMIT_EXHAUSTION: seconds until what is promised now exhausts memory
 * @COMMIT_COVERAGE: per cent of what is outstanding that is available
 * @COMMIT_OUTSTANDING: pages that are outstanding
 * @COMMIT_TREND: seconds until memory is exhausted if new claims go on too
 */
enum commit_measure {
	COMMIT_EXHAUSTION,
	COMMIT_COVERAGE,
	COMMIT_OUTSTANDING,
	COMMIT_TREND,
};

/**
 * struct commit_outlook - the values that triggers watch, and what limits them
 * @available: pages that could still be given
 * @outstanding: pages promised and not paid
 * @coverage: per cent of them that is available, at most 100
 * @exhaustion: seconds or COMMIT_NEVER
 * @trend: seconds or COMMIT_NEVER
 */
struct commit_outlook {
	u64 available;
	u64 outstanding;
	unsigned int coverage;
	u64 exhaustion;
	u64 trend;
};

/**
 * struct commit_rule - what a trigger was asked to report
 * @measure: what it watches
 * @threshold: the threshold, in the measure's unit
 */
struct commit_rule {
	enum commit_measure measure;
	u64 threshold;
};

/**
 * enum commit_side - on which side of a rule's threshold a value is
 * @COMMIT_CALM: clear of it
 * @COMMIT_BETWEEN: short of it, but not by enough to count as clear
 * @COMMIT_CROSSED: beyond it
 */
enum commit_side {
	COMMIT_CALM,
	COMMIT_BETWEEN,
	COMMIT_CROSSED,
};

/**
 * struct commit_crossing - what a trigger remembers
 * @last_event: when it reported last, if it ever did
 * @reported: it has reported once
 * @crossed: beyond the threshold, and not clear of it since
 * @pending: has crossed and could not report yet
 */
struct commit_crossing {
	u64 last_event;
	bool reported;
	bool crossed;
	bool pending;
};

u64 commit_outstanding(u64 promise, u64 payment);
unsigned int commit_coverage(u64 available, u64 outstanding);
u64 commit_exhaustion(u64 outstanding, u64 available, s64 rate, s64 growth);
void commit_forecast_sample(struct commit_forecast *forecast,
			    const struct commit_amounts *amounts, u64 now);
void commit_forecast_outlook(const struct commit_forecast *forecast,
			     const struct commit_amounts *amounts,
			     struct commit_outlook *outlook);
bool commit_outlook_tighter(const struct commit_outlook *a,
			    const struct commit_outlook *b);
void commit_outlook_join(struct commit_outlook *outlook,
			 const struct commit_outlook *other);
int commit_rule_parse(char *text, size_t len, struct commit_rule *rule);
enum commit_side commit_rule_side(const struct commit_rule *rule,
				  const struct commit_outlook *outlook);
bool commit_crossing_step(struct commit_crossing *crossing,
			  enum commit_side side, u64 now);

#endif /* _LINUX_COMMIT_FORECAST_H */
