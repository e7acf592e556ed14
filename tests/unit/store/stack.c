// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of layers, and the two files that say what a layer is, hostile ones among them. */
#include "fs/store/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

enum { MOST = 8 };

struct pile {
	struct layer *v[MOST];
	size_t n;
};

/* "b:a b/c" is package b which needs a; "/c" replaces c. */
static void pile_up(struct pile *pile, const char *const *specs)
{
	pile->n = 0;
	for (; *specs; specs++) {
		autofree char *copy = strdup(*specs);
		char *needs = strchr(copy, ':'), *replaces = strchr(copy, '/');
		struct layer *layer;

		if (needs)
			*needs++ = '\0';
		if (replaces)
			*replaces++ = '\0';
		layer = open_layer(ORIGIN_PACKAGE, copy, copy);
		assert_int_equal(meta_add_names(&layer->meta->needs, needs ? needs : ""), 0);
		assert_int_equal(meta_add_names(&layer->meta->replaces, replaces ? replaces : ""),
				 0);
		pile->v[pile->n++] = layer;
	}
}

static void pile_free(struct pile *pile)
{
	for (size_t i = 0; i < pile->n; i++)
		layer_unref(pile->v[i]);
}

static char *order_of(const struct pile *pile)
{
	autostrv struct strv names = { 0 };

	for (size_t i = 0; i < pile->n; i++)
		assert_int_equal(strv_add(&names, layer_package(pile->v[i])), 0);
	return strv_join(&names, " ");
}

static const struct {
	const char *specs[MOST];
	int r;
	const char *says; /* the order, or the circle */
} orders[] = {
	{ { NULL }, 0, "" },
	{ { "b", "a", "c" }, 0, "a b c" },
	{ { "a:b", "b:c", "c" }, 0, "c b a" },
	{ { "a:d", "b", "c", "d" }, 0, "b c d a" },
	{ { "z", "y:z", "a" }, 0, "a z y" },
	{ { "a/b", "b" }, 0, "b a" },
	{ { "a:missing", "b/missing" }, 0, "a b" },
	{ { "a:a" }, 0, "a" }, /* says nothing about others */
	{ { "a:b", "b:a" }, -ELOOP, "a -> b -> a" },
	{ { "a:b", "b/a" }, -ELOOP, "a -> b -> a" },
	{ { "x:c", "c:d", "d:e", "e:c" }, -ELOOP, "c -> d -> e -> c" },
};

static void dependencies_come_first_then_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct pile pile;
		struct layer *first;

		pile_up(&pile, orders[i].specs);
		for (size_t turn = 0; turn < pile.n + 1; turn++) { /* whatever came first */
			autofree char *cycle = NULL;
			autofree char *got = NULL;

			if (stack_sort(pile.v, pile.n, &cycle) != orders[i].r)
				fail_msg("case %zu", i);
			got = orders[i].r ? take_ptr(cycle) : order_of(&pile);
			assert_string_equal(got, orders[i].says);
			if (!pile.n)
				break;
			first = pile.v[0];
			memmove(pile.v, pile.v + 1, (pile.n - 1) * sizeof(*pile.v));
			pile.v[pile.n - 1] = first;
			if (pile.n > 2 && turn % 2) {
				first = pile.v[0];
				pile.v[0] = pile.v[1];
				pile.v[1] = first;
			}
		}
		pile_free(&pile);
	}
}

/* Each waits for the one that comes behind it by name: the most work there is. */
static void many_packages_are_sorted_at_once(void **state)
{
	enum { MANY = 3000 };
	struct layer **v = calloc(MANY, sizeof(struct layer *));
	autofree char *cycle = NULL;
	char name[16];

	(void)state;
	assert_non_null(v);
	for (int i = 0; i < MANY; i++) {
		struct meta *meta;

		snprintf(name, sizeof(name), "p%04d", i);
		meta = meta_new(name, "1", "");
		snprintf(name, sizeof(name), "p%04d", i + 1);
		assert_int_equal(meta_add_names(&meta->needs, i + 1 < MANY ? name : ""), 0);
		assert_int_equal(layer_new(ORIGIN_PACKAGE, meta->package, -1, meta, &v[i]), 0);
	}
	assert_int_equal(stack_sort(v, MANY, &cycle), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "p%04d", MANY - 1 - i);
		assert_string_equal(layer_package(v[i]), name);
		layer_unref(v[i]);
	}
	free(v);
}

