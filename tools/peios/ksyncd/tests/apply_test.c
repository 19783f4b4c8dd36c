// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy into the kernel, all of it or nothing: on a model of the kernel in
 * which every knob can fail in every way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ksyncd.h"
#include "test.h"

enum fault {
	NONE,
	REFUSES,	/* write fails, nothing changes */
	TAKES_OTHER,	/* write succeeds, another value is there */
	TAKES_AND_FAILS,/* write fails, but the value is there */
	CANT_READ,	/* once written it can't be read any more */
	CHANGES_LATER,	/* someone else changes it after the last write */
	NR_FAULTS,
};

static struct values model;
static enum fault fault;
static enum setting_id faulty;
static bool stuck;	/* @faulty can't be restored either */
static int writes, faults;
static long long promised;

static void model_set(enum setting_id id, long long value)
{
	model.v[id] = value;
	if (id == OVERCOMMIT_RATIO)
		model.v[OVERCOMMIT_KBYTES] = 0;
	if (id == OVERCOMMIT_KBYTES)
		model.v[OVERCOMMIT_RATIO] = 0;
}

static int model_read(const struct kernel *kernel, enum setting_id id,
		      long long *value)
{
	(void)kernel;
	if (!model.set[id])
		return -ENOENT;
	if (fault == CANT_READ && id == faulty && faults == 1) {
		faults++;
		return -EIO;
	}
	*value = model.v[id];
	return 0;
}

static int model_write(const struct kernel *kernel, enum setting_id id,
		       long long value)
{
	(void)kernel;
	writes++;
	if (!model.set[id])
		return -ENOENT;
	if (fault == NONE || id != faulty || (faults && !stuck)) {
		model_set(id, value);
		return 0;
	}
	faults++;
	switch (fault) {
	case REFUSES:
		return -EACCES;
	case TAKES_OTHER:
		model_set(id, value + 5000);
		return 0;
	case TAKES_AND_FAILS:
		model_set(id, value);
		return -EIO;
	default:
		model_set(id, value);
		return 0;
	}
}

static void model_machine(const struct kernel *kernel, struct machine *machine)
{
	(void)kernel;
	*machine = (struct machine) {
		.known = true, .ram = 1000000, .swap = 0, .promised = promised,
	};
}

static const struct kernel kernel = {
	.read = model_read, .write = model_write, .machine = model_machine,
};

/* Someone else changes what was written, before all is read at the end. */
static int read_and_change(const struct kernel *k, enum setting_id id,
			   long long *value)
{
	if (faults == 1 && id == 0) {
		model.v[faulty] ^= 1;
		faults++;
	}
	return model_read(k, id, value);
}

static void random_state(struct values *s, bool given)
{
	int id;

	*s = (struct values) {};
	for (id = 0; id < NR_SETTINGS; id++) {
		const struct setting *set = &settings[id];
		long long span = set->max - set->min;

		if (given && rand() % 2)
			continue;
		s->set[id] = true;
		s->v[id] = set->min + (span > 2000 ? rand() % 2000 : rand() % (span + 1));
	}
	/* What the kernel can have, and what the check lets pass. */
	if (rand() % 2 || (given && s->set[OVERCOMMIT_RATIO])) {
		s->v[OVERCOMMIT_KBYTES] = 0;
	} else {
		s->v[OVERCOMMIT_RATIO] = 0;
		if (given)
			s->set[OVERCOMMIT_RATIO] = false;
	}
}

static bool said(const struct messages *m, const char *what)
{
	int i;

	for (i = 0; i < m->nr; i++)
		if (strstr(m->text[i], what))
			return true;
	return false;
}

