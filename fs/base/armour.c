// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/armour.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How long the character at `s` is; 0: these bytes are none. */
static size_t character(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80 ? 1 : *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;

	if (n > 1 && (*s < 0xc2 || *s > 0xf4))
		return 0;
	*code = n == 1 ? *s : *s & (0xff >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : n;
}

static bool is_ours(uint32_t code)
{
	return code >= 0xef80 && code <= 0xefff;
}

char *armour_put(const char *bytes)
{
	char *ret = malloc(strlen(bytes) * 3 + 1), *to = ret;
	const unsigned char *s = (const unsigned char *)bytes;

	while (ret && *s) {
		uint32_t code = 0;
		size_t n = character(s, &code);

		if (n && !is_ours(code)) {
			to = mempcpy(to, s, n);
			s += n;
			continue;
		}
		*to++ = (char)0xee;
		*to++ = (char)(0x80 | ((0xef00 | *s) >> 6 & 0x3f));
		*to++ = (char)(0x80 | (*s & 0x3f));
		s++;
	}
	if (ret)
		*to = '\0';
	return ret;
}

char *armour_take(const char *text)
{
	char *ret = strdup(text), *to = ret;
	const unsigned char *s = (const unsigned char *)text;

	while (ret && *s) {
		uint32_t code = 0;
		size_t n = character(s, &code);

		if (n == 3 && is_ours(code)) {
			*to++ = (char)(code & 0xff);
			s += n;
		} else {
			*to++ = (char)*s++;
		}
	}
	if (ret)
		*to = '\0';
	return ret;
}
