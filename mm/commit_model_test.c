// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for commit accounting: a model of what mm/commit.c does step by step,
 * and an explorer that takes the steps of two and three CPUs in each order.
 *
 * A step is what a CPU does under its own lock, or between two such steps while it
 * has the lock of a count. Each CPU makes some requests. A state is visited once,
 * whatever led to it; what a request has seen meanwhile is a part of it:
 *
 *	promised	never over the limit, and what "taken" and the slots say
 *	refused		there was an instant since the request began, in one of the
 *			counts, when it did not fit
 *	read		was so at an instant since the reader began
 *
 * That the explorer finds what is wrong is shown by models that are: see enum fault.
 */

#include <kunit/test.h>
#include <linux/hash.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define CPUS		3
#define COUNTS		2	/* a group, and the one above it */
#define REQUESTS	3
#define HELD		2	/* pages that each CPU's process has at first */

/**
 * enum fault - what a model does wrong
 * @FAULT_NONE: nothing
 * @FAULT_LEFT_OPEN: slots are emptied and not shut
 * @FAULT_NO_NOTE: what was in a slot is not noted for who looks
 * @FAULT_LET_GO: locks are released before what fits is charged
 * @FAULT_REFUSED_BY_TAKEN: what does not fit beside "taken" is refused
 * @FAULT_NOT_TAKEN: what is set aside is not taken
 * @FAULTS: how many there are
 */
enum fault {
	FAULT_NONE,
	FAULT_LEFT_OPEN,
	FAULT_NO_NOTE,
	FAULT_LET_GO,
	FAULT_REFUSED_BY_TAKEN,
	FAULT_NOT_TAKEN,
	FAULTS,
};

enum request {
	END,
	PROMISE_1,
	PROMISE_2,
	RETURN_1,
	READ_LOW,
	READ_HIGH,
	KINDS,
};

/* Where a CPU is within a request */
enum place {
	AT_START,	/* the slots of all counts, without a lock */
	AT_LOCK,	/* take the lock of @count */
	AT_JUDGE,	/* does it fit into @count? */
	AT_LOOK,	/* at the slot of @visit, for AT_JUDGE or a reader */
	AT_SHUT,	/* the slot of @visit */
	AT_JUDGE_AGAIN,	/* when all are shut */
	AT_CHARGE,	/* all counts */
	AT_UNLOCK,	/* and go to @after */
	AT_PUT,		/* into the slot of @count, without a lock */
	AT_RETURN,	/* to @count, with its lock */
};

struct slot {
	s8 aside;
	s8 least;
	s8 most;
	s8 had;
	u8 look;
};

struct count {
	s8 taken;
	s8 promised;	/* what it ought to come to */
	u8 look;
	u8 owner;	/* of the lock: a CPU and 1, or 0 */
	struct slot slots[CPUS];
};

struct cpu {
	u8 request;	/* which of its requests is next or under way */
	u8 place;
	u8 after;
	u8 count;
	u8 visit;
	u8 locked;	/* a bit for each count */
	s8 sum;
	u8 begun;
	u8 unfit;	/* there was an instant at which it did not fit */
	u16 seen;	/* a bit for each value that the count has had meanwhile */
};

struct state {
	struct count counts[COUNTS];
	struct cpu cpus[CPUS];
};

/**
 * struct model - what is explored
 * @cpus: how many take part
 * @max: limits of the counts, or 0
 * @programs: the requests of each CPU
 * @fault: what is wrong with it
 * @wrong: what was found to be wrong, or NULL
 * @states: how many were visited
 */
struct model {
	unsigned int cpus;
	s8 max[COUNTS];
	u8 programs[CPUS][REQUESTS];
	enum fault fault;
	const char *wrong;
	unsigned long states;
};

#define SEEN_BITS	15
#define SEEN		BIT(SEEN_BITS)	/* states that are remembered */
#define DEEPEST		1024

/**
 * struct explorer - where explorations keep their states
 * @nr: which exploration it is
 * @seen: states visited, by hash
 * @by: the exploration that has visited it
 * @todo: those to go on from
 */
