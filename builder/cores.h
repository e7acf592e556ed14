// SPDX-License-Identifier: GPL-2.0-or-later
/* cores.h - how long the machine's cores have had nothing to do (proc_stat(5)). */
#pragma once

/* Seconds since the boot, of all cores together; < 0 when it cannot be known. */
double cores_idle(void);
