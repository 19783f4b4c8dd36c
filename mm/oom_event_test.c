// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for records of OOM kills: each record is delivered or reported as
 * lost, once; and a line holds any record, and comes apart again.
 */

#include <kunit/test.h>
#include <linux/ctype.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/oom_event.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/time64.h>

#define SEED	0x6f6f6d65
#define RUNS	2000

static struct oom_ring *new_ring(struct kunit *test, unsigned int nr)
{
	struct oom_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);
	struct oom_event *slots = NULL;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	if (nr) {
		slots = kunit_kcalloc(test, nr, sizeof(*slots), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, slots);
	}
	spin_lock_init(&ring->lock);
	ring->start = 1;
	ring->next = 1;
	ring->todo = 1;
	oom_ring_init(ring, slots, nr);
	return ring;
}

static struct oom_event *new_event(struct kunit *test)
{
	struct oom_event *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, e);
	return e;
}

static u64 put(struct oom_ring *ring, struct oom_event *e, pid_t pid)
{
	*e = (struct oom_event) { .pid = pid };
	return oom_ring_put(ring, e);
}

static void numbers_from_one(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 4);
	struct oom_event *e = new_event(test);
	u64 first;

	KUNIT_EXPECT_FALSE(test, oom_ring_pending(ring));
	KUNIT_EXPECT_FALSE(test, oom_ring_get(ring, 0, e));
	KUNIT_EXPECT_FALSE(test, oom_ring_get(ring, 1, e));
	KUNIT_EXPECT_EQ(test, 1ULL, oom_ring_first(ring, 128));
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 0ULL, first);

	KUNIT_EXPECT_EQ(test, 1ULL, put(ring, e, 11));
	KUNIT_EXPECT_EQ(test, 1ULL, e->victim_seq);
	KUNIT_EXPECT_EQ(test, 2ULL, put(ring, e, 12));
	/* A later victim of the same OOM keeps the number of the first. */
	*e = (struct oom_event) { .pid = 13, .victim_seq = 2 };
	KUNIT_EXPECT_EQ(test, 3ULL, oom_ring_put(ring, e));
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 3, e));
	KUNIT_EXPECT_EQ(test, 13, e->pid);
	KUNIT_EXPECT_EQ(test, 2ULL, e->victim_seq);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 1, e));
	KUNIT_EXPECT_EQ(test, 11, e->pid);
	KUNIT_EXPECT_EQ(test, 1ULL, e->victim_seq);
	KUNIT_EXPECT_FALSE(test, oom_ring_get(ring, 4, e));
	KUNIT_EXPECT_TRUE(test, oom_ring_pending(ring));
}

static void overflow_is_exact(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 4);
	struct oom_event *e = new_event(test);
	u64 first;
	int i;

	for (i = 1; i <= 4; i++)
		put(ring, e, i);
	/* Full, and nothing lost. */
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 1ULL, first);
	KUNIT_EXPECT_EQ(test, 1, e->pid);
	oom_ring_done(ring, 2);

	for (; i <= 7; i++)
		put(ring, e, i);
	/* 4 to 7 are there, 1 was delivered. */
	KUNIT_EXPECT_EQ(test, 2ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 2ULL, first);
	/* While it is reported, another one goes. */
	put(ring, e, i);
	oom_ring_done(ring, 4);
	KUNIT_EXPECT_EQ(test, 1ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 4ULL, first);
	oom_ring_done(ring, 5);
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 5ULL, first);
	KUNIT_EXPECT_EQ(test, 5, e->pid);
}

static void no_memory_no_silence(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 0);
	struct oom_event *e = new_event(test);
	u64 first;

	put(ring, e, 1);
	put(ring, e, 2);
	KUNIT_EXPECT_FALSE(test, oom_ring_get(ring, 1, e));
	KUNIT_EXPECT_EQ(test, 3ULL, oom_ring_first(ring, 128));
	KUNIT_EXPECT_EQ(test, 2ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 1ULL, first);
	oom_ring_done(ring, 3);
	KUNIT_EXPECT_FALSE(test, oom_ring_pending(ring));
}

