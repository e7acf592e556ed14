// SPDX-License-Identifier: GPL-2.0-or-later
/* What a Makefile that somebody wrote by hand must be told, so that it compiles for the board and
 * installs where it should. It is only read: a line of it, a variable, a rule. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/guess/guess.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define DEPTH_MAX 6
#define STEPS_MAX 2000

/* The lines of the Makefile and of what it includes, those joined that a backslash joins. */
struct makefile {
	struct strv lines;
	int steps; /* that expanding may still take: variables can be made of themselves */
};

static void makefile_release(struct makefile *m)
{
	strv_release(&m->lines);
}

static int load(struct makefile *m, const char *dir, const char *name, int depth)
{
	autofree char *text = guess_read(dir, name);
	char *rest = text, *line;
	int r = text || depth ? 0 : -ENOENT;

	for (char *p = text; p && *p; p++)
		if (p[0] == '\\' && p[1] == '\n')
			p[0] = p[1] = ' ';
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		const char *words = line + strspn(line, "-");

		r = strv_add(&m->lines, line);
		if (r == 0 && strncmp(words, "include ", 8) == 0 && depth < DEPTH_MAX &&
		    !strpbrk(words + 8, "$ /"))
			r = load(m, dir, words + 8, depth + 1);
	}
	return r;
}

/* Whether the line assigns the variable; its value (lent) and the operator's first character. */
static const char *assignment(const char *line, const char *variable, char *how)
{
	size_t n = strlen(variable);

	if (strncmp(line, "export ", 7) == 0)
		line += 7;
	line += strspn(line, " ");
	if (strncmp(line, variable, n) != 0)
		return NULL;
	line += n;
	line += strspn(line, " \t");
	*how = *line;
	line += strspn(line, ":?+!");
	if (*line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

static const char *find(const struct makefile *m, const char *variable, char *how)
{
	strv_foreach (line, &m->lines) {
		const char *value = assignment(*line, variable, how);

		if (value)
			return value;
	}
	return NULL;
}

static bool mentions(const struct makefile *m, const char *word)
{
	strv_foreach (line, &m->lines)
		if (strstr(*line, word))
			return true;
	return false;
}

/* Behind the colon, when the line is a rule for this target; lent. */
static const char *rule_of(const char *line, const char *target)
{
	size_t n = strlen(target);
	const char *colon = strchr(line, ':');

	if (*line == '\t' || *line == '#' || !colon || colon[1] == '=' ||
	    strcspn(line, "=") < (size_t)(colon - line))
		return NULL;
	for (const char *p = line; (p = strstr(p, target)) && p < colon; p += n)
		if ((p == line || p[-1] == ' ') && (p[n] == ' ' || p[n] == ':'))
			return colon + 1 + (colon[1] == ':');
	return NULL;
}

/* ---- what the compilers are called ---- */

static bool is_set(const struct makefile *m, const char *variable)
{
	char how = 0;

	return find(m, variable, &how) && how != '?' && how != '+';
}

/* The compilers bring along what the Makefile would drop: the board's flags where it has flags of
 * its own, the folder of headers where it does not speak of CPPFLAGS. */
static int say_compilers(const struct makefile *m, struct strv *words)
{
	static const char *const compilers[][2] = { { "CC", "CFLAGS" }, { "CXX", "CXXFLAGS" } };
	const char *headers = mentions(m, "CPPFLAGS") ? "" : " $CPPFLAGS";
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(compilers) && r == 0; i++) {
		const char *const *c = compilers[i];
		const char *flags = is_set(m, c[1]) ? " $HOST_CFLAGS" : "";
		char used[8];

		snprintf(used, sizeof(used), "(%s)", c[0]);
		if (is_set(m, c[0]) || (mentions(m, used) && (*headers || *flags)))
			r = strv_addf(words, "%s=\"$%s%s%s\"", c[0], c[0], headers, flags);
	}
	return r;
}

static int say_tools(const struct makefile *m, struct strv *words)
{
	static const char *const tools[] = { "AR", "RANLIB", "LD", "NM", "STRIP" };
	int r = say_compilers(m, words);

	for (size_t i = 0; i < ARRAY_SIZE(tools) && r == 0; i++) {
		char how = 0;
		const char *value = find(m, tools[i], &how);

		/* LD = $(CC) is none of ours */
		if (value && is_set(m, tools[i]) && !strstr(value, "(CC") && !strstr(value, "(CXX"))
			r = strv_addf(words, "%s=\"$%s\"", tools[i], tools[i]);
	}
	return r;
}

/* ---- what it makes ---- */

/* Add what the words of `text` stand for: variables' values, and what targets of no name are made
 * of. */
static int expand(struct makefile *m, const char *text, int depth, struct strv *ret);

/* A name that may stand in a command as it is: the Makefile is a stranger's. */
static bool is_plain(const char *name)
{
	return *name != '-' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						 "0123456789._/+@~-")] == '\0';
}

