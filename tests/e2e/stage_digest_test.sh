# What a stage's digest stands on, row by row: what must not change any, and what must change which one, with those behind it and no other.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REGISTRY/base/busybox:1" "docker://$REGISTRY/base/busybox:2"
project digests
python3 "$E2E_SOURCE/tests/e2e/stage_digest.py" "$SLIPWAY" "$REGISTRY" "$WORK"
ok "every row holds"
