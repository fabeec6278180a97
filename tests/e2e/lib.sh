# lib.sh - sourced by the end-to-end tests: a folder, services and base images, projects as git repositories, and checks that say what
# they wanted. A test that needs something missing fails.
set -euo pipefail
: "${SLIPWAY:?is the program to test}"
E2E_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$E2E_SOURCE/scripts/services.sh"
. "$E2E_SOURCE/scripts/base-images.sh"
export LC_ALL=C TZ=UTC GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME=/nonexistent
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.org GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@example.org
unset "${!WERF_@}" "${!SLIPWAY_@}" SOURCE_DATE_EPOCH 2>/dev/null || true
umask 022
services_begin
WORK=$SERVICES/work
STORE=$SERVICES/store
mkdir -p "$WORK" "$SERVICES/home"
export HOME=$SERVICES/home SLIPWAY_STORE=$STORE SLIPWAY_PROGRESS=plain
CHECKS=0

# The backend that the whole test runs on.
E2E_BACKEND=${E2E_BACKEND:-local}
if [ "$E2E_BACKEND" = buildkit ]; then
  dockerd_start
  export SLIPWAY_BACKEND=buildkit SLIPWAY_BUILDKIT_ADDR=docker://${DOCKER_HOST#unix://}
  export WERF_BACKEND_NETWORK=none # that dockerd has no bridge
fi

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

ok() { # WHAT: counts a check that has passed
  CHECKS=$((CHECKS + 1))
  echo "ok $CHECKS - $*"
}

equal() { # WHAT WANTED GOT
  [ "$2" = "$3" ] || fail "$1: wanted «$2», got «$3»"
  ok "$1"
}

contains() { # WHAT TEXT PART
  case "$2" in *"$3"*) ok "$1" ;; *) fail "$1: «$3» is not in «$2»" ;; esac
}

# project NAME: a new git repository, and goes into it.
project() {
  mkdir -p "$WORK/$1"
  cd "$WORK/$1"
  git init -q -b main .
}

E2E_CLOCK=1767225600
commit() { # [MESSAGE]: everything, at a fixed and rising time
  E2E_CLOCK=$((E2E_CLOCK + 60))
  git add -A
  GIT_AUTHOR_DATE="$E2E_CLOCK +0000" GIT_COMMITTER_DATE="$E2E_CLOCK +0000" git commit -q --allow-empty -m "${1:-commit}"
}

# slipway ARGUMENTS…: runs it; sets OUT, ERR and STATUS.
slipway() {
  STATUS=0
  "$SLIPWAY" "$@" > "$SERVICES/out" 2> "$SERVICES/err" < /dev/null || STATUS=$?
  OUT=$(cat "$SERVICES/out")
  ERR=$(cat "$SERVICES/err")
}

must() { # as slipway, and it must succeed
  slipway "$@"
  [ "$STATUS" = 0 ] || { cat "$SERVICES/err" >&2; fail "slipway $*: exit code $STATUS"; }
}

image_of() { # NAME: the published name, from the last build's output
  awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$SERVICES/out"
}

result_of() { # NAME: built or unchanged
  awk -F '\t' -v name="$1" '$1 == name { print $3 }' "$SERVICES/out"
}

# unpack IMAGE FOLDER: the image's files under FOLDER/rootfs, by umoci.
unpack() {
  local layout=$SERVICES/unpack
  rm -rf "$layout" "$2"
  skopeo copy -q --src-tls-verify=false "docker://$1" "oci:$layout:image"
  umoci unpack --image "$layout:image" "$2" > /dev/null 2>&1 || fail "umoci cannot unpack $1"
}

# tree FOLDER: a line a file: type, mode, owner, size, path, link, checksum. Times are left out.
tree() {
  (cd "$1" && find . -printf '%y %m %U:%G %P %l\n' | sort -k4 | while read -r type mode owner path link; do
    local sum=-
    [ "$type" = f ] && sum=$(sha256sum < "./$path" | cut -c1-24)
    echo "$type $mode $owner /$path $link $sum"
  done)
}

config_of() { # IMAGE: its config as JSON, sorted
  skopeo inspect --tls-verify=false --config "docker://$1" | jq -S .
}
