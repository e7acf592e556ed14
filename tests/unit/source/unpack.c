// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives by hand, as a stranger would make them: what is hostile leaves nothing behind. */
#include "builder/source/unpack.h"

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
	{ { { '1', "l", "no-such-file", NULL } }, "no file here" },
	{ { { '5', "d", NULL, NULL }, { '1', "l", "d", NULL } }, "no file here" },
	/* another name of a link, less deep */
	{ { { '2', "a/b/l", "../../f", NULL },
	    { '0', "f", NULL, "x" },
	    { '1', "l", "a/b/l", NULL } },
	  "link that leads out" },
	/* all in one folder, which is taken off */
	{ { { '0', "d/f", NULL, "x" }, { '2', "d/l", "../x", NULL } }, "link that leads out" },
	{ { { '0', "./d/f", NULL, "x" }, { '2', "./d/l", "..", NULL } }, "link that leads out" },
	{ { { '0', "d/f", NULL, "x" },
	    { '2', "d/e/l", "../f", NULL },
	    { '1', "d/m", "d/e/l", NULL } },
	  "link that leads out" },
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

/* grzip's and lrzip's signatures: libarchive starts their programs. */
static void no_program_is_started(void **state)
{
	static const struct {
		const char *program, *head;
		size_t len;
	} kinds[] = {
		{ "grzip", "GRZipII\0\2\4:)", 12 },
		{ "lrzip", "LRZI\0\6", 6 },
	};
	autofree char *path = strdup(getenv("PATH"));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char data[4096] = { 0 }, script[64];
		char *why = NULL;

		snprintf(script, sizeof(script), "bin/%s", kinds[i].program);
		scratch_text(script, "#!/bin/sh\n: >ran\n");
		assert_int_equal(chmod(script, 0755), 0);
		memcpy(data, kinds[i].head, kinds[i].len);
		scratch_put("a.tar", data, sizeof(data));
		setenv("PATH", "bin:/usr/bin:/bin", 1);
		assert_int_equal(unpack_archive("a.tar", "out", NULL, NULL, &why), -EBADMSG);
		setenv("PATH", path, 1);
		free(why);
		assert_int_equal(access("ran", F_OK), -1);
	}
	assert_int_equal(io_remove_tree(AT_FDCWD, "bin"), 0);
	only_the_archive_is_here();
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
	assert_non_null(strstr(why, "one too many: an archive may have 1"));
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

/* A zip of one stored file, whose flag says that its name is UTF-8. */
static void a_zip_has_names_in_utf8(void **state)
{
	static const char name[] = "b\xc3\xa4r/\xe6\x96\x87.txt";
	enum { N = sizeof(name) - 1, CENTRE = 30 + N + 1 };
	static const unsigned char local[] = { 'P', 'K', 3,    4,    10,   0,	 0,    8,    0, 0,
					       0,   0,	 0x21, 0x50, 0x83, 0x16, 0xdc, 0x8c, 1, 0,
					       0,   0,	 1,    0,    0,	   0,	 N,    0,    0, 0 };
	unsigned char zip[256] = { 0 }, *to = zip;
	autofree char *why = NULL;

	(void)state;
	memcpy(to, local, 30);
	memcpy(to + 30, name, N);
	to[30 + N] = 'x';
	to += CENTRE;
	memcpy(to, "PK\1\2\24\3", 6);
	memcpy(to + 6, local + 4, 26);
	memcpy(to + 46, name, N);
	to += 46 + N;
	memcpy(to, "PK\5\6", 4);
	to[8] = to[10] = 1;
	to[12] = 46 + N;
	to[16] = CENTRE;
	to += 22;
	scratch_put("a.zip", (char *)zip, to - zip);
	if (unpack_archive("a.zip", "out", NULL, NULL, &why) < 0)
		fail_msg("%s", why);
	assert_int_equal(access("out/\xe6\x96\x87.txt", F_OK), 0);
}

static size_t add_member(char *ar, size_t n, const char *name, const void *data, size_t size)
{
	n += sprintf(ar + n, "%-16s%-12s%-6s%-6s%-8s%-10zu`\n", name, "0", "0", "0", "100644",
		     size);
	memcpy(ar + n, data, size);
	n += size;
	if (size % 2)
		ar[n++] = '\n';
	return n;
}

/* The package of the entries, as "a.deb"; its data is called `data`. */
static void make_deb(const struct entry *entries, const char *data)
{
	static char ar[sizeof(tar) + 1024];
	size_t n = strlen(strcpy(ar, "!<arch>\n"));

	make(entries, 0);
	n = add_member(ar, n, "debian-binary", "2.0\n", 4);
	n = add_member(ar, n, "control.tar", "no tar", 6);
	n = add_member(ar, n, data, tar, tar_len);
	scratch_put("a.deb", ar, n);
}

static void packages_come_out_beside_each_other(void **state)
{
	static const struct entry one[] = { { '5', "./", NULL, NULL },
					    { '5', "./usr/", NULL, NULL },
					    { '0', "./usr/a", NULL, "first" },
					    { '2', "./usr/b", "a", NULL },
					    { 0 } };
	static const struct entry two[] = { { '0', "./usr/c", NULL, "second" },
					    { '0', "./usr/b", NULL, "no link" },
					    { 0 } };
	autofree char *a = NULL;
	autofree char *why = NULL;

	(void)state;
	assert_int_equal(mkdir("debs", 0755), 0);
	make_deb(one, "data.tar");
	assert_int_equal(unpack_deb("a.deb", "debs", NULL, &why), 0);
	make_deb(two, "data.tar");
	assert_int_equal(unpack_deb("a.deb", "debs", NULL, &why), 0);
	assert_int_equal(io_read_file(AT_FDCWD, "debs/usr/a", 100, &a, NULL), 0);
	assert_string_equal(a, "first");
	assert_int_equal(system("test \"$(cat debs/usr/c debs/usr/b)\" = 'secondno link'"), 0);
	assert_int_equal(system("rm -r debs a.deb a.tar"), 0);
}

static const struct {
	struct entry entries[3];
	const char *data, *says;
} hostile_debs[] = {
	{ { { '0', "../evil", NULL, "x" } }, "data.tar", "leads out" },
	{ { { '2', "l", "/etc", NULL } }, "data.tar", "link that leads out" },
	{ { { '3', "dev", NULL, NULL } }, "data.tar", "is no file, folder or link" },
	{ { { '0', "a", NULL, "x" } }, "other.tar", "is no package of Debian's" },
	{ { { 0 } }, "data.tar", "is empty" },
};

static void hostile_packages_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile_debs); i++) {
		autofree char *why = NULL;

		assert_int_equal(mkdir("debs", 0755), 0);
		make_deb(hostile_debs[i].entries, hostile_debs[i].data);
		assert_true(unpack_deb("a.deb", "debs", NULL, &why) < 0);
		if (!why || !strstr(why, hostile_debs[i].says))
			fail_msg("case %zu says: %s", i, why ? why : "nothing");
		assert_int_equal(system("test -z \"$(ls debs)\" && rm -r debs a.deb a.tar"), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_archives_leave_nothing),
		cmocka_unit_test(no_program_is_started),
		cmocka_unit_test(damage_leaves_nothing),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(good_archives_come_out),
		cmocka_unit_test(links_are_judged),
		cmocka_unit_test(a_zip_has_names_in_utf8),
		cmocka_unit_test(packages_come_out_beside_each_other),
		cmocka_unit_test(hostile_packages_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
