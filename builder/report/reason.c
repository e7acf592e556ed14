// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/reason.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "fs/base/cleanup.h"

static const char *const sure[] = {
	"error:",
	"error[e", /* of Rust */
	"cmake error",
	"npm err!",
	"undefined reference",
	"multiple definition of",
	"cannot find -l",
	"no rule to make target",
	"no space left on device",
	"segmentation fault",
};

static const char *const possible[] = {
	"not found",
	"no such file",
	"permission denied",
	"killed",
};

static bool has_word(const char *line, const char *const *words, size_t n)
{
	size_t len = strcspn(line, "\n");

	for (size_t i = 0; i < n; i++) {
		size_t word = strlen(words[i]);

		for (size_t at = 0; at + word <= len; at++)
			if (strncasecmp(line + at, words[i], word) == 0)
				return true;
	}
	return false;
}

bool reason_is(const char *line)
{
	return has_word(line, sure, ARRAY_SIZE(sure));
}

const char *reason_find(const char *text)
{
	const char *may = NULL;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (reason_is(line))
			return line;
		if (has_word(line, possible, ARRAY_SIZE(possible)))
			may = line;
	}
	return may;
}
