# What a daemon can do wrong, and every way to reach one: played by a peer that speaks BuildKit's protocol over real sockets, mutual TLS,
# ssh and a container's exec, and misbehaves as it is told. Each failure must say what to do, and end with the documented exit code.
. "$(dirname "$0")/lib.sh"
: "${BUILDKITD_PEER:?is the daemon that answers as it is told}"
PEERS=0

# peer ARGUMENTS…: starts one on a socket of its own; sets ADDRESS, PEER_LOG and PEER_PID.
peer() {
  PEERS=$((PEERS + 1))
  ADDRESS=unix://$SERVICES/peer-$PEERS.sock
  PEER_LOG=$SERVICES/peer-$PEERS.log
  peer_start --unix "$SERVICES/peer-$PEERS.sock" "$@"
}

peer_start() { # ARGUMENTS…: sets LISTENING
  "$BUILDKITD_PEER" --log "$PEER_LOG" "$@" > "$SERVICES/peer-$PEERS.out" &
  PEER_PID=$!
  SERVICES_PIDS+=("$PEER_PID")
  wait_for 10 test -s "$SERVICES/peer-$PEERS.out"
  LISTENING=$(cat "$SERVICES/peer-$PEERS.out")
}

build() { # ARGUMENTS…: with a store that knows nothing
  rm -rf "$SERVICES/store-peer"
  slipway build --backend buildkit --store "$SERVICES/store-peer" "$@"
}

# One layer with one file, as the exporter would send it.
make_result() {
  mkdir -p "$SERVICES/result"
  echo made > "$SERVICES/result/file"
  python3 "$E2E_SOURCE/scripts/make-image.py" "$SERVICES/result" "$SERVICES/result-layout" '{}'
  tar -C "$SERVICES/result-layout" -cf "$SERVICES/result.tar" .
}

project main
printf 'project: main\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
printf 'FROM scratch\nCOPY file /file\n' > Dockerfile
echo made > file
commit
make_result

refused() { # WHAT WANTED-EXIT-CODE PART-OF-THE-MESSAGE
  equal "$1" "$2" "$STATUS"
  contains "$1: says what is wrong and what to do" "$ERR" "$3"
  contains "$1: gives a next step" "$ERR" "hint: "
}

# --- a daemon that does as it should ---
peer --image "$SERVICES/result.tar"
build --buildkit-addr "$ADDRESS"
equal "a build by a newer daemon" 0 "$STATUS"
equal "it is built" built "$(result_of app)"
contains "the daemon was asked for its version" "$(cat "$PEER_LOG")" Control/Info
PLAIN=$ADDRESS
(BUILDKIT_HOST=$PLAIN build && equal "BUILDKIT_HOST names the daemon" 0 "$STATUS")
peer --image "$SERVICES/result.tar" --version ''
build --buildkit-addr "$ADDRESS"
equal "a daemon that cannot tell its version is an old one" 0 "$STATUS"
peer --image "$SERVICES/result.tar" LLBBridge/Solve=late:1500
build --buildkit-addr "$ADDRESS"
equal "a slow daemon is waited for" 0 "$STATUS"

# --- what can go wrong, by the call that it happens to ---
# The daemon that answers nothing takes its time; it is asked in the background.
peer Control/ListWorkers=silent
SLOW=$ADDRESS
("$SLIPWAY" build --backend buildkit --buildkit-addr "$SLOW" --store "$SERVICES/store-slow" > /dev/null 2> "$SERVICES/slow.err" ||
  echo $? > "$SERVICES/slow.status") < /dev/null &
SLOW_PID=$!
while IFS='|' read -r behaviour status part; do
  peer --image "$SERVICES/result.tar" "$behaviour"
  build --buildkit-addr "$ADDRESS"
  refused "$behaviour" "$status" "$part"
  kill "$PEER_PID"
