// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that others have chosen, printed so that they do no harm: see names.h.
 */
#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "names.h"

/* Longest message; the rest of a longer one is cut off, and that is said. */
#define MESSAGE_MAX	8192

static bool printable(unsigned char byte)
{
	return byte >= ' ' && byte < 0x7f;
}

static size_t byte_text(char *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	if (byte == '\\') {
		memcpy(out, "\\\\", 3);
		return 2;
	}
	if (printable(byte)) {
		out[0] = byte;
		out[1] = '\0';
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 15];
	out[4] = '\0';
	return 4;
}

/**
 * name_text() - a name as text, into memory
 * @out: where to; always NUL-terminated
 * @size: its size, not 0
 * @bytes: the name
 *
 * What does not fit is cut off, between two bytes of the name.
 *
 * Return: the length of the text in @out.
 */
size_t name_text(char *out, size_t size, const char *bytes)
{
	char text[NAME_BYTE_MAX];
	size_t len = 0, n;

	for (; *bytes; bytes++) {
		n = byte_text(text, *bytes);
		if (len + n >= size)
			break;
		memcpy(out + len, text, n);
		len += n;
	}
	out[len] = '\0';
	return len;
}

/**
 * name_width() - how wide a part of a name is as text
 * @bytes: the name
 * @len: how much of it
 *
 * Return: the number of characters.
 */
size_t name_width(const char *bytes, size_t len)
{
	char text[NAME_BYTE_MAX];
	size_t width = 0;

	while (len--)
		width += byte_text(text, *bytes++);
	return width;
}

/**
 * name_put() - print a name as text
 * @out: where to
 * @bytes: the name
 */
void name_put(FILE *out, const char *bytes)
{
	char text[NAME_BYTE_MAX];

	for (; *bytes; bytes++) {
		byte_text(text, *bytes);
		fputs(text, out);
	}
}

/**
 * name_put_lines() - print the contents of a text file
 * @out: where to
 * @bytes: the contents, which may hold NUL
 * @len: how much
 *
 * As name_put(), but newlines stay what they are.
 */
void name_put_lines(FILE *out, const char *bytes, size_t len)
{
	char text[NAME_BYTE_MAX];

	for (; len--; bytes++) {
		if (*bytes == '\n') {
			fputc('\n', out);
			continue;
		}
		byte_text(text, *bytes);
		fputs(text, out);
	}
}

/*
 * The character that begins here, and how many bytes it has; 0 bytes if this is
 * no UTF-8: neither overlong nor a surrogate nor beyond U+10FFFF.
 */
static size_t utf8_next(const char *bytes, uint32_t *c)
{
	const unsigned char *b = (const unsigned char *)bytes;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, len;

	*c = b[0];
	if (b[0] < 0x80)
		return 1;
	if (b[0] >= 0xc2 && b[0] < 0xe0)
		len = 2;
	else if (b[0] >= 0xe0 && b[0] < 0xf0)
		len = 3;
	else if (b[0] >= 0xf0 && b[0] < 0xf5)
		len = 4;
	else
		return 0;
	*c &= 0x7f >> len;
	/* The NUL at the end is no continuation, so nothing is read behind it. */
	for (i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (b[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return len;
}

#define REPLACEMENT	0xfffd

/* The next character, replaced where there is none. */
static uint32_t next_char(const char **bytes, bool *replaced)
{
	uint32_t c;
	size_t len = utf8_next(*bytes, &c);

	if (!len) {
		*replaced = true;
		c = REPLACEMENT;
		len = 1;
	}
	*bytes += len;
	return c;
}

/**
 * name_put_json() - print a name as a JSON string
 * @out: where to
 * @bytes: the name
 *
 * Return: true if a byte had to be replaced: print name_put_hex() as well.
 */
bool name_put_json(FILE *out, const char *bytes)
{
	bool replaced = false;

	fputc('"', out);
	while (*bytes) {
		uint32_t c = next_char(&bytes, &replaced);

		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", (char)c);
		} else if (c < 0x80 && printable(c)) {
			fputc(c, out);
		} else if (c < 0x10000) {
			fprintf(out, "\\u%04x", c);
		} else {
			c -= 0x10000;
			fprintf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
				0xdc00 + (c & 0x3ff));
		}
	}
	fputc('"', out);
	return replaced;
}

/**
 * name_put_label() - print a name as the value of a label of OpenMetrics
 * @out: where to
 * @bytes: the name
 *
 * Return: true if a byte had to be replaced: print name_put_hex() as well.
 */
bool name_put_label(FILE *out, const char *bytes)
{
	bool replaced = false;

	fputc('"', out);
	while (*bytes) {
		const char *begin = bytes;
		uint32_t c = next_char(&bytes, &replaced);

		if (c == '\n') {
			fputs("\\n", out);
		} else if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", (char)c);
		} else if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
			replaced = true;
			fputs("\xef\xbf\xbd", out);
		} else if (c == REPLACEMENT) {
			fputs("\xef\xbf\xbd", out);
		} else {
			fwrite(begin, bytes - begin, 1, out);
		}
	}
	fputc('"', out);
	return replaced;
}

