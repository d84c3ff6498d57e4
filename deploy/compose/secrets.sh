#!/bin/sh
# Makes the secrets of this installation: random, each once. Those that are there stay, so it may be run again.
set -eu
cd "$(dirname "$0")"

random() {
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

# The folder keeps others out; the files are read by users of containers that this machine does not know.
mkdir -p -m 700 secrets
umask 022
for name in auth_secret cluster_secret mysql_password mysql_root_password mysql_replication_password s3_secret; do
    [ -s "secrets/$name" ] || random >"secrets/$name"
done
printf 'ROOT_ACCESS_KEY_ID=parlance\nROOT_SECRET_ACCESS_KEY=%s\n' "$(cat secrets/s3_secret)" >secrets/s3.env
echo "secrets are in $(pwd)/secrets: keep a copy, tokens and passwords depend on them"
