#!/bin/bash
# Makes the Debian package from a built program:
#   build-deb.sh BINARY OUTDIR VERSION   ->  OUTDIR/gatehouse_VERSION_amd64.deb
# The same input gives the same bytes: all times are SOURCE_DATE_EPOCH, which defaults to the last commit's.
#
# There are no conffiles. Everything below /etc is written by 'gatehouse apply', which knows and keeps what
# was there before; dpkg asking about the same files would be a second opinion too many. The templates in
# /usr/share/gatehouse are copies to start from: one that lies under the same path below
# /etc/gatehouse/templates is used instead of the program's own.
set -euo pipefail

[[ $# -eq 3 ]] || { printf 'usage: build-deb.sh BINARY OUTDIR VERSION\n' >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
house=$(cd "$here/../.." && pwd)
binary=$(realpath "$1") out=$(realpath "$2") version=$3
[[ $version =~ ^[0-9][A-Za-z0-9.+~-]*$ ]] || { printf '%s is not a version\n' "$version" >&2; exit 2; }
[[ -n ${SOURCE_DATE_EPOCH-} ]] || SOURCE_DATE_EPOCH=$(git -C "$house" log -1 --format=%ct 2>/dev/null) ||
  SOURCE_DATE_EPOCH=$(stat -c %Y "$house/CHANGELOG.md")
export SOURCE_DATE_EPOCH LC_ALL=C
umask 022

stage=$(mktemp -d)
trap 'rm -rf "$stage" "$stage.deb"' EXIT
chmod 755 "$stage"

# put SOURCE PATH [MODE]: one file into the package.
put() { install -D -m "${3:-644}" "$1" "$stage$2"; }
# filled SOURCE: a file with the version in it.
filled() { sed "s/@VERSION@/$version/g" "$1"; }
# packed PATH: standard input, compressed as Debian wants it.
packed() { mkdir -p "$(dirname "$stage$1")"; gzip -9n >"$stage$1.gz"; }

put "$binary" /usr/lib/gatehouse/gatehouse 755
put "$here/gatehouse.sh" /usr/bin/gatehouse 755
put "$here/gatehouse-recover.service" /lib/systemd/system/gatehouse-recover.service
put "$here/gatehouse.bash-completion" /usr/share/bash-completion/completions/gatehouse
put "$house/README.md" /usr/share/doc/gatehouse/README.md
(cd "$house" && find docs -type f -name '*.md' -print0) |
  while IFS= read -r -d '' file; do put "$house/$file" "/usr/share/doc/gatehouse/$file"; done
put "$here/copyright" /usr/share/doc/gatehouse/copyright
put "$house/iso/answers/standalone.yaml" /usr/share/doc/gatehouse/examples/standalone.yaml
packed /usr/share/doc/gatehouse/changelog <"$house/CHANGELOG.md"
for kind in screens templates; do
  (cd "$house" && find "$kind" -type f -print0) |
    while IFS= read -r -d '' file; do put "$house/$file" "/usr/share/gatehouse/$file"; done
done
for page in "$here"/man/*.8; do
  filled "$page" | packed "/usr/share/man/man8/$(basename "$page")"
done
"$binary" schema --man | packed /usr/share/man/man5/gatehouse-answers.5

size=$(find "$stage" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
mkdir "$stage/DEBIAN"
filled "$here/control" | sed "s/@SIZE@/$size/" >"$stage/DEBIAN/control"
for script in postinst prerm postrm; do install -m 755 "$here/$script" "$stage/DEBIAN/$script"; done
(cd "$stage" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$stage/DEBIAN/md5sums"
find "$stage" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +

deb=gatehouse_${version}_amd64.deb
# zstd: five times as fast as xz on a program of this size, and Debian 12 reads it.
dpkg-deb --root-owner-group -Zzstd -z12 --build "$stage" "$stage.deb" >/dev/null
mv "$stage.deb" "$out/$deb"
chmod 644 "$out/$deb"
printf '%s\n' "$out/$deb"
