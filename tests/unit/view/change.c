// SPDX-License-Identifier: GPL-2.0-or-later
/* Files come, change and go in a view: copy-up, whiteouts, and a base that nobody touches. */
#include "fs/view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

static void a_copy_keeps_what_the_file_had(void **state)
{
	const struct timespec times[2] = { { 1000, 1 }, { 2000, 123456789 } };
	autofree char *before = NULL;
	struct stat st, old;
	struct world w;

	(void)state;
	put("base/usr/lib/f", "old");
	assert_int_equal(setxattr("base/usr/lib/f", "user.color", "red", 3, 0), 0);
	assert_int_equal(chmod("base/usr/lib/f", 0640), 0);
	assert_int_equal(utimensat(AT_FDCWD, "base/usr/lib/f", times, 0), 0);
	assert_int_equal(chmod("base/usr/lib", 0750), 0);
	assert_int_equal(utimensat(AT_FDCWD, "base/usr/lib", times, 0), 0);
	before = fingerprint("base");
	world_open(&w, "");
	assert_int_equal(look(&w, "usr/lib/f", &old), 0);
	struct node *f = at(&w, "usr/lib/f");
	struct file *file = NULL;
	assert_int_equal(view_open(f, true, &file), 0); /* opened for writing, nothing written */
	data_close(file);
	assert_file("local/usr/lib/f", "old");
	assert_int_equal(lstat("local/usr/lib/f", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	assert_string_equal(xattr_of(&w, "usr/lib/f", "user.color"), "red");
	assert_int_equal(lstat("local/usr/lib", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(view_getattr(f, &st), 0);
	assert_int_equal(st.st_ino, old.st_ino); /* the same file to who has it open */
	assert_int_equal(node_write(f, "new"), 0);
	assert_node(f, "new");
	drop(&w, f);
	assert_text(&w, "usr/lib/f", "new");
	assert_names(&w, "usr/lib", "f");
	assert_file("base/usr/lib/f", "old");
	world_close(&w);
	assert_untouched("base", before);
}

static void each_change_is_of_the_copy(void **state)
{
	const struct timespec times[2] = { { 5, 0 }, { 6, 0 } };
	autofree char *before = NULL;
	struct stat st, want = { .st_mode = 0600, .st_size = 1 };
	struct world w;

	(void)state;
	put("base/mode", "abc");
	put("base/size", "abc");
	put("base/times", "abc");
	put("base/xattr", "abc");
	put("base/dir/f", "abc");
	put_link("mode", "base/link");
	before = fingerprint("base");
	world_open(&w, "");
	struct node *n = at(&w, "mode");
	assert_int_equal(view_setattr(n, VIEW_SET_MODE, &want, NULL, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	drop(&w, n);
	n = at(&w, "size");
	assert_int_equal(view_setattr(n, VIEW_SET_SIZE, &want, NULL, &st), 0);
	assert_int_equal(st.st_size, 1);
	drop(&w, n);
	n = at(&w, "times");
	assert_int_equal(view_setattr(n, VIEW_SET_TIMES, &want, times, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 6);
	drop(&w, n);
	n = at(&w, "xattr");
	assert_int_equal(view_setxattr(n, "user.x", "1", 1, 0), 0);
	assert_int_equal(view_setxattr(n, "user.x", "1", 1, XATTR_CREATE), -EEXIST);
	assert_string_equal(xattr_of(&w, "xattr", "user.x"), "1");
	assert_int_equal(view_removexattr(n, "user.x"), 0);
	assert_int_equal(view_removexattr(n, "user.x"), -ENODATA);
	drop(&w, n);
	n = at(&w, "link");
	assert_int_equal(view_setattr(n, VIEW_SET_TIMES, &want, times, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(st.st_mtim.tv_sec, 6);
	drop(&w, n);
	assert_int_equal(set_mode(&w, "dir", 0700), 0);
	assert_int_equal(set_mode(&w, "", 0711), 0);
	assert_text(&w, "size", "a");
	assert_text(&w, "mode", "abc");
	assert_text(&w, "dir/f", "abc");
	assert_false(is_there("local/dir/f"));
	world_close(&w);
	assert_untouched("base", before);
}

/* Programs open a file, unlink it, and go on: fchmod(2), futimens(2), fsetxattr(2) of that. */
static void what_is_done_to_an_unlinked_file_is_not_done_to_the_base(void **state)
{
	const struct timespec times[2] = { { 5, 0 }, { 6, 0 } };
	autofree char *before = NULL;
	struct stat st, want = { .st_mode = 0600 };
	struct world w;

	(void)state;
	put("base/f", "old");
	before = fingerprint("base");
	world_open(&w, "");
	struct node *f = at(&w, "f");
	assert_int_equal(rm(&w, "f"), 0);
	assert_int_equal(view_setattr(f, VIEW_SET_MODE, &want, NULL, &st), 0);
	assert_untouched("base", before);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	drop(&w, f);
	world_reopen(&w, "");
	assert_int_equal(look(&w, "f", NULL), -ENOENT);
	remove_path("local/f");
	f = at(&w, "f");
	assert_int_equal(rm(&w, "f"), 0);
	assert_int_equal(view_setattr(f, VIEW_SET_TIMES, &want, times, &st), 0);
	assert_untouched("base", before);
	drop(&w, f);
	remove_path("local/f");
	world_reopen(&w, "");
	f = at(&w, "f");
	assert_int_equal(rm(&w, "f"), 0);
	assert_int_equal(view_setxattr(f, "user.x", "1", 1, 0), 0);
	assert_untouched("base", before);
	drop(&w, f);
	world_close(&w);
}

/* The same with a link instead of a change: the base's file must not get a name in the upper. */
static void an_unlinked_file_of_the_base_is_not_linked_to(void **state)
{
	autofree char *before = NULL;
	struct stat st;
	struct world w;
	int r;

	(void)state;
	put("base/f", "old");
	before = fingerprint("base");
	world_open(&w, "");
	struct node *f = at(&w, "f");
	assert_int_equal(rm(&w, "f"), 0);
	r = view_link(f, w.view->root, "g", &st);
	assert_true(r == 0 || r == -ENOENT);
	if (r == 0)
		assert_int_equal(write_text(&w, "g", "new"), 0);
	assert_untouched("base", before);
	drop(&w, f);
	world_close(&w);
}

static void an_unlinked_file_lives_on(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/lower", "lower");
	world_open(&w, "");
	assert_int_equal(write_text(&w, "upper", "upper"), 0);
	struct node *lower = at(&w, "lower"), *upper = at(&w, "upper");
	assert_int_equal(rm(&w, "lower"), 0);
	assert_int_equal(rm(&w, "upper"), 0);
	assert_names(&w, "", "");
	assert_node(lower, "lower");
	assert_node(upper, "upper");
	assert_int_equal(view_getattr(lower, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(view_getattr(upper, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(write_text(&w, "lower", "another"), 0);
	assert_int_equal(node_write(lower, "written"), 0);
	assert_int_equal(node_write(upper, "written"), 0);
	assert_node(lower, "written");
	assert_node(upper, "written");
	assert_text(&w, "lower", "another");
	assert_names(&w, "", "lower");
	drop(&w, lower);
	drop(&w, upper);
	assert_file("base/lower", "lower");
	autofd int work = openat(w.work, ".", O_RDONLY | O_DIRECTORY);
	autonames struct names *left = names_new();
	assert_int_equal(names_add_dir(left, work, 0, 0, true, false), 0);
	assert_int_equal(left->n, 0);
	world_close(&w);
}

/* The trap of overlays: the upper had replaced the name before, and no whiteout is left. */
static void what_was_deleted_stays_deleted(void **state)
{
	struct world w;

	(void)state;
	put("base/a", "old");
	put("base/b", "old");
	put("base/c", "old");
	put("p/d", "old");
	world_open(&w, "p");
	assert_int_equal(rm(&w, "a"), 0);
	assert_int_equal(look(&w, "a", NULL), -ENOENT);
	assert_int_equal(write_text(&w, "a", "new"), 0);
	assert_text(&w, "a", "new");
	assert_int_equal(mv(&w, "a", "away"), 0);
	assert_int_equal(look(&w, "a", NULL), -ENOENT);
	assert_int_equal(rm(&w, "away"), 0);
	assert_int_equal(write_text(&w, "t", "new"), 0);
	assert_int_equal(mv(&w, "t", "b"), 0); /* over the lower one */
	assert_text(&w, "b", "new");
	assert_int_equal(rm(&w, "b"), 0);
	assert_int_equal(mv(&w, "c", "e"), 0); /* the lower one itself */
	assert_text(&w, "e", "old");
	assert_int_equal(rm(&w, "d"), 0);
	assert_int_equal(rm(&w, "d"), -ENOENT);
	assert_names(&w, "", "e");
	assert_true(is_whiteout("local/a"));
	assert_true(is_whiteout("local/b"));
	assert_true(is_whiteout("local/c"));
	assert_true(is_whiteout("local/d"));
	assert_false(is_there("local/away")); /* nothing below: nothing to hide */
	assert_false(is_there("local/t"));
	world_reopen(&w, "p");
	assert_names(&w, "", "e");
	world_close(&w);
}

static void a_name_taken_again_hides_what_was_there(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/d/x", "old");
	put("base/d/sub/y", "old");
	put("base/f", "old");
	world_open(&w, "");
	assert_int_equal(rm_dir(&w, "d"), -ENOTEMPTY);
	assert_int_equal(rm(&w, "d"), -EISDIR);
	assert_int_equal(rm_dir(&w, "f"), -ENOTDIR);
	assert_int_equal(rm(&w, "d/x"), 0);
	assert_int_equal(rm(&w, "d/sub/y"), 0);
	assert_int_equal(rm_dir(&w, "d/sub"), 0);
	assert_names(&w, "d", "");
	assert_int_equal(rm_dir(&w, "d"), 0);
	assert_true(is_whiteout("local/d"));
	assert_int_equal(look(&w, "d/x", NULL), -ENOENT);
	assert_int_equal(make_dir(&w, "d"), 0);
	assert_true(is_opaque_dir("local/d"));
	assert_names(&w, "d", "");
	assert_int_equal(make_dir(&w, "d"), -EEXIST);
	assert_int_equal(make_dir(&w, "d/sub"), 0);
	assert_names(&w, "d/sub", "");
	assert_int_equal(rm(&w, "f"), 0);
	assert_int_equal(make_dir(&w, "f"), 0); /* a file below, a directory now */
	assert_int_equal(write_text(&w, "f/in", "x"), 0);
	world_reopen(&w, "");
	assert_names(&w, "d", "sub");
	assert_names(&w, "d/sub", "");
	assert_names(&w, "f", "in");
	assert_int_equal(rm(&w, "f/in"), 0);
	assert_int_equal(rm_dir(&w, "f"), 0);
	assert_int_equal(look(&w, "f", &st), -ENOENT);
	assert_int_equal(rm_dir(&w, "d/sub"), 0);
	assert_int_equal(rm_dir(&w, "d"), 0);
	assert_names(&w, "", "");
	world_reopen(&w, "");
	assert_names(&w, "", "");
	world_close(&w);
}

static void a_removed_directory_is_empty_to_who_is_in_it(void **state)
{
	struct world w;
	struct stat st;
	struct node *node;

	(void)state;
	make_dirs("base/lower");
	world_open(&w, "");
	assert_int_equal(make_dir(&w, "upper"), 0);
	struct node *lower = at(&w, "lower"), *upper = at(&w, "upper");
	assert_int_equal(rm_dir(&w, "lower"), 0);
	assert_int_equal(rm_dir(&w, "upper"), 0);
	assert_int_equal(make_dir(&w, "upper"), 0);
	assert_int_equal(write_text(&w, "upper/f", "x"), 0);
	autofree char *a = node_names(lower);
	autofree char *b = node_names(upper);
	assert_string_equal(a, "");
	assert_string_equal(b, "");
	assert_int_equal(view_getattr(upper, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(view_lookup(upper, "f", &node, NULL), -ENOENT);
	assert_int_equal(view_make(upper, "g", S_IFREG | 0644, 0, (struct owner){ 0 }, &node, &st),
			 -ENOENT);
	drop(&w, lower);
	drop(&w, upper);
	world_close(&w);
}

static void hard_links_of_the_base_stay_one_file(void **state)
{
	autofree char *before = NULL;
	struct stat a, b, c;
	struct world w;

	(void)state;
	put("base/a", "old");
	put_hard_link("base/a", "base/d/b");
	put_hard_link("base/a", "base/c");
	before = fingerprint("base");
	world_open(&w, "");
	struct node *held = at(&w, "d/b");
	assert_int_equal(rm(&w, "c"), 0);
	assert_int_equal(write_text(&w, "a", "new"), 0);
	assert_text(&w, "d/b", "new");
	assert_node(held, "new");
	drop(&w, held);
	assert_int_equal(look(&w, "a", &a), 0);
	assert_int_equal(look(&w, "d/b", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_nlink, 2);
	assert_int_equal(look(&w, "c", &c), -ENOENT); /* was removed before: stays so */
	world_reopen(&w, "");
	assert_text(&w, "a", "new");
	assert_text(&w, "d/b", "new");
	assert_int_equal(rm(&w, "a"), 0);
	assert_int_equal(look(&w, "d/b", &b), 0);
	assert_int_equal(b.st_nlink, 1);
	assert_names(&w, "", "d");
	world_close(&w);
	assert_untouched("base", before);
}

static void links_are_made_and_counted(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put("base/f", "old");
	make_dirs("base/d");
	world_open(&w, "");
	assert_int_equal(ln(&w, "f", "d/g"), 0);
	assert_int_equal(ln(&w, "f", "d/g"), -EEXIST);
	assert_int_equal(ln(&w, "d", "e"), -EPERM);
	assert_int_equal(write_text(&w, "d/g", "new"), 0);
	assert_text(&w, "f", "new");
	assert_int_equal(look(&w, "f", &st), 0);
	assert_int_equal(st.st_nlink, 2);
	struct node *g = at(&w, "d/g");
	assert_int_equal(rm(&w, "f"), 0);
	assert_int_equal(view_getattr(g, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(ln(&w, "d/g", "f"), 0); /* over the whiteout */
	assert_text(&w, "f", "new");
	drop(&w, g);
	assert_names(&w, "", "d f");
	assert_file("base/f", "old");
	world_close(&w);
}

static void a_file_without_a_name_gets_one(void **state)
{
	struct owner nobody = { 0 };
	struct node *node = NULL;
	struct world w;
	struct stat st;

	(void)state;
	put("base/f", "old");
	world_open(&w, "");
	assert_int_equal(view_tmpfile(w.view->root, S_IFREG | 0640, nobody, &node, &st), 0);
	assert_names(&w, "", "f");
	assert_int_equal(node_write(node, "text"), 0);
	assert_int_equal(view_link(node, w.view->root, "f", &st), -EEXIST);
	assert_int_equal(view_link(node, w.view->root, ".xsysfs", &st), -EPERM);
	assert_int_equal(view_link(node, w.view->root, "g", &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_text(&w, "g", "text");
	drop(&w, node);
	assert_int_equal(rm(&w, "f"), 0);
	assert_int_equal(view_tmpfile(w.view->root, S_IFREG | 0640, nobody, &node, &st), 0);
	assert_int_equal(view_link(node, w.view->root, "f", &st), 0); /* over a whiteout */
	drop(&w, node);
	assert_text(&w, "f", "");
	assert_names(&w, "", "f g");
	world_close(&w);
}

static void all_kinds_of_files_are_made(void **state)
{
	struct owner nobody = { 0 };
	struct node *node = NULL;
	struct file *file = NULL;
	char *target = NULL;
	char long_name[257];
	struct world w;
	struct stat st;

	(void)state;
	make_dirs("base");
	world_open(&w, "");
	struct node *root = w.view->root;
	assert_int_equal(view_make(root, "pipe", S_IFIFO | 0640, 0, nobody, &node, &st), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0640);
	assert_int_equal(view_open(node, false, &file), -EINVAL);
	drop(&w, node);
	assert_int_equal(view_make(root, "zero", S_IFCHR | 0600, 0, nobody, &node, &st), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0600);
	assert_false(is_whiteout("local/zero")); /* it would hide a name below */
	drop(&w, node);
	assert_int_equal(view_symlink(root, "link", "../../etc", nobody, &node, &st), 0);
	assert_int_equal(view_readlink(node, &target), 0);
	assert_string_equal(target, "../../etc");
	free(target);
	assert_int_equal(view_open(node, false, &file), -EINVAL);
	drop(&w, node);
	assert_int_equal(look(&w, "link/x", &st), -ENOTDIR); /* never followed */
	assert_int_equal(view_make(root, "set", S_IFREG | 04755, 0, nobody, &node, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 04755);
	assert_int_equal(view_readlink(node, &target), -EINVAL);
	drop(&w, node);
	assert_int_equal(view_make(root, "shut", S_IFREG | 0000, 0, nobody, &node, &st), 0);
	assert_int_equal(node_write(node, "x"), 0); /* he who made it may write */
	drop(&w, node);
	assert_int_equal(view_open(root, false, &file), -EISDIR);
	memset(long_name, 'n', 256);
	long_name[256] = '\0';
	assert_int_equal(make(&w, long_name, S_IFREG | 0644), -ENAMETOOLONG);
	assert_int_equal(look(&w, long_name, &st), -ENAMETOOLONG);
	long_name[255] = '\0';
	assert_int_equal(make(&w, long_name, S_IFREG | 0644), 0);
	assert_int_equal(mv(&w, long_name, "short"), 0);
	assert_names(&w, "", "link pipe set short shut zero");
	assert_int_equal(look(&w, "zero", &st), 0);
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
	assert_int_equal(rm(&w, "zero"), 0);
	world_close(&w);
}

static void nothing_changes_read_only(void **state)
{
	autofree char *before = NULL;
	struct owner nobody = { 0 };
	struct node *node = NULL;
	struct file *file = NULL;
	struct stat st, want = { .st_mode = 0600 };
	struct world w;

	(void)state;
	put("base/f", "old");
	make_dirs("base/d");
	before = fingerprint("base");
	world_open_as(&w, "", &(struct view_options){ .read_only = true });
	struct node *root = w.view->root, *f = at(&w, "f");
	assert_node(f, "old");
	assert_int_equal(view_open(f, true, &file), -EROFS);
	assert_int_equal(view_setattr(f, VIEW_SET_MODE, &want, NULL, &st), -EROFS);
	assert_int_equal(view_setattr(f, VIEW_SET_SIZE, &want, NULL, &st), -EROFS);
	assert_int_equal(view_setxattr(f, "user.x", "1", 1, 0), -EROFS);
	assert_int_equal(view_removexattr(f, "user.x"), -EROFS);
	assert_int_equal(view_make(root, "n", S_IFREG | 0644, 0, nobody, &node, &st), -EROFS);
	assert_int_equal(view_symlink(root, "n", "f", nobody, &node, &st), -EROFS);
	assert_int_equal(view_tmpfile(root, S_IFREG | 0644, nobody, &node, &st), -EROFS);
	assert_int_equal(view_link(f, root, "n", &st), -EROFS);
	assert_int_equal(view_unlink(root, "f"), -EROFS);
	assert_int_equal(view_rmdir(root, "d"), -EROFS);
	assert_int_equal(view_rename(root, "f", root, "n", 0, NULL), -EROFS);
	drop(&w, f);
	world_close(&w);
	assert_untouched("base", before);
}

static void a_closed_view_answers_nobody(void **state)
{
	struct node *node = NULL;
	struct file *file = NULL;
	struct stat st;
	struct world w;

	(void)state;
	put("base/f", "old");
	world_open(&w, "");
	struct node *f = at(&w, "f");
	assert_int_equal(view_open(f, true, &file), 0);
	view_close(w.view);
	data_close(file);
	assert_int_equal(view_getattr(f, &st), -ESTALE);
	assert_int_equal(view_open(f, false, &file), -ESTALE);
	assert_int_equal(view_lookup(w.view->root, "f", &node, &st), -ESTALE);
	assert_int_equal(view_unlink(w.view->root, "f"), -ESTALE);
	assert_int_equal(view_rename(w.view->root, "f", w.view->root, "g", 0, NULL), -ESTALE);
	drop(&w, f);
	world_close(&w);
}

/* In a layer it would be a whiteout: the copy must not be one, and must stay what it is. */
static void a_device_of_the_base_that_looks_like_a_whiteout(void **state)
{
	struct world w;
	struct stat st;

	(void)state;
	put_whiteout("base/d");
	world_open(&w, "");
	assert_int_equal(ln(&w, "d", "e"), 0);
	assert_int_equal(set_mode(&w, "d", 0644), 0);
	assert_int_equal(look(&w, "d", &st), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0644);
	assert_int_equal(st.st_rdev, 0);
	world_reopen(&w, "");
	assert_names(&w, "", "d e");
	assert_int_equal(look(&w, "d", &st), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0644);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_copy_keeps_what_the_file_had),
		temp_test(each_change_is_of_the_copy),
		temp_test(what_is_done_to_an_unlinked_file_is_not_done_to_the_base),
		temp_test(an_unlinked_file_of_the_base_is_not_linked_to),
		temp_test(an_unlinked_file_lives_on),
		temp_test(what_was_deleted_stays_deleted),
		temp_test(a_name_taken_again_hides_what_was_there),
		temp_test(a_removed_directory_is_empty_to_who_is_in_it),
		temp_test(hard_links_of_the_base_stay_one_file),
		temp_test(links_are_made_and_counted),
		temp_test(a_file_without_a_name_gets_one),
		temp_test(a_device_of_the_base_that_looks_like_a_whiteout),
		temp_test(all_kinds_of_files_are_made),
		temp_test(nothing_changes_read_only),
		temp_test(a_closed_view_answers_nobody),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
