# The sysroot's /lib is a link, its headers are the toolchain's, and its files may be nobody's to write.
make install subdirs="$(cat wanted)" install_root="$BUILD_DIR/root"

lib=$PREFIX/$HOST_TRIPLE_LIB_DIR
mkdir -p "$DESTDIR$lib"
cp -a --remove-destination root/lib/ld-* "$DESTDIR$lib/"
cp -a --remove-destination "root$lib"/*.o "root$lib"/*.a "root$lib"/*.so "root$lib"/*.so.* "$DESTDIR$lib/"
sed -i "s#/lib/ld-#$lib/ld-#" "$DESTDIR$lib/libc.so"
