// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon: keeps the policy of the registry in force.
 *
 * It looks at the registry and at the kernel when inotify says that one of them
 * has changed, on SIGHUP, and every so many seconds for what inotify doesn't
 * see: a knob written through another mount of proc, a folder above the
 * registry that was replaced.
 *
 * A burst of changes is waited out. Watches are set before the registry is
 * read, so no change falls between.
 */
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syslog.h>
#include <time.h>
#include <unistd.h>

#include "ksyncd.h"

/* A burst that does not end is waited for this many quiet times. */
#define BURST_MAX	10

enum topic {
	ABOUT_REGISTRY,
	ABOUT_KERNEL,
	NR_TOPICS,
};

/**
 * struct daemon_state - what the daemon knows
 * @kernel: where the knobs are
 * @options: how it was called
 * @have: @registry is a policy
 * @registry: the policy to be in force: the last one that was right
 * @in_force: it was in force when last looked
 * @said: hashes of what was said last about each topic, so as not to repeat it
 * @registry_fd: inotify's, for the registry
 * @knobs_fd: inotify's, for the knobs
 */
struct daemon_state {
	const struct kernel *kernel;
	const struct options *options;
	bool have;
	struct registry registry;
	bool in_force;
	unsigned int said[NR_TOPICS];
	int registry_fd;
	int knobs_fd;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static unsigned int hash(const struct messages *m)
{
	unsigned int h = 2166136261u;
	const char *byte;
	int i;

	for (i = 0; i < m->nr; i++)
		for (byte = m->text[i]; *byte; byte++)
			h = (h ^ (unsigned char)*byte) * 16777619u;
	return m->nr ? h | 1 : 0;
}

/* Say it, unless it is what was said last time. */
static void complain(struct daemon_state *d, enum topic topic,
		     const struct messages *m)
{
	unsigned int h = hash(m);
	int i;

	if (h == d->said[topic])
		return;
	d->said[topic] = h;
	for (i = 0; i < m->nr; i++)
		say(m->error[i] ? LOG_ERR : LOG_WARNING, "%s", m->text[i]);
}

#define FOLDER_EVENTS	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
			 IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | \
			 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* Watch the registry's folders, and the closest folder above that exists. */
static void watch_registry(struct daemon_state *d)
{
	static const char * const below[] = { "", "/System", "/" POLICY_DIR };
	char path[PATH_TEXT_MAX], *parent = path;
	unsigned int i;

	if (d->registry_fd >= 0)
		close(d->registry_fd);
	d->registry_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->registry_fd < 0)
		return;	/* then every interval must do */

	snprintf(path, sizeof(path), "%s", d->options->registry);
	do {
		parent = dirname(parent);
		if (inotify_add_watch(d->registry_fd, parent,
				      IN_CREATE | IN_DELETE | IN_MOVED_FROM |
				      IN_MOVED_TO | IN_DELETE_SELF |
				      IN_MOVE_SELF | IN_ONLYDIR) >= 0)
			break;
	} while (strcmp(parent, "/") && strcmp(parent, "."));

	for (i = 0; i < ARRAY_SIZE(below); i++) {
		snprintf(path, sizeof(path), "%s%s", d->options->registry,
			 below[i]);
		inotify_add_watch(d->registry_fd, path, FOLDER_EVENTS);
	}
}

static void watch_knobs(struct daemon_state *d)
{
	char path[PATH_TEXT_MAX];
	int id;

	d->knobs_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (id = 0; d->knobs_fd >= 0 && id < NR_SETTINGS; id++) {
		if (!knob_path(d->kernel, id, path, sizeof(path)))
			inotify_add_watch(d->knobs_fd, path, IN_MODIFY);
	}
}

/* Read what there is; nothing in it matters but that it is there. */
static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

/* Say which knobs are not as they were left; false if all are. */
static bool report_drift(struct daemon_state *d, const struct values *now,
			 const struct values *want)
{
	bool drift = false;
	char name[64];
	int id;

	for (id = 0; id < NR_SETTINGS; id++) {
		if (policy_in_force(now, want, id))
			continue;
		drift = true;
		if (d->in_force)
			say(LOG_WARNING,
			    "%s was changed from %lld to %lld by someone else, setting it back",
			    sysctl_name(id, name, sizeof(name)), want->v[id],
			    now->v[id]);
	}
	return drift;
}