static void late_memory(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 0);
	struct oom_event *slots, *e = new_event(test);
	u64 first;

	slots = kunit_kcalloc(test, 4, sizeof(*slots), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	put(ring, e, 1);
	put(ring, e, 2);
	KUNIT_EXPECT_EQ(test, 2ULL, oom_ring_init(ring, slots, 4));
	put(ring, e, 3);
	/* What the new memory never held is not shown. */
	KUNIT_EXPECT_FALSE(test, oom_ring_get(ring, 2, e));
	KUNIT_EXPECT_EQ(test, 3ULL, oom_ring_first(ring, 128));
	KUNIT_EXPECT_EQ(test, 2ULL, oom_ring_todo(ring, e, &first));
	oom_ring_done(ring, first + 2);
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 3, e->pid);
}

static void history_is_the_last(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 16);
	struct oom_event *e = new_event(test);
	int i;

	for (i = 1; i <= 20; i++) {
		put(ring, e, i);
		KUNIT_EXPECT_EQ(test, (u64)max(1, i - 7),
				oom_ring_first(ring, 8));
	}
	KUNIT_EXPECT_EQ(test, 5ULL, oom_ring_first(ring, UINT_MAX));
	/* Delivery takes nothing from history. */
	oom_ring_done(ring, 21);
	KUNIT_EXPECT_EQ(test, 13ULL, oom_ring_first(ring, 8));
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 20, e));
	KUNIT_EXPECT_EQ(test, 20, e->pid);
	KUNIT_EXPECT_FALSE(test, oom_ring_get(ring, 4, e));
}

/* What is not complete waits, with all behind it; what is before it does not. */
static void held_until_complete(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 4);
	struct oom_event *e = new_event(test);
	u64 first;

	put(ring, e, 1);
	*e = (struct oom_event) { .pid = 2 };
	KUNIT_EXPECT_EQ(test, 2ULL, oom_ring_put_held(ring, e));
	put(ring, e, 3);
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 1ULL, first);
	oom_ring_done(ring, 2);
	KUNIT_EXPECT_FALSE(test, oom_ring_pending(ring));
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 0ULL, first);
	/* History does not wait. */
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 3, e));

	oom_ring_complete(ring, 2, 5);
	KUNIT_EXPECT_TRUE(test, oom_ring_pending(ring));
	KUNIT_EXPECT_EQ(test, 0ULL, oom_ring_todo(ring, e, &first));
	KUNIT_EXPECT_EQ(test, 2ULL, first);
	KUNIT_EXPECT_EQ(test, 5U, e->sharers);
	/* One that is killed again may have more; one that has left, no more. */
	oom_ring_complete(ring, 2, 2);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 2, e));
	KUNIT_EXPECT_EQ(test, 7U, e->sharers);
	oom_ring_complete(ring, 9, 1);
	KUNIT_EXPECT_EQ(test, 4ULL, put(ring, e, 4));
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 4, e));
	KUNIT_EXPECT_EQ(test, 0U, e->sharers);
}

static void freed_once(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 2);
	struct oom_event *e = new_event(test);

	*e = (struct oom_event) { .time_ns = 1000 };
	oom_ring_put(ring, e);
	oom_ring_freed(ring, 1, 4000);
	oom_ring_freed(ring, 1, 9000);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 1, e));
	KUNIT_EXPECT_EQ(test, 3000ULL, e->freed_ns);

	/* A clock that was set back does not make it unknown again. */
	*e = (struct oom_event) { .time_ns = 1000 };
	oom_ring_put(ring, e);
	oom_ring_freed(ring, 2, 500);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 2, e));
	KUNIT_EXPECT_EQ(test, 1ULL, e->freed_ns);

	/* Gone, and not yet there: nothing happens. */
	put(ring, e, 3);
	oom_ring_freed(ring, 1, 9000);
	oom_ring_freed(ring, 4, 9000);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 3, e));
	KUNIT_EXPECT_EQ(test, 0ULL, e->freed_ns);
}

