# waiting: in a state that is to come, out whether it came; sourced by tests of what takes its time. A minute is for a machine that has much else to do: who has
# nothing else waits for moments.
until_true() { # until_true COMMANDS
    local end=$((SECONDS + 60))
    until eval "$1"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
# A child of this shell counts as ended before it was waited for, too.
until_ended() { until_true "! kill -0 $1 2>/dev/null"; }
# A signal that comes before its handler is there ends its process, or is lost: a shell's jobs in the background ignore SIGINT from birth.
until_caught() { # until_caught PID NUMBER
    until_true '(( 0x$(sed -n "s/^SigCgt:\s*//p" /proc/'"$1"'/status 2>/dev/null || echo 0) >> ('"$2"' - 1) & 1 ))'
}
until_recording() { until_true '"$HT" ctl '"$1"' status 2>/dev/null | grep -q ^recording'; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
