# shellcheck shell=bash
# Common to the scripts of this directory: finds or installs requirements, then
# builds the extension and runs a temporary server, all in one temporary
# directory that is removed at exit. To be sourced; each function is one step.

source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

fail()
{
    printf '\n%s\n' "$@" >&2
    exit 1
}

# step TITLE HINT COMMAND...: run quietly, but for what the command writes to
# descriptor 3; on failure show the end of the output and the hint
step()
{
    local title=$1 hint=$2
    shift 2
    fold -s -w 100 <<<"$title"
    "$@" 3>&1 </dev/null >"$work/step.log" 2>&1 || fail "This step failed: $title
Command: $*
The end of its output:
$(tail -n 25 "$work/step.log" | sed 's/^/    /')
$hint"
}

as_root()
{
    if [[ $EUID == 0 ]]; then
        "$@"
    elif type -P sudo >/dev/null; then
        sudo "$@"
    else
        printf 'There is no sudo here. Run this as root, then try again:\n%s\n' "$*" >&2
        return 1
    fi
}

# ---- the temporary directory --------------------------------------------

open_work()
{
    umask 022
    # Root's PATH may contain directories that the worker (below) cannot read, and
    # su omits the sbin directories that apt-get requires.
    if [[ $EUID == 0 ]]; then
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    fi
    # Not in TMPDIR: the path of a Unix socket must be short.
    work=$(mktemp -d /tmp/call_log_fdw.XXXXXX)
    mkdir "$work/source" "$work/socket" "$work/tmp"
    trap close_work EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Stops all servers below the directory, including those of TAP tests.
close_work()
{
    local status=$? data
    trap '' HUP INT TERM
    while IFS= read -r data; do
        as_worker "$bindir/pg_ctl" stop -D "$data" -m immediate >/dev/null 2>&1 || true
    done < <(find "$work" -name postmaster.pid -printf '%h\n')
    if [[ -n ${keep:-} ]]; then
        echo "Kept: $work" >&2
    else
        rm -rf "$work" 2>/dev/null || { sleep 1; rm -rf "$work"; }   # a process may still be writing
    fi
    exit "$status"
}

# ---- requirements -------------------------------------------------------

missing=()
installed=()

# need PACKAGE COMMAND...: the package is missing unless the command succeeds
need()
{
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

need_build_tools()
{
    need postgresql-server find_pg_config
    need gcc gcc --version
    need libc6-dev gcc -include stdio.h -E -x c /dev/null
    need make make --version
    need pkg-config pkg-config --version
    need libcurl4-openssl-dev pkg-config --exists libcurl
    need libjson-c-dev pkg-config --exists json-c
    need python3 python3 -c 'import http.server, unittest'
}

need_test_tools()
{
    need perl prove --version
    need libipc-run-perl perl -MIPC::Run -e 1
}

# A pg_config is usable if it is installed with a server and the files that
# extensions are built with.
usable_pg_config()
{
    [[ -x $("$1" --bindir)/initdb && -f $("$1" --pgxs) && -f $("$1" --includedir-server)/postgres.h ]] 2>/dev/null
}

# PG_CONFIG if set, else that of the newest server installed
find_pg_config()
{
    local candidate
    if [[ -n ${PG_CONFIG:-} ]]; then
        usable_pg_config "$PG_CONFIG"
        return
    fi
    while IFS= read -r candidate; do
        if usable_pg_config "$candidate"; then
            PG_CONFIG=$candidate
            return
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV; type -P pg_config)
    return 1
}

# Shows its progress, as it takes minutes
install_packages()
{
    as_root "$source_tree/script/install_packages" "$@" >&3
}

install_missing()
{
    if [[ -n ${PG_CONFIG:-} ]] && ! find_pg_config; then
        fail "PG_CONFIG=$PG_CONFIG: found no server (initdb) or no header files for extensions there."
    fi
    if [[ ${#missing[@]} -gt 0 ]]; then
        type -P apt-get >/dev/null || fail "Please install these first (their names in Debian): ${missing[*]}"
        step "Installing ${missing[*]} (apt-get, only this once) ..." \
            'Is the network there? Does "apt-get update" work?' \
            install_packages "${missing[@]}"
        installed=("${missing[@]}")
        missing=()
    fi
}

# For the end of a script: what install_missing leaves, and what it does not create
report_installed()
{
    local version
    if [[ ${#installed[@]} -gt 0 ]]; then
        echo 'The packages that were installed remain (/var/log/apt/history.log lists them).'
    fi
    if type -P pg_lsclusters >/dev/null && [[ -z $(pg_lsclusters --no-header) ]] && find_pg_config; then
        version=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
        echo "There is no database cluster here yet. To create one: sudo pg_createcluster $version main --start"
    fi
}

# ---- build and run ------------------------------------------------------

# PostgreSQL refuses to run as root, so root runs it as another user.
worker=()

as_worker()
{
    (cd "$work/source" && exec "${worker[@]}" "$@")
}

# Copies the server into the directory: no other server is to load what is built
# here. PostgreSQL finds its other parts from where its programs are; only these
# need to be copied.
copy_server()
{
    local kind directory root="$work/root"
    for kind in pkglibdir sharedir includedir-server; do
        directory=$("$pg_config" --"$kind")
        mkdir -p "$root${directory%/*}"
        cp -rs "$directory" "$root$directory"
    done
    rm -rf "$root$("$pg_config" --pkglibdir)"/{,bitcode/}call_log_fdw* "$root$("$pg_config" --sharedir)"/extension/call_log_fdw*
    mkdir -p "$root$bindir"
    cp "$bindir"/* "$root$bindir"
    bindir="$root$bindir"
    pg_config="$bindir/pg_config"
}

# From here on, the server is the copy, and none of the caller's settings may
# lead to another server, to another make or through a proxy.
enter_work()
{
    local user
    find_pg_config || fail 'Found no PostgreSQL server with header files for extensions. Set PG_CONFIG.'
    pg_config=$(type -P "$PG_CONFIG")
    bindir=$("$pg_config" --bindir)
    copy_server
    make=(make --no-print-directory PG_CONFIG="$pg_config")
    unset "${!PG@}" MAKEFLAGS MAKELEVEL MFLAGS
    export PATH="$bindir:$PATH" HOME="$work" TMPDIR="$work/tmp" LC_ALL=C.UTF-8
    export PGHOST="$work/socket" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    export PSQL_HISTORY="$work/psql_history" no_proxy='*' NO_PROXY='*'
    copy_sources_to "$work/source"
    if [[ $EUID == 0 ]]; then
        user=$(getent passwd postgres >/dev/null && echo postgres || echo nobody)
        worker=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
        chown -hR "$user:" "$work"
    fi
}

# Files that git tracks or would add; without a checkout, all files
list_sources()
{
    local file
    if [[ -e .git ]] && type -P git >/dev/null; then
        git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
            while IFS= read -rd '' file; do
                if [[ -e $file || -L $file ]]; then
                    printf '%s\0' "$file"
                fi
            done
    else
        printf '.\0'
    fi
}

copy_sources_to()
{
    (cd "$source_tree" && list_sources | tar -c --exclude='*.o' --exclude='*.so' --null --files-from=-) |
        tar -x --no-same-owner -C "$1"
}

# Without bitcode, which nothing here needs. Arguments are flags for the compiler.
install_extension()
{
    local warnings='-Wall -Wextra -Wno-unused-parameter -Wundef -Wvla -Werror'
    make+=(with_llvm=no PROFILE="$*")
    if [[ -n ${strict:-} ]]; then
        make+=(COPT="$warnings")
    fi
    step "Building with $("$pg_config" --version) ..." 'PG_CONFIG chooses another PostgreSQL; 15 to 19 are supported.' \
        as_worker "${make[@]}" --jobs="$(nproc)" install
}

# start_server [LINE...]: lines of postgresql.conf
start_server()
{
    step 'Starting a throwaway server ...' 'Is there space in /tmp?' \
        as_worker initdb -D "$work/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync
    cat >>"$work/data/postgresql.conf" <<CONFIGURATION
listen_addresses = ''
unix_socket_directories = '$work/socket'
timezone = 'UTC'
log_timezone = 'UTC'
fsync = off
$(printf '%s\n' "$@")
CONFIGURATION
    as_worker pg_ctl start -D "$work/data" -l "$work/server.log" --silent ||
        fail 'The server does not start:' "$(tail -n 25 "$work/server.log")"
}

# A crash may not be visible to the client.
report_crash()
{
    grep -s -B 1 -A 3 'was terminated by signal' "$work/server.log" || true
}

# ---- a server under sanitizers or valgrind ------------------------------

# watch_server COMMAND...: restarts the server with this command
watch_server()
{
    as_worker pg_ctl stop -D "$work/data" --silent
    as_worker setsid "$@" postgres -D "$work/data" >"$work/server.log" 2>&1 &
    echo 'Waiting for the server ...'
    until as_worker pg_isready --quiet; do
        sleep 1
    done
}

# Run the regression tests, or those named; then stop the server
run_watched()
{
    local status=0
    as_worker "${make[@]}" --silent installcheck-regress ${1:+REGRESS="unit setup $*"} || status=1
    as_worker pg_ctl stop -D "$work/data" --silent
    return "$status"
}

# Runs one query that reaches the functions of plant_faults; then stops the server.
# Much shorter than the regression tests: setup.sql alone takes minutes under valgrind.
run_planted()
{
    local status=0
    as_worker env SIMULATOR_OPTIONS='--calls 50' script/with_simulator psql -X -q -v ON_ERROR_STOP=1 <<'SQL' || status=1
\getenv url CALL_LOG_SIMULATOR
CREATE EXTENSION call_log_fdw;
CREATE SERVER ringcentral FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url :'url');
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (access_token 'simulator-access-token');
IMPORT FOREIGN SCHEMA account LIMIT TO (call_log) FROM SERVER ringcentral INTO public;
SELECT count(*) FROM call_log;
SQL
    as_worker pg_ctl stop -D "$work/data" --silent
    return "$status"
}

# Functions that plant_faults changes, one of src/answer/ and one of src/scan/
planted='answer/page.c:clf_page_parse scan/scan.c:clf_scan_next'

# plant_faults: lets these functions, in the copy of the sources, leak memory and
# branch on it uninitialized, for check_planted
plant_faults()
{
    local name fault='for (const volatile char *planted = malloc(1); *planted == 1;) abort();'
    for name in $planted; do
        sed -i "/^${name#*:}(/,/^{/ s/^{/{ $fault/" "$work/source/src/${name%:*}"
        grep -q planted "$work/source/src/${name%:*}" || fail "There is no function ${name#*:} in ${name%:*}."
    done
}

# check_planted: succeeds if show_ours has shown each of these faults, in the
# function itself: further up the stack, a function is in reports of others as well
check_planted()
{
    local name
    for name in $planted; do
        grep -qE "( at 0x[0-9A-F]+: |#1 0x[0-9a-f]+ in )${name#*:}[ (]" "$work/ours" ||
            fail "The fault planted in ${name#*:} was not reported."
    done
    echo 'The planted faults were reported.'
}

# show_ours BEGIN ASIDE REPORT...: of the reports, each of which begins with a
# line like BEGIN, shows those with a frame of the extension above any line like
# ASIDE. A frame in a library that only the extension uses counts as one. Fails
# when there are any.
show_ours()
{
    local begin=$1 aside=$2 sources
    shift 2
    # with their paths: some files have the same name as one of PostgreSQL
    sources="[(/ ]($(cd "$source_tree" && find call_log_fdw.c src t/unit -name '*.[ch]' -printf '%p|')none):[0-9]|lib(curl|json-c)[.]so"
    cat /dev/null "$@" | sed 's/^==[0-9]*== \?//' | awk -v begin="$begin" -v aside="$aside" -v sources="$sources" '
        $0 ~ begin { if (mine) printf "%s\n", block; block = ""; mine = skip = 0 }
        $0 ~ aside { skip = 1 }
        / 0x[0-9A-Fa-f]+/ && !skip && $0 ~ sources { mine = 1 }
        { block = block $0 "\n" }
        END { if (mine) printf "%s\n", block }' >"$work/ours"
    head -n 100 "$work/ours"
    echo "$(grep -c '^$' "$work/ours") reports that pass through the extension's code"
    [[ ! -s $work/ours ]]
}
