# A build that is told to stop stops at once: with the documented exit code, and with nothing left behind.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project stopped
cat > werf.yaml <<YAML
project: stopped
configVersion: 1
---
image: sleeper
dockerfile: Dockerfile
---
image: busy
dockerfile: Dockerfile.busy
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN trap '' INT TERM; echo SLEEPING; sleep 1234567 & wait; sleep 1234567
DOCKERFILE
cat > Dockerfile.busy <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN echo BUSY; while true; do dd if=/dev/zero of=/big bs=1M count=8 2> /dev/null; done
DOCKERFILE
commit

stopped() {
  ! pgrep -f "sleep 1234567"
}

for signal in INT:130 TERM:143; do
  # A shell starts background jobs with SIGINT ignored; a build has to get the default.
  python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$SLIPWAY" build --repo "$REGISTRY/stopped" > /dev/null 2> "$SERVICES/err" &
  pid=$!
  wait_for 20 grep -q SLEEPING "$SERVICES/err" || fail "the step does not start: $(cat "$SERVICES/err")"
  began=$(date +%s)
  kill -"${signal%:*}" $pid
  status=0
  wait $pid || status=$?
  equal "SIG${signal%:*} ends the build with ${signal#*:}" "${signal#*:}" "$status"
  took=$(($(date +%s) - began))
  [ $took -le 10 ] || fail "it took $took seconds to stop"
  ok "it stops within seconds, also where a step ignores signals"
  equal "no mount is left" "" "$(awk -v folder="$STORE/" 'index($2, folder) == 1 { print $2 }' /proc/mounts)"
  wait_for 5 stopped || fail "a process is left"
  ok "no process is left"
  equal "no temporary file is left" "" "$(find "$STORE/tmp" -mindepth 1 2> /dev/null | head -3)"
  equal "nothing is published" "" "$(curl -s "http://$REGISTRY/v2/stopped/tags/list" | jq -r '.tags[]?')"
done
must store verify
ok "the store is whole"
