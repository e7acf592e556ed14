// SPDX-License-Identifier: GPL-2.0-or-later
/* What changes a package's key, and what does not. */
#include "builder/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RECIPE(build)                                                                       \
	"[package]\nversion = 1\n[source]\nurl = https://h/x-1.tar.gz\nsha256 = " HASH "\n" \
	"[build]\n" build

static struct board board = {
	.cpu = "a53", .cflags = "", .ldflags = "", .prefix = "/usr/local", .libdir = "lib"
};
static unsigned how = KEY_BOXED;
static struct toolchain toolchain = { .triple = "t", .version = "1", .identity = "id" };

static void key_of(struct key *k, const char *recipe, const char *need)
{
	autostrv struct strv needs = { 0 }, patches = { 0 };
	struct recipe *r = NULL;
	char *why = NULL;

	scratch_text("recipes/x/recipe.ini", recipe);
	assert_int_equal(recipe_load("recipes", "x", NULL, &r, &why), 0);
	if (need)
		assert_int_equal(strv_add(&needs, need), 0);
	if (access("x.patch", F_OK) == 0)
		assert_int_equal(strv_add(&patches, "./x.patch"), 0);
	assert_int_equal(key_make(k, r, &patches, &board, &toolchain, &needs, how, &why), 0);
	recipe_free(r);
}

/* Whether the key of this is the key of the plain recipe. */
static bool same(const char *recipe, const char *need)
{
	cleanup(key_release) struct key plain = { 0 }, other = { 0 };
	static char first[DIGEST_HEX];

	key_of(&other, recipe, need);
	if (!*first) {
		key_of(&plain, RECIPE("options = a\n"), NULL);
		memcpy(first, plain.hex, sizeof(first));
	}
	return strcmp(first, other.hex) == 0;
}

static void inputs_make_the_key(void **state)
{
	(void)state;
	assert_true(same(RECIPE("options = a\n"), NULL));
	assert_true(same("# a comment\n" RECIPE("# another\n\noptions =   a\n"), NULL));
	assert_true(same(RECIPE("options = \"a\"\n"), NULL));
	assert_false(same(RECIPE("options = b\n"), NULL));
	assert_false(same(RECIPE("options = a\nsystem = make\n"), NULL));
	assert_false(same(RECIPE("options = a\n[cache]\na = b\n"), NULL));
	assert_false(same(RECIPE("options = a\n[env]\nA = b\n"), NULL));
	assert_false(same(RECIPE("options = a\n"), "zlib 123"));
	board.cflags = "-O3";
	assert_false(same(RECIPE("options = a\n"), NULL));
	board.cflags = "-gdwarf-4 -O3";
	assert_true(board_has_debug(&board));
	board.cflags = "-mfpu=x-g -g -g0";
	assert_false(board_has_debug(&board));
	board.cflags = "";
	how = KEY_BOXED | KEY_PREPROCESSED; /* no debugging information, no matter */
	assert_true(same(RECIPE("options = a\n"), NULL));
	how = 0;
	assert_false(same(RECIPE("options = a\n"), NULL));
	how = KEY_BOXED;
	strcpy(toolchain.identity, "other");
	assert_false(same(RECIPE("options = a\n"), NULL));
	strcpy(toolchain.identity, "id");
	scratch_text("x.patch", "--- a\n");
	assert_false(same(RECIPE("options = a\n"), NULL));
	unlink("x.patch");
	scratch_text("recipes/x/data.txt", "for a script\n");
	assert_false(same(RECIPE("options = a\n"), NULL));
	unlink("recipes/x/data.txt");
	assert_true(same(RECIPE("options = a\n"), NULL));
}

/* Columns in debugging information are not the same. */
static void preprocessed_text_counts_with_debug(void **state)
{
	cleanup(key_release) struct key a = { 0 }, b = { 0 };

	(void)state;
	board.cflags = "-g";
	key_of(&a, RECIPE("options = a\n"), NULL);
	how = KEY_BOXED | KEY_PREPROCESSED;
	key_of(&b, RECIPE("options = a\n"), NULL);
	how = KEY_BOXED;
	board.cflags = "";
	assert_string_not_equal(a.hex, b.hex);
}

static void the_difference_can_be_read(void **state)
{
	cleanup(key_release) struct key a = { 0 }, b = { 0 };
	autofree char *difference = NULL;
	autofree char *kept = NULL;

	(void)state;
	key_of(&a, RECIPE("options = a\n"), "zlib 1");
	key_of(&b, RECIPE("options = a b\n"), "zlib 1");
	assert_int_equal(key_store("keys", &a), 0);
	kept = key_recall("keys", a.hex);
	assert_string_equal(kept, a.text);
	assert_null(key_recall("keys", b.hex));
	assert_null(key_recall("keys", "../recipes/x/recipe.ini"));
	difference = key_difference(kept, b.text, "  ");
	assert_string_equal(difference, "  - configure-options a\n  + configure-options a b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_make_the_key),
		cmocka_unit_test(preprocessed_text_counts_with_debug),
		cmocka_unit_test(the_difference_can_be_read),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
