// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/crossenv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/json.h"
#include "builder/text.h"
#include "fs/base/cleanup.h"

/* ---- variables ---- */

static int add_list(struct strv *env, const char *name, const struct strv *values, const char *glue)
{
	autofree char *all = strv_join(values, glue);

	return all ? strv_addf(env, "%s=%s", name, all) : -ENOMEM;
}

/* A compiler, with all that it needs to find the mount. */
static int add_compiler(struct strv *env, const struct cross *c, const char *name,
			const char *program, bool links)
{
	const struct board *b = c->board;
	autostrv struct strv words = { 0 };
	int r = strv_addf(&words, "%s%s --sysroot=%s", c->toolchain->cross, program, c->sysroot);

	if (r == 0 && strcmp(b->prefix, "/usr") != 0)
		r = strv_addf(&words, "-isystem =%s/include", b->prefix);
	if (r == 0 && links)
		r = strv_addf(&words, "-Wl,-rpath-link,%s%s/%s -L=%s/%s", c->sysroot, b->prefix,
			      b->libdir, b->prefix, b->libdir);
	return r == 0 ? add_list(env, name, &words, " ") : r;
}

static int add_tools(struct strv *env, const struct cross *c)
{
	int r = add_compiler(env, c, "CC", "gcc", true);

	if (r == 0)
		r = add_compiler(env, c, "CXX", "g++", true);
	if (r == 0)
		r = add_compiler(env, c, "CPP", "gcc -E", false);
	for (size_t i = 0; cross_tools[i][0] && r == 0; i++)
		r = strv_addf(env, "%s=%s%s", cross_tools[i][0], c->toolchain->cross,
			      cross_tools[i][1]);
	return r;
}

static int add_flags(struct strv *env, const struct board *b)
{
	static const char *const names[] = { "CFLAGS", "CXXFLAGS" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		r = strv_addf(env, "%s=-O2%s%s", names[i], *b->cflags ? " " : "", b->cflags);
	return r == 0 ? strv_addf(env, "LDFLAGS=%s", b->ldflags) : r;
}

static int add_pkg_config(struct strv *env, const struct cross *c)
{
	autostrv struct strv folders = { 0 };
	int r = cross_pc_folders(c, &folders);

	if (r == 0)
		r = strv_addf(env, "PKG_CONFIG_SYSROOT_DIR=%s", c->sysroot);
	if (r == 0)
		r = add_list(env, "PKG_CONFIG_LIBDIR", &folders, ":");
	return r == 0 ? strv_add(env, "PKG_CONFIG_PATH=") : r;
}

int crossenv_variables(const struct cross *c, const char *files, struct strv *env)
{
	const struct toolchain *t = c->toolchain;
	int r = strv_addf(env, "SYSROOT=%s", c->sysroot);

	if (r == 0)
		r = strv_addf(env, "HOST_TRIPLE=%s", t->triple);
	if (r == 0)
		r = strv_addf(env, "CROSS_COMPILE=%s", t->cross);
	if (r == 0)
		r = add_tools(env, c);
	if (r == 0)
		r = add_flags(env, c->board);
	if (r == 0)
		r = add_pkg_config(env, c);
	if (r == 0)
		r = strv_addf(env, "PKGCONF_PERSONALITY=%s/%s.personality", files, t->triple);
	if (r == 0)
		r = strv_addf(env, "CMAKE_TOOLCHAIN_FILE=%s/" CROSSENV_CMAKE, files);
	if (r == 0)
		r = strv_addf(env, "MESON_CROSS_FILE=%s/" CROSSENV_MESON, files);
	return r == 0 ? strv_addf(env, "PATH=%s/bin:%s/bin", files, c->tools) : r;
}

static char *dump(json_t *json)
{
	autofree char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	char *line;

	return text && asprintf(&line, "%s\n", text) >= 0 ? line : NULL;
}

static char *say_json(const struct strv *env)
{
	autojson json_t *all = json_object();

	strv_foreach (setting, env) {
		const char *equals = strchr(*setting, '=');
		autofree char *name = strndup(*setting, equals - *setting);

		if (!name || json_object_set_new(all, name, json_string(equals + 1)) < 0)
			return NULL;
	}
	return dump(all);
}

char *crossenv_say(const struct strv *env, enum crossenv_form form)
{
	struct text t = { 0 };

	if (form == CROSSENV_JSON)
		return say_json(env);
	strv_foreach (setting, env) {
		int name = (int)strcspn(*setting, "=");
		const char *value = *setting + name + 1;

		text_add(&t, form == CROSSENV_SH ? "export %.*s=" : "set -gx %.*s ", name,
			 *setting);
		if (form == CROSSENV_SH)
			text_quote_sh(&t, value);
		else
			text_quote_fish(&t, value);
		text_add(&t, "%s\n", strncmp(*setting, "PATH=", 5) == 0 ? ":\"$PATH\"" : "");
	}
	return text_finish(&t);
}

/* ---- editors ---- */

static const char *title(const struct cross *c)
{
	return c->board->summary ? c->board->summary : c->toolchain->triple;
}

char *crossenv_kit(const struct cross *c, const char *files)
{
	autojson json_t *kit = json_pack(
		"[{s:o, s:o}]", "name", json_sprintf("%s: %s (xsysfs)", c->board->name, title(c)),
		"toolchainFile", json_sprintf("%s/" CROSSENV_CMAKE, files));

	return dump(kit);
}

char *crossenv_presets(const struct cross *c, const char *files)
{
	autojson json_t *presets = json_pack(
		"{s:i, s:[{s:s, s:o, s:o, s:o}]}", "version", 3, "configurePresets", "name",
		c->board->name, "displayName", json_sprintf("%s (xsysfs)", title(c)), "binaryDir",
		json_sprintf("${sourceDir}/build/%s", c->board->name), "toolchainFile",
		json_sprintf("%s/" CROSSENV_CMAKE, files));

	return dump(presets);
}

/* The editor's word for how this compiler understands a program, NULL where it has none. */
static const char *mode(const struct toolchain *t)
{
	static const char *const modes[][2] = { { "aarch64", "linux-gcc-arm64" },
						{ "arm", "linux-gcc-arm" },
						{ "x86_64", "linux-gcc-x64" },
						{ "i", "linux-gcc-x86" } };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strncmp(t->triple, modes[i][0], strlen(modes[i][0])) == 0)
			return modes[i][1];
	return NULL;
}

char *crossenv_cpp(const struct cross *c)
{
	autostrv struct strv words = { 0 };
	autojson json_t *args = json_array();
	autojson json_t *all = NULL;

	if (strv_addf(&words, "--sysroot=%s", c->sysroot) < 0 || cross_compile_words(c, &words) < 0)
		return NULL;
	strv_foreach (word, &words)
		if (json_array_append_new(args, json_string(*word)) < 0)
			return NULL;
	all = json_pack("{s:i, s:[{s:s, s:s, s:s*, s:O, s:[s]}]}", "version", 4, "configurations",
			"name", c->board->name, "compilerPath", c->toolchain->cc,
			"intelliSenseMode", mode(c->toolchain), "compilerArgs", args, "includePath",
			"${workspaceFolder}/**");
	return dump(all);
}
