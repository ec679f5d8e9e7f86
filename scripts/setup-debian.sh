#!/usr/bin/env bash
# Installs what is missing: Debian 12 packages (as root or with sudo), then the npm packages of the
# report. Quick when nothing is missing.
#   scripts/setup-debian.sh [run|test|all]   what building and running takes; what testing takes
#                                            besides (the default); and what scripts/test --all takes
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(ca-certificates ccache cmake g++ libarchive-dev libboost-graph-dev libcli11-dev
  libeigen3-dev libfmt-dev libyaml-cpp-dev nettle-dev ninja-build nlohmann-json3-dev)
what=${1:-test}
if [ "$what" != run ]; then
  packages+=(catch2 chromium git librapidcheck-dev python3)
fi
if [ "$what" = all ]; then
  packages+=(clang-format-19 clang-tidy-19 gcovr libbenchmark-dev zstd)
fi

is_installed() {
  dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "setup-debian.sh: neither root nor sudo; have an administrator run" >&2
      echo "  apt-get install --no-install-recommends $*" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "installing: $*"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@"
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
# Node.js may come from elsewhere, and may bring npm along.
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  install "${missing[@]}"
fi

# The compiler of the fuzzers, which not every Debian has: scripts/fuzz does without.
if [ "$what" != run ] && ! { is_installed clang-19 && is_installed libclang-rt-19-dev; }; then
  install clang-19 libclang-rt-19-dev || echo "setup-debian.sh: no clang-19, nothing will be fuzzed"
fi

# npm writes node_modules/.package-lock.json last.
if [ -f package.json ] && [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --no-audit --no-fund
fi
