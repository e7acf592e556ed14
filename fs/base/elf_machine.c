// SPDX-License-Identifier: GPL-2.0-or-later
/* For which machine: the head of an ELF file, and what ARM's tools say of it in .ARM.attributes
 * (ABI for the Arm Architecture, "Build attributes"). */
#include <ar.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/elf.h"

#define TAG_FILE	 1
#define TAG_CPU_ARCH	 6
#define TAG_ABI_ENUMS	 26
#define TAG_ABI_VFP_ARGS 28
#define TAG_COMPATIBLE	 32

static void cleanup_elf(Elf **e)
{
	elf_end(*e);
}
#define autoelf cleanup(cleanup_elf)

/* Tag_CPU_arch, in the order in which one runs what is for those before: v6KZ and v6K come before
 * v6T2, which has Thumb-2 and not all of theirs. Microcontrollers run nobody else's code. */
static const struct {
	const char *name;
	int level;
} arm_levels[] = {
	{ "", 0 },	{ "v4", 4 },	{ "v4T", 5 },	 { "v5T", 6 },	  { "v5TE", 7 },
	{ "v5TEJ", 8 }, { "v6", 9 },	{ "v6KZ", 11 },	 { "v6T2", 12 },  { "v6K", 10 },
	{ "v7", 13 },	{ "v6-M", 90 }, { "v6S-M", 91 }, { "v7E-M", 92 }, { "v8", 14 },
	{ "v8-R", 93 }, { "v8-M", 94 }, { "v8-M", 95 },
};

static const struct {
	uint16_t machine;
	const char *name;
} names[] = {
	{ EM_386, "i386" },	   { EM_X86_64, "x86-64" },   { EM_ARM, "arm" },
	{ EM_AARCH64, "aarch64" }, { EM_RISCV, "riscv" },     { EM_MIPS, "mips" },
	{ EM_PPC, "powerpc" },	   { EM_PPC64, "powerpc64" }, { EM_S390, "s390" },
	{ EM_SPARC, "sparc" },	   { EM_SPARCV9, "sparc64" }, { EM_BPF, "bpf" },
	{ EM_AVR, "avr" },	   { EM_XTENSA, "xtensa" },
};

void elf_words(const struct elf_machine *m, char words[static ELF_WORDS])
{
	static const char *const floats[] = { "", " soft float", " hard float" };
	bool usual = m->machine == EM_X86_64 || m->machine == EM_AARCH64 || m->machine == EM_PPC64;
	const char *level = "", *name = NULL;
	char number[24];

	snprintf(number, sizeof(number), "machine %u", m->machine);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == m->machine)
			name = names[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(arm_levels); i++)
		if (m->level && arm_levels[i].level == m->level)
			level = arm_levels[i].name;
	snprintf(words, ELF_WORDS, "%s%s%s%s%s%s", name ? name : number,
		 m->is_big_endian ? " big-endian" : "",
		 m->is_64 == (usual || m->machine == EM_BPF) ? ""
		 : m->is_64				     ? " 64 bit"
							     : " 32 bit",
		 floats[m->floats], *level ? " " : "", level);
}

enum elf_fit elf_fits(const struct elf_machine *board, const struct elf_machine *code)
{
	if (code->machine != board->machine || code->is_64 != board->is_64 ||
	    code->is_big_endian != board->is_big_endian)
		return ELF_OTHER_MACHINE;
	if (code->floats && board->floats && code->floats != board->floats)
		return ELF_OTHER_FLOATS;
	if (!board->level || code->level <= board->level)
		return ELF_FITS;
	return code->chooses ? ELF_CHOOSES : ELF_NEWER;
}

void elf_misfit(const struct elf_machine *board, const struct elf_machine *code,
		char line[static ELF_MISFIT])
{
	char is[ELF_WORDS], wanted[ELF_WORDS];
	const char *more = "";

	elf_words(code, is);
	elf_words(board, wanted);
	switch (elf_fits(board, code)) {
	case ELF_OTHER_MACHINE:
		more = ": was it built with this machine's compiler?";
		break;
	case ELF_OTHER_FLOATS:
		more = ": was it built without the board's flags?";
		break;
	case ELF_NEWER:
		more = ", which cannot run it: was it built without the board's flags?";
		break;
	case ELF_CHOOSES:
		more = "; it has functions that are chosen at run time";
		break;
	case ELF_FITS:
		break;
	}
	snprintf(line, ELF_MISFIT, "is for %s, the board is %s%s", is, wanted, more);
}

