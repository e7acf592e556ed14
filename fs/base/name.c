// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/name.h"

#include <ctype.h>
#include <string.h>

bool name_is_version(const char *s)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+._~-";
	size_t len = strlen(s);

	return len >= 1 && len <= 64 && isalnum((unsigned char)*s) && s[strspn(s, allowed)] == '\0';
}

bool name_is_package(const char *s)
{
	return name_is_version(s) && strcmp(s, "local") != 0 && strcmp(s, "base") != 0;
}
