package dev.merapi.engine.cuda;

import static dev.merapi.engine.cuda.Walk.of;

import dev.merapi.engine.cuda.Walk.Mirror;
import java.util.HashMap;
import java.util.Map;

/// Mirrors of optimizer.cu, and of what reduce.cu has for it: who reads and writes what, by the numbers of the
/// arguments.
final class OptimizerMirrors {
    private OptimizerMirrors() {}

    static Map<String, Mirror> all() {
        Map<String, Mirror> all = new HashMap<>();
        clip(all);
        adamW(all);
        return all;
    }

    private static void clip(Map<String, Mirror> all) {
        all.put(
                "clip_scale",
                of(
                        w -> {
                            w.in(1, w.i(0), 8);
                            w.result(3, 2, 4);
                        },
                        w -> {
                            if (w.thread > 0) return;
                            for (int i = 0; i < w.i(0); i++) w.read(1, i);
                            w.write(3, 0, 2);
                        }));
        all.put(
                "clip_unscaled",
                of(
                        w -> {
                            w.in(1, w.i(0), 8);
                            w.result(6, 2, 4);
                            w.result(7, 3, 4);
                        },
                        w -> {
                            if (w.thread > 0) return;
                            for (int i = 0; i < w.i(0); i++) w.read(1, i);
                            w.read(6, 0, 2);
                            w.write(6, 0, 2);
                            w.write(7, 0, 3);
                        }));
    }

    private static void adamW(Map<String, Mirror> all) {
        all.put(
                "adamw",
                of(
                        w -> {
                            w.in(2, 6L * w.i(0), 8);
                            w.in(3, 8L * w.i(0));
                            w.in(4, 1);
                        },
                        w -> {
                            w.read(4, 0);
                            int which = SumMirrors.owner(w, 0, 2, 6, 5);
                            w.read(2, 6L * which, 6);
                            w.read(3, 8L * which, 8);
                            SumMirrors.chunk(w, w.word(2, 6L * which + 4), w.word(2, 6L * which + 5), w.i(1), i -> {
                                for (int x = 0; x < 4; x++) { // p, g, m, v
                                    long address = w.word(2, 6L * which + x);
                                    if (address == 0) continue;
                                    w.readAt(address + 4 * i, 4);
                                    if (x != 1) w.writeAt(address + 4 * i, 4);
                                }
                            });
                        }));
    }
}
