// SPDX-License-Identifier: GPL-2.0-or-later
/* The work folder of a package: whatever was left in it, nothing outside is touched. */
#include "builder/run/work.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/tempdir.h"

static unsigned mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_mode : 0;
}

static void a_folder_is_its_owner_s_alone(void **state)
{
	autowork struct work w = WORK_NONE;
	char *why = NULL;

	(void)state;
	make_dirs("work/a");
	assert_int_equal(chmod("work/a", 02777), 0);
	assert_int_equal(work_open(&w, "work", "a", &why), 0);
	assert_int_equal(mode_of("work/a"), S_IFDIR | 0700);
	assert_int_equal(mode_of("work/a/log"), S_IFDIR | 0700);
	assert_string_equal(w.path, "work/a");
}

static void of_two_the_second_is_refused(void **state)
{
	autowork struct work first = WORK_NONE, second = WORK_NONE, other = WORK_NONE;
	autofree char *why = NULL;

	(void)state;
	assert_int_equal(work_open(&first, "work", "a", &why), 0);
	assert_int_equal(work_open(&second, "work", "a", &why), -EBUSY);
	assert_non_null(strstr(why, "another"));
	assert_int_equal(work_open(&other, "work", "b", NULL), 0);
	work_release(&first);
	work_release(&second);
	assert_int_equal(work_open(&second, "work", "a", NULL), 0);
}

static void what_was_left_leads_nowhere(void **state)
{
	autowork struct work w = WORK_NONE;
	autofd int log = -1;
	char *why = NULL;

	(void)state;
	put("outside/make.log", "precious");
	put("precious", "precious");
	put_link("../../outside", "work/a/log");
	assert_int_equal(work_open(&w, "work", "a", &why), 0);
	log = work_new_log(&w, "make");
	assert_true(log >= 0);
	assert_int_equal(write(log, "new", 3), 3);
	assert_file("outside/make.log", "precious");
	assert_file("work/a/log/make.log", "new");
	close(take_fd(&log));
	/* in the place of a log: a link, another name of a file, a pipe, a folder */
	for (int i = 0; i < 4; i++) {
		remove_path("work/a/log/make.log");
		if (i == 0)
			put_link("../../../precious", "work/a/log/make.log");
		else if (i == 1)
			put_hard_link("precious", "work/a/log/make.log");
		else if (i == 2)
			assert_int_equal(mkfifo("work/a/log/make.log", 0600), 0);
		else
			put("work/a/log/make.log/x", "x");
		log = work_new_log(&w, "make");
		assert_true(log >= 0);
		assert_int_equal(write(log, "new", 3), 3);
		assert_file("work/a/log/make.log", "new");
		assert_file("precious", "precious");
		close(take_fd(&log));
	}
}

static void all_but_the_logs_goes(void **state)
{
	autowork struct work w = WORK_NONE;
	autofd int log = -1;

	(void)state;
	put("outside/f", "precious");
	assert_int_equal(work_open(&w, "work", "a", NULL), 0);
	log = work_new_log(&w, "make");
	put("work/a/src/d/f", "x");
	put("work/a/plan", "x");
	put_link("../../outside", "work/a/build");
	assert_int_equal(work_clear(&w), 0);
	assert_false(is_there("work/a/src") || is_there("work/a/plan") || is_there("work/a/build"));
	assert_true(is_there("work/a/log/make.log"));
	assert_file("outside/f", "precious");
}

static void a_link_in_the_place_of_the_folder_is_refused(void **state)
{
	autowork struct work w = WORK_NONE;
	autofree char *why = NULL;

	(void)state;
	make_dirs("outside");
	put_link("../outside", "work/a");
	assert_true(work_open(&w, "work", "a", &why) < 0);
	assert_false(is_there("outside/log"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_folder_is_its_owner_s_alone),
		temp_test(of_two_the_second_is_refused),
		temp_test(what_was_left_leads_nowhere),
		temp_test(all_but_the_logs_goes),
		temp_test(a_link_in_the_place_of_the_folder_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
