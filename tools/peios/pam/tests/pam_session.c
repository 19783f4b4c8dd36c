// SPDX-License-Identifier: GPL-2.0-only
/*
 * pam_session CONFDIR SERVICE USER COMMAND...: a login service without a
 * question: opens a session as PAM's file CONFDIR/SERVICE says and, if that went
 * well, becomes the user (unless it may not) and runs the command in it. Exits
 * with 10 if there is no session. With PAM_LOG in the environment, what modules say to
 * syslog goes to that file, a message a line that begins with its priority.
 */
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

static int no_answer(int nr, const struct pam_message **message,
		     struct pam_response **response, void *data)
{
	(void)nr;
	(void)message;
	(void)response;
	(void)data;
	return PAM_CONV_ERR;
}

void __syslog_chk(int priority, int flag, const char *format, ...);

/* What libpam calls; this one is found before the C library's. */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	const char *path = getenv("PAM_LOG");
	FILE *out = path ? fopen(path, "a") : NULL;
	va_list args;

	(void)flag;
	if (!out)
		return;
	fprintf(out, "<%d>", priority & 7);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
	fclose(out);
}

int main(int argc, char **argv)
{
	const struct pam_conv conv = { .conv = no_answer };
	int ret, status = 0;
	struct passwd *user;
	pam_handle_t *pamh;
	pid_t child;

	if (argc < 5)
		return 2;
	ret = pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pamh);
	if (ret != PAM_SUCCESS)
		return 3;
	ret = pam_open_session(pamh, 0);
	if (ret != PAM_SUCCESS) {
		fprintf(stderr, "no session: %s\n", pam_strerror(pamh, ret));
		pam_end(pamh, ret);
		return 10;
	}
	child = fork();
	if (!child) {
		user = getpwnam(argv[3]);
		if (!geteuid() && user &&
		    (initgroups(argv[3], user->pw_gid) ||
		     setgid(user->pw_gid) || setuid(user->pw_uid)))
			_exit(4);
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	waitpid(child, &status, 0);
	ret = pam_close_session(pamh, 0);
	pam_end(pamh, ret);
	return ret == PAM_SUCCESS && WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}
