// SPDX-License-Identifier: GPL-2.0-or-later
/* Which files are given to the kernel before it asks for them. */
#include "fs/view/ahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/install.h"
#include "tests/unit/xs.h"

/* What was given: names, which are also what the files contain. */
struct given {
	struct xs *xs;
	struct strv names;
};

static void note_given(void *arg, uint64_t id, const void *mem, size_t size)
{
	struct given *given = arg;
	struct node *node = nodes_by_id(&given->xs->nodes, id);

	assert_non_null(node);
	assert_int_equal(size, strlen(node_name(&given->xs->nodes, node)));
	assert_memory_equal(mem, node_name(&given->xs->nodes, node), size);
	assert_int_equal(strv_addf(&given->names, "%.*s", (int)size, (const char *)mem), 0);
	node_unref(&given->xs->nodes, node);
}

/* The kernel looks it up. */
static struct node *look_up(struct given *given, const char *path)
{
	struct node *node = NULL;

	assert_int_equal(view_walk(given->xs->staging, path, &node, NULL), 0);
	node_ref(&given->xs->nodes, node);
	node_give(&given->xs->nodes, node);
	return node;
}

/* Somebody reads it: what is given then, in one line. */
static char *read_it(struct given *given, const char *path)
{
	struct node *node = look_up(given, path);
	char *said;

	strv_release(&given->names);
	ahead_go_on(&given->xs->ahead, node);
	node_unref(&given->xs->nodes, node);
	said = strv_join(&given->names, " ");
	assert_non_null(said);
	return said;
}

#define assert_read(given, path, expected)                   \
	do {                                                 \
		autofree char *said_ = read_it(given, path); \
		assert_string_equal(said_, expected);        \
	} while (0)

/* Files p/DIR/NN. */
static void make_files(const char *dir, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		autofree char *path = NULL;

		assert_true(asprintf(&path, "p/%s/%02u", dir, i) > 0);
		put(path, strrchr(path, '/') + 1);
	}
}

static void open_it(struct given *given)
{
	given->xs = open_xs_of("p");
	given->xs->ahead.give = note_given;
	given->xs->ahead.arg = given;
}

/* The kernel knows so many of them. */
static void know(struct given *given, const char *dir, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		autofree char *path = NULL;

		assert_true(asprintf(&path, "%s/%02u", dir, i) > 0);
		node_unref(&given->xs->nodes, look_up(given, path));
	}
}

static void end(struct given *given)
{
	strv_release(&given->names);
	xs_free(given->xs);
}

static void who_goes_on_is_given_more(void **state)
{
	struct given given = { 0 };

	(void)state;
	make_files("d", 20);
	make_files("e", 7);
	open_it(&given);
	know(&given, "d", 20);
	assert_read(&given, "d/00", "01 02 03 04");
	/* the fifth is the first that he has to ask for, or he has been faster */
	assert_read(&given, "d/05", "06 07 08 09 10 11 12 13");
	assert_read(&given, "d/07", "14 15 16 17 18 19");
	assert_read(&given, "d/19", "");
	/* of what the kernel does not know yet nothing can be kept */
	assert_read(&given, "e/00", "");
	end(&given);
}

static void who_reads_here_and_there_is_given_nothing(void **state)
{
	struct given given = { 0 };

	(void)state;
	make_files("d", 20);
	open_it(&given);
	know(&given, "d", 20);
	assert_read(&given, "d/07", "");
	assert_read(&given, "d/03", "");
	assert_read(&given, "d/12", "");
	assert_read(&given, "d/12", "");
	assert_read(&given, "d/13", "14 15 16 17");
	assert_read(&given, "d/02", "");
	end(&given);
}

/* What may change is asked for, and what is large. */
static void only_small_files_of_packages_are_given(void **state)
{
	struct given given = { 0 };
	autofree char *large = calloc(1, 66000);

	(void)state;
	make_files("d", 4);
	memset(large, 'x', 65999);
	put("p/d/00-large", large);
	put("p/d/00-none", "");
	make_dirs("p/d/01-dir");
	put_link("00", "p/d/01-link");
	open_it(&given);
	put("state/layers/local/root/d/01", "by hand");
	know(&given, "d", 4);
	for (size_t i = 0; i < 2; i++) { /* the second time all are known */
		static const char *const more[] = { "d/00-large", "d/00-none", "d/01",
						    "d/01-link" };

		assert_read(&given, "d/00", "02");
		for (size_t k = 0; k < ARRAY_SIZE(more); k++)
			node_unref(&given.xs->nodes, look_up(&given, more[k]));
		given.xs->ahead.dir = 0;
		given.xs->ahead.window = 0;
	}
	assert_read(&given, "d/01", "");
	end(&given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(who_goes_on_is_given_more),
		temp_test(who_reads_here_and_there_is_given_nothing),
		temp_test(only_small_files_of_packages_are_given),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
