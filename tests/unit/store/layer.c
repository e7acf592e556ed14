// SPDX-License-Identifier: GPL-2.0-or-later
/* A layer is a place that no path leads out of, and its marks; then the walk over a whole one. */
#include "fs/store/layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fs/store/tree.h"
#include "fs/store/whiteout.h"
#include "tests/unit/engine.h"

static void no_path_leads_out(void **state)
{
	static const char *const paths[] = {
		"..",	     "../secret",   "d/../../secret", "/etc",	       "/",  "abs/secret",
		"up/secret", "d/up/secret", "d/loop/x",	      "d/proc/secret", "up", "final/x",
	};
	autofree char *target = NULL;
	struct stat st;

	(void)state;
	put("secret", "x");
	make_dirs("layer/d");
	put_link(temp_dir, "layer/abs");
	put_link("..", "layer/up");
	put_link("../..", "layer/d/up");
	put_link("loop", "layer/d/loop");
	put_link("/proc/self/root", "layer/d/proc");
	put_link("../secret", "layer/final");
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = layer_open(layer, paths[i], O_RDONLY);

		if (fd >= 0)
			fail_msg("'%s' was opened", paths[i]);
	}
	assert_int_equal(layer_open(layer, "final", O_RDONLY), -ELOOP);
	assert_int_equal(layer_stat(layer, "final", &st), 0); /* the link itself */
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(tree_readlink(layer, "final", &target), 0);
	assert_string_equal(target, "../secret");
	assert_int_equal(layer_stat(layer, "", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(layer_stat(layer, "missing", &st), -ENOENT);
	assert_int_equal(layer_stat(layer, "final/x", &st), -ELOOP);
	put("layer/file", "");
	assert_int_equal(layer_stat(layer, "file/x", &st), -ENOTDIR);
	layer_unref(layer);
}

static void a_path_may_be_longer_than_path_max(void **state)
{
	enum { DEPTH = 45 };
	autostrv struct strv parts = { 0 };
	char name[201];
	struct stat st;

	(void)state;
	memset(name, 'n', 200);
	name[200] = '\0';
	make_dirs("layer");
	assert_int_equal(chdir("layer"), 0);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(strv_add(&parts, name), 0);
		if (mkdir(name, 0755) < 0 || chdir(name) < 0)
			abort();
	}
	put("file", "deep");
	put_link("..", "up");
	assert_int_equal(chdir(temp_dir), 0);
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	autofree char *dir = strv_join(&parts, "/");
	autofree char *file = tree_join(dir, "file");
	autofree char *missing = tree_join(dir, "missing");
	autofree char *out = tree_join(dir, "up/x");
	assert_true(strlen(dir) > 2 * PATH_MAX);
	assert_int_equal(layer_stat(layer, file, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(layer_stat(layer, missing, &st), -ENOENT);
	assert_int_equal(layer_stat(layer, out, &st), -ELOOP);
	char hex[DIGEST_HEX];
	uint64_t files, bytes;
	assert_int_equal(tree_hash(layer, hex, &files, &bytes), 0);
	assert_int_equal(files, 2);
	autofree char *huge = malloc(3 * PATH_MAX);
	memset(huge, 'x', 3 * PATH_MAX - 1);
	huge[3 * PATH_MAX - 1] = '\0';
	assert_int_equal(layer_stat(layer, huge, &st), -ENAMETOOLONG);
	layer_unref(layer);
}

static void other_names_of_a_file_are_found(void **state)
{
	autostrv struct strv names = { 0 }, none = { 0 };
	autofree char *got = NULL;
	struct stat st, other;

	(void)state;
	put("layer/a", "x");
	put_hard_link("layer/a", "layer/d/e/b");
	put_hard_link("layer/a", "layer/d/c");
	put("layer/pair", "y");
	put_hard_link("layer/pair", "layer/d/pair");
	put("layer/single", "z");
	put_hard_link("layer/single", "outside"); /* two names, one of them elsewhere */
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	assert_int_equal(layer_stat(layer, "a", &st), 0);
	assert_int_equal(layer_other_names(layer, "a", st.st_ino, &names), 0);
	strv_sort(&names);
	got = strv_join(&names, " ");
	assert_string_equal(got, "d/c d/e/b");
	assert_int_equal(layer_stat(layer, "single", &other), 0);
	assert_int_equal(layer_other_names(layer, "single", other.st_ino, &none), 0);
	assert_int_equal(none.n, 0);
	layer_unref(layer);
}

/* Deeper than a process may have descriptors open. */
static void a_deep_layer_is_walked(void **state)
{
	autostrv struct strv names = { 0 };
	struct rlimit old, few;
	struct stat st;
	int r;

	(void)state;
	put("layer/a", "x");
	put_hard_link("layer/a", "b");
	assert_int_equal(chdir("layer"), 0);
	for (int i = 0; i < 200; i++)
		if (mkdir("d", 0755) < 0 || chdir("d") < 0)
			abort();
	assert_int_equal(chdir(temp_dir), 0);
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	assert_int_equal(layer_stat(layer, "a", &st), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = layer_other_names(layer, "a", st.st_ino, &names);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	layer_unref(layer);
	assert_int_equal(r, 0);
	assert_int_equal(names.n, 0);
}

static void marks_are_those_of_overlayfs(void **state)
{
	struct stat st;

	(void)state;
	make_dirs("d");
	make_dirs("o");
	put("f", "");
	autofd int here = open(".", O_RDONLY | O_DIRECTORY);
	assert_int_equal(whiteout_make(here, "w"), 0);
	assert_int_equal(whiteout_make(here, "w"), -EEXIST);
	assert_int_equal(whiteout_make(here, "f"), -EEXIST);
	assert_true(is_whiteout("w"));
	assert_int_equal(lstat("w", &st), 0);
	assert_true(whiteout_is(&st));
	assert_int_equal(lstat("f", &st), 0);
	assert_false(whiteout_is(&st));
	st = (struct stat){ .st_mode = S_IFCHR, .st_rdev = makedev(1, 3) };
	assert_false(whiteout_is(&st));
	st = (struct stat){ .st_mode = S_IFBLK };
	assert_false(whiteout_is(&st));
	autofd int d = open("d", O_RDONLY | O_DIRECTORY);
	autofd int o = open("o", O_RDONLY | O_DIRECTORY);
	assert_int_equal(opaque_is(d), 0);
	assert_int_equal(opaque_set(d), 0);
	assert_int_equal(opaque_is(d), 1);
	assert_true(is_opaque_dir("d"));
	assert_int_equal(fsetxattr(o, OPAQUE_XATTR, "x", 1, 0), 0);
	assert_int_equal(opaque_is(o), 0);
	assert_int_equal(fsetxattr(o, OPAQUE_XATTR, "yes", 3, 0), 0);
	assert_int_equal(opaque_is(o), 0);
}

static int note(const struct tree_entry *e, void *arg)
{
	if (strcmp(e->path, "stop") == 0)
		return -ECANCELED;
	return strv_addf(arg, "%s%s%s", e->path, e->whiteout ? "(w)" : "", e->opaque ? "(o)" : "");
}

static void a_walk_goes_in_order(void **state)
{
	autostrv struct strv seen = { 0 };
	autofree char *got = NULL;

	(void)state;
	put("layer/b/y", "");
	put("layer/b/x/1", "");
	put("layer/a-b", "");
	put("layer/a/z", "");
	put_opaque("layer/a");
	put("layer/B", "");
	put_link("b", "layer/c");
	put_whiteout("layer/d");
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	assert_int_equal(tree_walk(layer, note, &seen), 0);
	got = strv_join(&seen, " ");
	assert_string_equal(got, "B a(o) a/z a-b b b/x b/x/1 b/y c d(w)");
	put("layer/stop", "");
	assert_int_equal(tree_walk(layer, note, &seen), -ECANCELED);
	layer_unref(layer);
}

/* Somebody removes what comes behind it. */
static int note_and_remove(const struct tree_entry *e, void *arg)
{
	if (strcmp(e->path, "a") == 0) {
		assert_int_equal(unlink("layer/b"), 0);
		assert_int_equal(unlink("layer/c/1"), 0);
		assert_int_equal(rmdir("layer/c"), 0);
	}
	if (strcmp(e->path, "d") == 0) {
		assert_int_equal(unlink("layer/d/1"), 0);
		assert_int_equal(rmdir("layer/d"), 0);
		put("layer/d", "");
	}
	return note(e, arg);
}

static void a_walk_leaves_out_what_goes(void **state)
{
	autostrv struct strv seen = { 0 };
	autofree char *got = NULL;

	(void)state;
	put("layer/a", "");
	put("layer/b", "");
	put("layer/c/1", "");
	put("layer/d/1", "");
	put("layer/e", "");
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	assert_int_equal(tree_walk(layer, note_and_remove, &seen), 0);
	got = strv_join(&seen, " ");
	assert_string_equal(got, "a d e");
	layer_unref(layer);
}

/* Fill "layer" and hash it. */
static void hash_tree(char hex[static DIGEST_HEX])
{
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	uint64_t files, bytes;

	assert_int_equal(tree_hash(layer, hex, &files, &bytes), 0);
	layer_unref(layer);
}

static void fill_tree(void)
{
	remove_path("layer");
	put("layer/a/f", "12345");
	put_link("f", "layer/a/l");
	put_whiteout("layer/w");
	make_dirs("layer/e");
}

static void change_bytes(void)
{
	put("layer/a/f", "12346");
}
static void change_name(void)
{
	rename("layer/a/f", "layer/a/g");
}
static void change_mode(void)
{
	chmod("layer/a/f", 0600);
}
static void change_dir_mode(void)
{
	chmod("layer/e", 0700);
}
static void change_target(void)
{
	unlink("layer/a/l");
	put_link("g", "layer/a/l");
}
static void change_type(void)
{
	unlink("layer/a/l");
	put("layer/a/l", "f");
}
static void change_whiteout(void)
{
	unlink("layer/w");
}
static void change_opaque(void)
{
	put_opaque("layer/e");
}
static void change_empty(void)
{
	rmdir("layer/e");
}
static void change_place(void)
{
	rename("layer/a/f", "layer/f");
}

static void change_xattr(void)
{
	assert_int_equal(setxattr("layer/a/f", "user.mime_type", "text", 4, 0), 0);
}
static void change_dir_xattr(void)
{
	assert_int_equal(setxattr("layer/e", "user.mime_type", "text", 4, 0), 0);
}
/* cap_net_raw+ep; an ordinary user may not. */
static void change_capability(void)
{
	static const unsigned char value[] = { 1, 0, 0, 2, 0, 32, 0, 0, 0, 0,
					       0, 0, 0, 0, 0, 0,  0, 0, 0, 0 };

	if (setxattr("layer/a/f", "security.capability", value, sizeof(value), 0) < 0)
		change_xattr();
}
/* u::rw-,u:1:rw-,g::r--,m::rw-,o::r--; a file system may not know them. */
static void change_acl(void)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entries[5];
	} acl = { 2, { { 1, 6, -1 }, { 2, 6, 1 }, { 4, 4, -1 }, { 16, 4, -1 }, { 32, 4, -1 } } };

	if (setxattr("layer/a/f", "system.posix_acl_access", &acl, sizeof(acl), 0) < 0)
		change_xattr();
}

static void the_hash_is_the_contents(void **state)
{
	static void (*const changes[])(void) = {
		change_bytes, change_name,	change_mode,	   change_dir_mode, change_target,
		change_type,  change_whiteout,	change_opaque,	   change_empty,    change_place,
		change_xattr, change_dir_xattr, change_capability, change_acl,
	};
	const struct timespec times[2] = { { 1, 0 }, { 2, 0 } };
	char first[DIGEST_HEX], again[DIGEST_HEX];

	(void)state;
	fill_tree();
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "layer");
	uint64_t files, bytes;
	assert_int_equal(tree_hash(layer, first, &files, &bytes), 0);
	assert_int_equal(files, 2); /* the file and the link */
	assert_int_equal(bytes, 5);
	layer_unref(layer);
	fill_tree();
	assert_int_equal(utimensat(AT_FDCWD, "layer/a/f", times, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "layer/a", times, 0), 0);
	if (geteuid() == 0)
		assert_int_equal(lchown("layer/a/f", 1, 1), 0);
	hash_tree(again);
	assert_string_equal(first, again);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		fill_tree();
		changes[i]();
		hash_tree(again);
		if (strcmp(first, again) == 0)
			fail_msg("change %zu does not show", i);
	}
}

