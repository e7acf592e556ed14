// SPDX-License-Identifier: GPL-2.0-or-later
/* Debian's cross compilers: which packages, and what is made of them. */
#include "builder/source/debianlock.h"
#include "builder/source/debiantree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const char uris[] =
	"Reading package lists...\n"
	"'http://m/p/libgmp10_6.2.deb' libgmp10_2%3a6.2.1+dfsg1-1.1_amd64.deb 56 SHA256:" A "\n"
	"'http://m/p/libc6.deb' libc6_2.36-9+deb12u14_amd64.deb 1 SHA256:" A "\n"
	"'http://m/p/libgmpxx.deb' libgmpxx4_1_amd64.deb 1 SHA256:" A "\n"
	"'http://m/p/gcc%2b.deb' gcc-12-aarch64-linux-gnu_12.2.0-14cross1_amd64.deb 7 SHA256:" B
	"\n"
	"'http://m/p/x.deb' libc6-armhf-cross_1_all.deb 7 SHA256:" B "\n"
	"'http://m/p/c.deb' libc6-arm64-cross_2.36-8cross1_all.deb 8 SHA256:" C "\n";

static const char text[] = "gcc-12-aarch64-linux-gnu 12.2.0-14cross1 amd64 " B "\n"
			   "libc6-arm64-cross 2.36-8cross1 all " C "\n"
			   "libgmp10 2:6.2.1+dfsg1-1.1 amd64 " A "\n";

static void a_lock_is_what_belongs_to_the_target(void **state)
{
	autodebianlock struct debian_lock l = { 0 };
	autofree char *got = NULL;
	autofree char *file = NULL;
	char hash[DIGEST_HEX];

	(void)state;
	assert_int_equal(debianlock_of_uris(&l, uris, debianlock_target("aarch64-linux-gnu")), 0);
	got = debianlock_text(&l);
	assert_string_equal(got, text);
	digest_of_data(text, strlen(text), hash);
	assert_string_equal(l.hash, hash);
	assert_string_equal(l.v[0].url, "http://m/p/gcc%2b.deb");
	assert_int_equal(l.v[0].size, 7);
	file = debianlock_file(&l.v[2]);
	assert_string_equal(file, "libgmp10_2%3a6.2.1+dfsg1-1.1_amd64.deb");
	assert_null(debianlock_target("vax-linux-gnu"));
}

static void a_lock_is_read_as_it_was_written(void **state)
{
	autodebianlock struct debian_lock l = { 0 };
	autodebianlock struct debian_lock archive = { 0 };
	autofree char *got = NULL;

	(void)state;
	assert_int_equal(debianlock_read(&l, text), 0);
	got = debianlock_text(&l);
	assert_string_equal(got, text);
	assert_null(l.v[1].url);
	/* by hash alone: the archive may have another of the same name */
	assert_int_equal(debianlock_of_uris(&archive, uris, debianlock_target("aarch64-linux-gnu")),
			 0);
	memcpy(l.v[0].sha256, A, DIGEST_HEX - 1);
	l.v[0].sha256[0] = '0';
	assert_int_equal(debianlock_locate(&l, &archive), 0);
	assert_null(l.v[0].url);
	assert_string_equal(l.v[1].url, "http://m/p/c.deb");
}

static void what_is_no_lock_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"one\n",
		"name 1 all short\n",
		"name 1 all " A "0\n",
		"../name 1 all " A "\n",
		"name ../1 all " A "\n",
		"name 1 a/b " A "\n",
		"-name 1 all " A "\n",
	};
	static const char *const bad_uris[] = {
		"'http://m/x' gcc-12-aarch64-linux-gnu_1_amd64.deb 7 MD5Sum:00\n",
		"'http://m/x' gcc-12-aarch64-linux-gnu_1_amd64.deb 7\n",
		"'http://m/x' ../gcc-12-aarch64-linux-gnu_1_amd64.deb 7 SHA256:" A "\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		autodebianlock struct debian_lock l = { 0 };

		if (debianlock_read(&l, bad[i]) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_uris); i++) {
		autodebianlock struct debian_lock l = { 0 };

		if (debianlock_of_uris(&l, bad_uris[i], debianlock_target("aarch64-linux-gnu")) !=
		    -EBADMSG)
			fail_msg("taken: %s", bad_uris[i]);
	}
}

#define T "arm-linux-gnueabihf"

