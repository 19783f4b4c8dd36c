// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a rule, and which rule is for whom.
 *
 * A rule is a file of lines KEY VALUE; lines that begin with # and empty lines
 * say nothing:
 *
 *	logon		token, unix or refuse; token if left out
 *	user		a SID; without it the SID of the Unix user
 *	groups		SIDs, and the word unix for the user's Unix groups
 *	deny		SIDs that count only where something is denied to them
 *	privileges	names of privileges, or none
 *	enabled		those of them that count; without it all of them
 *	as		for elevation only: names of Unix users
 *
 * Of the rules that fit, the most particular decide: that of the service, or
 * else that of the user, or else those of all of the user's groups together.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "logon.h"

const char * const logon_tables[LOGON_NR_TABLES] = {
	[LOGON_SERVICES]	= "Services",
	[LOGON_USERS]		= "Users",
	[LOGON_GROUPS]		= "Groups",
	[LOGON_ELEVATE_USERS]	= "Elevate/Users",
	[LOGON_ELEVATE_GROUPS]	= "Elevate/Groups",
};

static const char why_sid[] = "is not a SID or the name of one";

/* Names that everybody knows, beside the numbers. */
static const struct {
	const char *name;
	const char *sid;
} known_sids[] = {
	{ "SYSTEM", "S-1-5-18" },
	{ "Administrators", "S-1-5-32-544" },
	{ "Users", "S-1-5-32-545" },
	{ "Operators", "S-1-5-32-549" },
};

static int parse_sid(const char *text, struct peios_sid *sid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known_sids); i++)
		if (!strcmp(text, known_sids[i].name))
			text = known_sids[i].sid;
	return peios_sid_parse(text, sid);
}

static bool has_sid(const struct peios_sid *sids, unsigned int nr,
		    const struct peios_sid *sid)
{
	while (nr--)
		if (peios_sid_equal(&sids[nr], sid))
			return true;
	return false;
}

/* What is in the list is in neither of the rule's two yet. */
static const char *parse_sids(char *list, struct logon_rule *rule, bool deny)
{
	struct peios_sid *sids = deny ? rule->deny : rule->groups;
	unsigned int *nr = deny ? &rule->nr_deny : &rule->nr_groups;
	char *name;

	while ((name = strsep(&list, ","))) {
		struct peios_sid sid;

		if (!deny && !strcmp(name, "unix")) {
			if (rule->unix_groups)
				return "names a group twice";
			rule->unix_groups = true;
			continue;
		}
		if (parse_sid(name, &sid))
			return why_sid;
		if (has_sid(rule->groups, rule->nr_groups, &sid) ||
		    has_sid(rule->deny, rule->nr_deny, &sid))
			return "names a group twice";
		if (*nr == LOGON_RULE_SIDS_MAX)
			return "names too many groups";
		sids[(*nr)++] = sid;
	}
	return NULL;
}

static const char *parse_privileges(char *list, u64 *mask)
{
	char *name;
	u64 bit;

	*mask = 0;
	if (!strcmp(list, "none"))
		return NULL;
	while ((name = strsep(&list, ","))) {
		if (peios_privilege_parse(name, &bit))
			return "is not the name of a privilege";
		if (*mask & bit)
			return "names a privilege twice";
		*mask |= bit;
	}
	return NULL;
}

/**
 * logon_name_valid() - may a user, group or service have this name?
 * @name: the name
 *
 * Return: true for what is short enough and of letters, digits and ``._-+@``,
 * the first of which is a letter, a digit or ``_``.
 */
bool logon_name_valid(const char *name)
{
	const char *at;

	if (!*name || strlen(name) >= LOGON_NAME_MAX || strchr(".-+@", *name))
		return false;
	for (at = name; *at; at++) {
		char c = *at | 0x20;

		if (!isdigit(*at) && !(c >= 'a' && c <= 'z') &&
		    !strchr("._-+@", *at))
			return false;
	}
	return true;
}

static const char *parse_as(char *list, struct logon_rule *rule)
{
	char *name;

	rule->nr_as = 0;
	while ((name = strsep(&list, ","))) {
		if (!logon_name_valid(name))
			return "is not the name of a user";
		if (rule->nr_as == LOGON_AS_MAX)
			return "names too many users";
		snprintf(rule->as[rule->nr_as++], LOGON_NAME_MAX, "%s", name);
	}
	return NULL;
}

static int parse_verdict(const char *text, enum logon_verdict *verdict)
{
	static const char * const words[] = {
		[LOGON_TOKEN]	= "token",
		[LOGON_UNIX]	= "unix",
		[LOGON_REFUSE]	= "refuse",
	};
	int i = match_string(words, ARRAY_SIZE(words), text);

	if (i < 0)
		return -EINVAL;
	*verdict = i;
	return 0;
}

