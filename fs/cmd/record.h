// SPDX-License-Identifier: GPL-2.0-or-later
/* record.h - records, printed as JSON. The one door to jansson.
 *
 * A document is one object or an array of objects. Names of files need not be UTF-8 but JSON is:
 * a byte that does not fit becomes a private character, by which it can be had again (armour.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"

struct record;

/* An object, and an array of objects. NULL: no memory. */
struct record *record_new(void);
struct record *record_list_new(void);
void record_free(struct record *record); /* takes NULL */

#define autorecord cleanup(record_cleanup)
static inline void record_cleanup(struct record **record)
{
	record_free(*record);
}

/* Set a member of an object. Return 0 or -ENOMEM. */
int record_set(struct record *object, const char *key, const char *value);
int record_set_number(struct record *object, const char *key, int64_t value);
int record_set_bool(struct record *object, const char *key, bool value);
int record_set_list(struct record *object, const char *key, const struct strv *list);
/* Takes `item`, an object, also when it fails. */
int record_set_object(struct record *object, const char *key, struct record *item);
/* Add to an array; takes `item`, also when it fails. */
int record_add(struct record *array, struct record *item);

/* Print to stdout, indented, with a line break at its end. */
int record_print(const struct record *record);

/* An array of objects that is too long to be kept: what is said of each goes to stdout at once, and
 * comes out as if it had been kept and printed. Members are texts, numbers and truths, in the order
 * in which they are said. One thread. */
struct rows {
	size_t flags;	   /* jansson's */
	size_t n, members; /* objects; and members of the last one */
	size_t used;	   /* of what is not written yet */
	char buf[16384];
};
void rows_begin(struct rows *rows);
void rows_add(struct rows *rows); /* the next object */
/* 0, -ENOMEM or -EIO. */
int rows_text(struct rows *rows, const char *key, const char *value);
void rows_number(struct rows *rows, const char *key, int64_t value);
void rows_bool(struct rows *rows, const char *key, bool value);
/* 0, or -EIO for whatever could not be written. */
int rows_end(struct rows *rows);
