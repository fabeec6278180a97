#!/usr/bin/env python3
"""token_server.py FOLDER PORT: a token server for docker-registry. It makes FOLDER/token.crt, which the registry trusts, and signs tokens
by it. Users: alice with password "secret" or refresh token "refresh"; anybody may pull below public/. Every request is a line in FOLDER/log."""
import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

folder, port = sys.argv[1], int(sys.argv[2])
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder + "/token.key", "-out", folder + "/token.crt",
                "-subj", "/CN=token", "-addext", "basicConstraints=critical,CA:true"], check=True, stderr=subprocess.DEVNULL)
DER = base64.b64encode(subprocess.run(["openssl", "x509", "-in", folder + "/token.crt", "-outform", "DER"], check=True,
                                      capture_output=True).stdout).decode()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(user, access):
    now = int(time.time())
    claims = {"iss": "test-issuer", "sub": user, "aud": "test-registry", "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1",
              "access": access}
    head = url64(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [DER]}).encode()) + b"." + url64(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", folder + "/token.key"], input=head, capture_output=True, check=True)
    return (head + b"." + url64(signature.stdout)).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def note(self, text):
        with open(folder + "/log", "a") as log:
            log.write(text + "\n")

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def grant(self, user, scopes):
        access = []
        for scope in " ".join(scopes).split():
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            actions = actions.split(",")
            if not user:
                actions = [one for one in actions if one == "pull" and name.startswith("public/")]
            access.append({"type": kind, "name": name, "actions": actions})
        self.answer(200, {"token": sign(user, access), "expires_in": 300})

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization", "")
        self.note("GET %s" % " ".join(query.get("scope", [])))
        if given and given != "Basic " + base64.b64encode(b"alice:secret").decode():
            self.answer(401, {"details": "incorrect username or password"})
            return
        self.grant("alice" if given else "", query.get("scope", []))

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.note("POST %s" % " ".join(form.get("scope", [])))
        if form.get("refresh_token") != ["refresh"]:
            self.answer(401, {"error": "invalid_grant"})
            return
        self.grant("alice", form.get("scope", []))


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
