// SPDX-License-Identifier: GPL-2.0-or-later
/* json.h - the builder's door to jansson. */
#pragma once

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "fs/base/armour.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

static inline void cleanup_json(json_t **j)
{
	json_decref(*j);
}
/* Any bytes, as all our JSON has them (armour.h). NULL: no memory. */
static inline json_t *json_of_bytes(const char *bytes)
{
	autofree char *text = armour_put(bytes);

	return text ? json_string(text) : NULL;
}
/* Print to stdout, indented, with a line break at its end; what a terminal would obey is escaped on
 * one. 0 or -EIO, said. */
static inline int json_print(const json_t *j)
{
	size_t flags = JSON_INDENT(2) | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);

	if (json_dumpf(j, stdout, flags) < 0 || putchar('\n') == EOF)
		return log_errno(-EIO, "cannot write to stdout");
	return 0;
}
#define autojson cleanup(cleanup_json)
