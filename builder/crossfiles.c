// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/crossfiles.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/json.h"
#include "fs/base/cleanup.h"

/* A text that grows; `failed` once there was no memory. */
struct text {
	struct strv parts;
	bool failed;
};

static __attribute__((format(printf, 2, 3))) void add(struct text *t, const char *fmt, ...)
{
	autofree char *line = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0)
		line = NULL;
	if (!line || strv_add(&t->parts, line) < 0)
		t->failed = true;
}

static char *finish(struct text *t)
{
	char *all = t->failed ? NULL : strv_join(&t->parts, "");

	strv_release(&t->parts);
	return all;
}

/* `s` for one that quotes with `quote` and takes a backslash before `special`. */
static void add_quoted(struct text *t, const char *s, char quote, const char *special)
{
	add(t, "%c", quote);
	for (; *s; s++)
		add(t, "%s%c", strchr(special, *s) ? "\\" : "", *s);
	add(t, "%c", quote);
}

/* The folders with .pc files, the nearest first. */
static void add_pc_folders(struct text *t, const struct cross *c, const char *glue)
{
	const struct board *b = c->board;

	add(t, "%s%s/%s/pkgconfig%s%s%s/share/pkgconfig", c->sysroot, b->prefix, b->libdir, glue,
	    c->sysroot, b->prefix);
	if (strcmp(b->prefix, "/usr") != 0)
		add(t, "%s%s/usr/lib/pkgconfig%s%s/usr/share/pkgconfig", glue, c->sysroot, glue,
		    c->sysroot);
}

/* Words for compilers: gcc does not look into /usr/local/include of a sysroot by itself. */
static void add_compile_words(struct text *t, const struct cross *c)
{
	const struct board *b = c->board;

	if (strcmp(b->prefix, "/usr") != 0)
		add(t, "-isystem =%s/include ", b->prefix);
	add(t, "%s%s%s", b->cflags, *c->extra && *b->cflags ? " " : "",
	    c->extra + strspn(c->extra, " "));
}

static void add_link_words(struct text *t, const struct cross *c)
{
	const struct board *b = c->board;

	add(t, "-Wl,-rpath-link,%s%s/%s -L=%s/%s%s%s", c->sysroot, b->prefix, b->libdir, b->prefix,
	    b->libdir, *b->ldflags ? " " : "", b->ldflags);
}

static const char *processor(const struct cross *c, char word[static 32])
{
	snprintf(word, 32, "%.*s", (int)strcspn(c->toolchain->triple, "-"), c->toolchain->triple);
	return word;
}

char *cross_cmake(const struct cross *c)
{
	static const char *const tools[][2] = {
		{ "CMAKE_C_COMPILER", "gcc" },	 { "CMAKE_CXX_COMPILER", "g++" },
		{ "CMAKE_ASM_COMPILER", "gcc" }, { "CMAKE_AR", "ar" },
		{ "CMAKE_RANLIB", "ranlib" },	 { "CMAKE_STRIP", "strip" },
	};
	static const char *const kinds[] = { "EXE", "SHARED", "MODULE" };
	static const char *const languages[] = { "C", "CXX", "ASM" };
	static const char *const searched[] = { "LIBRARY", "INCLUDE", "PACKAGE" };
	struct text t = { 0 };
	char word[32];

	add(&t, "set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR %s)\n",
	    processor(c, word));
	add(&t, "set(CMAKE_SYSROOT \"%s\")\n", c->sysroot);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		add(&t, "set(%s \"%s/bin/%s%s\")\n", tools[i][0], c->tools, c->toolchain->cross,
		    tools[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(languages); i++) {
		add(&t, "set(CMAKE_%s_FLAGS_INIT \"", languages[i]);
		add_compile_words(&t, c);
		add(&t, "\")\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		add(&t, "set(CMAKE_%s_LINKER_FLAGS_INIT \"", kinds[i]);
		add_link_words(&t, c);
		add(&t, "\")\n");
	}
	add(&t, "list(PREPEND CMAKE_PREFIX_PATH \"%s%s\")\n", c->sysroot, c->board->prefix);
	add(&t, "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n");
	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		add(&t, "set(CMAKE_FIND_ROOT_PATH_MODE_%s ONLY)\n", searched[i]);
	add(&t, "set(ENV{PKG_CONFIG_SYSROOT_DIR} \"%s\")\nset(ENV{PKG_CONFIG_LIBDIR} \"",
	    c->sysroot);
	add_pc_folders(&t, c, ":");
	add(&t, "\")\n");
	return finish(&t);
}

/* "a b" as ['a', 'b']. */
static void add_list(struct text *t, const char *key, struct text *words)
{
	autofree char *all = finish(words);
	autostrv struct strv list = { 0 };

	if (!all || strv_split(&list, all, " ") < 0)
		t->failed = true;
	add(t, "%s = [", key);
	for (size_t i = 0; i < list.n; i++) {
		add(t, "%s", i ? ", " : "");
		add_quoted(t, list.v[i], '\'', "'\\");
	}
	add(t, "]\n");
}

/* Meson's word for a processor's family (its reference tables). */
static const char *family(const char *word)
{
	if (strncmp(word, "arm", 3) == 0)
		return "arm";
	if (word[0] == 'i' && strcmp(word + 2, "86") == 0)
		return "x86";
	return word;
}

char *cross_meson(const struct cross *c)
{
	static const char *const compilers[][2] = { { "c", "gcc" }, { "cpp", "g++" } };
	static const char *const tools[] = { "ar", "nm", "ranlib", "strip", "objcopy", "readelf" };
	struct text t = { 0 }, words;
	char word[32];

	processor(c, word);
	add(&t, "[binaries]\n");
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++)
		add(&t, "%s = ['%s/bin/%s%s', '--sysroot=%s']\n", compilers[i][0], c->tools,
		    c->toolchain->cross, compilers[i][1], c->sysroot);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		add(&t, "%s = '%s/bin/%s%s'\n", tools[i], c->tools, c->toolchain->cross, tools[i]);
	add(&t, "pkg-config = 'pkg-config'\npkgconfig = 'pkg-config'\n");
	add(&t, "[built-in options]\n");
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		char key[32];

		words = (struct text){ 0 };
		add_compile_words(&words, c);
		snprintf(key, sizeof(key), "%s_args", compilers[i][0]);
		add_list(&t, key, &words);
		words = (struct text){ 0 };
		add_link_words(&words, c);
		snprintf(key, sizeof(key), "%s_link_args", compilers[i][0]);
		add_list(&t, key, &words);
	}
	add(&t, "[properties]\nsys_root = '%s'\nneeds_exe_wrapper = true\n", c->sysroot);
	words = (struct text){ 0 };
	add_pc_folders(&words, c, " ");
	add_list(&t, "pkg_config_libdir", &words);
	add(&t, "[host_machine]\nsystem = 'linux'\ncpu_family = '%s'\ncpu = '%s'\nendian = '%s'\n",
	    family(word), *c->board->cpu ? c->board->cpu : word,
	    strstr(word, "eb") ? "big" : "little");
	return finish(&t);
}