enum {
	KEY_LOGON,
	KEY_USER,
	KEY_GROUPS,
	KEY_DENY,
	KEY_PRIVILEGES,
	KEY_ENABLED,
	KEY_AS,
	NR_KEYS,
};

static const char * const keys[NR_KEYS] = {
	[KEY_LOGON]	= "logon",
	[KEY_USER]	= "user",
	[KEY_GROUPS]	= "groups",
	[KEY_DENY]	= "deny",
	[KEY_PRIVILEGES] = "privileges",
	[KEY_ENABLED]	= "enabled",
	[KEY_AS]	= "as",
};

static const char *parse_value(int key, char *value, struct logon_rule *rule)
{
	switch (key) {
	case KEY_LOGON:
		return parse_verdict(value, &rule->verdict) ?
		       "is not token, unix or refuse" : NULL;
	case KEY_USER:
		rule->has_user = strcmp(value, "unix");
		return rule->has_user && parse_sid(value, &rule->user) ?
		       why_sid : NULL;
	case KEY_GROUPS:
		rule->unix_groups = false;
		return parse_sids(value, rule, false);
	case KEY_DENY:
		return parse_sids(value, rule, true);
	case KEY_PRIVILEGES:
		return parse_privileges(value, &rule->privileges);
	case KEY_ENABLED:
		return parse_privileges(value, &rule->enabled);
	default:
		return parse_as(value, rule);
	}
}

/* The next line that says something; its newline is cut off. */
static char *next_line(char **text)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (*line && *line != '#')
			return line;
	return NULL;
}

/* Comments may be in any language; what moves a terminal's cursor is none. */
static const char *check_text(const char *text, size_t len)
{
	size_t i;

	if (!len)
		return "is empty";
	if (len > LOGON_FILE_MAX)
		return "is too large";
	if (text[len - 1] != '\n')
		return "does not end with a newline: cut off?";
	for (i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c != '\n' && c != '\t' && (c < ' ' || c == 0x7f))
			return "holds a control character";
	}
	return NULL;
}

static const char *fits_together(const struct logon_rule *rule, u32 seen,
				 bool elevate)
{
	u32 others = seen & ~(1U << KEY_LOGON | 1U << KEY_AS);

	if (rule->verdict != LOGON_TOKEN && others)
		return "describes a token that nobody gets";
	if (!elevate && seen & 1U << KEY_AS)
		return "has as, which is for elevation";
	if (elevate && rule->verdict == LOGON_UNIX)
		return "is unix, which elevates nobody";
	if (rule->enabled & ~rule->privileges)
		return "enables a privilege that it does not give";
	return NULL;
}

