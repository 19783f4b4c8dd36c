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
#include "names.h"
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

/**
 * parse_deeds() - read rights as parse_rights(), and what takes more than a right
 * @text: the names
 * @mask: the rights
 * @lower: set if LOWER_OOM_SCORE_ADJ is among them
 *
 * Return: 0 or -EINVAL.
 */
int parse_deeds(const char *text, u32 *mask, bool *lower)
{
	char *copy = strdup(text), *list = copy, *name;
	int err = 0;
	u32 bits;

	if (!copy)
		die("no memory");
	*mask = 0;
	while (!err && (name = strsep(&list, ","))) {
		if (!strcasecmp(name, "LOWER_OOM_SCORE_ADJ")) {
			*lower = true;
			continue;
		}
		err = parse_rights(name, &bits);
		*mask |= bits;
	}
	free(copy);
	return err;
}

static void say_sid(FILE *out, const struct peios_sid *sid)
{
	char text[PEIOS_SID_TEXT_MAX];
	const char *alias = sddl_sid_name(sid);

	peios_sid_format(sid, text, sizeof(text));
	if (alias)
		fprintf(out, "%s (%s)", text, alias);
	else
		fprintf(out, "%s", text);
}

/* Says which entry denied a right. */
static void say_entry(FILE *out, const struct peios_sd *sd, int nr)
{
	struct peios_acl acl;
	struct peios_ace ace;
	int i;

	if (!peios_sd_dacl(sd, &acl))
		return;
	for (i = 0; peios_acl_next(&acl, &ace); i++) {
		if (i != nr)
			continue;
		fprintf(out, "entry %d of the DACL denies ", nr + 1);
		print_rights(out, peios_map_generic(ace.mask,
						    &peios_process_mapping));
		fprintf(out, " to ");
		say_sid(out, &ace.sid);
		return;
	}
}

static void say_privileges(FILE *out, u64 mask)
{
	const char *before = "";
	unsigned int i;

	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		fprintf(out, "%s%s", before, peios_privilege_name(i));
		before = ",";
	}
}

/* A service of init has some thirty. So many are counted, and one is named. */
#define NAMES_AT_MOST	4

static void say_lacking(FILE *out, u64 privileges)
{
	const unsigned int count = __builtin_popcountll(privileges);

	if (count <= NAMES_AT_MOST) {
		say_privileges(out, privileges);
		return;
	}
	say_privileges(out, privileges & PEIOS_PRIV_TCB ?:
		       privileges & -privileges);
	fprintf(out, " and %u others", count - 1);
}

/**
 * struct question - who would do something to whom
 * @pid: whom, by its number or name
 * @same: it would be done to itself
 * @id: who
 * @subject: who, as the checks want it
 * @pip: its integrity protection
 * @sd: the target's security descriptor; if it may not be read, one that allows
 *	all
 * @hidden: it may not be read
 * @target_pip: the target's integrity protection
 * @target: the target's token
 * @by_capability: rights that Linux's capabilities give it on the target
 * @refused: for each of enum peios_check, whether it has refused something
 * @lacks: privileges that were missing
 */
struct question {
	const char *pid;
	bool same;
	struct identity id;
	struct peios_subject subject;
	struct peios_pip pip;
	struct peios_sd *sd;
	bool hidden;
	struct peios_pip target_pip;
	struct identity target;
	u32 by_capability;
	bool refused[PEIOS_CHECK_PRIVILEGE + 1];
	u64 lacks;
};

/*
 * What is missing to act as the target, if its descriptor is the default one,
 * which the kernel marks so.
 */
static u64 control_missing(const struct question *q, u32 right)
{
	if (!(q->sd->control & PEIOS_SD_DACL_DEFAULTED))
		return 0;
	return peios_control_missing(right, q->target.present, q->id.present,
				     q->subject.privileges);
}

static void say_refusal(FILE *out, struct question *q,
			const struct peios_access *result, u64 lacks,
			const char *also)
{
	switch (result->refused_by) {
	case PEIOS_CHECK_PIP:
		fprintf(out, "   pip: %u %u does not dominate %u %u",
			q->pip.type, q->pip.trust, q->target_pip.type,
			q->target_pip.trust);
		break;
	case PEIOS_CHECK_SD:
		fputs("   sd: ", out);
		if (q->hidden)
			fputs("it may not be read, READ_CONTROL is missing", out);
		else if (result->ace >= 0)
			say_entry(out, q->sd, result->ace);
		else
			fputs("no entry of the DACL allows it", out);
		break;
	case PEIOS_CHECK_PRIVILEGE:
		fputs("   privilege: needs ", out);
		say_lacking(out, lacks);
		fputs(also, out);
		q->lacks |= lacks;
		break;
	default:
		return;
	}
	q->refused[result->refused_by] = true;
}

