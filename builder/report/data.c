// SPDX-License-Identifier: GPL-2.0-or-later
/* The style and the script. */
#include "builder/base/embed.h"
#include "builder/report/report.h"

EMBED(report_css, "builder/report/report.css");
EMBED(report_js, "builder/report/report.js");
