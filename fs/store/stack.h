// SPDX-License-Identifier: GPL-2.0-or-later
/* stack.h - the order of the committed layers.
 *
 * On disk: STATE/stack, a text file: "xsysfs-stack 1", then one layer id a line, the bottom one
 * first. In memory: an array of layers in the same order.
 *
 * A layer stands above what it needs and what it replaces; among those that could come next the
 * name decides. The clock never does, so the same packages give the same stack.
 */
#pragma once

#include <stddef.h>

#include "fs/base/strv.h"

struct layer;

/* Read the ids from `dir`/stack; none when there is no such file. An id that is no file name, or is
 * there twice, is -EBADMSG. */
int stack_read(int dir, struct strv *ids);
int stack_write(int dir, struct layer *const *v, size_t n);

/* Sort in place. -ELOOP when packages need or replace each other in a circle; then `*cycle` is its
 * "a -> b -> a", for the caller to free. */
int stack_sort(struct layer **v, size_t n, char **cycle);

/* The layer of that package, lent; NULL when it is not there. */
struct layer *stack_find(struct layer *const *v, size_t n, const char *package);

/* Put into `closure`, which is empty, the packages of `names` and all that they need. -ENOENT:
 * `*missing` (lent) is not in the stack. */
int stack_closure(struct layer *const *v, size_t n, const struct strv *names, struct strv *closure,
		  const char **missing);