static void put_packages(const char *raw)
{
	static const char *const files[][2] = {
		{ "bin/" T "-gcc-12", "x" },
		{ "bin/" T "-gcc-ar-12", "x" },
		{ "bin/" T "-ld", "x" },
		{ "bin/other", "x" },
		{ "share/doc/x", "x" },
		{ "lib/gcc-cross/" T "/12/libgcc_s.so", "script" },
		{ "lib/gcc-cross/" T "/12/libgomp.a", "static" },
		{ "lib/gcc-cross/" T "/12/libgcc.a", "x" },
		{ "lib/x86_64-linux-gnu/libbfd-2.40-armhf.so", "x" },
		{ "lib/" T "/ldscripts/x", "x" },
		{ T "/bin/ld", "x" },
		{ T "/include/stdio.h", "x" },
		{ T "/include/c++/12/iostream", "x" },
		{ T "/lib/libgomp.so.1", "shared" },
		{ T "/lib/libc.so",
		  "/* GNU ld script\n*/\nGROUP ( /usr/" T "/lib/libc.so.6 /usr/" T "/lib/a )\n" },
		{ T "/lib/other.so", "/usr/" T "/lib/ in what is no script" },
	};
	char path[512];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/usr/%s", raw, files[i][0]);
		scratch_text(path, files[i][1]);
	}
	snprintf(path, sizeof(path), "%s/usr/lib/gcc-cross/" T "/12/libgomp.so", raw);
	assert_int_equal(symlink("../../../../" T "/lib/libgomp.so.1", path), 0);
	snprintf(path, sizeof(path), "%s/usr/lib/gcc-cross/" T "/12/libcc1.so", raw);
	assert_int_equal(symlink("../../../x86_64-linux-gnu/libcc1.so.0", path), 0);
}

static void packages_become_a_toolchain(void **state)
{
	autofree char *why = NULL;
	autofree char *found = NULL;
	size_t len;

	(void)state;
	put_packages("tree/raw");
	assert_int_equal(debiantree_compose("tree", "raw", T, &why), 0);
	assert_int_equal(
		system("cd tree && find . ! -type d -printf '%p %l\\n' | LC_ALL=C sort >../found"),
		0);
	assert_int_equal(io_read_file(AT_FDCWD, "found", 1 << 16, &found, &len), 0);
	assert_string_equal(found, "./" T "/sysroot/lib usr/lib\n"
				   "./" T "/sysroot/usr/include/stdio.h \n"
				   "./" T "/sysroot/usr/lib/libc.so \n"
				   "./" T "/sysroot/usr/lib/libgomp.a \n"
				   "./" T "/sysroot/usr/lib/libgomp.so libgomp.so.1\n"
				   "./" T "/sysroot/usr/lib/libgomp.so.1 \n"
				   "./" T "/sysroot/usr/lib/other.so \n"
				   "./bin/" T "-gcc \n"
				   "./bin/" T "-gcc-12 \n"
				   "./bin/" T "-gcc-ar \n"
				   "./bin/" T "-gcc-ar-12 \n"
				   "./bin/" T "-ld \n"
				   "./libexec/" T "/bin/ld \n"
				   "./libexec/" T "/include/c++/12/iostream \n"
				   "./libexec/bin/" T "-gcc-12 \n"
				   "./libexec/bin/" T "-gcc-ar-12 \n"
				   "./libexec/bin/" T "-ld \n"
				   "./libexec/bin/other \n"
				   "./libexec/lib/" T "/ldscripts/x \n"
				   "./libexec/lib/gcc-cross/" T
				   "/12/libcc1.so ../../../x86_64-linux-gnu/libcc1.so.0\n"
				   "./libexec/lib/gcc-cross/" T "/12/libgcc.a \n"
				   "./libexec/lib/gcc-cross/" T "/12/libgcc_s.so \n"
				   "./libexec/lib/x86_64-linux-gnu/libbfd-2.40-armhf.so \n");
	assert_int_equal(system("cd tree/" T "/sysroot/lib && grep -qx 'GROUP ( /usr/lib/libc.so.6 "
				"/usr/lib/a )' libc.so && grep -q /usr/" T "/lib other.so"),
			 0);
	/* compilers and linkers have a sysroot, other tools take none */
	assert_int_equal(system("cd tree && grep -q sysroot= bin/" T "-gcc bin/" T "-ld libexec/" T
				"/bin/ld && ! grep sysroot= bin/" T "-gcc-ar"),
			 0);
}

static void packages_that_are_not_whole_are_an_error(void **state)
{
	autofree char *why = NULL;

	(void)state;
	scratch_text("less/raw/usr/bin/" T "-gcc-12", "x");
	assert_true(debiantree_compose("less", "raw", T, &why) < 0);
	assert_non_null(strstr(why, "the packages do not have what makes a toolchain"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_is_what_belongs_to_the_target),
		cmocka_unit_test(a_lock_is_read_as_it_was_written),
		cmocka_unit_test(what_is_no_lock_is_refused),
		cmocka_unit_test(packages_become_a_toolchain),
		cmocka_unit_test(packages_that_are_not_whole_are_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
