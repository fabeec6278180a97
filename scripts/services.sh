# services.sh - sourced: a registry and a dockerd for tests, the demo and measurements, all on loopback and in a folder of their own, and
# ended by pid.
#
#   services_begin            makes $SERVICES, a folder that services_end removes; services_end runs when the shell ends
#   registry_start            starts Debian's docker-registry; sets REGISTRY to its HOST:PORT (REGISTRY_PORT asks for a port)
#   registry_stop             ends it before the others
#   dockerd_start             starts dockerd, once; sets and exports DOCKER_HOST

SERVICES_PIDS=()

# A folder that overlayfs can stand on, which it cannot on itself: inside a container the root usually is an overlay.
services_parent() {
  local folder
  for folder in "${SERVICES_PARENT:-/var/tmp}" /tmp /var/lib; do
    [ "$(stat -f -c %T "$folder")" = overlayfs ] || { echo "$folder"; return; }
  done
  echo "services: all of /var/tmp, /tmp and /var/lib are on overlayfs: set SERVICES_PARENT" >&2
  return 1
}

services_begin() {
  SERVICES=$(mktemp -d "$(services_parent)/slipway-services.XXXXXX")
  trap services_end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

service_kill() { # PID: and wait until it is gone
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$1" 2>/dev/null || true
}

services_end() {
  local status=$? pid
  trap - EXIT
  for pid in "${SERVICES_PIDS[@]}"; do service_kill "$pid"; done
  # What dockerd mounted goes with it; what is left of a killed one is taken down here, deepest first.
  awk -v folder="$SERVICES/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount -l "$mount" || true; done
  rm -rf --one-file-system "$SERVICES"
  exit $status
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # SECONDS COMMAND…
  local tries=$(($1 * 10))
  shift
  for _ in $(seq "$tries"); do
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "services: gave up waiting for: $*" >&2
  return 1
}

registry_start() {
  local port=${REGISTRY_PORT:-$(free_port)}
  REGISTRY=127.0.0.1:$port
  mkdir -p "$SERVICES/registry"
  cat > "$SERVICES/registry.yml" <<YML
version: 0.1
log: { level: warn, accesslog: { disabled: false } }
storage:
  filesystem: { rootdirectory: $SERVICES/registry }
  delete: { enabled: true }
http: { addr: $REGISTRY, secret: loopback }
YML
  docker-registry serve "$SERVICES/registry.yml" > "$SERVICES/registry.log" 2>&1 &
  REGISTRY_PID=$!
  SERVICES_PIDS+=("$REGISTRY_PID")
  wait_for 20 curl -fsS "http://$REGISTRY/v2/" || { tail -5 "$SERVICES/registry.log" >&2; return 1; }
  # What answered must be ours, and not another one on the port that was asked for.
  kill -0 "$REGISTRY_PID" 2>/dev/null || { tail -5 "$SERVICES/registry.log" >&2; return 1; }
  export REGISTRY
}

registry_stop() {
  service_kill "$REGISTRY_PID"
}

dockerd_start() {
  local root=$SERVICES/dockerd
  [ ! -d "$root" ] || return 0 # it runs already
  mkdir -p "$root"
  echo "{}" > "$root/daemon.json"
  # The bridge and its rules are not needed: steps of the tests use no network, or the host's.
  /usr/sbin/dockerd --data-root "$root/data" --exec-root "$root/exec" --pidfile "$root/pid" -H "unix://$root/docker.sock" \
    --bridge=none --iptables=false --ip6tables=false --config-file "$root/daemon.json" --insecure-registry 127.0.0.0/8 \
    > "$SERVICES/dockerd.log" 2>&1 &
  SERVICES_PIDS+=($!)
  export DOCKER_HOST=unix://$root/docker.sock DOCKER_BUILDKIT=1
  wait_for 60 /usr/bin/docker version || { tail -20 "$SERVICES/dockerd.log" >&2; return 1; }
}

# Debian's own client: one that came another way may want buildx, which Debian has not.
docker() {
  /usr/bin/docker "$@"
}
