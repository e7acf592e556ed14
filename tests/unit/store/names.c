// SPDX-License-Identifier: GPL-2.0-or-later
/* What directories of several layers add up to, and the positions of its entries. */
#include "fs/store/names.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tempdir.h"

static void add_dir(struct names *names, const char *path, unsigned layer)
{
	autofd int fd = open(path, O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	assert_int_equal(names_add_dir(names, fd, layer, 0, true, false), 0);
}

/* Positions are kept by programs, over remounts too: these may never change. */
static void positions_never_change(void **state)
{
	(void)state;
	assert_true(names_position("a") == names_position("a"));
	assert_true(names_position("a") != names_position("b"));
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "file%d", i);
		assert_true(names_position(name) >= NAMES_FIRST);
		assert_true(names_position(name) <= INT64_MAX); /* telldir(3) gives a long */
	}
}

static void the_topmost_wins(void **state)
{
	(void)state;
	put("top/both", "");
	put("top/upper", "");
	put("top/was-dir", "");
	make_dirs("top/dir");
	put_whiteout("top/gone");
	put("mid/both", "");
	put("mid/gone", "");
	put("mid/only", "");
	make_dirs("mid/dir");
	make_dirs("low/was-dir");
	make_dirs("low/dir");
	put_whiteout("low/only");
	autonames struct names *names = names_new();
	add_dir(names, "low", 2); /* in any order */
	add_dir(names, "top", 0);
	add_dir(names, "mid", 1);
	names_finish(names);
	const struct {
		const char *text;
		int layer, type;
		bool whiteout;
	} expected[] = {
		{ "both", 0, DT_REG, false }, { "upper", 0, DT_REG, false },
		{ "gone", 0, DT_CHR, true },  { "dir", 0, DT_DIR, false },
		{ "only", 1, DT_REG, false }, { "was-dir", 0, DT_REG, false },
	};
	assert_int_equal(names->n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct name *e = names_find(names, expected[i].text);

		assert_non_null(e);
		assert_int_equal(e->layer, expected[i].layer);
		assert_int_equal(e->type, expected[i].type);
		assert_int_equal(e->whiteout, expected[i].whiteout);
		assert_true(e->pos == names_position(e->text));
	}
	assert_null(names_find(names, "missing"));
	assert_null(names_find(names, ""));
	struct stat st;
	assert_int_equal(lstat("low/dir", &st), 0);
	assert_int_equal(names_find(names, "dir")->ino, st.st_ino);
	assert_int_equal(lstat("top/was-dir", &st), 0);
	assert_int_equal(names_find(names, "was-dir")->ino, st.st_ino);
}

static struct names *numbered(int n, int step)
{
	struct names *names = names_new();

	for (int i = 0; i < n; i += step) {
		struct name entry = { .type = DT_REG, .ino = i };
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(names_add(names, text, &entry), 0);
	}
	names_finish(names);
	return names;
}

static void a_walk_sees_each_name_once(void **state)
{
	autonames struct names *names = numbered(5000, 1);
	autofree char *seen = calloc(1, 5000);
	uint64_t pos = 0;
	size_t i;

	(void)state;
	assert_int_equal(names->n, 5000);
	while ((i = names_after(names, pos)) < names->n) {
		pos = names->v[i].pos;
		assert_int_equal(seen[names->v[i].ino]++, 0);
	}
	assert_null(memchr(seen, 0, 5000));
	assert_int_equal(names_after(names, UINT64_MAX), 5000);
}

/* Half of the directory goes in the middle of a listing: what stays is listed, and once. */
static void names_that_stay_are_not_skipped(void **state)
{
	autonames struct names *all = numbered(2000, 1);
	autonames struct names *even = numbered(2000, 2);
	uint64_t pos = all->v[1000].pos;
	size_t stayed = 0;

	(void)state;
	for (size_t i = 0; i < even->n; i++) {
		const struct name *e = names_find(all, even->v[i].text);

		assert_non_null(e);
		assert_true(e->pos == even->v[i].pos);
		stayed += e->pos > pos;
	}
	assert_int_equal(even->n - names_after(even, pos), stayed);
}

static void lists_are_shared(void **state)
{
	struct names *names = numbered(10, 1);
	struct names *same = names_ref(names);
	autonames struct names *empty = names_new();

	(void)state;
	names_unref(names);
	assert_non_null(names_find(same, "9"));
	names_unref(same);
	names_unref(NULL);
	names_finish(empty);
	assert_null(names_find(empty, "x"));
	assert_int_equal(names_after(empty, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(positions_never_change),     temp_test(the_topmost_wins),
		temp_test(a_walk_sees_each_name_once), temp_test(names_that_stay_are_not_skipped),
		temp_test(lists_are_shared),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