static void applies(void)
{
	static struct messages m;
	struct values given, want;
	int round, id, ret, again;

	fault = NONE;
	promised = 0;
	for (round = 0; round < 20000; round++) {
		random_state(&model, false);
		random_state(&given, true);
		writes = 0;
		m = (struct messages) {};
		ret = policy_apply(&kernel, &given, false, &m);
		expect(ret >= 0 && ret == writes, "%d: %s", ret, m.text[0]);
		policy_complete(&given, &want);
		for (id = 0; id < NR_SETTINGS; id++) {
			if (given.set[id] && !(id == OVERCOMMIT_RATIO && want.v[OVERCOMMIT_KBYTES]))
				expect(model.v[id] == given.v[id], "%s",
				       settings[id].name);
			expect(policy_in_force(&model, &want, id), "%s",
			       settings[id].name);
		}
		again = policy_apply(&kernel, &given, false, &m);
		expect(!again, "%d knobs written again", again);
	}
}

static void fails_whole(enum fault kind)
{
	static struct messages m;
	struct values given, before;
	int round, ret, failed = 0;
	char name[64];

	for (round = 0; round < 40000; round++) {
		random_state(&model, false);
		random_state(&given, true);
		before = model;
		fault = kind;
		faulty = rand() % NR_SETTINGS;
		faults = 0;
		stuck = false;
		m = (struct messages) {};
		ret = policy_apply(&kernel, &given, false, &m);
		if (!faults) {
			expect(ret >= 0, "failed without a fault: %s",
			       m.text[0]);
			continue;
		}
		failed++;
		expect(ret < 0 && m.errors, "fault %d of %s not seen", kind,
		       settings[faulty].name);
		expect(said(&m, sysctl_name(faulty, name, sizeof(name))),
		       "%s is not named", name);
		expect(!memcmp(model.v, before.v, sizeof(before.v)),
		       "fault %d of %s: not restored", kind, name);
	}
	expect(failed > 1000, "%d faults", failed);
}

static void changed_at_the_end(void)
{
	struct kernel other = kernel;
	static struct messages m;
	struct values given, before;
	int round, ret, failed = 0;

	other.read = read_and_change;
	for (round = 0; round < 20000; round++) {
		random_state(&model, false);
		random_state(&given, true);
		before = model;
		fault = CHANGES_LATER;
		faulty = PANIC_ON_OOM;
		faults = 0;
		writes = 0;
		m = (struct messages) {};
		ret = policy_apply(&other, &given, false, &m);
		if (faults < 2 || ret >= 0)
			continue;
		failed++;
		expect(said(&m, "panic_on_oom"), "%s", m.text[0]);
		expect(!memcmp(model.v, before.v, sizeof(before.v)), "not restored");
	}
	expect(failed > 100, "%d failed", failed);
}

/* What can't be restored is said, and the rest is restored all the same. */
static void restoring_fails(void)
{
	static struct messages m;
	struct values given, before;
	int round, ret, id, failed = 0;

	for (round = 0; round < 20000; round++) {
		random_state(&model, false);
		random_state(&given, true);
		before = model;
		fault = TAKES_OTHER;
		faulty = OOM_DUMP_TASKS;
		faults = 0;
		stuck = true;
		m = (struct messages) {};
		ret = policy_apply(&kernel, &given, false, &m);
		if (!faults)
			continue;
		failed++;
		expect(ret < 0, "not seen");
		expect(said(&m, "NOT be restored"), "%s", m.text[0]);
		for (id = 0; id < NR_SETTINGS; id++)
			expect(id == OOM_DUMP_TASKS ||
			       model.v[id] == before.v[id], "%s not restored",
			       settings[id].name);
	}
	stuck = false;
	expect(failed > 1000, "%d", failed);
}

