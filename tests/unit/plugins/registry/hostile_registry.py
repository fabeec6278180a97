#!/usr/bin/env python3
"""A registry that misbehaves as its caller asks: "hostile_registry.py CASE" prints its port and serves until stdin closes.

Every request is appended to the log that GET /log gives back, with its Authorization header, so that a test can tell what was
asked for, how often, and with which credentials. GET /case/CASE forgets everything and misbehaves in another way from then on."""
import hashlib
import http.server
import json
import os
import socketserver
import sys
import threading
import time

BLOB = bytes(range(256)) * 8192  # 2 MiB
CONFIG = b'{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' % (b"3" * 64)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


MANIFEST = json.dumps({
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(CONFIG), "size": len(CONFIG)},
    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(BLOB), "size": len(BLOB)}],
}).encode()
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CASE = sys.argv[1]
log = []
seen = {}
stored = {}
sessions = {}


def times(key):
    seen[key] = seen.get(key, 0) + 1
    return seen[key]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code, message="as the test wants it", **headers):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(),
                    Content_Type="application/json", **headers)

    def note(self):
        log.append("%s %s %s" % (self.command, self.path, self.headers.get("Authorization", "-")))

    def drop(self):
        self.close_connection = True
        self.connection.close()

    def host(self, name="127.0.0.1"):
        return "http://%s:%d" % (name, self.server.server_address[1])

    def do_GET(self):
        if self.path == "/log":
            self.answer(200, "\n".join(log).encode())
            return
        if self.path.startswith("/case/"):
            global CASE
            CASE = self.path[len("/case/"):]
            for state in (log, seen, stored, sessions):
                state.clear()
            self.answer(200)
            return
        self.note()
        if CASE in ("401-forever", "basic", "bearer", "bearer-bad-realm", "bearer-hostile-token") and not self.authorized():
            return
        if self.path.startswith("/token"):
            self.token()
        elif "/manifests/" in self.path:
            self.manifest()
        elif "/blobs/uploads/" in self.path:
            self.session_state()
        elif "/blobs/" in self.path:
            self.blob()
        elif "/tags/list" in self.path:
            self.tags()
        else:
            self.error(404, "NAME_UNKNOWN")

    do_HEAD = do_GET

    # --- permission ---

    def authorized(self):
        given = self.headers.get("Authorization", "")
        if self.path.startswith("/token"):
            return True
        if CASE == "401-forever":
            self.error(401, "UNAUTHORIZED", WWW_Authenticate='Bearer realm="%s/token?n=%d",service="s",scope="repository:a:x%d"' %
                       (self.host(), len(log), len(log)))
        elif CASE == "basic":
            if given == "Basic YWxpY2U6c2VjcmV0":
                return True
            self.error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="test"')
        else:
            if given == "Bearer good":
                return True
            realm = "http://169.254.169.254/token" if CASE == "bearer-bad-realm" else self.host() + "/token"
            self.error(401, "UNAUTHORIZED", WWW_Authenticate='Bearer realm="%s",service="s",scope="repository:a:pull"' % realm)
        return False

    def token(self):
        if CASE == "bearer-hostile-token":
            self.answer(200, b'{"token":"good\\r\\nX-Evil: 1"}')
        elif CASE == "401-forever":
            self.answer(200, b'{"token":"t%d"}' % len(log))
        elif times("token") == 1:
            self.answer(503)
        else:
            self.answer(200, b'{"token":"good","expires_in":60}')

    # --- reading ---

    def manifest(self):
        reference = self.path.rsplit("/", 1)[1]
        body = stored.get(reference, MANIFEST)
        headers = {"Content_Type": MANIFEST_TYPE, "Docker_Content_Digest": digest(body)}
        if CASE == "500":
            self.error(500, "UNKNOWN", "disk on fire \x1b[31m")
        elif CASE == "500-then-fine" and times("manifest") < 3:
            self.error(500, "UNKNOWN")
        elif CASE == "429-then-fine" and times("manifest") < 2:
            self.error(429, "TOOMANYREQUESTS", Retry_After="1")
        elif CASE == "429-for-ages":
            self.error(429, "TOOMANYREQUESTS", Retry_After="999999999")
        elif CASE == "wrong-digest":
            self.answer(200, body + b" ", **headers)
        elif CASE == "wrong-digest-once" and times("manifest") == 1:
            self.answer(200, body + b" ", Content_Type=MANIFEST_TYPE)
        elif CASE == "html":
            self.answer(200, b"<html>log in</html>", Content_Type="text/html")
        elif CASE == "endless-manifest":
            self.answer(200, b" " * (5 << 20), Content_Type=MANIFEST_TYPE)
        elif CASE == "redirect-loop":
            self.answer(307, Location=self.path)
        elif CASE == "redirect-file":
            self.answer(307, Location="file:///etc/passwd")
        elif CASE == "redirect-inside":
            self.answer(307, Location="http://169.254.169.254/latest/meta-data")
        elif CASE == "long-header":
            self.answer(200, body, **headers, X_Long="x" * 60000, X_Longer="x" * 60000)
        elif CASE == "two-lengths":
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"123456")
            self.close_connection = True
        elif CASE == "reset-in-header":
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")
            self.drop()
        elif CASE == "slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(30):
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.5)
        elif CASE == "index-loop":
            index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
                {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + "1" * 64, "size": 10,
                 "platform": {"os": "linux", "architecture": "amd64"}}]}
            self.answer(200, json.dumps(index).encode(), Content_Type="application/vnd.oci.image.index.v1+json")
        elif CASE == "warning":
            self.answer(200, body, Warning='299 - "pay your bill \x07 soon"', **headers)
        elif CASE == "missing":
            self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        else:
            self.answer(200, body, **headers)

    def blob(self):
        wanted = self.path.rsplit("/", 1)[1]
        if self.command == "HEAD":
            body = stored.get(wanted)
            if body is None and CASE != "mount":
                self.error(404, "BLOB_UNKNOWN")
            elif body is None:
                self.error(404, "BLOB_UNKNOWN")
            else:
                self.answer(200, body)
            return
        body = CONFIG if wanted == digest(CONFIG) else stored.get(wanted, BLOB)
        start = 0
        given = self.headers.get("Range")
        if given:
            start = int(given.split("=")[1].split("-")[0])
        if CASE == "redirect-away" and not self.path.startswith("/storage"):
            self.answer(307, Location="%s/storage/blobs/%s" % (self.host("localhost"), wanted))
        elif CASE == "flipped":
            self.answer(200, b"\1" + body[1:])
        elif CASE == "flipped-once" and times("blob") == 1:
            self.answer(200, body[:-1] + b"\0")
        elif CASE == "longer":
            self.answer(200, body + b"more")
        elif CASE == "longer-chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            except OSError:
                pass
        elif CASE == "short-length":
            self.answer(200, body[:-5])
        elif CASE in ("broken", "broken-no-range", "broken-wrong-range") and times("blob") < 4:
            part = body[start:] if CASE == "broken" else body
            first = start if CASE == "broken" else 0
            if CASE == "broken" and start:
                self.send_response(206)
                self.send_header("Content-Range", "bytes %d-%d/%d" % (first, len(body) - 1, len(body)))
            elif CASE == "broken-wrong-range" and start:
                self.send_response(206)
                self.send_header("Content-Range", "bytes 0-%d/%d" % (len(body) - 1, len(body)))
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part[:600000])
            self.wfile.flush()
            self.drop()
        elif start:
            self.answer(206, body[start:], Content_Range="bytes %d-%d/%d" % (start, len(body) - 1, len(body)))
        else:
            self.answer(200, body)

    def tags(self):
        query = self.path.split("?", 1)[1] if "?" in self.path else ""
        page = query.split("page=")[1] if "page=" in query else "1"
        if CASE == "tags-500":
            self.error(500, "UNKNOWN", "disk on fire")
        elif CASE == "tags-loop":
            self.answer(200, b'{"tags":["a"]}', Link='<%s>; rel="next"' % self.path)
        elif CASE == "tags-nothing-new":
            self.answer(200, b'{"tags":["a"]}', Link='</v2/a/tags/list?page=%d>; rel="next"' % (int(page) + 1))
        elif CASE == "tags-elsewhere":
            self.answer(200, b'{"tags":["a"]}', Link='<http://169.254.169.254/v2/a/tags/list>; rel="next"')
        elif CASE == "tags-other-path":
            if page == "1":
                self.answer(200, b'{"tags":["a"]}', Link='</repository/x/v2/a/tags/list?page=2>; rel="next"')
            else:
                self.answer(200, b'{"tags":["b"]}')
        elif CASE == "tags-page-number":
            if "n=1000" in query:
                self.error(400, "PAGINATION_NUMBER_INVALID")
            else:
                self.answer(200, b'{"tags":["small"]}')
        elif CASE == "tags-missing":
            self.error(404, "NAME_UNKNOWN")
        elif CASE == "tags-null":
            self.answer(200, b'{"tags":null}')
        elif CASE == "tags-full-page":
            last = query.split("last=")[1] if "last=" in query else ""
            names = ["t%04d" % i for i in range(1000)] if not last else ["u"] if last == "t0999" else []
            self.answer(200, json.dumps({"tags": names}).encode())
        else:
            number = int(page)
            link = {} if number == 5 else {"Link": '</v2/a/tags/list?page=%d>; rel="next"' % (number + 1)}
            self.answer(200, json.dumps({"tags": ["p%d" % number, "shared"]}).encode(), **link)

    # --- writing ---

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def location(self, name):
        return "/v2/a/blobs/uploads/%s?_state=s%%2F%d" % (name, len(sessions.get(name, b"")))

    def session_state(self):
        name = self.path.split("/uploads/")[1].split("?")[0]
        if CASE == "put-broken-resumable" and name in sessions:
            self.answer(204, Location=self.location(name), Range="0-%d" % (len(sessions[name]) - 1))
        else:
            self.error(404, "BLOB_UPLOAD_INVALID")

    def do_POST(self):
        self.note()
        self.read_body()
        if CASE == "no-location":
            self.answer(202)
            return
        if CASE == "location-file":
            self.answer(202, Location="file:///tmp/x")
            return
        if CASE == "mount" and "mount=" in self.path:
            self.answer(201, Location="/v2/a/blobs/x")
            return
        if CASE == "mount-refused" and "mount=" in self.path:
            self.error(400, "UNSUPPORTED")
            return
        name = "s%d" % len(sessions)
        sessions[name] = b""
        headers = {"OCI_Chunk_Min_Length": "1000"} if CASE == "too-large" else {}
        self.answer(202, Location=self.location(name), Range="0-0", **headers)

    def do_PATCH(self):
        self.note()
        name = self.path.split("/uploads/")[1].split("?")[0]
        body = self.read_body()
        first = int(self.headers["Content-Range"].split("-")[0])
        if first != len(sessions[name]):
            self.error(416, "RANGE_INVALID")
            return
        sessions[name] += body
        self.answer(202, Location=self.location(name), Range="0-%d" % (len(sessions[name]) - 1))

    def do_PUT(self):
        self.note()
        if "/manifests/" in self.path:
            body = self.read_body()
            reference = self.path.rsplit("/", 1)[1]
            if CASE == "other-manifest":
                self.answer(201, Docker_Content_Digest=digest(body + b"x"))
            elif CASE == "immutable" and reference in stored:
                self.error(409, "TAG_INVALID", "tag is immutable")
            else:
                stored[reference] = body
                self.answer(201, Docker_Content_Digest=digest(body))
            return
        name, query = self.path.split("/uploads/")[1].split("?", 1)
        wanted = query.split("digest=")[1].replace("%3A", ":")
        if CASE == "too-large" and int(self.headers.get("Content-Length", "0")) > 0:
            self.error(413, "UNKNOWN", Connection="close")
            self.close_connection = True
            return
        if CASE == "put-broken-resumable" and times("put") == 1:
            sessions[name] = self.rfile.read(1000000)
            self.drop()
            return
        if CASE == "put-broken" and times("put") == 1:
            self.rfile.read(1000)
            self.drop()
            return
        body = sessions.pop(name, b"") + self.read_body()
        if CASE == "put-lost-answer" and times("put") == 1:
            stored[wanted] = body
            self.drop()
        elif CASE == "put-503" and times("put") < 3:
            self.error(503, "UNAVAILABLE")
        elif CASE == "put-unknown-session" and times("put") == 1:
            self.error(404, "BLOB_UPLOAD_UNKNOWN")
        elif CASE == "put-damaged" or digest(body) != wanted:
            self.error(400, "DIGEST_INVALID")
        elif CASE == "put-never-there":
            self.answer(202, Location=self.location(name))
        elif CASE == "put-other-digest":
            self.answer(201, Docker_Content_Digest=digest(b"other"))
        else:
            stored[wanted] = body
            self.answer(201, Docker_Content_Digest=wanted)

    def do_DELETE(self):
        self.note()
        self.answer(202)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    address_family = __import__("socket").AF_INET

    def handle_error(self, request, client_address):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=end_with_parent, daemon=True).start()
server.serve_forever()
