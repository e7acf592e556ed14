# Not what nobody links with, which takes as long as all the rest.
make "$BUILD_DIR/sysd-sorted"
sed -n 's/^sorted-subdirs :=//p' sysd-sorted | tr ' ' '\n' |
	grep -vxE 'iconvdata|localedata|po|manual|conform|support|nscd' | tr '\n' ' ' >wanted
make subdirs="$(cat wanted)"
