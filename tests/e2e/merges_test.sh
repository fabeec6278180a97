# Stages of other branches: merges that CI makes only to test them, ancestry, and what is left on record for a cleanup.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
REPO=$REGISTRY/merges

label() { # NAME of the last build's app
  config_of "$(image_of app)" | jq -r --arg name "$1" '[.config.Labels | to_entries[] | select(.key | endswith($name)) | .value] | first // ""'
}
files() { # of the last build's app
  unpack "$(image_of app)" "$WORK/$1"
  (cd "$WORK/$1/rootfs/app" && grep -r . . | sort | xargs)
}
records() { # REPOSITORY PREFIX: how many tags begin so
  curl -fsS "http://$REGISTRY/v2/$1/tags/list" | jq -r '.tags[]' | grep -c "^$2" || true
}

project merges
cat > werf.yaml <<YAML
project: merges
configVersion: 1
---
image: app
from: $REGISTRY/base/busybox:1
git:
- add: /src
  to: /app
  stageDependencies: {install: [deps]}
shell:
  install: cat /app/deps
YAML
mkdir src
echo 1 > src/deps
echo one > src/a
commit
git branch -q -M main
must build --repo "$REPO"
git checkout -q -b topic
echo topic > src/b
commit
git checkout -q main
echo main > src/c
commit

# merge: the commit that CI checks out, of topic into main, on no branch
merge() {
  git checkout -q --detach main
  git merge -q --no-ff --no-edit topic
}
merge
must build --repo "$REPO" --virtual-merge
equal "a tested merge has both sides" "./a:one ./b:topic ./c:main ./deps:1" "$(files first)"
equal "its stage says what was merged" "true $(git rev-parse HEAD HEAD^2 HEAD^1 | xargs)" \
  "$(label -virtual-merge) $(label -commit) $(label -from-commit) $(label -into-commit)"
must build --repo "$REPO" --virtual-merge
equal "the same merge is not built again" unchanged "$(result_of app)"

git checkout -q topic
echo more > src/b
commit
merge
must build --repo "$REPO" --virtual-merge
equal "the next merge stands on the first one's stages, though its commit is in nobody's history" "./a:one ./b:more ./c:main ./deps:1" "$(files second)"
git checkout -q topic
git reflog expire --expire=now --all
git gc -q --prune=now
echo again > src/b
commit
merge
must build --repo "$REPO" --virtual-merge
equal "even when that commit is gone" "./a:one ./b:again ./c:main ./deps:1" "$(files third)"

git checkout -q main
slipway build --repo "$REPO" --virtual-merge
equal "a commit that merges nothing cannot be tested as a merge" 2 "$STATUS"
contains "which is said" "$ERR" "merges nothing: it has 1 parent"

# ---- ancestry ----
git checkout -q -b left main
echo left > src/side
commit
must build --repo "$REPO"
left=$(image_of app)
git checkout -q -b right main
echo right > src/side
commit
must build --repo "$REPO"
equal "a branch is not built on another's stages" "./a:one ./c:main ./deps:1 ./side:right" "$(files right)"
must build --repo "$REGISTRY/merges-any"
git checkout -q left
must build --repo "$REGISTRY/merges-any" --disable-git-commit-ancestry-check
equal "unless ancestry is not asked for" "./a:one ./c:main ./deps:1 ./side:left" "$(files any)"
must build --repo "$REPO"
equal "and every branch finds its own again" "$left unchanged" "$(image_of app) $(result_of app)"

# ---- records ----
must build --repo "$REGISTRY/merges-kept"
equal "a build leaves on record which commit an image was built for" "1 1" "$(records merges-kept meta-) $(records merges-kept managed-image)"
must build --repo "$REGISTRY/merges-dev" --dev
equal "but not one of the work tree" "0 1" "$(records merges-dev meta-) $(records merges-dev managed-image)"
sed -i '2a cleanup: {disable: true}' werf.yaml
commit
must build --repo "$REGISTRY/merges-none"
equal "and nothing where there is no cleanup" "0 0" "$(records merges-none meta-) $(records merges-none managed-image)"
