// SPDX-License-Identifier: GPL-2.0-or-later
/* record.h - records, printed as JSON. The one door to jansson.
 *
 * A document is one object or an array of objects. Names of files need not be UTF-8 but JSON is:
 * a byte that does not fit becomes U+FFFD.
 */
#pragma once

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
int record_set_list(struct record *object, const char *key, const struct strv *list);
/* Takes `item`, an object, also when it fails. */
int record_set_object(struct record *object, const char *key, struct record *item);
/* Add to an array; takes `item`, also when it fails. */
int record_add(struct record *array, struct record *item);

/* Print to stdout, indented, with a line break at its end. */
int record_print(const struct record *record);
