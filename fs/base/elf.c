// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/elf.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"

static void cleanup_elf(Elf **e)
{
	elf_end(*e);
}
#define autoelf cleanup(cleanup_elf)

void elf_facts_release(struct elf_facts *f)
{
	free(f->build_id);
	free(f->soname);
	free(f->rpath);
	strv_release(&f->needed);
	*f = (struct elf_facts){ 0 };
}

static Elf *begin(int fd)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	return elf_begin(fd, ELF_C_READ, NULL);
}

static int copy(char **to, const char *from)
{
	if (!from || *to)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int read_dynamic(Elf *e, Elf_Scn *section, const GElf_Shdr *head, struct elf_facts *f)
{
	Elf_Data *data = elf_getdata(section, NULL);
	autofree char *old = NULL;
	GElf_Dyn dyn;
	int r = 0;

	f->is_dynamic = true;
	for (int i = 0; data && r == 0 && gelf_getdyn(data, i, &dyn); i++) {
		const char *text = elf_strptr(e, head->sh_link, dyn.d_un.d_val);

		if (dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag == DT_NEEDED && text)
			r = strv_add(&f->needed, text);
		if (dyn.d_tag == DT_SONAME)
			r = copy(&f->soname, text);
		if (dyn.d_tag == DT_RUNPATH)
			r = copy(&f->rpath, text);
		if (dyn.d_tag == DT_RPATH)
			r = copy(&old, text);
	}
	f->rpath_is_old = r == 0 && !f->rpath && old;
	return r == 0 ? copy(&f->rpath, old) : r;
}

static int read_notes(Elf_Scn *section, struct elf_facts *f)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t at = 0, next, name, desc;
	GElf_Nhdr note;

	for (; data && (next = gelf_getnote(data, at, &note, &name, &desc)); at = next) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf + desc;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp((char *)data->d_buf + name, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz < 2 || note.n_descsz > 64)
			continue;
		free(f->build_id);
		f->build_id = malloc(2 * note.n_descsz + 1);
		if (!f->build_id)
			return -ENOMEM;
		for (size_t i = 0; i < note.n_descsz; i++)
			sprintf(f->build_id + 2 * i, "%02x", bytes[i]);
	}
	return 0;
}

/* Behind the last section and the table of them, which linkers put at the end. */
static bool has_more(Elf *e, const GElf_Ehdr *ehdr, int fd)
{
	uint64_t end = ehdr->e_shoff + (uint64_t)ehdr->e_shnum * ehdr->e_shentsize;
	Elf_Scn *section = NULL;
	GElf_Shdr head;
	struct stat st;

	while ((section = elf_nextscn(e, section)))
		if (gelf_getshdr(section, &head) && head.sh_type != SHT_NOBITS &&
		    head.sh_offset + head.sh_size > end)
			end = head.sh_offset + head.sh_size;
	return fstat(fd, &st) == 0 && (uint64_t)st.st_size > end;
}

static int read_section(Elf *e, size_t names, Elf_Scn *section, struct elf_facts *f)
{
	GElf_Shdr head;
	const char *name;

	if (!gelf_getshdr(section, &head))
		return 0;
	name = elf_strptr(e, names, head.sh_name);
	if (name && (strncmp(name, ".debug_", 7) == 0 || strncmp(name, ".zdebug_", 8) == 0))
		f->has_debug = true;
	f->has_symbols |= head.sh_type == SHT_SYMTAB;
	if (head.sh_type == SHT_DYNAMIC)
		return read_dynamic(e, section, &head, f);
	return head.sh_type == SHT_NOTE ? read_notes(section, f) : 0;
}

int elf_read(int fd, struct elf_facts *ret)
{
	autoelf Elf *e = begin(fd);
	struct elf_facts f = { 0 };
	Elf_Scn *section = NULL;
	GElf_Ehdr head;
	size_t names;
	int r = 0;

	if (!e || elf_kind(e) != ELF_K_ELF || !gelf_getehdr(e, &head) ||
	    elf_getshdrstrndx(e, &names) < 0)
		return 0;
	f.is_linked = head.e_type == ET_DYN || head.e_type == ET_EXEC;
	while (r == 0 && (section = elf_nextscn(e, section)))
		r = read_section(e, names, section, &f);
	f.has_more = has_more(e, &head, fd);
	if (r < 0) {
		elf_facts_release(&f);
		return r;
	}
	*ret = f;
	return 1;
}

size_t elf_loaded_size(int fd)
{
	autoelf Elf *e = begin(fd);
	size_t n = 0, end = 0;
	GElf_Phdr head;

	if (!e || elf_kind(e) != ELF_K_ELF || elf_getphdrnum(e, &n) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(e, (int)i, &head) && head.p_type == PT_LOAD &&
		    head.p_offset + head.p_filesz > end)
			end = head.p_offset + head.p_filesz;
	return end;
}

bool elf_archive_is_dated(int fd)
{
	autoelf Elf *archive = begin(fd);
	bool dated = false, library = false;
	Elf *member;

	if (!archive || elf_kind(archive) != ELF_K_AR)
		return false;
	while ((!dated || !library) && (member = elf_begin(fd, ELF_C_READ, archive))) {
		const Elf_Arhdr *head = elf_getarhdr(member);
		Elf_Cmd next;

		dated |= head && (head->ar_date || head->ar_uid || head->ar_gid);
		library |= elf_kind(member) == ELF_K_ELF;
		next = elf_next(member);
		elf_end(member);
		if (next == ELF_C_NULL)
			break;
	}
	return dated && library;
}
