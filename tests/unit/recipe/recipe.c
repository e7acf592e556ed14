// SPDX-License-Identifier: GPL-2.0-or-later
/* Recipes: what is understood, and what is refused with file and line. */
#include "builder/recipe/recipe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

#define HASH   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define SOURCE "[source]\nurl = https://h/p/x-1.tar.gz\nsha256 = " HASH "\n"

static void a_whole_recipe(void **state)
{
	struct recipe *r = NULL;
	char *why = NULL;

	(void)state;
	scratch_text("recipes/x/recipe.ini",
		     "[package]\nversion = 1\nlicense = MIT\nreplaces = old\n"
		     "[source:up]\nurl = https://h/p/x-1.tar.gz?dl=1\nsha256 = " HASH
		     "\nsize = 12\n"
		     "[source:debian]\ndebian = x 1:1-1\nsha256 = " HASH "\n"
		     "[needs]\npackages = zlib bzip2, zlib\n"
		     "[build]\nsystem = autotools\noptions = --with-y=$SYSROOT/z\n"
		     "[cache]\nac_cv_Func_X = yes\n[env]\nBUILD_CC = gcc\n");
	scratch_text("recipes/x/install.sh", "make install\n");
	assert_int_equal(recipe_load("recipes", "x", NULL, &r, &why), 0);
	assert_string_equal(r->name, "x");
	assert_int_equal(r->n_sources, 2);
	assert_string_equal(r->sources[0].word, "up");
	assert_string_equal(r->sources[0].file, "x-1.tar.gz");
	assert_int_equal(r->sources[0].size, 12);
	assert_string_equal(r->sources[1].debian, "x 1:1-1");
	assert_int_equal(r->sources[1].size, 0);
	assert_int_equal(r->needs.n, 2);
	assert_string_equal(r->needs.v[0], "bzip2");
	assert_string_equal(r->replaces.v[0], "old");
	assert_int_equal(r->system, RECIPE_AUTOTOOLS);
	assert_false(r->in_tree);
	assert_string_equal(r->options[PHASE_CONFIGURE], "--with-y=$SYSROOT/z");
	assert_string_equal(r->script[PHASE_INSTALL], "recipes/x/install.sh");
	assert_null(r->script[PHASE_MAKE]);
	assert_string_equal(r->cache.v[0], "ac_cv_Func_X=yes");
	assert_string_equal(r->env.v[0], "BUILD_CC=gcc");
	recipe_free(r);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ SOURCE, "recipes/b/recipe.ini:1: [package] has no version" },
	{ "[package]\nversion = 1/2\n" SOURCE, "recipes/b/recipe.ini:2: '1/2' is no version" },
	{ "[package]\nname = c\nversion = 1\n" SOURCE,
	  "recipes/b/recipe.ini:2: the name 'c' is not" },
	{ "[package]\nversion = 1\n[source:x]\nnone = no\n",
	  "recipes/b/recipe.ini:4: 'none' can only" },
	{ "[package]\nversion = 1\n[source:x]\nnone = yes\n[source:y]\nurl = "
	  "https://h/x-1.tar.gz\n",
	  "recipes/b/recipe.ini:6: 'url' is of a source, and there is none (line 4)" },
	{ "[package]\nversion = 1\n", "recipes/b/recipe.ini:1: there is no [source]" },
	{ "[package]\nversion = 1\n[source]\nurl = https://h/x\n",
	  "recipes/b/recipe.ini:3: [source] has no sha256" },
	{ "[package]\nversion = 1\n[source]\nurl = https://h/x\nsha256 = ABC\n",
	  "recipes/b/recipe.ini:5: a sha256 is 64 hex digits" },
	{ "[package]\nversion = 1\n" SOURCE "size = 12k\n",
	  "recipes/b/recipe.ini:6: 'size' wants a number of bytes" },
	{ "[package]\nversion = 1\n" SOURCE "size = 0\n",
	  "recipes/b/recipe.ini:6: 'size' wants a number of bytes" },
	{ "[package]\nversion = 1\n" SOURCE "size = 1234567890123456\n",
	  "recipes/b/recipe.ini:6: 'size' wants a number of bytes" },
	{ "[package]\nversion = 1\n[source]\nsha256 = " HASH "\n",
	  "recipes/b/recipe.ini:3: [source] wants either 'url', 'debian' or 'git'" },
	{ "[package]\nversion = 1\n[source]\nurl = ftp://h/x\nsha256 = " HASH "\n",
	  "recipes/b/recipe.ini:5: 'ftp://h/x' is no https, http or file URL" },
	{ "[package]\nversion = 1\n[source]\nurl = https://h/\nsha256 = " HASH "\n",
	  "recipes/b/recipe.ini:5: '' is no name for a file" },
	{ "[package]\nversion = 1\n[source]\nurl = https://h/x\nfile = ../x\nsha256 = " HASH "\n",
	  "recipes/b/recipe.ini:5: '../x' is no name for a file" },
	{ "[package]\nversion = 1\n[source]\ndebian = x\nsha256 = " HASH "\n",
	  "recipes/b/recipe.ini:5: 'debian' wants PACKAGE VERSION" },
	{ "[package]\nversion = 1\n[source]\ndebian = -o 1\nsha256 = " HASH "\n",
	  "recipes/b/recipe.ini:5: 'debian' wants PACKAGE VERSION" },
	{ "[package]\nversion = 1\n[source]\ngit = https://h/x\n",
	  "recipes/b/recipe.ini:4: 'git' wants a 'commit' beside it" },
	{ "[package]\nversion = 1\n[source]\ngit = x@h:y\ncommit = " COMMIT "\n",
	  "recipes/b/recipe.ini:4: 'x@h:y' is no https, http, ssh, git or file URL for git" },
	{ "[package]\nversion = 1\n[source]\ngit = ssh://a@-oX/y\ncommit = " COMMIT "\n",
	  "recipes/b/recipe.ini:4: 'ssh://a@-oX/y' is no https" },
	{ "[package]\nversion = 1\n[source]\ngit = https://h/x\ncommit = v1\n",
	  "recipes/b/recipe.ini:5: a commit is 40 (or 64) hex digits" },
	{ "[package]\nversion = 1\n[source]\ngit = https://h/x\ncommit = " COMMIT
	  "\nsubmodules = yes\n",
	  "recipes/b/recipe.ini:6: 'submodules' can only be 'no'" },
	{ "[package]\nversion = 1\n[source]\ngit = https://h/x\nurl = https://h/y\n",
	  "recipes/b/recipe.ini:3: [source] wants either" },
	{ "[package]\nversion = 1\n" SOURCE "commit = " COMMIT "\n",
	  "recipes/b/recipe.ini:6: 'commit' goes with 'git' only" },
	{ "[package]\nversion = 1\n" SOURCE "sig = https://h/x.sig\n",
	  "recipes/b/recipe.ini:6: 'sig' wants a 'key' beside it" },
	{ "[package]\nversion = 1\n" SOURCE "key = k\n",
	  "recipes/b/recipe.ini:6: 'key' wants a 'sig' beside it" },
	{ "[package]\nversion = 1\n" SOURCE "key = k\nsig = x.sig\n",
	  "recipes/b/recipe.ini:7: 'x.sig' is no https, http or file URL" },
	{ "[package]\nversion = 1\n" SOURCE "key = k\nsig = https://h/x.sig\n",
	  "recipes/b/recipe.ini:6: cannot read the key 'recipes/b/k': No such file" },
	{ "[package]\nversion = 1\n" SOURCE "[needs]\npackages = ../a\n",
	  "recipes/b/recipe.ini:7: '../a' is no name for a package" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nsystem = autotool\n",
	  "recipes/b/recipe.ini:7: unknown build system 'autotool' (did you mean autotools)" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nsystem = script\n",
	  "recipes/b/recipe.ini:1: a package of system 'script' wants an install.sh" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nmake = true\nmake-options = x\n",
	  "recipes/b/recipe.ini:8: 'make-options' would be ignored" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nin-tree = maybe\n",
	  "recipes/b/recipe.ini:7: 'in-tree' is yes or no" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nautoreconf = maybe\n",
	  "recipes/b/recipe.ini:7: 'autoreconf' is yes or no" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nsystem = cmake\nautoreconf = yes\n",
	  "recipes/b/recipe.ini:8: 'autoreconf' is for 'system = autotools'" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nsubdir = a/../b\n",
	  "recipes/b/recipe.ini:7: 'a/../b' is no folder of the archive" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\nsubdir = /etc\n",
	  "recipes/b/recipe.ini:7: '/etc' is no folder of the archive" },
	{ "[package]\nversion = 1\n" SOURCE "[env]\nA = $SYSROT/x\n",
	  "recipes/b/recipe.ini:7: there is no variable '$SYSROT', did you mean '$SYSROOT'? ('$$' "
	  "is one dollar)" },
	{ "[package]\nversion = 1\n" SOURCE "[cache]\nA+ = x\n",
	  "recipes/b/recipe.ini:7: 'A+' belongs into a section" },
	{ "[package]\nversion = 1\n" SOURCE "[env]\nA-B = x\n",
	  "recipes/b/recipe.ini:7: 'A-B' is no name for a variable" },
	{ "[package]\nversion = 1\n" SOURCE "[build]\noption = x\n",
	  "recipes/b/recipe.ini:7: unknown key 'option' in [build] (did you mean 'options'?)" },
};

static void bad_recipes_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		autofree char *why = NULL;
		struct recipe *r = NULL;

		scratch_text("recipes/b/recipe.ini", bad[i].text);
		assert_int_equal(recipe_load("recipes", "b", NULL, &r, &why), -EINVAL);
		if (strncmp(why, bad[i].says, strlen(bad[i].says)) != 0)
			fail_msg("case %zu says: %s", i, why);
	}
}

static void names_stay_in_their_folder(void **state)
{
	static const char *const names[] = { "../x", "a/b", "", ".", "local", "a\nb", "-x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		autofree char *why = NULL;
		struct recipe *r = NULL;

		assert_true(recipe_load("recipes", names[i], NULL, &r, &why) < 0);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_recipe),
		cmocka_unit_test(bad_recipes_are_refused),
		cmocka_unit_test(names_stay_in_their_folder),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
