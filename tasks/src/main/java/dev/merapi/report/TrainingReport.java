package dev.merapi.report;

import dev.merapi.metrics.ClassScore;
import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Findings.Row;
import dev.merapi.train.TrainEvent.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// `report.html`: one page that needs nothing else, no network and no script, light or dark as the reader's
/// system is. All that comes from data goes through [Html#text].
///
/// @param settings what was run, as in `settings.json`
/// @param log the run's log as CSV
/// @param outcome what it came to
/// @param evaluation of the kept model; empty where nothing was evaluated
/// @param findings row by row, of the same evaluation; empty likewise
/// @param environment what it ran on
public record TrainingReport(
        Json.Obj settings,
        String log,
        Outcome outcome,
        Optional<Evaluation> evaluation,
        Optional<Findings> findings,
        Environment environment) {
    private static final int HARDEST = 25;

    public String html() {
        String title = settings.has("method") // of labels with an order, whatever the head is
                ? "ordinal regression"
                : settings.string("problem_type").replace('_', ' ');
        StringBuilder out = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>%s, training report</title><style>%s</style></head><body><main>\n"
                        .formatted(Html.text(title), style()));
        header(title, out);
        tiles(out);
        out.append("<h2>Curves</h2><div class=\"grid2\">\n");
        for (LineChart chart : new Curves(RunLog.parse(log)).charts()) out.append(chart.svg());
        out.append("</div>\n");
        evaluation.ifPresent(found -> evaluation(found, out));
        findings.ifPresent(found -> hardest(found.hardest(HARDEST), out));
        out.append("<h2>Settings</h2><div class=\"grid2\">");
        settings(out);
        out.append("</div><h2>Environment</h2><div class=\"card wide\"><table class=\"settings\">\n");
        environment.findings().forEach((name, value) -> setting(name, value, out));
        return out.append("</table></div><footer>log.csv, metrics.json and settings.json beside this page hold its"
                        + " numbers.</footer></main></body></html>\n")
                .toString();
    }

    private static String style() {
        try (InputStream in = TrainingReport.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void header(String title, StringBuilder out) {
        String end = switch (outcome.end()) {
            case COMPLETED -> "Completed";
            case NO_IMPROVEMENT -> "Ended early, no better evaluation for a while";
            case STOPPED -> "Interrupted";
            case TIME_OVER -> "Ended, the time was over";
        };
        out.append(Html.format(
                "<h1>%s</h1><p>%s after %,d steps; %s. From <b>%s</b>, trained on <b>%s</b>, evaluated on"
                        + " <b>%s</b>.</p>\n",
                Html.text(title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1)),
                end,
                outcome.steps(),
                outcome.bestEpoch() > 0
                        ? "the model is that of epoch " + outcome.bestEpoch()
                        : "the model is that of the last step",
                Html.text(settings.string("start")),
                Html.text(settings.string("train")),
                Html.text(settings.string("dev"))));
    }

    private void tiles(StringBuilder out) {
        out.append("<div class=\"tiles\">");
        String best = settings.string("metric_for_best_model", "");
        evaluation.ifPresent(found -> {
            Map<String, Double> metrics = found.metrics().values();
            if (metrics.containsKey(best)) tile("tile first", best + ", decides", metrics.get(best), out);
            metrics.forEach((name, value) -> {
                if (!name.equals(best)) tile("tile", name, value, out);
            });
        });
        tile("tile", "training loss, last epoch", outcome.loss(), out);
        tile("tile", "rows/s in training", outcome.speed().rowsPerSecond(), out);
        tile("tile", "tokens/s in training", outcome.speed().tokensPerSecond(), out);
        tile("tile", "seconds of training", outcome.speed().seconds(), out);
        out.append("</div>\n");
    }

    private static void tile(String kind, String name, double value, StringBuilder out) {
        out.append("<div class=\"%s\"><b>%s</b><span>%s</span></div>"
                .formatted(kind, Html.number(value), Html.text(name.replace('_', ' '))));
    }

    private void evaluation(Evaluation found, StringBuilder out) {
        List<String> labels = settings.strings("labels");
        out.append("<h2>The kept model on the development data</h2><div class=\"grid2\">\n");
        found.confusion().ifPresent(matrix -> out.append(new ConfusionTable(matrix, labels).html()));
        findings.ifPresent(rows -> out.append(new Pictures(rows.picture()).svg()));
        if (!found.classes().isEmpty()) classes(found.classes(), out);
        out.append("</div>\n");
    }

    private static void classes(List<ClassScore> classes, StringBuilder out) {
        out.append("<figure><figcaption>Each class</figcaption><div class=\"wide\"><table><tr><th>class</th><th"
                + " class=\"n\">precision</th><th class=\"n\">recall</th><th class=\"n\">F1</th><th"
                + " class=\"n\">rows</th></tr>\n");
        for (ClassScore score : classes)
            out.append(Html.format(
                    "<tr><td class=\"word\">%s</td><td class=\"n\">%.3f</td><td class=\"n\">%.3f</td><td"
                            + " class=\"n\">%.3f</td><td class=\"n\">%,d</td></tr>\n",
                    Html.text(score.label()), score.precision(), score.recall(), score.f1(), score.support()));
        out.append("</table></div></figure>\n");
    }

    private static void hardest(List<Row> rows, StringBuilder out) {
        if (rows.isEmpty()) return;
        out.append("<h2>Hardest examples <span class=\"note\">of the development data, by their loss</span></h2><div"
                + " class=\"card wide\"><table><tr><th"
                + " class=\"n\">loss</th><th>expected</th><th>predicted</th><th>text</th><th>id</th></tr>\n");
        for (Row row : rows) {
            String pair = row.example().pair();
            out.append(
                    "<tr><td class=\"n\">%s</td><td class=\"word\" dir=\"auto\">%s</td><td class=\"word%s\" dir=\"auto\">%s</td><td class=\"text\" dir=\"auto\">%s%s</td><td class=\"word\">%s</td></tr>\n"
                            .formatted(
                                    Html.number(row.loss()),
                                    Html.excerpt(row.expected()),
                                    row.right() ? "" : " miss",
                                    Html.excerpt(row.predicted()),
                                    Html.excerpt(row.example().text()),
                                    pair == null ? "" : "<hr>" + Html.excerpt(pair),
                                    Html.excerpt(row.example().id())));
        }
        out.append("</table></div>\n");
    }

    /// In two columns.
    private void settings(StringBuilder out) {
        int i = 0;
        int half = Math.ceilDiv(settings.members().size(), 2);
        for (Map.Entry<String, Json> setting : settings.members().entrySet()) {
            if (i % half == 0)
                out.append(i == 0 ? "" : "</table></div>").append("<div class=\"card\"><table class=\"settings\">\n");
            setting(setting.getKey(), words(setting.getValue()), out);
            i++;
        }
        out.append("</table></div>");
    }

    private static void setting(String name, String value, StringBuilder out) {
        out.append("<tr><th>%s</th><td dir=\"auto\">%s</td></tr>\n".formatted(Html.text(name), Html.excerpt(value)));
    }

    private static String words(Json value) {
        return switch (value) {
            case Json.Str(String text) -> text;
            case Json.Arr(List<Json> values) ->
                values.isEmpty()
                        ? "none"
                        : String.join(
                                ", ", values.stream().map(TrainingReport::words).toList());
            default -> value.pretty();
        };
    }
}