/**
 * logon_rule_parse() - read the text of a rule
 * @text: what the file holds, with a NUL behind it; it is used up
 * @len: how much
 * @table: the folder of the rule
 * @rule: the result
 * @why: on failure, what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int logon_rule_parse(char *text, size_t len, enum logon_table table,
		     struct logon_rule *rule, const char **why)
{
	bool elevate = table >= LOGON_ELEVATE_USERS;
	u32 seen = 0;
	char *line;

	*rule = (struct logon_rule) {
		.unix_groups = true,
		.privileges = PEIOS_PRIV_USER,
		.nr_as = 1,
		.as = { "root" },
	};
	*why = check_text(text, len);
	while (!*why && (line = next_line(&text))) {
		char *key = strsep(&line, " ");
		int i = match_string(keys, NR_KEYS, key);

		if (i < 0)
			*why = "has a key that there is not";
		else if (!line || !*line)
			*why = "has a key without a value";
		else if (seen & 1U << i)
			*why = "has a key twice";
		else
			*why = parse_value(i, line, rule);
		if (!*why)
			seen |= 1U << i;
	}
	if (!*why && !seen)
		*why = "says nothing";
	if (!*why && !(seen & 1U << KEY_ENABLED))
		rule->enabled = rule->privileges;
	if (!*why)
		*why = fits_together(rule, seen, elevate);
	return *why ? -EINVAL : 0;
}

/**
 * logon_word_parse() - read a setting that is unix or refuse
 * @text: what the file holds, with a NUL behind it; it is used up
 * @len: how much
 * @verdict: the result; not touched on failure
 * @why: on failure, what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int logon_word_parse(char *text, size_t len, enum logon_verdict *verdict,
		     const char **why)
{
	enum logon_verdict result;
	char *line;

	*why = check_text(text, len);
	if (*why)
		return -EINVAL;
	line = next_line(&text);
	if (!line || parse_verdict(line, &result) || result == LOGON_TOKEN)
		*why = "is not unix or refuse";
	else if (next_line(&text))
		*why = "holds more than one value";
	if (*why)
		return -EINVAL;
	*verdict = result;
	return 0;
}

static bool is_member(const struct logon_who *who, u32 gid)
{
	unsigned int i;

	for (i = 0; i < who->nr_gids; i++)
		if (who->gids[i] == gid)
			return true;
	return false;
}

static bool fits(const struct logon_entry *entry, const struct logon_who *who)
{
	switch (entry->table) {
	case LOGON_SERVICES:
		return who->service && !strcmp(entry->name, who->service);
	case LOGON_USERS:
	case LOGON_ELEVATE_USERS:
		return !strcmp(entry->name, who->user);
	default:
		return entry->known && is_member(who, entry->gid);
	}
}

static int fail(struct logon_result *result, const char *why)
{
	scnprintf(result->by, sizeof(result->by), "%s", why);
	return -EINVAL;
}

static int add_sid(struct logon_result *result, const struct peios_sid *sid)
{
	unsigned int end = result->nr_groups + result->nr_deny;

	if (has_sid(result->sids, end, sid))
		return 0;
	if (end == LOGON_SIDS_MAX)
		return fail(result, "more than 64 groups");
	result->sids[end] = *sid;
	return 0;
}

static int add_group(struct logon_result *result, const struct peios_sid *sid)
{
	unsigned int end = result->nr_groups;
	int err = add_sid(result, sid);

	if (!err && end < LOGON_SIDS_MAX && peios_sid_equal(&result->sids[end], sid))
		result->nr_groups++;
	return err;
}

static int add_groups(struct logon_result *result,
		      const struct logon_rule *rule,
		      const struct logon_who *owner)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < rule->nr_groups && !err; i++)
		err = add_group(result, &rule->groups[i]);
	for (i = 0; rule->unix_groups && i < owner->nr_gids && !err; i++) {
		struct peios_sid sid;

		peios_sid_from_gid(owner->gids[i], &sid);
		err = add_group(result, &sid);
	}
	return err;
}

/* What is denied is denied, also if another rule gives it. */
static int add_deny(struct logon_result *result, const struct logon_rule *rule)
{
	unsigned int i, j;

	for (i = 0; i < rule->nr_deny; i++) {
		const struct peios_sid *sid = &rule->deny[i];

		for (j = 0; j < result->nr_groups; j++)
			if (peios_sid_equal(&result->sids[j], sid))
				break;
		if (j < result->nr_groups) {
			/* From the groups to behind them, in the same room. */
			struct peios_sid moved = result->sids[j];

			result->sids[j] = result->sids[result->nr_groups - 1];
			result->sids[result->nr_groups - 1] = moved;
			result->nr_groups--;
			result->nr_deny++;
			continue;
		}
		if (has_sid(result->sids, result->nr_groups + result->nr_deny,
			    sid))
			continue;
		if (result->nr_groups + result->nr_deny == LOGON_SIDS_MAX)
			return fail(result, "more than 64 groups");
		result->sids[result->nr_groups + result->nr_deny++] = *sid;
	}
	return 0;
}

static void name_rule(struct logon_result *result,
		      const struct logon_entry *entry)
{
	size_t used = strlen(result->by);

	scnprintf(result->by + used, sizeof(result->by) - used, "%s%s/%s",
		  used ? ", " : "", logon_tables[entry->table], entry->name);
}

static bool may_be(const struct logon_rule *rule, const char *as)
{
	unsigned int i;

	for (i = 0; i < rule->nr_as; i++)
		if (!strcmp(rule->as[i], as))
			return true;
	return false;
}

/*
 * All rules of a table that fit, together. Returns how many there are, or a
 * negative errno. @as, if there is one, is to be named in each.
 */
static int merge(const struct logon_policy *policy, enum logon_table table,
		 const struct logon_who *who, const char *as,
		 const struct logon_who *owner, struct logon_result *result)
{
	const struct logon_rule *user_from = NULL;
	enum logon_verdict verdict = LOGON_UNIX;
	unsigned int i;
	int nr = 0, err;

	for (i = 0; i < policy->nr; i++) {
		const struct logon_entry *entry = &policy->entries[i];
		const struct logon_rule *rule = &entry->rule;

		if (entry->table != table || !fits(entry, who) ||
		    (as && rule->verdict == LOGON_TOKEN && !may_be(rule, as)))
			continue;
		nr++;
		name_rule(result, entry);
		if (rule->verdict == LOGON_REFUSE)
			verdict = LOGON_REFUSE;
		if (rule->verdict != LOGON_TOKEN)
			continue;
		if (verdict == LOGON_UNIX)
			verdict = LOGON_TOKEN;
		if (rule->has_user && user_from &&
		    !peios_sid_equal(&user_from->user, &rule->user))
			return fail(result, "two rules name different users");
		if (rule->has_user) {
			user_from = rule;
			result->user = rule->user;
		}
		err = add_groups(result, rule, owner);
		if (err)
			return err;
		result->privileges |= rule->privileges;
		result->enabled |= rule->enabled;
	}
	if (!nr)
		return 0;
	result->verdict = verdict;
	for (i = 0; i < policy->nr; i++) {
		const struct logon_entry *entry = &policy->entries[i];

		if (entry->table != table || !fits(entry, who) ||
		    (as && !may_be(&entry->rule, as)))
			continue;
		err = add_deny(result, &entry->rule);
		if (err)
			return err;
	}
	return nr;
}

