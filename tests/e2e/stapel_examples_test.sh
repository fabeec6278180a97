# The examples of Stapel images, links between images, imageSpec and final images that users start from: built for real, with commands
# that need a network replaced, and looked at by other programs.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
base_rich
repo=$REGISTRY/stages
build() { must build --repo "$repo" "$@"; }
file() { cat "$WORK/seen/rootfs/$1"; }            # of the image that was unpacked last
member() { skopeo inspect --raw --tls-verify=false --config "docker://$(image_of "$1")" | jq -cS "$2"; } # IMAGE FILTER: of an image of the last build
see() { unpack "$(image_of "$1")" "$WORK/seen"; }
gone() { [ ! -e "$WORK/seen/rootfs/$2" ] || fail "$1"; ok "$1"; }

# Files of git, the four steps, and what triggers them.
project app
mkdir -p app/webpack app/assets config/templates
echo lock > package-lock.json
echo gems > Gemfile.lock
echo pack > app/webpack/w
echo asset > app/assets/a
echo template > config/templates/t
cat > werf.yaml <<YAML
project: example
configVersion: 1
---
image: app
from: $REGISTRY/base/busybox:1
git:
- add: /
  to: /app
  stageDependencies:
    install:
    - package-lock.json
    - Gemfile.lock
    beforeSetup:
    - app/webpack/
    - app/assets/
    setup:
    - config/templates/
shell:
  beforeInstall:
  - echo apt update -q >> /log
  - echo apt install >> /log
  install:
  - echo bundle install \$(cat /app/Gemfile.lock) >> /log
  beforeSetup:
  - echo assets \$(cat /app/app/assets/a) >> /log
  setup:
  - echo configs \$(cat /app/config/templates/t) >> /log
YAML
commit
stages() { jq -r '.Images.app.Stages[] | "\(.Name)\(if .Rebuilt then "*" else "" end)"' "$SERVICES/report.json" | xargs; }
report() { build --save-build-report --build-report-path "$SERVICES/report.json"; }
report
equal "an image has the stages that its description asks for" "from* beforeInstall* gitArchive* install* beforeSetup* setup*" "$(stages)"
see app
equal "the steps ran in their order, each on the files of git" "apt update -q apt install bundle install gems assets asset configs template" "$(file log | xargs)"
equal "git files are where they should be" pack "$(file app/app/webpack/w)"
echo asset2 > app/assets/a
commit
report
equal "a step runs anew when files change that it depends on, and so do those after it" "from beforeInstall gitArchive install beforeSetup* setup*" "$(stages)"
see app
equal "with the new files" "assets asset2" "$(file log | sed -n 4p)"
echo other > other
commit
report
equal "any other file only brings a patch" "from beforeInstall gitArchive install beforeSetup setup gitLatestPatch*" "$(stages)"
see app
equal "which brings it" other "$(file app/other)"

# Another image makes what is imported; templates put the description together.
project import
mkdir src && echo source > src/main
cat > werf.yaml <<YAML
{{ \$_ := set . "BaseImage" "$REGISTRY/base/busybox:1" }}

{{ define "package:build-tools" }}
  - echo tools > /tools
{{ end }}

project: import
configVersion: 1
---
image: builder
from: {{ .BaseImage }}
git:
- add: /src
  to: /app
shell:
  beforeInstall:
{{ include "package:build-tools" }}
  install:
  - cd /app
  - mkdir build && cat /tools main > build/app
---
image: app
from: $REGISTRY/base/busybox:1
import:
- image: builder
  add: /app/build/app
  to: /usr/local/bin/app
  after: install
YAML
commit
build
see app
equal "an imported file is there" "tools source" "$(file usr/local/bin/app | xargs)"
gone "and nothing else of its image" tools

# imageSpec, for all images and for one.
project spec
cat > werf.yaml <<YAML
project: test
configVersion: 1
build:
  imageSpec:
    author: "Frontend Maintainer <frontend@example.com>"
    clearHistory: true
    config:
      removeLabels:
        - "unnecessary-label"
        - /org.opencontainers.image..*/
      labels:
        app: "my-app"
