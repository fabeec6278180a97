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
