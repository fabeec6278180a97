# ADD of what is elsewhere: files by http, repositories by git. They are fetched by this host, so every backend gives the same image.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

mkdir -p "$SERVICES/www"
echo downloaded > "$SERVICES/www/file.txt"
touch -d '2025-03-04 05:06:07 UTC' "$SERVICES/www/file.txt"
PORT=$(free_port)
python3 -m http.server --bind 127.0.0.1 --directory "$SERVICES/www" "$PORT" > /dev/null 2> "$SERVICES/http.log" &
SERVICES_PIDS+=($!)
WEB=http://127.0.0.1:$PORT
wait_for 20 curl -fsS "$WEB/file.txt"

# Two commits, of which the first one has a tag.
git init -q -b main "$SERVICES/git/lib.git"
cd "$SERVICES/git/lib.git"
mkdir -p sub
echo one > sub/version
echo top > top
ln -s top link
commit
git tag v1
echo two > sub/version
commit
LIB=$(git rev-parse HEAD)
GIT_PORT=$(free_port)
git daemon --reuseaddr --export-all --listen=127.0.0.1 --port="$GIT_PORT" --base-path="$SERVICES/git" "$SERVICES/git" 2> "$SERVICES/git.log" &
SERVICES_PIDS+=($!)
REMOTE=git://127.0.0.1:$GIT_PORT/lib.git
wait_for 20 git ls-remote "$REMOTE"

project remote
printf 'project: remote\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
sum=$(sha256sum < "$SERVICES/www/file.txt" | cut -d' ' -f1)
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
ADD $WEB/file.txt /plain/
ADD --checksum=sha256:$sum --chmod=0640 --chown=app:app $WEB/file.txt /owned
ADD $REMOTE /head/
ADD $REMOTE#v1:sub /tagged/
ADD --checksum=$LIB $REMOTE#main /checked/
DOCKERFILE
commit
must build --repo "$REGISTRY/remote"
unpack "$(image_of app)" "$SERVICES/app"
root=$SERVICES/app/rootfs
equal "a file by http" downloaded "$(cat "$root/plain/file.txt")"
equal "is only the owner's, with the server's time" "600 1741064767" "$(stat -c '%a %Y' "$root/plain/file.txt")"
equal "in a folder for all" 755 "$(stat -c %a "$root/plain")"
equal "or as the flags say" "640 1000:1000" "$(stat -c '%a %u:%g' "$root/owned")"
equal "a repository's head" "two top" "$(cat "$root/head/sub/version" "$root/head/link" | tr '\n' ' ' | sed 's/ $//')"
[ ! -e "$root/head/.git" ] || fail "the folder .git is there"
ok "without its folder .git"
equal "a folder of it at a tag" "one version" "$(cat "$root/tagged/version") $(ls "$root/tagged")"
equal "a branch with the commit that was expected" two "$(cat "$root/checked/sub/version")"

bad() { # WHAT ADD-ARGUMENTS PART
  printf 'FROM %s/base/busybox:1\nADD %s\n' "$REGISTRY" "$2" > Dockerfile
  commit
  slipway build --repo "$REGISTRY/bad"
  [ "$STATUS" != 0 ] || fail "$1: it is built"
  contains "$1" "$ERR" "$3"
  contains "$1: at its line" "$ERR" "Dockerfile:2"
}
bad "another file than was expected" "--checksum=sha256:$(printf %064d 0) $WEB/file.txt /x" "sha256:$sum"
bad "a file that is not there" "$WEB/missing /x" "404"
bad "another commit than was expected" "--checksum=$(printf %040d 0) $REMOTE /x" "$LIB"
bad "a branch that is not there" "$REMOTE#missing /x" "missing"
bad "a folder .git to be kept" "--keep-git-dir=true $REMOTE /x" "cannot be kept"
