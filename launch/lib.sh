# shellcheck shell=bash
# What the launch scripts share; sourced by them. The scripts set ranks, threads, binding, report, grace and host_count.
# shellcheck disable=SC2154

croco_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
croco_script=${0##*/}

say() { printf '%s: %s\n' "$croco_script" "$*" >&2; }
die() { # status, sentence
  local status=$1
  shift
  say "$*"
  exit "$status"
}

# Exit codes of sysexits.h, as croco itself uses them.
EX_USAGE=64 EX_UNAVAILABLE=69 EX_TEMPFAIL=75

# The croco to run: $CROCO, else this checkout's release build, else the one on PATH.
find_croco() {
  local candidate
  [ -z "${CROCO:-}" ] || [ -x "$CROCO" ] || die $EX_UNAVAILABLE "CROCO=$CROCO is no program that can be started: correct or unset it."
  for candidate in "${CROCO:-}" "$croco_root/.build/release/croco" "$(command -v croco || true)"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      readlink -f "$candidate"
      return
    fi
  done
  die $EX_UNAVAILABLE "croco is not built: run 'swift build -c release' in $croco_root, or set CROCO to its path."
}

require_count() { # option, value
  [[ $2 =~ ^[1-9][0-9]*$ ]] || die $EX_USAGE "$1 needs a number of at least 1, not '$2'."
}

require_ranks() { # option, value
  [[ $2 =~ ^([1-9][0-9]*|auto)$ ]] || die $EX_USAGE "$1 needs a number of at least 1, or auto, not '$2'."
}

# The NUMA domains of this host with cores for this shell, and the physical cores of the smallest: "4 16". Hosts of a run execute
# it, too, so it uses nothing else of this file.
numa_layout() {
  local allowed
  allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
  lscpu -p=CPU,NODE,SOCKET,CORE | awk -F, -v allowed="$allowed" '
    BEGIN {
      count = split(allowed, parts, ",")
      for (part = 1; part <= count; part++) {
        last = split(parts[part], ends, "-")
        for (cpu = ends[1]; cpu <= ends[last]; cpu++) mine[cpu + 0] = 1
      }
    }
    /^#/ || !($1 in mine) || seen[$2, $3, $4]++ { next }
    { cores[$2]++ }
    END {
      for (domain in cores) { domains++; if (!least || cores[domain] < least) least = cores[domain] }
      print domains, least
    }'
}

domain_cores=''
# Sets ranks to one for each NUMA domain of a host, with a thread for each of its cores unless threads says otherwise.
rank_per_domain() { # what numa_layout printed
  [[ $1 =~ ^[1-9][0-9]*\ [1-9][0-9]*$ ]] ||
    die $EX_UNAVAILABLE "the NUMA domains are not known (lscpu -p=CPU,NODE): give a number of ranks instead of auto."
  read -r ranks domain_cores <<<"$1"
  threads=${threads:-$domain_cores}
  say "one rank for each NUMA domain: $ranks a host, with $threads threads each."
}

# The physical cores of this host that this shell may run on.
core_count() {
  local cores allowed
  cores=$(lscpu -p=SOCKET,CORE 2>/dev/null | grep -v '^#' | sort -u | wc -l)
  allowed=$(nproc)
  if [ "$cores" -gt 0 ] && [ "$cores" -lt "$allowed" ]; then echo "$cores"; else echo "$allowed"; fi
}

# Sets launcher, mpirun and its options, from ranks (a host), threads (a rank; may be empty), binding (auto or none) and report.
plan_ranks() {
  local cores per_rank place="ppr:$ranks:node"
  cores=$(core_count)
  if [ -n "$domain_cores" ]; then cores=$((ranks * domain_cores)) place=ppr:1:numa; fi
  per_rank=${threads:-$((cores / ranks))}
  # Without mpirun's own words on ranks that end with a code: croco and run_croco say what there is to say.
  launcher=(mpirun --quiet)
  # Ranks have pipes in place of the terminal: they are told that there is one, and its width, for the progress bar.
  if [ -t 1 ] && [ -t 2 ]; then
    CROCO_COLUMNS=$(stty size </dev/tty 2>/dev/null | cut -d ' ' -f 2 | grep . || echo 80)
    export CROCO_COLUMNS
  fi
  if [ "$binding" = auto ] && [ "$per_rank" -ge 1 ] && [ $((ranks * per_rank)) -le "$cores" ]; then
    launcher+=(--map-by "$place:PE=$per_rank" --bind-to core)
  else
    [ "$binding" = none ] || say "$ranks ranks of ${threads:-1} threads exceed the $cores cores of this host: ranks are not bound."
    launcher+=(--map-by "ppr:$ranks:node" --bind-to none --oversubscribe)
  fi
  # mpirun would have a rank for each slot, also where there are more or fewer of them than domains.
  [ -z "$domain_cores" ] || launcher+=(--oversubscribe -np $((ranks * host_count)))
  [ -z "$report" ] || launcher+=(--report-bindings)
  # Dead hosts are noticed within half a minute, and short interruptions of the network survived.
  launcher+=(
    --mca oob_tcp_keepalive_time 15 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3)
  # Threads are croco's own; those of libraries would fight with them.
  launcher+=(-x OMP_NUM_THREADS=1 -x OPENBLAS_NUM_THREADS=1)
  [ -z "${LD_LIBRARY_PATH:-}" ] || launcher+=(-x LD_LIBRARY_PATH)
  # What changes the arithmetic has to be the same on all hosts; CROCO_COLUMNS goes with it.
  local variable
  for variable in $(compgen -e | grep -E '^(CROCO|OPENBLAS|ONEDNN|DNNL)_' | grep -v '^OPENBLAS_NUM_THREADS$'); do
    launcher+=(-x "$variable")
  done
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}

# The folder of the run, from the arguments of `croco train`.
run_folder() {
  local previous='' argument
  for argument in "$@"; do
    [ "$previous" != --output ] || { printf '%s\n' "$argument"; return; }
    case $argument in --output=*) printf '%s\n' "${argument#--output=}"; return ;; esac
    previous=$argument
  done
}

