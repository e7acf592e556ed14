// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/crossfiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/text.h"
#include "fs/base/cleanup.h"

const char *const cross_tools[][2] = {
	{ "AR", "ar" },		  { "AS", "as" },	    { "LD", "ld" },
	{ "NM", "nm" },		  { "RANLIB", "ranlib" },   { "STRIP", "strip" },
	{ "OBJCOPY", "objcopy" }, { "OBJDUMP", "objdump" }, { "READELF", "readelf" },
	{ NULL, NULL },
};

int cross_pc_folders(const struct cross *c, struct strv *folders)
{
	const struct board *b = c->board;
	int r = strv_addf(folders, "%s%s/%s/pkgconfig", c->sysroot, b->prefix, b->libdir);

	if (r == 0)
		r = strv_addf(folders, "%s%s/share/pkgconfig", c->sysroot, b->prefix);
	if (r == 0 && strcmp(b->prefix, "/usr") != 0)
		r = strv_addf(folders, "%s/usr/lib/pkgconfig", c->sysroot);
	if (r == 0 && strcmp(b->prefix, "/usr") != 0)
		r = strv_addf(folders, "%s/usr/share/pkgconfig", c->sysroot);
	return r;
}

/* gcc does not look into /usr/local/include of a sysroot by itself. */
int cross_compile_words(const struct cross *c, struct strv *words)
{
	const struct board *b = c->board;
	int r = 0;

	if (strcmp(b->prefix, "/usr") != 0) {
		r = strv_add(words, "-isystem");
		if (r == 0)
			r = strv_addf(words, "=%s/include", b->prefix);
	}
	if (r == 0)
		r = strv_split(words, b->cflags, " ");
	return r == 0 && c->extra ? strv_split(words, c->extra, " ") : r;
}

int cross_link_words(const struct cross *c, struct strv *words)
{
	const struct board *b = c->board;
	int r = strv_addf(words, "-Wl,-rpath-link,%s%s/%s", c->sysroot, b->prefix, b->libdir);

	if (r == 0)
		r = strv_addf(words, "-L=%s/%s", b->prefix, b->libdir);
	return r == 0 ? strv_split(words, b->ldflags, " ") : r;
}

typedef int words_of(const struct cross *c, struct strv *words);

static const char *processor(const struct cross *c, char word[static 32])
{
	snprintf(word, 32, "%.*s", (int)strcspn(c->toolchain->triple, "-"), c->toolchain->triple);
	return word;
}

/* ---- CMake ---- */

/* set(NAME "VALUE"), with `value` taken. */
static void set_cmake(struct text *t, const char *name, struct text *value)
{
	autofree char *all = text_finish(value);

	t->failed |= !all;
	text_add(t, "set(%s ", name);
	text_quote(t, all ? all : "", '"', "\"\\$");
	text_add(t, ")\n");
}

#define set(t, name, ...)                       \
	do {                                    \
		struct text value_ = { 0 };     \
		text_add(&value_, __VA_ARGS__); \
		set_cmake(t, name, &value_);    \
	} while (0)

/* CMake hands flags on to a shell as they are. */
static void set_flags(struct text *t, const char *name, const struct cross *c, words_of *get)
{
	static const char odd[] = " \t\n\"'\\$`;&|<>()*?[]#~";
	autostrv struct strv words = { 0 };
	struct text value = { 0 };

	t->failed |= get(c, &words) < 0;
	strv_foreach (word, &words) {
		text_add(&value, "%s", word == words.v ? "" : " ");
		if ((*word)[strcspn(*word, odd)])
			text_quote_sh(&value, *word);
		else
			text_add(&value, "%s", *word);
	}
	set_cmake(t, name, &value);
}

static void set_compilers(struct text *t, const struct cross *c)
{
	static const char *const compilers[][2] = { { "C", "gcc" },
						    { "CXX", "g++" },
						    { "ASM", "gcc" } };

	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		char name[64];

		snprintf(name, sizeof(name), "CMAKE_%s_COMPILER", compilers[i][0]);
		set(t, name, "%s/bin/%s%s", c->tools, c->toolchain->cross, compilers[i][1]);
		snprintf(name, sizeof(name), "CMAKE_%s_COMPILER_LAUNCHER", compilers[i][0]);
		if (c->launcher)
			set(t, name, "%s", c->launcher);
		snprintf(name, sizeof(name), "CMAKE_%s_FLAGS_INIT", compilers[i][0]);
		set_flags(t, name, c, cross_compile_words);
	}
}

