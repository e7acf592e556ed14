// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/story/outlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

#define RATE_SECONDS 1.0 /* until how fast downloads are is known */

/* Seconds that a package will have taken, when nobody knows it of this one; < 0: of none. What was
 * built just now counts as well. */
static double usual_seconds(const struct story *story)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];
		bool built = p->state == STORY_BUILT || p->state == STORY_SAME;
		double took = built ? story_seconds(story, p) : p->expected;

		if (took > 0) {
			sum += took;
			n++;
		}
	}
	return n ? sum / n : -1;
}

/* Bytes a second, of all downloads together; 0: not known yet. */
static double fetch_rate(const struct story *story)
{
	double now = story_now(story), bytes = 0;

	for (size_t i = 0; i < story->n; i++)
		bytes += story->packages[i].fetched;
	return now >= RATE_SECONDS ? bytes / now : 0;
}

static double bytes_left(const struct story_package *p)
{
	return p->state == STORY_FETCHING && p->to_fetch > p->fetched
		       ? (double)(p->to_fetch - p->fetched)
		       : 0;
}

/* When the last of what it needs ends, by `ends`, in the order of the packages. */
static double needs_end(const struct story *story, const struct story_package *p,
			const double *ends)
{
	double last = 0;

	strv_foreach (need, &p->needs) {
		const struct story_package *other = story_find(story, *need);

		if (other && other < p && ends[other - story->packages] > last)
			last = ends[other - story->packages];
	}
	return last;
}

/* The packages that are over, and those that are fetched by their part. */
static double share_of_packages(const struct story *story)
{
	double done = 0;

	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		if (story_is_over(p))
			done++;
		else if (p->to_fetch && p->fetched < p->to_fetch)
			done += (double)p->fetched / (double)p->to_fetch;
	}
	return story->n ? done / story->n : 0;
}

static void count(struct outlook *o, const struct story *story)
{
	o->packages = story->n;
	for (size_t i = 0; i < story->n; i++) {
		const struct story_package *p = &story->packages[i];

		o->over += story_is_over(p);
		o->failed += p->state == STORY_FAILED || p->state == STORY_SKIPPED;
		o->running += p->state == STORY_RUNNING;
		o->fetching += story_is_download(p);
	}
}

struct outlook outlook_of(const struct story *story)
{
	double now = story_now(story), usual = usual_seconds(story), rate = fetch_rate(story);
	double done = 0, left = 0, chain = 0, bytes = 0, wide;
	autofree double *ends = calloc(story->n + 1, sizeof(*ends));
	struct outlook o = { 0 };

	for (size_t i = 0; ends && i < story->n; i++) {
		const struct story_package *p = &story->packages[i];
		double passed = story_seconds(story, p);
		double whole = p->expected >= 0 ? p->expected : usual > 0 ? usual : 0;
		double rest = !story_is_over(p) && whole > passed ? whole - passed : 0;
		double here = needs_end(story, p, ends);

		bytes += bytes_left(p);
		if (rate > 0 && bytes_left(p) / rate > here)
			here = bytes_left(p) / rate;
		ends[i] = here + rest;
		chain = ends[i] > chain ? ends[i] : chain;
		done += passed;
		left += rest;
	}
	if (rate > 0 && bytes / rate > chain)
		chain = bytes / rate;
	wide = done > now && now > 0 ? done / now : 1;
	count(&o, story);
	o.share = usual > 0 && done + left > 0 ? done / (done + left) : share_of_packages(story);
	o.left = usual <= 0 && chain <= 0 ? -1 : left / wide > chain ? left / wide : chain;
	return o;
}

void outlook_left(const struct outlook *o, char words[static OUTLOOK_LEFT])
{
	long minutes = (long)(o->left / 60 + 0.5);

	if (o->left < 0.5)
		*words = '\0';
	else if (o->left < 60)
		snprintf(words, OUTLOOK_LEFT, "%.0f s left", o->left);
	else if (o->left < 90 * 60)
		snprintf(words, OUTLOOK_LEFT, "%ld min left", minutes);
	else
		snprintf(words, OUTLOOK_LEFT, "%ld h %ld min left", minutes / 60, minutes % 60);
}

void outlook_words(const struct outlook *o, char *words, size_t size)
{
	char counts[3][32] = { "" }, left[OUTLOOK_LEFT];

	if (o->failed)
		snprintf(counts[0], sizeof(counts[0]), ", %zu failed", o->failed);
	if (o->running)
		snprintf(counts[1], sizeof(counts[1]), ", %zu running", o->running);
	if (o->fetching)
		snprintf(counts[2], sizeof(counts[2]), ", %zu fetching", o->fetching);
	outlook_left(o, left);
	snprintf(words, size, "%zu of %zu%s%s%s%s%s", o->over, o->packages, counts[0], counts[1],
		 counts[2], *left ? ", " : "", left);
}
