// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cross/crossenv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/json.h"
#include "fs/base/text.h"
#include "fs/base/cleanup.h"

/* ---- variables ---- */

/* Native tools lie beside what is built with them. */
static int add_path(const struct cross *c, struct strv *env)
{
	const char *prefix = c->target->board->prefix;

	if (!c->target->toolchain.native)
		return strv_addf(env, "PATH=%s:%s/bin", c->bin, c->tools);
	strv_addf(env, "NATIVE_PREFIX=%s%s", c->sysroot, prefix);
	return strv_addf(env, "PATH=%s:%s%s/bin", c->bin, c->sysroot, prefix);
}

int crossenv_variables(const struct cross *c, const char *files, struct strv *env)
{
	const struct toolchain *t = &c->target->toolchain;
	int r = cross_variables(c, env);

	if (r < 0)
		return r;
	strv_addf(env, "CROSS_COMPILE=%s", t->cross);
	strv_add(env, "PKG_CONFIG_PATH=");
	strv_addf(env, "PKGCONF_PERSONALITY=%s/%s.personality", files, t->triple);
	strv_addf(env, "CMAKE_TOOLCHAIN_FILE=%s/" CROSSENV_CMAKE, files);
	strv_addf(env, "MESON_CROSS_FILE=%s/" CROSSENV_MESON, files);
	return add_path(c, env);
}

static char *dump(json_t *json)
{
	autofree char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

	return text ? text_of("%s\n", text) : NULL;
}

static char *say_json(const struct strv *env)
{
	autojson json_t *all = json_object();

	strv_foreach (setting, env) {
		const char *equals = strchr(*setting, '=');
		autofree char *name = strndup(*setting, equals - *setting);

		if (!name || json_object_set_new(all, name, json_of_bytes(equals + 1)) < 0)
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
	return c->target->board->summary ? c->target->board->summary : c->target->toolchain.triple;
}

char *crossenv_kit(const struct cross *c, const char *files)
{
	autojson json_t *kit =
		json_pack("[{s:o, s:o}]", "name",
			  json_sprintf("%s: %s (xsysfs)", c->target->board->name, title(c)),
			  "toolchainFile", json_sprintf("%s/" CROSSENV_CMAKE, files));

	return dump(kit);
}

char *crossenv_presets(const struct cross *c, const char *files)
{
	autojson json_t *presets = json_pack(
		"{s:i, s:[{s:s, s:o, s:o, s:o}]}", "version", 3, "configurePresets", "name",
		c->target->board->name, "displayName", json_sprintf("%s (xsysfs)", title(c)),
		"binaryDir", json_sprintf("${sourceDir}/build/%s", c->target->board->name),
		"toolchainFile", json_sprintf("%s/" CROSSENV_CMAKE, files));

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

	if ((!c->target->toolchain.native && strv_addf(&words, "--sysroot=%s", c->sysroot) < 0) ||
	    cross_search_words(c, &words) < 0 ||
	    strv_split(&words, c->target->board->cflags, " ") < 0)
		return NULL;
	strv_foreach (word, &words)
		if (json_array_append_new(args, json_string(*word)) < 0)
			return NULL;
	all = json_pack("{s:i, s:[{s:s, s:s, s:s*, s:O, s:[s]}]}", "version", 4, "configurations",
			"name", c->target->board->name, "compilerPath", c->target->toolchain.cc,
			"intelliSenseMode", mode(&c->target->toolchain), "compilerArgs", args,
			"includePath", "${workspaceFolder}/**");
	return dump(all);
}
