// SPDX-License-Identifier: GPL-2.0-or-later
/* Graphs get places, with dot's answer or without, and odd answers are no layout. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/report/layout.h"
#include "fs/base/cleanup.h"

struct line {
	size_t from, to;
};

static void make(struct layout *l, size_t n, const struct line *lines, size_t n_lines)
{
	assert_int_equal(layout_init(l, n, n_lines), 0);
	for (size_t i = 0; i < n; i++)
		l->boxes[i] = (struct layout_box){ .w = 80, .h = 30 };
	for (size_t i = 0; i < n_lines; i++) {
		l->lines[i].from = lines[i].from;
		l->lines[i].to = lines[i].to;
	}
}

/* No two boxes on one another, all inside, every line drawn. */
static void check(const struct layout *l)
{
	for (size_t i = 0; i < l->n_boxes; i++) {
		const struct layout_box *a = &l->boxes[i];

		assert_true(a->x - a->w / 2 > -0.5 && a->x + a->w / 2 < l->width + 0.5);
		assert_true(a->y - a->h / 2 > -0.5 && a->y + a->h / 2 < l->height + 0.5);
		for (size_t k = 0; k < i; k++) {
			const struct layout_box *b = &l->boxes[k];

			assert_true(fabs(a->x - b->x) > 79 || fabs(a->y - b->y) > 29);
		}
	}
	for (size_t i = 0; i < l->n_lines; i++)
		assert_true(l->lines[i].n >= 4 && l->lines[i].n % 3 == 1);
}

static const struct line diamond[] = { { 0, 1 }, { 0, 2 }, { 1, 3 }, { 2, 3 }, { 0, 3 } };

static void test_plain(void **state)
{
	autolayout struct layout l = { 0 };

	(void)state;
	make(&l, 5, diamond, ARRAY_SIZE(diamond));
	assert_int_equal(layout_plain(&l), 0);
	check(&l);
	for (size_t i = 0; i < l.n_lines; i++)
		assert_true(l.boxes[l.lines[i].from].x < l.boxes[l.lines[i].to].x);
}

static void test_circles_end(void **state)
{
	static const struct line circle[] = { { 0, 1 }, { 1, 2 }, { 2, 0 }, { 1, 1 } };
	autolayout struct layout l = { 0 }, none = { 0 };

	(void)state;
	make(&l, 4, circle, ARRAY_SIZE(circle));
	assert_int_equal(layout_plain(&l), 0);
	check(&l);
	make(&none, 0, NULL, 0);
	assert_int_equal(layout_plain(&none), 0);
	assert_true(none.width == 0 && none.height == 0);
}

static void test_make(void **state)
{
	autolayout struct layout l = { 0 }, large = { 0 };
	struct line *lines = calloc(4000, sizeof(*lines));

	(void)state;
	make(&l, 5, diamond, ARRAY_SIZE(diamond));
	assert_int_equal(layout_make(&l), 0);
	check(&l);
	for (size_t i = 0; i < 4000; i++)
		lines[i] = (struct line){ i / 10, 1 + i / 10 + i % 10 };
	make(&large, 420, lines, 4000);
	assert_int_equal(layout_make(&large), 0);
	assert_false(large.by_dot);
	check(&large);
	free(lines);
}

static void test_answer(void **state)
{
	char text[] = "graph 1 5 2\nnode 0 1 1.5 1.1 0.4 \"\" solid box black lightgrey\n"
		      "node 1 4 0.5 1.1 0.4 \"\" solid box black lightgrey\n"
		      "edge 0 1 4 1.5 1.5 2 1.5 3 0.5 3.4 0.5 solid black\nstop\n";
	autolayout struct layout l = { 0 };

	(void)state;
	make(&l, 2, diamond, 1);
	assert_int_equal(layout_read_plain(&l, text), 0);
	check(&l);
	assert_int_equal((int)l.width, 360);
	assert_int_equal((int)l.boxes[0].y, 36);
	assert_int_equal((int)l.lines[0].points[3].y, 108);
}

static void test_odd_answers(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"stop",
		"graph 1 5 2\n",
		"graph 1 5\nstop\n",
		"graph 1 nan 2\nstop\n",
		"graph 1 inf 2\nstop\n",
		"graph 1 1e300 2\nstop\n",
		"graph 1 5 2\nnode 2 1 1\nstop\n",
		"graph 1 5 2\nnode -1 1 1\nstop\n",
		"graph 1 5 2\nnode 0.5 1 1\nstop\n",
		"graph 1 5 2\nnode x 1 1\nstop\n",
		"graph 1 5 2\nedge 1 0 4 1 1 1 1 1 1 1 1\nstop\n",
		"graph 1 5 2\nedge 0 1 4 1 1 1 1 1 1 1\nstop\n",
		"graph 1 5 2\nedge 0 1 5 1 1 1 1 1 1 1 1 1 1\nstop\n",
		"graph 1 5 2\nedge 0 1 999999999 1 1\nstop\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		autolayout struct layout l = { 0 };
		autofree char *text = strdup(texts[i]);

		make(&l, 2, diamond, 1);
		if (layout_read_plain(&l, text) != -EBADMSG)
			fail_msg("taken for a layout: %s", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	    cmocka_unit_test(test_circles_end),
		cmocka_unit_test(test_make),	    cmocka_unit_test(test_answer),
		cmocka_unit_test(test_odd_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