/* A number in base 128; `*at` goes behind it. */
static uint32_t take_number(const unsigned char **at, const unsigned char *end)
{
	uint32_t value = 0;

	for (int shift = 0; *at < end; shift += 7) {
		unsigned char byte = *(*at)++;

		if (shift < 28)
			value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static void skip_text(const unsigned char **at, const unsigned char *end)
{
	const unsigned char *nul = memchr(*at, '\0', end - *at);

	*at = nul ? nul + 1 : end;
}

static uint32_t take_size(const unsigned char *at, bool big)
{
	return big ? (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3]
		   : (uint32_t)at[3] << 24 | at[2] << 16 | at[1] << 8 | at[0];
}

/* Tags 4 and 5, and odd ones from 32 on, have texts; 32 both; all others numbers.
 *
 * Only hard float has a tag. What else a compiler has made, which says how large its enums are, is
 * soft; an assembler may have left all of that unsaid. */
static void read_tags(const unsigned char *at, const unsigned char *end, struct elf_machine *m)
{
	bool compiled = false;

	while (at < end) {
		uint32_t tag = take_number(&at, end), value = 0;
		bool text = tag == 4 || tag == 5 || (tag > TAG_COMPATIBLE && tag % 2);

		if (!text)
			value = take_number(&at, end);
		if (text || tag == TAG_COMPATIBLE)
			skip_text(&at, end);
		if (tag == TAG_CPU_ARCH && value < ARRAY_SIZE(arm_levels))
			m->level = arm_levels[value].level;
		if (tag == TAG_ABI_VFP_ARGS && value == 1)
			m->floats = ELF_FLOAT_HARD;
		compiled |= tag == TAG_ABI_ENUMS;
	}
	if (compiled && !m->floats)
		m->floats = ELF_FLOAT_SOFT;
}

/* The part of "aeabi" that is about the whole file. */
static void read_attributes(const unsigned char *at, size_t len, struct elf_machine *m)
{
	const unsigned char *end = at + len;

	for (at++; end - at > 10;) {
		uint32_t size = take_size(at, m->is_big_endian), file;
		const unsigned char *part = at + 4, *next;

		if (size < 4 || size > (size_t)(end - at))
			return;
		next = at + size;
		if (next - part > 6 && memcmp(part, "aeabi", 6) == 0 && next - part >= 11 &&
		    part[6] == TAG_FILE) {
			file = take_size(part + 7, m->is_big_endian);
			if (file >= 5 && file <= (size_t)(next - part - 6))
				read_tags(part + 11, part + 6 + file, m);
		}
		at = next;
	}
}

static bool has_ifunc(Elf_Scn *section, const GElf_Shdr *head)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	if (head->sh_type != SHT_SYMTAB && head->sh_type != SHT_DYNSYM)
		return false;
	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++)
		if (GELF_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC)
			return true;
	return false;
}

/* Only ARM has to be asked for more than its head. */
static void read_arm(Elf *e, const GElf_Ehdr *ehdr, struct elf_machine *m)
{
	Elf_Scn *section = NULL;
	GElf_Shdr head;

	while ((section = elf_nextscn(e, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &head))
			continue;
		m->chooses |= has_ifunc(section, &head);
		data = head.sh_type == SHT_ARM_ATTRIBUTES ? elf_rawdata(section, NULL) : NULL;
		if (data && data->d_buf && data->d_size && *(char *)data->d_buf == 'A')
			read_attributes(data->d_buf, data->d_size, m);
	}
	if (ehdr->e_flags & EF_ARM_ABI_FLOAT_HARD)
		m->floats = ELF_FLOAT_HARD;
	if (ehdr->e_flags & EF_ARM_ABI_FLOAT_SOFT)
		m->floats = ELF_FLOAT_SOFT;
}

static bool read_machine(Elf *e, struct elf_machine *ret)
{
	GElf_Ehdr head;

	if (elf_kind(e) != ELF_K_ELF || !gelf_getehdr(e, &head))
		return false;
	*ret = (struct elf_machine){ .machine = head.e_machine,
				     .is_64 = head.e_ident[EI_CLASS] == ELFCLASS64,
				     .is_big_endian = head.e_ident[EI_DATA] == ELFDATA2MSB };
	if (ret->machine == EM_ARM)
		read_arm(e, &head, ret);
	return true;
}

/* One that has a choice makes it for the whole archive. */
static int read_archive(int fd, Elf *archive, const struct elf_machine *board,
			struct elf_machine *ret)
{
	bool chooses = false;
	Elf *member;
	int found = 0;

	while ((member = elf_begin(fd, ELF_C_READ, archive))) {
		struct elf_machine m;
		Elf_Cmd next;

		if (read_machine(member, &m)) {
			chooses |= m.chooses;
			if (!found || (board && elf_fits(board, ret) == ELF_FITS))
				*ret = m;
			found = 1;
		}
		next = elf_next(member);
		elf_end(member);
		if (next == ELF_C_NULL)
			break;
	}
	if (found)
		ret->chooses = chooses;
	return found;
}

/* Most files are neither: they cost one look. */
static bool may_be_code(int fd)
{
	char head[8];

	return pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	       (memcmp(head, ELFMAG, SELFMAG) == 0 || memcmp(head, ARMAG, sizeof(head)) == 0);
}

int elf_machine(int fd, const struct elf_machine *board, struct elf_machine *ret)
{
	autoelf Elf *e = NULL;

	if (!may_be_code(fd) || elf_version(EV_CURRENT) == EV_NONE)
		return 0;
	e = elf_begin(fd, ELF_C_READ, NULL);
	if (!e)
		return 0;
	return elf_kind(e) == ELF_K_AR ? read_archive(fd, e, board, ret) : read_machine(e, ret);
}
