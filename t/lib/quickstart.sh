#!/bin/bash
# make quickstart: the tutorial on this machine. A private PostgreSQL cluster, the definitions and data of t/tutorial, test, commit,
# publish, sync, the stock nginx on 127.0.0.1, and the tutorial's call. Run again it keeps what is there and prints the same call.
#   PORT=8080            port of nginx; when it is taken, a free one is used instead and named
#   HTTPS_PORT=8443      the same for the tutorial's HTTPS URL
#   SOURCE=maxcompute    loads user_info from a stand-in for MaxCompute (t/lib/tg_maxcompute.py) as from the service itself, not from a file
#   QUICKSTART_DIR=...   another folder than build/quickstart (which must be reachable by the users postgres and www-data)
# make stop ends it. Requires a finished build (build/tablegate and the module).
# shellcheck disable=SC1091,SC2154
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/quickstart-env.sh"

module=$checkout/build/ngx_http_tablegate_module.so
tablegate=$checkout/build/tablegate
tutorial=$checkout/t/tutorial
domain=api.example.com # the tutorial's
run=$state/run    # PostgreSQL's socket
out=$state/gateway # what sync writes
log=$state/log/quickstart.log
nginx_command=$state/bin/nginx # the system's nginx with this quickstart's configuration
nginx_bin=$(PATH=${PATH//"$state/bin:"/} command -v nginx || echo /usr/sbin/nginx)
source=${SOURCE:-csv}
want='{"data":{"user_id":10001,"user_name":"Alice"},"success":true}'
apis=("Query User by User ID" "Query City by City ID" "List Cities of a Country" "List Cities by Name" "Search Cities by Population"
  "Search Cities by Script")

# --- steps: one line each; a failing step reports which, why, and the end of its log
step_log=
step() { # step WHAT COMMAND...
  local what=$1 begin=${EPOCHREALTIME/./} rc=0 spent
  shift
  step_log=$state/log/step.log
  printf '%-46s ' "$what"
  set +e # in a subshell of its own, so that errexit holds inside the step's function too
  (set -e; "$@") >"$step_log" 2>&1
  rc=$?
  set -e
  cat "$step_log" >>"$log"
  spent=$(((${EPOCHREALTIME/./} - begin) / 1000))
  if [ "$rc" != 0 ]; then
    printf 'FAILED\n\nquickstart: step "%s" failed: exit %s of: %s\n' "$what" "$rc" "$*"
    echo "--- end of its log ($log):"
    tail -n 25 "$step_log"
    exit 1
  fi >&2
  printf '%3d.%03d s  %s\n' $((spent / 1000)) $((spent % 1000)) "$(summary)"
}
# The last line of a step's output; a long one is cut and ends in "...".
summary() {
  local line
  line=$(grep -v '^[[:space:]]*$' "$step_log" | tail -n 1 || true)
  [ "${#line}" -le 90 ] || line="${line:0:87}..."
  printf '%s\n' "$line"
}
fail() { printf 'quickstart: FAILED: %s\n' "$*" >&2; exit 1; }

check_build() {
  local file
  for file in "$module" "$tablegate"; do
    [ -e "$file" ] || { echo "$file is not there: run make first"; return 1; }
  done
  for file in "$nginx_bin" "$pg_bin/initdb" "$(command -v curl || echo curl)" "$(command -v openssl || echo openssl)" "$(command -v python3 || echo python3)"; do
    [ -x "$file" ] || { echo "$file is not there: run make deps first"; return 1; }
  done
  "$nginx_bin" -v
}

# Only we may write to the state folder: nginx's master reads its files as root, and every user can write to /var/tmp.
make_state() {
  if [ -L "$state" ] || { [ -e "$state" ] && [ "$(stat -c %u "$state")" != "$(id -u)" ]; }; then
    echo "quickstart: FAILED: $state belongs to somebody else" >&2
    exit 1
  fi
  mkdir -p "$state"
  chmod 755 "$state"
  mkdir -p "$state/log" "$state/tmp" "$out" "$run" "$state/loaded"
  chmod 755 "$out" "$run" "$state/loaded"
  chmod 700 "$state/log"
  if [ "$(id -u)" = 0 ]; then
    chown postgres: "$run"
    chown www-data: "$state/tmp"
  fi
  : >>"$log"
}

# Users are identified by the kernel (peer), so that there is no password: we are the superuser,
# nginx's workers are tablegate_reader, and no other user may connect.
write_access() {
  local me
  me=$(id -un)
  echo 'local all all peer map=tablegate' >"$1/pg_hba.conf"
  {
    printf 'tablegate %s postgres\n' "$pg_user"
    [ "$me" = "$pg_user" ] || printf 'tablegate %s postgres\n' "$me"
    printf 'tablegate %s tablegate_reader\n' "$me"
    [ "$me" != root ] || echo 'tablegate www-data tablegate_reader'
  } >"$1/pg_ident.conf"
}

make_cluster() {
  local pg=$state/pg
  [ ! -s "$pg/complete" ] || { echo "kept: $pg"; return; }
  rm -rf --one-file-system "$pg"
  mkdir -m 700 "$pg"
  if [ "$(id -u)" = 0 ]; then chown postgres: "$pg"; fi
  "${as_pg[@]}" "$pg_bin/initdb" -D "$pg" -U postgres --auth=peer --encoding=UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-instructions
  write_access "$pg"
  cat >>"$pg/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$run'
port = 5432
max_connections = 50
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
min_wal_size = 2MB
max_wal_size = 8MB
CONF
  echo 1 >"$pg/complete"
}

start_postgres() {
  if own_pid "$state/pg/postmaster.pid" >/dev/null; then
    echo "running already"
    return
  fi
  rm -f "$run/.s.PGSQL.5432" "$run/.s.PGSQL.5432.lock"
  "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$state/pg" -l "$state/pg/server.log" -w -t 60 start ||
    { tail -n 20 "$state/pg/server.log"; return 1; }
}

make_database() {
  if [ "$(psql -XAtqc "SELECT 1 FROM pg_database WHERE datname = 'tablegate'" "host=$run user=postgres dbname=postgres")" = 1 ]; then
    echo "kept: database tablegate"
  else
    psql -XAtqc 'CREATE DATABASE tablegate' "host=$run user=postgres dbname=postgres"
    echo "created: database tablegate"
  fi
}

# The stand-in for MaxCompute with the rows of user_info.csv, the data source that names it, and credentials for it. It runs in the state
# folder, so that make stop finds it.
maxcompute_columns=user_id:bigint,user_name:string,age:bigint
start_maxcompute() {
  local port i
  cp "$tutorial/user_info.csv" "$state/user_info.csv"
  (umask 077; python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import tg_maxcompute as m
print(f"access_id={m.kAccess[0]}\naccess_key={m.kAccess[1]}")' "$here" >"$state/odps_config.ini")
  if own_pid "$state/maxcompute.pid" >/dev/null; then
    echo "running already"
    return
  fi
  port=$(free_port)
  (cd "$state"; exec setsid python3 -B "$here/tg_maxcompute.py" --port "$port" --table "user_info:$state/user_info.csv:$maxcompute_columns" \
    </dev/null >"$state/log/maxcompute.log" 2>&1) &
  echo $! >"$state/maxcompute.pid"
  for ((i = 0; i < 100; i++)); do
    ! grep -q '^MaxCompute stands at' "$state/log/maxcompute.log" || break
    own_pid "$state/maxcompute.pid" >/dev/null || [ "$i" -lt 20 ] || { tail -n 5 "$state/log/maxcompute.log"; return 1; }
    sleep 0.1
  done
  printf '{"kind": "DataSource", "name": "odps_demo", "type": "maxcompute", "endpoint": "http://127.0.0.1:%s/api", "project": "demo"}\n' \
    "$port" >"$state/maxcompute.json"
  tail -n 1 "$state/log/maxcompute.log"
}

load_maxcompute() {
  local mark
  mark=maxcompute-$(cat "$state/user_info.csv" "$state/maxcompute.json" "$tutorial/user-table.json" | sha256sum)
  if [ "$(cat "$state/loaded/user_info" 2>/dev/null || true)" = "$mark" ]; then
    echo "kept: user_info as loaded before"
    return
  fi
  no_proxy=127.0.0.1 "$tablegate" table load user_info --credentials "$state/odps_config.ini"
  printf '%s\n' "$mark" >"$state/loaded/user_info"
}

# load TABLE CSV DEFINITION: only when its file or its definition has changed since the last load.
load() {
  local table=$1 mark
  mark=$(cat "$2" "$3" | sha256sum)
  if [ "$(cat "$state/loaded/$table" 2>/dev/null || true)" = "$mark" ]; then
    echo "kept: $table as loaded before"
    return
  fi
  "$tablegate" table load "$table" --from "csv:$2" --header
  printf '%s\n' "$mark" >"$state/loaded/$table"
}

each_api() { # each_api VERB [OPTION...]
  local verb=$1 api
  shift
  for api in "${apis[@]}"; do "$tablegate" api "$verb" "$api" "$@"; done
  echo "${#apis[@]} APIs"
}

make_workspace() { # what init prints about pg_hba and GRANTs is for other set-ups: it stays in the log
  "$tablegate" init --workspace demo
  echo "workspace demo"
}

# The key is shown once by the loader; it is kept here so that a second run can print the same call.
make_key() {
  local answer
  if [ -s "$state/demo.key" ]; then
    echo "kept: the key of consumer demo"
    return
  fi
  answer=$("$tablegate" consumer add-key demo --type api_key --label quickstart -o json)
  (umask 077; python3 -c 'import json,sys; print(json.loads(sys.argv[1])["api_key"])' "$answer" >"$state/demo.key.new")
  mv "$state/demo.key.new" "$state/demo.key"
  echo "made: an API key of consumer demo"
}

# --- nginx

port_is_free() {
  python3 - "$1" <<'PY'
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", int(sys.argv[1])))
except OSError:
    sys.exit(1)
PY
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

check_port() { # check_port SETTING DEFAULT: the setting is a port, or is not set
  local wanted=${!1:-$2}
  # 10#: "08080" is decimal.
  if ! [[ $wanted =~ ^[0-9]{1,5}$ ]] || ((10#$wanted < 1 || 10#$wanted > 65535)); then
    fail "$1=$wanted is not a port: it must be a number from 1 to 65535, for example $1=$2"
  fi
}

choose_port() { # choose_port NAME WANTED FILE DEFAULT: sets the variable NAME, keeps it in FILE
  local -n chosen=$1
  local old wanted=$2
  old=$(cat "$state/$3" 2>/dev/null || true)
  wanted=${wanted:-${old:-$4}}
  if own_pid "$state/nginx.pid" >/dev/null; then
    # Our own nginx answers there, or keeps the free port that replaced the requested one.
    if [ -n "$old" ] && { [ "$wanted" = "$old" ] || ! port_is_free "$wanted"; }; then chosen=$old; return; fi
    stop_nginx
  fi
  chosen=$wanted
  if ! port_is_free "$chosen"; then
    chosen=$(free_port)
    echo "port $wanted is taken or not allowed: nginx gets $chosen"
  fi
  echo "$chosen" >"$state/$3"
}

# Definitions that depend on this machine: where nginx listens, and the tutorial's domain with a certificate of our own. The tutorial's REST
# API answers on that domain, and without TLS on this machine's own names, whose server is in nginx.conf.
write_definitions() {
  mkdir -p "$state/definitions"
  cat >"$state/definitions/machine.json.new" <<JSON
[
 {"kind": "GatewayInstance", "name": "dataservice-prod", "address": "http://127.0.0.1:$port", "http_listen": ["127.0.0.1:$port"], "https_listen": ["127.0.0.1:$https_port"]},
 {"kind": "Domain", "name": "$domain", "protocol": "HTTPS", "certificate": "$state/tls/$domain.crt", "certificate_key": "$state/tls/$domain.key", "force_https": true},
 {"kind": "Domain", "name": "127.0.0.1", "server_block": false, "port": $port},
 {"kind": "Domain", "name": "localhost", "server_block": false, "port": $port}
]
JSON
  mv "$state/definitions/machine.json.new" "$state/definitions/machine.json"
  echo "$state/definitions/machine.json"
}

publish() {
  "$tablegate" api publish "${apis[0]}" --domain "$domain" --domain 127.0.0.1 --domain localhost --yes
  local api
  for api in "${apis[@]:1}"; do "$tablegate" api publish "$api" --no-domain --yes; done
  echo "${#apis[@]} APIs"
}

stop_nginx() {
  local pid i
  pid=$(own_pid "$state/nginx.pid") || return 0
  kill -QUIT "$pid"
  for ((i = 0; i < 100; i++)); do
    [ -d "/proc/$pid" ] || return 0
    sleep 0.1
  done
  echo "nginx (process $pid) does not end" >&2
  return 1
}

# `nginx` on the PATH of settings for a shell: every command that the loader prints for nginx (nginx -t, nginx -s reload) is for this one.
write_nginx_command() {
  mkdir -p "$state/bin"
  cat >"$state/bin/nginx.new" <<COMMAND
#!/bin/sh
# The quickstart's nginx, written by make quickstart.
exec '$nginx_bin' -p '$state' -c '$state/nginx.conf' -e '$state/log/error.log' "\$@"
COMMAND
  chmod 755 "$state/bin/nginx.new"
  mv "$state/bin/nginx.new" "$nginx_command"
}

write_nginx_conf() {
  local user_line="user www-data;"
  [ "$(id -u)" = 0 ] || user_line="# user: workers run as $(id -un)"
  cat >"$state/nginx.conf.new" <<CONF
# Written by make quickstart; changes are lost when it runs again.
load_module $module;
$user_line
worker_processes 2;
pid $state/nginx.pid;
error_log $state/log/error.log notice;

events { worker_connections 1024; }

http {
    access_log off;
    client_body_temp_path $state/tmp/body;
    proxy_temp_path $state/tmp/proxy;
    fastcgi_temp_path $state/tmp/fastcgi;
    uwsgi_temp_path $state/tmp/uwsgi;
    scgi_temp_path $state/tmp/scgi;

    tablegate_zone 4m;
    tablegate_manifest $out/manifest.json;
    tablegate_service default {
        dsn "host=$run dbname=tablegate user=tablegate_reader";
        resource_group default connections=4 queue=1024;
        connect_timeout 1s;
    }
    include $out/domains.conf;

    server {
        listen 127.0.0.1:$port default_server;
        location / { tablegate on; tablegate_hmac_diagnostics on; }
        location = /openapi.json { tablegate_openapi; }
        location = /status { tablegate_status; allow 127.0.0.1; deny all; }
    }
}
CONF
  mv "$state/nginx.conf.new" "$state/nginx.conf"
  write_nginx_command
  echo "$state/nginx.conf"
}

sync_gateway() {
  local reload=() # before nginx runs there is nothing to reload
  if own_pid "$state/nginx.pid" >/dev/null; then reload=(--reload "'$nginx_command' -s reload"); fi
  "$tablegate" sync --output "$out" --check "'$nginx_command' -q -t" "${reload[@]}"
}

start_nginx() {
  local sums
  sums=$(sha256sum "$module" "$nginx_bin" "$state/nginx.conf")
  # Another module, nginx or configuration than the running one: restart it, because a reload would keep the old module.
  if own_pid "$state/nginx.pid" >/dev/null; then
    if [ "$(cat "$state/running" 2>/dev/null || true)" = "$sums" ]; then
      echo "running already on 127.0.0.1:$port and :$https_port"
      return
    fi
    stop_nginx
  fi
  rm -f "$state/nginx.pid"
  "$nginx_command"
  printf '%s\n' "$sums" >"$state/running"
  echo "listens on 127.0.0.1:$port and :$https_port"
}

call() { # call KEY URL [OPTION...]: curl as printed; a proxy of the environment is not for 127.0.0.1
  local i key=$1 url=$2
  shift 2
  for ((i = 0; i < 20; i++)); do
    answer=$(curl -sS --max-time 5 --noproxy '*' -H "Authorization: Bearer $key" "$@" "$url") && [ "$answer" = "$want" ] && break
    sleep 0.1 # old workers of a reload may take the first call
  done
  printf '%s\n' "$answer"
  [ "$answer" = "$want" ] || { printf 'wanted: %s\n' "$want"; tail -n 10 "$state/log/error.log"; return 1; }
}

# `. build/quickstart.env` sets in a shell: the settings of this quickstart, the loader and its nginx on PATH, and quickstart_sync.
write_env() {
  cat >"$state/env" <<ENV
# Written by make quickstart. Use it with: . $state/env
export TABLEGATE_CATALOG="$TABLEGATE_CATALOG" TABLEGATE_MASTER_KEY_FILE="$state/master.key"
export TABLEGATE_WORKSPACE=demo TABLEGATE_GATEWAY=dataservice-prod
unset TABLEGATE_MIRROR
export PATH="$checkout/build:$state/bin:\$PATH"
export QUICKSTART_URL=http://127.0.0.1:$port
QUICKSTART_KEY=\$(cat "$state/demo.key")
export QUICKSTART_KEY
# Returns when nginx serves what was synced. --status: so that \`tablegate usage\` shows who called what.
quickstart_sync() {
  tablegate sync --output "$out" --check 'nginx -q -t' --reload 'nginx -s reload' --status "\$QUICKSTART_URL/status" "\$@"
}
ENV
  [ -n "${QUICKSTART_DIR:-}" ] || ln -sfn "$state/env" "$checkout/build/quickstart.env"
  echo "$state/env"
}

[[ $source = csv || $source = maxcompute ]] || fail "SOURCE=$source: csv or maxcompute"
begin=$SECONDS
make_state
cd / # PostgreSQL's user may not be able to enter the current folder
export TABLEGATE_CATALOG="host=$run port=5432 dbname=tablegate user=postgres"
export TABLEGATE_MASTER_KEY_FILE=$state/master.key TABLEGATE_WORKSPACE=demo TABLEGATE_GATEWAY=dataservice-prod
unset TABLEGATE_MIRROR PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS

check_port PORT 8080
check_port HTTPS_PORT 8443
echo "quickstart in $state"
step "programs" check_build
step "PostgreSQL: private cluster" make_cluster
step "PostgreSQL: start" start_postgres
step "database" make_database
step "tablegate init --workspace demo" make_workspace
choose_port port "${PORT:-}" port 8080
choose_port https_port "${HTTPS_PORT:-}" https_port 8443
step "certificate of $domain" "$here/certificate.sh" "$state/tls" "$domain"
step "definitions of this machine" write_definitions
step "tablegate apply -f t/tutorial" "$tablegate" apply -f "$state/definitions" -f "$tutorial/user-table.json" -f "$tutorial/user-api.json" -f "$tutorial/cities"
case $source in
  csv) step "tablegate table load user_info" load user_info "$tutorial/user_info.csv" "$tutorial/user-table.json" ;;
  maxcompute)
    step "a stand-in for MaxCompute: start" start_maxcompute
    step "tablegate apply: data source odps_demo" "$tablegate" apply -f "$state/maxcompute.json"
    step "tablegate table load user_info, MaxCompute" load_maxcompute
    ;;
esac
step "tablegate table load cities" load cities "$tutorial/cities.csv.gz" "$tutorial/cities/city-table.json"
step "tablegate api test" each_api "test"
step "tablegate api commit" each_api commit
step "tablegate api publish" publish
step "tablegate consumer add-key demo" make_key
step "nginx.conf" write_nginx_conf
step "tablegate sync" sync_gateway
step "nginx: start" start_nginx
step "settings for your shell" write_env

url="http://127.0.0.1:$port/v1/user/info?user_id=10001"
key=$(cat "$state/demo.key")
step "the call" call "$key" "$url"
https_url="https://$domain:$https_port/v1/user/info?user_id=10001"
step "the call over HTTPS" call "$key" "$https_url" --cacert "$state/tls/ca.crt" --resolve "$domain:$https_port:127.0.0.1"
env_file=$state/env
[ -n "${QUICKSTART_DIR:-}" ] || env_file=build/quickstart.env
proxy=
[ -z "${http_proxy:-}${https_proxy:-}${HTTPS_PROXY:-}${ALL_PROXY:-}${all_proxy:-}" ] || proxy=" --noproxy 127.0.0.1,$domain"
cat <<END

ready in $((SECONDS - begin)) s after the build. The call:

curl$proxy -H 'Authorization: Bearer $key' '$url'
$want

The tutorial's URL, with a certificate of this machine's own authority; and by the loader, at the URL itself:

curl$proxy --cacert '$state/tls/ca.crt' --resolve $domain:$https_port:127.0.0.1 -H 'Authorization: Bearer $key' '$https_url'
. '$state/env' && tablegate api call 'Query User by User ID' --credential '$state/demo.key' --cacert '$state/tls/ca.crt' --connect-to 127.0.0.1:$https_port

Cities: .../v1/city/info?city_id=1796236, .../v1/city/country?country=AD, .../v1/city/name?name=Santa%20Cruz,
.../v1/city/search?country=FR,DE&min_population=1000000&pageSize=3 with the same key.

OpenAPI: http://127.0.0.1:$port/openapi.json
Status: http://127.0.0.1:$port/status (JSON; a page in a browser); for Prometheus: curl$proxy -H 'Accept: text/plain' http://127.0.0.1:$port/status
Your own table: README.md, "Your own table in five minutes". It begins with: . '$env_file'
All commands: tablegate --help (in a shell with these settings, nginx is this quickstart's, too).
make stop ends nginx and PostgreSQL. Log: $log
END
