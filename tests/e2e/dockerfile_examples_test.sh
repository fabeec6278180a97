# The examples of the manual for images from Dockerfiles are built; commands that would need a network are replaced by local ones.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
BASE=$REGISTRY/base/busybox:1

files_of() { # IMAGE FOLDER: unpacks an image of the last build
  unpack "$(image_of "$1")" "$SERVICES/$2"
}

project typical
mkdir -p dockerfiles docs service
printf 'FROM %s AS backend\nWORKDIR /app\nCOPY package*.json /app/\nRUN cat package.json > installed\nCOPY . .\nCMD ["node", "server.js"]\n
FROM %s AS frontend\nWORKDIR /app\nCOPY requirements.txt /app/\nRUN cat requirements.txt > installed\nCOPY . .\nCMD ["gunicorn", "app:app"]\n' "$BASE" "$BASE" > Dockerfile
sed -n 1,6p Dockerfile > dockerfiles/Dockerfile.backend
for folder in docs service; do
  printf 'FROM %s\nCOPY . /%s\n' "$BASE" $folder > $folder/Dockerfile
  echo "$folder" > $folder/page
done
echo '{}' > package.json && echo '{ }' > package-lock.json && echo app > requirements.txt
cat > werf.yaml <<YAML
project: typical
configVersion: 1
---
image: backend
dockerfile: Dockerfile
target: backend
---
image: frontend
dockerfile: Dockerfile
target: frontend
---
image: own-file
dockerfile: dockerfiles/Dockerfile.backend
---
image: docs
context: docs
dockerfile: Dockerfile
---
image: service
context: service
dockerfile: Dockerfile
YAML
commit
must build --repo "$REGISTRY/typical"
equal "a target is a stage of the file" '["node","server.js"]' "$(config_of "$(image_of backend)" | jq -c .config.Cmd)"
equal "another image takes another stage" '["gunicorn","app:app"]' "$(config_of "$(image_of frontend)" | jq -c .config.Cmd)"
files_of frontend frontend
equal "which has its own steps" app "$(cat "$SERVICES/frontend/rootfs/app/installed")"
equal "a file in a folder has the project as its context" '["node","server.js"]' "$(config_of "$(image_of own-file)" | jq -c .config.Cmd)"
files_of service service
equal "a context is a folder" "Dockerfile page" "$(ls "$SERVICES/service/rootfs/service" | paste -sd' ')"

project agent
cat > werf.yaml <<YAML
project: agent
configVersion: 1
---
image: app
dockerfile: Dockerfile
YAML
printf 'FROM %s\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo "$SSH_AUTH_SOCK" > /hello\nRUN [ ! -e "$(cat /hello)" ] && [ -z "$SSH_AUTH_SOCK" ]\n' "$BASE" > Dockerfile
commit
eval "$(ssh-agent)" > /dev/null
SERVICES_PIDS+=("$SSH_AGENT_PID")
must build --repo "$REGISTRY/agent"
files_of app agent
equal "a step reaches the user's agent, and the next one does not" /run/buildkit/ssh_agent.0 "$(cat "$SERVICES/agent/rootfs/hello")"
unset SSH_AUTH_SOCK SSH_AGENT_PID

# The keys themselves: ssh-add in a step, brought along with its libraries.
ssh-keygen -q -t ed25519 -N '' -C first -f "$SERVICES/first-key"
ssh-keygen -q -t ed25519 -N secret -C second -f "$SERVICES/locked-key"
truncate -s -1 "$SERVICES/first-key"
chmod 644 "$SERVICES/first-key" # as a CI's variables come: no line break at the end, readable by all
mkdir root
cp --parents -L "$(command -v ssh-add)" $(ldd "$(command -v ssh-add)" | grep -o '/[^ )]*') root
printf 'FROM %s\nCOPY root /\nRUN --mount=type=ssh ssh-add -l > /hello\n' "$BASE" > Dockerfile
commit
must build --repo "$REGISTRY/agent" --ssh-key "$SERVICES/first-key"
files_of app keys
contains "--ssh-key gives steps an agent with the key" "$(cat "$SERVICES/keys/rootfs/hello")" "$(ssh-keygen -lf "$SERVICES/first-key.pub" | cut -d' ' -f2)" first
echo >> Dockerfile
echo 'RUN --mount=type=ssh true' >> Dockerfile
commit
WERF_SSH_KEY_1=$SERVICES/locked-key slipway build --repo "$REGISTRY/agent"
equal "a key with a passphrase is a wrong usage" 2 "$STATUS"
contains "that says what to do" "$ERR" "--ssh-key $SERVICES/locked-key:" "ssh-add $SERVICES/locked-key"
slipway build --repo "$REGISTRY/agent" --ssh-key "$SERVICES/no-key"
contains "a missing key is named" "$ERR" "$SERVICES/no-key: No such file"
equal "no agent and no socket is left" "" "$(ls -d /tmp/slipway-ssh-* 2> /dev/null || true)"

project added
mkdir -p app/dir1 app/dir2
printf 'FROM %s\nCOPY . /context\n' "$BASE" > app/Dockerfile
printf '/app/file1\n/app/dir1\n/app/dir2\n' > .gitignore
cat > werf.yaml <<YAML
project: added
configVersion: 1
---
image: app
dockerfile: Dockerfile
context: app
contextAddFiles:
- file1
- dir1/
- dir2/file2.out
YAML
cat > werf-giterminism.yaml <<YAML
giterminismConfigVersion: 1
config:
  dockerfile:
    allowContextAddFiles:
    - app/file1
    - app/dir1/
    - app/dir2/file2.out
