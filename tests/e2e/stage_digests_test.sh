# Twelve projects that werf itself has built: every stage must get werf's name and digest, and every result werf's files and config.
#   stage_digests_test.sh [PROJECT…]
# The address of base images enters the digests, so the registry stands at a fixed port, in a network of the test's own.
[ -n "${OWN_NETWORK:-}" ] || exec env OWN_NETWORK=1 unshare --net bash "$0" "$@"
ip link set lo up
REGISTRY_PORT=17050
BASE_WITH_BASH=1
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
base_rich

cases=$E2E_SOURCE/tests/fixtures/stage-digests
mkdir -p "$SERVICES/got"
cat > "$SERVICES/on-build" <<'SCRIPT'
#!/bin/bash
# Called as on-build PROJECT STEP in the work tree of a project.
set -u
status=0
"$SLIPWAY" build --repo "$REG/$1" --save-build-report --build-report-path "$GOT/$1-$2.json" > "$GOT/$1-$2.out" 2> "$GOT/$1-$2.err" || status=$?
echo "$status" > "$GOT/$1-$2.status"
SCRIPT
chmod +x "$SERVICES/on-build"
export SLIPWAY GOT=$SERVICES/got REG=$REGISTRY ON_BUILD=$SERVICES/on-build
failed=0
for script in "$cases"/projects/${1:-*}.sh; do
  name=$(basename "$script" .sh)
  mkdir -p "$WORK/$name"
  (cd "$WORK/$name" && sh "$script") || fail "$name: the project's own script failed"
  python3 "$E2E_SOURCE/tests/e2e/stage_digests.py" "$cases/expected/$name.json" "$GOT" "$name" "$REGISTRY" || failed=1
done
[ $failed = 0 ] || fail "stages or results differ from werf's"
ok "stages and results are werf's"
