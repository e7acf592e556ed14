# What nobody links with takes as long as all the rest.
make sysd-sorted
subdirs=$(sed -n 's/^sorted-subdirs :=//p' sysd-sorted | tr ' ' '\n' |
	grep -vxE 'iconvdata|localedata|po|manual|conform|support|nscd' | tr '\n' ' ')
make subdirs="$subdirs"
