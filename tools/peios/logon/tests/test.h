/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for the tests of logon and elevation.
 */
#ifndef PEIOS_LOGON_TEST_H
#define PEIOS_LOGON_TEST_H

#define TEST_OF	"logon"
#include "../../common/test.h"

#endif /* PEIOS_LOGON_TEST_H */
