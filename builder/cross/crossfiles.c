// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cross/crossfiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/text.h"
#include "fs/base/cleanup.h"

const char *const cross_tools[][2] = {
	{ "AR", "ar" },		  { "AS", "as" },	    { "LD", "ld" },
	{ "NM", "nm" },		  { "RANLIB", "ranlib" },   { "STRIP", "strip" },
	{ "OBJCOPY", "objcopy" }, { "OBJDUMP", "objdump" }, { "READELF", "readelf" },
	{ NULL, NULL },
};

/* BEFORE, the prefix, a folder of libraries, AFTER: what a package's own Makefile puts into lib is
 * looked for behind what is where the board says. */
static int add_library_folders(const struct board *b, const char *before, const char *prefix,
			       const char *after, struct strv *folders)
{
	int r = strv_addf(folders, "%s%s/%s%s", before, prefix, b->libdir, after);

	if (r < 0 || strcmp(b->libdir, "lib") == 0)
		return r;
	return strv_addf(folders, "%s%s/lib%s", before, prefix, after);
}

int cross_pc_folders(const struct cross *c, struct strv *folders)
{
	const struct board *b = c->target->board;

	add_library_folders(b, c->sysroot, b->prefix, "/pkgconfig", folders);
	strv_addf(folders, "%s%s/share/pkgconfig", c->sysroot, b->prefix);
	if (strcmp(b->prefix, "/usr") != 0) {
		add_library_folders(b, c->sysroot, "/usr", "/pkgconfig", folders);
		strv_addf(folders, "%s/usr/share/pkgconfig", c->sysroot);
	}
	return strv_error(folders);
}

const char *cross_root(const struct cross *c)
{
	return c->target->toolchain.native ? c->sysroot : "=";
}

/* gcc does not look into /usr/local/include of a sysroot by itself. "=" stands for the sysroot. */
int cross_search_words(const struct cross *c, struct strv *words)
{
	int r = 0;

	if (strcmp(c->target->board->prefix, "/usr") != 0) {
		r = strv_add(words, "-isystem");
		if (r == 0)
			r = strv_addf(words, "%s%s/include", cross_root(c),
				      c->target->board->prefix);
	}
	return r;
}

/* What runs here has a run path, for as long as it is not installed: then it has another (fixup.h).
 */
int cross_link_words(const struct cross *c, struct strv *words)
{
	const struct board *b = c->target->board;
	autofree char *search = text_of(
		"-Wl,-%s,%s", c->target->toolchain.native ? "rpath" : "rpath-link", c->sysroot);
	autofree char *folder = text_of("-L%s", cross_root(c));

	if (!search || !folder)
		return -ENOMEM;
	add_library_folders(b, search, b->prefix, "", words);
	add_library_folders(b, folder, b->prefix, "", words);
	return strv_error(words);
}

static const char *processor(const struct cross *c, char word[static 32])
{
	snprintf(word, 32, "%.*s", (int)strcspn(c->target->toolchain.triple, "-"),
		 c->target->toolchain.triple);
	return word;
}

/* ---- CMake ---- */

