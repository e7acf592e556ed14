// SPDX-License-Identifier: GPL-2.0-or-later
/* What other build systems are told: each by its own rules of quoting, whatever the paths are. */
#include "builder/crossenv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/text.h"
#include "fs/base/cleanup.h"

static const char odd[] = "/a b'c\"d\\e$(echo f)`echo g`;h\n#*";

static struct board board = {
	.name = (char *)"pi",
	.cpu = (char *)"",
	.cflags = (char *)"-mcpu=x",
	.ldflags = (char *)"",
	.prefix = (char *)"/usr/local",
	.libdir = (char *)"lib",
};

static struct toolchain toolchain = {
	.dir = (char *)"/tools",
	.cc = (char *)"/tools/bin/aarch64-x-gcc",
	.cross = (char *)"aarch64-x-",
	.triple = (char *)"aarch64-x-linux-gnu",
};

static struct cross cross_at(const char *sysroot)
{
	return (struct cross){
		.board = &board,
		.toolchain = &toolchain,
		.tools = "/tools",
		.sysroot = sysroot,
	};
}

static void has(const char *text, const char *line)
{
	assert_non_null(text);
	if (!strstr(text, line))
		fail_msg("no '%s' in:\n%s", line, text);
}

/* A real shell gets back what went in, and runs nothing. */
static void shell_takes_any_path(void **state)
{
	const struct cross c = cross_at(odd);
	autostrv struct strv env = { 0 };
	autofree char *text = NULL, *script = NULL;
	char got[256] = "";
	FILE *sh;

	(void)state;
	assert_int_equal(crossenv_variables(&c, odd, &env), 0);
	text = crossenv_say(&env, CROSSENV_SH);
	assert_non_null(text);
	assert_true(asprintf(&script, "%s\nprintf '%%s|%%s' \"$SYSROOT\" \"${PATH%%%%:*}\"\n",
			     text) > 0);
	assert_int_equal(setenv("SCRIPT", script, 1), 0);
	sh = popen("eval \"$SCRIPT\"", "r");
	assert_non_null(sh);
	got[fread(got, 1, sizeof(got) - 1, sh)] = '\0';
	assert_int_equal(pclose(sh), 0);
	assert_memory_equal(got, odd, strlen(odd));
	assert_int_equal(got[strlen(odd)], '|');
	assert_memory_equal(got + strlen(odd) + 1, odd, strlen(odd));
}

static void quoting(void **state)
{
	struct text t = { 0 };
	autofree char *sh = NULL, *fish = NULL, *cmake = NULL, *empty = NULL;

	(void)state;
	text_quote_sh(&t, "a'b");
	sh = text_finish(&t);
	assert_string_equal(sh, "'a'\\''b'");
	text_quote_fish(&t, "a'b\\");
	fish = text_finish(&t);
	assert_string_equal(fish, "'a\\'b\\\\'");
	text_quote(&t, "a\"$b", '"', "\"\\$");
	cmake = text_finish(&t);
	assert_string_equal(cmake, "\"a\\\"\\$b\"");
	text_quote_sh(&t, "");
	empty = text_finish(&t);
	assert_string_equal(empty, "''");
}

static void files_take_any_path(void **state)
{
	const struct cross c = cross_at("/a b'c\"d\\e$f");
	autofree char *cmake = cross_cmake(&c), *meson = cross_meson(&c);
	autofree char *wrapper = cross_pkg_config(&c), *kit = crossenv_kit(&c, "/f\"g");

	(void)state;
	has(cmake, "set(CMAKE_SYSROOT \"/a b'c\\\"d\\\\e\\$f\")\n");
	has(cmake, "-L=/usr/local/lib\")\n");
	has(meson, "sys_root = '/a b'c\"d\\e$f'\n"); /* it has no way to write a quote */
	has(meson, "c_args = ['-isystem', '=/usr/local/include', '-mcpu=x']\n");
	has(wrapper, "PKG_CONFIG_SYSROOT_DIR='/a b'\\''c\"d\\e$f' ");
	has(kit, "\"toolchainFile\": \"/f\\\"g/toolchain.cmake\"");
}

/* A word with a blank stays one word for the shell that CMake hands it to. */
static void flags_are_words(void **state)
{
	const struct cross c = cross_at("/a b");
	autofree char *cmake = cross_cmake(&c), *meson = cross_meson(&c);

	(void)state;
	has(cmake, "\"'-Wl,-rpath-link,/a b/usr/local/lib' -L=/usr/local/lib\"");
	has(meson, "c_link_args = ['-Wl,-rpath-link,/a b/usr/local/lib', '-L=/usr/local/lib']\n");
}

static void no_utf8_is_no_json(void **state)
{
	const struct cross c = cross_at("/a\xff");
	autostrv struct strv env = { 0 };
	autofree char *cpp = crossenv_cpp(&c), *json = NULL, *sh = NULL;

	(void)state;
	assert_int_equal(crossenv_variables(&c, "/f", &env), 0);
	json = crossenv_say(&env, CROSSENV_JSON);
	sh = crossenv_say(&env, CROSSENV_SH);
	assert_null(cpp);
	assert_null(json);
	has(sh, "SYSROOT='/a\xff'\n");
}

static void processors(void **state)
{
	static const struct {
		const char *triple, *family, *mode;
	} cases[] = {
		{ "armv6-rpi-linux-gnueabihf", "cpu_family = 'arm'\n", "linux-gcc-arm" },
		{ "arm-linux-gnueabi", "cpu_family = 'arm'\n", "linux-gcc-arm" },
		{ "aarch64_be-linux-gnu", "cpu_family = 'aarch64'\n", "linux-gcc-arm64" },
		{ "i686-linux-gnu", "cpu_family = 'x86'\n", "linux-gcc-x86" },
		{ "x86_64-linux-gnu", "cpu_family = 'x86_64'\n", "linux-gcc-x64" },
		{ "riscv64-linux-gnu", "cpu_family = 'riscv64'\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct toolchain other = toolchain;
		struct cross c = cross_at("/s");
		autofree char *meson = NULL, *cpp = NULL;

		other.triple = (char *)cases[i].triple;
		other.big_endian = strstr(other.triple, "_be");
		c.toolchain = &other;
		meson = cross_meson(&c);
		cpp = crossenv_cpp(&c);
		has(meson, cases[i].family);
		has(meson, other.big_endian ? "endian = 'big'\n" : "endian = 'little'\n");
		if (cases[i].mode)
			has(cpp, cases[i].mode);
		else
			assert_null(strstr(cpp, "intelliSenseMode"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shell_takes_any_path), cmocka_unit_test(quoting),
		cmocka_unit_test(files_take_any_path),	cmocka_unit_test(flags_are_words),
		cmocka_unit_test(no_utf8_is_no_json),	cmocka_unit_test(processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
