// SPDX-License-Identifier: GPL-2.0-only
/*
 * peiosctl check: what a process may do to another, and which check refuses
 * what it may not. It decides by the same code as the kernel.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <strings.h>

#include "../../../security/peios/privilege.h"
#include "peiosctl.h"
#include "sddl.h"

/**
 * print_rights() - print rights by their names
 * @out: where to
 * @mask: the rights; what has no name is printed as a number
 */
void print_rights(FILE *out, u32 mask)
{
	const char *before = "";
	unsigned int i;

	for (i = 0; i < 32; i++) {
		const char *name = peios_right_name(1U << i);

		if (!(mask & 1U << i) || !name)
			continue;
		fprintf(out, "%s%s", before, name);
		before = ",";
		mask &= ~(1U << i);
	}
	if (mask)
		fprintf(out, "%s0x%x", before, mask);
}

/**
 * parse_rights() - read rights on a process
 * @text: names of rights, MAXIMUM_ALLOWED, letters of SDDL, or numbers, parted
 *	by commas
 * @mask: the result
 *
 * Return: 0 or -EINVAL.
 */
int parse_rights(const char *text, u32 *mask)
{
	char *copy = strdup(text), *list = copy, *name;
	int err = 0;

	if (!copy)
		die("no memory");
	*mask = 0;
	while (!err && (name = strsep(&list, ","))) {
		const char *p = name;
		u32 bits = 0, i;

		if (!strncasecmp(p, "PROCESS_", 8))
			p += 8;
		for (i = 0; i < 32 && !bits; i++) {
			const char *known = peios_right_name(1U << i);

			if (known && !strcasecmp(known, p))
				bits = 1U << i;
		}
		if (!strcasecmp(p, "MAXIMUM_ALLOWED"))
			bits = PEIOS_MAXIMUM_ALLOWED;
		if (!bits && (sddl_parse_rights(&p, &bits) || *p || !*name))
			err = -EINVAL;
		*mask |= bits;
	}
	free(copy);
	return err;
}

static void say_sid(const struct peios_sid *sid)
{
	char text[PEIOS_SID_TEXT_MAX];
	const char *alias = sddl_sid_name(sid);

	peios_sid_format(sid, text, sizeof(text));
	if (alias)
		printf("%s (%s)", text, alias);
	else
		printf("%s", text);
}

/* Says which entry denied a right. */
static void say_entry(const struct peios_sd *sd, int nr)
{
	struct peios_acl acl;
	struct peios_ace ace;
	int i;

	if (!peios_sd_dacl(sd, &acl))
		return;
	for (i = 0; peios_acl_next(&acl, &ace); i++) {
		if (i != nr)
			continue;
		printf("entry %d of the DACL denies ", nr + 1);
		print_rights(stdout, peios_map_generic(ace.mask,
						       &peios_process_mapping));
		printf(" to ");
		say_sid(&ace.sid);
		return;
	}
}

static void say_privileges(u64 mask)
{
	const char *before = "";
	unsigned int i;

	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		printf("%s%s", before, peios_privilege_name(i));
		before = ",";
	}
}

/**
 * struct question - who would do something to whom
 * @subject: who
 * @pip: its integrity protection
 * @sd: the target's security descriptor
 * @target_pip: the target's integrity protection
 * @present: privileges that who asks has
 * @target_present: privileges that the target has
 */
struct question {
	struct peios_subject subject;
	struct peios_pip pip;
	struct peios_sd *sd;
	struct peios_pip target_pip;
	u64 present;
	u64 target_present;
};

/*
 * What is missing to act as the target, if its descriptor is the default one,
 * which the kernel marks so.
 */
static u64 control_missing(const struct question *q, u32 right)
{
	if (!(q->sd->control & PEIOS_SD_DACL_DEFAULTED))
		return 0;
	return peios_control_missing(right, q->target_present, q->present,
				     q->subject.privileges);
}

/* One line: the right, yes or no, and why. */
static bool say_right(const struct question *q, u32 right)
{
	const char *name = peios_right_name(right);
	struct peios_access result;
	u64 lacks = 0;
	int err;

	err = peios_process_check(&q->subject, &q->pip, q->sd, &q->target_pip,
				  right, &result);
	if (!err)
		lacks = control_missing(q, right);
	if (lacks) {
		err = -EACCES;
		result.refused_by = PEIOS_CHECK_PRIVILEGE;
	}
	if (name)
		printf("%-22s %s", name, err ? "no" : "yes");
	else
		printf("0x%-20x %s", right, err ? "no" : "yes");
	switch (result.refused_by) {
	case PEIOS_CHECK_PIP:
		printf("   pip: %u %u does not dominate %u %u", q->pip.type,
		       q->pip.trust, q->target_pip.type, q->target_pip.trust);
		break;
	case PEIOS_CHECK_SD:
		printf("   sd: ");
		if (result.ace >= 0)
			say_entry(q->sd, result.ace);
		else
			printf("no entry of the DACL allows it");
		break;
	case PEIOS_CHECK_PRIVILEGE:
		printf("   privilege: needs ");
		say_privileges(lacks ?: PEIOS_PRIV_SECURITY);
		if (lacks)
			printf(", which the target has, or SeDebugPrivilege");
		break;
	default:
		if (result.used) {
			printf("   by ");
			say_privileges(result.used);
		}
	}
	putchar('\n');
	return !err;
}

static void must(int err, const char *pid, const char *what)
{
	if (err)
		die("%s of process %s: %s", what, pid, strerror(-err));
}

/**
 * check_process() - say what a process may do to another
 * @pid: the other
 * @as: the one that would act
 * @desired: rights, 0 for each there is
 *
 * Return: an exit code.
 */
int check_process(const char *pid, const char *as, u32 desired)
{
	struct question q = {};
	struct identity id, target;
	bool all = true;
	unsigned int i;

	must(read_token(as, &id), as, "the token");
	must(read_token(pid, &target), pid, "the token");
	must(read_pip(as, &q.pip), as, "the integrity protection");
	must(read_pip(pid, &q.target_pip), pid, "the integrity protection");
	must(read_sd(pid, &q.sd), pid, "the security descriptor");
	q.subject = (struct peios_subject) {
		.user = &id.user,
		.groups = id.groups,
		.nr_groups = id.nr_groups,
		.nr_deny = id.nr_deny,
		.privileges = id.enabled,
	};

	q.present = id.present;
	q.target_present = target.present;

	if (desired & PEIOS_MAXIMUM_ALLOWED) {
		struct peios_access result;

		if (peios_process_check(&q.subject, &q.pip, q.sd, &q.target_pip,
					desired, &result))
			all = false;
		if (control_missing(&q, PEIOS_PROCESS_CONTROL))
			result.granted &= ~PEIOS_PROCESS_CONTROL;
		print_rights(stdout, result.granted);
		putchar('\n');
	} else {
		u32 rights = desired ? peios_map_generic(desired,
							 &peios_process_mapping) :
				       PEIOS_PROCESS_ALL;

		for (i = 0; i < 32; i++)
			if (rights & 1U << i && !say_right(&q, 1U << i))
				all = false;
	}
	free_token(&id);
	free_token(&target);
	kfree(q.sd);
	return all || !desired ? 0 : EXIT_REFUSED;
}
