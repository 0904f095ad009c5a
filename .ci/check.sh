# Run one check, by its name here and the words behind it, and show what it printed: bash .ci/check.sh "NAME WORD"
# $work is where the clones, the lines of the README and the environments are.
set -euo pipefail

line_of_the_readme() {  # its number, which is also that of its clone
  cd "$work/$1"
  PYTEST_ADDOPTS="--durations=5" bash -euo pipefail -c "$(sed -n "$1p" "$work/lines")"
}
slower_suites() {  # on both cores
  .venv/bin/pytest -m slow --each 4 --dist worksteal --durations=5
}

lint_and_types() {
  .venv/bin/ruff check .
  .venv/bin/ruff format --check .
  .venv/bin/mypy
}
# What a release of Python or of a library can change: the numbers, the text, the start, what is read and written.
quick_tests() {  # the environment, and further options of pytest
  local python="$work/venv-quick-$1/bin/python" names="compile trace graph conventions published programs plain_call cli points cache errors"
  "$python" --version
  (for name in $names; do echo "tests/test_$name.py"; done) | xargs "$python" -m pytest -q -n 0 -p no:cacheprovider --each 4 "${@:2}"
}
oldest_libraries_and_coverage() {  # the lines and branches that the quick tests reach
  quick_tests oldest --cov --cov-report=term
}
benchmarks_briefly() {
  .venv/bin/python benchmarks/run.py --quick --rounds 3
}
elsewhere() { "$work/venv-peers/bin/pytest" -q -n 0 -p no:cacheprovider -m slow -rs "tests/test_$1.py"; }
the_site_and_other_installs() {
  local more="$work/venv-more/bin"
  "$more/sphinx-build" -q -W --keep-going docs "$work/site"
  export PIPX_HOME="$work/pipx" PIPX_BIN_DIR="$work/pipx/bin" UV_TOOL_DIR="$work/uv" UV_TOOL_BIN_DIR="$work/uv/bin"
  "$more/pipx" install --quiet .
  "$more/uv" tool install --quiet .
  for way in pipx uv; do
    [ "$("$work/$way/bin/backprop" eval "(x+y)*z" --x -2 --y 5 --z -4 --get x)" = -4.0 ]
  done
}
fuzzing_by_coverage() {
  local more="$work/venv-more/bin"
  if "$more/python" -c "import atheris" 2>/dev/null; then
    cd tests
    for target in program plain_call points cache; do
      "$more/python" -m fuzz "$target" -seed=1 -max_total_time=8 -verbosity=0
    done
  else
    echo "SKIPPED ALOUD: Atheris is not to be had here; tests/test_fuzz.py has fuzzed by chance all the same"
  fi
}

# In a shell of its own: `set -e` does not hold in what is asked whether it failed.
if [ "${2:-}" = alone ]; then
  $1
else
  how=passed
  bash "$0" "$1" alone >"$work/$1.txt" 2>&1 || how=FAILED
  printf '\n== %s: %s after %d s\n%s\n' "$1" "$how" "$SECONDS" "$(<"$work/$1.txt")"
  [ "$how" = passed ]
fi
