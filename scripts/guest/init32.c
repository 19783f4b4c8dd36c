// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of a 32-bit guest, which has no shell: prints on the second serial
 * port what the KUnit suites of /etc/kunit-suites found at boot, runs each program that
 * is named on its kernel's command line by exec=NAME,..., in /, and ends the guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char * const mounts[][2] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "tmpfs", "/dev/shm" },
	{ "tmpfs", "/tmp" },
	{ "cgroup2", "/sys/fs/cgroup" },
	{ "securityfs", "/sys/kernel/security" },
	{ "debugfs", "/sys/kernel/debug" },
};

/* Print a file; is it there? */
static int show(const char *path)
{
	char text[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return 0;
	while ((n = read(fd, text, sizeof(text))) > 0)
		if (write(STDOUT_FILENO, text, n) != n)
			break;
	close(fd);
	return 1;
}

static int kunit_results(void)
{
	FILE *suites = fopen("/etc/kunit-suites", "r");
	char name[64], path[128];
	int rc = 0;

	if (!suites)
		return 1;
	while (fscanf(suites, "%63s", name) == 1) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/kunit/%s/results", name);
		if (!show(path)) {
			printf("not ok 1 kunit: suite %s ran at boot\n", name);
			rc = 1;
		}
		fflush(stdout);
	}
	fclose(suites);
	return rc;
}

static int run(const char *name)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		execl(name, name, NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status)
		printf("not ok 1 %s: ended with %#x\n", name, status);
	fflush(stdout);
	return status != 0;
}

int main(void)
{
	char text[4096] = "", *name, *rest;
	unsigned int i;
	int fd, rc;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i][1], 0755);
		mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL);
	}
	fd = open("/dev/ttyS1", O_RDWR);
	if (fd < 0)
		return 1;
	for (i = 0; i < 3; i++)
		dup2(fd, i);
	chdir("/");
	rc = kunit_results();
	fd = open("/proc/cmdline", O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0) {
		name = strstr(text, " exec=");
		rest = name ? name + strlen(" exec=") : "";
		rest[strcspn(rest, " \n")] = 0;
		while ((name = strsep(&rest, ",")))
			rc |= *name && run(name);
	}
	printf("\nguest: job ended with %d\n", rc);
	fflush(stdout);
	/* Let the port drain before the machine goes. */
	sleep(1);
	/* QEMU is told not to: a kernel without ACPI knows no better end. */
	reboot(RB_AUTOBOOT);
	return 1;
}
