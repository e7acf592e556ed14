// SPDX-License-Identifier: GPL-2.0-or-later
/* texts.c - the readers of our small text files, each given the input as it is: kv lines, meta,
 * stack, recipes and boards, and Debian's Sources and control fields. What a reader has taken it
 * writes again, and takes a second time as the same. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/ini.h"
#include "builder/recipe/recipe.h"
#include "fs/base/cleanup.h"
#include "fs/base/kv.h"
#include "fs/store/meta.h"
#include "fs/store/stack.h"
#include "tests/fuzz/fuzz.h"

static void try_kv(const char *text, size_t size)
{
	autokv struct kv kv = { 0 }, again = { 0 };
	autofree char *out = NULL;
	unsigned line;

	if (kv_parse(&kv, text, size, &line) < 0)
		return;
	out = kv_format(&kv);
	fuzz_check(kv_parse(&again, out, strlen(out), NULL) == 0);
	fuzz_check(kv.keys.n == again.keys.n);
	for (size_t i = 0; i < kv.keys.n; i++)
		fuzz_check(strcmp(kv.values.v[i], kv_get(&again, kv.keys.v[i])) == 0);
}

static void try_meta(int dir)
{
	struct meta *meta = NULL, *again = NULL;

	if (meta_read(dir, &meta) < 0)
		return;
	fuzz_check(meta_write(dir, meta) == 0);
	fuzz_check(meta_read(dir, &again) == 0);
	fuzz_check(strcmp(meta->package, again->package) == 0);
	fuzz_check(meta->files == again->files && meta->when.tv_sec == again->when.tv_sec);
	meta_free(meta);
	meta_free(again);
}

static void try_stack(int dir)
{
	autostrv struct strv ids = { 0 };

	if (stack_read(dir, &ids) < 0)
		return;
	strv_foreach (id, &ids)
		fuzz_check(**id != '.' && !strchr(*id, '/'));
}

static void try_recipe(void)
{
	struct recipe *recipe = NULL;
	autofree char *why = NULL;

	if (recipe_load("recipes", "zlib", NULL, &recipe, &why) == 0)
		recipe_free(recipe);
	else
		fuzz_check(why);
}

static void try_ini(void)
{
	autoini struct ini ini = { 0 };
	autofree char *why = NULL;

	if (ini_load(&ini, "recipes/zlib/recipe.ini", &why) < 0)
		fuzz_check(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	autofd int dir = -1;

	if (size-- < 1)
		return 0;
	fuzz_enter();
	dir = open(".", O_RDONLY | O_DIRECTORY);
	switch (*data % 5) {
	case 0:
		try_kv(text, size);
		break;
	case 1:
		fuzz_put("meta", text, size);
		try_meta(dir);
		break;
	case 2:
		fuzz_put("stack", text, size);
		try_stack(dir);
		break;
	case 3:
		fuzz_put("recipes/zlib/recipe.ini", text, size);
		try_recipe();
		break;
	default:
		fuzz_put("recipes/zlib/recipe.ini", text, size);
		try_ini();
	}
	fuzz_leave();
	return 0;
}