---
image: base
final: false
from: $REGISTRY/base/rich:1
docker:
  LABEL: {unnecessary-label: x, org.opencontainers.image.title: x, old-frontend-label: x, old-regex-label-1: x, kept: x}
  ENV: {DEBUG: "1", OTHER: "2"}
  VOLUME: [/var/cache]
---
image: frontend_image
from: base
imageSpec:
  config:
    user: "1001:1001"
    exposedPorts:
      - "8080/tcp"
    env:
      NODE_ENV: "production"
      API_URL: "https://api.example.com"
      PATH: "\${PATH}:/extra"
    entrypoint:
      - "/usr/local/bin/start.sh"
    volumes:
      - "/app/data"
    workingDir: "/app"
    labels:
      frontend-version: "1.2.3"
      app: "own"
    stopSignal: "SIGTERM"
    removeLabels:
      - "old-frontend-label"
      - /old-regex-label.*/
    removeVolumes:
      - "/var/cache"
    removeEnv:
      - "DEBUG"
---
image: plain
from: base
---
image: bare
from: base
imageSpec:
  config: {clearCmd: true, clearEntrypoint: true, clearUser: true, clearWorkingDir: true, cmd: [run], removeLabels: [/.*/],
           keepEssentialWerfLabels: true, healthcheck: {test: [CMD, "true"], interval: 30, timeout: 5, retries: 3, startPeriod: 2}}
YAML
commit
build
labels='.config.Labels | with_entries(select(.key | startswith("werf") | not))'
equal "author of all images" '"Frontend Maintainer <frontend@example.com>"' "$(member frontend_image .author)"
equal "history is cleared" 0 "$(member frontend_image ".history | length")"
equal "labels: those of all images and of one, which wins; removed by name and by expression" \
  '{"app":"own","frontend-version":"1.2.3","kept":"x","org.example.one":"1","org.example.two":"2"}' "$(member frontend_image "$labels")"
equal "user" '"1001:1001"' "$(member frontend_image .config.User)"
equal "ports are replaced" '["8080/tcp"]' "$(member frontend_image '.config.ExposedPorts | keys')"
equal "env is set, extended and removed" '["API_URL=https://api.example.com","KEEP=1","LANG=C.UTF-8","NODE_ENV=production","OTHER=2","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/extra"]' \
  "$(member frontend_image '.config.Env | sort')"
equal "an entrypoint takes the command away" '[["/usr/local/bin/start.sh"],null]' "$(member frontend_image '[.config.Entrypoint, .config.Cmd]')"
equal "volumes are added and removed" '["/app/data","/var/data","/var/log"]' "$(member frontend_image '.config.Volumes | keys')"
equal "folder and stop signal" '["/app","SIGTERM"]' "$(member frontend_image '[.config.WorkingDir, .config.StopSignal]')"
equal "an image without a spec of its own has the common one" '{"app":"my-app","kept":"x","old-frontend-label":"x","old-regex-label-1":"x","org.example.one":"1","org.example.two":"2"}' \
  "$(member plain "$labels")"
equal "an intermediate image has not" null "$(member base .author)"
equal "what is there can be cleared" '[["run"],null,null,null]' "$(member bare '[.config.Cmd, .config.Entrypoint, .config.User, .config.WorkingDir]')"
equal "all labels can be removed but the builder's essential ones" \
  "app werf werf-project-repo-commit werf-stage-content-digest werf.io/parent-stage-id" "$(member bare '.config.Labels | keys[]' | tr -d '"' | xargs)"
equal "a health check counts seconds" '{"Interval":30000000000,"Retries":3,"StartPeriod":2000000000,"Test":["CMD","true"],"Timeout":5000000000}' \
  "$(member bare .config.Healthcheck)"

