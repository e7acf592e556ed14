// SPDX-License-Identifier: GPL-2.0-or-later
/* embed.h - a file of ours as a string of the program: as it is, with a NUL behind it.
 *
 * The file is named from the root; the Makefile has to say that the object depends on it, and that
 * it is compiled without link-time optimisation, which does not see what the assembler defines.
 */
#pragma once

#define EMBED(name, file)                         \
	__asm__(".pushsection .rodata\n"          \
		".global " #name "\n" #name ":\n" \
		".incbin \"" file "\"\n"          \
		".byte 0\n"                       \
		".popsection\n")