struct explorer {
	unsigned int nr;
	struct state seen[SEEN];
	unsigned int by[SEEN];
	struct state todo[DEEPEST];
};

static enum request asked(const struct model *m, const struct state *s, int c)
{
	u8 request = s->cpus[c].request;

	return request < REQUESTS ? m->programs[c][request] : END;
}

static s8 pages(enum request request)
{
	return request == PROMISE_2 ? 2 : 1;
}

static void note(const struct model *m, struct count *count, struct slot *slot)
{
	if (slot->look == count->look || m->fault == FAULT_NO_NOTE)
		return;
	slot->look = count->look;
	slot->had = slot->aside;
}

static void slot_set(struct count *count, struct slot *slot, s8 aside, s8 least, s8 most)
{
	count->taken += aside - slot->aside;
	slot->aside = aside;
	slot->least = least;
	slot->most = most;
}

/* As commit_slot_open(), with amounts for which states are few */
static void slot_open(const struct model *m, struct state *s, int n, int c)
{
	struct count *count = &s->counts[n];
	struct slot *slot = &count->slots[c];
	s8 free = m->max[n] - (count->taken - slot->aside);

	if (!m->max[n]) {
		slot_set(count, slot, 0, -2, 2);
	} else if (free >= 1) {
		slot_set(count, slot, 1, 0, 2);
		if (m->fault == FAULT_NOT_TAKEN)
			count->taken--;
	} else {
		slot_set(count, slot, 0, 0, 0);
	}
}

static void promised(struct state *s, int n, s8 change)
{
	s->counts[n].promised += change;
}

static void next_request(struct cpu *cpu)
{
	*cpu = (struct cpu) { .request = cpu->request + 1 };
}

static void refuse(struct model *m, struct cpu *cpu)
{
	if (!cpu->unfit)
		m->wrong = "refused, and fitted at each instant";
	cpu->place = AT_UNLOCK;
	cpu->after = AT_START;
}

static int next_locked(const struct cpu *cpu, int n)
{
	while (n < COUNTS && !(cpu->locked & BIT(n)))
		n++;
	return n;
}

static void look(struct count *count, struct cpu *cpu, enum place after)
{
	count->look++;
	cpu->visit = 0;
	cpu->sum = 0;
	cpu->place = AT_LOOK;
	cpu->after = after;
}

/* One promise after all locks are held, or without any */
static void charge(const struct model *m, struct state *s, int c, s8 size)
{
	struct cpu *cpu = &s->cpus[c];
	u8 missing = 0;
	int n;

	for (n = 0; n < COUNTS; n++) {
		struct slot *slot = &s->counts[n].slots[c];

		if (slot->aside - slot->least < size && !(cpu->locked & BIT(n)))
			missing |= BIT(n);
	}
	for (n = 0; n < COUNTS && !missing; n++) {
		struct count *count = &s->counts[n];
		struct slot *slot = &count->slots[c];

		if (cpu->locked & BIT(n)) {
			count->taken += size;
			slot_open(m, s, n, c);
		} else {
			note(m, count, slot);
			slot->aside -= size;
		}
		promised(s, n, size);
	}
	if (!missing && !cpu->locked) {
		next_request(cpu);
		return;
	}
	if (!missing) {
		cpu->place = AT_UNLOCK;
		cpu->after = AT_START;
		return;
	}
	/* Let go of all, and take one more. */
	cpu->after = AT_LOCK;
	cpu->place = cpu->locked ? AT_UNLOCK : AT_LOCK;
	cpu->locked |= missing;
	cpu->count = next_locked(cpu, 0);
}

static void unlock(struct state *s, int c)
{
	int n;

	for (n = 0; n < COUNTS; n++)
		if (s->counts[n].owner == c + 1)
			s->counts[n].owner = 0;
}

