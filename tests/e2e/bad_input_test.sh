# Whatever is wrong, the message says where and what to do, the exit code is the documented one, and nothing is published.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

# refused WHAT CODE PART… [-- ARGUMENTS…]: the build of the project in this folder fails like that.
refused() {
  local what=$1 code=$2 parts=()
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do parts+=("$1") && shift; done
  [ $# -eq 0 ] || shift
  slipway build --repo "$REPO" "$@"
  [ "$STATUS" = "$code" ] || fail "$what: exit code $STATUS, wanted $code: $ERR"
  local part
  for part in "${parts[@]}"; do
    case "$ERR" in *"$part"*) ;; *) fail "$what: «$part» is not in «$ERR»" ;; esac
  done
  equal "$what: nothing is published" "" "$(published)"
}

published() {
  curl -fsS "http://$REGISTRY/v2/$NAME/tags/list" 2> /dev/null | jq -r '.tags[]?' | grep -E '^[0-9a-f]{56}' || true
}

# A project of one Dockerfile image; the Dockerfile is standard input.
dockerfile() { # NAME
  NAME=bad-$1 REPO=$REGISTRY/bad-$1
  project "$NAME"
  printf 'project: bad\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
  sed "s|BASE|$REGISTRY/base/busybox:1|" > Dockerfile
}

# A project of one werf.yaml, which is standard input, and a Dockerfile that is fine.
config() { # NAME
  NAME=bad-$1 REPO=$REGISTRY/bad-$1
  project "$NAME"
  cat > werf.yaml
  echo "FROM $REGISTRY/base/busybox:1" > Dockerfile
}

config yaml-syntax <<'YAML'
project: bad
configVersion: 1
---
image: app
dockerfile: [Dockerfile
YAML
commit
refused "a YAML syntax error" 3 "werf.yaml:"

config unknown-key <<'YAML'
project: bad
configVersion: 1
---
image: app
dockerfil: Dockerfile
YAML
commit
refused "an unknown key" 3 "werf.yaml:5" "dockerfil"

config unknown-key-suggestion <<'YAML'
project: bad
configVersion: 1
---
image: app
dockerfile: Dockerfile
contxt: sub
YAML
commit
refused "an unknown key with a suggestion" 3 "werf.yaml:6" "contxt" "context"

config cycle <<'YAML'
project: bad
configVersion: 1
---
image: a
dockerfile: Dockerfile
dependencies: [{ image: b }]
---
image: b
dockerfile: Dockerfile
dependencies: [{ image: a }]
YAML
commit
refused "a cycle of images" 3 "a" "b"

config no-dockerfile <<'YAML'
project: bad
configVersion: 1
---
image: app
dockerfile: Nowhere
YAML
commit
refused "a Dockerfile that is not there" 3 "Nowhere"

NAME=bad-no-config REPO=$REGISTRY/bad-no-config
project bad-no-config
commit
refused "no werf.yaml" 3 "werf.yaml"

mkdir -p "$WORK/no-git" && cd "$WORK/no-git"
NAME=bad-no-git REPO=$REGISTRY/bad-no-git
GIT_CEILING_DIRECTORIES=$WORK refused "no git repository" 3

dockerfile unknown-instruction <<'DOCKERFILE'
FROM BASE

COPPY a b
DOCKERFILE
commit
refused "an unknown instruction" 3 "Dockerfile:3" "COPPY" "COPY"

dockerfile missing-file <<'DOCKERFILE'
FROM BASE
COPY nowhere.txt /
DOCKERFILE
commit
refused "a missing file in COPY" 1 "Dockerfile:2" "nowhere.txt"

dockerfile missing-stage-file <<'DOCKERFILE'
FROM BASE AS one
FROM BASE
COPY --from=one /nowhere /x
DOCKERFILE
commit
refused "a missing file in COPY --from" 1 "Dockerfile:3" "/nowhere"

dockerfile missing-base <<DOCKERFILE
FROM $REGISTRY/base/nothing:1
DOCKERFILE
commit
refused "a missing base image" 1 "Dockerfile:1" "base/nothing:1"

dockerfile bad-base <<'DOCKERFILE'
FROM Upper/Case
DOCKERFILE
commit
refused "a base image that is no reference" 3 "Dockerfile:1"

dockerfile failing-run <<'DOCKERFILE'
FROM BASE
RUN echo first line && echo the last line >&2 && exit 42
DOCKERFILE
commit
refused "a failing RUN" 1 "Dockerfile:2" "42" "the last line"

dockerfile missing-program <<'DOCKERFILE'
FROM BASE
RUN ["/no/such/program"]
DOCKERFILE
commit
refused "a RUN of a missing program" 1 "Dockerfile:2" "/no/such/program"

dockerfile one-of-two <<'DOCKERFILE'
FROM BASE
RUN exit 3
DOCKERFILE
printf -- '---\nimage: fine\ndockerfile: Fine\n' >> werf.yaml
printf 'FROM %s/base/busybox:1\nRUN sleep 2 && echo fine > /fine\n' "$REGISTRY" > Fine
commit
slipway build --repo "$REPO"
equal "one failing image of two fails the build" 1 "$STATUS"

dockerfile fine <<'DOCKERFILE'
FROM BASE
RUN echo fine > /fine
DOCKERFILE
commit
refused "an unknown option" 2 "--no-such-option" -- --no-such-option
refused "an unknown image" 2 "nobody" -- nobody
REPO=$REGISTRY/Upper refused "a repository that is no name" 2 "lower case"
REPO=127.0.0.1:1/x refused "a registry that is down" 4 "127.0.0.1:1"

# hostile CASE: a registry that misbehaves; sets REPO.
hostile() {
  local fifo=$SERVICES/hostile.in
  rm -f "$fifo" "$SERVICES/hostile.port"
  mkfifo "$fifo"
  python3 "$E2E_SOURCE/tests/unit/plugins/registry/hostile_registry.py" "$1" < "$fifo" > "$SERVICES/hostile.port" &
  SERVICES_PIDS+=($!)
  exec 7> "$fifo"
  wait_for 10 test -s "$SERVICES/hostile.port"
  REPO=127.0.0.1:$(cat "$SERVICES/hostile.port")/a
}

hostile tags-500
refused "a registry that answers 500" 4 "500" "disk on fire"
hostile 401-forever
refused "a registry that answers 401" 4 "login"

for case in "wrong-digest CORRUPT 1" "500 failed 4" "missing not-there 1"; do
  read -r name _ code <<< "$case"
  hostile "$name"
  sed -i "s|^FROM .*|FROM $REPO:tag|" Dockerfile
  commit
  NAME=bad-fine REPO=$REGISTRY/bad-fine refused "a base image from a registry with $name" "$code" "Dockerfile:1" "$REPO"
done
exec 7>&-

dockerfile disk-full <<'DOCKERFILE'
FROM BASE
RUN dd if=/dev/zero of=/big bs=1M count=64
DOCKERFILE
commit
mkdir "$SERVICES/small"
mount -t tmpfs -o size=16m tmpfs "$SERVICES/small"
SLIPWAY_STORE=$SERVICES/small/store refused "a full disk" 1 "space"
umount "$SERVICES/small"
