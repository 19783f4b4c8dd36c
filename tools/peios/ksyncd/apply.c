// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy into the kernel, all of it or nothing.
 */
#include <errno.h>
#include <stdio.h>

#include "ksyncd.h"

/**
 * kernel_values() - read what is in force
 * @kernel: the kernel
 * @now: the result; a knob that this kernel does not have is not set
 * @m: what can't be read is added
 *
 * Return: 0, or -1 if something can't be read.
 */
int kernel_values(const struct kernel *kernel, struct values *now,
		  struct messages *m)
{
	char name[64];
	int id, err, failed = 0;

	*now = (struct values) {};
	for (id = 0; id < NR_SETTINGS; id++) {
		err = kernel->read(kernel, id, &now->v[id]);
		now->set[id] = !err;
		if (!err)
			continue;
		now->v[id] = 0;
		if (err == -ENOENT)
			continue;
		error_add(m, "%s can't be read: %s",
			  sysctl_name(id, name, sizeof(name)), errno_text(err));
		failed = -1;
	}
	return failed;
}

/* Write one knob and see that it took it. */
static int write_checked(const struct kernel *kernel, enum setting_id id,
			 long long value, struct messages *m)
{
	long long took = 0;
	char name[64];
	int err;

	sysctl_name(id, name, sizeof(name));
	err = kernel->write(kernel, id, value);
	if (err) {
		error_add(m, "%s = %lld: %s", name, value, errno_text(err));
		return -1;
	}
	err = kernel->read(kernel, id, &took);
	if (err) {
		error_add(m, "%s = %lld: written, but can't be read back: %s",
			  name, value, errno_text(err));
		return -1;
	}
	if (took != value) {
		error_add(m, "%s = %lld: the kernel has %lld instead", name,
			  value, took);
		return -1;
	}
	return 0;
}

/* Whether a knob has what it had before the step. */
static bool undone(const struct kernel *kernel, const struct step *step)
{
	long long value, kbytes;

	if (kernel->read(kernel, step->undo_id, &value) ||
	    value != step->undo_value)
		return false;
	/* The share may be 0 just because an amount was written. */
	return step->undo_id != OVERCOMMIT_RATIO ||
	       (!kernel->read(kernel, OVERCOMMIT_KBYTES, &kbytes) && !kbytes);
}

/* Undo the first @done steps, the last of them first. */
static void take_back(const struct kernel *kernel, const struct step *steps,
		      int done, struct messages *m)
{
	char name[64];

	while (done-- > 0) {
		const struct step *step = &steps[done];

		/* The one that failed may have been taken all the same. */
		if (undone(kernel, step))
			continue;
		sysctl_name(step->undo_id, name, sizeof(name));
		if (!write_checked(kernel, step->undo_id, step->undo_value, m))
			warning_add(m, "%s: %lld restored", name,
				    step->undo_value);
		else
			error_add(m, "%s: %lld could NOT be restored", name,
				  step->undo_value);
	}
}

/* Whether all is as it should be, after the last write. */
static int all_in_force(const struct kernel *kernel, const struct values *want,
			struct messages *m)
{
	struct values now;
	char name[64];
	int id, failed;

	failed = kernel_values(kernel, &now, m);
	for (id = 0; id < NR_SETTINGS; id++) {
		if (policy_in_force(&now, want, id))
			continue;
		error_add(m, "%s: %lld was written, but now it is %lld",
			  sysctl_name(id, name, sizeof(name)), want->v[id],
			  now.v[id]);
		failed = -1;
	}
	return failed;
}

/**
 * setting_lacks_knob() - see if a policy asks for what this kernel can't do
 * @given: the policy
 * @now: the kernel's values
 * @id: the setting
 *
 * Return: true if so; without Peios everyone may query, as one may ask for.
 */
bool setting_lacks_knob(const struct values *given, const struct values *now,
			enum setting_id id)
{
	return given->set[id] && !now->set[id] &&
	       !(id == PROCESS_QUERY && given->v[id] == QUERY_EVERYONE);
}

/**
 * policy_apply() - put a policy in force
 * @kernel: the kernel
 * @given: the policy; its values have been checked
 * @refuse_over: refuse a strict mode that would refuse everything at once,
 *	instead of warning of it
 * @m: what there is to say is added
 *
 * On failure every knob that was changed is set back.
 *
 * Return: the number of knobs written, -1 on failure.
 */
int policy_apply(const struct kernel *kernel, const struct values *given,
		 bool refuse_over, struct messages *m)
{
	struct step steps[PLAN_MAX];
	struct values now, want;
	struct machine machine;
	char name[64], text[256];
	int id, nr, done, failed;

	failed = kernel_values(kernel, &now, m);
	for (id = 0; id < NR_SETTINGS; id++) {
		if (!setting_lacks_knob(given, &now, id) || failed)
			continue;
		/* A policy without it is worth more than none. */
		if (settings[id].peios) {
			warning_add(m, "%s: Peios is not active, everyone may query",
				    settings[id].name);
		} else {
			error_add(m, "%s: this kernel has no %s",
				  settings[id].name,
				  sysctl_name(id, name, sizeof(name)));
			failed = -1;
		}
	}
	if (failed)
		return -1;

	policy_complete(given, &want);
	kernel->machine(kernel, &machine);
	if (plan_over(&now, &want, &machine, text, sizeof(text))) {
		if (refuse_over) {
			error_add(m, "refused: %s", text);
			return -1;
		}
		warning_add(m, "%s", text);
	}

	nr = plan_make(&now, &want, &machine, steps);
	for (done = 0; done < nr && !failed; done++)
		failed = write_checked(kernel, steps[done].id,
				       steps[done].value, m);
	if (!failed)
		failed = all_in_force(kernel, &want, m);
	if (failed) {
		take_back(kernel, steps, done, m);
		return -1;
	}
	return nr;
}
