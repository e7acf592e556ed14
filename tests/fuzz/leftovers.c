// SPDX-License-Identifier: GPL-2.0-or-later
/* leftovers.c - what builds leave behind, each kind given the input as it is: the story of a build,
 * ELF files and static archives, and the rules for parts that come with a package. What a reader
 * has taken it writes again, and takes a second time as the same. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/story/history.h"
#include "builder/story/screen.h"
#include "fs/base/cleanup.h"
#include "fs/base/elf.h"
#include "fs/store/parts.h"
#include "tests/fuzz/fuzz.h"

static void try_story(void)
{
	autostory struct story story = { 0 }, again = { 0 };
	autofree char *why = NULL;
	autofree char *shown = NULL;
	autofree char *text = NULL;

	if (history_load(".", "story", &story, &why) < 0) {
		fuzz_check(why);
		return;
	}
	shown = screen_compose(&story, 80, 24, true);
	fuzz_check(shown);
	if (history_keep("kept", &story) < 0 || history_load("kept", NULL, &again, &text) < 0)
		return; /* nothing to do, or numbers that JSON has not */
	fuzz_check(again.n == story.n);
	for (size_t i = 0; i < story.n; i++)
		fuzz_check(strcmp(story.packages[i].name, again.packages[i].name) == 0);
}

static void try_elf(void)
{
	cleanup(elf_facts_release) struct elf_facts facts = { 0 };
	autofd int fd = open("file", O_RDONLY);
	int r = elf_read(fd, &facts);

	fuzz_check(r == 0 || r == 1);
	elf_loaded_size(fd);
	elf_archive_is_dated(fd);
}

static void try_parts(const char *text)
{
	cleanup(parts_release) struct parts parts = { 0 }, again = { 0 };
	autostrv struct strv names = { 0 };
	autokv struct kv kv = { 0 };
	autofree char *part = NULL;
	autofree char *before = NULL;
	autofree char *after = NULL;
	unsigned line;

	if (parts_parse(&parts, text, &line) < 0)
		return;
	parts_to_kv(&parts, &kv);
	fuzz_check(kv_error(&kv) == 0);
	fuzz_check(parts_from_kv(&again, &kv) == 0);
	before = strv_join(&parts.rules, "\n");
	after = strv_join(&again.rules, "\n");
	fuzz_check(before && after && strcmp(before, after) == 0);
	fuzz_check(parts_names(&parts, &names) == 0);
	part = parts_of(&parts, "usr/lib/liba.so", true);
	fuzz_check(strv_has(&names, part));
	/* a folder that staging does not show has nothing that it would */
	if (!parts_stages_below(&parts, "usr/lib"))
		fuzz_check(!parts_stages(&parts, "usr/lib/liba.so", true) &&
			   !parts_stages(&parts, "usr/lib/a/b.h", false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = NULL;

	if (size-- < 1)
		return 0;
	text = strndup((const char *)data + 1, size);
	fuzz_enter();
	switch (*data % 3) {
	case 0:
		fuzz_put("story", data + 1, size);
		try_story();
		break;
	case 1:
		fuzz_put("file", data + 1, size);
		try_elf();
		break;
	default:
		try_parts(text);
	}
	fuzz_leave();
	return 0;
}
