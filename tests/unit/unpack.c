// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives by hand, as a stranger would make them: what is hostile leaves nothing behind. */
#include "builder/unpack.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

struct entry {
	char type; /* '0' file, '1' hard link, '2' symlink, '3' device, '5' folder, '6' fifo */
	const char *name, *link, *data;
};

static char tar[1 << 16];
static size_t tar_len;

static void add(const struct entry *e)
{
	char *h = tar + tar_len;
	size_t size = e->data ? strlen(e->data) : 0;
	unsigned sum = 0;

	assert_true(tar_len + 2048 + size < sizeof(tar));
	memset(h, 0, 512 + (size + 511) / 512 * 512);
	strncpy(h, e->name, 99);
	strcpy(h + 100, e->type == '5' ? "0000755" : "0006755");
	strcpy(h + 108, "0000000");
	strcpy(h + 116, "0000000");
	sprintf(h + 124, "%011zo", size);
	strcpy(h + 136, "07777777777");
	memset(h + 148, ' ', 8);
	h[156] = e->type;
	if (e->link)
		strncpy(h + 157, e->link, 99);
	memcpy(h + 257, "ustar\00000", 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	sprintf(h + 148, "%06o", sum);
	if (size)
		memcpy(h + 512, e->data, size);
	tar_len += 512 + (size + 511) / 512 * 512;
}

/* The archive of the entries up to one without a name, as "a.tar"; `cut` bytes are missing. */
static void make(const struct entry *entries, size_t cut)
{
	tar_len = 0;
	for (; entries->name; entries++)
		add(entries);
	memset(tar + tar_len, 0, 1024);
	tar_len += 1024;
	scratch_put("a.tar", tar, tar_len - cut);
}

static void only_the_archive_is_here(void)
{
	assert_int_equal(access("out", F_OK), -1);
	assert_int_equal(system("test \"$(ls)\" = a.tar"), 0);
}

static const struct {
	struct entry entries[4];
	const char *says;
} hostile[] = {
	{ { { '0', "../evil", NULL, "x" } }, "leads out" },
	{ { { '0', "a/../../evil", NULL, "x" } }, "leads out" },
	{ { { '0', "/tmp/evil", NULL, "x" } }, "leads out" },
	{ { { '2', "l", "/etc/passwd", NULL } }, "link that leads out" },
	{ { { '2', "l", "../x", NULL } }, "link that leads out" },
	{ { { '2', "a/l", "../../x", NULL } }, "link that leads out" },
	{ { { '2', "a/l", "b/../../../x", NULL } }, "link that leads out" },
	{ { { '2', "l", "..", NULL }, { '0', "l/evil", NULL, "x" } }, "link that leads out" },
	{ { { '1', "l", "/etc/passwd", NULL } }, "hard link that leads out" },
	{ { { '1', "l", "../x", NULL } }, "hard link that leads out" },
	{ { { '3', "null", NULL, NULL } }, "no file, folder or link" },
	{ { { '6', "fifo", NULL, NULL } }, "no file, folder or link" },
	{ { { '0', "a\nb", NULL, "x" } }, "control character" },
};

static void hostile_archives_leave_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		autofree char *why = NULL;

		make(hostile[i].entries, 0);
		assert_int_equal(unpack_archive("a.tar", "out", NULL, NULL, &why), -EBADMSG);
		if (!strstr(why, hostile[i].says))
			fail_msg("case %zu says: %s", i, why);
		only_the_archive_is_here();
	}
}

static void damage_leaves_nothing(void **state)
{
	static const struct entry entries[] = { { '0', "d/a", NULL, "some data" }, { 0 } };
	char *why = NULL;

	(void)state;
	make(entries, 1024 + 100);
	assert_int_equal(unpack_archive("a.tar", "out", NULL, NULL, &why), -EBADMSG);
	assert_non_null(strstr(why, "damaged"));
	free(why);
	only_the_archive_is_here();
	scratch_text("a.tar", "<html>not found</html>");
	assert_int_equal(unpack_archive("a.tar", "out", NULL, NULL, &why), -EBADMSG);
	free(why);
	scratch_text("a.tar", "");
	assert_int_equal(unpack_archive("a.tar", "out", NULL, NULL, &why), -EBADMSG);
	free(why);
	only_the_archive_is_here();
}

static void limits_hold(void **state)
{
	static const struct entry entries[] = { { '0', "a", NULL, "0123456789" },
						{ '0', "b", NULL, "0123456789" },
						{ 0 } };
	char *why = NULL;

	(void)state;
	make(entries, 0);
	assert_int_equal(
		unpack_archive("a.tar", "out", &(struct unpack_limits){ .bytes = 15 }, NULL, &why),
		-EBADMSG);
	assert_non_null(strstr(why, "more bytes"));
	free(why);
	assert_int_equal(
		unpack_archive("a.tar", "out", &(struct unpack_limits){ .entries = 1 }, NULL, &why),
		-EBADMSG);
	assert_non_null(strstr(why, "one too many"));
	free(why);
	only_the_archive_is_here();
}

static void good_archives_come_out(void **state)
{
	static const struct entry entries[] = {
		{ '5', "./", NULL, NULL },
		{ '5', "top/", NULL, NULL },
		{ '0', "top/lib/a.so.1", NULL, "x" },
		{ '2', "top/lib/a.so", "a.so.1", NULL },
		{ '2', "top/bin", "./lib", NULL },
		{ '2', "top/lib/up", "../lib", NULL },
		{ '1', "top/hard", "top/lib/a.so.1", NULL },
		{ 0 },
	};
	char *why = NULL;
	int64_t newest = 0;
	struct stat st;

	(void)state;
	make(entries, 0);
	assert_int_equal(unpack_archive("a.tar", "out", NULL, &newest, &why), 0);
	assert_int_equal(stat("out/lib/a.so", &st), 0); /* the only folder is not kept */
	assert_int_equal(st.st_mode & 07777, 0755);	/* no set-id bits, nothing for others */
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(stat("out/lib/up/a.so", &st), 0);
	assert_int_equal(newest, 07777777777);
	assert_int_equal(unpack_archive("a.tar", "out", NULL, NULL, &why), -EEXIST);
	free(why);
	assert_int_equal(io_remove_tree(AT_FDCWD, "out"), 0);
	only_the_archive_is_here();
}

static void links_are_judged(void **state)
{
	static const struct {
		const char *name, *target;
		_Bool stays;
	} cases[] = {
		{ "a", "b", 1 },	   { "a", "./b", 1 },	    { "d/a", "../b", 1 },
		{ "d/e/a", "../../b", 1 }, { "a", "..", 0 },	    { "d/a", "..", 1 },
		{ "d/a", "../..", 0 },	   { "a", "/b", 0 },	    { "a", "", 0 },
		{ "a", "b/..", 0 },	   { "d/a", "x/../..", 0 }, { "./a", "..", 0 },
		{ "a", "..b", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (unpack_link_stays(cases[i].name, cases[i].target) != cases[i].stays)
			fail_msg("%s -> %s", cases[i].name, cases[i].target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_archives_leave_nothing),
		cmocka_unit_test(damage_leaves_nothing),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(good_archives_come_out),
		cmocka_unit_test(links_are_judged),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
