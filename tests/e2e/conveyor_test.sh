# A failing image: what depends on it is cancelled, the others end or not, and the summary names each.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project conveyor
cat > werf.yaml <<YAML
project: conveyor
configVersion: 1
---
image: good
dockerfile: Dockerfile
args: { STEP: "true" }
---
image: bad
dockerfile: Dockerfile
args: { STEP: "exit 7" }
---
image: child
from: $REGISTRY/base/busybox:1
import:
- { image: bad, add: /bin, to: /imported, after: install }
---
image: grandchild
dockerfile: Dockerfile
args: { STEP: "true" }
dependencies:
- image: child
  imports: [{ type: ImageName, targetBuildArg: CHILD }]
---
image: later
dockerfile: Dockerfile
args: { STEP: "echo later" }
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
ARG STEP
RUN sh -c "\$STEP"
DOCKERFILE
commit

ends() { cut -f1,2 "$SERVICES/out" | sed -E "s|\t$REGISTRY/.*|\tdone|" | tr '\t' ' ' | sort | paste -sd,; }

slipway build --repo "$REGISTRY/conveyor" --keep-going
equal "a failure ends with exit code 1" 1 "$STATUS"
equal "with --keep-going what does not depend on it is finished" "bad failed,child cancelled,good done,grandchild cancelled,later done" "$(ends)"
contains "the failure is told" "$ERR" 'image "bad"'
equal "and told once" 1 "$(printf '%s\n' "$ERR" | grep -c 'exit code: 7')"

slipway build --repo "$REGISTRY/alone" --parallel=false
equal "without it the exit code is the same" 1 "$STATUS"
equal "and what had not begun says so" "bad failed,child cancelled,good done,grandchild cancelled,later not begun" "$(ends)"
contains "what was finished is kept" "$(curl -fsS "http://$REGISTRY/v2/alone/tags/list")" "$(awk -F '\t' '$1 == "good" { sub(/.*:/, "", $2); print $2 }' "$SERVICES/out")"

slipway build --repo "$REGISTRY/conveyor" good later
equal "what was finished need not be built again" "good unchanged,later unchanged" "$(cut -f1,3 "$SERVICES/out" | tr '\t' ' ' | paste -sd,)"
