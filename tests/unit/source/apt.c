// SPDX-License-Identifier: GPL-2.0-or-later
/* Which entries of a machine's apt configuration are Debian's main archive. */
#include "builder/source/apt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

#define OURS(uris, suites, rest) \
	"Types: deb-src\nURIs: " uris "\nSuites: " suites "\nComponents: main\n" rest

static const struct {
	bool deb822;
	const char *text, *more, *want; /* all paragraphs, one behind the other */
} cases[] = {
	{ 0, "deb http://m.example/debian bookworm main contrib\n", "",
	  OURS("http://m.example/debian", "bookworm", "") },
	{ 0, "deb [arch=amd64 signed-by=/k/debian-archive-keyring.gpg] http://m/debian/ sid main\n",
	  "x", OURS("http://m/debian/", "sid x", "Signed-By: /k/debian-archive-keyring.gpg\n") },
	{ 0, "deb [signed-by=/k/other.gpg] https://o/stable/debian bookworm main\n", "", "" },
	{ 0, "# deb http://m/debian bookworm main\n", "", "" },
	{ 0, "deb http://m/debian-security bookworm-security main\n", "", "" },
	{ 0, "deb http://m/debian bookworm contrib\n", "", "" },
	{ 0, "deb http://m/debian ./\n", "", "" },
	{ 0, "deb [", "", "" },
	{ 1, "Types: deb\nURIs: http://m/debian\nSuites: a a-updates\nComponents: main\n", "",
	  OURS("http://m/debian", "a a-updates", "") },
	{ 1, "Types: deb\nURIs: http://m/debian\nSuites: a\nComponents: main\nEnabled: no\n", "",
	  "" },
	{ 1,
	  "# c\nTypes: deb\nuris: http://m/debian http://n/ubuntu\nSuites: a\nComponents: main\n"
	  "Signed-By: /k/debian-archive-keyring.gpg\n\n\nTypes: deb\nURIs: https://o/debian\n"
	  "Suites: a\nComponents: main\nSigned-By:\n -----BEGIN\n",
	  "", OURS("http://m/debian", "a", "Signed-By: /k/debian-archive-keyring.gpg\n") },
	{ 1, "Types: deb\nURIs: mirror+file:mirrors\nSuites: a\nComponents: main\n", "",
	  OURS("http://one/debian http://two/debian/", "a", "") },
};

static void entries_are_converted(void **state)
{
	(void)state;
	scratch_text("mirrors", "# ours\nhttp://one/debian\tpriority:1\nhttp://two/debian/\n"
				"http://three/debian-security\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autostrv struct strv ret = { 0 };
		autofree char *got = NULL;
		const struct apt_wanted wanted = { .type = "deb-src", .more = cases[i].more };

		assert_int_equal(apt_convert(cases[i].text, cases[i].deb822, &wanted, &ret), 0);
		got = strv_join(&ret, "");
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu gives: %s", i, got);
	}
}

/* Another release than the machine's: each place once, whichever suites it had. */
static void another_release(void **state)
{
	const struct apt_wanted wanted = { .type = "deb", .suites = "old", .more = "" };
	autostrv struct strv ret = { 0 };
	autofree char *got = NULL;

	(void)state;
	assert_int_equal(apt_convert("deb http://m/debian new main\n"
				     "deb http://m/debian new-updates main\n"
				     "deb http://m/debian-security new-security main\n"
				     "deb http://other.m/debian new main\n",
				     false, &wanted, &ret),
			 0);
	got = strv_join(&ret, "");
	assert_string_equal(got, "Types: deb\nURIs: http://m/debian\nSuites: old\n"
				 "Components: main\n"
				 "Types: deb\nURIs: http://other.m/debian\nSuites: old\n"
				 "Components: main\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_converted),
		cmocka_unit_test(another_release),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
