# SPDX-License-Identifier: GPL-2.0-or-later
"""server - an HTTP server that misbehaves in the way that the first part of a path says.

usage: python3 server.py DIR    (serves the files of DIR; writes its port into ./port)

    /plain/NAME             the file, or the range of it that is asked for
    /norange/NAME           the file, whatever is asked for
    /refusing/NAME          416 to any range
    /cut/NAME               half of what is to come, and hangs up; from the third time on, all of it
    /always-cut/NAME        always so
    /busy/NAME              503 and Retry-After: 1, the first time
    /later/NAME             503 and Retry-After: 3600
    /absent/NAME            404
    /page/NAME              a page, as a captive portal shows it
    /silent/NAME            40 bytes, and nothing more
    /mute/NAME              nothing
    /drip/NAME              150 bytes a second, for ever, but never silent
    /endless/NAME           bytes for ever, and no word of how many
    /huge/NAME              says that it has 5 GB
    /short/NAME             half of it, and no word of how many
    /other/NAME             as many bytes as the file has, and others
    /to/HOST:PORT/KIND/NAME 302 to http://HOST:PORT/KIND/NAME

Each request is a line in ./asked, when it comes: PATH, and its Range.
"""
import http.server
import os
import re
import sys
import threading
import time

lock = threading.Lock()
seen = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with lock:
            seen[self.path] = seen.get(self.path, 0) + 1
            self.times = seen[self.path]
            with open("asked", "a", encoding="utf-8") as f:
                f.write(f"{self.path} {self.headers.get('Range', '-')}\n")
        parts = self.path.lstrip("/").split("/")
        self.name = parts[-1]
        getattr(self, "serve_" + parts[0].replace("-", "_"))(*parts[1:-1])

    def head(self, status, length, **headers):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()

    def data(self):
        with open(os.path.join(sys.argv[1], self.name), "rb") as f:
            return f.read()

    def rest(self):
        """Say what comes, and return it."""
        data = self.data()
        asked = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        start = int(asked.group(1)) if asked else 0
        if asked and start >= len(data):
            self.head(416, 0, Content_Range=f"bytes */{len(data)}")
            return b""
        if asked:
            self.head(206, len(data) - start, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.head(200, len(data))
        return data[start:]

    def serve_plain(self):
        self.wfile.write(self.rest())

    def serve_norange(self):
        data = self.data()
        self.head(200, len(data))
        self.wfile.write(data)

    def serve_refusing(self):
        if "Range" in self.headers:
            self.head(416, 0)
        else:
            self.serve_plain()

    def serve_cut(self):
        rest = self.rest()
        self.wfile.write(rest if self.times > 2 else rest[:len(rest) // 2])

    def serve_always_cut(self):
        rest = self.rest()
        self.wfile.write(rest[:len(rest) // 2])

    def serve_busy(self):
        if self.times == 1:
            self.head(503, 0, Retry_After="1")
        else:
            self.serve_plain()

    def serve_later(self):
        self.head(503, 0, Retry_After="3600")

    def serve_absent(self):
        self.head(404, 0)

    def serve_page(self):
        page = b"<html>Welcome</html>"
        self.head(200, len(page))
        self.wfile.write(page)

    def serve_silent(self):
        rest = self.rest()
        self.wfile.write(rest[:40])
        self.wfile.flush()
        time.sleep(60)

    def serve_mute(self):
        time.sleep(60)

    def serve_drip(self):
        self.head(200, None)
        self.forever(15, 0.1)

    def serve_endless(self):
        self.head(200, None)
        self.forever(65536, 0)

    def forever(self, piece, pause):
        try:
            while True:
                self.wfile.write(b"x" * piece)
                self.wfile.flush()
                time.sleep(pause)
        except OSError:
            pass

    def serve_huge(self):
        self.head(200, 5 << 30)
        self.forever(65536, 0)

    def serve_short(self):
        data = self.data()
        self.head(200, None)
        self.wfile.write(data[:len(data) // 2])

    def serve_other(self):
        size = len(self.data())
        self.head(200, size)
        self.wfile.write(b"x" * size)

    def serve_to(self, host, kind):
        self.head(302, 0, Location=f"http://{host}/{kind}/{self.name}")

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass    # who is downloading may hang up


server = Server(("127.0.0.1", 0), Handler)
with open("port.new", "w", encoding="ascii") as f:
    f.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
