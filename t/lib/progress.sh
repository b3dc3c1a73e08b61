# shellcheck shell=bash
# Shows how far work is that takes long; sourced. On a terminal one line overwrites itself, elsewhere (a log) a line comes every 10 s.
#   start_progress COMMAND...   prints what COMMAND prints (one line, or nothing yet) again and again, in the background
#   stop_progress               ends that; the line is removed from a terminal
# The work itself runs in the foreground between the two, so that Ctrl-C reaches it.

progress_pid=
start_progress() {
  local pause=10 line
  [ ! -t 1 ] || pause=0.5
  (
    exec 9<> <(:) # nothing ever comes from it: a pause without a process that would keep our output open
    while read -r -t "$pause" -u 9 || kill -0 $$ 2>/dev/null; do
      line=$("$@" 2>/dev/null) || true
      [ -n "$line" ] || continue
      if [ -t 1 ]; then printf '\r%.78s\033[K' "$line"; else printf '%s\n' "$line"; fi
    done
  ) &
  progress_pid=$!
}

stop_progress() {
  [ -n "$progress_pid" ] || return 0
  kill "$progress_pid" 2>/dev/null || true
  wait "$progress_pid" 2>/dev/null || true
  progress_pid=
  [ ! -t 1 ] || printf '\r\033[K'
}