char *cross_pkgconf(const struct cross *c)
{
	struct text t = { 0 };

	add(&t, "Triplet: %s\nSysrootDir: %s\nDefaultSearchPaths: ", c->toolchain->triple,
	    c->sysroot);
	add_pc_folders(&t, c, ":");
	add(&t, "\nSystemIncludePaths: %s/usr/include\nSystemLibraryPaths: %s/usr/lib:%s/lib\n",
	    c->sysroot, c->sysroot, c->sysroot);
	return finish(&t);
}

static void add_export(struct text *t, const char *name, struct text *value)
{
	autofree char *all = finish(value);

	add(t, "export %s='", name);
	for (const char *s = all ? all : ""; *s; s++)
		add(t, *s == '\'' ? "'\\''" : "%c", *s);
	add(t, "'\n");
}

#define export(t, name, ...)                  \
	do {                                  \
		struct text value_ = { 0 };   \
		add(&value_, __VA_ARGS__);    \
		add_export(t, name, &value_); \
	} while (0)

char *cross_shell(const struct cross *c)
{
	static const char *const tools[][2] = {
		{ "AR", "ar" },		  { "AS", "as" },	    { "LD", "ld" },
		{ "NM", "nm" },		  { "RANLIB", "ranlib" },   { "STRIP", "strip" },
		{ "OBJCOPY", "objcopy" }, { "OBJDUMP", "objdump" }, { "READELF", "readelf" },
	};
	const char *cross = c->toolchain->cross;
	struct text t = { 0 }, words = { 0 };

	export(&t, "SYSROOT", "%s", c->sysroot);
	export(&t, "CROSS_COMPILE", "%s", cross);
	export(&t, "CC", "%sgcc --sysroot=%s", cross, c->sysroot);
	export(&t, "CXX", "%sg++ --sysroot=%s", cross, c->sysroot);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		export(&t, tools[i][0], "%s%s", cross, tools[i][1]);
	add_compile_words(&words, c);
	add_export(&t, "CFLAGS", &words);
	words = (struct text){ 0 };
	add_compile_words(&words, c);
	add_export(&t, "CXXFLAGS", &words);
	words = (struct text){ 0 };
	add_link_words(&words, c);
	add_export(&t, "LDFLAGS", &words);
	words = (struct text){ 0 };
	add_pc_folders(&words, c, ":");
	add_export(&t, "PKG_CONFIG_LIBDIR", &words);
	export(&t, "PKG_CONFIG_SYSROOT_DIR", "%s", c->sysroot);
	add(&t, "export PATH='%s/bin':\"$PATH\"\n", c->tools);
	return finish(&t);
}

char *cross_kit(const struct cross *c, const char *toolchain_file)
{
	autojson json_t *kit = json_pack(
		"[{s:o, s:s, s:{s:s}}]", "name",
		json_sprintf("%s (xsysfs)", c->board->summary ? c->board->summary : c->board->name),
		"toolchainFile", toolchain_file, "environmentVariables", "PKG_CONFIG_SYSROOT_DIR",
		c->sysroot);
	autofree char *text = kit ? json_dumps(kit, JSON_INDENT(2)) : NULL;
	char *line;

	return text && asprintf(&line, "%s\n", text) >= 0 ? line : NULL;
}
