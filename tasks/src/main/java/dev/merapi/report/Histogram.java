package dev.merapi.report;

import java.util.List;

/// How often each of some ranges occurs, as bars in SVG.
///
/// @param title above it
/// @param across what is counted
/// @param names of the bars
/// @param counts of each
record Histogram(String title, String across, List<String> names, long[] counts) {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 270;
    private static final int LEFT = 58;
    private static final int RIGHT = 14;
    private static final int TOP = 16;
    private static final int BOTTOM = 42;

    String svg() {
        long most = 1;
        long all = 0;
        for (long count : counts) {
            most = Math.max(most, count);
            all += count;
        }
        Axis y = new Axis(0, 1.08 * most, HEIGHT - BOTTOM, TOP);
        StringBuilder out = new StringBuilder(
                "<figure><figcaption>%s</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%1$s\">"
                        .formatted(Html.text(title), WIDTH, HEIGHT));
        for (double tick : y.ticks())
            if (tick == Math.rint(tick))
                out.append(Html.format(
                        "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%3$.1f\"/><text x=\"%d\" y=\"%.1f\""
                                + " class=\"end\">%,.0f</text>",
                        LEFT, WIDTH - RIGHT, y.at(tick), LEFT - 7, y.at(tick) + 4, tick));
        double slot = (double) (WIDTH - LEFT - RIGHT) / counts.length;
        for (int i = 0; i < counts.length; i++) {
            double left = LEFT + i * slot;
            out.append(Html.format(
                    "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"><title>%s: %,d"
                            + " rows, %s %%</title></rect>",
                    left + 0.12 * slot,
                    y.at(counts[i]),
                    0.76 * slot,
                    y.at(0) - y.at(counts[i]),
                    Html.text(names.get(i)),
                    counts[i],
                    Html.number(all == 0 ? 0 : 100.0 * counts[i] / all)));
            out.append(Html.format(
                    "<text x=\"%.1f\" y=\"%d\" class=\"middle\">%s</text>",
                    left + slot / 2, HEIGHT - BOTTOM + 17, Html.text(names.get(i))));
        }
        return out.append("<text x=\"%d\" y=\"%d\" class=\"middle name\">%s</text></svg></figure>\n"
                        .formatted((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, Html.text(across)))
                .toString();
    }
}
