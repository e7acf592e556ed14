// SPDX-License-Identifier: GPL-2.0-or-later
/* Which layers may stand beside each other. */
#include "fs/store/conflict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

/* Package "new" against "old"; each makes its folder. */
static const struct {
	const char *what;
	const char *new, *old; /* "f path=text", "d path", "l path=target", "w path", "o path" */
	const char *says;      /* NULL: no conflict */
} cases[] = {
	{ "nothing in common", "f a=1", "f b=1", NULL },
	{ "the same bytes", "f u/a=1", "f u/a=1", NULL },
	{ "different bytes", "f u/a=1", "f u/a=2", "'u/a'" },
	{ "different sizes", "f u/a=1", "f u/a=11", "'u/a'" },
	{ "the same link", "l a=b", "l a=b", NULL },
	{ "different links", "l a=b", "l a=c", "'a'" },
	{ "a link and a file", "l a=b", "f a=b", "'a'" },
	{ "a file and a directory", "f a=1", "f a/b=1", "'a'" },
	{ "a directory and a file", "f a/b=1", "f a=1", "'a'" },
	{ "a link and a directory", "l lib=usr", "f lib/x=1", "'lib'" },
	{ "shared directories", "d a", "d a", NULL },
	{ "deletes the other's file", "w a", "f a=1", "deletes 'a'" },
	{ "brings what the other deletes", "f a=1", "w a", "deletes" },
	{ "deletes the other's directory", "w d", "f d/a=1", "deletes 'd'" },
	{ "both delete", "w a", "w a", NULL },
	{ "deletes what nobody brings", "w a", "f b=1", NULL },
	{ "hides the other's files", "o d", "f d/s/a=1", "'d/s/a'" },
	{ "would be hidden by the other", "f d/s/a=1", "o d", "'d/s/a'" },
	{ "hides an empty directory", "o d", "d d/e", NULL },
	{ "hides a whiteout", "o d", "w d/e", NULL },
	{ "deep down", "f a/b/c/d/e=1", "f a/b/c/d/e=2", "'a/b/c/d/e'" },
};

static void make_one(const char *layer, const char *spec)
{
	autofree char *path = NULL;
	char *text;

	assert_true(asprintf(&path, "%s/%s", layer, spec + 2) > 0);
	text = strchr(path, '=');
	if (text)
		*text++ = '\0';
	switch (*spec) {
	case 'f':
		put(path, text);
		break;
	case 'l':
		put_link(text, path);
		break;
	case 'd':
		make_dirs(path);
		break;
	case 'w':
		put_whiteout(path);
		break;
	case 'o':
		put_opaque(path);
		break;
	default:
		abort();
	}
}

/* The conflicts of the case, one a line; `new_replaces` and so on may be "". */
static char *find(size_t i, const char *new_replaces, const char *old_replaces)
{
	autostrv struct strv problems = { 0 };

	remove_path("new");
	remove_path("old");
	make_one("new", cases[i].new);
	make_one("old", cases[i].old);
	struct layer *new = open_layer(ORIGIN_PACKAGE, "new", "new");
	struct layer *old = open_layer(ORIGIN_PACKAGE, "old", "old");
	assert_int_equal(meta_add_names(&new->meta->replaces, new_replaces), 0);
	assert_int_equal(meta_add_names(&old->meta->replaces, old_replaces), 0);
	assert_int_equal(conflict_find(new, &old, 1, &problems), 0);
	layer_unref(new);
	layer_unref(old);
	return strv_join(&problems, "\n");
}

static void every_kind_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *got = find(i, "", "");

		if (!cases[i].says && *got)
			fail_msg("%s: %s", cases[i].what, got);
		if (cases[i].says &&
		    (!strstr(got, cases[i].says) || !strstr(got, "'new'") || !strstr(got, "'old'")))
			fail_msg("%s: says '%s'", cases[i].what, got);
	}
}

static void replacing_is_allowed_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *one = find(i, "old", "");
		autofree char *other = find(i, "", "new");

		if (*one || *other)
			fail_msg("%s: %s%s", cases[i].what, one, other);
	}
	autofree char *third = find(2, "somebody", "else");
	assert_true(*third);
}

static void the_same_package_is_no_conflict(void **state)
{
	autostrv struct strv problems = { 0 };

	(void)state;
	put("one/a", "1");
	put("two/a", "2");
	struct layer *one = open_layer(ORIGIN_PACKAGE, "p", "one");
	struct layer *two = open_layer(ORIGIN_PACKAGE, "p", "two");
	assert_int_equal(conflict_find(one, &two, 1, &problems), 0);
	assert_int_equal(problems.n, 0);
	assert_int_equal(conflict_find(one, NULL, 0, &problems), 0);
	assert_int_equal(problems.n, 0);
	layer_unref(one);
	layer_unref(two);
}

static void a_handful_is_enough(void **state)
{
	autostrv struct strv problems = { 0 };

	(void)state;
	for (int i = 0; i < 50; i++) {
		char path[32];

		snprintf(path, sizeof(path), "new/d%d/f", i % 7 * 10 + i);
		put(path, "1");
		memcpy(path, "old", 3);
		put(path, "2");
	}
	struct layer *new = open_layer(ORIGIN_PACKAGE, "new", "new");
	struct layer *old = open_layer(ORIGIN_PACKAGE, "old", "old");
	assert_int_equal(conflict_find(new, &old, 1, &problems), 0);
	assert_true(problems.n > 0 && problems.n < 10);
	layer_unref(new);
	layer_unref(old);
}

static void indexes_are_left_out(void **state)
{
	autostrv struct strv notes = { 0 };
	autofree char *said = NULL;

	(void)state;
	put("p/usr/share/info/dir", "index");
	put("p/usr/share/info/zlib.info", "text");
	put("p/etc/ld.so.cache", "index");
	put("p/usr/lib/perl5/perllocal.pod", "index");
	put("p/usr/share/icons/hicolor/icon-theme.cache", "index");
	put("p/usr/share/doc/info/dir", "no index");
	put("p/usr/share/info.d/dir", "no index");
	make_dirs("p/opt/share/info/dir"); /* a directory of that name */
	struct layer *p = open_layer(ORIGIN_PACKAGE, "p", "p");
	assert_int_equal(conflict_drop_indexes(p, &notes), 0);
	said = strv_join(&notes, "\n");
	assert_int_equal(notes.n, 4);
	assert_non_null(strstr(said, "usr/share/info/dir"));
	assert_non_null(strstr(said, "install-info"));
	assert_false(is_there("p/usr/share/info/dir"));
	assert_false(is_there("p/etc/ld.so.cache"));
	assert_true(is_there("p/usr/share/info/zlib.info"));
	assert_true(is_there("p/usr/share/doc/info/dir"));
	assert_true(is_there("p/usr/share/info.d/dir"));
	assert_true(is_there("p/opt/share/info/dir"));
	assert_int_equal(conflict_drop_indexes(p, &notes), 0);
	assert_int_equal(notes.n, 4);
	layer_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(every_kind_is_seen),
		temp_test(replacing_is_allowed_both_ways),
		temp_test(the_same_package_is_no_conflict),
		temp_test(a_handful_is_enough),
		temp_test(indexes_are_left_out),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
