// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/html.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT 0xfffd
#define PICTURES    0x2400 /* of the control characters */

/* The character at `s`, and how many of the `len` bytes it takes. */
static uint32_t decode(const unsigned char *s, size_t len, size_t *n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t want = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
	uint32_t c = want == 1 ? *s : *s & (0x7f >> want);

	*n = 1;
	if (want == 0 || *s > 0xf4 || want > len)
		return REPLACEMENT;
	for (size_t i = 1; i < want; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return REPLACEMENT;
	*n = want;
	return c;
}

/* Letters that turn the direction of what is written after them, or are none. */
static bool is_deceptive(uint32_t c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       (c >= 0xfdd0 && c <= 0xfdef) || c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

static uint32_t show(uint32_t c)
{
	if (c < 0x20 && c != '\n' && c != '\t')
		return PICTURES + c;
	if (c == 0x7f)
		return PICTURES + 0x21;
	return is_deceptive(c) ? REPLACEMENT : c;
}

static void put_character(FILE *to, uint32_t c)
{
	if (c < 0x80) {
		putc((int)c, to);
	} else if (c < 0x800) {
		putc((int)(0xc0 | c >> 6), to);
		putc((int)(0x80 | (c & 0x3f)), to);
	} else {
		if (c < 0x10000) {
			putc((int)(0xe0 | c >> 12), to);
		} else {
			putc((int)(0xf0 | c >> 18), to);
			putc((int)(0x80 | (c >> 12 & 0x3f)), to);
		}
		putc((int)(0x80 | (c >> 6 & 0x3f)), to);
		putc((int)(0x80 | (c & 0x3f)), to);
	}
}

static const char *entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

void html_textn(FILE *to, const char *s, size_t len)
{
	size_t all = strnlen(s, len + 4), n; /* a character may begin before `len` */

	for (size_t at = 0; at < all; at += n) {
		uint32_t c = show(decode((const unsigned char *)s + at, all - at, &n));
		const char *name = entity(c);

		if (at + n > len)
			return;
		if (name)
			fputs(name, to);
		else
			put_character(to, c);
	}
}

void html_text(FILE *to, const char *s)
{
	html_textn(to, s, strlen(s));
}

/* One conversion: returns what is behind it. */
static const char *put_value(FILE *to, const char *format, va_list *ap)
{
	const char *text;

	if (*format == '%') {
		putc('%', to);
	} else if (*format == 's') {
		text = va_arg(*ap, const char *);
		html_text(to, text ? text : "");
	} else if (*format == 'd') {
		fprintf(to, "%d", va_arg(*ap, int));
	} else if (strncmp(format, "zu", 2) == 0) {
		fprintf(to, "%zu", va_arg(*ap, size_t));
		format++;
	} else if (*format == '.') {
		fprintf(to, "%.*f", format[1] - '0', va_arg(*ap, double));
		format += 2;
	}
	return format + 1;
}

void html_put(FILE *to, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	while (*format) {
		size_t n = strcspn(format, "%");

		fwrite(format, 1, n, to);
		format += n;
		if (*format == '%')
			format = put_value(to, format + 1, &ap);
	}
	va_end(ap);
}

/* "3 min 05 s"; "3 min" where nothing is left over. */
static void put_pair(char buf[static HTML_SECONDS], int n, const char *large, const char *small)
{
	if (n % 60)
		snprintf(buf, HTML_SECONDS, "%d %s %02d %s", n / 60, large, n % 60, small);
	else
		snprintf(buf, HTML_SECONDS, "%d %s", n / 60, large);
}

const char *html_seconds(double seconds, char buf[static HTML_SECONDS])
{
	double s = fmin(fmax(seconds, 0), 1e9);

	if (s < 0.005)
		snprintf(buf, HTML_SECONDS, "0 s");
	else if (s < 0.995)
		snprintf(buf, HTML_SECONDS, "%.2f s", s);
	else if (s < 9.95)
		snprintf(buf, HTML_SECONDS, "%.1f s", s);
	else if (s < 59.5)
		snprintf(buf, HTML_SECONDS, "%.0f s", s);
	else if (s < 3599.5)
		put_pair(buf, (int)(s + 0.5), "min", "s");
	else
		put_pair(buf, (int)(s / 60 + 0.5), "h", "min");
	return buf;
}
