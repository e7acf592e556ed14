// SPDX-License-Identifier: GPL-2.0-or-later
/* Texts for other programs: quoted so that sh itself reads back what was meant. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/text.h"
#include "fs/base/cleanup.h"

static const char *const odd[] = {
	"",	     "plain",	     "two words", "it's", "''", "$HOME `id` \\ \"",
	"new\nline", "\xc3\xa4\x9b", "-n",
};

static void test_pieces_become_one(void **state)
{
	struct text t = { 0 };
	autofree char *all = NULL, *none = NULL;

	(void)state;
	text_add(&t, "%s-%d", "a", 1);
	text_add(&t, "b");
	all = text_finish(&t);
	assert_string_equal(all, "a-1b");
	none = text_finish(&t);
	assert_string_equal(none, "");
}

static void test_one_failure_is_remembered(void **state)
{
	struct text t = { 0 };
	autofree char *all = NULL;

	(void)state;
	text_fail(&t);
	text_add(&t, "more");
	assert_null(text_finish(&t));
	all = text_finish(&t);
	assert_string_equal(all, ""); /* and forgotten with the text */
}

/* What `shell` makes of the quoted word is the word. */
static void read_back(const char *word)
{
	struct text t = { 0 };
	autofree char *command = NULL;
	char got[64];
	size_t n;
	FILE *p;

	text_add(&t, "printf %%s. ");
	text_quote_sh(&t, word);
	command = text_finish(&t);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(got, 1, sizeof(got), p);
	assert_int_equal(pclose(p), 0);
	assert_int_equal(n, strlen(word) + 1);
	assert_memory_equal(got, word, strlen(word));
}

static void test_sh_reads_what_was_quoted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		read_back(odd[i]);
}

static void test_other_quotes(void **state)
{
	struct text t = { 0 };
	autofree char *json = NULL, *fish = NULL;

	(void)state;
	text_quote(&t, "a\"b\\c", '"', "\"\\");
	json = text_finish(&t);
	assert_string_equal(json, "\"a\\\"b\\\\c\"");
	text_quote_fish(&t, "it's \\");
	fish = text_finish(&t);
	assert_string_equal(fish, "'it\\'s \\\\'");
}

static void test_one_call_makes_a_text(void **state)
{
	autofree char *text = text_of("%s/%d", "a", 7);

	(void)state;
	assert_string_equal(text, "a/7");
	assert_null(text_of("%ls", L"\xe4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_become_one),
		cmocka_unit_test(test_one_failure_is_remembered),
		cmocka_unit_test(test_sh_reads_what_was_quoted),
		cmocka_unit_test(test_other_quotes),
		cmocka_unit_test(test_one_call_makes_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
