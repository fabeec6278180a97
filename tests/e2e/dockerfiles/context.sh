# context.sh - sourced: what the Dockerfiles beside it copy from.

# Archives of every kind, and things that only look like one.
make_archives() {
  mkdir -p packed
  echo packed > packed/file && chmod 640 packed/file && ln -s file packed/link && ln packed/file packed/hard && mkdir packed/empty
  tar --sort=name --owner=7 --group=8 --numeric-owner --mtime=@0 -cf archive.tar packed
  rm -r packed
  gzip -nk archive.tar && bzip2 -k archive.tar && xz -k archive.tar && zstd -q archive.tar
  cp archive.tar.gz renamed.bin
  echo 'no archive' > text.tar.gz
  gzip -nc a.txt > text.gz
  : > empty.tar
  head -c 10240 /dev/zero > zeros.tar
  python3 - <<'PYTHON'
import io, tarfile


def archive(name, form, entries):
    with tarfile.open(name, "w", format=form) as tar:
        for path, kind, mode, more in entries:
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.uid, info.gid = kind, mode, more.get("uid", 7), more.get("gid", 8)
            info.linkname, info.pax_headers = more.get("link", ""), more.get("pax", {})
            info.devmajor, info.devminor = more.get("device", (0, 0))
            data = more.get("data", b"")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


FILE, DIR, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
archive("odd.tar", tarfile.GNU_FORMAT, [
    ("./", DIR, 0o700, {}),
    ("./plain", FILE, 0o644, {"data": b"first"}),
    ("./plain", FILE, 0o600, {"data": b"second"}),
    ("no/entry/for/these/folders", FILE, 0o644, {"data": b"x"}),
    ("private", DIR, 0o700, {"uid": 1, "gid": 2}),
    ("private/setuid", FILE, 0o4755, {"data": b"s"}),
    ("private/sticky", DIR, 0o1777, {}),
    ("absolute-link", LINK, 0o777, {"link": "/etc/passwd"}),
    ("dangling", LINK, 0o777, {"link": "nowhere"}),
    ("hard", HARD, 0o644, {"link": "plain"}),
    (".wh.plain", FILE, 0o644, {"data": b""}),
    (".hidden", FILE, 0o644, {"data": b"h"}),
    ("name with space", FILE, 0o644, {"data": b""}),
    ("l" * 150 + "/" + "n" * 150, FILE, 0o644, {"data": b"long"}),
    ("folder-then-file", DIR, 0o755, {}),
    ("file-then-folder", FILE, 0o644, {"data": b""}),
])
archive("devices.tar", tarfile.GNU_FORMAT, [
    ("fifo", tarfile.FIFOTYPE, 0o640, {}),
    ("char", tarfile.CHRTYPE, 0o620, {"device": (1, 3)}),
    ("block", tarfile.BLKTYPE, 0o660, {"device": (7, 1)}),
])
archive("pax.tar", tarfile.PAX_FORMAT, [
    ("ünï/çödé", FILE, 0o644, {"data": b"u"}),
    ("big-ids", FILE, 0o644, {"uid": 3000000, "gid": 4000000}),
    ("able", FILE, 0o755, {"pax": {"SCHILY.xattr.security.capability": "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"}}),
])
archive("ustar.tar", tarfile.USTAR_FORMAT, [("p" * 90 + "/" + "q" * 90, FILE, 0o644, {"data": b"prefix"}), ("top/", DIR, 0o750, {})])
archive("over.tar", tarfile.GNU_FORMAT, [
    ("etc/passwd", FILE, 0o644, {"data": b"root:x:0:0::/:/bin/sh\n", "uid": 0, "gid": 0}),
    ("target", LINK, 0o777, {"link": "elsewhere"}),
    ("was-link", FILE, 0o644, {"data": b"file now"}),
    ("was-folder", FILE, 0o644, {"data": b"file now"}),
    ("was-file", DIR, 0o755, {}),
    ("was-file/in", FILE, 0o644, {"data": b"in"}),
])
archive("through.tar", tarfile.GNU_FORMAT, [("alias/in", FILE, 0o644, {"data": b"through a link"})])
archive("up.tar", tarfile.GNU_FORMAT, [("a/../b", FILE, 0o644, {"data": b"b"}), ("c/./d", FILE, 0o644, {"data": b"d"})])
PYTHON
}

# What ignore files choose from.
make_ignored() {
  mkdir -p ign/{docs/sub,src/lib,node_modules/x,vendor/node_modules/y,a/b,logs,.config,keep/deep}
  (
    cd ign
    for file in a.log b.log README.md readme.md .env foo xfoo a/xfoo a/b/foo a/b/c.log docs/a.md docs/b.md docs/sub/a.md docs/sub/b.txt \
      src/main.c src/main.o src/lib/x.c src/lib/x.o node_modules/x/index.js vendor/node_modules/y/z.js logs/1.log logs/2.log \
      .config/x 'a b' '#hash' '!bang' '[x]' 'back\slash' 'star*' keep/deep/one keep/deep/two keep/three file1 file2 file10 ünï 'dot.+(x)$'; do
      echo "$file" > "$file"
    done
    ln -s docs link-to-docs
    printf '%s\n' '# the default one' '*.log' 'd' '/docs' '!docs/a.md' > .dockerignore
  )
}

make_context() {
  mkdir -p dir/sub dir2/sub links
  echo text > a.txt
  printf '#!/bin/sh\necho executed\n' > exe.sh && chmod 755 exe.sh
  echo 1 > dir/one && echo 2 > dir/two && echo 3 > dir/sub/three && echo h > dir/.hidden && echo 4 > dir2/sub/four
  ln -s a.txt link && ln -s ../a.txt links/relative && ln -s /absolute links/absolute && ln -s missing links/dangling && ln -s ../dir links/folder
  echo x > one.go && echo y > two.go && echo z > f1.txt && echo b > b.md && echo c > c.md && echo d > d.md
  echo 'spaces' > 'with space.txt'
  echo no > ignored.txt && echo no > dir/ignored
  ln -s dir folder-link && ln -s /dir/one absolute-link && ln -s links/relative chain && ln -s dir/sub deep-link
  mkdir -p names tree/a/b/c tree/.dot tree/empty-but-one wild/x1/same wild/x2/same wild/y1
  (cd names && touch -- 'sp ace' "quo'te" 'dq"x' 'ünï.txt' 'br[ack]et' 'st*r' 'qu?x' 'do$lar' 'per%cent' '-dash' '#hash' 'a,b' 'a=b' '.dot')
  echo 1 > tree/a/x.txt && echo 2 > tree/a/b/x.txt && echo 3 > tree/a/b/c/x.md && echo 4 > tree/z.txt && echo 5 > tree/.dot/x.txt
  echo 6 > tree/empty-but-one/x.go && cp exe.sh tree/a/exe.sh && ln -s b/x.txt tree/a/link && ln -s a tree/alias
  echo 1 > wild/x1/same/1 && echo 2 > wild/x2/same/2 && echo 3 > wild/x1/f && echo 4 > wild/x2/f && echo 5 > wild/y1/f && echo 6 > wild/x3
  echo 'the secret' > secret.txt
  make_archives
  make_ignored
  printf '%s\n' '.git*' 'werf*.yaml' .cases d ign 'ignored.txt' '**/ignored' '!kept' > .dockerignore
}