done <<'CASES'
Control/ListWorkers=refuse:14:overloaded|4|is not available
Control/ListWorkers=status:12:unknown service|1|not BuildKit
Control/ListWorkers=status:16:who are you|4|does not accept who we are
Control/ListWorkers=http:503|4|HTTP status 503
Control/ListWorkers=reset:7|4|refused the call
Control/ListWorkers=reset:11|4|too much to do
Control/ListWorkers=goaway:0|4|shuts down
Control/ListWorkers=close|4|closed the connection
Control/ListWorkers=cut|4|cut off
Control/ListWorkers=nonsense|4|answered with nonsense
Control/ListWorkers=garbage|4|rules of HTTP/2
Control/Info=status:4:slow|4|did not answer in time
Control/Solve=status:7:network.host is not allowed|3|network.host is not allowed
Control/Session=refuse:14:no more of them|4|no more of them
LLBBridge/Ping=status:12:unknown service|1|too old
LLBBridge/Ping=nonsense|4|answered with nonsense
LLBBridge/Solve=status:4:context deadline exceeded|4|did not answer in time
LLBBridge/Solve=status:8:grpc: received message larger than max|4|4 MiB before BuildKit 0.14
LLBBridge/Solve=status:14:transport is closing|4|transport is closing
LLBBridge/Solve=reset:8|4|gave up
LLBBridge/Solve=goaway:2|4|INTERNAL_ERROR
LLBBridge/Solve=close|4|closed the connection
LLBBridge/Solve=trailers|4|malformed status "banana"
LLBBridge/Solve=no-status|4|without a status
LLBBridge/Solve=compressed|4|compressed message
LLBBridge/Solve=endless|4|beyond all limits
LLBBridge/Return=status:13:oops|4|internal error
CASES
peer --platform none
build --buildkit-addr "$ADDRESS"
refused "a daemon without workers" 4 "has no worker"
peer --platform linux/riscv64 --image "$SERVICES/result.tar"
build --buildkit-addr "$ADDRESS"
equal "a daemon of another platform can copy files" 0 "$STATUS"
echo 'RUN ["/file"]' >> Dockerfile
commit
build --buildkit-addr "$ADDRESS"
refused "but not run steps" 1 "linux/riscv64"
sed -i '$d' Dockerfile
commit

# --- a pool ---
peer LLBBridge/Solve=close
DIES=$ADDRESS
peer LLBBridge/Solve=status:14:draining
DRAINS=$ADDRESS
build --buildkit-addr "$DIES,$PLAIN" --buildkit-addr "$DRAINS" --buildkit-addr "unix://$SERVICES/nobody.sock"
equal "a build goes on at another daemon" 0 "$STATUS"
build --buildkit-addr "$DIES,$DRAINS"
refused "a pool of which nobody can" 4 "hint: look"
peer --image "$SERVICES/result.tar" --platform linux/arm64
build --buildkit-addr "$ADDRESS,$PLAIN" --platform linux/arm64
equal "a platform's build goes to the daemon that has it" 0 "$STATUS"
contains "the daemon of the platform was asked to build" "$(cat "$PEER_LOG")" LLBBridge/Solve

# --- caches of the daemon's own ---
peer --image "$SERVICES/result.tar"
SLIPWAY_CACHE_FROM_1=registry.test/old build --buildkit-addr "$ADDRESS" --cache-from type=s3,bucket=b,region=r \
  --cache-to 'type=registry,ref=registry.test/cache:%image%,mode=max'
equal "a build with caches" 0 "$STATUS"
contains "steps may come from any of them" "$(grep ^cache-from "$PEER_LOG" | sort -u)" "cache-from registry ref=registry.test/old
cache-from s3 bucket=b region=r"
contains "and are put where the image has its own place" "$(grep ^cache-to "$PEER_LOG")" "cache-to registry ref=registry.test/cache:app mode=max"
build --buildkit-addr "$ADDRESS" --cache-to ref=registry.test/cache
refused "a cache without a type" 2 '--cache-to "ref=registry.test/cache": it has no type'
slipway build --store "$SERVICES/store-peer" --cache-from registry.test/cache
refused "such a cache without BuildKit" 2 "--backend buildkit"

# --- results that the daemon pushes ---
registry_start
skopeo copy -q --dest-tls-verify=false "oci:$SERVICES/result-layout" "docker://$REGISTRY/pushed:any"
PUSHED=$(skopeo inspect --tls-verify=false "docker://$REGISTRY/pushed:any")
peer --response "containerimage.digest=$(jq -r .Digest <<< "$PUSHED")"
build --buildkit-addr "$ADDRESS" --repo "$REGISTRY/pushed"
equal "a daemon pushes what it has built" 0 "$STATUS"
equal "the image has the layers that were pushed" "$(jq -c .Layers <<< "$PUSHED")" \
  "$(skopeo inspect --tls-verify=false "docker://$(image_of app)" | jq -c .Layers)"
