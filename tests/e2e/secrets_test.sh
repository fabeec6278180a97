# A secret is seen by the steps that mount it, and by nothing else: not by the store, what is pushed, messages, reports, records, or the list
# of processes. What a step itself writes is told, or refused.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

export TOKEN_OF_ENV='env-Secret&value/4711' RENAMED='renamed-Secret+value=0815'
mkdir -p "$HOME/.aws"
printf '[default]\naws_secret_access_key = file/Secret+value/2342\n' > "$HOME/.aws/credentials"
printf 'second-Secret-file-1138' > "$SERVICES/key.pem"
PLAIN='plain-Secret:value@9000'

project secrets
cat > werf-giterminism.yaml <<YAML
giterminismConfigVersion: 1
config:
  secrets:
    allowEnvVariables: [TOKEN_OF_ENV, RENAMED]
    allowFiles: ["~/.aws/credentials", $SERVICES/key.pem]
    allowValueIds: [plain]
YAML
cat > secrets.part <<YAML
secrets:
- env: TOKEN_OF_ENV
- {id: other_name, env: RENAMED}
- src: ~/.aws/credentials
- {id: key, src: $SERVICES/key.pem}
- {id: plain, value: "$PLAIN"}
YAML
printf 'project: secrets\nconfigVersion: 1\n---\nimage: df\ndockerfile: Dockerfile\n%s\n---\nimage: st\nfrom: %s\n%s\nshell:\n  install:\n  - for id in TOKEN_OF_ENV other_name credentials key plain; do sha256sum < /run/secrets/$id; done > /sums\n  - ls -l /run/secrets > /listing\n' \
  "$(cat secrets.part)" "$REGISTRY/base/busybox:1" "$(cat secrets.part)" > werf.yaml
rm secrets.part
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1
RUN --mount=type=secret,id=TOKEN_OF_ENV --mount=type=secret,id=other_name --mount=type=secret,id=credentials --mount=type=secret,id=key \\
    --mount=type=secret,id=plain,target=/etc/plain,mode=0440,uid=7 --mount=type=secret,id=TOKEN_OF_ENV,env=FROM_ENV --mount=type=secret,id=absent \\
    for id in TOKEN_OF_ENV other_name credentials key; do sha256sum < /run/secrets/\$id; done > /sums; sha256sum < /etc/plain >> /sums; \\
    printf %s "\$FROM_ENV" | sha256sum > /env; stat -c '%a %u' /etc/plain > /mode; [ ! -e /run/secrets/absent ]; ulimit -c > /cores; \\
    cat /run/secrets/credentials; echo "printed \$FROM_ENV"; printf 'now%s\\n' waiting; sleep 4
RUN find / -xdev > /after
DOCKERFILE
commit
sums=$(for value in "$TOKEN_OF_ENV" "$RENAMED" "$(cat "$HOME/.aws/credentials")"$'\n' "$(cat "$SERVICES/key.pem")" "$PLAIN"; do printf %s "$value" | sha256sum; done)

# The list of processes and the limit for dumps, while the step has its secrets.
"$SLIPWAY" build --repo "$REGISTRY/secrets" --save-build-report --build-report-path "$SERVICES/report.json" --log-verbose \
  > "$SERVICES/out" 2> "$SERVICES/err" < /dev/null &
pid=$!
wait_for 60 grep -q nowwaiting "$SERVICES/err" || { cat "$SERVICES/err" >&2; fail "the step did not come to its wait"; }
cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' ' ' > "$SERVICES/processes" || true
limit=$(awk '/core file size/ { print $5 }' "/proc/$pid/limits")
status=0
wait "$pid" || status=$?
[ "$status" = 0 ] || { cat "$SERVICES/err" >&2; fail "the build: exit code $status"; }
equal "the program leaves no core dump" 0 "$limit"

df=$(image_of df) st=$(image_of st)
unpack "$df" "$SERVICES/df"
unpack "$st" "$SERVICES/st"
equal "a Dockerfile sees the values of all forms" "$sums" "$(cat "$SERVICES/df/rootfs/sums")"
equal "and as a variable" "$(printf %s "$TOKEN_OF_ENV" | sha256sum)" "$(cat "$SERVICES/df/rootfs/env")"
equal "with the mode and owner that it asks for" "440 7" "$(cat "$SERVICES/df/rootfs/mode")"
equal "a step leaves no core dump" 0 "$(cat "$SERVICES/df/rootfs/cores")"
equal "the next step sees no secret, and no place where one was" "" "$(grep -E '/run/|plain' "$SERVICES/df/rootfs/after" || true)"
equal "Stapel sees the values of all forms" "$sums" "$(cat "$SERVICES/st/rootfs/sums")"
contains "what a step prints of them is masked" "$(cat "$SERVICES/err")" "printed ***"

