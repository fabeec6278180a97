# Final images given out under names of the user's choice, without the labels that are the builder's.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project export
cat > werf.yaml <<YAML
project: export
configVersion: 1
---
image: builder
final: false
dockerfile: Dockerfile
---
image: app
from: $REGISTRY/base/busybox:1
docker:
  LABEL: { kept: "yes", werf-something: "no" }
import:
- image: builder
  add: /made
  to: /made
  after: setup
---
image: both
platform: [linux/amd64, linux/arm64]
dockerfile: Dockerfile.both
YAML
printf 'FROM %s/base/busybox:1\nRUN echo made > /made\n' "$REGISTRY" > Dockerfile
printf 'FROM scratch\nCOPY werf.yaml /\n' > Dockerfile.both
commit
labels_of() { config_of "$1" | jq -r '.config.Labels // {} | to_entries[] | "\(.key)=\(.value)"' | sort | xargs; }

must export --repo "$REGISTRY/stages" --tag "$REGISTRY/out/%image%:1.0" --add-label team=core --add-label $'a=1\nb=2'
equal "each final image has a line with its reference" "app both" "$(cut -f1 <<< "$OUT" | sort | xargs)"
equal "intermediate images are not exported" 404 "$(curl -s -o "$SERVICES/answer" -w '%{http_code}' "http://$REGISTRY/v2/out/builder/tags/list")"
equal "a copy has the added labels and none of the builder's" "a=1 b=2 kept=yes team=core" "$(labels_of "$REGISTRY/out/app:1.0")"
equal "the stage keeps them" 1 "$(config_of "$REGISTRY/stages:$(must build --repo "$REGISTRY/stages" app; image_of app | sed 's/.*://')" | jq -r '.config.Labels | has("werf-stage-content-digest") | if . then 1 else 0 end')"
must export app --repo "$REGISTRY/stages" --tag "$REGISTRY/out/app:again" --add-label team=core --add-label $'a=1\nb=2'
equal "the line names the digest that the registry has" "$(cut -f3 <<< "$OUT")" \
  "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/out/app:1.0")"
unpack "$REGISTRY/out/app:1.0" "$WORK/app"
equal "the copy's files are the image's" made "$(cat "$WORK/app/rootfs/made")"
skopeo copy -q --src-tls-verify=false --all "docker://$REGISTRY/out/both:1.0" "oci:$SERVICES/both" || fail "the exported index is not whole"
equal "an index is exported with every platform" "amd64 arm64" \
  "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/out/both:1.0" | jq -r '.manifests[].platform.architecture' | sort | xargs)"
equal "each of them without the builder's labels" "team=core a=1" "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/out/both:1.0" |
  jq -r '.manifests[].digest' | head -1 | while read -r digest; do labels_of "$REGISTRY/out/both@$digest" | grep -o 'team=core\|a=1' | sort -r | xargs; done)"

must export app --tag "$REGISTRY/out/local"
equal "images of this host's own store are exported too, as latest without a tag" "kept=yes" "$(labels_of "$REGISTRY/out/local:latest")"
WERF_EXPORT_ADD_LABEL_X=from=env must export app --tag "$REGISTRY/out/env:1" --require-built-images
equal "labels come from the environment" "from=env kept=yes" "$(labels_of "$REGISTRY/out/env:1")"

refused() { # WHAT PART ARGUMENTS…
  local what=$1 part=$2
  shift 2
  slipway export --repo "$REGISTRY/nothing" "$@"
  [ "$STATUS" = 2 ] || fail "$what: exit code $STATUS"
  contains "$what" "$ERR" "$part"
}
refused "without a tag it says what is missing" "--tag says where to"
refused "two images need two names" 'would name both image' --tag "$REGISTRY/out/same:1"
refused "a name without a registry is refused" 'names no registry' app --tag busybox:1
refused "a wrong shortcut is named" 'unknown shortcut at "%imag%' app --tag "$REGISTRY/out/%imag%:1"
refused "a label needs a value" '--add-label "team" is not NAME=VALUE' app --tag "$REGISTRY/out/app:1" --add-label team
refused "there must be something to export" 'nothing to export' builder --tag "$REGISTRY/out/builder:1"
equal "and nothing was built for any of it" 404 "$(curl -s -o "$SERVICES/answer" -w '%{http_code}' "http://$REGISTRY/v2/nothing/tags/list")"