static void begin(struct logon_result *result, const struct logon_who *owner)
{
	memset(result, 0, sizeof(*result));
	peios_sid_from_uid(owner->uid, &result->user);
}

/**
 * logon_match() - what a session gets
 * @policy: the policy; groups have been resolved
 * @who: whose session it is
 * @result: what it gets, and by which rule; on failure @result->by says why
 *
 * Return: 0, or -EINVAL where the rules that fit don't make a token.
 */
int logon_match(const struct logon_policy *policy, const struct logon_who *who,
		struct logon_result *result)
{
	static const enum logon_table order[] = {
		LOGON_SERVICES, LOGON_USERS, LOGON_GROUPS,
	};
	unsigned int i;

	begin(result, who);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		int nr = merge(policy, order[i], who, NULL, who, result);

		if (nr)
			return nr < 0 ? nr : 0;
	}
	result->verdict = policy->no_rule;
	scnprintf(result->by, sizeof(result->by), "no rule");
	return 0;
}

/**
 * logon_match_elevate() - what a command gets that somebody asks to run
 * @policy: the policy; groups have been resolved
 * @who: who asks
 * @as: name of the Unix user as which it shall run
 * @target: that user
 * @result: what it gets, and by which rule; on failure @result->by says why
 *
 * What no rule permits is refused.
 *
 * Return: 0, or -EINVAL where the rules that fit don't make a token.
 */
int logon_match_elevate(const struct logon_policy *policy,
			const struct logon_who *who, const char *as,
			const struct logon_who *target,
			struct logon_result *result)
{
	static const enum logon_table order[] = {
		LOGON_ELEVATE_USERS, LOGON_ELEVATE_GROUPS,
	};
	unsigned int i;

	begin(result, target);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		int nr = merge(policy, order[i], who, as, target, result);

		if (nr)
			return nr < 0 ? nr : 0;
	}
	result->verdict = LOGON_REFUSE;
	scnprintf(result->by, sizeof(result->by), "no rule");
	return 0;
}

static void add_text(char *text, size_t size, size_t *used, const char *word)
{
	*used += scnprintf(text + *used, size - *used, "%s", word);
}

static void add_sids(char *text, size_t size, size_t *used, const char *key,
		     const struct peios_sid *sids, unsigned int nr)
{
	char sid[PEIOS_SID_TEXT_MAX];
	unsigned int i;

	add_text(text, size, used, key);
	for (i = 0; i < nr; i++) {
		peios_sid_format(&sids[i], sid, sizeof(sid));
		if (i)
			add_text(text, size, used, ",");
		add_text(text, size, used, sid);
	}
}

static void add_privileges(char *text, size_t size, size_t *used,
			   const char *key, u64 mask)
{
	const char *before = "";
	unsigned int i;

	add_text(text, size, used, key);
	for (i = PEIOS_PRIV_FIRST; i <= PEIOS_PRIV_LAST; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		add_text(text, size, used, before);
		add_text(text, size, used, peios_privilege_name(i));
		before = ",";
	}
}

/**
 * logon_command() - the command that takes a token
 * @result: the token
 * @text: the command, for /proc/thread-self/attr/peios/token
 * @size: size of @text
 *
 * Return: the length, or -E2BIG if it does not fit.
 */
int logon_command(const struct logon_result *result, char *text, size_t size)
{
	size_t used = 0;

	add_sids(text, size, &used, "replace user=", &result->user, 1);
	add_sids(text, size, &used, " groups=", result->sids,
		 result->nr_groups);
	add_sids(text, size, &used, " deny=", result->sids + result->nr_groups,
		 result->nr_deny);
	add_privileges(text, size, &used, " privileges=", result->privileges);
	add_privileges(text, size, &used, " enabled=", result->enabled);
	return used + 1 < size ? (int)used : -E2BIG;
}

/**
 * logon_token_enables() - has a token a privilege enabled?
 * @text: the token, as attr/peios/token shows it; its contents are used up
 * @name: the privilege's name
 *
 * Return: true if so.
 */
bool logon_token_enables(char *text, const char *name)
{
	char *line, *word;

	while ((line = strsep(&text, "\n"))) {
		if (strncmp(line, "enabled ", 8))
			continue;
		line += 8;
		while ((word = strsep(&line, ",")))
			if (!strcmp(word, name))
				return true;
	}
	return false;
}