# Whether a marker is there that this run has left. An unchanged one with status 0 is that of a run that found nothing left to do.
is_marked() { # marker, its stamp before
  local after
  after=$(marker_stamp "$1")
  [ -n "$after" ] && { [ "$launcher_status" = 0 ] || [ "$after" != "$2" ]; }
}

# What tells one completion marker from an earlier one: it is published by rename. Empty where there is none.
marker_stamp() { stat -c '%i %y' "$1" 2>/dev/null || true; }

interruptions=0
# The signals by which people and batch systems stop a job become SIGUSR1, which mpirun and srun pass on to all ranks: they
# write a checkpoint and stop. SIGTERM to mpirun would kill the ranks of other hosts at once.
on_signal() {
  interruptions=$((interruptions + 1))
  if [ "$interruptions" = 1 ]; then
    say "SIG$1: asking all ranks for a checkpoint; waiting for at most $grace s."
    interrupted_by=$1
    stop_at=$((SECONDS + grace))
    kill -USR1 "$launcher_process" 2>/dev/null || true
  elif [ "$1" = INT ]; then
    stop_at=$SECONDS
  fi
}

# Runs mpirun or srun with its arguments, and sets launcher_status.
supervise() {
  local signal terminated='' last=0
  launcher_process=''
  # shellcheck disable=SC2064
  for signal in TERM INT USR1 HUP; do trap "on_signal $signal" "$signal"; done
  # A session of its own: Ctrl-C reaches this script alone.
  setsid "$@" </dev/null &
  launcher_process=$!
  launcher_status=0
  wait "$launcher_process" || launcher_status=$?
  while kill -0 "$launcher_process" 2>/dev/null; do
    if [ "$interruptions" -gt 0 ]; then
      if [ "$SECONDS" -ge "$stop_at" ] && [ -z "$terminated" ]; then
        say "the ranks have not stopped: ending them."
        kill -TERM "$launcher_process" 2>/dev/null || true
        terminated=$SECONDS
      elif [ -n "$terminated" ] && [ "$SECONDS" -ge $((terminated + 15)) ]; then
        kill -KILL "$launcher_process" 2>/dev/null || true
      fi
      sleep 0.2
    else
      launcher_status=0
      wait "$launcher_process" || launcher_status=$?
    fi
  done
  # Where a signal ended the last wait, the status is still to be had.
  wait "$launcher_process" 2>/dev/null || last=$?
  [ "$last" = 127 ] || launcher_status=$last
  trap - TERM INT USR1 HUP
}

# Runs `croco ARGUMENTS...` under the launcher, and exits with what batch systems need to know.
#
# mpirun's exit code does not tell whether training is complete: inside a batch job it was 0 after the loss of a host.
# Rank 0 writes COMPLETED into the run folder, or STOPPED where --max-steps ends the run, and that decides.
run_croco() {
  local croco folder marker before stopped
  croco=$(find_croco) || exit
  if [ "$1" = train ] && [ -n "${threads:-}" ]; then set -- "$@" --set "compute.threads=$threads"; fi
  if [ "$1" = train ] && [[ ! " $* " =~ " "--(dry-run|print-config|help)" " ]]; then
    folder=$(run_folder "$@")
    [ -n "$folder" ] || die $EX_USAGE "train needs --output DIR here: the file COMPLETED in it says whether the run is done."
    marker=$folder/COMPLETED
    before=$(marker_stamp "$marker")
    stopped=$(marker_stamp "$folder/STOPPED")
  fi
  supervise "${launcher[@]}" "$croco" "$@"
  [ -n "${marker:-}" ] || exit "$launcher_status"
  if is_marked "$marker" "$before"; then
    say "completed: $folder"
    exit 0
  fi
  if is_marked "$folder/STOPPED" "$stopped"; then
    say "stopped where --max-steps says, not completed: $folder"
    exit 0
  fi
  if [ "$interruptions" -gt 0 ]; then
    say "interrupted: start the same command again to continue from the last checkpoint in $folder."
    exit $EX_TEMPFAIL
  fi
  case $launcher_status in
    # A host was lost (0 or 205), or ranks were killed: the last checkpoint is where to go on from.
    0 | 75 | 129 | 130 | 137 | 138 | 143 | 205)
      say "not completed (${launcher[0]}: $launcher_status): start the same command again to continue from the last checkpoint in $folder."
      exit $EX_TEMPFAIL
      ;;
    *) exit "$launcher_status" ;;
  esac
}
