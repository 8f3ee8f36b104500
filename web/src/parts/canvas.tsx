// canvas: a picture that is drawn by a function, sharp on any screen; points and keys are handed on, what they say goes to a tip and to screen readers.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { CanvasPainter, type Painter } from "../draw/painter";
import { useTheme } from "./hooks";

interface Props {
    label: string;
    width: number;
    height: number;
    draw: (painter: Painter) => void;
    /** What is at a point; null: nothing. */
    tip?: (x: number, y: number) => ComponentChildren | null;
    /** What the keyboard stands on, said aloud. */
    said?: string;
    onPoint?: (x: number, y: number, twice: boolean) => void;
    /** The wheel with the control key. */
    onZoom?: (x: number, y: number, inwards: boolean) => void;
    onKey?: (event: KeyboardEvent) => void;
    pointer?: boolean;
}

const TIP = 320;

export function Canvas(props: Props) {
    const { width, height, draw } = props;
    const canvas = useRef<HTMLCanvasElement>(null);
    const [hover, setHover] = useState<{ x: number; y: number; tip: ComponentChildren } | null>(null);
    useTheme();
    useLayoutEffect(() => {
        const element = canvas.current;
        const context = element?.getContext("2d");
        if (!element || !context || width <= 0 || height <= 0)
            return;
        const ratio = Math.min(devicePixelRatio || 1, 16384 / Math.max(width, height));
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.clearRect(0, 0, width, height);
        draw(new CanvasPainter(context));
    });
    const latest = useRef(props);
    latest.current = props;
    useLayoutEffect(() => {
        const turn = (event: WheelEvent) => {
            if (!event.ctrlKey || !latest.current.onZoom)
                return;
            event.preventDefault();
            latest.current.onZoom(...point(event), event.deltaY < 0);
        };
        canvas.current?.addEventListener("wheel", turn, { passive: false });
        return () => canvas.current?.removeEventListener("wheel", turn);
    }, []);
    const point = (event: MouseEvent): [number, number] => {
        const box = canvas.current!.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    };
    const move = (event: MouseEvent) => {
        const [x, y] = point(event);
        const tip = props.tip?.(x, y);
        setHover(tip ? { x: Math.max(0, Math.min(x + 14, width - TIP)), y: y + 18, tip } : null);
    };
    return (
        <div class="canvas" style={{ height: `${height}px` }}>
            <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px`, cursor: hover && props.pointer ? "pointer" : "default" }}
                role={props.onKey ? "application" : "img"} tabIndex={props.onKey ? 0 : undefined} aria-label={props.label}
                aria-roledescription={props.onKey ? "interactive chart" : undefined}
                onMouseMove={move} onMouseLeave={() => setHover(null)} onKeyDown={props.onKey}
                onClick={(event) => props.onPoint?.(...point(event), event.detail > 1)} />
            {hover && <div class="tip" aria-hidden="true" style={{ left: `${hover.x}px`, top: `${hover.y}px` }}>{hover.tip}</div>}
            {props.said !== undefined && <div class="unseen" role="status">{props.said}</div>}
        </div>
    );
}
