#!/usr/bin/env bash
# Installs what is missing (Debian packages), as root or with sudo. Quick when nothing is missing.
set -euo pipefail
packages=(g++ cmake ninja-build ccache python3 libfmt-dev libcli11-dev libarchive-dev catch2)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}"
