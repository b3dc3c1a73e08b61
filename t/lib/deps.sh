#!/bin/bash
# Installs from the machine's own apt sources the packages that are missing for the given groups. Nothing is downloaded when nothing
# is missing. No daemon is started and no database cluster is made by the packages.
#   t/lib/deps.sh [build] [run] [test] [lint] [fuzz] [bench]     (default: build test)
# build is what compiling requires beside the nginx and PostgreSQL of the machine, run is what quickstart starts.
set -euo pipefail
# shellcheck source=progress.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/progress.sh"

# NAME, or NAME=COMMAND: also satisfied by a COMMAND that was installed in another way.
declare -A groups=(
  [build]="g++ make pkg-config libpq-dev libjansson-dev libssl-dev rapidjson-dev libcli11-dev libfmt-dev libcurl4-openssl-dev
           libpugixml-dev libpg-query-dev libpcre2-dev libyaml-dev zlib1g-dev"
  [run]="nginx postgresql curl ca-certificates openssl python3"
  [test]="nginx postgresql ca-certificates check perl python3 python3-yaml curl wrk nghttp2-client jq nodejs=node npm=npm procps openssl pgbouncer git valgrind"
  [lint]="clang-format-14 clang-tidy-14 cppcheck shellcheck python3 python3-jsonschema pyflakes3"
  [fuzz]="clang-14 libclang-rt-14-dev"
  [bench]="wrk nghttp2-client procps nodejs=node npm=npm"
)

say() { printf 'deps: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

missing=()
find_missing() {
  local group entry package command seen=" "
  for group in "$@"; do
    [ -n "${groups[$group]:-}" ] || die "unknown group '$group' (known: ${!groups[*]})"
    for entry in ${groups[$group]}; do
      package=${entry%%=*}
      command=
      [ "$entry" = "$package" ] || command=${entry#*=}
      case $seen in *" $package "*) continue ;; esac
      seen+="$package "
      installed "$package" && continue
      if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
      missing+=("$package")
    done
  done
}

# nginx-dev holds the sources of Debian's nginx, with their headers. It depends on 108 packages for building Debian packages, which are
# not required here: only its files are unpacked, below build/. They are those of the nginx that is installed.
headers=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)/build/nginx-dev
headers_missing() {
  case " $* " in *" build "*) ;; *) return 1 ;; esac
  [ ! -e "${NGX_SRC:-/usr/share/nginx/src}/conf_flags" ] && [ ! -e "$headers/usr/share/nginx/src/conf_flags" ]
}
unpack_headers() {
  local folder package=nginx-dev version
  version=$(dpkg-query -W -f '${Version}' nginx 2>/dev/null || true)
  if [ -n "$version" ] && apt-cache show "nginx-dev=$version" >/dev/null 2>&1; then package+="=$version"; fi
  folder=$(mktemp -d)
  chmod 755 "$folder"
  if ! (cd "$folder" && apt-get -q download "$package") >"$folder/log" 2>&1; then
    tail -n 25 "$folder/log" >&2
    rm -rf "$folder"
    die "apt-get download $package failed: see above; try: apt-get update, then again"
  fi
  mkdir -p "$headers"
  dpkg-deb -x "$folder"/nginx-dev_*.deb "$headers"
  rm -rf "$folder"
  say "unpacked $package in build/nginx-dev"
}

[ $# -gt 0 ] || set -- build test
{ command -v dpkg-query && command -v apt-get; } >/dev/null ||
  die "this is no Debian: install by hand what t/lib/deps.sh lists, then go on"
find_missing "$@"
if [ ${#missing[@]} = 0 ]; then
  if headers_missing "$@"; then unpack_headers; else say "all there ($*)"; fi
  exit 0
fi
say "missing: ${missing[*]}"

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || die "needs root to install them: run 'apt-get install ${missing[*]}' as root, then again"
  as_root=(sudo)
fi

# While packages are configured: no daemon starts, and PostgreSQL makes no cluster. Only settings that this machine does not have yet are
# made here, and only until this script ends.
policy=/usr/sbin/policy-rc.d
snippet_dir=/etc/postgresql-common/createcluster.d
snippet=$snippet_dir/tablegate-deps.conf
made=()
log=
status=
# shellcheck disable=SC2317,SC2329
undo() {
  local file
  stop_progress
  for file in "${made[@]}"; do "${as_root[@]}" rm -f "$file"; done
  rm -f "$log" "$status"
  "${as_root[@]}" rmdir --ignore-fail-on-non-empty "$snippet_dir" 2>/dev/null || true
}
trap undo EXIT
if [ ! -e "$policy" ]; then
  made+=("$policy")
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
if ! installed postgresql-common; then
  made+=("$snippet")
  "${as_root[@]}" mkdir -p "$snippet_dir"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee "$snippet" >/dev/null
fi

log=$(mktemp)
status=$(mktemp)
begin=$SECONDS
# The last line of apt's status: KIND:PACKAGE:PERCENT:TEXT, KIND is dlstatus (download) or pmstatus (installation).
# shellcheck disable=SC2317,SC2329
how_far() {
  local kind package percent text
  IFS=: read -r kind package percent text < <(grep -E '^(dl|pm)status:' "$status" | tail -n 1) || return 0
  [ "$kind" = dlstatus ] || text=${text:-$package}
  say "$text (${percent%%.*} %), $((SECONDS - begin)) s"
}
apt() { # apt WHAT...: its thousand lines only when it fails
  local rc=0
  : >"$status"
  start_progress how_far
  # The status file is opened behind sudo, which closes what it does not know.
  # shellcheck disable=SC2016
  "${as_root[@]}" sh -c 'status=$1; shift; DEBIAN_FRONTEND=noninteractive exec apt-get -q -y -o Dpkg::Use-Pty=0 -o APT::Status-Fd=3 "$@" 3>>"$status"' \
    sh "$status" "$@" >"$log" 2>&1 </dev/null || rc=$?
  stop_progress
  [ "$rc" != 0 ] || return 0
  tail -n 25 "$log" >&2
  die "apt-get $* failed: see above"
}
say "package lists"
apt update
say "installing ${#missing[@]} packages and what they require"
apt install --no-install-recommends "${missing[@]}"
missing=()
find_missing "$@"
[ ${#missing[@]} = 0 ] || die "still missing after the installation: ${missing[*]}"
if headers_missing "$@"; then unpack_headers; fi
say "installed in $((SECONDS - begin)) s"