/* A layer with one file of that many bytes, of which `data` (may be NULL) is at `at`. */
static void hash_sparse(off_t size, off_t at, const char *data, char hex[static DIGEST_HEX])
{
	autofd int fd = -1;

	make_dirs("sparse");
	fd = open("sparse/f", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (ftruncate(fd, size) < 0 || (data && pwrite(fd, data, strlen(data), at) < 0))
		abort();
	struct layer *layer = open_layer(ORIGIN_PACKAGE, "p", "sparse");
	uint64_t files, bytes;
	assert_int_equal(tree_hash(layer, hex, &files, &bytes), 0);
	assert_int_equal(bytes, size);
	layer_unref(layer);
}

static void a_hole_is_zeros_and_costs_nothing(void **state)
{
	enum { SIZE = 200000 };
	static char zeros[SIZE];
	char hole[DIGEST_HEX], other[DIGEST_HEX];
	uint64_t files, bytes;

	(void)state;
	hash_sparse(SIZE, 0, NULL, hole);
	put_bytes("layer/f", zeros, SIZE);
	struct layer *a = open_layer(ORIGIN_PACKAGE, "a", "layer");
	struct layer *b = open_layer(ORIGIN_PACKAGE, "b", "sparse");
	assert_int_equal(tree_hash(a, other, &files, &bytes), 0);
	assert_string_equal(hole, other);
	assert_int_equal(tree_same(a, b, "f"), 1);
	zeros[SIZE - 1] = 'x';
	put_bytes("layer/f", zeros, SIZE);
	assert_int_equal(tree_same(a, b, "f"), 0);
	assert_int_equal(tree_hash(a, other, &files, &bytes), 0);
	hash_sparse(SIZE, SIZE - 1, "x", hole);
	assert_string_equal(hole, other);
	assert_int_equal(tree_same(a, b, "f"), 1);
	layer_unref(a);
	layer_unref(b);
	hash_sparse(SIZE, SIZE - 70000, "x", other);
	assert_string_not_equal(hole, other);
	hash_sparse(SIZE + 1, SIZE - 1, "x", other);
	assert_string_not_equal(hole, other);
	/* hours, if all of it were read */
	hash_sparse((off_t)1 << 43, (off_t)1 << 42, "x", hole);
	hash_sparse((off_t)1 << 43, ((off_t)1 << 42) + 65536, "x", other);
	assert_string_not_equal(hole, other);
}

static void things_are_compared(void **state)
{
	static const struct {
		const char *path;
		int r;
	} cases[] = {
		{ "same", 1 },		{ "bytes", 0 }, { "size", 0 },	{ "mode", 0 },
		{ "target", 0 },	{ "link", 1 },	{ "dirs", 1 },	{ "kinds", 0 },
		{ "missing", -ENOENT }, { "big", 0 },	{ "xattr", 0 },
	};
	static char big[100000];

	(void)state;
	put("a/same", "x"), put("b/same", "x");
	put("a/bytes", "x"), put("b/bytes", "y");
	put("a/size", "x"), put("b/size", "xx");
	put("a/mode", "x"), put("b/mode", "x");
	assert_int_equal(chmod("b/mode", 0755), 0);
	put_link("1", "a/target"), put_link("2", "b/target");
	put_link("1", "a/link"), put_link("1", "b/link");
	make_dirs("a/dirs"), make_dirs("b/dirs");
	assert_int_equal(chmod("b/dirs", 0700), 0);
	make_dirs("a/kinds"), put("b/kinds", "");
	put("a/missing", "");
	put_bytes("a/big", big, sizeof(big));
	big[sizeof(big) - 1] = 1;
	put_bytes("b/big", big, sizeof(big));
	put("a/xattr", "x"), put("b/xattr", "x");
	assert_int_equal(setxattr("a/xattr", "user.mime_type", "text", 4, 0), 0);
	struct layer *a = open_layer(ORIGIN_PACKAGE, "a", "a");
	struct layer *b = open_layer(ORIGIN_PACKAGE, "b", "b");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (tree_same(a, b, cases[i].path) != cases[i].r)
			fail_msg("'%s'", cases[i].path);
	layer_unref(a);
	layer_unref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(no_path_leads_out),
		temp_test(a_path_may_be_longer_than_path_max),
		temp_test(other_names_of_a_file_are_found),
		temp_test(a_deep_layer_is_walked),
		temp_test(marks_are_those_of_overlayfs),
		temp_test(a_walk_goes_in_order),
		temp_test(a_walk_leaves_out_what_goes),
		temp_test(the_hash_is_the_contents),
		temp_test(a_hole_is_zeros_and_costs_nothing),
		temp_test(things_are_compared),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