[ ! -e "$SERVICES/store-peer/blobs" ] || fail "a layer was on this host: $(find "$SERVICES/store-peer/blobs")"
ok "no layer comes to this host"
contains "it pushes by digest, with the commit's time" "$(grep ^exporter "$PEER_LOG")" "exporter image name=$REGISTRY/pushed push=true \
push-by-digest=true store=false oci-mediatypes=true compression=gzip source-date-epoch=$E2E_CLOCK rewrite-timestamp=true"
peer --image "$SERVICES/result.tar" --version v0.12.5
build --buildkit-addr "$ADDRESS" --repo "$REGISTRY/old"
equal "a daemon that cannot set times in layers sends them" 0 "$STATUS"
contains "by another exporter" "$(grep ^exporter "$PEER_LOG")" "exporter oci "
peer --image "$SERVICES/result.tar" --push-fails "failed to push: connection refused"
build --buildkit-addr "$ADDRESS" --repo "$REGISTRY/unreachable"
equal "a daemon that the registry is out of reach for sends its results" 0 "$STATUS"
contains "it is said why" "$ERR" "cannot push to $REGISTRY/unreachable, so layers come here first: failed to push: connection refused"
peer --image "$SERVICES/result.tar" --response "containerimage.digest=sha256:$(printf elsewhere | sha256sum | cut -c1-64)"
build --buildkit-addr "$ADDRESS" --repo "$REGISTRY/elsewhere"
equal "a daemon that reaches another registry under the name sends its results" 0 "$STATUS"
contains "what it has pushed was looked for" "$ERR" "cannot push to $REGISTRY/elsewhere"
equal "the image is there in the end" 0 "$(skopeo inspect --tls-verify=false "docker://$(image_of app)" > /dev/null; echo $?)"
echo "secrets: [{env: TOKEN}]" >> werf.yaml
printf 'giterminismConfigVersion: 1\nconfig: {secrets: {allowEnvVariables: [TOKEN]}}\n' > werf-giterminism.yaml
commit
peer --image "$SERVICES/result.tar"
TOKEN=a-secret-value build --buildkit-addr "$ADDRESS" --repo "$REGISTRY/secret"
equal "a build with secrets" 0 "$STATUS"
contains "layers that may hold a secret come here to be looked through" "$(grep ^exporter "$PEER_LOG")" "exporter oci "

# --- output without end ---
peer --image "$SERVICES/result.tar" --output 60000000
rm -rf "$SERVICES/store-peer"
LINES=$(/usr/bin/time -f %M -o "$SERVICES/peak" "$SLIPWAY" build --backend buildkit --buildkit-addr "$ADDRESS" --store "$SERVICES/store-peer" \
  < /dev/null 2>&1 | grep -c sixty-three)
PEAK=$(cat "$SERVICES/peak")
equal "no line of a step's output is lost, though its end comes before" 923081 "$LINES"
[ "$PEAK" -lt 65536 ] || fail "60 MB of output took $PEAK KiB"
ok "60 MB of a step's output pass through less than 64 MiB"

# --- mutual TLS ---
CERTS=$SERVICES/certs
mkdir -p "$CERTS"
authority() { # NAME
  openssl req -x509 -newkey ed25519 -nodes -days 2 -subj "/CN=$1" -keyout "$CERTS/$1.key" -out "$CERTS/$1.pem" 2> /dev/null
}
certificate() { # NAME AUTHORITY SUBJECT-ALTERNATIVE-NAME: a folder with ca.pem, cert.pem and key.pem
  mkdir -p "$CERTS/$1"
  openssl req -newkey ed25519 -nodes -subj "/CN=$1" -keyout "$CERTS/$1/key.pem" -out "$CERTS/$1.csr" 2> /dev/null
  openssl x509 -req -in "$CERTS/$1.csr" -CA "$CERTS/$2.pem" -CAkey "$CERTS/$2.key" -CAcreateserial -days 2 \
    -extfile <(echo "subjectAltName=$3") -out "$CERTS/$1/cert.pem" 2> /dev/null
  cp "$CERTS/$2.pem" "$CERTS/$1/ca.pem"
}
tls_peer() { # FOLDER
  PEERS=$((PEERS + 1))
  PEER_LOG=$SERVICES/peer-$PEERS.log
  peer_start --port 0 --tls "$CERTS/$1" --image "$SERVICES/result.tar"
}
authority ours
authority strangers
certificate daemon ours IP:127.0.0.1
certificate named ours DNS:builder.test
certificate client ours DNS:client
certificate stranger strangers DNS:client
mkdir "$CERTS/secret"
cp "$CERTS/ours.pem" "$CERTS/secret/ca.crt"
cp "$CERTS/client/cert.pem" "$CERTS/secret/tls.crt"
cp "$CERTS/client/key.pem" "$CERTS/secret/tls.key"
openssl pkey -in "$CERTS/client/key.pem" -aes256 -passout pass:x -out "$CERTS/locked.pem"

