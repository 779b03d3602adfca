package dev.merapi.report;

import dev.merapi.metrics.ClassScore;
import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Findings.Row;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The sections that the pages have in common, written one after another. All that comes from data goes through
/// [Html#text].
final class Sections {
    private final Json.Obj settings;
    private final StringBuilder out = new StringBuilder();

    /// @param settings what was run, as in `settings.json`
    Sections(Json.Obj settings) {
        this.settings = settings;
    }

    /// The page's head and its title, the task.
    ///
    /// @param under what stands below it, HTML already
    void begin(String kind, String under) {
        String task = settings.has("method") // of labels with an order, whatever the head is
                ? "ordinal regression"
                : settings.string("problem_type").replace('_', ' ');
        out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>%s, %s</title><style>%s</style></head><body><main>\n"
                        .formatted(Html.text(task), Html.text(kind), style()));
        out.append("<h1>%s</h1><p>%s</p>\n"
                .formatted(Html.text(task.substring(0, 1).toUpperCase(Locale.ROOT) + task.substring(1)), under));
    }

    private static String style() {
        try (InputStream in = Sections.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// HTML as it is.
    void html(String more) {
        out.append(more);
    }

    /// The name of the metric that decides.
    String best() {
        return settings.string("metric_for_best_model", "");
    }

    /// A number to be seen at a glance.
    void tile(String kind, String name, String value) {
        out.append("<div class=\"%s\"><b>%s</b><span>%s</span></div>"
                .formatted(kind, Html.text(value), Html.text(name.replace('_', ' '))));
    }

    /// What was taken for what, the task's picture, each class.
    void evaluation(String title, Evaluation found, Optional<Findings> findings) {
        List<String> labels = settings.strings("labels");
        out.append("<h2>%s</h2><div class=\"grid2\">\n".formatted(Html.text(title)));
        found.confusion().ifPresent(matrix -> out.append(new ConfusionTable(matrix, labels).html()));
        findings.ifPresent(rows -> out.append(new Pictures(rows.picture()).svg()));
        if (!found.classes().isEmpty()) classes(found.classes());
        out.append("</div>\n");
    }

    private void classes(List<ClassScore> classes) {
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

    /// The examples with the highest losses.
    ///
    /// @param of which data they are
    void hardest(Findings findings, String of) {
        List<Row> rows = findings.hardest();
        if (rows.isEmpty()) return;
        out.append("<h2>Hardest examples <span class=\"note\">of the %s, by their loss</span></h2><div"
                .formatted(Html.text(of)));
        out.append(" class=\"card wide\"><table><tr><th"
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

    /// All settings in two columns, then the environment, then the end of the page.
    ///
    /// @param footer names the files beside it
    String end(Environment environment, String footer) {
        out.append("<h2>Settings</h2><div class=\"grid2\">");
        int i = 0;
        int half = Math.ceilDiv(settings.members().size(), 2);
        for (Map.Entry<String, Json> setting : settings.members().entrySet()) {
            if (i % half == 0)
                out.append(i == 0 ? "" : "</table></div>").append("<div class=\"card\"><table class=\"settings\">\n");
            setting(setting.getKey(), words(setting.getValue()));
            i++;
        }
        out.append("</table></div></div><h2>Environment</h2><div class=\"card wide\"><table class=\"settings\">\n");
        environment.findings().forEach(this::setting);
        return out.append("</table></div><footer>%s</footer></main></body></html>\n".formatted(Html.text(footer)))
                .toString();
    }

    private void setting(String name, String value) {
        out.append("<tr><th>%s</th><td dir=\"auto\">%s</td></tr>\n".formatted(Html.text(name), Html.excerpt(value)));
    }

    private static String words(Json value) {
        return switch (value) {
            case Json.Str(String text) -> text;
            case Json.Arr(List<Json> values) ->
                values.isEmpty()
                        ? "none"
                        : String.join(", ", values.stream().map(Sections::words).toList());
            default -> value.pretty();
        };
    }
}
