#!/usr/bin/env bash
# alerts: a rule of the configuration fires once it held for long enough, ends with its hysteresis, and does all that it was asked to; rules with mistakes are told with their place.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
failed=0
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work/xdg HOME=$work
. "$SOURCE/tests/cli/waiting.bash"
fail() { echo "alerts: $*"; failed=1; }
says() { # rule, beginning of the answer
    printf '%s\n' "$1" >.heaptracer.toml
    out=$("$HT" config 2>&1); status=$?
    [ $status = 2 ] && [ "$(wc -l <<<"$out")" = 1 ] && [[ $out == "heaptracer: .heaptracer.toml:$2"* ]] || fail "of '$1': $status $out"
}

# A server for the web's way: it keeps what it is told.
cat >server.py <<'END'
import http.server, sys
class Keep(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open("posted", "ab") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Keep)
with open("port", "w") as file:
    file.write(str(server.server_address[1]))
server.serve_forever()
END
python3 server.py & server=$!
until_true '[ -s port ]'
mkdir led; touch led/trigger led/brightness led/delay_on led/delay_off

# Memory that rises over 40 MiB and falls again: fires once, ends once, although it trembles at the threshold.
cat >wave.c <<'END'
#include <stdlib.h>
#include <unistd.h>
enum { STEPS = 30, BLOCK = 2 << 20 };
int main(void)
{
    char *blocks[STEPS];
    for (int i = 0; i < STEPS; i++) {
        blocks[i] = malloc(BLOCK);
        usleep(30000);
        free(malloc(BLOCK * 2));
    }
    for (int i = STEPS; i-- > 0;) {
        usleep(30000);
        free(blocks[i]);
    }
    return 0;
}
END
cc -O0 -o wave wave.c || exit 1
cat >.heaptracer.toml <<END
[[alerts.rule]]
name = "much"
when = "summary.live_bytes>40M"
hysteresis = "8M"
level = "critical"
log = "alerts.log"
command = 'echo "\$HEAPTRACER_ALERT \$HEAPTRACER_ALERT_STATE \$HEAPTRACER_ALERT_LEVEL \$HEAPTRACER_ALERT_VALUE" >>commands'
webhook = "http://127.0.0.1:$(cat port)/"
led = "$work/led"

[[alerts.rule]]
name = "never for so long"
when = "summary.live_bytes>40M"
for = "1h"
log = "alerts.log"

[[alerts.rule]]
when = "hotspots[no such text].allocated_bytes>1"
log = "alerts.log"
END
HEAPTRACER_CONFIG=none "$HT" run -q -o wave.htrc -- ./wave || fail "run: $?"
"$HT" monitor wave.htrc --interval 20ms >lines 2>told || fail "monitor: $? $(cat told)"
until_true '[ "$(wc -l <commands)" = 2 ] && [ "$(grep -o "heaptracer.alert/1" posted | wc -l)" = 2 ]' # by helpers that may end later
[ "$(wc -l <alerts.log)" = 2 ] && sed -n 1p alerts.log | grep -q 'critical: much: summary.live_bytes>40M, it is 4[0-9]' && sed -n 2p alerts.log | grep -q 'ended: much: .* it is 3[0-2]' || fail "log: $(cat alerts.log)"
[ "$(grep -c 'heaptracer: alert: ' told)" = 2 ] || fail "told: $(cat told)"
sort commands | awk '{print $1, $2, $3}' | tr '\n' ';' | grep -qx 'much ended critical;much fires critical;' || fail "commands: $(cat commands)"
python3 - <<'END' || fail "posted: $(cat posted)"
import json
news = [json.loads(line) for line in open("posted").read().replace("}\n{", "}\0{").split("\0")]
assert sorted(one["state"] for one in news) == ["ended", "fires"] and all(one["schema"] == "heaptracer.alert/1" and one["rule"] == "much" and one["value"] > 30 << 20 for one in news), news
END
[ "$(cat led/trigger led/brightness led/delay_on)" = none0125 ] || fail "light: $(head led/*)"

# A server that does not answer costs nothing, and a command that hangs is not waited for longer than the end allows.
kill $server; wait $server 2>/dev/null

# Mistakes.
says '[[alerts.rule]]
when = "summary.live_bytes>lots"
wen = 1' "3: a rule has no 'wen'; did you mean 'when'?"
says '[[alerts.rule]]
name = "x"' "2: the rule has no condition"
says '[[alerts.rule]]
when = "summry.live_bytes>1M"' "2: "
says '[[alerts.rule]]
when = "summary>"' "2: 'summary>' is no condition"
says '[[alerts.rule]]
when = "leaks"
level = "loud"' "3: level 'loud' is neither warn nor critical"
says '[[alerts.rule]]
when = "leaks"
for = "long"' "3: 'long' is not"
says '[[alerts.rule]]
when = "leaks"
webhook = "file:///etc/passwd"' "3: 'file:///etc/passwd' is no address of the web"
says '[alerts]
memory_pressure_threshold = true' "2: alerts.memory_pressure_threshold is a number"
says '[alerts]
memory_presure_threshold = 0.8' "2: there is no setting"
printf '[[alerts.rule]]\nwhen = "summary.no_such>1"\n' >.heaptracer.toml
"$HT" monitor wave.htrc >lines 2>err; [ $? = 2 ] && grep -q no_such err || fail "a column that is not there: $(cat err)"
printf '[[alerts.rule]]\nwhen = "summary.live_bytes>much"\n' >.heaptracer.toml
"$HT" monitor wave.htrc >lines 2>err; [ $? = 2 ] && grep -q "heaptracer.toml:2: 'much' is not a size" err || fail "no number: $(cat err)"
exit $failed
