# Why is it built? Each of many changes to one project: `why` names the stage and what has changed in it, and nothing else.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REGISTRY/base/busybox:1" "docker://$REGISTRY/base/busybox:2"

project why
cat > werf.yaml <<YAML
project: why
configVersion: 1
---
image: app
dockerfile: Dockerfile
target: last
contextAddFiles: [outside.txt]
addHost: ["one:10.0.0.1"]
args:
  GREETING: hello
imageSpec:
  config:
    labels: { tier: one }
---
image: steps
dockerfile: steps.Dockerfile
staged: true
---
image: tool
from: $REGISTRY/base/busybox:1
git:
- add: /src
  to: /src
  owner: root
  includePaths: ["**/*.txt", "**/*.sh"]
  excludePaths: [skip]
  stageDependencies:
    install: ["dep/*.txt"]
shell:
  beforeInstall: echo one > /one
  install: [echo two > /two, echo three > /three]
  setup: echo
  cacheVersion: "1"
docker:
  ENV:
    LEVEL: "1"
mount:
- from: tmp_dir
  to: /cache
---
image: user
from: $REGISTRY/base/busybox:1
import:
- image: tool
  add: /src
  to: /imported
  after: install
dependencies:
- image: app
  after: setup
  imports:
  - type: ImageName
    targetEnv: APP
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1 AS helper
COPY src/dep /dep
RUN cat /dep/one.txt > /helped

FROM $REGISTRY/base/busybox:1 AS last
ARG GREETING
COPY --from=helper /helped /helped
COPY src outside.txt /src/
RUN true
ENV MODE=fast LEVEL=1
LABEL team=blue
CMD ["cat", "/helped"]

FROM last AS other
RUN echo other
DOCKERFILE
cat > steps.Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
ENV A=1
COPY src/a.txt /a
RUN echo \$A
DOCKERFILE
echo 'giterminismConfigVersion: 1
config: { dockerfile: { allowContextAddFiles: [outside.txt] } }' > werf-giterminism.yaml
echo outside.txt > .gitignore
echo outside > outside.txt
mkdir -p src/dep src/skip
echo a > src/a.txt
echo b > src/b.txt
echo sh > src/run.sh
echo d > src/dep/one.txt
echo s > src/skip/s.txt
commit "the beginning"
BEGINNING=$(git rev-parse HEAD)

must why --repo "$REGISTRY/why"
contains "a first build has nothing to compare with" "$OUT" "no earlier build of this image is in the store"
must build --repo "$REGISTRY/why"
must why --repo "$REGISTRY/why"
contains "what is there needs no build" "$OUT" "app: nothing to build"
contains "and all of it is counted" "$OUT" "0 of 4 have to be built"

edit() { # FILE SED-SCRIPT
  sed -i "$2" "$1"
  ! git diff --quiet -- "$1" || fail "the edit of $1 changes nothing: $2"
}

# What is told of the inputs; digests and the registry's address are left out.
told() { printf '%s\n' "$OUT" | grep -E '^    ' | sed -E "s/^    //; s/^  ([a-z]+) +/  \\1 /; s/ *\\b[0-9a-f]{12}( -> [0-9a-f]{12})?//g; s/$REGISTRY/REGISTRY/g"; }
stages() { printf '%s\n' "$OUT" | sed -nE 's/^  ([^ ].*): (has|have) to be built(, the earlier.*)?$/\1/p' | paste -sd ' '; }

SEEDED=0
seeded() { # WHAT IMAGE STAGES, and on standard input what is told; the change itself was made before
  local wanted
  wanted=$(cat)
  SEEDED=$((SEEDED + 1))
  commit "$1"
  must why --repo "$REGISTRY/why" "$2"
  equal "$1: the stages" "$3" "$(stages)"
  equal "$1: the inputs" "$wanted" "$(told)"
  git reset -q --hard "$BEGINNING"
  echo outside > outside.txt
}

echo z > src/a.txt
seeded "a file" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  changed src/a.txt
T
echo z > src/new.txt
seeded "a new file" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  new src/new.txt
T
git rm -q src/b.txt
seeded "a file that is gone" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  gone src/b.txt
T
git mv src/b.txt src/c.txt
seeded "a renamed file" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  renamed src/b.txt -> src/c.txt
T
chmod +x src/run.sh
seeded "a mode" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  mode src/run.sh  100644 -> 100755
T
ln -sf b.txt src/a.txt
seeded "a file that is a symlink now" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  changed src/a.txt
T
echo z > src/dep/one.txt
seeded "a file that two instructions take" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  changed src/dep/one.txt
files of instruction Dockerfile:2: COPY:
  changed src/dep/one.txt
