# Both backends make the same images of the same project; what only BuildKit has to prove: secrets and agents through the session,
# a cancelled build that stops in the daemon, a daemon that dies, and contexts of which only what changed is sent.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
dockerd_start
DOCKERD_PID=${SERVICES_PIDS[-1]}
ADDRESS=docker://${DOCKER_HOST#unix://}

buildkit() { # ARGUMENTS…: a build by the daemon, with a store of its own
  must build --backend buildkit --buildkit-addr "$ADDRESS" --store "$SERVICES/store-buildkit" "$@"
}

same_image() { # WHAT LOCAL BUILDKIT: the same files, and the same config but for what hangs on layers' bytes
  local drop='del(.rootfs, .config.Labels["werf.io/parent-stage-id", "werf.io/base-image-id"])'
  unpack "$2" "$SERVICES/by-local"
  unpack "$3" "$SERVICES/by-buildkit"
  diff <(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$SERVICES/by-local/rootfs") \
    <(python3 "$E2E_SOURCE/tests/e2e/tree.py" "$SERVICES/by-buildkit/rootfs") >&2 || fail "$1: other files"
  ok "$1: the same files"
  diff <(config_of "$2" | jq -S "$drop") <(config_of "$3" | jq -S "$drop") >&2 || fail "$1: another config"
  ok "$1: the same config"
}

# --- the same images ---
project main
cat > werf.yaml <<YAML
project: main
configVersion: 1
---
image: app
dockerfile: Dockerfile
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1 AS builder
WORKDIR /src
COPY --chown=app:app . .
RUN --network=none --mount=type=cache,target=/cache echo built > /src/out && echo cached > /cache/x && chmod 4755 /src/run.sh
FROM $REGISTRY/base/busybox:1
WORKDIR /app
COPY . .
COPY --from=builder /src/out /src/run.sh /bin/
COPY --from=builder /src /copied
RUN --network=none rm /bin/vi && mkdir -p /made/deep && ln -s deep /made/link && echo hi > /made/deep/file && true
RUN --network=none true
USER app
RUN --network=none id -u > /tmp/uid
ENV A=b
LABEL x=y
EXPOSE 80
CMD ["cat", "/tmp/uid"]
DOCKERFILE
printf 'ignored\n*.log\n' > .dockerignore
mkdir -p sub/deep ignored
echo hello > hello.txt
echo '#!/bin/sh' > run.sh
chmod 755 run.sh
echo dash > sub-dash
echo deep > sub/deep/file
ln -s deep sub/link
echo no > ignored/file
echo no > x.log
commit
must build --repo "$REGISTRY/local"
by_local=$(image_of app)
buildkit --repo "$REGISTRY/buildkit"
by_buildkit=$(image_of app)
equal "the daemon builds it" built "$(result_of app)"
same_image "a Dockerfile" "$by_local" "$by_buildkit"
buildkit --repo "$REGISTRY/buildkit"
equal "nothing is built twice" unchanged "$(result_of app)"

# --- on top of stages that only this host has ---
cat > werf.yaml <<YAML
project: main
configVersion: 1
---
image: base
dockerfile: Dockerfile
---
image: app
dockerfile: Dockerfile.app
dependencies:
- image: base
  imports:
  - type: ImageName
    targetBuildArg: BASE
YAML
cat > Dockerfile.app <<DOCKERFILE
ARG BASE
FROM \$BASE
USER root
RUN --network=none cat /app/hello.txt > /again
DOCKERFILE
commit
buildkit
ok "a stage of the host's own store is a base image for Docker"

# --- secrets and agents ---
project private
cat > werf.yaml <<YAML
project: private
configVersion: 1
---
image: app
dockerfile: Dockerfile
secrets:
- id: token
  value: c0rrect-horse
YAML
cat > werf-giterminism.yaml <<YAML
giterminismConfigVersion: 1
config:
  secrets:
    allowValueIds: [token]
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN --network=none --mount=type=secret,id=token wc -c < /run/secrets/token > /length
RUN --network=none --mount=type=ssh test -S "\$SSH_AUTH_SOCK" && echo yes > /agent
DOCKERFILE
commit
eval "$(ssh-agent)" > /dev/null
SERVICES_PIDS+=("$SSH_AGENT_PID")
buildkit --repo "$REGISTRY/private"
unpack "$(image_of app)" "$SERVICES/private"
equal "the step reads the secret" 13 "$(cat "$SERVICES/private/rootfs/length")"
equal "the step reaches the agent" yes "$(cat "$SERVICES/private/rootfs/agent")"
grep -rqs c0rrect-horse "$SERVICES/private/rootfs" && fail "the secret is in the image"
ok "the image does not hold the secret"

# --- failures ---
project failing
cat > werf.yaml <<YAML
project: failing
configVersion: 1
---
image: app
dockerfile: Dockerfile
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN --network=none echo before; exit 3
DOCKERFILE
commit
slipway build --backend buildkit --buildkit-addr "$ADDRESS" --repo "$REGISTRY/failing"
equal "a step that fails ends the build" 1 "$STATUS"
contains "its place is said" "$ERR$OUT" "Dockerfile:2"
contains "its exit code is said" "$ERR$OUT" "exit code 3"
contains "its output is shown" "$ERR$OUT" "before"

NAP=$((1000000 + $$)) # found by its number, which no other process has
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN --network=none echo slow > /slow; sleep $NAP
DOCKERFILE
commit
runs() {
  pgrep -f "^sleep $NAP" > /dev/null
}
stopped() {
  ! runs
}
start_slow() {
  "$SLIPWAY" build --backend buildkit --buildkit-addr "$ADDRESS" --repo "$REGISTRY/failing" > "$SERVICES/out" 2> "$SERVICES/err" < /dev/null &
  BUILD_PID=$!
  wait_for 30 runs || { cat "$SERVICES/err" >&2; fail "the step does not begin"; }
}
start_slow
kill -INT "$BUILD_PID"
status=0
wait "$BUILD_PID" || status=$?
equal "a cancelled build says so" 130 "$status"
wait_for 10 stopped || fail "the step goes on in the daemon"
ok "the daemon stops working too"

start_slow
orphans="$(pgrep -P "$DOCKERD_PID") $(pgrep -f "^sleep $NAP")"
kill -9 "$DOCKERD_PID"
status=0
wait "$BUILD_PID" || status=$?
equal "a daemon that dies makes the build fail" 4 "$status"
contains "what happened is said" "$(cat "$SERVICES/err" "$SERVICES/out")" "closed the connection"
for pid in $orphans; do kill -9 "$pid" 2> /dev/null || true; done

slipway build --backend buildkit --buildkit-addr "$ADDRESS" --repo "$REGISTRY/failing"
equal "no daemon at all" 4 "$STATUS"
contains "what to do is said" "$ERR$OUT" "start the daemon"
