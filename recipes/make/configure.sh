# Debian's source has no configure, and names files of the manual that is not in it.
test -e configure || {
	sed -i 's/ Makefile \\$/ \\/' configure.ac
	sed -i '/^man_MANS =/d' Makefile.am
	autoreconf -fi
}
# shellcheck disable=SC2086
./configure $CONFIGURE_ARGS --disable-nls --without-guile