static void judge(struct model *m, struct state *s, int c, s8 size)
{
	struct cpu *cpu = &s->cpus[c];
	int n = cpu->count;
	struct count *count = &s->counts[n];
	bool fits = !m->max[n] || count->taken + size <= m->max[n];
	bool looked = cpu->place == AT_JUDGE && cpu->after == AT_JUDGE && cpu->visit;

	if (fits) {
		cpu->after = AT_START;
		cpu->visit = 0;
		cpu->count = next_locked(cpu, n + 1);
		cpu->place = cpu->count < COUNTS ? AT_JUDGE : AT_CHARGE;
	} else if (cpu->place == AT_JUDGE_AGAIN || m->fault == FAULT_REFUSED_BY_TAKEN) {
		refuse(m, cpu);
	} else if (!looked) {
		look(count, cpu, AT_JUDGE);
	} else if (count->taken - cpu->sum + size <= m->max[n]) {
		cpu->place = AT_SHUT;
		cpu->visit = 0;
	} else {
		refuse(m, cpu);
	}
	if (m->fault == FAULT_LET_GO && cpu->place == AT_CHARGE)
		unlock(s, c);
}

static void step_promise(struct model *m, struct state *s, int c, s8 size)
{
	struct cpu *cpu = &s->cpus[c];
	struct count *count = &s->counts[cpu->count];
	struct slot *slot;

	switch (cpu->place) {
	case AT_START:
	case AT_CHARGE:
		charge(m, s, c, size);
		break;
	case AT_LOCK:
		count->owner = c + 1;
		cpu->count = next_locked(cpu, cpu->count + 1);
		if (cpu->count == COUNTS) {
			cpu->count = next_locked(cpu, 0);
			cpu->place = AT_JUDGE;
			cpu->after = AT_START;
		}
		break;
	case AT_JUDGE:
	case AT_JUDGE_AGAIN:
		judge(m, s, c, size);
		break;
	case AT_SHUT:
		slot = &count->slots[cpu->visit];
		if (m->fault == FAULT_LEFT_OPEN)
			slot_set(count, slot, 0, slot->least, slot->most);
		else
			slot_set(count, slot, 0, 0, 0);
		if (++cpu->visit == m->cpus)
			cpu->place = AT_JUDGE_AGAIN;
		break;
	}
}

static void step_return(struct model *m, struct state *s, int c, s8 size)
{
	struct cpu *cpu = &s->cpus[c];
	struct count *count = &s->counts[cpu->count];
	struct slot *slot = &count->slots[c];
	int n;

	switch (cpu->place) {
	case AT_START:
		for (n = 0; n < COUNTS; n++) {
			slot = &s->counts[n].slots[c];
			if (slot->most - slot->aside < size)
				break;
		}
		if (n < COUNTS) {
			cpu->place = AT_PUT;
			break;
		}
		for (n = 0; n < COUNTS; n++) {
			slot = &s->counts[n].slots[c];
			note(m, &s->counts[n], slot);
			slot->aside += size;
			promised(s, n, -size);
		}
		next_request(cpu);
		break;
	case AT_PUT:
		if (slot->most - slot->aside < size) {
			cpu->place = AT_LOCK;
			break;
		}
		note(m, count, slot);
		slot->aside += size;
		promised(s, cpu->count, -size);
		if (++cpu->count == COUNTS)
			next_request(cpu);
		break;
	case AT_LOCK:
		count->owner = c + 1;
		cpu->place = AT_RETURN;
		break;
	case AT_RETURN:
		count->taken -= size;
		slot_open(m, s, cpu->count, c);
		promised(s, cpu->count, -size);
		count->owner = 0;
		cpu->place = AT_PUT;
		if (++cpu->count == COUNTS)
			next_request(cpu);
		break;
	}
}

static void step_read(struct model *m, struct state *s, int c, int n)
{
	struct cpu *cpu = &s->cpus[c];

	if (cpu->place == AT_START) {
		cpu->count = n;
		cpu->place = AT_LOCK;
	} else if (cpu->place == AT_LOCK) {
		s->counts[n].owner = c + 1;
		look(&s->counts[n], cpu, AT_JUDGE);
	} else {
		s8 sum = s->counts[n].taken - cpu->sum;

		if (sum < 0 || sum > 15 || !(cpu->seen & BIT(sum)))
			m->wrong = "read what was so at no instant";
		unlock(s, c);
		next_request(cpu);
	}
}

