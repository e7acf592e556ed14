# bzip2 knows PREFIX and no DESTDIR, so its links would hold the folder that they are made in.
bin=$DESTDIR$PREFIX/bin
lib=$DESTDIR$PREFIX/$HOST_TRIPLE_LIB_DIR

make install PREFIX="$DESTDIR$PREFIX"
if [ "$HOST_TRIPLE_LIB_DIR" != lib ]; then
	mkdir -p "$lib"
	mv "$DESTDIR$PREFIX/lib/libbz2.a" "$lib/"
fi

ln -sf bzdiff "$bin/bzcmp"
ln -sf bzgrep "$bin/bzegrep"
ln -sf bzgrep "$bin/bzfgrep"
ln -sf bzmore "$bin/bzless"
ln -sf bzip2 "$bin/bunzip2"
ln -sf bzip2 "$bin/bzcat"

mkdir -p "$DESTDIR$PREFIX/share"
mv "$DESTDIR$PREFIX/man" "$DESTDIR$PREFIX/share/"

install -m 755 libbz2.so.1.0.8 "$lib/"
ln -sf libbz2.so.1.0.8 "$lib/libbz2.so.1.0"
ln -sf libbz2.so.1.0 "$lib/libbz2.so.1"
ln -sf libbz2.so.1.0 "$lib/libbz2.so"
