# The main job: a project is built, published, found again, and built anew where it changed.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project main
cat > werf.yaml <<YAML
project: main
configVersion: 1
---
image: app
dockerfile: Dockerfile
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
WORKDIR /app
COPY . .
RUN cat hello.txt > /seen && id -u > /uid
ENV A=b
CMD ["cat", "/seen"]
DOCKERFILE
echo hello > hello.txt
commit

must build --repo "$REGISTRY/main"
equal "the image is built" built "$(result_of app)"
first=$(image_of app)
unpack "$first" "$SERVICES/first"
equal "a step sees the context" hello "$(cat "$SERVICES/first/rootfs/seen")"
equal "a step runs as root" 0 "$(cat "$SERVICES/first/rootfs/uid")"
equal "the config is the Dockerfile's" '["cat","/seen"]' "$(config_of "$first" | jq -c .config.Cmd)"

must build --repo "$REGISTRY/main"
equal "nothing is built twice" unchanged "$(result_of app)"
equal "the name stays" "$first" "$(image_of app)"

echo changed > hello.txt
commit
must build --repo "$REGISTRY/main"
equal "a change is built" built "$(result_of app)"
unpack "$(image_of app)" "$SERVICES/second"
equal "with the new file" changed "$(cat "$SERVICES/second/rootfs/seen")"

rm -rf "$STORE"
must build --repo "$REGISTRY/main"
equal "a new host finds the stages in the registry" unchanged "$(result_of app)"
name=$(image_of app)
slipway stage image app --repo "$REGISTRY/main" --synchronization=:local --log-pretty=false --kube-context none
equal "a built image's name is printed, whatever of werf's options comes along" "$name" "$OUT"
slipway stage image app --repo "$REGISTRY/elsewhere"
equal "one that was not built has none" "1 " "$STATUS $OUT"
contains "which is said" "$ERR" "is not in $REGISTRY/elsewhere"
slipway why app --repo "$REGISTRY/main" --log-color-mode on
contains "colors can be had where no terminal is" "$OUT" $'\e['
slipway why app --repo "$REGISTRY/main" --log-color-mode loud
equal "a mode that does not exist is a wrong usage" 2 "$STATUS"
