// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files below /proc/PID, all that there are: what Linux shows only to who
 * may trace the process, Peios shows only to who has a right on it, and each
 * such file stands in the table here and in Documentation/admin-guide/LSM/
 * Peios.rst. A file that a later kernel adds fails until it is put there.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"
#include "peios_util.h"

static const struct {
	const char *name;
	uint32_t rights;
} files[] = {
	{ "auxv", VM_READ },
	{ "cwd", VM_READ },
	{ "environ", VM_READ },
	{ "exe", VM_READ },
	{ "fd", VM_READ },
	{ "fdinfo", VM_READ },
	{ "io", VM_READ },
	{ "map_files", VM_READ },
	{ "maps", VM_READ },
	{ "mem", VM_READ },
	{ "ns", VM_READ },
	{ "numa_maps", VM_READ },
	{ "pagemap", VM_READ },
	{ "root", VM_READ },
	{ "smaps", VM_READ },
	{ "smaps_rollup", VM_READ },
	{ "patch_state", VM_READ | VM_WRITE },
	{ "personality", VM_READ | VM_WRITE },
	{ "stack", VM_READ | VM_WRITE },
	{ "syscall", VM_READ | VM_WRITE },
	{ "commit", QUERY_INFORMATION },
	{ "oom_adj", QUERY_INFORMATION },
	{ "oom_score", QUERY_INFORMATION },
	{ "oom_score_adj", QUERY_INFORMATION },
	{ "oom_score_detail", QUERY_INFORMATION },
	{ "timerslack_ns", QUERY_LIMITED },
};

static uint32_t rights_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!strcmp(files[i].name, name))
			return files[i].rights;
	return 0;
}

/* What is found, in the order of the folder; children fill it in. */
#define MAX_FILES	160

struct result {
	char name[64];
	bool refused;
};

struct pass {
	char dir[64];
	bool without_ptrace;
	int nr;
	struct result results[MAX_FILES];
};

static int drop_ptrace(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_PTRACE);
	data[0].permitted &= ~(1U << CAP_SYS_PTRACE);
	data[0].inheritable &= ~(1U << CAP_SYS_PTRACE);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static int look(const char *path, bool inside);

/* A folder of links, of which the first stands for all. */
static int look_into(const char *path)
{
	struct dirent *entry;
	char below[400];
	int err = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return -errno;
	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && entry->d_name[0] == '.');
	if (entry) {
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		err = look(below, true);
	} else {
		err = -errno;
	}
	closedir(dir);
	return err;
}

static int look(const char *path, bool inside)
{
	struct stat st;
	char byte[256];
	int fd, err = 0;

	if (lstat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return inside ? 0 : look_into(path);
	if (S_ISLNK(st.st_mode))
		return readlink(path, byte, sizeof(byte)) < 0 ? -errno : 0;
	/* One that can only be written is opened. */
	fd = open(path, st.st_mode & 0400 ? O_RDONLY : O_WRONLY);
	if (fd < 0)
		return -errno;
	/* What is not there to be read at the beginning, as memory, is no refusal. */
	if (st.st_mode & 0400 && read(fd, byte, 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int look_at_all(void *arg)
{
	struct pass *pass = arg;
	struct dirent *entry;
	char path[200];
	int err;
	DIR *dir;

	if (pass->without_ptrace ? drop_ptrace() : become(ALICE, NULL))
		return 1;
	dir = opendir(pass->dir);
	if (!dir)
		return 2;
	while ((entry = readdir(dir))) {
		struct result *result = &pass->results[pass->nr];

		/* Processes and threads are walked by themselves. */
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "task"))
			continue;
		if (pass->nr == MAX_FILES)
			return 3;
		snprintf(path, sizeof(path), "%s/%s", pass->dir, entry->d_name);
		snprintf(result->name, sizeof(result->name), "%s", entry->d_name);
		err = look(path, false);
		result->refused = err == -EACCES || err == -EPERM;
		pass->nr++;
	}
	closedir(dir);
	return 0;
}

FIXTURE(proc_files) {
	struct target target;
	struct pass *all;
	struct pass *one;
};

FIXTURE_SETUP(proc_files)
{
	const struct target_setup setup = {};

	die_with_parent();
	if (peios_why_skip())
		SKIP(return, "%s", peios_why_skip());
	ASSERT_EQ(0, target_start(&self->target, &setup));
	self->all = mmap(NULL, sizeof(*self->all), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	self->one = mmap(NULL, sizeof(*self->one), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->all);
	ASSERT_NE(MAP_FAILED, self->one);
}

FIXTURE_TEARDOWN(proc_files)
{
	target_stop(&self->target);
}

FIXTURE_VARIANT(proc_files)
{
	const char *format;
};

FIXTURE_VARIANT_ADD(proc_files, process) {
	.format = "/proc/%d",
};

FIXTURE_VARIANT_ADD(proc_files, thread) {
	.format = "/proc/%1$d/task/%1$d",
};

/* Look with these rights on the process, and no others. */
static int look_with(struct pass *pass, struct target *target,
		     const char *format, uint32_t rights)
{
	struct sd sd;

	sd_begin(&sd, SYSTEM);
	/* To be able to put another one there again. */
	sd_allow(&sd, SYSTEM, ALL_RIGHTS);
	if (rights)
		sd_allow(&sd, ALICE, rights);
	if (sd_write(target->pid, &sd))
		return -1;
	pass->nr = 0;
	snprintf(pass->dir, sizeof(pass->dir), format, target->pid);
	return in_child(look_at_all, pass);
}

/* The root of old: all capabilities but the one that looks into others. */
TEST_F_TIMEOUT(proc_files, that_linux_restricts_are_in_the_table, 120)
{
	int i, restricted = 0;

	self->all->without_ptrace = true;
	ASSERT_EQ(0, look_with(self->all, &self->target, variant->format, 0));
	for (i = 0; i < self->all->nr; i++) {
		const struct result *result = &self->all->results[i];

		if (!result->refused)
			continue;
		restricted++;
		EXPECT_NE(0U, rights_of(result->name)) {
			TH_LOG("%s is not in the table", result->name);
		}
	}
	EXPECT_LT(10, restricted);
}

/* Each right by itself: what needs no more is shown, all else is refused. */
TEST_F_TIMEOUT(proc_files, ask_for_their_rights, 120)
{
	static const uint32_t sets[] = {
		0, VM_READ, VM_WRITE, VM_READ | VM_WRITE, QUERY_INFORMATION,
		QUERY_LIMITED, ALL_RIGHTS & ~VM_READ,
	};
	unsigned int i;
	int j, guarded = 0;

	ASSERT_EQ(0, look_with(self->all, &self->target, variant->format,
			       ALL_RIGHTS));
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		ASSERT_EQ(0, look_with(self->one, &self->target,
				       variant->format, sets[i]));
		ASSERT_EQ(self->all->nr, self->one->nr);
		for (j = 0; j < self->one->nr; j++) {
			const struct result *result = &self->one->results[j];
			uint32_t rights = rights_of(result->name);

			guarded += rights && !sets[i];
			EXPECT_EQ(self->all->results[j].refused ||
				  rights & ~sets[i], result->refused) {
				TH_LOG("%s, with rights 0x%x", result->name,
				       sets[i]);
			}
		}
	}
	EXPECT_LT(10, guarded);
	/* With all rights nothing that is in the table is refused. */
	for (j = 0; j < self->all->nr; j++)
		EXPECT_FALSE(self->all->results[j].refused &&
			     rights_of(self->all->results[j].name)) {
			TH_LOG("%s", self->all->results[j].name);
		}
}

TEST_HARNESS_MAIN
