# Debian packages that the two set-up commands need; sourced by them.

build_packages="g++ cmake ninja-build pkg-config libtbb-dev libhdf5-dev libeigen3-dev libboost-dev libcli11-dev rapidjson-dev libfmt-dev libsundials-dev"
test_packages="libgtest-dev libgmock-dev python3 python3-numpy python3-xarray python3-h5netcdf python3-netcdf4"

# need PACKAGE...: installs what is missing, as root or through sudo; says which packages cannot be had.
need() {
  local missing="" package root=""
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These Debian packages are missing, and installing them needs root or sudo:$missing" >&2
      return 1
    fi
    root="sudo"
  fi
  echo "Installing:$missing"
  $root apt-get update -qq || echo "apt-get update failed; going on with the package lists that are there" >&2
  if ! $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
    for package in $missing; do
      apt-cache show "$package" >/dev/null 2>&1 || echo "The package $package cannot be had from this machine's package sources." >&2
    done
    echo "Not all packages could be installed:$missing" >&2
    return 1
  fi
}