/* set(NAME "VALUE"), with `value` taken. */
static void set_cmake(struct text *t, const char *name, struct text *value)
{
	autofree char *all = text_finish(value);

	if (!all)
		text_fail(t);
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

/* Fortran also where the toolchain has none: CMake would take the machine's. */
static void set_compilers(struct text *t, const struct cross *c)
{
	static const char *const compilers[][2] = {
		{ "C", "gcc" }, { "CXX", "g++" }, { "ASM", "gcc" }, { "Fortran", "gfortran" }
	};

	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++) {
		char name[64];

		snprintf(name, sizeof(name), "CMAKE_%s_COMPILER", compilers[i][0]);
		set(t, name, "%s/%s%s", c->bin, c->target->toolchain.cross, compilers[i][1]);
		snprintf(name, sizeof(name), "CMAKE_%s_FLAGS_INIT", compilers[i][0]);
		set(t, name, "%s", c->target->board->cflags);
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
		set(t, name, "%s/bin/%s%s", c->tools, c->target->toolchain.cross,
		    cross_tools[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "CMAKE_%s_LINKER_FLAGS_INIT", kinds[i]);
		set(t, name, "%s", c->target->board->ldflags);
	}
}

/* Where libraries are in lib/TRIPLE, CMake looks for them and for packages there when it knows the
 * last part; but it goes by what the compiler has, where that has folders of its own. */
static void set_library_folder(struct text *t, const struct cross *c)
{
	const char *libdir = c->target->board->libdir;

	if (strcmp(libdir, "lib") == 0)
		return;
	if (strncmp(libdir, "lib/", 4) == 0)
		set(t, "CMAKE_LIBRARY_ARCHITECTURE", "%s", libdir + 4);
	set(t, "XSYSFS_LIBRARIES", "%s%s/%s", c->sysroot, c->target->board->prefix, libdir);
	text_add(t, "list(PREPEND CMAKE_LIBRARY_PATH \"${XSYSFS_LIBRARIES}\")\n"
		    "list(PREPEND CMAKE_PREFIX_PATH \"${XSYSFS_LIBRARIES}/cmake\")\n");
}

/* That it is another machine, of which this one has a tree. */
static void set_system(struct text *t, const struct cross *c)
{
	static const char *const searched[] = { "LIBRARY", "INCLUDE", "PACKAGE" };
	char word[32];

	if (c->target->toolchain.native)
		return;
	text_add(t, "set(CMAKE_SYSTEM_NAME Linux)\n");
	set(t, "CMAKE_SYSTEM_PROCESSOR", "%s", processor(c, word));
	set(t, "CMAKE_SYSROOT", "%s", c->sysroot);
	text_add(t, "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n");
	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		text_add(t, "set(CMAKE_FIND_ROOT_PATH_MODE_%s ONLY)\n", searched[i]);
}

char *cross_cmake(const struct cross *c)
{
	autostrv struct strv folders = { 0 };
	autofree char *pc = NULL;
	struct text t = { 0 };

	if (cross_pc_folders(c, &folders) < 0 || !(pc = strv_join(&folders, ":")))
		return NULL;
	set_system(&t, c);
	set_compilers(&t, c);
	set_tools(&t, c);
	set_library_folder(&t, c);
	if (c->emulator)
		set(&t, "CMAKE_CROSSCOMPILING_EMULATOR", "%s;-L;%s", c->emulator, c->sysroot);
	set(&t, "XSYSFS_PREFIX", "%s%s", c->sysroot, c->target->board->prefix);
	text_add(&t, "list(PREPEND CMAKE_PREFIX_PATH \"${XSYSFS_PREFIX}\")\n");
	set(&t, "ENV{PKG_CONFIG_SYSROOT_DIR}", "%s", c->sysroot);
	set(&t, "ENV{PKG_CONFIG_LIBDIR}", "%s", pc);
	set(&t, "ENV{PKG_CONFIG_PATH}", "%s", "");
	set(&t, "ENV{" CROSS_PC_RULES "}", "%s", "1");
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
	if (strv_error(words) < 0)
		text_fail(t);
	text_add(t, "%s = [", key);
	strv_foreach (word, words) {
		text_add(t, "%s", word == words->v ? "" : ", ");
		add_string(t, *word);
	}
	text_add(t, "]\n");
}

static void list_flags(struct text *t, const char *key, const char *flags)
{
	autostrv struct strv words = { 0 };

	strv_split(&words, flags, " ");
	add_list(t, key, &words);
}

/* key = 'DIR/TRIPLE-NAME' */
static void set_program(struct text *t, const struct cross *c, const char *key, const char *dir,
			const char *name)
{
	autofree char *path = NULL;

	path = text_of("%s/%s%s", dir, c->target->toolchain.cross, name);
	if (!path)
		text_fail(t);
	text_add(t, "%s = ", key);
	add_string(t, path ? path : "");
	text_add(t, "\n");
}

static void list_emulator(struct text *t, const struct cross *c)
{
	autostrv struct strv words = { 0 };

	if (!c->emulator)
		return;
	strv_add(&words, c->emulator);
	strv_add(&words, "-L");
	strv_add(&words, c->sysroot);
	add_list(t, "exe_wrapper", &words);
}

static void list_binaries(struct text *t, const struct cross *c)
{
	autofree char *tools = NULL;

	tools = text_of("%s/bin", c->tools);
	if (!tools)
		text_fail(t);
	text_add(t, "[binaries]\n");
	set_program(t, c, "c", c->bin, "gcc");
	set_program(t, c, "cpp", c->bin, "g++");
	set_program(t, c, "fortran", c->bin, "gfortran");
	for (size_t i = 0; cross_tools[i][0] && tools; i++)
		if (strcmp(cross_tools[i][0], "LD") != 0 && strcmp(cross_tools[i][0], "AS") != 0)
			set_program(t, c, cross_tools[i][1], tools, cross_tools[i][1]);
	set_program(t, c, "pkg-config", c->bin, "pkg-config");
	set_program(t, c, "pkgconfig", c->bin, "pkg-config");
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
	static const char *const languages[] = { "c", "cpp", "fortran" };
	autostrv struct strv folders = { 0 };
	struct text t = { 0 };
	char word[32];

	processor(c, word);
	list_binaries(&t, c);
	text_add(&t, "[built-in options]\n");
	for (size_t i = 0; i < ARRAY_SIZE(languages); i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s_args", languages[i]);
		list_flags(&t, key, c->target->board->cflags);
		snprintf(key, sizeof(key), "%s_link_args", languages[i]);
		list_flags(&t, key, c->target->board->ldflags);
	}
	text_add(&t, "[properties]\nneeds_exe_wrapper = %s\nsys_root = ",
		 c->target->toolchain.native ? "false" : "true");
	add_string(&t, c->sysroot);
	text_add(&t, "\n");
	cross_pc_folders(c, &folders);
	add_list(&t, "pkg_config_libdir", &folders);
	text_add(&t, "[host_machine]\nsystem = 'linux'\nendian = '%s'\ncpu_family = ",
		 c->target->toolchain.big_endian ? "big" : "little");
	add_string(&t, family(word));
	text_add(&t, "\ncpu = ");
	add_string(&t, *c->target->board->cpu ? c->target->board->cpu : word);
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
	text_add(&t, "Triplet: %s\nSysrootDir: %s\nDefaultSearchPaths: %s\n",
		 c->target->toolchain.triple, c->sysroot, pc);
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
	/* one that is called so itself would find itself */
	text_add(&t, " " CROSS_PC_RULES "=1\nexec %spkg-config \"$@\"\n",
		 c->target->toolchain.native ? "/usr/bin/" : "");
	return text_finish(&t);
}
