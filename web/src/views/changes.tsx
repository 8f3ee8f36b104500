// changes: what differs from an earlier recording: the figures of the whole run, then any table, row by row.
import type { Report } from "../data/report";
import { changedAmounts, changedTables, changesSheet, usualColumns } from "../data/changes";
import type { Range } from "../data/range";
import { store } from "../data/store";
import { Empty, Panel, ViewHead, ViewLink } from "../parts/controls";
import { useStore } from "../parts/hooks";
import { TableView } from "./table";
import type { Tab } from "./tabs";

function since(report: Report): string {
    const trace = report.before?.trace;
    return `Compared with ${trace?.path ?? "an earlier recording"}${trace?.command && trace.command !== report.trace?.command ? ` of ${trace.command}` : ""}.`;
}

export function Amounts(props: { report: Report; link?: boolean }) {
    const amounts = changedAmounts(props.report);
    if (!props.report.before?.changes)
        return null;
    if (amounts.length === 0)
        return <Panel title="The whole run, before and after" about={`${props.link ? since(props.report) + " " : ""}No amount differs.`}>{null}</Panel>;
    return (
        <Panel title="The whole run, before and after" about={props.link ? since(props.report) : undefined} side={props.link && <ViewLink tab="changes">All changes</ViewLink>}>
            <div class="amounts-area"><table class="amounts">
                <thead><tr><th scope="col">Figure</th><th scope="col">Before</th><th scope="col">After</th><th scope="col">Change</th></tr></thead>
                <tbody>{amounts.map((amount) => (
                    <tr key={amount.name}><th scope="row">{amount.title}</th><td>{amount.before}</td><td>{amount.after}</td><td class="change">{amount.change}</td></tr>
                ))}</tbody>
            </table></div>
        </Panel>
    );
}

export function ChangesView(props: { report: Report; tab: Tab; range: Range | null }) {
    const { report, tab, range } = props;
    const { view } = useStore();
    const tables = changedTables(report);
    const table = tables.find((each) => each.name === view.changes) ?? tables[0];
    if (!table)
        return <div class="view"><ViewHead title={tab.title} about={since(report)} /><Empty title="Nothing differs">No amount of any table differs from the earlier recording.</Empty></div>;
    const sheet = changesSheet(table);
    const chooser = (
        <label class="pick">Table <select value={table.name} onChange={(event) => store.go({ changes: event.currentTarget.value, columns: [], sort: null }, true)}>
            {tables.map((each) => <option key={each.name} value={each.name}>{each.title}</option>)}
        </select></label>
    );
    const about = `${since(report)} Stacks are the same when their functions are. Rows in which nothing changed are left out.`;
    const note = report.before?.note;
    return <TableView report={report} tab={tab} range={range} source={{ sheet, sort: null, ranged: false }} about={about} usual={usualColumns(sheet)} tools={chooser} above={<><Amounts report={report} />{note && <p class="note">Of the comparison: {note}.</p>}</>} />;
}
