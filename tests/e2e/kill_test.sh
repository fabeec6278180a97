# Killed at any moment, a build leaves a store that the next one can use, and nothing else.
#   E2E_KILLS=N   how often (100)
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project killed
cat > werf.yaml <<YAML
project: killed
configVersion: 1
---
image: one
dockerfile: Dockerfile
args: { NAME: one }
---
image: two
dockerfile: Dockerfile
args: { NAME: two }
---
image: three
from: $REGISTRY/base/busybox:1
git:
- add: /
  to: /src
shell:
  install: [cp -r /src /copy]
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
ARG NAME
COPY . /src
RUN echo \$NAME > /name && dd if=/dev/urandom of=/noise bs=1M count=4
RUN mkdir /many && cd /many && for i in \$(seq 300); do echo \$i > \$i; done
RUN sleep 0.1; rm -r /many/1*
DOCKERFILE
seq 1000 > file
commit

kills=${E2E_KILLS:-100}
slowest=1500
for i in $(seq "$kills"); do
  # Every fifth time the work begins anew, so that all phases are hit; a change in between makes stages differ.
  if [ $((i % 5)) = 0 ]; then
    echo "$i" > file
    commit
  fi
  "$SLIPWAY" build --repo "$REGISTRY/killed" > /dev/null 2>&1 &
  pid=$!
  sleep "$(awk -v r=$RANDOM -v most=$slowest 'BEGIN { printf "%.3f", r / 32768 * most / 1000 }')"
  kill -9 $pid 2> /dev/null || true
  wait $pid 2> /dev/null || true
done
ok "$kills builds were killed"

must build --repo "$REGISTRY/killed"
image=$(image_of one)
ok "the build after them succeeds"
must store verify
ok "every byte of the store is what its name says"

mounts_left() { awk -v folder="$STORE/" 'index($2, folder) == 1 { print $2 }' /proc/mounts; }
processes_left() { pgrep -f "$STORE" || true; }
sleep 1
equal "no mount is left" "" "$(mounts_left)"
equal "no process is left" "" "$(processes_left)"
equal "no temporary file is left" "" "$(find "$STORE/tmp" -mindepth 1 2> /dev/null | head -3)"
equal "no blob is half written" "" "$(find "$STORE/blobs" -type f ! -regex '.*/[0-9a-f]*' | head -3)"
unpack "$image" "$SERVICES/one"
equal "and what is published is whole" one "$(cat "$SERVICES/one/rootfs/name")"
