# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# browser.sh - look at a page in headless Chromium: . "$TOP/tests/builder/browser.sh"
#
#   browse PAGE WIDTH      the page's DOM into the file dom, what the console says into console, all
#                          URLs that the page asked for into urls (the browser has some of its own)
#   browse_with SCRIPT PAGE WIDTH   the same of a copy without its policy and with a script at its
#                          end, which says what it finds by say(TEXT): the lines go to said
#   BROWSE_FLAGS           more options; DARK is one that wants dark pages

DARK=--blink-settings=preferredColorScheme=0

browse()
{
	need chromium python3
	rm -rf profile dom console urls
	browse_tmp=$(mktemp -d /tmp/browse.XXXXXX)	# its socket wants a short name
	# no service of the browser itself is wanted, and none could be reached
	browse_status=0
	# BROWSE_FLAGS are words
	# shellcheck disable=SC2086
	env HOME="$TESTDIR" TMPDIR="$browse_tmp" timeout -k 5 60 chromium --headless --no-sandbox --disable-gpu --disable-quic \
		--no-first-run --disable-background-networking --disable-component-update --disable-sync \
		--disable-extensions --disable-default-apps --disable-dev-shm-usage --disable-breakpad ${BROWSE_FLAGS-} \
		--host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$TESTDIR/profile" \
		--log-net-log="$TESTDIR/netlog" --enable-logging=stderr --run-all-compositor-stages-before-draw \
		--virtual-time-budget=2000 --window-size="$2,1000" --dump-dom "file://$1" >dom 2>chromium.err ||
		browse_status=$?
	rm -rf "$browse_tmp"
	test "$browse_status" -eq 0 ||
		fail "chromium ended with status $browse_status: $(tail -n 3 chromium.err)"
	grep -a 'CONSOLE' chromium.err >console || :
	python3 - netlog >urls <<'PY'
import json, sys
urls = set()
for event in json.load(open(sys.argv[1], errors="replace"))["events"]:
    params = event.get("params", {})
    if params.get("initiator", "not an origin") != "not an origin":
        urls.add(params.get("url", "?"))
print("\n".join(sorted(urls)))
PY
	grep -q '</html>' dom || fail "there is no page"
}

browse_with()
{
	python3 - "$1" "$2" >copy.html <<'PY'
import re, sys
page = open(sys.argv[2], encoding="utf-8").read()
page, n = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
assert n == 1, "the page has no policy"
at = page.rindex("</body>")
sys.stdout.reconfigure(encoding="utf-8")
print(page[:at] + """<script>
addEventListener("load", () => {
	const said = [];
	const say = (text) => said.push("said: " + text);
	try { """ + sys.argv[1] + """ } catch (e) { say("error " + e); }
	parent.postMessage(said.join("\\n"), "*");
});
</script>""" + page[at:])
PY
	test -s copy.html || fail "no copy of the page"
	# in a frame, since a window is 500 points wide at least
	cat >frame.html <<-EOF
		<!DOCTYPE html><meta charset="utf-8"><pre></pre><script>
		addEventListener("message", (e) => document.querySelector("pre").textContent = "\n" + e.data + "\n");
		</script><iframe src="copy.html" width="$3" height="900"></iframe>
		</html>
	EOF
	browse "$TESTDIR/frame.html" "$(($3 + 100))"
	sed -n -e 's/&lt;/</g; s/&gt;/>/g; s/&nbsp;/ /g; s/&amp;/\&/g' -e 's/^said: //p' dom >said
	grep -v '/copy.html$' urls >others || :
	mv others urls
	test -s said || fail "the script said nothing: $(cat console)"
}
