// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/guess/newboard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/base/text.h"

#define ANSWER_MAX 128

/* It goes through ssh and a login shell of theirs, so it has no single quote in it. */
const char newboard_question[] =
	"echo machine $(uname -m);"
	"echo bits $(getconf LONG_BIT);"
	"echo glibc $(getconf GNU_LIBC_VERSION);"
	"echo part $(grep \"^CPU part\" /proc/cpuinfo | sort -r | head -n 1);"
	"echo model $(tr -d \"\\000\" </proc/device-tree/model);"
	"echo system $(. /etc/os-release; echo $PRETTY_NAME);"
	"echo python $(python3 --version)";

void newboard_release(struct newboard *n)
{
	free(n->machine);
	free(n->part);
	free(n->model);
	free(n->system);
	free(n->glibc);
	free(n->python);
	*n = (struct newboard){ 0 };
}

/* The last word of "CPU part : 0xd08", of "glibc 2.36" and the like; the rest is for people. */
static const char *last_word(const char *answer)
{
	const char *blank = strrchr(answer, ' ');

	return blank ? blank + 1 : answer;
}

/* Nothing that could end a line or a comment of the board. */
static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789 .,:_/()+-";

	return *text && strlen(text) < ANSWER_MAX && !text[strspn(text, plain)];
}

static int take_line(struct newboard *n, char *line)
{
	const struct {
		const char *word;
		char **ret;
		bool last;
	} answers[] = {
		{ "machine", &n->machine, true }, { "part", &n->part, true },
		{ "model", &n->model, false },	  { "system", &n->system, false },
		{ "glibc", &n->glibc, true },	  { "python", &n->python, true },
	};
	char *answer = strchr(line, ' ');

	if (!answer)
		return 0;
	*answer++ = '\0';
	if (strcmp(line, "bits") == 0)
		n->bits = atoi(answer);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		const char *value = answers[i].last ? last_word(answer) : answer;

		if (strcmp(line, answers[i].word) != 0 || *answers[i].ret || !is_plain(value))
			continue;
		*answers[i].ret = strdup(value);
		if (!*answers[i].ret)
			return -ENOMEM;
	}
	return 0;
}

/* "3.11" of "3.11.2"; what is no version is not known. */
static void shorten(char **version)
{
	int major, minor, end = 0;

	if (*version && (sscanf(*version, "%3d.%3d%n", &major, &minor, &end) != 2 || !end)) {
		free(*version);
		*version = NULL;
	}
	if (*version)
		(*version)[end] = '\0';
}

int newboard_read(struct newboard *n, const char *answers, char **why)
{
	autofree char *text = strdup(answers);
	char *rest = text;

	if (!text)
		return why_errno(why, -ENOMEM, "its answers");
	for (char *line; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, "\r")] = '\0';
		if (take_line(n, line) < 0)
			return why_errno(why, -ENOMEM, "its answers");
	}
	shorten(&n->glibc);
	shorten(&n->python);
	if (!n->machine || (n->bits != 32 && n->bits != 64))
		return why_set(why, -EINVAL, "it does not say what machine it is");
	if (strncmp(n->machine, "arm", 3) != 0 && strcmp(n->machine, "aarch64") != 0)
		return why_set(why, -EINVAL, "it is a '%s', and no ARM", n->machine);
	if (!n->glibc)
		return why_set(why, -EINVAL, "it does not say which glibc it has");
	return 0;
}

/* By "CPU part", as the kernel's arch/arm64/include/asm/cputype.h and Arm's manuals have them. */
static const struct processor {
	const char *part, *cpu;
	const char *flags32; /* for programs of 32 bits; NULL: those of an ARMv7 do */
} processors[] = {
	{ "0xb76", "arm1176jzf-s", "-mcpu=arm1176jzf-s -mfpu=vfp -mfloat-abi=hard -marm" },
	{ "0xc07", "cortex-a7", NULL },
	{ "0xd03", "cortex-a53", NULL },
	{ "0xd08", "cortex-a72", NULL },
	{ "0xd0b", "cortex-a76", NULL },
};

#define FLAGS32 "-mcpu=cortex-a7 -mfpu=neon-vfpv4"

static const struct processor *find_processor(const struct newboard *n)
{
	for (size_t i = 0; n->part && i < ARRAY_SIZE(processors); i++)
		if (strcmp(processors[i].part, n->part) == 0)
			return &processors[i];
	return NULL;
}

static bool is_armv6(const struct newboard *n)
{
	const struct processor *p = find_processor(n);

	return strncmp(n->machine, "armv6", 5) == 0 || (p && p->flags32);
}