static void missing_knobs(void)
{
	static struct messages m;
	struct values given = {}, before;

	fault = NONE;
	srand(7);
	random_state(&model, false);
	model.set[OOM_PARENT_SHARE] = false;
	before = model;
	given.set[OOM_PARENT_SHARE] = true;
	given.v[OOM_PARENT_SHARE] = 100;
	writes = 0;
	expect(policy_apply(&kernel, &given, false, &m) < 0, "applied");
	expect(said(&m, "this kernel has no vm.oom_parent_share"), "%s",
	       m.text[0]);
	expect(!writes && !memcmp(&model, &before, sizeof(model)), "changed");

	/* Not asked for: then the kernel need not have it. */
	given.set[OOM_PARENT_SHARE] = false;
	m = (struct messages) {};
	expect(policy_apply(&kernel, &given, false, &m) >= 0, "%s", m.text[0]);
}

/* Without Peios: the rest of the policy is applied. */
static void no_peios(void)
{
	static struct messages m;
	struct values given = {};

	fault = NONE;
	srand(9);
	random_state(&model, false);
	model.set[PROCESS_QUERY] = false;
	model.v[PANIC_ON_OOM] = 0;
	given.set[PROCESS_QUERY] = true;
	given.v[PROCESS_QUERY] = QUERY_EVERYONE;
	given.set[PANIC_ON_OOM] = true;
	given.v[PANIC_ON_OOM] = 1;
	expect(policy_apply(&kernel, &given, false, &m) > 0, "%s", m.text[0]);
	expect(!m.nr, "%s", m.text[0]);
	expect(model.v[PANIC_ON_OOM] == 1, "not applied");

	given.v[PROCESS_QUERY] = QUERY_OWNER;
	given.v[PANIC_ON_OOM] = 2;
	expect(policy_apply(&kernel, &given, false, &m) > 0, "%s", m.text[0]);
	expect(m.nr == 1 && !m.error[0], "no warning");
	expect(said(&m, "ProcessQuery: Peios is not active"), "%s", m.text[0]);
	expect(model.v[PANIC_ON_OOM] == 2, "not applied");
}

static void over(void)
{
	static struct messages m;
	struct values given = {}, before;

	fault = NONE;
	srand(8);
	random_state(&model, false);
	model_set(OVERCOMMIT_RATIO, 50);
	model.v[OVERCOMMIT_MEMORY] = 0;
	model.v[ADMIN_RESERVE_KBYTES] = 8192;
	before = model;
	given.set[OVERCOMMIT_MEMORY] = true;
	given.v[OVERCOMMIT_MEMORY] = 2;

	promised = 495000;
	writes = 0;
	m = (struct messages) {};
	expect(policy_apply(&kernel, &given, true, &m) < 0, "applied");
	expect(said(&m, "refused: strict mode would refuse"), "%s", m.text[0]);
	expect(!writes && !memcmp(&model, &before, sizeof(model)), "changed");

	m = (struct messages) {};
	expect(policy_apply(&kernel, &given, false, &m) > 0, "%s", m.text[0]);
	expect(m.nr == 1 && !m.error[0], "no warning");
	expect(model.v[OVERCOMMIT_MEMORY] == 2, "not applied");

	model = before;
	promised = 491000;
	m = (struct messages) {};
	expect(policy_apply(&kernel, &given, true, &m) > 0, "%s", m.text[0]);
	expect(!m.nr, "%s", m.text[0]);
	promised = 0;
}

int main(void)
{
	srand(1);
	applies();
	test_done("applying reaches the policy, and has nothing to do then");
	fails_whole(REFUSES);
	test_done("a knob that refuses: all is restored");
	fails_whole(TAKES_OTHER);
	test_done("a knob that takes another value: all is restored");
	fails_whole(TAKES_AND_FAILS);
	test_done("a knob that takes it and reports an error: all is restored");
	fails_whole(CANT_READ);
	test_done("a knob that can't be read back: all is restored");
	changed_at_the_end();
	test_done("a knob that someone else changes meanwhile: all is restored");
	restoring_fails();
	test_done("what can't be restored is said");
	missing_knobs();
	test_done("a knob that this kernel has not");
	no_peios();
	test_done("a setting of Peios on a kernel without it");
	over();
	test_done("strict mode that would refuse everything: refused or warned of");
	return test_end();
}