YAML
echo 1 > app/file1 && echo a > app/dir1/a && echo 2 > app/dir2/file2.out && echo no > app/dir2/other
commit
must build --repo "$REGISTRY/added"
files_of app added
equal "files outside of git are added by name" "Dockerfile dir1/a dir2/file2.out file1" "$(cd "$SERVICES/added/rootfs/context" && find . -type f -printf '%P\n' | sort | paste -sd' ')"

project cross
cat > werf.yaml <<YAML
project: cross
configVersion: 1
---
image: app
dockerfile: Dockerfile
addHost: ["build.example:10.0.0.7"]
network: none
YAML
printf 'FROM --platform=$BUILDPLATFORM %s AS build\nARG TARGETPLATFORM\nARG BUILDPLATFORM\nARG TARGETARCH\nRUN echo "on $BUILDPLATFORM for $TARGETPLATFORM $TARGETARCH" > /log && grep build.example /etc/hosts > /host && ls /sys/class/net > /net\n
FROM %s\nCOPY --from=build /log /host /net /\n' "$BASE" "$BASE" > Dockerfile
commit
must build --repo "$REGISTRY/cross"
files_of app cross
equal "platform arguments say where and for what" "on linux/amd64 for linux/amd64 amd64" "$(cat "$SERVICES/cross/rootfs/log")"
equal "addHost is an entry of /etc/hosts" "10.0.0.7 build.example" "$(tr -s '\t' ' ' < "$SERVICES/cross/rootfs/host")"
equal "network: none leaves the loopback" lo "$(cat "$SERVICES/cross/rootfs/net")"

for staged in false true; do
  project "links-$staged"
  mkdir -p modules/auth modules/controlplane
  for module in auth controlplane; do
    printf 'FROM %s\nWORKDIR /app\nCOPY . .\nRUN ./build.sh\n' "$BASE" > modules/$module/Dockerfile
    printf '#!/bin/sh\necho %s > built\n' $module > modules/$module/build.sh && chmod 755 modules/$module/build.sh
  done
  printf 'FROM %s\nRUN echo tools > /tools\n' "$BASE" > base.Dockerfile
  printf 'ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nWORKDIR /app\nCMD ["/app/server", "start"]\n' > on-base.Dockerfile
  printf 'ARG BUILDER_IMAGE\nFROM ${BUILDER_IMAGE} AS builder\n\nFROM %s\nCOPY --from=builder /app/bin /app/bin\n' "$BASE" > from-stapel.Dockerfile
  { printf 'FROM %s\nWORKDIR /app\n' "$BASE"
    for name in AUTH CONTROLPLANE; do printf 'ARG %s_IMAGE_NAME\nARG %s_IMAGE_DIGEST\n' $name $name; done
    for name in AUTH CONTROLPLANE; do printf 'RUN echo ${%s_IMAGE_NAME} ${%s_IMAGE_DIGEST} >> modules_images.env\n' $name $name; done; } > Dockerfile
  cat > werf.yaml <<YAML
project: links-$staged
configVersion: 1
build:
  staged: $staged
---
image: base
dockerfile: base.Dockerfile
---
image: on-base
dockerfile: on-base.Dockerfile
dependencies:
- image: base
  imports:
  - {type: ImageName, targetBuildArg: BASE_IMAGE}
---
image: builder
final: false
from: $BASE
git:
- add: /
  to: /src
shell:
  install:
  - mkdir -p /app/bin && echo server > /app/bin/server
---
image: from-stapel
dockerfile: from-stapel.Dockerfile
dependencies:
- image: builder
  imports:
  - {type: ImageName, targetBuildArg: BUILDER_IMAGE}
---
image: auth
dockerfile: Dockerfile
context: modules/auth/
---
image: controlplane
dockerfile: Dockerfile
context: modules/controlplane/
---
image: app
dockerfile: Dockerfile
dependencies:
- image: auth
  imports:
  - {type: ImageName, targetBuildArg: AUTH_IMAGE_NAME}
  - {type: ImageDigest, targetBuildArg: AUTH_IMAGE_DIGEST}
- image: controlplane
  imports:
  - {type: ImageName, targetBuildArg: CONTROLPLANE_IMAGE_NAME}
  - {type: ImageDigest, targetBuildArg: CONTROLPLANE_IMAGE_DIGEST}
YAML
  commit
  must build --repo "$REGISTRY/links-$staged"
  files_of on-base on-base
  equal "an image is the base of another (staged: $staged)" tools "$(cat "$SERVICES/on-base/rootfs/tools")"
  files_of from-stapel from-stapel
  equal "files of a Stapel image are copied (staged: $staged)" server "$(cat "$SERVICES/from-stapel/rootfs/app/bin/server")"
  wanted=
  for name in auth controlplane; do
    image=$(image_of $name)
    wanted+="$image $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$image")"$'\n'
  done
  files_of app app
  equal "names and digests of images are arguments (staged: $staged)" "$wanted" "$(cat "$SERVICES/app/rootfs/app/modules_images.env")"$'\n'
done
