// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of a build's paths in .pc files, scripts, CMake's files and Python's. */
#include "builder/fixup/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

static const struct words_build build = { .sysroot = "/x/root",
					  .toolchain = "/x/tools",
					  .work = "/x/work/app",
					  .prefix = "/usr/local",
					  .package = "app" };

struct example {
	const char *text, *mended;
};

static void check(enum words_kind kind, const struct example *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autofree char *got = words_mend(&build, kind, e[i].text);

		assert_non_null(got);
		assert_string_equal(got, e[i].mended);
	}
}

static void plain(void **state)
{
	static const struct example examples[] = {
		{ "prefix=/x/root/usr/local\n", "prefix=/usr/local\n" },
		{ "prefix=/x/root\n", "prefix=\n" },
		{ "Libs: -L/x/root -lp -L/x/root/usr/local/lib2", "Libs: -lp -L/usr/local/lib2" },
		{ "Libs: -L/x/root/ -lp", "Libs: -lp" },
		{ "Cflags: -I/x/root/usr/include --sysroot=/x/root", "Cflags: -I/usr/include" },
		{ "Cflags: \"--sysroot=/x/root\" -DX", "Cflags: -DX" },
		{ "Cflags: --sysroot=/x/root -DX", "Cflags: -DX" },
		{ "Libs: /x/root/usr/local/lib/libz.a -lq", "Libs: -L/usr/local/lib -lz -lq" },
		{ "Libs: /x/root/usr/lib/libm.so", "Libs: -lm" },
		{ "Libs: /x/root/usr/lib/aarch64-linux-gnu/libm.so", "Libs: -lm" },
		{ "Libs: /x/root/lib64/libpthread.so.0", "Libs: -l:libpthread.so.0" },
		{ "Libs: -Wl,-rpath,/x/root/usr/local/lib -Wl,-rpath-link,/x/root/usr/local/lib "
		  "-lq",
		  "Libs: -Wl,-rpath,/usr/local/lib -lq" },
		{ "Libs: -L/x/work/app/build/.libs -lq", "Libs: -lq" },
		{ "-I/x/work/app/src -ffile-prefix-map=/x/work/app=. -O2", "-O2" },
		{ "other=/x/root-2/x /x/root.d/y /x/root_z /x/root+w /x/rootless",
		  "other=/x/root-2/x /x/root.d/y /x/root_z /x/root+w /x/rootless" },
		{ "cc=/x/tools/bin/arm-gcc; echo \"/x/root/usr/local/include\"",
		  "cc=arm-gcc; echo \"/usr/local/include\"" },
		{ "built in /x/work/app/src", "built in /x/work/app/src" }, /* which is a leak */
		{ "path=/x/root/a:/x/root/b", "path=/a:/b" },
		{ "", "" },
	};

	(void)state;
	check(WORDS_PLAIN, examples, ARRAY_SIZE(examples));
}

static void cmake(void **state)
{
	static const struct example examples[] = {
		{ "  INTERFACE_LINK_LIBRARIES "
		  "\"/x/root/usr/lib/libm.so;\\$<LINK_ONLY:/x/root/usr/lib/libdl.so>\"",
		  "  INTERFACE_LINK_LIBRARIES \"-lm;\\$<LINK_ONLY:-ldl>\"" },
		{ "\"/x/root/usr/local/lib/libz.a\"", "\"${CMAKE_SYSROOT}/usr/local/lib/libz.a\"" },
		{ "set(X_INCLUDE_DIR \"/x/root/usr/local/include\")",
		  "set(X_INCLUDE_DIR \"${CMAKE_SYSROOT}/usr/local/include\")" },
		{ "  IMPORTED_LOCATION_RELEASE \"/x/root/usr/lib/libm.so\"",
		  "  IMPORTED_LOCATION_RELEASE \"${CMAKE_SYSROOT}/usr/lib/libm.so\"" },
		{ "set(F \"--sysroot=/x/root\")", "set(F \"\")" },
		{ "set(CC \"/x/tools/bin/arm-gcc\")", "set(CC \"arm-gcc\")" },
	};

	(void)state;
	check(WORDS_CMAKE, examples, ARRAY_SIZE(examples));
}

/* pprint(3) breaks strings between words, so that one may begin with any word. */
static void python(void **state)
{
	static const struct example examples[] = {
		{ "'CC': 'arm-gcc '\n  '--sysroot=/x/root '\n  '-O2',",
		  "'CC': 'arm-gcc '\n  ''\n  '-O2'," },
		{ "'CC': 'arm-gcc --sysroot=/x/root',", "'CC': 'arm-gcc'," },
		{ "'LIBDIR': '/x/root/usr/local/lib',", "'LIBDIR': '/usr/local/lib'," },
		{ "'abs_srcdir': '/x/work/app/src',", "'abs_srcdir': '/usr/src/app/src'," },
		{ "'-I/x/work/app/src/Include '\n'-g'", "''\n'-g'" },
	};

	(void)state;
	check(WORDS_PYTHON, examples, ARRAY_SIZE(examples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(cmake),
		cmocka_unit_test(python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
