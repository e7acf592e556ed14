// SPDX-License-Identifier: GPL-2.0-or-later
/* What other build systems are told: each by its own rules of quoting, whatever the paths are. */
#include "builder/cross/crossenv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/text.h"
#include "builder/cross/compilers.h"
#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static const char odd[] = "/a b'c\"d\\e$(echo f)`echo g`;h\n#*";

static struct board board = {
	.name = (char *)"pi",
	.cpu = (char *)"",
	.cflags = (char *)"-mcpu=x",
	.ldflags = (char *)"",
	.prefix = (char *)"/usr/local",
	.libdir = (char *)"lib",
};

static const struct target target = {
	.board = &board,
	.toolchain = {
		.dir = (char *)"/tools",
		.cc = (char *)"/tools/bin/aarch64-x-gcc",
		.cross = (char *)"aarch64-x-",
		.triple = (char *)"aarch64-x-linux-gnu",
	},
};

static struct cross cross_at(const char *sysroot)
{
	return (struct cross){
		.target = &target,
		.tools = "/tools",
		.bin = "/files/bin",
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
	struct cross c = cross_at(odd);
	autostrv struct strv env = { 0 };
	autofree char *text = NULL, *script = NULL;
	char got[256] = "";
	FILE *sh;

	(void)state;
	c.bin = odd;
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
	has(cmake, "set(CMAKE_C_COMPILER \"/files/bin/aarch64-x-gcc\")\n");
	has(cmake, "set(CMAKE_Fortran_COMPILER \"/files/bin/aarch64-x-gfortran\")\n");
	has(meson, "c = '/files/bin/aarch64-x-gcc'\n");
	has(meson, "sys_root = '/a b'c\"d\\e$f'\n"); /* it has no way to write a quote */
	has(meson, "c_args = ['-mcpu=x']\n");
	has(wrapper, "PKG_CONFIG_SYSROOT_DIR='/a b'\\''c\"d\\e$f' ");
	has(kit, "\"toolchainFile\": \"/f\\\"g/toolchain.cmake\"");
}

/* What a compiler's program starts, with these words of the caller, a word a line. */
static char *started(const struct cross *c, const char *name, const char *program,
		     const char *first, const char *words)
{
	autofree char *text = compilers_text(c, name, program, first), *command = NULL;
	char *got = calloc(1, 4096);
	FILE *sh;

	assert_non_null(text);
	assert_non_null(got);
	scratch_text("program", text);
	assert_int_equal(mkdir("bin", 0755) < 0 && errno != EEXIST, 0);
	scratch_text("bin/aarch64-x-gcc", "#!/bin/sh\nprintf '%s\\n' \"${0##*/}\" \"$@\"\n");
	assert_int_equal(chmod("bin/aarch64-x-gcc", 0755), 0);
	assert_true(asprintf(&command, "sh ./program %s 2>&1", words) > 0);
	sh = popen(command, "r");
	assert_non_null(sh);
	got[fread(got, 1, 4095, sh)] = '\0';
	pclose(sh);
	return got;
}

/* The caller's folders are nearer than the mount's, and every path stays one word. */
static void compilers_add_words(void **state)
{
	struct cross c = cross_at("/a b");
	autofree char *linked = NULL, *compiled = NULL, *asked = NULL, *cpp = NULL, *whole = NULL;

	(void)state;
	c.tools = ".";
	c.extra = "-imacros /dates.h";
	linked = started(&c, "gcc", "gcc", NULL, "-L. 'x y.c'");
	assert_string_equal(linked, "aarch64-x-gcc\n--sysroot=/a b\n-imacros\n/dates.h\n"
				    "-Wl,--build-id=sha1\n-L.\nx y.c\n"
				    "-Wl,-rpath-link,/a b/usr/local/lib\n-L=/usr/local/lib\n"
				    "-isystem\n=/usr/local/include\n");
	compiled = started(&c, "gcc", "gcc", NULL, "-c x.c");
	assert_string_equal(compiled, "aarch64-x-gcc\n--sysroot=/a b\n-imacros\n/dates.h\n-c\nx.c\n"
				      "-isystem\n=/usr/local/include\n");
	c.extra = NULL;
	asked = started(&c, "gcc", "gcc", NULL, "-v"); /* which would link */
	assert_null(strstr(asked, "-Wl"));
	whole = started(&c, "gcc", "gcc", NULL, "-r -o x y.o");
	assert_null(strstr(whole, "build-id"));
	cpp = started(&c, "cpp", "gcc", "-E", "x.h");
	assert_string_equal(cpp, "aarch64-x-gcc\n-E\n--sysroot=/a b\nx.h\n-isystem\n"
				 "=/usr/local/include\n");
}

/* As foo-config says it, which runs on the Pi too. */
static void the_prefix_is_the_mounts(void **state)
{
	static const char words[] = "-I/usr/local/include/x -L/usr/local/lib -I /usr/local/include "
				    "-isystem /usr/local/y /usr/local/lib/libz.a -o /usr/local/z.a "
				    "-I/usr/local.x -DP=/usr/local/p -c 'a b.c'";
	struct cross c = cross_at("/s t");
	autofree char *got = NULL;

	(void)state;
	c.tools = ".";
	got = started(&c, "gcc", "gcc", NULL, words);
	assert_string_equal(got, "aarch64-x-gcc\n--sysroot=/s t\n-I=/usr/local/include/x\n"
				 "-L=/usr/local/lib\n-I\n=/usr/local/include\n-isystem\n"
				 "=/usr/local/y\n/s t/usr/local/lib/libz.a\n-o\n/usr/local/z.a\n"
				 "-I/usr/local.x\n-DP=/usr/local/p\n-c\na b.c\n"
				 "-isystem\n=/usr/local/include\n");
}

/* It finds the compiler behind its own folder, by its name. */
static void a_launcher_is_started(void **state)
{
	struct cross c = cross_at("/s");
	autofree char *with = NULL, *without = NULL;

	(void)state;
	c.tools = ".";
	c.launcher = "links";
	assert_int_equal(mkdir("links", 0755), 0);
	without = started(&c, "gcc", "gcc", NULL, "-c x.c");
	assert_memory_equal(without, "aarch64-x-gcc\n--sys", strlen("aarch64-x-gcc\n--sys"));
	scratch_text("links/aarch64-x-gcc",
		     "#!/bin/sh\nPATH=${PATH#*:}\nexec \"${PATH%%:*}/aarch64-x-gcc\" by \"$@\"\n");
	assert_int_equal(chmod("links/aarch64-x-gcc", 0755), 0);
	with = started(&c, "gcc", "gcc", NULL, "-c x.c");
	assert_memory_equal(with, "aarch64-x-gcc\nby\n--sys", strlen("aarch64-x-gcc\nby\n--sys"));
}

/* Folders of the machine that builds, in each of the ways to name one. */
static void hosts_folders_are_refused(void **state)
{
	static const struct {
		const char *words;
		bool refused;
	} cases[] = {
		{ "-I/usr/include -c x.c", true },
		{ "-I /usr/include/x -c x.c", true },
		{ "-isystem /usr/include -c x.c", true },
		{ "-isystem/usr/include -c x.c", true },
		{ "-L/usr/lib x.c", true },
		{ "-L /usr/lib/x86_64-linux-gnu x.c", true },
		{ "x.c /usr/lib/libz.so", true },
		{ "x.c /lib/x/libz.a", true },
		{ "-I/usr/includes -I=/usr/include -L=/usr/lib -c x.c", false },
		{ "-I/usr/local/include -c x.c", false },
		{ "-o /usr/lib/x.o -c x.c", false },
		{ "-DDIR=/usr/lib -D /usr/lib x.c", false },
		{ "-Wl,-rpath,/usr/lib -Xlinker -rpath -Xlinker /usr/lib x.c", false },
	};
	struct cross c = cross_at("/s");

	(void)state;
	c.tools = ".";
	c.host_paths = "notes";
	unsetenv("XSYSFS_PHASE");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *got = NULL;

		unlink("notes");
		got = started(&c, "gcc", "gcc", NULL, cases[i].words);
		if (!strstr(got, "of the machine that builds") == cases[i].refused)
			fail_msg("%s: %s", cases[i].words, got);
		assert_int_equal(access("notes", F_OK) == 0, cases[i].refused);
	}
}

