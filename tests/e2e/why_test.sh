# Why is it built? After each change `why` names the stage and the input that has changed, and nothing else.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project why
cat > werf.yaml <<YAML
project: why
configVersion: 1
---
image: app
dockerfile: Dockerfile
args:
  GREETING: hello
---
image: tool
from: $REGISTRY/base/busybox:1
git:
- add: /src
  to: /src
  stageDependencies:
    install: "*.txt"
shell:
  beforeInstall: echo one > /one
  install: echo two > /two
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
ARG GREETING
COPY src /src
RUN echo \$GREETING > /greeting
CMD ["cat", "/greeting"]
DOCKERFILE
mkdir src
echo a > src/a.txt
commit
must why --repo "$REGISTRY/why"
contains "a first build has nothing to compare with" "$OUT" "no earlier build of this image is in the store"
must build --repo "$REGISTRY/why"
must why --repo "$REGISTRY/why"
contains "what is there is said to be there" "$OUT" "dockerfile: is there"
case "$OUT" in *"has to be built"*) fail "nothing should have to be built: $OUT" ;; esac

changed() { # WHAT IMAGE PART NOT-PART: commits, asks why, then builds
  commit
  must why --repo "$REGISTRY/why" "$2"
  contains "$1" "$OUT" "$3"
  [ -z "${4:-}" ] || case "$OUT" in *"$4"*) fail "$1: «$4» should not be in «$OUT»" ;; esac
  must build --repo "$REGISTRY/why"
}

sed -i 's/GREETING: hello/GREETING: good morning/' werf.yaml
changed "an argument" app "ARG GREETING: sha256:" "COPY"
case "$OUT" in *"good morning"*) fail "the value of an argument is shown" ;; esac
echo b > src/a.txt
changed "a file" app "files of instruction Dockerfile:3: COPY: " "RUN"
sed -i 's/CMD.*/CMD ["true"]/' Dockerfile
changed "an instruction" app "instruction Dockerfile:5: CMD" "COPY"
echo 'ENV A=b' >> Dockerfile
changed "a new instruction" app "ENV A is new" "CMD"
sed -i '/^CMD/d' Dockerfile
changed "an instruction that is gone" app "instruction Dockerfile:5: CMD" "COPY"
sed -i 's/echo one/echo uno/' werf.yaml
changed "a command of Stapel" tool "beforeInstall: has to be built" "from: has to be built"
sed -i 's/echo two/echo due/' werf.yaml
changed "a later command leaves the earlier stage alone" tool "install: has to be built" "beforeInstall: has to be built"
echo c > src/a.txt
changed "a file that a stage depends on" tool "install: has to be built" "beforeInstall: has to be built"
sed -i "s|^image: tool|image: tool\ncacheVersion: \"2\"|" werf.yaml
changed "a cache version" tool "from: has to be built" ""

rm -rf "$STORE"
echo d > src/a.txt
commit
must why --repo "$REGISTRY/why" app
contains "another host knows as much" "$OUT" "files of instruction Dockerfile:3: COPY: "