static void counted_again(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 2);
	struct oom_event *e = new_event(test);

	*e = (struct oom_event) { .pid = 1, .counted = 1 };
	oom_ring_put(ring, e);
	*e = (struct oom_event) { .pid = 2 };
	oom_ring_put(ring, e);
	oom_ring_again(ring, 1);
	oom_ring_again(ring, 1);
	oom_ring_again(ring, 2);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 1, e));
	KUNIT_EXPECT_EQ(test, 3U, e->counted);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 2, e));
	KUNIT_EXPECT_EQ(test, 1U, e->counted);

	/* Gone, and not yet there: nothing happens. */
	put(ring, e, 3);
	oom_ring_again(ring, 1);
	oom_ring_again(ring, 4);
	KUNIT_EXPECT_TRUE(test, oom_ring_get(ring, 3, e));
	KUNIT_EXPECT_EQ(test, 0U, e->counted);
}

/*
 * Kills, and a delivery that is at times refused, in any order: what audit has
 * and what it was told that it has not are all records, each once, in order.
 */
static void each_once(struct kunit *test)
{
	struct oom_event *e = new_event(test);
	struct rnd_state rnd;
	u64 first, lost, seen, delivered, gaps;
	int run, step;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < RUNS / 10; run++) {
		unsigned int nr = prandom_u32_state(&rnd) % 9;
		struct oom_ring *ring = new_ring(test, nr);
		unsigned int busy = 1 + prandom_u32_state(&rnd) % 8;
		int kills = 0;

		seen = 0;
		delivered = 0;
		gaps = 0;
		for (step = 0; step < 200 || oom_ring_pending(ring); step++) {
			if (step < 200 && prandom_u32_state(&rnd) % 8 < busy)
				put(ring, e, ++kills);
			if (prandom_u32_state(&rnd) % 2)
				continue;
			lost = oom_ring_todo(ring, e, &first);
			if (!first)
				continue;
			KUNIT_ASSERT_EQ(test, seen + 1, first);
			if (lost) {
				gaps += lost;
				seen += lost;
			} else {
				KUNIT_ASSERT_EQ(test, first, (u64)e->pid);
				KUNIT_ASSERT_EQ(test, first, e->seq);
				delivered++;
				seen++;
			}
			/* Kills go on while it is handed over. */
			if (step < 200 && prandom_u32_state(&rnd) % 8 < busy)
				put(ring, e, ++kills);
			oom_ring_done(ring, seen + 1);
		}
		KUNIT_EXPECT_EQ(test, (u64)kills, delivered + gaps);
		KUNIT_EXPECT_EQ(test, (u64)kills, seen);
	}
}

static char *format(struct kunit *test, const struct oom_event *e)
{
	struct oom_event_text *text;
	char *line;
	int len;

	text = kunit_kzalloc(test, sizeof(*text), GFP_KERNEL);
	line = kunit_kzalloc(test, OOM_EVENT_LINE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, line);
	oom_event_encode(e, text);
	len = oom_event_format(e, text, line, OOM_EVENT_LINE);
	KUNIT_EXPECT_GT(test, len, 0);
	KUNIT_EXPECT_EQ(test, (size_t)len, strlen(line));
	kunit_kfree(test, text);
	return line;
}

