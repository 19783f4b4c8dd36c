// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry: right and wrong trees, and one that changes while it is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ksyncd.h"
#include "test.h"

static char top[64], root[128], dir[256];
static struct registry registry;
static struct messages m;

static char *at(const char *name)
{
	static char path[4][512];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[0]), "%s/%s", dir, name);
	return path[next];
}

static void put_bytes(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

static void put(const char *name, const char *text)
{
	put_bytes(at(name), text, strlen(text));
}

static void run(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command))
		abort();
}

/* A tree with one good setting. */
static void fresh(void)
{
	run("rm -rf '%s'; mkdir -p '%s'; chmod -R 755 '%s'", root, dir, root);
	put("PanicOnOom", "2\n");
}

static bool said(const char *what)
{
	int i;

	for (i = 0; i < m.nr; i++)
		if (strstr(m.text[i], what))
			return true;
	return false;
}

static void loads(void)
{
	int ret = registry_load(root, &registry, &m);

	expect(!ret && !m.errors, "%d: %s", ret, m.text[0]);
}

/* It fails, and says so: the name of the file and the reason. */
static void refuses(int want, const char *name, const char *reason)
{
	int ret = registry_load(root, &registry, &m);

	expect(ret == want, "%s: %d", reason, ret);
	expect(said(name) && said(reason), "want '%s' '%s', have '%s'", name,
	       reason, m.text[0]);
	fresh();
}

static void good_trees(void)
{
	fresh();
	loads();
	expect(registry.given.set[PANIC_ON_OOM] &&
	       registry.given.v[PANIC_ON_OOM] == 2, "value");
	expect(!registry.given.set[OVERCOMMIT_MEMORY], "a value out of nowhere");
	put("OvercommitMemory", "# comment\nstrict\n");
	put(".OvercommitMemory.tmp", "garbage");
	put(".swp", "");
	loads();
	expect(registry.given.v[OVERCOMMIT_MEMORY] == 2, "value");

	/* Other parts of the registry are others' business. */
	run("mkdir -p '%s/System/Net' '%s/User'; echo x > '%s/System/Net/y'",
	    root, root, root);
	loads();
	/* The registry's own folder may be reached by a link. */
	run("mv '%s' '%s.real'; ln -s '%s.real' '%s'", root, root, root, root);
	loads();
	run("rm '%s'; rm -rf '%s.real'", root, root);
}

static void no_trees(void)
{
	fresh();
	run("rm -rf '%s'", root);
	refuses(REGISTRY_NONE, root, "there is no such folder");
	run("rm -rf '%s/System'", root);
	refuses(REGISTRY_NONE, "/System", "there is no such folder");
	run("rm -rf '%s'", dir);
	refuses(REGISTRY_NONE, "/System/Memory", "there is no such folder");
	run("rm '%s'/*", dir);
	refuses(REGISTRY_BAD, "/System/Memory", "is empty");
	run("rm -rf '%s'; touch '%s'", dir, dir);
	refuses(REGISTRY_BAD, "/System/Memory", "is a file, not a folder");
	run("mv '%s' '%s/m'; ln -s '%s/m' '%s'", dir, top, top, dir);
	refuses(REGISTRY_BAD, "/System/Memory", "is a symbolic link, not a folder");
	run("rm -rf '%s/m'", top);
	run("mv '%s/System' '%s/s'; ln -s '%s/s' '%s/System'", root, top, top,
	    root);
	refuses(REGISTRY_BAD, "/System", "is a symbolic link, not a folder");
	run("rm -rf '%s/s'", top);
}

