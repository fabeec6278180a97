# A Stapel image that follows its project commit by commit, by patches, has the same files as one that is built from the last commit anew;
# and only what a commit touches is built.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
registry_start
base_busybox

# A submodule, whose two commits differ in all kinds of ways.
project module
mkdir folder
echo one > folder/file
echo same > kept
ln -s kept link
commit
mkdir kind
mv kept kind/kept
rm -r folder link
echo two > folder
chmod +x folder
commit
MODULE=$PWD

project follow
cat > werf.yaml <<YAML
project: follow
configVersion: 1
---
image: app
from: $REGISTRY/base/busybox:1
git:
- add: /files
  to: /app
  owner: app
  group: "0"
- add: /files/part
  to: /part
  includePaths: ["**/*.txt"]
  stageDependencies:
    setup: ["stable.txt"]
shell:
  install: [echo installed > /installed]
  setup: [cat /part/stable.txt > /set-up]
YAML
# Changes the files below files/, by a number: each number gives other changes, but always the same.
cat > "$SERVICES/change.py" <<'PYTHON'
import os, random, shutil, sys

random.seed(int(sys.argv[1]))
os.makedirs("files/part/deep", exist_ok=True)
if not os.path.exists("files/part/stable.txt"):
    open("files/part/stable.txt", "w").write("stable\n")


def paths():
    found = []
    for folder, folders, files in os.walk("files"):
        found += [os.path.join(folder, name) for name in files + [one for one in folders if os.path.islink(os.path.join(folder, one))]]
    return sorted(path for path in found if not path.endswith("stable.txt") and not path.startswith("files/module/"))


def new_path():
    folder = random.choice(["files", "files/part", "files/part/deep", "files/d%d" % random.randrange(3), "files/part/d%d/e" % random.randrange(3)])
    at = folder
    while at != "files":  # a file may stand where a folder is wanted
        if os.path.islink(at) or os.path.isfile(at):
            os.remove(at)
        at = os.path.dirname(at)
    os.makedirs(folder, exist_ok=True)
    return "%s/%s%d%s" % (folder, random.choice(["f", "with space ", "ü", ".h", "d"]), random.randrange(4), random.choice([".txt", ".bin", ""]))


def clear(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


def write(path):
    clear(path)
    data = bytes(random.choices(range(256), k=random.randrange(3000))) if path.endswith(".bin") else (
        "".join("line %d\n" % random.randrange(50) for _ in range(random.randrange(40)))).encode()
    with open(path, "wb") as file:
        file.write(data if random.random() < 0.9 else b"")


for _ in range(random.randrange(3, 9)):
    there = paths()
    action = random.choice(["add", "add", "add", "change", "remove", "rename", "mode", "link"])
    if action == "add" or not there:
        write(new_path())
    elif action == "change":
        write(random.choice(there))
    elif action == "remove":
        clear(random.choice(there))
    elif action == "rename":
        old, new = random.choice(there), new_path()
        if os.path.lexists(old) and not os.path.isdir(new):
            os.replace(old, new)
    elif action == "mode":
        path = random.choice(there)
        if not os.path.islink(path):
            os.chmod(path, os.stat(path).st_mode ^ 0o111)
    else:
        path = new_path()
        clear(path)
        os.symlink(random.choice(["f1.txt", "../part", "/absolute", "missing"]), path)
if os.environ.get("TOUCH_STABLE"):
    open("files/part/stable.txt", "a").write("changed\n")
PYTHON

# What git itself says the files of the first mapping are: `git archive`, of the submodule too.
expected() {
  rm -rf "$SERVICES/expected"
  mkdir -p "$SERVICES/expected"
  git -c tar.umask=022 archive HEAD:files | tar -x -C "$SERVICES/expected"
  [ ! -d files/module ] || git -C files/module -c tar.umask=022 archive HEAD | tar -x -C "$SERVICES/expected/module"
}
contents() { # FOLDER: a line a file or link
  (cd "$1" && find . -type f -printf '%P %m ' -exec sha256sum {} \; -o -type l -printf '%P -> %l\n' | sort)
}

files_of() { # IMAGE: those that come from git
  unpack "$1" "$SERVICES/unpacked"
  python3 "$HERE/tree.py" "$SERVICES/unpacked/rootfs" | grep -E '^/(app|part|set-up|installed)( |/)'
}

for i in $(seq "${E2E_COMMITS:-12}"); do
  if [ "$i" = 7 ]; then
    TOUCH_STABLE=1 python3 "$SERVICES/change.py" "$i"
  else
    python3 "$SERVICES/change.py" "$i"
  fi
  if [ "$i" = 3 ]; then
    git -c protocol.file.allow=always submodule add -q "$MODULE" files/module
  elif [ "$i" -gt 3 ] && [ $((i % 4)) = 0 ]; then
    git -C files/module checkout -q --detach "$(git -C "$MODULE" rev-parse "HEAD~$((i / 4 % 2))")"
  fi
  commit "change $i"
  must build --repo "$REGISTRY/follow"
  followed=$(image_of app)
  if [ "$i" -gt 1 ] && grep -qE '^#[0-9]+ install$' <<< "$ERR"; then
    fail "commit $i: install is built again"
  fi
  files_of "$followed" > "$SERVICES/followed"
  expected
  diff -u <(contents "$SERVICES/expected") <(contents "$SERVICES/unpacked/rootfs/app") > "$SERVICES/difference" ||
    fail "commit $i is not what git archive gives: $(head -20 "$SERVICES/difference")"
  SLIPWAY_STORE=$SERVICES/anew-store must build --repo "$REGISTRY/anew$i"
  files_of "$(image_of app)" > "$SERVICES/anew"
  diff -u "$SERVICES/anew" "$SERVICES/followed" > "$SERVICES/difference" || fail "commit $i: $(head -20 "$SERVICES/difference")"
  ok "commit $i: patched, built anew and archived are equal"
done
equal "the setup of commit 7 saw the change" "stable changed" "$(xargs < "$SERVICES/unpacked/rootfs/set-up")"
