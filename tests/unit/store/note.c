// SPDX-License-Identifier: GPL-2.0-or-later
/* What a layer's file says beside its stat, and what is not believed of it. */
#include "fs/store/note.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "tests/unit/tempdir.h"

static struct layer *open_layer(const char *path, enum origin origin)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct layer *layer = NULL;

	assert_true(fd >= 0);
	assert_int_equal(layer_new(origin, "layer", fd, NULL, &layer), 0);
	return layer;
}

static struct note read_note(const struct layer *layer, const char *path)
{
	struct note note;
	struct stat st;

	assert_int_equal(note_stat(layer, path, &st, &note), 0);
	return note;
}

static void write_note(struct layer *layer, const char *path, const struct note *note)
{
	autofd int fd = layer_open(layer, path, O_PATH);

	assert_true(fd >= 0);
	assert_int_equal(note_write(layer, fd, note), 0);
}

static void assert_same(const struct note *a, const struct note *b)
{
	assert_int_equal(a->has_uid, b->has_uid);
	assert_int_equal(a->has_gid, b->has_gid);
	assert_int_equal(a->has_mode, b->has_mode);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->mode, b->mode);
	assert_true(a->ino == b->ino);
	assert_true(a->birth.tv_sec == b->birth.tv_sec);
	assert_int_equal(a->birth.tv_nsec, b->birth.tv_nsec);
}

static void what_is_written_is_read(void **state)
{
	const struct note note = {
		.has_uid = true,
		.has_gid = true,
		.has_mode = true,
		.uid = 0,
		.gid = 4294967294,
		.mode = 06755,
		.ino = (1ULL << 62) + 123,
		.birth = { .tv_sec = -5, .tv_nsec = 999999999 },
	};
	const struct note none = { 0 };
	struct layer *layer;
	struct note back;
	struct stat st;

	(void)state;
	mkdir("a", 0755);
	mkdir("a/dir", 0755);
	close(creat("a/file", 0400));
	layer = open_layer("a", ORIGIN_LOCAL);
	assert_int_equal(layer->notes, NOTE_NONE);
	write_note(layer, "file", &none);
	assert_int_equal(layer->notes, NOTE_NONE); /* nothing to say marks nothing */
	write_note(layer, "file", &note);
	write_note(layer, "dir", &note);
	assert_int_equal(layer->notes, NOTE_SOME);
	back = read_note(layer, "file");
	assert_same(&back, &note);
	back = read_note(layer, "dir");
	assert_same(&back, &note);
	assert_int_equal(note_stat(layer, "file", &st, &back), 0);
	assert_int_equal(st.st_mode, S_IFREG | 06755);
	write_note(layer, "file", &none);
	back = read_note(layer, "file");
	assert_same(&back, &none);
	assert_int_equal(stat("a/file", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	layer_unref(layer);
}

static void a_directory_is_marked(void **state)
{
	const struct note note = { .ino = 77 };
	autofd int dir = -1;
	struct layer *layer;
	ino_t ino;

	(void)state;
	mkdir("b", 0755);
	mkdir("b/dir", 0555);
	chmod("b/dir", 0755);
	close(creat("b/dir/file", 0644));
	close(creat("b/dir/other", 0644));
	chmod("b/dir", 0555);
	layer = open_layer("b", ORIGIN_PACKAGE);
	dir = layer_open(layer, "dir", O_PATH | O_DIRECTORY);
	assert_int_equal(note_mark(layer, dir), 0);
	assert_int_equal(note_is_marked(dir), 0); /* nothing in the layer has a number */
	write_note(layer, "dir/file", &note);
	assert_int_equal(note_mark(layer, dir), 0);
	assert_int_equal(note_is_marked(dir), 1);
	assert_int_equal(note_number(dir, "file", S_IFREG, &ino), 0);
	assert_int_equal(ino, 77);
	assert_int_equal(note_number(dir, "other", S_IFREG, &ino), 0);
	assert_int_equal(ino, 0);
	assert_int_equal(note_number(dir, "none", S_IFREG, &ino), -ENOENT);
	layer_unref(layer);
}

/* As an enemy would write it, or another version of us. */
static void nonsense_is_not_believed(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"u",
		"u-1",
		"u4294967295",
		"u99999999999999999999",
		"g+1",
		"g1x",
		"m8",
		"m10000",
		"m-1",
		"i-1",
		"i1152921504606846976",
		"i",
		"b",
		"b1",
		"b1.",
		"b1.-",
		"b1.-5",
		"b1.1000000000",
		"b1.2x",
		"x1 y2",
		"uu1 gg2",
		"u 0 g 0",
	};
	const struct note none = { 0 };
	struct layer *layer;

	(void)state;
	mkdir("c", 0755);
	close(creat("c/file", 0644));
	assert_int_equal(setxattr("c", "user.xsysfs.notes", "1", 1, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct note note;

		assert_int_equal(setxattr("c/file", NOTE_XATTR, texts[i], strlen(texts[i]), 0), 0);
		layer = open_layer("c", ORIGIN_PACKAGE);
		note = read_note(layer, "file");
		if (memcmp(&note.birth, &none.birth, sizeof(none.birth)) != 0 || note.has_uid ||
		    note.has_gid || note.has_mode || note.ino)
			fail_msg("'%s' was believed", texts[i]);
		layer_unref(layer);
	}
}

static void numbers_are_not_believed_in_a_copy(void **state)
{
	static const char text[] = "u5 i77";
	struct layer *layer;
	struct note note;

	(void)state;
	mkdir("d", 0755);
	close(creat("d/file", 0644));
	assert_int_equal(setxattr("d", "user.xsysfs.notes", "1", 1, 0), 0); /* another inode's */
	assert_int_equal(setxattr("d/file", NOTE_XATTR, text, strlen(text), 0), 0);
	layer = open_layer("d", ORIGIN_PACKAGE);
	assert_int_equal(layer->notes, NOTE_NO_NUMBERS);
	note = read_note(layer, "file");
	assert_int_equal(note.uid, 5);
	assert_int_equal(note.ino, 0);
	layer_unref(layer);
}

static void a_base_has_none(void **state)
{
	struct layer *layer;
	struct note note;

	(void)state;
	mkdir("d", 0755);
	close(creat("d/file", 0644));
	assert_int_equal(setxattr("d", "user.xsysfs.notes", "1", 1, 0), 0);
	assert_int_equal(setxattr("d/file", NOTE_XATTR, "u5", 2, 0), 0);
	layer = open_layer("d", ORIGIN_BASE);
	note = read_note(layer, "file");
	assert_false(note.has_uid);
	layer_unref(layer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(what_is_written_is_read),  temp_test(a_directory_is_marked),
		temp_test(nonsense_is_not_believed), temp_test(numbers_are_not_believed_in_a_copy),
		temp_test(a_base_has_none),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