static void wrong_files(void)
{
	static char huge[1 << 20];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	fresh();
	put("Swappiness", "1\n");
	refuses(REGISTRY_BAD, "Swappiness", "no such setting");
	put("overcommit_memory", "1\n");
	refuses(REGISTRY_BAD, "overcommit_memory", "is OvercommitMemory meant?");
	put("PanicOnOom", "3\n");
	refuses(REGISTRY_BAD, "PanicOnOom", "is out of range 0 to 2");
	put("PanicOnOom", "yes\n");
	refuses(REGISTRY_BAD, "PanicOnOom", "is not a decimal number");
	put("OvercommitMemory", "yes\n");
	refuses(REGISTRY_BAD, "OvercommitMemory", "neither a number nor");
	put("PanicOnOom", "2");
	refuses(REGISTRY_BAD, "PanicOnOom", "cut off?");
	put("PanicOnOom", "");
	refuses(REGISTRY_BAD, "PanicOnOom", "is empty");
	put_bytes(at("PanicOnOom"), "2\0\n", 3);
	refuses(REGISTRY_BAD, "PanicOnOom", "NUL byte");
	memset(huge, '1', sizeof(huge));
	put_bytes(at("PanicOnOom"), huge, sizeof(huge));
	refuses(REGISTRY_BAD, "PanicOnOom", "is too large");
	run("truncate -s 1T '%s'", at("PanicOnOom"));
	refuses(REGISTRY_BAD, "PanicOnOom", "is too large");

	run("ln -sf /etc/hostname '%s'", at("PanicOnOom"));
	refuses(REGISTRY_BAD, "PanicOnOom", "is a symbolic link, not a file");
	run("ln -s PanicOnOom '%s'", at("OomDumpTasks"));
	refuses(REGISTRY_BAD, "OomDumpTasks", "is a symbolic link, not a file");
	run("ln -s nowhere '%s'", at("OomDumpTasks"));
	refuses(REGISTRY_BAD, "OomDumpTasks", "is a symbolic link, not a file");
	run("ln '%s' '%s/other'", at("PanicOnOom"), top);
	refuses(REGISTRY_BAD, "PanicOnOom", "has 2 links");
	run("rm '%s/other'", top);
	run("mkdir '%s'", at("OomDumpTasks"));
	refuses(REGISTRY_BAD, "OomDumpTasks", "is a folder, not a file");
	/* Opening it must not wait for a writer. */
	run("mkfifo '%s'", at("OomDumpTasks"));
	refuses(REGISTRY_BAD, "OomDumpTasks", "is a FIFO, not a file");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s",
		 at("OomDumpTasks"));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		abort();
	refuses(REGISTRY_BAD, "OomDumpTasks", "is a socket, not a file");
	close(fd);
	/* What it says must not move the terminal's cursor. */
	put("Panic\n\x1b[2J", "1\n");
	refuses(REGISTRY_BAD, "Panic\n\033[2J", "no such setting");

	put("OvercommitRatio", "80\n");
	put("OvercommitKbytes", "1000000\n");
	refuses(REGISTRY_BAD, "OvercommitKbytes", "leave one out");

	/* All of it at once. */
	put("OvercommitRatio", "x\n");
	put("OomDumpTasks", "2\n");
	put("Nonsense", "1\n");
	chmod(at("PanicOnOom"), 0666);
	expect(registry_load(root, &registry, &m) == REGISTRY_BAD, "taken");
	expect(m.errors == 4, "%d errors", m.errors);
	expect(said("OvercommitRatio") && said("OomDumpTasks") &&
	       said("Nonsense") && said("PanicOnOom"), "%s", m.text[0]);
	fresh();
}

static void owner_and_mode(void)
{
	char system_dir[256];

	snprintf(system_dir, sizeof(system_dir), "%s/System", root);
	fresh();
	chmod(at("PanicOnOom"), 0664);
	refuses(REGISTRY_BAD, "PanicOnOom", "mode 0664 lets others write");
	chmod(at("PanicOnOom"), 0646);
	refuses(REGISTRY_BAD, "PanicOnOom", "mode 0646 lets others write");
	chmod(dir, 0777);
	refuses(REGISTRY_BAD, "Memory", "mode 0777 lets others write");
	chmod(system_dir, 01777);
	refuses(REGISTRY_BAD, "System", "mode 1777 lets others write");
	chmod(root, 0775);
	refuses(REGISTRY_BAD, root, "mode 0775 lets others write");
	chmod(at("PanicOnOom"), 0400);
	loads();
	chmod(top, 0777);
	refuses(REGISTRY_BAD, "registry/..", "mode 0777 lets others write");
	/* As in /tmp: others can't move what is not theirs. */
	chmod(top, 01777);
	loads();
	chmod(top, 0700);
	if (geteuid()) {
		printf("# not root: no files of others\n");
		return;
	}
	if (chown(at("PanicOnOom"), 65534, 0))
		abort();
	refuses(REGISTRY_BAD, "PanicOnOom", "belongs to uid 65534, not to root");
	if (chown(dir, 1000, 0))
		abort();
	refuses(REGISTRY_BAD, "Memory", "belongs to uid 1000, not to root");
	if (chown(root, 1000, 0))
		abort();
	refuses(REGISTRY_BAD, root, "belongs to uid 1000, not to root");
}

