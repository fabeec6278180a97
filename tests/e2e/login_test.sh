# A registry that wants a password gets the one of ~/.docker/config.json, or of the helper that is named there, and nobody else sees it.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox
OPEN=$REGISTRY

# A second view of the same content that asks for a password: alice's "correct-horse".
GUARDED=127.0.0.1:$(free_port)
perl -e 'print "alice:".crypt("correct-horse", "\$2y\$05\$abcdefghijklmnopqrstuu")."\n"' > "$SERVICES/users"
sed -e "s|addr: .*|addr: $GUARDED, secret: loopback }|" "$SERVICES/registry.yml" > "$SERVICES/guarded.yml"
echo "auth: { htpasswd: { realm: test, path: $SERVICES/users } }" >> "$SERVICES/guarded.yml"
docker-registry serve "$SERVICES/guarded.yml" > "$SERVICES/guarded.log" 2>&1 &
SERVICES_PIDS+=($!)
wait_for 20 curl -sS "http://$GUARDED/v2/"

project login
printf 'project: login\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\n' > werf.yaml
printf 'FROM %s/base/busybox:1\nRUN env > /env\n' "$GUARDED" > Dockerfile
commit

credentials() { # JSON
  mkdir -p "$HOME/.docker"
  echo "$1" > "$HOME/.docker/config.json"
}
basic() { printf '%s' "$1" | base64; }

slipway build --repo "$GUARDED/login"
equal "without credentials it ends with 4" 4 "$STATUS"
contains "it says that a login is wanted" "$ERR" "wants a login"
contains "and how" "$ERR" "docker login $GUARDED"

credentials "{\"auths\": {\"$GUARDED\": {\"auth\": \"$(basic alice:incorrect-horse)\"}}}"
slipway build --repo "$GUARDED/login"
equal "with a wrong password it ends with 4" 4 "$STATUS"
contains "it names the user" "$ERR" '"alice"'
case "$ERR" in *incorrect-horse*) fail "the password is shown" ;; esac
ok "it does not show the password"

credentials "{\"auths\": {\"$GUARDED\": {\"auth\": \"$(basic alice:correct-horse)\"}}}"
must build --repo "$GUARDED/login" --log-verbose
equal "with the right one it builds" built "$(result_of app)"
case "$OUT$ERR" in *correct-horse* | *"$(basic alice:correct-horse)"*) fail "the password is shown" ;; esac
ok "it does not show that one either"
published=$(image_of app)
unpack "$OPEN/${published#*/}" "$SERVICES/app"
grep -rq correct-horse "$SERVICES/app/rootfs" && fail "the password is in the image"
grep -rqa correct-horse "$STORE" && fail "the password is in the store"
ok "neither the image nor the store hold it"

mkdir -p "$SERVICES/bin"
cat > "$SERVICES/bin/docker-credential-test" <<HELPER
#!/bin/sh
read -r server
[ "\$1 \$server" = "get $GUARDED" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '{"ServerURL": "$GUARDED", "Username": "alice", "Secret": "correct-horse"}'
HELPER
chmod 755 "$SERVICES/bin/docker-credential-test"
credentials "{\"credHelpers\": {\"$GUARDED\": \"test\"}}"
echo change > file
sed -i 's/RUN env/RUN env | sort/' Dockerfile
commit
PATH=$SERVICES/bin:$PATH must build --repo "$GUARDED/login"
equal "a helper's password is as good" built "$(result_of app)"