static void a_line(struct kunit *test)
{
	static const char * const fields[] = {
		"seq=7",
		"time=1700000000.012",
		"pid=42",
		"uid=1000",
		"comm=\"hog\"",
		"cgroup=\"/a/b\"",
		"constraint=memcg",
		"oom_cgroup=\"/a\"",
		"trigger_pid=43",
		"trigger_comm=612062",
		"points=113",
		"memory=108",
		"inherited=1",
		"fork=5",
		"tcb=0",
		"adj=-1",
		"oom_score_adj=-1",
		"anon_kb=400",
		"file_kb=8",
		"shmem_kb=4",
		"swap_kb=12",
		"pgtables_kb=8",
		"candidates=42:113,44:-9",
		"reason=group",
		"class=normal",
		"rss=103",
		"swap=3",
		"pgtables=2",
		"parent=8",
		"age_ms=5",
		"totalpages=1000",
		"tier=user",
		"parent_share=125",
		"fork_weight=50",
		"fork_window_ms=10000",
		"tcb_discount=30",
		"inputs=42:103:3:2:8:5:-1:user,44:1:0:0:0:0:0:tcb",
		"victim_seq=6",
		"cgroup_id=77",
		"exiting=0",
		"freed_ms=12",
		"counted=2",
		"immune_limit=1000",
		"unsummed=3",
		"sharers=4",
		"episode=5",
	};
	struct oom_event *e = new_event(test);
	char *line, *word;
	int i;

	*e = (struct oom_event) {
		.seq = 7, .victim_seq = 6, .time_ns = 1700000000012345678ULL,
		.pid = 42, .uid = 1000, .trigger_pid = 43,
		.constraint = CONSTRAINT_MEMCG, .reason = OOM_EVENT_GROUP,
		.comm = "hog", .trigger_comm = "a b",
		.anon = 100, .file = 2, .shmem = 1, .swap = 3,
		.pgtables_bytes = 8192,
		.unsummed = 3,
		.sharers = 4, .episode = 5,
		.in = { .rss = 103, .swap = 3, .pgtables = 2, .parent = 8,
			.age_ms = 5, .totalpages = 1000, .oom_score_adj = -1 },
		.score = { .memory = 108, .inherited = 1, .fork = 5, .tcb = 0,
			   .adj = -1, .points = 113,
			   .class = OOM_CLASS_NORMAL },
		.policy = { .parent_share = 125, .fork_weight = 50,
			    .fork_window_ms = 10000, .tcb_discount = 30,
			    .immune_limit = 1000 },
		.nr_candidates = 2,
		.candidates = {
			{ .pid = 42, .points = 113, .rss = 103, .swap = 3,
			  .pgtables = 2, .parent = 8, .age_ms = 5,
			  .oom_score_adj = -1 },
			{ .pid = 44, .points = -9, .rss = 1, .tcb = true },
		},
		.cgroup_id = 77, .freed_ns = 12 * NSEC_PER_MSEC,
		.counted = 2,
	};
	oom_event_set_cgroup(e, "/a/b");
	oom_event_set_domain(e, "/a");
	line = format(test, e);
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		word = strsep(&line, " ");
		KUNIT_ASSERT_NOT_NULL(test, word);
		KUNIT_EXPECT_STREQ(test, word, fields[i]);
	}
	KUNIT_EXPECT_NULL(test, line);
}

static void a_panic(struct kunit *test)
{
	struct oom_event *e = new_event(test);
	char *line;

	*e = (struct oom_event) {
		.seq = 1, .victim_seq = 1, .uid = (uid_t)-1,
		.trigger_pid = 1, .trigger_comm = "init",
		.reason = OOM_EVENT_PANIC,
	};
	oom_event_set_domain(e, "/");
	line = format(test, e);
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " pid=0 uid=4294967295 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " comm=? cgroup=? "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " oom_cgroup=\"/\" "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " candidates=none "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " reason=panic class=? "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " inputs=none "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " freed_ms=?"));
}

/* The longest there can be: all numbers at their widest, all names in hex. */
static void longest_line(struct kunit *test)
{
	struct oom_event *e = new_event(test);
	char *line, *path;
	int i;

	path = kunit_kzalloc(test, OOM_EVENT_PATHS + 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, path);
	memset(path, ' ', OOM_EVENT_PATHS + 99);
	memset(e, 0xff, sizeof(*e));
	e->constraint = CONSTRAINT_MEMORY_POLICY;
	e->reason = OOM_EVENT_ALLOCATING;
	e->nr_candidates = OOM_EVENT_CANDIDATES;
	e->exiting = false;
	e->pid = INT_MIN;
	e->trigger_pid = INT_MIN;
	e->anon = U64_MAX >> 2;
	e->score = (struct oom_score) {
		S64_MIN, S64_MIN, S64_MIN, S64_MIN, S64_MIN, S64_MIN,
		OOM_CLASS_UNKILLABLE,
	};
	e->in.tcb = false;
	e->in.oom_score_adj = S16_MIN;
	e->in.parent = S64_MIN;
	for (i = 0; i < OOM_EVENT_CANDIDATES; i++) {
		e->candidates[i].pid = INT_MIN;
		e->candidates[i].oom_score_adj = S16_MIN;
		e->candidates[i].parent = S64_MIN;
		e->candidates[i].points = S64_MIN;
		e->candidates[i].tcb = false;
	}
	oom_event_set_cgroup(e, path);
	oom_event_set_domain(e, path);
	line = format(test, e);
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, ":-32768:user victim_seq="));
	/* Cut where there is no room, and both there. */
	KUNIT_EXPECT_EQ(test, OOM_EVENT_PATHS, (int)e->cgroup_len);
	KUNIT_EXPECT_EQ(test, OOM_EVENT_PATHS, (int)e->domain_len);
	kunit_info(test, "longest line: %zu of %d bytes", strlen(line),
		   OOM_EVENT_LINE);
}

