# werf-includes.yaml: templates and files of other repositories, over files and over https with a password, pinned by the lock file.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

# ---- the repository that is included ----
project shared
mkdir -p common/.werf common/scripts
printf '{{- define "base" }}%s/base/busybox:1{{- end }}\n' "$REGISTRY" > common/.werf/base.tmpl
printf '{{- define "greeting" }}from shared{{- end }}\n' > common/.werf/greeting.tmpl
echo 'shared script' > common/scripts/run.sh
commit
git branch -q -M main
git update-server-info
SHARED=$PWD
FIRST=$(git rev-parse HEAD)

# A server that knows one user, with a certificate of its own.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$SERVICES/key.pem" -out "$SERVICES/cert.pem" 2> /dev/null
cat > "$SERVICES/server.py" <<'PYTHON'
import base64, http.server, ssl, sys
folder, certificate, key, password, out, log = sys.argv[1:]
expected = "Basic " + base64.b64encode(f"reader:{password}".encode()).decode()


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *words):
        super().__init__(*words, directory=folder)

    def do_GET(self):
        if self.headers.get("Authorization") == expected:
            return super().do_GET()
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, form, *words):
        print(form % words, file=open(log, "a"))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], file=open(out, "w"), flush=True)
server.serve_forever()
PYTHON
python3 "$SERVICES/server.py" "$(dirname "$SHARED")" "$SERVICES/cert.pem" "$SERVICES/key.pem" pass-word "$SERVICES/port" "$SERVICES/server.log" &
SERVICES_PIDS+=($!)
wait_for 10 test -s "$SERVICES/port"
URL=https://127.0.0.1:$(cat "$SERVICES/port")/$(basename "$SHARED")/.git

# ---- the project that includes it ----
project includes
cat > werf.yaml <<'YAML'
project: includes
configVersion: 1
---
image: app
from: {{ include "base" . }}
git:
- add: /scripts
  to: /scripts
shell:
  install:
  - echo '{{ include "greeting" . }}' > /greeting
  - echo '{{ .Files.Get "scripts/run.sh" | trim }}' > /script
YAML
mkdir scripts
echo own > scripts/own.sh
includes() { # URL
  cat > werf-includes.yaml <<YAML
includes:
- git: $1
  branch: main
  add: /common
  to: /
  ${2:-}
YAML
}
texts() {
  unpack "$(image_of app)" "$WORK/$1"
  cat "$WORK/$1/rootfs/greeting" "$WORK/$1/rootfs/script" | xargs
}
for way in file https; do
  [ $way = file ] && includes "$SHARED" || includes "$URL" "basicAuth: {username: reader, password: {env: GIT_PASSWORD}}"
  rm -f werf-includes.lock
  commit
  export GIT_SSL_CAINFO=$SERVICES/cert.pem GIT_PASSWORD=pass-word
  slipway config render
  equal "$way: a branch without a lock file is refused" 3 "$STATUS"
  contains "$way: with the command that writes one" "$ERR" "werf-includes.lock" "includes update"
  must includes update
  contains "$way: the lock file names the commit" "$(cat werf-includes.lock)" "commit: $(git -C "$SHARED" rev-parse HEAD)"
  commit
  must build --repo "$REGISTRY/$way"
  equal "$way: templates and files come from there" "from shared shared script" "$(texts $way)"
  git -C "$SHARED" commit -q --allow-empty -m later
  git -C "$SHARED" update-server-info
  must build --repo "$REGISTRY/$way"
  equal "$way: a newer commit there changes nothing" unchanged "$(result_of app)"
done
GIT_PASSWORD=wrong-word slipway includes update
equal "a wrong password ends it" 4 "$STATUS"
case "$ERR$(cat "$SERVICES/err")" in *wrong-word*) fail "the password is shown: $ERR" ;; esac
contains "with the place, and not the password" "$ERR" "werf-includes.yaml:2" "$URL"
GIT_SSL_CAINFO=/dev/null slipway includes update
equal "so does a certificate that nobody signed" 4 "$STATUS"

# ---- order ----
includes "$SHARED"
mkdir -p .werf
printf '{{- define "greeting" }}from the project{{- end }}\n' > .werf/greeting.tmpl
echo 'own script' > scripts/run.sh
commit
must includes update
commit
must build --repo "$REGISTRY/order"
equal "files of the project go before included ones, what included templates define behind it" "from shared own script" "$(texts order)"
