package dev.merapi.report;

import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.FoldScores;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.pretrained.Json;
import java.util.Map;
import java.util.Optional;

/// `report.html` of the K models of a cross-validation; each of them has a page of its own.
///
/// @param settings what was run, as in `settings.json`
/// @param scores what the models found
/// @param findings row by row, each row by the model that did not learn from it
/// @param environment what they ran on
public record FoldsReport(Json.Obj settings, FoldScores scores, Findings findings, Environment environment) {

    public String html() {
        Sections page = new Sections(settings);
        int folds = scores.folds().size();
        page.begin(
                "report of " + folds + " folds",
                Html.format(
                        "%d models from <b>%s</b>, each trained on <b>%s</b> without one of %d folds and evaluated on"
                                + " it.",
                        folds, Html.text(settings.string("start")), Html.text(settings.string("train")), folds));
        page.html("<div class=\"tiles\">");
        Map<Metric, Double> means = scores.means();
        Map<Metric, Double> deviations = scores.deviations();
        means.forEach((metric, mean) -> {
            boolean decides = metric.column().equals(page.best());
            page.tile(
                    decides ? "tile first" : "tile",
                    metric.column() + (decides ? ", decides" : ""),
                    Html.number(mean) + " ± " + Html.number(deviations.get(metric)));
        });
        page.html("</div>\n<h2>Each fold</h2><div class=\"card wide\"><table><tr><th>model</th>");
        for (Metric metric : means.keySet())
            page.html("<th class=\"n\">" + metric.column().replace('_', ' ') + "</th>");
        page.html("<th class=\"n\">rows</th></tr>\n");
        for (int k = 0; k < folds; k++)
            row(
                    page,
                    "<a href=\"fold-%d/report.html\">fold-%d</a>".formatted(k, k),
                    scores.folds().get(k));
        row(page, "all rows, out of fold", scores.outOfFold());
        scores.test().ifPresent(test -> row(page, "test data, all models together", test));
        page.html("</table></div>\n");
        page.evaluation("Each row by the model that did not learn from it", scores.outOfFold(), Optional.of(findings));
        page.hardest(findings, "training data, out of fold");
        return page.end(environment, "metrics.json and oof.csv beside this page hold its numbers.");
    }

    private static void row(Sections page, String name, Evaluation found) {
        page.html("<tr><td class=\"word\">" + name + "</td>");
        found.metrics()
                .scores()
                .values()
                .forEach(value -> page.html("<td class=\"n\">" + Html.number(value) + "</td>"));
        page.html(Html.format("<td class=\"n\">%,d</td></tr>\n", found.metrics().rows()));
    }
}
