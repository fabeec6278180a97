# Secondary, cache and final repositories beside the one of the stages, and custom tags where nothing may be published.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project repos
cat > werf.yaml <<YAML
project: repos
configVersion: 1
---
image: builder
final: false
from: $REGISTRY/base/busybox:1
shell:
  install:
  - echo tool > /tool
---
image: app
from: $REGISTRY/base/busybox:1
git:
- add: /
  to: /app
import:
- image: builder
  add: /tool
  to: /tool
  after: install
shell:
  setup:
  - date +%N > /when
---
image: both
platform: [linux/amd64, linux/arm64]
dockerfile: Dockerfile
YAML
cat > Dockerfile <<'DOCKERFILE'
FROM scratch
COPY data /data
DOCKERFILE
echo data > data
cat > werf-giterminism.yaml <<'YAML'
giterminismConfigVersion: 1
cli: { allowCustomTags: true }
YAML
commit

tags_of() { # REPO
  curl -fsS "http://$REGISTRY/v2/$1/tags/list" | jq -r '.tags[]?' | sort
}
stages_of() { # REPO: stages alone
  tags_of "$1" | grep -E '^[0-9a-f]{56}(-[0-9]{13})?$' || true
}
new_host() { # an empty store
  rm -rf "$STORE"
}

# ---- final ----
must build --repo "$REGISTRY/repos/main" --final-repo "$REGISTRY/repos/final" --add-custom-tag '%image%-latest' \
  --save-build-report --build-report-path "$SERVICES/report.json"
app=$(image_of app)
contains "a final image is known by its name in the final repository" "$app" "$REGISTRY/repos/final:"
contains "an intermediate one by that of the stages" "$(image_of builder)" "$REGISTRY/repos/main:"
equal "only last stages and indexes of final images are in the final repository, under their tags" \
  "$( (echo "${app##*:}"; awk -F '\t' '$1 == "both" { print $2 }' "$SERVICES/out" | sed 's/.*://') | sort)" "$(stages_of repos/final)"
equal "custom tags are there too" "app-latest both-latest" "$(tags_of repos/final | grep latest | xargs)"
equal "and not among the stages" "" "$(tags_of repos/main | grep latest | grep -v custom-tag-meta || true)"
equal "the records of custom tags stay beside the stages" 2 "$(tags_of repos/main | grep -c custom-tag-meta)"
digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }
equal "the copy has the same digest" "$(digest_of "${app/final/main}")" "$(digest_of "$app")"
equal "the report names the final repository" "$REGISTRY/repos/final" "$(jq -r .Images.app.DockerRepo "$SERVICES/report.json")"
equal "and the other one for the intermediate image" "$REGISTRY/repos/main" "$(jq -r .Images.builder.DockerRepo "$SERVICES/report.json")"
skopeo copy -q --src-tls-verify=false --all "docker://$REGISTRY/repos/final:both-latest" "oci:$SERVICES/both" ||
  fail "the index in the final repository is not whole"
ok "an index is copied with all it names"

must build --repo "$REGISTRY/repos/main" --final-repo "$REGISTRY/repos/final" --require-built-images --add-custom-tag '%image%-latest'
ok "with all there, --require-built-images is content"
slipway build --repo "$REGISTRY/repos/main" --final-repo "$REGISTRY/repos/other" --require-built-images
equal "a missing copy is not" 1 "$STATUS"
contains "and is named" "$ERR" in the final repository $REGISTRY/repos/other: tag 
slipway build --repo "$REGISTRY/repos/main" --require-built-images --add-custom-tag '%image%-next'
equal "nor is a missing custom tag" 1 "$STATUS"
equal "which is not set" "" "$(tags_of repos/main | grep next || true)"
slipway build --final-repo "$REGISTRY/repos/final"
equal "a final repository without one for the stages is a wrong usage" 2 "$STATUS"
contains "that is explained" "$ERR" "--final-repo needs --repo"

# ---- secondary ----
new_host
must build --repo "$REGISTRY/repos/second" --secondary-repo "$REGISTRY/repos/none" --secondary-repo "$REGISTRY/repos/main" \
  --save-build-report --build-report-path "$SERVICES/report.json"
equal "what a secondary repository has is not built again" "unchanged unchanged" "$(result_of app) $(result_of builder)"
equal "the stages have a copy under the same tags" "$(stages_of repos/main)" "$(stages_of repos/second)"
equal "and so has the record of the import" "$(tags_of repos/main | grep import-metadata)" "$(tags_of repos/second | grep import-metadata)"
equal "the report tells where stages came from" secondary "$(jq -r '.Images.app.Stages[-1].SourceType' "$SERVICES/report.json")"
must build --repo "$REGISTRY/repos/second"
equal "later builds do without it" "unchanged unchanged" "$(result_of app) $(result_of builder)"
unpack "$(image_of app)" "$WORK/app"
equal "the copy is whole" "tool data" "$(cat "$WORK/app/rootfs/tool" "$WORK/app/rootfs/app/data" | xargs)"

# ---- caches ----
echo more > data
commit
new_host
must build --repo "$REGISTRY/repos/main" --cache-repo "$REGISTRY/repos/cache" app
equal "a cache gets what was built or fetched" 1 "$(stages_of repos/cache | grep -c "$(image_of app | sed 's/.*://')")"
echo again > data
commit
new_host
must build --repo "$REGISTRY/repos/main" --cache-repo 127.0.0.1:1/nobody --cache-repo "$REGISTRY/repos/cache" app
contains "a cache that does not answer is a warning" "$ERR" "cache repository 127.0.0.1:1/nobody"
equal "once: it is left alone from there on" 1 "$(grep -c "cache repository 127.0.0.1:1/nobody" <<< "$ERR")"
unpack "$(image_of app)" "$WORK/cached"
equal "what came from a cache is whole" "tool again" "$(cat "$WORK/cached/rootfs/tool" "$WORK/cached/rootfs/app/data" | xargs)"
if [ "$E2E_BACKEND" = local ]; then # a daemon has its layers itself
  grep -q "GET /v2/repos/cache/blobs" "$SERVICES"/registry*.log || fail "no layer was taken from the cache"
  ok "layers are taken from the cache"
fi

app=$(image_of app)
curl -fsS -X PUT -H "Content-Type: application/vnd.oci.image.index.v1+json" \
  -d '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}' \
  "http://$REGISTRY/v2/repos/cache/manifests/${app##*:}"
must build --repo "$REGISTRY/repos/main" --cache-repo "$REGISTRY/repos/cache" app
equal "a cache with nonsense under a stage's tag does not make the stage missing" unchanged "$(result_of app)"
contains "and is named" "$ERR" "cache repository $REGISTRY/repos/cache" "names no config"