/**
 * name_put_hex() - print the bytes of a name in hexadecimal, in quotes
 * @out: where to
 * @bytes: the name
 */
void name_put_hex(FILE *out, const char *bytes)
{
	fputc('"', out);
	for (; *bytes; bytes++)
		fprintf(out, "%02x", (unsigned char)*bytes);
	fputc('"', out);
}

/**
 * name_vprintf() - print a message that quotes names
 * @out: where to
 * @format: the message, without backslashes and newlines
 * @args: the names, and whatever else
 */
void name_vprintf(FILE *out, const char *format, va_list args)
{
	char message[MESSAGE_MAX];
	int len = vsnprintf(message, sizeof(message), format, args);

	if (len < 0)
		return;
	name_put(out, message);
	if ((size_t)len >= sizeof(message))
		fputs("...", out);
}

/**
 * name_printf() - print a message that quotes names
 * @out: where to
 * @format: the message, without backslashes and newlines
 */
void name_printf(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	name_vprintf(out, format, args);
	va_end(args);
}

/**
 * name_format() - a message that quotes names, into memory
 * @out: where to; always NUL-terminated
 * @size: its size, not 0
 * @format: the message, without backslashes and newlines
 * @args: the names, and whatever else
 *
 * For what is printed elsewhere, as by syslog(3). What does not fit is cut off.
 */
void name_format(char *out, size_t size, const char *format, va_list args)
{
	char message[MESSAGE_MAX];

	if (vsnprintf(message, sizeof(message), format, args) < 0)
		*message = '\0';
	name_text(out, size, message);
}

/**
 * name_put_prose() - print what is written for a person, in any language
 * @out: where to
 * @bytes: the text
 *
 * UTF-8 stays, and so do newlines, tabs and backslashes; control characters, and bytes
 * that are no UTF-8, are \xNN.
 */
void name_put_prose(FILE *out, const char *bytes)
{
	while (*bytes) {
		uint32_t c;
		size_t len = utf8_next(bytes, &c);

		if (c == '\n' || c == '\t' || (len == 1 && printable(c)) ||
		    (len > 1 && c >= 0xa0)) {
			fwrite(bytes, len, 1, out);
			bytes += len;
			continue;
		}
		fprintf(out, "\\x%02x", (unsigned char)*bytes++);
	}
}

/**
 * name_bad_option() - say which option was not taken
 * @program: who says so
 * @argv: the arguments, as getopt_long() was given them
 */
void name_bad_option(const char *program, char *const argv[])
{
	char letter[] = { '-', optopt, '\0' };

	name_printf(stderr, "%s: no such option, or its argument is missing: %s",
		    program, optopt ? letter : argv[optind - 1]);
	fputc('\n', stderr);
}