/*
 * Two settings that must not be seen together from different versions: the
 * writer keeps both equal by replacing the folder, and never stops.
 */
static void changes_while_read(void)
{
	int round, taken = 0, mixed = 0, refused = 0, missing = 0, versions = 0;
	long long last = -1;
	char other[256], old[256];
	pid_t pid;

	fresh();
	put("OomParentShare", "0\n");
	put("OomForkWeight", "0\n");
	snprintf(other, sizeof(other), "%s/System/.new", root);
	snprintf(old, sizeof(old), "%s/System/.old", root);
	pid = fork();
	if (!pid) {
		char path[300], text[16];
		int n = 0;

		for (;;) {
			n = (n + 1) % 1000;
			snprintf(text, sizeof(text), "%d\n", n);
			mkdir(other, 0755);
			snprintf(path, sizeof(path), "%s/OomParentShare", other);
			put_bytes(path, text, strlen(text));
			snprintf(path, sizeof(path), "%s/OomForkWeight", other);
			put_bytes(path, text, strlen(text));
			rename(dir, old);
			rename(other, dir);
			snprintf(path, sizeof(path), "%s/OomParentShare", old);
			unlink(path);
			snprintf(path, sizeof(path), "%s/OomForkWeight", old);
			unlink(path);
			snprintf(path, sizeof(path), "%s/PanicOnOom", old);
			unlink(path);
			rmdir(old);
			usleep(rand() % 200);
		}
	}
	for (round = 0; round < 20000 && versions < 50; round++) {
		int ret = registry_load(root, &registry, &m);

		if (ret == REGISTRY_NONE) {
			missing++;
		} else if (ret) {
			refused++;
		} else {
			taken++;
			versions += registry.given.v[OOM_PARENT_SHARE] != last;
			last = registry.given.v[OOM_PARENT_SHARE];
			mixed += registry.given.v[OOM_PARENT_SHARE] !=
				 registry.given.v[OOM_FORK_WEIGHT];
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("# read %d (%d versions), refused %d, not there %d\n", taken,
	       versions, refused, missing);
	expect(!mixed, "%d mixtures", mixed);
	expect(versions > 10, "the writer does not write");

	/* It has stopped: now it can be read. */
	fresh();
	loads();

	/* A value that is rewritten in place all the time is never half taken. */
	pid = fork();
	if (!pid) {
		for (;;) {
			put("OomForkWindowMs", "10000\n");
			put("OomForkWindowMs", "20000\n");
		}
	}
	for (round = 0; round < 100; round++) {
		if (registry_load(root, &registry, &m) ||
		    !registry.given.set[OOM_FORK_WINDOW_MS])
			continue;
		expect(registry.given.v[OOM_FORK_WINDOW_MS] == 10000 ||
		       registry.given.v[OOM_FORK_WINDOW_MS] == 20000, "%lld",
		       registry.given.v[OOM_FORK_WINDOW_MS]);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	umask(022);
	snprintf(top, sizeof(top), "/tmp/ksyncd-test-XXXXXX");
	if (!mkdtemp(top))
		abort();
	snprintf(root, sizeof(root), "%s/registry", top);
	snprintf(dir, sizeof(dir), "%s/%s", root, POLICY_DIR);

	good_trees();
	test_done("registries that are right");
	no_trees();
	test_done("registries that are not there, or not folders");
	wrong_files();
	test_done("wrong files: each named, with the reason");
	owner_and_mode();
	test_done("owners and modes");
	changes_while_read();
	test_done("a registry that changes while it is read");
	run("rm -rf '%s'", top);
	return test_end();
}
