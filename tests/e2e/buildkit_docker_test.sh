# The ways to Docker's own BuildKit and to a daemon in one of its containers: sockets, contexts, TLS, ssh, a container's exec. And a pool of
# two, one of which dies in the middle of a build.
. "$(dirname "$0")/lib.sh"
: "${BUILDKITD_PEER:?is the daemon that answers as it is told}"
registry_start
base_busybox
dockerd_start
FIRST=$DOCKER_HOST
FIRST_PID=${SERVICES_PIDS[-1]}

project main
printf 'project: main\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
printf 'FROM %s/base/busybox:1\nRUN --network=none echo done > /done\n' "$REGISTRY" > Dockerfile
commit

build() { # ARGUMENTS…: with a store that knows nothing
  rm -rf "$SERVICES/store-docker"
  slipway build --backend buildkit --store "$SERVICES/store-docker" "$@"
  [ "$STATUS" = 0 ] || cat "$SERVICES/err" >&2
}

# --- no address: the user's Docker ---
build
equal "DOCKER_HOST names Docker" 0 "$STATUS"
docker context create elsewhere --docker "host=$FIRST" > /dev/null
DOCKER_HOST='' DOCKER_CONTEXT=elsewhere build
equal "DOCKER_CONTEXT names a context" 0 "$STATUS"
(unset DOCKER_HOST && docker context use elsewhere > /dev/null)
DOCKER_HOST='' build
equal "the current context is used" 0 "$STATUS"
DOCKER_HOST='' DOCKER_CONTEXT=nowhere slipway build --backend buildkit
equal "a context that is not there" 2 "$STATUS"
contains "a context that is not there is named" "$ERR" nowhere

# --- ssh: the program is played, its other end is Docker ---
mkdir "$SERVICES/bin"
cat > "$SERVICES/bin/ssh" <<SSH
#!/bin/sh
echo "\$*" >> "$SERVICES/ssh.words"
exec "$BUILDKITD_PEER" --dial "${FIRST#unix://}"
SSH
chmod 755 "$SERVICES/bin/ssh"
PATH=$SERVICES/bin:$PATH build --buildkit-addr docker+ssh://builder.test
equal "Docker behind ssh" 0 "$STATUS"
contains "the right command is run over there" "$(cat "$SERVICES/ssh.words")" "-- builder.test docker system dial-stdio"

# --- a daemon in a container, by `buildctl dial-stdio` in it; both are played, the container is Docker's ---
mkdir "$SERVICES/result"
echo made > "$SERVICES/result/file"
python3 "$E2E_SOURCE/scripts/make-image.py" "$SERVICES/result" "$SERVICES/result-layout" '{}'
tar -C "$SERVICES/result-layout" -cf "$SERVICES/result.tar" .
"$BUILDKITD_PEER" --unix "$SERVICES/peer.sock" --image "$SERVICES/result.tar" > "$SERVICES/peer.out" &
SERVICES_PIDS+=($!)
wait_for 10 test -s "$SERVICES/peer.out"
printf '#!/bin/sh\nexec chroot /host %s --dial %s\n' "$BUILDKITD_PEER" "$SERVICES/peer.sock" > "$SERVICES/buildctl"
chmod 755 "$SERVICES/buildctl"
docker run -d --name builder --network none -v /:/host -v "$SERVICES/buildctl:/bin/buildctl" "$REGISTRY/base/busybox:1" sleep 1000 > /dev/null
docker run -d --name bare --network none "$REGISTRY/base/busybox:1" sleep 1000 > /dev/null
project scratch
printf 'project: scratch\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
printf 'FROM scratch\nCOPY file /file\n' > Dockerfile
echo made > file
commit
if docker exec builder test -x /bin/buildctl; then
  build --buildkit-addr docker-container://builder
  equal "a daemon in a container" 0 "$STATUS"
else # inside a chroot Docker's exec sees the files of the world outside, not the container's
  [ "$(stat -c %d:%i /proc/1/root/.)" != "$(stat -c %d:%i /.)" ] || fail "docker exec does not see the container's files"
