/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for the tests of tools that run on the host. TEST_OF, which the includer
 * defines, names what is tested.
 */
#ifndef PEIOS_TEST_H
#define PEIOS_TEST_H

#include <stdbool.h>
#include <stdio.h>

static int test_nr, test_bad, test_failed;

/* Within a test: each expectation that is not met is said, the test fails. */
#define expect(condition, ...) do {					\
	if (!(condition) && test_bad++ < 10) {				\
		printf("# line %d: %s: ", __LINE__, #condition);	\
		printf(__VA_ARGS__);					\
		printf("\n");						\
	}								\
} while (0)

static inline void test_done(const char *name)
{
	printf("%sok %d %s: %s\n", test_bad ? "not " : "", ++test_nr,
	       TEST_OF, name);
	test_failed += !!test_bad;
	test_bad = 0;
	fflush(stdout);
}

static inline int test_end(void)
{
	printf("1..%d\n", test_nr);
	return test_failed ? 1 : 0;
}

#endif /* PEIOS_TEST_H */