/* See that the policy is in force; @changed: it is a new one. */
static void enforce(struct daemon_state *d, bool changed, struct messages *m)
{
	struct values now, want;
	int written;

	if (changed)
		d->in_force = false;
	policy_complete(&d->registry.given, &want);
	if (kernel_values(d->kernel, &now, m)) {
		d->in_force = false;
		return;
	}
	if (d->in_force && !report_drift(d, &now, &want))
		return;
	written = policy_apply(d->kernel, &d->registry.given,
			       d->options->refuse_over, m);
	d->in_force = written >= 0;
	if (written > 0 || (written == 0 && changed))
		say(LOG_NOTICE, "policy is in force, %d knobs written",
		    written);
}

/*
 * Read the registry, unless the policy is pinned; true if there is a new policy.
 * What is wrong with it, if anything, is in @m.
 */
static bool read_registry(struct daemon_state *d, struct messages *m)
{
	struct registry fresh;
	bool changed;

	*m = (struct messages) {};
	if (d->have && d->options->pin)
		return false;
	/* A watch follows a folder where it goes; the path may mean another. */
	watch_registry(d);
	if (registry_load(d->options->registry, &fresh, m)) {
		complain(d, ABOUT_REGISTRY, m);
		return false;
	}
	complain(d, ABOUT_REGISTRY, m);
	changed = !d->have || memcmp(&d->registry.given, &fresh.given,
				     sizeof(fresh.given));
	d->registry = fresh;
	d->have = true;
	return changed;
}

/* Look at the registry and the kernel, and bring them together. */
static void look(struct daemon_state *d)
{
	struct messages of_registry, m = {};
	bool changed = read_registry(d, &of_registry);

	if (!d->have) {
		notify_status("No policy is in force: %s",
			      of_registry.text[0]);
		return;
	}
	if (of_registry.errors)
		notify_status("An earlier policy is kept: %s",
			      of_registry.text[0]);

	enforce(d, changed, &m);
	complain(d, ABOUT_KERNEL, &m);
	if (!d->in_force)
		notify_status("The policy could not be applied: %s",
			      m.text[0]);
	else if (!of_registry.errors)
		notify_status("The registry's policy is in force");
}

/* The signal that came, or 0. */
static int signal_take(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ?
	       (int)info.ssi_signo : 0;
}

static int milliseconds_until(long long now, long long due)
{
	return due <= now ? 0 : due - now > 1 << 30 ? 1 << 30 : due - now;
}

/**
 * policy_run() - keep the registry's policy in force until told to end
 * @kernel: the kernel
 * @options: how
 *
 * Return: the exit code of the program.
 */
int policy_run(const struct kernel *kernel, const struct options *options)
{
	static struct daemon_state d;
	const int interval = options->interval * 1000, quiet = options->quiet_ms;
	long long now, next_look, burst = 0, due = 0, next_ping;
	int ping = watchdog_ms(), sig = 0;
	struct pollfd fds[3] = {};
	sigset_t set;

	d = (struct daemon_state) {
		.kernel = kernel, .options = options,
		.registry_fd = -1, .knobs_fd = -1,
	};
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[0].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fds[0].fd < 0) {
		say(LOG_ERR, "signalfd: %s", strerror(errno));
		return 1;
	}
	watch_knobs(&d);
	look(&d);
	notify("READY=1");

	now = now_ms();
	next_look = now + interval;
	next_ping = now + ping;
	while (sig != SIGTERM && sig != SIGINT) {
		long long wake = due && due < next_look ? due : next_look;

		if (ping && next_ping < wake)
			wake = next_ping;
		fds[1].fd = d.registry_fd;
		fds[2].fd = d.knobs_fd;
		fds[0].events = POLLIN;
		fds[1].events = POLLIN;
		fds[2].events = POLLIN;
		if (poll(fds, 3, milliseconds_until(now_ms(), wake)) < 0 &&
		    errno != EINTR) {
			say(LOG_ERR, "poll: %s", strerror(errno));
			return 1;
		}

		now = now_ms();
		if (ping && now >= next_ping) {
			notify("WATCHDOG=1");
			next_ping = now + ping;
		}
		sig = signal_take(fds[0].fd);
		if (sig == SIGHUP) {
			notify("RELOADING=1\nMONOTONIC_USEC=%lld", now * 1000);
			memset(d.said, 0, sizeof(d.said));
			due = now;
		}
		if (fds[1].revents || fds[2].revents) {
			drain(d.registry_fd);
			drain(d.knobs_fd);
			if (!burst)
				burst = now;
			due = now + quiet;
			if (due > burst + BURST_MAX * quiet)
				due = burst + BURST_MAX * quiet;
		}
		if ((due && now >= due) || now >= next_look) {
			look(&d);
			if (sig == SIGHUP)
				notify("READY=1");
			burst = 0;
			due = 0;
			next_look = now_ms() + interval;
		}
	}
	notify("STOPPING=1");
	return 0;
}
