// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/parts.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/base/text.h"

enum { KEY_SIZE = 32 };

void parts_release(struct parts *parts)
{
	strv_release(&parts->rules);
}

/* "WORD REST": what is behind the word. */
static const char *rest_of(const char *rule)
{
	return strchr(rule, ' ') + 1;
}

static bool is_word(const char *rule, const char *word)
{
	size_t n = strlen(word);

	return strncmp(rule, word, n) == 0 && rule[n] == ' ';
}

static bool is_pattern(const char *s)
{
	return *s && *s != '/' && strcmp(s, "@") != 0;
}

int parts_add(struct parts *parts, const char *line)
{
	autostrv struct strv words = { 0 };
	int r = strv_split(&words, line, " \t");

	if (r < 0)
		return r;
	if (words.n != 2 || strlen(line) > PARTS_MAX_LINE || strpbrk(line, "\r\n") ||
	    !name_is_package(words.v[0]))
		return -EINVAL;
	if (strcmp(words.v[0], PARTS_WITHOUT) == 0 ? !name_is_package(words.v[1])
						   : !is_pattern(words.v[1]))
		return -EINVAL;
	if (parts->rules.n == PARTS_MAX_RULES)
		return -E2BIG;
	return strv_addf(&parts->rules, "%s %s", words.v[0], words.v[1]);
}

int parts_parse(struct parts *parts, const char *text, unsigned *line)
{
	autofree char *copy = strdup(text);
	char *rest = copy, *at;

	*line = 0;
	if (!copy)
		return -ENOMEM;
	while ((at = strsep(&rest, "\n"))) {
		int r;

		++*line;
		at += strspn(at, " \t");
		r = *at && *at != '#' ? parts_add(parts, at) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int parts_copy(struct parts *to, const struct parts *from)
{
	int r = 0;

	strv_foreach (rule, &from->rules)
		if (r == 0)
			r = strv_add(&to->rules, *rule);
	return r;
}

static void line_key(char key[static KEY_SIZE], size_t i)
{
	snprintf(key, KEY_SIZE, i ? "part.%zu" : "part", i);
}

void parts_to_kv(const struct parts *parts, struct kv *kv)
{
	for (size_t i = 0; i < parts->rules.n; i++) {
		char key[KEY_SIZE];

		line_key(key, i);
		kv_set(kv, key, parts->rules.v[i]);
	}
}

int parts_from_kv(struct parts *parts, const struct kv *kv)
{
	const char *line;
	int r = 0;

	for (size_t i = 0; r == 0; i++) {
		char key[KEY_SIZE];

		line_key(key, i);
		line = kv_get(kv, key);
		if (!line)
			return 0;
		r = parts_add(parts, line);
	}
	return r == -ENOMEM ? r : -EBADMSG;
}

/* Does the pattern of a rule match the path? */
static bool matches(const char *pattern, const char *path, bool is_link)
{
	char plain[PARTS_MAX_LINE + 1];
	size_t n = strlen(pattern);

	if (pattern[n - 1] != '@')
		return fnmatch(pattern, path, 0) == 0;
	if (!is_link || n > sizeof(plain))
		return false;
	memcpy(plain, pattern, n - 1);
	plain[n - 1] = '\0';
	return fnmatch(plain, path, 0) == 0;
}

static bool is_part_rule(const char *rule)
{
	return !is_word(rule, PARTS_LEAVE_OUT) && !is_word(rule, PARTS_WITHOUT);
}

/* The rule that says which part it is; NULL: none. */
static const char *part_rule(const struct parts *parts, const char *path, bool is_link)
{
	strv_foreach (rule, &parts->rules)
		if (is_part_rule(*rule) && matches(rest_of(*rule), path, is_link))
			return *rule;
	return NULL;
}

/* Is the part that the rule names (NULL: runtime) not staged? */
static bool is_without(const struct parts *parts, const char *rule)
{
	const char *part = rule ? rule : PARTS_RUNTIME " ";
	size_t n = strcspn(part, " ");

	strv_foreach (other, &parts->rules)
		if (is_word(*other, PARTS_WITHOUT) && strlen(rest_of(*other)) == n &&
		    strncmp(rest_of(*other), part, n) == 0)
			return true;
	return false;
}

bool parts_is(const struct parts *parts, const char *path, bool is_link, const char *part)
{
	const char *rule = part_rule(parts, path, is_link);

	return rule ? is_word(rule, part) : strcmp(part, PARTS_RUNTIME) == 0;
}

char *parts_of(const struct parts *parts, const char *path, bool is_link)
{
	const char *rule = part_rule(parts, path, is_link);

	return rule ? strndup(rule, strcspn(rule, " ")) : strdup(PARTS_RUNTIME);
}

int parts_names(const struct parts *parts, struct strv *ret)
{
	int r = strv_add(ret, PARTS_RUNTIME);

	strv_foreach (rule, &parts->rules)
		if (r == 0 && is_part_rule(*rule))
			r = strv_addn(ret, *rule, strcspn(*rule, " "));
	strv_sort(ret);
	strv_uniq(ret);
	return r;
}

bool parts_stages(const struct parts *parts, const char *path, bool is_link)
{
	bool without = false;

	strv_foreach (rule, &parts->rules) {
		if (is_word(*rule, PARTS_LEAVE_OUT) && matches(rest_of(*rule), path, is_link))
			return false;
		without = without || is_word(*rule, PARTS_WITHOUT);
	}
	/* which part it is matters to few packages, and takes a while to find out */
	return !without || !is_without(parts, part_rule(parts, path, is_link));
}

/* Does it match everything below the directory? Then it ends in a star. */
static bool takes_all(const char *pattern, const char *below)
{
	size_t n = strlen(pattern);

	return n && pattern[n - 1] == '*' && fnmatch(pattern, below, 0) == 0;
}

/* May it match something below the directory? Only a pattern that begins otherwise does not. */
static bool may_match(const char *pattern, const char *below)
{
	size_t fixed = strcspn(pattern, "*?[\\"), n = strlen(below);

	return strncmp(pattern, below, fixed < n ? fixed : n) == 0;
}

bool parts_stages_below(const struct parts *parts, const char *path)
{
	autofree char *below = NULL;

	if (!parts->rules.n)
		return true;
	below = text_of("%s/", path);
	if (!below)
		return true;
	strv_foreach (rule, &parts->rules)
		if (is_word(*rule, PARTS_LEAVE_OUT) && takes_all(rest_of(*rule), below))
			return false;
	strv_foreach (rule, &parts->rules) {
		if (!is_part_rule(*rule) || !may_match(rest_of(*rule), below))
			continue;
		if (!is_without(parts, *rule))
			return true;
		if (takes_all(rest_of(*rule), below))
			return false;
	}
	return !is_without(parts, NULL);
}
