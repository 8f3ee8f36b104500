// faults: each fault with the story of its block: where it was hit, who made it, who freed it, who came upon it; all of them as a table below.
import type { Report } from "../data/report";
import { numberOf, tableOf } from "../data/report";
import { bytes, duration, moment, plural } from "../data/format";
import { namesOf, stackName, stackPlace } from "../data/names";
import type { Range } from "../data/range";
import { store } from "../data/store";
import { Badge } from "../parts/controls";
import { TableView } from "./table";
import type { Tab } from "./tabs";

type Row = Record<string, unknown>;

const MOST_CARDS = 30;

const text = (row: Row, name: string): string => String(row[name] ?? "");

/** The block and what is bad of it, to scale. */
function Strip(props: { row: Row }) {
    const size = numberOf(props.row.block_bytes), first = numberOf(props.row.first_bad), bad = numberOf(props.row.bad_bytes);
    if (size === 0 || bad === 0 || text(props.row, "fault") === "stack overflow")
        return null;
    const low = Math.min(0, first), high = Math.max(size, first + bad), whole = high - low;
    const part = (from: number, to: number) => ({ left: `${(from - low) / whole * 100}%`, width: `${(to - from) / whole * 100}%` });
    return <div class="strip" role="img" aria-label={`the block has ${plural(size, "byte")}; bad from offset ${first} on, ${plural(bad, "byte")}`}>
        <span class="strip-block" style={part(0, size)} /><span class="strip-bad" style={part(first, first + bad)} />
    </div>;
}

function Who(props: { report: Report; title: string; stack: number }) {
    const names = namesOf(props.report);
    if (props.stack <= 0 || props.stack >= names.stacks.parent.length)
        return null;
    return <div><dt>{props.title}</dt><dd><button type="button" class="link" onClick={() => store.go({ stack: props.stack })}>{stackName(names, props.stack)}</button> <span class="place">{stackPlace(names, props.stack)}</span></dd></div>;
}

function sentenceOf(row: Row): string {
    const bad = numberOf(row.bad_bytes), told: string[] = [];
    if (text(row, "fault") === "stack overflow")
        told.push(`The canary at ${text(row, "address")}, the end of the stack${text(row, "task") && ` of ${text(row, "task")}`}, is not as it was left`);
    else if (numberOf(row.block_bytes) > 0)
        told.push(`${bad > 0 ? `${plural(bad, "byte")} from offset ${numberOf(row.first_bad)} of a` : "A"} block of ${bytes(numberOf(row.block_bytes))} at ${text(row, "block")}`);
    else
        told.push(`${bad > 0 ? `${plural(bad, "byte")} at` : "At"} ${text(row, "address")}`);
    if (numberOf(row.age_ns) > 0)
        told.push(`${duration(numberOf(row.age_ns))} old`);
    if (text(row, "guess"))
        told.push(`it looks like: ${text(row, "guess")}`);
    return `${told.join("; ")}.`;
}

function Card(props: { report: Report; row: Row }) {
    const { report, row } = props;
    const around = text(row, "around").replace(/../g, "$& ").trim();
    return (
        <li class="finding critical fault">
            <div class="finding-head"><Badge severity="critical" /><h2>{text(row, "fault")}</h2><span class="muted">{moment(numberOf(row.time_ns))}{text(row, "task") && ` in ${text(row, "task")}`}, found by {text(row, "found_by")}</span></div>
            <p>{sentenceOf(row)}</p>
            <Strip row={row} />
            <dl class="story">
                {around && <div><dt>Bytes there</dt><dd><code>{around}</code></dd></div>}
                <Who report={report} title="Allocated by" stack={numberOf(row.stack)} />
                <Who report={report} title="Freed by" stack={numberOf(row.free_stack)} />
                <Who report={report} title="Found in" stack={numberOf(row.found_stack)} />
            </dl>
        </li>
    );
}

export function FaultsView(props: { report: Report; tab: Tab; range: Range | null }) {
    const rows = tableOf(props.report, "faults")?.rows ?? [];
    return <div class="scrolls">
        <TableView report={props.report} tab={props.tab} range={props.range} short
            above={<ul class="findings panel faults">{rows.slice(0, MOST_CARDS).map((row, i) => <Card key={i} report={props.report} row={row} />)}</ul>} />
    </div>;
}
