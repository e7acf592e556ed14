# The usual terminals are compiled in (by the host's tic), and a few more are installed; for any
# other the Pi's own terminfo is read. Neither C++ nor Ada, tests nor a static library for debugging.
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" \
	--libdir="$PREFIX/$HOST_TRIPLE_LIB_DIR" --with-build-cc=gcc --disable-stripping \
	--enable-widec --with-shared --without-debug --without-ada --without-tests \
	--without-cxx --without-cxx-binding --enable-overwrite --without-manpages \
	--enable-pc-files --with-pkg-config-libdir="$PREFIX/$HOST_TRIPLE_LIB_DIR/pkgconfig" \
	--disable-db-install --with-fallbacks=linux,vt100,xterm,xterm-256color \
	--with-default-terminfo-dir="$PREFIX/share/terminfo" \
	--with-terminfo-dirs="$PREFIX/share/terminfo:/etc/terminfo:/lib/terminfo:/usr/share/terminfo"
