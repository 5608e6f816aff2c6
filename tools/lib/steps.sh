# Sourced by tools/up and tools/test: progress, and building. Expects the repository as the working directory.
builds=${TROUPE_BUILD_DIR:-$PWD/build}
jobs=${TROUPE_JOBS:-$(nproc)}
SECONDS=0

# Says what comes next and how long it took so far.
step() { printf '\n== [%3d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

# build FOLDER CMAKE-ARGUMENTS…   configures FOLDER and makes $targets; CMake's words only when it fails.
build() {
  local folder=$1; shift
  mkdir -p "$builds"
  cmake -S . -B "$folder" -G Ninja -Wno-dev "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
  # shellcheck disable=SC2086
  ninja -C "$folder" -j "$jobs" $targets
}
