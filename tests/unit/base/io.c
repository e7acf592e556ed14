// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole files and trees, and their SHA-256. */
#include "fs/base/io.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fs/base/digest.h"
#include "tests/unit/tempdir.h"

static void files_are_read_whole(void **state)
{
	autofree char *text = NULL;
	autofree char *empty = NULL;
	char *none = NULL;
	size_t len = 0;

	(void)state;
	put_bytes("nul", "a\0b", 3);
	put("empty", "");
	make_dirs("dir");
	put_link("nul", "link");
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_int_equal(io_read_file(AT_FDCWD, "nul", 3, &text, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(io_read_file(AT_FDCWD, "empty", 0, &empty, NULL), 0);
	assert_string_equal(empty, "");
	assert_int_equal(io_read_file(AT_FDCWD, "nul", 2, &none, NULL), -EFBIG);
	assert_int_equal(io_read_file(AT_FDCWD, "dir", 9, &none, NULL), -EINVAL);
	assert_int_equal(io_read_file(AT_FDCWD, "fifo", 9, &none, NULL), -EINVAL);
	assert_int_equal(io_read_file(AT_FDCWD, "link", 9, &none, NULL), -ELOOP);
	assert_int_equal(io_read_file(AT_FDCWD, "missing", 9, &none, NULL), -ENOENT);
	assert_null(none);
}

static size_t count(const char *dir)
{
	autodir DIR *d = opendir(dir);
	size_t n = 0;

	while (readdir(d))
		n++;
	return n - 2;
}

static void a_replaced_file_is_the_old_or_the_new(void **state)
{
	autofree char *old = NULL;

	(void)state;
	make_dirs("d");
	put("outside", "untouched");
	put_link("../outside", "d/file");
	assert_int_equal(io_replace_file(AT_FDCWD, "missing/file", "x", 1), -ENOENT);
	autofd int dir = io_open_dir(AT_FDCWD, "d");
	assert_true(dir >= 0);
	assert_int_equal(io_replace_file(dir, "file", "new", 3), 0);
	assert_file("d/file", "new");
	assert_file("outside", "untouched");
	assert_int_equal(io_replace_file(dir, "file", "", 0), 0);
	assert_file("d/file", "");
	make_dirs("d/sub");
	assert_int_equal(io_replace_file(dir, "sub", "x", 1), -EISDIR);
	assert_int_equal(count("d"), 2); /* nothing temporary is left */
}

static void folders_are_not_entered_through_links(void **state)
{
	(void)state;
	make_dirs("d");
	put("f", "");
	put_link("d", "l");
	assert_int_equal(io_open_dir(AT_FDCWD, "l"), -ENOTDIR);
	assert_int_equal(io_open_dir(AT_FDCWD, "f"), -ENOTDIR);
	assert_int_equal(io_open_dir(AT_FDCWD, "missing"), -ENOENT);
	assert_int_equal(io_mkdir_p(AT_FDCWD, "a/b//c/", 0755), 0);
	assert_int_equal(io_mkdir_p(AT_FDCWD, "a/b/c", 0755), 0);
	assert_true(is_there("a/b/c"));
	assert_int_equal(io_mkdir_p(AT_FDCWD, "f/x", 0755), -ENOTDIR);
}

/* The SHA-256 of what is in `path`. */
static void hash(const char *path, char hex[static DIGEST_HEX])
{
	autofd int fd = open(path, O_RDONLY);

	assert_int_equal(digest_of_fd(fd, hex), 0);
}

static void copies_are_equal_holes_too(void **state)
{
	static const off_t sizes[] = { 0, 1, 4096, 100000, 3 << 20 };
	char a[DIGEST_HEX], b[DIGEST_HEX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		autofd int from = open("from", O_RDWR | O_CREAT | O_TRUNC, 0644);
		autofd int to = open("to", O_RDWR | O_CREAT | O_TRUNC, 0644);
		struct stat st;

		assert_int_equal(ftruncate(from, sizes[i]), 0);
		if (sizes[i])
			assert_int_equal(pwrite(from, "x", 1, sizes[i] / 2), 1);
		assert_int_equal(io_copy_data(from, to, sizes[i]), 0);
		assert_int_equal(fstat(to, &st), 0);
		assert_int_equal(st.st_size, sizes[i]);
		assert_true(st.st_blocks * 512 <= 1 << 20); /* nobody has filled the holes */
		hash("from", a);
		hash("to", b);
		assert_string_equal(a, b);
	}
}

static void trees_go_whatever_they_hold(void **state)
{
	(void)state;
	put("outside/file", "x");
	put("t/a/b/c", "x");
	put_link("../outside", "t/link");
	assert_int_equal(mkfifo("t/fifo", 0), 0);
	put("t/shut/in", "x");
	assert_int_equal(chmod("t/shut", 0), 0);
	put("t/fixed/in", "x");
	assert_int_equal(chmod("t/fixed", 0555), 0);
	assert_int_equal(io_remove_tree(AT_FDCWD, "t"), 0);
	assert_false(is_there("t"));
	assert_file("outside/file", "x");
	assert_int_equal(io_remove_tree(AT_FDCWD, "t"), 0);
	put_link("outside", "l");
	assert_int_equal(io_remove_tree(AT_FDCWD, "l"), 0);
	assert_file("outside/file", "x");
}

/* A package's build can leave such a thing, and it has to go at the next start. */
static void a_tree_deeper_than_descriptors_goes(void **state)
{
	struct rlimit old, few;
	int r;

	(void)state;
	make_dirs("deep");
	assert_int_equal(chdir("deep"), 0);
	for (int i = 0; i < 300; i++)
		if (mkdir("dddddddddddddddd", 0755) < 0 || chdir("dddddddddddddddd") < 0)
			abort();
	assert_int_equal(chdir(temp_dir), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = io_remove_tree(AT_FDCWD, "deep");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, 0);
	assert_false(is_there("deep"));
}

static void digests_are_sha256(void **state)
{
	static const char empty[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char hex[DIGEST_HEX];
	struct digest *d;

	(void)state;
	assert_int_equal(digest_of_data("", 0, hex), 0);
	assert_string_equal(hex, empty);
	assert_int_equal(digest_of_data("abc", 3, hex), 0);
	assert_string_equal(hex, abc);
	put("f", "xabc");
	autofd int fd = open("f", O_RDONLY);
	assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
	assert_int_equal(digest_of_fd(fd, hex), 0);
	assert_string_equal(hex, abc);
	d = digest_new();
	assert_non_null(d);
	assert_int_equal(digest_add(d, "a", 1), 0);
	assert_int_equal(digest_add(d, "", 0), 0);
	assert_int_equal(digest_add(d, "bc", 2), 0);
	assert_int_equal(digest_hex(d, hex), 0);
	assert_string_equal(hex, abc);
	digest_free(d);
	digest_free(NULL);
	make_dirs("dir");
	autofd int dir = open("dir", O_RDONLY);
	assert_int_equal(digest_of_fd(dir, hex), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(files_are_read_whole),
		temp_test(a_replaced_file_is_the_old_or_the_new),
		temp_test(folders_are_not_entered_through_links),
		temp_test(copies_are_equal_holes_too),
		temp_test(trees_go_whatever_they_hold),
		temp_test(a_tree_deeper_than_descriptors_goes),
		temp_test(digests_are_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
