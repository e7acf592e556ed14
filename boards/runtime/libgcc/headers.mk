# Behind gcc's own makefile, which knows what its tm.h includes for this processor.
runtime-headers: libgcc.mvars $(GTM_H) $(TCONFIG_H) options.h insn-modes.h version.h
.PHONY: runtime-headers
