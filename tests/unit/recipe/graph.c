// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of packages, and what is said when there is none. */
#include "builder/recipe/graph.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

/* "a:b c" is a package and its needs; NULL ends. */
static const struct {
	const char *nodes[8];
	const char *wanted, *order;
	int r;
	const char *says;
} cases[] = {
	{ { "a:", "b:a", "c:b" }, "c", "a b c", 0, NULL },
	{ { "c:b a", "b:", "a:" }, "c", "a b c", 0, NULL },
	{ { "a:", "b:" }, "b a", "b a", 0, NULL },
	{ { "a:", "b:a", "c:a", "d:c b" }, "d a", "a b c d", 0, NULL },
	{ { "a:", "b:a" }, "a a", "a", 0, NULL },
	{ { "a:b", "b:a" },
	  "a",
	  "",
	  -ELOOP,
	  "b.ini: packages need each other in a circle: a -> b -> a" },
	{ { "x:a", "a:b", "b:c", "c:a" },
	  "x",
	  "",
	  -ELOOP,
	  "c.ini: packages need each other in a circle: a -> b -> c -> a" },
	{ { "a:a" }, "a", "", -ELOOP, "a.ini: packages need each other in a circle: a -> a" },
	{ { "a:readlin", "readline:" },
	  "a",
	  "",
	  -ENOENT,
	  "a.ini: there is no recipe for 'readlin' (did you mean 'readline'?)" },
	{ { "a:" }, "zzz", "", -ENOENT, "there is no recipe for 'zzz'" },
};

static void fill(struct graph *g, const char *const *nodes)
{
	for (; *nodes; nodes++) {
		autostrv struct strv needs = { 0 };
		autofree char *name = strndup(*nodes, strcspn(*nodes, ":"));
		autofree char *where = NULL;

		assert_true(asprintf(&where, "%s.ini", name) > 0);
		assert_int_equal(strv_split(&needs, strchr(*nodes, ':') + 1, " "), 0);
		assert_int_equal(graph_add(g, name, where, &needs), 0);
	}
}

static void orders(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autograph struct graph g = { 0 };
		autostrv struct strv wanted = { 0 }, order = { 0 };
		autofree char *why = NULL;
		autofree char *got = NULL;

		fill(&g, cases[i].nodes);
		assert_int_equal(strv_split(&wanted, cases[i].wanted, " "), 0);
		assert_int_equal(graph_order(&g, &wanted, &order, &why), cases[i].r);
		got = strv_join(&order, " ");
		if (cases[i].r == 0)
			assert_string_equal(got, cases[i].order);
		else
			assert_string_equal(why, cases[i].says);
	}
}

static void a_name_is_there_once(void **state)
{
	static const char *const nodes[] = { "c:", "a:c", "b:c a", NULL };
	autograph struct graph g = { 0 };

	(void)state;
	fill(&g, nodes);
	assert_int_equal(graph_add(&g, "a", "again", &(struct strv){ 0 }), -EEXIST);
	assert_int_equal(graph_index(&g, "c"), 0);
	assert_int_equal(graph_index(&g, "b"), 2);
	assert_int_equal(graph_index(&g, "aa"), 3);
	assert_null(graph_find(&g, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(a_name_is_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
