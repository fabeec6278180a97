#!/bin/bash
# check-rooms.sh - the rules of the house that a compiler does not check: who may include whom, and who may touch foreign paths.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

complain() { # RULE, the offending lines on standard input; fails when there are any
  local lines
  lines=$(cat)
  [ -z "$lines" ] && return
  printf '%s\n%s\n' "$1" "$lines" | sed '2,$s/^/  /' >&2
  return 1
}

includes() { # FOLDER PATTERN: lines of the folder's sources that include what matches
  git grep -nE "#include \"$2" -- "$1/*.c" "$1/*.h" || true
}

includes plugins 'core/(runtime|source|template|config|graph|plugin|build|cli)/' | complain "plugins know the SDK, core/base and themselves:" || status=1
includes core/base 'core/(runtime|source|template|config|graph|plugin|build|cli)/' | complain "core/base knows nobody:" || status=1
includes core/runtime 'core/(source|template|config|graph|plugin|build|cli)/' | complain "core/runtime knows core/base:" || status=1
includes core/source 'core/(template|config|graph|plugin|build|cli)/' | complain "core/source knows base and runtime:" || status=1
includes core/template 'core/(config|graph|plugin|build|cli)/' | complain "core/template comes before config:" || status=1
includes core/config 'core/(graph|plugin|build|cli)/' | complain "core/config comes before graph:" || status=1
includes core/graph 'core/(template|config|plugin|build|cli)/' | complain "core/graph stands alone:" || status=1
includes core/build 'core/(template|cli)/' | complain "core/build does not know the command line:" || status=1
{ git grep -nE '^#include <(git2|yaml|curl/|lzma|bzlib|seccomp|nghttp2|uv)' -- 'core/*' 'plugins/*' |
  grep -vE '^core/source/.*<git2|^core/(config|template)/.*<yaml|^plugins/registry/.*<curl/|^plugins/local/.*<(lzma|bzlib|seccomp)|^plugins/buildkit/.*<nghttp2|^core/runtime/.*<uv' || true; } |
  complain "a library belongs to one room:" || status=1

# Paths of images, contexts and plugins are resolved in core/base/fsroot alone; the files named here touch the store and the host's own only.
{ git grep -nE '\b(open|mkdir|symlink|link|rename|unlink|rmdir|chown|lchown|chmod|mknod|creat)\(' -- 'plugins/local/*.c' |
  grep -vE 'sw_|_at\(|/\* path of ours|/\* .*(open|mkdir|symlink|link|rename|unlink|rmdir|chown|chmod|mknod)\([0-9]\)|"/dev/null"' | grep -vE '^plugins/local/(store|snapshot|lease|room|workshop|runtime|bundle|launch|seccomp|program|blob|space|mounts|overlay)\.c:' || true; } |
  complain "foreign paths are touched through core/base/fsroot:" || status=1
exit $status
