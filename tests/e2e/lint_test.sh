# What is doubtful in Dockerfiles is found without building, and said in the words of BuildKit's own check.
. "$(dirname "$0")/lib.sh"
CASES=$E2E_SOURCE/tests/fixtures/dockerfile/cases

# Each recorded Dockerfile that needs nothing but itself, as an image of one project.
project recorded
printf 'project: recorded\nconfigVersion: 1\n' > werf.yaml
for folder in "$CASES"/lint-* "$CASES"/stage-* "$CASES"/lex-[a-d]* "$CASES"/env-*; do
  name=$(basename "$folder")
  jq -e '(keys - ["check", "target", "buildArgs", "platforms"]) == []' "$folder/options.json" > /dev/null || continue
  [ -s "$folder/Dockerfile" ] && jq -e '.parse.syntax == null' "$folder/expected.json" > /dev/null || continue
  cp "$folder/Dockerfile" "$name.Dockerfile"
  jq -r --arg name "$name" '"---\nimage: \($name)\ndockerfile: \($name).Dockerfile\ntarget: \(.target // "" | @json)\nargs: \(.buildArgs // {} | @json)"' \
    "$folder/options.json" >> werf.yaml
done
commit
slipway lint --format json
equal "files that are wrong end with the code of a wrong configuration" 3 "$STATUS"
echo "$OUT" > "$SERVICES/lint.json"
count=0
for file in *.Dockerfile; do
  name=${file%.Dockerfile}
  jq '. + {check: true}' "$CASES/$name/options.json" > "$SERVICES/options.json"
  must dockerfile explain "$file" --options "$SERVICES/options.json"
  wanted=$(echo "$OUT" | jq -c '[(.warnings // [])[] | {rule, lines, text}], .error.text')
  got=$(jq -c --arg name "$name" '.images[] | select(.image == $name) | [.warnings[] | {rule, lines, text}], .error.text' "$SERVICES/lint.json")
  [ "$wanted" = "$got" ] || fail "$name: wanted $wanted, got $got"
  count=$((count + 1))
done
[ "$count" -ge 25 ] || fail "only $count files were compared"
ok "all findings of $count files, and their order, are those of the recorded builds"

project own
cat > werf.yaml <<'YAML'
project: own
configVersion: 1
---
image: base
dockerfile: base.Dockerfile
---
image: app
dockerfile: Dockerfile
target: app
dependencies:
- image: base
  imports:
  - type: ImageName
    targetBuildArg: BASE
---
image: whole
dockerfile: Dockerfile
args: {BASE: alpine}
---
image: stapel
from: alpine
YAML
printf 'FROM alpine\nCMD ["true"]\n' > base.Dockerfile
printf 'ARG BASE=alpine\nFROM $BASE AS app\nCOPY a.log /\nENV X=$NONE\nFROM alpine AS later\nENV A b\n' > Dockerfile
echo '*.log' > .dockerignore
commit
slipway lint
equal "warnings end with 1" 1 "$STATUS"
equal "what two images share is said once" "Dockerfile:3: CopyIgnoredFile: Attempting to Copy file \"a.log\" that is excluded by .dockerignore
Dockerfile:4: UndefinedVar: Usage of undefined variable '\$NONE'
Dockerfile:6: LegacyKeyValueFormat: \"ENV key=value\" should be used instead of legacy \"ENV key value\" format" "$OUT"
slipway lint app
equal "only the stages of a target are looked at" 2 "$(echo "$OUT" | wc -l)"
slipway lint base stapel
equal "an image without findings ends with 0" "0 no warnings" "$STATUS $OUT"
slipway lint nobody
equal "an unknown image is a wrong command line" 2 "$STATUS"

printf '# check=error=true\nFROM alpine\nCMD true\n' > base.Dockerfile
commit
slipway lint base
equal "warnings that are errors fail" 3 "$STATUS"
contains "and say so" "$OUT" "lint violation found for rules: JSONArgsRecommended"
printf '# check=skip=JSONArgsRecommended;error=true\nFROM alpine\nCMD true\n' > base.Dockerfile
commit
must lint base
ok "a rule can be skipped"
[ ! -e "$STORE/blobs" ] || fail "something was stored"
ok "nothing was fetched or built"
