# Its own names of machines; the compilers are those of the environment.
case $HOST_ARCH in
arm*) machine=linux-armv4 ;;
*) machine=linux-$HOST_ARCH ;;
esac
"$SOURCE_DIR/Configure" "$machine" --prefix="$PREFIX" --libdir="$HOST_TRIPLE_LIB_DIR" --openssldir="$PREFIX/ssl" \
	shared no-tests
