// cost: what the recording was of, what it cost and what it missed: a table of one row told as a list.
import type { Report } from "../data/report";
import { tableOf } from "../data/report";
import { cell } from "../data/format";
import { filterRows, sheetOf } from "../data/sheet";
import { Empty, Panel, SaveButtons, ViewHead } from "../parts/controls";
import { saveCsv, saveJson } from "../parts/download";

function Facts(props: { report: Report; name: string; title: string }) {
    const table = tableOf(props.report, props.name);
    if (!table || table.rows.length === 0)
        return null;
    const sheet = sheetOf(table);
    const rows = filterRows(props.report, sheet, "");
    return (
        <Panel title={props.title} about={sheet.about} side={<SaveButtons csv={() => saveCsv(props.report, sheet, rows)} json={() => saveJson(props.report, sheet, rows)} />}>
            <dl class="facts">{sheet.columns.map((column, at) => (
                <div key={column.name}><dt>{column.title}</dt><dd>{cell(sheet.values[at][0], column.kind, column.unit) || "–"}</dd><dd class="about">{column.about}</dd></div>
            ))}</dl>
            {sheet.note && <p class="note">{sheet.note}</p>}
        </Panel>
    );
}

export function CostView(props: { report: Report }) {
    const { report } = props;
    const trace = report.trace;
    const began = trace?.start_unix_ns ? new Date(trace.start_unix_ns / 1e6).toISOString().replace("T", " ").slice(0, 19) + " UTC" : null;
    const facts: [string, string | null | undefined][] = [
        ["command", trace?.command], ["directory", trace?.directory], ["began", began], ["machine", [trace?.machine, trace?.system].filter(Boolean).join(", ")], ["trace", trace?.path],
        ["recorder", trace?.recorder], ["sampling", trace?.sample_bytes ? `one sample per ${cell(trace.sample_bytes, "bytes", "B")} on average: figures are estimates` : "none: every event was recorded"],
    ];
    return (
        <div class="view">
            <ViewHead title="About the recording" about="What was watched, what watching cost, and what it may have missed." />
            {!trace && <Empty title="The report does not say where it comes from" />}
            {trace && <Panel title="What was watched"><dl class="facts wide">{facts.map(([name, value]) => value && <div key={name}><dt>{name}</dt><dd class="fn">{value}</dd></div>)}</dl></Panel>}
            <Facts report={report} name="cost" title="What it cost" />
            <Facts report={report} name="summary" title="The whole in figures" />
            {(report.notes?.length ?? 0) > 0 && <Panel title="Notes" about="what could not be had, with the mend"><ul class="notes">{report.notes!.map((note) => <li key={note}>{note}</li>)}</ul></Panel>}
        </div>
    );
}
