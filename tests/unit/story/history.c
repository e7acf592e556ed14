// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories are kept, found again, and told from what is none. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/story/history.h"
#include "fs/base/cleanup.h"
#include "tests/unit/tempdir.h"

static void tell(struct story *s, enum story_state state)
{
	struct strv none = { 0 }, needs = { 0 };

	assert_int_equal(story_init(s, "pi", 2), 0);
	assert_int_equal(strv_add(&needs, "zlib"), 0);
	assert_int_equal(story_add(s, "zlib", "1.3", &none), 0);
	assert_int_equal(story_add(s, "png", "1.6", &needs), 0);
	strv_release(&needs);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(story_phase(s, &s->packages[i], "make"), 0);
		s->packages[i].spans[0].begin = 1;
		story_end(s, &s->packages[i], state, "because \"so\"\n\033");
		s->packages[i].spans[0].end = 11 + i;
	}
	s->end = 12;
	s->idle = 0.5;
}

static void test_round_trip(void **state)
{
	autostory struct story s = { 0 }, got = { 0 };
	char *why = NULL;

	(void)state;
	tell(&s, STORY_BUILT);
	assert_int_equal(history_keep("builds", &s), 0);
	assert_int_equal(history_load("builds", NULL, &got, &why), 0);
	assert_string_equal(got.board, "pi");
	assert_int_equal(got.n, 2);
	assert_string_equal(got.packages[1].needs.v[0], "zlib");
	assert_int_equal(got.packages[1].state, STORY_BUILT);
	assert_string_equal(got.packages[1].why, "because \"so\"\n\033");
	assert_int_equal((int)got.packages[1].spans[0].end, 12);
	assert_true(got.start_time == s.start_time && got.end > 11.9 && got.idle > 0.4);
}

static void test_what_is_expected(void **state)
{
	autostory struct story built = { 0 }, failed = { 0 }, next = { 0 };
	struct strv none = { 0 };

	(void)state;
	tell(&built, STORY_BUILT);
	built.start_time = 1000;
	assert_int_equal(history_keep("builds", &built), 0);
	tell(&failed, STORY_FAILED);
	failed.start_time = 2000;
	assert_int_equal(history_keep("builds", &failed), 0);
	assert_int_equal(story_init(&next, "pi", 2), 0);
	assert_int_equal(story_add(&next, "png", "1.7", &none), 0);
	assert_int_equal(story_add(&next, "new", "1", &none), 0);
	assert_int_equal(history_expect("builds", &next), 0);
	assert_int_equal((int)(next.packages[0].expected + 0.5), 11);
	assert_true(next.packages[1].expected < 0);
}

static void test_only_so_many_stay(void **state)
{
	autostory struct story s = { 0 }, got = { 0 };
	char *why = NULL;
	int n = 0;
	DIR *d;

	(void)state;
	tell(&s, STORY_BUILT);
	for (int i = 0; i < 30 + 5; i++) {
		s.start_time = i * 1000;
		assert_int_equal(history_keep("builds", &s), 0);
	}
	d = opendir("builds");
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	assert_int_equal(n, 30); /* as README says */
	assert_int_equal(history_load("builds", NULL, &got, &why), 0);
	assert_int_equal(got.start_time, 34000); /* the newest ones */
	s.packages[0].state = s.packages[1].state = STORY_UP_TO_DATE;
	s.start_time = 1;
	assert_int_equal(history_keep("other", &s), 0);
	assert_int_equal(access("other", F_OK), -1);
}

static void test_what_is_no_story(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"board\": \"x\"}",
		"{\"board\": 1, \"packages\": []}",
		"{\"board\": \"x\", \"packages\": [1]}",
		"{\"board\": \"x\", \"packages\": [{\"name\": \"a\", \"version\": \"1\", "
		"\"state\": \"odd\"}]}",
		"{\"board\": \"x\", \"packages\": [{\"name\": \"a\", \"version\": \"1\", "
		"\"state\": "
		"\"built\", \"spans\": [{\"begin\": 1}]}]}",
		"{\"board\": \"x\", \"packages\": [{\"name\": \"a\", \"version\": \"1\", "
		"\"state\": "
		"\"built\", \"spans\": [{\"what\": \"x\", \"begin\": -5}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		autostory struct story s = { 0 };
		char *why = NULL;

		put("story.json", texts[i]);
		assert_int_equal(history_load("x", "story.json", &s, &why), -EBADMSG);
		assert_non_null(strstr(why, "'story.json' is no story of a build"));
		free(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(test_round_trip),
		temp_test(test_what_is_expected),
		temp_test(test_only_so_many_stay),
		temp_test(test_what_is_no_story),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
