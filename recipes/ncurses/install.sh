make install DESTDIR="$DESTDIR"

# Programs ask for -lncurses and -lcurses too, and readline.pc for ncurses.pc.
lib=$DESTDIR$PREFIX/$HOST_TRIPLE_LIB_DIR
for name in ncurses curses; do
	ln -sf libncursesw.so "$lib/lib$name.so"
	ln -sf libncursesw.a "$lib/lib$name.a"
done
ln -sf ncursesw.pc "$lib/pkgconfig/ncurses.pc"

terminals=linux,vt100,vt220,ansi,dumb,xterm,xterm-color,xterm-256color
terminals=$terminals,screen,screen-256color,tmux,tmux-256color,rxvt-unicode-256color
mkdir -p "$DESTDIR$PREFIX/share/terminfo"
tic -x -o "$DESTDIR$PREFIX/share/terminfo" -e "$terminals" misc/terminfo.src
