// SPDX-License-Identifier: GPL-2.0-or-later
/* json.h - the builder's door to jansson. */
#pragma once

#include <jansson.h>

#include "fs/base/cleanup.h"

static inline void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define autojson cleanup(cleanup_json)