T
echo z > outside.txt
seeded "a file of contextAddFiles" app dockerfile <<T
files of instruction Dockerfile:8: COPY has changed:
  no file of the commit differs: it is one from outside of git
T
echo 'src/b.txt' > .dockerignore
seeded "the ignore file" app dockerfile <<T
files of instruction Dockerfile:8: COPY:
  gone src/b.txt
  which files are taken has changed too
T
edit werf.yaml 's/GREETING: hello/GREETING: good morning/'
seeded "a build argument" app dockerfile <<T
instruction Dockerfile:6: ARG GREETING has changed:
T
case "$OUT" in *"good morning"*) fail "the value of an argument is shown" ;; esac
edit werf.yaml 's/10.0.0.1/10.0.0.2/'
seeded "a host" app dockerfile <<T
addHost: one:10.0.0.1 -> one:10.0.0.2
T
edit werf.yaml 's/target: last/target: other/'
seeded "the target" app dockerfile <<T
target: last -> other
addHost is new: one:10.0.0.1
base image Dockerfile:14 is new: last
instruction Dockerfile:15: RUN is new
T
edit Dockerfile 's/^RUN true/RUN false/'
seeded "a command" app dockerfile <<T
instruction Dockerfile:9: RUN has changed:
T
sed -i '4a# comment' Dockerfile
edit Dockerfile 's/"cat"/"tac"/'
seeded "an instruction that has moved, too" app dockerfile <<T
instruction Dockerfile:13: CMD has changed: (it was line 12)
T
edit Dockerfile 's/MODE=fast/MODE=slow/'
seeded "one of two variables" app dockerfile <<T
instruction Dockerfile:10: ENV MODE has changed:
T
edit Dockerfile '/^LABEL/d'
seeded "an instruction that is gone" app dockerfile <<T
instruction Dockerfile:11: LABEL is gone
T
edit Dockerfile 's/^RUN true/RUN true\nEXPOSE 80/'
seeded "an instruction that is new" app dockerfile <<T
instruction Dockerfile:10: EXPOSE is new
T
edit Dockerfile 's/^COPY src outside.txt.*/COPY src outside.txt \/dst\//'
seeded "where files go" app dockerfile <<T
instruction Dockerfile:8: COPY: COPY src outside.txt /src/ -> COPY src outside.txt /dst/
T
edit Dockerfile '/AS last/s/busybox:1/busybox:2/'
seeded "a base image" app dockerfile <<T
base image Dockerfile:5: REGISTRY/base/busybox:1 -> REGISTRY/base/busybox:2
T
edit werf.yaml 's/^image: app/image: app\ncacheVersion: "2"/'
seeded "a cache version" app dockerfile <<T
cacheVersion is new: 2
T
edit werf.yaml 's/tier: one/tier: two/'
seeded "imageSpec" app imageSpec <<T
imageSpec labels: one -> two
T
edit werf.yaml 's/^image: steps/image: steps\nplatform: [linux\/arm64]/'
seeded "a platform" steps ENV <<T
platform: linux/amd64 -> linux/arm64
T
echo z > src/a.txt
seeded "a file of a staged Dockerfile" steps COPY <<T
files of instruction steps.Dockerfile:3: COPY:
  changed src/a.txt
