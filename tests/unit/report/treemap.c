// SPDX-License-Identifier: GPL-2.0-or-later
/* A treemap's cells have areas as their values, fill the rectangle, and do not overlap. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder/report/treemap.h"
#include "fs/base/cleanup.h"

#define WIDTH  600.0
#define HEIGHT 400.0

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) < 0.01))
		fail_msg("%f is not %f", a, b);
}

static double overlap(const struct treemap_cell *a, const struct treemap_cell *b)
{
	double w = fmin(a->x + a->w, b->x + b->w) - fmax(a->x, b->x);
	double h = fmin(a->y + a->h, b->y + b->h) - fmax(a->y, b->y);

	return w > 0 && h > 0 ? w * h : 0;
}

static void check(struct treemap_cell *cells, size_t n)
{
	double all = 0, area = 0;

	treemap_layout(cells, n, WIDTH, HEIGHT);
	for (size_t i = 0; i < n; i++)
		all += cells[i].value;
	for (size_t i = 0; i < n; i++) {
		const struct treemap_cell *c = &cells[i];

		assert_near(c->w * c->h, WIDTH * HEIGHT * c->value / all);
		assert_true(c->x >= -0.01 && c->y >= -0.01);
		assert_true(c->x + c->w <= WIDTH + 0.01 && c->y + c->h <= HEIGHT + 0.01);
		area += c->w * c->h;
		for (size_t k = 0; k < i; k++)
			assert_near(overlap(c, &cells[k]), 0);
	}
	assert_near(area, WIDTH * HEIGHT);
}

/* The example of the paper: the largest cell of 6 x 4 is 3 x 2, above another like it. */
static void test_of_the_paper(void **state)
{
	struct treemap_cell cells[] = { { .value = 6 }, { .value = 6 }, { .value = 4 },
					{ .value = 3 }, { .value = 2 }, { .value = 2 },
					{ .value = 1 } };

	(void)state;
	check(cells, ARRAY_SIZE(cells));
	assert_near(cells[0].w, 300);
	assert_near(cells[0].h, 200);
	assert_near(cells[1].x, 0);
	assert_near(cells[1].y, 200);
	assert_near(cells[2].x, 300);
	assert_near(cells[2].w, 600 * 4 / 7.0 / 2);
	assert_near(cells[2].h, 1400 / 6.0);
}

static void test_squares(void **state)
{
	struct treemap_cell cells[40];
	double ratio = 0;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		cells[i] = (struct treemap_cell){ .value = 1000.0 / (double)(i + 1) };
	check(cells, 40);
	for (size_t i = 0; i < 40; i++)
		ratio = fmax(ratio, fmax(cells[i].w / cells[i].h, cells[i].h / cells[i].w));
	assert_true(ratio < 3);
}

static void test_edges(void **state)
{
	struct treemap_cell one[] = { { .value = 5 } }, far[] = {
		{ .value = 1e15 }, { .value = 1 }, { .value = 1 }, { .value = 1e-9 }
	};
	struct treemap_cell zero[] = { { .value = 3 }, { .value = 0 }, { .value = 0 } },
			    nothing[] = { { .value = 0 }, { .value = 0 } };

	(void)state;
	check(one, 1);
	check(far, 4);
	check(zero, 3);
	treemap_layout(nothing, 2, WIDTH, HEIGHT);
	assert_near(nothing[0].w * nothing[0].h, 0);
	treemap_layout(NULL, 0, WIDTH, HEIGHT);
	nothing[0].value = INFINITY;
	treemap_layout(nothing, 2, WIDTH, HEIGHT);
	assert_near(nothing[0].w, 0);
	check(one, 1);
	treemap_layout(one, 1, 0, 0);
	assert_near(one[0].w, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_the_paper),
		cmocka_unit_test(test_squares),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