static void no_utf8_is_in_our_json_alone(void **state)
{
	const struct cross c = cross_at("/a\xff");
	autostrv struct strv env = { 0 };
	autofree char *cpp = crossenv_cpp(&c), *json = NULL, *sh = NULL;

	(void)state;
	assert_int_equal(crossenv_variables(&c, "/f", &env), 0);
	json = crossenv_say(&env, CROSSENV_JSON);
	sh = crossenv_say(&env, CROSSENV_SH);
	assert_null(cpp);
	has(json, "\"SYSROOT\": \"/a\xee\xbf\xbf\""); /* as armour.h has it */
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
		struct target other = target;
		struct cross c = cross_at("/s");
		autofree char *meson = NULL, *cpp = NULL;

		other.toolchain.triple = (char *)cases[i].triple;
		other.toolchain.big_endian = strstr(cases[i].triple, "_be");
		c.target = &other;
		meson = cross_meson(&c);
		cpp = crossenv_cpp(&c);
		has(meson, cases[i].family);
		has(meson, other.toolchain.big_endian ? "endian = 'big'\n" : "endian = 'little'\n");
		if (cases[i].mode)
			has(cpp, cases[i].mode);
		else
			assert_null(strstr(cpp, "intelliSenseMode"));
	}
}

/* Where the board says, then where a package's own Makefile puts it. */
static void libraries_below_the_triple(void **state)
{
	struct cross c = cross_at("/root");
	struct board other = board;
	struct target there = target;
	autostrv struct strv pc = { 0 }, link = { 0 };
	autofree char *folders = NULL, *words = NULL;

	(void)state;
	other.libdir = (char *)"lib/x";
	there.board = &other;
	c.target = &there;
	assert_int_equal(cross_pc_folders(&c, &pc), 0);
	folders = strv_join(&pc, "\n");
	assert_string_equal(folders, "/root/usr/local/lib/x/pkgconfig\n"
				     "/root/usr/local/lib/pkgconfig\n"
				     "/root/usr/local/share/pkgconfig\n"
				     "/root/usr/lib/x/pkgconfig\n"
				     "/root/usr/lib/pkgconfig\n"
				     "/root/usr/share/pkgconfig");
	assert_int_equal(cross_link_words(&c, &link), 0);
	words = strv_join(&link, "\n");
	assert_string_equal(words, "-Wl,-rpath-link,/root/usr/local/lib/x\n"
				   "-Wl,-rpath-link,/root/usr/local/lib\n"
				   "-L=/usr/local/lib/x\n-L=/usr/local/lib");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shell_takes_any_path),
		cmocka_unit_test(quoting),
		cmocka_unit_test(files_take_any_path),
		cmocka_unit_test(compilers_add_words),
		cmocka_unit_test(the_prefix_is_the_mounts),
		cmocka_unit_test(a_launcher_is_started),
		cmocka_unit_test(hosts_folders_are_refused),
		cmocka_unit_test(no_utf8_is_in_our_json_alone),
		cmocka_unit_test(processors),
		cmocka_unit_test(libraries_below_the_triple),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
