/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Privileges, numbered by the low part of their Windows LUID
 * ([MS-LSAD] 3.1.1.2.1).
 */
#ifndef _SECURITY_PEIOS_PRIVILEGE_H
#define _SECURITY_PEIOS_PRIVILEGE_H

#include <linux/bits.h>
#include <linux/types.h>

#define PEIOS_PRIV_FIRST	2
#define PEIOS_PRIV_LAST		36

#define PEIOS_PRIV_CREATE_TOKEN	BIT_ULL(2)
#define PEIOS_PRIV_TCB		BIT_ULL(7)
#define PEIOS_PRIV_SECURITY	BIT_ULL(8)
#define PEIOS_PRIV_TAKE_OWNERSHIP	BIT_ULL(9)
#define PEIOS_PRIV_LOAD_DRIVER	BIT_ULL(10)
#define PEIOS_PRIV_RESTORE	BIT_ULL(18)
#define PEIOS_PRIV_DEBUG	BIT_ULL(20)
#define PEIOS_PRIV_CHANGE_NOTIFY	BIT_ULL(23)
#define PEIOS_PRIV_INCREASE_WORKING_SET	BIT_ULL(33)

#define PEIOS_PRIV_ALL		GENMASK_ULL(PEIOS_PRIV_LAST, PEIOS_PRIV_FIRST)

/* What an ordinary user may have; all others are the TCB's. */
#define PEIOS_PRIV_USER		(PEIOS_PRIV_CHANGE_NOTIFY | \
				 PEIOS_PRIV_INCREASE_WORKING_SET)

const char *peios_privilege_name(unsigned int number);
int peios_privilege_parse(const char *name, u64 *mask);

#endif /* _SECURITY_PEIOS_PRIVILEGE_H */
