#!/bin/bash
# Masks of a tree by GNU parallel over ssh; run it again and it goes on where it stopped.
#
#   ./parallel.sh MACHINES PHOTOS MASKS [options of handseg predict]
#
# MACHINES is a file with a host a line, `:` for this one; each takes one part after the other, of SHARDS in all.
set -euo pipefail

machines=${1:?MACHINES, a file with a host a line, is missing}
photos=${2:?PHOTOS, a folder that all machines reach by this path, is missing}
masks=${3:?MASKS, the folder to write to, is missing}
shift 3
shards=${SHARDS:-64}
manifests=${MANIFESTS:-$masks.manifests}
mkdir -p -- "$manifests"

# Code 1 means that some photos cannot be read, which trying again does not change.
seq "$shards" | parallel --sshloginfile "$machines" --jobs 1 --retries 3 --quote \
    "${HANDSEG:-handseg}" predict "$photos" --recursive --output "$masks" --shard "{}/$shards" \
    --manifest "$manifests/{}.jsonl" --fail-on never "$@"
