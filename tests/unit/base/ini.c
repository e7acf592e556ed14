// SPDX-License-Identifier: GPL-2.0-or-later
/* What an ini file may say, and what is refused with file and line. */
#include "builder/base/ini.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <iniparser/iniparser.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static void values_are_read(void **state)
{
	autoini struct ini ini = { 0 };
	char *why = NULL;

	(void)state;
	scratch_text("good.ini", "# a comment\n"
				 "; another\n"
				 "[Build]\n"
				 "\tsystem = make\n"
				 "Options =  --a=b  --c \n"
				 "quoted = \"cd x; make # all\"\n"
				 "single = 'a;b'\n"
				 "command = \"$DIR/Configure\" linux 'a b' \"c\"\n"
				 "two = \"a\" \"b\"\n"
				 "other = 'a b'/c \\d\n"
				 "empty =\n"
				 "long = one \\\n"
				 "  two\n"
				 "\n"
				 "[source:up]\r\n"
				 "url = https://a/b?c=d\r\n");
	assert_int_equal(ini_load(&ini, "good.ini", &why), 0);
	assert_string_equal(ini_get(&ini, "build", "system", ""), "make");
	assert_string_equal(ini_get(&ini, "build", "options", ""), "--a=b  --c");
	assert_string_equal(ini_get(&ini, "build", "quoted", ""), "cd x; make # all");
	assert_string_equal(ini_get(&ini, "build", "single", ""), "a;b");
	assert_string_equal(ini_get(&ini, "build", "command", ""),
			    "\"$DIR/Configure\" linux 'a b' \"c\"");
	assert_string_equal(ini_get(&ini, "build", "two", ""), "\"a\" \"b\"");
	assert_string_equal(ini_get(&ini, "build", "other", ""), "'a b'/c \\d");
	assert_string_equal(ini_get(&ini, "build", "empty", "?"), "");
	assert_string_equal(ini_get(&ini, "build", "long", ""), "one   two");
	assert_string_equal(ini_get(&ini, "source:up", "url", ""), "https://a/b?c=d");
	assert_string_equal(ini_get(&ini, "build", "absent", "default"), "default");
	assert_string_equal(ini_find(&ini, "build", "options")->key, "Options");
	assert_int_equal(ini_find(&ini, "build", "system")->line, 4);
	assert_int_equal(ini_find(&ini, "source:up", "url")->line, 16);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ "[a]\nx = 1\ny = 2\nx = 3\n", "bad.ini:4: key 'x' comes twice (first in line 2)" },
	{ "[a]\nCFLAGS = 1\ncflags = 2\n",
	  "bad.ini:3: key 'cflags' differs only in case from 'CFLAGS'" },
	{ "[a]\nx = cd src; make\n", "bad.ini:2: the value of 'x' would be cut at ';'" },
	{ "[a]\nx = make # all\n", "bad.ini:2: the value of 'x' would be cut at '#'" },
	{ "[a]\nx = one \\\n two; three\n", "bad.ini:2: the value of 'x' would be cut at ';'" },
	{ "[a]\nx = \"a\" b; c\n", "bad.ini:2: ';' in the value of 'x', which begins with" },
	{ "[a]\nx = \"a;\" b\n", "bad.ini:2: ';' in the value of 'x', which begins with" },
	{ "[a]\nx = \"a\\n\"\n", "bad.ini:2: a backslash in the quoted value" },
	{ "[a]\nx = \"a\n", "bad.ini:2: the value of 'x' starts with a quote that has no twin" },
	{ "[a]\nx\n", "bad.ini:2: neither [SECTION] nor KEY = VALUE: 'x'" },
	{ "[a]\n= 1\n", "bad.ini:2: a value without a key" },
	{ "x = 1\n", "bad.ini:1: key 'x' stands before the first section" },
	{ "[a]\n[b]\n[A]\n", "bad.ini:3: section [a] comes twice (first in line 1)" },
	{ "[a\n", "bad.ini:1: a section is written [NAME]" },
	{ "[a] b\n", "bad.ini:1: a section is written [NAME]" },
	{ "[]\n", "bad.ini:1: a section needs a name" },
	{ "[a]\nx:y = 1\n", "bad.ini:2: 'x:y' is no name for a key" },
	{ "[a]\nx = \x01\n", "bad.ini:2: byte 0x01" },
	{ "[a]\nx = 1 \\", "bad.ini:2: the last line ends in a backslash" },
	{ "[a]\n# x \\\ny = 1\n", "bad.ini:2: a comment that ends in a backslash" },
};

static void bad_files_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		autoini struct ini ini = { 0 };
		char *why = NULL;

		scratch_text("bad.ini", bad[i].text);
		assert_int_equal(ini_load(&ini, "bad.ini", &why), -EINVAL);
		assert_non_null(why);
		if (strncmp(why, bad[i].says, strlen(bad[i].says)) != 0)
			fail_msg("case %zu says: %s", i, why);
		free(why);
	}
}

