// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/name.h"

#include <ctype.h>
#include <string.h>

static bool is_name(const char *s, size_t max)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+._~-";

	return strlen(s) <= max && isalnum((unsigned char)*s) && s[strspn(s, allowed)] == '\0';
}

bool name_is_version(const char *s)
{
	return is_name(s, 64);
}

bool name_is_layer(const char *s)
{
	return is_name(s, 199);
}

bool name_is_package(const char *s)
{
	return name_is_version(s) && strcmp(s, "local") != 0 && strcmp(s, "base") != 0;
}