static void set_tools(struct text *t, const struct cross *c)
{
	static const char *const kinds[] = { "EXE", "SHARED", "MODULE" };
	char name[64];

	for (size_t i = 0; cross_tools[i][0]; i++) {
		if (strcmp(cross_tools[i][0], "AS") == 0) /* the compiler assembles */
			continue;
		snprintf(name, sizeof(name), "CMAKE_%s",
			 strcmp(cross_tools[i][0], "LD") == 0 ? "LINKER" : cross_tools[i][0]);
		set(t, name, "%s/bin/%s%s", c->tools, c->toolchain->cross, cross_tools[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "CMAKE_%s_LINKER_FLAGS_INIT", kinds[i]);
		set_flags(t, name, c, cross_link_words);
	}
}

char *cross_cmake(const struct cross *c)
{
	static const char *const searched[] = { "LIBRARY", "INCLUDE", "PACKAGE" };
	autostrv struct strv folders = { 0 };
	autofree char *pc = NULL;
	struct text t = { 0 };
	char word[32];

	if (cross_pc_folders(c, &folders) < 0 || !(pc = strv_join(&folders, ":")))
		return NULL;
	text_add(&t, "set(CMAKE_SYSTEM_NAME Linux)\n");
	set(&t, "CMAKE_SYSTEM_PROCESSOR", "%s", processor(c, word));
	set(&t, "CMAKE_SYSROOT", "%s", c->sysroot);
	set_compilers(&t, c);
	set_tools(&t, c);
	if (c->emulator)
		set(&t, "CMAKE_CROSSCOMPILING_EMULATOR", "%s;-L;%s", c->emulator, c->sysroot);
	set(&t, "XSYSFS_PREFIX", "%s%s", c->sysroot, c->board->prefix);
	text_add(&t, "list(PREPEND CMAKE_PREFIX_PATH \"${XSYSFS_PREFIX}\")\n");
	text_add(&t, "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n");
	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		text_add(&t, "set(CMAKE_FIND_ROOT_PATH_MODE_%s ONLY)\n", searched[i]);
	set(&t, "ENV{PKG_CONFIG_SYSROOT_DIR}", "%s", c->sysroot);
	set(&t, "ENV{PKG_CONFIG_LIBDIR}", "%s", pc);
	set(&t, "ENV{PKG_CONFIG_PATH}", "%s", "");
	return text_finish(&t);
}

/* ---- Meson ---- */

/* In a machine file a backslash is one, and there is no way to write a quote. */
static void add_string(struct text *t, const char *s)
{
	text_add(t, "'%s'", s);
}

static void add_list(struct text *t, const char *key, const struct strv *words)
{
	text_add(t, "%s = [", key);
	strv_foreach (word, words) {
		text_add(t, "%s", word == words->v ? "" : ", ");
		add_string(t, *word);
	}
	text_add(t, "]\n");
}

static void list_words(struct text *t, const char *key, const struct cross *c, words_of *get)
{
	autostrv struct strv words = { 0 };

	t->failed |= get(c, &words) < 0;
	add_list(t, key, &words);
}

static void list_compiler(struct text *t, const struct cross *c, const char *key, const char *name)
{
	autostrv struct strv words = { 0 };

	t->failed |= (c->launcher && strv_add(&words, c->launcher) < 0) ||
		     strv_addf(&words, "%s/bin/%s%s", c->tools, c->toolchain->cross, name) < 0 ||
		     strv_addf(&words, "--sysroot=%s", c->sysroot) < 0;
	add_list(t, key, &words);
}

static void list_emulator(struct text *t, const struct cross *c)
{
	autostrv struct strv words = { 0 };

	if (!c->emulator)
		return;
	t->failed |= strv_add(&words, c->emulator) < 0 || strv_add(&words, "-L") < 0 ||
		     strv_add(&words, c->sysroot) < 0;
	add_list(t, "exe_wrapper", &words);
}

static void list_binaries(struct text *t, const struct cross *c)
{
	text_add(t, "[binaries]\n");
	list_compiler(t, c, "c", "gcc");
	list_compiler(t, c, "cpp", "g++");
	for (size_t i = 0; cross_tools[i][0]; i++) {
		autostrv struct strv path = { 0 };

		if (strcmp(cross_tools[i][0], "LD") == 0 || strcmp(cross_tools[i][0], "AS") == 0)
			continue; /* by the compiler */
		t->failed |= strv_addf(&path, "%s/bin/%s%s", c->tools, c->toolchain->cross,
				       cross_tools[i][1]) < 0;
		text_add(t, "%s = ", cross_tools[i][1]);
		add_string(t, path.n ? path.v[0] : "");
		text_add(t, "\n");
	}
	text_add(t, "pkg-config = 'pkg-config'\npkgconfig = 'pkg-config'\n");
	list_emulator(t, c);
}

/* Meson's words (its reference tables): of a processor, its family. */
static const char *family(const char *word)
{
	static const char *const families[][2] = {
		{ "arm", "arm" },     { "aarch64", "aarch64" }, { "powerpc64", "ppc64" },
		{ "powerpc", "ppc" }, { "mips64", "mips64" },	{ "mips", "mips" }
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strncmp(word, families[i][0], strlen(families[i][0])) == 0)
			return families[i][1];
	if (word[0] == 'i' && word[1] && strcmp(word + 2, "86") == 0)
		return "x86";
	return word;
}

char *cross_meson(const struct cross *c)
{
	struct text t = { 0 };
	char word[32];

	processor(c, word);
	list_binaries(&t, c);
	text_add(&t, "[built-in options]\n");
	list_words(&t, "c_args", c, cross_compile_words);
	list_words(&t, "c_link_args", c, cross_link_words);
	list_words(&t, "cpp_args", c, cross_compile_words);
	list_words(&t, "cpp_link_args", c, cross_link_words);
	text_add(&t, "[properties]\nneeds_exe_wrapper = true\nsys_root = ");
	add_string(&t, c->sysroot);
	text_add(&t, "\n");
	list_words(&t, "pkg_config_libdir", c, cross_pc_folders);
	text_add(&t, "[host_machine]\nsystem = 'linux'\nendian = '%s'\ncpu_family = ",
		 c->toolchain->big_endian ? "big" : "little");
	add_string(&t, family(word));
	text_add(&t, "\ncpu = ");
	add_string(&t, *c->board->cpu ? c->board->cpu : word);
	text_add(&t, "\n");
	return text_finish(&t);
}

/* ---- pkg-config ---- */

char *cross_pkgconf(const struct cross *c)
{
	autostrv struct strv folders = { 0 };
	autofree char *pc = NULL;
	struct text t = { 0 };

	if (cross_pc_folders(c, &folders) < 0 || !(pc = strv_join(&folders, ":")))
		return NULL;
	text_add(&t, "Triplet: %s\nSysrootDir: %s\nDefaultSearchPaths: %s\n", c->toolchain->triple,
		 c->sysroot, pc);
	text_add(&t, "SystemIncludePaths: %s/usr/include\nSystemLibraryPaths: %s/usr/lib:%s/lib\n",
		 c->sysroot, c->sysroot, c->sysroot);
	return text_finish(&t);
}

char *cross_pkg_config(const struct cross *c)
{
	autostrv struct strv folders = { 0 };
	autofree char *pc = NULL;
	struct text t = { 0 };

	if (cross_pc_folders(c, &folders) < 0 || !(pc = strv_join(&folders, ":")))
		return NULL;
	text_add(&t, "#!/bin/sh\nunset PKG_CONFIG_PATH\nexport PKG_CONFIG_SYSROOT_DIR=");
	text_quote_sh(&t, c->sysroot);
	text_add(&t, " PKG_CONFIG_LIBDIR=");
	text_quote_sh(&t, pc);
	text_add(&t, "\nexec pkg-config \"$@\"\n");
	return text_finish(&t);
}
