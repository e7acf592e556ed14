// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/record.h"
#include "fs/store/layer.h"
#include "fs/store/parts.h"
#include "fs/store/tree.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

/* realpath(3), but for the last component, which may be a symlink or not there at all. */
static char *real_folder(const char *path)
{
	autofree char *copy = strdup(path);
	autofree char *folder = NULL;
	char *name, *slash;

	if (!copy)
		return NULL;
	while (strlen(copy) > 1 && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	slash = strrchr(copy, '/');
	name = slash ? slash + 1 : copy;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return realpath(path, NULL);
	if (slash)
		*slash = '\0';
	folder = realpath(slash ? slash == copy ? "/" : copy : ".", NULL);
	return folder ? tree_join(strcmp(folder, "/") == 0 ? "" : folder, name) : NULL;
}

/* What is left of a path in the mount; NULL when it is not there. */
static const char *rest_of(const struct where *where, const char *path)
{
	size_t n = where->point ? strlen(where->point) : 0;

	if (!n || !path || strncmp(path, where->point, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path + n + strspn(path + n, "/");
}

/* A path as the user gives it, to one below the root: one in the mount by its place there, any
 * other as one below the root already. Links on the way are followed where there is a mount to do
 * it. */
static char *below_root(const struct where *where, const char *given)
{
	autofree char *real = real_folder(given);
	autofree char *inside = NULL;
	const char *rest = rest_of(where, real);

	if (!rest && where->point) {
		inside = tree_join(where->point, given + strspn(given, "/"));
		free(take_ptr(real));
		real = inside ? real_folder(inside) : NULL;
		rest = rest_of(where, real);
	}
	return strdup(rest ? rest : given + strspn(given, "/"));
}

/* How the owners are told. */
struct form {
	bool zero, json;
	struct rows rows;
};

/* What is known of a path: in `part`, which may be NULL, and the layer. */
static int print(struct form *form, const char *given, const struct layer *layer, const char *part)
{
	bool package = layer->origin == ORIGIN_PACKAGE;
	int r;

	if (form->json) {
		rows_add(&form->rows);
		if ((r = rows_text(&form->rows, "path", given)) < 0 ||
		    (r = rows_text(&form->rows, "origin", origin_name(layer->origin))) < 0 ||
		    (package &&
		     ((r = rows_text(&form->rows, "package", layer_package(layer))) < 0 ||
		      (r = rows_text(&form->rows, "version", layer_version(layer))) < 0)))
			return r;
		return part ? rows_text(&form->rows, "part", part) : 0;
	}
	cmd_print_name(given, form->zero ? '\0' : '\t');
	if (package)
		printf("%s %s%s%s", layer_package(layer), layer_version(layer), part ? " " : "",
		       part ? part : "");
	else
		fputs(origin_name(layer->origin), stdout);
	putchar(form->zero ? '\0' : '\n');
	return 0;
}

static int print_owner(struct xs *xs, const struct where *where, const char *given,
		       struct form *form)
{
	autofree char *path = below_root(where, given);
	autofree char *part = NULL;
	struct layer *layer = NULL;
	struct node *node = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	if (!*given)
		return log_error("an empty path belongs to nobody");
	r = view_walk(xs->root, path, &node, NULL);
	if (r == 0)
		r = view_tag(node, &layer);
	if (r == 0 && !node->dir && layer_parts(layer)->rules.n)
		part = parts_of(layer_parts(layer), path, S_ISLNK(node->type));
	node_unref(&xs->nodes, node);
	if (r == -ENOENT)
		return log_error("cannot tell who owns '%s': '%s' has no such file", given,
				 where->point ?: where->state);
	if (r < 0)
		return log_errno(r, "cannot tell who owns '%s'", given);
	r = print(form, given, layer, part);
	layer_unref(layer);
	return r;
}

/* The mounts that paths are on are opened one at a time: most often there is only one. */
struct asked {
	const char *given; /* -C */
	struct form form;
	struct where where;
	struct xs *xs;
};

static void asked_release(struct asked *a)
{
	xs_free(a->xs);
	a->xs = NULL;
	where_release(&a->where);
}

/* A path that is on a mount says which; any other is one below the root of the one that is meant.
 * -C may say so, too, but no other. */
static int choose(const struct asked *a, const char *path, struct where *ret)
{
	autowhere struct where on = { 0 };
	int r = where_of_file(path, &on);

	if (r < 0)
		return r;
	if (on.state && !a->given) {
		*ret = on;
		on = (struct where){ 0 };
		return 0;
	}
	r = where_find(a->given, ret);
	if (r == 0 && on.state && *path == '/' && strcmp(on.state, ret->state) != 0)
		r = log_error("'%s' is on the mount '%s', and -C says '%s'", path, on.point,
			      a->given);
	return r;
}

static int ask_owner(struct asked *a, const char *path)
{
	autowhere struct where where = { 0 };
	int r = choose(a, path, &where);

	if (r < 0)
		return r;
	if (!a->xs || strcmp(a->where.state, where.state) != 0) {
		asked_release(a);
		a->where = where;
		where = (struct where){ 0 };
		r = where_open(&a->where, &a->xs);
	}
	return r < 0 ? r : print_owner(a->xs, &a->where, path, &a->form);
}

static int run_owns(const struct cmd *cmd, int argc, char **argv)
{
	cleanup(asked_release) struct asked asked = { 0 };
	struct cmd_line line;
	int result = CMD_DONE;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	asked.given = cmd_value(cmd, &line, "C");
	asked.form.zero = cmd_value(cmd, &line, "0");
	asked.form.json = cmd_value(cmd, &line, "json");
	if (asked.form.json)
		rows_begin(&asked.form.rows);
	for (int i = 0; i < line.argc; i++)
		if (ask_owner(&asked, line.argv[i]) < 0)
			result = CMD_FAILED;
	if (asked.form.json && rows_end(&asked.form.rows) < 0)
		result = CMD_FAILED;
	return result;
}

const struct cmd cmd_owns = {
	.name = "owns",
	.args = "PATH...",
	.summary = "say which package wrote each file",
	.text = "Prints PATH, a tab, and \"package version\" (and the part, if the package has "
		"rules "
		"for parts), \"base\" or \"local\". A PATH is one in the mount, or one below its "
		"root. A directory belongs to the base if the base has "
		"it, else to the lowest package that does. With -0 a NUL is in the place of the "
		"tab and of the line's end.",
	.takes = "file",
	.run = run_owns,
	.options = { CMD_WHERE, CMD_JSON, CMD_ZERO },
};