static int expand_target(struct makefile *m, const char *target, int depth, struct strv *ret)
{
	static const char *const groups[] = { "all",	"build",   "default",  "lib",
					      "libs",	"bin",	   "programs", "static",
					      "shared", "library", "program",  "progs" };

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (strcmp(groups[i], target) != 0)
			continue;
		strv_foreach (line, &m->lines) {
			const char *needs = rule_of(*line, target);

			if (needs)
				return expand(m, needs, depth + 1, ret);
		}
		return 0;
	}
	return !is_plain(target) || strv_has(ret, target) ? 0 : strv_add(ret, target);
}

/* Behind a reference like $(NAME), ${NAME} or $N; `name` gets what is in brackets. */
static const char *skip_reference(const char *p, char name[64])
{
	char close = p[1] == '(' ? ')' : '}';
	const char *from = p + 2;
	int depth = 0;

	*name = '\0';
	if (p[1] != '(' && p[1] != '{')
		return p + 1 + (p[1] != '\0');
	for (p = from; *p && (depth > 0 || *p != close); p++)
		depth += (*p == '(' || *p == '{') - (*p == ')' || *p == '}');
	if (p - from < 64)
		snprintf(name, 64, "%.*s", (int)(p - from), from);
	return p + (*p != '\0');
}

/* One word, with references to single words put in; "" for one that is made in another way. A word
 * that is nothing but a reference gives its name in `only`. Returns what is behind it. */
static const char *next_word(struct makefile *m, const char *p, char word[256], char only[64])
{
	size_t len = 0;
	bool whole = *p == '$';
	bool bad = false;

	*only = '\0';
	while (*p && !strchr(" \t#;|", *p)) {
		char name[64], how;
		const char *value = p;
		size_t n = 1;

		if (*p == '$') {
			p = skip_reference(p, name);
			whole = whole && len == 0 && !bad && (!*p || strchr(" \t#;|", *p));
			value = *name ? find(m, name, &how) : NULL;
			if (whole)
				snprintf(only, 64, "%s", name);
			n = value ? strcspn(value, " \t") : 0;
			bad = bad || !value || value[n + strspn(value + n, " \t")] ||
			      memchr(value, '$', n);
		} else {
			bad = bad || strchr("%()*'\"`&<>\\", *p);
			p++;
		}
		if (bad || len + n >= 256)
			bad = true;
		else
			memcpy(word + len, value, n);
		len += bad ? 0 : n;
	}
	word[bad ? 0 : len] = '\0';
	return p;
}

