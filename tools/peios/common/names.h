/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that others have chosen (of processes, cgroups, files, arguments), in
 * the forms that the tools print. Whatever bytes a name has, what is printed is
 * one field of one line, does nothing to a terminal, and tells the bytes.
 *
 * text		printable ASCII as it is, a backslash as \\, any other byte as
 *		\xNN; unescaping gives the bytes back
 * JSON		a string of ASCII; bytes that are no UTF-8 are U+FFFD in it
 * label	of OpenMetrics: UTF-8; bytes that are none, and control characters,
 *		are U+FFFD in it
 *
 * Where a byte was replaced by U+FFFD the caller prints the name in hexadecimal
 * besides, so that nothing is lost.
 *
 * Whoever includes this defines __printf(a, b), as the Makefiles do.
 */
#ifndef PEIOS_NAMES_H
#define PEIOS_NAMES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What one byte may become as text, with a NUL. */
#define NAME_BYTE_MAX	5

size_t name_text(char *out, size_t size, const char *bytes);
size_t name_width(const char *bytes, size_t len);
void name_put(FILE *out, const char *bytes);
void name_put_lines(FILE *out, const char *bytes, size_t len);
bool name_put_json(FILE *out, const char *bytes);
bool name_put_label(FILE *out, const char *bytes);
void name_put_hex(FILE *out, const char *bytes);

/*
 * Messages: what is formatted is escaped as a whole. The formats hold no
 * backslash and no newline.
 */
__printf(2, 0) void name_vprintf(FILE *out, const char *format, va_list args);
__printf(2, 3) void name_printf(FILE *out, const char *format, ...);
__printf(3, 0) void name_format(char *out, size_t size, const char *format,
				va_list args);

/* For a prompt, or what a program says to a person; not for names. */
void name_put_prose(FILE *out, const char *bytes);

/* For an option that getopt_long() did not take; opterr must be 0. */
void name_bad_option(const char *program, char *const argv[]);

#endif /* PEIOS_NAMES_H */