/* What each request that is under way comes to see */
static void witness(struct model *m, struct state *s)
{
	int c, n;

	for (n = 0; n < COUNTS; n++) {
		struct count *count = &s->counts[n];
		s8 sum = count->taken;

		for (c = 0; c < m->cpus; c++)
			sum -= count->slots[c].aside;
		if (sum != count->promised)
			m->wrong = "does not come to what was promised";
		if (m->max[n] && count->promised > m->max[n])
			m->wrong = "over the limit";
	}
	for (c = 0; c < m->cpus; c++) {
		struct cpu *cpu = &s->cpus[c];
		enum request request = asked(m, s, c);

		if (!cpu->begun)
			continue;
		switch (request) {
		case PROMISE_1:
		case PROMISE_2:
			for (n = 0; n < COUNTS; n++)
				if (m->max[n] &&
				    s->counts[n].promised + pages(request) > m->max[n])
					cpu->unfit = true;
			break;
		case READ_LOW:
		case READ_HIGH:
			n = request == READ_HIGH;
			if (s->counts[n].promised >= 0 && s->counts[n].promised < 16)
				cpu->seen |= BIT(s->counts[n].promised);
			break;
		default:
			break;
		}
	}
}

/* May a CPU go on? Not while it waits for a lock. */
static bool runs(const struct model *m, const struct state *s, int c)
{
	const struct cpu *cpu = &s->cpus[c];

	return asked(m, s, c) != END &&
	       !(cpu->place == AT_LOCK && s->counts[cpu->count].owner);
}

static void step(struct model *m, struct state *s, int c)
{
	enum request request = asked(m, s, c);
	struct cpu *cpu = &s->cpus[c];

	if (!cpu->begun) {
		cpu->begun = true;
		witness(m, s);
	}
	if (cpu->place == AT_LOOK) {
		struct count *count = &s->counts[cpu->count];
		struct slot *slot = &count->slots[cpu->visit];

		note(m, count, slot);
		cpu->sum += m->fault == FAULT_NO_NOTE ? slot->aside : slot->had;
		if (++cpu->visit == m->cpus)
			cpu->place = cpu->after;
	} else if (cpu->place == AT_UNLOCK) {
		unlock(s, c);
		if (cpu->after == AT_LOCK)
			cpu->place = AT_LOCK;
		else
			next_request(cpu);
	} else if (request == RETURN_1) {
		step_return(m, s, c, pages(request));
	} else if (request == READ_LOW || request == READ_HIGH) {
		step_read(m, s, c, request == READ_HIGH);
	} else {
		step_promise(m, s, c, pages(request));
	}
	witness(m, s);
}

/* Was it visited? If not, it is now. */
static bool visited(struct explorer *e, const struct state *s, struct model *m)
{
	const u8 *bytes = (const u8 *)s;
	u32 hash = 0;
	unsigned int i;

	for (i = 0; i < sizeof(*s); i++)
		hash = hash * 31 + bytes[i];
	for (i = hash_32(hash, SEEN_BITS); e->by[i] == e->nr; i = (i + 1) % SEEN)
		if (!memcmp(&e->seen[i], s, sizeof(*s)))
			return true;
	if (++m->states > SEEN / 2) {
		m->wrong = "more states than there is room for";
		return true;
	}
	e->seen[i] = *s;
	e->by[i] = e->nr;
	return false;
}

static void explore(struct explorer *e, struct model *m)
{
	struct state *first = e->todo;
	unsigned int todo = 1;
	int c, n;

	e->nr++;
	memset(first, 0, sizeof(*first));
	m->wrong = NULL;
	m->states = 0;
	for (n = 0; n < COUNTS; n++) {
		first->counts[n].taken = m->cpus * HELD;
		first->counts[n].promised = m->cpus * HELD;
		first->counts[n].look = 1;
		for (c = 0; c < m->cpus; c++)
			slot_open(m, first, n, c);
	}
	while (todo && !m->wrong) {
		struct state from = e->todo[--todo];
		bool waits = false, moves = false;

		for (c = 0; c < m->cpus && !m->wrong; c++) {
			struct state *to = &e->todo[todo];

			if (asked(m, &from, c) == END)
				continue;
			waits = true;
			if (!runs(m, &from, c))
				continue;
			moves = true;
			*to = from;
			step(m, to, c);
			if (!m->wrong && !visited(e, to, m) && ++todo == DEEPEST)
				m->wrong = "deeper than there is room for";
		}
		if (waits && !moves)
			m->wrong = "stuck";
	}
}

