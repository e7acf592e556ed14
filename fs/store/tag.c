// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/tag.h"

#include <string.h>

#include "fs/store/layer.h"

const char *tag_of_layer(const struct layer *layer, const char *what)
{
	if (strcmp(what, "package") == 0)
		return layer_package(layer);
	if (strcmp(what, "version") == 0)
		return layer_version(layer);
	if (strcmp(what, "layer") == 0)
		return layer->id;
	if (strcmp(what, "origin") == 0)
		return origin_name(layer->origin);
	return NULL;
}
