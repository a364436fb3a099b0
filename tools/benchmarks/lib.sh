# What the parts have in common. BENCH has the programs, TOP is the checkout, $1 is the part's own directory.
set -euo pipefail
tool=$BENCH/tcpconnlat load="$BENCH/connect-workload load"
cd "$1"

result() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}"; }

# trace NAME ARGUMENT …: starts a trace with its rows in NAME.rows, and waits until it sees connects.
trace() {
  local name=$1; shift
  rm -f "$name.errors"; touch "$name.errors"
  "$tool" --stats "$@" > "$name.rows" 2> "$name.errors" &
  tracer=$!
  until grep -q "tracing with" "$name.errors"; do
    kill -0 $tracer 2> /dev/null || { cat "$name.errors" >&2; exit 1; }
    sleep 0.02
  done
}

# ends NAME: ends the trace. Its statistics are in NAME.errors.
ends() { sleep 0.3; kill -INT $tracer; wait $tracer; }

# statistic NAME WORDS: one of the figures that --stats prints.
statistic() { sed -n "s/^tcpconnlat: $2 *\([0-9.]*\).*/\1/p" "$1.errors"; }

# figure FILE NAME: what the load says of itself.
figure() { sed -n "s/.*\b$2 \([0-9]*\).*/\1/p" "$1"; }

# memory PID: the most that a process has had, in KiB.
memory() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

# guest: runs ./run in the guest that counts instructions, one virtual ns each.
guest() {
  cp "$BENCH/tcpconnlat" "$BENCH/connect-workload" .
  "$TOP/tools/vm/boot" -i -t 1800 6.1 . > boot.log 2>&1 || { tail -5 boot.log >&2; exit 1; }
}
