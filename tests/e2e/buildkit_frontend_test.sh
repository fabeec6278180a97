# `# syntax=` of a front end that is not Docker's: a daemon runs it, with the files, options and images that it asks for.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
dockerd_start
export SLIPWAY_BUILDKIT_ADDR=docker://${DOCKER_HOST#unix://}

mkdir -p "$SERVICES/root-frontend"
gcc -O1 -static -o "$SERVICES/root-frontend/frontend" "$E2E_SOURCE/tests/e2e/frontend/frontend.c" -lnghttp2 -lcrypto 2> "$SERVICES/gcc.log" ||
  { cat "$SERVICES/gcc.log" >&2; fail "the front end cannot be made"; }
base_push frontend "$SERVICES/root-frontend" '{"Entrypoint": ["/frontend"], "Labels": {"moby.buildkit.frontend.network.none": "true"}}'

project main
cat > werf.yaml <<YAML
project: main
configVersion: 1
---
image: base
dockerfile: base.Dockerfile
---
image: app
dockerfile: Recipe
target: some
args: { GREETING: hello }
network: none
dependencies:
- image: base
  imports:
  - { type: ImageName, targetBuildArg: BASE }
imageSpec:
  config:
    env: { ADDED: "1" }
YAML
printf 'FROM %s/base/busybox:1\nENV X=y\n' "$REGISTRY" > base.Dockerfile
printf '# syntax=%s/base/frontend:1 --more\nthis is no Dockerfile\n' "$REGISTRY" > Recipe
mkdir -p sub
echo deep > sub/file
echo no > left-out
echo left-out > .dockerignore
commit

must build --backend buildkit --repo "$REGISTRY/main"
equal "the front end makes an image" built "$(result_of app)"
app=$(image_of app)
unpack "$app" "$SERVICES/app"
equal "it sees the context" deep "$(cat "$SERVICES/app/rootfs/context/sub/file")"
[ ! -e "$SERVICES/app/rootfs/context/left-out" ] || fail "it sees what is ignored"
ok "but not what is ignored"
told=$(cat "$SERVICES/app/rootfs/told")
for option in "filename=Recipe" "target=some" "build-arg:GREETING=hello" "force-network-mode=none" "cmdline=$REGISTRY/base/frontend:1 --more" \
  "build-arg:BASE=$(image_of base)" "context:$(image_of base)=docker-image://$REGISTRY/main@sha256:" "platform=linux/amd64"; do
  contains "it is told $option" "$told" "$option"
done
equal "its config stays" "frontend main" "$(config_of "$app" | jq -r '[.config.Labels["of"], .config.Labels["werf"]] | join(" ")')"
equal "imageSpec changes it" "BY=frontend ADDED=1" "$(config_of "$app" | jq -r '.config.Env | join(" ")')"

must build --backend buildkit --repo "$REGISTRY/main"
equal "nothing is built twice" unchanged "$(result_of app)"
echo deeper > sub/file
commit
must build --backend buildkit --repo "$REGISTRY/main"
equal "every file of the context counts" built "$(result_of app)"

slipway build --backend local --repo "$REGISTRY/local"
equal "the local backend cannot run it" 1 "$STATUS"
contains "and says who can" "$ERR" "which only a BuildKit daemon can run, and not backend \"local\""
contains "at its line" "$ERR" "Recipe:1"
