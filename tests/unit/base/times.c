// SPDX-License-Identifier: GPL-2.0-or-later
/* No time of the clock, and none that no date can be made of. */
#include "builder/base/times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static void set(const char *path, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static time_t get(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	return st.st_mtim.tv_sec;
}

static void younger_things_get_the_time(void **state)
{
	autofd int fd = -1;

	(void)state;
	scratch_text("src/lib/old.c", "old");
	scratch_text("src/lib/patched.c", "new");
	assert_int_equal(symlink("nowhere", "src/link"), 0);
	set("src/lib/old.c", 1000);
	set("src/lib", 2000);
	fd = io_open_dir(AT_FDCWD, "src");
	assert_true(fd >= 0);
	assert_int_equal(times_bound(fd, 5000), 0);
	assert_int_equal(get("src/lib/old.c"), 1000);
	assert_int_equal(get("src/lib/patched.c"), 5000);
	assert_int_equal(get("src/link"), 5000);
	assert_int_equal(get("src/lib"), 2000);
	assert_int_equal(get("src"), 5000);
}

static void epochs_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(times_epoch(1), 1);
	assert_int_equal(times_epoch(-5), 0);
	assert_int_equal(times_epoch(INT64_MIN), 0);
	assert_int_equal(times_epoch(INT64_C(1) << 62), UINT32_MAX);
	assert_int_equal(times_epoch(INT64_MAX), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(younger_things_get_the_time),
		cmocka_unit_test(epochs_are_bounded),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
