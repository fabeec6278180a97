# A copy from git whose files no step reads is written as a layer without making the files. It must be the layer that files would make.
. "$(dirname "$0")/lib.sh"
registry_start
base_busybox

project copies
mkdir -p src/deep/er empty docs
echo one > src/one
echo two > src/deep/two
head -c 3000000 /dev/urandom > src/big
head -c 20000 /dev/urandom | base64 > src/deep/er/text
: > src/nothing
printf '#!/bin/sh\n' > src/run.sh
chmod +x src/run.sh
ln -s ../one src/deep/link
ln -s nowhere src/dangling
echo 'with space' > 'src/a name'
echo doc > docs/readme
printf 'docs/*.tmp\n' > .dockerignore

# Each case: what stands before the copy, and the copy.
cat > "$SERVICES/cases" <<'CASES'
|COPY src /src
|COPY . /all
|COPY src/ /app/sub/dir/
WORKDIR /app|COPY . .
WORKDIR /app|COPY src/one src/nothing ./
WORKDIR /app|COPY src/deep ./
|COPY --chown=daemon:adm --chmod=640 src/one /owned/one
|COPY --chown=12:34 src /owned
RUN mkdir -p /app/deep && echo below > /app/deep/below|COPY src /app
RUN mkdir -p /app/one && chmod 700 /app|COPY docs /app
RUN mkdir /real && ln -s real /link|COPY src /link/
RUN mkdir /app && touch /app/one|COPY src/one /app/
|COPY src/o* src/run.sh /some/
|COPY src/one /bin/new
|COPY --link src /linked/here
|COPY docs/readme /etc/passwd2
|COPY src/deep/link docs /links/
WORKDIR /app|ADD src /app/added
|COPY src/big /
CASES

number=0
{
  printf 'project: copies\nconfigVersion: 1\n'
  while IFS='|' read -r before copy; do
    number=$((number + 1))
    for kind in layer files; do
      printf -- '---\nimage: %s%s\ndockerfile: Dockerfile.%s%s\n' $kind $number $kind $number
      {
        echo "FROM $REGISTRY/base/busybox:1"
        [ -z "$before" ] || echo "$before"
        echo "$copy"
        [ $kind = layer ] || echo "RUN true"
      } > Dockerfile.$kind$number
    done
  done < "$SERVICES/cases"
} > werf.yaml
commit

layers_of() { # IMAGE: of what its Dockerfile copies and what stands before
  skopeo inspect --raw --tls-verify=false "docker://$(image_of "$1")" | jq -r '.layers[].digest' | head -"$2"
}
SLIPWAY_STORE=$SERVICES/one must build --repo "$REGISTRY/copies" 'layer*'
cp "$SERVICES/out" "$SERVICES/out.layer"
SLIPWAY_STORE=$SERVICES/two must build --repo "$REGISTRY/copies" 'files*'
cat "$SERVICES/out.layer" >> "$SERVICES/out"
number=0
while IFS='|' read -r before copy; do
  number=$((number + 1))
  count=$(skopeo inspect --raw --tls-verify=false "docker://$(image_of layer$number)" | jq '.layers | length')
  equal "${before:+$before, }$copy" "$(layers_of files$number "$count")" "$(layers_of layer$number "$count")"
done < "$SERVICES/cases"
snapshots() { find "$1/snapshots" -mindepth 1 -maxdepth 1 | wc -l; }
[ "$(snapshots "$SERVICES/one")" -lt $(($(snapshots "$SERVICES/two") - 8)) ] || fail "files were made for layers that needed none"
ok "most of the layers were made without files"
SLIPWAY_STORE=$SERVICES/one must build --repo "$REGISTRY/other" 'files*'
ok "steps can read later what was made without files"
SLIPWAY_STORE=$SERVICES/one must store verify
ok "the store is whole"
