// help: the keys and the words, in a dialog.
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icons";

const KEYS: [string, string][] = [
    ["1 … 9", "the first nine views"], ["[ and ]", "previous, next view"], ["/", "search or filter"], ["t", "light, dark, as the system"], ["Esc", "close the detail, then forget the selected time"],
    ["↑ ↓ Page Home End", "walk the rows of a table, or the frames of a chart"], ["j and k", "next, previous row"], ["Enter", "open a row's stack; zoom a frame"], ["s", "sort by the next column"], ["r", "reverse the order"],
    ["f", "freeze the views of a live page, and let them go on"], ["m", "mark this moment of a live source"], ["Backspace", "zoom out by one caller"], ["← →", "move a handle of the time range"],
];

const WORDS: [string, string][] = [
    ["block", "a live allocation"], ["site", "the whole call stack that made a block"], ["never freed", "still live when its process ended, or at the end of the recording"],
    ["peak", "the moment when the live bytes of all heaps were highest"], ["temporary", "freed by the thread that made it before its next allocation"], ["growth", "allocated less freed in the selected time"],
];

function List(props: { entries: [string, string][]; keys?: boolean }) {
    return <dl class="help-list">{props.entries.map(([name, about]) => <div key={name}><dt>{props.keys ? <kbd>{name}</kbd> : name}</dt><dd>{about}</dd></div>)}</dl>;
}

export function Help(props: { onClose: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => dialog.current?.showModal(), []);
    return (
        <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={props.onClose} onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
            <div class="help-body">
                <div class="panel-head"><h2 id="help-title">Help and keys</h2><button type="button" class="quiet icon-button" aria-label="Close" onClick={() => dialog.current?.close()}><Icon name="close" /></button></div>
                <List entries={KEYS} keys />
                <h3>Words</h3>
                <List entries={WORDS} />
                <p class="muted">The address of the page holds what you look at: copy it to share the view. Nothing leaves this page but what you ask of its own server.</p>
            </div>
        </dialog>
    );
}
