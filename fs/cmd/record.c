// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/cmd/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/armour.h"
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

static json_t *make_text(const char *text)
{
	json_t *whole = json_string(text);
	autofree char *armoured = NULL;

	/* most are as they are; U+EFNN, which is one of ours, begins so */
	if (whole && !strstr(text, "\xee\xbe") && !strstr(text, "\xee\xbf"))
		return whole;
	json_decref(whole);
	armoured = armour_put(text);
	return armoured ? json_string(armoured) : NULL;
}

int record_set(struct record *object, const char *key, const char *value)
{
	return json_object_set_new(value_of(object), key, make_text(value)) < 0 ? -ENOMEM : 0;
}

int record_set_number(struct record *object, const char *key, int64_t value)
{
	return json_object_set_new(value_of(object), key, json_integer(value)) < 0 ? -ENOMEM : 0;
}

int record_set_bool(struct record *object, const char *key, bool value)
{
	return json_object_set_new(value_of(object), key, json_boolean(value)) < 0 ? -ENOMEM : 0;
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

/* Control characters above ASCII are escaped for a terminal only. */
static size_t print_flags(void)
{
	return JSON_INDENT(2) | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
}

int record_print(const struct record *record)
{
	if (json_dumpf(value_of(record), stdout, print_flags()) < 0)
		return -EIO;
	return putchar('\n') == EOF ? -EIO : 0;
}

/* ---- row by row ---- */

/* What is wrong stays in the stream: rows_end says so. */
static void flush(struct rows *rows)
{
	fwrite_unlocked(rows->buf, 1, rows->used, stdout);
	rows->used = 0;
}

static void put(struct rows *rows, const char *text, size_t len)
{
	if (len > sizeof(rows->buf) - rows->used)
		flush(rows);
	if (len > sizeof(rows->buf)) {
		fwrite_unlocked(text, 1, len, stdout);
		return;
	}
	memcpy(rows->buf + rows->used, text, len);
	rows->used += len;
}

static void put_text(struct rows *rows, const char *text)
{
	put(rows, text, strlen(text));
}

void rows_begin(struct rows *rows)
{
	rows->n = rows->members = rows->used = 0;
	rows->flags = print_flags() | JSON_ENCODE_ANY;
	put_text(rows, "[");
}

void rows_add(struct rows *rows)
{
	put_text(rows, rows->n++ ? "\n  },\n  {" : "\n  {");
	rows->members = 0;
}

static void begin_member(struct rows *rows, const char *key)
{
	put_text(rows, rows->members++ ? ",\n    \"" : "\n    \"");
	put_text(rows, key);
	put_text(rows, "\": ");
}

/* How much of it is written as it is: no more than the text has. */
static size_t plain_length(const char *text)
{
	const char *p = text;

	while (*p >= ' ' && *p <= '~' && *p != '"' && *p != '\\')
		p++;
	return p - text;
}

int rows_text(struct rows *rows, const char *key, const char *value)
{
	size_t len = plain_length(value);
	autofree char *quoted = NULL;
	json_t *text;

	begin_member(rows, key);
	if (!value[len]) {
		put(rows, "\"", 1);
		put(rows, value, len);
		put(rows, "\"", 1);
		return 0;
	}
	text = make_text(value);
	quoted = text ? json_dumps(text, rows->flags) : NULL;
	json_decref(text);
	if (!quoted)
		return -ENOMEM;
	put_text(rows, quoted);
	return 0;
}

/* printf(3) would take as long as asking for the file. */
void rows_number(struct rows *rows, const char *key, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = '0' + rest % 10;
	while (rest /= 10);
	if (value < 0)
		*--p = '-';
	begin_member(rows, key);
	put(rows, p, digits + sizeof(digits) - p);
}

void rows_bool(struct rows *rows, const char *key, bool value)
{
	begin_member(rows, key);
	put_text(rows, value ? "true" : "false");
}

int rows_end(struct rows *rows)
{
	put_text(rows, rows->n ? "\n  }\n]\n" : "]\n");
	flush(rows);
	return ferror_unlocked(stdout) ? -EIO : 0;
}