static int expand(struct makefile *m, const char *text, int depth, struct strv *ret)
{
	int r = 0;

	if (depth > DEPTH_MAX)
		return 0;
	for (const char *p = text + strspn(text, " \t"); r == 0 && *p && !strchr("#;|", *p);
	     p += strspn(p, " \t")) {
		char word[256], only[64], how;
		const char *value;

		if (--m->steps < 0)
			return 0;
		p = next_word(m, p, word, only);
		value = *only ? find(m, only, &how) : NULL;
		if (value)
			r = expand(m, value, depth + 1, ret);
		else if (*word && !*only)
			r = expand_target(m, word, depth, ret);
	}
	return r;
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), len = strlen(end);

	return n >= len && strcmp(s + n - len, end) == 0;
}

static bool is_library(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strncmp(slash ? slash + 1 : name, "lib", 3) == 0 &&
	       (ends_in(name, ".a") || strstr(name, ".so"));
}

/* The header of each library when there is one of its name, else all that lie at the top. */
static int find_headers(const char *dir, const struct strv *libraries, struct strv *headers)
{
	autostrv struct strv names = { 0 };
	int r = guess_list(dir, &names);

	strv_foreach (library, libraries) {
		const char *slash = strrchr(*library, '/');
		const char *name = (slash ? slash + 1 : *library) + 3;
		autofree char *header = NULL;

		header = text_of("%.*s.h", (int)strcspn(name, "."), name);
		if (!header)
			return -ENOMEM;
		if (r == 0 && strv_has(&names, header) && !strv_has(headers, header))
			r = strv_add(headers, header);
	}
	strv_foreach (name, &names)
		if (r == 0 && libraries->n && !headers->n && ends_in(*name, ".h") &&
		    is_plain(*name))
			r = strv_add(headers, *name);
	return r;
}

static int add_install(struct strv *commands, int mode, const char *to, const struct strv *files)
{
	autofree char *names = strv_join(files, " ");

	if (!names)
		return -ENOMEM;
	return files->n ? strv_addf(commands, "install -D -m %o -t \"$DESTDIR$PREFIX/%s\" %s", mode,
				    to, names)
			: 0;
}

/* Install by hand what it makes, since it would not, or not to where it should. */
static int own_install(struct guess *g, struct makefile *m, const char *dir)
{
	autostrv struct strv made = { 0 }, programs = { 0 }, libraries = { 0 }, headers = { 0 };
	autostrv struct strv commands = { 0 };
	autofree char *command = NULL;
	const char *first = NULL;
	int r;

	strv_foreach (line, &m->lines)
		if (!first)
			first = rule_of(*line, "all");
	r = first ? expand(m, first, 0, &made) : 0;
	strv_foreach (name, &made) {
		if (r < 0 || strv_has(&programs, *name) || strv_has(&libraries, *name))
			continue;
		if (is_library(*name))
			r = strv_add(&libraries, *name);
		else if (!strchr(*name, '.'))
			r = strv_add(&programs, *name);
	}
	if (r == 0)
		r = find_headers(dir, &libraries, &headers);
	if (r == 0)
		r = add_install(&commands, 0755, "bin", &programs);
	if (r == 0)
		r = add_install(&commands, 0644, "$HOST_TRIPLE_LIB_DIR", &libraries);
	if (r == 0)
		r = add_install(&commands, 0644, "include", &headers);
	command = strv_join(&commands, " && ");
	if (r < 0 || !command)
		return -ENOMEM;
	r = commands.n
		    ? strv_addf(&g->build, "install = %s", command)
		    : strv_add(&g->build,
			       "install = echo 'say in recipe.ini how it is installed' && false");
	if (r < 0)
		return r;
	return strv_add(&g->notes,
			commands.n ? "its Makefile has no 'install' that can be told where to: "
				     "see whether this is all"
				   : "its Makefile has no 'install', and what it makes was not "
				     "found out: 'install' is yours to write");
}

/* Where 'all' would run tests, which are the board's programs: what else it makes, "" where it
 * would not. The caller frees. */
