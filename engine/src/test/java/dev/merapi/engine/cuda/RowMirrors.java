package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.LANES;
import static dev.merapi.engine.cuda.Walk.WARP;
import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;

/// Mirrors of elementwise.cu, activation.cu and gather.cu: who reads and writes what, by the numbers of the
/// arguments.
final class RowMirrors {
    private RowMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        elementwise(all);
        gather(all);
        windows(all);
        return all;
    }

    // ── elementwise.cu, activation.cu ────────────────────────────────────────────────────────────

    private static void elementwise(Map<String, Mirror> all) {
        all.put("fill", each(0, new int[0], 2, -1));
        all.put("copy", each(0, new int[] {1}, 2, 3));
        all.put("add", each(0, new int[] {1, 2}, 3, -1));
        all.put("multiply", each(0, new int[] {1, 2}, 3, 4));
        all.put("scale", each(0, new int[] {2}, 3, 4));
        all.put(
                "scale_by",
                of(
                        w -> {
                            w.in(1, 1);
                            w.lines(2, w.l(0));
                            w.out(3, w.l(0));
                        },
                        w -> w.strides(w.l(0), i -> {
                            w.read(1, 0);
                            w.read(2, i);
                            w.put(3, i, 4);
                        })));
        all.put("round_to", each(1, new int[] {2}, 3, 4));
        all.put("activation", each(1, new int[] {2}, 3, -1));
        all.put("activation_backward", each(1, new int[] {2, 3, 4}, 5, 6));
        all.put(
                "dropout",
                of(
                        w -> {
                            w.in(1, w.l(0));
                            w.in(5, 1);
                            w.result(7, w.l(0), 4);
                        },
                        w -> {
                            w.step(2);
                            w.strides((w.l(0) + 3) / 4, four -> {
                                for (long i = 4 * four; i < Math.min(4 * four + 4, w.l(0)); i++) {
                                    w.read(1, i);
                                    w.put(7, i, 8);
                                }
                            });
                        }));
    }

    /// A thread an element.
    private static Mirror each(int n, int[] in, int out, int accumulate) {
        return of(
                w -> {
                    for (int x : in) w.lines(x, w.l(n));
                    w.out(out, w.l(n));
                },
                w -> w.strides(w.l(n), i -> {
                    for (int x : in) w.read(x, i);
                    if (accumulate < 0) w.write(out, i);
                    else w.put(out, i, accumulate);
                }));
    }

    // ── gather.cu ────────────────────────────────────────────────────────────────────────────────

    private static void gather(Map<String, Mirror> all) {
        all.put(
                "gather",
                of(
                        w -> {
                            w.in(2, rows(w, 3, w.i(0)) * w.i(1));
                            w.lines(3, w.l(0));
                            w.out(4, w.l(0) * w.i(1));
                        },
                        w -> w.strides(w.l(0) * w.i(1), i -> {
                            w.read(2, (long) w.look(3, i / w.i(1)) * w.i(1) + i % w.i(1));
                            w.put(4, i, 5);
                        })));
        all.put(
                "add_rows",
                of(
                        w -> {
                            w.lines(2, w.l(0) * w.i(1));
                            w.lines(3, w.l(0));
                            w.some(4, rows(w, 3, w.i(0)) * w.i(1));
                        },
                        w -> w.strides(w.l(0) * w.i(1), i -> {
                            long to = (long) w.look(3, i / w.i(1)) * w.i(1) + i % w.i(1);
                            w.read(2, i);
                            w.read(4, to);
                            w.write(4, to);
                        })));
        all.put(
                "sum_groups",
                of(
                        w -> {
                            int count = w.value(2, w.width());
                            w.lines(1, rows(w, 3, count) * w.i(0));
                            w.in(2, w.width() + 1);
                            w.in(3, count);
                            w.out(4, (long) w.width() * w.i(0));
                        },
                        w -> {
                            int cols = w.i(0), c = w.y * WARP + w.lane();
                            if (c >= cols) return;
                            for (int j = w.look(2, w.x) + w.warp(); j < w.look(2, w.x + 1); j += LANES)
                                w.read(1, (long) w.look(3, j) * cols + c);
                            if (w.warp() == 0) w.put(4, (long) w.x * cols + c, 5);
                        }));
    }

    /// As many as the numbers name.
    private static long rows(Walk w, int numbers, int count) {
        long most = 0;
        for (int i = 0; i < count; i++) most = Math.max(most, w.value(numbers, i) + 1);
        return most;
    }

    private static void windows(Map<String, Mirror> all) {
        all.put(
                "unfold",
                of(
                        w -> {
                            long values = (long) w.value(3, w.i(4)) * w.i(1);
                            w.in(3, w.i(4) + 1);
                            w.in(5, values);
                            w.out(6, values * w.i(2));
                        },
                        w -> {
                            int channels = w.i(1), taps = w.i(2), tokens = w.look(3, w.i(4)), width = channels / w.i(0);
                            w.strides((long) tokens * channels * taps, at -> {
                                int tap = (int) (at % taps), c = (int) (at / taps % width);
                                long row = at / ((long) width * taps);
                                int i = (int) (row % tokens), g = (int) (row / tokens), from = i + tap - taps / 2;
                                if (inside(w, 3, sequence(w, i), from))
                                    w.read(5, (long) from * channels + g * width + c);
                                w.write(6, at);
                            });
                        }));
        all.put(
                "fold",
                of(
                        w -> {
                            long values = (long) w.value(3, w.i(4)) * w.i(1);
                            w.in(3, w.i(4) + 1);
                            w.in(5, values * w.i(2));
                            w.out(6, values);
                        },
                        w -> {
                            int channels = w.i(1), taps = w.i(2), tokens = w.look(3, w.i(4)), width = channels / w.i(0);
                            w.strides((long) tokens * channels, to -> {
                                int i = (int) (to / channels),
                                        g = (int) (to % channels / width),
                                        c = (int) (to % channels % width);
                                int s = sequence(w, i);
                                for (int tap = 0; tap < taps; tap++) {
                                    int at = i - tap + taps / 2;
                                    if (inside(w, 3, s, at))
                                        w.read(5, ((long) g * tokens + at) * width * taps + (long) c * taps + tap);
                                }
                                w.put(6, to, 7);
                            });
                        }));
    }

    /// The search of `sequence_of`.
    private static int sequence(Walk w, int i) {
        int low = 0, high = w.i(4);
        while (high - low > 1) {
            int middle = (low + high) / 2;
            if (w.look(3, middle) <= i) low = middle;
            else high = middle;
        }
        return low;
    }

    private static boolean inside(Walk w, int starts, int s, int at) {
        return at >= w.look(starts, s) && at < w.look(starts, s + 1);
    }
}
