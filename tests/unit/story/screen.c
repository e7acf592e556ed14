// SPDX-License-Identifier: GPL-2.0-or-later
/* The live lines: what they say, at every width, and that a log cannot steer the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "tests/unit/tempdir.h"

static void tell(struct story *s)
{
	struct strv none = { 0 };

	assert_int_equal(story_init(s, "pi", 2), 0);
	for (int i = 0; i < 5; i++) {
		char name[32];

		snprintf(name, sizeof(name), "package-number-%d", i);
		assert_int_equal(story_add(s, name, "1.0", &none), 0);
	}
	story_end(s, &s->packages[0], STORY_BUILT, NULL);
	story_end(s, &s->packages[1], STORY_FAILED, "see its log");
	assert_int_equal(story_phase(s, &s->packages[2], "make"), 0);
	s->packages[3].state = STORY_FETCHING;
	s->packages[3].fetched = 500000;
	s->packages[3].to_fetch = 2000000;
}

static void test_says_what_goes_on(void **state)
{
	autostory struct story s = { 0 };
	autofree char *text = NULL;

	(void)state;
	tell(&s);
	text = screen_compose(&s, 100, 24, false);
	assert_non_null(strstr(text, "package-number-2 make "));
	assert_non_null(strstr(text, "package-number-3 fetch  [##########....."));
	assert_non_null(strstr(text, " 25 %  0.5 of 2.0 MB\n"));
	assert_non_null(strstr(text, "] 2 of 5, 1 failed, 1 running, 1 fetching\n"));
	assert_null(strchr(text, '\033'));
}

static void test_fits_any_width(void **state)
{
	autostory struct story s = { 0 };

	(void)state;
	tell(&s);
	for (int columns = 1; columns < 300; columns++) {
		autofree char *text = screen_compose(&s, columns, 24, false);
		char *rest = text, *line;

		while ((line = strsep(&rest, "\n")))
			assert_true(strlen(line) < (size_t)columns || !*line);
	}
}

static void test_more_than_rows(void **state)
{
	autostory struct story s = { 0 };
	struct strv none = { 0 };
	autofree char *text = NULL;
	int lines = 0;

	(void)state;
	assert_int_equal(story_init(&s, "pi", 40), 0);
	for (int i = 0; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "p%d", i);
		assert_int_equal(story_add(&s, name, "1", &none), 0);
		assert_int_equal(story_phase(&s, &s.packages[i], "configure"), 0);
	}
	text = screen_compose(&s, 80, 10, true);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 9);
	assert_non_null(strstr(text, "and 33 more"));
}

static void write_log(const char *dir, const char *text)
{
	autofree char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/make.log", dir) > 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_log_is_tamed(void **state)
{
	static const struct {
		const char *log, *shown;
	} cases[] = {
		{ "first\nsecond line\n\n", "  second line\n" },
		{ "\033[31mred\033[0m text\n", "  red text\n" },
		{ "\033]0;title\007x\n", "  0;titlex\n" },
		{ "a\bb\x7f"
		  "c\td\n",
		  "  abc d\n" },
		{ "gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x80\x98q\xe2\x80\x99\n",
		  "  gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x80\x98q\xe2\x80\x99\n" },
		{ "bad \xff\xc3(\n", "  bad ?"
				     "?(\n" },
		{ "c1 \xc2\x9b"
		  "31m\n",
		  "  c1 ?31m\n" },
		{ "half\033[\n", "  half\n" },
	};
	autostory struct story s = { 0 };

	(void)state;
	tell(&s);
	s.packages[2].log = strdup(temp_dir);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *text = NULL;

		write_log(temp_dir, cases[i].log);
		text = screen_compose(&s, 120, 24, false);
		if (!strstr(text, cases[i].shown))
			fail_msg("'%s' is shown as '%s'", cases[i].log, text);
	}
}

static void test_time_left(void **state)
{
	autostory struct story s = { 0 };
	autofree char *text = NULL;

	(void)state;
	tell(&s);
	s.packages[4].expected = 300;
	s.packages[3].expected = 100;
	text = screen_compose(&s, 80, 24, false);
	assert_non_null(strstr(text, " min left\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_goes_on), cmocka_unit_test(test_fits_any_width),
		cmocka_unit_test(test_more_than_rows),	  temp_test(test_log_is_tamed),
		cmocka_unit_test(test_time_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
