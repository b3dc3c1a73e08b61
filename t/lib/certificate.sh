#!/bin/bash
# A certificate authority of its own and a certificate that it signs, for trying HTTPS on one machine. Existing files are kept, unless the
# certificate ends within 30 days or is for another host.
#   t/lib/certificate.sh FOLDER HOST    writes FOLDER/ca.crt ca.key HOST.crt HOST.key
set -euo pipefail
folder=$1 host=$2
[[ $host =~ ^[a-z0-9.-]+$ ]] || { echo "certificate: $host is no host" >&2; exit 1; }
mkdir -p "$folder"
cd "$folder"
umask 077
curve=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

if openssl verify -CAfile ca.crt -verify_hostname "$host" "$host.crt" >/dev/null 2>&1 &&
  openssl x509 -noout -checkend $((30 * 86400)) -in "$host.crt" >/dev/null && [ -s "$host.key" ]; then
  echo "kept: certificate of $host"
  exit 0
fi
openssl req -x509 "${curve[@]}" -days 3650 -subj "/CN=Tablegate's own authority of this machine" -keyout ca.key.new -out ca.crt.new 2>&1
mv ca.key.new ca.key
mv ca.crt.new ca.crt
openssl req -new "${curve[@]}" -subj "/CN=$host" -keyout "$host.key.new" -out "$host.csr" 2>&1
openssl x509 -req -in "$host.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days 397 -out "$host.crt.new" \
  -extfile <(printf 'subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$host") 2>&1
mv "$host.key.new" "$host.key"
mv "$host.crt.new" "$host.crt"
rm -f "$host.csr"
chmod 644 ca.crt "$host.crt"
echo "made: certificate of $host"
