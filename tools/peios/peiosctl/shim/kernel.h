/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel's internal headers as security/peios/{sid,privilege,
 * token,sd,access}.c need, so that tools and fuzzers are built from the very
 * sources that the kernel is. Each header in linux/ here includes this; the
 * Makefile has a few macros more.
 */
#ifndef _PEIOS_SHIM_KERNEL_H
#define _PEIOS_SHIM_KERNEL_H

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
/* Not uint64_t: the kernel prints it by %llu. */
typedef unsigned long long u64;

struct rcu_head {
	void *next;
	void (*func)(struct rcu_head *head);
};

struct shim_refcount {
	int refs;
};

struct shim_atomic64 {
	long long counter;
};

#define gfp_t		unsigned int
#define refcount_t	struct shim_refcount
#define atomic64_t	struct shim_atomic64

static inline void refcount_set(refcount_t *r, int n)
{
	r->refs = n;
}

static inline long long atomic64_read(const atomic64_t *v)
{
	return v->counter;
}

static inline void atomic64_set(atomic64_t *v, long long n)
{
	v->counter = n;
}

#define U32_MAX			UINT32_MAX
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK_ULL(high, low)	((~0ULL >> (63 - (high))) & (~0ULL << (low)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define WARN_ON_ONCE(cond)	({ bool bad = (cond); assert(!bad); bad; })

#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return calloc(1, size);
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

/* The C library's depends on the locale, and not on all of char. */
#undef isdigit
#define isdigit(c)	((unsigned char)((c) - '0') < 10)

static inline int hex_to_bin(unsigned char c)
{
	if (isdigit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline __printf(3, 4)
int scnprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	if (!size)
		return 0;
	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);
	return n < (int)size ? n : (int)size - 1;
}

static inline int match_string(const char * const *list, size_t n,
			       const char *string)
{
	size_t i;

	for (i = 0; i < n && list[i]; i++)
		if (!strcmp(list[i], string))
			return i;
	return -EINVAL;
}

static inline u16 get_unaligned_le16(const void *p)
{
	const u8 *b = p;

	return b[0] | b[1] << 8;
}

static inline u32 get_unaligned_le32(const void *p)
{
	const u8 *b = p;

	return b[0] | b[1] << 8 | b[2] << 16 | (u32)b[3] << 24;
}

static inline u16 get_unaligned_be16(const void *p)
{
	const u8 *b = p;

	return b[0] << 8 | b[1];
}

static inline u32 get_unaligned_be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static inline void put_unaligned_le16(u16 v, void *p)
{
	u8 *b = p;

	b[0] = v;
	b[1] = v >> 8;
}

static inline void put_unaligned_le32(u32 v, void *p)
{
	put_unaligned_le16(v, p);
	put_unaligned_le16(v >> 16, (u8 *)p + 2);
}

static inline void put_unaligned_be16(u16 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 8;
	b[1] = v;
}

static inline void put_unaligned_be32(u32 v, void *p)
{
	put_unaligned_be16(v >> 16, p);
	put_unaligned_be16(v, (u8 *)p + 2);
}

#endif /* _PEIOS_SHIM_KERNEL_H */