/* One line: the right, yes or no, and why. */
static bool say_right(FILE *out, struct question *q, u32 right)
{
	const char *name = peios_right_name(right), *also = "", *answer;
	struct peios_access result;
	bool by_capability;
	u64 lacks = 0;
	int err;

	err = peios_process_check(&q->subject, &q->pip, q->sd, &q->target_pip,
				  right, &result);
	by_capability = err && !(right & ~q->by_capability);
	if (by_capability) {
		err = 0;
		result = (struct peios_access) {};
	}
	if (!err)
		lacks = control_missing(q, right);
	if (lacks) {
		err = -EACCES;
		result.refused_by = PEIOS_CHECK_PRIVILEGE;
		also = ", which the target has, or SeDebugPrivilege";
	}
	answer = err ? "no" : "yes";
	/* Whatever the descriptor says, it is not known. */
	if (q->hidden && !err && !result.used) {
		err = -EACCES;
		result.refused_by = PEIOS_CHECK_SD;
		answer = right == PEIOS_READ_CONTROL ? "no" : "?";
	}
	if (name)
		fprintf(out, "%-22s %s", name, answer);
	else
		fprintf(out, "0x%-20x %s", right, answer);
	say_refusal(out, q, &result, lacks ?: PEIOS_PRIV_SECURITY, also);
	if (!err && result.used) {
		fputs("   by ", out);
		say_privileges(out, result.used);
	}
	if (by_capability)
		fputs("   by Linux's capabilities", out);
	fputc('\n', out);
	return !err;
}

/* What a lower oom_score_adj takes: the right to set it, and a privilege. */
static bool say_lower(FILE *out, struct question *q)
{
	struct peios_access result = {};
	u64 lacks = PEIOS_PRIV_TCB & ~q->id.enabled;
	int err = 0;

	if (!q->same)
		err = peios_process_check(&q->subject, &q->pip, q->sd,
					  &q->target_pip, PEIOS_PROCESS_SET_QUOTA,
					  &result);
	if (!err && !q->same)
		lacks |= control_missing(q, PEIOS_PROCESS_SET_QUOTA);
	if (!err && lacks) {
		err = -EACCES;
		result.refused_by = PEIOS_CHECK_PRIVILEGE;
	} else if (!err && q->hidden && !q->same && !result.used) {
		err = -EACCES;
		result.refused_by = PEIOS_CHECK_SD;
	}
	fprintf(out, "%-22s %s", "LOWER_OOM_SCORE_ADJ", err ? "no" : "yes");
	say_refusal(out, q, &result, lacks, "");
	if (!err) {
		fputs("   by ", out);
		say_privileges(out, result.used | PEIOS_PRIV_TCB);
	}
	fputc('\n', out);
	return !err;
}

/* For each check that has refused something, what would change its mind. */
static void say_how(FILE *out, const struct question *q)
{
	const u64 off = q->lacks & q->id.present & ~q->id.enabled;
	struct peios_sid owner;

	if (q->refused[PEIOS_CHECK_PIP]) {
		fputs("how: pip: who holds SeTcbPrivilege starts the command", out);
		fprintf(out, " by peiosctl run --pip=%u,%u\n",
			q->target_pip.type, q->target_pip.trust);
	}
	if (q->refused[PEIOS_CHECK_SD]) {
		fputs("how: sd: ", out);
		if (q->hidden) {
			fputs("the owner", out);
		} else {
			peios_sd_owner(q->sd, &owner);
			fputs("the owner, ", out);
			say_sid(out, &owner);
			fputc(',', out);
		}
		fputs(" or who has WRITE_DAC adds an entry for ", out);
		say_sid(out, &q->id.user);
		name_printf(out, " or a group of its by peiosctl sd %s SDDL", q->pid);
		fputs("; or SeDebugPrivilege, enabled\n", out);
	}
	if (q->lacks & ~off) {
		fputs("how: privilege: only who has ", out);
		say_lacking(out, q->lacks & ~off);
		fputs(" can start the command with it: init, its services,", out);
		fputs(" peiosctl elevate; no setuid program, so not sudo\n", out);
	}
	if (off) {
		fputs("how: privilege: it is there but off: peiosctl run --enable=",
		      out);
		say_privileges(out, off);
		fputs(" -- COMMAND\n", out);
	}
}