tls_peer daemon
build --buildkit-addr "$LISTENING" --buildkit-tls-ca "$CERTS/ours.pem" --buildkit-tls-cert "$CERTS/client/cert.pem" \
  --buildkit-tls-key "$CERTS/client/key.pem"
equal "certificates by options" 0 "$STATUS"
build --buildkit-addr "$LISTENING?ca=$CERTS/ours.pem&cert=$CERTS/client/cert.pem&key=$CERTS/client/key.pem"
equal "certificates in the address" 0 "$STATUS"
build --buildkit-addr "$LISTENING?tls=$CERTS/client"
equal "a folder of certificates in the address" 0 "$STATUS"
(SLIPWAY_BUILDKIT_TLS_DIR=$CERTS/secret build --buildkit-addr "$LISTENING" &&
  equal "a Kubernetes secret as the folder, by the environment" 0 "$STATUS")
build --buildkit-addr "$LISTENING" --buildkit-tls-ca "$CERTS/ours.pem"
refused "no certificate of ours" 4 "wants to know who we are"
build --buildkit-addr "$LISTENING" --buildkit-tls-ca "$CERTS/ours.pem" --buildkit-tls-cert "$CERTS/stranger/cert.pem" \
  --buildkit-tls-key "$CERTS/stranger/key.pem"
refused "a certificate of a stranger" 4 "does not accept our certificate"
build --buildkit-addr "$LISTENING?tls=$CERTS/stranger"
refused "a daemon that another authority has signed" 4 "must be signed by the CA"
build --buildkit-addr "$LISTENING"
refused "no TLS where there should be some" 4 "a daemon that wants TLS"
build --buildkit-addr "$LISTENING?tls=$CERTS/client" --buildkit-tls-ca /nowhere --buildkit-tls-dir "$CERTS/client"
equal "a folder and files at once" 2 "$STATUS"
build --buildkit-addr "$LISTENING?ca=/nowhere"
equal "a certificate that is not there" 2 "$STATUS"
contains "a certificate that is not there: is named" "$ERR" "/nowhere: No such file"
build --buildkit-addr "$LISTENING?ca=$CERTS/ours.pem&cert=$CERTS/client/cert.pem&key=$CERTS/locked.pem"
equal "a key under a passphrase is refused, and nobody is asked" 2 "$STATUS"
tls_peer named
build --buildkit-addr "$LISTENING?tls=$CERTS/client"
refused "a certificate for another name" 4 "is for another name"
build --buildkit-addr "$LISTENING" --buildkit-tls-dir "$CERTS/client" --buildkit-tls-name builder.test
equal "the name that the certificate has" 0 "$STATUS"
PEERS=$((PEERS + 1))
peer_start --port 0 --image "$SERVICES/result.tar"
build --buildkit-addr "$LISTENING?tls=$CERTS/client"
refused "TLS where there is none" 4 "does not speak TLS"
build --buildkit-addr "$LISTENING"
equal "plain TCP" 0 "$STATUS"

# --- ssh: the program is played too, its other end is the daemon ---
mkdir "$SERVICES/bin"
cat > "$SERVICES/bin/ssh" <<SSH
#!/bin/sh
echo "\$*" > "$SERVICES/ssh.words"
exec "$BUILDKITD_PEER" --dial "${PLAIN#unix://}"
SSH
chmod 755 "$SERVICES/bin/ssh"
PATH=$SERVICES/bin:$PATH
build --buildkit-addr "ssh://me@builder.test:2222/run/b.sock"
equal "a daemon behind ssh" 0 "$STATUS"
contains "the right command is run over there" "$(cat "$SERVICES/ssh.words")" \
  "-l me -p 2222 -- builder.test buildctl --addr unix:///run/b.sock dial-stdio"
printf '#!/bin/sh\necho "me@builder.test: Permission denied (publickey)." >&2\nexit 255\n' > "$SERVICES/bin/ssh"
build --buildkit-addr ssh://me@builder.test
refused "ssh that does not get there" 4 "Permission denied (publickey)"

wait "$SLOW_PID"
equal "a daemon that does not answer is given up" 4 "$(cat "$SERVICES/slow.status")"
contains "a daemon that does not answer: says so" "$(cat "$SERVICES/slow.err")" "no answer to /moby.buildkit.v1.Control/ListWorkers within 15 seconds"