fi
build --buildkit-addr docker-container://bare 2> /dev/null
equal "a container without buildctl" 4 "$STATUS"
contains "a container without buildctl: says so" "$ERR" 'buildctl'
build --buildkit-addr docker-container://nobody 2> /dev/null
equal "a container that is not there" 1 "$STATUS"
contains "a container that is not there is named" "$ERR" nobody
docker rm -f builder bare > /dev/null

# --- a second Docker, by TLS ---
CERTS=$SERVICES/certs
mkdir "$CERTS"
openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=ca -keyout "$CERTS/ca-key.pem" -out "$CERTS/ca.pem" 2> /dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=both -keyout "$CERTS/key.pem" -out "$CERTS/both.csr" 2> /dev/null
openssl x509 -req -in "$CERTS/both.csr" -CA "$CERTS/ca.pem" -CAkey "$CERTS/ca-key.pem" -CAcreateserial -days 2 \
  -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$CERTS/cert.pem" 2> /dev/null
PORT=$(free_port)
mkdir "$SERVICES/second"
/usr/sbin/dockerd --data-root "$SERVICES/second/data" --exec-root "$SERVICES/second/exec" --pidfile "$SERVICES/second/pid" \
  -H "tcp://127.0.0.1:$PORT" --tlsverify --tlscacert "$CERTS/ca.pem" --tlscert "$CERTS/cert.pem" --tlskey "$CERTS/key.pem" \
  --bridge=none --iptables=false --ip6tables=false --config-file "$SERVICES/dockerd/daemon.json" --insecure-registry 127.0.0.0/8 \
  > "$SERVICES/second.log" 2>&1 &
SECOND_PID=$!
SERVICES_PIDS+=("$SECOND_PID")
second() {
  DOCKER_HOST=tcp://127.0.0.1:$PORT DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$CERTS "$@"
}
wait_for 60 second /usr/bin/docker version || { tail -20 "$SERVICES/second.log" >&2; fail "no second dockerd"; }
cd "$WORK/main"
second build
equal "DOCKER_TLS_VERIFY and DOCKER_CERT_PATH" 0 "$STATUS"
build --buildkit-addr "docker://127.0.0.1:$PORT?tls=$CERTS"
equal "a folder of certificates in Docker's address" 0 "$STATUS"
build --buildkit-addr "docker://127.0.0.1:$PORT" 2> /dev/null
equal "no TLS where there should be some" 4 "$STATUS"
contains "no TLS where there should be some: says what to do" "$ERR" "that Docker wants TLS"

# --- one of two dies while it builds ---
NAP=4.$$ # found by its number, which no other process has
printf 'FROM %s/base/busybox:1\nRUN --network=none sleep %s\n' "$REGISTRY" "$NAP" > Dockerfile
commit
runs() {
  STEP_PID=$(pgrep -f "^sleep $NAP")
}
"$SLIPWAY" build --backend buildkit --buildkit-addr "docker://${FIRST#unix://},docker://127.0.0.1:$PORT?tls=$CERTS" \
  --store "$SERVICES/store-pool" > "$SERVICES/out" 2> "$SERVICES/err" < /dev/null &
BUILD_PID=$!
wait_for 30 runs || { cat "$SERVICES/err" >&2; fail "the step does not begin"; }
pid=$(pgrep -f "^sleep $NAP")
step=$pid
while [ "$pid" != "$FIRST_PID" ] && [ "$pid" != "$SECOND_PID" ] && [ "$pid" -gt 1 ]; do pid=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status"); done
[ "$pid" -gt 1 ] || fail "whose step is it?"
orphans="$(pgrep -P "$pid") $step"
kill -9 "$pid"
for orphan in $orphans; do kill -9 "$orphan" 2> /dev/null || true; done
status=0
wait "$BUILD_PID" || status=$?
[ "$status" = 0 ] || cat "$SERVICES/err" >&2
equal "the other daemon ends the build" 0 "$status"
contains "that it had to is said" "$(cat "$SERVICES/err")" "trying another daemon"
