// SPDX-License-Identifier: GPL-2.0-only
/*
 * The knobs of the OOM score in /proc/sys/vm.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "oom_util.h"

FIXTURE(knob) {
	char path[64];
	char old[32];
};

FIXTURE_VARIANT(knob) {
	const char *name;
	long long by_default;
	long long max;
};

FIXTURE_VARIANT_ADD(knob, oom_parent_share) {
	.name = "oom_parent_share", .by_default = 125, .max = 1000,
};

FIXTURE_VARIANT_ADD(knob, oom_fork_weight) {
	.name = "oom_fork_weight", .by_default = 50, .max = 1000,
};

FIXTURE_VARIANT_ADD(knob, oom_fork_window_ms) {
	.name = "oom_fork_window_ms", .by_default = 10000, .max = 86400000,
};

FIXTURE_VARIANT_ADD(knob, oom_tcb_discount) {
	.name = "oom_tcb_discount", .by_default = 30, .max = 1000,
};

FIXTURE_VARIANT_ADD(knob, oom_immune_limit) {
	.name = "oom_immune_limit", .by_default = 1000, .max = 1000,
};

FIXTURE_VARIANT_ADD(knob, oom_last_resort) {
	.name = "oom_last_resort", .by_default = 0, .max = 1,
};

FIXTURE_VARIANT_ADD(knob, commit_wait_ms) {
	.name = "commit_wait_ms", .by_default = 50, .max = 1000,
};

FIXTURE_SETUP(knob)
{
	snprintf(self->path, sizeof(self->path), "/proc/sys/vm/%s",
		 variant->name);
	if (access(self->path, F_OK))
		SKIP(return, "no %s: its option is off", self->path);
	if (getuid())
		SKIP(return, "not root");
	ASSERT_LT(0, read_file(self->path, self->old, sizeof(self->old)));
}

FIXTURE_TEARDOWN(knob)
{
	write_file(self->path, self->old);
}

TEST_F(knob, has_its_default)
{
	EXPECT_EQ(variant->by_default, atoll(self->old));
}

TEST_F(knob, takes_its_range)
{
	long long values[] = { 0, 1, variant->max / 2, variant->max };
	char text[32];
	long long now;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(text, sizeof(text), "%lld\n", values[i]);
		ASSERT_EQ(0, write_file(self->path, text));
		ASSERT_EQ(0, read_number(self->path, &now));
		EXPECT_EQ(values[i], now);
	}
}

TEST_F(knob, refuses_the_rest)
{
	char over[32], huge[8192];
	static const char * const bad[] = {
		"-1", "4294967296", "99999999999999999999", "x", "1x",
		"0x", "--1", "1e3", "1.5", " ", "\n",
	};
	long long now;
	unsigned int i;
	int err;

	snprintf(over, sizeof(over), "%lld", variant->max + 1);
	EXPECT_EQ(-EINVAL, write_file(self->path, over));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		err = write_file(self->path, bad[i]);
		EXPECT_EQ(-EINVAL, err) {
			TH_LOG("'%s' gives %d", bad[i], err);
		}
		ASSERT_EQ(0, read_number(self->path, &now));
		EXPECT_EQ(variant->by_default, now);
	}

	/* Empty writes change nothing, as with every sysctl. */
	EXPECT_EQ(0, write_file(self->path, ""));
	memset(huge, '1', sizeof(huge));
	EXPECT_EQ(-EINVAL, write_bytes(self->path, huge, sizeof(huge)));
	EXPECT_EQ(-EINVAL, write_bytes(self->path, "1\0002", 3));
	EXPECT_EQ(-EFAULT, write_bytes(self->path, (void *)1, 1));
	ASSERT_EQ(0, read_number(self->path, &now));
	EXPECT_EQ(variant->by_default, now);
}

TEST_F(knob, zero_switches_its_term_off)
{
	const char *term = strstr(variant->name, "parent") ? "inherited" :
			   strstr(variant->name, "tcb") ? "tcb" : "fork";
	struct hog hog;

	/* These have no term: see the next test. */
	if (strstr(variant->name, "immune") || strstr(variant->name, "resort") ||
	    strstr(variant->name, "commit"))
		return;
	if (!strcmp(term, "tcb") && !have_peios())
		SKIP(return, "no Peios: nobody is of the TCB tier");
	/* Some weight in us for it to inherit from. */
	memset(malloc(8 * MB), 1, 8 * MB);
	ASSERT_EQ(0, hog_start(&hog, 0, NULL));
	ASSERT_EQ(0, hog_grow(&hog, 16 * MB));
	EXPECT_NE(0, detail(hog.pid, term));
	ASSERT_EQ(0, write_file(self->path, "0"));
	EXPECT_EQ(0, detail(hog.pid, term));
	hog_stop(&hog);
}

static void expect_class(struct __test_metadata *_metadata, pid_t pid,
			 const char *class)
{
	char path[64], shown[32];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_detail", pid);
	ASSERT_EQ(0, read_key(path, "class", shown, sizeof(shown)));
	EXPECT_STREQ(class, shown);
}

TEST_F(knob, only_the_limit_ends_immunity)
{
	bool limit = strstr(variant->name, "immune_limit");
	struct hog hog;
	int weight;

	ASSERT_EQ(0, hog_start(&hog, -1000, NULL));
	ASSERT_EQ(0, hog_grow(&hog, 4 * MB));
	for (weight = 0; weight < 2; weight++) {
		ASSERT_EQ(0, write_file(self->path, weight ? "1" : "0"));
		expect_class(_metadata, hog.pid, limit ? "normal" : "immune");
	}
	ASSERT_EQ(0, write_file(self->path, self->old));
	expect_class(_metadata, hog.pid, "immune");
	hog_stop(&hog);
}

TEST_HARNESS_MAIN
