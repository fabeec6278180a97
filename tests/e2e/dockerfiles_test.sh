# The images of many Dockerfiles, built here and by `docker build`, are compared file by file and member by member of their configs.
#   E2E_DOCKERFILES=PATTERN   compares those alone whose name matches
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
registry_start
base_busybox
base_rich
dockerd_start

make_context() {
  mkdir -p dir/sub dir2/sub links packed
  echo text > a.txt
  printf '#!/bin/sh\necho executed\n' > exe.sh && chmod 755 exe.sh
  echo 1 > dir/one && echo 2 > dir/two && echo 3 > dir/sub/three && echo h > dir/.hidden && echo 4 > dir2/sub/four
  ln -s a.txt link && ln -s ../a.txt links/relative && ln -s /absolute links/absolute && ln -s missing links/dangling && ln -s ../dir links/folder
  echo x > one.go && echo y > two.go && echo z > f1.txt && echo b > b.md && echo c > c.md && echo d > d.md
  echo 'spaces' > 'with space.txt'
  echo 'no archive' > text.tar.gz
  echo no > ignored.txt && echo no > dir/ignored
  echo packed > packed/file && chmod 640 packed/file && ln -s file packed/link && ln packed/file packed/hard && mkdir packed/empty
  tar --sort=name --owner=7 --group=8 --numeric-owner --mtime=@0 -cf archive.tar packed
  rm -r packed
  gzip -nk archive.tar && bzip2 -k archive.tar && xz -k archive.tar
  printf '%s\n' .git werf.yaml 'ignored.txt' '**/ignored' '!kept' > .dockerignore
}

# The Dockerfiles as files, and a document of werf.yaml for each.
make_images() {
  printf 'project: compare\nconfigVersion: 1\n' > werf.yaml
  awk -v host="$REGISTRY" '/^=== / { file = $2 ".Dockerfile"; next } file { gsub("HOST/", host "/"); print > file }' "$HERE/dockerfiles.txt"
  local file name
  for file in *.Dockerfile; do
    name=${file%.Dockerfile}
    # shellcheck disable=SC2254
    case "$name" in ${E2E_DOCKERFILES:-*}) ;; *) rm "$file" && continue ;; esac
    NAMES+=("$name")
    printf -- '---\nimage: %s\ndockerfile: %s\nargs:\n  BASE: %s/base/busybox:1\n  RICH: %s/base/rich:1\n' "$name" "$file" "$REGISTRY" "$REGISTRY"
  done >> werf.yaml
}

# The members of a config that a container is started by, and the history; labels of the build itself are left out. BuildKit's releases word
# some steps differently: those are compared by their keyword, and COPY without its flags.
comparable_config() {
  config_of "$1" | jq -S '{architecture, os, variant, config: (.config
    | .Labels = ((.Labels // {}) | with_entries(select(.key | startswith("werf") | not)))
    | with_entries(select(.value != null and .value != "" and .value != [] and .value != {} and .value != false))),
    steps: [.history[] | {by: (.created_by | gsub(" --(chown|chmod|from|link)=[^ ]+"; "") | sub("^(?<word>ARG|EXPOSE|HEALTHCHECK) .*"; .word)),
      empty: (.empty_layer // false)}]}'
}

# dockerd has files of its own in the way of the ones that it binds over /etc while a step runs: empty ones are left behind.
comparable_tree() {
  python3 "$HERE/tree.py" "$1" | grep -vE '^/etc/(hosts|resolv\.conf|hostname) file [0-9]+ 0:0 0 ' || true
}

build_by_docker() { # NAME
  docker build -q --network=host -f "$1.Dockerfile" -t "$REGISTRY/docker/$1:1" --build-arg "BASE=$REGISTRY/base/busybox:1" \
    --build-arg "RICH=$REGISTRY/base/rich:1" . > "$SERVICES/docker.log" 2>&1 || { cat "$SERVICES/docker.log" >&2; fail "docker build $1"; }
  docker push -q "$REGISTRY/docker/$1:1" > /dev/null
}

compare() { # NAME
  local ours=$1.ours theirs=$1.theirs
  unpack "$(awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$SERVICES/built")" "$SERVICES/ours"
  unpack "$REGISTRY/docker/$1:1" "$SERVICES/theirs"
  comparable_tree "$SERVICES/ours/rootfs" > "$SERVICES/$ours"
  comparable_tree "$SERVICES/theirs/rootfs" > "$SERVICES/$theirs"
  comparable_config "$(awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$SERVICES/built")" >> "$SERVICES/$ours"
  comparable_config "$REGISTRY/docker/$1:1" >> "$SERVICES/$theirs"
  if diff -u "$SERVICES/$theirs" "$SERVICES/$ours" > "$SERVICES/difference"; then
    ok "$1"
  else
    echo "DIFFERS: $1 (docker -, slipway +)" >&2
    sed -n '3,40p' "$SERVICES/difference" >&2
    DIFFERENT+=("$1")
  fi
}

NAMES=()
DIFFERENT=()
project compare
make_context
make_images
commit
must build --repo "$REGISTRY/compare"
cp "$SERVICES/out" "$SERVICES/built"
for name in "${NAMES[@]}"; do
  build_by_docker "$name"
  compare "$name"
done
[ ${#DIFFERENT[@]} -eq 0 ] || fail "${#DIFFERENT[@]} of ${#NAMES[@]} differ: ${DIFFERENT[*]}"