int newboard_know(struct newboard *n, const char *model, const char *bits, const char *release,
		  char **why)
{
	static const struct {
		const char *model, *part;
		bool is_64;
	} models[] = { { "1", "0xb76", false }, { "zero", "0xb76", false }, { "2", "0xc07", false },
		       { "3", "0xd03", true },	{ "zero2", "0xd03", true }, { "4", "0xd08", true },
		       { "5", "0xd0b", true } };
	static const struct {
		const char *release, *glibc, *python;
	} releases[] = { { "11", "2.31", "3.9" },
			 { "12", "2.36", "3.11" },
			 { "13", "2.41", "3.13" } };
	size_t m = 0, r = 0;

	while (m < ARRAY_SIZE(models) && strcasecmp(models[m].model, model) != 0)
		m++;
	while (r < ARRAY_SIZE(releases) && strcmp(releases[r].release, release) != 0)
		r++;
	n->bits = atoi(bits);
	if (m == ARRAY_SIZE(models))
		return why_set(why, -EINVAL, "there is no Pi '%s' (1, Zero, 2, 3, Zero2, 4, 5)",
			       model);
	if (n->bits != 32 && (n->bits != 64 || !models[m].is_64))
		return why_set(why, -EINVAL, "a Pi %s has no system of '%s' bits", model, bits);
	if (r == ARRAY_SIZE(releases))
		return why_set(
			why, -EINVAL,
			"release '%s' is not known (11, 12, 13; '--from USER@HOST' asks the Pi)",
			release);
	n->machine = strdup(models[m].is_64 ? "aarch64" : "armv7l");
	n->part = strdup(models[m].part);
	n->model = text_of("Raspberry Pi %s", models[m].model);
	n->system = text_of("release %s", release);
	n->glibc = strdup(releases[r].glibc);
	n->python = strdup(releases[r].python);
	return n->machine && n->part && n->model && n->system && n->glibc && n->python
		       ? 0
		       : why_errno(why, -ENOMEM, "the board");
}

/* What is linked with a newer glibc does not start there, so the newest that is not newer. */
static const char *debian_for(const char *glibc)
{
	static const struct {
		const char *glibc, *release;
	} releases[] = { { "2.41", "13" }, { "2.36", "12" } };

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		if (strverscmp(releases[i].glibc, glibc) <= 0)
			return releases[i].release;
	return NULL;
}

static int add_toolchain(struct strv *text, const struct newboard *n, char **why)
{
	const char *release = debian_for(n->glibc);

	strv_add(text, "[toolchain]\n");
	if (is_armv6(n) && release) /* its libraries are of glibc 2.36 */
		return strv_add(text, "runtime = armv6-runtime\n");
	if (release)
		return strv_addf(text, "debian = %s\ntriple = %s\n", release,
				 n->bits == 64 ? "aarch64-linux-gnu" : "arm-linux-gnueabihf");
	if (n->bits == 64) /* gcc 4.8 with glibc 2.17, which any release has */
		return strv_add(text, "npm = @napi-rs/cross-toolchain-x64-target-aarch64 1.0.3\n"
				      "sha256 = 8ec59a37c2a8cac720d0f92e9c19b2940a427ef1f32ddde43e"
				      "800a8043301e51\ninner = package/*.tar.xz\n");
	return why_set(why, -ENOENT,
		       "it has glibc %s, and there is no compiler at hand for one that old and 32 "
		       "bits (Crosstool-NG builds one: 'crosstool = FILE', see xsysfs-board(5))",
		       n->glibc);
}

static int add_target(struct strv *text, const struct newboard *n)
{
	const struct processor *p = find_processor(n);

	strv_add(text, "\n[target]\n");
	if (is_armv6(n))
		strv_addf(text, "cpu = %s\ncflags = %s\nwords = armv6 32bit\n", processors[0].cpu,
			  processors[0].flags32);
	else if (n->bits == 32)
		strv_addf(text, "cpu = cortex-a7\ncflags = " FLAGS32 "\nwords = 32bit\n");
	else /* of those with 64 bits the oldest, when it does not say */
		strv_addf(text, "cpu = %s\ncflags = -mcpu=%s\nwords = 64bit\n",
			  p ? p->cpu : "cortex-a53", p ? p->cpu : "cortex-a53");
	strv_addf(text,
		  "prefix = /usr/local\nlibrary-dir = lib\n# What it has: a toolchain with a newer "
		  "one is refused.\nglibc = %s\n",
		  n->glibc);
	if (n->python && strncmp(n->python, "3.", 2) == 0)
		strv_addf(text, "python = %s\n", n->python);
	return strv_error(text);
}

char *newboard_text(const struct newboard *n, const char *from, char **why)
{
	autostrv struct strv text = { 0 };
	autofree char *whole = NULL;
	int r;

	strv_addf(&text, "# As %s says: %s, %s, glibc %s.\n[board]\nsummary = %s, %d bit\n\n", from,
		  n->model ? n->model : n->machine, n->system ? n->system : "Linux", n->glibc,
		  n->model ? n->model : n->machine, n->bits);
	r = add_toolchain(&text, n, why);
	if (r == -ENOENT)
		return NULL;
	if (r == 0)
		r = add_target(&text, n);
	whole = r == 0 ? strv_join(&text, "") : NULL;
	if (!whole)
		why_errno(why, -ENOMEM, "the board");
	return take_ptr(whole);
}
