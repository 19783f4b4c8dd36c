/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for ksyncd's tests.
 */
#ifndef KSYNCD_TEST_H
#define KSYNCD_TEST_H

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define TEST_OF	"ksyncd"
#include "../../common/test.h"

#endif /* KSYNCD_TEST_H */