static void two_paths(struct kunit *test)
{
	struct oom_event *e = new_event(test);
	char *line;

	/* A victim that moved away since: not a part of the other. */
	oom_event_set_cgroup(e, "/x");
	oom_event_set_domain(e, "/a/b");
	line = format(test, e);
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " cgroup=\"/x\" "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " oom_cgroup=\"/a/b\" "));
	/* A name that merely begins alike is cut right. */
	oom_event_set_cgroup(e, "/ab");
	oom_event_set_domain(e, "/a");
	line = format(test, e);
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " cgroup=\"/ab\" "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " oom_cgroup=\"/a\" "));
}

/* Whatever is in a name, one field comes out, which holds that name. */
static void names_stay_in_their_field(struct kunit *test)
{
	struct oom_event *e = new_event(test);
	char name[TASK_COMM_LEN], back[TASK_COMM_LEN], *line, *field, *end;
	struct rnd_state rnd;
	int run, i, len;

	prandom_seed_state(&rnd, SEED);
	for (run = 0; run < RUNS; run++) {
		*e = (struct oom_event) { .pid = 1 };
		memset(name, 0, sizeof(name));
		len = 1 + prandom_u32_state(&rnd) % (TASK_COMM_LEN - 1);
		for (i = 0; i < len; i++) {
			do {
				name[i] = prandom_u32_state(&rnd) %
					  (run % 2 ? 256 : 127);
			} while (!name[i]);
		}
		memcpy(e->comm, name, sizeof(name));
		line = format(test, e);
		field = strstr(line, " comm=");
		KUNIT_ASSERT_NOT_NULL(test, field);
		field += strlen(" comm=");
		end = strchr(field, ' ');
		KUNIT_ASSERT_NOT_NULL(test, end);
		KUNIT_ASSERT_EQ(test, 0, strncmp(end, " cgroup=", 8));
		memset(back, 0, sizeof(back));
		if (*field == '"') {
			KUNIT_ASSERT_EQ(test, '"', end[-1]);
			memcpy(back, field + 1, end - field - 2);
		} else {
			KUNIT_ASSERT_EQ(test, (ptrdiff_t)2 * len, end - field);
			KUNIT_ASSERT_EQ(test, 0, hex2bin(back, field, len));
		}
		KUNIT_EXPECT_EQ(test, 0, memcmp(back, name, sizeof(name)));
		for (i = 0; line[i]; i++)
			if (!isprint(line[i]))
				KUNIT_FAIL(test, "byte %d at %d", line[i], i);
		kunit_kfree(test, line);
	}
}

/* A shortage that goes on is one record, which counts up to what it can. */
static void nobody_counts(struct kunit *test)
{
	struct oom_ring *ring = new_ring(test, 2);
	struct oom_event *e = new_event(test);
	u64 seq, chosen;
	char *line;

	e->reason = OOM_EVENT_NOBODY;
	e->cgroup_id = 7;
	e->times = 1;
	seq = oom_ring_put(ring, e);
	KUNIT_EXPECT_TRUE(test, oom_ring_repeat(ring, seq, OOM_EVENT_NOBODY, 7));
	KUNIT_EXPECT_TRUE(test, oom_ring_repeat(ring, seq, OOM_EVENT_NOBODY, 7));
	KUNIT_EXPECT_FALSE(test, oom_ring_repeat(ring, seq, OOM_EVENT_NOBODY, 8));
	KUNIT_EXPECT_FALSE(test, oom_ring_repeat(ring, seq + 1, OOM_EVENT_NOBODY, 7));
	KUNIT_EXPECT_FALSE(test, oom_ring_repeat(ring, seq, OOM_EVENT_CALLED_OFF, 7));
	KUNIT_ASSERT_TRUE(test, oom_ring_get(ring, seq, e));
	KUNIT_EXPECT_EQ(test, e->times, 3);
	line = format(test, e);
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " reason=nobody "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(line, " times=3"));

	e->times = U32_MAX;
	seq = oom_ring_put(ring, e);
	KUNIT_EXPECT_TRUE(test, oom_ring_repeat(ring, seq, OOM_EVENT_NOBODY, 7));
	KUNIT_ASSERT_TRUE(test, oom_ring_get(ring, seq, e));
	KUNIT_EXPECT_EQ(test, e->times, U32_MAX);

	/* No other record counts, nor one that has left the ring. */
	e->reason = OOM_EVENT_CHOSEN;
	chosen = oom_ring_put(ring, e);
	KUNIT_EXPECT_FALSE(test, oom_ring_repeat(ring, chosen, OOM_EVENT_NOBODY, 7));
	KUNIT_EXPECT_NULL(test, strstr(format(test, e), "times="));
	oom_ring_put(ring, e);
	KUNIT_EXPECT_FALSE(test, oom_ring_repeat(ring, seq, OOM_EVENT_NOBODY, 7));
}

