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

# The Python client in an environment of its own, so that nothing of the system's Python changes.
python_client() {
  local venv=$builds/venv
  if ! cmp -s tools/requirements.txt "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet -r tools/requirements.txt || return 1
    cp tools/requirements.txt "$venv/requirements.txt"
  fi
  export TROUPE_TEST_PYTHON=$venv/bin/python
}
