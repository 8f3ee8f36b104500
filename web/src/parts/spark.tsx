// spark: a curve as small as a word.
import type { Numbers } from "../data/report";

export function Spark(props: { values: Numbers; label: string; width?: number; height?: number; kind?: string }) {
    const { values, width = 120, height = 28 } = props;
    let top = 0;
    for (let i = 0; i < values.length; i++)
        top = Math.max(top, values[i]);
    const points = Array.from(values, (value, i) =>
        `${(i / Math.max(1, values.length - 1) * width).toFixed(1)},${(height - 1.5 - (top > 0 ? Math.max(0, value) / top : 0) * (height - 3)).toFixed(1)}`).join(" ");
    return (
        <svg class={`spark ${props.kind ?? ""}`} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={props.label}>
            <polygon points={`0,${height} ${points} ${width},${height}`} /><polyline points={points} />
        </svg>
    );
}