/* What Linux's capabilities give, if they count over the target. */
static u32 rights_by_capability(const struct question *q, const char *as,
				const char *pid)
{
	const struct peios_target target = {
		.privileges = q->target.present, .pip = q->target_pip,
	};

	if (q->hidden || !(q->sd->control & PEIOS_SD_DACL_DEFAULTED) ||
	    !peios_capabilities_count(&target))
		return 0;
	return peios_capability_rights(read_capabilities(as, pid));
}

/* What can't be read, or NULL. */
static const char *gather(struct question *q, const char *as, const char *pid,
			  int *err)
{
	static const char all[] = "O:SYD:NO_ACCESS_CONTROL";
	struct sddl_error error;
	struct sddl sddl;
	u8 bytes[PEIOS_SD_MAX];
	size_t size;

	*q = (struct question) { .pid = pid, .same = !strcmp(as, pid) };
	*err = read_token(as, &q->id);
	if (*err)
		return "the token of process";
	*err = read_token(pid, &q->target);
	if (*err)
		return "the token of process";
	*err = read_pip(as, &q->pip) ?: read_pip(pid, &q->target_pip);
	if (*err)
		return "the integrity protection of process";
	*err = read_sd(pid, &q->sd);
	if (*err == -EACCES) {
		q->hidden = true;
		*err = sddl_parse(all, &sddl, &error) ?:
		       sddl_pack(&sddl, bytes, &size) ?:
		       peios_sd_parse(bytes, size, 0, &q->sd);
	}
	if (*err)
		return "the security descriptor of process";
	q->subject = (struct peios_subject) {
		.user = &q->id.user,
		.groups = q->id.groups,
		.nr_groups = q->id.nr_groups,
		.nr_deny = q->id.nr_deny,
		.privileges = q->id.enabled,
	};
	q->by_capability = rights_by_capability(q, as, pid);
	return NULL;
}

static void release(struct question *q)
{
	free_token(&q->id);
	free_token(&q->target);
	kfree(q->sd);
}

/**
 * explain() - say on standard error what a refusal was for want of
 * @pid: the process that something was refused on, or self
 * @rights: rights on it that were needed
 * @privileges: privileges that were needed, too
 */
void explain(const char *pid, u32 rights, u64 privileges)
{
	struct question q;
	unsigned int i;
	int err;

	if (gather(&q, "self", pid, &err)) {
		fputs("It needs ", stderr);
		print_rights(stderr, rights);
		fputs(rights && privileges ? "," : "", stderr);
		say_privileges(stderr, privileges);
		fputc('\n', stderr);
		return;
	}
	for (i = 0; i < 32; i++)
		if (rights & 1U << i)
			say_right(stderr, &q, 1U << i);
	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		const u64 bit = BIT_ULL(i);

		if (!(privileges & bit))
			continue;
		fprintf(stderr, "%-22s %s\n", peios_privilege_name(i),
			q.id.enabled & bit ? "yes" :
			q.id.present & bit ? "no   privilege: it is off" :
					     "no   privilege: it is not present");
		q.lacks |= bit & ~q.id.enabled;
	}
	say_how(stderr, &q);
	release(&q);
}

/**
 * check_process() - say what a process may do to another
 * @pid: the other
 * @as: the one that would act
 * @desired: rights
 * @lower: also whether it may lower its oom_score_adj
 *
 * Without @desired and @lower: each right there is, and that.
 *
 * Return: an exit code.
 */
int check_process(const char *pid, const char *as, u32 desired, bool lower)
{
	const bool everything = !desired && !lower;
	struct question q;
	const char *what;
	bool all = true;
	unsigned int i;
	int err;

	what = gather(&q, as, pid, &err);
	if (what)
		die("%s %s: %s", what, pid, strerror(-err));

	if (desired & PEIOS_MAXIMUM_ALLOWED) {
		struct peios_access result;

		if (q.hidden)
			die("the descriptor of process %s: READ_CONTROL is missing",
			    pid);
		if (peios_process_check(&q.subject, &q.pip, q.sd, &q.target_pip,
					desired, &result))
			all = false;
		result.granted |= q.by_capability;
		if (control_missing(&q, PEIOS_PROCESS_GUARDED))
			result.granted &= ~PEIOS_PROCESS_GUARDED;
		print_rights(stdout, result.granted);
		putchar('\n');
	} else {
		u32 rights = everything ? PEIOS_PROCESS_ALL :
			     peios_map_generic(desired, &peios_process_mapping);

		for (i = 0; i < 32; i++)
			if (rights & 1U << i &&
			    !say_right(stdout, &q, 1U << i))
				all = false;
	}
	if ((lower || everything) && !say_lower(stdout, &q))
		all = false;
	say_how(stdout, &q);
	release(&q);
	return all || everything ? 0 : EXIT_REFUSED;
}
