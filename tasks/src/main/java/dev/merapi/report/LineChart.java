package dev.merapi.report;

import java.util.List;

/// Numbers over steps as SVG, with a legend; each point says its number when pointed at.
///
/// @param title above it
/// @param across what is counted along it
/// @param series at least one
record LineChart(String title, String across, List<Series> series) {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 270;
    private static final int LEFT = 58;
    private static final int RIGHT = 14;
    private static final int TOP = 10;
    private static final int BOTTOM = 42;
    private static final int MOST_POINTS = 400;

    /// @param x ascending
    /// @param y of each x; a line is broken where it is not finite
    /// @param colour from 1, of the page's palette
    record Series(String name, double[] x, double[] y, int colour, Style style) {

        /// At most so many points: each the mean of neighbours.
        Series thinned(int most) {
            if (x.length <= most) return this;
            double[] fewX = new double[most];
            double[] fewY = new double[most];
            for (int i = 0; i < most; i++) {
                int from = (int) ((long) i * x.length / most);
                int to = (int) ((long) (i + 1) * x.length / most);
                for (int j = from; j < to; j++) {
                    fewX[i] += x[j] / (to - from);
                    fewY[i] += y[j] / (to - from);
                }
            }
            return new Series(name, fewX, fewY, colour, style);
        }
    }

    enum Style {
        LINE,
        /// A line with its points.
        POINTS,
        /// A thin line behind the others, not in the legend.
        FAINT
    }

    String svg() {
        List<Series> drawn = series.stream().map(s -> s.thinned(MOST_POINTS)).toList();
        Axis x = Axis.around(drawn.stream().map(Series::x).toList(), LEFT, WIDTH - RIGHT);
        Axis y = Axis.around(drawn.stream().map(Series::y).toList(), HEIGHT - BOTTOM, TOP);
        StringBuilder out = new StringBuilder("<figure><figcaption>").append(Html.text(title));
        if (drawn.stream().filter(s -> s.style != Style.FAINT).count() > 1)
            for (Series s : drawn)
                if (s.style != Style.FAINT)
                    out.append("<span class=\"key k%d\">%s</span>".formatted(s.colour, Html.text(s.name)));
        out.append("</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
                .formatted(WIDTH, HEIGHT, Html.text(title)));
        axes(x, y, out);
        for (Series s : drawn) draw(s, x, y, out);
        return out.append("</svg></figure>\n").toString();
    }

    private void axes(Axis x, Axis y, StringBuilder out) {
        for (double tick : y.ticks())
            out.append(Html.format(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%3$.1f\"/><text x=\"%d\" y=\"%.1f\""
                            + " class=\"end\">%s</text>",
                    LEFT, WIDTH - RIGHT, y.at(tick), LEFT - 7, y.at(tick) + 4, Html.number(tick)));
        for (double tick : x.ticks())
            out.append(Html.format(
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%1$.1f\" y1=\"%d\" y2=\"%d\"/><text x=\"%1$.1f\" y=\"%d\""
                            + " class=\"middle\">%s</text>",
                    x.at(tick), TOP, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 17, Html.number(tick)));
        out.append("<text x=\"%d\" y=\"%d\" class=\"middle name\">%s</text>"
                .formatted((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, Html.text(across)));
    }

    private void draw(Series s, Axis x, Axis y, StringBuilder out) {
        StringBuilder path = new StringBuilder();
        boolean down = false;
        for (int i = 0; i < s.x.length; i++) {
            boolean finite = Double.isFinite(s.y[i]);
            if (finite) path.append(Html.format("%s%.1f %.1f", down ? "L" : "M", x.at(s.x[i]), y.at(s.y[i])));
            down = finite;
        }
        out.append("<path class=\"%s s%d\" d=\"%s\"/>"
                .formatted(s.style == Style.FAINT ? "faint" : "line", s.colour, path));
        if (s.style == Style.FAINT) return;
        for (int i = 0; i < s.x.length; i++)
            if (Double.isFinite(s.y[i]))
                out.append(Html.format(
                        "<circle class=\"%s f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>%s, %s %s:"
                                + " %s</title></circle>",
                        s.style == Style.POINTS ? "dot" : "hit",
                        s.colour,
                        x.at(s.x[i]),
                        y.at(s.y[i]),
                        s.style == Style.POINTS ? "3.2" : "5",
                        Html.text(s.name),
                        Html.text(across),
                        Html.number(s.x[i]),
                        Html.number(s.y[i])));
    }
}
