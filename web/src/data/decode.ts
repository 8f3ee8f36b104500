// decode: in the text of the data element (base64 of gzip or zlib), out the document.
import { checkReport, type Report } from "./report";

/** The place holder itself must be in the page once only, where the data goes. */
const PLACE_HOLDER = /^@\w+@$/;

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
    const native = (Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }).fromBase64;
    if (native)
        return native.call(Uint8Array, text);
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++)
        bytes[i] = binary.charCodeAt(i);
    return bytes;
}

function unpack(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const form = bytes[0] === 0x1f ? "gzip" : "deflate";
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(form));
    return new Response(stream).text();
}

/** The browser's own words for these faults help nobody. */
async function attempt<T>(fault: string, step: () => T | Promise<T>): Promise<T> {
    try {
        return await step();
    } catch {
        throw new Error(fault);
    }
}

export async function decode(text: string): Promise<Report> {
    const packed = text.trim();
    if (packed === "" || PLACE_HOLDER.test(packed))
        throw new Error("This page holds no data; heaptracer report FILE makes a page that does");
    const bytes = await attempt("The data is no base64 text; the file was changed after it was made", () => bytesOf(packed));
    const json = await attempt("The data cannot be unpacked; the file may be cut", () => unpack(bytes));
    return checkReport(await attempt("What was unpacked is no JSON", () => JSON.parse(json)));
}
