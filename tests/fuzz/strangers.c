// SPDX-License-Identifier: GPL-2.0-or-later
/* strangers.c - texts that come from elsewhere, each given the input as it is: logs, on their way
 * into a page; the files of a source tree and a URL, from which a recipe is guessed; the armour of
 * a key. What comes out of them is one line where it has to be, and is never markup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/base/searchpath.h"
#include "builder/guess/guess.h"
#include "builder/report/html.h"
#include "builder/report/warnings.h"
#include "builder/source/signature.h"
#include "fs/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

static void check_page(const char *text)
{
	autofree char *page = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&page, &size);

	fuzz_check(to);
	html_put(to, "%s", text);
	fclose(to);
	fuzz_check(!strpbrk(page, "<>\"'"));
	for (const unsigned char *p = (unsigned char *)page; *p; p++)
		fuzz_check(*p >= ' ' || *p == '\n' || *p == '\t');
}

static void try_log(const char *text, size_t size)
{
	struct warnings w = { 0 };

	fuzz_check(warnings_scan(&w, text, size) == 0);
	fuzz_check(w.n <= WARNINGS_KEPT && w.n <= w.total);
	for (size_t i = 0; i < w.n; i++) {
		check_page(w.first[i].text);
		check_page(w.first[i].kind);
		if (w.first[i].file)
			check_page(w.first[i].file);
	}
	warnings_release(&w);
}

static void check_line(const char *text)
{
	if (!text)
		return;
	fuzz_check(*text);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		fuzz_check(*p >= ' ' && *p != 0x7f);
}

static void check_guess(const struct guess *g)
{
	check_line(g->name);
	check_line(g->version);
	check_line(g->summary);
	check_line(g->homepage);
	check_line(g->license);
	strv_foreach (line, &g->build)
		check_line(*line);
	strv_foreach (note, &g->notes)
		check_line(*note);
}

static void try_tree(const char *text, size_t size)
{
	static const char *const names[] = {
		"Makefile",    "configure.ac",	 "CMakeLists.txt",
		"meson.build", "pyproject.toml", "meson_options.txt",
		"COPYING",     "README",	 "setup.py",
	};
	cleanup(guess_release) struct guess g = { 0 };
	cleanup(searchpath_release) struct searchpath recipes = { 0 };

	if (!size)
		return;
	fuzz_check(searchpath_add(&recipes, "recipes") == 0);
	mkdir("recipes", 0755);
	fuzz_dirs("recipes/zlib");
	fuzz_text("recipes/zlib/recipe.ini", "");
	fuzz_dirs("tree");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		autofree char *path = NULL;

		if ((unsigned char)*text % ARRAY_SIZE(names) != i && i != 6)
			continue;
		if (asprintf(&path, "tree/%s", names[i]) < 0)
			abort();
		fuzz_put(path, text + 1, size - 1);
	}
	fuzz_check(guess_by_tree(&g, "tree", &recipes) == 0);
	check_guess(&g);
}

static void try_url(const char *text)
{
	cleanup(guess_release) struct guess g = { 0 };
	autofree char *file = NULL;
	autofree char *url = NULL;

	if (asprintf(&url, "https://%s", text) < 0)
		abort();
	for (const unsigned char *p = (unsigned char *)url; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return; /* such a URL is refused before */
	fuzz_check(guess_by_url(&g, url, &file) == 0);
	check_guess(&g);
}

static void try_key(const char *text)
{
	unsigned char *raw = NULL;
	size_t len = 0;

	if (signature_dearmor(text, &raw, &len) == 0)
		fuzz_check(len <= strlen(text));
	free(raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = NULL;

	if (size-- < 1)
		return 0;
	text = strndup((const char *)data + 1, size);
	fuzz_enter();
	switch (*data % 4) {
	case 0:
		try_log((const char *)data + 1, size);
		break;
	case 1:
		try_tree((const char *)data + 1, size);
		break;
	case 2:
		try_url(text);
		break;
	default:
		try_key(text);
	}
	fuzz_leave();
	return 0;
}
