// SPDX-License-Identifier: GPL-2.0-or-later
/* For which machine a file is: heads and ARM's attributes made by hand, whole and broken. */
#include "fs/base/elf.h"

#include <ar.h>
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

/* An object of ARM: its head, the attributes, three section heads and their names. */
struct arm {
	Elf32_Ehdr head;
	unsigned char attributes[64];
	char names[32];
	Elf32_Shdr sections[3];
};

/* "A", then the part of a vendor, in it that of the whole file, in it what `tags` has. */
static struct arm make_arm(const char *tags, size_t len)
{
	static const char names[] = "\0.shstrtab\0.ARM.attributes";
	uint32_t file = 5 + len, part = 4 + 6 + file;
	struct arm a = {
		.head = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_REL, .e_machine = EM_ARM, .e_version = EV_CURRENT,
			.e_ehsize = sizeof(Elf32_Ehdr), .e_shoff = offsetof(struct arm, sections),
			.e_shentsize = sizeof(Elf32_Shdr), .e_shnum = 3, .e_shstrndx = 1,
		},
		.sections = {
			[1] = { .sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct arm, names),
				.sh_size = sizeof(names), .sh_addralign = 1 },
			[2] = { .sh_name = 11, .sh_type = SHT_ARM_ATTRIBUTES,
				.sh_offset = offsetof(struct arm, attributes), .sh_size = 1 + part,
				.sh_addralign = 1 },
		},
	};
	unsigned char *at = a.attributes;

	*at++ = 'A';
	memcpy(at, &part, 4);
	memcpy(at + 4, "aeabi", 6);
	at[10] = 1;
	memcpy(at + 11, &file, 4);
	memcpy(at + 15, tags, len);
	memcpy(a.names, names, sizeof(names));
	return a;
}

static int read_file(const void *data, size_t len, struct elf_machine *m)
{
	autofd int fd = -1;

	scratch_put("file", data, len);
	fd = open("file", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return elf_machine(fd, NULL, m);
}

static void attributes_of_arm(void **state)
{
	static const struct {
		const char *tags;
		size_t len;
		enum elf_float floats;
		const char *words;
	} cases[] = {
		{ "\6\12", 2, ELF_FLOAT_ANY, "arm v7" },
		{ "\6\7\34\1", 4, ELF_FLOAT_HARD, "arm hard float v6KZ" },
		{ "\34\1\32\2\6\12", 6, ELF_FLOAT_HARD, "arm hard float v7" },
		{ "\6\12\32\2", 4, ELF_FLOAT_SOFT, "arm soft float v7" }, /* gcc's enums */
		{ "\5"
		  "7-A\0\6\16\34\1",
		  9, ELF_FLOAT_HARD, "arm hard float v8" },
		{ "\40\1gnu\0\6\6", 8, ELF_FLOAT_ANY, "arm v6" },
		{ "\103\62.09\0\6\11", 8, ELF_FLOAT_ANY, "arm v6K" },
		{ "\6\177", 2, ELF_FLOAT_ANY, "arm" }, /* a level that nobody knows yet */
		{ "\5never ends", 11, ELF_FLOAT_ANY, "arm" },
		{ "\206", 1, ELF_FLOAT_ANY, "arm" }, /* a number that goes on behind the end */
		{ "", 0, ELF_FLOAT_ANY, "arm" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arm a = make_arm(cases[i].tags, cases[i].len);
		char words[ELF_WORDS];
		struct elf_machine m;

		assert_int_equal(read_file(&a, sizeof(a), &m), 1);
		elf_words(&m, words);
		assert_string_equal(words, cases[i].words);
		assert_int_equal(m.floats, cases[i].floats);
	}
}

/* Sizes that lie, and files that end early, are read to their end and no further. */
static void attributes_that_lie(void **state)
{
	struct elf_machine m;

	(void)state;
	for (size_t at = 0; at < 24; at++) {
		struct arm a = make_arm("\6\12\34\1", 4);

		a.attributes[at] ^= 0xff;
		read_file(&a, sizeof(a), &m);
		a.sections[2].sh_size = 0x7fffffff;
		read_file(&a, sizeof(a), &m);
	}
	for (size_t len = 0; len < sizeof(struct arm); len += 3) {
		struct arm a = make_arm("\6\12\34\1", 4);

		read_file(&a, len, &m);
	}
}

static void what_fits(void **state)
{
	const struct elf_machine pi1 = { EM_ARM, false, false, ELF_FLOAT_HARD, 11, false };
	static const struct {
		struct elf_machine code;
		enum elf_fit fit;
	} cases[] = {
		{ { EM_ARM, false, false, ELF_FLOAT_HARD, 11, false }, ELF_FITS },
		{ { EM_ARM, false, false, ELF_FLOAT_ANY, 0, false }, ELF_FITS },
		{ { EM_ARM, false, false, ELF_FLOAT_HARD, 10, false }, ELF_FITS },
		{ { EM_ARM, false, false, ELF_FLOAT_HARD, 12, false }, ELF_NEWER },
		{ { EM_ARM, false, false, ELF_FLOAT_HARD, 13, false }, ELF_NEWER },
		{ { EM_ARM, false, false, ELF_FLOAT_HARD, 13, true }, ELF_CHOOSES },
		{ { EM_ARM, false, false, ELF_FLOAT_SOFT, 11, false }, ELF_OTHER_FLOATS },
		{ { EM_ARM, false, true, ELF_FLOAT_HARD, 11, false }, ELF_OTHER_MACHINE },
		{ { EM_AARCH64, true, false, 0, 0, false }, ELF_OTHER_MACHINE },
		{ { EM_X86_64, true, false, 0, 0, false }, ELF_OTHER_MACHINE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(elf_fits(&pi1, &cases[i].code), cases[i].fit);
}

/* A static library is for the machine of the member that fits worst; other archives are none. */
static void archives(void **state)
{
	Elf64_Ehdr x86 = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			   .e_type = ET_REL,
			   .e_machine = EM_X86_64,
			   .e_version = EV_CURRENT,
			   .e_ehsize = sizeof(x86) };
	const struct elf_machine board = { EM_AARCH64, true, false, 0, 0, false };
	Elf64_Ehdr own = x86;
	char text[2048] = ARMAG;
	struct elf_machine m;
	autofd int fd = -1;
	size_t at = SARMAG;

	(void)state;
	own.e_machine = EM_AARCH64;
	for (int i = 0; i < 3; i++) {
		at += sprintf(text + at,
			      "m%d.o/           0           0     0     644     %-10zu`\n", i,
			      sizeof(x86));
		memcpy(text + at, i == 1 ? &x86 : &own, sizeof(x86));
		at += sizeof(x86);
	}
	scratch_put("library.a", text, at);
	fd = open("library.a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(elf_machine(fd, &board, &m), 1);
	assert_int_equal(m.machine, EM_X86_64);
	at = SARMAG + sprintf(text + SARMAG,
			      "%-16s0           0     0     644     4         `\n2.0\n",
			      "debian-binary");
	assert_int_equal(read_file(text, at, &m), 0);
	assert_int_equal(read_file("#!/bin/sh\n", 10, &m), 0);
	assert_int_equal(read_file("", 0, &m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_of_arm),
		cmocka_unit_test(attributes_that_lie),
		cmocka_unit_test(what_fits),
		cmocka_unit_test(archives),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