static struct explorer *explorer_alloc(struct kunit *test)
{
	struct explorer *e = vzalloc(sizeof(*e));

	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, (kunit_action_t *)vfree, e), 0);
	return e;
}

/* Limits with so much room, of which slots have a part; or none */
static const s8 room[][COUNTS] = {
	{ 2, 2 }, { 3, 0 }, { 1, 1 }, { 3, 3 }, { 2, 4 }, { 4, 2 }, { 0, 3 }, { 5, 4 },
};

/* All of them take half a second on a host, and half a minute in a guest. */
static unsigned int rooms = IS_ENABLED(CONFIG_UML) ? ARRAY_SIZE(room) : 2;
module_param(rooms, uint, 0);

static s8 limit(unsigned int cpus, s8 free)
{
	return free ? cpus * HELD + free : 0;
}

/*
 * Each program of so many requests a CPU, in each order of their steps; of a model with
 * a fault until it is found
 */
static void explore_all(struct kunit *test, struct explorer *e, unsigned int cpus,
			unsigned int requests, enum fault fault, unsigned int *found)
{
	unsigned long states = 0, programs = 0;
	unsigned int i, c, r, all = 1, nr;

	for (i = 0; i < cpus * requests; i++)
		all *= KINDS - 1;
	for (nr = 0; nr < all; nr++) {
		struct model m = { .cpus = cpus, .fault = fault };
		unsigned int digits = nr;

		for (c = 0; c < cpus; c++)
			for (r = 0; r < requests; r++) {
				m.programs[c][r] = 1 + digits % (KINDS - 1);
				digits /= KINDS - 1;
			}
		for (i = 0; i < min(rooms, ARRAY_SIZE(room)); i++) {
			m.max[0] = limit(cpus, room[i][0]);
			m.max[1] = limit(cpus, room[i][1]);
			explore(e, &m);
			states += m.states;
			programs++;
			*found += !!m.wrong;
			if (fault != FAULT_NONE && m.wrong)
				return;
			if (fault == FAULT_NONE && m.wrong)
				KUNIT_FAIL(test, "%s: %u CPUs, program %u, room %u",
					   m.wrong, cpus, nr, i);
			cond_resched();
		}
	}
	if (fault == FAULT_NONE)
		kunit_info(test, "%u CPUs, %u requests each: %lu programs, %lu states",
			   cpus, requests, programs, states);
}

static void two_cpus(struct kunit *test)
{
	struct explorer *e = explorer_alloc(test);
	unsigned int found = 0;

	explore_all(test, e, 2, 1, FAULT_NONE, &found);
	explore_all(test, e, 2, 2, FAULT_NONE, &found);
	KUNIT_EXPECT_EQ(test, found, 0);
}

static void three_cpus(struct kunit *test)
{
	struct explorer *e = explorer_alloc(test);
	unsigned int found = 0;

	explore_all(test, e, 3, 1, FAULT_NONE, &found);
	KUNIT_EXPECT_EQ(test, found, 0);
}

static void faults_are_found(struct kunit *test)
{
	struct explorer *e = explorer_alloc(test);
	enum fault fault;

	for (fault = FAULT_NONE + 1; fault < FAULTS; fault++) {
		unsigned int found = 0;

		explore_all(test, e, 3, 1, fault, &found);
		KUNIT_EXPECT_EQ_MSG(test, found, 1, "fault %d", fault);
	}
}

static struct kunit_case commit_model_cases[] = {
	KUNIT_CASE_SLOW(two_cpus),
	KUNIT_CASE_SLOW(three_cpus),
	KUNIT_CASE_SLOW(faults_are_found),
	{}
};

static struct kunit_suite commit_model_suite = {
	.name = "commit_model",
	.test_cases = commit_model_cases,
};

kunit_test_suite(commit_model_suite);

MODULE_DESCRIPTION("KUnit tests for commit accounting: each order of steps");
MODULE_LICENSE("GPL");
