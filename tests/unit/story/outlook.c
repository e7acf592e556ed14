// SPDX-License-Identifier: GPL-2.0-or-later
/* How long the rest of a build will take, and how far it is: in time, with what is to be fetched.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builder/story/outlook.h"
#include "fs/base/cleanup.h"

#define PASSED 100 /* seconds, of all stories here */

static void assert_near(double is, double wanted)
{
	if (fabs(is - wanted) > 0.05 * wanted + 0.01)
		fail_msg("%f is not about %f", is, wanted);
}

static struct story_package *add(struct story *s, const char *name, double expected,
				 const char *need)
{
	autostrv struct strv needs = { 0 };

	if (need)
		assert_int_equal(strv_add(&needs, need), 0);
	assert_int_equal(story_add(s, name, "1", &needs), 0);
	s->packages[s->n - 1].expected = expected;
	return &s->packages[s->n - 1];
}

/* It began with the build, and has taken `seconds` so far. */
static void ran(struct story *s, const char *name, double seconds, enum story_state state)
{
	struct story_package *p = story_find(s, name);

	assert_int_equal(story_phase(s, p, "make"), 0);
	p->spans[0].begin = 0;
	if (state == STORY_RUNNING)
		return;
	story_end(s, p, state, NULL);
	p->spans[0].end = seconds;
}

static void begin(struct story *s)
{
	assert_int_equal(story_init(s, "pi", 2), 0);
	s->start.tv_sec -= PASSED;
}

static void what_runs_side_by_side(void **state)
{
	autostory struct story s = { 0 };
	struct outlook o;

	(void)state;
	begin(&s);
	add(&s, "a", 200, NULL);
	add(&s, "b", 200, NULL);
	ran(&s, "a", PASSED, STORY_RUNNING);
	ran(&s, "b", PASSED, STORY_RUNNING);
	o = outlook_of(&s);
	assert_near(o.left, 100);
	assert_near(o.share, 0.5);
}

static void time_counts_and_not_packages(void **state)
{
	autostory struct story s = { 0 };
	struct outlook o;
	char words[128];

	(void)state;
	begin(&s);
	add(&s, "small", 100, NULL);
	add(&s, "large", 9900, NULL);
	ran(&s, "small", PASSED, STORY_BUILT);
	o = outlook_of(&s);
	assert_near(o.share, 0.01);
	assert_near(o.left, 9900);
	outlook_words(&o, words, sizeof(words));
	assert_string_equal(words, "1 of 2, 2 h 45 min left");
}

static void a_chain_is_not_divided(void **state)
{
	autostory struct story s = { 0 };

	(void)state;
	begin(&s);
	add(&s, "x", 100, NULL);
	add(&s, "y", 100, NULL);
	add(&s, "a", 300, NULL);
	add(&s, "b", 300, "a");
	ran(&s, "x", PASSED, STORY_BUILT);
	ran(&s, "y", PASSED, STORY_BUILT);
	assert_near(outlook_of(&s).left, 600);
}

/* What was built just now tells of what was never built. */
static void a_first_build(void **state)
{
	autostory struct story s = { 0 };

	(void)state;
	begin(&s);
	add(&s, "a", -1, NULL);
	add(&s, "b", -1, NULL);
	assert_true(outlook_of(&s).left < 0);
	ran(&s, "a", PASSED, STORY_BUILT);
	assert_near(outlook_of(&s).left, 100);
}

static void downloads_count(void **state)
{
	autostory struct story s = { 0 };
	struct outlook o;
	char words[128];

	(void)state;
	begin(&s);
	add(&s, "a", -1, NULL);
	s.packages[0].state = STORY_FETCHING;
	s.packages[0].fetched = 10000000;
	s.packages[0].to_fetch = 50000000;
	o = outlook_of(&s);
	assert_near(o.left, 400);
	assert_near(o.share, 0.2);
	outlook_words(&o, words, sizeof(words));
	assert_string_equal(words, "0 of 1, 1 fetching, 7 min left");
	s.packages[0].expected = 60;
	assert_near(outlook_of(&s).left, 460);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_runs_side_by_side),
		cmocka_unit_test(time_counts_and_not_packages),
		cmocka_unit_test(a_chain_is_not_divided),
		cmocka_unit_test(a_first_build),
		cmocka_unit_test(downloads_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