# A base with a volume where files are to go.
base_push postgres "$SERVICES/root-busybox" "{\"Env\": [$base_path], \"Volumes\": {\"/var/lib/postgresql/data\": {}}}"
project postgres
mkdir -p postgresql/data && echo ready > postgresql/data/PG_VERSION
cat > werf.yaml <<YAML
project: postgres
configVersion: 1
---
image: base
from: $REGISTRY/base/postgres:1
imageSpec:
  config:
    removeVolumes:
      - "/var/lib/postgresql/data"
---
image: app
fromImage: base
git:
  add: /postgresql/data
  to: /var/lib/postgresql/data
YAML
commit
build
see app
equal "files are where the base had a volume" ready "$(file var/lib/postgresql/data/PG_VERSION)"
equal "which is none any more" null "$(member app .config.Volumes)"

# Names of built images go into another one.
project links
cat > werf.yaml <<YAML
project: links
configVersion: 1
---
image: [auth, controlplane]
from: $REGISTRY/base/busybox:1
shell: {setup: echo \$WERF_COMMIT_HASH > /built}
---
image: app
from: $REGISTRY/base/busybox:1
dependencies:
- image: auth
  before: setup
  imports:
  - {type: ImageName, targetEnv: AUTH_NAME}
  - {type: ImageRepo, targetEnv: AUTH_REPO}
  - {type: ImageTag, targetEnv: AUTH_TAG}
- image: controlplane
  before: setup
  imports:
  - {type: ImageDigest, targetEnv: CP_DIGEST}
  - {type: ImageID, targetEnv: N}
shell: {setup: 'env | grep -E "^(AUTH|CP|N=)" > /env'}
---
image: docker
dockerfile: Dockerfile
dependencies:
- image: auth
  imports:
  - {type: ImageName, targetBuildArg: AUTH}
YAML
printf 'ARG AUTH\nFROM ${AUTH}\nRUN cat /built > /copied\n' > Dockerfile
commit
build
see app
auth=$(image_of auth)
equal "name, repository and tag" "AUTH_NAME=$auth AUTH_REPO=$repo AUTH_TAG=${auth##*:}" "$(file env | grep AUTH | sort | xargs)"
equal "the digest is the registry's" "CP_DIGEST=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$(image_of controlplane)")" "$(file env | grep CP_)"
contains "a variable may be named like a switch of YAML" "$(file env)" "N=sha256:"
equal "several images of one description are equal" "$auth" "$(image_of controlplane)"
see docker
equal "a Dockerfile stands on a Stapel image" "$(git rev-parse HEAD)" "$(file copied)"
equal "and says by a label what it depends on" "\"${auth##*:}\"" "$(member docker '.config.Labels | with_entries(select(.key | startswith("werf-dependency-stage-id-"))) | .[]')"

# Folders of the host and of the builder.
project mounts
mkdir -p "$SERVICES/host" && echo host > "$SERVICES/host/h"
cat > werf.yaml <<YAML
project: mounts
configVersion: 1
---
image: app
from: $REGISTRY/base/busybox:1
mount:
- {from: tmp_dir, to: /scratch}
- {from: build_dir, to: /cache}
- {fromPath: $SERVICES/host, to: /host}
shell:
  install: "echo s > /scratch/s; echo x >> /cache/c; cat /cache/c /host/h > /seen; echo back > /host/back"
  installCacheVersion: "{{ env "VERSION" "1" }}"
YAML
cat > werf-giterminism.yaml <<YAML
giterminismConfigVersion: 1
config:
  goTemplateRendering: {allowEnvVariables: [VERSION]}
  stapel: {mount: {allowBuildDir: true, allowFromPaths: ["$SERVICES/host"]}}
YAML
commit
build
see app
equal "mounted folders are there for a step" "x host" "$(file seen | xargs)"
equal "and stay empty in the image" "" "$(find "$WORK"/seen/rootfs/{scratch,cache,host} -mindepth 1)"
equal "what is written into a host's folder arrives there" back "$(cat "$SERVICES/host/back")"
VERSION=2 build
see app
equal "a build_dir is kept from build to build" "x x host" "$(file seen | xargs)"

