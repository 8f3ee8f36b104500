// lost: what the last look at each process found: the classes side by side, each leak with its evidence and what it hangs on; all rows as a table below.
import type { Report } from "../data/report";
import { numberOf, tableOf } from "../data/report";
import { bytes, count, plural, ratio } from "../data/format";
import { callersOf, namesOf, stackName, stackPlace } from "../data/names";
import type { Range } from "../data/range";
import { store } from "../data/store";
import { Badge } from "../parts/controls";
import { TableView } from "./table";
import type { Tab } from "./tabs";

type Row = Record<string, unknown>;

const SURE = 0.8, WATCH = 0.5, MOST_CARDS = 30;
const USUAL = ["stack", "class", "bytes", "count", "retained_bytes", "pattern", "confidence", "kind", "chain"];
const CLASSES = [
    { name: "direct", about: "nothing points to them" },
    { name: "indirect", about: "lost with their owners" },
    { name: "possible", about: "pointed into, not at" },
    { name: "reachable", about: "can still be found" },
];

const text = (row: Row, name: string): string => String(row[name] ?? "");

function Classes(props: { rows: Row[] }) {
    const sum = (name: string, column: string) => props.rows.filter((row) => row.class === name).reduce((all, row) => all + numberOf(row[column]), 0);
    return (
        <dl class="classes">
            {CLASSES.map(({ name, about }) => (
                <div key={name} class={sum(name, "count") > 0 ? name : ""}><dt>{name}</dt><dd><strong>{bytes(sum(name, "bytes"))}</strong> in {plural(sum(name, "count"), "block")}<span class="muted">{about}</span></dd></div>
            ))}
        </dl>
    );
}

function Sure(props: { value: number }) {
    return <span class="sure"><span class="sure-bar" aria-hidden="true"><span style={{ width: `${props.value * 100}%` }} /></span>{ratio(props.value)} sure</span>;
}

/** Who keeps it: from a variable or a stack on, block by block. */
function Chain(props: { chain: string; address: string }) {
    const links = props.chain.split(" > ").filter(Boolean);
    if (links.length === 0)
        return null;
    return <div><dt>Kept by</dt><dd><ol class="chain">{[...links, props.address].map((link, i) => <li key={i}><code>{link}</code></li>)}</ol></dd></div>;
}

function amountOf(row: Row): string {
    const more = numberOf(row.retained_count);
    return `${bytes(numberOf(row.bytes))} in ${plural(numberOf(row.count), "block")}${more > 0 ? `, and with them ${bytes(numberOf(row.retained_bytes))} in ${plural(more, "block")}` : ""}`;
}

function Card(props: { report: Report; row: Row }) {
    const { report, row } = props;
    const names = namesOf(report), stack = numberOf(row.stack), sure = numberOf(row.confidence), severity = sure > SURE ? "critical" : "warn";
    return (
        <li class={`finding ${severity} lost`}>
            <div class="finding-head"><Badge severity={severity} /><h2>{text(row, "pattern") || text(row, "class")}</h2><span class="muted">{text(row, "class")}{text(row, "resource") && text(row, "resource") !== text(row, "pattern") && `, ${text(row, "resource")}`}</span><Sure value={sure} /></div>
            <p>{amountOf(row)}{text(row, "evidence") && `; ${text(row, "evidence")}`}.</p>
            <dl class="story">
                {stack > 0 && <div><dt>Allocated by</dt><dd><button type="button" class="link" onClick={() => store.go({ stack })}>{stackName(names, stack)}</button> <span class="place">{stackPlace(names, stack)} {callersOf(names, stack, 3)}</span></dd></div>}
                <Chain chain={text(row, "chain")} address={text(row, "address")} />
            </dl>
        </li>
    );
}

export function LostView(props: { report: Report; tab: Tab; range: Range | null }) {
    const rows = tableOf(props.report, "reach")?.rows ?? [];
    const told = rows.filter((row) => numberOf(row.confidence) > WATCH && row.class !== "indirect");
    return <div class="scrolls">
        <TableView report={props.report} tab={props.tab} range={props.range} short usual={USUAL} above={<>
            <Classes rows={rows} />
            {told.length > 0 && <ul class="findings panel faults">{told.slice(0, MOST_CARDS).map((row, i) => <Card key={i} report={props.report} row={row} />)}</ul>}
            {told.length > MOST_CARDS && <p class="note">The {count(MOST_CARDS)} surest of {count(told.length)}; all are in the table.</p>}
            {told.length === 0 && <p class="note">No call stack lost blocks, and none looks like a leak.</p>}
        </>} />
    </div>;
}
