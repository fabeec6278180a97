# A registry that works with tokens: the daemon gets one from us, and never the password. What goes to the daemon and comes from it is
# written down on the way.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
OPEN=$REGISTRY
dockerd_start

# A second view of the same content, whose token server knows alice with the password "secret", and no one else.
GUARDED=127.0.0.1:$(free_port)
TOKENS=$(free_port)
mkdir "$SERVICES/tokens"
sed 's/alice:secret/alice:c0rrect-horse/' "$E2E_SOURCE/tests/unit/plugins/registry/token_server.py" > "$SERVICES/token_server.py"
python3 "$SERVICES/token_server.py" "$SERVICES/tokens" "$TOKENS" &
SERVICES_PIDS+=($!)
wait_for 20 test -s "$SERVICES/tokens/token.crt"
sed -e "s|addr: .*|addr: $GUARDED, secret: loopback }|" "$SERVICES/registry.yml" > "$SERVICES/guarded.yml"
cat >> "$SERVICES/guarded.yml" <<YML
auth:
  token: { realm: "http://127.0.0.1:$TOKENS/token", service: test-registry, issuer: test-issuer, rootcertbundle: $SERVICES/tokens/token.crt }
YML
docker-registry serve "$SERVICES/guarded.yml" > "$SERVICES/guarded.log" 2>&1 &
SERVICES_PIDS+=($!)
wait_for 20 curl -sS "http://$GUARDED/v2/"

# The wire to the daemon, and all that goes over it.
cat > "$SERVICES/wire.py" <<'PY'
import os, socket, sys, threading
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen(16)

def pump(source, target, path):
    with open(path, "ab") as seen:
        while True:
            data = source.recv(65536)
            if not data:
                break
            seen.write(data)
            seen.flush()
            target.sendall(data)
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass

while True:
    client, _ = listening.accept()
    daemon = socket.socket(socket.AF_UNIX)
    daemon.connect(sys.argv[2])
    threading.Thread(target=pump, args=(client, daemon, sys.argv[3]), daemon=True).start()
    threading.Thread(target=pump, args=(daemon, client, sys.argv[3] + ".back"), daemon=True).start()
PY
python3 "$SERVICES/wire.py" "$SERVICES/wire.sock" "${DOCKER_HOST#unix://}" "$SERVICES/wire" &
SERVICES_PIDS+=($!)
wait_for 20 test -S "$SERVICES/wire.sock"
export SLIPWAY_BACKEND=buildkit SLIPWAY_BUILDKIT_ADDR=docker://$SERVICES/wire.sock

project tokens
printf 'project: tokens\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
printf 'FROM %s/base/busybox:1\nRUN --network=none echo made > /made\n' "$GUARDED" > Dockerfile
commit
mkdir -p "$HOME/.docker"
echo "{\"auths\": {\"$GUARDED\": {\"auth\": \"$(printf alice:c0rrect-horse | base64)\"}}}" > "$HOME/.docker/config.json"
must build --repo "$GUARDED/tokens"
equal "a base image is read by a token" built "$(result_of app)"
published=$(image_of app)
unpack "$OPEN/${published#*/}" "$SERVICES/app"
equal "on top of which the daemon has built" made "$(cat "$SERVICES/app/rootfs/made")"

crossed() { # TEXT: whether it went over the wire, as it is, in base64, or with the user's name
  grep -qa -e "$1" -e "$(printf '%s' "$1" | base64)" -e "$(printf 'alice:%s' "$1" | base64)" "$SERVICES/wire" "$SERVICES/wire.back"
}
crossed eyJ0eXAiOiAiSldUIi || fail "no token has gone to the daemon"
ok "a token goes to the daemon"
crossed c0rrect-horse && fail "the daemon got the password"
ok "the password does not go to the daemon"
