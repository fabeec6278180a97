# Two builds of one project at once, on one store: both succeed with the same images, and no step runs twice.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project twins
{
  printf 'project: twins\nconfigVersion: 1\n'
  for i in 1 2 3 4; do
    printf -- '---\nimage: image%s\ndockerfile: Dockerfile\nargs: { NUMBER: "%s" }\n' $i $i
  done
} > werf.yaml
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN echo "RUNNING-COMMON-\$((40 + 2))" && sleep 0.5
ARG NUMBER
RUN echo "RUNNING-\$((NUMBER + 100))-END" && sleep 0.3 && echo \$NUMBER > /number
DOCKERFILE
commit

build() { # NAME
  "$SLIPWAY" build --repo "$REGISTRY/twins" > "$SERVICES/$1.out" 2> "$SERVICES/$1.err"
}
build first & first=$!
build second & second=$!
wait $first || { cat "$SERVICES/first.err" >&2; fail "the first build"; }
wait $second || { cat "$SERVICES/second.err" >&2; fail "the second build"; }
ok "both succeed"
equal "with the same images" "$(cut -f1,2 "$SERVICES/first.out" | sort)" "$(cut -f1,2 "$SERVICES/second.out" | sort)"
executed() { cat "$SERVICES/first.err" "$SERVICES/second.err" | grep -vE 'echo "?RUNNING' | grep -cE "$1" || true; }
equal "the common step runs once" 1 "$(executed 'RUNNING-COMMON-42')"
for i in 1 2 3 4; do
  equal "step $i runs once" 1 "$(executed "RUNNING-$((i + 100))-END")"
done
must store verify
ok "the store is whole"

# --- ten at once, on ten hosts and on one: what counts is that each stage is published once, and that all report the same ---

cat > werf.yaml <<YAML
project: twins
configVersion: 1
---
image: file
dockerfile: Dockerfile
args: { NUMBER: "10" }
---
image: stapel
from: $REGISTRY/base/busybox:1
git:
- add: /
  to: /src
shell:
  install: cat /src/werf.yaml > /installed
  setup: cat /installed > /built
YAML
commit

crowd() { # NAME STORE-OF-ALL: ten builds of the commit; with a second argument on one store
  local i pids=() store
  for i in 0 1 2 3 4 5 6 7 8 9; do
    store=$SERVICES/stores/$1/${2:-$i}
    SLIPWAY_STORE=$store "$SLIPWAY" build --repo "$REGISTRY/$1" > "$SERVICES/$1-$i.out" 2> "$SERVICES/$1-$i.err" &
    pids+=($!)
  done
  for i in 0 1 2 3 4 5 6 7 8 9; do
    wait "${pids[$i]}" || { cat "$SERVICES/$1-$i.err" >&2; fail "$1: build $i"; }
  done
  equal "$1: all report the same images" 1 "$(for i in 0 1 2 3 4 5 6 7 8 9; do cut -f1,2 "$SERVICES/$1-$i.out" | sort | sha256sum; done | sort -u | wc -l)"
  equal "$1: each stage is there once" "" \
    "$(curl -fsS "http://$REGISTRY/v2/$1/tags/list" | jq -r '.tags[]' | grep -E '^[0-9a-f]{56}-[0-9]{13}$' | cut -c1-56 | sort | uniq -d)"
  while read -r image; do
    skopeo inspect --tls-verify=false --raw "docker://$image" > /dev/null || fail "$1: $image is not there"
  done < <(cut -f2 "$SERVICES/$1-0.out")
  ok "$1: what they report can be pulled"
}
crowd ten-hosts
crowd one-host shared
SLIPWAY_STORE=$SERVICES/stores/one-host/shared must store verify
ok "the store of ten is whole"