static void odd_bytes_and_lengths(void **state)
{
	autoini struct ini ini = { 0 }, ini2 = { 0 }, ini3 = { 0 }, ini4 = { 0 };
	char text[INI_LINE_MAX + 64];
	char *why = NULL;

	(void)state;
	scratch_put("nul.ini", "[a]\nx = 1\0\ny = 2\n", 17);
	assert_int_equal(ini_load(&ini, "nul.ini", &why), -EINVAL);
	assert_non_null(strstr(why, "nul.ini:"));
	free(why);

	memset(text, 'x', sizeof(text));
	memcpy(text, "[a]\nb = ", 8);
	text[4 + INI_LINE_MAX] = '\0';
	scratch_text("long.ini", text);
	assert_int_equal(ini_load(&ini2, "long.ini", &why), 0);
	text[4 + INI_LINE_MAX] = 'x';
	text[5 + INI_LINE_MAX] = '\0';
	scratch_text("long.ini", text);
	assert_int_equal(ini_load(&ini3, "long.ini", &why), -EINVAL);
	assert_non_null(strstr(why, "long.ini:2: a line of more than 1000 bytes"));
	free(why);

	assert_int_equal(ini_load(&ini4, "absent.ini", &why), -ENOENT);
	assert_string_equal(why, "cannot read 'absent.ini': No such file or directory");
	free(why);
}

static void unknown_words_are_refused(void **state)
{
	static const struct ini_allowed allowed[] = {
		{ "package", "version" },
		{ "source:*", "url" },
		{ "cache", "*" },
		{ NULL, NULL },
	};
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "[package]\nversion = 1\n[source:a]\nurl = x\n[cache]\nany_thing = y\n", NULL },
		{ "[package]\nverson = 1\n",
		  "c.ini:2: unknown key 'verson' in [package] (did you mean 'version'?)" },
		{ "[package]\nqqq = 1\n", "c.ini:2: unknown key 'qqq' in [package]" },
		{ "\n[pakage]\nversion = 1\n",
		  "c.ini:2: unknown section [pakage] (did you mean [package]?)" },
		{ "[source:]\n", "c.ini:1: unknown section [source:]" },
		{ "[sources]\n", "c.ini:1: unknown section [sources] (did you mean [source]?)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autoini struct ini ini = { 0 };
		autofree char *why = NULL;

		scratch_text("c.ini", cases[i].text);
		assert_int_equal(ini_load(&ini, "c.ini", &why), 0);
		assert_int_equal(ini_check(&ini, allowed, &why), cases[i].says ? -EINVAL : 0);
		if (cases[i].says && strncmp(why, cases[i].says, strlen(cases[i].says)) != 0)
			fail_msg("case %zu says: %s", i, why);
	}
}

/* What iniparser makes of such files, without a word; nothing of it says in which line. Should it
 * not any more, one reader is enough. */
static void iniparser_forgives(void **state)
{
	static const struct {
		const char *text, *key, *value;
	} traps[] = {
		{ "[a]\nx = cd src; make\n", "a:x", "cd src" },
		{ "[a]\nx = make # all\n", "a:x", "make" },
		{ "[a]\nx = 1\nx = 2\n", "a:x", "2" },
		{ "[a]\nCFLAGS = 1\ncflags = 2\n", "a:cflags", "2" },
		{ "[a]\nx = 1\n[b]\ny = 1\n[A]\nx = 2\n", "a:x", "2" },
		{ "[a]\n# x \\\ny = 1\n", "a:y", "swallowed" },
		{ "[a]\nx = \"a\" b; c\n", "a:x", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(traps); i++) {
		autoini struct ini ini = { 0 };
		autofree char *why = NULL;
		dictionary *dict;

		scratch_text("trap.ini", traps[i].text);
		dict = iniparser_load("trap.ini");
		assert_non_null(dict);
		assert_string_equal(iniparser_getstring(dict, traps[i].key, "swallowed"),
				    traps[i].value);
		iniparser_freedict(dict);
		assert_int_equal(ini_load(&ini, "trap.ini", &why), -EINVAL);
		assert_memory_equal(why, "trap.ini:", strlen("trap.ini:"));
	}
}

/* iniparser has one name for both, and the header takes the key's value. */
static void a_section_named_as_a_key(void **state)
{
	static const char *const both[] = {
		"[needs]\nnative = python\n[needs:native]\npackages = zlib\nnative = \"\"\n",
		"[needs:native]\npackages = zlib\nnative = \"\"\n[needs]\nnative = python\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		autoini struct ini ini = { 0 };
		autofree char *why = NULL;

		scratch_text("both.ini", both[i]);
		assert_int_equal(ini_load(&ini, "both.ini", &why), 0);
		assert_string_equal(ini_get(&ini, "needs", "native", NULL), "python");
		assert_string_equal(ini_get(&ini, "needs:native", "native", NULL), "");
		assert_string_equal(ini_get(&ini, "needs:native", "packages", NULL), "zlib");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(iniparser_forgives),
		cmocka_unit_test(a_section_named_as_a_key),
		cmocka_unit_test(odd_bytes_and_lengths),
		cmocka_unit_test(unknown_words_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
