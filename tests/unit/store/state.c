// SPDX-License-Identifier: GPL-2.0-or-later
/* A stack of many layers: each is found by its id, and one that stays is the same after it has been
 * read again.
 */
#include "fs/store/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "tests/unit/tempdir.h"

/* STATE_PACKAGES: how many, for who wants to measure. */
static size_t n_packages(void)
{
	const char *n = getenv("STATE_PACKAGES");

	return n ? strtoul(n, NULL, 10) : 100;
}

static void id_of(size_t i, char id[static 64])
{
	snprintf(id, 64, "p%05zu-1-0123456789ab", i * 7919 % n_packages()); /* in no order */
}

static struct layer *make_layer(struct state *s, size_t i)
{
	char id[64], path[128], name[16];
	struct layer *layer = NULL;
	autofd int dir = -1;
	struct meta *meta;

	id_of(i, id);
	snprintf(name, sizeof(name), "%.6s", id);
	snprintf(path, sizeof(path), "state/layers/%s/root", id);
	make_dirs(path);
	*strrchr(path, '/') = '\0';
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	meta = meta_new(name, "1", "");
	assert_non_null(meta);
	assert_int_equal(meta_write(dir, meta), 0);
	meta_free(meta);
	assert_int_equal(state_open_layer(s, id, &layer), 0);
	return layer;
}

static void each_is_found(struct state *s)
{
	for (size_t i = 0; i < n_packages(); i++) {
		struct layer *layer;
		char id[64];

		id_of(i, id);
		layer = state_find_id(s, id);
		assert_non_null(layer);
		assert_string_equal(layer->id, id);
		id[strlen(id) - 1] = 'c';
		assert_null(state_find_id(s, id));
	}
	assert_null(state_find_id(s, ""));
	assert_null(state_find_id(s, "zzz"));
}

static void a_layer_is_found_by_its_id(void **state)
{
	size_t n = n_packages();
	autofree struct layer **v = calloc(n, sizeof(struct layer *));
	autofree char *problem = NULL;
	struct layer *first, *last;
	struct state *s = NULL;

	(void)state;
	assert_int_equal(state_open("state", true, &s, &problem), 0);
	assert_null(state_find_id(s, "p00000-1-0123456789ab"));
	for (size_t i = 0; i < n; i++)
		v[i] = make_layer(s, i);
	assert_int_equal(state_set_stack(s, v, n, &problem), 0);
	each_is_found(s);
	first = s->stack[0];
	last = s->stack[n - 1];
	assert_int_equal(state_reload(s, &problem), 0);
	assert_int_equal(s->n, n);
	assert_ptr_equal(s->stack[0], first);
	assert_ptr_equal(s->stack[n - 1], last);
	each_is_found(s);
	assert_int_equal(state_set_stack(s, s->stack, n - 1, &problem), 0);
	assert_ptr_equal(state_find_id(s, first->id), first);
	assert_int_equal(state_set_stack(s, NULL, 0, &problem), 0);
	assert_null(state_find_id(s, v[0]->id));
	for (size_t i = 0; i < n; i++)
		layer_unref(v[i]);
	state_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_layer_is_found_by_its_id),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
