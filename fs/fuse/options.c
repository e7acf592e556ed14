// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/fuse/options.h"

#include <stddef.h>
#include <string.h>

bool options_take(char *options, const char *option)
{
	bool found = false;
	char *to = options, *next;

	for (char *word = options; word; word = next) {
		size_t len = strcspn(word, ",");

		next = word[len] ? word + len + 1 : NULL;
		if (len == strlen(option) && strncmp(word, option, len) == 0) {
			found = true;
			continue;
		}
		if (to > options)
			*to++ = ',';
		memmove(to, word, len);
		to += len;
	}
	*to = '\0';
	return found;
}
