// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking the armour off keys. */
#include "builder/source/signature.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
#define END   "-----END PGP PUBLIC KEY BLOCK-----\n"

static const struct {
	const char *text;
	int r;
	const char *want;
} cases[] = {
	{ "", -ENOENT, "" },
	{ "\x99\x01", -ENOENT, "" },
	{ BEGIN "\nZm9vYmFy\n=abcd\n" END, 0, "foobar" },
	{ BEGIN "\r\nZm9v\r\nYmE=\r\n=abcd\r\n" END, 0, "fooba" },
	{ BEGIN "Comment: x\nVersion: 2\n\nZg==\n" END, 0, "f" },
	{ "words\n" BEGIN "\nZm9v\n" END "more\n" BEGIN " \t\nYmFy\n=\n" END, 0, "foobar" },
	{ BEGIN "\n" END, 0, "" },
	{ BEGIN "\nZm9v\n", -EBADMSG, "" },
	{ BEGIN "Zm9v\n" END, -EBADMSG, "" },
	{ BEGIN "\nZm-v\n" END, -EBADMSG, "" },
	{ BEGIN, -EBADMSG, "" },
	{ "-----BEGIN PGP PUBLIC KEY BLOCK-----", -EBADMSG, "" },
	{ BEGIN "\nZm9v\n" END BEGIN "\nZm", -EBADMSG, "" },
};

static void armour_comes_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree unsigned char *data = NULL;
		size_t len = 0;
		int r = signature_dearmor(cases[i].text, &data, &len);

		if (r != cases[i].r || len != strlen(cases[i].want) ||
		    (r == 0 && memcmp(data, cases[i].want, len) != 0))
			fail_msg("case %zu: %d, %zu bytes", i, r, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(armour_comes_off) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
