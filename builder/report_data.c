// SPDX-License-Identifier: GPL-2.0-or-later
/* The style and the script, as they are in their files, with a NUL behind them. */
#include "builder/report.h"

#define EMBED(name, file)                         \
	__asm__(".pushsection .rodata\n"          \
		".global " #name "\n" #name ":\n" \
		".incbin \"builder/" file "\"\n"  \
		".byte 0\n"                       \
		".popsection\n")

EMBED(report_css, "report.css");
EMBED(report_js, "report.js");
