// SPDX-License-Identifier: GPL-2.0-only
/*
 * pam_peios: give a session the token that the logon policy names.
 * See pam_peios.8, and peios-logon.5 for the policy.
 *
 * The token is the calling thread's, and what that starts: a login service opens
 * the session in the process that becomes it, or in that one's parent. Which
 * token is decided by the policy alone; what the caller may hand out, by the
 * kernel: no privilege that the caller does not have.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include <linux/kernel.h>

#include "../logon/logon.h"
#include "names.h"

#define EXPORT	__attribute__((visibility("default")))

/**
 * struct options - of the module
 * @registry: folder of the registry
 * @proc: in place of /proc
 * @debug: say more
 */
struct options {
	const char *registry;
	const char *proc;
	bool debug;
};

/* Names of users come from elsewhere; a line of the log is one. */
static __printf(3, 4) void say(pam_handle_t *pamh, int priority, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	name_format(text, sizeof(text), format, args);
	va_end(args);
	pam_syslog(pamh, priority, "%s", text);
}

static void say_policy(void *pamh, bool error, const char *text)
{
	say(pamh, error ? LOG_ERR : LOG_WARNING, "%s", text);
}

static int parse_options(pam_handle_t *pamh, int argc, const char **argv,
			 struct options *options)
{
	*options = (struct options) {
		.registry = LOGON_REGISTRY, .proc = "/proc",
	};
	for (; argc > 0; argc--, argv++) {
		if (!strncmp(*argv, "registry=", 9)) {
			options->registry = *argv + 9;
		} else if (!strncmp(*argv, "proc=", 5)) {
			options->proc = *argv + 5;
		} else if (!strcmp(*argv, "debug")) {
			options->debug = true;
		} else {
			/* An option that is not there may have been to refuse. */
			say(pamh, LOG_ERR, "unknown option: %s", *argv);
			return PAM_SERVICE_ERR;
		}
	}
	return PAM_SUCCESS;
}

static int open_token(const struct options *options, int flags)
{
	char path[512];
	int n;

	n = snprintf(path, sizeof(path), "%s/thread-self/attr/peios/token",
		     options->proc);
	if (n >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, flags | O_CLOEXEC | O_NOCTTY);
}

/*
 * 1 if the caller may replace its token; 0 if it may not, or if there is no
 * Peios; a negative errno if that can't be told.
 */
static int may_replace(const struct options *options)
{
	char text[16384];
	ssize_t n, len = 0;
	int fd, err;

	fd = open_token(options, O_RDONLY);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	do {
		n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n > 0)
			len += n;
	} while (n > 0 && len < (ssize_t)sizeof(text) - 1);
	err = errno;
	close(fd);
	/* The files are there, and not this module. */
	if (n < 0)
		return err == EINVAL ? 0 : -err;
	text[len] = '\0';
	return logon_token_enables(text, "SeCreateTokenPrivilege");
}

static int replace(const struct options *options,
		   const struct logon_result *result)
{
	char command[LOGON_COMMAND_MAX];
	int len = logon_command(result, command, sizeof(command));
	ssize_t n;
	int fd, err;

	if (len < 0)
		return len;
	fd = open_token(options, O_WRONLY);
	if (fd < 0)
		return -errno;
	n = write(fd, command, len);
	err = n < 0 ? -errno : n == len ? 0 : -EIO;
	close(fd);
	return err;
}

static int verdict(pam_handle_t *pamh, enum logon_verdict verdict,
		   const char *user, const char *by)
{
	if (verdict != LOGON_REFUSE)
		return PAM_SUCCESS;
	say(pamh, LOG_NOTICE, "session of %s refused: %s", user, by);
	return PAM_PERM_DENIED;
}

static int give_token(pam_handle_t *pamh, const struct options *options,
		      enum logon_verdict on_error, const char *user,
		      const struct logon_result *result)
{
	char sid[PEIOS_SID_TEXT_MAX];
	int err = may_replace(options);

	if (!err) {
		/* su or sudo within a session: it stays that session's. */
		if (options->debug)
			say(pamh, LOG_DEBUG,
			    "session of %s: without SeCreateTokenPrivilege the token stays",
			    user);
		return PAM_SUCCESS;
	}
	if (err > 0)
		err = replace(options, result);
	if (err) {
		say(pamh, LOG_ERR, "session of %s: token by %s: %s", user, result->by,
		    strerror(-err));
		return verdict(pamh, on_error, user, "OnError");
	}
	peios_sid_format(&result->user, sid, sizeof(sid));
	say(pamh, LOG_INFO, "session of %s: token of %s by %s", user, sid, result->by);
	return PAM_SUCCESS;
}

static int open_logon(pam_handle_t *pamh, const struct options *options,
		      const char *user, const char *service)
{
	struct logon_result result;
	struct logon_policy policy;
	struct logon_who who = {};
	int ret, err;

	ret = logon_load(options->registry, &policy, say_policy, pamh);
	if (ret == LOGON_NONE) {
		logon_free(&policy);
		return PAM_SUCCESS;
	}
	err = ret;
	if (err)
		say(pamh, LOG_ERR, "the logon policy can't be used");
	if (!err) {
		err = logon_who_find(user, service, &who);
		if (!err)
			err = logon_resolve(&policy);
		if (err)
			say(pamh, LOG_ERR, "groups of %s: %s", user, strerror(-err));
	}
	if (!err) {
		err = logon_match(&policy, &who, &result);
		if (err)
			say(pamh, LOG_ERR, "rules for %s: %s", user, result.by);
	}

	if (err)
		ret = verdict(pamh, policy.on_error, user, "OnError");
	else if (result.verdict == LOGON_TOKEN)
		ret = give_token(pamh, options, policy.on_error, user, &result);
	else
		ret = verdict(pamh, result.verdict, user, result.by);
	logon_who_free(&who);
	logon_free(&policy);
	return ret;
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
			       const char **argv)
{
	const void *service = NULL;
	const char *user = NULL;
	struct options options;

	(void)flags;
	if (parse_options(pamh, argc, argv, &options))
		return PAM_SERVICE_ERR;
	if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || !user || !*user) {
		say(pamh, LOG_ERR, "a session of nobody");
		return PAM_SESSION_ERR;
	}
	if (pam_get_item(pamh, PAM_SERVICE, &service) != PAM_SUCCESS)
		service = NULL;
	return open_logon(pamh, &options, user, service);
}

/* The token ends with the processes that have it. */
EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
				const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
