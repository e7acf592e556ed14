// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/begun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/name.h"
#include "fs/store/install.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"

enum { KEY_SIZE = 32 };

static void below_key(char key[static KEY_SIZE], size_t i)
{
	snprintf(key, KEY_SIZE, "below.%zu", i);
}

static void set_below(struct kv *kv, const struct layerset *below)
{
	for (size_t i = 0; i < below->n; i++) {
		char key[KEY_SIZE];

		below_key(key, i);
		if (below->v[i]->origin == ORIGIN_PACKAGE)
			kv_set(kv, key, below->v[i]->id);
	}
}

int begun_format(const struct install *install, char **ret)
{
	const struct meta *meta = install->layer->meta;
	autokv struct kv kv = { 0 };

	kv_set(&kv, "token", install->token);
	kv_set(&kv, "version", meta->version);
	kv_set(&kv, "key", meta->key);
	kv_set_words(&kv, "needs", &meta->needs);
	kv_set_words(&kv, "replaces", &meta->replaces);
	parts_to_kv(&meta->parts, &kv);
	set_below(&kv, install->below);
	if (kv_error(&kv))
		return kv_error(&kv);
	*ret = kv_format(&kv);
	return *ret ? 0 : -ENOMEM;
}

int begun_parse(const char *text, struct kv *ret)
{
	return kv_parse(ret, text, strlen(text), NULL);
}

const char *begun_get(const struct kv *kv, const char *key)
{
	const char *value = kv_get(kv, key);

	return value ? value : "";
}

/* In the stack or, when it has been replaced meanwhile, only on disk; with a reference. */
static struct layer *find_layer(const struct state *state, const char *id)
{
	struct layer *layer = state_find_id(state, id);

	if (layer)
		return layer_ref(layer);
	return name_is_layer(id) && state_open_layer(state, id, &layer) == 0 ? layer : NULL;
}

int begun_below(const struct state *state, const struct kv *kv, struct layerset **ret)
{
	size_t n = 0, max = kv->keys.n;
	autofree struct layer **v = calloc(max + 1, sizeof(*v));
	int r = v ? 0 : -ENOMEM;

	while (r == 0 && n < max) {
		char key[KEY_SIZE];
		const char *id;

		below_key(key, n);
		id = kv_get(kv, key);
		if (!id)
			break;
		v[n] = find_layer(state, id);
		if (v[n])
			n++;
		else
			r = -ESTALE;
	}
	if (r == 0 && state->base)
		v[n++] = layer_ref(state->base);
	*ret = r == 0 ? layerset_new(v, n) : NULL;
	for (size_t i = 0; i < n; i++)
		layer_unref(v[i]);
	return r < 0 ? r : *ret ? 0 : -ENOMEM;
}
