# shellcheck shell=bash
# The hosts of a run, tried before mpirun: its own messages about them are long and name no remedy. Sourced by multi_node.
# shellcheck disable=SC2154

# Sets hosts (names, in order), and for check_slots their slots and lines.
read_hosts() { # host file
  local file=$1 line number=0 name word count
  declare -gA slots=() lines=()
  hosts=()
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%%#*}
    read -r name line <<<"$line" || true
    [ -n "$name" ] || continue
    count=''
    # "slots = 4" is allowed, too.
    for word in $(sed -E 's/[[:space:]]*=[[:space:]]*/=/g' <<<"$line"); do
      case $word in
        slots=*) count=${word#*=}
          [[ $count =~ ^[1-9][0-9]*$ ]] || die $EX_USAGE "$file:$number: $word is no number of slots; a line is NAME [slots=N]." ;;
        max_slots=* | max-slots=*) ;;
        *) die $EX_USAGE "$file:$number: '$word' is not understood; a line is NAME [slots=N]." ;;
      esac
    done
    [[ $name =~ ^[A-Za-z0-9._:@-]+$ ]] || die $EX_USAGE "$file:$number: '$name' is no name of a host; a line is NAME [slots=N]."
    [ -n "${lines[$name]:-}" ] || hosts+=("$name")
    lines[$name]=$number
    [ -z "$count" ] || slots[$name]=$((${slots[$name]:-0} + count))
  done <"$file"
  [ "${#hosts[@]}" -gt 0 ] || die $EX_USAGE "$file names no host; a line is NAME [slots=N]."
}

# Ends with a sentence unless each host has room for as many ranks.
check_slots() { # host file, ranks a host
  local file=$1 wanted=$2 host
  for host in "${hosts[@]}"; do
    [ -z "${slots[$host]:-}" ] || [ "${slots[$host]}" -ge "$wanted" ] ||
      die $EX_USAGE "$file:${lines[$host]}: $host has slots=${slots[$host]}, and --ranks-per-node is $wanted: raise the one or lower the other."
  done
}

is_this_host() {
  case $1 in localhost | 127.* | ::1 | "$(hostname)" | "$(hostname -s)" | "$(hostname -f 2>/dev/null)") return 0 ;; esac
  [[ " $(hostname -I 2>/dev/null) " == *" $1 "* ]]
}

# Runs a command line on a host as mpirun would reach it; its status, 255 where the host is not reached.
on_host() { # host, command line
  local agent=${OMPI_MCA_plm_rsh_agent:-ssh}
  if is_this_host "$1"; then
    bash -c "$2"
    return
  fi
  agent=${agent%%:*}
  # shellcheck disable=SC2086
  case ${agent##*/} in
    ssh*) $agent -o BatchMode=yes -o ConnectTimeout=10 "${1##*@}" "$2" ;;
    *) $agent "$1" "$2" ;;
  esac
}

# The folder of `--set data.path=DIR`, from the arguments of croco; empty where there is none.
data_folder() {
  local argument
  for argument in "$@"; do
    case ${argument#--set=} in data.path=*) printf '%s\n' "${argument#*data.path=}" ;; esac
  done | tail -n 1
}

# Ends with a sentence unless each host is reached, and finds the same croco there and the data. Sets layout, what
# numa_layout prints on all hosts, where ranks is auto.
try_hosts() { # croco, its arguments
  local croco=$1 host version own data command status domains first=''
  shift
  data=$(data_folder "$@")
  own=$("$croco" --version 2>/dev/null) || own=unknown
  printf -v command '[ -x %q ] || exit 41; [ -z %q ] || [ -e %q ] || exit 42; %q --version || exit 43' \
    "$croco" "$data" "$data" "$croco"
  [ "$ranks" != auto ] || printf -v command '%s; bash -c %q' "$command" "$(declare -f numa_layout); numa_layout"
  for host in "${hosts[@]}"; do
    is_this_host "$host" || getent ahosts "${host##*@}" >/dev/null ||
      die $EX_UNAVAILABLE "the host $host of $hostfile is not known here (getent ahosts $host): correct its name."
    status=0
    version=$(on_host "$host" "cd $(printf %q "$PWD") 2>/dev/null; $command" </dev/null 2>/dev/null) || status=$?
    case $status in
      0) ;;
      41) die $EX_UNAVAILABLE "$croco is not on $host: put it at the same path on all hosts, or on a disk that they share." ;;
      42) die 66 "$data, the data, is not on $host: it has to lie at the same path on all hosts." ;;
      43) die $EX_UNAVAILABLE "$croco does not start on $host: run launch/setup there (ldd $croco names what is missing)." ;;
      *) die $EX_UNAVAILABLE "$host cannot be reached without a password: try 'ssh $host true'." ;;
    esac
    domains=''
    if [ "$ranks" = auto ]; then domains=${version##*$'\n'} version=${version%$'\n'*}; fi
    [ "$version" = "$own" ] || die $EX_UNAVAILABLE "croco on $host is version $version, here it is $own: install one version everywhere."
    if [ -z "$first" ]; then layout=$domains first=$host; fi
    [ "$domains" = "$layout" ] ||
      die $EX_USAGE "$host has other NUMA domains than $first (number and cores: $domains; $layout): give a number of ranks instead of auto."
  done
}
