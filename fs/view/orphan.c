// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/view/orphan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fs/view/node.h"
#include "fs/view/view.h"

void orphan_name(const struct node *node, char name[static ORPHAN_NAME])
{
	snprintf(name, ORPHAN_NAME, ORPHAN_PREFIX "%x.%x", node->id, node->generation);
}

uint32_t orphan_node(const char *name, uint32_t *generation)
{
	unsigned id;
	int end = 0;

	if (sscanf(name, ORPHAN_PREFIX "%x.%x%n", &id, generation, &end) != 2 || name[end])
		return 0;
	return id;
}

int orphan_take(struct node *node, int dir, const char *name)
{
	char own[ORPHAN_NAME];

	orphan_name(node, own);
	return renameat(dir, name, node->view->work, own) < 0 ? -errno : 0;
}

int orphan_link(struct node *node, int dir, const char *name)
{
	char own[ORPHAN_NAME];

	orphan_name(node, own);
	return linkat(dir, name, node->view->work, own, 0) < 0 ? -errno : 0;
}

void orphan_drop(struct node *node)
{
	char own[ORPHAN_NAME];

	orphan_name(node, own);
	unlinkat(node->view->work, own, 0);
}

void orphan_show(struct stat *st)
{
	if (st->st_nlink)
		st->st_nlink--;
}