static char *without_tests(struct makefile *m)
{
	static const char *const tests[] = { "test", "tests", "check" };
	autostrv struct strv targets = { 0 }, rest = { 0 };
	const char *first = NULL;
	int r = 0;

	strv_foreach (line, &m->lines)
		if (!first)
			first = rule_of(*line, "all");
	r = first ? expand(m, first, 0, &targets) : 0;
	strv_foreach (target, &targets) {
		size_t i = 0;

		while (i < ARRAY_SIZE(tests) && strcmp(*target, tests[i]) != 0)
			i++;
		if (r == 0 && i == ARRAY_SIZE(tests))
			r = strv_add(&rest, *target);
	}
	if (r < 0)
		return NULL;
	return rest.n < targets.n && rest.n ? strv_join(&rest, " ") : strdup("");
}

/* ---- where it installs to ---- */

static bool installs(const struct makefile *m)
{
	strv_foreach (line, &m->lines)
		if (rule_of(*line, "install"))
			return true;
	return false;
}

/* "PREFIX" or "prefix", however it is assigned; NULL: neither. */
static const char *prefix_variable(const struct makefile *m, char *how)
{
	static const char *const names[] = { "PREFIX", "prefix", "INSTALL_PREFIX", "INSTALL_ROOT" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char used[40];

		if (find(m, names[i], how))
			return names[i];
		snprintf(used, sizeof(used), "$(%s)", names[i]);
		*how = '?'; /* from the environment */
		if (mentions(m, used))
			return names[i];
	}
	return NULL;
}

/* Whether DESTDIR is what it is to everybody else: "DESTDIR = $(PREFIX)/bin" is not. */
static bool is_staged(const struct makefile *m)
{
	char how;
	const char *value = find(m, "DESTDIR", &how);

	return mentions(m, "DESTDIR") && !(value && strpbrk(value, "$/"));
}

static int say_prefix(struct guess *g, const struct makefile *m, struct strv *words)
{
	static const char *const folders[] = { "libdir", "LIBDIR" };
	bool staged = is_staged(m);
	char how = 0;
	const char *prefix = prefix_variable(m, &how);
	bool given = how == '?' && prefix && strcmp(prefix, "PREFIX") == 0;
	int r = 0;

	if (prefix && !given)
		r = strv_addf(words, "%s=\"$PREFIX\"", prefix);
	for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0 && staged; i++) {
		const char *value = find(m, folders[i], &how);

		if (value && !strstr(value, "DESTDIR"))
			r = strv_addf(words, "%s=\"$PREFIX/$HOST_TRIPLE_LIB_DIR\"", folders[i]);
	}
	if (r == 0 && !staged)
		r = strv_addf(&g->build, "install = make install %s=\"$DESTDIR$PREFIX\"", prefix);
	return r;
}

int guess_make(struct guess *g, const char *dir)
{
	static const char *const names[] = { "GNUmakefile", "makefile", "Makefile" };
	cleanup(makefile_release) struct makefile m = { .steps = STEPS_MAX };
	autostrv struct strv tools = { 0 }, places = { 0 };
	autofree char *words = NULL;
	autofree char *targets = NULL;
	char how;
	bool can_install;
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == -ENOENT; i++)
		r = load(&m, dir, names[i], 0);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	can_install = installs(&m) && (mentions(&m, "DESTDIR") || prefix_variable(&m, &how));
	r = say_tools(&m, &tools);
	if (r == 0 && can_install)
		r = say_prefix(g, &m, &places);
	strv_foreach (word, &places)
		if (r == 0)
			r = strv_add(&tools, *word);
	words = strv_join(&tools, " ");
	targets = r == 0 ? without_tests(&m) : NULL;
	if (!words || !targets)
		return -ENOMEM;
	if (*words || *targets)
		r = strv_addf(&g->build, "make-options = %s%s%s", words,
			      *words && *targets ? " " : "", targets);
	if (r == 0 && tools.n && can_install && is_staged(&m))
		r = strv_addf(&g->build, "install-options = %s", words);
	return r < 0 || can_install ? r : own_install(g, &m, dir);
}
