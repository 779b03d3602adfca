package dev.merapi.report;

import java.util.ArrayList;
import java.util.List;

/// A scale from numbers to pixels, with round numbers along it.
///
/// @param least the number at `from`
/// @param most the number at `to`
/// @param from a pixel
/// @param to a pixel; less than `from` for a scale that goes up
record Axis(double least, double most, double from, double to) {
    private static final int TICKS = 5;

    /// Over finite numbers, a little room around them; from 0 to 1 where there are none.
    static Axis around(List<double[]> all, double from, double to) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double[] values : all)
            for (double value : values) {
                if (!Double.isFinite(value)) continue;
                least = Math.min(least, value);
                most = Math.max(most, value);
            }
        if (least > most) return new Axis(0, 1, from, to);
        double room = most > least ? 0.04 * (most - least) : Math.max(0.1 * Math.abs(most), 1e-6);
        return new Axis(least >= 0 && least < room ? 0 : least - room, most + room, from, to);
    }

    double at(double value) {
        return from + (value - least) / (most - least) * (to - from);
    }

    /// 1, 2 or 5 times a power of ten apart.
    List<Double> ticks() {
        double raw = (most - least) / TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(least / step - 1e-9); i * step <= most + 1e-9 * step; i++) ticks.add(i * step);
        return ticks;
    }
}
