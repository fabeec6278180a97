# The images of many Dockerfiles, built here and by `docker build`, are compared file by file, layer by layer and member by member of their
# configs; and all of them with what the newest BuildKit made of them, which is recorded in dockerfiles/newest.expected.
#   E2E_DOCKERFILES=PATTERN   compares those alone whose name matches
HERE=$(cd "$(dirname "$0")" && pwd)
# Hundreds of small builds wait for the disk most of the time.
if [ "$(df --output=avail -k /dev/shm 2> /dev/null | tail -n 1)" -gt 3000000 ] 2> /dev/null; then export SERVICES_PARENT=/dev/shm; fi
. "$(dirname "$0")/lib.sh"
. "$HERE/dockerfiles/context.sh"
registry_start
base_busybox
base_rich
base_triggers
dockerd_start

PATTERN=${E2E_DOCKERFILES:-*}
DATA=$HERE/dockerfiles

build_by_docker() { # NAME DOCKER-OR-DASH ARGUMENTS…
  local name=$1 who=$2
  shift 2
  [ "$who" = docker ] || return 0
  docker build -q -t "compare/$name" "$@" > "$SERVICES/docker.$name" 2>&1 < /dev/null || { cat "$SERVICES/docker.$name" >&2; return 1; }
}

# Every second one of the cases.
build_half_by_docker() { # 0 OR 1
  local number=0 failed=0 call
  while IFS=$'\t' read -r -a call; do
    number=$((number + 1))
    [ $((number % 2)) = "$1" ] || continue
    build_by_docker "${call[@]}" || { echo "docker build ${call[0]} failed" >&2; failed=1; }
  done < .cases
  return $failed
}

project compare
make_context
python3 "$HERE/dockerfiles.py" write "$DATA" . "$REGISTRY" "$PATTERN"
commit
must build --repo "$REGISTRY/compare"
cp "$SERVICES/out" "$SERVICES/built"

build_half_by_docker 0 &
other=$!
build_half_by_docker 1 || fail "docker build"
wait $other || fail "docker build"
mkdir "$SERVICES/saved"
docker images --format '{{.Repository}}' | grep '^compare/' | xargs /usr/bin/docker save | tar -C "$SERVICES/saved" -xf -

python3 "$HERE/dockerfiles.py" compare "$DATA" "registry:$SERVICES/registry:$SERVICES/built" "save:$SERVICES/saved" "$PATTERN" ||
  fail "not all images are the same"
