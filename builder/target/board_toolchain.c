// SPDX-License-Identifier: GPL-2.0-or-later
/* [toolchain]: the one way to a toolchain that a board says, and what belongs to it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/target/board_inside.h"
#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/base/text.h"
#include "fs/client/where.h"

char *board_path(const struct ini *ini, const char *path)
{
	const char *slash = strrchr(ini->path, '/');

	if (*path == '/')
		return strdup(path);
	if (strncmp(path, "~/", 2) == 0)
		return text_of("%s%s", where_user_home(), path + 1);
	return text_of("%.*s/%s", slash ? (int)(slash - ini->path) : 1, slash ? ini->path : ".",
		       path);
}

/* "@napi-rs/cross-toolchain 1.0.3" is packed as "napi-rs-cross-toolchain-1.0.3.tgz". */
static char *npm_file(const char *npm)
{
	char *file = NULL;

	if (!(file = text_of("%s.tgz", npm + (*npm == '@'))))
		return NULL;
	for (char *p = file; *p; p++)
		if (*p == '/' || *p == ' ')
			*p = '-';
	return file;
}

static int check_npm(const struct ini *ini, const struct ini_entry *e, char **why)
{
	autostrv struct strv words = { 0 };

	if (strv_split(&words, e->value, " ") < 0)
		return -ENOMEM;
	if (words.n != 2 || *words.v[0] == '-' || !name_is_version(words.v[1]) ||
	    words.v[0][strspn(words.v[0], "abcdefghijklmnopqrstuvwxyz0123456789@/._-")])
		return ini_refuse(why, ini, e->line, "'npm' wants NAME VERSION");
	return 0;
}

static int take_hash(struct board *b, const struct ini *ini, char **why)
{
	const struct ini_entry *hash = ini_find(ini, "toolchain", "sha256");
	const struct ini_entry *size = ini_find(ini, "toolchain", "size");

	if (size && !ini_bytes(size->value, &b->size))
		return ini_refuse(why, ini, size->line,
				  "'size' wants a number of bytes, as in '1048576'");
	if (!hash)
		return 0;
	if (strlen(hash->value) != DIGEST_HEX - 1 ||
	    hash->value[strspn(hash->value, "0123456789abcdef")])
		return ini_refuse(why, ini, hash->line, "a sha256 is 64 hex digits in lower case");
	memcpy(b->sha256, hash->value, DIGEST_HEX);
	return 0;
}

static int take_archive(struct board *b, const struct ini *ini, const struct ini_entry *from,
			char **why)
{
	const char *slash = strrchr(from->value, '/');
	int r = take_hash(b, ini, why);

	if (r < 0)
		return r;
	if (!*b->sha256)
		return ini_refuse(why, ini, from->line,
				  "a toolchain by '%s' wants a sha256 beside it", from->key);
	if (b->npm)
		b->file = npm_file(b->npm);
	else
		b->file = strdup(slash ? slash + 1 : "");
	if (!b->file)
		return -ENOMEM;
	if (!*b->file || *b->file == '.')
		return ini_refuse(why, ini, from->line, "no file's name at the end of '%s'",
				  from->value);
	return b->npm ? check_npm(ini, from, why) : 0;
}

static int take_debian(struct board *b, const struct ini *ini, const struct ini_entry *from,
		       char **why)
{
	char *end;
	unsigned long release = strtoul(from->value, &end, 10);

	if (*end || release == 0 || release > 99)
		return ini_refuse(why, ini, from->line,
				  "'debian' wants the number of a release, 12");
	b->debian = release;
	if (!b->triple)
		return ini_refuse(why, ini, from->line,
				  "'debian' wants the 'triple' of its compilers beside it: "
				  "aarch64-linux-gnu, or arm-linux-gnueabihf for 32 bits");
	return take_hash(b, ini, why);
}

/* What is built is shown to builds at the place that it was built for. */
static int take_native(struct board *b, const struct ini *ini, const struct ini_entry *from,
		       char **why)
{
	if (strcmp(from->value, "yes") != 0)
		return ini_refuse(why, ini, from->line, "'native' can only be 'yes'");
	if (strcmp(b->prefix, BOX_NATIVE) != 0)
		return ini_refuse(why, ini, from->line,
				  "'native' wants 'prefix = " BOX_NATIVE "' in [target]");
	b->native = true;
	return 0;
}

/* A name alone is looked up in PATH. */
static int take_crosstool(struct board *b, const struct ini *ini, const struct ini_entry *from)
{
	const char *program = ini_get(ini, "toolchain", "ct-ng", "ct-ng");

	b->crosstool = board_path(ini, from->value);
	b->ct_ng = strchr(program, '/') ? board_path(ini, program) : strdup(program);
	return b->crosstool && b->ct_ng ? 0 : -ENOMEM;
}

/* What it is made of, the other board says. */
static int take_runtime(struct board *b, const struct ini *ini, const struct ini_entry *from,
			char **why)
{
	static const char *const others[] = { "triple", "inner", "sha256", "size", "sysroot" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct ini_entry *e = ini_find(ini, "toolchain", others[i]);

		if (e)
			return ini_refuse(why, ini, e->line,
					  "'%s' is said by the board of 'runtime'", e->key);
	}
	if (!name_is_package(b->runtime) || strcmp(b->runtime, b->name) == 0)
		return ini_refuse(why, ini, from->line,
				  "'runtime' wants the name of another board");
	return 0;
}

int board_take_toolchain(struct board *b, const struct ini *ini, char **why)
{
	static const char *const ways[] = { "toolchain", "native",  "debian",	"url",
					    "npm",	 "runtime", "crosstool" };
	const struct ini_entry *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct ini_entry *e = ini_find(ini, "toolchain", ways[i]);

		if (e && found)
			return ini_refuse(why, ini, e->line,
					  "'%s' beside '%s': say one way to a toolchain", e->key,
					  found->key);
		if (e)
			found = e;
	}
	if (!found || !*found->value) {
		const struct ini_entry *head = ini_find(ini, "toolchain", "");

		return ini_refuse(
			why, ini,
			found  ? found->line
			: head ? head->line
			       : 1u,
			"the board has no toolchain (write 'toolchain = ~/x-tools/TRIPLE', "
			"'debian = 12' with 'triple = ...', or 'url = https://...' with "
			"'sha256 = ...', into [toolchain])");
	}
	b->toolchain_line = found->line;
	if (strcmp(found->key, "toolchain") == 0) {
		b->toolchain = board_path(ini, found->value);
		return b->toolchain ? 0 : -ENOMEM;
	}
	if (strcmp(found->key, "native") == 0)
		return take_native(b, ini, found, why);
	if (strcmp(found->key, "crosstool") == 0)
		return take_crosstool(b, ini, found);
	if (b->runtime)
		return take_runtime(b, ini, found, why);
	return strcmp(found->key, "debian") == 0 ? take_debian(b, ini, found, why)
						 : take_archive(b, ini, found, why);
}
