// SPDX-License-Identifier: GPL-2.0-or-later
/* Which boards there are. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/target/board.h"
#include "fs/base/cleanup.h"

#define USUAL_BOARD "rpi3-aarch64"

static int add_names(const char *boards, struct strv *names)
{
	autodir DIR *d = opendir(boards);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 4 && strcmp(e->d_name + n - 4, ".ini") == 0 && *e->d_name != '.' &&
		    strv_addn(names, e->d_name, n - 4) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Of the first `n` folders. */
static int names_in(const struct places *places, size_t n, struct strv *names)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_names(places->boards.dirs.v[i], names);
	strv_sort(names);
	strv_uniq(names);
	return r;
}

int board_names(const struct places *places, struct strv *names)
{
	return names_in(places, places->boards.dirs.n, names);
}

int board_default(const struct places *places, struct board **ret, char **why)
{
	autostrv struct strv names = { 0 };
	int r = names_in(places, searchpath_some(&places->boards), &names);
	const char *only = NULL;
	size_t n = 0;

	if (r < 0)
		return why_errno(why, r, "boards");
	strv_foreach (name, &names)
		if (strcmp(*name, BOARD_NATIVE) != 0) {
			only = *name;
			n++;
		}
	return board_load(places, n == 1 ? only : USUAL_BOARD, ret, why);
}

int board_words(const struct places *places, struct strv *ret, char **why)
{
	autostrv struct strv names = { 0 };
	int r = board_names(places, &names);

	if (r < 0)
		return why_errno(why, r, "boards");
	strv_foreach (name, &names) {
		cleanup(cleanup_board) struct board *b = NULL;

		r = board_load(places, *name, &b, why);
		if (r < 0)
			return r;
		strv_foreach (word, &b->words)
			if (!strv_has(ret, *word) && strv_add(ret, *word) < 0)
				return why_errno(why, -ENOMEM, "%s", *name);
	}
	return 0;
}