# Every file, what is compressed also expanded, in search of each value as it is, in base64, hex and URL-encoded.
cat > "$SERVICES/search.py" <<'PYTHON'
import base64, gzip, os, subprocess, sys, urllib.parse
values = [value.encode() for value in sys.stdin.read().split("\n") if value]
needles = {form: value for value in values for form in (value, base64.b64encode(value)[:len(value) // 3 * 4], value.hex().encode(), value.hex().upper().encode(), urllib.parse.quote(value, safe="").encode())}
count = 0
def expanded(data):
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        yield subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout
for start in sys.argv[1:]:
    for path in ([start] if os.path.isfile(start) else (os.path.join(folder, name) for folder, _, names in os.walk(start) for name in names)):
        if os.path.isfile(path) and not os.path.islink(path):
            count += 1
            for data in expanded(open(path, "rb").read()):
                for needle in needles:
                    if needle in data:
                        sys.exit(f"{path}: has a form of a secret that begins with {needles[needle][:6].decode()}")
        if any(needle in os.fsencode(path) for needle in needles):
            sys.exit(f"{path}: is called like a secret")
print(count)
PYTHON
search() { # PATH…: number of the files that were searched
  printf '%s\n' "$TOKEN_OF_ENV" "$RENAMED" "file/Secret+value/2342" "$(cat "$SERVICES/key.pem")" "$PLAIN" | python3 "$SERVICES/search.py" "$@"
}
for what in store:"$STORE" registry:"$SERVICES/registry" messages:"$SERVICES/err" output:"$SERVICES/out" report:"$SERVICES/report.json" \
  processes:"$SERVICES/processes" accesses:"$SERVICES/registry.log"; do
  count=$(search "${what#*:}") || fail "in the ${what%%:*}"
  [ "$count" -gt 0 ] || fail "nothing was searched in the ${what%%:*}"
  ok "no secret is in the ${what%%:*} ($count files)"
done
[ "$(search "$STORE")" -gt 20 ] || fail "the store is nearly empty"
must why df --repo "$REGISTRY/secrets"
search "$SERVICES/out" > /dev/null || fail "in what is said about a rebuild"
search werf.yaml > /dev/null 2>&1 && fail "the search finds nothing where there is something"
ok "the search finds a value where one is"

# --- what a step gives away ---
project leaks
cp ../secrets/werf-giterminism.yaml .
cat > werf.yaml <<YAML
project: leaks
configVersion: 1
---
image: leaky
dockerfile: Dockerfile
args: {REPEATED: "$TOKEN_OF_ENV"}
secrets:
- env: TOKEN_OF_ENV
- src: ~/.aws/credentials
YAML
cat > Dockerfile <<DOCKERFILE
FROM $REGISTRY/base/busybox:1 AS build
RUN --mount=type=secret,id=credentials mkdir /made && base64 < /run/secrets/credentials > /made/b64 && cp /run/secrets/credentials /made/copied
FROM $REGISTRY/base/busybox:1
ARG REPEATED
RUN --mount=type=secret,id=TOKEN_OF_ENV true
COPY --from=build /made/copied /opt/copied
DOCKERFILE
commit
slipway build --repo "$REGISTRY/leaks" --leaked-secrets refuse
equal "a leak is refused where that is asked for" 3 "$STATUS"
contains "and names the secret" "$ERR" 'the value of secret "'
search "$SERVICES/registry" > /dev/null || fail "in the registry after a refusal"
search "$SERVICES/err" > /dev/null || fail "in the messages of a refusal"
equal "nothing was published" "" "$(curl -s "http://$REGISTRY/v2/leaks/tags/list" | jq -r '.tags[]?')"
must build --repo "$REGISTRY/leaks"
contains "else a warning names the file of a layer" "$ERR" 'the value of secret "credentials" can be read in file /opt/copied of a layer'
contains "and the config" "$ERR" 'the value of secret "TOKEN_OF_ENV" can be read in the config'
search "$SERVICES/err" > /dev/null || fail "in the messages of a warning"
ok "warnings do not repeat what they warn of"
slipway build --leaked-secrets maybe
equal "another choice is a wrong command line" 2 "$STATUS"