# Bases: a text is a text, however YAML would read it; another content under the same name; no base at all.
project bases
cat > werf.yaml <<YAML
project: bases
configVersion: 1
---
image: plain
from: $REGISTRY/base/busybox:1
cacheVersion: 1.10
shell: {install: "true", installCacheVersion: yes}
---
image: quoted
from: $REGISTRY/base/busybox:1
cacheVersion: "1.10"
shell: {install: "true", installCacheVersion: "yes"}
---
image: moving
from: $REGISTRY/base/moving:1
fromLatest: true
---
image: scr
from: scratch
git: [{add: /werf.yaml, to: /w}]
YAML
base_push moving "$SERVICES/root-busybox" "{\"Env\": [\"A=1\"]}"
commit
slipway build --repo "$repo"
equal "a base that may move needs a permission" 3 "$STATUS"
contains "and the refusal says which" "$ERR" "fromLatest"
printf 'giterminismConfigVersion: 1\nconfig: {stapel: {allowFromLatest: true}}\n' > werf-giterminism.yaml
commit
build
equal "1.10 and \"1.10\" are one version" "$(image_of quoted)" "$(image_of plain)"
equal "an image of files alone has one layer" 1 "$(member scr '.rootfs.diff_ids | length')"
before=$(image_of moving)
base_push moving "$SERVICES/root-busybox" "{\"Env\": [\"A=2\"]}"
build
[ "$before" != "$(image_of moving)" ] || fail "a base that has moved is not seen"
ok "a base that has moved builds the image anew"
equal "and nothing else" "unchanged unchanged unchanged" "$(for i in plain quoted scr; do result_of $i; done | xargs)"

# Two branches that share stages' digests, not their files, at the same second.
project branches
cat > werf.yaml <<YAML
project: branches
configVersion: 1
---
image: app
from: $REGISTRY/base/busybox:1
git: [{add: /src, to: /src}]
YAML
mkdir src && echo one > src/f
commit
clock=$E2E_CLOCK
git checkout -q -b left
echo left > src/f
commit
build
git checkout -q -b right main
E2E_CLOCK=$clock
echo right > src/f
commit
build
see app
equal "a commit of another branch at the same time has files of its own" right "$(file src/f)"
git checkout -q left
build
equal "and both are kept" unchanged "$(result_of app)"
see app
equal "each with its files" left "$(file src/f)"

# What Slipway has no way for says what to do instead.
project ansible
printf 'project: a\nconfigVersion: 1\n---\nimage: a\nfrom: %s/base/busybox:1\nansible:\n  install:\n  - shell: echo\n' "$REGISTRY" > werf.yaml
commit
slipway build --repo "$repo"
equal "ansible is refused" 3 "$STATUS"
contains "with what to write instead" "$ERR" "as commands under \`shell\`"

# Every instruction a stage of its own: the stages of the file that others take from are images too, and are built once.
project staged
cat > werf.yaml <<YAML
project: staged
configVersion: 1
build: {staged: true}
---
image: app
dockerfile: Dockerfile
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1 AS base
RUN echo base > /base
FROM base AS mid
COPY a /a
FROM $REGISTRY/base/rich:1 AS other
COPY b /b
FROM mid
COPY --from=other /b /c
RUN --mount=from=base,target=/mnt cat /mnt/base /a /c > /all
DOCKERFILE
echo a > a && echo b > b
commit
report
equal "the stages of the file are in the report" "app app/stage/base app/stage/mid app/stage/other" "$(jq -r '.Images | keys[]' "$SERVICES/report.json" | xargs)"
see app
equal "an image takes from all of them" "base a b" "$(file all | xargs)"
echo bb > b
commit
report
equal "only what has changed is built again, and what takes from it" "app app/stage/other" \
  "$(jq -r '.Images | to_entries[] | select(.value.Rebuilt) | .key' "$SERVICES/report.json" | xargs)"
equal "from where it takes on" "COPY* RUN*" "$(stages)"
WERF_STAGED_DOCKERFILE_VERSION=v2 report
equal "the second version has a stage for FROM" "FROM* COPY* RUN*" "$(stages)"
