// SPDX-License-Identifier: GPL-2.0-or-later
/* One folder's contents over another's. */
#include "builder/base/lay.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tempdir.h"

static int lay(bool link, char **where)
{
	autofd int from = io_open_dir(AT_FDCWD, "from");
	autofd int to = io_open_dir(AT_FDCWD, "to");

	return lay_over(from, to, link, where);
}

static void folders_are_merged_and_files_replaced(void **state)
{
	struct stat st;

	(void)state;
	make_dirs("from/a/new");
	make_dirs("to/a/old");
	put("from/a/x", "from");
	put("from/a/new/y", "new");
	put("to/a/x", "to");
	put("to/a/old/z", "old");
	assert_int_equal(link("to/a/x", "kept"), 0);
	assert_int_equal(chmod("from/a/x", 04751), 0);
	assert_int_equal(lay(false, NULL), 0);
	assert_file("to/a/x", "from");
	assert_file("to/a/new/y", "new");
	assert_file("to/a/old/z", "old");
	assert_file("kept", "to"); /* it is a new file, not the old one written over */
	assert_int_equal(stat("to/a/x", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(st.st_nlink, 1);
}

static void links_are_neither_followed_nor_lost(void **state)
{
	char target[16] = "";

	(void)state;
	make_dirs("from");
	make_dirs("to");
	put("outside", "untouched");
	put("from/file", "from");
	put("to/was", "was");
	put_link("../outside", "to/file");
	put_link("nowhere", "from/was");
	assert_int_equal(mkfifo("from/fifo", 0644), 0);
	assert_int_equal(lay(false, NULL), 0);
	assert_file("to/file", "from");
	assert_file("outside", "untouched");
	assert_int_equal(readlink("to/was", target, sizeof(target) - 1), 7);
	assert_string_equal(target, "nowhere");
	assert_int_equal(access("to/fifo", F_OK), -1);
}

static void files_are_one_where_it_is_asked_for(void **state)
{
	struct stat a, b;

	(void)state;
	make_dirs("from/d");
	make_dirs("to");
	put("from/d/x", "one");
	assert_int_equal(lay(true, NULL), 0);
	assert_int_equal(stat("from/d/x", &a), 0);
	assert_int_equal(stat("to/d/x", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void a_file_is_no_folder(void **state)
{
	autofree char *file = NULL;
	autofree char *folder = NULL;

	(void)state;
	make_dirs("from/a/b");
	make_dirs("to/a");
	put("to/a/b", "file");
	assert_int_equal(lay(false, &file), -ENOTDIR);
	assert_string_equal(file, "a/b");
	assert_file("to/a/b", "file");
	assert_int_equal(unlink("to/a/b"), 0);
	assert_int_equal(rmdir("from/a/b"), 0);
	make_dirs("to/a/b");
	put("from/a/b", "file");
	assert_int_equal(lay(false, &folder), -EISDIR);
	assert_string_equal(folder, "a/b");
	/* nor is a link to one entered */
	assert_int_equal(rmdir("to/a/b"), 0);
	assert_int_equal(unlink("from/a/b"), 0);
	make_dirs("from/a/b");
	make_dirs("outside");
	put_link("../../outside", "to/a/b");
	assert_int_equal(lay(false, NULL), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(folders_are_merged_and_files_replaced),
		temp_test(links_are_neither_followed_nor_lost),
		temp_test(files_are_one_where_it_is_asked_for),
		temp_test(a_file_is_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