static void nobody_is_remembered(struct kunit *test)
{
	const u64 quiet = OOM_NOBODY_QUIET_MS;
	struct oom_nobody known[3] = {}, *at;
	bool again;
	u64 id;

	/* Each cgroup gets a place of its own, and keeps it. */
	for (id = 1; id <= 3; id++) {
		at = oom_nobody_find(known, 3, id, 100 * id, &again);
		KUNIT_EXPECT_FALSE(test, again);
		KUNIT_EXPECT_EQ(test, at->cgroup_id, 0);
		at->cgroup_id = id;
		at->last_ms = 100 * id;
	}
	for (id = 1; id <= 3; id++) {
		at = oom_nobody_find(known, 3, id, 400, &again);
		KUNIT_EXPECT_TRUE(test, again);
		KUNIT_EXPECT_EQ(test, at->cgroup_id, id);
	}
	/* Quiet for long enough it is another shortage. */
	oom_nobody_find(known, 3, 2, 200 + quiet - 1, &again);
	KUNIT_EXPECT_TRUE(test, again);
	at = oom_nobody_find(known, 3, 2, 200 + quiet, &again);
	KUNIT_EXPECT_FALSE(test, again);
	KUNIT_EXPECT_EQ(test, at->cgroup_id, 2);
	/* Where there is no place left the oldest goes. */
	at = oom_nobody_find(known, 3, 9, 500, &again);
	KUNIT_EXPECT_FALSE(test, again);
	KUNIT_EXPECT_EQ(test, at->cgroup_id, 1);
	known[0].last_ms = 500;
	at = oom_nobody_find(known, 3, 9, 501, &again);
	KUNIT_EXPECT_EQ(test, at->cgroup_id, 2);
}

static void overflow_line(struct kunit *test)
{
	char line[128];

	oom_event_format_overflow(5, 3, line, sizeof(line));
	KUNIT_EXPECT_STREQ(test, line,
			   "overflow=1 lost=3 first_seq=5 last_seq=7");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(numbers_from_one),
	KUNIT_CASE(overflow_is_exact),
	KUNIT_CASE(no_memory_no_silence),
	KUNIT_CASE(late_memory),
	KUNIT_CASE(history_is_the_last),
	KUNIT_CASE(held_until_complete),
	KUNIT_CASE(freed_once),
	KUNIT_CASE(counted_again),
	KUNIT_CASE(each_once),
	KUNIT_CASE(a_line),
	KUNIT_CASE(a_panic),
	KUNIT_CASE(longest_line),
	KUNIT_CASE(two_paths),
	KUNIT_CASE(names_stay_in_their_field),
	KUNIT_CASE(nobody_counts),
	KUNIT_CASE(nobody_is_remembered),
	KUNIT_CASE(overflow_line),
	{}
};

static struct kunit_suite oom_event_suite = {
	.name = "oom_event",
	.test_cases = cases,
};

kunit_test_suite(oom_event_suite);

MODULE_DESCRIPTION("KUnit tests for records of OOM kills");
MODULE_LICENSE("GPL");
