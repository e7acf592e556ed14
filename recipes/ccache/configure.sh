# An archive of a commit does not say which version this is; the news do.
version=$(sed -n 's/^== Ccache \([0-9.]*\)$/\1/p' "$SOURCE_DIR/doc/NEWS.adoc" | sed -n 1p)
sed -i "s/^set(CCACHE_VERSION \"unknown\")/set(CCACHE_VERSION \"$version\")/" "$SOURCE_DIR/cmake/CcacheVersion.cmake"
# shellcheck disable=SC2086
cmake -S "$SOURCE_DIR" $CONFIGURE_ARGS -DREDIS_STORAGE_BACKEND=OFF -DENABLE_TESTING=OFF -DZSTD_FROM_INTERNET=OFF
