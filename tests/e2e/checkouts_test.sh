# Every kind of checkout that a project comes in, and the ways around committing: --dev, --loose-giterminism, files that are allowed.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project origin
cat > werf.yaml <<YAML
project: origin
configVersion: 1
---
image: app
dockerfile: Dockerfile
---
image: stapel
from: $REGISTRY/base/busybox:1
git:
- add: /src
  to: /src
YAML
printf 'FROM %s/base/busybox:1\nCOPY src /src\n' "$REGISTRY" > Dockerfile
mkdir src
echo one > src/a
commit
echo two > src/a
commit
ORIGIN=$PWD
RUN=0

# builds WHAT FOLDER A [OPTION…]: both images can be built there, and have this text in src/a
builds() {
  local what=$1 folder=$2 text=$3 image
  shift 3
  cd "$folder"
  RUN=$((RUN + 1))
  must build --repo "$REGISTRY/run$RUN" "$@"
  cp "$SERVICES/out" "$SERVICES/out.built"
  for image in app stapel; do
    cp "$SERVICES/out.built" "$SERVICES/out"
    unpack "$(image_of $image)" "$WORK/run$RUN-$image"
    equal "$what: $image" "$text" "$(cat "$WORK/run$RUN-$image/rootfs/src/a")"
  done
}
# refused WHAT FOLDER PART… : with exit code 3, nothing published
refused() {
  local what=$1 folder=$2
  shift 2
  cd "$folder"
  slipway build --repo "$REGISTRY/refused"
  equal "$what is refused" 3 "$STATUS"
  contains "$what: it says why" "$ERR" "$@"
}

# ---- kinds of checkouts ----
git clone -q "$ORIGIN" "$WORK/clone"
builds "a clone" "$WORK/clone" two
git -C "$WORK/clone" worktree add -q "$WORK/linked" HEAD~1
builds "a linked work tree" "$WORK/linked" one
git -C "$WORK/clone" checkout -q --detach HEAD~1
builds "a detached head" "$WORK/clone" one
git clone -q --depth 1 "file://$ORIGIN" "$WORK/shallow"
builds "a shallow clone" "$WORK/shallow" two
git -C "$ORIGIN" config uploadpack.allowFilter true
git -C "$ORIGIN" config uploadpack.allowAnySHA1InWant true
git clone -q --filter=blob:none "file://$ORIGIN" "$WORK/partial"
builds "a partial clone" "$WORK/partial" two
mkdir "$WORK/outer"
git -C "$WORK/outer" init -q
git -C "$WORK/outer" -c protocol.file.allow=always submodule add -q "$ORIGIN" inner
git -C "$WORK/outer" commit -qm inner
builds "a submodule's own checkout" "$WORK/outer/inner" two
git clone -q --bare "$ORIGIN" "$WORK/bare.git"
refused "a bare repository" "$WORK/bare.git" "work tree"
mkdir "$WORK/none"
refused "a folder without git" "$WORK/none" "git"
cp -r "$WORK/clone" "$WORK/foreign"
chown -R nobody "$WORK/foreign"
refused "somebody else's repository" "$WORK/foreign" "dubious ownership" "safe.directory"
(
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$WORK/foreign"
  git config --file "$SERVICES/gitconfig" safe.directory "$WORK/foreign"
  export GIT_CONFIG_GLOBAL=$SERVICES/gitconfig
  builds "somebody else's that is said to be safe" "$WORK/foreign" one
)
RUN=$((RUN + 1))

# ---- what is not committed ----
cd "$WORK/clone"
git checkout -q -
state() { (git status --porcelain=v2 --branch --untracked-files=all && git for-each-ref && git ls-files --stage) | sha256sum; }
echo three > src/a
refused "a changed file of a context" "$WORK/clone" 'the file "src/a" must be committed' "git add src/a" "--dev"
echo new > src/b
refused "a file that git does not know" "$WORK/clone" 'the untracked file "src/b" must be committed'
before=$(state)
builds "--dev takes the work tree" "$WORK/clone" three --dev
equal "with files that git does not know" new "$(cat "$WORK/run$RUN-app/rootfs/src/b")"
builds "--dev leaves out what it is told to" "$WORK/clone" two --dev --dev-ignore src/a
(WERF_DEV=1 WERF_DEV_IGNORE_1=src/b WERF_DEV_IGNORE_2=src/a builds "by variables too" "$WORK/clone" two)
RUN=$((RUN + 1))
equal "and neither index nor branches change" "$before" "$(state)"
git checkout -q src/a
rm src/b
cp werf.yaml "$SERVICES/werf.yaml"
echo '# changed' >> werf.yaml
refused "a changed werf.yaml" "$WORK/clone" "werf.yaml" "must be committed"
builds "--loose-giterminism takes it as it is" "$WORK/clone" two --loose-giterminism
printf 'giterminismConfigVersion: 1\nconfig:\n  allowUncommitted: true\n' > werf-giterminism.yaml
git add werf-giterminism.yaml
git commit -qm gates
builds "a gate lets it through" "$WORK/clone" two
cp "$SERVICES/werf.yaml" werf.yaml

# ---- submodules and LFS ----
git -c protocol.file.allow=always submodule add -q "$ORIGIN" src/sub
git commit -qm sub
builds "a context with a submodule" "$WORK/clone" two
equal "which has its files" two "$(cat "$WORK/run$RUN-app/rootfs/src/sub/src/a")"
oid=$(printf 'large\n' | sha256sum | cut -d' ' -f1)
mkdir -p ".git/lfs/objects/${oid:0:2}/${oid:2:2}"
printf 'large\n' > ".git/lfs/objects/${oid:0:2}/${oid:2:2}/$oid"
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 6\n' "$oid" > src/big
echo 'src/big filter=lfs diff=lfs merge=lfs -text' > .gitattributes
git add -A
git commit -qm lfs
builds "a context with a file in LFS" "$WORK/clone" two
equal "which is the file, not the pointer" large "$(cat "$WORK/run$RUN-app/rootfs/src/big")"