static void needs_are_found_all_the_way(void **state)
{
	static const char *const specs[] = { "a",	  "b:a", "c:b", "d:c a",
					     "e:missing", "f:g", "g:f", NULL };
	static const struct {
		const char *names, *closure, *missing;
	} cases[] = {
		{ "", "", NULL },	  { "a", "a", NULL },	    { "d", "a b c d", NULL },
		{ "b c", "a b c", NULL }, { "e", NULL, "missing" }, { "a zlib", NULL, "zlib" },
		{ "f", "f g", NULL },
	};
	struct pile pile;

	(void)state;
	pile_up(&pile, specs);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autostrv struct strv names = { 0 }, closure = { 0 };
		autofree char *got = NULL;
		const char *missing = NULL;
		int r;

		assert_int_equal(strv_split(&names, cases[i].names, " "), 0);
		r = stack_closure(pile.v, pile.n, &names, &closure, &missing);
		if (cases[i].missing) {
			assert_int_equal(r, -ENOENT);
			assert_string_equal(missing, cases[i].missing);
			continue;
		}
		assert_int_equal(r, 0);
		strv_sort(&closure);
		got = strv_join(&closure, " ");
		assert_string_equal(got, cases[i].closure);
	}
	assert_ptr_equal(stack_find(pile.v, pile.n, "c"), pile.v[2]);
	assert_null(stack_find(pile.v, pile.n, "zlib"));
	pile_free(&pile);
}

static void the_stack_comes_back(void **state)
{
	static const char *const specs[] = { "b", "a", NULL };
	autostrv struct strv none = { 0 }, ids = { 0 };
	autofree char *got = NULL;
	struct pile pile;

	(void)state;
	assert_int_equal(stack_read(AT_FDCWD, &none), 0);
	assert_int_equal(none.n, 0);
	pile_up(&pile, specs);
	assert_int_equal(stack_write(AT_FDCWD, pile.v, pile.n), 0);
	assert_file("stack", "xsysfs-stack 1\nb\na\n");
	assert_int_equal(stack_read(AT_FDCWD, &ids), 0);
	got = strv_join(&ids, " ");
	assert_string_equal(got, "b a");
	assert_int_equal(stack_write(AT_FDCWD, NULL, 0), 0);
	assert_int_equal(stack_read(AT_FDCWD, &none), 0);
	assert_int_equal(none.n, 0);
	pile_free(&pile);
}

static void hostile_stacks_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "", 0 },
		{ "\n", 0 },
		{ "xsysfs-stack 2\na-1-0\n", 0 },
		{ "xsysfs-stack 1 \na-1-0\n", 0 },
		{ "a-1-0\n", 0 },
		{ "xsysfs-stack 1\n../x\n", 0 },
		{ "xsysfs-stack 1\n/x\n", 0 },
		{ "xsysfs-stack 1\na/b\n", 0 },
		{ "xsysfs-stack 1\n.\n", 0 },
		{ "xsysfs-stack 1\n..\n", 0 },
		{ "xsysfs-stack 1\na b\n", 0 },
		{ "xsysfs-stack 1\na\r\n", 0 },
		{ "xsysfs-stack 1\na-1-0\na-1-0\n", 0 },
		{ "xsysfs-stack 1\nb\na\nb\n", 0 },
		{ "xsysfs-stack 1\na\0b\n", 19 },
		{ "xsysfs-stack 1\n\0", 16 },
	};
	char line[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autostrv struct strv ids = { 0 };

		put_bytes("stack", cases[i].text,
			  cases[i].len ? cases[i].len : strlen(cases[i].text));
		if (stack_read(AT_FDCWD, &ids) != -EBADMSG)
			fail_msg("case %zu was taken", i);
	}
	autostrv struct strv ids = { 0 };
	strcpy(line, "xsysfs-stack 1\n");
	memset(line + 15, 'a', 256);
	line[271] = '\0';
	put("stack", line);
	assert_int_equal(stack_read(AT_FDCWD, &ids), -EBADMSG);
	remove_path("stack");
	make_dirs("stack");
	assert_int_equal(stack_read(AT_FDCWD, &ids), -EINVAL);
	remove_path("stack");
	put_link("/etc/passwd", "stack");
	assert_int_equal(stack_read(AT_FDCWD, &ids), -ELOOP);
}

