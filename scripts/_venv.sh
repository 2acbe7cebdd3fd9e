# Sourced by the other scripts: `use_venv EXTRA,EXTRA` sets $python to an interpreter with w2v and
# these extras.
#
# The environment is .venv in the project (or $W2V_VENV), created by $PYTHON (default: python3) on
# the first run. An extra is installed again only when pyproject.toml changes.

use_venv() {
    venv=${W2V_VENV:-$here/.venv}
    python=$venv/bin/python
    if [ ! -x "$python" ]; then
        base=${PYTHON:-$(find_python)}
        echo "Creating an environment in $venv (once) ..." >&2
        "$base" -m venv "$venv"
    fi
    missing=
    for extra in $(echo "${1:-plain}" | tr , ' '); do
        cmp -s "$here/pyproject.toml" "$venv/.installed-$extra" || missing=$missing,$extra
    done
    if [ -n "$missing" ]; then
        extras=$(echo "${missing#,}" | sed 's/^plain$//; s/..*/[&]/')
        echo "Installing w2v$extras and its dependencies (once, about a minute) ..." >&2
        "$python" -m pip install --quiet --disable-pip-version-check --editable "$here$extras" >&2
        for extra in $(echo "$missing" | tr , ' '); do
            cp "$here/pyproject.toml" "$venv/.installed-$extra"
        done
    fi
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "w2v needs Python 3.11 or newer; none was found on the PATH; set PYTHON to use another" >&2
    exit 1
}