T
edit steps.Dockerfile 's/A=1/A=2/'
seeded "a variable of a staged Dockerfile, and the step that sees it" steps "ENV RUN" <<T
instruction steps.Dockerfile:2: ENV A has changed:
instruction steps.Dockerfile:4: RUN Env A has changed:
T
edit steps.Dockerfile 's/busybox:1/busybox:2/'
seeded "the base image of a staged Dockerfile" steps ENV <<T
base image: REGISTRY/base/busybox:1 -> REGISTRY/base/busybox:2
T
edit steps.Dockerfile 's/echo/printf/'
seeded "a command of a staged Dockerfile" steps RUN <<T
instruction steps.Dockerfile:4: RUN Command has changed:
T
edit werf.yaml 's/echo one/echo uno/'
seeded "a command of Stapel" tool beforeInstall <<T
command beforeInstall:1 has changed:
T
edit werf.yaml 's/, echo three > .three//'
seeded "a command that is gone" tool install <<T
command install:2 is gone
T
edit werf.yaml 's/cacheVersion: "1"/setupCacheVersion: "2"\n  cacheVersion: "1"/'
seeded "a cache version of one step" tool setup <<T
setupCacheVersion is new: 2
T
edit werf.yaml 's/^image: tool/image: tool\nfromCacheVersion: "2"/'
seeded "a cache version of the base" tool from <<T
fromCacheVersion is new: 2
T
edit werf.yaml '/^image: tool/,/^git/s/busybox:1/busybox:2/'
seeded "the base image of Stapel" tool from <<T
base image: REGISTRY/base/busybox:1 -> REGISTRY/base/busybox:2
T
edit werf.yaml 's/owner: root/owner: app/'
seeded "the owner of a mapping" tool gitArchive <<T
owner of git /src into /src: root -> app
T
edit werf.yaml 's/includePaths: .*/includePaths: ["**\/*.txt"]/'
seeded "a pattern of a mapping" tool gitArchive <<T
includePaths of git /src into /src is gone: it was **/*.sh
T
edit werf.yaml '/add: .src/,/owner/s/to: .src/to: \/dst/'
seeded "where a mapping goes" tool gitArchive <<T
git /src into /dst is new
git /src into /src is gone
T
echo z > src/dep/one.txt
echo z > src/dep/two.txt
seeded "files that a step depends on" tool install <<T
files dep/*.txt of git /src:
  changed src/dep/one.txt
  new src/dep/two.txt
T
echo z > src/a.txt
seeded "a file that no step depends on" tool gitLatestPatch <<T
changed files of git /src into /src:
  changed src/a.txt
T
edit werf.yaml 's/LEVEL: "1"/LEVEL: "2"/'
seeded "a variable of Stapel" tool dockerInstructions <<T
docker ENV LEVEL value: 1 -> 2
T
edit werf.yaml 's/to: .cache/to: \/cache2/'
seeded "a mount" tool from <<T
mount:1 to: /cache -> /cache2
T
edit werf.yaml 's/to: .imported/to: \/elsewhere/'
seeded "where an import goes" user dependenciesAfterInstall <<T
import /src from tool: to: /imported -> /elsewhere
T
edit werf.yaml 's/beforeInstall: echo one/beforeInstall: echo uno/'
seeded "an import whose source has to be built first" user dependenciesAfterInstall <<T
import /src from tool is not known yet: what it is taken from has to be built first
T
edit werf.yaml 's/targetEnv: APP/targetEnv: OTHER/'
seeded "the variable of a dependency" user dependenciesAfterSetup <<T
ImageName into OTHER is new
ImageName into APP is gone
T
[ "$SEEDED" -ge 30 ] || fail "only $SEEDED changes were seeded"

# The nearest earlier build is the one to compare with, wherever its stage was built.
echo two > src/a.txt
commit "the second"
must build --explain --repo "$REGISTRY/why" steps
contains "build --explain tells before it builds" "$ERR" "changed  src/a.txt"
git revert --no-edit HEAD > /dev/null
commit "as the beginning"
must build --repo "$REGISTRY/why" steps
equal "a reverted change needs no build" unchanged "$(result_of steps)"
echo three > src/a.txt
commit "the third"
must why --repo "$REGISTRY/why" steps
contains "the nearest build is that of the revert" "$OUT" "as the beginning"
contains "and its file is the one before" "$OUT" "$(git rev-parse HEAD~1:src/a.txt | cut -c1-12) -> $(git rev-parse HEAD:src/a.txt | cut -c1-12)"
must build --repo "$REGISTRY/why" steps
must why --repo "$REGISTRY/why" steps
contains "what is there is explained as well" "$OUT" "COPY: built anew"
must why --repo "$REGISTRY/why" --format json steps
equal "JSON holds the whole ids" "$(git rev-parse HEAD:src/a.txt)" "$(jq -r '.images[0].stages[] | select(.stage == "COPY") | .differences[0].files[0].after' <<< "$OUT")"

# On another machine there is a clone, and nothing else.
rm -rf "$STORE"
edit src/a.txt s/three/four/
commit "the fourth"
git clone -q . "$WORK/clone"
git clone -q --depth 1 "file://$PWD" "$WORK/shallow"
for place in clone shallow; do echo outside > "$WORK/$place/outside.txt"; done
must why --repo "$REGISTRY/why" --dir "$WORK/clone" steps
contains "another host knows as much" "$OUT" "changed  src/a.txt"
must why --repo "$REGISTRY/why" --dir "$WORK/shallow" steps
contains "a commit that the clone lacks is named" "$OUT" "commit $(git rev-parse HEAD~1) is not in this clone"

# Each platform is compared with its own.
project platforms
cat > werf.yaml <<YAML
project: platforms
configVersion: 1
---
image: both
platform: [linux/amd64, linux/arm64]
dockerfile: Dockerfile
YAML
printf 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH.txt /\n' > Dockerfile
echo a > amd64.txt
echo a > arm64.txt
commit
must build --repo "$REGISTRY/platforms"
echo b > arm64.txt
commit
must why --repo "$REGISTRY/platforms"
contains "the platform with the change" "$OUT" "both (linux/arm64): has to be built"
contains "names its file" "$OUT" "changed  arm64.txt"
contains "the other one is left alone" "$OUT" "both (linux/amd64): nothing to build"