static void what_we_know_comes_back(void **state)
{
	struct meta *meta = meta_new("zlib", "1.2~3", "a key = with all # of it"), *back = NULL;

	(void)state;
	assert_int_equal(meta_add_names(&meta->needs, "c,a b, a"), 0);
	assert_int_equal(meta_add_names(&meta->replaces, ""), 0);
	meta->when = (struct timespec){ 1700000000, 999999999 };
	meta->files = UINT64_MAX;
	meta->bytes = 42;
	free(meta->previous);
	meta->previous = strdup("zlib-1-0123456789ab");
	assert_int_equal(meta_write(AT_FDCWD, meta), 0);
	assert_int_equal(meta_read(AT_FDCWD, &back), 0);
	assert_string_equal(back->package, "zlib");
	assert_string_equal(back->version, "1.2~3");
	assert_string_equal(back->key, "a key = with all # of it");
	assert_string_equal(back->previous, "zlib-1-0123456789ab");
	autofree char *needs = strv_join(&back->needs, " ");
	assert_string_equal(needs, "a b c");
	assert_int_equal(back->replaces.n, 0);
	assert_int_equal(back->when.tv_sec, 1700000000);
	assert_int_equal(back->when.tv_nsec, 999999999);
	assert_true(back->files == UINT64_MAX);
	assert_int_equal(back->bytes, 42);
	meta_free(meta);
	meta_free(back);
	meta_free(NULL);
	assert_null(meta_new("../x", "1", ""));
	assert_null(meta_new("x", "1 2", ""));
}

#define GOOD "package = p\nversion = 1\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n"

static void hostile_metas_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "", 0 },
		{ "package = p\n", 0 },
		{ "version = 1\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nfiles = 1\nbytes = 2\nwhen = 3\n", 0 },
		{ "package = ..\nversion = 1\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = local\nversion = 1\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n",
		  0 },
		{ "package = p\nversion = /\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nfiles = -1\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nfiles = 1x\nbytes = 2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nfiles = 1\nbytes =\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nfiles = 1\nbytes = +2\nwhen = 3\nwhen-nsec = 4\n", 0 },
		{ "package = p\nversion = 1\nfiles = 1\nbytes = 18446744073709551616\nwhen = 3\n"
		  "when-nsec = 4\n",
		  0 },
		{ "package = p\nversion = 1\nfiles = 1\nbytes = 2\nwhen = 18446744073709551615\n"
		  "when-nsec = 4\n",
		  0 },
		{ "package = p\nversion = 1\nfiles = 1\nbytes = 2\nwhen = 3\nwhen-nsec = "
		  "1000000000\n",
		  0 },
		{ GOOD "needs = ../x\n", 0 },
		{ GOOD "replaces = a,/etc\n", 0 },
		{ GOOD "previous = ../../x\n", 0 },
		{ GOOD "previous = /etc\n", 0 },
		{ GOOD "previous = .\n", 0 },
		{ GOOD "package = q\n", 0 },
		{ GOOD "no line\n", 0 },
		{ GOOD "key = a\0b\n", sizeof(GOOD "key = a\0b\n") - 1 },
	};
	struct meta *meta = NULL;

	(void)state;
	put("meta", GOOD);
	assert_int_equal(meta_read(AT_FDCWD, &meta), 0);
	assert_string_equal(meta->key, "");
	meta_free(meta);
	meta = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_bytes("meta", cases[i].text,
			  cases[i].len ? cases[i].len : strlen(cases[i].text));
		if (meta_read(AT_FDCWD, &meta) != -EBADMSG || meta)
			fail_msg("case %zu was taken", i);
	}
	assert_int_equal(truncate("meta", 1 << 30), 0);
	assert_int_equal(meta_read(AT_FDCWD, &meta), -EFBIG);
	remove_path("meta");
	assert_int_equal(meta_read(AT_FDCWD, &meta), -ENOENT);
	put_link("/dev/zero", "meta");
	assert_int_equal(meta_read(AT_FDCWD, &meta), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(dependencies_come_first_then_names),
		temp_test(many_packages_are_sorted_at_once),
		temp_test(needs_are_found_all_the_way),
		temp_test(the_stack_comes_back),
		temp_test(hostile_stacks_are_refused),
		temp_test(what_we_know_comes_back),
		temp_test(hostile_metas_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
