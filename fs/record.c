// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

/* struct record is jansson's value under a name of ours: no header of theirs leaks out. */
static json_t *value_of(const struct record *record)
{
	return (json_t *)record;
}

static struct record *ours(json_t *value)
{
	return (struct record *)value;
}

struct record *record_new(void)
{
	return ours(json_object());
}

struct record *record_list_new(void)
{
	return ours(json_array());
}

void record_free(struct record *record)
{
	json_decref(value_of(record));
}

/* The text with every byte that is not UTF-8 replaced, one at a time. */
static json_t *make_text(const char *text)
{
	autofree char *out = NULL;
	json_t *whole = json_string(text);
	size_t n = 0;

	if (whole)
		return whole;
	out = malloc(strlen(text) * 3 + 1);
	if (!out)
		return NULL;
	while (*text) {
		unsigned char c = *text;
		size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
		json_t *piece = strnlen(text, len) == len ? json_stringn(text, len) : NULL;

		if (piece) {
			memcpy(out + n, text, len);
			n += len;
			text += len;
			json_decref(piece);
		} else {
			memcpy(out + n, "\xef\xbf\xbd", 3);
			n += 3;
			text++;
		}
	}
	return json_stringn(out, n);
}

int record_set(struct record *object, const char *key, const char *value)
{
	return json_object_set_new(value_of(object), key, make_text(value)) < 0 ? -ENOMEM : 0;
}

int record_set_number(struct record *object, const char *key, int64_t value)
{
	return json_object_set_new(value_of(object), key, json_integer(value)) < 0 ? -ENOMEM : 0;
}

int record_set_list(struct record *object, const char *key, const struct strv *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < list->n; i++)
		if (json_array_append_new(array, make_text(list->v[i])) < 0) {
			json_decref(array);
			return -ENOMEM;
		}
	return json_object_set_new(value_of(object), key, array) < 0 ? -ENOMEM : 0;
}

int record_set_object(struct record *object, const char *key, struct record *item)
{
	return json_object_set_new(value_of(object), key, value_of(item)) < 0 ? -ENOMEM : 0;
}

int record_add(struct record *array, struct record *item)
{
	return json_array_append_new(value_of(array), value_of(item)) < 0 ? -ENOMEM : 0;
}

int record_print(const struct record *record)
{
	if (json_dumpf(value_of(record), stdout, JSON_INDENT(2)) < 0)
		return -EIO;
	return putchar('\n') == EOF ? -EIO : 0;
}
